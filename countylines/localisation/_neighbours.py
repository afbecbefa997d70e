"""Which areas are neighbours, and with what weight, read and checked against the values."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray
from scipy import sparse

from countylines import _kinds, _validate
from countylines.errors import InputError, InputTypeError, LabelMismatchError
from countylines.results import Note

FloatArray = NDArray[np.float64]

RULE = "a square table or sparse array of weights, or a list of pairs of neighbours"


def values(name: str, given: Any, fewest: int) -> tuple[FloatArray, pd.Index]:
    """One number an area, and the labels of the areas."""
    value = _kinds.accept(name, given)
    if isinstance(value, xr.DataArray) and value.ndim == 1:
        value = value.to_series()
    array = np.asarray(value, dtype=np.float64)
    if array.ndim != 1 or array.size < fewest:
        rule = f"one number for each of at least {fewest} areas"
        raise InputError(_validate.sentence(name, rule, f"shape {array.shape}"))
    _validate.finite(name, array)
    labels = value.index if isinstance(value, pd.Series) else pd.RangeIndex(array.size)
    if not labels.is_unique:
        raise InputError(_validate.sentence(name, "labelled once an area", "labels twice"))
    return array, labels


def weights(given: Any, labels: pd.Index) -> FloatArray:
    """Weights in the order of the labels; the diagonal must be 0."""
    if isinstance(given, xr.DataArray):
        given = given.to_pandas()
    if isinstance(given, pd.DataFrame):
        for axis in (given.index, given.columns):
            if not axis.is_unique or not labels.isin(axis).all():
                rule = "labelled once by every area in rows and in columns"
                raise LabelMismatchError(_validate.sentence("weights", rule, "other labels"))
        matrix = given.loc[labels, labels].to_numpy(dtype=np.float64, na_value=np.nan)
    elif sparse.issparse(given):
        stored: Any = given
        matrix = np.asarray(stored.toarray(), dtype=np.float64)
    elif isinstance(given, np.ndarray):
        matrix = given.astype(np.float64)
    elif isinstance(given, Sequence) and not isinstance(given, (str, bytes)):
        matrix = _from_pairs(given, labels)
    else:
        raise InputTypeError(_validate.sentence("weights", RULE, _validate.show(given)))
    if matrix.shape != (len(labels), len(labels)):
        rule = f"of shape {(len(labels), len(labels))}"
        raise LabelMismatchError(_validate.sentence("weights", rule, f"{matrix.shape}"))
    _validate.exposure("weights", matrix, zero=True)
    if np.diagonal(matrix).any():
        got = "an area that is its own"
        raise InputError(_validate.sentence("weights", "of neighbours", got))
    if not matrix.any():
        raise InputError(_validate.sentence("weights", "of some neighbours", "none"))
    return matrix


def _from_pairs(given: Sequence[Any], labels: pd.Index) -> FloatArray:
    matrix = np.zeros((len(labels), len(labels)))
    for pair in given:
        if isinstance(pair, str) or not isinstance(pair, Sequence) or len(pair) != 2:
            raise InputError(_validate.sentence("weights", RULE, _validate.show(pair)))
        first, second = labels.get_indexer(pd.Index(list(pair), dtype=labels.dtype))
        if min(first, second) < 0:
            lost = _kinds.text(pair[0] if first < 0 else pair[1])
            raise LabelMismatchError(_validate.sentence("weights", "pairs of areas", lost))
        matrix[first, second] = matrix[second, first] = 1.0
    return matrix


def islands(matrix: FloatArray, labels: pd.Index) -> tuple[Note, ...]:
    """Name areas without neighbours."""
    alone = labels[np.flatnonzero(matrix.sum(axis=0) + matrix.sum(axis=1) == 0)]
    if not len(alone):
        return ()
    named = ", ".join(map(str, alone[:3])) + (" and more" if len(alone) > 3 else "")
    return (Note("islands", f"{len(alone)} areas have no neighbour: {named}."),)
