"""Searches over models through the public function, with statsmodels fits of some models beside.

The peer fits no more than a named number of models, one after another and without asking whether
their estimates exist; its time is for those.
"""

from __future__ import annotations

import numpy as np
import pytest

import countylines as cl
from countylines._kernels import hierarchical
from countylines.capture_recapture import model_search

PEER_MODELS = 20


def load(name):
    people = cl.datasets.load_mse(name)
    return cl.CaptureHistories.from_table(people, lists=people.attrs["lists"])


@pytest.fixture(scope="module")
def five():
    return load("uk_2013_5")


@pytest.fixture(scope="module")
def six():
    return load("uk_2013")


def peer(table, max_order):
    """Fits of models without empty overlaps, which ordinary maximum likelihood can do."""
    sm = pytest.importorskip("statsmodels.api")
    lists = len(table.lists)
    cells = np.arange(1, 1 << lists)
    counts = np.zeros(1 << lists)
    for pattern, count in table.cells().items():
        counts[int(pattern, 2)] = count
    counts = counts[1:]
    terms = hierarchical.all_terms(lists, max_order)
    masks = hierarchical.all_models(terms)
    designs = [hierarchical.design(cells, terms[mask]) for mask in masks]
    chosen = [design for design in designs if (counts @ design > 0).all()][:PEER_MODELS]
    assert len(chosen) == PEER_MODELS

    def fit():
        for design in chosen:
            sm.GLM(counts, design, family=sm.families.Poisson()).fit()

    return fit


@pytest.mark.benchmark(group="model-search-two-way-five-lists")
def test_countylines_1024_models(benchmark, five):
    search = benchmark(model_search, five, max_order=2)
    assert len(search.table) == 1024


@pytest.mark.benchmark(group="model-search-two-way-five-lists")
def test_countylines_bounded(benchmark, five):
    search = benchmark(model_search, five, max_order=2, strategy="bounded")
    assert search.strategy == "bounded"


@pytest.mark.benchmark(group="model-search-two-way-five-lists")
def test_statsmodels_20_models(benchmark, five):
    benchmark.pedantic(peer(five, 2), rounds=3)


@pytest.mark.benchmark(group="model-search-all-five-lists")
def test_countylines_6893_models(benchmark, five):
    search = benchmark.pedantic(model_search, (five,), rounds=3)
    assert len(search.table) == 6893


@pytest.mark.benchmark(group="model-search-all-five-lists")
def test_countylines_all_bounded(benchmark, five):
    search = benchmark.pedantic(model_search, (five,), {"strategy": "bounded"}, rounds=3)
    assert search.strategy == "bounded"


@pytest.mark.benchmark(group="model-search-two-way-six-lists")
def test_countylines_32768_models(benchmark, six):
    search = benchmark.pedantic(model_search, (six,), rounds=2)
    assert len(search.table) == 32_768


@pytest.mark.benchmark(group="model-search-two-way-six-lists")
def test_countylines_six_bounded(benchmark, six):
    search = benchmark.pedantic(model_search, (six,), {"strategy": "bounded"}, rounds=3)
    assert search.strategy == "bounded"


@pytest.mark.benchmark(group="model-search-two-way-six-lists")
def test_statsmodels_20_models_of_six_lists(benchmark, six):
    benchmark.pedantic(peer(six, 2), rounds=3)


@pytest.mark.benchmark(group="model-search-average")
def test_average_of_6893_models(benchmark, five):
    search = model_search(five)
    benchmark(search.average)


@pytest.mark.benchmark(group="model-search-average")
def test_disagreement_of_6893_models(benchmark, five):
    search = model_search(five)
    benchmark(search.disagreement)
