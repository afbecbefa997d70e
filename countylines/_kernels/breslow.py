"""Survival of one life under proportional hazards, from risk sets of weighted lives."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from countylines._kernels.method import FloatArray


class Hazard(NamedTuple):
    """Cumulative hazard at the times of ends, with the variance of its log."""

    time: FloatArray
    hazard: FloatArray
    log_variance: FloatArray


def cumulative_hazard(
    entry: FloatArray,
    exit: FloatArray,
    event: NDArray[np.bool_],
    design: FloatArray,
    beta: FloatArray,
    covariance: FloatArray,
    x: FloatArray,
) -> Hazard:
    """Breslow's estimate for covariates `x`; spells are at risk in (entry, exit]."""
    time, ends = np.unique(exit[event], return_counts=True)
    shifted = design - x
    weight = np.exp(shifted @ beta)
    columns = np.column_stack([weight, shifted * weight[:, None]])
    sums = _after(exit, columns, time) - _after(entry, columns, time)
    step = ends / sums[:, 0]
    hazard = np.cumsum(step)
    drift = np.cumsum(sums[:, 1:] / sums[:, :1] * step[:, None], axis=0)
    own = np.cumsum(step / sums[:, 0])
    variance = own + np.einsum("ij,jk,ik->i", drift, covariance, drift)
    return Hazard(time, hazard, variance / hazard**2)


def _after(moment: FloatArray, columns: FloatArray, time: FloatArray) -> FloatArray:
    """Sums over the lives whose moment is at a time or later."""
    order = np.argsort(moment, kind="stable")
    sums = np.cumsum(columns[order][::-1], axis=0)[::-1]
    sums = np.vstack([sums, np.zeros(columns.shape[1])])
    return sums[np.searchsorted(moment[order], time, side="left")]
