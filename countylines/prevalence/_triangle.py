"""Counts by origin and delay at the door: a triangle, or records from which one is made."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from countylines import _validate
from countylines.errors import InputError, InputTypeError
from countylines.prevalence import _dates

FloatArray = NDArray[np.float64]
PERIODS = {"D": "day", "W": "week", "M": "month", "Q": "quarter", "Y": "year"}


@dataclass(frozen=True)
class Triangle:
    """Cumulative counts of shape (origins, delays), nan where not yet known; oldest first."""

    counts: FloatArray
    index: pd.Index
    beyond: int = 0  # records with a delay above the largest that is looked at

    @property
    def increments(self) -> FloatArray:
        return np.diff(self.counts, axis=1, prepend=0.0)

    @property
    def falls(self) -> bool:
        """Whether any count is smaller than one before it."""
        return bool((self.increments < 0).any())


def from_table(table: Any) -> Triangle:
    """Check a triangle: known counts first, then nan, and each delay known for some origin."""
    if hasattr(table, "to_pandas"):
        table = table.to_pandas()
    index: pd.Index
    if isinstance(table, pd.DataFrame):
        index = table.index
        for column, dtype in zip(table.columns, table.dtypes, strict=True):
            _validate.numeric_dtype(f"triangle[{column}]", getattr(dtype, "numpy_dtype", dtype))
        counts = table.to_numpy(dtype=np.float64, na_value=np.nan)
    else:
        if getattr(table, "dtype", None) is not None:
            _validate.numeric_dtype("triangle", table.dtype)
        try:
            counts = np.asarray(table, dtype=np.float64)
        except (TypeError, ValueError):
            got = f"{_validate.show(table)} of type {type(table).__name__}"
            raise InputTypeError(
                _validate.sentence("triangle", "a table of counts, or a frame of records", got)
            ) from None
        index = pd.RangeIndex(len(counts) if counts.ndim else 0, name="origin")
    if counts.ndim != 2 or counts.shape[1] < 2 or counts.shape[0] < 2:
        rule = "a table with at least 2 origins and 2 delays"
        raise InputError(_validate.sentence("triangle", rule, f"shape {counts.shape}"))
    _check(counts)
    return Triangle(counts, index)


def _check(counts: FloatArray) -> None:
    known = ~np.isnan(counts)
    if np.isinf(counts).any() or (counts < 0).any():
        rule = "of finite counts of at least 0, cumulative by delay"
        bad = counts[np.isinf(counts) | (counts < 0)][0]
        raise InputError(_validate.sentence("triangle", rule, _validate.show(float(bad))))
    if (known[:, 1:] & ~known[:, :-1]).any():
        remedy = (
            "Fill the gap by name, with 0 more than the count before it if that is what is meant."
        )
        rule = "known without gaps in each origin"
        raise InputError(_validate.sentence("triangle", rule, "nan before a count", "", remedy))
    if not known[:, 0].all():
        rule = "known at the first delay in every origin"
        remedy = "Leave out origins of which nothing is known yet."
        raise InputError(_validate.sentence("triangle", rule, "nan", "", remedy))
    if not known[:, -1].any():
        rule = "known at the last delay for at least one origin"
        remedy = "Drop the delays that no origin has reached."
        raise InputError(_validate.sentence("triangle", rule, "nan throughout", "", remedy))


def from_records(
    records: pd.DataFrame,
    occurred: str,
    reported: str,
    period: Any,
    observed_until: Any,
    max_delay: int | None,
) -> Triangle:
    """Count records by period of origin and delay, up to the last whole period observed."""
    _validate.option("period", period, PERIODS)
    _validate.not_empty("records", len(records))
    first, second = (_column(records, name) for name in (occurred, reported))
    if observed_until is None:
        raise InputError(
            "`observed_until` must be given with records, got None. Pass the last day on which a "
            "report would be in the records."
        )
    end = _dates.single("observed_until", observed_until)
    for name, bad, got in (
        (reported, second < first, f"a date before `{occurred}`"),
        (reported, second > end, "a date after `observed_until`"),
    ):
        if bad.any():
            raise InputError(
                _validate.sentence(name, f"between `{occurred}` and the end", got, _dates.rows(bad))
            )
    last = pd.Period(_dates.labels(np.array([end]))[0], freq=period)
    if last.end_time.normalize() != _dates.labels(np.array([end]))[0]:
        word = PERIODS[period]
        raise InputError(
            _validate.sentence(
                "observed_until",
                f"the last day of a {word}",
                _dates.show(end),
                remedy=f"A {word} that is not over has counts of another kind; cut the records.",
            )
        )
    start, arrived = (
        pd.PeriodIndex(_dates.labels(days), freq=period).astype("int64").to_numpy()
        for days in (first, second)
    )
    origin, delay = start - start.min(), arrived - start
    rows = int(last.ordinal - start.min()) + 1
    most = rows - 1 if max_delay is None else _validate.whole_number("max_delay", max_delay, low=1)
    if most > rows - 1 or rows < 2:
        rule = f"at most {rows - 1}, the delay that the first origin has been seen for"
        raise InputError(_validate.sentence("max_delay", rule, most))
    kept = delay <= most
    counts = np.zeros((rows, most + 1))
    np.add.at(counts, (origin[kept], delay[kept]), 1.0)
    counts = counts.cumsum(axis=1)
    counts[np.arange(most + 1)[None, :] > (rows - 1 - np.arange(rows))[:, None]] = np.nan
    index = pd.period_range(pd.Period(ordinal=int(start.min()), freq=period), periods=rows)
    return Triangle(counts, index.rename("origin"), int((~kept).sum()))


def _column(records: pd.DataFrame, name: Any) -> NDArray[np.int64]:
    if not isinstance(name, str) or name not in records.columns:
        words = ", ".join(repr(str(column)) for column in list(records.columns)[:10])
        raise InputError(
            _validate.sentence(
                "occurred and reported", f"columns of the records ({words})", _validate.show(name)
            )
        )
    days = _dates.column(name, records[name])
    missing = days == _dates.MISSING
    if missing.any():
        raise InputError(
            _validate.sentence(name, "a date in every row", "NaT", _dates.rows(missing))
        )
    return days
