"""Several changes at once: reference cases, the least cost by hand, the missing package, errors."""

from __future__ import annotations

import itertools
import json
import sys
from pathlib import Path

import numpy as np
import pytest

from countylines.errors import InputError, MissingExtraError
from countylines.localisation import change_point

CASES = [
    case
    for case in json.loads((Path(__file__).parents[1] / "reference" / "breaks.json").read_text())[
        "cases"
    ]
    if case["family"] == "pelt"
]


@pytest.mark.reference
@pytest.mark.parametrize("case", CASES, ids=lambda case: case["id"])
def test_reference(case):
    found = change_point(case["inputs"]["x"], method="pelt")
    assert list(found.table["end"] + 1) == case["expected"]["bkps"]
    assert found.statistic == len(case["expected"]["bkps"]) - 1


def test_least_cost():
    x = np.array([3, 4, 2, 9, 11, 8, 10, 4, 3, 5.0])
    penalty = 12.0

    def cost(cuts):
        parts = np.split(x, cuts)
        if min(map(len, parts)) < 2:
            return np.inf
        return sum(((p - p.mean()) ** 2).sum() for p in parts) + penalty * len(cuts)

    best = min(
        (list(c) for k in range(4) for c in itertools.combinations(range(1, 10), k)), key=cost
    )
    found = change_point(x, method="pelt", penalty=penalty, time=np.arange(2000, 2010))
    assert list(found.table["end"] - 1999) == [*best, 10]
    assert np.isnan(found.pvalue)
    assert "no-pvalue" in [note.code for note in found.notes]
    assert (found.table["n"] @ found.table["mean"]) == pytest.approx(x.sum())


def test_constant_series_and_missing_values():
    found = change_point([4, np.nan, 4, 4, 4], method="pelt")
    assert found.statistic == 0
    assert "missing-values" in [note.code for note in found.notes]


def test_without_the_package(monkeypatch):
    monkeypatch.setitem(sys.modules, "ruptures", None)
    with pytest.raises(MissingExtraError, match=r"pip install \"countylines\[change-points\]\""):
        change_point([1, 2, 3, 4], method="pelt")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"method": "pelt", "penalty": 0.0}, "`penalty` must be"),
        ({"method": "pelt", "penalty": np.nan}, "`penalty` must be"),
        ({"penalty": 3.0}, "`penalty` must be left out unless method is 'pelt', got 3.0"),
        ({"method": "pelt", "total": [9] * 4}, "`total` must be left out unless"),
    ],
)
def test_errors(options, message):
    with pytest.raises(InputError, match=message):
        change_point([1, 2, 3, 4], **options)
