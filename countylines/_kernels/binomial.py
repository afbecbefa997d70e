"""Confidence limits and p-values of a binomial proportion.

At a count of 0 the lower limit is 0, and at count = total the upper limit is 1; see `one_sided` for
what holds of every method.
"""

from __future__ import annotations

from functools import partial

import numpy as np
from numpy.typing import ArrayLike, NDArray

from countylines._kernels import acceptance, binomial_exact
from countylines._kernels import binomial_score as score
from countylines._kernels.binomial_acceptance import ORDERED
from countylines._kernels.method import FloatArray, Method
from countylines._kernels.one_sided import (
    Family,
    OneSided,
    Score,
    by_score,
    score_limit,
    score_pvalue,
)

WHOLE_COUNTS_ONLY = acceptance.METHODS


def _corrected_limit(
    count: FloatArray, total: FloatArray, tail: FloatArray, side: int
) -> FloatArray:
    """Wilson's limit with the count moved half a step towards the other end."""
    moved = np.clip(count - 0.5 * side, 0.0, total)
    at_end = moved == (0.0 if side > 0 else total)
    limit = score_limit(score.wilson_solve, 1.0, moved, total, tail, side)
    return np.where(at_end, 0.0 if side > 0 else 1.0, limit)


def _corrected_pvalue(
    count: FloatArray, total: FloatArray, null: FloatArray, side: int
) -> FloatArray:
    moved = np.clip(count - 0.5 * side, 0.0, total)
    at_end = moved == (0.0 if side > 0 else total)
    return np.where(at_end, 1.0, score_pvalue(score.wilson_statistic, moved, total, null, side))


def _logit_limit(count: FloatArray, total: FloatArray, tail: FloatArray, side: int) -> FloatArray:
    """The log odds have no finite estimate at either end: there the limits are the whole range."""
    result = np.full(count.shape, 0.0 if side > 0 else 1.0)
    inner = (count > 0.0) & (count < total)
    result[inner] = score_limit(
        score.logit_solve, 1.0, count[inner], total[inner], tail[inner], side
    )
    return result


def _logit_pvalue(count: FloatArray, total: FloatArray, null: FloatArray, side: int) -> FloatArray:
    """1 at either end, where the interval says nothing."""
    result = np.ones(count.shape)
    inner = (count > 0.0) & (count < total)
    result[inner] = score_pvalue(
        score.logit_statistic, count[inner], total[inner], null[inner], side
    )
    return result


def _by_score(
    solve: Score, statistic: Score, *, closed: bool = False, asymptotic: bool = False
) -> OneSided:
    return by_score(solve, statistic, 1.0, closed=closed, asymptotic=asymptotic)


def _by_tail(name: str, *, closed: bool = False) -> OneSided:
    return OneSided(
        partial(binomial_exact.limit, method=name),
        partial(binomial_exact.pvalue, method=name),
        closed,
    )


_ONE_SIDED = {
    "mid-p": _by_tail("mid-p"),
    "wilson": _by_score(score.wilson_solve, score.wilson_statistic),
    "wilson-cc": OneSided(_corrected_limit, _corrected_pvalue),
    "clopper-pearson": _by_tail("clopper-pearson"),
    "blaker": _by_tail("clopper-pearson"),
    "minlike": _by_tail("clopper-pearson"),
    "agresti-coull": _by_score(score.agresti_coull_solve, score.agresti_coull_statistic),
    "jeffreys": _by_tail("jeffreys", closed=True),
    "logit": OneSided(_logit_limit, _logit_pvalue, asymptotic=True),
    "arcsine": _by_score(
        score.arcsine_solve, score.arcsine_statistic, closed=True, asymptotic=True
    ),
    "profile": _by_score(score.profile_solve, score.profile_statistic, asymptotic=True),
    "skew-score": _by_score(score.skew_solve, score.skew_statistic, closed=True),
    "wald": _by_score(score.wald_solve, score.wald_statistic, closed=True, asymptotic=True),
    "modified-jeffreys": _by_tail("modified-jeffreys", closed=True),
    "plus-four": _by_score(score.plus_four_solve, score.plus_four_statistic, closed=True),
}


def _at_end(count: FloatArray, total: FloatArray, side: int) -> NDArray[np.bool_]:
    return count <= 0.0 if side > 0 else count >= total


def _usable(count: FloatArray, total: FloatArray) -> NDArray[np.bool_]:
    return total > 0.0


_FAMILY = Family(_ONE_SIDED, ORDERED, 1.0, _at_end, _usable)
gap_in_acceptance = _FAMILY.gap_in_acceptance


def one_sided_limit(
    count: FloatArray, total: FloatArray, *, tail: ArrayLike, side: str, method: str
) -> FloatArray:
    """Limit with `tail` outside it, which may differ from row to row and be as small as 1e-300.

    `side` is ``"greater"`` for the lower limit and ``"less"`` for the upper one.
    """
    sign = 1 if side == "greater" else -1
    return _FAMILY.one_sided_limit(method, sign, count, total, tail=tail)


def standard_error(count: FloatArray, total: FloatArray) -> FloatArray:
    """Estimated standard error of count / total; nan where the total is 0."""
    with np.errstate(divide="ignore", invalid="ignore"):
        error: FloatArray = np.sqrt(count * ((total - count) / total)) / total
    return error


METHODS: dict[str, Method] = {
    name: Method(
        limits=partial(_FAMILY.limits, name),
        pvalue=partial(_FAMILY.pvalue, name),
        asymptotic=one_sided.asymptotic,
    )
    for name, one_sided in _ONE_SIDED.items()
}
