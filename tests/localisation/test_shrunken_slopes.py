"""Shrunken slopes: symmetry, coverage, kinds, errors."""

from __future__ import annotations

import pickle

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from countylines.errors import InputError, LabelMismatchError
from countylines.localisation import shrunken_slopes

SLOPE = np.array([0.05, 0.80, 0.22, 0.10, 0.18])
ERROR = np.array([0.06, 0.40, 0.10, 0.05, 0.15])


def test_drawn_towards_the_mean():
    found = shrunken_slopes(SLOPE, ERROR)
    between = (found.estimate - found.towards) * (found.estimate - SLOPE)
    assert (between <= 1e-3).all()
    assert np.argsort(found.weight).tolist() == np.argsort(-ERROR).tolist()
    assert (found.own == SLOPE).all()


def test_time_reversed():
    one, two = shrunken_slopes(SLOPE, ERROR), shrunken_slopes(-SLOPE, ERROR)
    np.testing.assert_allclose(two.estimate, -one.estimate, atol=1e-5)
    np.testing.assert_allclose(two.low, -one.high, atol=1e-5)


def test_coverage_over_forces():
    rng = np.random.default_rng(1)
    held = []
    for _ in range(60):
        error = rng.uniform(0.05, 0.4, 20)
        truth = rng.normal(0.1, 0.2, 20)
        found = shrunken_slopes(rng.normal(truth, error), error)
        held.append(((found.low <= truth) & (found.high >= truth)).mean())
    assert np.mean(held) == pytest.approx(0.95, abs=0.02)


def test_the_note_has_the_mean_by_hartung_and_knapp():
    """Equal errors: the plain mean, and the t interval of the slopes if they vary more."""
    slope = np.array([0.1, 0.5, 0.9, 0.2, 0.3])
    found = shrunken_slopes(slope, np.full(5, 0.05))
    half = 2.7764451 * slope.std(ddof=1) / np.sqrt(5)
    expected = f"{slope.mean():.3g} ({slope.mean() - half:.3g} to {slope.mean() + half:.3g}"
    assert expected in found.notes[0].text


def test_kinds():
    index = pd.Index(list("abcde"), name="force")
    found = shrunken_slopes(pd.Series(SLOPE, index=index), pd.Series(ERROR, index=index))
    pd.testing.assert_index_equal(found.low.index, index)
    assert list(found.to_frame()["force"]) == list("abcde")
    lazy = shrunken_slopes(*(xr.DataArray(v, dims="force").chunk() for v in (SLOPE, ERROR)))
    np.testing.assert_array_equal(lazy.low.values, found.low)
    assert pickle.loads(pickle.dumps(found)).identical(found)
    assert "https://doi.org/" in found.cite()
    with pytest.raises(LabelMismatchError):
        shrunken_slopes(pd.Series(SLOPE, index=index), pd.Series(ERROR, index=index[::-1]))


@pytest.mark.parametrize(
    ("slope", "error", "message"),
    [
        ([0.1, 0.2], [0.1, 0.1], "of at least 3 forces, got 2"),
        ([0.1, np.nan, 1], [0.1, 0.1, 1], "`slope` must be finite"),
        ([0.1, np.inf, 1], [0.1, 0.1, 1], "`slope` must be finite"),
        ([0.1, 0.2, 1], [0.1, 0, 1], "`standard_error` must be finite and above 0"),
        (0.1, 0.2, "a series of slopes"),
        (np.ones((3, 3)), 1.0, "a series of slopes"),
        ([], [], "non-empty"),
        ([True, False, True], [1, 1, 1], "bool"),
    ],
)
def test_bad_input(slope, error, message):
    with pytest.raises(InputError, match=message):
        shrunken_slopes(slope, error)
