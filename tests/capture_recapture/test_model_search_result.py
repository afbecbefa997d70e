"""A search as a result: its words in four markups, JSON, pickles, citations, equality."""

from __future__ import annotations

import json
import pickle

import numpy as np
import pytest

import countylines as cl
from countylines.capture_recapture import model_search
from countylines.errors import InputError

HAV = {"111": 28, "110": 21, "101": 17, "011": 18, "100": 69, "010": 55, "001": 63}


def load(name):
    people = cl.datasets.load_mse(name)
    return cl.CaptureHistories.from_table(people, lists=people.attrs["lists"])


@pytest.fixture(scope="module")
def uk():
    return model_search(load("uk_2013_5"), max_order=2)


@pytest.fixture(scope="module")
def sparse():
    """Three lists of which only two ever share a person: most models have no estimate."""
    return model_search(load("artificial_3"))


def test_the_summary_shows_where_the_weight_is(uk):
    text = uk.summary()
    assert "12 of them, 10,674 to 25,978" in text
    assert "23,560 (52 %) and 12,028 (48 %)" in text
    assert "observed  2,744" in text
    assert "no sampling error" in text


def test_weight_without_an_estimate_is_said(sparse):
    first = sparse.disagreement().iloc[0]
    table = sparse.table
    weight = np.exp(-0.5 * table["bic"])
    lost = weight[~table["estimable"]].sum() / weight.sum()
    assert first["lost"] == pytest.approx(lost, rel=1e-9)
    assert "76 % on none" in sparse.summary()


@pytest.mark.parametrize(
    ("format", "part"),
    [
        ("text", "  bic        all         22,991"),
        ("markdown", "| bic | all | 22,991 | 12,262 |"),
        ("html", "<td>bic</td><td>all</td><td>22,991</td>"),
        ("latex", r"bic & all & 22,991 & 12,262 &"),
    ],
)
def test_four_markups(uk, format, part):
    assert part in uk.summary(format)


def test_markup_is_checked(uk):
    with pytest.raises(InputError, match="`format` must be one of 'text', 'markdown', 'html'"):
        uk.summary("rtf")


def test_notebooks_show_escaped_html(uk):
    assert uk._repr_html_() == uk.summary("html")
    assert "<script" not in uk._repr_html_()
    assert str(uk) == uk.summary("text")


def test_json_is_strict_and_whole(sparse):
    content = json.loads(json.dumps(sparse.to_dict(), allow_nan=False))
    assert content["kind"] == "ModelSearch"
    assert content["table"]["model"] == sparse.table["model"].tolist()
    assert set(content["table"]) == set(sparse.table.columns)
    assert "inf" in content["table"]["estimate"]
    assert content["cells"] == dict(sparse.histories.cells())
    assert content["within"] == "inf"
    assert len(content["disagreement"]["criterion"]) == 6
    assert content["notes"][0]["code"] == "model-dependence"


def test_a_pickle_is_identical(uk):
    again = pickle.loads(pickle.dumps(uk))
    assert again.identical(uk)
    assert again.best.estimate == uk.best.estimate
    assert not uk.identical(model_search(load("uk_2013_5"), max_order=2, criterion="aic"))
    assert not uk.identical(uk.table)


def test_nothing_found_can_be_written_over(uk):
    with pytest.raises(ValueError, match="read-only"):
        uk.table["estimate"].to_numpy()[0] = 1.0
    with pytest.raises(AttributeError):
        uk.criterion = "aic"


@pytest.mark.parametrize(
    ("criterion", "author"), [("bic", "Schwarz"), ("aic", "Akaike"), ("aicc", "Hurvich")]
)
def test_the_criterion_is_cited(criterion, author):
    cases = cl.CaptureHistories.from_cells(HAV, lists=["P", "Q", "E"])
    search = model_search(cases, criterion=criterion)
    for part in (author, "Fienberg", "countylines"):
        assert part in search.cite()
    assert "@article{" in search.cite("bibtex")


def test_no_estimate_at_all():
    apart = cl.CaptureHistories.from_cells({"100": 4, "010": 5, "001": 6}, lists=["A", "B", "C"])
    search = model_search(apart)
    shown = search.disagreement()
    assert (shown["models"] == 0).all()
    assert shown["lost"].tolist() == pytest.approx([1] * 6)
    assert "no model gives an estimate" in search.summary()
    json.dumps(search.to_dict(), allow_nan=False)
    for ask in (lambda: search.best, search.average):
        with pytest.raises(InputError, match="must give an estimate under some model, got none"):
            ask()


def test_modes_share_the_weight_of_models_with_an_estimate(uk):
    for row in uk.disagreement().itertuples():
        assert sum(row.shares) == pytest.approx(1, abs=1e-6)
        assert row.shares == tuple(sorted(row.shares, reverse=True))
        assert row.lowest <= row.estimate <= row.highest
        assert np.isfinite(row.modes).all()


def test_the_distance_that_supports_a_model(uk):
    near, far = uk.disagreement(within=0), uk.disagreement(within=30)
    assert (near["models"] == 1).all()
    assert (near["lowest"] == near["highest"]).all()
    assert (far["models"] > 30).all()
    with pytest.raises(InputError, match="`within` must be a finite number of at least 0"):
        uk.disagreement(within=-1)
