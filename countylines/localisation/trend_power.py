"""How large a trend of a share can be seen?"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.special import expit, logit

from countylines import _kinds, _validate
from countylines._kernels import trend_power as kernel
from countylines._typing import Alternative, ArrayLike
from countylines.errors import InputError

FloatArray = NDArray[np.float64]

METHODS = ("normal", "exact")
REFERENCES = ("nam1987",)


class Plan(NamedTuple):
    """Totals, times and what makes counts vary beyond chance."""

    n: FloatArray
    times: FloatArray
    share: float
    effect: float  # dispersion given
    rho: float
    clusters: int | None
    level: float
    alternative: str
    method: str

    def power(self, slope: float, times_as_many: float = 1.0) -> float:
        """Power against a log odds ratio per unit of time."""
        n = self.n * times_as_many
        shares = expit(logit(self.share) + slope * (self.times - self.times[0]))
        if self.method == "exact":
            return kernel.exact_power(n, shares, self.times, self.level, self.alternative)
        effect = np.full(n.shape, self.effect)
        df = np.inf
        if self.clusters is not None:
            effect = effect * (1.0 + np.maximum(n / self.clusters - 1.0, 0.0) * self.rho)
            df = self.clusters - 1.0
        elif self.effect > 1.0:
            df = len(n) - 2.0
        return kernel.power(n, shares, self.times, effect, df, self.level, self.alternative)


def trend_power(
    total: ArrayLike,
    share: float,
    odds_ratio: Any,
    *,
    time: ArrayLike | None = None,
    dispersion: float = 1.0,
    rho: float = 0.0,
    clusters: int | None = None,
    wanted: float = 0.8,
    method: str = "normal",
    level: float = 0.95,
    alternative: Alternative = "two-sided",
) -> pd.DataFrame:
    r"""Chance that a trend of a share is seen, and the smallest trend that is seen often enough.

    It answers: with so many lines a year, would a rise of this size show? It is to be asked before
    the data are looked at: the power against the trend that was found says nothing new.

    Parameters
    ----------
    total : array_like
        Cases of each period, in order: whole numbers above 0.
    share : float
        The share in the first period, in (0, 1).
    odds_ratio : float or sequence of float
        Odds ratios per unit of time, above 0.
    time : array_like or None, optional
        One number a period, increasing; None: 0, 1, 2, ...
    dispersion : float, default 1.0
        Variance of a count over the binomial one, at least 1. Above 1 it is taken as estimated from
        the periods, and the test is that of a quasi-likelihood with Student's t.
    rho : float, default 0.0
        Correlation of two cases of one cluster in one period, from 0 to 1, with `clusters`.
    clusters : int or None, optional
        Number of clusters (forces, networks) among which the cases of each period are spread
        evenly; the test is then one by clusters, with one degree of freedom less than clusters.
    wanted : float, default 0.8
        The power that `smallest` and `times_as_many` are for.
    method : {"normal", "exact"}, default "normal"
        A normal (or t) law, or the sum over all tables of the asymptotic test, by chance alone.
    level : float, default 0.95
        One less the size of the test.
    alternative : {"two-sided", "less", "greater"}, default "two-sided"
        Side of the test.

    Returns
    -------
    DataFrame
        One row an odds ratio: ``power``; ``times_as_many``, the factor by which every total would
        have to grow for the power wanted (nan for ``"exact"`` and where growth does not help); and
        the same in all rows, ``smallest_rise`` and ``smallest_fall``, the odds ratios nearest to 1
        that are seen with the power wanted (infinite or 0 if none is, nan on a side not tested).

    Raises
    ------
    InputError
        If totals, shares or ratios are out of range, or there are too many tables to add up.

    See Also
    --------
    cochran_armitage : the test.
    trend_regression : the test with dispersion or clusters.

    Notes
    -----
    With scores :math:`s_i` from their weighted mean, :math:`\bar p` the overall share and
    :math:`d_i` the design effect, the power of the upper side is

    .. math:: P\left(T > c\,
              \sqrt{\frac{\bar p \bar q \sum n_i d_i s_i^2}{\sum n_i d_i p_i q_i s_i^2}}\right),

    with :math:`T` normal, or noncentral t, about :math:`\sum s_i n_i p_i` over its standard
    deviation and :math:`c` the quantile of the test. The design effect of clusters is
    :math:`1 + (n_i / G - 1) \rho`. It takes periods as independent: where clusters stay the same
    and their levels persist, the trend is seen more often than it says.

    Assumptions that fail in practice: the dispersion and correlation guessed, equal clusters, and a
    straight line of the log odds.

    References
    ----------
    .. [1] Nam, J. (1987). A simple approximation for calculating sample sizes for detecting linear
       trend in proportions. *Biometrics* 43, 701-705. https://doi.org/10.2307/2532001

    Examples
    --------
    A *made-up* force with 60 lines a year, a fifth of them internal, and five years:

    >>> plan = cl.localisation.trend_power([60] * 5, 0.2, [1.1, 1.3])
    >>> print(plan.round(2).to_string(index=False))
     odds_ratio  power  times_as_many  smallest_rise  smallest_fall
            1.1   0.17           8.09           1.29           0.69
            1.3   0.83           0.93           1.29           0.69

    A rise of the odds by a tenth a year would be seen in 17 of 100 such forces; nothing below 29 %
    a year is seen reliably, so that finding nothing shows little.
    """
    plan = _plan(total, share, time, dispersion, rho, clusters, method, level, alternative)
    ratios = np.atleast_1d(np.asarray(_kinds.accept("odds_ratio", odds_ratio), dtype=np.float64))
    if ratios.ndim > 1:
        raise InputError(
            _validate.sentence("odds_ratio", "a number or a list of them", f"shape {ratios.shape}")
        )
    _validate.exposure("odds_ratio", ratios)
    wanted = _validate.number("wanted", wanted, low=0.0, high=1.0, open_low=True, open_high=True)
    frame = pd.DataFrame(
        {
            "odds_ratio": ratios,
            "power": [plan.power(float(np.log(r))) for r in ratios],
            "times_as_many": [_growth(plan, float(np.log(r)), wanted) for r in ratios],
            "smallest_rise": _smallest(plan, wanted, 1),
            "smallest_fall": _smallest(plan, wanted, -1),
        }
    )
    frame.attrs["references"] = REFERENCES
    return frame


def _plan(
    total: Any,
    share: float,
    time: Any,
    dispersion: float,
    rho: float,
    clusters: int | None,
    method: str,
    level: float,
    alternative: str,
) -> Plan:
    n = np.asarray(_kinds.accept("total", total), dtype=np.float64)
    if n.ndim != 1 or len(n) < 2:
        raise InputError(
            _validate.sentence("total", "one number for each of two periods or more", f"{n.shape}")
        )
    _validate.counts("total", n)
    _validate.exposure("total", n)
    times = np.arange(len(n), dtype=np.float64)
    if time is not None:
        times = np.asarray(_kinds.accept("time", time), dtype=np.float64)
        if times.shape != n.shape or not (np.diff(times) > 0.0).all():
            raise InputError(
                _validate.sentence(
                    "time", f"{len(n)} increasing numbers", f"values of shape {times.shape}"
                )
            )
        _validate.finite("time", times)
    if clusters is not None:
        clusters = _validate.whole_number("clusters", clusters, low=2)
    rho = _validate.number("rho", rho, low=0.0, high=1.0)
    if rho > 0.0 and clusters is None:
        raise InputError(_validate.sentence("clusters", "given where `rho` is above 0", "nothing"))
    effect = _validate.number("dispersion", dispersion, low=1.0)
    _validate.option("method", method, METHODS)
    if effect > 1.0 and clusters is None and len(n) < 3:
        raise InputError(
            _validate.sentence(
                "dispersion", "1 for two periods, which cannot show it", f"{effect:g}"
            )
        )
    if method == "exact" and (effect > 1.0 or clusters is not None):
        raise InputError(
            _validate.sentence("method", "'normal' with dispersion or clusters", "'exact'")
        )
    if method == "exact" and kernel.tables(n) > kernel.MOST_TABLES:
        raise InputError(
            _validate.sentence(
                "method",
                f"'normal' for more than {kernel.MOST_TABLES:,} tables",
                f"'exact' with {kernel.tables(n):.3g}",
            )
        )
    return Plan(
        n,
        times,
        _validate.number("share", share, low=0.0, high=1.0, open_low=True, open_high=True),
        effect,
        rho,
        clusters,
        _validate.level(level),
        _validate.alternative(alternative),
        method,
    )


def _growth(plan: Plan, slope: float, wanted: float) -> float:
    """Factor on all totals that gives the power wanted."""
    if plan.method == "exact" or slope == 0.0:
        return np.nan

    def short(log_factor: float) -> float:
        return plan.power(slope, float(np.exp(log_factor))) - wanted

    low, high = -10.0, 14.0
    if short(high) < 0.0 or short(low) > 0.0:
        return np.nan
    return float(np.exp(brentq(short, low, high, xtol=1e-10)))


def _smallest(plan: Plan, wanted: float, side: int) -> float:
    """The odds ratio nearest to 1 on one side that is seen with the power wanted."""
    if plan.alternative == ("less" if side > 0 else "greater"):
        return np.nan
    span = float(np.ptp(plan.times))
    grid = np.exp(np.linspace(-7.0, np.log(40.0), 60)) / span
    powers = np.array([plan.power(side * slope) for slope in grid])
    enough = np.flatnonzero(powers >= wanted)
    if not len(enough):
        return np.inf if side > 0 else 0.0
    first = int(enough[0])
    if first == 0:
        return 1.0
    found = brentq(
        lambda slope: plan.power(side * slope) - wanted, grid[first - 1], grid[first], xtol=1e-12
    )
    return float(np.exp(side * found))
