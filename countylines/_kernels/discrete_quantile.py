"""Quantiles that are values of the distribution itself, with what is left outside at most a tail.

For whole numbers, and for the draws of a chain, this is the definition of a quantile (type 1 of
Hyndman and Fan 1996): nothing is interpolated, so that limits of totals are totals, and infinite
values are no trouble.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]

ROUNDING = 1e-10  # relative, of a sum of many probabilities


def from_below(values: FloatArray, probabilities: FloatArray, tail: float) -> float:
    """Smallest of the ascending values with at least `tail` of the probability up to it."""
    reached = np.cumsum(probabilities) >= tail * (1.0 - ROUNDING)
    return float(values[np.argmax(reached)]) if reached.any() else float(values[-1])


def from_above(values: FloatArray, probabilities: FloatArray, tail: float) -> float:
    """Smallest of the ascending values with at most `tail` of the probability above it."""
    above = np.append(np.cumsum(probabilities[:0:-1])[::-1], 0.0)
    return float(values[np.argmax(above <= tail * (1.0 + ROUNDING))])
