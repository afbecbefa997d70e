"""Trends of shares: exact in a national table, Monte Carlo, and many series at once."""

from __future__ import annotations

import numpy as np
import pytest

from countylines.localisation import cochran_armitage

COUNT = np.array([40, 58, 91, 160, 205])
TOTAL = np.array([700, 690, 720, 760, 640])
MANY = np.random.default_rng(1).binomial(60, 0.3, (10_000, 5))


@pytest.mark.benchmark(group="cochran-armitage-exact-554-of-3510")
def test_countylines_exact(benchmark):
    found = benchmark.pedantic(cochran_armitage, (COUNT, TOTAL), {"method": "exact"}, rounds=3)
    assert 0 < found.pvalue < 1e-45


@pytest.mark.benchmark(group="cochran-armitage-100000-tables")
def test_countylines_monte_carlo(benchmark):
    options = {"method": "monte-carlo", "replicates": 100_000, "rng": 1}
    benchmark.pedantic(cochran_armitage, (COUNT, TOTAL), options, rounds=3)


@pytest.mark.benchmark(group="cochran-armitage-10000-series")
def test_countylines_many(benchmark):
    benchmark.pedantic(cochran_armitage, (MANY, np.full(MANY.shape, 60)), {"dim": 1}, rounds=3)


@pytest.mark.benchmark(group="cochran-armitage-10000-series")
def test_statsmodels_100_of_10000(benchmark):
    tables = pytest.importorskip("statsmodels.stats.contingency_tables")

    def peer():
        for row in MANY[:100]:
            table = np.array([row, 60 - row])
            tables.Table(table, shift_zeros=False).test_ordinal_association(
                np.array([1, 0]), np.arange(5)
            )

    benchmark.pedantic(peer, rounds=3)
