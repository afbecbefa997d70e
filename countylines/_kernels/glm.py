"""Logistic and log-linear regression of counts, many data sets at a time, and where they exist.

Shapes: design (rows or 1, cells, terms), counts and sizes (rows, cells). A size is the total of a
share or the exposure of a rate; a cell of size 0 takes no part.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linprog
from scipy.special import expit, log_expit

from countylines._kernels.method import FloatArray
from countylines._kernels.roots import Rows, increasing_root

LINKS = ("logit", "log")
MAX_STEPS = 100
SETTLED = 1e-24  # of g' I^-1 g, the square of the distance to the maximum in standard errors
LONGEST = 5.0  # a step changes no linear predictor by more
FARTHEST = 60.0  # a term whose column has range 1 is looked for so far from 0
RIDGE = 1e-13
MOVES = 1e-7


class Fit(NamedTuple):
    """Maximum likelihood, one entry a row; where it does not exist, a point close to its limit."""

    coef: FloatArray
    linear: FloatArray  # the linear predictor of each cell, with its offset
    mean: FloatArray
    weight: FloatArray  # variance of each count
    information: FloatArray


def log_mean(link: str, linear: FloatArray, size: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Mean and variance of each count."""
    if link == "logit":
        p = expit(linear)
        return size * p, size * p * expit(-linear)
    mean = size * np.exp(np.minimum(linear, 700.0))
    return mean, mean


def drop(
    link: str, linear: FloatArray, other: FloatArray, y: FloatArray, size: FloatArray
) -> FloatArray:
    """Twice the log-likelihood at `linear` less that at `other`."""
    if link == "logit":
        gain = y * (log_expit(linear) - log_expit(other))
        gain += (size - y) * (log_expit(-linear) - log_expit(-other))
    else:
        gain = y * (linear - other) - size * (np.exp(linear) - np.exp(np.minimum(other, 700.0)))
    total: FloatArray = 2.0 * gain.sum(axis=-1)
    return total


def pearson(found: Fit, y: FloatArray) -> FloatArray:
    """Pearson's chi-squared; a cell whose count is as sure as its fit adds nothing."""
    with np.errstate(invalid="ignore", divide="ignore"):
        part = (y - found.mean) ** 2 / found.weight
    total: FloatArray = np.where(found.weight > 0.0, part, 0.0).sum(axis=-1)
    return total


def fit(
    link: str,
    x: FloatArray,
    y: FloatArray,
    size: FloatArray,
    *,
    offset: FloatArray | float = 0.0,
    start: FloatArray | None = None,
) -> Fit:
    """Newton's method with steps of limited length, halved where they would not climb."""
    rows, cells = y.shape
    terms = x.shape[-1]
    x = np.broadcast_to(x, (rows, cells, terms))
    shift = np.broadcast_to(np.asarray(offset, dtype=np.float64), (rows, cells))
    coef = np.zeros((rows, terms)) if start is None else start.copy()
    going = np.arange(rows)
    for _ in range(MAX_STEPS if terms else 0):
        if not going.size:
            break
        xs, ys, ns, os = x[going], y[going], size[going], shift[going]
        linear = _predict(xs, coef[going]) + os
        mean, weight = log_mean(link, linear, ns)
        score = np.matmul((ys - mean)[:, None, :], xs)[:, 0, :]
        step = _solve(_information(xs, weight), score)
        distance = (score * step).sum(axis=1)
        move = _predict(xs, step)
        longest = np.abs(np.where(ns > 0.0, move, 0.0)).max(axis=1)
        scale = np.minimum(1.0, LONGEST / np.maximum(longest, 1e-300))
        unsettled = distance > 1e-9
        for _ in range(12):  # near the maximum a full step is right and rounding decides the sign
            fallen = unsettled & (
                drop(link, linear + scale[:, None] * move, linear, ys, ns) < -1e-9
            )
            if not fallen.any():
                break
            scale = np.where(fallen, 0.5 * scale, scale)
        coef[going] += scale[:, None] * step
        going = going[~(distance <= SETTLED)]
    linear = _predict(x, coef) + shift
    mean, weight = log_mean(link, linear, size)
    return Fit(coef, linear, mean, weight, _information(x, weight))


def _predict(x: FloatArray, coef: FloatArray) -> FloatArray:
    predicted: FloatArray = np.matmul(x, coef[:, :, None])[:, :, 0]
    return predicted


def _information(x: FloatArray, weight: FloatArray) -> FloatArray:
    found: FloatArray = np.matmul(np.swapaxes(x, 1, 2) * weight[:, None, :], x)
    return found


def _solve(information: FloatArray, score: FloatArray) -> FloatArray:
    """Newton's step; a tiny ridge keeps a direction without information from breaking the rest."""
    scale = np.sqrt(np.maximum(np.diagonal(information, axis1=1, axis2=2), 1e-200))
    scaled = information / (scale[:, :, None] * scale[:, None, :])
    scaled = scaled + RIDGE * np.eye(scale.shape[1])
    step: FloatArray = np.linalg.solve(scaled, (score / scale)[:, :, None])[:, :, 0] / scale
    return step


def inverse(information: FloatArray) -> FloatArray:
    """Inverse of each information matrix, nan where it is singular."""
    diagonal = np.diagonal(information, axis1=1, axis2=2)
    scale = np.sqrt(np.where(diagonal > 0.0, diagonal, 1.0))
    both = scale[:, :, None] * scale[:, None, :]
    scaled = information / both
    regular = np.linalg.eigvalsh(scaled)[:, 0] > 1e-12
    result = np.full(information.shape, np.nan)
    result[regular] = np.linalg.inv(scaled[regular]) / both[regular]
    return result


def profile_limits(
    link: str,
    x: FloatArray,
    y: FloatArray,
    size: FloatArray,
    full: Fit,
    term: int,
    fall: FloatArray,
    side: int,
    reach: float = FARTHEST,
) -> FloatArray:
    """The value of a term, below (-1) or above (+1), where twice the log-likelihood is `fall` less.

    The column of the term has range 1 or so. Infinite where the likelihood never falls so far. With
    a term at infinity `full` is the limit of the fit.
    """
    rows, cells = y.shape
    x = np.broadcast_to(x, (rows, cells, x.shape[-1]))
    others = np.delete(x, term, axis=2)
    rest = np.delete(full.coef, term, axis=1)
    column = x[:, :, term]
    warm = rest.copy()
    root = np.sqrt(fall)

    def distance(theta: FloatArray, some: Rows) -> tuple[FloatArray, FloatArray]:
        found = fit(
            link,
            others[some],
            y[some],
            size[some],
            offset=theta[:, None] * column[some],
            start=warm[some],
        )
        warm[some] = np.clip(found.coef, -50.0, 50.0)
        lost = drop(link, full.linear[some], found.linear, y[some], size[some])
        gone = np.sqrt(np.maximum(lost, 0.0))
        score = ((y[some] - found.mean) * column[some]).sum(axis=1)
        with np.errstate(divide="ignore", invalid="ignore"):
            rate = np.where(gone > 0.0, np.abs(score) / gone, 0.0)
        return side * (gone - root[some]), rate

    every = np.arange(rows)
    edge = np.full(rows, side * reach)
    open_end = side * distance(edge, every)[0] <= 0.0
    result = np.full(rows, side * np.inf)
    some = np.flatnonzero(~open_end)
    if some.size:
        near = np.clip(full.coef[some, term], -reach, reach)
        variance = inverse(full.information[some])[:, term, term]
        guess = near + side * root[some] * np.sqrt(np.where(variance > 0.0, variance, 0.0))
        left = near if side > 0 else edge[some]
        right = edge[some] if side > 0 else near
        warm[some] = rest[some]
        result[some] = increasing_root(
            lambda theta, part: distance(theta, some[part]), left, right, guess, settled=1e-8
        )
    return result


def signed_root(
    link: str,
    x: FloatArray,
    y: FloatArray,
    size: FloatArray,
    full: Fit,
    term: int,
    null: FloatArray,
) -> FloatArray:
    """Root of twice the log-likelihood lost with a term held at `null`; above 0 if it is less."""
    x = np.broadcast_to(x, (*y.shape, x.shape[-1]))
    held = fit(
        link,
        np.delete(x, term, axis=2),
        y,
        size,
        offset=null[:, None] * x[:, :, term],
        start=np.clip(np.delete(full.coef, term, axis=1), -50.0, 50.0),
    )
    lost = np.maximum(drop(link, full.linear, held.linear, y, size), 0.0)
    score = ((y - held.mean) * x[:, :, term]).sum(axis=1)
    root: FloatArray = np.sign(score) * np.sqrt(lost)
    return root


# --- existence ---------------------------------------------------------------------------------

FINITE, RISES, FALLS, UNKNOWN = 0, 1, 2, 3


def trend_existence(
    link: str, times: FloatArray, y: FloatArray, size: FloatArray
) -> NDArray[np.intp]:
    """Whether the slope of an intercept-and-slope model is finite, +inf, -inf or not identified."""
    times = np.broadcast_to(times, y.shape)
    events = y > 0.0
    if link == "log":
        seen = size > 0.0
        first, last = _ends(times, events)
        least, most = _ends(times, seen)
        code = np.where(first == last, np.where(first == most, RISES, FINITE), FINITE)
        code = np.where((first == last) & (first == least), FALLS, code)
        none = ~events.any(axis=1) | (least == most)
        return np.where(none, UNKNOWN, code)
    others = size > y
    first, last = _ends(times, events)
    least, most = _ends(times, others)
    none = ~events.any(axis=1) | ~others.any(axis=1)
    code = np.where(first >= most, RISES, np.where(last <= least, FALLS, FINITE))
    one_time = (first >= most) & (last <= least)
    return np.where(none | one_time, UNKNOWN, code)


def _ends(times: FloatArray, some: NDArray[np.bool_]) -> tuple[FloatArray, FloatArray]:
    return (
        np.where(some, times, np.inf).min(axis=1),
        np.where(some, times, -np.inf).max(axis=1),
    )


def existence(
    link: str, x: FloatArray, y: FloatArray, size: FloatArray, contrast: FloatArray
) -> int:
    """Whether a contrast of the terms of one data set is finite, infinite or not identified.

    Along a direction of recession the likelihood never falls: it may lift only cells that are full
    (of shares) and lower only cells that are empty. The contrast is infinite on the side to which
    such directions move it, and not identified where they move it to both.
    """
    used = size > 0.0
    x, y, size = x[used], y[used], size[used]
    full = (y == size) & (link == "logit")
    empty = y == 0.0
    fixed = x[~full & ~empty]
    moving = np.concatenate([-x[full], x[empty]])
    bounds = [(-1.0, 1.0)] * x.shape[1]
    ends = []
    for sign in (1.0, -1.0):
        found = linprog(
            -sign * contrast,
            A_ub=moving if len(moving) else None,
            b_ub=np.zeros(len(moving)) if len(moving) else None,
            A_eq=fixed if len(fixed) else None,
            b_eq=np.zeros(len(fixed)) if len(fixed) else None,
            bounds=bounds,
        )
        ends.append(found.x is not None and sign * float(contrast @ found.x) > MOVES)
    return {(False, False): FINITE, (True, False): RISES, (False, True): FALLS}.get(
        (ends[0], ends[1]), UNKNOWN
    )
