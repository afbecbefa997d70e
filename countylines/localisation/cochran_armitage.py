"""Does a share rise or fall with a score? The Cochran-Armitage test."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from countylines import _labels, _validate
from countylines._kernels.logistic_trend import Tables
from countylines._typing import RNG, Alternative, ArrayLike
from countylines.errors import DegenerateDataWarning, InputError, SparseDataWarning, warn
from countylines.localisation import _score_trend
from countylines.results import Estimate, Note, TestResult, verdict_array

FloatArray = NDArray[np.float64]

OUTPUTS = ["statistic", "z", "pvalue", "estimate", "low", "high", "n", "verdict"]
DTYPES = {"n": np.int64, "verdict": object}
SPARSE = 10
REFERENCES = ("cochran1954", "armitage1955")


def cochran_armitage(
    count: ArrayLike,
    total: ArrayLike,
    *,
    scores: ArrayLike | None = None,
    dim: Any = None,
    method: str = "asymptotic",
    variance: str = "binomial",
    continuity: bool = False,
    two_sided: str = "doubled",
    level: float = 0.95,
    alternative: Alternative = "two-sided",
    replicates: int = 9999,
    rng: RNG = None,
) -> TestResult:
    r"""Test whether a share rises or falls with a score, such as the year.

    It answers: could these shares have come from one share for all groups, judged against a steady
    rise or fall? The odds ratio per unit of the score says how large the trend is. It is not a test
    that the trend is straight, and a rising share of recorded lines is one of recording as well.

    Parameters
    ----------
    count, total : array_like
        Events and all cases of each group, in the order of the scores: Series, arrays, columns of
        DataFrames, or DataArrays. A group without cases is allowed.
    scores : array_like or None, optional
        One number a group. None: 0, 1, 2, ... They matter more than the method: choose them before
        looking.
    dim : str, int or None, optional
        The dimension of the groups: a name for a DataArray, an axis number otherwise. A DataFrame
        is reduced over its index.
    method : {"asymptotic", "exact", "mid-p", "monte-carlo"}, default "asymptotic"
        Distribution of the statistic: normal, or given all margins: exact, exact with half the
        probability of what was seen, or by random tables.
    variance : {"binomial", "hypergeometric"}, default "binomial"
        For ``"asymptotic"``: Cochran's variance with N, or Mantel's with N - 1.
    continuity : bool, default False
        For ``"asymptotic"``: correct for the grid of the statistic, whose scores must have a common
        unit.
    two_sided : {"doubled", "distance", "probability"}, default "doubled"
        Which values are at least as extreme on the other side, for exact p-values: twice the
        smaller tail, those as far from the mean, or those no more likely. ``"monte-carlo"`` knows
        the first two.
    level : float, default 0.95
        Level of the limits of the odds ratio.
    alternative : {"two-sided", "less", "greater"}, default "two-sided"
        ``"greater"`` asks whether the share rises with the score.
    replicates : int, default 9999
        Random tables for ``"monte-carlo"``.
    rng : int, Generator, SeedSequence or None, optional
        Source of randomness for ``"monte-carlo"``.

    Returns
    -------
    TestResult
        ``statistic`` is the sum of scores over the events. ``effect`` is the odds ratio per unit
        of score, infinite or 0 where the events are all at one end. ``table`` has statistic, z,
        n for every data set (None for arrays that wait for dask).

    Raises
    ------
    InputError
        If counts are no counts out of totals, scores do not fit, or an exact distribution is asked
        for scores without a common unit or for too large a table.

    Warns
    -----
    DegenerateDataWarning
        If all cases are events, none is, or one group has all: the p-value is 1, no trend can show.
    SparseDataWarning
        If the normal distribution is used with fewer than 10 events or non-events.

    See Also
    --------
    mantel_trend : the same within strata, such as forces.
    localisation_odds_ratio : two periods.
    mann_kendall : a series that is not made of shares.

    Notes
    -----
    With :math:`x_i` events of :math:`n_i` in group :math:`i`, scores :math:`s_i` and
    :math:`p = \sum x_i / N`,

    .. math:: T = \sum_i s_i x_i, \qquad z = \frac{T - p \sum_i s_i n_i}
              {\sqrt{p (1 - p) \sum_i n_i (s_i - \bar s)^2}},

    times :math:`\sqrt{(N - 1) / N}` with the hypergeometric variance. It is the score statistic of
    :math:`\operatorname{logit} p_i = a + \theta s_i` at :math:`\theta = 0`, and the limits of
    :math:`e^\theta` hold every :math:`\theta` whose score statistic, with the successes in all
    fitted, lies within the normal quantiles. ``"exact"`` and ``"mid-p"`` use the distribution of T
    given all margins, whose family over :math:`\theta` also gives the conditional estimate and
    limits; these have equal tails and so belong to ``two_sided="doubled"``. ``"monte-carlo"`` has
    the asymptotic limits.

    The exact distribution comes from a Fourier transform that is tilted to the value of interest,
    so that a tail of 1e-50 has all its digits.

    Assumptions that fail in practice: independent cases (lines of one network are not), one meaning
    of an event through all periods, no change in what is detected. A mix of areas that changes can
    make a trend that no area has: use :func:`mantel_trend`.

    References
    ----------
    .. [1] Cochran, W. G. (1954). Some methods for strengthening the common chi-square tests.
       *Biometrics* 10, 417-451. https://doi.org/10.2307/3001616
    .. [2] Armitage, P. (1955). Tests for linear trends in proportions and frequencies. *Biometrics*
       11, 375-386. https://doi.org/10.2307/3001775

    Examples
    --------
    Internal lines in four made-up years of a small force:

    >>> internal, lines = [1, 4, 3, 8], [20, 20, 20, 20]
    >>> trend = cl.localisation.cochran_armitage(internal, lines, method="exact")
    >>> odds = trend.effect
    >>> print(
    ...     f"p = {trend.pvalue:.3f}; {odds.estimate:.2f} ({odds.low:.2f} to {odds.high:.2f})"
    ... )
    p = 0.017; 1.97 (1.11 to 3.73)

    One share for all four years would give so steep a rise or fall in 17 of 1,000 sets. The odds
    that a recorded line is internal rise about twofold a year, by 11 % at least; whether lines or
    their recording changed, the test cannot say.
    """
    chosen = _score_trend.options(
        method, variance, continuity, two_sided, level, alternative, replicates, rng
    )
    inputs = _labels.align(count=count, total=total)
    if inputs.kind == "scalar":
        inputs.reduce(lambda *rows: rows, dim=dim, outputs=["none"])
    values = _score_trend.scores(scores, inputs, inputs.axis(dim))
    _check_method(inputs, chosen)

    def kernel(*rows: FloatArray) -> tuple[NDArray[Any], ...]:
        tables = Tables(rows[0][:, None, :], rows[1][:, None, :], values)
        tested = _score_trend.test(tables, chosen)
        with np.errstate(invalid="ignore", divide="ignore"):
            z = (tested.statistic - tested.mean) / np.sqrt(tested.variance)
        odds = [np.exp(v) for v in (tested.slope, tested.low, tested.high)]
        verdict = verdict_array(tested.code, _score_trend.VERDICTS)
        return tested.statistic, z, tested.pvalue, *odds, rows[1].sum(axis=1), verdict

    out = inputs.reduce(kernel, dim=dim, outputs=OUTPUTS, check=_score_trend.check, dtypes=DTYPES)
    notes = _notes(inputs, out, chosen, dim)
    return TestResult(
        statistic=out["statistic"],
        pvalue=out["pvalue"],
        alternative=alternative,
        null_hypothesis="The share does not change with the score.",
        method=f"cochran-armitage, {method}",
        effect=Estimate(
            quantity="odds ratio per unit of score",
            estimate=out["estimate"],
            low=out["low"],
            high=out["high"],
            method="conditional" if method in ("exact", "mid-p") else "maximum-likelihood",
            level=level,
            interval_method=method if method != "monte-carlo" else "asymptotic",
            alternative=alternative,
            n=out["n"],
            verdict=out["verdict"],
            notes=notes,
            references=REFERENCES,
        ),
        table=None if inputs.is_lazy else _table(out),
        n=out["n"],
        notes=notes,
        references=REFERENCES,
    )


def _check_method(inputs: _labels.Inputs, chosen: _score_trend.Options) -> None:
    if chosen.method == "monte-carlo" and inputs.is_lazy:
        raise InputError(
            _validate.sentence(
                "count",
                "in memory for method='monte-carlo'",
                "an array that waits for dask",
                remedy="Use count.compute(): its random numbers must not depend on the chunks.",
            )
        )
    if chosen.method == "monte-carlo" and chosen.two_sided == "probability":
        raise InputError(
            _validate.sentence(
                "two_sided",
                "'doubled' or 'distance' for method='monte-carlo'",
                "'probability'",
                remedy="Use method='exact'.",
            )
        )


def _notes(
    inputs: _labels.Inputs, out: dict[str, Any], chosen: _score_trend.Options, dim: Any
) -> tuple[Note, ...]:
    notes = _score_trend.tail_notes(chosen)
    if inputs.is_lazy:
        return tuple(notes)
    fixed = np.isnan(np.asarray(out["estimate"]))
    if fixed.any():
        where = "" if fixed.ndim == 0 else f" in {int(fixed.sum())} of {fixed.size} data sets"
        text = (
            f"All cases are events, none is, or one group has all of them{where}: no trend can "
            "show, and the p-value is 1."
        )
        notes.append(Note("no-trend-possible", text))
        warn(text, DegenerateDataWarning)
    if chosen.method == "asymptotic":
        axis = inputs.axis(dim)
        shape = np.shape(inputs.template)
        count, total = (v.reshape(shape).sum(axis=axis) for v in inputs.flat)
        few = (np.minimum(count, total - count) < SPARSE) & ~fixed
        if few.any():
            text = (
                f"Fewer than {SPARSE} events or non-events, where the normal distribution is a "
                "poor guide. Use method='mid-p' or 'exact'."
            )
            notes.append(Note("sparse", text))
            warn(text, SparseDataWarning)
    return tuple(notes)


def _table(out: dict[str, Any]) -> pd.DataFrame:
    names = ("statistic", "z", "n")
    index = out["statistic"].index if isinstance(out["statistic"], pd.Series) else None
    return pd.DataFrame({name: np.ravel(out[name]) for name in names}, index=index)
