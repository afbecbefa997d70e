"""Adjusted p-values against published ones, closed testing and their definitions."""

from __future__ import annotations

import itertools
import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from scipy.special import ndtri

from countylines._kernels import multiplicity

CASES = json.loads((Path(__file__).parents[1] / "reference" / "multiplicity.json").read_text())
NAMES = {"bonferroni": "bonferroni", "by": "benjamini-yekutieli", "holm": "holm"}
PVALUES = st.lists(st.floats(0, 1), min_size=1, max_size=7)


@pytest.mark.parametrize(
    "case", [c for c in CASES["cases"] if c["method"] in NAMES], ids=lambda c: c["id"]
)
def test_adjusted(case):
    p = np.array([case["inputs"]["pvalues"]])
    found = multiplicity.METHODS[NAMES[case["method"]]](p)[0]
    np.testing.assert_allclose(found, case["expected"]["adjusted"], rtol=case["tolerance"]["rtol"])


@pytest.mark.parametrize(
    "case", [c for c in CASES["cases"] if "critical" in c["method"]], ids=lambda c: c["id"]
)
def test_critical_values(case):
    for method in ("bonferroni", "sidak"):
        each = multiplicity.level_of_each(0.95, case["inputs"]["k"], method)
        assert -ndtri((1 - each) / 2) == pytest.approx(
            case["expected"][method], rel=case["tolerance"]["rtol"]
        )


def closed(p, local):
    """Adjusted p-values by testing every intersection."""
    m = len(p)
    best = np.zeros(m)
    for size in range(1, m + 1):
        for chosen in itertools.combinations(range(m), size):
            value = local(np.sort(p[list(chosen)]))
            best[list(chosen)] = np.maximum(best[list(chosen)], value)
    return np.minimum(best, 1)


@given(PVALUES)
def test_step_procedures_are_closed_tests(values):
    p = np.array(values)
    simes = closed(p, lambda s: (s.size * s / np.arange(1, s.size + 1)).min())
    np.testing.assert_allclose(multiplicity.hommel(p[None])[0], simes, atol=1e-12)
    smallest = closed(p, lambda s: s.size * s[0])
    np.testing.assert_allclose(multiplicity.holm(p[None])[0], smallest, atol=1e-12)
    independent = closed(p, lambda s: 1 - (1 - s[0]) ** s.size)
    np.testing.assert_allclose(multiplicity.holm_sidak(p[None])[0], independent, atol=1e-12)


@given(PVALUES, st.floats(0.001, 0.999))
def test_false_discovery_rejects_as_defined(values, rate):
    """Reject the k smallest for the largest k with p_(k) <= k rate / m."""
    p = np.sort(values)
    bounds = rate * np.arange(1, p.size + 1) / p.size
    if np.isclose(p, bounds, rtol=1e-9).any():
        return
    k = max((i + 1 for i in range(p.size) if p[i] <= bounds[i]), default=0)
    assert (multiplicity.benjamini_hochberg(p[None])[0] <= rate).sum() >= k
    assert (multiplicity.benjamini_hochberg(p[None])[0][:k] <= rate).all()
    assert (
        not (multiplicity.benjamini_hochberg(p[None])[0][k:] <= rate).any()
        or (p[k:] == p[k - 1]).any()
    )


def test_false_discovery_against_scipy():
    p = np.random.default_rng(1).uniform(size=(3, 40)) ** 2
    for name, short in (("benjamini-hochberg", "bh"), ("benjamini-yekutieli", "by")):
        expected = stats.false_discovery_control(p, axis=1, method=short)
        np.testing.assert_allclose(multiplicity.METHODS[name](p), expected, rtol=1e-13)


@given(PVALUES)
def test_order_of_the_procedures(values):
    p = np.array([values])
    a = {name: adjust(p) for name, adjust in multiplicity.METHODS.items()}
    chain = ("benjamini-hochberg", "hommel", "hochberg", "holm", "bonferroni")
    for less, more in itertools.pairwise(chain):
        assert (a[less] <= a[more] + 1e-12).all()
    assert (a["sidak"] <= a["bonferroni"] + 1e-12).all()
    assert (a["benjamini-hochberg"] >= p - 1e-15).all()
    assert all(v.max() <= 1 for v in a.values())


@pytest.mark.parametrize("correlation", [0.0, 0.3, 0.7, 0.9])
@pytest.mark.parametrize("two_sided", [True, False])
def test_equally_correlated_statistics_hold_together(correlation, two_sided):
    each = multiplicity.equal_correlation_level(0.9, 6, correlation, two_sided=two_sided)
    critical = -ndtri((1 - each) / (2 if two_sided else 1))
    rng = np.random.default_rng(4)
    common, own = rng.normal(size=(200_000, 1)), rng.normal(size=(200_000, 6))
    z = np.sqrt(correlation) * common + np.sqrt(1 - correlation) * own
    held = ((np.abs(z) if two_sided else z) <= critical).all(axis=1).mean()
    assert held == pytest.approx(0.9, abs=0.003)
    low, high = 0.9, multiplicity.level_of_each(0.9, 6, "bonferroni")
    assert low - 1e-12 <= each <= high


def test_many_intervals_at_a_time():
    """1 - (1 - level) / m does not lose digits, and 43 of them hold at 0.95."""
    assert multiplicity.level_of_each(0.95, 43, "sidak") ** 43 == pytest.approx(0.95, rel=1e-14)
    assert 1 - multiplicity.level_of_each(0.95, 43, "bonferroni") == pytest.approx(0.05 / 43)
