"""Shrinkage on a grid: against closed forms, quadrature of another kind, and symmetry."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import integrate, stats

from countylines._kernels import normal_shrinkage as kernel

Y = np.array([0.1, 0.9, -0.3, 0.5, 0.4, 1.2])
V = np.array([0.04, 0.3, 0.1, 0.02, 0.5, 0.09])


def by_hand(y, v, quantiles):
    """Normal estimates: given the variance all is closed; the variance by adaptive quadrature."""
    centre = np.log(np.median(v))

    def given(b):
        w = 1 / (v + np.exp(b))
        mean = (w * y).sum() / w.sum()
        log = 0.5 * np.log(w).sum() - 0.5 * (w * (y - mean) ** 2).sum() - 0.5 * np.log(w.sum())
        d = b - centre
        return log - np.logaddexp(0, d) - np.logaddexp(0, -d), mean, 1 / w.sum()

    def integral(function):
        return integrate.quad(function, centre - 14, centre + 14, limit=400)[0]

    whole = integral(lambda b: np.exp(given(b)[0]))
    means, errors = [], []
    for i in range(y.size):

        def law(b, i=i):
            log, mean, variance = given(b)
            tau2 = np.exp(b)
            keep = tau2 / (tau2 + v[i])
            centre_i = keep * y[i] + (1 - keep) * mean
            return np.exp(log), centre_i, keep * v[i] + (1 - keep) ** 2 * variance

        mean = integral(lambda b: law(b)[0] * law(b)[1]) / whole
        square = integral(lambda b: law(b)[0] * (law(b)[2] + law(b)[1] ** 2)) / whole
        means.append(
            [
                integral(
                    lambda b, q=q: law(b)[0] * stats.norm.cdf(q, law(b)[1], np.sqrt(law(b)[2]))
                )
                / whole
                for q in quantiles[:, i]
            ]
        )
        errors.append(np.sqrt(square - mean**2))
    return np.array(means), np.array(errors)


def test_normal_estimates_against_quadrature():
    at = kernel.grid(Y, V)
    found = kernel.shrink(kernel.normal(Y, V, at), at, Y, V, 0.9)
    below, errors = by_hand(Y, V, np.array([found.low, found.median, found.high]))
    np.testing.assert_allclose(below, np.tile([0.05, 0.5, 0.95], (6, 1)), atol=1.5e-3)
    np.testing.assert_allclose(found.deviation, errors, rtol=4e-3)


@pytest.mark.parametrize("scale", [0.1, 7.0])
def test_scale_and_shift(scale):
    """But for where the points of the grid happen to lie."""
    at = kernel.grid(Y, V)
    base = kernel.shrink(kernel.normal(Y, V, at), at, Y, V, 0.95)
    y, v = 3 + scale * Y, scale**2 * V
    at = kernel.grid(y, v)
    moved = kernel.shrink(kernel.normal(y, v, at), at, y, v, 0.95)
    np.testing.assert_allclose(moved.median, 3 + scale * base.median, atol=3e-4 * scale)
    np.testing.assert_allclose(moved.low, 3 + scale * base.low, atol=3e-4 * scale)
    assert moved.spread == pytest.approx(scale * base.spread, rel=1e-4)


def test_values_far_apart_are_left_alone():
    y, v = np.array([0.0, 5.0, 10.0, -5.0]), np.full(4, 1e-4)
    at = kernel.grid(y, v)
    found = kernel.shrink(kernel.normal(y, v, at), at, y, v, 0.95)
    np.testing.assert_allclose(found.median, y, atol=1e-3)
    np.testing.assert_allclose(found.high - found.median, 1.96 * 0.01, rtol=0.02)


def test_many_events_are_normal():
    x, e = np.array([4000.0, 5200, 6100, 5600]), np.array([4200.0, 5000, 5500, 6000])
    y, v = np.log(x / e), 1 / x
    at = kernel.grid(y, v)
    one = kernel.shrink(kernel.normal(y, v, at), at, y, v, 0.95)
    two = kernel.shrink(kernel.poisson(x, e, at), at, y, v, 0.95)
    np.testing.assert_allclose(two.median, one.median, atol=2e-4)
    np.testing.assert_allclose(two.high, one.high, atol=1e-3)


def test_a_large_reference_group_is_an_expected_number():
    x, e = np.array([4.0, 0, 9, 20]), np.array([3.0, 2, 5, 15])
    y, v = np.log((x + 0.5) / e), 1 / (x + 0.5)
    at = kernel.grid(y, v)
    rest = np.full(4, 1e9)
    one = kernel.shrink(kernel.poisson(x, e, at), at, y, v, 0.95)
    two = kernel.shrink(kernel.binomial(x, rest, np.log(e / rest), at), at, y, v, 0.95)
    np.testing.assert_allclose(two.median, one.median, atol=1e-6)


def test_a_unit_known_much_better_than_others_keeps_its_own_interval():
    y, v = np.array([1.0371, -1.0, 0.0, 5.0]), np.array([1e-4, 0.5, 2.0, 0.5]) ** 2
    at = kernel.grid(y, v)
    found = kernel.shrink(kernel.normal(y, v, at), at, y, v, 0.95)
    reach = stats.norm.ppf(0.975) * 1e-4
    np.testing.assert_allclose(found.low[0], y[0] - reach, atol=2e-6)
    np.testing.assert_allclose(found.high[0], y[0] + reach, atol=2e-6)


def test_units_thousands_of_errors_apart_are_not_drawn_together():
    y, v = np.array([1000.0137, -1000.0, 0.0, 5.0]), np.full(4, 1e-6)
    at = kernel.grid(y, v)
    found = kernel.shrink(kernel.normal(y, v, at), at, y, v, 0.95)
    np.testing.assert_allclose(found.median, y, atol=2e-5)
    np.testing.assert_allclose(found.high - found.low, 2 * 1.95996e-3, rtol=0.01)
