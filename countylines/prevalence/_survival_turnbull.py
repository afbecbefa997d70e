"""The nonparametric curve of one group from intervals."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from countylines import _render, resampling
from countylines._interval_curve import IntervalCurve
from countylines._kernels import bca, turnbull
from countylines._kernels.method import tail_area
from countylines._kernels.recurrence import least_watched
from countylines._typing import RNG, Progress
from countylines.errors import ConvergenceError, DegenerateDataWarning, InputError
from countylines.prevalence._survival_fit import Fact, Fit
from countylines.prevalence._survival_input import FloatArray, Spells
from countylines.results import OK, Verdict

NO_MASS = 1e-13


def fitted(
    spells: Spells,
    *,
    interval: str,
    replicates: int,
    rng: RNG,
    progress: Progress,
    level: float,
) -> Fit:
    """Turnbull's estimate, certified, with percentile limits from resampled spells."""
    _refuse_gaps(spells)
    cells = turnbull.cells(spells.entry, spells.lower, spells.upper)
    found = _solved(cells, np.ones(spells.lower.size))
    after = turnbull.survival(found.hazard)
    tail = tail_area(level, "two-sided")
    drawn = np.zeros((0, after.size))
    if interval == "bootstrap":
        drawn = _resampled(spells, cells, replicates, rng, progress)
    low, high = _limits(drawn, after.size, tail)
    gone = np.append(False, after == 0.0)
    high[gone] = high[np.maximum(np.argmax(gone) - 1, 0)]  # survival cannot rise
    start = max(float(np.min(spells.entry)), 0.0)
    mass = -np.diff(np.append(1.0, after))
    kept = mass > NO_MASS
    _before_the_first(low, spells, cells, kept, start, tail)
    emptied = _emptied(cells, after)
    curve = IntervalCurve(cells.left, cells.right, after, low, high, tail, drawn, emptied)
    ends = np.unique(np.concatenate([cells.left[kept], cells.right[kept]]))
    time = ends[np.isfinite(ends)]
    shown = curve.at(time)
    table = {"left": cells.left[kept], "right": cells.right[kept], "mass": mass[kept]}
    return Fit(
        curve,
        time,
        shown.estimate,
        shown.standard_error,
        shown.low,
        shown.high,
        n=spells.lower.size,
        start=start,
        verdict=_verdict(emptied),
        facts=tuple(_facts(spells, found, emptied, start, interval)),
        intervals=pd.DataFrame(table, index=pd.RangeIndex(int(kept.sum()), name="interval")),
        log_likelihood=found.log_likelihood,
    )


def _solved(cells: turnbull.Cells, weight: FloatArray) -> turnbull.Solution:
    found = turnbull.solve(cells, weight)
    if found.gap > turnbull.CERTIFIED:
        raise ConvergenceError(
            f"The conditions for a maximum hold to {found.gap:.1e} only, not {turnbull.CERTIFIED}."
        )
    return found


def _refuse_gaps(spells: Spells) -> None:
    """Refuse spells with a time at which nothing was under observation, and later ones."""
    order = np.argsort(spells.entry, kind="stable")
    last = np.where(np.isfinite(spells.upper), spells.upper, spells.lower)[order]
    entry = spells.entry[order]
    reached = np.maximum.accumulate(last)[:-1]
    gaps = np.flatnonzero(entry[1:] > reached)
    if gaps.size:
        left, right = reached[gaps[0]], entry[gaps[0] + 1]
        raise InputError(
            f"`spells` must leave no time without observation with model='turnbull', got nothing "
            f"between {_render.number(left)} and {_render.number(right)}. Use the spells of one "
            "side only: what happens in between is unknown."
        )


def _resampled(
    spells: Spells, cells: turnbull.Cells, replicates: int, rng: RNG, progress: Progress
) -> FloatArray:
    """Survival after each cell for resampled spells; their innermost intervals hold cells."""
    n = spells.lower.size

    def draw(generator: np.random.Generator, size: int) -> Any:
        return generator.multinomial(n, np.full(n, 1.0 / n), size=size).astype(np.float64)

    def statistic(weights: FloatArray) -> FloatArray:
        return np.stack([turnbull.survival(_solved(cells, row).hazard) for row in weights])

    return resampling.replicate(draw, statistic, replicates=replicates, rng=rng, progress=progress)


def _limits(drawn: FloatArray, size: int, tail: float) -> tuple[FloatArray, FloatArray]:
    """Limits of survival before the first cell, and after each."""
    if not drawn.size:
        nan = np.full(size + 1, np.nan)
        return nan, nan
    rows = np.sort(drawn, axis=0)
    low = [bca.quantile(column, tail) for column in rows.T]
    high = [bca.quantile(column, 1.0 - tail) for column in rows.T]
    return np.array([1.0, *low]), np.array([1.0, *high])


def _before_the_first(
    low: FloatArray,
    spells: Spells,
    cells: turnbull.Cells,
    kept: NDArray[np.bool_],
    start: float,
    tail: float,
) -> None:
    """Lower limits where the curve is 1 for want of ends, in place: those of no end so far.

    Resampling never puts an end there. Lives are known to go on until `lower`.
    """
    first = int(np.argmax(kept)) if kept.any() else kept.size
    until = np.append(cells.left, np.inf)[: first + 1]
    least = least_watched(spells.entry, spells.lower, start, until)
    with np.errstate(divide="ignore"):
        floor = np.exp(np.log(tail) / np.where(until > start, least, np.inf))
    later = low[first + 1] if kept.any() else 0.0
    low[: first + 1] = np.maximum(floor, later) + 0.0 * low[: first + 1]  # nan without limits


def _emptied(cells: turnbull.Cells, after: FloatArray) -> float:
    """The time from which the curve is 0 although others were found later; infinite if none."""
    zero = np.flatnonzero(after == 0.0)
    early = bool(zero.size) and bool(np.any(cells.watched > zero[0]))
    return float(cells.right[zero[0]]) if early else np.inf


def _verdict(emptied: float) -> Verdict:
    if np.isinf(emptied):
        return OK
    text = f"Nothing is left from {_render.number(emptied)} on."
    return Verdict(True, "boundary-finite", (text,))


def _facts(
    spells: Spells, found: turnbull.Solution, emptied: float, start: float, interval: str
) -> list[Fact]:
    facts = []
    if start > 0.0:
        text = f"The curve is of lives that last beyond {_render.number(start)}; it is 1 there."
        facts.append(Fact("conditional", text))
    if not spells.ended.any():
        text = "No spell ended: the curve stays at 1."
        facts.append(Fact("no-events", text, DegenerateDataWarning))
    if np.isfinite(emptied):
        text = (
            f"Everyone under observation may have ended by {_render.number(emptied)}, before "
            "others were found: the curve is 0 from then on, whatever they show."
        )
        facts.append(Fact("risk-set-empties", text, DegenerateDataWarning))
    if not found.unique:
        text = "Other curves fit as well: where mass lies among some intervals is not determined."
        facts.append(Fact("not-unique", text))
    if interval == "none":
        facts.append(Fact("no-limits", "No limits were asked for."))
    else:
        text = (
            "Limits are percentiles of resampled spells. Where ends are known to intervals only, "
            "the curve converges slowly and such limits are rough."
        )
        facts.append(Fact("rough-limits", text))
    return facts
