"""Which whole numbers agree with a printed percentage change: exact integer arithmetic throughout.

A change of `printed` units of the last decimal, printed with `decimals` decimals, says that
``after / before`` lies between two fractions with a common denominator. Each end belongs to the set
or not, by the rounding rule. Nothing here passes through a floating-point number.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

IntArray = NDArray[Any]

_LARGEST = 2**62


@dataclass(frozen=True)
class RatioBounds:
    """``low / denominator`` to ``high / denominator``, each end in the set or not."""

    low: int
    high: int
    denominator: int
    low_closed: bool
    high_closed: bool


def _nearest(printed: int) -> tuple[int, int, bool, bool]:
    """Halves away from zero."""
    return 2 * printed - 1, 2 * printed + 1, printed > 0, printed < 0


def _truncate(printed: int) -> tuple[int, int, bool, bool]:
    """Toward zero."""
    if printed == 0:
        return -2, 2, False, False
    if printed > 0:
        return 2 * printed, 2 * printed + 2, True, False
    return 2 * printed - 2, 2 * printed, False, True


def _floor(printed: int) -> tuple[int, int, bool, bool]:
    """Toward minus infinity."""
    return 2 * printed, 2 * printed + 2, True, False


# Each rule gives the ends of what may have been rounded, in half units of the last decimal.
RULES = {"nearest": _nearest, "truncate": _truncate, "floor": _floor}


def ratio_bounds(printed: int, decimals: int, rounding: str) -> RatioBounds:
    """Bounds of ``after / before`` for a printed percentage change."""
    low, high, low_closed, high_closed = RULES[rounding](printed)
    hundred = 200 * 10**decimals
    return RatioBounds(hundred + low, hundred + high, hundred, low_closed, high_closed)


def after_range(before: IntArray, bounds: RatioBounds) -> tuple[IntArray, IntArray]:
    """Smallest and largest whole `after` for each `before` of at least 1; empty if low > high."""
    wide = before.size and int(before.max()) * max(abs(bounds.low), bounds.high) >= _LARGEST
    exact = before.astype(object) if wide else before
    low = -((-exact * bounds.low) // bounds.denominator)
    if not bounds.low_closed:
        low = exact * bounds.low // bounds.denominator + 1
    high = exact * bounds.high // bounds.denominator
    if not bounds.high_closed:
        high = -((-exact * bounds.high) // bounds.denominator) - 1
    low, high = np.clip(low, 0, _LARGEST), np.minimum(high, _LARGEST)
    return low.astype(np.int64), high.astype(np.int64)


def compatible_bases(bounds: RatioBounds, up_to: int) -> tuple[IntArray, IntArray, IntArray]:
    """Every base from 1 to `up_to` with a whole number after it, and the range of that number."""
    before = np.arange(1, up_to + 1, dtype=np.int64)
    low, high = after_range(before, bounds)
    kept = low <= high
    return before[kept], low[kept], high[kept]
