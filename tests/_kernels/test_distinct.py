"""Solving each distinct row once."""

from __future__ import annotations

import numpy as np

from countylines._kernels.distinct import once_per_row


def counting(calls):
    def solve(a, b):
        calls.append(len(a))
        return a + 10 * b, a * b

    return solve


def test_each_distinct_row_is_solved_once():
    rng = np.random.default_rng(2)
    a, b = (rng.integers(0, 4, 500).astype(float) for _ in range(2))
    calls = []
    total, product = once_per_row(counting(calls), a, b)
    np.testing.assert_array_equal(total, a + 10 * b)
    np.testing.assert_array_equal(product, a * b)
    assert calls == [16]


def test_a_constant_column_and_constant_rows():
    for a in (np.arange(5.0), np.ones(5)):
        calls = []
        total, _ = once_per_row(counting(calls), a, np.full(5, 2.0))
        np.testing.assert_array_equal(total, a + 20)
        assert calls == [len(np.unique(a))]


def test_rows_that_differ_in_one_column_only_are_kept_apart():
    a, b = np.array([1.0, 1.0, 2.0, 2.0]), np.array([1.0, 2.0, 1.0, 2.0])
    total, _ = once_per_row(counting([]), a, b)
    np.testing.assert_array_equal(total, [11, 21, 12, 22])


def test_a_single_array_and_no_rows():
    doubled = once_per_row(lambda a: 2 * a, np.array([3.0, 3.0, 1.0]))
    np.testing.assert_array_equal(doubled, [6, 6, 2])
    assert once_per_row(lambda a: 2 * a, np.empty(0)).shape == (0,)
