"""Facial sets of many tables at once, each with its own pattern of zeros and its own model.

Most rows need no linear programme: once the terms whose margin is zero and the cells that hold them
are gone, a design that is regular on the cells seen leaves nothing else to be emptied. What the
linear programmes find for the others (`facial_set`) is remembered, since resampled tables repeat
their patterns.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from countylines._kernels import facial_set, hierarchical
from countylines._kernels.facial_set import Faces, Solved
from countylines._kernels.lattice import Lattice, unions

BoolArray = NDArray[np.bool_]
IntArray = NDArray[np.int64]
FloatArray = NDArray[np.float64]

MOST_REMEMBERED = 50_000
_NUMBERS_AT_ONCE = 4_000_000


@dataclass
class FaceFinder:
    """Finds facial sets over one set of cells and terms, the intercept first."""

    terms: IntArray
    cells: IntArray
    solved: Solved = field(default_factory=dict)
    _holds: FloatArray = field(init=False)
    _lattice: Lattice = field(init=False)

    def __post_init__(self) -> None:
        self._holds = hierarchical.design(self.cells, self.terms)
        self._lattice = Lattice(self.cells)

    def quick(self, seen: BoolArray, masks: BoolArray) -> tuple[Faces, BoolArray]:
        """Faces after zero margins alone, and the rows for which that is the whole truth."""
        marks = seen.astype(np.float64)
        positive = marks @ self._holds > 0
        kept = masks & positive
        dropped = (masks & ~positive).astype(np.float64)
        on_face = dropped @ self._holds.T == 0
        code = np.where(on_face.all(axis=1), facial_set.OK, facial_set.BOUNDARY_FINITE)
        faces = Faces(on_face=on_face, code=code, rank=kept.sum(axis=1), basis=kept)
        return faces, self._regular(marks, kept)

    def faces(self, seen: BoolArray, masks: BoolArray) -> Faces:
        """Facial set of every row: `seen` (rows, cells), `masks` (rows, terms)."""
        found, sure = self.quick(seen, masks)
        empty = ~seen.any(axis=1)
        found.code[empty] = facial_set.NOT_IDENTIFIED
        rows = np.flatnonzero(~sure & ~empty)
        if rows.size:
            if len(self.solved) > MOST_REMEMBERED:
                self.solved.clear()
            rest = facial_set.faces(masks[rows], self.terms, seen[rows], self.cells, self.solved)
            for name in ("on_face", "code", "rank", "basis"):
                getattr(found, name)[rows] = getattr(rest, name)
        return found

    def _regular(self, marks: FloatArray, kept: BoolArray) -> BoolArray:
        """Whether the design of the terms kept is regular on the cells seen."""
        sums = self._lattice.by_mask(marks)
        sizes = kept.sum(axis=1)
        regular = np.zeros(len(kept), dtype=bool)
        for size in np.unique(sizes[sizes > 0]):
            chosen = np.flatnonzero(sizes == size)
            at_once = max(1, _NUMBERS_AT_ONCE // int(size) ** 2)
            for start in range(0, len(chosen), at_once):
                rows = chosen[start : start + at_once]
                columns = np.nonzero(kept[rows])[1].reshape(len(rows), size)
                gram = sums[rows[:, None, None], unions(self.terms[columns])]
                regular[rows] = facial_set.is_regular(gram)
        return regular
