"""Rates drawn towards their neighbours on a map, and towards covariates."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import ndtri

from countylines import _validate
from countylines._kernels import bym2, fay_herriot, log_gamma
from countylines.errors import ApproximationWarning, InputError, LabelMismatchError, warn
from countylines.prevalence._shrinking import Settings, Shrunken
from countylines.results import Note

FloatArray = NDArray[np.float64]


def map_shrinkage(
    x: FloatArray,
    e: FloatArray,
    near: NDArray[np.bool_],
    names: tuple[str, ...],
    settings: Settings,
) -> Shrunken:
    """Posterior means and equal-tailed limits of rates that neighbours share in part."""
    form = bym2.structure(near)
    found = bym2.nodes(x, e, form)
    weight = bym2.mixture_weights(found)

    def across(field: str) -> FloatArray:
        return np.array([getattr(node, field) for node in found]).T

    law = log_gamma.from_moments(across("mean"), across("deviation"), across("skewness"))
    estimate = log_gamma.exponential_moment(law, 1.0) @ weight
    square = log_gamma.exponential_moment(law, 2.0) @ weight
    start = across("mean") @ weight
    low, high = (np.exp(log_gamma.quantile(law, weight, share, start)) for share in settings.tails)
    skewness = across("skewness") @ weight
    diagnostics = pd.Series(
        {
            "deviation": float(np.exp(across("log_s")) @ weight),
            "shared_with_neighbours": float(across("share") @ weight),
            "parts": float(form.parts),
            "islands": float(form.islands.sum()),
            "largest_skewness": float(-skewness.min()),
            "points": float(len(found)),
        },
        name="diagnostics",
    )
    overall = float(np.exp(across("overall") @ weight))
    return Shrunken(
        estimate,
        np.sqrt(np.maximum(square - estimate**2, 0.0)),
        low,
        high,
        across("own") @ weight,
        np.full(x.size, overall),
        _map_notes(form, names, float(x.sum())),
        diagnostics,
    )


def _map_notes(form: bym2.Structure, names: tuple[str, ...], events: float) -> tuple[Note, ...]:
    notes = []
    alone = [name for name, island in zip(names, form.islands, strict=True) if island]
    if alone:
        text = f"Without neighbours, and drawn to the overall rate alone: {', '.join(alone)}."
        notes.append(Note("islands", text))
    if form.parts - len(alone) > 1:
        text = (
            f"The map falls into {form.parts - len(alone)} parts that share nothing but the "
            "overall rate."
        )
        notes.append(Note("parts", text))
    if events < len(names):
        text = (
            "There are fewer events than areas: the approximate limits are off by a tenth of a "
            "standard deviation or more."
        )
        notes.append(Note("few-events", text))
        warn(text, ApproximationWarning)
    return tuple(notes)


def covariate_table(covariates: Any, labels: pd.Index, used: NDArray[np.bool_]) -> FloatArray:
    """A column of ones and the covariates of the areas that are used, checked."""
    if covariates is None:
        return np.ones((int(used.sum()), 1))
    if isinstance(covariates, pd.Series):
        covariates = covariates.to_frame()
    if isinstance(covariates, pd.DataFrame):
        if not covariates.index.equals(labels):
            rule = "labelled by the areas, in the same order"
            raise LabelMismatchError(
                _validate.sentence("covariates", rule, "other labels or another order")
            )
        for dtype in covariates.dtypes:
            _validate.numeric_dtype("covariates", dtype)
    else:
        covariates = np.asarray(covariates)
        _validate.numeric_dtype("covariates", covariates.dtype)
    table = np.asarray(covariates, dtype=np.float64)
    table = table[:, None] if table.ndim == 1 else table
    if table.ndim != 2 or table.shape[0] != used.size:
        rule = f"a table with a row for each of {used.size} areas"
        raise InputError(_validate.sentence("covariates", rule, f"shape {table.shape}"))
    table = np.column_stack([np.ones(int(used.sum())), table[used]])
    _validate.finite("covariates", table.ravel())
    if table.shape[0] <= table.shape[1] + 1:
        rule = f"fewer than {table.shape[0] - 2} columns for {table.shape[0]} areas"
        raise InputError(_validate.sentence("covariates", rule, table.shape[1] - 1))
    scaled = table / np.maximum(np.abs(table).max(axis=0), 1e-300)
    if np.linalg.matrix_rank(scaled) < table.shape[1]:
        rule = "without columns that follow from the others or from a constant"
        raise InputError(_validate.sentence("covariates", rule, "such columns"))
    return table


def linear_shrinkage(
    y: FloatArray, d: FloatArray, z: FloatArray, method: str, settings: Settings
) -> Shrunken:
    """Fay-Herriot estimates with normal limits from their mean squared errors."""
    found, lifted = fay_herriot.fit(y, d, z, method)
    error = np.sqrt(found.mse)
    reach = -ndtri(settings.tails[0]) * error
    notes: tuple[Note, ...] = ()
    if lifted:
        text = (
            "The estimated variance between areas is 0. The adjusted estimate of Li and Lahiri, "
            "which is above 0, was used in its place."
        )
        notes = (Note("variance-lifted", text),)
    diagnostics = pd.Series(
        [found.between, *found.coefficients],
        index=["variance", *(f"coefficient_{i}" for i in range(z.shape[1]))],
        name="diagnostics",
    )
    return Shrunken(
        found.estimate,
        error,
        found.estimate - reach,
        found.estimate + reach,
        found.weight,
        found.synthetic,
        notes,
        diagnostics,
    )


def rate_by_covariates(x: FloatArray, e: FloatArray, z: FloatArray, settings: Settings) -> Shrunken:
    """Fay-Herriot for rates, with the sampling variance at the overall rate."""
    overall = x.sum() / e.sum()
    made = linear_shrinkage(x / e, overall / e, z, "reml", settings)
    below = made.low < 0.0
    if not below.any():
        return made
    text = f"{int(below.sum())} lower limits were below 0, and are 0."
    return made._replace(low=np.maximum(made.low, 0.0), notes=(*made.notes, Note("clipped", text)))
