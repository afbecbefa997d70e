"""Limits and p-values of a difference as if it were normal with an estimated standard error."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import ndtr

from countylines._kernels.method import FloatArray, Method, critical_value
from countylines._kernels.score_difference import Flags, combined


def by_normal(
    parts: Callable[..., tuple[FloatArray, FloatArray]],
    range_: tuple[float, float],
    usable: Callable[..., Flags],
) -> Method:
    """The method that rests on ``parts(*data)``, a middle and its standard error."""

    def limits(*data: FloatArray, level: float, alternative: str) -> tuple[FloatArray, FloatArray]:
        z = critical_value(level, alternative)
        known = usable(*data)
        low, high = (np.full(data[0].shape, end) for end in range_)
        middle, error = parts(*(column[known] for column in data))
        if alternative != "less":
            low[known] = np.clip(middle - z * error, *range_)
        if alternative != "greater":
            high[known] = np.clip(middle + z * error, *range_)
        return low, high

    def pvalue(*data: FloatArray, null: ArrayLike, alternative: str) -> FloatArray:
        value = np.broadcast_to(np.asarray(null, dtype=np.float64), data[0].shape)
        result = np.ones(value.shape)
        known = usable(*data)
        middle, error = parts(*(column[known] for column in data))
        distance = middle - value[known]
        with np.errstate(divide="ignore", invalid="ignore"):
            z = np.where(distance == 0.0, 0.0, distance / error)
        result[known] = combined(ndtr(-z), ndtr(z), alternative)
        return result

    return Method(limits, pvalue, asymptotic=True)
