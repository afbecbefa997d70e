"""The picture of stock and flow draws what it is given, and ranges as ranges."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import countylines as cl
from countylines.errors import InputError, InputTypeError
from countylines.plotting import stock_and_flow
from countylines.prevalence import active_at, distinct_in_window, expected_stock, stock_flow_audit

pytest.importorskip("matplotlib")

SPELLS = pd.DataFrame(
    {
        "opened": pd.to_datetime(["2024-01-05", "2024-01-20", "2024-02-10", "2024-03-02"]),
        "closed": pd.to_datetime(["2024-02-03", "2024-03-15", "2024-02-20", "2024-03-20"]),
        "force": ["Met", "Kent", "Met", "Met"],
    }
)
MONTHS = ["2024-01-01", "2024-02-01", "2024-03-01"], ["2024-01-31", "2024-02-29", "2024-03-31"]


def legend(ax):
    return [text.get_text() for text in ax.get_legend().get_texts()]


def heights(ax):
    return [[bar.get_height() for bar in container] for container in ax.containers]


def test_an_audit_is_drawn_with_its_flows():
    audit = stock_flow_audit(SPELLS, *MONTHS)
    ax = stock_and_flow(audit)
    assert legend(ax) == ["active", "opened", "closed"]
    assert heights(ax) == [[2, 1, 1], [0, -2, -2]]
    (line,) = (line for line in ax.lines if line.get_label() == "active")
    assert line.get_ydata().tolist() == audit["stock_end"].tolist() == [2, 1, 0]
    assert ax.get_ylabel() == "lines"


def test_bars_stand_within_their_window_and_the_stock_at_its_end():
    import matplotlib.dates as mdates

    ax = stock_and_flow(stock_flow_audit(SPELLS, *MONTHS))
    ax.figure.canvas.draw()
    first = ax.containers[0][1]
    start, end = mdates.date2num(pd.to_datetime(["2024-02-01", "2024-03-01"]))
    assert start < first.get_x() < first.get_x() + first.get_width() < end
    (line,) = (line for line in ax.lines if line.get_label() == "active")
    assert mdates.date2num(line.get_xdata())[1] == end


def test_counts_on_days_are_a_line():
    ax = stock_and_flow(active_at(SPELLS, pd.date_range("2024-01-01", periods=9, freq="10D")))
    assert legend(ax) == ["active"]
    assert heights(ax) == []


def test_ranges_are_drawn_as_ranges_without_a_line_through_them():
    spells = SPELLS.assign(earliest=SPELLS["opened"] - pd.Timedelta(days=9))
    days = pd.date_range("2024-01-01", periods=12, freq="8D")
    stock = active_at(spells, days, opened=("earliest", "opened"))
    flows = cl.prevalence.openings(spells, *MONTHS, opened=("earliest", "opened"))
    ax = stock_and_flow(stock, openings=flows)
    assert "range" in legend(ax)
    (line,) = (line for line in ax.lines if line.get_label() == "active")
    known = (stock["low"] == stock["high"]).to_numpy()
    assert np.isnan(line.get_ydata()[~known]).all()
    sure, rest = heights(ax)
    assert sure == flows["low"].tolist()
    assert rest == (flows["high"] - flows["low"]).tolist()


def test_estimates_are_drawn_with_what_they_have():
    index = ["2019/20", "2020/21"]
    band = cl.Band(pd.Series([1.0, 2.0], index=index), pd.Series([3.0, 2.0], index=index))
    ax = stock_and_flow(distinct_in_window(600, band, 12))
    assert "range" in legend(ax)
    assert [label.get_text() for label in ax.get_xticklabels()] == index
    count = pd.Series([600, 800], index=index)
    ax = stock_and_flow(distinct_in_window(count, 2.0, 12, poisson=True))
    assert legend(ax) == ["interval", "active"]


@pytest.mark.parametrize(
    "index", [pd.period_range("2024-01", periods=3, freq="M"), pd.RangeIndex(3), list("abc")]
)
def test_every_index_has_its_place(index):
    table = expected_stock(pd.Series([10.0, 10, 5], index=index), [1, 0.5, 0.2, 0.1])
    ax = stock_and_flow(table)
    assert heights(ax)[0] == [10, 10, 5]
    assert all(height <= 0 for height in heights(ax)[1])


def test_given_axes_are_used():
    table = expected_stock([10.0, 10, 5], [1, 0.5, 0.2, 0.1])
    ax = stock_and_flow(table)
    assert stock_and_flow(table, ax=ax) is ax


@pytest.mark.parametrize(
    ("stock", "error", "message"),
    [
        (
            stock_flow_audit(SPELLS, *MONTHS, by="force"),
            InputError,
            r"`stock` must be of one group.*\.loc\[group\]",
        ),
        (active_at(SPELLS, "2024-02-01", by="force"), InputError, "got several columns"),
        ([1, 2], InputTypeError, r"`stock` must be a Series.*got \[1, 2\] of type list"),
        (distinct_in_window(600, 2, 12), InputTypeError, "an Estimate without an index"),
        (pd.Series([], dtype=float), InputError, "`stock` must be non-empty"),
    ],
)
def test_what_cannot_be_drawn(stock, error, message):
    with pytest.raises(error, match=message):
        stock_and_flow(stock)


def test_few_lines_are_marked_by_whole_numbers():
    """Half a line would be labelled as the whole number next to it."""
    ax = stock_and_flow(pd.Series([1, 2, 2], index=["a", "b", "c"]))
    ax.figure.canvas.draw()
    assert all(tick == round(tick) for tick in ax.get_yticks())
