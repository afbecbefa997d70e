"""Poisson counts of pairs with an effect of every origin and destination in every period.

Arrays have shape (periods, origins, destinations). The effects are never written out as columns:
a period at a time, they are solved for by one system of the size of the destinations.

A count of 0 whose pair cannot be positive in any table with the same margins is fitted as 0 by
maximum likelihood, with effects that run off to infinity. Such pairs are found beforehand
(`attainable`), as those between strong components of the graph whose edges go from origin to
destination where a pair is allowed and back where its count is positive.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse import csgraph

from countylines._kernels.method import FloatArray

Flags = NDArray[np.bool_]

_STEPS = 200
_TOLERANCE = 1e-8  # of the last step on the log scale; the next would be its square
_SHORTEST = 1e-8
_FLAT = 1e-10  # share of a regressor's variation that must be left by the effects


class Fit(NamedTuple):
    """Coefficients, fitted counts, and what is needed for their variance."""

    coefficients: FloatArray
    fitted: FloatArray
    residual: FloatArray  # regressors, in the last axis, less what the effects explain of them
    leverage: FloatArray
    information: FloatArray
    pairs: Flags
    effects: int
    converged: bool
    identified: bool


class Solver(NamedTuple):
    """Weighted regression on the effects: what `solve` needs, a period at a time."""

    weight: FloatArray
    rows: FloatArray
    inverse: FloatArray


def attainable(count: FloatArray, allowed: Flags) -> tuple[Flags, NDArray[np.int64]]:
    """Pairs that can be positive given the margins, and the component of each destination."""
    periods, size, _ = count.shape
    time, first, second = np.nonzero(allowed)
    start, end = 2 * size * time + first, 2 * size * time + size + second
    back = count[time, first, second] > 0
    ends = np.r_[start, end[back]], np.r_[end, start[back]]
    nodes = 2 * size * periods
    graph = sparse.coo_array((np.ones(ends[0].size, dtype=np.int8), ends), shape=(nodes, nodes))
    _, label = csgraph.connected_components(graph.tocsr(), directed=True, connection="strong")
    ends_of = np.asarray(label, dtype=np.int64).reshape(periods, 2, size)
    inside: Flags = allowed & (ends_of[:, 0, :, None] == ends_of[:, 1, None, :])
    return inside, ends_of[:, 1]


def _grounded(pairs: Flags, component: NDArray[np.int64]) -> Flags:
    """Destinations whose effect is set to 0: one a component, and those without pairs."""
    size = component.shape[1]
    used = np.asarray(pairs.any(axis=1))
    grounded: Flags = ~used
    _, first = np.unique(np.where(used, component, -1 - np.arange(size)), return_index=True)
    grounded.ravel()[first] = True
    return grounded


def _solver(weight: FloatArray, grounded: Flags) -> Solver:
    rows = weight.sum(axis=2)
    part = np.divide(
        weight, rows[:, :, None], out=np.zeros_like(weight), where=rows[:, :, None] > 0
    )
    normal = -np.swapaxes(weight, 1, 2) @ part
    index = np.arange(weight.shape[2])
    normal[:, index, index] += weight.sum(axis=1)
    loose = ~grounded
    normal *= loose[:, :, None] & loose[:, None, :]
    scale = np.sqrt(np.where(loose, np.maximum(normal[:, index, index], 1e-300), 1.0))
    normal /= scale[:, :, None] * scale[:, None, :]
    normal[:, index, index] = 1.0
    inverse = np.linalg.inv(normal) / (scale[:, :, None] * scale[:, None, :])
    inverse *= loose[:, :, None] & loose[:, None, :]
    return Solver(weight, rows, inverse)


def _explained(solver: Solver, values: FloatArray) -> FloatArray:
    """What the effects explain of values, by weighted least squares within every period."""
    weight, rows, inverse = solver
    weighted = weight * values
    over = weighted.sum(axis=2)
    mean = np.divide(over, rows, out=np.zeros_like(over), where=rows > 0)
    right = weighted.sum(axis=1) - np.einsum("tod,to->td", weight, mean)
    column = np.einsum("tde,te->td", inverse, right)
    shift = np.einsum("tod,td->to", weight, column)
    row = mean - np.divide(shift, rows, out=np.zeros_like(shift), where=rows > 0)
    explained: FloatArray = row[:, :, None] + column[:, None, :]
    return explained


def _leverage(solver: Solver) -> FloatArray:
    """Weight of each count in its own fit, by the effects alone."""
    weight, rows, inverse = solver
    inner = np.divide(1.0, rows, out=np.zeros_like(rows), where=rows > 0)
    part = weight * inner[:, :, None]
    cross = part @ inverse
    first = inner + np.einsum("tod,tod->to", cross, part)
    second = np.einsum("tdd->td", inverse)
    variance = first[:, :, None] + second[:, None, :] - 2.0 * cross
    leverage: FloatArray = weight * variance
    return leverage


def _likelihood(count: FloatArray, eta: FloatArray, pairs: Flags) -> float:
    return float(np.sum(count * eta - np.where(pairs, np.exp(np.minimum(eta, 500.0)), 0.0)))


def _left(regressors: FloatArray, solver: Solver, pairs: Flags) -> FloatArray:
    """What the effects leave of the regressors."""
    columns = [
        regressors[..., k] - _explained(solver, regressors[..., k])
        for k in range(regressors.shape[-1])
    ]
    left: FloatArray = np.stack(columns, axis=-1) * pairs[..., None]
    return left


def fit(count: FloatArray, allowed: Flags, regressors: FloatArray) -> Fit:
    """Newton's method for the effects and the coefficients together."""
    pairs, component = attainable(count, allowed)
    grounded = _grounded(pairs, component)
    used = np.where(pairs, count, 0.0)
    width = regressors.shape[-1]
    beta = np.zeros(width)
    start = used.sum(axis=2)[:, :, None] * used.sum(axis=1)[:, None, :]
    total = np.maximum(used.sum(axis=(1, 2)), 1.0)[:, None, None]
    eta = np.log(np.where(pairs & (start > 0), start / total, 1.0))
    converged, identified = False, True
    for _ in range(_STEPS):
        weight = np.where(pairs, np.exp(np.minimum(eta, 500.0)), 0.0)
        solver = _solver(weight, grounded)
        residual = _left(regressors, solver, pairs)
        information = np.einsum("todk,tod,todl->kl", residual, weight, residual)
        spread = np.einsum("tod,todk->k", weight, regressors**2)
        identified = bool(np.all(np.diag(information) > _FLAT * spread)) and bool(
            np.linalg.cond(information) < 1e14
        )
        if not identified:
            break
        gap = used - weight
        step = np.linalg.solve(information, np.einsum("todk,tod->k", residual, gap))
        working = np.divide(gap, weight, out=np.zeros_like(gap), where=weight > 0)
        move = _explained(solver, working - regressors @ step) + regressors @ step
        move = np.where(pairs, move, 0.0)
        longest = float(np.abs(move).max(initial=0.0))
        rate = min(1.0, 5.0 / max(longest, 1e-300))
        current = _likelihood(used, eta, pairs)
        while _likelihood(used, eta + rate * move, pairs) < current - 1e-9 * abs(current):
            rate /= 2.0
            if rate < _SHORTEST:
                break
        eta = eta + rate * move
        beta = beta + rate * step
        if longest < _TOLERANCE:
            converged = True
            break
    fitted = np.where(pairs, np.exp(np.minimum(eta, 500.0)), 0.0)
    solver = _solver(fitted, grounded)
    residual = _left(regressors, solver, pairs)
    information = np.einsum("todk,tod,todl->kl", residual, fitted, residual)
    leverage = _leverage(solver)
    if identified:
        through = np.einsum("todk,kl,todl->tod", residual, np.linalg.inv(information), residual)
        leverage = leverage + fitted * through
    effects = int((~grounded).sum() + pairs.any(axis=2).sum())
    return Fit(beta, fitted, residual, leverage, information, pairs, effects, converged, identified)
