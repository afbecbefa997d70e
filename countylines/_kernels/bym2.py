"""Poisson counts of areas on a map: rates that neighbours share in part, by nested Laplace steps.

The log rate of area i is beta + b_i with a flat prior for beta and b of covariance
s**2 ((1 - f) I + f R): s is the typical deviation, f the share of variance that neighbours have in
common, and R the generalised inverse of the map's Laplacian, scaled so that the geometric mean of
its diagonal is 1 in every connected part; an area without neighbours has 1. The prior of s is
exponential with P(s > 1) = 0.1, that of f uniform.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cho_factor, cho_solve
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components

from countylines._kernels.method import FloatArray

RATE_OF_S = -np.log(0.1)
LOG_S = (np.log(0.01), np.log(4.0))
COARSE, FINE, SHARES = 13, 17, 8
NEGLIGIBLE = 12.0  # e-folds of weight below the largest
MAX_STEPS = 60
SETTLED = 1e-10


class Structure(NamedTuple):
    """Eigenvectors and eigenvalues of R, the number of parts, and who has no neighbours."""

    vectors: FloatArray
    values: FloatArray
    parts: int
    islands: NDArray[np.bool_]


class Node(NamedTuple):
    """What is believed of the log rates at one pair (s, f), area by area.

    `mean`, `deviation` and `skewness` are corrected for the skewness of the Poisson likelihood, as
    the simplified Laplace approximation of Rue, Martino and Chopin does; `own` is the share of an
    area's own count in its log rate, and `overall` the mode of beta.
    """

    log_s: float
    share: float
    log_weight: float
    mean: FloatArray
    deviation: FloatArray
    skewness: FloatArray
    own: FloatArray
    overall: float


def structure(near: NDArray[np.bool_]) -> Structure:
    """What the map says of the areas."""
    areas = len(near)
    number, part = connected_components(csr_array(near.astype(np.int8)), directed=False)
    scaled = np.zeros((areas, areas))
    islands: NDArray[np.bool_] = np.logical_not(np.asarray(near.any(axis=1)))
    for label in range(number):
        members = np.flatnonzero(part == label)
        block = np.ix_(members, members)
        if members.size == 1:
            scaled[block] = 1.0
            continue
        inside = near[block].astype(np.float64)
        inverse = np.linalg.pinv(np.diag(inside.sum(axis=1)) - inside, hermitian=True)
        scaled[block] = inverse / np.exp(np.log(np.diag(inverse)).mean())
    values, vectors = np.linalg.eigh(scaled)
    return Structure(vectors, np.maximum(values, 0.0), int(number), islands)


def nodes(x: FloatArray, e: FloatArray, form: Structure) -> list[Node]:
    """Weighted approximations over a grid that holds all but nothing of the posterior."""
    shares, weights = np.polynomial.legendre.leggauss(SHARES)
    shares, log_weights = 0.5 * (shares + 1.0), np.log(0.5 * weights)
    grid = np.linspace(*LOG_S, COARSE)
    state = _start(x, e)
    heights = []
    for log_s in grid[::-1]:
        node, state = _node(x, e, form, float(log_s), 0.5, state)
        heights.append(node.log_weight)
    height = np.array(heights[::-1])
    high = np.flatnonzero(height > height.max() - NEGLIGIBLE)
    ends = grid[max(high[0] - 1, 0)], grid[min(high[-1] + 1, COARSE - 1)]
    found = []
    for log_s in np.linspace(*ends, FINE):
        for share, log_weight in zip(shares, log_weights, strict=True):
            node, state = _node(x, e, form, float(log_s), float(share), state)
            found.append(node._replace(log_weight=node.log_weight + log_weight))
    top = max(node.log_weight for node in found)
    return [node for node in found if node.log_weight > top - NEGLIGIBLE]


def mixture_weights(found: list[Node]) -> FloatArray:
    """Weights of the nodes, adding up to 1."""
    log_weight = np.array([node.log_weight for node in found])
    weight: FloatArray = np.exp(log_weight - log_weight.max())
    weight /= weight.sum()
    return weight


def _start(x: FloatArray, e: FloatArray) -> FloatArray:
    state: FloatArray = np.concatenate([[np.log(x.sum() / e.sum())], np.zeros(x.size)])
    return state


def precision(form: Structure, log_s: float, share: float) -> tuple[FloatArray, float]:
    """Prior precision of b, and half of its log determinant."""
    variances = np.exp(2.0 * log_s) * ((1.0 - share) + share * form.values)
    return (form.vectors / variances) @ form.vectors.T, -0.5 * float(np.log(variances).sum())


def objective(x: FloatArray, e: FloatArray, prior: FloatArray, state: FloatArray) -> float:
    """Log-likelihood and log prior density of (beta, b), up to constants."""
    log_rate = state[0] + state[1:]
    with np.errstate(over="ignore"):
        return float(x @ log_rate - e @ np.exp(log_rate) - 0.5 * state[1:] @ prior @ state[1:])


def _node(
    x: FloatArray, e: FloatArray, form: Structure, log_s: float, share: float, state: FloatArray
) -> tuple[Node, FloatArray]:
    """Mode, curvature and Laplace's approximation of the weight at one pair."""
    prior, half_log_det = precision(form, log_s, share)
    value = objective(x, e, prior, state)
    curvature = np.empty((x.size + 1, x.size + 1))
    for _ in range(MAX_STEPS):
        mean = e * np.exp(state[0] + state[1:])
        gradient = np.concatenate([[(x - mean).sum()], x - mean - prior @ state[1:]])
        curvature[0, 0], curvature[0, 1:], curvature[1:, 0] = mean.sum(), mean, mean
        curvature[1:, 1:] = prior + np.diag(mean)
        factor = cho_factor(curvature, lower=True)
        step = cho_solve(factor, gradient)
        gain = float(gradient @ step)
        length = 1.0
        while True:
            moved = state + length * step
            reached = objective(x, e, prior, moved)
            if reached >= value + 1e-4 * length * gain or length < 1e-8:
                break
            length *= 0.5
        state, value = moved, reached
        if gain < SETTLED:
            break
    log_det = 2.0 * float(np.log(np.diag(factor[0])).sum())
    log_prior = log_s - RATE_OF_S * np.exp(log_s)
    inverse = cho_solve(factor, np.eye(x.size + 1))
    covariance = inverse[1:, 1:] + inverse[0, 0] + inverse[0, 1:] + inverse[0, 1:][:, None]
    log_weight = value + half_log_det - 0.5 * log_det + log_prior
    expected = e * np.exp(state[0] + state[1:])
    shift, skewness = skew_correction(covariance, expected)
    deviation = np.sqrt(np.diag(covariance))
    node = Node(
        log_s,
        share,
        log_weight,
        state[0] + state[1:] + deviation * shift,
        deviation,
        skewness,
        np.diag(covariance) * expected,
        float(state[0]),
    )
    return node, state


def skew_correction(covariance: FloatArray, expected: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Shift of each mean in standard deviations, and skewness, from the third derivatives."""
    deviation = np.sqrt(np.diag(covariance))
    slopes = covariance / deviation[:, None]  # change of log rate j for one deviation of i
    rest = np.diag(covariance)[None, :] - slopes**2  # variance of j given i
    np.fill_diagonal(rest, 0.0)
    skewness = -(slopes**3) @ expected
    linear = -0.5 * (rest * slopes) @ expected
    return linear + 0.5 * skewness, skewness
