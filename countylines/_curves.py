"""One curve over time: its values, quantiles and mean; results hold one for each group."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from countylines import _render
from countylines._kernels.method import FloatArray, critical_value
from countylines._kernels.product_limit import area
from countylines.results import OK, Verdict

SLACK = 1e-12  # so that rounding does not decide whether a step reaches a share


class Points(NamedTuple):
    """Values of a curve, with limits, the identified range and a verdict each."""

    estimate: FloatArray
    standard_error: FloatArray
    low: FloatArray
    high: FloatArray
    region_low: FloatArray
    region_high: FloatArray
    verdict: NDArray[np.object_]


class Curve(Protocol):
    """What a result asks of a curve."""

    def at(self, times: FloatArray) -> Points:
        """Values at times."""

    def quantile(self, shares: FloatArray) -> Points:
        """Times by which shares have ended."""

    def mean(self, limit: float | None) -> Points:
        """Mean time, up to `limit` if given."""


def points(
    estimate: FloatArray,
    standard_error: FloatArray,
    low: FloatArray,
    high: FloatArray,
    *,
    unknown: NDArray[np.bool_],
    verdict: Verdict,
    region: tuple[FloatArray, FloatArray] | None = None,
) -> Points:
    """Points that are nan, with the verdict, where they are `unknown`."""
    verdicts = np.empty(estimate.shape, dtype=object)
    verdicts[...] = OK
    verdicts[unknown] = verdict
    least, most = (estimate, estimate) if region is None else region
    return Points(
        np.where(unknown, np.nan, estimate),
        np.where(unknown, np.nan, standard_error),
        low,
        high,
        least,
        most,
        verdicts,
    )


@dataclass(frozen=True)
class StepCurve:
    """A curve that changes at observed times: survival (from 1 down) or a sum (from 0 up).

    `first_low` and `first_high` are limits between `start` and the first time.
    `reach` is the last time at which anything was under observation, `gap` the first at which
    nothing was although more came later; beyond either the curve is not determined. `emptied` says
    that it is 0 only because all of a risk set ended before more came. `after` and `at_start` are
    the numbers at risk just after each time and after the start. `most` is how high a curve
    that rises can be at such a time, time by time.
    """

    time: FloatArray
    value: FloatArray
    standard_error: FloatArray
    low: FloatArray
    high: FloatArray
    start: float
    reach: float
    level: float
    falls: bool = True
    first_low: float = 1.0
    first_high: float = 0.0
    gap: float = np.inf
    emptied: bool = False
    at_risk: FloatArray | None = None
    events: FloatArray | None = None
    most: FloatArray | None = None
    after: FloatArray | None = None
    at_start: float = 1.0

    def _last(self) -> float:
        return min(self.reach, self.gap)

    def _unknown_words(self) -> Verdict:
        why = "was watched beyond" if self.reach <= self.gap else "was under observation just after"
        text = f"Nothing {why} {_render.number(self._last())}."
        return Verdict(False, "not-identified", (text,))

    def at(self, times: FloatArray) -> Points:
        """Values at times."""
        place = np.searchsorted(self.time, np.minimum(times, self._last()), side="right") - 1
        before = 1.0 if self.falls else 0.0

        def pick(values: FloatArray, first: float) -> FloatArray:
            return np.where(place < 0, first, values[np.maximum(place, 0)])

        estimate, low, high = (pick(v, before) for v in (self.value, self.low, self.high))
        early = (place < 0) & (times > self.start)
        low = np.where(early & self.falls, self.first_low, low)
        high = np.where(early & (not self.falls), self.first_high, high)
        unknown = times > self._last()
        if self.falls:
            unknown &= estimate > 0.0
            region = np.where(unknown, 0.0, estimate), estimate
            low = np.where(unknown, 0.0, low)
        else:
            room = np.full(self.time.shape, np.inf) if self.most is None else self.most
            most = pick(room, 1.0 if self.most is not None else np.inf)
            region = estimate, np.where(unknown, most, estimate)
            high = np.where(unknown, most, high)
        return points(
            estimate,
            pick(self.standard_error, 0.0),
            low,
            high,
            unknown=unknown,
            verdict=self._unknown_words(),
            region=region,
        )

    def _first(self, values: FloatArray, shares: FloatArray) -> FloatArray:
        """First time at which a share has been reached; infinite where it never is."""
        known = self.time <= self._last()
        time, reached = self.time[known], values[known]
        if self.falls:
            place = np.searchsorted(-reached, -(1.0 - shares) - SLACK, side="left")
        else:
            place = np.searchsorted(np.maximum.accumulate(reached), shares - SLACK, side="left")
        return np.append(time, np.inf)[place]

    def quantile(self, shares: FloatArray) -> Points:
        """Times by which shares have ended, with limits where the limits of the curve cross."""
        estimate = self._first(self.value, shares)
        early, late = (self.low, self.high) if self.falls else (self.high, self.low)
        early = np.minimum.accumulate(early) if self.falls else early
        low, high = self._first(early, shares), self._first(late, shares)
        unknown = np.isinf(estimate)
        low = np.minimum(low, np.where(unknown, self._last(), estimate))
        end = self.at(np.array([self._last()])).estimate[0]
        reached = 1.0 - end if self.falls else end
        text = f"Only {_render.number(100 * reached)} % had ended by {_render.number(self._last())}"
        return points(
            estimate,
            np.full(shares.shape, np.nan),
            low,
            high,
            unknown=unknown,
            verdict=Verdict(False, "not-identified", (f"{text}, where watching ends.",)),
            region=(np.where(unknown, self._last(), estimate), estimate),
        )

    def _under(self, time: FloatArray, values: FloatArray, first: float, until: float) -> float:
        """Mean time up to `until` if survival were `values`."""
        nobody = np.zeros(time.size)
        inside = (time - self.start).clip(min=0.0)
        total, _ = area(time, values, self.start, until, nobody, nobody)
        return self.start + total - (1.0 - first) * float(min(inside[0], until - self.start))

    def mean(self, limit: float | None) -> Points:
        """Mean time up to `limit`; of all time only where the curve comes down to 0."""
        known = self.time <= self._last()
        time, value = self.time[known], self.value[known]
        ends = value[-1] == 0.0 and not self.emptied
        last = time[np.argmax(value == 0.0)] if self.emptied else self._last()
        finish = last if limit is None else limit
        unknown = not ends and (limit is None or limit > last)
        until = min(finish, last)
        nobody = np.zeros(time.size)
        events, at_risk = (
            nobody if part is None else part[known] for part in (self.events, self.at_risk)
        )
        total, variance = area(time, value, self.start, until, events, at_risk)
        variance = np.nan if self.events is None else variance
        spread = np.sqrt(variance) * critical_value(self.level, "two-sided")
        middle, most = self.start + total, np.inf if limit is None else limit
        low, high = max(middle - spread, self.start), min(middle + spread, most)
        if variance == 0.0:  # one life, or lives alike: that is no certainty
            variance = np.nan
            low = self._under(time, self.low[known], self.first_low, until)
            high = self._under(time, self.high[known], 1.0, until)
            rest = most - until
            high += rest * self.high[known][-1] if rest > 0.0 else 0.0
        share = _render.number(value[-1])
        text = (
            f"A share of {share} had not ended by {_render.number(last)}, where watching ends."
            if not self.emptied
            else f"All at risk at {_render.number(last)} ended there, before more were found."
        )
        verdict = Verdict(False, "not-identified", (text, "Pass limit= up to that time."))
        return points(
            np.array(middle),
            np.array(np.sqrt(variance)),
            np.array(np.nan if unknown else low),
            np.array(np.nan if unknown else high),
            unknown=np.array(unknown),
            verdict=verdict,
            region=(np.array(middle), np.array(most if unknown else middle)),
        )


def group_index(keys: list[Any], by: tuple[str, ...]) -> pd.Index:
    """Labels of groups."""
    if len(by) == 1:
        one: pd.Index = pd.Index(keys, name=by[0])
        return one
    return pd.MultiIndex.from_tuples(keys, names=list(by))


def crossed(groups: pd.Index, inner: list[pd.Index]) -> pd.MultiIndex:
    """Labels of groups with the labels of each."""
    outer = groups.repeat([len(index) for index in inner])
    levels = [outer.get_level_values(i) for i in range(outer.nlevels)]
    last = inner[0].append(inner[1:]) if len(inner) > 1 else inner[0]
    return pd.MultiIndex.from_arrays([*levels, last], names=[*outer.names, inner[0].name])


def stacked(parts: Mapping[Any, Any], by: tuple[str, ...]) -> Any:
    """Series (or tables, or single values) of groups in one, under the labels of the groups."""
    values = list(parts.values())
    if not by:
        return values[0]
    groups = group_index(list(parts), by)
    if isinstance(values[0], (pd.Series, pd.DataFrame)):
        together = pd.concat(values)
        together.index = crossed(groups, [value.index for value in values])
        return together
    column = np.empty(len(values), dtype=object)
    column[:] = values
    return pd.Series(column, index=groups).infer_objects()
