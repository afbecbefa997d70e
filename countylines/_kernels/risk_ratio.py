"""Confidence limits and p-values of the ratio of two independent shares.

The data are `count` out of `total` and `ref_count` out of `ref_total`. With both counts 0 or a
group empty they hold no information on the ratio: the limits are 0 and infinity and the p-value is
1 in every method. Otherwise nothing is added to zero counts, but by "adjusted-log".
"""

from __future__ import annotations

from functools import partial

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import elementwise
from scipy.special import ndtr

from countylines._kernels import binomial, mover
from countylines._kernels.distinct import once_per_row
from countylines._kernels.method import FloatArray, Method, critical_value, tail_area
from countylines._kernels.mover_tail import mover_tail
from countylines._kernels.ratio_error import ratio_error

Table = tuple[FloatArray, ...]
Flags = NDArray[np.bool_]
Limits = tuple[FloatArray, FloatArray]

_FARTHEST = 400.0  # log ratios beyond this are given as 0 and infinity


def _silent(count: FloatArray, total: FloatArray, ref_count: FloatArray, ref: FloatArray) -> Flags:
    """Whether the data hold no information on the ratio."""
    return ((count <= 0.0) & (ref_count <= 0.0)) | (total <= 0.0) | (ref <= 0.0)


def estimate(*table: FloatArray) -> FloatArray:
    """Ratio of the shares: x/0 is infinite, 0/0 nan."""
    count, total, ref_count, ref_total = table
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = (count / ref_count) * (ref_total / total)
    return np.where(_silent(*table), np.nan, ratio)


def log_standard_error(*table: FloatArray) -> FloatArray:
    """Standard error of the log ratio: infinite with a zero count."""
    count, total, ref_count, ref_total = table
    with np.errstate(divide="ignore", invalid="ignore"):
        first = (total - count) / total / count
        error: FloatArray = np.sqrt(first + (ref_total - ref_count) / ref_total / ref_count)
    return np.where(_silent(*table), np.nan, error)


def standard_error(*table: FloatArray) -> FloatArray:
    """Standard error of the ratio; nan where the ratio is not a number above 0."""
    return ratio_error(estimate(*table), log_standard_error(*table))


def _combined(greater: FloatArray, less: FloatArray, alternative: str) -> FloatArray:
    if alternative == "two-sided":
        return np.minimum(1.0, 2.0 * np.minimum(greater, less))
    return greater if alternative == "greater" else less


# --- score family ------------------------------------------------------------------------------


def fitted_shares(
    x: FloatArray, n: FloatArray, y: FloatArray, m: FloatArray, t: FloatArray
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """The share q fitted to the other group at log ratios t <= 0, 1 - q, and 1 - ratio * q.

    Both q and 1 - q are roots of quadratics in the form in which only positive terms are added.
    """
    ratio, lack = np.exp(t), -np.expm1(t)
    rest = (m - y) * lack
    b = n * ratio + x + m + y * ratio
    turned = b - 2.0 * (n + m) * ratio
    root = np.sqrt(turned * turned + 4.0 * (n + m) * ratio * rest)
    q = 2.0 * (x + y) / (b + root)
    with np.errstate(divide="ignore", invalid="ignore"):
        q_rest = np.where(
            turned > 0.0, 2.0 * rest / (turned + root), (root - turned) / (2.0 * (n + m) * ratio)
        )
    return q, q_rest, lack + ratio * q_rest


def _statistic_below_one(
    x: FloatArray, n: FloatArray, y: FloatArray, m: FloatArray, t: FloatArray, *, skew: bool
) -> tuple[FloatArray, FloatArray]:
    """The score in its standard deviations, and a sixth of its skewness, at log ratios t <= 0.

    With p = ratio * q for the fitted shares.
    """
    ratio = np.exp(t)
    q, q_rest, p_rest = fitted_shares(x, n, y, m, t)
    p = ratio * q
    first, second = p * p_rest / n, ratio * ratio * q * q_rest / m
    variance = first + second
    with np.errstate(divide="ignore", invalid="ignore"):
        score = (x / n - ratio * (y / m)) / np.sqrt(variance)
        third = first * (p_rest - p) / n - ratio * second * (q_rest - q) / m
        sixth = third / (6.0 * variance * np.sqrt(variance))
    return score, sixth if skew else np.zeros_like(score)


def _statistic(*table: FloatArray, log_ratio: FloatArray, skew: bool, small: bool) -> FloatArray:
    """Falls as the ratio rises; with `small` the variance is multiplied by N / (N - 1)."""
    turn = log_ratio > 0.0
    x, n, y, m = (
        np.where(turn, other, column)
        for column, other in zip(table, (*table[2:], *table[:2]), strict=True)
    )
    score, sixth = _statistic_below_one(x, n, y, m, -np.abs(log_ratio), skew=skew)
    if small:
        shrink = np.sqrt((n + m - 1.0) / (n + m))
        score, sixth = score * shrink, sixth * shrink**3
    with np.errstate(invalid="ignore", over="ignore", divide="ignore"):
        value = 2.0 * (score + sixth) / (1.0 + np.sqrt(1.0 + 4.0 * sixth * (score + sixth)))
    # with all successes the correction does not fade near 1, where nothing is left to correct
    full = (x >= n) & (y >= m)
    value = np.where(full, np.maximum(np.where(log_ratio == 0.0, 0.0, value), 0.0), value)
    return np.where(turn, -value, value)


def _score(*, skew: bool, small: bool) -> Method:
    statistic = partial(_statistic, skew=skew, small=small)

    def solve(*columns: FloatArray) -> FloatArray:
        z = columns[-1]

        def gap(t: FloatArray, /, *columns: FloatArray) -> FloatArray:
            *some, goal = columns
            return np.clip(goal - statistic(*some, log_ratio=t), -1e6, 1e6)

        far = np.full(z.shape, _FARTHEST)
        # the corrected statistic need not get as far as z: the limit is then the end of the range
        never = gap(-far, *columns) >= 0.0
        beyond = gap(far, *columns) <= 0.0
        result = np.where(never, 0.0, np.inf)
        rows = np.flatnonzero(~never & ~beyond)
        if rows.size:
            args = tuple(column[rows] for column in columns)
            found = elementwise.find_root(
                gap,
                (-far[rows], far[rows]),
                args=args,
                tolerances={"xatol": 1e-14, "xrtol": 1e-14, "fatol": 0.0, "frtol": 0.0},
            )
            result[rows] = np.exp(found.x)
        return result

    def limits(*table: FloatArray, level: float, alternative: str) -> Limits:
        z = np.full(table[0].shape, critical_value(level, alternative))
        low, high = np.zeros(z.shape), np.full(z.shape, np.inf)
        silent = _silent(*table)
        lower = np.flatnonzero(~silent & (table[0] > 0.0))
        upper = np.flatnonzero(~silent & (table[2] > 0.0))
        if alternative != "less":
            low[lower] = once_per_row(solve, *(c[lower] for c in (*table, z)))
        if alternative != "greater":
            high[upper] = once_per_row(solve, *(c[upper] for c in (*table, -z)))
        return low, high

    def pvalue(*table: FloatArray, null: ArrayLike, alternative: str) -> FloatArray:
        log_null = np.broadcast_to(np.log(np.asarray(null, dtype=np.float64)), table[0].shape)
        greater, less = np.ones(log_null.shape), np.ones(log_null.shape)
        rows = np.flatnonzero(~_silent(*table))
        z = statistic(*(column[rows] for column in table), log_ratio=log_null[rows])
        # where one limit is the end of the range, nothing can speak for that side
        greater[rows] = np.where(table[0][rows] <= 0.0, 1.0, ndtr(-z))
        less[rows] = np.where(table[2][rows] <= 0.0, 1.0, ndtr(z))
        return _combined(greater, less, alternative)

    return Method(limits, pvalue)


# --- log-normal family -------------------------------------------------------------------------


def _log_normal(added: float) -> Method:
    """The log ratio and its standard error, after adding something to each count and total."""

    def parts(*table: FloatArray) -> tuple[Flags, FloatArray, FloatArray]:
        larger = tuple(column + added for column in table)
        error = log_standard_error(*larger)
        with np.errstate(divide="ignore", invalid="ignore"):
            middle = np.log(estimate(*larger))
        usable = ~_silent(*table) & np.isfinite(error) & (error > 0.0)
        return usable, np.where(usable, middle, 0.0), np.where(usable, error, 1.0)

    def limits(*table: FloatArray, level: float, alternative: str) -> Limits:
        z = critical_value(level, alternative)
        usable, middle, error = parts(*table)
        with np.errstate(over="ignore"):
            ends = np.exp(middle - z * error), np.exp(middle + z * error)
        low = np.where(usable & (alternative != "less"), ends[0], 0.0)
        return low, np.where(usable & (alternative != "greater"), ends[1], np.inf)

    def pvalue(*table: FloatArray, null: ArrayLike, alternative: str) -> FloatArray:
        usable, middle, error = parts(*table)
        z = (middle - np.log(null)) / error
        return np.where(usable, _combined(ndtr(-z), ndtr(z), alternative), 1.0)

    return Method(limits, pvalue, asymptotic=True)


# --- MOVER -------------------------------------------------------------------------------------


def _share_limit(
    x: FloatArray, n: FloatArray, tail: FloatArray, side: str, interval: str
) -> FloatArray:
    return binomial.one_sided_limit(x, n, tail=tail, side=side, method=interval)


def _middle(x: FloatArray, n: FloatArray, interval: str) -> FloatArray:
    """What the limits enclose at any level: Jeffreys' median, but none and all stay so."""
    if interval != "jeffreys":
        return x / n
    median = _share_limit(x, n, np.full(x.shape, 0.5), "less", interval)
    return np.where((x > 0.0) & (x < n), median, x / n)


def _upper(
    interval: str,
    x: FloatArray,
    n: FloatArray,
    y: FloatArray,
    m: FloatArray,
    tail: FloatArray,
) -> FloatArray:
    """Upper limit of the ratio for tail areas up to one half."""
    top = _share_limit(x, n, tail, "less", interval)
    bottom = _share_limit(y, m, tail, "greater", interval)
    return mover.ratio_high(_middle(x, n, interval), top, _middle(y, m, interval), bottom)


def _mover(interval: str) -> Method:
    upper = partial(_upper, interval)

    def limits(*table: FloatArray, level: float, alternative: str) -> Limits:
        tail = tail_area(level, alternative)
        far = tail > 0.5

        def solve(x: FloatArray, n: FloatArray, y: FloatArray, m: FloatArray) -> Limits:
            area = np.full(x.shape, 1.0 - tail if far else tail)
            with np.errstate(divide="ignore"):
                low, high = 1.0 / upper(y, m, x, n, area), upper(x, n, y, m, area)
            if far:  # a one-sided limit with more than half outside lies beyond the estimate
                low, high = high, low
            return np.where(x > 0.0, low, 0.0), np.where(y > 0.0, high, np.inf)

        low, high = np.zeros(table[0].shape), np.full(table[0].shape, np.inf)
        rows = np.flatnonzero(~_silent(*table))
        if rows.size:
            ends = once_per_row(solve, *(column[rows] for column in table))
            if alternative != "less":
                low[rows] = ends[0]
            if alternative != "greater":
                high[rows] = ends[1]
        return low, high

    def pvalue(*table: FloatArray, null: ArrayLike, alternative: str) -> FloatArray:
        goal = np.broadcast_to(np.log(np.asarray(null, dtype=np.float64)), table[0].shape)
        result = np.ones(goal.shape)
        rows = np.flatnonzero(~_silent(*table))
        if not rows.size:
            return result
        some, goal = tuple(column[rows] for column in table), goal[rows]
        with np.errstate(divide="ignore"):
            ratio = _middle(some[0], some[1], interval) / _middle(some[2], some[3], interval)
            below = goal < np.log(ratio)
        swapped = (*some[2:], *some[:2])
        turned = (np.where(below, new, old) for new, old in zip(swapped, some, strict=True))
        solve = partial(mover_tail, upper)
        tail = once_per_row(solve, *turned, np.where(below, -goal, goal))
        # where one limit is the end of the range, nothing can speak for that side
        greater = np.where(some[0] <= 0.0, 1.0, np.where(below, tail, 1.0 - tail))
        less = np.where(some[2] <= 0.0, 1.0, np.where(below, 1.0 - tail, tail))
        result[rows] = _combined(greater, less, alternative)
        return result

    return Method(limits, pvalue)


METHODS: dict[str, Method] = {
    "skew-score": _score(skew=True, small=True),
    "gart-nam": _score(skew=True, small=False),
    "miettinen-nurminen": _score(skew=False, small=True),
    "koopman": _score(skew=False, small=False),
    "mover-wilson": _mover("wilson"),
    "mover-jeffreys": _mover("jeffreys"),
    "katz-log": _log_normal(0.0),
    "adjusted-log": _log_normal(0.5),
}
