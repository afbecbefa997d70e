"""Observed over expected: cases from five packages, one inversion, expected counts, errors."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from countylines.disproportionality import (
    expected_count,
    standardised_rate_ratio,
    standardised_ratio,
)
from countylines.errors import InputError, LabelMismatchError

CASES = [
    case
    for case in json.loads(
        (Path(__file__).parents[1] / "reference" / "standardised_ratio.json").read_text()
    )["cases"]
    if "observed" in case["inputs"] or "ref_population" in case["inputs"]
]
NAMES = {
    "byar": "byar-mid-p",  # epitools moves the count by one half on either side
    "exact": "exact",
    "exact_blaker": "blaker",
    "exact_midp": "mid-p",
    "exact_midp_test": "mid-p",
    "exact_minlike": "minlike",
    "jeff": "jeffreys",
    "scas": "skew-score",
}
SWITCHED = {"Byars": "byar", "Exact": "exact"}  # what the source does from 10 events on, and below
pytestmark = pytest.mark.filterwarnings("ignore::countylines.errors.CountyLinesWarning")


@pytest.mark.reference
@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case['id']}-{case['method']}")
def test_reference(case):
    given, expected = case["inputs"], dict(case["expected"])
    if "observed" in given:
        observed, events = given["observed"], given["expected"]
    else:
        observed = sum(given["count"])
        events = expected_count(given["population"], given["ref_count"], given["ref_population"])
    switched = expected.pop("method", None)
    method = NAMES[case["method"]] if switched is None else SWITCHED[switched]
    result = standardised_ratio(observed, events, method=method, level=case["parameters"]["level"])
    values = {
        "estimate": result.estimate,
        "lower": result.low,
        "upper": result.high,
        "pvalue": result.pvalue,
        "observed": observed,
        "expected": events,
    }
    for key, value in expected.items():
        assert values[key] == pytest.approx(value, rel=case["tolerance"]["rtol"], abs=1e-12), key


@pytest.mark.parametrize("method", ["mid-p", "exact", "byar", "skew-score", "jeffreys"])
@pytest.mark.parametrize("observed", [1, 9, 64])
def test_limits_and_pvalue_are_one_inversion(observed, method):
    result = standardised_ratio(observed, 6.57, method=method)
    for end, tail in ((result.low, "greater"), (result.high, "less")):
        p = standardised_ratio(observed, 6.57, method=method, null=end, alternative=tail).pvalue
        assert p == pytest.approx(0.025, rel=1e-8)


class TestExpectedCount:
    exposure = pd.DataFrame(
        {"North": [2000, 3000], "South": [500, 9500]}, index=pd.Index(["15-24", "25+"], name="age")
    )
    ref_count = pd.DataFrame({"North": [200, 150], "South": [200, 150]}, index=exposure.index)
    ref_exposure = pd.DataFrame(
        {"North": [10000, 80000], "South": [10000, 80000]}, index=exposure.index
    )

    def test_by_hand_in_every_kind(self):
        by_hand = [2000 * 0.02 + 3000 * 150 / 80000, 500 * 0.02 + 9500 * 150 / 80000]
        parts = self.exposure, self.ref_count, self.ref_exposure
        frame = expected_count(*parts)
        assert list(frame.index) == ["North", "South"]
        assert frame.to_numpy() == pytest.approx(by_hand, rel=1e-14)
        labelled = expected_count(*(xr.DataArray(part) for part in parts), dim="age")
        assert labelled.to_numpy() == pytest.approx(by_hand, rel=1e-14)
        assert expected_count(*(part["North"] for part in parts)) == pytest.approx(by_hand[0])
        rows = expected_count(*(part.to_numpy().T for part in parts), dim=1)
        assert rows == pytest.approx(by_hand, rel=1e-14)

    def test_dask_is_lazy(self):
        parts = [xr.DataArray(p).chunk({"age": -1}) for p in (self.exposure, self.ref_count)]
        result = expected_count(*parts, xr.DataArray(self.ref_exposure), dim="age")
        assert result.chunks is not None
        assert float(result[0]) == pytest.approx(45.625)

    def test_strata_are_not_matched_silently(self):
        turned = self.ref_count.iloc[::-1]
        with pytest.raises(LabelMismatchError):
            expected_count(self.exposure, turned, self.ref_exposure)

    @pytest.mark.parametrize(
        ("data", "message"),
        [
            (([1, -1], [1, 2], [5, 5]), "`exposure` must be finite and at least 0, got -1"),
            (([1, 1], [1, 2.5], [5, 5]), "`ref_count` must be a whole number"),
            (([1, 1], [1, 2], [5, 0]), "`ref_exposure` must be finite and above 0, got 0"),
            ((1, 1, 5), "`exposure` must be a series of values"),
        ],
    )
    def test_errors(self, data, message):
        with pytest.raises(InputError, match=message):
            expected_count(*data)


def test_chance_in_the_reference_widens_the_interval():
    """With the group's own exposure as standard the ratio is the same and its interval holds it."""
    exposure, ref_count, ref_exposure = [2000, 3000], [20, 15], [1000, 8000]
    known = standardised_ratio(
        50, expected_count(exposure, ref_count, ref_exposure), method="exact"
    )
    both = standardised_rate_ratio([40, 10], exposure, ref_count, ref_exposure, exposure)
    assert both.estimate == pytest.approx(known.estimate, rel=1e-14)
    assert both.low < known.low < known.high < both.high


def test_it_says_what_it_is_not():
    text = str(standardised_ratio(9, 6.57))
    assert "A ratio is not evidence of its cause" in text
    assert "Expected events are taken as known" in text
    assert "are not comparable" in text


@pytest.mark.parametrize(
    ("data", "options", "message"),
    [
        ((-1, 2), {}, "`observed` must be a whole number of at least 0"),
        ((1.5, 2), {}, "`observed` must be a whole number"),
        ((1, 0), {}, "`expected` must be finite and above 0, got 0"),
        ((1, np.inf), {}, "`expected` must be finite and above 0"),
        ((1, 2), {"null": -1}, "`null` must be finite and at least 0"),
        ((1, 2), {"method": "midp"}, "Did you mean 'mid-p'"),
    ],
)
def test_errors(data, options, message):
    with pytest.raises(InputError, match=message):
        standardised_ratio(*data, **options)
