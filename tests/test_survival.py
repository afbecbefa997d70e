"""Curves over time as results: frozen, labelled, readable, comparable, picklable."""

from __future__ import annotations

import dataclasses
import json
import pickle

import numpy as np
import pandas as pd
import pytest

import countylines as cl
from countylines.errors import InputError, InputTypeError
from countylines.prevalence import survival

LINES = pd.DataFrame(
    {
        "days": [5, 8, 8, 12, 20, 31],
        "ended": [True, True, False, True, False, True],
        "force": ["<a>", "<a>", "<a>", "b", "b", "b"],
    }
)


@pytest.fixture(params=[None, "force"])
def lives(request):
    return survival(LINES, duration="days", event="ended", by=request.param)


def test_it_is_frozen_and_read_only(lives):
    with pytest.raises(dataclasses.FrozenInstanceError):
        lives.level = 0.5
    with pytest.raises(ValueError, match="read-only"):
        lives.estimate.to_numpy()[0] = 2


def test_it_survives_pickling(lives):
    again = pickle.loads(pickle.dumps(lives))
    assert again.identical(lives)
    assert again.at([3, 9]).identical(lives.at([3, 9]))
    with pytest.raises(ValueError, match="read-only"):
        again.estimate.to_numpy()[0] = 2


def test_identical_sees_every_field(lives):
    assert lives.identical(survival(LINES, duration="days", event="ended", by=lives.by or None))
    assert not lives.identical(dataclasses.replace(lives, level=0.9))
    assert not lives.identical(dataclasses.replace(lives, low=lives.low * 0.5))
    assert not lives.identical("a curve")


def test_it_is_strict_json(lives):
    content = json.loads(json.dumps(lives.to_dict(), allow_nan=False))
    assert content["kind"] == "Survival"
    assert content["countylines"]
    assert content["estimate"]["labels"]["time"][:2] == [5.0, 8.0]
    assert "_curves" not in content


def test_the_tidy_table_has_the_columns_of_all_results(lives):
    table = lives.to_frame()
    tidy = ["estimate", "standard_error", "low", "high", "level", "interval_kind", "method", "n"]
    assert [*table.columns] == [*lives.by, "time", *tidy, "at_risk", "events"]
    assert len(table) == len(lives.estimate)
    assert table["n"].notna().all()


@pytest.mark.parametrize("format", ["text", "markdown", "html", "latex"])
def test_summaries(lives, format):
    text = lives.summary(format)
    assert "urvival" in text
    assert "kaplan-meier" in text
    if lives.by and format == "html":
        assert "&lt;a&gt;" in text
    with pytest.raises(InputError, match="`format` must be one of"):
        lives.summary("pdf")


def test_one_line_each():
    one = survival(LINES, duration="days", event="ended")
    assert repr(one) == "<Survival kaplan-meier: 6 spells, median 12 (5 to infinity) days>"
    two = survival(LINES, duration="days", event="ended", by="force")
    assert repr(two) == "<Survival survival: 2 curves, 6 spells, kaplan-meier>"
    assert str(one) == one.summary()
    assert one._repr_html_() == one.summary("html")


def test_what_is_asked_of_it_is_checked(lives):
    with pytest.raises(InputError, match="`times` must be finite and at least 0, got -1"):
        lives.at([1, -1])
    with pytest.raises(InputTypeError, match="`times` must be numeric"):
        lives.at("soon")
    with pytest.raises(InputError, match="`times` must be a number or one row of numbers"):
        lives.at([[1, 2]])
    with pytest.raises(InputError, match="`times` must be non-empty"):
        lives.at([])
    with pytest.raises(InputError, match=r"`q` must be a share in \(0, 1\)"):
        lives.quantile(0)
    with pytest.raises(InputError, match="looks like a percentage"):
        lives.quantile(50)
    with pytest.raises(InputError, match="`limit` must be a finite number above 0"):
        lives.mean(0)
    with pytest.raises(InputError, match="`coefficients` must be asked of a model"):
        lives.coefficients()


def test_values_are_labelled(lives):
    found = lives.at([3, 9])
    assert isinstance(found, cl.Estimate)
    assert found.estimate.index.names[-1] == "time"
    assert len(found.to_frame()) == 2 * max(1, len(lives.by) * 2)
    assert lives.quantile([0.25, 0.5]).estimate.index.names[-1] == "q"
    assert found.references == lives.references
    single = lives.at(9)
    assert np.ndim(single.estimate) == (1 if lives.by else 0)


def test_it_cites_its_method(lives):
    assert "Kaplan E. L." in lives.cite()
    assert "@article{kaplan1958" in lives.cite("bibtex")


def test_nothing_is_lazy(lives):
    assert not lives.is_lazy
    assert np.all(lives.estimable)
    assert lives.alternative == "two-sided"
