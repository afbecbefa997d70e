"""How unevenly an amount is spread over units: Gini, Herfindahl, entropy, Theil, dissimilarity.

Arguments have shape (..., units) and the last axis is summed over. `size` is what a unit counts
for (people, say) where units are not alike; None where they are. A row without an amount gives nan.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy.special import betaln, xlogy

from countylines._kernels.method import FloatArray

Groups = NDArray[np.intp]


def shares(x: FloatArray) -> FloatArray:
    """Each unit's part of the whole."""
    with np.errstate(invalid="ignore", divide="ignore"):
        part: FloatArray = x / x.sum(axis=-1, keepdims=True)
    return part


def hhi(x: FloatArray) -> FloatArray:
    """Herfindahl index: the chance that two draws fall into the same unit."""
    index: FloatArray = (shares(x) ** 2).sum(axis=-1)
    return index


def entropy(x: FloatArray) -> FloatArray:
    """Shannon entropy of the shares, in nats; the logarithm of the number of units at most."""
    part = shares(x)
    value: FloatArray = -xlogy(part, part).sum(axis=-1)
    return value


def gini(x: FloatArray, size: FloatArray | None = None) -> FloatArray:
    """Twice the area between the Lorenz curve of `x` and the diagonal.

    It is at most 1 less the smallest share of `size` that can hold everything, 1 - 1/n where units
    are alike.
    """
    size = np.ones_like(x) if size is None else np.broadcast_to(size, x.shape)
    order = np.argsort(x / size, axis=-1)
    part = np.take_along_axis(shares(x), order, axis=-1)
    width = np.take_along_axis(shares(size), order, axis=-1)
    height = np.cumsum(part, axis=-1)
    area: FloatArray = 1.0 - (width * (2.0 * height - part)).sum(axis=-1)
    return np.where(area < 1e-15, np.maximum(area, 0.0), area)


def theil(x: FloatArray, size: FloatArray | None = None) -> FloatArray:
    """Theil's T: the divergence of the shares of `x` from those of `size`, in nats."""
    part = shares(x)
    even = shares(np.ones_like(x) if size is None else np.broadcast_to(size, x.shape))
    value: FloatArray = np.maximum(xlogy(part, part / even).sum(axis=-1), 0.0)
    return value


def theil_parts(
    x: FloatArray, groups: Groups, size: FloatArray | None = None
) -> tuple[FloatArray, FloatArray]:
    """Theil's T between groups of units and within them; they add up to the whole.

    `groups` has one whole number from 0 a unit.
    """
    size = np.ones_like(x) if size is None else np.broadcast_to(size, x.shape)
    member = (groups == np.arange(groups.max() + 1)[:, None]).astype(np.float64)
    between = theil(x @ member.T, size @ member.T)
    within = theil(x, size) - between
    return between, np.where(np.abs(within) < 1e-15, 0.0, within)


def dissimilarity(x: FloatArray, y: FloatArray) -> FloatArray:
    """Half the sum of differences of shares: the part of either that would have to move."""
    value: FloatArray = 0.5 * np.abs(shares(x) - shares(y)).sum(axis=-1)
    return value


def binomial_deviation(number: FloatArray, share: FloatArray) -> FloatArray:
    """Mean absolute deviation of a binomial count from its mean (De Moivre)."""
    above = np.floor(number * share) + 1.0
    inside = (share > 0.0) & (share < 1.0) & (above <= number)
    m, n = np.where(inside, above, 1.0), np.where(inside, number, 1.0)
    p = np.where(inside, share, 0.5)
    log_chance = -np.log1p(n) - betaln(m + 1.0, n - m + 1.0) + m * np.log(p)
    log_chance = log_chance + (n - m + 1.0) * np.log1p(-p)
    return np.where(inside, 2.0 * m * np.exp(log_chance), 0.0)


def hypergeometric_deviation(
    drawn: FloatArray, marked: FloatArray, whole: FloatArray
) -> FloatArray:
    """Mean absolute deviation of the marked among those drawn without replacement."""
    above = np.floor(drawn / whole * marked) + 1.0
    inside = (above <= np.minimum(drawn, marked)) & (whole - marked >= drawn - above)
    inside &= (drawn < whole) & (marked < whole)
    m = np.where(inside, above, 1.0)
    n, k, total = (np.where(inside, v, w) for v, w in ((drawn, 1.0), (marked, 1.0), (whole, 2.0)))
    log_chance = _log_choose(k, m) + _log_choose(total - k, n - m) - _log_choose(total, n)
    spread = 2.0 * m * (total - k - n + m) / total
    return np.where(inside, spread * np.exp(log_chance), 0.0)


def _log_choose(n: FloatArray, k: FloatArray) -> FloatArray:
    value: FloatArray = -np.log1p(n) - betaln(k + 1.0, n - k + 1.0)
    return value


def expected_dissimilarity(x: FloatArray, y: FloatArray, *, both: bool) -> FloatArray:
    """Mean index where chance alone parts the two: at random given all margins, exact.

    With `both` every count may fall to either; otherwise `y` stands fixed and `x` is drawn from its
    shares.
    """
    total = x.sum(axis=-1, keepdims=True)
    if not both:
        away = binomial_deviation(np.broadcast_to(total, x.shape), shares(y)) / total
    else:
        other = y.sum(axis=-1, keepdims=True)
        whole = np.broadcast_to(total + other, x.shape)
        away = hypergeometric_deviation(np.broadcast_to(total, x.shape), x + y, whole)
        away = away * (1.0 / total + 1.0 / other)
    value: FloatArray = 0.5 * away.sum(axis=-1)
    return value


INDICES: dict[str, Callable[[FloatArray], FloatArray]] = {
    "entropy": entropy,
    "gini": gini,
    "hhi": hhi,
    "theil": theil,
}
