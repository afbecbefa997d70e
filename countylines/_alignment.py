"""Labels of several arguments held against each other; nothing is reordered or dropped."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray

from countylines import _validate
from countylines._kinds import text
from countylines.errors import InputTypeError, LabelMismatchError

FloatArray = NDArray[np.float64]


def _values(value: Any) -> FloatArray:
    """Float64 values of a Series or DataFrame; missing values become nan and are caught later."""
    if isinstance(value, pd.DataFrame):
        columns = [_values(value.iloc[:, i]) for i in range(value.shape[1])]
        return np.column_stack(columns)
    return np.asarray(value.to_numpy(dtype=np.float64, na_value=math.nan))


def align_pandas(kind: str, ready: dict[str, Any]) -> tuple[Any, dict[str, FloatArray]]:
    """A template of the result, and the values of every argument in its shape or that of a part."""
    wanted: Any = pd.DataFrame if kind == "frame" else pd.Series
    first = next(n for n, v in ready.items() if isinstance(v, wanted))
    template = ready[first]
    arrays: dict[str, FloatArray] = {}
    for name, value in ready.items():
        if isinstance(value, wanted):
            _same_labels(first, template.index, name, value.index, "index")
            if kind == "frame":
                _same_labels(first, template.columns, name, value.columns, "columns")
            arrays[name] = _values(value)
        elif isinstance(value, pd.Series):
            arrays[name] = _series_in_frame(first, template, name, value)
        elif isinstance(value, float):
            arrays[name] = np.float64(value)  # type: ignore[assignment]
        else:
            if value.shape != template.shape:
                raise LabelMismatchError(
                    _validate.sentence(
                        name,
                        f"a single number or of the shape of `{first}`, {template.shape}",
                        f"an array of shape {value.shape}",
                        remedy=f"Give it the labels of `{first}`.",
                    )
                )
            arrays[name] = np.asarray(value, dtype=np.float64)
    return template, arrays


def _series_in_frame(first: str, frame: pd.DataFrame, name: str, series: pd.Series) -> FloatArray:
    """Place a Series beside a DataFrame: along the axis whose labels it carries."""
    down = series.index.equals(frame.index)
    across = series.index.equals(frame.columns)
    if down and across:
        raise LabelMismatchError(
            f"`{name}` fits both the index and the columns of `{first}`, so its place is not "
            f"clear. Pass a DataFrame of the same shape."
        )
    if across:
        return _values(series)[np.newaxis, :]
    _same_labels(first, frame.index, name, series.index, "index")
    return _values(series)[:, np.newaxis]


def _same_labels(first: str, wanted: pd.Index, name: str, given: pd.Index, axis: str) -> None:
    if given.equals(wanted):
        return
    if wanted.nlevels != given.nlevels:
        raise LabelMismatchError(
            f"`{name}` must have the {axis} of `{first}`, got {given.nlevels} levels against "
            f"{wanted.nlevels}. Use {name}.{_reorder(first, axis)} if that is what you mean."
        )
    missing, extra = wanted.difference(given, sort=False), given.difference(wanted, sort=False)
    if len(missing) == 0 and len(extra) == 0 and not (wanted.is_unique and given.is_unique):
        raise LabelMismatchError(
            f"`{name}` must have the {axis} of `{first}`, got the same labels repeated in another "
            "order or another number of times. Make the labels unique: those that repeat cannot "
            "be matched."
        )
    if len(missing) == 0 and len(extra) == 0:
        raise LabelMismatchError(
            f"`{name}` must have the {axis} of `{first}` in the same order, got the same labels in "
            f"another order. Use {name}.{_reorder(first, axis)} if that is what you mean."
        )
    raise LabelMismatchError(
        f"`{name}` must have the {axis} of `{first}`, got {len(given)} labels against "
        f"{len(wanted)}{_only(missing, f'only in `{first}`')}{_only(extra, f'only in `{name}`')}. "
        "Select the same labels in both; nothing is dropped silently."
    )


def _reorder(first: str, axis: str) -> str:
    if axis == "columns":
        return f"reindex(columns={first}.columns)"
    return f"reindex({first}.index)" if axis == "index" else f"reindex_like({first})"


def _only(labels: Any, words: str) -> str:
    if len(labels) == 0:
        return ""
    named = ", ".join(text(label) for label in list(labels)[:3])
    more = f" and {len(labels) - 3} more" if len(labels) > 3 else ""
    return f"; {words}: {named}{more}"


def align_dataarrays(ready: dict[str, Any]) -> tuple[xr.DataArray, list[xr.DataArray]]:
    """A template of the result, and the arguments as DataArrays that carry equal labels."""
    first = next(n for n, v in ready.items() if isinstance(v, xr.DataArray))
    arrays: list[xr.DataArray] = []
    seen: dict[Any, tuple[str, xr.DataArray]] = {}
    for name, value in ready.items():
        if isinstance(value, (pd.Series, pd.DataFrame)):
            raise InputTypeError(
                _validate.sentence(
                    name,
                    f"a DataArray like `{first}`, or a single number",
                    f"a pandas {type(value).__name__}",
                    remedy=f"Use {name}.to_xarray() (and rename its dimension if need be).",
                )
            )
        if isinstance(value, np.ndarray):
            raise InputTypeError(
                _validate.sentence(
                    name,
                    f"a DataArray like `{first}`, or a single number",
                    f"an array of shape {value.shape} without dimension names",
                    remedy=f"Wrap it: xarray.DataArray({name}, dims=...).",
                )
            )
        array = value if isinstance(value, xr.DataArray) else xr.DataArray(value)
        _same_coordinates(name, array, seen)
        arrays.append(array)
    return _template(arrays), arrays


def _template(arrays: Sequence[xr.DataArray]) -> xr.DataArray:
    """Dimensions and coordinates of the result, as xarray merges them; holds no values."""
    blank = [a.copy(data=np.broadcast_to(np.float64(0), a.shape)) for a in arrays]
    merged = xr.apply_ufunc(
        lambda *v: np.broadcast_to(np.float64(0), np.broadcast_shapes(*(a.shape for a in v))),
        *blank,
        join="exact",
        keep_attrs=False,
    )
    template: xr.DataArray = merged.rename(None)
    return template


def _same_coordinates(
    name: str, array: xr.DataArray, seen: dict[Any, tuple[str, xr.DataArray]]
) -> None:
    for label in set(array.coords) - set(array.indexes):
        first, template = seen.setdefault(("coordinate", label), (name, array))
        if not array.coords[label].equals(template.coords[label]):
            raise LabelMismatchError(
                f"`{name}` must have the coordinate {label!r} of `{first}`, got another one. "
                f"Select the same {label!r} in both, or drop it with .drop_vars({label!r})."
            )
    for dim in array.dims:
        first, template = seen.setdefault(dim, (name, array))
        if dim in array.indexes and dim not in template.indexes:
            seen[dim] = (name, array)  # the first one with labels is what others are held against
        if dim in array.indexes and dim in template.indexes:
            _same_labels(
                first, template.indexes[dim], name, array.indexes[dim], f"labels of {dim!r}"
            )
        elif array.sizes[dim] != template.sizes[dim]:
            raise LabelMismatchError(
                _validate.sentence(
                    name,
                    f"of length {template.sizes[dim]} along {dim!r} like `{first}`",
                    array.sizes[dim],
                )
            )
