"""What downstream packages are given for their own tests."""

from __future__ import annotations

import dataclasses
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from hypothesis import find, given
from hypothesis import strategies as st
from results import a_test, estimate, population
from scipy import stats

from countylines import testing
from countylines.errors import InputError


class TestStrategies:
    @given(testing.counts_of_totals())
    def test_counts_of_totals(self, pair):
        count, total = pair
        assert count.shape == total.shape
        assert 1 <= count.size <= 8
        assert count.dtype.kind == total.dtype.kind == "i"
        assert ((count >= 0) & (count <= total) & (total >= 1) & (total <= 1000)).all()

    @given(testing.counts_of_totals(length=3, largest=5, empty=True))
    def test_counts_of_totals_with_options(self, pair):
        assert pair[0].shape == (3,)
        assert pair[1].max() <= 5

    @pytest.mark.parametrize(
        "wanted",
        [
            lambda c, t: c[0] == 0 and t[0] > 3,
            lambda c, t: c[0] == t[0] > 3,
            lambda c, t: 0 < c[0] < t[0],
            lambda c, t: t[0] == 1000,
            lambda c, t: c.size == 8,
        ],
        ids=["none", "all", "some", "largest", "longest"],
    )
    def test_the_edges_are_reached(self, wanted):
        find(testing.counts_of_totals(), lambda pair: wanted(*pair))

    def test_empty_totals_only_if_asked_for(self):
        find(testing.counts_of_totals(empty=True), lambda pair: (pair[1] == 0).any())

    @given(testing.rate_tables(largest=50, exposure=1e4))
    def test_rate_tables(self, table):
        assert list(table) == ["count", "exposure", "ref_count", "ref_exposure"]
        assert len({values.shape for values in table.values()}) == 1
        for name in ("count", "ref_count"):
            assert ((table[name] >= 0) & (table[name] <= 50)).all()
            assert table[name].dtype.kind == "i"
        for name in ("exposure", "ref_exposure"):
            assert ((table[name] >= 1) & (table[name] <= 1e4)).all()

    @given(st.integers(1, 6).flatmap(lambda n: st.tuples(st.just(n), testing.label_indexes(n))))
    def test_label_indexes(self, drawn):
        length, index = drawn
        assert isinstance(index, pd.Index)
        assert len(index) == length
        assert index.is_unique

    @pytest.mark.parametrize(
        "wanted",
        [
            lambda i: i.nlevels == 2,
            lambda i: isinstance(i, pd.DatetimeIndex),
            lambda i: i.dtype.kind == "i",
            lambda i: i.name == "n",
        ],
        ids=["levels", "dates", "numbers", "taken name"],
    )
    def test_every_kind_of_label_is_reached(self, wanted):
        find(testing.label_indexes(2), wanted)

    @given(testing.capture_cells(3, largest=9))
    def test_capture_cells(self, cells):
        assert set(cells) == {"111", "110", "101", "100", "011", "010", "001"}
        assert all(0 <= count <= 9 for count in cells.values())
        assert sum(cells.values()) > 0

    @given(testing.capture_cells(2, complete=False))
    def test_capture_cells_with_some_left_out(self, cells):
        assert set(cells) <= {"11", "10", "01"}
        assert sum(cells.values()) > 0

    @given(testing.capture_cells(4))
    def test_capture_cells_are_taken_by_the_histories(self, cells):
        from countylines.capture_recapture import CaptureHistories

        histories = CaptureHistories.from_cells(cells, lists=["A", "B", "C", "D"])
        assert histories.n_observed == sum(cells.values())

    @pytest.mark.parametrize(
        ("make", "message"),
        [
            (lambda: testing.counts_of_totals(length=0), "`length` must be a whole number of at"),
            (lambda: testing.counts_of_totals(largest=0), "`largest` must be a whole number of at"),
            (lambda: testing.counts_of_totals(empty=1), "`empty` must be True or False"),
            (lambda: testing.rate_tables(exposure=0), "`exposure` must be a finite number of at"),
            (lambda: testing.label_indexes(0), "`length` must be a whole number of at least 1"),
            (lambda: testing.capture_cells(1), "`lists` must be a whole number of at least 2"),
            (lambda: testing.capture_cells(17), "at most 16, got 17"),
        ],
        ids=range(7),
    )
    def test_bad_options(self, make, message):
        with pytest.raises(InputError) as raised:
            make()
        assert message in str(raised.value)

    def test_without_hypothesis_the_pip_line_is_named_and_assertions_work(self):
        code = (
            "import sys; sys.modules['hypothesis'] = None\n"
            "import countylines as cl\n"
            "cl.testing.assert_covers([0] * 100, [1] * 100, 0.5)\n"
            "try:\n    cl.testing.capture_cells()\n"
            "except cl.errors.MissingExtraError as error:\n    print(error)\n"
        )
        done = subprocess.run(
            [sys.executable, "-P", "-c", code], capture_output=True, text=True, check=True
        )
        assert done.stdout == (
            "countylines.testing needs hypothesis. Install it with: "
            'pip install "countylines[test]"\n'
        )


class TestIdentical:
    @pytest.mark.parametrize("make", [estimate, population, a_test])
    def test_the_same(self, make):
        testing.assert_identical(make("series"), make("series"))

    def test_every_field_that_differs_is_named(self):
        one = estimate("series")
        other = dataclasses.replace(one, method="wilson", level=0.9, low=one.low + 0.01)
        with pytest.raises(AssertionError) as raised:
            testing.assert_identical(one, other)
        assert str(raised.value) == (
            "the results differ in\n"
            "  low: Series of shape (2,) against Series of shape (2,)\n"
            "  method: 'mid-p' against 'wilson'\n"
            "  level: 0.95 against 0.9"
        )

    def test_types_that_differ(self):
        with pytest.raises(AssertionError, match="Estimate is not TestResult"):
            testing.assert_identical(estimate(), a_test())

    def test_things_that_are_no_results(self):
        with pytest.raises(AssertionError, match="3 is not a result of countylines"):
            testing.assert_identical(3, 3)

    def test_how_it_can_be_tested_again_makes_no_difference(self):
        testing.assert_identical(estimate(), estimate(_recompute=estimate))


class TestCovers:
    def test_the_band_is_exact(self):
        found = testing.assert_covers(
            np.zeros(200), np.repeat([1.0, 0.4], [190, 10]), 0.5, at_least=0.9, false_alarm=0.025
        )
        assert (found.covered, found.simulations) == (0.95, 200)
        exact = stats.binomtest(190, 200).proportion_ci(0.95, method="exact")
        assert (found.band_low, found.band_high) == pytest.approx((exact.low, exact.high))

    @pytest.mark.parametrize(("hits", "band"), [(0, (0.0, None)), (50, (None, 1.0))])
    def test_all_or_none(self, hits, band):
        high = np.repeat([1.0, 0.0], [hits, 50 - hits])
        found = testing.assert_covers(np.zeros(50), high, 0.5, at_least=0.0)
        assert found.covered == hits / 50
        for value, expected in zip((found.band_low, found.band_high), band, strict=True):
            assert expected is None or value == expected
        assert found.band_low < found.band_high

    def test_too_rarely(self):
        exact = stats.binomtest(850, 1000).proportion_ci(1 - 2e-6, method="exact")
        with pytest.raises(AssertionError) as raised:
            testing.assert_covers(np.zeros(1000), np.repeat([1.0, 0.4], [850, 150]), 0.5)
        assert str(raised.value) == (
            "850 of 1,000 intervals covered the truth (0.8500), so that the true coverage is "
            f"between {exact.low:.4f} and {exact.high:.4f} but for a chance of 1e-06 on "
            "either side; it should be between 0.95 and 1"
        )

    def test_too_often(self):
        with pytest.raises(AssertionError, match=r"it should be between 0\.9 and 0\.95"):
            testing.assert_covers(np.zeros(1000), np.ones(1000), 0.5, at_least=0.9, at_most=0.95)

    def test_undefined_limits_cover_nothing_and_are_counted(self):
        low = np.repeat([0.0, np.nan], [850, 150])
        with pytest.raises(AssertionError, match=r"\(150 intervals were undefined\)"):
            testing.assert_covers(low, np.ones(1000), 0.5)

    def test_infinite_limits_cover(self):
        found = testing.assert_covers(np.full(50, -np.inf), np.full(50, np.inf), 0.5)
        assert found.covered == 1

    def test_ends_belong_to_the_interval_and_truths_may_differ(self):
        truth = np.linspace(0, 1, 50)
        assert testing.assert_covers(truth, truth, truth).covered == 1

    def test_a_right_method_passes_and_a_wrong_one_fails(self):
        rng = np.random.default_rng(1)
        means = rng.normal(size=20_000)
        for width, passes in ((1.96, True), (1.645, False), (2.576, False)):
            ends = (means - width, means + width, 0.0)
            if passes:
                testing.assert_covers(*ends, at_least=0.95, at_most=0.95)
            else:
                with pytest.raises(AssertionError):
                    testing.assert_covers(*ends, at_least=0.95, at_most=0.95)

    @pytest.mark.parametrize(
        ("changes", "message"),
        [
            ({"at_least": 1.2}, "`at_least` must be a number in [0, 1], got 1.2."),
            ({"at_most": 0.5}, "`at_most` must be a number in [0.95, 1], got 0.5."),
            ({"false_alarm": 0}, "`false_alarm` must be a number in (0, 0.5], got 0."),
            ({"low": [], "high": []}, "`low` must be non-empty, got no intervals."),
        ],
        ids=range(4),
    )
    def test_bad_input(self, changes, message):
        given_values = {"low": [0.0], "high": [1.0], "truth": 0.5} | changes
        with pytest.raises(InputError) as raised:
            testing.assert_covers(**given_values)
        assert str(raised.value) == message
