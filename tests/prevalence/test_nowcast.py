"""Nowcasts: Mack's published example, delays run backward, zero cells, revisions downward."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import gammaln

import countylines as cl
from countylines._kernels import chain_ladder, reverse_hazard
from countylines.errors import (
    ApproximationWarning,
    DegenerateDataWarning,
    InputError,
    InputTypeError,
    SparseDataWarning,
)
from countylines.prevalence import nowcast

(CASE,) = json.loads(
    (Path(__file__).parents[1] / "reference" / "nowcast.json").read_text(encoding="utf-8")
)["cases"]
NAN = np.nan
OPTIONS = {"occurred": "seen", "reported": "entered", "observed_until": "2024-03-31"}
SMALL = [[24, 43, 58], [21, 40, 57], [26, 46, NAN], [22, NAN, NAN]]
quiet = pytest.mark.filterwarnings("ignore::countylines.errors.CountyLinesWarning")


@st.composite
def triangles(draw, least=0):
    months, delays = draw(st.integers(3, 8)), draw(st.integers(2, 4))
    delays = min(delays, months)
    increments = np.array(
        draw(
            st.lists(
                st.lists(st.integers(least, 40), min_size=delays, max_size=delays),
                min_size=months,
                max_size=months,
            )
        ),
        dtype=float,
    )
    counts = increments.cumsum(axis=1)
    ahead = np.arange(delays)[None, :] > (months - 1 - np.arange(months))[:, None]
    return np.where(ahead, NAN, counts)


@pytest.mark.reference
def test_reference_of_mack():
    expected, rtol = CASE["expected"], CASE["tolerance"]["rtol"]
    found = nowcast(np.array(CASE["inputs"]["triangle"], dtype=float), method="chain-ladder")
    np.testing.assert_allclose(found.attrs["factors"], expected["f"], rtol=rtol)
    np.testing.assert_allclose(found["estimate"], expected["ultimate"], rtol=rtol)
    np.testing.assert_allclose(found["standard_error"], expected["mack_se"], rtol=rtol)
    np.testing.assert_allclose(
        found["estimate"] - found["reported"], expected["reserve"], rtol=rtol
    )
    total = found.attrs["total"]
    assert total["estimate"] - found["reported"].sum() == pytest.approx(
        expected["total_reserve"], rel=rtol
    )
    assert total["standard_error"] == pytest.approx(expected["total_se"], rel=rtol)
    fit = chain_ladder.mack(np.array(CASE["inputs"]["triangle"], dtype=float))
    np.testing.assert_allclose(fit.sigma2, expected["sigma2"], rtol=rtol)


def test_the_dispersion_of_the_published_example():
    """52,601, as printed by England and Verrall (1999) for the same triangle."""
    triangle = np.array(CASE["inputs"]["triangle"], dtype=float)
    fitted, _ = chain_ladder.fitted_increments(triangle)
    phi, spare = chain_ladder.dispersion(np.diff(triangle, axis=1, prepend=0.0), fitted)
    assert (round(phi), spare) == (52601, 36)


@quiet
@given(triangles(least=1))
def test_delays_run_backward_are_the_chain_ladder(triangle):
    ladder = nowcast(triangle, method="chain-ladder")
    hazard = nowcast(triangle, method="reverse-hazard")
    np.testing.assert_allclose(hazard["estimate"], ladder["estimate"], rtol=1e-9)
    np.testing.assert_allclose(hazard["completeness"], hazard["reported"] / hazard["estimate"])
    drawn = nowcast(triangle, method="bootstrap", replicates=100, rng=1)
    np.testing.assert_allclose(drawn["estimate"], ladder["estimate"], rtol=1e-9)


@quiet
@given(triangles())
def test_the_fitted_triangle_has_the_margins_of_the_counts(triangle):
    """The chain ladder is the Poisson likelihood: fitted row and column sums are the known ones."""
    fitted, _ = chain_ladder.fitted_increments(triangle)
    known = ~np.isnan(triangle)
    increments = np.diff(triangle, axis=1, prepend=0.0)
    if not chain_ladder.unknown(triangle).any() and np.isfinite(fitted).all():
        for axis in (0, 1):
            np.testing.assert_allclose(
                np.where(known, fitted, 0).sum(axis=axis),
                np.where(known, increments, 0).sum(axis=axis),
                atol=1e-8,
            )


@quiet
@given(triangles(), st.sampled_from(["chain-ladder", "bootstrap", "reverse-hazard"]))
def test_what_must_hold_of_every_table(triangle, method):
    found = nowcast(triangle, method=method, replicates=100, rng=1)
    known = found["verdict"] == "ok"
    assert found.loc[known, ["estimate", "low", "high"]].notna().all(axis=None)
    assert (found.loc[known, "estimate"] >= found.loc[known, "reported"] - 1e-9).all()
    assert (found.loc[known, "low"] >= found.loc[known, "reported"] - 1e-9).all()
    assert (found.loc[known, "low"] <= found.loc[known, "high"]).all()
    complete = ~np.isnan(triangle[:, -1])
    done = found[complete]
    np.testing.assert_array_equal(done["estimate"], triangle[complete, -1])
    np.testing.assert_array_equal(done["low"], done["high"])
    assert found.loc[~known, "estimate"].isna().all()
    assert (found["interval_kind"] == "prediction").all()


@quiet
@given(triangles(least=1), st.integers(2, 50))
def test_counts_in_another_unit(triangle, factor):
    """Mack's errors scale; counts as counts do not."""
    one = nowcast(triangle, method="chain-ladder")
    other = nowcast(triangle * factor, method="chain-ladder")
    for column in ("estimate", "standard_error", "low", "high"):
        np.testing.assert_allclose(other[column], factor * one[column], rtol=1e-7)


class TestZeros:
    TABLE = np.array([[4.0, 9, 11], [3, 8, 10], [5, 9, NAN], [0, NAN, NAN]])

    def test_an_empty_month_has_an_upper_limit(self):
        found = nowcast(self.TABLE)
        last = found.iloc[-1]
        assert (last["estimate"], last["low"]) == (0, 0)
        assert last["high"] > 0
        assert last["verdict"] == "ok"

    @pytest.mark.parametrize("method", ["chain-ladder", "bootstrap"])
    @pytest.mark.filterwarnings("ignore::countylines.errors.SparseDataWarning")
    def test_the_others_say_that_they_have_none(self, method):
        with pytest.warns(DegenerateDataWarning, match="1 of 4 origins have nothing yet"):
            found = nowcast(self.TABLE, method=method, rng=1)
        assert found["high"].iloc[-1] == 0
        assert any("reverse-hazard" in note for note in found.attrs["notes"])

    @pytest.mark.filterwarnings("ignore::countylines.errors.SparseDataWarning")
    @pytest.mark.parametrize("method", ["chain-ladder", "bootstrap", "reverse-hazard"])
    def test_nothing_ever_came_by_the_first_delay(self, method):
        table = [[0, 9, 11], [0, 8, 10], [0, 9, NAN], [0, NAN, NAN]]
        with pytest.warns(DegenerateDataWarning, match="nothing can be said of them"):
            found = nowcast(table, method=method, rng=1)
        assert found["verdict"].tolist() == ["ok", "ok", "ok", "not-identified"]
        assert math.isnan(found["estimate"].iloc[-1])
        assert math.isnan(found.attrs["total"]["estimate"])
        assert found["estimate"].iloc[-2] == pytest.approx(9 * 21 / 17)

    @pytest.mark.parametrize("method", ["chain-ladder", "bootstrap", "reverse-hazard"])
    def test_zero_everywhere_says_nothing(self, method):
        table = [[0, 0, 0], [0, 0, NAN], [0, NAN, NAN]]
        with pytest.warns(DegenerateDataWarning, match="2 of 3 origins.*nothing can be said"):
            found = nowcast(table, method=method, rng=1)
        assert found["verdict"].tolist() == ["ok", "not-identified", "not-identified"]
        assert found[["completeness", "estimate", "high"]].iloc[1:].isna().all(axis=None)

    def test_the_sum_is_no_surer_than_an_empty_origin(self):
        found = nowcast(self.TABLE)
        without = nowcast(self.TABLE[:3])
        total = found.attrs["total"]
        assert total["estimate"] == pytest.approx(without.attrs["total"]["estimate"])
        assert total["high"] > found["high"].iloc[-1]
        reach = without.attrs["total"]["high"] - total["estimate"]
        expected = total["estimate"] + math.hypot(reach, found["high"].iloc[-1])
        assert total["high"] == pytest.approx(expected, rel=1e-12)

    def test_what_never_came_later_is_said(self):
        found = nowcast([[2, 2, 2], [3, 3, NAN], [1, NAN, NAN]])
        assert found["high"].tolist() == [2, 3, 1]
        assert any("later than the delay that 2 of 3 origins" in n for n in found.attrs["notes"])

    @pytest.mark.filterwarnings("ignore::countylines.errors.SparseDataWarning")
    def test_one_origin_shows_no_variance(self):
        with pytest.warns(DegenerateDataWarning, match="1 of 2 origins shows no variance"):
            found = nowcast([[50, 100], [60, NAN]], method="chain-ladder")
        assert found["low"].iloc[1] == found["high"].iloc[1] == 120
        assert any("have no width" in note for note in found.attrs["notes"])

    def test_a_delay_without_reports_has_a_factor_of_one(self):
        table = [[5, 9, 9], [4, 8, 8], [5, 9, NAN], [6, NAN, NAN]]
        found = nowcast(table)
        assert found.attrs["factors"][1] == 1
        assert found["estimate"].iloc[2] == 9


def test_what_is_outstanding_is_negative_binomial_with_a_known_completeness():
    """Put back into its definition: the chance reaches the tail at the limit, and not before."""
    count, q = np.array([0.0, 3.0, 40.0]), np.array([0.3, 0.5, 0.8])
    low, high = reverse_hazard.predicted(count, q, np.zeros(3), (0.025, 0.975))
    y = np.arange(400.0)[:, None]
    shape = count + 0.5
    log = (
        gammaln(shape + y) - gammaln(y + 1) - gammaln(shape) + shape * np.log(q) + y * np.log1p(-q)
    )
    chance = np.exp(log).cumsum(axis=0)
    for limit, tail in ((low, 0.025), (high, 0.975)):
        at = limit.astype(int)
        assert (chance[at, range(3)] >= tail).all()
        before = np.where(at > 0, chance[np.maximum(at - 1, 0), range(3)], 0)
        assert (before < tail).all()


@quiet
def test_the_bootstrap_repeats_and_has_the_spread_of_its_model():
    first = nowcast(SMALL, method="bootstrap", rng=1)
    pd.testing.assert_frame_equal(nowcast(SMALL, method="bootstrap", rng=1), first)
    hazard = nowcast(SMALL, method="reverse-hazard")
    np.testing.assert_allclose(first["standard_error"], hazard["standard_error"], rtol=0.08)


def test_delays_that_differ_from_month_to_month_are_noticed():
    table = [[60, 61, 64], [5, 40, 66], [50, 60, 62], [2, 55, NAN], [40, NAN, NAN]]
    with pytest.warns(ApproximationWarning, match="times as much as Poisson counts"):
        found = nowcast(table)
    wide = nowcast(table, method="bootstrap", rng=1)
    assert wide["high"].iloc[-1] > found["high"].iloc[-1]


def test_few_outstanding_are_no_case_for_the_log_normal():
    with pytest.warns(SparseDataWarning, match="Fewer than 5 are outstanding"):
        nowcast([[9, 10], [8, 10], [9, NAN]], method="chain-ladder")


class TestRevisions:
    """Referrals to the NRM, by quarter and publication: what was published first goes down."""

    def table(self):
        vintages = cl.datasets.load_nrm_referral_vintages()
        quarters = vintages[vintages["reference_period"].str.contains("Q")]
        order = quarters.groupby("reference_period").cumcount()
        return (
            quarters.assign(publication=order)
            .pivot_table(index="reference_period", columns="publication", values="all_referrals")
            .loc[:, :2]
        )

    def test_revision_factors_are_below_one(self):
        found = nowcast(self.table(), method="chain-ladder")
        assert all(0.99 < factor < 1 for factor in found.attrs["factors"])
        last = found.loc["2024Q3"]
        assert last["reported"] == 4758
        assert last["low"] < last["estimate"] < 4758
        assert last["completeness"] > 1
        assert any("revised downward" in note for note in found.attrs["notes"])

    @pytest.mark.parametrize("method", ["bootstrap", "reverse-hazard"])
    def test_counts_of_what_is_outstanding_cannot_go_down(self, method):
        with pytest.raises(InputError, match="'chain-ladder' where counts are revised downward"):
            nowcast(self.table(), method=method)


class TestRecords:
    RECORDS = pd.DataFrame(
        {
            "seen": pd.to_datetime(["2024-01-03", "2024-01-20", "2024-02-02", "2024-03-05"] * 3),
            "entered": pd.to_datetime(
                ["2024-01-09", "2024-03-01", "2024-02-10", "2024-03-09"] * 2
                + ["2024-02-04", "2024-02-01", "2024-03-10", "2024-03-30"]
            ),
        }
    )

    def test_they_are_counted_into_a_triangle(self):
        found = nowcast(self.RECORDS, **OPTIONS)
        table = [[2, 4, 6], [2, 3, NAN], [3, NAN, NAN]]
        expected = nowcast(table)
        for column in ("reported", "estimate", "low", "high"):
            np.testing.assert_allclose(found[column], expected[column])
        assert [str(label) for label in found.index] == ["2024-01", "2024-02", "2024-03"]

    def test_delays_above_the_largest_are_named(self):
        found = nowcast(self.RECORDS, **OPTIONS, max_delay=1)
        assert any(note.startswith("2 records with a delay above") for note in found.attrs["notes"])
        assert found["reported"].tolist() == [4, 3, 3]

    def test_months_without_records_are_counted(self):
        records = self.RECORDS[self.RECORDS["seen"].dt.month != 2]
        found = nowcast(records, **OPTIONS)
        assert found["reported"].tolist() == [6, 0, 3]

    @pytest.mark.parametrize(
        ("change", "message"),
        [
            ({"observed_until": None}, "`observed_until` must be given with records"),
            ({"observed_until": "2024-03-30"}, "`observed_until` must be the last day of a month"),
            ({"observed_until": "2024-02-29"}, "got a date after `observed_until` at row"),
            ({"occurred": "entered", "reported": "seen"}, "got a date before `entered` at row"),
            ({"reported": None}, "`occurred` and `reported` must be given together"),
            ({"reported": "x"}, r"must be columns of the records \('seen', 'entered'\), got 'x'"),
            ({"period": "H"}, "`period` must be one of 'D', 'W', 'M', 'Q', 'Y'"),
            ({"max_delay": 3}, "`max_delay` must be at most 2"),
        ],
    )
    def test_records_that_cannot_be_used(self, change, message):
        with pytest.raises(InputError, match=message):
            nowcast(self.RECORDS, **{**OPTIONS, **change})

    def test_missing_dates_are_refused(self):
        records = self.RECORDS.assign(entered=self.RECORDS["entered"].where(lambda d: d.dt.day > 3))
        with pytest.raises(InputError, match="`entered` must be a date in every row, got NaT"):
            nowcast(records, **OPTIONS)
        with pytest.raises(InputError, match="must be a DataFrame of records"):
            nowcast([1, 2], **OPTIONS)


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ([[1, 2]], r"at least 2 origins and 2 delays, got shape \(1, 2\)"),
        ([1, 2], "at least 2 origins and 2 delays"),
        ([[1, 2], [-1, NAN]], "finite counts of at least 0, cumulative by delay, got -1"),
        ([[1, np.inf], [1, NAN]], "finite counts of at least 0"),
        ([[1, 2, 3], [1, NAN, 3]], "without gaps in each origin"),
        ([[1, 2], [NAN, NAN]], "known at the first delay in every origin"),
        ([[1, NAN], [2, NAN]], "known at the last delay for at least one origin"),
        ("triangle", "`triangle` must be a table of counts"),
        (pd.DataFrame({"a": ["x", "y"], "b": [1, 2]}), r"`triangle\[a\]` must be numeric"),
    ],
)
def test_triangles_that_cannot_be_used(table, message):
    with pytest.raises((InputError, InputTypeError), match=message):
        nowcast(table)


def test_options_of_records_do_not_go_with_a_triangle():
    table = [[1, 2], [1, NAN]]
    with pytest.raises(InputError, match=r"`max_delay` must be left out with a triangle.*got 1"):
        nowcast(table, max_delay=1)
    with pytest.raises(InputError, match="`observed_until` must be left out with a triangle"):
        nowcast(table, observed_until="2024-03-31")
    with pytest.raises(InputError, match=r"`period` must be one of"):
        nowcast(table, period="H")
    with pytest.raises(InputTypeError, match="`triangle` must be numeric, got bool"):
        nowcast(np.ones((2, 2), dtype=bool))


def test_options_that_cannot_be_used():
    with pytest.raises(InputError, match="`method` must be one of 'chain-ladder'"):
        nowcast(SMALL, method="mack")
    with pytest.raises(InputError, match="`replicates` must be a whole number of at least 100"):
        nowcast(SMALL, method="bootstrap", replicates=9)


@quiet
def test_the_error_of_the_sum_is_the_spread_of_its_misses():
    """Completenesses share what is uncertain; months do not miss independently."""
    rng = np.random.default_rng(6)
    share = np.array([0.4, 0.3, 0.2, 0.1])
    ahead = np.arange(4)[None, :] > (4 - np.arange(5))[:, None]
    misses, errors = [], []
    for _ in range(600):
        counts = rng.poisson(100 * share, (5, 4)).astype(float).cumsum(axis=1)
        found = nowcast(np.where(ahead, NAN, counts)).attrs["total"]
        misses.append(found["estimate"] - counts[:, -1].sum())
        errors.append(found["standard_error"])
    assert np.std(misses) == pytest.approx(np.mean(errors), rel=0.08)
