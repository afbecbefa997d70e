"""Errors keep Python's own types; warnings point at the line of whoever called."""

from __future__ import annotations

import inspect
import subprocess
import sys
import warnings
from pathlib import Path

import pytest

import countylines
from countylines import errors
from countylines.errors import (
    ApproximationWarning,
    ConvergenceError,
    ConvergenceWarning,
    CountyLinesError,
    CountyLinesWarning,
    DegenerateDataWarning,
    InputError,
    InputTypeError,
    LabelMismatchError,
    MissingExtraError,
    SparseDataWarning,
)

PACKAGE = Path(countylines.__file__).parent


@pytest.mark.parametrize(
    ("error", "parents"),
    [
        (InputError, (CountyLinesError, ValueError)),
        (LabelMismatchError, (InputError,)),
        (InputTypeError, (InputError, TypeError)),
        (ConvergenceError, (CountyLinesError, RuntimeError)),
        (MissingExtraError, (CountyLinesError, ImportError)),
        (CountyLinesWarning, (UserWarning,)),
        (ApproximationWarning, (CountyLinesWarning,)),
        (SparseDataWarning, (CountyLinesWarning,)),
        (DegenerateDataWarning, (CountyLinesWarning,)),
        (ConvergenceWarning, (CountyLinesWarning,)),
    ],
)
def test_the_family(error, parents):
    assert all(issubclass(error, parent) for parent in parents)
    assert inspect.getdoc(error)


def test_every_error_is_listed():
    defined = {
        name
        for name, item in vars(errors).items()
        if inspect.isclass(item) and item.__module__ == errors.__name__
    }
    assert defined == set(errors.__all__)


def test_a_missing_extra_names_the_pip_line():
    error = errors.missing_extra("forest()", "matplotlib", "plot")
    assert str(error) == (
        'forest() needs matplotlib. Install it with: pip install "countylines[plot]"'
    )
    assert error.name == "matplotlib"


def run_as(filename, source, **names):
    """Run code as if it stood in a file of that name."""
    exec(compile(source, str(filename), "exec"), names)
    return names


class TestWarn:
    """`warn` skips every frame inside the package, and none outside."""

    def recorded(self, function):
        with pytest.warns(SparseDataWarning, match="few") as record:
            function()
        assert len(record) == 1
        return record[0]

    def test_called_directly(self):
        line = inspect.currentframe().f_lineno + 1
        warning = self.recorded(lambda: errors.warn("few", SparseDataWarning))
        assert (warning.filename, warning.lineno) == (__file__, line)

    def test_called_from_the_package(self):
        inside = run_as(
            PACKAGE / "made_up.py",
            "def estimator():\n    warn('few', SparseDataWarning)\n",
            warn=errors.warn,
            SparseDataWarning=SparseDataWarning,
        )["estimator"]
        line = inspect.currentframe().f_lineno + 1
        warning = self.recorded(lambda: [inside()])
        assert (warning.filename, warning.lineno) == (__file__, line)

    def test_called_from_deep_within_the_package(self):
        names = run_as(
            PACKAGE / "prevalence" / "made_up.py",
            "def inner():\n    warn('few', SparseDataWarning)\n"
            "def outer():\n    return (lambda: inner())()\n",
            warn=errors.warn,
            SparseDataWarning=SparseDataWarning,
        )
        line = inspect.currentframe().f_lineno + 1
        warning = self.recorded(lambda: [names["outer"]()])
        assert (warning.filename, warning.lineno) == (__file__, line)

    def test_a_neighbour_whose_name_begins_alike_is_outside(self):
        other = PACKAGE.parent / "countylines_study" / "report.py"
        outside = run_as(
            other,
            "def report():\n    warn('few', SparseDataWarning)\n",
            warn=errors.warn,
            SparseDataWarning=SparseDataWarning,
        )["report"]
        warning = self.recorded(outside)
        assert (warning.filename, warning.lineno) == (str(other), 2)

    def test_a_call_from_the_top_level_of_a_script(self):
        done = subprocess.run(
            [sys.executable, "-P", "-c", "from countylines import errors\n"
             "errors.warn('few', errors.SparseDataWarning)\n"],
            capture_output=True, text=True, check=True,
        )  # fmt: skip
        assert done.stderr.startswith("<string>:2: SparseDataWarning: few")

    def test_a_posterior_that_does_not_converge(self):
        draws = [[10.0] * 50 + [20.0] * 50, [10.0, 20.0] * 50]
        with pytest.warns(ConvergenceWarning) as record:
            countylines.Posterior.from_draws(draws, n_observed=5)
        assert {warning.filename for warning in record} == {__file__}

    def test_warnings_can_be_made_errors_one_kind_at_a_time(self):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", CountyLinesWarning)
            warnings.simplefilter("error", SparseDataWarning)
            errors.warn("fine", ConvergenceWarning)
            with pytest.raises(SparseDataWarning):
                errors.warn("few", SparseDataWarning)
