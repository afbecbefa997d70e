"""Who is on which list: the table that every estimator of a hidden number starts from."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from countylines.capture_recapture import _history_checks, _history_input, _patterns
from countylines.capture_recapture._history_shapes import HistoryShapes, holding


class CaptureHistories(HistoryShapes):
    r"""Counts of units by the lists they are on: the input of multiple systems estimation.

    It answers: how many units are on which lists, and on none but those? It is a table and not an
    estimate: the units on no list are not in it, and how many they are is what `lincoln_petersen`
    and the other estimators are asked. It never changes; `merge`, `drop` and `pool` return new
    tables.

    Parameters
    ----------
    cells : mapping of str to int, Band or (low, high)
        Number of units by pattern, as for :meth:`from_cells`. Tables and records are read by
        :meth:`from_table` and :meth:`from_records`.
    lists : sequence of str
        Names of the lists, in the order of the characters of a pattern.
    structural_zeros : iterable of str, default ()
        Patterns that cannot occur, because the rules of the lists exclude them. They are left out
        of models; a pattern that could have occurred and did not is an ordinary zero.
    ordered : bool, default False
        Whether the lists are successive occasions in time, as behavioural models need.
    compiled : mapping of str to sequence of str or None, optional
        Lists that are compiled from others, with those others: ``{"centre": ["force"]}``. Models
        refuse such a table, for a copy is no second look; see Notes.

    Attributes
    ----------
    lists : tuple of str
        Names of the lists.
    ordered : bool
        Whether they are successive occasions.
    structural_zeros : tuple of str
        Patterns that cannot occur, in the order of :meth:`cells`.
    strata : tuple of str
        Names of the stratum columns, if there are any.
    compiled : dict of str to tuple of str
        Lists that are compiled from others.
    absent : tuple of str
        Lists left out of this table because they do not cover its stratum.

    Raises
    ------
    InputError
        If a pattern has another length than there are lists, or is all zeros; if a count is
        negative or fractional, or positive at a structural zero; if there is no unit at all.

    Warns
    -----
    SparseDataWarning
        If there is no unit on some list.

    See Also
    --------
    lincoln_petersen : population size from two lists.
    chapman : the same with less bias.
    countylines.Band : a count known only to lie between two ends.

    Notes
    -----
    A pattern is text of one character for each list, 1 if the unit is on it: with the lists
    ``("police", "charity", "council")``, ``"101"`` is on the police's and on the council's list
    but not on the charity's. Patterns that are not named have count 0. Everything is returned in
    one order: strata sorted, and within a stratum patterns from ``"111"`` down to ``"001"``.

    A suppressed count is a `Band` or a pair ``(low, high)``, so that whether "fewer than 5" may be
    none is said and not assumed. Sums that contain one are bands too.

    A list that covers only some strata (``covers`` of :meth:`from_table`) sees nobody elsewhere, by
    its remit and not by chance: :meth:`split` leaves it out there, and the strata are not added up
    for an estimate. A list that is compiled from another, as a national centre's from what forces
    return, holds the same units because they were copied: the overlap says nothing of how many are
    hidden. Say so with ``compiled``; :meth:`drop` or :meth:`merge` then make a table that can be
    used.

    What the table takes for granted, and what fails in practice: that each unit appears once (false
    links merge two, missed links split one); that all lists are of the same population, area and
    period; and that the lists are separate looks, not copies of each other. None of that can be
    seen in the counts.

    References
    ----------
    .. [1] Abeni, D. D., Brancato, G. and Perucci, C. A. (1994). Capture-recapture to estimate the
       size of the population with human immunodeficiency virus type 1 infection. *Epidemiology* 5,
       410-414. The counts are those distributed with Baillargeon, S. and Rivest, L.-P. (2007),
       *Journal of Statistical Software* 19(5). https://doi.org/10.18637/jss.v019.i05

    Examples
    --------
    Reports of people with HIV from four testing centres in Lazio, 1990 [1]_:

    >>> hiv = cl.CaptureHistories.from_cells(
    ...     {
    ...         "1110": 3,
    ...         "1101": 1,
    ...         "1100": 33,
    ...         "1010": 20,
    ...         "1001": 6,
    ...         "1000": 403,
    ...         "0111": 3,
    ...         "0110": 35,
    ...         "0101": 10,
    ...         "0100": 545,
    ...         "0011": 11,
    ...         "0010": 621,
    ...         "0001": 205,
    ...     },
    ...     lists=["c1", "c2", "c3", "c4"],
    ... )
    >>> hiv
    <CaptureHistories: 1,896 units on 4 lists (c1, c2, c3, c4)>
    >>> hiv.frequencies().to_list()
    [1774, 115, 7, 0]
    >>> hiv.pair("c1", "c2")
    Pair(n_first=466, n_second=630, n_both=37)

    Of 1,896 people known, 1,774 are known to one centre only: the centres overlap little, so many
    more may be known to none.
    """

    __slots__ = ()

    def __init__(
        self,
        cells: Mapping[str, Any],
        *,
        lists: Sequence[str],
        structural_zeros: Iterable[str] = (),
        ordered: bool = False,
        compiled: Mapping[str, Sequence[str]] | None = None,
    ) -> None:
        table = _history_input.from_mapping(cells, _patterns.list_names("lists", lists))
        table = _history_checks.completed(table, "cells", structural_zeros, ordered, compiled)
        object.__setattr__(self, "_table", table)

    @classmethod
    def from_cells(
        cls,
        cells: Mapping[str, Any],
        *,
        lists: Sequence[str],
        structural_zeros: Iterable[str] = (),
        ordered: bool = False,
        compiled: Mapping[str, Sequence[str]] | None = None,
    ) -> CaptureHistories:
        """Make histories from counts by pattern, as published tables give them.

        Parameters
        ----------
        cells : mapping of str to int, Band or (low, high)
            Number of units by pattern: ``{"110": 5, "101": cl.Band(1, 4)}``. Patterns left out have
            count 0; the pattern of all zeros is refused.
        lists : sequence of str
            Names of the lists, in the order of the characters of a pattern.
        structural_zeros : iterable of str, default ()
            Patterns that cannot occur.
        ordered : bool, default False
            Whether the lists are successive occasions in time.
        compiled : mapping of str to sequence of str or None, optional
            Lists that are compiled from others, with those others.

        Returns
        -------
        CaptureHistories
            The table.

        Examples
        --------
        Children on the lists of the police, of a charity and of a council; the agency printed
        "fewer than 5" for the overlap of the last two, and said that it was not none:

        >>> children = cl.CaptureHistories.from_cells(
        ...     {"100": 310, "010": 95, "001": 140, "110": 22, "101": 31, "011": (1, 4), "111": 6},
        ...     lists=["police", "charity", "council"],
        ... )
        >>> children.n_observed
        Band(605, 608)

        Between 605 and 608 children are on at least one list.
        """
        return cls(
            cells,
            lists=lists,
            structural_zeros=structural_zeros,
            ordered=ordered,
            compiled=compiled,
        )

    @classmethod
    def from_table(
        cls,
        df: Any,
        *,
        lists: Sequence[str],
        count: str | tuple[str, str] | None = "n",
        strata: str | Sequence[str] | None = None,
        structural_zeros: Iterable[str] = (),
        ordered: bool = False,
        compiled: Mapping[str, Sequence[str]] | None = None,
        covers: Mapping[str, Mapping[str, Sequence[Any]]] | None = None,
    ) -> CaptureHistories:
        """Make histories from a table with a column for each list and a column of counts.

        Parameters
        ----------
        df : DataFrame
            One row for each pattern (and stratum); anything with ``.to_pandas()`` will do.
        lists : sequence of str
            Columns of the lists: 1 or True for units on it, 0 or False for units that are not.
        count : str, (str, str) or None, default "n"
            Column of counts: whole numbers, or among them `Band` values and pairs (low, high). Two
            columns are the lower and the upper ends. None: each row is one unit.
        strata : str, sequence of str or None, optional
            Columns that divide the units, such as region or age. A stratum without any unit is
            kept.
        structural_zeros : iterable of str, default ()
            Patterns that cannot occur, the same in every stratum.
        ordered : bool, default False
            Whether the lists are successive occasions in time.
        compiled : mapping of str to sequence of str or None, optional
            Lists that are compiled from others, with those others.
        covers : mapping of str to mapping or None, optional
            Lists that cover only some strata: ``{"transport": {"type": ["external"]}}`` says that
            the list sees only units whose stratum column ``type`` is ``external``. A list that is
            not named covers all strata; with several columns all must match.

        Returns
        -------
        CaptureHistories
            The table.

        Examples
        --------
        >>> import pandas as pd
        >>> counts = pd.DataFrame(
        ...     {
        ...         "region": ["north", "north", "north", "south", "south", "south"],
        ...         "police": [1, 1, 0, 1, 1, 0],
        ...         "charity": [1, 0, 1, 1, 0, 1],
        ...         "n": [12, 240, 51, 30, 410, 66],
        ...     }
        ... )
        >>> both = cl.CaptureHistories.from_table(
        ...     counts, lists=["police", "charity"], strata="region"
        ... )
        >>> {region: part.n_observed for region, part in both.split().items()}
        {'north': 303, 'south': 506}

        In the north 303 units are on at least one list, in the south 506.
        """
        names = _patterns.list_names("lists", lists)
        columns = _history_input.stratum_columns(strata, names)
        table = _history_input.from_counts(df, names, count, columns)
        return holding(
            cls,
            _history_checks.completed(table, "df", structural_zeros, ordered, compiled, covers),
        )

    @classmethod
    def from_records(
        cls,
        df: Any,
        *,
        entity: str,
        source: str,
        lists: Sequence[str] | None = None,
        strata: str | Sequence[str] | None = None,
        structural_zeros: Iterable[str] = (),
        ordered: bool = False,
        compiled: Mapping[str, Sequence[str]] | None = None,
        covers: Mapping[str, Mapping[str, Sequence[Any]]] | None = None,
    ) -> CaptureHistories:
        """Make histories from linked records, one row for each sighting.

        This is how the output of record linkage is handed over: `entity` is the column of clusters,
        `source` that of the sets that were linked: ``cluster_id`` and ``source_dataset`` in splink.
        Linkage errors pass through: false links make the hidden number too small, missed links make
        it too large.

        Parameters
        ----------
        df : DataFrame
            One row for each sighting; anything with ``.to_pandas()`` will do.
        entity : str
            Column that says which unit it is. A unit seen twice on the same list counts once.
        source : str
            Column that says which list it is.
        lists : sequence of str or None, optional
            Names of the lists in the order wanted, also of those without a record. None: all
            sources found, in the order of their categories, else sorted.
        strata : str, sequence of str or None, optional
            Columns that divide the units; the same in all records of a unit.
        structural_zeros : iterable of str, default ()
            Patterns that cannot occur.
        ordered : bool, default False
            Whether the lists are successive occasions in time, such as years.
        compiled : mapping of str to sequence of str or None, optional
            Lists that are compiled from others, with those others.
        covers : mapping of str to mapping or None, optional
            Lists that cover only some strata: ``{"transport": {"type": ["external"]}}`` says that
            the list sees only units whose stratum column ``type`` is ``external``. A list that is
            not named covers all strata; with several columns all must match.

        Returns
        -------
        CaptureHistories
            The table.

        Notes
        -----
        Records without a unit or without a list are refused, by their number: no message shows an
        id.

        Examples
        --------
        >>> import pandas as pd
        >>> linked = pd.DataFrame(
        ...     {
        ...         "cluster_id": ["a", "a", "b", "c", "c", "c"],
        ...         "source_dataset": [
        ...             "police",
        ...             "council",
        ...             "police",
        ...             "council",
        ...             "council",
        ...             "police",
        ...         ],
        ...     }
        ... )
        >>> seen = cl.CaptureHistories.from_records(
        ...     linked, entity="cluster_id", source="source_dataset"
        ... )
        >>> seen.lists, seen.cells()
        (('council', 'police'), {'11': 2, '01': 1})

        Two units are on both lists, one on the police's only.
        """
        table = _history_input.from_sightings(df, entity, source, lists, strata)
        return holding(
            cls,
            _history_checks.completed(table, "df", structural_zeros, ordered, compiled, covers),
        )

    def identical(self, other: object) -> bool:
        """Whether another table has the same lists, counts, strata and settings.

        Parameters
        ----------
        other : object
            What to compare with.

        Returns
        -------
        bool
            True if nothing differs, the order of the lists included.
        """
        return (
            isinstance(other, CaptureHistories)
            and self._table.settings() == other._table.settings()
            and all(
                np.array_equal(mine, theirs)
                for mine, theirs in zip(self._table.rows(), other._table.rows(), strict=True)
            )
        )

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, CaptureHistories):
            return NotImplemented
        return self.identical(other)

    def __hash__(self) -> int:
        table = self._table
        return hash((table.settings(), *(part.tobytes() for part in table.rows())))

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(
            f"CaptureHistories never change: {name!r} cannot be set. Make a new table."
        )

    def __delattr__(self, name: str) -> None:
        raise AttributeError(f"CaptureHistories never change: {name!r} cannot be deleted.")
