"""Which models of a family are fitted: all of them, those within bounds, or a walk downhill."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from countylines._kernels import bounded_search, criteria, hierarchical
from countylines.capture_recapture._model_family import Family, Fitted

BoolArray = NDArray[np.bool_]
FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]


class Walk(NamedTuple):
    """The models that a strategy leaves, and the most weight that the others can have."""

    found: Fitted
    left_out: float  # share of the weight of all models; nan if nothing bounds it


def exhaustive(family: Family) -> Walk:
    """Every model."""
    return Walk(family.fitted(hierarchical.all_models(family.terms)), 0.0)


def downhill(family: Family, criterion: str) -> Walk:
    """Walk from independence to a model that no single interaction improves."""
    here = _independence(family)
    found = family.fitted(here[None])
    known = {here.tobytes()}
    while True:
        near = hierarchical.neighbours(here, family.terms)
        new = np.array([row.tobytes() not in known for row in near], dtype=bool)
        if new.any():
            found = Fitted.joined([found, family.fitted(near[new])])
            known.update(row.tobytes() for row in near[new])
        if not found.estimable.any():
            return Walk(found, np.nan)
        best = found.masks[np.argmin(_scores(family, found, criterion))]
        if (best == here).all():
            return Walk(found, np.nan)
        here = best


def bounded(
    family: Family, criterion: str, within: float, most_fits: int, start: BoolArray
) -> Walk | None:
    """Every model within a distance of the best, or None if the allowance of fits ran out."""

    def evaluate(masks: BoolArray) -> tuple[FloatArray, BoolArray]:
        fitted = family.fitted(masks)
        return -2.0 * fitted.log_likelihood, fitted.estimable

    def penalty(parameters: IntArray) -> FloatArray:
        return criteria.penalty(criterion, parameters, family.n_observed)

    reached = bounded_search.within(
        family.terms, evaluate, penalty, distance=within, most_fits=most_fits, start=start
    )
    if not reached.finished:
        return None
    fitted = family.fitted(reached.masks)
    scores = criteria.criteria(fitted.log_likelihood, fitted.parameters, family.n_observed)
    score = scores[criterion]
    # not the models that happened to be fitted on the way: their choice means nothing
    near = score <= score[fitted.estimable].min(initial=np.inf) + within
    kept = np.logaddexp.reduce(-0.5 * score[near])
    rest = np.logaddexp.reduce(np.append(-0.5 * score[~near], reached.log_left_out))
    return Walk(fitted.rows(near), float(np.exp(rest - np.logaddexp(kept, rest))))


def _independence(family: Family) -> BoolArray:
    return hierarchical.orders_of(family.terms) < 2


def _scores(family: Family, found: Fitted, criterion: str) -> FloatArray:
    """The criterion, infinite where there is no estimate."""
    scores = criteria.criteria(found.log_likelihood, found.parameters, family.n_observed)
    return np.where(found.estimable, scores[criterion], np.inf)
