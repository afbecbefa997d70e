"""The Fay-Herriot model: other software, its equations, its limits."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from countylines._kernels import fay_herriot as fh
from countylines._kernels import heterogeneity

FILE = json.loads((Path(__file__).parents[1] / "reference" / "areas.json").read_text("utf-8"))
CASES = {case["id"]: case for case in FILE["cases"]}
MILK = {name: np.array(values, float) for name, values in FILE["data"]["milk"].items()}


def milk():
    parts = [(MILK["area"] == a).astype(float) for a in (2, 3, 4)]
    table = np.column_stack([np.ones(43), *parts])
    return MILK["estimate"], MILK["standard_error"] ** 2, table


def made_up(seed=0, areas=12, spread=1.0):
    rng = np.random.default_rng(seed)
    d = rng.gamma(2.0, 0.5, areas) + 0.05
    z = np.column_stack([np.ones(areas), rng.normal(size=areas)])
    return rng.normal(z @ [1.0, 2.0], np.sqrt(spread**2 + d)), d, z


@pytest.mark.reference
@pytest.mark.parametrize(("name", "method"), [("REML", "reml"), ("FH", "fay-herriot")])
def test_other_software_agrees(name, method):
    expected = CASES[f"smallarea.fh.milk.{name}"]["expected"]
    found, lifted = fh.fit(*milk(), method)
    assert not lifted
    assert found.between == pytest.approx(expected["refvar"], rel=1e-10)
    np.testing.assert_allclose(found.coefficients, expected["beta"], rtol=1e-10)
    np.testing.assert_allclose(found.estimate, expected["eblup"], rtol=1e-10)
    np.testing.assert_allclose(found.mse, expected["mse"], rtol=1e-10)


@pytest.mark.parametrize("seed", range(4))
def test_variances_solve_their_equations(seed):
    y, d, z = made_up(seed, spread=2.0)
    for value, criterion in (
        (fh.reml(y, d, z), fh._restricted),
        (fh.maximum_likelihood(y, d, z), fh._likelihood),
    ):
        top, score, information = criterion(y, d, z, value)
        assert value > 0
        assert abs(score) / np.sqrt(information) < 1e-9
        h = 1e-5 * value
        slope = (criterion(y, d, z, value + h)[0] - criterion(y, d, z, value - h)[0]) / (2 * h)
        assert slope == pytest.approx(0, abs=1e-5)
        assert all(criterion(y, d, z, t)[0] <= top for t in np.geomspace(1e-4, 50, 60))
    value = fh.adjusted_reml(y, d, z)
    _, score, information = fh._restricted(y, d, z, value)
    assert abs(score + 1 / value) / np.sqrt(information) < 1e-9
    assert value > fh.reml(y, d, z)
    value = fh.fay_herriot_moments(y, d, z)
    p = fh._pieces(y, d, z, value)
    assert (p.w * p.squares).sum() == pytest.approx(10, rel=1e-10)


def test_the_derivative_of_the_restricted_likelihood():
    y, d, z = made_up(2)
    for t in (0.01, 0.4, 3.0):
        h = 1e-6 * t
        slope = (fh._restricted(y, d, z, t + h)[0] - fh._restricted(y, d, z, t - h)[0]) / (2 * h)
        assert fh._restricted(y, d, z, t)[1] == pytest.approx(slope, rel=1e-5, abs=1e-7)


def test_information_is_the_variance_of_the_score():
    _, d, z = made_up(5)
    rng = np.random.default_rng(1)
    scores, information = [], 0.0
    for _ in range(4000):
        y = rng.normal(0.0, np.sqrt(0.5 + d))
        _, score, information = fh._restricted(y, d, z, 0.5)
        scores.append(score)
    assert np.mean(scores) == pytest.approx(0, abs=4 * np.sqrt(information / 4000))
    assert np.var(scores) == pytest.approx(information, rel=0.12)


def test_without_covariates_it_is_the_random_effects_mean():
    y, d, _ = made_up(3)
    z = np.ones((12, 1))
    for method, name in (("reml", "reml"), ("ml", "ml"), ("fay-herriot", "paule-mandel")):
        t = heterogeneity.METHODS[name](y[None], d[None])[0]
        found, _ = fh.fit(y, d, z, method)
        assert found.between == pytest.approx(t, rel=1e-8)
        mean, variance = heterogeneity.mean(y[None], d[None], np.array([t]))
        assert found.coefficients[0] == pytest.approx(mean[0], rel=1e-8)
        assert found.covariance[0, 0] == pytest.approx(variance[0], rel=1e-8)


def test_a_variance_of_0_is_lifted():
    z = np.ones((8, 1))
    y, d = np.array([1.0, 1.1, 0.9, 1.0, 1.05, 0.95, 1.0, 1.02]), np.full(8, 0.5)
    for method in fh.METHODS:
        found, lifted = fh.fit(y, d, z, method)
        assert lifted
        assert found.between == pytest.approx(fh.adjusted_reml(y, d, z))
        assert found.between > 0
        assert (found.mse > 0.05).all()


@pytest.mark.parametrize("method", fh.METHODS)
def test_limits_of_the_variance_between(method):
    y, _, z = made_up(1)
    alone, _ = fh.fit(y, np.full(12, 1e-8), z, method)
    np.testing.assert_allclose(alone.estimate, y, atol=1e-6)
    np.testing.assert_allclose(alone.mse, 1e-8, rtol=1e-3)
    found, _ = fh.fit(y, np.full(12, 1e4), z, method)
    assert (found.weight < 0.05).all()


@pytest.mark.parametrize("method", fh.METHODS)
def test_mean_squared_errors_are_right_on_average(method):
    """Simulated with a known truth; the estimate is right to second order."""
    rng = np.random.default_rng(7)
    d, z = np.repeat([0.7, 0.6, 0.5, 0.4, 0.3], 4), np.ones((20, 1))
    given, true = np.zeros(20), np.zeros(20)
    for _ in range(250):
        theta = rng.normal(0.0, 1.0, 20)
        found, _ = fh.fit(rng.normal(theta, np.sqrt(d)), d, z, method)
        given += found.mse
        true += (found.estimate - theta) ** 2
    assert given.sum() / true.sum() == pytest.approx(1, abs=0.06)
