"""Limits of a Poisson mean that rest on a standardised statistic.

Each method here is a pair. ``statistic(count, null)`` is approximately standard normal under the
null and falls as the null rises; ``solve(count, z)`` is the null at which it equals `z`: the lower
limit for the normal quantile z, the upper limit for -z. Counts may be fractional. Where a limit
would lie below 0 it is 0.
"""

from __future__ import annotations

import numpy as np

from countylines._kernels.deviance import half_deviance
from countylines._kernels.method import FloatArray
from countylines._kernels.roots import Rows, increasing_root

_LOG_RANGE = 745.0


def _ratio(top: FloatArray, bottom: FloatArray) -> FloatArray:
    """The quotient, with 0/0 taken as 0."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(top == 0.0, 0.0, top / bottom)


def score_statistic(count: FloatArray, null: FloatArray) -> FloatArray:
    """Distance from the expected count in standard deviations of the null."""
    return _ratio(count - null, np.sqrt(null))


def score_solve(count: FloatArray, z: FloatArray) -> FloatArray:
    """Root of (x - m)^2 = z^2 m; the smaller one in the form that does not cancel."""
    half = count + 0.5 * z * z + np.abs(z) * np.sqrt(count + 0.25 * z * z)
    return np.where(z >= 0.0, _ratio(count * count, half), half)


def profile_statistic(count: FloatArray, null: FloatArray) -> FloatArray:
    """Signed root of the likelihood-ratio statistic."""
    return np.sign(count - null) * np.sqrt(2.0 * half_deviance(count, null))


def profile_solve(count: FloatArray, z: FloatArray) -> FloatArray:
    """Null at which the signed root equals z: closed form at 0, else solved on the log scale."""
    z = np.broadcast_to(z, count.shape)
    result = np.where(z > 0.0, 0.0, 0.5 * z * z)
    inner = np.flatnonzero(count > 0.0)
    if not inner.size:
        return result
    x, target = count[inner], z[inner]

    def residual(t: FloatArray, rows: Rows) -> tuple[FloatArray, FloatArray]:
        m = x[rows] * np.exp(t)
        root = profile_statistic(x[rows], m)
        with np.errstate(divide="ignore", invalid="ignore"):
            slope = np.abs(x[rows] - m) / np.abs(root)
        slope = np.where(np.abs(root) < 1e-6, np.sqrt(m), slope)
        return target[rows] - root, slope

    edge = np.full(x.shape, _LOG_RANGE)
    start = np.log(np.maximum(score_solve(x, target), 1e-300) / x)
    result[inner] = x * np.exp(increasing_root(residual, -edge, edge, start))
    return result


def skew_statistic(count: FloatArray, null: FloatArray) -> FloatArray:
    """Score statistic corrected for skewness (Laud 2017), bias correction left out.

    The correction makes Z a root of A Z^2 + Z - (s + A) = 0, with s the score statistic and
    A = 1 / (6 sqrt(m)). This form of the root does not cancel and stays finite at a null of 0.
    """
    u = count - null + 1.0 / 6.0
    z: FloatArray = 2.0 * u / (np.sqrt(null) + np.sqrt(np.maximum(null + u / 1.5, 0.0)))
    return z


def skew_solve(count: FloatArray, z: FloatArray) -> FloatArray:
    """Null at which the skewness-corrected statistic equals z: m + z sqrt(m) = x - (z^2 - 1) / 6.

    On paper it is also a corrected square root, (sqrt(x + (z^2 + 2) / 12) - z / 2)^2. Where the
    right side is negative no m solves it for the lower limit, which is then 0.
    """
    rest = count - (z * z - 1.0) / 6.0
    whole = np.sqrt(np.maximum(rest + 0.25 * z * z, 0.0)) + 0.5 * np.abs(z)
    root = np.where(z >= 0.0, _ratio(np.maximum(rest, 0.0), whole), whole)
    limit: FloatArray = root * root
    return limit


def _roots_apart(count: FloatArray, null: FloatArray, added: float) -> FloatArray:
    """sqrt(x + a) - sqrt(m + a), without cancellation."""
    gap: FloatArray = (count - null) / (np.sqrt(count + added) + np.sqrt(null + added))
    return gap


def anscombe_statistic(count: FloatArray, null: FloatArray) -> FloatArray:
    """Difference of variance-stabilised counts (Anscombe 1948)."""
    return 2.0 * _roots_apart(count, null, 0.375)


def anscombe_solve(count: FloatArray, z: FloatArray) -> FloatArray:
    """A square root below the smallest that a mean has belongs to no mean: it stops at 0."""
    root = np.maximum(np.sqrt(count + 0.375) - 0.5 * z, 0.0)
    limit: FloatArray = np.maximum(root * root - 0.375, 0.0)
    return limit


def square_root_statistic(count: FloatArray, null: FloatArray) -> FloatArray:
    """Difference of the square roots, each with a standard deviation of about one half."""
    return 2.0 * (np.sqrt(count) - np.sqrt(null))


def square_root_solve(count: FloatArray, z: FloatArray) -> FloatArray:
    """Square of a difference of roots, 0 where that is negative."""
    root = np.maximum(np.sqrt(count) - 0.5 * z, 0.0)
    return root * root


def wald_statistic(count: FloatArray, null: FloatArray) -> FloatArray:
    """Distance from the null in the estimated standard error, which is 0 at a count of 0."""
    return _ratio(count - null, np.sqrt(count))


def wald_solve(count: FloatArray, z: FloatArray) -> FloatArray:
    """Estimate less z standard errors."""
    return count - z * np.sqrt(count)


def wald_half_statistic(count: FloatArray, null: FloatArray) -> FloatArray:
    """Wald statistic with half an event added to the variance."""
    return (count - null) / np.sqrt(count + 0.5)


def wald_half_solve(count: FloatArray, z: FloatArray) -> FloatArray:
    """Wald limits with half an event added to the variance."""
    return count - z * np.sqrt(count + 0.5)


def wald_log_statistic(count: FloatArray, null: FloatArray) -> FloatArray:
    """Distance of the logarithms in the estimated standard error; counts above 0."""
    with np.errstate(divide="ignore", over="ignore"):
        distance: FloatArray = np.log(count / null) * np.sqrt(count)
    return distance


def wald_log_solve(count: FloatArray, z: FloatArray) -> FloatArray:
    """Wald limits of the logarithm; counts above 0."""
    limit: FloatArray = count * np.exp(-z / np.sqrt(count))
    return limit


def byar_solve(base: FloatArray, z: FloatArray) -> FloatArray:
    """Byar's approximation to a chi-squared quantile: b (1 - 1 / 9b - z / 3 sqrt(b))^3, 0 at b = 0.

    `base` is the count for the lower limit, and one more for the upper one.
    """
    some = np.where(base > 0.0, base, 1.0)
    root = np.maximum(1.0 - 1.0 / (9.0 * some) - z / (3.0 * np.sqrt(some)), 0.0)
    limit: FloatArray = base * root**3
    return limit


def byar_statistic(base: FloatArray, null: FloatArray) -> FloatArray:
    """The z at which Byar's limit equals the null; `base` above 0."""
    root = np.sqrt(base)
    z: FloatArray = 3.0 * root * (1.0 - np.cbrt(null / base)) - 1.0 / (3.0 * root)
    return z
