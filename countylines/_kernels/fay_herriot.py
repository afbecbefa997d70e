"""The area-level model of Fay and Herriot: direct estimates, covariates, a variance between areas.

y_i = z_i'b + u_i + error_i, with u_i of variance A and errors of known variance d_i. One problem at
a time: `y` and `d` of shape (areas,), `z` of shape (areas, covariates), of full rank.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from countylines._kernels.method import FloatArray
from countylines._kernels.roots import increasing_root

GRID = np.concatenate([[0.0], np.geomspace(1e-7, 50.0, 120)])


class Fit(NamedTuple):
    """Estimates of the areas with their mean squared errors."""

    between: float
    coefficients: FloatArray
    covariance: FloatArray
    estimate: FloatArray
    mse: FloatArray
    weight: FloatArray
    synthetic: FloatArray


class _Pieces(NamedTuple):
    w: FloatArray
    coefficients: FloatArray
    covariance: FloatArray
    squares: FloatArray
    leverage: FloatArray


def _pieces(y: FloatArray, d: FloatArray, z: FloatArray, between: float) -> _Pieces:
    """Weights, weighted least squares, squared residuals, and z'(Z'WZ)^-1 z."""
    w = 1.0 / (between + d)
    covariance = np.asarray(np.linalg.inv((z * w[:, None]).T @ z), dtype=np.float64)
    coefficients = covariance @ (z.T @ (w * y))
    leverage = np.einsum("ij,jk,ik->i", z, covariance, z)
    return _Pieces(w, coefficients, covariance, (y - z @ coefficients) ** 2, leverage)


def _restricted(
    y: FloatArray, d: FloatArray, z: FloatArray, between: float
) -> tuple[float, float, float]:
    """Restricted log-likelihood up to a constant, its derivative, and the expected information."""
    p = _pieces(y, d, z, between)
    value = 0.5 * np.log(p.w).sum() - 0.5 * (p.w * p.squares).sum()
    value += 0.5 * np.linalg.slogdet(p.covariance)[1]
    # trace of the projection P = W - W Z (Z'WZ)^-1 Z'W, and of its square
    trace = p.w.sum() - (p.w**2 * p.leverage).sum()
    inner = p.covariance @ ((z * (p.w**2)[:, None]).T @ z)
    cube = p.covariance @ ((z * (p.w**3)[:, None]).T @ z)
    square = (p.w**2).sum() - 2.0 * np.trace(cube) + np.trace(inner @ inner)
    return value, 0.5 * ((p.w**2 * p.squares).sum() - trace), 0.5 * square


def _likelihood(
    y: FloatArray, d: FloatArray, z: FloatArray, between: float
) -> tuple[float, float, float]:
    p = _pieces(y, d, z, between)
    value = 0.5 * np.log(p.w).sum() - 0.5 * (p.w * p.squares).sum()
    return value, 0.5 * ((p.w**2 * p.squares).sum() - p.w.sum()), 0.5 * (p.w**2).sum()


def _scale(y: FloatArray, z: FloatArray) -> float:
    """Plain residual variance."""
    residual = y - z @ np.linalg.lstsq(z, y, rcond=None)[0]
    return float((residual**2).sum() / (y.size - z.shape[1]))


def _highest(
    criterion: Callable[[float], tuple[float, float, float]], unit: float, *, adjusted: bool
) -> float:
    """Where `criterion`, plus the log of the variance if `adjusted`, is at its highest."""
    if unit <= 0.0:
        return 0.0
    grid = GRID[1:] if adjusted else GRID
    values = np.array([criterion(g * unit)[0] for g in grid])
    values += np.log(grid) if adjusted else 0.0
    best = int(values.argmax())
    left, right = grid[max(best - 1, 0)], grid[min(best + 1, grid.size - 1)]

    def residual(x: FloatArray, rows: NDArray[np.intp]) -> tuple[FloatArray, FloatArray]:
        _, score, information = criterion(float(x[0]) * unit)
        if adjusted:
            score, information = score + 1.0 / (x[0] * unit), information + (x[0] * unit) ** -2
        scale = np.sqrt(information)
        return np.array([-score / scale]), np.array([scale * unit])

    ends = np.array([left]), np.array([right]), np.array([grid[best]])
    found = float(increasing_root(residual, *ends, settled=0.0)[0])
    return 0.0 if found <= GRID[1] * 1e-9 else found * unit


def reml(y: FloatArray, d: FloatArray, z: FloatArray) -> float:
    """Restricted maximum likelihood."""
    return _highest(lambda t: _restricted(y, d, z, t), _scale(y, z), adjusted=False)


def maximum_likelihood(y: FloatArray, d: FloatArray, z: FloatArray) -> float:
    """Maximum likelihood."""
    return _highest(lambda t: _likelihood(y, d, z, t), _scale(y, z), adjusted=False)


def adjusted_reml(y: FloatArray, d: FloatArray, z: FloatArray) -> float:
    """Restricted likelihood times the variance, after Li and Lahiri: never 0."""
    return _highest(lambda t: _restricted(y, d, z, t), _scale(y, z), adjusted=True)


def fay_herriot_moments(y: FloatArray, d: FloatArray, z: FloatArray) -> float:
    """The weighted residual squares equal their degrees of freedom."""
    df = float(y.size - z.shape[1])
    start = _pieces(y, d, z, 0.0)
    if (start.w * start.squares).sum() <= df:
        return 0.0
    unit = _scale(y, z)

    def residual(x: FloatArray, rows: NDArray[np.intp]) -> tuple[FloatArray, FloatArray]:
        p = _pieces(y, d, z, float(x[0]) * unit)
        slope = (p.w**2 * p.squares).sum() * unit / df
        return np.array([1.0 - (p.w * p.squares).sum() / df]), np.array([slope])

    ends = np.zeros(1), np.array([1.0 + 1e-12]), np.array([0.5])
    return float(increasing_root(residual, *ends)[0] * unit)


@dataclass(frozen=True)
class Variance:
    """An estimate of A, its large-sample variance, and its bias, given weights at A."""

    estimate: Callable[[FloatArray, FloatArray, FloatArray], float]
    variance: Callable[[FloatArray], float]
    bias: Callable[[FloatArray, FloatArray], float]


def _information(w: FloatArray) -> float:
    return float(2.0 / (w**2).sum())


def _moment_variance(w: FloatArray) -> float:
    return float(2.0 * w.size / w.sum() ** 2)


def _moment_bias(w: FloatArray, leverage: FloatArray) -> float:
    total, square = w.sum(), (w**2).sum()
    return float(2.0 * (w.size * square - total**2) / total**3)


def _likelihood_bias(w: FloatArray, leverage: FloatArray) -> float:
    return float(-(w**2 * leverage).sum() / (w**2).sum())


def _none(w: FloatArray, leverage: FloatArray) -> float:
    return 0.0


METHODS: dict[str, Variance] = {
    "reml": Variance(reml, _information, _none),
    "ml": Variance(maximum_likelihood, _information, _likelihood_bias),
    "fay-herriot": Variance(fay_herriot_moments, _moment_variance, _moment_bias),
}


def fit(y: FloatArray, d: FloatArray, z: FloatArray, method: str) -> tuple[Fit, bool]:
    """Estimates and mean squared errors, and whether the variance had to be lifted from 0.

    With an estimated variance of 0 all areas would get their synthetic value without an error to
    speak of: that of Li and Lahiri, which is above 0, is taken then.
    """
    chosen = METHODS[method]
    between = chosen.estimate(y, d, z)
    lifted = between <= 0.0
    if lifted:
        between = adjusted_reml(y, d, z)
    p = _pieces(y, d, z, between)
    weight = between * p.w
    synthetic = z @ p.coefficients
    known = weight * d
    fixed = (1.0 - weight) ** 2 * p.leverage
    spread = d**2 * p.w**3 * (_information(p.w) if lifted else chosen.variance(p.w))
    bias = 0.0 if lifted else chosen.bias(p.w, p.leverage)
    mse = known + fixed + 2.0 * spread - bias * (1.0 - weight) ** 2
    estimate = synthetic + weight * (y - synthetic)
    return Fit(between, p.coefficients, p.covariance, estimate, mse, weight, synthetic), lifted
