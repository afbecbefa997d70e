"""Expected stock where openings change over time: openings put through the survival of lives."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy.integrate import quad_vec

FloatArray = NDArray[np.float64]
Survival = Callable[[FloatArray], FloatArray]


def mean_survival(survival: Survival, periods: int, step: float) -> FloatArray:
    """Share still open at the end of each later period, of what opened evenly over a first one.

    Item `k` is the mean of ``survival(u)`` over ``k * step <= u <= (k + 1) * step``.
    """
    starts = np.arange(periods, dtype=np.float64) * step

    def within(part: float, /) -> FloatArray:
        return survival(starts + part * step)

    value, _ = quad_vec(within, 0.0, 1.0, epsabs=1e-12, epsrel=1e-11)
    return np.asarray(value, dtype=np.float64)


def tabled_mean_survival(survival: FloatArray) -> FloatArray:
    """The same from survival at 0, one step, two steps and so on, straight in between."""
    return 0.5 * (survival[1:] + survival[:-1])


def stock(openings: FloatArray, share_open: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Mean and variance of the stock at the end of each period, given how many opened in each."""
    n = openings.size
    mean = np.convolve(openings, share_open)[:n]
    return mean, np.convolve(openings, share_open * (1.0 - share_open))[:n]
