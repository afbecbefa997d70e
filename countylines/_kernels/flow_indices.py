"""How unevenly counts are spread over places: along the last axis, nan where there are none."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy.special import xlogy

from countylines._kernels.method import FloatArray


def shares(x: FloatArray) -> FloatArray:
    """Parts of the whole."""
    with np.errstate(invalid="ignore"):
        parts: FloatArray = x / x.sum(axis=-1, keepdims=True)
    return parts


def gini(x: FloatArray) -> FloatArray:
    """Half the mean difference between two places, against the mean; at most (n - 1) / n."""
    n = x.shape[-1]
    ranks = 2.0 * np.arange(1, n + 1) - n - 1.0
    with np.errstate(invalid="ignore"):
        value: FloatArray = (np.sort(x, axis=-1) @ ranks) / (n * x.sum(axis=-1))
    return value


def hhi(x: FloatArray) -> FloatArray:
    """Sum of squared shares: 1 / n where all are equal, 1 where one place has all."""
    total: FloatArray = np.square(shares(x)).sum(axis=-1)
    return total


def entropy(x: FloatArray) -> FloatArray:
    """Shannon's, in nats: 0 where one place has all, log n where all are equal."""
    parts = shares(x)
    total: FloatArray = -xlogy(parts, parts).sum(axis=-1)
    return total


def theil(x: FloatArray) -> FloatArray:
    """Theil's T: what the entropy lacks to that of equal shares."""
    value: FloatArray = np.log(x.shape[-1]) - entropy(x)
    return np.maximum(value, 0.0)


def theil_parts(x: FloatArray, group: NDArray[np.int64]) -> tuple[FloatArray, FloatArray]:
    """Theil's T between groups of places and within them; the two add up to the whole.

    Between: against a share of each group in proportion to its number of places.
    """
    members = np.eye(group.max() + 1)[group]
    parts = shares(x)
    whole = parts @ members
    between = (xlogy(whole, whole) - xlogy(whole, members.sum(axis=0) / x.shape[-1])).sum(axis=-1)
    within = theil(x) - between
    return np.maximum(between, 0.0), np.where(np.abs(within) < 1e-15, 0.0, within)


INDICES: dict[str, Callable[[FloatArray], FloatArray]] = {
    "entropy": entropy,
    "gini": gini,
    "hhi": hhi,
    "theil": theil,
}
