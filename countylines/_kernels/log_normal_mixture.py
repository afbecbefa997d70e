"""Mixtures of log-normal distributions: quantiles, and modes on the logarithmic scale.

A component of spread 0 is a point. The weights sum to 1.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar
from scipy.special import log_ndtr, ndtr, ndtri

from countylines._kernels import modes
from countylines._kernels.roots import increasing_root

FloatArray = NDArray[np.float64]

CELLS = 600
TAIL = 1e-4  # of the mixture, beyond which nothing is looked at for modes
TRIFLE = 1e-5  # of the weight: components that together hold less do not shape the hills
_ROOT_TWO_PI = float(np.sqrt(2.0 * np.pi))


@dataclass(frozen=True)
class Mixture:
    """Weights, logs of the medians and spreads of the logs of the components."""

    weight: FloatArray
    log_median: FloatArray
    spread: FloatArray

    def standardised(self, log_value: FloatArray) -> FloatArray:
        """Distance of values (rows) from components (columns) in their own spreads."""
        away = np.asarray(log_value)[:, None] - self.log_median
        with np.errstate(divide="ignore", invalid="ignore"):
            scaled = away / self.spread
        return np.where(self.spread > 0, scaled, np.where(away >= 0, np.inf, -np.inf))

    def below(self, log_value: FloatArray) -> FloatArray:
        """Probability up to values."""
        return np.asarray(ndtr(self.standardised(log_value)) @ self.weight)

    def quantile(self, tail: float, *, upper: bool = False) -> float:
        """Log of the value with probability `tail` below it, or above it."""
        sign = -1.0 if upper else 1.0
        each = self.log_median + sign * self.spread * ndtri(tail)
        left, right = float(each.min()), float(each.max())
        if left == right:
            return left
        target = np.log(tail)

        def residual(
            log_value: FloatArray, rows: NDArray[np.intp]
        ) -> tuple[FloatArray, FloatArray]:
            z = self.standardised(log_value)
            with np.errstate(divide="ignore"):
                held = np.log(self.weight) + log_ndtr(sign * z)
            log_tail = np.logaddexp.reduce(held, axis=1)
            with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
                density = np.exp(-0.5 * z**2) / (_ROOT_TWO_PI * self.spread)
                slope = np.where(self.spread > 0, density, 0.0) @ self.weight / np.exp(log_tail)
            return sign * (log_tail - target), slope

        ends = np.array([left]), np.array([right])
        return float(increasing_root(residual, *ends, np.array([0.5 * (left + right)]))[0])

    def modes(self) -> modes.Modes:
        """Where the density of the logarithm has its hills, with the probability of each."""
        order = np.argsort(self.weight)
        trifling = np.cumsum(self.weight[order]) < TRIFLE
        kept = np.setdiff1d(np.arange(len(order)), order[trifling])
        weight = self.weight[kept] / self.weight[kept].sum()
        main = Mixture(weight, self.log_median[kept], self.spread[kept])
        left, right = main.quantile(TAIL), main.quantile(TAIL, upper=True)
        if not right > left:
            one = np.ones(1)
            return modes.Modes(left * one, one, left * one, left * one)
        edges = np.linspace(left, right, CELLS + 1)
        reached = main.below(edges)
        reached[0], reached[-1] = 0.0, 1.0
        # the tails, put into the first and the last cell, are no hills: they hold 1e-4
        hills = modes.modes_of_pmf(0.5 * (edges[:-1] + edges[1:]), np.diff(reached))
        half = 0.5 * (edges[1] - edges[0])
        tops = np.array([main.top(m - 2.0 * half, m + 2.0 * half) for m in hills.mode])
        return modes.Modes(tops, hills.mass, hills.first - half, hills.last + half)

    def top(self, left: float, right: float) -> float:
        """Where between two logs the density of the logarithm is highest."""
        if (self.spread == 0).any():
            return 0.5 * (left + right)

        def fall(log_value: float) -> float:
            z = self.standardised(np.array([log_value]))[0]
            return -float((np.exp(-0.5 * z**2) / self.spread) @ self.weight)

        found = minimize_scalar(fall, bounds=(left, right), method="bounded")
        return float(found.x)
