"""What the estimators of a series in time share: its inputs, and notes on what is missing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray

from countylines import _kinds, _labels, _validate
from countylines.errors import DegenerateDataWarning, InputError, LabelMismatchError, warn
from countylines.results import Note

FloatArray = NDArray[np.float64]


@dataclass(frozen=True)
class Series:
    """One or more series along one dimension, and their times."""

    inputs: _labels.Inputs
    dim: Any
    times: FloatArray
    evenly: bool  # whether the times are evenly spaced


def series(x: Any, time: Any, dim: Any) -> Series:
    """Check the values and the times of the series; nan is a value that is missing."""
    inputs = _labels.align(x=x)
    if inputs.kind == "scalar":
        inputs.reduce(_nothing, dim=dim, outputs=["none"])
    axis = inputs.axis(dim)
    length = int(np.shape(inputs.template)[axis])
    if time is None:
        return Series(inputs, dim, np.arange(length, dtype=np.float64), True)
    times = _times(inputs, axis, length, time)
    gaps = np.diff(times)
    even = bool(len(gaps) == 0 or np.allclose(gaps, gaps[0], rtol=1e-9, atol=0.0))
    return Series(inputs, dim, times, even)


def _nothing(rows: FloatArray) -> tuple[FloatArray, ...]:
    return (rows[:, 0],)


def check(values: FloatArray, where: Any) -> None:
    """Refuse infinite values; nan stands for a missing one."""
    known = np.where(np.isnan(values), 0.0, values)
    _validate.finite("x", known, where)


def same_labels(name: str, given: Any, inputs: _labels.Inputs, axis: int, data: str) -> None:
    """Refuse labels of values along one axis that are not those of the data."""
    both = isinstance(given, pd.Series) and inputs.kind in ("series", "frame")
    if both and not given.index.equals(inputs.template.axes[axis]):
        raise LabelMismatchError(
            _validate.sentence(name, f"labelled as `{data}`", "other labels or another order")
        )
    if isinstance(given, xr.DataArray):
        dim = inputs.template.dims[axis] if inputs.kind == "dataarray" else None
        if given.dims != (dim,):
            raise LabelMismatchError(
                _validate.sentence(name, f"along {dim!r} alone", f"along {given.dims}")
            )
        xr.align(inputs.template, given, join="exact")


def counted(
    count: Any, name: str, weight: Any, time: Any, *, whole: bool = True
) -> tuple[FloatArray, FloatArray, FloatArray, int]:
    """One series of counts with its exposures or totals and times; and how many are missing."""
    inputs = _labels.align(**{"count": count, name: weight})
    if inputs.is_lazy or len(np.shape(inputs.template)) != 1:
        raise InputError(
            _validate.sentence(
                "count", "one series in memory", f"shape {np.shape(inputs.template)}"
            )
        )
    values, weights = inputs.flat
    times = np.arange(len(values), dtype=np.float64)
    if time is not None:
        times = _times(inputs, 0, len(values), time, "count")
    there = ~np.isnan(values)
    if there.sum() < 3:
        raise InputError(_validate.sentence("count", "of at least 3 values", f"{there.sum()}"))
    values, weights = values[there], weights[there]
    _validate.counts("count", values, whole=whole)
    _validate.exposure(name, weights)
    if name == "total":
        _validate.counts(name, weights, whole=whole)
        _validate.not_above("count", values, name, weights)
    return values, weights, times[there], int((~there).sum())


def _times(
    inputs: _labels.Inputs, axis: int, length: int, time: Any, data: str = "x"
) -> FloatArray:
    given = _kinds.accept("time", time)
    same_labels("time", given, inputs, axis, data)
    times = np.asarray(given, dtype=np.float64)
    if times.shape != (length,):
        raise LabelMismatchError(
            _validate.sentence(
                "time", f"one number for each of the {length} places", f"shape {times.shape}"
            )
        )
    _validate.finite("time", times)
    backward = np.flatnonzero(np.diff(times) <= 0)
    if len(backward):
        at = int(backward[0])
        raise InputError(
            _validate.sentence(
                "time",
                "increasing from each place to the next",
                f"{_validate.show(times[at])} before {_validate.show(times[at + 1])}",
                f" at position {at}",
                "Sort the series by time, and combine values of the same time.",
            )
        )
    return times


def notes(rows: FloatArray, present: Any, constant: Any, fewest: int) -> list[Note]:
    """Facts on missing values, short series and constant ones; what is odd also warns."""
    found = []
    missing = int(np.isnan(rows).sum())
    if missing:
        text = f"{missing} of {rows.size} values are missing; their places in time are kept."
        found.append(Note("missing-values", text))
    short = int((np.asarray(present) < fewest).sum())
    total = int(np.size(present))
    if short:
        whole = "The series has" if total == 1 else f"{short} of {total} series have"
        text = f"{whole} fewer than {fewest} values: nothing can be said of a trend there."
        found.append(Note("too-few-values", text))
        warn(text, DegenerateDataWarning)
    flat = int(np.asarray(constant).sum())
    if flat:
        whole = "The series is" if total == 1 else f"{flat} of {total} series are"
        text = f"{whole} constant: all slopes are 0, whatever rounding hides."
        found.append(Note("constant-series", text))
        warn(text, DegenerateDataWarning)
    return found


def table(out: dict[str, Any], names: tuple[str, ...]) -> pd.DataFrame:
    """Some outputs beside one another, one row a series."""
    if isinstance(out[names[0]], xr.DataArray):
        data = xr.Dataset({name: out[name] for name in names})
        return data.to_dataframe() if data.dims else data.expand_dims("series").to_dataframe()
    if np.ndim(out[names[0]]) == 0:
        return pd.DataFrame({name: [out[name]] for name in names})
    index = out[names[0]].index if isinstance(out[names[0]], pd.Series) else None
    return pd.DataFrame({name: np.ravel(out[name]) for name in names}, index=index)
