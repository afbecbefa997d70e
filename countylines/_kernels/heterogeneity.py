"""Variance between studies or areas of normal estimates with known variances, and their mean.

Arguments are `y` and `v` of shape (rows, units): every row is a set of estimates with sampling
variances, all finite and above 0. A `METHODS` entry returns the between-unit variance of each row,
at least 0. Sums are over units; w = 1 / (v + t) throughout.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy.special import chdtri

from countylines._kernels.method import FloatArray
from countylines._kernels.roots import increasing_root

GRID = np.concatenate([[0.0], np.geomspace(1e-6, 20.0, 80)])  # in units of the plain variance


def spread(y: FloatArray) -> FloatArray:
    """Sum of squares about the plain mean."""
    squares: FloatArray = ((y - y.mean(axis=1, keepdims=True)) ** 2).sum(axis=1)
    return squares


def mean(y: FloatArray, v: FloatArray, t: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Mean weighted by 1 / (v + t), and its variance were `t` known."""
    w = 1.0 / (v + t[:, None])
    total = w.sum(axis=1)
    return (w * y).sum(axis=1) / total, 1.0 / total


def generalised_q(y: FloatArray, v: FloatArray, t: FloatArray) -> FloatArray:
    """Weighted sum of squares about the weighted mean; decreases in `t`."""
    centre, _ = mean(y, v, t)
    q: FloatArray = ((y - centre[:, None]) ** 2 / (v + t[:, None])).sum(axis=1)
    return q


def moment_variance(y: FloatArray, v: FloatArray) -> FloatArray:
    """DerSimonian and Laird: Q with fixed-effect weights equals its expectation."""
    w = 1.0 / v
    spare = w.sum(axis=1) - (w**2).sum(axis=1) / w.sum(axis=1)
    excess = generalised_q(y, v, np.zeros(len(y))) - (y.shape[1] - 1.0)
    return _at_least_0(excess / spare)


def _at_least_0(value: FloatArray) -> FloatArray:
    floored: FloatArray = np.maximum(value, 0.0)
    return floored


def hedges(y: FloatArray, v: FloatArray) -> FloatArray:
    """Plain variance less the mean sampling variance."""
    return _at_least_0(spread(y) / (y.shape[1] - 1.0) - v.mean(axis=1))


def hunter_schmidt(y: FloatArray, v: FloatArray) -> FloatArray:
    """(Q - k) / sum of weights: biased downwards."""
    excess = generalised_q(y, v, np.zeros(len(y))) - y.shape[1]
    return _at_least_0(excess / (1.0 / v).sum(axis=1))


def sidik_jonkman(y: FloatArray, v: FloatArray) -> FloatArray:
    """One step from the plain variance, never 0 unless all estimates are equal."""
    start = spread(y) / y.shape[1]
    steps = start * generalised_q(y, v, start) / (y.shape[1] - 1.0)
    return np.where(start > 0.0, steps, 0.0)


def paule_mandel(y: FloatArray, v: FloatArray) -> FloatArray:
    """The generalised Q equals its degrees of freedom."""
    return q_root(y, v, np.full(len(y), y.shape[1] - 1.0))


def q_root(y: FloatArray, v: FloatArray, target: FloatArray) -> FloatArray:
    """The variance at which the generalised Q falls to `target`; 0 where it starts below."""
    result = np.zeros(len(y))
    rows = np.flatnonzero(generalised_q(y, v, result) > target)
    if not rows.size:
        return result
    y, v, target = y[rows], v[rows], target[rows]
    unit = spread(y) / target  # Q cannot be above `target` from here on

    def residual(x: FloatArray, at: NDArray[np.intp]) -> tuple[FloatArray, FloatArray]:
        t = x * unit[at]
        w = 1.0 / (v[at] + t[:, None])
        centre, _ = mean(y[at], v[at], t)
        squares = (y[at] - centre[:, None]) ** 2
        q = (w * squares).sum(axis=1)
        slope = (w**2 * squares).sum(axis=1) * unit[at]
        return 1.0 - q / target[at], slope / target[at]

    zero = np.zeros(rows.size)
    start = np.minimum(moment_variance(y, v) / unit, 0.5)
    result[rows] = unit * increasing_root(residual, zero, zero + 1.0 + 1e-12, start, settled=1e-8)
    return result


def _likelihood(
    y: FloatArray, v: FloatArray, t: FloatArray, restricted: bool
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Log-likelihood up to a constant, its derivative in `t`, and the expected information."""
    w = 1.0 / (v + t[:, None])
    total, square, cube = w.sum(axis=1), (w**2).sum(axis=1), (w**3).sum(axis=1)
    centre = (w * y).sum(axis=1) / total
    deviations = (y - centre[:, None]) ** 2
    value = 0.5 * np.log(w).sum(axis=1) - 0.5 * (w * deviations).sum(axis=1)
    score = -0.5 * total + 0.5 * (w**2 * deviations).sum(axis=1)
    information = 0.5 * square
    if restricted:
        value -= 0.5 * np.log(total)
        score += 0.5 * square / total
        information = 0.5 * (square - 2.0 * cube / total + (square / total) ** 2)
    return value, score, information


def _maximum(y: FloatArray, v: FloatArray, *, restricted: bool) -> FloatArray:
    """The highest of the maxima: the likelihood may have several, one of them at 0."""
    unit = spread(y) / (y.shape[1] - 1.0)
    result = np.zeros(len(y))
    rows = np.flatnonzero(unit > 0.0)
    if not rows.size:
        return result
    y, v, unit = y[rows], v[rows], unit[rows]
    values = np.array([_likelihood(y, v, g * unit, restricted)[0] for g in GRID])
    best = values.argmax(axis=0)
    left, right = GRID[np.maximum(best - 1, 0)], GRID[np.minimum(best + 1, GRID.size - 1)]

    def residual(x: FloatArray, at: NDArray[np.intp]) -> tuple[FloatArray, FloatArray]:
        _, score, information = _likelihood(y[at], v[at], x * unit[at], restricted)
        scale = np.sqrt(information)
        # the expected information stands in for the slope: steps are Fisher's scoring
        return -score / scale, scale * unit[at]

    found = increasing_root(residual, left, right, GRID[best], settled=0.0)
    result[rows] = np.where(found <= GRID[1] * 1e-9, 0.0, found * unit)
    return result


def maximum_likelihood(y: FloatArray, v: FloatArray) -> FloatArray:
    """Maximum likelihood; biased downwards with few units."""
    return _maximum(y, v, restricted=False)


def restricted_likelihood(y: FloatArray, v: FloatArray) -> FloatArray:
    """Restricted maximum likelihood."""
    return _maximum(y, v, restricted=True)


def none(y: FloatArray, v: FloatArray) -> FloatArray:
    """No variance between units: the fixed-effect mean."""
    return np.zeros(len(y))


def q_profile(y: FloatArray, v: FloatArray, level: float) -> tuple[FloatArray, FloatArray]:
    """Limits of the variance: where the generalised Q meets quantiles of chi-squared.

    Where even a variance of 0 leaves Q below the lower quantile both limits are 0.
    """
    df = y.shape[1] - 1.0
    tail = (1.0 - level) / 2.0
    upper = np.full(len(y), float(chdtri(df, tail)))
    lower = np.full(len(y), float(chdtri(df, 1.0 - tail)))
    return q_root(y, v, upper), q_root(y, v, lower)


def knapp_hartung(
    y: FloatArray, v: FloatArray, t: FloatArray, *, at_least: float = 0.0
) -> FloatArray:
    """Factor on the variance of the mean: generalised Q over its degrees of freedom."""
    factor: FloatArray = np.maximum(generalised_q(y, v, t) / (y.shape[1] - 1.0), at_least)
    return factor


def i_squared(y: FloatArray, v: FloatArray, t: FloatArray) -> FloatArray:
    """Share of the variance of a typical estimate that is between units."""
    w = 1.0 / v
    typical = (y.shape[1] - 1.0) / (w.sum(axis=1) - (w**2).sum(axis=1) / w.sum(axis=1))
    share: FloatArray = t / (t + typical)
    return share


METHODS: dict[str, Callable[[FloatArray, FloatArray], FloatArray]] = {
    "dersimonian-laird": moment_variance,
    "reml": restricted_likelihood,
    "paule-mandel": paule_mandel,
    "ml": maximum_likelihood,
    "hedges": hedges,
    "hunter-schmidt": hunter_schmidt,
    "sidik-jonkman": sidik_jonkman,
    "fixed": none,
}
