"""Stock and flow against DOMAIN's figures, against simulation-free identities, and at the edges."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from countylines._kernels import stock_flow as sf

positive = st.floats(1e-3, 1e3)
counts = st.floats(1, 1e6)

MONTHS = 12.0
DAYS_IN_A_MONTH = 365.25 / 12


def test_a_year_of_lines_from_a_stock():
    # 100 open, each for 3 months on average: 100 at the start and 100 / 3 opened in each month.
    assert sf.distinct_from_stock(100, 3, 12) == pytest.approx(100 + 12 * 100 / 3)


def test_published_readings_of_the_monthly_figure():
    # Figures of the two readings of 600, 1,100 and 2,000 a month against 6,644 a year.
    point = sf.duration_from_stock(6644, [600, 1100, 2000], MONTHS)
    assert point == pytest.approx([12 / (6644 / 600 - 1), 2.380952, 5.167959], rel=1e-6)
    window = sf.duration_from_windows([600, 1100, 2000], 1, 6644, MONTHS)
    assert window[0] * DAYS_IN_A_MONTH == pytest.approx(2.8, abs=0.001)
    assert window[1:] == pytest.approx([1.182540, 3.737293], rel=1e-6)


@given(stock=counts, duration=positive, window=positive)
def test_stock_and_distinct_invert_each_other(stock, duration, window):
    distinct = sf.distinct_from_stock(stock, duration, window)
    assert sf.stock_from_distinct(distinct, duration, window) == pytest.approx(stock, rel=1e-10)


@given(stock=counts, duration=st.floats(0.1, 100), window=st.floats(0.1, 100))
def test_the_duration_puts_the_count_back(stock, duration, window):
    distinct = sf.distinct_from_stock(stock, duration, window)
    assert sf.duration_from_stock(distinct, stock, window) == pytest.approx(duration, rel=1e-9)


@given(
    count=counts,
    duration=st.floats(0.1, 100),
    short=st.floats(0.1, 5),
    longer=st.floats(0.5, 50),
)
def test_the_duration_of_two_windows_puts_the_count_back(count, duration, short, longer):
    other = sf.convert_window(count, short, short + longer, duration)
    found = sf.duration_from_windows(count, short, other, short + longer)
    assert found == pytest.approx(duration, rel=1e-8)


@given(stock=counts, duration=positive, window=positive, new=positive)
def test_converting_a_window_agrees_with_going_through_the_stock(stock, duration, window, new):
    direct = sf.convert_window(
        sf.distinct_from_stock(stock, duration, window), window, new, duration
    )
    assert direct == pytest.approx(sf.distinct_from_stock(stock, duration, new), rel=1e-10)


@given(mean=counts, duration=st.floats(0.01, 1000))
def test_a_steady_state_stays_within_the_bounds_that_need_none(mean, duration):
    low, high = sf.long_window_bounds(mean, 12)
    year = sf.convert_window(mean, 1, 12, duration)
    assert low <= year <= high
    short_low, short_high = sf.short_window_bounds(year, 12)
    assert short_low <= mean * (1 + 1e-12)
    assert mean <= short_high


def test_the_bounds_of_a_year():
    low, high = sf.long_window_bounds([600, 1100], 12)
    assert list(low) == [600, 1100]
    assert list(high) == [7200, 13200]
    low, high = sf.short_window_bounds(6644, 12)
    assert low == pytest.approx(553.6667, rel=1e-6)
    assert high == 6644


class TestEdges:
    def test_nothing_ever_closes(self):
        assert sf.duration_from_stock(500, 500, 12) == np.inf
        assert sf.duration_from_windows(500, 1, 500, 12) == np.inf
        assert sf.stock_from_distinct(500, np.inf, 12) == 500
        assert sf.convert_window(500, 1, 12, np.inf) == 500
        assert sf.distinct_from_stock(500, np.inf, 12) == 500

    def test_everything_is_new_each_time(self):
        assert sf.duration_from_windows(100, 1, 1200, 12) == 0
        assert sf.convert_window(100, 1, 12, 0) == 1200

    def test_no_steady_state(self):
        assert np.isnan(sf.duration_from_stock(499, 500, 12))
        assert np.isnan(sf.duration_from_windows(100, 1, 1201, 12))
        assert np.isnan(sf.duration_from_windows(100, 1, 99, 12))
