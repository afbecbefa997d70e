"""Critical values of the equal-precision band."""

from __future__ import annotations

import numpy as np
import pytest

from countylines._kernels import product_limit
from countylines._kernels.simultaneous_band import equal_precision, excess


@pytest.mark.parametrize("level", [0.5, 0.9, 0.95, 0.99, 0.9999])
@pytest.mark.parametrize("log_ratio", [0.0, 1.0, 4.0, 12.0])
def test_the_value_is_exceeded_as_often_as_it_says(level, log_ratio):
    value = equal_precision(level, log_ratio)
    chance = excess(np.array([value]), log_ratio)[0]
    assert chance == pytest.approx(1 - level, rel=1e-9)


def test_the_value_grows_with_the_level_and_the_stretch():
    assert 1.96 < equal_precision(0.95, 0.0) < equal_precision(0.95, 2.0)
    assert equal_precision(0.95, 2.0) < equal_precision(0.99, 2.0)


def test_against_simulated_brownian_motion():
    rng = np.random.default_rng(1)
    time = np.exp(np.linspace(0, 3, 1_500))
    step = np.sqrt(np.diff(np.append(0, time)))
    paths = np.cumsum(rng.normal(size=(4_000, time.size)) * step, axis=1) / np.sqrt(time)
    inside = np.mean(np.abs(paths).max(axis=1) <= equal_precision(0.95, 3.0))
    assert inside == pytest.approx(0.95, abs=0.015)


def test_the_band_is_wider_and_holds_before_the_first_end():
    exit = np.arange(1.0, 31)
    table = product_limit.risk_table(np.full(30, -np.inf), exit, exit > 2)
    fit = product_limit.product_limit(table.at_risk, table.events)
    low, high = product_limit.limits("equal-precision", table, fit, level=0.95)
    narrow_low, narrow_high = product_limit.limits("arcsine", table, fit, level=0.95)
    inner = slice(2, 29)
    assert np.all((low[inner] < narrow_low[inner]) | (low[inner] == 0))
    assert np.all((high[inner] > narrow_high[inner]) | (high[inner] == 1))
    assert low[0] == low[1] == low[2]
    assert (low[-1], high[-1]) == (0, high[-2])
    nothing = product_limit.product_limit(table.at_risk, np.zeros(30))
    low, high = product_limit.limits("equal-precision", table, nothing, level=0.95)
    assert (low == 0).all()
    assert (high == 1).all()
