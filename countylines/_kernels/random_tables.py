"""Tables of periods by categories drawn at random, given their margins, in each of many strata."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from countylines._kernels.method import FloatArray

IntArray = NDArray[np.int64]


def permuted(generator: np.random.Generator, size: int, counts: IntArray) -> IntArray:
    """Periods shuffled over the units of each stratum, summed over strata.

    `counts` has shape (strata, periods, categories), the result (size, periods, categories).
    """
    result = np.zeros((size, *counts.shape[1:]), dtype=np.int64)
    for table in counts:
        kept = table.sum(axis=0) > 0
        rows = table.sum(axis=1) > 0
        if rows.sum() < 2 or kept.sum() < 2:
            result += table
            continue
        part = table[rows][:, kept]
        drawn = (
            _by_units(generator, size, part)
            if part.sum() < (part.shape[0] - 1) * (part.shape[1] - 1)
            else _by_cells(generator, size, part)
        )
        result[np.ix_(np.arange(size), np.flatnonzero(rows), np.flatnonzero(kept))] += drawn
    return result


def _by_cells(generator: np.random.Generator, size: int, table: IntArray) -> IntArray:
    """Cell by cell, each from its hypergeometric law given those before."""
    periods, categories = table.shape
    left = np.broadcast_to(table.sum(axis=0), (size, categories)).copy()
    drawn = np.empty((size, periods, categories), dtype=np.int64)
    for period in range(periods - 1):
        wanted = np.full(size, table[period].sum())
        others = left.sum(axis=1)
        for category in range(categories - 1):
            others = others - left[:, category]
            some = generator.hypergeometric(left[:, category], others, wanted)
            drawn[:, period, category] = some
            wanted = wanted - some
        drawn[:, period, -1] = wanted
        left -= drawn[:, period]
    drawn[:, -1] = left
    return drawn


def _by_units(generator: np.random.Generator, size: int, table: IntArray) -> IntArray:
    """Unit by unit: the labels of the periods in random order."""
    periods, categories = table.shape
    period = np.repeat(np.arange(periods), table.sum(axis=1))
    category = np.tile(np.arange(categories), periods).repeat(table.ravel())
    order = generator.permuted(np.broadcast_to(period, (size, period.size)).copy(), axis=1)
    key = (np.arange(size)[:, None] * periods + order) * categories + category
    drawn = np.bincount(key.ravel(), minlength=size * table.size)
    return drawn.reshape(size, periods, categories).astype(np.int64)


def resampled(generator: np.random.Generator, size: int, counts: IntArray) -> IntArray:
    """Units drawn with replacement within each period: (periods, categories) to (size, ...)."""
    result = np.zeros((size, *counts.shape), dtype=np.int64)
    for period, row in enumerate(counts):
        total = int(row.sum())
        if total:
            share: FloatArray = row / total
            result[:, period] = generator.multinomial(total, share, size=size)
    return result
