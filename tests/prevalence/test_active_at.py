"""Spells active on a day: against counts made day by day, conventions, ranges, bad dates."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from spells import LAST, active_days, dates, day, frame, tables

from countylines.errors import InputError, InputTypeError
from countylines.prevalence import active_at, active_during, closures, line_days, openings

UNTIL = {"observed_until": day(LAST)}
CONVENTIONS = ["closed", "half-open"]
READINGS = [
    {"convention": convention, **rule}
    for convention in CONVENTIONS
    for rule in (
        {"rule": "until-closed"},
        {"rule": "until-last-seen"},
        {"rule": "last-seen-within", "within": 7},
    )
]


@pytest.mark.parametrize("reading", READINGS)
@given(table=tables(), times=st.lists(st.integers(0, LAST), min_size=1, max_size=6))
def test_it_counts_what_going_day_by_day_counts(reading, table, times):
    spells, rows = table
    stamps = [day(t) for t in times]
    found = active_at(spells, stamps, by="force", **reading, **UNTIL)
    lines = active_at(spells, stamps, by="force", id="line", **reading, **UNTIL)
    assert list(found.columns) == sorted({row["force"] for row in rows})
    assert list(found.index) == stamps
    for t, stamp in zip(times, stamps, strict=True):
        for force in found.columns:
            hits = [r for r in rows if r["force"] == force and t in active_days(r, **reading)]
            assert (found.loc[stamp, force] == len(hits)).all()
            assert (lines.loc[stamp, force] == len({r["line"] for r in hits})).all()


@given(table=tables(), times=st.lists(st.integers(0, LAST), min_size=1, max_size=6))
def test_closed_days_hold_at_least_what_half_open_days_do(table, times):
    spells, _ = table
    closed, half = (
        active_at(spells, dates(times), convention=c, **UNTIL).to_numpy() for c in CONVENTIONS
    )
    assert (closed >= half).all()


@given(table=tables(), seed=st.integers(0, 99), shift=st.integers(-4000, 4000))
def test_order_of_rows_and_origin_of_time_change_nothing(table, seed, shift):
    spells, _ = table
    times = dates(range(0, LAST, 3))
    expected = active_at(spells, times, by="force", id="line", **UNTIL)
    shuffled = spells.sample(frac=1, random_state=seed)
    pd.testing.assert_frame_equal(
        active_at(shuffled, times, by="force", id="line", **UNTIL), expected
    )
    move = pd.Timedelta(days=shift)
    moved = spells.assign(opened=spells["opened"] + move, closed=spells["closed"] + move)
    found = active_at(moved, times + move, by="force", id="line", observed_until=day(LAST) + move)
    np.testing.assert_array_equal(found.to_numpy(), expected.to_numpy())


@given(table=tables())
def test_groups_add_up_to_the_whole_for_spells(table):
    spells, _ = table
    times = dates(range(0, LAST, 5))
    whole = active_at(spells, times, **UNTIL)
    parts = active_at(spells, times, by=["force", "line"], **UNTIL)
    assert parts.columns.names == ["force", "line"]
    np.testing.assert_array_equal(parts.sum(axis=1).to_numpy(), whole.to_numpy())


@st.composite
def ranged(draw):
    """Spells with ranges of dates, and one truth within them."""
    rows = []
    for _ in range(draw(st.integers(1, 8))):
        low = draw(st.integers(0, 40))
        high = draw(st.integers(low, 45))
        first = draw(st.integers(low, 50))
        last = draw(st.integers(max(first, low), 55))
        opened = draw(st.integers(low, min(high, last)))
        closed = draw(st.integers(max(first, opened), last))
        truth = {"opened": opened, "closed": closed, "line": draw(st.integers(1, 3))}
        rows.append({**truth, "o1": low, "o2": high, "c1": first, "c2": last})
    table = pd.DataFrame(rows)
    return table.assign(**{n: dates(table[n]) for n in table if n != "line"})


RANGES = {"opened": ("o1", "o2"), "closed": ("c1", "c2")}


@pytest.mark.parametrize("convention", CONVENTIONS)
@given(table=ranged(), ends=st.tuples(st.integers(0, 55), st.integers(1, 30)))
def test_what_ranges_leave_possible_holds_the_truth(convention, table, ends):
    """Whatever the truth within the ranges, every count lies between the two given."""
    times = dates(range(0, 60, 4))
    for name in (None, "line"):
        exact = active_at(table, times, id=name, convention=convention).to_numpy()
        bounds = active_at(table, times, id=name, convention=convention, **RANGES)
        assert list(bounds.columns) == ["low", "high"]
        assert (bounds["low"].to_numpy() <= exact).all()
        assert (exact <= bounds["high"].to_numpy()).all()
        window = day(ends[0]), day(sum(ends))
        exact = active_during(table, *window, id=name, convention=convention).iloc[0]
        bounds = active_during(table, *window, id=name, convention=convention, **RANGES)
        assert bounds["low"].iloc[0] <= exact <= bounds["high"].iloc[0]
    for count in (openings, closures, line_days):
        exact = count(table, *window, convention=convention).iloc[0]
        bounds = count(table, *window, convention=convention, **RANGES)
        assert bounds["low"].iloc[0] <= exact <= bounds["high"].iloc[0]


def test_ranges_are_as_narrow_as_they_can_be():
    """One spell opened on day 1 to 3 and closed on day 2 to 5: sure of the window, of no day."""
    spells = pd.DataFrame({"o1": dates([1]), "o2": dates([3]), "c1": dates([2]), "c2": dates([5])})
    at = active_at(spells, dates(range(7)), **RANGES)
    assert at["low"].tolist() == [0] * 7
    assert at["high"].tolist() == [0, 1, 1, 1, 1, 1, 0]
    windows = dates([1, 2, 2]), dates([5, 3, 2])
    during = active_during(spells, *windows, **RANGES)
    assert during.to_numpy().tolist() == [[1, 1], [1, 1], [0, 1]]
    assert line_days(spells, *windows, **RANGES).to_numpy().tolist() == [[1, 5], [1, 2], [0, 1]]
    half = active_during(spells, *windows[:1], dates([6, 4, 3]), convention="half-open", **RANGES)
    assert half["low"].tolist() == [0, 0, 0]


def test_the_range_of_one_date_bounds_the_other():
    """No spell opens after it closes, or closes before it opens."""
    late = pd.DataFrame({"o1": dates([1]), "o2": dates([9]), "c1": dates([2]), "c2": dates([4])})
    assert active_during(late, day(1), day(4), **RANGES)["low"].tolist() == [1]
    early = pd.DataFrame({"o1": dates([5]), "o2": dates([6]), "c1": dates([2]), "c2": dates([9])})
    assert active_during(early, day(5), day(9), **RANGES)["low"].tolist() == [1]
    seen = early.assign(last_seen=dates([8]))
    found = active_at(seen, dates([5, 6, 8, 9]), rule="until-last-seen", **RANGES)
    assert found["low"].tolist() == [0, 1, 1, 0]


def test_ranges_by_group_have_both_ends_for_each():
    spells = pd.DataFrame(
        {"o1": dates([0, 1]), "o2": dates([2, 1]), "closed": dates([9, None]), "f": ["b", "a"]}
    )
    found = active_at(spells, day(1), by="f", opened=("o1", "o2"), observed_until=day(20))
    assert found.columns.tolist() == [("a", "low"), ("a", "high"), ("b", "low"), ("b", "high")]
    assert found.columns.names == ["f", "bound"]
    assert found.iloc[0].tolist() == [1, 1, 0, 1]
    two = active_at(
        spells.assign(g="x"), day(1), by=["g", "f"], opened=("o1", "o2"), observed_until=day(20)
    )
    assert two.columns[1] == ("x", "a", "high")


def test_an_open_range_of_closing_is_sure_until_its_first_day_only():
    spells = pd.DataFrame({"opened": dates([0]), "c1": dates([5]), "c2": dates([None])})
    found = active_at(spells, dates([5, 6]), closed=("c1", "c2"), observed_until=day(9))
    assert found.to_numpy().tolist() == [[1, 1], [0, 1]]


def test_one_spell_under_each_convention():
    spells = pd.DataFrame({"opened": dates([3]), "closed": dates([5])})
    assert active_at(spells, dates(range(2, 7))).tolist() == [0, 1, 1, 1, 0]
    half = active_at(spells, dates(range(2, 7)), convention="half-open")
    assert half.tolist() == [0, 1, 1, 0, 0]


def test_seen_once_is_active_for_a_day_on_closed_days_and_never_on_half_open_ones():
    spells = pd.DataFrame({"opened": dates([3]), "closed": dates([3])})
    assert active_at(spells, dates([2, 3, 4])).tolist() == [0, 1, 0]
    assert active_at(spells, dates([2, 3, 4]), convention="half-open").tolist() == [0, 0, 0]


def test_what_was_counted_is_said():
    spells = frame([{"opened": 1, "last_seen": 2, "closed": None, "line": 1, "force": "Met"}])
    found = active_at(
        spells, day(3), id="line", rule="last-seen-within", within=30, observed_from=day(0), **UNTIL
    )
    assert found.attrs["counted"] == "distinct 'line'"
    assert found.attrs["convention"].startswith("closed: active on the day of opening and")
    assert found.attrs["rule"] == (
        "last-seen-within: active until 30 days after the day last seen, or closed if earlier"
    )
    assert (found.attrs["observed_from"], found.attrs["observed_until"]) == (
        "2024-01-01",
        "2024-03-01",
    )
    assert found.name == "active"
    assert found.index.name == "time"


def test_a_category_without_spells_is_counted_as_none():
    force = pd.Categorical(["Met", "Met"], categories=["Kent", "Met"])
    spells = pd.DataFrame({"opened": dates([1, 2]), "closed": dates([4, 4]), "force": force})
    assert active_at(spells, day(3), by="force").iloc[0].to_dict() == {"Kent": 0, "Met": 2}


@pytest.mark.parametrize(
    "times",
    [
        "2024-01-04",
        day(3),
        day(3).to_pydatetime(),
        day(3).date(),
        np.datetime64("2024-01-04"),
        ["2024-01-04"],
        pd.DatetimeIndex([day(3)]),
        pd.Series([day(3)]),
        np.array(["2024-01-04"], dtype="datetime64[D]"),
    ],
)
def test_a_day_can_be_given_in_every_common_form(times):
    spells = pd.DataFrame({"opened": dates([3]), "closed": dates([5])})
    found = active_at(spells, times)
    assert found.tolist() == [1]
    assert found.index[0] == day(3)


def test_polars_is_taken_as_pandas():
    pl = pytest.importorskip("polars")
    spells = pd.DataFrame({"opened": dates([3]), "closed": dates([5])})
    assert active_at(pl.from_pandas(spells), day(4)).tolist() == [1]


def test_nothing_given_is_changed():
    spells = pd.DataFrame({"opened": dates([3]), "closed": dates([None]), "by": ["x"]})
    before = spells.copy(deep=True)
    active_at(spells, day(4), by="by", id="by", **UNTIL)
    pd.testing.assert_frame_equal(spells, before)


GOOD = {"opened": dates([3, 4, 4]), "closed": dates([5, 6, None]), "last_seen": dates([4, 4, 5])}


def call(change=None, times="2024-01-04", **options):
    spells = pd.DataFrame({**GOOD, **(change or {})})
    return active_at(spells, times, **{**UNTIL, **options})


class TestBadInput:
    @pytest.mark.parametrize(
        ("change", "message"),
        [
            ({"opened": [20240101, 20240102, 20240103]}, "got numbers.*to_datetime.*unit"),
            ({"opened": ["2024-01-04", "x", "y"]}, "`opened` must be dates.*got text.*format="),
            ({"opened": dates([1, 2, 3]).tz_localize("Europe/London")}, "time zone Europe/London"),
            (
                {
                    "opened": pd.Series(
                        [
                            pd.Timestamp("2024-01-01", tz="UTC"),
                            pd.Timestamp("2024-01-01", tz="Asia/Tokyo"),
                            pd.Timestamp("2024-01-01"),
                        ],
                        dtype=object,
                    )
                },
                "got dates with time zones. Convert them to one zone",
            ),
            ({"opened": [True, False, True]}, "got values of dtype bool"),
            ({"opened": dates([1, 2, None])}, "a date in every row, got NaT at row 2"),
            (
                {"closed": dates([1, 2, None])},
                "on or after the day opened, got an earlier date at row 0, 1; 2 of 3",
            ),
            (
                {
                    "opened": pd.to_datetime(
                        ["2024-01-01 10:30", "2024-01-02 00:00", "2024-01-02 00:00"]
                    )
                },
                r"`opened` must be whole days, got a time of day at row 0. .*normalize\(\)",
            ),
            (
                {"closed": dates([5, 6, 61])},
                "on or before `observed_until`, 2024-03-01, got a later",
            ),
            ({"opened": dates([3, 4, 61])}, "`opened` must be on or before `observed_until`"),
        ],
    )
    def test_dates_that_cannot_be_used(self, change, message):
        with pytest.raises(InputError, match=message):
            call(change)

    def test_the_end_of_observation_is_never_guessed(self):
        with pytest.raises(InputError, match=r"`observed_until` must be given.*1 of 3 spells open"):
            call(observed_until=None)

    @pytest.mark.parametrize(
        ("options", "message"),
        [
            ({"convention": "open"}, "`convention` must be one of 'closed', 'half-open'"),
            ({"rule": "until"}, "`rule` must be one of"),
            ({"rule": "last-seen-within"}, "`within` must be a whole number of at least 0"),
            ({"within": 3}, "`within` must be None with rule='until-closed', got 3"),
            ({"opened": "first"}, "`opened` must be a column of `spells`.*'opened', 'closed'"),
            ({"opened": ("a", "b", "c")}, "one column, or two .*got 3 columns"),
            ({"by": "force"}, "`by` must be a column of `spells`"),
            ({"by": 3}, "`by` must be a column or a list of columns, got 3 of type int"),
            ({"by": []}, "`by` must be a column or a list of columns"),
            ({"id": "line"}, "`id` must be a column"),
            ({"observed_until": ["2024-03-01", "2024-03-02"]}, "`observed_until` must be one date"),
            (
                {"observed_from": "2024-01-10"},
                "`times` must be not before `observed_from`.*2024-01-04",
            ),
            ({"times": "2024-05-01"}, "`times` must be not after `observed_until`"),
            ({"times": "04/01/2024"}, "`times` must be a date .*got '04/01/2024'"),
            ({"times": "2024-02-30"}, "`times` must be a day of the calendar"),
            ({"times": 20240104}, "`times` must be a date .*got 20240104 of type int"),
            ({"times": [20240104]}, "`times` must be dates .*got numbers"),
            ({"times": None}, "`times` must be a date .*got None"),
            ({"times": []}, "`times` must be non-empty"),
            (
                {"times": [day(3), pd.NaT]},
                "`times` must be without missing dates, got NaT at row 1",
            ),
            ({"times": day(3).tz_localize("UTC")}, "a date with a time zone"),
            ({"times": day(3) + pd.Timedelta(hours=1)}, "`times` must be whole days"),
        ],
    )
    def test_options_that_cannot_be_used(self, options, message):
        with pytest.raises(InputError, match=message):
            call(**options)

    def test_groups_and_names_are_never_dropped(self):
        with pytest.raises(InputError, match=r"`force` must be without missing values.* at row 1"):
            call({"force": ["Met", None, "Kent"]}, by="force")
        with pytest.raises(InputError, match="`line` must be a value in every row"):
            call({"line": ["a", None, "a"]}, id="line")

    def test_days_last_seen(self):
        rule = {"rule": "until-last-seen"}
        with pytest.raises(InputError, match="`last_seen` must be on or after the day opened"):
            call({"last_seen": dates([1, 4, 5])}, **rule)
        with pytest.raises(InputError, match=r"on or before the day closed.*new spell"):
            call({"last_seen": dates([4, 7, 5])}, **rule)
        with pytest.raises(InputError, match="`last_seen` must be a date in every row"):
            call({"last_seen": dates([4, None, 5])}, **rule)
        with pytest.raises(InputError, match="`last_seen` must be on or before `observed_until`"):
            call({"last_seen": dates([4, 5, 62])}, **rule)
        with pytest.raises(InputError, match="`last_seen` must be a column"):
            call(last_seen="seen", **rule)

    def test_ranges(self):
        ends = {"a": dates([3, 4, 4]), "b": dates([5, 3, 5])}
        with pytest.raises(
            InputError, match="`b` must be on or after `a`, got an earlier date at row 1"
        ):
            call(ends, opened=("a", "b"))
        ends = {"a": dates([3, None, 4]), "b": dates([5, 5, 5])}
        with pytest.raises(InputError, match="earliest date wherever there is a latest"):
            call(ends, closed=("a", "b"))
        with pytest.raises(InputError, match="`a` must be a date in every row"):
            call(ends, opened=("a", "b"))

    def test_what_is_not_a_table(self):
        with pytest.raises(InputTypeError, match=r"`spells` must be a DataFrame .*of type dict"):
            active_at({"opened": []}, "2024-01-04")
        with pytest.raises(InputError, match="`spells` must be non-empty"):
            active_at(pd.DataFrame(GOOD).iloc[:0], "2024-01-04")
        twice = pd.DataFrame([[day(1), day(2)]], columns=["opened", "opened"])
        with pytest.raises(InputError, match="several called 'opened'"):
            active_at(twice, "2024-01-04")
