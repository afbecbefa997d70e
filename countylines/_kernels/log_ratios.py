"""One ratio or difference a stratum, with its large-sample variance.

The data are `x` out of `n` and `y` out of `m`, of any one shape. Where a cell that the variance
divides by is 0, `add` is added to every cell of that stratum (for rates, to both counts).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from countylines._kernels.method import FloatArray

Data = tuple[FloatArray, FloatArray, FloatArray, FloatArray]


def empty_cell(measure: str, data: Data) -> NDArray[np.bool_]:
    """Strata in which a cell is 0: both counts for rates, all four cells of a table otherwise."""
    x, n, y, m = data
    none: NDArray[np.bool_] = (x == 0.0) | (y == 0.0)
    return none if measure.startswith("rate") else none | (x == n) | (y == m)


def effects(measure: str, data: Data, add: float) -> tuple[FloatArray, FloatArray]:
    """Log ratio or difference of each stratum, and its variance."""
    extra = np.where(empty_cell(measure, data), add, 0.0)
    x, y = data[0] + extra, data[2] + extra
    n, m = data[1], data[3]
    if not measure.startswith("rate"):
        n, m = n + 2.0 * extra, m + 2.0 * extra
    with np.errstate(divide="ignore", invalid="ignore"):
        if measure == "rate-ratio":
            return np.log(x) - np.log(y) - np.log(n) + np.log(m), 1.0 / x + 1.0 / y
        if measure == "risk-ratio":
            variance = (n - x) / n / x + (m - y) / m / y
            return np.log(x) - np.log(y) - np.log(n) + np.log(m), variance
        if measure == "odds-ratio":
            odds = np.log(x) - np.log(n - x) - np.log(y) + np.log(m - y)
            return odds, 1.0 / x + 1.0 / (n - x) + 1.0 / y + 1.0 / (m - y)
        if measure == "rate-difference":
            return x / n - y / m, x / n / n + y / m / m
        return x / n - y / m, x * (n - x) / n**3 + y * (m - y) / m**3
