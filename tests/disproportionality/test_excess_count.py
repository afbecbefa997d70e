"""The excess count: the share put back, its ends, and its words."""

from __future__ import annotations

import json
import math
from fractions import Fraction
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom

from countylines._kernels.binomial import METHODS
from countylines.disproportionality import excess_count, representation_ratio
from countylines.errors import DegenerateDataWarning, InputError, SparseDataWarning

pytestmark = pytest.mark.filterwarnings("ignore::countylines.errors.CountyLinesWarning")
methods = st.sampled_from(sorted(METHODS))


@st.composite
def records(draw):
    total = draw(st.integers(1, 400))
    return draw(st.integers(0, total)), total, draw(st.floats(0.001, 0.999))


def test_the_estimate_is_observed_less_expected():
    exact = 6 - 258 * Fraction(101, 10_000)
    assert excess_count(6, 258, 0.0101).estimate == pytest.approx(float(exact), rel=1e-12)


@pytest.mark.parametrize(("x", "n", "q"), [(6, 258, 0.0101), (46, 258, 0.135), (250, 258, 0.9)])
def test_limits_solve_the_mid_p_equation(x, n, q):
    result = excess_count(x, n, q)
    low, high = result.low / n + q, result.high / n + q
    assert binom.sf(x, n, low) + binom.pmf(x, n, low) / 2 == pytest.approx(0.025, rel=1e-9)
    assert binom.cdf(x - 1, n, high) + binom.pmf(x, n, high) / 2 == pytest.approx(0.025, rel=1e-9)


@given(record=records(), method=methods, side=st.sampled_from(["two-sided", "less", "greater"]))
def test_no_excess_is_a_representation_ratio_of_one(record, method, side):
    excess = excess_count(*record, method=method, alternative=side)
    ratio = representation_ratio(*record, method=method, alternative=side)
    assert excess.pvalue == ratio.pvalue
    expected = record[1] * record[2]
    for name in ("low", "high", "estimate"):
        back = getattr(excess, name) / expected + 1
        assert back == pytest.approx(getattr(ratio, name), rel=1e-9, abs=1e-9)


@given(record=records(), method=methods)
def test_the_others_have_the_opposite_excess(record, method):
    x, n, q = record
    excess = excess_count(x, n, q, method=method, alternative="greater")
    others = excess_count(n - x, n, 1 - q, method=method, alternative="less")
    assert excess.estimate == pytest.approx(-others.estimate, rel=1e-9, abs=1e-9)
    assert excess.low == pytest.approx(-others.high, rel=1e-8, abs=1e-8 * n)
    assert excess.pvalue == pytest.approx(others.pvalue, rel=1e-6, abs=1e-12)


@given(record=records(), method=methods, level=st.floats(0.5, 0.999))
def test_no_limit_passes_the_least_and_the_most(record, method, level):
    x, n, q = record
    result = excess_count(x, n, q, method=method, level=level)
    assert -n * q <= result.low <= result.high <= n * (1 - q)


@pytest.mark.parametrize("null", [-1.5, 0.5, 6.0])
def test_any_excess_can_be_tested(null):
    result = excess_count(6, 258, 0.0101, null=null, alternative="greater")
    p = 0.0101 + null / 258
    assert result.pvalue == pytest.approx(binom.sf(6, 258, p) + binom.pmf(6, 258, p) / 2, rel=1e-10)


def test_limits_and_pvalue_are_one_inversion():
    result = excess_count(46, 258, 0.05, level=0.9)
    assert result.test(null=result.low).pvalue == pytest.approx(0.1, rel=1e-8)
    assert result.test(null=result.high).pvalue == pytest.approx(0.1, rel=1e-8)


def test_nobody_of_the_group_is_the_least_there_can_be():
    result = excess_count(0, 258, 0.0101)
    assert result.estimate == result.low == pytest.approx(-2.6058, rel=1e-12)
    assert result.high > 0


def test_nobody_recorded_says_nothing():
    with pytest.warns(DegenerateDataWarning, match="The total is 0"):
        result = excess_count(0, 0, 0.1)
    assert math.isnan(result.estimate)
    assert (result.low, result.high, result.pvalue) == (0, 0, 1)
    assert result.verdict.code == "no-data"


def test_large_sample_methods_warn():
    with pytest.warns(SparseDataWarning, match="Fewer than 5"):
        excess_count(4, 258, 0.1, method="wald")


def test_labels_and_words():
    share = pd.Series([0.0101, 0.135], index=pd.Index(["North East", "London"], name="region"))
    result = excess_count(pd.Series([6, 46], share.index), 258, share, method="scas")
    assert list(result.to_frame()["region"]) == ["North East", "London"]
    assert result.interval_method == "skew-score"
    assert result.unit == "people"
    assert {"not-a-cause", "same-total"} <= {note.code for note in result.notes}


@pytest.mark.parametrize(
    ("data", "options", "message"),
    [
        ((5, 4, 0.1), {}, "`count` must be at most `total`"),
        ((1, 4, 4.04), {}, "looks like a percentage"),
        ((1, 4, 0.0), {}, "`benchmark` must be a share"),
        ((1, 4, 0.5), {"null": 3}, r"`null` must be at most `total \* \(1 - benchmark\)`"),
        ((1, 4, 0.5), {"null": -3}, r"`-null` must be at most `total \* benchmark`"),
        ((1, 4, 0.5), {"null": np.nan}, "`null` must be finite"),
        ((1, 4, 0.5), {"method": "exact"}, "`method` must be one of 'mid-p'"),
    ],
)
def test_errors(data, options, message):
    with pytest.raises(InputError, match=message):
        excess_count(*data, **options)


@pytest.mark.reference
def test_against_the_rate_of_everybody_else():
    """The closed form: 12 in 40,000 against 30 in 900,000 are 10.67 more than expected."""
    path = Path(__file__).parents[1] / "reference" / "missing_ethnicity.json"
    (case,) = [c for c in json.loads(path.read_text())["cases"] if c["method"] == "excess_count"]
    inputs, expected = case["inputs"], case["expected"]
    q = inputs["e1"] / (inputs["e1"] + inputs["e2"])
    excess = excess_count(inputs["x1"], inputs["x1"] + inputs["x2"], q)
    against_the_rest = excess.estimate / (1 - q)
    assert against_the_rest == pytest.approx(expected["excess"], rel=1e-12)
    fraction = against_the_rest / inputs["x1"]
    assert fraction == pytest.approx(expected["attributable_fraction_exposed"], rel=1e-12)
