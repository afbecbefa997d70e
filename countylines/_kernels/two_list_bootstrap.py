"""Parametric bootstrap of a two-list population, with the hidden cell filled in again.

For each row a population of whole size N is put on two lists independently, with the probabilities
n_i / N that reproduce the observed list sizes on average; units that fall on neither list are
hidden again, so a replicate carries the uncertainty of the hidden number as well as of the overlap.

Each row has a generator of its own, and each block of 1,024 replicates of a row a child of it, so
that the replicates depend neither on which rows or blocks are worked together nor on how many
replicates follow. A block is always drawn whole.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from countylines._kernels.method import FloatArray

BLOCK = 1024
_LARGEST_POPULATION = 2.0**62
_ROWS_AT_ONCE = 256

Estimator = Callable[[FloatArray, FloatArray, FloatArray], FloatArray]


def draws(
    n_first: FloatArray,
    n_second: FloatArray,
    population: FloatArray,
    estimator: Estimator,
    replicates: int,
    rng: np.random.Generator,
) -> FloatArray:
    """Replicates of the total, shape (rows, replicates); nan where `population` is nan."""
    return summarised(
        n_first, n_second, population, estimator, replicates, rng, lambda values, rows: values
    )


def summarised(
    n_first: FloatArray,
    n_second: FloatArray,
    population: FloatArray,
    estimator: Estimator,
    replicates: int,
    rng: np.random.Generator,
    summary: Callable[[FloatArray, slice], FloatArray],
) -> FloatArray:
    """`summary(replicates, rows)` of a few rows at a time: (rows, width), never all replicates."""
    children = rng.spawn(n_first.size)
    parts = []
    for start in range(0, n_first.size, _ROWS_AT_ONCE):
        rows = slice(start, min(start + _ROWS_AT_ONCE, n_first.size))
        values = np.stack(
            [
                row_draws(first, second, size, estimator, replicates, child)
                for first, second, size, child in zip(
                    n_first[rows], n_second[rows], population[rows], children[rows], strict=True
                )
            ]
        )
        parts.append(summary(values, rows))
    if not parts:
        return summary(np.empty((0, replicates)), slice(0, 0))
    return np.concatenate(parts)


def row_draws(
    n_first: float,
    n_second: float,
    population: float,
    estimator: Estimator,
    replicates: int,
    rng: np.random.Generator,
) -> FloatArray:
    """Replicates of the total for one row."""
    if np.isnan(population):
        return np.full(replicates, np.nan)
    if population > _LARGEST_POPULATION:
        raise OverflowError("a population above 2**62 cannot be simulated")
    blocks = rng.spawn(-(-replicates // BLOCK))
    size = int(population)
    first_rate, second_rate = n_first / population, n_second / population
    lists = [_block(size, first_rate, second_rate, child) for child in blocks]
    first, second, both = (np.concatenate(part)[:replicates] for part in zip(*lists, strict=True))
    return estimator(first, second, both)


def _block(
    population: int, first_rate: float, second_rate: float, rng: np.random.Generator
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """One block of replicated list sizes and overlaps."""
    first = rng.binomial(population, first_rate, size=BLOCK)
    both = rng.binomial(first, second_rate)
    second_only = rng.binomial(population - first, second_rate)
    return first.astype(float), (both + second_only).astype(float), both.astype(float)


def quantile(values: FloatArray, probability: float) -> FloatArray:
    """Quantile along the last axis at rank (B + 1) p, where infinite values stay infinite.

    Ranks below 1 and above B give the smallest and the largest value; between two values the
    quantile is interpolated, and is infinite as soon as the upper one is.
    """
    ordered = np.sort(values, axis=-1)
    count = ordered.shape[-1]
    rank = min(max(probability * (count + 1), 1.0), float(count))
    whole = int(rank)
    lower = ordered[..., whole - 1]
    share = rank - whole
    if share == 0.0:
        return lower
    upper = ordered[..., whole]
    with np.errstate(invalid="ignore"):
        between = lower + share * (upper - lower)
    return np.where(np.isinf(upper), upper, between)


def tails(values: FloatArray, null: FloatArray) -> FloatArray:
    """Interpolated shares of the replicates (rows, B) below and above each null, as (rows, 2).

    They invert `quantile`: `null` lies below the quantile at p exactly when the first is below p,
    and above the quantile at 1 - p exactly when the second is below p.
    """
    ordered = np.sort(values, axis=-1)
    below = _rank_below(ordered, null)
    above = _rank_above(ordered, null)
    return np.stack([below, above], axis=-1)


def _rank_below(ordered: FloatArray, null: FloatArray) -> FloatArray:
    """Largest p whose quantile does not exceed the null."""
    count = ordered.shape[-1]
    reached = np.sum(ordered <= null[:, None], axis=-1)
    share = _share_between(ordered, null, reached)
    rank = (reached + share) / (count + 1.0)
    return np.where(reached == 0, 0.0, np.where(reached == count, 1.0, rank))


def _rank_above(ordered: FloatArray, null: FloatArray) -> FloatArray:
    """Largest p for which the quantile at 1 - p is not below the null."""
    count = ordered.shape[-1]
    passed = np.sum(ordered < null[:, None], axis=-1)
    share = _share_between(ordered, null, passed)
    rank = 1.0 - (passed + share) / (count + 1.0)
    return np.where(passed == count, 0.0, np.where(passed == 0, 1.0, rank))


def _share_between(ordered: FloatArray, null: FloatArray, rank: FloatArray) -> FloatArray:
    """How far the null lies between the values at `rank` and `rank` + 1, as a share."""
    count = ordered.shape[-1]
    rows = np.arange(ordered.shape[0])
    lower = ordered[rows, np.clip(rank - 1, 0, count - 1)]
    upper = ordered[rows, np.clip(rank, 0, count - 1)]
    gap = (upper > lower) & np.isfinite(upper)
    with np.errstate(invalid="ignore"):
        return np.divide(null - lower, upper - lower, out=np.zeros(len(rows)), where=gap)
