"""Likelihood of lives whose log is location plus scale times a standard variable.

Each life ended in (lower, upper], or exactly where the two are equal, or not yet where `upper` is
infinite; it was watched from `entry` on, so that its chance is divided by that of lasting until
then. Parameters are the coefficients of the location and the log of the scale.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import digamma, expit, gammaln, log_ndtr, ndtri

from countylines._kernels.maximum_likelihood import Maximum, maximise
from countylines._kernels.method import FloatArray

Terms = tuple[FloatArray, FloatArray, FloatArray]

HALF_LOG_2PI = 0.9189385332046727
GRID_LIVES = 1_000  # that the grid of starts looks at
STARTS = 3


class Family(NamedTuple):
    """Log survival and log density of the standard variable, with two derivatives each."""

    survival: Callable[[FloatArray], Terms]
    density: Callable[[FloatArray], Terms]
    quantile: Callable[[FloatArray], FloatArray]
    log_mean: Callable[
        [float], tuple[float, float]
    ]  # of exp(scale * w), and its slope in log scale
    scaled: bool = True


def _gumbel_survival(z: FloatArray) -> Terms:
    power = -np.exp(z)
    return power, power, power


def _gumbel_density(z: FloatArray) -> Terms:
    power = -np.exp(z)
    return z + power, 1.0 + power, power


def _logistic_survival(z: FloatArray) -> Terms:
    share = expit(z)
    return -np.logaddexp(0.0, z), -share, -share * expit(-z)


def _logistic_density(z: FloatArray) -> Terms:
    share = expit(z)
    return z - 2.0 * np.logaddexp(0.0, z), 1.0 - 2.0 * share, -2.0 * share * expit(-z)


def _normal_survival(z: FloatArray) -> Terms:
    log = log_ndtr(-z)
    hazard = np.exp(-0.5 * z * z - HALF_LOG_2PI - log)
    return log, -hazard, -hazard * (hazard - z)


def _normal_density(z: FloatArray) -> Terms:
    return -0.5 * z * z - HALF_LOG_2PI, -z, np.full_like(z, -1.0)


def _weibull_mean(scale: float) -> tuple[float, float]:
    return float(gammaln(1.0 + scale)), float(scale * digamma(1.0 + scale))


def _lognormal_mean(scale: float) -> tuple[float, float]:
    return 0.5 * scale * scale, scale * scale


def _loglogistic_mean(scale: float) -> tuple[float, float]:
    if scale >= 1.0:
        return np.inf, np.nan
    log = gammaln(1.0 + scale) + gammaln(1.0 - scale)
    return float(log), float(scale * (digamma(1.0 + scale) - digamma(1.0 - scale)))


def _log_of_exponential(share: FloatArray) -> FloatArray:
    log: FloatArray = np.log(-np.log1p(-share))
    return log


def _logit(share: FloatArray) -> FloatArray:
    log: FloatArray = np.log(share) - np.log1p(-share)
    return log


_WEIBULL = Family(_gumbel_survival, _gumbel_density, _log_of_exponential, _weibull_mean)
FAMILIES: dict[str, Family] = {
    "exponential": _WEIBULL._replace(scaled=False),
    "weibull": _WEIBULL,
    "lognormal": Family(_normal_survival, _normal_density, ndtri, _lognormal_mean),
    "loglogistic": Family(_logistic_survival, _logistic_density, _logit, _loglogistic_mean),
}


@dataclass(frozen=True)
class Lives:
    """Lives by what is known of them, with the rows of the design that belong to them."""

    exact: FloatArray  # log times
    exact_rows: FloatArray
    open: FloatArray
    open_rows: FloatArray
    entry: FloatArray
    entry_rows: FloatArray
    lower: FloatArray  # log ends of intervals; minus infinity where the life may have begun then
    upper: FloatArray
    interval_rows: FloatArray

    @classmethod
    def of(
        cls, entry: FloatArray, lower: FloatArray, upper: FloatArray, design: FloatArray
    ) -> Lives:
        """Sort the spells; those still open at 0 say nothing."""
        exact, unended = lower == upper, np.isinf(upper)
        between = ~exact & ~unended
        unended &= lower > 0.0
        late = entry > 0.0
        with np.errstate(divide="ignore"):
            return cls(
                np.log(lower[exact]),
                design[exact],
                np.log(lower[unended]),
                design[unended],
                np.log(entry[late]),
                design[late],
                np.log(lower[between]),
                np.log(upper[between]),
                design[between],
            )


def log_likelihood(
    family: Family, lives: Lives, theta: FloatArray
) -> tuple[float, FloatArray, FloatArray]:
    """Value, gradient and Hessian; infinite values mean that the parameters are out of reach."""
    width = lives.exact_rows.shape[1]
    beta = theta[:width]
    log_scale = float(theta[width]) if family.scaled else 0.0
    sums = _Sums(width, np.exp(log_scale))
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        for log_time, rows, terms, sign in (
            (lives.exact, lives.exact_rows, family.density, 1.0),
            (lives.open, lives.open_rows, family.survival, 1.0),
            (lives.entry, lives.entry_rows, family.survival, -1.0),
        ):
            if log_time.size:
                z = (log_time - rows @ beta) / sums.scale
                value, first, second = terms(z)
                sums.add(rows, z, sign * value, sign * first, sign * second)
        sums.value -= float(np.sum(lives.exact)) + lives.exact.size * log_scale
        sums.gradient[width] -= lives.exact.size
        if lives.upper.size:
            _add_intervals(sums, family, lives, beta)
    if family.scaled:
        return sums.value, sums.gradient, sums.hessian
    return sums.value, sums.gradient[:width], sums.hessian[:width, :width]


class _Sums:
    """Value, gradient and Hessian in coefficients and log scale, from derivatives in z."""

    def __init__(self, width: int, scale: float) -> None:
        self.width, self.scale = width, scale
        self.value = 0.0
        self.gradient = np.zeros(width + 1)
        self.hessian = np.zeros((width + 1, width + 1))

    def add(
        self,
        rows: FloatArray,
        z: FloatArray,
        value: FloatArray,
        first: FloatArray,
        second: FloatArray,
    ) -> None:
        width, scale = self.width, self.scale
        self.value += float(np.sum(value))
        self.gradient[:width] -= rows.T @ first / scale
        self.gradient[width] -= z @ first
        self.hessian[:width, :width] += (rows * second[:, None]).T @ rows / scale**2
        cross = rows.T @ (second * z + first) / scale
        self.hessian[:width, width] += cross
        self.hessian[width, :width] += cross
        self.hessian[width, width] += z @ (second * z + first)

    def add_pair(
        self, rows: FloatArray, z: FloatArray, other: FloatArray, mixed: FloatArray
    ) -> None:
        """The mixed derivative of a term of two z."""
        width, scale = self.width, self.scale
        self.hessian[:width, :width] += 2.0 * (rows * mixed[:, None]).T @ rows / scale**2
        cross = rows.T @ (mixed * (z + other)) / scale
        self.hessian[:width, width] += cross
        self.hessian[width, :width] += cross
        self.hessian[width, width] += 2.0 * (z * other) @ mixed


def _add_intervals(sums: _Sums, family: Family, lives: Lives, beta: FloatArray) -> None:
    """Logs of S(lower) - S(upper)."""
    location = lives.interval_rows @ beta
    begun = np.isneginf(lives.lower)
    low = (np.where(begun, 0.0, lives.lower) - location) / sums.scale
    high = (lives.upper - location) / sums.scale
    low = np.where(begun, 0.0, low)
    low_terms = [np.where(begun, 0.0, part) for part in family.survival(low)]
    high_log, high_first, high_second = family.survival(high)
    ratio = high_log - low_terms[0]  # log of S(upper) / S(lower), below 0
    value = low_terms[0] + np.log(-np.expm1(ratio))
    of_low = -1.0 / np.expm1(ratio)  # S(lower) over the difference
    of_high = np.where(np.isneginf(ratio), 0.0, of_low - 1.0)
    high_first = np.where(of_high == 0.0, 0.0, high_first)
    high_second = np.where(of_high == 0.0, 0.0, high_second)
    up, down = of_low * low_terms[1], of_high * high_first
    rows = lives.interval_rows
    sums.add(rows, low, value, up, of_low * (low_terms[2] + low_terms[1] ** 2) - up**2)
    zero = np.zeros_like(value)
    bend = -of_high * (high_second + high_first**2) - down**2
    sums.add(rows, high, zero, -down, bend)
    sums.add_pair(rows, low, high, up * down)


def fit(
    name: str, entry: FloatArray, lower: FloatArray, upper: FloatArray, design: FloatArray
) -> Maximum:
    """Maximum likelihood; the first column of `design` is all ones.

    With late entries the likelihood can have flat stretches far from its maximum, so the search
    begins at the best points of a grid, without covariates.
    """
    family = FAMILIES[name]
    centre, spread = design.mean(axis=0), design.std(axis=0)
    centre[0], spread[0] = 0.0, 1.0
    standard = (design - centre) / spread
    whole = Lives.of(entry, lower, upper, standard)
    plain = whole if design.shape[1] == 1 else Lives.of(entry, lower, upper, standard[:, :1])
    found = None
    for start in _starts(family, entry, lower, upper):
        simple = maximise(lambda theta: log_likelihood(family, plain, theta), start)
        begin = np.zeros(design.shape[1] + family.scaled)
        begin[0], begin[design.shape[1] :] = simple.value[0], simple.value[1:]
        if design.shape[1] > 1:
            begin = begin if simple.found else np.insert(start, 1, np.zeros(design.shape[1] - 1))
            simple = maximise(lambda theta: log_likelihood(family, whole, theta), begin)
        found = simple if found is None else found
        if simple.found:
            found = simple
            break
    assert found is not None
    back = np.eye(found.value.size)
    back[range(spread.size), range(spread.size)] = 1.0 / spread
    back[0, 1 : spread.size] = -centre[1:] / spread[1:]
    return found._replace(value=back @ found.value, covariance=back @ found.covariance @ back.T)


def _starts(
    family: Family, entry: FloatArray, lower: FloatArray, upper: FloatArray
) -> list[FloatArray]:
    """The likeliest points of a grid of locations and scales, for an even choice of lives."""
    order = np.lexsort([entry, upper, lower])
    some = order[:: max(1, order.size // GRID_LIVES)]
    entry, lower, upper = entry[some], lower[some], upper[some]
    lives = Lives.of(entry, lower, upper, np.ones((some.size, 1)))
    last = np.where(np.isfinite(upper), upper, lower)
    logs = np.log(last[last > 0.0])
    rough = rough_location(entry, lower, upper)
    middle = np.append(np.quantile(logs, [0.1, 0.5, 0.9]), rough)
    locations = np.unique((middle[:, None] + np.array([0.0, 0.7, 2.0])).ravel())
    if not family.scaled:
        return [np.array([rough])]
    points = [np.array([a, b]) for a in locations for b in (-3.0, -2.0, -1.0, 0.0, 1.0)]
    values = np.array([log_likelihood(family, lives, point)[0] for point in points])
    best = np.argsort(-np.where(np.isfinite(values), values, -np.inf), kind="stable")
    return [points[i] for i in best[:STARTS]]


def rough_location(entry: FloatArray, lower: FloatArray, upper: FloatArray) -> float:
    """Log of the time watched per end, with the middle of intervals: a place to start from."""
    ended = np.isfinite(upper)
    last = np.where(ended, 0.5 * (lower + np.where(ended, upper, 0.0)), lower)
    watched = float(np.sum(last - np.maximum(entry, 0.0)))
    return float(np.log(max(watched, 1e-300) / max(int(np.sum(ended)), 1)))


def directions(
    lower: FloatArray, upper: FloatArray, design: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Rows that hold the location in place, and rows that only push it (see `recession`)."""
    unended, begun = np.isinf(upper), (lower == 0.0) & np.isfinite(upper)
    pushing: NDArray[np.bool_] = unended & (lower > 0.0)
    return design[~(unended | begun)], np.concatenate([design[pushing], -design[begun]])
