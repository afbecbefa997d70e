"""Population size from the sample coverage of several lists (Chao and Tsay, 1998).

The coverage of a list by the others is the chance that a unit on it is on another; C is the mean
over the lists. With z_j units on list j alone, n_j on it, n_jk on both j and k, M on any of t
lists, D = M - mean of z_j and W_jk the units on j, plus those on k, that are on no third list:

    independent   N0 = D / C
    high          the N that solves N = D / C + sum W_jk g_jk(N) / (t C), where
                  g_jk(N) = N n_jk / (n_j n_k) - 1 measures the dependence of two lists
    low           the same right side at N0, and once more at what that gives
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]


class Coverage(NamedTuple):
    """Statistics of each table; arrays of length (rows,) but for the lists."""

    observed: FloatArray
    sizes: FloatArray  # (rows, lists)
    coverage: FloatArray  # nan where a list is empty
    shared: FloatArray  # D
    dependence: FloatArray  # sum of W_jk n_jk / (n_j n_k)
    weights: FloatArray  # sum of W_jk


def statistics(counts: FloatArray, member: BoolArray) -> Coverage:
    """Statistics of tables of shape (rows, cells), with `member` (cells, lists)."""
    on = member.astype(np.float64)
    lists = member.shape[1]
    times = member.sum(axis=1)
    sizes = counts @ on
    alone = counts @ np.where((times == 1)[:, None], on, 0.0)
    first, second = np.triu_indices(lists, 1)
    both = counts @ (on[:, first] * on[:, second])
    only_both = counts @ np.where((times == 2)[:, None], on[:, first] * on[:, second], 0.0)
    weight = alone[:, first] + alone[:, second] + 2.0 * only_both
    with np.errstate(divide="ignore", invalid="ignore"):
        coverage = 1.0 - (alone / sizes).mean(axis=1)
        product = (weight * both / (sizes[:, first] * sizes[:, second])).sum(axis=1)
    observed = counts.sum(axis=1)
    shared = observed - alone.mean(axis=1)
    # exactly 0 where nobody is on two lists: sums of shares must not leave a rounding error
    coverage = np.where(both.any(axis=1) | np.isnan(coverage), coverage, 0.0)
    return Coverage(observed, sizes, coverage, shared, product, weight.sum(axis=1))


def independent(table: Coverage) -> FloatArray:
    """D / C."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return table.shared / table.coverage


def low(table: Coverage) -> FloatArray:
    """One step from the independent estimate, twice."""
    lists = table.sizes.shape[1]
    start = independent(table)
    total = start
    with np.errstate(divide="ignore", invalid="ignore"):
        for _ in range(2):
            gain = total * table.dependence - table.weights
            total = start + gain / (lists * table.coverage)
    return np.where(table.coverage == 0.0, np.inf, total)


def high(table: Coverage) -> FloatArray:
    """The solution of the linear equation; infinite where there is none above 0."""
    lists = table.sizes.shape[1]
    numerator = lists * table.shared - table.weights
    denominator = lists * table.coverage - table.dependence
    with np.errstate(divide="ignore", invalid="ignore"):
        total = numerator / denominator
    return np.where((denominator <= 0.0) | (table.coverage == 0.0), np.inf, total)


METHODS: dict[str, Callable[[Coverage], FloatArray]] = {
    "independent": independent,
    "high": high,
    "low": low,
}
