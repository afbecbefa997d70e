"""The share of one of two parts after both have grown, from ratios after / before alone.

With `first`, `second` and `total` the growth ratios of two parts and of their sum, the share before
is (total - second) / (first - second), and after it is that times first / total. The share after
rises with `total` where `first` exceeds `second` and falls where it is below, so that a range of
totals gives a range of shares by its ends.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]

# What the ratios leave of the share: a point, a range, nothing left to share, or a contradiction.
POINT, RANGE, NOTHING_LEFT, IMPOSSIBLE, EQUAL = range(5)
TOLERANCE = 1e-12


def share_before(first: FloatArray, second: FloatArray, total: FloatArray) -> FloatArray:
    """Share of the first part before; nan where both parts grew alike."""
    with np.errstate(invalid="ignore", divide="ignore"):
        share = (total - second) / (first - second)
    share = np.where(first == second, np.nan, share)
    return np.clip(share, 0.0, 1.0)


def share_after(first: FloatArray, second: FloatArray, total: FloatArray) -> FloatArray:
    """Share of the first part after, continued to where nothing is left."""
    before = share_before(first, second, total)
    with np.errstate(invalid="ignore", divide="ignore"):
        share = first * before / (first * before + second * (1.0 - before))
    share = np.where((second == 0) & (first > 0), 1.0, share)
    return np.where((first == 0) & (second > 0), 0.0, share)


def share_range(
    first: FloatArray, second: FloatArray, total_low: FloatArray, total_high: FloatArray
) -> tuple[FloatArray, FloatArray, NDArray[np.intp]]:
    """Ends of the range of the share after, and what it is: a point, a range, or none."""
    smallest, largest = np.minimum(first, second), np.maximum(first, second)
    slack = TOLERANCE * largest
    impossible = (total_high < smallest - slack) | (total_low > largest + slack)
    low = np.clip(total_low, smallest, largest)
    high = np.clip(total_high, smallest, largest)
    ends = np.stack([share_after(first, second, low), share_after(first, second, high)])
    equal = first == second
    ends = np.where(equal, np.array([[0.0], [1.0]]), ends)
    code = np.where(ends[0] == ends[1], POINT, RANGE)
    code = np.where(equal, EQUAL, code)
    code = np.where(high <= 0, NOTHING_LEFT, code)
    code = np.where(impossible, IMPOSSIBLE, code)
    ends[:, (code == NOTHING_LEFT) | (code == IMPOSSIBLE)] = np.nan
    return ends.min(axis=0), ends.max(axis=0), code.astype(np.intp)
