"""Mantel-Haenszel ratios and differences of two groups over strata, with their variances.

The data are `x` out of `n` in the group and `y` out of `m` in the other, of shape (rows, strata);
sizes are exposures for rates and totals for shares. A stratum with an empty group adds nothing.
Ratios come with the variance of their logarithm, differences with their own.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from countylines._kernels.method import FloatArray

Data = tuple[FloatArray, FloatArray, FloatArray, FloatArray]
Pair = tuple[FloatArray, FloatArray]


def _sizes(n: FloatArray, m: FloatArray) -> Pair:
    """Shares of the two sizes in each stratum, 0 where a group is empty."""
    both = (n > 0.0) & (m > 0.0)
    total = np.where(both, n + m, 1.0)
    return np.where(both, n / total, 0.0), np.where(both, m / total, 0.0)


def _quotient(top: FloatArray, bottom: FloatArray) -> FloatArray:
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio: FloatArray = top / bottom
    return ratio


def rate_ratio(x: FloatArray, n: FloatArray, y: FloatArray, m: FloatArray) -> Pair:
    """Ratio of rates; variance of Greenland and Robins (1985)."""
    a, b = _sizes(n, m)
    top, bottom = (x * b).sum(axis=1), (y * a).sum(axis=1)
    return _quotient(top, bottom), _quotient(_quotient(((x + y) * a * b).sum(axis=1), top), bottom)


def risk_ratio(x: FloatArray, n: FloatArray, y: FloatArray, m: FloatArray) -> Pair:
    """Ratio of shares; variance of Greenland and Robins (1985)."""
    a, b = _sizes(n, m)
    top, bottom = (x * b).sum(axis=1), (y * a).sum(axis=1)
    total = np.where(a > 0.0, n + m, 1.0)
    part = np.where(a > 0.0, (x + y) * a * b - x * y / total, 0.0)
    return _quotient(top, bottom), _quotient(_quotient(part.sum(axis=1), top), bottom)


def odds_ratio(x: FloatArray, n: FloatArray, y: FloatArray, m: FloatArray) -> Pair:
    """Ratio of odds; variance of Robins, Breslow and Greenland (1986)."""
    total = np.where(n + m > 0.0, n + m, 1.0)
    straight, crossed = x * (m - y) / total, (n - x) * y / total
    for_it, against = (x + m - y) / total, (n - x + y) / total
    top, bottom = straight.sum(axis=1), crossed.sum(axis=1)
    variance = 0.5 * (
        _quotient(_quotient((for_it * straight).sum(axis=1), top), top)
        + _quotient(_quotient((for_it * crossed + against * straight).sum(axis=1), top), bottom)
        + _quotient(_quotient((against * crossed).sum(axis=1), bottom), bottom)
    )
    return _quotient(top, bottom), variance


def rate_difference(x: FloatArray, n: FloatArray, y: FloatArray, m: FloatArray) -> Pair:
    """Difference of rates; variance of Greenland and Robins (1985)."""
    a, b = _sizes(n, m)
    weight = (n * b).sum(axis=1)
    difference = (x * b - y * a).sum(axis=1)
    variance = (x * b**2 + y * a**2).sum(axis=1)
    return _quotient(difference, weight), _quotient(_quotient(variance, weight), weight)


def risk_difference(x: FloatArray, n: FloatArray, y: FloatArray, m: FloatArray) -> Pair:
    """Difference of shares; variance of Sato (1989), right for few large and many small strata."""
    a, b = _sizes(n, m)
    weight = (n * b).sum(axis=1)
    difference = _quotient((x * b - y * a).sum(axis=1), weight)
    total = np.where(a > 0.0, n + m, 1.0)
    first = y * a**2 - x * b**2 + 0.5 * a * b * (m - n)
    second = np.where(a > 0.0, 0.5 * (x * (m - y) + y * (n - x)) / total, 0.0)
    variance = difference * first.sum(axis=1) + second.sum(axis=1)
    return difference, _quotient(_quotient(np.maximum(variance, 0.0), weight), weight)


METHODS: dict[str, Callable[..., Pair]] = {
    "rate-ratio": rate_ratio,
    "risk-ratio": risk_ratio,
    "odds-ratio": odds_ratio,
    "rate-difference": rate_difference,
    "risk-difference": risk_difference,
}
