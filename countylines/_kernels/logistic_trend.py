"""Trend of log odds over scores, one slope for all strata: estimate, score statistic, limits.

Rows are data sets of shape (strata, groups). Each stratum has a level of its own, fitted to its
successes, so that a slope is judged by T, the sum of scores over successes, alone. At slope 0 the
score statistic is that of Cochran and Armitage, or of Mantel with strata.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from countylines._kernels.roots import Rows, increasing_root

FloatArray = NDArray[np.float64]

STEEPEST = 60.0  # log odds between the nearest two scores
VARIANCES = ("binomial", "hypergeometric")


class Tables(NamedTuple):
    """Data sets: successes and sizes (rows, strata, groups), scores (groups,)."""

    successes: FloatArray
    sizes: FloatArray
    scores: FloatArray

    @property
    def statistic(self) -> FloatArray:
        """Sum of the scores over the successes of each row."""
        total: FloatArray = (self.successes @ self.scores).sum(axis=1)
        return total

    def rows(self, rows: Rows) -> Tables:
        """Some of the rows."""
        return Tables(self.successes[rows], self.sizes[rows], self.scores)


def moments(
    tables: Tables, slope: FloatArray, variance: str
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Mean of T, and its variance by stratum and in all, at one slope a row.

    The variance is that of T given the successes of each stratum; ``"hypergeometric"`` has N - 1
    for N, as it is exactly at slope 0.
    """
    sizes, scores = tables.sizes, tables.scores
    share, rest = _shares(tables, slope)
    weight = sizes * share * rest
    spread = weight.sum(axis=2)
    with np.errstate(invalid="ignore"):
        centre = np.where(spread > 0, (weight @ scores) / spread, 0.0)
    by_stratum = (weight * (scores - centre[..., None]) ** 2).sum(axis=2)
    if variance == "hypergeometric":
        total = sizes.sum(axis=2)
        by_stratum = by_stratum * np.where(total > 1, total / np.maximum(total - 1.0, 1.0), 0.0)
    mean = ((sizes * share) @ scores).sum(axis=1)
    by_stratum = np.where(informative(tables), by_stratum, 0.0)
    return mean, by_stratum, by_stratum.sum(axis=1)


def informative(tables: Tables) -> NDArray[np.bool_]:
    """Strata (rows, strata) whose margins do not fix T: by counts, which know no rounding."""
    used = tables.sizes > 0
    highest = np.where(used, tables.scores, -np.inf).max(axis=2)
    lowest = np.where(used, tables.scores, np.inf).min(axis=2)
    successes, total = tables.successes.sum(axis=2), tables.sizes.sum(axis=2)
    free: NDArray[np.bool_] = (successes > 0) & (successes < total) & (highest > lowest)
    return free


def _shares(tables: Tables, slope: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Fitted shares (rows, strata, groups) and one minus them, given slope and successes."""
    successes = tables.successes.sum(axis=2)
    total = tables.sizes.sum(axis=2)
    shape = successes.shape
    trend = slope[:, None, None] * tables.scores
    flat_trend = np.broadcast_to(trend, (*shape, trend.shape[-1])).reshape(-1, trend.shape[-1])
    sizes = tables.sizes.reshape(flat_trend.shape)
    wanted, whole = successes.ravel(), total.ravel()
    inside = (wanted > 0) & (wanted < whole)
    level = np.where(wanted <= 0, -np.inf, np.inf)
    rows = np.flatnonzero(inside)
    if rows.size:
        base = np.log(wanted[rows]) - np.log(whole[rows] - wanted[rows])

        def residual(x: FloatArray, part: Rows) -> tuple[FloatArray, FloatArray]:
            log_odds = x[:, None] + flat_trend[rows[part]]
            p, q = expit(log_odds), expit(-log_odds)
            n = sizes[rows[part]]
            expected, rest = (n * p).sum(axis=1), (n * q).sum(axis=1)
            slope_of = (n * p * q).sum(axis=1)
            # on the scale of log odds of the share, where the curve is nearly straight
            value = np.log(expected) - np.log(rest) - base[part]
            return value, slope_of * (1.0 / expected + 1.0 / rest)

        used = sizes[rows] > 0
        low = np.where(used, flat_trend[rows], np.inf).min(axis=1)
        high = np.where(used, flat_trend[rows], -np.inf).max(axis=1)
        level[rows] = increasing_root(residual, base - high - 1.0, base - low + 1.0, base)
    with np.errstate(invalid="ignore"):
        log_odds = level[:, None] + flat_trend
    share, rest = expit(log_odds), expit(-log_odds)
    return share.reshape(*shape, -1), rest.reshape(*shape, -1)


def free(tables: Tables) -> NDArray[np.bool_]:
    """Rows where T is not fixed by the margins."""
    return np.asarray(informative(tables).any(axis=1))


def ends(tables: Tables) -> tuple[FloatArray, FloatArray]:
    """Smallest and largest T that the margins allow."""
    found = []
    successes = tables.successes.sum(axis=2, keepdims=True)
    for sign in (1.0, -1.0):
        order = np.argsort(sign * tables.scores, kind="stable")
        sizes = tables.sizes[..., order]
        before = np.cumsum(sizes, axis=2) - sizes
        taken = np.clip(successes - before, 0.0, sizes)
        found.append((taken @ tables.scores[order]).sum(axis=1))
    return found[0], found[1]


def slope(tables: Tables) -> FloatArray:
    """Maximum likelihood slope; infinite where T is at its end."""
    return _where(tables, np.zeros(len(tables.sizes)), "binomial", 0.0)


def limits(
    tables: Tables, z: float, variance: str, correction: float
) -> tuple[FloatArray, FloatArray]:
    """Slopes whose score test lies z standard normal units from T, on either side."""
    one = np.full(len(tables.sizes), z)
    return _where(tables, one, variance, correction), _where(tables, -one, variance, -correction)


def _where(tables: Tables, z: FloatArray, variance: str, correction: float) -> FloatArray:
    """Slope at which T less `correction` is z standard deviations above its mean."""
    target = tables.statistic - correction
    least, most = ends(tables)
    result = np.full(len(z), np.nan)
    result[(z >= 0) & (target <= least)] = -np.inf
    result[(z <= 0) & (target >= most)] = np.inf
    some = np.flatnonzero(np.isnan(result))
    if some.size:
        result[some] = _crossing(tables.rows(some), z[some], target[some], variance)
    return result


def _crossing(tables: Tables, z: FloatArray, target: FloatArray, variance: str) -> FloatArray:
    steepest = STEEPEST / float(np.diff(np.unique(tables.scores)).min())

    def residual(x: FloatArray, rows: Rows) -> tuple[FloatArray, FloatArray]:
        part = tables.rows(rows)
        mean, _, spread = moments(part, x, variance)
        root = np.sqrt(np.maximum(spread, 1e-300))
        return z[rows] - (target[rows] - mean) / root, root

    count = len(tables.sizes)
    start = np.zeros(count)
    return increasing_root(
        residual, np.full(count, -steepest), np.full(count, steepest), start, settled=1e-9
    )
