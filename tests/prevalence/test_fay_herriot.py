"""The public Fay-Herriot estimates: labels, limits, notes, errors. Equations: tests/_kernels."""

from __future__ import annotations

import json
import pickle
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from countylines.errors import InputError, LabelMismatchError
from countylines.prevalence import fay_herriot

FILE = json.loads((Path(__file__).parents[1] / "reference" / "areas.json").read_text("utf-8"))
CASES = {case["id"]: case for case in FILE["cases"]}
MILK = pd.DataFrame(FILE["data"]["milk"])
OWN = [4.0, 9.0, 2.5, 6.0, 5.5, 12.0]
ERROR = [1.0, 3.0, 1.5, 1.0, 2.0, 4.0]


@pytest.mark.reference
@pytest.mark.parametrize(("name", "method"), [("REML", "reml"), ("FH", "fay-herriot")])
def test_milk_in_43_areas(name, method):
    expected = CASES[f"smallarea.fh.milk.{name}"]["expected"]
    parts = pd.get_dummies(MILK["area"], drop_first=True).astype(float)
    found = fay_herriot(MILK["estimate"], MILK["standard_error"], covariates=parts, method=method)
    np.testing.assert_allclose(found.estimate, expected["eblup"], rtol=1e-10)
    np.testing.assert_allclose(found.standard_error**2, expected["mse"], rtol=1e-10)
    assert found.diagnostics["variance"] == pytest.approx(expected["refvar"], rel=1e-10)
    reach = stats.norm.ppf(0.975) * found.standard_error
    np.testing.assert_allclose(found.low, found.estimate - reach, rtol=1e-12)


@settings(max_examples=15)
@given(factor=st.floats(0.01, 100), shift=st.floats(-100, 100))
def test_units_of_measurement(factor, shift):
    one = fay_herriot(OWN, ERROR)
    two = fay_herriot(np.array(OWN) * factor + shift, np.array(ERROR) * factor)
    np.testing.assert_allclose(two.estimate, one.estimate * factor + shift, rtol=1e-6, atol=1e-6)
    np.testing.assert_allclose(two.standard_error, one.standard_error * factor, rtol=1e-6)


def test_estimates_lie_between_own_and_predicted():
    found = fay_herriot(OWN, ERROR)
    by_weight = found.towards + found.weight * (found.own - found.towards)
    np.testing.assert_allclose(found.estimate, by_weight, rtol=1e-12)
    assert ((found.weight > 0) & (found.weight < 1)).all()
    assert found.weight[0] > found.weight[1] > found.weight[5]


def test_labels_are_kept():
    index = pd.Index(list("abcdef"), name="area")
    found = fay_herriot(pd.Series(OWN, index=index), pd.Series(ERROR, index=index))
    pd.testing.assert_index_equal(found.high.index, index)
    array = fay_herriot(
        xr.DataArray(OWN, dims="area", coords={"area": list("abcdef")}),
        xr.DataArray(ERROR, dims="area", coords={"area": list("abcdef")}),
    )
    np.testing.assert_array_equal(array.low.values, found.low)
    assert pickle.loads(pickle.dumps(found)).identical(found)
    assert "https://doi.org/" in found.cite()
    with pytest.raises(LabelMismatchError):
        fay_herriot(pd.Series(OWN, index=index), pd.Series(ERROR, index=index[::-1]))


def test_estimates_that_agree_are_noted():
    found = fay_herriot([5.0, 5.1, 4.9, 5.0], [1.0] * 4)
    assert [note.code for note in found.notes] == ["variance-lifted"]


def test_what_is_refused():
    for own, error, changes, message in (
        (OWN, ERROR, {"method": "dl"}, "`method` must be one of 'reml', 'ml', 'fay-herriot'"),
        (OWN, ERROR, {"level": 0}, "`level` must be"),
        (5.0, 1.0, {}, "`estimate` must be one-dimensional, one value an area, got a number"),
        (np.ones((2, 3)), 1.0, {}, r"got shape \(2, 3\)"),
        ([1.0, 2.0], 1.0, {}, "`estimate` must be of at least 3 areas, got 2"),
        ([1.0, np.nan, 3.0], 1.0, {}, "`estimate` must be finite, got nan at position 1"),
        ([1.0, 2.0, 3.0], [1.0, 0.0, 1.0], {}, "`standard_error` must be finite and above 0"),
        (OWN, ERROR, {"covariates": np.eye(6)}, "`covariates` must be fewer than 4 columns"),
    ):
        with pytest.raises(InputError, match=message):
            fay_herriot(own, error, **changes)
    dask = pytest.importorskip("dask.array")
    lazy = xr.DataArray(dask.from_array(np.array(OWN)), dims="area")
    with pytest.raises(InputError, match="in memory"):
        fay_herriot(lazy, 1.0)
