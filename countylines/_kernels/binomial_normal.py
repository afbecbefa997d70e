"""Log rate ratios that vary normally between strata, by marginal likelihood.

Given the events of both groups together, those of the group are binomial in each stratum: the rate
of the other group drops out. With x of M events and the offset o, the log of the exposures' ratio,

    log of the integral of phi(z) p**x (1 - p)**(M - x) dz,   logit p = o + mu + tau z,

is the likelihood of one stratum; it is taken by Gauss-Hermite quadrature about the mode of each
integrand. Data are of shape (rows, strata); strata without events add 0.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, log_expit

from countylines._kernels.method import FloatArray
from countylines._kernels.roots import Rows, increasing_root

NODES, _WEIGHTS = np.polynomial.hermite.hermgauss(31)
LOG_WEIGHTS = np.log(_WEIGHTS) + NODES**2 - 0.5 * np.log(np.pi)
WIDEST = 8.0  # standard deviation of log ratios beyond which the fit counts as running off
FARTHEST = 40.0  # log ratios
NARROW = 0.3  # of the law of z, the width of an integrand below which its moments are taken in z
_BLOCK = 2**20  # values of the integrand worked at once


class Data(NamedTuple):
    """Events of the group, of both groups, and log ratio of the exposures."""

    x: FloatArray
    total: FloatArray
    offset: FloatArray

    def rows(self, rows: Rows) -> Data:
        """Some of the rows."""
        return Data(self.x[rows], self.total[rows], self.offset[rows])


class Point(NamedTuple):
    """Log-likelihood of each row with its derivatives in mu and tau."""

    value: FloatArray
    mu: FloatArray
    tau: FloatArray
    mu_mu: FloatArray
    mu_tau: FloatArray
    tau_tau: FloatArray


class Fit(NamedTuple):
    """Maximum of each row; `error` is the standard error of mu."""

    mu: FloatArray
    tau: FloatArray
    value: FloatArray
    error: FloatArray


def likelihood(data: Data, mu: FloatArray, tau: FloatArray) -> Point:
    """Likelihood at one mu and tau a row, by blocks of rows."""
    size = max(1, int(_BLOCK // (data.x.shape[1] * NODES.size)))
    parts = [
        _likelihood(data.rows(rows), mu[rows], tau[rows])
        for rows in np.split(np.arange(mu.size), range(size, mu.size, size))
    ]
    return Point(*(np.concatenate(values) for values in zip(*parts, strict=True)))


def _modes(data: Data, mu: FloatArray, tau: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Mode of each integrand, and its width."""
    x, total = data.x.ravel(), data.total.ravel()
    base = (data.offset + mu[:, None]).ravel()
    scale = np.broadcast_to(tau[:, None], data.x.shape).ravel()

    def residual(z: FloatArray, at: NDArray[np.intp]) -> tuple[FloatArray, FloatArray]:
        eta = base[at] + scale[at] * z
        p = expit(eta)
        pull = scale[at] * (x[at] - total[at] * p)
        return z - pull, 1.0 + scale[at] ** 2 * total[at] * p * expit(-eta)

    # the integrand is more concave than the normal law: the mode is nearer than its first pull
    reach = np.abs(residual(np.zeros(x.size), np.arange(x.size))[0]) + 1e-12
    z = increasing_root(residual, -reach, reach, np.zeros(x.size), settled=1e-4)
    curvature = residual(z, np.arange(x.size))[1]
    return z.reshape(data.x.shape), 1.0 / np.sqrt(curvature).reshape(data.x.shape)


def _likelihood(data: Data, mu: FloatArray, tau: FloatArray) -> Point:
    mode, width = _modes(data, mu, tau)
    z = mode[..., None] + np.sqrt(2.0) * width[..., None] * NODES
    eta = (data.offset + mu[:, None])[..., None] + tau[:, None, None] * z
    x, total = data.x[..., None], data.total[..., None]
    log_joint = x * log_expit(eta) + (total - x) * log_expit(-eta) - 0.5 * z * z
    log_joint += LOG_WEIGHTS + np.log(width)[..., None]
    top = log_joint.max(axis=2, keepdims=True)
    joint = np.exp(log_joint - top)
    whole = joint.sum(axis=2)
    chance = joint / whole[..., None]
    p = expit(eta)
    pull = x - total * p
    bend = -total * p * (1.0 - p)

    def mean(values: FloatArray) -> FloatArray:
        averaged: FloatArray = (chance * values).sum(axis=2)
        return averaged

    by_mu, by_tau = mean(pull), mean(z * pull)
    slopes: tuple[FloatArray, ...] = (
        by_mu,
        by_tau,
        mean(bend + pull * pull) - by_mu**2,
        mean(z * (bend + pull * pull)) - by_mu * by_tau,
        mean(z * z * (bend + pull * pull)) - by_tau**2,
    )
    # where counts say more than the law of z, these cancel: there z moves against a fixed log odds
    narrow = width < NARROW
    if narrow.any():
        scale = np.where(tau > 0.0, tau, 1.0)[:, None]
        one, two = mean(z), mean(z * z)
        off, off_two = z - one[..., None], z * z - two[..., None]
        fixed = (
            one / scale,
            (two - 1.0) / scale,
            (mean(off * off) - 1.0) / scale**2,
            (mean(off * off_two) - 2.0 * one) / scale**2,
            (mean(off_two * off_two) - 3.0 * two + 1.0) / scale**2,
        )
        slopes = tuple(np.where(narrow, f, s) for f, s in zip(fixed, slopes, strict=True))
    value = np.log(whole) + top[..., 0]
    return Point(value.sum(axis=1), *(part.sum(axis=1) for part in slopes))


def _best_tau(data: Data, mu: FloatArray, start: FloatArray) -> FloatArray:
    """Standard deviation that maximises the likelihood at each mu; 0 where it falls from there."""
    strata = float(data.x.shape[1])

    def residual(tau: FloatArray, at: NDArray[np.intp]) -> tuple[FloatArray, FloatArray]:
        found = likelihood(data.rows(at), mu[at], tau)
        # in the square of tau, by which the slope at 0 does not vanish
        small = tau < 1e-4
        safe = np.where(small, 1.0, tau)
        slope = np.where(small, found.tau_tau, found.tau / safe)
        bend = np.where(small, 0.0, (found.tau_tau - found.tau / safe) / safe)
        return -slope / strata, -bend / strata

    every = np.arange(mu.size)
    result = np.zeros(mu.size)
    rising = np.flatnonzero(residual(result, every)[0] < 0.0)
    if rising.size:

        def some(tau: FloatArray, at: NDArray[np.intp]) -> tuple[FloatArray, FloatArray]:
            return residual(tau, rising[at])

        left, right = np.zeros(rising.size), np.full(rising.size, WIDEST)
        begin = np.where(start[rising] > 0.0, start[rising], 0.3)
        result[rising] = increasing_root(some, left, right, begin, settled=1e-7)
    return result


def _profile_slope(found: Point, tau: FloatArray) -> FloatArray:
    """Curvature in mu of the likelihood maximised over tau."""
    with np.errstate(divide="ignore", invalid="ignore"):
        joint = found.mu_mu - found.mu_tau**2 / found.tau_tau
    return np.where((tau > 0.0) & (found.tau_tau < 0.0), joint, found.mu_mu)


def fit(data: Data) -> Fit:
    """Maximum likelihood of each row, which must have events in both groups."""
    seen, rest = data.x.sum(axis=1), (data.total - data.x).sum(axis=1)
    expected = (data.total * data.offset).sum(axis=1) / data.total.sum(axis=1)
    start = np.log(seen) - np.log(rest) - expected
    last = np.full(seen.size, 0.3)

    def residual(mu: FloatArray, at: NDArray[np.intp]) -> tuple[FloatArray, FloatArray]:
        part = data.rows(at)
        last[at] = _best_tau(part, mu, last[at])
        found = likelihood(part, mu, last[at])
        slope = np.maximum(-_profile_slope(found, last[at]), 1e-12)
        scale = np.sqrt(slope)
        return -found.mu / scale, scale

    far = np.full(seen.size, FARTHEST)
    mu = increasing_root(residual, start - far, start + far, start, settled=1e-6)
    tau = _best_tau(data, mu, last)
    found = likelihood(data, mu, tau)
    error = 1.0 / np.sqrt(np.maximum(-_profile_slope(found, tau), 1e-12))
    return Fit(mu, tau, found.value, error)


def mean_limit(data: Data, best: Fit, z: FloatArray) -> FloatArray:
    """The mu at which the signed root of the profile likelihood ratio is z."""
    sign = np.where(z < 0.0, -1.0, 1.0)
    last = best.tau.copy()

    def residual(mu: FloatArray, at: NDArray[np.intp]) -> tuple[FloatArray, FloatArray]:
        part = data.rows(at)
        last[at] = _best_tau(part, mu, last[at])
        found = likelihood(part, mu, last[at])
        root = np.sqrt(np.maximum(2.0 * (best.value[at] - found.value), 0.0))
        with np.errstate(divide="ignore", invalid="ignore"):
            slope = np.where(root > 0.0, np.abs(found.mu) / root, 0.0)
        return sign[at] * (root - np.abs(z[at])), slope

    far = np.full(z.size, FARTHEST)
    left = np.where(sign < 0.0, best.mu - far, best.mu)
    right = np.where(sign < 0.0, best.mu, best.mu + far)
    start = best.mu + z * best.error
    found = increasing_root(residual, left, right, start, settled=1e-6)
    return np.where(np.abs(found - best.mu) > FARTHEST - 1.0, sign * np.inf, found)


def mean_root(data: Data, best: Fit, mu: FloatArray) -> FloatArray:
    """Signed root of the profile likelihood ratio of mu."""
    tau = _best_tau(data, mu, best.tau)
    found = likelihood(data, mu, tau)
    root = np.sqrt(np.maximum(2.0 * (best.value - found.value), 0.0))
    signed: FloatArray = np.sign(mu - best.mu) * root
    return signed


def _best_mu(data: Data, tau: FloatArray, start: FloatArray) -> FloatArray:
    def residual(mu: FloatArray, at: NDArray[np.intp]) -> tuple[FloatArray, FloatArray]:
        found = likelihood(data.rows(at), mu, tau[at])
        scale = np.sqrt(np.maximum(-found.mu_mu, 1e-12))
        return -found.mu / scale, scale

    far = np.full(start.size, FARTHEST)
    return increasing_root(residual, start - far, start + far, start, settled=1e-6)


def spread_limits(data: Data, best: Fit, z: float) -> tuple[FloatArray, FloatArray]:
    """Limits of tau: where the root of the profile likelihood ratio is z, or 0, or infinity."""
    last = best.mu.copy()

    def distance(tau: FloatArray, at: NDArray[np.intp]) -> tuple[FloatArray, FloatArray]:
        part = data.rows(at)
        last[at] = _best_mu(part, tau, last[at])
        found = likelihood(part, last[at], tau)
        root = np.sqrt(np.maximum(2.0 * (best.value[at] - found.value), 0.0))
        with np.errstate(divide="ignore", invalid="ignore"):
            slope = np.where(root > 0.0, np.abs(found.tau) / root, 0.0)
        return root - z, slope

    every = np.arange(best.mu.size)
    zero, wide = np.zeros(every.size), np.full(every.size, WIDEST)
    low, high = zero.copy(), np.full(every.size, np.inf)
    for end, edge, sign in ((low, zero, -1.0), (high, wide, 1.0)):
        last[:] = best.mu
        rows = np.flatnonzero((distance(edge, every)[0] > 0.0) & (best.tau != edge))
        if rows.size:
            last[:] = best.mu

            def chosen(
                tau: FloatArray,
                at: NDArray[np.intp],
                rows: NDArray[np.intp] = rows,
                sign: float = sign,
            ) -> tuple[FloatArray, FloatArray]:
                value, slope = distance(tau, rows[at])
                return sign * value, slope

            left = np.minimum(edge[rows], best.tau[rows])
            right = np.maximum(edge[rows], best.tau[rows])
            end[rows] = increasing_root(chosen, left, right, 0.5 * (left + right), settled=1e-6)
    return low, high
