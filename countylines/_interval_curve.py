"""Survival known only at the ends of intervals: within them it falls by an unknown path."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from countylines import _render
from countylines._curves import SLACK, Points, points
from countylines._kernels.method import FloatArray
from countylines.results import Verdict


@dataclass(frozen=True)
class IntervalCurve:
    """Mass in cells (left, right], or at a time where both ends are the same.

    `after` is survival after each cell; `low` and `high` are its limits, from 1 before the first
    cell on. `replicates` are rows of survival after each cell of resampled data. From
    `emptied` on the curve is 0 only because all of a risk set may have ended before more came.
    """

    left: FloatArray
    right: FloatArray
    after: FloatArray
    low: FloatArray
    high: FloatArray
    tail: float
    replicates: FloatArray
    emptied: float = np.inf

    def _steps(self) -> FloatArray:
        return np.append(1.0, self.after)

    def at(self, times: FloatArray) -> Points:
        """Values at times; within a cell with mass, a range."""
        passed = np.searchsorted(self.right, times, side="right")
        begun = np.maximum(np.searchsorted(self.left, times, side="left"), passed)
        steps = self._steps()
        most, least = steps[passed], steps[begun]
        nan = np.full(times.shape, np.nan)
        text = "The data do not say how survival falls within the interval that holds this time."
        return points(
            most,
            nan,
            self.low[begun],
            self.high[passed],
            unknown=most - least > SLACK,
            verdict=Verdict(False, "not-identified", (text,)),
            region=(least, most),
        )

    def _cell(self, steps: FloatArray, shares: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Ends of the cell in which shares are reached; infinite where they never are."""
        place = np.searchsorted(-np.minimum.accumulate(steps[1:]), -(1.0 - shares) - SLACK)
        return np.append(self.left, np.inf)[place], np.append(self.right, np.inf)[place]

    def quantile(self, shares: FloatArray) -> Points:
        """Times by which shares have ended: the interval that holds them."""
        least, most = self._cell(self._steps(), shares)
        low, _ = self._cell(self.low, shares)
        _, high = self._cell(self.high, shares)
        missing = np.isnan(self.low[-1])
        unknown = least != most
        found = points(
            most,
            np.full(shares.shape, np.nan),
            np.where(missing, np.nan, low),
            np.where(missing, np.nan, high),
            unknown=unknown,
            verdict=Verdict(False, "not-identified"),
            region=(least, most),
        )
        for i in np.flatnonzero(unknown):
            ends = f"{_render.number(least[i])} and {_render.number(most[i])}"
            text = f"The share is reached somewhere between {ends}."
            found.verdict[i] = Verdict(False, "not-identified", (text,))
        return found

    def mean(self, limit: float | None) -> Points:
        """Mean time up to `limit`: a range, from mass at the left ends to mass at the right."""
        top = np.inf if limit is None else limit
        least, most = self._means(self.after[None, :], top)
        low, high = np.nan, np.nan
        if self.replicates.size:
            early, late = self._means(self.replicates, top)
            low = float(np.quantile(early, self.tail))
            high = float(np.quantile(late, 1.0 - self.tail, method="higher"))
        if top > self.emptied:
            return self._unreached(least, top)
        unknown = np.array(most[0] - least[0] > SLACK * max(least[0], 1.0) or np.isinf(most[0]))
        text = (
            "Within its interval the time of an end is unknown, and so is the mean but for a range."
        )
        return points(
            np.array(most[0]),
            np.array(np.nan),
            np.array(low),
            np.array(high),
            unknown=unknown,
            verdict=Verdict(False, "not-identified", (text,)),
            region=(np.array(least[0]), np.array(most[0])),
        )

    def _unreached(self, least: FloatArray, top: float) -> Points:
        """A mean beyond the time at which a risk set may have emptied: at least what was seen."""
        nan = np.array(np.nan)
        when = _render.number(self.emptied)
        text = f"All at risk at {when} may have ended there, before more were found."
        verdict = Verdict(False, "not-identified", (text, "Pass limit= up to that time."))
        region = (np.array(least[0]), np.array(top))
        return points(nan, nan, nan, nan, unknown=np.array(True), verdict=verdict, region=region)

    def _means(self, after: FloatArray, top: float) -> tuple[FloatArray, FloatArray]:
        before = np.column_stack([np.ones(len(after)), after[:, :-1]])
        mass = before - after
        with np.errstate(invalid="ignore"):
            rest = np.where(after[:, -1] > SLACK, after[:, -1] * top, 0.0)
            early = np.where(mass > 0.0, mass * np.minimum(self.left, top), 0.0).sum(axis=1)
            late = np.where(mass > SLACK, mass * np.minimum(self.right, top), 0.0).sum(axis=1)
        return early + rest, late + rest
