"""Blaker's and Sterne's limits against every outcome written out, in exact fractions."""

from __future__ import annotations

from fractions import Fraction
from math import comb

import numpy as np
import pytest

from countylines._kernels import binomial
from countylines._kernels.binomial import METHODS, gap_in_acceptance

METHOD_NAMES = ("blaker", "minlike")
NEXT = 1e-10  # the limits are where acceptance changes, to this relative distance


def limits(method, counts, totals, level=0.95, alternative="two-sided"):
    return METHODS[method].limits(
        np.array(counts, dtype=float),
        np.array(totals, dtype=float),
        level=level,
        alternative=alternative,
    )


def pvalue(method, count, total, null):
    values = np.atleast_1d(np.asarray(null, dtype=float))
    return METHODS[method].pvalue(
        np.full(values.shape, float(count)),
        np.full(values.shape, float(total)),
        null=values,
        alternative="two-sided",
    )


def exact_pvalue(method, count, total, null):
    """P-value with exact ties: the chance of the outcomes that are no likelier than the count."""
    p = Fraction(null)
    pmf = [comb(total, k) * p**k * (1 - p) ** (total - k) for k in range(total + 1)]
    if method == "minlike":
        order = pmf
    else:
        order = [min(sum(pmf[k:]), sum(pmf[: k + 1])) for k in range(total + 1)]
    return sum(chance for chance, rank in zip(pmf, order, strict=True) if rank <= order[count])


@pytest.mark.parametrize("method", METHOD_NAMES)
def test_pvalues(method):
    for total in (1, 2, 7, 12):
        for count in range(total + 1):
            # 1/2 and 1/3 bring ties: exact ones, and ones that rounding of the null breaks.
            nulls = [0.0, 0.01, 0.25, 1 / 3, 0.5, 0.625, 0.9, 1.0]
            expected = [float(exact_pvalue(method, count, total, null)) for null in nulls]
            found = pvalue(method, count, total, nulls)
            settled = [null != 1 / 3 for null in nulls]
            np.testing.assert_allclose(
                found[settled], np.array(expected)[settled], rtol=1e-11, atol=0
            )


def test_a_tie_counts_even_where_rounding_breaks_it():
    """At 1/3 with 1 of 2, outcome 0 is as likely as 1: 4/9 each. The float 1/3 is not 1/3."""
    assert pvalue("minlike", 0, 2, 1 / 3)[0] == pytest.approx(1.0)
    assert pvalue("minlike", 1, 2, 1 / 3)[0] == pytest.approx(1.0)


@pytest.mark.parametrize("level", [0.5, 0.8, 0.95, 0.999])
@pytest.mark.parametrize("method", METHOD_NAMES)
def test_limits_are_where_acceptance_changes(method, level):
    outside = Fraction(1) - Fraction(level)
    for total in (1, 4, 9, 15):
        counts = np.arange(total + 1)
        low, high = limits(method, counts, np.full(total + 1, total), level)
        assert low[0] == 0.0
        assert high[-1] == 1.0
        for count in counts:
            if count > 0:
                assert exact_pvalue(method, count, total, low[count] * (1 - NEXT)) < outside
                assert exact_pvalue(method, count, total, low[count] * (1 + NEXT)) >= outside
            if count < total:
                assert exact_pvalue(method, count, total, high[count] * (1 - NEXT)) >= outside
                beyond = min(1.0, high[count] * (1 + NEXT))
                assert exact_pvalue(method, count, total, beyond) < outside


@pytest.mark.parametrize("level", [0.6, 0.9, 0.99])
@pytest.mark.parametrize("method", METHOD_NAMES)
def test_nothing_is_accepted_outside_the_hull(method, level):
    """A fine grid, and the nulls just past each jump, where the p-value is locally largest."""
    for total in (3, 10, 31, 78):
        for count in range(0, total + 1, 1 + total // 12):
            low, high = limits(method, [count], [total], level)
            near = np.r_[low * (1 - np.logspace(-9, -1, 40)), high + (1 - high) * 0.01]
            grid = np.r_[np.linspace(0, 1, 1001), near, high * (1 + np.logspace(-9, -1, 40))]
            grid = grid[(grid >= 0) & (grid <= 1)]
            grid = grid[(grid < low * (1 - NEXT)) | (grid > high * (1 + NEXT))]
            assert (pvalue(method, count, total, grid) < 1 - level).all()


@pytest.mark.reference
@pytest.mark.parametrize(
    ("count", "total", "which", "other"),
    [(0, 319, 1, 0.011901564405580564), (267, 272, 0, 0.9582350881713577)],
)
def test_limits_that_differ_from_those_of_statsmodels(count, total, which, other):
    """statsmodels 0.15 looks for a crossing where the p-value jumps: its limits are refused."""
    found = limits("minlike", [count], [total])[which][0]
    inwards = 1 - NEXT if which == 1 else 1 + NEXT
    assert exact_pvalue("minlike", count, total, other) < Fraction(1) - Fraction(0.95)
    assert exact_pvalue("minlike", count, total, found * inwards) > 0.0502
    assert exact_pvalue("minlike", count, total, found / inwards) < 0.0373


def find_gaps(method, total, level):
    """Counts for which a grid finds refused nulls inside the hull."""
    counts = np.arange(total + 1)
    low, high = limits(method, counts, np.full(total + 1, total), level)
    found = np.zeros(total + 1, dtype=bool)
    for count in counts:
        grid = np.linspace(low[count], high[count], 4002)[1:-1]
        found[count] = (pvalue(method, count, total, grid) < (1 - level) * (1 - 1e-9)).any()
    return found


def test_gaps_are_found():
    seen = dict.fromkeys(METHOD_NAMES, 0)
    for method in METHOD_NAMES:
        for total in (18, 21, 31):
            for level in (0.9, 0.95):
                data = np.arange(total + 1.0), np.full(total + 1, float(total))
                told = gap_in_acceptance(*data, level=level, method=method)
                found = find_gaps(method, total, level)
                # The grid may step over a narrow gap; it cannot find one that is not there.
                assert not (found & ~told).any()
                np.testing.assert_array_equal(told, told[::-1])
                seen[method] += int(found.sum())
    assert all(seen.values())


def test_a_gap_that_is_told_of_is_there():
    for method in METHOD_NAMES:
        for total in range(5, 40):
            data = np.arange(total + 1.0), np.full(total + 1, float(total))
            told = np.flatnonzero(gap_in_acceptance(*data, level=0.95, method=method))
            for count in told:
                low, high = limits(method, [count], [total])
                grid = np.r_[
                    low + (high - low) * np.linspace(0, 1, 4001)[1:-1],
                    low * (1 + np.logspace(-9, -1, 2000)),
                    high - (1 - high) * np.logspace(-9, -1, 2000),
                ]
                grid = grid[(grid > low) & (grid < high)]
                assert (pvalue(method, count, total, grid) < 0.05).any()


def test_other_methods_have_no_gaps():
    data = np.array([0.0, 3.0]), np.array([0.0, 10.0])
    for method in METHODS:
        assert not gap_in_acceptance(*data, level=0.95, method=method).any()


@pytest.mark.parametrize("method", METHOD_NAMES)
def test_shorter_than_the_central_interval_and_inside_it(method):
    counts, totals = np.meshgrid(np.arange(41.0), [40.0])
    data = counts.ravel(), totals.ravel()
    low, high = METHODS[method].limits(*data, level=0.95, alternative="two-sided")
    central = METHODS["clopper-pearson"].limits(*data, level=0.95, alternative="two-sided")
    if method == "blaker":  # by construction; Sterne's may stick out at one end
        assert (low >= central[0] - 1e-12).all()
        assert (high <= central[1] + 1e-12).all()
    assert (high - low).mean() < (central[1] - central[0]).mean()


@pytest.mark.parametrize("method", METHOD_NAMES)
def test_one_sided_is_clopper_pearson(method):
    data = [0, 3, 43], [43, 43, 43]
    for alternative in ("less", "greater"):
        np.testing.assert_array_equal(
            limits(method, *data, alternative=alternative),
            limits("clopper-pearson", *data, alternative=alternative),
        )


@pytest.mark.parametrize("method", METHOD_NAMES)
@pytest.mark.parametrize(
    ("count", "total"), [(3, 10**6), (1234, 10**6), (500_000, 10**6), (999_990, 10**6)]
)
def test_large_totals(method, count, total):
    (low,), (high,) = limits(method, [count], [total])
    assert 0 < low < count / total < high < 1
    step = max(NEXT, 4e-16 / (1 - high))  # a limit near 1 is rounded to 1e-16
    around = [low * (1 - step), low * (1 + step), high * (1 - step), high * (1 + step)]
    refused = pvalue(method, count, total, around) < 1 - 0.95
    np.testing.assert_array_equal(refused, [True, False, False, True])


def test_whole_counts_only():
    assert set(METHOD_NAMES) == binomial.WHOLE_COUNTS_ONLY
