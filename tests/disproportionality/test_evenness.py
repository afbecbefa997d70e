"""Dissimilarity, Gini and Theil: plain values, the chance part, the test of evenness, errors."""

from __future__ import annotations

import json
import pickle
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from countylines._kernels import concentration
from countylines.disproportionality import dissimilarity, gini, theil
from countylines.errors import InputError, LabelMismatchError

X, Y = [14, 1, 0, 33, 22, 8], [120, 100, 90, 110, 80, 100]
INDICES = [(dissimilarity, (X, Y)), (gini, (X, Y)), (gini, (X,)), (theil, (X, Y)), (theil, (X,))]
CASE = json.loads((Path(__file__).parents[1] / "reference" / "concentration.json").read_text())
ALL = pytest.mark.parametrize(("index", "data"), INDICES)


@pytest.mark.parametrize("index", [gini, theil])
def test_reference(index):
    (case,) = CASE["cases"]
    found = index(case["inputs"]["values"], correction="none", replicates=99, rng=1)
    assert found.estimate == pytest.approx(case["expected"][index.__name__], rel=1e-10)


@ALL
class TestEvery:
    def test_the_chance_part_is_taken_off(self, index, data):
        plain = index(*data, correction="none", rng=1)
        found = index(*data, rng=1)
        assert 0 < found.estimate < plain.estimate
        assert found.low < found.estimate < found.high
        assert f"themselves is {plain.estimate:.4g}" in found.notes[1].text
        assert "P-value of evenness: 0.0005 " in found.notes[2].text

    def test_the_same_seed_and_labels(self, index, data):
        one, two = (index(*data, rng=3) for _ in range(2))
        assert one.identical(two)
        named = [pd.Series(v, index=list("abcdef")) for v in data]
        assert index(*named, rng=3).identical(one)
        assert pickle.loads(pickle.dumps(one)).identical(one)
        assert "https://doi.org/" in one.cite()

    def test_no_event(self, index, data):
        found = index([0] * 6, *data[1:])
        assert np.isnan(found.estimate)
        assert found.verdict.code == "no-data"

    def test_bias_is_smaller_than_uncorrected(self, index, data):
        """Means over data drawn anew from shares that are known."""
        rng = np.random.default_rng(1)
        share = np.array(X) / sum(X)
        others = [np.array(v, float) for v in data[1:]]
        if index is dissimilarity:
            truth = concentration.dissimilarity(share, np.array(Y) / sum(Y))
        else:
            truth = getattr(concentration, index.__name__)(share, *others)
        plain, corrected, held = [], [], []
        for _ in range(60):
            drawn = rng.multinomial(78, share)
            found = index(drawn, *data[1:], replicates=199, rng=rng)
            corrected.append(found.estimate)
            plain.append(float(found.notes[1].text.split("is ")[1].split(";")[0]))
            held.append(found.low <= truth <= found.high)
        assert abs(np.mean(corrected) - truth) < abs(np.mean(plain) - truth)
        assert np.mean(held) > 0.85

    def test_evenness_is_seldom_rejected_when_true(self, index, data):
        rng = np.random.default_rng(2)
        share = np.array(Y) / sum(Y) if len(data) == 2 else np.full(6, 1 / 6)
        p = []
        for _ in range(100):
            found = index(rng.multinomial(40, share), *data[1:], replicates=99, rng=rng)
            p.append(float(found.notes[2].text.split(": ")[1].split(" ")[0]))
        assert np.mean(np.array(p) <= 0.1) <= 0.19

    @pytest.mark.parametrize(
        ("bad", "message"),
        [
            ([1, -1], "cannot be negative"),
            ([1, 2.5], "whole number"),
            ([1, np.nan], "missing"),
            ([True, False], "bool"),
            ([3], "of at least two areas"),
            (3, "one series of counts"),
            ([[1, 2], [3, 4]], "one series of counts"),
        ],
    )
    def test_bad_counts(self, index, data, bad, message):
        more = [np.ones(np.shape(bad))] if len(data) == 2 else []
        with pytest.raises(InputError, match=message):
            index(bad, *more)

    def test_bad_options(self, index, data):
        with pytest.raises(InputError, match="`correction` must be one of"):
            index(*data, correction="boot")
        with pytest.raises(InputError, match="`replicates`"):
            index(*data, replicates=9)
        with pytest.raises(InputError, match="percentage"):
            index(*data, level=95)


def test_the_mean_under_evenness_is_exact():
    found = dissimilarity(X, Y, rng=1)
    expected = concentration.expected_dissimilarity(
        np.array(X, float), np.array(Y, float), both=True
    )
    assert f"it is {expected:.4g} on average" in found.notes[1].text


def test_labels_and_sizes():
    with pytest.raises(LabelMismatchError):
        dissimilarity(pd.Series(X, index=list("abcdef")), pd.Series(Y, index=list("fedcba")))
    with pytest.raises(InputError, match="`size` must be finite and above 0"):
        gini(X, [0, *Y[1:]])


def test_sizes_in_proportion_are_even():
    assert gini(Y, np.array(Y) / 10.0, correction="none", rng=1).estimate == pytest.approx(0)
    assert theil(Y, np.array(Y) / 10.0, rng=1).low == 0


EVEN_PAIRS = np.random.default_rng(8).multinomial(200, np.full(40, 1 / 40), (10, 2))


@pytest.mark.parametrize(("x", "y"), EVEN_PAIRS)
def test_no_limit_says_uneven_where_the_test_does_not(x, y):
    found = dissimilarity(x, y, replicates=299, rng=1)
    p = float(found.notes[2].text.split(": ")[1].split(" ")[0])
    assert (found.low > 0.0) == (p <= 0.025)
    assert found.low <= found.estimate <= found.high


def test_limits_are_the_indices_that_make_the_one_seen_too_high_or_too_low():
    x = np.array([500, 300, 200])
    found = gini(x, rng=3, replicates=4000)
    seen = float(concentration.gini(x.astype(float)))
    rng = np.random.default_rng(4)
    for end, above in ((found.low, True), (found.high, False)):
        share = 1 / 3 + (x / 1000 - 1 / 3) * end / seen
        drawn = concentration.gini(rng.multinomial(1000, share, 20_000).astype(float))
        beyond = drawn >= seen if above else drawn <= seen
        assert np.mean(beyond) == pytest.approx(0.025, abs=0.008)


def test_counts_more_even_than_chance_have_an_empty_interval_and_say_so():
    found = gini([20] * 6, rng=1)
    assert [note.code for note in found.notes][-1] == "less-than-chance"
    assert found.high == pytest.approx(0.0, abs=1e-12)
