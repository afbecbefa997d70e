"""Confidence limits and p-values of the odds ratio between two independent groups.

The data are `count` out of `total` and `ref_count` out of `ref_total`; the ratio is
odds(count / total) over odds(ref_count / ref_total). With both counts 0, both full, or a group
empty, the data hold no information on it: the limits are 0 and infinity and the p-value is 1 in
every method. Otherwise nothing is added to zero cells, except by the methods defined so.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np
from scipy.special import ndtr

from countylines._kernels.method import FloatArray, Method, critical_value
from countylines._kernels.noncentral_hypergeometric import (
    Flags,
    Limits,
    Table,
    at_lowest,
    central,
    conditional_estimate,
    exchanged,
)
from countylines._kernels.odds_ratio_mover import mover
from countylines._kernels.ordered_hypergeometric import BLAKER, MINLIKE, gap_in_acceptance
from countylines._kernels.ratio_error import ratio_error
from countylines._kernels.roots import Rows, increasing_root

__all__ = [
    "METHODS",
    "WHOLE_COUNTS_ONLY",
    "conditional_estimate",
    "estimate",
    "gap_in_acceptance",
    "log_standard_error",
    "standard_error",
]

FARTHEST = 600.0  # log odds ratios beyond this are given as 0 and infinity


def _cells(*table: FloatArray) -> Table:
    """Successes and failures of the first group, then of the second."""
    count, total, ref_count, ref_total = table
    return count, total - count, ref_count, ref_total - ref_count


def _is_uninformative(*table: FloatArray) -> Flags:
    """Whether the margins leave the counts no choice."""
    return at_lowest(table) & at_lowest(exchanged(table))


def estimate(*table: FloatArray) -> FloatArray:
    """Sample odds ratio: x/0 is infinite, 0/0 nan."""
    a, b, c, d = _cells(*table)
    with np.errstate(divide="ignore", invalid="ignore"):
        inner = (a / b) * (d / c)
    result = np.where(at_lowest(table), 0.0, np.where(at_lowest(exchanged(table)), np.inf, inner))
    result[_is_uninformative(*table)] = np.nan
    return result


def log_standard_error(*table: FloatArray) -> FloatArray:
    """Woolf's standard error of the log odds ratio: infinite with a zero cell, nan at 0/0."""
    with np.errstate(divide="ignore"):
        error: FloatArray = np.sqrt(sum((1.0 / cell for cell in _cells(*table)), np.float64(0.0)))
    return np.where(_is_uninformative(*table), np.nan, error)


def standard_error(*table: FloatArray) -> FloatArray:
    """Standard error of the ratio; nan where the ratio is not a number above 0."""
    return ratio_error(estimate(*table), log_standard_error(*table))


# --- score family ------------------------------------------------------------------------------


def expected_cells(*table: FloatArray, log_ratio: FloatArray) -> Table:
    """Cells with these margins and an odds ratio of exp(log_ratio) <= 1.

    Each is the root of a quadratic in the form in which only positive terms are added, so that
    even a cell of 1e-200 beside one of 1e8 has all its digits.
    """
    count, n1, ref_count, n2 = table
    m = count + ref_count
    whole, rest = n1 + n2, n1 + n2 - m
    ratio, lack = np.exp(log_ratio), -np.expm1(log_ratio)
    b1 = (n2 - m) + ratio * (n1 + m)
    b2 = (n1 - rest) + ratio * (n2 + rest)
    root = np.sqrt(b1 * b1 + 4.0 * lack * ratio * n1 * m)
    with np.errstate(divide="ignore", invalid="ignore"):
        first = np.where(b1 >= 0.0, 2.0 * ratio * n1 * m / (b1 + root), (root - b1) / (2.0 * lack))
        last = np.where(
            b2 >= 0.0, 2.0 * ratio * n2 * rest / (b2 + root), (root - b2) / (2.0 * lack)
        )
    second = 2.0 * n1 * rest / (whole + (n1 - m) * lack + root)
    third = 2.0 * n2 * m / (whole + (m - n1) * lack + root)
    return first, second, third, last


def _statistic(
    *table: FloatArray, log_ratio: FloatArray, skewness: bool, small_sample: bool
) -> tuple[FloatArray, FloatArray]:
    """Signed root of the score statistic at an odds ratio, and its slope in the log odds ratio."""
    turned = log_ratio > 0.0
    straight, other = table, exchanged(table)
    table = tuple(np.where(turned, y, x) for x, y in zip(straight, other, strict=True))
    value, slope = _statistic_below_one(
        *table, log_ratio=-np.abs(log_ratio), skewness=skewness, small_sample=small_sample
    )
    return np.where(turned, -value, value), slope


def _statistic_below_one(
    *table: FloatArray, log_ratio: FloatArray, skewness: bool, small_sample: bool
) -> tuple[FloatArray, FloatArray]:
    """As `_statistic`, for ratios of at most 1.

    With expected cells e, 1/v = sum 1/e is the inverse of the variance of the count given the
    margins, and the score is q = (count - e1) / sqrt(v). In the corrected statistic z solves
    z + s (z^2 - 1) = q, where s is a sixth of the skewness of the score, and e1 is moved by the
    bias that the fitted nuisance parameter gives the score (Gart, 1985; Laud, 2017, with the
    corrigendum of 2018). Everything is scaled by the smallest expected cell, u, which may be
    1e-250. All cells move by v with the log odds ratio.
    """
    _, n1, _, n2 = table
    expected = expected_cells(*table, log_ratio=log_ratio)
    observed = _cells(*table)
    u = np.minimum(np.minimum(expected[0], expected[1]), np.minimum(expected[2], expected[3]))
    w1, w2, w3, w4 = (u / cell for cell in expected)
    total = w1 + w2 + w3 + w4
    inflation = (n1 + n2) / (n1 + n2 - 1.0) if small_sample else np.ones_like(n1)
    excess = _excess(observed, expected)
    scale = np.sqrt(total / (u * inflation))
    skew = w1 * w1 - w2 * w2 - w3 * w3 + w4 * w4
    if not skewness:
        q = excess * scale
        return q, -1.0 / (inflation * scale) - 0.5 * q * skew / (total * total)
    r1, r2 = w1 + w2, w3 + w4
    share = r1 * r2 / (total * total)
    difference = expected[0] / n1 - expected[2] / n2
    bias = difference * share
    bias_slope = share * (
        1.0 / n1 + 1.0 / n2 + difference * ((r1 - r2) * (w1 - w2 + w3 - w4)) / (u * total)
    )
    q = (excess - bias) * scale
    q_slope = -(1.0 + bias_slope) / (inflation * scale) - 0.5 * q * skew / (total * total)
    power = 6.0 * (total * inflation) ** 1.5 * np.sqrt(u)
    s = skew / power
    cubes = w1**3 + w2**3 + w3**3 + w4**3
    s_slope = -2.0 * cubes / (total * power) + 1.5 * s * skew / (total * total)
    root = np.sqrt(1.0 + 4.0 * s * (q + s))
    z = 2.0 * (q + s) / (1.0 + root)
    return z, (q_slope - s_slope * (z * z - 1.0)) / root


def _excess(observed: Table, expected: Table) -> FloatArray:
    """Observed minus expected successes of the first group, from the cell that loses least.

    All four cells differ by the same amount; a small one gives it with the smallest error.
    """
    signed = (1.0, -1.0, -1.0, 1.0)
    result = observed[0] - expected[0]
    size = observed[0] + expected[0]
    for sign, seen, fitted in zip(signed[1:], observed[1:], expected[1:], strict=True):
        smaller = seen + fitted < size
        result = np.where(smaller, sign * (seen - fitted), result)
        size = np.where(smaller, seen + fitted, size)
    return result


def _score(*, skewness: bool, small_sample: bool) -> Method:
    """A score method; `small_sample` multiplies the variance by N / (N - 1)."""
    statistic = partial(_statistic, skewness=skewness, small_sample=small_sample)

    def solve(z: FloatArray, table: Table) -> FloatArray:
        """The ratio at which the statistic, which falls in it, equals z."""

        def residual(log_ratio: FloatArray, rows: Rows) -> tuple[FloatArray, FloatArray]:
            some = tuple(column[rows] for column in table)
            value, slope = statistic(*some, log_ratio=log_ratio)
            return z[rows] - value, -slope

        cells = tuple(cell + 0.5 for cell in _cells(*table))
        centre = np.log(cells[0] / cells[1]) - np.log(cells[2] / cells[3])
        start = centre - z * np.sqrt(sum(1.0 / cell for cell in cells))
        end = np.full(z.shape, FARTHEST)
        root = increasing_root(residual, -end, end, start)
        # with c the smallest cell that counts, the statistic need not pass sqrt(1 + 6 c)
        root[np.abs(root) > FARTHEST - 1.0] *= np.inf
        return np.exp(root)

    def limits(*table: FloatArray, level: float | FloatArray, alternative: str) -> Limits:
        z = np.broadcast_to(critical_value(np.asarray(level), alternative), table[0].shape)
        low, high = np.zeros(z.shape), np.full(z.shape, np.inf)
        lower = np.flatnonzero(~at_lowest(table))
        upper = np.flatnonzero(~at_lowest(exchanged(table)))
        if alternative != "less":
            low[lower] = solve(z[lower], tuple(column[lower] for column in table))
        if alternative != "greater":
            high[upper] = solve(-z[upper], tuple(column[upper] for column in table))
        return low, high

    def pvalue(*table: FloatArray, null: float | FloatArray, alternative: str) -> FloatArray:
        log_null = np.broadcast_to(np.log(np.asarray(null, dtype=np.float64)), table[0].shape)
        greater, less = np.ones(log_null.shape), np.ones(log_null.shape)
        rows = np.flatnonzero(~_is_uninformative(*table))
        z, _ = statistic(*(column[rows] for column in table), log_ratio=log_null[rows])
        # where one limit is the end of the range, nothing can speak for that side
        greater[rows] = np.where(at_lowest(table)[rows], 1.0, ndtr(-z))
        less[rows] = np.where(at_lowest(exchanged(table))[rows], 1.0, ndtr(z))
        return _combined(greater, less, alternative)

    return Method(limits, pvalue)


def _combined(greater: FloatArray, less: FloatArray, alternative: str) -> FloatArray:
    if alternative == "two-sided":
        return np.minimum(1.0, 2.0 * np.minimum(greater, less))
    return greater if alternative == "greater" else less


# --- log-normal family -------------------------------------------------------------------------


def _log_normal(added: Callable[..., Table]) -> Method:
    """The log odds ratio and its standard error, after adding something to each cell."""

    def parts(*table: FloatArray) -> tuple[Flags, FloatArray, FloatArray]:
        cells = [cell + more for cell, more in zip(_cells(*table), added(*table), strict=True)]
        usable = ~_is_uninformative(*table) & (np.min(cells, axis=0) > 0.0)
        a, b, c, d = (np.where(usable, cell, 1.0) for cell in cells)
        return usable, np.log(a / b) - np.log(c / d), np.sqrt(1 / a + 1 / b + 1 / c + 1 / d)

    def limits(*table: FloatArray, level: float | FloatArray, alternative: str) -> Limits:
        z = critical_value(np.asarray(level), alternative)
        usable, middle, error = parts(*table)
        with np.errstate(over="ignore"):
            ends = np.exp(middle - z * error), np.exp(middle + z * error)
        low = np.where(usable & (alternative != "less"), ends[0], 0.0)
        high = np.where(usable & (alternative != "greater"), ends[1], np.inf)
        return low, high

    def pvalue(*table: FloatArray, null: float | FloatArray, alternative: str) -> FloatArray:
        usable, middle, error = parts(*table)
        z = (middle - np.log(null)) / error
        return np.where(usable, _combined(ndtr(-z), ndtr(z), alternative), 1.0)

    return Method(limits, pvalue, asymptotic=True)


def _nothing(*table: FloatArray) -> Table:
    return (np.zeros_like(table[0]),) * 4


def _one_half(*table: FloatArray) -> Table:
    return (np.full_like(table[0], 0.5),) * 4


def _two_as_independent(*table: FloatArray) -> Table:
    """Two observations in all, spread over the cells as if the groups did not differ."""
    count, n1, ref_count, n2 = table
    whole = np.maximum(n1 + n2, 1.0)
    success = (count + ref_count) / whole
    first, second = 2.0 * n1 / whole, 2.0 * n2 / whole
    return first * success, first * (1 - success), second * success, second * (1 - success)


METHODS: dict[str, Method] = {
    "skew-score": _score(skewness=True, small_sample=True),
    "miettinen-nurminen": _score(skewness=False, small_sample=True),
    "score": _score(skewness=False, small_sample=False),
    "conditional": central(1.0),
    "conditional-mid-p": central(0.5),
    "minlike": MINLIKE,
    "blaker": BLAKER,
    "mover-wilson": mover("wilson"),
    "mover-jeffreys": mover("jeffreys"),
    "woolf": _log_normal(_nothing),
    "gart": _log_normal(_one_half),
    "independence-smoothed": _log_normal(_two_as_independent),
}
WHOLE_COUNTS_ONLY = frozenset({"conditional", "conditional-mid-p", "minlike", "blaker"})
