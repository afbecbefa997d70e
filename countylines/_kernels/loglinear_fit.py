"""Poisson log-linear fits of many hierarchical models, or many tables, at once.

Each row is one fit: its counts, its terms and the cells on its face. Terms off a basis of the face
must have been left out (`facial_set`), so every information matrix is regular.

The design entry of a cell and a term is 1 if the cell holds the term, so the entry of the
information matrix for terms a and b is the sum of the fitted values of the cells that hold both,
that is, that hold their union. All information matrices of a step are therefore one matrix product
(sums over the cells above each mask) and one gather.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaln, xlogy

from countylines._kernels import hierarchical

IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]
FloatArray = NDArray[np.float64]

TOLERANCE = 1e-11
MAX_STEPS = 100
NUMBERS_AT_ONCE = 4_000_000  # in the largest array of a block: 32 MB
_HALVINGS = 30
_LEAST_WEIGHT = 1e-280
_RIDGE = 1e-14


class Fits(NamedTuple):
    """One row a fit; arrays of length (rows,) but for fitted values, (rows, cells)."""

    log_hidden: FloatArray  # the intercept: log of the fitted value of the hidden cell
    variance: FloatArray  # of the intercept, from the inverse information
    log_likelihood: FloatArray  # Poisson, with its constant
    deviance: FloatArray
    fitted: FloatArray
    coefficients: FloatArray  # (rows, columns); nan for a term that the row does not have
    converged: BoolArray


def fit(
    counts: FloatArray, terms: IntArray, masks: BoolArray, on_face: BoolArray, cells: IntArray
) -> Fits:
    """Fit every row by Newton steps with halving.

    Parameters
    ----------
    counts : array, shape (rows, cells)
        Counts of the cells.
    terms : array, shape (columns,)
        Bit masks of the terms; the first is the intercept.
    masks : array, shape (rows, columns)
        Which terms each row has.
    on_face : array, shape (rows, cells)
        Which cells each row fits; the others have fitted value 0.
    cells : array, shape (cells,)
        Bit masks of the cells; the hidden cell, 0, may be among them.
    """
    rows = len(counts)
    above = hierarchical.cells_above(cells)
    design = hierarchical.design(cells, terms).T.copy()
    coefficients = np.full(masks.shape, np.nan)
    result = Fits(
        log_hidden=np.full(rows, np.nan),
        variance=np.full(rows, np.nan),
        log_likelihood=np.full(rows, np.nan),
        deviance=np.full(rows, np.nan),
        fitted=np.zeros(counts.shape),
        coefficients=coefficients,
        converged=np.zeros(rows, dtype=bool),
    )
    sizes = masks.sum(axis=1)
    for chosen in _blocks(sizes, above.shape[1]):
        size = sizes[chosen[0]]
        columns = np.nonzero(masks[chosen])[1].reshape(len(chosen), size)
        part = _newton(counts[chosen], terms, columns, on_face[chosen], above, design)
        coefficients[chosen[:, None], columns] = part.coefficients
        for name in Fits._fields:
            if name != "coefficients":
                getattr(result, name)[chosen] = getattr(part, name)
    return result


def _blocks(sizes: IntArray, width: int) -> Iterator[IntArray]:
    """Rows with equally many terms, few enough at a time to keep memory bounded."""
    for size in np.unique(sizes):
        rows = np.flatnonzero(sizes == size)
        at_once = max(1, NUMBERS_AT_ONCE // max(width, int(size) ** 2))
        for start in range(0, len(rows), at_once):
            yield rows[start : start + at_once]


def _newton(
    counts: FloatArray,
    terms: IntArray,
    columns: IntArray,
    on_face: BoolArray,
    above: FloatArray,
    design: FloatArray,
) -> Fits:
    """Rows with equally many terms, (rows, size) columns of `terms`."""
    rows, size = columns.shape
    face = on_face.astype(np.float64)
    counts = counts * face
    own = terms[columns]
    unions = own[:, :, None] | own[:, None, :]
    saturated = (xlogy(counts, counts) - counts).sum(axis=1)
    start = np.where(on_face, counts + 0.5, 0.0)
    target = np.log(counts + 0.5, where=on_face, out=np.zeros_like(counts))
    weighted = start * target + (counts - start)
    first = _solve(_information(start, unions, above), _sums(weighted, own, above))
    coefficients = np.zeros((rows, len(terms)))
    np.put_along_axis(coefficients, columns, first, axis=1)
    value, fitted = _kernel(coefficients, design, counts, face)
    _restart(coefficients, value, fitted, design, counts, face)
    active = np.arange(rows)
    converged = np.zeros(rows, dtype=bool)
    for _ in range(MAX_STEPS):
        mu = fitted[active]
        score = _sums(counts[active] - mu, own[active], above)
        short = _solve(_information(mu, unions[active], above), score)
        # Newton decrement: twice the gain that a full step promises
        decrement = np.einsum("ij,ij->i", score, short)
        done = decrement <= TOLERANCE**2 * np.maximum(1.0, np.abs(saturated[active]))
        done |= np.abs(short).max(axis=1) <= TOLERANCE
        step = np.zeros((len(active), len(terms)))
        np.put_along_axis(step, columns[active], short, axis=1)
        _line_search(active, step, coefficients, value, fitted, design, counts, face)
        converged[active[done]] = True
        active = active[~done]
        if active.size == 0:
            break
    information = _information(fitted, unions, above)
    unit = np.zeros((rows, size))
    unit[:, 0] = 1.0
    variance = _solve(information, unit)[:, 0]
    return Fits(
        coefficients[:, 0],
        variance,
        value - gammaln(counts + 1.0).sum(axis=1),
        2.0 * (saturated - value),
        fitted,
        np.take_along_axis(coefficients, columns, axis=1),
        converged,
    )


def _restart(
    coefficients: FloatArray,
    value: FloatArray,
    fitted: FloatArray,
    design: FloatArray,
    counts: FloatArray,
    face: FloatArray,
) -> None:
    """Where the least-squares start is worse than equal cells, start from those; in place.

    The intercept is the first term, so equal cells are one coefficient.
    """
    mean = counts.sum(axis=1) / np.maximum(face.sum(axis=1), 1.0)
    level = np.log(np.maximum(mean, _LEAST_WEIGHT))
    flat = (counts * level[:, None] - mean[:, None] * face).sum(axis=1)
    poor = np.flatnonzero(~(value >= flat))
    coefficients[poor] = 0.0
    coefficients[poor, 0] = level[poor]
    value[poor], fitted[poor] = _kernel(coefficients[poor], design, counts[poor], face[poor])


def _line_search(
    active: IntArray,
    step: FloatArray,
    coefficients: FloatArray,
    value: FloatArray,
    fitted: FloatArray,
    design: FloatArray,
    counts: FloatArray,
    face: FloatArray,
) -> None:
    """Take the step, halved until the likelihood does not fall; changes its arguments."""
    scale = np.ones(len(active))
    waiting = np.arange(len(active))
    for _ in range(_HALVINGS):
        rows = active[waiting]
        trial = coefficients[rows] + scale[waiting, None] * step[waiting]
        new_value, new_fitted = _kernel(trial, design, counts[rows], face[rows])
        slack = 1e-13 * np.maximum(1.0, np.abs(value[rows]))
        better = new_value >= value[rows] - slack
        taken = rows[better]
        coefficients[taken] = trial[better]
        value[taken] = new_value[better]
        fitted[taken] = new_fitted[better]
        waiting = waiting[~better]
        if waiting.size == 0:
            return
        scale[waiting] *= 0.5


def _kernel(
    coefficients: FloatArray, design: FloatArray, counts: FloatArray, face: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Poisson log-likelihood without its constant, and the fitted values."""
    predictor = coefficients @ design
    with np.errstate(over="ignore"):
        fitted = np.exp(predictor) * face
    value = (counts * predictor - fitted).sum(axis=1)
    return np.where(np.isfinite(value), value, -np.inf), fitted


def _sums(values: FloatArray, terms: IntArray, above: FloatArray) -> FloatArray:
    """Sums of cell values over the cells that hold each term."""
    return np.take_along_axis(values @ above, terms, axis=1)


def _information(fitted: FloatArray, unions: IntArray, above: FloatArray) -> FloatArray:
    sums = np.maximum(fitted @ above, _LEAST_WEIGHT)
    information: FloatArray = sums[np.arange(len(sums))[:, None, None], unions]
    return information


def _solve(information: FloatArray, right: FloatArray) -> FloatArray:
    """Newton steps; a matrix that rounding has made singular gets a ridge within its rounding."""
    column = right[..., None]
    try:
        solution = np.linalg.solve(information, column)
    except np.linalg.LinAlgError:
        ridge = _RIDGE * np.einsum("ijj->ij", information)
        eye = np.eye(information.shape[1])
        solution = np.linalg.solve(information + ridge[:, :, None] * eye, column)
    steps: FloatArray = solution[..., 0].astype(np.float64)
    return steps
