"""The largest of several trend statistics of one table, and its distribution given the margins.

Statistics are standardised by their mean and variance given all margins. `total` is by group,
`scores` are (sets, groups).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaln, ndtr, ndtri

FloatArray = NDArray[np.float64]

SIDES = {"greater": 1.0, "less": -1.0}


def moments(total: FloatArray, events: float, scores: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Means and covariances of the sums of scores over the events."""
    every = total.sum()
    share = events / every
    centred = scores - (scores @ total / every)[:, None]
    spread = share * (1.0 - share) * every / (every - 1.0) * ((centred * total) @ centred.T)
    return share * (scores @ total), spread


def extreme(z: FloatArray, alternative: str) -> FloatArray:
    """What is largest when the trend is clearest: (..., sets) to (...)."""
    largest: FloatArray = (np.abs(z) if alternative == "two-sided" else SIDES[alternative] * z).max(
        axis=-1
    )
    return largest


def tail(
    bound: float,
    correlation: FloatArray,
    alternative: str,
    generator: np.random.Generator,
    draws: int,
) -> float:
    """Chance that the largest of several correlated normal statistics is at least the bound.

    One statistic is drawn beyond the bound and the others given it; each draw counts one over the
    number that are beyond. So a chance of 1e-30 is as precise as one of 0.1.
    """
    sets = len(correlation)
    area = float(ndtr(-bound))
    which = generator.integers(0, sets, draws)
    first = -ndtri(generator.uniform(0.0, 1.0, draws) * area) if area > 0 else np.full(draws, bound)
    values, vectors = np.linalg.eigh(correlation)
    noise = (
        generator.standard_normal((draws, sets)) @ (vectors * np.sqrt(np.maximum(values, 0.0))).T
    )
    own = np.take_along_axis(noise, which[:, None], axis=1)
    z = noise + correlation[which] * (first[:, None] - own)
    if alternative == "two-sided":
        z = np.abs(z)
    beyond = np.maximum((z >= bound - 1e-9 * (1.0 + abs(bound))).sum(axis=1), 1)
    sides = 2.0 if alternative == "two-sided" else 1.0
    return min(1.0, sides * sets * area * float(np.mean(1.0 / beyond)))


def critical(
    correlation: FloatArray,
    level: float,
    alternative: str,
    generator: np.random.Generator,
    draws: int,
) -> float:
    """The bound that the largest statistic stays below with this probability."""
    low, high = -8.0, 8.0
    state = generator.bit_generator.state
    for _ in range(50):
        middle = 0.5 * (low + high)
        generator.bit_generator.state = state
        if tail(middle, correlation, alternative, generator, draws) > 1.0 - level:
            low = middle
        else:
            high = middle
    return high


def number_of_tables(total: NDArray[np.int64], events: int) -> float:
    """How many tables have these margins."""
    ways = np.zeros(events + 1)
    ways[0] = 1.0
    for size in total:
        running = np.cumsum(ways)
        ways = (
            running - np.concatenate([np.zeros(min(size + 1, events + 1)), running])[: events + 1]
        )
    return float(ways[events])


def tables(total: NDArray[np.int64], events: int) -> tuple[NDArray[np.int64], FloatArray]:
    """Every table with these margins, (tables, groups), and its probability given them."""
    rows = np.zeros((1, 0), dtype=np.int64)
    used = np.zeros(1, dtype=np.int64)
    for i, size in enumerate(total):
        later = int(total[i + 1 :].sum())
        low = np.maximum(0, events - used - later)
        high = np.minimum(size, events - used)
        several = np.maximum(high - low + 1, 0)
        at = np.repeat(np.arange(len(rows)), several)
        begins = np.cumsum(several) - several
        here = np.arange(len(at)) - begins[at] + low[at]
        rows = np.column_stack([rows[at], here])
        used = used[at] + here
    log = _choose(total, rows).sum(axis=1) - _choose(total.sum(), np.int64(events))
    return rows, np.exp(log)


def _choose(n: NDArray[np.int64] | np.int64, k: NDArray[np.int64] | np.int64) -> FloatArray:
    found: FloatArray = gammaln(n + 1.0) - gammaln(k + 1.0) - gammaln(np.subtract(n, k) + 1.0)
    return found
