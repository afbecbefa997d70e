"""Null distributions of two statistics of ordered groups, with any ties.

Jonckheere-Terpstra: pairs of values from different groups that rise less pairs that fall, when the
values are dealt to the groups at random. The table of groups by different values has both margins
fixed; values are dealt from the lowest up, and all that matters for those to come is how many each
group holds. Page: ranks within each block in random order, added up over blocks.
"""

from __future__ import annotations

import functools
import itertools
import math
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from countylines._kernels import kendall_exact

FloatArray = NDArray[np.float64]
Sizes = tuple[int, ...]

MOST_WORK = 30_000_000  # additions for one distribution
MOST_RANKS = 12  # columns of a block; the distribution visits every set of them


def score_variance(groups: Sizes, ties: Sizes) -> float:
    """Variance of the score, given the sizes of the groups and of the ties."""
    n = sum(groups)
    a, b = np.array(groups, dtype=float), np.array(ties, dtype=float)

    def spread(t: FloatArray | float) -> float:
        return float(np.sum(t * (t - 1.0) * (2.0 * t + 5.0)))

    def falling(t: FloatArray, order: int) -> float:
        return float(np.prod([t - i for i in range(order)], axis=0).sum())

    variance = (spread(float(n)) - spread(a) - spread(b)) / 18.0
    if n > 2:
        variance += falling(a, 3) * falling(b, 3) / (9.0 * n * (n - 1.0) * (n - 2.0))
    if n > 1:
        variance += falling(a, 2) * falling(b, 2) / (2.0 * n * (n - 1.0))
    return max(variance, 0.0)


def work(groups: Sizes, ties: Sizes) -> float:
    """About how many additions the exact distribution takes."""
    if max(ties) == 1:
        return float(sum(groups)) ** 3
    states = math.prod(g + 1 for g in groups)
    ways = max(math.comb(min(t, max(groups)) + len(groups) - 1, len(groups) - 1) for t in ties)
    return float(states) * ways * sum(groups) ** 2


@functools.lru_cache(maxsize=64)
def score_distribution(groups: Sizes, ties: Sizes) -> tuple[int, FloatArray]:
    """The lowest score, and the probability of each whole number from there up."""
    if max(ties) == 1:
        falls = kendall_exact.falls(tuple(sorted(groups, reverse=True)))
        spaced = np.zeros(2 * len(falls) - 1)  # the score moves in steps of two
        spaced[::2] = falls
        return 1 - len(falls), spaced
    bound = (sum(groups) ** 2 - sum(g * g for g in groups)) // 2
    start = np.zeros(2 * bound + 1)
    start[bound] = 1.0
    layer: dict[Sizes, FloatArray] = {(0,) * len(groups): start}
    for size in ties:
        following: dict[Sizes, FloatArray] = {}
        for held, here in layer.items():
            room = tuple(g - h for g, h in zip(groups, held, strict=True))
            gains = [sum(held[:i]) - sum(held[i + 1 :]) for i in range(len(held))]
            filled = np.flatnonzero(here)
            first, last = int(filled[0]), int(filled[-1]) + 1
            for dealt in _dealt(size, room):
                ways = math.prod(math.comb(r, d) for r, d in zip(room, dealt, strict=True))
                share = ways / math.comb(sum(room), size)
                shift = sum(d * g for d, g in zip(dealt, gains, strict=True))
                now = tuple(h + d for h, d in zip(held, dealt, strict=True))
                counts = following.setdefault(now, np.zeros(2 * bound + 1))
                counts[first + shift : last + shift] += share * here[first:last]
        layer = following
    return -bound, layer[groups]


def _dealt(size: int, room: Sizes) -> Iterator[Sizes]:
    """Every way to deal so many equal values to groups with so much room."""
    if len(room) == 1:
        if size <= room[0]:
            yield (size,)
        return
    for first in range(max(0, size - sum(room[1:])), min(size, room[0]) + 1):
        for rest in _dealt(size - first, room[1:]):
            yield (first, *rest)


@functools.lru_cache(maxsize=256)
def rank_sums(doubled: Sizes) -> tuple[int, FloatArray]:
    """Twice the sum of place (from 1) times rank over random orders of the ranks of a block.

    `doubled` are twice the ranks; the lowest sum, and the probability of each from there up.
    """
    k = len(doubled)
    top = sum(place * rank for place, rank in enumerate(sorted(doubled), start=1))
    start = np.zeros(top + 1)
    start[0] = 1.0
    layer: dict[int, FloatArray] = {0: start}
    for place in range(1, k + 1):
        following: dict[int, FloatArray] = {}
        for chosen, here in layer.items():
            for i in range(k):
                if not chosen >> i & 1:
                    counts = following.setdefault(chosen | 1 << i, np.zeros(top + 1))
                    shift = place * doubled[i]
                    counts[shift:] += here[: top + 1 - shift]
        layer = following
    probability = layer[(1 << k) - 1] / math.factorial(k)
    low = int(np.flatnonzero(probability)[0])
    return low, probability[low:]


def page_distribution(blocks: tuple[Sizes, ...]) -> tuple[int, FloatArray]:
    """The lowest sum over blocks, and the probability of each from there up."""
    low, probability = 0, np.ones(1)
    for doubled, several in itertools.groupby(sorted(blocks)):
        least, one = rank_sums(doubled)
        for _ in several:
            low, probability = low + least, np.convolve(probability, one)
    return low, probability


def tails(observed: int, low: int, probability: FloatArray) -> tuple[float, float]:
    """Probabilities of at least and at most the observed whole number."""
    place = observed - low
    upper = probability[max(place, 0) :].sum()
    lower = probability[: max(place + 1, 0)].sum()
    return min(float(upper), 1.0), min(float(lower), 1.0)
