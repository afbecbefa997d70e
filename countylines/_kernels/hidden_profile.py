"""Maximum and limits of a profile likelihood of a hidden number, of any model.

The likelihood is a function of one hidden number above 0 that returns its value and its slope. All
steps are in the log of the hidden number.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy.optimize import brentq

Likelihood = Callable[[float], tuple[float, float]]

MOST = 1e13
LEAST = 1e-8
_TOLERANCE = 1e-12
_STEPS = 200


def maximum(likelihood: Likelihood, start: float) -> float:
    """Hidden number of the highest likelihood; `LEAST` and `MOST` stand for 0 and infinity."""

    def slope(point: float) -> float:
        return likelihood(float(np.exp(point)))[1]

    low = high = float(np.log(np.clip(start, 1e-3, MOST / 10.0)))
    rising = slope(low) > 0.0
    step = 0.5
    while rising:
        low, high, step = high, high + step, 2.0 * step
        if high > np.log(MOST):
            return MOST
        rising = slope(high) > 0.0
    while low == high or slope(low) < 0.0:
        low -= step
        step *= 2.0
        if low < np.log(LEAST):
            return LEAST
    return float(np.exp(brentq(slope, low, high, xtol=_TOLERANCE, rtol=1e-14)))


def limit(likelihood: Likelihood, peak: float, z: float) -> float:
    """Hidden number z standard normal units above the maximum, below it if z is negative.

    0 or infinite where the likelihood never falls that far.
    """
    if z == 0.0:
        return peak
    side = 1.0 if z > 0 else -1.0
    top = likelihood(peak)[0]
    origin = float(np.log(peak))
    length = side * (float(np.log(LEAST if side < 0 else MOST)) - origin)
    inner, outer = 0.0, np.inf  # distances from the peak, in the log, too small and too large
    at = min(_first_guess(likelihood, peak, side, abs(z)), length)
    for _ in range(_STEPS):
        hidden = float(np.exp(origin + side * at))
        value, slope = likelihood(hidden)
        root = float(np.sqrt(max(2.0 * (top - value), 0.0)))
        gap = root - abs(z)
        inner, outer = (at, outer) if gap < 0.0 else (inner, at)
        if inner >= length:
            return 0.0 if side < 0 else np.inf
        steepness = -side * slope * hidden / root if root > 0.0 else 0.0
        following = at - gap / steepness if steepness > 0.0 else np.inf
        if abs(following - at) <= _TOLERANCE * max(1.0, at):
            return float(np.exp(origin + side * following))
        following = min(following, 3.0 * at + 0.3, length)
        if not inner < following < outer:
            following = 0.5 * (inner + outer) if np.isfinite(outer) else length
        at = following
    return float(np.exp(origin + side * at))


def _first_guess(likelihood: Likelihood, peak: float, side: float, z: float) -> float:
    """Distance of the limit from the peak if the likelihood were quadratic in the log."""
    step = 0.01
    moved = peak * float(np.exp(side * step))
    curvature = -side * likelihood(moved)[1] * moved / step
    return min(z / float(np.sqrt(curvature)), 3.0) if curvature > 0.0 else 0.3


def signed_root(likelihood: Likelihood, peak: float, hidden: float) -> float:
    """Distance of a hidden number from the maximum, in standard normal units, below it negative."""
    inside = float(np.clip(hidden, LEAST, MOST))
    fall = likelihood(peak)[0] - likelihood(inside)[0]
    root = float(np.sqrt(max(2.0 * fall, 0.0)))
    return root if inside > peak else -root
