"""The tail area at which a MOVER limit reaches a value."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy.optimize import elementwise
from scipy.special import ndtr

from countylines._kernels.method import FloatArray

_MOST_ERRORS = 37.0  # the normal tail beyond is below 1e-299
_FARTHEST = 700.0


def tail_reaching(upper: Callable[..., FloatArray], *columns: FloatArray) -> FloatArray:
    """Tail area, up to one half, at which an upper limit reaches a goal.

    ``upper(*data, tail)`` is that limit, and `columns` are the data and the goal. The area is one
    half where the limit lies beyond the goal for any tail, as it can beside a zero count.
    """
    *data, goal = columns

    def gap(errors: FloatArray, /, *columns: FloatArray) -> FloatArray:
        """How far beyond the goal the limit is that leaves out the normal tail of `errors`."""
        *some, goal = columns
        return upper(*some, ndtr(-errors)) - goal

    errors = np.zeros(goal.shape)
    far = np.full(goal.shape, _MOST_ERRORS)
    within = gap(errors, *data, goal) < 0.0
    found = within & (gap(far, *data, goal) > 0.0)
    errors[within & ~found] = _MOST_ERRORS
    if found.any():
        errors[found] = elementwise.find_root(
            gap,
            (np.zeros(int(found.sum())), far[found]),
            args=tuple(column[found] for column in columns),
            tolerances={"xatol": 1e-13, "xrtol": 1e-13, "fatol": 0.0, "frtol": 0.0},
        ).x
    tail: FloatArray = ndtr(-errors)
    return tail


def mover_tail(upper: Callable[..., FloatArray], *columns: FloatArray) -> FloatArray:
    """The same for the upper limit of a ratio, and a goal that is the logarithm of a ratio."""

    def log_upper(*arguments: FloatArray) -> FloatArray:
        with np.errstate(divide="ignore", over="ignore"):
            reached = np.log(upper(*arguments))
        clipped: FloatArray = np.clip(reached, -_FARTHEST, _FARTHEST)
        return clipped

    return tail_reaching(log_upper, *columns)
