"""Model Mtb: chances that differ by occasion and change by one log odds ratio once a unit was seen.

On occasion j a unit that was not seen before is seen with log odds a_j, one that was with a_j + b.
Without the common b the hidden number would not be determined. For a given hidden number the
likelihood is that of a logistic regression with two rows an occasion: not seen before, seen before.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.special import expit

from countylines._kernels import stirling
from countylines._kernels.hidden_profile import Likelihood

FloatArray = NDArray[np.float64]

MAX_STEPS = 200
FARTHEST = 25.0  # log odds beyond which a coefficient counts as running off
_GRID = 81


class Sightings(NamedTuple):
    """First sightings and later ones by occasion."""

    first: FloatArray
    later: FloatArray


class Solution(NamedTuple):
    """The estimate of one table."""

    code: str
    hidden: float
    error: float
    coefficients: FloatArray  # log odds by occasion, then the log odds ratio


def regression(sightings: Sightings, hidden: float) -> tuple[FloatArray, float, FloatArray]:
    """Coefficients, log-likelihood and information of the complete data."""
    trials, success, design = _rows(sightings, hidden)
    weight = trials > 0
    trials, success, design = trials[weight], success[weight], design[weight]
    beta = np.zeros(design.shape[1])
    beta[:-1] = np.log((sightings.first + sightings.later + 0.5) / (trials.max() + 1.0))
    value = _value(beta, trials, success, design)
    for _ in range(MAX_STEPS):
        chance = expit(design @ beta)
        information = design.T @ (design * (trials * chance * (1.0 - chance))[:, None])
        score = design.T @ (success - trials * chance)
        step = np.linalg.lstsq(information, score, rcond=1e-14)[0]
        scale = 1.0
        while scale > 1e-8:
            trial = _value(beta + scale * step, trials, success, design)
            if trial >= value - 1e-13 * abs(value):
                break
            scale *= 0.5
        beta, value = beta + scale * step, trial
        if np.abs(step).max() < 1e-12 or np.abs(beta).max() > 2.0 * FARTHEST:
            break
    chance = expit(design @ beta)
    information = design.T @ (design * (trials * chance * (1.0 - chance))[:, None])
    return beta, value, information


def _rows(sightings: Sightings, hidden: float) -> tuple[FloatArray, FloatArray, FloatArray]:
    first, later = sightings
    occasions = len(first)
    before = np.concatenate([[0.0], np.cumsum(first)[:-1]])
    trials = np.concatenate([hidden + first.sum() - before, before])
    design = np.zeros((2 * occasions, occasions + 1))
    design[:occasions, :occasions] = design[occasions:, :occasions] = np.eye(occasions)
    design[occasions:, -1] = 1.0
    return trials, np.concatenate([first, later]), design


def _value(beta: FloatArray, trials: FloatArray, success: FloatArray, design: FloatArray) -> float:
    predictor = design @ beta
    return float((success * predictor - trials * np.logaddexp(0.0, predictor)).sum())


def profile(sightings: Sightings) -> Likelihood:
    """Profile multinomial log-likelihood of the hidden number, with its slope."""
    seen = float(sightings.first.sum())

    def likelihood(hidden: float) -> tuple[float, float]:
        beta, value, _ = regression(sightings, hidden)
        total, left = np.array(seen + hidden), np.array(hidden)
        leading = seen * math.log(float(total)) + hidden * math.log1p(seen / hidden)
        rest = stirling.log_factorial_rest(total) - stirling.log_factorial_rest(left)
        slope = stirling.digamma_rest(total) - stirling.digamma_rest(left)
        return value + leading + float(rest), float(slope) + _gap(beta, seen, hidden)

    return likelihood


def _gap(beta: FloatArray, seen: float, hidden: float) -> float:
    """Log of N times the chance of staying unseen over the hidden number: 0 at the estimate."""
    return math.log1p(seen / hidden) - float(np.logaddexp(0.0, beta[:-1]).sum())


def solve(sightings: Sightings) -> Solution:
    """Poisson maximum likelihood: where the hidden number equals its fitted value."""
    seen = float(sightings.first.sum())
    missing = np.full(len(sightings.first) + 1, np.nan)

    def gap(point: float) -> float:
        hidden = math.exp(point)
        return _gap(regression(sightings, hidden)[0], seen, hidden)

    points = np.linspace(math.log(1e-4), math.log(1e4 * seen), _GRID)
    values = np.array([gap(point) for point in points])
    falls = np.flatnonzero((values[:-1] > 0.0) & (values[1:] <= 0.0))
    if falls.size == 0:
        code = "hidden-infinite" if values[-1] > 0.0 else "hidden-zero"
        return Solution(code, math.inf if values[-1] > 0.0 else math.nan, math.nan, missing)
    roots = [brentq(gap, points[i], points[i + 1], xtol=1e-13, rtol=1e-14) for i in falls]
    likelihood = profile(sightings)
    hidden = max((math.exp(root) for root in roots), key=lambda h: likelihood(h)[0])
    beta, _, _ = regression(sightings, hidden)
    if np.abs(beta).max() > FARTHEST:
        return Solution("not-identified", math.nan, math.nan, missing)
    variance = _variance(sightings, beta, hidden)
    if not variance > 0.0:
        return Solution("not-identified", math.nan, math.nan, missing)
    return Solution("ok", hidden, math.sqrt(variance), beta)


def _variance(sightings: Sightings, beta: FloatArray, hidden: float) -> float:
    """Of the total, from the observed information of the Poisson likelihood, less the total."""
    seen = float(sightings.first.sum())
    total = seen + hidden
    _, _, complete = regression(sightings, hidden)
    chance = expit(beta[:-1])
    unseen = hidden / total
    size = len(beta)
    information = np.zeros((size + 1, size + 1))
    information[0, 0] = seen
    slope = np.zeros(size)
    slope[:-1] = -unseen * chance
    information[0, 1:] = information[1:, 0] = -total * slope
    # the complete table counts the hidden units as failures; the observed one only their total
    curvature = np.outer(chance, chance) - np.diag(chance * (1.0 - chance))
    observed = complete.copy()
    observed[:-1, :-1] -= hidden * np.diag(chance * (1.0 - chance))
    observed[:-1, :-1] -= hidden * curvature
    information[1:, 1:] = observed
    return float(total**2 * np.linalg.inv(information)[0, 0] - total)
