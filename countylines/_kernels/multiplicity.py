"""Adjusted p-values of many tests, and levels at which many intervals hold together.

P-values have shape (families, tests); every row is a family. An adjusted p-value is the smallest
level at which the procedure rejects that hypothesis, so it is never below the p-value itself.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np
from scipy.special import ndtr, ndtri

from countylines._kernels.method import FloatArray

Adjust = Callable[[FloatArray], FloatArray]


def bonferroni(p: FloatArray) -> FloatArray:
    """Every p-value times the number of tests."""
    adjusted: FloatArray = np.minimum(1.0, p.shape[1] * p)
    return adjusted


def sidak(p: FloatArray) -> FloatArray:
    """One less the chance that so many independent p-values all exceed it."""
    with np.errstate(divide="ignore"):
        adjusted: FloatArray = -np.expm1(p.shape[1] * np.log1p(-p))
    return adjusted


def _stepwise(p: FloatArray, adjust: Adjust, *, up: bool) -> FloatArray:
    """Adjust sorted p-values and make them rise: from the smallest on, or down from the largest."""
    order = np.argsort(p, axis=1, kind="stable")
    value = adjust(np.take_along_axis(p, order, axis=1))
    if up:
        value = np.minimum.accumulate(value[:, ::-1], axis=1)[:, ::-1]
    else:
        value = np.maximum.accumulate(value, axis=1)
    adjusted = np.empty_like(p)
    np.put_along_axis(adjusted, order, np.minimum(value, 1.0), axis=1)
    return adjusted


def _places(p: FloatArray) -> FloatArray:
    return np.arange(1.0, p.shape[1] + 1.0)


def holm(p: FloatArray) -> FloatArray:
    """Bonferroni among the tests not yet rejected, from the smallest p-value on."""
    return _stepwise(p, lambda s: s * (s.shape[1] + 1.0 - _places(s)), up=False)


def _holm_sidak_sorted(s: FloatArray) -> FloatArray:
    with np.errstate(divide="ignore"):
        value: FloatArray = -np.expm1((s.shape[1] + 1.0 - _places(s)) * np.log1p(-s))
    return value


def holm_sidak(p: FloatArray) -> FloatArray:
    """Sidak's adjustment among the tests not yet rejected."""
    return _stepwise(p, _holm_sidak_sorted, up=False)


def hochberg(p: FloatArray) -> FloatArray:
    """The bounds of Holm, from the largest p-value down."""
    return _stepwise(p, lambda s: s * (s.shape[1] + 1.0 - _places(s)), up=True)


def hommel(p: FloatArray) -> FloatArray:
    """Closed testing with Simes' test of every intersection."""
    return _stepwise(p, _hommel_sorted, up=False)


def _hommel_sorted(s: FloatArray) -> FloatArray:
    """For m = n, n - 1, ..., 2: Simes' p-value of the largest m bounds what is rejected so far."""
    tests = s.shape[1]
    value = np.repeat((tests * s / _places(s)).min(axis=1, keepdims=True), tests, axis=1)
    best = value.copy()
    for m in range(tests - 1, 1, -1):
        first = tests - m + 1
        tail = m * s[:, first:] / np.arange(2.0, m + 1.0)
        simes = tail.min(axis=1, keepdims=True)
        value[:, :first] = np.minimum(m * s[:, :first], simes)
        value[:, first:] = value[:, first - 1 : first]
        best = np.maximum(best, value)
    adjusted: FloatArray = np.maximum(best, s)
    return adjusted


def benjamini_hochberg(p: FloatArray, factor: float = 1.0) -> FloatArray:
    """Bound on the expected share of false ones among the rejections."""
    return _stepwise(p, lambda s: factor * s.shape[1] * s / _places(s), up=True)


def benjamini_yekutieli(p: FloatArray) -> FloatArray:
    """The same, however the tests depend on each other."""
    return benjamini_hochberg(p, float((1.0 / _places(p)).sum()))


METHODS: dict[str, Adjust] = {
    "benjamini-hochberg": partial(benjamini_hochberg, factor=1.0),
    "benjamini-yekutieli": benjamini_yekutieli,
    "holm": holm,
    "holm-sidak": holm_sidak,
    "hochberg": hochberg,
    "hommel": hommel,
    "bonferroni": bonferroni,
    "sidak": sidak,
}


def level_of_each(level: float, number: float, method: str) -> float:
    """Level at which each of `number` intervals is made, for all to hold at `level`."""
    if method == "sidak":
        return float(np.exp(np.log(level) / number))
    return 1.0 - (1.0 - level) / number


NODES, WEIGHTS = np.polynomial.hermite_e.hermegauss(120)
WEIGHTS = WEIGHTS / WEIGHTS.sum()
BISECTIONS = 100


def all_within(
    critical: FloatArray, number: int, correlation: float, *, two_sided: bool
) -> FloatArray:
    """Chance that `number` equally correlated normal statistics all keep within a value.

    Given their common part, a share `correlation` (at least 0) of the variance, they are
    independent. It is exact to some 1e-10 for correlations up to 0.9.
    """
    common, own = np.sqrt(correlation) * NODES, np.sqrt(1.0 - correlation)
    value = np.asarray(critical)[..., None]
    inside = ndtr((value - common) / own)
    if two_sided:
        inside = inside - ndtr((-value - common) / own)
    chance: FloatArray = inside**number @ WEIGHTS
    return chance


def equal_correlation_level(
    level: float, number: int, correlation: float, *, two_sided: bool = True
) -> float:
    """Level of each of `number` equally correlated intervals, for all to hold at `level`."""
    sides = 2.0 if two_sided else 1.0
    tail = (1.0 - level) / sides
    low, high = float(-ndtri(tail)), float(-ndtri(tail / number))
    for _ in range(BISECTIONS):
        middle = 0.5 * (low + high)
        held = all_within(np.array(middle), number, correlation, two_sided=two_sided)
        low, high = (middle, high) if held < level else (low, middle)
    return float(1.0 - sides * ndtr(-high))
