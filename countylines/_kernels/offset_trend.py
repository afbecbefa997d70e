"""Log-linear and logistic trends with known offsets, and how the slope moves with each offset."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

FloatArray = NDArray[np.float64]

_MOST_STEPS = 100
_HALVINGS = 40
_SETTLED = 1e-12
_DISTANT = 30.0  # log odds, or log counts, from the level: no finite maximum


class Fit(NamedTuple):
    """A trend fitted to one series of periods."""

    coefficients: FloatArray  # (columns,)
    covariance: FloatArray  # (columns, columns), before dispersion
    gradient: FloatArray  # (columns, periods): derivative of each coefficient by each offset
    weights: FloatArray  # (periods,): the variance function times the size
    chi_squared: float  # Pearson
    finite: bool  # False where the likelihood has no finite maximum


def logistic(count: FloatArray, total: FloatArray, design: FloatArray, offset: FloatArray) -> Fit:
    """Log odds of a share: ``design @ coefficients + offset``."""

    def moments(predictor: FloatArray) -> tuple[FloatArray, FloatArray]:
        return total * expit(predictor), total * expit(predictor) * expit(-predictor)

    def log_likelihood(predictor: FloatArray) -> float:
        return float(
            -np.sum(count * np.logaddexp(0.0, -predictor))
            - np.sum((total - count) * np.logaddexp(0.0, predictor))
        )

    share = (count.sum() + 0.5) / (total.sum() + 1.0)
    return _fit(count, design, offset, float(np.log(share / (1 - share))), moments, log_likelihood)


def poisson(count: FloatArray, design: FloatArray, offset: FloatArray) -> Fit:
    """Log of an expected count: ``design @ coefficients + offset``."""

    def moments(predictor: FloatArray) -> tuple[FloatArray, FloatArray]:
        mean = np.exp(np.clip(predictor, -700.0, 700.0))
        return mean, mean

    def log_likelihood(predictor: FloatArray) -> float:
        mean = np.exp(np.clip(predictor, -700.0, 700.0))
        return float(np.sum(count * predictor) - np.sum(mean))

    start = float(np.log((count.sum() + 0.5) / count.size))
    return _fit(count, design, offset, start, moments, log_likelihood)


def dispersion(fit: Fit, design: FloatArray, spread: FloatArray) -> float:
    """Pearson dispersion, at least 1, less what the uncertainty of the offsets adds to it.

    `spread` is the covariance (periods, periods) of the offsets.
    """
    freedom = design.shape[0] - design.shape[1]
    weighted = design * fit.weights[:, None]
    residual = np.diag(fit.weights) - weighted @ fit.covariance @ weighted.T
    excess = fit.chi_squared - float(np.sum(residual * spread))
    return max(1.0, excess / float(freedom))


def _fit(
    count: FloatArray,
    design: FloatArray,
    offset: FloatArray,
    level: float,
    moments: Callable[[FloatArray], tuple[FloatArray, FloatArray]],
    log_likelihood: Callable[[FloatArray], float],
) -> Fit:
    """Newton's method, halving steps that do not raise the likelihood."""
    coefficients = np.zeros(design.shape[1])
    coefficients[0] = level - float(np.mean(offset))
    best = log_likelihood(design @ coefficients + offset)
    for _ in range(_MOST_STEPS):
        predictor = design @ coefficients + offset
        mean, weights = moments(predictor)
        score = design.T @ (count - mean)
        information = design.T @ (design * weights[:, None])
        try:
            step = np.linalg.solve(information, score)
        except np.linalg.LinAlgError:
            return _none(design)
        moved = best
        for _ in range(_HALVINGS):
            moved = log_likelihood(design @ (coefficients + step) + offset)
            if moved >= best - 1e-12 * abs(best):
                break
            step = 0.5 * step
        coefficients = coefficients + step
        best = moved
        shift = design @ coefficients + offset - (coefficients[0] + float(np.mean(offset)))
        if np.ptp(shift) > 2 * _DISTANT:
            return _none(design)
        if np.max(np.abs(design @ step)) < _SETTLED:
            break
    else:
        return _none(design)
    predictor = design @ coefficients + offset
    mean, weights = moments(predictor)
    weighted = design.T * weights
    covariance = np.asarray(np.linalg.inv(weighted @ design), dtype=np.float64)
    chi_squared = float(np.sum(np.where(weights > 0, (count - mean) ** 2 / weights, 0.0)))
    return Fit(coefficients, covariance, -covariance @ weighted, weights, chi_squared, True)


def _none(design: FloatArray) -> Fit:
    periods, columns = design.shape
    return Fit(
        np.full(columns, np.nan),
        np.full((columns, columns), np.nan),
        np.full((columns, periods), np.nan),
        np.full(periods, np.nan),
        np.nan,
        False,
    )
