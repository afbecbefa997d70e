"""Odds-ratio kernels: what holds of every table, and what happens at the edges."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st
from scipy.special import gammaln

from countylines._kernels import odds_ratio
from countylines._kernels.odds_ratio import (
    METHODS,
    WHOLE_COUNTS_ONLY,
    conditional_estimate,
    estimate,
    gap_in_acceptance,
    log_standard_error,
)

SCORES = ("skew-score", "miettinen-nurminen", "score")
ORDERED = ("minlike", "blaker")
MOVER = ("mover-wilson", "mover-jeffreys")
ADDING = ("gart", "independence-smoothed")
ALTERNATIVES = ("two-sided", "less", "greater")
methods = st.sampled_from(sorted(METHODS))
levels = st.floats(0.5, 0.999)


def column(*row: float) -> tuple[np.ndarray, ...]:
    return tuple(np.array([float(value)]) for value in row)


def columns(rows) -> tuple[np.ndarray, ...]:
    return tuple(np.array(rows, dtype=float).T)


def limits(method, row, *, level=0.95, alternative="two-sided"):
    low, high = METHODS[method].limits(*column(*row), level=level, alternative=alternative)
    return float(low[0]), float(high[0])


def pvalue(method, row, null, *, alternative="two-sided"):
    return float(METHODS[method].pvalue(*column(*row), null=null, alternative=alternative)[0])


def is_informative(row):
    return 0 < row[0] + row[2] < row[1] + row[3] and row[1] > 0 and row[3] > 0


@st.composite
def tables(draw, largest=60):
    total, ref_total = (draw(st.integers(0, largest)) for _ in range(2))
    return draw(st.integers(0, total)), total, draw(st.integers(0, ref_total)), ref_total


def swap_groups(row):
    return (*row[2:], *row[:2])


def swap_outcome(row):
    return row[1] - row[0], row[1], row[3] - row[2], row[3]


def brute_pvalues(method, row, thetas):
    """Two-sided p-values of an ordered method, by adding up probabilities."""
    x, n1, y, n2 = row
    k = np.arange(max(0, x + y - n2), min(n1, x + y) + 1.0)
    ways = -sum(gammaln(cell + 1) for cell in (k, n1 - k, x + y - k, n2 - x - y + k))
    log_p = ways + k * np.log(np.asarray(thetas))[:, None]
    p = np.exp(log_p - log_p.max(axis=1, keepdims=True))
    p /= p.sum(axis=1, keepdims=True)
    size = p
    if method == "blaker":
        size = np.minimum(np.cumsum(p, axis=1), np.cumsum(p[:, ::-1], axis=1)[:, ::-1])
    at = int(x - k[0])
    return (p * (size <= size[:, [at]] * (1 + 1e-8))).sum(axis=1)


class TestSymmetry:
    @given(tables(), methods, levels, st.sampled_from(ALTERNATIVES))
    def test_swapping_the_groups_inverts(self, row, method, level, alternative):
        low, high = limits(method, row, level=level, alternative=alternative)
        other = {"less": "greater", "greater": "less"}.get(alternative, alternative)
        got = limits(method, swap_groups(row), level=level, alternative=other)
        with np.errstate(divide="ignore"):
            want = 1 / np.array([high, low])
        np.testing.assert_allclose(got, want, rtol=1e-10)

    @given(tables(), methods, levels)
    def test_swapping_the_outcome_inverts(self, row, method, level):
        assume(method not in MOVER)
        low, high = limits(method, row, level=level)
        with np.errstate(divide="ignore"):
            want = 1 / np.array([high, low])
        np.testing.assert_allclose(limits(method, swap_outcome(row), level=level), want, rtol=1e-10)

    def test_mover_is_not_symmetric_in_the_outcome(self):
        """A property of its formula, not of ours: 2/14 against 1/11 and 12/14 against 10/11."""
        for method in MOVER:
            low, high = limits(method, (2, 14, 1, 11))
            other = limits(method, (12, 14, 10, 11))
            assert abs(low * other[1] - 1) > 0.01
            assert abs(high * other[0] - 1) > 0.01

    @given(tables(), methods, st.floats(0.05, 20))
    def test_pvalues_swap_too(self, row, method, null):
        for alternative, other in zip(ALTERNATIVES, ("two-sided", "greater", "less"), strict=True):
            p = pvalue(method, row, null, alternative=alternative)
            got = pvalue(method, swap_groups(row), 1 / null, alternative=other)
            assert got == pytest.approx(p, rel=1e-9)

    def test_estimates_swap(self):
        rows = [(3, 9, 4, 7), (0, 9, 4, 7), (9, 9, 0, 3), (0, 5, 0, 3), (2, 5, 3, 3)]
        for function in (estimate, conditional_estimate):
            with np.errstate(divide="ignore"):
                want = 1 / function(*columns(rows))
            for swap in (swap_groups, swap_outcome):
                got = function(*columns([swap(row) for row in rows]))
                np.testing.assert_allclose(got, want, rtol=1e-12)


class TestLimitsAndPvalues:
    @settings(max_examples=300)
    @given(
        tables(),
        methods,
        st.floats(0.02, 0.9999),
        st.floats(-6, 6),
        st.sampled_from(ALTERNATIVES),
    )
    def test_a_null_is_outside_exactly_when_its_pvalue_is_below(
        self, row, method, level, log_null, alternative
    ):
        null = float(np.exp(log_null))
        low, high = limits(method, row, level=level, alternative=alternative)
        for end in (low, high):
            assume(not 0 < end < np.inf or abs(null / end - 1) > 1e-8)
        p = pvalue(method, row, null, alternative=alternative)
        if null < low or null > high:
            assert p < 1 - level
        else:
            ordered = method in ORDERED and alternative == "two-sided"
            if not ordered or not gap_in_acceptance(*column(*row), level=level, method=method)[0]:
                assert p >= 1 - level

    @given(tables(), methods, st.sampled_from(ALTERNATIVES))
    def test_a_higher_level_holds_a_lower_one(self, row, method, alternative):
        ends = [limits(method, row, level=v, alternative=alternative) for v in (0.7, 0.9, 0.99)]
        for (low, high), (lower, higher) in itertools.pairwise(ends):
            assert lower <= low * (1 + 1e-12)
            assert higher >= high * (1 - 1e-12)

    @given(tables(), methods)
    def test_the_estimate_is_inside(self, row, method):
        assume(is_informative(row))
        low, high = limits(method, row, level=0.9)
        value = float(estimate(*column(*row))[0])
        if method in ADDING:
            # what they add moves them off 0 and infinity
            assume(0 < value < np.inf)
        assert low * (1 - 1e-12) <= value <= high * (1 + 1e-12)

    @given(tables(largest=25), methods, st.floats(0.1, 10))
    def test_one_sided_pvalues_add_up(self, row, method, null):
        """To 1 and the probability of the data, which the approximations ignore."""
        assume(is_informative(row))
        greater = pvalue(method, row, null, alternative="greater")
        less = pvalue(method, row, null, alternative="less")
        ends = not 0 < estimate(*column(*row))[0] < np.inf
        if method in ("conditional", *ORDERED):
            assert greater + less > 1 - 1e-12
        elif method in ADDING or not ends:
            assert greater + less == pytest.approx(1, abs=1e-12)
        if method not in ORDERED:
            two_sided = min(1.0, 2 * min(greater, less))
            assert pvalue(method, row, null) == pytest.approx(two_sided, rel=1e-12)

    @pytest.mark.parametrize("method", METHODS)
    def test_levels_and_nulls_may_differ_from_row_to_row(self, method):
        rows = [(3, 9, 4, 70), (3, 9, 4, 70), (0, 9, 4, 7), (9, 9, 1, 30)]
        level, null = np.array([0.8, 0.99, 0.9, 0.95]), np.array([0.3, 1.0, 2.0, 5.0])
        low, high = METHODS[method].limits(*columns(rows), level=level, alternative="two-sided")
        p = METHODS[method].pvalue(*columns(rows), null=null, alternative="two-sided")
        for i, row in enumerate(rows):
            assert limits(method, row, level=level[i]) == pytest.approx((low[i], high[i]))
            assert pvalue(method, row, null[i]) == pytest.approx(p[i], rel=1e-12)

    @pytest.mark.parametrize("method", METHODS)
    def test_a_batch_gives_what_single_tables_give(self, method):
        rng = np.random.default_rng(20)
        total = rng.integers(1, 40, (2, 400))
        count = rng.integers(0, total + 1)
        data = tuple(v.astype(float) for v in (count[0], total[0], count[1], total[1]))
        low, high = METHODS[method].limits(*data, level=0.95, alternative="two-sided")
        p = METHODS[method].pvalue(*data, null=1.3, alternative="two-sided")
        for i in range(0, 400, 7):
            row = tuple(v[i] for v in data)
            np.testing.assert_allclose(limits(method, row), (low[i], high[i]), rtol=1e-11)
            assert pvalue(method, row, 1.3) == pytest.approx(p[i], rel=1e-10)

    @given(st.lists(tables(largest=40), min_size=2, max_size=4), st.sampled_from(ORDERED))
    def test_neighbours_in_a_small_batch_do_not_matter(self, rows, method):
        """Searches that happen to have as many open runs as there are tables."""
        low, high = METHODS[method].limits(*columns(rows), level=0.95, alternative="two-sided")
        gap = gap_in_acceptance(*columns(rows), level=0.95, method=method)
        for i, row in enumerate(rows):
            np.testing.assert_allclose(limits(method, row), (low[i], high[i]), rtol=1e-11)
            assert gap_in_acceptance(*column(*row), level=0.95, method=method)[0] == gap[i]


class TestOrdered:
    """The smallest interval that holds every ratio with a p-value of 1 - level or more."""

    @settings(max_examples=80)
    @given(tables(), st.sampled_from(ORDERED), st.sampled_from([0.8, 0.9, 0.95, 0.99]))
    @example((16, 22, 12, 44), "minlike", 0.95)
    def test_against_a_grid(self, row, method, level):
        assume(is_informative(row))
        low, high = limits(method, row, level=level)
        left = np.log(low) if low > 0 else -9.0
        right = np.log(high) if high < np.inf else 9.0
        grid = np.exp(
            np.concatenate(
                [
                    np.linspace(left - 3, left - 1e-7, 300),
                    np.linspace(left, right, 600),
                    np.linspace(right + 1e-7, right + 3, 300),
                ]
            )
        )
        p = brute_pvalues(method, row, grid)
        inside = slice(300, 900)
        if low > 0:
            assert p[:300].max() < 1 - level + 1e-9
            assert brute_pvalues(method, row, low * np.array([1 - 1e-9, 1, 1 + 1e-9])).max() > (
                1 - level - 1e-7
            )
        if high < np.inf:
            assert p[900:].max() < 1 - level + 1e-9
            assert brute_pvalues(method, row, high * np.array([1 - 1e-9, 1, 1 + 1e-9])).max() > (
                1 - level - 1e-7
            )
        gap = bool(gap_in_acceptance(*column(*row), level=level, method=method)[0])
        if (p[inside] < 1 - level - 1e-9).any():
            assert gap

    @pytest.mark.parametrize("method", ORDERED)
    def test_gaps_are_real_and_rare(self, method):
        rng = np.random.default_rng(5)
        total = rng.integers(1, 100, (2, 1000))
        count = rng.integers(0, total + 1)
        data = tuple(v.astype(float) for v in (count[0], total[0], count[1], total[1]))
        gap = gap_in_acceptance(*data, level=0.95, method=method)
        assert 0 < gap.mean() < 0.02
        low, high = METHODS[method].limits(*data, level=0.95, alternative="two-sided")
        for i in np.flatnonzero(gap):
            row = tuple(int(v[i]) for v in data)
            left = np.log(low[i]) if low[i] > 0 else -9.0
            right = np.log(high[i]) if high[i] < np.inf else 9.0
            near = np.linspace(0, min(0.3, right - left), 3000)[1:-1]
            grid = np.exp(np.concatenate([left + near, right - near]))
            assert brute_pvalues(method, row, grid).min() < 0.05

    def test_no_gap_in_a_table_without_choice_or_with_one_side(self):
        rows = [(0, 5, 0, 9), (0, 0, 3, 9), (0, 5, 3, 9), (5, 5, 0, 9)]
        for method in ORDERED:
            assert not gap_in_acceptance(*columns(rows), level=0.95, method=method).any()

    @given(tables(largest=40), st.floats(0.1, 10))
    def test_pvalues_against_sums(self, row, null):
        assume(is_informative(row))
        for method in ORDERED:
            want = float(brute_pvalues(method, row, [null])[0])
            assert pvalue(method, row, null) == pytest.approx(want, rel=1e-9)

    @given(tables())
    def test_blaker_is_inside_the_central_interval(self, row):
        low, high = limits("conditional", row)
        inner = limits("blaker", row)
        assert inner[0] >= low * (1 - 1e-10)
        assert inner[1] <= high * (1 + 1e-10)


class TestEdges:
    @pytest.mark.parametrize("method", METHODS)
    def test_every_pattern_of_zero_cells(self, method):
        """The limit that exists is given; nothing is nan."""
        for n1, n2 in ((0, 0), (0, 6), (6, 0), (1, 1), (6, 6), (3, 40)):
            for x1, x2 in itertools.product({0, n1 // 2, n1}, {0, n2 // 2, n2}):
                row = (x1, n1, x2, n2)
                low, high = limits(method, row)
                p = pvalue(method, row, 1.0)
                value = float(estimate(*column(*row))[0])
                assert 0 <= p <= 1
                if np.isnan(value):
                    assert not is_informative(row)
                    assert (low, high, p) == (0.0, np.inf, 1.0)
                elif method in ADDING:
                    assert 0 < low < high < np.inf
                elif method == "woolf" and value in (0, np.inf):
                    assert (low, high, p) == (0.0, np.inf, 1.0)
                else:
                    assert (low == 0) == (value == 0)
                    assert (high == np.inf) == (value == np.inf)
                    assert low < high

    @pytest.mark.parametrize("method", METHODS)
    def test_one_sided_limits_end_at_the_range(self, method):
        for row in ((3, 9, 4, 70), (0, 9, 4, 70), (9, 9, 4, 70)):
            assert limits(method, row, alternative="greater")[1] == np.inf
            assert limits(method, row, alternative="less")[0] == 0.0

    @pytest.mark.parametrize("method", sorted(set(METHODS) - set(ORDERED)))
    def test_one_sided_limits_are_the_two_sided_ones_of_twice_the_tail(self, method):
        for row in ((3, 9, 4, 70), (0, 9, 4, 70), (30, 31, 4, 70)):
            low, high = limits(method, row, level=0.9)
            assert limits(method, row, level=0.95, alternative="greater")[0] == pytest.approx(
                low, rel=1e-12
            )
            assert limits(method, row, level=0.95, alternative="less")[1] == pytest.approx(
                high, rel=1e-12
            )

    @pytest.mark.parametrize("method", sorted(set(METHODS) - set(ADDING) - {"woolf"}))
    def test_no_evidence_against_the_side_of_a_zero(self, method):
        """Nothing speaks for a ratio above any null when it is estimated as 0."""
        assert pvalue(method, (0, 9, 4, 70), 0.01, alternative="greater") == 1.0
        assert limits(method, (0, 9, 4, 70), level=0.1, alternative="greater")[0] == 0.0
        assert pvalue(method, (0, 9, 40, 70), 1e3, alternative="less") < 1e-5

    def test_jeffreys_limits_of_a_zero_leave_room_below_their_median(self):
        """At a tail of one half the upper limit is still above the estimate, 0."""
        row = (0, 9, 40, 70)
        middle = limits("mover-jeffreys", row, level=0.5, alternative="less")[1]
        assert 0 < middle < np.inf
        for null in (1e-9 * middle, 0.99 * middle):
            assert pvalue("mover-jeffreys", row, null) == 1.0
            assert pvalue("mover-jeffreys", row, null, alternative="less") == 0.5

    @pytest.mark.parametrize("method", METHODS)
    def test_no_rows(self, method):
        empty = (np.empty(0),) * 4
        low, high = METHODS[method].limits(*empty, level=0.95, alternative="two-sided")
        p = METHODS[method].pvalue(*empty, null=1.0, alternative="two-sided")
        assert low.shape == high.shape == p.shape == (0,)

    @pytest.mark.parametrize("method", METHODS)
    def test_data_are_left_alone(self, method):
        data = columns([(0, 9, 4, 70), (9, 9, 4, 70)])
        before = [values.copy() for values in data]
        METHODS[method].limits(*data, level=0.95, alternative="two-sided")
        METHODS[method].pvalue(*data, null=1.0, alternative="two-sided")
        for values, old in zip(data, before, strict=True):
            np.testing.assert_array_equal(values, old)

    def test_estimates(self):
        rows = [(3, 9, 4, 7), (0, 9, 4, 7), (9, 9, 4, 7), (3, 9, 0, 7), (3, 9, 7, 7)]
        rows += [(0, 9, 0, 7), (9, 9, 7, 7), (0, 0, 3, 7), (3, 9, 0, 0), (0, 9, 7, 7)]
        want = [0.375, 0, np.inf, np.inf, 0, np.nan, np.nan, np.nan, np.nan, 0]
        np.testing.assert_allclose(estimate(*columns(rows)), want, rtol=1e-15)
        error = log_standard_error(*columns(rows))
        assert error[0] == pytest.approx(np.sqrt(1 / 3 + 1 / 6 + 1 / 4 + 1 / 3), rel=1e-15)
        np.testing.assert_array_equal(np.isinf(error), np.isin(want, (0, np.inf)))
        np.testing.assert_array_equal(np.isnan(error), np.isnan(want))
        np.testing.assert_allclose(conditional_estimate(*columns(rows))[1:], want[1:], rtol=1e-15)

    def test_methods_that_need_whole_counts_are_named(self):
        assert METHODS.keys() >= WHOLE_COUNTS_ONLY
        data = column(2.5, 9.25, 4.5, 7.75)
        for method in METHODS.keys() - WHOLE_COUNTS_ONLY:
            low, high = METHODS[method].limits(*data, level=0.95, alternative="two-sided")
            assert 0 < low[0] < estimate(*data)[0] < high[0] < np.inf


class TestScores:
    @pytest.mark.parametrize("sizes", [(5, 5), (3, 12), (12, 12)])
    @pytest.mark.parametrize("method", SCORES)
    def test_the_statistic_falls_in_the_ratio(self, method, sizes):
        """Up to 6.5 standard errors, a p-value of 1e-10; there the root is the only one."""
        phi = np.linspace(-40, 40, 801)
        skewness, small_sample = {
            "skew-score": (True, True),
            "miettinen-nurminen": (False, True),
            "score": (False, False),
        }[method]
        for x1, x2 in itertools.product(*(range(size + 1) for size in sizes)):
            if 0 < x1 + x2 < sum(sizes):
                data = (np.full(phi.shape, float(v)) for v in (x1, sizes[0], x2, sizes[1]))
                z, slope = odds_ratio._statistic(
                    *data, log_ratio=phi, skewness=skewness, small_sample=small_sample
                )
                near = np.abs(z[:-1]) < 6.5
                assert (np.diff(z)[near] <= 1e-9).all()
                np.testing.assert_allclose(
                    np.gradient(z, phi, edge_order=2)[1:-1][near[1:]],
                    slope[1:-1][near[1:]],
                    atol=5e-3,
                )

    def test_a_single_event_bounds_what_the_skewness_correction_can_say(self):
        """The statistic tends to -sqrt(1 + 6 * 1) there: one-sided, no limit beyond 99.6 %."""
        row = (5, 40, 1, 80)
        assert limits("skew-score", row, level=0.995, alternative="less")[1] < np.inf
        assert limits("skew-score", row, level=0.9965, alternative="less")[1] == np.inf
        assert limits("conditional", row, level=0.9965, alternative="less")[1] < np.inf

    def test_all_methods_agree_for_large_counts(self):
        rows = np.array([(37, 90, 21, 80), (5, 70, 11, 300)], dtype=float)
        for row in rows:
            for times in (1e2, 1e4):
                data = tuple(times * row)
                want = np.log(limits("woolf", data))
                for method in METHODS:
                    got = np.log(limits(method, data))
                    np.testing.assert_allclose(got, want, atol=3 / (times * 5))

    @given(st.integers(1, 10**8), st.integers(1, 10**8), st.floats(0, 1), st.floats(0, 1))
    def test_counts_of_any_size(self, total, ref_total, share, ref_share):
        row = (round(share * total), total, round(ref_share * ref_total), ref_total)
        assume(is_informative(row))
        for method in SCORES:
            low, high = limits(method, row)
            assert 0 <= low < high
            for end in (low, high):
                if 0 < end < np.inf:
                    assert pvalue(method, row, end) == pytest.approx(0.05, rel=1e-9)
