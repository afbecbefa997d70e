"""The standard error of a ratio from that of its logarithm."""

from __future__ import annotations

import numpy as np

from countylines._kernels.method import FloatArray


def ratio_error(ratio: FloatArray, log_error: FloatArray) -> FloatArray:
    """Their product, and nan where the ratio is 0, infinite or nan."""
    with np.errstate(invalid="ignore"):
        error = ratio * log_error
    return np.where(np.isfinite(ratio) & (ratio > 0.0), error, np.nan)
