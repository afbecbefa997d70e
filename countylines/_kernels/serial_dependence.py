"""Serial dependence, and what it does to the variance of Kendall's score. Rows are series.

Missing values keep their place in time: a product over a lag counts where both values are there.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from countylines._kernels import kendall_score

FloatArray = NDArray[np.float64]
SIGNIFICANT = 0.95  # level at which Hamed and Rao keep the autocorrelation of a lag


def autocorrelation(rows: FloatArray, lags: int) -> FloatArray:
    """Autocorrelations at lags 1, 2, ...: (rows, lags); 0 for a constant row."""
    present = ~np.isnan(rows)
    number = np.maximum(present.sum(axis=1, keepdims=True), 1)
    mean = np.where(present, rows, 0.0).sum(axis=1, keepdims=True) / number
    centred = np.where(present, rows - mean, 0.0)
    length = rows.shape[1]
    padded = 1 << (2 * length - 1).bit_length()
    spectrum = np.fft.rfft(centred, padded, axis=1)
    products = np.fft.irfft(np.abs(spectrum) ** 2, padded, axis=1)[:, 1 : lags + 1]
    square = (centred**2).sum(axis=1, keepdims=True)
    with np.errstate(invalid="ignore", divide="ignore"):
        correlation: FloatArray = np.where(square > 0, products / square, 0.0)
    return correlation


def hamed_rao(residuals: FloatArray, lags: int) -> FloatArray:
    """Factor of the variance from the autocorrelations of the ranks that are significant."""
    n = (~np.isnan(residuals)).sum(axis=1, keepdims=True).astype(np.float64)
    correlation = autocorrelation(average_ranks(residuals), lags)
    bound = ndtri((1.0 + SIGNIFICANT) / 2.0) / np.sqrt(np.maximum(n, 1.0))
    kept = np.where(np.abs(correlation) > bound, correlation, 0.0 * correlation)
    rest = n - np.arange(1.0, lags + 1.0)
    weight = np.where(rest > 0, rest * (rest - 1.0) * (rest - 2.0), 0.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        scale = 2.0 / (n[:, 0] * (n[:, 0] - 1.0) * (n[:, 0] - 2.0))
        factor: FloatArray = 1.0 + scale * (weight * kept).sum(axis=1)
    return factor


def yue_wang(residuals: FloatArray, lags: int) -> FloatArray:
    """Factor of the variance from the autocorrelations of the values, significant or not."""
    n = (~np.isnan(residuals)).sum(axis=1, keepdims=True).astype(np.float64)
    weight = np.maximum(1.0 - np.arange(1.0, lags + 1.0) / np.maximum(n, 1.0), 0.0)
    factor: FloatArray = 1.0 + 2.0 * (weight * autocorrelation(residuals, lags)).sum(axis=1)
    return factor


def first_order(residuals: FloatArray) -> FloatArray:
    """Factor of the variance if each value depends on the one before alone."""
    n = (~np.isnan(residuals)).sum(axis=1).astype(np.float64)
    r = autocorrelation(residuals, 1)[:, 0]
    with np.errstate(divide="ignore", invalid="ignore"):
        sums = (r ** (n + 1.0) - n * r**2 + (n - 1.0) * r) / (n * (r - 1.0) ** 2)
    factor: FloatArray = 1.0 + 2.0 * sums
    return factor


def average_ranks(rows: FloatArray) -> FloatArray:
    """Ranks from 1 with ties at their mean; missing values stay missing."""
    missing = np.isnan(rows)
    ranks = kendall_score.dense_ranks(rows)
    ties = kendall_score.tie_sizes(ranks, missing)
    middle = np.cumsum(ties, axis=1) - (ties - 1.0) / 2.0
    return np.where(missing, np.nan, np.take_along_axis(middle, ranks, axis=1))


def whitened(rows: FloatArray, correlation: FloatArray) -> FloatArray:
    """Each value less the correlation times the one before; one value shorter."""
    white: FloatArray = rows[:, 1:] - correlation[:, None] * rows[:, :-1]
    return white
