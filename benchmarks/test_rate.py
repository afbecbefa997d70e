"""Limits of 100,000 rates: ours beside statsmodels where it has the method.

The rows are made to differ, so that solving each distinct row once does not decide the race;
``most=60`` shows what it is worth on counts as tables of forces have them. statsmodels finds one
mid-p interval at a time, so that both are timed on twenty rows; nothing else in Python has Blaker's
or Sterne's limits.
"""

from __future__ import annotations

import numpy as np
import pytest
from statsmodels.stats.rates import confint_poisson

from countylines._kernels.poisson import METHODS

ROWS = 100_000
LOOPED = 20


def counts(rows, most):
    """Counts of which hardly any two are equal, where `most` is large."""
    return np.floor(np.random.default_rng(0).random(rows) * (most + 1))


def ours(method, count):
    return METHODS[method].limits(count, np.ones(count.shape), level=0.95, alternative="two-sided")


def looped(count):
    return np.array([confint_poisson(x, 1.0, method="midp-c") for x in count]).T


@pytest.mark.benchmark(group="rate-mid-p-100k")
@pytest.mark.parametrize("most", [60, 10_000, 10**9])
def test_mid_p_ours(benchmark, most):
    count = counts(ROWS, most)
    low, high = benchmark(ours, "mid-p", count)
    assert (low <= count).all()
    assert (high >= count).all()


@pytest.mark.benchmark(group="rate-mid-p-20")
def test_mid_p_of_20_ours(benchmark):
    benchmark(ours, "mid-p", counts(LOOPED, 500))


@pytest.mark.benchmark(group="rate-mid-p-20")
def test_mid_p_of_20_statsmodels(benchmark):
    count = counts(LOOPED, 500)
    found = benchmark.pedantic(looped, args=(count,), rounds=3)
    np.testing.assert_allclose(found, ours("mid-p", count), rtol=1e-7)


@pytest.mark.benchmark(group="rate-exact-100k")
def test_exact_ours(benchmark):
    benchmark(ours, "exact", counts(ROWS, 10**9))


@pytest.mark.benchmark(group="rate-exact-100k")
def test_exact_statsmodels(benchmark):
    count = counts(ROWS, 10**9)
    found = benchmark(confint_poisson, count, 1.0, method="exact-c")
    np.testing.assert_allclose(found, ours("exact", count), rtol=1e-9)


@pytest.mark.benchmark(group="rate-score-100k")
def test_score_ours(benchmark):
    benchmark(ours, "score", counts(ROWS, 10**9))


@pytest.mark.benchmark(group="rate-score-100k")
def test_score_statsmodels(benchmark):
    count = counts(ROWS, 10**9)
    found = benchmark(confint_poisson, count, 1.0, method="score")
    np.testing.assert_allclose(found, ours("score", count), rtol=1e-9)


@pytest.mark.benchmark(group="rate-jeffreys-100k")
def test_jeffreys_ours(benchmark):
    benchmark(ours, "jeffreys", counts(ROWS, 10**9))


@pytest.mark.benchmark(group="rate-jeffreys-100k")
def test_jeffreys_statsmodels(benchmark):
    benchmark(confint_poisson, counts(ROWS, 10**9), 1.0, method="jeffreys")


@pytest.mark.benchmark(group="rate-byar-100k")
def test_byar_ours(benchmark):
    benchmark(ours, "byar", counts(ROWS, 10**9))


@pytest.mark.benchmark(group="rate-ordered-100k")
@pytest.mark.parametrize("most", [60, 10_000, 10**9])
@pytest.mark.parametrize("method", ["blaker", "minlike"])
def test_ordered_ours(benchmark, method, most):
    benchmark.pedantic(ours, args=(method, counts(ROWS, most)), rounds=3)
