"""Kendall's score of a series given that of a covariate, with any ties.

Over random orders of the periods, series and covariate kept together, the two scores have a known
covariance matrix. The score of the series less its regression on that of the covariate is a score
of its own, of a sign matrix that mixes the two, and is uncorrelated with that of the covariate.
"""

from __future__ import annotations

import functools
from itertools import permutations
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from countylines._kernels import combined_kendall, kendall_score

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

MOST = 9  # periods of which every order is looked at
NOTHING_LEFT = 1e-9  # share of the variance that is only rounding


class Partial(NamedTuple):
    """One entry a series; only periods with both values count."""

    score: FloatArray  # of the series alone
    other: FloatArray  # of the covariate
    correlation: FloatArray  # of the two scores
    partial: FloatArray
    variance: FloatArray  # of the partial score; 0 where the covariate leaves nothing
    slope: FloatArray  # of the one score on the other
    present: IntArray


def partial(x: FloatArray, covariate: FloatArray) -> Partial:
    """Partial score of rows of series with rows of covariates."""
    gone = np.isnan(x) | np.isnan(covariate)
    both = np.where(gone[:, None, :], np.nan, np.stack([x, covariate], axis=1))
    spread = combined_kendall.covariance(both)
    scores = kendall_score.kendall(both.reshape(-1, x.shape[1])).score.reshape(-1, 2)
    own, cross, other = spread[:, 0, 0], spread[:, 0, 1], spread[:, 1, 1]
    with np.errstate(invalid="ignore", divide="ignore"):
        slope = np.where(other > 0, cross / other, 0.0)
        correlation = cross / np.sqrt(own * other)
    left = own - slope * cross
    left = np.where(left > NOTHING_LEFT * own, left, 0.0)
    rest = scores[:, 0] - slope * scores[:, 1]
    rest = np.where(left > 0, rest, 0.0)
    present = (~gone).sum(axis=1)
    return Partial(scores[:, 0], scores[:, 1], correlation, rest, left, slope, present)


def exact_tails(x: FloatArray, covariate: FloatArray, slope: float) -> tuple[float, float]:
    """Probabilities of a partial score at least and at most that observed, over all orders."""
    matrix = combined_kendall.signs(np.stack([x, covariate]))
    mixed = matrix[0] - slope * matrix[1]
    orders = _orders(len(x))
    early, late = np.triu_indices(len(x), 1)
    scores = np.zeros(len(orders))
    for i, j in zip(early, late, strict=True):
        scores += mixed[orders[:, j], orders[:, i]]
    observed = float(mixed[late, early].sum())
    # scores that are equal but for rounding are equal
    near = 1e-9 * (1.0 + np.abs(mixed).sum())
    return float((scores >= observed - near).mean()), float((scores <= observed + near).mean())


@functools.lru_cache(maxsize=4)
def _orders(length: int) -> NDArray[np.int8]:
    return np.array(list(permutations(range(length))), dtype=np.int8)
