"""Limits and p-values of a difference by inverting a statistic that falls as the null rises."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike
from scipy.optimize import elementwise
from scipy.special import ndtr

from countylines._kernels.distinct import once_per_row
from countylines._kernels.method import FloatArray, Method, critical_value

Columns = tuple[FloatArray, ...]
Flags = np.typing.NDArray[np.bool_]

BLOCK = 4096  # rows solved together: what they need stays in the processor's cache


def combined(greater: FloatArray, less: FloatArray, alternative: str) -> FloatArray:
    """The p-value of the side asked for; the two-sided one doubles the smaller."""
    if alternative == "two-sided":
        return np.minimum(1.0, 2.0 * np.minimum(greater, less))
    return greater if alternative == "greater" else less


def in_blocks(solve: Callable[..., FloatArray], *columns: FloatArray) -> FloatArray:
    """``solve(*columns)`` for an elementwise `solve`, some thousands of rows at a time."""
    size = columns[0].size
    if size <= BLOCK:
        return solve(*columns)
    starts = range(0, size, BLOCK)
    return np.concatenate([solve(*(c[i : i + BLOCK] for c in columns)) for i in starts])


def crossing(gap: Callable[..., FloatArray], edge: FloatArray, *columns: FloatArray) -> FloatArray:
    """Where an increasing ``gap(t, *columns)`` is 0 between ``-edge`` and `edge`.

    It is an edge where there is no such place: a corrected statistic need not get as far.
    """
    result = np.where(gap(-edge, *columns) >= 0.0, -edge, edge)
    rows = np.flatnonzero((result > 0.0) & (gap(edge, *columns) > 0.0))
    if rows.size:
        found = elementwise.find_root(
            gap,
            (-edge[rows], edge[rows]),
            args=tuple(column[rows] for column in columns),
            tolerances={"xatol": 1e-15, "xrtol": 1e-15, "fatol": 0.0, "frtol": 0.0},
        )
        result[rows] = found.x
    return result


def by_inversion(
    solve: Callable[..., FloatArray],
    statistic: Callable[..., FloatArray],
    range_: tuple[float, float],
    usable: Callable[..., Flags],
    at_end: Callable[..., Flags],
) -> Method:
    """The method whose limits are ``solve(*data, z)``, the null with ``statistic(*data, null)`` z.

    `usable(*data)` says where there are data, ``at_end(*data, side)`` where they lie at the end of
    the range that the limit of that side approaches: side 1 is the lower limit.
    """

    def limits(*data: FloatArray, level: float, alternative: str) -> tuple[FloatArray, FloatArray]:
        z = np.full(data[0].shape, critical_value(level, alternative))
        ends = [np.full(z.shape, end) for end in range_]
        for side, closed, end in ((1, "less", ends[0]), (-1, "greater", ends[1])):
            rows = np.flatnonzero(usable(*data) & ~at_end(*data, side))
            if alternative != closed and rows.size:
                some = tuple(column[rows] for column in (*data, side * z))
                end[rows] = once_per_row(lambda *columns: in_blocks(solve, *columns), *some)
        return ends[0], ends[1]

    def pvalue(*data: FloatArray, null: ArrayLike, alternative: str) -> FloatArray:
        value = np.broadcast_to(np.asarray(null, dtype=np.float64), data[0].shape)
        greater, less = np.ones(value.shape), np.ones(value.shape)
        rows = np.flatnonzero(usable(*data))
        if rows.size:
            some = tuple(column[rows] for column in data)
            z = in_blocks(statistic, *some, value[rows])
            # where one limit is the end of the range, nothing can speak for that side
            greater[rows] = np.where(at_end(*some, 1), 1.0, ndtr(-z))
            less[rows] = np.where(at_end(*some, -1), 1.0, ndtr(z))
        return combined(greater, less, alternative)

    return Method(limits, pvalue)
