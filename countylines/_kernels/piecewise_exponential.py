"""Likelihood of lives whose hazard is constant between given times, and proportional over groups.

Parameters are the logs of the hazards, then the coefficients of the design on the log hazard.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from countylines._kernels.maximum_likelihood import Maximum, maximise
from countylines._kernels.method import FloatArray


def exposures(times: FloatArray, breaks: FloatArray) -> FloatArray:
    """Time spent in each piece until `times`: one row a time, one column a piece."""
    edges = np.concatenate([[0.0], breaks])
    widths = np.diff(np.append(edges, np.inf))
    spent: FloatArray = np.clip(times[:, None] - edges, 0.0, widths)
    return spent


def piece_of(times: FloatArray, breaks: FloatArray) -> NDArray[np.intp]:
    """The piece that holds each time; one at a break belongs to the piece that it ends."""
    return np.searchsorted(breaks, times, side="left")


@dataclass(frozen=True)
class Pieces:
    """Time of each life in each piece: while known to go on, and in its last interval."""

    known: FloatArray  # from entry until lower
    within: FloatArray  # from lower until upper, for lives that ended in an interval
    between: NDArray[np.intp]
    ends: FloatArray  # exact ends by piece
    design: FloatArray
    ended: FloatArray  # sums of the rows of the design over exact ends

    @classmethod
    def of(
        cls,
        entry: FloatArray,
        lower: FloatArray,
        upper: FloatArray,
        design: FloatArray,
        breaks: FloatArray,
    ) -> Pieces:
        """Split the spells at the breaks."""
        exact = lower == upper
        between = np.flatnonzero(~exact & np.isfinite(upper))
        known = exposures(lower, breaks) - exposures(np.maximum(entry, 0.0), breaks)
        within = exposures(upper[between], breaks) - exposures(lower[between], breaks)
        ends = np.bincount(piece_of(lower[exact], breaks), minlength=breaks.size + 1)
        if not design.shape[1]:  # only sums matter
            known = known.sum(axis=0, keepdims=True)
        return cls(known, within, between, ends.astype(float), design, design[exact].sum(axis=0))


def log_likelihood(pieces: Pieces, theta: FloatArray) -> tuple[float, FloatArray, FloatArray]:
    """Value, gradient and Hessian."""
    count = pieces.ends.size
    hazards, beta = np.exp(theta[:count]), theta[count:]
    gradient, hessian = np.zeros(theta.size), np.zeros((theta.size, theta.size))
    with np.errstate(over="ignore", invalid="ignore"):
        relative = np.exp(pieces.design @ beta)
        known = pieces.known * hazards
        known = known * relative[:, None] if beta.size else known
        value = pieces.ends @ theta[:count] + pieces.ended @ beta - known.sum()
        gradient[:count], gradient[count:] = pieces.ends, pieces.ended
        design = pieces.design[: len(known)]
        _add(gradient, hessian, known, design, np.ones(len(known)), -1.0)
        if pieces.between.size:
            rows = pieces.between
            inside = pieces.within * hazards * relative[rows, None]
            total = inside.sum(axis=1)
            rest = np.expm1(total)
            value += float(np.sum(np.log(-np.expm1(-total))))
            _add(gradient, hessian, inside, pieces.design[rows], 1.0 / rest, 1.0)
            full = np.concatenate([inside, total[:, None] * pieces.design[rows]], axis=1)
            bend = (rest + 1.0) / rest**2
            hessian -= (full * bend[:, None]).T @ full
    return float(value), gradient, hessian


def _add(
    gradient: FloatArray,
    hessian: FloatArray,
    hazard: FloatArray,
    design: FloatArray,
    weight: FloatArray,
    sign: float,
) -> None:
    """Add weighted sums of cumulative hazards: their first and second derivatives."""
    count = hazard.shape[1]
    by_piece = sign * weight @ hazard
    total = sign * weight * hazard.sum(axis=1)
    cross = sign * (hazard * weight[:, None]).T @ design
    gradient[:count] += by_piece
    gradient[count:] += total @ design
    hessian[range(count), range(count)] += by_piece
    hessian[:count, count:] += cross
    hessian[count:, :count] += cross.T
    hessian[count:, count:] += (design * total[:, None]).T @ design


def fit(
    entry: FloatArray,
    lower: FloatArray,
    upper: FloatArray,
    design: FloatArray,
    breaks: FloatArray,
    used: NDArray[np.bool_],
) -> Maximum:
    """Maximum likelihood of the log hazards of the pieces `used`, the others being 0."""
    centre, spread = design.mean(axis=0), design.std(axis=0)
    every = Pieces.of(entry, lower, upper, (design - centre) / spread, breaks)
    pieces = Pieces(
        every.known[:, used],
        every.within[:, used],
        every.between,
        every.ends[used],
        every.design,
        every.ended,
    )
    kept = int(np.sum(used))
    start = np.zeros(kept + design.shape[1])
    ends = pieces.ends.sum() + pieces.between.size
    start[:kept] = np.log(ends / np.sum(pieces.known + 0.0) if np.sum(pieces.known) else 1.0)
    found = maximise(lambda theta: log_likelihood(pieces, theta), start)
    back = np.eye(start.size)
    for j in range(design.shape[1]):
        back[kept + j, kept + j] = 1.0 / spread[j]
        back[:kept, kept + j] = -centre[j] / spread[j]
    return found._replace(value=back @ found.value, covariance=back @ found.covariance @ back.T)


def directions(
    pieces: Pieces, lower: FloatArray, upper: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Rows of log hazards that must stay, and rows that may only fall (with the sign turned)."""
    count = pieces.ends.size
    exact = lower == upper

    def rows(which: NDArray[np.bool_], touched: NDArray[np.bool_]) -> FloatArray:
        life, piece = np.nonzero(touched[which])
        made = np.zeros((life.size, count + pieces.design.shape[1]))
        made[np.arange(life.size), piece] = 1.0
        made[:, count:] = pieces.design[which][life]
        return np.unique(made, axis=0)

    everyone = np.ones(lower.size, dtype=bool)
    falling = rows(everyone, pieces.known > 0.0)
    inside = np.zeros(pieces.known.shape, dtype=bool)
    inside[pieces.between] = pieces.within > 0.0
    fixed = rows(~exact & np.isfinite(upper), inside)
    return fixed, -falling
