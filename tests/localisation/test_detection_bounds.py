"""Regions from ranges of detection: reference, corners by search, limits, what is refused."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import ndtr

import countylines as cl
from countylines._kernels import identified_interval
from countylines.errors import InputError, InputTypeError
from countylines.localisation import (
    detection_bounds,
    internal_share,
    localisation_odds_ratio,
    tipping_point,
)

NAMES = ("internal_before", "external_before", "internal_after", "external_after")
SPLIT = (1280, 2727, 4250, 2394)
WIDE = dict(zip(NAMES, [(0.2, 0.6), (0.5, 0.8), (0.4, 0.8), (0.5, 0.9)], strict=True))
EQUAL = dict.fromkeys(NAMES, 0.5)
ROWS = [
    "internal share before",
    "internal share after",
    "change of internal share",
    "odds ratio",
    "growth ratio of internal lines",
    "growth ratio of external lines",
]


@pytest.mark.reference
def test_closed_form():
    """Interval arithmetic over boxes of detection; base counts assumed."""
    found = detection_bounds(100, 900, 332, 790, detection=WIDE)
    wanted = {
        "internal share before": (0.08474576271186442, 0.3076923076923077),
        "internal share after": (0.20802005012531327, 0.4860117111255693),
        "change of internal share": (-0.09967225756699444, 0.4012659484137049),
        "odds ratio": (math.exp(-0.5259713895739855), math.exp(2.323578373801924)),
    }
    for name, ends in wanted.items():
        row = found.loc[name]
        assert (row.region_low, row.region_high) == pytest.approx(ends, rel=1e-12)
    assert not found.loc["change of internal share", "sign_identified"]


def truth(cells, detection):
    x0, y0, x1, y1 = (n / d for n, d in zip(cells, detection, strict=True))
    shares = x0 / (x0 + y0), x1 / (x1 + y1)
    return [*shares, shares[1] - shares[0], x1 * y0 / (y1 * x0), x1 / x0, y1 / y0]


probability = st.floats(0.05, 1.0)


@given(st.tuples(*[st.tuples(probability, probability)] * 4))
def test_every_corner_lies_in_the_region_and_two_reach_its_ends(pairs):
    ranges = {n: (min(p), max(p)) for n, p in zip(NAMES, pairs, strict=True)}
    found = detection_bounds(40, 70, 55, 60, detection=ranges)
    corners = np.array(
        [truth((40, 70, 55, 60), corner) for corner in itertools.product(*ranges.values())]
    )
    assert list(found.index) == ROWS
    np.testing.assert_allclose(found["region_low"], corners.min(axis=0), rtol=1e-10, atol=1e-12)
    np.testing.assert_allclose(found["region_high"], corners.max(axis=0), rtol=1e-10, atol=1e-12)


def test_known_detection_leaves_points_with_the_usual_limits():
    found = detection_bounds(*SPLIT, detection=EQUAL)
    np.testing.assert_allclose(found["region_low"], found["observed"], rtol=1e-12)
    ratio = localisation_odds_ratio(*SPLIT)
    row = found.loc["odds ratio"]
    assert (row.low, row.high) == pytest.approx((ratio.low, ratio.high), rel=1e-9)
    share = internal_share(1280, 2727)
    row = found.loc["internal share before"]
    assert (row.low, row.high) == pytest.approx((share.low, share.high), rel=1e-9)
    assert found.loc["odds ratio", "established"]


def test_the_tipping_point_brings_the_odds_ratio_to_1():
    factor = tipping_point(*SPLIT).estimate
    detection = {**EQUAL, "internal_before": 0.5 / factor}
    row = detection_bounds(*SPLIT, detection=detection).loc["odds ratio"]
    assert row.region_low == pytest.approx(1.0, rel=1e-12)


def test_what_is_common_to_both_types_cancels_in_the_odds_ratio_alone():
    rise = {n: 0.3 if n.endswith("before") else 0.6 for n in NAMES}
    found = detection_bounds(*SPLIT, detection=rise)
    assert found.loc["odds ratio", "region_low"] == pytest.approx(
        found.loc["odds ratio", "observed"]
    )
    growth = found.loc["growth ratio of external lines"]
    assert growth.region_low == pytest.approx(growth.observed / 2)


def test_limits_for_the_region_are_wider_and_both_hold_the_region():
    parameter = detection_bounds(*SPLIT, detection=WIDE)
    region = detection_bounds(*SPLIT, detection=WIDE, target="region")
    assert (region["low"] <= parameter["low"]).all()
    assert (region["high"] >= parameter["high"]).all()
    assert (region.loc["odds ratio", "low"]) < parameter.loc["odds ratio", "low"]
    for frame in (parameter, region):
        assert (frame["low"] < frame["region_low"]).all()
        assert (frame["high"] > frame["region_high"]).all()
    assert parameter["method"].tolist().count("imbens-manski") == 5


def test_bands_and_numbers_are_ranges_too():
    given_bands = {n: cl.Band(*WIDE[n]) for n in NAMES}
    pair = detection_bounds(*SPLIT, detection=WIDE)
    band = detection_bounds(*SPLIT, detection=given_bands)
    np.testing.assert_array_equal(pair["low"], band["low"])


def test_zero_cells():
    found = detection_bounds(0, 20, 5, 15, detection=WIDE)
    ratio = found.loc["odds ratio"]
    assert ratio.region_low == np.inf
    assert 0 < ratio.low < np.inf
    share = found.loc["internal share before"]
    assert (share.region_low, share.region_high, share.low) == (0.0, 0.0, 0.0)
    nothing = detection_bounds(0, 20, 0, 15, detection=WIDE)
    growth = nothing.loc["growth ratio of internal lines"]
    assert np.isnan(growth.region_low)
    assert (growth.low, growth.high) == (0.0, np.inf)
    assert not growth.established


class TestCriticalValue:
    @pytest.mark.parametrize("width", [1e-6, 0.3, 1.0, 5.0])
    def test_imbens_and_manski_put_back(self, width):
        c = identified_interval.critical_value(width, 0.4, 0.95, "parameter")
        assert ndtr(c + width / 0.4) - ndtr(-c) == pytest.approx(0.95, rel=1e-12)
        assert 1.6448536 < c <= 1.9599640

    def test_ends(self):
        assert identified_interval.critical_value(0.0, 1.0, 0.95, "parameter") == pytest.approx(
            1.959963984540054
        )
        assert identified_interval.critical_value(np.inf, 1.0, 0.95, "parameter") == pytest.approx(
            1.6448536269514722
        )
        assert identified_interval.critical_value(3.0, 1.0, 0.95, "region") == pytest.approx(
            1.959963984540054
        )


@pytest.mark.parametrize(
    ("cells", "options", "error", "message"),
    [
        ((0, 0, 1, 2), {}, InputError, "`internal_before` must be above 0 where there are no ext"),
        ((1.5, 2, 1, 2), {}, InputError, "`internal_before` must be a whole number"),
        ((-1, 2, 1, 2), {}, InputError, "at least 0"),
        (SPLIT, {"detection": {"internal_before": 0.5}}, InputError, "got nothing for 'external_b"),
        (SPLIT, {"detection": {**WIDE, "inside": 1}}, InputError, "got 'inside'"),
        (SPLIT, {"detection": [0.1, 0.2]}, InputTypeError, "a mapping of the four names"),
        (
            SPLIT,
            {"detection": {**WIDE, "internal_after": (0.7, 0.2)}},
            InputError,
            r"lower end first, got \(0.7, 0.2\)",
        ),
        (SPLIT, {"detection": {**WIDE, "internal_after": (0, 0.2)}}, InputError, "a share in"),
        (SPLIT, {"detection": {**WIDE, "internal_after": 40}}, InputError, "like a percentage"),
        (SPLIT, {"target": "both"}, InputError, "`target` must be one of"),
        (SPLIT, {"level": 95}, InputError, "level=0.95"),
    ],
)
def test_bad_input(cells, options, error, message):
    with pytest.raises(error, match=message):
        detection_bounds(*cells, **{"detection": WIDE, **options})


def test_an_undefined_odds_ratio_has_no_region_and_no_sign():
    row = detection_bounds(0, 10, 0, 10, detection=EQUAL).loc["odds ratio"]
    assert np.isnan([row.observed, row.region_low, row.region_high]).all()
    assert not row.sign_identified
