"""Exact two-sided limits that order outcomes, by tail (Blaker 2000) or probability (Sterne 1954).

The p-value of a null is the tail that holds the count plus the far tail up to the last outcome k
that is no likelier: by its tail probability ("blaker") or by its own ("minlike"). As the null moves
from the end of the range to the estimate, k rises by one at nulls p_k, with a jump up; between
jumps the p-value P(X >= x) + P(X <= k) falls first and then rises. So the outermost accepted null
is a jump or lies on the rising branch before one, and no search over a grid is needed: the limits
are the hull of the accepted nulls, exact to rounding. Only tail functions are used, never a list of
outcomes, so that totals may be large.

`side` 1 is the lower limit; -1 the upper limit, by swapping events and non-events (`near` is then
the number of non-events). Counts are whole numbers.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy.special import betaln, expit, log_expit, logit, ndtri

from countylines._kernels import binomial_exact
from countylines._kernels.binomial_exact import at_least, at_most
from countylines._kernels.binomial_score import skew_solve
from countylines._kernels.method import FloatArray
from countylines._kernels.roots import Rows, increasing_root
from countylines._kernels.stirling import log_factorial_rest

METHODS = frozenset({"blaker", "minlike"})

# Outcomes this close in probability count as equally likely: ties are exact on paper (at a null of
# one half, say), and come out of the tail functions a few units in the last place apart.
TIE = 1e-11

_SETTLED = 1e-9  # slopes rest on logs of factorials, which lose digits where totals are large


def _log_choose_ratio(k: FloatArray, near: FloatArray, total: FloatArray) -> FloatArray:
    """log C(n, k) - log C(n, x) for k < x."""
    return _log_product(k, near) - _log_product(total - near, total - k)


def _log_product(low: FloatArray, high: FloatArray) -> FloatArray:
    """log(high! / low!) for low < high, to full relative precision."""
    steps = high - low
    some = np.maximum(low, 1.0)
    lead = high * np.log1p(steps / some) + steps * np.log(some)
    lead = np.where(low > 0.0, lead, high * np.log(high))
    return lead - steps + log_factorial_rest(high) - log_factorial_rest(low)


def _tie_logit(k: FloatArray, near: FloatArray, total: FloatArray) -> FloatArray:
    """Logit of the null at which k and x > k are equally likely; -inf for k = -1."""
    inside = np.maximum(k, 0.0)
    return np.where(k < 0.0, -np.inf, _log_choose_ratio(inside, near, total) / (near - inside))


def _last(
    holds: Callable[[FloatArray, Rows], NDArray[np.bool_]], top: FloatArray, guess: FloatArray
) -> FloatArray:
    """Largest whole number in [-1, top) at which `holds`, where it holds up to some number only.

    Steps away from the guess that double, cut short by halving.
    """
    low, high = np.full(top.shape, -1.0), top.copy()
    rows = np.flatnonzero(high - low > 1.0)
    probe = np.clip(np.floor(guess[rows]), 0.0, high[rows] - 1.0)
    step = 1.0
    while rows.size:
        yes = holds(probe, rows)
        below, above = np.where(yes, probe, low[rows]), np.where(yes, high[rows], probe)
        low[rows], high[rows] = below, above
        middle = np.floor(0.5 * (below + above))
        probe = np.where(yes, np.minimum(below + step, middle), np.maximum(above - step, middle))
        going = above - below > 1.0
        rows, probe = rows[going], probe[going]
        step *= 2.0
    return low


def _far_quantile(total: FloatArray, t: FloatArray, tail: FloatArray) -> FloatArray:
    """About the k with P(X <= k) = tail, at the null with logit t (Cornish and Fisher)."""
    z, p, q = ndtri(tail), expit(t), expit(-t)
    k: FloatArray = total * p + z * np.sqrt(total * p * q) + (z * z - 1.0) * (q - p) / 6.0 - 0.5
    return k


def _log_probability(k: FloatArray, total: FloatArray, t: FloatArray) -> FloatArray:
    """log P(X = k) at the null with logit t; good enough for a slope."""
    log_choose = -betaln(k + 1.0, total - k + 1.0) - np.log1p(total)
    result: FloatArray = k * log_expit(t) + (total - k) * log_expit(-t) + log_choose
    return result


def _accepted(
    near: FloatArray, k: FloatArray, total: FloatArray, t: FloatArray, side: int
) -> FloatArray:
    """P(X >= x) + P(X <= k) at the null with logit t, seen from the side."""
    p = expit(side * t)
    return at_least(near, total, p, side) + at_most(k, total, p, side)


def _slopes(
    near: FloatArray, k: FloatArray, total: FloatArray, t: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Derivatives of P(X >= x) and of -P(X <= k) by t."""
    inside = np.maximum(k, 0.0)
    far = (total - inside) * expit(t) * np.exp(_log_probability(inside, total, t))
    return (
        near * expit(-t) * np.exp(_log_probability(near, total, t)),
        np.where(k < 0.0, 0.0, far),
    )


def _jump_logit(
    near: FloatArray, k: FloatArray, total: FloatArray, side: int, method: str, left: FloatArray
) -> FloatArray:
    """Logit of the null p_k from which k counts as no likelier than x; `left` lies below it."""
    tie = _tie_logit(k, near, total)
    if method == "minlike":
        return tie

    def residual(t: FloatArray, rows: Rows) -> tuple[FloatArray, FloatArray]:
        x, j, n, p = near[rows], k[rows], total[rows], expit(side * t)
        reached, short = at_least(x, n, p, side), at_most(j, n, p, side)
        up, down = _slopes(x, j, n, t)
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.log(reached) - np.log(short), up / reached + down / short

    half = np.full(near.shape, 0.5)
    median = _central_logit(near, total, half, side)
    return increasing_root(residual, left, np.maximum(median, left), tie, settled=_SETTLED)


def _central_logit(near: FloatArray, total: FloatArray, tail: FloatArray, side: int) -> FloatArray:
    """Logit, seen from the side, of the one-sided exact limit."""
    count = near if side > 0 else total - near
    p = binomial_exact.limit(count, total, tail, side, method="clopper-pearson")
    result: FloatArray = side * logit(p)
    return result


def _outermost(
    near: FloatArray, total: FloatArray, outside: float, side: int, method: str
) -> tuple[FloatArray, FloatArray]:
    """Logit of the outermost accepted null, and the k of the first jump to acceptance."""
    if method == "blaker":
        # Just after p_k the p-value is 2 P(X >= x): the first jump that reaches `outside` is the
        # first one beyond the one-sided limit for half of it.
        left = _central_logit(near, total, np.full(near.shape, 0.5 * outside), side)
        p = expit(side * left)

        def below(k: FloatArray, rows: Rows) -> NDArray[np.bool_]:
            short = at_most(k, total[rows], p[rows], side)
            return short < 0.5 * outside * (1.0 - TIE)

        guess = _far_quantile(total, left, np.full(near.shape, 0.5 * outside))
        k = _last(below, near - 1.0, guess) + 1.0
        jump = _jump_logit(near, k, total, side, method, left)
    else:

        def refused(k: FloatArray, rows: Rows) -> NDArray[np.bool_]:
            x, n = near[rows], total[rows]
            return _accepted(x, k, n, _tie_logit(k, x, n), side) < outside

        tail = np.full(near.shape, 0.5 * outside)
        about = skew_solve(near, total, -ndtri(tail))
        k = _last(refused, near - 1.0, _far_quantile(total, logit(about), tail)) + 1.0
        jump = _tie_logit(k, near, total)
        left = np.maximum(_tie_logit(k - 1.0, near, total), -745.0)
    before = np.flatnonzero(_accepted(near, k - 1.0, total, jump, side) > outside)
    x, j, n = near[before], k[before] - 1.0, total[before]

    def residual(t: FloatArray, rows: Rows) -> tuple[FloatArray, FloatArray]:
        up, down = _slopes(x[rows], j[rows], n[rows], t)
        value = _accepted(x[rows], j[rows], n[rows], t, side)
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.log(value / outside), (up - down) / value

    outermost = jump.copy()
    outermost[before] = increasing_root(
        residual, left[before], jump[before], jump[before], settled=_SETTLED
    )
    return outermost, k


def limit(
    count: FloatArray, total: FloatArray, level: float, side: int, *, method: str
) -> FloatArray:
    """End of the hull of the accepted nulls on one side."""
    near = count if side > 0 else total - count
    result = np.full(count.shape, 0.0 if side > 0 else 1.0)
    inner = near > 0.0
    t = _outermost(near[inner], total[inner], 1.0 - level, side, method)[0]
    result[inner] = expit(side * t)
    return result


def pvalue(count: FloatArray, total: FloatArray, null: FloatArray, *, method: str) -> FloatArray:
    """Two-sided p-value."""
    if method == "blaker":
        above = at_least(count, total, null) <= at_most(count, total, null)
    else:
        above = count > total * null
    result = np.ones(count.shape)
    for side in (1, -1):
        near = count if side > 0 else total - count
        rows = np.flatnonzero((above if side > 0 else ~above) & (near > 0.0))
        result[rows] = _pvalue_from_side(near[rows], total[rows], null[rows], side, method)
    return result


def _pvalue_from_side(
    near: FloatArray, total: FloatArray, null: FloatArray, side: int, method: str
) -> FloatArray:
    """The tail that holds the count, and the far tail up to the last outcome no likelier."""
    reached = at_least(near, total, null, side)
    t = side * logit(null)

    def no_likelier(k: FloatArray, rows: Rows) -> NDArray[np.bool_]:
        if method == "blaker":
            return at_most(k, total[rows], null[rows], side) <= reached[rows] * (1.0 + TIE)
        return _log_choose_ratio(k, near[rows], total[rows]) <= (near[rows] - k) * t[rows] + TIE

    k = _last(no_likelier, near, _far_quantile(total, t, np.clip(reached, 1e-300, 0.5)))
    both = np.minimum(1.0, reached + at_most(k, total, null, side))
    return np.where(k >= near - 1.0, 1.0, both)


def has_gap(
    count: FloatArray, total: FloatArray, level: float, *, method: str
) -> NDArray[np.bool_]:
    """Whether nulls inside the hull are refused."""
    found = np.zeros(count.shape, dtype=bool)
    for side in (1, -1):
        near = count if side > 0 else total - count
        rows = np.flatnonzero(near > 0.0)
        found[rows] |= _dips(near[rows], total[rows], 1.0 - level, side, method)
    return found


def _dips(
    near: FloatArray, total: FloatArray, outside: float, side: int, method: str
) -> NDArray[np.bool_]:
    """Whether the p-value falls below `outside` again between the outermost null and the estimate.

    Between p_k and the next jump it is one less the chance of k < X < x, which is largest where
    k and x - 1 are equally likely out of n - 1. That largest chance shrinks as k rises, so the
    search over k ends as soon as it is small enough.
    """
    dips = np.zeros(near.shape, dtype=bool)
    k = _outermost(near, total, outside, side, method)[1]
    rows = np.flatnonzero(k < near - 1.0)
    while rows.size:
        x, j, n = near[rows], k[rows], total[rows]
        lowest = _tie_logit(j, x - 1.0, n - 1.0)
        possible = _accepted(x, j, n, lowest, side) < outside * (1.0 - TIE)
        rows, lowest = rows[possible], lowest[possible]
        x, j, n = x[possible], j[possible], n[possible]
        start = _jump_logit(x, j, n, side, method, np.full(x.shape, -745.0))
        end = _jump_logit(x, j + 1.0, n, side, method, start)
        bottom = _accepted(x, j, n, np.clip(lowest, start, end), side)
        dip = bottom < outside * (1.0 - TIE)
        dips[rows[dip]] = True
        rows = rows[~dip]
        k[rows] += 1.0
        rows = rows[k[rows] < near[rows] - 1.0]
    return dips
