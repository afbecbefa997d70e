"""Mixtures of log-normal distributions: the defining equation of a quantile, and the hills."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import ndtri

from countylines._kernels.log_normal_mixture import Mixture

parts = st.lists(
    st.tuples(st.floats(0.01, 1.0), st.floats(-3.0, 12.0), st.floats(0.01, 2.0)),
    min_size=1,
    max_size=8,
)


def made(rows):
    weight, middle, spread = np.array(rows, dtype=float).T
    return Mixture(weight / weight.sum(), middle, spread)


@given(parts, st.floats(1e-6, 0.999))
def test_a_quantile_has_its_probability_below_it(rows, tail):
    mixture = made(rows)
    low = mixture.quantile(tail)
    assert mixture.below(np.array([low]))[0] == pytest.approx(tail, rel=1e-9)


@given(parts, st.floats(1e-12, 0.999))
def test_an_upper_quantile_mirrors_a_lower_one(rows, tail):
    mixture = made(rows)
    mirror = Mixture(mixture.weight, -mixture.log_median, mixture.spread)
    assert mixture.quantile(tail, upper=True) == pytest.approx(
        -mirror.quantile(tail), rel=1e-9, abs=1e-9
    )


def test_far_tails_keep_their_digits():
    mixture = Mixture(np.array([0.5, 0.5]), np.array([1.0, 1.0]), np.array([0.3, 0.3]))
    assert mixture.quantile(1e-40, upper=True) == pytest.approx(1 - 0.3 * ndtri(1e-40), rel=1e-12)


def test_one_component_is_itself():
    mixture = Mixture(np.ones(1), np.array([np.log(700.0)]), np.array([0.2]))
    assert mixture.quantile(0.025) == pytest.approx(np.log(700) + 0.2 * ndtri(0.025), rel=1e-12)
    hills = mixture.modes()
    assert np.exp(hills.mode) == pytest.approx([700.0], rel=1e-4)
    assert hills.mass == pytest.approx([1.0])


def test_two_hills_far_apart():
    mixture = Mixture(np.array([0.3, 0.7]), np.log([100.0, 900.0]), np.array([0.1, 0.2]))
    hills = mixture.modes()
    np.testing.assert_allclose(np.exp(hills.mode), [100, 900], rtol=1e-3)
    np.testing.assert_allclose(hills.mass, [0.3, 0.7], rtol=1e-3)
    assert hills.last[0] == pytest.approx(hills.first[1])
    assert 100 < np.exp(hills.first[1]) < 900


def test_two_close_components_are_one_hill():
    mixture = Mixture(np.array([0.5, 0.5]), np.log([100.0, 110.0]), np.array([0.2, 0.2]))
    assert len(mixture.modes().mode) == 1


def test_the_top_is_a_stationary_point_of_the_density():
    mixture = Mixture(np.array([0.6, 0.4]), np.array([5.0, 6.5]), np.array([0.3, 0.5]))
    for top in mixture.modes().mode:
        z = (top - mixture.log_median) / mixture.spread
        slope = -(mixture.weight * z * np.exp(-(z**2) / 2) / mixture.spread**2).sum()
        assert slope == pytest.approx(0, abs=1e-4)


def test_trifles_change_no_hill():
    main = Mixture(np.array([0.5, 0.5]), np.array([4.0, 7.0]), np.array([0.2, 0.2]))
    rest = 50
    more = Mixture(
        np.concatenate([main.weight * (1 - 5e-8), np.full(rest, 1e-9)]),
        np.concatenate([main.log_median, np.linspace(-20, 40, rest)]),
        np.concatenate([main.spread, np.full(rest, 3.0)]),
    )
    np.testing.assert_allclose(more.modes().mode, main.modes().mode, rtol=1e-4)


def test_points():
    """A component without spread is a point; several points at one place are one hill."""
    mixture = Mixture(np.array([0.5, 0.5]), np.array([3.0, 3.0]), np.zeros(2))
    assert mixture.quantile(0.1) == mixture.quantile(0.1, upper=True) == 3
    assert mixture.modes().mode.tolist() == [3]
    assert mixture.below(np.array([2.9, 3.0])).tolist() == [0, 1]
    apart = Mixture(np.array([0.25, 0.75]), np.array([3.0, 5.0]), np.zeros(2))
    assert apart.quantile(0.2) == pytest.approx(3)
    assert apart.quantile(0.3) == pytest.approx(5)
    np.testing.assert_allclose(apart.modes().mode, [3, 5], atol=0.01)
