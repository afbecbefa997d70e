"""Limits in a finite population against every population written out."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import hypergeom

from countylines._kernels.finite_population import METHODS, limits, pvalue, tail


def columns(*values):
    return [np.array([float(value)]) for value in values]


def tails(x, n, have, population, method):
    """Tails towards larger and smaller counts, for several populations."""
    part = 0.5 if method == "mid-p" else 1.0
    law = hypergeom(population, have, n)
    at = part * law.pmf(x)
    return law.sf(x) + at, law.cdf(x - 1) + at


@st.composite
def samples(draw, most=200):
    population = draw(st.integers(1, most))
    n = draw(st.integers(1, population))
    return draw(st.integers(0, n)), n, population


@pytest.mark.parametrize("method", METHODS)
@given(data=samples(), area=st.sampled_from([0.0005, 0.005, 0.025, 0.1, 0.4]))
def test_limits_are_the_outermost_populations_kept(method, data, area):
    x, n, population = data
    have = np.arange(x, population - (n - x) + 1)
    more, fewer = tails(x, n, have, population, method)
    (low,), (high,) = limits(*columns(*data), area, method=method)
    close = 1e-9
    kept = have[more >= area * (1 - close)]
    assert low == (kept.min() if kept.size else population - (n - x))
    kept = have[fewer >= area * (1 - close)]
    assert high == (kept.max() if kept.size else x)


@pytest.mark.parametrize("method", METHODS)
@given(data=samples(), have=st.floats(0, 1))
def test_pvalues(method, data, have):
    x, n, population = data
    number = round(have * population)
    more, fewer = tails(x, n, number, population, method)
    for side, expected in ((1, more), (-1, fewer)):
        found = pvalue(*columns(x, n, population, number / population), side, method=method)
        np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-14)


def test_nulls_between_what_is_attainable():
    """Among 10, a share of 0.25 lies between 2 and 3 of them."""
    data = columns(4, 5, 10)
    between = columns(0.25)[0]
    for side, attained in ((1, 0.2), (-1, 0.3)):
        np.testing.assert_array_equal(
            pvalue(*data, between, side, method="mid-p"),
            pvalue(*data, columns(attained)[0], side, method="mid-p"),
        )


@given(data=samples(60))
def test_swapping_those_with_and_without_mirrors_the_limits(data):
    x, n, population = data
    (low,), (high,) = limits(*columns(x, n, population), 0.025, method="mid-p")
    (other_low,), (other_high,) = limits(*columns(n - x, n, population), 0.025, method="mid-p")
    assert (low, high) == (population - other_high, population - other_low)


def test_a_complete_count_leaves_nothing_open():
    low, high = limits(
        *(np.array(c) for c in ([0.0, 3, 7], [7.0, 7, 7], [7.0, 7, 7])), 0.025, method="mid-p"
    )
    np.testing.assert_array_equal(low, [0, 3, 7])
    np.testing.assert_array_equal(high, [0, 3, 7])


def test_large_populations_keep_their_digits():
    x, n, have, population = 3000, 10_000, 310_000, 1_000_000
    law = hypergeom(population, have, n)
    for side, expected in ((1, law.sf(x - 1)), (-1, law.cdf(x))):
        found = tail(*columns(x, n, have, population), side, part=1.0)
        np.testing.assert_allclose(found, expected, rtol=1e-9)
    near = limits(*columns(x, n, population), 0.025, method="clopper-pearson")
    wide = limits(*columns(x, n, 100 * population), 0.025, method="clopper-pearson")
    # A larger population leaves more open.
    assert near[0] / population > wide[0] / (100 * population)
    assert near[1] / population < wide[1] / (100 * population)


@pytest.mark.parametrize("population", [10, 25])
def test_exact_limits_cover_every_population(population):
    n = 6
    for have in range(population + 1):
        x = np.arange(n + 1.0)
        low, high = limits(
            x, np.full(7, float(n)), np.full(7, float(population)), 0.025, method="clopper-pearson"
        )
        chance = hypergeom(population, have, n).pmf(x)
        assert chance[(low <= have) & (have <= high)].sum() >= 0.95 - 1e-12
