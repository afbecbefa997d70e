"""Conversions of results: read-only copies, tidy frames, datasets, strict JSON, equality."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable
from importlib import metadata
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

TIDY = ("estimate", "standard_error", "low", "high", "level", "interval_kind", "method", "n")


def version() -> str:
    """Version of the installed package."""
    try:
        return metadata.version("countylines")
    except metadata.PackageNotFoundError:  # run from a checkout that was never installed
        return "0+unknown"


def is_lazy(value: Any) -> bool:
    """Whether a value waits for dask."""
    return isinstance(value, xr.DataArray) and value.chunks is not None


def read_only(value: Any) -> Any:
    """The same value with arrays that cannot be written to."""
    if isinstance(value, np.ndarray):
        return _frozen(value)
    if isinstance(value, pd.Series) and isinstance(value.dtype, np.dtype):
        return pd.Series(_frozen(value.to_numpy()), index=value.index, name=value.name, copy=False)
    if isinstance(value, pd.DataFrame) and value.size and value.dtypes.nunique() == 1:
        return pd.DataFrame(
            _frozen(value.to_numpy()), index=value.index, columns=value.columns, copy=False
        )
    if isinstance(value, xr.DataArray) and isinstance(value.variable._data, np.ndarray):
        return value if not value.values.flags.writeable else value.copy(data=_frozen(value.values))
    return value


def _frozen(array: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    if not array.flags.writeable:
        return array
    array = array.copy()
    array.setflags(write=False)
    return array


def over(value: Any, function: Callable[[Any], Any], dtype: Any = object) -> Any:
    """Apply a function to a value, element by element if it is an array of values."""
    if isinstance(value, xr.DataArray):
        return xr.apply_ufunc(
            lambda block: _each(block, function, dtype),
            value,
            dask="parallelized",
            output_dtypes=[dtype],
        )
    if isinstance(value, pd.Series):
        return pd.Series(_each(value.to_numpy(), function, dtype), index=value.index)
    if isinstance(value, pd.DataFrame):
        return pd.DataFrame(
            _each(value.to_numpy(), function, dtype), index=value.index, columns=value.columns
        )
    if isinstance(value, np.ndarray):
        return _each(value, function, dtype)
    return function(value)


def _each(array: Any, function: Callable[[Any], Any], dtype: Any) -> np.ndarray[Any, Any]:
    flat = np.empty(array.size, dtype=dtype)
    for i, item in enumerate(array.ravel()):
        flat[i] = function(item)
    return flat.reshape(array.shape)


def long(value: Any) -> tuple[pd.DataFrame, np.ndarray[Any, Any]]:
    """Label columns and flat values of a number, array, Series, DataFrame or DataArray."""
    if isinstance(value, pd.Series):
        return _index_columns(value.index), value.to_numpy()
    if isinstance(value, pd.DataFrame):
        rows, columns = value.shape
        index = _index_columns(value.index).loc[np.repeat(np.arange(rows), columns)]
        across = _index_columns(value.columns, "column").loc[np.tile(np.arange(columns), rows)]
        labels = pd.concat([index.reset_index(drop=True), across.reset_index(drop=True)], axis=1)
        return labels, value.to_numpy().ravel()
    if isinstance(value, xr.DataArray):
        places = np.indices(value.shape).reshape(value.ndim, -1)
        labels = pd.DataFrame(
            {
                str(dim): value.coords[dim].values[place] if dim in value.coords else place
                for dim, place in zip(value.dims, places, strict=True)
            },
            index=range(value.size),
        )
        return labels, value.values.ravel()
    if isinstance(value, np.ndarray):
        places = np.indices(value.shape).reshape(value.ndim, -1)
        return pd.DataFrame(
            {f"axis_{i}": place for i, place in enumerate(places)}, index=range(value.size)
        ), value.ravel()
    one = np.empty(1, dtype=object)
    one[0] = value
    return pd.DataFrame(index=range(1)), one


def _index_columns(index: pd.Index, fallback: str = "index") -> pd.DataFrame:
    names = [
        str(n) if n is not None else (fallback if index.nlevels == 1 else f"{fallback}_{i}")
        for i, n in enumerate(index.names)
    ]
    return pd.DataFrame(
        {n: index.get_level_values(i) for i, n in enumerate(names)}, index=range(len(index))
    )


def column(value: Any, length: int) -> Any:
    """Flat values of a field, repeated where the field is one value for all rows."""
    if isinstance(value, (xr.DataArray, pd.Series, pd.DataFrame, np.ndarray)):
        return long(value)[1]
    return [math.nan if value is None else value] * length


def to_frame(result: Any) -> pd.DataFrame:
    """Tidy table of an estimate."""
    labels, values = long(result.estimate)
    frame = labels.copy()
    for name in TIDY:
        if name in frame.columns:
            frame = frame.rename(columns={name: f"label_{name}"})
        frame[name] = column(getattr(result, name), len(values))
    numbers = ["estimate", "standard_error", "low", "high", "level"]
    frame[numbers] = frame[numbers].astype(np.float64)
    return frame


def test_frame(result: Any) -> pd.DataFrame:
    """Tidy table of a test."""
    labels, values = long(result.pvalue)
    frame = labels.copy()
    for name in ("statistic", "pvalue", "alternative", "method", "n"):
        frame[name] = column(getattr(result, name), len(values))
    return frame


def as_dataarray(value: Any) -> xr.DataArray:
    """Any kind as a DataArray."""
    if isinstance(value, xr.DataArray):
        return value
    if isinstance(value, pd.Series):
        return xr.DataArray(value.set_axis(_named(value.index, "index")))
    if isinstance(value, pd.DataFrame):
        value = value.set_axis(_named(value.index, "index"), axis=0)
        return xr.DataArray(value.set_axis(_named(value.columns, "column"), axis=1))
    array = np.asarray(value)
    return xr.DataArray(array, dims=[f"axis_{i}" for i in range(array.ndim)])


def _named(index: pd.Index, name: str) -> pd.Index:
    """The index under a name that can serve as a dimension."""
    return index.rename(name) if index.nlevels == 1 and index.name is None else index


def to_xarray(result: Any) -> xr.Dataset:
    """Dataset of an estimate: arrays as variables, single facts as attributes."""
    names = ["estimate", "low", "high", "standard_error", "region_low", "region_high"]
    names += ["pvalue", "n", "n_observed"]
    variables = {
        name: as_dataarray(getattr(result, name))
        for name in names
        if getattr(result, name, None) is not None
    }
    variables["verdict"] = as_dataarray(over(result.verdict, lambda v: v.code, "U32"))
    if result.draws is not None:
        draws = result.draws
        if not isinstance(draws, xr.DataArray):
            dims = [*variables["estimate"].dims, "chain", "draw"]
            draws = xr.DataArray(draws, dims=dims)
        variables["draws"] = draws
    attributes = {
        "quantity": result.quantity,
        "unit": result.unit,
        "method": result.method,
        "interval_method": result.interval_method,
        "interval_kind": result.interval_kind,
        "ci_kind": result.interval_kind,
        "alternative": result.alternative,
        "notes": [note.text for note in result.notes],
        "references": list(result.references),
        "countylines_version": version(),
    }
    if result.level is not None:
        attributes |= {"level": result.level, "ci_prob": result.level}
    return xr.Dataset(variables, attrs=attributes)


def to_dict(value: Any) -> Any:
    """Anything a result holds, as strict JSON types."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        content = {
            f.name: to_dict(getattr(value, f.name))
            for f in dataclasses.fields(value)
            if not f.name.startswith("_")
        }
        if hasattr(value, "references"):
            content = {"countylines": version(), "kind": type(value).__name__, **content}
        return content
    if isinstance(value, (pd.Series, pd.DataFrame, xr.DataArray, np.ndarray)):
        labels, values = long(value)
        table = {str(name): to_dict(list(labels[name])) for name in labels.columns}
        return {"labels": table, "values": [to_dict(v) for v in values]}
    if isinstance(value, dict):
        return {str(k): to_dict(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [to_dict(v) for v in value]
    if isinstance(value, np.generic):
        return to_dict(value.item())
    if isinstance(value, float) and not math.isfinite(value):
        return None if math.isnan(value) else ("inf" if value > 0 else "-inf")
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    return str(value)


def identical(one: Any, other: Any) -> bool:
    """Whether two fields hold the same values and labels; nan equals nan."""
    if hasattr(one, "identical") and not isinstance(one, (pd.Index, xr.DataArray)):
        return bool(one.identical(other))
    if type(one) is not type(other):
        return False
    if isinstance(one, xr.DataArray):
        return bool(one.identical(other))
    if isinstance(one, (pd.Series, pd.DataFrame)):
        return bool(one.equals(other)) and list(one.index.names) == list(other.index.names)
    if isinstance(one, np.ndarray):
        if one.shape != other.shape or one.dtype != other.dtype:
            return False
        if one.dtype.kind == "f":
            return bool(np.array_equal(one, other, equal_nan=True))
        return bool(np.all(one == other))
    if isinstance(one, float):
        return one == other or (math.isnan(one) and math.isnan(other))
    return bool(one == other)
