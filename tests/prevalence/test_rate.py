"""The public rate: bands, places left out, notes, verdicts, tests. Its limits: tests/_kernels."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import poisson

import countylines as cl
from countylines.errors import (
    DegenerateDataWarning,
    InputError,
    InputTypeError,
    SparseDataWarning,
)
from countylines.prevalence import rate

FORCES = pd.Series([29, 0, 4], index=["Gwent", "City of London", "Dyfed-Powys"])
CHILDREN = pd.Series([55_725.0, np.nan, 46_000.0], index=FORCES.index)
RISING = ["mid-p", "exact", "byar", "blaker", "score", "skew-score", "jeffreys", "anscombe"]


def codes(result):
    return [note.code for note in result.notes]


def test_units():
    plain, scaled = rate(29, 55_725), rate(29, 55_725, per=100_000)
    for name in ("estimate", "low", "high", "standard_error"):
        assert getattr(scaled, name) == pytest.approx(1e5 * getattr(plain, name), rel=1e-12)
    assert (plain.unit, scaled.unit) == ("", "per 100,000")
    assert scaled.n == 29
    assert rate(29, 55_725, per=100_000, null=36).pvalue == pytest.approx(
        rate(29, 55_725, null=36e-5).pvalue, rel=1e-9
    )
    with pytest.raises(InputError, match="`per` must be a finite number above 0, got 0"):
        rate(29, 55_725, per=0)


def test_exposures_must_be_there():
    with pytest.raises(InputError, match="Leave out the areas that have no such population"):
        rate(FORCES, pd.Series([55_725.0, 0.0, 46_000.0], index=FORCES.index))
    with pytest.raises(
        InputError, match=r"`exposure` must be finite and above 0.*'City of London'"
    ):
        rate(FORCES, CHILDREN)


class TestLeftOut:
    def test_by_name(self):
        result = rate(FORCES, CHILDREN, per=100_000, leave_out=["City of London"])
        alone = rate(FORCES.drop("City of London"), CHILDREN.drop("City of London"), per=100_000)
        for name in ("estimate", "low", "high"):
            values = getattr(result, name)
            assert math.isnan(values["City of London"])
            pd.testing.assert_series_equal(values.drop("City of London"), getattr(alone, name))
        assert result.verdict["City of London"].code == "no-denominator"
        assert list(result.estimable) == [True, False, True]
        assert list(result.n) == [29, 0, 4]
        assert "City of London" in str(result.notes[-1])
        assert result.test(null=10).pvalue["Gwent"] < 0.001

    def test_a_number_beside_it_is_left_out_too(self):
        """A population is there, but is not that of the people counted."""
        residents = CHILDREN.fillna(700.0)
        result = rate(FORCES, residents, leave_out=["City of London"])
        assert math.isnan(result.estimate["City of London"])

    def test_in_frames_and_data_arrays(self):
        frame = pd.DataFrame({"2022": FORCES, "2023": FORCES})
        by_row = rate(frame, 1000.0, leave_out=["Gwent"]).estimate
        assert by_row.loc["Gwent"].isna().all()
        assert by_row.drop("Gwent").notna().all(axis=None)
        by_column = rate(frame, 1000.0, leave_out=["2022"]).estimate
        assert by_column["2022"].isna().all()
        array = FORCES.to_xarray().rename(index="force").expand_dims(year=[2022, 2023])
        for data in (array, array.chunk({"force": 1})):
            found = rate(data, 1000.0, leave_out=["Gwent", 2023]).compute()
            expected = [[True, False, False], [True, True, True]]
            np.testing.assert_array_equal(np.isnan(found.estimate.values), expected)
            assert found.estimate.dims == ("year", "force")

    def test_in_a_level_of_an_index(self):
        index = pd.MultiIndex.from_product([[2022, 2023], FORCES.index], names=["year", "force"])
        counts = pd.Series(np.r_[FORCES, FORCES], index=index)
        estimates = rate(counts, 1000.0, leave_out=["Gwent"]).estimate
        assert estimates.xs("Gwent", level="force").isna().all()
        assert estimates.notna().sum() == 4

    def test_names_must_be_labels(self):
        with pytest.raises(
            InputError, match=r"labels of the data, got 'Gwnt'. Did you mean 'Gwent'"
        ):
            rate(FORCES, 1000.0, leave_out=["Gwnt"])
        with pytest.raises(InputError, match=r"got 7. Check the spelling"):
            rate(FORCES, 1000.0, leave_out=[7])
        with pytest.raises(InputTypeError, match=r"Use leave_out=\['Gwent'\]"):
            rate(FORCES, 1000.0, leave_out="Gwent")
        with pytest.raises(InputTypeError, match="`leave_out` must be a list of labels, got 3"):
            rate(FORCES, 1000.0, leave_out=3)
        with pytest.raises(InputTypeError, match="`leave_out` must be empty unless the data are l"):
            rate([3, 4], 1000.0, leave_out=[0])


class TestBands:
    def test_the_region_and_the_interval_round_it(self):
        result = rate(cl.Band(210, 500), 2_867_769, per=100_000)
        assert math.isnan(result.estimate)
        assert result.verdict.code == "not-identified"
        ends = [rate(x, 2_867_769, per=100_000) for x in (210, 500)]
        assert (result.region_low, result.region_high) == (ends[0].estimate, ends[1].estimate)
        assert (result.low, result.high) == (ends[0].low, ends[1].high)
        assert "banded" in codes(result)
        assert result.n is None

    def test_a_band_of_one_number_is_that_number(self):
        banded, plain = rate(cl.Band(29, 29), 55_725, null=4e-4), rate(29, 55_725, null=4e-4)
        for name in ("estimate", "low", "high", "standard_error", "pvalue"):
            assert getattr(banded, name) == getattr(plain, name)
        assert banded.verdict.estimable
        assert codes(banded) == []

    def test_fewer_than_five_with_and_without_none(self):
        maybe, some = rate(cl.Band(0, 4), 46_000), rate(cl.Band(1, 4), 46_000)
        assert maybe.low == 0.0 < some.low
        assert maybe.high == some.high == rate(4, 46_000).high

    def test_more_than_gives_a_lower_limit_only(self):
        """Printed as more than 501: at least 502."""
        result = rate(cl.Band(502, np.inf), 8_791_177, per=100_000)
        assert result.low == rate(502, 8_791_177, per=100_000).low
        assert result.high == result.region_high == np.inf
        assert "open-band" in codes(result)
        assert result.test(null=5.0, alternative="greater").pvalue < 0.05
        assert result.test(null=5.0, alternative="less").pvalue == 1.0
        assert result.test(null=500.0).pvalue == 1.0

    def test_exact_limits_invert_the_likelihood_of_the_band(self):
        """P(X >= a) at the lower limit and P(X <= b) at the upper one are the tails of the band."""
        result = rate(cl.Band(210, 500), 1.0, method="exact")
        assert poisson.sf(209, result.low) == pytest.approx(0.025, rel=1e-10)
        assert poisson.cdf(500, result.high) == pytest.approx(0.025, rel=1e-10)

    @pytest.mark.filterwarnings("ignore::countylines.errors.SparseDataWarning")
    @pytest.mark.parametrize("method", RISING)
    @given(low=st.integers(0, 60), width=st.integers(0, 40), where=st.floats(0, 1))
    def test_the_interval_holds_that_of_every_count_within(self, method, low, width, where):
        banded = rate(cl.Band(low, low + width), 7.0, method=method)
        inside = rate(low + round(where * width), 7.0, method=method)
        assert banded.low <= inside.low * (1 + 1e-12)
        assert banded.high >= inside.high * (1 - 1e-12)
        assert banded.region_low <= inside.estimate <= banded.region_high

    @pytest.mark.parametrize("method", ["mid-p", "exact", "blaker", "score"])
    @pytest.mark.parametrize("alternative", ["two-sided", "greater", "less"])
    def test_pvalues_agree_with_the_interval(self, method, alternative):
        result = rate(cl.Band(3, 9), 2.0, method=method, alternative=alternative)
        for null in (0.05, 0.2, 0.4, 1.0, 3.0, 5.0, 8.0, 9.0, 12.0):
            p = result.test(null=null, alternative=alternative).pvalue
            assert (p < 0.05) == (null < result.low or null > result.high)

    def test_bands_of_every_kind(self):
        low = pd.Series([210, 502, 7], index=["a", "b", "c"])
        high = pd.Series([500, np.inf, 7], index=low.index)
        result = rate(cl.Band(low, high), pd.Series([1e6, 2e6, 3e6], index=low.index))
        assert list(result.estimable) == [False, False, True]
        assert list(result.low.index) == ["a", "b", "c"]
        ends = [xr.DataArray(x.to_numpy(), dims="f", coords={"f": low.index}) for x in (low, high)]
        found = rate(cl.Band(*ends), 1e6)
        lazy = rate(cl.Band(*(end.chunk({"f": 1}) for end in ends)), 1e6)
        assert lazy.is_lazy
        xr.testing.assert_identical(lazy.compute().high, found.high)

    def test_ends_are_counts(self):
        with pytest.raises(InputError, match=r"`count.low` must be a whole number .* got 2.5"):
            rate(cl.Band(2.5, 4), 10.0)
        with pytest.raises(InputError, match=r"`count.high` must be a whole number .* got 4.5"):
            rate(cl.Band(2, 4.5), 10.0)
        with pytest.raises(InputError, match="limits rise with the count, for a band"):
            rate(cl.Band(2, 4), 10.0, method="wald-log")


@pytest.mark.filterwarnings("error")
def test_an_exposure_beyond_whole_numbers_of_the_machine():
    """It comes back as it was given, without a warning of numpy's."""
    assert cl.prevalence.rate(3, 1e300).high == pytest.approx(8.164469208368365e-300, rel=1e-12)


def test_large_sample_methods_warn_where_they_fail():
    with pytest.warns(SparseDataWarning, match="large-sample wald interval"):
        result = rate(2, 50, method="wald")
    assert "sparse" in codes(result)
    assert codes(rate(2, 50)) == []


@pytest.mark.filterwarnings("ignore::countylines.errors.SparseDataWarning")
def test_log_limits_say_nothing_without_events():
    with pytest.warns(DegenerateDataWarning, match="wald-log interval says nothing"):
        result = rate(0, 50, method="wald-log")
    assert (result.low, result.high) == (0, np.inf)


def test_a_gap_in_what_is_accepted_is_noted():
    assert "hull" in codes(rate(np.arange(40), 1.0, method="minlike"))
    assert "hull" not in codes(rate(np.arange(40), 1.0, method="blaker"))


def test_nulls():
    again = rate(29, 55_725, per=100_000).test(null=36)
    assert again.null_hypothesis == "The rate is 36."
    with pytest.raises(InputError, match="`null` must be finite and at least 0, got -1"):
        rate(9, 12.0, null=-1)
    assert rate(9, 12.0, null=0).pvalue == 0.0


def test_references_follow_the_method():
    assert "blaker2000" in rate(3, 12.0, method="blaker").references
    assert "garwood1936" in rate(3, 12.0, method="exact").references
    assert "manski2003" in rate(cl.Band(3, 4), 12.0).references
