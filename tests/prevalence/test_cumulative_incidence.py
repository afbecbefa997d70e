"""Competing ends: shares that add up, variances in closed form, delayed entry, errors."""

from __future__ import annotations

import json
import pickle

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from countylines._kernels import aalen_johansen, product_limit
from countylines.errors import DegenerateDataWarning, InputError
from countylines.prevalence import cumulative_incidence, survival

LINES = pd.DataFrame(
    {
        "days": [5, 8, 8, 12, 20, 31, 9, 14],
        "found": [0, 0, 3, 0, 7, 9, 0, 0],
        "why": ["arrest", "number", "", "arrest", None, "number", "arrest", np.nan],
        "force": list("aaabbbab"),
    }
)


def curves(**options):
    return cumulative_incidence(LINES, duration="days", cause="why", **options)


@pytest.mark.filterwarnings("ignore::countylines.errors.SparseDataWarning")
@pytest.mark.parametrize("entry", [None, "found"])
def test_the_causes_and_what_is_left_add_up_to_one(entry):
    ends = curves(entry=entry)
    left = survival(
        LINES.assign(ended=LINES["why"].isin(["arrest", "number"])),
        duration="days",
        entry=entry,
        event="ended",
    )
    total = ends.estimate["arrest"] + ends.estimate["number"] + left.estimate
    np.testing.assert_allclose(total, 1, rtol=1e-14)
    assert ends.by == ("why",)


def test_without_unfinished_lives_it_is_a_share_of_all():
    frame = pd.DataFrame({"days": [1, 2, 2, 3, 4, 4, 5], "why": list("abaabba")})
    ends = cumulative_incidence(frame, duration="days", cause="why")
    for time in (1, 2, 3, 4, 5):
        for why in "ab":
            share = np.mean((frame["days"] <= time) & (frame["why"] == why))
            found = ends.at(time)
            assert found.estimate[why] == pytest.approx(share, rel=1e-12)
            error = np.sqrt(share * (1 - share) / 7)
            assert found.standard_error[why] == pytest.approx(error, rel=1e-9)


@given(st.data())
def test_one_cause_is_one_minus_kaplan_and_meier_with_greenwoods_variance(data):
    size = data.draw(st.integers(2, 20))
    days = np.array(data.draw(st.lists(st.integers(1, 9), min_size=size, max_size=size)), float)
    ended = np.array(data.draw(st.lists(st.booleans(), min_size=size, max_size=size)))
    table = product_limit.risk_table(np.full(size, -np.inf), days, ended)
    fit = product_limit.product_limit(table.at_risk, table.events)
    share, variance = aalen_johansen.incidence(
        table.at_risk, table.events[None, :], fit.log_survival
    )
    np.testing.assert_allclose(share[0], -np.expm1(fit.log_survival), atol=1e-12)
    error = product_limit.standard_error(fit)
    known = np.isfinite(error)
    np.testing.assert_allclose(variance[0][known], error[known] ** 2, rtol=1e-8, atol=1e-12)


def test_the_variance_with_censoring_and_entry_against_the_sum_as_written():
    rng = np.random.default_rng(2)
    entry = rng.uniform(0, 2, 80) * (rng.random(80) < 0.5)
    exit = entry + rng.exponential(2, 80)
    cause = rng.integers(-1, 2, 80)
    table = product_limit.risk_table(np.where(entry > 0, entry, -np.inf), exit, cause >= 0)
    kept = np.argmax(table.at_risk > 5)
    n, every = table.at_risk[kept:], table.events[kept:]
    one = np.array([np.sum((exit == t) & (cause == 0)) for t in table.time[kept:]], float)
    fit = product_limit.product_limit(n, every)
    share, variance = aalen_johansen.incidence(n, np.stack([one, every - one]), fit.log_survival)
    before = np.exp(np.append(0, fit.log_survival[:-1]))
    for i in (3, 20, 50):
        k = slice(0, i + 1)
        rest = share[0, i] - share[0, k]
        stay = np.where(n[k] > every[k], n[k] - every[k], 1)
        written = np.sum(rest**2 * every[k] / (n[k] * stay))
        written += np.sum(before[k] ** 2 * (n[k] - one[k]) * one[k] / n[k] ** 3)
        written -= 2 * np.sum(rest * before[k] * one[k] / n[k] ** 2)
        assert variance[0, i] == pytest.approx(written, rel=1e-9)


@pytest.mark.parametrize("interval", aalen_johansen.METHODS)
def test_limits_are_normal_on_their_scale(interval):
    ends = curves(interval=interval)
    inner = (ends.estimate > 0) & (ends.low > 0) & (ends.high < 1)
    value, error = ends.estimate[inner], ends.standard_error[inner]
    scales = {
        "log-log": (lambda p: np.log(-np.log(p)), 1 / np.abs(value * np.log(value))),
        "arcsine": (lambda p: np.arcsin(np.sqrt(p)), 0.5 / np.sqrt(value * (1 - value))),
        "plain": (lambda p: p, 1.0),
    }
    scale, slope = scales[interval]
    for end in (ends.low[inner], ends.high[inner]):
        distance = np.abs(scale(end) - scale(value))
        np.testing.assert_allclose(distance / (slope * error), 1.959963984540054, rtol=1e-9)


def test_beyond_the_last_time_the_range_is_given():
    frame = LINES[LINES["days"] <= 20]
    ends = cumulative_incidence(frame, duration="days", cause="why")
    found = ends.at(25)
    assert not found.estimable["arrest"]
    last = ends.estimate["arrest"].iloc[-1]
    assert found.region_low["arrest"] == last
    left = 1 - last - ends.estimate["number"].iloc[-1]
    assert found.region_high["arrest"] == pytest.approx(last + left)
    assert found.high["arrest"] == found.region_high["arrest"]


def test_quantiles_are_first_times():
    ends = curves()
    found = ends.quantile(0.3)
    rows = ends.estimate["arrest"]
    assert found.estimate["arrest"] == rows.index[rows >= 0.3][0]
    assert not ends.quantile(0.9).estimable["arrest"]


def test_before_the_first_end_by_a_cause_the_upper_limit_is_that_of_no_end():
    frame = pd.DataFrame({"days": range(1, 11), "why": list("bbbbabababa"[:10])})
    ends = cumulative_incidence(frame, duration="days", cause="why")
    found = ends.at([0.5, 2])
    assert found.high["a", 0.5] == pytest.approx(1 - 0.025 ** (1 / 10), rel=1e-9)
    # Of no end among 8 it would be 0.369; the limit after the first end holds before it too.
    assert found.high["a", 2] == ends.high["a", 5] < 1 - 0.025 ** (1 / 8)
    assert found.low["a", 2] == found.estimate["a", 2] == 0


def test_groups_and_causes_are_labels():
    ends = curves(by="force")
    assert ends.estimate.index.names == ["force", "why", "time"]
    alone = cumulative_incidence(LINES[LINES["force"] == "b"], duration="days", cause="why")
    np.testing.assert_array_equal(ends.estimate["b", "arrest"], alone.estimate["arrest"])
    assert ends.n["b", "number"] == 4
    json.dumps(ends.to_dict(), allow_nan=False)
    assert pickle.loads(pickle.dumps(ends)).identical(ends)
    assert list(ends.to_frame().columns[:4]) == ["force", "why", "time", "estimate"]


def test_a_gap_and_an_emptied_risk_set_are_said():
    frame = pd.DataFrame({"entry": [0, 0, 5, 6], "exit": [2, 3, 8, 9], "why": ["a", "", "b", "a"]})
    with pytest.warns(DegenerateDataWarning, match="just after 3"):
        ends = cumulative_incidence(frame, entry="entry", exit="exit", cause="why")
    assert np.isnan(ends.estimate["a", 8])
    assert ends.at(8).region_high["b"] == 0.5
    with pytest.warns(DegenerateDataWarning, match="Everyone at risk at 3 ended"):
        cumulative_incidence(frame.assign(why="a"), entry="entry", exit="exit", cause="why")


def test_bad_input():
    with pytest.raises(InputError, match="`cause` must be a column of the table, got 'how'"):
        cumulative_incidence(LINES, duration="days", cause="how")
    with pytest.raises(InputError, match="`cause` must be a column with at least one cause"):
        cumulative_incidence(LINES.assign(why=""), duration="days", cause="why")
    with pytest.raises(InputError, match="`by` must be other columns than `cause`, got 'why'"):
        curves(by="why")
    with pytest.raises(InputError, match="`interval` must be one of 'log-log'"):
        curves(interval="wald")
    with pytest.raises(InputError, match="`exit` must be above `entry`"):
        cumulative_incidence(LINES, exit="found", entry="days", cause="why")


def test_it_is_drawn_from_nothing_upwards():
    pytest.importorskip("matplotlib")
    ax = curves().plot()
    assert len(ax.get_lines()) == 2
    assert ax.get_lines()[0].get_ydata()[0] == 0
    assert ax.get_ylabel() == "share ended by the cause"


def test_all_ended_by_one_cause_is_no_certainty():
    frame = pd.DataFrame({"days": range(1, 12), "why": "a"})
    ends = cumulative_incidence(frame, duration="days", cause="why")
    assert ends.estimate["a", 11] == 1
    assert np.isnan(ends.standard_error["a", 11])
    assert ends.low["a", 11] == ends.low["a", 10] < 0.6
    assert ends.high["a", 11] == 1
    alone = cumulative_incidence(frame.iloc[:1], duration="days", cause="why")
    assert (alone.low["a", 1], alone.high["a", 1]) == (0, 1)


def test_facts_are_about_groups_and_shares_that_ended():
    frame = pd.DataFrame({"days": [1, 2, 3, 4], "why": ["a", "b", "", ""], "force": list("xxyy")})
    with pytest.warns(DegenerateDataWarning, match="^y: No spell ended: the curve stays at 0"):
        cumulative_incidence(frame, duration="days", cause="why", by="force")
    late = pd.DataFrame({"entry": [0, 0, 5], "exit": [2, 3, 8], "why": ["a", "b", "a"]})
    with pytest.warns(DegenerateDataWarning, match="^Everyone .*: nothing is left from then on"):
        found = cumulative_incidence(late, entry="entry", exit="exit", cause="why")
    assert "cumulative_hazard" not in " ".join(note.text for note in found.notes)
