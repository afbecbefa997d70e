"""The door: labelled arguments in, a kernel on plain arrays, the same kind out.

Kinds, from low to high: a number, an ndarray, a Series, a DataFrame, a DataArray. The highest kind
given is the kind that comes back, with its labels. Labels that do not match raise; nothing is
reordered or dropped. Inside, every kernel sees equal-shaped one-dimensional float64 arrays.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray

from countylines import _validate
from countylines._kinds import accept, kind_of, text
from countylines.errors import InputError, InputTypeError, LabelMismatchError

FloatArray = NDArray[np.float64]
Kernel = Callable[..., tuple[NDArray[Any], ...]]
Check = Callable[..., None]

_ORDER = ("scalar", "array", "series", "frame", "dataarray")


@dataclass(frozen=True)
class Inputs:
    """Aligned arguments of one kind, and the way back to that kind."""

    kind: str
    names: tuple[str, ...]
    template: Any
    flat: tuple[FloatArray, ...]
    lazy: tuple[xr.DataArray, ...] | None
    numbers: dict[str, float]

    @property
    def is_lazy(self) -> bool:
        """Whether any argument is backed by dask; then no value is looked at here."""
        return self.lazy is not None

    def where(self, mask: NDArray[np.bool_]) -> str:
        """Name the first three offenders of a mask over the flat values, and how many there are."""
        hits = np.flatnonzero(mask)
        if self.kind == "scalar":
            return ""
        named = ", ".join(self._label(int(i)) for i in hits[:3])
        several = "" if hits.size == 1 else f"; {hits.size} of {mask.size} values"
        return f" at {named}{several}"

    def _label(self, position: int) -> str:
        if self.kind == "series":
            return text(self.template.index[position])
        shape = np.shape(self.template)
        place = np.unravel_index(position, shape)
        if self.kind == "frame":
            row, column = place
            return f"({text(self.template.index[row])}, {text(self.template.columns[column])})"
        if self.kind == "dataarray":
            parts = []
            for dim, i in zip(self.template.dims, place, strict=True):
                has_labels = dim in self.template.coords
                label = self.template.coords[dim].values[i] if has_labels else int(i)
                parts.append(f"{dim}={text(label)}")
            return "(" + ", ".join(parts) + ")"
        return "position " + (
            str(int(place[0])) if len(place) == 1 else str(tuple(map(int, place)))
        )

    def back(self, values: NDArray[Any]) -> Any:
        """Give flat values the kind and the labels of the arguments."""
        if self.kind == "scalar":
            value = values[0]
            return value.item() if isinstance(value, np.generic) else value
        array = np.ascontiguousarray(values).reshape(np.shape(self.template))
        array.setflags(write=False)
        if self.kind == "series":
            return pd.Series(array, index=self.template.index, copy=False)
        if self.kind == "frame":
            return pd.DataFrame(
                array, index=self.template.index, columns=self.template.columns, copy=False
            )
        if self.kind == "dataarray":
            return xr.DataArray(array, coords=self.template.coords, dims=self.template.dims)
        return array

    def given(self, name: str) -> Any:
        """One argument as it was given: a float, or labelled values in the common kind."""
        return self.numbers[name] if name in self.numbers else self.labelled(name)

    def labelled(self, name: str) -> Any:
        """One argument, broadcast to the common shape, in the common kind."""
        position = self.names.index(name)
        if self.lazy is not None:
            return xr.broadcast(*self.lazy)[position]
        values = self.flat[position]
        whole = bool(np.all(np.isfinite(values)) and np.all(values == np.floor(values)))
        return self.back(values.astype(np.int64) if whole else values.copy())

    def apply(
        self,
        kernel: Kernel,
        *,
        outputs: Sequence[str],
        check: Check | None = None,
        dtypes: Mapping[str, Any] | None = None,
    ) -> dict[str, Any]:
        """Run an elementwise kernel and return its outputs by name, in the kind of the arguments.

        `check(*flat, where)` raises for bad values; on dask-backed arguments it runs inside each
        block, where labels are not known.
        """
        if self.lazy is None:
            if check is not None:
                check(*self.flat, self.where)
            results = kernel(*self.flat)
            named = zip(outputs, results, strict=True)
            return {n: self.back(_cast(r, (dtypes or {}).get(n))) for n, r in named}

        def block(*arrays: Any) -> Any:
            full = np.broadcast_arrays(*(np.asarray(a, dtype=np.float64) for a in arrays))
            shape = full[0].shape
            flat = [np.ascontiguousarray(a).ravel() for a in full]
            if check is not None and flat[0].size:
                check(*flat, _validate.nowhere)
            named = zip(outputs, kernel(*flat), strict=True)
            results = tuple(_cast(np.asarray(r), kinds.get(n)).reshape(shape) for n, r in named)
            return results if len(results) > 1 else results[0]

        kinds = dict(dtypes or {})
        results = xr.apply_ufunc(
            block,
            *self.lazy,
            output_core_dims=[[] for _ in outputs],
            join="exact",
            dask="parallelized",
            output_dtypes=[kinds.get(name, np.float64) for name in outputs],
            keep_attrs=False,
        )
        if len(outputs) == 1:
            results = (results,)
        return dict(zip(outputs, results, strict=True))

    def reduce(
        self,
        kernel: Kernel,
        *,
        dim: Any,
        outputs: Sequence[str],
        check: Check | None = None,
    ) -> dict[str, Any]:
        """Run a kernel that takes rows of shape (n_rows, length) and returns one value a row.

        The kind drops a rank: Series -> number, DataFrame over its index -> Series. `dim` is a name
        for a DataArray and an axis number otherwise; it may be left out where there is only one.
        """
        if self.kind == "scalar":
            raise InputTypeError(
                _validate.sentence(
                    self.names[0],
                    "a series of values, with at least one dimension",
                    "a single number",
                )
            )
        if self.lazy is not None:
            return self._reduce_lazily(kernel, dim, outputs, check)
        if check is not None:
            check(*self.flat, self.where)
        axis = self._axis(dim)
        shape = np.shape(self.template)
        rows = [np.moveaxis(a.reshape(shape), axis, -1) for a in self.flat]
        kept = rows[0].shape[:-1]
        results = kernel(*(r.reshape(-1, shape[axis]) for r in rows))
        return {n: self._drop(r, axis, kept) for n, r in zip(outputs, results, strict=True)}

    def _axis(self, dim: Any) -> int:
        shape = np.shape(self.template)
        if self.kind == "dataarray":
            dims = [str(d) for d in self.template.dims]
            if dim is None and len(dims) == 1:
                return 0
            if dim is None or dim not in self.template.dims:
                raise InputError(_validate.sentence("dim", f"one of {dims}", _validate.show(dim)))
            return int(self.template.get_axis_num(dim))
        if dim is None and (len(shape) == 1 or self.kind == "frame"):
            return 0
        if self.kind == "frame" and dim in ("index", "columns"):
            return 0 if dim == "index" else 1
        if isinstance(dim, (int, np.integer)) and not isinstance(dim, bool):
            if -len(shape) <= dim < len(shape):
                return int(dim) % len(shape)
        raise InputError(
            _validate.sentence("dim", f"an axis number below {len(shape)}", _validate.show(dim))
        )

    def _drop(self, values: NDArray[Any], axis: int, kept: tuple[int, ...]) -> Any:
        array = np.ascontiguousarray(values).reshape(kept)
        array.setflags(write=False)
        if not kept:
            return array.item()
        if self.kind == "frame":
            labels = self.template.columns if axis == 0 else self.template.index
            return pd.Series(array, index=labels, copy=False)
        if self.kind == "dataarray":
            gone = self.template.dims[axis]
            return self.template.isel({gone: 0}, drop=True).copy(data=array)
        return array

    def _reduce_lazily(
        self, kernel: Kernel, dim: Any, outputs: Sequence[str], check: Check | None
    ) -> dict[str, Any]:
        assert self.lazy is not None
        full = xr.broadcast(*self.lazy)
        name = full[0].dims[self._axis_of(full[0], dim)]
        for argument, array in zip(self.names, full, strict=True):
            chunks = array.chunksizes.get(name, (1,))
            if len(chunks) > 1:
                raise InputError(
                    _validate.sentence(
                        argument,
                        f"in one chunk along {name!r}",
                        f"{len(chunks)} chunks",
                        remedy=f"Use .chunk({{{name!r}: -1}}).",
                    )
                )

        def block(*arrays: Any) -> Any:
            rows = [np.asarray(a, dtype=np.float64) for a in arrays]
            kept = rows[0].shape[:-1]
            flat = [r.reshape(-1, r.shape[-1]) for r in rows]
            if check is not None and flat[0].size:
                check(*(r.ravel() for r in flat), _validate.nowhere)
            results = tuple(np.asarray(r).reshape(kept) for r in kernel(*flat))
            return results if len(results) > 1 else results[0]

        results = xr.apply_ufunc(
            block,
            *full,
            input_core_dims=[[name] for _ in full],
            output_core_dims=[[] for _ in outputs],
            join="exact",
            dask="parallelized",
            output_dtypes=[np.float64 for _ in outputs],
            keep_attrs=False,
        )
        if len(outputs) == 1:
            results = (results,)
        return dict(zip(outputs, results, strict=True))

    @staticmethod
    def _axis_of(array: xr.DataArray, dim: Any) -> int:
        dims = list(array.dims)
        if dim is None and len(dims) == 1:
            return 0
        if dim not in dims:
            raise InputError(_validate.sentence("dim", f"one of {dims}", _validate.show(dim)))
        return dims.index(dim)


def align(**arguments: Any) -> Inputs:
    """Bring the arguments of an elementwise estimator or a reduction to one kind."""
    ready = {name: accept(name, value) for name, value in arguments.items()}
    names = tuple(ready)
    kind = max((kind_of(v) for v in ready.values()), key=_ORDER.index)
    if kind == "dataarray":
        return _align_dataarrays(names, ready)
    if kind in ("series", "frame"):
        template, arrays = _align_pandas(kind, ready)
    else:
        arrays = {name: np.asarray(value, dtype=np.float64) for name, value in ready.items()}
        try:
            shape = np.broadcast_shapes(*(a.shape for a in arrays.values()))
        except ValueError:
            shapes = ", ".join(f"`{n}` {a.shape}" for n, a in arrays.items())
            raise InputError(
                f"The arguments must have shapes that broadcast together, got {shapes}. "
                "Pass arrays of equal length, or single numbers."
            ) from None
        template = np.empty(shape) if kind == "array" else None
    shape = np.shape(template) if kind != "scalar" else (1,)
    flat = tuple(
        np.array(np.broadcast_to(arrays[n], shape), dtype=np.float64).ravel() for n in names
    )
    return Inputs(kind, names, template, flat, None, _numbers(ready))


def _cast(values: NDArray[Any], dtype: Any) -> NDArray[Any]:
    return values if dtype is None else values.astype(dtype, copy=False)


def _numbers(ready: dict[str, Any]) -> dict[str, float]:
    return {name: value for name, value in ready.items() if isinstance(value, float)}


def _values(value: Any) -> FloatArray:
    """Float64 values of a Series or DataFrame; missing values become nan and are caught later."""
    if isinstance(value, pd.DataFrame):
        columns = [_values(value.iloc[:, i]) for i in range(value.shape[1])]
        return np.column_stack(columns)
    return np.asarray(value.to_numpy(dtype=np.float64, na_value=math.nan))


def _align_pandas(kind: str, ready: dict[str, Any]) -> tuple[Any, dict[str, FloatArray]]:
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
    missing, extra = wanted.difference(given, sort=False), given.difference(wanted, sort=False)
    if len(missing) == 0 and len(extra) == 0 and len(given) == len(wanted):
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


def _align_dataarrays(names: tuple[str, ...], ready: dict[str, Any]) -> Inputs:
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
    if any(a.chunks is not None for a in arrays):
        return Inputs("dataarray", names, None, (), tuple(arrays), _numbers(ready))
    full = xr.broadcast(*arrays)
    flat = tuple(np.array(a.values, dtype=np.float64).ravel() for a in full)
    return Inputs("dataarray", names, full[0], flat, None, _numbers(ready))


def _same_coordinates(
    name: str, array: xr.DataArray, seen: dict[Any, tuple[str, xr.DataArray]]
) -> None:
    for dim in array.dims:
        first, template = seen.setdefault(dim, (name, array))
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
