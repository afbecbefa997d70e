"""Mixtures of gamma or beta laws: moments and quantiles.

Parameters have shape (areas, components) and weights shape (components,). Quantiles are found on
the log scale (gamma) or the logit scale (beta), from whichever tail is the smaller.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import betainc, betaincc, betaln, expit, gammainc, gammaincc, gammaln, logit

from countylines._kernels.method import FloatArray
from countylines._kernels.roots import increasing_root


@dataclass(frozen=True)
class Law:
    """A law with two parameters, seen on a scale `u` without ends."""

    below: Callable[[FloatArray, FloatArray, FloatArray], FloatArray]
    above: Callable[[FloatArray, FloatArray, FloatArray], FloatArray]
    density: Callable[[FloatArray, FloatArray, FloatArray], FloatArray]
    mean: Callable[[FloatArray, FloatArray], FloatArray]
    variance: Callable[[FloatArray, FloatArray], FloatArray]
    scale: Callable[[FloatArray], FloatArray]
    value: Callable[[FloatArray], FloatArray]


def _gamma_below(u: FloatArray, shape: FloatArray, rate: FloatArray) -> FloatArray:
    value: FloatArray = gammainc(shape, rate * np.exp(u))
    return value


def _gamma_above(u: FloatArray, shape: FloatArray, rate: FloatArray) -> FloatArray:
    value: FloatArray = gammaincc(shape, rate * np.exp(u))
    return value


def _gamma_density(u: FloatArray, shape: FloatArray, rate: FloatArray) -> FloatArray:
    scaled = u + np.log(rate)
    return np.exp(shape * scaled - np.exp(scaled) - gammaln(shape))


def _gamma_mean(shape: FloatArray, rate: FloatArray) -> FloatArray:
    return shape / rate


def _gamma_variance(shape: FloatArray, rate: FloatArray) -> FloatArray:
    return shape / rate**2


def _beta_below(u: FloatArray, a: FloatArray, b: FloatArray) -> FloatArray:
    return np.asarray(betainc(a, b, expit(u)), dtype=np.float64)


def _beta_above(u: FloatArray, a: FloatArray, b: FloatArray) -> FloatArray:
    return np.asarray(betaincc(a, b, expit(u)), dtype=np.float64)


def _beta_density(u: FloatArray, a: FloatArray, b: FloatArray) -> FloatArray:
    value: FloatArray = np.exp(-a * np.logaddexp(0.0, -u) - b * np.logaddexp(0.0, u) - betaln(a, b))
    return value


def _beta_mean(a: FloatArray, b: FloatArray) -> FloatArray:
    return a / (a + b)


def _beta_variance(a: FloatArray, b: FloatArray) -> FloatArray:
    total = a + b
    return (a / total) * (b / total) / (total + 1.0)


GAMMA = Law(
    _gamma_below, _gamma_above, _gamma_density, _gamma_mean, _gamma_variance, np.log, np.exp
)
BETA = Law(_beta_below, _beta_above, _beta_density, _beta_mean, _beta_variance, logit, expit)


def moments(
    law: Law, one: FloatArray, other: FloatArray, weight: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Mean and variance of each mixture."""
    means = law.mean(one, other)
    centre = means @ weight
    value: FloatArray = (law.variance(one, other) + (means - centre[:, None]) ** 2) @ weight
    return centre, value


def quantile(
    law: Law, one: FloatArray, other: FloatArray, weight: FloatArray, share: float
) -> FloatArray:
    """The value with `share` of each mixture below it."""
    centre = law.scale(law.mean(one, other)) @ weight
    upper = share > 0.5
    tail = 1.0 - share if upper else share
    part = law.above if upper else law.below
    sign = -1.0 if upper else 1.0

    def residual(u: FloatArray, rows: NDArray[np.intp]) -> tuple[FloatArray, FloatArray]:
        at = u[:, None]
        mass = part(at, one[rows], other[rows]) @ weight
        density = law.density(at, one[rows], other[rows]) @ weight
        with np.errstate(divide="ignore", invalid="ignore"):
            return sign * (np.log(mass) - np.log(tail)), density / mass

    left, right = _bracket(law, one, other, weight, share, centre)
    return law.value(increasing_root(residual, left, right, centre))


def _bracket(
    law: Law,
    one: FloatArray,
    other: FloatArray,
    weight: FloatArray,
    share: float,
    centre: FloatArray,
) -> tuple[FloatArray, FloatArray]:
    """Ends between which the quantile lies, found by doubling."""
    ends = []
    for side in (-1.0, 1.0):
        step = np.ones(centre.size)
        while True:
            at = (centre + side * step)[:, None]
            inside = (
                law.below(at, one, other) @ weight > share
                if side < 0
                else law.above(at, one, other) @ weight > 1.0 - share
            )
            if not (inside & (step < 700.0)).any():
                break
            step = np.where(inside & (step < 700.0), 2.0 * step, step)
        ends.append(centre + side * step)
    return ends[0], ends[1]
