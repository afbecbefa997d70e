"""Shares with a design: weights and clusters, finite populations, banded counts."""

from __future__ import annotations

import math
import pickle

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import beta, norm, t

import countylines as cl
from countylines.errors import (
    DegenerateDataWarning,
    InputError,
    InputTypeError,
    LabelMismatchError,
)
from countylines.prevalence import proportion

RNG = np.random.default_rng(7)
OPERATION = np.repeat(np.arange(12), 5)
YOUNG = (RNG.random(60) < np.repeat(RNG.beta(1, 3, 12), 5)).astype(int)
WEIGHT = RNG.uniform(0.5, 4.0, 60)


def linearised(y, w, cluster, population=None):
    """Share and variance written out from the textbook definition."""
    share = (w * y).sum() / w.sum()
    groups = sorted(set(cluster))
    totals = [sum(w[cluster == c] * (y[cluster == c] - share)) / w.sum() for c in groups]
    m = len(groups)
    mean = sum(totals) / m
    variance = m / (m - 1) * sum((z - mean) ** 2 for z in totals)
    if population:
        variance *= 1 - m / population
    return share, variance, m


def codes(result):
    return [note.code for note in result.notes]


class TestSurvey:
    @pytest.mark.parametrize("population", [None, 40])
    def test_korn_and_graubard(self, population):
        share, variance, m = linearised(YOUNG, WEIGHT, OPERATION, population)
        size = share * (1 - share) / variance * (t.ppf(0.025, 59) / t.ppf(0.025, m - 1)) ** 2
        x = share * size
        result = proportion(
            YOUNG,
            1,
            weights=WEIGHT,
            cluster=OPERATION,
            population=population,
            method="korn-graubard",
        )
        assert result.estimate == pytest.approx(share, rel=1e-12)
        assert result.standard_error == pytest.approx(math.sqrt(variance), rel=1e-12)
        assert result.low == pytest.approx(beta.ppf(0.025, x, size - x + 1), rel=1e-9)
        assert result.high == pytest.approx(beta.ppf(0.975, x + 1, size - x), rel=1e-9)
        same = proportion(
            YOUNG,
            1,
            weights=WEIGHT,
            cluster=OPERATION,
            population=population,
            method="clopper-pearson",
        )
        assert (same.low, same.high) == (result.low, result.high)
        assert "korn1998" in result.references
        assert codes(result) == ["design"]

    def test_logit_is_the_interval_on_the_log_odds(self):
        share, variance, m = linearised(YOUNG, WEIGHT, OPERATION)
        result = proportion(YOUNG, 1, weights=WEIGHT, cluster=OPERATION, method="logit")
        half = t.ppf(0.975, m - 1) * math.sqrt(variance) / (share * (1 - share))
        middle = math.log(share / (1 - share))
        expected = [1 / (1 + math.exp(-(middle + sign * half))) for sign in (-1, 1)]
        assert (result.low, result.high) == pytest.approx(expected, rel=1e-9)

    def test_groups_are_the_same_as_their_rows(self):
        """Respondents of one cluster, or the count and size of the cluster."""
        grouped = np.bincount(OPERATION, YOUNG)
        by_row = proportion(YOUNG, 1, cluster=OPERATION)
        by_group = proportion(grouped, 5, cluster=range(12))
        without = proportion(grouped, 5, weights=np.ones(12))
        for name in ("estimate", "standard_error", "low", "high", "n"):
            assert getattr(by_group, name) == pytest.approx(getattr(by_row, name), rel=1e-12)
            assert getattr(without, name) == getattr(by_group, name)

    def test_a_simple_random_sample(self):
        """Without weights and clusters the variance is p (1 - p) / (n - 1)."""
        y = np.r_[np.ones(20), np.zeros(80)]
        result = proportion(y, 1, weights=np.full(100, 3.0), method="korn-graubard")
        assert result.standard_error == pytest.approx(math.sqrt(0.16 / 99), rel=1e-12)
        plain = beta.ppf(0.025, 0.2 * 99, 0.8 * 99 + 1)
        assert result.low == pytest.approx(plain, rel=1e-9)

    @given(scale=st.floats(1e-3, 1e3), order=st.permutations(range(12)))
    def test_only_proportions_of_weights_and_which_rows_go_together_count(self, scale, order):
        plain = proportion(YOUNG, 1, weights=WEIGHT, cluster=OPERATION)
        names = np.array(list("abcdefghijkl"))[np.array(order)][OPERATION]
        other = proportion(YOUNG, 1, weights=WEIGHT * scale, cluster=list(names))
        for name in ("estimate", "standard_error", "low", "high"):
            assert getattr(other, name) == pytest.approx(getattr(plain, name), rel=1e-9)

    @pytest.mark.parametrize("method", ["mid-p", "korn-graubard", "wilson", "logit", "jeffreys"])
    @pytest.mark.parametrize("alternative", ["two-sided", "greater", "less"])
    def test_the_test_agrees_with_the_interval(self, method, alternative):
        options = {"cluster": OPERATION, "method": method}
        result = proportion(YOUNG, 1, alternative=alternative, level=0.9, **options)
        for end in (result.low, result.high):
            if 0 < end < 1:
                found = result.test(null=end, alternative=alternative)
                assert found.pvalue == pytest.approx(0.1, rel=1e-6)
        null = 0.9
        p = proportion(YOUNG, 1, null=null, alternative=alternative, **options).pvalue
        assert (p < 0.1) == (null < result.low or null > result.high)

    @pytest.mark.parametrize(
        "method", ["wilson-cc", "jeffreys", "clopper-pearson", "mid-p", "skew-score", "profile"]
    )
    @pytest.mark.filterwarnings("ignore::countylines.errors.DegenerateDataWarning")
    def test_few_clusters_and_counts_at_an_end(self, method):
        """Where few clusters shrink the size, a limit beyond one half of the tail turns back."""
        samples = [([0, 1, 0, 0, 0], [7, 5, 6, 5, 3]), ([7, 4], [7, 6]), ([0, 0], [5, 5])]
        samples += [([0, 2, 7], [1, 5, 7]), ([5, 4, 0, 0], [5, 4, 1, 3]), ([1, 1, 1, 1], [2] * 4)]
        for found, size in samples:
            for alternative in ("two-sided", "greater", "less"):
                options = {"method": method, "alternative": alternative, "level": 0.7}
                for null in (0.02, 0.1, 0.17, 0.35, 0.54, 0.8, 0.97):
                    r = proportion(found, size, cluster=range(len(size)), null=null, **options)
                    assert (r.pvalue < 0.3) == (null < r.low or null > r.high)

    def test_the_adjustment_goes_on_through_one_half(self):
        """Both quantiles are 0 at one half; their ratio is not 1."""
        around = [
            proportion(YOUNG, 1, cluster=OPERATION, alternative="greater", level=level).low
            for level in (0.4999, 0.5, 0.5001)
        ]
        assert around[0] > around[1] > around[2]
        assert around[1] == pytest.approx((around[0] + around[2]) / 2, rel=1e-6)

    @pytest.mark.parametrize("scale", [1e-310, 1e308])
    def test_weights_of_any_size(self, scale):
        weight = np.round(WEIGHT * 8) / 32
        plain = proportion(YOUNG, 1, weights=weight, cluster=OPERATION)
        other = proportion(YOUNG, 1, weights=weight * scale, cluster=OPERATION)
        assert other.low == pytest.approx(plain.low, rel=1e-3)
        assert other.high == pytest.approx(plain.high, rel=1e-3)

    def test_labels_of_clusters_are_taken_as_they_are(self):
        """A list of several types is not made into text: 1 is not "1", and pairs are labels."""
        y = [0, 1, 1, 0, 1, 1]
        plain = proportion(y, 1, cluster=list("aabcdd"))
        for other in ([1, 1, "1", 2, 3, 3], [(1, 2), (1, 2), (2, 1), (3, 1), (3, 2), (3, 2)]):
            assert proportion(y, 1, cluster=other).low == plain.low
        with pytest.raises(InputError, match=r"`cluster` must be .*a missing one"):
            proportion(y, 1, cluster=["a", "a", math.nan, "c", "d", "d"])

    def test_nulls_at_the_ends(self):
        data = {"cluster": OPERATION}
        assert proportion(YOUNG, 1, null=0, **data).pvalue == 0.0
        assert proportion(YOUNG, 1, null=0, alternative="less", **data).pvalue == 1.0

    def test_kinds_and_labels(self):
        index = [f"person {i}" for i in range(60)]
        young, weight = (pd.Series(v, index=index) for v in (YOUNG, WEIGHT))
        operation = pd.Series([f"op {c}" for c in OPERATION], index=index)
        result = proportion(young, 1, weights=weight, cluster=operation)
        plain = proportion(YOUNG, 1, weights=WEIGHT, cluster=OPERATION)
        assert (result.low, result.high) == (plain.low, plain.high)
        assert type(result.low) is float
        array = proportion(young.to_xarray(), 1, cluster=operation.to_xarray())
        assert array.low == proportion(YOUNG, 1, cluster=OPERATION).low
        with pytest.raises(LabelMismatchError, match="another order"):
            proportion(young, 1, cluster=operation.iloc[::-1])
        again = pickle.loads(pickle.dumps(result))
        assert again.identical(result)
        assert again.test(null=0.3).pvalue == result.test(null=0.3).pvalue

    def test_rows_of_weight_zero_are_no_part(self):
        more = np.r_[YOUNG, 1], np.r_[WEIGHT, 0.0], np.r_[OPERATION, 99]
        result = proportion(more[0], 1, weights=more[1], cluster=more[2])
        assert result.low == proportion(YOUNG, 1, weights=WEIGHT, cluster=OPERATION).low

    def test_no_variance(self):
        with pytest.warns(DegenerateDataWarning, match="same in all 12 clusters"):
            result = proportion(np.zeros(60), 1, cluster=OPERATION, method="korn-graubard")
        assert codes(result) == ["no-variance"]
        assert result.low == 0.0
        size = 60 * (t.ppf(0.025, 59) / t.ppf(0.025, 11)) ** 2
        assert result.high == pytest.approx(beta.ppf(0.975, 1, size), rel=1e-9)

    def test_everything_is_in(self):
        result = proportion(YOUNG, 1, cluster=OPERATION, population=12)
        assert result.low == result.high == result.estimate
        assert codes(result) == ["complete"]
        assert result.test(null=result.estimate + 0.01).pvalue == 0.0
        assert result.test(null=result.estimate).pvalue == 1.0

    def test_errors(self):
        with pytest.raises(InputError, match="left out with `weights` or `cluster`"):
            proportion(YOUNG, 1, weights=WEIGHT, design_effect=2.0)
        with pytest.raises(InputError, match="fractional counts when `weights` or `cluster`"):
            proportion(YOUNG, 1, cluster=OPERATION, method="blaker")
        with pytest.raises(InputError, match=r"without exceptions for counts.*'modified-jeffreys'"):
            proportion(YOUNG, 1, cluster=OPERATION, method="modified-jeffreys")
        with pytest.raises(InputError, match=r"at least 2 clusters.*1 with weight"):
            proportion([0, 1], 1, cluster=["a", "a"])
        with pytest.raises(InputError, match="at least 2 rows"):
            proportion([1, 1], 1, weights=[1.0, 0.0])
        with pytest.raises(InputError, match="`weights` must be finite and at least 0, got -1"):
            proportion([0, 1], 1, weights=[-1.0, 2.0])
        with pytest.raises(InputError, match=r"`cluster` must be a sequence.*a missing one"):
            proportion([0, 1], 1, cluster=["a", None])
        with pytest.raises(InputTypeError, match="`cluster` must be a sequence"):
            proportion([0, 1], 1, cluster="ab")
        with pytest.raises(InputError, match="`population` must be a whole number of at least 12"):
            proportion(YOUNG, 1, cluster=OPERATION, population=11)
        with pytest.raises(InputError, match="of one dimension, a value a row"):
            proportion(3, 7, weights=1.0)
        with pytest.raises(InputTypeError, match="got a Band"):
            proportion(cl.Band(0, 1), 1, weights=WEIGHT)
        with pytest.raises(InputError, match="`null` must be a number in"):
            proportion(YOUNG, 1, cluster=OPERATION, null=2)
        lazy = xr.DataArray(YOUNG, dims="row").chunk({"row": 10})
        with pytest.raises(InputError, match="wait for dask"):
            proportion(lazy, 1, weights=xr.DataArray(WEIGHT, dims="row"))
        with pytest.raises(InputError, match="unless `weights` or `cluster` is given"):
            proportion(3, 7, method="korn-graubard")

    def test_clusters_widen_and_the_level_is_held(self):
        """Alike within clusters: taken as separate people the interval misses too often."""
        rng = np.random.default_rng(11)
        truth, missed = 0.25, np.zeros(2)
        for _ in range(300):
            p = rng.beta(0.5, 1.5, 30)
            found = rng.binomial(8, p)
            alike = proportion(found, 8, cluster=range(30))
            apart = proportion(int(found.sum()), 240)
            missed += [not r.low <= truth <= r.high for r in (alike, apart)]
        assert missed[0] / 300 < 0.09
        assert missed[1] / 300 > 0.15


class TestFinitePopulation:
    def test_limits_are_whole_numbers_of_the_population(self):
        result = proportion(38, 43, population=60)
        for end in (result.low, result.high):
            assert end * 60 == pytest.approx(round(end * 60), abs=1e-12)
        wide = proportion(38, 43)
        assert wide.low < result.low < result.estimate < result.high < wide.high
        assert codes(result) == ["finite-population"]
        share = 38 / 43
        error = math.sqrt(share * (1 - share) / 42 * (1 - 43 / 60))
        assert result.standard_error == pytest.approx(error, rel=1e-12)

    def test_a_complete_count_has_no_interval(self):
        result = proportion(38, 43, population=43)
        assert result.low == result.high == result.estimate
        assert result.standard_error == 0.0
        assert result.test(null=0.5).pvalue == 0.0

    def test_kinds_nulls_and_sides(self):
        index = ["a", "b", "c"]
        data = [pd.Series(v, index=index) for v in ([3, 0, 4], [10, 5, 4], [25, 40, 4])]
        with_null = proportion(data[0], data[1], population=data[2], null=0.3)
        assert list(with_null.low.index) == index
        lazy = [v.to_xarray().chunk({"index": 2}) for v in data]
        found = proportion(lazy[0], lazy[1], population=lazy[2], null=0.3)
        assert found.is_lazy
        np.testing.assert_allclose(found.compute().pvalue, with_null.pvalue)
        greater = proportion(3, 10, population=25, alternative="greater")
        assert greater.high == 1.0
        assert greater.low == proportion(3, 10, population=25, level=0.9).low

    def test_no_observation(self):
        with pytest.warns(DegenerateDataWarning, match="The total is 0"):
            result = proportion(0, 0, population=9)
        assert (result.low, result.high) == (0, 1)
        assert result.verdict.code == "no-data"

    def test_errors(self):
        with pytest.raises(InputError, match="`total` must be at most `population`, got 43 > 40"):
            proportion(38, 43, population=40)
        with pytest.raises(InputError, match="'mid-p' or 'clopper-pearson' with `population`"):
            proportion(38, 43, population=60, method="wilson")
        with pytest.raises(InputError, match="`population` must be left out with `design_effect`"):
            proportion(38, 43, population=60, design_effect=2)
        with pytest.raises(InputError, match="`population` must be left out with a banded count"):
            proportion(cl.Band(1, 2), 43, population=60)


class TestBands:
    def test_the_region_and_the_interval_round_it(self):
        result = proportion(cl.Band(1, 4), 43)
        assert math.isnan(result.estimate)
        assert result.verdict.code == "not-identified"
        assert (result.region_low, result.region_high) == (1 / 43, 4 / 43)
        assert result.low == proportion(1, 43).low
        assert result.high == proportion(4, 43).high
        assert codes(result) == ["banded"]

    def test_an_open_band_ends_at_the_total(self):
        result = proportion(cl.Band(30, np.inf), 43)
        assert result.region_high == 1.0
        assert result.high == 1.0
        assert result.test(null=0.5, alternative="greater").pvalue < 0.05

    def test_a_band_of_one_number_is_that_number(self):
        banded, plain = proportion(cl.Band(3, 3), 43, null=0.2), proportion(3, 43, null=0.2)
        for name in ("estimate", "low", "high", "standard_error", "pvalue"):
            assert getattr(banded, name) == getattr(plain, name)
        assert codes(banded) == []

    @pytest.mark.parametrize(
        "method", ["mid-p", "clopper-pearson", "wilson", "jeffreys", "skew-score"]
    )
    @given(data=st.data())
    def test_the_interval_holds_that_of_every_count_within(self, method, data):
        total = data.draw(st.integers(1, 60))
        low = data.draw(st.integers(0, total))
        high = data.draw(st.integers(low, total))
        inside = proportion(data.draw(st.integers(low, high)), total, method=method)
        banded = proportion(cl.Band(low, high), total, method=method)
        assert banded.low <= inside.low + 1e-13
        assert banded.high >= inside.high - 1e-13

    @pytest.mark.parametrize("alternative", ["two-sided", "greater", "less"])
    def test_pvalues_agree_with_the_interval(self, alternative):
        result = proportion(cl.Band(3, 9), 20, alternative=alternative)
        for null in (0.01, 0.1, 0.3, 0.5, 0.7, 0.9):
            p = result.test(null=null, alternative=alternative).pvalue
            assert (p < 0.05) == (null < result.low or null > result.high)

    def test_kinds_and_empty_totals(self):
        low, high = (pd.Series(v, index=["a", "b"]) for v in ([0, 2], [0, 4]))
        total = pd.Series([0, 9], index=["a", "b"])
        with pytest.warns(DegenerateDataWarning, match="in 1 of 2 places"):
            result = proportion(cl.Band(low, high), total)
        assert [v.code for v in result.verdict] == ["no-data", "not-identified"]
        assert list(result.region_high) == [1.0, 4 / 9]
        ends = [v.to_xarray().chunk({"index": 1}) for v in (low, high)]
        lazy = proportion(cl.Band(*ends), 9)
        assert lazy.is_lazy
        assert float(lazy.compute().high[1]) == proportion(4, 9).high

    def test_errors(self):
        with pytest.raises(InputError, match="limits rise with the count, for a band"):
            proportion(cl.Band(1, 4), 43, method="wald")
        with pytest.raises(InputError, match=r"`count.high` must be at most `total`, got 50 > 43"):
            proportion(cl.Band(1, 50), 43)
        with pytest.raises(InputError, match="`design_effect` must be left out with a banded"):
            proportion(cl.Band(1, 4), 43, design_effect=2)


def test_normal_quantiles_where_methods_rest_on_them():
    """Wilson with clusters: the size is adjusted by the normal, not by Student's t of the rows."""
    share, variance, m = linearised(YOUNG, np.ones(60), OPERATION)
    size = share * (1 - share) / variance * (norm.ppf(0.025) / t.ppf(0.025, m - 1)) ** 2
    z2 = norm.ppf(0.975) ** 2
    middle = (share * size + z2 / 2) / (size + z2)
    half = math.sqrt(z2) / (size + z2) * math.sqrt(share * (1 - share) * size + z2 / 4)
    result = proportion(YOUNG, 1, cluster=OPERATION, method="wilson")
    assert (result.low, result.high) == pytest.approx((middle - half, middle + half), rel=1e-9)
