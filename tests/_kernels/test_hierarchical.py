"""Hierarchical models as bit masks."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from countylines._kernels import hierarchical


@pytest.mark.parametrize(
    ("lists", "max_order", "number"),
    [(2, 2, 2), (3, 2, 8), (3, 3, 9), (4, 4, 114), (5, 2, 1024), (5, 4, 6893), (5, 5, 6894)],
)
def test_the_number_of_models(lists, max_order, number):
    """With all main effects: 9 for three lists, 114 for four, 6,894 for five."""
    masks = hierarchical.all_models(hierarchical.all_terms(lists, max_order))
    assert len(masks) == number == len(np.unique(masks, axis=0))


@pytest.mark.parametrize(("lists", "max_order"), [(3, 3), (4, 2), (4, 3), (4, 4)])
def test_the_models_are_those_of_the_definition(lists, max_order):
    """Every set of interactions of which each has all its parts, and no other."""
    terms = hierarchical.all_terms(lists, max_order)
    interactions = [int(t) for t in terms if int(t).bit_count() > 1]
    least = {int(t) for t in terms} - set(interactions)
    expected = {
        frozenset(chosen | least)
        for size in range(len(interactions) + 1)
        for chosen in map(set, itertools.combinations(interactions, size))
        if hierarchical.closure(chosen) <= chosen | least
    }
    found = {frozenset(int(t) for t in terms[mask]) for mask in hierarchical.all_models(terms)}
    assert found == expected


@given(st.lists(st.integers(1, 63), min_size=1, max_size=6))
def test_closure_and_generators_undo_each_other(masks):
    terms = hierarchical.closure(masks)
    assert all(sub in terms for t in terms for sub in range(64) if sub & t == sub)
    top = hierarchical.generators(terms)
    assert hierarchical.closure(top) == terms
    assert not any(a != b and a & b == a for a in top for b in top)


def test_generators_of_many_models_are_those_of_each():
    terms = hierarchical.all_terms(4, 4)
    masks = hierarchical.all_models(terms)
    found = hierarchical.generator_masks(masks, terms)
    for mask, top in zip(masks, found, strict=True):
        expected = hierarchical.generators(terms[mask].tolist())
        assert set(terms[top].tolist()) == set(expected)


@pytest.mark.parametrize("max_order", [2, 4])
def test_neighbours_are_the_models_that_differ_by_one_interaction(max_order):
    terms = hierarchical.all_terms(4, max_order)
    masks = hierarchical.all_models(terms)
    for mask in masks[::5]:
        expected = {row.tobytes() for row in masks if (row != mask).sum() == 1}
        found = [row.tobytes() for row in hierarchical.neighbours(mask, terms)]
        assert set(found) == expected
        assert len(found) == len(expected)


def test_the_design_says_which_cell_holds_which_term():
    cells, terms = np.array([1, 2, 3]), np.array([0, 1, 2, 3])
    expected = [[1, 1, 0, 0], [1, 0, 1, 0], [1, 1, 1, 1]]
    np.testing.assert_array_equal(hierarchical.design(cells, terms), expected)
    counts = np.array([5.0, 7.0, 2.0])
    np.testing.assert_array_equal(counts @ hierarchical.cells_above(cells), [14, 7, 9, 2])
