"""The shape of an entry in a METHODS table."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

FloatArray = NDArray[np.float64]
Level = TypeVar("Level", float, FloatArray)


@dataclass(frozen=True)
class Method:
    """One way to put limits round an estimate, with the p-value of the same inversion.

    `limits(*data, level, alternative)` returns ``(low, high)``; with ``alternative="greater"`` the
    high end is the end of the range, with ``"less"`` the low end is.
    `pvalue(*data, null, alternative)` is the p-value for which the limits are the boundary: `null`
    lies outside the limits at ``level`` exactly when the p-value is below ``1 - level``. Some
    methods also take an array of levels, but only a number holds for all.
    """

    limits: Callable[..., tuple[FloatArray, FloatArray]]
    pvalue: Callable[..., FloatArray]
    interval_kind: str = "confidence"
    asymptotic: bool = False


def tail_area(level: Level, alternative: str) -> Level:
    """Probability left outside one limit."""
    return (1.0 - level) / 2.0 if alternative == "two-sided" else 1.0 - level


def critical_value(level: Level, alternative: str) -> Level:
    """Standard normal quantile that belongs to the tail area."""
    z: Level = -ndtri(tail_area(level, alternative))
    return z
