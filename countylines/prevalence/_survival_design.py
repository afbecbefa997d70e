"""Covariates as the columns of a design, and the life for which a curve is drawn."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from countylines import _render, _validate
from countylines.errors import InputError
from countylines.prevalence._survival_input import column, names_of

FloatArray = NDArray[np.float64]


@dataclass(frozen=True)
class Covariate:
    """One column of the table: numbers, or levels of which the first is the reference."""

    name: Any
    values: NDArray[Any]
    levels: tuple[Any, ...] | None

    @property
    def labels(self) -> list[str]:
        """What its columns of the design are called."""
        if self.levels is None:
            return [str(self.name)]
        return [f"{self.name}[{level}]" for level in self.levels[1:]]

    def columns(self, values: NDArray[Any]) -> FloatArray:
        """Its columns of the design."""
        if self.levels is None:
            return values.astype(np.float64)[:, None]
        return np.column_stack([values == level for level in self.levels[1:]]).astype(np.float64)


def read(spells: pd.DataFrame, covariates: Any) -> tuple[Covariate, ...]:
    """Covariates by name; text, categories and flags become levels, sorted."""
    found = []
    for name in names_of("covariates", covariates):
        values = column(spells, "covariates", name)
        if values.isna().any():
            places = np.flatnonzero(values.isna())
            got = (
                f"{values.isna().sum()} missing in {_validate.show(name)}, first at row {places[0]}"
            )
            remedy = "Give those rows a level of their own, by name."
            raise InputError(
                _validate.sentence("covariates", "columns without missing values", got, "", remedy)
            )
        numeric = pd.api.types.is_numeric_dtype(values.dtype)
        if numeric and not pd.api.types.is_bool_dtype(values.dtype):
            numbers = values.to_numpy(dtype=np.float64)
            _validate.finite(str(name), numbers)
            found.append(Covariate(name, numbers, None))
            continue
        plain = values.to_numpy(dtype=object)
        found.append(Covariate(name, plain, tuple(sorted(set(plain), key=str))))
    return tuple(found)


def design(covariates: tuple[Covariate, ...], rows: NDArray[np.intp], group: str) -> FloatArray:
    """Columns of the design for some rows, without the constant; refuses what cannot be told apart.

    Levels that do not occur among the rows are columns of zeros, and refused as well.
    """
    parts = [c.columns(c.values[rows]) for c in covariates]
    made = np.column_stack(parts) if parts else np.zeros((rows.size, 0))
    labels = [label for c in covariates for label in c.labels]
    for label, values in zip(labels, made.T, strict=True):
        if np.ptp(values) == 0.0:
            got = f"a constant {label!r}{group}"
            raise InputError(_validate.sentence("covariates", "columns that vary", got))
    if labels:
        standard = (made - made.mean(axis=0)) / made.std(axis=0)
        if np.linalg.matrix_rank(standard, tol=1e-8 * len(standard) ** 0.5) < len(labels):
            got = f"columns of which one follows from the others{group}"
            raise InputError(_validate.sentence("covariates", "columns that differ", got))
    return made


def drawn(
    covariates: tuple[Covariate, ...], where: Any, rows: NDArray[np.intp]
) -> tuple[FloatArray, str]:
    """The life for which a curve is drawn, and in words."""
    wanted = {} if where is None else _validate.mapping("where", where, "a mapping of covariates")
    known = [c.name for c in covariates]
    strange = [name for name in wanted if name not in known]
    if strange:
        rule = "a mapping of names of covariates" if known else "left out without `covariates`"
        raise InputError(_validate.sentence("where", rule, _validate.show(strange[0])))
    parts, words = [np.ones(1)], []
    for c in covariates:
        if c.name in wanted:
            value = wanted[c.name]
            if c.levels is not None and value not in c.levels:
                rule = f"one of {', '.join(map(repr, c.levels[:10]))} for {c.name!r}"
                raise InputError(_validate.sentence("where", rule, _validate.show(value)))
            if c.levels is None:
                value = _validate.number(f"where[{c.name!r}]", value)
        elif c.levels is None:
            value = float(np.mean(c.values[rows]))
        else:
            counts = [int(np.sum(c.values[rows] == level)) for level in c.levels]
            value = c.levels[int(np.argmax(counts))]
        one = np.empty(1, dtype=object if c.levels is not None else np.float64)
        one[0] = value
        parts.append(c.columns(one)[0])
        shown = _render.number(value) if c.levels is None else str(value)
        words.append(f"{c.name} = {shown}")
    return np.concatenate(parts), ", ".join(words)
