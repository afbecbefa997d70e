"""Exact null distribution of Kendall's score, with any ties.

If every order of the values is equally likely, the number of pairs that fall among a multiset with
tie sizes t has the q-multinomial coefficient [n; t_1, ..., t_k]_q as generating function. It is a
product of Gaussian binomials, each made of whole numbers without rounding.
"""

from __future__ import annotations

import functools

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]

MOST = 100  # values; the distribution has about n**2 / 2 points, of whole numbers up to n!


@functools.lru_cache(maxsize=256)
def falls(ties: tuple[int, ...]) -> FloatArray:
    """Probability of 0, 1, ... falling pairs among values with these tie sizes, from the largest.

    The distribution is symmetric.
    """
    counts = [1]
    placed = 0
    for size in ties:
        counts = _product(counts, _gaussian(placed + size, size))
        placed += size
    total = sum(counts)
    return np.array([c / total for c in counts])


def at_least(score: float, ties: tuple[int, ...]) -> float:
    """Probability of a score of at least this much."""
    probability = falls(ties)
    most = len(probability) - 1  # untied pairs: the score is that less twice the falls
    return float(probability[: int((most - score) // 2) + 1].sum())


@functools.lru_cache(maxsize=4096)
def _gaussian(total: int, chosen: int) -> list[int]:
    """Coefficients of the Gaussian binomial [total; chosen]_q, whole numbers."""
    chosen = min(chosen, total - chosen)
    counts = [1]
    for i in range(1, chosen + 1):
        counts = _divided(_times(counts, total - chosen + i), i)
    return counts


def _times(counts: list[int], power: int) -> list[int]:
    """Times 1 - q**power."""
    product = counts + [0] * power
    for k, count in enumerate(counts):
        product[k + power] -= count
    return product


def _divided(counts: list[int], power: int) -> list[int]:
    """Divided by 1 - q**power, which leaves no remainder."""
    quotient = counts[:]
    for k in range(power, len(quotient)):
        quotient[k] += quotient[k - power]
    return quotient[: len(counts) - power]


def _product(first: list[int], second: list[int]) -> list[int]:
    # Python's whole numbers: exact at any size
    left, right = np.array(first, dtype=object), np.array(second, dtype=object)
    product = np.zeros(len(first) + len(second) - 1, dtype=object)
    short, long = (left, right) if len(left) < len(right) else (right, left)
    for k, factor in enumerate(short):
        product[k : k + len(long)] += factor * long
    return [int(c) for c in product]
