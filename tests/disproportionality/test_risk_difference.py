"""The risk difference: published cases, the score put back, symmetries, ends, bands, errors."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from scipy.optimize import brentq
from scipy.stats import norm

import countylines as cl
from countylines._kernels.risk_difference import METHODS
from countylines.disproportionality import rate_difference, risk_difference
from countylines.disproportionality.risk_difference import MEASURE
from countylines.errors import DegenerateDataWarning, InputError, SparseDataWarning

CASES = json.loads((Path(__file__).parents[1] / "reference" / "risk_difference.json").read_text())[
    "cases"
]
NAMES = {
    "scas": "scas",
    "gart_nam": "gart-nam",
    "miettinen_nurminen": "miettinen-nurminen",
    "mee": "mee",
    "newcomb": "newcombe",
    "mover_w": "mover-wilson",
    "mover_j": "mover-jeffreys",
    "agresti_caffo": "agresti-caffo",
    "wald": "wald",
}
SCORES = ("skew-score", "gart-nam", "miettinen-nurminen", "mee")
NORMAL = ("wald", "agresti-caffo")
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
    result = risk_difference(*data, method=NAMES[case["method"]], level=case["parameters"]["level"])
    values = {"estimate": result.estimate, "lower": result.low, "upper": result.high}
    for key, value in case["expected"].items():
        assert values[key] == pytest.approx(value, rel=case["tolerance"]["rtol"], abs=1e-12), key


def test_newcombes_published_intervals():
    """Table II of Newcombe (1998), 56/70 against 48/80, in the digits printed."""
    printed = {
        "wald": (0.0575, 0.3425),
        "mee": (0.0533, 0.3377),
        "miettinen-nurminen": (0.0528, 0.3382),
        "newcombe": (0.0524, 0.3339),
        "newcombe-cc": (0.0428, 0.3422),
    }
    for method, limits in printed.items():
        result = risk_difference(56, 70, 48, 80, method=method)
        assert (round(result.low, 4), round(result.high, 4)) == limits


def fitted(x, n, y, m, gap):
    """The second of the most likely shares `gap` apart, by maximising the likelihood."""

    def slope(q):
        p = q + gap
        return (x - n * p) / (p * (1 - p)) + (y - m * q) / (q * (1 - q))

    least, most = max(0.0, -gap), min(1.0, 1.0 - gap)
    room = 1e-13 * (most - least)
    return brentq(slope, least + room, most - room, xtol=1e-17, rtol=1e-14)


@pytest.mark.parametrize("table", [(36, 40, 16, 80), (4, 123, 11, 139), (9, 10, 3, 10)])
@pytest.mark.parametrize("method", SCORES)
def test_limits_solve_the_score_equation(method, table):
    x, n, y, m = table
    result = risk_difference(*table, method=method)
    for gap, sign in ((result.low, 1), (result.high, -1)):
        q = fitted(*table, gap)
        p = q + gap
        larger = 1.0 if method in ("mee", "gart-nam") else (n + m) / (n + m - 1)
        first, second = p * (1 - p) / n, q * (1 - q) / m
        deviation = math.sqrt((first + second) * larger)
        z = sign * norm.ppf(0.975)
        expected = z
        if method in ("skew-score", "gart-nam"):
            third = first * (1 - 2 * p) / n - second * (1 - 2 * q) / m
            expected = z + third / deviation**3 * (z * z - 1) / 6
        assert (x / n - y / m - gap) / deviation == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("gap", [-0.6, -0.01, 0.0, 0.3, 0.95])
def test_the_pvalue_is_that_of_the_shares_fitted_under_the_null(gap):
    x, n, y, m = 9, 40, 11, 90
    q = fitted(x, n, y, m, gap)
    p = q + gap
    z = (x / n - y / m - gap) / math.sqrt(p * (1 - p) / n + q * (1 - q) / m)
    result = risk_difference(x, n, y, m, method="mee", null=gap, alternative="greater")
    assert result.pvalue == pytest.approx(norm.sf(z), rel=1e-9)


@settings(max_examples=40)
@given(table=tables(), method=methods, null=st.floats(-0.99, 0.99), level=st.floats(0.02, 0.999))
@example(table=(0, 3, 1, 9), method="skew-score", null=-0.08, level=0.3)
@example(table=(0, 3, 0, 9), method="skew-score", null=0.0, level=0.3)
@example(table=(0, 1, 1, 1), method="gart-nam", null=0.0, level=0.25)
def test_swapping_groups_or_counting_the_others_turns_the_sign(table, method, null, level):
    x, n, y, m = table
    options = {"method": method, "level": level}
    for side, other in OTHER_SIDE.items():
        result = risk_difference(*table, null=null, alternative=side, **options)
        for turned in ((y, m, x, n), (n - x, n, m - y, m)):
            mirror = risk_difference(*turned, null=-null, alternative=other, **options)
            assert (result.low, result.high) == pytest.approx(
                (-mirror.high, -mirror.low), rel=1e-9, abs=1e-12
            )
            assert result.pvalue == pytest.approx(mirror.pvalue, rel=1e-7, abs=1e-11)


@settings(max_examples=30)
@given(table=tables(), method=methods, level=st.floats(0.02, 0.999))
@example(table=(0, 3, 1, 9), method="skew-score", level=0.3)
@example(table=(1, 1, 0, 1), method="skew-score", level=0.3)
def test_limits_and_pvalue_are_one_inversion(table, method, level):
    for side in OTHER_SIDE:
        result = risk_difference(*table, method=method, level=level, alternative=side)
        for end, out in ((result.low, -1e-7), (result.high, 1e-7)):
            if not -1 + 1e-6 < end < 1 - 1e-6 or result.low == result.high:
                continue
            beyond, within = (
                risk_difference(*table, method=method, null=end + to, alternative=side).pvalue
                for to in (out, -out)
            )
            assert beyond <= 1 - level + 1e-9
            assert within >= 1 - level - 1e-9


@given(table=tables(), method=methods)
def test_limits_hold_the_estimate(table, method):
    if method == "agresti-caffo":
        return
    result = risk_difference(*table, method=method)
    assert result.low - 1e-12 <= result.estimate <= result.high + 1e-12


def test_rare_outcomes_are_rates():
    """With shares of one in a hundred million the score limits are those of rates."""
    risks = risk_difference(12, 4_000_000_000, 30, 90_000_000_000, method="gart-nam")
    rates = rate_difference(12, 4_000_000_000, 30, 90_000_000_000)
    assert (risks.low, risks.high) == pytest.approx((rates.low, rates.high), rel=1e-7)


class TestEnds:
    @pytest.mark.parametrize("method", METHODS)
    def test_nothing_can_be_said_of_an_empty_group(self, method):
        for table in ((0, 0, 3, 20), (3, 20, 0, 0), (0, 0, 0, 0)):
            for side in OTHER_SIDE:
                result = risk_difference(*table, method=method, alternative=side, null=0.2)
                assert math.isnan(result.estimate)
                assert result.verdict.code == "no-data"
                assert (result.low, result.high, result.pvalue) == (-1, 1, 1)

    @pytest.mark.parametrize("method", [m for m in METHODS if m not in NORMAL])
    def test_everybody_against_nobody_ends_the_range(self, method):
        result = risk_difference(10, 10, 0, 20, method=method)
        assert (result.estimate, result.high) == (1, 1)
        assert 0.6 < result.low < 0.8
        assert risk_difference(10, 10, 0, 20, method=method, alternative="less").pvalue == 1

    @pytest.mark.parametrize("method", [m for m in METHODS if m != "wald"])
    def test_alike_at_an_end_is_a_difference_of_zero_with_a_width(self, method):
        for count, ref_count in ((0, 0), (40, 80)):
            result = risk_difference(count, 40, ref_count, 80, method=method)
            assert result.estimate == 0
            assert result.low < -0.029
            assert result.high > 0.029
            assert result.pvalue > 0.5

    def test_the_pvalue_moves_one_way(self):
        """Without the bounds it turns back where a fitted share leaves 0."""
        nulls = np.linspace(-0.2, 0.1, 2001)
        for side, sign in (("greater", 1), ("less", -1)):
            p = risk_difference(0, 40, 1, 1000, null=nulls, alternative=side).pvalue
            assert (sign * np.diff(p) > -1e-12).all()

    def test_it_warns_and_notes(self):
        with pytest.warns(DegenerateDataWarning, match="A group is empty"):
            risk_difference(0, 0, 3, 20)
        with pytest.warns(DegenerateDataWarning, match="has no width"):
            result = risk_difference(10, 10, 0, 20, method="wald")
        assert (result.low, result.high) == (1, 1)
        with pytest.warns(SparseDataWarning, match="Fewer than 5 people"):
            risk_difference(4, 56, 10, 29, method="wald")


class TestBands:
    @pytest.mark.parametrize("method", MEASURE.rising)
    def test_the_interval_holds_that_of_every_pair_of_counts(self, method):
        x, y = (axis.ravel() for axis in np.meshgrid(np.arange(2, 6), np.arange(10, 14)))
        every = risk_difference(x, 50, y, 100, method=method)
        result = risk_difference(cl.Band(2, 5), 50, cl.Band(10, 13), 100, method=method)
        assert (result.low, result.high) == (every.low.min(), every.high.max())
        assert result.region_low == every.estimate.min()
        assert result.region_high == every.estimate.max()
        assert result.verdict.code == "not-identified"

    def test_a_band_ends_at_the_total(self):
        open_ = risk_difference(cl.Band(3, np.inf), 50, 10, 100, method="mee")
        closed = risk_difference(cl.Band(3, 50), 50, 10, 100, method="mee")
        assert (open_.low, open_.high) == (closed.low, closed.high)


@pytest.mark.parametrize(
    ("data", "options", "message"),
    [
        ((5, 4, 1, 3), {}, "`count` must be at most `total`"),
        ((1, 4, 5, 3), {}, "`ref_count` must be at most `ref_total`"),
        ((1, 4, 1, 3.5), {}, "`ref_total` must be a whole number"),
        ((1, 4, 1, 3), {"null": 1}, "`null` must be a number between -1 and 1, got 1"),
        ((1, 4, 1, 3), {"null": np.nan}, "`null` must be a number between -1 and 1, got nan"),
        ((1, 4, 1, 3), {"method": "mea"}, "Did you mean 'mee'"),
        ((cl.Band(2, 5), 50, 1, 3), {}, "one whose limits rise with the count, for a band"),
    ],
)
def test_errors(data, options, message):
    with pytest.raises(InputError, match=message):
        risk_difference(*data, **options)
