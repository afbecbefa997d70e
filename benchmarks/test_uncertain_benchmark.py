"""100,000 representation ratios against benchmarks from a sample: limits and p-value of MOVER-R.

No Python package does this; the yardstick is bisection of the tail area, one hundred and forty
limits a row, on a thousandth of the rows.
"""

from __future__ import annotations

import numpy as np
import pytest

from countylines._kernels import share_ratio

ROWS = 100_000
BISECTED = 100


def rows(n):
    rng = np.random.default_rng(0)
    total = rng.integers(50, 3000, n).astype(float)
    share = rng.uniform(0.005, 0.2, n)
    count = rng.binomial(total.astype(int), np.minimum(share * rng.uniform(0.3, 3, n), 0.9))
    return count.astype(float), total, share, rng.integers(500, 50_000, n).astype(float)


def ours(data, method):
    null = np.ones(data[0].shape)
    low, high = share_ratio.limits(*data, level=0.95, alternative="two-sided", method=method)
    return low, high, share_ratio.pvalue(*data, null, alternative="two-sided", method=method)


def bisected(data, method):
    tails = []
    for alternative, end in (("greater", 0), ("less", 1)):
        small, large = np.full(data[0].shape, 1e-12), np.full(data[0].shape, 0.5)
        for _ in range(70):
            middle = 0.5 * (small + large)
            limit = np.array(
                [
                    share_ratio.limits(
                        *(part[i : i + 1] for part in data),
                        level=1.0 - middle[i],
                        alternative=alternative,
                        method=method,
                    )[end][0]
                    for i in range(middle.size)
                ]
            )
            inside = limit <= 1.0 if end == 0 else limit >= 1.0
            small, large = np.where(inside, middle, small), np.where(inside, large, middle)
        tails.append(small)
    return np.minimum(1.0, 2.0 * np.minimum(*tails))


@pytest.mark.benchmark(group="uncertain-benchmark-100k")
@pytest.mark.parametrize("method", ["mid-p", "clopper-pearson", "wilson", "skew-score"])
def test_uncertain_benchmark_ours(benchmark, method):
    data = rows(ROWS)
    low, high, p = benchmark.pedantic(ours, args=(data, method), rounds=3)
    assert (low <= high).all()
    assert ((p >= 0.0) & (p <= 1.0)).all()


@pytest.mark.benchmark(group="uncertain-benchmark-100")
def test_uncertain_benchmark_of_100_ours(benchmark):
    benchmark(ours, rows(BISECTED), "mid-p")


@pytest.mark.benchmark(group="uncertain-benchmark-100")
def test_uncertain_benchmark_of_100_by_bisection(benchmark):
    data = rows(BISECTED)
    p = benchmark.pedantic(bisected, args=(data, "mid-p"), rounds=1)
    np.testing.assert_allclose(p, ours(data, "mid-p")[2], rtol=1e-6, atol=1e-9)
