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
            # counts in two columns would give a dispersion of shares without their totals
            model = sm.GLM(y / n, x, family=sm.families.Binomial(), var_weights=n)
            fitted = model.fit(scale="X2", use_t=True)
            found.append(fitted.conf_int()[1])
        return np.exp(found)

    limits = benchmark.pedantic(loop, rounds=1)
    ours = trend_regression(COUNT, TOTAL, dim=1, interval="wald", dispersion_floor=0)
    assert limits == pytest.approx(np.stack([ours.low, ours.high], axis=1), rel=1e-5)
