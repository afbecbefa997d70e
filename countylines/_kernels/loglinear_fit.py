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

from countylines._kernels.lattice import Lattice, unions

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
    """Fit every row by Newton steps with halving; one without a term has fitted values of 0.

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
    lattice = Lattice(cells)
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
    _nothing_to_fit(result, sizes == 0)
    for chosen in _blocks(sizes, 1 << lattice.lists):
        size = sizes[chosen[0]]
        columns = np.nonzero(masks[chosen])[1].reshape(len(chosen), size)
        part = _newton(counts[chosen], terms[columns], on_face[chosen], lattice)
        coefficients[chosen[:, None], columns] = part.coefficients
        for name in Fits._fields:
            if name != "coefficients":
                getattr(result, name)[chosen] = getattr(part, name)
    return result


def _nothing_to_fit(result: Fits, rows: BoolArray) -> None:
    """Means of 0 fit a table without a unit; changes its argument."""
    result.log_likelihood[rows] = result.deviance[rows] = 0.0
    result.converged[rows] = True


def _blocks(sizes: IntArray, width: int) -> Iterator[IntArray]:
    """Rows with equally many terms, few enough at a time to keep memory bounded."""
    for size in np.unique(sizes[sizes > 0]):
        rows = np.flatnonzero(sizes == size)
        at_once = max(1, NUMBERS_AT_ONCE // max(width, int(size) ** 2))
        for start in range(0, len(rows), at_once):
            yield rows[start : start + at_once]


class _Problem(NamedTuple):
    """Rows that are fitted together, and where they have cells."""

    counts: FloatArray
    face: FloatArray
    terms: IntArray  # (rows, size), the intercept first
    lattice: Lattice

    def of(self, rows: IntArray) -> _Problem:
        """Some of the rows."""
        return _Problem(self.counts[rows], self.face[rows], self.terms[rows], self.lattice)

    def value(self, coefficients: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Poisson log-likelihood without its constant, and the fitted values."""
        predictor = self.lattice.predictor(coefficients, self.terms)
        with np.errstate(over="ignore", invalid="ignore"):
            fitted = np.exp(predictor) * self.face
            value = (self.counts * predictor - fitted).sum(axis=1)
        return np.where(np.isfinite(value), value, -np.inf), fitted


def _newton(counts: FloatArray, terms: IntArray, on_face: BoolArray, lattice: Lattice) -> Fits:
    """Rows with equally many terms, (rows, size) of them."""
    rows, size = terms.shape
    face = on_face.astype(np.float64)
    counts = counts * face
    problem = _Problem(counts, face, terms, lattice)
    pairs = unions(terms)
    saturated = (xlogy(counts, counts) - counts).sum(axis=1)
    coefficients = _start(problem, pairs)
    value, fitted = problem.value(coefficients)
    active = np.arange(rows)
    converged = np.zeros(rows, dtype=bool)
    for _ in range(MAX_STEPS):
        mu = fitted[active]
        score = lattice.by_term(counts[active] - mu, terms[active])
        step = _solve(_information(lattice, mu, pairs[active]), score)
        # Newton decrement: twice the gain that a full step promises
        decrement = np.einsum("ij,ij->i", score, step)
        done = decrement <= TOLERANCE**2 * np.maximum(1.0, np.abs(saturated[active]))
        done |= np.abs(step).max(axis=1) <= TOLERANCE
        _line_search(active, step, coefficients, value, fitted, problem)
        converged[active[done]] = True
        active = active[~done]
        if active.size == 0:
            break
    unit = np.zeros((rows, size))
    unit[:, 0] = 1.0
    variance = _solve(_information(lattice, fitted, pairs), unit)[:, 0]
    return Fits(
        coefficients[:, 0],
        variance,
        value - gammaln(counts + 1.0).sum(axis=1),
        2.0 * (saturated - value),
        fitted,
        coefficients,
        converged,
    )


def _start(problem: _Problem, pairs: IntArray) -> FloatArray:
    """Least squares of the logs; where equal cells have a larger likelihood, those."""
    counts, face, terms, lattice = problem
    raised = (counts + 0.5) * face
    target = np.log(counts + 0.5, where=face > 0, out=np.zeros_like(counts))
    weighted = raised * target + (counts - raised)
    coefficients = _solve(_information(lattice, raised, pairs), lattice.by_term(weighted, terms))
    value, _ = problem.value(coefficients)
    mean = np.maximum(counts.sum(axis=1) / np.maximum(face.sum(axis=1), 1.0), _LEAST_WEIGHT)
    flat = (counts * np.log(mean)[:, None] - mean[:, None] * face).sum(axis=1)
    poor = ~(value >= flat)
    coefficients[poor] = 0.0
    coefficients[poor, 0] = np.log(mean[poor])
    return coefficients


def _line_search(
    active: IntArray,
    step: FloatArray,
    coefficients: FloatArray,
    value: FloatArray,
    fitted: FloatArray,
    problem: _Problem,
) -> None:
    """Take the step, halved until the likelihood does not fall; changes its arguments."""
    scale = np.ones(len(active))
    waiting = np.arange(len(active))
    for _ in range(_HALVINGS):
        rows = active[waiting]
        trial = coefficients[rows] + scale[waiting, None] * step[waiting]
        new_value, new_fitted = problem.of(rows).value(trial)
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


def _information(lattice: Lattice, fitted: FloatArray, pairs: IntArray) -> FloatArray:
    return np.maximum(lattice.by_union(fitted, pairs), _LEAST_WEIGHT)


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
