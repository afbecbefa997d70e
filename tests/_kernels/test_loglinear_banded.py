"""Fits of tables with cells known only as bands: the likelihood, its maximum, its curvature."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import poisson

from countylines._kernels import facial_set, hierarchical, loglinear_banded, loglinear_fit

CELLS = np.arange(1, 8)
LOW = np.array([69.0, 55, 1, 63, 0, 2, 28])
HIGH = np.array([69.0, 55, 4, 63, 4, 9, 28])


def one(low, high, terms, cells=CELLS):
    masks = np.ones((1, len(terms)), dtype=bool)
    found = facial_set.faces(masks, terms, low > 0, cells)
    return loglinear_banded.fit(low[None], high[None], terms, found.basis, found.on_face, cells)


def log_probability(coefficients, low, high, design):
    """By definition: the sum of probabilities of every table within the bands, cell by cell."""
    means = np.exp(design @ coefficients)
    each = [
        poisson.pmf(np.arange(a, b + 1), m).sum() for a, b, m in zip(low, high, means, strict=True)
    ]
    return float(np.log(each).sum())


def numeric_hessian(function, at, step=1e-4):
    size = len(at)
    result = np.empty((size, size))
    steps = step * np.eye(size)
    for i, j in itertools.product(range(size), repeat=2):
        corners = [function(at + a * steps[i] + b * steps[j]) for a in (1, -1) for b in (1, -1)]
        result[i, j] = (corners[0] - corners[1] - corners[2] + corners[3]) / (4 * step**2)
    return result


@pytest.mark.parametrize("max_order", [1, 2])
class TestMaximum:
    def test_the_likelihood_is_that_of_all_compatible_tables(self, max_order):
        terms = hierarchical.all_terms(3, max_order)
        design = hierarchical.design(CELLS, terms)
        found = one(LOW + (LOW == 0), HIGH, terms)
        by_hand = log_probability(found.coefficients[0], LOW + (LOW == 0), HIGH, design)
        assert found.log_likelihood[0] == pytest.approx(by_hand, rel=1e-12)

    def test_the_score_is_zero(self, max_order):
        terms = hierarchical.all_terms(3, max_order)
        design = hierarchical.design(CELLS, terms)
        found = one(LOW + (LOW == 0), HIGH, terms)
        score = design.T @ (found.expected - found.fitted)[0]
        assert np.abs(score).max() < 1e-9

    def test_the_expected_counts_are_conditional_means(self, max_order):
        found = one(LOW + (LOW == 0), HIGH, hierarchical.all_terms(3, max_order))
        for mean, low, high, expected in zip(
            found.fitted[0], LOW + (LOW == 0), HIGH, found.expected[0], strict=True
        ):
            numbers = np.arange(low, high + 1)
            share = poisson.pmf(numbers, mean)
            assert expected == pytest.approx((numbers * share).sum() / share.sum(), rel=1e-10)


def test_the_errors_are_those_of_the_observed_information():
    terms = hierarchical.all_terms(3, 1)
    design = hierarchical.design(CELLS, terms)
    found = one(LOW, HIGH, terms)
    at = found.coefficients[0]
    hessian = numeric_hessian(lambda b: log_probability(b, LOW, HIGH, design), at)
    covariance = np.linalg.inv(-hessian)
    assert found.variance[0] == pytest.approx(covariance[0, 0], rel=1e-4)
    everything = np.vstack([np.eye(1, 4), design])
    means = np.exp(everything @ at)
    gradient = everything.T @ means
    variance = gradient @ covariance @ gradient - means.sum()
    assert found.total_variance[0] == pytest.approx(variance, rel=1e-4)


def test_exact_cells_are_bands_of_width_0():
    rng = np.random.default_rng(1)
    cells, terms = np.arange(1, 16), hierarchical.all_terms(4, 3)
    masks = hierarchical.all_models(terms)
    counts = rng.poisson(3.0, 15).astype(float)
    faces = facial_set.faces(masks, terms, counts > 0, cells)
    rows = np.broadcast_to(counts, (len(masks), 15))
    mine = loglinear_banded.fit(rows, rows, terms, faces.basis, faces.on_face, cells)
    theirs = loglinear_fit.fit(rows, terms, faces.basis, faces.on_face, cells)
    assert mine.converged.all()
    for name in ("log_hidden", "variance", "log_likelihood", "fitted", "coefficients"):
        np.testing.assert_allclose(getattr(mine, name), getattr(theirs, name), rtol=1e-8, atol=1e-8)
    np.testing.assert_allclose(mine.deviance, theirs.deviance, rtol=1e-8, atol=1e-8)
    hidden = np.exp(mine.log_hidden)
    np.testing.assert_allclose(mine.total_variance, hidden + hidden**2 * mine.variance, rtol=1e-7)


@pytest.mark.parametrize("mean", [0.01, 0.7, 3.0, 21.0, 400.0])
def test_a_wider_band_says_less(mean):
    """Its curvature, mean less variance within, falls with its width and never below 0."""
    width = np.array([0.0, 1.0, 3.0, 8.0, 20.0])
    inside = loglinear_banded.bands(21.0 - width, 21.0 + width)
    variance = loglinear_banded.moments(np.full(5, np.log(mean)), inside).variance
    assert variance[0] == 0.0
    assert (np.diff(variance) >= 0).all()
    assert (variance < mean).all()


def test_the_deviance_is_against_a_mean_for_each_cell():
    """Three lists with all pairs have a parameter a cell: nothing is left over."""
    low, high = LOW + (LOW == 0), HIGH
    assert one(low, high, hierarchical.all_terms(3, 2)).deviance[0] == pytest.approx(0, abs=1e-9)
    means = np.linspace(0.05, 40, 4001)
    for a, b in ((1.0, 4.0), (3.0, 3.0), (2.0, 30.0)):
        tried = [poisson.pmf(np.arange(a, b + 1), m).sum() for m in means]
        best = loglinear_banded.saturated(np.array([a]), np.array([b]))
        assert best[0] == pytest.approx(np.log(max(tried)), abs=1e-4)
    assert loglinear_banded.saturated(np.array([0.0]), np.array([4.0]))[0] == 0.0


@given(
    means=st.lists(st.floats(0.2, 50), min_size=7, max_size=7),
    seed=st.integers(0, 2**32 - 1),
    model=st.integers(0, 7),
    zero=st.booleans(),
)
def test_it_converges_whatever_the_bands(means, seed, model, zero):
    rng = np.random.default_rng(seed)
    counts = rng.poisson(means).astype(float)
    hidden = (counts < 5) & (zero | (counts > 0))
    low = np.where(hidden, 0.0 if zero else 1.0, counts)
    high = np.where(hidden, 4.0, counts)
    family = hierarchical.all_terms(3, 2)
    terms = family[hierarchical.all_models(family)[model]]
    if not (low > 0).any():
        return
    found = one(low, high, terms)
    assert found.converged[0]
    design = hierarchical.design(CELLS, terms)
    score = design.T @ (found.expected - found.fitted)[0]
    basis = np.isfinite(found.coefficients[0])
    assert np.abs(score[basis]).max() < 1e-7 * (1 + counts.sum())


def test_rows_do_not_know_of_each_other():
    rng = np.random.default_rng(2)
    terms = hierarchical.all_terms(3, 2)
    masks = hierarchical.all_models(terms)
    low = np.where(rng.random((8, 7)) < 0.4, 1.0, rng.poisson(30, (8, 7)) + 1.0)
    high = np.where(low == 1, 6.0, low)
    face = np.ones(low.shape, dtype=bool)
    together = loglinear_banded.fit(low, high, terms, masks, face, CELLS)
    for i in range(8):
        alone = loglinear_banded.fit(
            low[i : i + 1], high[i : i + 1], terms, masks[i : i + 1], face[:1], CELLS
        )
        assert alone.log_hidden[0] == pytest.approx(together.log_hidden[i], rel=1e-9)
        assert alone.variance[0] == pytest.approx(together.variance[i], rel=1e-8)


def test_wide_bands_keep_their_precision():
    low, high = LOW.copy(), HIGH.copy()
    low[0], high[0] = 100.0, 2000.0
    found = one(low, high, hierarchical.all_terms(3, 1))
    assert found.converged[0]
    mean = found.fitted[0, 0]
    inside = poisson.cdf(2000, mean) - poisson.cdf(99, mean)
    moments = loglinear_banded.moments(
        np.log(found.fitted[0, :1]), loglinear_banded.bands(low[:1], high[:1])
    )
    assert moments.log_probability[0] == pytest.approx(np.log(inside), rel=1e-9, abs=1e-12)
