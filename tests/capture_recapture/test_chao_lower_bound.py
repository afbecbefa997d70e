"""Chao's lower bound and Zelterman's estimate: reference values, forms of input, limits, ends."""

from __future__ import annotations

import json
import math
import pickle
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st

import countylines as cl
from countylines._kernels import repeat_counts
from countylines.capture_recapture import chao_lower_bound, zelterman
from countylines.errors import DegenerateDataWarning, InputError, InputTypeError

CASES = json.loads((Path(__file__).parents[1] / "reference" / "repeat_counts.json").read_text())[
    "cases"
]
ILLEGAL = {1: 1645, 2: 183, 3: 37, 4: 13, 5: 1, 6: 1}
BOTH = pytest.mark.parametrize("function", [chao_lower_bound, zelterman])
pytestmark = pytest.mark.filterwarnings("ignore::countylines.errors.CountyLinesWarning")


def named(*starts):
    return [pytest.param(c, id=c["id"]) for c in CASES if c["id"].startswith(starts)]


def counts_of(case):
    data = case["inputs"]
    pairs = data.get("frequency_of_frequencies")
    return dict(pairs or zip(data["counts"], data["frequencies"], strict=True))


@pytest.mark.reference
class TestReference:
    @pytest.mark.parametrize("case", named("freq"))
    def test_frequencies(self, case):
        seen, expected = counts_of(case), case["expected"]
        bound = chao_lower_bound(seen, interval="lognormal")
        other = zelterman(seen)
        corrected = chao_lower_bound(seen, method="bias-corrected")
        finite = chao_lower_bound(seen, method="bias-corrected", occasions=max(seen))
        assert bound.estimate == pytest.approx(expected["chao_lb"], rel=1e-12)
        assert bound.standard_error == pytest.approx(expected["chao_se"], rel=1e-12)
        assert [bound.low, bound.high] == pytest.approx(expected["chao_lognormal_ci"], rel=1e-12)
        assert other.estimate == pytest.approx(expected["zelterman"], rel=1e-12)
        assert other.standard_error == pytest.approx(expected["zelterman_se"], rel=1e-12)
        assert corrected.estimate == pytest.approx(expected["chao_bias_corrected"], rel=1e-12)
        name = "chao2_finite_t_bias_corrected"
        assert finite.estimate == pytest.approx(expected[name], rel=1e-12)

    @pytest.mark.parametrize("case", [c for c in named("zt.") if "zelterman" not in c.id])
    def test_single_source(self, case):
        seen, expected = counts_of(case), case["expected"]
        if case["id"].endswith("chao"):
            # Its standard error is the one by conditioning, a little larger than Chao's.
            result = chao_lower_bound(seen)
            assert result.estimate == pytest.approx(expected["N_hat"], rel=1e-9)
            assert 1.0 < expected["se"] / result.standard_error < 1.04
        else:
            corrected = chao_lower_bound(seen, method="bias-corrected")
            assert corrected.estimate == pytest.approx(expected["chao_bc"], rel=1e-12)
            if "chao_classic" in expected:
                classic = chao_lower_bound(seen).estimate
                assert classic == pytest.approx(expected["chao_classic"], rel=1e-12)

    @pytest.mark.parametrize("case", named("richness"))
    def test_species(self, case):
        seen, expected = counts_of(case), case["expected"]
        result = chao_lower_bound(seen, method="bias-corrected")
        target = expected["chao1_bias_corrected_without_factor"]
        assert result.estimate == pytest.approx(target, rel=1e-12)
        factor = chao_lower_bound(seen, occasions=expected["occasions"])
        assert factor.estimate == pytest.approx(expected["chao1_with_factor"], abs=6e-4)
        assert factor.standard_error == pytest.approx(expected["chao1_with_factor_se"], abs=6e-4)


class TestForms:
    @BOTH
    def test_every_form_gives_the_same(self, function):
        one = function(ILLEGAL)
        shuffled = pd.Series(ILLEGAL).iloc[[3, 1, 0, 5, 4, 2]]
        short = {k: v for k, v in ILLEGAL.items() if k < 5} | {9: 2}
        for other in (
            list(ILLEGAL.values()),
            np.array(list(ILLEGAL.values()), dtype=np.uint16),
            pd.Series(ILLEGAL),
            shuffled,
            short,
        ):
            again = function(other)
            assert again.estimate == pytest.approx(one.estimate, rel=1e-14)
            assert (again.low, again.high) == pytest.approx((one.low, one.high), rel=1e-12)
            assert isinstance(again.estimate, float)

    @BOTH
    def test_histories_bring_their_occasions(self, function):
        frame = cl.datasets.load_mse("uk_2013")
        lists = cl.CaptureHistories.from_table(frame, lists=frame.attrs["lists"])
        mine = function(lists)
        assert mine.estimate == pytest.approx(
            function(lists.frequencies(), occasions=6).estimate, rel=1e-14
        )
        assert mine.estimate < function(lists.frequencies()).estimate
        assert mine.n_observed == 2744

    @BOTH
    @pytest.mark.parametrize("chunked", [False, True])
    def test_labels_stay(self, function, chunked):
        table = pd.DataFrame(
            {"north": [10, 3, 1], "south": [20, 5, 0], "east": [7, 2, 2]}, index=[1, 2, 3]
        )
        by_column = function(table)
        assert list(by_column.estimate.index) == ["north", "south", "east"]
        for name in table:
            assert by_column.estimate[name] == function(table[name]).estimate
        array = xr.DataArray(
            table.to_numpy().T, dims=("region", "times"), coords={"times": [1, 2, 3]}
        )
        labelled = function(array.chunk(region=1) if chunked else array, dim="times").compute()
        assert labelled.estimate.dims == ("region",)
        np.testing.assert_array_equal(labelled.estimate, by_column.estimate)
        np.testing.assert_allclose(labelled.low, by_column.low, rtol=1e-12)
        np.testing.assert_array_equal(function(table.to_numpy(), dim=0).high, by_column.high)

    @BOTH
    def test_it_pickles_and_cites(self, function):
        result = function(ILLEGAL)
        assert pickle.loads(pickle.dumps(result)).identical(result)
        assert "10.1016" in result.cite() or "10.2307" in result.cite()
        assert {"one-inflation"} <= {note.code for note in result.notes}


class TestLimits:
    @pytest.mark.parametrize("interval", ["profile", "lognormal", "wald"])
    @pytest.mark.parametrize("alternative", ["two-sided", "less", "greater"])
    @pytest.mark.parametrize("occasions", [None, 6])
    def test_limits_and_p_values_agree(self, interval, alternative, occasions):
        for function in (chao_lower_bound, zelterman):
            if function is zelterman and interval == "profile":
                continue
            result = function(
                ILLEGAL, interval=interval, alternative=alternative, occasions=occasions
            )
            for end, side in ((result.low, "greater"), (result.high, "less")):
                if alternative in ("two-sided", side):
                    p = result.test(null=end, alternative=alternative).pvalue
                    assert p == pytest.approx(0.05, rel=1e-8)
                else:
                    assert end in (result.n_observed, math.inf)

    def test_the_profile_is_a_multinomial_likelihood(self):
        """Put into the likelihood written out, the limits lie the right distance below the top."""
        from scipy.optimize import minimize_scalar
        from scipy.special import gammaln, xlogy

        once, twice, more, t = 30, 9, 4, 5

        def likelihood(hidden):
            def inner(logit):
                p = 1.0 / (1.0 + np.exp(-logit))
                chance = np.array(
                    [(1 - p) ** t, t * p * (1 - p) ** (t - 1), t * (t - 1) / 2 * p**2]
                )
                chance[2] *= (1 - p) ** (t - 2)
                total = hidden + once + twice + more
                chance *= (total - more) / total / chance.sum()
                counts = np.array([hidden, once, twice])
                value = xlogy(counts, chance).sum() + more * np.log(more / total)
                return -(value + gammaln(total + 1) - gammaln(hidden + 1))

            return -minimize_scalar(
                inner, bounds=(-9, 5), method="bounded", options={"xatol": 1e-12}
            ).fun

        result = chao_lower_bound([once, twice, more], occasions=t)
        arrays = [np.array([float(x)]) for x in (once, twice, once + twice + more)]
        peak = float(repeat_counts.profile_peak(*arrays, 5.0)[0])
        top = likelihood(peak)
        assert top >= max(likelihood(peak * 0.99), likelihood(peak * 1.01))
        for end in (result.hidden.low, result.hidden.high):
            assert 2 * (top - likelihood(end)) == pytest.approx(1.959963984540054**2, rel=1e-7)

    def test_the_variance_is_that_of_the_model(self):
        """Simulated: rates alike, so the bound is the truth and its standard error can be seen."""
        rng = np.random.default_rng(3)
        drawn = rng.poisson(0.8, (4000, 2000))
        table = np.stack([(drawn == k).sum(axis=1) for k in (1, 2, 3, 4)])
        for result in (chao_lower_bound(table, dim=0), zelterman(table, dim=0)):
            spread = np.std(result.estimate)
            # Conditional on the rates the number seen varies less than the hidden number adds.
            assert np.sqrt(np.mean(result.standard_error**2)) == pytest.approx(spread, rel=0.06)
            assert np.mean(result.estimate) == pytest.approx(2000, rel=0.01)


class TestEnds:
    @BOTH
    def test_nobody_seen_twice(self, function):
        with pytest.warns(DegenerateDataWarning, match="No unit was seen exactly twice"):
            result = function([12, 0, 3], null=20)
        assert result.verdict.code == "hidden-infinite"
        assert result.estimate == math.inf
        assert 15 < result.low < math.inf
        assert result.high == math.inf
        assert result.pvalue < 0.05
        assert function([12, 0, 3], null=1e5).pvalue > 0.5
        assert function([12, 0, 3], null=1e5, alternative="less").pvalue > 0.5

    @BOTH
    def test_nobody_seen_once(self, function):
        result = function([0, 12, 3], null=30)
        assert result.verdict.code == "hidden-zero"
        assert result.estimate == result.low == 15
        assert math.isnan(result.standard_error)
        assert 15 < result.high < 30
        assert result.pvalue < 0.05

    @BOTH
    def test_neither(self, function):
        result = function([0, 0, 3], null=30)
        assert result.verdict.code == "not-identified"
        assert math.isnan(result.estimate)
        assert (result.low, result.high, result.pvalue) == (3, math.inf, 1.0)
        assert function([0, 0, 3], null=2).pvalue == 0.0

    @BOTH
    def test_nobody_at_all(self, function):
        assert function({1: 0, 2: 0}).verdict.code == "no-data"

    def test_the_corrected_form_stays_finite(self):
        for data, total in (([20, 0], 210), ([0, 0, 3], 3), ([1, 0], 1)):
            result = chao_lower_bound(data, method="bias-corrected")
            assert result.estimate == total
            assert result.verdict.code == ("ok" if total == 210 else "hidden-zero")


class TestRefused:
    @BOTH
    @pytest.mark.parametrize(
        ("data", "error", "words"),
        [
            (12, InputTypeError, "numbers of units seen once, twice, and so on, got a single"),
            ({}, InputError, "must be non-empty"),
            ([3, -1], InputError, "A count cannot be negative"),
            ([3, 1.5], InputError, "whole number of at least 0, got 1.5 at position 1"),
            ([3, math.nan], InputError, "Drop or fill"),
            ([True, False], InputTypeError, "must be numeric, got bool"),
            (pd.Series([3, 1]), InputError, r"labels of frequencies. must be .*, got 0"),
            ({1.5: 3, 2: 1}, InputError, "got 1.5"),
            (pd.Series([3, 1], index=["a", "b"]), InputTypeError, "labels of dtype"),
            (pd.Series([3, 1], index=[1, 1]), InputError, "must be different, got a repeated"),
            ("12", InputTypeError, "frequencies"),
        ],
    )
    def test_bad_frequencies(self, function, data, error, words):
        with pytest.raises(error, match=words):
            function(data)

    @BOTH
    @pytest.mark.parametrize(
        ("options", "words"),
        [
            ({"interval": "magic"}, "`interval` must be one of"),
            ({"occasions": 1}, "`occasions` must be a whole number of at least 2"),
            ({"occasions": 4}, "must be at least how often a unit was seen, got 4 where"),
            ({"level": 95}, "percentage"),
            ({"null": -1}, "`null` must be"),
            ({"alternative": "more"}, "`alternative` must be one of"),
        ],
    )
    def test_bad_options(self, function, options, words):
        with pytest.raises(InputError, match=words):
            function(ILLEGAL, **options)

    def test_methods_are_named(self):
        with pytest.raises(InputError, match="'classic', 'bias-corrected', got 'bias'"):
            chao_lower_bound(ILLEGAL, method="bias")

    @BOTH
    def test_histories_that_do_not_fit(self, function):
        cells = {"110": 5, "100": 9, "010": 8, "001": 4}
        lists = ["a", "b", "c"]
        banded = cl.CaptureHistories.from_cells(cells | {"111": (0, 4)}, lists=lists)
        gaps = cl.CaptureHistories.from_cells(cells, lists=lists, structural_zeros=["101"])
        plain = cl.CaptureHistories.from_cells(cells, lists=lists)
        with pytest.raises(InputError, match=r"got banded ones\. loglinear and model_search take"):
            function(banded)
        with pytest.raises(InputError, match="without structural zeros"):
            function(gaps)
        with pytest.raises(InputError, match="left out with CaptureHistories, of 3 lists, got 9"):
            function(plain, occasions=9)


COUNTS = st.tuples(st.integers(1, 3000), st.integers(1, 800), st.integers(0, 900))


@given(counts=COUNTS, occasions=st.sampled_from([None, 3, 8, 40]))
def test_the_bound_is_the_moment_inequality(counts, occasions):
    """Put back: expected counts of one rate return the hidden number that made them."""
    once, twice, more = counts
    result = chao_lower_bound([once, twice, more], occasions=occasions)
    factor = 1.0 if occasions is None else 1 - 1 / occasions
    assert 2 * twice * result.hidden.estimate == pytest.approx(factor * once**2, rel=1e-12)
    assert result.n_observed <= result.low <= result.high
    corrected = chao_lower_bound([once, twice, more], method="bias-corrected", occasions=occasions)
    assert corrected.estimate <= result.estimate


@given(rate=st.floats(0.05, 3.0), occasions=st.sampled_from([math.inf, 3, 8]))
def test_alike_units_are_found_again(rate, occasions):
    """With expected counts of one rate both estimators return the truth."""
    p = rate / 4
    if math.isinf(occasions):
        chance = [rate**k * math.exp(-rate) / math.factorial(k) for k in range(3)]
    else:
        chance = [
            math.comb(int(occasions), k) * p**k * (1 - p) ** (occasions - k) for k in range(3)
        ]
    data = [np.array([1e6 * x]) for x in (chance[1], chance[2], 1 - chance[0])]
    for kernel in (repeat_counts.chao, repeat_counts.zelterman):
        hidden, _ = kernel(*data, float(occasions))
        assert hidden[0] == pytest.approx(1e6 * chance[0], rel=1e-9)


@given(counts=COUNTS, times=st.integers(2, 40))
@BOTH
def test_many_copies_of_a_table_scale_the_estimate(function, counts, times):
    one, many = function(list(counts)), function([times * n for n in counts])
    assert many.estimate == pytest.approx(times * one.estimate, rel=1e-12)
    assert many.standard_error == pytest.approx(math.sqrt(times) * one.standard_error, rel=1e-9)


def test_one_inflation_makes_both_too_high():
    """Half of the units cannot be seen again: both exceed the truth, 1,000, by far."""
    rng = np.random.default_rng(2)
    seen = rng.poisson(1.0, 1000)
    gone = rng.random(1000) < 0.5
    seen = np.where(gone, np.minimum(seen, 1), seen)
    frequencies = pd.Series(seen[seen > 0]).value_counts()
    assert chao_lower_bound(frequencies).low > 1200
    assert zelterman(frequencies).low > 1200
