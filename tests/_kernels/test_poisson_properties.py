"""What is true of every Poisson method, at any count, level, side and null."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from countylines._kernels.poisson import (
    METHODS,
    WHOLE_COUNTS_ONLY,
    gap_in_acceptance,
    one_sided_limit,
)

SMOOTH = sorted(set(METHODS) - WHOLE_COUNTS_ONLY)
RISING = sorted(set(METHODS) - {"wald-log"})  # infinite at 0, and falling at first
ALTERNATIVES = ("two-sided", "less", "greater")
counts = st.one_of(st.integers(0, 60), st.integers(0, 10**6), st.just(10**9))
any_levels = st.floats(0.05, 0.9999)
levels = st.floats(0.5, 0.9999)
alternatives = st.sampled_from(ALTERNATIVES)


def limits(method, count, level=0.95, alternative="two-sided", exposure=1.0):
    low, high = METHODS[method].limits(
        np.array([float(count)]), np.array([exposure]), level=level, alternative=alternative
    )
    return low[0], high[0]


def pvalue(method, count, null, alternative="two-sided", exposure=1.0):
    return METHODS[method].pvalue(
        np.array([float(count)]), np.array([exposure]), null=null, alternative=alternative
    )[0]


@pytest.mark.parametrize("method", METHODS)
@given(count=counts, pair=st.tuples(levels, levels), alternative=alternatives)
def test_limits_are_nested_in_the_level(method, count, pair, alternative):
    inner = limits(method, count, min(pair), alternative)
    outer = limits(method, count, max(pair), alternative)
    assert outer[0] <= inner[0] * (1 + 1e-12)
    assert outer[1] >= inner[1] * (1 - 1e-12)


@pytest.mark.parametrize("method", RISING)
@given(count=st.integers(0, 400), level=levels, alternative=alternatives)
def test_limits_rise_with_the_count(method, count, level, alternative):
    """What the limits for a band of counts rest on."""
    first, second = (limits(method, x, level, alternative) for x in (count, count + 1))
    assert first[0] <= second[0] * (1 + 1e-12)
    assert first[1] <= second[1] * (1 + 1e-12)


@pytest.mark.parametrize("method", METHODS)
@given(count=counts, level=levels)
def test_the_estimate_lies_between_the_limits(method, count, level):
    low, high = limits(method, count, level)
    assert low <= count * (1 + 1e-12)
    assert high >= count * (1 - 1e-12)


@pytest.mark.parametrize("method", METHODS)
@given(
    count=counts,
    exposure=st.floats(1e-3, 1e9),
    null=st.floats(0.1, 3.0),
    alternative=alternatives,
)
def test_only_the_ratio_of_null_and_exposure_counts(method, count, exposure, null, alternative):
    plain = limits(method, count, 0.9, alternative)
    scaled = limits(method, count, 0.9, alternative, exposure)
    np.testing.assert_allclose(np.array(scaled) * exposure, plain, rtol=1e-12)
    mean = null * max(count, 1)
    found = pvalue(method, count, mean / exposure, alternative, exposure)
    np.testing.assert_allclose(found, pvalue(method, count, mean, alternative), rtol=1e-6)


def assert_agreement(method, count, null, level, alternative):
    low, high = limits(method, count, level, alternative)
    p = pvalue(method, count, null, alternative)
    assert 0 <= p <= 1
    if abs(p - (1 - level)) < 1e-9:
        return  # on the limit, to rounding
    outside = null < low or null > high
    if method in WHOLE_COUNTS_ONLY and not outside and p < 1 - level:
        assert gap_in_acceptance(np.array([float(count)]), level=level, method=method)[0]
        return
    assert outside == (p < 1 - level)


@pytest.mark.parametrize("method", METHODS)
@given(count=counts, null=st.floats(0.0, 3.0), level=any_levels, alternative=alternatives)
def test_pvalue_and_limits_agree(method, count, null, level, alternative):
    assert_agreement(method, count, null * max(count, 1), level, alternative)


@pytest.mark.parametrize("method", METHODS)
@given(
    count=counts,
    nudge=st.sampled_from([-0.01, -1e-4, -1e-7, 1e-7, 1e-4, 0.01]),
    level=any_levels,
    alternative=alternatives,
)
def test_pvalue_and_limits_agree_next_to_a_limit(method, count, nudge, level, alternative):
    for limit in limits(method, count, level, alternative):
        if np.isfinite(limit):
            assert_agreement(method, count, limit * (1 + nudge), level, alternative)


@pytest.mark.parametrize("method", SMOOTH)
@given(
    count=st.floats(0.01, 80.0), null=st.floats(0.0, 100.0), level=levels, alternative=alternatives
)
def test_pvalue_and_limits_agree_for_fractional_counts(method, count, null, level, alternative):
    assert_agreement(method, count, null, level, alternative)


@pytest.mark.parametrize("method", METHODS)
def test_repeated_rows_are_the_same_as_rows_alone(method):
    rows = np.array([3.0, 0.0, 3.0, 17.0, 0.0, 3.0])
    low, high = METHODS[method].limits(rows, np.ones(6), level=0.95, alternative="two-sided")
    for i, count in enumerate(rows):
        assert limits(method, count) == (low[i], high[i])


@pytest.mark.parametrize("method", METHODS)
def test_one_sided_limits_take_a_tail_for_each_row(method):
    count, tail = np.array([2.0, 5.0, 5.0, 40.0]), np.array([0.2, 0.025, 0.4, 1e-3])
    for side, alternative, end in (("greater", "greater", 0), ("less", "less", 1)):
        found = one_sided_limit(count, tail=tail, side=side, method=method)
        for i in range(4):
            alone = limits(method, count[i], 1 - tail[i], alternative)[end]
            np.testing.assert_allclose(found[i], alone, rtol=1e-9)
        far = one_sided_limit(count, tail=np.full(4, 1e-200), side=side, method=method)
        assert np.isfinite(far).all()
        assert (far <= found).all() if side == "greater" else (far >= found).all()


@pytest.mark.parametrize("method", METHODS)
def test_without_events(method):
    for level in (0.5, 0.95, 0.999999):
        for alternative in ("two-sided", "greater"):
            assert limits(method, 0, level, alternative)[0] == 0.0
    high = limits(method, 0)[1]
    if method == "wald-log":
        assert high == np.inf
    elif method == "wald":
        assert high == 0.0
    else:
        assert 0.9 < high < 4.1
    assert pvalue(method, 0, 0.0) == 1.0
    assert limits(method, 0, alternative="greater") == (0.0, np.inf)


@pytest.mark.parametrize("method", METHODS)
def test_empty_arrays(method):
    nothing = np.empty(0)
    low, high = METHODS[method].limits(nothing, nothing, level=0.95, alternative="two-sided")
    assert low.shape == high.shape == (0,)
    p = METHODS[method].pvalue(nothing, nothing, null=0.5, alternative="two-sided")
    assert p.shape == (0,)
    assert gap_in_acceptance(nothing, level=0.95, method=method).shape == (0,)
