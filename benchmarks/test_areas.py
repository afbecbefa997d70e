"""Many areas: pooled and shrunken rates of 100 counties, with statsmodels beside them."""

from __future__ import annotations

import numpy as np
import pytest

from countylines._kernels import gamma_poisson, two_level
from countylines.prevalence import pooled_rate, rank_intervals, shrunken_rate


@pytest.fixture(scope="module")
def counties():
    """Made-up counts of 100 areas with rates that vary by 0.4."""
    rng = np.random.default_rng(0)
    exposure = np.round(rng.lognormal(7.5, 0.9, 100))
    return rng.poisson(0.002 * exposure * rng.gamma(6.25, 0.16, 100)), exposure


@pytest.mark.benchmark(group="negative-binomial-fit-100-areas")
def test_fit_ours(benchmark, counties):
    x, e = (values.astype(float)[None] for values in counties)
    found = benchmark(two_level.fit, gamma_poisson.FAMILY, x, e)
    assert np.isfinite(found.b).all()


@pytest.mark.benchmark(group="negative-binomial-fit-100-areas")
def test_fit_statsmodels(benchmark, counties):
    sm = pytest.importorskip("statsmodels.api")
    count, exposure = counties

    def peer():
        model = sm.NegativeBinomial(count, np.ones(count.size), exposure=exposure)
        return model.fit(disp=0, maxiter=200)

    found = benchmark(peer)
    ours = pooled_rate(count, exposure, rng=1)
    # its default tolerance leaves the dispersion right to four digits
    assert np.exp(found.params[0]) == pytest.approx(ours.estimate, rel=1e-4)
    assert found.params[1] == pytest.approx(ours.between.estimate**2, rel=1e-2)


@pytest.mark.benchmark(group="pooled-rate-100-areas")
@pytest.mark.parametrize("method", ["negative-binomial", "moments", "quasi-poisson", "reml"])
@pytest.mark.filterwarnings("ignore::countylines.errors.SparseDataWarning")
def test_pooled_ours(benchmark, counties, method):
    benchmark(pooled_rate, *counties, method=method, replicates=999, rng=1)


@pytest.mark.benchmark(group="pooled-rate-100-areas")
def test_quasi_poisson_statsmodels(benchmark, counties):
    sm = pytest.importorskip("statsmodels.api")
    count, exposure = counties

    def peer():
        family = sm.families.Poisson()
        return sm.GLM(count, np.ones(count.size), family, exposure=exposure).fit(scale="X2")

    benchmark(peer)


@pytest.mark.benchmark(group="shrunken-rate-100-areas")
@pytest.mark.parametrize("interval", ["hierarchical", "plug-in"])
def test_shrunken_ours(benchmark, counties, interval):
    benchmark(shrunken_rate, *counties, interval=interval)


@pytest.mark.benchmark(group="shrunken-rate-100-areas")
def test_on_a_map_ours(benchmark, counties):
    chain = [(i, i + 1) for i in range(99)]
    benchmark.pedantic(shrunken_rate, counties, {"method": "spatial", "adjacency": chain}, rounds=3)


@pytest.mark.benchmark(group="rank-intervals-100-areas")
@pytest.mark.parametrize("method", ["posterior", "pairwise", "intervals"])
def test_ranks_ours(benchmark, counties, method):
    benchmark(rank_intervals, *counties, method=method, rng=1)
