"""Nonparametric maximum likelihood of survival from intervals, with delayed entry.

Only the mass of the innermost intervals ("cells") matters. With ``h`` the cumulative hazard spent
in each, the log-likelihood is concave in ``h >= 0``, also with delayed entry: a life known to go on
until cell ``a`` and to have ended by cell ``b``, watched from cell ``v``, adds
``-sum(h[v:a]) + log(1 - exp(-sum(h[a:b + 1])))``. Newton steps on the cells that have mass, with
the best new cell of every stretch between them, end where the conditions for a maximum hold.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import solve_triangular
from scipy.optimize import nnls

from countylines._kernels.method import FloatArray

IntArray = NDArray[np.intp]

MAX_STEPS = 500
CERTIFIED = 1e-10  # of the gradient, relative to the number of lives
RIDGE = 1e-13
# At one time: a life that ends then begins its cell, intervals up to it end, spells enter, and
# intervals after it begin.
EXACT, RIGHT, ENTRY, LEFT = range(4)


class Cells(NamedTuple):
    """Ends of the innermost intervals, and for each life those it spans and is watched from."""

    left: FloatArray
    right: FloatArray
    first: IntArray
    last: IntArray
    watched: IntArray


class Solution(NamedTuple):
    """Hazard spent in each cell, and how nearly the conditions for a maximum hold."""

    hazard: FloatArray
    log_likelihood: float
    gap: float  # largest violation, relative to the number of lives
    unique: bool


def cells(entry: FloatArray, lower: FloatArray, upper: FloatArray) -> Cells:
    """Innermost intervals of (lower, upper], or [t, t] where both are t."""
    exact = lower == upper
    late = entry > 0.0
    begin = np.where(exact, EXACT, LEFT)
    value = np.concatenate([lower, upper, entry[late]])
    kind = np.concatenate([begin, np.full(upper.size, RIGHT), np.full(int(late.sum()), ENTRY)])
    order = np.lexsort([kind, value])
    value, kind = value[order], kind[order]
    fresh = np.append(True, (value[1:] != value[:-1]) | (kind[1:] != kind[:-1]))
    rank = np.empty(order.size, dtype=np.intp)
    rank[order] = np.cumsum(fresh) - 1
    value, kind = value[fresh], kind[fresh]
    opens = (kind == EXACT) | (kind == LEFT)
    here = np.flatnonzero(opens[:-1] & ~opens[1:])
    n = lower.size
    watched = np.zeros(n, dtype=np.intp)
    watched[late] = np.searchsorted(here, rank[2 * n :], side="right")
    return Cells(
        value[here],
        value[here + 1],
        np.searchsorted(here, rank[:n], side="left"),
        np.searchsorted(here + 1, rank[n : 2 * n], side="right") - 1,
        watched,
    )


def solve(found: Cells, weight: FloatArray) -> Solution:
    """Maximise the likelihood of weighted lives."""
    some = weight > 0.0
    first, last, watched = found.first[some], found.last[some], found.watched[some]
    weight = weight[some]
    size = found.left.size
    cost = np.zeros(size + 1)
    np.add.at(cost, watched, weight)
    np.add.at(cost, first, -weight)
    cost = np.cumsum(cost)[:size]
    total = float(weight.sum())
    free = cost <= 1e-12 * total  # nobody is known to outlast these: all the rest may end there
    count = np.concatenate([[0], np.cumsum(free)])
    bound = count[last + 1] == count[first]
    place = np.cumsum(~free) - 1
    hazard = np.zeros(size)
    # As few cells as all spells that can end in one need; mass in others would change nothing.
    within, left = np.flatnonzero(free), np.flatnonzero(~bound)
    needed = [cell for cell, _ in _meeting(count[first[left]], count[last[left] + 1] - 1)]
    hazard[within[needed]] = np.inf
    gap, unique = 0.0, len(needed) == within.size
    if bound.any():
        pairs = place[first[bound]] * size + place[last[bound]]
        kept, which = np.unique(pairs, return_inverse=True)
        sums = np.bincount(which, weight[bound]).astype(np.float64)
        problem = _Problem(kept // size, kept % size, sums, cost[~free], total)
        inner, gap, alone = problem.solve()
        hazard[~free], unique = inner, unique and alone
    spent = np.concatenate([[0.0], np.cumsum(np.where(np.isinf(hazard), 0.0, hazard))])
    inside = np.where(bound, spent[last + 1] - spent[first], np.inf)
    log = -(spent[first] - spent[watched]) + np.log(-np.expm1(-inside))
    return Solution(hazard, float(weight @ log), gap, unique)


def _meeting(first: IntArray, last: IntArray) -> Iterator[tuple[int, IntArray]]:
    """As few cells as meet every span, from the left, and the spans that each is the first to."""
    order = np.argsort(first, kind="stable")
    starts = first[order]
    nearest = np.minimum.accumulate(last[order][::-1])[::-1]
    at = 0
    while at < starts.size:
        cell = int(nearest[at])
        following = int(np.searchsorted(starts, cell, side="right"))
        yield cell, order[at:following]
        at = following


def survival(hazard: FloatArray) -> FloatArray:
    """Survival after each cell."""
    after: FloatArray = np.exp(-np.cumsum(hazard))
    return after


class _Problem:
    """The concave problem on cells with a cost, for distinct spans of cells with their weights."""

    def __init__(
        self, first: IntArray, last: IntArray, weight: FloatArray, cost: FloatArray, total: float
    ) -> None:
        self.first, self.last, self.weight, self.cost = first, last, weight, cost
        self.total = total

    def solve(self) -> tuple[FloatArray, float, bool]:
        """Hazards, the largest violation of the conditions, and whether they are the only ones."""
        hazard = self._start()
        value = self._value(hazard)
        best, kept = np.inf, hazard
        for _ in range(MAX_STEPS):
            gradient, bend = self._gradient(hazard)
            gap = self._violation(hazard, gradient)
            if gap < best:
                best, kept = gap, hazard
            if best <= 0.01 * CERTIFIED:
                break
            support = self._widened(hazard, gradient)
            step = self._newton(hazard, gradient, bend, support)
            size = 1.0
            while size > 1e-12:
                trial = np.maximum(hazard + size * step, 0.0)
                new = self._value(trial)
                if new > value - 1e-14 * abs(value):
                    break
                size *= 0.5
            if size <= 1e-12 or (gap > best and best <= CERTIFIED):
                break
            hazard, value = trial, new
        gradient, bend = self._gradient(kept)
        return kept, best, self._unique(kept, gradient, bend)

    def _start(self) -> FloatArray:
        """Mass at as few cells as meet every span."""
        hazard = np.zeros(self.cost.size)
        for cell, spans in _meeting(self.first, self.last):
            hazard[cell] = np.log1p(float(self.weight[spans].sum()) / self.cost[cell])
        return hazard

    def _inside(self, hazard: FloatArray) -> FloatArray:
        spent = np.concatenate([[0.0], np.cumsum(hazard)])
        inside: FloatArray = spent[self.last + 1] - spent[self.first]
        return inside

    def _value(self, hazard: FloatArray) -> float:
        with np.errstate(divide="ignore", invalid="ignore"):
            gain = self.weight @ np.log(-np.expm1(-self._inside(hazard)))
        return float(gain - self.cost @ hazard) if np.isfinite(gain) else -np.inf

    def _gradient(self, hazard: FloatArray) -> tuple[FloatArray, FloatArray]:
        rest = np.expm1(self._inside(hazard))
        slope = self.weight / rest
        change = np.zeros(hazard.size + 1)
        np.add.at(change, self.first, slope)
        np.add.at(change, self.last + 1, -slope)
        return np.cumsum(change)[:-1] - self.cost, slope * (rest + 1.0) / rest

    def _violation(self, hazard: FloatArray, gradient: FloatArray) -> float:
        inner = np.max(np.abs(gradient[hazard > 0.0]), initial=0.0)
        return float(max(inner, np.max(gradient, initial=0.0)) / self.total)

    def _widened(self, hazard: FloatArray, gradient: FloatArray) -> IntArray:
        """Cells with mass, and the steepest cell of every stretch between them."""
        support = np.flatnonzero(hazard > 0.0)
        edges = np.unique(np.concatenate([[0], support, support + 1]))
        edges = edges[edges < hazard.size]
        steepest = np.maximum.reduceat(gradient, edges)
        stretch = np.repeat(np.arange(edges.size), np.diff(np.append(edges, hazard.size)))
        top = np.flatnonzero((gradient == steepest[stretch]) & (gradient > 0.0))
        new = top[np.unique(stretch[top], return_index=True)[1]]
        return np.union1d(support, new)

    def _curvature(self, support: IntArray, bend: FloatArray) -> FloatArray:
        """Negative Hessian: spans that hold both cells, added up."""
        low = np.searchsorted(support, self.first, side="left")
        high = np.searchsorted(support, self.last, side="right") - 1
        some = low <= high
        size = support.size
        corner = np.bincount(low[some] * size + high[some], bend[some], minlength=size * size)
        table = corner.astype(np.float64).reshape(size, size)
        table = np.cumsum(np.cumsum(table, axis=0)[:, ::-1], axis=1)[:, ::-1]
        upper = np.triu(table)
        both: FloatArray = upper + np.triu(table, 1).T
        return both

    def _newton(
        self, hazard: FloatArray, gradient: FloatArray, bend: FloatArray, support: IntArray
    ) -> FloatArray:
        """Step to the maximum of the quadratic that fits here, among hazards of at least 0."""
        curvature = self._curvature(support, bend)
        scale = np.sqrt(np.diag(curvature))
        curvature = curvature / np.outer(scale, scale) + RIDGE * np.eye(scale.size)
        here = hazard[support] * scale
        uphill = gradient[support] / scale
        goal = curvature @ here + uphill
        there = _dropping(curvature, goal)
        if uphill @ (there - here) <= 0.0:
            root = np.linalg.cholesky(curvature, upper=True)
            there, _ = nnls(root, solve_triangular(root, goal, trans=1), maxiter=50 * goal.size)
        step = np.zeros(hazard.size)
        step[support] = (there - here) / scale
        return step

    def _unique(self, hazard: FloatArray, gradient: FloatArray, bend: FloatArray) -> bool:
        """Whether no other hazards fit as well: the quadratic is curved wherever mass could go."""
        ties = np.flatnonzero((hazard > 0.0) | (gradient > -1e-8 * self.total))
        curvature = self._curvature(ties, bend)
        scale = np.sqrt(np.diag(curvature))
        if np.any(scale == 0.0):
            return False
        values = np.linalg.eigvalsh(curvature / np.outer(scale, scale))
        return bool(values[0] > 1e-9 * values[-1])


def _dropping(curvature: FloatArray, goal: FloatArray) -> FloatArray:
    """Maximum of a quadratic after leaving out what would be negative, again and again."""
    there = np.zeros(goal.size)
    kept = np.arange(goal.size)
    while kept.size:
        values = np.linalg.solve(curvature[np.ix_(kept, kept)], goal[kept])
        if np.all(values > 0.0):
            there[kept] = values
            break
        kept = kept[values > 0.0]
    return there
