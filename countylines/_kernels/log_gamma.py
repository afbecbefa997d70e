"""Mixtures of log-gamma laws, given by mean, standard deviation and (negative) skewness.

A log rate whose posterior is nearly that of one Poisson count has this form; with skewness near 0
it is the normal law. Parameters have shape (areas, components), weights (components,).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import digamma, gammainc, gammaincc, gammaln, polygamma

from countylines._kernels.method import FloatArray
from countylines._kernels.roots import increasing_root

NORMAL = -1e-4  # skewness from which on the law is as good as normal
STRONGEST = -1.9  # the skewness of no log-gamma law is below -2


class LogGamma(NamedTuple):
    """`place + scale log G`, with G gamma of shape `shape`."""

    shape: FloatArray
    scale: FloatArray
    place: FloatArray


def from_moments(mean: FloatArray, deviation: FloatArray, skewness: FloatArray) -> LogGamma:
    """The law with these moments; skewness is kept between -1.9 and -0.0001."""
    target = np.log(-np.clip(skewness, STRONGEST, NORMAL)).ravel()

    def residual(u: FloatArray, rows: NDArray[np.intp]) -> tuple[FloatArray, FloatArray]:
        shape = np.exp(u)
        one, two, three = (polygamma(i, shape) for i in (1, 2, 3))
        value = np.log(-two) - 1.5 * np.log(one) - target[rows]
        return -value, -shape * (three / two - 1.5 * two / one)

    start = -2.0 * target
    u = increasing_root(residual, np.full(target.shape, -8.0), np.full(target.shape, 20.0), start)
    shape = np.exp(u).reshape(mean.shape)
    scale = deviation / np.sqrt(polygamma(1, shape))
    return LogGamma(shape, scale, mean - scale * digamma(shape))


def exponential_moment(law: LogGamma, power: float) -> FloatArray:
    """Mean of exp(power times the variable)."""
    shape = law.shape
    value: FloatArray = np.exp(
        power * law.place + gammaln(shape + power * law.scale) - gammaln(shape)
    )
    return value


def quantile(law: LogGamma, weight: FloatArray, share: float, start: FloatArray) -> FloatArray:
    """The value with `share` of each mixture below it."""
    upper = share > 0.5
    part = gammaincc if upper else gammainc
    tail, sign = (1.0 - share, -1.0) if upper else (share, 1.0)

    def residual(u: FloatArray, rows: NDArray[np.intp]) -> tuple[FloatArray, FloatArray]:
        shape, scale = law.shape[rows], law.scale[rows]
        log_g = (u[:, None] - law.place[rows]) / scale
        g = np.exp(np.minimum(log_g, 700.0))
        mass = part(shape, g) @ weight
        density = (np.exp(shape * log_g - g - gammaln(shape)) / scale) @ weight
        with np.errstate(divide="ignore", invalid="ignore"):
            return sign * (np.log(mass) - np.log(tail)), density / mass

    return increasing_root(residual, start - 60.0, start + 60.0, start)
