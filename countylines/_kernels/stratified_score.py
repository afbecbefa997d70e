"""Score statistic of a ratio common to all strata, with its estimate, limits and p-values.

The data are `x` out of `n` and `y` out of `m` of shape (rows, strata); every stratum has sizes
above 0, or is empty and says nothing. Given a ratio, each stratum has a contrast of mean 0, with
variance and third moment under its fit; contrasts are added with weights:

- "efficient": those of least variance, as in the likelihood;
- "mantel-haenszel": n m / (n + m), whatever the ratio.

The statistic falls as the ratio rises. Corrected for skewness it solves z + s (z**2 - 1) = q, where
s is a sixth of the skewness (Laud, 2017), in the form without cancellation.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import elementwise
from scipy.special import ndtr

from countylines._kernels.method import FloatArray, critical_value
from countylines._kernels.odds_ratio import expected_cells
from countylines._kernels.risk_ratio import fitted_shares

Data = tuple[FloatArray, FloatArray, FloatArray, FloatArray]

FARTHEST = 150.0  # from the log of the crude ratio: beyond it a limit is 0 or infinite
WEIGHTS = ("efficient", "mantel-haenszel")


class Contrast(NamedTuple):
    """Of every stratum: contrast, variance, third moment, weight of least variance."""

    value: FloatArray
    variance: FloatArray
    third: FloatArray
    efficient: FloatArray


def _rates(x: FloatArray, n: FloatArray, y: FloatArray, m: FloatArray, t: FloatArray) -> Contrast:
    """Poisson counts at log ratios of at most 0."""
    ratio = np.exp(t)
    q = (x + y) / (ratio * n + m)
    first, second = ratio * q / n, ratio * ratio * q / m
    return Contrast(
        x / n - ratio * (y / m),
        first + second,
        first / n - ratio * second / m,
        1.0 / (1.0 / n + ratio / m),
    )


def _shares(x: FloatArray, n: FloatArray, y: FloatArray, m: FloatArray, t: FloatArray) -> Contrast:
    """Binomial counts and the ratio of shares, at log ratios of at most 0."""
    ratio = np.exp(t)
    q, q_rest, p_rest = fitted_shares(x, n, y, m, t)
    p = ratio * q
    first, second = p * p_rest / n, ratio * ratio * q * q_rest / m
    return Contrast(
        x / n - ratio * (y / m),
        first + second,
        first * (p_rest - p) / n - ratio * second * (q_rest - q) / m,
        1.0 / (p_rest / n + ratio * q_rest / m),
    )


def _odds(
    x: FloatArray, n: FloatArray, y: FloatArray, m: FloatArray, t: FloatArray, *, corrected: bool
) -> Contrast:
    """Binomial counts and the ratio of odds, at log ratios of at most 0.

    The contrast is the excess over the fitted count times the variance of its log odds ratio; with
    `corrected` less the bias that the fitted level of the stratum gives it.
    """
    cells = expected_cells(x, n, y, m, log_ratio=t)
    u = np.minimum(np.minimum(cells[0], cells[1]), np.minimum(cells[2], cells[3]))
    w1, w2, w3, w4 = (u / cell for cell in cells)
    total = (w1 + w2 + w3 + w4) / u
    excess = x - cells[0]
    if corrected:
        share = (w1 + w2) * (w3 + w4) / (w1 + w2 + w3 + w4) ** 2
        excess = excess - (cells[0] / n - cells[2] / m) * share
    return Contrast(
        excess * total,
        total,
        (w1 * w1 - w2 * w2 - w3 * w3 + w4 * w4) / (u * u),
        1.0 / total,
    )


def contrast(measure: str, data: Data, log_ratio: FloatArray, *, skewness: bool) -> Contrast:
    """Of every stratum at one log ratio a row; 0 where a stratum says nothing."""
    x, n, y, m = data
    turn = (log_ratio > 0.0)[:, None]
    if measure == "odds-ratio":  # success and failure change places
        pairs = ((x, n - x), (n, n), (y, m - y), (m, m))
    else:  # the groups do
        pairs = ((x, y), (n, m), (y, x), (m, n))
    a, b, c, d = (np.where(turn, other, one) for one, other in pairs)
    t = np.broadcast_to(-np.abs(log_ratio)[:, None], a.shape)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        if measure == "rate-ratio":
            found = _rates(a, b, c, d, t)
        elif measure == "risk-ratio":
            found = _shares(a, b, c, d, t)
        else:
            found = _odds(a, b, c, d, t, corrected=skewness)
        inflation = np.ones_like(b) if measure == "rate-ratio" else (b + d) / (b + d - 1.0)
    says = informative(measure, data)
    sign = np.where(turn, -1.0, 1.0)
    return Contrast(
        np.where(says, sign * found.value, 0.0),
        np.where(says, found.variance * inflation, 0.0),
        np.where(says, sign * found.third, 0.0),
        np.where(says & np.isfinite(found.efficient), found.efficient, 0.0),
    )


def informative(measure: str, data: Data) -> NDArray[np.bool_]:
    """Strata that say something of the ratio."""
    x, n, y, m = data
    says: NDArray[np.bool_] = (n > 0.0) & (m > 0.0) & (x + y > 0.0)
    if measure == "odds-ratio":
        says &= x + y < n + m
    return says


def _weights(name: str, data: Data, found: Contrast) -> FloatArray:
    says = found.variance > 0.0
    if name == "efficient":
        return np.where(says, found.efficient, 0.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(says, data[1] * data[3] / (data[1] + data[3]), 0.0)


def statistic(
    measure: str, data: Data, log_ratio: FloatArray, *, weights: str, skewness: bool
) -> FloatArray:
    """Signed root of the statistic, a row; falls as the ratio rises."""
    found = contrast(measure, data, log_ratio, skewness=skewness)
    w = _weights(weights, data, found)
    variance = (w * w * found.variance).sum(axis=1)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        q = (w * found.value).sum(axis=1) / np.sqrt(variance)
        if not skewness:
            return np.where(variance > 0.0, q, 0.0)
        s = (w**3 * found.third).sum(axis=1) / (6.0 * variance * np.sqrt(variance))
        inside = 1.0 + 4.0 * s * (q + s)
        z = 2.0 * (q + s) / (1.0 + np.sqrt(np.maximum(inside, 0.0)))
    return np.where(variance > 0.0, z, 0.0)


def heterogeneity(measure: str, data: Data, log_ratio: FloatArray) -> FloatArray:
    """Squares of the contrasts of the strata over their variances, at one log ratio a row."""
    found = contrast(measure, data, log_ratio, skewness=False)
    with np.errstate(divide="ignore", invalid="ignore"):
        parts = found.value**2 / found.variance
    q: FloatArray = np.where(found.variance > 0.0, parts, 0.0).sum(axis=1)
    return q


def _ends(measure: str, data: Data) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Rows whose ratio may be 0, and infinite, for all that the counts say."""
    x, n, y, m = data
    says = informative(measure, data)
    lowest, highest = x == 0.0, y == 0.0
    if measure == "odds-ratio":
        lowest, highest = lowest | (y == m), highest | (x == n)
    return (lowest | ~says).all(axis=1), (highest | ~says).all(axis=1)


def crossing(
    measure: str, data: Data, z: FloatArray, *, weights: str, skewness: bool
) -> FloatArray:
    """The ratio at which the statistic is z; 0 or infinite where it does not get there."""
    result = np.full(z.shape, np.nan)
    lowest, highest = _ends(measure, data)
    result[lowest & (z >= 0.0)] = 0.0
    result[highest & (z <= 0.0)] = np.inf
    result[lowest & highest] = np.where(z[lowest & highest] > 0.0, 0.0, np.inf)
    result[lowest & highest & (z == 0.0)] = np.nan
    rows = np.flatnonzero(np.isnan(result) & ~(lowest & highest))
    if not rows.size:
        return result
    n, m = data[1][rows], data[3][rows]
    x, y = data[0][rows].sum(axis=1) + 0.5, data[2][rows].sum(axis=1) + 0.5
    centre = np.log(x) - np.log(y)
    if measure != "odds-ratio":
        centre = centre + np.log(m.sum(axis=1)) - np.log(n.sum(axis=1))

    def gap(shift: FloatArray, /, *row: FloatArray) -> FloatArray:
        at = row[0].astype(np.intp)
        a, b, c, d = (column[rows[at]] for column in data)
        value = statistic(
            measure, (a, b, c, d), centre[at] + shift, weights=weights, skewness=skewness
        )
        return np.clip(z[rows[at]] - value, -1e6, 1e6)

    every = np.arange(rows.size, dtype=np.float64)
    far = np.full(rows.size, FARTHEST)
    never, beyond = gap(-far, every) >= 0.0, gap(far, every) <= 0.0
    found = np.where(never, 0.0, np.inf)
    inner = np.flatnonzero(~never & ~beyond)
    if inner.size:
        solved = elementwise.find_root(
            gap,
            (-far[inner], far[inner]),
            args=(every[inner],),
            tolerances={"xatol": 1e-14, "xrtol": 1e-14, "fatol": 0.0, "frtol": 0.0},
        )
        found[inner] = np.exp(centre[inner] + solved.x)
    result[rows] = found
    return result


def estimate(measure: str, data: Data, *, weights: str, skewness: bool) -> FloatArray:
    """The ratio at which the statistic is 0."""
    zero = np.zeros(len(data[0]))
    return crossing(measure, data, zero, weights=weights, skewness=skewness)


def limits(
    measure: str, data: Data, level: float, alternative: str, *, weights: str, skewness: bool
) -> tuple[FloatArray, FloatArray]:
    """Ratios that the test does not reject."""
    z = np.full(len(data[0]), critical_value(level, alternative))
    low, high = np.zeros(z.shape), np.full(z.shape, np.inf)
    if alternative != "less":
        low = crossing(measure, data, z, weights=weights, skewness=skewness)
    if alternative != "greater":
        high = crossing(measure, data, -z, weights=weights, skewness=skewness)
    return low, high


def pvalue(
    measure: str,
    data: Data,
    null: FloatArray,
    alternative: str,
    *,
    weights: str,
    skewness: bool,
) -> FloatArray:
    """P-value of a null ratio by the test that the limits invert."""
    z = statistic(measure, data, np.log(null), weights=weights, skewness=skewness)
    lowest, highest = _ends(measure, data)
    greater, less = np.where(lowest, 1.0, ndtr(-z)), np.where(highest, 1.0, ndtr(z))
    both = np.minimum(1.0, 2.0 * np.minimum(greater, less))
    return {"greater": greater, "less": less, "two-sided": both}[alternative]
