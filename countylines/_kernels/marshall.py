"""Marshall's moment estimates of the mean and variance of area rates, global or of neighbourhoods.

`x` and `e` have shape (areas,). With the two moments as those of a gamma law, the linear estimate
is the posterior mean.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from countylines._kernels.method import FloatArray


def moments(
    x: FloatArray, e: FloatArray, near: NDArray[np.bool_] | None = None
) -> tuple[FloatArray, FloatArray]:
    """Mean and variance of the rates round each area; a negative variance becomes 0.

    `near[i, j]` says whether area j counts for area i (itself included); everywhere if None.
    """
    weight = np.ones((1, x.size)) if near is None else near.astype(np.float64)
    events, exposure, number = weight @ x, weight @ e, weight.sum(axis=1)
    mean = events / exposure
    squares = (weight * e * (x / e - mean[:, None]) ** 2).sum(axis=1) / exposure
    variance = np.maximum(squares - mean / (exposure / number), 0.0)
    size = x.shape
    return np.broadcast_to(mean, size).copy(), np.broadcast_to(variance, size).copy()


def estimate(x: FloatArray, e: FloatArray, mean: FloatArray, variance: FloatArray) -> FloatArray:
    """Best linear estimate of each rate; the mean itself where the variance is 0."""
    with np.errstate(invalid="ignore"):
        weight = np.where(variance > 0.0, variance / (variance + mean / e), 0.0)
    value: FloatArray = mean + weight * (x / e - mean)
    return value
