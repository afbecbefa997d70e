"""A binomial count as seen from either end of its range, for limits that order outcomes.

Seen from the upper end, events and non-events are swapped: the count is then the number of
non-events. Nulls are on the logit scale, of the share or of its complement.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray
from scipy.special import betaln, expit, log_expit, logit, ndtri

from countylines._kernels import binomial_exact
from countylines._kernels.acceptance import TIE, Ordered, log_product
from countylines._kernels.binomial_exact import LOGIT_RANGE, at_least, at_most
from countylines._kernels.binomial_score import skew_solve
from countylines._kernels.method import FloatArray
from countylines._kernels.roots import Rows


@dataclass(frozen=True)
class _View:
    near: FloatArray
    total: FloatArray
    side: int
    bottom = -1.0
    left = -LOGIT_RANGE

    def take(self, rows: Rows) -> Self:
        return type(self)(self.near[rows], self.total[rows], self.side)

    def null(self, t: FloatArray) -> FloatArray:
        p: FloatArray = expit(self.side * t)
        return p

    def scale(self, null: FloatArray) -> FloatArray:
        t: FloatArray = self.side * logit(null)
        return t

    def reached(self, t: FloatArray) -> FloatArray:
        return at_least(self.near, self.total, self.null(t), self.side)

    def short(self, k: FloatArray, t: FloatArray) -> FloatArray:
        return at_most(k, self.total, self.null(t), self.side)

    def slopes(self, k: FloatArray, t: FloatArray) -> tuple[FloatArray, FloatArray]:
        inside = np.maximum(k, 0.0)
        far = (self.total - inside) * expit(t) * np.exp(_log_probability(inside, self.total, t))
        return (
            self.near * expit(-t) * np.exp(_log_probability(self.near, self.total, t)),
            np.where(k < 0.0, 0.0, far),
        )

    def no_likelier(self, k: FloatArray, t: FloatArray) -> NDArray[np.bool_]:
        return _log_choose_ratio(k, self.near, self.total) <= (self.near - k) * t + TIE

    def tie(self, k: FloatArray) -> FloatArray:
        return _tie_logit(k, self.near, self.total)

    def dip(self, k: FloatArray) -> FloatArray:
        # P(k < X < x) is largest where k and x - 1 are equally likely out of n - 1.
        return _tie_logit(k, self.near - 1.0, self.total - 1.0)

    def central(self, tail: FloatArray) -> FloatArray:
        count = self.near if self.side > 0 else self.total - self.near
        p = binomial_exact.limit(count, self.total, tail, self.side, method="clopper-pearson")
        result: FloatArray = self.side * logit(p)
        return result

    def quantile(self, t: FloatArray, tail: FloatArray) -> FloatArray:
        # Cornish and Fisher.
        z, p, q, n = ndtri(tail), expit(t), expit(-t), self.total
        k: FloatArray = n * p + z * np.sqrt(n * p * q) + (z * z - 1.0) * (q - p) / 6.0 - 0.5
        return k

    def about(self, tail: FloatArray) -> FloatArray:
        t: FloatArray = logit(skew_solve(self.near, self.total, -ndtri(tail)))
        return t


def _log_choose_ratio(k: FloatArray, near: FloatArray, total: FloatArray) -> FloatArray:
    """log C(n, k) - log C(n, x) for k < x."""
    return log_product(k, near) - log_product(total - near, total - k)


def _tie_logit(k: FloatArray, near: FloatArray, total: FloatArray) -> FloatArray:
    """Logit of the null at which k and x > k are equally likely; -inf for k = -1."""
    inside = np.maximum(k, 0.0)
    return np.where(k < 0.0, -np.inf, _log_choose_ratio(inside, near, total) / (near - inside))


def _log_probability(k: FloatArray, total: FloatArray, t: FloatArray) -> FloatArray:
    """log P(X = k) at the null with logit t; good enough for a slope."""
    log_choose = -betaln(k + 1.0, total - k + 1.0) - np.log1p(total)
    result: FloatArray = k * log_expit(t) + (total - k) * log_expit(-t) + log_choose
    return result


def _view(count: FloatArray, total: FloatArray, side: int) -> _View:
    return _View(count if side > 0 else total - count, total, side)


def _above(count: FloatArray, total: FloatArray, null: FloatArray) -> NDArray[np.bool_]:
    return np.asarray(count > total * null)


ORDERED = Ordered(_view, _above, 1.0)
