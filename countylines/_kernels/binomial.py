"""Confidence limits and p-values of a binomial proportion.

A method is a pair of one-sided functions: a limit for a tail area and a p-value for a null, each
the inverse of the other. Two-sided limits leave half of the tail at each end, and the two-sided
p-value doubles the smaller one; only "blaker" and "minlike" have a two-sided test of their own. So
a null lies outside the limits exactly when its p-value is below one minus the level.

At a count of 0 the lower limit is 0, and at count = total the upper limit is 1, for every two-sided
interval and every one-sided one of level one half or more. Below that a one-sided limit lies on the
far side of the estimate, and need not stop there. Methods marked `closed` would leave the end out
for some levels: for them the limit is the end by definition, and its p-value is 1.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtr, ndtri

from countylines._kernels import binomial_acceptance, binomial_exact
from countylines._kernels import binomial_score as score
from countylines._kernels.distinct import once_per_row
from countylines._kernels.method import FloatArray, Method, tail_area

WHOLE_COUNTS_ONLY = binomial_acceptance.METHODS

Score = Callable[[FloatArray, FloatArray, FloatArray], FloatArray]


@dataclass(frozen=True)
class _OneSided:
    """`limit(count, total, tail, side)` and `pvalue(count, total, null, side)`; totals above 0."""

    limit: Callable[[FloatArray, FloatArray, FloatArray, int], FloatArray]
    pvalue: Callable[[FloatArray, FloatArray, FloatArray, int], FloatArray]
    closed: bool = False
    asymptotic: bool = False


def _score_limit(
    solve: Score, count: FloatArray, total: FloatArray, tail: FloatArray, side: int
) -> FloatArray:
    return np.clip(solve(count, total, -side * ndtri(tail)), 0.0, 1.0)


def _score_pvalue(
    statistic: Score, count: FloatArray, total: FloatArray, null: FloatArray, side: int
) -> FloatArray:
    value: FloatArray = ndtr(-side * statistic(count, total, null))
    return value


def _corrected_limit(
    count: FloatArray, total: FloatArray, tail: FloatArray, side: int
) -> FloatArray:
    """Wilson's limit with the count moved half a step towards the other end."""
    moved = np.clip(count - 0.5 * side, 0.0, total)
    at_end = moved == (0.0 if side > 0 else total)
    limit = _score_limit(score.wilson_solve, moved, total, tail, side)
    return np.where(at_end, 0.0 if side > 0 else 1.0, limit)


def _corrected_pvalue(
    count: FloatArray, total: FloatArray, null: FloatArray, side: int
) -> FloatArray:
    moved = np.clip(count - 0.5 * side, 0.0, total)
    at_end = moved == (0.0 if side > 0 else total)
    return np.where(at_end, 1.0, _score_pvalue(score.wilson_statistic, moved, total, null, side))


def _logit_limit(count: FloatArray, total: FloatArray, tail: FloatArray, side: int) -> FloatArray:
    """The log odds have no finite estimate at either end: there the limits are the whole range."""
    result = np.full(count.shape, 0.0 if side > 0 else 1.0)
    inner = (count > 0.0) & (count < total)
    result[inner] = _score_limit(score.logit_solve, count[inner], total[inner], tail[inner], side)
    return result


def _logit_pvalue(count: FloatArray, total: FloatArray, null: FloatArray, side: int) -> FloatArray:
    """1 at either end, where the interval says nothing."""
    result = np.ones(count.shape)
    inner = (count > 0.0) & (count < total)
    result[inner] = _score_pvalue(
        score.logit_statistic, count[inner], total[inner], null[inner], side
    )
    return result


def _by_score(
    solve: Score, statistic: Score, *, closed: bool = False, asymptotic: bool = False
) -> _OneSided:
    return _OneSided(
        partial(_score_limit, solve), partial(_score_pvalue, statistic), closed, asymptotic
    )


def _by_tail(name: str, *, closed: bool = False) -> _OneSided:
    return _OneSided(
        partial(binomial_exact.limit, method=name),
        partial(binomial_exact.pvalue, method=name),
        closed,
    )


_ONE_SIDED = {
    "mid-p": _by_tail("mid-p"),
    "wilson": _by_score(score.wilson_solve, score.wilson_statistic),
    "wilson-cc": _OneSided(_corrected_limit, _corrected_pvalue),
    "clopper-pearson": _by_tail("clopper-pearson"),
    "blaker": _by_tail("clopper-pearson"),
    "minlike": _by_tail("clopper-pearson"),
    "agresti-coull": _by_score(score.agresti_coull_solve, score.agresti_coull_statistic),
    "jeffreys": _by_tail("jeffreys", closed=True),
    "logit": _OneSided(_logit_limit, _logit_pvalue, asymptotic=True),
    "arcsine": _by_score(
        score.arcsine_solve, score.arcsine_statistic, closed=True, asymptotic=True
    ),
    "profile": _by_score(score.profile_solve, score.profile_statistic, asymptotic=True),
    "skew-score": _by_score(score.skew_solve, score.skew_statistic, closed=True),
    "wald": _by_score(score.wald_solve, score.wald_statistic, closed=True, asymptotic=True),
    "modified-jeffreys": _by_tail("modified-jeffreys", closed=True),
    "plus-four": _by_score(score.plus_four_solve, score.plus_four_statistic, closed=True),
}


def one_sided_limit(
    count: FloatArray, total: FloatArray, *, tail: ArrayLike, side: str, method: str
) -> FloatArray:
    """Limit with `tail` outside it, which may differ from row to row and be as small as 1e-300.

    `side` is ``"greater"`` for the lower limit and ``"less"`` for the upper one.
    """
    sign = 1 if side == "greater" else -1
    area = np.broadcast_to(np.asarray(tail, dtype=np.float64), count.shape)
    solve = partial(_one_sided_limit, _ONE_SIDED[method], sign)
    limit: FloatArray = once_per_row(solve, count, total, area)
    return limit


def _one_sided_limit(
    method: _OneSided, side: int, count: FloatArray, total: FloatArray, tail: FloatArray
) -> FloatArray:
    result = np.full(count.shape, 0.0 if side > 0 else 1.0)
    at_end = count <= 0.0 if side > 0 else count >= total
    ends_there = at_end & (method.closed | (tail <= 0.5))
    # A tail of 0 leaves nothing outside, and neither does a total of 0.
    rows = np.flatnonzero(~ends_there & (total > 0.0) & (tail > 0.0))
    if rows.size:
        result[rows] = method.limit(count[rows], total[rows], tail[rows], side)
    return result


def _one_sided_pvalue(
    method: _OneSided, side: int, count: FloatArray, total: FloatArray, null: FloatArray
) -> FloatArray:
    value = method.pvalue(count, total, null, side)
    at_end = count <= 0.0 if side > 0 else count >= total
    # No limit reaches past the end of the range, so a null there is never outside on that side.
    beyond = null >= 1.0 if side > 0 else null <= 0.0
    return np.where((at_end & method.closed) | beyond, 1.0, value)


def _doubled_pvalue(
    method: _OneSided, count: FloatArray, total: FloatArray, null: FloatArray
) -> FloatArray:
    greater = _one_sided_pvalue(method, 1, count, total, null)
    less = _one_sided_pvalue(method, -1, count, total, null)
    return np.minimum(1.0, 2.0 * np.minimum(greater, less))


def _limits(
    name: str, count: FloatArray, total: FloatArray, *, level: float, alternative: str
) -> tuple[FloatArray, FloatArray]:
    hull = name in WHOLE_COUNTS_ONLY and alternative == "two-sided"

    def solve(count: FloatArray, total: FloatArray) -> tuple[FloatArray, FloatArray]:
        low, high = np.zeros(count.shape), np.ones(count.shape)
        tail = np.full(count.shape, tail_area(level, alternative))
        if hull:
            rows = np.flatnonzero((total > 0.0) & (level < 1.0))
            x, n = count[rows], total[rows]
            low[rows] = binomial_acceptance.limit(x, n, level, 1, method=name)
            high[rows] = binomial_acceptance.limit(x, n, level, -1, method=name)
            return low, high
        if alternative != "less":
            low = _one_sided_limit(_ONE_SIDED[name], 1, count, total, tail)
        if alternative != "greater":
            high = _one_sided_limit(_ONE_SIDED[name], -1, count, total, tail)
        return low, high

    low, high = once_per_row(solve, count, total)
    return low, high


def _pvalue(
    name: str, count: FloatArray, total: FloatArray, *, null: ArrayLike, alternative: str
) -> FloatArray:
    null = np.broadcast_to(np.asarray(null, dtype=np.float64), count.shape)
    result = np.ones(count.shape)
    rows = np.flatnonzero(total > 0.0)
    x, n, p = count[rows], total[rows], null[rows]
    if not rows.size:
        return result
    if name in WHOLE_COUNTS_ONLY and alternative == "two-sided":
        result[rows] = once_per_row(partial(binomial_acceptance.pvalue, method=name), x, n, p)
    elif alternative == "two-sided":
        result[rows] = once_per_row(partial(_doubled_pvalue, _ONE_SIDED[name]), x, n, p)
    else:
        side = 1 if alternative == "greater" else -1
        result[rows] = once_per_row(partial(_one_sided_pvalue, _ONE_SIDED[name], side), x, n, p)
    return result


def gap_in_acceptance(
    count: FloatArray, total: FloatArray, *, level: float, method: str
) -> NDArray[np.bool_]:
    """Whether the two-sided limits are the hull of accepted nulls with a gap between them."""
    gap = np.zeros(count.shape, dtype=bool)
    rows = np.flatnonzero((total > 0.0) & (level < 1.0))
    if method in WHOLE_COUNTS_ONLY and rows.size:
        test = partial(binomial_acceptance.has_gap, level=level, method=method)
        gap[rows] = once_per_row(test, count[rows], total[rows])
    return gap


def standard_error(count: FloatArray, total: FloatArray) -> FloatArray:
    """Estimated standard error of count / total; nan where the total is 0."""
    with np.errstate(divide="ignore", invalid="ignore"):
        error: FloatArray = np.sqrt(count * ((total - count) / total)) / total
    return error


METHODS: dict[str, Method] = {
    name: Method(
        limits=partial(_limits, name),
        pvalue=partial(_pvalue, name),
        asymptotic=one_sided.asymptotic,
    )
    for name, one_sided in _ONE_SIDED.items()
}
