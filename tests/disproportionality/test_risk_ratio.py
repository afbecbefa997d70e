"""The risk ratio: published cases, the score put back, swapped groups, ends, errors."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st
from scipy.optimize import brentq
from scipy.stats import norm

from countylines._kernels.risk_ratio import METHODS
from countylines.disproportionality import rate_ratio, risk_ratio
from countylines.errors import DegenerateDataWarning, InputError, SparseDataWarning

CASES = json.loads((Path(__file__).parents[1] / "reference" / "risk_ratio.json").read_text())[
    "cases"
]
NAMES = {
    "scas": "scas",
    "gart_nam": "gart-nam",
    "miettinen_nurminen": "miettinen-nurminen",
    "score": "miettinen-nurminen",
    "threshold_score_mn": "miettinen-nurminen",
    "koopman": "koopman",
    "koopman_score_alt": "koopman",
    "katz_log": "katz-log",
    "log": "katz-log",
    "adjusted_log": "adjusted-log",
    "log_adjusted": "adjusted-log",
    "mover_w": "mover-wilson",
    "mover_j": "mover-jeffreys",
}
SCORES = ("skew-score", "gart-nam", "miettinen-nurminen", "koopman")
OTHER_SIDE = {"two-sided": "two-sided", "less": "greater", "greater": "less"}
pytestmark = pytest.mark.filterwarnings("ignore::countylines.errors.CountyLinesWarning")
methods = st.sampled_from(sorted(METHODS))


@st.composite
def tables(draw, largest=40):
    total, ref_total = (draw(st.integers(1, largest)) for _ in range(2))
    return draw(st.integers(0, total)), total, draw(st.integers(0, ref_total)), ref_total


@pytest.mark.reference
@pytest.mark.parametrize("case", CASES, ids=lambda case: case["id"])
def test_reference(case):
    data = [case["inputs"][name] for name in ("x1", "n1", "x2", "n2")]
    method, null = NAMES[case["method"]], case["inputs"].get("theta0", 1.0)
    result = risk_ratio(*data, method=method, level=case["parameters"].get("level", 0.95))
    values = {"estimate": result.estimate, "lower": result.low, "upper": result.high}
    for side in ("greater", "less"):
        test = risk_ratio(*data, method=method, null=null, alternative=side)
        values[f"pvalue_{side}"] = test.pvalue
    for key, value in case["expected"].items():
        if value is None:
            assert math.isnan(values[key]) or (result.low, result.high) == (0, np.inf)
        elif key in case.get("disagreements", {}):
            assert values[key] != pytest.approx(float(value), rel=1e-7)
        else:
            assert values[key] == pytest.approx(float(value), rel=case["tolerance"]["rtol"]), key


def fitted(x, n, y, m, ratio):
    """Shares fitted under the ratio, by maximising the likelihood numerically."""

    def slope(q):
        p = ratio * q
        return (x - n * p) / (q * (1 - p)) + (y - m * q) / (q * (1 - q))

    top = min(1.0, 1.0 / ratio)
    return brentq(slope, 1e-12 * top, top * (1 - 1e-12), xtol=1e-16, rtol=1e-14)


@pytest.mark.parametrize("table", [(36, 40, 16, 80), (4, 123, 11, 139), (9, 10, 3, 10)])
@pytest.mark.parametrize("method", SCORES)
def test_limits_solve_the_score_equation(method, table):
    x, n, y, m = table
    result = risk_ratio(*table, method=method)
    for ratio, sign in ((result.low, 1), (result.high, -1)):
        q = fitted(*table, ratio)
        p = ratio * q
        larger = 1.0 if method in ("koopman", "gart-nam") else (n + m) / (n + m - 1)
        first, second = p * (1 - p) / n, ratio**2 * q * (1 - q) / m
        deviation = math.sqrt((first + second) * larger)
        z = sign * norm.ppf(0.975)
        expected = z
        if method in ("skew-score", "gart-nam"):
            third = first * (1 - 2 * p) / n - ratio * second * (1 - 2 * q) / m
            expected = z + third / deviation**3 * (z * z - 1) / 6
        score = (x / n - ratio * y / m) / deviation
        assert score == pytest.approx(expected, rel=1e-8)


@given(table=tables(), method=methods, null=st.floats(0.1, 10), level=st.floats(0.7, 0.999))
@example(table=(10, 10, 20, 20), method="skew-score", null=1.001, level=0.95)
def test_swapping_the_groups_inverts_everything(table, method, null, level):
    settings = {"method": method, "level": level}
    for side, other in OTHER_SIDE.items():
        result = risk_ratio(*table, null=null, alternative=side, **settings)
        swapped = risk_ratio(*table[2:], *table[:2], null=1 / null, alternative=other, **settings)
        with np.errstate(divide="ignore"):
            ends = 1 / np.float64(swapped.high), 1 / np.float64(swapped.low)
        assert (result.low, result.high) == pytest.approx(ends, rel=1e-8)
        assert result.pvalue == pytest.approx(swapped.pvalue, rel=1e-6, abs=1e-12)


@given(table=tables(), method=methods, level=st.floats(0.7, 0.999))
@example(table=(20, 20, 30, 30), method="skew-score", level=0.95)
@example(table=(20, 20, 29, 30), method="skew-score", level=0.95)
def test_limits_and_pvalue_are_one_inversion(table, method, level):
    result = risk_ratio(*table, method=method, level=level)
    for end, outside in ((result.low, 1 - 1e-6), (result.high, 1 + 1e-6)):
        if not 0 < end < np.inf:
            continue
        beyond, within = (
            risk_ratio(*table, method=method, null=end * to).pvalue for to in (outside, 1 / outside)
        )
        assert beyond < 1 - level + 1e-9
        assert within > 1 - level - 1e-4


@given(table=tables(), method=methods)
def test_limits_hold_the_estimate(table, method):
    assume(method != "adjusted-log" and (table[0] or table[2]))
    result = risk_ratio(*table, method=method)
    assert result.low <= result.estimate * (1 + 1e-12)
    assert result.estimate <= result.high * (1 + 1e-12)


def test_rare_outcomes_are_rates():
    """With shares of one in a million the score limits are those of the rate ratio."""
    risks = risk_ratio(12, 40_000_000, 30, 900_000_000, method="koopman")
    rates = rate_ratio(12, 40_000_000, 30, 900_000_000, method="score")
    assert (risks.low, risks.high) == pytest.approx((rates.low, rates.high), rel=1e-5)


class TestEnds:
    @pytest.mark.parametrize("method", METHODS)
    def test_nothing_can_be_said_without_an_outcome_or_a_group(self, method):
        for table in ((0, 10, 0, 20), (0, 0, 3, 20), (3, 20, 0, 0), (0, 0, 0, 0)):
            for side in OTHER_SIDE:
                result = risk_ratio(*table, method=method, alternative=side, null=2)
                assert math.isnan(result.estimate)
                assert result.verdict.code == "no-data"
                assert (result.low, result.high, result.pvalue) == (0, np.inf, 1)

    @pytest.mark.parametrize("method", [m for m in METHODS if "log" not in m])
    def test_one_count_of_zero_leaves_one_finite_end(self, method):
        result = risk_ratio(10, 10, 0, 20, method=method)
        assert (result.estimate, result.high) == (np.inf, np.inf)
        assert 5.5 < result.low < 8.5

    @pytest.mark.parametrize("method", [m for m in METHODS if "log" not in m])
    def test_everybody_in_both_groups_is_a_ratio_of_one(self, method):
        """Where statsmodels gives a low end of 1.0000001."""
        result = risk_ratio(40, 40, 80, 80, method=method)
        assert result.estimate == 1
        assert 0.9 < result.low < 0.945
        assert 1.03 < result.high < 1.05
        assert result.pvalue == 1

    @pytest.mark.parametrize("method", [m for m in METHODS if m != "adjusted-log"])
    def test_nothing_speaks_for_the_side_on_which_the_range_ends(self, method):
        for side, table in (("greater", (0, 40, 5, 80)), ("less", (5, 40, 0, 80))):
            result = risk_ratio(*table, method=method, null=1.25, alternative=side)
            assert result.pvalue == 1
            other = risk_ratio(*table, method=method, null=1.25, alternative=OTHER_SIDE[side])
            assert other.pvalue < 0.2 or "log" in method

    def test_it_warns_and_notes(self):
        with pytest.warns(DegenerateDataWarning, match="A count is 0"):
            risk_ratio(5, 56, 0, 29)
        with pytest.warns(DegenerateDataWarning, match="Everybody has the outcome"):
            result = risk_ratio(40, 40, 80, 80, method="katz-log")
        assert (result.low, result.high) == (0, np.inf)
        with pytest.warns(SparseDataWarning, match="Fewer than 5 people"):
            risk_ratio(4, 56, 10, 29, method="katz-log")


def test_every_result_says_that_it_is_no_evidence_of_a_cause():
    assert "A ratio is not evidence of its cause" in str(risk_ratio(36, 40, 16, 80))


@pytest.mark.parametrize(
    ("data", "options", "message"),
    [
        ((5, 4, 1, 3), {}, "`count` must be at most `total`"),
        ((1, 4, 5, 3), {}, "`ref_count` must be at most `ref_total`"),
        ((1, 4, 1, 3.5), {}, "`ref_total` must be a whole number"),
        ((-1, 4, 1, 3), {}, "`count` must be a whole number of at least 0"),
        ((1, 4, 1, 3), {"null": 0}, "`null` must be finite and above 0"),
        ((1, 4, 1, 3), {"method": "koopmann"}, "Did you mean 'koopman'"),
    ],
)
def test_errors(data, options, message):
    with pytest.raises(InputError, match=message):
        risk_ratio(*data, **options)
