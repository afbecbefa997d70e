"""Rows of people, some charged together: counts by cell, and what the clusters take from them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from countylines import _labels, _shares, _validate
from countylines._kernels import cluster_correlation
from countylines.errors import InputError, InputTypeError, LabelMismatchError
from countylines.results import Note

FloatArray = NDArray[np.float64]

FEW_CLUSTERS = 30


def by_cell(
    count: Any, total: Any, benchmark: Any, benchmark_n: Any, by: Any, cluster: Any
) -> tuple[dict[str, Any], tuple[Note, ...]]:
    """Arguments by cell, in the order of their labels: with `cluster`, a design effect as well."""
    inputs = _labels.align(count=count, total=total)
    if inputs.is_lazy or inputs.kind not in ("array", "series") or np.ndim(inputs.template) != 1:
        rule = "one row a person or cluster, in one dimension, with `by`"
        raise InputTypeError(_validate.sentence("count", rule, _validate.show(count)))
    x, n = inputs.flat
    _validate.not_empty("count", x.size)
    _shares.check_share(x, n, inputs.where)
    index = inputs.template.index if inputs.kind == "series" else None
    cell, labels = _cells(_keys(by, x.size, index))
    given: dict[str, Any] = {
        "count": pd.Series(np.bincount(cell, weights=x), index=labels),
        "total": pd.Series(np.bincount(cell, weights=n), index=labels),
        "benchmark": _labelled("benchmark", benchmark, labels),
    }
    if benchmark_n is not None:
        given["benchmark_n"] = _labelled("benchmark_n", benchmark_n, labels)
    if cluster is None:
        return given, ()
    numbers = _codes(cluster, x.size, index)
    effects, note = _effects(x, n, cell, numbers, len(labels))
    given["design_effect"] = pd.Series(effects, index=labels)
    return given, (note,)


def _effects(
    x: FloatArray, n: FloatArray, cell: NDArray[np.intp], cluster: NDArray[np.intp], cells: int
) -> tuple[FloatArray, Note]:
    """The design effect of each cell, from one correlation for all of them."""
    used = n > 0
    frame = pd.DataFrame({"cell": cell, "cluster": cluster, "count": x, "size": n})[used]
    rows = frame.groupby(["cell", "cluster"], sort=True).sum().reset_index()
    place = rows["cell"].to_numpy(dtype=np.intp)
    size = rows["size"].to_numpy(dtype=np.float64)
    if not (size > 1).any():
        rule = "labels that some rows have in common, or rows of several people"
        raise InputError(
            _validate.sentence(
                "cluster", rule, "none", remedy="Leave it out: nobody was recorded together."
            )
        )
    alike = cluster_correlation.pooled_correlation(
        rows["count"].to_numpy(dtype=np.float64), size, place
    )
    if np.isnan(alike):
        rule = "of two or more in some cell where part of the people are of the group"
        remedy = "Use `design_effect`: these do not show how alike people of one cluster are."
        raise InputError(_validate.sentence("cluster", rule, "none", remedy=remedy))
    effects = np.ones(cells)
    found = cluster_correlation.design_effects(size, place, alike)
    seen = np.unique(place)
    effects[seen] = found[seen]
    number = len(rows)
    text = (
        f"{number:,} clusters in {cells} cells; two people of one cluster have a correlation of "
        f"{alike:.3g}, taken as the same in every cell, so that the variance of a share is "
        f"{effects.min():.3g} to {effects.max():.3g} times that of independent people."
    )
    if number < FEW_CLUSTERS:
        text += " From so few clusters that is poorly known."
    return effects, Note("clusters", text)


def _keys(by: Any, length: int, index: pd.Index | None) -> pd.DataFrame:
    """The labels of each row as columns."""
    if isinstance(by, pd.DataFrame):
        frame = by
    elif isinstance(by, pd.Series):
        frame = by.to_frame(by.name if by.name is not None else "cell")
    else:
        frame = pd.DataFrame({"cell": pd.Series(_listed("by", by), dtype=object)})
    own = frame.index if isinstance(by, (pd.Series, pd.DataFrame)) else None
    _match("by", own, len(frame), length, index)
    missing: NDArray[np.bool_] = np.any(frame.isna().to_numpy(), axis=1)
    if missing.any():
        where, remedy = (
            _validate.nowhere(missing),
            "Drop or fill them first: nothing is left out silently.",
        )
        rule = "a label for every row"
        raise InputError(_validate.sentence("by", rule, "a missing one", where, remedy))
    return frame.reset_index(drop=True)


def _codes(cluster: Any, length: int, index: pd.Index | None) -> NDArray[np.intp]:
    """A number for the cluster of each row."""
    values = _listed("cluster", cluster)
    own = cluster.index if isinstance(cluster, pd.Series) else None
    _match("cluster", own, len(values), length, index)
    codes = pd.factorize(pd.Series(values, dtype=object))[0]
    if (codes < 0).any():
        where = _validate.nowhere(codes < 0)
        raise InputError(
            _validate.sentence("cluster", "a label for every row", "a missing one", where)
        )
    return np.asarray(codes, dtype=np.intp)


def _listed(name: str, values: Any) -> list[Any]:
    if isinstance(values, (str, bytes)) or not hasattr(values, "__iter__"):
        rule = "a sequence with a label for every row"
        raise InputTypeError(_validate.sentence(name, rule, _validate.show(values)))
    return list(values)


def _match(
    name: str, own: pd.Index | None, found: int, length: int, index: pd.Index | None
) -> None:
    if found != length:
        rule = f"one label for each of the {length} rows"
        raise LabelMismatchError(_validate.sentence(name, rule, str(found)))
    if own is not None and index is not None and not own.equals(index):
        raise LabelMismatchError(
            _validate.sentence(name, "labelled as `count`", "other labels or another order")
        )


def _cells(keys: pd.DataFrame) -> tuple[NDArray[np.intp], pd.Index]:
    """Number of the cell of each row, and the labels of the cells in their order."""
    grouped = keys.groupby(list(keys.columns), sort=True, observed=True)
    labels: pd.Index = grouped.size().index
    return np.asarray(grouped.ngroup(), dtype=np.intp), labels


def _labelled(name: str, values: Any, labels: pd.Index) -> Any:
    """One number, or the values of a Series by cell or by one of its labels."""
    if not isinstance(values, pd.Series):
        return _validate.number(name, values, remedy="Use a Series by cell where they differ.")
    place = _place(name, values.index, labels)
    return pd.Series(values.loc[place].to_numpy(), index=labels)


def _place(name: str, index: pd.Index, labels: pd.Index) -> pd.Index:
    """The label by which the value of each cell is found."""
    rule = "a Series with one value for every cell of `by`"
    if index.has_duplicates:
        raise LabelMismatchError(_validate.sentence(name, rule, "labels that come twice"))
    candidates = [labels] if index.nlevels == labels.nlevels else []
    if index.nlevels == 1 and labels.nlevels > 1:
        candidates = [labels.get_level_values(i) for i in range(labels.nlevels)]
    for place in candidates:
        if place.isin(index).all():
            return place
    lacking = candidates[0].difference(index)[:1] if candidates else labels[:1]
    raise LabelMismatchError(_validate.sentence(name, rule, f"none for {lacking[0]}"))
