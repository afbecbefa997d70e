"""Batched Poisson fits: the score equations put back, and statsmodels beside them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from countylines._kernels import hierarchical, loglinear_fit

CELLS = np.arange(1, 16)
TERMS = hierarchical.all_terms(4, 2)


def fit(counts, terms=TERMS, masks=None):
    counts = np.atleast_2d(np.asarray(counts, dtype=float))
    masks = np.ones((len(counts), len(terms)), dtype=bool) if masks is None else masks
    return loglinear_fit.fit(counts, terms, masks, np.ones(counts.shape, dtype=bool), CELLS)


@given(st.lists(st.integers(1, 10**6), min_size=15, max_size=15))
def test_fitted_margins_equal_observed_margins(counts):
    counts = np.array(counts, dtype=float)
    result = fit(counts)
    assert result.converged.all()
    design = hierarchical.design(CELLS, TERMS)
    np.testing.assert_allclose(result.fitted[0] @ design, counts @ design, rtol=1e-9)
    np.testing.assert_allclose(
        np.exp(design @ result.coefficients[0]), result.fitted[0], rtol=1e-10
    )


def test_statsmodels_agrees():
    sm = pytest.importorskip("statsmodels.api")
    counts = np.array([403, 545, 33, 621, 20, 35, 9, 205, 6, 10, 3, 11, 2, 5, 4], dtype=float)
    design = hierarchical.design(CELLS, TERMS)
    model = sm.GLM(counts, design, family=sm.families.Poisson()).fit(tol=1e-14, maxiter=200)
    result = fit(counts)
    np.testing.assert_allclose(result.coefficients[0], model.params, rtol=1e-8)
    assert result.log_likelihood[0] == pytest.approx(model.llf, rel=1e-12)
    assert result.deviance[0] == pytest.approx(model.deviance, rel=1e-9)
    assert result.variance[0] == pytest.approx(model.cov_params()[0, 0], rel=1e-8)


def test_rows_do_not_know_of_each_other():
    rng = np.random.default_rng(3)
    counts = rng.integers(1, 500, (40, 15)).astype(float)
    masks = hierarchical.all_models(TERMS)[:40]
    together = fit(counts, masks=masks)
    for row in (0, 7, 39):
        alone = fit(counts[row], masks=masks[row : row + 1])
        assert alone.log_hidden[0] == pytest.approx(together.log_hidden[row], rel=1e-12)


def test_cells_off_the_face_do_not_count():
    counts = np.arange(1.0, 16.0)
    on_face = np.ones((1, 15), dtype=bool)
    on_face[0, [2, 6, 10, 14]] = False  # the cells on both of the first two lists
    terms = np.array([t for t in TERMS if t & 3 != 3])
    masks = np.ones((1, len(terms)), dtype=bool)
    result = loglinear_fit.fit(counts[None], terms, masks, on_face, CELLS)
    assert (result.fitted[0][~on_face[0]] == 0).all()
    design = hierarchical.design(CELLS, terms) * on_face[0][:, None]
    np.testing.assert_allclose(result.fitted[0] @ design, counts @ design, rtol=1e-9)


@pytest.mark.parametrize("seed", [0, 8, 15, 27, 37])
def test_hard_starts_converge(seed):
    """Counts from 1 to 1e9 in one table, where full Newton steps overshoot."""
    rng = np.random.default_rng(seed)
    counts = 10.0 ** rng.integers(0, 10, (300, 15))
    assert fit(counts).converged.all()


def test_blocks_change_nothing(monkeypatch):
    rng = np.random.default_rng(4)
    counts = rng.integers(1, 500, (50, 15)).astype(float)
    whole = fit(counts)
    monkeypatch.setattr(loglinear_fit, "NUMBERS_AT_ONCE", 400)
    parts = fit(counts)
    np.testing.assert_allclose(whole.log_hidden, parts.log_hidden, rtol=1e-12)
    np.testing.assert_allclose(whole.fitted, parts.fitted, rtol=1e-10)


def test_a_matrix_that_rounding_made_singular_is_still_solved():
    singular = np.array([[[1.0, 1.0], [1.0, 1.0]]])
    step = loglinear_fit._solve(singular, np.array([[1.0, 1.0]]))
    assert step.sum() == pytest.approx(1.0, rel=1e-6)
