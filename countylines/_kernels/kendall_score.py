"""Kendall's score of many series: pairs that rise less pairs that fall, in O(n log n).

Series are rows in the order of time; nan is a value that is missing. The count of pairs goes down
the bits of the ranks: among values that agree in all higher bits, a value whose next bit is 1 lies
above every earlier one whose next bit is 0, and below no other. Ties never part, and add nothing.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]


class Score(NamedTuple):
    """One entry a series."""

    score: FloatArray
    variance: FloatArray  # under exchangeability given the ties
    present: IntArray  # values that are not missing
    pairs: FloatArray  # pairs of different values


def kendall(rows: FloatArray) -> Score:
    """Score, null variance, number of values and number of untied pairs of each row."""
    missing = np.isnan(rows)
    ranks = dense_ranks(rows)
    present = (~missing).sum(axis=1)
    score = _signs(ranks)
    if missing.any():
        # ranked above all others, every missing value has a known part in the count
        before = np.cumsum(~missing, axis=1)
        after = present[:, None] - before
        score -= np.where(missing, before - after, 0).sum(axis=1)
    ties = tie_sizes(ranks, missing)
    n = present.astype(np.float64)
    variance = (_spread(n) - _spread(ties).sum(axis=1)) / 18.0
    pairs = (n * (n - 1.0) - (ties * (ties - 1.0)).sum(axis=1)) / 2.0
    return Score(score.astype(np.float64), np.maximum(variance, 0.0), present, pairs)


def dense_ranks(rows: FloatArray) -> IntArray:
    """Ranks from 0 without gaps, equal for ties; missing values share the highest."""
    order = np.argsort(rows, axis=1, kind="stable")
    ordered = np.take_along_axis(rows, order, axis=1)
    before, after = ordered[:, :-1], ordered[:, 1:]
    new = (after != before) & ~(np.isnan(after) & np.isnan(before))
    ranks = np.zeros(rows.shape, dtype=np.int64)
    steps = np.zeros(rows.shape, dtype=np.int64)
    np.cumsum(new, axis=1, out=steps[:, 1:])
    np.put_along_axis(ranks, order, steps, axis=1)
    return ranks


def tie_sizes(ranks: IntArray, missing: NDArray[np.bool_]) -> FloatArray:
    """How many values share each rank: (rows, ranks)."""
    rows = len(ranks)
    columns = int(ranks.max(initial=0)) + 1
    keys = (ranks + columns * np.arange(rows)[:, None])[~missing]
    return np.bincount(keys, minlength=rows * columns).reshape(rows, columns).astype(np.float64)


def _spread(n: FloatArray) -> FloatArray:
    spread: FloatArray = n * (n - 1.0) * (2.0 * n + 5.0)
    return spread


def _signs(ranks: IntArray) -> IntArray:
    """Sum of the signs of all later less earlier ranks, row by row."""
    rows, length = ranks.shape
    total = np.zeros(rows, dtype=np.int64)
    if length < 2:
        return total
    keys = ranks.ravel().astype(np.int32)
    here = np.arange(rows * length)
    start = np.repeat(np.arange(rows) * length, length)  # of the group that agrees in higher bits
    end = start + length
    for bit in range(int(keys.max()).bit_length() - 1, -1, -1):
        one = (keys >> bit) & 1
        ones = np.concatenate([[0], np.cumsum(one, dtype=np.int64)])
        ones_before = ones[:-1] - ones[start]
        zeros_before = here - start - ones_before
        gain = np.where(one == 1, zeros_before, -ones_before)
        total += gain.reshape(rows, length).sum(axis=1)
        middle = end - (ones[end] - ones[start])
        place = np.where(one == 1, middle + ones_before, start + zeros_before)
        start, end = np.where(one == 1, middle, start), np.where(one == 1, end, middle)
        moved = [np.empty_like(a) for a in (keys, start, end)]
        for new, old in zip(moved, (keys, start, end), strict=True):
            new[place] = old
        keys, start, end = moved
    return total
