"""Joinpoints with their permutation test, change points of many series, a step against a slope.

No Python package has the permutation test of joinpoints; ruptures places changes without a p-value.
"""

from __future__ import annotations

import numpy as np
import pytest

from countylines.localisation import change_point, joinpoint, max_score_trend, step_or_slope

RNG = np.random.default_rng(1)
YEARS = RNG.poisson(60 * 1.05 ** np.abs(np.arange(24.0) - 12))
MANY = RNG.poisson(8, (1000, 12))


@pytest.mark.benchmark(group="joinpoints of 24 periods, 4,499 permutations")
def test_joinpoint(benchmark):
    found = benchmark.pedantic(joinpoint, (YEARS,), {"replicates": 4499, "rng": 1}, rounds=3)
    assert len(found.selection) == 5


@pytest.mark.benchmark(group="change points of 1,000 series of 12")
def test_change_points(benchmark):
    def every():
        for row in MANY:
            change_point(row, method="poisson", replicates=99, rng=1)

    benchmark.pedantic(every, rounds=1)


@pytest.mark.benchmark(group="change points of 1,000 series of 12")
def test_ruptures_without_a_p_value(benchmark):
    peer = pytest.importorskip("ruptures")

    def every():
        for row in MANY:
            peer.Pelt(model="l2", min_size=2, jump=1).fit(row).predict(pen=3 * np.log(12) * 8)

    benchmark.pedantic(every, rounds=1)


@pytest.mark.benchmark(group="a step against a slope, 24 periods, 999 series of each shape")
def test_step_or_slope(benchmark):
    benchmark.pedantic(step_or_slope, (YEARS,), {"rng": 1}, rounds=3)


@pytest.mark.benchmark(group="three sets of scores, 554 of 3,510 in 5 groups")
def test_max_score(benchmark):
    sets = {"straight": [0, 1, 2, 3, 4], "early": [0, 1, 1, 1, 1], "late": [0, 0, 0, 0, 1]}
    count, total = [80, 95, 112, 125, 142], [702] * 5
    benchmark.pedantic(max_score_trend, (count, total), {"score_sets": sets, "rng": 1}, rounds=3)
