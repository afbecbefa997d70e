"""The result of shrinking: values put back among the labels of the areas."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from countylines._kernels import binomial, poisson
from countylines._rates import NO_DENOMINATOR
from countylines.prevalence import _areas, _shrinking
from countylines.prevalence._areas import Areas
from countylines.prevalence._pooling import RATE, Outcome
from countylines.prevalence._shrinking import Settings, Shrunken
from countylines.results import OK
from countylines.shrunken import ShrunkenEstimate

FloatArray = NDArray[np.float64]
FIELDS = ("estimate", "error", "low", "high", "weight", "towards")


def shrunken_estimate(
    outcome: Outcome,
    areas: Areas,
    shrink: Callable[[FloatArray, FloatArray], Shrunken],
    settings: Settings,
    *,
    per: float,
    method: str,
    interval: str,
    interval_kind: str,
    references: tuple[str, ...],
) -> ShrunkenEstimate:
    """Shrink every row that can be shrunk, and give back all areas."""
    x, n = areas.count, areas.size
    found = _shrinking.whole(areas, outcome)
    values = {name: np.full(x.shape, np.nan) for name in FIELDS}
    several = []
    for row, verdict in enumerate(found):
        if verdict is OK:
            part = shrink(x[row], n[row])
            several.append(part)
            for name in FIELDS:
                values[name][row] = getattr(part, name)
        else:
            _alone(outcome, x[row], n[row], settings, verdict, values, row)
    left_out = NO_DENOMINATOR if outcome is RATE else _areas.LEFT_OUT
    verdicts = np.repeat(found[:, None], x.shape[1], axis=1)
    scaled = {
        name: areas.by_area(values[name] * (1.0 if name == "weight" else per)) for name in FIELDS
    }
    own = areas.by_area(x / n * per)
    diagnostics = several[0].diagnostics if len(several) == 1 else None
    return ShrunkenEstimate(
        quantity=f"shrunken {outcome.name}",
        estimate=scaled["estimate"],
        standard_error=scaled["error"],
        low=scaled["low"],
        high=scaled["high"],
        method=method,
        level=settings.level,
        interval_kind=interval_kind,
        interval_method=interval,
        unit="" if per == 1.0 else f"per {per:,g}",
        n=areas.inputs.labelled("count" if outcome is RATE else "total"),
        verdict=areas.by_area(verdicts, left_out),
        notes=_shrinking.notes_of(outcome, areas, found, several),
        references=references,
        own=own,
        weight=scaled["weight"],
        towards=scaled["towards"],
        diagnostics=diagnostics,
    )


def _alone(
    outcome: Outcome,
    x: FloatArray,
    n: FloatArray,
    settings: Settings,
    verdict: Any,
    values: dict[str, FloatArray],
    row: int,
) -> None:
    """What is left where nothing can be shrunk: no number, or the end of the range."""
    values["low"][row] = 0.0
    values["high"][row] = np.inf if outcome is RATE else 1.0
    if verdict is not _shrinking.NO_EVENT:
        return
    methods = poisson.METHODS if outcome is RATE else binomial.METHODS
    values["estimate"][row] = x / n
    low, high = methods["mid-p"].limits(x, n, level=settings.level, alternative="two-sided")
    values["low"][row], values["high"][row] = low, high
