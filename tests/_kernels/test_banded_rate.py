"""Likelihood of banded counts against the definition, and its limits put back."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import gammaln, logsumexp, ndtri
from scipy.stats import poisson

from countylines._kernels.banded_rate import estimate, limit, log_chance, one_sided_pvalue


def columns(*values):
    return [np.array([value], dtype=float) for value in values]


def exact_log_chance(low, high, mean):
    """Chances of the counts of a band, added up."""
    top = max(low, mean) + 40 * np.sqrt(max(low, mean)) + 80
    k = np.arange(low, (top if np.isinf(high) else high) + 1)
    return float(logsumexp(k * np.log(mean) - mean - gammaln(k + 1)))


def log_likelihood(low, high, exposure, rate):
    return sum(
        exact_log_chance(a, b, rate * e) for a, b, e in zip(low, high, exposure, strict=True)
    )


@st.composite
def bands(draw, bounded=False):
    rows = draw(st.integers(1, 6))
    low = [draw(st.integers(0, 40)) for _ in range(rows)]
    width = [draw(st.one_of(st.just(0), st.integers(0, 30), st.just(np.inf))) for _ in low]
    if bounded:
        width[0] = min(width[0], 9)
        low[0] = max(low[0], 1)
    exposure = [draw(st.floats(0.5, 5.0)) for _ in low]
    return low, [a + w for a, w in zip(low, width, strict=True)], exposure


@pytest.mark.parametrize(
    ("low", "high"), [(0, 4), (1, 4), (12, 12), (210, 500), (502, np.inf), (0, 0), (3, np.inf)]
)
def test_chance_of_a_band(low, high):
    for mean in (0.01, 1.0, 3.5, 20.0, 210.0, 350.0, 505.0, 900.0):
        value, slope = (float(v[0]) for v in log_chance(*columns(low, high, mean)))
        exact = exact_log_chance(low, high, mean)
        if exact < -600:  # beyond floats: the nearest count of the band decides
            assert value == pytest.approx(exact, rel=0.02)
            continue
        assert value == pytest.approx(exact, rel=1e-9, abs=1e-11)
        step = 1e-5
        there, back = (exact_log_chance(low, high, mean * np.exp(s)) for s in (step, -step))
        assert slope == pytest.approx((there - back) / (2 * step), rel=1e-5, abs=1e-6)


@settings(max_examples=30)
@given(data=bands(bounded=True))
def test_the_estimate_has_the_highest_likelihood(data):
    low, high, exposure = data
    (best,) = estimate(*columns(*data))
    assert 0 < best < np.inf
    top = log_likelihood(low, high, exposure, best)
    for factor in (0.999, 1.001):
        assert log_likelihood(low, high, exposure, best * factor) <= top + 1e-12
    assert log_chance(*columns(low, high, best * np.array(exposure)))[1].sum() == pytest.approx(
        0.0, abs=1e-8 * (1 + sum(exposure) * best)
    )


@settings(max_examples=30)
@given(data=bands(bounded=True), tail=st.sampled_from([0.001, 0.025, 0.1, 0.4]))
def test_limits_solve_their_equation(data, tail):
    low, high, exposure = data
    here = columns(*data)
    best = estimate(*here)
    top = log_likelihood(low, high, exposure, best[0])
    drop = max(ndtri(tail) ** 2 / 2, top - np.log(tail))
    for side in (1, -1):
        (end,) = limit(*here, best, tail, side)
        if 0 < end < np.inf:
            found = top - log_likelihood(low, high, exposure, end)
            assert found == pytest.approx(drop, rel=1e-7)
            assert (end < best[0]) if side > 0 else (end > best[0])
            p = one_sided_pvalue(*here, best, np.array([end]), side)[0]
            assert p == pytest.approx(tail, rel=1e-6)


def test_ends_of_the_range():
    zero = columns([0.0, 0.0], [4.0, 9.0], [1.0, 2.0])
    best = estimate(*zero)
    assert best[0] == 0.0
    assert limit(*zero, best, 0.025, 1)[0] == 0.0
    high = limit(*zero, best, 0.025, -1)[0]
    # The chance of both bands is the tail: no p-value is smaller.
    assert log_likelihood([0, 0], [4, 9], [1, 2], high) == pytest.approx(np.log(0.025), rel=1e-9)
    open_ended = columns([502.0], [np.inf], [1.0])
    best = estimate(*open_ended)
    assert best[0] == np.inf
    low = limit(*open_ended, best, 0.025, 1)[0]
    assert poisson.sf(501, low) == pytest.approx(0.025, rel=1e-9)
    assert limit(*open_ended, best, 0.025, -1)[0] == np.inf
    null = np.array([0.0])
    assert one_sided_pvalue(*open_ended, best, null, 1)[0] == 0.0
    assert one_sided_pvalue(*zero, estimate(*zero), null, 1)[0] == 1.0
    assert one_sided_pvalue(*zero, estimate(*zero), null, -1)[0] == 1.0


def test_a_single_wide_band_has_the_limits_of_its_ends():
    """Flat likelihood: the chance of the band decides, which is the exact limit."""
    wide = columns([210.0], [500.0], [1.0])
    best = estimate(*wide)
    low, high = (limit(*wide, best, 0.025, side)[0] for side in (1, -1))
    assert poisson.sf(209, low) == pytest.approx(0.025, rel=1e-6)
    assert poisson.cdf(500, high) == pytest.approx(0.025, rel=1e-6)


@settings(max_examples=30)
@given(data=bands(), scale=st.floats(1e-3, 1e3))
def test_exposure_only_scales_the_rate(data, scale):
    low, high, exposure = columns(*data)
    best, other = estimate(low, high, exposure), estimate(low, high, exposure * scale)
    np.testing.assert_allclose(other * scale, best, rtol=1e-8)
    for side in (1, -1):
        found = limit(low, high, exposure * scale, other, 0.025, side) * scale
        np.testing.assert_allclose(found, limit(low, high, exposure, best, 0.025, side), rtol=1e-7)
