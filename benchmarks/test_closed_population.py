"""Closed-population models of one table beside a Poisson GLM of the same design; many strata.

No Python package offers these models; the yardstick is what one would write with statsmodels, which
gives the estimate and its standard error and no limits.
"""

from __future__ import annotations

import functools
import warnings

import numpy as np
import pandas as pd
import pytest

import countylines as cl
from countylines.capture_recapture import (
    by_stratum,
    chao_lower_bound,
    closed_population,
    loglinear,
)

STRATA = 100
COLUMNS = 100_000


def hares():
    frame = cl.datasets.load_mse("snowshoe_hare")
    return cl.CaptureHistories.from_table(frame, lists=frame.attrs["lists"], ordered=True)


@pytest.mark.benchmark(group="Mth Darroch, six lists")
def test_without_profile(benchmark):
    result = benchmark(
        closed_population, hares(), model="Mth", heterogeneity="darroch", interval="lognormal"
    )
    assert result.estimate == pytest.approx(90.4641, rel=1e-5)


@pytest.mark.benchmark(group="Mth Darroch, six lists")
def test_with_profile_limits(benchmark):
    result = benchmark(closed_population, hares(), model="Mth", heterogeneity="darroch")
    assert result.low < result.estimate < result.high


@pytest.mark.benchmark(group="Mth Darroch, six lists")
def test_statsmodels(benchmark):
    api = pytest.importorskip("statsmodels.api")
    table = hares()
    cells = table.to_frame(complete=True)
    member = cells[list(table.lists)].to_numpy(float)
    times = member.sum(axis=1)
    design = np.column_stack([np.ones(len(times)), member, times**2 / 2])
    counts = cells["n"].to_numpy(float)

    def fit():
        found = api.GLM(counts, design, family=api.families.Poisson()).fit()
        return 68 + np.exp(found.params[0])

    assert benchmark(fit) == pytest.approx(90.4641, rel=1e-5)


@pytest.mark.benchmark(group="Mth normal, six lists")
def test_mixed_logit(benchmark):
    result = benchmark(
        closed_population, hares(), model="Mth", heterogeneity="normal", interval="lognormal"
    )
    assert result.estimate == pytest.approx(92.0059, rel=1e-5)


@pytest.mark.benchmark(group="Chao's bound with profile limits")
def test_chao_of_100_000_tables(benchmark):
    rng = np.random.default_rng(4)
    table = np.stack([1 + rng.poisson(rate, COLUMNS) for rate in (60.0, 15.0, 4.0)])
    result = benchmark.pedantic(chao_lower_bound, (table,), {"dim": 0}, rounds=2)
    assert np.all(result.low <= result.estimate)


def stratified(strata):
    rng = np.random.default_rng(1)
    frames = []
    for stratum in range(strata):
        seen = rng.random((200, 4)) < [0.3, 0.25, 0.2, 0.3]
        frame = pd.DataFrame(seen[seen.any(axis=1)].astype(int), columns=list("abcd"))
        frames.append(frame.assign(stratum=stratum))
    return cl.CaptureHistories.from_table(
        pd.concat(frames), lists=list("abcd"), count=None, strata="stratum"
    )


@pytest.mark.benchmark(group="a hundred strata of four lists")
@pytest.mark.parametrize("interval", ["lognormal", "profile"])
def test_loglinear_by_stratum(benchmark, interval):
    table = stratified(STRATA)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", cl.errors.CountyLinesWarning)
        found = benchmark.pedantic(
            by_stratum, (table, functools.partial(loglinear, interval=interval)), rounds=3
        )
    assert len(found) == STRATA + 1
