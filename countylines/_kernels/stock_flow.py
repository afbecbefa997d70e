"""Stock and flow: how many distinct things are active at a moment, in a window, in a longer window.

In a steady state with openings at a constant rate and mean active life `duration`, the stock at a
moment is rate x duration, and the distinct things active at some time in a window of length `w` are
those open at its start and those opened within it:

    distinct(w) = stock + rate x w = stock (1 + w / duration) = rate (duration + w)

Only the mean of the active life enters, not its distribution. All lengths are in one unit of time;
arguments are arrays that broadcast; nothing is checked. Answers that no steady state allows are
nan, those at the edge 0 or infinite.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

FloatArray = NDArray[np.float64]


def steady_stock(openings: ArrayLike, duration: ArrayLike) -> FloatArray:
    """Stock at a moment, from openings in a unit of time and the mean life in that unit."""
    return _product(openings, duration)


def distinct_from_stock(stock: ArrayLike, duration: ArrayLike, window: ArrayLike) -> FloatArray:
    """Distinct things active at some time in a window, from the stock at a moment."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return _product(stock, 1.0 + _float(window) / _float(duration))


def stock_from_distinct(distinct: ArrayLike, duration: ArrayLike, window: ArrayLike) -> FloatArray:
    """Stock at a moment, from the distinct things active at some time in a window."""
    with np.errstate(divide="ignore", invalid="ignore"):
        share = _float(duration) / (_float(duration) + _float(window))
        return _product(distinct, np.where(np.isinf(_float(duration)), 1.0, share))


def convert_window(
    distinct: ArrayLike, window: ArrayLike, new_window: ArrayLike, duration: ArrayLike
) -> FloatArray:
    """Distinct things in a window of one length, from those in a window of another."""
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = (_float(duration) + _float(new_window)) / (_float(duration) + _float(window))
        return _float(distinct) * np.where(np.isinf(_float(duration)), 1.0, ratio)


def duration_from_stock(distinct: ArrayLike, stock: ArrayLike, window: ArrayLike) -> FloatArray:
    """Mean active life that makes `stock` at a moment into `distinct` in a window.

    Infinite where the two are equal, nan where fewer are distinct than are open at a moment.
    """
    ratio = _ratio(distinct, stock)
    with np.errstate(divide="ignore", invalid="ignore"):
        duration = _float(window) / (ratio - 1.0)
    return np.where(ratio < 1.0, np.nan, duration)


def duration_from_windows(
    short_distinct: ArrayLike,
    short_window: ArrayLike,
    long_distinct: ArrayLike,
    long_window: ArrayLike,
) -> FloatArray:
    """Mean active life that turns a count in a short window into the one in a longer window.

    The ratio of the counts lies between 1 (nothing ever closes: infinite) and the ratio of the
    windows (everything is new each time: 0); outside it is nan.
    """
    ratio = _ratio(long_distinct, short_distinct)
    short, long = _float(short_window), _float(long_window)
    grown = _product(short, ratio)
    with np.errstate(divide="ignore", invalid="ignore"):
        duration = (long - grown) / (ratio - 1.0)
    return np.where((ratio < 1.0) | (grown > long), np.nan, duration)


def long_window_bounds(
    mean_short: ArrayLike, windows_in_long: ArrayLike
) -> tuple[FloatArray, FloatArray]:
    """Least and most distinct things in a long window cut into short ones, free of any model.

    No more are distinct than the counts of the short windows add up to, and no fewer than any one
    of them holds, hence than their mean.
    """
    mean = _float(mean_short)
    return mean + 0.0 * _float(windows_in_long), mean * _float(windows_in_long)


def short_window_bounds(
    long_distinct: ArrayLike, windows_in_long: ArrayLike
) -> tuple[FloatArray, FloatArray]:
    """Least and most that the mean count of the short windows can be; inverse of the above."""
    distinct = _float(long_distinct)
    return distinct / _float(windows_in_long), distinct + 0.0 * _float(windows_in_long)


def _product(number: ArrayLike, factor: ArrayLike) -> FloatArray:
    """Nothing stays nothing, however long it would last."""
    number, factor = _float(number), _float(factor)
    with np.errstate(invalid="ignore"):
        return np.where((number == 0.0) | (factor == 0.0), 0.0, number * factor)


def _ratio(numerator: ArrayLike, denominator: ArrayLike) -> FloatArray:
    with np.errstate(divide="ignore", invalid="ignore"):
        return _float(numerator) / _float(denominator)


def _float(value: ArrayLike) -> FloatArray:
    return np.asarray(value, dtype=np.float64)
