"""Poisson log-linear fits with any design and offset, of many tables at once.

The log mean of cell i is offset_i + design_i b. Some coefficients may be held at 0 or above. The
log-likelihood is concave, so Newton steps on the coefficients that are free, halved until they
gain, end at the only maximum; a coefficient is held when a step reaches its bound, and let go, one
at a time, where its score says so. Cells with fitted value 0 must have been left out.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import xlogy

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]

TOLERANCE = 1e-11
MAX_STEPS = 500
FARTHEST = 4.0  # most that the log of a fitted value changes in a step
KKT = 1e-7  # standardised score below which a coefficient at its bound stays there
_HALVINGS = 40


class Fits(NamedTuple):
    """One row a table."""

    coefficients: FloatArray  # (rows, columns)
    fitted: FloatArray  # (rows, cells)
    covariance: FloatArray  # (rows, columns, columns); rows and columns of 0 where held at 0
    deviance: FloatArray
    held: BoolArray  # (rows, columns) coefficients at their bound
    converged: BoolArray


def fit(
    counts: FloatArray,
    design: FloatArray,
    offset: FloatArray,
    bounded: BoolArray | None = None,
    start: FloatArray | None = None,
) -> Fits:
    """Fit every row of `counts` (rows, cells) with one `design` (cells, columns).

    `bounded` marks the coefficients that must not be negative; `start` are coefficients near the
    maximum, if they are known.
    """
    columns = design.shape[1]
    bounds = np.zeros(columns, dtype=bool) if bounded is None else bounded
    parts = [_one(row, design, offset, bounds, start) for row in counts]
    return Fits(*(np.stack(part) for part in zip(*parts, strict=True)))


def _one(
    counts: FloatArray,
    design: FloatArray,
    offset: FloatArray,
    bounds: BoolArray,
    near: FloatArray | None,
) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray, BoolArray, BoolArray]:
    columns = design.shape[1]
    if near is None:
        free = ~bounds
        start = counts + 0.5
        beta = np.zeros(columns)
        weighted = design[:, free] * np.sqrt(start)[:, None]
        target = (np.log(start) - offset) * np.sqrt(start)
        beta[free] = np.linalg.lstsq(weighted, target, rcond=None)[0]
    else:
        beta, free = near, ~bounds | (near > 0.0)
    value, fitted = _kernel(beta, counts, design, offset)
    converged = False
    for _ in range(MAX_STEPS):
        score = design.T @ (counts - fitted)
        step = np.zeros(columns)
        step[free] = _solve(design[:, free], fitted, score[free])
        if abs(step).max() <= TOLERANCE or score @ step <= TOLERANCE**2:
            wanted = score / np.sqrt(np.maximum(fitted @ design**2, 1e-300))
            wanted[free] = 0.0
            if wanted.max() <= KKT:
                converged = True
                break
            free[wanted.argmax()] = True  # with it alone, a Newton step leads away from the bound
            continue
        falling = bounds & free & (step < 0.0)
        reach = -beta[falling] / step[falling]
        farthest = float(reach.min()) if reach.size else np.inf
        leap = FARTHEST / max(float(np.abs(design @ step).max()), FARTHEST)
        beta, value, fitted, taken = _line_search(
            beta, step, min(1.0, farthest, leap), value, fitted, counts, design, offset
        )
        if taken == farthest:
            hit = np.flatnonzero(falling)[reach <= farthest]
            beta[hit] = 0.0
            free[hit] = False
            value, fitted = _kernel(beta, counts, design, offset)
    held = ~free
    covariance = np.zeros((columns, columns))
    kept = np.flatnonzero(free)
    information = design[:, kept].T @ (design[:, kept] * fitted[:, None])
    covariance[np.ix_(kept, kept)] = np.linalg.inv(information)
    deviance = 2.0 * float((xlogy(counts, counts) - counts).sum() - value)
    return beta, fitted, covariance, np.array(deviance), held, np.array(converged)


def _solve(design: FloatArray, fitted: FloatArray, right: FloatArray) -> FloatArray:
    information = design.T @ (design * fitted[:, None])
    scale = np.sqrt(np.maximum(np.diag(information), 1e-300))
    information /= scale * scale[:, None]
    try:
        solution = np.linalg.solve(information, right / scale)
    except np.linalg.LinAlgError:
        solution = np.linalg.lstsq(information, right / scale, rcond=1e-15)[0]
    step: FloatArray = solution / scale
    return step


def _line_search(
    beta: FloatArray,
    step: FloatArray,
    scale: float,
    value: float,
    fitted: FloatArray,
    counts: FloatArray,
    design: FloatArray,
    offset: FloatArray,
) -> tuple[FloatArray, float, FloatArray, float]:
    """The step times `scale`, halved until it gains, and what it was then multiplied by."""
    for _ in range(_HALVINGS):
        trial = beta + scale * step
        new_value, new_fitted = _kernel(trial, counts, design, offset)
        if new_value >= value - 1e-13 * max(1.0, abs(value)):
            return trial, new_value, new_fitted, scale
        scale *= 0.5
    return beta, value, fitted, 0.0


def _kernel(
    beta: FloatArray, counts: FloatArray, design: FloatArray, offset: FloatArray
) -> tuple[float, FloatArray]:
    """Poisson log-likelihood without the log factorials of the counts, and the fitted values."""
    predictor = offset + design @ beta
    with np.errstate(over="ignore"):
        fitted = np.exp(predictor)
    value = float((counts * predictor - fitted).sum())
    return (value if np.isfinite(value) else -np.inf), fitted


def intercept_bias(design: FloatArray, fitted: FloatArray, covariance: FloatArray) -> float:
    """Bias of the intercept to the second order (Cox and Snell, 1968)."""
    spread = np.einsum("ij,jk,ik->i", design, covariance, design)
    return float(-0.5 * covariance[0] @ design.T @ (fitted * spread))
