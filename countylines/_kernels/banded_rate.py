"""Maximum likelihood of one rate shared by Poisson counts of which only bands are known.

A band contributes the chance of landing in it. On the log scale the derivative of that is
E[X | band] - m, which falls with the mean m: the log likelihood is concave, with one maximum, at 0
where every band may be 0 and at infinity where none has an upper end. Arrays are of shape
(rows, counts).

Limits are those of the profile likelihood, moved outwards where that alone would be too sure: the
p-value of a null is at least the chance of the very bands observed, so a null is kept while that
chance exceeds the tail. With many bands this decides nothing; with few wide ones, of which the
likelihood is flat, it is what keeps the level.
"""

from __future__ import annotations

import numpy as np
from scipy.special import ndtr, ndtri

from countylines._kernels.method import FloatArray
from countylines._kernels.poisson_tails import log_probability, lower_gamma, upper_gamma
from countylines._kernels.roots import Rows, increasing_root

_LOG_RANGE = 1400.0
_UNDERFLOW = 1e-280


def log_chance(
    low: FloatArray, high: FloatArray, mean: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """log P(low <= X <= high), and its derivative by log mean; `high` may be infinite."""
    open_end = np.isinf(high)
    last = np.where(open_end, np.maximum(low, 1.0), high)
    # The difference is taken on the side of the mean where it loses least.
    below = lower_gamma(low, mean) - np.where(open_end, 0.0, lower_gamma(last + 1.0, mean))
    above = np.where(open_end, 1.0, upper_gamma(last + 1.0, mean)) - upper_gamma(low, mean)
    outside = upper_gamma(low, mean) + np.where(open_end, 0.0, lower_gamma(last + 1.0, mean))
    chance = np.where(mean < low, below, np.where(mean > high, above, 1.0 - outside))
    near = np.where(mean < low, low, np.where(mean > high, high, low))
    single, far = low == high, chance < _UNDERFLOW
    with np.errstate(divide="ignore", invalid="ignore"):
        value = np.where(far, log_probability(near, mean), np.log(np.maximum(chance, _UNDERFLOW)))
        edges = np.exp(log_probability(low - 1.0, mean)) - np.where(
            open_end, 0.0, np.exp(log_probability(last, mean))
        )
        slope = np.where(far, near - mean, mean * edges / np.maximum(chance, _UNDERFLOW))
    value = np.where(single, log_probability(low, mean), value)
    return value, np.where(single, low - mean, slope)


def _at(
    low: FloatArray, high: FloatArray, exposure: FloatArray, t: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Log likelihood and its derivative at the log rates t, a row each."""
    value, slope = log_chance(low, high, exposure * np.exp(t)[:, None])
    return value.sum(axis=1), slope.sum(axis=1)


def estimate(low: FloatArray, high: FloatArray, exposure: FloatArray) -> FloatArray:
    """The rate of highest likelihood: 0 where every band starts at 0, infinite where none ends."""
    result = np.where((low > 0).any(axis=1), np.inf, 0.0)
    rows = np.flatnonzero((low > 0).any(axis=1) & np.isfinite(high).any(axis=1))
    if rows.size:
        a, b, e = low[rows], high[rows], exposure[rows]

        def residual(t: FloatArray, some: Rows) -> tuple[FloatArray, FloatArray]:
            here = a[some], b[some], e[some]
            slope = _at(*here, t)[1]
            size = (e[some] * np.exp(t)[:, None]).sum(axis=1)
            # The information is at most the mean, so steps are never too long.
            return -slope / np.sqrt(size), np.sqrt(size)

        middle = np.where(np.isinf(b), a, 0.5 * (a + b)).sum(axis=1)
        start = np.log(middle / e.sum(axis=1))
        edge = np.full(start.shape, _LOG_RANGE / 2)
        root = increasing_root(residual, start - edge, start + edge, start, settled=0.0)
        result[rows] = np.exp(root)
    return result


def _peak(low: FloatArray, high: FloatArray, exposure: FloatArray, best: FloatArray) -> FloatArray:
    """Log likelihood at its maximum: 0 where that lies at an end of the range."""
    result = np.zeros(best.shape)
    rows = np.flatnonzero((best > 0) & np.isfinite(best))
    if rows.size:
        here = low[rows], high[rows], exposure[rows]
        result[rows] = _at(*here, np.log(best[rows]))[0]
    return result


def limit(
    low: FloatArray,
    high: FloatArray,
    exposure: FloatArray,
    best: FloatArray,
    tail: float,
    side: int,
) -> FloatArray:
    """One limit; side 1 is the lower one. `tail` is below one half."""
    result = np.full(best.shape, 0.0 if side > 0 else np.inf)
    rows = np.flatnonzero(best > 0 if side > 0 else np.isfinite(best))
    if not rows.size:
        return result
    a, b, e, best = low[rows], high[rows], exposure[rows], best[rows]
    top = _peak(a, b, e, best)
    goal = np.sqrt(2.0 * np.maximum(0.5 * ndtri(tail) ** 2, top - np.log(tail)))

    def residual(t: FloatArray, some: Rows) -> tuple[FloatArray, FloatArray]:
        value, slope = _at(a[some], b[some], e[some], side * t)
        root = np.sqrt(np.maximum(2.0 * (top[some] - value), 0.0))
        with np.errstate(divide="ignore", invalid="ignore"):
            return goal[some] - root, np.abs(slope) / root

    # From the maximum outwards the root of the deviance rises steadily.
    scale = np.where(np.isfinite(b), b, a).sum(axis=1) + 1.0
    inside = (best > 0) & np.isfinite(best)
    guess = side * np.log(np.where(inside, best, scale / e.sum(axis=1)))
    right = np.where(inside, guess, guess + _LOG_RANGE / 2)
    start = np.minimum(guess - goal / np.sqrt(scale), right)
    root = increasing_root(residual, guess - _LOG_RANGE / 2, right, start)
    result[rows] = np.exp(side * root)
    return result


def one_sided_pvalue(
    low: FloatArray,
    high: FloatArray,
    exposure: FloatArray,
    best: FloatArray,
    null: FloatArray,
    side: int,
) -> FloatArray:
    """P-value of the same inversion against higher rates (side 1) or lower ones."""
    result = np.where(null == 0.0, np.where(best > 0, 0.0, 1.0) if side > 0 else 1.0, np.nan)
    rows = np.flatnonzero(null > 0.0)
    if rows.size:
        here = low[rows], high[rows], exposure[rows]
        value = _at(*here, np.log(null[rows]))[0]
        root = np.sqrt(np.maximum(2.0 * (_peak(*here, best[rows]) - value), 0.0))
        beyond = side * (null[rows] - best[rows]) >= 0.0
        outside = np.maximum(ndtr(-root), np.exp(value))
        result[rows] = np.where(beyond, np.maximum(ndtr(root), 0.5), np.minimum(outside, 0.5))
    return result
