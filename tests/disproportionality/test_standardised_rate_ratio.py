"""Ratios of standardised rates: cases, one stratum, symmetries, one inversion, kinds, errors."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import f as f_distribution

from countylines.disproportionality import rate_ratio, standardised_rate_ratio
from countylines.errors import (
    DegenerateDataWarning,
    InputError,
    LabelMismatchError,
    SparseDataWarning,
)

CASES = [
    case
    for case in json.loads(
        (Path(__file__).parents[1] / "reference" / "standardised_ratio.json").read_text()
    )["cases"]
    if "standard" in case["inputs"]
]
NAMES = {"fay1999_gamma_F": "f", "lognormal_delta": "log-delta"}
METHODS = ("f", "f-tiwari", "log-delta")
OTHER_SIDE = {"two-sided": "two-sided", "less": "greater", "greater": "less"}
pytestmark = pytest.mark.filterwarnings("ignore::countylines.errors.CountyLinesWarning")
DATA = ([40, 10, 3], [2000, 3000, 700], [200, 150, 9], [10000, 80000, 5000], [4, 5, 1])


@pytest.mark.reference
@pytest.mark.parametrize("case", CASES, ids=lambda case: case["id"])
def test_reference(case):
    given = case["inputs"]
    names = ("count1", "population1", "count2", "population2", "standard")
    result = standardised_rate_ratio(*(given[n] for n in names), method=NAMES[case["method"]])
    values = {
        "estimate": result.estimate,
        "lower": result.low,
        "upper": result.high,
        "se_log": result.standard_error / result.estimate,
    }
    for key, value in case["expected"].items():
        assert values[key] == pytest.approx(value, rel=case["tolerance"]["rtol"]), key


def test_every_case_is_used():
    assert {case["method"] for case in CASES} == set(NAMES)


@pytest.mark.parametrize("method", ["f", "f-tiwari"])
def test_the_f_limits_by_scipys_quantiles(method):
    x, e, y, g, s = (np.array(column, dtype=float) for column in DATA)
    w, u = s / s.sum() / e, s / s.sum() / g
    if method == "f":
        added, square = u.max(), u.max() ** 2
    else:
        added, square = u.mean(), (u**2).mean()
    rate, variance = w @ x, w**2 @ x
    other, other_variance = u @ y + added, u**2 @ y + square
    df = 2 * rate**2 / variance, 2 * other**2 / other_variance
    low = rate / other * f_distribution.ppf(0.025, *df)
    assert standardised_rate_ratio(*DATA, method=method).low == pytest.approx(low, rel=1e-10)


@pytest.mark.parametrize("method", ["f", "f-tiwari"])
@pytest.mark.parametrize("counts", [(7, 11), (0, 5), (5, 0), (41, 15)])
def test_one_stratum_gives_the_exact_limits_of_the_rate_ratio(counts, method):
    x, y = counts
    one = standardised_rate_ratio([x], [100], [y], [300], [1], method=method, null=2.0)
    plain = rate_ratio(x, 100, y, 300, method="exact", null=2.0)
    for name in ("low", "high", "pvalue"):
        assert getattr(one, name) == pytest.approx(getattr(plain, name), rel=1e-10), name


strata = st.integers(1, 4).flatmap(
    lambda n: st.tuples(
        *(
            st.lists(element, min_size=n, max_size=n)
            for element in (
                st.integers(0, 40),
                st.floats(1, 1e5),
                st.integers(0, 40),
                st.floats(1, 1e5),
                st.floats(0.1, 100),
            )
        )
    )
)


@settings(max_examples=40)
@given(data=strata, method=st.sampled_from(METHODS), null=st.floats(0.1, 10))
def test_swapping_the_groups_inverts_everything(data, method, null):
    x, e, y, g, s = data
    for side, other in OTHER_SIDE.items():
        result = standardised_rate_ratio(*data, method=method, null=null, alternative=side)
        swapped = standardised_rate_ratio(
            y, g, x, e, s, method=method, null=1 / null, alternative=other
        )
        with np.errstate(divide="ignore"):
            ends = 1 / np.float64(swapped.high), 1 / np.float64(swapped.low)
        assert (result.low, result.high) == pytest.approx(ends, rel=1e-9)
        assert result.pvalue == pytest.approx(swapped.pvalue, rel=1e-8, abs=1e-14)


@settings(max_examples=40)
@given(data=strata, method=st.sampled_from(METHODS), level=st.floats(0.3, 0.999))
def test_limits_and_pvalue_are_one_inversion(data, method, level):
    result = standardised_rate_ratio(*data, method=method, level=level)
    for end, side in ((result.low, "greater"), (result.high, "less")):
        if 0 < end < np.inf:
            p = standardised_rate_ratio(*data, method=method, null=end, alternative=side).pvalue
            assert p == pytest.approx((1 - level) / 2, rel=1e-7)


def test_the_standard_matters_only_by_its_proportions():
    one = standardised_rate_ratio(*DATA)
    many = standardised_rate_ratio(*DATA[:4], [4e6, 5e6, 1e6])
    assert (many.estimate, many.low, many.high) == pytest.approx((one.estimate, one.low, one.high))


def test_a_stratum_of_size_0_decides_nothing():
    x, e, y, g, s = DATA
    more = standardised_rate_ratio([*x, 90], [*e, 1], [*y, 3], [*g, 1e6], [*s, 0])
    one = standardised_rate_ratio(*DATA)
    assert (more.low, more.high, more.n) == (one.low, one.high, one.n)


class TestKinds:
    def test_frames_and_arrays_lose_their_strata(self):
        ages = pd.Index(["a", "b", "c"], name="age")
        frames = [pd.DataFrame({"N": v, "S": v[::-1]}, index=ages) for v in DATA]
        result = standardised_rate_ratio(*frames)
        assert list(result.estimate.index) == ["N", "S"]
        assert result.low["N"] == standardised_rate_ratio(*DATA).low
        arrays = [xr.DataArray(frame) for frame in frames]
        labelled = standardised_rate_ratio(*arrays, dim="age")
        np.testing.assert_array_equal(labelled.high.values, result.high.to_numpy())
        lazy = standardised_rate_ratio(*(a.chunk({"age": -1}) for a in arrays), dim="age")
        assert lazy.is_lazy
        np.testing.assert_allclose(lazy.compute().high.values, result.high.to_numpy())

    def test_strata_are_not_matched_silently(self):
        series = [pd.Series(v, index=["a", "b", "c"]) for v in DATA]
        with pytest.raises(LabelMismatchError):
            standardised_rate_ratio(*series[:4], series[4].iloc[::-1])


class TestZeroCounts:
    @pytest.mark.parametrize("method", ["f", "f-tiwari"])
    def test_one_limit_stays_finite(self, method):
        none = standardised_rate_ratio([0, 0, 0], *DATA[1:], method=method)
        assert (none.estimate, none.low) == (0, 0)
        assert 0 < none.high < 0.5
        other = standardised_rate_ratio(*DATA[:2], [0, 0, 0], *DATA[3:], method=method)
        assert (other.estimate, other.high) == (np.inf, np.inf)
        assert 5 < other.low < 500

    @pytest.mark.parametrize("method", METHODS)
    def test_nothing_in_either_says_nothing(self, method):
        zeros = [0, 0, 0]
        result = standardised_rate_ratio(zeros, DATA[1], zeros, *DATA[3:], method=method)
        assert math.isnan(result.estimate)
        assert (result.low, result.high, result.pvalue) == (0, np.inf, 1)
        assert result.verdict.code == "no-data"

    def test_it_warns_and_notes(self):
        with pytest.warns(DegenerateDataWarning, match="A group has no event"):
            standardised_rate_ratio([0, 0, 0], *DATA[1:])
        with pytest.warns(SparseDataWarning, match="Fewer than 10 events"):
            standardised_rate_ratio([4, 1, 0], *DATA[1:], method="log-delta")


@pytest.mark.parametrize(
    ("place", "values", "options", "message"),
    [
        (0, [1, -1, 2], {}, "`count` must be a whole number of at least 0"),
        (1, [1, 0, 2], {}, "`exposure` must be finite and above 0, got 0"),
        (2, [1, 0.5, 2], {}, "`ref_count` must be a whole number"),
        (3, [1, np.nan, 2], {}, "`ref_exposure` must be finite and above 0, got nan"),
        (4, [0, 0, 0], {}, "`standard` must be above 0 in at least one stratum"),
        (4, [1, -1, 2], {}, "`standard` must be finite and at least 0"),
        (4, [1, 1, 1], {"null": 0}, "`null` must be a finite number above 0"),
        (4, [1, 1, 1], {"method": "F"}, "`method` must be one of 'f', 'f-tiwari', 'log-delta'"),
    ],
)
def test_errors(place, values, options, message):
    data = list(DATA)
    data[place] = values
    with pytest.raises(InputError, match=message):
        standardised_rate_ratio(*data, **options)
