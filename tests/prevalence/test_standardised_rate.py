"""The public standardised rate: kinds, strata, notes, tests. Its limits: tests/_kernels."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from countylines.errors import (
    DegenerateDataWarning,
    InputError,
    LabelMismatchError,
    SparseDataWarning,
)
from countylines.prevalence import rate, standardised_rate

AGES = ["10-17", "18-24", "25-49"]
COUNT = pd.DataFrame({"North": [40, 90, 30], "South": [12, 0, 7]}, index=pd.Index(AGES, name="age"))
PEOPLE = pd.DataFrame(
    {"North": [60_000, 45_000, 300_000], "South": [30_000, 20_000, 99_000]}, index=COUNT.index
)
STANDARD = pd.DataFrame({area: [5.6, 5.0, 38.0] for area in COUNT}, index=COUNT.index)
FIELDS = ("estimate", "standard_error", "low", "high", "n")


def one(area="North", **options):
    data = (frame[area].to_numpy() for frame in (COUNT, PEOPLE, STANDARD))
    return standardised_rate(*data, **options)


def codes(result):
    return [note.code for note in result.notes]


def test_the_estimate_is_a_weighted_mean_of_rates():
    result = one(per=1000)
    share = STANDARD["North"] / STANDARD["North"].sum()
    rates = 1000 * COUNT["North"] / PEOPLE["North"]
    assert result.estimate == pytest.approx((share * rates).sum(), rel=1e-12)
    variance = (share**2 * 1e6 * COUNT["North"] / PEOPLE["North"] ** 2).sum()
    assert result.standard_error == pytest.approx(np.sqrt(variance), rel=1e-12)
    assert result.n == 160
    assert result.unit == "per 1,000"
    assert type(result.low) is float


def test_a_standard_like_the_area_gives_the_crude_rate():
    result = standardised_rate([40, 90, 30], [600, 450, 3000], [600, 450, 3000])
    crude = rate(160, 4050)
    assert result.estimate == pytest.approx(crude.estimate, rel=1e-12)
    # Equal weights: the gamma limits are the exact ones.
    exact = rate(160, 4050, method="exact")
    assert (result.low, result.high) == pytest.approx((exact.low, exact.high), rel=1e-10)


def test_frames_lose_their_strata():
    result = standardised_rate(COUNT, PEOPLE, STANDARD, per=1e5)
    across = standardised_rate(COUNT.T, PEOPLE.T, STANDARD.T, per=1e5, dim="columns")
    for name in FIELDS:
        values = getattr(result, name)
        assert list(values.index) == ["North", "South"]
        pd.testing.assert_series_equal(values, getattr(across, name))
        for area in COUNT:
            assert values[area] == getattr(one(area, per=1e5), name)


def test_series_and_arrays():
    series = standardised_rate(COUNT["North"], PEOPLE["North"], STANDARD["North"])
    assert series.estimate == one().estimate
    table = standardised_rate(COUNT.to_numpy(), PEOPLE.to_numpy(), STANDARD.to_numpy(), dim=0)
    assert table.low.shape == (2,)
    assert table.low[0] == one().low


def test_data_arrays_broadcast_by_name_and_stay_lazy():
    count, people = (frame.to_xarray().to_dataarray("area") for frame in (COUNT, PEOPLE))
    standard = STANDARD["North"].to_xarray()
    result = standardised_rate(count, people, standard, dim="age")
    assert result.estimate.dims == ("area",)
    assert float(result.high.sel(area="South")) == one("South").high
    lazy = standardised_rate(
        count.chunk({"area": 1}), people.chunk({"area": 1}), standard, dim="age"
    )
    assert lazy.is_lazy
    xr.testing.assert_allclose(lazy.compute().low, result.low, rtol=1e-13)
    with pytest.raises(InputError, match=r"in one chunk along 'age', got 3 chunks.*\.chunk"):
        standardised_rate(count.chunk({"age": 1}), people, standard, dim="age")


def test_tests_come_from_the_inversion():
    result = one(per=1e5)
    assert result.test(null=result.low).pvalue == pytest.approx(0.05, rel=1e-8)
    assert result.test(null=result.high).pvalue == pytest.approx(0.05, rel=1e-8)
    greater = one(per=1e5, null=30, alternative="greater")
    assert greater.high == np.inf
    assert greater.pvalue < 0.05
    with pytest.raises(InputError, match="`null` must be a finite number of at least 0, got -1"):
        one(null=-1)


def test_strata_are_not_dropped():
    with pytest.raises(LabelMismatchError, match="only in `count`: '25-49'"):
        standardised_rate(COUNT["North"], PEOPLE["North"].iloc[:2], STANDARD["North"].iloc[:2])
    with pytest.raises(InputError, match=r"`count` must be a whole number.*nan at '18-24'"):
        standardised_rate(
            COUNT["North"].where(COUNT["North"] != 90), PEOPLE["North"], STANDARD["North"]
        )
    with pytest.raises(InputError, match="`exposure` must be finite and above 0, got 0"):
        standardised_rate([1, 2], [10, 0], [1, 1])


def test_standards():
    with pytest.raises(InputError, match="`standard` must be finite and at least 0, got -1"):
        standardised_rate([1, 2], [10, 10], [-1, 1])
    with pytest.raises(InputError, match="`standard` must be above 0 in at least one stratum"):
        standardised_rate([1, 2], [10, 10], [0, 0])
    kept = standardised_rate([1, 2, 9], [10, 10, 10], [1, 3, 0])
    assert kept.estimate == standardised_rate([1, 2], [10, 10], [1, 3]).estimate
    assert kept.n == 3


def test_a_single_number_is_no_series_of_strata():
    with pytest.raises(InputError, match="at least one dimension"):
        standardised_rate(3, 10, 1)
    with pytest.raises(InputError, match="`per` must be a finite number above 0"):
        one(per=0)


def test_warnings():
    with pytest.warns(SparseDataWarning, match="Fewer than 10 events"):
        assert "sparse" in codes(standardised_rate([3, 2], [9, 9], [1, 1], method="dobson"))
    with pytest.warns(DegenerateDataWarning), pytest.warns(SparseDataWarning):
        result = standardised_rate([0, 0], [9, 9], [1, 1], method="dobson")
    assert codes(result) == ["no-events", "sparse"]
    assert (result.low, result.high) == (0, np.inf)
    assert codes(standardised_rate([0, 0], [9, 9], [1, 1])) == []


def test_references_follow_the_method():
    assert "tiwari2006" in one().cite("bibtex")
    assert "dobson1991" in one(method="dobson").references
