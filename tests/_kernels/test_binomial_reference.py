"""Limits and p-values of a binomial proportion against published software and 40-digit values."""

from __future__ import annotations

import json
from pathlib import Path

import mpmath as mp
import numpy as np
import pytest

from countylines._kernels.binomial import METHODS

pytestmark = pytest.mark.reference
REFERENCE = Path(__file__).parents[1] / "reference"

PROPORTION = json.loads((REFERENCE / "proportion.json").read_text())["cases"]
PROPORTION_KEYS = {
    "clopper_pearson": "clopper-pearson",
    "beta": "clopper-pearson",
    "wilson": "wilson",
    "wilson_cc": "wilson-cc",
    "midp": "mid-p",
    "blaker": "blaker",
    "sterne_minlike": "minlike",
    "binom_test": "minlike",
    "plus_four": "plus-four",
    "agresti_coull": "agresti-coull",
    "jeffreys": "jeffreys",
    "normal": "wald",
}
RATIO = [
    case
    for case in json.loads((REFERENCE / "representation_ratio.json").read_text())["cases"]
    if case["method"] != "mover_uncertain_denominator_wilson"  # needs the limits of two shares
]
RATIO_METHODS = {
    "binomci_agresti_coull": "agresti-coull",
    "binomci_arcsine": "arcsine",
    "binomci_jeffreys": "jeffreys",
    "binomci_lik": "profile",
    "binomci_logit": "logit",
    "binomci_modified_jeffreys": "modified-jeffreys",
    "binomci_wilsoncc": "wilson-cc",
    "clopper_pearson": "clopper-pearson",
    "exact_blaker": "blaker",
    "exact_central": "clopper-pearson",
    "exact_midp": "mid-p",
    "exact_midp_test": "mid-p",
    "exact_minlike": "minlike",
    "exceeds_1.25": "clopper-pearson",
    "jeff": "jeffreys",
    "scas": "skew-score",
    "wald": "wald",
    "wilson": "wilson",
}


def limits(method, count, total, level=0.95, alternative="two-sided"):
    low, high = METHODS[method].limits(
        np.array([float(count)]), np.array([float(total)]), level=level, alternative=alternative
    )
    return low[0], high[0]


def pvalue(method, count, total, null, alternative="two-sided"):
    return METHODS[method].pvalue(
        np.array([float(count)]), np.array([float(total)]), null=null, alternative=alternative
    )[0]


def expectations():
    for case in PROPORTION:
        for key, expected in case["expected"].items():
            if key != "estimate":
                yield pytest.param(case, key, expected, id=f"{case['id']}-{key}")


@pytest.mark.parametrize(("case", "key", "expected"), list(expectations()))
def test_proportion(case, key, expected):
    found = limits(PROPORTION_KEYS[key], case["inputs"]["x"], case["inputs"]["n"])
    tolerance = case["tolerance"]
    rtol = tolerance.get("by_key", {}).get(key, tolerance["rtol"])
    if key in case.get("disagreements", {}):
        assert abs(found[0] - expected[0]) > rtol * expected[0]
        found, expected = found[1:], expected[1:]
    np.testing.assert_allclose(found, expected, rtol=rtol, atol=1e-15)


@pytest.mark.parametrize("case", RATIO, ids=lambda case: case["id"])
def test_representation_ratio(case):
    method, share = RATIO_METHODS[case["method"]], case["inputs"]["share"]
    count, total = case["inputs"]["x"], case["inputs"]["n"]
    expected, rtol = case["expected"], case["tolerance"]["rtol"]
    low, high = limits(method, count, total)
    found = {"lower": low / share, "upper": high / share}
    if "pvalue" in expected:
        ratio = case["parameters"].get("theta0", case["parameters"].get("null_ratio", 1.0))
        alternative = "greater" if case["method"] == "exceeds_1.25" else "two-sided"
        found["pvalue"] = pvalue(method, count, total, ratio * share, alternative)
    compared = expected.keys() - {"estimate"}
    assert compared <= found.keys()
    for key in compared:
        if key in case.get("disagreements", {}):
            assert expected[key] is None or abs(found[key] - expected[key]) > rtol * expected[key]
        else:
            np.testing.assert_allclose(found[key], expected[key], rtol=rtol, atol=1e-12)


def likelihood_ratio(count, total, null):
    """Likelihood ratio statistic of a binomial proportion."""
    x, n, p = mp.mpf(count), mp.mpf(total), mp.mpf(null)
    terms = [k * mp.log(k / m) for k, m in ((x, n * p), (n - x, n * (1 - p))) if k > 0]
    return 2 * sum(terms)


@pytest.mark.parametrize(
    "case",
    [c for c in RATIO if c["method"] == "binomci_lik" and "disagreements" in c],
    ids=lambda case: case["id"],
)
def test_profile_limits_that_differ_solve_the_equation_and_the_source_does_not(case):
    (key,) = case["disagreements"]
    data = case["inputs"]
    low, high = limits("profile", data["x"], data["n"])
    ours, theirs = (low if key == "lower" else high), case["expected"][key] * data["share"]
    goal = 2 * mp.erfinv(mp.mpf("0.95")) ** 2
    assert abs(likelihood_ratio(data["x"], data["n"], ours) / goal - 1) < 1e-12
    assert abs(likelihood_ratio(data["x"], data["n"], theirs) / goal - 1) > 1e-4


def test_every_method_has_reference_values():
    """Each method is tied to a source, and no case is left out for its name."""
    assert {*PROPORTION_KEYS.values(), *RATIO_METHODS.values()} == set(METHODS)
    assert {case["method"] for case in RATIO} == set(RATIO_METHODS)
    keys = {key for case in PROPORTION for key in case["expected"]}
    assert keys - {"estimate"} == set(PROPORTION_KEYS)
