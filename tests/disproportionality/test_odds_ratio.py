"""The odds ratio of two groups: the same measure as that of two kinds of line, and its words."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from countylines._kernels.odds_ratio import METHODS
from countylines.disproportionality import odds_ratio
from countylines.errors import DegenerateDataWarning, InputError, SparseDataWarning
from countylines.localisation import localisation_odds_ratio

CASES = json.loads((Path(__file__).parents[1] / "reference" / "odds_ratio.json").read_text())[
    "cases"
]
pytestmark = pytest.mark.filterwarnings("ignore::countylines.errors.CountyLinesWarning")
ADDING = ("gart", "independence-smoothed")


@st.composite
def tables(draw):
    total, ref_total = (draw(st.integers(0, 40)) for _ in range(2))
    return draw(st.integers(0, total)), total, draw(st.integers(0, ref_total)), ref_total


@pytest.mark.reference
def test_exact_limits_to_forty_digits():
    """The rows made with mpmath; all others are tests of the kernels."""
    cases = [c for c in CASES if c["method"] == "exact_conditional_central"]
    assert len(cases) == 5
    for case in cases:
        data = [case["inputs"][name] for name in ("x1", "n1", "x2", "n2")]
        result = odds_ratio(*data, method="conditional")
        expected = [float(case["expected"][name]) for name in ("lower", "upper")]
        assert [result.low, result.high] == pytest.approx(expected, rel=case["tolerance"]["rtol"])


@given(table=tables(), method=st.sampled_from(sorted(METHODS)), level=st.floats(0.5, 0.99))
def test_it_is_the_measure_of_two_kinds_of_line(table, method, level):
    count, total, ref_count, ref_total = table
    result = odds_ratio(*table, method=method, level=level)
    lines = localisation_odds_ratio(
        ref_count, ref_total - ref_count, count, total - count, method=method, level=level
    )
    for name in ("estimate", "standard_error", "low", "high", "pvalue", "n"):
        np.testing.assert_equal(getattr(result, name), getattr(lines, name))


@given(table=tables(), method=st.sampled_from(sorted(METHODS)))
def test_swapping_the_groups_inverts_everything(table, method):
    result = odds_ratio(*table, method=method, null=1.25, alternative="greater")
    swapped = odds_ratio(*table[2:], *table[:2], method=method, null=0.8, alternative="less")
    with np.errstate(divide="ignore"):
        assert result.low == pytest.approx(1 / np.float64(swapped.high), rel=1e-8)
    assert result.pvalue == pytest.approx(swapped.pvalue, rel=1e-6, abs=1e-12)


@given(table=tables(), method=st.sampled_from([m for m in sorted(METHODS) if "mover" not in m]))
def test_counting_the_others_inverts_everything(table, method):
    """But for MOVER, which is not symmetric in success and failure."""
    count, total, ref_count, ref_total = table
    result = odds_ratio(*table, method=method)
    turned = odds_ratio(total - count, total, ref_total - ref_count, ref_total, method=method)
    with np.errstate(divide="ignore"):
        assert result.low == pytest.approx(1 / np.float64(turned.high), rel=1e-8)
    assert result.pvalue == pytest.approx(turned.pvalue, rel=1e-6, abs=1e-12)


def test_peers_lose_digits_where_the_groups_are_at_opposite_ends():
    """R's fisher.test gives an upper end of 1039.29 for 9 of 10 against 3 of 10."""
    result = odds_ratio(9, 10, 3, 10, method="conditional")
    assert result.high == pytest.approx(1047.84, abs=0.01)


class TestZero:
    @pytest.mark.parametrize("method", METHODS)
    def test_nothing_can_be_said_where_nobody_or_everybody_has_it(self, method):
        for table in ((0, 10, 0, 20), (10, 10, 20, 20), (0, 0, 3, 20), (0, 0, 0, 0)):
            result = odds_ratio(*table, method=method)
            assert math.isnan(result.estimate)
            assert result.verdict.code == "no-data"
            assert (result.low, result.high, result.pvalue) == (0, np.inf, 1)

    @pytest.mark.parametrize("method", [m for m in METHODS if m not in (*ADDING, "woolf")])
    def test_one_zero_cell_leaves_one_finite_end(self, method):
        result = odds_ratio(5, 56, 0, 29, method=method)
        assert (result.estimate, result.high) == (np.inf, np.inf)
        assert 0 < result.low < 2

    def test_it_warns_and_notes(self):
        with pytest.warns(DegenerateDataWarning, match="A count is 0"):
            result = odds_ratio(5, 56, 0, 29)
        assert "zero-cell" in [note.code for note in result.notes]
        with pytest.warns(SparseDataWarning, match="A count is below 5"):
            odds_ratio(4, 56, 10, 29, method="woolf")


def test_the_notes_say_what_it_is_not():
    text = str(odds_ratio(36, 40, 16, 80, method="scas"))
    assert "A ratio is not evidence of its cause" in text
    assert "farther from 1 than the ratio of the shares" in text
    assert "interval: skew-score" in text


@pytest.mark.parametrize(
    ("data", "options", "message"),
    [
        ((5, 4, 1, 3), {}, "`count` must be at most `total`"),
        ((1, 4, 5, 3), {}, "`ref_count` must be at most `ref_total`"),
        ((1, 4.5, 1, 3), {}, "`total` must be a whole number"),
        ((1, 4, -1, 3), {}, "`ref_count` must be a whole number of at least 0"),
        ((1, 4, 1, 3), {"null": -1}, "`null` must be finite and above 0"),
        ((1, 4, 1, 3), {"method": "fisher"}, "`method` must be one of 'skew-score'"),
    ],
)
def test_errors(data, options, message):
    with pytest.raises(InputError, match=message):
        odds_ratio(*data, **options)
