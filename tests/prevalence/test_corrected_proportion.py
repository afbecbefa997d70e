"""Shares corrected for wrong labels: references, known tests, melding against draws, edges."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from countylines._kernels import misclassification
from countylines.errors import DegenerateDataWarning, InputError, SparseDataWarning
from countylines.prevalence import corrected_proportion, proportion

REFERENCE = Path(__file__).parents[1] / "reference" / "corrected_proportion.json"
CASES = json.loads(REFERENCE.read_text(encoding="utf-8"))["cases"]
KNOWN = [case for case in CASES if "epiprev" in case["id"]]
ESTIMATED = [case for case in CASES if "lang_reiczigel" in case["id"]]
KEYS = {"c-p": "clopper-pearson", "sterne": "minlike", "wilson": "wilson"}
quiet = pytest.mark.filterwarnings("ignore::countylines.errors.CountyLinesWarning")


def codes(result):
    return [note.code for note in result.notes]


@quiet
@pytest.mark.reference
@pytest.mark.parametrize("key", KEYS)
@pytest.mark.parametrize("case", KNOWN, ids=lambda case: case["id"])
def test_reference_of_a_known_test(case, key):
    """The source does not cut to [0, 1]; see the file."""
    data = case["inputs"]
    rtol = case["tolerance"]["by_key"].get(key, case["tolerance"]["rtol"])
    expected = np.clip(case["expected"][key]["tp"], 0, 1)
    test = {"sensitivity": data["se"], "specificity": data["sp"]}
    found = corrected_proportion(data["pos"], data["tested"], **test, method=KEYS[key])
    # what is near 0 after the correction is held on the scale before it
    gain = (data["se"] + data["sp"] - 1) / (1 - data["sp"])
    for value, wanted in zip((found.estimate, found.low, found.high), expected, strict=True):
        assert 1 + gain * value == pytest.approx(1 + gain * wanted, rel=rtol)


@quiet
@pytest.mark.reference
@pytest.mark.parametrize("case", KNOWN, ids=lambda case: case["id"])
def test_reference_of_blaker_stops_up_to_one_step_short(case):
    """A disagreement: the source walks in from Clopper-Pearson in steps, see the file."""
    data, step = case["inputs"], case["tolerance"]["blaker_step"]
    exact = proportion(data["pos"], data["tested"], method="clopper-pearson")
    ours = proportion(data["pos"], data["tested"], method="blaker")
    _, low, high = case["expected"]["blaker"]["ap"]
    for walked in ((low - exact.low) / step, (exact.high - high) / step):
        assert walked == pytest.approx(round(walked), abs=1e-6)
    assert low <= ours.low < low + step
    assert high - step < ours.high <= high


@pytest.mark.reference
@pytest.mark.parametrize("case", ESTIMATED, ids=lambda case: case["id"])
def test_reference_of_an_estimated_test(case):
    data, rtol = case["inputs"], case["tolerance"]["rtol"]
    found = corrected_proportion(
        data["positives"],
        data["n"],
        sensitivity=data["se_pos"] / data["se_n"],
        sensitivity_n=data["se_n"],
        specificity=1 - data["sp_falsepos"] / data["sp_n"],
        specificity_n=data["sp_n"],
    )
    assert found.estimate == pytest.approx(case["expected"]["estimate"], rel=rtol)
    assert (found.low, found.high) == pytest.approx(case["expected"]["ci"], rel=rtol)


@quiet
@given(
    data=st.integers(1, 60).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))),
    method=st.sampled_from(["mid-p", "clopper-pearson", "skew-score", "profile", "blaker"]),
)
def test_a_perfect_label_needs_no_correction(data, method):
    found = corrected_proportion(*data, sensitivity=1, specificity=1, method=method)
    plain = proportion(*data, method=method)
    assert found.estimate == plain.estimate
    assert (found.low, found.high) == (pytest.approx(plain.low), pytest.approx(plain.high))
    assert found.standard_error == pytest.approx(plain.standard_error)


def test_large_checks_come_to_a_known_test():
    test = {"sensitivity": 0.9, "specificity": 0.95}
    many = {"sensitivity_n": 10**8, "specificity_n": 10**8}
    for method in ("lang-reiczigel", "melding", "mid-p", "rogan-gladen"):
        known = corrected_proportion(30, 200, **test, method=method)
        found = corrected_proportion(30, 200, **test, **many, method=method)
        assert (found.low, found.high) == pytest.approx((known.low, known.high), rel=1e-3)


def drawn(case, mid, draws=400_000):
    """Limits by melding as its authors make them: from draws."""
    rng = np.random.default_rng(3)
    x, n, hits, hits_n, wrong, wrong_n = case

    def lower(k, m):
        return rng.beta(k, m - k + 1, draws) if k else np.zeros(draws)

    def upper(k, m):
        return rng.beta(k + 1, m - k, draws) if k < m else np.ones(draws)

    def mixed(k, m):
        return np.where(rng.random(draws) < 0.5, lower(k, m), upper(k, m))

    def share(p, s, f):
        return np.where(p <= f, 0.0, np.where(p >= s, 1.0, (p - f) / (s - f)))

    down, up = (mixed, mixed) if mid else (lower, upper)
    low = share(down(x, n), up(hits, hits_n), up(wrong, wrong_n))
    high = share(up(x, n), down(hits, hits_n), down(wrong, wrong_n))
    return np.quantile(low, 0.025), np.quantile(high, 0.975)


MELDED = [
    (300, 3000, 80, 100, 10, 500),
    (20, 1000, 90, 100, 2, 200),
    (5, 20, 30, 30, 0, 10),
    (0, 50, 9, 10, 0, 10),
    (50, 50, 9, 10, 2, 10),
    (900, 10_000, 15, 20, 3, 60),
]


@quiet
@pytest.mark.parametrize("case", MELDED)
def test_melding_without_draws_is_melding(case):
    x, n, hits, hits_n, wrong, wrong_n = case
    for method in ("melding", "mid-p"):
        found = corrected_proportion(
            x,
            n,
            sensitivity=hits / hits_n,
            sensitivity_n=hits_n,
            specificity=1 - wrong / wrong_n,
            specificity_n=wrong_n,
            method=method,
        )
        expected = drawn(case, method == "mid-p")
        assert (found.low, found.high) == pytest.approx(expected, abs=1e-3)


def test_more_nodes_change_melding_in_the_fifth_digit_at_most(monkeypatch):
    columns = np.array(MELDED[:4] + MELDED[5:], dtype=float).T
    x, n, hits, hits_n, wrong, wrong_n = columns
    data = misclassification.Data(x, n, hits / hits_n, hits_n, 1 - wrong / wrong_n, wrong_n)
    few = misclassification.melding_limits(data, level=0.95, alternative="two-sided")
    monkeypatch.setattr(misclassification, "WIDE", 120)
    monkeypatch.setattr(misclassification, "NARROW", 60)
    many = misclassification.melding_limits(data, level=0.95, alternative="two-sided")
    np.testing.assert_allclose(few, many, atol=2e-6)


def test_melding_does_not_depend_on_how_rows_are_batched(monkeypatch):
    rng = np.random.default_rng(0)
    count = rng.integers(0, 60, 23)
    options = {
        "sensitivity": 0.9,
        "sensitivity_n": 40,
        "specificity": 0.99,
        "specificity_n": 100,
        "method": "melding",
    }
    with pytest.warns(DegenerateDataWarning):
        whole = corrected_proportion(count, 200, **options)
    monkeypatch.setattr(misclassification, "BLOCK", 1500)
    with pytest.warns(DegenerateDataWarning):
        parts = corrected_proportion(count, 200, **options)
    np.testing.assert_allclose(parts.high, whole.high, rtol=1e-12)
    np.testing.assert_allclose(parts.low, whole.low, rtol=1e-12)


@quiet
@settings(max_examples=25)
@given(
    x=st.integers(0, 40),
    hits=st.integers(14, 20),
    wrong=st.integers(0, 6),
    method=st.sampled_from(["melding", "lang-reiczigel", "rogan-gladen"]),
)
def test_the_other_label_has_the_other_share(x, hits, wrong, method):
    """Naming the opposite: what lacks the label has it, and the two checks change places."""
    first = corrected_proportion(
        x,
        40,
        sensitivity=hits / 20,
        sensitivity_n=20,
        specificity=1 - wrong / 30,
        specificity_n=30,
        method=method,
    )
    second = corrected_proportion(
        40 - x,
        40,
        sensitivity=1 - wrong / 30,
        sensitivity_n=30,
        specificity=hits / 20,
        specificity_n=20,
        method=method,
    )
    assert second.estimate == pytest.approx(1 - first.estimate, abs=1e-12)
    assert (second.low, second.high) == pytest.approx((1 - first.high, 1 - first.low), abs=1e-3)


def test_the_uncertainty_of_one_check_only():
    both = corrected_proportion(
        30, 200, sensitivity=0.9, sensitivity_n=30, specificity=0.95, specificity_n=40
    )
    one = corrected_proportion(30, 200, sensitivity=0.9, specificity=0.95, specificity_n=40)
    none = corrected_proportion(30, 200, sensitivity=0.9, specificity=0.95)
    assert both.high - both.low > one.high - one.low > none.high - none.low
    assert "known-test" in codes(none)
    assert "known-test" not in codes(one)


class TestOutOfRange:
    def test_fewer_than_the_false_positives(self):
        with pytest.warns(DegenerateDataWarning, match="cut to 0"):
            found = corrected_proportion(3, 100, sensitivity=0.9, specificity=0.95, method="mid-p")
        assert (found.estimate, found.low) == (0, 0)
        assert found.high > 0
        assert found.verdict.code == "boundary-finite"
        assert found.verdict.estimable
        assert "out-of-range" in codes(found)
        assert "conflict" not in codes(found)

    def test_more_than_the_sensitivity_allows(self):
        with pytest.warns(DegenerateDataWarning, match="cut to 1"):
            found = corrected_proportion(95, 100, sensitivity=0.9, specificity=0.95)
        assert (found.estimate, found.high) == (1, 1)

    @quiet
    def test_so_few_that_the_test_cannot_be_right(self):
        found = corrected_proportion(
            0, 100, sensitivity=0.9, specificity=0.95, method="clopper-pearson"
        )
        assert (found.low, found.high) == (0, 0)
        assert "conflict" in codes(found)

    @quiet
    @pytest.mark.parametrize("method", ["melding", "mid-p", "lang-reiczigel"])
    def test_an_integral_of_nothing_is_nothing(self, method):
        test = {"sensitivity": 0.8, "specificity": 0.98, "method": method}
        test |= {"sensitivity_n": 50, "specificity_n": 200}
        none, all_of_them = (corrected_proportion(x, n, **test) for x, n in ((1, 10**6), (50, 50)))
        assert (none.low, none.high, all_of_them.low, all_of_them.high) == (0, 0, 1, 1)
        assert "conflict" in codes(none)
        assert "conflict" in codes(all_of_them)

    def test_places_are_counted(self):
        with pytest.warns(DegenerateDataWarning, match="in 2 of 3 places: the estimate is cut"):
            found = corrected_proportion([1, 2, 30], 100, sensitivity=0.9, specificity=0.95)
        assert [v.code for v in found.verdict] == ["boundary-finite", "boundary-finite", "ok"]


def test_a_label_that_says_nothing():
    with pytest.warns(DegenerateDataWarning, match="says nothing of the truth"):
        found = corrected_proportion(30, 100, sensitivity=0.4, specificity=0.6)
    assert math.isnan(found.estimate)
    assert (found.low, found.high) == (0, 1)
    assert found.verdict.code == "not-identified"


def test_no_observation():
    with pytest.warns(DegenerateDataWarning, match="The total is 0: there is no estimate"):
        found = corrected_proportion(0, 0, sensitivity=0.9, specificity=0.9)
    assert found.verdict.code == "no-data"
    assert math.isnan(found.estimate)
    assert (found.low, found.high) == (0, 1)


def test_the_delta_method_warns_where_it_fails():
    test = {"sensitivity": 0.9, "specificity": 0.99}
    for method in ("rogan-gladen", "wald"):
        with pytest.warns(SparseDataWarning, match=f"large-sample {method} interval"):
            corrected_proportion(4, 50, **test, method=method)
    assert "sparse" not in codes(corrected_proportion(4, 50, **test))


def test_checks_can_differ_from_place_to_place():
    index = ["Met", "Kent"]
    sizes = pd.Series([50, 10], index=index)
    found = corrected_proportion(
        pd.Series([30, 30], index=index),
        100,
        sensitivity=0.9,
        sensitivity_n=sizes,
        specificity=0.9,
        specificity_n=100,
    )
    assert found.high["Kent"] - found.low["Kent"] > found.high["Met"] - found.low["Met"]


class TestBadInput:
    @pytest.mark.parametrize(
        ("options", "message"),
        [
            ({"sensitivity": 90}, "`sensitivity` must be a share in.*percentage"),
            ({"specificity": 0.05}, "must add up to at least 1, got 0.9 and 0.05. A label worse"),
            ({"sensitivity_n": 0}, "`sensitivity_n` must be finite and above 0, got 0"),
            ({"specificity_n": 2.5}, "`specificity_n` must be a whole number"),
            (
                {"specificity_n": 20, "method": "wilson"},
                "`method` must be one of 'lang-reiczigel'.*where `sensitivity_n` or",
            ),
        ],
    )
    def test_values_that_cannot_be_used(self, options, message):
        with pytest.raises(InputError, match=message):
            corrected_proportion(30, 100, **{"sensitivity": 0.9, "specificity": 0.95, **options})
