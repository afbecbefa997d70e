"""Limits of another unit's value, against their defining integral and a pivot drawn by chance."""

import numpy as np
import pytest
from scipy import integrate, stats

from countylines._kernels import heterogeneity, prediction


def one_row(units, spread, seed=0):
    rng = np.random.default_rng([units, seed])
    v = rng.uniform(0.01, 0.2, (1, units))
    return rng.normal(0.0, np.sqrt(v + spread**2)), v


def probability_below(x, y, v):
    """The mixture over the confidence distribution of the variance, by adaptive quadrature."""

    def part(deviate):
        target = np.array([stats.chi2.isf(stats.norm.cdf(deviate), y.shape[1] - 1)])
        t = heterogeneity.q_root(y, v, target)
        mean, variance = heterogeneity.mean(y, v, t)
        return stats.norm.pdf(deviate) * stats.norm.cdf(x, mean[0], np.sqrt(t + variance)[0])

    kink = stats.norm.ppf(
        stats.chi2.sf(heterogeneity.generalised_q(y, v, np.zeros(1))[0], y.size - 1)
    )
    parts = np.clip([-7.0, kink, 1.0, 4.0, 7.0], -7.0, 7.0)
    pairs = zip(np.sort(parts)[:-1], np.sort(parts)[1:], strict=True)
    return sum(integrate.fixed_quad(np.vectorize(part), a, b, n=40)[0] for a, b in pairs)


@pytest.mark.parametrize(("units", "spread"), [(2, 0.3), (3, 0.3), (9, 0.1), (40, 0.1)])
@pytest.mark.parametrize("level", [0.8, 0.99])
def test_the_defining_integral(units, spread, level):
    y, v = one_row(units, spread)
    low, high = prediction.limits(y, v, level)
    tail = (1 - level) / 2
    assert probability_below(low[0], y, v) == pytest.approx(tail, rel=2e-5)
    assert 1 - probability_below(high[0], y, v) == pytest.approx(tail, rel=2e-5)


def test_the_pivot_by_simulation():
    y, v = one_row(5, 0.4)
    rng = np.random.default_rng(1)
    draws = 100_000
    each = np.tile(y, (draws, 1)), np.tile(v, (draws, 1))
    t = heterogeneity.q_root(*each, rng.chisquare(4, draws))
    mean, variance = heterogeneity.mean(*each, t)
    another = rng.normal(mean, np.sqrt(t + variance))
    low, high = prediction.limits(y, v, 0.9)
    assert np.mean(another < low[0]) == pytest.approx(0.05, abs=0.003)
    assert np.mean(another > high[0]) == pytest.approx(0.05, abs=0.003)


def test_rows_do_not_depend_on_their_block(monkeypatch):
    rng = np.random.default_rng(2)
    y, v = rng.normal(0, 1, (7, 4)), rng.uniform(0.1, 1, (7, 4))
    whole = prediction.limits(y, v, 0.95)
    monkeypatch.setattr(prediction, "_BLOCK", 1)
    np.testing.assert_allclose(prediction.limits(y, v, 0.95), whole, rtol=1e-12)


def test_moving_and_scaling():
    y, v = one_row(6, 0.3)
    low, high = prediction.limits(y, v, 0.95)
    moved = prediction.limits(3.0 - 2.0 * y, 4.0 * v, 0.95)
    assert moved[0] == pytest.approx(3.0 - 2.0 * high, rel=1e-8)
    assert moved[1] == pytest.approx(3.0 - 2.0 * low, rel=1e-8)


def test_many_precise_units_leave_their_own_spread():
    y = np.random.default_rng(3).normal(0.0, 0.5, (1, 4000))
    low, high = prediction.limits(y, np.full(y.shape, 1e-8), 0.95)
    reach = 1.96 * y.std()
    assert [low[0], high[0]] == pytest.approx([y.mean() - reach, y.mean() + reach], abs=0.005)


def test_units_alike_leave_the_interval_of_the_mean():
    low, high = prediction.limits(np.zeros((1, 8)), np.full((1, 8), 0.08), 0.95)
    assert [low[0], high[0]] == pytest.approx([-0.19600, 0.19600], abs=1e-5)


def test_from_limits_of_the_standard_deviation():
    mean, error = np.array([0.2, 0.2, 0.2]), np.array([0.1, 0.1, 0.1])
    known = (np.array([0.3, 0.0, 0.3]), np.array([0.3, 0.0, 0.2]), np.array([0.3, 0.0, np.inf]))
    low, high = prediction.limits_by_profile(mean, error, known, 10, 0.95)
    reach = 1.959964 * np.sqrt(np.array([0.1, 0.01]))
    assert high[:2] == pytest.approx(0.2 + reach, rel=1e-6)
    assert low[:2] == pytest.approx(0.2 - reach, rel=1e-6)
    assert (low[2], high[2]) == (-np.inf, np.inf)
    some = (known[0][:1], np.array([0.1]), np.array([0.7]))
    wider = prediction.limits_by_profile(mean[:1], error[:1], some, 10, 0.95)[1]
    assert wider[0] > high[0]
