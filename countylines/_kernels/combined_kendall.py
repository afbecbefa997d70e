"""Kendall scores of several series that are added up: their covariances, and exact distributions.

Cubes are (sets, series, periods); nan is a value that is missing. Two null hypotheses give two
distributions of the sum. Series independent of one another: each in random order, so that the sum
is a convolution. Series that go together: whole periods in random order, with the values (and the
gaps) of all series at once. The score is then the sum over pairs of periods of one antisymmetric
matrix, whose covariances and whose distribution over all orders are known without sampling.
"""

from __future__ import annotations

import functools

import numpy as np
from numpy.typing import NDArray

from countylines._kernels import kendall_exact

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

MOST_TOGETHER = 12  # periods; the distribution visits every set of them
_HELD = 4_000_000  # signs held at a time


def signs(cube: FloatArray) -> FloatArray:
    """Sign of each value less each other one of its series: (sets, series, periods, periods)."""
    difference = np.sign(cube[..., :, None] - cube[..., None, :])
    return np.where(np.isnan(difference), 0.0, difference)


def covariance(cube: FloatArray) -> FloatArray:
    """Covariances of the scores over all orders of the periods: (sets, series, series)."""
    sets, series, periods = cube.shape
    result = np.empty((sets, series, series))
    step = max(_HELD // max(series * periods**2, 1), 1)
    for begin in range(0, sets, step):
        part = signs(cube[begin : begin + step])
        flat = part.reshape(len(part), series, periods**2)
        total = part.sum(axis=3)
        pairs = flat @ flat.swapaxes(1, 2) / 2.0
        result[begin : begin + step] = (pairs + total @ total.swapaxes(1, 2)) / 3.0
    return result


@functools.lru_cache(maxsize=256)
def falls(ties: tuple[tuple[int, ...], ...]) -> FloatArray:
    """Probability of 0, 1, ... falling pairs in all series, each in random order.

    `ties` has the tie sizes of each series, from the largest, and the series sorted.
    """
    result = np.ones(1)
    for sizes in ties:
        result = np.convolve(result, kendall_exact.falls(sizes))
    return result


def at_least(score: float, ties: tuple[tuple[int, ...], ...]) -> float:
    """Probability of a sum of scores of at least this much, the series independent."""
    probability = falls(ties)
    most = len(probability) - 1
    return float(probability[: int((most - score) // 2) + 1].sum())


def at_least_together(score: float, matrix: FloatArray) -> float:
    """Probability of at least this score over all orders of the periods of a sign matrix."""
    counts = orders(matrix)
    middle = len(counts) // 2
    place = max(round(score) + middle, 0)
    return float(counts[place:].sum() / counts.sum())


def orders(matrix: FloatArray) -> FloatArray:
    """How many orders of the periods have each score, from the lowest to the highest possible.

    The score of an order is the sum of `matrix[later, earlier]` over pairs of periods, all whole
    numbers. A set of periods that come first adds the same to what follows whatever its own order,
    so the counts are built up set by set.
    """
    periods = len(matrix)
    bound = int(np.abs(np.tril(matrix)).sum())
    start = np.zeros(2 * bound + 1)
    start[bound] = 1.0
    layer = {0: start}  # sets of so many periods
    for _ in range(periods):
        following: dict[int, FloatArray] = {}
        for chosen, here in layer.items():
            inside = [i for i in range(periods) if chosen >> i & 1]
            gains = matrix[:, inside].sum(axis=1)
            first, last = _support(here)
            for i in range(periods):
                if not chosen >> i & 1:
                    shift = round(gains[i])
                    counts = following.setdefault(chosen | 1 << i, np.zeros(2 * bound + 1))
                    counts[first + shift : last + shift] += here[first:last]
        layer = following
    return layer[(1 << periods) - 1]


def _support(counts: FloatArray) -> tuple[int, int]:
    filled = np.flatnonzero(counts)
    return int(filled[0]), int(filled[-1]) + 1
