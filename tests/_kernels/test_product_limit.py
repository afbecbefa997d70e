"""Risk sets, the product-limit estimate and the equations that define its limits."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import chdtri
from scipy.stats import beta

from countylines._kernels import binomial, product_limit

LEVEL = 0.95


def curve(entry, exit, event):
    table = product_limit.risk_table(
        np.asarray(entry, float), np.asarray(exit, float), np.asarray(event, bool)
    )
    return table, product_limit.product_limit(table.at_risk, table.events)


@st.composite
def spells(draw, truncated=True):
    size = draw(st.integers(1, 25))
    whole = st.integers(1, 12)
    length = np.array(draw(st.lists(whole, min_size=size, max_size=size)), float)
    late = draw(st.lists(st.integers(0, 10), min_size=size, max_size=size))
    entry = np.array(late, float) if truncated else np.zeros(size)
    event = np.array(draw(st.lists(st.booleans(), min_size=size, max_size=size)))
    return np.where(entry == 0, -np.inf, entry), entry + length, event


@given(spells())
def test_the_risk_set_is_counted_spell_by_spell(data):
    entry, exit, event = data
    table, _ = curve(*data)
    assert list(table.time) == sorted(set(exit))
    for i, time in enumerate(table.time):
        inside = (entry < time) & (time <= exit)
        assert table.at_risk[i] == inside.sum()
        assert table.events[i] == np.sum(event & (exit == time))
        assert table.after[i] == np.sum((entry <= time) & (time < exit))
        assert table.later[i] == np.sum(exit > time)


@given(spells(truncated=False))
def test_without_censoring_it_is_the_share_that_lasts_longer(data):
    entry, exit, _ = data
    table, fit = curve(entry, exit, np.ones(exit.size, bool))
    share = np.array([np.mean(exit > time) for time in table.time])
    np.testing.assert_allclose(np.exp(fit.log_survival), share, atol=1e-14)
    error = np.sqrt(share * (1 - share) / exit.size)
    known = share > 0
    np.testing.assert_allclose(product_limit.standard_error(fit)[known], error[known], rtol=1e-12)


@given(spells(), st.floats(0.1, 50))
def test_the_unit_of_time_does_not_matter(data, factor):
    entry, exit, event = data
    _, fit = curve(*data)
    _, scaled = curve(entry * factor, exit * factor, event)
    np.testing.assert_array_equal(fit.log_survival, scaled.log_survival)


@pytest.mark.parametrize("method", product_limit.METHODS)
@given(data=spells(truncated=False))
def test_limits_hold_the_estimate_and_are_ordered(method, data):
    table, fit = curve(*data)
    survival = np.exp(fit.log_survival)
    low, high = product_limit.limits(method, table, fit, level=LEVEL)
    assert np.all((low >= 0) & (low <= survival + 1e-12) & (survival <= high + 1e-12) & (high <= 1))
    inner_low, inner_high = product_limit.limits(method, table, fit, level=0.5)
    assert np.all((low <= inner_low + 1e-12) & (inner_high <= high + 1e-12))


DATA = (
    np.array([-np.inf, -np.inf, 2, 3, 4, -np.inf, 1, 6, 6, 7]),
    np.array([3, 5, 6, 9, 9, 11, 12, 14, 15, 20.0]),
    np.array([1, 1, 0, 1, 1, 0, 1, 1, 1, 0], bool),
)


def test_thomas_and_grunkemeier_limits_solve_their_equation():
    """The largest likelihood with this survival is below the largest of all by chi-square / 2."""
    table, fit = curve(*DATA)
    ends = product_limit.limits("thomas-grunkemeier", table, fit, level=LEVEL)
    some = table.events > 0
    for i in np.flatnonzero(some):
        n, d = table.at_risk[: i + 1][some[: i + 1]], table.events[: i + 1][some[: i + 1]]
        for end in (side[i] for side in ends):
            goal = np.log(end)
            low, high = -np.min(n - d) * (1 - 1e-12), 1e9
            for _ in range(300):
                middle = 0.5 * (low + high)
                small = np.sum(np.log1p(-d / (n + middle))) < goal
                low, high = (middle, high) if small else (low, middle)
            hazard = d / (n + low)
            loss = d * np.log(d / n / hazard) + (n - d) * np.log((1 - d / n) / (1 - hazard))
            assert 2 * loss.sum() == pytest.approx(chdtri(1, 1 - LEVEL), rel=1e-9)


def test_thomas_and_grunkemeier_without_censoring_is_the_binomial_likelihood_ratio():
    table, fit = curve(np.full(12, -np.inf), np.arange(1.0, 13), np.ones(12, bool))
    low, high = product_limit.limits("thomas-grunkemeier", table, fit, level=0.9)
    left = 12.0 - np.arange(1, 13)
    binomial_low, binomial_high = binomial.METHODS["profile"].limits(
        left, np.full(12, 12.0), level=0.9, alternative="two-sided"
    )
    np.testing.assert_allclose(low, binomial_low, rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(high, binomial_high, rtol=1e-9)


def test_blocks_of_times_make_no_difference(monkeypatch):
    rng = np.random.default_rng(5)
    entry = rng.exponential(3, 200)
    data = (entry, entry + rng.exponential(5, 200), rng.random(200) < 0.7)
    table, fit = curve(*data)
    whole = product_limit.limits("thomas-grunkemeier", table, fit, level=LEVEL)
    monkeypatch.setattr(product_limit, "CELLS", 700)
    parts = product_limit.limits("thomas-grunkemeier", table, fit, level=LEVEL)
    np.testing.assert_allclose(whole, parts, rtol=1e-10)


def test_the_beta_product_without_censoring_is_clopper_and_pearson():
    table, fit = curve(np.full(9, -np.inf), [1, 2, 3, 3, 5, 6, 7, 8, 9], np.ones(9, bool))
    low, high = product_limit.limits("beta-product", table, fit, level=LEVEL)
    left = table.after
    inner = left > 0
    np.testing.assert_allclose(
        low[inner], beta.ppf(0.025, left[inner], 10 - left[inner]), rtol=1e-10
    )
    assert low[-1] == 0
    np.testing.assert_allclose(high, beta.ppf(0.975, left + 1, 9 - left), rtol=1e-10)


def test_the_beta_product_matches_two_moments():
    """Against products of beta variables drawn at random."""
    table, fit = curve(np.full(5, -np.inf), [1, 2, 3, 4, 5], np.array([1, 0, 1, 0, 0], bool))
    _, high = product_limit.limits("beta-product", table, fit, level=LEVEL)
    mean = (5 / 6) * (3 / 4)
    square = (5 / 7) * (3 / 5)
    total = (mean - square) / (square - mean**2)
    assert high[2] == pytest.approx(beta.ppf(0.975, mean * total, (1 - mean) * total), rel=1e-10)
    assert high[4] == high[2]


def test_limits_on_a_scale_are_normal_on_it():
    table, fit = curve(*DATA)
    inner = np.isfinite(fit.greenwood) & (fit.greenwood > 0)
    survival = np.exp(fit.log_survival)[inner]
    error = product_limit.standard_error(fit)[inner]
    scales = {
        "log-log": (lambda s: np.log(-np.log(s)), lambda s: 1 / np.abs(s * np.log(s))),
        "arcsine": (lambda s: np.arcsin(np.sqrt(s)), lambda s: 0.5 / np.sqrt(s * (1 - s))),
        "log": (np.log, lambda s: 1 / s),
        "plain": (lambda s: s, np.ones_like),
    }
    for method, (scale, slope) in scales.items():
        low, high = (end[inner] for end in product_limit.limits(method, table, fit, level=LEVEL))
        for end in (low, high):
            moved = (end > 0) & (end < 1)
            distance = np.abs(scale(end[moved]) - scale(survival[moved]))
            normal = distance / (slope(survival) * error)[moved]
            np.testing.assert_allclose(normal, 1.959963984540054, rtol=1e-9, err_msg=method)


def test_after_the_curve_is_zero_the_upper_limit_stays():
    table, fit = curve(np.full(4, -np.inf), [1, 2, 3, 4], np.ones(4, bool))
    for method in ("log-log", "log", "plain", "arcsine"):
        low, high = product_limit.limits(method, table, fit, level=LEVEL)
        assert low[-1] == 0
        assert high[-1] == high[-2] > 0


def test_the_area_is_that_of_the_steps():
    table, fit = curve(np.full(4, -np.inf), [1, 2, 3, 4], np.ones(4, bool))
    survival = np.exp(fit.log_survival)
    total, variance = product_limit.area(
        table.time, survival, 0.0, 4.0, table.events, table.at_risk
    )
    assert total == pytest.approx(2.5)
    # Without censoring: the variance of the mean, divided by n.
    assert variance == pytest.approx(np.var([1, 2, 3, 4]) / 4)


def test_before_the_first_end_the_lower_limit_is_that_of_no_end():
    """Nothing seen among 8 is the binomial limit of 0 in 8, not certainty."""
    entry = np.full(10, -np.inf)
    exit = np.array([1, 2, 3, 4, 5, 6, 7, 8, 9, 10.0])
    table, fit = curve(entry, exit, exit >= 3)
    low, _ = product_limit.limits("log-log", table, fit, level=LEVEL)
    first, raised = product_limit.before_the_first(table, low, 10.0, 0.025)
    assert first == pytest.approx(0.025 ** (1 / 10), rel=1e-12)
    assert raised[1] == pytest.approx(beta.ppf(0.025, 8, 1), rel=1e-12)
    np.testing.assert_array_equal(raised[2:], low[2:])


def test_without_any_end_the_last_to_be_watched_decide():
    table, fit = curve(np.full(3, -np.inf), [1, 2, 3], np.zeros(3, bool))
    low, _ = product_limit.limits("log-log", table, fit, level=LEVEL)
    first, raised = product_limit.before_the_first(table, low, 3.0, 0.025)
    np.testing.assert_allclose([first, *raised], 0.025 ** (1 / np.array([3, 2, 1, 1])))


def test_a_lower_limit_after_the_first_end_holds_before_it_too():
    entry = np.array([-np.inf, *np.full(40, 1.0)])
    exit = np.array([2, *np.linspace(4, 8, 40)])
    table, fit = curve(entry, exit, exit > 2)
    low, _ = product_limit.limits("log-log", table, fit, level=LEVEL)
    first, raised = product_limit.before_the_first(table, low, 1.0, 0.025)
    assert first == raised[0] == low[1]
