"""Exact inference on a ratio common to all strata, given the margins of every stratum.

Given the events of both groups together, the group's own events in a stratum follow a law in which
the log ratio t appears as exp(t k) alone: a binomial law for rates, Fisher's noncentral
hypergeometric law for odds. So does their sum over strata, whose law at one ratio is a convolution,
and at any other ratio that law tilted. All terms are positive: nothing cancels.
"""

from __future__ import annotations

import numpy as np
from scipy.special import log_expit

from countylines._kernels.method import FloatArray, tail_area
from countylines._kernels.noncentral_hypergeometric import Supports, centred, one_sided, tails

Row = tuple[FloatArray, FloatArray, FloatArray, FloatArray]

DEEPEST = -700.0  # log of a probability, relative to the largest, under which it is left out
MOST = 2e9  # products of probabilities in all convolutions
WIDE = 40.0  # standard deviations of a stratum's law that are worked out


class Summed(Supports):
    """The law of the sum over the strata of one table, lined up at the sum that was seen."""

    def __init__(self, weight: FloatArray, at: int, centre: float, spread: float) -> None:
        self.at = at
        self.offset = np.arange(weight.size, dtype=np.float64) - at
        self.lower = (self.offset <= 0.0).astype(np.float64)
        self.rows = np.arange(1)
        self.weight = weight[None]
        self.centre, self.spread = np.array([centre]), np.array([spread])

    def reversed(self) -> Summed:
        """The groups exchanged."""
        weight = self.weight[0, ::-1]
        at = weight.size - 1 - self.at
        return Summed(weight, at, -float(self.centre[0]), float(self.spread[0]))


def support(measure: str, row: Row) -> tuple[FloatArray, FloatArray]:
    """Least and most events of the group in each stratum, given its margins."""
    x, n, y, m = row
    if measure == "rate-ratio":
        return np.zeros_like(x), x + y
    return np.maximum(0.0, x + y - m), np.minimum(n, x + y)


def step(measure: str, row: Row, stratum: int, k: FloatArray) -> FloatArray:
    """Log of the probability of k + 1 over that of k, in one stratum at a ratio of 1."""
    x, n, y, m = (column[stratum] for column in row)
    if measure == "rate-ratio":
        found: FloatArray = np.log(x + y - k) - np.log(k + 1.0) + np.log(n) - np.log(m)
    else:
        found = np.log(n - k) + np.log(x + y - k) - np.log(k + 1.0) - np.log(m - x - y + k + 1.0)
    return found


def law(measure: str, row: Row, stratum: int, t: float) -> tuple[float, FloatArray]:
    """First value and log probabilities, relative to the largest, of one stratum at log ratio t."""
    low, high = (end[stratum] for end in support(measure, row))
    if low == high:
        return float(low), np.zeros(1)
    left, right = low, high - 1.0  # the last k from which a step upwards climbs
    while right > left:
        middle = np.ceil(0.5 * (left + right))
        if step(measure, row, stratum, np.array([middle]))[0] + t >= 0.0:
            left = middle
        else:
            right = middle - 1.0
    mode = left + float(step(measure, row, stratum, np.array([left]))[0] + t >= 0.0)
    share = float(np.exp(log_expit(t)))
    reach = WIDE * np.sqrt(max((high - low) * max(share * (1.0 - share), 0.01), 1.0)) + 800.0
    low, high = max(low, np.floor(mode - reach)), min(high, np.ceil(mode + reach))
    k = np.arange(low, high)
    climb = step(measure, row, stratum, k) + t
    at = int(mode - low)
    above, below = np.cumsum(climb[at:]), -np.cumsum(climb[:at][::-1])[::-1]
    weight = np.concatenate([below, [0.0], above])
    kept = np.flatnonzero(weight > DEEPEST)
    return float(low + kept[0]), weight[kept[0] : kept[-1] + 1]


def partial_sums(measure: str, row: Row, t: float) -> list[tuple[float, FloatArray]]:
    """Laws at log ratio t of the sum over the first 0, 1, 2, ... strata; largest value 1."""
    first, total = 0.0, np.ones(1)
    sums = [(first, total)]
    for stratum in range(len(row[0])):
        begin, weight = law(measure, row, stratum, t)
        total = np.convolve(total, np.exp(weight))
        total = total / total.max()
        kept = np.flatnonzero(total > 0.0)
        first += begin + float(kept[0])
        total = total[kept[0] : kept[-1] + 1]
        sums.append((first, total))
    return sums


def cost(measure: str, row: Row) -> float:
    """Products in the convolutions, at most."""
    low, high = support(measure, row)
    width = np.minimum(high - low + 1.0, 80.0 * np.sqrt(high - low + 1.0) + 1600.0)
    return float((np.cumsum(width) * width).sum())


def summed(measure: str, row: Row, t: float) -> Summed:
    """The law of the sum of one table, best known near the log ratio t."""
    first, total = partial_sums(measure, row, t)[-1]
    seen = float(row[0].sum())
    values = first + np.arange(total.size)
    spread = float(np.sqrt((total * (values - (total @ values) / total.sum()) ** 2).sum()))
    spread /= float(np.sqrt(total.sum()))
    weight = np.log(total) - t * (values - seen)
    return Summed(weight, int(seen - first), t, 1.0 / max(spread, 0.3))


def estimate(law: Summed) -> float:
    """Conditional maximum likelihood; 0 or infinite where the sum is at its end."""
    if law.at == 0 or law.at == law.offset.size - 1:
        return np.nan if law.offset.size == 1 else (0.0 if law.at == 0 else np.inf)
    return float(np.exp(centred(law)[0]))


def limits(law: Summed, level: float, alternative: str, *, mid: bool) -> tuple[float, float]:
    """Ratios whose tail probability is the tail area."""
    tail = np.array([tail_area(level, alternative)])
    observed = 0.5 if mid else 1.0
    low, high = 0.0, np.inf
    if alternative != "less" and law.at > 0:
        low = float(np.exp(-one_sided(law.reversed(), tail, observed)[0]))
    if alternative != "greater" and law.at < law.offset.size - 1:
        high = float(np.exp(one_sided(law, tail, observed)[0]))
    return low, high


def pvalue(law: Summed, null: float, alternative: str, *, mid: bool) -> float:
    """Central p-value of a null ratio; a side whose limit is the end of the range gives 1."""
    less, greater = (float(side[0]) for side in tails(law, np.log([null]), 0.5 if mid else 1.0))
    if law.at == 0:
        greater = 1.0
    if law.at == law.offset.size - 1:
        less = 1.0
    if alternative == "two-sided":
        return min(1.0, 2.0 * min(less, greater))
    return greater if alternative == "greater" else less
