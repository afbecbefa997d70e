"""Fits of one log-linear model to many tables, each on its own facial set.

Replicates of a bootstrap, or the tables that bands allow, differ in their zeros. Facial sets are
found once for each pattern of zeros and kept from one call to the next.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from countylines._kernels import facial_set, loglinear_banded, loglinear_fit

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]


class TableFits(NamedTuple):
    """One row a table."""

    hidden: FloatArray  # inf if hidden-infinite, 0 if hidden-zero, nan if not-identified
    total: FloatArray  # with the number seen, in bands its mean given the fit
    code: IntArray  # position in facial_set.CODES
    deviance: FloatArray
    pearson: FloatArray  # of exact tables; cells off the face have nothing to add
    fitted: FloatArray  # (rows, cells)
    rank: IntArray  # of the design on the face


class ManyTables:
    """One model, to be fitted to any number of tables."""

    def __init__(self, terms: IntArray, cells: IntArray) -> None:
        self.terms, self.cells = terms, cells
        self.solved: facial_set.Solved = {}

    def fit(self, low: FloatArray, high: FloatArray | None = None) -> TableFits:
        """Fit tables (rows, cells) of exact counts, or of bands with these ends."""
        rows = len(low)
        patterns, place = np.unique(low > 0, axis=0, return_inverse=True)
        mask = np.ones((1, len(self.terms)), dtype=bool)
        found = facial_set.faces(mask, self.terms, patterns, self.cells, self.solved)
        place = place.reshape(rows)
        basis, face, code = found.basis[place], found.on_face[place], found.code[place]
        fits: loglinear_fit.Fits | loglinear_banded.BandedFits
        if high is None or np.array_equal(low, high):
            if len(self.cells) > loglinear_banded.FEW_CELLS:
                fits = loglinear_banded.fit(low, low, self.terms, basis, face, self.cells)
            else:
                fits = loglinear_fit.fit(low, self.terms, basis, face, self.cells)
            seen = low.sum(axis=1)
            excess = np.where(face, low - fits.fitted, 0.0)
            pearson = (excess**2 / np.where(face, fits.fitted, 1.0)).sum(axis=1)
        else:
            fits = loglinear_banded.fit(low, high, self.terms, basis, face, self.cells)
            seen, pearson = fits.expected.sum(axis=1), np.full(rows, np.nan)
        if not fits.converged.all():
            raise ArithmeticError("a fit of a concave likelihood did not converge")
        hidden = np.full(rows, np.nan)
        finite = code <= facial_set.BOUNDARY_FINITE
        hidden[finite] = np.exp(fits.log_hidden[finite])
        hidden[code == facial_set.HIDDEN_ZERO] = 0.0
        hidden[code == facial_set.HIDDEN_INFINITE] = np.inf
        deviance = np.maximum(fits.deviance, 0.0)
        rank = found.rank[place]
        return TableFits(hidden, seen + hidden, code, deviance, pearson, fits.fitted, rank)
