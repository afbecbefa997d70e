"""Several inputs on detection as one: weights, limits, and whether they agree."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from scipy.special import chdtrc

from countylines.errors import ApproximationWarning, warn
from countylines.localisation import _adjusted_slope
from countylines.localisation._adjusted_slope import Counts, Slope
from countylines.localisation.detection import Parts
from countylines.results import Note

FloatArray = NDArray[np.float64]


def pooled(
    able: dict[str, tuple[Slope, Parts]],
    counts: Counts,
    kind: str,
    *,
    quantity: str,
    quasi: bool,
    level: float,
) -> tuple[Slope | None, list[Note]]:
    """The slope by all inputs, each weighted by what it knows of it; None where they cannot be."""
    shifts, variances = np.array([_shift(*found, kind) for found in able.values()]).T
    if (variances == 0).any():
        text = f"The inputs of the {quantity} are not pooled: one is taken as known without error."
        return None, [Note("not-pooled", text)]
    weights = 1.0 / variances
    usable = weights > 0
    if not usable.any():
        return None, []
    weights = weights / weights[usable].sum()
    joined = _join([parts for _, parts in able.values()], weights)
    made = _adjusted_slope.slope(counts, kind, joined, quasi=quasi)
    notes = []
    left = [name for name, ok in zip(able, usable, strict=True) if not ok]
    if left:
        text = f"Without {', '.join(left)}, which found nothing in some period."
        notes.append(Note("left-out", f"All inputs of the {quantity}: {text}"))
    if usable.sum() > 1:
        notes.append(_agreement(shifts[usable], variances[usable], quantity, level))
    return made, notes


def _agreement(shifts: FloatArray, variances: FloatArray, quantity: str, level: float) -> Note:
    centre = float(np.average(shifts, weights=1.0 / variances))
    q = float(np.sum((shifts - centre) ** 2 / variances))
    p = float(chdtrc(shifts.size - 1, q))
    text = f"On the {quantity} the inputs do not visibly disagree (Q = {q:.3g}, p = {p:.2g})."
    if p < 1 - level:
        text = (
            f"On the {quantity} the inputs disagree (Q = {q:.3g}, p = {p:.2g}): at least one "
            "assumption fails, and the limits of all inputs together do not allow for that."
        )
        warn(text, ApproximationWarning)
    return Note("agreement", text)


def _shift(slope: Slope, parts: Parts, kind: str) -> tuple[float, float]:
    """What an input adds to the slope, and the variance of that."""
    coefficients = _adjusted_slope.loading(parts, kind) @ slope.gradient
    used = np.abs(coefficients) > 1e-12
    with np.errstate(invalid="ignore"):
        shift = float(np.sum(coefficients[used] * parts.values[used]))
    variance = float(np.sum((coefficients[used] * parts.errors[used]) ** 2))
    return shift, variance if math.isfinite(shift) and slope.exists else math.inf


def _join(several: list[Parts], weights: FloatArray) -> Parts:
    """Inputs as one, each with its weight; those without weight are left out."""
    kept = [(p, w) for p, w in zip(several, weights, strict=True) if w > 0]

    def limits(z: float) -> tuple[FloatArray, FloatArray]:
        ends = [p.limits(z) for p, _ in kept]
        return np.concatenate([low for low, _ in ends]), np.concatenate([high for _, high in ends])

    return Parts(
        np.concatenate([p.values for p, _ in kept]),
        np.concatenate([p.errors for p, _ in kept]),
        limits,
        np.vstack([w * p.internal for p, w in kept]),
        np.vstack([w * p.external for p, w in kept]),
        _weighted([(p.missed, w) for p, w in kept]),
    )


def _weighted(several: list[tuple[FloatArray | None, float]]) -> FloatArray | None:
    """Share missed, weighted, less half of what inputs that hold the same lines share.

    Two shares found among the lines of one register have the covariance (1 - d) / n, as each has
    with the number recorded: the more lines they hold in common, the more.
    """
    known = [(missed, w) for missed, w in several if missed is not None]
    total = sum(w for _, w in known)
    parts = [w * missed * (1.0 - (total - w) / 2.0) for missed, w in known]
    return np.sum(parts, axis=0) if parts else None
