"""Newton's method on likelihoods with and without a maximum."""

from __future__ import annotations

import numpy as np
import pytest

from countylines._kernels.maximum_likelihood import maximise, recession


def poisson(counts, times):
    """Log of one rate."""

    def value(theta):
        mean = times * np.exp(theta[0])
        score, information = np.sum(counts - mean), np.sum(mean)
        return np.sum(counts * theta[0] - mean), np.array([score]), np.array([[-information]])

    return value


def test_a_closed_form():
    found = maximise(poisson(np.array([3.0, 4]), np.array([2.0, 5])), np.array([9.0]))
    assert found.found
    assert found.value[0] == pytest.approx(np.log(1), abs=1e-12)
    assert found.covariance[0, 0] == pytest.approx(1 / 7, rel=1e-12)


def test_a_likelihood_that_is_not_concave_is_climbed():
    """A cubic hill: from where it bends the wrong way Newton's own step would go down."""

    def value(theta):
        x = theta[0]
        slope, bend = -(x**3) + x, -3 * x**2 + 1
        return -(x**4) / 4 + x**2 / 2, np.array([slope]), np.array([[bend]])

    found = maximise(value, np.array([0.1]))
    assert found.found
    assert found.value[0] == pytest.approx(1, abs=1e-10)


def test_without_a_maximum_nothing_is_found():
    assert not maximise(poisson(np.zeros(2), np.ones(2)), np.array([0.0])).found


def test_a_flat_direction_is_not_a_maximum():
    def value(theta):
        total = theta.sum()
        return -(total**2), np.full(2, -2 * total), np.full((2, 2), -2.0)

    assert not maximise(value, np.array([1.0, 2.0])).found


def test_directions_of_recession():
    fixed = np.array([[1.0, 0]])
    assert recession(fixed, np.array([[1.0, 1], [1, 0]])) is not None
    assert recession(np.array([[1.0, 0], [1, 1]]), np.array([[1.0, 1]])) is None
    assert recession(fixed, np.array([[1.0, 1], [1, -1]])) is None
    assert recession(np.zeros((0, 2)), np.array([[1.0, 1]])) is not None
