"""Reporting delays seen only if they are short enough: reverse-time hazards, and what is still out.

Among those whose delay could have been seen to be `y`, the reverse hazard is the share with delay
exactly `y` of those with at most `y`. The share reported by `x`, of those reported in the end, is
the product of one less the hazards beyond `x`: the chain ladder of counts, with a binomial error.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import betainc

FloatArray = NDArray[np.float64]
MOST = 2.0**52


def reported_share(increments: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Share reported by each delay, and the variance of its log, from counts (rows, delays)."""
    known = ~np.isnan(increments)
    cumulative = np.cumsum(np.where(known, increments, 0.0), axis=1)
    at_risk = np.where(known, cumulative, 0.0).sum(axis=0)
    exactly = np.where(known, increments, 0.0).sum(axis=0)
    with np.errstate(divide="ignore", invalid="ignore"):
        hazard = np.where(at_risk > 0, exactly / at_risk, 0.0)
        step = np.where(hazard > 0, hazard / ((1.0 - hazard) * at_risk), 0.0)
        logs = np.log1p(-hazard)
    later = np.concatenate([np.cumsum(logs[:0:-1])[::-1], [0.0]])
    variance = np.concatenate([np.cumsum(step[:0:-1])[::-1], [0.0]])
    return np.exp(later), variance


def predicted(
    count: FloatArray, share: FloatArray, log_variance: FloatArray, tails: tuple[float, float]
) -> tuple[FloatArray, FloatArray]:
    """Quantiles of what is still out, given what is in and the share that it should be.

    Negative binomial with `count` + 1/2 successes, mixed over the error of the share on its log
    scale. A count of 0 has an upper limit above 0.
    """
    scores, weights = np.polynomial.hermite_e.hermegauss(24)
    weights = weights / weights.sum()
    q = np.minimum(share[:, None] * np.exp(scores * np.sqrt(log_variance)[:, None]), 1.0)
    shape = count[:, None] + 0.5

    def below(y: FloatArray) -> FloatArray:
        """P(Y <= y)."""
        return np.asarray(betainc(shape, y[:, None] + 1.0, q) @ weights)

    ends = []
    for tail in tails:
        low, high = np.full(count.shape, -1.0), np.ones(count.shape)
        short = below(high) < tail
        while short.any() and high.max() < MOST:
            high = np.where(short, high * 2.0, high)
            short = below(high) < tail
        while (high - low > 1.0).any():
            middle = np.floor(0.5 * (low + high))
            enough = below(middle) >= tail
            low, high = np.where(enough, low, middle), np.where(enough, middle, high)
        ends.append(high)
    return ends[0], ends[1]
