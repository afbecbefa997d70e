"""MOVER: limits of a difference from the limits of its two parts (Newcombe 1998; Donner and Zou).

With limits (l, u) of the parts p and q, the upper limit of p - q lies sqrt((u1 - p)^2 + (q - l2)^2)
above the difference, and the lower one is that of q - p with the sign turned.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np
from numpy.typing import ArrayLike

from countylines._kernels.distinct import once_per_row
from countylines._kernels.method import FloatArray, Method, tail_area
from countylines._kernels.mover_tail import tail_reaching
from countylines._kernels.score_difference import Flags, combined

Limits = tuple[FloatArray, FloatArray]


def by_mover(
    limit: Callable[[FloatArray, FloatArray, FloatArray, str], FloatArray],
    middle: Callable[[FloatArray, FloatArray], FloatArray],
    range_: tuple[float, float],
    usable: Callable[..., Flags],
    at_end: Callable[..., Flags],
) -> Method:
    """The method that rests on one-sample limits: ``limit(count, size, tail, side)``.

    `middle(count, size)` is what they enclose at any level; `usable` and `at_end` are as in
    :func:`score_difference.by_inversion`.
    """

    def upper(
        x: FloatArray, n: FloatArray, y: FloatArray, m: FloatArray, tail: FloatArray
    ) -> FloatArray:
        """Upper limit of the difference for tail areas up to one half."""
        first, second = middle(x, n), middle(y, m)
        above = limit(x, n, tail, "less") - first
        below = second - limit(y, m, tail, "greater")
        high: FloatArray = first - second + np.hypot(above, below)
        return high

    def both(tail: float, *columns: FloatArray) -> Limits:
        x, n, y, m = columns
        far = tail > 0.5
        area = np.full(x.shape, 1.0 - tail if far else tail)
        low, high = -upper(y, m, x, n, area), upper(x, n, y, m, area)
        # a one-sided limit with more than half outside lies on the far side of the middle
        return (high, low) if far else (low, high)

    def limits(*data: FloatArray, level: float, alternative: str) -> Limits:
        low, high = (np.full(data[0].shape, end) for end in range_)
        rows = np.flatnonzero(usable(*data))
        if rows.size:
            some = tuple(column[rows] for column in data)
            solved = once_per_row(partial(both, tail_area(level, alternative)), *some)
            first, last = (np.clip(end, *range_) for end in solved)
            if alternative != "less":
                low[rows] = np.where(at_end(*some, 1), range_[0], first)
            if alternative != "greater":
                high[rows] = np.where(at_end(*some, -1), range_[1], last)
        return low, high

    def pvalue(*data: FloatArray, null: ArrayLike, alternative: str) -> FloatArray:
        goal = np.broadcast_to(np.asarray(null, dtype=np.float64), data[0].shape)
        greater, less = np.ones(goal.shape), np.ones(goal.shape)
        rows = np.flatnonzero(usable(*data))
        if rows.size:
            some, goal = tuple(column[rows] for column in data), goal[rows]
            below = goal < middle(*some[:2]) - middle(*some[2:])
            swapped = (*some[2:], *some[:2])
            turned = (np.where(below, new, old) for new, old in zip(swapped, some, strict=True))
            solve = partial(tail_reaching, upper)
            tail = once_per_row(solve, *turned, np.where(below, -goal, goal))
            # where one limit is the end of the range, nothing can speak for that side
            greater[rows] = np.where(at_end(*some, 1), 1.0, np.where(below, tail, 1.0 - tail))
            less[rows] = np.where(at_end(*some, -1), 1.0, np.where(below, 1.0 - tail, tail))
        return combined(greater, less, alternative)

    return Method(limits, pvalue)
