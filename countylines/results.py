"""Results: what an estimator says, how sure it is, and what it must not be taken for.

Every estimator returns one of a small family. All are frozen: nothing stored is rounded, arrays are
read-only, and every field keeps the kind (number, array, Series, DataFrame, DataArray) and the
labels of the data.
"""

from __future__ import annotations

import dataclasses
import importlib
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Self

import pandas as pd
import xarray as xr

from countylines import _citations, _frames, _render, _validate
from countylines.errors import InputError
from countylines.verdicts import OK, Note, Verdict, verdict_array

__all__ = [
    "OK",
    "Estimate",
    "Note",
    "PopulationEstimate",
    "TestResult",
    "Verdict",
    "verdict_array",
]


@dataclass(frozen=True, eq=False, repr=False)
class Estimate:
    """One quantity, its interval, and what was assumed.

    Parameters
    ----------
    quantity : str
        What is estimated, in words.
    estimate, low, high : number or labelled numbers
        The estimate and the ends of its interval, in `unit`.
    standard_error : number or labelled numbers or None
        On the scale of `estimate`; nan where it is not defined, None where the method has none.
    level : float or None
        Level of the interval; None for an identified range without sampling error.
    interval_kind : {"confidence", "credible", "prediction", "identification"}
        What the interval covers. An identification range is not a statement of probability.
    interval_method, method : str
        How the interval and the estimate were computed.
    region_low, region_high : number or labelled numbers or None
        The identified set, where it differs from the interval round it.
    null : number or labelled numbers or None
        Value under test; None where nothing is tested.
    alternative : {"two-sided", "less", "greater"}
        Side of the test and of the interval.
    pvalue : number or labelled numbers or None
        From the same inversion as the interval; None where nothing is tested.
    unit : str
        Unit of the estimate; empty for a pure number.
    n : number or labelled numbers or None
        Number of observations behind the estimate.
    verdict : Verdict or labelled Verdicts
        Whether the estimate exists, element by element.
    notes : tuple of Note
        Facts about this result that its reader must know.
    draws : DataArray or ndarray or None
        Simulated values with chain and draw as the last two axes.
    references : tuple of str
        Keys of the package's bibliography.

    See Also
    --------
    TestResult : what a test says.
    Verdict : why an estimate does not exist.
    """

    quantity: str
    estimate: Any
    low: Any
    high: Any
    method: str
    standard_error: Any = None
    level: float | None = 0.95
    interval_kind: str = "confidence"
    interval_method: str = ""
    region_low: Any = None
    region_high: Any = None
    null: Any = None
    alternative: str = "two-sided"
    pvalue: Any = None
    unit: str = ""
    n: Any = None
    verdict: Any = OK
    notes: tuple[Note, ...] = ()
    draws: Any = None
    references: tuple[str, ...] = ()
    _recompute: Callable[..., Estimate] | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        _validate.option(
            "interval_kind",
            self.interval_kind,
            ("confidence", "credible", "prediction", "identification"),
        )
        _frames.freeze(self, vars(self))

    def __reduce_ex__(self, protocol: Any) -> Any:
        return _frames.lazy_pickle(self) if self.is_lazy else super().__reduce_ex__(protocol)

    def __setstate__(self, state: dict[str, Any]) -> None:
        _frames.freeze(self, state)

    @property
    def estimable(self) -> Any:
        """Whether the estimate exists: True or False, element by element for labelled results."""
        return _frames.over(self.verdict, lambda v: v.estimable, bool)

    @property
    def is_lazy(self) -> bool:
        """Whether any field, or a result within this one, still waits for dask."""
        return any(_frames.is_lazy(getattr(self, f.name)) for f in dataclasses.fields(self))

    def compute(self) -> Self:
        """Evaluate every field that waits for dask, together, and return the result.

        Returns
        -------
        Estimate
            The same result, of the same type, with its values in memory; itself if nothing waited.
        """
        if not self.is_lazy:
            return self
        compute = importlib.import_module("dask").compute
        values = {f.name: getattr(self, f.name) for f in dataclasses.fields(self)}
        waiting = {name: v for name, v in values.items() if _frames.is_lazy(v)}
        (done,) = compute(waiting)
        return type(self)(**{**values, **done})

    def test(self, *, null: Any, alternative: str = "two-sided") -> TestResult:
        """Test a value of the quantity by the inversion that made the interval.

        Parameters
        ----------
        null : number or labelled numbers
            The value under test.
        alternative : {"two-sided", "less", "greater"}, default "two-sided"
            What is held against it; ``"greater"`` asks whether the quantity exceeds `null`.

        Returns
        -------
        TestResult
            The statistic is the estimate itself; the p-value is below ``1 - level`` exactly when
            the interval of that level and side leaves `null` out, for a `null` that is possible.

        Raises
        ------
        InputError
            If this estimate has no test, or `null` lies outside the range of the quantity.
        """
        _validate.alternative(alternative)
        if self._recompute is None:
            raise InputError(
                f"`test` must be asked of an estimate made by a method with a test, got "
                f"{self.method!r} for {self.quantity}. Read its interval instead."
            )
        again = self._recompute(null=null, alternative=alternative).compute()
        return TestResult(
            statistic=again.estimate,
            pvalue=again.pvalue,
            alternative=alternative,
            null_hypothesis=_render.null_sentence(self.quantity, again.null, alternative),
            effect=again,
            method=again.interval_method,
            n=again.n,
            notes=again.notes,
            references=again.references,
        )

    def to_frame(self) -> pd.DataFrame:
        """Tidy table, one row an estimate: labels, then the columns common to all estimators.

        Returns
        -------
        DataFrame
            Label columns, then ``estimate, standard_error, low, high, level, interval_kind,
            method, n``; frames of different estimators can be concatenated.
        """
        return _frames.to_frame(self.compute())

    def to_xarray(self) -> xr.Dataset:
        """Labelled dataset with one variable a field and the rest as attributes.

        Returns
        -------
        Dataset
            Verdicts become their codes, so that the dataset can be written to netCDF.
        """
        return _frames.to_xarray(self)

    def to_dict(self) -> dict[str, Any]:
        """Nested dictionary for strict JSON: nan becomes None, infinities ``"inf"``, ``"-inf"``.

        Returns
        -------
        dict
            With a ``countylines`` entry that names the version.
        """
        content: dict[str, Any] = _frames.to_dict(self.compute())
        return content

    def summary(self, format: str = "text") -> str:
        """Readable table: what, estimate, interval, level, method, n, verdict and notes.

        Parameters
        ----------
        format : {"text", "markdown", "html", "latex"}, default "text"
            Markup of the table. Everything is escaped.

        Returns
        -------
        str
        """
        return _render.summary(self, format)

    def plot(self, ax: Any = None, **options: Any) -> Any:
        """Draw the estimate and its interval (a forest plot for labelled results).

        Parameters
        ----------
        ax : matplotlib Axes or None
            Where to draw; a new figure if None.
        **options
            Passed to :func:`countylines.plotting.forest`.

        Returns
        -------
        matplotlib Axes
        """
        from countylines import plotting

        return plotting.forest(self, ax=ax, **options)

    def cite(self, format: str = "text") -> str:
        """References of the methods used, and of countylines itself.

        Parameters
        ----------
        format : {"text", "bibtex"}, default "text"

        Returns
        -------
        str
        """
        return _citations.cite(self.references, format)

    def identical(self, other: object) -> bool:
        """Whether another result has the same type, values, labels and notes.

        Parameters
        ----------
        other : object
            What to compare with.

        Returns
        -------
        bool
        """
        return type(self) is type(other) and all(
            _frames.identical(getattr(self, f.name), getattr(other, f.name))
            for f in dataclasses.fields(self)
            if f.name != "_recompute"
        )

    def __repr__(self) -> str:
        return _render.one_line(self)

    def __str__(self) -> str:
        return _render.summary(self, "text")

    def _repr_html_(self) -> str:
        return _render.summary(self, "html")


@dataclass(frozen=True, eq=False, repr=False)
class PopulationEstimate(Estimate):
    """Size of a partly hidden population: seen and hidden together.

    Parameters
    ----------
    hidden : Estimate
        The part that is on no list.
    n_observed : number or labelled numbers
        The part that is on at least one list.
    model : str
        The model in words or as a formula.
    generators : tuple of tuple of str
        Highest-order terms of a hierarchical model; empty for closed-form estimators.
    log_likelihood, deviance, df, aic, bic, aicc : float or None
        Fit of the model. AIC and BIC count every parameter of the model, also those at minus
        infinity, with ``n = n_observed``; `df` is face cells less face rank.
    params : Series or None
        Parameters of the model.

    See Also
    --------
    Estimate : the fields and methods common to all results.

    Notes
    -----
    ``estimate``, ``low`` and ``high`` are the TOTAL; ``hidden`` holds the part not seen.
    """

    hidden: Any = None
    n_observed: Any = None
    model: str = ""
    generators: tuple[tuple[str, ...], ...] = ()
    log_likelihood: Any = None
    deviance: Any = None
    df: Any = None
    aic: Any = None
    bic: Any = None
    aicc: Any = None
    params: Any = None


@dataclass(frozen=True, eq=False, repr=False)
class TestResult:
    """What a test says, with its hypothesis in words.

    Parameters
    ----------
    statistic, pvalue : number or labelled numbers
        The statistic and its p-value.
    alternative : {"two-sided", "less", "greater"}
        What was held against the null hypothesis.
    null_hypothesis : str
        A sentence.
    effect : Estimate or None
        The size of what is tested; a p-value alone never answers a question.
    table : DataFrame or None
        Parts of the statistic, where there are several.
    method : str
        How the p-value was computed.
    n : number or labelled numbers or None
        Number of observations.
    notes : tuple of Note
        Facts that the reader must know.
    references : tuple of str
        Keys of the package's bibliography.

    See Also
    --------
    Estimate : the result of an estimator.
    """

    __test__ = False

    statistic: Any
    pvalue: Any
    alternative: str
    null_hypothesis: str
    method: str
    effect: Estimate | None = None
    table: pd.DataFrame | None = None
    n: Any = None
    notes: tuple[Note, ...] = ()
    references: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        _frames.freeze(self, vars(self))

    def __setstate__(self, state: dict[str, Any]) -> None:
        _frames.freeze(self, state)

    def to_frame(self) -> pd.DataFrame:
        """Tidy table: labels, statistic, pvalue, alternative, method, n.

        Returns
        -------
        DataFrame
        """
        return _frames.test_frame(self)

    def to_dict(self) -> dict[str, Any]:
        """Nested dictionary for strict JSON.

        Returns
        -------
        dict
        """
        content: dict[str, Any] = _frames.to_dict(self)
        return content

    def summary(self, format: str = "text") -> str:
        """Readable table with the hypothesis in words.

        Parameters
        ----------
        format : {"text", "markdown", "html", "latex"}, default "text"

        Returns
        -------
        str
        """
        return _render.test_summary(self, format)

    def cite(self, format: str = "text") -> str:
        """References of the method, and of countylines itself.

        Parameters
        ----------
        format : {"text", "bibtex"}, default "text"

        Returns
        -------
        str
        """
        return _citations.cite(self.references, format)

    def identical(self, other: object) -> bool:
        """Whether another test result has the same values, labels and notes.

        Parameters
        ----------
        other : object
            What to compare with.

        Returns
        -------
        bool
        """
        return type(self) is type(other) and all(
            _frames.identical(getattr(self, f.name), getattr(other, f.name))
            for f in dataclasses.fields(self)
        )

    def __repr__(self) -> str:
        return _render.test_line(self)

    def __str__(self) -> str:
        return _render.test_summary(self, "text")

    def _repr_html_(self) -> str:
        return _render.test_summary(self, "html")
