"""Limits put back into the equations that define them, in 40-digit arithmetic."""

from __future__ import annotations

import mpmath as mp
import numpy as np
import pytest
from scipy.special import ndtri

from countylines._kernels.binomial import METHODS

mp.mp.dps = 40
ULP = 1 - mp.mpf(2) ** -53
LEVELS = (0.5, 0.8, 0.95, 0.999, 0.999999)
COUNTS = (
    (0, 10),
    (1, 10),
    (5, 10),
    (9, 10),
    (10, 10),
    (1, 1),
    (3, 43),
    (81, 263),
    (942, 6210),
    (9997, 10_000),
    (2.4, 17.3),  # effective counts after a design effect
    (0.3, 0.9),
)


def limits(method, count, total, level, alternative="two-sided"):
    low, high = METHODS[method].limits(
        np.array([float(count)]), np.array([float(total)]), level=level, alternative=alternative
    )
    return mp.mpf(low[0]), mp.mpf(high[0])


def pvalue(method, count, total, null, alternative="two-sided"):
    value = METHODS[method].pvalue(
        np.array([float(count)]), np.array([float(total)]), null=null, alternative=alternative
    )
    return value[0]


def regularised(a, b, p):
    """I_p(a, b), with its limits at a = 0 and b = 0."""
    if a == 0:
        return mp.mpf(1)
    if b == 0:
        return mp.mpf(0)
    return mp.betainc(a, b, 0, p, regularized=True)


def tails(method, count, total, p):
    """Tail probabilities towards larger and smaller counts."""
    x, n, p = mp.mpf(count), mp.mpf(total), mp.mpf(p)
    reached, exceeded = regularised(x, n - x + 1, p), regularised(x + 1, n - x, p)
    if method == "mid-p":
        up = (reached + exceeded) / 2
        return up, 1 - up
    if method == "clopper-pearson":
        return reached, 1 - exceeded
    up = regularised(x + mp.mpf(1) / 2, n - x + mp.mpf(1) / 2, p)
    return up, 1 - up


def misses(method, count, total, limit, which, area):
    """Relative distance from the tail area, beyond what rounding of a limit near 1 explains."""
    found = tails(method, count, total, limit)[which]
    if limit < 0.99:
        return abs(found / area - 1)
    moved = tails(method, count, total, limit * ULP)[which]
    return abs(found / area - 1) - 2 * abs(found - moved) / area


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("method", ["mid-p", "clopper-pearson", "jeffreys"])
def test_tail_methods(method, level):
    for count, total in COUNTS:
        for alternative in ("two-sided", "less", "greater"):
            area = (1 - mp.mpf(level)) / (2 if alternative == "two-sided" else 1)
            low, high = limits(method, count, total, level, alternative)
            if count == 0 or alternative == "less":
                assert low == 0
            else:
                assert misses(method, count, total, low, 0, area) < 1e-10
            if count == total or alternative == "greater":
                assert high == 1
            else:
                assert misses(method, count, total, high, 1, area) < 1e-10


def test_modified_jeffreys_replaces_the_limits_next_to_the_ends():
    for total in (1, 2, 5, 40):
        area = mp.mpf(1 - 0.95) / 2
        low, high = limits("modified-jeffreys", 0, total, 0.95)
        assert low == 0
        assert abs((1 - high) ** total / area - 1) < 1e-12
        low, high = limits("modified-jeffreys", total, total, 0.95)
        assert high == 1
        assert abs(low**total / area - 1) < 1e-12
    low, high = limits("modified-jeffreys", 1, 40, 0.95)
    assert low == 0
    assert high == limits("jeffreys", 1, 40, 0.95)[1]
    low, high = limits("modified-jeffreys", 39, 40, 0.95)
    assert high == 1
    assert low == limits("jeffreys", 39, 40, 0.95)[0]
    assert limits("modified-jeffreys", 7, 40, 0.95) == limits("jeffreys", 7, 40, 0.95)


def score(x, n, p):
    return (x - n * p) / mp.sqrt(n * p * (1 - p))


def likelihood(x, n, p):
    terms = [k * mp.log(k / m) for k, m in ((x, n * p), (n - x, n * (1 - p))) if k > 0]
    return mp.sign(x - n * p) * mp.sqrt(2 * sum(terms))


def wald(x, n, p):
    share = x / n
    return (share - p) / mp.sqrt(share * (1 - share) / n)


def angle(x, n, p):
    shrunk = (x + mp.mpf(3) / 8) / (n + mp.mpf(3) / 4)
    return 2 * mp.sqrt(n) * (mp.asin(mp.sqrt(shrunk)) - mp.asin(mp.sqrt(p)))


def log_odds(x, n, p):
    return (mp.log(x / (n - x)) - mp.log(p / (1 - p))) * mp.sqrt(x * (n - x) / n)


# Statistic of (count, total, null, z) that equals z at a limit; `side` is 1 at the lower limit,
# where z is the normal quantile, and -1 at the upper one, where z is minus that.
STATISTICS = {
    "wilson": lambda x, n, p, z, side: score(x, n, p),
    "wilson-cc": lambda x, n, p, z, side: score(x - mp.mpf(side) / 2, n, p),
    "profile": lambda x, n, p, z, side: likelihood(x, n, p),
    "logit": lambda x, n, p, z, side: log_odds(x, n, p),
    "arcsine": lambda x, n, p, z, side: angle(x, n, p),
    "wald": lambda x, n, p, z, side: wald(x, n, p),
    "plus-four": lambda x, n, p, z, side: wald(x + 2, n + 4, p),
    "agresti-coull": lambda x, n, p, z, side: wald(x + z**2 / 2, n + z**2, p),
    # A statistic s with mean 0, variance 1 and third moment g is s = Z + g (Z^2 - 1) / 6 to the
    # order of g, with Z normal; the score statistic of a binomial count has this g.
    "skew-score": lambda x, n, p, z, side: (
        score(x, n, p) - (1 - 2 * p) / mp.sqrt(n * p * (1 - p)) * (z**2 - 1) / 6
    ),
}


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("method", STATISTICS)
def test_score_methods(method, level):
    statistic = STATISTICS[method]
    solved = 0
    for count, total in COUNTS:
        x, n = mp.mpf(count), mp.mpf(total)
        for alternative in ("two-sided", "less", "greater"):
            area = (1 - mp.mpf(level)) / (2 if alternative == "two-sided" else 1)
            z = mp.sqrt(2) * mp.erfinv(1 - 2 * area)
            for limit, side in zip(
                limits(method, count, total, level, alternative), (1, -1), strict=True
            ):
                if not 0 < limit < 1:
                    continue  # an end of the range: nothing to solve
                found, moved = (statistic(x, n, p, side * z, side) for p in (limit, limit * ULP))
                # A limit near 1 is rounded to 1e-16: allow for what that moves the statistic.
                assert abs(found - side * z) < 1e-10 + 2 * abs(found - moved)
                solved += 1
    assert solved >= 16


@pytest.mark.parametrize("method", STATISTICS)
def test_score_pvalues(method):
    compared = 0
    for count, total in COUNTS[:-2]:
        for null in (0.003, 0.2, 0.5, 0.77, 0.998):
            found = pvalue(method, count, total, null)
            if found == 1 or found < 1e-250:
                continue
            x, n, p = mp.mpf(count), mp.mpf(total), mp.mpf(null)
            side = mp.sign(x - n * p)
            z = -side * mp.mpf(ndtri(found / 2))
            z = STATISTICS[method](x, n, p, z, side)
            expected = mp.erfc(abs(z) / mp.sqrt(2))
            assert abs(found / expected - 1) < 1e-10
            compared += 1
    assert compared >= 20


def upper_sum(x, n, p):
    """P(X > x) and P(X = x), summed outward from x > np."""
    x, n, p = mp.mpf(x), mp.mpf(n), mp.mpf(p)
    log_pmf = mp.loggamma(n + 1) - mp.loggamma(x + 1) - mp.loggamma(n - x + 1)
    at = mp.exp(log_pmf + x * mp.log(p) + (n - x) * mp.log1p(-p))
    term, total, k, odds = at, mp.mpf(0), x, p / (1 - p)
    while term > total * mp.mpf(10) ** -22:
        term *= (n - k) / (k + 1) * odds
        k += 1
        total += term
    return total, at


FAR = [
    (942, 6210, 0.0402),
    (100, 300, 0.01),
    (50, 100, 1e-5),
    (30, 10**6, 1e-12),
    (5000, 10_000, 0.35),
    (300_000, 10**6, 0.285),
]


@pytest.mark.parametrize(("count", "total", "null"), FAR)
def test_pvalues_far_out_keep_their_digits(count, total, null):
    beyond, at = upper_sum(count, total, null)
    assert beyond < 1e-100
    found = pvalue("mid-p", count, total, null)
    assert abs(found / (2 * beyond + at) - 1) < 1e-10
    found = pvalue("clopper-pearson", count, total, null, "greater")
    assert abs(found / (beyond + at) - 1) < 1e-10
    # the same from below, at a null that the complement represents exactly
    null = float(np.float64(1.0) - np.float64(null))
    beyond, at = upper_sum(count, total, 1 - mp.mpf(null))
    found = pvalue("mid-p", total - count, total, null)
    assert abs(found / (2 * beyond + at) - 1) < 1e-10


@pytest.mark.parametrize("level", [0.5, 0.95, 0.999999])
@pytest.mark.parametrize(("count", "total"), [(5, 10**9), (10**5, 10**9), (4 * 10**5, 10**6)])
def test_mid_p_where_totals_are_large(count, total, level):
    low, high = limits("mid-p", count, total, level)
    area = (1 - mp.mpf(level)) / 2
    beyond, at = upper_sum(count, total, low)
    assert abs((beyond + at / 2) / area - 1) < 1e-10
    below, at = upper_sum(total - count, total, 1 - high)
    assert abs((below + at / 2) / area - 1) < 1e-10


def test_a_limit_that_is_nearly_zero_keeps_its_digits():
    for method in ("mid-p", "clopper-pearson", "profile"):
        high = limits(method, 0, 10**9, 0.95)[1]
        area = mp.mpf(1 - 0.95) / 2
        log_reach = {
            "mid-p": mp.log(2 * area),
            "clopper-pearson": mp.log(area),
            "profile": -(mp.erfinv(mp.mpf(0.95)) ** 2),
        }[method]
        assert abs(high / -mp.expm1(log_reach / 10**9) - 1) < 1e-12
