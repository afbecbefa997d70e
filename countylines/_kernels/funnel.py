"""Control limits of counts about a target, and how much more than chance they vary.

A count is in control if it is not further from its expectation than one in so many would be by
chance alone. Over-dispersion stretches the normal deviate of that tail, for each count by its own
factor, and the exact limits are taken at the tail that results: so limits stay in the range.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.special import ndtr, ndtri

from countylines._kernels import binomial_exact, poisson_tails
from countylines._kernels.acceptance import last_whole
from countylines._kernels.deviance import half_deviance
from countylines._kernels.method import FloatArray
from countylines._kernels.roots import Rows, increasing_root

_FAR = 30.0  # standard deviations
METHODS = ("interpolated", "exact", "mid-p")
TRANSFORMS = ("stabilising", "log", "none")


class Counts(Protocol):
    """Chances of a count under the target, for rows of data."""

    @property
    def mean(self) -> FloatArray:
        """Expected count."""

    @property
    def spread(self) -> FloatArray:
        """Its standard deviation."""

    @property
    def most(self) -> FloatArray:
        """Largest possible count."""

    def at_most(self, k: FloatArray, rows: Rows) -> FloatArray:
        """P(X <= k)."""

    def at_least(self, k: FloatArray, rows: Rows) -> FloatArray:
        """P(X >= k)."""

    def deviance(self, x: FloatArray, rows: Rows) -> tuple[FloatArray, FloatArray]:
        """Half the deviance of x, and its slope."""


@dataclass(frozen=True)
class PoissonCounts:
    """Events of which `mean` are expected."""

    mean: FloatArray

    @property
    def spread(self) -> FloatArray:
        """Standard deviation."""
        root: FloatArray = np.sqrt(self.mean)
        return root

    @property
    def most(self) -> FloatArray:
        """Largest possible count."""
        return np.full(self.mean.shape, np.inf)

    def at_most(self, k: FloatArray, rows: Rows) -> FloatArray:
        """P(X <= k)."""
        return poisson_tails.at_most(k, self.mean[rows])

    def at_least(self, k: FloatArray, rows: Rows) -> FloatArray:
        """P(X >= k)."""
        return poisson_tails.at_least(k, self.mean[rows])

    def deviance(self, x: FloatArray, rows: Rows) -> tuple[FloatArray, FloatArray]:
        """Half the deviance of x, and its slope."""
        m = self.mean[rows]
        with np.errstate(divide="ignore"):
            return half_deviance(x, m), np.log(x / m)


@dataclass(frozen=True)
class BinomialCounts:
    """Events among `total`, each with the chance `share`."""

    total: FloatArray
    share: FloatArray

    @property
    def mean(self) -> FloatArray:
        """Expected count."""
        return self.total * self.share

    @property
    def spread(self) -> FloatArray:
        """Standard deviation."""
        root: FloatArray = np.sqrt(self.total * self.share * (1.0 - self.share))
        return root

    @property
    def most(self) -> FloatArray:
        """Largest possible count."""
        return self.total

    def at_most(self, k: FloatArray, rows: Rows) -> FloatArray:
        """P(X <= k)."""
        return binomial_exact.at_most(k, self.total[rows], self.share[rows])

    def at_least(self, k: FloatArray, rows: Rows) -> FloatArray:
        """P(X >= k)."""
        return binomial_exact.at_least(k, self.total[rows], self.share[rows])

    def deviance(self, x: FloatArray, rows: Rows) -> tuple[FloatArray, FloatArray]:
        """Half the deviance of x, and its slope."""
        n, p = self.total[rows], self.share[rows]
        with np.errstate(divide="ignore"):
            slope = np.log(x / (n * p)) - np.log((n - x) / (n * (1.0 - p)))
        return half_deviance(x, n * p) + half_deviance(n - x, n * (1.0 - p)), slope


def _chance(counts: Counts, k: FloatArray, rows: Rows, below: bool) -> FloatArray:
    """P(X = k), as a difference of the tails on the side where it loses least."""
    if below:
        return counts.at_most(k, rows) - counts.at_most(k - 1.0, rows)
    return counts.at_least(k, rows) - counts.at_least(k + 1.0, rows)


def limits(counts: Counts, deviate: FloatArray, *, method: str) -> tuple[FloatArray, FloatArray]:
    """Smallest and largest count in control at the tail beyond `deviate`, for each row.

    "exact" and "mid-p" give whole counts that are themselves in control. "interpolated" gives the
    point at which the distribution function, drawn with straight lines, passes the tail
    (Spiegelhalter 2005); it may lie below 0, where no count does. Where over-dispersion stretches
    the deviate beyond what a tail can express, it is that of the signed root of the deviance.
    """
    low, high = _near_limits(counts, np.minimum(deviate, _FAR), method=method)
    rows = np.flatnonzero(deviate > _FAR)
    if rows.size:
        low[rows] = _far_limit(counts, deviate[rows], rows, -1)
        high[rows] = _far_limit(counts, deviate[rows], rows, 1)
        if method != "interpolated":
            low[rows], high[rows] = np.ceil(low[rows]), np.floor(high[rows])
    return low, high


def _far_limit(counts: Counts, deviate: FloatArray, rows: Rows, side: int) -> FloatArray:
    """The x on one side of the mean at which the signed root of the deviance is the deviate."""
    mean, most = counts.mean[rows], counts.most[rows]
    goal = 0.5 * deviate * deviate
    if side < 0:
        left, right = np.zeros(mean.shape), mean
    else:
        # The deviance of x exceeds x (log(x / m) - 1).
        left, right = mean, np.minimum(most, np.exp(2.0) * mean + goal)
    end = left if side < 0 else right
    reachable = counts.deviance(end, rows)[0] > goal
    result = end.copy()
    inside = np.flatnonzero(reachable)
    sign = float(side)

    def residual(x: FloatArray, some: Rows) -> tuple[FloatArray, FloatArray]:
        value, slope = counts.deviance(x, rows[inside][some])
        root = np.sqrt(2.0 * value)
        with np.errstate(divide="ignore", invalid="ignore"):
            return sign * (root - deviate[inside][some]), np.abs(slope) / root

    start = mean + sign * deviate * counts.spread[rows]
    result[inside] = increasing_root(
        residual, left[inside], right[inside], start[inside], settled=1e-9
    )
    return result


def _near_limits(
    counts: Counts, deviate: FloatArray, *, method: str
) -> tuple[FloatArray, FloatArray]:
    """Limits at the tail that belongs to the deviate."""
    tail: FloatArray = ndtr(-deviate)
    rows = np.arange(tail.size)
    centre, reach = counts.mean, counts.spread * deviate

    def too_low(k: FloatArray, some: Rows) -> NDArray[np.bool_]:
        if method == "mid-p":
            both = counts.at_most(k, some) + counts.at_most(k - 1.0, some)
            return np.asarray(0.5 * both <= tail[some])
        value = counts.at_most(k, some)
        return np.asarray(value < tail[some] if method == "interpolated" else value <= tail[some])

    def not_too_high(k: FloatArray, some: Rows) -> NDArray[np.bool_]:
        if method == "mid-p":
            both = counts.at_least(k, some) + counts.at_least(k + 1.0, some)
            return np.asarray(0.5 * both > tail[some])
        shift = 1.0 if method == "interpolated" else 0.0
        return np.asarray(counts.at_least(k + shift, some) > tail[some])

    top = counts.most + 1.0
    low = last_whole(too_low, -1.0, top, centre - reach - 0.5) + 1.0
    high = last_whole(not_too_high, -1.0, top, centre + reach - 0.5)
    if method != "interpolated":
        return low, high
    high = high + 1.0
    with np.errstate(divide="ignore", invalid="ignore"):
        over = (counts.at_most(low, rows) - tail) / _chance(counts, low, rows, below=True)
        short = tail - counts.at_least(high + 1.0, rows)
        short = short / _chance(counts, high, rows, below=False)
    return low - np.clip(over, 0.0, 1.0), high - np.clip(short, 0.0, 1.0)


@dataclass(frozen=True)
class Scores:
    """Distance of each observation from the target, and its standard deviation by chance alone."""

    distance: FloatArray
    error: FloatArray

    @property
    def z(self) -> FloatArray:
        """Standardised distance."""
        return self.distance / self.error


def rate_error(exposure: FloatArray, target: FloatArray, transform: str) -> FloatArray:
    """Standard deviation of a rate by chance alone, on the scale of the transform."""
    if transform == "stabilising":
        return 0.5 / np.sqrt(exposure)
    error: FloatArray = np.sqrt(target / exposure)
    return error if transform == "none" else error / target


def rate_scores(
    count: FloatArray, exposure: FloatArray, target: FloatArray, transform: str
) -> Scores:
    """Of rates; the square root is what stabilises their variance."""
    error = rate_error(exposure, target, transform)
    if transform == "log":
        return Scores(np.log(count / (exposure * target)), error)
    if transform == "none":
        return Scores(count / exposure - target, error)
    return Scores(np.sqrt(count / exposure) - np.sqrt(target), error)


def share_error(total: FloatArray, target: FloatArray, transform: str) -> FloatArray:
    """Standard deviation of a share by chance alone, on the scale of the transform."""
    if transform == "stabilising":
        return 0.5 / np.sqrt(total)
    spread = target * (1.0 - target)
    error: FloatArray = np.sqrt(spread / total)
    return error if transform == "none" else error / spread


def share_scores(
    count: FloatArray, total: FloatArray, target: FloatArray, transform: str
) -> Scores:
    """Of shares; the arcsine is what stabilises their variance, and the log is of the odds."""
    error, rest = share_error(total, target, transform), 1.0 - target
    if transform == "log":
        return Scores(np.log(count / (total - count)) - np.log(target / rest), error)
    if transform == "none":
        return Scores(count / total - target, error)
    angle = np.arctan2(np.sqrt(count), np.sqrt(total - count))
    return Scores(angle - np.arctan2(np.sqrt(target), np.sqrt(rest)), error)


def winsorised(scores: Scores, share: float) -> Scores:
    """Scores beyond the quantiles `share` and one less it, drawn in to them."""
    low, high = np.quantile(scores.z, [share, 1.0 - share])
    return Scores(np.clip(scores.z, low, high) * scores.error, scores.error)


def multiplicative(scores: Scores) -> float:
    """Mean of the squared scores: 1 by chance alone."""
    return float(np.mean(scores.z**2))


def dersimonian_laird(scores: Scores) -> float:
    """Variance between places by moments, about the target; 0 where chance explains all."""
    weight = 1.0 / scores.error**2
    number = weight.size
    excess = number * multiplicative(scores) - (number - 1.0)
    scale = weight.sum() - (weight**2).sum() / weight.sum()
    return max(0.0, float(excess / scale))


def reml(scores: Scores) -> float:
    """Variance between places by restricted maximum likelihood, about a mean of their own."""
    y, chance = scores.distance, scores.error**2

    def slope(between: float) -> float:
        weight = 1.0 / (chance + between)
        mean = (weight * y).sum() / weight.sum()
        fit = (weight**2 * (y - mean) ** 2).sum()
        return float(fit - weight.sum() + (weight**2).sum() / weight.sum())

    if slope(0.0) <= 0.0:
        return 0.0
    top = float(np.var(y) + chance.max())
    while slope(top) > 0.0:
        top *= 2.0
    return float(brentq(slope, 0.0, top, xtol=1e-300, rtol=1e-13))


ESTIMATORS: dict[str, Callable[[Scores], float]] = {
    "dersimonian-laird": dersimonian_laird,
    "reml": reml,
}


def dispersion(
    count: FloatArray,
    units: FloatArray,
    target: float,
    *,
    share: bool,
    overdispersion: str,
    estimator: str,
    winsorise: float,
    transform: str,
) -> float:
    """Factor of the variance, or variance between places, from winsorised scores."""
    aims = np.full(units.shape, target)
    score = share_scores if share else rate_scores
    scores = winsorised(score(count, units, aims, transform), winsorise)
    if overdispersion == "multiplicative":
        return multiplicative(scores)
    return ESTIMATORS[estimator](scores)


def stretched(
    level: float, error: FloatArray, overdispersion: str | None, much: float
) -> FloatArray:
    """Normal deviate of the limits at a level, for each place."""
    deviate: FloatArray = np.full(error.shape, -ndtri((1.0 - level) / 2.0))
    stretch: FloatArray = np.ones(error.shape)
    if overdispersion == "multiplicative":
        stretch = np.full(error.shape, np.sqrt(max(1.0, much)))
    elif overdispersion == "additive":
        stretch = np.sqrt(1.0 + much / error**2)
    return deviate * stretch
