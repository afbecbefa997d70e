"""The multinomial profile likelihood of banded tables, against the sum over every table."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from scipy.optimize import minimize
from scipy.special import gammaln, logsumexp

from countylines._kernels import banded_profile, hierarchical, loglinear_profile, profile_limits

CELLS = np.arange(1, 8)
LOW = np.array([69.0, 55, 1, 63, 0, 2, 28])
HIGH = np.array([69.0, 55, 4, 63, 3, 5, 28])
INDEPENDENT = hierarchical.all_terms(3, 1)


def table(of_total, low=LOW, high=HIGH, terms=INDEPENDENT):
    return banded_profile.Table(low, high, CELLS, terms, of_total)


def by_definition(point, of_total, low=LOW, high=HIGH, terms=INDEPENDENT):
    """Maximum over the model of the sum of multinomial probabilities of all compatible tables."""
    design = hierarchical.design(np.concatenate([[0], CELLS]), terms)
    axes = [np.arange(a, b + 1) for a, b in zip(low, high, strict=True)]
    tables = np.array(list(itertools.product(*axes)))
    seen = tables.sum(axis=1)
    total = np.full(len(tables), low.sum() + point) if of_total else seen + point
    hidden = total - seen
    possible = hidden >= 0
    whole = np.column_stack([hidden, tables])[possible]
    constant = gammaln(total[possible] + 1) - gammaln(whole + 1).sum(axis=1)

    def negative(effects):
        predictor = design @ effects
        return -logsumexp(constant + whole @ (predictor - logsumexp(predictor)))

    return -minimize(negative, np.zeros(len(terms)), method="BFGS", options={"gtol": 1e-9}).fun


@pytest.mark.parametrize("of_total", [True, False])
@pytest.mark.parametrize("order", [1, 2])
def test_it_is_the_sum_over_every_compatible_table(of_total, order):
    terms = hierarchical.all_terms(3, order)
    points = np.array([0.0, 3.0, 8.0, 20.0, 60.0, 500.0]) + (0 if of_total else 1)
    data = table(of_total, terms=terms)
    points[0] = max(points[0], 1e-8)
    value, _, _ = banded_profile.curve(points, data)
    brute = [by_definition(round(p), of_total, terms=terms) for p in points]
    np.testing.assert_allclose(value, brute, rtol=1e-9, atol=1e-6)


@pytest.mark.parametrize("of_total", [True, False])
def test_the_slope_is_the_derivative(of_total):
    points, step = np.array([4.4, 9.3, 60.2, 900.7]), 1e-5
    _, slope, bend = banded_profile.curve(points, table(of_total))
    up, up_slope, _ = banded_profile.curve(points + step, table(of_total))
    down, down_slope, _ = banded_profile.curve(points - step, table(of_total))
    np.testing.assert_allclose(slope, (up - down) / (2 * step), rtol=1e-4)
    np.testing.assert_allclose(bend, (up_slope - down_slope) / (2 * step), rtol=1e-2)


@pytest.mark.parametrize("of_total", [True, False])
def test_bands_of_one_number_are_exact_counts(of_total):
    counts = np.array([69.0, 55, 21, 63, 17, 18, 28])
    exact = loglinear_profile.bound(loglinear_profile.Table(counts, CELLS, INDEPENDENT))
    points = np.array([5.0, 90.0, 140.0, 3000.0])
    banded = banded_profile.curve(points, table(of_total, counts, counts))
    expected = exact(points)
    np.testing.assert_allclose(banded[0] - banded[0][0], expected[0] - expected[0][0], rtol=1e-10)
    np.testing.assert_allclose(banded[1], expected[1], rtol=1e-9)


@pytest.mark.parametrize("of_total", [True, False])
def test_the_limits_solve_their_equation(of_total):
    curve = banded_profile.bound(table(of_total))
    found = profile_limits.profile(curve, 150.0, 1.96, 1.96)
    value, slope, _ = curve(np.array([found.estimate, found.low, found.high]))
    assert abs(slope[0]) * found.estimate < 1e-6
    np.testing.assert_allclose(2 * (value[0] - value[1:]), 1.96**2, rtol=1e-10)


def test_the_total_and_the_hidden_number_differ_by_what_the_bands_hold():
    """Both see the same table: their maxima differ by about what lies in the bands."""
    total, hidden = (
        profile_limits.maximum(banded_profile.bound(table(of_total)), 150.0)
        for of_total in (True, False)
    )
    assert 0 < total - hidden < (HIGH - LOW).sum()


def test_many_bands():
    """Twenty bands of five: 10**14 tables, which no one lists."""
    cells, terms = np.arange(1, 32), hierarchical.all_terms(5, 1)
    overlap = np.bitwise_count(cells) > 1
    overlap[:6] = False
    low, high = np.where(overlap, 0.0, 90.0), np.where(overlap, 4.0, 90.0)
    data = banded_profile.Table(low, high, cells, terms, True)
    found = profile_limits.profile(banded_profile.bound(data), 500.0, 1.96, 1.96)
    assert 0 < found.low < found.estimate < found.high < np.inf


def test_the_total_is_continuous_between_whole_numbers():
    """Tables drop out one after another as the total falls to the least number seen."""
    points = np.arange(0.5, 7.0, 0.5)
    below, _, _ = banded_profile.curve(points - 1e-9, table(True))
    above, _, _ = banded_profile.curve(points + 1e-9, table(True))
    np.testing.assert_allclose(below, above, rtol=1e-6)
