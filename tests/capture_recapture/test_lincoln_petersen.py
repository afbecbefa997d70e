"""The Lincoln-Petersen estimator: published cases, verdicts, notes."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import countylines as cl
from countylines.capture_recapture import lincoln_petersen
from countylines.errors import DegenerateDataWarning, InputError, SparseDataWarning

CASES = json.loads((Path(__file__).parents[1] / "reference" / "two_list.json").read_text())["cases"]


@pytest.mark.reference
@pytest.mark.parametrize("case", CASES, ids=lambda case: case["id"])
class TestReference:
    def test_estimate_and_error(self, case):
        numbers = [case["inputs"][k] for k in ("n1", "n2", "m")]
        result = lincoln_petersen(*numbers)
        expected = case["expected"]
        assert result.estimate == pytest.approx(expected["lincoln_petersen"], rel=1e-10)
        assert result.standard_error**2 == pytest.approx(expected["lp_var_seber"], rel=1e-6)

    def test_limits(self, case):
        numbers = [case["inputs"][k] for k in ("n1", "n2", "m")]
        for method, key in (("logit", "sadinle_logit_ci"), ("profile", "profile_ci")):
            result = lincoln_petersen(*numbers, method=method)
            assert [result.low, result.high] == pytest.approx(case["expected"][key], rel=1e-6)


def test_the_hidden_number_is_the_total_less_the_observed():
    result = lincoln_petersen(567, 1169, 68, method="profile")
    assert result.n_observed == 567 + 1169 - 68
    for name in ("estimate", "low", "high"):
        assert getattr(result.hidden, name) == getattr(result, name) - result.n_observed
    assert isinstance(result, cl.PopulationEstimate)
    assert "hidden" in str(result)


def test_it_takes_the_pair_of_a_table():
    histories = cl.CaptureHistories.from_cells(
        {"11": 68, "10": 499, "01": 1101}, lists=["NGO", "police"]
    )
    assert lincoln_petersen(*histories.pair("NGO", "police")).identical(
        lincoln_petersen(567, 1169, 68)
    )


@pytest.mark.parametrize("method", ["logit", "profile", "lognormal", "normal"])
def test_no_overlap_is_infinite_with_a_finite_low_end(method):
    with pytest.warns(DegenerateDataWarning, match="No unit is on both lists"):
        result = lincoln_petersen(10, 12, 0, method=method)
    assert result.estimate == math.inf
    assert result.high == math.inf
    assert 22 <= result.low < 100
    assert result.verdict.code == "hidden-infinite"
    assert not result.estimable
    assert "no-recaptures" in [note.code for note in result.notes]


def test_an_empty_list_identifies_nothing():
    with pytest.warns(DegenerateDataWarning, match="A list is empty"):
        result = lincoln_petersen(10, 0, 0, null=50)
    assert math.isnan(result.estimate)
    assert (result.low, result.high) == (10, math.inf)
    assert result.pvalue == 1.0
    assert result.verdict.code == "not-identified"
    assert "not estimable (not-identified)" in str(result)


def test_nested_lists_are_no_finding_that_nobody_is_hidden():
    with pytest.warns(DegenerateDataWarning, match="within the other"):
        result = lincoln_petersen(10, 30, 10)
    assert result.estimate == 30
    assert result.high > 30
    assert result.verdict.code == "hidden-zero"
    assert not result.estimable
    assert math.isnan(result.standard_error)
    table = cl.CaptureHistories.from_cells({"11": 10, "01": 20}, lists=["A", "B"])
    with (
        pytest.warns(DegenerateDataWarning, match="All 10 units on A are also on B"),
        pytest.warns(DegenerateDataWarning, match="shrinks to 0"),
    ):
        model = cl.capture_recapture.loglinear(table)
    assert model.verdict.code == "hidden-zero"
    assert (model.estimate, model.hidden.estimate, model.low) == (30, 0, 30)
    assert math.isnan(model.standard_error)


def test_few_recaptures_are_noted():
    with pytest.warns(SparseDataWarning, match="Fewer than 7"):
        result = lincoln_petersen(20, 30, 6)
    assert "few-recaptures" in [note.code for note in result.notes]
    assert "few-recaptures" not in [note.code for note in lincoln_petersen(20, 30, 7).notes]


@pytest.mark.filterwarnings("ignore::countylines.errors.CountyLinesWarning")
def test_verdicts_follow_the_kind():
    index = ["a", "b", "c", "d"]
    first, second, both = (
        pd.Series(v, index=index) for v in ([10, 20, 5, 9], [10, 30, 0, 9], [10, 8, 0, 0])
    )
    result = lincoln_petersen(first, second, both)
    assert [v.code for v in result.verdict] == [
        "hidden-zero",
        "ok",
        "not-identified",
        "hidden-infinite",
    ]
    assert list(result.estimable) == [False, True, False, False]
    assert isinstance(result.hidden.estimate, pd.Series)


def test_overlap_above_a_list_is_refused():
    with pytest.raises(InputError, match="`n_both` must be at most `n_second`, got 5 > 4"):
        lincoln_petersen(10, 4, 5)
    with pytest.raises(InputError, match="`replicates` must be a whole number of at least 99"):
        lincoln_petersen(10, 4, 2, method="bootstrap", replicates=10)


class TestBootstrap:
    def test_the_same_seed_gives_the_same_answer(self):
        one, two = (lincoln_petersen(135, 126, 45, method="bootstrap", rng=7) for _ in range(2))
        assert one.identical(two)
        assert one.draws.shape == (1, 1999)

    def test_numpy_seeds_are_seeds(self):
        one = lincoln_petersen(135, 126, 45, method="bootstrap", rng=7)
        two = lincoln_petersen(135, 126, 45, method="bootstrap", rng=np.int64(7))
        assert one.identical(two)
        with pytest.raises(InputError, match="`rng` must be a whole number of at least 0, got -5"):
            lincoln_petersen(135, 126, 45, method="bootstrap", rng=-5)

    def test_a_generator_moves_on(self):
        rng = np.random.default_rng(7)
        one, two = (lincoln_petersen(135, 126, 45, method="bootstrap", rng=rng) for _ in range(2))
        assert one.low != two.low

    def test_infinite_replicates_stay_infinite(self):
        with pytest.warns(SparseDataWarning):
            result = lincoln_petersen(12, 11, 1, method="bootstrap", rng=1)
        assert np.isinf(result.draws).any()
        assert result.high == math.inf

    def test_the_test_sees_the_same_replicates(self):
        result = lincoln_petersen(135, 126, 45, method="bootstrap", rng=7)
        assert result.test(null=result.low).pvalue == pytest.approx(0.05, abs=1e-9)

    def test_not_for_lazy_data(self):
        xr = pytest.importorskip("xarray")
        lazy = xr.DataArray([45.0], dims="x").chunk({"x": 1})
        with pytest.raises(InputError, match="without simulation for dask-backed data"):
            lincoln_petersen(135, 126, lazy, method="bootstrap")
