"""Rate-ratio intervals: 100,000 pairs of counts at once beside statsmodels.

Counts are few, as in areas and groups; most pairs occur more than once. statsmodels takes one pair
a call where it solves, and is timed on fewer, named in the group, with ours on those same beside.
"""

from __future__ import annotations

import numpy as np
import pytest
from statsmodels.stats.rates import confint_poisson_2indep

from countylines._kernels.rate_ratio import METHODS

LEVEL = 0.95


def pairs(size):
    rng = np.random.default_rng(0)
    mean = np.exp(rng.uniform(np.log(0.5), np.log(60.0), size))
    exposure = rng.uniform(1e3, 1e5, size)
    # counts above 0, where statsmodels fails
    count, ref_count = 1.0 + rng.poisson(mean), 1.0 + rng.poisson(5.0 * mean)
    return count, exposure, ref_count, exposure * rng.uniform(2.0, 20.0, size)


def ours(data, method):
    return METHODS[method].limits(*data, level=LEVEL, alternative="two-sided")


@pytest.mark.benchmark(group="rate ratio, 100,000 intervals")
@pytest.mark.parametrize("method", METHODS)
def test_rate_ratio_ours(benchmark, method):
    low, high = benchmark.pedantic(ours, (pairs(100_000), method), rounds=3)
    assert (low < high).all()


@pytest.mark.benchmark(group="rate ratio, 100,000 intervals")
def test_rate_ratio_statsmodels_wald_log(benchmark):
    data = pairs(100_000)
    theirs = benchmark.pedantic(
        confint_poisson_2indep, data, {"method": "wald-log", "alpha": 1 - LEVEL}, rounds=3
    )
    np.testing.assert_allclose(theirs, ours(data, "wald-log"), rtol=1e-9)


def by_statsmodels(data, method):
    rows = zip(*data, strict=True)
    return np.array([confint_poisson_2indep(*row, method=method, alpha=1 - LEVEL) for row in rows])


@pytest.mark.benchmark(group="rate ratio, score, 500 intervals")
def test_score_rate_ratio_ours(benchmark):
    benchmark(ours, pairs(500), "score")


@pytest.mark.benchmark(group="rate ratio, score, 500 intervals")
def test_score_rate_ratio_statsmodels(benchmark):
    data = pairs(500)
    theirs = benchmark.pedantic(by_statsmodels, (data, "score"), rounds=2)
    np.testing.assert_allclose(theirs.T, ours(data, "score"), rtol=1e-5)
