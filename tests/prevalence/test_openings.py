"""Openings: of spells and of lines, against counts made day by day."""

from __future__ import annotations

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from spells import LAST, active_days, dates, day, tables

from countylines.errors import InputError
from countylines.prevalence import openings

UNTIL = {"observed_until": day(LAST)}


@given(table=tables(), low=st.integers(0, LAST - 1), length=st.integers(0, 30))
def test_it_counts_openings_of_spells_and_of_lines(table, low, length):
    spells, rows = table
    window = range(low, min(low + length, LAST) + 1)
    found = openings(spells, day(window[0]), day(window[-1]), by="force", **UNTIL)
    lines = openings(spells, day(window[0]), day(window[-1]), by="force", id="line", **UNTIL)
    for force in found.columns:
        mine = [r for r in rows if r["force"] == force]
        assert found[force].iloc[0] == sum(r["opened"] in window for r in mine)
        begun = 0
        for line in {r["line"] for r in mine}:
            # a reopening on the day after a closing is one: a piece begins where no spell is
            # active that began before
            own = [r for r in mine if r["line"] == line]
            for first in {r["opened"] for r in own if r["opened"] in window}:
                earlier = [r for r in own if r["opened"] < first]
                begun += not any(first in active_days(r) for r in earlier)
        assert lines[force].iloc[0] == begun


@given(table=tables(), split=st.integers(1, LAST - 1), name=st.sampled_from([None, "line"]))
def test_flows_add_up_over_windows(table, split, name):
    spells, _ = table
    whole = openings(spells, day(0), day(LAST), id=name, **UNTIL).iloc[0]
    parts = openings(spells, dates([0, split]), dates([split - 1, LAST]), id=name, **UNTIL)
    assert parts.sum() == whole
    if name is None:
        assert whole == len(spells)


def test_a_reopening_the_next_day_is_an_opening_of_the_line():
    spells = pd.DataFrame({"opened": dates([1, 4]), "closed": dates([3, 9]), "line": ["a", "a"]})
    assert openings(spells, day(0), day(9), id="line").tolist() == [2]
    spells["closed"] = dates([4, 9])
    assert openings(spells, day(0), day(9), id="line").tolist() == [1]
    half = openings(spells, day(0), day(9), id="line", convention="half-open")
    assert half.tolist() == [2]


def test_ranges_with_lines_are_refused():
    spells = pd.DataFrame({"o1": dates([1]), "o2": dates([3]), "closed": dates([9]), "line": [1]})
    with pytest.raises(InputError, match=r"`id` must be None in openings\(\)"):
        openings(spells, day(0), day(9), id="line", opened=("o1", "o2"))
