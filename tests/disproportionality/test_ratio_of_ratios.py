"""Ratios of rate ratios: theory, symmetry, shared people, edges, errors."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from scipy.special import ndtri

from countylines.disproportionality import odds_ratio, rate_ratio, ratio_of_ratios, risk_ratio
from countylines.errors import DegenerateDataWarning, InputError, SparseDataWarning

DATA = (60, 40_000.0, 300, 900_000.0, 25, 41_000.0, 350, 890_000.0)
WHOLE = ("skew-score", "conditional", "conditional-mid-p", "minlike", "mover-wilson", "woolf")
COUNTS = st.lists(st.integers(1, 60), min_size=4, max_size=4)
pytestmark = pytest.mark.filterwarnings("ignore::countylines.errors.SparseDataWarning")


def flipped(data):
    return (*data[4:], *data[:4])


def ends(found):
    return np.array([found.estimate, found.low, found.high], float)


def test_log_normal_by_hand():
    x, e, y, f, x2, e2, y2, f2 = DATA
    found = ratio_of_ratios(*DATA, method="woolf", null=1.25)
    first, second = x / e / (y / f), x2 / e2 / (y2 / f2)
    assert found.estimate == pytest.approx(first / second)
    error = np.sqrt(1 / x + 1 / y + 1 / x2 + 1 / y2)
    assert found.low == pytest.approx(first / second * np.exp(ndtri(0.025) * error))
    z = (np.log(first / second) - np.log(1.25)) / error
    assert found.pvalue == pytest.approx(2 * stats.norm.sf(z))
    assert found.n == 735


def test_it_is_the_ratio_of_the_two():
    two = [rate_ratio(*part).estimate for part in (DATA[:4], DATA[4:])]
    assert ratio_of_ratios(*DATA).estimate == pytest.approx(two[0] / two[1])


@pytest.mark.parametrize("method", WHOLE)
def test_with_one_benchmark_the_exposures_cancel(method):
    counts = (60, 300, 25, 350)
    data = (60, 40_000, 300, 900_000, 25, 40_000, 350, 900_000)
    table = odds_ratio(60, 360, 25, 375, method=method)
    np.testing.assert_allclose(ends(ratio_of_ratios(*data, method=method)), ends(table), rtol=1e-12)
    other = ratio_of_ratios(*np.ravel(list(zip(counts, (7, 9, 7, 9), strict=True))), method=method)
    np.testing.assert_allclose(ends(other), ends(table), rtol=1e-12)


@pytest.mark.parametrize("method", [m for m in WHOLE if m != "mover-wilson"])
@settings(max_examples=30)
@given(COUNTS, st.floats(0.1, 10), st.floats(0.1, 10))
def test_turned_round_it_inverts(method, counts, e, f):
    data = (counts[0], e, counts[1], f, counts[2], 1.0, counts[3], 2.0)
    one, other = (ratio_of_ratios(*d, method=method) for d in (data, flipped(data)))
    np.testing.assert_allclose(ends(other), 1 / ends(one)[[0, 2, 1]], rtol=1e-7)
    assert other.pvalue == pytest.approx(one.pvalue, rel=1e-6, abs=1e-12)
    swapped = (*data[2:4], *data[:2], *data[6:], *data[4:6])
    third = ratio_of_ratios(*swapped, method=method)
    np.testing.assert_allclose(ends(third), 1 / ends(one)[[0, 2, 1]], rtol=1e-7)


@pytest.mark.parametrize("alternative", ["two-sided", "greater", "less"])
@pytest.mark.parametrize("shared", [None, 12])
def test_limits_and_pvalue_are_one_inversion(alternative, shared):
    options = {} if shared is None else {"shared": shared, "ref_shared": 40}
    found = ratio_of_ratios(*DATA, alternative=alternative, level=0.9, **options)
    for end in (found.low, found.high):
        if 0 < end < np.inf:
            again = ratio_of_ratios(*DATA, alternative=alternative, null=end, **options)
            assert again.pvalue == pytest.approx(0.1, rel=1e-8)
    tested = found.test(null=1.0, alternative=alternative)
    base = ratio_of_ratios(*DATA, alternative=alternative, **options)
    assert tested.pvalue == pytest.approx(base.pvalue)


class TestShared:
    def test_variance(self):
        x, _, y, _, x2, _, y2, _ = DATA
        apart = ratio_of_ratios(*DATA, method="woolf")
        found = ratio_of_ratios(*DATA, shared=20, ref_shared=200)
        assert found.estimate == pytest.approx(apart.estimate)
        variance = 1 / x + 1 / y + 1 / x2 + 1 / y2 - 2 * 20 / (x * x2) - 2 * 200 / (y * y2)
        half = np.log(found.high / found.low) / 2
        assert half == pytest.approx(-ndtri(0.025) * np.sqrt(variance))
        none = ratio_of_ratios(*DATA, shared=0, ref_shared=0)
        np.testing.assert_allclose(ends(none), ends(apart), rtol=1e-12)

    def test_simulated_spread(self):
        rng = np.random.default_rng(1)
        draws = 40_000
        both, first, second = (rng.poisson(m, draws) for m in (30, 40, 50))
        ref_both, ref_first, ref_second = (rng.poisson(m, draws) for m in (200, 60, 20))
        x, x2, y, y2 = both + first, both + second, ref_both + ref_first, ref_both + ref_second
        ones = np.ones(draws)
        found = ratio_of_ratios(
            x, ones, y, ones, x2, ones, y2, ones, shared=both, ref_shared=ref_both
        )
        truth = (70 / 260) / (80 / 220)
        error = found.standard_error / found.estimate
        assert error.mean() == pytest.approx(np.log(found.estimate).std(), rel=0.02)
        held = ((found.low <= truth) & (found.high >= truth)).mean()
        assert held == pytest.approx(0.95, abs=0.006)
        apart = ratio_of_ratios(x, ones, y, ones, x2, ones, y2, ones, method="woolf")
        assert ((apart.low <= truth) & (apart.high >= truth)).mean() > 0.99

    def test_everybody_is_shared(self):
        with pytest.warns(DegenerateDataWarning, match="Everybody is shared"):
            found = ratio_of_ratios(9, 2, 8, 1, 9, 1, 8, 1, shared=9, ref_shared=8)
        assert found.low == found.high == found.estimate == 0.5
        assert found.pvalue == 0.0

    def test_kinds(self):
        index = pd.Index(["a", "b"], name="year")
        data = [pd.Series([v, v], index=index) for v in DATA]
        shared = pd.Series([5, 60], index=index)
        with pytest.raises(InputError, match="`shared` must be at most `other_count`, got 60 > 25"):
            ratio_of_ratios(*data, shared=shared, ref_shared=0)
        found = ratio_of_ratios(*data, shared=shared.clip(upper=25), ref_shared=0)
        pd.testing.assert_index_equal(found.low.index, index)
        lazy = [xr.DataArray(v).chunk() for v in data]
        waiting = ratio_of_ratios(*lazy, shared=3, ref_shared=4)
        assert waiting.is_lazy
        expected = ratio_of_ratios(*DATA, shared=3, ref_shared=4)
        assert waiting.compute().low.values[0] == pytest.approx(expected.low)

    def test_methods_and_halves(self):
        with pytest.raises(InputError, match="`method` must be one of 'woolf', got 'skew-score'"):
            ratio_of_ratios(*DATA, shared=1, ref_shared=1, method="skew-score")
        with pytest.raises(InputError, match="`ref_shared` must be given with the other"):
            ratio_of_ratios(*DATA, shared=1)
        with pytest.raises(InputError, match="`shared` must be given with the other"):
            ratio_of_ratios(*DATA, ref_shared=1)
        with pytest.raises(InputError, match="`ref_shared` must be at most `ref_count`"):
            ratio_of_ratios(*DATA, shared=1, ref_shared=301)

    def test_a_zero_count_leaves_everything_open(self):
        with pytest.warns(DegenerateDataWarning):
            found = ratio_of_ratios(0, 1, 8, 1, 9, 1, 8, 1, shared=0, ref_shared=3)
        assert (found.estimate, found.low, found.high, found.pvalue) == (0, 0, np.inf, 1)


def test_zero_counts():
    with pytest.warns(DegenerateDataWarning, match="A count is 0"):
        found = ratio_of_ratios(0, 1, 8, 1, 9, 1, 8, 1)
    assert found.estimate == found.low == 0
    assert 0 < found.high < np.inf
    with pytest.warns(DegenerateDataWarning):
        nothing = ratio_of_ratios(0, 1, 0, 1, 9, 1, 8, 1)
    assert np.isnan(nothing.estimate)
    assert nothing.verdict.code == "no-data"
    assert (nothing.low, nothing.high) == (0, np.inf)


def test_two_shares_of_known_wholes_are_another_matter():
    """Odds and not risks: with known wholes, as of arrests charged, risk_ratio is meant."""
    assert ratio_of_ratios(5, 1, 5, 1, 2, 1, 8, 1).estimate != risk_ratio(5, 10, 2, 10).estimate


@pytest.mark.filterwarnings("default")
def test_sparse():
    with pytest.warns(SparseDataWarning, match="Fewer than 5 events"):
        ratio_of_ratios(3, 1, 8, 1, 9, 1, 8, 1, method="woolf")


@pytest.mark.parametrize(
    ("place", "bad", "message"),
    [
        (0, -1, "`count` must be a whole number"),
        (1, 0, "`exposure` must be finite and above 0"),
        (3, np.inf, "`ref_exposure` must be finite"),
        (4, 2.5, "`other_count` must be a whole number"),
        (6, np.nan, "`other_ref_count` .* missing"),
        (7, True, "`other_ref_exposure`"),
    ],
)
def test_bad_input(place, bad, message):
    data = list(DATA)
    data[place] = bad
    with pytest.raises(InputError, match=message):
        ratio_of_ratios(*data)
