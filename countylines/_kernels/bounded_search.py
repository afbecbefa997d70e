"""Every model within a distance of the best, by bounds on a criterion instead of all its values.

Minus twice the log-likelihood of a model is at least that of any model which contains it, and a
penalty grows with the number of parameters. So every model between two hierarchical models, `low`
contained in `high`, has a criterion of at least

    -2 log-likelihood(high) + penalty(parameters of low),

and if that exceeds the best value known by more than the distance, none of them need be fitted.

A node is such a pair. Apart from `high` itself, its models lack at least one of its free terms;
with the free terms in some order, those that lack the i-th and have all before it are again a node,
so no model belongs to two, and none is fitted twice. The term whose absence costs most comes first:
then most of these nodes can be given up unfitted, and the others have many terms settled.

What the models given up can weigh is bounded in the same way. Where that is not little, the nodes
that it rests on are divided further, with as many fits again as the search took.
"""

from __future__ import annotations

import heapq
import itertools
import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from countylines._kernels import hierarchical

BoolArray = NDArray[np.bool_]
FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

NODES_AT_ONCE = 64
SMALL_REST = 0.02  # of the weight: a bound on the models left out that needs no sharpening
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
    least: float  # of -2 log-likelihood of the node's models, before `high` is fitted
    high: BoolArray
    low: BoolArray
    without: FloatArray  # by term: least -2 log-likelihood of the node's models that lack it
    fitted: bool = False  # whether `high` was


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
        self.step = least  # what a term adds to the penalty, at least
        self.log_choice = float(np.log1p(np.exp(-0.5 * least)))
        self.distance = distance
        self.best = np.inf
        self.given_up: list[tuple[float, int, _Node]] = []
        self.log_weight = -np.inf  # log of the sum of exp(-criterion / 2) over models fitted
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
        scores = values + self.penalty[masks.sum(axis=1)]
        self.log_weight = float(np.logaddexp.reduce(np.append(-0.5 * scores, self.log_weight)))
        if eligible.any():
            self.best = min(self.best, float(scores[eligible].min()))
        return values

    def give_up(self, node: _Node) -> None:
        """Count the most that the models of a node can weigh.

        Of the free terms, the dearest first, those that lack the i-th and have all before it have
        -2 log-likelihood of at least that without the i-th, and pay for the terms before it.
        """
        start = -0.5 * float(self.penalty[int(node.low.sum())])
        dear = np.sort(np.maximum(node.without[node.high & ~node.low], node.least))[::-1]
        before = np.arange(dear.size)
        after = dear.size - 1 - before
        each = -0.5 * (dear + before * self.step) + after * self.log_choice
        if not node.fitted:
            each = np.append(each, -0.5 * (node.least + dear.size * self.step))
        most = start + float(np.logaddexp.reduce(each, initial=-np.inf))
        heapq.heappush(self.given_up, (-most, node.number, node))

    def push(
        self, least: float, high: BoolArray, low: BoolArray, without: FloatArray, fitted: bool
    ) -> None:
        """Keep a node for later, unless its bound rules it out."""
        bound = least + float(self.penalty[int(low.sum())])
        node = _Node(bound, next(self.numbers), least, high, low, without, fitted)
        if bound > self.threshold:
            self.give_up(node)
        else:
            heapq.heappush(self.waiting, node)

    def next_nodes(self) -> list[_Node]:
        """The nodes of lowest bound."""
        nodes: list[_Node] = []
        while self.waiting and len(nodes) < NODES_AT_ONCE:
            node = heapq.heappop(self.waiting)
            if node.bound > self.threshold:
                self.give_up(node)
            else:
                nodes.append(node)
        return nodes

    @property
    def log_left_out(self) -> float:
        """Log of the most that the nodes given up can weigh together."""
        return float(np.logaddexp.reduce([-most for most, _, _ in self.given_up], initial=-np.inf))

    @property
    def is_vague(self) -> bool:
        """Whether what was given up may still weigh something."""
        return self.log_left_out > self.log_weight + math.log(SMALL_REST)

    def heaviest(self) -> list[_Node]:
        """The nodes given up that can weigh most, which are taken up again."""
        number = min(NODES_AT_ONCE, len(self.given_up))
        return [heapq.heappop(self.given_up)[2] for _ in range(number)]

    def fit_nodes(self, nodes: list[_Node]) -> list[_Node]:
        """The nodes with their largest models fitted."""
        new = [i for i, node in enumerate(nodes) if not node.fitted]
        if new:
            values = self.fit(np.array([nodes[i].high for i in new]))
            for i, value in zip(new, values.tolist(), strict=True):
                nodes[i] = nodes[i]._replace(least=value, fitted=True)
        return nodes

    def divide(self, node: _Node, *, fitted: bool = False) -> None:
        """Push the nodes of the models that lack some free term, by the first it lacks.

        With `fitted` the largest models of these nodes are fitted already.
        """
        low = node.low
        without = np.maximum(node.without, node.least)
        free = np.flatnonzero(node.high & ~low)
        for term in free[np.argsort(-node.without[free], kind="stable")]:
            if low[term]:  # settled along with a term that holds it
                continue
            self.push(float(without[term]), node.high & ~self.above[term], low, without, fitted)
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
    without = np.full(len(terms), value)
    free = np.flatnonzero(~least)
    if free.size:
        without[free] = search.fit(full & ~search.above[free])
    search.divide(_Node(value, 0, value, full, least, without), fitted=True)
    while search.waiting and search.fits < most_fits:
        for node in search.fit_nodes(search.next_nodes()):
            if node.least + search.penalty[int(node.low.sum())] > search.threshold:
                search.give_up(node)
            else:
                search.divide(node)
    finished = not search.waiting
    allowance = min(most_fits, 2 * search.fits)  # to sharpen the bound on what is left out
    while finished and search.fits < allowance and search.is_vague:
        for node in search.fit_nodes(search.heaviest()):
            search.divide(node)
    masks = np.unique(np.concatenate(search.fitted), axis=0)
    return Bounded(masks, finished, search.fits, search.log_left_out)
