"""Counts that are Poisson given a rate, with rates that follow a gamma law from area to area.

`a` is the log of the mean rate and `b` the log of the squared coefficient of variation of the
rates; the counts are then negative binomial.
"""

from __future__ import annotations

import numpy as np
from scipy.special import gammaln, xlogy

from countylines._kernels.method import FloatArray
from countylines._kernels.rising import log_rising
from countylines._kernels.two_level import Edge, Family, Terms


def _terms(a: FloatArray, b: FloatArray, x: FloatArray, e: FloatArray) -> Terms:
    log_mean = a[:, None] + np.log(e)
    mean, shape = np.exp(log_mean), np.exp(-b)[:, None]
    t = mean / shape
    log_one = np.log1p(t)
    value, first, second = log_rising(x, b[:, None])
    value = value + xlogy(x, mean) - (x + shape) * log_one
    share = t / (1.0 + t)
    slope = (x - mean) / (1.0 + t)
    parts = (
        value,
        slope,
        first + shape * log_one - (x + shape) * share,
        -(mean / (1.0 + t)) * ((1.0 + x / shape) / (1.0 + t)),
        -slope * share,
        second - shape * log_one + 2.0 * shape * share - (x + shape) * share / (1.0 + t),
    )
    return Terms(*(part.sum(axis=1) for part in parts))


def _slope(
    a: FloatArray, b: FloatArray, x: FloatArray, e: FloatArray
) -> tuple[FloatArray, FloatArray]:
    mean = np.exp(a[:, None] + np.log(e))
    spread = np.exp(b)[:, None]
    one = 1.0 + spread * mean
    bend = -(mean / one) * ((1.0 + spread * x) / one)
    return ((x - mean) / one).sum(axis=1), bend.sum(axis=1)


def _edge(a: FloatArray, x: FloatArray, e: FloatArray) -> Edge:
    mean = np.exp(a[:, None]) * e
    return Edge(
        (xlogy(x, mean) - mean).sum(axis=1),
        (x - mean).sum(axis=1),
        -mean.sum(axis=1),
        0.5 * ((x - mean) ** 2 - x).sum(axis=1),
    )


def _start(x: FloatArray, e: FloatArray) -> FloatArray:
    start: FloatArray = np.log(x.sum(axis=1) / e.sum(axis=1))
    return start


def _span(x: FloatArray, e: FloatArray) -> tuple[FloatArray, FloatArray]:
    """From a variance that is nothing beside that of the counts to a hundredfold deviation."""
    largest = (e / e.sum(axis=1, keepdims=True)).max(axis=1) * x.sum(axis=1)
    return np.log(1e-9) - np.log1p(largest), np.full(len(x), np.log(1e4))


def constant(x: FloatArray) -> FloatArray:
    """What the log-likelihood leaves out."""
    value: FloatArray = -gammaln(x + 1.0).sum(axis=1)
    return value


FAMILY = Family(_terms, _slope, _edge, _start, _span)
