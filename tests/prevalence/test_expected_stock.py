"""Openings that change over time: closed forms, a simulation, and what is not a survival."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from stock_flow_cases import CASES

from countylines.errors import InputError
from countylines.prevalence import expected_stock, steady_state_stock


def exponential(mean):
    return lambda age: np.exp(-age / mean)


@pytest.mark.reference
def test_reference_of_weibull_lives_from_an_empty_start():
    case = CASES["pid.weibull.120_0.7"]
    data, expected = case["inputs"], case["expected"]

    def survival(age):
        return np.exp(-((age / data["weibull_scale"]) ** data["weibull_shape"]))

    days = np.full(365, data["openings_per_day"])
    found = expected_stock(days, survival)["stock_end"]
    after = found[[t - 1 for t in case["parameters"]["t"]]]
    np.testing.assert_allclose(after, expected["after_t"], rtol=1e-8)
    steady = steady_state_stock(data["openings_per_day"], expected["mean_duration"]).estimate
    assert steady == pytest.approx(expected["steady"], rel=1e-8)


@given(rate=st.floats(0.1, 50), mean=st.floats(0.5, 20), n=st.integers(1, 40))
def test_exponential_lives_have_a_closed_form(rate, mean, n):
    found = expected_stock(np.full(n, rate), exponential(mean))
    expected = rate * mean * (1 - np.exp(-np.arange(1, n + 1) / mean))
    np.testing.assert_allclose(found["stock_end"], expected, rtol=1e-9)


@given(st.lists(st.floats(0, 50), min_size=1, max_size=20), st.floats(0.5, 20), st.floats(0, 9))
def test_stocks_and_flows_hang_together(openings, mean, initial):
    left = exponential(mean) if initial else None
    found = expected_stock(
        openings, exponential(mean), initial_stock=initial, initial_survival=left
    )
    start = np.r_[initial, found["stock_end"].to_numpy()[:-1]]
    np.testing.assert_allclose(start + found["openings"] - found["closures"], found["stock_end"])
    np.testing.assert_allclose(found["distinct"], start + found["openings"])
    assert (found["closures"] >= -1e-9).all()


def test_it_is_linear_in_openings():
    survival = exponential(3.0)
    a, b = np.array([3.0, 0, 9, 1]), np.array([1.0, 4, 0, 2])
    total = expected_stock(a + 2 * b, survival)["stock_end"]
    parts = [expected_stock(x, survival)["stock_end"] for x in (a, b)]
    np.testing.assert_allclose(total, parts[0] + 2 * parts[1])


def test_a_steady_state_goes_on():
    """What was open before has the time left that a steady state leaves."""
    mean, rate = 4.0, 10.0
    lives = lambda age: np.maximum(1 - age / (2 * mean), 0.0)  # noqa: E731
    left = lambda age: np.maximum(1 - age / (2 * mean), 0.0) ** 2  # noqa: E731
    found = expected_stock(
        np.full(12, rate), lives, initial_stock=rate * mean, initial_survival=left
    )
    np.testing.assert_allclose(found["stock_end"], rate * mean, rtol=1e-9)


def test_periods_of_another_length_and_tables_of_survival():
    openings = pd.Series([14.0, 7.0, 21.0], index=pd.period_range("2024-01", periods=3, freq="W"))
    weeks = expected_stock(openings, exponential(10.0), step=7)
    days = expected_stock(np.repeat(openings.to_numpy() / 7, 7), exponential(10.0))
    np.testing.assert_allclose(weeks["stock_end"], days["stock_end"][6::7], rtol=1e-9)
    pd.testing.assert_index_equal(weeks.index, openings.index)
    table = expected_stock([10, 10], [1.0, 0.5, 0.0])
    assert table["stock_end"].tolist() == [7.5, 10.0]
    assert table["stock_end_sd"].tolist() == pytest.approx(np.sqrt([1.875, 3.75]).tolist())


def test_a_simulation_has_its_mean_and_its_spread():
    rng = np.random.default_rng(2)
    openings, mean = [40, 10, 25], 1.5
    stocks = np.zeros((4000, 3))
    for j, n in enumerate(openings):
        opened = j + rng.random((4000, n))
        closed = opened + rng.exponential(mean, opened.shape)
        for k in range(j, 3):
            stocks[:, k] += (closed > k + 1).sum(axis=1)
    found = expected_stock(openings, exponential(mean))
    np.testing.assert_allclose(found["stock_end"], stocks.mean(axis=0), rtol=0.01)
    np.testing.assert_allclose(found["stock_end_sd"], stocks.std(axis=0), rtol=0.05)


class TestBadInput:
    @pytest.mark.parametrize(
        ("openings", "survival", "options", "message"),
        [
            ([-1, 2], [1, 1, 0], {}, "`openings` must be finite and at least 0, got -1"),
            ([[1, 2]], [1, 1, 0], {}, "`openings` must be an array or a Series of one dimension"),
            (3, [1, 0], {}, "`openings` must be an array or a Series of one dimension"),
            ([1, 2], [1, 0.5], {}, "`survival` must be of length 3, one more than openings, got 2"),
            ([1, 2], [0.9, 0.5, 0.1], {}, "`survival` must be a survival.*starts at 0.9"),
            ([1, 2], [1, 0.5, 0.6], {}, "`survival` must be a survival.*one that rises"),
            ([1, 2], [1, 50, 6], {}, "`survival` must be a share.*percentage"),
            ([1, 2], lambda age: 1 + age, {}, "`survival` must be a share"),
            ([1, 2], [1, 1, 1], {"step": 0}, "`step` must be a finite number above 0"),
            ([1, 2], [1, 1, 1], {"initial_stock": 4}, "`initial_survival` must be given with"),
            ([1, 2], [1, 1, 1], {"initial_survival": [1, 1, 1]}, "got one without a stock"),
        ],
    )
    def test_values_that_cannot_be_used(self, openings, survival, options, message):
        with pytest.raises(InputError, match=message):
            expected_stock(openings, survival, **options)


def test_nothing_closes_where_every_line_lasts():
    found = expected_stock([10, 10, 0.1], np.ones_like)
    assert found["closures"].tolist() == [0, 0, 0]
