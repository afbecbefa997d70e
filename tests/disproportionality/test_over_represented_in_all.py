"""In all, in at least so many, and the smallest ratio: brute force, inversion, kinds, words."""

from __future__ import annotations

import pickle

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

import countylines as cl
from countylines.disproportionality import (
    over_represented_in_all,
    over_represented_in_at_least,
    power_in_all,
    representation_ratio,
    smallest_establishing_count,
    smallest_ratio,
    total_needed_in_all,
)
from countylines.errors import (
    DegenerateDataWarning,
    InputError,
    InputTypeError,
    LabelMismatchError,
)

REGIONS = pd.Index(["London", "West Midlands", "South West", "Wales"], name="region")
COUNT = pd.Series([72, 30, 5, 4], index=REGIONS)
TOTAL = pd.Series([258, 258, 257, 257], index=REGIONS)
SHARE = pd.Series([0.135, 0.0452, 0.0122, 0.00887], index=REGIONS)
METHODS = ("exact", "mid-p", "clopper-pearson", "wilson", "jeffreys", "skew-score")


def note(result, code):
    return next(n.text for n in result.notes if n.code == code)


def codes(result):
    return {n.code for n in result.notes}


@st.composite
def cells(draw, most=5):
    size = draw(st.integers(1, most))
    total = draw(st.lists(st.integers(1, 300), min_size=size, max_size=size))
    count = [draw(st.integers(0, n)) for n in total]
    share = draw(st.lists(st.floats(0.005, 0.4), min_size=size, max_size=size))
    return np.array(count), np.array(total), np.array(share)


class TestAll:
    def test_the_pvalue_is_the_largest_of_exact_tests(self):
        result = over_represented_in_all(COUNT, TOTAL, SHARE)
        each = stats.binom.sf(COUNT - 1, TOTAL, SHARE)
        assert result.pvalue == pytest.approx(each.max(), rel=1e-11)
        np.testing.assert_allclose(result.table["pvalue"], each, rtol=1e-11)
        assert result.table.index[result.table["decides"]].tolist() == [
            REGIONS[int(np.argmax(each))]
        ]
        assert result.table["passes"].tolist() == (each <= 0.05).tolist()
        assert "Decided by" in note(result, "decides")

    @pytest.mark.parametrize("ratio", [1.0, 1.25, 2.0])
    def test_any_ratio_may_be_asked_for(self, ratio):
        result = over_represented_in_all(COUNT, TOTAL, SHARE, ratio=ratio)
        each = stats.binom.sf(COUNT - 1, TOTAL, ratio * SHARE)
        assert result.pvalue == pytest.approx(each.max(), rel=1e-11)
        assert f"at most {ratio:g} times" in result.null_hypothesis

    @given(data=cells(), ratio=st.floats(0.5, 2.0), method=st.sampled_from(METHODS))
    @settings(max_examples=25)
    def test_the_effect_excludes_the_ratio_when_the_test_rejects(self, data, ratio, method):
        result = over_represented_in_all(*data, ratio=ratio, method=method)
        assert result.effect.pvalue == result.pvalue
        if abs(result.pvalue - 0.05) > 1e-9:
            assert (result.effect.low > ratio) == (result.pvalue < 0.05)
        assert (result.pvalue <= 1 - 0.95) == bool(result.table["passes"].all())

    @given(data=cells(), method=st.sampled_from(METHODS[:3]))
    @settings(max_examples=25)
    def test_a_cell_is_a_one_sided_representation_ratio(self, data, method):
        table = over_represented_in_all(*data, method=method).table
        name = "clopper-pearson" if method == "exact" else method
        ratio = representation_ratio(*data, method=name, alternative="greater")
        np.testing.assert_allclose(table["pvalue"], ratio.pvalue, rtol=1e-12)
        np.testing.assert_allclose(table["low"], ratio.low, rtol=1e-12)
        np.testing.assert_allclose(table["ratio"], ratio.estimate, rtol=1e-12)

    @given(data=cells())
    @settings(max_examples=25)
    def test_one_more_cell_never_helps(self, data):
        count, total, share = data
        wider = [np.append(a, b) for a, b in zip(data, (3, 50, 0.05), strict=True)]
        assert (
            over_represented_in_all(*wider).pvalue
            >= over_represented_in_all(count, total, share).pvalue
        )

    @given(data=cells(), seed=st.integers(0, 99))
    @settings(max_examples=25)
    def test_the_order_of_cells_does_not_matter(self, data, seed):
        order = np.random.default_rng(seed).permutation(data[0].size)
        one, other = (
            over_represented_in_all(*data),
            over_represented_in_all(*(a[order] for a in data)),
        )
        assert one.pvalue == other.pvalue
        assert one.effect.low == other.effect.low
        np.testing.assert_array_equal(one.table["low"].to_numpy()[order], other.table["low"])

    def test_the_smallest_counts_are_just_enough(self):
        table = over_represented_in_all(COUNT, TOTAL, SHARE).table
        needed = table["smallest_count"].astype(int)
        assert over_represented_in_all(needed, TOTAL, SHARE).pvalue <= 0.05
        for region in REGIONS:
            one_less = needed.copy()
            one_less[region] -= 1
            assert over_represented_in_all(one_less, TOTAL, SHARE).pvalue > 0.05

    def test_the_power_is_printed_with_what_is_not_established(self):
        result = over_represented_in_all(COUNT, TOTAL, SHARE, ratio=1.25)
        chance = power_in_all(TOTAL, SHARE, true_ratio=2.5, ratio=1.25)
        assert result.table["power"].prod() == pytest.approx(chance, rel=1e-12)
        needed = total_needed_in_all(SHARE, true_ratio=2.5, ratio=1.25)
        text = note(result, "power")
        assert "had the ratio been 2.5 in every cell" in text
        assert f"a chance of {100 * chance:.0f} %" in text
        assert f"it takes {needed:,} people in each cell" in text
        assert text in str(result)

    def test_what_is_established_needs_no_power(self):
        result = over_represented_in_all([90, 60], 258, [0.135, 0.05])
        assert result.pvalue < 1e-6
        assert {"power", "at-least"}.isdisjoint(codes(result))
        assert "not-a-cause" in codes(result)

    def test_a_cell_below_its_benchmark_contradicts_the_claim(self):
        result = over_represented_in_all([90, 1], 258, [0.135, 0.05])
        assert "at least one cell the ratio is below 1" in note(result, "contradicted")
        assert "contradicted" not in codes(over_represented_in_all(COUNT, TOTAL, SHARE))

    def test_none_and_the_most_possible_are_said(self):
        result = over_represented_in_all([5, 3], 258, [0.01, 0.9])
        assert "in none of 2 cells for sure" in note(result, "at-least")
        assert "(or the most that the benchmark allows)" in note(result, "power")
        assert "or the most" not in note(over_represented_in_all(COUNT, TOTAL, SHARE), "power")

    def test_methods_that_are_not_exact_say_so(self):
        assert "may reject somewhat more" in note(
            over_represented_in_all(COUNT, TOTAL, SHARE, method="mid-p"), "not-exact"
        )
        assert "not-exact" not in codes(over_represented_in_all(COUNT, TOTAL, SHARE))

    def test_nobody_recorded_in_a_cell(self):
        with pytest.warns(DegenerateDataWarning, match="total is 0"):
            result = over_represented_in_all([20, 0], [100, 0], 0.05)
        assert result.pvalue == 1.0
        assert not result.effect.verdict.estimable
        assert result.effect.low == 0.0
        assert np.isinf(result.table["smallest_count"].iloc[1])

    def test_a_named_benchmark_stands_in_the_notes(self):
        named = cl.Benchmark(SHARE, name="residents", vintage="Census 2021")
        result = over_represented_in_all(COUNT, TOTAL, named)
        assert result.pvalue == over_represented_in_all(COUNT, TOTAL, SHARE).pvalue
        assert note(result, "benchmark") == "Benchmark: residents (Census 2021)."

    def test_it_pickles_and_cites(self):
        result = over_represented_in_all(COUNT, TOTAL, SHARE)
        assert pickle.loads(pickle.dumps(result)).identical(result)
        assert "Berger" in result.cite()
        assert result.effect.test(null=1.0, alternative="greater").pvalue == result.pvalue


class TestKinds:
    FRAME = pd.DataFrame({"offender": [60, 28, 5, 9], "victim": [40, 9, 6, 3]}, index=REGIONS)
    TOTALS = pd.DataFrame({"offender": [150, 160, 150, 140], "victim": 80}, index=REGIONS)
    SHARES = pd.DataFrame({"offender": SHARE, "victim": SHARE})

    def test_all_cells_of_a_frame_are_one_test(self):
        result = over_represented_in_all(self.FRAME, self.TOTALS, self.SHARES)
        flat = over_represented_in_all(
            *(f.to_numpy().ravel() for f in (self.FRAME, self.TOTALS, self.SHARES))
        )
        assert result.pvalue == flat.pvalue
        assert result.table.index.nlevels == 2
        assert result.table.loc[("Wales", "victim"), "count"] == 3

    @pytest.mark.parametrize(("dim", "axis"), [("index", 0), ("columns", 1), (0, 0), (1, 1)])
    def test_one_test_for_each_of_the_other_labels(self, dim, axis):
        data = self.FRAME, self.TOTALS, self.SHARES
        result = over_represented_in_all(*data, dim=dim)
        for name in result.pvalue.index:
            one = over_represented_in_all(*(f.xs(name, axis=1 - axis) for f in data))
            assert result.pvalue[name] == one.pvalue
            assert result.effect.low[name] == one.effect.low
        frame = result.to_frame()
        assert len(frame) == self.FRAME.shape[1 - axis]

    def test_xarray_and_arrays(self):
        arrays = [
            xr.DataArray(f, dims=["region", "role"], coords={"role": ["offender", "victim"]})
            for f in (self.FRAME, self.TOTALS, self.SHARES)
        ]
        frames = over_represented_in_all(self.FRAME, self.TOTALS, self.SHARES, dim="index")
        labelled = over_represented_in_all(*arrays, dim="region")
        assert labelled.pvalue.dims == ("role",)
        np.testing.assert_array_equal(labelled.pvalue, frames.pvalue)
        both = over_represented_in_all(*arrays, dim=["role", "region"])
        assert float(both.pvalue) == frames.pvalue.max()
        plain = over_represented_in_all(*(a.to_numpy() for a in arrays), dim=0)
        np.testing.assert_array_equal(plain.pvalue, frames.pvalue)
        least = over_represented_in_at_least(*arrays, dim="region", at_least=2)
        assert least.table.shape == (4, 2)

    def test_a_single_cell(self):
        result = over_represented_in_all(6, 258, 0.0101)
        assert result.pvalue == pytest.approx(stats.binom.sf(5, 258, 0.0101), rel=1e-12)


class TestSmallest:
    @given(
        data=cells(),
        method=st.sampled_from(METHODS),
        side=st.sampled_from(["two-sided", "less", "greater"]),
    )
    @settings(max_examples=25)
    def test_limits_and_pvalue_come_from_one_inversion(self, data, method, side):
        found = smallest_ratio(*data, method=method, alternative=side)
        for end, sign in (("low", 1), ("high", -1)):
            limit = getattr(found, end)
            if not 1e-3 < limit < 0.999 / data[2].max():
                continue
            for step, inside in ((1e-5, True), (-1e-5, False)):
                null = limit * (1 + sign * step)
                p = smallest_ratio(*data, method=method, alternative=side, null=null).pvalue
                assert (p >= 0.05) == inside, (end, step)

    def test_the_upper_limit_solves_its_equation(self):
        high = smallest_ratio(COUNT, TOTAL, SHARE, alternative="less").high
        each = stats.binom.cdf(COUNT, TOTAL, high * SHARE)
        assert 1 - (1 - each.min()) ** 4 == pytest.approx(0.05, rel=1e-9)

    def test_the_lower_limit_solves_its_equation(self):
        low = smallest_ratio(COUNT, TOTAL, SHARE, alternative="greater").low
        assert stats.binom.sf(COUNT - 1, TOTAL, low * SHARE).max() == pytest.approx(0.05, rel=1e-9)

    def test_plain_upper_limits_would_not_hold(self):
        """Ten equal ratios, exactly: the minimum of ten limits, with and without allowance."""
        n, p, m = 258, 0.1, 10
        x = np.arange(n + 1)
        chance = stats.binom.pmf(x, n, p)

        def covered(tail):
            limit = np.where(x < n, stats.beta.isf(tail, x + 1, np.maximum(n - x, 1e-9)), 1.0)
            return chance[limit >= p].sum() ** m

        allowed = 1 - 0.975 ** (1 / m)
        assert covered(0.025) < 0.86  # 0.975^10 = 0.776 but for the grid of counts
        assert covered(0.05) < 0.70
        assert covered(allowed) >= 0.975
        found = smallest_ratio(np.full(m, 20), n, p)
        assert found.high * p == pytest.approx(stats.beta.isf(allowed, 21, n - 20), rel=1e-9)

    def test_a_sampled_benchmark_widens(self):
        known = smallest_ratio(COUNT, TOTAL, SHARE)
        sampled = smallest_ratio(COUNT, TOTAL, SHARE, benchmark_n=5000)
        assert sampled.low < known.low
        assert sampled.high > known.high
        vast = smallest_ratio(COUNT, TOTAL, SHARE, benchmark_n=1e13)
        assert vast.low == pytest.approx(known.low, rel=1e-5)
        assert vast.pvalue == pytest.approx(known.pvalue, rel=1e-4)
        assert "uncertain-benchmark" in codes(sampled)

    def test_a_design_effect_divides_counts(self):
        halved = smallest_ratio(COUNT, TOTAL, SHARE, design_effect=2.0)
        again = smallest_ratio(COUNT * 2, TOTAL * 2, SHARE, design_effect=4.0)
        assert halved.low == pytest.approx(again.low, rel=1e-12)
        even = COUNT // 2 * 2, TOTAL // 2 * 2
        exact = over_represented_in_all(even[0] // 2, even[1] // 2, SHARE)
        assert over_represented_in_all(*even, SHARE, design_effect=2).pvalue == exact.pvalue


class TestAtLeast:
    def test_all_is_all_and_one_is_one(self):
        each = np.sort(stats.binom.sf(COUNT - 1, TOTAL, SHARE))
        most = over_represented_in_at_least(COUNT, TOTAL, SHARE, at_least=4)
        assert most.pvalue == over_represented_in_all(COUNT, TOTAL, SHARE).pvalue
        holm = over_represented_in_at_least(COUNT, TOTAL, SHARE, at_least=4, combine="bonferroni")
        assert holm.pvalue == pytest.approx(max(each * [4, 3, 2, 1]), rel=1e-10)
        one = over_represented_in_at_least(COUNT, TOTAL, SHARE, combine="bonferroni")
        assert one.pvalue == pytest.approx(4 * each[0], rel=1e-10)

    def test_the_number_and_the_table_agree(self):
        result = over_represented_in_at_least(COUNT, TOTAL, SHARE)
        assert result.effect.low == result.table["established"].sum() == 2
        assert result.table["pvalue"].is_monotonic_increasing
        assert result.effect.high == 4
        assert result.effect.low <= result.effect.estimate <= 4
        said = note(over_represented_in_all(COUNT, TOTAL, SHARE), "at-least")
        assert "in at least 2 of 4 cells" in said

    @pytest.mark.parametrize(
        ("options", "message"),
        [
            ({"at_least": 0}, r"`at_least` must be a whole number of at least 1 and at most 4"),
            ({"at_least": 5}, r"`at_least` must be a whole number of at least 1 and at most 4"),
            ({"combine": "stouffer"}, r"`combine` must be one of 'bonferroni'"),
        ],
    )
    def test_errors(self, options, message):
        with pytest.raises(InputError, match=message):
            over_represented_in_at_least(COUNT, TOTAL, SHARE, **options)


class TestPower:
    CENSUS = cl.datasets.census2021_benchmark("Black")

    def test_the_published_sample_in_equal_parts(self):
        """Exactly, the product over ten regions: 0.7 % at a ratio of 2, 40 % at 3."""
        share = self.CENSUS.share.to_numpy()
        for ratio, words in ((2, "0.7%"), (3, "40.2%")):
            needed = stats.binom.isf(0.05, 258, share) + 1
            chance = stats.binom.sf(needed - 1, 258, ratio * share).prod()
            found = power_in_all(258, self.CENSUS, true_ratio=ratio)
            assert found == pytest.approx(chance, rel=1e-10)
            assert f"{found:.1%}" == words

    def test_counts_of_the_north_east(self):
        assert smallest_establishing_count(258, 0.0101) == 6
        assert smallest_establishing_count(
            [258, 100], self.CENSUS.share["North East"]
        ).tolist() == [
            6,
            4,
        ]
        assert np.isinf(smallest_establishing_count(2, 0.5))

    def test_kinds(self):
        found = smallest_establishing_count(TOTAL, SHARE)
        pd.testing.assert_index_equal(found.index, REGIONS)
        frame = pd.DataFrame({"a": TOTAL, "b": TOTAL})
        shares = pd.DataFrame({"a": SHARE, "b": SHARE})
        by_role = power_in_all(frame, shares, true_ratio=2, dim="index")
        assert by_role["a"] == power_in_all(TOTAL, SHARE, true_ratio=2)
        both = power_in_all(frame, shares, true_ratio=2)
        assert both == pytest.approx(by_role.prod(), rel=1e-12)

    def test_a_design_effect_takes_people(self):
        assert power_in_all(517, 0.05, true_ratio=2, design_effect=2) == power_in_all(
            258, 0.05, true_ratio=2
        )
        plain = total_needed_in_all(SHARE, true_ratio=2)
        assert total_needed_in_all(SHARE, true_ratio=2, design_effect=1.5) == np.ceil(1.5 * plain)

    def test_the_size_needed_has_the_power(self):
        size = total_needed_in_all(SHARE, true_ratio=2, power=0.9)
        assert power_in_all(size, SHARE, true_ratio=2) >= 0.9
        assert power_in_all(size - 1, SHARE, true_ratio=2) < 0.9

    @pytest.mark.parametrize(
        ("call", "message"),
        [
            (lambda: power_in_all(258, SHARE, true_ratio=1), r"`true_ratio` must be above `ratio`"),
            (lambda: power_in_all(2.5, SHARE, true_ratio=2), r"`total` must be a whole number"),
            (lambda: power_in_all(258, 4.04, true_ratio=2), r"looks like a percentage"),
            (
                lambda: total_needed_in_all(SHARE, true_ratio=2, power=1),
                r"`power` must be a number",
            ),
            (lambda: total_needed_in_all(SHARE, true_ratio=1.0001), r"up to ten million people"),
            (lambda: smallest_establishing_count(258, 0.5, ratio=3), r"`ratio` must be at most"),
            (
                lambda: power_in_all(258, cl.Benchmark(0.1, "a", 2021, n=50), true_ratio=2),
                r"`benchmark` must be a known share",
            ),
        ],
    )
    def test_errors(self, call, message):
        with pytest.raises(InputError, match=message):
            call()


class TestClusters:
    ROWS = pd.DataFrame(
        {
            "region": ["A"] * 6 + ["B"] * 6,
            "cluster": ["a", "a", "a", "b", "b", "c", "d", "d", "e", "e", "f", "g"],
            "count": [1, 1, 1, 0, 0, 0, 1, 1, 0, 0, 0, 1],
        }
    )

    def call(self, **more):
        return over_represented_in_all(self.ROWS["count"], 1, 0.2, by=self.ROWS["region"], **more)

    def test_rows_add_up(self):
        table = self.call().table
        assert table["count"].tolist() == [3, 3]
        assert table["total"].tolist() == [6, 6]
        assert self.call().pvalue == over_represented_in_all([3, 3], [6, 6], 0.2).pvalue

    def test_people_all_alike_count_as_one_a_cluster(self):
        clustered = self.call(cluster=self.ROWS["cluster"])
        worth = np.array([(9 + 4 + 1) / 6, (4 + 4 + 1 + 1) / 6])
        exact = over_represented_in_all([3, 3], [6, 6], 0.2, design_effect=worth)
        assert clustered.pvalue == pytest.approx(exact.pvalue, rel=1e-12)
        assert "correlation of 1," in note(clustered, "clusters")
        assert "poorly known" in note(clustered, "clusters")

    def test_rows_may_be_clusters(self):
        wide = self.ROWS.groupby(["region", "cluster"])["count"].agg(["sum", "size"]).reset_index()
        rows = over_represented_in_all(
            wide["sum"], wide["size"], 0.2, by=wide["region"], cluster=wide["cluster"]
        )
        assert rows.pvalue == self.call(cluster=self.ROWS["cluster"]).pvalue

    def test_benchmarks_by_one_label_of_several(self):
        people = cl.simulate.people(missing=0.0, rng=3)
        black = people["true_ethnicity"].eq("Black").astype(int)
        census = cl.datasets.census2021_benchmark("Black")
        result = over_represented_in_all(black, 1, census, by=people[["region", "role"]])
        assert result.table.index.names == ["region", "role"]
        place = result.table.index.get_level_values("region")
        np.testing.assert_array_equal(result.table["benchmark"], census.share[place])
        assert result.n == 2577

    @pytest.mark.parametrize(
        ("options", "error", "message"),
        [
            ({"by": ["A"] * 11}, LabelMismatchError, "`by` must be one label for each"),
            ({"by": ["A"] * 11 + [None]}, InputError, "`by` must be a label for every row"),
            ({"by": "A"}, InputTypeError, "`by` must be a sequence"),
            ({"by": ROWS["region"][::-1]}, LabelMismatchError, "`by` must be labelled as `count`"),
            ({"cluster": range(12)}, InputError, "`cluster` must be labels that some rows"),
            ({"cluster": [None] * 12}, InputError, "`cluster` must be a label for every row"),
            ({"cluster": [1] * 12, "design_effect": 2}, InputError, "`design_effect` must be left"),
            ({"dim": 0}, InputError, "`dim` must be left out"),
            ({"by": None, "cluster": [1] * 12}, InputError, "`cluster` must be given with `by`"),
        ],
    )
    def test_errors(self, options, error, message):
        given = {"by": self.ROWS["region"], **options}
        with pytest.raises(error, match=message):
            over_represented_in_all(self.ROWS["count"], 1, 0.2, **given)

    @pytest.mark.parametrize(
        ("share", "message"),
        [
            (pd.Series([0.2], index=["A"]), "none for B"),
            (pd.Series([0.2, 0.2, 0.1], index=["A", "B", "B"]), "labels that come twice"),
            (20, "looks like a percentage"),
        ],
    )
    def test_benchmarks_that_do_not_fit(self, share, message):
        with pytest.raises(InputError, match=message):
            over_represented_in_all(self.ROWS["count"], 1, share, by=self.ROWS["region"])

    def test_clusters_without_anyone_of_the_group(self):
        with pytest.raises(InputError, match="these do not show how alike"):
            over_represented_in_all(
                np.zeros(12), 1, 0.2, by=self.ROWS["region"], cluster=self.ROWS["cluster"]
            )


@pytest.mark.parametrize(
    ("arguments", "options", "message"),
    [
        ((COUNT + 0.5, TOTAL, SHARE), {}, "`count` must be a whole number"),
        ((TOTAL, COUNT, SHARE), {}, "`count` must be at most `total`"),
        ((COUNT, TOTAL, 100 * SHARE), {}, "looks like a percentage"),
        ((-COUNT, TOTAL, SHARE), {}, "`count` must be a whole number of at least 0"),
        ((COUNT, TOTAL, np.nan), {}, r"`benchmark` must be a share in \(0, 1\)"),
        ((COUNT[:0], TOTAL[:0], 0.1), {}, "`count` must be non-empty"),
        ((COUNT, TOTAL, SHARE), {"method": "wald"}, "`method` must be one of 'exact'"),
        ((COUNT, TOTAL, SHARE), {"level": 95}, "`level` must be a share"),
        ((COUNT, TOTAL, SHARE), {"ratio": 0}, "`ratio` must be a finite number above 0"),
        ((COUNT, TOTAL, SHARE), {"ratio": 8}, "at most one over the largest benchmark, 7.407"),
        ((COUNT, TOTAL, SHARE), {"true_ratio": 1}, "`true_ratio` must be a finite number above 1"),
        ((COUNT, TOTAL, SHARE), {"design_effect": 0}, "`design_effect` must be finite and above 0"),
        ((COUNT, TOTAL, SHARE), {"benchmark_n": -1}, "`benchmark_n` must be finite and above 0"),
        ((COUNT, TOTAL, SHARE), {"dim": [0, 0]}, "`dim` must be different dimensions"),
        ((COUNT, TOTAL, SHARE), {"dim": 3}, "`dim` must be an axis number"),
    ],
)
def test_errors(arguments, options, message):
    with pytest.raises(InputError, match=message):
        over_represented_in_all(*arguments, **options)


def test_labels_that_do_not_match():
    with pytest.raises(LabelMismatchError):
        over_represented_in_all(COUNT, TOTAL[::-1], SHARE)


def test_dask_is_refused():
    lazy = xr.DataArray(COUNT.to_numpy(), dims="region").chunk()
    with pytest.raises(InputError, match="`count` must be in memory"):
        over_represented_in_all(lazy, 258, 0.1)
