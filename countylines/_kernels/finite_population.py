"""Limits for how many of a finite population have a property, from a simple random sample of it.

The count is hypergeometric. Limits are whole numbers of the population: the smallest and largest
that the one-sided tests do not refuse. Arguments are arrays of whole numbers of one length.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from countylines._kernels.acceptance import TIE, last_whole
from countylines._kernels.binomial_score import wilson_solve
from countylines._kernels.deviance import half_deviance
from countylines._kernels.method import FloatArray
from countylines._kernels.roots import Rows
from countylines._kernels.stirling import log_factorial_rest

Holds = Callable[[FloatArray, Rows], NDArray[np.bool_]]

METHODS = ("mid-p", "clopper-pearson")

_NEGLIGIBLE = 1e-17


def _log_binomial(k: FloatArray, total: FloatArray, share: FloatArray) -> FloatArray:
    """log P(X = k) of a binomial count, without the cancellation of its terms."""
    rest = log_factorial_rest(total) - log_factorial_rest(k) - log_factorial_rest(total - k)
    return rest - half_deviance(k, total * share) - half_deviance(total - k, total * (1.0 - share))


def _log_chance(
    x: FloatArray, n: FloatArray, have: FloatArray, population: FloatArray
) -> FloatArray:
    """log P(X = x) among n drawn; a binomial identity keeps its digits (Loader 2000)."""
    share = n / population
    return (
        _log_binomial(x, have, share)
        + _log_binomial(n - x, population - have, share)
        - _log_binomial(n, population, share)
    )


def tail(
    x: FloatArray,
    n: FloatArray,
    have: FloatArray,
    population: FloatArray,
    side: int,
    *,
    part: float,
) -> FloatArray:
    """P(X beyond x) + part P(X = x), towards larger counts for side 1, when `have` have it.

    Terms are summed outwards from x, or inwards to it and taken from one where x lies on the other
    side of the mean.
    """
    least = np.maximum(0.0, n - (population - have))
    most = np.minimum(n, have)
    inside = (x >= least) & (x <= most)
    result = np.where((x < least) == (side > 0), 1.0, 0.0)
    rows = np.flatnonzero(inside & (population > n))
    # A complete count leaves no chance: x is what there is.
    result[inside & (population <= n)] = part
    if not rows.size:
        return result
    x, n, have, population = (column[rows] for column in (x, n, have, population))
    chance = np.exp(_log_chance(x, n, have, population))
    outwards = side * (x - n * have / population) >= 0.0
    step = np.where(outwards, side, -side)
    beyond = _sum_from(x, n, have, population, step, chance)
    result[rows] = np.where(outwards, beyond + part * chance, 1.0 - beyond - (1.0 - part) * chance)
    return result


def _sum_from(
    x: FloatArray,
    n: FloatArray,
    have: FloatArray,
    population: FloatArray,
    step: FloatArray,
    chance: FloatArray,
) -> FloatArray:
    """Sum of the chances of the counts beyond x in the direction of each row's step."""
    total, term, k = np.zeros(x.shape), chance.copy(), x.copy()
    rows = np.arange(x.size)
    others = population - have
    while rows.size:
        j, up = k[rows], step[rows] > 0
        gain = (have[rows] - j) * (n[rows] - j)
        loss = (j + 1.0) * (others[rows] - n[rows] + j + 1.0)
        fall = j * (others[rows] - n[rows] + j)
        rise = (have[rows] - j + 1.0) * (n[rows] - j + 1.0)
        ratio = np.where(up, gain / np.where(up, loss, 1.0), fall / np.where(up, 1.0, rise))
        term[rows] *= ratio
        total[rows] += term[rows]
        k[rows] += step[rows]
        rows = rows[term[rows] > _NEGLIGIBLE * np.maximum(total[rows], chance[rows])]
    return total


def _part(method: str) -> float:
    return 0.5 if method == "mid-p" else 1.0


def limits(
    x: FloatArray, n: FloatArray, population: FloatArray, area: float, *, method: str
) -> tuple[FloatArray, FloatArray]:
    """Smallest and largest number that have it, with `area` left outside each; area below 1."""
    part = _part(method)
    rest = population - (n - x)
    # A sample this large would have the same variance if it were drawn with replacement.
    size = np.maximum(n, n * (population - 1.0) / np.maximum(population - n, 1.0))
    z = np.full(x.shape, -ndtri(area))
    guesses = [population * wilson_solve(x / n * size, size, side * z) for side in (1.0, -1.0)]

    def refused(have: FloatArray, rows: Rows) -> NDArray[np.bool_]:
        value = tail(x[rows], n[rows], have, population[rows], 1, part=part)
        return np.asarray(value < area * (1.0 - TIE))

    def kept(have: FloatArray, rows: Rows) -> NDArray[np.bool_]:
        value = tail(x[rows], n[rows], have, population[rows], -1, part=part)
        return np.asarray(value >= area * (1.0 - TIE))

    low = _last_from(refused, x - 1.0, rest + 1.0, guesses[0]) + 1.0
    high = _last_from(kept, x - 1.0, rest + 1.0, guesses[1])
    # Where chance leaves nothing open, or the area is large, the estimate itself is kept.
    return np.minimum(low, rest), np.maximum(high, x)


def _last_from(holds: Holds, bottom: FloatArray, top: FloatArray, guess: FloatArray) -> FloatArray:
    """`last_whole` above a bottom of its own for each row."""
    start = bottom + 1.0

    def shifted(k: FloatArray, rows: Rows) -> NDArray[np.bool_]:
        return holds(k + start[rows], rows)

    return last_whole(shifted, -1.0, top - start, guess - start) + start


def pvalue(
    x: FloatArray,
    n: FloatArray,
    population: FloatArray,
    null: FloatArray,
    side: int,
    *,
    method: str,
) -> FloatArray:
    """P-value against more (side 1) or fewer than a share `null`, which need not be attainable."""
    have = population * null
    near = np.round(have)
    whole = np.abs(have - near) <= 1e-9 * population
    have = np.where(whole, near, np.floor(have) if side > 0 else np.ceil(have))
    return tail(x, n, have, population, side, part=_part(method))
