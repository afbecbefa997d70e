"""Models Mh and Mth with a normal distribution of log odds over units, by quadrature.

A unit with normal deviate z is on list j with log odds a_j + s z. The chance of a pattern with k
lists is exp(sum of a_j on it + g_k), where

    g_k = log of the integral of phi(z) exp(s z k) / prod_j (1 + exp(a_j + s z)) dz,

so that the sizes of the lists and the units on k lists hold all the data. The integrand is analytic
within pi / s of the real line: the trapezoidal rule of step d errs by about exp(-2 pi**2 / (s d)).
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import expit

from countylines._kernels import stirling
from countylines._kernels.hidden_profile import Likelihood

FloatArray = NDArray[np.float64]

STEP, END = 0.05, 12.0
NODES = np.arange(-END, END + STEP / 2, STEP)
LOG_WEIGHTS = -0.5 * NODES**2 + math.log(STEP / math.sqrt(2.0 * math.pi))
WIDEST = 8.0  # standard deviation of the log odds beyond which the fit counts as running off
SAME = 1e-5  # below which all units count as alike


class Table(NamedTuple):
    """Sufficient counts of one table."""

    sizes: FloatArray  # of the lists (Mth), or one sum of them (Mh)
    times: FloatArray  # units on 1, 2, ... lists
    lists: int


class Solution(NamedTuple):
    """The estimate of one table."""

    code: str
    hidden: float
    error: float
    log_odds: FloatArray
    deviation: float


def terms(theta: FloatArray, table: Table) -> tuple[FloatArray, FloatArray, FloatArray]:
    """g_k for k = 0 ... lists with gradients and second derivatives in (a, s)."""
    odds, spread = theta[:-1], theta[-1]
    same = table.lists // len(odds)  # how many lists share a log odds
    predictor = odds[:, None] + spread * NODES
    chance = expit(predictor)
    below = same * np.logaddexp(0.0, predictor).sum(axis=0)
    k = np.arange(table.lists + 1, dtype=np.float64)[:, None]
    log_joint = LOG_WEIGHTS + spread * NODES * k - below
    top = log_joint.max(axis=1, keepdims=True)
    weight = np.exp(log_joint - top)
    whole = weight.sum(axis=1, keepdims=True)
    value = (top + np.log(whole))[:, 0]
    weight /= whole
    mean_chance = same * chance
    slopes = np.empty((table.lists + 1, len(theta), NODES.size))
    slopes[:, :-1] = -mean_chance
    slopes[:, -1] = NODES * (k - mean_chance.sum(axis=0))
    gradient = np.einsum("kn,kin->ki", weight, slopes)
    bend = same * chance * (1.0 - chance)
    hessian = np.einsum("kn,kin,kjn->kij", weight, slopes, slopes)
    hessian -= gradient[:, :, None] * gradient[:, None, :]
    across = weight @ (bend * NODES).T
    rows = np.arange(len(odds))
    hessian[:, rows, rows] -= weight @ bend.T
    hessian[:, :-1, -1] -= across
    hessian[:, -1, :-1] -= across
    hessian[:, -1, -1] -= weight @ (bend.sum(axis=0) * NODES**2)
    return value, gradient, hessian


def _complete(
    theta: FloatArray, table: Table, hidden: float
) -> tuple[float, FloatArray, FloatArray]:
    """Log-likelihood of the complete table in theta, with gradient and Hessian."""
    value, gradient, hessian = terms(theta, table)
    counts = np.concatenate([[hidden], table.times])
    total = float(table.sizes @ theta[:-1] + counts @ value)
    slope = counts @ gradient
    slope[:-1] += table.sizes
    return total, slope, np.einsum("k,kij->ij", counts, hessian)


def _conditional(theta: FloatArray, table: Table) -> tuple[float, FloatArray, FloatArray]:
    """Log-likelihood given that a unit is seen, with gradient and Hessian."""
    total, slope, bend = _complete(theta, table, 0.0)
    value, gradient, hessian = terms(theta, table)
    seen = float(table.times.sum())
    unseen = math.exp(min(value[0], -1e-300))
    odds = unseen / -math.expm1(value[0]) if value[0] < 0.0 else math.inf
    total -= seen * math.log(-math.expm1(value[0]))
    slope = slope + seen * odds * gradient[0]
    outer = np.outer(gradient[0], gradient[0])
    bend = bend + seen * odds * (hessian[0] + (1.0 + odds) * outer)
    return total, slope, bend


def _climb(objective: object, start: FloatArray, *data: object) -> FloatArray:
    """Maximiser of a likelihood with derivatives: trust region, then Newton steps."""

    def negative(theta: FloatArray) -> tuple[float, FloatArray]:
        value, slope, _ = objective(theta, *data)  # type: ignore[operator]
        return -value, -slope

    def bend(theta: FloatArray) -> FloatArray:
        result: FloatArray = -objective(theta, *data)[2]  # type: ignore[operator]
        return result

    found = minimize(
        negative, start, jac=True, hess=bend, method="trust-exact", options={"gtol": 1e-6}
    )
    theta: FloatArray = found.x
    for _ in range(4):
        _, slope, curvature = objective(theta, *data)  # type: ignore[operator]
        step = np.linalg.lstsq(-curvature, slope, rcond=1e-14)[0]
        if np.abs(step).max() > 0.1:
            break
        theta = theta + step
    return theta


def solve(table: Table) -> Solution:
    """Maximum conditional likelihood, which is that of the Poisson likelihood."""
    seen = float(table.times.sum())
    total = 1.5 * seen * (table.lists // len(table.sizes))
    share = np.clip(table.sizes / total, 1e-3, 0.95)
    best, where = -math.inf, None
    for spread in (0.3, 1.5):
        start = np.append(np.log(share / (1.0 - share)) - 0.3 * spread, spread)
        theta = _climb(_conditional, start, table)
        value = _conditional(theta, table)[0]
        if value > best + 1e-9:
            best, where = value, theta
    assert where is not None
    theta = np.append(where[:-1], abs(where[-1]))
    if theta[-1] > WIDEST or theta[:-1].min() < -25.0:
        return Solution("hidden-infinite", math.inf, math.nan, theta[:-1], math.inf)
    if theta[-1] < SAME:
        return Solution("same-chances", math.nan, math.nan, theta[:-1], 0.0)
    logs, gradient, _ = terms(theta, table)
    odds = math.exp(logs[0]) / -math.expm1(logs[0])
    hidden = seen * odds
    information = -_conditional(theta, table)[2]
    slope = seen * odds * (1.0 + odds) * gradient[0]
    variance = hidden * (1.0 + odds) + float(slope @ np.linalg.solve(information, slope))
    return Solution("ok", hidden, math.sqrt(variance), theta[:-1], float(theta[-1]))


def profile(table: Table, start: FloatArray) -> Likelihood:
    """Profile multinomial log-likelihood of the hidden number, with its slope."""
    seen = float(table.times.sum())
    last = start

    def likelihood(hidden: float) -> tuple[float, float]:
        nonlocal last
        last = _climb(_complete, last, table, hidden)
        value, _, _ = _complete(last, table, hidden)
        unseen = float(terms(last, table)[0][0])
        total, left = np.array(seen + hidden), np.array(hidden)
        rest = stirling.log_factorial_rest(total) - stirling.log_factorial_rest(left)
        value += float(rest) + seen * math.log(float(total)) + hidden * math.log1p(seen / hidden)
        slope = stirling.digamma_rest(total) - stirling.digamma_rest(left)
        return value, float(slope) + math.log1p(seen / hidden) + unseen

    return likelihood
