"""Behavioural models Mb and Mbh: the hidden number from first sightings by occasion.

Units not yet seen are seen on each occasion with chance p, so first sightings fall off like
(1 - p)**i; what happens to a unit after its first sighting says nothing of the hidden number. Mb
takes all t occasions; Mbh leaves the first sighting on the first occasion free and takes the rest.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from countylines._kernels import poisson_design, stirling
from countylines._kernels.hidden_profile import Likelihood

FloatArray = NDArray[np.float64]


class Solution(NamedTuple):
    """The estimate from one series of first sightings."""

    code: str
    hidden: float
    error: float
    chance: float
    fitted: FloatArray


def solve(first: FloatArray) -> Solution:
    """Poisson maximum likelihood; the code says where there is none.

    `first` (occasions,) holds first sightings, of which at least one is positive.
    """
    occasions = len(first)
    index = np.arange(occasions, dtype=np.float64)
    seen = float(first.sum())
    missing = np.full(occasions, np.nan)
    mean = float(index @ first) / seen
    if mean == 0.0:
        return Solution("hidden-zero", math.nan, math.nan, 1.0, np.where(index == 0, seen, 0.0))
    if mean >= (occasions - 1) / 2.0 * (1.0 - 1e-14):
        return Solution("hidden-infinite", math.inf, math.nan, 0.0, missing)
    design = np.column_stack([np.ones(occasions), index])
    fits = poisson_design.fit(first[None, :], design, np.zeros(occasions))
    intercept, slope = fits.coefficients[0]
    chance = -math.expm1(slope)
    total = math.exp(intercept) / chance
    hidden = math.exp(intercept + occasions * slope) / chance
    direction = total * np.array([1.0, (1.0 - chance) / chance])
    variance = float(direction @ fits.covariance[0] @ direction) - total
    return Solution("ok", hidden, math.sqrt(variance), chance, fits.fitted[0])


def profile(first: FloatArray, before: float) -> Likelihood:
    """Profile multinomial log-likelihood of the hidden number, with its slope.

    `before` are units whose sighting is left free (0 for Mb).
    """
    occasions = len(first)
    index = np.arange(occasions, dtype=np.float64)
    seen, failures = float(first.sum()), float(index @ first)

    def likelihood(hidden: float) -> tuple[float, float]:
        part = seen + hidden
        total = part + before
        trials = seen + failures + occasions * hidden
        log_miss = math.log1p(-seen / trials)
        free = math.log1p(-before / total)
        value = float(stirling.log_factorial_rest(np.array(total)))
        value -= float(stirling.log_factorial_rest(np.array(hidden)))
        # log(part / total) for each unit of the part, and what the chance adds
        value += part * free + before * math.log(before / total) if before else 0.0
        value += (seen + before) * math.log(total) + hidden * math.log1p((seen + before) / hidden)
        value += seen * math.log(seen / trials) + (failures + occasions * hidden) * log_miss
        slope = stirling.digamma_rest(np.array(total)) - stirling.digamma_rest(np.array(hidden))
        return value, float(slope) + math.log1p(
            (seen + before) / hidden
        ) + occasions * log_miss + free

    return likelihood
