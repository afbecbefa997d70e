"""Counts by area: reading them along one dimension, leaving areas out by name, giving back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray

from countylines import _labels, _left_out, _validate
from countylines.errors import InputError, InputTypeError
from countylines.results import Note, Verdict

FloatArray = NDArray[np.float64]

LEFT_OUT = Verdict(False, "no-data", ("The area was left out by name.",))


@dataclass(frozen=True)
class Areas:
    """Counts and sizes of the areas that are used, one problem a row."""

    inputs: _labels.Inputs
    dim: Any
    count: FloatArray
    size: FloatArray
    used: NDArray[np.bool_]
    names: tuple[str, ...]
    left_out: tuple[str, ...]

    @property
    def number(self) -> int:
        """How many areas are used."""
        return int(self.used.sum())

    def one_each(self, values: Any) -> Any:
        """One value a row, in the kind of the data less a rank."""
        return self.inputs.without_dim(np.asarray(values), self.dim)

    def by_area(self, values: NDArray[Any], fill: Any = np.nan) -> Any:
        """Values of the areas that are used, in the kind of the data, `fill` for the others."""
        whole = np.full((len(values), self.used.size), fill, dtype=values.dtype)
        whole[:, self.used] = values
        return self.inputs.with_dim(whole, self.dim)

    def notes(self, what: str) -> tuple[Note, ...]:
        """Who was left out."""
        if not self.left_out:
            return ()
        text = f"Left out of the {what} by name: {', '.join(self.left_out)}."
        return (Note("left-out", text),)


def read(dim: Any, leave_out: Sequence[Any], *, size: str, **data: Any) -> Areas:
    """Read `count` and a size (`exposure` or `total`) along the dimension of areas."""
    ready = {
        name: value.compute() if isinstance(value, xr.DataArray) else value
        for name, value in data.items()
    }
    inputs = _labels.align(**ready)
    if inputs.kind == "scalar":
        rule = "a series of counts, one an area"
        raise InputTypeError(_validate.sentence("count", rule, "a single number"))
    labels = inputs.labels_along(dim)
    used = ~_chosen(labels, leave_out)
    count, sizes = inputs.rows(dim)
    _check(inputs, dim, count, sizes, used, size)
    names = tuple(str(label) for label in labels)
    return Areas(
        inputs,
        dim,
        count[:, used],
        sizes[:, used],
        used,
        tuple(name for name, keep in zip(names, used, strict=True) if keep),
        tuple(name for name, keep in zip(names, used, strict=True) if not keep),
    )


def _chosen(labels: Any, leave_out: Sequence[Any]) -> NDArray[np.bool_]:
    """Which areas are named in `leave_out`."""
    named = _left_out.names_given(leave_out)
    if not named:
        return np.zeros(len(labels), dtype=bool)
    areas = pd.Series(0.0, index=labels)
    chosen: NDArray[np.bool_] = _left_out.marks(named, areas).to_numpy() > 0.0
    if chosen.all():
        rule = "fewer than all areas"
        raise InputError(_validate.sentence("leave_out", rule, f"all {len(labels)}"))
    return chosen


def _check(
    inputs: _labels.Inputs,
    dim: Any,
    count: FloatArray,
    sizes: FloatArray,
    used: NDArray[np.bool_],
    size: str,
) -> None:
    """Refuse what is not a count or a size, except where the area is left out."""

    def flat(values: FloatArray, harmless: float) -> FloatArray:
        return inputs.flattened(np.where(used, values, harmless), dim)

    _validate.counts("count", flat(count, 0.0), inputs.where)
    if size == "exposure":
        _validate.exposure(size, flat(sizes, 1.0), inputs.where)
        return
    totals = flat(sizes, 1.0)
    _validate.counts(size, totals, inputs.where)
    empty = totals == 0.0
    if empty.any():
        remedy = "Leave out the areas in which nothing was looked at, by `leave_out`."
        raise InputError(
            _validate.sentence(size, "above 0 in every area", "0", inputs.where(empty), remedy)
        )
    _validate.not_above("count", flat(count, 0.0), size, totals, inputs.where)
