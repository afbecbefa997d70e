"""Limits of a hidden number from its estimate and standard error, and the tests that invert them.

The hidden number is at least 0, and so are the limits. All arrays have one shape.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

FloatArray = NDArray[np.float64]


def wald(hidden: FloatArray, error: FloatArray, z: float) -> tuple[FloatArray, FloatArray]:
    """Estimate less and plus z standard errors, cut at 0."""
    return np.maximum(hidden - z * error, 0.0), np.maximum(hidden + z * error, 0.0)


def wald_distance(asked: FloatArray, hidden: FloatArray, error: FloatArray) -> FloatArray:
    """Standard errors from the estimate up to the number asked about."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return (asked - hidden) / error


def lognormal(hidden: FloatArray, error: FloatArray, z: float) -> tuple[FloatArray, FloatArray]:
    """Limits of a log-normal hidden number (Chao, 1987): divided and multiplied by one factor."""
    with np.errstate(divide="ignore", invalid="ignore"):
        factor = np.exp(z * _log_error(hidden, error))
        return hidden / factor, hidden * factor


def lognormal_distance(asked: FloatArray, hidden: FloatArray, error: FloatArray) -> FloatArray:
    """Distance of the log of the number asked about, in its standard errors."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.log(np.maximum(asked, 0.0) / hidden) / _log_error(hidden, error)


def _log_error(hidden: FloatArray, error: FloatArray) -> FloatArray:
    return np.sqrt(np.log1p((error / hidden) ** 2))


def pvalue(asked: FloatArray, distance: FloatArray, alternative: str) -> FloatArray:
    """P-value of a hidden number that lies `distance` standard normal units above the estimate.

    A number below 0 is impossible: nothing speaks for it.
    """
    if alternative == "greater":
        p = ndtr(distance)
    elif alternative == "less":
        p = ndtr(-distance)
    else:
        p = 2.0 * ndtr(-np.abs(distance))
    impossible = 1.0 if alternative == "less" else 0.0
    return np.where(asked < 0.0, impossible, p)


LIMITS: dict[str, Callable[..., tuple[FloatArray, FloatArray]]] = {
    "lognormal": lognormal,
    "wald": wald,
}
DISTANCES: dict[str, Callable[..., FloatArray]] = {
    "lognormal": lognormal_distance,
    "wald": wald_distance,
}
