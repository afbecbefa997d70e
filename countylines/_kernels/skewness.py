"""A score statistic corrected for the skewness of what it rests on (Gart and Nam; Laud 2017)."""

from __future__ import annotations

import numpy as np

from countylines._kernels.method import FloatArray


def corrected(score: FloatArray, sixth: FloatArray) -> FloatArray:
    """Root Z of ``sixth Z^2 + Z = score + sixth``, in the form that does not cancel.

    `score` is in its standard deviations and `sixth` a sixth of its skewness.
    """
    moved = score + sixth
    with np.errstate(invalid="ignore", over="ignore"):
        value: FloatArray = 2.0 * moved / (1.0 + np.sqrt(1.0 + 4.0 * sixth * moved))
    return value
