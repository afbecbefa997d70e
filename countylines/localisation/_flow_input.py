"""Records and tables of lines by origin, destination and period, read and checked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray

from countylines import _kinds, _validate
from countylines.errors import InputError, InputTypeError, LabelMismatchError

IntArray = NDArray[np.int64]
MISSING = ("raise", "leave-out")


@dataclass(frozen=True)
class Parts:
    """Codes of origin, destination and period of the pairs that occur, and their counts."""

    areas: pd.Index
    periods: pd.Index | None
    origin: IntArray
    destination: IntArray
    period: IntArray
    lines: IntArray
    left_out: int = 0


def from_records(
    data: Any,
    origin: str,
    destination: str,
    period: str | None,
    count: str | None,
    areas: Any,
    periods: Any,
    missing: str,
) -> Parts:
    """One row a line, or a row a pair with its count."""
    if not isinstance(data, pd.DataFrame):
        raise InputTypeError(
            _validate.sentence("data", "a DataFrame with one row a line", _validate.show(data))
        )
    _validate.not_empty("data", len(data))
    columns = {"origin": origin, "destination": destination}
    columns |= {} if period is None else {"period": period}
    for name, column in {**columns, **({} if count is None else {"count": count})}.items():
        if column not in data.columns:
            got = f"{_validate.show(column)}, not among {list(map(str, data.columns))[:8]}"
            raise InputError(_validate.sentence(name, "a column of `data`", got))
    lines = np.ones(len(data), dtype=np.int64)
    if count is not None:
        _validate.numeric_dtype(count, _kinds._plain_dtype(data[count].dtype))
        values = data[count].to_numpy(dtype=np.float64, na_value=np.nan)
        _validate.counts(count, values)
        lines = values.astype(np.int64)
    unknown = data[list(columns.values())].isna().any(axis=1).to_numpy()
    if unknown.any() and missing == "raise":
        at = int(np.flatnonzero(unknown)[0])
        which = next(c for c in columns.values() if pd.isna(data[c].iloc[at]))
        raise InputError(
            _validate.sentence(
                which,
                "known for every line",
                f"a missing value at row {at}; {int(unknown.sum())} of {len(data)} rows",
                remedy="Fill it, or pass missing='leave-out': every result then says how many "
                "lines were left out.",
            )
        )
    if unknown.all():
        got = f"none known in any of {len(data)} rows"
        raise InputError(_validate.sentence("data", "of lines with known ends and period", got))
    kept, left_out = data[~unknown], int(lines[unknown].sum())
    lines = lines[~unknown]
    names = labels("areas", areas, [kept[origin], kept[destination]], in_order=True)
    when = None if period is None else labels("periods", periods, [kept[period]], in_order=True)
    if period is None and periods is not None:
        got = "labels without `period`"
        raise InputError(_validate.sentence("periods", "None without `period`", got))
    start, end = (codes("areas", names, kept[column]) for column in (origin, destination))
    time = (
        np.zeros(len(kept), dtype=np.int64)
        if when is None
        else codes("periods", when, kept[str(period)])
    )
    return gathered(names, when, start, end, time, lines, left_out)


def from_matrix(table: Any, areas: Any, periods: Any) -> Parts:
    """Origins in rows, destinations in columns; three-dimensional with periods first or named."""
    if isinstance(table, xr.DataArray):
        return _from_dataarray(table, areas, periods)
    if isinstance(table, pd.DataFrame):
        _none("periods", periods, "a table of one period")
        return _from_frame(table, areas)
    values = np.asarray(_kinds.accept("table", table), dtype=np.float64)
    if values.ndim not in (2, 3) or values.shape[-1] != values.shape[-2]:
        rule = "square: origins by destinations, or periods by origins by destinations"
        raise InputError(_validate.sentence("table", rule, f"shape {values.shape}"))
    if values.ndim == 2:
        _none("periods", periods, "a table of one period")
    _counted(values)
    size = values.shape[-1]
    names = labels("areas", range(size) if areas is None else areas, [])
    times = range(len(values)) if periods is None else periods
    when = labels("periods", times, []) if values.ndim == 3 else None
    for name, axis, length in (("areas", names, size), ("periods", when, len(values))):
        if axis is not None and len(axis) != length:
            rule = f"one label for each of the {length} {name} of `table`"
            raise LabelMismatchError(_validate.sentence(name, rule, f"{len(axis)} labels"))
    place = np.arange(size)
    return _from_dense(names, when, values.reshape(-1, size, size), place, place)


def _from_frame(table: pd.DataFrame, areas: Any) -> Parts:
    rows, columns = table.index, table.columns
    for name, axis in (("rows", rows), ("columns", columns)):
        _unique(f"the {name} of `table`", axis)
    names = labels("areas", areas, [pd.Series(rows), pd.Series(columns)])
    values = _counted(_kinds.accept("table", table).to_numpy(dtype=np.float64))[None]
    row = codes("areas", names, pd.Series(rows))
    column = codes("areas", names, pd.Series(columns))
    return _from_dense(names, None, values, row, column)


def _from_dataarray(table: xr.DataArray, areas: Any, periods: Any) -> Parts:
    dims = [str(dim) for dim in table.dims]
    if sorted(dims) not in (["destination", "origin"], ["destination", "origin", "period"]):
        rule = "of the dimensions origin, destination and, if there are several, period"
        raise InputError(_validate.sentence("table", rule, str(tuple(dims))))
    if table.chunks is not None:
        got = "an array that waits for dask"
        raise InputError(
            _validate.sentence("table", "in memory", got, remedy="Use table.compute().")
        )
    order = [*(["period"] if "period" in dims else []), "origin", "destination"]
    turned = _kinds.accept("table", table).transpose(*order)
    index = {dim: turned.get_index(dim) for dim in order}
    for dim in order:
        _unique(f"the labels of {dim}", index[dim])
    _none("periods", periods, "a DataArray, which has its own")
    names = labels("areas", areas, [pd.Series(index["origin"]), pd.Series(index["destination"])])
    when = index["period"].rename(None) if "period" in index else None
    values = _counted(np.asarray(turned.values, dtype=np.float64))
    values = values.reshape(-1, len(index["origin"]), len(index["destination"]))
    row, column = (codes("areas", names, pd.Series(index[d])) for d in order[-2:])
    return _from_dense(names, when, values, row, column)


def _from_dense(
    names: pd.Index, when: pd.Index | None, values: Any, row: IntArray, column: IntArray
) -> Parts:
    time, first, second = np.nonzero(values)
    count = values[time, first, second].astype(np.int64)
    return gathered(names, when, row[first], column[second], time, count)


def _counted(values: NDArray[np.float64]) -> NDArray[np.float64]:
    _validate.counts("table", values)
    return values


def _none(name: str, given: Any, of: str) -> None:
    if given is not None:
        raise InputError(_validate.sentence(name, f"None for {of}", "labels"))


def _unique(what: str, index: pd.Index) -> None:
    if not index.is_unique:
        twice = _kinds.text(index[index.duplicated()][0])
        raise InputError(
            f"{what[0].upper()}{what[1:]} must be different, got {twice} twice. "
            "Add up the counts of the same area first."
        )


def labels(
    name: str, given: Any, columns: Sequence[pd.Series], *, in_order: bool = False
) -> pd.Index:
    """The labels given, each once; or all that occur, as they come or `in_order`."""
    index: pd.Index
    if given is None:
        together = pd.concat(columns, ignore_index=True).drop_duplicates()
        try:
            index = pd.Index(together.sort_values() if in_order else together).rename(None)
            return index
        except TypeError:
            rule = "labels of one kind, which can be put in order"
            raise InputError(
                _validate.sentence(name, rule, "numbers and words", remedy=f"Pass `{name}`.")
            ) from None
    if isinstance(given, (str, bytes)) or not isinstance(
        given, (Sequence, pd.Index, pd.Series, np.ndarray)
    ):
        raise InputTypeError(_validate.sentence(name, "a list of labels", _validate.show(given)))
    index = pd.Index(given).rename(None)
    _validate.not_empty(name, len(index))
    if index.hasnans:
        raise InputError(_validate.sentence(name, "free of missing labels", "a missing one"))
    _unique(f"`{name}`", index)
    return index


def codes(name: str, index: pd.Index, values: pd.Series) -> IntArray:
    """Positions of labels among those of an index."""
    places = index.get_indexer(pd.Index(values))
    if (places < 0).any():
        lost = values[places < 0]
        got = f"{_kinds.text(lost.iloc[0])} beside them; {lost.nunique()} such labels"
        raise LabelMismatchError(_validate.sentence(name, "all that occur", got))
    return np.asarray(places, dtype=np.int64)


def gathered(
    names: pd.Index,
    when: pd.Index | None,
    origin: IntArray,
    destination: IntArray,
    time: IntArray,
    count: IntArray,
    left_out: int = 0,
) -> Parts:
    """Counts of the same origin, destination and period added up, in order."""
    size = len(names)
    key = (time.astype(np.int64) * size + origin) * size + destination
    kept, place = np.unique(key, return_inverse=True)
    total = np.zeros(len(kept), dtype=np.int64)
    np.add.at(total, place, count)
    kept, total = kept[total > 0], total[total > 0]
    pair, end = np.divmod(kept, size)
    period, start = np.divmod(pair, size)
    for values in (start, end, period, total):
        values.setflags(write=False)
    return Parts(names, when, start, end, period, total, left_out)
