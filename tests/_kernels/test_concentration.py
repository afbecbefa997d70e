"""Indices of concentration: published values, identities, exact expectations."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from countylines._kernels import concentration

CASE = json.loads((Path(__file__).parents[1] / "reference" / "concentration.json").read_text())
AMOUNTS = st.lists(st.integers(0, 1000), min_size=2, max_size=12).filter(lambda x: sum(x) > 0)


@pytest.mark.parametrize("case", CASE["cases"], ids=lambda c: c["id"])
def test_reference(case):
    x = np.array(case["inputs"]["values"], float)
    expected, rtol = case["expected"], case["tolerance"]["rtol"]
    n = x.size
    assert concentration.gini(x) == pytest.approx(expected["gini"], rel=rtol)
    assert concentration.gini(x) * n / (n - 1) == pytest.approx(
        expected["gini_corrected"], rel=rtol
    )
    assert concentration.theil(x) == pytest.approx(expected["theil"], rel=rtol)
    assert concentration.hhi(x) == pytest.approx(expected["herfindahl"], rel=rtol)
    even = np.ones(n)
    assert concentration.dissimilarity(x, even) == pytest.approx(expected["rs"], rel=rtol)


@given(AMOUNTS)
def test_identities(values):
    x = np.array(values, float)
    n = x.size
    difference = np.abs(x[:, None] - x[None, :]).mean() / (2 * x.mean())
    assert concentration.gini(x) == pytest.approx(difference, abs=1e-12)
    assert concentration.entropy(x) + concentration.theil(x) == pytest.approx(np.log(n))
    assert 1 / n - 1e-12 <= concentration.hhi(x) <= 1 + 1e-12
    np.testing.assert_allclose(concentration.gini(x[::-1]), concentration.gini(x), atol=1e-14)


@given(AMOUNTS, st.integers(1, 7))
def test_a_unit_may_be_cut_into_like_parts(values, parts):
    """Sizes stand for units that are alike: k parts of 1/k each are a unit of size 1."""
    x = np.array(values, float)
    cut, size = np.repeat(x / parts, parts), np.full(x.size * parts, 1.0 / parts)
    for index in (concentration.gini, concentration.theil):
        assert index(cut, size) == pytest.approx(index(x), abs=1e-12)


def test_everything_in_one_unit():
    x = np.array([0.0, 0.0, 9.0, 0.0])
    assert concentration.gini(x) == pytest.approx(0.75)
    assert concentration.hhi(x) == 1.0
    assert concentration.entropy(x) == 0.0
    assert concentration.theil(x) == pytest.approx(np.log(4))
    assert concentration.dissimilarity(x, np.array([1.0, 1, 0, 1])) == pytest.approx(1.0)


def test_nothing_has_no_index():
    x = np.zeros((1, 3))
    for index in (
        concentration.gini,
        concentration.hhi,
        concentration.entropy,
        concentration.theil,
    ):
        assert np.isnan(index(x)[0])


def test_theil_falls_into_parts():
    rng = np.random.default_rng(1)
    x, size = rng.poisson(9, (4, 9)).astype(float), rng.uniform(1, 5, 9)
    groups = np.array([0, 0, 1, 1, 1, 2, 2, 2, 2])
    between, within = concentration.theil_parts(x, groups, size)
    by_hand = np.zeros(4)
    for g in range(3):
        inside = groups == g
        part = x[:, inside].sum(axis=1) / x.sum(axis=1)
        by_hand += part * concentration.theil(x[:, inside], size[inside])
    np.testing.assert_allclose(within, by_hand, rtol=1e-12)
    np.testing.assert_allclose(between + within, concentration.theil(x, size), rtol=1e-12)
    np.testing.assert_allclose(
        concentration.theil_parts(x, np.zeros(9, int), size)[0], 0, atol=1e-15
    )


@pytest.mark.parametrize(
    ("n", "p"), [(5, 0.3), (1, 0.2), (40, 0.5), (17, 1.0), (9, 0.0), (300, 0.01)]
)
def test_binomial_deviation_is_the_sum(n, p):
    k = np.arange(n + 1)
    by_sum = (np.abs(k - n * p) * stats.binom.pmf(k, n, p)).sum()
    found = concentration.binomial_deviation(np.array([float(n)]), np.array([p]))
    assert found[0] == pytest.approx(by_sum, rel=1e-10, abs=1e-14)


@pytest.mark.parametrize(
    ("drawn", "marked", "whole"),
    [(5, 4, 20), (10, 10, 12), (3, 1, 9), (40, 25, 60), (6, 0, 9), (6, 9, 9), (9, 4, 9), (2, 3, 4)],
)
def test_hypergeometric_deviation_is_the_sum(drawn, marked, whole):
    k = np.arange(drawn + 1)
    mean = drawn * marked / whole
    by_sum = (np.abs(k - mean) * stats.hypergeom.pmf(k, whole, marked, drawn)).sum()
    values = (np.array([float(v)]) for v in (drawn, marked, whole))
    found = concentration.hypergeometric_deviation(*values)
    assert found[0] == pytest.approx(by_sum, rel=1e-10, abs=1e-14)


@pytest.mark.parametrize("both", [True, False])
def test_expected_dissimilarity_is_the_mean_of_random_tables(both):
    rng = np.random.default_rng(2)
    x, y = np.array([6.0, 2, 1, 1, 0]), np.array([30.0, 20, 10, 5, 5])
    if both:
        drawn = rng.multivariate_hypergeometric((x + y).astype(int), 10, size=40_000)
        rest = x + y - drawn
    else:
        drawn, rest = rng.multinomial(10, y / y.sum(), size=40_000), y
    simulated = concentration.dissimilarity(drawn.astype(float), rest)
    found = concentration.expected_dissimilarity(x, y, both=both)
    assert found == pytest.approx(simulated.mean(), abs=4 * simulated.std() / 200)
