"""Facial sets of many tables at once, each with its own pattern of zeros and its own model.

Most rows need no linear programme: once the terms whose margin is zero and the cells that hold them
are gone, a design that is regular on the cells seen leaves nothing else to be emptied. The others
are decided one by one (`facial_set`) and remembered, since resampled tables repeat their patterns.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from countylines._kernels import facial_set, hierarchical

BoolArray = NDArray[np.bool_]
IntArray = NDArray[np.int64]
FloatArray = NDArray[np.float64]

_ROWS_AT_ONCE = 4096


class RowFaces(NamedTuple):
    """Facial sets, one row each."""

    on_face: BoolArray  # (rows, cells)
    code: IntArray  # positions in facial_set.CODES
    basis: BoolArray  # (rows, terms): columns that span the design on the face
    rank: IntArray  # rank of the design on the face


@dataclass
class FaceFinder:
    """Finds facial sets over one set of cells and terms, the intercept first."""

    terms: IntArray
    cells: IntArray
    known: dict[bytes, tuple[BoolArray, int, BoolArray, int]] = field(default_factory=dict)
    _holds: FloatArray = field(init=False)
    _above: FloatArray = field(init=False)
    _unions: IntArray = field(init=False)

    def __post_init__(self) -> None:
        self._holds = hierarchical.design(self.cells, self.terms)
        self._above = hierarchical.cells_above(self.cells)
        self._unions = self.terms[:, None] | self.terms[None, :]

    def quick(self, seen: BoolArray, masks: BoolArray) -> tuple[RowFaces, BoolArray]:
        """Faces after zero margins alone, and the rows for which that is the whole truth."""
        marks = seen.astype(np.float64)
        positive = marks @ self._holds > 0
        kept = masks & positive
        dropped = (masks & ~positive).astype(np.float64)
        on_face = dropped @ self._holds.T == 0
        code = np.where(on_face.all(axis=1), facial_set.OK, facial_set.BOUNDARY_FINITE)
        return RowFaces(on_face, code, kept, kept.sum(axis=1)), self._regular(marks, kept)

    def faces(self, seen: BoolArray, masks: BoolArray) -> RowFaces:
        """Facial set of every row: `seen` (rows, cells), `masks` (rows, terms)."""
        found, sure = self.quick(seen, masks)
        for row in np.flatnonzero(~sure):
            key = seen[row].tobytes() + masks[row].tobytes()
            if key not in self.known:
                self.known[key] = self._decided(seen[row], masks[row])
            found.on_face[row], found.code[row], found.basis[row], found.rank[row] = self.known[key]
        return found

    def _decided(self, seen: BoolArray, mask: BoolArray) -> tuple[BoolArray, int, BoolArray, int]:
        if not seen.any():
            nothing = np.zeros(len(mask), dtype=bool)
            return np.ones(len(seen), dtype=bool), facial_set.NOT_IDENTIFIED, nothing, 0
        one = facial_set.faces(mask[None], self.terms, seen, self.cells)
        return one.on_face[0], int(one.code[0]), one.basis[0], int(one.rank[0])

    def _regular(self, marks: FloatArray, kept: BoolArray) -> BoolArray:
        """Whether the design of the terms kept is regular on the cells seen."""
        sums = marks @ self._above
        sizes = kept.sum(axis=1)
        regular = np.zeros(len(kept), dtype=bool)
        for size in np.unique(sizes[sizes > 0]):
            chosen = np.flatnonzero(sizes == size)
            for start in range(0, len(chosen), _ROWS_AT_ONCE):
                rows = chosen[start : start + _ROWS_AT_ONCE]
                columns = np.nonzero(kept[rows])[1].reshape(len(rows), size)
                unions = self._unions[columns[:, :, None], columns[:, None, :]]
                gram = sums[rows[:, None, None], unions]
                regular[rows] = facial_set.is_regular(gram)
        return regular
