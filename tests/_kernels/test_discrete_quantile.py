"""Quantiles that are values of the distribution."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from countylines._kernels.discrete_quantile import from_above, from_below


def test_ties_of_the_probability_are_exact():
    values, thirds = np.array([1.0, 2.0, 3.0]), np.full(3, 1 / 3)
    assert from_below(values, thirds, 1 / 3) == 1
    assert from_below(values, thirds, 1 / 3 + 1e-6) == 2
    assert from_above(values, thirds, 1 / 3) == 2
    assert from_above(values, thirds, 1 / 3 - 1e-6) == 3
    assert from_above(values, thirds, 0.0) == 3


def test_a_level_that_is_not_exact_in_binary():
    values = np.arange(40.0)
    even = np.full(40, 0.025)
    tail = (1 - 0.95) / 2  # a little above 0.025
    assert from_below(values, even, tail) == 0
    assert from_above(values, even, tail) == 38


def test_it_is_scipys_quantile():
    values = np.arange(400.0)
    chances = stats.nbinom.pmf(values, 3, 0.05)
    for tail in (0.001, 0.025, 0.1, 0.5):
        assert from_below(values, chances, tail) == stats.nbinom.ppf(tail, 3, 0.05)
        assert from_above(values, chances, tail) == stats.nbinom.isf(tail, 3, 0.05)


def test_tiny_tails_are_seen():
    values = np.arange(200.0)
    chances = stats.poisson.pmf(values, 10)
    found = from_above(values, chances, 1e-30)
    assert stats.poisson.sf(found, 10) <= 1e-30 < stats.poisson.sf(found - 1, 10)


def test_infinite_values():
    values = np.array([1.0, 2.0, np.inf])
    chances = np.array([0.5, 0.3, 0.2])
    assert from_above(values, chances, 0.25) == 2
    assert from_above(values, chances, 0.1) == np.inf


@given(st.lists(st.integers(0, 9), min_size=1, max_size=20).filter(any), st.floats(0.001, 0.499))
def test_what_is_left_outside(weights, tail):
    chances = np.array(weights) / sum(weights)
    values = np.arange(float(chances.size))
    low, high = from_below(values, chances, tail), from_above(values, chances, tail)
    assert chances[values < low].sum() < tail + 1e-12
    assert chances[values > high].sum() <= tail * (1 + 1e-9)
    assert chances[values <= low].sum() >= tail * (1 - 1e-9)
    assert low <= high
    inside = chances[(values >= low) & (values <= high)].sum()
    assert inside >= 1 - 2 * tail - 1e-9
