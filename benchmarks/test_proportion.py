"""Limits of 100,000 proportions: ours beside statsmodels where it has the method.

The rows are made to differ, so that solving each distinct row once does not decide the race;
``most=60`` shows what it is worth on counts as tables of regions and groups have them. statsmodels
tests one proportion at a time for "binom_test" (Sterne's limits), so that both are timed on twenty
rows; nothing else in Python has mid-p or Blaker limits.
"""

from __future__ import annotations

import numpy as np
import pytest
from statsmodels.stats.proportion import proportion_confint

from countylines._kernels.binomial import METHODS

ROWS = 100_000
LOOPED = 20


def counts(rows, most):
    rng = np.random.default_rng(0)
    total = rng.integers(1, most + 1, rows).astype(float)
    count = np.minimum(np.floor(rng.random(rows) * (total + 1)), total)
    return count, total


def ours(method, count, total):
    return METHODS[method].limits(count, total, level=0.95, alternative="two-sided")


def looped(count, total):
    pairs = [
        proportion_confint(int(x), int(n), method="binom_test")
        for x, n in zip(count, total, strict=True)
    ]
    return np.array(pairs).T


@pytest.mark.benchmark(group="proportion-mid-p-100k")
@pytest.mark.parametrize("most", [60, 500, 10_000, 1_000_000])
def test_mid_p_ours(benchmark, most):
    count, total = counts(ROWS, most)
    low, high = benchmark(ours, "mid-p", count, total)
    assert (low <= count / total).all()
    assert (high >= count / total).all()


@pytest.mark.benchmark(group="proportion-clopper-pearson-100k")
def test_clopper_pearson_ours(benchmark):
    benchmark(ours, "clopper-pearson", *counts(ROWS, 10_000))


@pytest.mark.benchmark(group="proportion-clopper-pearson-100k")
def test_clopper_pearson_statsmodels(benchmark):
    count, total = counts(ROWS, 10_000)
    found = benchmark(proportion_confint, count, total, method="beta")
    np.testing.assert_allclose(found, ours("clopper-pearson", count, total), rtol=1e-9)


@pytest.mark.benchmark(group="proportion-blaker-100k")
@pytest.mark.parametrize("most", [60, 500, 10_000])
def test_blaker_ours(benchmark, most):
    benchmark.pedantic(ours, args=("blaker", *counts(ROWS, most)), rounds=3)


@pytest.mark.benchmark(group="proportion-minlike-100k")
@pytest.mark.parametrize("most", [60, 500, 10_000])
def test_minlike_ours(benchmark, most):
    benchmark.pedantic(ours, args=("minlike", *counts(ROWS, most)), rounds=3)


@pytest.mark.benchmark(group="proportion-minlike-20")
def test_minlike_of_20_ours(benchmark):
    benchmark(ours, "minlike", *counts(LOOPED, 500))


@pytest.mark.benchmark(group="proportion-minlike-20")
def test_minlike_of_20_statsmodels(benchmark):
    count, total = counts(LOOPED, 500)
    found = benchmark.pedantic(looped, args=(count, total), rounds=1)
    # It searches for a crossing where there is a jump, and then returns a null that its own test
    # refuses: 0.0119, p = 0.037, for 0 of 319 (see tests/_kernels/test_binomial_acceptance.py).
    same = np.isclose(found, ours("minlike", count, total), rtol=1e-5, atol=1e-8).all(axis=0)
    assert same.mean() > 0.8
