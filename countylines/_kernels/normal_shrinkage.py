"""Many values whose logs (or slopes) are normal from unit to unit, each known by its likelihood.

A likelihood is given on a grid of values, so that counts are taken as they are, zeros included. The
mean of the normal has a flat prior, its variance one that is uniform in the factor by which a
typical unit is shrunk; both are summed over, so that intervals allow for their not being known.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy.special import ndtr

from countylines._kernels import heterogeneity
from countylines._kernels.method import FloatArray

VARIANCES = 31
HERMITE = 21  # where values hardly vary, their median is one of so many means
BELOW, ABOVE = 10.0, 14.0  # e-folds of the variance about that of a typical unit
WIDER = 5.0  # e-folds of the variance beyond that of the rough estimates
NEGLIGIBLE = 14.0  # e-folds of weight below the largest
FINEST = 12.0  # points of the grid to the smallest standard error
POINTS = 20_000
COARSE = 2_000  # points of an even grid with others about the units that are known best
REACH = 8.0  # standard errors beyond the farthest unit that the grid spans
CHUNK = 64


class Shrunken(NamedTuple):
    """Quantiles of each unit's value, the mean, and what it is drawn to."""

    median: FloatArray
    deviation: FloatArray
    low: FloatArray
    high: FloatArray
    mean: float
    mean_error: float
    spread: float
    density: FloatArray
    grid: FloatArray


def grid(y: FloatArray, v: FloatArray) -> FloatArray:
    """Values at which likelihoods are looked at, from rough estimates and their variances.

    They are evenly spaced, with more of them about units that are known better than that.
    """
    error = np.sqrt(v)
    low, high = (y - REACH * error).min(), (y + REACH * error).max()
    step = min(error.min() / FINEST, (high - low) / 400.0)
    number = int(min(np.ceil((high - low) / step) + 1, POINTS))
    at = np.linspace(low, high, number)
    sharp = error < 0.99 * FINEST * (at[1] - at[0])
    if number < POINTS or not sharp.any():
        return at
    near = np.linspace(-REACH, REACH, int(2 * REACH * FINEST) + 1)
    at = np.linspace(low, high, COARSE)
    error = np.where(error < FINEST * (at[1] - at[0]), error, 0.0)
    closer = y[error > 0.0, None] + error[error > 0.0, None] * near
    return np.unique(np.concatenate([at, closer.ravel()]))


def shrink(
    log_likelihood: FloatArray,
    at: FloatArray,
    y: FloatArray,
    v: FloatArray,
    level: float,
    guide: tuple[FloatArray, FloatArray] | None = None,
) -> Shrunken:
    """Posterior of every unit; `log_likelihood` has a row a unit.

    `guide` has rough estimates and variances for the sums, if `y` and `v` are too rough for that.
    """
    likelihood = np.exp(log_likelihood - log_likelihood.max(axis=1, keepdims=True))
    mean, variance, log_weight = _nodes(*((y, v) if guide is None else guide), np.median(v))
    edges = np.concatenate([[-np.inf], 0.5 * (at[1:] + at[:-1]), [np.inf]])
    total = np.empty(mean.size)
    parts = []
    for start in range(0, mean.size, CHUNK):
        some = slice(start, start + CHUNK)
        z = (edges[None, :] - mean[some, None]) / np.sqrt(variance[some, None])
        # from the nearer tail, so that no cell far out is a difference of ones
        cells = np.where(z[:, 1:] <= 0.0, np.diff(ndtr(z)), -np.diff(ndtr(-z)))
        marginal = likelihood @ cells.T
        with np.errstate(divide="ignore"):
            total[some] = log_weight[some] + np.log(marginal).sum(axis=0)
        parts.append((cells, marginal))
    weight = np.exp(total - total.max())
    weight /= weight.sum()
    posterior = np.zeros_like(likelihood)
    for start, (cells, marginal) in zip(range(0, mean.size, CHUNK), parts, strict=True):
        part = weight[start : start + CHUNK]
        scaled = np.where(part > 0.0, part / np.where(marginal > 0.0, marginal, 1.0), 0.0)
        posterior += likelihood * (scaled @ cells)
    posterior /= posterior.sum(axis=1, keepdims=True)
    tail = (1.0 - level) / 2.0
    median, low, high = (_quantile(posterior, edges, at, q) for q in (0.5, tail, 1.0 - tail))
    centre = posterior @ at
    spread = np.sqrt(posterior @ at**2 - centre**2)
    overall = float(weight @ mean)
    error = float(np.sqrt(weight @ mean**2 - overall**2))
    deviation = float(weight @ np.sqrt(variance))
    return Shrunken(median, spread, low, high, overall, error, deviation, posterior, at)


def _nodes(
    y: FloatArray, v: FloatArray, typical: float
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Means and variances to sum over, with the logs of their weights without likelihood.

    Means are Gauss-Hermite points about the mean of the rough estimates for each variance; their
    density is divided out.
    """
    centre = float(np.log(typical))
    farthest = np.log(max(float(np.var(y)), float(np.finfo(float).tiny))) + WIDER
    b = np.linspace(centre - BELOW, max(centre + ABOVE, farthest), 4 * VARIANCES)
    height = _height(y, v, b, centre)[0]
    high = np.flatnonzero(height > height.max() - NEGLIGIBLE)
    b = np.linspace(b[max(high[0] - 1, 0)], b[min(high[-1] + 1, b.size - 1)], VARIANCES)
    _, middle, variance = _height(y, v, b, centre)
    t, w = np.polynomial.hermite_e.hermegauss(HERMITE)
    error = 1.5 * np.sqrt(variance)  # wider than the rough posterior: it is only a guide
    mean = middle[:, None] + error[:, None] * t
    log_weight = np.log(w) + 0.5 * t**2 + np.log(error)[:, None] + _log_prior(b - centre)[:, None]
    return mean.ravel(), np.repeat(np.exp(b), HERMITE), log_weight.ravel()


def _height(
    y: FloatArray, v: FloatArray, b: FloatArray, centre: float
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Log of the rough weight of each variance, with the best mean and its variance there."""
    rows = np.broadcast_to(y, (b.size, y.size)), np.broadcast_to(v, (b.size, v.size))
    tau2 = np.exp(b)
    mean, variance = heterogeneity.mean(*rows, tau2)
    spread = v + tau2[:, None]
    value = -0.5 * (np.log(spread) + (y - mean[:, None]) ** 2 / spread).sum(axis=1)
    return value + 0.5 * np.log(variance) + _log_prior(b - centre), mean, variance


def _log_prior(distance: FloatArray) -> FloatArray:
    """Logistic density: uniform in 1 / (1 + exp(distance))."""
    return -np.logaddexp(0.0, distance) - np.logaddexp(0.0, -distance)


def _quantile(posterior: FloatArray, edges: FloatArray, at: FloatArray, share: float) -> FloatArray:
    """Where each row has `share` below it, with the mass of a cell spread evenly over it."""
    below = np.cumsum(posterior, axis=1)
    place = np.minimum((below < share).sum(axis=1), at.size - 1)
    rows = np.arange(len(posterior))
    inside = posterior[rows, place]
    before = below[rows, place] - inside
    part = np.clip((share - before) / np.where(inside > 0.0, inside, 1.0), 0.0, 1.0)
    ends = np.concatenate([[1.5 * at[0] - 0.5 * at[1]], edges[1:-1], [1.5 * at[-1] - 0.5 * at[-2]]])
    value: FloatArray = ends[place] + part * (ends[place + 1] - ends[place])
    return value


def normal(y: FloatArray, v: FloatArray, at: FloatArray) -> FloatArray:
    """Log-likelihood of normal estimates with known variances."""
    value: FloatArray = -0.5 * (at[None, :] - y[:, None]) ** 2 / v[:, None]
    return value


def poisson(x: FloatArray, expected: FloatArray, at: FloatArray) -> FloatArray:
    """Log-likelihood of counts with means `expected` times the exponential of the value."""
    value: FloatArray = x[:, None] * at - expected[:, None] * np.exp(at)
    return value


def binomial(x: FloatArray, y: FloatArray, log_odds: FloatArray, at: FloatArray) -> FloatArray:
    """Log-likelihood of `x` against `y`, with log odds `log_odds` plus the value."""
    eta = log_odds[:, None] + at
    value: FloatArray = -x[:, None] * np.logaddexp(0.0, -eta) - y[:, None] * np.logaddexp(0.0, eta)
    return value
