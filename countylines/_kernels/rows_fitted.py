"""Fits of tables by models of their own, exact or in bands, as searches over models compare them.

Every row has a facial set with an estimate. With bands the likelihood is the probability of what is
known, and its deviance still is at least that of any model containing the one that was fitted:
bounds that rest on that hold alike.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from countylines._kernels import loglinear_banded, loglinear_fit
from countylines._kernels.faces_by_row import FaceFinder
from countylines._kernels.facial_set import Faces

BoolArray = NDArray[np.bool_]
FloatArray = NDArray[np.float64]


class Fitted(NamedTuple):
    """What a search compares, one row a table and its model."""

    decided: (
        BoolArray  # whether the likelihood has a peak: not where bands are so wide as to be flat
    )
    deviance: FloatArray
    log_hidden: FloatArray
    seen: FloatArray  # number of units seen, with bands its mean given the fit

    def only_decided(self) -> Fitted:
        """The rows that are decided."""
        at = self.decided
        return Fitted(at[at], self.deviance[at], self.log_hidden[at], self.seen[at])


def fit(low: FloatArray, high: FloatArray | None, finder: FaceFinder, faces: Faces) -> Fitted:
    """Fit the rows of `faces` to the counts `low`, or to bands from `low` to `high`."""
    shape = finder.terms, faces.basis, faces.on_face, finder.cells
    if high is None:
        exact = loglinear_fit.fit(low, *shape)
        decided, seen = np.ones(len(low), dtype=bool), low.sum(axis=1)
        found = Fitted(decided, exact.deviance, exact.log_hidden, seen)
        converged = exact.converged
    else:
        banded = loglinear_banded.fit(low, high, *shape)
        decided, seen = banded.variance < loglinear_banded.FLAT, banded.expected.sum(axis=1)
        found = Fitted(decided, banded.deviance, banded.log_hidden, seen)
        converged = banded.converged
    if not converged[decided].all():
        raise ArithmeticError("a log-linear fit of the search did not converge")
    return found


def rows_of(faces: Faces, which: BoolArray) -> Faces:
    """Some rows of facial sets."""
    return Faces(faces.on_face[which], faces.code[which], faces.rank[which], faces.basis[which])


def middle(low: FloatArray, high: FloatArray | None) -> FloatArray:
    """Units seen of each table, at least 1; with bands the middle of what may have been."""
    seen = low.sum(axis=1) if high is None else 0.5 * (low + high).sum(axis=1)
    return np.asarray(np.maximum(seen, 1.0))
