"""Blaker's and Sterne's limits of a Poisson mean against outcomes written out in 40 digits."""

from __future__ import annotations

import mpmath as mp
import numpy as np
import pytest

from countylines._kernels import poisson
from countylines._kernels.poisson import METHODS, gap_in_acceptance

mp.mp.dps = 40
METHOD_NAMES = ("blaker", "minlike")
NEXT = 1e-10
TIE = mp.mpf(10) ** -15


def limits(method, counts, level=0.95, alternative="two-sided"):
    counts = np.array(counts, dtype=float)
    return METHODS[method].limits(
        counts, np.ones(counts.shape), level=level, alternative=alternative
    )


def pvalue(method, count, null):
    values = np.atleast_1d(np.asarray(null, dtype=float))
    counts = np.full(values.shape, float(count))
    return METHODS[method].pvalue(
        counts, np.ones(values.shape), null=values, alternative="two-sided"
    )


def exact_pvalue(method, count, null):
    """The chance of the outcomes that are no likelier than the count."""
    m = mp.mpf(null)
    top = int(m + 30 * mp.sqrt(m) + 60 + count)
    pmf = [mp.exp(-m)]
    for k in range(1, top + 1):
        pmf.append(pmf[-1] * m / k)
    if method == "minlike":
        order = pmf
    else:
        below, above = [], []
        running = mp.mpf(0)
        for chance in pmf:
            running += chance
            below.append(running)
        running = mp.mpf(0)
        for chance in reversed(pmf):
            running += chance
            above.append(running)
        order = [min(pair) for pair in zip(below, reversed(above), strict=True)]
    level = order[count] * (1 + TIE)
    return mp.fsum(chance for chance, rank in zip(pmf, order, strict=True) if rank <= level)


@pytest.mark.parametrize("method", METHOD_NAMES)
def test_pvalues(method):
    for count in (0, 1, 2, 5, 12, 40):
        nulls = [0.01, 0.3, 1.0, 2.0, 5.5, 12.0, 31.0]  # whole means bring ties: m and m - 1
        expected = [float(exact_pvalue(method, count, null)) for null in nulls]
        np.testing.assert_allclose(pvalue(method, count, nulls), expected, rtol=1e-10)
    np.testing.assert_array_equal(pvalue(method, 3, 0.0), [0.0])
    np.testing.assert_array_equal(pvalue(method, 0, 0.0), [1.0])


@pytest.mark.parametrize("level", [0.5, 0.8, 0.95, 0.999])
@pytest.mark.parametrize("method", METHOD_NAMES)
def test_limits_are_where_acceptance_changes(method, level):
    outside = 1 - mp.mpf(level)
    counts = [0, 1, 2, 3, 7, 15, 33]
    lows, highs = limits(method, counts, level)
    assert lows[0] == 0.0
    for count, low, high in zip(counts, lows, highs, strict=True):
        if count > 0:
            assert exact_pvalue(method, count, low * (1 - NEXT)) < outside
            assert exact_pvalue(method, count, low * (1 + NEXT)) >= outside
        assert exact_pvalue(method, count, high * (1 - NEXT)) >= outside
        assert exact_pvalue(method, count, high * (1 + NEXT)) < outside


@pytest.mark.parametrize("level", [0.6, 0.9, 0.99])
@pytest.mark.parametrize("method", METHOD_NAMES)
def test_nothing_is_accepted_outside_the_hull(method, level):
    for count in (0, 1, 3, 8, 21, 60):
        (low,), (high,) = limits(method, [count], level)
        grid = np.r_[
            low * (1 - np.logspace(-9, -0.01, 300)),
            low * np.linspace(0.01, 1, 500),
            high * (1 + np.logspace(-9, 1, 300)),
            high * np.linspace(1, 3, 500),
        ]
        grid = grid[(grid < low * (1 - NEXT)) | (grid > high * (1 + NEXT))]
        assert (pvalue(method, count, grid) < 1 - level).all()


def test_gaps_are_told_of_exactly_where_a_grid_finds_them():
    cases = [("minlike", 0.9, range(40)), ("minlike", 0.95, range(40))]
    # Rare with Blaker's test: at these levels the first lie at 149, 179 and 103.
    cases += [("blaker", 0.8, (20, 148, 149, 150, 179)), ("blaker", 0.999, (102, 103))]
    seen = dict.fromkeys(METHOD_NAMES, 0)
    for method, level, counts in cases:
        counts = np.array(counts, dtype=float)
        told = gap_in_acceptance(counts, level=level, method=method)
        lows, highs = limits(method, counts, level)
        for count, low, high, gap in zip(counts, lows, highs, told, strict=True):
            near = np.r_[
                low * (1 + np.logspace(-9, -1, 3000)), high * (1 - np.logspace(-9, -1, 3000))
            ]
            grid = np.r_[np.linspace(low, high, 4001)[1:-1], near[(near > low) & (near < high)]]
            found = (pvalue(method, count, grid) < (1 - level) * (1 - 1e-9)).any()
            assert found == gap
            seen[method] += int(found)
    assert seen["minlike"] >= 9
    assert seen["blaker"] == 3
    for method in set(METHODS) - set(METHOD_NAMES):
        assert not gap_in_acceptance(np.arange(40.0), level=0.95, method=method).any()


@pytest.mark.parametrize("method", METHOD_NAMES)
def test_shorter_than_the_exact_interval(method):
    counts = np.arange(60.0)
    (low, high), central = limits(method, counts), limits("exact", counts)
    if method == "blaker":  # by construction; Sterne's may stick out at one end
        assert (low >= central[0] * (1 - 1e-12)).all()
        assert (high <= central[1] * (1 + 1e-12)).all()
    assert (high - low).mean() < (central[1] - central[0]).mean()


@pytest.mark.parametrize("method", METHOD_NAMES)
def test_one_sided_is_exact(method):
    for alternative in ("less", "greater"):
        np.testing.assert_array_equal(
            limits(method, [0, 3, 43], alternative=alternative),
            limits("exact", [0, 3, 43], alternative=alternative),
        )


@pytest.mark.parametrize("method", METHOD_NAMES)
@pytest.mark.parametrize("count", [10**4, 10**6, 10**9])
def test_large_counts(method, count):
    (low,), (high,) = limits(method, [count])
    assert 0 < low < count < high
    around = [low * (1 - NEXT), low * (1 + NEXT), high * (1 - NEXT), high * (1 + NEXT)]
    refused = pvalue(method, count, around) < 1 - 0.95
    np.testing.assert_array_equal(refused, [True, False, False, True])


def test_whole_counts_only():
    assert set(METHOD_NAMES) == poisson.WHOLE_COUNTS_ONLY
