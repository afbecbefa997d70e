"""Limits and p-values of a count's parameter from one-sided functions that invert each other.

A method is a pair: a limit for a tail area, and a p-value for a null. Two-sided limits leave half
of the tail at each end, and the two-sided p-value doubles the smaller one; only methods that order
outcomes have a two-sided test of their own. So a null lies outside the limits exactly when its
p-value is below one minus the level.

Where the data lie at an end of the range, that end is the limit, for every two-sided interval and
every one-sided one of level one half or more. Below that a one-sided limit lies on the far side of
the estimate, and need not stop there. Methods marked `closed` would leave the end out for some
levels: for them the limit is the end by definition, and its p-value is 1.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtr, ndtri

from countylines._kernels.acceptance import Ordered
from countylines._kernels.distinct import once_per_row
from countylines._kernels.method import FloatArray, tail_area

Flags = NDArray[np.bool_]
Score = Callable[..., FloatArray]


@dataclass(frozen=True)
class OneSided:
    """`limit(*data, tail, side)` and `pvalue(*data, null, side)`; side 1 is the lower limit."""

    limit: Callable[..., FloatArray]
    pvalue: Callable[..., FloatArray]
    closed: bool = False
    asymptotic: bool = False


def score_limit(solve: Score, top: float, *args: FloatArray | int) -> FloatArray:
    """Limit at the normal quantile that belongs to the tail: ``(*data, tail, side)``."""
    *data, tail, side = args
    limit: FloatArray = np.clip(solve(*data, -side * ndtri(tail)), 0.0, top)
    return limit


def score_pvalue(statistic: Score, *args: FloatArray | int) -> FloatArray:
    """Normal tail beyond the statistic: ``(*data, null, side)``."""
    *data, null, side = args
    value: FloatArray = ndtr(-side * statistic(*data, null))
    return value


def by_score(
    solve: Score, statistic: Score, top: float, *, closed: bool = False, asymptotic: bool = False
) -> OneSided:
    """The pair that rests on an approximately normal statistic and its inverse."""
    return OneSided(
        partial(score_limit, solve, top), partial(score_pvalue, statistic), closed, asymptotic
    )


@dataclass(frozen=True)
class Family:
    """Every method for one kind of count, over the range from 0 to `top`.

    `at_end(*data, side)` says where the data lie at the end that the limit of that side
    approaches, `usable(*data)` where there are data at all.
    """

    methods: Mapping[str, OneSided]
    ordered: Ordered
    top: float
    at_end: Callable[..., Flags]
    usable: Callable[..., Flags]

    def one_sided_limit(
        self, name: str, side: int, *data: FloatArray, tail: ArrayLike
    ) -> FloatArray:
        """Limit with `tail` outside it, which may differ from row to row and be tiny."""
        area = np.broadcast_to(np.asarray(tail, dtype=np.float64), data[0].shape)
        limit: FloatArray = once_per_row(partial(self._limit, name, side), *data, area)
        return limit

    def _limit(self, name: str, side: int, *columns: FloatArray) -> FloatArray:
        *data, tail = columns
        method = self.methods[name]
        result = np.full(tail.shape, 0.0 if side > 0 else self.top)
        ends_there = self.at_end(*data, side) & (method.closed | (tail <= 0.5))
        # A tail of 0 leaves nothing outside, and neither does an empty sample.
        rows = np.flatnonzero(~ends_there & self.usable(*data) & (tail > 0.0))
        if rows.size:
            result[rows] = method.limit(*(part[rows] for part in data), tail[rows], side)
        return result

    def _pvalue(self, name: str, side: int, *columns: FloatArray) -> FloatArray:
        *data, null = columns
        method = self.methods[name]
        value = method.pvalue(*data, null, side)
        # No limit reaches past the end of the range, so a null there is never outside on that side.
        beyond = null >= self.top if side > 0 else null <= 0.0
        return np.where((self.at_end(*data, side) & method.closed) | beyond, 1.0, value)

    def _doubled(self, name: str, *columns: FloatArray) -> FloatArray:
        greater, less = (self._pvalue(name, side, *columns) for side in (1, -1))
        return np.minimum(1.0, 2.0 * np.minimum(greater, less))

    def limits(
        self, name: str, *data: FloatArray, level: float, alternative: str
    ) -> tuple[FloatArray, FloatArray]:
        """Both limits; the end of the range on the side that a one-sided interval leaves open."""
        low, high = once_per_row(
            partial(self._limits, name, level=level, alternative=alternative), *data
        )
        return low, high

    def _limits(
        self, name: str, *data: FloatArray, level: float, alternative: str
    ) -> tuple[FloatArray, FloatArray]:
        shape = data[0].shape
        low, high = np.zeros(shape), np.full(shape, self.top)
        if name in self.ordered.methods and alternative == "two-sided":
            rows = np.flatnonzero(self.usable(*data) & (level < 1.0))
            here = [part[rows] for part in data]
            low[rows] = self.ordered.limit(*here, level=level, side=1, method=name)
            high[rows] = self.ordered.limit(*here, level=level, side=-1, method=name)
            return low, high
        tail = np.full(shape, tail_area(level, alternative))
        if alternative != "less":
            low = self._limit(name, 1, *data, tail)
        if alternative != "greater":
            high = self._limit(name, -1, *data, tail)
        return low, high

    def pvalue(self, name: str, *data: FloatArray, null: ArrayLike, alternative: str) -> FloatArray:
        """P-value of the same inversion; 1 where there are no data."""
        null = np.broadcast_to(np.asarray(null, dtype=np.float64), data[0].shape)
        result = np.ones(data[0].shape)
        rows = np.flatnonzero(self.usable(*data))
        columns = [part[rows] for part in (*data, null)]
        if not rows.size:
            return result
        if alternative != "two-sided":
            test = partial(self._pvalue, name, 1 if alternative == "greater" else -1)
        elif name in self.ordered.methods:
            test = partial(self.ordered.pvalue, method=name)
        else:
            test = partial(self._doubled, name)
        result[rows] = once_per_row(test, *columns)
        return result

    def gap_in_acceptance(self, *data: FloatArray, level: float, method: str) -> Flags:
        """Whether the two-sided limits are the hull of accepted nulls with a gap between them."""
        gap = np.zeros(data[0].shape, dtype=bool)
        rows = np.flatnonzero(self.usable(*data) & (level < 1.0))
        if method in self.ordered.methods and rows.size:
            test = partial(self.ordered.has_gap, level=level, method=method)
            gap[rows] = once_per_row(test, *(part[rows] for part in data))
        return gap
