"""Odds-ratio intervals: 100,000 tables at once beside peers that take one table a call.

The peers are timed on fewer tables, named in the group, and ours on those same tables beside them.
"""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats.contingency import odds_ratio as scipy_odds_ratio
from statsmodels.stats.proportion import confint_proportions_2indep

from countylines._kernels.odds_ratio import METHODS

LEVEL = 0.95


def tables(size, largest=500):
    rng = np.random.default_rng(0)
    total, ref_total = rng.integers(20, largest, (2, size))
    # counts away from the ends, where the peers fail or warn
    count, ref_count = (rng.integers(5, n - 5) for n in (total, ref_total))
    return tuple(values.astype(float) for values in (count, total, ref_count, ref_total))


def ours(data, method):
    return METHODS[method].limits(*data, level=LEVEL, alternative="two-sided")


@pytest.mark.benchmark(group="odds-ratio-skew-score-100k")
@pytest.mark.parametrize("method", ["skew-score", "miettinen-nurminen", "woolf"])
def test_odds_ratio_ours(benchmark, method):
    low, high = benchmark(ours, tables(100_000), method)
    assert (low < high).all()


@pytest.mark.benchmark(group="odds-ratio-exact-100k")
@pytest.mark.parametrize("method", ["conditional", "conditional-mid-p", "minlike", "blaker"])
def test_exact_odds_ratio_ours(benchmark, method):
    data = tables(100_000, largest=100)
    low, high = benchmark.pedantic(ours, (data, method), rounds=2)
    assert (low < high).all()


def by_statsmodels(data):
    return np.array(
        [
            confint_proportions_2indep(*row, method="score", compare="odds-ratio", alpha=1 - LEVEL)
            for row in zip(*data, strict=True)
        ]
    ).T


@pytest.mark.benchmark(group="odds ratio, score, 200 tables")
def test_score_odds_ratio_ours(benchmark):
    benchmark(ours, tables(200), "miettinen-nurminen")


@pytest.mark.benchmark(group="odds ratio, score, 200 tables")
@pytest.mark.filterwarnings("ignore::RuntimeWarning")  # raised at the ends of its bracket
def test_score_odds_ratio_statsmodels(benchmark):
    data = tables(200)
    theirs = benchmark.pedantic(by_statsmodels, (data,), rounds=2)
    np.testing.assert_allclose(theirs, ours(data, "miettinen-nurminen"), rtol=1e-5)


def by_scipy(data):
    ends = []
    for count, total, ref_count, ref_total in zip(*(v.astype(int) for v in data), strict=True):
        table = [[count, total - count], [ref_count, ref_total - ref_count]]
        ends.append(scipy_odds_ratio(table).confidence_interval(LEVEL))
    return np.array(ends).T


@pytest.mark.benchmark(group="odds ratio, conditional, 200 tables")
def test_conditional_odds_ratio_ours(benchmark):
    benchmark(ours, tables(200), "conditional")


@pytest.mark.benchmark(group="odds ratio, conditional, 200 tables")
def test_conditional_odds_ratio_scipy(benchmark):
    data = tables(200)
    theirs = benchmark.pedantic(by_scipy, (data,), rounds=2)
    np.testing.assert_allclose(theirs, ours(data, "conditional"), rtol=1e-5)
