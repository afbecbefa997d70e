"""The rate ratio: published cases, the defining equations, swapped groups, zero counts, errors."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st
from scipy.stats import binom, norm

from countylines._kernels import mover, poisson
from countylines._kernels import rate_ratio as kernel
from countylines.disproportionality import rate_ratio
from countylines.errors import DegenerateDataWarning, InputError, SparseDataWarning

CASES = json.loads((Path(__file__).parents[1] / "reference" / "rate_ratio.json").read_text())[
    "cases"
]
METHODS = {
    "exact_central": "exact",
    "poisson_test": "exact",
    "threshold_exact": "exact",
    "test_exact_cond": "exact",
    "exact_midp": "mid-p",
    "exact_midp_test": "mid-p",
    "test_cond_midp": "mid-p",
    "exact_minlike": "minlike",
    "exact_blaker": "blaker",
    "scas": "skew-score",
    "threshold_scas": "scas",
    "score": "score",
    "test_score": "score",
    "threshold_score": "score",
    "mover_score": "mover-score",
    "mover_wilson": "mover-score",
    "mover_jeff": "mover-jeffreys",
    "mover_jeffreys_median": "mover-jeffreys",
    "mover_exact_c": "mover-exact",
    "profile_likelihood": "profile",
    "wald_log": "wald-log",
    "test_wald_log": "wald-log",
    "wald_log_add_half": "adjusted-log",
    "bayes_jeffreys": "bayes-jeffreys",
}
OTHERS = {"median_unbiased_midp", "tost_equivalence_score"}
ADDING = ("adjusted-log", "bayes-jeffreys")
OTHER_SIDE = {"two-sided": "two-sided", "less": "greater", "greater": "less"}
pytestmark = pytest.mark.filterwarnings("ignore::countylines.errors.CountyLinesWarning")

methods = st.sampled_from(sorted(kernel.METHODS))
levels = st.floats(0.5, 0.999)
few = st.integers(0, 60)
sizes = st.floats(1e-3, 1e9)


def data_of(case):
    return [case["inputs"][name] for name in ("x1", "e1", "x2", "e2")]


def found(case):
    """All that a case may expect, from the public function."""
    data, method = data_of(case), METHODS[case["method"]]
    level = case["parameters"].get("level", 0.95)
    null = case["inputs"].get("theta0", 1.0)
    result = rate_ratio(*data, method=method, level=level, null=null)
    above = rate_ratio(*data, method=method, level=level, null=null, alternative="greater")
    below = rate_ratio(*data, method=method, null=null, alternative="less")
    return {
        "estimate": result.estimate,
        "lower": result.low,
        "upper": result.high,
        "pvalue": result.pvalue,
        "deviance_pvalue": result.pvalue,
        "pvalue_minlike": rate_ratio(*data, method="minlike", null=null).pvalue,
        "pvalue_greater": above.pvalue,
        "pvalue_less": below.pvalue,
        "lower_onesided": above.low,
        "prob_gt_1": below.pvalue,
        "prob_gt_1_25": rate_ratio(*data, method=method, null=1.25, alternative="less").pvalue,
        "median": rate_ratio(*data, method=method, level=0.5, alternative="greater").low,
    }


@pytest.mark.reference
@pytest.mark.parametrize(
    "case", [c for c in CASES if c["method"] in METHODS], ids=lambda case: case["id"]
)
def test_reference(case):
    values = found(case)
    tolerance = case["tolerance"]
    checked = 0
    for key, value in case["expected"].items():
        if value is None:
            assert key == "estimate"
            assert math.isnan(values[key])
        elif key not in case.get("disagreements", {}):
            rtol = tolerance.get("by_key", {}).get(key, tolerance["rtol"])
            assert values[key] == pytest.approx(float(value), rel=rtol, abs=1e-12), key
        else:
            assert values[key] != pytest.approx(float(value), rel=1e-7), key
        checked += 1
    assert checked


@pytest.mark.reference
def test_reference_for_the_median_unbiased_estimate():
    """The one-sided mid-p limit of level one half."""
    cases = [c for c in CASES if c["method"] == "median_unbiased_midp"]
    assert len(cases) == 4
    for case in cases:
        result = rate_ratio(*data_of(case), level=0.5, alternative="greater")
        assert result.low == pytest.approx(case["expected"]["estimate"], rel=1e-9)


@pytest.mark.reference
def test_reference_for_equivalence():
    """Two one-sided tests: the larger p-value."""
    cases = [c for c in CASES if c["method"] == "tost_equivalence_score"]
    assert len(cases) == 3
    for case in cases:
        low, high = (
            rate_ratio(*data_of(case), method="score", null=end, alternative=side).pvalue
            for end, side in ((0.8, "greater"), (1.25, "less"))
        )
        assert max(low, high) == pytest.approx(case["expected"]["pvalue"], rel=1e-8)


def test_every_case_is_used():
    assert {c["method"] for c in CASES} == {*METHODS, *OTHERS}


def test_the_other_jeffreys_limits_follow_from_the_counts_as_middle():
    """What statsmodels gives is the same formula round another middle, and less symmetric."""
    cases = [c for c in CASES if c["method"] == "mover_jeff"]
    assert cases
    for case in cases:
        x, e, y, f = (np.array([float(v)]) for v in data_of(case))
        tail = (1 - case["parameters"]["level"]) / 2
        ends = {
            (name, side): poisson.one_sided_limit(v, tail=tail, side=side, method="jeffreys")
            for name, v in (("x", x), ("y", y))
            for side in ("greater", "less")
        }
        low = mover.ratio_low(x, ends["x", "greater"], y, ends["y", "less"]) * f / e
        high = mover.ratio_high(x, ends["x", "less"], y, ends["y", "greater"]) * f / e
        expected = case["expected"]
        assert [low[0], high[0]] == pytest.approx([expected["lower"], expected["upper"]], rel=1e-9)


def test_a_limit_at_the_end_of_the_range_excludes_nothing():
    """Where the source's p-value for a zero count goes on beyond its own limit."""
    none = rate_ratio(0, 1000, 5, 2000, method="scas", level=1 - 1e-9, null=1e-9)
    assert none.low == 0
    assert none.pvalue == 1
    assert rate_ratio(5, 1000, 0, 2000, method="scas", level=0.01).high == np.inf


class TestEquations:
    """The limits put back into what defines them, from scipy's distributions."""

    rows = ((19, 2579.0, 2365, 487409.0), (3, 100.0, 7, 1200.0), (41, 28010.0, 15, 19017.0))

    @staticmethod
    def share(ratio, row):
        return ratio * row[1] / (ratio * row[1] + row[3])

    @pytest.mark.parametrize("row", rows)
    @pytest.mark.parametrize(("method", "weight"), [("mid-p", 0.5), ("exact", 1.0)])
    def test_tails(self, method, weight, row):
        x, n = row[0], row[0] + row[2]
        result = rate_ratio(*row, method=method)
        p, q = self.share(result.low, row), self.share(result.high, row)
        low = binom.sf(x, n, p) + weight * binom.pmf(x, n, p)
        high = binom.cdf(x - 1, n, q) + weight * binom.pmf(x, n, q)
        assert [low, high] == pytest.approx([0.025, 0.025], rel=1e-10)

    @pytest.mark.parametrize("row", rows)
    def test_score_of_the_two_poisson_counts(self, row):
        """From the unconditional score of x / e - ratio * y / f with rates fitted under it."""
        x, e, y, f = row
        result = rate_ratio(*row, method="score")
        for ratio, sign in ((result.low, 1), (result.high, -1)):
            ref_rate = (x + y) / (ratio * e + f)
            variance = ratio * ref_rate / e + ratio**2 * ref_rate / f
            z = (x / e - ratio * y / f) / math.sqrt(variance)
            assert sign * z == pytest.approx(norm.ppf(0.975), rel=1e-10)

    @pytest.mark.parametrize("row", rows)
    def test_skewness_of_the_two_poisson_counts(self, row):
        """z + g (z^2 - 1) / 6 is the score, with g its unconditional skewness."""
        x, e, y, f = row
        result = rate_ratio(*row, method="scas")
        for ratio, sign in ((result.low, 1), (result.high, -1)):
            ref_rate = (x + y) / (ratio * e + f)
            variance = ratio * ref_rate / e + ratio**2 * ref_rate / f
            third = ratio * ref_rate / e**2 - ratio**3 * ref_rate / f**2
            score = (x / e - ratio * y / f) / math.sqrt(variance)
            z = sign * norm.ppf(0.975)
            corrected = z + third / variance**1.5 * (z * z - 1) / 6
            assert score == pytest.approx(corrected, rel=1e-10)

    @pytest.mark.parametrize("row", rows)
    def test_likelihood_ratio_of_the_two_poisson_counts(self, row):
        x, e, y, f = row

        def log_likelihood(ratio, ref_rate):
            mean, ref_mean = ratio * ref_rate * e, ref_rate * f
            return x * math.log(mean) - mean + y * math.log(ref_mean) - ref_mean

        best = log_likelihood(x / e / (y / f), y / f)
        result = rate_ratio(*row, method="profile")
        for ratio in (result.low, result.high):
            at_limit = log_likelihood(ratio, (x + y) / (ratio * e + f))
            assert 2 * (best - at_limit) == pytest.approx(norm.ppf(0.975) ** 2, rel=1e-8)

    def test_shares_near_one_keep_their_digits(self):
        """A million events against one: the limits are those of the swapped groups."""
        result, swapped = rate_ratio(10**6, 1, 1, 1), rate_ratio(1, 1, 10**6, 1)
        assert result.low == pytest.approx(1 / swapped.high, rel=1e-12)
        assert result.high == pytest.approx(1 / swapped.low, rel=1e-12)
        q = 1 / (1 + result.high)
        n = 10**6 + 1
        tail = 0.5 * binom.pmf(1, n, q) + binom.sf(1, n, q)
        assert tail == pytest.approx(0.025, rel=1e-9)


@given(x=few, y=few, e=sizes, f=sizes, method=methods, level=levels, null=st.floats(0.01, 100))
@example(x=0, y=5, e=1000.0, f=2000.0, method="mover-jeffreys", level=0.95, null=1.0)
def test_swapping_the_groups_inverts_everything(x, y, e, f, method, level, null):
    settings = {"method": method, "level": level}
    for side, other in OTHER_SIDE.items():
        result = rate_ratio(x, e, y, f, null=null, alternative=side, **settings)
        swapped = rate_ratio(y, f, x, e, null=1 / null, alternative=other, **settings)
        with np.errstate(divide="ignore"):
            ends = 1 / np.float64(swapped.high), 1 / np.float64(swapped.low)
        assert (result.low, result.high) == pytest.approx(ends, rel=1e-8)
        assert result.pvalue == pytest.approx(swapped.pvalue, rel=1e-6, abs=1e-12)


@given(x=few, y=few, e=sizes, f=sizes, method=methods, unit=st.floats(1e-12, 1e12))
def test_the_units_of_exposure_make_no_difference(x, y, e, f, method, unit):
    result = rate_ratio(x, e, y, f, method=method, null=1.3)
    other = rate_ratio(x, e * unit, y, f * unit, method=method, null=1.3)
    assert (other.low, other.high) == pytest.approx((result.low, result.high), rel=1e-10)
    assert other.pvalue == pytest.approx(result.pvalue, rel=1e-8, abs=1e-12)


@given(x=few, y=few, scale=st.floats(0.01, 100), method=methods, level=levels)
def test_only_the_ratio_of_exposures_matters_and_it_scales(x, y, scale, method, level):
    result = rate_ratio(x, 1, y, 1, method=method, level=level)
    scaled = rate_ratio(x, 1, y, scale, method=method, level=level)
    assert scaled.low == pytest.approx(result.low * scale, rel=1e-12)
    assert scaled.high == pytest.approx(result.high * scale, rel=1e-12)


@given(x=few, y=few, method=methods, level=levels, side=st.sampled_from(sorted(OTHER_SIDE)))
def test_limits_and_pvalue_are_one_inversion(x, y, method, level, side):
    result = rate_ratio(x, 1, y, 3, method=method, level=level, alternative=side)
    for end, outside in ((result.low, 1 - 1e-6), (result.high, 1 + 1e-6)):
        if not 0 < end < np.inf:
            continue
        beyond, within = (
            rate_ratio(x, 1, y, 3, method=method, null=end * to, alternative=side).pvalue
            for to in (outside, 1 / outside)
        )
        assert beyond < 1 - level + 1e-9
        assert within > 1 - level - 1e-4


@given(x=few, y=few, method=methods)
def test_limits_hold_the_estimate(x, y, method):
    assume(method not in ADDING and (x or y))
    result = rate_ratio(x, 2, y, 3, method=method)
    assert result.low <= result.estimate <= result.high


@given(x=st.integers(0, 40), y=few, method=methods)
def test_more_events_mean_higher_limits(x, y, method):
    assume(method not in ("minlike", "blaker", "wald-log", "adjusted-log") and (x or y))
    fewer, more = (rate_ratio(k, 2, y, 3, method=method) for k in (x, x + 1))
    assert fewer.low <= more.low * (1 + 1e-12)
    assert fewer.high <= more.high * (1 + 1e-12)


def test_adding_one_half_can_turn_the_order_of_the_upper_limits():
    """A defect of the method, shown: one event more, and the upper limit falls."""
    none, one = (rate_ratio(x, 2, 6, 3, method="adjusted-log") for x in (0, 1))
    assert none.high > one.high


class TestZero:
    @pytest.mark.parametrize("method", [m for m in kernel.METHODS if m not in ADDING])
    def test_one_count_of_zero_leaves_one_finite_end(self, method):
        none = rate_ratio(0, 1000, 5, 2000, method=method)
        only = rate_ratio(5, 1000, 0, 2000, method=method)
        assert (none.estimate, none.low) == (0, 0)
        assert (only.estimate, only.high) == (np.inf, np.inf)
        if method == "wald-log":
            assert (none.high, only.low) == (np.inf, 0)
        else:
            assert 0.9 < none.high < 2.9
            assert 1.3 < only.low < 4.3
        assert none.verdict.estimable
        assert math.isnan(none.standard_error)

    @pytest.mark.parametrize("method", kernel.METHODS)
    def test_no_events_at_all_say_nothing(self, method):
        for side in OTHER_SIDE:
            result = rate_ratio(0, 1000, 0, 2000, method=method, alternative=side, null=3)
            assert math.isnan(result.estimate)
            assert result.verdict.code == "no-data"
            assert "Both counts are 0" in result.verdict.reasons[0]
            if method != "bayes-jeffreys":
                assert (result.low, result.high, result.pvalue) == (0, np.inf, 1)

    @pytest.mark.parametrize("method", [m for m in kernel.METHODS if m not in ADDING])
    def test_nothing_speaks_for_the_side_on_which_the_range_ends(self, method):
        for side, table in (("greater", (0, 1000, 5, 2000)), ("less", (5, 1000, 0, 2000))):
            result = rate_ratio(*table, method=method, null=1.25, alternative=side)
            assert result.pvalue >= 0.5
            assert result.pvalue == 1 or "mover" not in method
            other = rate_ratio(*table, method=method, null=1.25, alternative=OTHER_SIDE[side])
            assert other.pvalue < 0.2 or "log" in method

    def test_it_warns_and_notes(self):
        with pytest.warns(DegenerateDataWarning, match="A count is 0"):
            result = rate_ratio(0, 1000, 5, 2000)
        assert "zero-count" in [note.code for note in result.notes]
        with pytest.warns(SparseDataWarning, match="Fewer than 5 events"):
            rate_ratio(4, 1000, 5, 2000, method="wald-log")


def test_huge_and_tiny_exposures_do_no_harm():
    """Rates of 3e-9, at which ratesci 1.1.0.9000 gives 2.73 to 1.6e16."""
    result = rate_ratio(12, 4e9, 30, 9e10, method="scas")
    same = rate_ratio(12, 40_000, 30, 900_000, method="scas")
    assert (result.low, result.high) == pytest.approx((same.low, same.high), rel=1e-13)
    assert (result.low, result.high) == pytest.approx((4.47, 17.26), abs=0.01)


@pytest.mark.parametrize(
    ("x", "y", "method", "gap"),
    [
        (1, 30, "minlike", True),
        (30, 1, "minlike", True),
        (5, 37, "minlike", True),
        (33, 2, "blaker", True),
        (19, 36, "minlike", False),
        (4, 9, "blaker", False),
    ],
)
def test_the_hull_is_noted_where_a_ratio_inside_it_is_refused(x, y, method, gap):
    result = rate_ratio(x, 1, y, 1, method=method)
    nulls = np.geomspace(result.low * (1 + 1e-9), result.high * (1 - 1e-9), 100_001)
    p = rate_ratio(x, 1, y, 1, method=method, null=nulls).pvalue
    assert (p < 0.05 - 1e-12).any() == gap
    assert ("hull" in [note.code for note in result.notes]) == gap


def test_every_result_says_that_it_is_no_evidence_of_a_cause():
    text = str(rate_ratio(19, 2579, 2365, 487409))
    assert "A ratio is not evidence of its cause" in text


def test_many_rows_equal_one_by_one():
    rng = np.random.default_rng(1)
    x, y = rng.poisson(4, 60), rng.poisson(9, 60)
    e, f = rng.uniform(1, 5, 60), rng.uniform(1, 5, 60)
    for method in kernel.METHODS:
        many = rate_ratio(x, e, y, f, method=method)
        for i in (0, 17, 59):
            one = rate_ratio(x[i], e[i], y[i], f[i], method=method)
            assert [many.low[i], many.high[i], many.pvalue[i]] == pytest.approx(
                [one.low, one.high, one.pvalue], rel=1e-9
            )


def test_labels_come_back():
    index = pd.Index(["Kent", "Essex"], name="force")
    result = rate_ratio(
        pd.Series([1074, 1827], index), pd.Series([75422, 85546], index), 9280, 1635811
    )
    assert list(result.to_frame()["force"]) == ["Kent", "Essex"]
    assert result.n["Kent"] == 1074 + 9280


@pytest.mark.parametrize(
    ("data", "options", "message"),
    [
        ((-1, 1, 1, 1), {}, "`count` must be a whole number of at least 0, got -1"),
        ((1.5, 1, 1, 1), {}, "`count` must be a whole number"),
        ((1, 0, 1, 1), {}, "`exposure` must be finite and above 0"),
        ((1, np.inf, 1, 1), {}, "`exposure` must be finite and above 0"),
        ((1, 1, np.nan, 1), {}, "`ref_count` must be a whole number"),
        ((1, 1, 1, -2), {}, "`ref_exposure` must be finite and above 0"),
        ((1, 1, 1, 1), {"null": 0}, "`null` must be finite and above 0"),
        ((1, 1, 1, 1), {"level": 95}, "`level` must be"),
        ((1, 1, 1, 1), {"method": "midp"}, "Did you mean 'mid-p'"),
        ((1, 1, 1, 1), {"alternative": "larger"}, "`alternative` must be one of"),
        ((True, 1, 1, 1), {}, "`count` must be"),
        (([], 1, 1, 1), {}, "`count` must be non-empty"),
    ],
)
def test_errors(data, options, message):
    with pytest.raises(InputError, match=message):
        rate_ratio(*data, **options)
