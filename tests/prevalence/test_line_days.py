"""Line-days; their counts day by day are held in test_active_during.py."""

from __future__ import annotations

import pandas as pd
from spells import dates, day

from countylines.prevalence import line_days


def test_a_day_on_which_two_spells_of_a_line_are_active_is_one_day():
    spells = pd.DataFrame({"opened": dates([1, 3]), "closed": dates([4, 6]), "line": ["a", "a"]})
    assert line_days(spells, day(0), day(9)).tolist() == [8]
    assert line_days(spells, day(0), day(9), id="line").tolist() == [6]
    assert line_days(spells, day(0), day(9), id="line", convention="half-open").tolist() == [5]


def test_days_outside_the_window_do_not_count():
    spells = pd.DataFrame({"opened": dates([1]), "closed": dates([9])})
    found = line_days(spells, dates([0, 5, 9]), dates([0, 6, 12]))
    assert found.tolist() == [0, 2, 1]
    assert found.name == "line_days"
