"""Dates at the door: whole days without a time zone, as day numbers."""

from __future__ import annotations

import re
from datetime import date, datetime
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from countylines import _validate
from countylines.errors import InputError, InputTypeError

Days = NDArray[np.int64]

MISSING = np.iinfo(np.int64).min  # what numpy makes of NaT
_NANOSECOND_DAYS = 106_000
_ISO = re.compile(r"\d{4}-\d{2}-\d{2}")
_RULE = "dates (datetime64 without a time zone)"
_AT = "a date (datetime, numpy.datetime64 or text like '2024-03-31')"


def column(name: str, values: pd.Series) -> Days:
    """Day numbers of a column of dates; NaT is `MISSING`."""
    dtype = values.dtype
    if isinstance(dtype, pd.DatetimeTZDtype):
        got = f"dates of the time zone {dtype.tz}"
        remedy = f"Use {name}.dt.tz_localize(None), after a tz_convert if the zones differ."
        raise InputTypeError(_validate.sentence(name, _RULE, got, remedy=remedy))
    if getattr(dtype, "kind", "") != "M":
        raise InputTypeError(_validate.sentence(name, _RULE, *_not_dates(values)))
    return _whole_days(name, values.to_numpy())


def _not_dates(values: pd.Series) -> tuple[str, str, str]:
    """What a column holds that is not of a date type, and what to do about it."""
    kind = getattr(values.dtype, "kind", "O")
    if kind in "iuf":
        remedy = "Use pandas.to_datetime(..., unit=..., origin=...): the unit is not guessed."
        return f"numbers (dtype {values.dtype})", "", remedy
    known = [v for v in values.head(1000) if not pd.api.types.is_scalar(v) or not pd.isna(v)]
    if {getattr(v, "tzinfo", None) for v in known} - {None}:
        remedy = "Convert them to one zone, then drop it: pandas.to_datetime(..., utc=True)"
        return "dates with time zones", "", remedy + ".dt.tz_localize(None)."
    text = known and all(isinstance(v, str) for v in known)
    got = "text" if text else f"values of dtype {values.dtype}"
    return got, "", "Use pandas.to_datetime(..., format=...): day and month are not guessed."


def _whole_days(name: str, stamps: NDArray[Any]) -> Days:
    days = stamps.astype("datetime64[D]")
    bad = (days != stamps) & ~np.isnat(days)
    if bad.any():
        remedy = "Cut it to days with .dt.normalize(): conventions here are about days."
        got = f"a time of day{rows(bad)}"
        raise InputError(_validate.sentence(name, "whole days", got, remedy=remedy))
    return days.astype(np.int64)


def rows(bad: NDArray[np.bool_]) -> str:
    """Name offenders by their position, not by what stands in the row."""
    hits = np.flatnonzero(bad)
    if bad.size == 1:
        return ""
    named = ", ".join(str(int(i)) for i in hits[:3])
    several = "" if hits.size == 1 else f"; {hits.size} of {bad.size} rows"
    return f" at row {named}{several}"


def given(name: str, value: Any) -> tuple[Days, pd.DatetimeIndex]:
    """One or more dates given as an argument: day numbers, and the index to label results with."""
    if isinstance(value, (bool, np.bool_)) or value is None:
        raise InputTypeError(_validate.sentence(name, _AT, _validate.show(value)))
    if isinstance(value, (str, date, np.datetime64)):
        value = [value]
    if hasattr(value, "to_pandas"):
        value = value.to_pandas()
    if not isinstance(value, (pd.Series, pd.Index, np.ndarray, list, tuple)):
        got = f"{_validate.show(value)} of type {type(value).__name__}"
        raise InputTypeError(_validate.sentence(name, f"{_AT}, or several", got))
    if len(value) and all(isinstance(v, (str, date)) for v in value):
        value = [_stamp(name, v) for v in value]
    series = pd.Series(np.asarray(value) if isinstance(value, (list, tuple)) else value)
    _validate.not_empty(name, series.size)
    days = column(name, series)
    if (days == MISSING).any():
        raise InputError(
            _validate.sentence(name, "without missing dates", f"NaT{rows(days == MISSING)}")
        )
    return days, labels(days)


def labels(days: Days) -> pd.DatetimeIndex:
    """Day numbers as the index of a result."""
    # Nanoseconds, as pandas reads dates, hold the years 1678 to 2261 only.
    unit = "ns" if (np.abs(days) < _NANOSECOND_DAYS).all() else "s"
    return pd.DatetimeIndex(days.astype("datetime64[D]").astype(f"datetime64[{unit}]"))


def _stamp(name: str, value: Any) -> Any:
    if isinstance(value, str):
        if not _ISO.fullmatch(value):
            raise InputError(_validate.sentence(name, _AT, _validate.show(value)))
        try:
            return np.datetime64(value, "D").astype("datetime64[us]")
        except ValueError:
            raise InputError(
                _validate.sentence(name, "a day of the calendar", _validate.show(value))
            ) from None
    if value is pd.NaT:
        return np.datetime64("NaT", "us")
    if isinstance(value, datetime) and value.tzinfo is not None:
        remedy = "Drop its time zone with .replace(tzinfo=None), after a conversion if need be."
        raise InputTypeError(_validate.sentence(name, _AT, "a date with a time zone", "", remedy))
    return np.datetime64(value, "us")


def single(name: str, value: Any) -> int:
    """One date given as an argument."""
    days, _ = given(name, value)
    if days.size != 1:
        raise InputError(_validate.sentence(name, "one date", f"{days.size} dates"))
    return int(days[0])


def show(day: int) -> str:
    """A day number as a date."""
    return str(np.datetime64(int(day), "D"))
