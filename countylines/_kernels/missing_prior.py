"""Distribution of a group's share when the odds among the missing are known only roughly.

The share among the known and the share missing have Jeffreys posteriors, the log of the odds
multiplier a normal prior, all independent. Given the multiplier and the share missing, the share of
all rises with the share among the known, so that its distribution is an incomplete beta function,
averaged over the other two by quadrature.
"""

from __future__ import annotations

import math

import numpy as np
from scipy.optimize import brentq
from scipy.special import betainc, betaincinv, ndtr

from countylines._kernels.method import FloatArray

_NODES = 160
_FARTHEST = 8.5
_OUTSIDE = 1e-15


def _missing_nodes(known: float, missing: float) -> tuple[FloatArray, FloatArray]:
    """Nodes for the share missing; with w = sin^2 the density has no singularity at 0."""
    if missing == 0.0:
        return np.zeros(1), np.ones(1)
    a, b = missing + 0.5, known + 0.5
    ends = np.arcsin(np.sqrt(betaincinv(a, b, [_OUTSIDE, 1.0 - _OUTSIDE])))
    x, weight = np.polynomial.legendre.leggauss(_NODES)
    angle = 0.5 * (ends[0] + ends[1] + (ends[1] - ends[0]) * x)
    log_density = 2.0 * missing * np.log(np.sin(angle)) + 2.0 * known * np.log(np.cos(angle))
    weight = weight * np.exp(log_density - log_density.max())
    return np.sin(angle) ** 2, weight / weight.sum()


class Posterior:
    """Distribution function and quantiles of the share of all."""

    def __init__(
        self, count: float, known: float, missing: float, center: float, spread: float
    ) -> None:
        self._shapes = count + 0.5, known - count + 0.5
        self._center, self._spread = center, spread
        self._missing, self._weights = _missing_nodes(known, missing)
        self._ends = betaincinv(*self._shapes, [_OUTSIDE, 1.0 - _OUTSIDE])
        self._nodes, self._node_weights = np.polynomial.legendre.leggauss(_NODES)

    def cdf(self, share: float) -> float:
        """Probability that the share of all is at most `share`."""
        w = self._missing
        if self._spread == 0.0 or not w.any():
            known = share_among_known(share, np.full(w.shape, math.exp(self._center)), w)
            return float(betainc(*self._shapes, known) @ self._weights)
        # Only between these deviates of the log odds is the incomplete beta function not 0 or 1.
        first, last = (self._deviate(share, end) for end in self._ends[::-1])
        middle, half = 0.5 * (first + last), 0.5 * (last - first)
        z = middle[:, None] + half[:, None] * self._nodes
        known = share_among_known(share, np.exp(self._center + self._spread * z), w[:, None])
        density = np.exp(-0.5 * z**2) / math.sqrt(2.0 * math.pi)
        between = half * ((betainc(*self._shapes, known) * density) @ self._node_weights)
        return float((ndtr(first) + between) @ self._weights)

    def _deviate(self, share: float, known: float) -> FloatArray:
        """Deviate of the log odds at which `share` is reached with this share among the known."""
        among = (share - (1.0 - self._missing) * known) / self._missing
        with np.errstate(divide="ignore", invalid="ignore"):
            log_odds = np.log(among) - np.log1p(-among) - np.log(known) + np.log1p(-known)
        log_odds = np.where(among <= 0.0, -np.inf, np.where(among >= 1.0, np.inf, log_odds))
        deviate = (log_odds - self._center) / self._spread
        return np.asarray(np.clip(deviate, -_FARTHEST, _FARTHEST))

    def quantile(self, area: float) -> float:
        """The share of all with `area` below it."""
        return float(brentq(lambda v: self.cdf(v) - area, 0.0, 1.0, xtol=1e-15, rtol=1e-13))


def share_among_known(share: float, odds: FloatArray, missing: FloatArray) -> FloatArray:
    """The share p among the known at which (1 - w) p + w s(p) is `share`: a quadratic's root."""
    a = (1.0 - missing) * (odds - 1.0)
    b = 1.0 + (missing - share) * (odds - 1.0)
    root = np.sqrt(np.maximum(b * b + 4.0 * a * share, 0.0))
    with np.errstate(divide="ignore", invalid="ignore"):
        found = np.where(b > 0.0, 2.0 * share / (b + root), (root - b) / (2.0 * a))
    return np.asarray(np.clip(found, 0.0, 1.0))
