"""The series that a change point is looked for in: their values, exposures or totals, and times."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray

from countylines import _labels, _validate
from countylines._kernels import serial_dependence
from countylines.errors import InputError
from countylines.localisation import _series
from countylines.results import Note

FloatArray = NDArray[np.float64]

FEWEST = 3


@dataclass(frozen=True)
class Series:
    """One series without its missing values."""

    values: FloatArray  # counts, ranks less their mean, or standard units
    given: FloatArray
    weights: FloatArray  # exposure, or cases
    times: FloatArray


@dataclass(frozen=True)
class Given:
    """One or more series, and the way back to their labels."""

    inputs: _labels.Inputs
    dim: Any
    data: list[Series | None]  # None: fewer values than a change needs

    @property
    def several(self) -> bool:
        return len(np.shape(self.inputs.template)) > 1

    def labels(self) -> pd.Index:
        """A label for each series, in the order of `data`."""
        named = self.inputs.without_dim(np.arange(len(self.data)), self.dim)
        if isinstance(named, xr.DataArray):
            named = named.to_series()
        return named.index if isinstance(named, pd.Series) else pd.RangeIndex(len(self.data))

    def missing(self) -> list[Note]:
        values = self.inputs.flat[0]
        absent = int(np.isnan(values).sum())
        text = f"{absent} of {values.size} values are missing, left out."
        return [Note("missing-values", text)] if absent else []


def inputs(x: Any, total: Any, exposure: Any, time: Any, dim: Any, method: str) -> Given:
    for name, value, owner in (("total", total, "binomial"), ("exposure", exposure, "poisson")):
        if value is not None and method != owner:
            rule = f"left out unless method is {owner!r}"
            raise InputError(_validate.sentence(name, rule, "values"))
    if method == "binomial" and total is None:
        raise InputError(_validate.sentence("total", "given for method='binomial'", None))
    given = _series.series(x, time, dim)
    weight = total if method == "binomial" else exposure
    name = "total" if method == "binomial" else "exposure"
    aligned = _labels.align(**{"x": x, name: 1.0 if weight is None else weight})
    if aligned.is_lazy:
        raise InputError(_validate.sentence("x", "in memory", "an array that waits for dask"))
    if np.shape(aligned.template) != np.shape(given.inputs.template):
        shape, own = np.shape(aligned.template), np.shape(given.inputs.template)
        rule = f"as `x`, or broadcast to its shape {own}"
        raise InputError(_validate.sentence(name, rule, f"values that broadcast to {shape}"))
    values, weights = aligned.flat
    _series.check(values, aligned.where)
    there = ~np.isnan(values)
    if method in ("poisson", "binomial"):
        known, against = np.where(there, values, 0.0), np.where(there, weights, 1.0)
        _validate.counts("x", known, aligned.where)
        _validate.exposure(name, against, aligned.where)
        if method == "binomial":
            _validate.counts(name, against, aligned.where)
            _validate.not_above("x", known, "total", against, aligned.where)
    rows = zip(*aligned.rows(dim), strict=True)
    data = [_data(row, weight, given.times, method) for row, weight in rows]
    if data == [None] and len(np.shape(aligned.template)) == 1:
        got = f"{int(there.sum())}"
        raise InputError(_validate.sentence("x", f"of at least {FEWEST} values", got))
    return Given(aligned, dim, data)


def _data(values: FloatArray, weights: FloatArray, times: FloatArray, method: str) -> Series | None:
    there = ~np.isnan(values)
    if there.sum() < FEWEST:
        return None
    given, weights = values[there], weights[there]
    if method in ("poisson", "binomial"):
        standard = given
    elif method == "pettitt":
        standard = serial_dependence.average_ranks(given[None])[0] - (len(given) + 1.0) / 2.0
    else:
        centred = given - given.mean()
        spread = given.std(ddof=1 if method == "snht" else 0)
        constant = spread <= 1e-14 * np.abs(given).max()
        standard = np.zeros(len(given)) if constant else centred / spread
    return Series(standard, given, weights, times[there])
