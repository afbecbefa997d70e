"""The public total of banded counts: both models, kinds, errors."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st

import countylines as cl
from countylines.errors import InputError, InputTypeError
from countylines.prevalence import banded_total, rate

LOW, HIGH = [0, 12, 5, 210], [4, 12, 9, 500]
SIZE = [900.0, 3000.0, 2000.0, 90_000.0]


def codes(result):
    return [note.code for note in result.notes]


class TestBounds:
    def test_the_region_and_the_interval_round_it(self):
        result = banded_total(cl.Band(LOW, HIGH))
        assert math.isnan(result.estimate)
        assert (result.region_low, result.region_high) == (227, 525)
        assert result.low == rate(227, 1).low
        assert result.high == rate(525, 1).high
        assert result.verdict.code == "not-identified"
        assert codes(result) == ["banded"]

    def test_known_counts_add_up(self):
        result = banded_total(cl.Band([3, 4], [3, 4]), interval="exact", null=2.0)
        plain = rate(7, 1, method="exact", null=2.0)
        for name in ("estimate", "low", "high", "pvalue"):
            assert getattr(result, name) == getattr(plain, name)
        assert result.verdict.estimable
        assert codes(result) == []

    def test_open_bands(self):
        some = banded_total(cl.Band([502, 210], [np.inf, 500]))
        assert (some.region_low, some.region_high, some.high) == (712, np.inf, np.inf)
        assert "leave a range" in str(some.verdict)
        every = banded_total(cl.Band([502, 502], [np.inf, np.inf]))
        assert "not low" in str(every.verdict)
        assert every.test(null=900, alternative="greater").pvalue < 0.05

    @given(data=st.data())
    def test_no_total_within_the_bands_is_left_out(self, data):
        low = data.draw(st.lists(st.integers(0, 50), min_size=1, max_size=6))
        high = [a + data.draw(st.integers(0, 30)) for a in low]
        counted = sum(data.draw(st.integers(a, b)) for a, b in zip(low, high, strict=True))
        result = banded_total(cl.Band(low, high))
        assert result.region_low <= counted <= result.region_high
        inside = rate(counted, 1)
        assert result.low <= inside.low + 1e-9
        assert result.high >= inside.high - 1e-9


class TestCommonRate:
    def test_it_narrows_what_the_bounds_leave(self):
        bounds = banded_total(cl.Band(LOW, HIGH))
        result = banded_total(cl.Band(LOW, HIGH), exposure=SIZE, model="common-rate")
        assert (result.region_low, result.region_high) == (227, 525)
        assert result.high - result.low < bounds.high - bounds.low
        assert result.low < result.estimate < result.high
        assert result.interval_method == "profile"
        assert codes(result) == ["common-rate"]

    def test_known_counts_have_the_pooled_total(self):
        count = [30, 41, 55]
        result = banded_total(cl.Band(count, count), exposure=[3, 4, 5], model="common-rate")
        assert result.estimate == pytest.approx(126, rel=1e-9)
        profile = rate(126, 1, method="profile")
        assert (result.low, result.high) == pytest.approx((profile.low, profile.high), rel=1e-7)

    def test_tests_come_from_the_inversion(self):
        result = banded_total(cl.Band(LOW, HIGH), exposure=SIZE, model="common-rate")
        for end in (result.low, result.high):
            assert result.test(null=end).pvalue == pytest.approx(0.05, rel=1e-5)
        assert result.test(null=result.estimate).pvalue == pytest.approx(1.0)
        one = banded_total(
            cl.Band(LOW, HIGH), exposure=SIZE, model="common-rate", alternative="greater", null=250
        )
        assert one.high == np.inf
        assert (one.pvalue < 0.05) == (one.low > 250)

    def test_nothing_but_open_bands(self):
        result = banded_total(
            cl.Band([502, 502], [np.inf, np.inf]), exposure=[1, 1], model="common-rate"
        )
        assert math.isnan(result.estimate)
        assert result.verdict.code == "not-identified"
        assert 900 < result.low < 1004
        assert result.high == np.inf

    def test_bands_that_say_nothing(self):
        bands = cl.Band([[0, 0], [0, 3]], [[np.inf, np.inf], [np.inf, 3]])
        result = banded_total(bands, exposure=np.ones((2, 2)), dim=1, model="common-rate", null=7)
        assert [v.code for v in result.verdict] == ["not-identified", "ok"]
        assert math.isnan(result.estimate[0])
        assert (result.low[0], result.high[0], result.pvalue[0]) == (0, np.inf, 1)
        assert result.estimate[1] == pytest.approx(6)
        assert np.isfinite(result.high[1])

    def test_the_level_is_held_where_bands_are_wide(self):
        """The likelihood ratio alone would miss up to 15 % of the time here."""
        rng = np.random.default_rng(4)
        edges = np.array([0, 5, 20, 60, 200])
        for mean in (4.0, 22.0, 58.0, 70.0):
            x = rng.poisson(mean, (800, 2))
            band = np.searchsorted(edges, x, side="right") - 1
            low, high = edges[band], np.append(edges[1:] - 1.0, np.inf)[band]
            found = banded_total(
                cl.Band(low, high), exposure=np.ones((800, 2)), dim=1, model="common-rate"
            )
            missed = (found.low > 2 * mean) | (found.high < 2 * mean)
            assert missed.mean() < 0.07


def test_kinds():
    index = pd.Index(["a", "b", "c", "d"], name="force")
    low, high = (
        pd.DataFrame({"x": LOW, "y": LOW}, index),
        pd.DataFrame({"x": HIGH, "y": LOW}, index),
    )
    frame = banded_total(cl.Band(low, high))
    assert list(frame.high.index) == ["x", "y"]
    assert list(frame.estimable) == [False, True]
    assert banded_total(cl.Band(low["x"], high["x"])).high == frame.high["x"]
    ends = [v.to_xarray().to_dataarray("year") for v in (low, high)]
    data = banded_total(cl.Band(*ends), dim="force")
    assert data.low.dims == ("year",)
    lazy = banded_total(cl.Band(*(end.chunk({"year": 1}) for end in ends)), dim="force")
    assert lazy.is_lazy
    xr.testing.assert_allclose(lazy.compute().low, data.low)
    size = xr.DataArray(SIZE, dims="force", coords={"force": index})
    model = banded_total(cl.Band(*ends), exposure=size, dim="force", model="common-rate")
    plain = banded_total(cl.Band(LOW, HIGH), exposure=SIZE, model="common-rate")
    assert float(model.high[0]) == pytest.approx(plain.high, rel=1e-9)


def test_errors():
    with pytest.raises(InputTypeError, match=r"`count` must be a Band, got list. Use cl.Band"):
        banded_total([3, 4])
    with pytest.raises(InputError, match="`exposure` must be given for model='common-rate'"):
        banded_total(cl.Band(LOW, HIGH), model="common-rate")
    with pytest.raises(InputError, match="`exposure` must be left out for model='bounds'"):
        banded_total(cl.Band(LOW, HIGH), exposure=SIZE)
    with pytest.raises(InputError, match="`exposure` must be finite and above 0, got 0"):
        banded_total(cl.Band(LOW, HIGH), exposure=[0, 1, 1, 1], model="common-rate")
    with pytest.raises(InputError, match="`interval` must be one of 'mid-p'"):
        banded_total(cl.Band(LOW, HIGH), interval="wald-log")
    with pytest.raises(InputError, match="`interval` must be 'profile' or None"):
        banded_total(cl.Band(LOW, HIGH), exposure=SIZE, model="common-rate", interval="mid-p")
    with pytest.raises(InputError, match=r"`level` must be above 0.5 for a one-sided limit"):
        banded_total(
            cl.Band(LOW, HIGH), exposure=SIZE, model="common-rate", level=0.4, alternative="less"
        )
    with pytest.raises(InputError, match=r"`count.low` must be a whole number.*2.5"):
        banded_total(cl.Band([2.5, 3], [4, 4]))
    with pytest.raises(InputError, match="at least one dimension"):
        banded_total(cl.Band(2, 4))
    with pytest.raises(InputError, match="`model` must be one of 'bounds', 'common-rate'"):
        banded_total(cl.Band(LOW, HIGH), model="middle")
