"""What the reader of a log-linear estimate must know; and the range that bands leave open."""

from __future__ import annotations

import math

import numpy as np

from countylines._kernels import banded_range, facial_set
from countylines.capture_recapture import _patterns
from countylines.capture_recapture._fits import ModelFits
from countylines.capture_recapture._loglinear_ends import Ends
from countylines.capture_recapture._models import Counts, Model
from countylines.errors import DegenerateDataWarning, warn
from countylines.results import Note, Verdict

_FEWEST_COPIED = 5  # fewer lie within another list by chance


def identified_range(
    counts: Counts, model: Model
) -> tuple[tuple[float | None, float | None], tuple[Note, ...]]:
    """Smallest and largest estimate over the tables within the bands, and what to know of them."""
    if not counts.is_banded:
        return (None, None), ()
    found = banded_range.extremes(counts.low, counts.high, model.terms, counts.cells)
    least, most = counts.low.sum(), counts.high.sum()
    bands = int((counts.high > counts.low).sum())
    text = (
        f"{bands} cell{'s are' if bands > 1 else ' is'} known only as a band: between {least:,.0f} "
        f"and {most:,.0f} units were seen. The likelihood is that of what is known; the number "
        "observed is its mean given the fit."
    )
    notes = [Note("banded-counts", text)]
    ways = f"all {found.tables:,.0f} tables" if found.enumerated else f"{found.tables:.2g} tables"
    how = "each fitted" if found.enumerated else "searched, so the range may be wider"
    none = sorted(c for c in found.codes if c > facial_set.BOUNDARY_FINITE)
    low, high = found.low, found.high
    if np.isnan(low):
        text = f"None of {ways} within the bands ({how}) gives an estimate"
    else:
        text = (
            f"Over {ways} within the bands ({how}) the estimate runs from {low:,.0f} to {high:,.0f}"
        )
    if none:
        words = ", ".join(repr(facial_set.CODES[c]) for c in none)
        also = "" if np.isnan(low) else "; some give none"
        text += f"{also} ({words})"
        open_ended = facial_set.NOT_IDENTIFIED in none
        high = np.fmax(high, found.most_alone)
        if open_ended or facial_set.HIDDEN_INFINITE in none:
            low, high = np.fmin(low, math.inf), math.inf
        if open_ended or facial_set.HIDDEN_ZERO in none:
            low = least
    notes.append(Note("identified-range", text + "."))
    return (float(low), float(high)), tuple(notes)


def notes(
    verdict: Verdict, fits: ModelFits, least: float, total: Ends, alternative: str
) -> tuple[Note, ...]:
    found = [
        Note(
            "model-dependence",
            "The hidden number rests on the model: others that fit as well can differ "
            "several-fold, and no count tests whether units on no list follow it.",
        )
    ]
    if verdict.code != "ok":
        text = " ".join(verdict.reasons)
        found.append(Note(verdict.code, text))
        warn(text, DegenerateDataWarning)
    if total.peak is not None and verdict.estimable:
        text = (
            "The profile limits belong to the multinomial likelihood, whose maximum is "
            f"{least + total.peak:,.1f}; the estimate is that of the Poisson likelihood."
        )
        found.append(Note("multinomial-maximum", text))
    if verdict.code == "hidden-zero" and total.peak is not None:
        text = (
            "Where the likelihood is largest with nobody hidden, profile limits end too low more "
            "often than their level allows; interval='logit' holds it for exact counts."
        )
        found.append(Note("profile-at-zero", text))
    bounded = verdict.estimable or verdict.code == "hidden-zero"
    if bounded and alternative != "greater" and math.isinf(total.high):
        text = "At this level no number of hidden units is too large: there is no upper limit."
        found.append(Note("no-upper-limit", text))
    if fits.df[0] == 0:
        text = "The model has a parameter for every cell that it fits: nothing tests its fit."
        found.append(Note("saturated", text))
    return tuple(found)


def copies(counts: Counts, lists: tuple[str, ...]) -> tuple[Note, ...]:
    """Lists that hold all of another: perhaps compiled from it."""
    number = len(lists)
    bits = np.array([_patterns.bit(j, number) for j in range(number)])
    on = ((counts.cells & bits[:, None]) != 0).astype(np.float64)
    both, possible = (on * counts.high) @ on.T, on @ on.T
    size, cells = (on @ counts.low), np.diag(possible)
    within = (both == np.diag(both)[:, None]) & (possible < cells[:, None])
    within &= (size >= _FEWEST_COPIED)[:, None]
    found = []
    for inner, outer in np.argwhere(within).tolist():
        one, other = lists[inner], lists[outer]
        text = (
            f"All {size[inner]:.0f} units on {one} are also on {other}. If {other} is compiled "
            f"from {one}, or the other way round, their overlap was copied and the estimate is far "
            f"too low: leave one out with .drop({other!r}), or make one list of them with .merge, "
            f"and say compiled={{{other!r}: [{one!r}]}} where the table is made."
        )
        found.append(Note("list-within-list", text))
        warn(text, DegenerateDataWarning)
    return tuple(found)
