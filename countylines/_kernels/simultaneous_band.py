"""Critical value of a band that holds a whole survival curve."""

from __future__ import annotations

import numpy as np

from countylines._kernels.method import FloatArray
from countylines._kernels.roots import Rows, increasing_root

STEP = 1e-6


def excess(value: FloatArray, log_ratio: float) -> FloatArray:
    """Chance that a Brownian motion over its standard deviation ever exceeds `value`, above 1.

    For variances whose largest is ``exp(log_ratio)`` times the least: Nair's approximation, which
    errs on the safe side where the ratio is close to 1.
    """
    density = np.exp(-0.5 * value * value) / np.sqrt(2.0 * np.pi)
    chance: FloatArray = density * (4.0 / value + (value - 1.0 / value) * log_ratio)
    return chance


def equal_precision(level: float, log_ratio: float) -> float:
    """The value that is exceeded with a chance of one minus `level`."""
    goal = np.log(1.0 - level)

    def residual(x: FloatArray, rows: Rows) -> tuple[FloatArray, FloatArray]:
        here = np.log(excess(np.exp(x), log_ratio))
        there = np.log(excess(np.exp(x + STEP), log_ratio))
        return goal - here, (here - there) / STEP

    low, high = np.zeros(1), np.array([np.log(60.0)])
    found = increasing_root(residual, low, high, np.array([1.0]), settled=1e-11)
    return float(np.exp(found[0]))
