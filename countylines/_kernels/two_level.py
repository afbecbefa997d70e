"""Maximum likelihood and profile limits of a mean and a variance between areas.

A `Family` has two parameters: `a`, the log or logit of the mean, and `b`, the log of a dispersion
that is 0 where areas do not differ (b = -inf). Data are arrays of shape (rows, areas), each row a
problem of its own; everything returned has one value a row.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from countylines._kernels.method import FloatArray
from countylines._kernels.roots import increasing_root

Rows = NDArray[np.intp]
GRID_POINTS = 24
NEWTON_STEPS = 25
NEWTON_SETTLED = 1e-9  # a step so small is the last; the next would be its square
REACH = 12.0  # how far the mean is looked for from the one without dispersion, on its own scale


class Terms(NamedTuple):
    """Log-likelihood of each row with its derivatives."""

    value: FloatArray
    a: FloatArray
    b: FloatArray
    aa: FloatArray
    ab: FloatArray
    bb: FloatArray


class Edge(NamedTuple):
    """The same at dispersion 0: value, derivatives in `a`, and the derivative in exp(b)."""

    value: FloatArray
    a: FloatArray
    aa: FloatArray
    dispersion: FloatArray


@dataclass(frozen=True)
class Family:
    """Counts of one kind: first `count`, then exposure or total.

    `slope` gives the derivatives in `a` alone, which cost less than all `terms`.
    """

    terms: Callable[[FloatArray, FloatArray, FloatArray, FloatArray], Terms]
    slope: Callable[[FloatArray, FloatArray, FloatArray, FloatArray], tuple[FloatArray, FloatArray]]
    edge: Callable[[FloatArray, FloatArray, FloatArray], Edge]
    start: Callable[[FloatArray, FloatArray], FloatArray]
    span: Callable[[FloatArray, FloatArray], tuple[FloatArray, FloatArray]]


class Fit(NamedTuple):
    """Maximum: `b` is -inf where the dispersion is 0."""

    a: FloatArray
    b: FloatArray
    value: FloatArray
    edge_value: FloatArray


def fit(family: Family, x: FloatArray, n: FloatArray) -> Fit:
    """Both parameters; rows need a mean inside its range."""
    a_edge = family.start(x, n)
    edge = family.edge(a_edge, x, n)
    low, high = family.span(x, n)
    wide_x, wide_n, grid = _on_grid(x, n, low, high)
    start = np.repeat(a_edge, GRID_POINTS)
    means = best_mean(family, wide_x, wide_n, grid.ravel(), start)
    values = family.terms(means, grid.ravel(), wide_x, wide_n).value.reshape(grid.shape)
    best = values.argmax(axis=1)
    rows = np.arange(len(x))
    left = grid[rows, np.maximum(best - 1, 0)]
    right = grid[rows, np.minimum(best + 1, GRID_POINTS - 1)]
    a, b = means.reshape(grid.shape)[rows, best], grid[rows, best]
    a, b, done = _newton(family, x, n, a, b, left, right)
    rest = np.flatnonzero(~done)
    if rest.size:
        a[rest], b[rest] = _nested(family, x[rest], n[rest], a_edge[rest], left[rest], right[rest])
    value = family.terms(a, b, x, n).value
    none = (best == 0) & ~((edge.dispersion > 0.0) & (value > edge.value))
    none |= edge.value >= value
    return Fit(
        np.where(none, a_edge, a),
        np.where(none, -np.inf, b),
        np.where(none, edge.value, value),
        edge.value,
    )


def _on_grid(
    x: FloatArray, n: FloatArray, low: FloatArray, high: FloatArray
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """The data of each row once for every point of a grid of dispersions, and the grid."""
    grid = np.linspace(low, high, GRID_POINTS, axis=1)
    return np.repeat(x, GRID_POINTS, axis=0), np.repeat(n, GRID_POINTS, axis=0), grid


def _newton(
    family: Family,
    x: FloatArray,
    n: FloatArray,
    a: FloatArray,
    b: FloatArray,
    left: FloatArray,
    right: FloatArray,
) -> tuple[FloatArray, FloatArray, NDArray[np.bool_]]:
    """Newton's method in both, and where it settled at a maximum between `left` and `right`."""
    going = np.ones(len(x), dtype=bool)
    done = np.zeros(len(x), dtype=bool)
    for _ in range(NEWTON_STEPS):
        rows = np.flatnonzero(going)
        if not rows.size:
            break
        t = family.terms(a[rows], b[rows], x[rows], n[rows])
        determinant = t.aa * t.bb - t.ab**2
        top = (t.aa < 0.0) & (determinant > 0.0)
        safe = np.where(top, determinant, 1.0)
        step_a = (t.ab * t.b - t.bb * t.a) / safe
        step_b = (t.ab * t.a - t.aa * t.b) / safe
        moved = b[rows] + step_b
        inside = top & (moved >= left[rows]) & (moved <= right[rows]) & (np.abs(step_a) < 2.0)
        kept = rows[inside]
        a[kept] += step_a[inside]
        b[kept] = moved[inside]
        small = np.maximum(np.abs(step_a), np.abs(step_b)) < NEWTON_SETTLED
        done[rows] = inside & small
        going[rows] = inside & ~small
    return a, b, done


def _nested(
    family: Family,
    x: FloatArray,
    n: FloatArray,
    start: FloatArray,
    left: FloatArray,
    right: FloatArray,
) -> tuple[FloatArray, FloatArray]:
    """The dispersion within its bracket, with the best mean at each: slow and sure."""

    def residual(b: FloatArray, rows: Rows) -> tuple[FloatArray, FloatArray]:
        at = best_mean(family, x[rows], n[rows], b, start[rows])
        t = family.terms(at, b, x[rows], n[rows])
        return -t.b, -(t.bb - t.ab**2 / t.aa)

    b = increasing_root(residual, left, right, 0.5 * (left + right), settled=1e-8)
    return best_mean(family, x, n, b, start), b


def best_mean(
    family: Family, x: FloatArray, n: FloatArray, b: FloatArray, start: FloatArray
) -> FloatArray:
    """The `a` of largest likelihood at a given dispersion."""
    middle = family.start(x, n)

    def residual(a: FloatArray, rows: Rows) -> tuple[FloatArray, FloatArray]:
        slope, bend = family.slope(a, b[rows], x[rows], n[rows])
        scale = np.sqrt(np.maximum(-bend, 1e-300))
        return -slope / scale, -bend / scale

    return increasing_root(residual, middle - REACH, middle + REACH, start)


def best_dispersion(
    family: Family, x: FloatArray, n: FloatArray, a: FloatArray
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """The `b` of largest likelihood at a given mean, that likelihood, and its slope in `a`."""
    edge = family.edge(a, x, n)
    wide_x, wide_n, grid = _on_grid(x, n, *family.span(x, n))
    wide = family.terms(np.repeat(a, GRID_POINTS), grid.ravel(), wide_x, wide_n)
    best = wide.value.reshape(grid.shape).argmax(axis=1)
    at = np.arange(len(x))
    left = grid[at, np.maximum(best - 1, 0)]
    right = grid[at, np.minimum(best + 1, GRID_POINTS - 1)]

    def residual(b: FloatArray, rows: Rows) -> tuple[FloatArray, FloatArray]:
        t = family.terms(a[rows], b, x[rows], n[rows])
        return -t.b, -t.bb

    b = increasing_root(residual, left, right, grid[at, best], settled=1e-8)
    t = family.terms(a, b, x, n)
    none = edge.value >= t.value
    return (
        np.where(none, -np.inf, b),
        np.where(none, edge.value, t.value),
        np.where(none, edge.a, t.a),
    )


def mean_root(
    family: Family, x: FloatArray, n: FloatArray, found: Fit, a: FloatArray
) -> FloatArray:
    """Signed root of the likelihood ratio of the mean, positive above the estimate."""
    _, value, _ = best_dispersion(family, x, n, a)
    root: FloatArray = np.sign(a - found.a) * np.sqrt(2.0 * np.maximum(found.value - value, 0.0))
    return root


def mean_limit(
    family: Family, x: FloatArray, n: FloatArray, found: Fit, critical: FloatArray
) -> FloatArray:
    """Where the signed root of the mean is `critical`, negative for a lower limit."""
    sign = np.sign(critical)

    def residual(step: FloatArray, rows: Rows) -> tuple[FloatArray, FloatArray]:
        a = found.a[rows] + sign[rows] * step
        _, value, slope = best_dispersion(family, x[rows], n[rows], a)
        root = np.sqrt(2.0 * np.maximum(found.value[rows] - value, 1e-300))
        return root - np.abs(critical[rows]), -sign[rows] * slope / root

    zero = np.zeros(len(x))
    step = increasing_root(residual, zero, zero + 40.0, zero + 0.3)
    limit: FloatArray = found.a + sign * step
    return limit


def dispersion_limits(
    family: Family, x: FloatArray, n: FloatArray, found: Fit, critical: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Limits of `b` by profile likelihood: -inf where 0 is not excluded, inf where nothing is."""
    low, high = family.span(x, n)
    lower, upper = np.full(len(x), -np.inf), np.full(len(x), np.inf)
    excluded = 2.0 * (found.value - found.edge_value) > critical**2
    start = np.where(np.isfinite(found.b), found.b, low)

    def profile(b: FloatArray, rows: Rows) -> tuple[FloatArray, FloatArray]:
        a = best_mean(family, x[rows], n[rows], b, found.a[rows])
        t = family.terms(a, b, x[rows], n[rows])
        root = np.sqrt(2.0 * np.maximum(found.value[rows] - t.value, 1e-300))
        return root, -t.b / root

    for side, rows, end, result in (
        (-1.0, np.flatnonzero(excluded), low, lower),
        (1.0, np.arange(len(x)), high, upper),
    ):
        reach = np.abs(end - start)[rows]

        def residual(
            step: FloatArray, at: Rows, side: float = side, rows: Rows = rows
        ) -> tuple[FloatArray, FloatArray]:
            root, slope = profile(start[rows[at]] + side * step, rows[at])
            return root - critical[rows[at]], side * slope

        step = increasing_root(residual, np.zeros(rows.size), reach, 0.2 * reach)
        inside = step < reach * (1.0 - 1e-12)
        result[rows[inside]] = (start[rows] + side * step)[inside]
    return lower, upper
