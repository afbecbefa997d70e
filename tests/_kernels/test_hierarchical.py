"""Hierarchical models as bit masks."""

from __future__ import annotations

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
    models = list(hierarchical.every_model(lists, max_order))
    assert len(models) == number == len(set(models))


@given(st.lists(st.integers(1, 63), min_size=1, max_size=6))
def test_closure_and_generators_undo_each_other(masks):
    terms = hierarchical.closure(masks)
    assert all(sub in terms for t in terms for sub in range(64) if sub & t == sub)
    top = hierarchical.generators(terms)
    assert hierarchical.closure(top) == terms
    assert not any(a != b and a & b == a for a in top for b in top)


def test_the_design_says_which_cell_holds_which_term():
    cells, terms = np.array([1, 2, 3]), np.array([0, 1, 2, 3])
    expected = [[1, 1, 0, 0], [1, 0, 1, 0], [1, 1, 1, 1]]
    np.testing.assert_array_equal(hierarchical.design(cells, terms), expected)
    counts = np.array([5.0, 7.0, 2.0])
    np.testing.assert_array_equal(counts @ hierarchical.cells_above(cells), [14, 7, 9, 2])
