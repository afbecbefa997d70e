"""A quantity known only to lie between two ends."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray

from countylines import _frames, _kinds, _validate
from countylines._typing import ArrayLike
from countylines.errors import InputError, InputTypeError, LabelMismatchError


@dataclass(frozen=True, eq=False, repr=False)
class Band:
    """A number, or an array of numbers, of which only the two ends are known.

    Agencies publish "fewer than 5", "about 1,500 to 2,000", "at least 10". A band keeps both ends,
    so that what is computed from it is a range and not a point made up in between. It is not a
    confidence interval: it says nothing of what is likely within it. A list or a tuple is always an
    array; only a band is a band.

    Parameters
    ----------
    low, high : array_like, shape (...)
        Both ends, each of them possible: numbers of at least 0 with ``low <= high``. Whether 0 is
        possible is said by `low`, never assumed. `high` may be infinite, for "at least". Two arrays
        have the same shape and labels; a single number goes with an array of any shape.

    Attributes
    ----------
    low, high : float, ndarray, Series, DataFrame or DataArray
        The ends, of the kind given, read-only.

    Raises
    ------
    InputError
        If an end is negative or missing, or `low` exceeds `high`.
    LabelMismatchError
        If two labelled ends do not have the same labels in the same order.

    See Also
    --------
    CaptureHistories : a table of counts, of which any may be a band.

    Notes
    -----
    Two bands are equal if both ends are. The functions that accept a band say so; elsewhere a band
    is refused rather than replaced by its middle.

    Examples
    --------
    A count printed as "fewer than 5" that may also be none:

    >>> cl.Band(0, 4)
    Band(0, 4)

    If the agency suppresses only what is not zero, the band is narrower, and says so:

    >>> cl.Band(1, 4) == cl.Band(0, 4)
    False

    Either way the count is somewhere between the ends, and no number between them is better than
    another.
    """

    low: Any
    high: Any

    def __init__(self, low: ArrayLike, high: ArrayLike) -> None:
        ends = _kinds.accept("low", low), _kinds.accept("high", high)
        _check_labels(*ends)
        if not any(_frames.is_lazy(end) for end in ends):
            _check_values(*ends)
        object.__setattr__(self, "low", _frames.read_only(ends[0]))
        object.__setattr__(self, "high", _frames.read_only(ends[1]))

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Band):
            return NotImplemented
        return _same(self.low, other.low) and _same(self.high, other.high)

    def __hash__(self) -> int:
        ends = [np.asarray(end, dtype=np.float64) for end in (self.low, self.high)]
        return hash(tuple((end.shape, end.tobytes()) for end in ends))

    def __repr__(self) -> str:
        return f"Band({_shown(self.low)}, {_shown(self.high)})"


def _check_labels(low: Any, high: Any) -> None:
    kinds = {_kinds.kind_of(low), _kinds.kind_of(high)} - {"scalar"}
    if not kinds:
        return
    if len(kinds) > 1:
        raise InputTypeError(
            _validate.sentence(
                "high",
                "of the same kind as `low`, or a single number",
                f"{type(low).__name__} and {type(high).__name__}",
            )
        )
    if "scalar" in (_kinds.kind_of(low), _kinds.kind_of(high)):
        return
    if low.shape != high.shape:
        raise InputError(
            _validate.sentence(
                "high", "of the same shape as `low`", f"{low.shape} and {high.shape}"
            )
        )
    if not _same_labels(low, high):
        raise LabelMismatchError(
            _validate.sentence(
                "high",
                "labelled like `low`",
                "other labels or another order",
                remedy="Reindex one of them like the other.",
            )
        )


def _same_labels(low: Any, high: Any) -> bool:
    if isinstance(low, pd.Series):
        return bool(low.index.equals(high.index))
    if isinstance(low, pd.DataFrame):
        return bool(low.index.equals(high.index) and low.columns.equals(high.columns))
    if isinstance(low, xr.DataArray):
        return low.dims == high.dims and all(
            name in high.indexes and index.equals(high.indexes[name])
            for name, index in low.indexes.items()
        )
    return True


def _check_values(low: Any, high: Any) -> None:
    lows, highs = (np.asarray(end, dtype=np.float64) for end in (low, high))
    _check_end("low", "a finite number of at least 0", lows, ~np.isfinite(lows) | (lows < 0))
    _check_end("high", "a number of at least 0", highs, np.isnan(highs) | (highs < 0))
    _validate.not_above(
        "low", lows, "high", highs, remedy="A band is given from its lower to its upper end."
    )


def _check_end(name: str, rule: str, values: NDArray[np.float64], bad: NDArray[np.bool_]) -> None:
    if bad.any():
        first = _validate.show(float(values[bad].flat[0]))
        raise InputError(_validate.sentence(name, rule, first, _validate.nowhere(bad)))


def _same(first: Any, second: Any) -> bool:
    if type(first) is not type(second):
        return False
    if isinstance(first, (pd.Series, pd.DataFrame, xr.DataArray)):
        return bool(first.equals(second))
    return bool(np.array_equal(first, second))


def _shown(end: Any) -> str:
    if isinstance(end, float):
        return _validate.show(end)
    shape = " x ".join(str(n) for n in end.shape)
    return f"<{type(end).__name__} of {shape} numbers>"
