"""Tipping points and odds curves of people of unknown group."""

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
    missing_odds_curve,
    missing_tipping_point,
    rate_to_representation_ratio,
    representation_ratio,
    representation_to_rate_ratio,
)
from countylines.errors import InputError, InputTypeError

CASES = json.loads(
    (Path(__file__).parents[1] / "reference" / "missing_ethnicity.json").read_text()
)["cases"]


def cases(method):
    return [pytest.param(c, id=c["id"]) for c in CASES if c["method"] == method]


def sample(inputs):
    return inputs["x1"], inputs["x1"] + inputs["x2"], inputs["unknown"]


def share(inputs):
    return inputs["e1"] / (inputs["e1"] + inputs["e2"])


class TestReference:
    @pytest.mark.reference
    @pytest.mark.parametrize("case", cases("tipping_point"))
    def test_tipping_point_of_a_rate_ratio(self, case):
        inputs, expected = case["inputs"], case["expected"]
        q = share(inputs)
        threshold = rate_to_representation_ratio(inputs["theta0"], q)
        result = missing_tipping_point(*sample(inputs), q, threshold=threshold)
        assert result.estimable == expected["feasible"]
        if expected["feasible"]:
            assert result.estimate == pytest.approx(expected["share_unknown_needed"], rel=1e-12)
        else:
            assert expected["share_unknown_needed"] < 0
            assert "stays above" in str(result.verdict)

    @pytest.mark.reference
    @pytest.mark.parametrize("case", cases("mnar_odds_multiplier"))
    def test_odds_curve(self, case):
        inputs, expected = case["inputs"], case["expected"]
        q = share(inputs)
        curve = missing_odds_curve(*sample(inputs), q, odds=inputs["phi"])
        row = curve.iloc[0]
        assert row["missing_share"] == pytest.approx(expected["share_unknown"], rel=1e-12)
        ratio = representation_to_rate_ratio(row["estimate"], q)
        assert ratio == pytest.approx(expected["rate_ratio"], rel=1e-12)


SAMPLES = st.tuples(st.integers(1, 40), st.integers(1, 60), st.integers(1, 40))


class TestTippingPoint:
    @given(SAMPLES, st.floats(0.05, 0.9), st.floats(0.3, 1.1))
    def test_the_share_found_gives_the_threshold(self, data, q, threshold):
        x, other, missing = data
        given = (x, x + other, missing, q)
        tip = missing_tipping_point(*given, threshold=threshold)
        worst = missing_bounds(*given)
        reachable = worst.region_low <= threshold <= worst.region_high
        if min(abs(worst.region_low - threshold), abs(worst.region_high - threshold)) > 1e-9:
            assert tip.estimable == reachable
        if tip.estimable:
            at = missing_bounds(*given, missing_share=(tip.estimate, tip.estimate))
            assert at.estimate == pytest.approx(threshold, rel=1e-9)

    @given(SAMPLES, st.floats(0.05, 0.9))
    def test_the_limit_at_the_share_found_is_the_threshold(self, data, q):
        x, other, missing = data
        given = (x, x + other, missing, q)
        tip = missing_tipping_point(*given, at="limit")
        if tip.estimable:
            s = tip.estimate
            at = missing_bounds(*given, missing_share=(s, s))
            end = at.low if x / (x + other) >= q else at.high
            assert end == pytest.approx(1.0, rel=1e-8)

    @given(SAMPLES, st.floats(0.05, 0.9))
    def test_the_odds_found_give_the_threshold_on_the_curve(self, data, q):
        x, other, missing = data
        given = (x, x + other, missing, q)
        for at in ("estimate", "limit"):
            tip = missing_tipping_point(*given, at=at, scale="odds")
            if not tip.estimable or tip.estimate < 1e-20 or tip.estimate > 1e20:
                continue
            row = missing_odds_curve(*given, odds=tip.estimate).iloc[0]
            above = x / (x + other) >= q
            column = "estimate" if at == "estimate" else ("low" if above else "high")
            assert row[column] == pytest.approx(1.0, rel=1e-7)

    @given(SAMPLES, st.floats(0.05, 0.9))
    def test_the_interval_holds_the_shares_that_do_not_exclude_the_threshold(self, data, q):
        x, other, missing = data
        given = (x, x + other, missing, q)
        tip = missing_tipping_point(*given)
        for s in (0.0, 0.13, 0.5, 0.87, 1.0):
            at = missing_bounds(*given, missing_share=(s, s))
            inside = at.low <= 1.0 <= at.high
            if min(abs(at.low - 1.0), abs(at.high - 1.0)) < 1e-7:
                continue
            held = bool(np.isfinite(tip.low)) and tip.low - 1e-12 <= s <= tip.high + 1e-12
            assert inside == held

    def test_it_says_that_it_cannot_be_reached(self):
        above = missing_tipping_point(30, 150, 25, 0.118)
        assert np.isnan(above.estimate)
        assert above.verdict.code == "out-of-range"
        assert "stays above" in str(above.verdict)
        below = missing_tipping_point(1, 150, 5, 0.3)
        assert "stays below" in str(below.verdict)
        assert np.isnan(below.low)

    def test_the_other_scale_stands_in_the_notes(self):
        tip = missing_tipping_point(30, 150, 25, 0.18)
        (text,) = [n.text for n in tip.notes if n.code == "people"]
        odds = missing_tipping_point(30, 150, 25, 0.18, scale="odds").estimate
        assert text == (
            f"It is 1.5 of 25 missing people, and odds {odds:.3g} times those among the known."
        )

    def test_nobody_missing_and_nobody_known(self):
        none = missing_tipping_point(30, 150, 0, 0.2)
        assert none.verdict.code == "no-data"
        assert np.isnan(none.estimate)
        unknown = missing_tipping_point(0, 0, 20, 0.2, scale="odds")
        assert "no odds to multiply" in str(unknown.verdict)
        shared = missing_tipping_point(0, 0, 20, 0.2)
        assert shared.estimate == pytest.approx(0.2)

    def test_nobody_of_the_group_among_the_known(self):
        tip = missing_tipping_point(0, 50, 50, 0.1)
        assert tip.estimate == pytest.approx(0.2)
        assert not missing_tipping_point(0, 50, 50, 0.1, scale="odds").estimable

    def test_places_are_worked_together(self):
        index = ["a", "b", "c"]
        count = pd.Series([30, 1, 30], index=index)
        q = pd.Series([0.18, 0.3, 0.118], index=index)
        tip = missing_tipping_point(count, 150, pd.Series([25, 5, 25], index=index), q)
        assert tip.estimate["a"] == pytest.approx(0.06)
        assert list(tip.estimable) == [True, False, False]

    @pytest.mark.parametrize(
        ("options", "message"),
        [
            ({"threshold": 0}, "`threshold` must be finite and above 0, got 0"),
            ({"threshold": 9}, "`threshold` must be at most `1 / benchmark`, got 9"),
            ({"at": "end"}, "`at` must be one of 'estimate', 'limit'"),
            ({"scale": "log"}, "`scale` must be one of 'share', 'odds'"),
            ({"method": "minlike"}, "`method` must be one of"),
        ],
    )
    def test_errors(self, options, message):
        with pytest.raises(InputError, match=message):
            missing_tipping_point(30, 150, 25, 0.2, **options)


class TestOddsCurve:
    def test_equal_odds_are_the_known_only_ratio(self):
        row = missing_odds_curve(30, 150, 25, 0.118).loc[1.0]
        ratio = representation_ratio(30, 150, 0.118)
        assert (row["estimate"], row["low"], row["high"]) == pytest.approx(
            (ratio.estimate, ratio.low, ratio.high), rel=1e-12
        )

    def test_its_ends_are_the_worst_cases(self):
        curve = missing_odds_curve(30, 150, 25, 0.118)
        worst = missing_bounds(30, 150, 25, 0.118, target="region")
        assert curve.loc[0.0, "estimate"] == worst.region_low
        assert curve.loc[np.inf, "estimate"] == worst.region_high
        assert curve.loc[0.0, "low"] == worst.low
        assert curve.loc[np.inf, "high"] == worst.high

    def test_it_rises(self):
        curve = missing_odds_curve(3, 15, 25, 0.118)
        inner = curve.iloc[1:-1]
        for name in ("missing_share", "estimate", "low", "high"):
            assert inner[name].is_monotonic_increasing

    def test_nobody_of_the_group(self):
        curve = missing_odds_curve(0, 50, 10, 0.1, odds=[0, 2, np.inf])
        assert curve["estimate"].tolist() == pytest.approx([0, 0, 10 / 60 / 0.1])
        assert curve["low"].iloc[:2].tolist() == [0, 0]
        assert (curve["high"] > 0).all()

    def test_notes_and_references(self):
        named = cl.Benchmark(0.118, "residents", 2021)
        curve = missing_odds_curve(30, 150, 25, named)
        assert "Benchmark: residents (2021)." in curve.attrs["notes"]
        assert "little1993" in curve.attrs["references"]
        assert "Little" in cl.cite(curve.attrs["references"])

    def test_established_says_whether_the_limits_leave_the_null_out(self):
        curve = missing_odds_curve(30, 150, 25, 0.15, odds=[0.1, 10.0])
        assert curve["established"].tolist() == [False, True]

    @pytest.mark.parametrize(
        ("options", "message"),
        [
            ({"odds": -1}, "`odds` must be numbers of at least 0, got -1"),
            ({"odds": [1, np.nan]}, r"`odds` must be numbers of at least 0, got nan \(1 of 2"),
            ({"odds": []}, "`odds` must be non-empty"),
            ({"null": 9}, r"`null` must be a number in \[0, 5\]"),
            ({"level": 95}, "looks like a percentage"),
        ],
    )
    def test_errors(self, options, message):
        with pytest.raises(InputError, match=message):
            missing_odds_curve(30, 150, 25, 0.2, **options)

    def test_bad_counts(self):
        with pytest.raises(InputError, match="`known` must be a whole number of at least 1"):
            missing_odds_curve(0, 0, 25, 0.2)
        with pytest.raises(InputError, match="`count` must be at most `known`"):
            missing_odds_curve(9, 5, 25, 0.2)
        with pytest.raises(InputTypeError, match="`count` must be a whole number"):
            missing_odds_curve([1, 2], 5, 25, 0.2)
