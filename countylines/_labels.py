"""The door: labelled arguments in, a kernel on plain arrays, the same kind out.

Kinds, from low to high: a number, an ndarray, a Series, a DataFrame, a DataArray. The highest kind
given is the kind that comes back, with its labels. Labels that do not match raise; nothing is
reordered or dropped. Inside, every kernel sees equal-shaped one-dimensional float64 arrays.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray

from countylines import _validate
from countylines._alignment import align_dataarrays, align_pandas
from countylines._kinds import accept, kind_of, text
from countylines.errors import InputError, InputTypeError

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
        array = _read_only(values, self.template.shape)
        if self.kind == "series":
            return pd.Series(array, index=self.template.index.view(), copy=False)
        if self.kind == "frame":
            return pd.DataFrame(
                array,
                index=self.template.index.view(),
                columns=self.template.columns.view(),
                copy=False,
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
            return self._as_template(self.lazy[position].broadcast_like(self.template))
        values = self.flat[position]
        whole = bool(np.all(np.abs(values) < 2.0**53) and np.all(values == np.floor(values)))
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
        return {n: self._as_template(r) for n, r in zip(outputs, results, strict=True)}

    def _as_template(self, values: xr.DataArray) -> xr.DataArray:
        """Lazy values with the dimensions and coordinates that they would have in memory."""
        data = values.transpose(*self.template.dims).data
        coords = self.template.coords
        return xr.DataArray(data, coords=coords, dims=self.template.dims).rename(None)

    def reduce(
        self,
        kernel: Kernel,
        *,
        dim: Any,
        outputs: Sequence[str],
        check: Check | None = None,
        dtypes: Mapping[str, Any] | None = None,
    ) -> dict[str, Any]:
        """Run a kernel that takes rows of shape (n_rows, length) and returns one value a row.

        The kind drops a rank: Series -> number, DataFrame over its index -> Series; a DataArray
        stays one, if need be without dimensions. `dim` is a name for a DataArray and an axis number
        otherwise; it may be left out where there is only one dimension, or for the index.
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
            return self._reduce_lazily(kernel, dim, outputs, check, dict(dtypes or {}))
        if check is not None:
            check(*self.flat, self.where)
        axis, shape = self.axis(dim), np.shape(self.template)
        rows = [np.moveaxis(a.reshape(shape), axis, -1) for a in self.flat]
        kept = rows[0].shape[:-1]
        results = kernel(*(r.reshape(-1, shape[axis]) for r in rows))
        named = zip(outputs, results, strict=True)
        return {n: self._drop(_cast(r, (dtypes or {}).get(n)), axis, kept) for n, r in named}

    def rows(self, dim: Any) -> list[FloatArray]:
        """Every argument as rows along one dimension: shape (rows, length of the dimension)."""
        axis, shape = self.axis(dim), np.shape(self.template)
        whole = [np.moveaxis(a.reshape(shape), axis, -1) for a in self.flat]
        return [np.ascontiguousarray(a).reshape(-1, shape[axis]) for a in whole]

    def labels_along(self, dim: Any) -> pd.Index:
        """Labels of one dimension; numbers from 0 where it has none."""
        axis = self.axis(dim)
        if self.kind == "series":
            labels: pd.Index = self.template.index
        elif self.kind == "frame":
            labels = self.template.axes[axis]
        elif self.kind == "dataarray" and self.template.dims[axis] in self.template.indexes:
            labels = self.template.indexes[self.template.dims[axis]]
        else:
            labels = pd.RangeIndex(np.shape(self.template)[axis])
        return labels

    def without_dim(self, values: NDArray[Any], dim: Any) -> Any:
        """One value a row of `rows`, in the kind of the arguments less a rank."""
        axis, shape = self.axis(dim), np.shape(self.template)
        return self._drop(np.asarray(values), axis, shape[:axis] + shape[axis + 1 :])

    def with_dim(self, values: NDArray[Any], dim: Any) -> Any:
        """Values in the shape of `rows`, in the kind and with the labels of the arguments."""
        return self.back(self.flattened(values, dim))

    def flattened(self, values: NDArray[Any], dim: Any) -> NDArray[Any]:
        """Values in the shape of `rows`, in the order of `flat`."""
        axis, shape = self.axis(dim), np.shape(self.template)
        whole = values.reshape(*shape[:axis], *shape[axis + 1 :], shape[axis])
        return np.moveaxis(whole, -1, axis).ravel()

    def axis(self, dim: Any) -> int:
        """Position of the dimension that a reduction runs over."""
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
        whole = isinstance(dim, (int, np.integer)) and not isinstance(dim, bool)
        if whole and -len(shape) <= dim < len(shape):
            return int(dim) % len(shape)
        raise InputError(
            _validate.sentence("dim", f"an axis number below {len(shape)}", _validate.show(dim))
        )

    def _drop(self, values: NDArray[Any], axis: int, kept: tuple[int, ...]) -> Any:
        array = _read_only(values, kept)
        if self.kind == "dataarray":
            return self._without(axis, array)
        if not kept:
            return array.item()
        if self.kind == "frame":
            labels = self.template.columns if axis == 0 else self.template.index
            return pd.Series(array, index=labels, copy=False)
        return array

    def _without(self, axis: int, data: Any) -> xr.DataArray:
        """A DataArray with the coordinates that do not belong to one dimension."""
        gone = self.template.dims[axis]
        lost = [n for n, c in self.template.coords.items() if gone in c.dims]
        dims = [dim for dim in self.template.dims if dim != gone]
        coords = self.template.drop_vars(lost).coords
        return xr.DataArray(data, coords=coords, dims=dims).rename(None)

    def _reduce_lazily(
        self,
        kernel: Kernel,
        dim: Any,
        outputs: Sequence[str],
        check: Check | None,
        dtypes: dict[str, Any],
    ) -> dict[str, Any]:
        assert self.lazy is not None
        axis = self.axis(dim)
        name = self.template.dims[axis]
        full = [array.broadcast_like(self.template) for array in self.lazy]
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
            named = zip(outputs, kernel(*flat), strict=True)
            results = tuple(_cast(np.asarray(r), dtypes.get(n)).reshape(kept) for n, r in named)
            return results if len(results) > 1 else results[0]

        results = xr.apply_ufunc(
            block,
            *full,
            input_core_dims=[[name] for _ in full],
            output_core_dims=[[] for _ in outputs],
            join="exact",
            dask="parallelized",
            output_dtypes=[dtypes.get(output, np.float64) for output in outputs],
            keep_attrs=False,
        )
        if len(outputs) == 1:
            results = (results,)
        kept = [d for d in self.template.dims if d != name]
        return {
            n: self._without(axis, r.transpose(*kept).data)
            for n, r in zip(outputs, results, strict=True)
        }


def _read_only(values: NDArray[Any], shape: tuple[int, ...]) -> NDArray[Any]:
    array = np.ascontiguousarray(values)
    array.setflags(write=False)
    return array.reshape(shape)


def align(**arguments: Any) -> Inputs:
    """Bring the arguments of an elementwise estimator or a reduction to one kind."""
    ready = {name: accept(name, value) for name, value in arguments.items()}
    names = tuple(ready)
    kind = max((kind_of(v) for v in ready.values()), key=_ORDER.index)
    template: Any
    if kind == "dataarray":
        template, several = align_dataarrays(ready)
        if any(a.chunks is not None for a in several):
            return Inputs(kind, names, template, (), tuple(several), _numbers(ready))
        flat = tuple(
            np.array(a.broadcast_like(template).transpose(*template.dims), dtype=np.float64).ravel()
            for a in several
        )
        return Inputs(kind, names, template, flat, None, _numbers(ready))
    if kind in ("series", "frame"):
        template, arrays = align_pandas(kind, ready)
    else:
        arrays = {name: np.asarray(value, dtype=np.float64) for name, value in ready.items()}
        template = _align_plain(arrays) if kind == "array" else None
    shape = np.shape(template) if kind != "scalar" else (1,)
    flat = tuple(
        np.array(np.broadcast_to(arrays[n], shape), dtype=np.float64).ravel() for n in names
    )
    return Inputs(kind, names, template, flat, None, _numbers(ready))


def _align_plain(arrays: dict[str, FloatArray]) -> FloatArray:
    try:
        shape = np.broadcast_shapes(*(a.shape for a in arrays.values()))
    except ValueError:
        shapes = ", ".join(f"`{n}` {a.shape}" for n, a in arrays.items())
        raise InputError(
            f"The arguments must have shapes that broadcast together, got {shapes}. "
            "Pass arrays of equal length, or single numbers."
        ) from None
    return np.broadcast_to(np.float64(0), shape)


def _cast(values: NDArray[Any], dtype: Any) -> NDArray[Any]:
    return values if dtype is None else values.astype(dtype, copy=False)


def _numbers(ready: dict[str, Any]) -> dict[str, float]:
    return {name: value for name, value in ready.items() if isinstance(value, float)}
