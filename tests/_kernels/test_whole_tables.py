"""Whole-number tables and rounding bounds against a twin that tries every pair of fractions."""

from __future__ import annotations

import functools
import itertools
import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from countylines._kernels.rounding import RULES, after_range, compatible_bases, ratio_bounds
from countylines._kernels.whole_tables import TooManyTablesError, tables


@functools.cache
def printed(before: int, after: int, decimals: int, rounding: str) -> int:
    """A percentage change as a producer would print it, in units of the last decimal."""
    exact = Fraction(100 * (after - before), before) * 10**decimals
    size, sign = abs(exact), -1 if exact < 0 else 1
    if rounding == "nearest":
        return sign * math.floor(size + Fraction(1, 2))
    return sign * math.floor(size) if rounding == "truncate" else math.floor(exact)


def twin(changes, decimals, before, after, rounding):
    """Every table, found by trying them all."""
    pairs = list(itertools.product(range(1, before[1] + 1), range(after[1] + 1)))
    fits = [
        [pair for pair in pairs if printed(*pair, d, rounding) == change]
        for change, d in zip(changes, decimals, strict=True)
    ]
    rows = []
    for combination in itertools.product(*fits):
        b, a = zip(*combination, strict=True)
        if before[0] <= sum(b) <= before[1] and after[0] <= sum(a) <= after[1]:
            rows.append((*b, *a))
    return sorted(rows)


def found(changes, decimals, before, after, rounding):
    kinds = [ratio_bounds(c, d, rounding) for c, d in zip(changes, decimals, strict=True)]
    numbers = tables(kinds, before, after, at_most=10**6)
    return [tuple(row) for row in np.hstack(numbers).tolist()]


rules = st.sampled_from(sorted(RULES))


class TestBounds:
    @pytest.mark.parametrize("rounding", sorted(RULES))
    @pytest.mark.parametrize("decimals", [0, 1])
    def test_every_pair_is_in_the_range_of_what_is_printed_of_it_and_no_other(
        self, rounding, decimals
    ):
        top = 24
        base = np.arange(1, top + 1)
        seen = {printed(b, a, decimals, rounding) for b in base for a in range(3 * top)}
        assert {-(100 * 10**decimals), 0} <= seen
        for change in seen:
            low, high = after_range(base, ratio_bounds(change, decimals, rounding))
            for b, first, last in zip(base, low, high, strict=True):
                whole = [a for a in range(3 * top) if printed(b, a, decimals, rounding) == change]
                assert list(range(first, min(last, 3 * top - 1) + 1)) == whole

    def test_halves_go_away_from_zero(self):
        # 8 -> 9 is +12.5 %, 8 -> 7 is -12.5 %.
        eight = np.array([8])
        for change, after in ((13, 9), (-13, 7)):
            low, high = after_range(eight, ratio_bounds(change, 0, "nearest"))
            assert (low[0], high[0]) == (after, after)
        for change in (12, -12):
            low, high = after_range(eight, ratio_bounds(change, 0, "nearest"))
            assert low[0] > high[0]

    @pytest.mark.parametrize(
        ("rounding", "change", "expected"),
        [("truncate", -12, 7), ("floor", -13, 7), ("truncate", 12, 9), ("floor", 12, 9)],
    )
    def test_toward_zero_is_not_down(self, rounding, change, expected):
        # From 8, the whole number before 7 is -25 %, 7 is -12.5 % and 9 is +12.5 %.
        low, high = after_range(np.array([8]), ratio_bounds(change, 0, rounding))
        assert (low[0], high[0]) == (expected, expected)

    @pytest.mark.parametrize(
        ("rounding", "change", "base", "expected"),
        [
            ("nearest", 0, 200, [200]),  # 199 and 201 are exactly half a per cent away
            ("nearest", 1, 200, [201, 202]),
            ("nearest", -1, 200, [198, 199]),
            ("truncate", 0, 100, [100]),
            ("truncate", 1, 100, [101]),
            ("truncate", -1, 100, [99]),
            ("floor", 0, 100, [100]),
            ("floor", -1, 100, [99]),
            ("nearest", -100, 600, [0, 1, 2, 3]),
            ("truncate", -100, 600, [0]),
            ("floor", -100, 600, [0, 1, 2, 3, 4, 5]),
        ],
    )
    def test_ends_that_are_met_exactly(self, rounding, change, base, expected):
        low, high = after_range(np.array([base]), ratio_bounds(change, 0, rounding))
        assert list(range(low[0], high[0] + 1)) == expected
        assert all(printed(base, a, 0, rounding) == change for a in expected)

    def test_whole_numbers_too_wide_for_64_bits_stay_exact(self):
        base = np.array([10**7 - 1])
        change = 10**12 + 1  # +1.000000000001 % in units of 1e-12
        bounds = ratio_bounds(change, 12, "floor")
        ratio_low = Fraction(bounds.low, bounds.denominator)
        low, high = after_range(base, bounds)
        assert low[0] == math.ceil(ratio_low * int(base[0]))
        assert low[0] > high[0]

    @given(change=st.integers(-100, 400), rounding=rules)
    def test_a_base_of_a_hundred_or_more_is_never_excluded(self, change, rounding):
        bounds = ratio_bounds(change, 0, rounding)
        bases = compatible_bases(bounds, 400)[0]
        if bounds.high > 0:
            assert set(range(101, 401)) <= set(bases.tolist())


@st.composite
def published(draw, kinds, most_before, most_after):
    """Decimals, rounding rule and totals of a table, and the changes printed of it."""
    before = draw(st.lists(st.integers(1, most_before), min_size=kinds, max_size=kinds))
    after = draw(st.lists(st.integers(0, most_after), min_size=kinds, max_size=kinds))
    decimals = draw(st.lists(st.integers(0, 1), min_size=kinds, max_size=kinds))
    rounding = draw(rules)
    cells = zip(before, after, decimals, strict=True)
    changes = [printed(b, a, d, rounding) for b, a, d in cells]
    return (*before, *after), changes, decimals, sum(before), sum(after), rounding


class TestTables:
    @given(published(kinds=2, most_before=10, most_after=25))
    def test_two_kinds_equal_the_twin(self, case):
        table, changes, decimals, before, after, rounding = case
        totals = ((before, before), (after, after))
        rows = found(changes, decimals, *totals, rounding)
        assert table in rows
        assert rows == twin(changes, decimals, *totals, rounding)

    @given(published(kinds=2, most_before=7, most_after=12), st.integers(0, 6), st.integers(0, 10))
    def test_ranges_of_totals_equal_the_twin(self, case, less_before, less_after):
        table, changes, decimals, before, after, rounding = case
        totals = ((max(before - less_before, 0), before), (max(after - less_after, 0), after))
        rows = found(changes, decimals, *totals, rounding)
        assert table in rows
        assert rows == twin(changes, decimals, *totals, rounding)

    @given(published(kinds=3, most_before=4, most_after=6), st.integers(0, 3))
    def test_three_kinds_equal_the_twin(self, case, less):
        table, changes, decimals, before, after, rounding = case
        totals = ((max(before - less, 0), before), (max(after - less, 0), after))
        rows = found(changes, decimals, *totals, rounding)
        assert table in rows
        assert rows == twin(changes, decimals, *totals, rounding)

    @given(published(kinds=2, most_before=10, most_after=20), st.integers(-2, 2))
    def test_contradictions_equal_the_twin(self, case, shift):
        _, changes, decimals, before, after, rounding = case
        after = max(after + shift, 0)
        totals = ((before, before), (after, after))
        assert found(changes, decimals, *totals, rounding) == twin(
            changes, decimals, *totals, rounding
        )

    def test_too_many_tables_are_counted_before_they_are_listed(self):
        kinds = [ratio_bounds(0, 0, "nearest")] * 2
        with pytest.raises(TooManyTablesError) as caught:
            tables(kinds, (10**6, 10**6), (10**6, 10**6), at_most=1000)
        assert caught.value.at_least > 1000

    def test_a_search_too_long_is_refused(self):
        kinds = [ratio_bounds(0, 0, "nearest")] * 4
        with pytest.raises(TooManyTablesError) as caught:
            tables(kinds, (10**5, 10**5), (10**5, 10**5), at_most=1000)
        assert caught.value.at_least is None
