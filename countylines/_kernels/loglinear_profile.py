"""Exact multinomial profile likelihood of the hidden number under a log-linear model.

For a hidden number h (real, above 0) the complete table is multinomial out of N = n + h. Its
likelihood, maximised over the probabilities of the model, is

    l(h) = log N! - log h! - sum log y_i! + sum y_i log(mu_i / N) + h log(mu_0 / N),

with mu the Poisson fit to the complete table, whose total is N. By the envelope theorem its slope
is digamma(N + 1) - digamma(h + 1) + log(mu_0 / N), and log mu_0 rises with h at the rate of its
own variance.
"""

from __future__ import annotations

import functools
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import polygamma

from countylines._kernels import loglinear_banded, loglinear_fit, stirling
from countylines._kernels.profile_limits import Curve

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]


class Table(NamedTuple):
    """Counts and model of one incomplete table: cells on the face, independent terms only."""

    counts: FloatArray
    cells: IntArray
    terms: IntArray


def curve(hidden: FloatArray, table: Table) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Profile log-likelihood, without the log factorials of the counts, its slope and curvature."""
    rows = len(hidden)
    cells = np.concatenate([[0], table.cells])
    counts = np.column_stack([hidden, np.broadcast_to(table.counts, (rows, len(table.counts)))])
    masks = np.ones((rows, len(table.terms)), dtype=bool)
    face = np.ones(counts.shape, dtype=bool)
    fits: loglinear_fit.Fits | loglinear_banded.BandedFits
    if len(cells) > loglinear_banded.FEW_CELLS:
        fits = loglinear_banded.fit(counts, counts, table.terms, masks, face, cells)
    else:
        fits = loglinear_fit.fit(counts, table.terms, masks, face, cells)
    fitted_hidden, fitted = fits.fitted[:, 0], fits.fitted[:, 1:]
    total = hidden + table.counts.sum()
    excess = (fitted_hidden - hidden) / hidden
    value = stirling.log_factorial_rest(total) - stirling.log_factorial_rest(hidden)
    value += hidden * (np.log1p(excess) - excess)
    seen = table.counts > 0
    value += (table.counts[seen] * np.log(fitted[:, seen] / table.counts[seen])).sum(axis=1)
    value -= (fitted - table.counts).sum(axis=1)
    slope = stirling.digamma_rest(total) - stirling.digamma_rest(hidden) + np.log1p(excess)
    curvature = polygamma(1, total + 1.0) - polygamma(1, hidden + 1.0)
    return value, slope, curvature + fits.variance - 1.0 / total


def bound(table: Table) -> Curve:
    """The curve of one table."""
    return functools.partial(curve, table=table)
