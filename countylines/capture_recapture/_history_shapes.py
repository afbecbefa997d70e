"""Capture histories made from others: lists merged or dropped, strata pooled or taken apart."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Self, TypeVar

from countylines import _validate
from countylines.capture_recapture import _history_checks, _patterns
from countylines.capture_recapture._history_table import Table
from countylines.capture_recapture._history_views import HistoryViews
from countylines.errors import InputError

Shape = TypeVar("Shape", bound="HistoryShapes")


class HistoryShapes(HistoryViews):
    """The half of :class:`CaptureHistories` that makes new tables."""

    __slots__ = ()

    def merge(self, groups: Mapping[str, Sequence[str]]) -> Self:
        """Treat several lists as one: a unit is on the new list if it is on any of them.

        Parameters
        ----------
        groups : mapping of str to sequence of str
            New name to the lists that it replaces: ``{"police": ["force", "agency"]}``. A group of
            one renames a list.

        Returns
        -------
        CaptureHistories
            A new table, with each new list at the place of the first that it replaces. No unit is
            lost. A pattern stays a structural zero if all the patterns that now make it up were.

        Examples
        --------
        >>> lists = cl.CaptureHistories.from_cells(
        ...     {"110": 20, "101": 9, "100": 210, "011": 4, "010": 77, "001": 90, "111": 6},
        ...     lists=["police", "charity", "council"],
        ... )
        >>> lists.merge({"support": ["charity", "council"]}).cells()
        {'11': 35, '10': 210, '01': 171}

        Of the units known to the police, 35 are known to one of the two supporting bodies as well.
        """
        checked = _history_checks.groups(groups, self.lists, self.strata, self.ordered)
        return holding(type(self), self._table.projected(*_patterns.merged(self.lists, checked)))

    def drop(self, name: str) -> Self:
        """Leave a list out, and with it the units that are on no other.

        Units seen on the dropped list only vanish from the table: for the lists that remain they
        are hidden, and an estimate from the rest should find them again. Comparing the two is a
        check of the estimator (internal consistency).

        Parameters
        ----------
        name : str
            Name of the list; at least two lists remain.

        Returns
        -------
        CaptureHistories
            A new table.

        Examples
        --------
        >>> lists = cl.CaptureHistories.from_cells(
        ...     {"110": 20, "101": 9, "100": 210, "011": 4, "010": 77, "001": 90, "111": 6},
        ...     lists=["police", "charity", "council"],
        ... )
        >>> lists.n_observed, lists.drop("council").n_observed
        (416, 326)

        Without the council's list, the 90 units that only it knew are hidden again.
        """
        _validate.option("name", name, self.lists)
        if len(self.lists) == 2:
            raise InputError(
                _validate.sentence(
                    "name",
                    "one of three or more lists",
                    f"{name!r} of two",
                    remedy="One list alone says nothing of who is on none.",
                )
            )
        names = tuple(item for item in self.lists if item != name)
        target = [None if item == name else names.index(item) for item in self.lists]
        return holding(type(self), self._table.projected(names, target))

    def pool(self) -> Self:
        """Add the strata up.

        Returns
        -------
        CaptureHistories
            The table without strata; the same table if there are none.

        Raises
        ------
        InputError
            If a list covers only some of the strata: the sum would take what it cannot see for what
            it did not see.
        """
        if self._table.blind:
            raise InputError(
                _validate.sentence(
                    "histories",
                    "of lists that cover every stratum to be added up",
                    _shown(self.covers),
                    remedy="Estimate each stratum by itself, from .split().",
                )
            )
        return holding(type(self), self._table.pooled()) if self.strata else self

    def split(self) -> dict[Any, Self]:
        """Take the strata apart.

        Returns
        -------
        dict
            A table without strata for each stratum, also for those without any unit, by label: a
            value if one column divides the units, a tuple if several do. Without strata, one table
            with the label ``()``.

        Notes
        -----
        A list that does not cover a stratum is left out of its table and named in its `absent`, so
        that the stratum is estimated from the other lists. Where fewer than two would remain all
        stay, and the patterns that cannot occur are structural zeros: no estimate is to be had.

        Examples
        --------
        Transport police see only lines that cross a border (made-up numbers):

        >>> import pandas as pd
        >>> counts = pd.DataFrame(
        ...     {
        ...         "type": ["external"] * 4 + ["internal"] * 3,
        ...         "force": [1, 1, 0, 0, 1, 1, 0],
        ...         "charity": [1, 0, 1, 0, 1, 0, 1],
        ...         "transport": [0, 1, 1, 1, 0, 0, 0],
        ...         "n": [12, 9, 4, 30, 20, 75, 41],
        ...     }
        ... )
        >>> lines = cl.CaptureHistories.from_table(
        ...     counts,
        ...     lists=["force", "charity", "transport"],
        ...     strata="type",
        ...     covers={"transport": {"type": ["external"]}},
        ... )
        >>> {stratum: part.lists for stratum, part in lines.split().items()}
        {'external': ('force', 'charity', 'transport'), 'internal': ('force', 'charity')}

        Internal lines are estimated from two lists, external ones from three.
        """
        single = len(self.strata) == 1
        return {
            level[0] if single else level: _bare(type(self), self._table.only(i))
            for i, level in enumerate(self._table.levels)
        }

    def __reduce__(self) -> tuple[Any, ...]:
        return holding, (type(self), self._table)


def holding(kind: type[Shape], table: Table) -> Shape:
    """Histories of a table that needs no check: one derived or unpickled, its warnings given."""
    new = kind.__new__(kind)
    object.__setattr__(new, "_table", table.tidy())
    return new


def _bare(kind: type[Shape], table: Table) -> Shape:
    """Histories of a table that is in order already."""
    new = kind.__new__(kind)
    object.__setattr__(new, "_table", table)
    return new


def _shown(covers: Mapping[str, Sequence[Any]]) -> str:
    """The first list that covers only some strata."""
    name, strata = next(iter(covers.items()))
    return f"{name!r}, which covers {len(strata)} only"
