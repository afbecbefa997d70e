"""Rules that select a model for each of many tables, as the bootstrap of a selection needs them."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from countylines._kernels import best_model, criteria, facial_set, hierarchical, stepwise
from countylines._kernels.faces_by_row import FaceFinder

BoolArray = NDArray[np.bool_]
IntArray = NDArray[np.int64]
FloatArray = NDArray[np.float64]


class Chosen(NamedTuple):
    """Models selected, one row a table."""

    masks: BoolArray  # (rows, terms); no term at all where no model has an estimate
    code: IntArray  # position in facial_set.CODES
    hidden: FloatArray  # infinite or nan where there is no estimate


Chooser = Callable[[FloatArray], Chosen]


def by_steps(finder: FaceFinder, threshold: float) -> Chooser:
    """Forward selection by Poisson tails."""

    def choose(counts: FloatArray) -> Chosen:
        found = stepwise.select(counts, finder, threshold)
        return Chosen(found.masks, found.code, hidden_numbers(found.code, found.log_hidden))

    return choose


def by_criterion(finder: FaceFinder, criterion: str, masks: BoolArray) -> Chooser:
    """The best of all models of a family by a criterion; every parameter of a model counts."""
    models = best_model.family(masks, finder.terms)
    parameters = masks.sum(axis=1)
    nothing = np.zeros(len(masks))

    def choose(counts: FloatArray) -> Chosen:
        sizes, back = np.unique(np.maximum(counts.sum(axis=1), 1.0), return_inverse=True)
        charged = [criteria.criteria(nothing, parameters, float(n))[criterion] for n in sizes]
        penalty = np.stack(charged)[back]
        found = best_model.best(counts, models, finder, penalty)
        none = found.model < 0
        chosen = np.where(none[:, None], False, masks[found.model])
        return Chosen(chosen, found.code, hidden_numbers(found.code, found.log_hidden))

    return choose


def hidden_numbers(code: IntArray, log_hidden: FloatArray) -> FloatArray:
    """The hidden number by verdict: a value, infinity, 0, or nan."""
    estimable = code <= facial_set.BOUNDARY_FINITE
    values = np.where(estimable, np.exp(np.where(estimable, log_hidden, 0.0)), np.nan)
    values[code == facial_set.HIDDEN_INFINITE] = np.inf
    values[code == facial_set.HIDDEN_ZERO] = 0.0
    return values


def finder_for(lists: int, max_order: int, cells: IntArray) -> FaceFinder:
    """Facial sets over the terms up to an order."""
    return FaceFinder(hierarchical.all_terms(lists, max_order), cells)
