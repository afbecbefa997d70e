"""Are at least k of m hypotheses false? P-values from the m - k + 1 largest of them.

If fewer than k are false, then of any m - k + 1 hypotheses one at least is true, and of those with
the largest p-values too: a combination of these that rejects too often under no configuration of
true hypotheses tests "fewer than k" (Benjamini and Heller, 2008). Rows are sets of p-values.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy.special import gammaincc

from countylines._kernels.method import FloatArray


def _bonferroni(ordered: FloatArray) -> FloatArray:
    """Any dependence: the smallest of those kept, times their number."""
    kept = np.arange(ordered.shape[1], 0, -1.0)
    return ordered * kept


def _simes(ordered: FloatArray) -> FloatArray:
    """Independent, or positively dependent: the smallest of kept / j times the j-th."""
    m = ordered.shape[1]
    result = np.empty_like(ordered)
    for k in range(m):
        weights = (m - k) / np.arange(1.0, m - k + 1.0)
        result[:, k] = (ordered[:, k:] * weights).min(axis=1)
    return result


def _fisher(ordered: FloatArray) -> FloatArray:
    """Independent: the product, whose log is a gamma variable with one degree a p-value kept."""
    with np.errstate(divide="ignore"):
        logs = -np.log(ordered)
    sums = np.cumsum(logs[:, ::-1], axis=1)[:, ::-1]
    kept = np.arange(ordered.shape[1], 0, -1.0)
    result: FloatArray = gammaincc(kept, sums)
    return result


METHODS: dict[str, Callable[[FloatArray], FloatArray]] = {
    "bonferroni": _bonferroni,
    "simes": _simes,
    "fisher": _fisher,
}


def at_least(pvalues: FloatArray, method: str) -> FloatArray:
    """P-value of "fewer than k are false" for k = 1, ..., m: shape (rows, m)."""
    return np.minimum(METHODS[method](np.sort(pvalues, axis=1)), 1.0)


def simultaneous(pvalues: FloatArray, method: str) -> FloatArray:
    """The same for all k at once: the largest up to k, since the hypotheses are nested."""
    result: FloatArray = np.maximum.accumulate(at_least(pvalues, method), axis=1)
    return result


def sidak(pvalue: FloatArray, number: int) -> FloatArray:
    """P-value of the smallest of independent p-values, without cancellation for small ones."""
    with np.errstate(divide="ignore"):
        result: FloatArray = -np.expm1(number * np.log1p(-pvalue))
    return result


def sidak_tail(tail: float, number: int) -> float:
    """Tail of each of independent limits that leaves `tail` outside all of them together."""
    return float(-np.expm1(np.log1p(-tail) / number))
