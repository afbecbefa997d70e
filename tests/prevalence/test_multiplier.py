"""Multipliers: limits turned round, benchmarks with limits of their own, and counts of 0."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import countylines as cl
from countylines.errors import DegenerateDataWarning, InputError, InputTypeError
from countylines.prevalence import multiplier, proportion

SAMPLES = st.integers(2, 80).flatmap(lambda n: st.tuples(st.integers(1, n), st.just(n)))
EXACT = ["mid-p", "clopper-pearson", "blaker", "jeffreys"]
LIST = cl.Estimate("list", 400.0, 360.0, 450.0, "made up")


@pytest.mark.parametrize("method", EXACT)
@given(sample=SAMPLES, benchmark=st.floats(1, 1e5))
def test_limits_are_those_of_the_share_turned_round(method, sample, benchmark):
    found = multiplier(benchmark, *sample, method=method)
    share = proportion(*sample, method=method)
    assert found.estimate == pytest.approx(benchmark / share.estimate)
    assert found.low == pytest.approx(benchmark / share.high)
    assert found.high == pytest.approx(benchmark / share.low)
    assert found.low >= benchmark * (1 - 1e-12)


@given(sample=SAMPLES, side=st.sampled_from(["less", "greater"]))
def test_sides(sample, side):
    found = multiplier(100, *sample, alternative=side)
    share = proportion(*sample, alternative="less" if side == "greater" else "greater")
    assert found.low == pytest.approx(100 / share.high)
    assert found.high == (math.inf if share.low == 0 else pytest.approx(100 / share.low))


@pytest.mark.parametrize("method", [*EXACT, "lognormal", "delta", "monte-carlo"])
@given(sample=SAMPLES, factor=st.floats(0.1, 100))
def test_the_size_scales_with_the_list(method, sample, factor):
    one = multiplier(100.0, *sample, method=method, rng=1)
    other = multiplier(100.0 * factor, *sample, method=method, rng=1)
    for name in ("estimate", "low", "high"):
        assert getattr(other, name) == pytest.approx(factor * getattr(one, name), rel=1e-9)


def test_lognormal_and_delta_by_their_formulas():
    error = math.sqrt((1 - 0.25) / 10)
    z = 1.959963984540054
    found = multiplier(100, 10, 40, method="lognormal")
    assert (found.low, found.high) == pytest.approx(
        (400 * math.exp(-z * error), 400 * math.exp(z * error))
    )
    found = multiplier(100, 10, 40, method="delta")
    assert (found.low, found.high) == pytest.approx((400 * (1 - z * error), 400 * (1 + z * error)))


def test_draws_come_to_the_jeffreys_limits_and_repeat():
    drawn = multiplier(100, 10, 40, method="monte-carlo", rng=1)
    share = proportion(10, 40, method="jeffreys")
    assert drawn.low == pytest.approx(100 / share.high, rel=0.02)
    assert drawn.high == pytest.approx(100 / share.low, rel=0.03)
    assert multiplier(100, 10, 40, method="monte-carlo", rng=1).identical(drawn)
    several = multiplier(100, [10, 3], 40, method="monte-carlo", rng=1)
    assert several.low[0] == drawn.low


def test_a_benchmark_that_is_a_range():
    found = multiplier(cl.Band(300, 500), 10, 40)
    assert math.isnan(found.estimate)
    assert found.verdict.code == "not-identified"
    assert (found.region_low, found.region_high) == (1200, 2000)
    assert found.low == multiplier(300, 10, 40).low
    assert found.high == multiplier(500, 10, 40).high
    assert multiplier(cl.Band(300, 300), 10, 40).estimate == 1200


@pytest.mark.parametrize("method", ["mid-p", "lognormal"])
def test_the_limits_of_a_benchmark_are_joined_on_the_log_scale(method):
    found = multiplier(LIST, 10, 40, method=method)
    plain = multiplier(400, 10, 40, method=method)
    below = math.hypot(math.log(1600 / plain.low), math.log(400 / 360))
    above = math.hypot(math.log(plain.high / 1600), math.log(450 / 400))
    assert found.low == pytest.approx(1600 * math.exp(-below))
    assert found.high == pytest.approx(1600 * math.exp(above))


def test_a_benchmark_without_error_is_a_number():
    sure = cl.Estimate("list", 400.0, 400.0, 400.0, "made up")
    found, plain = multiplier(sure, 10, 40), multiplier(400, 10, 40)
    assert (found.low, found.high) == pytest.approx((plain.low, plain.high))
    drawn = multiplier(LIST, 10, 40, method="monte-carlo", rng=1)
    joined = multiplier(LIST, 10, 40, method="jeffreys")
    assert (drawn.low, drawn.high) == pytest.approx((joined.low, joined.high), rel=0.04)


def test_nobody_in_the_benchmark():
    with pytest.warns(DegenerateDataWarning, match="Nobody in the sample is in the benchmark"):
        found = multiplier(100, 0, 40)
    assert (found.estimate, found.high) == (math.inf, math.inf)
    assert found.low == pytest.approx(100 / proportion(0, 40).high)
    assert found.verdict.code == "hidden-infinite"
    with pytest.warns(DegenerateDataWarning):
        found = multiplier(LIST, 0, 40)
    assert found.low == pytest.approx(360 / proportion(0, 40).high)
    with pytest.warns(DegenerateDataWarning):
        found = multiplier(100, 0, 40, method="lognormal")
    assert (found.low, found.high) == (100, math.inf)


@pytest.mark.parametrize("method", ["mid-p", "lognormal", "monte-carlo", "wald"])
@pytest.mark.filterwarnings("error::RuntimeWarning")
def test_a_band_without_an_upper_end(method):
    found = multiplier(cl.Band([501, 210], [np.inf, 500]), 5, 40, method=method, rng=1)
    closed = multiplier(cl.Band(501, 600), 5, 40, method=method, rng=1)
    assert found.low[0] == pytest.approx(closed.low, rel=1e-12)
    assert (found.region_low[0], found.region_high[0], found.high[0]) == (4008, np.inf, np.inf)
    assert np.isfinite(found.high[1])
    assert found.verdict[0].code == "not-identified"


def test_wald_has_no_width_at_nothing_and_says_no_more_than_the_list():
    with pytest.warns(DegenerateDataWarning):
        found = multiplier(410, 0, 40, method="wald")
    assert (found.low, found.high) == (410, np.inf)


def test_no_sample():
    with pytest.warns(DegenerateDataWarning, match="The total is 0: there is no estimate"):
        found = multiplier(100, 0, 0)
    assert math.isnan(found.estimate)
    assert (found.low, found.high) == (100, math.inf)
    assert found.verdict.code == "no-data"
    with pytest.warns(DegenerateDataWarning, match="in 1 of 2 places"):
        several = multiplier(100, pd.Series([0, 3], index=["a", "b"]), 9, method="mid-p")
    assert several.verdict["a"].code == "hidden-infinite"


def test_everybody_in_the_benchmark():
    found = multiplier(100, 40, 40)
    assert (found.estimate, found.low) == (100, 100)


class TestBadInput:
    @pytest.mark.parametrize(
        ("call", "message"),
        [
            (lambda: multiplier(0, 3, 9), "`benchmark` must be finite and above 0, got 0"),
            (lambda: multiplier(cl.Band(0, 9), 3, 9), "`benchmark.low` must be finite and above 0"),
            (lambda: multiplier(9, 12, 9), "`count` must be at most `total`"),
            (lambda: multiplier(LIST, 3, 9, level=0.9), "`benchmark` must be an estimate with"),
            (lambda: multiplier(9, 3, 9, method="beta"), "`method` must be one of 'mid-p'"),
        ],
    )
    def test_values_that_cannot_be_used(self, call, message):
        with pytest.raises(InputError, match=message):
            call()

    def test_an_estimate_that_does_not_exist(self):
        banded = cl.prevalence.rate(cl.Band(1, 3), 1)
        with pytest.raises(InputError, match="`benchmark` must be an estimate that exists, got na"):
            multiplier(banded, 5, 40)
        with pytest.raises(InputError, match=r"Make it again, or pass level=0\.95"):
            multiplier(cl.prevalence.rate(3, 1), 5, 40, level=0.9)

    def test_an_identified_range_is_no_interval(self):
        ranged = cl.prevalence.window_bounds(100, 12)
        with pytest.raises(InputTypeError, match=r"Pass countylines.Band\(low, high\)"):
            multiplier(ranged, 3, 9)
