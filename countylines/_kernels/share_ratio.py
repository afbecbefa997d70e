"""A binomial share over a share that comes from a sample: MOVER-R limits and their p-value.

The p-value is twice, or once, the tail area at which a one-sided limit reaches the null. That area
is first found for the skewness-corrected score limits, which are closed, and then refined for the
method asked for, so that limits which must be solved are solved a few times and not hundreds.
"""

from __future__ import annotations

from functools import partial

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

from countylines._kernels import binomial, mover
from countylines._kernels.method import FloatArray, tail_area
from countylines._kernels.mover_tail import mover_tail

_CLOSED = "skew-score"
_STEP = 1e-4
_SETTLED = 1e-12  # what a secant step leaves is of the order of its product with the last one
_STEPS = 8
_FARTHEST = 36.0


def _away(side: int, method: str, *columns: FloatArray) -> FloatArray:
    """The limit of the ratio with `tail` outside it: the upper one, or one over the lower one."""
    count, total, share, size, tail = columns
    known = count / total
    ends = ("greater", "less") if side > 0 else ("less", "greater")
    top = binomial.one_sided_limit(count, total, tail=tail, side=ends[0], method=method)
    bottom = binomial.one_sided_limit(share * size, size, tail=tail, side=ends[1], method=method)
    # At tails near one half a limit may lie on the wrong side of its estimate: no distance is left.
    if side < 0:
        return mover.ratio_high(known, np.maximum(top, known), share, np.minimum(bottom, share))
    low = mover.ratio_low(known, np.minimum(top, known), share, np.maximum(bottom, share))
    with np.errstate(divide="ignore"):
        inverse: FloatArray = 1.0 / low
    return inverse


def limits(
    count: FloatArray,
    total: FloatArray,
    share: FloatArray,
    size: FloatArray,
    *,
    level: float,
    alternative: str,
    method: str,
) -> tuple[FloatArray, FloatArray]:
    """Both limits; 0 and infinity where there are no data or the side is open."""
    low, high = np.zeros(count.shape), np.full(count.shape, np.inf)
    rows = np.flatnonzero(total > 0.0)
    data = [column[rows] for column in (count, total, share, size)]
    tail = np.full(rows.shape, tail_area(level, alternative))
    if alternative != "less":
        low[rows] = 1.0 / _away(1, method, *data, tail)
    if alternative != "greater":
        high[rows] = _away(-1, method, *data, tail)
    return low, high


def pvalue(
    count: FloatArray,
    total: FloatArray,
    share: FloatArray,
    size: FloatArray,
    null: FloatArray,
    *,
    alternative: str,
    method: str,
) -> FloatArray:
    """P-value of the same inversion; 1 where there are no data."""
    p = np.ones(count.shape)
    rows = np.flatnonzero(total > 0.0)
    data = [column[rows] for column in (count, total, share, size, null)]
    greater, less = (_tail(side, method, *data) for side in (1, -1))
    if alternative == "greater":
        p[rows] = np.where(greater < 0.5, greater, 1.0 - less)
    elif alternative == "less":
        p[rows] = np.where(less < 0.5, less, 1.0 - greater)
    else:
        p[rows] = np.minimum(1.0, 2.0 * np.minimum(greater, less))
    return p


def _tail(side: int, method: str, *columns: FloatArray) -> FloatArray:
    """Tail area, up to one half, at which the limit of the side reaches the null."""
    count, total, share, _, null = columns
    area = np.full(null.shape, 0.5)
    # no limit passes the estimate, so none reaches a null beyond it
    rows = np.flatnonzero(side * (count / total / share - null) > 0.0)
    some = tuple(column[rows] for column in columns)
    with np.errstate(divide="ignore"):
        some = (*some[:4], -side * np.log(some[4]))
    start = mover_tail(partial(_away, side, _CLOSED), *some)
    area[rows] = start if method == _CLOSED else _refined(side, method, some, start)
    return area


def _refined(
    side: int, method: str, columns: tuple[FloatArray, ...], start: FloatArray
) -> FloatArray:
    """Secant steps in normal deviates from the area found for the closed limits."""

    def gap(name: str, rows: NDArray[np.intp], errors: FloatArray) -> FloatArray:
        *data, goal = (column[rows] for column in columns)
        with np.errstate(divide="ignore", over="ignore"):
            return np.asarray(np.log(_away(side, name, *data, ndtr(-errors))) - goal)

    errors = -ndtri(start)
    settled = np.zeros(start.shape, dtype=bool)
    rows = np.flatnonzero((errors > 0.0) & (errors < _FARTHEST))
    here = errors[rows]
    slope = (gap(_CLOSED, rows, here + _STEP) - gap(_CLOSED, rows, here)) / _STEP
    distance, last = gap(method, rows, here), np.ones(rows.shape)
    for _ in range(_STEPS):
        with np.errstate(divide="ignore", invalid="ignore"):
            step = -distance / slope
        kept = (here + step > 0.0) & (here + step < _FARTHEST)
        errors[rows[kept]] = here[kept] + step[kept]
        done = kept & (np.abs(step * last) <= _SETTLED)
        settled[rows[done]] = True
        left = kept & ~done
        rows = rows[left]
        here, step, distance = here[left], step[left], distance[left]
        if not rows.size:
            break
        here = here + step
        new = gap(method, rows, here)
        slope, distance, last = (new - distance) / step, new, step
    tail: FloatArray = ndtr(-errors)
    rest = np.flatnonzero(~settled)
    if rest.size:
        tail[rest] = mover_tail(partial(_away, side, method), *(part[rest] for part in columns))
    return tail
