"""Logs of the tail probabilities of a Poisson count, however small they are."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammainc, gammaincc, gammaln, xlogy

FloatArray = NDArray[np.float64]

_SMALL = 1e-250  # below, the incomplete gamma functions lose digits and then everything
_TERM = 1e-17


def log_below(count: FloatArray, mean: FloatArray) -> FloatArray:
    """Log of P(X <= count) for X Poisson with `mean`."""
    return _logged(gammaincc(count + 1.0, mean), count, mean, below=True)


def log_above(count: FloatArray, mean: FloatArray) -> FloatArray:
    """Log of P(X >= count) for X Poisson with `mean`."""
    positive = np.maximum(count, 1.0)
    share = np.where(count > 0, gammainc(positive, mean), 1.0)
    return _logged(share, count, mean, below=False)


def _logged(share: FloatArray, count: FloatArray, mean: FloatArray, *, below: bool) -> FloatArray:
    with np.errstate(divide="ignore"):
        result: FloatArray = np.log(share)
    tiny = (share < _SMALL) & (mean > 0)
    if tiny.any():
        k, m = count[tiny], mean[tiny]
        result[tiny] = xlogy(k, m) - m - gammaln(k + 1.0) + np.log(_ratios(k, m, below))
    return result


def _ratios(count: FloatArray, mean: FloatArray, below: bool) -> FloatArray:
    """The tail over its first term: 1 + r1 + r1 r2 + ..., whose factors fall below 1 at once."""
    total = np.ones_like(count)
    term = np.ones_like(count)
    step = 0.0
    while term.max() > _TERM:
        term = term * ((count - step) / mean if below else mean / (count + step + 1.0))
        total += term
        step += 1.0
    return total
