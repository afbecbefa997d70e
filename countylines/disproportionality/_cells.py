"""Shares of a group in many cells (regions, or regions by role), each against its own benchmark.

What the questions on "all" and "at least k" cells share: which cells are asked about together, and
one-sided limits and p-values of the ratio in each, from counts or from clusters.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from countylines import _frames, _labels, _shares, _validate
from countylines import benchmark as _benchmark
from countylines._kernels import binomial, share_ratio
from countylines.disproportionality import _clusters
from countylines.errors import InputError
from countylines.results import Note

FloatArray = NDArray[np.float64]

ALIASES = {"exact": "clopper-pearson"}
METHODS = ("exact", *_shares.RISING)
"""Those whose p-value falls, and whose limits rise, with the count."""


@dataclass(frozen=True)
class Cells:
    """Cells in sets that are asked about together: every array has the shape (sets, cells).

    `limit(tail, side)` gives one-sided limits of the ratios and `pvalue(ratio, side)` p-values;
    side 1 is the lower limit, and the test against larger ratios. `worth` is how many
    people count as one. `back` gives one value a set the kind and labels
    of the data; `order` holds the positions of the cells in the flattened data; `sampled` says
    whether the benchmarks come from samples.
    """

    count: FloatArray
    total: FloatArray
    worth: FloatArray
    benchmark: FloatArray
    limit: Callable[[float, int], FloatArray]
    pvalue: Callable[[float, int], FloatArray]
    back: Callable[[NDArray[Any]], Any]
    labels: pd.Index
    order: NDArray[np.intp]
    notes: tuple[Note, ...]
    sampled: bool

    @property
    def ratio(self) -> FloatArray:
        """Observed ratios; nan where nobody was recorded."""
        with np.errstate(invalid="ignore"):
            ratio: FloatArray = self.count / self.total / self.benchmark
        return ratio

    @property
    def number(self) -> int:
        """How many cells a set has."""
        return int(self.count.shape[1])

    def column(self, values: NDArray[Any]) -> NDArray[Any]:
        """Values of the shape of the cells, in the order of the data."""
        flat = np.empty(values.size, dtype=values.dtype)
        flat[self.order.ravel()] = values.ravel()
        return flat

    def names(self, chosen: NDArray[np.bool_]) -> list[str]:
        """Labels of the chosen cells of the first set."""
        places = self.order[0][chosen]
        return [
            ", ".join(map(str, label)) if isinstance(label, tuple) else str(label)
            for label in self.labels[places]
        ]


def method_name(value: object) -> str:
    """The method of the shares that is meant."""
    chosen = _validate.option("method", value, METHODS)
    return ALIASES.get(chosen, chosen)


def read(
    count: Any,
    total: Any,
    benchmark: Any,
    *,
    dim: Any,
    method: str,
    level: float,
    benchmark_n: Any,
    design_effect: Any,
    by: Any,
    cluster: Any,
) -> Cells:
    """Check and align the data."""
    named = _benchmark.note(benchmark)
    benchmark, benchmark_n = _benchmark.unpacked(benchmark, benchmark_n)
    given = {"count": count, "total": total, "benchmark": benchmark}
    extras = {"benchmark_n": benchmark_n, "design_effect": design_effect}
    given |= {name: value for name, value in extras.items() if value is not None}
    notes: tuple[Note, ...] = ()
    if by is not None:
        if dim is not None:
            raise InputError(_validate.sentence("dim", "left out with `by`", "both"))
        if cluster is not None and design_effect is not None:
            rule = "left out with `cluster`, which shows the design effect"
            raise InputError(_validate.sentence("design_effect", rule, "both"))
        cells, notes = _clusters.by_cell(count, total, benchmark, benchmark_n, by, cluster)
        given |= cells
    elif cluster is not None:
        rule = "given with `by`, which says to which cell each row belongs"
        raise InputError(_validate.sentence("cluster", rule, "without it"))
    return _from_counts(given, dim, method, level, (*notes, named))


def check_ratio(cells: Cells, name: str, ratio: float) -> None:
    """Refuse a ratio that no share can have against some known benchmark."""
    if cells.sampled:
        return
    largest = 1.0 / cells.benchmark.max()
    if ratio > largest:
        raise InputError(
            _validate.sentence(
                name,
                f"at most one over the largest benchmark, {largest:.4g}",
                _validate.show(ratio),
                remedy="No ratio can be larger there.",
            )
        )


def sets(inputs: _labels.Inputs, dim: Any) -> tuple[NDArray[np.intp], Callable[..., Any]]:
    """Positions of the cells of each set, and the way back from a value a set."""
    if inputs.kind == "scalar":
        return np.zeros((1, 1), dtype=np.intp), lambda values: values.ravel().tolist()[0]
    shape = np.shape(inputs.template)
    if dim is None:
        axes = list(range(len(shape)))
    else:
        axes = [inputs.axis(d) for d in (dim if isinstance(dim, (list, tuple)) else [dim])]
    if len(set(axes)) < max(len(axes), 1):
        rule = "different dimensions, at least one"
        raise InputError(_validate.sentence("dim", rule, _validate.show(dim)))
    kept = [axis for axis in range(len(shape)) if axis not in axes]
    order = np.arange(int(np.prod(shape))).reshape(shape).transpose(*kept, *axes)
    kept_shape = tuple(shape[axis] for axis in kept)

    def back(values: NDArray[Any]) -> Any:
        array = np.ascontiguousarray(values).reshape(kept_shape)
        if inputs.kind == "dataarray":
            first = {inputs.template.dims[axis]: 0 for axis in axes}
            return inputs.template.isel(first, drop=True).copy(data=array).rename(None)
        if not kept:
            return array.item()
        if inputs.kind == "frame":
            return pd.Series(array, index=inputs.template.axes[kept[0]])
        return array

    return order.reshape(int(np.prod(kept_shape, dtype=np.intp)), -1), back


def _from_counts(
    given: dict[str, Any], dim: Any, method: str, level: float, said: tuple[Note, ...]
) -> Cells:
    inputs = in_memory(_labels.align(**given))
    flat = dict(zip(inputs.names, inputs.flat, strict=True))
    _validate.not_empty("count", flat["count"].size)
    _shares.check_share(flat["count"], flat["total"], inputs.where)
    _validate.share("benchmark", flat["benchmark"], inputs.where)
    for name in ("benchmark_n", "design_effect"):
        if name in flat:
            _validate.exposure(name, flat[name], inputs.where)
    order, back = sets(inputs, dim)
    effect = flat.get("design_effect", np.ones(1))
    x, n, q = flat["count"] / effect, flat["total"] / effect, flat["benchmark"]
    notes = _shares.share_notes(x, n, method=method, level=level, alternative="greater")
    if "design_effect" in flat:
        text = "Counts and totals are divided by the design effect, as those of so many people."
        notes += (Note("design-effect", text),)
    chosen = _known(x, n, q, method)
    if "benchmark_n" in flat:
        chosen = _uncertain(x, n, q, flat["benchmark_n"], method)
        text = "The benchmarks are estimated: limits of both shares are combined by MOVER-R."
        notes += (Note("uncertain-benchmark", text),)
    limit, pvalue = chosen
    return Cells(
        count=flat["count"][order],
        total=flat["total"][order],
        worth=np.broadcast_to(effect, n.shape)[order],
        benchmark=q[order],
        limit=lambda tail, side: limit(tail, side)[order],
        pvalue=lambda ratio, side: pvalue(ratio, side)[order],
        back=back,
        labels=_index(inputs),
        order=order,
        notes=(*notes, *said),
        sampled="benchmark_n" in flat,
    )


def in_memory(inputs: _labels.Inputs) -> _labels.Inputs:
    """Refuse values that wait for dask."""
    if inputs.is_lazy:
        rule, got = "in memory", "values that wait for dask"
        raise InputError(
            _validate.sentence(inputs.names[0], rule, got, remedy="Use .compute() first.")
        )
    return inputs


def _index(inputs: _labels.Inputs) -> pd.Index:
    """One label a cell, in the order of the flattened data."""
    frame, _ = _frames.long(inputs.back(np.zeros(inputs.flat[0].size)))
    if inputs.kind == "scalar":
        return pd.RangeIndex(1)
    labels: pd.Index = pd.MultiIndex.from_frame(frame)
    return pd.Index(frame.iloc[:, 0]) if frame.shape[1] == 1 else labels


Solvers = tuple[Callable[[float, int], FloatArray], Callable[[float, int], FloatArray]]


def _side(side: int) -> str:
    return "greater" if side > 0 else "less"


def _known(x: FloatArray, n: FloatArray, q: FloatArray, method: str) -> Solvers:
    """Limits and p-values against benchmarks taken as known."""

    def limit(tail: float, side: int) -> FloatArray:
        area = np.full(x.shape, tail)
        share = binomial.one_sided_limit(x, n, tail=area, side=_side(side), method=method)
        return share / q

    def pvalue(ratio: float, side: int) -> FloatArray:
        null = np.minimum(ratio * q, 1.0)
        return binomial.METHODS[method].pvalue(x, n, null=null, alternative=_side(side))

    return limit, pvalue


def _uncertain(
    x: FloatArray, n: FloatArray, q: FloatArray, size: FloatArray, method: str
) -> Solvers:
    """The same against benchmarks that come from samples of `size`."""

    def limit(tail: float, side: int) -> FloatArray:
        word = _side(side)
        ends = share_ratio.limits(x, n, q, size, level=1.0 - tail, alternative=word, method=method)
        return ends[0 if side > 0 else 1]

    def pvalue(ratio: float, side: int) -> FloatArray:
        null = np.full(x.shape, ratio)
        return share_ratio.pvalue(x, n, q, size, null, alternative=_side(side), method=method)

    return limit, pvalue
