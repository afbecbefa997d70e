"""Counts over areas: likelihoods, their derivatives, maxima, profiles and posterior points."""

from __future__ import annotations

import json
from pathlib import Path

import mpmath as mp
import numpy as np
import pytest
from scipy import stats
from scipy.special import expit

from countylines._kernels import beta_binomial, conjugate, gamma_poisson, two_level
from countylines._kernels import two_level_posterior as posterior
from countylines._kernels.rising import log_rising

FAMILIES = {"gamma-poisson": gamma_poisson.FAMILY, "beta-binomial": beta_binomial.FAMILY}
FILE = json.loads((Path(__file__).parents[1] / "reference" / "areas.json").read_text("utf-8"))
SIDS = {name: np.array([values], float) for name, values in FILE["data"]["sids"].items()}
CASES = {case["id"]: case for case in FILE["cases"]}


def made_up(name, rows=12, areas=9, seed=3):
    """Over-dispersed counts; the first row is not."""
    rng = np.random.default_rng(seed)
    n = rng.integers(5, 200, (rows, areas)).astype(float)
    spread = np.linspace(0.0, 1.0, rows)[:, None]
    if name == "gamma-poisson":
        rate = 0.1 * np.exp(spread * rng.normal(size=n.shape))
        return rng.poisson(n * rate).astype(float), n
    share = expit(-1.0 + spread * rng.normal(size=n.shape))
    return rng.binomial(n.astype(int), share).astype(float), n


@pytest.mark.parametrize("log_a", [-25.0, -9.0, -2.8, -2.75, 0.0, 4.0])
@pytest.mark.parametrize("x", [0, 1, 2, 40, 2500])
def test_rising_products_to_forty_digits(x, log_a):
    with mp.workdps(40):
        a = mp.exp(log_a)
        parts = [a * j / (1 + a * j) for j in range(x)]
        exact = (
            mp.fsum(mp.log1p(a * j) for j in range(x)),
            mp.fsum(parts),
            mp.fsum(p * (1 - p) for p in parts),
        )
    for found, value in zip(log_rising(np.array([x]), np.array([log_a])), exact, strict=True):
        assert found[0] == pytest.approx(float(value), rel=1e-12, abs=1e-14 * (x + 1))


@pytest.mark.parametrize("name", FAMILIES)
def test_the_likelihood_is_that_of_scipy(name):
    x, n = made_up(name)
    a, b = np.full(len(x), -1.5), np.full(len(x), -2.0)
    value = FAMILIES[name].terms(a, b, x, n).value
    shape, mean = np.exp(2.0), np.exp(-1.5)
    if name == "gamma-poisson":
        expected = stats.nbinom.logpmf(x, shape, 1 / (1 + n * mean / shape)).sum(axis=1)
        value = value + gamma_poisson.constant(x)
    else:
        p = expit(-1.5)
        expected = stats.betabinom.logpmf(x, n, p * shape, (1 - p) * shape).sum(axis=1)
        value = value + beta_binomial.constant(x, n)
    np.testing.assert_allclose(value, expected, rtol=1e-11)


@pytest.mark.parametrize("b", [-12.0, -3.0, 1.5])
@pytest.mark.parametrize("name", FAMILIES)
def test_derivatives(name, b):
    x, n = made_up(name)
    family, h = FAMILIES[name], 1e-5
    a, b = np.full(len(x), -1.7), np.full(len(x), b)
    at = family.terms(a, b, x, n)
    up, down = family.terms(a + h, b, x, n), family.terms(a - h, b, x, n)
    right, left = family.terms(a, b + h, x, n), family.terms(a, b - h, x, n)
    near = {"rtol": 1e-5, "atol": 1e-4}
    np.testing.assert_allclose(at.a, (up.value - down.value) / (2 * h), **near)
    np.testing.assert_allclose(at.b, (right.value - left.value) / (2 * h), **near)
    np.testing.assert_allclose(at.aa, (up.a - down.a) / (2 * h), **near)
    np.testing.assert_allclose(at.ab, (up.b - down.b) / (2 * h), **near)
    np.testing.assert_allclose(at.bb, (right.b - left.b) / (2 * h), **near)


@pytest.mark.parametrize("name", FAMILIES)
def test_the_edge_is_the_limit_of_small_dispersion(name):
    x, n = made_up(name)
    family, a, b = FAMILIES[name], np.full(12, -1.7), np.full(12, -20.0)
    edge, near = family.edge(a, x, n), family.terms(a, b, x, n)
    np.testing.assert_allclose(near.value, edge.value, rtol=1e-6)
    np.testing.assert_allclose(near.a, edge.a, rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(near.aa, edge.aa, rtol=1e-4)
    np.testing.assert_allclose(near.b / np.exp(-20.0), edge.dispersion, rtol=2e-3, atol=1e-2)


@pytest.mark.parametrize("name", FAMILIES)
def test_maxima_solve_their_equations(name):
    x, n = made_up(name)
    family = FAMILIES[name]
    found = two_level.fit(family, x, n)
    inside = np.isfinite(found.b)
    assert 0 < inside.sum() < len(x)
    at = family.terms(found.a[inside], found.b[inside], x[inside], n[inside])
    assert np.abs(at.a / np.sqrt(-at.aa)).max() < 1e-10
    assert np.abs(at.b / np.sqrt(-at.bb)).max() < 1e-10
    edge = family.edge(found.a, x, n)
    assert (edge.dispersion[~inside] <= 0).all()
    for a in (-0.3, 0.3):
        for b in np.linspace(-8, 3, 12):
            other = family.terms(found.a + a, np.full(12, b), x, n).value
            assert (other <= found.value).all()


@pytest.mark.parametrize("name", FAMILIES)
def test_profile_limits_solve_their_equations(name):
    x, n = made_up(name)
    family, z = FAMILIES[name], np.full(12, 1.96)
    found = two_level.fit(family, x, n)
    for sign in (-1.0, 1.0):
        limit = two_level.mean_limit(family, x, n, found, sign * z)
        root = two_level.mean_root(family, x, n, found, limit)
        np.testing.assert_allclose(root, sign * z, rtol=1e-9)
    for b, sign in zip(two_level.dispersion_limits(family, x, n, found, z), (-1, 1), strict=True):
        rows = np.flatnonzero(np.isfinite(b))
        a = two_level.best_mean(family, x[rows], n[rows], b[rows], found.a[rows])
        fall = found.value[rows] - family.terms(a, b[rows], x[rows], n[rows]).value
        np.testing.assert_allclose(np.sqrt(2 * fall), 1.96, rtol=1e-9)
        assert (sign * (b[rows] - found.b[rows]) > 0).all()
        assert rows.size > 4


@pytest.mark.reference
def test_negative_binomial_of_other_software():
    expected = CASES["overdisp.sids.nb2"]["expected"]
    x, e = SIDS["count"], SIDS["exposure"]
    found = two_level.fit(gamma_poisson.FAMILY, x, e)
    assert found.a[0] == pytest.approx(expected["coef"], rel=1e-9)
    assert np.exp(-found.b[0]) == pytest.approx(expected["theta"], rel=1e-6)
    value = found.value[0] + gamma_poisson.constant(x)[0]
    assert value == pytest.approx(expected["loglik"], rel=1e-9)


@pytest.mark.parametrize("name", FAMILIES)
def test_posterior_points_add_up_as_a_fine_grid_does(name):
    x, n = (values[6] for values in made_up(name))
    family = FAMILIES[name]
    typical = 4.0
    nodes = posterior.nodes(family, x, n, typical)
    assert nodes.weight.sum() == pytest.approx(1.0)
    a = np.linspace(nodes.a.min() - 0.5, nodes.a.max() + 0.5, 240)
    b = np.linspace(-np.log(typical) - 10, -np.log(typical) + 12, 240)
    grid_a, grid_b = (m.ravel() for m in np.meshgrid(a, b))
    rows = (np.broadcast_to(values, (grid_a.size, values.size)) for values in (x, n))
    u = grid_b + np.log(typical)
    log_weight = family.terms(grid_a, grid_b, *rows).value - np.abs(u)
    log_weight -= 2 * np.log1p(np.exp(-np.abs(u)))
    weight = np.exp(log_weight - log_weight.max())
    weight /= weight.sum()
    for f in (lambda a, b: a, lambda a, b: b, lambda a, b: a**2, lambda a, b: expit(b)):
        exact = (weight * f(grid_a, grid_b)).sum()
        assert (nodes.weight * f(nodes.a, nodes.b)).sum() == pytest.approx(exact, rel=2e-3)


@pytest.mark.parametrize("share", [1e-9, 0.025, 0.5, 0.975, 1 - 1e-9])
def test_quantiles_of_mixtures(share):
    rng = np.random.default_rng(5)
    one, other = rng.gamma(1.0, 5.0, (20, 6)) + 0.05, rng.gamma(2.0, 3.0, (20, 6)) + 0.05
    weight = rng.dirichlet(np.ones(6))
    # the largest beta quantiles are 1 to the last digit, and have no logit
    for law in (conjugate.GAMMA, conjugate.BETA) if share < 0.99 else (conjugate.GAMMA,):
        found = law.scale(conjugate.quantile(law, one, other, weight, share))[:, None]
        below, above = law.below(found, one, other) @ weight, law.above(found, one, other) @ weight
        if share <= 0.5:
            np.testing.assert_allclose(below, share, rtol=1e-9)
        else:
            np.testing.assert_allclose(above, 1 - share, rtol=1e-6)
    single = conjugate.quantile(conjugate.GAMMA, one[:, :1], other[:, :1], np.ones(1), share)
    expected = stats.gamma.ppf(share, one[:, 0], scale=1 / other[:, 0])
    np.testing.assert_allclose(single, expected, rtol=1e-7)
    single = conjugate.quantile(conjugate.BETA, one[:, :1], other[:, :1], np.ones(1), 0.3)
    np.testing.assert_allclose(single, stats.beta.ppf(0.3, one[:, 0], other[:, 0]), rtol=1e-8)


def test_moments_of_mixtures():
    one, other, weight = np.array([[2.0, 6.0]]), np.array([[1.0, 2.0]]), np.array([0.25, 0.75])
    mean, variance = conjugate.moments(conjugate.GAMMA, one, other, weight)
    assert mean[0] == pytest.approx(0.25 * 2 + 0.75 * 3)
    assert variance[0] == pytest.approx(0.25 * 2 + 0.75 * 1.5 + 0.25 * 0.75)
    mean, variance = conjugate.moments(conjugate.BETA, one, other, np.array([1.0, 0.0]))
    assert (mean[0], variance[0]) == pytest.approx((2 / 3, stats.beta.var(2, 1)))
