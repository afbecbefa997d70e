"""Numbers and periods as the report writes them."""

from __future__ import annotations

import math

import pytest

from countylines.assessment import _words as w


@pytest.mark.parametrize(
    ("value", "format", "decimals", "text"),
    [
        (6644, "count", None, "6,644"),
        (553.667, "count", None, "554"),
        (1.6581, "ratio", None, "1.66"),
        (3.7813, "ratio", 3, "3.781"),
        (0.0404, "share", 2, "4.04 %"),
        (0.3194, "share", None, "31.9 %"),
        (0.0, "share", 1, "0.0 %"),
        (0.0001, "share", 1, "under 0.1 %"),
        (0.32, "points", None, "+32 points"),
        (-12.2, "change", None, "-12.2 %"),
        (232, "change", None, "+232 %"),
        (2.8, "days", None, "2.8 days"),
        (1.0, "days", None, "1.0 day"),
        (5.17, "months", None, "5.2 months"),
        (0.092, "life", None, "2.8 days"),
        (1.18, "life", None, "1.2 months"),
        (None, "count", None, "–"),
        (math.nan, "ratio", None, "not possible"),
        (math.inf, "count", None, "no limit"),
        ("any words", "count", None, "any words"),
    ],
)
def test_show(value, format, decimals, text):
    assert w.show(value, format, decimals=decimals) == text


@pytest.mark.parametrize(
    ("low", "high", "format", "text"),
    [
        (1850, 1950, "count", "1,850 to 1,950"),
        (0.3187, 0.3199, "share", "31.9 to 32.0 %"),
        (0.64, 0.6401, "share", "64.0 %"),
        (1.59, 1.72, "ratio", "1.59 to 1.72"),
    ],
)
def test_span(low, high, format, text):
    assert w.span(low, high, format) == text


@pytest.mark.parametrize(
    ("words", "text"),
    [
        ("2023/24", "2023/24"),
        ("2017", "2017"),
        ("2021-10", "October 2021"),
        ("2019-11/2022-02", "November 2019 to February 2022"),
        ("to 2024-09", "to September 2024"),
        ("2019/2021-12", "2019 to December 2021"),
        ("one week 2021-10-11/2021-10-17", "one week 11 October 2021 to 17 October 2021"),
    ],
)
def test_period(words, text):
    assert w.period(words) == text


@pytest.mark.parametrize(
    ("iso", "text"),
    [("2024-11-05", "5 November 2024"), ("2022-02", "February 2022"), ("2024", "2024"), ("", "")],
)
def test_day(iso, text):
    assert w.day(iso) == text


def test_several():
    assert w.several([]) == ""
    assert w.several(["a"]) == "a"
    assert w.several(["a", "b", "c"]) == "a, b and c"


def test_a_small_chance_keeps_a_decimal():
    assert w.chance(0.007) == "0.7 %"
    assert w.chance(0.402) == "40 %"
