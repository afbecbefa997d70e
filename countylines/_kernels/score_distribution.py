"""Exact distribution of a sum of scores over successes, given how many successes there are.

In each stratum, groups of sizes n hold R successes, and T adds up the score of every success. Given
R, without a trend, every choice of R out of N is equally likely. With a trend theta (log odds per
unit of score) the probability of t is proportional to the one without times exp(theta * t), so the
whole family comes from one distribution. Its generating function in a stratum is the coefficient of
z**R in the product of (1 + z * w**s)**n over the groups; both variables are read off by Fourier
transforms. A transform is accurate to 1e-16 of its largest term, which is no use in a tail; with a
trend chosen so that the point of interest is the mean, every term near it is accurate.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.special import expit, gammaln

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

LARGEST = 1 << 24  # points of a transform
_NEGLIGIBLE = 70.0  # minus the log of what may be left out
_STEEPEST = 60.0  # log odds over the range of the scores


class Strata(NamedTuple):
    """Groups in strata: sizes (strata, groups), successes of each stratum, whole scores from 0."""

    sizes: FloatArray
    successes: FloatArray
    scores: FloatArray


class Part(NamedTuple):
    """Log probabilities of whole values of T without a trend, accurate round one of them."""

    values: IntArray
    log_probability: FloatArray
    weight: FloatArray  # probability under the trend that was used: large where it is accurate


class TooLarge(ArithmeticError):
    """The transform would need more points than LARGEST."""


def extremes(strata: Strata) -> tuple[int, int]:
    """Smallest and largest possible T."""
    ends = []
    for order in (np.argsort(strata.scores), np.argsort(-strata.scores)):
        sizes, scores = strata.sizes[:, order], strata.scores[order]
        before = np.cumsum(sizes, axis=1) - sizes
        taken = np.clip(strata.successes[:, None] - before, 0.0, sizes)
        ends.append(round(float((taken * scores).sum())))
    return ends[0], ends[1]


def moments(strata: Strata) -> tuple[float, float]:
    """Mean and variance of T without a trend."""
    sizes, successes, scores = strata
    total = sizes.sum(axis=1)
    share = np.divide(successes, total, out=np.zeros_like(total), where=total > 0)
    centre = np.divide(sizes @ scores, total, out=np.zeros_like(total), where=total > 0)
    square = (sizes * (scores - centre[:, None]) ** 2).sum(axis=1)
    factor = np.divide(total, total - 1.0, out=np.zeros_like(total), where=total > 1)
    mean = float((successes * centre).sum())
    return mean, float((share * (1.0 - share) * square * factor).sum())


def around(strata: Strata, centre: float) -> Part:
    """Distribution without a trend, accurate round `centre`."""
    return tilted(strata, trend_with_mean(strata, centre))


def tilted(strata: Strata, trend: float) -> Part:
    """Distribution without a trend, computed with one."""
    sizes, successes, scores = _informative(strata)
    least, most = extremes(Strata(sizes, successes, scores))
    offset = least + (extremes(strata)[0] - least)
    length = most - least + 1
    if len(sizes) == 0 or length == 1:
        at = np.array([extremes(strata)[0]])
        return Part(at, np.zeros(1), np.ones(1))
    log_odds = _intercepts(sizes, successes, trend * scores)
    points = [_points(n, p) for n, p in zip(sizes, expit(log_odds), strict=True)]
    half = length // 2 + 1
    if half * max(points) > LARGEST:
        raise TooLarge(f"{half} by {max(points)} points")
    angles = 2.0 * np.pi * np.arange(half) / length
    transform = np.exp(-1j * angles * least)
    log_scale = 0.0
    for n, r, eta, grid in zip(sizes, successes, log_odds, points, strict=True):
        transform = transform * _coefficient(n, r, scores, eta, grid, angles)
        # from the product of binomials to a share of all choices
        log_scale += float((n * np.logaddexp(0.0, eta)).sum() - r * (eta - trend * scores)[0])
        log_scale -= _log_choices(float(n.sum()), float(r))
    weight = np.maximum(np.fft.irfft(np.conj(transform), length), 0.0)
    values = least + np.arange(length)
    with np.errstate(divide="ignore"):
        log_probability = np.log(weight) - trend * values + log_scale
    shift = extremes(strata)[0] - offset
    return Part(values + shift, log_probability, weight / weight.sum())


def _coefficient(
    sizes: FloatArray,
    successes: float,
    scores: FloatArray,
    log_odds: FloatArray,
    grid: int,
    angles: FloatArray,
) -> NDArray[np.complex128]:
    """Coefficient of the successes, at each angle of the score, by a sum over a circle."""
    share = expit(log_odds)
    used = sizes > 0
    turns = 2.0 * np.pi * np.arange(grid) / grid
    total = np.zeros((len(angles), grid), dtype=np.complex128)
    for n, s, p in zip(sizes[used], scores[used], share[used], strict=True):
        point = np.exp(1j * (angles[:, None] * s + turns))
        total += n * np.log1p(p * (point - 1.0))
    circle = np.exp(total - 1j * successes * turns)
    mean: NDArray[np.complex128] = circle.mean(axis=1)
    return mean


def _points(sizes: FloatArray, share: FloatArray) -> int:
    """Points on the circle of the successes, so that what wraps round is negligible (Bernstein)."""
    variance = float((sizes * share * (1.0 - share)).sum())
    third = _NEGLIGIBLE / 3.0
    reach = third + np.sqrt(third**2 + 2.0 * _NEGLIGIBLE * variance)
    return int(min(sizes.sum() + 1, np.ceil(reach) + 1))


def _informative(strata: Strata) -> Strata:
    """Strata whose T is not fixed by its margins."""
    sizes, successes, scores = strata
    free = (successes > 0) & (successes < sizes.sum(axis=1)) & ((sizes > 0).sum(axis=1) > 1)
    return Strata(sizes[free], successes[free], scores)


def _log_choices(total: float, chosen: float) -> float:
    return float(gammaln(total + 1.0) - gammaln(chosen + 1.0) - gammaln(total - chosen + 1.0))


def _intercepts(sizes: FloatArray, successes: FloatArray, trend: FloatArray) -> FloatArray:
    """Log odds (strata, groups) with the given trend and the expected successes of each stratum."""
    rows = np.empty(sizes.shape)
    for i, (n, r) in enumerate(zip(sizes, successes, strict=True)):
        base = float(np.log(r) - np.log(n.sum() - r))

        def excess(level: float, n: FloatArray = n, r: float = float(r)) -> float:
            return float((n * expit(level + trend)).sum()) - r

        low, high = base - trend.max() - 1.0, base - trend.min() + 1.0
        rows[i] = brentq(excess, low, high, xtol=1e-12) + trend
    return rows


def trend_with_mean(strata: Strata, mean: float) -> float:
    """Trend under which independent binomials with the given successes have this mean of T."""
    sizes, successes, scores = _informative(strata)
    fixed = extremes(strata)[0] - extremes(Strata(sizes, successes, scores))[0]
    span = float(scores.max() - scores.min())
    if len(sizes) == 0 or span == 0.0:
        return 0.0

    def excess(trend: float) -> float:
        share = expit(_intercepts(sizes, successes, trend * scores))
        return float((sizes * share * scores).sum()) + fixed - mean

    steepest = _STEEPEST / span
    if excess(steepest) <= 0.0:
        return steepest
    if excess(-steepest) >= 0.0:
        return -steepest
    return float(brentq(excess, -steepest, steepest, xtol=1e-6 / span))
