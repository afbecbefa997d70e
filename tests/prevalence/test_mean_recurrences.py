"""Recurrences: the mean, its robust variance, delayed entry, errors."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from countylines._kernels import recurrence
from countylines.errors import DegenerateDataWarning, InputError
from countylines.prevalence import mean_recurrences

SEEN = pd.DataFrame(
    {
        "line": ["a", "a", "a", "b", "b", "c", "d", "d", "d", "d"],
        "day": [30, 50, 90, 60, 100, 80, 10, 10, 30, 40],
        "again": [True, True, False, True, False, False, True, True, True, False],
        "since": [0, 0, 0, 0, 0, 20, 5, 5, 5, 5],
        "force": list("xxxxxyyyyy"),
    }
)
COLUMNS = {"unit": "line", "time": "day", "event": "again"}


def brute(entry, end, unit, time):
    """The definition, unit by unit and time by time."""
    times = np.unique(time)
    risk = np.array([np.sum((entry < t) & (t <= end)) for t in times], float)
    counts = np.array([np.sum(time == t) for t in times], float)
    variance = np.zeros(times.size)
    for u in range(end.size):
        inside = (entry[u] < times) & (times <= end[u])
        own = np.array([np.sum((time == t) & (unit == u)) for t in times])
        variance += np.cumsum(inside / risk * (own - counts / risk)) ** 2
    return np.cumsum(counts / risk), variance


@st.composite
def units(draw):
    size = draw(st.integers(1, 8))
    entry = np.array(draw(st.lists(st.integers(0, 4), min_size=size, max_size=size)), float)
    length = np.array(draw(st.lists(st.integers(1, 9), min_size=size, max_size=size)), float)
    unit = np.array(draw(st.lists(st.integers(0, size - 1), min_size=1, max_size=20)))
    share = np.array(draw(st.lists(st.integers(1, 9), min_size=unit.size, max_size=unit.size)))
    time = entry[unit] + 1 + np.mod(share, length[unit])
    return entry, entry + length, unit, time


@given(units())
def test_mean_and_variance_are_those_of_the_definition(data):
    found = recurrence.mean_function(*data)
    mean, variance = brute(*data)
    np.testing.assert_allclose(found.mean, mean, rtol=1e-12)
    np.testing.assert_allclose(found.variance, variance, rtol=1e-9, atol=1e-12)


def test_blocks_of_units_make_no_difference(monkeypatch):
    rng = np.random.default_rng(1)
    entry, unit = rng.uniform(0, 2, 50), rng.integers(0, 50, 200)
    end = entry + 5
    time = entry[unit] + rng.uniform(0.1, 5, 200)
    whole = recurrence.mean_function(entry, end, unit, time)
    monkeypatch.setattr(recurrence, "CELLS", 1_000)
    np.testing.assert_allclose(
        recurrence.mean_function(entry, end, unit, time).variance, whole.variance, rtol=1e-12
    )


def test_with_all_watched_to_the_end_it_is_the_mean_count_and_its_error():
    counts = np.array([3, 0, 1, 5, 2])
    unit = np.repeat(np.arange(5), counts)
    found = recurrence.mean_function(
        np.zeros(5), np.full(5, 10.0), unit, np.linspace(1, 9, unit.size)
    )
    assert found.mean[-1] == pytest.approx(counts.mean())
    assert found.variance[-1] == pytest.approx(np.var(counts) / 5)


def test_a_table_of_records():
    again = mean_recurrences(SEEN, **COLUMNS)
    assert again.estimate.to_dict() == pytest.approx(
        {10: 0.5, 30: 1.0, 50: 1 + 1 / 3, 60: 1 + 2 / 3, 100: 1 + 2 / 3}
    )
    assert again.n == 4
    assert again.unit == "recurrences a unit"
    factor = again.high / again.estimate
    np.testing.assert_allclose(factor, again.estimate / again.low, rtol=1e-12)
    np.testing.assert_allclose(
        np.log(factor), 1.959963984540054 * again.standard_error / again.estimate, rtol=1e-12
    )
    plain = mean_recurrences(SEEN, **COLUMNS, interval="plain")
    assert (plain.low >= 0).all()
    assert again.at(5).estimate == 0
    with pytest.raises(InputError, match="`quantile` must be asked of a curve of shares"):
        again.quantile(0.5)
    beyond = again.at(200)
    assert not beyond.estimable
    assert beyond.region_high == np.inf


def test_delayed_entry_leaves_units_out_of_the_risk_set():
    again = mean_recurrences(SEEN, **COLUMNS, entry="since")
    assert again.at_risk.to_dict() == {10: 3, 30: 4, 50: 3, 60: 3, 100: 1}


def test_groups_and_order_of_rows():
    again = mean_recurrences(SEEN, **COLUMNS, by="force")
    alone = mean_recurrences(SEEN[SEEN["force"] == "y"], **COLUMNS)
    np.testing.assert_array_equal(again.estimate["y"], alone.estimate)
    assert mean_recurrences(SEEN.iloc[::-1], **COLUMNS, by="force").identical(again)
    json.dumps(again.to_dict(), allow_nan=False)
    assert "recurrences" in again.summary()


def test_nothing_recurred():
    with pytest.warns(DegenerateDataWarning, match="Nothing recurred"):
        again = mean_recurrences(SEEN[~SEEN["again"]], **COLUMNS)
    assert again.at(50).estimate == 0


def test_a_time_that_nobody_watched():
    frame = pd.DataFrame(
        {
            "line": ["a", "a", "b", "b"],
            "day": [1, 2, 6, 7],
            "again": [True, False, True, False],
            "since": [0, 0, 5, 5],
        }
    )
    with pytest.warns(DegenerateDataWarning, match="Nobody was watched just after 2"):
        again = mean_recurrences(frame, **COLUMNS, entry="since")
    assert not again.at(6).estimable
    assert again.estimate.isna().tolist() == [False, True, True]
    assert again.high.iloc[1] == np.inf
    assert "gap" in [note.code for note in again.notes]


def test_the_last_row_is_where_watching_ends():
    again = mean_recurrences(units(("a", 2, True), ("a", 6, False), ("b", 9, False)), **COLUMNS)
    assert again.estimate.to_dict() == {2: 0.5, 9: 0.5}
    assert again.at_risk.to_dict() == {2: 2, 9: 1}
    assert again.events.to_dict() == {2: 1, 9: 0}


def test_dates_are_refused_with_what_to_do():
    frame = units(("a", 2, False)).assign(day=pd.Timestamp("2022-01-05"))
    with pytest.raises(InputError, match=r"got dates.*Subtract the dates at which the units began"):
        mean_recurrences(frame, **COLUMNS)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"again": True}, r"`event` must be False in one row of every unit.*\(10 of 10\)"),
        ({"day": range(-1, 9)}, "`time` must be finite and at least 0, got -1"),
        ({"since": range(10)}, "`entry` must be the same in all rows of a unit, got several"),
        ({"since": 95}, "`time` must be above `entry` where watching ends"),
        ({"line": [None, *"aaabbcddd"]}, "`unit` must be without missing values"),
        (
            {"day": [30, 95, 90, 60, 100, 80, 10, 10, 30, 40]},
            "`time` must be above `entry` and at most the end of watching.*at row 1",
        ),
    ],
)
def test_bad_records(change, message):
    with pytest.raises(InputError, match=message):
        mean_recurrences(SEEN.assign(**change), **COLUMNS, entry="since")


def test_bad_options():
    with pytest.raises(InputError, match="`interval` must be one of 'log', 'plain'"):
        mean_recurrences(SEEN, **COLUMNS, interval="wald")
    with pytest.raises(InputError, match="`unit` must be a column of the table, got 'who'"):
        mean_recurrences(SEEN, unit="who", time="day", event="again")


def test_what_is_no_table():
    with pytest.raises(InputError, match="`records` must be a DataFrame, one row a record"):
        mean_recurrences([1, 2], **COLUMNS)
    with pytest.raises(InputError, match="`records` must be non-empty"):
        mean_recurrences(SEEN.head(0), **COLUMNS)


def units(*rows):
    return pd.DataFrame(rows, columns=["line", "day", "again"])


def test_nothing_seen_is_not_nothing():
    frame = units(("a", 5, False), ("b", 6, False), ("c", 7, False))
    with pytest.warns(DegenerateDataWarning, match="Upper limits are those of chance alone"):
        none = mean_recurrences(frame, **COLUMNS)
    assert (none.estimate == 0).all()
    np.testing.assert_allclose(none.high, -np.log(0.025) / np.array([3, 2, 1]), rtol=1e-12)
    assert none.at(3).high == pytest.approx(-np.log(0.025) / 3)
    one = mean_recurrences(pd.concat([frame, units(("a", 4, True))]), **COLUMNS)
    assert one.at(3).high == pytest.approx(-np.log(0.025) / 3)
    assert one.at(3).high < one.at(4).high
    # A smaller limit after the first recurrence holds before it too: the mean cannot fall.
    plain = mean_recurrences(pd.concat([frame, units(("a", 4, True))]), **COLUMNS, interval="plain")
    assert plain.at(3).high == plain.at(4).high < -np.log(0.025) / 3


def test_the_limit_before_the_first_holds_for_poisson_counts():
    mean, n = -np.log(0.025) / 8, 8
    assert np.exp(-mean * n) == pytest.approx(0.025)  # the chance of nothing among all
    frame = units(*((i, 9, False) for i in range(n)))
    with pytest.warns(DegenerateDataWarning):
        assert mean_recurrences(frame, **COLUMNS).high.iloc[0] == pytest.approx(mean)


@given(st.data())
def test_the_least_number_watched(data):
    n = data.draw(st.integers(1, 8))
    entry = np.array(data.draw(st.lists(st.integers(0, 6), min_size=n, max_size=n)), dtype=float)
    end = entry + np.array(data.draw(st.lists(st.integers(1, 6), min_size=n, max_size=n)))
    start, times = entry.min(), np.sort(end)
    found = recurrence.least_watched(entry, end, start, times)
    for time, least in zip(times, found, strict=True):
        moments = np.arange(start + 0.5, time + 0.25, 0.5)  # every time and between them
        counts = [np.sum((entry < s) & (s <= end)) for s in moments]
        assert least == min(counts)


def test_units_that_are_all_alike_give_no_standard_error():
    alone = mean_recurrences(units(("a", 2, True), ("a", 3, True), ("a", 7, False)), **COLUMNS)
    assert alone.estimate.tolist() == [1, 2, 2]
    assert alone.standard_error.isna().all()
    assert (alone.low == 0).all()
    assert np.isinf(alone.high).all()
    assert [note.code for note in alone.notes] == ["no-variance"]
    assert "Until 7 all units watched had as many" in alone.notes[0].text
    rows = [(x, 2, True) for x in "abc"] + [("a", 4, True)] + [(x, 9, False) for x in "abc"]
    later = mean_recurrences(units(*rows), **COLUMNS)
    assert later.standard_error.isna().tolist() == [True, False, False]
    assert np.isfinite(later.high.iloc[1])
