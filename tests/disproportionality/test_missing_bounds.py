"""Bounds for people of unknown group: reference values, inversion, edges, words."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import countylines as cl
from countylines.disproportionality import (
    missing_bounds,
    representation_ratio,
    representation_to_rate_ratio,
)
from countylines.errors import DegenerateDataWarning, InputError

CASES = json.loads(
    (Path(__file__).parents[1] / "reference" / "missing_ethnicity.json").read_text()
)["cases"]


def cases(*methods):
    return [pytest.param(c, id=c["id"]) for c in CASES if c["method"] in methods]


def sample(inputs):
    return inputs["x1"], inputs["x1"] + inputs["x2"], inputs["unknown"]


def share(inputs):
    return inputs["e1"] / (inputs["e1"] + inputs["e2"])


def note(result, code):
    (found,) = [n.text for n in result.notes if n.code == code]
    return found


class TestReference:
    @pytest.mark.reference
    @pytest.mark.parametrize("case", cases("manski_representation_ratio"))
    def test_bounds_of_the_representation_ratio(self, case):
        result = missing_bounds(*sample(case["inputs"]), share(case["inputs"]))
        expected = case["expected"]
        assert result.region_low == pytest.approx(expected["lower"], rel=1e-12)
        assert result.region_high == pytest.approx(expected["upper"], rel=1e-12)

    @pytest.mark.reference
    @pytest.mark.parametrize("case", cases("manski_rate_ratio"))
    def test_bounds_of_the_rate_ratio(self, case):
        q, expected = share(case["inputs"]), case["expected"]
        result = representation_to_rate_ratio(missing_bounds(*sample(case["inputs"]), q), q)
        assert result.region_low == pytest.approx(expected["lower"], rel=1e-12)
        assert result.region_high == pytest.approx(expected["upper"], rel=1e-12)
        x, known, _ = sample(case["inputs"])
        known_only = representation_to_rate_ratio(x / known / q, q)
        assert known_only == pytest.approx(expected["complete_case"], rel=1e-12)

    @pytest.mark.reference
    @pytest.mark.parametrize("case", cases("imbens_manski_share"))
    def test_limits_of_imbens_and_manski(self, case):
        q, expected = 0.5, case["expected"]
        result = missing_bounds(*sample(case["inputs"]), q, method="wald", null=0.5)
        rtol = case["tolerance"]["rtol"]
        assert result.low * q == pytest.approx(expected["lower"], rel=rtol, abs=1e-14)
        assert result.high * q == pytest.approx(expected["upper"], rel=rtol)


SAMPLES = st.tuples(st.integers(0, 40), st.integers(0, 60), st.integers(0, 30)).filter(
    lambda s: s[0] + s[1] > 0
)
ASSUMPTIONS = st.sampled_from(
    [
        {},
        {"missing_share": (0.1, 0.4)},
        {"missing_share": (0.2, 0.2)},
        {"missing_odds": (0.5, 2.0)},
        {"missing_odds": (1.0, np.inf)},
        {"missing_odds": (0.0, 1.0)},
    ]
)


class TestProperties:
    @given(SAMPLES, ASSUMPTIONS, st.sampled_from(["parameter", "region"]), st.floats(0.02, 0.9))
    def test_limits_enclose_the_region(self, data, assumed, target, q):
        x, other, missing = data
        result = missing_bounds(x, x + other, missing, q, target=target, **assumed)
        tiny = 1e-12 / q
        assert -tiny <= result.low <= result.region_low + tiny
        assert result.region_low <= result.region_high <= result.high + tiny <= 1 / q + 2 * tiny

    @given(SAMPLES, ASSUMPTIONS, st.sampled_from(["parameter", "region"]), st.floats(0.1, 4.0))
    def test_the_limit_at_the_p_value_is_the_null(self, data, assumed, target, null):
        x, other, missing = data
        given = (x, x + other, missing, 0.2)
        result = missing_bounds(*given, target=target, null=null, **assumed)
        if 1e-3 < result.pvalue < 0.499:
            at = missing_bounds(*given, target=target, level=1 - result.pvalue, **assumed)
            end = at.low if null < result.region_low else at.high
            assert end == pytest.approx(null, rel=1e-9)

    @given(SAMPLES, ASSUMPTIONS, st.floats(0.1, 4.0), st.sampled_from(["greater", "less"]))
    def test_one_sided_limits_and_p_values_agree(self, data, assumed, null, alternative):
        x, other, missing = data
        given = (x, x + other, missing, 0.2)
        result = missing_bounds(*given, null=null, alternative=alternative, **assumed)
        outside = null < result.low if alternative == "greater" else null > result.high
        if abs(result.pvalue - 0.05) > 1e-9:
            assert outside == (result.pvalue < 0.05)

    @given(SAMPLES, ASSUMPTIONS)
    def test_the_region_takes_longer_limits_than_the_parameter(self, data, assumed):
        x, other, missing = data
        given = (x, x + other, missing, 0.2)
        wide = missing_bounds(*given, target="region", **assumed)
        narrow = missing_bounds(*given, target="parameter", **assumed)
        assert wide.low <= narrow.low + 1e-12
        assert wide.high >= narrow.high - 1e-12

    @given(SAMPLES, st.floats(0.05, 0.95))
    def test_the_group_and_its_complement_mirror_each_other(self, data, q):
        """Everybody else's share is one minus the group's, and so are its bounds and limits."""
        x, other, missing = data
        group = missing_bounds(x, x + other, missing, q)
        rest = missing_bounds(other, x + other, missing, 1 - q)
        assert group.low * q == pytest.approx(1 - rest.high * (1 - q), abs=1e-9)
        assert group.region_low * q == pytest.approx(1 - rest.region_high * (1 - q), abs=1e-12)

    @given(st.integers(0, 40), st.integers(1, 60), st.floats(0.05, 0.9))
    def test_nobody_missing_is_the_representation_ratio(self, x, other, q):
        bounds, ratio = missing_bounds(x, x + other, 0, q), representation_ratio(x, x + other, q)
        assert bounds.verdict.code == "ok"
        for name in ("estimate", "low", "high", "standard_error"):
            assert getattr(bounds, name) == pytest.approx(getattr(ratio, name), rel=1e-12)
        if ratio.pvalue < 0.5:
            assert bounds.pvalue == pytest.approx(ratio.pvalue, rel=1e-9)

    @given(SAMPLES, st.sampled_from(["parameter", "region"]))
    def test_worst_cases_of_both_kinds_agree(self, data, target):
        x, other, missing = data
        first = missing_bounds(x, x + other, missing, 0.2, target=target)
        second = missing_bounds(x, x + other, missing, 0.2, missing_odds=(0, np.inf), target=target)
        for name in ("region_low", "region_high", "low", "high", "pvalue"):
            assert getattr(first, name) == pytest.approx(getattr(second, name), rel=1e-12)


class TestAssumptions:
    def test_missing_at_random_is_the_known_only_ratio(self):
        equal = missing_bounds(30, 150, 25, 0.118, missing_odds=(1, 1))
        ratio = representation_ratio(30, 150, 0.118)
        assert (equal.estimate, equal.low, equal.high) == pytest.approx(
            (ratio.estimate, ratio.low, ratio.high), rel=1e-12
        )
        assert equal.pvalue == pytest.approx(ratio.pvalue, rel=1e-9)

    def test_at_least_as_common_starts_at_the_known_only_ratio(self):
        result = missing_bounds(30, 150, 25, 0.118, missing_odds=(1, np.inf))
        assert result.region_low == pytest.approx(30 / 150 / 0.118)
        assert result.region_high == pytest.approx(55 / 175 / 0.118)

    def test_a_band_is_a_range(self):
        pair = missing_bounds(30, 150, 25, 0.118, missing_share=(0.1, 0.4))
        band = missing_bounds(30, 150, 25, 0.118, missing_share=cl.Band(0.1, 0.4))
        assert band.identical(pair)

    def test_narrower_assumptions_narrow_everything(self):
        wide = missing_bounds(30, 150, 25, 0.118)
        narrow = missing_bounds(30, 150, 25, 0.118, missing_share=(0.1, 0.3))
        assert wide.low < narrow.low < narrow.region_low
        assert narrow.high < wide.high

    def test_ranges_may_differ_from_place_to_place(self):
        most = pd.Series([0.3, 0.6], index=["a", "b"])
        count = pd.Series([30, 30], index=["a", "b"])
        result = missing_bounds(count, 150, 25, 0.118, missing_share=(0.0, most))
        assert result.region_high["b"] > result.region_high["a"]
        one = missing_bounds(30, 150, 25, 0.118, missing_share=(0.0, 0.6))
        assert result.high["b"] == pytest.approx(one.high, rel=1e-12)


class TestWords:
    def test_the_known_only_ratio_stands_beside(self):
        text = note(missing_bounds(30, 150, 25, 0.118), "known-only")
        assert "the ratio is 1.69 (1.2 to 2.29)" in text
        several = missing_bounds([30, 50], 150, 25, 0.118)
        assert "between 1.69 and 2.82" in note(several, "known-only")

    def test_the_target_the_benchmark_and_the_cause(self):
        named = cl.Benchmark(0.118, "residents", 2021)
        result = missing_bounds(30, 150, 25, named)
        assert "Imbens and Manski" in note(result, "target")
        assert note(result, "benchmark") == "Benchmark: residents (2021)."
        assert "not evidence of its cause" in note(result, "not-a-cause")
        assert note(result, "missing-share") == "The group is missing for a share of 0.143."
        region = missing_bounds(30, 150, 25, named, target="region")
        assert "whole region" in note(region, "target")
        assert note(result.test(null=1.1), "benchmark") == "Benchmark: residents (2021)."

    def test_a_test_keeps_the_assumption(self):
        result = missing_bounds(30, 150, 25, 0.118, missing_odds=(0.5, 2), target="region")
        assert result.test(null=1.0).pvalue == result.pvalue

    def test_a_range_is_no_estimate(self):
        result = missing_bounds(30, 150, 25, 0.118)
        assert np.isnan(result.estimate)
        assert result.verdict.code == "not-identified"
        assert result.n == 175


class TestEdges:
    def test_nobody_recorded(self):
        with pytest.warns(DegenerateDataWarning, match="Nobody is recorded"):
            result = missing_bounds(0, 0, 0, 0.1)
        assert np.isnan(result.estimate)
        assert (result.low, result.high, result.pvalue) == (0, 10, 1)
        assert result.verdict.code == "no-data"

    def test_nobody_known(self):
        result = missing_bounds(0, 0, 20, 0.1)
        assert (result.region_low, result.region_high) == (0, 10)
        assert (result.low, result.high) == (0, 10)
        assert "known of nobody" in note(result, "known-only")

    def test_no_odds_without_anybody_known(self):
        with pytest.warns(DegenerateDataWarning, match="known of nobody"):
            result = missing_bounds(0, 0, 20, 0.1, missing_odds=(0.5, 2))
        assert (result.region_low, result.region_high) == (0, 10)
        assert (result.low, result.high, result.pvalue) == (0, 10, 1)

    def test_nobody_in_the_group(self):
        result = missing_bounds(0, 50, 10, 0.1)
        assert (result.low, result.region_low) == (0, 0)
        assert result.region_high == pytest.approx(10 / 60 / 0.1)

    def test_everybody_in_the_group(self):
        result = missing_bounds(50, 50, 10, 0.1)
        assert result.region_high == result.high == 10
        assert result.region_low == pytest.approx(50 / 60 / 0.1)

    def test_a_million_people(self):
        result = missing_bounds(100_000, 900_000, 100_000, 0.1)
        assert result.low == pytest.approx(result.region_low, rel=0.01)


class TestErrors:
    @pytest.mark.parametrize(
        ("arguments", "options", "message"),
        [
            ((-1, 5, 1, 0.1), {}, "`count` must be a whole number of at least 0, got -1"),
            ((1, 5.5, 1, 0.1), {}, "`known` must be a whole number of at least 0, got 5.5"),
            ((1, 5, np.nan, 0.1), {}, "`missing` must be a whole number of at least 0, got nan"),
            ((6, 5, 1, 0.1), {}, "`count` must be at most `known`, got 6 > 5.*in the group or not"),
            ((1, 5, 1, 4.04), {}, "`benchmark` must be a share .* got 4.04.*percentage"),
            ((1, 5, 1, 0.5), {"null": 2.5}, "`null` must be at most `1 / benchmark`"),
            ((1, 5, 1, 0.1), {"level": 0.3}, r"`level` must be at least 0\.5 here, got 0.3"),
            ((1, 5, 1, 0.1), {"method": "blaker"}, "`method` must be one of 'mid-p'"),
            ((1, 5, 1, 0.1), {"target": "both"}, "`target` must be one of 'parameter', 'region'"),
            (
                (1, 5, 1, 0.1),
                {"missing_share": (0.4, 0.1)},
                r"`missing_share\[0\]` must be at most `missing_share\[1\]`, got 0.4 > 0.1",
            ),
            ((1, 5, 1, 0.1), {"missing_share": (0, 40)}, "`missing_share` .* got 40.*percentage"),
            ((1, 5, 1, 0.1), {"missing_share": 0.4}, "`missing_share` must be a pair"),
            ((1, 5, 1, 0.1), {"missing_odds": (-1, 2)}, "`missing_odds` must be finite and at lea"),
            ((1, 5, 1, 0.1), {"missing_odds": (0, np.nan)}, "`missing_odds` must be finite and at"),
            (
                (1, 5, 1, 0.1),
                {"missing_odds": (0, 1), "missing_share": (0, 1)},
                "`missing_odds` must be None where `missing_share` is given",
            ),
        ],
    )
    def test_each_by_its_message(self, arguments, options, message):
        with pytest.raises(InputError, match=message):
            missing_bounds(*arguments, **options)

    def test_a_benchmark_from_a_sample_is_refused(self):
        sampled = cl.Benchmark(0.1, "people seen", 2023, n=500)
        with pytest.raises(InputError, match="known share in missing_bounds"):
            missing_bounds(1, 5, 1, sampled)


@pytest.mark.parametrize("alternative", ["two-sided", "less", "greater"])
@pytest.mark.parametrize("target", ["parameter", "region"])
def test_the_region_is_never_outside_its_own_limits(target, alternative):
    """The mid-P limit at a level near one half is not on the far side of a skew estimate."""
    options = {"target": target, "alternative": alternative}
    result = missing_bounds(1, 2, 100, 0.3, level=0.5, **options)
    assert result.low <= result.region_low
    assert result.high >= result.region_high
    for null in (1.02 * result.region_low, 0.999 * result.region_high):
        assert missing_bounds(1, 2, 100, 0.3, null=null, **options).pvalue == 1
