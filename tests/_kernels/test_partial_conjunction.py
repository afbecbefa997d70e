"""Partial conjunction: combinations by hand, Holm, closed testing by brute force."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from countylines._kernels.partial_conjunction import (
    METHODS,
    at_least,
    sidak,
    sidak_tail,
    simultaneous,
)

pvalues = st.lists(st.floats(1e-12, 1.0), min_size=1, max_size=6)
methods = st.sampled_from(sorted(METHODS))


def combined(values, method):
    """The p-value of one set of hypotheses, all true, from another implementation."""
    values = np.sort(values)
    if method == "bonferroni":
        return min(1.0, len(values) * values[0])
    if method == "simes":
        return min(len(values) / (i + 1) * p for i, p in enumerate(values))
    return stats.combine_pvalues(values, method="fisher").pvalue


@given(values=pvalues, method=methods)
def test_each_number_combines_the_largest(values, method):
    found = at_least(np.array([values]), method)[0]
    ordered = sorted(values)
    for k in range(len(values)):
        assert found[k] == pytest.approx(min(1.0, combined(ordered[k:], method)), rel=1e-9)


@given(values=pvalues, method=methods)
def test_all_is_the_largest(values, method):
    assert at_least(np.array([values]), method)[0, -1] == pytest.approx(max(values), rel=1e-12)


@given(values=pvalues, method=methods, alpha=st.floats(0.001, 0.5))
def test_the_number_is_that_of_closed_testing(values, method, alpha):
    """m less the size of the largest set of hypotheses that no test of a set rejects."""
    m = len(values)
    subsets = [c for s in range(1, m + 1) for c in itertools.combinations(range(m), s)]
    rejected = {c: combined([values[i] for i in c], method) <= alpha for c in subsets}
    standing = [len(c) for c in subsets if not rejected[c]]
    found = (simultaneous(np.array([values]), method)[0] <= alpha).sum()
    assert found == m - max(standing, default=0)


@given(values=pvalues, alpha=st.floats(0.001, 0.5))
def test_bonferroni_counts_what_holm_picks(values, alpha):
    m, picked = len(values), 0
    for i, p in enumerate(sorted(values)):
        if (m - i) * p > alpha:
            break
        picked += 1
    assert (simultaneous(np.array([values]), "bonferroni")[0] <= alpha).sum() == picked


@given(values=pvalues)
def test_simes_is_never_above_bonferroni(values):
    rows = np.array([values])
    assert (at_least(rows, "simes") <= at_least(rows, "bonferroni")).all()


def test_rows_are_apart():
    rows = np.random.default_rng(1).random((7, 5))
    for method in METHODS:
        alone = np.vstack([simultaneous(row[None], method) for row in rows])
        np.testing.assert_array_equal(simultaneous(rows, method), alone)


def test_a_pvalue_of_zero_is_no_trouble():
    found = at_least(np.array([[0.0, 0.5]]), "fisher")[0]
    assert found.tolist() == pytest.approx([0.0, 0.5], rel=1e-12)


def test_sidak_and_its_tail_invert_each_other():
    tail = sidak_tail(0.05, 10)
    assert math.isclose(float(sidak(np.array([tail]), 10)[0]), 0.05, rel_tol=1e-13)
    assert float(sidak(np.array([1e-200]), 10)[0]) == pytest.approx(1e-199, rel=1e-12)
    assert float(sidak(np.array([1.0]), 10)[0]) == 1.0
