"""A Poisson count as seen from either end of its range, for limits that order outcomes.

Seen from the upper end, outcomes are numbered by their negative, and there is no last one. Nulls
are on the log scale relative to the count, so that a count of 1e9 loses no digits.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from countylines._kernels import poisson_exact
from countylines._kernels.acceptance import TIE, Ordered, log_product
from countylines._kernels.method import FloatArray
from countylines._kernels.poisson_score import skew_solve
from countylines._kernels.poisson_tails import at_least, at_most, log_probability
from countylines._kernels.roots import Rows


@dataclass(frozen=True)
class _View:
    near: FloatArray
    side: int
    bottom: float
    left = -1400.0

    @property
    def _count(self) -> FloatArray:
        return self.side * self.near

    @property
    def _centre(self) -> FloatArray:
        return np.maximum(self._count, 1.0)

    def take(self, rows: Rows) -> Self:
        return type(self)(self.near[rows], self.side, self.bottom)

    def null(self, t: FloatArray) -> FloatArray:
        mean: FloatArray = self._centre * np.exp(self.side * t)
        return mean

    def scale(self, null: FloatArray) -> FloatArray:
        with np.errstate(divide="ignore"):
            t: FloatArray = self.side * np.log(null / self._centre)
        return t

    def reached(self, t: FloatArray) -> FloatArray:
        return (at_least if self.side > 0 else at_most)(self._count, self.null(t))

    def short(self, k: FloatArray, t: FloatArray) -> FloatArray:
        if self.side > 0:
            return at_most(k, self.null(t))
        none = np.isinf(k)
        tail = at_least(np.where(none, 0.0, -k), self.null(t))
        return np.where(none, 0.0, tail)

    def slopes(self, k: FloatArray, t: FloatArray) -> tuple[FloatArray, FloatArray]:
        m, x = self.null(t), self._count
        none = k <= self.bottom
        j = np.where(none, 0.0, self.side * k)
        # d P(X >= x) / d log m = x P(X = x) and d P(X <= k) / d log m = -m P(X = k).
        up, down = (x, m) if self.side > 0 else (m, j)
        far = np.where(none, 0.0, down * np.exp(log_probability(j, m)))
        return up * np.exp(log_probability(x, m)), far

    def no_likelier(self, k: FloatArray, t: FloatArray) -> NDArray[np.bool_]:
        return self._log_factorials(k, self.near) <= (self.near - k) * t + TIE

    def _log_factorials(self, k: FloatArray, near: FloatArray) -> FloatArray:
        """Log of the ratio of P(X = k) to P(X = near) at t = 0, for k < near."""
        if self.side > 0:
            return log_product(k, near) - (near - k) * np.log(self._centre)
        return (near - k) * np.log(self._centre) - log_product(-near, -k)

    def _tie(self, k: FloatArray, near: FloatArray) -> FloatArray:
        none = k <= self.bottom
        inside = np.where(none, near - 1.0, k)
        return np.where(none, -np.inf, self._log_factorials(inside, near) / (near - inside))

    def tie(self, k: FloatArray) -> FloatArray:
        return self._tie(k, self.near)

    def dip(self, k: FloatArray) -> FloatArray:
        # P(k < X < x) is largest where k and x - 1 are equally likely; seen from the upper end,
        # P(x < X < j) where x and j - 1 are.
        if self.side > 0:
            return self._tie(k, self.near - 1.0)
        return self._tie(k + 1.0, self.near)

    def central(self, tail: FloatArray) -> FloatArray:
        return self.scale(poisson_exact.limit(self._count, tail, self.side, method="exact"))

    def quantile(self, t: FloatArray, tail: FloatArray) -> FloatArray:
        # Cornish and Fisher.
        z, m = ndtri(tail), self.null(t)
        k: FloatArray = self.side * m + z * np.sqrt(m) + self.side * (z * z - 1.0) / 6.0 - 0.5
        return k

    def about(self, tail: FloatArray) -> FloatArray:
        return self.scale(skew_solve(self._count, -self.side * ndtri(tail)))


def _view(count: FloatArray, side: int) -> _View:
    return _View(side * count, side, -1.0 if side > 0 else -np.inf)


def _above(count: FloatArray, null: FloatArray) -> NDArray[np.bool_]:
    return np.asarray(count > null)


ORDERED = Ordered(_view, _above, np.inf)
