"""Confidence limits and p-values of the ratio of two Poisson rates.

The data are `count` events in `exposure` and `ref_count` in `ref_exposure`. Given the sum n of the
counts, the first is binomial with share p, and p / (1 - p) = ratio * exposure / ref_exposure. So
every method for a binomial share is one for the ratio; and so are the score test, its correction
for skewness and the likelihood ratio of the two unconditional Poisson counts, which on paper are
those of the binomial. Limits of the odds rest on the counts alone, whatever the units of exposure,
and are solved once for each distinct pair of counts. Shares near 1 are taken from the reference
group's side, where they keep their digits.

With both counts 0 the limits are 0 and infinity and the p-value is 1, but for "bayes-jeffreys",
where the prior is left.
"""

from __future__ import annotations

from functools import partial

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import betainc, betaincc, betainccinv, betaincinv, expit

from countylines._kernels import acceptance, binomial, mover, poisson
from countylines._kernels.distinct import once_per_row
from countylines._kernels.method import FloatArray, Method, tail_area
from countylines._kernels.mover_tail import mover_tail
from countylines._kernels.ratio_error import ratio_error

Limits = tuple[FloatArray, FloatArray]

WHOLE_COUNTS_ONLY = acceptance.METHODS
OTHER_SIDE = {"two-sided": "two-sided", "less": "greater", "greater": "less"}

_NEAR_ONE = 0.9
_HALF_A_CASE = 0.5


def estimate(
    count: FloatArray, exposure: FloatArray, ref_count: FloatArray, ref_exposure: FloatArray
) -> FloatArray:
    """Ratio of the rates: x/0 is infinite, 0/0 nan."""
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio: FloatArray = (count / ref_count) * (ref_exposure / exposure)
    return ratio


def log_standard_error(
    count: FloatArray, exposure: FloatArray, ref_count: FloatArray, ref_exposure: FloatArray
) -> FloatArray:
    """Standard error of the log ratio: infinite with a zero count."""
    with np.errstate(divide="ignore"):
        error: FloatArray = np.sqrt(1.0 / count + 1.0 / ref_count)
    return error


def standard_error(*table: FloatArray) -> FloatArray:
    """Standard error of the ratio; nan where the ratio is not a number above 0."""
    return ratio_error(estimate(*table), log_standard_error(*table))


def gap_in_acceptance(
    count: FloatArray,
    exposure: FloatArray,
    ref_count: FloatArray,
    ref_exposure: FloatArray,
    *,
    level: float,
    method: str,
) -> NDArray[np.bool_]:
    """Whether the two-sided limits are the hull of accepted nulls with a gap between them."""
    return binomial.gap_in_acceptance(count, count + ref_count, level=level, method=method)


def _log_odds(exposure: FloatArray, ref_exposure: FloatArray, null: ArrayLike) -> FloatArray:
    """Log odds that an event is one of the first group, where the ratio is `null`."""
    with np.errstate(divide="ignore"):
        shift: FloatArray = np.log(np.asarray(null, dtype=np.float64))
    return shift + np.log(exposure) - np.log(ref_exposure)


def _quotient(share: ArrayLike, rest: ArrayLike) -> FloatArray:
    with np.errstate(divide="ignore"):
        odds: FloatArray = np.asarray(np.divide(share, rest), dtype=np.float64)
    return odds


# --- through the binomial share ----------------------------------------------------------------


def _share_odds(
    name: str, added: float, x: FloatArray, y: FloatArray, *, level: float, alternative: str
) -> Limits:
    """Limits of the odds, for counts x and y with `added` put to each."""
    solve = binomial.METHODS[name].limits
    total = x + y + 2.0 * added
    low, high = solve(x + added, total, level=level, alternative=alternative)
    rest_low, rest_high = 1.0 - low, 1.0 - high
    rows = np.flatnonzero((low > _NEAR_ONE) | (high > _NEAR_ONE))
    if rows.size:
        other = OTHER_SIDE[alternative]
        turned = solve(y[rows] + added, total[rows], level=level, alternative=other)
        rest_high[rows], rest_low[rows] = turned
    ends = _quotient(low, rest_low), _quotient(high, rest_high)
    unknown = x + y <= 0.0
    return np.where(unknown, 0.0, ends[0]), np.where(unknown, np.inf, ends[1])


def _share_limits(
    name: str,
    added: float,
    count: FloatArray,
    exposure: FloatArray,
    ref_count: FloatArray,
    ref_exposure: FloatArray,
    *,
    level: float,
    alternative: str,
) -> Limits:
    solve = partial(_share_odds, name, added, level=level, alternative=alternative)
    low, high = once_per_row(solve, count, ref_count)
    scale = ref_exposure / exposure
    return low * scale, high * scale


def _share_pvalue(
    name: str,
    added: float,
    count: FloatArray,
    exposure: FloatArray,
    ref_count: FloatArray,
    ref_exposure: FloatArray,
    *,
    null: ArrayLike,
    alternative: str,
) -> FloatArray:
    t = _log_odds(exposure, ref_exposure, null)
    total = count + ref_count + 2.0 * added
    test = binomial.METHODS[name].pvalue
    result = np.ones(total.shape)
    sides = ((t <= 0.0, count, alternative), (t > 0.0, ref_count, OTHER_SIDE[alternative]))
    for here, near, side in sides:
        rows = np.flatnonzero(here & (count + ref_count > 0.0))
        if rows.size:
            share = expit(-np.abs(t[rows]))
            result[rows] = test(near[rows] + added, total[rows], null=share, alternative=side)
    return result


def _by_share(name: str, *, added: float = 0.0) -> Method:
    return Method(
        partial(_share_limits, name, added),
        partial(_share_pvalue, name, added),
        asymptotic=binomial.METHODS[name].asymptotic,
    )


# --- posterior ---------------------------------------------------------------------------------


def _posterior_odds(x: FloatArray, y: FloatArray, tail: float, side: int) -> FloatArray:
    """Quantile of the odds under Jeffreys' priors for both rates: a beta prime distribution."""
    a, b = x + _HALF_A_CASE, y + _HALF_A_CASE
    below, above = (betaincinv, betainccinv) if side > 0 else (betainccinv, betaincinv)
    area = np.full(a.shape, tail)
    return _quotient(below(a, b, area), above(b, a, area))


def _posterior_limits(
    count: FloatArray,
    exposure: FloatArray,
    ref_count: FloatArray,
    ref_exposure: FloatArray,
    *,
    level: float,
    alternative: str,
) -> Limits:
    tail, scale = tail_area(level, alternative), ref_exposure / exposure
    low, high = np.zeros(count.shape), np.full(count.shape, np.inf)
    if alternative != "less":
        solve = partial(_posterior_odds, tail=tail, side=1)
        low = scale * once_per_row(solve, count, ref_count)
    if alternative != "greater":
        solve = partial(_posterior_odds, tail=tail, side=-1)
        high = scale * once_per_row(solve, count, ref_count)
    return low, high


def _posterior_pvalue(
    count: FloatArray,
    exposure: FloatArray,
    ref_count: FloatArray,
    ref_exposure: FloatArray,
    *,
    null: ArrayLike,
    alternative: str,
) -> FloatArray:
    """Posterior probability of a ratio up to the null, or beyond it, from the smaller share."""
    t = _log_odds(exposure, ref_exposure, null)
    share, turned = expit(-np.abs(t)), t > 0.0
    a, b = count + _HALF_A_CASE, ref_count + _HALF_A_CASE
    a, b = np.where(turned, b, a), np.where(turned, a, b)
    near, far = betainc(a, b, share), betaincc(a, b, share)
    greater, less = np.where(turned, far, near), np.where(turned, near, far)
    if alternative == "two-sided":
        return np.minimum(1.0, 2.0 * np.minimum(greater, less))
    return greater if alternative == "greater" else less


# --- MOVER -------------------------------------------------------------------------------------


def _mean_limit(x: FloatArray, tail: FloatArray, side: str, interval: str) -> FloatArray:
    return poisson.one_sided_limit(x, tail=tail, side=side, method=interval)


def _middle(x: FloatArray, interval: str) -> FloatArray:
    """What the one-sample limits enclose at any level: Jeffreys' median, but 0 stays 0."""
    if interval != "jeffreys":
        return x
    median = _mean_limit(x, np.full(x.shape, 0.5), "less", interval)
    return np.where(x > 0.0, median, 0.0)


def _mover_high(interval: str, x: FloatArray, y: FloatArray, tail: FloatArray) -> FloatArray:
    """Upper limit of x / y as means, for tail areas up to one half."""
    top = _mean_limit(x, tail, "less", interval)
    bottom = _mean_limit(y, tail, "greater", interval)
    return mover.ratio_high(_middle(x, interval), top, _middle(y, interval), bottom)


def _mover_low(interval: str, x: FloatArray, y: FloatArray, tail: FloatArray) -> FloatArray:
    with np.errstate(divide="ignore"):
        low: FloatArray = 1.0 / _mover_high(interval, y, x, tail)
    return low


def _mover_limits(
    interval: str,
    count: FloatArray,
    exposure: FloatArray,
    ref_count: FloatArray,
    ref_exposure: FloatArray,
    *,
    level: float,
    alternative: str,
) -> Limits:
    tail = tail_area(level, alternative)
    far = tail > 0.5

    def solve(x: FloatArray, y: FloatArray) -> Limits:
        area = np.full(x.shape, 1.0 - tail if far else tail)
        low, high = _mover_low(interval, x, y, area), _mover_high(interval, x, y, area)
        if far:  # a one-sided limit with more than half outside lies beyond the estimate
            low, high = high, low
        return np.where(x > 0.0, low, 0.0), np.where(y > 0.0, high, np.inf)

    low, high = once_per_row(solve, count, ref_count)
    scale = ref_exposure / exposure
    open_low, open_high = np.zeros(count.shape), np.full(count.shape, np.inf)
    return (
        open_low if alternative == "less" else low * scale,
        open_high if alternative == "greater" else high * scale,
    )


def _mover_pvalue(
    interval: str,
    count: FloatArray,
    exposure: FloatArray,
    ref_count: FloatArray,
    ref_exposure: FloatArray,
    *,
    null: ArrayLike,
    alternative: str,
) -> FloatArray:
    goal = np.broadcast_to(_log_odds(exposure, ref_exposure, null), count.shape)
    with np.errstate(divide="ignore", invalid="ignore"):
        below = goal < np.log(_middle(count, interval) / _middle(ref_count, interval))
    top, bottom = np.where(below, ref_count, count), np.where(below, count, ref_count)
    silent = (count <= 0.0) & (ref_count <= 0.0)
    tail = np.full(count.shape, 0.5)
    rows = np.flatnonzero(~silent)
    if rows.size:
        columns = (top[rows], bottom[rows], np.where(below, -goal, goal)[rows])
        tail[rows] = once_per_row(partial(mover_tail, partial(_mover_high, interval)), *columns)
    if alternative == "two-sided":
        return np.where(silent, 1.0, 2.0 * tail)
    # where one limit is the end of the range, nothing can speak for that side
    greater = alternative == "greater"
    at_end = (count if greater else ref_count) <= 0.0
    return np.where(at_end, 1.0, np.where(below == greater, tail, 1.0 - tail))


def _by_mover(interval: str) -> Method:
    return Method(partial(_mover_limits, interval), partial(_mover_pvalue, interval))


METHODS: dict[str, Method] = {
    "mid-p": _by_share("mid-p"),
    "exact": _by_share("clopper-pearson"),
    "minlike": _by_share("minlike"),
    "blaker": _by_share("blaker"),
    "score": _by_share("wilson"),
    "skew-score": _by_share("skew-score"),
    "mover-score": _by_mover("score"),
    "mover-jeffreys": _by_mover("jeffreys"),
    "mover-exact": _by_mover("exact"),
    "profile": _by_share("profile"),
    "wald-log": _by_share("logit"),
    "adjusted-log": _by_share("logit", added=0.5),
    "bayes-jeffreys": Method(_posterior_limits, _posterior_pvalue, interval_kind="credible"),
}
