"""Rates on a map: the structure, and the posterior against importance sampling."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import digamma, gammaln, polygamma

from countylines._kernels import bym2, log_gamma


def grid(rows, columns):
    """Areas on a chessboard that touch along sides."""
    places = [(i, j) for i in range(rows) for j in range(columns)]
    return np.array([[abs(a - c) + abs(b - d) == 1 for c, d in places] for a, b in places])


def data(seed=1, mean=6.0):
    near = grid(4, 5)
    rng = np.random.default_rng(seed)
    form = bym2.structure(near)
    field = form.vectors @ (np.sqrt(form.values) * rng.normal(size=20))
    e = rng.uniform(0.5, 2.0, 20)
    return rng.poisson(mean * e * np.exp(0.4 * field)).astype(float), e, near


def test_structure_of_a_map_with_an_island():
    near = np.zeros((6, 6), dtype=bool)
    for i, j in ((0, 1), (1, 2), (3, 4)):
        near[i, j] = near[j, i] = True
    form = bym2.structure(near)
    assert form.parts == 3
    assert list(form.islands) == [False] * 5 + [True]
    whole = form.vectors @ np.diag(form.values) @ form.vectors.T
    for part in ([0, 1, 2], [3, 4]):
        block = whole[np.ix_(part, part)]
        assert np.exp(np.log(np.diag(block)).mean()) == pytest.approx(1)
        np.testing.assert_allclose(block.sum(axis=1), 0, atol=1e-12)
        laplacian = np.diag(near[part].sum(axis=1)) - near[np.ix_(part, part)]
        scaled = laplacian @ block @ laplacian
        np.testing.assert_allclose(scaled / scaled[0, 0], laplacian / laplacian[0, 0], atol=1e-12)
    assert whole[5, 5] == 1
    np.testing.assert_allclose(whole[:3, 3:], 0, atol=1e-12)


def test_modes_solve_their_equations():
    x, e, near = data()
    form = bym2.structure(near)
    for log_s, share in ((-2.0, 0.1), (0.0, 0.9)):
        _, state = bym2._node(x, e, form, log_s, share, bym2._start(x, e))
        prior, _ = bym2.precision(form, log_s, share)
        mean = e * np.exp(state[0] + state[1:])
        np.testing.assert_allclose(x - mean, prior @ state[1:], atol=1e-5)
        assert (x - mean).sum() == pytest.approx(0, abs=1e-5)


def test_prior_precision_and_its_determinant():
    form = bym2.structure(grid(3, 3))
    prior, half = bym2.precision(form, -0.7, 0.4)
    r = form.vectors @ np.diag(form.values) @ form.vectors.T
    covariance = np.exp(-1.4) * (0.6 * np.eye(9) + 0.4 * r)
    np.testing.assert_allclose(prior @ covariance, np.eye(9), atol=1e-10)
    assert half == pytest.approx(-0.5 * np.linalg.slogdet(covariance)[1])


@pytest.mark.parametrize(("mean", "near_enough"), [(20.0, 0.05), (3.0, 0.09)])
def test_posterior_against_importance_sampling(mean, near_enough):
    """The exact posterior by weighted draws from the normal approximations."""
    x, e, near = data(mean=mean)
    form = bym2.structure(near)
    found = bym2.nodes(x, e, form)
    weight = bym2.mixture_weights(found)
    rng = np.random.default_rng(4)
    chosen = rng.choice(len(found), 60_000, p=weight)
    draws, log_weight = np.empty((chosen.size, 20)), np.empty(chosen.size)
    for number in np.unique(chosen):
        rows = np.flatnonzero(chosen == number)
        at = found[number]
        _, state = bym2._node(x, e, form, at.log_s, at.share, bym2._start(x, e))
        prior, _ = bym2.precision(form, at.log_s, at.share)
        expected = e * np.exp(state[0] + state[1:])
        curvature = np.zeros((21, 21))
        curvature[0, 0], curvature[0, 1:], curvature[1:, 0] = expected.sum(), expected, expected
        curvature[1:, 1:] = prior + np.diag(expected)
        z = rng.normal(size=(rows.size, 21))
        moved = state + np.linalg.solve(np.linalg.cholesky(curvature).T, z.T).T
        draws[rows] = moved[:, :1] + moved[:, 1:]
        exact = draws[rows] @ x - np.exp(draws[rows]) @ e
        exact -= 0.5 * np.einsum("ij,jk,ik->i", moved[:, 1:], prior, moved[:, 1:])
        log_weight[rows] = exact + 0.5 * (z**2).sum(axis=1) - bym2.objective(x, e, prior, state)
    w = np.exp(log_weight - log_weight.max())
    w /= w.sum()
    assert 1 / (w**2).sum() > 20_000
    centre = w @ draws
    spread = np.sqrt(w @ (draws - centre) ** 2)
    law = log_gamma.from_moments(
        *(np.array([getattr(n, f) for n in found]).T for f in ("mean", "deviation", "skewness"))
    )
    start = np.array([n.mean for n in found]).T @ weight
    for share in (0.025, 0.5, 0.975):
        limit = log_gamma.quantile(law, weight, share, start)
        order = np.argsort(draws, axis=0)
        cumulative = np.cumsum(w[order], axis=0)
        at = (cumulative < share).sum(axis=0)
        exact = draws[order[at, np.arange(20)], np.arange(20)]
        assert np.abs((limit - exact) / spread).mean() < near_enough
    mean_rate = log_gamma.exponential_moment(law, 1.0) @ weight
    np.testing.assert_allclose(mean_rate, w @ np.exp(draws), rtol=0.01)


def test_one_poisson_count_is_a_log_gamma_law():
    """With a flat prior the log of a Poisson mean has exactly this law."""
    shape = np.array([[9.0], [300.0]])
    moments = digamma(shape), np.sqrt(polygamma(1, shape))
    law = log_gamma.from_moments(*moments, polygamma(2, shape) / polygamma(1, shape) ** 1.5)
    np.testing.assert_allclose(law.shape, shape, rtol=1e-8)
    np.testing.assert_allclose(law.scale, 1, rtol=1e-8)
    np.testing.assert_allclose(law.place, 0, atol=1e-8)
    np.testing.assert_allclose(log_gamma.exponential_moment(law, 1.0), shape, rtol=1e-8)
    found = log_gamma.quantile(law, np.ones(1), 0.3, moments[0][:, 0])
    mass = log_gamma.gammainc(shape[:, 0], np.exp(found))
    np.testing.assert_allclose(mass, 0.3, rtol=1e-9)


def test_without_skewness_the_law_is_normal():
    law = log_gamma.from_moments(np.array([[1.0]]), np.array([[0.5]]), np.array([[0.0]]))
    found = log_gamma.quantile(law, np.ones(1), 0.975, np.array([1.0]))
    assert found[0] == pytest.approx(1 + 0.5 * 1.959964, abs=1e-3)
    expected = np.exp(1 + 0.125)
    assert log_gamma.exponential_moment(law, 1.0)[0, 0] == pytest.approx(expected, rel=1e-3)
    assert np.isfinite(gammaln(law.shape)).all()
