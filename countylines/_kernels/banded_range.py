"""Smallest and largest estimate of one log-linear model over all tables that fit given bands.

Few tables are all fitted. Of many, the ends are searched for: from several tables, each step tries
every change of one cell, and all changes that help together, and takes the best, until none helps.
Such a search gives an inner range; the true one may be wider.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from countylines._kernels import facial_set
from countylines._kernels.many_tables import ManyTables

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]

MOST_TABLES = 4096
_MOST_PATTERNS = 256
_MOST_STEPS = 200
_STEPS_IN_A_BAND = 8
_BETTER = 1e-9


class Range(NamedTuple):
    """Totals over the compatible tables that have an estimate, and what the others say."""

    low: float  # nan if no table has an estimate
    high: float
    tables: float  # how many there are
    codes: frozenset[int]  # verdicts met, positions in facial_set.CODES
    enumerated: bool  # every table was fitted
    most_alone: float  # units in the largest table met with nobody hidden; nan if there is none


def extremes(low: FloatArray, high: FloatArray, terms: IntArray, cells: IntArray) -> Range:
    """Range of the total, cells and hidden together, over whole tables between `low` and `high`."""
    fitter = ManyTables(terms, cells)
    width = high - low + 1.0
    tables = float(np.prod(width))
    if tables <= MOST_TABLES:
        every = _every_table(low, high)
        totals, verdicts = _totals(fitter, every)
        found = totals[np.isfinite(totals)]
        ends = (found.min(), found.max()) if found.size else (np.nan, np.nan)
        codes = _met(every, verdicts)
        alone = codes.get(facial_set.HIDDEN_ZERO, np.nan)
        return Range(float(ends[0]), float(ends[1]), tables, frozenset(codes), True, alone)
    patterns = _patterns(low, high)
    codes = _met(patterns, _totals(fitter, patterns)[1])
    starts = [low, high, np.floor(0.5 * (low + high)), np.maximum(low, np.minimum(high, 1.0))]
    least, most = (
        float(np.fmax.reduce([_climb(fitter, sign, s, low, high, codes) for s in starts]))
        for sign in (-1.0, 1.0)
    )
    alone = codes.get(facial_set.HIDDEN_ZERO, np.nan)
    return Range(-least, most, tables, frozenset(codes), False, alone)


def _met(tables: FloatArray, verdicts: IntArray) -> dict[int, float]:
    """Units in the largest table of each verdict."""
    seen = tables.sum(axis=1)
    return {int(code): float(seen[verdicts == code].max()) for code in np.unique(verdicts)}


def _totals(fitter: ManyTables, tables: FloatArray) -> tuple[FloatArray, IntArray]:
    """Total of each table, nan where it has no estimate, and its verdict."""
    fits = fitter.fit(tables)
    return np.where(fits.code <= facial_set.BOUNDARY_FINITE, fits.total, np.nan), fits.code


def _every_table(low: FloatArray, high: FloatArray) -> FloatArray:
    axes = [np.arange(a, b + 1.0) for a, b in zip(low, high, strict=True)]
    return np.stack([part.ravel() for part in np.meshgrid(*axes, indexing="ij")], axis=1)


def _patterns(low: FloatArray, high: FloatArray) -> FloatArray:
    """Tables with every set of zeros that there can be; of too many, none, all, and each alone."""
    open_cells = np.flatnonzero((low == 0) & (high > 0))
    number = open_cells.size
    filled = np.maximum(low, np.minimum(high, 1.0))
    if 2**number <= _MOST_PATTERNS:
        choice = np.arange(2**number)[:, None] >> np.arange(number) & 1
    else:
        one = np.eye(number, dtype=np.int64)
        choice = np.vstack([np.zeros_like(one[:1]), np.ones_like(one[:1]), one, 1 - one])
    tables = np.tile(filled, (len(choice), 1))
    tables[:, open_cells] = np.where(choice == 1, filled[open_cells], 0.0)
    return tables


def _climb(
    fitter: ManyTables,
    sign: float,
    start: FloatArray,
    low: FloatArray,
    high: FloatArray,
    codes: dict[int, float],
) -> float:
    """Largest `sign` times total that steps from one table reach; nan if none has an estimate."""
    here = start
    best = sign * float(_totals(fitter, here[None])[0][0])
    for _ in range(_MOST_STEPS):
        tried = _single_changes(here, low, high)
        totals, met = _totals(fitter, tried)
        for code, seen in _met(tried, met).items():
            codes[code] = max(seen, codes.get(code, 0.0))
        gain = np.nan_to_num(sign * totals, nan=-np.inf)
        together = here.copy()
        floor = best if np.isfinite(best) else -np.inf
        for cell in np.flatnonzero(high > low):
            changed = np.flatnonzero(tried[:, cell] != here[cell])
            top = changed[np.argmax(gain[changed])]
            if gain[top] > floor:
                together[cell] = tried[top, cell]
        joint = sign * float(_totals(fitter, together[None])[0][0])
        top = int(np.argmax(gain))
        if not np.isfinite(joint) or joint < gain[top]:
            together, joint = tried[top], float(gain[top])
        if not joint > floor + _BETTER * abs(floor if np.isfinite(floor) else 0.0):
            break
        here, best = together, joint
    return best


def _single_changes(here: FloatArray, low: FloatArray, high: FloatArray) -> FloatArray:
    """Tables that differ from `here` in one cell: its neighbours, its ends, some between."""
    changed = []
    for cell in np.flatnonzero(high > low):
        between = np.round(np.linspace(low[cell], high[cell], _STEPS_IN_A_BAND))
        near = here[cell] + np.array([-1.0, 1.0])
        values = np.unique(np.concatenate([between, near]))
        for value in values[(values >= low[cell]) & (values <= high[cell])]:
            if value != here[cell]:
                table = here.copy()
                table[cell] = value
                changed.append(table)
    return np.array(changed)
