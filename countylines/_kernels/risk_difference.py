"""Confidence limits and p-values of the difference of two independent shares.

The data are `count` out of `total` and `ref_count` out of `ref_total`. Under a null d the most
likely shares p and q with p - q = d satisfy

    x - n p = u p (1 - p)        and        y - m q = -u q (1 - q)

for one number u, the multiplier of the constraint. Both are quadratics, solved by sums of positive
terms, d falls as u rises, and the score is u times its variance exactly: nothing cancels, and
neither Miettinen and Nurminen's cubic nor its arc cosine is needed. Limits are found in u, and for
a p-value the u that belongs to the null.

Where everybody of one group and nobody of the other has the outcome, the end of the range is the
limit; with an empty group the limits are -1 and 1 and the p-value is 1.
"""

from __future__ import annotations

from functools import partial

import numpy as np

from countylines._kernels import binomial
from countylines._kernels.method import FloatArray, Method
from countylines._kernels.mover_difference import by_mover
from countylines._kernels.score_difference import Flags, by_inversion, crossing
from countylines._kernels.skewness import corrected
from countylines._kernels.wald_difference import by_normal

RANGE = (-1.0, 1.0)

_EDGE = 1e30  # multipliers beyond belong to differences that are -1 or 1 to the last digit


def _usable(*data: FloatArray) -> Flags:
    return (data[1] > 0.0) & (data[3] > 0.0)


def _at_end(x: FloatArray, n: FloatArray, y: FloatArray, m: FloatArray, side: int) -> Flags:
    lowest = (x <= 0.0) & (y >= m)
    return lowest if side > 0 else (x >= n) & (y <= 0.0)


def estimate(x: FloatArray, n: FloatArray, y: FloatArray, m: FloatArray) -> FloatArray:
    """Difference of the shares; nan with an empty group."""
    with np.errstate(divide="ignore", invalid="ignore"):
        difference: FloatArray = x / n - y / m
    return difference


def standard_error(x: FloatArray, n: FloatArray, y: FloatArray, m: FloatArray) -> FloatArray:
    """Estimated standard error of the difference."""
    error: FloatArray = np.hypot(binomial.standard_error(x, n), binomial.standard_error(y, m))
    return error


# --- score family ------------------------------------------------------------------------------


def _share(x: FloatArray, n: FloatArray, u: FloatArray) -> FloatArray:
    """The root in [0, 1] of x - n p = u p (1 - p)."""
    down, up = np.minimum(u, 0.0), np.maximum(u, 0.0)
    root = np.sqrt(
        np.where(u < 0.0, (n + u) ** 2 - 4.0 * down * x, (n - u) ** 2 + 4.0 * up * (n - x))
    )
    b = n + u
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(b > 0.0, 2.0 * x / (b + root), (root - b) / (-2.0 * down))


def _moments(*columns: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Null, variance and third moment of the difference under the multiplier, the last column."""
    x, n, y, m, u = columns
    p, p_rest = _share(x, n, u), _share(n - x, n, -u)
    q, q_rest = _share(y, m, -u), _share(m - y, m, u)
    first, second = p * p_rest / n, q * q_rest / m
    # where both shares are above one half, their rests have the digits
    high = p + q > 1.0
    null = np.where(high, q_rest - p_rest, p - q)
    third = first * (p_rest - p) / n - second * (q_rest - q) / m
    return null, first + second, third


def _raw(*columns: FloatArray, skew: bool, small: bool) -> FloatArray:
    """The score in its standard deviations; with `small` the variance is times N / (N - 1)."""
    _, variance, third = _moments(*columns)
    _, n, _, m, u = columns
    shrink = np.sqrt((n + m - 1.0) / (n + m)) if small else np.ones_like(n)
    value: FloatArray = shrink * u * np.sqrt(variance)
    if skew:
        with np.errstate(divide="ignore", invalid="ignore"):
            sixth = shrink**3 * third / (6.0 * variance * np.sqrt(variance))
        value = np.where(variance > 0.0, corrected(value, sixth), 0.0)
    return value


def _bounds(*data: FloatArray, skew: bool, small: bool) -> tuple[FloatArray, ...]:
    """What the statistic stays below or above beyond a multiplier of -n, -m, n or m.

    There a share that was fitted as 0 or 1 leaves it: the correction for skewness sets in at once,
    and the statistic would move back for a while.
    """
    x, n, y, m = data
    none = (
        (x <= 0.0, -n, np.inf),
        (y >= m, -m, np.inf),
        (x >= n, n, -np.inf),
        (y <= 0.0, m, -np.inf),
    )
    bounds = []
    for ended, u, otherwise in none:
        bound = np.full(x.shape, otherwise)
        rows = np.flatnonzero(skew & ended)
        if rows.size:
            bound[rows] = _raw(*(c[rows] for c in (*data, u)), skew=skew, small=small)
        bounds.append(bound)
    return tuple(bounds)


def _statistic(
    *columns: FloatArray, bounds: tuple[FloatArray, ...], skew: bool, small: bool
) -> FloatArray:
    """Rises with the multiplier, the last of the columns."""
    value = _raw(*columns, skew=skew, small=small)
    if not skew:
        return value
    _, n, _, m, u = columns
    for size, cap, floor in ((n, bounds[0], bounds[2]), (m, bounds[1], bounds[3])):
        value = np.where(u < -size, np.minimum(value, cap), value)
        value = np.where(u > size, np.maximum(value, floor), value)
    return value


def _unit(n: FloatArray, m: FloatArray) -> FloatArray:
    """A multiplier of ordinary size."""
    unit: FloatArray = np.sqrt(n / (n + m) * m)
    return unit


def _edge(unit: FloatArray) -> FloatArray:
    return np.arcsinh(_EDGE / unit)


def _solve(*columns: FloatArray, skew: bool, small: bool) -> FloatArray:
    data, z = columns[:-1], columns[-1]
    unit = _unit(data[1], data[3])

    def gap(t: FloatArray, /, *columns: FloatArray) -> FloatArray:
        x, n, y, m, unit, goal, *bounds = columns
        at = x, n, y, m, unit * np.sinh(t)
        return _statistic(*at, bounds=tuple(bounds), skew=skew, small=small) - goal

    bounds = _bounds(*data, skew=skew, small=small)
    u = unit * np.sinh(crossing(gap, _edge(unit), *data, unit, z, *bounds))
    return _moments(*data, u)[0]


def _at_null(*columns: FloatArray, skew: bool, small: bool) -> FloatArray:
    data, null = columns[:-1], columns[-1]
    unit = _unit(data[1], data[3])

    def gap(t: FloatArray, /, *columns: FloatArray) -> FloatArray:
        *some, unit, goal = columns
        return goal - _moments(*some, unit * np.sinh(t))[0]

    u = unit * np.sinh(crossing(gap, _edge(unit), *data, unit, null))
    bounds = _bounds(*data, skew=skew, small=small)
    return _statistic(*data, u, bounds=bounds, skew=skew, small=small)


def _by_score(*, skew: bool, small: bool) -> Method:
    solve = partial(_solve, skew=skew, small=small)
    return by_inversion(solve, partial(_at_null, skew=skew, small=small), RANGE, _usable, _at_end)


# --- MOVER -------------------------------------------------------------------------------------


def _limit(interval: str, x: FloatArray, n: FloatArray, tail: FloatArray, side: str) -> FloatArray:
    return binomial.one_sided_limit(x, n, tail=tail, side=side, method=interval)


def _middle(interval: str, x: FloatArray, n: FloatArray) -> FloatArray:
    """What the limits enclose at any level: Jeffreys' median, but none and all stay so."""
    if interval != "jeffreys":
        return x / n
    median = _limit(interval, x, n, np.full(x.shape, 0.5), "less")
    return np.where((x > 0.0) & (x < n), median, x / n)


def _by_mover(interval: str) -> Method:
    limit, middle = partial(_limit, interval), partial(_middle, interval)
    return by_mover(limit, middle, RANGE, _usable, _at_end)


# --- normal ------------------------------------------------------------------------------------


def _parts(added: float, *data: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Middle and standard error after `added` people with and without the outcome in each group."""
    x, n, y, m = data
    larger = x + added, n + 2.0 * added, y + added, m + 2.0 * added
    return estimate(*larger), standard_error(*larger)


METHODS: dict[str, Method] = {
    "skew-score": _by_score(skew=True, small=True),
    "gart-nam": _by_score(skew=True, small=False),
    "miettinen-nurminen": _by_score(skew=False, small=True),
    "mee": _by_score(skew=False, small=False),
    "mover-wilson": _by_mover("wilson"),
    "mover-wilson-cc": _by_mover("wilson-cc"),
    "mover-jeffreys": _by_mover("jeffreys"),
    "agresti-caffo": by_normal(partial(_parts, 1.0), RANGE, _usable),
    "wald": by_normal(partial(_parts, 0.0), RANGE, _usable),
}
