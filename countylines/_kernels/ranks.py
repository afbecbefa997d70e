"""Ranks of areas, 1 for the largest value: from draws, or from intervals and tests."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy.special import betainc

from countylines._kernels.method import FloatArray


class Ranks(NamedTuple):
    """Mean, standard deviation and limits of the rank of each area, and the chance of the top."""

    mean: FloatArray
    deviation: FloatArray
    low: FloatArray
    high: FloatArray
    in_top: FloatArray


def of_draws(draws: FloatArray, level: float, top: int) -> Ranks:
    """Ranks within each row of `draws`, of shape (draws, areas), summed up over rows."""
    order = np.argsort(-draws, axis=1, kind="stable")
    ranks = np.empty_like(order)
    np.put_along_axis(ranks, order, np.arange(1, draws.shape[1] + 1)[None, :], axis=1)
    tail = (1.0 - level) / 2.0
    number = draws.shape[0]
    sorted_ranks = np.sort(ranks, axis=0)
    first = int(np.floor(tail * number))
    return Ranks(
        ranks.mean(axis=0),
        ranks.std(axis=0),
        sorted_ranks[first].astype(np.float64),
        sorted_ranks[number - 1 - first].astype(np.float64),
        (ranks <= top).mean(axis=0),
    )


def by_intervals(low: FloatArray, high: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Rank limits from simultaneous intervals: who lies wholly above, and who wholly below."""
    above = (low[None, :] > high[:, None]).sum(axis=1)
    below = (high[None, :] < low[:, None]).sum(axis=1)
    return 1.0 + above, float(low.size) - below


def pairwise_pvalues(x: FloatArray, e: FloatArray) -> FloatArray:
    """Chance of counts as far above each other as seen, if row's rate is at most column's.

    Given the sum of two counts, each is binomial.
    """
    rows, columns = np.broadcast_arrays(x[:, None], x[None, :])
    share = e[:, None] / (e[:, None] + e[None, :])
    p = np.where(rows > 0.0, betainc(np.maximum(rows, 1.0), columns + 1.0, share), 1.0)
    np.fill_diagonal(p, 1.0)
    return p


def by_tests(pvalues: FloatArray, error: float) -> tuple[FloatArray, FloatArray]:
    """Rank limits from one-sided tests of all pairs, with Holm's control of any error."""
    areas = len(pvalues)
    off = ~np.eye(areas, dtype=bool)
    p = pvalues[off]
    order = np.argsort(p)
    bound = error / np.arange(p.size, 0, -1.0)
    kept = np.cumprod(p[order] <= bound).astype(bool)
    rejected = np.zeros(p.size, dtype=bool)
    rejected[order] = kept
    larger = np.zeros((areas, areas), dtype=bool)
    larger[off] = rejected  # row is larger than column
    return 1.0 + larger.sum(axis=0), float(areas) - larger.sum(axis=1)
