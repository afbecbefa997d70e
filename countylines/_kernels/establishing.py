"""What a one-sided test of a share needs to reject, and how likely samples are to provide it.

Tests are those of `binomial.METHODS` against larger shares, which must have p-values that fall as
the count rises. Arguments are arrays that broadcast; sizes may be fractional (effective) where
`smallest_count` divides by `effect`, and are whole in everything that speaks of chances.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import betainc

from countylines._kernels import binomial
from countylines._kernels.binomial_power import power_at_least
from countylines._kernels.method import FloatArray

_CHUNK = 4096
_HALVINGS = 24
LARGEST = 2.0**53


def _pvalue(count: FloatArray, total: FloatArray, share: FloatArray, method: str) -> FloatArray:
    columns = (np.ravel(v) for v in np.broadcast_arrays(count, total, share))
    x, n, null = (np.ascontiguousarray(column) for column in columns)
    p = binomial.METHODS[method].pvalue(x, n, null=np.minimum(null, 1.0), alternative="greater")
    return p.reshape(np.broadcast_shapes(np.shape(count), np.shape(total), np.shape(share)))


def smallest_count(
    total: ArrayLike, share: ArrayLike, tail: float, method: str, effect: ArrayLike = 1.0
) -> FloatArray:
    """Smallest whole count whose p-value is at most `tail`; infinite where `total` is not enough.

    The test is that of count / effect of total / effect.
    """
    n, p, deff = np.broadcast_arrays(
        *(np.asarray(value, dtype=np.float64) for value in (total, share, effect))
    )
    low, high = np.zeros(n.shape), np.floor(n) + 1.0
    while (high - low > 1.0).any():
        middle = np.floor((low + high) / 2.0)
        enough = _pvalue(middle / deff, n / deff, p, method) <= tail
        low, high = np.where(enough, low, middle), np.where(enough, middle, high)
    return np.where(high > n, np.inf, high)


def power(
    total: ArrayLike, share: FloatArray, true_share: FloatArray, tail: float, method: str
) -> FloatArray:
    """Chance that a sample of whole size `total` from `true_share` is above `share` by the test."""
    n = np.asarray(total, dtype=np.float64)
    return power_at_least(smallest_count(n, share, tail, method), n, true_share)


def _envelope(
    total: float, share: FloatArray, true_share: FloatArray, tail: float, method: str, step: float
) -> float:
    """Chance in all cells were counts continuous: `step` 0 never below the power, 1 never above."""
    low, high = np.zeros(share.shape), np.full(share.shape, total)
    for _ in range(_HALVINGS):
        middle = (low + high) / 2.0
        enough = _pvalue(middle, np.full(share.shape, total), share, method) <= tail
        low, high = np.where(enough, low, middle), np.where(enough, middle, high)
    # Between the two lies the count that would just do: whichever errs on the side asked for.
    count = high + step if step else low
    inside = (count > 0.0) & (count < total + 1.0)
    within = np.where(inside, count, 1.0)
    tails = np.where(inside, betainc(within, total - within + 1.0, true_share), count <= 0.0)
    return float(np.prod(tails))


def _first(reached: Callable[[float], bool], start: float = 1.0) -> float:
    """Smallest whole number at which a condition holds that holds from there on."""
    low, high = 0.0, start
    while not reached(high) and high < LARGEST:
        low, high = high, 2.0 * high
    while high - low > 1.0:
        middle = float(np.floor((low + high) / 2.0))
        low, high = (low, middle) if reached(middle) else (middle, high)
    return high


def total_needed(
    share: FloatArray, true_share: FloatArray, tail: float, method: str, chance: float
) -> float:
    """Smallest whole size, the same in each cell, from which the power in all stays at `chance`.

    The power falls back by a step wherever one more count is needed, so that it reaches `chance`
    several times. With counts made continuous there is a smooth bound on either side of it; sizes
    between the two are gone through one by one, from the top.
    """
    data = share, true_share, tail, method
    bottom = _first(lambda n: _envelope(n, *data, 0.0) >= chance)
    top = _first(lambda n: _envelope(n, *data, 1.0) >= chance, bottom)
    while top >= bottom:
        sizes = np.arange(max(bottom, top - _CHUNK + 1.0), top + 1.0)
        reached = power(sizes[:, np.newaxis], *data).prod(axis=1) >= chance
        if not reached.all():
            return float(sizes[~reached][-1] + 1.0)
        top = float(sizes[0] - 1.0)
    return bottom
