"""Quasi-binomial trends of 1,000 series, beside a loop over a generalised linear model."""

from __future__ import annotations

import numpy as np
import pytest

from countylines.localisation import trend_regression

SERIES, PERIODS = 1_000, 10
RNG = np.random.default_rng(1)
TOTAL = RNG.integers(40, 200, (SERIES, PERIODS))
COUNT = RNG.binomial(TOTAL, 0.3)


@pytest.mark.benchmark(group="quasi-binomial trend, 1,000 series of 10")
@pytest.mark.parametrize("interval", ["wald", "profile"])
def test_countylines(benchmark, interval):
    found = benchmark(trend_regression, COUNT, TOTAL, dim=1, interval=interval)
    assert np.isfinite(found.low).all()


@pytest.mark.benchmark(group="quasi-binomial trend, 1,000 series of 10")
def test_statsmodels_loop(benchmark):
    sm = pytest.importorskip("statsmodels.api")
    x = sm.add_constant(np.arange(float(PERIODS)))

    def loop():
        found = []
        for y, n in zip(COUNT, TOTAL, strict=True):
            model = sm.GLM(np.column_stack([y, n - y]), x, family=sm.families.Binomial())
            fitted = model.fit(scale="X2")
            fitted.conf_int()
            found.append(fitted.params[1])
        return np.exp(found)

    estimate = benchmark.pedantic(loop, rounds=1)
    assert estimate == pytest.approx(trend_regression(COUNT, TOTAL, dim=1).estimate, rel=1e-5)
