"""Rubin's rules: estimates of several imputed data sets made one (Barnard and Rubin, 1999)."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy.special import ndtr, ndtri, stdtr, stdtrit

from countylines._kernels.method import FloatArray, tail_area


class Combined(NamedTuple):
    """What the rules give, one value a row."""

    estimate: FloatArray
    within: FloatArray
    between: FloatArray
    total: FloatArray
    df: FloatArray
    relative_increase: FloatArray
    missing_information: FloatArray


def combine(estimates: FloatArray, variances: FloatArray, complete_df: float) -> Combined:
    """Combine rows of estimates and their variances, of shape (rows, imputations)."""
    m = estimates.shape[1]
    within = variances.mean(axis=1)
    between = estimates.var(axis=1, ddof=1)
    added = (1.0 + 1.0 / m) * between
    total = within + added
    with np.errstate(divide="ignore", invalid="ignore"):
        share = np.where(total > 0.0, added / total, 0.0)
        increase = np.where(added > 0.0, added / within, 0.0)
        old = (m - 1.0) / share**2
        df = old
        if np.isfinite(complete_df):
            observed = (complete_df + 1.0) / (complete_df + 3.0) * complete_df * (1.0 - share)
            df = np.where(share > 0.0, 1.0 / (1.0 / old + 1.0 / observed), observed)
        smoothed = np.where(np.isinf(df), 0.0, 2.0 / (df + 3.0))
        fraction = (increase + smoothed) / (increase + 1.0)
    fraction = np.where(np.isinf(increase), 1.0, fraction)
    return Combined(estimates.mean(axis=1), within, between, total, df, increase, fraction)


def limits(found: Combined, level: float, alternative: str) -> tuple[FloatArray, FloatArray]:
    """Limits from the t distribution, or the normal one where the degrees are infinite."""
    tail = np.full(found.df.shape, tail_area(level, alternative))
    quantile = np.where(np.isinf(found.df), -ndtri(tail), -stdtrit(_finite(found.df), tail))
    reach = quantile * np.sqrt(found.total)
    low, high = found.estimate - reach, found.estimate + reach
    if alternative == "greater":
        high = np.full(high.shape, np.inf)
    if alternative == "less":
        low = np.full(low.shape, -np.inf)
    return low, high


def pvalue(found: Combined, null: FloatArray, alternative: str) -> FloatArray:
    """P-value of a value on the scale of combination, from the same inversion."""
    with np.errstate(divide="ignore", invalid="ignore"):
        t = (found.estimate - null) / np.sqrt(found.total)
    t = np.where(found.estimate == null, 0.0, t)
    away = {"greater": -t, "less": t, "two-sided": -np.abs(t)}[alternative]
    tail = np.where(np.isinf(found.df), ndtr(away), stdtr(_finite(found.df), away))
    return np.asarray(2.0 * tail if alternative == "two-sided" else tail)


def _finite(df: FloatArray) -> FloatArray:
    return np.where(np.isinf(df), 1.0, df)
