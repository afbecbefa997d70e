"""The representation ratio: published cases, its bound, an uncertain benchmark."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from countylines.disproportionality import representation_ratio
from countylines.errors import DegenerateDataWarning, InputError
from countylines.prevalence import proportion

CASES = json.loads(
    (Path(__file__).parents[1] / "reference" / "representation_ratio.json").read_text()
)["cases"]
METHODS = {
    "binomci_agresti_coull": "agresti-coull",
    "binomci_arcsine": "arcsine",
    "binomci_jeffreys": "jeffreys",
    "jeff": "jeffreys",
    "binomci_lik": "profile",
    "binomci_logit": "logit",
    "binomci_modified_jeffreys": "modified-jeffreys",
    "binomci_wilsoncc": "wilson-cc",
    "clopper_pearson": "clopper-pearson",
    "exact_central": "clopper-pearson",
    "exact_blaker": "blaker",
    "exact_minlike": "minlike",
    "exact_midp": "mid-p",
    "exact_midp_test": "mid-p",
    "exceeds_1.25": "clopper-pearson",
    "scas": "skew-score",
    "wald": "wald",
    "wilson": "wilson",
}
pytestmark = pytest.mark.filterwarnings("ignore::countylines.errors.CountyLinesWarning")


@pytest.mark.reference
@pytest.mark.parametrize(
    "case", [c for c in CASES if c["method"] in METHODS], ids=lambda case: case["id"]
)
def test_reference(case):
    data, expected = case["inputs"], case["expected"]
    rtol = case["tolerance"]["rtol"]
    tail = case["method"] == "exceeds_1.25"
    result = representation_ratio(
        data["x"],
        data["n"],
        data["share"],
        method=METHODS[case["method"]],
        null=1.25 if tail else 1.0,
        alternative="greater" if tail else "two-sided",
    )
    checked = 0
    for key, value in (
        ("estimate", result.estimate),
        ("lower", result.low),
        ("upper", result.high),
        ("pvalue", result.pvalue),
    ):
        # where the source is wrong, tests of the kernels prove it
        if expected.get(key) is not None and key not in case.get("disagreements", {}):
            assert value == pytest.approx(expected[key], rel=rtol, abs=1e-12)
            checked += 1
    assert checked


@pytest.mark.reference
@pytest.mark.parametrize(
    "case", [c for c in CASES if "mover_uncertain" in c["method"]], ids=lambda case: case["id"]
)
def test_reference_for_an_uncertain_benchmark(case):
    data = case["inputs"]
    method = "wilson" if case["method"].endswith("wilson") else case["method"].rsplit("_", 1)[-1]
    result = representation_ratio(
        data["x"],
        data["n"],
        data["census_count"] / data["census_n"],
        benchmark_n=data["census_n"],
        method=method,
    )
    expected = case["expected"]
    assert [result.estimate, result.low, result.high] == pytest.approx(
        [expected["estimate"], expected["lower"], expected["upper"]], rel=1e-9
    )


def test_every_case_is_used():
    known = {*METHODS, *(c["method"] for c in CASES if "mover_uncertain" in c["method"])}
    assert {c["method"] for c in CASES} == known


class TestBound:
    def test_the_bound_stands_in_the_notes(self):
        note = next(n for n in representation_ratio(6, 258, 0.04).notes if n.code == "bound")
        assert "cannot exceed 25" in note.text

    def test_several_benchmarks_give_a_range(self):
        shares = pd.Series([0.0101, 0.135], index=["North East", "London"])
        note = next(n for n in representation_ratio(6, 258, shares).notes if n.code == "bound")
        assert "between 7.41 and 99" in note.text

    @given(n=st.integers(1, 400), q=st.floats(0.001, 0.999), data=st.data())
    def test_no_limit_passes_it(self, n, q, data):
        x = data.draw(st.integers(0, n))
        result = representation_ratio(x, n, q)
        assert 0 <= result.low <= result.estimate <= result.high <= 1 / q


@given(n=st.integers(1, 400), q=st.floats(0.01, 0.99), data=st.data())
def test_it_is_the_share_over_the_benchmark(n, q, data):
    x = data.draw(st.integers(0, n))
    ratio, share = representation_ratio(x, n, q), proportion(x, n, null=q)
    assert ratio.low * q == pytest.approx(share.low, rel=1e-12, abs=1e-300)
    assert ratio.high * q == pytest.approx(share.high, rel=1e-12)
    assert ratio.pvalue == pytest.approx(share.pvalue, rel=1e-9)


class TestUncertainBenchmark:
    def test_a_large_sample_is_as_good_as_a_census(self):
        known = representation_ratio(13, 50, 0.04)
        sampled = representation_ratio(13, 50, 0.04, benchmark_n=1e9)
        assert sampled.low == pytest.approx(known.low, rel=1e-3)
        assert sampled.high == pytest.approx(known.high, rel=1e-3)
        assert sampled.pvalue == pytest.approx(known.pvalue, rel=0.05)

    def test_a_smaller_sample_widens(self):
        widths = []
        for size in (200, 2000, 20000):
            result = representation_ratio(13, 50, 0.04, benchmark_n=size)
            widths.append(result.high / result.low)
        assert widths == sorted(widths, reverse=True)

    def test_whole_count_methods_are_refused(self):
        with pytest.raises(InputError, match="fractional counts when `benchmark_n` is given"):
            representation_ratio(13, 50, 0.04, benchmark_n=1000, method="blaker")

    def test_its_ratio_is_not_bounded_by_the_estimated_share(self):
        result = representation_ratio(10, 10, 0.1, benchmark_n=20, null=11)
        assert result.low < 11 < result.high
        assert "bound" not in [note.code for note in result.notes]

    def test_one_sided_levels_below_one_half_are_refused(self):
        with pytest.raises(InputError, match=r"at least 0\.5 for one side when `benchmark_n`"):
            representation_ratio(5, 9, 0.1, benchmark_n=20, level=0.3, alternative="less")

    def test_many_rows_are_worked_together(self):
        counts = np.arange(200)
        result = representation_ratio(counts, 258, 0.04, benchmark_n=1000)
        one = representation_ratio(17, 258, 0.04, benchmark_n=1000)
        assert result.low[17] == pytest.approx(one.low, rel=1e-9)
        assert result.pvalue[17] == pytest.approx(one.pvalue, rel=1e-6)


class TestErrors:
    def test_a_percentage_is_recognised(self):
        with pytest.raises(
            InputError, match=r"`benchmark` must be a share in \(0, 1\), got 4.04.*percentage"
        ):
            representation_ratio(6, 258, 4.04)

    def test_a_null_no_ratio_can_reach(self):
        with pytest.raises(InputError, match="`null` must be at most `1 / benchmark`"):
            representation_ratio(20, 25, 0.8, null=1.3)

    def test_no_one_recorded(self):
        with pytest.warns(DegenerateDataWarning, match="The total is 0"):
            result = representation_ratio(0, 0, 0.04)
        assert np.isnan(result.estimate)
        assert (result.low, result.high, result.pvalue) == (0, 25, 1)
        assert result.verdict.code == "no-data"


def test_the_smallest_count_that_establishes_over_representation():
    """Six of 258 where 1.01 % are in the group, as the docstring says; five are not enough."""
    assert representation_ratio(6, 258, 0.0101, alternative="greater").low > 1
    assert representation_ratio(5, 258, 0.0101, alternative="greater").low < 1
