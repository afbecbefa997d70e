"""Exact binomial tails against brute force, and the count that decides."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from countylines._kernels.binomial_power import power_at_least, smallest_count, upper_tail


def exact_tail(count: int, total: int, share: Fraction) -> Fraction:
    """P(X >= count), summed in whole fractions."""
    return sum(
        (
            math.comb(total, k) * share**k * (1 - share) ** (total - k)
            for k in range(max(count, 0), total + 1)
        ),
        start=Fraction(0),
    )


@pytest.mark.parametrize("total", [1, 7, 30])
@pytest.mark.parametrize("share", [Fraction(1, 100), Fraction(27, 200), Fraction(9, 10)])
def test_the_tail_is_the_sum_of_its_terms(total, share):
    counts = np.arange(total + 2)
    found = upper_tail(counts, total, float(share))
    wanted = [float(exact_tail(int(k), total, share)) for k in counts]
    assert found == pytest.approx(wanted, rel=1e-11)


def test_the_tail_keeps_its_digits_far_out():
    wanted = float(exact_tail(150, 258, Fraction(1, 100)))
    assert 0 < wanted < 1e-200
    assert upper_tail(150, 258, 0.01) == pytest.approx(wanted, rel=1e-9)


@given(
    total=st.integers(0, 60),
    share=st.integers(0, 100),
    tail=st.sampled_from([0.001, 0.01, 0.025, 0.05, 0.2]),
)
def test_the_smallest_count_is_that_of_a_search(total, share, tail):
    fraction = Fraction(share, 100)
    small = [k for k in range(total + 1) if float(exact_tail(k, total, fraction)) <= tail]
    wanted = float(small[0]) if small else math.inf
    assert smallest_count(total, share / 100, tail) == wanted


@given(total=st.integers(1, 10**6), share=st.floats(1e-8, 1 - 1e-8))
def test_one_fewer_is_not_enough(total, share):
    count = float(smallest_count(total, share, 0.05))
    if math.isinf(count):
        assert upper_tail(total, total, share) > 0.05
    else:
        assert upper_tail(count, total, share) <= 0.05 < upper_tail(count - 1, total, share)


def test_known_counts_of_a_region_with_one_per_cent():
    # 6 of 258 and 4 of 100 where the census share is 1.0 %.
    assert list(smallest_count([258, 100], 0.0101)) == [6, 4]


def test_arguments_broadcast():
    found = smallest_count(np.array([[50], [100]]), np.array([0.01, 0.04, 0.135]))
    assert found.shape == (2, 3)
    assert found[1, 0] == smallest_count(100, 0.01)


def test_a_sample_that_is_too_small_for_any_count():
    assert smallest_count(0, 0.5) == math.inf
    assert smallest_count(3, 0.5) == math.inf
    assert power_at_least(math.inf, 3, 0.9) == 0


def test_the_power_at_the_null_stays_below_the_size_of_the_test():
    shares = np.linspace(0.005, 0.3, 60)
    needed = smallest_count(258, shares, 0.05)
    power = power_at_least(needed, 258, shares)
    assert (power <= 0.05).all()
    assert power.max() > 0.03


def test_the_power_is_the_chance_of_the_counts_that_decide():
    needed = float(smallest_count(40, 0.1, 0.05))
    wanted = float(exact_tail(int(needed), 40, Fraction(3, 10)))
    assert power_at_least(needed, 40, 0.3) == pytest.approx(wanted, rel=1e-11)
