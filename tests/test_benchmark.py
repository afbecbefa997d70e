"""A benchmark carries its population and its vintage into every result."""

from __future__ import annotations

import pickle

import numpy as np
import pandas as pd
import pytest

import countylines as cl
from countylines import Benchmark
from countylines.disproportionality import excess_count, representation_ratio
from countylines.errors import InputError, InputTypeError

NORTH_EAST = Benchmark(0.0101, "residents of the North East", "Census 2021")


def the_note(result):
    (note,) = [note for note in result.notes if note.code == "benchmark"]
    return note.text


def test_it_says_what_it_is():
    assert str(NORTH_EAST) == "residents of the North East (Census 2021)"
    assert repr(NORTH_EAST) == "Benchmark('residents of the North East', vintage='Census 2021')"
    assert repr(Benchmark(0.1, "people aged 18 to 34", 2021, n=900)).endswith("from a sample)")
    assert Benchmark(0.1, "people", np.int64(2021)).vintage == "2021"


@pytest.mark.parametrize("function", [representation_ratio, excess_count])
def test_results_carry_it(function):
    named, plain = function(6, 258, NORTH_EAST), function(6, 258, 0.0101)
    assert the_note(named) == "Benchmark: residents of the North East (Census 2021)."
    assert "not stated" in the_note(plain)
    assert (named.estimate, named.low, named.high, named.pvalue) == (
        plain.estimate,
        plain.low,
        plain.high,
        plain.pvalue,
    )


@pytest.mark.parametrize("function", [representation_ratio, excess_count])
def test_a_later_test_carries_it_too(function):
    result = function(6, 258, NORTH_EAST)
    assert "North East" in the_note(result.test(null=1.2, alternative="greater"))


def test_a_sample_is_an_uncertain_benchmark():
    sampled = Benchmark(0.04, "people seen on foot", 2023, n=1000)
    result = representation_ratio(13, 50, sampled)
    plain = representation_ratio(13, 50, 0.04, benchmark_n=1000)
    assert (result.low, result.high, result.pvalue) == (plain.low, plain.high, plain.pvalue)
    assert result.test(null=2.0).pvalue == plain.test(null=2.0).pvalue
    with pytest.raises(InputError, match="`benchmark_n` must be None where the benchmark has"):
        representation_ratio(13, 50, sampled, benchmark_n=50)
    with pytest.raises(InputError, match="`benchmark` must be a known share in excess_count"):
        excess_count(13, 50, sampled)


def test_labels_are_kept_and_cannot_be_written_to():
    share = pd.Series([0.0101, 0.135], index=["North East", "London"])
    benchmark = Benchmark(share, "residents", 2021)
    share[:] = 0.9
    assert benchmark.share.tolist() == [0.0101, 0.135]
    with pytest.raises(ValueError, match="read-only"):
        benchmark.share.to_numpy()[:] = 0
    result = representation_ratio(pd.Series([6, 40], index=share.index), 258, benchmark)
    assert list(result.estimate.index) == ["North East", "London"]
    again = pickle.loads(pickle.dumps(benchmark))
    assert again.share.equals(benchmark.share)
    with pytest.raises(AttributeError):
        benchmark.name = "other"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((4.04, "residents", 2021), r"`share` must be a share in \(0, 1\), got 4.04.*percentage"),
        ((0.0, "residents", 2021), r"`share` must be a share in \(0, 1\), got 0"),
        ((np.nan, "residents", 2021), r"`share` must be a share in \(0, 1\), got nan"),
        ((0.1, " ", 2021), "`name` must be a text that says what the population is"),
        ((0.1, "residents", ""), "`vintage` must be a text that says"),
        ((0.1, "residents", 2021, 0), "`n` must be finite and above 0, got 0"),
        ((0.1, "residents", 2021, np.inf), "`n` must be finite and above 0, got inf"),
    ],
)
def test_values_that_are_refused(arguments, message):
    with pytest.raises(InputError, match=message):
        Benchmark(*arguments)


def test_types_that_are_refused():
    with pytest.raises(InputTypeError, match="`name` must be a text, got 3"):
        Benchmark(0.1, 3, 2021)
    with pytest.raises(InputTypeError, match="`vintage` must be a text, got True"):
        Benchmark(0.1, "residents", True)
    with pytest.raises(InputTypeError, match="`share` must be"):
        Benchmark("0.1", "residents", 2021)


def test_conversions_and_the_mixed_group_take_it():
    conversions = cl.disproportionality
    ratio = representation_ratio(6, 258, NORTH_EAST)
    rate = conversions.representation_to_rate_ratio(ratio, NORTH_EAST)
    assert rate.low == conversions.representation_to_rate_ratio(ratio, 0.0101).low
    assert "North East" in the_note(rate)
    back = conversions.rate_to_representation_ratio(rate, NORTH_EAST)
    assert back.high == pytest.approx(ratio.high)
    mixed = Benchmark(0.005, "Mixed residents of the North East", 2021)
    bounds = conversions.mixed_group_bounds(6, 3, 258, NORTH_EAST, mixed)
    plain = conversions.mixed_group_bounds(6, 3, 258, 0.0101, 0.005)
    assert (bounds.low, bounds.high) == (plain.low, plain.high)
    assert "North East" in the_note(bounds)
    sampled = Benchmark(0.04, "people seen on foot", 2023, n=1000)
    with pytest.raises(InputError, match="known share in representation_to_rate_ratio"):
        conversions.representation_to_rate_ratio(2.0, sampled)


class TestCensus:
    def test_regions(self):
        black = cl.datasets.census2021_benchmark("Black")
        assert len(black.share) == 10
        assert black.share["North East"] == pytest.approx(0.010062, abs=5e-7)
        assert str(black) == "Black among residents of all ages (Census 2021)"
        assert black.n is None

    def test_one_place(self):
        one = cl.datasets.census2021_benchmark("Black", place="England and Wales")
        assert one.share == pytest.approx(0.040426, abs=5e-7)
        assert "residents of England and Wales, all ages" in one.name

    def test_groups_are_added_up(self):
        mixed = ["White and Black African", "White and Black Caribbean"]
        several = cl.datasets.census2021_benchmark(["Black", *mixed]).share
        parts = [cl.datasets.census2021_benchmark(g).share for g in ("Black", *mixed)]
        pd.testing.assert_series_equal(several, sum(parts), check_names=False)

    def test_fine_groups_make_up_the_broad_one(self):
        fine = cl.datasets.census2021_benchmark(["African", "Caribbean", "Other Black"]).share
        broad = cl.datasets.census2021_benchmark("Black").share
        np.testing.assert_allclose(fine, broad, rtol=1e-12)

    def test_overlapping_groups_are_refused(self):
        for groups in (["Black", "African"], ["Black", "Black"]):
            with pytest.raises(InputError, match="`ethnic_group` must be groups that do not ov"):
                cl.datasets.census2021_benchmark(groups)

    def test_unknown_words(self):
        with pytest.raises(InputError, match="Did you mean 'Black'"):
            cl.datasets.census2021_benchmark("Blck")
        with pytest.raises(InputError, match="`place` must be one of"):
            cl.datasets.census2021_benchmark("Black", place="Atlantis")
        with pytest.raises(InputTypeError, match="`ethnic_group` must be a group or a list"):
            cl.datasets.census2021_benchmark([])


def test_the_ratio_says_that_it_is_not_evidence_of_its_cause():
    assert "not-a-cause" in [note.code for note in representation_ratio(6, 258, NORTH_EAST).notes]


def test_both_populations_of_a_mixed_group_are_named():
    black = Benchmark(0.04, "Black residents", "Census 2021")
    mixed = Benchmark(0.013, "residents of Mixed ethnicity", "Census 2011")
    bounds = cl.disproportionality.mixed_group_bounds
    texts = [note.text for note in bounds(40, 20, 258, black, mixed).notes]
    assert "Benchmark: Black residents (Census 2021)." in texts
    assert "Benchmark of the Mixed: residents of Mixed ethnicity (Census 2011)." in texts
    same = Benchmark(0.013, "Black residents", "Census 2021")
    codes = [note.code for note in bounds(40, 20, 258, black, same).notes]
    assert "mixed-benchmark" not in codes


def test_the_table_of_all_cells_carries_it():
    test = cl.disproportionality.over_represented_in_all(
        [3, 4], 100, Benchmark([0.01, 0.02], "residents", 2021)
    )
    assert "Benchmark: residents (2021)." in test.table.attrs["notes"]
