"""The root finder for many rows."""

from __future__ import annotations

import numpy as np
import pytest

from countylines._kernels.roots import increasing_root


def cubic(goal):
    return lambda x, rows: (x**3 + x - goal[rows], 3 * x**2 + 1)


def test_rows_are_solved_independently():
    goal = np.array([-1e6, -2.0, 0.0, 1e-8, 3.0, 1e9])
    edge = np.full(6, 1e4)
    found = increasing_root(cubic(goal), -edge, edge, np.zeros(6))
    np.testing.assert_allclose(found**3 + found, goal, rtol=1e-13, atol=1e-15)


def test_a_start_outside_the_bracket_or_missing_is_replaced():
    goal = np.array([2.0, 2.0, 2.0])
    start = np.array([np.nan, -50.0, np.inf])
    found = increasing_root(cubic(goal), np.zeros(3), np.full(3, 5.0), start)
    np.testing.assert_allclose(found, 1.0, rtol=1e-14)


def test_a_residual_of_one_sign_ends_at_that_end():
    left, right = np.array([2.0, -3.0]), np.array([3.0, -2.0])
    found = increasing_root(cubic(np.zeros(2)), left, right, 0.5 * (left + right))
    np.testing.assert_allclose(found, [2.0, -2.0], rtol=1e-12)


@pytest.mark.parametrize("slope", [0.0, -1.0, np.nan, 1e-9])
def test_a_useless_slope_leaves_halving(slope):
    goal = np.array([0.3])

    def residual(x, rows):
        return x - goal[rows], np.full(x.shape, slope)

    found = increasing_root(residual, np.zeros(1), np.ones(1), np.full(1, 0.9))
    np.testing.assert_allclose(found, goal, rtol=1e-14)


def test_a_step_in_place_of_a_root_is_found():
    found = increasing_root(
        lambda x, rows: (np.where(x < 0.2, -1.0, 1.0), np.ones(x.shape)),
        np.zeros(1),
        np.ones(1),
        np.full(1, 0.7),
    )
    np.testing.assert_allclose(found, 0.2, rtol=1e-12)


def test_no_rows():
    nothing = np.empty(0)
    assert increasing_root(cubic(nothing), nothing, nothing, nothing).shape == (0,)
