"""Logs of Poisson tails, against scipy.stats and, where those vanish, exact sums."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from countylines._kernels import poisson_tail


@given(st.integers(0, 2000), st.floats(1e-6, 2000.0))
def test_scipy_agrees_where_it_can(count, mean):
    k, m = np.array([float(count)]), np.array([mean])
    below, above = stats.poisson.cdf(count, mean), stats.poisson.sf(count - 1, mean)
    if below > 1e-200:
        assert poisson_tail.log_below(k, m)[0] == pytest.approx(math.log(below), rel=1e-8, abs=1e-9)
    if above > 1e-200:
        assert poisson_tail.log_above(k, m)[0] == pytest.approx(math.log(above), rel=1e-8, abs=1e-9)


def log_of(value):
    """Log of a fraction whose parts are too long for a float."""
    return log_of_whole(value.numerator) - log_of_whole(value.denominator)


def log_of_whole(value):
    shift = max(value.bit_length() - 60, 0)
    return math.log(value >> shift) + shift * math.log(2)


@pytest.mark.parametrize(("count", "mean"), [(0, 5000), (3, 700), (500, 3000), (2, 100_000)])
def test_lower_tails_below_the_smallest_float(count, mean):
    exact = sum(Fraction(mean**j, math.factorial(j)) for j in range(count + 1))
    found = poisson_tail.log_below(np.array([float(count)]), np.array([float(mean)]))
    assert found[0] == pytest.approx(log_of(exact) - mean, rel=1e-12)


@pytest.mark.parametrize(("count", "mean"), [(1000, 100), (400, 1), (800, 20)])
def test_upper_tails_below_the_smallest_float(count, mean):
    exact = sum(Fraction(mean**j, math.factorial(j)) for j in range(count, count + 300))
    found = poisson_tail.log_above(np.array([float(count)]), np.array([float(mean)]))
    assert found[0] == pytest.approx(log_of(exact) - mean, rel=1e-12)


def test_nothing_expected_and_nothing_seen():
    nothing = np.zeros(1)
    assert poisson_tail.log_below(nothing, nothing)[0] == 0
    assert poisson_tail.log_above(nothing, nothing)[0] == 0
    assert poisson_tail.log_above(np.ones(1), nothing)[0] == -math.inf


def test_the_tails_share_one_value():
    """P(X <= k) + P(X >= k) = 1 + P(X = k)."""
    k, m = np.arange(40.0), np.full(40, 17.3)
    both = np.exp(poisson_tail.log_below(k, m)) + np.exp(poisson_tail.log_above(k, m))
    np.testing.assert_allclose(both, 1 + stats.poisson.pmf(k, 17.3), rtol=1e-12)
