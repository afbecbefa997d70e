"""Log of a rising product, sum over j < x of log(1 + a j), which over-dispersed counts bring in.

It is x log a + log gamma(x + 1/a) - log gamma(1/a), whose terms cancel for small a: there the
leading terms of Stirling's series are taken together, so that the error stays near that of x.
"""

from __future__ import annotations

import numpy as np
from scipy.special import digamma, gammaln, polygamma

from countylines._kernels.method import FloatArray
from countylines._kernels.stirling import DIGAMMA, SERIES_FROM, odd_series

_SERIES = (1 / 12, -1 / 360, 1 / 1260, -1 / 1680, 1 / 1188, -691 / 360360)
_TRIGAMMA = (1 / 6, -1 / 30, 1 / 42, -1 / 30, 5 / 66, -691 / 2730)


def log_rising(x: FloatArray, log_a: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """The sum and its first two derivatives in log a, for x >= 0; 0 at x = 0."""
    x, log_a = np.broadcast_arrays(x, log_a)
    shape = np.exp(-log_a)
    series = shape >= SERIES_FROM
    if series.all():
        return _value_by_series(x, shape), *_derivatives_by_series(x, shape)
    if not series.any():
        return _value(x, shape, log_a), *_derivatives(x, shape)
    found = np.empty((3, *x.shape))
    found[0, series] = _value_by_series(x[series], shape[series])
    found[1:, series] = _derivatives_by_series(x[series], shape[series])
    rest = ~series
    found[0, rest] = _value(x[rest], shape[rest], log_a[rest])
    found[1:, rest] = _derivatives(x[rest], shape[rest])
    return found[0], found[1], found[2]


def _value(x: FloatArray, shape: FloatArray, log_a: FloatArray) -> FloatArray:
    value: FloatArray = gammaln(x + shape) - gammaln(shape) + x * log_a
    return np.where(x > 0.0, value, 0.0)


def _derivatives(x: FloatArray, shape: FloatArray) -> tuple[FloatArray, FloatArray]:
    """In log a: x - s (psi(x + s) - psi(s)), and once more."""
    step = digamma(x + shape) - digamma(shape)
    bend = polygamma(1, x + shape) - polygamma(1, shape)
    return x - shape * step, shape * step + shape**2 * bend


def _value_by_series(x: FloatArray, shape: FloatArray) -> FloatArray:
    rest = odd_series(_SERIES, 1.0 / (x + shape)) - odd_series(_SERIES, 1.0 / shape)
    return (x + shape - 0.5) * np.log1p(x / shape) - x + rest


def _derivatives_by_series(x: FloatArray, shape: FloatArray) -> tuple[FloatArray, FloatArray]:
    """psi(z) = log z - 1/(2 z) - sum of b_k z**(-2k); its leading logs are taken together."""
    top = x + shape
    one, other = 1.0 / top, 1.0 / shape
    half = 0.5 * x * one * other  # (1/s - 1/(x + s)) / 2
    logs = np.log1p(x / shape)
    step = logs + half + (other * odd_series(DIGAMMA, other) - one * odd_series(DIGAMMA, one))
    # psi'(z) = 1/z + 1/(2 z**2) + sum of c_k z**(-2k - 1)
    bend = -x * one * other + 0.5 * (one**2 - other**2)
    bend += one**2 * odd_series(_TRIGAMMA, one) - other**2 * odd_series(_TRIGAMMA, other)
    return x - shape * step, shape * (step + shape * bend)
