"""What must hold of the limits and p-values of a binomial proportion, whatever the data."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from countylines._kernels.binomial import (
    METHODS,
    WHOLE_COUNTS_ONLY,
    gap_in_acceptance,
    one_sided_limit,
)

ALTERNATIVES = ("two-sided", "less", "greater")
MIRRORED = {"two-sided": "two-sided", "less": "greater", "greater": "less"}
SMOOTH = [name for name in METHODS if name not in WHOLE_COUNTS_ONLY]
# The estimated error of the log odds grows so fast next to the ends that the limits turn back.
RISING = [name for name in METHODS if name != "logit"]

levels = st.floats(0.5, 0.999999)
any_levels = st.floats(0.01, 0.999999)
alternatives = st.sampled_from(ALTERNATIVES)


@st.composite
def whole_counts(draw, most=2000):
    total = draw(st.integers(1, most))
    return draw(st.integers(0, total)), total


@st.composite
def fractional_counts(draw):
    """Counts over a design effect."""
    count, total = draw(whole_counts())
    design_effect = draw(st.floats(0.5, 20.0))
    return count / design_effect, total / design_effect


def limits(method, count, total, level=0.95, alternative="two-sided"):
    low, high = METHODS[method].limits(
        np.array([float(count)]), np.array([float(total)]), level=level, alternative=alternative
    )
    return low[0], high[0]


def pvalue(method, count, total, null, alternative="two-sided"):
    return METHODS[method].pvalue(
        np.array([float(count)]), np.array([float(total)]), null=null, alternative=alternative
    )[0]


@pytest.mark.parametrize("method", METHODS)
@given(data=whole_counts(), level=any_levels, alternative=alternatives)
def test_limits_lie_in_the_range_and_in_order(method, data, level, alternative):
    low, high = limits(method, *data, level, alternative)
    assert 0 <= low <= high <= 1


@pytest.mark.parametrize("method", METHODS)
@given(data=whole_counts(), level=any_levels, alternative=alternatives)
def test_swapping_events_and_non_events_mirrors_the_limits(method, data, level, alternative):
    count, total = data
    low, high = limits(method, count, total, level, alternative)
    other_low, other_high = limits(method, total - count, total, level, MIRRORED[alternative])
    np.testing.assert_allclose([low, high], [1 - other_high, 1 - other_low], rtol=0, atol=1e-12)


@pytest.mark.parametrize("method", METHODS)
@given(data=whole_counts(), null=st.floats(0.0, 1.0), alternative=alternatives)
def test_swapping_events_and_non_events_keeps_the_pvalue(method, data, null, alternative):
    count, total = data
    null = 1.0 - (1.0 - null)  # a null whose complement is exact
    found = pvalue(method, count, total, null, alternative)
    other = pvalue(method, total - count, total, 1.0 - null, MIRRORED[alternative])
    np.testing.assert_allclose(found, other, rtol=1e-8, atol=1e-300)


@pytest.mark.parametrize("method", RISING)
@given(data=whole_counts(), level=levels, alternative=alternatives)
def test_limits_rise_with_the_count(method, data, level, alternative):
    count, total = data
    counts = np.array([count, min(count + 1, total)], dtype=float)
    low, high = METHODS[method].limits(
        counts, np.full(2, float(total)), level=level, alternative=alternative
    )
    assert low[0] <= low[1] + 1e-13
    assert high[0] <= high[1] + 1e-13


@pytest.mark.parametrize("method", METHODS)
@given(data=whole_counts(), pair=st.tuples(levels, levels), alternative=alternatives)
def test_limits_are_nested_in_the_level(method, data, pair, alternative):
    inner = limits(method, *data, min(pair), alternative)
    outer = limits(method, *data, max(pair), alternative)
    assert outer[0] <= inner[0] + 1e-13
    assert outer[1] >= inner[1] - 1e-13


@pytest.mark.parametrize("method", METHODS)
@given(data=whole_counts(), level=levels)
def test_the_estimate_lies_between_the_limits(method, data, level):
    # Two events added draw plus-four so far inwards that below 75 % it can leave the estimate out.
    level = max(level, 0.8) if method == "plus-four" else level
    low, high = limits(method, *data, level)
    assert low <= data[0] / data[1] + 1e-14
    assert high >= data[0] / data[1] - 1e-14


def assert_agreement(method, data, null, level, alternative):
    low, high = limits(method, *data, level, alternative)
    p = pvalue(method, *data, null, alternative)
    assert 0 <= p <= 1
    if abs(p - (1 - level)) < 1e-9:
        return  # on the limit, to rounding
    outside = null < low or null > high
    if method in WHOLE_COUNTS_ONLY and not outside and p < 1 - level:
        count, total = (np.array([float(value)]) for value in data)
        assert gap_in_acceptance(count, total, level=level, method=method)[0]
        return
    assert outside == (p < 1 - level)


@pytest.mark.parametrize("method", METHODS)
@given(
    data=whole_counts(),
    null=st.floats(0.0, 1.0),
    level=any_levels,
    alternative=alternatives,
)
def test_pvalue_and_limits_agree(method, data, null, level, alternative):
    assert_agreement(method, data, null, level, alternative)


@pytest.mark.parametrize("method", METHODS)
@given(
    data=whole_counts(),
    nudge=st.sampled_from([-0.01, -1e-4, -1e-7, 1e-7, 1e-4, 0.01]),
    level=any_levels,
    alternative=alternatives,
)
def test_pvalue_and_limits_agree_next_to_a_limit(method, data, nudge, level, alternative):
    for limit in limits(method, *data, level, alternative):
        null = min(1.0, limit * (1 + nudge))
        assert_agreement(method, data, null, level, alternative)


@pytest.mark.parametrize("method", SMOOTH)
@given(
    data=fractional_counts(),
    null=st.floats(0.0, 1.0),
    level=levels,
    alternative=alternatives,
)
def test_pvalue_and_limits_agree_for_fractional_counts(method, data, null, level, alternative):
    assert_agreement(method, data, null, level, alternative)


@pytest.mark.parametrize("method", SMOOTH)
@given(data=whole_counts(), level=levels)
def test_whole_counts_are_a_limit_of_fractional_ones(method, data, level):
    count, total = data
    if not 2 <= count <= total - 2:
        return  # some methods have rules of their own next to the ends
    near = limits(method, count + 1e-9, total, level)
    np.testing.assert_allclose(near, limits(method, count, total, level), rtol=0, atol=1e-7)


@pytest.mark.parametrize("method", METHODS)
def test_rows_do_not_touch_each_other(method):
    rng = np.random.default_rng(5)
    total = rng.integers(0, 30, 400).astype(float)
    count = np.floor(rng.random(400) * (total + 1)).clip(0, total)
    null = rng.random(400).round(1)
    for alternative in ALTERNATIVES:
        low, high = METHODS[method].limits(count, total, level=0.9, alternative=alternative)
        p = METHODS[method].pvalue(count, total, null=null, alternative=alternative)
        for row in range(0, 400, 37):
            assert (low[row], high[row]) == limits(method, count[row], total[row], 0.9, alternative)
            assert p[row] == pvalue(method, count[row], total[row], null[row], alternative)


@pytest.mark.parametrize("method", METHODS)
def test_one_sided_limits_take_a_tail_for_each_row(method):
    count, total = np.array([0.0, 3.0, 7.0, 43.0]), np.full(4, 43.0)
    tail = np.array([0.025, 0.05, 0.2, 0.05])
    for side, which in (("greater", 0), ("less", 1)):
        found = one_sided_limit(count, total, tail=tail, side=side, method=method)
        for row in range(4):
            expected = limits(method, count[row], total[row], 1 - tail[row], side)[which]
            assert found[row] == pytest.approx(expected, rel=1e-12)
        far = one_sided_limit(count, total, tail=np.full(4, 1e-200), side=side, method=method)
        assert np.isfinite(far).all()
        assert (far <= found).all() if side == "greater" else (far >= found).all()
