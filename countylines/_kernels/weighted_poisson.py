"""Limits of a weighted sum of independent Poisson counts, such as a directly standardised rate.

With y = sum w x and v = sum w^2 x, a gamma distribution of mean y and variance v bounds the rate
from below; from above it does so with one more event, in a stratum of some weight (Fay and Feuer
1997, who take the largest; later papers take an average). Dobson's limits scale those of the total
count. Strata of weight 0 are no part of the sum and decide nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
from scipy.special import ndtr, ndtri

from countylines._kernels import poisson
from countylines._kernels.method import FloatArray, Method, tail_area
from countylines._kernels.poisson_exact import gamma_quantile
from countylines._kernels.poisson_tails import log_probability, lower_gamma, upper_gamma
from countylines._kernels.roots import Rows, increasing_root

UNINFORMATIVE_AT_ZERO = frozenset({"dobson", "dobson-exact", "dobson-mid-p", "wald-log"})
FEW = 10  # events, below which the scaled and the large-sample limits are not to be trusted


@dataclass(frozen=True)
class Sums:
    """What the limits need to know of each row of strata."""

    total: FloatArray  # sum of x
    rate: FloatArray  # y
    variance: FloatArray  # v
    added: dict[str, tuple[FloatArray, FloatArray]]  # weight, and squared weight, of one more event

    def take(self, rows: Rows) -> Sums:
        """The same for some rows."""
        added = {name: (w[rows], w2[rows]) for name, (w, w2) in self.added.items()}
        return Sums(self.total[rows], self.rate[rows], self.variance[rows], added)


def sums(count: FloatArray, weight: FloatArray) -> Sums:
    """Sums over the last axis; at least one weight in each row is above 0."""
    used = weight > 0.0
    number = used.sum(axis=-1)
    largest = weight.max(axis=-1)
    smallest = np.where(used, weight, np.inf).min(axis=-1)
    mean, square = weight.sum(axis=-1) / number, (weight * weight).sum(axis=-1) / number
    middle = 0.5 * (largest + smallest)
    return Sums(
        total=np.where(used, count, 0.0).sum(axis=-1),
        rate=(weight * count).sum(axis=-1),
        variance=(weight * weight * count).sum(axis=-1),
        added={
            "tiwari": (mean, square),
            "fay-feuer": (largest, largest * largest),
            "mean-weight": (mean, mean * mean),
            "min-max-average": (middle, middle * middle),
            "mid-p": (largest, largest * largest),
        },
    )


def bounding_below(data: Sums) -> tuple[FloatArray, FloatArray]:
    """Shape and scale of the gamma distribution that bounds the rate from below; y above 0."""
    return data.rate**2 / data.variance, data.variance / data.rate


def bounding_above(name: str, data: Sums) -> tuple[FloatArray, FloatArray]:
    """Shape and scale of the one that bounds it from above."""
    weight, square = data.added[name]
    rate, variance = data.rate + weight, data.variance + square
    return rate**2 / variance, variance / rate


def _gamma_limit(name: str, data: Sums, tail: FloatArray, side: int) -> FloatArray:
    shape, scale = bounding_below(data) if side > 0 else bounding_above(name, data)
    return scale * gamma_quantile(shape, tail, side)


def _gamma_pvalue(name: str, data: Sums, null: FloatArray, side: int) -> FloatArray:
    shape, scale = bounding_below(data) if side > 0 else bounding_above(name, data)
    return (lower_gamma if side > 0 else upper_gamma)(shape, null / scale)


def _mid_p_limit(data: Sums, tail: FloatArray, side: int) -> FloatArray:
    """Where the mean of the two distributions leaves `tail` outside (Fay and Kim 2017)."""
    gamma = lower_gamma if side > 0 else upper_gamma
    parts = (bounding_below(data), bounding_above("mid-p", data))
    ends = [np.log(scale * gamma_quantile(shape, tail, side)) for shape, scale in parts]

    def residual(t: FloatArray, rows: Rows) -> tuple[FloatArray, FloatArray]:
        value: FloatArray = np.zeros(t.shape)
        slope: FloatArray = np.zeros(t.shape)
        for shape, scale in parts:
            a, m = shape[rows], np.exp(side * t) / scale[rows]
            value = value + 0.5 * gamma(a, m)
            slope = slope + 0.5 * a * np.exp(log_probability(a, m))
        return np.log(value / tail[rows]), slope / value

    low, high = np.minimum(*ends), np.maximum(*ends)
    left, right = (low, high) if side > 0 else (-high, -low)
    limit: FloatArray = np.exp(side * increasing_root(residual, left, right, 0.5 * (left + right)))
    return limit


def _mid_p_pvalue(data: Sums, null: FloatArray, side: int) -> FloatArray:
    gamma = lower_gamma if side > 0 else upper_gamma
    parts = (bounding_below(data), bounding_above("mid-p", data))
    first, second = (gamma(shape, null / scale) for shape, scale in parts)
    return 0.5 * (first + second)


def _dobson_limit(counted: str, data: Sums, tail: FloatArray, side: int) -> FloatArray:
    """Limits of the total count, scaled to the standard error of the rate (Dobson et al. 1991)."""
    way = "greater" if side > 0 else "less"
    end = poisson.one_sided_limit(data.total, tail=tail, side=way, method=counted)
    limit = data.rate + np.sqrt(data.variance / data.total) * (end - data.total)
    return np.maximum(limit, 0.0)


def _dobson_pvalue(counted: str, data: Sums, null: FloatArray, side: int) -> FloatArray:
    """Test of the total count at the mean that the scaling gives a null; 0 for a mean below 0."""
    mean = data.total + (null - data.rate) / np.sqrt(data.variance / data.total)
    way = "greater" if side > 0 else "less"
    some = np.maximum(mean, 0.0)
    value = poisson.METHODS[counted].pvalue(
        data.total, np.ones(mean.shape), null=some, alternative=way
    )
    return np.where(mean < 0.0, 0.0 if side > 0 else 1.0, value)


def _wald_limit(data: Sums, tail: FloatArray, side: int) -> FloatArray:
    return np.maximum(data.rate + side * ndtri(tail) * np.sqrt(data.variance), 0.0)


def _wald_pvalue(data: Sums, null: FloatArray, side: int) -> FloatArray:
    value: FloatArray = ndtr(side * (null - data.rate) / np.sqrt(data.variance))
    return value


def _log_error(data: Sums) -> FloatArray:
    return np.sqrt(data.variance) / data.rate


def _log_limit(data: Sums, tail: FloatArray, side: int) -> FloatArray:
    limit: FloatArray = data.rate * np.exp(side * ndtri(tail) * _log_error(data))
    return limit


def _log_pvalue(data: Sums, null: FloatArray, side: int) -> FloatArray:
    with np.errstate(divide="ignore"):
        value: FloatArray = ndtr(side * np.log(null / data.rate) / _log_error(data))
    return value


@dataclass(frozen=True)
class _OneSided:
    """For rows with events; `at_zero(sums, tail)` is the upper limit without, infinite if None."""

    limit: Callable[[Sums, FloatArray, int], FloatArray]
    pvalue: Callable[[Sums, FloatArray, int], FloatArray]
    at_zero: str | None = None
    asymptotic: bool = False


_ONE_SIDED = {
    name: _OneSided(partial(_gamma_limit, name), partial(_gamma_pvalue, name), name)
    for name in ("tiwari", "fay-feuer", "mean-weight", "min-max-average")
}
_ONE_SIDED["mid-p"] = _OneSided(_mid_p_limit, _mid_p_pvalue, "mid-p")
_ONE_SIDED |= {
    name: _OneSided(
        partial(_dobson_limit, counted), partial(_dobson_pvalue, counted), asymptotic=True
    )
    for name, counted in {
        "dobson": "byar",
        "dobson-exact": "exact",
        "dobson-mid-p": "mid-p",
    }.items()
}
_ONE_SIDED["wald"] = _OneSided(_wald_limit, _wald_pvalue, asymptotic=True)
_ONE_SIDED["wald-log"] = _OneSided(_log_limit, _log_pvalue, asymptotic=True)


def _limit(name: str, data: Sums, tail: float, side: int) -> FloatArray:
    method = _ONE_SIDED[name]
    result = np.zeros(data.rate.shape)
    some, none = np.flatnonzero(data.total > 0.0), np.flatnonzero(data.total <= 0.0)
    area = np.full(data.rate.shape, tail)
    if some.size:
        result[some] = method.limit(data.take(some), area[some], side)
    if none.size and side < 0:
        result[none] = _upper_without_events(name, data.take(none), area[none])
    return result


def _upper_without_events(name: str, data: Sums, tail: FloatArray) -> FloatArray:
    if name in UNINFORMATIVE_AT_ZERO:
        return np.full(tail.shape, np.inf)
    if _ONE_SIDED[name].at_zero is None:
        return np.zeros(tail.shape)
    # Half of the mid-p distribution then lies at 0.
    area = np.minimum(2.0 * tail, 1.0) if name == "mid-p" else tail
    shape, scale = bounding_above(name, data)
    inside = area < 1.0
    quantile = np.zeros(tail.shape)
    quantile[inside] = gamma_quantile(shape[inside], area[inside], -1)
    return scale * quantile


def _one_sided_pvalue(name: str, data: Sums, null: FloatArray, side: int) -> FloatArray:
    method = _ONE_SIDED[name]
    result = np.ones(null.shape)
    some, none = np.flatnonzero(data.total > 0.0), np.flatnonzero(data.total <= 0.0)
    if some.size:
        result[some] = method.pvalue(data.take(some), null[some], side)
    if none.size and side < 0 and name not in UNINFORMATIVE_AT_ZERO:
        if method.at_zero is None:
            result[none] = np.where(null[none] > 0.0, 0.0, 1.0)
        else:
            shape, scale = bounding_above(name, data.take(none))
            result[none] = upper_gamma(shape, null[none] / scale) * (0.5 if name == "mid-p" else 1)
    beyond = null <= 0.0 if side < 0 else np.zeros(null.shape, dtype=bool)
    return np.where(beyond, 1.0, result)


def _limits(
    name: str, count: FloatArray, weight: FloatArray, *, level: float, alternative: str
) -> tuple[FloatArray, FloatArray]:
    data = sums(count, weight)
    tail = tail_area(level, alternative)
    low, high = np.zeros(data.rate.shape), np.full(data.rate.shape, np.inf)
    if alternative != "less":
        low = _limit(name, data, tail, 1)
    if alternative != "greater":
        high = _limit(name, data, tail, -1)
    return low, high


def _pvalue(
    name: str, count: FloatArray, weight: FloatArray, *, null: float, alternative: str
) -> FloatArray:
    data = sums(count, weight)
    nulls = np.full(data.rate.shape, null)
    if alternative != "two-sided":
        return _one_sided_pvalue(name, data, nulls, 1 if alternative == "greater" else -1)
    greater, less = (_one_sided_pvalue(name, data, nulls, side) for side in (1, -1))
    return np.minimum(1.0, 2.0 * np.minimum(greater, less))


METHODS: dict[str, Method] = {
    name: Method(
        limits=partial(_limits, name),
        pvalue=partial(_pvalue, name),
        asymptotic=one_sided.asymptotic,
    )
    for name, one_sided in _ONE_SIDED.items()
}
