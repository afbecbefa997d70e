"""Mean number of recurrences over time, with a variance that lets them depend on each other."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from countylines._kernels.method import FloatArray

CELLS = 2_000_000  # of a block of units and times


class Recurrences(NamedTuple):
    """The mean at each time of a recurrence, its variance, and the counts behind it."""

    time: FloatArray
    mean: FloatArray
    variance: FloatArray
    at_risk: FloatArray
    events: FloatArray


def mean_function(
    entry: FloatArray, end: FloatArray, unit: NDArray[np.intp], time: FloatArray
) -> Recurrences:
    """Nelson's mean with the variance of Lawless and Nadeau.

    Units are watched in (entry, end]; recurrences are `time` of `unit`.
    """
    times, place, events = np.unique(time, return_inverse=True, return_counts=True)
    leaving = end.size - np.searchsorted(np.sort(end), times, side="left")
    waiting = end.size - np.searchsorted(np.sort(entry), times, side="left")
    at_risk = (leaving - waiting).astype(np.float64)
    mean = np.cumsum(events / at_risk)
    expected = np.append(0.0, np.cumsum(events / at_risk**2))
    first = expected[np.searchsorted(times, entry, side="right")]
    last = expected[np.searchsorted(times, end, side="right")]
    variance = np.zeros(times.size)
    order = np.argsort(unit, kind="stable")
    unit, place = unit[order], place[order]
    step = max(1, CELLS // max(times.size, 1))
    for start in range(0, end.size, step):
        rows = slice(start, min(start + step, end.size))
        here = slice(*np.searchsorted(unit, [rows.start, rows.stop]))
        residual = np.zeros((rows.stop - rows.start, times.size))
        np.add.at(residual, (unit[here] - rows.start, place[here]), 1.0 / at_risk[place[here]])
        residual = np.cumsum(residual, axis=1)
        residual -= np.clip(expected[None, 1:], first[rows, None], last[rows, None])
        residual += first[rows, None]
        variance += np.sum(residual**2, axis=0)
    return Recurrences(times, mean, variance, at_risk, events.astype(np.float64))


def least_watched(
    entry: FloatArray, end: FloatArray, start: float, times: FloatArray
) -> FloatArray:
    """The least number of units watched at any time after `start` until each of `times`.

    Units are watched in (entry, end]. The number is least just after an end, or at the time itself.
    """
    entries, ends = np.sort(entry), np.sort(end)
    later = np.concatenate([[start], ends[ends > start]])

    def after(at: FloatArray) -> FloatArray:
        begun = np.searchsorted(entries, at, side="right")
        return (begun - np.searchsorted(ends, at, side="right")).astype(np.float64)

    def exactly(at: FloatArray) -> FloatArray:
        begun = np.searchsorted(entries, at, side="left")
        return (begun - np.searchsorted(ends, at, side="left")).astype(np.float64)

    lowest = np.minimum.accumulate(after(later))
    before = np.searchsorted(later, times, side="left") - 1
    least: FloatArray = np.minimum(exactly(times), lowest[np.maximum(before, 0)])
    return least


def without_events(
    entry: FloatArray, end: FloatArray, start: float, times: FloatArray, tail: float
) -> FloatArray:
    """Upper limits of the mean until each time, had nothing recurred: those of Poisson counts."""
    with np.errstate(divide="ignore"):
        limit: FloatArray = -np.log(tail) / least_watched(entry, end, start, times)
    return limit
