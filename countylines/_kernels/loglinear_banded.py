"""Poisson log-linear fits where some cells are known only to lie between two whole numbers.

A cell with mean mu of which l <= y <= u is known adds log P(l <= Y <= u) to the log-likelihood. As
a function of log mu its slope is E - mu and its curvature V - mu, with E and V the mean and the
variance of a Poisson number given that it lies in the band. Cutting a log-concave distribution to
an interval lowers its variance, so V < mu: the log-likelihood is concave, Newton's method finds its
maximum, and mu - V in place of mu gives the observed information. An exact cell is a band of width
0. Sums over a band are taken in logs.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaln

from countylines._kernels.lattice import Lattice, unions

IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]
FloatArray = NDArray[np.float64]

TOLERANCE = 1e-11
MAX_STEPS = 200
WIDEST = 100_000
FLAT = 1e4  # variance of the log of the hidden number that no data of use can have
FEW_CELLS = 255  # of exact tables: up to here the fit by matrix products is the quicker one
_ENTRIES_AT_ONCE = 4_000_000
_HALVINGS = 40
_LEAST_WEIGHT = 1e-280
_RIDGE = 1e-15  # of each diagonal entry: no information matrix is singular
_LEAST_LEFT = 1e-14  # of the complete information, so that the observed one can be inverted
_LEAST_SHARE = 1e-8  # of the complete information that a Newton step takes a cell to have


class BandedFits(NamedTuple):
    """One row a fit; the first seven fields are those of `loglinear_fit.Fits`."""

    log_hidden: FloatArray  # the intercept: log of the fitted value of the hidden cell
    variance: FloatArray  # of the intercept, from the inverse observed information
    log_likelihood: FloatArray  # log probability of the exact cells and of the bands
    deviance: FloatArray  # against each cell having a mean of its own
    fitted: FloatArray  # (rows, cells)
    coefficients: FloatArray  # (rows, columns); nan for a term that the row does not have
    converged: BoolArray
    expected: FloatArray  # (rows, cells): mean count of each cell, given its band and the fit
    total_variance: FloatArray  # of the sum of all fitted values, the number of units given


class Moments(NamedTuple):
    """Of Poisson numbers that are known to lie in bands."""

    log_probability: FloatArray
    mean: FloatArray
    variance: FloatArray


class Bands(NamedTuple):
    """Whole numbers of each band along the last axis, and minus the logs of their factorials."""

    values: FloatArray
    log_weights: FloatArray  # minus infinity outside the band


def bands(low: FloatArray, high: FloatArray) -> Bands:
    """The numbers of bands with ends `low` and `high`, of any shape."""
    steps = np.arange(int((high - low).max(initial=0.0)) + 1, dtype=np.float64)
    values = low[..., None] + steps
    outside = values > high[..., None]
    return Bands(values, np.where(outside, -np.inf, -gammaln(values + 1.0)))


def moments(log_mean: FloatArray, inside: Bands) -> Moments:
    """Log probability of each band, and mean and variance of a number in it."""
    logs = inside.values * log_mean[..., None] + inside.log_weights
    top = logs.max(axis=-1)
    share = np.exp(logs - top[..., None])
    total = share.sum(axis=-1)
    share /= total[..., None]
    mean = (share * inside.values).sum(axis=-1)
    variance = (share * (inside.values - mean[..., None]) ** 2).sum(axis=-1)
    with np.errstate(over="ignore"):
        return Moments(top + np.log(total) - np.exp(log_mean), mean, variance)


def saturated(low: FloatArray, high: FloatArray) -> FloatArray:
    """Largest log probability that a mean of its own can give each band."""
    best = np.full(low.shape, -np.inf)
    width = high - low + 1.0
    above = low > 0
    # P(l <= Y <= u) is largest where the terms that enter and leave are equal
    best[above] = (gammaln(high[above] + 1.0) - gammaln(low[above])) / width[above]
    result = np.zeros(low.shape)
    result[above] = moments(best[above], bands(low[above], high[above])).log_probability
    return result


def fit(
    low: FloatArray,
    high: FloatArray,
    terms: IntArray,
    masks: BoolArray,
    on_face: BoolArray,
    cells: IntArray,
) -> BandedFits:
    """Fit every row by Newton steps with halving; one without a term has fitted values of 0.

    Parameters
    ----------
    low, high : array, shape (rows, cells)
        Ends of the band of each cell; equal where its count is known. At most `WIDEST` apart.
    terms : array, shape (columns,)
        Bit masks of the terms; the first is the intercept.
    masks : array, shape (rows, columns)
        Which terms each row has: a basis of its face (`facial_set.Faces.basis`).
    on_face : array, shape (rows, cells)
        Which cells each row fits, by `facial_set.faces` with ``seen = low > 0``: a recession
        direction lowers the mean of a cell that may be empty, whatever its upper end, and never
        lowers the likelihood. Cells off the face have fitted value and expected count 0.
    cells : array, shape (cells,)
        Bit masks of the cells; the hidden cell, 0, may be among them.
    """
    rows = len(low)
    lattice = Lattice(cells)
    nothing = {name: np.full(rows, np.nan) for name in BandedFits._fields}
    nothing["converged"] = np.zeros(rows, dtype=bool)
    nothing["coefficients"] = np.full(masks.shape, np.nan)
    nothing["fitted"], nothing["expected"] = np.zeros(low.shape), np.zeros(low.shape)
    result = BandedFits(**nothing)
    sizes = masks.sum(axis=1)
    # means of 0 fit a table in which nobody is certain
    result.log_likelihood[sizes == 0] = result.deviance[sizes == 0] = 0.0
    result.converged[sizes == 0] = True
    for chosen in _blocks(sizes, high - low):
        size = int(masks[chosen[0]].sum())
        columns = np.nonzero(masks[chosen])[1].reshape(len(chosen), size)
        part = _newton(low[chosen], high[chosen], terms[columns], on_face[chosen], lattice)
        result.coefficients[chosen[:, None], columns] = part.coefficients
        for name in BandedFits._fields:
            if name != "coefficients":
                getattr(result, name)[chosen] = getattr(part, name)
    return result


def _blocks(sizes: IntArray, width: FloatArray) -> Iterator[IntArray]:
    """Rows with equally many terms, few enough at a time to keep memory bounded."""
    in_bands = int(width.max(initial=0.0) + 1) * int((width > 0).any(axis=0).sum())
    for size in np.unique(sizes[sizes > 0]):
        rows = np.flatnonzero(sizes == size)
        at_once = max(_ENTRIES_AT_ONCE // max(int(size) ** 2, width.shape[1], in_bands), 1)
        for start in range(0, len(rows), at_once):
            yield rows[start : start + at_once]


class _Data(NamedTuple):
    """Cells of some rows: exact counts with zeros at the bands, and the bands by column."""

    exact: FloatArray
    terms: IntArray  # (rows, size)
    face: FloatArray
    columns: IntArray
    inside: Bands
    lattice: Lattice

    def rows(self, chosen: IntArray) -> _Data:
        inside = Bands(*(part[chosen] for part in self.inside))
        return self._replace(
            exact=self.exact[chosen],
            terms=self.terms[chosen],
            face=self.face[chosen],
            inside=inside,
        )


class _Point(NamedTuple):
    """Log-likelihood without the constant of the exact cells, and what Newton's method needs."""

    value: FloatArray
    fitted: FloatArray
    expected: FloatArray
    weight: FloatArray


def _newton(
    low: FloatArray, high: FloatArray, terms: IntArray, on_face: BoolArray, lattice: Lattice
) -> BandedFits:
    """Rows with equally many terms, (rows, size) of them."""
    face = on_face.astype(np.float64)
    low, high = low * face, high * face
    columns = np.flatnonzero((low != high).any(axis=0))
    exact = low.copy()
    exact[:, columns] = 0.0
    inside = bands(low[:, columns], high[:, columns])
    data = _Data(exact, terms, face, columns, inside, lattice)
    middle = 0.5 * (low + high) + 0.5
    coefficients = _solve(
        _information(middle * face, data),
        lattice.by_term(face * (middle * np.log(middle) - 0.5), terms),
    )
    point = _evaluate(coefficients, data)
    best = saturated(low, high)
    constant = np.where(low == high, -gammaln(low + 1.0), 0.0)
    constant[:, columns] = 0.0
    scale = np.maximum(1.0, np.abs(point.value))
    active = np.arange(len(low))
    converged = np.zeros(len(low), dtype=bool)
    for _ in range(MAX_STEPS):
        here = _Point(*(part[active] for part in point))
        some = data.rows(active)
        score = lattice.by_term(here.expected - here.fitted, some.terms)
        weight = np.maximum(here.weight, _LEAST_SHARE * here.fitted)
        step = _solve(_information(weight, some), score)
        # Newton decrement: twice the gain that a full step promises
        decrement = np.einsum("ij,ij->i", score, step)
        done = decrement <= TOLERANCE**2 * scale[active]
        done |= np.abs(step).max(axis=1) <= TOLERANCE
        moved, found = _line_search(coefficients[active], step, here, some)
        coefficients[active] = moved
        for old, new in zip(point, found, strict=True):
            old[active] = new
        converged[active[done]] = True
        active = active[~done]
        if active.size == 0:
            break
    return _finished(coefficients, point, data, best, constant, converged)


def _finished(
    coefficients: FloatArray,
    point: _Point,
    data: _Data,
    best: FloatArray,
    constant: FloatArray,
    converged: BoolArray,
) -> BandedFits:
    hidden = np.zeros(coefficients.shape)
    hidden[:, 0] = 1.0
    with np.errstate(over="ignore"):
        unseen = np.exp(coefficients[:, 0])
    total = data.lattice.by_term(point.fitted, data.terms) + unseen[:, None] * hidden
    # a band so wide that it says nothing leaves no information: a variance that large says so
    weight = np.maximum(point.weight, _LEAST_LEFT * point.fitted)
    information = _information(weight, data)
    both = np.stack([hidden, total], axis=-1)
    solved = solve(information, both)
    value = point.value + constant.sum(axis=1)
    return BandedFits(
        coefficients[:, 0],
        solved[:, 0, 0],
        value,
        2.0 * (best.sum(axis=1) - value),
        point.fitted,
        coefficients,
        converged,
        point.expected,
        # The number of units is Poisson too: its own variance does not count against the estimate.
        np.einsum("ij,ij->i", total, solved[:, :, 1]) - point.fitted.sum(axis=1) - unseen,
    )


def _line_search(
    coefficients: FloatArray, step: FloatArray, here: _Point, data: _Data
) -> tuple[FloatArray, _Point]:
    """Take the step, halved until the likelihood does not fall."""
    result = coefficients.copy()
    found = _Point(*(part.copy() for part in here))
    waiting = np.arange(len(step))
    scale = 1.0
    slack = 1e-13 * np.maximum(1.0, np.abs(here.value))
    for _ in range(_HALVINGS):
        trial = coefficients[waiting] + scale * step[waiting]
        tried = _evaluate(trial, data.rows(waiting))
        better = tried.value >= here.value[waiting] - slack[waiting]
        taken = waiting[better]
        result[taken] = trial[better]
        for old, new in zip(found, tried, strict=True):
            old[taken] = new[better]
        waiting = waiting[~better]
        if waiting.size == 0:
            break
        scale *= 0.5
    return result, found


def _evaluate(coefficients: FloatArray, data: _Data) -> _Point:
    predictor = data.lattice.predictor(coefficients, data.terms)
    with np.errstate(over="ignore"):
        fitted = np.exp(predictor) * data.face
    terms = (data.exact * predictor - fitted) * data.face
    expected, weight = data.exact.copy(), fitted.copy()
    if data.columns.size:
        at = data.columns
        known = moments(predictor[:, at], data.inside)
        terms[:, at] = known.log_probability * data.face[:, at]
        expected[:, at] = known.mean * data.face[:, at]
        weight[:, at] = np.maximum(fitted[:, at] - known.variance * data.face[:, at], 0.0)
    value = terms.sum(axis=1)
    return _Point(np.where(np.isfinite(value), value, -np.inf), fitted, expected, weight)


def _information(weight: FloatArray, data: _Data) -> FloatArray:
    information = data.lattice.by_union(weight, unions(data.terms))
    size = np.arange(information.shape[1])
    information[:, size, size] = np.maximum(information[:, size, size], _LEAST_WEIGHT)
    return information


def solve(information: FloatArray, right: FloatArray) -> FloatArray:
    """Solutions (rows, size, columns), scaled so that cells next to empty do not spoil the rest."""
    scale = 1.0 / np.sqrt(np.maximum(np.diagonal(information, axis1=1, axis2=2), _LEAST_WEIGHT))
    scaled = information * scale[:, :, None] * scale[:, None, :]
    size = np.arange(information.shape[1])
    scaled[:, size, size] += _RIDGE
    solution: FloatArray = np.linalg.solve(scaled, right * scale[:, :, None]).astype(np.float64)
    return solution * scale[:, :, None]


def _solve(information: FloatArray, right: FloatArray) -> FloatArray:
    return solve(information, right[..., None])[..., 0]
