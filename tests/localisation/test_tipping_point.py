"""The tipping point: reference cases, detection put back, the nearer limit, zero cells."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from countylines.errors import DegenerateDataWarning, InputError
from countylines.localisation import localisation_odds_ratio, tipping_point

CASES = json.loads((Path(__file__).parents[1] / "reference" / "tipping_point.json").read_text())[
    "cases"
]
SPLIT = (1280, 2727, 4250, 2394)
counts = st.integers(1, 5000)


def codes(result):
    return [note.code for note in result.notes]


def words(result, code):
    return next(note.text for note in result.notes if note.code == code)


@pytest.mark.reference
@pytest.mark.parametrize("case", CASES, ids=lambda case: case["id"])
def test_reference(case):
    data, expected = case["inputs"], case["expected"]
    cells = (data["internal1"], data["external1"], data["internal2"], data["external2"])
    rtol, level = case["tolerance"]["rtol"], case["parameters"]["level"]
    point = tipping_point(*cells, method="woolf", level=level)
    limit = tipping_point(*cells, method="woolf", level=level, at="limit")
    assert point.estimate == pytest.approx(expected["tipping_detection_or_point"], rel=rtol)
    assert limit.estimate == pytest.approx(expected["tipping_detection_or_ci"], rel=rtol)
    assert np.log(point.estimate) == pytest.approx(expected["log_or"], rel=rtol)


class TestPublishedSplit:
    def test_the_figures_that_are_quoted(self):
        assert round(tipping_point(*SPLIT).estimate, 2) == 3.78
        limit = tipping_point(*SPLIT, at="limit", method="woolf")
        assert round(limit.estimate, 2) == 3.48
        assert "at most 26.4 % of the internal lines before" in words(
            tipping_point(*SPLIT), "feasible"
        )

    def test_the_interval_is_that_of_the_odds_ratio(self):
        ratio = localisation_odds_ratio(*SPLIT)
        for at in ("estimate", "limit"):
            result = tipping_point(*SPLIT, at=at)
            assert (result.low, result.high) == (ratio.low, ratio.high)
        assert tipping_point(*SPLIT, at="limit").estimate == ratio.low
        assert tipping_point(*SPLIT).n == sum(SPLIT)


class TestDefinition:
    @given(counts, counts, counts, counts, st.floats(0.05, 20))
    def test_detection_put_back_leaves_the_null(self, i0, e0, i1, e1, null):
        factor = tipping_point(i0, e0, i1, e1, null=null, method="woolf").estimate
        # Undo the change of detection on the internal lines after.
        assert (i1 / factor / e1) / (i0 / e0) == pytest.approx(null, rel=1e-12)

    @given(counts, counts, counts, counts)
    def test_reversing_time_inverts_it(self, i0, e0, i1, e1):
        for at in ("estimate", "limit"):
            forward = tipping_point(i0, e0, i1, e1, at=at, method="woolf").estimate
            back = tipping_point(i1, e1, i0, e0, at=at, method="woolf").estimate
            assert forward * back == pytest.approx(1, rel=1e-9)

    @given(counts, counts, counts, counts)
    def test_the_limit_needs_less_than_the_estimate(self, i0, e0, i1, e1):
        point = abs(np.log(tipping_point(i0, e0, i1, e1, method="woolf").estimate))
        limit = abs(np.log(tipping_point(i0, e0, i1, e1, at="limit", method="woolf").estimate))
        assert limit <= point

    def test_at_the_limit_the_interval_of_what_is_left_just_touches_the_null(self):
        # Detection enters only through the odds ratio, so dividing the interval is the whole story.
        for null in (1.0, 2.5, 6.0):
            result = tipping_point(*SPLIT, null=null, at="limit")
            ends = np.array([result.low, result.high]) / result.estimate
            assert np.isclose(ends, 1).sum() == 1

    @pytest.mark.parametrize("null", [3.5, 3.78, 4.0])
    def test_nothing_is_needed_where_the_interval_contains_the_null(self, null):
        result = tipping_point(*SPLIT, null=null, at="limit", level=0.99)
        assert result.estimate == 1
        assert "interval-contains-null" in codes(result)
        assert "feasible" not in codes(result)

    def test_another_null_is_said(self):
        assert "odds ratio of 2, not of 1" in words(tipping_point(*SPLIT, null=2), "null")
        assert "null" not in codes(tipping_point(*SPLIT))

    def test_a_fall_bounds_the_detection_after(self):
        result = tipping_point(50, 100, 20, 120)
        assert result.estimate == pytest.approx(1 / 3)
        assert "at most 33.3 % of the internal lines after" in words(result, "feasible")

    def test_no_change_has_nothing_to_explain(self):
        result = tipping_point(10, 20, 30, 60)
        assert result.estimate == 1
        assert codes(result) == []


class TestZeroCells:
    def test_an_infinite_ratio_has_a_finite_limit(self):
        with pytest.warns(DegenerateDataWarning, match="A count is 0"):
            point = tipping_point(0, 50, 30, 20)
        assert point.estimate == np.inf
        assert "zero-cell" in codes(point)
        with pytest.warns(DegenerateDataWarning):
            limit = tipping_point(0, 50, 30, 20, at="limit")
        assert 1 < limit.estimate < np.inf

    def test_a_ratio_of_zero(self):
        with pytest.warns(DegenerateDataWarning):
            point = tipping_point(30, 20, 0, 50)
        assert point.estimate == 0
        with pytest.warns(DegenerateDataWarning):
            limit = tipping_point(30, 20, 0, 50, at="limit")
        assert 0 < limit.estimate < 1

    @pytest.mark.parametrize("at", ["estimate", "limit"])
    @pytest.mark.parametrize("cells", [(0, 0, 3, 4), (3, 4, 0, 0), (0, 5, 0, 5), (5, 0, 5, 0)])
    def test_no_ratio_is_a_verdict(self, cells, at):
        with pytest.warns(DegenerateDataWarning):
            result = tipping_point(*cells, at=at)
        assert np.isnan(result.estimate)
        assert result.verdict.code == "no-data"


class TestKinds:
    def test_element_by_element(self):
        index = pd.Index(["North", "South"], name="region")
        data = [pd.Series(values, index=index) for values in ([1280, 50], [2727, 100])]
        data += [pd.Series(values, index=index) for values in ([4250, 20], [2394, 120])]
        for at in ("estimate", "limit"):
            result = tipping_point(*data, at=at)
            one_by_one = [
                tipping_point(*(int(s.iloc[i]) for s in data), at=at).estimate for i in (0, 1)
            ]
            pd.testing.assert_series_equal(result.estimate, pd.Series(one_by_one, index=index))
            assert "at most 1 / D" in words(result, "feasible")

    def test_it_reads_and_cites(self):
        result = tipping_point(*SPLIT)
        assert "detection" in str(result)
        assert "E-value" in result.cite()

    @pytest.mark.parametrize(
        ("options", "message"),
        [
            ({"at": "middle"}, "`at` must be one of 'estimate', 'limit'"),
            ({"method": "magic"}, "`method` must be one of"),
            ({"null": 0}, "`null` must be finite and above 0"),
            ({"null": -1}, "`null` must be finite and above 0"),
            ({"level": 95}, "looks like a percentage"),
        ],
    )
    def test_bad_options(self, options, message):
        with pytest.raises(InputError, match=message):
            tipping_point(*SPLIT, **options)

    @pytest.mark.parametrize("position", range(4))
    @pytest.mark.parametrize("bad", [-1, 2.5, np.nan, True, "7", None])
    def test_bad_counts(self, position, bad):
        cells = list(SPLIT)
        cells[position] = bad
        with pytest.raises(InputError, match=r"`(internal|external)_(before|after)`"):
            tipping_point(*cells)
