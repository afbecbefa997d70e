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

    def distance(point: float) -> float:
        value = likelihood(float(np.exp(point)))[0]
        return float(np.sqrt(max(2.0 * (top - value), 0.0))) - abs(z)

    near = far = float(np.log(peak))
    end = float(np.log(LEAST if side < 0 else MOST))
    step = 0.3
    while distance(far) < 0.0:
        if side * (far - end) >= 0.0:
            return 0.0 if side < 0 else np.inf
        near, far = far, side * min(side * (far + side * step), side * end)
        step *= 2.0
    return float(np.exp(brentq(distance, near, far, xtol=_TOLERANCE, rtol=1e-14)))


def signed_root(likelihood: Likelihood, peak: float, hidden: float) -> float:
    """Distance of a hidden number from the maximum, in standard normal units, below it negative."""
    inside = float(np.clip(hidden, LEAST, MOST))
    fall = likelihood(peak)[0] - likelihood(inside)[0]
    root = float(np.sqrt(max(2.0 * fall, 0.0)))
    return root if inside > peak else -root
