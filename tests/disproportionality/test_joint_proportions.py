"""Joint limits of shares: reference values, definitions, kinds, edges, errors."""

from __future__ import annotations

import json
import pickle
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from countylines._kernels import multinomial_limits
from countylines.disproportionality import joint_proportions
from countylines.errors import DegenerateDataWarning, InputError, InputTypeError, SparseDataWarning
from countylines.prevalence import proportion

CASES = json.loads(
    (Path(__file__).parents[1] / "reference" / "joint_proportions.json").read_text()
)["cases"]
NAMES = {
    "goodman": "goodman",
    "qh": "quesenberry-hurst",
    "fs": "fitzpatrick-scott",
    "sisonglaz": "sison-glaz",
}
COUNTS = [7, 6, 12, 55, 20]
ALL = pytest.mark.parametrize("method", multinomial_limits.METHODS)
TABLES = st.lists(st.integers(0, 60), min_size=2, max_size=6).filter(lambda x: sum(x) > 0)
pytestmark = pytest.mark.filterwarnings("ignore::countylines.errors.SparseDataWarning")


@pytest.mark.parametrize("case", [c for c in CASES if c["method"] in NAMES], ids=lambda c: c["id"])
def test_reference(case):
    found = joint_proportions(case["inputs"]["counts"], method=NAMES[case["method"]])
    rtol = case["tolerance"]["rtol"]
    for ours, theirs in (("estimate", "estimate"), ("low", "lower"), ("high", "upper")):
        np.testing.assert_allclose(
            getattr(found, ours), case["expected"][theirs], rtol=rtol, atol=1e-15
        )


@pytest.mark.parametrize("case", [c for c in CASES if c["method"] in ("wald", "wilson")])
def test_a_peer_calls_separate_intervals_joint(case):
    """Its "wald" and "wilson" are those of each share by itself: they do not hold together."""
    counts = np.array(case["inputs"]["counts"])
    alone = proportion(counts, counts.sum(), method=case["method"])
    np.testing.assert_allclose(alone.low, case["expected"]["lower"], rtol=1e-8, atol=1e-15)
    np.testing.assert_allclose(alone.high, case["expected"]["upper"], rtol=1e-8)
    joint = joint_proportions(counts, method=f"{case['method']}-bonferroni")
    assert (joint.high - joint.low >= alone.high - alone.low).all()
    assert (joint.high > alone.high).any()


def test_a_peer_adds_one_to_the_whole_number_of_sison_and_glaz():
    (case,) = (c for c in CASES if c["method"] == "cplus1")
    counts = np.array(case["inputs"]["counts"], float)
    width = multinomial_limits._whole_width(counts, 0.95)[0] + 1
    expected = np.minimum((counts + width) / counts.sum(), 1)
    np.testing.assert_allclose(expected, case["expected"]["upper"], rtol=1e-8)


@given(TABLES, st.sampled_from([0.5, 0.9, 0.95, 0.999]))
def test_score_limits_solve_their_equation(values, level):
    x = np.array([values], float)
    n = x.sum()
    for method, chi in (
        ("goodman", stats.chi2.isf((1 - level) / x.shape[1], 1)),
        ("quesenberry-hurst", stats.chi2.isf(1 - level, x.shape[1] - 1)),
    ):
        for limit in multinomial_limits.METHODS[method](x, level):
            inside = (limit > 0) & (limit < 1)
            score = (x - n * limit) ** 2
            np.testing.assert_allclose(
                score[inside], (chi * n * limit * (1 - limit))[inside], rtol=1e-9
            )


@ALL
@given(TABLES)
def test_shares_lie_inside_and_order_does_not_matter(method, values):
    x = np.array([values], float)
    low, high = multinomial_limits.METHODS[method](x, 0.95)
    share = x / x.sum()
    assert (low >= 0).all()
    assert (high <= 1).all()
    assert (low <= share + 1e-12).all()
    assert (high >= share - 1e-12).all()
    back, forth = multinomial_limits.METHODS[method](x[:, ::-1], 0.95)
    np.testing.assert_allclose(back[:, ::-1], low, rtol=1e-9, atol=1e-15)
    np.testing.assert_allclose(forth[:, ::-1], high, rtol=1e-9)


@pytest.mark.parametrize("c", [0, 1, 3, 8])
def test_the_chance_behind_sison_and_glaz(c):
    """An Edgeworth series against enumeration of all tables."""
    x = np.array([20.0, 9, 6])
    k = np.array([(i, j, 35 - i - j) for i in range(36) for j in range(36 - i)])
    inside = (np.abs(k - x) <= c).all(axis=1)
    exact = stats.multinomial.pmf(k[inside], 35, x / 35).sum()
    assert multinomial_limits._within(x, c) == pytest.approx(exact, abs=0.006)


def test_the_bound_of_fitzpatrick_and_scott():
    """Their paper: half-widths of 1, 1.13 and 1.40 over root n hold 90, 95 and 99 per cent."""
    for half, held in ((1.0, 0.898), (1.13, 0.95), (1.4, 0.99)):
        level = 1 - 2 * stats.norm.sf(2 * half)
        bound = multinomial_limits.fitzpatrick_scott_bound(level)
        assert bound == pytest.approx(held, abs=0.0016)


@ALL
def test_kinds(method):
    base = joint_proportions(COUNTS, method=method)
    series = joint_proportions(pd.Series(COUNTS, index=list("abcde")), method=method)
    assert list(series.low.index) == list("abcde")
    np.testing.assert_array_equal(series.high, base.high)
    table = xr.DataArray([COUNTS, COUNTS[::-1]], dims=["region", "group"])
    found = joint_proportions(table.chunk({"group": 2}), dim="group", method=method)
    assert found.low.dims == ("region", "group")
    np.testing.assert_allclose(found.low.values[1, ::-1], base.low, rtol=1e-12)
    frame = joint_proportions(table.to_pandas().T, method=method)
    np.testing.assert_allclose(frame.high.T, found.high.values, rtol=1e-12)
    assert pickle.loads(pickle.dumps(series)).identical(series)
    assert "https://doi.org/" in series.cite()
    assert "all 5 together" in series.summary()
    assert (series.n == 100).all()


def test_aliases():
    goodman = joint_proportions(COUNTS, method="goodman")
    assert joint_proportions(COUNTS, method="wilson-bonferroni").identical(goodman)


def test_an_empty_whole_has_no_composition():
    with pytest.warns(DegenerateDataWarning, match="All counts are 0"):
        found = joint_proportions(np.array([[0, 0, 0], [1, 2, 3]]), dim=1)
    assert np.isnan(found.estimate[0]).all()
    assert found.low[0].tolist() == [0] * 3
    assert found.high[0].tolist() == [1] * 3
    assert {v.code for v in found.verdict[0]} == {"no-data"}
    assert found.estimable[1].all()


def test_small_counts_are_warned_of():
    with pytest.warns(SparseDataWarning, match="fall short of their level") as caught:
        found = joint_proportions([1, 30, 40], method="goodman")
    assert str(caught[0].message) in {note.text for note in found.notes}
    with pytest.warns(SparseDataWarning, match="at least 0.887 only"):
        joint_proportions([1, 30, 40], method="fitzpatrick-scott")


@pytest.mark.filterwarnings("error")
def test_the_default_is_silent_at_small_counts():
    joint_proportions([1, 0, 40])


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        ([1, -1], "cannot be negative"),
        ([1, 2.5], "`counts` must be a whole number of at least 0, got 2.5 at position 1"),
        ([1, np.nan], "missing"),
        ([1, np.inf], "finite"),
        ([True, False], "bool"),
        ([], "non-empty"),
        ([3], "at least two categories"),
        (3, "a series of counts"),
        (["1", "2"], "text"),
    ],
)
def test_bad_counts(bad, message):
    with pytest.raises(InputError, match=message):
        joint_proportions(bad)


def test_bad_options():
    with pytest.raises(InputError, match="Did you mean 'goodman'"):
        joint_proportions(COUNTS, method="godman")
    with pytest.raises(InputError, match="looks like a percentage"):
        joint_proportions(COUNTS, level=95)
    with pytest.raises(InputTypeError):
        joint_proportions(COUNTS, level="0.95")
