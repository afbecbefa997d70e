"""Laws of lives: derivatives, and maxima that are hard to reach."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats
from scipy.optimize import approx_fprime

from countylines._kernels import parametric_survival as laws
from countylines._kernels import piecewise_exponential as pieces

SIZE = 60


def spells():
    rng = np.random.default_rng(3)
    entry = rng.uniform(0, 1, SIZE) * (rng.random(SIZE) < 0.5)
    lower = entry + rng.uniform(0, 2, SIZE)
    upper = lower + rng.uniform(0.1, 2, SIZE)
    upper[:15] = np.inf
    upper[15:30] = lower[15:30]
    lower[30:40] = entry[30:40] = 0
    return entry, lower, upper, np.column_stack([np.ones(SIZE), rng.normal(size=SIZE)])


def check_derivatives(value, theta):
    _, gradient, hessian = value(theta)
    slope = approx_fprime(theta, lambda t: value(t)[0], 1e-7)
    np.testing.assert_allclose(gradient, slope, rtol=1e-4, atol=1e-4)
    bend = np.stack(
        [(value(theta + e)[1] - value(theta - e)[1]) / 2e-5 for e in 1e-5 * np.eye(theta.size)]
    )
    np.testing.assert_allclose(hessian, bend, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("name", laws.FAMILIES)
def test_derivatives_of_a_law(name):
    family = laws.FAMILIES[name]
    lives = laws.Lives.of(*spells())
    theta = np.array([0.3, 0.2, -0.2])[: 2 + family.scaled]
    check_derivatives(lambda t: laws.log_likelihood(family, lives, t), theta)


def test_derivatives_of_a_piecewise_hazard():
    entry, lower, upper, design = spells()
    split = pieces.Pieces.of(entry, lower, upper, design[:, 1:], np.array([0.5, 1.5]))
    check_derivatives(lambda t: pieces.log_likelihood(split, t), np.array([0.1, -0.3, 0.2, -0.4]))


@pytest.mark.parametrize(
    ("name", "law"),
    [("weibull", stats.gumbel_l), ("lognormal", stats.norm), ("loglogistic", stats.logistic)],
)
def test_standard_variables(name, law):
    family = laws.FAMILIES[name]
    z = np.array([-9.0, -1, 0, 0.5, 3])
    np.testing.assert_allclose(family.survival(z)[0], law.logsf(z), rtol=1e-12)
    np.testing.assert_allclose(family.density(z)[0], law.logpdf(z), rtol=1e-12)
    shares = np.array([1e-6, 0.3, 0.5, 0.999])
    np.testing.assert_allclose(family.quantile(shares), law.ppf(shares), rtol=1e-9, atol=1e-12)
    log_mean, slope = family.log_mean(0.4)
    assert np.exp(log_mean) == pytest.approx(
        law.expect(lambda w: np.exp(0.4 * w), lb=-40, ub=40), rel=1e-6
    )
    up, down = (family.log_mean(0.4 * np.exp(s))[0] for s in (1e-6, -1e-6))
    assert slope == pytest.approx((up - down) / 2e-6, rel=1e-6)


@pytest.mark.parametrize("name", ["weibull", "lognormal", "loglogistic"])
def test_the_maximum_is_found_far_from_where_watching_began(name):
    """All were found late in life: most places to start from lie on flat stretches."""
    rng = np.random.default_rng(4)
    life = np.exp(7 + 0.08 * rng.normal(size=4_000))
    entry = rng.uniform(700, 1300, 4_000)
    kept = life > entry
    life, entry = life[kept], entry[kept]
    group = rng.random(life.size) < 0.5
    design = np.column_stack([np.ones(life.size), group])
    found = laws.fit(name, entry, life, life, design)
    assert found.found
    assert found.value[0] == pytest.approx(7, abs=0.1)
    assert abs(found.value[1]) < 0.05


def test_a_narrow_interval_is_a_density():
    """S(l) - S(u) for ends that nearly agree keeps its digits, in both tails."""
    for place in (1e-3, 1.0, 9.0):
        lower, upper = np.array([place]), np.array([place * (1 + 1e-9)])
        for name in ("weibull", "lognormal", "loglogistic"):
            family = laws.FAMILIES[name]
            theta = np.array([0.0, -0.7])
            lives = laws.Lives.of(np.full(1, -np.inf), lower, upper, np.ones((1, 1)))
            exact = laws.Lives.of(np.full(1, -np.inf), lower, lower, np.ones((1, 1)))
            width = np.log(upper - lower)[0]
            value = laws.log_likelihood(family, lives, theta)[0] - width
            assert value == pytest.approx(laws.log_likelihood(family, exact, theta)[0], rel=1e-6)
