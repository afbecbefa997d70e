"""Rubin's rules: reference values, the pieces put together again, the limits of no and all."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from countylines._kernels import rubin

CASES = json.loads(
    (Path(__file__).parents[1] / "reference" / "missing_ethnicity.json").read_text()
)["cases"]
VALUES = st.lists(st.floats(-3, 3), min_size=2, max_size=8)


def row(values):
    return np.array([values], dtype=float)


@pytest.mark.reference
@pytest.mark.parametrize(
    "case", [pytest.param(c, id=c["id"]) for c in CASES if c["method"] == "rubin_rules"]
)
def test_reference(case):
    inputs, expected = case["inputs"], case["expected"]
    n = case["parameters"]["n"]
    complete = np.inf if n == "inf" else n - 1.0  # one coefficient
    found = rubin.combine(row(inputs["estimates"]), row(inputs["variances"]), complete)
    names = {
        "estimate": found.estimate,
        "within": found.within,
        "between": found.between,
        "total": found.total,
        "df": found.df,
        "riv": found.relative_increase,
        "fmi": found.missing_information,
    }
    for name, value in names.items():
        assert value[0] == pytest.approx(expected[name], rel=case["tolerance"]["rtol"]), name


@pytest.mark.reference
@pytest.mark.parametrize(
    "case", [pytest.param(c, id=c["id"]) for c in CASES if c["method"] == "rubin_rules_zepid"]
)
def test_reference_of_another_package(case):
    inputs, expected = case["inputs"], case["expected"]
    variances = row(inputs["std_errors"]) ** 2
    found = rubin.combine(row(inputs["estimates"]), variances, np.inf)
    assert found.estimate[0] == pytest.approx(expected["estimate"], rel=1e-9)
    assert np.sqrt(found.total[0]) == pytest.approx(expected["se"], rel=1e-9)


def test_equal_estimates_miss_nothing():
    found = rubin.combine(row([0.5, 0.5, 0.5]), row([0.04, 0.05, 0.06]), np.inf)
    assert np.isinf(found.df[0])
    assert found.missing_information[0] == 0.0
    low, high = rubin.limits(found, 0.95, "two-sided")
    assert (high[0] - low[0]) / 2 == pytest.approx(1.959963984540054 * np.sqrt(0.05), rel=1e-12)
    small = rubin.combine(row([0.5, 0.5, 0.5]), row([0.04, 0.05, 0.06]), 10.0)
    assert small.df[0] == pytest.approx(11 / 13 * 10)


def test_nothing_but_missing():
    found = rubin.combine(row([0.1, 0.5, 0.9]), row([0.0, 0.0, 0.0]), np.inf)
    assert found.missing_information[0] == 1.0
    assert found.df[0] == pytest.approx(2.0)


@given(VALUES, st.floats(0.01, 2.0), st.sampled_from([np.inf, 5.0, 40.0]))
def test_degrees_of_freedom_never_exceed_those_of_complete_data(estimates, variance, complete):
    found = rubin.combine(row(estimates), np.full((1, len(estimates)), variance), complete)
    assert 0.0 < found.df[0] <= complete
    assert 0.0 <= found.missing_information[0] <= 1.0


@given(
    VALUES,
    st.floats(0.01, 2.0),
    st.sampled_from([np.inf, 12.0]),
    st.sampled_from(["two-sided", "less", "greater"]),
    st.sampled_from([0.5, 0.9, 0.95]),
)
def test_the_p_value_at_a_limit_is_the_tail(estimates, variance, complete, alternative, level):
    found = rubin.combine(row(estimates), np.full((1, len(estimates)), variance), complete)
    ends = rubin.limits(found, level, alternative)
    for end in ends:
        if np.isfinite(end[0]):
            p = rubin.pvalue(found, end, alternative)
            assert p[0] == pytest.approx(1 - level, rel=1e-7)
