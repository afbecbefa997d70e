"""Bootstrap of one log-linear model, with the hidden cell filled in again."""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from countylines import _validate, resampling
from countylines._kernels import bca, bootstrap_pvalue, facial_set
from countylines._kernels.many_tables import ManyTables
from countylines._typing import Alternative, Progress
from countylines.capture_recapture._fits import ModelFits
from countylines.capture_recapture._loglinear_ends import Ends
from countylines.capture_recapture._models import Counts, Model
from countylines.errors import ApproximationWarning, InputError, warn
from countylines.results import Note

FloatArray = NDArray[np.float64]

KINDS = ("semiparametric", "parametric", "conditional")
LARGEST_POPULATION = 2.0**53
_MANY_WITHOUT = 0.05


@dataclass(frozen=True)
class Plan:
    """How the replicates are drawn."""

    kind: str
    replicates: int
    seed: int
    progress: Progress


@dataclass(frozen=True)
class Replicates:
    """Totals of the replicates with their verdicts, and how they were drawn and suppressed."""

    kind: str
    totals: FloatArray
    codes: NDArray[np.int64]
    rule: tuple[float, float] | None


def suppression_rule(counts: Counts) -> tuple[float, float] | None:
    """The one band that hides counts, None for exact tables."""
    banded = counts.high > counts.low
    found = sorted(set(zip(counts.low[banded], counts.high[banded], strict=True)))
    if len(found) > 1:
        shown = " and ".join(f"({low:.0f}, {high:.0f})" for low, high in found[:2])
        raise InputError(
            _validate.sentence(
                "histories",
                "of one kind of band where tables are simulated",
                shown,
                remedy="Replicates must be suppressed by one rule; use interval='profile'.",
            )
        )
    return found[0] if found else None


def suppressed(
    tables: FloatArray, rule: tuple[float, float] | None
) -> tuple[FloatArray, FloatArray | None]:
    """Ends of the counts of simulated tables once the rule has hidden some."""
    if rule is None:
        return tables, None
    inside = (tables >= rule[0]) & (tables <= rule[1])
    return np.where(inside, rule[0], tables), np.where(inside, rule[1], tables)


def draw(counts: Counts, model: Model, fits: ModelFits, plan: Plan) -> Replicates:
    """Replicates of the total, each with its own facial set."""
    rule = suppression_rule(counts)
    total = float(fits.total[0])
    if total > LARGEST_POPULATION:
        raise InputError(
            _validate.sentence(
                "interval", "another than 'bootstrap' for such an estimate", f"one of {total:.3g}"
            )
        )
    seen = fits.fits.fitted[0] if plan.kind == "parametric" else fits.expected[0]
    hidden = 0.0 if plan.kind == "conditional" else float(fits.hidden[0])
    shares = np.concatenate([[hidden], seen])
    many = ManyTables(model.terms, counts.cells)
    values = resampling.replicate(
        functools.partial(_tables, round(shares.sum()), shares / shares.sum()),
        functools.partial(_refitted, many, rule),
        replicates=plan.replicates,
        rng=plan.seed,
        progress=plan.progress,
    )
    return Replicates(plan.kind, values[:, 0], values[:, 1].astype(np.int64), rule)


def _tables(
    size: int, shares: FloatArray, generator: np.random.Generator, rows: int
) -> NDArray[np.int64]:
    """Populations put on the lists, those on none hidden again."""
    drawn: NDArray[np.int64] = generator.multinomial(size, shares, size=rows)
    return drawn[:, 1:]


def _refitted(
    many: ManyTables, rule: tuple[float, float] | None, tables: NDArray[np.int64]
) -> FloatArray:
    fits = many.fit(*suppressed(tables.astype(np.float64), rule))
    return np.column_stack([fits.total, fits.code.astype(np.float64)])


def ends(
    drawn: Replicates,
    counts: Counts,
    model: Model,
    fits: ModelFits,
    *,
    level: float,
    alternative: Alternative,
    null: float | None,
) -> tuple[Ends, tuple[Note, ...]]:
    """Limits of the total less the least number seen, and what to know of the replicates."""
    least, estimate = float(counts.low.sum()), float(fits.total[0])
    valid = drawn.totals[~np.isnan(drawn.totals)]
    bias = bca.bias(valid, estimate) if valid.size else math.inf
    jackknife, weights = _left_out(counts, model, drawn.kind, estimate)
    corrected = jackknife.size > 0 and math.isfinite(bias) and bool(np.isfinite(jackknife).all())
    found = resampling.interval(
        drawn.totals,
        estimate,
        level=level,
        kind="bca" if corrected else "percentile",
        alternative=alternative,
        jackknife=jackknife if corrected else None,
        jackknife_weights=weights if corrected else None,
        undefined="widen",
    )
    p = None
    if null is not None:
        acceleration = bca.acceleration(jackknife, weights) if corrected else 0.0
        p = _pvalue(drawn.totals, null, bias if corrected else 0.0, acceleration, alternative)
        if null < least:
            p = 1.0 if alternative == "less" else 0.0
    low = max(found.low - least, 0.0)
    return Ends(low, max(found.high - least, 0.0), p), _notes(drawn, corrected)


def _left_out(
    counts: Counts, model: Model, kind: str, estimate: float
) -> tuple[FloatArray, FloatArray]:
    """Totals without one unit of each cell, and how many there are; none where cells are banded.

    Where hidden units are drawn too each of them is an observation, and leaving one out changes
    nothing that is seen.
    """
    if counts.is_banded:
        return np.empty(0), np.empty(0)
    cells = np.flatnonzero(counts.low > 0)
    tables = np.tile(counts.low, (len(cells), 1))
    tables[np.arange(len(cells)), cells] -= 1.0
    totals, weights = ManyTables(model.terms, counts.cells).fit(tables).total, counts.low[cells]
    if kind == "conditional":
        return totals, weights
    return np.append(totals, estimate), np.append(weights, estimate - weights.sum())


def _pvalue(
    totals: FloatArray, null: float, bias: float, acceleration: float, alternative: str
) -> float:
    """Tail areas whose limits are the null, from the ordered replicates that make each limit."""
    ordered = [np.sort(np.where(np.isnan(totals), end, totals)) for end in (-math.inf, math.inf)]
    below, above = (
        bootstrap_pvalue.nominal(bootstrap_pvalue.share_at(rows, null), bias, acceleration)
        for rows in ordered
    )
    if alternative == "greater":
        return below
    return 1.0 - above if alternative == "less" else min(1.0, 2.0 * min(below, 1.0 - above))


def _notes(drawn: Replicates, corrected: bool) -> tuple[Note, ...]:
    size = len(drawn.codes)
    times = np.bincount(drawn.codes, minlength=len(facial_set.CODES))
    notes = []
    lost = int(times[facial_set.BOUNDARY_FINITE + 1 :].sum())
    if lost:
        parts = ", ".join(
            f"{number:,} {facial_set.CODES[code]}"
            for code, number in enumerate(times)
            if code > facial_set.BOUNDARY_FINITE and number
        )
        text = (
            f"{lost:,} of {size:,} replicates ({100 * lost / size:.1f} %) have no estimate: "
            f"{parts}. Infinite ones stay infinite in the quantiles, those with nobody hidden stay "
            "at the number seen, and those not identified lie beyond both limits."
        )
        notes.append(Note("replicates-without-estimate", text))
        if lost > _MANY_WITHOUT * size:
            warn(text, ApproximationWarning)
    if drawn.rule is not None:
        low, high = drawn.rule
        text = f"In each replicate every count of {low:.0f} to {high:.0f} was given as that band."
        notes.append(Note("replicates-suppressed", text))
    if not corrected:
        text = (
            "The limits are plain percentiles: there is no correction for bias and acceleration "
            "where counts are banded, one unit less leaves no estimate, or all replicates lie on "
            "one side of it."
        )
        notes.append(Note("percentile-limits", text))
    return tuple(notes)
