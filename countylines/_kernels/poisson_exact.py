"""Limits of a Poisson mean that invert its tails: exact, mid-p and Jeffreys.

Counts may be fractional. `side` is 1 for the lower limit and the test against larger values, -1 for
the upper limit and the test against smaller ones; `tail` is the probability left outside that
limit. Means are solved for on the log scale relative to the count, so that a count of 1e9 loses no
digits.
"""

from __future__ import annotations

import numpy as np
from scipy.special import gammainccinv, gammaincinv, ndtri

from countylines._kernels.method import FloatArray
from countylines._kernels.poisson_score import skew_solve
from countylines._kernels.poisson_tails import log_probability, lower_gamma, upper_gamma
from countylines._kernels.roots import Rows
from countylines._kernels.tail_root import Curve, tail_root

_LOG_RANGE = 1400.0
_QUANTILE_BELOW = 10.0
_TINY = 1e-300


def _shapes(count: FloatArray, side: int, method: str) -> tuple[FloatArray, ...]:
    """Gamma shapes whose averaged distribution functions are the tail of the method."""
    if method == "exact":
        return (count,) if side > 0 else (count + 1.0,)
    if method == "mid-p":
        return (count, count + 1.0)
    return (count + 0.5,)


def pvalue(count: FloatArray, null: FloatArray, side: int, *, method: str) -> FloatArray:
    """P-value of one side."""
    tail = lower_gamma if side > 0 else upper_gamma
    shapes = _shapes(count, side, method)
    total = tail(shapes[0], null)
    for shape in shapes[1:]:
        total = total + tail(shape, null)
    return total / len(shapes)


def limit(count: FloatArray, tail: FloatArray, side: int, *, method: str) -> FloatArray:
    """One limit of "exact", "mid-p" or "jeffreys"."""
    result = np.zeros(count.shape)
    at_zero = count <= 0.0
    if method == "jeffreys":
        at_zero = np.zeros(count.shape, dtype=bool)
    else:
        # 1 - (1 - w)(1 - exp(-m)) = tail or w exp(-m) = tail, which no m solves unless tail
        # exceeds the part w of P(X = 0) that the side holds.
        weight = 0.5 if method == "mid-p" else 1.0
        area = tail[at_zero]
        with np.errstate(divide="ignore"):
            if side > 0:
                reach = np.log(np.divide(1.0 - area, 1.0 - weight))
            else:
                reach = np.log(area / weight)
        result[at_zero] = -np.minimum(reach, 0.0)
    inner = ~at_zero
    if method == "mid-p":
        result[inner] = _mid_p(count[inner], tail[inner], side)
    else:
        result[inner] = gamma_quantile(_shapes(count[inner], side, method)[0], tail[inner], side)
    return result


def gamma_quantile(shape: FloatArray, tail: FloatArray, side: int) -> FloatArray:
    """The m with P(a, m) = tail, or with Q(a, m) = tail for side -1; shapes above 0."""
    gamma = lower_gamma if side > 0 else upper_gamma

    def curve(t: FloatArray, rows: Rows) -> tuple[FloatArray, FloatArray, FloatArray]:
        a = shape[rows]
        m = a * np.exp(t)
        return gamma(a, m), a * np.exp(log_probability(a, m)), a - m

    return _solve(curve, shape, tail, side)


def _mid_p(count: FloatArray, tail: FloatArray, side: int) -> FloatArray:
    """The mean at which P(X beyond x) + P(X = x) / 2 equals `tail`; counts above 0."""
    gamma = lower_gamma if side > 0 else upper_gamma
    centre, beyond = count + 0.5, count + 1.0 if side > 0 else count

    def curve(t: FloatArray, rows: Rows) -> tuple[FloatArray, FloatArray, FloatArray]:
        m, x = centre[rows] * np.exp(t), count[rows]
        chance = np.exp(log_probability(x, m))
        value = gamma(beyond[rows], m) + 0.5 * chance
        return value, 0.5 * (x + m) * chance, x - m + m / (x + m)

    return _solve(curve, centre, tail, side)


def _solve(curve: Curve, centre: FloatArray, tail: FloatArray, side: int) -> FloatArray:
    """Where the curve, on the log scale relative to `centre`, equals `tail`."""
    edge = np.full(centre.shape, _LOG_RANGE)
    start = np.log(_start(centre, tail, side) / centre)
    # The last step leaves an error of the order of its cube, with a factor that is small in the
    # tail.
    settled = np.where(tail <= 0.25, 3e-4, 3e-5)
    result: FloatArray = centre * np.exp(tail_root(curve, tail, side, edge, start, settled))
    return result


def _start(centre: FloatArray, tail: FloatArray, side: int) -> FloatArray:
    """A first value: the skewness-corrected score limit, or a gamma quantile for few events."""
    few = centre < _QUANTILE_BELOW
    start = np.empty_like(centre)
    inverse = gammaincinv if side > 0 else gammainccinv
    start[few] = inverse(centre[few], tail[few])
    many = ~few
    start[many] = skew_solve(centre[many] - 0.5, -side * ndtri(tail[many]))
    return np.maximum(start, _TINY)
