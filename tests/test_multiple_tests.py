"""Adjusted p-values as the topics offer them: kinds, families, errors."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from countylines import _citations, disproportionality, localisation
from countylines._kernels import multiplicity
from countylines.errors import InputError, InputTypeError
from countylines.multiple_tests import false_discovery

P = np.array([0.001, 0.2, 0.03, 0.04, 0.9])


def test_both_topics_have_it():
    assert localisation.false_discovery is false_discovery
    assert disproportionality.false_discovery is false_discovery


@pytest.mark.parametrize("method", multiplicity.METHODS)
def test_kinds(method):
    expected = multiplicity.METHODS[method](P[None])[0]
    np.testing.assert_array_equal(false_discovery(P, method=method), expected)
    series = false_discovery(pd.Series(P, index=list("abcde")), method=method)
    assert list(series.index) == list("abcde")
    assert all(key in _citations.bibliography() for key in series.attrs["references"])
    np.testing.assert_array_equal(series, expected)
    assert false_discovery(0.03, method=method) == pytest.approx(0.03)


def test_all_values_are_one_family_or_each_row_is():
    table = xr.DataArray([P, P / 2], dims=["year", "force"], coords={"year": [1, 2]})
    whole = false_discovery(table)
    np.testing.assert_array_equal(
        whole.values.ravel(), multiplicity.benjamini_hochberg(table.values.reshape(1, -1))[0]
    )
    apart = false_discovery(table, dim="force")
    assert apart.dims == ("year", "force")
    np.testing.assert_array_equal(apart.values, multiplicity.benjamini_hochberg(table.values))
    frame = table.to_pandas().T
    np.testing.assert_array_equal(false_discovery(frame, dim="index").T, apart.values)
    lazy = false_discovery(table.chunk({"force": 2}), dim="force")
    np.testing.assert_array_equal(lazy.values, apart.values)


def test_aliases():
    assert (false_discovery(P, method="bh") == false_discovery(P)).all()
    yekutieli = false_discovery(P, method="benjamini-yekutieli")
    assert (false_discovery(P, method="by") == yekutieli).all()
    assert (yekutieli > false_discovery(P)).any()


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        ([0.1, np.nan], r"`pvalues` must be in \[0, 1\], got nan at position 1. Drop"),
        ([0.1, -0.2], r"`pvalues` must be a share in \[0, 1\], got -0.2 at position 1"),
        ([0.1, 5], r"got 5 at position 1. It looks like a percentage"),
        ([], "non-empty"),
        ([True, False], "numeric"),
        (["0.1"], "numeric"),
    ],
)
def test_bad_pvalues(bad, message):
    with pytest.raises(InputError, match=message):
        false_discovery(bad)


def test_bad_options():
    with pytest.raises(InputError, match=r"`method` must be one of .* Did you mean 'hommel'"):
        false_discovery(P, method="homel")
    with pytest.raises(InputError, match="`method` must be one of"):
        false_discovery(P, method=3)
    with pytest.raises(InputError, match="`dim` must be"):
        false_discovery(P, dim=3)
    with pytest.raises(InputTypeError):
        false_discovery(None)
