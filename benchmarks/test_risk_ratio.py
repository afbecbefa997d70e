"""Risk-ratio intervals: 100,000 tables at once, and statsmodels, which takes one a call, beside."""

from __future__ import annotations

import numpy as np
import pytest
from statsmodels.stats.proportion import confint_proportions_2indep

from countylines._kernels.risk_ratio import METHODS

LEVEL = 0.95


def tables(size, largest=500):
    rng = np.random.default_rng(0)
    total, ref_total = rng.integers(20, largest, (2, size))
    # counts away from the ends, where the peer fails
    count, ref_count = (rng.integers(5, n - 5) for n in (total, ref_total))
    return tuple(values.astype(float) for values in (count, total, ref_count, ref_total))


def ours(data, method):
    return METHODS[method].limits(*data, level=LEVEL, alternative="two-sided")


@pytest.mark.benchmark(group="risk ratio, 100,000 tables")
@pytest.mark.parametrize("method", METHODS)
def test_risk_ratio_ours(benchmark, method):
    low, high = benchmark.pedantic(ours, (tables(100_000), method), rounds=2)
    assert (low < high).all()


def by_statsmodels(data):
    return np.array(
        [
            confint_proportions_2indep(*row, method="score", compare="ratio", alpha=1 - LEVEL)
            for row in zip(*data, strict=True)
        ]
    ).T


@pytest.mark.benchmark(group="risk ratio, score, 200 tables")
def test_score_risk_ratio_ours(benchmark):
    benchmark(ours, tables(200), "miettinen-nurminen")


@pytest.mark.benchmark(group="risk ratio, score, 200 tables")
@pytest.mark.filterwarnings("ignore::RuntimeWarning")  # raised at the ends of its bracket
def test_score_risk_ratio_statsmodels(benchmark):
    data = tables(200)
    theirs = benchmark.pedantic(by_statsmodels, (data,), rounds=2)
    np.testing.assert_allclose(theirs, ours(data, "miettinen-nurminen"), rtol=1e-5)
