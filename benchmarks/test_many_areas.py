"""Standardised rates and control limits of many areas; no Python package has either."""

from __future__ import annotations

import numpy as np
import pytest

from countylines._kernels import funnel, weighted_poisson

AREAS, STRATA = 10_000, 18


@pytest.mark.benchmark(group="standardised-rate-10k-of-18-strata")
@pytest.mark.parametrize("method", ["tiwari", "fay-feuer", "mid-p", "dobson"])
def test_standardised_rates(benchmark, method):
    rng = np.random.default_rng(0)
    people = rng.integers(500, 20_000, (AREAS, STRATA)).astype(float)
    count = rng.poisson(people * 1e-3).astype(float)
    weight = 1.0 / STRATA / people
    limits = weighted_poisson.METHODS[method].limits
    low, high = benchmark(limits, count, weight, level=0.95, alternative="two-sided")
    assert (low < high).all()


@pytest.mark.benchmark(group="funnel-limits-100k")
@pytest.mark.parametrize("method", funnel.METHODS)
def test_control_limits(benchmark, method):
    counts = funnel.PoissonCounts(np.random.default_rng(0).uniform(1.0, 1e5, 100_000))
    deviate = np.full(100_000, 1.96)
    low, high = benchmark.pedantic(funnel.limits, (counts, deviate), {"method": method}, rounds=3)
    assert (low < high).all()
