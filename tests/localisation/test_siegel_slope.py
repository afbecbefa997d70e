"""Siegel's slope: reference case, its definition, limits that its test does not reject, errors."""

from __future__ import annotations

import json
from pathlib import Path
from statistics import median

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st

from countylines.errors import DegenerateDataWarning, InputError, LabelMismatchError
from countylines.localisation import siegel_slope

CASES = json.loads((Path(__file__).parents[1] / "reference" / "breaks.json").read_text())["cases"]
LINES = [20, 23, 24, 28, 29, 3, 2, 38, 41, 42]


@pytest.mark.reference
def test_reference():
    (case,) = (c for c in CASES if c["family"] == "siegel")
    found = siegel_slope(case["inputs"]["x"], replicates=19, rng=1)
    assert found.estimate == pytest.approx(case["expected"]["siegel_slope"], rel=1e-12)


@settings(max_examples=30)
@given(st.lists(st.integers(-50, 50), min_size=3, max_size=9, unique=True), st.data())
def test_definition(x, data):
    gaps = data.draw(st.lists(st.integers(1, 5), min_size=len(x), max_size=len(x)))
    t = np.cumsum(gaps)
    n = range(len(x))
    expected = median(median((x[j] - x[i]) / (t[j] - t[i]) for j in n if j != i) for i in n)
    found = siegel_slope(x, time=t, replicates=9, rng=1)
    assert found.estimate == pytest.approx(expected, rel=1e-12, abs=1e-12)


class TestLimits:
    @pytest.mark.parametrize("level", [0.9, 0.95])
    def test_the_test_turns_at_the_limits(self, level):
        x = np.array([3, 5, 4, 9, 8, 12, 11, 10, 16.0])
        found = siegel_slope(x, level=level, rng=2)
        width = found.high - found.low
        for end, side in ((found.low, -1), (found.high, 1)):
            out = siegel_slope(x, level=level, null=end + side * 1e-5 * width, rng=2).pvalue
            within = siegel_slope(x, level=level, null=end - side * 1e-5 * width, rng=2).pvalue
            assert out < 1 - level - 1e-12
            assert within >= 1 - level - 1e-12

    def test_one_sided(self):
        both = siegel_slope(LINES, level=0.9, rng=3)
        up = siegel_slope(LINES, level=0.95, alternative="greater", rng=3)
        down = siegel_slope(LINES, level=0.95, alternative="less", rng=3)
        assert up.high == np.inf
        assert up.low == pytest.approx(both.low, rel=1e-9)
        assert down.low == -np.inf
        assert down.high == pytest.approx(both.high, rel=1e-9)

    def test_four_values_reject_nothing(self):
        found = siegel_slope([1, 5, 3, 8], rng=1)
        assert [found.low, found.high] == [-np.inf, np.inf]

    def test_coverage_is_that_of_a_permutation_test(self):
        rng = np.random.default_rng(8)
        rows = rng.standard_t(2, size=(120, 9)) + 0.7 * np.arange(9)
        p = siegel_slope(rows, dim=1, null=0.7, replicates=199, rng=4).pvalue
        assert 0 < (p <= 0.1).mean() < 0.2

    def test_own_test_method(self):
        found = siegel_slope(LINES, rng=5)
        assert found.test(null=0.0).pvalue == siegel_slope(LINES, null=0.0, rng=5).pvalue


class TestKinds:
    def test_series_frames_and_arrays_agree(self):
        frame = pd.DataFrame({"a": LINES, "b": LINES[::-1]}, index=range(2010, 2020))
        found = siegel_slope(frame, rng=1)
        assert list(found.estimate.index) == ["a", "b"]
        assert found.estimate["a"] == -found.estimate["b"]
        array = xr.DataArray(frame.to_numpy(), dims=("year", "force"))
        again = siegel_slope(array, dim="year", rng=1)
        assert list(again.low.values) == list(found.low)

    def test_a_missing_value_keeps_its_place(self):
        x = [float(v) for v in LINES]
        x[3] = np.nan
        found = siegel_slope(x, rng=1)
        again = siegel_slope(np.delete(LINES, 3), time=np.delete(np.arange(10), 3), rng=1)
        assert (found.estimate, found.low, found.high) == (again.estimate, again.low, again.high)
        assert [note.code for note in found.notes] == ["missing-values"]

    def test_half_the_values_may_be_wrong(self):
        t = np.arange(11.0)
        x = 2.0 * t
        x[[1, 3, 6, 9]] += [300, -500, 800, 400]
        assert siegel_slope(x, replicates=9, rng=1).estimate == 2.0


class TestEdges:
    def test_constant(self):
        with pytest.warns(DegenerateDataWarning, match="constant"):
            found = siegel_slope([4.0] * 6, rng=1)
        assert (found.estimate, found.low, found.high) == (0, 0, 0)

    def test_straight(self):
        found = siegel_slope(3.0 * np.arange(7), rng=1)
        assert (found.low, found.high) == (3, 3)

    def test_one_value(self):
        with pytest.warns(DegenerateDataWarning, match="fewer than 2 values"):
            found = siegel_slope([np.nan, 3.0], rng=1)
        assert not found.estimable

    @pytest.mark.parametrize(
        ("x", "options", "message"),
        [
            (5.0, {}, "`x`"),
            ([1, np.inf, 2], {}, "`x` must be finite"),
            (LINES, {"level": 2}, "`level` must be"),
            (LINES, {"replicates": 0}, "`replicates` must be"),
            (LINES, {"null": np.nan}, "`null` must be"),
            (LINES, {"alternative": "more"}, "`alternative` must be"),
            (LINES, {"time": [0] * 10}, "`time` must be increasing"),
            (np.zeros(2001), {}, "at most 2,000 periods, got 2001. Use sens_slope"),
        ],
    )
    def test_errors(self, x, options, message):
        with pytest.raises(InputError, match=message):
            siegel_slope(x, **options)

    def test_times_of_another_length(self):
        with pytest.raises(LabelMismatchError, match="`time` must be one number"):
            siegel_slope(LINES, time=[1, 2])
