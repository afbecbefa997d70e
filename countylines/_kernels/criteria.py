"""Information criteria of models fitted to one set of counts, and weights made from them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]

NAMES = ("bic", "aic", "aicc")


def criteria(log_likelihood: FloatArray, parameters: IntArray, n: float) -> dict[str, FloatArray]:
    """The three criteria for numbers of parameters."""
    return {name: penalty(name, parameters, n) - 2.0 * log_likelihood for name in NAMES}


def penalty(name: str, parameters: IntArray, n: float) -> FloatArray:
    """What a criterion adds to minus twice the log-likelihood; it grows with the parameters."""
    k = np.asarray(parameters, dtype=np.float64)
    if name == "bic":
        return np.asarray(k * np.log(n))
    if name == "aic":
        return 2.0 * k
    spare = n - k - 1.0
    more = 2.0 * k * (k + 1.0) / np.where(spare > 0, spare, 1.0)
    return np.asarray(2.0 * k + np.where(spare > 0, more, np.inf))


def weights(values: FloatArray, eligible: BoolArray) -> FloatArray:
    """Shares of exp(-criterion / 2) among the eligible models; all 0 if none has a finite value."""
    score = np.where(eligible, values, np.inf)
    if not np.isfinite(score).any():
        return np.zeros(len(score))
    relative = np.exp(-0.5 * (score - score.min()))
    return np.asarray(relative / relative.sum())
