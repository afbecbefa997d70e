"""Exact inference on an odds ratio, given the margins of the two-by-two table.

Of `total` and `ref_total` trials m = count + ref_count succeed. Given m, the count follows Fisher's
noncentral hypergeometric distribution, P(k) proportional to
C(total, k) C(ref_total, m - k) ratio**k, in which the odds ratio is the only parameter.

Supports are laid side by side as logarithms of the weights at ratio 1, summed outwards from the
observed count: near it they are exact to rounding whatever the size of the counts, where
differences of log-factorials have lost seven digits at 1e8. Only upper limits are worked out; a
lower limit is the reciprocal of the upper limit with success and failure exchanged.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from countylines._kernels.distinct import once_per_row
from countylines._kernels.method import FloatArray, Method, tail_area
from countylines._kernels.roots import Rows, increasing_root

Table = tuple[FloatArray, ...]  # count, total, ref_count, ref_total
Flags = NDArray[np.bool_]
Limits = tuple[FloatArray, FloatArray]

FARTHEST = 650.0  # log odds ratios beyond this are given as 0 and infinity
_BLOCK = 2**18  # support points worked at once: what a processor's cache holds
_ALIKE = float(np.log(1.3))  # supports within this factor in length share a block


def exchanged(table: Table) -> Table:
    """Success and failure exchanged: the odds ratio becomes its reciprocal."""
    count, total, ref_count, ref_total = table
    return total - count, total, ref_total - ref_count, ref_total


def at_lowest(table: Table) -> Flags:
    """Whether the count is the smallest that its margins allow."""
    count, _, ref_count, ref_total = table
    result: Flags = (count == 0.0) | (ref_count == ref_total)
    return result


def _reach(table: Table) -> tuple[FloatArray, FloatArray]:
    """How many support points below and above the observed count matter.

    At most 20 sqrt(smallest margin) + 1000, which is 40 standard deviations or more: where the
    centre of the distribution lies farther away than that, the tail is below 1e-300.
    """
    count, total, ref_count, ref_total = table
    successes, failures = count + ref_count, total - count + (ref_total - ref_count)
    margin = np.minimum(np.minimum(total, ref_total), np.minimum(successes, failures))
    most = np.ceil(20.0 * np.sqrt(margin) + 1000.0)
    below = np.minimum(count, ref_total - ref_count)
    above = np.minimum(total - count, ref_count)
    return np.minimum(below, most), np.minimum(above, most)


class Supports:
    """Supports of several tables, lined up so that the observed counts share a column.

    ``offset`` is the distance from the observed count; ``weight`` the log probability relative to
    it at ratio 1, minus infinity outside the support; ``centre`` and ``spread`` the log odds ratio
    and its standard error with 1/2 added to each cell, from which searches start.
    """

    def __init__(self, *table: FloatArray) -> None:
        count, total, ref_count, ref_total = (column[:, None] for column in table)
        below, above = (side[:, None] for side in _reach(table))
        self.at = int(below.max())
        self.offset = np.arange(-self.at, int(above.max()) + 1, dtype=np.float64)
        self.lower = (self.offset <= 0.0).astype(np.float64)
        self.rows: Rows = np.arange(count.size)
        here = self.offset[:-1]
        with np.errstate(divide="ignore", invalid="ignore"):
            step = np.log(
                ((total - count - here) / (count + here + 1.0))
                * ((ref_count - here) / (ref_total - ref_count + here + 1.0))
            )
        step = np.where((here >= -below) & (here < above), step, 0.0)
        self.weight = np.zeros((count.size, self.offset.size))
        np.cumsum(step[:, self.at :], axis=1, out=self.weight[:, self.at + 1 :])
        self.weight[:, : self.at] = -np.cumsum(step[:, : self.at][:, ::-1], axis=1)[:, ::-1]
        self.weight[(self.offset < -below) | (self.offset > above)] = -np.inf
        cells = np.hstack((count, ref_total - ref_count, total - count, ref_count)) + 0.5
        self.centre: FloatArray = np.log(cells) @ np.array([1.0, 1.0, -1.0, -1.0])
        self.spread: FloatArray = np.sqrt((1.0 / cells).sum(axis=1))

    def tilted(self, log_ratio: FloatArray, rows: Rows) -> FloatArray:
        """Probabilities at these odds ratios, up to a factor that makes the largest one 1."""
        weight = self.weight if np.array_equal(rows, self.rows) else self.weight[rows]
        p = weight + self.offset * log_ratio[:, None]
        p -= p.max(axis=1, keepdims=True)
        result: FloatArray = np.exp(p, out=p)
        return result

    def at_least(self, distance: Rows) -> FloatArray:
        """The support points `distance` or more above the observed count, one row a distance."""
        return (self.offset >= distance[:, None]).astype(np.float64)

    def log_share(
        self, part: FloatArray, log_ratio: FloatArray, rows: Rows
    ) -> tuple[FloatArray, FloatArray]:
        """log P(part) and its slope in the log odds ratio."""
        p = self.tilted(log_ratio, rows)
        of_part, mean_part = self._sum_and_mean(p, part)
        whole = p.sum(axis=1)
        with np.errstate(divide="ignore"):
            return np.log(of_part / whole), mean_part - p @ self.offset / whole

    def log_quotient(
        self, top: FloatArray, bottom: FloatArray, log_ratio: FloatArray, rows: Rows
    ) -> tuple[FloatArray, FloatArray]:
        """log of P(top) / P(bottom) and its slope in the log odds ratio."""
        p = self.tilted(log_ratio, rows)
        of_top, mean_top = self._sum_and_mean(p, top)
        of_bottom, mean_bottom = self._sum_and_mean(p, bottom)
        with np.errstate(divide="ignore"):
            return np.log(of_top) - np.log(of_bottom), mean_top - mean_bottom

    def _sum_and_mean(self, p: FloatArray, part: FloatArray) -> tuple[FloatArray, FloatArray]:
        if part.ndim == 1:
            total, moment = p @ part, p @ (part * self.offset)
        else:
            chosen = p * part
            total, moment = chosen.sum(axis=1), chosen @ self.offset
        with np.errstate(invalid="ignore"):
            return total, moment / total

    def crossing(
        self, part: FloatArray, tail: FloatArray, rows: Rows, low: FloatArray, high: FloatArray
    ) -> FloatArray:
        """Where P(part) falls through `tail` between two log odds ratios, a row of `part` each."""
        log_tail = np.log(tail)

        def residual(log_ratio: FloatArray, some: Rows) -> tuple[FloatArray, FloatArray]:
            value, slope = self.log_share(part[some], log_ratio, rows[some])
            return log_tail[some] - value, -slope

        return increasing_root(residual, low, high, 0.5 * (low + high))


def one_sided(supports: Supports, tail: FloatArray, observed: float = 1.0) -> FloatArray:
    """Log odds ratio above which a count as low as this one has a probability below `tail`.

    `observed` is the part of the observed count's own probability that is counted in.
    """
    part = (supports.offset < 0.0) + observed * (supports.offset == 0.0)
    log_tail = np.log(tail)

    def residual(log_ratio: FloatArray, rows: Rows) -> tuple[FloatArray, FloatArray]:
        value, slope = supports.log_share(part, log_ratio, rows)
        return log_tail[rows] - value, -slope

    end = np.full(supports.rows.size, FARTHEST)
    start = supports.centre - ndtri(tail) * supports.spread
    return increasing_root(residual, -end, end, start)


def tails(supports: Supports, log_ratio: FloatArray, observed: float) -> Limits:
    """P(count or less) and P(count or more), with part `observed` of P(count) in each."""
    p = supports.tilted(log_ratio, supports.rows)
    whole, here = p.sum(axis=1), observed * p[:, supports.at]
    below, above = p[:, : supports.at].sum(axis=1), p[:, supports.at + 1 :].sum(axis=1)
    return (below + here) / whole, (above + here) / whole


def central(observed: float) -> Method:
    """Each tail against half the error; `observed` 1 is the exact method, 1/2 the mid-P method."""

    def limits(*table: FloatArray, level: float | FloatArray, alternative: str) -> Limits:
        def upper(supports: Supports, tail: FloatArray) -> FloatArray:
            return one_sided(supports, tail, observed)

        return both_sides(upper, table, tail_area(np.asarray(level), alternative), alternative)

    def pvalue(*table: FloatArray, null: float | FloatArray, alternative: str) -> FloatArray:
        def test(supports: Supports, log_ratio: FloatArray) -> FloatArray:
            lower, upper = tails(supports, log_ratio, observed)
            if alternative == "two-sided":
                return 2.0 * np.minimum(lower, upper)
            return upper if alternative == "greater" else lower

        result = pvalues(test, table, null)
        # a one-sided limit at the end of the range excludes nothing
        closed = {"greater": at_lowest(table), "less": at_lowest(exchanged(table))}
        if alternative in closed:
            result[closed[alternative]] = 1.0
        return result

    return Method(limits, pvalue)


def centred(supports: Supports) -> FloatArray:
    """Log odds ratio at which the observed count is the expected one."""

    def residual(log_ratio: FloatArray, rows: Rows) -> tuple[FloatArray, FloatArray]:
        p = supports.tilted(log_ratio, rows)
        whole = p.sum(axis=1)
        mean = p @ supports.offset / whole
        variance = p @ supports.offset**2 / whole - mean**2
        scale = np.sqrt(variance)
        return mean / scale, scale

    end = np.full(supports.rows.size, FARTHEST)
    return increasing_root(residual, -end, end, supports.centre)


def conditional_estimate(*table: FloatArray) -> FloatArray:
    """Odds ratio at which the observed count is the expected one: the conditional ML estimate.

    0 or infinite where the count is the smallest or largest its margins allow, nan where both.
    """
    lowest, highest = at_lowest(table), at_lowest(exchanged(table))
    result = np.where(highest, np.inf, 0.0)
    result[lowest & highest] = np.nan
    inner = ~(lowest | highest)

    if inner.any():
        result[inner] = np.exp(over_tables(centred, tuple(column[inner] for column in table)))
    return result


# --- tables in, answers out --------------------------------------------------------------------


def over_tables(work: Callable[..., FloatArray], table: Table, *extra: FloatArray) -> FloatArray:
    """Apply ``work(supports, *extra)`` to the distinct tables, a block at a time."""

    def solve(*columns: FloatArray) -> FloatArray:
        result = np.empty(columns[0].size)
        for rows in _blocks(columns[:4]):
            block = [column[rows] for column in columns]
            result[rows] = work(Supports(*block[:4]), *block[4:])
        return result

    result: FloatArray = once_per_row(solve, *table, *extra)
    return result


def _blocks(table: Table) -> Iterator[Rows]:
    """Rows whose supports are about equally long on both sides, few enough for a block."""
    below, above = _reach(table)
    if below.size * (1.0 + below.max(initial=0.0) + above.max(initial=0.0)) <= _BLOCK:
        yield np.arange(below.size)
        return
    long_below, long_above = (np.floor(np.log1p(side) / _ALIKE) for side in (below, above))
    order = np.lexsort((long_below, long_above))
    changes = (np.diff(long_below[order]) != 0) | (np.diff(long_above[order]) != 0)
    for group in np.split(order, np.flatnonzero(changes) + 1):
        size = max(1, int(_BLOCK // (1.0 + below[group].max() + above[group].max())))
        for begin in range(0, group.size, size):
            yield group[begin : begin + size]


def both_sides(
    upper: Callable[[Supports, FloatArray], FloatArray],
    table: Table,
    tail: float | FloatArray,
    alternative: str,
) -> Limits:
    """Limits from a search for the upper log odds ratio; infinite where the count is highest."""
    tails = np.broadcast_to(np.asarray(tail, dtype=np.float64), table[0].shape)

    def search(side: Table) -> FloatArray:
        result = np.full(side[0].size, np.inf)
        some = ~at_lowest(exchanged(side))
        if some.any():
            found = over_tables(upper, tuple(column[some] for column in side), tails[some])
            found[np.abs(found) > FARTHEST - 1.0] *= np.inf
            result[some] = found
        return result

    low, high = np.zeros(table[0].size), np.full(table[0].size, np.inf)
    if alternative != "greater":
        high = np.exp(search(table))
    if alternative != "less":
        low = np.exp(-search(exchanged(table)))
    return low, high


def pvalues(
    test: Callable[[Supports, FloatArray], FloatArray], table: Table, null: float | FloatArray
) -> FloatArray:
    """p-values, 1 where the margins leave the count no choice."""
    log_null = np.broadcast_to(np.log(np.asarray(null, dtype=np.float64)), table[0].shape)
    free = ~(at_lowest(table) & at_lowest(exchanged(table)))
    result = np.ones(table[0].size)
    if free.any():
        found = over_tables(test, tuple(column[free] for column in table), log_null[free])
        result[free] = np.minimum(1.0, found)
    return result
