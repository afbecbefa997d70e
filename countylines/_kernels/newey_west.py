"""Covariance of terms whose scores depend on one another from period to period."""

from __future__ import annotations

from countylines._kernels.method import FloatArray


def newey_west(scores: FloatArray, bread: FloatArray, lags: int) -> FloatArray:
    """Sandwich with Bartlett's weights; `scores` is (periods, terms) in order of time."""
    meat = scores.T @ scores
    for lag in range(1, lags + 1):
        across = scores[lag:].T @ scores[:-lag]
        meat = meat + (1.0 - lag / (lags + 1.0)) * (across + across.T)
    covariance: FloatArray = bread @ meat @ bread
    return covariance
