"""Hidden number of log-linear models whose design is any matrix: M0, Mt, Mh and Mth.

Row 0 of a complete table is the hidden cell, with design (1, 0, ..., 0) and offset 0.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from countylines._kernels import facial_set, poisson_design, stirling
from countylines._kernels.hidden_profile import Likelihood

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]


class Table(NamedTuple):
    """Cells of one table: counts, design (intercept first), offset, and bounded coefficients."""

    counts: FloatArray
    design: FloatArray
    offset: FloatArray
    bounded: BoolArray  # coefficients that must not be negative


class Solution(NamedTuple):
    """The extended estimate of one table."""

    code: str
    hidden: float
    variance: float  # of the log of the hidden cell
    coefficients: FloatArray  # nan where off the face
    held: BoolArray  # coefficients at their bound
    fitted: FloatArray
    bias: float  # of the hidden number, to the second order


def solve(table: Table) -> Solution:
    """Poisson maximum likelihood on the facial set; nan where the hidden cell is not determined."""
    face = _face(table, hidden_seen=False)
    code = facial_set.CODES[face.code]
    on = face.on_face[: len(table.counts)]
    columns = _independent(table.design[on])
    fits = poisson_design.fit(
        table.counts[None, on],
        table.design[np.ix_(on, columns)],
        table.offset[on],
        table.bounded[columns],
    )
    covariance = fits.covariance[0]
    hidden = math.exp(fits.coefficients[0, 0])
    bias = poisson_design.intercept_bias(
        table.design[np.ix_(on, columns)], fits.fitted[0], covariance
    )
    coefficients = np.full(table.design.shape[1], np.nan)
    coefficients[columns] = fits.coefficients[0]
    held = np.zeros(len(coefficients), dtype=bool)
    held[columns] = fits.held[0]
    fitted = np.zeros(len(table.counts))
    fitted[on] = fits.fitted[0]
    variance = float(covariance[0, 0])
    if not fits.converged[0]:
        code = "not-converged"
    if code not in ("ok", "boundary-finite"):
        hidden = math.inf if code == "hidden-infinite" else math.nan
    return Solution(
        code, hidden, variance, coefficients, held, fitted, hidden * (bias + 0.5 * variance)
    )


def profile(table: Table) -> Likelihood:
    """Profile multinomial log-likelihood of the hidden number, with its slope."""
    face = _face(table, hidden_seen=True)
    on = face.on_face[1 : len(table.counts) + 1]
    design = np.vstack([_hidden_row(table), table.design[on]])
    columns = _independent(design)
    design, bounded = design[:, columns], table.bounded[columns]
    offset = np.concatenate([[0.0], table.offset[on]])
    counts = table.counts[on]
    seen = counts > 0
    near: FloatArray | None = None

    def likelihood(hidden: float) -> tuple[float, float]:
        nonlocal near
        complete = np.concatenate([[hidden], counts])
        fits = poisson_design.fit(complete[None, :], design, offset, bounded, near)
        near, rest = fits.coefficients[0], fits.fitted[0, 1:]
        excess, log_ratio = _excess(hidden, float(near[0]), float(counts.sum() - rest.sum()))
        total = hidden + counts.sum()
        left = np.array(hidden)
        value = float(stirling.log_factorial_rest(total) - stirling.log_factorial_rest(left))
        value += hidden * (log_ratio - excess)
        value += float((counts[seen] * np.log(rest[seen] / counts[seen])).sum())
        value -= float((rest - counts).sum())
        slope = stirling.digamma_rest(total) - stirling.digamma_rest(left)
        return value, float(slope) + log_ratio

    return likelihood


def _excess(hidden: float, log_fitted: float, missing: float) -> tuple[float, float]:
    """Fitted hidden number over the given one, less 1, and the log of the ratio.

    The fit keeps the total, so `missing`, what the other cells are fitted too few, is what the
    hidden cell is fitted too many: the precise way where the hidden number is large.
    """
    if hidden > 1e3 * abs(missing):
        return missing / hidden, math.log1p(missing / hidden)
    log_ratio = log_fitted - math.log(hidden)
    return math.expm1(log_ratio), log_ratio


def _hidden_row(table: Table) -> FloatArray:
    row = np.zeros((1, table.design.shape[1]))
    row[0, 0] = 1.0
    return row


def _face(table: Table, hidden_seen: bool) -> facial_set.Face:
    """Facial set; a bound acts as a cell without a unit that only a negative value would empty."""
    bounds = -np.eye(table.design.shape[1])[table.bounded]
    seen = np.concatenate([table.counts > 0, np.zeros(len(bounds), dtype=bool)])
    design = np.vstack([table.design, bounds])
    if hidden_seen:
        design = np.vstack([_hidden_row(table), design])
        seen = np.concatenate([[True], seen])
    return facial_set.face(design, seen, _hidden_row(table)[0])


def _independent(design: FloatArray) -> NDArray[np.intp]:
    """Columns that do not depend on those before them."""
    basis = np.zeros((design.shape[0], 0))
    kept = []
    for j in range(design.shape[1]):
        column = design[:, j] - basis @ (basis.T @ design[:, j])
        column -= basis @ (basis.T @ column)
        length = float(np.linalg.norm(column))
        if length > 1e-9 * max(1.0, float(np.linalg.norm(design[:, j]))):
            kept.append(j)
            basis = np.column_stack([basis, column / length])
    return np.array(kept, dtype=np.intp)
