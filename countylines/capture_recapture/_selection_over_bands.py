"""What bands leave open where a model is selected: the range over the tables that they allow."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
from numpy.typing import NDArray

from countylines.capture_recapture._models import Counts
from countylines.capture_recapture._resampled_selection import distinct
from countylines.capture_recapture._selection import Chooser
from countylines.results import Note, PopulationEstimate

FloatArray = NDArray[np.float64]

MOST_TABLES = 4096


def ranged(
    fitted: PopulationEstimate, counts: Counts, choose: Chooser, most: int = MOST_TABLES
) -> tuple[PopulationEstimate, tuple[Note, ...]]:
    """The estimate with its range over whole tables within the bands, and a note of it.

    The model is selected in each of the tables, `most` of them at most; without bands nothing
    changes.
    """
    if not counts.is_banded:
        return fitted, ()
    tables, number = _whole_tables(counts, most)
    found = distinct(choose, tables)
    totals, models = found.seen + found.hidden, len(np.unique(found.masks, axis=0))
    unknown = np.isnan(totals)
    low = np.where(unknown, counts.low.sum(), totals).min()
    high = np.where(unknown, math.inf, totals).max()
    how = "all" if number <= most else f"{len(tables):,} of"
    rest = "" if number <= most else "; the true range may be wider"
    text = (
        f"Over {how} {number:,.4g} tables within the bands, the model selected in each, the "
        f"estimate runs from {low:,.0f} to {high:,.0f}, with {models:,} "
        f"model{'s' if models > 1 else ''}{rest}."
    )
    notes = tuple(note for note in fitted.notes if note.code != "identified-range")
    fitted = dataclasses.replace(
        fitted, region_low=float(low), region_high=float(high), notes=notes
    )
    return fitted, (Note("identified-range", text),)


def _whole_tables(counts: Counts, most: int) -> tuple[FloatArray, float]:
    """Every whole table within the bands, or as many drawn evenly; and how many there are."""
    width = counts.high - counts.low + 1.0
    number = float(np.prod(width))
    if number <= most:
        axes = [np.arange(a, b + 1.0) for a, b in zip(counts.low, counts.high, strict=True)]
        tables = np.stack([part.ravel() for part in np.meshgrid(*axes, indexing="ij")], axis=1)
        return tables, number
    share = np.random.default_rng(0).random((most, len(width)))
    ends = np.stack([counts.low, counts.high])
    return np.concatenate([ends, counts.low + np.floor(share * width)]), number
