"""Estimating equations for shares or counts whose members are equally correlated in a cluster.

All members of a cluster share one correlation, also across its cells. Members of one cell are alike
but for their outcome, so sums over cells are enough and nothing has the size of a cluster.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from countylines._kernels import glm
from countylines._kernels.method import FloatArray

MAX_STEPS = 200
SETTLED = 1e-13
SWINGS = 40


class Equations(NamedTuple):
    """Solution, what each cluster adds to score and information, and the common correlation."""

    coef: FloatArray
    scores: FloatArray
    parts: FloatArray
    correlation: float
    found: bool


def solve(
    link: str,
    x: FloatArray,
    y: FloatArray,
    size: FloatArray,
    cluster: NDArray[np.intp],
    *,
    start: FloatArray,
    independent: bool = False,
) -> Equations:
    """Solve for the terms; the correlation is by moments, as in the usual alternation.

    A negative correlation is held at half of what the largest cluster could bear.
    For ``"logit"`` the members are the cases of a cell, for ``"log"`` the cell is one member.
    """
    members = size if link == "logit" else np.where(size > 0.0, 1.0, 0.0)
    groups = int(cluster.max()) + 1
    least = -0.5 / max(float(np.bincount(cluster, members, groups).max()) - 1.0, 1.0)
    coef = start.copy()
    rho = 0.0
    scores, parts = _sums(link, x, y, size, members, cluster, coef, rho, groups)
    for step_number in range(MAX_STEPS):
        if not independent:
            found = max(_correlation(link, x, y, size, members, cluster, coef, groups), least)
            # the plain alternation can swing between two values: halving the change ends that
            rho = found if step_number < SWINGS else 0.5 * (rho + found)
            scores, parts = _sums(link, x, y, size, members, cluster, coef, rho, groups)
        step = np.linalg.solve(parts.sum(axis=0), scores.sum(axis=0))
        coef = coef + step
        if np.max(np.abs(step)) <= SETTLED * max(1.0, float(np.max(np.abs(coef)))):
            return Equations(coef, scores, parts, rho, True)
        if not np.all(np.isfinite(coef)) or np.max(np.abs(coef)) > 1e3:
            break
        scores, parts = _sums(link, x, y, size, members, cluster, coef, rho, groups)
    return Equations(coef, scores, parts, rho, False)


def _sums(
    link: str,
    x: FloatArray,
    y: FloatArray,
    size: FloatArray,
    members: FloatArray,
    cluster: NDArray[np.intp],
    coef: FloatArray,
    rho: float,
    groups: int,
) -> tuple[FloatArray, FloatArray]:
    """Score and information of each cluster, by the inverse of an exchangeable matrix."""
    mean, weight = glm.log_mean(link, x @ coef, size)
    root = np.sqrt(np.divide(weight, members, out=np.zeros_like(weight), where=members > 0.0))
    residual = np.divide(y - mean, root, out=np.zeros_like(root), where=root > 0.0)
    rows = root[:, None] * x
    counted = np.bincount(cluster, members, groups)
    shrink = rho / (1.0 + (counted - 1.0) * rho)
    summed = np.zeros((groups, x.shape[1]))
    np.add.at(summed, cluster, members[:, None] * rows)
    rest = np.bincount(cluster, residual, groups)
    scores = np.zeros_like(summed)
    np.add.at(scores, cluster, residual[:, None] * rows)
    parts = np.zeros((groups, x.shape[1], x.shape[1]))
    np.add.at(parts, cluster, members[:, None, None] * rows[:, :, None] * rows[:, None, :])
    scores -= (shrink * rest)[:, None] * summed
    parts -= shrink[:, None, None] * summed[:, :, None] * summed[:, None, :]
    return scores / (1.0 - rho), parts / (1.0 - rho)


def _correlation(
    link: str,
    x: FloatArray,
    y: FloatArray,
    size: FloatArray,
    members: FloatArray,
    cluster: NDArray[np.intp],
    coef: FloatArray,
    groups: int,
) -> float:
    """Mean product of two residuals of a cluster over their mean square."""
    linear = x @ coef
    mean, weight = glm.log_mean(link, linear, size)
    alone = np.divide(weight, members, out=np.ones_like(weight), where=members > 0.0)
    if link == "logit":
        p = glm.log_mean(link, linear, np.ones_like(size))[0]
        q = 1.0 - p
        squares = (y * q**2 + (size - y) * p**2) / alone
    else:
        squares = (y - mean) ** 2 / alone
    square = np.bincount(cluster, np.where(members > 0.0, squares, 0.0), groups)
    residual = np.bincount(cluster, (y - mean) / np.sqrt(alone), groups)
    counted = np.bincount(cluster, members, groups)
    terms = x.shape[1]
    pairs = float((counted * (counted - 1.0)).sum()) / 2.0
    scale = square.sum() / (counted.sum() - terms)
    together = float((residual**2 - square).sum()) / 2.0
    return together / scale / (pairs - terms) if pairs > terms and scale > 0.0 else 0.0
