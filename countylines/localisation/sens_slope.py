"""The median slope of a series, with the limits that its trend test does not reject."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np
from numpy.typing import NDArray

from countylines import _validate
from countylines._kernels import kendall_exact, kendall_score, mann_kendall
from countylines._typing import Alternative, ArrayLike
from countylines.errors import InputError
from countylines.localisation import _series
from countylines.results import OK, Estimate, Note, Verdict, verdict_array

FloatArray = NDArray[np.float64]

METHODS = ("auto", "exact", "normal")
EXACT_TO = 10
VERDICTS = (OK, Verdict(False, "no-data", ("A slope needs two values.",)))
FIELDS = ["estimate", "low", "high", "pvalue", "n", "verdict", "constant"]
DTYPES = {"n": np.int64, "verdict": object, "constant": np.bool_}


def sens_slope(
    x: ArrayLike,
    *,
    time: ArrayLike | None = None,
    dim: Any = None,
    method: str = "auto",
    level: float = 0.95,
    null: float | None = None,
    alternative: Alternative = "two-sided",
) -> Estimate:
    r"""Sen's slope: the median of the slopes between all pairs of points of a series.

    It answers: by how much does a series rise from one period to the next, where a few extreme
    values must not decide? It is not a forecast, and a slope of recorded counts is one of recording
    as much as of what is recorded. Two periods make a change, not a trend.

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
    method : {"auto", "exact", "normal"}, default "auto"
        Distribution of the score behind the limits: exact, or normal with the correction for
        continuity. ``"auto"`` is exact up to 10 values.
    level : float, default 0.95
        Confidence level, a share in (0, 1).
    null : float or None, optional
        Slope under test; without it nothing is tested.
    alternative : {"two-sided", "less", "greater"}, default "two-sided"
        Side of the interval and of the test.

    Returns
    -------
    Estimate
        In units of `x` per unit of `time`, one for each series; `n` is the number of values.
        Limits are infinite where so few values reject no slope.

    Raises
    ------
    InputError
        If `time` does not increase, a value is infinite, or `x` is a single number.
    LabelMismatchError
        If `time` does not fit `x`.

    Warns
    -----
    DegenerateDataWarning
        If a series is constant or has fewer than two values.

    See Also
    --------
    mann_kendall : the test that these limits belong to.
    localisation_odds_ratio : two periods.

    Notes
    -----
    With :math:`N` pairs and slopes :math:`b_{(1)} \le \dots \le b_{(N)}` between them, the score of
    the series less :math:`b` times the time is :math:`S(b) = N - 2\,\#\{b_{(i)} < b\}`. The limits
    hold every :math:`b` for which

    .. math:: P(S \ge S(b)) \ge (1 - \text{level}) / 2
              \quad\text{and}\quad P(S \le S(b)) \ge (1 - \text{level}) / 2,

    so they are slopes of the list themselves. Exact: all orders of the values equally likely.
    Normal: :math:`P(S \ge s) = \Phi(-(s - 1) / \sigma)` with

    .. math:: \sigma^2 = \tfrac{1}{18}\Bigl(n (n - 1)(2n + 5) - \sum_t t (t - 1)(2t + 5)\Bigr)

    over groups of :math:`t` tied values. Slopes equal to `null` count against rejecting it.

    The assumption that fails in practice is that values are exchangeable once the slope is taken
    away: neighbouring periods resemble one another, which makes these limits too narrow, and
    changes of definition make steps. With few values the exact limits hold their level at the
    price of width; counts differ in variance, which a median of slopes takes no account of.

    Long series are not listed pair by pair: memory grows with the number of values.

    References
    ----------
    .. [1] Sen, P. K. (1968). Estimates of the regression coefficient based on Kendall's tau.
       *Journal of the American Statistical Association* 63, 1379-1389.
       https://doi.org/10.1080/01621459.1968.10480934

    Examples
    --------
    Referrals for criminal exploitation by quarter, 2022 Q2 to 2023 Q4, children and adults alike:

    >>> referrals = [722, 808, 820, 836, 728, 722, 843]
    >>> slope = cl.localisation.sens_slope(referrals)
    >>> print(f"{slope.estimate:.1f} a quarter ({slope.low:.1f} to {slope.high:.1f})")
    5.8 a quarter (-32.7 to 49.0)

    Seven quarters fit a fall of 33 a quarter as well as a rise of 49: they show no direction.
    """
    method = _validate.option("method", method, METHODS)
    level = _validate.level(level)
    _validate.alternative(alternative)
    tested = None if null is None else _validate.number("null", null)
    given = _series.series(x, time, dim)

    def kernel(rows: FloatArray) -> tuple[NDArray[Any], ...]:
        counted = kendall_score.kendall(rows)
        exact = exact_rows(counted, method)
        variance = counted.variance
        slope, low, high = mann_kendall.slopes(
            rows, given.times, variance, exact, level, alternative
        )
        p = np.full(len(rows), np.nan)
        if tested is not None:
            p = mann_kendall.slope_pvalue(rows, given.times, tested, variance, exact, alternative)
        code = (counted.present < 2).astype(np.intp)
        p[code == 1] = np.nan
        constant = (variance == 0) & (code == 0)
        verdict = verdict_array(code, VERDICTS)
        return slope, low, high, p, counted.present, verdict, constant

    out = given.inputs.reduce(
        kernel, dim=given.dim, outputs=FIELDS, check=_series.check, dtypes=DTYPES
    )
    notes: tuple[Note, ...] = ()
    constant = out.pop("constant")
    if not given.inputs.is_lazy:
        notes = tuple(_series.notes(given.inputs.flat[0], out["n"], constant, 2))
    if tested is None:
        out["pvalue"] = None
    return Estimate(
        quantity="slope per unit of time",
        method="sen",
        level=level,
        interval_method=method,
        null=tested,
        alternative=alternative,
        notes=notes,
        references=("sen1968",),
        _recompute=functools.partial(sens_slope, x, time=time, dim=dim, method=method, level=level),
        **out,
    )


def exact_rows(counted: kendall_score.Score, method: str) -> NDArray[np.bool_]:
    """For which rows the exact distribution is used."""
    if method == "auto":
        few: NDArray[np.bool_] = counted.present <= EXACT_TO
        return few
    most = int(counted.present.max(initial=0))
    if method == "exact" and most > kendall_exact.MOST:
        raise InputError(
            _validate.sentence(
                "method",
                f"'normal' for series of more than {kendall_exact.MOST} values",
                f"'exact' with {most}",
            )
        )
    return np.full(len(counted.present), method == "exact")
