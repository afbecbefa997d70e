"""Counts moved a little so that most bias goes (Rivest and Levesque, 2001)."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq

FloatArray = NDArray[np.float64]
Moves = tuple[float, float, float]


def alike() -> Moves:
    """What is added to the units seen once, twice and three times, for M0."""
    return -0.5, 1.0, 0.0


def by_times(heterogeneity: Callable[[float], float]) -> Moves:
    """The same for Mh with one term of the number of sightings."""
    first, second, third = (heterogeneity(k) for k in (1.0, 2.0, 3.0))
    ratio = (second - 2.0 * first) / (third - 2.0 * second + first)
    return -(1.0 + ratio) / 2.0, 1.0 + ratio, (1.0 - ratio) / 2.0


def by_pattern(heterogeneity: str, t: int) -> Moves:
    """What is added to each pattern of one, two and three lists, for Mth."""
    pairs = t * (t - 1.0)
    if heterogeneity == "chao":
        return (t - 2.0) / (2.0 * t), 2.0 / pairs, 0.0
    if heterogeneity == "poisson":
        return (2.0 * t - 5.0) / (4.0 * t), 3.0 / pairs, 3.0 / (2.0 * pairs * (t - 2.0))
    return (t - 3.0) / (2.0 * t), 4.0 / pairs, 0.0


def first_sightings(first: FloatArray) -> FloatArray:
    """First sightings by occasion, for Mb."""
    moves = np.zeros(len(first))
    moves[:3] = (2.0, -1.0, -1.0)
    return np.maximum(first + moves, 0.0)


def by_list(sizes: FloatArray, observed: float) -> tuple[float, float]:
    """Hidden number and standard error of Mt, from the sizes of three or more lists.

    The equation of maximum likelihood, prod(1 - n_j / N) = 1 - n / N, with the counts moved.
    """
    t = len(sizes)
    each, seen = sizes + (t + 2.0) / (2.0 * t), observed + t / 2.0

    def equation(log_hidden: float) -> float:
        total = seen + math.exp(log_hidden)
        return float(np.log1p(-each / total).sum()) - log_hidden + math.log(total)

    low, high = math.log(1e-9), math.log(1e3 * seen)
    while equation(high) > 0.0:
        high += 5.0
    hidden = math.exp(brentq(equation, low, high, xtol=1e-13, rtol=1e-14))
    total = seen + hidden
    precision = 1.0 / hidden + (t - 1.0) / total - float((1.0 / (total - each)).sum())
    return hidden, 1.0 / math.sqrt(precision)
