"""Mann-Kendall p-values, and the limits of the slope that the same test does not reject.

With a slope b taken away, a series has the score S(b): pairs that rise less pairs that fall. The
test rejects b from below when P(S >= S(b)) is under the tail area; S(b) only changes where b passes
a slope between two points, so the limits are order statistics of those slopes.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from countylines._kernels import kendall_exact, kendall_score, theil_sen
from countylines._kernels.method import critical_value, tail_area

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]


def normal_tail(score: FloatArray, variance: FloatArray) -> FloatArray:
    """P(S >= score), normal with the correction for a score that moves in steps of two."""
    with np.errstate(divide="ignore", invalid="ignore"):
        z = (score - 1.0) / np.sqrt(variance)
    # without variance only a score of 0 is possible
    return np.where(variance > 0, ndtr(-z), np.where(variance == 0, 1.0, np.nan))


def exact_tail(score: FloatArray, ties: FloatArray) -> FloatArray:
    """P(S >= score) given the tie sizes (rows, sizes), each distinct case once."""
    sizes = -np.sort(-ties, axis=1)
    cases, where = np.unique(np.column_stack([score, sizes]), axis=0, return_inverse=True)
    tails = [kendall_exact.at_least(c[0], tuple(int(t) for t in c[1:] if t)) for c in cases]
    return np.array(tails)[where.ravel()]


def combine(upper: FloatArray, lower: FloatArray, alternative: str) -> FloatArray:
    """P-value from P(S >= up) and P(S <= down)."""
    if alternative == "greater":
        return upper
    if alternative == "less":
        return lower
    doubled: FloatArray = np.minimum(2.0 * np.minimum(upper, lower), 1.0)
    return doubled


def pvalue(
    counted: kendall_score.Score,
    ties: FloatArray,
    variance: FloatArray,
    exact: BoolArray,
    alternative: str,
) -> FloatArray:
    """P-value of no trend; `exact` says for which rows the exact distribution is used."""
    upper, lower = (normal_tail(side * counted.score, variance) for side in (1.0, -1.0))
    if exact.any():
        for tail, side in ((upper, 1.0), (lower, -1.0)):
            tail[exact] = exact_tail(side * counted.score[exact], ties[exact])
    return combine(upper, lower, alternative)


def slope_pvalue(
    rows: FloatArray,
    times: FloatArray,
    null: float,
    variance: FloatArray,
    exact: BoolArray,
    alternative: str,
) -> FloatArray:
    """P-value of a slope, for which `slopes` gives the limits; slopes equal to it count against."""
    present = (~np.isnan(rows)).sum(axis=1)
    above, below = theil_sen.against(rows, times, null)
    equal = present * (present - 1) / 2.0 - above - below
    tails = []
    for side in (1.0, -1.0):
        score = side * (above - below) - equal
        tail = normal_tail(score, variance)
        if exact.any():
            untied = (np.arange(rows.shape[1]) < present[exact, None]).astype(np.float64)
            tail[exact] = exact_tail(score[exact], untied)
        tails.append(tail)
    return combine(tails[0], tails[1], alternative)


def slopes(
    rows: FloatArray,
    times: FloatArray,
    variance: FloatArray,
    exact: BoolArray,
    level: float,
    alternative: str,
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Median slope and its limits, row by row; nan where there are no two points."""
    present = (~np.isnan(rows)).sum(axis=1)
    pairs = present * (present - 1) // 2
    depth = _depth(present, pairs, variance, exact, level, alternative)
    places = np.column_stack([(pairs - 1) // 2, pairs // 2, depth, pairs - 1 - depth])
    picked = theil_sen.order_statistics(rows, times, np.where(pairs[:, None] > 0, places, 0))
    low = np.full(len(rows), -np.inf) if alternative == "less" else picked[:, 2]
    high = np.full(len(rows), np.inf) if alternative == "greater" else picked[:, 3]
    known = pairs > 0
    slope = np.where(known, (picked[:, 0] + picked[:, 1]) / 2.0, np.nan)
    unknown = ~known | np.isnan(variance)
    return slope, np.where(unknown, np.nan, low), np.where(unknown, np.nan, high)


def _depth(
    present: IntArray,
    pairs: IntArray,
    variance: FloatArray,
    exact: BoolArray,
    level: float,
    alternative: str,
) -> IntArray:
    """Place of the lower limit among the slopes in order; -1 where nothing can be rejected."""
    z = critical_value(level, alternative)
    with np.errstate(invalid="ignore"):
        accepted = np.ceil((pairs - 1.0 - z * np.sqrt(variance)) / 2.0)
    depth = np.where(np.isnan(accepted), -1, accepted - 1.0)
    tail = tail_area(level, alternative)
    for n in np.unique(present[exact]):
        at_most = np.cumsum(kendall_exact.falls((1,) * int(n)))
        depth[exact & (present == n)] = float(np.searchsorted(at_most, tail)) - 1.0
    # a level below one half on one side turns the limits round the median over
    return np.clip(depth, -1, pairs).astype(np.int64)
