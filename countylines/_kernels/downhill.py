"""Walks downhill among hierarchical models, for many tables at once.

From the independence of all lists, each table goes to the best by a criterion of the models met so
far and their neighbours, those with one term more or one interaction less, until no neighbour is
better. It may end at a model that is not the best of all.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from countylines._kernels import facial_set, hierarchical, rows_fitted
from countylines._kernels.faces_by_row import FaceFinder

BoolArray = NDArray[np.bool_]
IntArray = NDArray[np.int64]
FloatArray = NDArray[np.float64]

TIE = 1e-9  # criteria closer than this count as equal: the model met first stays


class Walked(NamedTuple):
    """Where the walks end, one row a table."""

    masks: BoolArray  # (rows, terms); no term where no model met has an estimate
    code: IntArray
    log_hidden: FloatArray
    seen: FloatArray  # number of units seen, with bands its mean given the fit


def walk(
    counts: FloatArray,
    finder: FaceFinder,
    penalty: Callable[[IntArray, FloatArray], FloatArray],
    high: FloatArray | None = None,
) -> Walked:
    """Walk for every row of `counts`; `penalty` takes numbers of parameters and of units seen.

    With `high` the counts are the lower ends of bands.
    """
    rows, terms = len(counts), finder.terms
    sizes = rows_fitted.middle(counts, high)
    here = np.tile(hierarchical.orders_of(terms) < 2, (rows, 1))
    best = np.full(rows, np.inf)
    result = Walked(
        np.zeros_like(here),
        np.full(rows, facial_set.NOT_IDENTIFIED),
        np.full(rows, np.nan),
        counts.sum(axis=1),
    )
    met: list[set[bytes]] = [{model.tobytes()} for model in here]
    near: dict[bytes, BoolArray] = {}
    at, masks = np.arange(rows), here.copy()
    while at.size:
        upper = None if high is None else high[at]
        score, code, log_hidden, seen = _scores(counts[at], upper, finder, masks)
        score = score + penalty(masks.sum(axis=1), sizes[at])
        moved = set()
        for i in np.flatnonzero(np.isfinite(score)):
            row = int(at[i])
            if score[i] < best[row] - TIE:
                best[row], result.masks[row] = score[i], masks[i]
                result.code[row], result.log_hidden[row] = code[i], log_hidden[i]
                result.seen[row] = seen[i]
                moved.add(row)
        new = []
        for row in sorted(moved):
            key = result.masks[row].tobytes()
            if key not in near:
                near[key] = hierarchical.neighbours(result.masks[row], terms)
            fresh = [m for m in near[key] if m.tobytes() not in met[row]]
            met[row].update(m.tobytes() for m in fresh)
            new += [(row, m) for m in fresh]
        at = np.array([row for row, _ in new], dtype=np.int64)
        masks = np.array([m for _, m in new], dtype=bool).reshape(len(new), len(terms))
    return result


def _scores(
    counts: FloatArray, high: FloatArray | None, finder: FaceFinder, masks: BoolArray
) -> tuple[FloatArray, IntArray, FloatArray, FloatArray]:
    """Deviance of each model of each table, infinite without an estimate; code; units seen."""
    found = finder.faces(counts > 0, masks)
    good = found.code <= facial_set.BOUNDARY_FINITE
    deviance, log_hidden = np.full(len(counts), np.inf), np.full(len(counts), np.nan)
    seen = np.full(len(counts), np.nan)
    upper = None if high is None else high[good]
    fits = rows_fitted.fit(counts[good], upper, finder, rows_fitted.rows_of(found, good))
    deviance[good] = np.where(fits.decided, fits.deviance, np.inf)
    log_hidden[good], seen[good] = fits.log_hidden, fits.seen
    return deviance, found.code, log_hidden, seen
