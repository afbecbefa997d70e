"""In all regions: 10,000 data sets of ten regions at once, and scipy, one test a call, beside."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import binomtest

import countylines as cl
from countylines._kernels import binomial, partial_conjunction
from countylines.disproportionality import power_in_all, total_needed_in_all

SHARE = cl.datasets.census2021_benchmark("Black").share.to_numpy()
TOTAL = 258


def counts(sets):
    return np.random.default_rng(1).binomial(TOTAL, 2 * SHARE, size=(sets, SHARE.size))


def ours(count):
    size, null = np.full(count.size, float(TOTAL)), np.broadcast_to(SHARE, count.shape).ravel()
    p = binomial.METHODS["clopper-pearson"].pvalue(
        count.ravel().astype(float), size, null=null, alternative="greater"
    )
    return p.reshape(count.shape).max(axis=1)


def by_scipy(count):
    return np.array(
        [
            max(
                binomtest(int(x), TOTAL, q, alternative="greater").pvalue
                for x, q in zip(row, SHARE, strict=True)
            )
            for row in count
        ]
    )


@pytest.mark.benchmark(group="in all of ten regions, 10,000 data sets")
def test_in_all_ours(benchmark):
    p = benchmark(ours, counts(10_000))
    assert p.shape == (10_000,)


@pytest.mark.benchmark(group="in all of ten regions, 10,000 data sets")
@pytest.mark.parametrize("combine", partial_conjunction.METHODS)
def test_in_at_least_ours(benchmark, combine):
    p = np.random.default_rng(1).random((10_000, SHARE.size))
    found = benchmark(partial_conjunction.simultaneous, p, combine)
    assert (np.diff(found, axis=1) >= 0).all()


@pytest.mark.benchmark(group="in all of ten regions, 200 data sets")
def test_in_all_of_few_ours(benchmark):
    benchmark(ours, counts(200))


@pytest.mark.benchmark(group="in all of ten regions, 200 data sets")
def test_in_all_of_few_scipy(benchmark):
    count = counts(200)
    theirs = benchmark.pedantic(by_scipy, (count,), rounds=2)
    np.testing.assert_allclose(theirs, ours(count), rtol=1e-9)


@pytest.mark.benchmark(group="power in all of ten regions")
def test_power_ours(benchmark):
    assert benchmark(power_in_all, TOTAL, SHARE, true_ratio=2) < 0.01


@pytest.mark.benchmark(group="power in all of ten regions")
def test_people_needed_ours(benchmark):
    assert benchmark(total_needed_in_all, SHARE, true_ratio=2) == 1511
