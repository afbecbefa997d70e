"""Whether a ratio or difference of two groups is the same in all strata.

The data are `x` out of `n` and `y` out of `m` of shape (rows, strata), with the strata that say
something marked. Every statistic but the exact one is about chi-squared with one degree of freedom
less than there are such strata, if events are many in each.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import xlogy

from countylines._kernels import common_ratio_exact, log_ratios, mantel_haenszel, stratified_score
from countylines._kernels.method import FloatArray
from countylines._kernels.odds_ratio import expected_cells
from countylines._kernels.risk_ratio import fitted_shares

Data = tuple[FloatArray, FloatArray, FloatArray, FloatArray]
Flags = NDArray[np.bool_]

RATIOS = ("rate-ratio", "risk-ratio", "odds-ratio")
SUITS = {
    "score": RATIOS,
    "likelihood-ratio": RATIOS,
    "breslow-day": ("rate-ratio", "odds-ratio"),
    "breslow-day-tarone": ("rate-ratio", "odds-ratio"),
    "cochran": (*RATIOS, "rate-difference", "risk-difference"),
    "mantel-haenszel": (*RATIOS, "rate-difference", "risk-difference"),
    "exact": ("rate-ratio", "odds-ratio"),
}
MOST_TABLES = 2**20  # tables with the margins seen that are listed; beyond it they are drawn


def squares(measure: str, data: Data, says: Flags, method: str, add: float) -> FloatArray:
    """What each stratum adds to the statistic; nan in rows whose common value does not exist.

    The last column is what Tarone's correction takes off, else 0.
    """
    nothing = np.zeros((len(says), 1))
    if method in ("cochran", "mantel-haenszel"):
        y, v = log_ratios.effects(measure, data, add)
        if method == "cochran":
            with np.errstate(divide="ignore", invalid="ignore"):
                w = np.where(says & (v > 0.0), 1.0 / v, 0.0)
                centre = np.where(w > 0.0, w * y, 0.0).sum(axis=1) / w.sum(axis=1)
        else:
            centre = mantel_haenszel.METHODS[measure](*data)[0]
            with np.errstate(divide="ignore"):
                centre = np.log(centre) if measure in RATIOS else centre
        with np.errstate(divide="ignore", invalid="ignore"):
            parts = (y - np.where(np.isfinite(centre), centre, np.nan)[:, None]) ** 2 / v
        return np.hstack([np.where(says & (v > 0.0), parts, 0.0), nothing])
    if method.startswith("breslow-day"):
        common = mantel_haenszel.METHODS[measure](*data)[0]
    else:
        common = stratified_score.estimate(measure, data, weights="efficient", skewness=False)
    exists = (common > 0.0) & np.isfinite(common)
    log_ratio = np.log(np.where(exists, common, 1.0))
    if method == "likelihood-ratio":
        parts = _deviance(measure, data, log_ratio)
        return np.hstack([np.where(exists[:, None], np.where(says, parts, 0.0), np.nan), nothing])
    found = stratified_score.contrast(measure, data, log_ratio, skewness=False)
    with np.errstate(divide="ignore", invalid="ignore"):
        parts = np.where(found.variance > 0.0, found.value**2 / found.variance, 0.0)
    if method == "score":
        return np.hstack([np.where(exists[:, None], parts, np.nan), nothing])
    inflation = np.ones_like(parts)
    if measure == "odds-ratio":
        with np.errstate(divide="ignore", invalid="ignore"):
            inflation = np.where(says, (data[1] + data[3]) / (data[1] + data[3] - 1.0), 1.0)
    parts = parts * inflation
    if method == "breslow-day-tarone":
        w = found.efficient
        with np.errstate(divide="ignore", invalid="ignore"):
            off = (w * found.value).sum(axis=1) ** 2
            nothing = (-off / (w * w * found.variance / inflation).sum(axis=1))[:, None]
    return np.hstack([np.where(exists[:, None], parts, np.nan), nothing])


def _deviance(measure: str, data: Data, log_ratio: FloatArray) -> FloatArray:
    """Twice the log-likelihood lost by a ratio common to all strata."""
    x, n, y, m = data
    ratio = np.exp(log_ratio)[:, None]
    with np.errstate(divide="ignore", invalid="ignore"):
        if measure == "rate-ratio":
            q = (x + y) / (ratio * n + m)
            pairs = [(x, ratio * q * n), (y, q * m)]
        else:
            p, q = shares(measure, data, log_ratio)
            pairs = [(x, n * p), (n - x, n * (1.0 - p)), (y, m * q), (m - y, m * (1.0 - q))]
        total = np.zeros_like(x)
        for seen, expected in pairs:
            total += xlogy(seen, np.where(seen > 0.0, seen / expected, 1.0))
    deviance: FloatArray = 2.0 * total
    return deviance


def shares(measure: str, data: Data, log_ratio: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Fitted shares of both groups at a common ratio of shares or odds."""
    x, n, y, m = data
    turn = (log_ratio > 0.0)[:, None]
    t = np.broadcast_to(-np.abs(log_ratio)[:, None], x.shape)
    if measure == "odds-ratio":
        a, c = np.where(turn, n - x, x), np.where(turn, m - y, y)
        cells = expected_cells(a, n, c, m, log_ratio=t)
        return (
            np.where(turn, cells[1], cells[0]) / n,
            np.where(turn, cells[3], cells[2]) / m,
        )
    a, b, c, d = (np.where(turn, other, one) for one, other in ((x, y), (n, m), (y, x), (m, n)))
    q = fitted_shares(a, b, c, d, t)[0]
    p = np.exp(t) * q
    return np.where(turn, q, p), np.where(turn, p, q)


def exact_pvalue(
    measure: str,
    row: Data,
    log_ratio: float,
    replicates: int,
    rng: np.random.Generator,
) -> tuple[float, bool]:
    """Probability of tables at most as likely as the one seen, given all margins and the sum.

    Zelen's test. Whether tables were drawn is the second value: they are where there are many.
    The law does not depend on the common ratio, which only keeps the numbers in range.
    """
    strata = len(row[0])
    laws = [common_ratio_exact.law(measure, row, stratum, log_ratio) for stratum in range(strata)]
    logs = [weight - np.log(np.exp(weight).sum()) for _, weight in laws]
    first = np.array([begin for begin, _ in laws])
    place = (row[0] - first).astype(np.intp)
    seen = float(sum(weight[at] for weight, at in zip(logs, place, strict=True)))
    target = int(place.sum())
    size = np.prod([float(weight.size) for weight in logs[:-1]])
    if size <= MOST_TABLES:
        sums, chance = np.zeros(1, dtype=np.intp), np.zeros(1)
        for weight in logs[:-1]:
            sums = (sums[:, None] + np.arange(weight.size)).ravel()
            chance = (chance[:, None] + weight).ravel()
        last = target - sums
        fits = (last >= 0) & (last < logs[-1].size)
        chance = chance[fits] + logs[-1][last[fits]]
        probability = np.exp(chance - chance.max())
        at_most = chance <= seen + 1e-9
        return float(probability[at_most].sum() / probability.sum()), False
    drawn = _drawn(logs, target, replicates, rng)
    hits = int((drawn <= seen + 1e-9).sum())
    return (hits + 1.0) / (replicates + 1.0), True


def _drawn(
    logs: list[FloatArray], target: int, replicates: int, rng: np.random.Generator
) -> FloatArray:
    """Log probabilities of tables drawn given their sum, one stratum after the other."""
    sums = [np.ones(1)]
    for weight in logs:
        total = np.convolve(sums[-1], np.exp(weight - weight.max()))
        sums.append(total / total.max())
    left = np.full(replicates, target, dtype=np.intp)
    found = np.zeros(replicates)
    for stratum in range(len(logs) - 1, 0, -1):
        weight, before = np.exp(logs[stratum]), sums[stratum]
        uniform = rng.random(replicates)
        for total in np.unique(left):
            some = np.flatnonzero(left == total)
            k = np.arange(max(0, total - before.size + 1), min(weight.size - 1, total) + 1)
            shares = np.cumsum(weight[k] * before[total - k])
            at = np.minimum(np.searchsorted(shares, uniform[some] * shares[-1]), k.size - 1)
            found[some] += logs[stratum][k[at]]
            left[some] = total - k[at]
    found += logs[0][left]
    return found
