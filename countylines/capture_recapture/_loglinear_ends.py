"""Limits and p-values of a log-linear estimate, for the total and for the hidden number."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy.special import ndtr

from countylines._kernels import (
    banded_profile,
    facial_set,
    loglinear_logit,
    loglinear_profile,
    profile_limits,
)
from countylines._kernels.method import critical_value
from countylines._kernels.profile_limits import Curve
from countylines.capture_recapture._models import Counts, Model
from countylines.errors import ConvergenceError

MOST = 2.0**53  # a limit beyond it says no more than that there is none


@dataclass(frozen=True)
class Quantity:
    """A number above 0: the hidden number, or the total less the least number seen."""

    value: float  # infinite or nan where there is no estimate
    error: float
    curve: Curve | None  # its profile likelihood, where its limits are wanted
    start: float  # near the maximum of that


@dataclass(frozen=True)
class Ends:
    """Limits of a quantity, the p-value of the same inversion, the maximum of the profile."""

    low: float
    high: float
    pvalue: float | None = None
    peak: float | None = None


def curves(counts: Counts, model: Model) -> tuple[Curve, Curve]:
    """Profile likelihood of the total less the least number seen, and of the hidden number."""
    cells = np.concatenate([[0], counts.cells])
    seen = np.concatenate([[True], counts.seen])
    masks = np.ones((1, len(model.terms)), dtype=bool)
    # once the hidden cell counts as seen, fewer cells can be emptied
    faces = facial_set.faces(masks, model.terms, seen, cells)
    keep = faces.on_face[0, 1:]
    terms, kept = model.terms[faces.basis[0]], counts.cells[keep]
    low, high = counts.low[keep], counts.high[keep]
    if not counts.is_banded:
        exact = loglinear_profile.bound(loglinear_profile.Table(low, kept, terms))
        return exact, exact
    total, hidden = (
        banded_profile.bound(banded_profile.Table(low, high, kept, terms, of_total))
        for of_total in (True, False)
    )
    return total, hidden


def ends(
    quantity: Quantity,
    interval: str,
    level: float,
    alternative: str,
    asked: float | None,
) -> Ends:
    """Limits of one quantity; `asked` is the value under test."""
    z = critical_value(level, alternative)
    if quantity.curve is not None:
        return _profile(quantity.curve, quantity.start, z, alternative, asked)
    if interval == "wald":
        low, high = quantity.value - z * quantity.error, quantity.value + z * quantity.error
        distance = None if asked is None else (asked - quantity.value) / quantity.error
    else:
        log_error = math.sqrt(math.log1p((quantity.error / quantity.value) ** 2))
        factor = math.exp(z * log_error)
        low, high = quantity.value / factor, quantity.value * factor
        distance = None
        if asked is not None:
            ratio = max(asked, 0.0) / quantity.value
            distance = math.log(ratio) / log_error if ratio > 0 else -math.inf
    low = 0.0 if alternative == "less" else max(low, 0.0)
    high = math.inf if alternative == "greater" else high
    return Ends(float(low), float(high), pvalue(asked, distance, alternative))


def logit(
    counts: Counts, model: Model, code: str, level: float, alternative: str, asked: float | None
) -> Ends:
    """Limits that add half its leverage to each cell; one end alone where a zero decides."""
    everything = np.ones(len(counts.cells), dtype=bool)
    masks = np.ones((1, len(model.terms)), dtype=bool)
    # half a unit in each cell leaves no zero, so that only structural zeros cost rank
    faces = facial_set.faces(masks, model.terms, everything, counts.cells)
    found = loglinear_logit.spread(counts.values[None], counts.cells, model.terms[faces.basis[0]])
    if not found.converged[0]:
        raise ConvergenceError("The penalised log-linear fit did not converge.")
    z = critical_value(level, alternative)
    low, high = (float(loglinear_logit.at(found, sign * z)[0]) for sign in (-1.0, 1.0))
    low = 0.0 if alternative == "less" or code == "hidden-zero" else low
    open_ended = alternative == "greater" or code == "hidden-infinite" or high > MOST
    high = math.inf if open_ended else high
    distance = None
    if asked is not None:
        distance = float(loglinear_logit.distance(found, np.array([max(asked, 0.0)]))[0])
        # nothing speaks against numbers on the side without an end
        if (code == "hidden-zero" and distance < 0) or (code == "hidden-infinite" and distance > 0):
            distance = 0.0
    return Ends(low, high, pvalue(asked, distance, alternative))


def unknown(alternative: str, asked: float | None) -> Ends:
    """Limits where every number fits equally well."""
    p = None if asked is None else (1.0 if asked >= 0 or alternative == "less" else 0.0)
    return Ends(0.0, math.inf, p)


def _profile(curve: Curve, start: float, z: float, alternative: str, asked: float | None) -> Ends:
    sides = (None if alternative == "less" else z), (None if alternative == "greater" else z)
    found = profile_limits.profile(curve, start, *sides)
    distance = None
    if asked is not None:
        distance = profile_limits.signed_root(curve, found.estimate, max(asked, 0.0))
    return Ends(found.low, found.high, pvalue(asked, distance, alternative), found.estimate)


def pvalue(asked: float | None, distance: float | None, alternative: str) -> float | None:
    """P-value of a number that lies `distance` standard normal units above the estimate."""
    if asked is None or distance is None:
        return None
    if asked < 0:
        return 1.0 if alternative == "less" else 0.0
    if alternative == "greater":
        return float(ndtr(distance))
    if alternative == "less":
        return float(ndtr(-distance))
    return float(2.0 * ndtr(-abs(distance)))
