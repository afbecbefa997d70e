"""Intervals of differences: 100,000 tables at once, and statsmodels, one a call, beside."""

from __future__ import annotations

import numpy as np
import pytest
from statsmodels.stats.proportion import confint_proportions_2indep
from statsmodels.stats.rates import confint_poisson_2indep

from countylines._kernels import rate_difference, risk_difference

LEVEL = 0.95


def rates(size):
    rng = np.random.default_rng(0)
    exposure, ref_exposure = rng.uniform(100, 1e5, size), rng.uniform(1e3, 1e6, size)
    count, ref_count = rng.poisson(5 + 2e-3 * exposure), rng.poisson(5 + 1e-3 * ref_exposure)
    return count.astype(float), exposure, ref_count.astype(float), ref_exposure


def shares(size):
    rng = np.random.default_rng(0)
    total, ref_total = rng.integers(20, 500, (2, size))
    count, ref_count = (rng.integers(5, n - 5) for n in (total, ref_total))
    return tuple(values.astype(float) for values in (count, total, ref_count, ref_total))


def ours(kernel, data, method):
    return kernel.METHODS[method].limits(*data, level=LEVEL, alternative="two-sided")


@pytest.mark.benchmark(group="rate difference, 100,000 tables")
@pytest.mark.parametrize("method", rate_difference.METHODS)
def test_rate_difference_ours(benchmark, method):
    data = rates(100_000)
    low, high = benchmark.pedantic(ours, (rate_difference, data, method), rounds=2)
    assert (low < high).all()


@pytest.mark.benchmark(group="risk difference, 100,000 tables")
@pytest.mark.parametrize("method", risk_difference.METHODS)
def test_risk_difference_ours(benchmark, method):
    data = shares(100_000)
    low, high = benchmark.pedantic(ours, (risk_difference, data, method), rounds=2)
    assert (low < high).all()


@pytest.mark.benchmark(group="rate difference, score, 200 tables")
def test_score_rate_difference_ours(benchmark):
    benchmark(ours, rate_difference, rates(200), "score")


def rates_by_statsmodels(data):
    rows = zip(*data, strict=True)
    return np.array(
        [confint_poisson_2indep(*row, method="score", compare="diff") for row in rows]
    ).T


@pytest.mark.benchmark(group="rate difference, score, 200 tables")
def test_score_rate_difference_statsmodels(benchmark):
    data = rates(200)
    theirs = benchmark.pedantic(rates_by_statsmodels, (data,), rounds=2)
    # the peer stops at an absolute tolerance, and single limits of small rates are off
    distance = np.abs(theirs / np.array(ours(rate_difference, data, "score")) - 1)
    assert np.median(distance) < 1e-4


@pytest.mark.benchmark(group="risk difference, Newcombe, 200 tables")
def test_newcombe_risk_difference_ours(benchmark):
    benchmark(ours, risk_difference, shares(200), "mover-wilson")


def shares_by_statsmodels(data):
    rows = zip(*data, strict=True)
    return np.array(
        [confint_proportions_2indep(*row, method="newcomb", compare="diff") for row in rows]
    ).T


@pytest.mark.benchmark(group="risk difference, Newcombe, 200 tables")
def test_newcombe_risk_difference_statsmodels(benchmark):
    data = shares(200)
    theirs = benchmark.pedantic(shares_by_statsmodels, (data,), rounds=2)
    np.testing.assert_allclose(theirs, ours(risk_difference, data, "mover-wilson"), rtol=1e-8)
