"""What a fit of one group hands over, and how the groups become one result."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import pandas as pd

from countylines._curves import Curve, stacked
from countylines._kernels.method import FloatArray
from countylines.errors import CountyLinesWarning, warn
from countylines.results import OK, Note, Verdict


class Fact(NamedTuple):
    """What the reader of one group must know; with a category it is a warning as well."""

    code: str
    text: str
    category: type[CountyLinesWarning] | None = None


@dataclass(frozen=True)
class Fit:
    """One group: its curve, the curve at the times that are shown, and what belongs to it."""

    curve: Curve
    time: FloatArray
    estimate: FloatArray
    standard_error: FloatArray
    low: FloatArray
    high: FloatArray
    n: int
    start: float = 0.0
    at_risk: FloatArray | None = None
    events: FloatArray | None = None
    cumulative_hazard: FloatArray | None = None
    verdict: Verdict = OK
    facts: tuple[Fact, ...] = ()
    intervals: pd.DataFrame | None = None
    params: pd.Series[Any] | None = None
    covariance: pd.DataFrame | None = None
    log_likelihood: float | None = None
    aic: float | None = None
    bic: float | None = None


_BY_TIME = (
    "estimate",
    "standard_error",
    "low",
    "high",
    "at_risk",
    "events",
    "cumulative_hazard",
)
_WHOLE = ("intervals", "params", "covariance", "log_likelihood", "aic", "bic")


def assembled(
    fits: Mapping[Any, Fit],
    by: tuple[str, ...],
    *,
    whole: tuple[str, ...] = _WHOLE,
    about: Callable[[Any], Any] = lambda key: key,
) -> dict[str, Any]:
    """Fields of a result from the fits of its groups; warnings are given once a code.

    `about` gives the part of a key that facts are about.
    """
    fields: dict[str, Any] = {"by": by, "_curves": {key: fit.curve for key, fit in fits.items()}}
    for name in _BY_TIME:
        parts = {key: getattr(fit, name) for key, fit in fits.items()}
        if any(part is None for part in parts.values()):
            continue
        series = {
            key: pd.Series(part, index=pd.Index(fits[key].time, name="time"))
            for key, part in parts.items()
        }
        fields[name] = stacked(series, by)
    for name in ("n", "start", "verdict", *whole):
        parts = {key: getattr(fit, name) for key, fit in fits.items()}
        if all(part is not None for part in parts.values()):
            fields[name] = stacked(parts, by)
    fields["notes"] = _notes(fits, about)
    return fields


def _notes(fits: Mapping[Any, Fit], about: Callable[[Any], Any]) -> tuple[Note, ...]:
    """One note for each fact, and one warning for each code, with the groups it is about."""
    notes: list[Note] = []
    told: set[str] = set()
    for full, fit in fits.items():
        key = about(full)
        for code, text, category in fit.facts:
            words = text if key is None else f"{_label(key)}: {text}"
            note = Note(code, words)
            if note in notes:
                continue
            notes.append(note)
            if category is not None and code not in told:
                told.add(code)
                warn(words, category)
    return tuple(notes)


def _label(key: Any) -> str:
    return ", ".join(map(str, key)) if isinstance(key, tuple) else str(key)
