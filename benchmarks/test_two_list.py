"""Two-list limits: profile likelihood for many tables, and the bootstrap.

No Python package offers these limits; the yardstick is the loop one would write with
scipy.optimize.brentq, on a fiftieth of the tables.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import brentq, minimize_scalar
from scipy.special import gammaln, xlogy

import countylines as cl
from countylines._kernels.two_list import METHODS

ROWS = 100_000
CHI2 = 3.841458820694124


def tables(rows):
    rng = np.random.default_rng(11)
    both = 1.0 + rng.poisson(rng.uniform(0, 80, rows))
    first_only, second_only = (1.0 + rng.poisson(rng.uniform(0, 300, rows)) for _ in range(2))
    return both + first_only, both + second_only, both


def loop(n_first, n_second, n_both):
    """Profile limits one table at a time."""
    limits = []
    for first, second, both in zip(n_first, n_second, n_both, strict=True):
        n = first + second - both

        def drop(h, goal=0.0, first=first, second=second, n=n):
            total = h + n
            return -goal - (
                gammaln(total + 1)
                - gammaln(h + 1)
                + xlogy(total - first, total - first)
                + xlogy(total - second, total - second)
                - 2 * xlogy(total, total)
            )

        top = (first - both) * (second - both) / both
        best = minimize_scalar(drop, bounds=(0, top + 1), method="bounded")
        goal = best.fun + CHI2 / 2
        low = 0.0 if drop(0.0) < goal else brentq(drop, 0.0, best.x, args=(goal,))
        high = brentq(drop, best.x, 1e3 * (top + 10), args=(goal,), rtol=1e-10)
        limits.append((n + low, n + high))
    return np.array(limits)


@pytest.mark.benchmark(group="two-list profile limits")
def test_profile_limits_of_100_000_tables(benchmark):
    lists = tables(ROWS)
    low, high = benchmark(
        METHODS["chapman"]["profile"].limits, *lists, level=0.95, alternative="two-sided"
    )
    some = slice(0, 50)
    np.testing.assert_allclose(
        np.column_stack([low[some], high[some]]), loop(*(part[some] for part in lists)), rtol=1e-5
    )


@pytest.mark.benchmark(group="two-list profile limits")
def test_profile_limits_of_2_000_tables_in_a_loop(benchmark):
    benchmark.pedantic(loop, args=tables(ROWS // 50), rounds=1)


@pytest.mark.benchmark(group="two-list closed forms")
@pytest.mark.parametrize("method", ["normal", "lognormal", "logit"])
def test_closed_limits_of_100_000_tables(benchmark, method):
    benchmark(METHODS["chapman"][method].limits, *tables(ROWS), level=0.95, alternative="two-sided")


@pytest.mark.benchmark(group="two-list bootstrap")
@pytest.mark.parametrize("rows", [1, 1000])
def test_bootstrap_of_1_000_replicates(benchmark, rows):
    benchmark(
        lambda: METHODS["chapman"]["bootstrap"].limits(
            *tables(rows),
            level=0.95,
            alternative="two-sided",
            replicates=1000,
            rng=np.random.default_rng(1),
        )
    )


@pytest.mark.benchmark(group="histories-from-a-million-records")
def test_records_ours(benchmark):
    rng = np.random.default_rng(5)
    frame = pd.DataFrame(
        {
            "who": np.char.add("id-", rng.integers(0, 400_000, 1_000_000).astype(str)),
            "where": rng.choice(list("abcde"), 1_000_000),
        }
    )
    histories = benchmark.pedantic(
        cl.CaptureHistories.from_records,
        (frame,),
        {"entity": "who", "source": "where"},
        rounds=3,
    )
    assert histories.n_observed == frame["who"].nunique()
