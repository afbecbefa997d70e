"""Areas left out of rates by name, because there is no population to divide by."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from countylines import _validate
from countylines._kinds import text
from countylines.errors import InputError, InputTypeError


def names_given(names: object) -> tuple[Any, ...]:
    """The names as a tuple; a single string is refused, because it is a sequence of letters."""
    if isinstance(names, str) or not isinstance(names, Iterable):
        rule = "a list of labels"
        remedy = f"Use leave_out=[{names!r}]." if isinstance(names, str) else ""
        got = _validate.show(names)
        raise InputTypeError(_validate.sentence("leave_out", rule, got, remedy=remedy))
    return tuple(names)


def marks(names: Sequence[Any], labelled: Any) -> Any:
    """1 where a label of the data is among `names`, else 0, in the kind of the data."""
    if isinstance(labelled, pd.Series):
        found = _among(labelled.index, names)
        result: Any = pd.Series(found.astype(np.float64), index=labelled.index)
    elif isinstance(labelled, pd.DataFrame):
        rows, columns = _among(labelled.index, names), _among(labelled.columns, names)
        either = (rows[:, None] | columns[None, :]).astype(np.float64)
        result = pd.DataFrame(either, index=labelled.index, columns=labelled.columns)
    elif isinstance(labelled, xr.DataArray):
        result = xr.zeros_like(labelled, dtype=np.float64)
        for dim, index in labelled.indexes.items():
            along = xr.DataArray(_among(index, names).astype(np.float64), dims=[dim])
            result = (result + along).clip(max=1.0)
    else:
        raise InputTypeError(
            _validate.sentence(
                "leave_out",
                "empty unless the data are labelled",
                _validate.show(list(names)),
                remedy="Pass a Series, a DataFrame or a DataArray, or leave the rows out yourself.",
            )
        )
    _all_found(names, labelled)
    return result


def _among(index: pd.Index, names: Sequence[Any]) -> Any:
    if isinstance(index, pd.MultiIndex):
        levels = [index.get_level_values(i).isin(names) for i in range(index.nlevels)]
        return np.logical_or.reduce(levels)
    return index.isin(names)


def _all_found(names: Sequence[Any], labelled: Any) -> None:
    indexes = (
        list(labelled.indexes.values())
        if isinstance(labelled, xr.DataArray)
        else [labelled.index, *([labelled.columns] if isinstance(labelled, pd.DataFrame) else [])]
    )
    missing = [name for name in names if not any(_among(index, [name]).any() for index in indexes)]
    if missing:
        shown = ", ".join(text(name) for name in missing[:3])
        known = [str(label) for index in indexes for label in index]
        close = difflib.get_close_matches(str(missing[0]), known, n=1, cutoff=0.5)
        remedy = f"Did you mean {close[0]!r}?" if close else "Check the spelling."
        raise InputError(_validate.sentence("leave_out", "labels of the data", shown, "", remedy))
