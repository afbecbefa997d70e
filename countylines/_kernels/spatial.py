"""Do neighbouring areas resemble one another? Moran's index, Geary's, and join counts.

`weight` is a matrix of areas by areas with a diagonal of 0. Moments are those over all orders of
the values over the areas (randomisation), or of independent normal values.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from countylines._kernels.method import FloatArray


class Weights(NamedTuple):
    """Sums of the weights that the moments need."""

    total: float
    pairs: float
    ends: float


def sums(weight: FloatArray) -> Weights:
    """Total, half the sum of squares of w + w', and sum of squares of row plus column sums."""
    both = weight + weight.T
    return Weights(
        float(weight.sum()), float(np.square(both).sum() / 2), float(np.square(both.sum(1)).sum())
    )


def moran(values: FloatArray, weight: FloatArray) -> FloatArray:
    """Moran's index of values in the last axis."""
    z = values - values.mean(axis=-1, keepdims=True)
    index: FloatArray = (
        values.shape[-1] / weight.sum() * (z * (z @ weight.T)).sum(-1) / np.square(z).sum(-1)
    )
    return index


def moran_moments(values: FloatArray, weight: FloatArray, law: str) -> tuple[float, float]:
    """Mean and variance without autocorrelation, by randomisation or for normal values."""
    n, (s0, s1, s2) = values.size, sums(weight)
    mean = -1.0 / (n - 1)
    if law == "normal":
        square = (n**2 * s1 - n * s2 + 3 * s0**2) / (s0**2 * (n**2 - 1))
        return mean, square - mean**2
    z = values - values.mean()
    kurtosis = n * float((z**4).sum()) / float(np.square(z).sum()) ** 2
    first = n * ((n**2 - 3 * n + 3) * s1 - n * s2 + 3 * s0**2)
    second = kurtosis * ((n**2 - n) * s1 - 2 * n * s2 + 6 * s0**2)
    square = (first - second) / ((n - 1) * (n - 2) * (n - 3) * s0**2)
    return mean, square - mean**2


def geary(values: FloatArray, weight: FloatArray) -> float:
    """Geary's index: 1 without autocorrelation, less where neighbours are alike."""
    apart = np.square(values[:, None] - values)
    z = values - values.mean()
    return float(
        (values.size - 1) * (weight * apart).sum() / (2 * weight.sum() * np.square(z).sum())
    )


def joins(one: FloatArray, weight: FloatArray) -> FloatArray:
    """Weights of joins of two ones, of a one and a zero, and of two zeros, in the last axis."""
    zero = 1.0 - one
    alike = (one * (one @ weight.T)).sum(-1) / 2
    none = (zero * (zero @ weight.T)).sum(-1) / 2
    result: FloatArray = np.stack([alike, weight.sum() / 2 - alike - none, none], axis=-1)
    return result


def join_moments(n: int, ones: int, weight: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Exact means and variances of the joins over all ways to place the ones.

    A sum over pairs of a product of two indicators: pairs of pairs share no area, one or both.
    """
    s0, s1, s2 = sums(weight)
    share = np.ones(5)
    shares = {}
    for colour, count in (("one", ones), ("zero", n - ones)):
        for k in range(4):
            share[k + 1] = share[k] * (count - k) / (n - k) if n > k else 0.0
        shares[colour] = share.copy()
    means, variances = [], []
    for colour in ("one", "zero"):
        p = shares[colour]
        mean = s0 * p[2] / 2
        square = (s1 * p[2] + (s2 - 2 * s1) * p[3] + (s0**2 - s2 + s1) * p[4]) / 4
        means.append(mean)
        variances.append(square - mean**2)
    m = n - ones
    unlike = 2.0 * ones * m / (n * (n - 1.0))
    four = 4.0 * ones * (ones - 1) * m * (m - 1) / (n * (n - 1.0) * (n - 2) * (n - 3))
    mean = s0 * unlike / 2
    square = (s1 * unlike + (s2 - 2 * s1) * unlike / 2 + (s0**2 - s2 + s1) * four) / 4
    return (
        np.array([means[0], mean, means[1]]),
        np.array([variances[0], square - mean**2, variances[1]]),
    )
