"""Mann-Kendall and Sen: reference cases, orders enumerated, limits put back, gaps, kinds."""

from __future__ import annotations

import itertools
import json
import pickle
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st

from countylines._kernels import kendall_score, theil_sen
from countylines.errors import (
    ApproximationWarning,
    DegenerateDataWarning,
    InputError,
    InputTypeError,
    LabelMismatchError,
)
from countylines.localisation import mann_kendall, sens_slope

REFERENCE = json.loads((Path(__file__).parents[1] / "reference" / "mann_kendall.json").read_text())
SERIES = REFERENCE["series"]
CASES = REFERENCE["cases"]
ADJUSTED = {
    "modified_mk:mmkh": {"method": "hamed-rao"},
    "modified_mk:mmkh3lag": {"method": "hamed-rao", "lags": 3},
    "modified_mk:mmky": {"method": "yue-wang"},
    "modified_mk:pwmk": {"method": "prewhiten"},
    "modified_mk:tfpwmk": {"method": "trend-free-prewhiten"},
    "pymk:original_test": {"method": "original"},
    "pymk:hamed_rao": {"method": "hamed-rao", "lags": 1},
    "pymk:hamed_rao_modification_test": {"method": "hamed-rao"},
    "pymk:yue_wang": {"method": "yue-wang", "lags": 1},
    "pymk:yue_wang_modification_test": {"method": "yue-wang"},
    "pymk:pre_whitening_modification_test": {"method": "prewhiten"},
    "pymk:trend_free_pre_whitening_modification_test": {"method": "trend-free-prewhiten"},
}
NILE = np.array(SERIES["nile"], dtype=float)
values = st.lists(st.integers(-5, 5).map(float), min_size=2, max_size=9)


def of(*families):
    chosen = [case for case in CASES if case["family"] in families]
    assert chosen
    return pytest.mark.parametrize("case", chosen, ids=lambda case: case["id"])


def score_of(x):
    return sum(np.sign(b - a) for a, b in itertools.combinations(x, 2))


def codes(result):
    return [note.code for note in result.notes]


@pytest.mark.reference
class TestReference:
    @of("mann_kendall")
    def test_plain(self, case):
        expected, rtol = case["expected"], case["tolerance"]["rtol"]
        x = SERIES[case["series"]]
        if "p_greater" in case["expected"]:
            constant = expected["var"] == 0
            for alternative, name in (("greater", "p_greater"), ("less", "p_less")):
                if constant:
                    with pytest.warns(DegenerateDataWarning):
                        found = mann_kendall(x, method="exact", alternative=alternative)
                else:
                    found = mann_kendall(x, method="exact", alternative=alternative)
                assert found.pvalue == pytest.approx(expected[name], rel=rtol)
                assert found.statistic == expected["S"]
                assert found.table["variance"].iloc[0] == pytest.approx(expected["var"], rel=rtol)
            return
        found = mann_kendall(x, method="original")
        row = found.table.iloc[0]
        assert found.statistic == expected["S"]
        assert row["variance"] == pytest.approx(expected["varS"], rel=rtol)
        assert row["tau"] == pytest.approx(expected["tau"], rel=rtol)
        if "p" in expected:
            assert found.pvalue == pytest.approx(expected["p"], rel=rtol)

    @of("sen_slope")
    def test_sen(self, case):
        expected, rtol = case["expected"], case["tolerance"]["rtol"]
        found = sens_slope(SERIES[case["series"]], method="normal", null=0.0)
        assert found.estimate == pytest.approx(expected["slope"], rel=rtol)
        assert found.low == pytest.approx(expected["lo"], rel=rtol)
        assert found.high == pytest.approx(expected["hi"], rel=rtol)
        tested = mann_kendall(SERIES[case["series"]], method="original")
        assert tested.pvalue == pytest.approx(expected["p"], rel=rtol)

    @of(*ADJUSTED)
    def test_serial_dependence(self, case):
        expected, rtol = case["expected"], case["tolerance"]["rtol"]
        x = SERIES[case["series"]]
        found = mann_kendall(x, **ADJUSTED[case["family"]])
        row = found.table.iloc[0]
        p = expected.get("p", expected.get("new.P.value", expected.get("P.value")))
        variance = expected.get("var_s", expected.get("new.variance", expected.get("Var.S.")))
        assert row["variance"] == pytest.approx(variance, rel=rtol)
        # p-values of -z**2/2 near -50 lose digits of the variance a hundredfold
        assert found.pvalue == pytest.approx(p, rel=100 * rtol if p < 1e-10 else 10 * rtol)
        if "Sen.s.Slope" in expected and case["family"].endswith("tfpwmk"):
            assert found.effect.estimate == pytest.approx(expected["Sen.s.Slope"], rel=rtol)

    @of("modified_mk:mmky1lag")
    def test_first_order_dependence_where_the_peer_is_wrong(self, case):
        """Its factor is 1 + 2 (n - 1) r / (n (1 - r)), not the sum that it stands for."""
        x = np.array(SERIES[case["series"]], dtype=float)
        n = len(x)
        rest = x - sens_slope(x).estimate * np.arange(n)
        rest -= rest.mean()
        r = (rest[1:] @ rest[:-1]) / (rest @ rest)
        k = np.arange(1, n)
        whole_sum = 1 + 2 * ((1 - k / n) * r**k).sum()
        old, new = case["expected"]["old.variance"], case["expected"]["new.variance"]
        found = mann_kendall(x, method="yue-wang", lags="ar1").table["variance"].iloc[0]
        assert found == pytest.approx(old * whole_sum, rel=1e-10)
        assert new == pytest.approx(old * (1 + 2 * (n - 1) * r / (n * (1 - r))), rel=1e-9)

    @of("prewhitened_sen:yuepilon")
    def test_trend_free_slope(self, case):
        found = mann_kendall(SERIES[case["series"]], method="trend-free-prewhiten")
        assert found.effect.estimate == pytest.approx(case["expected"]["trend"], rel=1e-9)

    def test_a_peer_closes_a_gap_and_we_keep_it(self):
        x = [1, 2, np.nan, 4, 3, 6, 5, 8.0]
        found = mann_kendall(x, method="original")
        assert found.pvalue == pytest.approx(0.016260936780450264, rel=1e-12)
        # closing the gap, a peer finds z = 10.6 with this method
        adjusted = mann_kendall(x, method="hamed-rao")
        assert adjusted.pvalue > 0.001
        assert codes(found) == ["missing-values"]

    def test_a_negative_variance_is_refused(self):
        x = [0.35257984, 0.38692909, 0.39669828, 0.36296244, 0.42035612, 0.39374964]
        x += [0.41100085, 0.43182076, 0.40815853, 0.45394297, 0.41584767, 0.47399517]
        with pytest.warns(ApproximationWarning, match="not positive"):
            found = mann_kendall(x, method="hamed-rao")
        assert np.isnan(found.pvalue)
        assert found.statistic == 44
        assert "negative-variance" in codes(found)
        assert found.effect.estimate == pytest.approx(0.008305347500000004)
        assert np.isnan(found.effect.low)


class TestExact:
    @pytest.mark.parametrize("x", [[3, 1, 2, 5], [1, 1, 2, 3, 3], [0, 0, 1, 0, 2, 1], [4, 4, 1]])
    @pytest.mark.parametrize("alternative", ["greater", "less", "two-sided"])
    def test_every_order_enumerated(self, x, alternative):
        scores = np.array([score_of(order) for order in itertools.permutations(x)])
        observed = score_of(x)
        greater, less = (scores >= observed).mean(), (scores <= observed).mean()
        wanted = {
            "greater": greater,
            "less": less,
            "two-sided": min(1.0, 2 * min(greater, less)),
        }[alternative]
        found = mann_kendall(x, method="exact", alternative=alternative)
        assert found.pvalue == pytest.approx(wanted, rel=1e-12)

    def test_far_tails_do_not_underflow(self):
        rising = np.arange(60.0)
        assert mann_kendall(rising, method="exact", alternative="greater").pvalue == pytest.approx(
            1 / float(np.prod(np.arange(1.0, 61.0))), rel=1e-12
        )
        long = mann_kendall(np.arange(300.0), method="original").pvalue
        assert 0 < long < 1e-140

    def test_auto_is_exact_to_ten_values(self):
        x = NILE[:10]
        assert mann_kendall(x).pvalue == mann_kendall(x, method="exact").pvalue
        x = NILE[:11]
        assert mann_kendall(x).pvalue == mann_kendall(x, method="original").pvalue

    def test_exact_has_a_largest_length(self):
        with pytest.raises(InputError, match="'normal' for series of more than 100 values, got"):
            sens_slope(np.arange(101.0), method="exact")


class TestDefiningEquation:
    @pytest.mark.parametrize("method", ["exact", "normal"])
    @pytest.mark.parametrize("level", [0.8, 0.95])
    @pytest.mark.parametrize("length", [8, 20, 41])
    def test_limits_are_where_the_test_turns(self, method, level, length):
        x = NILE[:length] + np.linspace(0, 1e-3, length)  # no ties
        found = sens_slope(x, method=method, level=level)
        step = 1e-7
        for limit, inward in ((found.low, step), (found.high, -step)):
            inside = sens_slope(x, method=method, null=limit + inward).pvalue
            outside = sens_slope(x, method=method, null=limit - inward).pvalue
            assert outside < 1 - level <= inside

    @pytest.mark.parametrize("alternative", ["greater", "less"])
    def test_one_sided(self, alternative):
        found = sens_slope(NILE, alternative=alternative, level=0.975)
        both = sens_slope(NILE, level=0.95)
        if alternative == "greater":
            assert (found.low, found.high) == (both.low, np.inf)
        else:
            assert (found.low, found.high) == (-np.inf, both.high)

    def test_the_test_of_the_result(self):
        tested = sens_slope(NILE).test(null=-2.0, alternative="less")
        again = sens_slope(NILE, null=-2.0, alternative="less")
        assert tested.pvalue == again.pvalue
        assert 0.05 < tested.pvalue < 0.5

    def test_the_slope_is_the_median_of_the_slopes(self):
        first, second = np.triu_indices(100, 1)
        slopes = (NILE[second] - NILE[first]) / (second - first)
        assert sens_slope(NILE).estimate == np.median(slopes)

    def test_so_few_values_reject_nothing(self):
        found = sens_slope([1.0, 2.0, 3.0, 5.0])
        assert (found.low, found.high) == (-np.inf, np.inf)
        assert found.estimate == pytest.approx(7 / 6)


class TestProperties:
    @given(values)
    def test_reversed_time_reverses_the_score(self, x):
        if len(set(x)) == 1:
            return
        forward, back = mann_kendall(x), mann_kendall(x[::-1])
        assert forward.statistic == -back.statistic == score_of(x)
        assert forward.pvalue == pytest.approx(back.pvalue, rel=1e-12)
        assert forward.effect.estimate == pytest.approx(-back.effect.estimate, abs=1e-12)
        assert forward.effect.low == pytest.approx(-back.effect.high, abs=1e-12)

    @given(values, st.sampled_from(["greater", "less"]))
    def test_signs_swap_the_sides(self, x, side):
        if len(set(x)) == 1:
            return
        other = "less" if side == "greater" else "greater"
        mirrored = [-v for v in x]
        assert mann_kendall(x, alternative=side).pvalue == pytest.approx(
            mann_kendall(mirrored, alternative=other).pvalue, rel=1e-12
        )

    @given(values)
    def test_an_increasing_function_leaves_the_score(self, x):
        if len(set(x)) == 1:
            return
        assert mann_kendall(np.exp(x)).pvalue == mann_kendall(x).pvalue

    @given(values, st.integers(0, 9))
    def test_a_missing_value_is_as_if_left_out_at_its_time(self, x, place):
        if len(set(x)) == 1:
            return
        place = min(place, len(x))
        gapped = [*x[:place], np.nan, *x[place:]]
        times = [t for t in range(len(gapped)) if t != place]
        with_gap, without = mann_kendall(gapped), mann_kendall(x, time=times)
        assert with_gap.pvalue == without.pvalue
        assert with_gap.effect.estimate == pytest.approx(without.effect.estimate, abs=1e-12)
        assert with_gap.effect.low == pytest.approx(without.effect.low, abs=1e-12)

    def test_the_slope_follows_the_units(self):
        years = 1871 + np.arange(100.0)
        plain = sens_slope(NILE, time=years)
        decades = sens_slope(NILE * 3.0, time=years / 10)
        assert decades.estimate == pytest.approx(30 * plain.estimate)
        assert decades.low == pytest.approx(30 * plain.low)


class TestLongSeries:
    @pytest.mark.parametrize("kind", ["normal", "integers", "walk", "rounded", "gaps"])
    @pytest.mark.parametrize("seed", range(4))
    def test_selection_equals_listing(self, kind, seed):
        rng = np.random.default_rng(seed)
        n = int(rng.integers(30, 120))
        x = {
            "normal": rng.normal(size=n),
            "integers": rng.integers(0, 4, n).astype(float),
            "walk": np.cumsum(rng.normal(size=n)),
            "rounded": np.round(3 * rng.normal(size=n)) * 0.1,
            "gaps": np.where(rng.random(n) < 0.2, np.nan, rng.normal(size=n)),
        }[kind]
        times = np.sort(rng.choice(10 * n, n, replace=False)) / 7.0
        present = int((~np.isnan(x)).sum())
        pairs = present * (present - 1) // 2
        places = np.array([[0, pairs // 2, pairs // 3, pairs - 1, -1, pairs]])
        listed = theil_sen._short_series(x[None, :], times, places)[0]
        selected = theil_sen._long_series(x, times, places[0])
        np.testing.assert_allclose(selected, listed, rtol=1e-10, atol=1e-12)

    def test_a_series_too_long_to_list(self):
        rng = np.random.default_rng(5)
        x = 0.001 * np.arange(4000) + rng.normal(size=4000)
        found = sens_slope(x)
        first, second = np.triu_indices(4000, 1)
        slopes = (x[second] - x[first]) / (second - first)
        assert found.estimate == pytest.approx(np.median(slopes), rel=1e-12)
        assert found.low < found.estimate < found.high

    def test_scores_of_rows_do_not_depend_on_one_another(self):
        rng = np.random.default_rng(3)
        rows = rng.integers(0, 5, (40, 17)).astype(float)
        rows[rng.random(rows.shape) < 0.1] = np.nan
        together = kendall_score.kendall(rows).score
        np.testing.assert_array_equal(together, [score_of(r[~np.isnan(r)]) for r in rows])


class TestSerialDependence:
    def test_independent_series_are_hardly_corrected(self):
        rows = np.random.default_rng(1).normal(size=(300, 100))
        plain = mann_kendall(rows, dim=1, method="original").table["variance"]
        one_lag = mann_kendall(rows, dim=1, method="hamed-rao", lags=1).table["variance"]
        assert (one_lag / plain).mean() == pytest.approx(1.0, abs=0.03)
        # what the method of Yue and Wang does to series without dependence, at all lags
        every_lag = mann_kendall(rows, dim=1, method="yue-wang").table["variance"]
        assert (every_lag / plain).mean() < 0.6

    def test_block_bootstrap_knows_dependence(self):
        rng = np.random.default_rng(2)
        x = np.zeros(80)
        for t in range(1, 80):
            x[t] = 0.7 * x[t - 1] + rng.normal()
        blocks = mann_kendall(x, method="block-bootstrap", block_length=8, rng=1)
        plain = mann_kendall(x, method="original")
        assert blocks.table["variance"].iloc[0] > 1.5 * plain.table["variance"].iloc[0]
        assert blocks.effect.low < plain.effect.low

    def test_blocks_of_one_are_a_permutation_with_replacement(self):
        x = NILE[:25]
        found = mann_kendall(x, method="block-bootstrap", block_length=1, rng=3, replicates=4000)
        plain = mann_kendall(x, method="original")
        assert found.pvalue == pytest.approx(plain.pvalue, abs=0.03)

    def test_replicates_do_not_depend_on_the_other_series(self):
        both = np.column_stack([NILE[:40], NILE[40:80]])
        together = mann_kendall(both, dim=0, method="block-bootstrap", rng=7)
        alone = mann_kendall(both[:, 1], method="block-bootstrap", rng=7)
        assert together.pvalue[1] == alone.pvalue

    @pytest.mark.parametrize(
        ("options", "message"),
        [
            ({"lags": 2}, "`lags` must be left out unless method is 'hamed-rao' or 'yue-wang'"),
            ({"method": "hamed-rao", "lags": "ar1"}, "`lags` must be a whole number"),
            ({"method": "hamed-rao", "lags": 0}, "at least 1"),
            ({"block_length": 3}, "`block_length` must be left out"),
            ({"method": "block-bootstrap", "block_length": 101}, "at most 100"),
            ({"method": "yue-wang", "time": np.arange(100.0) ** 2}, "evenly spaced"),
        ],
    )
    def test_options_that_do_not_belong(self, options, message):
        with pytest.raises((InputError, InputTypeError), match=message):
            mann_kendall(NILE, **options)


class TestKinds:
    FRAME = pd.DataFrame({"a": NILE[:30], "b": NILE[30:60]}, index=range(1871, 1901))

    @pytest.mark.parametrize("method", ["auto", "hamed-rao", "prewhiten"])
    def test_frame_equals_its_columns(self, method):
        together = mann_kendall(self.FRAME, method=method)
        assert list(together.pvalue.index) == ["a", "b"]
        assert list(together.table.index) == ["a", "b"]
        for name in "ab":
            alone = mann_kendall(self.FRAME[name], method=method)
            assert together.pvalue[name] == pytest.approx(alone.pvalue, rel=1e-12)
            assert together.effect.low[name] == pytest.approx(alone.effect.low, rel=1e-12)
            assert type(alone.pvalue) is float

    def test_data_array_and_dask(self):
        array = xr.DataArray(
            self.FRAME.to_numpy(), dims=("year", "force"), coords={"force": ["x", "y"]}
        )
        eager = mann_kendall(array, dim="year")
        lazy = mann_kendall(array.chunk({"force": 1}), dim="year")
        assert lazy.table is None
        assert lazy.pvalue.chunks is not None
        xr.testing.assert_allclose(lazy.pvalue.compute(), eager.pvalue)
        slopes = sens_slope(array.chunk({"force": 1}), dim="year")
        assert slopes.is_lazy
        xr.testing.assert_allclose(slopes.compute().low, eager.effect.low)
        assert list(eager.table.columns[-4:]) == ["score", "variance", "tau", "n"]
        with pytest.raises(InputError, match="in memory for method='block-bootstrap'"):
            mann_kendall(array.chunk({"force": 1}), dim="year", method="block-bootstrap")

    def test_results_travel(self):
        found = mann_kendall(self.FRAME)
        again = pickle.loads(pickle.dumps(found))
        pd.testing.assert_series_equal(again.pvalue, found.pvalue)
        assert "Sen" in sens_slope(NILE).cite()
        assert len(found.to_frame()) == 2

    def test_integers_and_lists(self):
        whole = [int(v) for v in NILE[:12]]
        assert mann_kendall(whole).pvalue == mann_kendall(NILE[:12]).pvalue
        unsigned = np.array([3, 2, 1, 0], dtype=np.uint8)
        assert mann_kendall(unsigned).statistic == -6


class TestEdges:
    def test_constant(self):
        with pytest.warns(DegenerateDataWarning, match="constant"):
            found = mann_kendall([5.0] * 12)
        assert found.pvalue == 1.0
        assert found.statistic == 0
        assert codes(found) == ["constant-series"]

    def test_too_few(self):
        with pytest.warns(DegenerateDataWarning, match="fewer than 2 values"):
            found = mann_kendall([np.nan, 3.0])
        assert np.isnan(found.pvalue)
        assert found.effect.verdict.code == "no-data"
        two = mann_kendall([1.0, 2.0])
        assert two.pvalue == 1.0

    def test_one_of_many_series_is_empty(self):
        rows = np.array([[1.0, 2, 3, 4], [np.nan] * 4])
        with pytest.warns(DegenerateDataWarning, match="1 of 2 series have fewer"):
            found = sens_slope(rows, dim=1)
        assert found.estimate[0] == 1.0
        assert np.isnan(found.estimate[1])
        assert [v.code for v in found.verdict] == ["ok", "no-data"]

    @pytest.mark.parametrize(
        ("x", "options", "error", "message"),
        [
            (3.0, {}, InputTypeError, "a series of values"),
            ([], {}, InputError, "non-empty"),
            ([1.0, np.inf], {}, InputError, "`x` must be finite"),
            ([True, False], {}, InputTypeError, "bool"),
            ([1.0, 2, 3], {"time": [0, 1, 1]}, InputError, "increasing"),
            ([1.0, 2, 3], {"time": [0, 2, 1]}, InputError, "2 before 1 at position 1"),
            ([1.0, 2, 3], {"time": [0, 1]}, LabelMismatchError, "each of the 3 places"),
            ([1.0, 2, 3], {"time": [0, 1, np.nan]}, InputError, "`time` must be finite"),
            ([1.0, 2, 3], {"level": 95}, InputError, "level=0.95"),
            ([1.0, 2, 3], {"alternative": "up"}, InputError, "`alternative` must be"),
            (np.ones((3, 3)), {}, InputError, "`dim` must be"),
        ],
    )
    @pytest.mark.parametrize("function", [sens_slope, mann_kendall])
    def test_bad_input(self, function, x, options, error, message):
        with pytest.raises(error, match=message):
            function(x, **options)

    def test_times_of_other_labels(self):
        x = pd.Series([1.0, 2, 4], index=["a", "b", "c"])
        assert sens_slope(x, time=pd.Series([0.0, 1, 3], index=x.index)).estimate == 1.0
        with pytest.raises(LabelMismatchError, match="labelled as `x`"):
            sens_slope(x, time=pd.Series([0.0, 1, 3], index=["a", "b", "d"]))
        array = xr.DataArray([1.0, 2, 4], dims="year")
        with pytest.raises(LabelMismatchError, match="along 'year' alone"):
            sens_slope(array, time=xr.DataArray([0.0, 1, 3], dims="month"))

    def test_method_is_named(self):
        with pytest.raises(InputError, match="Did you mean 'hamed-rao'"):
            mann_kendall(NILE, method="hamed_rao")


class TestHardSeries:
    def test_a_limit_is_not_rejected(self):
        rng = np.random.default_rng(11)
        for _ in range(40):
            x = np.round(rng.normal(size=8) * 3, 1)
            found = sens_slope(x)
            for limit in (found.low, found.high):
                if np.isfinite(limit):
                    assert sens_slope(x, null=limit).pvalue >= 0.05

    def test_a_long_series_without_values(self):
        with pytest.warns(DegenerateDataWarning, match="fewer than 2 values"):
            found = mann_kendall([np.nan] * 3000)
        assert np.isnan(found.pvalue)
        assert found.effect.verdict.code == "no-data"

    def test_constant_is_said_of_constant_series_only(self):
        assert codes(sens_slope([0.0] * 20 + [1.0])) == []
        with pytest.warns(DegenerateDataWarning, match="constant"):
            assert codes(sens_slope([5.0, 5, 5])) == ["constant-series"]

    @pytest.mark.parametrize("method", ["hamed-rao", "yue-wang", "trend-free-prewhiten"])
    def test_a_straight_line_rises(self, method):
        found = mann_kendall(np.arange(20.0), method=method)
        assert found.pvalue < 1e-8
        assert found.statistic > 0

    def test_a_constant_series_whitened(self):
        with pytest.warns(DegenerateDataWarning, match="constant"):
            assert mann_kendall([3.0] * 12, method="prewhiten").pvalue == 1.0

    def test_no_neighbours_to_whiten(self):
        x = [1, np.nan, 3, np.nan, 2, np.nan, 5]
        with pytest.warns(DegenerateDataWarning, match="fewer than 2 values"):
            found = mann_kendall(x, method="prewhiten")
        assert "constant-series" not in codes(found)
