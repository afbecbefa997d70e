"""Errors and warnings: every one that countylines raises derives from a class here.

An error says what must hold, what was given instead, and what to do about it. A warning is a
statistical fact about the data or the method; the same fact is kept as a note on the result, so
that nothing is lost where warnings are silenced.
"""

from __future__ import annotations

import os
import sys
import warnings
from pathlib import Path

__all__ = [
    "ApproximationWarning",
    "ConvergenceError",
    "ConvergenceWarning",
    "CountyLinesError",
    "CountyLinesWarning",
    "DegenerateDataWarning",
    "InputError",
    "InputTypeError",
    "LabelMismatchError",
    "MissingExtraError",
    "SparseDataWarning",
]


class CountyLinesError(Exception):
    """Base of every error that countylines raises on purpose."""


class InputError(CountyLinesError, ValueError):
    """An argument has a value that the estimator cannot use."""


class LabelMismatchError(InputError):
    """Labelled arguments do not carry the same labels in the same order."""


class InputTypeError(InputError, TypeError):
    """An argument is of a kind or dtype that the estimator cannot use."""


class ConvergenceError(CountyLinesError, RuntimeError):
    """An iterative estimator did not reach its tolerance."""


class MissingExtraError(CountyLinesError, ImportError):
    """An optional dependency is needed; the message names the pip line that installs it."""


class CountyLinesWarning(UserWarning):
    """Base of every warning that countylines emits on purpose."""


class ApproximationWarning(CountyLinesWarning):
    """A large-sample method was asked to work where it is known to be poor."""


class SparseDataWarning(CountyLinesWarning):
    """So few events that the estimate leans on the method rather than on the data."""


class DegenerateDataWarning(CountyLinesWarning):
    """The data leave the estimate undefined or on the edge of its range."""


class ConvergenceWarning(CountyLinesWarning):
    """An iterative estimator stopped short of its tolerance but returned a usable value."""


_PACKAGE = str(Path(__file__).parent) + os.sep


def warn(message: str, category: type[CountyLinesWarning]) -> None:
    """Emit `message` so that it points at the first line outside the package."""
    level = 2  # 1 would be this function, 2 is its caller
    frame = sys._getframe(1)
    while frame.f_back is not None and frame.f_code.co_filename.startswith(_PACKAGE):
        frame = frame.f_back
        level += 1
    warnings.warn(message, category, stacklevel=level)


def missing_extra(feature: str, package: str, extra: str) -> MissingExtraError:
    """Error for `feature`, which needs `package` from the optional dependencies `extra`."""
    return MissingExtraError(
        f'{feature} needs {package}. Install it with: pip install "countylines[{extra}]"',
        name=package,
    )
