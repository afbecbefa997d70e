"""Lines by where they start, where they end, and when."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray
from scipy import sparse

from countylines import _kinds, _validate
from countylines.errors import LabelMismatchError
from countylines.localisation import _flow_input
from countylines.localisation._flow_input import MISSING, Parts
from countylines.localisation._flow_locality import FlowLocality
from countylines.localisation._flow_spread import FlowSpread

FloatArray = NDArray[np.float64]


class LineFlows(FlowLocality, FlowSpread):
    r"""Detected lines by area of origin, area of destination and period.

    It answers: where do lines go, how local are they, how concentrated? It is a table of what was
    detected and typed, not of all lines: a force that looks harder for one kind sends or receives
    more of it here. It never changes; only pairs that occur are stored.

    Parameters
    ----------
    table : DataFrame, DataArray or array_like
        Counts, as for :meth:`from_matrix`. Records are read by :meth:`from_records`.
    areas : list of labels or None, optional
        All areas, in order, those without a line included; those of the table if None.
    periods : list of labels or None, optional
        Labels of the periods of a three-dimensional array; 0, 1, 2, ... if None.

    Raises
    ------
    InputError
        If counts are no counts, labels are missing or repeated, or labels are given that the table
        has already or cannot have.

    See Also
    --------
    internal_share : of two counts.
    intrazonal_distance : how far lines run within an area.

    Notes
    -----
    A line is internal where its origin and its destination carry the same label. Indices of
    concentration count areas without lines: give `areas` in full if they are to be compared.

    Assumptions that fail in practice: origin and destination are both known; a line has one of
    each; both are recorded by the same rule in all forces and periods. The import side sees the
    runner and the export side the phone, so a line that one force alone knows may be misplaced.

    References
    ----------
    .. [1] Coombes, M. G., Green, A. E. and Owen, D. W. (1988). Substantive issues in the definition
       of "localities": evidence from sub-group local labour market areas in the West Midlands.
       *Regional Studies* 22, 303-318. https://doi.org/10.1080/00343408812331344990

    Examples
    --------
    *Made-up* lines between three areas, origins in rows:

    >>> import pandas as pd
    >>> names = ["City", "Shire", "Coast"]
    >>> table = pd.DataFrame([[52, 24, 15], [4, 30, 5], [1, 3, 12]], names, names)
    >>> flows = cl.localisation.LineFlows(table)
    >>> flows
    <LineFlows: 146 lines between 3 areas>
    >>> round(flows.internal_share().estimate, 3)
    0.644
    >>> flows.net_export().to_dict()
    {'City': 34, 'Shire': -18, 'Coast': -16}

    Of these lines 64 % stay in their area; the city sends 34 more than it receives.
    """

    __slots__ = ("_parts",)
    _parts: Parts

    def __init__(self, table: Any, *, areas: Any = None, periods: Any = None) -> None:
        object.__setattr__(self, "_parts", _flow_input.from_matrix(table, areas, periods))

    @classmethod
    def from_matrix(cls, table: Any, *, areas: Any = None, periods: Any = None) -> Self:
        """Read counts from a table with origins in rows and destinations in columns.

        Parameters
        ----------
        table : DataFrame, DataArray or array_like
            A DataFrame of one period; a DataArray of the dimensions origin, destination and perhaps
            period; or an array (origins, destinations) or (periods, origins, destinations).
        areas : list of labels or None, optional
            All areas, those without a line included. Of an array: the labels of its rows.
        periods : list of labels or None, optional
            Labels of the first axis of a three-dimensional array.

        Returns
        -------
        LineFlows

        Raises
        ------
        InputError
            If counts are no counts, or labels are missing or repeated.
        LabelMismatchError
            If `areas` or `periods` do not fit the table.
        """
        return cls(table, areas=areas, periods=periods)

    @classmethod
    def from_records(
        cls,
        data: pd.DataFrame,
        *,
        origin: str,
        destination: str,
        period: str | None = None,
        count: str | None = None,
        areas: Any = None,
        periods: Any = None,
        missing: str = "raise",
    ) -> Self:
        """Read a table with one row a line.

        Parameters
        ----------
        data : DataFrame
            The records.
        origin, destination : str
            Columns with the labels of the areas.
        period : str or None, optional
            Column with the period, such as the year; all lines are of one period if None.
        count : str or None, optional
            Column with a number of lines, where a row stands for several.
        areas, periods : list of labels or None, optional
            All areas and periods, in order, those without a line included; those that occur,
            sorted, if None.
        missing : {"raise", "leave-out"}, default "raise"
            What to do with lines whose origin, destination or period is not known. If they are left
            out, ``left_out`` says how many and every estimate has a note.

        Returns
        -------
        LineFlows

        Raises
        ------
        InputError
            If a column does not exist, a count is no count, or something is missing.
        LabelMismatchError
            If a label is not among `areas` or `periods`.

        Examples
        --------
        A SYNTHETIC register, of which the truth is known:

        >>> lines = cl.simulate.register(rng=1)
        >>> ends = {"origin": "origin", "destination": "destination", "period": "year"}
        >>> for name, rows in {"all": lines, "recorded": lines[lines["recorded"]]}.items():
        ...     flows = cl.localisation.LineFlows.from_records(rows, **ends)
        ...     print(name, flows.internal_share(by="period").estimate.round(3).to_list())
        all [0.568, 0.727]
        recorded [0.322, 0.64]

        The internal share rises by 16 points in truth, and by 32 among recorded lines, because
        internal lines are recorded more often in the second year.
        """
        missing = _validate.option("missing", missing, MISSING)
        parts = _flow_input.from_records(
            data, origin, destination, period, count, areas, periods, missing
        )
        return cls._made(parts)

    @classmethod
    def _made(cls, parts: Parts) -> Self:
        made = cls.__new__(cls)
        object.__setattr__(made, "_parts", parts)
        return made

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self)._made, (self._parts,)

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError("LineFlows never change; make another from the records or the table.")

    def __repr__(self) -> str:
        number = "" if self.periods is None else f" in {len(self.periods)} periods"
        return f"<LineFlows: {self.n_lines:,} lines between {len(self.areas)} areas{number}>"

    # --- views ------------------------------------------------------------------------------

    @property
    def areas(self) -> pd.Index:
        """Labels of the areas, those without a line included.

        Returns
        -------
        Index
        """
        return self._parts.areas

    @property
    def periods(self) -> pd.Index | None:
        """Labels of the periods, or None if there is but one without a label.

        Returns
        -------
        Index or None
        """
        return self._parts.periods

    @property
    def n_lines(self) -> int:
        """Number of lines in all.

        Returns
        -------
        int
        """
        return int(self._parts.lines.sum())

    @property
    def left_out(self) -> int:
        """Lines that were left out because an end or the period was not known.

        Returns
        -------
        int
        """
        return self._parts.left_out

    def during(self, periods: Any) -> Self:
        """Lines of some periods only.

        Parameters
        ----------
        periods : label or list of labels
            Which.

        Returns
        -------
        LineFlows
            With these periods, in the order of the table.

        Raises
        ------
        LabelMismatchError
            If a period is not among those of the table.
        """
        several = isinstance(periods, (list, tuple, pd.Index, pd.Series, np.ndarray))
        wanted = pd.Index(periods if several else [periods])
        known = pd.Index([]) if self.periods is None else self.periods
        lost = wanted[~wanted.isin(known)]
        if len(lost) or not len(wanted):
            got = _kinds.text(lost[0]) if len(lost) else "no label"
            raise LabelMismatchError(
                _validate.sentence("periods", "among the periods of the table", got)
            )
        place = np.flatnonzero(known.isin(wanted))
        parts = self._parts
        chosen = np.isin(parts.period, place)
        return self._made(
            _flow_input.gathered(
                self.areas,
                known[place],
                parts.origin[chosen],
                parts.destination[chosen],
                np.searchsorted(place, parts.period[chosen]),
                parts.lines[chosen],
                parts.left_out,
            )
        )

    def together(self) -> Self:
        """All periods added up.

        Returns
        -------
        LineFlows
            Without periods.
        """
        parts = self._parts
        time = np.zeros_like(parts.period)
        ends = parts.origin, parts.destination
        return self._made(
            _flow_input.gathered(self.areas, None, *ends, time, parts.lines, parts.left_out)
        )

    def to_frame(self) -> pd.DataFrame:
        """One row a pair that occurs: ``period`` if there are several, origin, destination, lines.

        Returns
        -------
        DataFrame
        """
        parts = self._parts
        columns: dict[str, Any] = {}
        if parts.periods is not None:
            columns["period"] = parts.periods[parts.period]
        columns["origin"] = parts.areas[parts.origin]
        columns["destination"] = parts.areas[parts.destination]
        columns["lines"] = parts.lines.copy()
        return pd.DataFrame(columns)

    def to_xarray(self) -> xr.DataArray:
        """All pairs, zeros included, with the dimensions period, origin and destination.

        Returns
        -------
        DataArray
            Without the dimension period where there is but one without a label.
        """
        coords = {"period": self.periods, "origin": self.areas, "destination": self.areas}
        values = self._dense().astype(np.int64)
        if self.periods is None:
            del coords["period"]
            values = values[0]
        return xr.DataArray(values, coords=coords, dims=list(coords), name="lines")

    def to_sparse(self) -> sparse.csr_array:
        """Lines of all periods as a sparse array, origins in rows.

        Returns
        -------
        scipy.sparse.csr_array
            In the order of :attr:`areas`.
        """
        parts, size = self._parts, len(self.areas)
        places = parts.origin, parts.destination
        return sparse.coo_array((parts.lines, places), shape=(size, size)).tocsr()

    def identical(self, other: object) -> bool:
        """Whether another table has the same lines and labels.

        Parameters
        ----------
        other : object
            What to compare with.

        Returns
        -------
        bool
        """
        if not isinstance(other, LineFlows):
            return False
        mine, theirs = self._parts, other._parts
        if (mine.periods is None) != (theirs.periods is None):
            return False
        periods = mine.periods is None or mine.periods.equals(theirs.periods)
        return bool(
            periods
            and mine.areas.equals(theirs.areas)
            and mine.left_out == theirs.left_out
            and np.array_equal(mine.origin, theirs.origin)
            and np.array_equal(mine.destination, theirs.destination)
            and np.array_equal(mine.period, theirs.period)
            and np.array_equal(mine.lines, theirs.lines)
        )
