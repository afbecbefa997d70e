"""Spells and lines active in a window: against counts made day by day, and what must hold."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from spells import LAST, active_days, dates, day, tables

from countylines._kernels import spell_counts
from countylines.errors import InputError
from countylines.prevalence import active_at, active_during, line_days, openings

UNTIL = {"observed_until": day(LAST)}
CONVENTIONS = ["closed", "half-open"]
WINDOWS = st.lists(
    st.tuples(st.integers(0, LAST - 1), st.integers(1, 25)), min_size=1, max_size=4
).map(lambda pairs: [(a, min(a + n, LAST)) for a, n in pairs])


def ends(windows):
    return dates([a for a, _ in windows]), dates([b for _, b in windows])


@pytest.mark.parametrize("convention", CONVENTIONS)
@given(table=tables(), windows=WINDOWS)
def test_it_counts_what_going_day_by_day_counts(convention, table, windows):
    spells, rows = table
    options = {"by": "force", "convention": convention, **UNTIL}
    found = active_during(spells, *ends(windows), **options)
    lines = active_during(spells, *ends(windows), id="line", **options)
    days = line_days(spells, *ends(windows), **options)
    days_of_lines = line_days(spells, *ends(windows), id="line", **options)
    for i, (low, high) in enumerate(windows):
        window = set(range(low, high + (convention == "closed")))
        for force in found.columns:
            mine = [r for r in rows if r["force"] == force]
            hits = [r for r in mine if active_days(r, convention) & window]
            assert found[force].iloc[i] == len(hits)
            assert lines[force].iloc[i] == len({r["line"] for r in hits})
            active = [(r["line"], t) for r in hits for t in active_days(r, convention) & window]
            assert days[force].iloc[i] == len(active)
            assert days_of_lines[force].iloc[i] == len(set(active))


@given(table=tables(), windows=WINDOWS)
def test_a_window_is_its_first_day_and_what_opens_after(table, windows):
    """The identity behind every conversion of windows: distinct = stock + openings."""
    spells, _ = table
    starts, stops = ends(windows)
    distinct = active_during(spells, starts, stops, **UNTIL).to_numpy()
    stock = active_at(spells, starts, **UNTIL).to_numpy()
    later = openings(spells, starts + pd.Timedelta(days=1), stops, **UNTIL).to_numpy()
    np.testing.assert_array_equal(distinct, stock + later)


@given(table=tables(), split=st.integers(1, LAST - 1), name=st.sampled_from([None, "line"]))
def test_a_union_of_windows_holds_between_the_largest_and_the_sum(table, split, name):
    spells, _ = table
    both = active_during(spells, day(0), day(LAST), id=name, **UNTIL).iloc[0]
    parts = active_during(
        spells, dates([0, split]), dates([split - 1, LAST]), id=name, **UNTIL
    ).to_numpy()
    assert parts.max() <= both <= parts.sum()


@given(table=tables(), windows=WINDOWS)
def test_line_days_are_the_stocks_of_the_days_added_up(table, windows):
    spells, _ = table
    days = line_days(spells, *ends(windows), id="line", **UNTIL).to_numpy()
    stock = active_at(spells, dates(range(LAST + 1)), id="line", **UNTIL).to_numpy()
    np.testing.assert_array_equal(days, [stock[a : b + 1].sum() for a, b in windows])


@given(table=tables())
def test_lines_are_no_more_than_spells(table):
    spells, _ = table
    window = day(0), day(LAST)
    lines = active_during(spells, *window, id="line", **UNTIL).iloc[0]
    assert lines == spells["line"].nunique()
    assert lines <= active_during(spells, *window, **UNTIL).iloc[0] == len(spells)


def test_the_index_says_which_days_a_window_holds():
    spells = pd.DataFrame({"opened": dates([3]), "closed": dates([5])})
    closed = active_during(spells, "2024-01-01", "2024-01-31").index
    assert (closed.name, closed.closed) == ("window", "both")
    half = active_during(spells, "2024-01-01", "2024-02-01", convention="half-open").index
    assert half.closed == "left"
    assert pd.Timestamp("2024-02-01") not in half[0]


def test_the_day_of_closing_is_in_the_window_on_closed_days_only():
    spells = pd.DataFrame({"opened": dates([3]), "closed": dates([5])})
    for convention, expected in (("closed", 1), ("half-open", 0)):
        found = active_during(spells, day(5), day(8), convention=convention)
        assert found.tolist() == [expected]


def test_one_start_goes_with_many_ends():
    spells = pd.DataFrame({"opened": dates([3, 9]), "closed": dates([5, 9])})
    found = active_during(spells, day(0), dates([2, 5, 9]))
    assert found.tolist() == [0, 1, 2]


def test_windows_keep_their_years_however_old():
    table = pd.DataFrame(
        {"opened": np.array(["1000-01-01"], "M8[s]"), "closed": np.array(["9000-01-01"], "M8[s]")}
    )
    found = active_during(table, "1500-01-01", "1600-01-01")
    assert [found.index[0].left.year, found.index[0].right.year] == [1500, 1600]
    assert active_at(table, "8000-01-01").index[0].year == 8000


class TestBadInput:
    SPELLS = pd.DataFrame({"opened": dates([3]), "closed": dates([None])})

    @pytest.mark.parametrize(
        ("start", "end", "options", "message"),
        [
            (day(5), day(4), {}, "`end` must be on or after `start`, got 2024-01-05 against"),
            (day(5), day(5), {"convention": "half-open"}, "`end` must be after `start`.*half-open"),
            (dates([1, 2]), dates([3, 4, 5]), {}, "`end` must be one date or 2, one a start"),
            (day(5), day(61), {}, "`end` must be not after `observed_until`"),
            (day(5), day(9), {"observed_from": day(6)}, "`start` must be not before"),
        ],
    )
    def test_windows_that_cannot_be_used(self, start, end, options, message):
        with pytest.raises(InputError, match=message):
            active_during(self.SPELLS, start, end, **{**UNTIL, **options})

    def test_a_half_open_window_may_end_the_day_after_observation(self):
        found = active_during(self.SPELLS, day(0), day(61), convention="half-open", **UNTIL)
        assert found.tolist() == [1]

    def test_lines_with_ranges_have_no_days(self):
        spells = pd.DataFrame({"o1": dates([1]), "o2": dates([3]), "closed": dates([9]), "id": [1]})
        with pytest.raises(InputError, match=r"`id` must be None in line_days\(\)"):
            line_days(spells, day(0), day(9), id="id", opened=("o1", "o2"))


def test_sums_of_days_are_exact_where_dates_are_far_from_the_origin():
    """A million spells of one day each in the year 9999; sums of raw day numbers stay exact too."""
    start = np.full(1_000_000, 2_932_000, dtype=np.int64)
    group = np.zeros(start.size, dtype=np.intp)
    low, high = np.array([2_931_000]), np.array([2_932_897])
    found = spell_counts.days_covered(start, start + 1, group, 1, low, high)
    assert found.tolist() == [[1_000_000]]
