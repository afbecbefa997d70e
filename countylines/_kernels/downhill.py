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

from countylines._kernels import facial_set, hierarchical, loglinear_fit
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


def walk(
    counts: FloatArray,
    finder: FaceFinder,
    penalty: Callable[[IntArray, FloatArray], FloatArray],
) -> Walked:
    """Walk for every row of `counts`; `penalty` takes numbers of parameters and of units seen."""
    rows, terms = len(counts), finder.terms
    sizes = np.maximum(counts.sum(axis=1), 1.0)
    here = np.tile(hierarchical.orders_of(terms) < 2, (rows, 1))
    best = np.full(rows, np.inf)
    result = Walked(
        np.zeros_like(here), np.full(rows, facial_set.NOT_IDENTIFIED), np.full(rows, np.nan)
    )
    met: list[set[bytes]] = [{model.tobytes()} for model in here]
    near: dict[bytes, BoolArray] = {}
    at, masks = np.arange(rows), here.copy()
    while at.size:
        score, code, log_hidden = _scores(counts[at], finder, masks)
        score = score + penalty(masks.sum(axis=1), sizes[at])
        moved = set()
        for i in np.flatnonzero(np.isfinite(score)):
            row = int(at[i])
            if score[i] < best[row] - TIE:
                best[row], result.masks[row] = score[i], masks[i]
                result.code[row], result.log_hidden[row] = code[i], log_hidden[i]
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
    counts: FloatArray, finder: FaceFinder, masks: BoolArray
) -> tuple[FloatArray, IntArray, FloatArray]:
    """Deviance of each model of each table, infinite without an estimate; code; log hidden."""
    found = finder.faces(counts > 0, masks)
    good = found.code <= facial_set.BOUNDARY_FINITE
    deviance, log_hidden = np.full(len(counts), np.inf), np.full(len(counts), np.nan)
    fits = loglinear_fit.fit(
        counts[good], finder.terms, found.basis[good], found.on_face[good], finder.cells
    )
    if not fits.converged.all():
        raise ArithmeticError("a log-linear fit of the walk did not converge")
    deviance[good], log_hidden[good] = fits.deviance, fits.log_hidden
    return deviance, found.code, log_hidden
