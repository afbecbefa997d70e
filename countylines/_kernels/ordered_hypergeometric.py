"""Two-sided exact tests of an odds ratio that order the possible counts: minlike and Blaker.

The minlike p-value is the probability of all counts no likelier than the observed one; Blaker's is
that of all counts whose smaller tail is no larger. Above the estimate both are
P(count or less) + P(count + j or more), where j grows by one at each of a sequence of break points.
Between two of them, on "piece" j, that is one minus the probability of a run of neighbours, which
first rises and then falls in the ratio. So the p-value falls and then rises, its largest value on a
piece is at one of the two ends, and at each break point it jumps down. The limits are the ends of
the smallest interval that holds every ratio not rejected: looking at the ends of pieces finds them
with certainty.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from countylines._kernels.method import FloatArray, Method
from countylines._kernels.noncentral_hypergeometric import (
    FARTHEST,
    Flags,
    Limits,
    Supports,
    at_lowest,
    both_sides,
    central,
    exchanged,
    one_sided,
    over_tables,
    pvalues,
)
from countylines._kernels.roots import Rows, increasing_root

_TIE = 1e-11  # log probabilities nearer than this, per unit of distance, count as equal
_HALVINGS = 60


def _minlike_breaks(supports: Supports) -> FloatArray:
    """Log odds ratios at which the observed count and the one j above it are equally probable."""
    after = supports.at + 1
    breaks: FloatArray = -supports.weight[:, after:] / supports.offset[after:]
    return breaks


def _blaker_break(supports: Supports, rows: Rows, piece: Rows) -> FloatArray:
    """Log odds ratios at which count or less is as probable as count + piece or more."""
    beyond = supports.at_least(piece)

    def residual(log_ratio: FloatArray, some: Rows) -> tuple[FloatArray, FloatArray]:
        return supports.log_quotient(beyond[some], supports.lower, log_ratio, rows[some])

    end = np.full(rows.size, FARTHEST)
    return increasing_root(residual, -end, end, supports.centre[rows])


def _pieces_passed(supports: Supports, log_ratio: FloatArray) -> Rows:
    """How many of Blaker's break points are not above the log odds ratio."""
    p = supports.tilted(log_ratio, supports.rows)
    upper = np.cumsum(p[:, ::-1], axis=1)[:, ::-1][:, supports.at + 1 :]
    passed: Rows = (upper >= (p @ supports.lower)[:, None]).sum(axis=1)
    return passed


def _blaker_upper(supports: Supports, tail: FloatArray) -> tuple[FloatArray, Rows]:
    """Highest log odds ratio not rejected, and the last piece that is accepted at its upper end.

    At the end of piece j the p-value is twice P(count or less): these peaks fall, and the last one
    that reaches `tail` is the last break point below the central limit for half of it.
    """
    rows, limit_of_half = supports.rows, one_sided(supports, tail / 2.0)
    piece = _pieces_passed(supports, limit_of_half)
    limit = _blaker_break(supports, rows, piece)
    part = supports.lower + supports.at_least(piece + 1)
    crosses = supports.log_share(part, limit, rows)[0] > np.log(tail)
    if crosses.any():
        some, low = rows[crosses], limit[crosses]
        high = np.maximum(low, limit_of_half[crosses])
        limit[crosses] = supports.crossing(part[crosses], tail[some], some, low, high)
    return limit, piece


def _minlike_upper(supports: Supports, tail: FloatArray) -> tuple[FloatArray, Rows]:
    """Highest log odds ratio not rejected, and the last piece that is accepted at its upper end.

    The peaks of the p-value need not fall. Runs of pieces left + 1 .. right are halved, and a run
    is dropped only when P(count or less) at its start plus P(count + left + 1 or more) at its end,
    which no p-value on it exceeds, is below `tail`.
    """
    start, breaks = one_sided(supports, tail), _minlike_breaks(supports)
    first = np.maximum((breaks < start[:, None]).sum(axis=1), 1)
    last = np.isfinite(breaks).sum(axis=1)
    # 2 j: accepted at the upper end of piece j; 2 j - 1: accepted on it, but only at the lower end
    accepted = 2 * first
    rows = np.flatnonzero(last > first)
    left, right = first[rows], last[rows]
    while rows.size:
        at_left = _shares(supports, breaks[rows, left - 1], rows)
        at_right = _shares(supports, breaks[rows, right - 1], rows)
        outside = tail[rows]
        next_piece, last_piece = supports.at_least(left + 1), supports.at_least(right)
        low_left = at_left @ supports.lower
        lower_end = low_left + (at_left * next_piece).sum(axis=1)
        upper_end = at_right @ supports.lower + (at_right * last_piece).sum(axis=1)
        bound = low_left + (at_right * next_piece).sum(axis=1)
        np.maximum.at(accepted, rows, np.where(lower_end > outside, 2 * left + 1, 0))
        np.maximum.at(accepted, rows, np.where(upper_end >= outside, 2 * right, 0))
        keep = (right > left + 1) & (bound >= outside) & (2 * right > accepted[rows] + 1)
        rows, left, right = _halved(rows[keep], left[keep], right[keep])
    piece = accepted // 2
    # the lower tail alone carries the p-value to `start`, also past the last break point
    limit = np.maximum(start, breaks[supports.rows, piece - 1])
    crosses = np.flatnonzero(accepted % 2 == 1)
    if crosses.size:
        low, high = breaks[crosses, piece[crosses] - 1], breaks[crosses, piece[crosses]]
        part = supports.lower + supports.at_least(piece[crosses] + 1)
        limit[crosses] = supports.crossing(part, tail[crosses], crosses, low, high)
    return limit, piece


def _shares(supports: Supports, log_ratio: FloatArray, rows: Rows) -> FloatArray:
    p = supports.tilted(log_ratio, rows)
    shares: FloatArray = p / p.sum(axis=1, keepdims=True)
    return shares


def _halved(rows: Rows, left: Rows, right: Rows) -> tuple[Rows, Rows, Rows]:
    middle = (left + right) // 2
    return (
        np.concatenate((rows, rows)),
        np.concatenate((left, middle)),
        np.concatenate((middle, right)),
    )


def _has_gap(supports: Supports, tail: FloatArray, method: str) -> Flags:
    """Whether some log odds ratio between the estimate and the upper limit is rejected.

    Runs of pieces are halved, and a run is dropped when P(count or less) at its end plus
    P(count + right or more) at its start, which no p-value on it falls below, reaches `tail`.
    """
    start = one_sided(supports, tail)  # up to here P(count or less) alone is `tail` or more
    if method == "minlike":
        breaks, (_, last) = _minlike_breaks(supports), _minlike_upper(supports, tail)
        first = (breaks < start[:, None]).sum(axis=1)
    else:
        _, last = _blaker_upper(supports, tail)
        first = _pieces_passed(supports, start)

    def break_at(rows: Rows, piece: Rows) -> FloatArray:
        if method == "minlike":
            result: FloatArray = breaks[rows, piece - 1]
            return result
        return _blaker_break(supports, rows, piece)

    gap = np.zeros(start.size, dtype=bool)
    first = np.maximum(first, 1)
    rows = np.flatnonzero(last > first)
    left, right = first[rows], last[rows]
    while rows.size:
        low, high = break_at(rows, left), break_at(rows, right)
        at_low, at_high = _shares(supports, low, rows), _shares(supports, high, rows)
        last_piece = supports.at_least(right)
        bound = at_high @ supports.lower + (at_low * last_piece).sum(axis=1)
        single = np.flatnonzero((right == left + 1) & (bound < tail[rows]) & ~gap[rows])
        if single.size:
            part, some = supports.lower + last_piece[single], rows[single]
            lowest = _lowest(supports, part, some, low[single], high[single])
            gap[some[lowest < tail[some]]] = True
        keep = (right > left + 1) & (bound < tail[rows]) & ~gap[rows]
        rows, left, right = _halved(rows[keep], left[keep], right[keep])
    return gap


def _lowest(
    supports: Supports, part: FloatArray, rows: Rows, low: FloatArray, high: FloatArray
) -> FloatArray:
    """Least P(part) between two log odds ratios, where it falls and then rises."""
    for _ in range(_HALVINGS):
        middle = 0.5 * (low + high)
        rising = supports.log_share(part, middle, rows)[1] > 0.0
        low, high = np.where(rising, low, middle), np.where(rising, middle, high)
    return np.exp(supports.log_share(part, high, rows)[0])


def _minlike_pvalue(supports: Supports, log_ratio: FloatArray) -> FloatArray:
    relative = supports.weight + supports.offset * log_ratio[:, None]
    no_likelier = relative <= _TIE * (1.0 + np.abs(supports.offset))
    total: FloatArray = (_shares(supports, log_ratio, supports.rows) * no_likelier).sum(axis=1)
    return total


def _blaker_pvalue(supports: Supports, log_ratio: FloatArray) -> FloatArray:
    p = _shares(supports, log_ratio, supports.rows)
    smaller = np.minimum(np.cumsum(p, axis=1), np.cumsum(p[:, ::-1], axis=1)[:, ::-1])
    tie = 1.0 + _TIE * (1.0 + np.abs(supports.offset))
    total: FloatArray = (p * (smaller <= smaller[:, [supports.at]] * tie)).sum(axis=1)
    return total


def _ordered(
    upper: Callable[[Supports, FloatArray], tuple[FloatArray, Rows]],
    test: Callable[[Supports, FloatArray], FloatArray],
) -> Method:
    """A two-sided method; one-sided it is the central one."""
    one_tail = central(1.0)

    def limits(*table: FloatArray, level: float | FloatArray, alternative: str) -> Limits:
        if alternative != "two-sided":
            return one_tail.limits(*table, level=level, alternative=alternative)
        return both_sides(
            lambda supports, tail: upper(supports, tail)[0], table, 1.0 - level, alternative
        )

    def pvalue(*table: FloatArray, null: float | FloatArray, alternative: str) -> FloatArray:
        if alternative != "two-sided":
            return one_tail.pvalue(*table, null=null, alternative=alternative)
        return pvalues(test, table, null)

    return Method(limits, pvalue)


MINLIKE = _ordered(_minlike_upper, _minlike_pvalue)
BLAKER = _ordered(_blaker_upper, _blaker_pvalue)


def gap_in_acceptance(*table: FloatArray, level: float | FloatArray, method: str) -> Flags:
    """Whether some ratio inside the two-sided limits has a p-value below 1 - level.

    `method` is "minlike" or "blaker".
    """
    result = np.zeros(table[0].size, dtype=bool)
    tails = np.broadcast_to(np.asarray(1.0 - level, dtype=np.float64), result.shape)
    for side in (table, exchanged(table)):
        some = ~at_lowest(exchanged(side))
        if some.any():
            found = over_tables(
                lambda supports, tail: _has_gap(supports, tail, method).astype(np.float64),
                tuple(column[some] for column in side),
                tails[some],
            )
            result[some] |= found.astype(bool)
    return result
