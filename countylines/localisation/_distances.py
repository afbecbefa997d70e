"""Distances between areas and within them, read and checked against the areas of a table."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray

from countylines import _kinds, _validate
from countylines.errors import InputError, InputTypeError, LabelMismatchError

FloatArray = NDArray[np.float64]

RULE = "a square DataFrame, DataArray or array, or a Series with one distance a pair of areas"
OWN = (
    "'half-nearest', or one distance an area as a Series, an array or a number; "
    "see intrazonal_distance"
)


def between(distances: Any, areas: pd.Index) -> FloatArray:
    """Distances of all pairs in the order of the areas; nan on the diagonal where none is given."""
    if isinstance(distances, xr.DataArray):
        distances = distances.to_pandas()
    if isinstance(distances, pd.Series) and isinstance(distances.index, pd.MultiIndex):
        values = _from_pairs(distances, areas)
    elif isinstance(distances, pd.DataFrame):
        frame = _kinds.accept("distances", distances)
        for axis in (frame.index, frame.columns):
            _named(axis, areas)
        values = frame.loc[areas, areas].to_numpy(dtype=np.float64, na_value=np.nan).copy()
    elif isinstance(distances, (np.ndarray, list, tuple)):
        values = np.array(_kinds.accept("distances", distances), dtype=np.float64)
        if values.shape != (len(areas), len(areas)):
            rule = f"of shape {(len(areas), len(areas))}, in the order of the areas"
            raise LabelMismatchError(_validate.sentence("distances", rule, f"{values.shape}"))
    else:
        raise InputTypeError(_validate.sentence("distances", RULE, _validate.show(distances)))
    apart = ~np.eye(len(areas), dtype=bool)
    bad = apart & ~((values > 0) & np.isfinite(values))
    if bad.any():
        row, column = np.argwhere(bad)[0]
        where = f" from {_kinds.text(areas[row])} to {_kinds.text(areas[column])}"
        raise InputError(
            _validate.sentence(
                "distances",
                "finite and above 0 between different areas",
                _validate.show(values[row, column]),
                f"{where}; {int(bad.sum())} such pairs",
            )
        )
    return values


def _from_pairs(distances: pd.Series, areas: pd.Index) -> FloatArray:
    series = _kinds.accept("distances", distances)
    if series.index.nlevels != 2:
        raise InputError(
            _validate.sentence("distances", RULE, f"{series.index.nlevels} levels of labels")
        )
    first, second = (areas.get_indexer(series.index.get_level_values(i)) for i in (0, 1))
    known = (first >= 0) & (second >= 0)
    first, second = first[known], second[known]
    given = series.to_numpy(dtype=np.float64)[known]
    values = np.full((len(areas), len(areas)), np.nan)
    values[second, first] = given
    values[first, second] = given
    if not np.array_equal(values[second, first], values[first, second], equal_nan=True):
        turned = dict(zip(zip(first.tolist(), second.tolist(), strict=True), given, strict=True))
        for (row, column), value in turned.items():
            values[row, column] = value
    lost = np.isnan(values) & ~np.eye(len(areas), dtype=bool)
    if lost.any():
        row, column = np.argwhere(lost)[0]
        got = f"none from {_kinds.text(areas[row])} to {_kinds.text(areas[column])}"
        raise LabelMismatchError(_validate.sentence("distances", "given for every pair", got))
    return values


def _named(axis: pd.Index, areas: pd.Index) -> None:
    if not axis.is_unique:
        raise InputError(_validate.sentence("distances", "labelled once an area", "labels twice"))
    lost = areas[~areas.isin(axis)]
    if len(lost):
        raise LabelMismatchError(
            _validate.sentence(
                "distances",
                "labelled by all areas",
                f"none for {_kinds.text(lost[0])}; {len(lost)} of {len(areas)} areas",
            )
        )


def within(intrazonal: Any, distances: FloatArray, areas: pd.Index) -> FloatArray:
    """Distance of a line that stays in its area, area by area."""
    if intrazonal is None:
        values = np.diagonal(distances).copy()
        if np.isnan(values).any():
            lost = _kinds.text(areas[int(np.flatnonzero(np.isnan(values))[0])])
            raise InputError(
                _validate.sentence("intrazonal", OWN, f"None, and `distances` has none for {lost}")
            )
    elif isinstance(intrazonal, str):
        _validate.option("intrazonal", intrazonal, ("half-nearest",))
        if len(areas) < 2:
            raise InputError(
                _validate.sentence("intrazonal", "distances where there is one area", "a rule")
            )
        apart = np.where(np.eye(len(areas), dtype=bool), np.inf, distances)
        values = apart.min(axis=1) / 2.0
    else:
        values = by_area("intrazonal", intrazonal, areas)
    _validate.exposure("intrazonal", values, zero=True)
    return values


def by_area(name: str, given: Any, areas: pd.Index) -> FloatArray:
    """One number an area, in the order of the areas."""
    value = _kinds.accept(name, given)
    if isinstance(value, pd.Series):
        if not value.index.is_unique:
            raise InputError(_validate.sentence(name, "labelled once an area", "labels twice"))
        lost = areas[~areas.isin(value.index)]
        if len(lost):
            raise LabelMismatchError(
                _validate.sentence(name, "given for every area", f"none for {_kinds.text(lost[0])}")
            )
        value = value.loc[areas].to_numpy(dtype=np.float64, na_value=np.nan)
    array = np.asarray(value, dtype=np.float64)
    if array.ndim and array.shape != (len(areas),):
        rule = f"one number for each of the {len(areas)} areas"
        raise LabelMismatchError(_validate.sentence(name, rule, f"shape {array.shape}"))
    return np.broadcast_to(array, (len(areas),)).astype(np.float64)
