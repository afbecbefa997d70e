"""Over-dispersion of counts over areas by moments: quasi-likelihood and a variance between areas.

`x` and `n` have shape (rows, areas). `variance` is that of one unit of the outcome at the overall
value p: p for rates, p (1 - p) for shares.
"""

from __future__ import annotations

import numpy as np
from scipy.special import chdtrc

from countylines._kernels import heterogeneity
from countylines._kernels.method import FloatArray


def overall(x: FloatArray, n: FloatArray) -> FloatArray:
    """Total over total."""
    share: FloatArray = x.sum(axis=1) / n.sum(axis=1)
    return share


def pearson(x: FloatArray, n: FloatArray, p: FloatArray, variance: FloatArray) -> FloatArray:
    """Sum of squared deviations over their variance; 0 where nothing can vary."""
    expected = n * p[:, None]
    with np.errstate(divide="ignore", invalid="ignore"):
        terms = (x - expected) ** 2 / (n * variance[:, None])
    statistic: FloatArray = np.where(variance[:, None] > 0.0, terms, 0.0).sum(axis=1)
    return statistic


def pearson_pvalue(statistic: FloatArray, areas: int) -> FloatArray:
    """From chi-squared with one degree of freedom less than areas."""
    return np.asarray(chdtrc(areas - 1.0, statistic), dtype=np.float64)


def dispersion(statistic: FloatArray, areas: int) -> FloatArray:
    """Pearson's factor on the variance, held to be at least 1."""
    return np.maximum(statistic / (areas - 1.0), 1.0)


def between(
    x: FloatArray, n: FloatArray, variance: FloatArray, level: float
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Variance of the areas' own values by moments, with its Q-profile limits.

    The sampling variance of each area is that at the overall value, so that an area without a
    single count has one as well.
    """
    rates, sampling = x / n, variance[:, None] / n
    return (
        heterogeneity.moment_variance(rates, sampling),
        *heterogeneity.q_profile(rates, sampling, level),
    )


def variance_of_overall(n: FloatArray, variance: FloatArray, between: FloatArray) -> FloatArray:
    """Variance of total over total when areas differ: large areas count by their square."""
    total = n.sum(axis=1)
    value: FloatArray = variance / total + between * (n**2).sum(axis=1) / total**2
    return value
