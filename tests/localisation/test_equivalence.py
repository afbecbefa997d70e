"""Two one-sided tests: cases, the interval they amount to, kinds, zero counts, errors."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st

from countylines.disproportionality import rate_ratio
from countylines.errors import InputError
from countylines.localisation import equivalence

FILE = Path(__file__).parents[1] / "reference" / "decisions.json"
CASES = [c for c in json.loads(FILE.read_text())["cases"] if c["method"].startswith("tost")]


@pytest.mark.reference
@pytest.mark.parametrize("case", CASES, ids=lambda case: case["id"])
def test_reference(case):
    data = [case["inputs"][name] for name in ("x1", "e1", "x2", "e2")]
    test = equivalence(*data, margin=case["parameters"]["upp"], method="score")
    tolerance = case["tolerance"]["rtol"]
    assert test.pvalue == pytest.approx(case["expected"]["pvalue"], rel=tolerance)


@settings(max_examples=50)
@given(
    data=st.tuples(st.integers(0, 400), st.floats(0.5, 2), st.integers(0, 400), st.floats(0.5, 2)),
    margin=st.floats(1.05, 3),
    level=st.floats(0.6, 0.99),
    method=st.sampled_from(["mid-p", "exact", "score", "skew-score", "mover-jeffreys"]),
)
def test_it_rejects_exactly_where_the_interval_lies_within(data, margin, level, method):
    test = equivalence(*data, margin=margin, level=level, method=method)
    effect = test.effect
    within = 1 / margin < effect.low and effect.high < margin
    if abs(test.pvalue - (1 - level)) > 1e-9:
        assert within == (test.pvalue < 1 - level)
    assert effect.level == pytest.approx(2 * level - 1)


def test_the_interval_says_its_level_and_is_that_of_the_ratio():
    test = equivalence(425, 365, 410, 365, margin=1.25)
    ratio = rate_ratio(425, 365, 410, 365, level=0.9)
    ends = test.effect.low, test.effect.high
    assert ends == pytest.approx((ratio.low, ratio.high), rel=1e-12)
    assert "The interval has the level 0.9, that of two one-sided tests at 0.05" in str(test)
    assert "at most 0.8 or at least 1.25" in test.null_hypothesis


def test_the_groups_may_be_swapped():
    there = equivalence(425, 365, 300, 300, margin=1.3)
    back = equivalence(300, 300, 425, 365, margin=1.3)
    assert there.pvalue == pytest.approx(back.pvalue, rel=1e-10)


def test_nothing_seen_shows_nothing():
    test = equivalence(0, 365, 0, 365, margin=1.25)
    assert test.pvalue == 1
    assert test.effect.verdict.code == "no-data"
    assert (test.effect.low, test.effect.high) == (0, np.inf)


def test_kinds():
    count = pd.Series([425, 41], index=["many", "few"])
    series = equivalence(count, 365, count, 365, margin=1.25)
    assert list(series.pvalue.index) == ["many", "few"]
    assert series.pvalue["many"] < 0.05 < series.pvalue["few"]
    array = equivalence(xr.DataArray(count.to_numpy(), dims="place"), 365, 410, 365, margin=1.25)
    assert array.pvalue.dims == ("place",)


@pytest.mark.parametrize(
    ("data", "options", "message"),
    [
        ((-1, 1, 1, 1), {"margin": 1.25}, "`count` must be a whole number of at least 0"),
        ((1, 0, 1, 1), {"margin": 1.25}, "`exposure` must be finite and above 0"),
        ((1, 1, 1.5, 1), {"margin": 1.25}, "`ref_count` must be a whole number"),
        ((1, 1, 1, -1), {"margin": 1.25}, "`ref_exposure` must be finite and above 0"),
        ((1, 1, 1, 1), {"margin": 1}, "`margin` must be a finite number above 1, got 1"),
        ((1, 1, 1, 1), {"margin": 1.25, "level": 0.5}, "`level` must be"),
        ((1, 1, 1, 1), {"margin": 1.25, "method": "blaker"}, "`method` must be one of"),
    ],
)
def test_errors(data, options, message):
    with pytest.raises(InputError, match=message):
        equivalence(*data, **options)
