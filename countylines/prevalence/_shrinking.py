"""Values of many areas drawn together: what shrunken rates and proportions share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from countylines._kernels import conjugate, marshall, two_level, two_level_posterior
from countylines.errors import DegenerateDataWarning, warn
from countylines.prevalence import _pooling
from countylines.prevalence._areas import Areas
from countylines.prevalence._pooling import RATE, Outcome
from countylines.results import OK, Note, Verdict

FloatArray = NDArray[np.float64]

INTERVALS = ("hierarchical", "plug-in")
ONE_AREA = Verdict(
    False, "not-identified", ("There is one area only, and nothing to draw it towards.",)
)
NO_EVENT = _pooling.NO_EVENT


class Shrunken(NamedTuple):
    """Values of the areas of one row; `towards` has one value an area."""

    estimate: FloatArray
    error: FloatArray
    low: FloatArray
    high: FloatArray
    weight: FloatArray
    towards: FloatArray
    notes: tuple[Note, ...] = ()
    diagnostics: pd.Series[float] | None = None


@dataclass(frozen=True)
class Settings:
    """How the shrinking is done."""

    interval: str
    level: float

    @property
    def tails(self) -> tuple[float, float]:
        """Shares of the distribution below the two limits."""
        return (1.0 - self.level) / 2.0, (1.0 + self.level) / 2.0


def whole(areas: Areas, outcome: Outcome) -> NDArray[np.object_]:
    """The verdict of every row."""
    events = areas.count.sum(axis=1)
    none = events == 0.0
    if outcome is not RATE:
        none |= events == areas.size.sum(axis=1)
    found = np.empty(len(events), dtype=object)
    found[:] = OK
    found[none] = NO_EVENT
    if areas.number < 2:
        found[:] = ONE_AREA
    return found


def conjugate_shrinkage(
    outcome: Outcome, x: FloatArray, n: FloatArray, settings: Settings
) -> Shrunken:
    """Gamma-Poisson or beta-binomial: the estimate at the likeliest law, limits over all laws."""
    found = two_level.fit(outcome.family, x[None], n[None])
    mean = float(outcome.value(found.a)[0])
    notes: tuple[Note, ...] = ()
    if np.isfinite(found.b[0]):
        one, other = _posterior(outcome, x, n, found.a, found.b)
        weight = _own_weight(outcome, n, mean, float(found.b[0]))
        estimate = outcome.law.mean(one, other)[:, 0]
    else:
        weight, estimate = np.zeros(x.size), np.full(x.size, mean)
        text = (
            "The estimated variance between areas is 0, so every estimate is the overall value. "
            "That does not show that areas are alike: the intervals allow for the differences that "
            "the counts leave room for."
        )
        if settings.interval == "plug-in":
            text = (
                "The estimated variance between areas is 0: a plug-in interval would have no "
                "width, and there is none. Use interval='hierarchical'."
            )
        notes = (Note("no-variance-between", text),)
    if settings.interval == "plug-in":
        if not np.isfinite(found.b[0]):
            flat, none = np.full(x.size, mean), np.full(x.size, np.nan)
            return Shrunken(estimate, none, none, none, weight, flat, notes)
        nodes = two_level_posterior.Nodes(found.a, found.b, np.ones(1))
    else:
        typical = _pooling.typical_size(outcome, x, n)
        nodes = two_level_posterior.nodes(outcome.family, x, n, typical)
    one, other = _posterior(outcome, x, n, nodes.a, nodes.b)
    _, variance = conjugate.moments(outcome.law, one, other, nodes.weight)
    low, high = (
        conjugate.quantile(outcome.law, one, other, nodes.weight, share) for share in settings.tails
    )
    towards = np.full(x.size, mean)
    return Shrunken(estimate, np.sqrt(variance), low, high, weight, towards, notes)


def _posterior(
    outcome: Outcome, x: FloatArray, n: FloatArray, a: FloatArray, b: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Parameters of each area's law (rows) at each point (columns)."""
    one, other = _pooling.law_parameters(outcome, a, b)
    rest = n if outcome is RATE else n - x
    return x[:, None] + one, rest[:, None] + other


def _own_weight(outcome: Outcome, n: FloatArray, mean: float, b: float) -> FloatArray:
    """n over n and what the law of the areas is worth."""
    worth = np.exp(-b) / mean if outcome is RATE else np.exp(-b)
    weight: FloatArray = n / (n + worth)
    return weight


def posterior_draws(
    outcome: Outcome, x: FloatArray, n: FloatArray, draws: int, rng: np.random.Generator
) -> FloatArray:
    """Values of the areas drawn together, a believable law each time; (draws, areas)."""
    typical = _pooling.typical_size(outcome, x, n)
    nodes = two_level_posterior.nodes(outcome.family, x, n, typical)
    chosen = rng.choice(nodes.weight.size, size=draws, p=nodes.weight)
    one, other = _posterior(outcome, x, n, nodes.a[chosen], nodes.b[chosen])
    if outcome is RATE:
        return rng.gamma(one.T, 1.0 / other.T)
    return rng.beta(one.T, other.T)


def marshall_shrinkage(
    x: FloatArray, e: FloatArray, near: NDArray[np.bool_] | None, settings: Settings
) -> Shrunken:
    """Moments of all areas, or of each neighbourhood; limits of the gamma law they belong to."""
    around = None if near is None else near | np.eye(x.size, dtype=bool)
    mean, variance = marshall.moments(x, e, around)
    estimate = marshall.estimate(x, e, mean, variance)
    inside = variance > 0.0
    low, high, error = (np.full(x.size, np.nan) for _ in range(3))
    shape = mean[inside] ** 2 / variance[inside]
    one, other = (x[inside] + shape)[:, None], (e[inside] + shape / mean[inside])[:, None]
    alone = np.ones(1)
    for ends, share in zip((low, high), settings.tails, strict=True):
        ends[inside] = conjugate.quantile(conjugate.GAMMA, one, other, alone, share)
    error[inside] = np.sqrt(conjugate.GAMMA.variance(one, other)[:, 0])
    weight = np.zeros(x.size)
    weight[inside] = variance[inside] / (variance[inside] + mean[inside] / e[inside])
    notes = [
        Note(
            "plug-in",
            "The intervals take the estimated mean and variance of the areas for known, and are "
            "too short; those of method='gamma-poisson' are not.",
        )
    ]
    if not inside.all():
        notes.append(
            Note(
                "no-variance-between",
                f"The estimated variance is 0 round {int((~inside).sum())} areas: their estimates "
                "are the mean there, without an interval.",
            )
        )
    return Shrunken(estimate, error, low, high, weight, mean, tuple(notes))


def notes_of(
    outcome: Outcome, areas: Areas, found: NDArray[np.object_], several: list[Any]
) -> tuple[Note, ...]:
    """Notes of the data and of all rows, each once."""
    collected = list(areas.notes(f"{outcome.name}s"))
    for verdict in {id(v): v for v in found if v is not OK}.values():
        text = verdict.reasons[0]
        if verdict is NO_EVENT:
            text += " The limits are those of each area by itself."
        collected.append(Note(verdict.code, text))
        warn(text, DegenerateDataWarning)
    seen = {note.code: note for row in several for note in row.notes}
    return (*collected, *seen.values())
