"""The multinomial profile likelihood of the hidden number."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import gammaln

from countylines._kernels import (
    hierarchical,
    loglinear_profile,
    profile_limits,
    stirling,
    two_list_profile,
)

HAV = np.array([69.0, 55.0, 21.0, 63.0, 17.0, 18.0, 28.0])


def table(max_order=1):
    return loglinear_profile.Table(HAV, np.arange(1, 8), hierarchical.all_terms(3, max_order))


def test_two_lists_have_a_closed_form():
    counts = np.array([90.0, 81.0, 45.0])  # first only, second only, both
    data = loglinear_profile.Table(counts, np.array([1, 2, 3]), hierarchical.all_terms(2, 1))
    points = np.array([20.0, 100.0, 162.0, 500.0, 5e6])
    value, _, _ = loglinear_profile.curve(points, data)
    n = np.ones(len(points))
    closed = two_list_profile.log_likelihood(points, 90 * n, 81 * n, 45 * n)
    np.testing.assert_allclose(value - value[0], closed - closed[0], rtol=1e-9, atol=1e-9)


def test_the_slope_is_the_derivative():
    points = np.array([40.0, 120.0, 3000.0])
    step = 1e-4 * points
    _, slope, curvature = loglinear_profile.curve(points, table())
    up, up_slope, _ = loglinear_profile.curve(points + step, table())
    down, down_slope, _ = loglinear_profile.curve(points - step, table())
    np.testing.assert_allclose(slope, (up - down) / (2 * step), rtol=1e-5)
    np.testing.assert_allclose(curvature, (up_slope - down_slope) / (2 * step), rtol=1e-5)


@pytest.mark.parametrize("max_order", [1, 2])
def test_the_limits_solve_their_equation(max_order):
    data = table(max_order)
    curve = loglinear_profile.bound(data)
    found = profile_limits.profile(curve, 100.0, 1.96, 1.96)
    value, slope, _ = curve(np.array([found.estimate, found.low, found.high]))
    assert abs(slope[0]) * found.estimate < 1e-6
    np.testing.assert_allclose(2 * (value[0] - value[1:]), 1.96**2, rtol=1e-10)
    for end, sign in ((found.low, -1), (found.high, 1)):
        root = profile_limits.signed_root(curve, found.estimate, end)
        assert root == pytest.approx(sign * 1.96, rel=1e-9)


def test_stirling_rests_are_exact():
    x = np.array([0.0, 1e-9, 0.5, 1.0, 7.3, 15.9, 16.0, 100.0, 1e6])
    from scipy.special import xlogy

    np.testing.assert_allclose(
        stirling.log_factorial_rest(x), gammaln(x + 1) - xlogy(x, x) + x, rtol=1e-8, atol=1e-12
    )
    step = 1e-5
    for at in (3.0, 15.5, 20.0, 300.0):
        points = np.array([at * (1 + step), at * (1 - step)])
        up, down = stirling.log_factorial_rest(points)
        slope = (up - down) / (2 * step * at)
        assert stirling.digamma_rest(np.array([at]))[0] == pytest.approx(slope, rel=1e-6)


@pytest.mark.parametrize("lists", [2, 3, 5])
@pytest.mark.parametrize("seen", [1.0, 2.0, 50.0, 1e6])
def test_everyone_on_every_list_has_a_closed_form(lists, seen):
    """Each list finds a share n / N, so l(h) is known down to the smallest hidden number."""
    cells = np.arange(1, 1 << lists)
    counts = np.where(cells == cells[-1], seen, 0.0)
    data = loglinear_profile.Table(counts, cells, hierarchical.all_terms(lists, 1))
    points = np.array([1e-8, 1e-7, 1e-4, 0.1, 3.0, 1e4])
    value, slope, _ = loglinear_profile.curve(points, data)
    total = seen + points
    closed = gammaln(total + 1) - gammaln(points + 1) - gammaln(seen + 1)
    closed -= lists * (seen * np.log1p(points / seen) - points * np.log(points / total))
    np.testing.assert_allclose(value - value[0], closed - closed[0], rtol=1e-8, atol=1e-7)
    assert np.isfinite(slope).all()
    assert (slope < 0).all()


def test_slopes_keep_their_sign_far_out():
    """Without an overlap the likelihood rises for ever, which rounding must not hide."""
    counts = np.array([30.0, 40.0, 0.0])
    data = loglinear_profile.Table(counts, np.array([1, 2, 3]), hierarchical.all_terms(2, 1))
    points = 10.0 ** np.arange(5, 13)
    _, slope, _ = loglinear_profile.curve(points, data)
    # 1 / 2 of digamma for either number, and a fitted overlap of 30 x 40 over the total
    np.testing.assert_allclose(slope * points**2, 30 * 40 - (30 + 40) / 2, rtol=2e-3)
