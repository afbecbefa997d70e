"""Half the deviance of a count from its expectation."""

from __future__ import annotations

import numpy as np

from countylines._kernels.method import FloatArray


def half_deviance(count: FloatArray, expected: FloatArray) -> FloatArray:
    """x log(x/m) + m - x >= 0, without cancellation where x is near m.

    With v = (x-m)/(x+m), log(x/m) = 2 artanh v, and the terms of first order cancel on paper.
    """
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        plain = np.where(count > 0.0, count * np.log(count / expected), 0.0) + (expected - count)
        v = (count - expected) / (count + expected)
    near = np.abs(v) < 0.1
    if near.any():
        x, v = count[near], v[near]
        power, series = v * v, np.zeros_like(v)
        for odd in range(3, 21, 2):
            series += power / odd
            power = power * v * v
        plain[near] = (x - expected[near]) * v + 2.0 * x * v * series
    return plain
