"""Which cells of a table with totals to hide, and what can be worked out of those hidden.

A table of any number of dimensions is extended by its totals along each of them. Along every line
of the extended table the cells add up to the total: what is printed of it leaves each hidden cell a
range, found by linear programming, and by integer programming where that gives no whole numbers.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import coo_array

from countylines._kernels.whole_programme import InexactError, Row

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.intp]
BoolArray = NDArray[np.bool_]

_UNBOUNDED = (3, 4)  # status of scipy.optimize.milp: unbounded, or infeasible or unbounded
_HIDDEN_COST = 1e-4  # of moving a cell that is hidden already, so that few take part
_MOVED = 1e-6
_TOTALS_COST = 3.0
_ROUNDS = 5


class UnprotectedError(Exception):
    """No choice of cells protects one of them."""


def extended(values: FloatArray) -> FloatArray:
    """A table with its totals as the last entry of each dimension."""
    for axis in range(values.ndim):
        values = np.concatenate([values, values.sum(axis=axis, keepdims=True)], axis=axis)
    return values


def lines(shape: tuple[int, ...]) -> list[IntArray]:
    """Flat places of each line of an extended table; the last of each is the total."""
    places = np.arange(int(np.prod(shape))).reshape(shape)
    found = []
    for axis in range(len(shape)):
        found += list(np.moveaxis(places, axis, -1).reshape(-1, shape[axis]))
    return found


def in_totals(shape: tuple[int, ...]) -> IntArray:
    """Over how many dimensions each cell of an extended table is added up."""
    count = np.zeros(shape, dtype=np.intp)
    for axis, size in enumerate(shape):
        index = [slice(None)] * len(shape)
        index[axis] = slice(size - 1, size)
        count[tuple(index)] += 1
    return count.ravel()


def constraints(printed: FloatArray, shape: tuple[int, ...]) -> tuple[list[Row], IntArray]:
    """Rows on the hidden cells, which are nan in `printed` (flat), and the places of these."""
    hidden = np.flatnonzero(np.isnan(printed))
    place = {int(cell): i for i, cell in enumerate(hidden)}
    rows = []
    for line in lines(shape):
        signs = np.ones(line.size, dtype=np.int64)
        signs[-1] = -1
        terms = tuple(
            (place[int(cell)], int(sign))
            for cell, sign in zip(line, signs, strict=True)
            if int(cell) in place
        )
        if terms:
            known = ~np.isnan(printed[line])
            left = -round(float(np.sum(signs[known] * printed[line][known])))
            rows.append(Row(terms, left, left))
    return rows, hidden


def ranges(
    printed: FloatArray, shape: tuple[int, ...], lowest: int, wanted: IntArray | None = None
) -> tuple[FloatArray, FloatArray]:
    """Smallest and largest value of each hidden cell (or of some, by place among the hidden)."""
    rows, hidden = constraints(printed, shape)
    chosen = np.arange(hidden.size) if wanted is None else wanted
    matrix = _matrix(
        [(i, j, c) for i, row in enumerate(rows) for j, c in row.terms], len(rows), hidden.size
    )
    level = np.array([float(row.low or 0) for row in rows])
    limits = LinearConstraint(matrix, level, level) if rows else ()
    ends = np.empty((2, chosen.size))
    for i, cell in enumerate(chosen):
        for side, sign in enumerate((1.0, -1.0)):
            objective = np.zeros(hidden.size)
            objective[cell] = sign
            ends[side, i] = _extreme(objective, limits, rows, lowest)
    return ends[0], ends[1]


def _extreme(objective: FloatArray, limits: Any, rows: list[Row], lowest: int) -> float:
    """Value of one cell where the objective is least: of a linear program if that is whole."""
    bounds = Bounds(lowest, np.inf)
    found = milp(objective, bounds=bounds, constraints=limits)
    if found.x is not None and np.max(np.abs(found.x - np.round(found.x))) > _MOVED:
        whole = np.ones(objective.size, dtype=np.int64)
        found = milp(
            objective,
            integrality=whole,
            bounds=bounds,
            constraints=limits,
            options={"mip_rel_gap": 0.0},
        )
    largest = objective.sum() < 0
    if found.status in _UNBOUNDED and largest:
        return np.inf
    if found.x is None:
        raise UnprotectedError(found.message)
    x = [round(float(v)) for v in found.x]
    if min(x) < lowest or not all(row.holds(x) for row in rows):
        raise InexactError("the answer of the solver does not add up exactly")
    return float(x[int(np.flatnonzero(objective)[0])])


def _matrix(entries: list[tuple[int, int, float]], rows: int, columns: int) -> coo_array:
    if not entries:
        return coo_array((rows, columns))
    i, j, c = zip(*entries, strict=True)
    return coo_array((np.asarray(c, dtype=np.float64), (i, j)), shape=(rows, columns))


def protected(values: FloatArray, below: int, lowest: int) -> BoolArray:
    """Cells of an extended table to hide: small ones, and what is needed to keep them so.

    Every small cell keeps every value from its least to below the threshold. The least is `lowest`,
    and for a total as much for every cell in it that is not printed as 0.
    """
    shape, flat = values.shape, values.ravel()
    inner = values[tuple(slice(size - 1) for size in shape)]
    least = extended(np.where(inner >= lowest, float(lowest), 0.0)).ravel()
    small = (flat >= lowest) & (flat < below)
    hidden = small.copy()
    cost = np.log1p(flat) * _TOTALS_COST ** in_totals(shape)
    order = np.flatnonzero(small)[np.argsort(flat[small], kind="stable")]
    for _ in range(_ROUNDS):
        open_cells = _unprotected(flat, hidden, order, shape, below, lowest, least)
        if open_cells.size == 0:
            return hidden.reshape(shape)
        for cell in open_cells:
            if _unprotected(flat, hidden, np.array([cell]), shape, below, lowest, least).size:
                moves = least[cell] - flat[cell], below - 1 - flat[cell]
                hidden = hidden | _partners(flat, hidden, int(cell), shape, moves, lowest, cost)
    raise UnprotectedError("some cell stays known")


def _unprotected(
    flat: FloatArray,
    hidden: BoolArray,
    cells: IntArray,
    shape: tuple[int, ...],
    below: int,
    lowest: int,
    least: FloatArray,
) -> IntArray:
    printed = np.where(hidden, np.nan, flat)
    among = np.cumsum(hidden) - 1
    low, high = ranges(printed, shape, lowest, among[cells])
    return cells[(low > least[cells]) | (high < below - 1)]


def _partners(
    flat: FloatArray,
    hidden: BoolArray,
    cell: int,
    shape: tuple[int, ...],
    moves: tuple[float, float],
    lowest: int,
    cost: FloatArray,
) -> BoolArray:
    """Cells to hide so that one cell can move as far down and up as `moves` says.

    A table is sought for each, by linear programming, that keeps all that is printed: it differs
    from the true one in hidden cells, and elsewhere at a cost for every unit that a cell moves.
    """
    chosen = np.zeros(flat.size, dtype=bool)
    for move in moves:
        if move == 0.0:
            continue
        open_cells = hidden | chosen
        usable = np.flatnonzero(open_cells | (flat >= lowest))
        place = {int(c): i for i, c in enumerate(usable)}
        entries: list[tuple[int, int, float]] = []
        row = 0
        for line in lines(shape):
            signs = [1.0] * (line.size - 1) + [-1.0]
            terms = [
                (place[int(c)], s) for c, s in zip(line, signs, strict=True) if int(c) in place
            ]
            entries += [(row, j, s) for j, s in terms]
            entries += [(row, usable.size + j, -s) for j, s in terms]
            row += bool(terms)
        # variables: how far each cell moves up, then how far down
        most = np.concatenate([np.full(usable.size, np.inf), flat[usable] - lowest])
        least = np.zeros(2 * usable.size)
        at, back = place[cell] + usable.size * (move < 0), place[cell] + usable.size * (move > 0)
        least[at] = most[at] = abs(move)
        most[back] = 0.0
        price = np.where(open_cells[usable], _HIDDEN_COST, cost[usable])
        zero = np.zeros(row)
        found = milp(
            np.concatenate([price, price]),
            bounds=Bounds(least, most),
            constraints=LinearConstraint(_matrix(entries, row, 2 * usable.size), zero, zero),
        )
        if found.x is None:
            raise UnprotectedError(found.message)
        moved = found.x[: usable.size] + found.x[usable.size :] > _MOVED
        chosen[usable[moved]] = True
    return chosen
