"""Limits of a sum of independent estimates from the limits of each (Zou and Donner, 2008)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]


def total_limits(estimate: FloatArray, low: FloatArray, high: FloatArray) -> tuple[float, float]:
    """Limits of the sum; an infinite end of a part makes that end of the sum infinite."""
    total = float(estimate.sum())
    below = float(np.sqrt(np.sum((estimate - low) ** 2)))
    above = float(np.sqrt(np.sum((high - estimate) ** 2)))
    return total - below, total + above
