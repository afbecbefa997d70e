"""Curves over time: steps, bands, groups, numbers at risk."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from countylines import plotting
from countylines.errors import InputError, InputTypeError
from countylines.prevalence import mean_recurrences, survival

pytest.importorskip("matplotlib")

LINES = pd.DataFrame(
    {
        "days": [5, 8, 8, 12, 20, 31],
        "ended": [True, True, False, True, False, True],
        "force": ["$a$", "$a$", "$a$", "b", "b", "b"],
    }
)


def lives(**options):
    return survival(LINES, duration="days", event="ended", **options)


def test_a_step_for_every_time_from_one():
    curve = lives()
    ax = plotting.survival(curve)
    (line,) = ax.get_lines()
    assert line.get_drawstyle() == "steps-post"
    assert list(line.get_xdata()) == [0, *curve.estimate.index]
    np.testing.assert_array_equal(line.get_ydata(), [1, *curve.estimate])
    assert ax.get_ylabel() == "survival"
    assert ax.get_xlabel() == "time [days]"
    assert ax.get_legend() is None


def test_the_band_holds_the_limits_and_can_be_left_out():
    curve = lives()
    (band,) = plotting.survival(curve).collections
    heights = band.get_paths()[0].vertices[:, 1]
    assert heights.min() == pytest.approx(curve.low.min())
    assert not plotting.survival(curve, band=False).collections


def test_the_band_begins_at_the_start():
    seen = pd.DataFrame({"line": [1, 1, 2], "day": [4, 9, 9], "again": [True, False, False]})
    again = mean_recurrences(seen, unit="line", time="day", event="again")
    for curve in (lives(), again):
        (band,) = plotting.survival(curve).collections
        edge = band.get_paths()[0].vertices
        first = edge[(edge[:, 0] < curve.estimate.index[0]), 1]
        found = curve.at(0.5 * curve.estimate.index[0])
        assert (first.min(), first.max()) == pytest.approx((found.low, found.high))
        assert found.high > found.low


def test_recurrences_are_drawn_until_watching_ends():
    seen = pd.DataFrame({"line": [1, 1, 2], "day": [4, 9, 9], "again": [True, False, False]})
    again = mean_recurrences(seen, unit="line", time="day", event="again")
    (line,) = again.plot().get_lines()
    assert line.get_xdata().tolist() == [0, 4, 9]
    assert line.get_ydata().tolist() == [0, 0.5, 0.5]


def test_groups_have_a_line_and_a_name_each():
    ax = lives(by="force").plot()
    assert len(ax.get_lines()) == 2
    names = [text.get_text() for text in ax.get_legend().get_texts()]
    assert names == [r"\$a\$", "b"]


def test_numbers_at_risk_stand_under_the_axis():
    ax = lives(by="force").plot(at_risk=True)
    labels = [text.get_text() for text in ax.get_xticklabels()]
    assert labels[0] == "0\n3\n3"
    assert "at risk" in ax.get_xlabel()


def test_a_conditional_curve_begins_where_it_is_one():
    frame = LINES.assign(found=4.0)
    curve = survival(frame, duration="days", entry="found", event="ended")
    ax = plotting.survival(curve)
    assert ax.get_lines()[0].get_xdata()[0] == 4
    assert ax.get_xlim()[0] == 4


def test_given_axes_are_used():
    ax = plotting.survival(lives())
    assert plotting.survival(lives(), ax=ax) is ax


def test_what_cannot_be_drawn():
    with pytest.raises(InputTypeError, match="`curve` must be a curve over time"):
        plotting.survival(LINES)
    with pytest.raises(InputTypeError, match="`band` must be True or False"):
        plotting.survival(lives(), band="yes")
    frame = LINES.assign(force=range(6), days=range(1, 7))
    many = pd.concat([frame, frame.tail(1).assign(force=6)])
    curve = survival(many, duration="days", by="force")
    with pytest.raises(InputError, match="`curve` must be a curve of at most 6 groups, got 7"):
        plotting.survival(curve)
