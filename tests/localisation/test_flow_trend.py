"""Trend of an index of flows: exact laws of the shuffles, strata, edges, errors."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.stats import hypergeom

from countylines._kernels import random_tables
from countylines.errors import DegenerateDataWarning, InputError
from countylines.localisation import LineFlows, flow_trend

TABLE = np.array([[[40, 60], [9, 41]], [[40, 60], [27, 123]], [[50, 50], [30, 120]]])
FLOWS = LineFlows(TABLE, periods=[2021, 2022, 2024])


class TestRandomTables:
    @pytest.mark.parametrize("draw", [random_tables._by_cells, random_tables._by_units])
    def test_margins_are_kept_and_the_law_is_hypergeometric(self, draw):
        table = np.array([[4, 1, 2], [0, 3, 3], [2, 2, 0]])
        drawn = draw(np.random.default_rng(1), 20_000, table)
        assert (drawn.sum(axis=1) == table.sum(axis=0)).all()
        assert (drawn.sum(axis=2) == table.sum(axis=1)).all()
        for period in range(3):
            for category in range(3):
                law = hypergeom(17, table[:, category].sum(), table[period].sum())
                found = np.bincount(drawn[:, period, category], minlength=8) / 20_000
                np.testing.assert_allclose(found, law.pmf(np.arange(8)), atol=0.015)

    def test_strata_keep_their_own_margins(self):
        counts = np.array([[[3, 0], [1, 2]], [[0, 5], [5, 0]], [[2, 2], [0, 0]]])
        drawn = random_tables.permuted(np.random.default_rng(2), 500, counts)
        assert (drawn.sum(axis=2) == counts.sum(axis=(0, 2))).all()
        assert (drawn.sum(axis=1) == counts.sum(axis=(0, 1))).all()
        assert drawn[:, 0, 0].min() >= 2  # the third stratum has all its lines in one period

    def test_resampled_lines_keep_the_size_of_a_period(self):
        drawn = random_tables.resampled(np.random.default_rng(3), 5000, np.array([[3, 1], [0, 0]]))
        assert (drawn.sum(axis=2) == [4, 0]).all()
        assert drawn[:, 0, 0].mean() == pytest.approx(3.0, abs=0.05)


def test_the_slope_is_weighted_least_squares():
    found = flow_trend(FLOWS, rng=1, replicates=199)
    n = TABLE.sum(axis=(1, 2))
    share = np.array([np.trace(t) for t in TABLE]) / n
    assert found.statistic == pytest.approx(
        np.polyfit([2021, 2022, 2024], share, 1, w=np.sqrt(n))[0]
    )
    equal = flow_trend(FLOWS, rng=1, replicates=199, weights="equal")
    assert equal.statistic == pytest.approx(np.polyfit([2021, 2022, 2024], share, 1)[0])
    np.testing.assert_allclose(found.table["index"], share)
    assert found.effect.low < found.statistic < found.effect.high


def test_the_p_value_of_two_periods_is_that_of_the_exact_test():
    flows = LineFlows([[[6, 4], [3, 7]], [[9, 1], [2, 8]]])
    found = flow_trend(flows, alternative="greater", replicates=19_999, rng=2)
    law = hypergeom(40, 30, 20)
    assert found.pvalue == pytest.approx(law.sf(16), abs=0.01)


def test_a_change_of_mix_is_no_trend_within_origins():
    grown = LineFlows([[[40, 60], [9, 41]], [[40, 60], [27, 123]]])
    assert flow_trend(grown, rng=1).pvalue < 0.05
    within = flow_trend(grown, margins="origin", rng=1)
    assert within.pvalue == 1.0
    assert "within each origin" in within.null_hypothesis


def test_an_index_that_the_margins_fix_is_said():
    found = flow_trend(FLOWS, "gini", margins="destination", rng=1, replicates=99)
    assert found.pvalue == 1.0
    assert "fixed" in [note.code for note in found.notes]


@pytest.mark.parametrize("index", ["entropy", "gini", "hhi", "theil"])
@pytest.mark.parametrize("of", ["origin", "destination"])
def test_indices_are_those_of_the_flows(index, of):
    found = flow_trend(FLOWS, index, of=of, include_internal=False, rng=1, replicates=99)
    wanted = getattr(FLOWS, index)(of, by="period", include_internal=False)
    np.testing.assert_allclose(found.table["index"], wanted)


def test_mean_distance():
    apart = np.array([[0, 50.0], [50, 0]])
    options = {"distances": apart, "intrazonal": [5, 20], "rng": 1, "replicates": 199}
    found = flow_trend(FLOWS, "mean-distance", **options)
    wanted = FLOWS.mean_distance(apart, include_internal=True, intrazonal=[5, 20], by="period")
    np.testing.assert_allclose(found.table["index"], wanted.estimate)
    assert 0 < found.pvalue <= 1


def test_the_seed_decides():
    one, two = (flow_trend(FLOWS, rng=5, replicates=300) for _ in range(2))
    assert one.identical(two)
    assert not one.identical(flow_trend(FLOWS, rng=6, replicates=300))


def test_sides():
    below = flow_trend(FLOWS, alternative="less", rng=1, replicates=199)
    assert below.effect.low == -np.inf
    assert np.isfinite(below.effect.high)
    assert below.pvalue > 0.5


def test_a_period_without_lines_counts_for_nothing():
    empty = np.concatenate([TABLE, np.zeros((1, 2, 2), dtype=int)])
    found = flow_trend(LineFlows(empty, periods=[2021, 2022, 2024, 2030]), rng=1, replicates=99)
    assert found.statistic == flow_trend(FLOWS, rng=1, replicates=99).statistic
    assert np.isnan(found.table["index"].iloc[3])


def test_lines_in_one_period_only():
    with pytest.warns(DegenerateDataWarning, match="Fewer than two periods"):
        found = flow_trend(LineFlows([[[1, 2], [3, 4]], [[0, 0], [0, 0]]]))
    assert found.pvalue == 1.0
    assert found.effect.verdict.code == "no-data"
    assert (found.effect.low, found.effect.high) == (-np.inf, np.inf)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"index": "share"}, "`index` must be one of"),
        ({"index": "gini", "of": "pair"}, "`of` must be one of"),
        ({"margins": "both"}, "`margins` must be one of"),
        ({"weights": "n"}, "`weights` must be one of"),
        ({"replicates": 10}, "`replicates` must be a whole number of at least 99"),
        ({"distances": np.ones((2, 2))}, "`distances` must be None"),
        ({"index": "mean-distance"}, "`distances` must be given"),
        ({"include_internal": False}, "`include_internal` must be True"),
        ({"rng": "one"}, "`rng` must be"),
        ({"times": [1, 2]}, "`times` must be one number"),
    ],
)
def test_bad_options(options, message):
    with pytest.raises(InputError, match=message):
        flow_trend(FLOWS, **options)


def test_one_period_is_refused():
    with pytest.raises(InputError, match="of at least two periods"):
        flow_trend(LineFlows(pd.DataFrame([[1, 2], [3, 4]])))
    with pytest.raises(InputError, match="`flows` must be a LineFlows"):
        flow_trend(TABLE)


@pytest.mark.parametrize(
    ("table", "options"),
    [
        ([[[5]], [[9]]], {"index": "theil"}),
        ([[[5, 0], [0, 0]], [[9, 0], [0, 0]]], {}),
        ([[[3, 0], [0, 3]], [[7, 0], [0, 7]]], {"index": "entropy", "margins": "origin"}),
        (
            [[[3, 1], [2, 3]], [[7, 3], [4, 9]], [[2, 1], [3, 1]]],
            {"index": "entropy", "of": "origin", "margins": "origin"},
        ),
    ],
)
def test_rounding_is_no_evidence(table, options):
    # a fixed index differs by rounding alone between tables: it must not be counted as a change
    found = flow_trend(LineFlows(table), replicates=199, rng=1, **options)
    assert found.pvalue == 1.0
    assert "fixed" in [note.code for note in found.notes]
    assert found.effect.low <= found.statistic <= found.effect.high


def test_no_spread_has_no_limits():
    found = flow_trend(LineFlows([[[5, 0], [0, 0]], [[9, 0], [0, 0]]]), replicates=99, rng=1)
    assert found.statistic == 0.0
    assert (found.effect.low, found.effect.high) == (-np.inf, np.inf)
    assert np.isnan(found.effect.standard_error)
    assert "no-spread" in [note.code for note in found.notes]
    assert "among all lines" in found.notes[0].text
