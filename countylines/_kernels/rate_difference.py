"""Confidence limits and p-values of the difference of two Poisson rates.

The data are `count` events in `exposure` and `ref_count` in `ref_exposure`. The difference has no
end, so that zero counts are nothing special: with none at all the limits are those of the two rates
that would go unseen. Nulls are solved for on the scale of asinh(M d), M the larger exposure, where
differences of any size keep their digits, whatever the unit of exposure.
"""

from __future__ import annotations

from functools import partial

import numpy as np

from countylines._kernels import poisson
from countylines._kernels.method import FloatArray, Method
from countylines._kernels.mover_difference import by_mover
from countylines._kernels.score_difference import Flags, by_inversion, crossing
from countylines._kernels.skewness import corrected
from countylines._kernels.wald_difference import by_normal

RANGE = (-np.inf, np.inf)

_FAR = 40.0  # times the sum of two generous upper limits: beyond the limit of any difference


def estimate(x: FloatArray, e: FloatArray, y: FloatArray, f: FloatArray) -> FloatArray:
    """Difference of the rates."""
    return x / e - y / f


def standard_error(x: FloatArray, e: FloatArray, y: FloatArray, f: FloatArray) -> FloatArray:
    """Estimated standard error of the difference."""
    error: FloatArray = np.hypot(np.sqrt(x) / e, np.sqrt(y) / f)
    return error


def _usable(*data: FloatArray) -> Flags:
    return np.ones(data[0].shape, dtype=bool)


def _at_end(*data: FloatArray | int) -> Flags:
    return np.zeros(np.shape(data[0]), dtype=bool)


# --- score -------------------------------------------------------------------------------------


def _fitted(
    x: FloatArray, e: FloatArray, y: FloatArray, f: FloatArray, gap: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """The most likely rates that are `gap` >= 0 apart: a quadratic, by sums of positive terms."""
    both = e + f
    b = both * gap - (x + y)
    root = np.sqrt(b * b + 4.0 * both * y * gap)
    with np.errstate(divide="ignore", invalid="ignore"):
        second = np.where(b > 0.0, 2.0 * y * gap / (b + root), (root - b) / (2.0 * both))
    return second + gap, second


def _raw(
    x: FloatArray, e: FloatArray, y: FloatArray, f: FloatArray, null: FloatArray, *, skew: bool
) -> FloatArray:
    """The score in its standard deviations, if asked corrected for skewness."""
    turn = null < 0.0
    pairs = zip((y, f, x, e), (x, e, y, f), strict=True)
    x, e, y, f = (np.where(turn, new, old) for new, old in pairs)
    gap = np.abs(null)
    rate, other = _fitted(x, e, y, f, gap)
    variance = rate / e + other / f
    with np.errstate(divide="ignore", invalid="ignore"):
        score = (x / e - y / f - gap) / np.sqrt(variance)
        sixth = (rate / e / e - other / f / f) / (6.0 * variance * np.sqrt(variance))
    value = corrected(score, sixth) if skew else score
    return np.where(variance > 0.0, np.where(turn, -value, value), 0.0)


def _bounds(*data: FloatArray, skew: bool) -> tuple[FloatArray, FloatArray]:
    """What the statistic stays below, and above, beyond the null at which a fitted rate leaves 0.

    There the correction for skewness sets in at once, and the statistic would rise for a while.
    """
    x, e, y, f = data
    cap, floor = np.full(x.shape, np.inf), np.full(x.shape, -np.inf)
    for none, bound, edge in ((x, cap, -y / (e + f)), (y, floor, x / (e + f))):
        rows = np.flatnonzero(skew & (none <= 0.0))
        if rows.size:
            bound[rows] = _raw(*(c[rows] for c in (*data, edge)), skew=skew)
    return cap, floor


def _statistic(*columns: FloatArray, skew: bool) -> FloatArray:
    """Falls as the null, the last but two of the columns, rises; the last are its bounds."""
    x, e, y, f, null, cap, floor = columns
    value = _raw(x, e, y, f, null, skew=skew)
    value = np.where(null > -y / (e + f), np.minimum(value, cap), value)
    return np.where(null < x / (e + f), np.maximum(value, floor), value)


def _solve(*columns: FloatArray, skew: bool) -> FloatArray:
    x, e, y, f, z = columns
    unit = np.maximum(e, f)

    def gap(t: FloatArray, /, *columns: FloatArray) -> FloatArray:
        *data, unit, goal, cap, floor = columns
        return goal - _statistic(*data, np.sinh(t) / unit, cap, floor, skew=skew)

    far = _FAR * unit * ((x + z * z + 1.0) / e + (y + z * z + 1.0) / f)
    bounds = _bounds(x, e, y, f, skew=skew)
    t = crossing(gap, np.arcsinh(far), x, e, y, f, unit, z, *bounds)
    found: FloatArray = np.sinh(t) / unit
    return found


def _at_null(*columns: FloatArray, skew: bool) -> FloatArray:
    return _statistic(*columns, *_bounds(*columns[:-1], skew=skew), skew=skew)


def _by_score(*, skew: bool) -> Method:
    solve, test = partial(_solve, skew=skew), partial(_at_null, skew=skew)
    return by_inversion(solve, test, RANGE, _usable, _at_end)


# --- MOVER -------------------------------------------------------------------------------------


def _limit(interval: str, x: FloatArray, e: FloatArray, tail: FloatArray, side: str) -> FloatArray:
    return poisson.one_sided_limit(x, tail=tail, side=side, method=interval) / e


def _middle(interval: str, x: FloatArray, e: FloatArray) -> FloatArray:
    """What the one-sample limits enclose at any level: Jeffreys' median, but 0 stays 0."""
    if interval != "jeffreys":
        return x / e
    median = _limit(interval, x, e, np.full(x.shape, 0.5), "less")
    return np.where(x > 0.0, median, 0.0)


def _by_mover(interval: str) -> Method:
    limit, middle = partial(_limit, interval), partial(_middle, interval)
    return by_mover(limit, middle, RANGE, _usable, _at_end)


# --- normal ------------------------------------------------------------------------------------


def _parts(added: float, *data: FloatArray) -> tuple[FloatArray, FloatArray]:
    x, e, y, f = data
    return estimate(*data), standard_error(x + added, e, y + added, f)


METHODS: dict[str, Method] = {
    "skew-score": _by_score(skew=True),
    "score": _by_score(skew=False),
    "mover-score": _by_mover("score"),
    "mover-jeffreys": _by_mover("jeffreys"),
    "mover-exact": _by_mover("exact"),
    "mover-byar": _by_mover("byar"),
    "mover-mid-p": _by_mover("mid-p"),
    "wald": by_normal(partial(_parts, 0.0), RANGE, _usable),
    "wald-half": by_normal(partial(_parts, 0.5), RANGE, _usable),
}
