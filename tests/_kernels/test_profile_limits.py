"""Limits of a profile likelihood of a positive number."""

from __future__ import annotations

import math

import numpy as np
import pytest

from countylines._kernels import profile_limits


def poisson(count):
    """Log-likelihood of a Poisson mean: count log m - m."""

    def curve(mean):
        return count * np.log(mean) - mean, count / mean - 1.0, -count / mean**2

    return curve


def saturating(rate):
    """A likelihood that rises to a finite value and never falls: 1 - exp(-rate m)."""

    def curve(mean):
        tail = np.exp(-rate * mean)
        return -4.0 * tail, 4.0 * rate * tail, -4.0 * rate**2 * tail

    return curve


@pytest.mark.parametrize("count", [0.3, 3.0, 250.0, 1e6])
@pytest.mark.parametrize("start", [1e-3, 1.0, 100.0, 1e7])
def test_the_equations_hold_wherever_the_search_starts(count, start):
    found = profile_limits.profile(poisson(count), start, 1.96, 1.96)
    assert found.estimate == pytest.approx(count, rel=1e-9)
    ends = np.array([count, found.low, found.high])
    value = poisson(count)(ends)[0]
    np.testing.assert_allclose(2 * (value[0] - value[1:]), 1.96**2, rtol=1e-9)
    root = profile_limits.signed_root(poisson(count), count, found.high)
    assert root == pytest.approx(1.96, rel=1e-9)


def test_no_upper_limit():
    found = profile_limits.profile(saturating(1.0), 1.0, 1.96, 1.96)
    assert found.estimate > 15
    assert found.high == math.inf
    assert 2 * 4 * math.exp(-found.low) == pytest.approx(1.96**2, rel=1e-9)


def test_no_lower_limit():
    found = profile_limits.profile(lambda m: (-m, -1.0 + 0 * m, 0 * m), 1.0, 1.96, 1.96)
    assert found.estimate == 0.0
    assert found.low == 0.0
    assert found.high == pytest.approx(1.96**2 / 2, rel=1e-6)


def test_one_side_and_distances_of_either_sign():
    curve = poisson(30.0)
    both = profile_limits.profile(curve, 20.0, 1.0, 1.0)
    assert profile_limits.profile(curve, 20.0, None, 1.0) == both._replace(low=0.0)
    assert profile_limits.profile(curve, 20.0, 1.0, None) == both._replace(high=math.inf)
    assert profile_limits.profile(curve, 20.0, None, None)[1:] == (0.0, math.inf)
    across = profile_limits.profile(curve, 20.0, -1.0, -1.0)
    assert across.low == pytest.approx(both.high, rel=1e-9)
    assert across.high == pytest.approx(both.low, rel=1e-9)
    level = profile_limits.profile(curve, 20.0, 0.0, 0.0)
    assert level.low == level.high == level.estimate
