"""Joint limits of the shares of one whole: all hold at once with a chance of `level`.

Arguments are counts of shape (rows, categories), each row a multinomial sample of at least one.
A `METHODS` entry is called with the counts and the level and returns the limits in that shape.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np
from scipy.special import chdtri, gammaln, ndtr, ndtri, xlogy

from countylines._kernels import binomial
from countylines._kernels.method import FloatArray

Limits = tuple[FloatArray, FloatArray]


def _score(x: FloatArray, chi: float) -> Limits:
    """Shares whose squared standard score is at most `chi`: Wilson's limits."""
    n = x.sum(axis=1, keepdims=True)
    half = np.sqrt(chi * (chi + 4.0 * x * (n - x) / n))
    high = (chi + 2.0 * x + half) / (2.0 * (n + chi))
    # the product of the roots is x**2 / (n (n + chi)): no difference of near-equal numbers
    with np.errstate(invalid="ignore", divide="ignore"):
        low = np.where(x > 0.0, x**2 / (n * (n + chi)) / high, 0.0)
    return low, np.where(x == n, 1.0, high)


def goodman(x: FloatArray, level: float) -> Limits:
    """Wilson's limits, the error shared out among the categories."""
    return _score(x, float(chdtri(1.0, (1.0 - level) / x.shape[1])))


def quesenberry_hurst(x: FloatArray, level: float) -> Limits:
    """Wilson's limits at the quantile of chi-squared with one degree less than categories."""
    return _score(x, float(chdtri(x.shape[1] - 1.0, 1.0 - level)))


def _about(x: FloatArray, half: FloatArray) -> Limits:
    share = x / x.sum(axis=1, keepdims=True)
    return np.maximum(share - half, 0.0), np.minimum(share + half, 1.0)


def fitzpatrick_scott(x: FloatArray, level: float) -> Limits:
    """One width for all shares, that of a share of one half by itself."""
    n = x.sum(axis=1, keepdims=True)
    return _about(x, -ndtri((1.0 - level) / 2.0) / (2.0 * np.sqrt(n)))


def fitzpatrick_scott_bound(level: float) -> float:
    """What the former hold with at least, in large samples and whatever the shares."""
    tail = 1.0 - level
    if tail <= 0.016:
        return 1.0 - 2.0 * tail
    return float(6.0 * ndtr(-3.0 * ndtri(tail / 2.0) / np.sqrt(8.0)) - 5.0)


def wald_bonferroni(x: FloatArray, level: float) -> Limits:
    """Normal limits of each share, the error shared out; of no width where a count is 0."""
    n = x.sum(axis=1, keepdims=True)
    share = x / n
    z = -ndtri((1.0 - level) / 2.0 / x.shape[1])
    return _about(x, z * np.sqrt(share * (1.0 - share) / n))


def by_binomial(x: FloatArray, level: float, method: str) -> Limits:
    """Binomial limits of each share, the error shared out among the categories."""
    n = np.broadcast_to(x.sum(axis=1, keepdims=True), x.shape)
    each = 1.0 - (1.0 - level) / x.shape[1]
    limits = partial(binomial.METHODS[method].limits, level=each, alternative="two-sided")
    low, high = limits(x.ravel(), n.ravel())
    return low.reshape(x.shape), high.reshape(x.shape)


def sison_glaz(x: FloatArray, level: float) -> Limits:
    """The smallest whole number by which all counts may differ from the means at once.

    The means are the counts seen; the part of a number that is missing to `level` lengthens the
    upper side, twice, as its authors have it.
    """
    low, high = np.empty_like(x), np.empty_like(x)
    for row, counts in enumerate(x):
        n = counts.sum()
        c, gamma = _whole_width(counts, level)
        low[row] = np.maximum((counts - c) / n, 0.0)
        high[row] = np.minimum((counts + c + 2.0 * gamma) / n, 1.0)
    return low, high


def _whole_width(x: FloatArray, level: float) -> tuple[int, float]:
    """The number, and how far `level` is from its chance to that of the next."""
    n = int(x.sum())
    before = 0.0
    for c in range(n + 1):
        chance = _within(x, c)
        if chance > level:
            if c == 0:
                return 0, 0.0
            return c - 1, (level - before) / (chance - before)
        before = chance
    return n, 0.0


def _within(x: FloatArray, c: int) -> float:
    """Chance that multinomial counts of means `x` all stay within `c` of them.

    Independent Poisson counts within those bounds, given that they add up to n: that chance is the
    product of theirs, times the chance of the sum (by an Edgeworth series), over that of a Poisson
    sum.
    """
    n = x.sum()
    moments = np.zeros((4, x.size))
    log_inside = 0.0
    for i, mean in enumerate(x):
        log_inside, moments[:, i] = _truncated(mean, c, log_inside)
    mean, variance, third, fourth = moments
    spread = variance.sum()
    if spread <= 0.0:  # all counts are certain
        chance_of_sum = 1.0 if abs(n - mean.sum()) < 0.5 else 0.0
    else:
        z = (n - mean.sum()) / np.sqrt(spread)
        skewness = third.sum() / spread**1.5
        excess = (fourth - 3.0 * variance**2).sum() / spread**2
        series = (
            1.0
            + skewness * (z**3 - 3.0 * z) / 6.0
            + excess * (z**4 - 6.0 * z**2 + 3.0) / 24.0
            + skewness**2 * (z**6 - 15.0 * z**4 + 45.0 * z**2 - 15.0) / 72.0
        )
        chance_of_sum = series * np.exp(-0.5 * z**2) / np.sqrt(2.0 * np.pi * spread)
    log_sum = xlogy(n, n) - n - gammaln(n + 1.0)
    return float(np.exp(log_inside - log_sum) * chance_of_sum)


def _truncated(mean: float, c: int, log_inside: float) -> tuple[float, FloatArray]:
    """Central moments of a Poisson count within `c` of its mean, and the logs of the chances."""
    k = np.arange(max(mean - c, 0.0), mean + c + 1.0)
    log_chance = xlogy(k, mean) - mean - gammaln(k + 1.0)
    inside = np.logaddexp.reduce(log_chance)
    p = np.exp(log_chance - inside)
    centre = (p * k).sum()
    away = k - centre
    moments = [centre, *((p * away**power).sum() for power in (2, 3, 4))]
    return log_inside + float(inside), np.array(moments)


Method = Callable[[FloatArray, float], Limits]


def _once(method: Method) -> Method:
    """Rows that are alike are worked out once."""

    def limits(x: FloatArray, level: float) -> Limits:
        distinct, which = np.unique(x, axis=0, return_inverse=True)
        low, high = method(distinct, level)
        return low[which.ravel()], high[which.ravel()]

    return limits


METHODS: dict[str, Method] = {
    "mid-p-bonferroni": partial(by_binomial, method="mid-p"),
    "exact-bonferroni": partial(by_binomial, method="clopper-pearson"),
    "skew-score-bonferroni": partial(by_binomial, method="skew-score"),
    "jeffreys-bonferroni": partial(by_binomial, method="jeffreys"),
    "goodman": goodman,
    "quesenberry-hurst": quesenberry_hurst,
    "fitzpatrick-scott": fitzpatrick_scott,
    "sison-glaz": _once(sison_glaz),
    "wald-bonferroni": wald_bonferroni,
}
