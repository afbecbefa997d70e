"""Survival of 100,000 lives with delayed entry, and of 2,000 intervals, beside lifelines.

lifelines takes delayed entry for the product limit and the Weibull law, and intervals without it;
statsmodels has a product limit with delayed entry. Times have no ties, so that all agree on who is
at risk.
"""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
import pytest

from countylines.prevalence import survival

LIVES = 100_000
INTERVALS = 2_000
SPELLS = {"entry": "found", "exit": "last", "event": "ended"}


def lives():
    """Weibull lives, seven in ten of them found late."""
    rng = np.random.default_rng(1)
    life = 50 * rng.weibull(1.5, 4 * LIVES)
    found = rng.uniform(0, 60, life.size) * (rng.random(life.size) < 0.7)
    kept = np.flatnonzero(life > found)[:LIVES]
    life, found = life[kept], found[kept]
    stop = found + rng.exponential(60, LIVES)
    return pd.DataFrame({"found": found, "last": np.minimum(life, stop), "ended": life <= stop})


def intervals():
    """Ends between two visits, on days."""
    rng = np.random.default_rng(2)
    life = 100 * rng.weibull(1.5, INTERVALS)
    gap = rng.uniform(5, 40, INTERVALS)
    phase = rng.uniform(0, gap)
    before = np.maximum(np.floor((life - phase) / gap) * gap + phase, 0)
    after = before + gap
    return pd.DataFrame(
        {"before": np.floor(before), "after": np.where(after > 250, np.inf, np.ceil(after))}
    )


@pytest.fixture(autouse=True)
def _quiet():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


@pytest.mark.benchmark(group="product limit of 100,000 late entries")
def test_product_limit_ours(benchmark):
    found = benchmark(survival, lives(), **SPELLS)
    assert found.at(30).estimate == pytest.approx(np.exp(-(0.6**1.5)), abs=0.02)


@pytest.mark.benchmark(group="product limit of 100,000 late entries")
def test_product_limit_lifelines(benchmark):
    lifelines = pytest.importorskip("lifelines", reason="the peer of this group")
    table = lives()
    fitter = lifelines.KaplanMeierFitter()
    benchmark(fitter.fit, table["last"], table["ended"], entry=table["found"])
    ours = survival(table, **SPELLS)
    times = [10.0, 30.0, 60.0]
    np.testing.assert_allclose(
        fitter.survival_function_at_times(times), ours.at(times).estimate, rtol=1e-9
    )


@pytest.mark.benchmark(group="product limit of 100,000 late entries")
def test_product_limit_statsmodels(benchmark):
    duration = pytest.importorskip("statsmodels.duration.survfunc")
    table = lives()
    benchmark.pedantic(
        duration.SurvfuncRight,
        (table["last"].to_numpy(), table["ended"].to_numpy()),
        {"entry": table["found"].to_numpy()},
        rounds=3,
    )


@pytest.mark.benchmark(group="Weibull law of 100,000 late entries")
def test_weibull_ours(benchmark):
    found = benchmark(survival, lives(), model="weibull", **SPELLS)
    assert np.exp(found.params["intercept"]) == pytest.approx(50, rel=0.02)


@pytest.mark.benchmark(group="Weibull law of 100,000 late entries")
def test_weibull_lifelines(benchmark):
    lifelines = pytest.importorskip("lifelines", reason="the peer of this group")
    table = lives()
    fitter = lifelines.WeibullFitter()
    table["found"] = table["found"].clip(lower=1e-9)
    arguments = (table["last"], table["ended"])
    benchmark.pedantic(fitter.fit, arguments, {"entry": table["found"]}, rounds=1)
    ours = survival(table, model="weibull", **SPELLS)
    assert fitter.lambda_ == pytest.approx(np.exp(ours.params["intercept"]), rel=1e-3)


@pytest.mark.benchmark(group="Turnbull of 2,000 intervals")
def test_turnbull_ours(benchmark):
    options = {"lower": "before", "upper": "after", "interval": "none"}
    found = benchmark(survival, intervals(), model="turnbull", **options)
    assert found.intervals["mass"].sum() == pytest.approx(1)


@pytest.mark.benchmark(group="Turnbull of 2,000 intervals")
def test_turnbull_lifelines(benchmark):
    lifelines = pytest.importorskip("lifelines", reason="the peer of this group")
    table = intervals()
    benchmark.pedantic(
        lambda: lifelines.KaplanMeierFitter().fit_interval_censoring(
            table["before"], table["after"]
        ),
        rounds=1,
    )
