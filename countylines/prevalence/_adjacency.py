"""Who is a neighbour of whom: pairs or a square table, in the order of the areas."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray

from countylines import _validate
from countylines.errors import InputError, InputTypeError, LabelMismatchError

RULE = "a square table of 0 and 1, or a list of pairs of labels"


def matrix(adjacency: Any, names: pd.Index) -> NDArray[np.bool_]:
    """Symmetric table of who touches whom, False on its diagonal."""
    if isinstance(adjacency, xr.DataArray):
        adjacency = adjacency.to_pandas()
    if isinstance(adjacency, pd.DataFrame):
        return _from_frame(adjacency, names)
    if isinstance(adjacency, np.ndarray) and adjacency.ndim == 2:
        return _from_array(adjacency, names)
    if isinstance(adjacency, Sequence) and not isinstance(adjacency, str):
        return _from_pairs(adjacency, names)
    raise InputTypeError(_validate.sentence("adjacency", RULE, _validate.show(adjacency)))


def _from_frame(table: pd.DataFrame, names: pd.Index) -> NDArray[np.bool_]:
    if not (table.index.equals(table.columns) and table.index.equals(names)):
        missing = [str(name) for name in names.difference(table.index)[:3]]
        got = (
            f"a table without {', '.join(missing)}" if missing else "other labels or another order"
        )
        rule = "labelled by the areas, in the same order on both sides"
        raise LabelMismatchError(
            _validate.sentence(
                "adjacency", rule, got, remedy="Use .loc[names, names], or pass pairs of labels."
            )
        )
    return _from_array(table.to_numpy(), names)


def _from_array(table: Any, names: pd.Index) -> NDArray[np.bool_]:
    if table.shape != (len(names), len(names)):
        rule = f"of shape {(len(names), len(names))}, one row and column an area"
        raise InputError(_validate.sentence("adjacency", rule, f"shape {table.shape}"))
    if table.dtype != bool:
        _validate.numeric_dtype("adjacency", table.dtype)
        if not np.isin(table, (0, 1)).all():
            rule = "0 or 1 everywhere: whether two areas are neighbours"
            first = table[~np.isin(table, (0, 1))].flat[0]
            raise InputError(_validate.sentence("adjacency", rule, _validate.show(float(first))))
    near: NDArray[np.bool_] = table.astype(bool)
    if (near != near.T).any():
        i, j = np.argwhere(near != near.T)[0]
        got = f"{names[i]!s} beside {names[j]!s} but not the other way round"
        raise InputError(_validate.sentence("adjacency", "symmetric", got))
    if near.diagonal().any():
        got = f"{names[int(near.diagonal().argmax())]!s} beside itself"
        raise InputError(_validate.sentence("adjacency", "0 on the diagonal", got))
    return near


def _from_pairs(pairs: Sequence[Any], names: pd.Index) -> NDArray[np.bool_]:
    if not names.is_unique:
        twice = names[names.duplicated()][0]
        rule = "a square table where areas share a label"
        raise InputError(_validate.sentence("adjacency", rule, f"pairs, and {twice!r} twice"))
    near = np.zeros((len(names), len(names)), dtype=bool)
    for pair in pairs:
        if isinstance(pair, str) or not isinstance(pair, Sequence | np.ndarray) or len(pair) != 2:
            raise InputTypeError(_validate.sentence("adjacency", RULE, _validate.show(pair)))
        unknown = [label for label in pair if label not in names]
        if unknown:
            rule = "pairs of labels of areas"
            raise InputError(_validate.sentence("adjacency", rule, _validate.show(unknown[0])))
        one, other = names.get_loc(pair[0]), names.get_loc(pair[1])
        if one == other:
            rule = "pairs of different areas"
            raise InputError(_validate.sentence("adjacency", rule, _validate.show(pair)))
        near[one, other] = near[other, one] = True
    return near
