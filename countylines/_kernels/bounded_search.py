"""Every model within a distance of the best, by bounds on a criterion instead of all its values.

Minus twice the log-likelihood of a model is at least that of any model which contains it, and a
penalty grows with the number of parameters. So every model between two hierarchical models, `low`
contained in `high`, has a criterion of at least

    -2 log-likelihood(high) + penalty(parameters of low),

and if that exceeds the best value known by more than the distance, none of them need be fitted.

A node is such a pair. Apart from `high` itself, its models lack at least one of its free terms;
with the free terms in some order, those that lack the i-th and have all before it are again a node,
so no model belongs to two. The term whose absence costs most comes first: then most of these nodes
can be given up at once, and the others have many terms settled.
"""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from countylines._kernels import hierarchical

BoolArray = NDArray[np.bool_]
FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

NODES_AT_ONCE = 64
ROUNDING = 1e-8  # of a criterion: fits are exact to about this


class Bounded(NamedTuple):
    """What was found, and what is known of the rest."""

    masks: BoolArray  # models fitted, (models, terms); all within the distance are among them
    finished: bool  # False if the allowance of fits ran out
    fits: int
    log_left_out: float  # bound on the log of the sum of exp(-criterion / 2) over all others


class _Node(NamedTuple):
    bound: float
    number: int  # so that nodes of equal bound have an order
    value: float  # of -2 log-likelihood at `high`
    high: BoolArray
    low: BoolArray
    without: FloatArray  # by term: least -2 log-likelihood of the node's models that lack it


class _Search:
    """The state of a search: nodes waiting, the best value so far, and what was given up."""

    def __init__(
        self,
        terms: IntArray,
        evaluate: Callable[[BoolArray], tuple[FloatArray, BoolArray]],
        penalty: Callable[[IntArray], FloatArray],
        distance: float,
        base: int,
    ) -> None:
        holds = (terms[:, None] & terms[None, :]) == terms[None, :]
        self.parts = holds  # by term: all that it holds, itself included
        self.above = holds.T  # by term: all that hold it
        self.evaluate = evaluate
        steps = penalty(np.arange(base, len(terms) + 1))
        self.penalty = np.concatenate([np.zeros(base), steps])
        least = float(np.diff(steps[np.isfinite(steps)]).min(initial=np.inf))
        self.log_choice = float(np.log1p(np.exp(-0.5 * least)))
        self.distance = distance
        self.best = np.inf
        self.given_up: list[float] = []
        self.fitted: list[BoolArray] = []
        self.fits = 0
        self.waiting: list[_Node] = []
        self.numbers = itertools.count()

    @property
    def threshold(self) -> float:
        return self.best + self.distance + ROUNDING * max(1.0, abs(self.best))

    def fit(self, masks: BoolArray) -> FloatArray:
        """Minus twice the log-likelihood of models; the best value follows."""
        values, eligible = self.evaluate(masks)
        self.fitted.append(masks)
        self.fits += len(masks)
        if eligible.any():
            scores = values + self.penalty[masks.sum(axis=1)]
            self.best = min(self.best, float(scores[eligible].min()))
        return values

    def give_up(self, value: float, high: BoolArray, low: BoolArray) -> None:
        """Count the most that the models of a node can weigh."""
        free = int((high & ~low).sum())
        self.given_up.append(-0.5 * (value + self.penalty[int(low.sum())]) + free * self.log_choice)

    def push(self, value: float, high: BoolArray, low: BoolArray, without: FloatArray) -> None:
        """Keep a node for later, unless its bound rules it out."""
        bound = value + float(self.penalty[int(low.sum())])
        if bound > self.threshold:
            self.give_up(value, high, low)
        elif (high & ~low).any():
            heapq.heappush(
                self.waiting, _Node(bound, next(self.numbers), value, high, low, without)
            )

    def settled(self, node: _Node, low: BoolArray, without: FloatArray) -> BoolArray:
        """Terms that every model within reach has: `low` and those too costly to lack."""
        low = low.copy()
        while True:
            reach = self.threshold - float(self.penalty[int(low.sum())])
            costly = np.flatnonzero(node.high & ~low & (without > reach))
            if not costly.size:
                return low
            # the dearest first: what it holds is then settled along with it
            first = costly[np.argmax(without[costly])]
            self.give_up(float(without[first]), node.high & ~self.above[first], low)
            low |= self.parts[first]

    def expand(self, nodes: list[_Node]) -> None:
        """Fit, for every free term of each node, the largest model that lacks it."""
        settled = [self.settled(node, node.low, node.without) for node in nodes]
        free = [np.flatnonzero(n.high & ~low) for n, low in zip(nodes, settled, strict=True)]
        rows = [n.high & ~self.above[f] for n, f in zip(nodes, free, strict=True)]
        values = self.fit(np.concatenate(rows))
        ends = np.cumsum([len(f) for f in free])[:-1]
        for node, low, columns, found in zip(
            nodes, settled, free, np.split(values, ends), strict=True
        ):
            without = node.without.copy()
            without[columns] = found
            self.divide(node, self.settled(node, low, without), without)

    def divide(self, node: _Node, low: BoolArray, without: FloatArray) -> None:
        """Push the nodes of the models that lack some free term, by the first it lacks."""
        free = np.flatnonzero(node.high & ~low)
        for term in free[np.argsort(-without[free], kind="stable")]:
            if low[term]:  # settled along with a term that holds it
                continue
            self.push(float(without[term]), node.high & ~self.above[term], low, without)
            low = low | self.parts[term]


def within(
    terms: IntArray,
    evaluate: Callable[[BoolArray], tuple[FloatArray, BoolArray]],
    penalty: Callable[[IntArray], FloatArray],
    *,
    distance: float,
    most_fits: int,
    start: BoolArray,
) -> Bounded:
    """Find every hierarchical model whose criterion is within `distance` of the best eligible one.

    Parameters
    ----------
    terms : array, shape (columns,)
        Bit masks of the terms, as `hierarchical.all_terms` orders them.
    evaluate : callable
        From models (rows, columns) to minus twice the largest log-likelihood of each, and whether
        it can be the best.
    penalty : callable
        From numbers of parameters to what the criterion adds; not falling.
    distance : float
        How far from the best a model may be.
    most_fits : int
        Allowance of fits.
    start : array, shape (models, columns)
        Models fitted first, so that the best value is low from the start.
    """
    least = hierarchical.orders_of(terms) < 2
    search = _Search(terms, evaluate, penalty, distance, int(least.sum()))
    search.fit(start)
    full = np.ones(len(terms), dtype=bool)
    value = float(search.fit(full[None])[0])
    search.push(value, full, least, np.full(len(terms), value))
    while search.waiting and search.fits < most_fits:
        nodes: list[_Node] = []
        while search.waiting and len(nodes) < NODES_AT_ONCE:
            node = heapq.heappop(search.waiting)
            if node.bound > search.threshold:
                search.give_up(node.value, node.high, node.low)
            else:
                nodes.append(node)
        if nodes:
            search.expand(nodes)
    masks = np.unique(np.concatenate(search.fitted), axis=0)
    left_out = float(np.logaddexp.reduce(search.given_up)) if search.given_up else -np.inf
    return Bounded(masks, not search.waiting, search.fits, left_out)
