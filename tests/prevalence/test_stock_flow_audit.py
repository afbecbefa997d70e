"""The audit of stocks and flows: it holds where it must, and says why where it does not."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from spells import LAST, dates, day, tables

from countylines.errors import DegenerateDataWarning, InputError
from countylines.prevalence import active_at, closures, openings, stock_flow_audit

UNTIL = {"observed_until": day(LAST)}
MONTHS = dates([0, 20, 40]), dates([19, 39, 60])


@pytest.mark.parametrize("name", [None, "line"])
@pytest.mark.parametrize("convention", ["closed", "half-open"])
@given(table=tables())
def test_the_identity_holds_for_all_spells_until_closed(convention, name, table):
    spells, _ = table
    starts, stops = MONTHS
    options = {"by": "force", "convention": convention, "id": name, **UNTIL}
    audit = stock_flow_audit(spells, starts, stops, **options)
    assert audit["holds"].all()
    assert (audit[["residual", "lapses", "late_closures"]] == 0).all(axis=None)
    flows = {"openings": openings, "closures": closures}
    for column, count in flows.items():
        expected = count(spells, starts, stops, **options)
        np.testing.assert_array_equal(audit[column].to_numpy(), expected.to_numpy().T.ravel())


@given(table=tables())
def test_the_stock_is_what_is_active_less_what_closes_on_the_day(table):
    spells, _ = table
    starts, stops = MONTHS
    audit = stock_flow_audit(spells, starts, stops, **UNTIL)
    active = active_at(spells, stops, **UNTIL).to_numpy()
    closed = closures(spells, stops, stops, **UNTIL).to_numpy()
    np.testing.assert_array_equal(audit["stock_end"], active - closed)
    half = stock_flow_audit(spells, starts, stops, convention="half-open", **UNTIL)
    last = stops - pd.Timedelta(days=1)
    expected = active_at(spells, last, convention="half-open", **UNTIL)
    np.testing.assert_array_equal(half["stock_end"], expected)


@pytest.mark.filterwarnings("ignore::countylines.errors.DegenerateDataWarning")
@pytest.mark.parametrize("name", [None, "line"])
@given(table=tables())
def test_lapses_and_late_closings_explain_what_is_left(name, table):
    spells, _ = table
    audit = stock_flow_audit(
        spells, *MONTHS, by="force", id=name, rule="last-seen-within", within=3, **UNTIL
    )
    explained = audit["late_closures"] - audit["lapses"]
    np.testing.assert_array_equal(audit["residual"], explained)
    np.testing.assert_array_equal(audit["holds"], audit["residual"] == 0)


def test_a_failure_names_windows_and_groups_and_no_line():
    spells = pd.DataFrame(
        {
            "line": ["secret-1", "secret-2"],
            "force": ["Met", "Kent"],
            "opened": dates([1, 5]),
            "last_seen": dates([2, 9]),
            "closed": dates([30, 9]),
        }
    )
    with pytest.warns(DegenerateDataWarning) as caught:
        audit = stock_flow_audit(
            spells, *MONTHS, by="force", id="line", rule="until-last-seen", **UNTIL
        )
    text = str(caught[0].message)
    assert "in 1 of 6 rows (('Met', Interval(2024-01-01" in text
    assert "1 left the stock by the rule" in text
    assert "secret" not in text
    assert audit.index.names == ["force", "window"]
    assert audit.loc["Met", "residual"].tolist() == [-1, 0, 0]
    assert audit.loc["Kent", "holds"].all()
    assert "stock at the start + openings - closings" in audit.attrs["identity"]


def test_a_closing_of_what_had_left_is_told_apart():
    spells = pd.DataFrame({"opened": dates([1]), "last_seen": dates([2]), "closed": dates([30])})
    with pytest.warns(DegenerateDataWarning, match="in 2 of 3 rows"):
        audit = stock_flow_audit(spells, *MONTHS, rule="until-last-seen", **UNTIL)
    assert audit["lapses"].tolist() == [1, 0, 0]
    assert audit["late_closures"].tolist() == [0, 1, 0]
    assert audit["residual"].tolist() == [-1, 1, 0]


def test_opened_and_closed_on_one_day_is_in_and_out():
    spells = pd.DataFrame({"opened": dates([5]), "closed": dates([5])})
    for convention in ("closed", "half-open"):
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            audit = stock_flow_audit(spells, day(0), day(9), convention=convention)
        row = audit.iloc[0]
        flows = row["stock_start"], row["openings"], row["closures"], row["stock_end"]
        assert flows == (0, 1, 1, 0)


def test_ranges_are_refused():
    spells = pd.DataFrame({"o1": dates([1]), "o2": dates([3]), "closed": dates([9])})
    with pytest.raises(InputError, match="Bounds do not add up"):
        stock_flow_audit(spells, day(0), day(9), opened=("o1", "o2"))
