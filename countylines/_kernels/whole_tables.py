"""All whole-number tables of several kinds that agree with printed changes and with totals.

For each kind the numbers before and after satisfy ``low(before) <= after <= high(before)``, with
both ends non-decreasing in `before`. The sums over kinds lie in a range before and in a range
after. Whole numbers in boxes take every sum between the sums of the ends, so numbers before belong
to at least one table exactly when those ranges meet: with two kinds nothing is listed in vain, and
with more only what rounding alone excludes.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from countylines._kernels.rounding import IntArray, RatioBounds, compatible_bases

Range = tuple[int, int]
Bases = tuple[IntArray, IntArray, IntArray]

LARGEST_SEARCH = 20_000_000


class TooManyTablesError(Exception):
    """There are at least `at_least` tables, more than asked for (None: the search is too long)."""

    def __init__(self, at_least: int | None) -> None:
        super().__init__(at_least)
        self.at_least = at_least


def tables(
    kinds: Sequence[RatioBounds], before: Range, after: Range, *, at_most: int
) -> tuple[IntArray, IntArray]:
    """Numbers before and after, each of shape (n_tables, n_kinds), in ascending order."""
    bases = [compatible_bases(bounds, before[1]) for bounds in kinds]
    places = _places_before(bases, kinds, before, after, at_most)
    numbers, low, high = (
        np.column_stack([base[field][place] for base, place in zip(bases, places, strict=True)])
        for field in range(3)
    )
    return _with_after(numbers, low, high, after, at_most)


def _places_before(
    bases: Sequence[Bases],
    kinds: Sequence[RatioBounds],
    before: Range,
    after: Range,
    at_most: int,
) -> list[IntArray]:
    """Positions, kind by kind, of the numbers before that belong to at least one table."""
    total = least = most = np.zeros(1, dtype=np.int64)
    places: list[IntArray] = []
    for k, (base, low, high) in enumerate(bases):
        last = k == len(bases) - 1
        start = np.zeros(total.size, dtype=np.int64)
        stop = np.searchsorted(base, before[1] - total, side="right")
        stop = np.minimum(stop, np.searchsorted(low, after[1] - least, side="right"))
        if last:
            start = np.searchsorted(base, before[0] - total, side="left")
            start = np.maximum(start, np.searchsorted(high, after[0] - most, side="left"))
        many = np.maximum(stop - start, 0)
        if many.sum() > (at_most if last else LARGEST_SEARCH):
            raise TooManyTablesError(int(many.sum()) if last else None)
        row, place = _runs(start, many)
        places = [p[row] for p in places] + [place]
        total = total[row] + base[place]
        least, most = least[row] + low[place], most[row] + high[place]
        if not last:
            keep = _can_be_completed(kinds[k + 1 :], total, least, most, before, after)
            total, least, most = total[keep], least[keep], most[keep]
            places = [p[keep] for p in places]
    return places


def _can_be_completed(
    rest: Sequence[RatioBounds],
    total: IntArray,
    least: IntArray,
    most: IntArray,
    before: Range,
    after: Range,
) -> IntArray:
    """Whether the kinds to come could bring the sums into range; when in doubt, yes."""
    lowest = max(min(bounds.low / bounds.denominator for bounds in rest), 0.0)
    highest = max(bounds.high / bounds.denominator for bounds in rest)
    doubt = 1.0 + 1e-9 * after[1]
    too_many = least + lowest * np.maximum(before[0] - total, 0) > after[1] + doubt
    too_few = most + highest * (before[1] - total) < after[0] - doubt
    return np.asarray(~too_many & ~too_few)


def _with_after(
    numbers: IntArray, low: IntArray, high: IntArray, after: Range, at_most: int
) -> tuple[IntArray, IntArray]:
    """Every way to choose the numbers after, for each row of numbers before."""
    row = np.arange(len(numbers))
    total = np.zeros(len(numbers), dtype=np.int64)
    columns: list[IntArray] = []
    for k in range(low.shape[1]):
        rest_low, rest_high = low[row, k + 1 :].sum(axis=1), high[row, k + 1 :].sum(axis=1)
        first = np.maximum(low[row, k], after[0] - total - rest_high)
        final = np.minimum(high[row, k], after[1] - total - rest_low)
        many = np.maximum(final - first + 1, 0)
        if many.sum() > at_most:
            raise TooManyTablesError(int(many.sum()))
        origin, value = _runs(first, many)
        row, total = row[origin], total[origin] + value
        columns = [c[origin] for c in columns] + [value]
    return numbers[row], np.column_stack(columns)


def _runs(start: IntArray, many: IntArray) -> tuple[IntArray, IntArray]:
    """Origins and values of the runs ``start, start + 1, ...`` of the given lengths."""
    origin = np.repeat(np.arange(start.size), many)
    first = np.cumsum(many) - many
    return origin, start[origin] + np.arange(origin.size) - first[origin]
