"""Deviances of a level, a slope, a step and both, for many series at the same periods."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, xlogy

from countylines._kernels import segmented

FloatArray = NDArray[np.float64]

SHAPES = ("level", "slope", "step", "step and slope")
PARAMETERS = (1, 2, 3, 4)  # a step has a place too


@dataclass(frozen=True)
class Fitted:
    """Deviances (4, rows) and the best places of a step, alone and beside a slope."""

    deviance: FloatArray
    place: NDArray[np.intp]
    place_with_slope: NDArray[np.intp]


def fitted(
    rows: FloatArray, weights: FloatArray, times: FloatArray, family: str, between: int
) -> Fitted:
    """Fit every shape to every row; a step lies after `between` periods and before as many."""
    n = len(times)
    places = np.arange(between, n - between + 1)
    after = (np.arange(n)[:, None] >= places).astype(np.float64)
    level = _levels(rows, weights, np.ones((n, 1)), family)[:, 0]
    steps = _levels(rows, weights, after, family) + _levels(rows, weights, 1.0 - after, family)
    line = np.column_stack([np.ones(n), times - times.mean()])
    # a best slope at infinity lies between two finite fits, and is not needed
    slope = np.minimum(_lines(rows, weights, line, family), level)
    both = np.empty((len(rows), len(places)))
    for i in range(len(places)):
        wide = np.column_stack([line, after[:, i]])
        both[:, i] = np.minimum(_lines(rows, weights, wide, family), np.minimum(steps[:, i], slope))
    return Fitted(
        np.stack([level, slope, steps.min(axis=1), both.min(axis=1)]),
        places[steps.argmin(axis=1)],
        places[both.argmin(axis=1)],
    )


def _levels(rows: FloatArray, weights: FloatArray, parts: FloatArray, family: str) -> FloatArray:
    """Deviance within parts (n, places) of one level each; 0 for what lies outside."""
    every = weights @ parts
    events = rows @ parts
    own = xlogy(rows, rows / weights) @ parts - xlogy(events, events / every)
    if family == "binomial":
        rest = weights - rows
        own = own + xlogy(rest, rest / weights) @ parts
        own = own - xlogy(every - events, (every - events) / every)
    twice: FloatArray = np.maximum(2.0 * own, 0.0)
    return twice


def _lines(rows: FloatArray, weights: FloatArray, design: FloatArray, family: str) -> FloatArray:
    out = np.empty(len(rows))
    step = max(segmented.HELD // design.size, 1)
    for begin in range(0, len(rows), step):
        part = rows[begin : begin + step]
        many = np.broadcast_to(design, (len(part), *design.shape))
        out[begin : begin + step] = segmented.fit(part, weights, many, family)[1]
    return out


def means(
    values: FloatArray,
    weights: FloatArray,
    times: FloatArray,
    family: str,
    shape: str,
    place: int,
) -> FloatArray:
    """Expected counts of one series under a level, a slope or a step."""
    if shape == "slope":
        line = np.column_stack([np.ones(len(times)), times - times.mean()])
        found, lost = segmented.fit(values, weights, line[None], family)
        if np.isfinite(lost[0]):
            eta = line @ found[0]
            mean: FloatArray = weights * (np.exp(eta) if family == "poisson" else expit(eta))
            return mean
        place = 0
    cut = place if shape == "step" else 0
    parts = [slice(cut), slice(cut, None)] if cut else [slice(None)]
    share = np.concatenate(
        [np.full(len(values[p]), values[p].sum() / weights[p].sum()) for p in parts]
    )
    constant: FloatArray = weights * share
    return constant


def drawn(
    generator: np.random.Generator,
    size: int,
    mean: FloatArray,
    weights: FloatArray,
    family: str,
    dispersion: float,
) -> FloatArray:
    """Series with these means; variances are larger than Poisson or binomial by the dispersion."""
    extra = dispersion - 1.0
    if family == "poisson":
        if extra > 1e-9:
            rate = extra * generator.gamma(np.maximum(mean, 1e-300) / extra, size=(size, len(mean)))
        else:
            rate = np.broadcast_to(mean, (size, len(mean)))
        counts: FloatArray = generator.poisson(rate).astype(np.float64)
        return counts
    share = np.broadcast_to(mean / weights, (size, len(mean)))
    # the correlation of cases of one period that multiplies the variance by the dispersion
    close = np.minimum(extra / np.maximum(weights - 1.0, 1e-9), 0.99)
    loose = (close > 1e-9) & (share[0] > 0) & (share[0] < 1)
    if loose.any():
        share = share.copy()
        total = 1.0 / close[loose] - 1.0
        share[:, loose] = generator.beta(
            share[0, loose] * total, (1.0 - share[0, loose]) * total, (size, int(loose.sum()))
        )
    successes: FloatArray = generator.binomial(weights.astype(np.int64), share).astype(np.float64)
    return successes
