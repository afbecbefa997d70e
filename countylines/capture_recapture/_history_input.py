"""What capture histories are made from: mappings, tables of counts, records of sightings.

Every reader returns a `Table`: one row for each pattern that was given, by stratum. Messages name
columns, patterns and strata; an entity is never named, for it may be a person.
"""

from __future__ import annotations

import difflib
import math
from collections.abc import Callable, Hashable, Iterable
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from countylines import _validate
from countylines.bands import Band
from countylines.capture_recapture import _patterns
from countylines.capture_recapture._history_table import IntArray, Levels, Table
from countylines.errors import InputError, InputTypeError

CELL = "a whole number of at least 0, a Band or a pair (low, high)"


def from_mapping(cells: Any, lists: tuple[str, ...]) -> Table:
    """Read ``{"110": 5, "011": Band(1, 4)}``."""
    given = _validate.mapping("cells", cells, "a mapping of patterns to counts")
    codes = [_patterns.parse("cells", pattern, len(lists)) for pattern in given]
    bounds = [_bounds(f"cells[{pattern!r}]", value) for pattern, value in given.items()]
    low, high = np.array(bounds, dtype=np.int64).reshape(-1, 2).T
    number = np.array(codes, dtype=np.int64)
    return Table(lists, number, low, high, np.zeros_like(number))


def from_counts(df: Any, lists: tuple[str, ...], count: Any, strata: tuple[str, ...]) -> Table:
    """Read a table with a column of 0 and 1 for each list and a column of counts."""
    frame = as_frame(df)
    for name in lists:
        _column(frame, "lists", name)
    codes = np.zeros(len(frame), dtype=np.int64)
    for position, name in enumerate(lists):
        member = _membership(name, frame[name])
        codes |= np.where(member, _patterns.bit(position, len(lists)), 0)
    if (codes == 0).any():
        raise _patterns.all_zero("df", "0" * len(lists))
    low, high = _counts(frame, count)
    stratum, levels = _strata(frame, strata)
    if count is not None:
        _refuse_repeated(codes, stratum, levels, len(lists))
    return Table(lists, codes, low, high, stratum, levels, strata)


def from_sightings(
    df: Any,
    entity: Any,
    source: Any,
    lists: Any,
    strata: Any,
) -> Table:
    """Read records of sightings, one a row: which entity, on which list."""
    frame = as_frame(df)
    who = _factorized("entity", _column(frame, "entity", entity))
    where, names = _sources(_column(frame, "source", source), lists)
    codes = np.zeros(who.max(initial=-1) + 1, dtype=np.int64)
    for position in range(len(names)):
        # Repeated sightings write the same value twice, so the order of writing does not matter.
        seen = who[where == position]
        codes[seen] |= _patterns.bit(position, len(names))
    columns = stratum_columns(strata, names)
    of_record, levels = _strata(frame, columns)
    stratum = np.zeros(codes.size, dtype=np.int64)
    stratum[who] = of_record
    split = np.unique(who[stratum[who] != of_record]).size
    if split:
        raise InputError(
            _validate.sentence(
                "strata",
                "the same in all records of an entity",
                f"{split} entities with more than one",
                remedy="Make it a property of the entity, or analyse the strata as lists of their "
                "own tables.",
            )
        )
    ones = np.ones(codes.size, dtype=np.int64)
    return Table(names, codes, ones, ones, stratum, levels, columns)


def as_frame(df: Any) -> pd.DataFrame:
    """Return a pandas DataFrame with rows and with columns that differ."""
    if not isinstance(df, pd.DataFrame) and hasattr(df, "to_pandas"):
        df = df.to_pandas()
    if not isinstance(df, pd.DataFrame):
        raise InputTypeError(
            _validate.sentence("df", "a DataFrame", f"an object of type {type(df).__name__}")
        )
    _validate.not_empty("df", len(df))
    if not df.columns.is_unique:
        twice = df.columns[df.columns.duplicated()][0]
        raise InputError(
            _validate.sentence(
                "df", "a table whose columns differ", f"{_validate.show(twice)} twice"
            )
        )
    return df


def stratum_columns(value: Any, lists: tuple[str, ...] = ()) -> tuple[str, ...]:
    """Return the names of stratum columns: none, one, or several, and not those of lists."""
    if value is None:
        return ()
    if not isinstance(value, Iterable):
        got = f"{_validate.show(value)} of type {type(value).__name__}"
        raise InputTypeError(_validate.sentence("strata", "names of columns", got))
    names = (value,) if isinstance(value, str) else tuple(value)
    for item in names:
        if not isinstance(item, str):
            got = f"{_validate.show(item)} of type {type(item).__name__}"
            raise InputTypeError(_validate.sentence("strata", "names of columns", got))
    if len(set(names)) < len(names):
        raise InputError(_validate.sentence("strata", "names that differ", "one more than once"))
    for item in names:
        if item in lists:
            raise InputError(
                _validate.sentence("strata", "other columns than the lists", repr(item))
            )
    return names


def _column(frame: pd.DataFrame, argument: str, name: Any) -> pd.Series[Any]:
    if isinstance(name, Hashable) and name in frame.columns:
        return frame[name]
    known = [str(column) for column in frame.columns]
    close = difflib.get_close_matches(str(name), known, n=1)
    remedy = f"Did you mean {close[0]!r}?" if close else f"There are {', '.join(known[:12])}."
    raise InputError(
        _validate.sentence(argument, "a column of `df`", _validate.show(name), "", remedy)
    )


def _bounds(name: str, value: Any) -> tuple[int, int]:
    """Smallest and largest count that a cell may stand for."""
    if isinstance(value, Band):
        value = (value.low, value.high)
    if isinstance(value, (tuple, list)):
        if len(value) != 2:
            raise InputError(_validate.sentence(name, CELL, _validate.show(value)))
        low, high = (_count(name, end) for end in value)
        if low > high:
            raise InputError(
                _validate.sentence(
                    name, CELL, _validate.show(value), remedy="The lower end comes first."
                )
            )
        return low, high
    exact = _count(name, value)
    return exact, exact


def _count(name: str, value: Any) -> int:
    if isinstance(value, str):
        raise InputTypeError(
            _validate.sentence(
                name,
                CELL,
                _validate.show(value),
                remedy="A suppressed count is a band: cl.Band(1, 4), or cl.Band(0, 4) if it may be "
                "none.",
            )
        )
    if isinstance(value, float) and not math.isfinite(value):
        raise InputError(
            _validate.sentence(
                name,
                CELL,
                _validate.show(value),
                remedy="A pattern that nobody showed has count 0; an unknown count is a band with "
                "a finite upper end.",
            )
        )
    count = _validate.whole_number(name, value)
    if count >= _validate.LARGEST_COUNT:
        raise InputError(_validate.sentence(name, "below 2**53", count))
    return count


def _membership(name: str, column: pd.Series[Any]) -> NDArray[np.bool_]:
    rule = "0 or 1 (or False, True) in every row"
    argument = f"df[{name!r}]"
    if column.isna().any():
        where = f" ({int(column.isna().sum())} of {len(column)} rows)"
        raise InputError(
            _validate.sentence(
                argument, rule, "missing values", where, "Say whether the units were on the list."
            )
        )
    if not (pd.api.types.is_bool_dtype(column.dtype) or pd.api.types.is_numeric_dtype(column)):
        raise InputTypeError(
            _validate.sentence(
                argument,
                rule,
                f"dtype {column.dtype}",
                remedy="Turn it into True and False by a comparison, for example == 'yes'.",
            )
        )
    values = column.to_numpy(dtype=np.float64)
    bad = (values != 0.0) & (values != 1.0)
    if bad.any():
        where = _validate.nowhere(bad)
        raise InputError(
            _validate.sentence(
                argument,
                rule,
                _validate.show(float(values[bad][0])),
                where,
                "A unit is on a list or not; counts belong in the column of counts.",
            )
        )
    member: NDArray[np.bool_] = values == 1.0
    return member


def _counts(frame: pd.DataFrame, count: Any) -> tuple[IntArray, IntArray]:
    """Bounds of the counts: a column, a pair of columns (low, high), or one for each row."""
    if count is None:
        ones = np.ones(len(frame), dtype=np.int64)
        return ones, ones
    if isinstance(count, (tuple, list)):
        if len(count) != 2:
            rule = "a column, a pair of columns (low, high) or None"
            raise InputError(_validate.sentence("count", rule, _validate.show(count)))
        low, high = (_numeric_counts(frame, name) for name in count)
        where = _rows_where(len(frame))
        _validate.not_above(
            f"df[{count[0]!r}]",
            low.astype(np.float64),
            f"df[{count[1]!r}]",
            high.astype(np.float64),
            where,
            "The lower end comes first.",
        )
        return low, high
    column = _column(frame, "count", count)
    if column.dtype.kind != "O":
        exact = _numeric_counts(frame, count)
        return exact, exact
    bounds = [_bounds(f"df[{count!r}]", value) for value in column]
    low, high = np.array(bounds, dtype=np.int64).T
    return low, high


def _numeric_counts(frame: pd.DataFrame, name: Any) -> IntArray:
    column = _column(frame, "count", name)
    argument = f"df[{name!r}]"
    dtype = column.dtype
    _validate.numeric_dtype(argument, getattr(dtype, "numpy_dtype", dtype))
    values = column.to_numpy(dtype=np.float64, na_value=np.nan)
    _validate.counts(argument, values, _rows_where(len(frame)))
    return values.astype(np.int64)


def _rows_where(size: int) -> Callable[[NDArray[np.bool_]], str]:
    def where(mask: NDArray[np.bool_]) -> str:
        return f" ({int(mask.sum())} of {size} rows)"

    return where


def _strata(frame: pd.DataFrame, strata: tuple[str, ...]) -> tuple[IntArray, Levels]:
    """Number of the stratum of each row, and the sorted strata."""
    if not strata:
        return np.zeros(len(frame), dtype=np.int64), ((),)
    for name in strata:
        missing = int(_column(frame, "strata", name).isna().sum())
        if missing:
            raise InputError(
                _validate.sentence(
                    "strata",
                    "known for every row",
                    f"missing values in {name!r}",
                    f" ({missing} of {len(frame)} rows)",
                    "Give them a stratum of their own, for example 'unknown'.",
                )
            )
    grouped = frame.groupby(list(strata), sort=True, observed=True)
    number: IntArray = grouped.ngroup().to_numpy().astype(np.int64)
    first = np.zeros(number.max() + 1, dtype=np.intp)
    first[number[::-1]] = np.arange(len(frame))[::-1]
    rows = frame[list(strata)].iloc[first]
    return number, tuple(rows.itertuples(index=False, name=None))


def _refuse_repeated(codes: IntArray, stratum: IntArray, levels: Levels, n_lists: int) -> None:
    keys = pd.DataFrame({"stratum": stratum, "code": codes})
    repeated = keys.duplicated().to_numpy()
    if not repeated.any():
        return
    row = int(np.flatnonzero(repeated)[0])
    level = levels[stratum[row]]
    where = f" in stratum {', '.join(map(str, level))}" if level else ""
    raise InputError(
        _validate.sentence(
            "df",
            "one row for each pattern" + (" and stratum" if level else ""),
            f"{_patterns.text(codes[row], n_lists)!r} more than once{where}",
            remedy="Name the columns that tell the rows apart with strata=, or add the rows up.",
        )
    )


def _factorized(name: str, column: pd.Series[Any]) -> NDArray[np.intp]:
    """Number of the entity of each record; entities themselves are never shown."""
    try:
        codes, ids = pd.factorize(column)
    except TypeError:
        raise InputTypeError(
            _validate.sentence(
                name, "ids such as text or whole numbers", "values that cannot be compared"
            )
        ) from None
    empty = [i for i, known in enumerate(ids) if isinstance(known, str) and not known.strip()]
    missing = int(np.isin(codes, [-1, *empty]).sum())
    if missing:
        raise InputError(
            _validate.sentence(
                name,
                "known for every record",
                "missing or empty values",
                f" ({missing} of {len(column)} records)",
                "Drop those records, or give each an id of its own if it is known to be another "
                "unit.",
            )
        )
    return np.asarray(codes, dtype=np.intp)


def _sources(column: pd.Series[Any], lists: Any) -> tuple[NDArray[np.intp], tuple[str, ...]]:
    """Number of the list of each record, and the names of the lists."""
    missing = int(column.isna().sum())
    if missing:
        raise InputError(
            _validate.sentence(
                "source",
                "known for every record",
                "missing values",
                f" ({missing} of {len(column)} records)",
                "A record without its list cannot be counted: drop it or find its list.",
            )
        )
    codes, labels = _sorted_labels(column)
    found = [str(label) for label in labels]
    if lists is None:
        names = _patterns.list_names("source", found)
    else:
        names = _patterns.list_names("lists", lists)
    unknown = [label for label in found if label not in names]
    if unknown:
        raise InputError(
            _validate.sentence(
                "lists",
                "all the sources in the records",
                f"none called {unknown[0]!r}",
                remedy="Name it too, or leave its records out.",
            )
        )
    place = np.array([names.index(label) for label in found], dtype=np.intp)
    return place[codes], names


def _sorted_labels(column: pd.Series[Any]) -> tuple[NDArray[np.intp], Iterable[Any]]:
    """Distinct values in their own order: of categories, of numbers and dates, or of text."""
    if isinstance(column.dtype, pd.CategoricalDtype):
        return column.cat.codes.to_numpy().astype(np.intp), column.cat.categories
    try:
        codes, labels = pd.factorize(column, sort=True)
    except TypeError:
        codes, labels = pd.factorize(column.astype(str), sort=True)
    return np.asarray(codes, dtype=np.intp), labels
