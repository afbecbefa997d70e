"""A slope per unit of time, adjusted for detection: estimate, limits and p-value of one row."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.special import log_ndtr, ndtr, stdtrit

from countylines._kernels import detection_limits, offset_trend
from countylines._kernels.method import critical_value
from countylines.localisation.detection import Parts

FloatArray = NDArray[np.float64]

FARTHEST = 37.0  # normal deviates; the tail beyond is below 1e-299
SHARE, INTERNAL, EXTERNAL = "share", "internal", "external"


@dataclass(frozen=True)
class Counts:
    """Recorded lines by period, and the times of the periods."""

    internal: FloatArray
    external: FloatArray
    time: FloatArray

    @property
    def design(self) -> FloatArray:
        """Level and time."""
        return np.column_stack([np.ones(self.time.size), self.time - self.time.mean()])

    @property
    def total(self) -> FloatArray:
        """Lines of either type."""
        return self.internal + self.external


@dataclass(frozen=True)
class _Term:
    """Independent terms of a slope: value and limits by normal deviate, before coefficients."""

    coefficients: FloatArray
    values: FloatArray
    limits: Callable[[float], tuple[FloatArray, FloatArray]]


@dataclass(frozen=True)
class Slope:
    """A slope on a log scale as a sum of independent terms."""

    estimate: float
    standard_error: float
    terms: tuple[_Term, ...]
    gradient: FloatArray  # by the offset of each period
    dispersion: float = 1.0
    exists: bool = True
    narrowing: float = 1.0  # of the limits, where an input holds recorded lines

    def limit(self, z: float, side: int) -> float:
        """The limit that leaves out the normal tail beyond `z`: below for side -1, above for +1.

        Square and add; where a term is infinite the limits of the terms are added, which is wider.
        """
        if not self.exists:
            return side * np.inf
        ends = np.concatenate([_end(term, z, side) for term in self.terms])
        if np.isinf(ends[ends * side > 0]).any():
            return side * np.inf
        if np.isfinite(self.estimate):
            middle = np.concatenate([t.coefficients * t.values for t in self.terms])
            with np.errstate(over="ignore"):  # Student's quantiles with one degree of freedom
                reach = self.narrowing * float(np.sqrt(np.sum((ends - middle) ** 2)))
                return self.estimate + side * reach
        return float(np.sum(ends))

    def limits(self, level: float, alternative: str) -> tuple[float, float]:
        """Limits at one level."""
        z = critical_value(level, alternative)
        low = -np.inf if alternative == "less" else self.limit(z, -1)
        high = np.inf if alternative == "greater" else self.limit(z, 1)
        return low, high

    def deviate(self, null: float) -> float:
        """Signed normal deviate at which a limit reaches `null`."""
        if np.isnan(self.estimate):
            return np.nan
        if self.estimate == null:
            return 0.0
        side = -1 if self.estimate > null else 1

        def gap(z: float) -> float:
            return float(np.clip(side * (self.limit(z, side) - null), -1e3, 1e3))

        if gap(0.0) >= 0.0:
            return 0.0
        if gap(FARTHEST) <= 0.0:
            return -side * FARTHEST
        return -side * float(brentq(gap, 0.0, FARTHEST, xtol=1e-13, rtol=1e-13))


def pvalue(deviate: float, alternative: str) -> float:
    """P-value of a signed normal deviate."""
    if alternative == "greater":
        return float(ndtr(-deviate))
    if alternative == "less":
        return float(ndtr(deviate))
    return float(2.0 * ndtr(-abs(deviate)))


def _end(term: _Term, z: float, side: int) -> FloatArray:
    low, high = term.limits(z)
    upward = (term.coefficients > 0) == (side > 0)
    return term.coefficients * np.where(upward, high, low)


def slope(counts: Counts, kind: str, parts: Parts | None, *, quasi: bool) -> Slope:
    """The slope of one row, with the parts of detection as offsets."""
    enters = None if parts is None else loading(parts, kind)
    offset, used = np.zeros(counts.time.size), np.zeros(0, dtype=bool)
    if parts is not None and enters is not None:
        used = (enters != 0).any(axis=1)
        with np.errstate(invalid="ignore"):
            offset = parts.values[used] @ enters[used]
    if counts.time.size == 2:
        made = _change(counts, kind)
    else:
        spread = np.zeros((offset.size, offset.size))
        if parts is not None and enters is not None and np.isfinite(offset).all():
            spread = enters[used].T @ (enters[used] * parts.errors[used, None] ** 2)
            spread -= 2.0 * np.diag(_covariance(counts, kind, parts))
        made = _fitted(counts, kind, offset, spread, quasi)
    if parts is None or enters is None or not made.exists:
        return made
    with np.errstate(invalid="ignore"):
        shared = float(2.0 * np.sum(made.gradient**2 * _covariance(counts, kind, parts)))
    return _with_parts(made, parts, enters @ made.gradient, counts.time.size == 2, shared)


def loading(parts: Parts, kind: str) -> FloatArray:
    """How each part enters the offset of one row."""
    if kind == SHARE:
        return parts.internal - parts.external
    return parts.internal if kind == INTERNAL else parts.external


def _covariance(counts: Counts, kind: str, parts: Parts) -> FloatArray:
    """Covariance, by period, of recorded counts and an input that holds lines among them.

    A line found by an audit is recorded as well. With independent Poisson numbers of lines in the
    register alone, in both and in the audit alone, log n and the log of the share found have the
    covariance (1 - d) / n.
    """
    if parts.missed is None:
        return np.zeros(counts.time.size)
    numbers = np.stack([counts.internal, counts.external])
    types = {SHARE: [0, 1], INTERNAL: [0], EXTERNAL: [1]}[kind]
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray((parts.missed / numbers)[types].sum(axis=0), dtype=np.float64)


def _with_parts(
    made: Slope, parts: Parts, coefficients: FloatArray, change: bool, shared: float
) -> Slope:
    # a coefficient is a sum of differences: rounding is not a loading
    used = np.abs(coefficients) > 1e-12 * np.max(np.abs(coefficients), initial=0.0)
    if not used.any():
        return made

    def limits(z: float) -> tuple[FloatArray, FloatArray]:
        low, high = parts.limits(z)
        return low[used], high[used]

    weights, values = coefficients[used], parts.values[used]
    estimate = made.estimate
    if change:
        with np.errstate(invalid="ignore"):
            estimate += float(np.sum(weights * values))
    error = float(np.sqrt(made.standard_error**2 + np.sum((weights * parts.errors[used]) ** 2)))
    narrowing = 1.0
    if np.isfinite(estimate) and np.isfinite(error):
        narrowing = float(np.sqrt(1.0 - shared / error**2))
    return Slope(
        estimate,
        narrowing * error if np.isfinite(estimate) else np.nan,
        (*made.terms, _Term(weights, values, limits)),
        made.gradient,
        made.dispersion,
        made.exists,
        narrowing,
    )


def _change(counts: Counts, kind: str) -> Slope:
    """Two periods: differences of log odds, of shares or of one type given its total."""
    step = float(np.diff(counts.time)[0])
    if kind == SHARE:
        count, total, sign = counts.internal, counts.total, np.array([-1.0, 1.0]) / step
    else:
        both = counts.internal if kind == INTERNAL else counts.external
        count, total, sign = both[1:], both.sum(keepdims=True), np.array([1.0]) / step
    gradient = np.array([1.0, -1.0]) / step
    if (total == 0).any():
        return _none(2)

    def limits(z: float) -> tuple[FloatArray, FloatArray]:
        return detection_limits.log_odds(count, total, z)

    value = limits(0.0)[0]
    with np.errstate(divide="ignore", invalid="ignore"):
        estimate = float(np.sum(sign * value))
        error = float(np.sqrt(np.sum(sign**2 * (1.0 / count + 1.0 / (total - count)))))
    error = error if np.isfinite(estimate) else np.nan
    return Slope(estimate, error, (_Term(sign, value, limits),), gradient)


def _fitted(
    counts: Counts, kind: str, offset: FloatArray, spread: FloatArray, quasi: bool
) -> Slope:
    """Three periods and more: a straight line in log odds or log counts."""
    if not np.isfinite(offset).all():
        return _none(offset.size)
    design = counts.design
    if kind == SHARE:
        fit = offset_trend.logistic(counts.internal, counts.total, design, offset)
    else:
        both = counts.internal if kind == INTERNAL else counts.external
        fit = offset_trend.poisson(both, design, offset)
    if not fit.finite:
        return _none(offset.size)
    scale = offset_trend.dispersion(fit, design, spread) if quasi else 1.0
    freedom = offset.size - 2
    one, value = np.ones(1), fit.coefficients[1:]
    error = float(np.sqrt(scale * fit.covariance[1, 1]))

    def limits(z: float) -> tuple[FloatArray, FloatArray]:
        # Student's quantile with the tail of the normal deviate
        reach = -float(stdtrit(freedom, np.exp(log_ndtr(-z)))) if quasi else z
        return value - reach * error, value + reach * error

    return Slope(float(value[0]), error, (_Term(one, value, limits),), fit.gradient[1], scale)


def _none(periods: int) -> Slope:
    return Slope(np.nan, np.nan, (), np.zeros(periods), exists=False)
