"""Log factorials without their leading terms, for likelihoods in which those cancel."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import digamma, gammaln, xlogy

FloatArray = NDArray[np.float64]

_FROM = 16.0
_SERIES = (1 / 12, -1 / 360, 1 / 1260, -1 / 1680, 1 / 1188, -691 / 360360)
_DIGAMMA = (1 / 12, -1 / 120, 1 / 252, -1 / 240, 1 / 132, -691 / 32760)


def log_factorial_rest(x: FloatArray) -> FloatArray:
    """log x! - (x log x - x) for x >= 0: the series is exact to the last bit from 16 on."""
    x = np.asarray(x, dtype=np.float64)
    large = np.maximum(x, _FROM)
    series = 0.5 * np.log(2.0 * np.pi * large) + _odd(_SERIES, large)
    small = np.minimum(x, _FROM)
    return np.where(x < _FROM, gammaln(small + 1.0) - xlogy(small, small) + small, series)


def digamma_rest(x: FloatArray) -> FloatArray:
    """digamma(x + 1) - log x for x > 0."""
    x = np.asarray(x, dtype=np.float64)
    large = np.maximum(x, _FROM)
    inverse = 1.0 / large
    series = 0.5 * inverse - inverse * _odd(_DIGAMMA, large)
    small = np.minimum(x, _FROM)
    with np.errstate(divide="ignore"):
        return np.where(x < _FROM, digamma(small + 1.0) - np.log(small), series)


def _odd(coefficients: tuple[float, ...], x: FloatArray) -> FloatArray:
    inverse = 1.0 / x
    square = inverse * inverse
    total = np.full_like(inverse, coefficients[-1])
    for coefficient in coefficients[-2::-1]:
        total = total * square + coefficient
    return total * inverse
