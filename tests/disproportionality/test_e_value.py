"""E-values: the published formula, its limits, and what they are refused for."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from countylines.disproportionality import (
    e_value,
    excess_count,
    missing_bounds,
    odds_ratio,
    rate_ratio,
    representation_ratio,
    risk_ratio,
)
from countylines.errors import DegenerateDataWarning, InputError

CASES = json.loads(
    (Path(__file__).parents[1] / "reference" / "missing_ethnicity.json").read_text()
)["cases"]


@pytest.mark.reference
@pytest.mark.parametrize(
    "case", [pytest.param(c, id=c["id"]) for c in CASES if c["method"] == "e_value"]
)
def test_reference(case):
    data = case["inputs"]
    ratio = risk_ratio(data["x1"], data["n1"], data["x2"], data["n2"])
    assert e_value(ratio).estimate == pytest.approx(case["expected"]["e_value"], rel=1e-10)


def test_the_published_example():
    """VanderWeele and Ding 2017: a risk ratio of 3.9 (1.8 to 8.7) gives 7.3 and 3.0."""
    assert e_value(3.9).estimate == pytest.approx(7.26, abs=0.005)
    assert e_value(1.8).estimate == pytest.approx(3.0, abs=0.005)


@given(st.floats(1.0, 1e6))
def test_it_solves_the_bound_of_the_bias(ratio):
    """Two characteristics of strength E give a bias of E^2 / (2 E - 1), which is the ratio."""
    value = e_value(ratio).estimate
    assert value**2 / (2 * value - 1) == pytest.approx(ratio, rel=1e-9)
    assert e_value(1 / ratio).estimate == pytest.approx(value, rel=1e-6)


def test_limits():
    ratio = risk_ratio(56, 70, 48, 80)
    value = e_value(ratio)
    assert value.low == pytest.approx(e_value(ratio.low).estimate)
    assert value.high == pytest.approx(e_value(ratio.high).estimate)
    assert value.level == 0.95
    open_question = e_value(risk_ratio(5, 70, 4, 80))
    assert open_question.low == 1.0
    below = risk_ratio(48, 80, 56, 70)
    assert e_value(below).low == pytest.approx(e_value(below.high).estimate)


def test_plain_numbers_have_no_limits():
    value = e_value(2.0)
    assert np.isnan(value.low)
    assert np.isnan(value.high)
    assert value.level is None


def test_ends_of_the_range():
    assert e_value(1.0).estimate == 1.0
    assert e_value(0.0).estimate == e_value(np.inf).estimate == np.inf
    with pytest.warns(DegenerateDataWarning):
        zero, nothing = rate_ratio(0, 1000, 5, 2000), rate_ratio(0, 1000, 0, 2000)
    assert e_value(zero).estimate == np.inf
    assert e_value(zero).low == 1.0
    assert e_value(nothing).verdict.code == "no-data"


def test_another_ratio_that_would_be_left():
    assert e_value(3.0, null=1.5).estimate == pytest.approx(e_value(2.0).estimate)


def test_labels_are_kept():
    index = ["a", "b"]
    ratio = risk_ratio(pd.Series([56, 20], index=index), 70, pd.Series([48, 30], index=index), 80)
    value = e_value(ratio)
    assert list(value.estimate.index) == index
    assert value.estimate["a"] == pytest.approx(2.0)


def test_an_odds_ratio_must_say_whether_the_outcome_is_rare():
    ratio = odds_ratio(56, 70, 48, 80)
    with pytest.raises(InputError, match="`rare` must be given for an odds ratio"):
        e_value(ratio)
    rare, common = e_value(ratio, rare=True), e_value(ratio, rare=False)
    assert rare.estimate == pytest.approx(e_value(ratio.estimate).estimate)
    assert common.estimate == pytest.approx(e_value(ratio.estimate**0.5).estimate)
    assert "root of the odds ratio" in " ".join(note.text for note in common.notes)
    with pytest.raises(InputError, match="`rare` must be None but for an odds ratio"):
        e_value(2.0, rare=True)


@pytest.mark.parametrize(
    "result",
    [
        representation_ratio(40, 258, 0.04),
        excess_count(40, 258, 0.04),
        missing_bounds(40, 258, 20, 0.04),
    ],
    ids=["ratio", "count", "bounds"],
)
def test_ratios_against_a_benchmark_are_refused(result):
    with pytest.raises(InputError, match=r"a risk, rate or odds ratio of individuals.*benchmark_t"):
        e_value(result)


@pytest.mark.parametrize(
    ("ratio", "null", "message"),
    [
        (-1.0, 1.0, "`ratio` must be finite and at least 0, got -1"),
        (np.nan, 1.0, "`ratio` must be finite and at least 0, got nan"),
        (2.0, 0.0, "`null` must be finite and above 0, got 0"),
    ],
)
def test_errors(ratio, null, message):
    with pytest.raises(InputError, match=message):
        e_value(ratio, null=null)


def test_it_says_what_it_does_not_speak_of():
    assert "says nothing of the wrong benchmark" in " ".join(n.text for n in e_value(2.0).notes)
