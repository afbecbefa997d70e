"""What may come through the door: numbers, arrays, Series, DataFrames, DataArrays; nothing else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from countylines import _validate
from countylines.errors import InputTypeError

KINDS = "numbers, an array, a Series, a DataFrame or a DataArray"


def kind_of(value: Any) -> str:
    """The kind of an accepted argument."""
    if isinstance(value, xr.DataArray):
        return "dataarray"
    if isinstance(value, pd.DataFrame):
        return "frame"
    if isinstance(value, pd.Series):
        return "series"
    return "scalar" if isinstance(value, float) else "array"


def accept(name: str, value: Any) -> Any:
    """Turn one argument into a float, a float64 array, Series, DataFrame or DataArray."""
    if isinstance(value, xr.DataArray):
        _validate.numeric_dtype(name, value.dtype)
        _validate.not_empty(name, value.size)
        return value.astype(np.float64)
    if isinstance(value, pd.Series):
        _validate.numeric_dtype(name, _plain_dtype(value.dtype))
        _validate.not_empty(name, value.size)
        return value
    if isinstance(value, pd.DataFrame):
        for column, dtype in zip(value.columns, value.dtypes, strict=True):
            _validate.numeric_dtype(f"{name}[{text(column)}]", _plain_dtype(dtype))
        _validate.not_empty(name, value.size)
        return value
    if isinstance(value, (xr.Dataset, Mapping)):
        raise InputTypeError(
            _validate.sentence(
                name,
                KINDS,
                f"a {type(value).__name__}",
                remedy="Choose one variable of a Dataset; turn a mapping into a Series.",
            )
        )
    if isinstance(value, xr.Variable):
        raise InputTypeError(
            _validate.sentence(
                name, KINDS, "an xarray Variable", remedy="Wrap it with xarray.DataArray(...)."
            )
        )
    if hasattr(value, "__dask_graph__"):
        raise InputTypeError(
            _validate.sentence(
                name,
                KINDS,
                f"a dask {type(value).__name__}",
                remedy="Wrap it with xarray.DataArray(...): dask-backed DataArrays stay lazy.",
            )
        )
    if isinstance(value, np.ma.MaskedArray):
        raise InputTypeError(
            _validate.sentence(
                name,
                "an array without a mask",
                "a masked array",
                remedy="Use .compressed() or .filled(...): masked values are not dropped silently.",
            )
        )
    if hasattr(value, "to_pandas"):
        return accept(name, value.to_pandas())
    return _accept_plain(name, value)


def _accept_plain(name: str, value: Any) -> Any:
    if value is None or isinstance(value, (str, bytes)):
        raise InputTypeError(_validate.sentence(name, KINDS, _validate.show(value)))
    if isinstance(value, (list, tuple)) and _holds_bool(value):
        _validate.numeric_dtype(name, np.dtype(bool))  # numpy would turn [True, 2] into [1, 2]
    if isinstance(value, int) and abs(value) > _validate.LARGEST_COUNT:
        value = _validate.as_float(value)
    try:
        array = np.asarray(value)
    except ValueError:
        raise InputTypeError(
            _validate.sentence(name, KINDS, "rows of unequal length", remedy="Pad or split them.")
        ) from None
    if array.dtype.kind == "O" and array.ndim == 0:
        raise InputTypeError(
            _validate.sentence(
                name, KINDS, f"{_validate.show(value)} of type {type(value).__name__}"
            )
        )
    if array.size == 0:
        _validate.not_empty(name, 0)
    _validate.numeric_dtype(name, array.dtype)
    return float(array) if array.ndim == 0 else array


def _holds_bool(values: Sequence[Any]) -> bool:
    return any(
        _holds_bool(item) if isinstance(item, (list, tuple)) else isinstance(item, (bool, np.bool_))
        for item in values
    )


def _plain_dtype(dtype: Any) -> Any:
    """The numpy dtype behind a nullable pandas dtype (Int64, Float64, boolean)."""
    if isinstance(dtype, np.dtype):
        return dtype
    inner = getattr(dtype, "numpy_dtype", None)
    if isinstance(inner, np.dtype) and inner.kind in "iufb":
        return inner
    return dtype


def text(label: object) -> str:
    """Show one label, without the names of the types that hold it."""
    if isinstance(label, np.datetime64):
        label = pd.Timestamp(label)
    if isinstance(label, tuple):
        return f"({', '.join(text(part) for part in label)})"
    if isinstance(label, (date, timedelta, np.timedelta64, pd.Period, pd.Interval)):
        return str(label)
    return _validate.show(label.item() if isinstance(label, np.generic) else label)
