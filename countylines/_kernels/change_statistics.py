"""Statistics of a series by the place after which it changes, and their exact null distributions.

Each statistic at place k depends on what comes first only through a sum: of centred values or
ranks, or of counts. So the chance that it stays below a bound at every place is found without
sampling: by sets of values that come first (all orders equally likely), or by the count so far
(counts dealt to the periods given their total). What reaches the bound is added up on the way,
which keeps small probabilities exact.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaln, xlogy

FloatArray = NDArray[np.float64]

MOST_VALUES = 15  # every set of them is visited
MOST_WORK = 100_000_000  # entries of the transitions of a count
QUICK_WORK = 10_000_000
CLOSE = 1e-9  # statistics that differ by rounding alone are equal


def pettitt(sums: FloatArray, place: FloatArray, n: int) -> FloatArray:
    """Twice the sum of the centred ranks, without its sign."""
    return np.abs(2.0 * sums) + 0.0 * place * n


def snht(sums: FloatArray, place: FloatArray, n: int) -> FloatArray:
    """Of values in standard units: k mean(before)**2 + (n - k) mean(after)**2."""
    value: FloatArray = sums**2 * (1.0 / place + 1.0 / (n - place))
    return value


def poisson(first: FloatArray, total: float, share: FloatArray) -> FloatArray:
    """Twice the log likelihood ratio of two rates to one; `share` of the exposure comes first."""
    rest = total - first
    ratio = (
        xlogy(first, first)
        - xlogy(first, total * share)
        + xlogy(rest, rest)
        - xlogy(rest, total * (1.0 - share))
    )
    twice: FloatArray = np.maximum(2.0 * ratio, 0.0)
    return twice


def binomial(first: FloatArray, total: float, cases: FloatArray, every: float) -> FloatArray:
    """Twice the log likelihood ratio of two shares to one; `cases` of `every` come first."""
    share = cases / every
    return poisson(first, total, share) + poisson(cases - first, every - total, share)


def orders_reaching(
    values: FloatArray, statistic: Callable[..., FloatArray], bound: float
) -> float:
    """Share of the orders of the values whose largest statistic is at least the bound."""
    n = len(values)
    sets = np.arange(1 << n)
    members = np.zeros(1 << n, dtype=np.int64)
    sums = np.zeros(1 << n)
    for i in range(n):
        inside = (sets >> i & 1).astype(bool)
        members += inside
        sums += np.where(inside, values[i], 0.0)
    reached = np.zeros(1 << n, dtype=bool)
    partly = (members > 0) & (members < n)
    place = members[partly].astype(np.float64)
    reached[partly] = statistic(sums[partly], place, n) >= bound - CLOSE * (1.0 + abs(bound))
    orders = np.zeros(1 << n)
    orders[0] = 1.0
    total = 0.0
    for size in range(1, n):
        here = sets[members == size]
        arriving = np.zeros(len(here))
        for i in range(n):
            arriving += np.where(here >> i & 1, orders[here & ~(1 << i)], 0.0)
        total += float(arriving[reached[here]].sum()) * math.factorial(n - size)
        orders[here] = np.where(reached[here], 0.0, arriving)
    return min(total / math.factorial(n), 1.0)


def counts_reaching(
    total: int,
    weights: FloatArray,
    statistic: Callable[[int, FloatArray], FloatArray],
    bound: float,
    *,
    finite: bool,
) -> float:
    """Chance that the largest statistic is at least the bound, given the total count.

    The count is dealt to the periods in proportion to the weights, or (finite) drawn from so many
    cases in each without replacement. `statistic(k, first)` belongs to counts in the first k.
    """
    count = np.arange(total + 1.0)
    here = np.zeros(total + 1)
    here[0] = 1.0
    reached = 0.0
    left = float(weights.sum())
    for k, weight in enumerate(weights[:-1], start=1):
        after = _step(count, total, float(weight), left, finite) @ here
        over = statistic(k, count) >= bound - CLOSE * (1.0 + abs(bound))
        reached += float(after[over].sum())
        here = np.where(over, 0.0, after)
        left -= float(weight)
    return min(reached, 1.0)


def _step(count: FloatArray, total: int, weight: float, left: float, finite: bool) -> FloatArray:
    """Chance of each count (rows) after one more period, by the count before it (columns)."""
    gained = count[:, None] - count[None, :]
    remaining = total - count[None, :]
    possible = (gained >= 0) & (gained <= remaining)
    if finite:
        possible &= (gained <= weight) & (remaining - gained <= left - weight) & (remaining <= left)
    g = np.where(possible, gained, 0.0)
    r = np.where(possible, remaining, 0.0)
    if finite:
        log = _choose(weight, g) + _choose(left - weight, r - g) - _choose(left, r)
    else:
        share = weight / left
        log = _choose(r, g) + xlogy(g, share) + (r - g) * np.log1p(-share)
    return np.where(possible, np.exp(np.where(possible, log, 0.0)), 0.0)


def _choose(n: FloatArray | float, k: FloatArray) -> FloatArray:
    with np.errstate(invalid="ignore"):
        value: FloatArray = gammaln(n + 1.0) - gammaln(k + 1.0) - gammaln(np.subtract(n, k) + 1.0)
    return value
