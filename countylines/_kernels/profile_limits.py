"""Maximum and limits of a profile likelihood of a number above 0, many points at a time.

The likelihood is given as a function of points that returns its value, slope and curvature there;
all work is on the log of the number. The number may be anything from `LEAST`, taken for 0, to
`MOST`, taken for infinity.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from countylines._kernels.roots import Rows, increasing_root

FloatArray = NDArray[np.float64]
Curve = Callable[[FloatArray], tuple[FloatArray, FloatArray, FloatArray]]

MOST = 1e15
LEAST = 1e-8
_NEAR = np.array([-0.5, -0.1, 0.0, 0.1, 0.5])
_FAR = 2.0 ** np.arange(0.0, 6.0)
_REACH = 1.6  # brackets reach that many times as far as a quadratic likelihood would


class Profile(NamedTuple):
    """Maximum and limits of the number."""

    estimate: float
    low: float
    high: float


def profile(curve: Curve, start: float, z_low: float | None, z_high: float | None) -> Profile:
    """Maximum, and the points z_low and z_high standard normal units away from it.

    A limit is 0 or infinite if the likelihood never falls that far on its side, or if it is not
    asked for (None). Below a one-sided level of one half a distance is negative: the limit then
    lies on the far side of the maximum. `start` is near the maximum.
    """
    peak, curvature = _peak(curve, start)
    low, high = _limits(curve, peak, curvature, z_low, z_high)
    return Profile(peak if peak > LEAST else 0.0, low, high)


def maximum(curve: Curve, start: float) -> float:
    """Where the slope is 0, or an end of the range towards which the likelihood keeps rising."""
    return _peak(curve, start)[0]


def _peak(curve: Curve, start: float) -> tuple[float, float]:
    """The maximum, and the curvature in its logarithm close to it (nan at an end)."""
    ends = float(np.log(LEAST)), float(np.log(MOST))
    middle = float(np.clip(np.log(max(start, 1e-3)), *ends))
    for steps in (_NEAR, np.concatenate([-_FAR[::-1], _NEAR[[0, -1]], _FAR])):
        points = np.unique(np.clip(middle + steps, *ends))
        rising = curve(np.exp(points))[1] > 0
        turns = np.flatnonzero(rising[:-1] & ~rising[1:])
        if turns.size:
            break
    else:
        return (MOST if rising[points >= middle][0] else LEAST), np.nan
    turn = turns[np.argmin(np.abs(points[turns] - middle))]

    last = [np.nan]

    def residual(x: FloatArray, rows: Rows) -> tuple[FloatArray, FloatArray]:
        number = np.exp(x)
        _, slope, curvature = curve(number)
        bend = number * (slope + number * curvature)
        last[0] = float(bend[0])
        return -number * slope, -bend

    left, right = points[turn : turn + 1], points[turn + 1 : turn + 2]
    root = increasing_root(residual, left, right, np.clip([middle], left, right), settled=1e-7)
    return float(np.exp(root[0])), last[0]


def signed_root(curve: Curve, peak: float, number: float) -> float:
    """Distance of a number from the maximum, in standard normal units, below it negative."""
    points = np.maximum(np.array([peak, number]), LEAST)
    top, value = curve(points)[0]
    root = float(np.sqrt(max(2.0 * (top - value), 0.0)))
    return root if number > peak else -root


def _limits(
    curve: Curve, peak: float, curvature: float, z_low: float | None, z_high: float | None
) -> tuple[float, float]:
    """Both limits at once: where the signed root of the deviance is -z_low and z_high."""
    found = [0.0, np.inf]
    wanted = [] if z_low is None else [(0, -z_low)]
    wanted += [] if z_high is None else [(1, z_high)]
    for side, z in wanted:
        if z == 0.0:
            found[side] = peak
    sides = [side for side, z in wanted if z != 0.0]
    targets = np.array([z for _, z in wanted if z != 0.0])
    if not sides:
        return found[0], found[1]
    middle = float(np.log(peak))
    ends = np.where(targets < 0, np.log(LEAST), np.log(MOST))
    spread = 1.0 / np.sqrt(-curvature) if curvature < 0 else 1.0
    near = np.clip(middle + _REACH * targets * min(spread, 3.0), np.log(LEAST), np.log(MOST))
    values = curve(np.exp(np.concatenate([[middle], near])))[0]
    top = float(values[0])

    def distance(x: FloatArray, rows: Rows) -> tuple[FloatArray, FloatArray]:
        number = np.exp(x)
        value, slope, _ = curve(number)
        root = np.sign(x - middle) * np.sqrt(np.maximum(2.0 * (top - value), 0.0))
        with np.errstate(divide="ignore", invalid="ignore"):
            rate = np.where(root != 0.0, -number * slope / root, 0.0)
        return root - targets[rows], rate

    outer = near.copy()
    enough = 2.0 * (top - values[1:]) >= targets**2
    if not enough.all():
        outer[~enough] = ends[~enough]
        short = distance(outer[~enough], np.flatnonzero(~enough))[0]
        enough[~enough] = short * np.sign(targets[~enough]) > 0
    for row in np.flatnonzero(~enough):
        # The end of the range is never far enough: nothing is excluded on that side.
        found[sides[row]] = 0.0 if targets[row] < 0 else np.inf
    rows = np.flatnonzero(enough)
    if rows.size:
        left, right = np.minimum(outer[rows], middle), np.maximum(outer[rows], middle)
        guess = middle + targets[rows] * min(spread, 3.0)

        def chosen(x: FloatArray, some: Rows) -> tuple[FloatArray, FloatArray]:
            return distance(x, rows[some])

        roots = increasing_root(chosen, left, right, guess, settled=1e-7)
        for row, root in zip(rows, roots, strict=True):
            found[sides[row]] = float(np.exp(root))
    return found[0], found[1]
