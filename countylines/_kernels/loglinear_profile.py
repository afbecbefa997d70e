"""Exact multinomial profile likelihood of the hidden number under a log-linear model.

For a hidden number h (real, above 0) the complete table is multinomial out of N = n + h. Its
likelihood, maximised over the probabilities of the model, is

    l(h) = log N! - log h! - sum log y_i! + sum y_i log(mu_i / N) + h log(mu_0 / N),

with mu the Poisson fit to the complete table, whose total is N. By the envelope theorem its slope
is digamma(N + 1) - digamma(h + 1) + log(mu_0 / N).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq

from countylines._kernels import loglinear_fit, stirling

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]

MOST = 1e15
LEAST = 1e-8
_TOLERANCE = 1e-11


class Table(NamedTuple):
    """Counts and model of one incomplete table: cells on the face, independent terms only."""

    counts: FloatArray
    cells: IntArray
    terms: IntArray


class Profile(NamedTuple):
    """Maximum and limits of the hidden number."""

    estimate: float
    low: float
    high: float


def log_likelihood(hidden: FloatArray, table: Table) -> tuple[FloatArray, FloatArray]:
    """Profile log-likelihood, without the log factorials of the counts, and its slope."""
    rows = len(hidden)
    cells = np.concatenate([[0], table.cells])
    counts = np.column_stack([hidden, np.broadcast_to(table.counts, (rows, len(table.counts)))])
    masks = np.ones((rows, len(table.terms)), dtype=bool)
    fits = loglinear_fit.fit(counts, table.terms, masks, np.ones(counts.shape, dtype=bool), cells)
    fitted_hidden, fitted = fits.fitted[:, 0], fits.fitted[:, 1:]
    total = hidden + table.counts.sum()
    excess = (fitted_hidden - hidden) / hidden
    value = stirling.log_factorial_rest(total) - stirling.log_factorial_rest(hidden)
    value += hidden * (np.log1p(excess) - excess)
    seen = table.counts > 0
    value += (table.counts[seen] * np.log(fitted[:, seen] / table.counts[seen])).sum(axis=1)
    value -= (fitted - table.counts).sum(axis=1)
    slope = stirling.digamma_rest(total) - stirling.digamma_rest(hidden) + np.log1p(excess)
    return value, slope


def profile(table: Table, start: float, z_low: float | None, z_high: float | None) -> Profile:
    """Maximum and the points z_low and z_high standard normal units away from it.

    A limit is 0 or infinite if the likelihood never falls that far on its side, or if it is not
    asked for (None). Below a one-sided level of one half a distance is negative: the limit then
    lies on the far side of the maximum. `start` is a hidden number near the maximum.
    """
    peak = _maximum(table, start)
    top, _ = log_likelihood(np.array([peak]), table)
    low = 0.0 if z_low is None else _signed_limit(table, peak, float(top[0]), -z_low)
    high = np.inf if z_high is None else _signed_limit(table, peak, float(top[0]), z_high)
    return Profile(peak if peak > LEAST else 0.0, low, high)


def _maximum(table: Table, start: float) -> float:
    """Where the slope is 0, by bracketed secant steps in log hidden number."""

    def slope(point: float) -> float:
        return float(log_likelihood(np.array([np.exp(point)]), table)[1][0])

    low = high = float(np.log(max(start, 1e-3)))
    step = 0.5
    while slope(low) < 0:
        low -= step
        step *= 2
        if low < np.log(LEAST):
            return LEAST
    step = 0.5
    while slope(high) > 0:
        high += step
        step *= 2
        if high > np.log(MOST):
            return MOST
    return float(np.exp(brentq(slope, low, high, xtol=_TOLERANCE, rtol=1e-13)))


def _signed_limit(table: Table, peak: float, top: float, distance: float) -> float:
    if distance == 0.0:
        return peak
    return _limit(table, peak, top, abs(distance), 1 if distance > 0 else -1)


def _limit(table: Table, peak: float, top: float, z: float, side: int) -> float:
    """Where the signed root of the deviance reaches z on one side of the peak."""

    def distance(point: float) -> float:
        value = float(log_likelihood(np.array([np.exp(point)]), table)[0][0])
        return float(np.sqrt(max(2.0 * (top - value), 0.0))) - z

    near = far = float(np.log(peak))
    end = np.log(LEAST) if side < 0 else np.log(MOST)
    step = 0.3
    while distance(far) < 0:
        if side * (far - end) >= 0:
            return 0.0 if side < 0 else np.inf
        near, far = far, side * min(side * (far + side * step), side * end)
        step *= 2
    return float(np.exp(brentq(distance, near, far, xtol=_TOLERANCE, rtol=1e-13)))


def signed_root(table: Table, peak: float, hidden: float) -> float:
    """Distance of a hidden number from the maximum, in standard normal units, below it negative."""
    points = np.maximum(np.array([peak, hidden]), LEAST)
    top, value = log_likelihood(points, table)[0]
    root = float(np.sqrt(max(2.0 * (top - value), 0.0)))
    return root if hidden > peak else -root
