"""Counts that establish a share, power, and the size from which it stays: all by brute force."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from countylines._kernels import binomial_power
from countylines._kernels.binomial import METHODS
from countylines._kernels.establishing import power, smallest_count, total_needed

RISING = ("clopper-pearson", "mid-p", "wilson", "jeffreys", "skew-score")


def test_the_exact_count_is_that_of_the_exact_kernel():
    total, share = np.meshgrid([0, 1, 7, 50, 258, 4000], [0.001, 0.0101, 0.135, 0.6])
    for tail in (0.05, 0.005):
        found = smallest_count(total, share, tail, "clopper-pearson")
        np.testing.assert_array_equal(found, binomial_power.smallest_count(total, share, tail))


@given(
    total=st.integers(1, 80),
    share=st.floats(0.002, 0.9),
    tail=st.floats(0.005, 0.3),
    method=st.sampled_from(RISING),
    effect=st.sampled_from([1.0, 1.7, 3.0]),
)
def test_the_count_is_the_first_whose_pvalue_is_small(total, share, tail, method, effect):
    counts = np.arange(total + 1.0)
    null = np.full(counts.shape, share)
    size = np.full(counts.shape, total / effect)
    p = METHODS[method].pvalue(counts / effect, size, null=null, alternative="greater")
    assert (np.diff(p) <= 1e-12).all()  # or there is no smallest count to speak of
    passing = np.flatnonzero(p <= tail)
    wanted = passing[0] if passing.size else np.inf
    assert smallest_count(total, share, tail, method, effect) == wanted


def test_power_is_a_binomial_tail():
    share, true = np.array([0.0101, 0.135]), np.array([0.0202, 0.27])
    found = power(258.0, share, true, 0.05, "clopper-pearson")
    wanted = [stats.binom.sf(5, 258, 0.0202), stats.binom.sf(44, 258, 0.27)]
    np.testing.assert_allclose(found, wanted, rtol=1e-11)


@pytest.mark.parametrize("method", RISING)
@pytest.mark.parametrize(
    ("shares", "factor", "chance"),
    [
        ([0.01, 0.135], 2.0, 0.8),
        ([0.05], 3.0, 0.95),
        ([0.2, 0.3, 0.4], 1.5, 0.3),
        ([0.0089, 0.0234, 0.135], 5.0, 0.8),
        ([0.5], 2.0, 0.8),
        ([0.3], 1.2, 0.02),
    ],
)
def test_the_size_is_where_the_power_stays(shares, factor, chance, method):
    share = np.array(shares)
    true = np.minimum(factor * share, 1.0)
    found = total_needed(share, true, 0.05, method, chance)
    sizes = np.arange(1.0, 6 * found + 200)
    chances = power(sizes[:, None], share, true, 0.05, method).prod(axis=1)
    short = sizes[chances < chance]
    assert found == (short[-1] + 1 if short.size else 1)


def test_the_power_falls_back_on_its_way():
    """Why "stays": smaller sizes reach the chance as well."""
    share = np.array([0.05])
    found = total_needed(share, 2 * share, 0.05, "clopper-pearson", 0.8)
    sizes = np.arange(1.0, found)
    reached = power(sizes[:, None], share, 2 * share, 0.05, "clopper-pearson")[:, 0] >= 0.8
    assert reached.any()
