"""The public survival: spells, delayed entry, groups, holes in the risk set, references."""

from __future__ import annotations

import dataclasses
import json
import math
import pickle
from pathlib import Path
from types import MappingProxyType

import numpy as np
import pandas as pd
import pytest
from scipy.integrate import quad
from scipy.special import log_ndtr

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
        # Six are watched until 5, five just after: the limits of 0 in 6 and 0 in 5.
        assert lives.at(4).low == pytest.approx(0.025 ** (1 / 6), rel=1e-9)
        assert lives.at(5).low == pytest.approx(0.025 ** (1 / 5), rel=1e-9)
        with pytest.warns(DegenerateDataWarning, match="No spell ended"):
            other = survival(
                LINES.assign(ended=False), duration="days", event="ended", interval="beta-product"
            )
        assert lives.low.iloc[0] == pytest.approx(other.low.iloc[0], rel=1e-9)

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

    @pytest.mark.parametrize("number", [1, 5])
    def test_the_mean_of_lives_that_are_alike_is_not_certain(self, number):
        lives = survival(pd.DataFrame({"days": [8.0] * number}), duration="days")
        floor = 0.025 ** (1 / number)
        for limit, estimate, low, high in (
            (None, 8, 8 * floor, math.inf),
            (6, 6, 6 * floor, 6),
            (10, 8, 8 * floor, 10),
        ):
            mean = lives.mean(limit)
            assert mean.estimate == estimate
            assert math.isnan(mean.standard_error)
            assert (mean.low, mean.high) == (pytest.approx(low), high)

    def test_a_mean_up_to_a_time_before_any_end_is_not_certain(self):
        frame = pd.DataFrame({"found": [2, 2, 2], "days": [5, 9, 9], "ended": [True, False, False]})
        lives = survival(frame, exit="days", entry="found", event="ended")
        mean = lives.mean(4)
        assert mean.estimate == 4
        assert mean.low == pytest.approx(2 + 2 * lives.at(4).low)
        assert math.isnan(mean.standard_error)
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

    def test_a_band_says_that_it_is_one(self):
        lives = survival(LINES, duration="days", event="ended", interval="equal-precision")
        (note,) = lives.notes
        assert note.code == "simultaneous"
        assert "from 5 to 31" in note.text
        pointwise = survival(LINES, duration="days", event="ended", interval="arcsine")
        assert (lives.low <= pointwise.low).all()
        assert (lives.high >= pointwise.high).all()
        assert lives.at(1).low == lives.low.iloc[0]
        assert "Nair V. N." in lives.cite()

    def test_a_permuted_table_gives_the_same(self):
        one = survival(LINES, duration="days", event="ended", by="force")
        other = survival(LINES.iloc[::-1], duration="days", event="ended", by="force")
        assert one.identical(other)

    @pytest.mark.parametrize("dtype", ["int8", "uint16", "int64", "float32", "Int64", "Float64"])
    def test_every_type_of_number_is_taken(self, dtype):
        frame = LINES.assign(days=LINES["days"].astype(dtype), found=LINES["found"].astype(dtype))
        options = {"duration": "days", "entry": "found", "event": "ended", "start": 5}
        assert survival(frame, **options).identical(survival(LINES, **options))

    def test_nullable_flags_and_numbers_say_whether_a_life_ended(self):
        one = survival(LINES, duration="days", event="ended")
        for dtype in ("boolean", "int64", "float64"):
            frame = LINES.assign(ended=LINES["ended"].astype(dtype))
            assert survival(frame, duration="days", event="ended").identical(one)

    def test_one_spell(self):
        lives = survival(LINES.head(1), duration="days")
        assert lives.estimate.to_dict() == {5: 0.0}
        assert (lives.low[5], lives.high[5]) == (0, 1)
        assert lives.at(4).low == pytest.approx(0.025)

    def test_very_long_and_very_short_lives(self):
        for factor in (1e-12, 1e12):
            frame = LINES.assign(days=LINES["days"] * factor)
            for model in ("weibull", "lognormal", "loglogistic", "exponential"):
                one = survival(frame, duration="days", event="ended", model=model).quantile(0.5)
                other = survival(LINES, duration="days", event="ended", model=model).quantile(0.5)
                assert one.estimate == pytest.approx(factor * other.estimate, rel=1e-8)

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
            ({"duration": "length"}, "`duration` must be a column of the table, got 'length'"),
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


TURNBULL = {
    "surv.ic.bcos.Rad": ("bcos", "treatment == 'Rad'", "left", "right"),
    "surv.ic.bcos.RadChem": ("bcos", "treatment == 'RadChem'", "left", "right"),
    "surv.ic.mice.ce": ("mice", "grp == 'ce'", "l", "u"),
}


@pytest.mark.reference
class TestModelReferences:
    @pytest.mark.parametrize("name", TURNBULL)
    def test_turnbull(self, name):
        table, rows, lower, upper = TURNBULL[name]
        expected = CASES[name]["expected"]
        lives = survival(
            data(table).query(rows), model="turnbull", lower=lower, upper=upper, interval="none"
        )
        assert lives.log_likelihood == pytest.approx(expected["loglik"], rel=1e-12)
        left = expected.get("intmap_left", expected.get("T_left"))
        right = expected.get("intmap_right", expected.get("T_right"))
        some = np.array(expected["mass"]) > 0
        found = lives.intervals
        np.testing.assert_allclose(found["left"], np.array(left)[some], rtol=1e-9)
        ends = np.array([np.inf if x is None else x for x in right], dtype=float)
        np.testing.assert_allclose(found["right"], ends[some], rtol=1e-9)
        np.testing.assert_allclose(found["mass"], np.array(expected["mass"])[some], rtol=1e-5)

    @pytest.mark.parametrize(
        "name",
        [name for name in CASES if name.startswith("surv.ic.bcos.") and name.count(".") == 4],
    )
    def test_interval_censored_laws(self, name):
        _, _, _, group, law = name.split(".")
        case = CASES[name]
        expected, rtol = case["expected"], case["tolerance"]["rtol"]
        rows = data("bcos").query(f"treatment == '{group}'")
        lives = survival(rows, model=law, lower="left", upper="right")
        assert lives.params["intercept"] == pytest.approx(expected["location"], rel=rtol)
        assert np.exp(lives.params.get("log(scale)", 0)) == pytest.approx(
            expected["scale"], rel=rtol
        )
        assert lives.log_likelihood == pytest.approx(expected["loglik"], rel=rtol)
        assert lives.quantile(0.5).estimate == pytest.approx(expected["median"], rel=rtol)
        np.testing.assert_allclose(
            lives.covariance.to_numpy().ravel(), np.ravel(expected["vcov"]), rtol=rtol
        )

    def test_interval_censored_weibull_of_another_package(self):
        case = CASES["surv.ic.weibull.lifelines.Rad"]
        expected, rtol = case["expected"], case["tolerance"]["rtol"]
        rows = data("bcos").query("treatment == 'Rad'")
        lives = survival(rows, model="weibull", lower="left", upper="right")
        assert np.exp(lives.params["intercept"]) == pytest.approx(expected["lambda"], rel=rtol)
        assert np.exp(-lives.params["log(scale)"]) == pytest.approx(expected["rho"], rel=rtol)
        assert lives.log_likelihood == pytest.approx(expected["loglik"], rel=rtol)

    @pytest.mark.parametrize("sex", ["Female", "Male"])
    def test_left_truncated_weibull(self, sex):
        lives = survival(channing(sex), entry="entry", exit="exit", event="cens", model="weibull")
        scale, shape = np.exp(lives.params["intercept"]), np.exp(-lives.params["log(scale)"])
        case = CASES[f"surv.lt.weibull.channing.{sex}"]
        expected, rtol = case["expected"], case["tolerance"]["rtol"]
        assert scale == pytest.approx(expected["scale"], rel=rtol)
        assert shape == pytest.approx(expected["shape"], rel=rtol)
        assert lives.log_likelihood == pytest.approx(expected["loglik"][0], rel=1e-12)
        case = CASES[f"surv.lt.weibull.lifelines.{sex}"]
        expected, rtol = case["expected"], case["tolerance"]["rtol"]
        assert scale == pytest.approx(expected["lambda"], rel=rtol)
        assert shape == pytest.approx(expected["rho"], rel=rtol)
        errors = lives.coefficients().set_index("parameter")["standard_error"]
        assert errors["intercept"] * scale == pytest.approx(expected["se_lambda"], rel=rtol)
        assert errors["log(scale)"] * shape == pytest.approx(expected["se_rho"], rel=rtol)

    def test_cox_with_delayed_entry(self):
        case = CASES["surv.lt.channing.cox"]
        expected, rtol = case["expected"], case["tolerance"]["rtol"]
        lives = survival(
            data("channing"),
            entry="entry",
            exit="exit",
            event="cens",
            covariates="sex",
            model="cox",
        )
        assert lives.params["sex[Male]"] == pytest.approx(expected["coef"], rel=rtol)
        error = lives.coefficients()["standard_error"].iloc[0]
        assert error == pytest.approx(expected["se"], rel=rtol)
        assert lives.log_likelihood == pytest.approx(expected["loglik"][1], rel=rtol)

    def test_statsmodels_alone_has_another_risk_set(self):
        """It takes who enters at a time as at risk then: a documented disagreement."""
        hazard_regression = pytest.importorskip("statsmodels.duration.hazard_regression")
        everyone = data("channing")
        male = (everyone["sex"] == "Male").to_numpy(dtype=float)[:, None]
        alone = hazard_regression.PHReg(
            everyone["exit"].to_numpy(dtype=float),
            male,
            status=everyone["cens"].to_numpy(),
            entry=everyone["entry"].to_numpy(dtype=float),
            ties="breslow",
        ).fit()
        exit, entry = everyone["exit"].to_numpy(), everyone["entry"].to_numpy()
        ended = everyone["cens"].to_numpy() == 1

        def slope(beta, entered):
            total = 0.0
            for time in np.unique(exit[ended]):
                inside, ends = entered(entry, time) & (exit >= time), ended & (exit == time)
                weight = np.exp(beta * male[inside, 0])
                total += male[ends].sum() - ends.sum() * (male[inside, 0] @ weight) / weight.sum()
            return total

        assert abs(slope(alone.params[0], np.less_equal)) < 1e-6
        assert abs(slope(alone.params[0], np.less)) > 0.01


class TestLaws:
    frame = pd.DataFrame(
        {
            "found": [0, 0, 1, 0, 2, 0, 3, 0, 0, 1, 0, 2],
            "last": [2, 5, 4, 9, 7, 3, 8, 12, 6, 10, 1, 11],
            "ended": [1, 1, 0, 1, 1, 1, 1, 0, 1, 1, 1, 0],
            "size": [1.0, 2, 3, 1, 2, 3, 1, 2, 3, 1, 2, 2],
            "kind": list("aabbabababaa"),
        }
    )
    spells = MappingProxyType({"entry": "found", "exit": "last", "event": "ended"})

    @pytest.mark.parametrize("law", ["exponential", "weibull", "lognormal", "loglogistic"])
    def test_the_score_is_zero_at_the_estimate(self, law):
        """The chance of what was seen, written down anew, does not rise in any direction."""
        from scipy import stats

        lives = survival(self.frame, model=law, covariates=["size", "kind"], **self.spells)
        frame = self.frame
        design = np.column_stack([np.ones(12), frame["size"], frame["kind"] == "b"])

        def log_likelihood(theta):
            scale = np.exp(theta[3]) if theta.size > 3 else 1.0
            middle = np.exp(design @ theta[:3])
            law_of = {
                "exponential": lambda: stats.weibull_min(1, scale=middle),
                "weibull": lambda: stats.weibull_min(1 / scale, scale=middle),
                "lognormal": lambda: stats.lognorm(scale, scale=middle),
                "loglogistic": lambda: stats.fisk(1 / scale, scale=middle),
            }[law]()
            seen = np.where(
                frame["ended"] == 1, law_of.logpdf(frame["last"]), law_of.logsf(frame["last"])
            )
            return np.sum(seen - law_of.logsf(frame["found"]))

        best = lives.params.to_numpy()
        assert lives.log_likelihood == pytest.approx(log_likelihood(best), rel=1e-12)
        errors = np.sqrt(np.diag(lives.covariance))
        for i, error in enumerate(errors):
            step = np.zeros(best.size)
            step[i] = 1e-4 * error
            slope = (log_likelihood(best + step) - log_likelihood(best - step)) / 2e-4
            assert abs(slope) < 1e-7
        count = best.size
        assert lives.aic == pytest.approx(2 * count - 2 * lives.log_likelihood)
        assert lives.bic == pytest.approx(count * np.log(12) - 2 * lives.log_likelihood)

    def test_an_exponential_is_ends_over_time_watched(self):
        lives = survival(self.frame, model="exponential", **self.spells)
        watched = (self.frame["last"] - self.frame["found"]).sum()
        assert lives.mean().estimate == pytest.approx(watched / 9, rel=1e-12)
        assert lives.mean().standard_error == pytest.approx(watched / 9 / 3, rel=1e-12)
        assert lives.quantile(0.5).estimate == pytest.approx(watched / 9 * np.log(2), rel=1e-12)

    def test_a_piecewise_hazard_is_ends_over_time_watched_in_each_piece(self):
        lives = survival(self.frame, model="piecewise", breaks=[4, 8], **self.spells)
        edges = [(0, 4), (4, 8), (8, np.inf)]
        for (start, end), found in zip(edges, np.exp(lives.params), strict=True):
            last, first = self.frame["last"].clip(start, end), self.frame["found"].clip(start, end)
            inside = (self.frame["last"] > start) & (self.frame["last"] <= end)
            ends = (inside & (self.frame["ended"] == 1)).sum()
            assert found == pytest.approx(ends / (last - first).sum(), rel=1e-10)

    @pytest.mark.parametrize(
        ("law", "covariates"), [("weibull", None), ("lognormal", "x"), ("piecewise", "x")]
    )
    def test_the_score_is_zero_with_intervals_too(self, law, covariates):
        rng = np.random.default_rng(3)
        size = 60
        entry = np.where(rng.random(size) < 0.5, rng.uniform(0, 1, size), 0)
        lower = entry + rng.uniform(0, 2, size)
        upper = lower + rng.uniform(0.1, 2, size)
        upper[:15] = np.inf
        upper[15:30] = lower[15:30]
        lower[30:40] = entry[30:40] = 0
        x = rng.normal(size=size)
        frame = pd.DataFrame({"entry": entry, "lower": lower, "upper": upper, "x": x})
        options = {"breaks": [0.5, 1.5]} if law == "piecewise" else {}
        lives = survival(
            frame,
            model=law,
            entry="entry",
            lower="lower",
            upper="upper",
            covariates=covariates,
            **options,
        )

        def log_survival(theta, times):
            if law == "piecewise":
                spent = np.clip(times[:, None] - [0, 0.5, 1.5], 0, [0.5, 1, np.inf])
                return -(spent @ np.exp(theta[:3])) * np.exp(theta[3] * x)
            middle = theta[0] + (theta[1] * x if covariates else 0)
            with np.errstate(divide="ignore"):
                z = (np.log(times) - middle) / np.exp(theta[-1])
            return -np.exp(z) if law == "weibull" else log_ndtr(-z)

        exact, unended = lower == upper, np.isinf(upper)

        def log_likelihood(theta):
            last = np.where(unended, 1.0, upper)
            step = 1e-6 * last
            density = log_survival(theta, last - step) - log_survival(theta, last + step)
            density = log_survival(theta, last) + np.log(density / (2 * step))
            least, most = np.exp(log_survival(theta, lower)), np.exp(log_survival(theta, last))
            between = np.log(np.where(exact | unended, 1, least - most))
            seen = np.where(exact, density, np.where(unended, np.log(least), between))
            return np.sum(seen - log_survival(theta, entry))

        best = lives.params.to_numpy()
        assert lives.log_likelihood == pytest.approx(log_likelihood(best), rel=1e-8)
        for i, error in enumerate(np.sqrt(np.diag(lives.covariance))):
            step = np.zeros(best.size)
            step[i] = 1e-3 * error
            slope = (log_likelihood(best + step) - log_likelihood(best - step)) / 2e-3
            assert abs(slope) < 1e-5

    @pytest.mark.parametrize(
        "law", ["exponential", "weibull", "lognormal", "loglogistic", "piecewise", "cox"]
    )
    def test_a_scale_of_time_cancels(self, law):
        options = {"breaks": [4, 8]} if law == "piecewise" else {}
        hours = {"breaks": [96, 192]} if law == "piecewise" else {}
        one = survival(self.frame, model=law, covariates="size", **options, **self.spells)
        scaled = self.frame.assign(found=self.frame["found"] * 24, last=self.frame["last"] * 24)
        other = survival(scaled, model=law, covariates="size", **hours, **self.spells)
        assert other.params["size"] == pytest.approx(one.params["size"], rel=1e-9)
        for there, here in zip(
            (other.at(120), other.quantile(0.3)), (one.at(5), one.quantile(0.3)), strict=True
        ):
            factor = 24 if there.unit else 1
            assert there.estimate == pytest.approx(factor * here.estimate, rel=1e-9)
            assert there.low == pytest.approx(factor * here.low, rel=1e-9)
            assert there.high == pytest.approx(factor * here.high, rel=1e-9)

    @pytest.mark.parametrize("law", ["exponential", "weibull", "lognormal", "loglogistic"])
    def test_quantiles_and_the_curve_are_inverse(self, law):
        lives = survival(self.frame, model=law, **self.spells)
        shares = [0.01, 0.2, 0.5, 0.9, 0.999]
        times = lives.quantile(shares)
        found = lives.at(times.estimate.to_numpy())
        np.testing.assert_allclose(found.estimate, 1 - np.array(shares), rtol=1e-10)
        # Limits of a time are where the limits of the curve pass the share.
        assert (times.low < times.estimate).all()
        assert (times.high > times.estimate).all()

    @pytest.mark.parametrize(
        "law", ["exponential", "weibull", "lognormal", "loglogistic", "piecewise"]
    )
    def test_means_are_areas_and_their_errors_follow_the_parameters(self, law):
        options = {"breaks": [4, 8]} if law == "piecewise" else {}
        lives = survival(
            self.frame, model=law, covariates="size", where={"size": 2}, **options, **self.spells
        )
        area, _ = quad(lambda t: lives.at(t).estimate, 0, 10, points=[4, 8], epsabs=1e-12)
        assert lives.mean(10).estimate == pytest.approx(area, rel=1e-9)
        assert lives.mean(1e7).estimate == pytest.approx(lives.mean().estimate, rel=1e-3)
        (curve,) = lives._curves.values()
        for limit in (None, 10):
            slopes = []
            for i in range(curve.theta.size):
                step = np.zeros(curve.theta.size)
                step[i] = 1e-5
                up, down = (
                    dataclasses.replace(curve, theta=curve.theta + s * step).mean(limit).estimate
                    for s in (1, -1)
                )
                slopes.append((up - down) / 2e-5)
            error = np.sqrt(np.array(slopes) @ curve.covariance @ np.array(slopes))
            assert lives.mean(limit).standard_error == pytest.approx(error, rel=1e-6)

    def test_a_curve_is_one_at_zero_and_falls(self):
        for law in ("weibull", "piecewise"):
            options = {"breaks": [4, 8]} if law == "piecewise" else {}
            lives = survival(self.frame, model=law, **options, **self.spells)
            first = lives.at(0)
            assert (first.estimate, first.low, first.high) == (1, 1, 1)
            assert first.standard_error == 0
            assert (lives.estimate.diff().dropna() < 0).all()
            assert ((lives.low <= lives.estimate) & (lives.estimate <= lives.high)).all()

    def test_where_the_curve_is_drawn(self):
        law = {"model": "weibull", "covariates": ["size", "kind"], **self.spells}
        lives = survival(self.frame, **law)
        (note,) = lives.notes
        assert note.text == "The curve is that of a life with size = 1.917, kind = a."
        one = survival(self.frame, **law, where={"size": 3, "kind": "b"})
        middle = one.params @ [1, 3, 1, 0]
        scale = np.exp(one.params["log(scale)"])
        assert one.at(4).estimate == pytest.approx(
            np.exp(-np.exp((np.log(4) - middle) / scale)), rel=1e-12
        )
        with pytest.raises(
            InputError, match=r"`where` must be one of 'a', 'b' for 'kind', got 'c'"
        ):
            survival(self.frame, **law, where={"kind": "c"})
        with pytest.raises(InputError, match="`where` must be a mapping of names of covariates"):
            survival(self.frame, **law, where={"colour": 1})
        with pytest.raises(InputError, match="`where` must be left out without `covariates`"):
            survival(self.frame, model="weibull", where={"size": 1}, **self.spells)
        with pytest.raises(InputTypeError, match="must be a single number"):
            survival(self.frame, **law, where={"size": "large"})

    def test_flags_and_categories_are_levels(self):
        frame = self.frame.assign(big=self.frame["size"] > 1)
        as_flags = survival(frame, model="weibull", covariates="big", **self.spells)
        assert list(as_flags.params.index) == ["intercept", "big[True]", "log(scale)"]
        kinds = self.frame.assign(kind=self.frame["kind"].astype("category"))
        as_categories = survival(kinds, model="weibull", covariates="kind", **self.spells)
        assert "kind[b]" in as_categories.params.index

    def test_groups_have_parameters_each(self):
        lives = survival(self.frame, model="weibull", by="kind", **self.spells)
        alone = survival(self.frame[self.frame["kind"] == "b"], model="weibull", **self.spells)
        np.testing.assert_allclose(lives.params["b"], alone.params, rtol=1e-12)
        table = lives.coefficients()
        assert list(table["kind"]) == ["a", "a", "b", "b"]
        np.testing.assert_allclose(
            table["standard_error"].iloc[2:], alone.coefficients()["standard_error"], rtol=1e-12
        )
        assert list(table["n"]) == [7, 7, 5, 5]
        json.dumps(lives.to_dict(), allow_nan=False)
        assert pickle.loads(pickle.dumps(lives)).identical(lives)


class TestNoMaximum:
    def options(self, law):
        return {"breaks": [4, 8]} if law == "piecewise" else {}

    @pytest.mark.parametrize(
        "law", ["exponential", "weibull", "lognormal", "loglogistic", "piecewise", "cox"]
    )
    def test_no_spell_ended(self, law):
        frame = TestLaws.frame.assign(ended=0)
        extra = {"covariates": "size"} if law == "cox" else {}
        with pytest.warns(DegenerateDataWarning, match="No spell ended"):
            lives = survival(frame, model=law, **extra, **self.options(law), **TestLaws.spells)
        assert lives.verdict.code == "not-identified"
        assert lives.estimate.isna().all()
        assert lives.params.isna().all()
        found = [lives.at(3), lives.quantile(0.5), lives.mean(), lives.mean(5)]
        assert [x.estimable for x in found] == [False] * 4
        assert all(math.isnan(x.estimate) for x in found)
        assert not lives.estimable

    @pytest.mark.parametrize(
        "law", ["exponential", "weibull", "lognormal", "loglogistic", "piecewise", "cox"]
    )
    def test_a_covariate_that_separates(self, law):
        frame = TestLaws.frame.assign(kind=np.where(TestLaws.frame["ended"] == 1, "a", "b"))
        with pytest.warns(DegenerateDataWarning, match="grows without end"):
            lives = survival(
                frame, model=law, covariates="kind", **self.options(law), **TestLaws.spells
            )
        assert not lives.verdict.estimable
        assert math.isnan(lives.log_likelihood)
        if law != "cox":
            assert "kind[b]" in lives.verdict.reasons[0]

    @pytest.mark.parametrize("law", ["weibull", "lognormal", "loglogistic"])
    def test_all_ends_at_one_time(self, law):
        frame = pd.DataFrame({"days": [5.0, 5, 5, 3], "ended": [True, True, True, False]})
        with pytest.warns(DegenerateDataWarning, match="no maximum"):
            lives = survival(frame, model=law, duration="days", event="ended")
        assert not lives.verdict.estimable

    def test_all_had_ended_when_first_looked_at(self):
        frame = pd.DataFrame({"from": [0, 0, 0], "to": [3, 4, 9]})
        with pytest.warns(DegenerateDataWarning, match="No spell is known to have lasted"):
            survival(frame, model="weibull", lower="from", upper="to")

    def test_an_infinite_mean(self):
        days = [0.01, 0.3, 1, 9, 200, 8000]
        lives = survival(pd.DataFrame({"days": days}), model="loglogistic", duration="days")
        assert np.exp(lives.params["log(scale)"]) > 1
        mean = lives.mean()
        assert not mean.estimable
        assert "no finite mean" in mean.verdict.reasons[0]
        assert lives.mean(100).estimable

    def test_a_piece_without_an_end(self):
        spells = {"entry": "found", "exit": "last", "event": "ended"}
        lives = survival(TestLaws.frame, model="piecewise", breaks=[1.5, 1.9, 11.2], **spells)
        assert lives.params.iloc[1] == -np.inf
        assert lives.params.iloc[3] == -np.inf
        assert "hazard-zero" in codes(lives)
        assert lives.at(1.5).estimate == lives.at(1.9).estimate
        assert not lives.quantile(0.999).estimable
        assert lives.quantile(0.999).low == 11.2
        assert "Some lives never end" in lives.mean().verdict.reasons[0]
        assert lives.mean(12).estimable
        count = 4
        assert lives.aic == pytest.approx(2 * count - 2 * lives.log_likelihood)


class TestModelErrors:
    @pytest.mark.parametrize(
        ("options", "message"),
        [
            ({"model": "weibull", "start": 3}, "`start` must be left out with model='weibull'"),
            ({"covariates": "found"}, "`covariates` must be left out with model='kaplan-meier'"),
            ({"model": "cox"}, "`covariates` must be given with model='cox'"),
            ({"model": "piecewise"}, "`breaks` must be given with model='piecewise'"),
            ({"model": "weibull", "breaks": [3]}, "`breaks` must be left out with model='weibull'"),
            ({"model": "piecewise", "breaks": [3, 2]}, "`breaks` must be rising times"),
            ({"model": "piecewise", "breaks": [0]}, "`breaks` must be finite and above 0"),
            ({"model": "piecewise", "breaks": []}, "`breaks` must be non-empty"),
            ({"model": "piecewise", "breaks": "x"}, "`breaks` must be numeric"),
            (
                {"model": "piecewise", "breaks": [50]},
                "`breaks` must be times between which lives were watched, got nothing .* in 50",
            ),
            ({"model": "weibull", "interval": "log"}, "`interval` must be one of 'wald'"),
            ({"model": "weibull", "covariates": "none"}, "`covariates` must be a column"),
            (
                {"model": "weibull", "covariates": ["days", "twice"]},
                "`covariates` must be columns that differ",
            ),
            (
                {"model": "weibull", "covariates": "days", "by": "days"},
                "`covariates` must be columns that vary, got a constant 'days' in group 5",
            ),
            ({"model": "turnbull", "replicates": 0}, "`replicates` must be a whole number"),
            ({"model": "turnbull", "rng": "x"}, "`rng` must be a numpy Generator"),
        ],
    )
    def test_by_their_message(self, options, message):
        frame = LINES.assign(twice=2 * LINES["days"])
        with pytest.raises(InputError, match=message):
            survival(frame, duration="days", event="ended", **options)

    def test_missing_covariates(self):
        frame = LINES.assign(x=[1, 2, np.nan, 4, 5, np.nan])
        with pytest.raises(InputError, match="got 2 missing in 'x', first at row 2"):
            survival(frame, duration="days", model="weibull", covariates="x")
        frame = LINES.assign(x=[1, 2, np.inf, 4, 5, 6])
        with pytest.raises(InputError, match="`x` must be finite, got inf"):
            survival(frame, duration="days", model="weibull", covariates="x")

    def test_a_life_of_no_length(self):
        frame = pd.DataFrame({"days": [0, 3, 4]})
        with pytest.raises(InputError, match=r"`duration` must be above 0 with model='weibull'"):
            survival(frame, duration="days", model="weibull")
        assert survival(frame, duration="days", model="piecewise", breaks=[3.5]).estimable

    @pytest.mark.parametrize(
        ("lower", "upper", "entry", "message"),
        [
            ([3, 5], [2, 6], [0, 0], "`lower` must be at most `upper`, got 3 at row 0"),
            ([3, 5], [4, 6], [0, 5.5], "`lower` must be at least `entry`, got 5 at row 1"),
            ([3, 5], [3, 6], [3, 0], "`lower` must be above `entry` where the end is exact"),
            ([3, np.nan], [4, 6], [0, 0], "`lower` must be without missing values"),
            ([3, 5], [4, -1], [0, 0], "`upper` must be at least 0, got -1"),
        ],
    )
    def test_bad_intervals(self, lower, upper, entry, message):
        frame = pd.DataFrame({"a": lower, "b": upper, "e": entry})
        with pytest.raises(InputError, match=message):
            survival(frame, model="turnbull", lower="a", upper="b", entry="e")

    def test_intervals_and_other_models(self):
        frame = pd.DataFrame({"a": [3, 5], "b": [4, 6], "x": [1, 2]})
        for options in ({}, {"model": "cox", "covariates": "x"}):
            with pytest.raises(InputError, match="`upper` must be equal to `lower`, or missing"):
                survival(frame, lower="a", upper="b", **options)
        with pytest.raises(InputError, match="`event` must be left out with `lower` and `upper`"):
            survival(frame, lower="a", upper="b", event="x")
        with pytest.raises(InputError, match="got one of `lower` and `upper` alone"):
            survival(frame, lower="a")


class TestTurnbull:
    frame = pd.DataFrame({"a": [0, 2, 3, 4, 5, 8], "b": [4, 6, 3, 6, 9, 12]})

    def lives(self, **options):
        options = {"interval": "none", **options}
        return survival(self.frame, model="turnbull", lower="a", upper="b", **options)

    def test_within_an_interval_only_a_range_is_known(self):
        lives = self.lives()
        assert lives.intervals[["left", "right"]].to_numpy().tolist() == [[3, 3], [5, 6], [8, 9]]
        found = lives.at([2, 3, 5, 5.5, 6, 8.5, 9])
        assert list(found.estimable) == [True, True, True, False, True, False, True]
        assert found.region_high[5.5] == found.estimate[5]
        assert found.region_low[5.5] == found.estimate[6]
        middle = lives.quantile(0.5)
        assert math.isnan(middle.estimate)
        assert (middle.region_low, middle.region_high) == (5, 6)
        assert "between 5 and 6" in middle.verdict.reasons[0]
        assert lives.quantile(0.1).estimate == 3

    def test_the_mean_is_a_range(self):
        lives = self.lives()
        mean = lives.mean()
        mass = lives.intervals["mass"]
        assert mean.region_low == pytest.approx(mass @ lives.intervals["left"])
        assert mean.region_high == pytest.approx(mass @ lives.intervals["right"])
        assert not mean.estimable

    def test_exact_ends_give_kaplan_and_meier(self):
        frame = LINES.assign(upper=np.where(LINES["ended"], LINES["days"], np.nan))
        lives = survival(frame, model="turnbull", lower="days", upper="upper", interval="none")
        other = survival(frame, duration="days", event="ended")
        times = [5, 8, 10, 12, 20]
        np.testing.assert_allclose(lives.at(times).estimate, other.at(times).estimate, rtol=1e-12)

    def test_exact_ends_with_delayed_entry_give_the_product_limit(self):
        women = channing("Female").assign(
            upper=lambda x: np.where(x["cens"] == 1, x["exit"], np.inf)
        )
        lives = survival(
            women, model="turnbull", entry="entry", lower="exit", upper="upper", interval="none"
        )
        other = survival(women, entry="entry", exit="exit", event="cens")
        times = np.arange(760, 1200, 10)
        np.testing.assert_allclose(lives.at(times).estimate, other.at(times).estimate, rtol=1e-9)
        assert "conditional" in codes(lives)

    def test_limits_hold_the_curve_and_depend_on_the_seed_alone(self):
        options = {"interval": None, "replicates": 60}
        one, other = self.lives(rng=1, **options), self.lives(rng=1, **options)
        assert one.identical(other)
        assert not one.identical(self.lives(rng=2, **options))
        assert ((one.low <= one.estimate) & (one.estimate <= one.high)).all()
        assert "rough-limits" in codes(one)
        assert one.mean().low <= one.mean().region_low
        assert one.mean().high >= one.mean().region_high
        assert one.quantile(0.5).low <= 5
        assert one.quantile(0.5).high >= 6
        without = self.lives()
        assert np.isnan(without.low).all()
        assert "no-limits" in codes(without)

    def test_a_risk_set_that_may_have_emptied(self):
        frame = pd.DataFrame({"e": [0, 0, 2, 2.5], "a": [1, 1, 4, 6], "b": [3, 3, 5, 7]})
        with pytest.warns(DegenerateDataWarning, match="may have ended by"):
            lives = survival(
                frame, model="turnbull", entry="e", lower="a", upper="b", interval="none"
            )
        assert lives.at(7).estimate == 0
        assert lives.verdict.code == "boundary-finite"
        mean = lives.mean()
        assert (mean.region_low, mean.region_high) == (1, math.inf)
        assert "All at risk at 2 may have ended there" in mean.verdict.reasons[0]
        assert lives.mean(2).region_high == 2

    def test_a_time_without_observation(self):
        frame = pd.DataFrame({"e": [0, 5], "a": [1, 6], "b": [3, 7]})
        with pytest.raises(InputError, match="got nothing between 3 and 5"):
            survival(frame, model="turnbull", entry="e", lower="a", upper="b")

    def test_a_curve_that_is_not_the_only_one(self):
        frame = pd.DataFrame({"a": [0, 2, 0, 2], "b": [1, 3, 3, 3.5]})
        lives = self.lives()
        assert "not-unique" not in codes(lives)
        square = pd.DataFrame({"a": [0, 2, 0, 4, 0, 6], "b": [3, 5, 1, 7, 7, 7]})
        for table in (frame, square):
            found = survival(table, model="turnbull", lower="a", upper="b", interval="none")
            assert found.intervals["mass"].sum() == pytest.approx(1)

    def test_before_the_first_end_the_lower_limit_is_that_of_no_end(self):
        options = {"model": "turnbull", "lower": "a", "upper": "b", "rng": 1, "replicates": 50}
        frame = pd.DataFrame({"a": [5, 3, 2], "b": np.inf})
        with pytest.warns(DegenerateDataWarning, match="No spell ended: the curve stays at 1"):
            lives = survival(frame, **options)
        assert lives.at(5).low == pytest.approx(0.025)
        assert lives.at(5).high == 1
        frame = pd.DataFrame({"a": [3, 5, 8, 9, 9, 9], "b": [4, np.inf, 9, *[np.inf] * 3]})
        lives = survival(frame, **options)
        assert lives.low[3] == pytest.approx(max(0.025 ** (1 / 6), lives.low[4]))
        late = survival(frame.assign(e=[0, 0, 4, 4, 4, 4]), entry="e", **options)
        assert late.low[3] == pytest.approx(max(0.025 ** (1 / 2), late.low[4]))
        alone = survival(pd.DataFrame({"a": [5], "b": [7]}), **options)
        assert (alone.low[5], alone.high[5]) == (pytest.approx(0.025), 1)


class TestCox:
    def test_a_curve_for_one_life(self):
        lives = survival(
            TestLaws.frame,
            model="cox",
            covariates=["size", "kind"],
            where={"size": 1, "kind": "b"},
            **TestLaws.spells,
        )
        frame, beta = TestLaws.frame, lives.params.to_numpy()
        x = np.column_stack([frame["size"] - 1, (frame["kind"] == "b") - 1.0])
        weight, hazard = np.exp(x @ beta), 0.0
        for time in np.unique(frame["last"][frame["ended"] == 1]):
            inside = (frame["found"] < time) & (frame["last"] >= time)
            ends = ((frame["last"] == time) & (frame["ended"] == 1)).sum()
            hazard += ends / weight[inside].sum()
            assert lives.at(time).estimate == pytest.approx(np.exp(-hazard), rel=1e-12)
        assert ((lives.low < lives.estimate) & (lives.estimate < lives.high)).all()
        assert math.isnan(lives.mean(10).standard_error)
        assert "mean-without-limits" in codes(lives)
        assert lives.mean(10).estimable
        assert not lives.mean().estimable
        assert "Cox D. R." in lives.cite()

    def test_without_an_effect_the_error_is_that_of_nelson_and_aalen(self):
        frame = pd.concat([TestLaws.frame.assign(x=0.0), TestLaws.frame.assign(x=1.0)])
        lives = survival(frame, model="cox", covariates="x", **TestLaws.spells)
        assert lives.params["x"] == pytest.approx(0, abs=1e-12)
        plain = survival(frame, **TestLaws.spells)
        hazard = (plain.events / plain.at_risk).cumsum()
        variance = (plain.events / plain.at_risk**2).cumsum()
        found = lives.at(6)
        assert found.estimate == pytest.approx(np.exp(-hazard[6]), rel=1e-12)
        assert found.standard_error == pytest.approx(
            found.estimate * np.sqrt(variance[6]), rel=1e-9
        )

    def test_the_error_of_the_curve_is_that_of_the_sum_as_written(self):
        frame = TestLaws.frame
        lives = survival(
            frame, model="cox", covariates="size", where={"size": 3}, **TestLaws.spells
        )
        beta, variance = lives.params["size"], lives.covariance.to_numpy()[0, 0]
        weight = np.exp(beta * (frame["size"] - 3))
        hazard = own = drift = 0.0
        for time in np.unique(frame["last"][frame["ended"] == 1]):
            inside = (frame["found"] < time) & (frame["last"] >= time)
            ends = ((frame["last"] == time) & (frame["ended"] == 1)).sum()
            total = weight[inside].sum()
            hazard += ends / total
            own += ends / total**2
            drift += ends / total * ((frame["size"] - 3)[inside] @ weight[inside] / total)
            error = np.exp(-hazard) * np.sqrt(own + drift**2 * variance)
            assert lives.at(time).standard_error == pytest.approx(error, rel=1e-9)
        spread = 1.959963984540054 * error / np.exp(-hazard) / hazard
        assert lives.low.iloc[-1] == pytest.approx(np.exp(-hazard * np.exp(spread)), rel=1e-9)
