"""MOVER-R: limits of a ratio from the limits of its two parts (Donner & Zou 2012)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]


def ratio_low(
    top: FloatArray, top_low: FloatArray, bottom: FloatArray, bottom_high: FloatArray
) -> FloatArray:
    """Lower limit of top / bottom: the smaller root, in the form that never cancels."""
    a = bottom_high * (2 * bottom - bottom_high)
    b = top * bottom
    c = top_low * (2 * top - top_low)
    with np.errstate(invalid="ignore", divide="ignore"):
        root = c / (b + np.sqrt(np.maximum(b**2 - a * c, 0.0)))
    return np.where(c == 0, 0.0, root)


def ratio_high(
    top: FloatArray, top_high: FloatArray, bottom: FloatArray, bottom_low: FloatArray
) -> FloatArray:
    """Upper limit of top / bottom; infinite where the bottom may be 0."""
    a = bottom_low * (2 * bottom - bottom_low)
    b = top * bottom
    c = top_high * (2 * top - top_high)
    with np.errstate(invalid="ignore", divide="ignore"):
        root = (b + np.sqrt(np.maximum(b**2 - a * c, 0.0))) / a
    return np.where(bottom_low > 0, root, np.inf)
