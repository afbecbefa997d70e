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
    excess, log_ratio = _excess(hidden, fitted_hidden, fits.log_hidden, table.counts - fitted)
    value = stirling.log_factorial_rest(total) - stirling.log_factorial_rest(hidden)
    value += hidden * (log_ratio - excess)
    seen = table.counts > 0
    value += (table.counts[seen] * np.log(fitted[:, seen] / table.counts[seen])).sum(axis=1)
    value -= (fitted - table.counts).sum(axis=1)
    slope = stirling.digamma_rest(total) - stirling.digamma_rest(hidden) + log_ratio
    curvature = polygamma(1, total + 1.0) - polygamma(1, hidden + 1.0)
    return value, slope, curvature + fits.variance - 1.0 / total


def _excess(
    hidden: FloatArray, fitted: FloatArray, log_fitted: FloatArray, short: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Fitted hidden number over the given one, less 1, and the log of the ratio.

    A fitted number may be so small that the ratio is 0 beside 1, though its log is not; and a given
    one so large that its difference is lost. The fit keeps the total, so that the hidden cell is
    fitted too many by what the others are `short` of.
    """
    missing = short.sum(axis=1)
    difference = np.where(hidden > 1e3 * np.abs(missing), missing, fitted - hidden)
    excess = difference / hidden
    near = np.log1p(np.maximum(excess, -0.5))
    return excess, np.where(excess < -0.5, log_fitted - np.log(hidden), near)


def bound(table: Table) -> Curve:
    """The curve of one table."""
    return functools.partial(curve, table=table)
