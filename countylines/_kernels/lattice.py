"""Sums over the sets of lists that hold a set, or that it holds, without a design matrix.

The design entry of a cell and a term is 1 if the cell holds the term. Sums of cell values by term
are sums over supersets, and predictors of cells are sums of effects over subsets. With k lists both
take k passes over 2**k numbers; for few lists one matrix product is quicker.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from countylines._kernels import hierarchical

IntArray = NDArray[np.int64]
FloatArray = NDArray[np.float64]

_DENSE_LISTS = 7


class Lattice:
    """Sums for a set of cells, given as bit masks."""

    def __init__(self, cells: IntArray) -> None:
        self.cells = cells
        self.lists = int(cells.max()).bit_length()
        dense = self.lists <= _DENSE_LISTS
        self._above = hierarchical.cells_above(cells) if dense else None

    def by_mask(self, values: FloatArray) -> FloatArray:
        """(rows, cells) to (rows, masks): sums over the cells that hold each mask of lists."""
        if self._above is not None:
            sums: FloatArray = values @ self._above
            return sums
        full = np.zeros((len(values), 1 << self.lists))
        full[:, self.cells] = values
        for j in range(self.lists):
            pairs = full.reshape(len(values), -1, 2, 1 << j)
            pairs[:, :, 0] += pairs[:, :, 1]
        return full

    def by_term(self, values: FloatArray, terms: IntArray) -> FloatArray:
        """(rows, cells) to (rows, size): sums over the cells that hold each of a row's terms."""
        return np.take_along_axis(self.by_mask(values), terms, axis=1)

    def by_union(self, values: FloatArray, unions: IntArray) -> FloatArray:
        """(rows, cells) to (rows, size, size): sums over cells that hold both of two terms."""
        sums: FloatArray = self.by_mask(values)[np.arange(len(values))[:, None, None], unions]
        return sums

    def predictor(self, effects: FloatArray, terms: IntArray) -> FloatArray:
        """(rows, size) to (rows, cells): sum of the effects whose terms each cell holds."""
        full = np.zeros((len(effects), 1 << self.lists))
        np.put_along_axis(full, terms, effects, axis=1)
        if self._above is not None:
            dense: FloatArray = full @ self._above.T
            return dense
        for j in range(self.lists):
            pairs = full.reshape(len(effects), -1, 2, 1 << j)
            pairs[:, :, 1] += pairs[:, :, 0]
        return full[:, self.cells]


def unions(terms: IntArray) -> IntArray:
    """Union of each pair of a row's terms, (rows, size, size)."""
    both: IntArray = terms[:, :, None] | terms[:, None, :]
    return both
