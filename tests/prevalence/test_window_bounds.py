"""Bounds that hold without a model: held against records, and against every steady state."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st
from spells import LAST, dates, day, tables

import countylines as cl
from countylines.errors import InputError
from countylines.prevalence import active_during, convert_window, window_bounds


@given(table=tables(), name=st.sampled_from([None, "line"]))
def test_they_hold_for_all_records(table, name):
    spells, _ = table
    starts = list(range(0, LAST + 1, 10))[:-1]
    options = {"id": name, "observed_until": day(LAST)}
    parts = active_during(spells, dates(starts), dates([s + 9 for s in starts]), **options)
    whole = active_during(spells, day(0), day(starts[-1] + 9), **options).iloc[0]
    long = window_bounds(parts.mean(), len(starts))
    assert long.low <= parts.max() <= whole <= long.high + 1e-9
    short = window_bounds(whole, len(starts), of="short")
    assert short.low - 1e-9 <= parts.mean() <= short.high


@given(count=st.floats(0, 1e4), life=st.floats(0.01, 1e3), windows=st.integers(1, 52))
def test_they_hold_for_every_steady_state(count, life, windows):
    whole = convert_window(count, 1, windows, mean_duration=life).estimate
    found = window_bounds(count, windows)
    assert found.low <= whole * (1 + 1e-12)
    assert whole <= found.high * (1 + 1e-12)


def test_published_figures():
    year = window_bounds([600, 1100], 12)
    assert list(year.low) == [600, 1100]
    assert list(year.high) == [7200, 13200]
    assert [v.code for v in year.verdict] == ["not-identified"] * 2
    months = window_bounds(6644, 12, of="short")
    assert (months.low, months.high) == (pytest.approx(553.6667, rel=1e-6), 6644)
    assert months.quantity == "mean count of the short windows"
    assert window_bounds(600, 1).estimate == 600


def test_bands_and_kinds():
    found = window_bounds(cl.Band(800, 1100), 12)
    assert (found.low, found.high) == (800, 13200)
    assert window_bounds(cl.Band(501, np.inf), 12).high == np.inf
    series = pd.Series([600.0, 800.0], index=["a", "b"])
    pd.testing.assert_series_equal(window_bounds(series, 12).low, series)
    lazy = window_bounds(xr.DataArray([6.0, 8.0], dims="x").chunk({"x": 1}), 12)
    assert lazy.is_lazy
    assert lazy.compute().high.values.tolist() == [72, 96]


@pytest.mark.parametrize(
    ("arguments", "options", "message"),
    [
        ((-1, 12), {}, "`count` must be finite and at least 0"),
        ((np.nan, 12), {}, "`count` must be finite and at least 0, got nan"),
        ((600, 0.5), {}, "`windows` must be a whole number of at least 1, got 0.5"),
        ((600, 12.5), {}, "`windows` must be a whole number.*got 12.5.*count it as one"),
        ((600, 12), {"of": "year"}, "`of` must be one of 'long', 'short'"),
    ],
)
def test_values_that_cannot_be_used(arguments, options, message):
    with pytest.raises(InputError, match=message):
        window_bounds(*arguments, **options)
