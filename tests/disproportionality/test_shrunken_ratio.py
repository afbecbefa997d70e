"""Shrunken ratios: kinds, symmetry, what shrinking does, edges, errors."""

from __future__ import annotations

import json
import pickle

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from countylines.disproportionality import shrunken_ratio
from countylines.errors import DegenerateDataWarning, InputError, LabelMismatchError
from countylines.prevalence import shrunken_rate

COUNT, EXPECTED = [4, 30, 0, 55, 18, 7], [1.1, 21.0, 1.9, 30.0, 14.0, 9.0]
OTHER, OTHER_EXPOSURE = [40, 210, 22, 330, 160, 90], [10.0, 200, 25, 290, 150, 95]
TWO = (COUNT, EXPECTED, OTHER, OTHER_EXPOSURE)
CALLS = [
    ((COUNT, EXPECTED), {}),
    ((COUNT, EXPECTED), {"method": "gamma-poisson"}),
    (TWO, {}),
]


@pytest.mark.parametrize(("data", "options"), CALLS)
class TestEvery:
    def test_shrinking(self, data, options):
        found = shrunken_ratio(*data, **options)
        toward = found.towards[0]
        between = (found.estimate - toward) * (found.estimate - found.own) <= 0.02
        assert between.all()
        assert (found.low < found.estimate).all()
        assert (found.estimate < found.high).all()
        assert np.argmax(found.weight) == 3
        assert ((found.weight > 0) & (found.weight < 1)).all()
        assert found.own.max() > found.estimate.max()
        assert found.estimate[2] > 0 == found.own[2]
        assert (shrunken_ratio(*data, **options, level=0.5).low > found.low).all()

    def test_kinds(self, data, options):
        base = shrunken_ratio(*data, **options)
        index = pd.Index(list("abcdef"), name="force")
        series = shrunken_ratio(*(pd.Series(v, index=index) for v in data), **options)
        pd.testing.assert_index_equal(series.high.index, index)
        np.testing.assert_allclose(series.low, base.low)
        arrays = [xr.DataArray([v, v[::-1]], dims=["year", "force"]) for v in data]
        found = shrunken_ratio(*arrays, dim="force", **options)
        np.testing.assert_allclose(found.estimate.values[1, ::-1], base.estimate, rtol=1e-9)
        with pytest.raises(LabelMismatchError):
            shrunken_ratio(
                pd.Series(data[0], index=index),
                pd.Series(data[1], index=index[::-1]),
                *data[2:],
                **options,
            )
        assert pickle.loads(pickle.dumps(series)).identical(series)
        assert "not evidence of its cause" in series.summary()
        assert "https://doi.org/" in series.cite()
        json.dumps(series.to_dict(), allow_nan=False)

    def test_nothing_to_draw_towards(self, data, options):
        none = ([0] * 6, *data[1:])
        with pytest.warns(DegenerateDataWarning, match="fewer than two say anything"):
            found = shrunken_ratio(*none, **options)
        assert np.isnan(found.estimate).all()
        assert {v.code for v in found.verdict} == {"not-identified"}
        assert (found.low == 0).all()
        assert np.isinf(found.high).all()
        with pytest.warns(DegenerateDataWarning):
            one = shrunken_ratio(*(v[:1] for v in data), **options)
        assert not one.estimable[0]


def test_swapping_the_groups_inverts():
    one, two = shrunken_ratio(*TWO), shrunken_ratio(*TWO[2:], *TWO[:2])
    np.testing.assert_allclose(two.estimate, 1 / one.estimate, rtol=1e-4)
    np.testing.assert_allclose(two.low, 1 / one.high, rtol=1e-4)
    np.testing.assert_allclose(two.weight, one.weight, rtol=1e-6)


def test_gamma_intervals_are_those_of_a_shrunken_rate():
    found = shrunken_ratio(COUNT, EXPECTED, method="gamma-poisson")
    rate = shrunken_rate(COUNT, EXPECTED)
    np.testing.assert_allclose(found.low, rate.low, rtol=1e-10)
    np.testing.assert_allclose(found.high, rate.high, rtol=1e-10)


def test_both_laws_agree_where_events_are_many():
    count, expected = [400, 900, 550, 300, 1200], [420.0, 700, 600, 250, 1250]
    one, two = (shrunken_ratio(count, expected, method=m) for m in ("log-normal", "gamma-poisson"))
    np.testing.assert_allclose(one.estimate, two.estimate, rtol=0.01)
    np.testing.assert_allclose(one.high, two.high, rtol=0.02)


def test_the_scale_of_exposures_is_that_of_the_ratio():
    one = shrunken_ratio(*TWO)
    two = shrunken_ratio(COUNT, 1000 * np.array(EXPECTED), OTHER, OTHER_EXPOSURE)
    np.testing.assert_allclose(two.high * 1000, one.high, rtol=1e-6)


@pytest.mark.parametrize(
    ("data", "options", "message"),
    [
        (([1, -1], [1, 1]), {}, "cannot be negative"),
        (([1, 2.5], [1, 1]), {}, "`count` must be a whole number"),
        (([1, 2], [1, 0]), {}, "`exposure` must be finite and above 0, got 0 at position 1"),
        (([1, 2], [1, np.inf]), {}, "`exposure` must be finite"),
        (([1, np.nan], [1, 1]), {}, "missing"),
        (([True, False], [1, 1]), {}, "bool"),
        (([], []), {}, "non-empty"),
        ((3, 4), {}, "a series of counts"),
        (([1, 2], [1, 1], [3, 4]), {}, "`ref_exposure` must be given with the other"),
        (([1, 2], [1, 1], None, [3, 4]), {}, "`ref_count` must be given with the other"),
        ((*TWO,), {"method": "gamma-poisson"}, "where a reference group is given"),
        (([1, 2], [1, 1]), {"method": "lognormal"}, "Did you mean 'log-normal'"),
        (([1, 2], [1, 1]), {"level": 95}, "percentage"),
    ],
)
def test_bad_input(data, options, message):
    with pytest.raises(InputError, match=message):
        shrunken_ratio(*data, **options)


def by_sums(x, e):
    """Mean of the logs by plain sums over the mean, the variance and each area's value."""
    centre = np.log(np.median(1.0 / (x + 0.5)))
    mean, b = np.linspace(-8.0, 5.0, 131), np.linspace(centre - 8.0, centre + 6.0, 43)
    z = np.linspace(-6.0, 6.0, 61)
    weight = np.exp(-0.5 * z**2) / np.exp(-0.5 * z**2).sum()
    value = mean[:, None, None] + np.exp(b / 2.0)[:, None] * z
    total = -np.logaddexp(0.0, b - centre) - np.logaddexp(0.0, centre - b)
    for count, expected in zip(x, e, strict=True):
        log = count * value - expected * np.exp(np.minimum(value, 30.0))
        top = log.max(axis=2, keepdims=True)
        total = total + top[..., 0] + np.log(np.exp(log - top) @ weight)
    posterior = np.exp(total - total.max()).sum(axis=1)
    return float(np.exp(mean @ posterior / posterior.sum()))


def test_areas_that_mostly_have_no_events_are_drawn_to_what_they_say_together():
    x, e = np.zeros(20), np.full(20, 0.15)
    x[[0, 1, 5]] = 1.0
    found = shrunken_ratio(x, e)
    assert found.towards[0] == pytest.approx(by_sums(x, e), rel=0.03)


def test_a_very_large_area_beside_small_ones_keeps_its_own_interval():
    found = shrunken_ratio([3e8, 0, 3, 5], [2e8, 1, 2, 3])
    reach = 1.5 * 1.95996 / np.sqrt(3e8)
    np.testing.assert_allclose(found.low[0], 1.5 - reach, atol=3e-6)
    np.testing.assert_allclose(found.high[0], 1.5 + reach, atol=3e-6)
