"""Flows between 45 areas in 120 months: reading, indices, decay; statsmodels on a twentieth.

A regression with a column for each of 10,800 effects does not fit into memory, so statsmodels is
given 12 areas and 6 months, and so are we beside it.
"""

from __future__ import annotations

import numpy as np
import pytest

from countylines.localisation import LineFlows, distance_decay, flow_trend


def counts(areas, periods, lines):
    rng = np.random.default_rng(1)
    place = rng.uniform(0.0, 400.0, (areas, 2))
    apart = np.sqrt(np.square(place[:, None] - place).sum(axis=2))
    mean = np.exp(rng.normal(0, 0.7, (periods, areas, 1)) - apart / 80)
    return rng.poisson(mean * lines / mean.sum(axis=(1, 2), keepdims=True)), apart


LARGE, FAR = counts(45, 120, 600)
SMALL, NEAR = counts(12, 6, 300)


@pytest.mark.benchmark(group="flows of 45 x 45 x 120: read from records and every index")
def test_indices_ours(benchmark):
    frame = LineFlows(LARGE).to_frame()
    names = {"origin": "origin", "destination": "destination", "period": "period"}

    def all_of_it():
        flows = LineFlows.from_records(frame, **names, count="lines")
        flows.mean_distance(FAR, include_internal=True, by="period")
        flows.internal_share(by="period", method="wilson")
        return [getattr(flows, name)(by="period") for name in ("gini", "hhi", "entropy", "theil")]

    assert len(benchmark(all_of_it)) == 4


@pytest.mark.benchmark(group="flows of 45 x 45 x 120: decay and its trend, 10,800 effects")
def test_decay_ours(benchmark):
    flows = LineFlows(LARGE)
    found = benchmark.pedantic(distance_decay, args=(flows, FAR), rounds=3)
    assert found.verdict["decay"].estimable


@pytest.mark.benchmark(group="flows of 45 x 45 x 120: trend of the internal share")
def test_trend_ours(benchmark):
    flows = LineFlows(LARGE)
    found = benchmark.pedantic(flow_trend, args=(flows,), kwargs={"rng": 1}, rounds=3)
    assert 0 < found.pvalue <= 1


@pytest.mark.benchmark(group="flows of 12 x 12 x 6: decay and its trend")
def test_small_decay_ours(benchmark):
    flows = LineFlows(SMALL)
    found = benchmark(distance_decay, flows, NEAR, variance="poisson")
    assert found.verdict["decay"].estimable


@pytest.mark.benchmark(group="flows of 12 x 12 x 6: decay and its trend")
def test_small_decay_statsmodels(benchmark):
    import statsmodels.api as sm

    outside = np.broadcast_to(~np.eye(12, dtype=bool), SMALL.shape)
    time, first, second = np.nonzero(outside)
    rows = np.arange(time.size)
    design = np.zeros((time.size, 2 + 144))
    design[:, 0] = -NEAR[first, second]
    design[:, 1] = design[:, 0] * (time - 2.5)
    design[rows, 2 + 12 * time + first] = 1.0
    design[rows, 2 + 72 + 12 * time + second] = 1.0
    design = np.delete(design, 2 + 72 + 12 * np.arange(6), axis=1)
    lines = SMALL[outside].astype(float)
    model = benchmark(lambda: sm.GLM(lines, design, family=sm.families.Poisson()).fit())
    ours = distance_decay(LineFlows(SMALL), NEAR, variance="poisson")
    assert model.params[1] == pytest.approx(ours.estimate["trend"], rel=1e-4)
