"""Logit-type limits: half its leverage added to each cell."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from countylines._kernels import hierarchical, loglinear_logit
from countylines._kernels.two_list import METHODS

CELLS = np.arange(1, 8)


def penalised(effects, counts, design):
    predictor = design @ effects
    information = design.T @ (np.exp(predictor)[:, None] * design)
    value = counts @ predictor - np.exp(predictor).sum()
    return value + 0.5 * np.linalg.slogdet(information)[1]


@given(
    counts=st.lists(st.integers(0, 300), min_size=7, max_size=7),
    model=st.integers(0, 7),
)
def test_it_is_the_maximum_of_the_penalised_likelihood(counts, model):
    family = hierarchical.all_terms(3, 2)
    terms = family[hierarchical.all_models(family)[model]]
    counts = np.array(counts, dtype=float)
    design = hierarchical.design(CELLS, terms)
    found = loglinear_logit.spread(counts[None], CELLS, terms)
    assert found.converged[0]
    # the fit that half the leverages make: the score with them is 0
    centre = found.centre[0]
    information_inverse = None
    effects = np.linalg.lstsq(design, np.log(counts + 0.5), rcond=None)[0]
    for _ in range(3000):
        fitted = np.exp(design @ effects)
        information = design.T @ (fitted[:, None] * design)
        information_inverse = np.linalg.inv(information)
        leverage = fitted * np.einsum("ci,ij,cj->c", design, information_inverse, design)
        step = information_inverse @ (design.T @ (counts + leverage / 2 - fitted))
        effects = effects + step * min(1.0, 1.0 / max(np.abs(step).max(), 1e-300))
        if np.abs(step).max() < 1e-12:
            break
    assert centre == pytest.approx(np.exp(effects[0]), rel=1e-7)
    assert found.spread[0] ** 2 == pytest.approx(information_inverse[0, 0] + 1 / centre, rel=1e-6)
    top = penalised(effects, counts, design)
    for j in range(len(terms)):
        for sign in (-1, 1):
            moved = effects.copy()
            moved[j] += sign * 1e-3
            assert penalised(moved, counts, design) < top


@pytest.mark.parametrize("row", [(90, 81, 45), (30, 0, 12), (5, 7, 0), (1, 0, 1), (0, 0, 9)])
def test_two_lists_have_the_limits_of_sadinle(row):
    first, second, both = row
    terms = hierarchical.all_terms(2, 1)
    counts = np.array([[first, second, both]], dtype=float)
    found = loglinear_logit.spread(counts, np.array([1, 2, 3]), terms)
    seen = first + second + both
    lists = [np.array([float(x)]) for x in (first + both, second + both, both)]
    low, high = METHODS["chapman"]["logit"].limits(*lists, level=0.95, alternative="two-sided")
    z = 1.959963984540054
    assert seen + loglinear_logit.at(found, -z)[0] == pytest.approx(low[0], rel=1e-9)
    assert seen + loglinear_logit.at(found, z)[0] == pytest.approx(high[0], rel=1e-9)
    end = np.array([high[0] - seen])
    assert loglinear_logit.distance(found, end)[0] == pytest.approx(z, rel=1e-9)


def test_sparse_tables_of_many_lists_converge():
    cells, terms = np.arange(1, 32), hierarchical.all_terms(5, 2)
    counts = np.random.default_rng(1).poisson(0.7, (50, 31)).astype(float)
    found = loglinear_logit.spread(counts, cells, terms)
    assert found.converged.all()
    assert np.isfinite(found.spread).all()


def test_rows_do_not_know_of_each_other():
    counts = np.random.default_rng(2).poisson(4.0, (20, 7)).astype(float)
    terms = hierarchical.all_terms(3, 1)
    together = loglinear_logit.spread(counts, CELLS, terms)
    for i in range(20):
        alone = loglinear_logit.spread(counts[i : i + 1], CELLS, terms)
        assert alone.centre[0] == pytest.approx(together.centre[i], rel=1e-9)
