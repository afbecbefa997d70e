"""Log factorials without their leading terms, for likelihoods in which those cancel."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import digamma, gammaln, xlogy

FloatArray = NDArray[np.float64]

SERIES_FROM = 16.0  # from here on the series is exact to the last bit
HALF_LOG_2PI = 0.5 * float(np.log(2.0 * np.pi))
_SERIES = (1 / 12, -1 / 360, 1 / 1260, -1 / 1680, 1 / 1188, -691 / 360360)
DIGAMMA = (1 / 12, -1 / 120, 1 / 252, -1 / 240, 1 / 132, -691 / 32760)


def remainder(x: FloatArray) -> FloatArray:
    """log x! - (x log x - x + log(2 pi x) / 2) for x > 0: what Stirling's formula leaves out."""
    large, small = np.maximum(x, SERIES_FROM), np.minimum(x, SERIES_FROM)
    direct = gammaln(small + 1.0) - (xlogy(small, small) - small + HALF_LOG_2PI)
    with np.errstate(divide="ignore"):
        direct -= 0.5 * np.log(small)
    return np.where(x < SERIES_FROM, direct, odd_series(_SERIES, 1.0 / large))


def log_factorial_rest(x: FloatArray) -> FloatArray:
    """log x! - (x log x - x) for x >= 0."""
    x = np.asarray(x, dtype=np.float64)
    large, small = np.maximum(x, SERIES_FROM), np.minimum(x, SERIES_FROM)
    series = HALF_LOG_2PI + 0.5 * np.log(large) + odd_series(_SERIES, 1.0 / large)
    direct = gammaln(small + 1.0) - xlogy(small, small) + small
    return np.where(x < SERIES_FROM, direct, series)


def digamma_rest(x: FloatArray) -> FloatArray:
    """digamma(x + 1) - log x for x > 0."""
    x = np.asarray(x, dtype=np.float64)
    inverse = 1.0 / np.maximum(x, SERIES_FROM)
    series = 0.5 * inverse - inverse * odd_series(DIGAMMA, inverse)
    small = np.minimum(x, SERIES_FROM)
    with np.errstate(divide="ignore"):
        return np.where(x < SERIES_FROM, digamma(small + 1.0) - np.log(small), series)


def odd_series(coefficients: tuple[float, ...], inverse: FloatArray) -> FloatArray:
    """Sum of c_k x**-(2k - 1) at x = 1 / inverse."""
    square = inverse * inverse
    total = np.full_like(inverse, coefficients[-1])
    for coefficient in coefficients[-2::-1]:
        total = total * square + coefficient
    return total * inverse
