"""P-values of the inversion that makes bootstrap limits: which level has its limit at a value."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

FloatArray = NDArray[np.float64]


def share_at(ordered: FloatArray, value: float) -> float:
    """Share at which the type 8 quantile of ascending replicates (`bca.quantile`) is `value`.

    Where many replicates equal the value, the share nearest to one half. Never nearer to 0 or 1
    than one replicate in ``size + 1``: no more can be told from so many.
    """
    size = ordered.size
    below = int(np.searchsorted(ordered, value, side="left"))
    upto = int(np.searchsorted(ordered, value, side="right"))
    if upto > below:
        place = min(max(0.5 * (size + 1), below + 1.0), float(upto))
    elif below in (0, size):
        place = float(below)
    else:
        left, right = float(ordered[below - 1]), float(ordered[below])
        # between a finite and an infinite replicate the quantile is infinite
        part = (value - left) / (right - left) if np.isfinite([left, right]).all() else 0.0
        place = below + part
    share = (place - 1 / 3) / (size + 1 / 3)
    return float(np.clip(share, 1.0 / (size + 1), size / (size + 1)))


def nominal(share: float, bias: float, acceleration: float) -> float:
    """Tail area whose limit `bca.level` reads off at a share of the replicates."""
    distance = float(ndtri(share)) - bias
    stretch = 1.0 + acceleration * distance
    if stretch <= 0:  # beyond the pole no level reaches that far
        return 0.0 if distance < 0 else 1.0
    return float(ndtr(distance / stretch - bias))
