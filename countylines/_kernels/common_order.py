"""Kendall scores of several series when their periods are put in other orders, the same for all."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from countylines._kernels.method import FloatArray

IntArray = NDArray[np.int64]


def pair_signs(values: FloatArray) -> FloatArray:
    """Sign of the difference of any two periods, of shape (periods squared, series)."""
    signs = np.sign(values[None, :, :] - values[:, None, :])
    return signs.reshape(-1, values.shape[1])


def scores(signs: FloatArray, orders: IntArray) -> FloatArray:
    """Pairs that rise less pairs that fall in each order: (orders, series)."""
    place = np.argsort(orders, axis=1)
    first = (place[:, :, None] < place[:, None, :]).astype(np.float64)
    total: FloatArray = first.reshape(len(orders), -1) @ signs
    return total


def pvalues(score: FloatArray, variance: FloatArray) -> FloatArray:
    """Two-sided, normal with the correction for a score that moves in steps of two."""
    with np.errstate(divide="ignore", invalid="ignore"):
        z = np.maximum(np.abs(score) - 1.0, 0.0) / np.sqrt(variance)
    return np.where(variance > 0.0, 2.0 * ndtr(-np.where(variance > 0.0, z, 0.0)), 1.0)


def block_orders(periods: int, block: int, rng: np.random.Generator, size: int) -> IntArray:
    """Orders of the periods in which blocks of neighbours stay together."""
    number = -(-periods // block)
    keys = rng.random((size, number))
    rank = np.argsort(np.argsort(keys, axis=1), axis=1)
    of_period = rank[:, np.arange(periods) // block]
    return np.argsort(of_period, axis=1, kind="stable")
