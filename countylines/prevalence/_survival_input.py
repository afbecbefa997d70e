"""Spells as survival estimators need them: columns of one table, checked, on one clock.

Messages name columns and positions of rows; what a row is about is never named.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from countylines import _validate
from countylines.errors import InputError, InputTypeError

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]

DAYS = {"hours": 1 / 24, "days": 1.0, "weeks": 7.0, "months": 365.25 / 12, "years": 365.25}


@dataclass(frozen=True)
class Spells:
    """Times on one clock: the life ended in (lower, upper], watched from `entry` on.

    An exact end has `lower` equal to `upper`, one that has not come an infinite `upper`; an entry
    of minus infinity says that nothing was left out before.
    """

    entry: FloatArray
    lower: FloatArray
    upper: FloatArray

    @property
    def exact(self) -> BoolArray:
        """Whether the end is known to the time."""
        same: BoolArray = self.lower == self.upper
        return same

    @property
    def ended(self) -> BoolArray:
        """Whether the life is known to have ended."""
        return np.isfinite(self.upper)

    @property
    def truncated(self) -> bool:
        """Whether any spell would have been missed, had it been shorter."""
        return bool(np.any(self.entry > 0.0))

    def pick(self, rows: Any) -> Spells:
        """Some of the spells."""
        return Spells(self.entry[rows], self.lower[rows], self.upper[rows])


def table(spells: Any, argument: str = "spells") -> pd.DataFrame:
    """A table with rows and with columns that differ."""
    if hasattr(spells, "to_pandas") and not isinstance(spells, pd.DataFrame):
        spells = spells.to_pandas()
    if not isinstance(spells, pd.DataFrame):
        got = f"{_validate.show(spells)} of type {type(spells).__name__}"
        raise InputTypeError(
            _validate.sentence(argument, f"a DataFrame, one row a {argument[:-1]}", got)
        )
    _validate.not_empty(argument, len(spells))
    if not spells.columns.is_unique:
        twice = spells.columns[spells.columns.duplicated()][0]
        got = f"{_validate.show(twice)} twice"
        raise InputError(_validate.sentence(argument, "a table whose columns differ", got))
    return spells


def column(spells: pd.DataFrame, argument: str, name: Any) -> pd.Series[Any]:
    """One column, by name."""
    if isinstance(name, Hashable) and name in spells.columns:
        return spells[name]
    known = ", ".join(repr(c) for c in list(spells.columns)[:10])
    raise InputError(
        _validate.sentence(
            argument, "a column of the table", _validate.show(name), remedy=f"There are {known}."
        )
    )


def rows(bad: BoolArray) -> str:
    """Positions of offending rows: the first three, and how many there are."""
    places = np.flatnonzero(bad)
    first = ", ".join(map(str, places[:3]))
    more = ", ..." if places.size > 3 else ""
    word = "row" if places.size == 1 else "rows"
    return f" at {word} {first}{more} ({places.size} of {bad.size})"


def _refuse(argument: str, rule: str, values: Any, bad: BoolArray, remedy: str = "") -> None:
    if bad.any():
        got = _validate.show(np.asarray(values)[bad][0])
        raise InputError(_validate.sentence(argument, rule, got, rows(bad), remedy))


def times(
    spells: pd.DataFrame,
    argument: str,
    name: Any,
    *,
    origin: pd.Series[Any] | None,
    time_unit: str,
    open_end: bool = False,
    without_origin: str = "Pass origin=, the column of the dates at which the lives began.",
) -> FloatArray:
    """A column of numbers, spans or dates as times since the origin; infinite where still open."""
    values = column(spells, argument, name)
    dates = pd.api.types.is_datetime64_any_dtype(values.dtype)
    if dates and origin is None:
        raise InputError(
            _validate.sentence(
                argument,
                "a column of times since the beginning",
                "dates",
                remedy=without_origin,
            )
        )
    if origin is not None and not dates:
        raise InputTypeError(
            _validate.sentence(
                argument,
                "a column of dates with `origin`",
                f"dtype {values.dtype}",
                remedy="Convert text by pandas.to_datetime.",
            )
        )
    missing = values.isna().to_numpy()
    if not open_end:
        _refuse(
            argument,
            "without missing values",
            np.full(len(values), np.nan),
            missing,
            "Give the time until which the spell was watched, and False in `event`; nothing is "
            "left out silently.",
        )
    if dates:
        assert origin is not None
        try:
            values = values - origin
        except TypeError as error:
            rule = "in the time zone of `origin`"
            raise InputTypeError(
                _validate.sentence(argument, rule, f"dtype {values.dtype}")
            ) from error
    if pd.api.types.is_timedelta64_dtype(values.dtype):
        if time_unit not in DAYS:
            raise InputError(
                _validate.sentence(
                    "time_unit",
                    f"one of {', '.join(map(repr, DAYS))} with dates or time spans",
                    _validate.show(time_unit),
                )
            )
        found = values.to_numpy() / np.timedelta64(1, "D") / DAYS[time_unit]
    else:
        _validate.numeric_dtype(argument, values.dtype)
        found = values.to_numpy(dtype=np.float64, na_value=np.nan)
    found = np.where(missing, np.inf, found) if open_end else found
    rule = "at least 0" if open_end else "finite and at least 0"
    bad = (found < 0) | (np.isinf(found) & (not open_end))
    _refuse(argument, rule, found, bad, "A life cannot end before it begins.")
    return found


def flags(spells: pd.DataFrame, argument: str, name: Any) -> BoolArray:
    """A column of True and False, or 1 and 0."""
    values = column(spells, argument, name)
    _refuse(
        argument,
        "without missing values",
        np.full(len(values), np.nan),
        values.isna().to_numpy(),
        "Say False for a spell that had not ended when last watched.",
    )
    if not pd.api.types.is_bool_dtype(values.dtype):
        rule = "a column of True and False, or of 1 and 0"
        if not pd.api.types.is_numeric_dtype(values.dtype):
            raise InputTypeError(_validate.sentence(argument, rule, f"dtype {values.dtype}"))
        _refuse(argument, rule, values.to_numpy(), ~values.isin([0, 1]).to_numpy())
    return values.to_numpy(dtype=bool)


def read(
    spells: pd.DataFrame,
    *,
    duration: Any = None,
    entry: Any = None,
    exit: Any = None,
    event: Any = None,
    lower: Any = None,
    upper: Any = None,
    origin: Any = None,
    time_unit: str = "days",
) -> Spells:
    """Spells from the columns named."""
    if not isinstance(time_unit, str):
        raise InputTypeError(_validate.sentence("time_unit", "a word", _validate.show(time_unit)))
    given = {"duration": duration, "exit": exit, "lower": lower}
    ends = [name for name, value in given.items() if value is not None]
    if len(ends) != 1 or (lower is None) != (upper is None):
        got = " and ".join(f"`{name}`" for name in ends) or "neither"
        raise InputError(
            _validate.sentence(
                "spells",
                "described by `duration`, by `exit`, or by `lower` and `upper`",
                got if len(ends) != 1 else "one of `lower` and `upper` alone",
            )
        )
    if duration is not None and origin is not None:
        got = _validate.show(origin)
        remedy = "A duration has its origin in it; with dates use `exit`."
        raise InputError(
            _validate.sentence("origin", "left out with `duration`", got, remedy=remedy)
        )
    if lower is not None and event is not None:
        raise InputError(
            _validate.sentence(
                "event",
                "left out with `lower` and `upper`",
                _validate.show(event),
                remedy="A missing or infinite upper end says that a life had not ended.",
            )
        )
    began = None
    if origin is not None:
        began = column(spells, "origin", origin)
        if not pd.api.types.is_datetime64_any_dtype(began.dtype):
            got = f"dtype {began.dtype}"
            remedy = "Convert text by pandas.to_datetime."
            raise InputTypeError(
                _validate.sentence("origin", "a column of dates", got, remedy=remedy)
            )
        empty = np.full(len(began), np.nan)
        _refuse("origin", "without missing values", empty, began.isna().to_numpy())
    clock: dict[str, Any] = {"origin": began, "time_unit": time_unit}
    entered = np.full(len(spells), -np.inf)
    if entry is not None:
        entered = times(spells, "entry", entry, **clock)
        entered = np.where(entered == 0.0, -np.inf, entered)  # watched from the beginning
    if lower is not None:
        first = times(spells, "lower", lower, **clock)
        last = times(spells, "upper", upper, **clock, open_end=True)
        _refuse("lower", "at most `upper`", first, first > last)
        remedy = "The life is known to have lasted until `entry`."
        _refuse("lower", "at least `entry`", first, first < entered, remedy)
        late = (first == last) & (first <= entered)
        _refuse("lower", "above `entry` where the end is exact", first, late)
        return Spells(entered, first, last)
    name = ends[0]
    last = times(spells, name, given[name], **clock)
    ended = np.ones(len(spells), dtype=bool) if event is None else flags(spells, "event", event)
    remedy = "A spell that was never watched says nothing; decide what its dates mean."
    _refuse(name, "above `entry`", last, last <= entered, remedy)
    return Spells(entered, last, np.where(ended, last, np.inf))


def names_of(argument: str, value: Any) -> tuple[Any, ...]:
    """Names of columns: none, one, or several."""
    if value is None:
        return ()
    if isinstance(value, Sequence) and not isinstance(value, (str, tuple)):
        found = tuple(value)
    elif isinstance(value, tuple):
        found = value
    else:
        found = (value,)
    if not found or len(set(found)) < len(found):
        got = _validate.show(value)
        raise InputError(_validate.sentence(argument, "names of columns that differ", got))
    return found


def groups(spells: pd.DataFrame, by: Any) -> Iterator[tuple[Any, NDArray[np.intp]]]:
    """Key and positions of the rows of every group, in the order of the keys."""
    columns = names_of("by", by)
    if not columns:
        yield None, np.arange(len(spells))
        return
    for name in columns:
        values = column(spells, "by", name)
        empty = np.full(len(values), np.nan)
        remedy = "Give those rows a group of their own, by name."
        _refuse("by", "without missing values", empty, values.isna().to_numpy(), remedy)
    found = spells.groupby(list(columns), sort=True, observed=True).indices
    for key, places in found.items():
        label: Any = key
        one = isinstance(label, tuple) and len(columns) == 1
        yield (label[0] if one else label), np.asarray(places)
