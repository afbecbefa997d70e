"""Whole numbers that satisfy linear constraints: extreme values, and all of them.

A system is rows ``low <= coefficients @ x <= high`` in whole numbers of any size. Extremes come
from integer programming in floating point (HiGHS) with every row loosened by more than its
tolerance: what is best of more, and fits the rows in exact arithmetic, is best. Where it does not
fit, whole numbers between what fits and what may be are searched for in exact arithmetic.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import gcd

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import Bounds, LinearConstraint, milp

IntArray = NDArray[np.int64]

LARGEST = 10**12  # no count is larger
_INFEASIBLE = 2  # status of scipy.optimize.milp
_MOST_ROUNDS = 100
_SLACK = 1e-6  # of rows whose largest coefficient is 1
_OFF = 1e-4  # of an answer once it is rounded to whole numbers
_NODES = 20_000
_SWEEPS = 200


class InconsistentError(Exception):
    """No whole numbers satisfy the rows."""


class InexactError(Exception):
    """The solver's answer does not satisfy the rows exactly."""


class TooManyError(Exception):
    """More solutions than asked for, or a search that is too long (`searched`)."""

    def __init__(self, *, searched: bool) -> None:
        super().__init__(searched)
        self.searched = searched


@dataclass(frozen=True)
class Row:
    """``low <= sum(coefficient * x[place]) <= high``; None is no bound."""

    terms: tuple[tuple[int, int], ...]  # (place, coefficient)
    low: int | None
    high: int | None

    def holds(self, x: Sequence[int]) -> bool:
        """Whether whole numbers satisfy it, in exact arithmetic."""
        value = sum(c * x[i] for i, c in self.terms)
        return (self.low is None or value >= self.low) and (self.high is None or value <= self.high)

    def reduced(self) -> Row:
        """The same row divided by what its coefficients share, bounds moved to whole numbers."""
        common = gcd(*(c for _, c in self.terms))
        if common <= 1:
            return self
        low = None if self.low is None else -((-self.low) // common)
        high = None if self.high is None else self.high // common
        return Row(tuple((i, c // common) for i, c in self.terms), low, high)


def extreme(rows: Sequence[Row], variables: int, objective: Sequence[int], sign: int) -> list[int]:
    """Whole numbers of at least 0 at which ``sign * objective`` is largest."""
    loose = _solved(rows, variables, objective, sign, _SLACK)
    if loose is None:
        raise InconsistentError
    if all(row.holds(loose) for row in rows):
        return loose
    box = []
    for place in range(variables):
        one = [int(i == place) for i in range(variables)]
        ends = [_solved(rows, variables, one, side, _SLACK) for side in (-1, 1)]
        low, high = (end[place] for end in ends if end is not None)
        box.append((low, high))
    best = _solved(rows, variables, objective, sign, 0.0)
    if best is None or not all(row.holds(best) for row in rows):
        best = _searched(rows, box)
        if best is None:
            raise InconsistentError
    most = sign * _dot(objective, loose)
    while (least := sign * _dot(objective, best)) < most:
        middle = (least + most + 1) // 2
        terms = tuple((i, sign * c) for i, c in enumerate(objective) if c)
        better = _searched([*rows, Row(terms, middle, None)], box)
        if better is None:
            most = middle - 1
        else:
            best = better
    return best


def _solved(
    rows: Sequence[Row], variables: int, objective: Sequence[int], sign: int, slack: float
) -> list[int] | None:
    """The solver's answer, rounded, with rows loosened; None where it says there is none."""
    matrix = np.zeros((len(rows), variables))
    low, high = np.full(len(rows), -np.inf), np.full(len(rows), np.inf)
    for place, row in enumerate(rows):
        # HiGHS has an absolute tolerance: rows of one scale
        scale = float(max(abs(c) for _, c in row.terms))
        for i, c in row.terms:
            matrix[place, i] += c / scale
        low[place] = -np.inf if row.low is None else row.low / scale - slack
        high[place] = np.inf if row.high is None else row.high / scale + slack
    found = milp(
        -sign * np.asarray(objective, dtype=np.float64),
        integrality=np.ones(variables, dtype=np.int64),
        bounds=Bounds(0, LARGEST),
        constraints=LinearConstraint(matrix, low, high) if rows else (),
        options={"mip_rel_gap": 0.0},
    )
    if found.x is None:
        if found.status == _INFEASIBLE:
            return None
        raise InexactError(found.message)
    x = [round(float(v)) for v in found.x]
    for place, row in enumerate(rows):
        value = sum(c * x[i] for i, c in row.terms) / max(abs(c) for _, c in row.terms)
        if max(low[place] - value, value - high[place]) > _OFF * (1.0 + 1e-9 * abs(value)):
            raise InexactError("the answer of the solver does not satisfy the constraints")
    return x


def _searched(rows: Sequence[Row], box: Sequence[tuple[int, int]]) -> list[int] | None:
    """Some whole numbers in a box that satisfy the rows; None where there are none."""
    try:
        found = next(_solutions(rows, box, _NODES), None)
    except TooManyError:
        raise InexactError("the solver's answer was not confirmed in exact arithmetic") from None
    return None if found is None else list(found)


def extent(rows: Sequence[Row], variables: int, objective: Sequence[int]) -> tuple[int, int]:
    """Smallest and largest value of a sum."""
    ends = [extreme(rows, variables, objective, sign) for sign in (-1, 1)]
    low, high = (sum(c * v for c, v in zip(objective, x, strict=True)) for x in ends)
    return low, high


def ratio_extent(
    rows: Sequence[Row], variables: int, top: Sequence[int], bottom: Sequence[int]
) -> tuple[Fraction, Fraction]:
    """Smallest and largest value of one sum over another, which must be above 0 (Dinkelbach)."""
    positive = Row(tuple((i, c) for i, c in enumerate(bottom) if c), 1, None)
    used = [*rows, positive]
    ends = []
    for sign in (-1, 1):
        x = extreme(used, variables, top, sign)
        for _ in range(_MOST_ROUNDS):
            best = Fraction(_dot(top, x), _dot(bottom, x))
            p, q = best.numerator, best.denominator
            moved = [q * a - p * b for a, b in zip(top, bottom, strict=True)]
            x = extreme(used, variables, moved, sign)
            if sign * _dot(moved, x) <= 0:
                break
        ends.append(best)
    return ends[0], ends[1]


def _dot(coefficients: Sequence[int], x: Sequence[int]) -> int:
    return sum(c * v for c, v in zip(coefficients, x, strict=True))


def every(
    rows: Sequence[Row], ranges: Sequence[tuple[int, int]], *, most: int, nodes: int
) -> list[tuple[int, ...]]:
    """All whole numbers within `ranges` that satisfy the rows, in ascending order."""
    found: list[tuple[int, ...]] = []
    for x in _solutions(rows, ranges, nodes):
        found.append(x)
        if len(found) > most:
            raise TooManyError(searched=False)
    return sorted(found)


def _solutions(
    rows: Sequence[Row], ranges: Sequence[tuple[int, int]], nodes: int
) -> Iterator[tuple[int, ...]]:
    """Whole numbers that satisfy the rows, by halving the ranges."""
    visited = 0
    stack = [[list(pair) for pair in ranges]]
    while stack:
        box = stack.pop()
        visited += 1
        if visited > nodes:
            raise TooManyError(searched=True)
        if not _narrow(rows, box):
            continue
        open_places = [i for i, (low, high) in enumerate(box) if low < high]
        if not open_places:
            x = [low for low, _ in box]
            if all(row.holds(x) for row in rows):
                yield tuple(x)
            continue
        place = open_places[0]
        low, high = box[place]
        middle = (low + high) // 2
        for pair in ((middle + 1, high), (low, middle)):
            half = [list(p) for p in box]
            half[place] = list(pair)
            stack.append(half)


def _narrow(rows: Sequence[Row], box: list[list[int]]) -> bool:
    """Tighten a box by each row until nothing moves, or long enough; False if it is empty."""
    for _ in range(_SWEEPS):
        moved = False
        for row in rows:
            least = sum(c * box[i][0 if c > 0 else 1] for i, c in row.terms)
            most = sum(c * box[i][1 if c > 0 else 0] for i, c in row.terms)
            for i, c in row.terms:
                low, high = box[i]
                own_least, own_most = (c * low, c * high) if c > 0 else (c * high, c * low)
                if row.high is not None:
                    room = row.high - (least - own_least)
                    if c > 0:
                        high = min(high, room // c)
                    else:
                        low = max(low, -(room // -c))
                if row.low is not None:
                    need = row.low - (most - own_most)
                    if c > 0:
                        low = max(low, -((-need) // c))
                    else:
                        high = min(high, (-need) // -c)
                if low > high:
                    return False
                if [low, high] != box[i]:
                    box[i] = [low, high]
                    least = sum(k * box[j][0 if k > 0 else 1] for j, k in row.terms)
                    most = sum(k * box[j][1 if k > 0 else 0] for j, k in row.terms)
                    moved = True
        if not moved:
            break
    return True
