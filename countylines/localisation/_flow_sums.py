"""Sums over a table of flows that every index of it is made of."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from countylines import _validate
from countylines.errors import InputError
from countylines.localisation._flow_input import Parts
from countylines.results import Note

FloatArray = NDArray[np.float64]


class FlowSums:
    """What every index of a table of flows starts from."""

    __slots__ = ()
    _parts: Parts

    @property
    def _shape(self) -> tuple[int, int]:
        periods = self._parts.periods
        return 1 if periods is None else len(periods), len(self._parts.areas)

    def _dense(self) -> FloatArray:
        """Counts of shape (periods, origins, destinations)."""
        periods, size = self._shape
        values = np.zeros((periods, size, size))
        parts = self._parts
        values[parts.period, parts.origin, parts.destination] = parts.lines
        return values

    def _sums(self, of: str, by: str | None, include_internal: bool) -> FloatArray:
        """Lines by origin, destination or pair, of shape (periods or 1, places)."""
        parts, (periods, size) = self._parts, self._shape
        place, width = {
            "origin": (parts.origin, size),
            "destination": (parts.destination, size),
            "pair": (parts.origin * size + parts.destination, size * size),
        }[of]
        time = parts.period if by == "period" else np.zeros_like(parts.period)
        weight = parts.lines * (include_internal | (parts.origin != parts.destination))
        rows = periods if by == "period" else 1
        sums = np.bincount(time * width + place, weights=weight, minlength=rows * width)
        return np.asarray(sums, dtype=np.float64).reshape(rows, width)

    def _by(self, by: Any, allowed: tuple[Any, ...] = ("period",)) -> Any:
        if by is None:
            return None
        if isinstance(by, (list, tuple)):
            by = tuple(by)
        words = [option for option in allowed if option != "period" or self._has_periods]
        if by in words:
            return by
        got = f"{by!r}" + ("" if self._has_periods else ", of a table without periods")
        rule = "None" + "".join(f" or {word!r}" for word in words)
        raise InputError(_validate.sentence("by", rule, got))

    @property
    def _has_periods(self) -> bool:
        return self._parts.periods is not None

    def _notes(self) -> tuple[Note, ...]:
        lost = self._parts.left_out
        if not lost:
            return ()
        text = f"{lost:,} lines are left out: an end of theirs, or the period, is not known."
        return (Note("left-out", text),)

    def _periodic(self, values: FloatArray, by: Any) -> Any:
        """One value, or a Series over the periods."""
        if by is None:
            return float(values[0])
        return pd.Series(values, index=self._parts.periods)

    def _labelled(self, values: FloatArray, by: Any) -> Any:
        parts = self._parts
        whole = values.astype(np.int64)
        if by is None:
            return int(whole[0])
        if isinstance(by, tuple):
            return pd.DataFrame(whole, index=parts.periods, columns=parts.areas)
        if by == "period":
            return pd.Series(whole, index=parts.periods)
        return pd.Series(whole[0], index=parts.areas)
