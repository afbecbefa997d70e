"""Limits of the logarithm of a probability of detection, by the normal deviate that they leave.

Each function takes the deviate itself and not a level, so that a p-value far in the tail keeps its
digits. At deviate 0 both limits are the estimate.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import elementwise

FloatArray = NDArray[np.float64]
Pair = tuple[FloatArray, FloatArray]

_SMALLEST, _LARGEST = -40.0, 7.0  # log of the mean number of detections of a line


def wilson(count: FloatArray, total: FloatArray, z: float) -> Pair:
    """Wilson's limits of a share, the lower one from their product, which does not cancel."""
    rest = total - count
    root = z * np.sqrt(z * z + 4.0 * count * rest / total)
    high = (2.0 * count + z * z + root) / (2.0 * (total + z * z))
    return count**2 / (total * (total + z * z) * high) if z else high, high


def log_share(count: FloatArray, total: FloatArray, z: float) -> Pair:
    """Log of Wilson's limits."""
    low, high = wilson(count, total, z)
    with np.errstate(divide="ignore"):
        return np.log(low), np.log(high)


def log_odds(count: FloatArray, total: FloatArray, z: float) -> Pair:
    """Log odds of Wilson's limits."""
    low, high = wilson(count, total, z)
    rest_low, rest_high = wilson(total - count, total, z)
    with np.errstate(divide="ignore"):
        return np.log(low) - np.log(rest_high), np.log(high) - np.log(rest_low)


def log_logit_normal(estimate: FloatArray, standard_error: FloatArray, z: float) -> Pair:
    """Log of the limits of a probability whose log odds are about normal."""
    odds = np.log(estimate) - np.log1p(-estimate)
    reach = z * standard_error / (estimate * (1.0 - estimate))
    return -np.logaddexp(0.0, -(odds - reach)), -np.logaddexp(0.0, -(odds + reach))


def log_repeated(lines: FloatArray, detections: FloatArray, z: float) -> Pair:
    r"""Log probability of being detected at all, from how often those detected were.

    Detections of a line are Poisson with mean :math:`\lambda`, seen only above 0. The limits of
    :math:`\lambda` are those of the score test of the sum of detections.
    """
    return _repeated(lines, detections, z), _repeated(lines, detections, -z)


def _repeated(lines: FloatArray, detections: FloatArray, z: float) -> FloatArray:
    def gap(log_mean: FloatArray, n: FloatArray, total: FloatArray) -> FloatArray:
        expected, variance = _truncated(np.exp(log_mean))
        return n * (expected - 1.0) + z * np.sqrt(n * variance) - (total - n)

    low = np.full(lines.shape, _SMALLEST)
    high = np.full(lines.shape, _LARGEST)
    with np.errstate(invalid="ignore"):
        below = gap(low, lines, detections) >= 0.0
    found = np.where(below, -np.inf, np.nan)
    some = np.flatnonzero(~below)
    if some.size:
        found[some] = elementwise.find_root(
            gap,
            (low[some], high[some]),
            args=(lines[some], detections[some]),
            tolerances={"xatol": 1e-13, "xrtol": 1e-13, "fatol": 0.0, "frtol": 0.0},
        ).x
    mean = np.exp(found)
    with np.errstate(divide="ignore"):
        result: FloatArray = np.log(-np.expm1(-mean))
    return result


def _truncated(mean: FloatArray) -> Pair:
    """Mean and variance of a Poisson count known to be above 0."""
    seen = -np.expm1(-mean)
    expected = mean / seen
    # expected - 1 without cancellation where almost all are seen once
    excess = np.where(mean < 1e-4, mean / 2 + mean**2 / 12, expected - 1.0)
    variance = np.where(mean < 1e-4, mean / 2 + mean**2 / 6, expected * (1.0 + mean - expected))
    return 1.0 + excess, np.maximum(variance, 0.0)
