"""How alike are two people of one cluster: one correlation for many cells, and what it costs.

The share may differ from cell to cell; only the correlation of two members of a cluster, with
respect to the property that is counted, is taken as common. It is found by moments, so that cells
in which few have the property, which say little of their own variance, borrow from the others.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from countylines._kernels.method import FloatArray


def pooled_correlation(count: FloatArray, size: FloatArray, cell: NDArray[np.intp]) -> float:
    """Correlation from one row a cluster, between 0 and 1; nan where no two can be compared.

    Squares about the share of the cell are enlarged by k / (k - 1) for its k clusters.
    """
    clusters = np.bincount(cell)
    total, found = (np.bincount(cell, weights=v) for v in (size, count))
    with np.errstate(invalid="ignore", divide="ignore"):
        share = found / total
        small = clusters / (clusters - 1.0)
    squares = np.bincount(cell, weights=(count - share[cell] * size) ** 2)
    single = share * (1.0 - share)
    pairs = np.bincount(cell, weights=size * (size - 1.0)) * single
    use = (clusters > 1) & (pairs > 0.0)
    if not use.any():
        return float("nan")
    excess = (small * squares - total * single)[use].sum() / pairs[use].sum()
    return float(np.clip(excess, 0.0, 1.0))


def design_effects(size: FloatArray, cell: NDArray[np.intp], correlation: float) -> FloatArray:
    """Variance of the share of each cell relative to that of as many independent people."""
    mean = np.bincount(cell, weights=size**2) / np.bincount(cell, weights=size)
    return np.asarray(1.0 + correlation * (mean - 1.0), dtype=np.float64)
