"""Repeated medians of slopes, and the permutation test of a slope that they make."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

HELD = 2_000_000  # slopes held at a time
_HALVINGS = 26
_FAR = 1e6


def slopes(rows: FloatArray, times: FloatArray) -> FloatArray:
    """The median over points of the median slope to all others, a row each; no value is missing."""
    n = rows.shape[1]
    if n < 2:
        return np.full(len(rows), np.nan)
    others = np.array([[j for j in range(n) if j != i] for i in range(n)])
    between = times[others] - times[:, None]
    found = np.empty(len(rows))
    step = max(HELD // (n * n), 1)
    for begin in range(0, len(rows), step):
        part = rows[begin : begin + step]
        to_each = (part[:, others] - part[:, :, None]) / between
        found[begin : begin + step] = np.median(np.median(to_each, axis=2), axis=1)
    return found


def reached(
    values: FloatArray, times: FloatArray, null: float, orders: IntArray
) -> tuple[float, float]:
    """P-values of the null slope against a greater and a lesser one, by the orders given."""
    rest = values - null * times
    seen = float(slopes(rest[None], times)[0])
    drawn = slopes(rest[orders], times)
    near = 1e-9 * (np.abs(rest).max() / np.ptp(times))
    over = 1.0 + float((drawn >= seen - near).sum())
    under = 1.0 + float((drawn <= seen + near).sum())
    return over / (len(orders) + 1.0), under / (len(orders) + 1.0)


def limit(values: FloatArray, times: FloatArray, tail: float, side: int, orders: IntArray) -> float:
    """The end of the slopes that are not rejected; infinite where none on that side is."""
    middle = float(slopes(values[None], times)[0])
    size = float(np.ptp(values - middle * times) / np.ptp(times))
    if size <= 1e-12 * np.abs(values).max() / np.ptp(times):
        return middle
    index = 0 if side < 0 else 1  # a low limit is where a greater slope stops being credible
    least = tail * (1.0 - 1e-9)  # a p-value at the tail is not below it, whatever rounding says
    inside, outside = middle, middle + side * _FAR * size
    if reached(values, times, outside, orders)[index] >= least:
        return side * np.inf
    step = size
    while reached(values, times, middle + side * step, orders)[index] >= least:
        inside, step = middle + side * step, 2.0 * step
    outside = middle + side * step
    for _ in range(_HALVINGS):
        between = 0.5 * (inside + outside)
        if reached(values, times, between, orders)[index] >= least:
            inside = between
        else:
            outside = between
    return outside
