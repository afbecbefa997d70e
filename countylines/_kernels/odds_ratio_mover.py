"""MOVER limits of an odds ratio, from the limits of the odds in each group.

Fagerland and Newcombe (2013), method 4: the MOVER-R formula of Donner and Zou (2012) for a ratio,
on the two odds. Where all trials of a group succeed its odds are infinite; they then turn the
table, so that the same ratio is that of the odds of failure of the other group over those of this
one. The formula is not symmetric in success and failure: exchanging them gives slightly other
limits, where exchanging the groups gives reciprocal ones.

With Jeffreys' limits the middle of each group is the median they enclose (Laud, 2017), not the
sample odds, except that no or all successes stay 0 and infinity.

Where the groups are at opposite ends the odds are 0 over infinity and the formula does not apply;
the finite limit is then the ratio of the two one-sample limits, which is farther out than the
formula would put it for any finite odds.
"""

from __future__ import annotations

import numpy as np
from scipy.optimize import elementwise
from scipy.special import ndtr

from countylines._kernels import binomial
from countylines._kernels.distinct import once_per_row
from countylines._kernels.method import FloatArray, Method, tail_area
from countylines._kernels.mover import ratio_high
from countylines._kernels.noncentral_hypergeometric import (
    Limits,
    Table,
    at_lowest,
    exchanged,
)

_MOST_ERRORS = 37.0  # the normal tail beyond is below 1e-299
_FARTHEST = 1e3


def _swapped(table: Table) -> Table:
    """The groups exchanged: the odds ratio becomes its reciprocal."""
    return (*table[2:], *table[:2])


def _turned(table: Table) -> Table:
    """The table with finite odds wherever there is one."""
    turn = (table[0] == table[1]) | (table[2] == table[3])
    other = _swapped(exchanged(table))
    return tuple(np.where(turn, new, old) for new, old in zip(other, table, strict=True))


def _odds_limit(
    count: FloatArray, total: FloatArray, tail: FloatArray, side: str, interval: str
) -> FloatArray:
    """One-sample limit of the odds; few failures by their own limit, so that no digit is lost."""
    successes = binomial.one_sided_limit(count, total, tail=tail, side=side, method=interval)
    failures = 1.0 - successes
    rows = np.flatnonzero(successes > 0.9)
    if rows.size:
        failures[rows] = binomial.one_sided_limit(
            (total - count)[rows],
            total[rows],
            tail=tail[rows],
            side="less" if side == "greater" else "greater",
            method=interval,
        )
    with np.errstate(divide="ignore"):
        odds: FloatArray = successes / failures
    return odds


def _odds(count: FloatArray, total: FloatArray, interval: str) -> FloatArray:
    """What the one-sample limits enclose at any level."""
    with np.errstate(divide="ignore", invalid="ignore"):
        odds: FloatArray = count / (total - count)
    inner = (count > 0.0) & (count < total)
    if interval == "jeffreys" and inner.any():
        half = np.full(int(inner.sum()), 0.5)
        odds[inner] = _odds_limit(count[inner], total[inner], half, "less", interval)
    return odds


def _upper(table: Table, tail: FloatArray, interval: str) -> FloatArray:
    """Upper limit of the ratio for tail areas up to one half."""
    count, total, ref_count, ref_total = _turned(table)
    odds, ref_odds = _odds(count, total, interval), _odds(ref_count, ref_total, interval)
    high = _odds_limit(count, total, tail, "less", interval)
    ref_low = _odds_limit(ref_count, ref_total, tail, "greater", interval)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        finite = np.isfinite(odds) & np.isfinite(ref_odds)
        upper = np.where(finite, ratio_high(odds, high, ref_odds, ref_low), high / ref_low)
    upper[at_lowest(exchanged(table))] = np.inf
    return upper


def _lower(table: Table, tail: FloatArray, interval: str) -> FloatArray:
    with np.errstate(divide="ignore"):
        lower: FloatArray = 1.0 / _upper(_swapped(table), tail, interval)
    return lower


def _log_middle(table: Table, interval: str) -> FloatArray:
    """The log odds ratio that the limits enclose at any level, with 0/0 as 0."""
    low, high = at_lowest(table), at_lowest(exchanged(table))
    with np.errstate(divide="ignore", invalid="ignore"):
        odds = _odds(table[0], table[1], interval)
        inner = np.log(odds) - np.log(_odds(table[2], table[3], interval))
    return np.where(low, np.where(high, 0.0, -np.inf), np.where(high, np.inf, inner))


def _tail(table: Table, log_null: FloatArray, interval: str) -> FloatArray:
    """Tail area, up to one half, at which the limit on the null's side reaches the null."""
    distance = log_null - _log_middle(table, interval)
    below = distance < 0.0
    table = tuple(
        np.where(below, new, old) for new, old in zip(_swapped(table), table, strict=True)
    )
    target = np.where(below, -log_null, log_null)

    def gap(errors: FloatArray, /, *columns: FloatArray) -> FloatArray:
        """How far beyond the null the limit is that leaves out the normal tail of `errors`."""
        *some, goal = columns
        with np.errstate(divide="ignore"):
            reached = np.log(_upper(tuple(some), ndtr(-errors), interval))
        return np.clip(reached, -_FARTHEST, _FARTHEST) - goal

    cells = np.stack((table[0], table[1] - table[0], table[2], table[3] - table[2])) + 0.5
    guess = 3.0 + 2.0 * np.abs(distance) / np.sqrt((1.0 / cells).sum(axis=0))
    near, far = np.zeros(target.shape), np.minimum(guess, _MOST_ERRORS)
    found = gap(far, *table, target) > 0.0
    rest = np.flatnonzero(~found)
    near[rest], far[rest] = far[rest], _MOST_ERRORS
    if rest.size:
        found[rest] = gap(far[rest], *(column[rest] for column in (*table, target))) > 0.0
    errors = far
    # beside a zero cell the limit that leaves out one half need not be the estimate
    ends = np.flatnonzero(found & np.isinf(distance))
    if ends.size:
        at_once = gap(near[ends], *(column[ends] for column in (*table, target))) >= 0.0
        errors[ends[at_once]], found[ends[at_once]] = near[ends[at_once]], False
    if found.any():
        errors[found] = elementwise.find_root(
            gap,
            (near[found], far[found]),
            args=tuple(column[found] for column in (*table, target)),
            tolerances={"xatol": 1e-13, "xrtol": 1e-13, "fatol": 0.0, "frtol": 0.0},
        ).x
    result: FloatArray = ndtr(-errors)
    return result


def mover(interval: str) -> Method:
    """MOVER with the one-sample limits of a method of `binomial`."""

    def limits(*table: FloatArray, level: float | FloatArray, alternative: str) -> Limits:
        tail = np.broadcast_to(tail_area(np.asarray(level), alternative), table[0].shape)

        def solve(*columns: FloatArray) -> Limits:
            *some, tail = columns
            data, near = tuple(some), np.minimum(tail, 1.0 - tail)
            low, high = _lower(data, near, interval), _upper(data, near, interval)
            # a one-sided limit with more than half outside lies on the far side of the estimate
            far = tail > 0.5
            return (
                np.where(far & ~at_lowest(data), high, low),
                np.where(far & ~at_lowest(exchanged(data)), low, high),
            )

        low, high = np.zeros(tail.shape), np.full(tail.shape, np.inf)
        rows = ~(at_lowest(table) & at_lowest(exchanged(table)))
        if rows.any():
            columns = tuple(column[rows] for column in (*table, tail))
            low[rows], high[rows] = once_per_row(solve, *columns)
        if alternative == "less":
            low[:] = 0.0
        if alternative == "greater":
            high[:] = np.inf
        return low, high

    def pvalue(*table: FloatArray, null: float | FloatArray, alternative: str) -> FloatArray:
        log_null = np.broadcast_to(np.log(np.asarray(null, dtype=np.float64)), table[0].shape)
        lowest, highest = at_lowest(table), at_lowest(exchanged(table))
        greater, less = np.ones(log_null.shape), np.ones(log_null.shape)
        rows = np.flatnonzero(~(lowest & highest))
        if rows.size:
            some = tuple(column[rows] for column in (*table, log_null))
            tail = once_per_row(lambda *columns: _tail(columns[:4], columns[4], interval), *some)
            below = some[4] < _log_middle(some[:4], interval)
            greater[rows] = np.where(lowest[rows], 1.0, np.where(below, tail, 1.0 - tail))
            less[rows] = np.where(highest[rows], 1.0, np.where(below, 1.0 - tail, tail))
        if alternative == "two-sided":
            return np.minimum(1.0, 2.0 * np.minimum(greater, less))
        return greater if alternative == "greater" else less

    return Method(limits, pvalue)
