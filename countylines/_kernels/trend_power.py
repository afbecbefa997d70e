"""Power of the trend test of shares: by a normal or Student's t law, or by all tables."""

from __future__ import annotations

import numpy as np
from scipy.special import binom, gammaincinv, ndtr, ndtri, stdtrit, xlogy

from countylines._kernels.method import FloatArray, tail_area

MOST_TABLES = 2_000_000
_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(400)
_NODES, _WEIGHTS = 0.5 * (_NODES + 1.0), 0.5 * _WEIGHTS


def power(
    n: FloatArray,
    p: FloatArray,
    scores: FloatArray,
    effect: FloatArray,
    df: float,
    level: float,
    alternative: str,
) -> float:
    """Power against shares `p`, with `effect` the variance of each count over the binomial one.

    The test divides by the variance at one share for all; its limits are those of t with `df`.
    """
    middle = (n * scores).sum() / n.sum()
    off = scores - middle
    overall = (n * p).sum() / n.sum()
    expected = (off * n * p).sum()
    null = np.sqrt(overall * (1.0 - overall) * (n * effect * off**2).sum())
    true = np.sqrt((n * effect * p * (1.0 - p) * off**2).sum())
    if true == 0.0:
        return 0.0
    tail = tail_area(level, alternative)
    critical = -float(ndtri(tail)) if np.isinf(df) else -float(stdtrit(df, tail))
    reach, shift = critical * null / true, expected / true

    def above(x: float, at: float) -> float:
        if np.isinf(df):
            return float(ndtr(at - x))
        # noncentral t, averaged over the quantiles of the error that divides it
        width = np.sqrt(2.0 * gammaincinv(df / 2.0, _NODES) / df)
        return float(_WEIGHTS @ ndtr(at - x * width))

    up = above(reach, shift) if alternative != "less" else 0.0
    down = above(reach, -shift) if alternative != "greater" else 0.0
    return up + down


def tables(n: FloatArray) -> float:
    """How many tables there are."""
    return float(np.prod(n + 1.0))


def exact_power(
    n: FloatArray, p: FloatArray, scores: FloatArray, level: float, alternative: str
) -> float:
    """Chance that the asymptotic test, as it is used, rejects: the sum over all tables."""
    off = scores - (n * scores).sum() / n.sum()
    probability, successes, statistic = np.ones(1), np.zeros(1), np.zeros(1)
    for size, share, score in zip(n, p, off, strict=True):
        x = np.arange(size + 1.0)
        with np.errstate(divide="ignore"):
            weight = binom(size, x) * np.exp(xlogy(x, share) + xlogy(size - x, 1.0 - share))
        probability = np.multiply.outer(probability, weight).ravel()
        successes = np.add.outer(successes, x).ravel()
        statistic = np.add.outer(statistic, score * x).ravel()
    overall = successes / n.sum()
    spread = overall * (1.0 - overall) * (n * off**2).sum()
    with np.errstate(divide="ignore", invalid="ignore"):
        z = np.where(spread > 0.0, statistic / np.sqrt(spread), 0.0)
    critical = -float(ndtri(tail_area(level, alternative)))
    slack = 1e-12 * critical
    out = np.zeros(z.shape, dtype=bool)
    if alternative != "less":
        out |= z >= critical - slack
    if alternative != "greater":
        out |= z <= -critical + slack
    return float(probability[out].sum())
