"""Confidence limits and p-values of a Poisson mean, and of a rate per unit of exposure.

At a count of 0 the lower limit is 0; see `one_sided` for what holds of every method. No count lies
at the upper end of the range, which is infinite.
"""

from __future__ import annotations

from functools import partial

import numpy as np
from numpy.typing import ArrayLike, NDArray

from countylines._kernels import acceptance, poisson_exact
from countylines._kernels import poisson_score as score
from countylines._kernels.method import FloatArray, Method
from countylines._kernels.one_sided import (
    Family,
    OneSided,
    Score,
    by_score,
    score_limit,
    score_pvalue,
)
from countylines._kernels.poisson_acceptance import ORDERED

WHOLE_COUNTS_ONLY = acceptance.METHODS
_TOP = float(np.inf)


def _by_score(
    solve: Score, statistic: Score, *, closed: bool = False, asymptotic: bool = False
) -> OneSided:
    return by_score(solve, statistic, _TOP, closed=closed, asymptotic=asymptotic)


def _by_tail(name: str, *, closed: bool = False) -> OneSided:
    return OneSided(
        partial(poisson_exact.limit, method=name),
        partial(poisson_exact.pvalue, method=name),
        closed,
    )


def _moved(count: FloatArray, side: int) -> FloatArray:
    """The count moved half a step away from the limit's side."""
    return np.maximum(count - 0.5 * side, 0.0)


def _corrected_limit(count: FloatArray, tail: FloatArray, side: int) -> FloatArray:
    return score_limit(score.anscombe_solve, _TOP, _moved(count, side), tail, side)


def _corrected_pvalue(count: FloatArray, null: FloatArray, side: int) -> FloatArray:
    return score_pvalue(score.anscombe_statistic, _moved(count, side), null, side)


def _byar_base(count: FloatArray, side: int, shift: float) -> FloatArray:
    """The count moved away from the limit: by 0 and 1, or for mid-p by one half on either side."""
    return count + (shift if side > 0 else 1.0 - shift)


def _byar_limit(shift: float, count: FloatArray, tail: FloatArray, side: int) -> FloatArray:
    return score_limit(score.byar_solve, _TOP, _byar_base(count, side, shift), tail, side)


def _byar_pvalue(shift: float, count: FloatArray, null: FloatArray, side: int) -> FloatArray:
    base = _byar_base(count, side, shift)
    some = np.where(base > 0.0, base, 1.0)
    value = score_pvalue(score.byar_statistic, some, null, side)
    return np.where(base > 0.0, value, 1.0)


def _by_byar(shift: float) -> OneSided:
    return OneSided(partial(_byar_limit, shift), partial(_byar_pvalue, shift), closed=True)


def _log_limit(count: FloatArray, tail: FloatArray, side: int) -> FloatArray:
    """The log rate has no finite estimate at a count of 0: there the limits are the whole range."""
    result = np.full(count.shape, 0.0 if side > 0 else _TOP)
    inner = count > 0.0
    result[inner] = score_limit(score.wald_log_solve, _TOP, count[inner], tail[inner], side)
    return result


def _log_pvalue(count: FloatArray, null: FloatArray, side: int) -> FloatArray:
    """1 at a count of 0, where the interval says nothing."""
    result = np.ones(count.shape)
    inner = count > 0.0
    result[inner] = score_pvalue(score.wald_log_statistic, count[inner], null[inner], side)
    return result


_ONE_SIDED = {
    "mid-p": _by_tail("mid-p"),
    "exact": _by_tail("exact"),
    "byar": _by_byar(0.0),
    "byar-mid-p": _by_byar(0.5),
    "blaker": _by_tail("exact"),
    "minlike": _by_tail("exact"),
    "score": _by_score(score.score_solve, score.score_statistic),
    "skew-score": _by_score(score.skew_solve, score.skew_statistic, closed=True),
    "jeffreys": _by_tail("jeffreys", closed=True),
    "profile": _by_score(score.profile_solve, score.profile_statistic, asymptotic=True),
    "anscombe": _by_score(
        score.anscombe_solve, score.anscombe_statistic, closed=True, asymptotic=True
    ),
    "anscombe-cc": OneSided(_corrected_limit, _corrected_pvalue, closed=True, asymptotic=True),
    "square-root": _by_score(
        score.square_root_solve, score.square_root_statistic, closed=True, asymptotic=True
    ),
    "wald": _by_score(score.wald_solve, score.wald_statistic, closed=True, asymptotic=True),
    "wald-half": _by_score(
        score.wald_half_solve, score.wald_half_statistic, closed=True, asymptotic=True
    ),
    "wald-log": OneSided(_log_limit, _log_pvalue, asymptotic=True),
}


def _at_end(count: FloatArray, side: int) -> NDArray[np.bool_]:
    return count <= 0.0 if side > 0 else np.zeros(count.shape, dtype=bool)


def _usable(count: FloatArray) -> NDArray[np.bool_]:
    return np.ones(count.shape, dtype=bool)


_FAMILY = Family(_ONE_SIDED, ORDERED, _TOP, _at_end, _usable)


def one_sided_limit(count: FloatArray, *, tail: ArrayLike, side: str, method: str) -> FloatArray:
    """Limit of the mean with `tail` outside it, which may differ from row to row.

    `side` is ``"greater"`` for the lower limit and ``"less"`` for the upper one.
    """
    sign = 1 if side == "greater" else -1
    return _FAMILY.one_sided_limit(method, sign, count, tail=tail)


def gap_in_acceptance(count: FloatArray, *, level: float, method: str) -> NDArray[np.bool_]:
    """Whether the two-sided limits are the hull of accepted nulls with a gap between them."""
    return _FAMILY.gap_in_acceptance(count, level=level, method=method)


def _limits(
    name: str, count: FloatArray, exposure: FloatArray, *, level: float, alternative: str
) -> tuple[FloatArray, FloatArray]:
    low, high = _FAMILY.limits(name, count, level=level, alternative=alternative)
    return low / exposure, high / exposure


def _pvalue(
    name: str, count: FloatArray, exposure: FloatArray, *, null: ArrayLike, alternative: str
) -> FloatArray:
    mean = np.asarray(null, dtype=np.float64) * exposure
    return _FAMILY.pvalue(name, count, null=mean, alternative=alternative)


METHODS: dict[str, Method] = {
    name: Method(
        limits=partial(_limits, name),
        pvalue=partial(_pvalue, name),
        asymptotic=one_sided.asymptotic,
    )
    for name, one_sided in _ONE_SIDED.items()
}
