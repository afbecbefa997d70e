"""Root of an increasing function, for many rows at once."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from countylines._kernels.method import FloatArray

Rows = NDArray[np.intp]
Residual = Callable[[FloatArray, Rows], tuple[FloatArray, FloatArray]]

MAX_STEPS = 800
HALVE_EVERY = 8  # so that a bracket that Newton's method shrinks from one side only still closes


def increasing_root(
    residual: Residual,
    left: FloatArray,
    right: FloatArray,
    start: FloatArray,
    *,
    settled: float | FloatArray = 1e-7,
) -> FloatArray:
    """Where `residual` crosses zero from below, between `left` and `right`, row by row.

    ``residual(x, rows)`` gives the value and the slope at `x` for the rows with these indices. It
    should be scaled so that it is close to straight over a unit of its value, as the log of a tail
    probability or a standardised statistic is: convergence is then quadratic, and a step from a
    value of `settled` (one for all, or one a row) is the last. Slopes of limited accuracy need a
    smaller one. Newton's method, replaced by halving where it would leave the bracket. A row whose
    residual keeps one sign ends at that end of its bracket.
    """
    result = np.empty(start.shape)
    small = np.broadcast_to(settled, start.shape)
    rows = np.arange(start.size)
    left, right = left.copy(), right.copy()
    x = np.where((start > left) & (start < right), start, 0.5 * (left + right))
    for step in range(MAX_STEPS):
        if not rows.size:
            break
        value, slope = residual(x, rows)
        right = np.where(value > 0.0, x, right)
        left = np.where(value > 0.0, left, x)
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            newton = x - value / slope
        inside = (newton >= left) & (newton <= right) & (slope > 0.0)
        following = np.where(
            inside & (step % HALVE_EVERY != HALVE_EVERY - 1), newton, 0.5 * (left + right)
        )
        close = inside & (np.abs(value) <= small[rows])
        shut = right - left <= 4e-16 * np.maximum(np.abs(x), 1e-3)
        done = close | shut | (value == 0.0)
        best = np.where(close, newton, np.where(value == 0.0, x, following))
        result[rows[done]] = best[done]
        going = ~done
        rows, x = rows[going], following[going]
        left, right = left[going], right[going]
    result[rows] = x
    return result
