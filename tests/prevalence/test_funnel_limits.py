"""The public control limits: measures, targets, over-dispersion, kinds, errors."""

from __future__ import annotations

import math
import re

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from scipy.stats import poisson

from countylines.errors import InputError, InputTypeError
from countylines.prevalence import funnel_limits, rate

AREAS = ["A", "B", "C", "D", "City"]
COUNT = pd.Series([45, 88, 12, 150, 3], index=AREAS)
PEOPLE = pd.Series([40_200.0, 70_500.0, 15_200.0, 131_000.0, np.nan], index=AREAS)
OUT = {"leave_out": ["City"]}


def codes(result):
    return [note.code for note in result.notes]


def test_limits_of_a_rate():
    result = funnel_limits(PEOPLE, target=100.0, per=100_000, method="exact", **OUT)
    expected = poisson(PEOPLE["A"] * 1e-3)
    count = result.low["A"] * PEOPLE["A"] / 1e5, result.high["A"] * PEOPLE["A"] / 1e5
    assert count[0] == pytest.approx(round(count[0]), abs=1e-9)
    assert expected.cdf(round(count[0]) - 1) <= 0.025 < expected.cdf(round(count[0]))
    assert expected.sf(round(count[1])) <= 0.025 < expected.sf(round(count[1]) - 1)
    assert result.interval_kind == "prediction"
    assert result.unit == "per 100,000"
    assert result.quantity == "rate in control"


def test_the_area_left_out_has_no_limits_and_no_say():
    result = funnel_limits(PEOPLE, count=COUNT, overdispersion="multiplicative", **OUT)
    assert math.isnan(result.low["City"])
    assert math.isnan(result.estimate["City"])
    assert result.verdict["City"].code == "no-denominator"
    assert result.estimate["A"] == pytest.approx(295 / 256_900, rel=1e-12)
    alone = funnel_limits(
        PEOPLE.drop("City"), count=COUNT.drop("City"), overdispersion="multiplicative"
    )
    pd.testing.assert_series_equal(result.high.drop("City"), alone.high)
    assert codes(result) == ["over-dispersion", "left-out"]
    with pytest.raises(InputError, match=r"`exposure` must be finite and above 0.*'City'"):
        funnel_limits(PEOPLE, target=1.0)


def test_a_rate_and_a_ratio_are_one_thing():
    expected = PEOPLE.drop("City") / 1000
    ratio = funnel_limits(expected, measure="ratio")
    assert (ratio.estimate == 1.0).all()
    same = funnel_limits(expected, target=1.0)
    pd.testing.assert_series_equal(ratio.high, same.high)
    assert ratio.quantity == "ratio in control"


def test_proportions_stay_within_their_range():
    result = funnel_limits([5, 50, 500], target=0.02, measure="proportion", level=0.998)
    assert (result.low >= 0).all()
    assert (result.high <= 1).all()
    assert (np.diff(result.high) < 0).all()
    whole = funnel_limits([1], target=0.5, measure="proportion", method="exact")
    assert (whole.low[0], whole.high[0]) == (0, 1)


@pytest.mark.parametrize("overdispersion", ["multiplicative", "additive"])
@pytest.mark.parametrize("measure", ["rate", "proportion", "ratio"])
@pytest.mark.parametrize("transform", ["stabilising", "log", "none"])
def test_over_dispersion_widens(overdispersion, measure, transform):
    rng = np.random.default_rng(2)
    exposure = rng.integers(200, 3000, 40)
    share = np.clip(0.3 * np.exp(rng.normal(0, 0.25, 40)), 0.02, 0.9)
    count = rng.binomial(exposure, share)
    scale = 0.3 if measure == "ratio" else 1.0
    data = {"count": count, "measure": measure, "transform": transform}
    plain = funnel_limits(exposure * scale, **data)
    for estimator in ("dersimonian-laird", "reml"):
        wide = funnel_limits(
            exposure * scale, overdispersion=overdispersion, estimator=estimator, **data
        )
        assert (wide.high > plain.high).all()
        assert (wide.low < plain.low).all()
        found = float(re.search(r"\d[\d.e-]*\d", wide.notes[0].text.split(":")[1])[0])
        assert found > (0 if overdispersion == "additive" else 1)
    outside = (count / (exposure * scale) > wide.high) | (count / (exposure * scale) < wide.low)
    assert outside.mean() < 0.2


def test_a_known_dispersion_needs_no_count():
    exposure = [1000.0, 4000.0]
    stretched = funnel_limits(
        exposure, target=0.05, overdispersion="multiplicative", dispersion=4.0
    )
    # Twice the deviate: the limits of a tail further out.
    other = funnel_limits(exposure, target=0.05, level=2 * 0.9999557 - 1)
    np.testing.assert_allclose(stretched.high, other.high, rtol=1e-3)
    calm = funnel_limits(exposure, target=0.05, overdispersion="additive", dispersion=0.0)
    np.testing.assert_array_equal(calm.high, funnel_limits(exposure, target=0.05).high)
    by_area = funnel_limits(
        [1e3, 1e6, 1e9], target=0.05, overdispersion="additive", dispersion=1e-4
    )
    # The variance between areas does not shrink: the funnel stays open.
    width = np.diff(by_area.high)
    assert abs(width[1]) < 0.2 * abs(width[0])
    assert by_area.high[2] - 0.05 > 100 * (funnel_limits(1e9, target=0.05).high - 0.05)


def test_areas_that_vary_as_chance_does_get_the_plain_limits():
    exposure, count = np.full(6, 1000.0), np.array([50, 50, 51, 49, 50, 50])
    for overdispersion in ("multiplicative", "additive"):
        result = funnel_limits(exposure, count=count, overdispersion=overdispersion)
        np.testing.assert_array_equal(result.high, funnel_limits(exposure, count=count).high)
        assert "no more than by chance" in result.notes[0].text


def test_kinds():
    people, count = PEOPLE.drop("City"), COUNT.drop("City")
    series = funnel_limits(people, count=count)
    array = funnel_limits(people.to_numpy(), count=count.to_numpy())
    np.testing.assert_array_equal(series.high.to_numpy(), array.high)
    data = funnel_limits(people.to_xarray(), count=count.to_xarray())
    assert isinstance(data.low, xr.DataArray)
    np.testing.assert_array_equal(data.low.values, array.low)
    frame = funnel_limits(people.to_frame("2023"), target=0.001)
    assert list(frame.low.columns) == ["2023"]
    assert isinstance(funnel_limits(1000, target=0.1).low, float)
    lazy = funnel_limits(people.to_xarray().chunk({"index": 2}), target=0.001)
    assert lazy.is_lazy
    np.testing.assert_array_equal(
        lazy.compute().high.values, funnel_limits(people, target=0.001).high.to_numpy()
    )


def test_the_share_outside_is_what_the_level_says():
    """Exact limits keep at least the level; the others are near it."""
    rng = np.random.default_rng(3)
    exposure = rng.uniform(500, 5000, 20_000)
    found = rate(rng.poisson(exposure * 0.02), exposure).estimate
    for method, least, most in (
        ("exact", 0.95, 0.975),
        ("mid-p", 0.94, 0.96),
        ("interpolated", 0.93, 0.96),
    ):
        limits = funnel_limits(exposure, target=0.02, method=method)
        rounding = 1e-12
        kept = (found >= limits.low - rounding) & (found <= limits.high + rounding)
        assert least <= kept.mean() <= most


class TestErrors:
    def test_options(self):
        for name in ("measure", "method", "overdispersion", "estimator", "transform"):
            with pytest.raises(InputError, match=f"`{name}` must be one of"):
                funnel_limits(PEOPLE, target=1.0, **{name: "magic"})
        with pytest.raises(InputError, match=r"`winsorise` must be a number in \[0, 0.5\)"):
            funnel_limits(PEOPLE, target=1.0, winsorise=0.5)
        with pytest.raises(InputError, match="`per` must be 1 for measure='ratio', got 1000"):
            funnel_limits(PEOPLE, measure="ratio", per=1000)
        with pytest.raises(InputError, match=r"`target` must be a number in \(0, 1\)"):
            funnel_limits([10], target=1.0, measure="proportion")
        with pytest.raises(InputTypeError, match="`target` must be a single number"):
            funnel_limits([10, 20], target=[1.0, 2.0])

    def test_dispersion(self):
        with pytest.raises(InputError, match="`dispersion` must be left out unless"):
            funnel_limits([10], target=1.0, dispersion=2.0)
        with pytest.raises(InputError, match="`dispersion` must be a finite number of at least 1"):
            funnel_limits([10], target=1.0, overdispersion="multiplicative", dispersion=0.5)

    def test_what_the_count_is_needed_for(self):
        with pytest.raises(InputError, match=r"where the target is to be estimated.*Pass count="):
            funnel_limits([10])
        with pytest.raises(InputError, match=r"where the over-dispersion is to be estimated"):
            funnel_limits([10], target=1.0, overdispersion="additive")
        with pytest.raises(InputError, match="that of at least 3 areas"):
            funnel_limits([10, 20], count=[3, 4], overdispersion="additive")
        lazy = PEOPLE.drop("City").to_xarray().chunk({"index": 2})
        with pytest.raises(InputError, match=r"wait for dask. Use .compute\(\)"):
            funnel_limits(lazy, count=COUNT.drop("City").to_xarray())

    def test_counts(self):
        with pytest.raises(InputError, match="`count` must be one with events, got 0"):
            funnel_limits([10, 20], count=[0, 0])
        with pytest.raises(InputError, match="one with events and non-events"):
            funnel_limits([10, 20], count=[10, 20], measure="proportion")
        with pytest.raises(InputError, match="`count` must be at most `exposure`, got 11 > 10"):
            funnel_limits([10, 20], count=[11, 3], measure="proportion")
        with pytest.raises(InputError, match="`exposure` must be a whole number"):
            funnel_limits([10.5, 20], count=[1, 3], measure="proportion")
        with pytest.raises(InputError, match=r"above 0 for transform='log', got 0 at position 1"):
            funnel_limits([9, 9, 9], count=[3, 0, 4], overdispersion="additive", transform="log")


def test_references():
    assert funnel_limits([10], target=1.0).references == ("spiegelhalter2005",)
    stretched = funnel_limits([10], target=1.0, overdispersion="additive", dispersion=0.1)
    assert "spiegelhalter2005b" in stretched.references
