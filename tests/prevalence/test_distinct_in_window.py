"""Stocks and windows in a steady state: formulas, bands, estimates that go in, simulated truth."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import gammaincc
from stock_flow_cases import CASES

import countylines as cl
from countylines.errors import InputError, InputTypeError, SparseDataWarning
from countylines.prevalence import (
    convert_window,
    distinct_in_window,
    implied_duration,
    steady_state_stock,
    stock_from_distinct,
)

POSITIVE = st.floats(0.01, 1e4)
LIFE = cl.Estimate("mean life", 2.0, 1.5, 3.0, "made up")
STOCK = cl.Estimate("stock", 600.0, 550.0, 660.0, "made up")


@pytest.mark.reference
def test_reference_of_a_steady_state():
    case = CASES["pid.steady.8.214_400"]
    data, expected = case["inputs"], case["expected"]
    stock = steady_state_stock(data["openings_per_day"], data["mean_duration_days"])
    assert stock.estimate == pytest.approx(expected["point"], rel=1e-12)
    year = distinct_in_window(
        stock.estimate, data["mean_duration_days"], case["parameters"]["T_days"]
    )
    assert year.estimate == pytest.approx(expected["period_year"], rel=1e-12)
    assert year.estimate / stock.estimate == pytest.approx(
        expected["ratio_period_to_point"], rel=1e-12
    )


@given(stock=POSITIVE, life=POSITIVE, window=POSITIVE)
def test_there_and_back(stock, life, window):
    distinct = distinct_in_window(stock, life, window).estimate
    assert stock_from_distinct(distinct, life, window).estimate == pytest.approx(stock, rel=1e-12)
    assert implied_duration(stock, distinct, window).estimate == pytest.approx(life, rel=1e-6)


@given(distinct=POSITIVE, life=POSITIVE, window=POSITIVE, new=POSITIVE)
def test_a_window_goes_by_way_of_the_stock(distinct, life, window, new):
    direct = convert_window(distinct, window, new, mean_duration=life).estimate
    stock = stock_from_distinct(distinct, life, window).estimate
    assert direct == pytest.approx(distinct_in_window(stock, life, new).estimate, rel=1e-12)
    back = convert_window(direct, new, window, mean_duration=life).estimate
    assert back == pytest.approx(distinct, rel=1e-12)


@given(stock=POSITIVE, life=POSITIVE, window=POSITIVE, unit=st.floats(0.01, 100))
def test_the_unit_of_time_does_not_matter(stock, life, window, unit):
    one = distinct_in_window(stock, life, window).estimate
    assert distinct_in_window(stock, life * unit, window * unit).estimate == pytest.approx(
        one, rel=1e-9
    )


@given(
    stock=st.tuples(POSITIVE, POSITIVE).map(sorted),
    life=st.tuples(POSITIVE, POSITIVE).map(sorted),
    parts=st.tuples(st.floats(0, 1), st.floats(0, 1)),
    window=POSITIVE,
    new=POSITIVE,
)
def test_whatever_lies_in_the_bands_has_its_answer_in_the_range(stock, life, parts, window, new):
    one = stock[0] + parts[0] * (stock[1] - stock[0])
    own = life[0] + parts[1] * (life[1] - life[0])
    bands = cl.Band(*stock), cl.Band(*life)
    for found, truth in (
        (distinct_in_window(*bands, window), distinct_in_window(one, own, window)),
        (stock_from_distinct(*bands, window), stock_from_distinct(one, own, window)),
        (steady_state_stock(*bands), steady_state_stock(one, own)),
        (
            convert_window(bands[0], window, new, mean_duration=bands[1]),
            convert_window(one, window, new, mean_duration=own),
        ),
    ):
        assert found.low <= truth.estimate * (1 + 1e-9)
        assert truth.estimate <= found.high * (1 + 1e-9)
        assert (found.low, found.high) == (found.region_low, found.region_high)
        assert (found.level, found.interval_kind) == (None, "identification")


def test_a_band_has_no_estimate():
    found = distinct_in_window(600, cl.Band(1, 3), 12)
    assert math.isnan(found.estimate)
    assert found.verdict.code == "not-identified"
    assert (found.low, found.high) == (pytest.approx(3000), pytest.approx(7800))
    assert distinct_in_window(600, cl.Band(2, 2), 12).estimate == 4200


def test_a_band_without_end():
    found = distinct_in_window(cl.Band(501, np.inf), 2, 12)
    assert (found.low, found.high) == (501 * 7, np.inf)
    assert stock_from_distinct(700, cl.Band(2, np.inf), 12).high == 700
    assert convert_window(700, 1, 12, mean_duration=cl.Band(2, np.inf)).low == 700


def test_nothing_stays_nothing_however_long_it_would_last():
    found = steady_state_stock(0, cl.Band(3, np.inf))
    assert (found.estimate, found.low, found.high) == (0, 0, 0)
    with pytest.warns(SparseDataWarning):
        short = cl.prevalence.rate(1, 1, method="square-root", level=0.999)
    assert short.low == 0
    found = distinct_in_window(0, short, 12, level=0.999)
    assert (found.estimate, found.low, found.high) == (0, 0, 0)


def test_arithmetic_has_no_level():
    found = stock_from_distinct(6644, 2.4, 12)
    assert found.low == found.estimate == found.high
    assert found.level is None
    assert "steady-state" in [note.code for note in found.notes]


def test_the_limits_of_one_estimate_are_carried_over():
    """With a single estimate the limits are the formula at its limits."""
    found = distinct_in_window(600, LIFE, 12)
    assert found.estimate == 4200
    assert (found.low, found.high) == (pytest.approx(3000), pytest.approx(5400))
    assert (found.level, found.interval_kind) == (0.95, "confidence")
    assert found.region_low is None


def test_limits_are_joined_on_the_log_scale():
    found = distinct_in_window(STOCK, LIFE, 12)
    below = math.hypot(math.log(600 / 550), math.log(4200 / 3000))
    above = math.hypot(math.log(660 / 600), math.log(5400 / 4200))
    assert found.low == pytest.approx(4200 * math.exp(-below), rel=1e-12)
    assert found.high == pytest.approx(4200 * math.exp(above), rel=1e-12)
    assert "independent" in [note.code for note in found.notes]


def test_limits_go_round_the_range_of_a_band():
    found = distinct_in_window(STOCK, cl.Band(1, 3), 12)
    assert (found.region_low, found.region_high) == (pytest.approx(3000), pytest.approx(7800))
    assert found.low == pytest.approx(3000 * 550 / 600)
    assert found.high == pytest.approx(7800 * 660 / 600)
    assert found.interval_kind == "confidence"


def test_a_poisson_count_has_exact_limits():
    found = stock_from_distinct(7, 12, 12, poisson=True)
    low, high = 2 * found.low, 2 * found.high
    assert 1 - gammaincc(7, low) == pytest.approx(0.025, rel=1e-9)
    assert gammaincc(8, high) == pytest.approx(0.025, rel=1e-9)
    assert "expected-number" in [note.code for note in found.notes]


def test_nothing_counted_has_an_upper_limit():
    found = stock_from_distinct(0, 12, 12, poisson=True)
    assert (found.estimate, found.low) == (0, 0)
    assert found.high == pytest.approx(-math.log(0.025) / 2, rel=1e-12)
    both = distinct_in_window(cl.Estimate("stock", 0.0, 0.0, 3.0, "made up"), LIFE, 12)
    assert both.high == pytest.approx(3 * 7)


def test_an_estimate_whose_lower_limit_is_zero():
    found = distinct_in_window(600, cl.Estimate("life", 2.0, 0.0, 3.0, "made up"), 12)
    assert (found.low, found.high) == (pytest.approx(3000), np.inf)


def test_labelled_bands_and_estimates_keep_their_labels():
    index = pd.Index(["North", "South"], name="region")
    band = cl.Band(pd.Series([1.0, 2.0], index=index), pd.Series([3.0, 2.0], index=index))
    found = distinct_in_window(600, band, 12)
    assert found.low["North"] == pytest.approx(3000)
    assert found.estimate["South"] == 4200
    assert list(found.estimable) == [False, True]
    share = cl.prevalence.proportion(pd.Series([3, 9], index=index), 12)
    assert steady_state_stock(share, 2.0).low["South"] == pytest.approx(2 * share.low["South"])


def test_a_simulated_steady_state_has_the_stock_and_the_counts_it_should():
    """Lives that are far from exponential: half last a day, half last 60; only the mean enters."""
    rng = np.random.default_rng(1)
    days, rate = 40_000, 5.0
    opened = np.sort(rng.uniform(0, days, rng.poisson(rate * days)))
    life = np.where(rng.random(opened.size) < 0.5, 1.0, 60.0)
    closed, mean = opened + life, 30.5
    times = np.arange(1000, days - 400, 97.0)
    stock = [np.sum((opened <= t) & (closed > t)) for t in times]
    year = [np.sum((opened <= t + 90) & (closed > t)) for t in times]
    assert np.mean(stock) == pytest.approx(steady_state_stock(rate, mean).estimate, rel=0.02)
    expected = distinct_in_window(rate * mean, mean, 90).estimate
    assert np.mean(year) == pytest.approx(expected, rel=0.01)
    assert np.var(year) == pytest.approx(expected, rel=0.25)  # a Poisson count


class TestBadInput:
    @pytest.mark.parametrize(
        ("call", "message"),
        [
            (lambda: distinct_in_window(600, 0, 12), "`mean_duration` must be finite and above 0"),
            (lambda: distinct_in_window(600, cl.Band(0, 2), 12), "`mean_duration.low` must be"),
            (lambda: stock_from_distinct(600, 2, 0), "`window` must be finite and above 0, got 0"),
            (lambda: convert_window(6, 1, 0, mean_duration=2), "`new_window` must be finite and"),
            (lambda: distinct_in_window(600, 2, 12, poisson=1), "`poisson` must be True or False"),
            (
                lambda: stock_from_distinct(cl.Band(1, 2), 2, 12, poisson=True),
                "`distinct` must be a number where it is taken as a Poisson count, got a band",
            ),
            (
                lambda: stock_from_distinct(STOCK, 2, 12, poisson=True),
                "`distinct` must be a number .*got an estimate",
            ),
            (
                lambda: stock_from_distinct(2.5, 2, 12, poisson=True),
                "`distinct` must be a whole number of at least 0, got 2.5",
            ),
            (
                lambda: distinct_in_window(600, LIFE, 12, level=0.9),
                r"two-sided interval at level 0.9, got one at level 0.95 \(two-sided\)",
            ),
        ],
    )
    def test_values_that_cannot_be_used(self, call, message):
        with pytest.raises(InputError, match=message):
            call()

    def test_an_estimate_that_does_not_exist(self):
        banded = cl.prevalence.rate(cl.Band(1, 3), 1)
        with pytest.raises(InputError, match=r"`openings_per_day` must be an estimate that exists"):
            steady_state_stock(banded, 3)

    def test_an_identified_range_is_no_interval(self):
        ranged = distinct_in_window(600, cl.Band(1, 3), 12)
        with pytest.raises(InputTypeError, match=r"Pass countylines.Band\(low, high\)"):
            distinct_in_window(ranged, 2, 12)
