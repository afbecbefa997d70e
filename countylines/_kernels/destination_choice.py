"""Where lines go from each origin, by the pull of destinations and a decay with distance.

``P(d | o)`` is proportional to ``pull[d] * exp(-decay * reach[o, d])``.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from countylines._kernels.method import FloatArray

_STEPS = 100
_TOLERANCE = 1e-12


class Decay(NamedTuple):
    """The decay, its standard error by leaving out destinations, and whether it exists."""

    value: float
    error: float
    clusters: int
    exists: bool


def shares(pull: FloatArray, reach: FloatArray, decay: FloatArray) -> FloatArray:
    """Probabilities of destinations; `decay` may have leading axes, the last two are pairs."""
    with np.errstate(divide="ignore"):
        score = np.log(pull) - np.asarray(decay)[..., None, None] * reach
    score = score - score.max(axis=-1, keepdims=True)
    weight = np.exp(score)
    part: FloatArray = weight / weight.sum(axis=-1, keepdims=True)
    return part


def fit(count: FloatArray, pull: FloatArray, reach: FloatArray) -> Decay:
    """Maximum likelihood of the decay from lines between different areas, by Newton's method.

    The score is linear in what lies between the nearest and the farthest that lines could go; at
    either end of it the decay is infinite.
    """
    outside = ~np.eye(len(reach), dtype=bool) & (pull > 0)
    lines = np.where(outside, count, 0.0)
    sent = lines.sum(axis=1)
    far = np.where(outside, reach, np.inf)
    seen = float((lines * np.where(outside, reach, 0.0)).sum())
    nearest = float(sent @ np.where(sent > 0, far.min(axis=1), 0.0))
    farthest = float(sent @ np.where(sent > 0, np.where(outside, reach, -np.inf).max(axis=1), 0.0))
    slack = 1e-12 * max(farthest, 1.0)
    if not nearest + slack < seen < farthest - slack:
        return Decay(np.nan, np.nan, 0, False)
    unit = float(np.where(outside, np.abs(reach), 0.0).max())
    scaled = np.where(outside, reach / unit, 0.0)
    decay = 0.0
    for _ in range(_STEPS):
        part = shares(np.where(outside, pull, 0.0), scaled, np.array(decay))
        mean = (part * scaled).sum(axis=1, keepdims=True)
        score = float((sent[:, None] * part * scaled).sum() - (lines * scaled).sum())
        slope = float((sent[:, None] * part * np.square(scaled - mean)).sum())
        step = float(np.clip(score / slope, -5.0, 5.0))
        decay += step
        if abs(step) < _TOLERANCE * max(1.0, abs(decay)):
            break
    clusters = int((outside.any(axis=0) & (pull > 0)).sum())
    shift = _left_out(part, lines, sent, scaled - mean, slope)
    error = float(np.sqrt((clusters - 1) / clusters * np.square(shift).sum()))
    return Decay(decay / unit, error / unit, clusters, True)


def _left_out(
    part: FloatArray, lines: FloatArray, sent: FloatArray, apart: FloatArray, slope: float
) -> FloatArray:
    """How the decay moves without each destination, by one step of Newton's.

    `apart` is the reach less its mean from the same origin. Residuals are too small for an error,
    the more so the fewer destinations; without the destination they are not.
    """
    rest = 1.0 - part
    safe = np.where(rest > _TOLERANCE, rest, 1.0)
    mean = -part * apart / safe
    square = ((part * np.square(apart)).sum(axis=1, keepdims=True) - part * np.square(apart)) / safe
    still = np.where(rest > _TOLERANCE, sent[:, None] - lines, 0.0)
    seen = (lines * apart).sum(axis=1, keepdims=True) - lines * apart
    score = (still * mean - seen).sum(axis=0)
    left = (still * np.maximum(square - np.square(mean), 0.0)).sum(axis=0)
    # Where nothing is left to fit without it, a destination counts by its own score.
    enough = left > _TOLERANCE * slope
    own = ((sent[:, None] * part - lines) * apart).sum(axis=0)
    shift: FloatArray = np.where(enough, score / np.where(enough, left, 1.0), own / slope)
    return shift
