"""A share from a weighted, clustered sample: its linearised variance and its limits.

The share is a ratio of weighted totals, and its variance that of its linearised values between
clusters. Limits are those of a binomial share with the size that gives this variance (Korn and
Graubard 1998), adjusted for the degrees of freedom that the clusters leave. Everything here is for
one sample.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.optimize import brentq
from scipy.special import expit, ndtri, stdtrit

from countylines._kernels import binomial
from countylines._kernels.method import FloatArray

# Limits that are quantiles of exact tails are compared with Student's t of the sample size; those
# that rest on a normal quantile with the normal.
BY_TAIL = frozenset({"clopper-pearson", "mid-p", "jeffreys"})
_LOGIT_RANGE = (-690.0, 30.0)
_NOTHING = 1e-9  # effective cases, which leave any share open


@dataclass(frozen=True)
class Sample:
    """What the limits need: share, variance, number looked at, clusters, and whether all are in."""

    share: float
    variance: float
    looked_at: float
    clusters: int
    complete: bool

    @property
    def effective(self) -> float:
        """Size of a simple random sample with this variance; the number looked at if it is 0."""
        if self.variance <= 0.0:
            return self.looked_at
        return self.share * (1.0 - self.share) / self.variance


def linearise(
    count: FloatArray,
    total: FloatArray,
    weight: FloatArray,
    cluster: FloatArray,
    population: float | None,
) -> Sample:
    """Share and variance; `cluster` holds whole numbers, `population` how many clusters exist."""
    weight = weight / weight.max()  # only proportions count, and sums of huge weights are infinite
    size = float((weight * total).sum())
    share = float((weight * count).sum()) / size
    names, codes = np.unique(cluster, return_inverse=True)
    values = np.bincount(codes, weights=weight * (count - share * total)) / size
    number = names.size
    left = 1.0 if population is None else 1.0 - number / population
    variance = left * number / (number - 1.0) * float((values**2).sum())
    # Rounding leaves a variance of the order of 1e-33 where all clusters agree.
    if variance < 1e-24 * max(share * (1.0 - share), 1e-12):
        variance = 0.0
    return Sample(share, variance, float(total.sum()), int(number), left <= 0.0)


def _adjusted(sample: Sample, tail: float, method: str) -> float:
    """Effective size after the adjustment for degrees of freedom."""
    # At one half both quantiles are 0, and their ratio is that of their slopes.
    area = min(tail, 1.0 - tail, 0.5 - 1e-6)
    freedom = sample.looked_at - 1.0, sample.clusters - 1.0
    by_tail = method in BY_TAIL and freedom[0] > 0.0
    if by_tail and freedom[0] == freedom[1]:
        return sample.effective
    ideal = stdtrit(freedom[0], area) if by_tail else ndtri(area)
    found = stdtrit(freedom[1], area)
    if not (np.isfinite(ideal) and np.isfinite(found)):  # beyond what floating point holds
        return 0.0
    return float(sample.effective * (ideal / found) ** 2)


def one_sided_limit(sample: Sample, tail: float, side: int, method: str) -> float:
    """Limit with `tail` outside it; side 1 is the lower one."""
    if sample.complete:
        return sample.share
    size = _adjusted(sample, tail, method)
    if size < _NOTHING:
        return 0.0 if (side > 0) == (tail < 0.5) else 1.0
    found = binomial.one_sided_limit(
        np.array([sample.share * size]),
        np.array([size]),
        tail=tail,
        side="greater" if side > 0 else "less",
        method=method,
    )
    return float(found[0])


def one_sided_pvalue(sample: Sample, null: float, side: int, method: str) -> float:
    """The tail at which the limit of that side reaches the null."""
    if sample.complete:
        return 1.0 if side * (null - sample.share) >= 0.0 else 0.0

    def beyond(t: float) -> float:
        return side * (one_sided_limit(sample, float(expit(t)), side, method) - null)

    # From one half down the limit moves outwards with the tail, in size and in quantile; above it
    # the two pull apart, so that the root must not be sought on both sides at once.
    first, last = (0.0, _LOGIT_RANGE[1]) if beyond(0.0) < 0.0 else (_LOGIT_RANGE[0], 0.0)
    if beyond(first) >= 0.0:
        return 0.0
    if beyond(last) <= 0.0:
        return 1.0
    return float(expit(brentq(beyond, first, last, xtol=1e-13, rtol=1e-14)))
