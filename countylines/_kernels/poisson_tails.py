"""Tails of a Poisson count as incomplete gamma functions, good at any count.

P(X >= x) = P(x, m) and P(X <= x) = Q(x + 1, m), the regularised incomplete gamma functions, which
carry on smoothly between whole numbers.
"""

from __future__ import annotations

import numpy as np
from scipy.special import erfcx, gammainc, gammaincc

from countylines._kernels.deviance import half_deviance
from countylines._kernels.method import FloatArray
from countylines._kernels.stirling import log_factorial_rest

# Above this shape the series that scipy uses more than 4.5 standard deviations out stops too early:
# the tail is wrong in the fifth digit at a shape of a million.
_LARGE_SHAPE = 1e5
_FAR = 4.0


def lower_gamma(shape: FloatArray, mean: FloatArray) -> FloatArray:
    """P(a, m); 1 for a shape of 0 or less, 0 for a mean of 0."""
    return _gamma(shape, mean, 1)


def upper_gamma(shape: FloatArray, mean: FloatArray) -> FloatArray:
    """Q(a, m) = 1 - P(a, m); 0 for a shape of 0 or less."""
    return _gamma(shape, mean, -1)


def _gamma(shape: FloatArray, mean: FloatArray, side: int) -> FloatArray:
    a, m = np.broadcast_arrays(np.asarray(shape, np.float64), np.asarray(mean, np.float64))
    with np.errstate(all="ignore"):
        value = np.asarray((gammainc if side > 0 else gammaincc)(np.maximum(a, 0.0), m))
        value = np.where(a <= 0.0, 1.0 if side > 0 else 0.0, value)
        # Only the tail that is far from one half needs more; the other is one less a tiny number.
        far = side * (a - m) > _FAR * np.sqrt(np.maximum(a, 0.0))
        rows = far & (a > _LARGE_SHAPE) & np.isfinite(a) & np.isfinite(m)
        if rows.any():
            value[rows] = _far_tail(a[rows], m[rows])
    return value


def _far_tail(a: FloatArray, m: FloatArray) -> FloatArray:
    """The smaller of P(a, m) and Q(a, m) by Temme's expansion, uniform in m, to order 1/a.

    With e the signed root of 2 D / a and D = a log(a/m) + m - a, the tail is
    erfc(sqrt(D)) / 2 +- exp(-D) / sqrt(2 pi a) (c0 + c1 / a). Far out the terms of c0 and c1 that
    cancel near e = 0 do no harm.
    """
    deviance = half_deviance(a, m)
    ratio = m / a - 1.0
    e = np.sign(ratio) * np.sqrt(2.0 * deviance / a)
    c0 = 1.0 / ratio - 1.0 / e
    c1 = 1.0 / e**3 - 1.0 / ratio**3 - 1.0 / ratio**2 - 1.0 / (12.0 * ratio)
    rest = np.sign(ratio) * (c0 + c1 / a) / np.sqrt(2.0 * np.pi * a)
    tail: FloatArray = np.exp(-deviance) * (0.5 * erfcx(np.sqrt(deviance)) + rest)
    return tail


def at_least(k: FloatArray, mean: FloatArray) -> FloatArray:
    """P(X >= k) for whole k."""
    return lower_gamma(k, mean)


def at_most(k: FloatArray, mean: FloatArray) -> FloatArray:
    """P(X <= k) for whole k, 0 below 0."""
    return upper_gamma(np.asarray(k, dtype=np.float64) + 1.0, mean)


def log_probability(k: FloatArray, mean: FloatArray) -> FloatArray:
    """log P(X = k), without the cancellation of its terms; -inf where it is impossible."""
    with np.errstate(divide="ignore", invalid="ignore"):
        some = np.maximum(k, 0.0)
        value = -half_deviance(some, mean) - log_factorial_rest(some)
        value = np.where(np.isfinite(value) | (mean > 0.0), value, np.where(k > 0.0, -np.inf, 0.0))
    return np.where(k < 0.0, -np.inf, value)
