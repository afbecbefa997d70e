"""Errors that allow for dependence within clusters, with few of them.

All is said by what each cluster adds to the score and to the information: for a generalised linear
model ``x'(y - mean)`` and ``x' W x``, for estimating equations ``D' V^-1 (y - mean)`` and
``D' V^-1 D``. Nothing has the size of a cluster.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy.special import stdtr, stdtrit

from countylines._kernels.method import FloatArray, tail_area

# Power of (I - A B^-1) by which the score of a cluster is multiplied: A is its information, B that
# of all. At -1/2 the variance has no bias where the working model holds.
POWERS = {"cr0": 0.0, "cr1": 0.0, "cr2": -0.5, "cr3": -1.0}
OWN = 1e-9  # a direction that only one cluster informs: its score is 0 there, and so is its part
SINGULAR = 1e-12
LOST = 1e-6  # share of a variance that lies in such directions and is therefore not seen


class Robust(NamedTuple):
    """Covariance of the terms, and the degrees of freedom of one contrast of them."""

    covariance: FloatArray
    df: float
    variance: float  # of the contrast


def inverse_root(whole: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Inverse of an information, and the root of that of its scaled form, with the scale.

    Both leave out what nothing is known of, so that they serve sums of terms that are known.
    """
    diagonal = np.diag(whole)
    scale = np.sqrt(np.where(diagonal > 0.0, diagonal, 1.0))
    values, vectors = np.linalg.eigh(whole / np.outer(scale, scale))
    known = values > SINGULAR * values[-1]
    root = (vectors[:, known] / np.sqrt(values[known])) @ vectors[:, known].T
    return root @ root / np.outer(scale, scale), root, scale


def robust(
    scores: FloatArray,
    parts: FloatArray,
    contrast: FloatArray,
    *,
    kind: str = "cr2",
    cells: int = 0,
) -> Robust:
    """Sandwich of the kind named, with degrees of freedom by Satterthwaite under the working model.

    No degree of freedom, and a variance of nan, where a direction that only one cluster informs
    moves the contrast: that cluster is fitted whatever it adds, so nothing shows its error.

    `scores` is (clusters, terms), `parts` (clusters, terms, terms). ``"cr1"`` multiplies by
    G / (G - 1) and (cells - 1) / (cells - terms).
    """
    clusters, terms = scores.shape
    whole = parts.sum(axis=0)
    _, half, scale = inverse_root(whole)
    parts = parts / np.outer(scale, scale)
    scores, contrast = scores / scale, contrast / scale
    own, turns = np.linalg.eigh(half @ parts @ half)
    left = np.maximum(1.0 - own, 0.0)
    power = POWERS[kind]
    with np.errstate(divide="ignore"):
        factor = np.where(left > OWN, left**power, 0.0)
    # B^-1/2 (I - A B^-1)^power, and its transpose beside the contrast
    adjusted = (turns * factor[:, None, :]) @ np.swapaxes(turns, 1, 2)
    scaled = np.einsum("gij,jk,gk->gi", adjusted, half, scores)
    meat = half @ (scaled.T @ scaled) @ half
    if kind == "cr1":
        meat *= clusters / (clusters - 1.0) * (cells - 1.0) / (cells - terms)
    turned = half @ contrast  # in units of B^-1/2
    alone = np.where(left <= OWN, np.einsum("gij,i->gj", turns, turned), 0.0)
    if not (alone**2).sum() <= LOST * (turned @ turned):
        return Robust(meat / np.outer(scale, scale), 0.0, np.nan)
    weight = np.einsum("gij,j->gi", adjusted, turned)
    inner = half @ parts @ half
    between = -np.einsum("gi,gij,hjk,hk->gh", weight, inner, inner, weight)
    between[np.diag_indices(clusters)] += np.einsum("gi,gij,gj->g", weight, inner, weight)
    df = float(np.trace(between)) ** 2 / float((between**2).sum())
    variance = float(contrast @ meat @ contrast)
    return Robust(meat / np.outer(scale, scale), df, variance)


def limits(
    centre: float, variance: float, df: float, level: float, alternative: str
) -> tuple[float, float]:
    """Limits by Student's t; the whole line without degrees of freedom."""
    if not df > 0.0 or not np.isfinite(centre):
        return -np.inf, np.inf
    reach = -float(stdtrit(df, tail_area(level, alternative))) * float(np.sqrt(variance))
    low = -np.inf if alternative == "less" else centre - reach
    high = np.inf if alternative == "greater" else centre + reach
    return low, high


def pvalue(statistic: float, df: float, alternative: str) -> float:
    """P-value of Student's t; 1 without degrees of freedom."""
    if not df > 0.0 or np.isnan(statistic):
        return 1.0
    if alternative == "two-sided":
        return float(2.0 * stdtr(df, -abs(statistic)))
    return float(stdtr(df, -statistic if alternative == "greater" else statistic))
