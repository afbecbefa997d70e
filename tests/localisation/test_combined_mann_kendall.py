"""Seasonal, regional and partial Mann-Kendall: reference cases, orders enumerated, gaps, errors."""

from __future__ import annotations

import itertools
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st

from countylines._kernels import combined_kendall
from countylines.errors import (
    DegenerateDataWarning,
    InputError,
    InputTypeError,
    LabelMismatchError,
)
from countylines.localisation import (
    mann_kendall,
    partial_mann_kendall,
    regional_mann_kendall,
    seasonal_mann_kendall,
)

REFERENCE = json.loads(
    (Path(__file__).parents[1] / "reference" / "combined_mann_kendall.json").read_text()
)
CASES = {case["id"]: case for case in REFERENCE["cases"]}
NOTTEM = np.array(REFERENCE["series"]["nottem"], dtype=float)
HCB = pd.DataFrame(REFERENCE["series"]["hcb"])
small = st.lists(st.integers(0, 3).map(float), min_size=8, max_size=8)


def codes(result):
    return [note.code for note in result.notes]


def score_of(x):
    return sum(np.nan_to_num(np.sign(b - a)) for a, b in itertools.combinations(x, 2))


def near(expected, case, factor=10):
    return pytest.approx(expected, rel=factor * case["tolerance"]["rtol"])


@pytest.mark.reference
class TestReference:
    @pytest.mark.parametrize("name", ["smk_seasonal_UKDeaths", "smk_seasonal_nottem"])
    def test_seasonal(self, name):
        case = CASES[name]
        expected = case["expected"]
        x = NOTTEM if name.endswith("nottem") else np.array(case["inputs"]["x"], dtype=float)
        found = seasonal_mann_kendall(x, season=12, method="normal")
        assert found.statistic == expected["S"]
        assert found.pvalue == pytest.approx(expected["p"], rel=1e-10)
        assert list(found.table["score"]) == expected["season_S"]
        np.testing.assert_allclose(found.table["variance"], expected["season_varS"], rtol=1e-10)
        assert found.effect.estimate == pytest.approx(expected["season_sen"], rel=1e-10)
        many = seasonal_mann_kendall(x[:, None], season=12, dim=0, method="normal")
        assert many.table is not None
        together = seasonal_mann_kendall(
            x, season=12, method="normal", correlated=True, continuity=False
        )
        assert together.statistic == expected["csmk_S"]
        assert together.pvalue == pytest.approx(expected["csmk_p"], rel=1e-10)

    def test_tau_of_several(self):
        pair = np.column_stack([NOTTEM, NOTTEM])
        found = seasonal_mann_kendall(pair, season=12, dim=0, method="normal")
        expected = CASES["smk_seasonal_nottem"]["expected"]
        np.testing.assert_allclose(found.table["tau"], expected["kendall_tau"], rtol=1e-6)
        np.testing.assert_allclose(found.table["variance"], expected["varS"], rtol=1e-10)

    def test_seasonal_with_gaps(self):
        case = CASES["rkt_nottem_missing"]
        expected = case["expected"]
        x = NOTTEM.copy()
        x[case["inputs"]["missing"]] = np.nan
        found = seasonal_mann_kendall(x, season=12, method="normal")
        assert found.statistic == expected["S"]
        assert found.table["variance"].sum() == near(expected["varS"], case)
        assert found.pvalue == near(expected["p"], case)
        assert found.effect.estimate == near(expected["sen"], case)
        together = seasonal_mann_kendall(x, season=12, method="normal", correlated=True)
        assert together.pvalue == near(expected["p_corrected"], case)
        pair = np.column_stack([x, x])
        several = seasonal_mann_kendall(pair, season=12, dim=0, method="normal", correlated=True)
        np.testing.assert_allclose(several.table["variance"], expected["varS_corrected"])

    def test_peer_seasonal(self):
        for name, options in (
            ("pmk_seasonal_test_nottem", {}),
            ("pmk_correlated_seasonal_test_nottem", {"correlated": True, "continuity": False}),
        ):
            case = CASES[name]
            found = seasonal_mann_kendall(NOTTEM, season=12, method="normal", **options)
            assert found.statistic == case["expected"]["s"]
            assert found.pvalue == near(case["expected"]["p"], case)
            assert found.effect.estimate == near(case["expected"]["slope"], case)

    def test_regional(self):
        case = CASES["mult_mk_hcb"]
        together = regional_mann_kendall(HCB, continuity=False)
        assert together.statistic == case["expected"]["S"]
        assert together.pvalue == near(case["expected"]["p"], case)
        for name in ("pmk_regional_test_hcb", "pmk_multivariate_test_hcb"):
            case = CASES[name]
            found = regional_mann_kendall(HCB, correlated=False)
            assert found.statistic == case["expected"]["s"]
            assert found.table["variance"].sum() == near(case["expected"]["var_s"], case)
            assert found.pvalue == near(case["expected"]["p"], case)
            assert found.effect.estimate == near(case["expected"]["slope"], case)

    def test_partial(self):
        case = CASES["partial_mk_maxau"]
        expected = case["expected"]
        found = partial_mann_kendall(case["inputs"]["x"], case["inputs"]["cov"])
        row = found.table.iloc[0]
        assert found.statistic == near(expected["S"], case)
        assert found.pvalue == near(expected["p"], case)
        assert row["variance"] == near(expected["varS"], case)
        assert row["correlation"] == near(expected["cor"], case)

    def test_a_covariate_equal_to_the_series_leaves_nothing(self):
        """Without a correction for ties a peer finds z = 0.39 there."""
        x, covariate = np.array(CASES["edge_pmk_partial_ties"]["inputs"]["x"]).T
        with pytest.warns(DegenerateDataWarning, match="nothing that the covariate leaves"):
            found = partial_mann_kendall(x, covariate)
        assert np.isnan(found.pvalue)
        assert np.isnan(found.statistic)
        assert codes(found) == ["not-estimable"]
        assert found.table["correlation"].iloc[0] == pytest.approx(1.0)


class TestExact:
    CUBE = np.array([[3.0, 1, 2, 5], [1.0, np.nan, 2, 1], [4.0, 4, 6, 5]])

    @pytest.mark.parametrize("alternative", ["greater", "less", "two-sided"])
    def test_whole_periods_enumerated(self, alternative):
        total = np.array(
            [
                sum(score_of(row) for row in self.CUBE[:, list(order)])
                for order in itertools.permutations(range(4))
            ]
        )
        observed = sum(score_of(row) for row in self.CUBE)
        greater, less = (total >= observed).mean(), (total <= observed).mean()
        wanted = {"greater": greater, "less": less, "two-sided": min(1, 2 * min(greater, less))}
        found = regional_mann_kendall(self.CUBE, regions=0, alternative=alternative)
        assert found.statistic == observed
        assert found.pvalue == pytest.approx(wanted[alternative], rel=1e-12)
        # the formula of the variance is that of the enumerated scores, gaps and ties included
        covariance = combined_kendall.covariance(self.CUBE[None])[0]
        assert covariance.sum() == pytest.approx(total.var(), rel=1e-12)
        flat = seasonal_mann_kendall(
            self.CUBE.T.ravel(), season=3, correlated=True, alternative=alternative
        )
        assert flat.pvalue == found.pvalue

    def test_each_region_in_its_own_order_enumerated(self):
        rows = [[3.0, 1, 2], [1.0, 1, 2], [2.0, 5]]
        each = [[score_of(order) for order in itertools.permutations(row)] for row in rows]
        total = np.array([sum(parts) for parts in itertools.product(*each)])
        cube = np.array([[3.0, 1, 2], [1.0, 1, 2], [2.0, np.nan, 5]])
        for alternative, wanted in (
            ("greater", (total >= 2).mean()),
            ("less", (total <= 2).mean()),
        ):
            found = regional_mann_kendall(
                cube, regions=0, correlated=False, alternative=alternative
            )
            assert found.statistic == 2
            assert found.pvalue == pytest.approx(wanted, rel=1e-12)

    def test_orders_are_all_orders(self):
        rng = np.random.default_rng(1)
        cube = rng.integers(0, 4, (3, 7)).astype(float)
        matrix = combined_kendall.signs(cube).sum(axis=0)
        counts = combined_kendall.orders(matrix)
        assert counts.sum() == 5040
        scores = [
            sum(score_of(row) for row in cube[:, list(order)])
            for order in itertools.permutations(range(7))
        ]
        middle = len(counts) // 2
        wanted = np.bincount(np.array(scores, dtype=int) + middle, minlength=len(counts))
        np.testing.assert_array_equal(counts, wanted)

    @pytest.mark.parametrize(
        ("x", "covariate"),
        [
            ([1.0, 3, 2, 5, 5, 6], [1.0, 2, 4, 3, 6, 5]),
            ([4.0, 1, 1, 2, 7], [2.0, 2, 1, 5, 5]),
        ],
    )
    def test_partial_enumerated(self, x, covariate):
        x, covariate = np.array(x), np.array(covariate)
        orders = [list(order) for order in itertools.permutations(range(len(x)))]
        pairs = np.array([[score_of(x[o]), score_of(covariate[o])] for o in orders])
        spread = np.cov(pairs.T, bias=True)
        slope = spread[0, 1] / spread[1, 1]
        partial = np.round(pairs @ [1, -slope], 9)
        observed = round(score_of(x) - slope * score_of(covariate), 9)
        found = partial_mann_kendall(x, covariate, alternative="greater")
        assert found.statistic == pytest.approx(observed)
        assert found.pvalue == pytest.approx((partial >= observed).mean(), rel=1e-12)
        assert found.table["variance"].iloc[0] == pytest.approx(partial.var(), rel=1e-7)

    def test_far_tails_do_not_underflow(self):
        rising = np.add.outer(np.arange(40.0), np.arange(5.0))
        exact = regional_mann_kendall(rising, correlated=False, method="exact")
        assert 0 < exact.pvalue < 1e-200
        normal = seasonal_mann_kendall(np.arange(600.0), season=4)
        assert 0 < normal.pvalue < 1e-200

    def test_auto_is_exact_to_ten_periods(self):
        for length, method in ((10, "exact"), (11, "normal")):
            for correlated in (True, False):
                part = HCB.iloc[:length]
                found = regional_mann_kendall(part, correlated=correlated)
                same = regional_mann_kendall(part, correlated=correlated, method=method)
                assert found.pvalue == same.pvalue

    def test_exact_has_a_largest_length(self):
        with pytest.raises(InputError, match="more than 12 periods that go together, got 'exact'"):
            regional_mann_kendall(HCB, method="exact")
        with pytest.raises(InputError, match="'normal' for more than 100 periods, got 'exact'"):
            regional_mann_kendall(HCB, correlated=False, method="exact")
        with pytest.raises(InputError, match="'normal' for more than 9 periods, got 'exact' with"):
            partial_mann_kendall(HCB["we"], HCB["we"], method="exact")


class TestSlope:
    def test_the_median_of_the_slopes_within_regions(self):
        first, second = np.triu_indices(len(HCB), 1)
        values = HCB.to_numpy()
        slopes = (values[second] - values[first]) / (second - first)[:, None]
        found = regional_mann_kendall(HCB)
        assert found.effect.estimate == pytest.approx(np.median(slopes), rel=1e-12)
        ordered = np.sort(slopes.ravel())
        assert found.effect.low in ordered
        assert found.effect.high in ordered

    @pytest.mark.parametrize("method", ["exact", "normal"])
    @pytest.mark.parametrize("correlated", [True, False])
    def test_limits_are_where_the_test_turns(self, method, correlated):
        rng = np.random.default_rng(4)
        x = rng.normal(size=(9, 3)) + 0.2 * np.arange(9.0)[:, None]
        options = {"correlated": correlated, "method": method}
        if correlated:
            options["method"] = "normal"
        found = regional_mann_kendall(x, **options)
        time = np.arange(9.0)[:, None]
        variance = combined_kendall.covariance(x.T[None])[0].sum()
        for limit, inward in ((found.effect.low, 1e-7), (found.effect.high, -1e-7)):
            inside, outside = (
                regional_mann_kendall(x - (limit + step) * time, **options)
                for step in (inward, -inward)
            )
            if correlated:  # the limits keep the variance of the series itself
                scores = np.abs([inside.statistic, outside.statistic]) - 1.0
                z = scores / np.sqrt(variance)
                assert z[0] < 1.959964 < z[1]
            else:
                assert outside.pvalue < 0.05 <= inside.pvalue

    def test_time_and_units(self):
        months = np.arange(240.0)
        cycles = seasonal_mann_kendall(NOTTEM, season=12)
        by_month = seasonal_mann_kendall(NOTTEM, season=12, time=months)
        assert by_month.effect.estimate == pytest.approx(cycles.effect.estimate / 12)
        assert by_month.effect.low == pytest.approx(cycles.effect.low / 12)
        assert by_month.pvalue == cycles.pvalue
        assert cycles.effect.quantity == "slope per cycle"

    @pytest.mark.parametrize("alternative", ["greater", "less"])
    def test_one_sided(self, alternative):
        found = seasonal_mann_kendall(NOTTEM, season=12, alternative=alternative, level=0.975)
        both = seasonal_mann_kendall(NOTTEM, season=12)
        if alternative == "greater":
            assert (found.effect.low, found.effect.high) == (both.effect.low, np.inf)
        else:
            assert (found.effect.low, found.effect.high) == (-np.inf, both.effect.high)


class TestProperties:
    @settings(max_examples=40, deadline=None)
    @given(small, st.booleans(), st.sampled_from(["auto", "normal"]))
    def test_reversed_time_reverses_the_score(self, x, correlated, method):
        rows = np.array(x).reshape(4, 2)
        matrix = combined_kendall.signs(rows.T).sum(axis=0)
        if not (matrix if correlated else rows - rows[0]).any():
            return  # nothing but ties, or regions that cancel whatever the order
        options = {"correlated": correlated, "method": method}
        forward = regional_mann_kendall(rows, **options)
        back = regional_mann_kendall(rows[::-1], **options)
        assert forward.statistic == -back.statistic
        assert forward.effect.estimate == pytest.approx(-back.effect.estimate, abs=1e-12)
        assert forward.pvalue == pytest.approx(back.pvalue, rel=1e-9)

    @settings(max_examples=40, deadline=None)
    @given(small)
    def test_one_region_twice_is_that_region_if_they_go_together(self, x):
        if len(set(x)) == 1:
            return
        twice = regional_mann_kendall(np.column_stack([x, x]))
        once = mann_kendall(x)
        assert twice.statistic == 2 * once.statistic
        assert twice.pvalue == pytest.approx(once.pvalue, rel=1e-12)

    @settings(max_examples=40, deadline=None)
    @given(small, small)
    def test_a_constant_covariate_changes_nothing(self, x, other):
        if len(set(x)) == 1:
            return
        found = partial_mann_kendall(x, np.full(8, 3.0), alternative="greater")
        assert found.statistic == score_of(x)
        assert found.pvalue == pytest.approx(mann_kendall(x, alternative="greater").pvalue)
        # an increasing function of either leaves the orders
        if len(set(other)) > 2 and abs(np.corrcoef(x, other)[0, 1]) < 0.9:
            plain = partial_mann_kendall(x, other, method="normal")
            moved = partial_mann_kendall(np.exp(x), np.power(other, 3), method="normal")
            assert moved.pvalue == pytest.approx(plain.pvalue, rel=1e-9)

    @settings(max_examples=40, deadline=None)
    @given(small, st.lists(st.booleans(), min_size=8, max_size=8))
    def test_a_seasonal_variance_is_never_negative(self, x, gone):
        cube = np.where(gone, np.nan, x).reshape(1, 2, 4)
        eigenvalues = np.linalg.eigvalsh(combined_kendall.covariance(cube)[0])
        assert eigenvalues.min() > -1e-9


class TestSeasons:
    def test_labels_equal_numbers(self):
        months = np.tile(np.arange(12), 20)
        by_label = seasonal_mann_kendall(NOTTEM, season=months, correlated=True)
        by_number = seasonal_mann_kendall(NOTTEM, season=12, correlated=True)
        assert by_label.pvalue == by_number.pvalue
        assert by_label.effect.low == by_number.effect.low

    def test_a_place_that_is_not_there_is_a_missing_value(self):
        quarters = np.array(["w", "s", "u", "a"] * 5)
        x = NOTTEM[:20].copy()
        keep = np.arange(20) != 6
        short = seasonal_mann_kendall(x[keep], season=quarters[keep], correlated=True)
        x[6] = np.nan
        gap = seasonal_mann_kendall(x, season=4, correlated=True)
        assert short.pvalue == gap.pvalue
        assert short.effect.estimate == gap.effect.estimate
        assert list(short.table.index) == ["w", "s", "u", "a"]

    def test_opposite_seasons_are_told(self):
        rising = np.arange(10.0)
        x = np.column_stack([rising, -rising]).ravel()
        found = seasonal_mann_kendall(x, season=2)
        assert found.statistic == 0
        note = next(n for n in found.notes if n.code == "heterogeneity")
        # z = 45 / sqrt(125) and its negative
        assert f"chi-squared {2 * 45**2 / 125:.2f}" in note.text

    @pytest.mark.parametrize(
        ("season", "error", "message"),
        [
            (1, InputError, "`season` must be a whole number of at least 2"),
            (2.5, (InputError, InputTypeError), "`season` must be a whole number"),
            (True, (InputError, InputTypeError), "`season` must be a whole number"),
            (["a", "b"], LabelMismatchError, "one label for each of the 240 places, got shape"),
            (["a"] * 240, InputError, "at least two different labels, got 1. Use mann_kendall"),
            ([None, "a"] * 120, InputError, "known at every place, got 120 missing"),
        ],
    )
    def test_seasons_that_are_none(self, season, error, message):
        with pytest.raises(error, match=message):
            seasonal_mann_kendall(NOTTEM, season=season)

    def test_labels_that_do_not_match(self):
        x = pd.Series(NOTTEM, index=range(240))
        season = pd.Series(np.tile(np.arange(12), 20), index=range(1, 241))
        with pytest.raises(LabelMismatchError, match="`season` must be labelled as `x`"):
            seasonal_mann_kendall(x, season=season)


class TestKinds:
    FRAME = pd.DataFrame({"a": NOTTEM[:48], "b": NOTTEM[48:96]}, index=range(48))

    @pytest.mark.parametrize("correlated", [True, False])
    def test_frame_equals_its_columns(self, correlated):
        together = seasonal_mann_kendall(self.FRAME, season=12, correlated=correlated)
        for name in "ab":
            alone = seasonal_mann_kendall(self.FRAME[name], season=12, correlated=correlated)
            assert together.pvalue[name] == alone.pvalue
            assert together.effect.high[name] == alone.effect.high
            assert type(alone.pvalue) is float
        assert list(together.table.columns) == ["score", "variance", "tau", "n"]

    def test_data_array_and_dask(self):
        array = xr.DataArray(
            self.FRAME.to_numpy(), dims=("month", "force"), coords={"force": ["x", "y"]}
        )
        eager = seasonal_mann_kendall(array, season=12, dim="month")
        lazy = seasonal_mann_kendall(array.chunk({"force": 1}), season=12, dim="month")
        assert lazy.table is None
        xr.testing.assert_allclose(lazy.pvalue.compute(), eager.pvalue)
        regions = regional_mann_kendall(array, regions="force")
        frame = regional_mann_kendall(self.FRAME)
        assert regions.pvalue == frame.pvalue
        assert list(regions.table.index) == ["x", "y"]
        turned = regional_mann_kendall(self.FRAME.T, regions="index")
        assert turned.pvalue == frame.pvalue
        with pytest.raises(InputError, match="in memory"):
            regional_mann_kendall(array.chunk({"force": 1}), regions="force")

    def test_partial_of_columns(self):
        effort = self.FRAME[["b", "a"]].set_axis(["a", "b"], axis=1)
        together = partial_mann_kendall(self.FRAME, effort)
        alone = partial_mann_kendall(self.FRAME["a"], effort["a"])
        assert together.pvalue["a"] == pytest.approx(alone.pvalue, rel=1e-12)
        assert list(together.table.index) == ["a", "b"]
        array = xr.DataArray(self.FRAME.to_numpy(), dims=("month", "force"))
        other = xr.DataArray(effort.to_numpy(), dims=("month", "force"))
        lazy = partial_mann_kendall(
            array.chunk({"force": 1}), other.chunk({"force": 1}), dim="month"
        )
        assert lazy.table is None
        np.testing.assert_allclose(lazy.pvalue.compute(), together.pvalue)


class TestEdges:
    def test_constant(self):
        with pytest.warns(DegenerateDataWarning, match="no order"):
            found = seasonal_mann_kendall([5.0] * 12, season=4)
        assert (found.pvalue, found.statistic) == (1.0, 0.0)
        with pytest.warns(DegenerateDataWarning, match="no order"):
            found = regional_mann_kendall(np.ones((12, 2)))
        assert found.pvalue == 1.0

    def test_nothing_to_compare(self):
        with pytest.warns(DegenerateDataWarning, match="no season with two values"):
            found = seasonal_mann_kendall([1.0, 2.0, 3.0], season=4)
        assert np.isnan(found.pvalue)
        assert found.effect.verdict.code == "no-data"
        assert np.isnan(found.effect.low)

    def test_one_of_two_is_empty(self):
        rows = np.array([[1.0, 2, 3, 4, 5, 6], [np.nan] * 6])
        with pytest.warns(DegenerateDataWarning, match="1 of 2 have no season"):
            found = seasonal_mann_kendall(rows, season=2, dim=1)
        assert np.isnan(found.pvalue[1])
        assert found.pvalue[0] == pytest.approx(2 / 36)
        assert codes(found) == ["missing-values", "too-few-values"]

    def test_partial_with_gaps_is_that_of_the_rest(self):
        x = [1.0, 3, np.nan, 2, 5, 6, 4]
        covariate = [1.0, 2, 9, 4, np.nan, 6, 5]
        found = partial_mann_kendall(x, covariate)
        rest = partial_mann_kendall([1.0, 3, 2, 6, 4], [1.0, 2, 4, 6, 5])
        assert found.pvalue == rest.pvalue
        assert found.n == 5
        assert codes(found) == ["missing-values"]

    def test_partial_needs_three(self):
        with pytest.warns(DegenerateDataWarning, match="fewer than three periods"):
            found = partial_mann_kendall([1.0, 2.0], [2.0, 1.0])
        assert np.isnan(found.pvalue)

    @pytest.mark.parametrize(
        ("call", "error", "message"),
        [
            (lambda: seasonal_mann_kendall([1, np.inf], season=2), InputError, "`x` must be fin"),
            (lambda: partial_mann_kendall([1, 2], [1, np.inf]), InputError, "`covariate` must be"),
            (lambda: partial_mann_kendall([1, 2, 3], [1, 2]), InputError, "broadcast together"),
            (lambda: regional_mann_kendall([1, 2]), InputError, "`x` must be of two dimensions"),
            (lambda: regional_mann_kendall(np.ones((4, 1))), InputError, "at least two regions"),
            (lambda: regional_mann_kendall(HCB, regions="x"), InputError, "'columns' or 'index'"),
            (lambda: regional_mann_kendall(np.ones((4, 2)), regions=2), InputError, "0 or 1"),
            (
                lambda: regional_mann_kendall(xr.DataArray(np.ones((4, 2)))),
                InputError,
                "`regions` must be one of",
            ),
            (
                lambda: regional_mann_kendall(np.ones((4, 2)), time=[1, 2, 2, 3]),
                InputError,
                "increasing",
            ),
            (
                lambda: seasonal_mann_kendall(NOTTEM, season=12, correlated=1),
                InputTypeError,
                "`correlated` must be",
            ),
            (
                lambda: seasonal_mann_kendall(NOTTEM, season=12, method="x"),
                InputError,
                "`method` must be",
            ),
        ],
    )
    def test_bad_input(self, call, error, message):
        with pytest.raises(error, match=message):
            call()
