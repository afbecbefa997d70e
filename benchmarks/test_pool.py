"""Ratios pooled over strata: 1,000 tables of 40 strata, and statsmodels, one a call, beside."""

from __future__ import annotations

import numpy as np
import pytest
from statsmodels.stats.contingency_tables import StratifiedTable
from statsmodels.stats.meta_analysis import combine_effects

from countylines._kernels import log_ratios
from countylines.disproportionality import pool

POOLS, STRATA = 1000, 40
RATES = "a mean of log rate ratios, 1,000 pools of 40 strata"
ODDS = "a common odds ratio, 1,000 pools of 40 strata"


def rates(pools=POOLS):
    rng = np.random.default_rng(0)
    size, ref_size = rng.uniform(100, 1000, (2, pools, STRATA))
    ratio = 2.0 * np.exp(rng.normal(0.0, 0.3, size.shape))
    return rng.poisson(0.1 * ratio * size) + 5, size, rng.poisson(0.1 * ref_size) + 5, ref_size


def shares(pools=POOLS):
    rng = np.random.default_rng(0)
    total, ref_total = rng.integers(50, 500, (2, pools, STRATA))
    return rng.binomial(total, 0.3), total, rng.binomial(ref_total, 0.2), ref_total


@pytest.mark.benchmark(group=RATES)
def test_mean_ours(benchmark):
    found = benchmark.pedantic(pool, rates(), {"estimand": "mean", "dim": 1}, rounds=2)
    assert (found.low < found.high).all()


def by_combine_effects(data):
    y, v = log_ratios.effects("rate-ratio", data, 0.5)
    rows = zip(y, v, strict=True)
    return [combine_effects(*row, method_re="iterated").mean_effect_re for row in rows]


@pytest.mark.benchmark(group=RATES)
def test_mean_statsmodels(benchmark):
    data = tuple(values.astype(float) for values in rates())
    theirs = benchmark.pedantic(by_combine_effects, (data,), rounds=1)
    ours = pool(*data, estimand="mean", method="paule-mandel", dim=1)
    np.testing.assert_allclose(theirs, np.log(ours.estimate), atol=1e-4)


@pytest.mark.benchmark(group="a mean of log rate ratios by counts, 100 pools of 40 strata")
def test_glmm_ours(benchmark):
    options = {"estimand": "mean", "method": "glmm", "dim": 1}
    found = benchmark.pedantic(pool, rates(100), options, rounds=1)
    assert (found.low < found.high).all()


@pytest.mark.benchmark(group=ODDS)
def test_mantel_haenszel_ours(benchmark):
    options = {"measure": "odds-ratio", "dim": 1}
    found = benchmark.pedantic(pool, shares(), options, rounds=2)
    assert (found.low < found.high).all()


def by_stratified_table(data):
    found = []
    for x, n, y, m in zip(*data, strict=True):
        table = StratifiedTable(np.array([[x, n - x], [y, m - y]], dtype=float))
        found.append((table.oddsratio_pooled, *table.oddsratio_pooled_confint()))
    return np.array(found).T


@pytest.mark.benchmark(group=ODDS)
def test_mantel_haenszel_statsmodels(benchmark):
    theirs = benchmark.pedantic(by_stratified_table, (shares(),), rounds=1)
    ours = pool(*shares(), measure="odds-ratio", dim=1)
    np.testing.assert_allclose(theirs, [ours.estimate, ours.low, ours.high], rtol=1e-8)
