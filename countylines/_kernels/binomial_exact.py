"""Binomial tails as incomplete beta functions, and the limits that invert them.

P(X >= x) = I_p(x, n - x + 1) and P(X <= x) = 1 - I_p(x + 1, n - x), which carry on smoothly between
whole numbers. Every method here averages such tails, so that one pair of functions serves them all.
`side` is 1 for the lower limit and the test against larger values, -1 for the upper limit and the
test against smaller ones; `tail` is the probability left outside that limit. Tails are never formed
as one minus another, so that a p-value of 1e-200 keeps its digits. Totals are above 0.
"""

from __future__ import annotations

import numpy as np
from scipy.special import (
    betainc,
    betaincc,
    betainccinv,
    betaincinv,
    betaln,
    expit,
    logit,
    ndtri,
)

from countylines._kernels.binomial_score import skew_solve
from countylines._kernels.method import FloatArray
from countylines._kernels.roots import Rows
from countylines._kernels.tail_root import Curve, tail_root

Shape = tuple[FloatArray, FloatArray]

LOGIT_RANGE = 745.0  # expit(-745) is the smallest float
_QUANTILE_BELOW = 6.0
_SHARE_OF_DIGITS = 1e7
PMF_UP_TO = 2e4  # P(X = x) is good to 1e-11 up to here


def _incomplete_beta(shape: Shape, p: FloatArray, side: int) -> FloatArray:
    """I_p(a, b), or 1 - I_p(a, b) for side -1, with a = 0 and b = 0 as limits."""
    a, b = shape
    with np.errstate(all="ignore"):
        value = betainc(a, b, p) if side > 0 else _complement(a, b, p)
    sure, never = (1.0, 0.0) if side > 0 else (0.0, 1.0)
    result: FloatArray = np.where(a <= 0.0, sure, np.where(b <= 0.0, never, value))
    return result


def _complement(a: FloatArray, b: FloatArray, p: FloatArray) -> FloatArray:
    """1 - I_p(a, b), from I_q(b, a) with q = 1 - p where the rounding of q is harmless.

    That is several times faster. Rounding moves the normal deviate of the tail by about
    1e-16 sqrt(n / p).
    """
    value = betainc(b, a, 1.0 - p)
    rough = np.flatnonzero(a + b > _SHARE_OF_DIGITS * p)
    if rough.size:
        value[rough] = betaincc(a[rough], b[rough], p[rough])
    complement: FloatArray = np.asarray(value, dtype=np.float64)
    return complement


def at_least(k: FloatArray, total: FloatArray, p: FloatArray, side: int = 1) -> FloatArray:
    """P(X >= k). With side -1 events and non-events are swapped: P(n - X >= k)."""
    if side > 0:
        return _incomplete_beta((k, total - k + 1.0), p, 1)
    return _incomplete_beta((total - k + 1.0, k), p, -1)


def at_most(k: FloatArray, total: FloatArray, p: FloatArray, side: int = 1) -> FloatArray:
    """P(X <= k). With side -1 events and non-events are swapped: P(n - X <= k)."""
    if side > 0:
        return _incomplete_beta((k + 1.0, total - k), p, -1)
    return _incomplete_beta((total - k, k + 1.0), p, 1)


def _shapes(count: FloatArray, total: FloatArray, side: int, method: str) -> tuple[Shape, ...]:
    """Beta shapes whose averaged distribution functions are the tail of the method.

    Both Jeffreys methods share the posterior shape; they differ at the ends.
    """
    reached = (count, total - count + 1.0)
    exceeded = (count + 1.0, total - count)
    if method == "clopper-pearson":
        return (reached,) if side > 0 else (exceeded,)
    if method == "mid-p":
        return (reached, exceeded)
    return ((count + 0.5, total - count + 0.5),)


def _tail(shapes: tuple[Shape, ...], p: FloatArray, side: int) -> FloatArray:
    total = _incomplete_beta(shapes[0], p, side)
    for shape in shapes[1:]:
        total = total + _incomplete_beta(shape, p, side)
    return total / len(shapes)


def _single(shape: Shape, side: int) -> Curve:
    """Tail of one beta distribution on the logit scale."""
    a, b = shape
    log_beta = betaln(a, b)

    def curve(t: FloatArray, rows: Rows) -> tuple[FloatArray, FloatArray, FloatArray]:
        p, q = expit(t), expit(-t)
        here = a[rows], b[rows]
        density = np.exp(here[0] * np.log(p) + here[1] * np.log(q) - log_beta[rows])
        return _incomplete_beta(here, p, side), density, here[0] * q - here[1] * p

    return curve


def _half_of_the_count(count: FloatArray, total: FloatArray, side: int) -> Curve:
    """Mid-p tail on the logit scale: P(X > x) + P(X = x) / 2.

    Where the total is large P(X = x), which rests on logs of factorials, is too rough for the tail,
    though not for its slope; there the tail is the mean of P(X > x) and P(X >= x).
    """
    log_choose = -betaln(count + 1.0, total - count + 1.0) - np.log1p(total)
    first, second = _shapes(count, total, side, "mid-p")[::side]

    def curve(t: FloatArray, rows: Rows) -> tuple[FloatArray, FloatArray, FloatArray]:
        p, q = expit(t), expit(-t)
        x, n = count[rows], total[rows]
        at_count = np.exp(x * np.log(p) + (n - x) * np.log(q) + log_choose[rows])
        beyond = _incomplete_beta((second[0][rows], second[1][rows]), p, side)
        value = beyond + 0.5 * at_count
        large = np.flatnonzero(n > PMF_UP_TO)
        if large.size:
            shape = first[0][rows][large], first[1][rows][large]
            value[large] = 0.5 * (beyond[large] + _incomplete_beta(shape, p[large], side))
        rise = x * q + (n - x) * p
        return value, 0.5 * at_count * rise, x - n * p + p * q * (n - 2.0 * x) / rise

    return curve


def _solve(
    count: FloatArray, total: FloatArray, tail: FloatArray, side: int, method: str
) -> FloatArray:
    """The null at which the tail probability equals `tail`, solved on the logit; shapes above 0."""
    shapes = _shapes(count, total, side, method)
    mid_p = method == "mid-p"
    curve = _half_of_the_count(count, total, side) if mid_p else _single(shapes[0], side)
    edge = np.full(count.shape, LOGIT_RANGE)
    # The last step leaves an error of the order of its cube, with a factor that is small in the
    # tail; logs of factorials give the slope to about 1e-14 n.
    settled = np.minimum(np.where(tail <= 0.25, 3e-4, 3e-5), 500.0 / total)
    start = logit(_start(shapes, tail, side))
    result: FloatArray = expit(tail_root(curve, tail, side, edge, start, settled))
    return result


def _start(shapes: tuple[Shape, ...], tail: FloatArray, side: int) -> FloatArray:
    """A first value: the skewness-corrected score limit, or a beta quantile for few events."""
    a, b = (np.mean(part, axis=0) for part in zip(*shapes, strict=True))
    start = np.empty_like(a)
    few = np.minimum(a, b) < _QUANTILE_BELOW
    inverse = betaincinv if side > 0 else betainccinv
    start[few] = inverse(a[few], b[few], tail[few])
    many = ~few
    quantile = -side * ndtri(tail[many])
    start[many] = skew_solve(a[many] - 0.5, a[many] + b[many] - 1.0, quantile)
    inside: FloatArray = np.clip(start, 1e-300, 1.0 - 1e-16)
    return inside


def _limit_at_end(
    near: FloatArray, total: FloatArray, tail: FloatArray, side: int, weight: float
) -> FloatArray:
    """Closed form where none or all have the property.

    `near` counts towards the side, and `weight` is the part of P(X = x) that its tail holds: 1, or
    one half for mid-p. With u the null seen from the side, w u^n = tail at near = n, and
    1 - (1 - w)(1 - u)^n = tail at near = 0, which no u solves unless tail > w.
    """
    whole = near > 0.0
    with np.errstate(divide="ignore"):
        reach = np.log(np.where(whole, tail / weight, np.divide(1.0 - tail, 1.0 - weight)))
    log_power = np.minimum(reach, 0.0) / total
    return np.where(whole == (side > 0), np.exp(log_power), -np.expm1(log_power))


def limit(
    count: FloatArray, total: FloatArray, tail: FloatArray, side: int, *, method: str
) -> FloatArray:
    """One limit of "clopper-pearson", "mid-p", "jeffreys" or "modified-jeffreys"."""
    near = count if side > 0 else total - count
    if method in ("clopper-pearson", "mid-p"):
        result = _limit_at_end(near, total, tail, side, 0.5 if method == "mid-p" else 1.0)
        inner = (near > 0.0) & (near < total)
    elif method == "modified-jeffreys":
        replaced = near > total - 0.5
        exact = _limit_at_end(total, total, tail, side, 1.0)
        result = np.where(replaced, exact, 0.0 if side > 0 else 1.0)
        inner = ~replaced & (near > 1.0)
    else:
        result, inner = np.empty_like(count), np.ones(count.shape, dtype=bool)
    result[inner] = _solve(count[inner], total[inner], tail[inner], side, method)
    return result


def pvalue(
    count: FloatArray, total: FloatArray, null: FloatArray, side: int, *, method: str
) -> FloatArray:
    """P-value of one side, for the same methods."""
    value = _tail(_shapes(count, total, side, method), null, side)
    if method == "modified-jeffreys":
        near = count if side > 0 else total - count
        value = np.where(near <= 1.0, 1.0, value)
        value = np.where(near > total - 0.5, at_least(total, total, null, side), value)
    return value
