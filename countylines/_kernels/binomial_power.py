"""What a binomial sample must show, and how likely it is to: exact tails, no approximation.

Arguments are arrays that broadcast, checked by the caller: whole `total` >= 0, shares in [0, 1],
tails in (0, 1).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import betainc

FloatArray = NDArray[np.float64]


def upper_tail(count: ArrayLike, total: ArrayLike, share: ArrayLike) -> FloatArray:
    """P(X >= count) of a binomial: an incomplete beta function, exact far into the tail."""
    x, n, p = np.broadcast_arrays(
        np.asarray(count, dtype=np.float64),
        np.asarray(total, dtype=np.float64),
        np.asarray(share, dtype=np.float64),
    )
    inside = (x >= 1) & (x <= n)
    tail = betainc(np.where(inside, x, 1.0), np.where(inside, n - x + 1.0, 1.0), p)
    return np.where(x <= 0, 1.0, np.where(x > n, 0.0, tail))


def smallest_count(total: ArrayLike, share: ArrayLike, tail: ArrayLike = 0.05) -> FloatArray:
    """Smallest count out of `total` that is too large for `share` by the one-sided exact test.

    The smallest x with P(X >= x | share) <= tail; infinite where not even `total` itself is enough.
    """
    n, p, area = np.broadcast_arrays(
        np.asarray(total, dtype=np.float64),
        np.asarray(share, dtype=np.float64),
        np.asarray(tail, dtype=np.float64),
    )
    # P(X >= x) falls with x: too large at `low`, small enough at `high`, halved until they meet.
    low, high = np.zeros(n.shape), n + 1.0
    while (high - low > 1.0).any():
        middle = np.floor((low + high) / 2.0)
        enough = upper_tail(middle, n, p) <= area
        low, high = np.where(enough, low, middle), np.where(enough, middle, high)
    return np.where(high > n, np.inf, high)


def power_at_least(count: ArrayLike, total: ArrayLike, share: ArrayLike) -> FloatArray:
    """Probability that a sample from `share` holds at least `count`; 0 for an infinite count."""
    x = np.asarray(count, dtype=np.float64)
    finite = np.isfinite(x)
    n = np.asarray(total, dtype=np.float64)
    return np.where(finite, upper_tail(np.where(finite, x, 0.0), n, share), 0.0)
