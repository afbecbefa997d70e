"""A population from a benchmark count and the share of a sample that is in the benchmark: M / p.

Limits of `p` turn round into limits of ``M / p``; a benchmark with limits of its own joins them on
the log scale. A share of 0 makes the population infinite, with a finite low end.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy.special import betaincinv

from countylines._kernels import binomial
from countylines._kernels.method import FloatArray, critical_value, tail_area

Ends = tuple[FloatArray, FloatArray]
OPPOSITE = {"two-sided": "two-sided", "less": "greater", "greater": "less"}


def estimate(benchmark: FloatArray, count: FloatArray, total: FloatArray) -> FloatArray:
    """Benchmark over share; infinite where nobody sampled is in it, nan without a sample."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(benchmark / (count / total))


def log_error(count: FloatArray, total: FloatArray) -> FloatArray:
    """Standard error of the log of the share."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.sqrt((1.0 - count / total) / count)


def share_limits(
    name: str, count: FloatArray, total: FloatArray, *, level: float, alternative: str
) -> Ends:
    """Limits of 1 / p from those of p by a method for proportions, inverted."""
    low, high = binomial.METHODS[name].limits(
        count, total, level=level, alternative=OPPOSITE[alternative]
    )
    with np.errstate(divide="ignore"):
        return 1.0 / high, 1.0 / low


def lognormal_limits(
    count: FloatArray, total: FloatArray, *, level: float, alternative: str
) -> Ends:
    """Limits of 1 / p, symmetric on the log scale."""
    reach = critical_value(level, alternative) * log_error(count, total)
    with np.errstate(invalid="ignore", divide="ignore"):
        inverse = total / count
        return _cut(inverse * np.exp(-reach), inverse * np.exp(reach), alternative)


def delta_limits(count: FloatArray, total: FloatArray, *, level: float, alternative: str) -> Ends:
    """Limits of 1 / p, symmetric on its own scale."""
    reach = critical_value(level, alternative) * log_error(count, total)
    with np.errstate(invalid="ignore", divide="ignore"):
        inverse = total / count
        return _cut(inverse * (1.0 - reach), inverse * (1.0 + reach), alternative)


def _cut(low: FloatArray, high: FloatArray, alternative: str) -> Ends:
    """A share is at most 1, so its inverse is at least 1; without a share nothing more is known."""
    low = np.where(np.isnan(low), 1.0, np.maximum(low, 1.0))
    high = np.where(np.isnan(high), np.inf, high)
    return (
        np.ones_like(low) if alternative == "less" else low,
        np.full_like(high, np.inf) if alternative == "greater" else high,
    )


def drawn_limits(
    count: FloatArray,
    total: FloatArray,
    uniforms: FloatArray,
    factor: Callable[[FloatArray], FloatArray],
    *,
    level: float,
    alternative: str,
) -> Ends:
    """Quantiles of factor / p, p drawn from its Jeffreys posterior.

    `uniforms` (draws, 2) are the same for every row, so that rows do not depend on each other;
    ``factor(uniform)`` gives the draws of the benchmark, of shape (draws, rows).
    """
    tail = tail_area(level, alternative)
    share = betaincinv(count + 0.5, total - count + 0.5, uniforms[:, :1])
    low, high = np.quantile(factor(uniforms[:, 1:]) / share, [tail, 1.0 - tail], axis=0)
    return low, high


def joined(centre: FloatArray, parts: list[Ends]) -> Ends:
    """Limits of a product from those it would have from each part alone, on the log scale."""
    if len(parts) == 1:
        return parts[0]
    with np.errstate(divide="ignore", invalid="ignore"):
        below = sum(np.log(centre / low) ** 2 for low, _ in parts)
        above = sum(np.log(high / centre) ** 2 for _, high in parts)
        ends = centre * np.exp(-np.sqrt(below)), centre * np.exp(np.sqrt(above))
    return np.asarray(ends[0]), np.asarray(ends[1])
