"""Counts that are binomial given a share, with shares that follow a beta law from area to area.

`a` is the logit of the mean share p and `b` the log of r / (1 - r), where r is the correlation of
two members of one area: the shares are beta with parameters p exp(-b) and (1 - p) exp(-b).
"""

from __future__ import annotations

import numpy as np
from scipy.special import expit, gammaln, log_expit, logit

from countylines._kernels.method import FloatArray
from countylines._kernels.rising import log_rising
from countylines._kernels.two_level import Edge, Family, Terms


def _terms(a: FloatArray, b: FloatArray, x: FloatArray, n: FloatArray) -> Terms:
    p, q = expit(a)[:, None], expit(-a)[:, None]
    log_p, log_q = log_expit(a)[:, None], log_expit(-a)[:, None]
    y, b = n - x, b[:, None]
    (vx, x1, x2), (vy, y1, y2), (vn, n1, n2) = (
        log_rising(x, b - log_p),
        log_rising(y, b - log_q),
        log_rising(n, b),
    )
    parts = (
        x * log_p + y * log_q + vx + vy - vn,
        x * q - y * p - q * x1 + p * y1,
        x1 + y1 - n1,
        p * q * (x1 + y1 - n) + q**2 * x2 + p**2 * y2,
        p * y2 - q * x2,
        x2 + y2 - n2,
    )
    return Terms(*(part.sum(axis=1) for part in parts))


def _slope(
    a: FloatArray, b: FloatArray, x: FloatArray, n: FloatArray
) -> tuple[FloatArray, FloatArray]:
    found = _terms(a, b, x, n)
    return found.a, found.aa


def _edge(a: FloatArray, x: FloatArray, n: FloatArray) -> Edge:
    p, q = expit(a)[:, None], expit(-a)[:, None]
    y = n - x
    pairs = x * (x - 1.0) / p + y * (y - 1.0) / q - n * (n - 1.0)
    return Edge(
        (x * log_expit(a)[:, None] + y * log_expit(-a)[:, None]).sum(axis=1),
        (x * q - y * p).sum(axis=1),
        -(n * p * q).sum(axis=1),
        0.5 * pairs.sum(axis=1),
    )


def _start(x: FloatArray, n: FloatArray) -> FloatArray:
    start: FloatArray = logit(x.sum(axis=1) / n.sum(axis=1))
    return start


def _span(x: FloatArray, n: FloatArray) -> tuple[FloatArray, FloatArray]:
    return np.log(1e-9) - np.log(n.max(axis=1)), np.full(len(x), np.log(1e4))


def constant(x: FloatArray, n: FloatArray) -> FloatArray:
    """What the log-likelihood leaves out."""
    terms = gammaln(n + 1.0) - gammaln(x + 1.0) - gammaln(n - x + 1.0)
    value: FloatArray = terms.sum(axis=1)
    return value


FAMILY = Family(_terms, _slope, _edge, _start, _span)
