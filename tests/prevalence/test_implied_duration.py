"""The life that two figures imply: published figures, its edges, bands cut to what is possible."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st
from stock_flow_cases import CASES

import countylines as cl
from countylines.errors import InputError
from countylines.prevalence import convert_window, implied_duration


@pytest.mark.reference
def test_the_two_readings_of_the_published_figures():
    case = CASES["windows.published"]
    data, expected = case["inputs"], case["expected"]
    places = case["tolerance"]["decimals"]
    for window, name, digits in ((0, "life_if_stock", places[0]), (1, "life_if_month", places[1])):
        found = implied_duration(
            data["counts"], data["distinct"], data["window"], count_window=window
        )
        assert [round(v, d) for v, d in zip(found.estimate, digits, strict=True)] == expected[name]


@given(
    count=st.floats(1, 1e4),
    life=st.floats(0.01, 100),
    short=st.floats(0.1, 5),
    more=st.floats(0.1, 20),
)
def test_it_makes_the_two_figures_agree(count, life, short, more):
    distinct = convert_window(count, short, short + more, mean_duration=life).estimate
    found = implied_duration(count, distinct, short + more, count_window=short)
    assert found.estimate == pytest.approx(life, rel=1e-6)


def test_edges():
    never = implied_duration(600, 600, 12)
    assert (never.estimate, never.verdict.code) == (np.inf, "hidden-infinite")
    new = implied_duration(100, 1200, 12, count_window=1)
    assert (new.estimate, new.verdict.code) == (0.0, "ok")
    for distinct, window in ((599, 0), (7201, 1)):
        found = implied_duration(600, distinct, 12, count_window=window)
        assert math.isnan(found.estimate)
        assert math.isnan(found.low)
        assert found.verdict.code == "out-of-range"


@given(
    count=st.tuples(st.floats(1, 1e4), st.floats(1, 1e4)).map(sorted),
    distinct=st.tuples(st.floats(1, 1e4), st.floats(1, 1e4)).map(sorted),
    parts=st.tuples(st.floats(0, 1), st.floats(0, 1)),
    window=st.sampled_from([0.0, 1.0]),
)
def test_whatever_lies_in_the_bands_has_its_answer_in_the_range(count, distinct, parts, window):
    own = [b[0] + p * (b[1] - b[0]) for b, p in zip((count, distinct), parts, strict=True)]
    truth = implied_duration(*own, 12, count_window=window)
    found = implied_duration(cl.Band(*count), cl.Band(*distinct), 12, count_window=window)
    if truth.verdict.code != "out-of-range":
        assert found.low <= truth.estimate * (1 + 1e-9) + 1e-9
        assert truth.estimate * (1 - 1e-6) <= found.high


def test_a_band_is_cut_to_what_is_possible():
    found = implied_duration(cl.Band(500, 700), 600, 12)
    assert (found.low, found.high) == (pytest.approx(60), np.inf)
    assert found.verdict.code == "not-identified"
    found = implied_duration(cl.Band(10, 200), 1200, 12, count_window=1)
    assert (found.low, found.high) == (0.0, pytest.approx(1.2))
    assert implied_duration(cl.Band(700, 800), 600, 12).verdict.code == "out-of-range"
    assert implied_duration(cl.Band(1, 2), cl.Band(5, np.inf), 12, count_window=1).low == 0
    with np.errstate(all="raise"):
        stock = implied_duration(600, cl.Band(601, np.inf), 12)
    assert (stock.low, stock.high) == (0, pytest.approx(7200))


def test_kinds():
    series = pd.Series([600, 1100], index=["2020/21", "2019/20"])
    found = implied_duration(series, 6644, 12).estimate
    pd.testing.assert_index_equal(found.index, series.index)
    array = xr.DataArray([600, 1100], dims="year")
    lazy = implied_duration(array.chunk({"year": 1}), 6644, 12)
    assert lazy.is_lazy
    np.testing.assert_allclose(lazy.compute().estimate, found)


@pytest.mark.parametrize(
    ("arguments", "window", "message"),
    [
        ((0, 6644, 12), 0, "`count` must be finite and above 0, got 0"),
        ((600, -1, 12), 0, "`distinct` must be finite and at least 0, got -1"),
        ((600, 6644, 0), 0, "`window` must be finite and above 0"),
        ((600, 6644, 12), 12, "`count_window` must be below `window`, got 12 against 12.*part of"),
        ((600, 6644, 12), 13, "`count_window` must be below `window`, got 13 against 12"),
        ((600, 6644, 12), -1, "`count_window` must be finite and at least 0"),
    ],
)
def test_values_that_cannot_be_used(arguments, window, message):
    with pytest.raises(InputError, match=message):
        implied_duration(*arguments, count_window=window)
