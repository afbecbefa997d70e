"""Limits of the value of another unit, where the variance between units is itself uncertain.

The generalised Q at the true variance is chi-squared, and independent of the mean weighted by it.
So each quantile of chi-squared belongs to one variance, and all of them to a confidence
distribution of it. Given the variance another unit is normal about that mean, and the limits are
quantiles of the mixture. Arguments as in `heterogeneity`.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import chdtrc, chdtri, ndtr, ndtri

from countylines._kernels import heterogeneity
from countylines._kernels.method import FloatArray
from countylines._kernels.roots import increasing_root

END = 6.5  # of a standard normal deviate, whose probability is that of the variance
NODES, _WEIGHTS = np.polynomial.legendre.leggauss(64)
_BLOCK = 2**20  # weights of units worked at once


def limits(y: FloatArray, v: FloatArray, level: float) -> tuple[FloatArray, FloatArray]:
    """Both limits of each row, by blocks of rows."""
    size = max(1, _BLOCK // (y.shape[1] * NODES.size))
    parts = [
        _limits(y[first : first + size], v[first : first + size], level)
        for first in range(0, len(y), size)
    ]
    low, high = (np.concatenate(ends) for ends in zip(*parts, strict=True))
    return low, high


def _limits(y: FloatArray, v: FloatArray, level: float) -> tuple[FloatArray, FloatArray]:
    df = y.shape[1] - 1.0
    none = np.zeros(len(y))
    at_0 = np.asarray(chdtrc(df, heterogeneity.generalised_q(y, v, none)), dtype=np.float64)
    deviate, weight = _nodes(np.asarray(ndtri(at_0), dtype=np.float64))
    target = np.asarray(chdtri(df, ndtr(deviate)), dtype=np.float64)
    each = np.repeat(y, NODES.size, axis=0), np.repeat(v, NODES.size, axis=0)
    between = heterogeneity.q_root(*each, target.ravel())
    mean, variance = heterogeneity.mean(*each, between)
    alike, alike_variance = heterogeneity.mean(y, v, none)
    centre = np.column_stack([alike, mean.reshape(deviate.shape)])
    squared = np.column_stack([alike_variance, (between + variance).reshape(deviate.shape)])
    return _both(centre, np.sqrt(squared), np.column_stack([at_0, weight]), level)


def _nodes(start: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Normal deviates from `start` on in each row, with the probability of each."""
    start = np.clip(start, -END, END)[:, None]
    half = 0.5 * (END - start)
    deviate = start + half * (1.0 + NODES)
    density = np.exp(-0.5 * deviate**2) / np.sqrt(2.0 * np.pi)
    return deviate, half * density * _WEIGHTS


def limits_by_profile(
    mean: FloatArray,
    error: FloatArray,
    between: tuple[FloatArray, FloatArray, FloatArray],
    units: int,
    level: float,
) -> tuple[FloatArray, FloatArray]:
    """The same from limits of the standard deviation at `level`, which may be infinite.

    Through its estimate and limits run two straight lines in the normal deviate; what the variance
    is above its estimate adds to that of the mean as if units were alike.
    """
    centre, low, high = (ends[:, None] for ends in between)
    deviate = END * NODES
    step = deviate / -float(ndtri((1.0 - level) / 2.0))
    weight = np.broadcast_to(_nodes(np.array([-END]))[1], (mean.size, NODES.size))
    with np.errstate(invalid="ignore"):
        above = np.where(step > 0.0, (high - centre) * step, 0.0)
    sd = np.maximum(centre + np.where(step < 0.0, (centre - low) * step, above), 0.0)
    more = np.maximum(sd**2 - centre**2, 0.0) / units
    spread = np.sqrt(sd**2 + error[:, None] ** 2 + more)
    known = np.isfinite(spread).all(axis=1)
    ends = np.full((2, mean.size), np.inf)
    ends[0] = -np.inf
    middle = np.broadcast_to(mean[known, None], spread[known].shape)
    ends[:, known] = _both(middle, spread[known], weight[known], level)
    return ends[0], ends[1]


def _both(
    centre: FloatArray, spread: FloatArray, weight: FloatArray, level: float
) -> tuple[FloatArray, FloatArray]:
    tail = (1.0 - level) / 2.0
    return _quantile(centre, spread, weight, tail), -_quantile(-centre, spread, weight, tail)


def _quantile(
    centre: FloatArray, spread: FloatArray, weight: FloatArray, probability: float
) -> FloatArray:
    """Quantile of the mixture of normal laws in each row."""
    parts = centre + float(ndtri(probability)) * spread

    def residual(x: FloatArray, at: NDArray[np.intp]) -> tuple[FloatArray, FloatArray]:
        z = (x[:, None] - centre[at]) / spread[at]
        below = (ndtr(z) * weight[at]).sum(axis=1)
        density = (np.exp(-0.5 * z * z) / spread[at] * weight[at]).sum(axis=1)
        return np.log(below / probability), density / np.sqrt(2.0 * np.pi) / below

    left, right = parts.min(axis=1), parts.max(axis=1)
    margin = 1e-9 * (right - left) + 1e-12 * (np.abs(left) + np.abs(right))
    start = (weight * parts).sum(axis=1)
    return increasing_root(residual, left - margin, right + margin, start)
