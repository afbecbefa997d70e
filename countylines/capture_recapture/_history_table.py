"""The columns behind capture histories: patterns as numbers, counts as two ends, strata."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray

from countylines import _validate
from countylines.bands import Band
from countylines.capture_recapture import _patterns
from countylines.errors import InputError

IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]
Levels = tuple[tuple[Hashable, ...], ...]
Count = int | Band

MOST_DIMENSIONS = 16


@dataclass(frozen=True, eq=False)
class Table:
    """One row for each pattern of each stratum, with the smallest and the largest count."""

    lists: tuple[str, ...]
    codes: IntArray
    low: IntArray
    high: IntArray
    stratum: IntArray
    levels: Levels = ((),)
    strata: tuple[str, ...] = ()
    structural: frozenset[int] = frozenset()
    ordered: bool = False
    blind: tuple[int, ...] = ()  # by level: lists that do not cover it, as bits; () if all do
    compiled: tuple[tuple[str, tuple[str, ...]], ...] = ()  # lists made from others
    absent: tuple[str, ...] = ()  # lists left out because they do not cover this stratum

    def tidy(self) -> Table:
        """Equal patterns added up, impossible ones dropped, sorted, read-only.

        The order is by stratum and then from the highest pattern down.
        """
        present = self.high > 0
        keys = np.stack([self.stratum[present], -self.codes[present]])
        order = np.lexsort(keys[::-1])
        keys = keys[:, order]
        new = np.ones(order.size, dtype=bool)
        new[1:] = (keys[:, 1:] != keys[:, :-1]).any(axis=0)
        starts = np.flatnonzero(new)
        low, high = (
            np.add.reduceat(counts[present][order], starts) if starts.size else counts[:0]
            for counts in (self.low, self.high)
        )
        return replace(
            self,
            codes=_read_only(-keys[1, starts]),
            low=_read_only(low),
            high=_read_only(high),
            stratum=_read_only(keys[0, starts]),
        )

    def settings(self) -> tuple[Any, ...]:
        """All that is not a count."""
        return (
            self.lists,
            self.ordered,
            self.structural,
            self.strata,
            self.levels,
            self.blind,
            self.compiled,
            self.absent,
        )

    def rows(self) -> tuple[IntArray, IntArray, IntArray, IntArray]:
        """Stratum, pattern and both ends of the count of each row."""
        return self.stratum, self.codes, self.low, self.high

    def on(self, name: str) -> BoolArray:
        """Which rows are on a list."""
        return _patterns.on_list(self.codes, self.lists.index(name), len(self.lists))

    def total(self, rows: BoolArray | slice = slice(None)) -> Count:
        """Number of units in some rows."""
        return count(self.low[rows].sum(), self.high[rows].sum())

    def pooled(self, rows: BoolArray | None = None) -> Table:
        """The table without strata, of all rows or of some."""
        keep = np.ones(self.codes.size, dtype=bool) if rows is None else rows
        return replace(
            self,
            codes=self.codes[keep],
            low=self.low[keep],
            high=self.high[keep],
            stratum=np.zeros_like(self.stratum[keep]),
            levels=((),),
            strata=(),
            blind=(),
        ).tidy()

    def only(self, level: int) -> Table:
        """The table of one stratum, by its position, of the lists that cover it.

        With fewer than two such lists all stay, and what they cannot see is a structural zero.
        """
        first, last = np.searchsorted(self.stratum, [level, level + 1])
        part = replace(
            self,
            codes=self.codes[first:last],
            low=self.low[first:last],
            high=self.high[first:last],
            stratum=_read_only(np.zeros(last - first, dtype=np.int64)),
            levels=((),),
            strata=(),
            blind=(),
        )
        blind = self.blind[level] if self.blind else 0
        if not blind:
            return part
        number = len(self.lists)
        kept = [j for j in range(number) if not blind & _patterns.bit(j, number)]
        if len(kept) < 2:
            unseen = frozenset(c for c in range(1, 1 << number) if c & blind)
            return replace(part, structural=self.structural | unseen)
        names = tuple(self.lists[j] for j in kept)
        target = [kept.index(j) if j in kept else None for j in range(number)]
        lost = tuple(name for name in self.lists if name not in names)
        return replace(part.projected(names, target), absent=self.absent + lost)

    def projected(self, lists: tuple[str, ...], target: list[int | None]) -> Table:
        """The table of other lists: list j becomes list `target[j]`, or none if that is None."""
        codes = _patterns.projected(self.codes, target, len(lists))
        keep = codes != 0
        return replace(
            self,
            lists=lists,
            codes=codes[keep],
            low=self.low[keep],
            high=self.high[keep],
            stratum=self.stratum[keep],
            structural=_patterns.projected_structural(self.structural, target, len(lists)),
            blind=_patterns.projected_blind(self.blind, target, len(lists)),
            compiled=self._compiled_on(lists, target),
        ).tidy()

    def _compiled_on(
        self, lists: tuple[str, ...], target: list[int | None]
    ) -> tuple[tuple[str, tuple[str, ...]], ...]:
        """Lists made from others, among the lists of a projection."""
        new = {
            old: None if place is None else lists[place]
            for old, place in zip(self.lists, target, strict=True)
        }
        found: dict[str, dict[str, None]] = {}
        for name, sources in self.compiled:
            copy = new[name]
            for source in (new[s] for s in sources):
                if copy is not None and source is not None and source != copy:
                    found.setdefault(copy, {})[source] = None
        return tuple((name, tuple(sources)) for name, sources in found.items())

    def complete(self) -> tuple[IntArray, IntArray, IntArray, IntArray]:
        """Rows of every pattern that can occur, in every stratum."""
        if len(self.lists) > MOST_DIMENSIONS:
            raise InputError(
                _validate.sentence(
                    "lists",
                    f"at most {MOST_DIMENSIONS} for a complete table",
                    len(self.lists),
                    remedy="Use .to_frame(), which has only the patterns that occur, or merge "
                    "lists.",
                )
            )
        patterns = np.arange(2 ** len(self.lists) - 1, 0, -1)
        patterns = patterns[~np.isin(patterns, sorted(self.structural))]
        shape = len(self.levels), patterns.size
        column = np.searchsorted(-patterns, -self.codes)
        low, high = np.zeros((2, *shape), dtype=np.int64)
        low[self.stratum, column] = self.low
        high[self.stratum, column] = self.high
        stratum = np.repeat(np.arange(shape[0]), shape[1])
        codes = np.tile(patterns, shape[0])
        blind = np.array(self.blind or (0,) * shape[0], dtype=np.int64)
        possible = codes & blind[stratum] == 0
        return stratum[possible], codes[possible], low.ravel()[possible], high.ravel()[possible]


def count(low: Any, high: Any) -> Count:
    """A number of units: exact, or a band."""
    return int(low) if low == high else Band(int(low), int(high))


def to_frame(table: Table, name: str, complete: bool) -> pd.DataFrame:
    """One row for each pattern and stratum."""
    banded = bool((table.low != table.high).any())
    columns = [f"{name}_low", f"{name}_high"] if banded else [name]
    taken = [column for column in columns if column in {*table.lists, *table.strata}]
    if taken:
        raise InputError(
            _validate.sentence(
                "count", "another name than those of the lists and strata", repr(taken[0])
            )
        )
    stratum, codes, low, high = table.complete() if complete else table.rows()
    data: dict[str, Any] = {
        column: [table.levels[i][j] for i in stratum] for j, column in enumerate(table.strata)
    }
    for position, column in enumerate(table.lists):
        member = _patterns.on_list(codes, position, len(table.lists))
        data[column] = member.astype(np.int64)
    data |= dict(zip(columns, (low.copy(), high.copy()), strict=False))
    return pd.DataFrame(data)


def to_xarray(table: Table) -> xr.DataArray:
    """One dimension for each stratum variable and list; nan where nothing can be observed."""
    stratum, codes, low, high = table.complete()
    if (low != high).any():
        raise InputError(
            _validate.sentence(
                "histories", "of exact counts", "banded ones", remedy="Use .to_frame()."
            )
        )
    labels: dict[str, list[Any]] = {
        column: list(dict.fromkeys(level[j] for level in table.levels))
        for j, column in enumerate(table.strata)
    }
    shape = [len(known) for known in labels.values()]
    where = [
        np.array([known.index(level[j]) for level in table.levels])[stratum]
        for j, known in enumerate(labels.values())
    ]
    values = np.full((*shape, 2 ** len(table.lists)), np.nan)
    values[(*where, codes)] = low
    coords = labels | {name: [0, 1] for name in table.lists}
    return xr.DataArray(
        values.reshape(*shape, *(2,) * len(table.lists)), coords=coords, dims=list(coords), name="n"
    )


def _read_only(values: IntArray) -> IntArray:
    values = np.array(values, dtype=np.int64)
    values.setflags(write=False)
    return values
