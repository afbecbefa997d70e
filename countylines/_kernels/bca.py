"""Bootstrap limits from given replicates: quantiles, and the bias-corrected, accelerated levels.

Quantiles are of type 8 of Hyndman and Fan (1996, https://doi.org/10.2307/2684934), nearly
unbiased for the median whatever the distribution. Replicates may be infinite: a quantile that lies
between a finite and an infinite one is infinite.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

FloatArray = NDArray[np.float64]

TIE = 1e-10  # replicates closer than this share of the estimate count as equal to it


def quantile(ordered: FloatArray, share: float) -> float:
    """Quantile of type 8 of replicates in ascending order."""
    size = ordered.size
    place = min(max((size + 1 / 3) * share + 1 / 3, 1.0), float(size))
    below = int(place)
    left, part = float(ordered[below - 1]), place - below
    if part < 1e-12:  # as exact as `share` can be
        return left
    right = float(ordered[below])
    if left == right or (np.isinf(left) and np.isinf(right)):
        return left if part < 0.5 else right
    return (1.0 - part) * left + part * right


def bias(replicates: FloatArray, estimate: float) -> float:
    """Normal score of the share of replicates below the estimate; those equal to it count half."""
    slack = TIE * abs(estimate) if np.isfinite(estimate) else 0.0
    below = np.mean(replicates < estimate - slack)
    above = np.mean(replicates > estimate + slack)
    return float(ndtri(0.5 * (1.0 + below - above)))


def acceleration(jackknife: FloatArray, weights: FloatArray) -> float:
    """Skewness of the influence of single observations, over six (Efron 1987, eq. 6.6).

    `jackknife` holds the estimates without one observation, each for `weights` observations that
    are alike. It is 0 where no observation matters.
    """
    centre = np.average(jackknife, weights=weights)
    influence = centre - jackknife
    square = float(np.sum(weights * influence**2))
    return float(np.sum(weights * influence**3)) / (6.0 * square**1.5) if square > 0 else 0.0


def level(share: float, bias: float, acceleration: float) -> float:
    """Share of the replicates at which the limit for tail area `share` is read off.

    Beyond the pole of the correction, where it no longer orders the levels, it is 0 or 1.
    """
    score = bias + float(ndtri(share))
    stretch = 1.0 - acceleration * score
    if stretch <= 0:
        return 1.0 if score > 0 else 0.0
    return float(ndtr(bias + score / stretch))
