"""Conversions of results: read-only copies, tidy frames, datasets, strict JSON, equality."""

from __future__ import annotations

import dataclasses
import math
import pickle
import re
from collections.abc import Callable
from importlib import metadata
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

TIDY = ("estimate", "standard_error", "low", "high", "level", "interval_kind", "method", "n")
TESTED = ("statistic", "pvalue", "alternative", "method", "n")
FIELDS = ("region_low", "region_high", "null", "n_observed", "verdict", "draws")
AXES = ("index", "column")
_NETCDF_NAME = re.compile(r"\w([\w@.+ -]*[\w@.+-])?")
TAKEN = frozenset((*TIDY, *TESTED, *FIELDS))


def version() -> str:
    """Version of the installed package."""
    try:
        return metadata.version("countylines")
    except metadata.PackageNotFoundError:  # run from a checkout that was never installed
        return "0+unknown"


def is_lazy(value: Any) -> bool:
    """Whether a value, or a result within a result, waits for dask."""
    if isinstance(value, xr.DataArray):
        return value.chunks is not None
    return bool(getattr(value, "is_lazy", False))


def read_only(value: Any) -> Any:
    """The same value with arrays that cannot be written to, by the caller neither."""
    if isinstance(value, np.ndarray):
        return _frozen(value)
    if isinstance(value, pd.Series) and isinstance(value.dtype, np.dtype):
        return pd.Series(_frozen(value.to_numpy()), index=value.index, name=value.name, copy=False)
    if isinstance(value, pd.Series):
        return value.copy()
    if isinstance(value, pd.DataFrame):
        return _frozen_frame(value)
    if isinstance(value, xr.DataArray) and isinstance(value.variable._data, np.ndarray):
        frozen = _frozen(value.values)
        return value if frozen is value.variable._data else _frozen_dataarray(value, frozen)
    return value


def freeze(result: Any, state: dict[str, Any]) -> None:
    """Set the fields of a frozen result, with arrays that cannot be written to."""
    for name, value in list(state.items()):
        object.__setattr__(result, name, read_only(value))


def _frozen(array: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """The array itself if nobody can write to its memory, else a copy that nobody can write to."""
    owner: Any = array
    while isinstance(owner, np.ndarray) and not owner.flags.writeable:
        owner = owner.base
    if owner is None:
        return array
    array = array.copy()
    array.setflags(write=False)
    return array


def _frozen_dataarray(array: xr.DataArray, values: np.ndarray[Any, Any]) -> xr.DataArray:
    made = array.copy(data=values)
    memory: Any = made.variable._data
    memory.setflags(write=False)  # xarray copies objects, into memory of its own
    return made


def _frozen_frame(frame: pd.DataFrame) -> pd.DataFrame:
    numpy_only = all(isinstance(dtype, np.dtype) for dtype in frame.dtypes)
    if numpy_only and frame.size and frame.dtypes.nunique() == 1:
        values = _frozen(frame.to_numpy())
        frozen = pd.DataFrame(values, index=frame.index, columns=frame.columns, copy=False)
        frozen.attrs.update(frame.attrs)
        return frozen
    columns = [read_only(frame.iloc[:, i]).array for i in range(frame.shape[1])]
    frozen = pd.DataFrame(dict(enumerate(columns)), index=frame.index, copy=False)
    frozen.columns = frame.columns
    frozen.attrs.update(frame.attrs)
    return frozen


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
        return _label_columns(_levels(value.index), len(value)), value.to_numpy()
    if isinstance(value, pd.DataFrame):
        rows, across = (place.ravel() for place in np.indices(value.shape))
        labels = _levels(value.index, rows) + _levels(value.columns, across, "column")
        return _label_columns(labels, value.size), value.to_numpy().ravel()
    if isinstance(value, xr.DataArray):
        indexes = value.indexes
        labels = []
        for dim, place in zip(value.dims, _places(value.shape), strict=True):
            index = indexes.get(dim)
            labels += [(str(dim), place)] if index is None else _levels(index, place, str(dim))
        return _label_columns(labels, value.size), value.values.ravel()
    if isinstance(value, np.ndarray):
        labels = [(f"axis_{i}", place) for i, place in enumerate(_places(value.shape))]
        return _label_columns(labels, value.size), value.ravel()
    one = np.empty(1, dtype=object)
    one[0] = value
    return pd.DataFrame(index=range(1)), one


def _places(shape: tuple[int, ...]) -> list[np.ndarray[Any, Any]]:
    return [place.ravel() for place in np.indices(shape)]


def _levels(
    index: pd.Index, place: Any = slice(None), fallback: str = "index"
) -> list[tuple[str, Any]]:
    """Name and labels of every level of an index."""
    names = [
        str(n) if n is not None else (fallback if index.nlevels == 1 else f"{fallback}_{i}")
        for i, n in enumerate(index.names)
    ]
    return [(n, index.get_level_values(i)[place]) for i, n in enumerate(names)]


def _label_columns(labels: list[tuple[str, Any]], length: int) -> pd.DataFrame:
    """Labels as columns whose names differ from each other and from those of a tidy table."""
    names = _different([name for name, _ in labels])
    columns = {name: values for name, (_, values) in zip(names, labels, strict=True)}
    return pd.DataFrame(columns, index=range(length))


def _different(names: list[str]) -> list[str]:
    """The names, with a number where one comes again."""
    found: list[str] = []
    for name in map(label_name, names):
        unique, again = name, 2
        while unique in found:
            unique, again = f"{name}_{again}", again + 1
        found.append(unique)
    return found


def label_name(name: str) -> str:
    """The name of a label beside the columns of a tidy table."""
    return f"label_{name}" if name in TAKEN else name


def column(value: Any, length: int) -> Any:
    """Flat values of a field, repeated where the field is one value for all rows."""
    if isinstance(value, (xr.DataArray, pd.Series, pd.DataFrame, np.ndarray)) and value.ndim:
        return long(value)[1]
    return [math.nan if value is None else single(value)] * length


def single(value: Any) -> Any:
    """A plain value out of an array without dimensions."""
    if isinstance(value, (xr.DataArray, np.ndarray)) and value.ndim == 0:
        return value.values.item() if isinstance(value, xr.DataArray) else value.item()
    return value


def to_frame(result: Any) -> pd.DataFrame:
    """Tidy table of an estimate."""
    labels, values = long(result.estimate)
    frame = labels.copy()
    for name in TIDY:
        frame[name] = column(getattr(result, name), len(values))
    numbers = ["estimate", "standard_error", "low", "high", "level"]
    frame[numbers] = frame[numbers].astype(np.float64)
    return frame


def test_frame(result: Any) -> pd.DataFrame:
    """Tidy table of a test."""
    labels, values = long(result.pvalue)
    frame = labels.copy()
    for name in TESTED:
        frame[name] = column(getattr(result, name), len(values))
    numbers = ["statistic", "pvalue"]
    frame[numbers] = frame[numbers].astype(np.float64)
    return frame


def as_dataarray(value: Any) -> xr.DataArray:
    """Any kind as a DataArray whose labels can be written to netCDF."""
    if isinstance(value, xr.DataArray):
        return _writable(value)
    if isinstance(value, (pd.Series, pd.DataFrame)):
        axes = [_levels(axis, fallback=f) for axis, f in zip(value.axes, AXES, strict=False)]
        names = iter(_different([name for levels in axes for name, _ in levels]))
        dims: list[str] = []
        coords: dict[str, Any] = {}
        for levels, fallback in zip(axes, AXES, strict=False):
            own = [next(names) for _ in levels]
            dims.append(own[0] if len(own) == 1 else fallback)
            coords |= {
                n: (dims[-1], _plain_labels(v)) for n, (_, v) in zip(own, levels, strict=True)
            }
        return _writable(xr.DataArray(value.to_numpy(), dims=dims, coords=coords))
    array = np.asarray(value)
    return xr.DataArray(array, dims=[f"axis_{i}" for i in range(array.ndim)])


def _writable(array: xr.DataArray) -> xr.DataArray:
    """Labels under free names, without a MultiIndex, and as text where netCDF has no type."""
    nested = [
        dim for dim, index in array.indexes.items() if index.nlevels > 1 and dim in array.dims
    ]
    array = array.reset_index(nested)
    renamed = {name: _netcdf_name(name) for name in {*array.dims, *array.coords}}
    array = array.rename({name: new for name, new in renamed.items() if name != new})
    texts = {
        name: (coord.dims, _plain_labels(coord.to_index()))
        for name, coord in array.coords.items()
        if coord.ndim == 1 and not _has_netcdf_type(coord.dtype)
    }
    return array.assign_coords(texts)


def _netcdf_name(name: Any) -> str:
    name = label_name(str(name))
    return name if _NETCDF_NAME.fullmatch(name) else re.sub(r"\W+", "_", name).strip("_") or "label"


def _has_netcdf_type(dtype: Any) -> bool:
    return isinstance(dtype, np.dtype) and dtype.kind in "iufbUSMm"


def _plain_labels(index: pd.Index) -> np.ndarray[Any, Any]:
    """Labels as numbers or dates if numpy has a type for them, else as text."""
    inner: Any = getattr(index.dtype, "numpy_dtype", index.dtype)
    if _has_netcdf_type(inner) and (inner is index.dtype or not index.hasnans):
        return np.asarray(index.to_numpy(dtype=inner))
    return np.array([str(label) for label in index], dtype=object)


def to_xarray(result: Any) -> xr.Dataset:
    """Dataset of an estimate: arrays as variables, single facts as attributes."""
    names = ["estimate", "low", "high", "standard_error", "region_low", "region_high"]
    names += ["null", "pvalue", "n", "n_observed"]
    variables = {
        name: as_dataarray(getattr(result, name))
        for name in names
        if getattr(result, name, None) is not None
    }
    hidden = getattr(result, "hidden", None)
    if hidden is not None:
        for name in ("estimate", "low", "high"):
            variables[f"hidden_{name}"] = as_dataarray(getattr(hidden, name))
    variables["verdict"] = as_dataarray(over(result.verdict, lambda v: v.code, "U32"))
    if result.draws is not None:
        draws = result.draws
        if not isinstance(draws, xr.DataArray):
            dims = [*variables["estimate"].dims, "chain", "draw"]
            draws = xr.DataArray(draws, dims=dims)
        variables["draws"] = as_dataarray(draws)
    return xr.Dataset(variables, attrs=_attributes(result))


def _attributes(result: Any) -> dict[str, Any]:
    attributes = {
        "quantity": result.quantity,
        "unit": result.unit,
        "method": result.method,
        "interval_method": result.interval_method,
        "interval_kind": result.interval_kind,
        "ci_kind": result.interval_kind,
        "alternative": result.alternative,
        "notes": "\n".join(note.text for note in result.notes),
        "references": "\n".join(result.references),
        "countylines_version": version(),
    }
    if result.level is not None:
        attributes |= {"level": result.level, "ci_prob": result.level}
    fit = ("model", "log_likelihood", "deviance", "df", "aic", "bic", "aicc")
    found = {name: getattr(result, name, None) for name in fit}
    return attributes | {
        n: v for n, v in found.items() if isinstance(v, (int, float, str)) and v != ""
    }


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
    if isinstance(value, (np.datetime64, np.timedelta64)):
        return str(value)
    if isinstance(value, np.generic):
        return to_dict(value.item())
    if isinstance(value, float) and not math.isfinite(value):
        return None if math.isnan(value) else ("inf" if value > 0 else "-inf")
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    return str(value)


def identical(one: Any, other: Any) -> bool:
    """Whether two fields hold the same values and labels; nan equals nan."""
    if type(one) is not type(other):
        return False
    if isinstance(one, (pd.Series, pd.DataFrame)):
        names = [axis.names == same.names for axis, same in zip(one.axes, other.axes, strict=True)]
        return bool(one.equals(other)) and all(names)
    if isinstance(one, np.ndarray):
        if one.shape != other.shape or one.dtype != other.dtype:
            return False
        if one.dtype.kind == "f":
            return bool(np.array_equal(one, other, equal_nan=True))
        return bool(np.all(one == other))
    if hasattr(one, "identical"):
        return bool(one.identical(other))
    if isinstance(one, float):
        return one == other or (math.isnan(one) and math.isnan(other))
    return bool(one == other)


def lazy_pickle(result: Any) -> tuple[Any, ...]:
    """How a result that waits for dask is pickled: as dask sends its own work, by cloudpickle."""
    import cloudpickle

    values = {f.name: getattr(result, f.name) for f in dataclasses.fields(result)}
    return _restored, (type(result), cloudpickle.dumps(values))


def _restored(kind: type, content: bytes) -> Any:
    return kind(**pickle.loads(content))
