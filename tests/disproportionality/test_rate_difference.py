"""The rate difference: published cases, the score put back, symmetries, units, bands, errors."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from scipy.optimize import brentq, minimize_scalar
from scipy.stats import norm

import countylines as cl
from countylines._kernels import poisson
from countylines._kernels.rate_difference import METHODS
from countylines.disproportionality import rate_difference
from countylines.disproportionality.rate_difference import MEASURE
from countylines.errors import DegenerateDataWarning, InputError, SparseDataWarning

CASES = json.loads((Path(__file__).parents[1] / "reference" / "rate_difference.json").read_text())[
    "cases"
]
NAMES = {
    "scas": "scas",
    "score": "score",
    "mover_wilson": "mover-score",
    "mover_score": "mover-score",
    "mover_jeff": "mover-jeffreys",
    "mover_jeffreys_median": "mover-jeffreys",
    "mover_exact_c": "mover-exact",
    "wald": "wald",
}
OTHER_SIDE = {"two-sided": "two-sided", "less": "greater", "greater": "less"}
NORMAL = ("wald", "wald-half")
pytestmark = pytest.mark.filterwarnings("ignore::countylines.errors.CountyLinesWarning")
methods = st.sampled_from(sorted(METHODS))
counts = st.integers(0, 60)
exposures = st.floats(0.01, 1e6)
tables = st.tuples(counts, exposures, counts, exposures)


def data_of(case):
    return [case["inputs"][name] for name in ("x1", "e1", "x2", "e2")]


@pytest.mark.reference
@pytest.mark.parametrize("case", CASES, ids=lambda case: case["id"])
def test_reference(case):
    result = rate_difference(
        *data_of(case), method=NAMES[case["method"]], level=case["parameters"]["level"]
    )
    values = {"estimate": result.estimate, "lower": result.low, "upper": result.high}
    for key, value in case["expected"].items():
        if key in case.get("disagreements", {}):
            assert values[key] != pytest.approx(value, rel=1e-7)
        else:
            tolerance = case["tolerance"]["rtol"]
            assert values[key] == pytest.approx(value, rel=tolerance, abs=1e-13), key


def test_the_other_jeffreys_limits_follow_from_the_rates_as_middle():
    """What statsmodels gives is the same formula round x / e instead of Jeffreys' median."""
    cases = [case for case in CASES if "disagreements" in case]
    assert cases
    for case in cases:
        x, e, y, f = (np.array([float(v)]) for v in data_of(case))
        tail = (1 - case["parameters"]["level"]) / 2
        first, second = (
            [
                poisson.one_sided_limit(v, tail=tail, side=side, method="jeffreys")[0] / size[0]
                for side in ("greater", "less")
            ]
            for v, size in ((x, e), (y, f))
        )
        p, q = (x / e)[0], (y / f)[0]
        low = p - q - math.hypot(p - first[0], second[1] - q)
        high = p - q + math.hypot(first[1] - p, q - second[0])
        expected = case["expected"]
        assert [low, high] == pytest.approx([expected["lower"], expected["upper"]], rel=1e-9)


def most_likely(x, e, y, f, gap):
    """The second rate of those `gap` apart, by maximising the likelihood numerically."""

    def slope(rate):
        return x / (rate + gap) + y / rate - e - f

    least = max(0.0, -gap)
    return brentq(slope, least + 1e-15, least + (x + y + 1) / min(e, f), xtol=1e-18, rtol=1e-14)


@pytest.mark.parametrize("table", [(41, 28010, 15, 19017), (3, 100, 7, 1200), (12, 4e4, 30, 9e5)])
@pytest.mark.parametrize("method", ["score", "skew-score"])
def test_limits_solve_the_score_equation(method, table):
    x, e, y, f = table
    result = rate_difference(*table, method=method)
    for gap, sign in ((result.low, 1), (result.high, -1)):
        other = most_likely(*table, gap)
        rate = other + gap
        variance = rate / e + other / f
        z = sign * norm.ppf(0.975)
        third = (rate / e**2 - other / f**2) / variance**1.5 if method == "skew-score" else 0.0
        score = (x / e - y / f - gap) / math.sqrt(variance)
        assert score == pytest.approx(z + third * (z * z - 1) / 6, rel=1e-9)


def test_the_fitted_rates_maximise_the_likelihood():
    x, e, y, f, gap = 3.0, 100.0, 7.0, 1200.0, 0.04

    def deviance(rate):
        return e * (rate + gap) - x * math.log(rate + gap) + f * rate - y * math.log(rate)

    best = minimize_scalar(deviance, bounds=(1e-6, 0.1), method="bounded", options={"xatol": 1e-12})
    assert most_likely(x, e, y, f, gap) == pytest.approx(best.x, rel=1e-6)


@settings(max_examples=40)
@given(table=tables, method=methods, null=st.floats(-2, 2), level=st.floats(0.02, 0.999))
@example(table=(0, 1.0, 5, 1e4), method="skew-score", null=-0.0004, level=0.3)
@example(table=(0, 1.0, 0, 3.0), method="skew-score", null=0.0, level=0.5)
def test_swapping_the_groups_turns_the_sign(table, method, null, level):
    options = {"method": method, "level": level}
    for side, other in OTHER_SIDE.items():
        result = rate_difference(*table, null=null, alternative=side, **options)
        swapped = rate_difference(*table[2:], *table[:2], null=-null, alternative=other, **options)
        assert (result.low, result.high) == pytest.approx(
            (-swapped.high, -swapped.low), rel=1e-9, abs=1e-13
        )
        assert result.pvalue == pytest.approx(swapped.pvalue, rel=1e-8, abs=1e-12)


@settings(max_examples=30)
@given(table=tables, method=methods, level=st.floats(0.02, 0.999))
@example(table=(0, 1.0, 5, 1e4), method="skew-score", level=0.2)
@example(table=(0, 1.0, 1, 3.0), method="skew-score", level=0.4)
def test_limits_and_pvalue_are_one_inversion(table, method, level):
    for side in OTHER_SIDE:
        result = rate_difference(*table, method=method, level=level, alternative=side)
        wide = rate_difference(*table, method=method)
        step = 1e-6 * (wide.high - wide.low)
        for end, out in ((result.low, -step), (result.high, step)):
            if not np.isfinite(end) or step == 0:
                continue
            beyond, within = (
                rate_difference(*table, method=method, null=end + to, alternative=side).pvalue
                for to in (out, -out)
            )
            assert beyond <= 1 - level + 1e-9
            assert within >= 1 - level - 1e-9


@given(table=tables, method=methods, unit=st.sampled_from([1e-9, 1e-3, 12.0, 1e6]))
def test_the_unit_of_exposure_only_scales(table, method, unit):
    x, e, y, f = table
    result = rate_difference(*table, method=method, null=0.5 / e)
    scaled = rate_difference(x, e * unit, y, f * unit, method=method, null=0.5 / (e * unit))
    width = result.high - result.low
    for name in ("estimate", "low", "high"):
        value = getattr(scaled, name) * unit
        assert value == pytest.approx(getattr(result, name), rel=1e-9, abs=1e-11 * width)
    assert scaled.pvalue == pytest.approx(result.pvalue, rel=1e-6, abs=1e-12)


@given(table=tables, method=methods)
def test_limits_hold_the_estimate(table, method):
    result = rate_difference(*table, method=method)
    slack = 1e-12 * (table[0] / table[1] + table[2] / table[3])
    assert result.low - slack <= result.estimate <= result.high + slack


def test_per_scales_everything():
    one = rate_difference(19, 2579, 2365, 487409, null=0.001)
    many = rate_difference(19, 2579, 2365, 487409, null=1.0, per=1000)
    for name in ("estimate", "low", "high", "standard_error"):
        assert getattr(many, name) == pytest.approx(1000 * getattr(one, name))
    assert many.pvalue == pytest.approx(one.pvalue, rel=1e-12)
    assert many.unit == "per 1,000"
    assert many.test(null=1.0).pvalue == pytest.approx(one.pvalue, rel=1e-12)


class TestZeroCounts:
    def test_no_event_in_either_group_is_a_difference_of_zero_with_a_width(self):
        for method in (m for m in METHODS if m != "wald"):
            result = rate_difference(0, 1000, 0, 2000, method=method)
            assert result.estimate == 0
            assert -0.0028 < result.low < -0.0003
            assert 0.0006 < result.high < 0.0056
            assert result.pvalue == 1

    @pytest.mark.parametrize("method", [m for m in METHODS if m not in NORMAL])
    def test_one_empty_group_leaves_both_limits_finite(self, method):
        """Where statsmodels' score limits are both the same number."""
        result = rate_difference(0, 1000, 5, 2000, method=method)
        assert result.low < -0.0025 < result.high
        assert 0 < result.high < 0.003

    def test_the_statistic_never_rises(self):
        """Without the bounds it does so where a fitted rate leaves 0."""
        nulls = np.concatenate([np.linspace(-0.001, 0.0005, 2001), np.linspace(0.001, 8, 500)])
        for side, sign in (("greater", 1), ("less", -1)):
            p = rate_difference(0, 1, 5, 1e4, null=nulls, alternative=side).pvalue
            assert (sign * np.diff(p) > -1e-12).all()

    def test_it_warns_and_notes(self):
        with pytest.warns(DegenerateDataWarning, match="has no width"):
            result = rate_difference(0, 10, 0, 20, method="wald")
        assert (result.low, result.high) == (0, 0)
        with pytest.warns(SparseDataWarning, match="Fewer than 5 events"):
            rate_difference(4, 10, 10, 20, method="wald-half")


def test_rare_events_keep_their_digits():
    """Where rates rounded to ten decimals give nonsense."""
    small = rate_difference(12, 4e9, 30, 9e10)
    large = rate_difference(12, 4, 30, 90)
    assert [small.low, small.high] == pytest.approx(
        [large.low * 1e-9, large.high * 1e-9], rel=1e-10
    )


class TestBands:
    @pytest.mark.parametrize("method", MEASURE.rising)
    def test_the_interval_holds_that_of_every_pair_of_counts(self, method):
        x, y = (axis.ravel() for axis in np.meshgrid(np.arange(2, 6), np.arange(10, 14)))
        every = rate_difference(x, 50, y, 100, method=method)
        result = rate_difference(cl.Band(2, 5), 50, cl.Band(10, 13), 100, method=method)
        assert (result.low, result.high) == (every.low.min(), every.high.max())
        assert result.region_low == every.estimate.min()
        assert result.region_high == every.estimate.max()
        assert math.isnan(result.estimate)
        assert result.verdict.code == "not-identified"

    def test_a_band_without_end_leaves_an_end_open(self):
        result = rate_difference(cl.Band(3, np.inf), 50, 10, 100, method="score", null=5)
        assert (result.high, result.region_high, result.pvalue) == (np.inf, np.inf, 1)
        assert result.low == rate_difference(3, 50, 10, 100, method="score").low

    def test_methods_that_do_not_rise_are_refused(self):
        with pytest.raises(InputError, match="one whose limits rise with the count, for a band"):
            rate_difference(cl.Band(2, 5), 50, 10, 100)


def test_every_result_says_that_it_is_no_evidence_of_a_cause():
    assert "A difference is not evidence of its cause" in str(rate_difference(3, 10, 4, 20))


@pytest.mark.parametrize(
    ("data", "options", "message"),
    [
        ((-1, 4, 1, 3), {}, "`count` must be a whole number of at least 0, got -1"),
        ((1, 0, 1, 3), {}, "`exposure` must be finite and above 0, got 0"),
        ((1, 4, 1.5, 3), {}, "`ref_count` must be a whole number"),
        ((1, 4, 1, np.inf), {}, "`ref_exposure` must be finite and above 0"),
        ((1, 4, 1, 3), {"null": np.nan}, "`null` must be finite, got nan"),
        ((1, 4, 1, 3), {"per": 0}, "`per` must be a finite number above 0"),
        ((1, 4, 1, 3), {"method": "mover"}, "`method` must be one of"),
        ((cl.Band(1.5, 4), 4, 1, 3), {"method": "score"}, "`count.low` must be a whole number"),
    ],
)
def test_errors(data, options, message):
    with pytest.raises(InputError, match=message):
        rate_difference(*data, **options)
