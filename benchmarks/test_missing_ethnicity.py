"""Bounds, tipping points and E-values for 100,000 rows; no Python package has limits of bounds.

The yardstick is the same calculation one row at a time with scipy: the equation of Imbens and
Manski by brentq and Clopper-Pearson limits by the beta distribution, on a thousandth of the rows.
zEpid has the combination of imputations, for one set at a time.
"""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import brentq
from scipy.stats import beta, norm

from countylines.disproportionality import (
    combine_imputations,
    e_value,
    missing_bounds,
    missing_tipping_point,
)

ROWS = 100_000
LOOPED = 100


def counts(rows):
    rng = np.random.default_rng(0)
    known = rng.integers(20, 500, rows)
    return rng.binomial(known, rng.uniform(0.02, 0.4, rows)), known, rng.integers(1, 100, rows)


def looped(count, known, missing, benchmark):
    rows = []
    for x, k, m in zip(count, known, missing, strict=True):
        n = k + m
        ends = x / n, (x + m) / n
        error = max(np.sqrt(p * (1 - p) / n) for p in ends)
        c = brentq(lambda c, gap=m / n / error: norm.cdf(c + gap) - norm.cdf(-c) - 0.95, 1.6, 2.0)
        tail = norm.sf(c)
        low = beta.ppf(tail, x, n - x + 1) if x else 0.0
        high = beta.isf(tail, x + m + 1, n - x - m) if x + m < n else 1.0
        rows.append((low / benchmark, high / benchmark))
    return np.array(rows).T


@pytest.mark.benchmark(group="missing-bounds-100k")
@pytest.mark.parametrize("method", ["mid-p", "clopper-pearson", "wilson"])
def test_bounds_ours(benchmark, method):
    found = benchmark.pedantic(
        missing_bounds, args=(*counts(ROWS), 0.1), kwargs={"method": method}, rounds=3
    )
    assert (found.low <= found.region_low).all()


@pytest.mark.benchmark(group="missing-bounds-100k")
def test_bounds_for_odds_ours(benchmark):
    options = {"missing_odds": (0.5, 2.0), "method": "wilson"}
    found = benchmark.pedantic(missing_bounds, args=(*counts(ROWS), 0.1), kwargs=options, rounds=1)
    assert (found.low <= found.region_low).all()


@pytest.mark.benchmark(group="missing-bounds-100")
def test_bounds_of_100_ours(benchmark):
    benchmark(missing_bounds, *counts(LOOPED), 0.1, method="clopper-pearson")


@pytest.mark.benchmark(group="missing-bounds-100")
def test_bounds_of_100_loop(benchmark):
    low, high = benchmark.pedantic(looped, args=(*counts(LOOPED), 0.1), rounds=1)
    found = missing_bounds(*counts(LOOPED), 0.1, method="clopper-pearson")
    np.testing.assert_allclose(found.low, low, rtol=1e-6)
    np.testing.assert_allclose(found.high, high, rtol=1e-6)


@pytest.mark.benchmark(group="missing-tipping-point-100k")
def test_tipping_point_ours(benchmark):
    options = {"method": "wilson"}
    found = benchmark.pedantic(
        missing_tipping_point, args=(*counts(ROWS), 0.1), kwargs=options, rounds=1
    )
    assert np.isfinite(found.estimate).any()


@pytest.mark.benchmark(group="e-value-100k")
def test_e_value_ours(benchmark):
    ratios = np.random.default_rng(1).uniform(0.2, 5.0, ROWS)
    assert (benchmark(e_value, ratios).estimate >= 1.0).all()


@pytest.mark.benchmark(group="combine-imputations-100k-by-20")
def test_combination_ours(benchmark):
    rng = np.random.default_rng(2)
    estimates = rng.uniform(1.0, 2.0, (20, ROWS))
    found = benchmark.pedantic(
        combine_imputations, args=(estimates, 0.1 * estimates), kwargs={"dim": 0}, rounds=3
    )
    assert (found.low < found.estimate).all()
