"""Logit-type limits of the hidden number under a log-linear model.

For two lists Sadinle (2009) adds 1/2 to each of the three cells and takes the log of the hidden
number, itself with 1/2 added, as normal. The same 1/2 is what Firth's (1993) penalised likelihood
adds there: to every cell half its leverage, which is 1 where each cell has its own parameter. Under
a model with fewer parameters the leverages share them out, so that the whole addition is half the
number of parameters however many cells there are. The fit exists whatever cells are empty.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from countylines._kernels import hierarchical

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

SHIFT = 0.5  # added to the hidden number before its logarithm is taken
_TOLERANCE = 1e-11
_MAX_STEPS = 1000
_LONGEST_STEP = 3.0
_HALVINGS = 40


class Spread(NamedTuple):
    """Centre of the hidden number and spread of its logarithm, by row."""

    centre: FloatArray
    spread: FloatArray
    converged: NDArray[np.bool_]


def spread(counts: FloatArray, cells: IntArray, terms: IntArray) -> Spread:
    """Penalised fits of tables (rows, cells) by one model whose design on the cells is regular."""
    design = hierarchical.design(cells, terms)
    rows = len(counts)
    first = counts + 0.5
    right = ((first * np.log(first)) @ design)[..., None]
    effects: FloatArray = np.linalg.solve(_information(first, design), right)[..., 0].astype(float)
    converged = np.zeros(rows, dtype=bool)
    active = np.arange(rows)
    for _ in range(_MAX_STEPS):
        here = effects[active]
        value, fitted, inverse = _penalised(here, counts[active], design)
        leverage = fitted * (np.matmul(design, inverse) * design).sum(axis=2)
        score = (counts[active] + 0.5 * leverage - fitted) @ design
        step = np.einsum("rij,rj->ri", inverse, score)
        longest = np.abs(step).max(axis=1)
        step *= np.minimum(1.0, _LONGEST_STEP / np.maximum(longest, 1e-300))[:, None]
        effects[active] = _not_worse(here, step, value, counts[active], design)
        done = longest <= _TOLERANCE * np.maximum(1.0, np.abs(here).max(axis=1))
        converged[active[done]] = True
        active = active[~done]
        if active.size == 0:
            break
    _, _, inverse = _penalised(effects, counts, design)
    centre = np.exp(effects[:, 0])
    return Spread(centre, np.sqrt(inverse[:, 0, 0] + 1.0 / centre), converged)


def at(found: Spread, units: float) -> FloatArray:
    """Hidden numbers so many standard normal units from the centre, not below 0."""
    return np.maximum(found.centre * np.exp(units * found.spread) - SHIFT, 0.0)


def distance(found: Spread, hidden: FloatArray) -> FloatArray:
    """Distance of hidden numbers from the centre in standard normal units."""
    return np.asarray(np.log((hidden + SHIFT) / found.centre) / found.spread)


def _penalised(
    effects: FloatArray, counts: FloatArray, design: FloatArray
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Likelihood with half the log determinant of its information, fitted values, inverse."""
    predictor = effects @ design.T
    with np.errstate(over="ignore"):
        fitted = np.exp(predictor)
    information = _information(fitted, design)
    _, log_determinant = np.linalg.slogdet(information)
    value = (counts * predictor - fitted).sum(axis=1) + 0.5 * log_determinant
    inverse: FloatArray = np.linalg.inv(information).astype(float)
    return value.astype(float), fitted, inverse


def _not_worse(
    effects: FloatArray,
    step: FloatArray,
    value: FloatArray,
    counts: FloatArray,
    design: FloatArray,
) -> FloatArray:
    """Take the step, halved until the penalised likelihood does not fall."""
    result = effects.copy()
    waiting = np.arange(len(step))
    scale = 1.0
    for _ in range(_HALVINGS):
        trial = effects[waiting] + scale * step[waiting]
        tried, _, _ = _penalised(trial, counts[waiting], design)
        slack = 1e-12 * np.maximum(1.0, np.abs(value[waiting]))
        better = tried >= value[waiting] - slack
        result[waiting[better]] = trial[better]
        waiting = waiting[~better]
        if waiting.size == 0:
            break
        scale *= 0.5
    return result


def _information(weight: FloatArray, design: FloatArray) -> FloatArray:
    information: FloatArray = np.matmul((weight[:, :, None] * design).transpose(0, 2, 1), design)
    return information
