"""Forward selection of interactions by Poisson tails, for many tables at once.

From the independence of all lists, one interaction is added at a time. For each candidate, a term
all of whose parts are in the model, the number of units that hold it is compared with the sum of
the fitted values of the cells that hold it: its p-value is the smaller of the two Poisson tails.
The candidate with the smallest p-value below the threshold is added, if the estimate of the larger
model exists; otherwise the next one is tried. Every step is taken for all tables together, and a
table leaves when it has no candidate left.

Where cells are known as bands the number of units that hold a term is known to lie between two
ends. Its p-value is the largest of the numbers between them, min(P(Y <= high), P(Y >= low)): an
interaction is added only if whatever the bands hide would add it.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from countylines._kernels import (
    facial_set,
    hierarchical,
    loglinear_banded,
    loglinear_fit,
    poisson_tail,
)
from countylines._kernels.faces_by_row import FaceFinder

BoolArray = NDArray[np.bool_]
IntArray = NDArray[np.int64]
FloatArray = NDArray[np.float64]

TIE = 1e-9  # logs of p-values closer than this count as equal: the first candidate is taken


class Step(NamedTuple):
    """One addition to the model of some of the tables."""

    rows: IntArray
    term: IntArray  # column of the term added
    low: FloatArray  # fewest units seen that can hold it
    high: FloatArray  # and most
    expected: FloatArray  # their fitted number before it was added
    log_pvalue: FloatArray


class Selected(NamedTuple):
    """The models selected, one row a table."""

    masks: BoolArray  # (rows, terms)
    code: IntArray  # position in facial_set.CODES; not estimable only for independence
    log_hidden: FloatArray  # nan where the code is not estimable
    seen: FloatArray  # number of units seen, with bands its mean given the fit
    steps: list[Step]


def select(
    counts: FloatArray, finder: FaceFinder, threshold: float, high: FloatArray | None = None
) -> Selected:
    """Select a model for every row of `counts`, (rows, cells), among the terms of `finder`.

    With `high` the counts are the lower ends of bands.
    """
    terms, cells = finder.terms, finder.cells
    orders = np.array([hierarchical.order(int(t)) for t in terms])
    masks = np.tile(orders <= 1, (len(counts), 1))
    seen = counts > 0
    holds = hierarchical.design(cells, terms)
    lower = _parts(terms, orders)
    log_threshold = np.log(threshold) if threshold > 0 else -np.inf
    found = finder.faces(seen, masks)
    code = found.code.copy()
    log_hidden, number = np.full(len(counts), np.nan), counts.sum(axis=1)
    on_face, basis = found.on_face, found.basis
    rows = np.flatnonzero(code <= facial_set.BOUNDARY_FINITE)
    steps: list[Step] = []
    while rows.size:
        upper = counts[rows] if high is None else high[rows]
        fits: loglinear_fit.Fits | loglinear_banded.BandedFits
        if high is None:
            fits = loglinear_fit.fit(counts[rows], terms, basis[rows], on_face[rows], cells)
        else:
            fits = loglinear_banded.fit(
                counts[rows], upper, terms, basis[rows], on_face[rows], cells
            )
            number[rows] = fits.expected.sum(axis=1)
        if not fits.converged.all():
            raise ArithmeticError("a log-linear fit of the selection did not converge")
        log_hidden[rows] = fits.log_hidden
        least, most, expected = counts[rows] @ holds, upper @ holds, fits.fitted @ holds
        tails = np.minimum(
            poisson_tail.log_below(most, expected), poisson_tail.log_above(least, expected)
        )
        candidate = ~masks[rows] & (orders >= 2) & (masks[rows].astype(int) @ lower == orders)
        tails[~candidate] = np.inf
        added = _add(rows, tails, log_threshold, seen, finder, masks, on_face, basis, code)
        taken = np.flatnonzero(added >= 0)
        rows, columns = rows[taken], added[taken]
        if rows.size:
            steps.append(
                Step(
                    rows,
                    columns,
                    least[taken, columns],
                    most[taken, columns],
                    expected[taken, columns],
                    tails[taken, columns],
                )
            )
    return Selected(masks, code, log_hidden, number, steps)


def _parts(terms: IntArray, orders: IntArray) -> IntArray:
    """Which terms, by row, are a column's term less one list."""
    inside = (terms[:, None] & terms[None, :]) == terms[:, None]
    parts: IntArray = (inside & (orders[:, None] == orders[None, :] - 1)).astype(np.int64)
    return parts


def _add(
    rows: IntArray,
    tails: FloatArray,
    log_threshold: float,
    seen: BoolArray,
    finder: FaceFinder,
    masks: BoolArray,
    on_face: BoolArray,
    basis: BoolArray,
    code: IntArray,
) -> IntArray:
    """Column added to each row, or -1; changes the models and their faces."""
    added = np.full(len(rows), -1)
    untried = tails.copy()
    waiting = np.arange(len(rows))
    while waiting.size:
        best = untried[waiting].min(axis=1)
        waiting, best = waiting[best < log_threshold], best[best < log_threshold]
        if waiting.size == 0:
            break
        column = np.argmax(untried[waiting] <= best[:, None] + TIE, axis=1)
        at = rows[waiting]
        trial = masks[at].copy()
        trial[np.arange(len(at)), column] = True
        found = finder.faces(seen[at], trial)
        exists = found.code <= facial_set.BOUNDARY_FINITE
        good = at[exists]
        masks[good], on_face[good] = trial[exists], found.on_face[exists]
        basis[good], code[good] = found.basis[exists], found.code[exists]
        added[waiting[exists]] = column[exists]
        untried[waiting[~exists], column[~exists]] = np.inf
        waiting = waiting[~exists]
    return added
