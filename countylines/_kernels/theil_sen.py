"""Order statistics of the slopes between all pairs of points, for many short series or a long one.

Series are rows; nan is a value that is missing. Short ones list their slopes. A long one has too
many: the slopes below b are the pairs that fall once b times the time is taken away, which are
counted in O(n log n), so an order statistic is found by narrowing a bracket of b.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from countylines._kernels import kendall_score

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

LISTED = 4_000_000  # slopes held at a time
_FEW = 64
_SAMPLED = 20_000
_STEPS = 400
_ROUNDING = 8.0 * np.finfo(np.float64).eps


def order_statistics(rows: FloatArray, times: FloatArray, places: IntArray) -> FloatArray:
    """Slopes at the places (rows, wanted), from 0, among each row's slopes in order.

    Below place 0 lies minus infinity, past the last slope infinity.
    """
    length = rows.shape[1]
    pairs = length * (length - 1) // 2
    if pairs > LISTED:
        picked = [_long_series(x, times, k) for x, k in zip(rows, places, strict=True)]
        return np.array(picked).reshape(places.shape)
    result = np.empty(places.shape)
    step = max(LISTED // max(pairs, 1), 1)
    for begin in range(0, len(rows), step):
        part = slice(begin, begin + step)
        result[part] = _short_series(rows[part], times, places[part])
    return result


def _slopes(rows: FloatArray, times: FloatArray) -> FloatArray:
    early, late = np.triu_indices(rows.shape[1], 1)
    slopes: FloatArray = (rows[:, late] - rows[:, early]) / (times[late] - times[early])
    return slopes


def against(rows: FloatArray, times: FloatArray, value: float) -> tuple[FloatArray, FloatArray]:
    """How many slopes of each row lie above a value, and below it.

    Short series compare the slopes as they are listed, so that a slope of the list equals itself.
    """
    length = rows.shape[1]
    pairs = length * (length - 1) // 2
    if pairs > LISTED:
        counted = kendall_score.kendall(rows - value * times)
        return (counted.pairs + counted.score) / 2.0, (counted.pairs - counted.score) / 2.0
    above, below = np.empty(len(rows)), np.empty(len(rows))
    step = max(LISTED // max(pairs, 1), 1)
    for begin in range(0, len(rows), step):
        part = slice(begin, begin + step)
        slopes = _slopes(rows[part], times)
        above[part], below[part] = (slopes > value).sum(axis=1), (slopes < value).sum(axis=1)
    return above, below


def _short_series(rows: FloatArray, times: FloatArray, places: IntArray) -> FloatArray:
    slopes = _slopes(rows, times)
    known = (~np.isnan(slopes)).sum(axis=1)
    return _picked(slopes, places, known)


def _picked(slopes: FloatArray, places: IntArray, known: IntArray) -> FloatArray:
    """Entries at the places of each row in order; nan comes last, so it is never reached."""
    inside = (places >= 0) & (places < known[:, None])
    end = np.where(places < 0, -np.inf, np.inf)
    if not inside.any():
        return end
    wanted = np.unique(places[inside])
    if len(wanted) <= _FEW:
        ordered = np.partition(slopes, wanted, axis=1)
    else:
        ordered = np.sort(slopes, axis=1)
    found = np.take_along_axis(ordered, np.where(inside, places, 0), axis=1)
    return np.where(inside, found, end)


def _long_series(values: FloatArray, times: FloatArray, places: IntArray) -> list[float]:
    here = ~np.isnan(values)
    if here.sum() < 2:
        return [-np.inf if k < 0 else np.inf for k in places]
    series = _Series(values[here], times[here])
    return [series.slope(int(k)) for k in places]


class _Series:
    """Slopes of one long series, counted and never listed."""

    def __init__(self, values: FloatArray, times: FloatArray) -> None:
        # centred, so that rounding of value - b * time is small
        self.values = values - np.median(values)
        self.times = times - np.median(times)
        n = len(values)
        self.pairs = n * (n - 1) // 2
        self.few = max(_FEW, n // 4)  # pairs that cross are then next to one another, nearly all
        self.counts: dict[float, int] = {}
        # a start only: the answer does not depend on which pairs are looked at
        rng = np.random.default_rng(0)
        first, second = rng.integers(0, n, (2, _SAMPLED))
        first, second = first[first != second], second[first != second]
        self.sample = np.sort((values[second] - values[first]) / (times[second] - times[first]))

    def slope(self, place: int) -> float:
        """The slope with `place` slopes before it in order."""
        if place < 0 or place >= self.pairs:
            return -np.inf if place < 0 else np.inf
        low, high, below, above = self._bracket(place)
        shared = False
        for step in range(_STEPS):
            held = above - below
            if held <= self.few:
                return self._among(low, high, below, place)
            inside = low + (high - low) * (place + 0.5 - below) / held
            if step % 3 == 2 or not low < inside < high:
                inside = 0.5 * (low + high)
            blur = self._blur(inside)
            if high - low <= 4.0 * blur:
                return self._near(inside, 2.0 * blur)
            # both ends close in: the count inside is off by the root of the slopes in between;
            # a value that very many slopes share is met from both of its sides
            reach = blur if shared else max(2.0 * (high - low) / np.sqrt(held), blur)
            for point in (inside - reach, inside + reach):
                count = self._below(point)
                if count <= place and point > low:
                    low, below = point, count
                elif count > place and point < high:
                    high, above = point, count
            shared = above - below > held / 4
        return self._near(0.5 * (low + high), high - low)

    def _bracket(self, place: int) -> tuple[float, float, int, int]:
        """Two values of b with their counts, the wanted slope between them."""
        sample, last = self.sample, len(self.sample) - 1
        span = sample[last] - sample[0] + 1.0
        middle = place / self.pairs * last
        reach = 4.0 * np.sqrt(last)
        self._below(sample[0] - span), self._below(sample[last] + span)
        likely = int(middle)
        if sample[likely] == sample[min(likely + 1, last)]:  # many slopes share this value
            blur = self._blur(sample[likely])
            self._below(float(sample[likely] - blur)), self._below(float(sample[likely] + blur))
        for side in (-1.0, 1.0):
            rank = middle + side * reach
            if 0 < rank < last:
                self._below(float(sample[int(rank)]))
        while True:
            under = [b for b, count in self.counts.items() if count <= place]
            over = [b for b, count in self.counts.items() if count > place]
            if under and over:
                low, high = max(under), min(over)
                return low, high, self.counts[low], self.counts[high]
            span *= 4.0
            self._below(sample[0] - span), self._below(sample[last] + span)

    def _residual(self, slope: float) -> FloatArray:
        rest: FloatArray = self.values - slope * self.times
        return rest

    def _below(self, slope: float) -> int:
        """How many slopes lie below a value; remembered, since places share their brackets."""
        if slope not in self.counts:
            counted = kendall_score.kendall(self._residual(slope)[None, :])
            self.counts[slope] = round(float(counted.pairs[0] - counted.score[0]) / 2.0)
        return self.counts[slope]

    def _blur(self, slope: float) -> float:
        """How far a slope can move by rounding of the residuals."""
        size = np.abs(self.values).max() + abs(slope) * np.abs(self.times).max()
        return float(_ROUNDING * size / np.diff(self.times).min())

    def _near(self, slope: float, reach: float) -> float:
        """A value that many slopes share, as it is computed from a pair where one was sampled."""
        near = self.sample[np.searchsorted(self.sample, slope - reach) :]
        return float(near[0]) if len(near) and near[0] <= slope + reach else slope

    def _among(self, low: float, high: float, below: int, place: int) -> float:
        """Pick among the few slopes of a bracket: pairs whose order changes across it."""
        order = np.argsort(self._residual(low), kind="stable")
        after = self._residual(high)[order]
        slopes: list[float] = []
        held = self.counts[high] - below
        for lag in range(1, len(order)):
            crossed = np.flatnonzero(after[lag:] < after[:-lag])
            first, second = order[crossed], order[crossed + lag]
            slopes += list(
                (self.values[second] - self.values[first])
                / (self.times[second] - self.times[first])
            )
            if len(slopes) >= held:
                break
        return float(np.sort(slopes)[place - below])
