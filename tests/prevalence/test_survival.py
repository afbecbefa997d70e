"""The public survival: spells, delayed entry, groups, holes in the risk set, references."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import countylines as cl
from countylines.errors import (
    DegenerateDataWarning,
    InputError,
    InputTypeError,
    SparseDataWarning,
)
from countylines.prevalence import survival

REFERENCE = json.loads((Path(__file__).parents[1] / "reference" / "survival.json").read_text())
CASES = {case["id"]: case for case in REFERENCE["cases"]}


def data(name):
    columns = REFERENCE["data"][name]["columns"]
    return pd.DataFrame({k: [np.inf if x == "inf" else x for x in v] for k, v in columns.items()})


def channing(sex):
    everyone = data("channing")
    return everyone[everyone["sex"] == sex]


def codes(result):
    return [note.code for note in result.notes]


LINES = pd.DataFrame(
    {
        "days": [5, 8, 8, 12, 20, 31],
        "found": [0, 0, 3, 0, 7, 6],
        "ended": [True, True, False, True, False, True],
        "force": ["a", "a", "a", "b", "b", "b"],
    },
    index=list("uvwxyz"),
)


@pytest.mark.reference
class TestReferences:
    def test_left_truncated_women(self):
        case = CASES["surv.lt.km.lifelines.Female"]
        lives = survival(channing("Female"), entry="entry", exit="exit", event="cens")
        found = lives.at(case["expected"]["times"])
        np.testing.assert_allclose(
            found.estimate, case["expected"]["surv"], rtol=case["tolerance"]["rtol"]
        )

    def test_left_truncated_men_whose_early_risk_set_ends(self):
        case = CASES["surv.lt.km.lifelines.Male.error"]
        with (
            pytest.warns(DegenerateDataWarning, match="at risk at 781 ended there"),
            pytest.warns(SparseDataWarning, match="Only 2 were at risk at 777"),
        ):
            lives = survival(channing("Male"), entry="entry", exit="exit", event="cens")
        after = lives.estimate[lives.estimate.index > 781]
        assert (after == case["expected"]["surv_after_781"]).all()

    def test_an_emptied_risk_set(self):
        case = CASES["surv.lt.edge.empty_risk_gap"]
        spells = pd.DataFrame(case["inputs"])
        with pytest.warns(DegenerateDataWarning, match="everyone|Everyone"):
            lives = survival(spells, entry="en", exit="ex", event="ev")
        assert list(lives.estimate.index) == case["expected"]["time"]
        assert list(lives.at_risk) == case["expected"]["n_risk"]
        assert list(lives.estimate) == case["expected"]["surv"]


class TestDelayedEntry:
    def test_who_enters_at_a_time_is_not_at_risk_then(self):
        spells = pd.DataFrame({"entry": [0, 0, 0, 4], "exit": [4, 6, 9, 8]})
        lives = survival(spells, entry="entry", exit="exit")
        assert list(lives.at_risk) == [3, 3, 2, 1]

    @pytest.mark.filterwarnings("ignore::countylines.errors.SparseDataWarning")
    def test_ignoring_it_makes_lives_longer(self):
        late = survival(LINES, duration="days", entry="found", event="ended")
        naive = survival(LINES, duration="days", event="ended")
        assert late.at(10).estimate < naive.at(10).estimate

    def test_start_takes_earlier_times_as_given(self):
        men = channing("Male")
        early = men[men["entry"] != 751]
        with pytest.warns(DegenerateDataWarning, match="Pass start=782 to take lives beyond"):
            survival(early, entry="entry", exit="exit", event="cens")
        lives = survival(men, entry="entry", exit="exit", event="cens", start=782)
        assert lives.start == 782
        assert "conditional" in codes(lives)
        kept = men[men["exit"] > 782].assign(entry=lambda x: x["entry"].clip(lower=782))
        cut = survival(kept, entry="entry", exit="exit", event="cens")
        np.testing.assert_array_equal(lives.estimate, cut.estimate)
        assert lives.at(782).estimate == 1
        with pytest.raises(InputError, match="`start` must be a time at which something was"):
            survival(men, entry="entry", exit="exit", event="cens", start=700)

    def test_a_curve_of_late_entries_is_conditional_on_the_first(self):
        lives = survival(channing("Female"), entry="entry", exit="exit", event="cens")
        assert lives.start == 733
        assert codes(lives) == ["conditional"]

    def test_nothing_is_known_beyond_a_gap(self):
        spells = pd.DataFrame(
            {"entry": [0, 0, 5, 6], "exit": [2, 3, 8, 9], "event": [True, False, True, False]}
        )
        with pytest.warns(DegenerateDataWarning, match="Nobody was under observation just after 3"):
            lives = survival(spells, entry="entry", exit="exit", event="event")
        assert lives.estimate[3] == 0.5
        assert np.isnan(lives.estimate[8])
        found = lives.at([3, 4, 8])
        assert list(found.estimable) == [True, False, False]
        assert list(found.region_high) == [0.5, 0.5, 0.5]
        assert list(found.region_low) == [0.5, 0, 0]
        assert found.low[8] == 0
        assert not lives.quantile(0.9).estimable
        assert not lives.mean().estimable
        assert lives.mean(3).estimate == pytest.approx(2.5)

    def test_few_at_risk_early_is_said(self):
        with pytest.warns(SparseDataWarning, match=r"Only 4 were at risk at 5.*factor 0\.75"):
            lives = survival(LINES, duration="days", entry="found", event="ended")
        assert codes(lives) == ["few-at-risk"]


class TestWhereThereIsNoNumber:
    def test_beyond_the_last_time_the_range_is_given(self):
        lives = survival(LINES.head(5), duration="days", event="ended")
        found = lives.at(25)
        assert math.isnan(found.estimate)
        assert found.verdict.code == "not-identified"
        assert "Nothing was watched beyond 20" in found.verdict.reasons[0]
        last = lives.estimate.iloc[-1]
        assert (found.region_low, found.region_high) == (0, last)
        assert (found.low, found.high) == (0, lives.high.iloc[-1])

    def test_a_curve_that_ends_at_zero_is_known_for_ever(self):
        lives = survival(LINES, duration="days", event="ended")
        assert lives.at(1000).estimate == 0
        assert lives.at(1000).estimable

    def test_a_median_that_is_not_reached_keeps_its_low_end(self):
        spells = pd.DataFrame({"days": range(1, 11), "ended": [True] * 4 + [False] * 6})
        median = survival(spells, duration="days", event="ended").quantile(0.5)
        assert math.isnan(median.estimate)
        assert median.low == 1
        assert median.high == math.inf
        assert "Only 40 % had ended by 10" in median.verdict.reasons[0]

    def test_a_mean_needs_the_tail(self):
        lives = survival(LINES.head(5), duration="days", event="ended")
        mean = lives.mean()
        assert math.isnan(mean.estimate)
        assert "had not ended by 20" in mean.verdict.reasons[0]
        assert mean.region_high == math.inf
        assert lives.mean(20).estimable
        assert not lives.mean(21).estimable
        assert lives.mean(21).region_high == 21

    def test_no_spell_ended(self):
        with pytest.warns(DegenerateDataWarning, match="No spell ended"):
            lives = survival(LINES.assign(ended=False), duration="days", event="ended")
        assert (lives.estimate == 1).all()
        with pytest.warns(DegenerateDataWarning, match="No spell ended"):
            lives = survival(
                LINES.assign(ended=False), duration="days", event="ended", interval="beta-product"
            )
        assert lives.low.iloc[0] == pytest.approx(0.025 ** (1 / 5), rel=1e-9)

    def test_an_emptied_risk_set_gives_no_mean(self):
        spells = pd.DataFrame({"entry": [0, 0, 5], "exit": [2, 3, 8]})
        with pytest.warns(DegenerateDataWarning):
            lives = survival(spells, entry="entry", exit="exit")
        assert lives.verdict.code == "boundary-finite"
        mean = lives.mean()
        assert not mean.estimable
        assert "All at risk at 3 ended there" in mean.verdict.reasons[0]
        assert lives.mean(3).estimate == 2.5


class TestValues:
    def test_the_mean_of_complete_lives_is_their_mean(self):
        days = [3, 9, 4, 20, 11]
        mean = survival(pd.DataFrame({"days": days}), duration="days").mean()
        assert mean.estimate == pytest.approx(np.mean(days))
        assert mean.standard_error == pytest.approx(np.std(days) / math.sqrt(5))
        assert mean.unit == "days"
        assert mean.interval_method == "normal"

    def test_quantiles_are_the_first_time_at_which_the_share_is_reached(self):
        lives = survival(pd.DataFrame({"days": [1, 2, 3, 4]}), duration="days")
        assert list(lives.quantile([0.25, 0.3, 0.5, 0.75, 0.99]).estimate) == [1, 2, 2, 3, 4]

    def test_limits_of_a_quantile_are_where_the_limits_of_the_curve_cross(self):
        spells = pd.DataFrame({"days": np.arange(1, 41)})
        lives = survival(spells, duration="days")
        median = lives.quantile(0.5)
        assert median.low == lives.low.index[lives.low <= 0.5][0]
        assert median.high == lives.high.index[lives.high <= 0.5][0]

    def test_before_the_first_end_the_curve_is_one(self):
        lives = survival(LINES, duration="days", event="ended")
        assert lives.at(0).estimate == 1
        assert lives.at([4.9, 5]).estimate.round(6).tolist() == [1, 0.833333]

    def test_nelson_and_aalen_beside(self):
        lives = survival(LINES, duration="days", event="ended")
        steps = lives.events / lives.at_risk
        np.testing.assert_allclose(lives.cumulative_hazard, steps.cumsum(), rtol=1e-14)

    def test_a_life_of_no_length_ends_at_zero(self):
        lives = survival(pd.DataFrame({"days": [0, 3]}), duration="days")
        assert lives.at(0).estimate == 0.5

    @pytest.mark.parametrize(
        "interval", ["log", "plain", "arcsine", "thomas-grunkemeier", "beta-product"]
    )
    def test_every_interval(self, interval):
        lives = survival(LINES, duration="days", event="ended", interval=interval)
        assert lives.interval_method == interval
        assert ((lives.low <= lives.estimate) & (lives.estimate <= lives.high)).all()

    def test_a_permuted_table_gives_the_same(self):
        one = survival(LINES, duration="days", event="ended", by="force")
        other = survival(LINES.iloc[::-1], duration="days", event="ended", by="force")
        assert one.identical(other)

    def test_the_table_is_not_changed(self):
        before = LINES.copy()
        survival(LINES, duration="days", event="ended", by="force")
        pd.testing.assert_frame_equal(LINES, before)


class TestDates:
    def frame(self):
        opened = pd.to_datetime(["2024-01-01", "2024-01-11", "2024-02-01"])
        closed = pd.to_datetime(["2024-01-15", "2024-02-20", "2024-03-02"])
        return pd.DataFrame({"opened": opened, "closed": closed, "ended": [1, 1, 0]})

    def test_dates_count_from_their_origin(self):
        lives = survival(self.frame(), origin="opened", exit="closed", event="ended")
        assert list(lives.estimate.index) == [14, 30, 40]

    def test_delayed_entry_by_date(self):
        frame = self.frame().assign(found=pd.Timestamp("2024-02-10"))
        frame = frame[frame["closed"] > "2024-02-10"]
        lives = survival(
            pd.concat([frame, self.frame().assign(found=lambda x: x["opened"])]),
            origin="opened",
            entry="found",
            exit="closed",
            event="ended",
        )
        assert lives.at_risk.to_dict() == {14: 4, 30: 3, 40: 2}

    def test_the_unit_is_declared(self):
        weeks = survival(
            self.frame(), origin="opened", exit="closed", event="ended", time_unit="weeks"
        )
        assert list(weeks.estimate.index) == pytest.approx([2, 30 / 7, 40 / 7])
        spans = self.frame().assign(life=lambda x: x["closed"] - x["opened"])
        same = survival(spans, duration="life", event="ended", time_unit="weeks")
        np.testing.assert_array_equal(same.estimate.index, weeks.estimate.index)
        with pytest.raises(InputError, match="`time_unit` must be one of 'hours', 'days'"):
            survival(spans, duration="life", event="ended", time_unit="fortnights")

    def test_dates_need_an_origin(self):
        with pytest.raises(InputError, match="must be a column of times since the beginning"):
            survival(self.frame(), exit="closed", event="ended")
        with pytest.raises(InputTypeError, match="`exit` must be a column of dates with `origin`"):
            survival(self.frame().assign(n=3), origin="opened", exit="n", event="ended")
        with pytest.raises(InputTypeError, match="`origin` must be a column of dates"):
            survival(self.frame().assign(n=3), origin="n", exit="closed", event="ended")
        with pytest.raises(InputError, match="`origin` must be left out with `duration`"):
            survival(LINES, duration="days", origin="found")

    def test_time_zones_must_agree(self):
        frame = self.frame()
        frame["closed"] = frame["closed"].dt.tz_localize("UTC")
        with pytest.raises(InputTypeError, match="in the time zone of `origin`"):
            survival(frame, origin="opened", exit="closed")

    def test_an_open_line_needs_the_date_until_which_it_was_watched(self):
        frame = self.frame()
        frame.loc[2, "closed"] = pd.NaT
        with pytest.raises(InputError, match=r"`exit` must be without missing values.*row 2"):
            survival(frame, origin="opened", exit="closed", event="ended")

    def test_a_closing_before_the_opening(self):
        frame = self.frame().assign(closed=pd.Timestamp("2023-12-31"))
        with pytest.raises(InputError, match=r"`exit` must be finite and at least 0.*3 of 3"):
            survival(frame, origin="opened", exit="closed", event="ended")


class TestGroups:
    def test_each_group_is_its_own_curve(self):
        lives = survival(LINES, duration="days", event="ended", by="force")
        alone = survival(LINES[LINES["force"] == "b"], duration="days", event="ended")
        np.testing.assert_array_equal(lives.estimate["b"], alone.estimate)
        assert lives.by == ("force",)
        assert lives.n.to_dict() == {"a": 3, "b": 3}
        assert lives.quantile(0.5).estimate["b"] == alone.quantile(0.5).estimate
        assert lives.mean(8).estimate.index.name == "force"
        found = lives.at([5, 9])
        assert found.estimate.loc["b", 9] == alone.at(9).estimate
        assert found.n.loc["a", 5] == 3

    def test_several_columns_make_groups(self):
        frame = LINES.assign(kind=[1, 1, 2, 1, 1, 1], ended=True)
        lives = survival(frame, duration="days", event="ended", by=["force", "kind"])
        assert list(lives.n.index) == [("a", 1), ("a", 2), ("b", 1)]
        assert lives.estimate.index.names == ["force", "kind", "time"]
        table = lives.to_frame()
        assert list(table.columns[:4]) == ["force", "kind", "time", "estimate"]
        assert set(table.loc[table["force"] == "b", "n"]) == {3}

    def test_notes_name_the_group(self):
        with pytest.warns(DegenerateDataWarning, match="a: No spell ended"):
            lives = survival(
                LINES.assign(ended=LINES["force"] == "b"),
                duration="days",
                event="ended",
                by="force",
            )
        assert codes(lives) == ["no-events"]

    def test_a_missing_group(self):
        frame = LINES.assign(force=["a", None, "a", "b", "b", "b"])
        with pytest.raises(InputError, match=r"`by` must be without missing values.*row 1"):
            survival(frame, duration="days", by="force")
        with pytest.raises(InputError, match="`by` must be names of columns that differ"):
            survival(LINES, duration="days", by=["force", "force"])


class TestErrors:
    @pytest.mark.parametrize(
        ("options", "message"),
        [
            ({}, "`spells` must be described by `duration`, by `exit`, or by .*, got neither"),
            ({"duration": "days", "exit": "days"}, "got `duration` and `exit`"),
            ({"duration": "length"}, "`duration` must be a column of `spells`, got 'length'"),
            ({"duration": "force"}, "`duration` must be numeric"),
            ({"duration": "ended"}, "`duration` must be numeric, got bool"),
            ({"duration": "days", "event": "force"}, "`event` must be a column of True and False"),
            ({"duration": "days", "event": "days"}, "`event` must be a column of True .*, got 5"),
            ({"duration": "days", "model": "weibul"}, "`model` must be one of"),
            ({"duration": "days", "interval": "exact"}, "`interval` must be one of"),
            ({"duration": "days", "level": 95}, "`level` must be a share in"),
            ({"duration": "days", "start": -1}, "`start` must be a finite number of at least 0"),
            ({"duration": "days", "time_unit": 3}, "`time_unit` must be a word, got 3"),
            ({"exit": "found", "entry": "days"}, r"`exit` must be above `entry`.*6 of 6"),
            (
                {"duration": "days", "entry": "found", "interval": "beta-product"},
                "`interval` must be another than that with delayed entry",
            ),
        ],
    )
    def test_by_their_message(self, options, message):
        with pytest.raises(InputError, match=message):
            survival(LINES, **options)

    @pytest.mark.parametrize(
        ("value", "message"),
        [
            (-1, "`duration` must be finite and at least 0, got -1 at row 1"),
            (np.inf, "`duration` must be finite and at least 0, got inf at row 1"),
            (np.nan, "`duration` must be without missing values, got nan at row 1"),
        ],
    )
    def test_a_bad_duration(self, value, message):
        frame = LINES.assign(days=LINES["days"].astype(float))
        frame.iloc[1, 0] = value
        with pytest.raises(InputError, match=message):
            survival(frame, duration="days")

    def test_what_is_no_table(self):
        with pytest.raises(InputTypeError, match="`spells` must be a DataFrame, one row a spell"):
            survival([1, 2, 3], duration="days")
        with pytest.raises(InputError, match="`spells` must be non-empty"):
            survival(LINES.head(0), duration="days")
        twice = pd.concat([LINES["days"], LINES["days"]], axis=1)
        with pytest.raises(InputError, match="a table whose columns differ, got 'days' twice"):
            survival(twice, duration="days")

    def test_a_missing_event(self):
        frame = LINES.assign(ended=[True, None, True, False, True, True])
        with pytest.raises(InputError, match=r"`event` must be without missing values.*row 1"):
            survival(frame, duration="days", event="ended")

    def test_the_message_never_names_what_a_row_is_about(self):
        frame = LINES.assign(found=99)
        with pytest.raises(InputError) as caught:
            survival(frame, duration="days", entry="found")
        assert "at rows 0, 1, 2, ... (6 of 6)" in str(caught.value)

    def test_many_times_are_not_for_the_likelihood_ratio(self):
        frame = pd.DataFrame({"days": np.arange(1, 5_003)})
        with pytest.raises(InputError, match="distinct times of ending"):
            survival(frame, duration="days", interval="thomas-grunkemeier")


def test_other_tables_are_taken():
    polars = pytest.importorskip("polars", reason="polars is an extra of the tests")
    frame = polars.DataFrame({"days": [3, 4, 9], "ended": [True, True, False]})
    lives = survival(frame, duration="days", event="ended")
    assert isinstance(lives, cl.Survival)
    assert list(lives.estimate) == pytest.approx([2 / 3, 1 / 3, 1 / 3])
