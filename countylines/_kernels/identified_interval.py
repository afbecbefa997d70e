"""Confidence intervals round an identified region, for the parameter inside or the whole region."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.special import ndtr, ndtri

FloatArray = NDArray[np.float64]

TARGETS = ("parameter", "region")


def critical_value(width: float, error: float, level: float, target: str) -> float:
    """Normal quantile for both ends of a region of known width, whose ends share one error.

    For the region each end gets the two-sided quantile. A parameter lies at one end at most: with
    `C` from Imbens and Manski, P(it is covered) = Phi(C + width / error) - Phi(-C) = level in the
    worst case, an end of the region.
    """
    both = float(-ndtri((1.0 - level) / 2.0))
    if target == "region" or error == 0.0 or width == 0.0:
        return both
    if np.isinf(width):
        return float(-ndtri(1.0 - level))

    def excess(c: float) -> float:
        return float(ndtr(c + width / error) - ndtr(-c)) - level

    return float(brentq(excess, float(-ndtri(1.0 - level)) - 1e-12, both + 1e-12, xtol=1e-13))
