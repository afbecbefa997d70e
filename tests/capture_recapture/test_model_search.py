"""The search over models: its rankings, what stays in the table, and the disagreement shown."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pytest

import countylines as cl
from countylines.capture_recapture import loglinear, model_search
from countylines.errors import InputError

CASES = json.loads((Path(__file__).parents[1] / "reference" / "loglinear.json").read_text())[
    "cases"
]
SEARCHES = json.loads((Path(__file__).parents[1] / "reference" / "model_search.json").read_text())
pytestmark = pytest.mark.filterwarnings("ignore::countylines.errors.CountyLinesWarning")


def table_of(case):
    data = case["inputs"]
    return cl.CaptureHistories.from_cells(dict(data["cells"]), lists=data["lists"])


def formula(text, lists):
    groups = [[lists[int(i) - 1] for i in part] for part in text.strip("[]").split(",")]
    return {frozenset(g) for g in groups}


@pytest.fixture(scope="module")
def uk():
    return table_of(next(c for c in CASES if c["id"] == "all_two_list/UKdat_5"))


@pytest.mark.reference
@pytest.mark.parametrize("case", SEARCHES["cases"], ids=lambda case: case["id"])
def test_the_ranking_by_bic(case):
    search = model_search(table_of(case), max_order=case["parameters"]["maxorder"])
    assert int(search.table["estimable"].sum()) == case["expected"]["n_models_ok"]
    lists = case["inputs"]["lists"]
    for row, expected in zip(search.table.itertuples(), case["expected"]["top"], strict=False):
        assert row.estimate == pytest.approx(expected["abundance"], rel=1e-6)
        assert row.bic == pytest.approx(expected["BIC"], rel=1e-9)
        assert {frozenset(g) for g in row.generators} == formula(expected["model"], lists)


@pytest.mark.reference
def test_the_disagreement_of_the_uk_table(uk):
    """Figures of the five-list table, pairs only; all models are a second test."""
    shown = model_search(uk, max_order=2).disagreement()
    first = shown.set_index(["criterion", "counted"])["estimate"].round()
    assert first["bic", "all"] == 22_991
    assert first["bic", "on face"] == 12_142
    assert first["aic", "all"] == 11_175
    assert round(shown["runner_up"].iloc[0]) == 12_262


@pytest.mark.reference
def test_all_models_of_the_uk_table(uk):
    search = model_search(uk)
    assert len(search.table) == 6893
    assert search.table["estimate"].head(3).round().tolist() == [25_311, 28_822, 22_991]
    shown = search.disagreement().set_index(["criterion", "counted"])
    assert round(shown.loc[("aic", "all"), "estimate"]) == 5_552


def test_rows_are_the_single_fits(uk):
    search = model_search(uk, max_order=2)
    for i in (0, 5, 700):
        row = search.table.iloc[i]
        single = loglinear(uk, row.generators, interval="wald")
        assert row.estimate == pytest.approx(single.estimate, rel=1e-10)
        assert row.standard_error == pytest.approx(single.standard_error, rel=1e-9)
        assert (row.df, row.model) == (single.df, single.model)
        for name in ("aic", "aicc", "bic", "deviance", "log_likelihood"):
            assert row[name] == pytest.approx(getattr(single, name), rel=1e-9)


def test_models_without_an_estimate_stay_in(uk):
    table = model_search(uk).table
    lost = table[~table["estimable"]]
    assert set(lost["code"]) == {"hidden-zero", "hidden-infinite", "not-identified"}
    assert (lost["weight"] == 0).all()
    assert not np.isfinite(lost["estimate"]).any()
    assert table["weight"].sum() == pytest.approx(1)
    assert table["estimable"].iloc[: len(table) - len(lost)].all()


def test_a_downhill_search_says_that_it_is_one(uk):
    """It ends at the model that a peer's downhill search ends at, far from the best."""
    search = model_search(uk, max_order=2, strategy="downhill")
    assert round(search.best.estimate) == 12_262
    assert "better ones may exist" in str(search)
    assert "better ones may exist" not in str(model_search(uk, max_order=2))
    assert len(search.table) < 1024


def test_the_summary_is_never_one_number(uk):
    search = model_search(uk, max_order=2)
    text = str(search)
    for number in ("22,991", "12,262", "12,142", "11,175"):
        assert number in text
    assert "22,991" not in repr(search)


def test_relabelling_the_lists_changes_no_estimate():
    cells = {"111": 28, "110": 21, "101": 17, "011": 18, "100": 69, "010": 55, "001": 63}
    turned = {p[2] + p[0] + p[1]: n for p, n in cells.items()}
    one = model_search(cl.CaptureHistories.from_cells(cells, lists=["P", "Q", "E"]))
    two = model_search(cl.CaptureHistories.from_cells(turned, lists=["E", "P", "Q"]))
    np.testing.assert_allclose(one.table["bic"], two.table["bic"], rtol=1e-10)
    np.testing.assert_allclose(one.table["estimate"], two.table["estimate"], rtol=1e-9)


def test_six_and_seven_lists_walk_downhill():
    rng = np.random.default_rng(8)
    member = rng.random((400, 7)) < 0.3
    cells: dict[str, int] = {}
    for row in member[member.any(axis=1)]:
        pattern = "".join("01"[int(b)] for b in row)
        cells[pattern] = cells.get(pattern, 0) + 1
    seven = cl.CaptureHistories.from_cells(cells, lists=list("ABCDEFG"))
    search = model_search(seven)
    assert search.strategy == "downhill"
    assert search.max_order == 2
    assert math.isfinite(search.best.estimate)
    with pytest.raises(InputError, match="'downhill' for 7 lists and max_order=2"):
        model_search(seven, strategy="exhaustive")


def test_errors(uk):
    with pytest.raises(InputError, match="`criterion` must be one of 'bic', 'aic', 'aicc'"):
        model_search(uk, criterion="p")
    with pytest.raises(
        InputError, match="`max_order` must be a whole number of at least 2 and at m"
    ):
        model_search(uk, max_order=5)
    two = cl.CaptureHistories.from_cells({"11": 3, "10": 4, "01": 5}, lists=["A", "B"])
    with pytest.raises(InputError, match=r"of three lists or more, got 2. Use chapman\(\)"):
        model_search(two)
