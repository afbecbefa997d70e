"""Log-linear fits: one, and every two-way model of five lists, with statsmodels beside them."""

from __future__ import annotations

import numpy as np
import pytest

import countylines as cl
from countylines._kernels import facial_set, hierarchical, loglinear_fit

CELLS = np.arange(1, 32)


@pytest.fixture(scope="module")
def counts():
    table = cl.datasets.load_mse("uk_2013_5")
    lists = [c for c in table.columns if c != "n"]
    masks = sum(table[c].to_numpy() << (len(lists) - 1 - j) for j, c in enumerate(lists))
    values = np.zeros(32)
    values[masks] = table["n"]
    return values[1:]


def all_models(counts, max_order):
    terms = hierarchical.all_terms(5, max_order)
    masks = hierarchical.all_models(terms)
    faces = facial_set.faces(masks, terms, counts > 0, CELLS)
    chosen = faces.code <= facial_set.BOUNDARY_FINITE
    rows = np.broadcast_to(counts, (int(chosen.sum()), 31))
    return loglinear_fit.fit(rows, terms, faces.basis[chosen], faces.on_face[chosen], CELLS)


@pytest.mark.benchmark(group="loglinear-two-way-models-of-five-lists")
def test_countylines_1024(benchmark, counts):
    fits = benchmark(all_models, counts, 2)
    assert fits.converged.all()


@pytest.mark.benchmark(group="loglinear-two-way-models-of-five-lists")
def test_statsmodels_20_of_1024(benchmark, counts):
    sm = pytest.importorskip("statsmodels.api")
    terms = hierarchical.all_terms(5, 1)
    design = hierarchical.design(CELLS, terms)

    def peer():
        for _ in range(20):
            sm.GLM(counts, design, family=sm.families.Poisson()).fit()

    benchmark.pedantic(peer, rounds=3)


@pytest.mark.benchmark(group="loglinear-every-model-of-five-lists")
def test_countylines_6893(benchmark, counts):
    fits = benchmark.pedantic(all_models, (counts, 4), rounds=3)
    assert fits.converged.all()


@pytest.mark.benchmark(group="loglinear-one-fit")
def test_countylines_one(benchmark, counts):
    terms = hierarchical.all_terms(5, 1)
    masks = np.ones((1, 6), dtype=bool)
    face = np.ones((1, 31), dtype=bool)
    benchmark(loglinear_fit.fit, counts[None], terms, masks, face, CELLS)


@pytest.mark.benchmark(group="loglinear-one-fit")
def test_statsmodels_one(benchmark, counts):
    sm = pytest.importorskip("statsmodels.api")
    design = hierarchical.design(CELLS, hierarchical.all_terms(5, 1))
    benchmark(lambda: sm.GLM(counts, design, family=sm.families.Poisson()).fit())
