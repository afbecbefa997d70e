"""What regressions over time have in common: cells, times, clusters and strata, checked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from countylines import _kinds, _labels, _validate
from countylines.errors import InputError, LabelMismatchError
from countylines.localisation import _series
from countylines.results import Note

FloatArray = NDArray[np.float64]
Codes = NDArray[np.intp]

SHARES = ("quasi-binomial", "binomial", "beta-binomial")
RATES = ("quasi-poisson", "poisson", "negative-binomial")
EITHER = ("gee",)
FAMILIES = (*SHARES, *RATES, *EITHER)


@dataclass(frozen=True)
class TrendData:
    """Cells of one or many series; a cell of size 0 is missing or empty and takes no part."""

    link: str
    inputs: _labels.Inputs
    dim: Any
    one: bool  # whether all cells make up one series
    y: FloatArray  # (series, cells)
    size: FloatArray
    times: FloatArray  # (cells,)
    cluster: Codes | None
    strata: Codes | None
    missing: int

    def back(self, values: FloatArray | NDArray[Any]) -> Any:
        """One value a series, in the kind of the arguments."""
        if self.one:
            value = values[0]
            return value.item() if isinstance(value, np.generic) else value
        return self.inputs.without_dim(np.asarray(values), self.dim)

    @property
    def n(self) -> NDArray[np.int64]:
        """Cases of shares, events of rates."""
        counted = self.size if self.link == "logit" else self.y
        total: NDArray[np.int64] = counted.sum(axis=1).astype(np.int64)
        return total

    def notes(self) -> list[Note]:
        """What is to be known of the cells."""
        found = []
        if self.missing:
            text = f"{self.missing} of {self.y.size} cells are missing; their times are kept."
            found.append(Note("missing-values", text))
        if len(np.unique(self.times)) == 2:
            text = (
                "There are two times: this is a change between them, not a trend. With one cell at "
                "each time nothing tells chance from over-dispersion."
            )
            found.append(Note("change-not-trend", text))
        return found


def trend_data(
    count: Any,
    total: Any,
    exposure: Any,
    time: Any,
    cluster: Any,
    strata: Any,
    dim: Any,
    family: str,
) -> TrendData:
    """Check and arrange everything that a regression over time is given."""
    _validate.option("family", family, FAMILIES)
    link = _link(total, exposure, family)
    given = {"count": count}
    if total is not None:
        given["total"] = total
    if exposure is not None:
        given["exposure"] = exposure
    inputs = _labels.align(**given)
    if inputs.is_lazy:
        raise InputError(
            _validate.sentence(
                "count", "in memory", "an array that waits for dask", remedy="Use count.compute()."
            )
        )
    if inputs.kind == "scalar":
        inputs.reduce(_nothing, dim=dim, outputs=["none"])
    known = np.all([np.isfinite(v) | np.isinf(v) for v in inputs.flat], axis=0)
    y = np.where(known, inputs.flat[0], 0.0)
    size = np.where(known, inputs.flat[1] if len(inputs.flat) > 1 else 1.0, 1.0)
    _check(link, y, size, exposure, inputs)
    size = np.where(known, size, 0.0)
    shape = np.shape(inputs.template)
    crossed = [v for v in (cluster, strata) if v is not None and np.ndim(v) == 0]
    if crossed and len(shape) == 2:
        dim = _other(inputs, crossed, dim)
    axis = inputs.axis(dim)
    times = _times(time, inputs, axis)
    one = len(shape) == 1 or bool(crossed)
    rows = [np.moveaxis(v.reshape(shape), axis, -1) for v in (y, size)]
    rows = [np.ascontiguousarray(v).reshape(-1, shape[axis]) for v in rows]
    groups: list[Codes | None]
    if crossed:
        copies = len(rows[0])
        column = np.repeat(np.arange(copies), shape[axis])
        groups = [None if v is None else column for v in (cluster, strata)]
        rows = [v.reshape(1, -1) for v in rows]
        times = np.tile(times, copies)
    else:
        groups = [
            _codes(name, value, inputs, axis)
            for name, value in (("cluster", cluster), ("strata", strata))
        ]
        if any(g is not None for g in groups) and not one:
            name = "cluster" if groups[0] is not None else "strata"
            raise InputError(
                _validate.sentence(
                    name,
                    "the name of the other dimension for counts of two dimensions",
                    "labels",
                    remedy="Labels go with one row a cell.",
                )
            )
    missing = int((~known).sum())
    return TrendData(link, inputs, dim, one, rows[0], rows[1], times, groups[0], groups[1], missing)


def _nothing(rows: FloatArray) -> tuple[FloatArray, ...]:
    return (rows[:, 0],)


def _link(total: Any, exposure: Any, family: str) -> str:
    if total is not None and exposure is not None:
        raise InputError(
            _validate.sentence(
                "exposure",
                "None where `total` is given",
                "both",
                remedy="Totals make shares, exposures make rates.",
            )
        )
    if family in SHARES and total is None:
        raise InputError(
            _validate.sentence(
                "total",
                f"given for family={family!r}",
                "nothing",
                remedy="For counts or rates use family='quasi-poisson'.",
            )
        )
    if family in RATES and total is not None:
        raise InputError(
            _validate.sentence(
                "total",
                f"None for family={family!r}",
                "totals",
                remedy="Use exposure= for rates, or family='quasi-binomial' for shares.",
            )
        )
    return "logit" if total is not None else "log"


def _check(
    link: str, y: FloatArray, size: FloatArray, exposure: Any, inputs: _labels.Inputs
) -> None:
    _validate.counts("count", y, inputs.where)
    if link == "logit":
        _validate.counts("total", size, inputs.where)
        _validate.not_above("count", y, "total", size, inputs.where)
    elif exposure is not None:
        _validate.exposure("exposure", size, inputs.where)


def _other(inputs: _labels.Inputs, crossed: list[Any], dim: Any) -> Any:
    """The dimension of the times, where clusters or strata are the other one."""
    axes = {inputs.axis(v) for v in crossed}
    if len(axes) > 1:
        raise InputError(
            _validate.sentence("strata", "the same dimension as `cluster`", "the other one")
        )
    axis = 1 - axes.pop()
    if dim is not None and inputs.axis(dim) != axis:
        raise InputError(
            _validate.sentence("dim", "the dimension of the times", "that of the clusters")
        )
    if inputs.kind == "dataarray":
        return inputs.template.dims[axis]
    return ("index", "columns")[axis] if inputs.kind == "frame" else axis


def _times(time: Any, inputs: _labels.Inputs, axis: int) -> FloatArray:
    length = int(np.shape(inputs.template)[axis])
    if time is None:
        times = np.arange(length, dtype=np.float64)
    else:
        given = _kinds.accept("time", time)
        _series.same_labels("time", given, inputs, axis, "count")
        times = np.asarray(given, dtype=np.float64)
        if times.shape != (length,):
            raise LabelMismatchError(
                _validate.sentence(
                    "time", f"one number for each of the {length} cells", f"shape {times.shape}"
                )
            )
        _validate.finite("time", times)
    if len(times) < 2 or np.ptp(times) == 0.0:
        got = "one" if len(times) < 2 else "equal ones"
        raise InputError(_validate.sentence("time", "of at least two different values", got))
    return times


def _codes(name: str, given: Any, inputs: _labels.Inputs, axis: int) -> Codes | None:
    """Number of the cluster or stratum of each cell."""
    if given is None:
        return None
    length = int(np.shape(inputs.template)[axis])
    if np.shape(given) != (length,):
        raise LabelMismatchError(
            _validate.sentence(
                name, f"one label for each of the {length} cells", f"shape {np.shape(given)}"
            )
        )
    if isinstance(given, pd.Series):
        _series.same_labels(name, given, inputs, axis, "count")
    codes, _ = pd.factorize(np.asarray(given))
    if (codes < 0).any():
        raise InputError(
            _validate.sentence(
                name, "a label for every cell", f"{int((codes < 0).sum())} missing ones"
            )
        )
    return np.asarray(codes, dtype=np.intp)
