"""Limits and p-values of the ratio of two directly standardised rates.

Each rate is bounded by a gamma distribution, from below by its own mean and variance and from above
with one more event in a stratum of some weight (`weighted_poisson`). The ratio of two gamma
variables is a multiple of the odds of a beta variable, that is an F variable: below, the group's
lower distribution over the reference's upper one; above, the other way round (Fay 1999).
"""

from __future__ import annotations

from functools import partial

import numpy as np
from scipy.special import betainc, betaincc, betainccinv, betaincinv, expit, ndtr

from countylines._kernels.method import FloatArray, Method, critical_value, tail_area
from countylines._kernels.score_difference import Flags, combined
from countylines._kernels.weighted_poisson import Sums, bounding_above, bounding_below, sums

Pair = tuple[Sums, Sums]


def both_sums(
    count: FloatArray, weight: FloatArray, ref_count: FloatArray, ref_weight: FloatArray
) -> Pair:
    """What the limits need to know of each group."""
    return sums(count, weight), sums(ref_count, ref_weight)


def _turned(pair: Pair) -> Pair:
    return pair[1], pair[0]


def estimate(pair: Pair) -> FloatArray:
    """Ratio of the rates: x/0 is infinite, 0/0 nan."""
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio: FloatArray = pair[0].rate / pair[1].rate
    return ratio


def log_standard_error(pair: Pair) -> FloatArray:
    """Standard error of the log ratio by the delta method: infinite without events in a group."""
    with np.errstate(divide="ignore", invalid="ignore"):
        parts = [np.where(s.total > 0.0, s.variance / s.rate**2, np.inf) for s in pair]
    error: FloatArray = np.sqrt(parts[0] + parts[1])
    return error


def _shapes(name: str, pair: Pair, rows: Flags) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Shapes of the two gamma distributions of a lower limit, and the ratio of their scales."""
    where = np.flatnonzero(rows)
    below, scale = bounding_below(pair[0].take(where))
    above, other = bounding_above(name, pair[1].take(where))
    return below, above, scale / other


def _low(name: str, pair: Pair, tail: float) -> FloatArray:
    result = np.zeros(pair[0].rate.shape)
    rows = pair[0].total > 0.0
    a, b, scale = _shapes(name, pair, rows)
    area = np.full(a.shape, tail)
    with np.errstate(divide="ignore"):
        result[rows] = scale * betaincinv(a, b, area) / betainccinv(b, a, area)
    return result


def _f_limits(
    name: str, *data: FloatArray, level: float, alternative: str
) -> tuple[FloatArray, FloatArray]:
    pair, tail = both_sums(*data), tail_area(level, alternative)
    low, high = np.zeros(pair[0].rate.shape), np.full(pair[0].rate.shape, np.inf)
    if alternative != "less":
        low = _low(name, pair, tail)
    if alternative != "greater":
        with np.errstate(divide="ignore"):
            high = 1.0 / _low(name, _turned(pair), tail)
    return low, high


def _one_sided(name: str, pair: Pair, log_null: FloatArray) -> FloatArray:
    """Area of the lower limit's distribution below the null; 1 where the limit is 0."""
    result = np.ones(log_null.shape)
    rows = pair[0].total > 0.0
    a, b, scale = _shapes(name, pair, rows)
    odds = log_null[rows] - np.log(scale)
    share, turned = expit(-np.abs(odds)), odds > 0.0
    result[rows] = np.where(turned, betaincc(b, a, share), betainc(a, b, share))
    return result


def _f_pvalue(name: str, *data: FloatArray, null: float, alternative: str) -> FloatArray:
    pair = both_sums(*data)
    log_null = np.full(pair[0].rate.shape, np.log(null))
    greater = _one_sided(name, pair, log_null)
    less = _one_sided(name, _turned(pair), -log_null)
    return combined(greater, less, alternative)


def _log_parts(pair: Pair) -> tuple[Flags, FloatArray, FloatArray]:
    usable = (pair[0].total > 0.0) & (pair[1].total > 0.0)
    middle = np.log(np.where(usable, estimate(pair), 1.0))
    return usable, middle, np.where(usable, log_standard_error(pair), 1.0)


def _log_limits(*data: FloatArray, level: float, alternative: str) -> tuple[FloatArray, FloatArray]:
    usable, middle, error = _log_parts(both_sums(*data))
    reach = critical_value(level, alternative) * error
    low = np.where(usable & (alternative != "less"), np.exp(middle - reach), 0.0)
    return low, np.where(usable & (alternative != "greater"), np.exp(middle + reach), np.inf)


def _log_pvalue(*data: FloatArray, null: float, alternative: str) -> FloatArray:
    usable, middle, error = _log_parts(both_sums(*data))
    z = (middle - np.log(null)) / error
    return np.where(usable, combined(ndtr(-z), ndtr(z), alternative), 1.0)


def _by_f(name: str) -> Method:
    return Method(partial(_f_limits, name), partial(_f_pvalue, name))


METHODS: dict[str, Method] = {
    "f": _by_f("fay-feuer"),
    "f-tiwari": _by_f("tiwari"),
    "log-delta": Method(_log_limits, _log_pvalue, asymptotic=True),
}
