"""Information criteria of models fitted to one set of counts."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

NAMES = ("bic", "aic", "aicc")


def criteria(
    log_likelihood: NDArray[np.float64], parameters: NDArray[np.int64], n: float
) -> dict[str, NDArray[np.float64]]:
    """The three criteria for a number of parameters."""
    k = parameters.astype(np.float64)
    aic = 2.0 * k - 2.0 * log_likelihood
    spare = n - k - 1.0
    with np.errstate(divide="ignore"):
        aicc = np.where(spare > 0, aic + 2.0 * k * (k + 1.0) / np.maximum(spare, 1e-300), np.inf)
    return {"aic": aic, "aicc": aicc, "bic": k * np.log(n) - 2.0 * log_likelihood}
