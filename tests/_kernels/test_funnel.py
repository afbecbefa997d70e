"""Control limits against distributions written out; over-dispersion against published values."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import minimize_scalar
from scipy.special import ndtr, ndtri
from scipy.stats import binom, poisson

from countylines._kernels import funnel

REFERENCE = Path(__file__).parents[1] / "reference" / "funnel.json"
CASES = {c["method"]: c for c in json.loads(REFERENCE.read_text())["cases"]}
Z95 = -ndtri(0.025)
SMR = CASES["overdispersion_winsorised"]


def poisson_counts(*means):
    return funnel.PoissonCounts(np.array(means, dtype=float))


def scores(transform="log"):
    observed, expected = (np.array(SMR["inputs"][k], float) for k in ("observed", "expected"))
    return funnel.rate_scores(observed, expected, np.ones(20), transform)


@pytest.mark.reference
def test_published_over_dispersion():
    expected = SMR["expected"]
    found = scores(SMR["parameters"]["transform"])
    np.testing.assert_allclose(found.z, expected["z"], rtol=1e-9)
    drawn_in = funnel.winsorised(found, SMR["parameters"]["trim"])
    assert funnel.multiplicative(drawn_in) == pytest.approx(expected["phi"], rel=1e-9)
    assert funnel.dersimonian_laird(drawn_in) == pytest.approx(expected["tau2"], rel=1e-9)


@pytest.mark.reference
def test_published_significance():
    case = CASES["phe_limits"]
    count, total = (np.array(case["inputs"][k], float) for k in ("numerator", "denominator"))
    share = np.full(20, count.sum() / total.sum())
    low, high = funnel.limits(funnel.BinomialCounts(total, share), np.full(20, Z95), method="exact")
    inside = np.where((low <= count) & (count <= high), "Not significant", "Outside")
    assert list(inside) == case["expected"]["significance"]


@pytest.mark.parametrize("level", [0.5, 0.8, 0.95, 0.998, 0.999999])
@pytest.mark.parametrize("make", ["poisson", "binomial"])
def test_limits_are_those_of_the_definition(make, level):
    if make == "poisson":
        means = np.array([0.05, 0.7, 3.0, 10.0, 44.0, 260.0])
        counts, law = funnel.PoissonCounts(means), [poisson(m) for m in means]
        tops = np.full(means.shape, 600)
    else:
        totals, shares = np.array([1.0, 7, 40, 300, 90]), np.array([0.21, 0.5, 0.03, 0.3, 0.99])
        counts = funnel.BinomialCounts(totals, shares)
        law = [binom(n, p) for n, p in zip(totals, shares, strict=True)]
        tops = totals.astype(int)
    tail = (1 - level) / 2
    deviate = np.full(tops.shape, -ndtri(tail))
    found = {m: np.array(funnel.limits(counts, deviate, method=m)) for m in funnel.METHODS}
    for i, (one, top) in enumerate(zip(law, tops, strict=True)):
        k = np.arange(-1, top + 1)
        below, above, chance = one.cdf(k), one.sf(k - 1), one.pmf(k)
        kept = k[(below > tail) & (above > tail) & (k >= 0)]
        assert tuple(found["exact"][:, i]) == (kept.min(), kept.max())
        mid_below, mid_above = below - chance / 2, above - chance / 2
        kept = k[(mid_below > tail) & (mid_above > tail) & (k >= 0)]
        if kept.size:
            assert tuple(found["mid-p"][:, i]) == (kept.min(), kept.max())
        low, high = found["interpolated"][:, i]
        # Straight lines through (k, F(k)) pass the tails there.
        assert np.interp(low, k, below) == pytest.approx(tail, rel=1e-9)
        sf = one.sf(k)
        assert np.interp(high, k, sf) == pytest.approx(tail, rel=1e-9)


@pytest.mark.parametrize("method", funnel.METHODS)
@given(mean=st.floats(0.01, 1e5), level=st.floats(0.5, 0.9999))
def test_limits_lie_about_the_mean_and_widen_with_the_level(method, mean, level):
    z = -ndtri((1 - level) / 2)
    low, high = funnel.limits(poisson_counts(mean, mean), np.array([z, z + 0.5]), method=method)
    assert low[0] <= mean + 1
    assert high[0] >= mean - 1
    assert low[1] <= low[0] + 1e-9
    assert high[1] >= high[0] - 1e-9


def test_large_counts():
    low, high = funnel.limits(poisson_counts(1e9), np.array([3.0]), method="exact")
    tail = ndtr(-3.0)
    assert poisson.cdf(low[0] - 1, 1e9) <= tail < poisson.cdf(low[0], 1e9)
    assert poisson.sf(high[0], 1e9) <= tail < poisson.sf(high[0] - 1, 1e9)


@pytest.mark.parametrize("method", funnel.METHODS)
def test_far_limits_carry_on_from_near_ones(method):
    """Beyond 30 standard deviations the signed root of the deviance takes the place of the tail."""
    for counts in (
        poisson_counts(5e3, 5e3, 1e6, 1e6),
        funnel.BinomialCounts(np.repeat([9e4, 1e6], 2), np.repeat([0.3, 0.5], 2)),
    ):
        ends = np.tile([30 * (1 - 1e-9), 30 * (1 + 1e-9)], 2)
        low, high = funnel.limits(counts, ends, method=method)
        np.testing.assert_allclose(low[1::2], low[::2], atol=0.02 * counts.spread[0])
        np.testing.assert_allclose(high[1::2], high[::2], atol=0.02 * counts.spread[0])
    far = np.array([200.0, 200.0])
    low, high = funnel.limits(poisson_counts(1e6, 1e3), far, method="interpolated")
    np.testing.assert_allclose(2 * (low[0] * np.log(low[0] / 1e6) + 1e6 - low[0]), 4e4, rtol=1e-9)
    expected = high * np.log(high / [1e6, 1e3]) + [1e6, 1e3] - high
    np.testing.assert_allclose(2 * expected, 4e4, rtol=1e-9)
    assert low[1] == 0.0
    low, high = funnel.limits(
        funnel.BinomialCounts(np.full(2, 1e3), np.full(2, 0.5)), far, method=method
    )
    assert (low[0], high[0]) == (0.0, 1e3)


@pytest.mark.parametrize("transform", funnel.TRANSFORMS)
def test_scores_are_standardised(transform):
    rng = np.random.default_rng(1)
    exposure, target = rng.uniform(200, 2000, 4000), np.full(4000, 0.3)
    rates = funnel.rate_scores(rng.poisson(exposure * target), exposure, target, transform)
    total = np.round(exposure)
    shares = funnel.share_scores(rng.binomial(total.astype(int), 0.3), total, target, transform)
    for found in (rates, shares):
        assert funnel.multiplicative(found) == pytest.approx(1.0, abs=0.08)
        assert funnel.dersimonian_laird(found) < 2e-4


def test_winsorising_draws_in_the_ends():
    plain = scores()
    drawn = funnel.winsorised(plain, 0.1)
    assert drawn.z.max() == pytest.approx(np.quantile(plain.z, 0.9))
    assert np.sum(drawn.z != plain.z) == 4
    np.testing.assert_array_equal(funnel.winsorised(plain, 0.0).z, plain.z)


def restricted_log_likelihood(between, found):
    weight = 1 / (found.error**2 + between)
    mean = (weight * found.distance).sum() / weight.sum()
    fit = (weight * (found.distance - mean) ** 2).sum()
    return 0.5 * (np.log(weight).sum() - np.log(weight.sum()) - fit)


def test_reml_is_the_top_of_its_likelihood():
    found = scores("log")
    estimate = funnel.reml(found)
    best = minimize_scalar(
        lambda b: -restricted_log_likelihood(b, found),
        bounds=(0, 0.2),
        method="bounded",
        options={"xatol": 1e-12},
    )
    assert estimate == pytest.approx(best.x, rel=1e-5)


def test_no_more_than_chance():
    calm = funnel.Scores(np.array([0.1, -0.1, 0.05, 0.0]), np.ones(4))
    assert funnel.dersimonian_laird(calm) == funnel.reml(calm) == 0.0


def test_between_places_variance_is_found_again():
    rng = np.random.default_rng(5)
    error = rng.uniform(0.05, 0.3, 3000)
    distance = rng.normal(0, np.sqrt(error**2 + 0.04))
    found = funnel.Scores(distance, error)
    assert funnel.reml(found) == pytest.approx(0.04, rel=0.1)
    assert funnel.dersimonian_laird(found) == pytest.approx(0.04, rel=0.1)


def test_stretching():
    error = np.array([0.1, 0.5])
    np.testing.assert_allclose(funnel.stretched(0.95, error, None, 0.0), Z95)
    np.testing.assert_allclose(funnel.stretched(0.95, error, "multiplicative", 4.0), 2 * Z95)
    np.testing.assert_allclose(funnel.stretched(0.95, error, "multiplicative", 0.5), Z95)
    added = funnel.stretched(0.95, error, "additive", 0.25)
    np.testing.assert_allclose(added * error, Z95 * np.sqrt(error**2 + 0.25))
