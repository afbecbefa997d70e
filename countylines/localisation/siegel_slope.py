"""Siegel's slope of a series: repeated medians, with the limits of a permutation test."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np
from numpy.typing import NDArray

from countylines import _validate
from countylines._kernels import repeated_median
from countylines._kernels.method import tail_area
from countylines._typing import RNG, Alternative, ArrayLike
from countylines.errors import InputError
from countylines.localisation import _series
from countylines.results import OK, Estimate, Note, Verdict, verdict_array

FloatArray = NDArray[np.float64]

MOST = 2000
VERDICTS = (OK, Verdict(False, "no-data", ("A slope needs two values.",)))
FIELDS = ["estimate", "low", "high", "pvalue", "n", "verdict", "constant"]
DTYPES = {"n": np.int64, "verdict": object, "constant": np.bool_}


def siegel_slope(
    x: ArrayLike,
    *,
    time: ArrayLike | None = None,
    dim: Any = None,
    level: float = 0.95,
    null: float | None = None,
    alternative: Alternative = "two-sided",
    replicates: int = 999,
    rng: RNG = None,
) -> Estimate:
    r"""Siegel's slope: for each point the median slope to all others, and the median of those.

    It answers the question of :func:`sens_slope` where up to half of the periods, not a quarter,
    may be wrong: a year of a new system, a quarter that was never completed. It is no better where
    all are right, and it does not look through a change of level that lasts.

    Parameters
    ----------
    x : array_like
        The series, in the order of time: a Series, an array, the columns of a DataFrame, or a
        DataArray. nan is a missing value; its place in time is kept.
    time : array_like or None, optional
        Times of the places, increasing; the slope is per unit of it. None: 0, 1, 2, ...
    dim : str, int or None, optional
        The dimension of time: a name for a DataArray, an axis number otherwise. A DataFrame is
        reduced over its index.
    level : float, default 0.95
        Confidence level, a share in (0, 1).
    null : float or None, optional
        Slope under test; without it nothing is tested.
    alternative : {"two-sided", "less", "greater"}, default "two-sided"
        Side of the interval and of the test.
    replicates : int, default 999
        Random orders behind limits and p-value, the same ones for all slopes and all series.
    rng : int, Generator, SeedSequence or None, optional
        Source of their randomness.

    Returns
    -------
    Estimate
        In units of `x` per unit of `time`, one for each series; `n` is the number of values.
        Limits are infinite where so few values reject no slope.

    Raises
    ------
    InputError
        If `time` does not increase, a value is infinite, `x` is a single number, waits for dask or
        has more than 2,000 periods.
    LabelMismatchError
        If `time` does not fit `x`.

    Warns
    -----
    DegenerateDataWarning
        If a series is constant or has fewer than two values.

    See Also
    --------
    sens_slope : the median of all slopes, quicker and with exact limits.

    Notes
    -----
    .. math:: b = \operatorname{med}_i \operatorname{med}_{j \ne i}
              \frac{x_j - x_i}{t_j - t_i}.

    A slope :math:`\beta` is tested by what :math:`b` would be of :math:`x - \beta t` in random
    order: the p-value is the share of orders, the one that was seen among them, whose slope is at
    least (at most) :math:`b - \beta`; two-sided, twice the smaller. The limits are where it
    falls below :math:`1 - \text{level}`.

    The assumption that fails in practice is that values are exchangeable once the slope is taken
    away: neighbouring periods resemble one another, which makes these limits too narrow, and counts
    differ in variance. Time grows with the square of the number of values.

    References
    ----------
    .. [1] Siegel, A. F. (1982). Robust regression using repeated medians. *Biometrika* 69, 242-244.
       https://doi.org/10.1093/biomet/69.1.242

    Examples
    --------
    *Made-up* lines by half-year, two of which were recorded while a system was changed:

    >>> lines = [20, 23, 24, 28, 29, 3, 2, 38, 41, 42]
    >>> slope = cl.localisation.siegel_slope(lines, rng=1)
    >>> print(f"{slope.estimate:.2f} a half-year")
    2.44 a half-year

    The eight other half-years rise by between two and three lines each, and the two of the changed
    system do not alter that.
    """
    level = _validate.level(level)
    _validate.alternative(alternative)
    replicates = _validate.whole_number("replicates", replicates, low=1)
    tested = None if null is None else _validate.number("null", null)
    given = _series.series(x, time, dim)
    length = len(given.times)
    if given.inputs.is_lazy or length > MOST:
        got = "an array that waits for dask" if given.inputs.is_lazy else f"{length}"
        rule = f"in memory, with at most {MOST:,} periods"
        raise InputError(_validate.sentence("x", rule, got, remedy="Use sens_slope."))
    seed = _validate.seed(rng)

    def kernel(rows: FloatArray) -> tuple[NDArray[Any], ...]:
        there = ~np.isnan(rows)
        present = there.sum(axis=1)
        code = (present < 2).astype(np.intp)
        found = np.full((4, len(rows)), np.nan)
        for i in np.flatnonzero(code == 0):
            values, times = rows[i, there[i]], given.times[there[i]]
            orders = np.random.default_rng(seed).permuted(
                np.tile(np.arange(len(values)), (replicates, 1)), axis=1
            )
            found[:, i] = _one(values, times, orders, level, tested, alternative)
        spread = np.where(code == 0, np.nanmax(np.where(there, rows, -np.inf), axis=1), 1.0)
        constant = (code == 0) & (spread == np.where(there, rows, np.inf).min(axis=1))
        return *found, present, verdict_array(code, VERDICTS), constant

    out = given.inputs.reduce(
        kernel, dim=given.dim, outputs=FIELDS, check=_series.check, dtypes=DTYPES
    )
    constant = out.pop("constant")
    notes: tuple[Note, ...] = tuple(_series.notes(given.inputs.flat[0], out["n"], constant, 2))
    if tested is None:
        out["pvalue"] = None
    again = functools.partial(
        siegel_slope, x, time=time, dim=dim, level=level, replicates=replicates, rng=seed
    )
    return Estimate(
        quantity="slope per unit of time",
        method="siegel",
        level=level,
        interval_method="permutation",
        null=tested,
        alternative=alternative,
        notes=notes,
        references=("siegel1982",),
        _recompute=again,
        **out,
    )


def _one(
    values: FloatArray,
    times: FloatArray,
    orders: NDArray[np.int64],
    level: float,
    null: float | None,
    alternative: Alternative,
) -> tuple[float, float, float, float]:
    """Slope, limits and p-value of one series."""
    slope = float(repeated_median.slopes(values[None], times)[0])
    tail = tail_area(level, alternative)
    low, high = -np.inf, np.inf
    if alternative != "less":
        low = repeated_median.limit(values, times, tail, -1, orders)
    if alternative != "greater":
        high = repeated_median.limit(values, times, tail, 1, orders)
    if null is None:
        return slope, low, high, np.nan
    over, under = repeated_median.reached(values, times, null, orders)
    p = {"greater": over, "less": under, "two-sided": min(1.0, 2.0 * min(over, under))}
    return slope, low, high, p[alternative]
