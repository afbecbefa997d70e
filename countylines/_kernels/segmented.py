"""Fits of continuous broken lines, and the search for the best joinpoints.

A broken line with joinpoints tau is a + b t + sum_j d_j (t - tau_j)+ on the log, logit or plain
scale. Many sets of joinpoints are fitted at once. In the permutation test weights are fixed, so
that a fit is a projection: one more joinpoint only updates inner products.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, xlogy

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.intp]

FAMILIES = ("poisson", "binomial", "gaussian")
HELD = 2_000_000  # entries of the designs fitted at a time
_STEPS = 60
_CLOSE = 1e-11
_STARTS = 10
_FLAT = 1e-12


@dataclass(frozen=True)
class Data:
    """One series: counts and exposures, counts and totals, or values and weights."""

    values: FloatArray
    weights: FloatArray
    times: FloatArray
    family: str


def design(times: FloatArray, joinpoints: FloatArray) -> FloatArray:
    """Intercept, time and hinges: (sets, n, 2 + k) for joinpoints (sets, k)."""
    sets, k = joinpoints.shape
    out = np.empty((sets, len(times), 2 + k))
    out[:, :, 0], out[:, :, 1] = 1.0, times
    out[:, :, 2:] = np.maximum(times[:, None] - joinpoints[:, None, :], 0.0)
    return out


def fit(
    values: FloatArray, weights: FloatArray, designs: FloatArray, family: str
) -> tuple[FloatArray, FloatArray]:
    """Coefficients (sets, p) and deviances (sets,) by maximum likelihood.

    `values` is one row for all designs, or one each. The deviance is infinite where no finite
    coefficients are best.
    """
    sets, n, p = designs.shape
    values = np.broadcast_to(values, (sets, n))
    weights = np.broadcast_to(weights, (sets, n))
    eta = _start(values, weights, family)
    coefficients = np.full((sets, p), np.nan)
    deviances = np.full(sets, np.inf)
    going = np.arange(sets)
    for _ in range(1 if family == "gaussian" else _STEPS):
        x, y, size = designs[going], values[going], weights[going]
        mean, slope = _mean(eta, size, family)
        working = eta + (y - mean) / slope
        crossed = np.swapaxes(x, 1, 2) * slope[:, None, :]
        found = _solved(crossed @ x, (crossed @ working[:, :, None])[..., 0])
        new = np.clip((x @ found[:, :, None])[..., 0], -700.0, 700.0)
        moved = np.abs(new - eta).max(axis=1)
        coefficients[going] = found
        done = np.isnan(moved) if family != "gaussian" else np.ones(len(going), dtype=bool)
        done |= moved <= _CLOSE * (1.0 + np.abs(new).max(axis=1))
        settled = done & ~np.isnan(new).any(axis=1)
        finished = going[settled]
        deviances[finished] = deviance(new[settled], y[settled], size[settled], family)
        going, eta = going[~done], new[~done]
        if not len(going):
            break
    return coefficients, deviances


def _start(values: FloatArray, weights: FloatArray, family: str) -> FloatArray:
    if family == "gaussian":
        return np.array(values)
    if family == "poisson":
        return np.log((values + 0.5) / weights)
    return np.log((values + 0.5) / (weights - values + 0.5))


def _mean(eta: FloatArray, weights: FloatArray, family: str) -> tuple[FloatArray, FloatArray]:
    """Means and their derivative in the line: the weights of the working response."""
    if family == "gaussian":
        return eta, weights
    if family == "poisson":
        mean = weights * np.exp(eta)
        return mean, np.maximum(mean, 1e-300)
    share = expit(eta)
    return weights * share, np.maximum(weights * share * expit(-eta), 1e-300)


def deviance(eta: FloatArray, values: FloatArray, weights: FloatArray, family: str) -> FloatArray:
    """Twice the log likelihood lost against a perfect fit; the weighted sum of squares."""
    if family == "gaussian":
        squares: FloatArray = (weights * (values - eta) ** 2).sum(axis=-1)
        return squares
    mean, _ = _mean(eta, weights, family)
    if family == "poisson":
        lost = xlogy(values, values) - values * (np.log(weights) + eta) - (values - mean)
    else:
        rest = weights - values
        lost = (
            xlogy(values, values) + xlogy(rest, rest) - xlogy(weights, weights)
            + values * np.logaddexp(0.0, -eta) + rest * np.logaddexp(0.0, eta)
        )  # fmt: skip
    twice: FloatArray = np.maximum(2.0 * lost.sum(axis=-1), 0.0)
    return twice


def _solved(matrix: FloatArray, right: FloatArray) -> FloatArray:
    """Solutions of many small systems, nan where one is singular."""
    size = np.sqrt(np.maximum(np.diagonal(matrix, axis1=1, axis2=2), 1e-300))
    scaled = matrix / (size[:, :, None] * size[:, None, :])
    poor = ~(np.linalg.cond(scaled) < 1e13)
    scaled[poor] = np.eye(matrix.shape[1])
    out: FloatArray = np.linalg.solve(scaled, (right / size)[:, :, None])[..., 0] / size
    out[poor] = np.nan
    return out


def places(n: int, k: int, between: int) -> Iterator[tuple[int, ...]]:
    """Every set of k positions with so many points before, between and after them."""
    last = n - 1 - between
    slack = last - between - (k - 1) * (between + 1)
    if slack < 0:
        return
    shift = np.arange(k) * between
    for chosen in itertools.combinations(range(between, last + 1 - (k - 1) * between), k):
        yield tuple(int(c + s) for c, s in zip(chosen, shift, strict=True))


def number_of_places(n: int, k: int, between: int) -> int:
    """How many sets there are."""
    free = n - 2 * between - (k - 1) * between
    return 1 if k == 0 else int(_choose(free, k))


def _choose(n: int, k: int) -> int:
    product = 1
    for i in range(k):
        product = product * max(n - i, 0) // (i + 1)
    return product


def on_grid(data: Data, k: int, between: int) -> tuple[IntArray, FloatArray]:
    """Every set of joinpoints at observed times, (sets, k), and its deviance."""
    sets = np.empty((1, 0), dtype=np.intp)
    if k:
        sets = np.array(list(places(len(data.times), k, between)), dtype=np.intp)
    deviances = np.empty(len(sets))
    step = max(HELD // (len(data.times) * (2 + k)), 1)
    for begin in range(0, len(sets), step):
        part = slice(begin, begin + step)
        designs = design(data.times, data.times[sets[part]])
        deviances[part] = fit(data.values, data.weights, designs, data.family)[1]
    return sets, deviances


@dataclass(frozen=True)
class Line:
    """A broken line at its best: coefficients, joinpoints, deviance."""

    coefficients: FloatArray
    joinpoints: FloatArray
    deviance: float

    def at(self, times: FloatArray) -> FloatArray:
        """The line at some times."""
        found: FloatArray = design(times, self.joinpoints[None])[0] @ self.coefficients
        return found


def line(data: Data, joinpoints: FloatArray) -> Line:
    """The best line with given joinpoints."""
    found, lost = fit(data.values, data.weights, design(data.times, joinpoints[None]), data.family)
    return Line(found[0], joinpoints, float(lost[0]))


def between_times(data: Data, sets: IntArray, deviances: FloatArray, between: int) -> Line:
    """The best line with joinpoints anywhere, from the best sets at observed times.

    From each start the joinpoints move by Gauss-Newton steps of the likelihood, shortened until it
    rises. A best place at an observed time, where the likelihood has a kink, is left where it is.
    """
    best = None
    for at in np.argsort(deviances)[:_STARTS]:
        if not np.isfinite(deviances[at]):
            continue
        found = _climbed(data, data.times[sets[at]], between)
        if best is None or found.deviance < best.deviance:
            best = found
    assert best is not None
    return best


def _climbed(data: Data, start: FloatArray, between: int) -> Line:
    here = line(data, start)
    for _ in range(60):
        step = _direction(data, here)
        if step is None or np.abs(step).max(initial=0.0) <= 1e-12 * np.ptp(data.times):
            break
        for _ in range(25):
            there = here.joinpoints + step
            if _allowed(data.times, there, between):
                moved = line(data, there)
                if moved.deviance < here.deviance:
                    break
            step = step / 2.0
        else:
            break
        little = here.deviance - moved.deviance <= 1e-12 * (1.0 + here.deviance)
        here = moved
        if little:
            break
    return here


def _direction(data: Data, here: Line) -> FloatArray | None:
    """The Gauss-Newton step of the joinpoints."""
    k = len(here.joinpoints)
    wide = extended(data.times, here)
    eta = here.at(data.times)
    mean, slope = _mean(eta, data.weights, data.family)
    rest = (data.values - mean) / slope
    if data.family == "gaussian":
        rest = data.values - mean
    root = np.sqrt(slope)
    step = np.linalg.lstsq(root[:, None] * wide, root * rest, rcond=1e-12)[0][-k:]
    return np.asarray(step, dtype=np.float64) if np.isfinite(step).all() else None


def extended(times: FloatArray, here: Line) -> FloatArray:
    """The design with the derivatives in the joinpoints beside it."""
    after = times[:, None] > here.joinpoints
    slopes = here.coefficients[2:]
    return np.hstack([design(times, here.joinpoints[None])[0], -slopes * after])


def _allowed(times: FloatArray, joinpoints: FloatArray, between: int) -> bool:
    if joinpoints[0] < times[between] or joinpoints[-1] > times[-1 - between]:
        return False
    if np.any(np.diff(joinpoints) <= 0):
        return False
    inside = np.searchsorted(times, joinpoints[1:], "left") - np.searchsorted(
        times, joinpoints[:-1], "right"
    )
    return bool(np.all(inside >= between))


def covariance(data: Data, here: Line) -> FloatArray:
    """Of coefficients and joinpoints together, for a dispersion of 1; nan where there is none."""
    wide = extended(data.times, here)
    _, slope = _mean(here.at(data.times), data.weights, data.family)
    crossed = wide.T @ (slope[:, None] * wide)
    size = np.sqrt(np.diagonal(crossed))
    if not np.all(size > 0) or np.linalg.cond(crossed / np.outer(size, size)) > 1e13:
        return np.full(crossed.shape, np.nan)
    found: FloatArray = np.linalg.inv(crossed / np.outer(size, size)) / np.outer(size, size)
    return found


def pearson(data: Data, here: Line) -> float:
    """The sum of squared standardised residuals."""
    mean, slope = _mean(here.at(data.times), data.weights, data.family)
    if data.family == "gaussian":
        return here.deviance
    return float((((data.values - mean) ** 2) / slope).sum())


@dataclass(frozen=True)
class Projected:
    """Hinges at the observed times and the line of the null, at the weights of the null."""

    base: FloatArray  # orthonormal: intercept and time
    hinges: FloatArray  # (m, n), free of the base
    inner: FloatArray  # their inner products
    fitted: FloatArray  # of the null, in standard units
    rest: FloatArray  # Pearson residuals
    between: int


def projected(data: Data, null: Line, between: int) -> Projected:
    """Prepare the permutation test of a null line."""
    eta = null.at(data.times)
    mean, slope = _mean(eta, data.weights, data.family)
    root = np.sqrt(slope)
    # standard units: residual times the root of the weight
    rest = (data.values - mean) / (root if data.family != "gaussian" else 1.0 / root)
    base = np.linalg.qr(root[:, None] * np.column_stack([np.ones_like(eta), data.times]))[0]
    inside = data.times[between : len(data.times) - between]
    hinges = root * np.maximum(data.times - inside[:, None], 0.0)
    hinges = hinges - (hinges @ base) @ base.T
    return Projected(base, hinges, hinges @ hinges.T, root * eta, rest, between)


def ratios(test: Projected, rows: FloatArray, fewer: int, more: int) -> FloatArray:
    """Sum of squares of the best line with fewer joinpoints over that with more, a row each."""
    rows = rows - (rows @ test.base) @ test.base.T
    whole = (rows**2).sum(axis=1)
    products = test.hinges @ rows.T
    lost = [np.maximum(whole - _gain(test, products, k), 0.0) for k in (fewer, more)]
    ratio: FloatArray = lost[0] / np.maximum(lost[1], _FLAT * whole.max(initial=1e-300))
    return ratio


def _gain(test: Projected, products: FloatArray, k: int) -> FloatArray:
    """What the best k joinpoints take off the sum of squares, a column each."""
    best = np.zeros(products.shape[1])
    if k:
        _descend(products, test.inner, k, test.between + 1, np.zeros_like(best), best)
    return best


def _descend(
    products: FloatArray, inner: FloatArray, k: int, gap: int, gained: FloatArray, best: FloatArray
) -> None:
    """Choose the next joinpoint; `best` is raised in place."""
    own = np.diagonal(inner)
    if k == 1:
        if len(own):
            np.maximum(best, gained + (products**2 / own[:, None]).max(axis=0), out=best)
        return
    for i in range(len(own) - (k - 1) * gap):
        later = slice(i + gap, None)
        share = inner[later, i] / own[i]
        _descend(
            products[later] - share[:, None] * products[i],
            inner[later, later] - np.outer(share, inner[i, later]),
            k - 1,
            gap,
            gained + products[i] ** 2 / own[i],
            best,
        )
