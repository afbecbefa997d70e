"""Ranks of areas: against enumeration and theory, kinds, edges, errors."""

from __future__ import annotations

import json
import math
import pickle

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from scipy import stats

from countylines._kernels import ranks
from countylines.errors import DegenerateDataWarning, InputError
from countylines.prevalence import rank_intervals, shrunken_rate

COUNT = [12, 30, 7, 55, 20, 18]
SIZE = [100, 220, 150, 400, 90, 130]
NAMES = pd.Index(["Avon", "Beds", "Cleveland", "Derbys", "Essex", "Fife"], name="force")
METHODS = ("posterior", "pairwise", "intervals")


@pytest.mark.parametrize("method", METHODS)
class TestEveryMethod:
    def test_order_and_labels(self, method):
        first = rank_intervals(COUNT, SIZE, method=method, rng=1)
        series = rank_intervals(
            pd.Series(COUNT, index=NAMES), pd.Series(SIZE, index=NAMES), method=method, rng=1
        )
        pd.testing.assert_index_equal(series.low.index, NAMES)
        np.testing.assert_array_equal(series.high, first.high)
        assert first.estimate.sum() == pytest.approx(21)
        assert (first.low <= first.estimate).all()
        assert (first.high >= first.estimate).all()
        assert np.argmin(first.estimate) == 4
        assert np.argmax(first.estimate) == 2

    def test_a_higher_level_gives_wider_intervals(self, method):
        narrow, wide = (
            rank_intervals(COUNT, SIZE, method=method, level=level, rng=1) for level in (0.5, 0.99)
        )
        assert (wide.low <= narrow.low).all()
        assert (wide.high >= narrow.high).all()
        assert (wide.high - wide.low).sum() > (narrow.high - narrow.low).sum()

    def test_areas_far_apart_have_their_own_rank(self, method):
        found = rank_intervals([10_000, 100, 1000], [1000] * 3, method=method, top=1, rng=1)
        assert list(found.low) == list(found.high) == [1, 3, 2]

    def test_no_event(self, method):
        with pytest.warns(DegenerateDataWarning, match="All counts are 0"):
            found = rank_intervals([0, 0, 0], [5, 6, 7], method=method, top=2)
        assert list(found.high - found.low) == [2, 2, 2]
        assert not any(v.estimable for v in found.verdict)
        assert math.isnan(found.estimate[0])

    def test_one_area_is_first(self, method):
        found = rank_intervals([3], [50], method=method, top=1, rng=1)
        assert (found.low[0], found.estimate[0], found.high[0]) == (1, 1, 1)

    def test_left_out_areas_have_no_rank(self, method):
        count = pd.Series([*COUNT, 3], index=[*NAMES, "City"])
        size = pd.Series([*SIZE, np.nan], index=count.index)
        found = rank_intervals(count, size, method=method, leave_out=["City"], rng=1)
        assert math.isnan(found.low["City"])
        assert found.high.max() == 6
        assert not found.estimable["City"]

    def test_result_can_be_kept_and_read(self, method):
        found = rank_intervals(COUNT, SIZE, method=method, rng=1)
        assert pickle.loads(pickle.dumps(found)).identical(found)
        assert "Rank by rate" in found.summary()
        json.dumps(found.to_dict(), allow_nan=False)
        assert "https://doi.org/" in found.cite()


def test_posterior_ranks_against_the_draws_of_two_areas():
    """With plain gamma laws the chance that one rate exceeds another is a beta probability."""
    rng = np.random.default_rng(3)
    draws = rng.gamma([[20.0, 12.0]], 1.0, (200_000, 2))
    found = ranks.of_draws(draws, 0.9, 1)
    higher = stats.beta.sf(0.5, 20, 12)
    assert found.in_top[0] == pytest.approx(higher, abs=0.004)
    assert found.mean[0] == pytest.approx(2 - higher, abs=0.004)
    assert found.deviation[0] == pytest.approx(math.sqrt(higher * (1 - higher)), abs=0.004)


def test_chances_of_the_top_add_up():
    found = rank_intervals(COUNT, SIZE, top=2, rng=1)
    assert found.in_top.sum() == pytest.approx(2)
    assert found.top == 2
    assert rank_intervals(COUNT, SIZE, method="pairwise").in_top is None


def test_the_top_is_five_areas_or_all():
    assert rank_intervals(COUNT, SIZE, rng=1).top == 5
    few = rank_intervals(COUNT[:3], SIZE[:3], rng=1)
    assert few.top == 3
    assert (few.in_top == 1).all()


def test_the_same_seed_gives_the_same_ranks():
    one, two = (rank_intervals(COUNT, SIZE, rng=5) for _ in range(2))
    assert one.identical(two)


def test_draws_have_the_moments_of_the_shrunken_rates():
    from countylines.prevalence import _pooling, _shrinking

    x, e = np.array(COUNT, float), np.array(SIZE, float)
    draws = _shrinking.posterior_draws(_pooling.RATE, x, e, 40_000, np.random.default_rng(1))
    found = shrunken_rate(COUNT, SIZE)
    np.testing.assert_allclose(np.quantile(draws, 0.975, axis=0), found.high, rtol=0.02)
    np.testing.assert_allclose(draws.std(axis=0), found.standard_error, rtol=0.03)


def test_pairs_are_tested_by_the_binomial_law():
    x, e = np.array(COUNT, float), np.array(SIZE, float)
    p = ranks.pairwise_pvalues(x, e)
    for i in range(6):
        for j in range(6):
            if i == j:
                assert p[i, j] == 1
                continue
            test = stats.binomtest(
                int(x[i]), int(x[i] + x[j]), e[i] / (e[i] + e[j]), alternative="greater"
            )
            assert p[i, j] == pytest.approx(test.pvalue, rel=1e-10)


def test_holm_goes_on_where_bonferroni_stops():
    p = np.ones((3, 3))
    p[0, 1], p[0, 2], p[1, 2] = 0.008, 0.0099, 0.0124
    low, high = ranks.by_tests(p, 0.05)  # bounds 0.05 / 6, / 5, / 4
    assert list(low) == [1, 2, 3]
    assert list(high) == [1, 2, 3]
    p[0, 2] = 0.0101
    low, high = ranks.by_tests(p, 0.05)
    assert list(low) == [1, 2, 1]
    assert list(high) == [2, 3, 3]


def test_intervals_are_counted():
    low, high = ranks.by_intervals(np.array([0.0, 2.0, 2.5]), np.array([1.0, 3.0, 4.0]))
    assert list(low) == [3, 1, 1]
    assert list(high) == [3, 2, 2]


def test_years_are_ranked_apart():
    count = xr.DataArray([COUNT, COUNT[::-1]], dims=("year", "force"))
    size = xr.DataArray([SIZE, SIZE], dims=("year", "force"))
    found = rank_intervals(count, size, dim="force", method="pairwise")
    alone = rank_intervals(COUNT[::-1], SIZE, method="pairwise")
    np.testing.assert_array_equal(found.high[1], alone.high)


def test_what_is_refused():
    for changes, message in (
        ({"method": "points"}, "`method` must be one of"),
        ({"top": 0}, "`top` must be a whole number"),
        ({"top": 7}, "`top` must be a whole number of at least 1 and at most 6"),
        ({"draws": 10}, "`draws` must be"),
        ({"level": 1.0}, "`level` must be"),
        ({"rng": 1.5}, "`rng` must be"),
        ({"leave_out": ["x"]}, "`leave_out` must be labels of the data, got 'x'"),
    ):
        with pytest.raises(InputError, match=message):
            rank_intervals(COUNT, SIZE, **changes)
