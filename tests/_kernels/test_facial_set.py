"""Facial sets: what empty cells do to the estimate, checked by definition."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import linprog

from countylines._kernels import facial_set, hierarchical

CELLS = np.arange(1, 8)
PAIRS = hierarchical.all_terms(3, 2)


def one(terms, counts, cells=CELLS):
    masks = np.ones((1, len(terms)), dtype=bool)
    return facial_set.faces(masks, np.asarray(terms), np.asarray(counts) > 0, np.asarray(cells))


@pytest.mark.parametrize(
    ("empty", "code"), [(3, "hidden-infinite"), (5, "hidden-infinite"), (7, "hidden-zero")]
)
def test_three_lists_with_all_pairs(empty, code):
    """The hidden cell is n1 n2 n4 n7 / (n3 n5 n6): an empty n3 sends it up, an empty n7 down."""
    found = one(PAIRS, empty != CELLS)
    assert facial_set.CODES[found.code[0]] == code
    assert list(CELLS[~found.on_face[0]]) == [empty]


def test_no_zero_needs_no_programme():
    found = one(PAIRS, np.ones(7))
    assert found.code[0] == facial_set.OK
    assert found.rank[0] == 7


def test_saturated_model_is_not_identified():
    found = one(hierarchical.all_terms(3, 3), np.ones(7))
    assert facial_set.CODES[found.code[0]] == "not-identified"


def test_a_structural_zero_is_not_an_empty_cell():
    """Two lists that cannot share a unit: without that cell their interaction has no meaning."""
    cells = np.array([1, 2, 4, 5, 6])
    found = one(hierarchical.all_terms(3, 1), np.ones(5), cells)
    assert found.code[0] == facial_set.OK
    assert found.on_face.all()


def by_definition(design, seen):
    """Cells off the face: one linear programme a cell, largest fitted direction in the unit box."""
    emptied = np.zeros(len(seen), dtype=bool)
    for cell in np.flatnonzero(~seen):
        solved = linprog(
            -design[cell],
            A_ub=-design[~seen],
            b_ub=np.zeros((~seen).sum()),
            A_eq=design[seen] if seen.any() else None,
            b_eq=np.zeros(seen.sum()) if seen.any() else None,
            bounds=[(-1, 1)] * design.shape[1],
        )
        emptied[cell] = -solved.fun > 1e-7
    return emptied


@given(
    seen=st.lists(st.booleans(), min_size=15, max_size=15),
    choice=st.integers(0, 112),
)
def test_the_face_is_what_the_definition_says(seen, choice):
    family = hierarchical.all_terms(4, 3)
    terms = family[hierarchical.all_models(family)[choice]]
    seen = np.array(seen)
    if not seen.any():
        return
    cells = np.arange(1, 16)
    found = one(terms, seen, cells)
    design = hierarchical.design(cells, terms)
    np.testing.assert_array_equal(~found.on_face[0], by_definition(design, seen))
    on_face = design[found.on_face[0]]
    assert found.rank[0] == np.linalg.matrix_rank(on_face)
    basis = on_face[:, found.basis[0]]
    assert np.linalg.matrix_rank(basis) == basis.shape[1] == found.rank[0]
    hidden = np.zeros((1, len(terms)))
    hidden[0, 0] = 1
    determined = np.linalg.matrix_rank(np.vstack([on_face, hidden])) == found.rank[0]
    assert determined == (facial_set.CODES[found.code[0]] in ("ok", "boundary-finite"))


def test_a_family_agrees_with_its_members():
    rng = np.random.default_rng(5)
    terms = hierarchical.all_terms(4, 3)
    masks = hierarchical.all_models(terms)
    cells = np.arange(1, 16)
    seen = rng.random(15) < 0.6
    together = facial_set.faces(masks, terms, seen, cells)
    for row in range(0, len(masks), 7):
        alone = facial_set.faces(masks[row : row + 1], terms, seen, cells)
        assert alone.code[0] == together.code[row]
        np.testing.assert_array_equal(alone.on_face[0], together.on_face[row])


def test_many_patterns_of_one_model_agree_with_each():
    rng = np.random.default_rng(6)
    terms, cells = hierarchical.all_terms(4, 2), np.arange(1, 16)
    seen = rng.random((200, 15)) < 0.5
    mask = np.ones((1, len(terms)), dtype=bool)
    solved: facial_set.Solved = {}
    together = facial_set.faces(mask, terms, seen, cells, solved)
    kept = len(solved)
    assert 0 < kept < 200
    again = facial_set.faces(mask, terms, seen, cells, solved)
    assert len(solved) == kept
    for row in range(200):
        alone = facial_set.faces(mask, terms, seen[row], cells)
        for name in ("on_face", "code", "rank", "basis"):
            np.testing.assert_array_equal(getattr(alone, name)[0], getattr(together, name)[row])
            np.testing.assert_array_equal(getattr(alone, name)[0], getattr(again, name)[row])


def test_edges_of_small_cones_say_what_the_linear_programme_says(monkeypatch):
    rng = np.random.default_rng(5)
    for lists, order in ((3, 2), (4, 2), (4, 3)):
        cells, terms = np.arange(1, 1 << lists), hierarchical.all_terms(lists, order)
        masks = hierarchical.all_models(terms)
        masks = masks[rng.choice(len(masks), size=min(len(masks), 60), replace=False)]
        for _ in range(4):
            seen = rng.random(len(cells)) < rng.uniform(0.3, 0.9)
            seen[rng.integers(len(cells))] = True
            edges = facial_set.faces(masks, terms, seen, cells)
            with monkeypatch.context() as patch:
                patch.setattr(facial_set, "_extreme_rays", lambda values: None)
                programme = facial_set.faces(masks, terms, seen, cells)
            for name in ("on_face", "code", "rank", "basis"):
                np.testing.assert_array_equal(getattr(edges, name), getattr(programme, name))


def test_where_nobody_is_seen_any_number_can_be_hidden():
    cells, terms = np.arange(1, 8), hierarchical.all_terms(3, 2)
    masks = hierarchical.all_models(terms)
    nobody = facial_set.faces(masks, terms, np.zeros(7, dtype=bool), cells)
    assert set(nobody.code) == {facial_set.NOT_IDENTIFIED}
    assert not nobody.on_face.any()
    assert not nobody.basis.any()
    assert not nobody.rank.any()
    patterns = np.array([np.zeros(7, dtype=bool), np.ones(7, dtype=bool)])
    both = facial_set.faces(masks[:1], terms, patterns, cells)
    assert both.code.tolist() == [facial_set.NOT_IDENTIFIED, facial_set.OK]
