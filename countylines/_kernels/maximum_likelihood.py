"""Newton's method for a log-likelihood of a few parameters, and whether it has a maximum at all."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from scipy.linalg import cho_factor, cho_solve
from scipy.optimize import linprog

from countylines._kernels.method import FloatArray

Likelihood = Callable[[FloatArray], tuple[float, FloatArray, FloatArray]]

MAX_STEPS = 200
SETTLED = 1e-22  # of g' I^-1 g: the distance to the maximum, in standard errors, squared
CLOSE = 1e-6  # below it steps are judged by the gradient: the likelihood is flat to rounding
FAR = 40.0  # from the start in a parameter that is a log: beyond it there is no maximum
SINGULAR = 1e-11


class Maximum(NamedTuple):
    """Where a log-likelihood is largest, with the inverse of the observed information."""

    value: FloatArray
    log_likelihood: float
    covariance: FloatArray
    distance: float  # g' I^-1 g at the end
    found: bool


def maximise(likelihood: Likelihood, start: FloatArray) -> Maximum:
    """Maximise from `start`; `likelihood` gives value, gradient and Hessian.

    Steps solve (information + ridge) step = gradient, with a ridge only where the information is
    not positive definite or the step does not climb. `found` is False where the search runs away,
    stalls, or ends where the information is singular.
    """
    x = start.copy()
    value, gradient, hessian = likelihood(x)
    ridge = 0.0
    distance = np.inf
    for _ in range(MAX_STEPS):
        step, distance = _step(gradient, hessian, ridge)
        if distance <= SETTLED or np.max(np.abs(x - start)) > FAR:
            break
        new = x + step
        following = likelihood(new)
        climbs = np.isfinite(following[0]) and np.all(np.isfinite(following[2]))
        if climbs and ridge == 0.0 and distance < CLOSE:
            nearer = _step(following[1], following[2], 0.0)[1]
            if nearer >= distance:  # rounding: no step comes nearer
                break
        elif climbs:
            climbs = following[0] >= value - 1e-12 * abs(value)
        if climbs:
            x, (value, gradient, hessian) = new, following
            ridge = 0.0 if ridge < 1e-4 else ridge / 10.0
        else:
            ridge = max(10.0 * ridge, 1e-3)
            if ridge > 1e12:
                break
    regular, covariance = _inverse(-hessian)
    near = distance < 1e-14 and np.max(np.abs(x - start)) <= FAR
    return Maximum(x, float(value), covariance, float(distance), bool(near and regular))


def _step(gradient: FloatArray, hessian: FloatArray, ridge: float) -> tuple[FloatArray, float]:
    """A step uphill, and the square of its length in standard errors."""
    information = -hessian
    scale = np.sqrt(np.maximum(np.abs(np.diag(information)), 1e-300))
    scaled = information / np.outer(scale, scale)
    added = ridge
    while True:
        try:
            factor = cho_factor(scaled + added * np.eye(scale.size))
        except np.linalg.LinAlgError:
            added = max(10.0 * added, 1e-3)
            continue
        step = cho_solve(factor, gradient / scale) / scale
        length = float(gradient @ step)
        return step, length if added == 0.0 else max(length, CLOSE)


def _inverse(information: FloatArray) -> tuple[bool, FloatArray]:
    """Inverse of an information matrix, and whether it is far enough from singular."""
    scale = np.sqrt(np.abs(np.diag(information)))
    if not np.all(np.isfinite(information)) or np.any(scale == 0.0):
        return False, np.full(information.shape, np.nan)
    values, vectors = np.linalg.eigh(information / np.outer(scale, scale))
    if values[0] <= SINGULAR * values[-1]:
        return False, np.full(information.shape, np.nan)
    inverse = (vectors / values) @ vectors.T / np.outer(scale, scale)
    return True, 0.5 * (inverse + inverse.T)


def recession(fixed: FloatArray, rising: FloatArray) -> FloatArray | None:
    """A direction along which a likelihood never falls and somewhere rises, if there is one.

    `fixed` rows must not move along it, `rising` rows may only move up; None if no direction moves
    any of them up.
    """
    rising = np.unique(rising, axis=0)
    columns = rising.shape[1]
    equal = np.unique(fixed, axis=0) if fixed.size else None
    found = linprog(
        -rising.sum(axis=0),
        A_ub=-rising,
        b_ub=np.zeros(len(rising)),
        A_eq=equal,
        b_eq=None if equal is None else np.zeros(len(equal)),
        bounds=[(-1.0, 1.0)] * columns,
    )
    if found.x is None or np.max(rising @ found.x, initial=0.0) < 1e-7:
        return None
    direction: FloatArray = found.x
    return direction
