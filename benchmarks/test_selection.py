"""Bootstraps that redo the selection of a log-linear model, five lists of the UK table."""

from __future__ import annotations

import numpy as np
import pytest

import countylines as cl
from countylines._kernels import hierarchical
from countylines.capture_recapture import model_search, stepwise

pytestmark = pytest.mark.filterwarnings("ignore::countylines.errors.CountyLinesWarning")


@pytest.fixture(scope="module")
def table():
    people = cl.datasets.load_mse("uk_2013_5")
    lists = [c for c in people.columns if c != "n"]
    return cl.CaptureHistories.from_table(people, lists=lists)


@pytest.fixture(scope="module")
def counts(table):
    values = np.zeros(32)
    for pattern, count in table.cells().items():
        values[int(pattern, 2)] = count
    return values[1:]


def glm_fits(counts, models):
    """One fit of each model by statsmodels, without asking whether its estimate exists."""
    sm = pytest.importorskip("statsmodels.api")
    cells = np.arange(1, 32)
    for terms in models:
        design = hierarchical.design(cells, terms)
        sm.GLM(counts, design, family=sm.families.Poisson()).fit()


@pytest.mark.benchmark(group="stepwise-bootstrap-five-lists")
def test_countylines_1000_replicates(benchmark, table):
    benchmark.pedantic(lambda: stepwise(table, replicates=1000, rng=1), rounds=3)


@pytest.mark.benchmark(group="stepwise-bootstrap-five-lists")
def test_statsmodels_fits_of_5_of_1000_replicates(benchmark, counts):
    """About six models a replicate are fitted on the way, p-values and existence left out."""
    terms = hierarchical.all_terms(5, 2)
    path = [terms[: 6 + step] for step in range(7)]
    draws = np.random.default_rng(1).multinomial(2744, counts / 2744, 5).astype(float)
    benchmark.pedantic(lambda: [glm_fits(row, path) for row in draws], rounds=3)


@pytest.mark.benchmark(group="search-bootstrap-two-way-models-of-five-lists")
def test_countylines_1000_replicates_of_1024_models(benchmark, table):
    search = model_search(table, max_order=2)
    benchmark.pedantic(lambda: search.bootstrap(replicates=1000, rng=1), rounds=1)


@pytest.mark.benchmark(group="search-bootstrap-two-way-models-of-five-lists")
def test_statsmodels_20_models_of_1_of_1000_replicates(benchmark, counts):
    """Times 50,000 for the whole: every model of every replicate."""
    terms = hierarchical.all_terms(5, 2)
    models = [terms[mask] for mask in hierarchical.all_models(terms)[:20]]
    benchmark.pedantic(lambda: glm_fits(counts, models), rounds=3)


@pytest.mark.benchmark(group="search-bootstrap-every-model-of-five-lists")
def test_countylines_100_replicates_of_6893_models(benchmark, table):
    search = model_search(table)
    benchmark.pedantic(lambda: search.bootstrap(replicates=100, rng=1), rounds=1)
