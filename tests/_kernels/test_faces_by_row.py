"""Facial sets row by row are those of each table by itself."""

from __future__ import annotations

import numpy as np
import pytest

from countylines._kernels import facial_set, hierarchical
from countylines._kernels.faces_by_row import FaceFinder

CELLS = np.arange(1, 16)
TERMS = hierarchical.all_terms(4, 3)
MODELS = hierarchical.all_models(TERMS)


@pytest.mark.parametrize("share", [0.15, 0.4, 0.8])
def test_every_row_is_the_face_of_its_table(share):
    rng = np.random.default_rng(int(100 * share))
    seen = rng.random((150, 15)) < share
    seen[:, 0] |= ~seen.any(axis=1)
    masks = MODELS[rng.integers(len(MODELS), size=150)]
    together = FaceFinder(TERMS, CELLS).faces(seen, masks)
    for row in range(150):
        alone = facial_set.faces(masks[row : row + 1], TERMS, seen[row], CELLS)
        for name in ("on_face", "code", "rank", "basis"):
            np.testing.assert_array_equal(getattr(together, name)[row], getattr(alone, name)[0])


def test_what_is_remembered_is_the_same_and_bounded(monkeypatch):
    monkeypatch.setattr("countylines._kernels.faces_by_row.MOST_REMEMBERED", 20)
    rng = np.random.default_rng(2)
    finder = FaceFinder(TERMS, CELLS)
    for _ in range(5):
        seen = rng.random((30, 15)) < 0.3
        masks = MODELS[rng.integers(len(MODELS), size=30)]
        first, second = finder.faces(seen, masks), finder.faces(seen, masks)
        np.testing.assert_array_equal(first.code, second.code)
        assert len(finder.solved) <= 20 + 30


def test_an_empty_table_determines_nothing():
    found = FaceFinder(TERMS, CELLS).faces(np.zeros((1, 15), dtype=bool), MODELS[:1])
    assert found.code[0] == facial_set.NOT_IDENTIFIED
    assert not found.basis.any()


def test_quick_answers_are_right_where_they_are_sure():
    rng = np.random.default_rng(5)
    seen = rng.random((300, 15)) < 0.7
    masks = MODELS[rng.integers(len(MODELS), size=300)]
    finder = FaceFinder(TERMS, CELLS)
    quick, sure = finder.quick(seen, masks)
    full = finder.faces(seen, masks)
    assert 50 < sure.sum() < 300
    np.testing.assert_array_equal(quick.code[sure], full.code[sure])
    np.testing.assert_array_equal(quick.on_face[sure], full.on_face[sure])
