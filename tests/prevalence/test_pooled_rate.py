"""Pooled rates and proportions: other software, properties, kinds, edges, errors."""

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

import countylines as cl
from countylines.errors import (
    DegenerateDataWarning,
    InputError,
    InputTypeError,
    LabelMismatchError,
    SparseDataWarning,
)
from countylines.prevalence import pooled_proportion, pooled_rate

FILE = json.loads((Path(__file__).parents[1] / "reference" / "areas.json").read_text("utf-8"))
SIDS = {name: np.array(values) for name, values in FILE["data"]["sids"].items()}
CASES = {case["id"]: case for case in FILE["cases"]}
RATES = ("negative-binomial", "moments", "quasi-poisson", "dersimonian-laird", "reml")
SHARES = ("beta-binomial", "moments", "quasi-binomial", "paule-mandel", "reml")
EVERY = [pytest.param(pooled_rate, m, id=f"rate-{m}") for m in RATES]
EVERY += [pytest.param(pooled_proportion, m, id=f"proportion-{m}") for m in SHARES]

COUNT = [12, 30, 7, 55, 20, 18]
SIZE = [100, 220, 150, 400, 90, 130]
NAMES = pd.Index(["Avon", "Beds", "Cleveland", "Derbys", "Essex", "Fife"], name="force")


def codes(result):
    return [note.code for note in result.notes]


def ends(result):
    return np.array([result.estimate, result.low, result.high, result.standard_error])


@pytest.mark.reference
class TestOtherSoftware:
    @pytest.mark.filterwarnings("ignore::countylines.errors.SparseDataWarning")
    @pytest.mark.parametrize(("name", "method"), [("DL", "dersimonian-laird"), ("REML", "reml")])
    def test_random_effects_of_log_rates(self, name, method):
        case = CASES[f"overdisp.sids.{name}"]
        expected, near = case["expected"], {"rel": case["tolerance"]["rtol"]}
        found = pooled_rate(**SIDS, method=method, interval="normal", rng=1)
        assert math.log(found.estimate) == pytest.approx(expected["mu"], **near)
        assert found.standard_error / found.estimate == pytest.approx(expected["se"], **near)
        assert found.between.estimate**2 == pytest.approx(expected["tau2"], **near)
        if name == "DL":
            assert [found.low, found.high] == pytest.approx(expected["ci"], **near)
            assert found.estimate == pytest.approx(expected["pooled_rate"], **near)

    def test_negative_binomial(self):
        expected = CASES["overdisp.sids.nb2"]["expected"]
        found = pooled_rate(**SIDS, rng=1)
        assert found.estimate == pytest.approx(expected["rate"], rel=1e-6)
        assert found.standard_error / found.estimate == pytest.approx(expected["se"], rel=1e-6)
        assert found.between.estimate**-2 == pytest.approx(expected["theta"], rel=1e-6)

    def test_pooled_log_odds(self):
        case = CASES["multiplier.pooled_plo"]
        found = pooled_proportion(
            case["inputs"]["x"],
            case["inputs"]["n"],
            method="dersimonian-laird",
            interval="normal",
            rng=1,
        )
        assert found.estimate == pytest.approx(case["expected"]["p"], rel=1e-8)
        assert [found.low, found.high] == pytest.approx(case["expected"]["ci_p"], rel=1e-8)
        assert found.between.estimate == case["expected"]["tau2"] == 0

    def test_statsmodels_has_the_same_quasi_poisson_factor(self):
        sm = pytest.importorskip("statsmodels.api")
        fit = sm.GLM(
            SIDS["count"],
            np.ones(100),
            sm.families.Poisson(),
            exposure=SIDS["exposure"],
        ).fit(scale="X2", tol=1e-12)
        found = pooled_rate(**SIDS, method="quasi-poisson", rng=1)
        assert found.estimate == pytest.approx(math.exp(fit.params[0]), rel=1e-9)
        assert found.standard_error / found.estimate == pytest.approx(fit.bse[0], rel=1e-8)
        t = stats.t.ppf(0.975, 99)
        assert math.log(found.high / found.estimate) == pytest.approx(t * fit.bse[0], rel=1e-8)
        assert found.overdispersion.statistic == pytest.approx(fit.pearson_chi2, rel=1e-9)


@pytest.mark.parametrize(("function", "method"), EVERY)
class TestEveryMethod:
    def test_order_of_areas_and_labels_make_no_difference(self, function, method):
        first = function(COUNT, SIZE, method=method, rng=1)
        order = [3, 0, 5, 1, 4, 2]
        again = function(np.array(COUNT)[order], np.array(SIZE)[order], method=method, rng=1)
        np.testing.assert_allclose(ends(again), ends(first), rtol=1e-9)
        series = function(
            pd.Series(COUNT, index=NAMES), pd.Series(SIZE, index=NAMES), method=method, rng=1
        )
        np.testing.assert_array_equal(ends(series), ends(first))
        assert type(series.estimate) is float

    def test_rows_are_pooled_one_by_one(self, function, method):
        count = np.array([COUNT, COUNT[::-1]])
        size = np.array([SIZE, SIZE])
        both = function(count, size, method=method, dim=1, rng=1)
        frame = function(
            pd.DataFrame(count.T, index=NAMES, columns=[2022, 2023]),
            pd.DataFrame(size.T, index=NAMES, columns=[2022, 2023]),
            method=method,
            rng=1,
        )
        assert list(frame.low.index) == [2022, 2023]
        np.testing.assert_array_equal(frame.low.to_numpy(), both.low)
        array = function(
            xr.DataArray(count, dims=("year", "force"), coords={"force": NAMES.values}),
            xr.DataArray(size, dims=("year", "force"), coords={"force": NAMES.values}),
            method=method,
            dim="force",
            rng=1,
        )
        assert array.estimate.dims == ("year",)
        for row in range(2):
            one = function(count[row], size[row], method=method, rng=1)
            assert both.estimate[row] == pytest.approx(one.estimate, rel=1e-9)
            assert both.high[row] == pytest.approx(one.high, rel=1e-9)
            assert both.between.estimate[row] == pytest.approx(one.between.estimate, rel=1e-7)
            assert float(array.low[row]) == pytest.approx(one.low, rel=1e-9)

    def test_the_test_agrees_with_the_interval(self, function, method):
        found = function(COUNT, SIZE, method=method, level=0.9, rng=1)
        for end in (found.low, found.high):
            assert found.test(null=end).pvalue == pytest.approx(0.1, rel=1e-6)
        above = function(COUNT, SIZE, method=method, level=0.95, alternative="greater", rng=1)
        assert above.low == pytest.approx(found.low, rel=1e-9)
        assert above.high == (math.inf if function is pooled_rate else 1.0)
        assert above.test(null=above.low, alternative="greater").pvalue == pytest.approx(0.05)
        below = function(COUNT, SIZE, method=method, level=0.95, alternative="less", rng=1)
        assert (below.low, below.high) == pytest.approx((0.0, found.high), rel=1e-9)
        assert found.test(null=0).pvalue < 1e-9
        wide = function(COUNT, SIZE, method=method, level=0.99, rng=1)
        assert wide.low < found.low < found.high < wide.high

    def test_t_limits_are_wider_than_normal_ones(self, function, method):
        t, z = (function(COUNT, SIZE, method=method, interval=i, rng=1) for i in ("t", "normal"))
        assert t.low < z.low < z.high < t.high
        assert t.estimate == z.estimate

    def test_one_area_says_nothing_of_a_mean_over_areas(self, function, method):
        with pytest.warns(DegenerateDataWarning, match="one area only"):
            found = function([3], [50], method=method)
        assert math.isnan(found.estimate)
        assert found.verdict.code == "not-identified"
        assert found.between.verdict.code == "not-identified"
        assert found.high == (math.inf if function is pooled_rate else 1.0)
        assert found.plain.estimate == pytest.approx(0.06)

    def test_no_event_at_all(self, function, method):
        with pytest.warns(DegenerateDataWarning, match="All counts are 0"):
            found = function([0, 0, 0], [50, 10, 20], method=method)
        if method in ("dersimonian-laird", "reml", "paule-mandel"):
            assert math.isnan(found.estimate)
            assert found.verdict.code == "not-identified"
            return
        assert found.verdict.code == "boundary-finite"
        assert (found.estimate, found.low) == (0, 0)
        assert found.high == found.plain.high
        assert 0.03 < found.high < 0.05
        assert math.isinf(found.between.high)
        assert found.overdispersion.pvalue == 1

    def test_identical_areas_do_not_differ(self, function, method):
        found = function([20] * 6, [100] * 6, method=method, rng=1)
        assert found.estimate == pytest.approx(0.2, rel=1e-9)
        assert found.between.estimate == 0
        assert found.overdispersion.statistic == pytest.approx(0, abs=1e-12)
        assert found.overdispersion.pvalue == 1
        assert {"no-variance-between", "dispersion-at-1"} & set(codes(found))
        empty = found.between.high == 0
        assert empty == (method not in ("negative-binomial", "beta-binomial"))
        assert empty == any("empty interval" in note.text for note in found.notes)

    def test_result_can_be_kept_and_read(self, function, method):
        found = function(COUNT, SIZE, method=method, rng=1)
        assert pickle.loads(pickle.dumps(found)).identical(found)
        assert "between areas" in found.summary()
        assert "total over total" in str(found) or "over areas" in str(found)
        json.dumps(found.to_dict(), allow_nan=False)
        assert found.cite().count("https://doi.org/") >= 1
        assert "PooledEstimate" in repr(found)
        assert len(found.to_frame()) == 1

    def test_areas_are_left_out_by_name(self, function, method):
        count = pd.Series([*COUNT, 3], index=[*NAMES, "London, City of"])
        size = pd.Series([*SIZE, np.nan], index=count.index)
        found = function(count, size, method=method, leave_out=["London, City of"], rng=1)
        expected = function(COUNT, SIZE, method=method, rng=1)
        np.testing.assert_array_equal(ends(found), ends(expected))
        assert "London, City of" in found.notes[0].text
        assert found.n == 6
        with pytest.raises(InputError, match=r"nan at 'London, City of'|missing"):
            function(count, size, method=method)


class TestRates:
    @pytest.mark.filterwarnings("ignore::countylines.errors.SparseDataWarning")
    @settings(max_examples=10)
    @given(factor=st.floats(1e-3, 1e3), seed=st.integers(0, 1000))
    def test_scaling_exposures_scales_rates(self, factor, seed):
        rng = np.random.default_rng(seed)
        size = rng.integers(20, 300, 8)
        count = rng.poisson(0.2 * size * rng.gamma(3.0, 1 / 3, 8)) + 1
        for method in RATES:
            options = {"method": method, "replicates": 99, "rng": 1}
            one = pooled_rate(count, size, **options)
            two = pooled_rate(count, size * factor, **options, per=factor)
            np.testing.assert_allclose(ends(two), ends(one), rtol=1e-7)
            assert two.between.high == pytest.approx(one.between.high, rel=1e-6)

    def test_the_unit_is_said(self):
        found = pooled_rate(COUNT, SIZE, per=100_000, rng=1)
        plain = pooled_rate(COUNT, SIZE, rng=1)
        np.testing.assert_allclose(ends(found), 1e5 * ends(plain), rtol=1e-12)
        assert found.prediction.high == pytest.approx(1e5 * plain.prediction.high)
        assert found.unit == "per 100,000"
        assert found.test(null=2e4).pvalue == pytest.approx(plain.test(null=0.2).pvalue)

    def test_without_differences_it_is_a_poisson_count(self):
        count, size = [21, 19, 20, 20, 41, 39], [100, 100, 100, 100, 200, 200]
        normal = {"interval": "normal", "rng": 1}
        nb = pooled_rate(count, size, **normal)
        assert nb.estimate == pytest.approx(0.2, rel=1e-12)
        assert nb.standard_error == pytest.approx(0.2 / math.sqrt(160), rel=1e-6)
        quasi = pooled_rate(count, size, method="quasi-poisson", **normal)
        moments = pooled_rate(count, size, method="moments", **normal)
        assert quasi.standard_error == pytest.approx(0.2 / math.sqrt(160), rel=1e-12)
        np.testing.assert_allclose(ends(quasi), ends(moments), rtol=1e-12)

    def test_very_different_areas_count_alike_in_the_mean(self):
        """With a large variance between areas the mean of the rates is what is estimated."""
        count, size = np.array([100_000, 4000, 300, 90]), np.array([1e6, 1e5, 2000.0, 100.0])
        found = pooled_rate(count, size, rng=1)
        assert found.estimate == pytest.approx((count / size).mean(), rel=0.02)
        moments = pooled_rate(count, size, method="moments", rng=1)
        assert moments.estimate == pytest.approx(count.sum() / size.sum(), rel=1e-12)

    def test_the_p_value_does_not_rest_on_chi_squared_where_counts_are_small(self):
        """Ten areas with four events among them: every table is enumerated."""
        count, size = np.array([3, 1, 0, 0]), np.array([1.0, 2.0, 3.0, 4.0])
        p = size / size.sum()
        total, statistic = 0.0, ((count - 4 * p) ** 2 / (4 * p)).sum()
        for table in np.ndindex(5, 5, 5, 5):
            x = np.array(table)
            if x.sum() == 4 and ((x - 4 * p) ** 2 / (4 * p)).sum() >= statistic * (1 - 1e-12):
                total += stats.multinomial.pmf(x, 4, p)
        found = pooled_rate(count, size, replicates=20_000, rng=3).overdispersion
        assert found.statistic == pytest.approx(statistic)
        assert found.pvalue == pytest.approx(total, abs=4 * math.sqrt(total / 20_000))
        assert "simulated" in found.method
        assert total > 4 * stats.chi2.sf(statistic, 3)
        large = pooled_rate(COUNT, SIZE, rng=1).overdispersion
        assert "chi-squared" in large.method
        assert large.pvalue == pytest.approx(stats.chi2.sf(large.statistic, 5), rel=1e-9)

    def test_logs_of_small_counts_are_warned_of(self):
        with pytest.warns(SparseDataWarning, match="their logs are biased"):
            found = pooled_rate([0, 3, 9, 12], [30, 30, 30, 30], method="reml", rng=1)
        assert {"sparse", "zero-correction"} <= set(codes(found))
        assert "0.5 was added to 1 counts" in found.notes[0].text

    def test_quasi_poisson_with_unequal_sizes_says_so(self):
        found = pooled_rate([5, 90], [10, 900], method="quasi-poisson", rng=1)
        assert "unequal-sizes" in codes(found)
        equal = pooled_rate([5, 90], [100, 100], method="quasi-poisson", rng=1)
        assert codes(equal) == []

    def test_huge_counts(self):
        found = pooled_rate([2_000_000, 3_000_000, 2_500_000], [1e9, 1e9, 1e9], rng=1)
        assert found.estimate == pytest.approx(0.0025, rel=1e-9)
        assert found.between.estimate == pytest.approx(np.std([2, 3, 2.5]) / 2.5, rel=0.01)


class TestShares:
    def test_events_and_non_events_change_places(self):
        count, total = np.array(COUNT), np.array(SIZE)
        for method in SHARES:
            one = pooled_proportion(count, total, method=method, rng=1)
            two = pooled_proportion(total - count, total, method=method, rng=1)
            assert two.estimate == pytest.approx(1 - one.estimate, rel=1e-8)
            assert two.low == pytest.approx(1 - one.high, rel=1e-7)
            assert two.overdispersion.pvalue == pytest.approx(one.overdispersion.pvalue, rel=1e-9)

    def test_everybody_in_every_area(self):
        with pytest.warns(DegenerateDataWarning, match="equal their totals"):
            found = pooled_proportion([5, 4, 9], [5, 4, 9])
        assert (found.estimate, found.high) == (1, 1)
        assert found.low == found.plain.low < 1

    def test_rare_shares_are_rates(self):
        count, total = np.array([12, 30, 7, 55, 20, 18]), np.full(6, 10**7)
        share = pooled_proportion(count, total, rng=1)
        rate = pooled_rate(count, total, rng=1)
        np.testing.assert_allclose(ends(share), ends(rate), rtol=1e-4)
        assert share.between.estimate == pytest.approx(rate.between.estimate, rel=1e-4)

    def test_small_totals_use_the_hypergeometric_law(self):
        found = pooled_proportion([4, 0, 0], [4, 4, 4], replicates=20_000, rng=2).overdispersion
        assert found.pvalue == pytest.approx(3 / math.comb(12, 4), abs=0.002)


def test_a_label_of_any_level_is_left_out():
    index = pd.MultiIndex.from_product([["North", "South"], ["a", "b", "c"]])
    count, size = pd.Series(COUNT, index=index), pd.Series(SIZE, index=index)
    found = pooled_rate(count, size, leave_out=["c"], rng=1)
    expected = pooled_rate([12, 30, 55, 20], [100, 220, 400, 90], rng=1)
    np.testing.assert_array_equal(ends(found), ends(expected))
    assert found.n == 4


class TestErrors:
    @pytest.mark.parametrize("function", [pooled_rate, pooled_proportion])
    def test_what_is_refused(self, function):
        good = ([3, 4], [10, 20])
        for changes, message in (
            ({"method": "magic"}, "`method` must be one of"),
            ({"interval": "exact"}, "`interval` must be one of 't', 'normal'"),
            ({"level": 95}, "looks like a percentage"),
            ({"null": -0.1}, "`null` must be"),
            ({"leave_out": "a"}, "`leave_out` must be a list of labels"),
            ({"leave_out": [7]}, "`leave_out` must be labels of the data, got 7"),
            ({"leave_out": [0, 1]}, "`leave_out` must be fewer than all areas"),
            ({"zero_correction": 0}, "`zero_correction` must be"),
            ({"replicates": 5}, "`replicates` must be"),
            ({"dim": 3}, "`dim` must be"),
            ({"rng": -1}, "`rng` must be"),
            ({"alternative": "both"}, "`alternative` must be"),
        ):
            with pytest.raises(InputError, match=message):
                function(*good, **changes)
        with pytest.raises(InputTypeError, match="`count` must be a series of counts"):
            function(3, 10)
        with pytest.raises(InputError, match="`count` must be a whole number"):
            function([3, 2.5], [10, 20])
        with pytest.raises(LabelMismatchError):
            function(pd.Series([1, 2], index=["a", "b"]), pd.Series([5, 5], index=["b", "a"]))

    def test_sizes(self):
        with pytest.raises(InputError, match="`exposure` must be finite and above 0, got 0"):
            pooled_rate([3, 4], [10, 0])
        with pytest.raises(InputError, match=r"`per` must be a finite number above 0"):
            pooled_rate([3, 4], [10, 20], per=0)
        with pytest.raises(InputError, match="`total` must be above 0 in every area, got 0"):
            pooled_proportion([0, 4], [0, 20])
        with pytest.raises(InputError, match="`count` must be at most `total`, got 30 > 20"):
            pooled_proportion([3, 30], [10, 20])

    def test_dask_is_computed(self):
        dask = pytest.importorskip("dask.array")
        lazy = xr.DataArray(dask.from_array(np.array(COUNT), chunks=2), dims="force")
        found = pooled_rate(lazy, xr.DataArray(SIZE, dims="force"), dim="force", rng=1)
        assert float(found.estimate) == pooled_rate(COUNT, SIZE, rng=1).estimate


def test_the_result_is_public():
    assert isinstance(pooled_rate(COUNT, SIZE, rng=1), cl.PooledEstimate)


@pytest.mark.parametrize("function", [pooled_rate, pooled_proportion])
def test_prediction_does_not_shrink_as_counts_grow(function):
    # With chance out of the way, what is known of another area is fixed by how these differ.
    count, size = np.array([1, 2, 3, 5]), np.full(4, 10)
    ends = []
    for factor in (1_000, 1_000_000, 100_000_000):
        found = function(count * factor, size * factor, rng=1, replicates=99).prediction
        ends.append([found.low, found.high])
    np.testing.assert_allclose(ends[1:], [ends[0]] * 2, rtol=3e-3)
