"""Representation ratio to rate ratio and back."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import countylines as cl
from countylines.disproportionality import (
    rate_to_representation_ratio,
    representation_ratio,
    representation_to_rate_ratio,
)
from countylines.errors import InputError
from countylines.prevalence import proportion


@given(rate=st.floats(0, 1e6), q=st.floats(1e-6, 0.999))
def test_there_and_back(rate, q):
    ratio = rate_to_representation_ratio(rate, q)
    assert ratio <= 1 / q * (1 + 1e-15)
    back = representation_to_rate_ratio(ratio, q)
    # near the bound the rate ratio hangs on the last digit of the representation ratio
    condition = 1 + rate * q / (1 - q)
    assert back == pytest.approx(rate, rel=1e-15 * (condition + 1 / (1 - q)) + 1e-14, abs=1e-300)


def test_counts_give_the_rate_ratio_itself():
    """30 of 100 people recorded, group of 1,000 among 10,000: rates 30/1,000 and 70/9,000."""
    ratio = (30 / 100) / (1_000 / 10_000)
    expected = (30 / 1_000) / (70 / 9_000)
    assert representation_to_rate_ratio(ratio, 0.1) == pytest.approx(expected, rel=1e-14)


def test_the_ends_of_the_range():
    assert representation_to_rate_ratio(0.0, 0.2) == 0
    assert representation_to_rate_ratio(5.0, 0.2) == math.inf
    assert representation_to_rate_ratio(1.0, 0.2) == pytest.approx(1.0, rel=1e-15)
    assert rate_to_representation_ratio(math.inf, 0.2) == pytest.approx(5.0, rel=1e-15)
    with pytest.raises(InputError, match=r"`ratio` must be at most `1 / benchmark`, got 5\.1 > 5"):
        representation_to_rate_ratio(5.1, 0.2)


def test_an_estimate_keeps_its_interval_and_its_test():
    ratio = representation_ratio(30, 100, 0.1)
    rate = representation_to_rate_ratio(ratio, 0.1)
    assert rate.quantity == "rate ratio against the rest"
    assert rate.low == representation_to_rate_ratio(ratio.low, 0.1)
    assert rate.high == representation_to_rate_ratio(ratio.high, 0.1)
    assert rate.pvalue == ratio.pvalue
    assert rate.null == pytest.approx(1.0)
    assert "bound" not in [note.code for note in rate.notes]
    back = rate_to_representation_ratio(rate, 0.1)
    assert back.estimate == pytest.approx(ratio.estimate, rel=1e-12)


def test_the_standard_error_follows_the_slope():
    ratio = representation_ratio(30, 100, 0.1)
    step = 1e-6
    slope = (
        representation_to_rate_ratio(ratio.estimate + step, 0.1)
        - representation_to_rate_ratio(ratio.estimate - step, 0.1)
    ) / (2 * step)
    rate = representation_to_rate_ratio(ratio, 0.1)
    assert rate.standard_error == pytest.approx(ratio.standard_error * slope, rel=1e-6)


def test_other_estimates_are_refused():
    with pytest.raises(
        InputError, match="an Estimate of a representation ratio, got one of a proport"
    ):
        representation_to_rate_ratio(proportion(3, 10), 0.1)
    sampled = representation_ratio(30, 100, 0.1, benchmark_n=1000)
    with pytest.raises(InputError, match="benchmark is itself estimated"):
        representation_to_rate_ratio(sampled, 0.1)


def test_the_same_rate_ratio_looks_different_where_the_share_differs():
    low, high = rate_to_representation_ratio(np.array([3.0, 3.0]), np.array([0.024, 0.135]))
    assert (round(low, 2), round(high, 2)) == (2.86, 2.36)


def test_each_direction_takes_its_own_quantity():
    ratio = representation_ratio(6, 258, 0.0101)
    rate = representation_to_rate_ratio(ratio, 0.0101)
    with pytest.raises(
        InputError, match="an Estimate of a representation ratio, got one of a rate"
    ):
        representation_to_rate_ratio(rate, 0.0101)
    with pytest.raises(
        InputError, match="an Estimate of a rate ratio against the rest, got one of"
    ):
        rate_to_representation_ratio(ratio, 0.0101)


def test_everybody_in_the_group_has_an_infinite_rate_and_no_error():
    rate = representation_to_rate_ratio(representation_ratio(5, 5, 0.1), 0.1)
    assert rate.estimate == math.inf
    assert math.isnan(rate.standard_error)


WALES = cl.Benchmark(0.0089, "residents of Wales", "Census 2021")
LONDON = cl.Benchmark(0.135, "residents of London", "Census 2021")


def the_benchmark(result):
    (found,) = [note.text for note in result.notes if note.code == "benchmark"]
    return found


def test_the_benchmark_is_that_of_the_ratio():
    named = representation_ratio(5, 300, WALES)
    assert "Wales" in the_benchmark(representation_to_rate_ratio(named, 0.0089))
    assert "Wales" in the_benchmark(representation_to_rate_ratio(named, WALES))
    plain = representation_ratio(5, 300, 0.0089)
    assert "Wales" in the_benchmark(representation_to_rate_ratio(plain, WALES))
    assert "not stated" in the_benchmark(representation_to_rate_ratio(plain, 0.0089))
    with pytest.raises(InputError, match="`benchmark` must be the one that the ratio was made wit"):
        representation_to_rate_ratio(named, LONDON)


def test_a_rate_ratio_may_be_carried_to_another_place():
    rate = representation_to_rate_ratio(representation_ratio(5, 300, WALES), WALES)
    there = rate_to_representation_ratio(rate, LONDON)
    assert the_benchmark(there) == "Benchmark: residents of London (Census 2021)."
    assert there.estimate == rate_to_representation_ratio(rate.estimate, 0.135)
