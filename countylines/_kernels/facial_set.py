"""Does the maximum likelihood estimate of a log-linear model exist, and where is the hidden cell?

A cell with count 0 can drive a parameter to minus infinity. With counts y and design X, a recession
direction is a vector b with X b = 0 on the cells that were seen and X b >= 0 on the others: moving
along -b empties cells without ever lowering the likelihood. The cells that some recession direction
empties lie off the facial set; on the facial set the (extended) estimate exists (Fienberg &
Rinaldo, 2012). What happens to the hidden cell, whose design row is (1, 0, ..., 0), is read from
the sign of its entry along those directions.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linprog

from countylines._kernels.lattice import Lattice, unions

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]
IntArray = NDArray[np.int64]

OK = 0
BOUNDARY_FINITE = 1
HIDDEN_ZERO = 2
HIDDEN_INFINITE = 3
NOT_IDENTIFIED = 4
CODES = ("ok", "boundary-finite", "hidden-zero", "hidden-infinite", "not-identified")

_SMALL = 1e-9
_ENTRIES_AT_ONCE = 4_000_000


@dataclass(frozen=True)
class Face:
    """Facial set of one model and one pattern of zeros."""

    on_face: BoolArray  # by cell: whether its fitted value is above 0
    code: int  # position in CODES
    rank: int  # rank of the design on the face
    direction: FloatArray  # a recession direction that empties every cell off the face


def face(design: FloatArray, seen: BoolArray, hidden: FloatArray) -> Face:
    """Facial set of a model with design matrix `design` (cells, terms).

    `seen` marks the cells with a count above 0; `hidden` is the design row of the hidden cell.
    """
    terms = design.shape[1]
    basis = null_space(design[seen])
    everywhere = np.ones(len(seen), dtype=bool)
    if basis.shape[1] == 0:
        return Face(everywhere, OK, terms, np.zeros(terms))
    values = design[~seen] @ basis
    values[np.abs(values) < _SMALL] = 0.0
    rays = _extreme_rays(values)
    emptied, direction = _largest_support(values) if rays is None else _support(values, rays)
    on_face = everywhere.copy()
    on_face[np.flatnonzero(~seen)[emptied]] = False
    left = null_space(design[on_face])
    rank = terms - left.shape[1]
    if np.all(np.abs(hidden @ left) < _SMALL):
        code = BOUNDARY_FINITE if emptied.any() else OK
    else:
        code = _hidden_code(values, hidden @ basis, rays)
    return Face(on_face, code, rank, basis @ direction)


def null_space(matrix: FloatArray) -> FloatArray:
    """Orthonormal basis of the vectors that a matrix of small whole numbers sends to 0."""
    columns = matrix.shape[1]
    if matrix.shape[0] == 0:
        return np.eye(columns)
    if matrix.shape[0] > columns:
        matrix = np.asarray(np.linalg.qr(matrix, mode="r"))
    _, singular, right = np.linalg.svd(matrix, full_matrices=True)
    rank = int(np.sum(singular > _SMALL * max(1.0, float(singular[0]))))
    return right[rank:].T


def _extreme_rays(values: FloatArray) -> FloatArray | None:
    """Edges (free, rays) of the cone of directions that make no row negative, of unit length.

    Few free directions are told without a linear programme: along an edge all but one of them are
    used up by rows that stay 0, so each row, or each pair of rows, names two candidates. None where
    there are more, or where the cone holds a line.
    """
    free = values.shape[1]
    if free > 3 or values.shape[0] == 0 or np.linalg.matrix_rank(values, _SMALL) < free:
        return None
    if free == 1:
        candidates = np.ones((1, 1))
    elif free == 2:
        candidates = np.column_stack([-values[:, 1], values[:, 0]])
    else:
        first, second = np.triu_indices(len(values), 1)
        candidates = np.cross(values[first], values[second])
    length = np.linalg.norm(candidates, axis=1)
    some = length > _SMALL
    candidates = candidates[some] / length[some, None]
    candidates = np.concatenate([candidates, -candidates])
    feasible = (values @ candidates.T >= -_SMALL).all(axis=0)
    rays: FloatArray = candidates[feasible].T
    return rays


def _support(values: FloatArray, rays: FloatArray) -> tuple[BoolArray, FloatArray]:
    """Rows that some edge makes positive, and the sum of the edges, which makes all of them so."""
    emptied: BoolArray = np.any(values @ rays > _SMALL, axis=1)
    return emptied, rays.sum(axis=1)


def _largest_support(values: FloatArray) -> tuple[BoolArray, FloatArray]:
    """Rows that some direction makes positive while no row is negative, and such a direction."""
    rows, free = values.shape
    nothing = np.zeros(rows, dtype=bool), np.zeros(free)
    if rows == 0 or not values.any():
        return nothing
    # maximise the sum of y with 0 <= y <= 1 and y <= values @ direction
    gain = np.concatenate([np.zeros(free), -np.ones(rows)])
    below = np.hstack([-values, np.eye(rows)])
    bounds = [(None, None)] * free + [(0.0, 1.0)] * rows
    solved = linprog(gain, A_ub=below, b_ub=np.zeros(rows), bounds=bounds, method="highs")
    if solved.x is None:  # cannot be: the point 0 is feasible and the gain bounded
        raise ArithmeticError(f"the linear programme of the facial set failed: {solved.message}")
    emptied: BoolArray = solved.x[free:] > 0.5
    return emptied, np.asarray(solved.x[:free])


def _hidden_code(values: FloatArray, hidden: FloatArray, rays: FloatArray | None) -> int:
    """What recession directions do to a hidden cell that the face does not determine."""
    if rays is None:
        largest, smallest = _reach(values, hidden), _reach(values, -hidden)
    else:
        reach = hidden @ rays
        largest, smallest = reach.max(initial=0.0), (-reach).max(initial=0.0)
    if largest > _SMALL and smallest > _SMALL:
        return NOT_IDENTIFIED
    return HIDDEN_ZERO if largest > _SMALL else HIDDEN_INFINITE


def _reach(values: FloatArray, objective: FloatArray) -> float:
    """Largest value of `objective` over recession directions within the unit box."""
    free = len(objective)
    bounds = [(-1.0, 1.0)] * free
    if values.shape[0] == 0:
        return float(np.abs(objective).sum())
    limit = np.zeros(values.shape[0])
    solved = linprog(-objective, A_ub=-values, b_ub=limit, bounds=bounds, method="highs")
    if solved.fun is None:
        raise ArithmeticError(f"the linear programme of the hidden cell failed: {solved.message}")
    return float(-solved.fun)


@dataclass(frozen=True)
class Faces:
    """Facial sets of many models or patterns of zeros; one row each."""

    on_face: BoolArray  # (models, cells)
    code: IntArray  # positions in CODES
    rank: IntArray  # rank of the design on the face
    basis: BoolArray  # (models, terms): columns that span the design on the face


Solved = dict[bytes, tuple[Face, BoolArray]]


def faces(
    masks: BoolArray,
    terms: IntArray,
    seen: BoolArray,
    cells: IntArray,
    solved: Solved | None = None,
) -> Faces:
    """Facial set of every row: of many models, of many patterns of zeros, or of both.

    `masks` (models, terms) says which terms each row has, the first of which is 1. `cells` are the
    cells that can occur; `seen`, (cells,) or (patterns, cells), those with a count above 0. One
    model goes with many patterns, and one pattern with many models. `solved` keeps what the linear
    programmes found from one call to the next with the same terms and cells.

    A term none of whose cells was seen (a zero margin) is at minus infinity and its cells are off
    the face. If the design of the remaining terms is regular on the cells seen, nothing else can be
    emptied; otherwise the linear programme decides, once for each distinct remaining problem. Where
    no cell was seen there is nothing to fit, and any hidden number goes with it.
    """
    holds = (cells[:, None] & terms[None, :]) == terms[None, :]
    patterns = np.atleast_2d(seen)
    rows = max(len(masks), len(patterns))
    positive = patterns.astype(np.float64) @ holds > 0
    kept = masks & positive
    dropped = (masks & ~positive).astype(np.float64)
    on_face = (dropped @ holds.T.astype(np.float64)) == 0
    code = np.where(on_face.all(axis=1), OK, BOUNDARY_FINITE)
    rank = kept.sum(axis=1)
    basis = kept.copy()
    empty = np.broadcast_to(~patterns.any(axis=1), rows)
    code[empty] = NOT_IDENTIFIED
    doubtful = np.flatnonzero(~_regular_rows(kept, terms, patterns, cells) & ~empty)
    solved = {} if solved is None else solved
    every = np.broadcast_to(patterns, (rows, len(cells)))
    for row in doubtful:
        key = kept[row].tobytes() + on_face[row].tobytes() + every[row].tobytes()
        if key not in solved:
            solved[key] = _remaining(kept[row], on_face[row], holds, every[row])
        rest, columns = solved[key]
        on_face[row, np.flatnonzero(on_face[row])] = rest.on_face
        rank[row] = rest.rank
        basis[row] = columns
        code[row] = max(code[row], rest.code)
    return Faces(on_face, code, rank, basis)


def _remaining(
    kept: BoolArray, on_face: BoolArray, holds: BoolArray, seen: BoolArray
) -> tuple[Face, BoolArray]:
    columns = np.flatnonzero(kept)
    design = holds[np.ix_(on_face, kept)].astype(np.float64)
    hidden = np.zeros(len(columns))
    hidden[0] = 1.0
    rest = face(design, seen[on_face], hidden)
    basis = np.zeros_like(kept)
    basis[columns[_independent_columns(design[rest.on_face])]] = True
    return rest, basis


def _independent_columns(design: FloatArray) -> list[int]:
    """The first columns that span the design, from the left."""
    span = np.zeros((design.shape[0], 0))
    chosen = []
    for j in range(design.shape[1]):
        rest = design[:, j] - span @ (span.T @ design[:, j])
        rest -= span @ (span.T @ rest)
        length = float(np.linalg.norm(rest))
        if length > 1e-7:
            span = np.column_stack([span, rest / length])
            chosen.append(j)
    return chosen


def _regular_rows(
    masks: BoolArray, terms: IntArray, patterns: BoolArray, cells: IntArray
) -> BoolArray:
    """Whether each row's design has full rank on the cells seen."""
    sums = Lattice(cells).by_mask(patterns.astype(np.float64))
    place = np.broadcast_to(np.arange(len(patterns)), len(masks))
    sizes = masks.sum(axis=1)
    regular = np.zeros(len(masks), dtype=bool)
    for size in np.unique(sizes[sizes > 0]):
        rows = np.flatnonzero(sizes == size)
        for part in np.array_split(rows, -(-rows.size * int(size) ** 2 // _ENTRIES_AT_ONCE)):
            chosen = terms[np.nonzero(masks[part])[1].reshape(len(part), size)]
            regular[part] = is_regular(sums[place[part][:, None, None], unions(chosen)])
    return regular


def is_regular(gram: FloatArray) -> BoolArray:
    """Which of a stack of Gram matrices of zero-one designs are regular.

    Their entries are whole numbers, so a determinant is 0 or at least 1.
    """
    sign, log_determinant = np.linalg.slogdet(gram)
    regular: BoolArray = (sign > 0) & (log_determinant > np.log(0.5))
    return regular
