"""Shrunken rates and proportions: other software, what must hold of them, kinds, edges, errors."""

from __future__ import annotations

import json
import math
import pickle
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from countylines.errors import (
    ApproximationWarning,
    DegenerateDataWarning,
    InputError,
    InputTypeError,
    LabelMismatchError,
)
from countylines.prevalence import pooled_rate, shrunken_proportion, shrunken_rate

FILE = json.loads((Path(__file__).parents[1] / "reference" / "areas.json").read_text("utf-8"))
SIDS = {name: np.array(values) for name, values in FILE["data"]["sids"].items()}
CASES = {case["id"]: case for case in FILE["cases"]}

COUNT = [12, 30, 7, 55, 20, 18]
SIZE = [100, 220, 150, 400, 90, 130]
NAMES = pd.Index(["Avon", "Beds", "Cleveland", "Derbys", "Essex", "Fife"], name="force")
RING = [(0, 1), (1, 2), (2, 3), (3, 4), (4, 5), (5, 0)]
EVERY = [
    pytest.param(shrunken_rate, {}, id="gamma-poisson"),
    pytest.param(shrunken_rate, {"interval": "plug-in"}, id="plug-in"),
    pytest.param(shrunken_rate, {"method": "marshall"}, id="marshall"),
    pytest.param(shrunken_proportion, {}, id="beta-binomial"),
    pytest.param(shrunken_proportion, {"interval": "plug-in"}, id="beta-binomial-plug-in"),
]


def codes(result):
    return [note.code for note in result.notes]


def columns(result):
    return np.array([result.estimate, result.low, result.high, result.standard_error])


@pytest.mark.reference
class TestOtherSoftware:
    def test_gamma_poisson_by_maximum_likelihood(self):
        expected = CASES["eb.sids.gammapoisson_mle"]["expected"]
        found = shrunken_rate(**SIDS, interval="plug-in")
        for name, key in (("estimate", "post_mean"), ("low", "lower"), ("high", "upper")):
            values = getattr(found, name)[:10]
            np.testing.assert_allclose(values, expected[f"{key}_first10"], rtol=1e-9)

    def test_scottish_lip_cancer(self):
        case = CASES["s-empirical_bayes-gamma_poisson_ml-239"]
        data = case["inputs"]["observed"], case["inputs"]["expected"]
        found = shrunken_rate(*data, interval="plug-in")
        np.testing.assert_allclose(found.estimate, case["expected"]["rr"], rtol=1e-8)
        assert found.towards[0] == pytest.approx(case["expected"]["mu"], rel=1e-8)
        middle = shrunken_rate(*data, interval="plug-in", level=1e-9).low
        np.testing.assert_allclose(middle, case["expected"]["rr_median"], rtol=1e-7)

    def test_marshall(self):
        expected = CASES["eb.sids.marshall"]["expected"]
        found = shrunken_rate(**SIDS, method="marshall")
        np.testing.assert_allclose(found.estimate[:10], expected["eb_first10"], rtol=1e-12)
        np.testing.assert_allclose(found.own[:10], expected["raw_first10"], rtol=1e-12)
        assert found.estimate.sum() == pytest.approx(expected["eb_sum"], rel=1e-12)
        assert found.towards[0] == pytest.approx(expected["b"], rel=1e-12)
        case = CASES["s-empirical_bayes-marshall_global-240"]
        found = shrunken_rate(
            case["inputs"]["observed"], case["inputs"]["population"], method="marshall"
        )
        np.testing.assert_allclose(found.estimate, case["expected"]["estimate"], rtol=1e-12)


@pytest.mark.parametrize(("function", "options"), EVERY)
class TestEveryMethod:
    def test_estimates_lie_between_own_and_common_value(self, function, options):
        found = function(COUNT, SIZE, **options)
        least, most = np.minimum(found.own, found.towards), np.maximum(found.own, found.towards)
        assert (found.estimate > least).all()
        assert (found.estimate < most).all()
        by_weight = found.towards + found.weight * (found.own - found.towards)
        np.testing.assert_allclose(found.estimate, by_weight, rtol=1e-9)
        assert (found.low < found.estimate).all()
        assert (found.high > found.estimate).all()
        assert found.interval_kind == "credible"

    def test_larger_areas_keep_more_of_their_own(self, function, options):
        found = function(COUNT, SIZE, **options)
        order = np.argsort(SIZE)
        assert (np.diff(found.weight[order]) > 0).all()

    def test_labels_order_and_rows(self, function, options):
        first = function(COUNT, SIZE, **options)
        order = np.array([3, 0, 5, 1, 4, 2])
        again = function(np.array(COUNT)[order], np.array(SIZE)[order], **options)
        np.testing.assert_allclose(columns(again), columns(first)[:, order], rtol=1e-8)
        series = function(pd.Series(COUNT, index=NAMES), pd.Series(SIZE, index=NAMES), **options)
        for name in ("estimate", "low", "high", "own", "weight", "towards", "verdict"):
            pd.testing.assert_index_equal(getattr(series, name).index, NAMES)
        np.testing.assert_array_equal(columns(series), columns(first))
        count = np.array([COUNT, COUNT[::-1]])
        frame = function(
            pd.DataFrame(count.T, index=NAMES, columns=[2022, 2023]),
            pd.DataFrame(np.array([SIZE, SIZE]).T, index=NAMES, columns=[2022, 2023]),
            **options,
        )
        np.testing.assert_allclose(frame.high[2022], first.high, rtol=1e-9)
        array = function(
            xr.DataArray(count, dims=("year", "force")),
            xr.DataArray(np.array([SIZE, SIZE]), dims=("year", "force")),
            dim="force",
            **options,
        )
        assert array.low.dims == ("year", "force")
        np.testing.assert_allclose(array.low[1], frame.low[2023], rtol=1e-9)

    def test_higher_levels_are_wider(self, function, options):
        narrow, wide = (function(COUNT, SIZE, level=level, **options) for level in (0.8, 0.99))
        assert (wide.low < narrow.low).all()
        assert (wide.high > narrow.high).all()

    def test_areas_are_left_out_by_name(self, function, options):
        count = pd.Series([*COUNT, 3], index=[*NAMES, "London, City of"])
        size = pd.Series([*SIZE, np.nan], index=count.index)
        found = function(count, size, leave_out=["London, City of"], **options)
        expected = function(COUNT, SIZE, **options)
        np.testing.assert_array_equal(found.estimate[:6], expected.estimate)
        assert math.isnan(found.estimate["London, City of"])
        assert not found.estimable["London, City of"]
        assert "London, City of" in found.notes[0].text
        with pytest.raises(InputError, match=r"nan at 'London, City of'"):
            function(count, size, **options)

    def test_no_event_at_all(self, function, options):
        with pytest.warns(DegenerateDataWarning, match="All counts are 0"):
            found = function([0, 0], [50, 100], **options)
        assert list(found.estimate) == [0, 0]
        assert [v.code for v in found.verdict] == ["boundary-finite"] * 2
        assert found.high[0] > found.high[1] > 0

    def test_one_area_is_not_shrunk(self, function, options):
        with pytest.warns(DegenerateDataWarning, match="one area only"):
            found = function([3], [50], **options)
        assert math.isnan(found.estimate[0])
        assert found.verdict[0].code == "not-identified"

    def test_result_can_be_kept_and_read(self, function, options):
        found = function(pd.Series(COUNT, index=NAMES), pd.Series(SIZE, index=NAMES), **options)
        assert pickle.loads(pickle.dumps(found)).identical(found)
        assert "Cleveland" in found.summary()
        assert list(found.to_frame()["force"]) == list(NAMES)
        json.dumps(found.to_dict(), allow_nan=False)
        assert "https://doi.org/" in found.cite()


@settings(max_examples=12)
@given(factor=st.floats(1e-3, 1e3), seed=st.integers(0, 1000))
def test_scaling_exposures_scales_rates(factor, seed):
    rng = np.random.default_rng(seed)
    size = rng.integers(20, 300, 8)
    count = rng.poisson(0.2 * size * rng.gamma(3.0, 1 / 3, 8)) + 1
    for method in ("gamma-poisson", "marshall"):
        one = shrunken_rate(count, size, method=method)
        two = shrunken_rate(count, size * factor, method=method, per=factor)
        np.testing.assert_allclose(columns(two), columns(one), rtol=1e-6)
        np.testing.assert_allclose(two.weight, one.weight, rtol=1e-6)


def test_hierarchical_limits_are_those_of_a_fine_grid():
    """The posterior of the first area by brute force over the mean and the variance."""
    x, e = np.array(COUNT, float), np.array(SIZE, float)
    typical = x.sum() / e.sum() * np.median(e)
    log_mean = np.linspace(-4.5, 1.5, 401)[:, None]
    log_alpha = np.linspace(-np.log(typical) - 10, 4, 401)[None, :]
    shape, mean = np.exp(-log_alpha), np.exp(log_mean)
    weight = sum(
        stats.nbinom.logpmf(xi, shape, 1 / (1 + ei * mean / shape))
        for xi, ei in zip(x, e, strict=True)
    )
    shrink = 1 / (1 + np.exp(log_alpha) * typical)
    weight = weight + np.log(shrink * (1 - shrink))
    weight = np.exp(weight - weight.max())
    weight /= weight.sum()
    found = shrunken_rate(COUNT, SIZE)
    for end, share in ((found.low[0], 0.025), (found.high[0], 0.975)):
        below = stats.gamma.cdf(end, x[0] + shape, scale=1 / (e[0] + shape / mean))
        assert (weight * below).sum() == pytest.approx(share, rel=5e-3)


def test_large_variance_leaves_each_area_alone():
    count, size = [4, 900, 20, 5000], [40, 90, 2000, 50_000]
    found = shrunken_rate(count, size)
    assert (found.weight > 0.9).all()
    np.testing.assert_allclose(found.estimate, found.own, rtol=0.15)


def test_no_variance_draws_all_areas_to_one_value():
    count, size = [20, 41, 19, 40], [100, 200, 100, 200]
    found = shrunken_rate(count, size)
    np.testing.assert_allclose(found.estimate, 0.2, rtol=1e-9)
    assert (found.weight == 0).all()
    assert "no-variance-between" in codes(found)
    assert (found.high - found.low > 0.05).all()
    flat = shrunken_rate(count, size, interval="plug-in")
    assert np.isnan([flat.low, flat.high, flat.standard_error]).all()
    assert "there is none" in flat.notes[0].text
    flat = shrunken_rate(count, size, method="marshall")
    np.testing.assert_allclose(flat.estimate, 0.2)
    assert np.isnan([flat.low, flat.high, flat.standard_error]).all()
    assert "no-variance-between" in codes(flat)


def test_hierarchical_intervals_are_wider_than_plug_in_ones():
    for function in (shrunken_rate, shrunken_proportion):
        full, naive = (function(COUNT, SIZE, interval=i) for i in ("hierarchical", "plug-in"))
        assert (full.high - full.low).sum() > 1.01 * (naive.high - naive.low).sum()
        np.testing.assert_array_equal(full.estimate, naive.estimate)


def test_the_common_value_is_the_pooled_rate():
    assert shrunken_rate(COUNT, SIZE).towards[0] == pooled_rate(COUNT, SIZE, rng=1).estimate


def test_shares_from_the_other_side():
    count, total = np.array(COUNT), np.array(SIZE)
    one, two = shrunken_proportion(count, total), shrunken_proportion(total - count, total)
    np.testing.assert_allclose(two.estimate, 1 - one.estimate, rtol=1e-8)
    np.testing.assert_allclose(two.low, 1 - one.high, rtol=1e-6)


ON_A_RING = {"method": "spatial", "adjacency": RING}


class TestMaps:
    def test_estimates_move_towards_those_of_neighbours(self):
        """Two halves of a chain with different rates, and an area without events in each."""
        chain = [(i, i + 1) for i in range(9)]
        count = [30, 28, 0, 33, 29, 9, 10, 0, 11, 8]
        size = [100, 100, 1, 100, 100] * 2
        found = shrunken_rate(count, size, method="spatial", adjacency=chain)
        apart = shrunken_rate(count, size)
        assert found.estimate[2] > 0.2 > found.estimate[7]
        assert found.estimate[2] > 1.5 * found.estimate[7]
        assert apart.estimate[2] == pytest.approx(apart.estimate[7], rel=1e-9)
        assert found.diagnostics["shared_with_neighbours"] > 0.5
        assert (found.low < found.estimate).all()
        assert (found.estimate < found.high).all()
        assert found.weight[2] < 0.2 < found.weight[0] < 1

    def test_the_order_of_areas_makes_no_difference(self):
        first = shrunken_rate(COUNT, SIZE, **ON_A_RING)
        order = np.array([3, 0, 5, 1, 4, 2])
        back = np.argsort(order)
        pairs = [(int(back[i]), int(back[j])) for i, j in RING]
        again = shrunken_rate(
            np.array(COUNT)[order], np.array(SIZE)[order], method="spatial", adjacency=pairs
        )
        np.testing.assert_allclose(columns(again), columns(first)[:, order], rtol=1e-5)

    def test_scaling_exposures_scales_rates(self):
        one = shrunken_rate(COUNT, SIZE, **ON_A_RING)
        two = shrunken_rate(COUNT, np.array(SIZE) * 1000.0, per=1000, **ON_A_RING)
        np.testing.assert_allclose(columns(two), columns(one), rtol=1e-5)

    def test_much_data_leaves_each_area_alone(self):
        count = np.array(COUNT) * 10_000
        found = shrunken_rate(count, SIZE, **ON_A_RING)
        np.testing.assert_allclose(found.estimate, found.own, rtol=1e-3)
        deviation = np.sqrt(count) / np.array(SIZE)
        np.testing.assert_allclose(found.standard_error, deviation, rtol=0.01)
        np.testing.assert_allclose(found.weight, 1, atol=0.01)

    def test_islands_and_parts_are_said(self):
        count, size = pd.Series(COUNT, index=NAMES), pd.Series(SIZE, index=NAMES)
        pairs = [("Avon", "Beds"), ("Cleveland", "Derbys"), ("Derbys", "Essex")]
        found = shrunken_rate(count, size, method="spatial", adjacency=pairs)
        assert codes(found) == ["islands", "parts"]
        assert "overall rate alone: Fife" in found.notes[0].text
        assert found.diagnostics["parts"] == 3
        nobody = shrunken_rate(count, size, method="spatial", adjacency=[])
        assert nobody.diagnostics["islands"] == 6
        assert np.isfinite(nobody.high).all()

    def test_few_events_are_warned_of(self):
        with pytest.warns(ApproximationWarning, match="fewer events than areas"):
            found = shrunken_rate([0, 1, 0, 0, 1, 0], [1] * 6, **ON_A_RING)
        assert "few-events" in codes(found)

    def test_an_area_left_out_is_left_out_of_the_map(self):
        count = pd.Series([*COUNT, 3], index=[*NAMES, "City"])
        size = pd.Series([*SIZE, np.nan], index=count.index)
        pairs = [(NAMES[i], NAMES[j]) for i, j in RING]
        options = {"method": "spatial", "leave_out": ["City"]}
        found = shrunken_rate(count, size, adjacency=[*pairs, ("City", "Avon")], **options)
        expected = shrunken_rate(COUNT, SIZE, **ON_A_RING)
        np.testing.assert_allclose(found.estimate[:6], expected.estimate, rtol=1e-9)

    def test_a_map_is_needed(self):
        with pytest.raises(InputError, match="`adjacency` must be given with method='spatial'"):
            shrunken_rate(COUNT, SIZE, method="spatial")


class TestCovariates:
    def test_rates_are_drawn_to_what_covariates_predict(self):
        size = np.full(12, 1000)
        level = np.arange(12.0)
        count = 50 + 10 * np.arange(12) + np.array([5, -5] * 6)
        found = shrunken_rate(count, size, method="fay-herriot", covariates=level)
        slope = np.polyfit(level, count / size, 1)[0]
        assert found.diagnostics["coefficient_1"] == pytest.approx(slope, rel=1e-6)
        assert found.interval_kind == "prediction"
        plain = shrunken_rate(count, size, method="fay-herriot")
        assert plain.towards[0] == plain.towards[11]
        assert (found.standard_error < plain.standard_error).mean() > 0.9
        reach = stats.norm.ppf(0.975) * found.standard_error
        np.testing.assert_allclose(found.high, found.estimate + reach, rtol=1e-12)

    def test_without_covariates_it_is_near_marshall(self):
        rng = np.random.default_rng(2)
        count = rng.poisson(100 * rng.gamma(8.0, 1 / 8, 40))
        size = np.full(40, 100)
        linear = shrunken_rate(count, size, method="fay-herriot")
        moments = shrunken_rate(count, size, method="marshall")
        np.testing.assert_allclose(linear.estimate, moments.estimate, rtol=0.01)

    def test_limits_below_0_are_clipped_and_noted(self):
        found = shrunken_rate([0, 1, 9, 4, 0, 7], [10] * 6, method="fay-herriot")
        assert found.low.min() == 0
        assert "clipped" in codes(found)

    def test_a_variance_of_0_is_lifted_and_noted(self):
        found = shrunken_rate([20, 21, 19, 20, 20], [100] * 5, method="fay-herriot")
        assert "variance-lifted" in codes(found)
        assert (found.standard_error > 0.01).all()

    def test_what_is_refused(self):
        count, size = pd.Series(COUNT, index=NAMES), pd.Series(SIZE, index=NAMES)
        table = pd.DataFrame({"young": [1.0, 2, 3, 5, 8, 13]}, index=NAMES)
        options = {"method": "fay-herriot"}
        named = shrunken_rate(count, size, covariates=table, **options)
        bare = shrunken_rate(count, size, covariates=table.to_numpy(), **options)
        assert named.identical(bare)
        one = shrunken_rate(count, size, covariates=table["young"], **options)
        assert one.identical(named)
        for bad, message in (
            (table.to_numpy()[:5], "`covariates` must be a table with a row for each of 6 areas"),
            (np.ones((6, 1)), "`covariates` must be without columns that follow"),
            (np.eye(6), "`covariates` must be fewer than 4 columns for 6 areas, got 6"),
            (np.array(["a"] * 6), "`covariates` must be numeric"),
            ([1, 2, 3, 4, 5, np.nan], "`covariates` must be finite"),
        ):
            with pytest.raises(InputError, match=message):
                shrunken_rate(count, size, covariates=bad, **options)
        with pytest.raises(LabelMismatchError, match="`covariates` must be labelled by the areas"):
            shrunken_rate(count, size, covariates=table.iloc[::-1], **options)
        with pytest.raises(InputError, match="`covariates` must be None with method='marshall'"):
            shrunken_rate(count, size, covariates=table, method="marshall")


class TestNeighbourhoods:
    def test_each_area_is_drawn_to_those_it_touches(self):
        found = shrunken_rate(COUNT, SIZE, method="marshall", adjacency=RING)
        x, e = np.array(COUNT), np.array(SIZE)
        near = [2, 3, 4]
        mean = x[near].sum() / e[near].sum()
        spread = (e[near] * (x[near] / e[near] - mean) ** 2).sum() / e[near].sum()
        variance = spread - mean / e[near].mean()
        assert found.towards[3] == pytest.approx(mean, rel=1e-12)
        expected = mean + variance / (variance + mean / e[3]) * (x[3] / e[3] - mean)
        assert variance > 0
        assert found.estimate[3] == pytest.approx(expected, rel=1e-12)

    def test_everybody_a_neighbour_is_the_global_estimate(self):
        table = 1 - np.eye(6, dtype=int)
        local = shrunken_rate(COUNT, SIZE, method="marshall", adjacency=table)
        np.testing.assert_allclose(
            columns(local), columns(shrunken_rate(COUNT, SIZE, method="marshall")), rtol=1e-10
        )

    def test_an_island_has_nothing_to_be_drawn_to(self):
        found = shrunken_rate(COUNT, SIZE, method="marshall", adjacency=RING[1:4])
        assert found.estimate[0] == pytest.approx(found.own[0])
        assert found.weight[0] == 0

    def test_tables_and_pairs_say_the_same(self):
        count, size = pd.Series(COUNT, index=NAMES), pd.Series(SIZE, index=NAMES)
        pairs = [(NAMES[i], NAMES[j]) for i, j in RING]
        table = pd.DataFrame(0, index=NAMES, columns=NAMES)
        for i, j in pairs:
            table.loc[i, j] = table.loc[j, i] = 1
        by_pairs = shrunken_rate(count, size, method="marshall", adjacency=pairs)
        for other in (table, table.astype(bool), table.to_numpy(), np.array(pairs).tolist()):
            again = shrunken_rate(count, size, method="marshall", adjacency=other)
            assert again.identical(by_pairs)

    def test_pairs_of_labels_that_two_areas_share_are_refused(self):
        names = pd.Index(["Avon", "Avon", "Beds"])
        count, size = pd.Series([1, 2, 3], index=names), pd.Series([1.0, 2, 3], index=names)
        with pytest.raises(InputError, match=r"a square table where areas share .* 'Avon' twice"):
            shrunken_rate(count, size, method="marshall", adjacency=[("Avon", "Beds")])

    def test_two_areas_can_be_given_as_an_array(self):
        beside = np.array([[0, 1], [1, 0]])
        found = shrunken_rate(COUNT[:2], SIZE[:2], method="spatial", adjacency=beside)
        assert found.identical(
            shrunken_rate(COUNT[:2], SIZE[:2], method="spatial", adjacency=[(0, 1)])
        )

    def test_what_is_refused(self):
        count, size = pd.Series(COUNT, index=NAMES), pd.Series(SIZE, index=NAMES)
        table = np.zeros((6, 6))
        one_way, beside_itself, weights = table.copy(), table.copy(), table.copy()
        one_way[0, 1] = 1
        beside_itself[2, 2] = 1
        weights[0, 1] = weights[1, 0] = 0.5
        labelled = pd.DataFrame(table, index=NAMES, columns=NAMES)
        for bad, message in (
            (one_way, "`adjacency` must be symmetric, got Avon beside Beds"),
            (beside_itself, "`adjacency` must be 0 on the diagonal, got Cleveland beside itself"),
            (weights, "`adjacency` must be 0 or 1 everywhere.*got 0.5"),
            (np.zeros((5, 5)), r"`adjacency` must be of shape \(6, 6\)"),
            ([("Avon", "Kent")], "`adjacency` must be pairs of labels of areas, got 'Kent'"),
            ([("Avon", "Avon")], "`adjacency` must be pairs of different areas"),
            ([("Avon", "Beds", "Essex")], "`adjacency` must be a square table"),
            ("queen", "`adjacency` must be a square table"),
        ):
            with pytest.raises(InputError, match=message):
                shrunken_rate(count, size, method="marshall", adjacency=bad)
        with pytest.raises(LabelMismatchError, match="`adjacency` must be labelled by the areas"):
            shrunken_rate(count, size, method="marshall", adjacency=labelled.iloc[::-1])
        with pytest.raises(LabelMismatchError, match="a table without Fife"):
            shrunken_rate(count, size, method="marshall", adjacency=labelled.iloc[:5, :5])
        with pytest.raises(InputError, match="`adjacency` must be None with method='gamma-poi"):
            shrunken_rate(count, size, adjacency=RING)


def test_what_is_refused():
    for function in (shrunken_rate, shrunken_proportion):
        for changes, message in (
            ({"interval": "naive"}, "`interval` must be one of 'hierarchical', 'plug-in'"),
            ({"level": 95}, "looks like a percentage"),
            ({"leave_out": "a"}, "`leave_out` must be a list of labels"),
            ({"leave_out": [7]}, "`leave_out` must be labels of the data, got 7"),
            ({"dim": "force"}, "`dim` must be"),
        ):
            with pytest.raises(InputError, match=message):
                function([3, 4], [10, 20], **changes)
        with pytest.raises(InputTypeError, match="`count` must be a series of counts"):
            function(3, 10)
    with pytest.raises(InputError, match="`method` must be one of 'gamma-poisson'"):
        shrunken_rate([3, 4], [10, 20], method="bayes")
    with pytest.raises(InputError, match="`interval` must be 'plug-in' with method='marshall'"):
        shrunken_rate([3, 4], [10, 20], method="marshall", interval="hierarchical")
    with pytest.raises(InputError, match="`exposure` must be finite and above 0"):
        shrunken_rate([3, 4], [10, 0])
    with pytest.raises(InputError, match="`count` must be at most `total`"):
        shrunken_proportion([3, 40], [10, 20])
