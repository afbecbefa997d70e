"""Hierarchical log-linear models of incomplete tables, as sets of bit masks.

List j is bit j. A cell is the mask of the lists that a unit is on (1 ... 2**k - 1); the hidden cell
is 0. A term is the mask of the lists that interact; the intercept is 0. A model is a set of terms
that holds every subset of each of its terms. The design entry of a cell and a term is 1 if the cell
holds the term, so the row of the hidden cell is 1 for the intercept and 0 elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

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


def every_model(lists: int, max_order: int) -> Iterator[frozenset[int]]:
    """Every hierarchical model with all main effects and terms up to `max_order`, each once."""
    base = frozenset({0, *(1 << j for j in range(lists))})
    yield from _with_order(lists, base, 2, max_order)


def _with_order(
    lists: int, terms: frozenset[int], current: int, max_order: int
) -> Iterator[frozenset[int]]:
    """Models that agree with `terms` below the current order."""
    if current > max_order:
        yield terms
        return
    candidates = [
        mask
        for mask in range(1 << lists)
        if order(mask) == current and all(mask & ~(1 << j) in terms for j in bits(mask))
    ]
    if not candidates:
        yield terms
        return
    for choice in range(1 << len(candidates)):
        chosen = {mask for i, mask in enumerate(candidates) if choice >> i & 1}
        if chosen:
            yield from _with_order(lists, terms | chosen, current + 1, max_order)
        else:
            yield terms


def bits(mask: int) -> list[int]:
    """Positions of the lists in a mask."""
    return [j for j in range(mask.bit_length()) if mask >> j & 1]


def term_masks(models: Iterable[frozenset[int]], terms: IntArray) -> BoolArray:
    """Which columns of a family each model has: (models, terms)."""
    position = {int(term): i for i, term in enumerate(terms)}
    rows = [[position[term] for term in model] for model in models]
    masks = np.zeros((len(rows), len(terms)), dtype=bool)
    for i, row in enumerate(rows):
        masks[i, row] = True
    return masks
