"""Moran's index and join counts: a published map, exact moments by enumeration, edges, errors."""

from __future__ import annotations

import itertools
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from scipy import sparse

from countylines._kernels import spatial
from countylines.errors import DegenerateDataWarning, InputError
from countylines.localisation import join_counts, moran

CASE = next(
    case
    for case in json.loads(
        (Path(__file__).parents[1] / "reference" / "flows.json").read_text(encoding="utf-8")
    )["cases"]
    if case["id"] == "esda_moran_columbus"
)
CRIME = CASE["inputs"]["crime"]
PAIRS = [
    (place, other - 1)
    for place, others in enumerate(CASE["inputs"]["neighbours"])
    for other in others
    if place < other - 1
]
RING = [(0, 1), (1, 2), (2, 3), (3, 4), (4, 5), (5, 0), (1, 4)]


@pytest.mark.reference
@pytest.mark.parametrize(("method", "suffix"), [("normal", "norm"), ("randomisation", "rand")])
def test_reference(method, suffix):
    found = moran(CRIME, PAIRS, method=method)
    row, expected = found.table.iloc[0], CASE["expected"]
    assert found.statistic == pytest.approx(expected["I"], rel=1e-9)
    assert row["expected"] == pytest.approx(expected["EI"], rel=1e-9)
    assert row["variance"] == pytest.approx(expected[f"VI_{suffix}"], rel=1e-9)
    assert row["z"] == pytest.approx(expected[f"z_{suffix}"], rel=1e-9)
    assert row["geary"] == pytest.approx(expected["C"], rel=1e-9)


def random_weights(n, seed, both=True):
    rng = np.random.default_rng(seed)
    weight = rng.uniform(0, 1, (n, n)) * (rng.uniform(size=(n, n)) < 0.6)
    weight = weight + weight.T if both else weight
    np.fill_diagonal(weight, 0.0)
    return weight


def test_moments_are_those_of_all_orders():
    values = np.random.default_rng(1).gamma(1.0, size=6)
    weight = random_weights(6, 2, both=False)
    drawn = spatial.moran(np.array(list(itertools.permutations(values))), weight)
    mean, variance = spatial.moran_moments(values, weight, "randomisation")
    assert mean == pytest.approx(drawn.mean(), rel=1e-12)
    assert variance == pytest.approx(drawn.var(), rel=1e-12)


@pytest.mark.parametrize("ones", [1, 2, 4, 6])
def test_join_moments_are_those_of_all_places(ones):
    weight = random_weights(7, 3)
    places = np.array([np.isin(range(7), c) for c in itertools.combinations(range(7), ones)])
    drawn = spatial.joins(places.astype(float), weight)
    mean, variance = spatial.join_moments(7, ones, weight)
    np.testing.assert_allclose(mean, drawn.mean(axis=0), rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(variance, drawn.var(axis=0), rtol=1e-10, atol=1e-12)


def test_shuffles_agree_with_the_exact_law():
    values = np.array([5.0, 4, 1, 0, 2, 6])
    every = spatial.moran(np.array(list(itertools.permutations(values))), _matrix(RING, 6))
    exact = np.mean(every >= spatial.moran(values, _matrix(RING, 6)) - 1e-12)
    options = {"standardise": "none", "method": "permutation", "alternative": "greater"}
    found = moran(values, RING, rng=1, replicates=19_999, **options)
    assert found.pvalue == pytest.approx(exact, abs=0.012)
    ones = np.array([1, 1, 0, 0, 0, 1])
    joins = spatial.joins(np.array(list(itertools.permutations(ones))) * 1.0, _matrix(RING, 6))
    exact = (joins >= spatial.joins(ones * 1.0, _matrix(RING, 6))).mean(axis=0)
    table = join_counts(ones, RING, alternative="greater", rng=1, replicates=19_999).table
    np.testing.assert_allclose(table["pvalue"], exact, atol=0.012)
    assert table["joins"].sum() == len(RING)


def _matrix(pairs, n):
    matrix = np.zeros((n, n))
    for first, second in pairs:
        matrix[first, second] = matrix[second, first] = 1
    return matrix


def test_weights_in_any_form():
    names = list("abcdef")
    values = pd.Series([5.0, 4, 1, 0, 2, 6], names)
    matrix = _matrix(RING, 6)
    frame = pd.DataFrame(matrix, names, names)
    named = [(names[first], names[second]) for first, second in RING]
    array = xr.DataArray(matrix, [("area", names), ("other", names)])
    wanted = moran(values.to_numpy(), matrix).statistic
    for weights in (frame.loc[names[::-1]], named, array, sparse.csr_array(matrix), matrix):
        assert moran(values, weights).statistic == pytest.approx(wanted, rel=1e-13)
    in_data_array = xr.DataArray(values.to_numpy(), [("area", names)])
    assert moran(in_data_array, named).statistic == pytest.approx(wanted, rel=1e-13)


def test_scale_and_place_do_not_matter():
    values = np.array([5.0, 4, 1, 0, 2, 6])
    one, two = moran(values, RING), moran(1e9 * values - 7e12, RING)
    assert two.statistic == pytest.approx(one.statistic, rel=1e-6)
    less = moran(values, RING, alternative="less").pvalue
    assert less + moran(values, RING, alternative="greater").pvalue == pytest.approx(1.0)


def test_normal_tails_of_joins():
    table = join_counts([1, 1, 0, 0, 0, 1], RING, method="normal").table
    greater = join_counts([1, 1, 0, 0, 0, 1], RING, method="normal", alternative="greater").table
    np.testing.assert_allclose(
        table["pvalue"], 2 * np.minimum(greater["pvalue"], 1 - greater["pvalue"]), rtol=1e-9
    )


def test_equal_values_and_islands():
    with pytest.warns(DegenerateDataWarning, match="All values are equal"):
        found = moran([3, 3, 3, 3], [(0, 1)])
    assert np.isnan(found.statistic)
    assert found.pvalue == 1.0
    assert "2 areas have no neighbour: 2, 3." in [note.text for note in found.notes]
    with pytest.warns(DegenerateDataWarning, match="All areas are alike"):
        alike = join_counts([1, 1, 1, 1], [(0, 1)])
    assert alike.pvalue == 1.0


@pytest.mark.parametrize("function", [moran, join_counts])
@pytest.mark.parametrize(
    ("values", "weights", "message"),
    [
        ([1, 0, 1], [(0, 1)], "at least 4 areas"),
        ([[1, 0], [1, 0]], [(0, 1)], "at least 4 areas"),
        ([1, 0, np.nan, 1], [(0, 1)], "`values` must be finite"),
        (pd.Series([1, 0, 1, 0], list("aabc")), [("a", "b")], "labels twice"),
        ([1, 0, 1, 0], [(0, 9)], "`weights` must be pairs of areas, got 9"),
        ([1, 0, 1, 0], [(0, 1, 2)], "a list of pairs of neighbours"),
        ([1, 0, 1, 0], "queen", "a list of pairs of neighbours, got 'queen'"),
        ([1, 0, 1, 0], np.ones((3, 3)), "of shape"),
        ([1, 0, 1, 0], -_matrix([(0, 1)], 4), "finite and at least 0"),
        ([1, 0, 1, 0], np.eye(4), "an area that is its own"),
        ([1, 0, 1, 0], np.zeros((4, 4)), "of some neighbours"),
        ([1, 0, 1, 0], pd.DataFrame(np.ones((4, 4)), list("abcd")), "other labels"),
    ],
)
def test_bad_input(function, values, weights, message):
    with pytest.raises(InputError, match=message):
        function(values, weights)


def test_bad_options():
    with pytest.raises(InputError, match="`values` must be 0 or 1, got 2"):
        join_counts([1, 0, 2, 1], [(0, 1)])
    for function in (moran, join_counts):
        with pytest.raises(InputError, match="`method` must be one of"):
            function([1, 0, 0, 1], [(0, 1)], method="bayes")
        with pytest.raises(InputError, match="`replicates` must be"):
            function([1, 0, 0, 1], [(0, 1)], replicates=1)
    with pytest.raises(InputError, match="`standardise` must be one of"):
        moran([1, 0, 0, 1], [(0, 1)], standardise="column")
