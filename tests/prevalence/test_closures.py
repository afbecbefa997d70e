"""Closings: of spells and of lines, whatever the rule."""

from __future__ import annotations

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from spells import LAST, dates, day, tables

from countylines.errors import InputError
from countylines.prevalence import closures, openings

UNTIL = {"observed_until": day(LAST)}


@pytest.mark.parametrize("rule", ["until-closed", "until-last-seen"])
@given(table=tables(), low=st.integers(0, LAST - 1), length=st.integers(0, 30))
def test_it_counts_recorded_closings_whatever_the_rule(rule, table, low, length):
    spells, rows = table
    window = range(low, min(low + length, LAST) + 1)
    found = closures(spells, day(window[0]), day(window[-1]), by="force", rule=rule, **UNTIL)
    for force in found.columns:
        closed = [r["closed"] for r in rows if r["force"] == force]
        assert found[force].iloc[0] == sum(c in window for c in closed if c is not None)


@given(table=tables())
def test_lines_that_all_closed_did_so_as_often_as_they_opened(table):
    spells, _ = table
    spells = spells.dropna(subset=["closed"])
    if len(spells):
        window = day(0), day(LAST)
        opened = openings(spells, *window, by="force", id="line")
        pd.testing.assert_frame_equal(closures(spells, *window, by="force", id="line"), opened)


def test_a_closing_while_another_spell_is_active_closes_no_line():
    spells = pd.DataFrame({"opened": dates([1, 2]), "closed": dates([3, None]), "line": ["a", "a"]})
    assert closures(spells, day(0), day(9), **UNTIL).tolist() == [1]
    assert closures(spells, day(0), day(9), id="line", **UNTIL).tolist() == [0]


def test_a_closing_after_the_line_lapsed_closes_no_line():
    spells = pd.DataFrame(
        {"opened": dates([1]), "last_seen": dates([2]), "closed": dates([8]), "line": ["a"]}
    )
    options = {"id": "line", "rule": "last-seen-within"}
    assert closures(spells, day(0), day(9), within=2, **options).tolist() == [0]
    assert closures(spells, day(0), day(9), within=6, **options).tolist() == [1]


def test_the_end_of_observation_is_no_closing():
    spells = pd.DataFrame({"opened": dates([1]), "closed": dates([None]), "line": ["a"]})
    for name in (None, "line"):
        assert closures(spells, day(0), day(LAST), id=name, **UNTIL).tolist() == [0]


def test_ranges_with_lines_are_refused():
    spells = pd.DataFrame({"opened": dates([1]), "a": dates([3]), "b": dates([9]), "line": [1]})
    with pytest.raises(InputError, match=r"`id` must be None in closures\(\)"):
        closures(spells, day(0), day(9), id="line", closed=("a", "b"))
