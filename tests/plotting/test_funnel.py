"""Funnel plots: what is drawn is what funnel_limits says."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from countylines.errors import InputError, InputTypeError
from countylines.plotting import funnel
from countylines.prevalence import funnel_limits

AREAS = ["Ash", "Bee", "Cee", "Dee $x$", "Eff", "City"]
COUNT = pd.Series([45, 88, 12, 190, 220, 2], index=AREAS)
PEOPLE = pd.Series([40_200.0, 70_500.0, 15_200.0, 131_000.0, 90_000.0, np.nan], index=AREAS)


def draw(**options):
    return funnel(COUNT, PEOPLE, per=100_000, leave_out=["City"], **options)


def points(ax):
    return {
        line.get_color(): np.c_[line.get_data()]
        for line in ax.lines
        if line.get_linestyle() == "None" and len(line.get_xdata())
    }


def names(ax):
    return [text.get_text() for text in ax.texts]


def test_points_are_the_rates_and_those_outside_are_named():
    ax = draw()
    limits = funnel_limits(PEOPLE, count=COUNT, per=100_000, level=0.998, leave_out=["City"])
    rates = (COUNT / PEOPLE * 1e5).dropna()
    outside = rates[(rates < limits.low[rates.index]) | (rates > limits.high[rates.index])]
    assert names(ax) == list(outside.index) == ["Eff"]
    inside, out = points(ax).values()
    np.testing.assert_allclose(np.sort(np.r_[inside, out][:, 1]), np.sort(rates))
    np.testing.assert_allclose(out, [[90_000, rates["Eff"]]])


def test_lines_are_the_limits_of_each_level():
    ax = draw(levels=(0.9, 0.99))
    curves = [line for line in ax.lines if len(line.get_xdata()) > 100]
    assert [line.get_linestyle() for line in curves] == ["-", "-", "--", "--"]
    target = float(COUNT[:-1].sum() / PEOPLE.sum() * 1e5)
    for line, level, end in zip(
        curves, (0.99, 0.99, 0.9, 0.9), ("low", "high", "low", "high"), strict=True
    ):
        x, y = line.get_data()
        limits = funnel_limits(x, target=target, per=100_000, level=level)
        np.testing.assert_allclose(y, getattr(limits, end), rtol=1e-12)
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["99 %", "90 %"]


@pytest.mark.parametrize("overdispersion", ["multiplicative", "additive"])
def test_over_dispersed_lines_pass_through_the_limits_of_the_areas(overdispersion):
    options = {"overdispersion": overdispersion, "winsorise": 0.0}
    ax = draw(levels=[0.95], log=True, **options)
    limits = funnel_limits(
        PEOPLE, count=COUNT, per=100_000, level=0.95, leave_out=["City"], **options
    )
    x, y = next(line for line in ax.lines if len(line.get_xdata()) > 100).get_data()
    np.testing.assert_allclose(
        np.interp(PEOPLE.dropna(), x, y), limits.low.dropna(), atol=0.02 * y.max()
    )
    assert ax.get_title("left").startswith("Over-dispersion of 5 areas")


def test_words():
    ax = draw(label="all")
    assert names(ax) == ["Ash", "Bee", "Cee", r"Dee \$x\$", "Eff"]
    assert ax.get_title("left") == "Limits by chance alone.\nLeft out: City."
    assert (ax.get_ylabel(), ax.get_xlabel()) == ("rate per 100,000", "exposure")
    assert names(draw(label="none")) == []
    ratio = funnel([3, 9], [4.0, 7.5], measure="ratio")
    assert (ratio.get_ylabel(), ratio.get_xlabel()) == ("ratio", "expected")


def test_proportions_and_axes_that_are_given():
    first = draw()
    again = funnel([3, 9, 14], [40, 50, 60], measure="proportion", ax=first)
    assert again is first
    assert again.get_xlabel() == "total"


def test_errors():
    with pytest.raises(InputTypeError, match="`levels` must be a sequence of shares"):
        draw(levels=0.95)
    with pytest.raises(InputError, match="`levels` must be non-empty"):
        draw(levels=())
    with pytest.raises(InputError, match="`label` must be one of 'outside', 'all', 'none'"):
        draw(label="some")
    with pytest.raises(InputError, match="`exposure` must be of one dimension"):
        funnel(COUNT.to_frame(), 1000.0)
    with pytest.raises(InputError, match="`measure` must be one of"):
        draw(measure="odds")
