"""Progress of long pieces of work: silence, a line on standard error, or a function."""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable

import numpy as np

from countylines import _validate
from countylines._typing import Progress
from countylines.errors import InputTypeError


def reporter(progress: Progress, what: str = "steps") -> Callable[[int, int], None]:
    """What to call after every part of a long piece of work.

    Parameters
    ----------
    progress : bool or callable
        False for silence, True for a line on standard error, or a callable of ``(done, total)``.
    what : str, default "steps"
        Of what the line speaks.

    Returns
    -------
    callable
        Takes ``(done, total)``.

    Raises
    ------
    InputTypeError
        If `progress` is anything else.
    """
    if callable(progress):
        return progress
    if isinstance(progress, (bool, np.bool_)):
        return functools.partial(_write_line, what) if progress else _silent
    rule = "True, False or a function of (done, total)"
    raise InputTypeError(_validate.sentence("progress", rule, _validate.show(progress)))


def _silent(done: int, total: int) -> None:
    """Say nothing."""


def _write_line(what: str, done: int, total: int) -> None:
    end = "\n" if done >= total else ""
    sys.stderr.write(f"\r{done:,} of {total:,} {what}{end}")
    sys.stderr.flush()
