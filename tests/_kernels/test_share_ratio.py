"""The ratio of two binomial shares: its p-value is the tail at which its limit reaches the null."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from countylines._kernels import binomial, share_ratio

METHODS = sorted(set(binomial.METHODS) - set(binomial.WHOLE_COUNTS_ONLY))


def array(*values):
    return np.array(values, dtype=float)


def random_rows(rows, seed=1):
    rng = np.random.default_rng(seed)
    total = rng.integers(1, 400, rows).astype(float)
    share = rng.uniform(0.002, 0.4, rows)
    count = rng.binomial(total.astype(int), np.minimum(share * rng.uniform(0, 3, rows), 0.95))
    size = rng.uniform(2, 5000, rows)
    return count.astype(float), total, share, size


@pytest.mark.parametrize("method", METHODS)
def test_the_limit_at_the_p_value_is_the_null(method):
    data = random_rows(300)
    rng = np.random.default_rng(2)
    null = np.maximum(data[0], 0.5) / data[1] / data[2] * rng.uniform(0.2, 5.0, 300)
    for alternative, end in (("greater", 0), ("less", 1)):
        p = share_ratio.pvalue(*data, null, alternative=alternative, method=method)
        # with no one in the group the Wald limit is 0 at every tail, until the benchmark's is
        solved = np.flatnonzero((p < 0.499) & (p > 1e-250) & ((data[0] > 0) | (method != "wald")))
        assert solved.size > 20
        for row in solved:
            here = [part[row : row + 1] for part in data]
            low_high = share_ratio.limits(
                *here, level=1.0 - p[row], alternative=alternative, method=method
            )
            if p[row] > 1e-3:  # 1 - p keeps its digits
                assert low_high[end][0] == pytest.approx(null[row], rel=1e-10)


@pytest.mark.parametrize("method", ["mid-p", "clopper-pearson", "wilson", "jeffreys", "wald"])
def test_the_tail_is_the_one_that_bisection_finds(method):
    data = random_rows(200, seed=3)
    null = np.full(200, 1.3)
    for alternative, side in (("greater", 1), ("less", -1)):
        p = share_ratio.pvalue(*data, null, alternative=alternative, method=method)
        small, large = np.full(200, np.log(1e-290)), np.full(200, np.log(0.5))

        def covers(logs, side=side):
            with np.errstate(divide="ignore"):
                limit = share_ratio._away(side, method, *data, np.exp(logs)) ** -side
            return limit <= null if side > 0 else limit >= null

        at_half = covers(large)
        for _ in range(80):
            middle = 0.5 * (small + large)
            inside = covers(middle)
            small, large = np.where(inside, middle, small), np.where(inside, large, middle)
        found = ~at_half & (p > 1e-280)
        np.testing.assert_allclose(p[found], np.exp(small[found]), rtol=2e-9)
        assert (p[at_half] >= 0.5).all()


@given(
    st.integers(0, 30),
    st.integers(1, 60),
    st.floats(0.01, 0.9),
    st.floats(1, 1e5),
    st.floats(0.05, 20),
    st.sampled_from(METHODS),
    st.sampled_from([0.8, 0.95, 0.999]),
)
def test_the_null_is_outside_exactly_when_p_is_below_the_tail(
    count, more, share, size, null, method, level
):
    data = [array(v) for v in (count, count + more, share, size)]
    p = share_ratio.pvalue(*data, array(null), alternative="two-sided", method=method)[0]
    low, high = share_ratio.limits(*data, level=level, alternative="two-sided", method=method)
    if abs(p - (1 - level)) > 1e-9:
        assert (null < low[0] or null > high[0]) == (p < 1 - level)


def test_no_one_in_the_group():
    data = [array(v) for v in (0, 40, 0.1, 200)]
    for null in (0.0, 0.5):
        p = share_ratio.pvalue(*data, array(null), alternative="greater", method="mid-p")
        assert p[0] > 0.4
    p = share_ratio.pvalue(*data, array(0.0), alternative="two-sided", method="mid-p")
    assert p[0] == 1.0
    low, high = share_ratio.limits(*data, level=0.95, alternative="two-sided", method="mid-p")
    assert low[0] == 0.0
    assert 0.0 < high[0] < np.inf


def test_a_null_of_0_with_people_in_the_group():
    data = [array(v) for v in (4, 40, 0.1, 200)]
    p = share_ratio.pvalue(*data, array(0.0), alternative="greater", method="mid-p")
    assert p[0] < 1e-290


def test_no_data():
    data = [array(v, v) for v in (0, 0, 0.1, 200)]
    low, high = share_ratio.limits(*data, level=0.95, alternative="two-sided", method="mid-p")
    assert low.tolist() == [0, 0]
    assert high.tolist() == [np.inf, np.inf]
    p = share_ratio.pvalue(*data, array(1.0, 2.0), alternative="less", method="mid-p")
    assert p.tolist() == [1, 1]


def test_rows_do_not_depend_on_their_batch():
    data = random_rows(500, seed=5)
    null = np.full(500, 1.0)
    whole = share_ratio.pvalue(*data, null, alternative="two-sided", method="mid-p")
    part = share_ratio.pvalue(
        *(column[7:9] for column in data), null[7:9], alternative="two-sided", method="mid-p"
    )
    np.testing.assert_allclose(part, whole[7:9], rtol=1e-12)


@pytest.mark.parametrize("method", METHODS)
def test_nulls_near_the_estimate(method):
    """There the closed limits may be on one side of the null and those of the method not."""
    data = random_rows(200, seed=7)
    data = [column[data[0] > 0] for column in data]
    ratio = data[0] / data[1] / data[2]
    for factor in (0.98, 0.999, 1.0, 1.001, 1.02):
        null = factor * ratio
        greater, less = (
            share_ratio.pvalue(*data, null, alternative=side, method=method)
            for side in ("greater", "less")
        )
        half = np.full(ratio.shape, 0.5)
        low = 1.0 / share_ratio._away(1, method, *data, half)
        high = share_ratio._away(-1, method, *data, half)
        slack = 1e-9 * ratio
        assert (greater[low > null + slack] < 0.5).all()
        assert (less[high < null - slack] < 0.5).all()
        assert (low <= ratio + slack).all()
        assert (high >= ratio - slack).all()


@pytest.mark.parametrize("method", ["mid-p", "plus-four", "jeffreys", "clopper-pearson"])
def test_the_limit_moves_away_as_the_tail_shrinks(method):
    """Adding two to each side moves 6 of 100 to 8 of 104, which must not count as a distance."""
    tails = np.linspace(0.5, 1e-3, 200)
    data = [np.full(200, v) for v in (6.0, 100.0, 0.05, 2000.0)]
    for side in (1, -1):
        assert (np.diff(share_ratio._away(side, method, *data, tails)) >= -1e-12).all()
