"""Log-linear fits of one table, exact or banded: the door of every estimator that fits models."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from countylines._kernels import facial_set, loglinear_banded, loglinear_fit
from countylines.capture_recapture._models import Counts
from countylines.errors import ConvergenceError

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]


@dataclass(frozen=True)
class ModelFits:
    """Fits of several models of one table, one row a model."""

    faces: facial_set.Faces
    fits: loglinear_fit.Fits | loglinear_banded.BandedFits
    estimable: BoolArray
    hidden: FloatArray  # inf where hidden-infinite, 0 where hidden-zero, nan if not-identified
    hidden_error: FloatArray  # nan where there is no estimate
    total: FloatArray
    total_error: FloatArray
    expected: FloatArray  # (rows, cells): counts, those in bands by their mean given the fit
    df: IntArray  # face cells less face rank
    parameters: IntArray  # all that the model has, also those at minus infinity


def fit_models(
    counts: Counts,
    terms: IntArray,
    masks: BoolArray,
    *,
    faces: facial_set.Faces | None = None,
) -> ModelFits:
    """Extended maximum likelihood fits of many models of one table.

    Works alike for exact counts and for bands (`Counts.is_banded`): the same call serves a search
    over models and each step of a stepwise one. With bands the likelihood is the probability of
    what is known, so ``fits.log_likelihood``, and the criteria made from it with ``n = counts.n``,
    can be compared between models of the same table. The deviance is against a mean of its own for
    every cell. The facial set treats a cell that may be empty as empty (see
    `loglinear_banded.fit`), so a model whose estimate exists for some tables within the bands only
    is not estimable here; `existence` says so in words. Bands so wide that the likelihood is flat
    over a factor of e**100 in the hidden number identify nothing.

    Parameters
    ----------
    counts : Counts
        From ``_models.counts_of(histories)``, which lets bands pass, or ``exact_counts``.
    terms : array, shape (columns,)
        Bit masks of the terms; the first is the intercept.
    masks : array, shape (rows, columns)
        Which terms each model has.
    faces : Faces or None, optional
        ``facial_set.faces(masks, terms, counts.seen, counts.cells)``, if known already.

    Returns
    -------
    ModelFits
        ``.hidden``, ``.total`` with their standard errors, ``.faces.code``, ``.fits``.

    Raises
    ------
    ConvergenceError
        If the fit of a model that has an estimate does not converge.
    """
    if faces is None:
        faces = facial_set.faces(masks, terms, counts.seen, counts.cells)
    shape = len(masks), len(counts.cells)
    low = np.broadcast_to(counts.low, shape)
    fits: loglinear_fit.Fits | loglinear_banded.BandedFits
    if counts.is_banded or len(counts.cells) > loglinear_banded.FEW_CELLS:
        high = np.broadcast_to(counts.high, shape)
        fits = loglinear_banded.fit(low, high, terms, faces.basis, faces.on_face, counts.cells)
    else:
        fits = loglinear_fit.fit(low, terms, faces.basis, faces.on_face, counts.cells)
    if counts.is_banded:
        # bands so wide that any mean within them is as likely leave the likelihood flat
        flat = (faces.code <= facial_set.BOUNDARY_FINITE) & ~(fits.variance < loglinear_banded.FLAT)
        code = np.where(flat, facial_set.NOT_IDENTIFIED, faces.code)
        faces = dataclasses.replace(faces, code=code)
    estimable = faces.code <= facial_set.BOUNDARY_FINITE
    if not fits.converged[estimable].all():
        raise ConvergenceError("A log-linear fit did not converge.")
    hidden = np.where(estimable, np.exp(np.where(estimable, fits.log_hidden, 0.0)), np.nan)
    hidden[faces.code == facial_set.HIDDEN_INFINITE] = np.inf
    hidden[faces.code == facial_set.HIDDEN_ZERO] = 0.0
    finite = np.where(estimable, hidden, np.nan)
    hidden_error = np.sqrt(finite + finite**2 * fits.variance)
    if isinstance(fits, loglinear_banded.BandedFits):
        expected = fits.expected
        total_error = np.where(estimable, np.sqrt(np.maximum(fits.total_variance, 0.0)), np.nan)
    else:
        expected, total_error = np.asarray(low), hidden_error
    return ModelFits(
        faces=faces,
        fits=fits,
        estimable=estimable,
        hidden=hidden,
        hidden_error=hidden_error,
        total=expected.sum(axis=1) + hidden,
        total_error=total_error,
        expected=expected,
        df=faces.on_face.sum(axis=1) - faces.rank,
        parameters=masks.sum(axis=1),
    )
