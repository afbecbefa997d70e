"""Doubts about the benchmark: several of them, the tipping share, the Mixed group."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import countylines as cl
from countylines.disproportionality import (
    benchmark_sensitivity,
    benchmark_tipping_point,
    mixed_group_bounds,
    representation_ratio,
    representation_to_rate_ratio,
)
from countylines.errors import InputError, InputTypeError, SparseDataWarning

SHARES = {"all": 0.04, "London": 0.135}


class TestSensitivity:
    def test_each_row_is_a_representation_ratio(self):
        table = benchmark_sensitivity(40, 258, SHARES)
        for name, q in SHARES.items():
            ratio = representation_ratio(40, 258, q)
            rate = representation_to_rate_ratio(ratio, q)
            row = table.loc[name]
            assert (row["estimate"], row["low"], row["high"]) == (
                ratio.estimate,
                ratio.low,
                ratio.high,
            )
            assert (row["rate_ratio"], row["rate_ratio_low"], row["rate_ratio_high"]) == (
                rate.estimate,
                rate.low,
                rate.high,
            )
            assert row["bound"] == 1 / q

    def test_the_last_row_is_the_hull(self):
        table = benchmark_sensitivity(40, 258, SHARES)
        last = table.loc["all benchmarks"]
        assert list(table.index)[-1] == "all benchmarks"
        assert np.isnan(last["estimate"])
        assert last["region_low"] == pytest.approx(40 / 258 / 0.135)
        assert last["region_high"] == pytest.approx(40 / 258 / 0.04)
        assert last["low"] == table.loc["London", "low"]
        assert last["high"] == table.loc["all", "high"]
        assert (last["share_low"], last["share_high"]) == (0.04, 0.135)
        assert table["established"].tolist() == [True, False, False]

    def test_all_established_on_different_sides_is_not_established(self):
        table = benchmark_sensitivity(400, 2580, {"low": 0.04, "high": 0.5})
        assert table["established"].tolist() == [True, True, False]

    def test_a_series_a_mapping_and_a_table_agree(self):
        mapping = benchmark_sensitivity(40, 258, SHARES)
        series = benchmark_sensitivity(40, 258, pd.Series(SHARES))
        table = benchmark_sensitivity(40, 258, pd.DataFrame({"share": SHARES}))
        pd.testing.assert_frame_equal(mapping, series)
        pd.testing.assert_frame_equal(mapping, table)

    def test_a_sample_widens(self):
        sampled = cl.Benchmark(0.09, "arrested", 2023, n=800)
        table = benchmark_sensitivity(40, 258, {"known": 0.09, "sampled": sampled})
        one = representation_ratio(40, 258, 0.09, benchmark_n=800)
        assert (table.loc["sampled", "low"], table.loc["sampled", "high"]) == (one.low, one.high)
        assert table.loc["sampled", "method"] == "MOVER-R of mid-p"
        assert np.isnan(table.loc["sampled", "rate_ratio"])
        assert np.isnan(table.loc["sampled", "bound"])
        assert table.loc["sampled", "low"] < table.loc["known", "low"]

    def test_a_standard_error_is_a_sample(self):
        error = np.sqrt(0.09 * 0.91 / 800)
        both = pd.DataFrame(
            {"share": [0.09, 0.09], "n": [800, np.nan], "standard_error": [np.nan, error]},
            index=["size", "error"],
        )
        table = benchmark_sensitivity(40, 258, both)
        assert table.loc["error", "benchmark_n"] == pytest.approx(800)
        assert table.loc["error", "low"] == pytest.approx(table.loc["size", "low"], rel=1e-9)

    def test_a_range_of_shares(self):
        band = benchmark_sensitivity(40, 258, {"narrow or wide": cl.Band(0.0404, 0.0532)})
        row = band.iloc[0]
        assert np.isnan(row["estimate"])
        assert row["region_low"] == pytest.approx(40 / 258 / 0.0532)
        assert row["low"] == representation_ratio(40, 258, 0.0532).low
        assert row["high"] == representation_ratio(40, 258, 0.0404).high
        frame = pd.DataFrame({"low": [0.0404], "high": [0.0532]}, index=["narrow or wide"])
        pd.testing.assert_frame_equal(band, benchmark_sensitivity(40, 258, frame))

    def test_names_and_vintages(self):
        named = {"first": cl.Benchmark(0.04, "residents", "Census 2021"), "second": 0.1}
        table = benchmark_sensitivity(40, 258, named)
        assert table.loc["first", ["population", "vintage"]].tolist() == [
            "residents",
            "Census 2021",
        ]
        notes = " ".join(table.attrs["notes"])
        assert "residents (Census 2021)" in notes
        assert "not stated for: second" in notes
        assert "not evidence of its cause" in notes
        vintages = pd.DataFrame({"share": [0.04], "vintage": [2011]}, index=["old"])
        assert benchmark_sensitivity(40, 258, vintages).loc["old", "vintage"] == "2011"

    def test_one_warning_for_the_same_counts(self):
        with pytest.warns(SparseDataWarning) as seen:
            benchmark_sensitivity(2, 258, SHARES, method="wald")
        assert len(seen) == 1

    def test_nobody_in_the_group(self):
        table = benchmark_sensitivity(0, 258, SHARES)
        assert (table["low"] == 0).all()
        assert (table["high"] > 0).all()

    @pytest.mark.parametrize(
        ("benchmarks", "message"),
        [
            ({"all": 4.04}, r"`benchmarks\['all'\]` must be a share .* percentage"),
            ({"all": cl.Band(0, 0.1)}, r"`benchmarks\['all'\]` must be a share in \(0, 1\)"),
            ({}, "`benchmarks` must be non-empty"),
            ({"all benchmarks": 0.1}, "`benchmarks` must be named otherwise"),
            (pd.Series([0.1, 0.2], index=["a", "a"]), "of different names, got one twice"),
            (pd.DataFrame({"share": [0.1, 0.2]}, index=["a", "a"]), "of different names"),
            (pd.DataFrame({"percent": [4.0]}), "with the column share.*got the column 'percent'"),
            (pd.DataFrame({"n": [4.0]}), "with the column share, or low and high.*got n"),
            (
                pd.DataFrame({"share": [0.1], "n": [5], "standard_error": [0.1]}),
                "of which it has one at most",
            ),
            (pd.DataFrame({"low": [0.2], "high": [0.1]}), r"at most `benchmarks.loc\[0\]\['high'"),
            (pd.DataFrame({"share": [0.1], "n": [0.0]}), r"`benchmarks.loc\[0\]\['n'\]` must be"),
        ],
    )
    def test_errors(self, benchmarks, message):
        with pytest.raises(InputError, match=message):
            benchmark_sensitivity(40, 258, benchmarks)

    def test_types(self):
        with pytest.raises(InputTypeError, match="`benchmarks` must be a mapping, Series or"):
            benchmark_sensitivity(40, 258, 0.04)
        with pytest.raises(InputTypeError, match=r"`benchmarks\['a'\]` must be a single number"):
            benchmark_sensitivity(40, 258, {"a": "0.04"})
        with pytest.raises(InputError, match="`total` must be a whole number of at least 1"):
            benchmark_sensitivity(0, 0, SHARES)


class TestTippingShare:
    @given(st.integers(0, 60), st.integers(1, 90), st.floats(0.5, 4.0))
    def test_against_that_benchmark_the_ratio_is_the_threshold(self, x, other, threshold):
        tip = benchmark_tipping_point(x, x + other, threshold=threshold)
        if tip.estimable and 0 < tip.estimate < 1:
            ratio = representation_ratio(x, x + other, tip.estimate)
            assert ratio.estimate == pytest.approx(threshold, rel=1e-12)
        if 0 < tip.low < 1:
            ratio = representation_ratio(x, x + other, tip.low)
            assert ratio.low == pytest.approx(threshold, rel=1e-9)

    def test_at_the_limit(self):
        limit = benchmark_tipping_point(40, 258, at="limit")
        assert limit.estimate == limit.low == benchmark_tipping_point(40, 258).low
        assert np.isnan(limit.standard_error)

    def test_no_share_is_large_enough(self):
        tip = benchmark_tipping_point(40, 50, threshold=0.5)
        assert tip.verdict.code == "out-of-range"
        assert np.isnan(tip.estimate)
        assert (tip.low, tip.high) == (1.0, 1.0)

    def test_no_data(self):
        with pytest.warns(cl.errors.DegenerateDataWarning):
            assert benchmark_tipping_point(0, 0).verdict.code == "no-data"

    def test_errors(self):
        with pytest.raises(InputError, match="`threshold` must be finite and above 0, got 0"):
            benchmark_tipping_point(4, 25, threshold=0)
        with pytest.raises(InputError, match="`at` must be one of"):
            benchmark_tipping_point(4, 25, at="end")


class TestMixedGroup:
    @given(
        st.integers(0, 40),
        st.integers(0, 30),
        st.integers(1, 60),
        st.floats(0.01, 0.4),
        st.floats(0.0, 0.4),
        st.floats(0.0, 1.0),
    )
    def test_every_allocation_lies_within(self, x, mixed, other, q, q_mixed, part):
        bounds = mixed_group_bounds(x, mixed, x + mixed + other, q, q_mixed)
        one = mixed_group_bounds(x, mixed, x + mixed + other, q, q_mixed, allocated=(part, part))
        assert bounds.region_low - 1e-12 <= one.region_low <= bounds.region_high + 1e-12
        assert bounds.low - 1e-9 <= one.low
        assert one.high <= bounds.high + 1e-9

    def test_none_and_all_are_representation_ratios(self):
        none = mixed_group_bounds(40, 20, 258, 0.04, 0.013, allocated=(0, 0))
        every = mixed_group_bounds(40, 20, 258, 0.04, 0.013, allocated=(1, 1))
        for result, count, q in ((none, 40, 0.04), (every, 60, 0.053)):
            ratio = representation_ratio(count, 258, q)
            assert result.verdict.code == "ok"
            assert (result.estimate, result.low, result.high) == pytest.approx(
                (ratio.estimate, ratio.low, ratio.high), rel=1e-12
            )

    def test_a_rule_for_each_widens(self):
        same = mixed_group_bounds(40, 20, 258, 0.04, 0.013)
        apart = mixed_group_bounds(40, 20, 258, 0.04, 0.013, same_rule=False)
        assert apart.region_low == pytest.approx(40 / 258 / 0.053)
        assert apart.region_high == pytest.approx(60 / 258 / 0.04)
        assert apart.region_low < same.region_low
        assert apart.region_high > same.region_high
        assert apart.verdict.code == "not-identified"
        assert "whole region" in " ".join(note.text for note in apart.notes)

    def test_nobody_mixed_anywhere(self):
        result = mixed_group_bounds(40, 0, 258, 0.04, 0.0)
        assert result.estimate == pytest.approx(40 / 258 / 0.04)

    @pytest.mark.parametrize(
        ("arguments", "options", "message"),
        [
            ((40, 230, 258, 0.04, 0.01), {}, "`count \\+ mixed` must be at most `total`"),
            ((40, 20, 258, 0.6, 0.4), {}, "`benchmark \\+ mixed_benchmark` must be below 1"),
            ((40, 20, 258, 4.04, 0.4), {}, "`benchmark` must be a share.*percentage"),
            ((40, 20, 258, 0.04, -0.1), {}, "`mixed_benchmark` must be a share"),
            ((40, 20, 258, 0.04, 0.01), {"allocated": (0.6, 0.2)}, "must be at most `allocated"),
            ((40, 20, 258, 0.04, 0.01), {"allocated": 0.5}, "`allocated` must be a pair"),
            ((40, 20, 258, 0.04, 0.01), {"same_rule": 1}, "`same_rule` must be True or False"),
        ],
    )
    def test_errors(self, arguments, options, message):
        with pytest.raises(InputError, match=message):
            mixed_group_bounds(*arguments, **options)


def test_a_table_of_records():
    """Every record against every benchmark, as if it were given alone."""
    benchmarks = {"residents": 0.04, "arrested": cl.Benchmark(0.09, "arrested", 2023, n=800)}
    count = pd.Series([40, 3], index=pd.Index(["offender", "victim"], name="role"))
    total = pd.Series([258, 90], index=count.index)
    table = benchmark_sensitivity(count, total, benchmarks, null=1.2, level=0.9)
    assert table.index.names == ["role", "benchmark"]
    for role in count.index:
        alone = benchmark_sensitivity(
            int(count[role]), int(total[role]), benchmarks, null=1.2, level=0.9
        )
        pd.testing.assert_frame_equal(table.loc[role], alone, check_names=False)
    assert table.attrs == alone.attrs
    same = benchmark_sensitivity(count, 258, benchmarks)
    assert set(same["n"]) == {258}
    nested = count.set_axis(pd.MultiIndex.from_tuples([("N", "x"), ("S", "y")]))
    assert benchmark_sensitivity(nested, 258, benchmarks).index.nlevels == 3


@pytest.mark.parametrize(
    ("count", "total", "message"),
    [
        (pd.Series({"a": 2.5}), 10, "`count` must be a whole number"),
        (pd.Series({"a": 20, "b": 3}), 10, "`count` must be at most `total`, got 20 > 10"),
        (
            pd.Series({"a": 0, "b": 3}),
            pd.Series({"a": 0, "b": 9}),
            "`total` must be a whole number of",
        ),
        (pd.Series({"a": 2}), pd.Series({"b": 9}), "`total`"),
        (pd.Series([], dtype=float), 10, "`count` must"),
    ],
)
def test_errors_of_a_table_of_records(count, total, message):
    with pytest.raises(InputError, match=message):
        benchmark_sensitivity(count, total, {"residents": 0.04})
