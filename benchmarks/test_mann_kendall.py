"""Mann-Kendall tests with Sen's slope and its limits, scipy and pymannkendall beside them."""

from __future__ import annotations

import numpy as np
import pytest

from countylines.localisation import mann_kendall

RNG = np.random.default_rng(1)
MANY = RNG.normal(size=(10_000, 40))
LONG = RNG.normal(size=100_000)


@pytest.mark.benchmark(group="mann-kendall-10000-series-of-40")
def test_countylines_10000_series(benchmark):
    found = benchmark(mann_kendall, MANY, dim=1)
    assert found.pvalue.shape == (10_000,)


@pytest.mark.benchmark(group="mann-kendall-10000-series-of-40")
def test_scipy_100_of_10000_series(benchmark):
    stats = pytest.importorskip("scipy.stats")
    time = np.arange(40)

    def peer():
        for row in MANY[:100]:
            stats.kendalltau(time, row)
            stats.theilslopes(row, time)

    benchmark.pedantic(peer, rounds=3)


@pytest.mark.benchmark(group="mann-kendall-10000-series-of-40")
def test_pymannkendall_100_of_10000_series(benchmark):
    peer = pytest.importorskip("pymannkendall")

    def loop():
        for row in MANY[:100]:
            peer.original_test(row)

    benchmark.pedantic(loop, rounds=3)


@pytest.mark.benchmark(group="mann-kendall-one-series-of-100000")
def test_countylines_long(benchmark):
    benchmark.pedantic(mann_kendall, (LONG,), rounds=3)


@pytest.mark.benchmark(group="mann-kendall-one-series-of-100000")
def test_scipy_long_without_a_slope(benchmark):
    stats = pytest.importorskip("scipy.stats")
    benchmark.pedantic(stats.kendalltau, (np.arange(LONG.size), LONG), rounds=3)
