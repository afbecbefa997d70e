"""MOVER-R: limits of a ratio from the limits of its two parts (Donner & Zou 2012)."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
OneSided = Callable[[FloatArray], FloatArray]

SMALLEST_TAIL = 1e-300
BISECTIONS = 70


def ratio_low(
    top: FloatArray, top_low: FloatArray, bottom: FloatArray, bottom_high: FloatArray
) -> FloatArray:
    """Lower limit of top / bottom: the smaller root, in the form that never cancels."""
    a = bottom_high * (2 * bottom - bottom_high)
    b = top * bottom
    c = top_low * (2 * top - top_low)
    with np.errstate(invalid="ignore", divide="ignore"):
        root = c / (b + np.sqrt(np.maximum(b**2 - a * c, 0.0)))
    return np.where(c == 0, 0.0, root)


def ratio_high(
    top: FloatArray, top_high: FloatArray, bottom: FloatArray, bottom_low: FloatArray
) -> FloatArray:
    """Upper limit of top / bottom; infinite where the bottom may be 0."""
    a = bottom_low * (2 * bottom - bottom_low)
    b = top * bottom
    c = top_high * (2 * top - top_high)
    with np.errstate(invalid="ignore", divide="ignore"):
        root = (b + np.sqrt(np.maximum(b**2 - a * c, 0.0))) / a
    return np.where(bottom_low > 0, root, np.inf)


def ratio_pvalue(
    low_at: OneSided, high_at: OneSided, null: FloatArray, alternative: str
) -> FloatArray:
    """P-value of the null ratio: the tail area at which a one-sided limit reaches it.

    `low_at(tail)` and `high_at(tail)` are the one-sided limits for an array of tail areas up to
    one half. A limit that is nan there makes the p-value nan.
    """
    half = np.full(null.shape, 0.5)
    undefined = np.isnan(low_at(half)) | np.isnan(high_at(half)) | np.isnan(null)
    greater = _tail(lambda tail: low_at(tail) <= null, null.shape)
    less = _tail(lambda tail: high_at(tail) >= null, null.shape)
    if alternative == "greater":
        p = np.where(greater < 0.5, greater, 1.0 - less)
    elif alternative == "less":
        p = np.where(less < 0.5, less, 1.0 - greater)
    else:
        p = np.minimum(1.0, 2.0 * np.minimum(greater, less))
    return np.where(undefined, np.nan, p)


def _tail(covers: Callable[[FloatArray], NDArray[np.bool_]], shape: tuple[int, ...]) -> FloatArray:
    """Largest tail area, up to one half, at which the one-sided interval still covers the null."""
    small = np.full(shape, np.log(SMALLEST_TAIL))
    large = np.full(shape, np.log(0.5))
    always = covers(np.exp(large))
    for _ in range(BISECTIONS):
        middle = 0.5 * (small + large)
        inside = covers(np.exp(middle))
        small = np.where(inside, middle, small)
        large = np.where(inside, large, middle)
    return np.where(always, 0.5, np.exp(0.5 * (small + large)))
