"""What can be read off capture histories: counts, overlaps, frequencies, frames, text."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import xarray as xr

from countylines import _validate
from countylines.bands import Band
from countylines.capture_recapture import _history_table, _history_text, _patterns
from countylines.capture_recapture._history_table import Table, count
from countylines.errors import InputError


class Pair(NamedTuple):
    """Sizes of two lists and of their overlap, in the order of `lincoln_petersen`.

    Each is an int, or a `Band` where banded cells enter it.
    """

    n_first: Any
    n_second: Any
    n_both: Any


class HistoryViews:
    """The reading half of :class:`CaptureHistories`."""

    __slots__ = ("_table",)

    _table: Table

    @property
    def lists(self) -> tuple[str, ...]:
        """Names of the lists, in the order of the characters of a pattern."""
        return self._table.lists

    @property
    def ordered(self) -> bool:
        """Whether the lists are successive occasions in time."""
        return self._table.ordered

    @property
    def structural_zeros(self) -> tuple[str, ...]:
        """Patterns that cannot occur, in the order of the cells."""
        codes = sorted(self._table.structural, reverse=True)
        return tuple(_patterns.text(code, len(self.lists)) for code in codes)

    @property
    def strata(self) -> tuple[str, ...]:
        """Names of the columns that divide the units; empty if nothing does."""
        return self._table.strata

    @property
    def compiled(self) -> dict[str, tuple[str, ...]]:
        """Lists that are compiled from others, with those others; a new dict each time."""
        return dict(self._table.compiled)

    @property
    def covers(self) -> dict[str, tuple[Any, ...]]:
        """Lists that cover only some strata, with the labels of those that they cover."""
        table, number = self._table, len(self.lists)
        labels = [level[0] if len(level) == 1 else level for level in table.levels]
        found = {}
        for position, name in enumerate(self.lists):
            bit = _patterns.bit(position, number)
            if any(mask & bit for mask in table.blind):
                found[name] = tuple(
                    label for label, mask in zip(labels, table.blind, strict=True) if not mask & bit
                )
        return found

    @property
    def absent(self) -> tuple[str, ...]:
        """Lists left out of this table because they do not cover its stratum."""
        return self._table.absent

    @property
    def n_strata(self) -> int:
        """Number of strata; 1 if nothing divides the units."""
        return len(self._table.levels)

    @property
    def is_banded(self) -> bool:
        """Whether any count is known only as a band."""
        return bool((self._table.low != self._table.high).any())

    @property
    def n_observed(self) -> int | Band:
        """Number of units on at least one list: an int, or a `Band` where counts are banded."""
        return self._table.total()

    def cells(self) -> dict[str, int | Band]:
        """Count the units by pattern.

        Returns
        -------
        dict of str to int or Band
            Patterns of which at least one unit is possible, from ``"111"`` down to ``"001"``; all
            others have count 0. Strata are added up. A new dict each time.
        """
        table = self._table.pooled()
        return {
            _patterns.text(code, len(table.lists)): count(low, high)
            for code, low, high in zip(table.codes, table.low, table.high, strict=True)
        }

    def overlaps(self) -> pd.DataFrame:
        """Count the units on each pair of lists, whatever other lists they are on.

        Returns
        -------
        DataFrame, lists by lists
            Units on both lists; on the diagonal the size of each list. Bands where counts are
            banded.
        """
        member = [self._table.on(name) for name in self.lists]
        values = [[self._table.total(one & other) for other in member] for one in member]
        return pd.DataFrame(values, index=self.lists, columns=self.lists, dtype=self._dtype)

    def frequencies(self) -> pd.Series[Any]:
        """Count the units by the number of lists they are on.

        Returns
        -------
        Series
            Units on exactly 1, 2, ... lists, indexed by that number. Bands where counts are banded.
        """
        times = np.bitwise_count(self._table.codes)
        index = pd.RangeIndex(1, len(self.lists) + 1, name="lists")
        values = [self._table.total(times == k) for k in index]
        return pd.Series(values, index=index, name="n", dtype=self._dtype)

    def pair(self, first: str, second: str) -> Pair:
        """Sizes of two lists and of their overlap, whatever other lists the units are on.

        Parameters
        ----------
        first, second : str
            Names of two lists.

        Returns
        -------
        Pair
            ``n_first, n_second, n_both``: ints, or bands where banded counts enter. Strata are
            added up.

        Raises
        ------
        InputError
            If one list is compiled from the other, or covers only some of the strata.

        See Also
        --------
        lincoln_petersen : takes the three numbers as ``lincoln_petersen(*histories.pair(a, b))``.

        Examples
        --------
        >>> lists = cl.CaptureHistories.from_cells(
        ...     {"110": 20, "101": 9, "100": 210, "011": 4, "010": 77, "001": 90, "111": 6},
        ...     lists=["police", "charity", "council"],
        ... )
        >>> lists.pair("police", "charity")
        Pair(n_first=245, n_second=107, n_both=26)

        Of 245 units known to the police and 107 known to the charity, 26 are the same.
        """
        _validate.option("first", first, self.lists)
        _validate.option("second", second, self.lists)
        if first == second:
            raise InputError(
                _validate.sentence("second", "another list than `first`", repr(second))
            )
        for copy, source in ((first, second), (second, first)):
            if source in self.compiled.get(copy, ()):
                raise InputError(
                    _validate.sentence(
                        "second",
                        "a list that is not made from `first`, nor `first` from it",
                        f"{copy!r} compiled from {source!r}",
                        remedy="Their overlap is copied and says nothing of who is hidden.",
                    )
                )
            if copy in self.covers:
                raise InputError(
                    _validate.sentence(
                        "first" if copy == first else "second",
                        "a list that covers every stratum",
                        f"{copy!r}, which covers {len(self.covers[copy])} of {self.n_strata}",
                        remedy="Take pairs within strata, from .split().",
                    )
                )
        one, other = self._table.on(first), self._table.on(second)
        return Pair(*(self._table.total(rows) for rows in (one, other, one & other)))

    def to_frame(self, *, count: str = "n", complete: bool = False) -> pd.DataFrame:
        """Table with a column for each stratum variable and list, and one of counts.

        Parameters
        ----------
        count : str, default "n"
            Name of the column of counts. Banded counts take two, ending in ``_low`` and ``_high``.
        complete : bool, default False
            Whether to list every pattern that can occur, with its zeros, in every stratum (up to 16
            lists). Structural zeros and the pattern of all zeros are left out.

        Returns
        -------
        DataFrame
            One row for each pattern and stratum, in the order of :meth:`cells`; :meth:`from_table`
            reads it back.
        """
        return _history_table.to_frame(self._table, count, _validate.flag("complete", complete))

    def to_xarray(self) -> xr.DataArray:
        """Count the units in an array with a dimension of length 2 for each list.

        Returns
        -------
        DataArray, dims (strata..., lists...)
            Coordinate 1 is on the list, 0 is not. The pattern of all zeros is nan, for it is not
            observed, and so are structural zeros and combinations of strata that were not given.

        Raises
        ------
        InputError
            If there are more than 16 lists, or banded counts.
        """
        return _history_table.to_xarray(self._table)

    def summary(self, format: str = "text") -> str:
        """Describe the table in words and numbers.

        Parameters
        ----------
        format : {"text", "markdown", "html", "latex"}, default "text"
            Markup.

        Returns
        -------
        str
            Units by pattern (the first 30), and the sizes of the lists.
        """
        return _history_text.summary(self, format)

    def __repr__(self) -> str:
        return _history_text.one_line(self)

    def __str__(self) -> str:
        return self.summary()

    def _repr_html_(self) -> str:
        return self.summary("html")

    @property
    def _dtype(self) -> type:
        return object if self.is_banded else int
