"""Rules that select a model for each of many tables, as the bootstrap of a selection needs them."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from countylines._kernels import (
    best_model,
    bounded_search,
    criteria,
    downhill,
    facial_set,
    hierarchical,
    rows_fitted,
    stepwise,
)
from countylines._kernels.faces_by_row import FaceFinder
from countylines.errors import ConvergenceError

BoolArray = NDArray[np.bool_]
IntArray = NDArray[np.int64]
FloatArray = NDArray[np.float64]

MOST_FITS = 200_000
NOTHING = facial_set.NOT_IDENTIFIED


class Chosen(NamedTuple):
    """Models selected, one row a table."""

    masks: BoolArray  # (rows, terms); no term at all where no model has an estimate
    code: IntArray  # position in facial_set.CODES
    hidden: FloatArray  # infinite, 0 or nan where there is no estimate
    seen: FloatArray  # number of units seen, with bands its mean given the fit


Chooser = Callable[[FloatArray, FloatArray | None], Chosen]
"""From counts, (rows, cells), or the lower and upper ends of bands."""


def by_steps(finder: FaceFinder, threshold: float) -> Chooser:
    """Forward selection by Poisson tails."""

    def choose(counts: FloatArray, high: FloatArray | None = None) -> Chosen:
        found = stepwise.select(counts, finder, threshold, high)
        hidden = hidden_numbers(found.code, found.log_hidden)
        return Chosen(found.masks, found.code, hidden, found.seen)

    return choose


def by_criterion(finder: FaceFinder, criterion: str, masks: BoolArray) -> Chooser:
    """The best of a family of models by a criterion; every parameter of a model counts."""
    models = best_model.family(masks, finder.terms)
    parameters = masks.sum(axis=1)

    def choose(counts: FloatArray, high: FloatArray | None = None) -> Chosen:
        sizes, back = np.unique(rows_fitted.middle(counts, high), return_inverse=True)
        charged = [criteria.penalty(criterion, parameters, float(n)) for n in sizes]
        found = best_model.best(counts, models, finder, np.stack(charged)[back], high=high)
        none = found.model < 0
        chosen = np.where(none[:, None], False, masks[found.model])
        hidden = hidden_numbers(found.code, found.log_hidden)
        return Chosen(chosen, found.code, hidden, found.seen)

    return choose


def by_bounds(finder: FaceFinder, criterion: str, start: BoolArray) -> Chooser:
    """The best of all models over the terms, too many to list, one table at a time.

    `start` are models fitted first, which may well be good.
    """

    def choose(counts: FloatArray, high: FloatArray | None = None) -> Chosen:
        upper = [None] * len(counts) if high is None else [row[None] for row in high]
        found = [
            _bounded(row[None], most, finder, criterion, start)
            for row, most in zip(counts, upper, strict=True)
        ]
        masks, code, hidden, seen = zip(*found, strict=True)
        return Chosen(np.stack(masks), np.array(code), np.array(hidden), np.array(seen))

    return choose


def _bounded(
    counts: FloatArray,
    high: FloatArray | None,
    finder: FaceFinder,
    criterion: str,
    start: BoolArray,
) -> tuple[BoolArray, int, float, float]:
    """The best model of one table, (1, cells): its terms, code, hidden number and number seen."""
    size = float(rows_fitted.middle(counts, high)[0])
    lowest, first, code, hidden = np.inf, np.zeros(len(finder.terms), bool), NOTHING, np.nan
    seen = float(counts.sum())

    def penalty(parameters: IntArray) -> FloatArray:
        return criteria.penalty(criterion, parameters, size)

    def evaluate(masks: BoolArray) -> tuple[FloatArray, BoolArray]:
        nonlocal lowest, first, code, hidden, seen
        faces = finder.faces(np.repeat(counts > 0, len(masks), axis=0), masks)
        good = faces.code <= facial_set.BOUNDARY_FINITE
        # The deviance of a model without an estimate is not needed: 0 bounds it from below.
        deviance = np.zeros(len(masks))
        rows = np.repeat(counts, good.sum(), axis=0)
        upper = None if high is None else np.repeat(high, good.sum(), axis=0)
        fits = rows_fitted.fit(rows, upper, finder, rows_fitted.rows_of(faces, good))
        good[good] = fits.decided
        fits = fits.only_decided()
        deviance[good] = fits.deviance
        score = np.where(good, deviance + penalty(masks.sum(axis=1)), np.inf)
        best = int(np.argmin(score))
        if score[best] < lowest - best_model.TIE:
            lowest, first, code = float(score[best]), masks[best], int(faces.code[best])
            at = np.cumsum(good)[best] - 1
            hidden, seen = float(np.exp(fits.log_hidden[at])), float(fits.seen[at])
        return deviance, good

    reached = bounded_search.within(
        finder.terms, evaluate, penalty, distance=0.0, most_fits=MOST_FITS, start=start
    )
    if not reached.finished:
        raise ConvergenceError(
            f"The bounds did not settle the search of a replicate within {MOST_FITS:,} fits. "
            "Bootstrap a search with strategy='downhill', or one of fewer lists."
        )
    return first, code, hidden, seen


def by_walk(finder: FaceFinder, criterion: str) -> Chooser:
    """Where a walk downhill from independence ends."""

    def penalty(parameters: IntArray, sizes: FloatArray) -> FloatArray:
        pairs = zip(parameters, sizes, strict=True)
        return np.array([float(criteria.penalty(criterion, k, float(n))) for k, n in pairs])

    def choose(counts: FloatArray, high: FloatArray | None = None) -> Chosen:
        found = downhill.walk(counts, finder, penalty, high)
        hidden = hidden_numbers(found.code, found.log_hidden)
        return Chosen(found.masks, found.code, hidden, found.seen)

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
