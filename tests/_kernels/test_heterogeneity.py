"""Variance between units: other software, the defining equations, and what must hold of it."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import chi2

from countylines._kernels import heterogeneity as het

REFERENCE = Path(__file__).parents[1] / "reference" / "heterogeneity.json"
CASES = json.loads(REFERENCE.read_text(encoding="utf-8"))["cases"]
NAMES = {
    "dl": "dersimonian-laird",
    "pm": "paule-mandel",
    "eb": "paule-mandel",  # Morris's empirical Bayes estimate solves the same equation
    "reml": "reml",
    "ml": "ml",
    "he": "hedges",
    "hs": "hunter-schmidt",
    "sj": "sidik-jonkman",
    "fe": "fixed",
}
LIKELIHOOD = ("ml", "reml")


def effects(case):
    """Log ratios with their variances, one half added to the cells of strata with a 0."""
    given = {k: np.array(v, dtype=float) for k, v in case["inputs"].items()}
    if "yi" in given:
        return given["yi"][None], given["vi"][None]
    x1, x2 = given["x1"], given["x2"]
    if case["family"].endswith("rate_ratio"):
        add = 0.5 * ((x1 == 0) | (x2 == 0))
        x1, x2 = x1 + add, x2 + add
        y = np.log(x1 / given["e1"]) - np.log(x2 / given["e2"])
        return y[None], (1 / x1 + 1 / x2)[None]
    y1, y2 = given["n1"] - x1, given["n2"] - x2
    add = 0.5 * ((x1 == 0) | (x2 == 0) | (y1 == 0) | (y2 == 0))
    x1, x2, y1, y2 = (cell + add for cell in (x1, x2, y1, y2))
    if case["family"].endswith("odds_ratio"):
        return np.log(x1 * y2 / (x2 * y1))[None], (1 / x1 + 1 / x2 + 1 / y1 + 1 / y2)[None]
    y = np.log(x1 / (x1 + y1)) - np.log(x2 / (x2 + y2))
    return y[None], (1 / x1 - 1 / (x1 + y1) + 1 / x2 - 1 / (x2 + y2))[None]


@pytest.mark.reference
@pytest.mark.parametrize("case", CASES, ids=lambda case: case["id"])
def test_other_software_agrees(case):
    y, v = effects(case)
    expected, near = case["expected"], {"rel": case["tolerance"]["rtol"], "abs": 1e-9}
    name = case["method"].removesuffix("_hksj")
    if name == "qprofile_tau2_ci":
        low, high = het.q_profile(y, v, 0.95)
        assert low[0] == pytest.approx(expected["tau2_lower"], **near)
        assert high[0] == pytest.approx(expected["tau2_upper"], **near)
        return
    t = het.METHODS[NAMES[name]](y, v)
    mean, variance = het.mean(y, v, t)
    if case["method"].endswith("_hksj"):
        variance = variance * het.knapp_hartung(y, v, t)
    assert t[0] == pytest.approx(expected["tau2"], **near)
    assert mean[0] == pytest.approx(expected.get("estimate", expected.get("log_estimate")), **near)
    assert np.sqrt(variance[0]) == pytest.approx(expected["se"], **near)
    q = het.generalised_q(y, v, np.zeros(1))[0]
    assert q == pytest.approx(expected["Q"], **near)
    if "I2" in expected and name != "fe":
        assert 100 * het.i_squared(y, v, t)[0] == pytest.approx(expected["I2"], **near)


def sets(rows=40, units=7, seed=1, spread=1.0):
    rng = np.random.default_rng(seed)
    v = rng.gamma(1.0, 1.0, (rows, units)) + 0.01
    return rng.normal(0.0, np.sqrt(v + spread**2)), v


def test_paule_mandel_and_the_q_profile_solve_their_equations():
    y, v = sets()
    t = het.METHODS["paule-mandel"](y, v)
    inside = t > 0
    assert inside.sum() > 20
    np.testing.assert_allclose(het.generalised_q(y, v, t)[inside], 6.0, rtol=1e-10)
    assert (het.generalised_q(y, v, t)[~inside] <= 6.0).all()
    low, high = het.q_profile(y, v, 0.9)
    assert (low <= t).all()
    assert (high >= t).all()
    for ends, share in ((low, 0.95), (high, 0.05)):
        found = het.generalised_q(y, v, ends)[ends > 0]
        np.testing.assert_allclose(found, chi2.ppf(share, 6), rtol=1e-10)


@pytest.mark.parametrize("name", LIKELIHOOD)
def test_likelihoods_are_at_their_highest(name):
    y, v = sets(spread=0.7)
    t = het.METHODS[name](y, v)
    assert 0 < (t == 0).sum() < len(t)
    value, score, information = het._likelihood(y, v, t, name == "reml")
    inside = t > 0
    assert np.abs(score / np.sqrt(information))[inside].max() < 1e-9
    assert score[~inside].max() <= 0
    for other in np.geomspace(1e-4, 100, 60):
        assert (het._likelihood(y, v, np.full(len(y), other), name == "reml")[0] <= value).all()


def test_the_highest_of_two_maxima_is_found():
    """A likelihood with a maximum at 0 and a higher one away from it."""
    y = np.array([[0.0, 0.0, 0.0, 0.0, 3.0, -3.0]])
    v = np.array([[1e-4, 1e-4, 1e-4, 1e-4, 4.0, 4.0]])
    for name in LIKELIHOOD:
        t = het.METHODS[name](y, v)[0]
        grid = np.concatenate([[0.0], np.geomspace(1e-8, 50, 400)])
        values = [het._likelihood(y, v, np.array([g]), name == "reml")[0][0] for g in grid]
        best = het._likelihood(y, v, np.array([t]), name == "reml")[0][0]
        assert best >= max(values) - 1e-9


@pytest.mark.parametrize("name", sorted(set(het.METHODS) - {"fixed"}))
@settings(max_examples=15)
@given(seed=st.integers(0, 10_000), factor=st.floats(0.01, 100), shift=st.floats(-50, 50))
def test_units_of_measurement(name, seed, factor, shift):
    y, v = sets(rows=3, seed=seed)
    t = het.METHODS[name](y, v)
    again = het.METHODS[name](y * factor + shift, v * factor**2)
    np.testing.assert_allclose(again, t * factor**2, rtol=1e-6, atol=1e-8 * factor**2)
    order = np.random.default_rng(seed).permutation(y.shape[1])
    np.testing.assert_allclose(het.METHODS[name](y[:, order], v[:, order]), t, rtol=1e-8)


@pytest.mark.parametrize("name", sorted(het.METHODS))
def test_equal_estimates_have_no_variance_between_them(name):
    y, v = np.full((2, 5), 3.25), sets(rows=2, units=5)[1]
    assert (het.METHODS[name](y, v) == 0).all()


@pytest.mark.parametrize("name", ["dersimonian-laird", "paule-mandel", "reml", "hedges"])
def test_without_sampling_error_it_is_the_plain_variance(name):
    y, v = sets(spread=3.0)
    t = het.METHODS[name](y, np.full_like(v, 1e-12))
    np.testing.assert_allclose(t, y.var(axis=1, ddof=1), rtol=1e-6)


def test_rows_do_not_see_each_other():
    y, v = sets()
    for name, method in het.METHODS.items():
        alone = [method(y[i : i + 1], v[i : i + 1])[0] for i in range(len(y))]
        np.testing.assert_allclose(method(y, v), alone, rtol=1e-9, atol=1e-12, err_msg=name)
