"""Exact p-values and limits of a trend from the distribution of a sum of scores."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq

from countylines._kernels import score_distribution
from countylines._kernels.score_distribution import Part, Strata

FloatArray = NDArray[np.float64]

TWO_SIDED = ("doubled", "distance", "probability")
_EQUAL = 1e-9  # relative difference of probabilities that count as equal
_NOISE = 1e-13  # a probability under this cannot be told from the rounding of the transform
_ROUNDS = 20


class Tails(NamedTuple):
    """Probabilities at least as extreme, and the part of them that ties with what was seen."""

    greater: float
    less: float
    point: float
    both: tuple[float, float]  # at least as extreme on either side, and tied


def tails(strata: Strata, statistic: int, two_sided: str = "doubled") -> Tails:
    """Tails of T without a trend, each accurate in proportion to its size."""
    mean, _ = score_distribution.moments(strata)
    near = score_distribution.around(strata, float(statistic))
    upper = statistic >= mean
    point = float(np.exp(near.log_probability[near.values == statistic]).sum())
    beyond = near.values > statistic if upper else near.values < statistic
    small = float(np.exp(near.log_probability[beyond]).sum()) + point
    # the larger side from the smaller: it has no digits to lose
    large = min(1.0 - small + point, 1.0)
    both = (2.0 * min(small, large), 2.0 * point)
    if two_sided != "doubled":
        far = score_distribution.around(strata, 2.0 * mean - statistic)
        if two_sided == "distance":
            both = _distance(far, statistic, mean, small, point)
        else:
            middle = score_distribution.around(strata, mean)
            both = _probability([near, middle, far], statistic)
    return Tails(small if upper else large, large if upper else small, point, both)


def _distance(
    far: Part, statistic: int, mean: float, small: float, point: float
) -> tuple[float, float]:
    reach = abs(statistic - mean)
    if reach < 1e-9 * max(abs(mean), 1.0):
        return 1.0, point
    side = -1.0 if statistic >= mean else 1.0
    beyond = side * (far.values - mean) - reach
    slack = 1e-9 * max(abs(mean), 1.0)
    other = float(np.exp(far.log_probability[beyond >= -slack]).sum())
    tied = point + float(np.exp(far.log_probability[np.abs(beyond) <= slack]).sum())
    return min(small + other, 1.0), tied


def _probability(parts: list[Part], statistic: int) -> tuple[float, float]:
    """Values at most as likely; each probability from the part where it is most accurate."""
    weights = np.stack([part.weight for part in parts])
    logs = np.stack([part.log_probability for part in parts])
    log_chance = logs[np.argmax(weights, axis=0), np.arange(weights.shape[1])]
    seen = log_chance[parts[0].values == statistic]
    log_chance = np.where(weights.max(axis=0) > _NOISE, log_chance, -np.inf)
    at_most = log_chance <= seen + _EQUAL
    tied = at_most & (log_chance >= seen - _EQUAL)
    return min(float(np.exp(log_chance[at_most]).sum()), 1.0), float(np.exp(log_chance[tied]).sum())


def pvalue(found: Tails, alternative: str, *, mid: bool) -> float:
    """P-value of one side or of both, with half of what ties left out for mid-p."""
    half = 0.5 if mid else 0.0
    if alternative == "greater":
        return found.greater - half * found.point
    if alternative == "less":
        return found.less - half * found.point
    whole, tied = found.both
    return min(1.0, whole - half * tied)


def slope(strata: Strata, statistic: int) -> float:
    """Conditional maximum likelihood slope; infinite where T is at its end."""
    least, most = score_distribution.extremes(strata)
    if statistic in (least, most):
        return -np.inf if statistic == least else np.inf

    def excess(values: FloatArray, weight: FloatArray) -> float:
        return float(weight @ values) - statistic

    return _root(excess, strata, statistic)


def limit(strata: Strata, statistic: int, tail: float, side: int, *, mid: bool) -> float:
    """Slope at which the tail of T beyond what was seen (side 1: above) is `tail`."""
    least, most = score_distribution.extremes(strata)
    # half of the only value that is left: the tail does not pass one half there
    half = 0.5 if mid else 1.0
    if statistic == (least if side > 0 else most) and tail <= half:
        return -side * np.inf
    if statistic == (most if side > 0 else least) and tail >= half:
        return side * np.inf

    def excess(values: FloatArray, weight: FloatArray) -> float:
        chance = float(weight[side * (values - statistic) > 0].sum())
        chance += half * float(weight[values == statistic].sum())
        return side * (chance - tail)

    return _root(excess, strata, statistic)


def _root(
    excess: Callable[[FloatArray, FloatArray], float], strata: Strata, statistic: int
) -> float:
    """Root of an increasing function of the distribution under a slope.

    One transform gives the whole family of slopes, most accurately near its own: the root is sought
    in it, and again in the transform made there, until it stays.
    """
    span = float(np.ptp(strata.scores))
    _, variance = score_distribution.moments(strata)
    least, most = score_distribution.extremes(strata)
    # at an end of the range the trend would be infinite, and show one value alone
    inside = min(max(float(statistic), least + 0.5), most - 0.5)
    trend = score_distribution.trend_with_mean(strata, inside)
    for _ in range(_ROUNDS):
        part = score_distribution.tilted(strata, trend)
        known = part.weight > _NOISE
        values = part.values[known].astype(np.float64)
        log_chance = part.log_probability[known]

        def at(
            slope: float, values: FloatArray = values, log_chance: FloatArray = log_chance
        ) -> float:
            exponent = log_chance + slope * values
            weight = np.exp(exponent - exponent.max())
            return excess(values, weight / weight.sum())

        low = high = trend
        step = 1.0 / max(np.sqrt(variance), 1.0 / span)
        while at(low) > 0.0:
            low -= step
            step *= 2.0
        while at(high) < 0.0:
            high += step
            step *= 2.0
        found = low if low == high else float(brentq(at, low, high, xtol=1e-14, rtol=1e-12))
        if abs(found - trend) <= 1e-10 * max(abs(found), 1.0 / span):
            return found
        trend = found
    return trend
