"""Field significance: reference values, size under common ups and downs, kinds, errors."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from scipy import stats

from countylines._kernels import common_order
from countylines.errors import InputError, InputTypeError
from countylines.localisation import field_significance, mann_kendall

(CASE,) = (
    c
    for c in json.loads(
        (Path(__file__).parents[1] / "reference" / "multiplicity.json").read_text()
    )["cases"]
    if c["id"] == "fieldsig_walker"
)


def table(rejecting: int, forces: int) -> np.ndarray:
    """Forces with a plain trend, and others without."""
    flat = np.tile([1.0, 4, 2, 5, 3, 6, 0, 5.5, 2.5, 3.5], (forces, 1)).T
    flat[:, :rejecting] = np.arange(10.0)[:, None]
    return flat


def test_reference():
    forces, number = CASE["inputs"]["m"], CASE["inputs"]["n_sig"]
    found = field_significance(table(number, forces), permutations=99, rng=1)
    assert found.statistic == pytest.approx(number / forces)
    texts = {note.code: note.text for note in found.notes}
    assert f"{CASE['expected']['binom_p_at_least']:.4g}: 6 of 43" in texts["independent"]
    assert f"{CASE['expected']['walker_p_threshold']:.3g} would" in texts["walker"]


def test_each_test_is_that_of_mann_and_kendall():
    x = np.random.default_rng(1).poisson(6, (15, 5)).astype(float)
    found = field_significance(x, permutations=99, rng=1)
    one = mann_kendall(x, dim=0, method="original")
    np.testing.assert_allclose(found.table["pvalue"], one.pvalue, rtol=1e-12)


def test_scores_of_orders_are_scores_of_the_ordered_series():
    x = np.random.default_rng(2).poisson(3, (9, 4)).astype(float)
    orders = common_order.block_orders(9, 2, np.random.default_rng(3), 5)
    found = common_order.scores(common_order.pair_signs(x), orders)
    for order, score in zip(orders, found, strict=True):
        y = x[order]
        by_hand = sum(np.sign(y[t] - y[s]) for s in range(9) for t in range(s + 1, 9))
        np.testing.assert_array_equal(score, by_hand)


def test_blocks_stay_together():
    orders = common_order.block_orders(11, 3, np.random.default_rng(1), 200)
    assert (np.sort(orders, axis=1) == np.arange(11)).all()
    for order in orders:
        place = np.argsort(order)
        for first in (0, 3, 6):
            assert (np.diff(place[first : first + 3]) == 1).all()
    assert len({tuple(o) for o in orders}) == 24


def test_size_when_forces_rise_and_fall_together():
    """The binomial count of independent forces rejects far too often; whole periods do not."""
    rng = np.random.default_rng(5)
    ours = theirs = 0
    for _ in range(400):
        x = rng.normal(size=(12, 1)) + 0.6 * rng.normal(size=(12, 20))
        found = field_significance(x, permutations=99, rng=rng)
        ours += found.pvalue <= 0.05
        number = found.table["rejected"].sum()
        theirs += stats.binom.sf(number - 1, 20, 0.05) <= 0.05
    assert 10 <= ours <= 29
    assert theirs >= 1.4 * ours


def test_power():
    rng = np.random.default_rng(6)
    x = rng.normal(size=(12, 20)) + 0.15 * np.arange(12)[:, None]
    assert field_significance(x, permutations=199, rng=1).pvalue <= 0.01


def test_nothing_rejects():
    found = field_significance(np.ones((6, 3)), permutations=99, rng=1)
    assert (found.statistic, found.pvalue) == (0, 1)
    assert (found.table["pvalue"] == 1).all()


def test_kinds():
    x = np.random.default_rng(1).poisson(6, (12, 3)).astype(float)
    base = field_significance(x, rng=1, permutations=300)
    frame = pd.DataFrame(x, columns=["Avon", "Kent", "Essex"])
    named = field_significance(frame, rng=1, permutations=300)
    assert list(named.table.index) == ["Avon", "Kent", "Essex"]
    assert named.pvalue == base.pvalue
    array = xr.DataArray(frame.T.to_numpy(), dims=["force", "year"])
    found = field_significance(array.chunk(), time="year", rng=1, permutations=300)
    assert found.pvalue == base.pvalue
    assert "blocks of 3 periods" in field_significance(x, block_length=3, rng=1).method
    assert "https://doi.org/" in base.cite()


@pytest.mark.parametrize(
    ("x", "options", "message"),
    [
        ([1.0, 2, 3], {}, "a table of periods and forces"),
        (np.ones((3, 4)), {}, "of at least 4 periods and 2 forces, got 3 periods and 4 forces"),
        (np.ones((5, 1)), {}, "of at least 4 periods"),
        (np.array([[1, np.nan]] * 5), {}, "finite"),
        (np.ones((8, 2), bool), {}, "bool"),
        (np.ones((8, 2)), {"block_length": 3}, "`block_length` must be .* at most 2"),
        (np.ones((8, 2)), {"permutations": 9}, "`permutations`"),
        (np.ones((8, 2)), {"time": "year"}, "`time` must be None unless"),
        (np.ones((8, 2)), {"level": 95}, "percentage"),
        (xr.DataArray(np.ones((8, 2)), dims=["a", "b"]), {"time": "c"}, r"one of \['a', 'b'\]"),
        (3.0, {}, "a table of periods"),
    ],
)
def test_bad_input(x, options, message):
    with pytest.raises((InputError, InputTypeError), match=message):
        field_significance(x, **options)
