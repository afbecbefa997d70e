"""Counts of pairs with effects of both ends: the defining equations, and dense regression."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import linprog

from countylines._kernels import two_way_poisson as kernel


def example(scale, periods=3, areas=5, seed=0):
    rng = np.random.default_rng(seed)
    place = rng.uniform(0, 1, (areas, 2))
    apart = np.sqrt(np.square(place[:, None] - place).sum(axis=2))
    allowed = np.broadcast_to(~np.eye(areas, dtype=bool), (periods, areas, areas))
    time = np.arange(periods) - 1.0
    columns = [np.broadcast_to(-apart, allowed.shape), -apart * time[:, None, None]]
    regressors = np.stack(columns, axis=-1)
    effects = rng.normal(0, 0.5, (periods, areas, 1)) + rng.normal(0, 0.5, (periods, 1, areas))
    mean = scale * np.exp(effects + regressors @ [1.5, -0.2])
    return rng.poisson(mean * allowed).astype(float), allowed, regressors


@pytest.mark.parametrize("scale", [30.0, 3.0, 0.7])
def test_the_score_equations_hold(scale):
    count, allowed, regressors = example(scale)
    found = kernel.fit(count, allowed, regressors)
    assert found.converged
    np.testing.assert_allclose(found.fitted.sum(axis=1), count.sum(axis=1), atol=1e-10)
    np.testing.assert_allclose(found.fitted.sum(axis=2), count.sum(axis=2), atol=1e-10)
    score = np.einsum("todk,tod->k", regressors, count - found.fitted)
    np.testing.assert_allclose(score, 0.0, atol=1e-10)


@pytest.mark.parametrize("scale", [30.0, 3.0, 0.7])
def test_against_a_dense_regression(scale):
    count, allowed, regressors = example(scale)
    found = kernel.fit(count, allowed, regressors)
    time, row, column = np.nonzero(found.pairs)
    areas = count.shape[1]
    dense = np.zeros((time.size, 2 * areas * len(count)))
    place = np.arange(time.size)
    dense[place, time * areas + row] = 1
    dense[place, areas * (len(count) + time) + column] = 1
    design = np.c_[regressors[time, row, column], dense]
    assert np.linalg.matrix_rank(dense) == found.effects
    weighted = design * np.sqrt(found.fitted[time, row, column])[:, None]
    normal = np.linalg.pinv(weighted.T @ weighted)
    np.testing.assert_allclose(np.linalg.inv(found.information), normal[:2, :2], rtol=1e-6)
    hat = np.einsum("ij,jk,ik->i", weighted, normal, weighted)
    np.testing.assert_allclose(found.leverage[time, row, column], hat, atol=1e-8)
    # the linear predictor is one of the design
    eta = np.log(found.fitted[time, row, column]) - design[:, :2] @ found.coefficients
    rest = eta - dense @ np.linalg.lstsq(dense, eta, rcond=None)[0]
    np.testing.assert_allclose(rest, 0.0, atol=1e-7)


def test_pairs_that_the_margins_close_are_those_of_a_linear_programme():
    count, allowed, _ = example(0.4, periods=1, areas=5, seed=4)
    inside, _ = kernel.attainable(count, allowed)
    margins = np.zeros((10, 25))
    for place in range(25):
        margins[place // 5, place] = margins[5 + place % 5, place] = 1
    bounds = [(0, None if allowed.ravel()[place] else 0) for place in range(25)]
    goal = margins @ count.ravel()
    most = [
        -linprog(-np.eye(25)[place], A_eq=margins, b_eq=goal, bounds=bounds).fun
        for place in range(25)
    ]
    np.testing.assert_array_equal(inside.ravel(), np.array(most) > 1e-9)
    assert 0 < inside.sum() < allowed.sum()


def test_no_contrast_of_distances_is_left():
    count = np.ones((1, 3, 3)) - np.eye(3)
    allowed = count > 0
    found = kernel.fit(count * 4, allowed, -np.ones((1, 3, 3, 1)))
    assert not found.identified


def test_a_likelihood_that_rises_for_ever():
    apart = np.abs(np.subtract.outer(np.arange(4.0), np.arange(4.0)))
    count = 9.0 * (apart == 1)[None]
    found = kernel.fit(count, (apart > 0)[None], -apart[None, ..., None])
    assert not (found.identified and found.converged)
