"""A band keeps both ends, in any kind, and refuses what is not one."""

from __future__ import annotations

import copy
import math
import pickle

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from countylines import Band
from countylines.errors import InputError, InputTypeError, LabelMismatchError


def test_numbers():
    band = Band(1, 4)
    assert (band.low, band.high) == (1.0, 4.0)
    assert repr(band) == "Band(1, 4)"
    assert repr(Band(0.25, 0.5)) == "Band(0.25, 0.5)"
    assert repr(Band(10, math.inf)) == "Band(10, inf)"
    assert Band(3, 3).low == Band(3, 3).high


def test_equality_and_hash():
    assert Band(1, 4) == Band(1.0, np.int64(4))
    assert hash(Band(1, 4)) == hash(Band(1.0, 4.0))
    assert Band(1, 4) != Band(0, 4)
    assert Band(1, 4) != Band(1, 5)
    assert Band(1, 4) != (1, 4)
    assert Band([1, 2], 4) == Band([1, 2], 4)
    assert Band([1, 2], 4) != Band([1, 3], 4)
    assert Band([1, 1], [4, 4]) != Band(1, 4)
    assert hash(Band([1, 2], 4)) == hash(Band([1.0, 2.0], 4))
    assert len({Band(1, 4), Band(1, 4), Band(2, 4)}) == 2


@pytest.mark.parametrize(
    "make",
    [
        lambda low, high: (np.array(low), np.array(high)),
        lambda low, high: (pd.Series(low, list("ab")), pd.Series(high, list("ab"))),
        lambda low, high: (pd.DataFrame({"x": low}), pd.DataFrame({"x": high})),
        lambda low, high: tuple(
            xr.DataArray(v, dims="area", coords={"area": ["n", "s"]}) for v in (low, high)
        ),
    ],
    ids=["array", "series", "frame", "dataarray"],
)
def test_kinds_are_kept_and_cannot_be_written_to(make):
    low, high = make([1.0, 2.0], [3.0, 4.0])
    band = Band(low, high)
    assert type(band.low) is type(low)
    np.testing.assert_array_equal(np.asarray(band.low).ravel(), [1, 2])
    assert band == Band(low, high)
    assert hash(band) == hash(Band(low, high))
    assert band == pickle.loads(pickle.dumps(band))
    with pytest.raises(ValueError, match="read-only"):
        np.asarray(band.high)[...] = 0
    assert "2" in repr(band)


def test_the_argument_is_not_the_band():
    low = np.array([1.0, 2.0])
    band = Band(low, 5)
    low[:] = 99
    np.testing.assert_array_equal(band.low, [1, 2])


def test_it_cannot_be_changed():
    band = Band(1, 4)
    with pytest.raises(AttributeError):
        band.low = 0
    assert copy.deepcopy(band) == band


@pytest.mark.parametrize(
    ("low", "high", "message"),
    [
        (4, 1, r"`low` must be at most `high`, got 4 > 1"),
        (-1, 2, r"`low` must be a finite number of at least 0, got -1"),
        (math.nan, 2, r"`low` must be a finite number of at least 0, got nan"),
        (math.inf, math.inf, r"`low` must be a finite number of at least 0, got inf"),
        (1, math.nan, r"`high` must be a number of at least 0, got nan"),
        ([1, 5, 7], [2, 3, 4], r"got 5 > 3 \(2 of 3 values\)"),
        ([1, 2], [1, 2, 3], r"of the same shape as `low`, got \(2,\) and \(3,\)"),
        (pd.Series([1.0]), np.array([2.0]), r"of the same kind as `low`"),
        ("1", 2, r"`low` must be"),
        (1, None, r"`high` must be"),
        (True, 2, r"`low` must be numeric"),
    ],
)
def test_what_is_refused(low, high, message):
    with pytest.raises(InputError, match=message):
        Band(low, high)


def test_kinds_of_errors():
    with pytest.raises(InputTypeError):
        Band(pd.Series([1.0]), np.array([2.0]))
    for low, high in [
        (pd.Series([1.0], ["a"]), pd.Series([1.0], ["b"])),
        (pd.DataFrame({"x": [1.0]}), pd.DataFrame({"y": [1.0]})),
        (xr.DataArray([1.0], dims="a"), xr.DataArray([1.0], dims="b")),
    ]:
        with pytest.raises(LabelMismatchError, match="labelled like `low`"):
            Band(low, high)
