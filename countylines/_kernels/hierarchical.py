"""Hierarchical log-linear models of incomplete tables, as sets of bit masks.

List j is bit j. A cell is the mask of the lists that a unit is on (1 ... 2**k - 1); the hidden cell
is 0. A term is the mask of the lists that interact; the intercept is 0. A model is a set of terms
that holds every subset of each of its terms. The design entry of a cell and a term is 1 if the cell
holds the term, so the row of the hidden cell is 1 for the intercept and 0 elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]
FloatArray = NDArray[np.float64]


def order(mask: int) -> int:
    """Number of lists in a mask."""
    return int(mask).bit_count()


def closure(generators: Iterable[int]) -> frozenset[int]:
    """All subsets of the generators, the intercept included."""
    terms = {0}
    for generator in generators:
        subset = generator
        while subset:
            terms.add(subset)
            subset = (subset - 1) & generator
    return frozenset(terms)


def generators(terms: Iterable[int]) -> tuple[int, ...]:
    """The terms that lie in no other, by order and then by value."""
    known = set(terms)
    top = [t for t in known if t and not any(t != other and t & other == t for other in known)]
    return tuple(sorted(top, key=lambda t: (order(t), t)))


def all_terms(lists: int, max_order: int) -> IntArray:
    """Every term up to an order, by order and then by value: the columns of a family of models."""
    masks = [m for m in range(1 << lists) if order(m) <= max_order]
    return np.array(sorted(masks, key=lambda m: (order(m), m)), dtype=np.int64)


def design(cells: IntArray, terms: IntArray) -> FloatArray:
    """Design matrix, (cells, terms), of zeros and ones."""
    held = (cells[:, None] & terms[None, :]) == terms[None, :]
    entries: FloatArray = held.astype(np.float64)
    return entries


def cells_above(cells: IntArray) -> FloatArray:
    """Which cells hold each mask of their lists, (cells, masks): sums of counts over supersets."""
    masks = np.arange(1 << int(cells.max()).bit_length())
    return design(cells, masks)


def all_models(terms: IntArray) -> BoolArray:
    """Every hierarchical model with all main effects, (models, terms), each once.

    `terms` are in the order of `all_terms`. Models are made order by order: those that agree below
    an order get every choice of the terms whose parts they all have.
    """
    orders = orders_of(terms)
    masks = np.zeros((1, len(terms)), dtype=bool)
    masks[:, orders < 2] = True
    for current in range(2, int(orders.max()) + 1):
        columns = np.flatnonzero(orders == current)
        parts = _parts(terms, columns)
        possible = masks.astype(np.float64) @ parts == current
        choices = np.left_shift(1, possible.sum(axis=1))
        row = np.repeat(np.arange(len(masks)), choices)
        choice = np.arange(len(row)) - np.repeat(np.cumsum(choices) - choices, choices)
        place = np.maximum(np.cumsum(possible, axis=1) - 1, 0)
        chosen = possible[row] & ((choice[:, None] >> place[row]) & 1 == 1)
        masks = masks[row]
        masks[:, columns] = chosen
    return masks


def _parts(terms: IntArray, columns: NDArray[np.intp]) -> FloatArray:
    """Which terms are those of `columns` with one list less, (terms, columns)."""
    held = (terms[:, None] & terms[None, columns]) == terms[:, None]
    less = orders_of(terms)[:, None] == orders_of(terms[columns])[None, :] - 1
    parts: FloatArray = (held & less).astype(np.float64)
    return parts


def generator_masks(masks: BoolArray, terms: IntArray) -> BoolArray:
    """Which terms of each model, (models, terms), lie in no other of its terms."""
    covered = masks.astype(np.float64) @ _parts(terms, np.arange(len(terms))).T > 0
    top: BoolArray = masks & ~covered
    return top


def neighbours(mask: BoolArray, terms: IntArray) -> BoolArray:
    """Models, (models, terms), that have one term more or one interaction less than `mask`."""
    orders = orders_of(terms)
    parts = _parts(terms, np.arange(len(terms)))
    more = ~mask & (mask.astype(np.float64) @ parts == orders)
    less = generator_masks(mask[None], terms)[0] & (orders > 1)
    changed = np.flatnonzero(more | less)
    rows = np.repeat(mask[None], len(changed), axis=0)
    rows[np.arange(len(changed)), changed] ^= True
    return rows


def orders_of(masks: IntArray) -> IntArray:
    """Number of lists in each mask."""
    counted: IntArray = np.bitwise_count(masks).astype(np.int64)
    return counted
