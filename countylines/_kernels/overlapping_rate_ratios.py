"""The ratio of two rate ratios where some of the people are counted in both.

The data are those of `ratio_of_rate_ratios`, then the people of the group, and of its reference,
who are in both. With counts that are sums of Poisson counts of people in one and in both, two logs
have the covariance shared / (x other_x). The limits are log-normal: nothing is added to a count.
"""

from __future__ import annotations

import numpy as np
from scipy.special import ndtr

from countylines._kernels import ratio_of_rate_ratios
from countylines._kernels.method import FloatArray, Method, critical_value
from countylines._kernels.ratio_error import ratio_error

SAME = 1e-12  # of the variance without overlap, below which the people are the same


def estimate(*data: FloatArray) -> FloatArray:
    """The ratio of the ratios; that people are shared makes no difference to it."""
    return ratio_of_rate_ratios.estimate(*data[:8])


def log_standard_error(*data: FloatArray) -> FloatArray:
    """Of the log of the ratio: infinite with a count of 0; 0 where everybody is shared."""
    x, _, y, _, other_x, _, other_y, _, shared, ref_shared = data
    apart = ratio_of_rate_ratios.log_standard_error(*data[:8])
    with np.errstate(divide="ignore", invalid="ignore"):
        together = 2.0 * shared / (x * other_x) + 2.0 * ref_shared / (y * other_y)
        variance = apart**2 - np.where(np.isfinite(apart), together, 0.0)
        variance = np.where(variance <= SAME * apart**2, 0.0, variance)
    return np.where(np.isfinite(apart), np.sqrt(variance), apart)


def standard_error(*data: FloatArray) -> FloatArray:
    """Standard error of the ratio; nan where the ratio is not a number above 0."""
    return ratio_error(estimate(*data), log_standard_error(*data))


def _limits(*data: FloatArray, level: float, alternative: str) -> tuple[FloatArray, FloatArray]:
    z = critical_value(level, alternative)
    error = log_standard_error(*data)
    usable = np.isfinite(error)
    middle = np.log(np.where(usable, estimate(*data), 1.0))
    reach = z * np.where(usable, error, 0.0)
    low = np.where(usable & (alternative != "less"), np.exp(middle - reach), 0.0)
    high = np.where(usable & (alternative != "greater"), np.exp(middle + reach), np.inf)
    return low, high


def _pvalue(*data: FloatArray, null: FloatArray, alternative: str) -> FloatArray:
    error = log_standard_error(*data)
    usable = np.isfinite(error)
    away = np.log(np.where(usable, estimate(*data), 1.0)) - np.log(null)
    with np.errstate(divide="ignore", invalid="ignore"):
        z = np.where(away == 0.0, 0.0, away / np.where(usable, error, 1.0))
    if alternative == "two-sided":
        p = 2.0 * ndtr(-np.abs(z))
    else:
        p = ndtr(-z if alternative == "greater" else z)
    return np.where(usable, p, 1.0)


METHODS: dict[str, Method] = {"woolf": Method(_limits, _pvalue, asymptotic=True)}
