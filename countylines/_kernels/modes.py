"""Modes of a distribution with their mass: hills that a deep valley parts from each other.

A hill counts as a mode of its own if the density falls, on the way to any higher hill, to at most
`VALLEY` of its top, and if it holds at least `LEAST_MASS` of the probability; a hill that does not
is taken as a part of its neighbour across the shallower valley. Ranking hills by the depth of the
valley that they drown in is the persistence of Edelsbrunner, Letscher and Zomorodian (2002),
https://doi.org/10.1007/s00454-002-2885-2, here of the logarithm of a density on a line.
"""

from __future__ import annotations

import itertools
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.intp]

VALLEY = 0.5
LEAST_MASS = 0.05
NARROWEST_WINDOW = 0.02  # share of the draws whose spread tells the density
WIDEST_WINDOW = 0.25
DRAWS_IN_WINDOW = 75.0  # independent ones: the density is then known to about 12 %
PLACES_IN_HALF = 8  # a window: where the density is looked at
SAME_HEIGHT = 0.15  # tops of draws that differ less than this may be the same
NOISE = 1e-12  # of the highest probability: below that, ups and downs are rounding


class Modes(NamedTuple):
    """Where each mode is, its mass, and the values from `first` to `last` that belong to it."""

    mode: FloatArray
    mass: FloatArray
    first: FloatArray
    last: FloatArray


def modes_of_pmf(values: FloatArray, probabilities: FloatArray) -> Modes:
    """Modes of probabilities of ascending values."""
    density = np.where(probabilities < NOISE * probabilities.max(), 0.0, probabilities)
    starts, peaks = _hills(density, probabilities)
    return _collect(values, probabilities, starts, peaks)


def modes_of_draws(draws: FloatArray, effective: float) -> Modes:
    """Modes of draws that tell as much as `effective` independent ones.

    The density at a draw is the number of draws in a window round it over the width of the window,
    with the same number everywhere (Loftsgaarden and Quesenberry 1965,
    https://doi.org/10.1214/aoms/1177700079): its relative error is the same on a sharp hill as on
    a flat one, whatever the unit.
    """
    ordered = np.sort(draws.ravel())
    size = ordered.size
    share = np.clip(DRAWS_IN_WINDOW / max(effective, 1.0), NARROWEST_WINDOW, WIDEST_WINDOW)
    half = min(max(int(0.5 * share * size), 1), (size - 1) // 2)
    step = max(half // PLACES_IN_HALF, 1)
    places = np.arange(half, size - half, step)
    bounds = np.concatenate([[0], places[1:] - step // 2, [size]])
    spread = _spread_ties(ordered)
    with np.errstate(invalid="ignore"):
        width = spread[places + half] - spread[places - half]
    finest = np.spacing(np.abs(spread[places]))
    with np.errstate(divide="ignore", invalid="ignore"):
        density = np.where(np.isfinite(width), 1.0 / np.maximum(width, finest), 0.0)
    starts, peaks = _hills(density, np.diff(bounds) / size)
    peaks = places[_middle_of_tops(density, starts, peaks)]
    return _collect(ordered, np.full(size, 1.0 / size), bounds[starts], peaks)


def _middle_of_tops(density: FloatArray, starts: IntArray, peaks: IntArray) -> IntArray:
    """The middle of the places that may be the top of each hill, for all that the noise tells."""
    ends = np.append(starts[1:], density.size)
    middles = []
    for start, end, peak in zip(starts, ends, peaks, strict=True):
        near = np.flatnonzero(density[start:end] >= (1.0 - SAME_HEIGHT) * density[peak])
        middles.append(start + near[near.size // 2])
    return np.array(middles, dtype=np.intp)


def _spread_ties(ordered: FloatArray) -> FloatArray:
    """Equal draws laid out evenly over the finest step between different ones."""
    values, first, count = np.unique(ordered, return_index=True, return_counts=True)
    steps = np.diff(values[np.isfinite(values)])
    step = steps.min() if steps.size else 0.0
    within = np.arange(ordered.size) - np.repeat(first, count)
    return ordered + step * ((within + 0.5) / np.repeat(count, count) - 0.5)


def _hills(density: FloatArray, weight: FloatArray) -> tuple[IntArray, IntArray]:
    """Where each hill starts, and its top."""
    level = np.concatenate([[0], np.flatnonzero(np.diff(density)) + 1])  # plateaus are one place
    height = density[level]
    rises = np.concatenate([[True], height[1:] > height[:-1]])
    falls = np.concatenate([height[:-1] > height[1:], [True]])
    tops = np.flatnonzero(rises & falls)
    valleys = np.array(
        [a + int(np.argmin(height[a:b])) for a, b in itertools.pairwise(tops)],
        dtype=np.intp,
    )
    tops, valleys = _drown_shallow(height, tops, valleys)
    tops, valleys = _drown_small(height, tops, valleys, np.add.reduceat(weight, level))
    ends = np.append(level[1:], density.size)
    middle = (level[valleys] + ends[valleys]) // 2  # of a flat valley, half goes to either side
    return np.concatenate([[0], middle]), level[tops]


def _drown_shallow(
    height: FloatArray, tops: IntArray, valleys: IntArray
) -> tuple[IntArray, IntArray]:
    while valleys.size:
        lower = np.minimum(height[tops[:-1]], height[tops[1:]])
        depth = height[valleys] / lower
        shallowest = int(np.argmax(depth))
        if depth[shallowest] <= VALLEY:
            break
        tops, valleys = _join(height, tops, valleys, shallowest)
    return tops, valleys


def _drown_small(
    height: FloatArray, tops: IntArray, valleys: IntArray, weight: FloatArray
) -> tuple[IntArray, IntArray]:
    while valleys.size:
        mass = np.add.reduceat(weight, np.concatenate([[0], valleys]))
        least = int(np.argmin(mass))
        if mass[least] >= LEAST_MASS:
            break
        beside = [i for i in (least - 1, least) if 0 <= i < valleys.size]
        tops, valleys = _join(height, tops, valleys, max(beside, key=lambda i: height[valleys[i]]))
    return tops, valleys


def _join(
    height: FloatArray, tops: IntArray, valleys: IntArray, valley: int
) -> tuple[IntArray, IntArray]:
    """Make one hill of the two beside a valley; the higher top stays."""
    lower = valley if height[tops[valley]] < height[tops[valley + 1]] else valley + 1
    return np.delete(tops, lower), np.delete(valleys, valley)


def _collect(values: FloatArray, weight: FloatArray, starts: IntArray, peaks: IntArray) -> Modes:
    ends = np.concatenate([starts[1:], [values.size]])
    mass = np.add.reduceat(weight, starts)
    return Modes(values[peaks], mass / weight.sum(), values[starts], values[ends - 1])
