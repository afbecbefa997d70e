"""Share of a group when it is not known of some people, for what is assumed of those.

The data are `count` of `known` people in the group, and `missing` people of whom it is not known;
n is all of them. Two kinds of assumption, each with one value:

- "share": the group's share s among the missing. The share of all is (1 - s) x/n + s (x + m)/n, a
  weighted mean of two binomial shares, whose correlation is known. Their limits are put together
  by MOVER; at s = 0 and s = 1 they are those of one of the two, with no approximation.
- "odds": the odds among the missing over the odds among the known. With p among the known and w
  missing the share is (1 - w) p + w s(p); p and w are independent, and their limits are put
  together by MOVER. At odds of 0 and infinity the shares are those of s = 0 and s = 1, and at 1 the
  limits are those of p.
"""

from __future__ import annotations

from functools import partial

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import elementwise
from scipy.special import ndtr, ndtri

from countylines._kernels import binomial
from countylines._kernels.method import FloatArray
from countylines._kernels.mover_tail import mover_tail
from countylines._kernels.roots import increasing_root

METHODS = tuple(name for name in binomial.METHODS if name not in binomial.WHOLE_COUNTS_ONLY)
_FARTHEST_LOG_ODDS = 60.0
_SIDES = {1: "greater", -1: "less"}


def share_among_missing(
    kind: str, count: FloatArray, known: FloatArray, value: FloatArray
) -> FloatArray:
    """The group's share among the missing; nan where nobody is known to take it from."""
    if kind == "share":
        return value
    with np.errstate(divide="ignore", invalid="ignore"):
        p = count / known
        share = np.where(
            value > 1.0, p / (p + (1.0 - p) / value), value * p / (1.0 - p + value * p)
        )
    extreme = (value == 0.0) | np.isinf(value)
    return np.where(extreme, np.where(value == 0.0, 0.0, 1.0), share)


def estimate(kind: str, *columns: FloatArray) -> FloatArray:
    """The group's share of all, from count, known, missing, value; nan where nothing is known."""
    count, known, missing, value = columns
    among = share_among_missing(kind, count, known, value)
    with np.errstate(divide="ignore", invalid="ignore"):
        share: FloatArray = (count + np.where(missing > 0, among, 0.0) * missing) / (
            known + missing
        )
    return share


def standard_error(kind: str, *columns: FloatArray) -> FloatArray:
    """Estimated standard error of the share of all, from the same columns."""
    count, known, missing, value = columns
    n = known + missing
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        share = estimate(kind, count, known, missing, value)
        among = share_among_missing(kind, count, known, value)
        fixed = (count + np.where(missing > 0, among, 0.0) ** 2 * missing) / n - share**2
        if kind == "share":
            return np.asarray(np.sqrt(np.maximum(fixed, 0.0) / n))
        p, w = count / known, missing / n
        slope = (1.0 - w) + w * _slope(p, value)
        moving = slope**2 * p * (1.0 - p) / known + (among - p) ** 2 * w * (1.0 - w) / n
    extreme = (value == 0.0) | np.isinf(value)
    return np.asarray(np.sqrt(np.where(extreme, np.maximum(fixed, 0.0) / n, moving)))


def _slope(p: FloatArray, odds: FloatArray) -> FloatArray:
    """Derivative by p of the share among the missing."""
    return np.asarray(odds / (1.0 - p + odds * p) ** 2)


def limit(kind: str, side: int, method: str, *columns: FloatArray) -> FloatArray:
    """Limit with `tail` (up to one half) outside it; side 1 is the lower limit.

    The columns are count, known, missing, value and tail. Without data it is the end of the range.
    """
    count, known, missing, value, tail = columns
    n = known + missing
    result = np.full(count.shape, 0.0 if side > 0 else 1.0)
    for rows, top, total in _binomial_rows(kind, count, known, missing, value):
        result[rows] = binomial.one_sided_limit(
            top[rows], total[rows], tail=tail[rows], side=_SIDES[side], method=method
        )
    rest = _rest(kind, known, missing, value)
    if rest.size:
        solve = _weighted if kind == "share" else _by_odds
        result[rest] = solve(
            side, method, *(column[rest] for column in (count, known, missing, n, value, tail))
        )
    return result


def tail(kind: str, side: int, method: str, *columns: FloatArray) -> FloatArray:
    """Tail area, up to one half, at which the limit of the side reaches a share.

    The columns are count, known, missing, value and that share.
    """
    count, known, missing, value, null = columns
    result = np.full(count.shape, 0.5)
    for rows, top, total in _binomial_rows(kind, count, known, missing, value):
        result[rows] = binomial.METHODS[method].pvalue(
            top[rows], total[rows], null=null[rows], alternative=_SIDES[side]
        )
    rest = _rest(kind, known, missing, value)
    if rest.size:
        *data, share = (column[rest] for column in columns)
        with np.errstate(divide="ignore"):
            goal = np.log(share) if side < 0 else np.log1p(-share)
        result[rest] = mover_tail(partial(_away, kind, side, method), *data, goal)
    return np.asarray(np.minimum(result, 0.5))


def _away(kind: str, side: int, method: str, *columns: FloatArray) -> FloatArray:
    """The upper limit of the share, or of its complement."""
    found = limit(kind, side, method, *columns)
    return found if side < 0 else 1.0 - found


def critical_values(width: FloatArray, error: FloatArray, level: float) -> FloatArray:
    """Normal quantile c for the ends of regions, with Phi(c + width / error) - Phi(-c) = level."""
    one, both = float(-ndtri(1.0 - level)), float(-ndtri((1.0 - level) / 2.0))
    result = np.full(width.shape, both)
    rows = np.flatnonzero(width > 0.0)
    if not rows.size:
        return result
    with np.errstate(divide="ignore"):
        gap = np.minimum(width[rows] / error[rows], 1e3)

    def residual(c: FloatArray, some: NDArray[np.intp]) -> tuple[FloatArray, FloatArray]:
        far = c + gap[some]
        slope = (np.exp(-0.5 * far**2) + np.exp(-0.5 * c**2)) / np.sqrt(2.0 * np.pi)
        return ndtr(far) - ndtr(-c) - level, slope

    low, high = np.full(gap.shape, one - 1e-9), np.full(gap.shape, both + 1e-9)
    result[rows] = increasing_root(residual, low, high, 0.5 * (low + high))
    return result


def value_at(
    kind: str, side: int, method: str, *columns: FloatArray
) -> tuple[FloatArray, NDArray[np.int8]]:
    """The value at which the share of all (side 0), or its limit, is `share`; and whether.

    The columns are count, known, missing, the tail outside the limit, and that share. The second
    part is 0 where there is such a value, -1 where the limit is above `share` for every
    value and 1 where it is below for every value.
    """
    spread = kind == "odds"
    ends = (-_FARTHEST_LOG_ODDS, _FARTHEST_LOG_ODDS) if spread else (0.0, 1.0)

    def gap(t: FloatArray, /, *columns: FloatArray) -> FloatArray:
        *data, area, goal = columns
        value = np.exp(t) if spread else t
        if side == 0:
            return estimate(kind, *data, value) - goal
        return limit(kind, side, method, *data, value, area) - goal

    low, high = (np.full(columns[0].shape, end) for end in ends)
    below, above = gap(low, *columns) > 0.0, gap(high, *columns) < 0.0
    reach = np.where(below, -1, np.where(above, 1, 0)).astype(np.int8)
    found = np.where(reach < 0, ends[0], ends[1])
    rows = np.flatnonzero(reach == 0)
    if rows.size:
        found[rows] = elementwise.find_root(
            gap,
            (low[rows], high[rows]),
            args=tuple(column[rows] for column in columns),
            tolerances={"xatol": 1e-14, "xrtol": 1e-14, "fatol": 0.0, "frtol": 0.0},
        ).x
    return (np.exp(found) if spread else found), reach


def _binomial_rows(
    kind: str, count: FloatArray, known: FloatArray, missing: FloatArray, value: FloatArray
) -> list[tuple[NDArray[np.intp], FloatArray, FloatArray]]:
    """Rows whose share is that of one binomial sample, with its count and its total."""
    n = known + missing
    none = value == 0.0
    every = np.isinf(value) if kind == "odds" else value == 1.0
    parts = [(none | (missing == 0.0), count), (every & (missing > 0.0), count + missing)]
    found = [(np.flatnonzero(where & (n > 0.0)), top, n) for where, top in parts]
    if kind == "odds":
        same = (value == 1.0) & (missing > 0.0) & (known > 0.0)
        found.append((np.flatnonzero(same), count, known))
    return found


def _rest(kind: str, known: FloatArray, missing: FloatArray, value: FloatArray) -> NDArray[np.intp]:
    inner = (value > 0.0) & (missing > 0.0)
    inner &= (value < 1.0) if kind == "share" else np.isfinite(value) & (value != 1.0)
    return np.flatnonzero(inner & (known > 0.0 if kind == "odds" else known + missing > 0.0))


def _weighted(side: int, method: str, *columns: FloatArray) -> FloatArray:
    count, _, missing, n, value, tail = columns
    reach = []
    for top in (count, count + missing):
        found = binomial.one_sided_limit(top, n, tail=tail, side=_SIDES[side], method=method)
        reach.append(np.maximum(side * (top / n - found), 0.0))
    none, every = count / n, (count + missing) / n
    with np.errstate(divide="ignore", invalid="ignore"):
        correlation = np.sqrt(none * (1.0 - every) / ((1.0 - none) * every))
    first, second = (1.0 - value) * reach[0], value * reach[1]
    beyond = np.sqrt(first**2 + second**2 + 2.0 * correlation * first * second)
    share = (1.0 - value) * none + value * every
    return np.asarray(np.clip(share - side * beyond, 0.0, 1.0))


def _by_odds(side: int, method: str, *columns: FloatArray) -> FloatArray:
    count, known, missing, n, value, tail = columns
    p, w = count / known, missing / n

    def whole(share: FloatArray) -> FloatArray:
        return (1.0 - w) * share + w * value * share / (1.0 - share + value * share)

    end = binomial.one_sided_limit(count, known, tail=tail, side=_SIDES[side], method=method)
    apart = value * p / (1.0 - p + value * p) - p
    fewer = np.where(side * apart > 0.0, 1, -1)  # which limit of the share missing is the far one
    ends = [
        binomial.one_sided_limit(missing, n, tail=tail, side=s, method=method)
        for s in ("greater", "less")
    ]
    first = np.maximum(side * (whole(p) - whole(end)), 0.0)
    second = np.abs(apart) * np.where(
        fewer > 0, np.maximum(w - ends[0], 0.0), np.maximum(ends[1] - w, 0.0)
    )
    return np.asarray(np.clip(whole(p) - side * np.hypot(first, second), 0.0, 1.0))
