"""Poisson limits put back into the equations that define them, in 40-digit arithmetic."""

from __future__ import annotations

import mpmath as mp
import numpy as np
import pytest

from countylines._kernels.poisson import METHODS
from countylines._kernels.poisson_tails import log_probability, lower_gamma, upper_gamma

mp.mp.dps = 40
LEVELS = (0.5, 0.8, 0.95, 0.999, 0.999999)
COUNTS = (0, 1, 2, 5, 12, 48, 241, 6644, 2.4, 0.3)


def limits(method, count, level, alternative="two-sided"):
    one = np.ones(1)
    low, high = METHODS[method].limits(
        np.array([float(count)]), one, level=level, alternative=alternative
    )
    return mp.mpf(low[0]), mp.mpf(high[0])


def pvalue(method, count, null, alternative="two-sided"):
    value = METHODS[method].pvalue(
        np.array([float(count)]), np.ones(1), null=null, alternative=alternative
    )
    return value[0]


def at_least(shape, mean):
    """P(a, m)."""
    return mp.mpf(1) if shape == 0 else mp.gammainc(shape, 0, mean, regularized=True)


def tails(method, count, mean):
    """Tail probabilities towards larger and smaller counts."""
    x, m = mp.mpf(count), mp.mpf(mean)
    if method == "mid-p":
        up = (at_least(x, m) + at_least(x + 1, m)) / 2
        return up, 1 - up
    if method == "exact":
        return at_least(x, m), 1 - at_least(x + 1, m)
    up = at_least(x + mp.mpf("0.5"), m)
    return up, 1 - up


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("method", ["mid-p", "exact", "jeffreys"])
def test_tails_of_the_limits(method, level):
    for count in COUNTS:
        for alternative in ("two-sided", "less", "greater"):
            area = (1 - mp.mpf(level)) / (2 if alternative == "two-sided" else 1)
            low, high = limits(method, count, level, alternative)
            if alternative != "less" and low > 0:
                assert abs(tails(method, count, low)[0] / area - 1) < 1e-10
            if alternative != "greater":
                assert abs(tails(method, count, high)[1] / area - 1) < 1e-10


def byar(base, z):
    return base * (1 - 1 / (9 * base) - z / (3 * mp.sqrt(base))) ** 3


def moved(count, side):
    return count - mp.mpf(side) / 2


# What the limit m for the normal quantile z must satisfy, as a difference relative to m.
EQUATIONS = {
    "score": lambda x, m, z, side: (x - m) ** 2 - z**2 * m,
    "skew-score": lambda x, m, z, side: (x - m) - (z**2 - 1) / 6 - z * mp.sqrt(m),
    "profile": lambda x, m, z, side: 2 * ((x * mp.log(x / m) if x else 0) + m - x) - z**2,
    "anscombe": lambda x, m, z, side: (
        mp.sqrt(x + mp.mpf(3) / 8) - z / 2 - mp.sqrt(m + mp.mpf(3) / 8)
    ),
    "anscombe-cc": lambda x, m, z, side: (
        mp.sqrt(moved(x, side) + mp.mpf(3) / 8) - z / 2 - mp.sqrt(m + mp.mpf(3) / 8)
    ),
    "square-root": lambda x, m, z, side: mp.sqrt(x) - z / 2 - mp.sqrt(m),
    "byar": lambda x, m, z, side: byar(x if side > 0 else x + 1, z) - m,
    "byar-mid-p": lambda x, m, z, side: byar(x + mp.mpf("0.5"), z) - m,
    "wald": lambda x, m, z, side: x - z * mp.sqrt(x) - m,
    "wald-half": lambda x, m, z, side: x - z * mp.sqrt(x + mp.mpf("0.5")) - m,
    "wald-log": lambda x, m, z, side: mp.log(x / m) - z / mp.sqrt(x),
}


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("method", EQUATIONS)
def test_limits_solve_the_equation_of_the_method(method, level):
    solved = 0
    for count in COUNTS:
        area = (1 - mp.mpf(level)) / 2
        z = mp.sqrt(2) * mp.erfinv(1 - 2 * area)
        for limit, side in zip(limits(method, count, level), (1, -1), strict=True):
            if not 0 < limit < mp.inf:
                continue
            x = mp.mpf(count)
            here = EQUATIONS[method](x, limit, side * z, side)
            there = EQUATIONS[method](x, limit * (1 + mp.mpf(10) ** -12), side * z, side)
            # The residual is smaller than what a relative change of 1e-10 of the limit makes.
            assert abs(here) < 100 * abs(there - here) + mp.mpf(10) ** -30
            solved += 1
    assert solved >= 8


def test_every_method_has_an_equation():
    assert {*EQUATIONS, "mid-p", "exact", "jeffreys", "blaker", "minlike"} == set(METHODS)


def upper_sum(x, m):
    """P(X > x) and P(X = x), summed outward from x > m."""
    x, m = mp.mpf(x), mp.mpf(m)
    at = mp.exp(x * mp.log(m) - m - mp.loggamma(x + 1))
    term, total, k = at, mp.mpf(0), x
    while term > total * mp.mpf(10) ** -22:
        k += 1
        term *= m / k
        total += term
    return total, at


def lower_sum(x, m):
    """P(X < x) and P(X = x), summed downward from x < m."""
    x, m = mp.mpf(x), mp.mpf(m)
    at = mp.exp(x * mp.log(m) - m - mp.loggamma(x + 1))
    term, total, k = at, mp.mpf(0), x
    while k > 0 and term > total * mp.mpf(10) ** -22:
        term *= k / m
        k -= 1
        total += term
    return total, at


@pytest.mark.parametrize(
    ("count", "null"),
    [(100, 3.0), (6644, 4500.0), (10**6, 10**6 - 12_000.0), (4 * 10**5, 4 * 10**5 - 5000.0)],
)
def test_pvalues_far_above_keep_their_digits(count, null):
    beyond, at = upper_sum(count, null)
    assert abs(pvalue("exact", count, null, "greater") / (beyond + at) - 1) < 1e-10
    assert abs(pvalue("mid-p", count, null) / (2 * beyond + at) - 1) < 1e-10


@pytest.mark.parametrize(
    ("count", "null"),
    [(3, 100.0), (4007, 6644.0), (10**6, 10**6 + 12_000.0), (10**6, 10**6 + 5000.0)],
)
def test_pvalues_far_below_keep_their_digits(count, null):
    beyond, at = lower_sum(count, null)
    assert abs(pvalue("exact", count, null, "less") / (beyond + at) - 1) < 1e-10
    assert abs(pvalue("mid-p", count, null) / (2 * beyond + at) - 1) < 1e-10


@pytest.mark.parametrize("level", [0.5, 0.95, 1 - 1e-9])
@pytest.mark.parametrize("count", [10**6, 10**7])
def test_limits_where_counts_are_large(count, level):
    area = (1 - mp.mpf(level)) / 2
    low, high = limits("mid-p", count, level)
    beyond, at = upper_sum(count, low)
    assert abs((beyond + at / 2) / area - 1) < 1e-10
    below, at = lower_sum(count, high)
    assert abs((below + at / 2) / area - 1) < 1e-10


@pytest.mark.parametrize("deviations", [4.5, 6.0, 15.0, 35.0])
@pytest.mark.parametrize("shape", [2e5, 1e6, 3e7])
def test_gamma_tails_that_scipy_cuts_short(shape, deviations):
    """P(X >= a) below the mean and above it, summed term by term."""
    mean = shape - deviations * np.sqrt(shape)
    beyond, at = upper_sum(shape, mean)
    assert abs(lower_gamma(np.array([shape]), np.array([mean]))[0] / (beyond + at) - 1) < 1e-10
    mean = shape + deviations * np.sqrt(shape)
    below, at = lower_sum(shape, mean)
    found = upper_gamma(np.array([shape + 1.0]), np.array([mean]))[0]
    assert abs(found / (below + at) - 1) < 1e-10


def test_probabilities_keep_their_digits():
    for count, mean in ((0, 2.0), (7, 2.0), (6644, 6600.0), (10**9, 1e9 + 3e4)):
        x, m = mp.mpf(count), mp.mpf(mean)
        exact = x * mp.log(m) - m - mp.loggamma(x + 1)
        found = log_probability(np.array([float(count)]), np.array([mean]))[0]
        assert abs(found - exact) < 1e-13 * max(1, abs(exact))
    impossible = log_probability(np.array([0.0, 3.0, -1.0]), np.array([0.0, 0.0, 2.0]))
    np.testing.assert_array_equal(impossible, [0.0, -np.inf, -np.inf])
