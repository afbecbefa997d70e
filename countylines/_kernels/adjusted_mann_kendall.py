"""Mann-Kendall tests of series that resemble themselves from one period to the next.

Each method says which rows are tested, with which variance, and by what a slope of those rows must
be multiplied to be a slope of the series.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from countylines._kernels import kendall_score, serial_dependence, theil_sen

FloatArray = NDArray[np.float64]


class Adjusted(NamedTuple):
    """Rows to be tested."""

    rows: FloatArray
    times: FloatArray
    factor: FloatArray  # of the variance of the score
    scale: FloatArray  # from a slope of these rows to one of the series


def median_slopes(rows: FloatArray, times: FloatArray) -> FloatArray:
    """Median slope of each row; nan where there are no two values."""
    present = (~np.isnan(rows)).sum(axis=1)
    pairs = present * (present - 1) // 2
    places = np.column_stack([(pairs - 1) // 2, pairs // 2])
    found = theil_sen.order_statistics(rows, times, np.maximum(places, 0))
    return np.where(pairs > 0, found.mean(axis=1), np.nan)


def plain(rows: FloatArray, times: FloatArray, lags: int | str) -> Adjusted:
    """The rows as they are."""
    one = np.ones(len(rows))
    return Adjusted(rows, times, one, one)


def hamed_rao(rows: FloatArray, times: FloatArray, lags: int | str) -> Adjusted:
    """Variance by the significant autocorrelations of the ranks, the trend taken away."""
    rest = rows - median_slopes(rows, times)[:, None] * times
    factor = serial_dependence.hamed_rao(rest, _number(rows, lags))
    return Adjusted(rows, times, factor, np.ones(len(rows)))


def yue_wang(rows: FloatArray, times: FloatArray, lags: int | str) -> Adjusted:
    """Variance by the autocorrelations of the values, the trend taken away."""
    rest = rows - median_slopes(rows, times)[:, None] * times
    if lags == "ar1":
        factor = serial_dependence.first_order(rest)
    else:
        factor = serial_dependence.yue_wang(rest, _number(rows, lags))
    return Adjusted(rows, times, factor, np.ones(len(rows)))


def prewhiten(rows: FloatArray, times: FloatArray, lags: int | str) -> Adjusted:
    """Each value less the correlation times the one before."""
    correlation = serial_dependence.autocorrelation(rows, 1)[:, 0]
    white = serial_dependence.whitened(rows, correlation)
    with np.errstate(divide="ignore"):
        return Adjusted(white, times[1:], np.ones(len(rows)), 1.0 / (1.0 - correlation))


def trend_free_prewhiten(rows: FloatArray, times: FloatArray, lags: int | str) -> Adjusted:
    """The trend taken away, what is left whitened, and the trend put back."""
    slope = median_slopes(rows, times)
    rest = rows - slope[:, None] * times
    correlation = serial_dependence.autocorrelation(rest, 1)[:, 0]
    white = serial_dependence.whitened(rest, correlation) + slope[:, None] * times[1:]
    one = np.ones(len(rows))
    return Adjusted(white, times[1:], one, one)


def _number(rows: FloatArray, lags: int | str) -> int:
    most: int = rows.shape[1] - 1
    return most if isinstance(lags, str) else min(lags, most)


METHODS: dict[str, Callable[[FloatArray, FloatArray, int | str], Adjusted]] = {
    "auto": plain,
    "original": plain,
    "exact": plain,
    "hamed-rao": hamed_rao,
    "yue-wang": yue_wang,
    "prewhiten": prewhiten,
    "trend-free-prewhiten": trend_free_prewhiten,
    "block-bootstrap": plain,
}


def block_scores(rows: FloatArray, starts: NDArray[np.int64], block: int) -> FloatArray:
    """Scores of series put together from blocks of neighbours: (replicates, rows).

    `starts` (replicates, blocks) are the first places of the blocks, which wrap round.
    """
    length = rows.shape[1]
    places = (starts[:, :, None] + np.arange(block)) % length
    places = places.reshape(len(starts), -1)[:, :length]
    drawn = rows[:, places].reshape(-1, length)
    return kendall_score.kendall(drawn).score.reshape(len(rows), len(starts)).T
