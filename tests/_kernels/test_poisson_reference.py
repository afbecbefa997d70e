"""Limits and p-values of a Poisson rate against published software and 40-digit values."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from countylines._kernels.poisson import METHODS

pytestmark = pytest.mark.reference
CASES = json.loads((Path(__file__).parents[1] / "reference" / "rate.json").read_text())["cases"]
INDIRECT = [case for case in CASES if case["family"] == "indirect standardisation"]
RATES = [case for case in CASES if case["family"] != "smr" and case not in INDIRECT]
RATIOS = [case for case in CASES if case["family"] == "smr"]
SWITCH = "exact below a count of 10, Byar's formula from 10"
KEYS = {
    "exact": "exact",
    "epi_exact": "exact",
    "midp_central": "mid-p",
    "blaker": "blaker",
    "byar_formula": "byar",
    "epi_byar": "byar-mid-p",
    "phe_rate": SWITCH,
    "wald": "wald",
    "waldccv": "wald-half",
    "score": "score",
    "exact-c": "exact",
    "midp-c": "mid-p",
    "sqrt": "square-root",
    "sqrt-a": "anscombe",
    "sqrt-cent": "anscombe",
    "sqrt-centcc": "anscombe-cc",
    "sqrt-v": "skew-score",  # the same limits on paper
    "jeff": "jeffreys",
}
RATIO_METHODS = {
    "byar": "byar-mid-p",  # epitools moves the count by one half for either limit
    "exact": "exact",
    "exact_blaker": "blaker",
    "exact_midp": "mid-p",
    "exact_midp_test": "mid-p",
    "exact_minlike": "minlike",
    "jeff": "jeffreys",
    "scas": "skew-score",
    "phe_byar_exact_switch": SWITCH,
}
NOT_LIMITS = {"rate_per_100k", "phe_method"}


def limits(method, count, exposure, level):
    if method == SWITCH:
        method = "exact" if count < 10 else "byar"
    low, high = METHODS[method].limits(
        np.array([float(count)]), np.array([exposure]), level=level, alternative="two-sided"
    )
    return np.array([low[0], high[0]])


def expectations():
    for case in RATES:
        for key, expected in case["expected"].items():
            if key not in NOT_LIMITS:
                yield pytest.param(case, key, expected, id=f"{case['id']}-{key}")


@pytest.mark.parametrize(("case", "key", "expected"), list(expectations()))
def test_rate(case, key, expected):
    inputs, options = case["inputs"], case["parameters"]
    level = options["conf_level"] if "conf_level" in options else 1 - options["alpha"]
    exposure = inputs.get("exposure", inputs.get("population", 1) / options.get("multiplier", 1))
    found = limits(KEYS[key], inputs["count"], exposure, level)
    tolerance = case["tolerance"]
    rtol = tolerance.get("by_key", {}).get(key, tolerance["rtol"])
    expected = expected[-2:]
    if key in case.get("disagreements", {}):
        assert expected[0] < 0 == found[0]
        found, expected = found[1:], expected[1:]
    np.testing.assert_allclose(found, expected, rtol=rtol, atol=1e-12)


@pytest.mark.parametrize("case", RATIOS, ids=lambda case: case["id"])
def test_observed_to_expected_ratio(case):
    method, inputs, expected = RATIO_METHODS[case["method"]], case["inputs"], case["expected"]
    level = case["parameters"]["level"]
    low, high = limits(method, inputs["observed"], inputs["expected"], level)
    found = {"lower": low, "upper": high, "estimate": inputs["observed"] / inputs["expected"]}
    if "pvalue" in expected:
        data = np.array([float(inputs["observed"])]), np.array([inputs["expected"]])
        found["pvalue"] = METHODS[method].pvalue(*data, null=1.0, alternative="two-sided")[0]
    compared = expected.keys() - {"method"}
    assert compared <= found.keys()
    for key in compared:
        rtol = case["tolerance"]["rtol"]
        np.testing.assert_allclose(found[key], expected[key], rtol=rtol, atol=1e-12)


@pytest.mark.parametrize("case", INDIRECT, ids=lambda case: case["id"])
def test_indirect_standardisation(case):
    """Observed over expected; as a rate, times that of the reference."""
    inputs, expected, options = case["inputs"], case["expected"], case["parameters"]
    count, people, ref_count, ref_people = (
        np.array(inputs[key], dtype=float)
        for key in ("count", "population", "ref_count", "ref_population")
    )
    norm = (people * ref_count / ref_people).sum()
    observed = count.sum()
    low, high = limits(SWITCH, observed, norm, options.get("level", options.get("conf_level")))
    found = {"observed": observed, "expected": norm, "estimate": observed / norm}
    found |= {"lower": low, "upper": high}
    if "ref_rate" in expected:
        scale = options["multiplier"] * ref_count.sum() / ref_people.sum()
        found |= {"ref_rate": scale, "value": scale * observed / norm}
        found |= {"lowercl": scale * low, "uppercl": scale * high}
    words = {"method", "confidence", "statistic"}
    assert expected.keys() - words <= found.keys()
    for key in expected.keys() - words:
        assert found[key] == pytest.approx(expected[key], rel=case["tolerance"]["rtol"])


def test_every_case_is_compared():
    assert {case["method"] for case in RATIOS} == set(RATIO_METHODS)
    keys = {key for case in RATES for key in case["expected"]}
    assert keys - NOT_LIMITS == set(KEYS)
    # "profile" and "wald-log" have no published values here: their equations are put back instead.
    tied = {*KEYS.values(), *RATIO_METHODS.values()} - {SWITCH}
    assert set(METHODS) - tied == {"profile", "wald-log"}
