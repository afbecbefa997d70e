"""Limits of a binomial proportion that rest on a standardised statistic.

Each method here is a pair. ``statistic(count, total, null)`` is approximately standard normal under
the null and falls as the null rises; ``solve(count, total, z)`` is the null at which it equals `z`:
the lower limit for the normal quantile z, the upper limit for -z. Counts may be fractional; totals
are above 0.
"""

from __future__ import annotations

import numpy as np
from scipy.special import expit, logit

from countylines._kernels.deviance import half_deviance
from countylines._kernels.method import FloatArray
from countylines._kernels.roots import Rows, increasing_root

_LOGIT_RANGE = 745.0  # expit(-745) is the smallest float
_CUBE_RANGE = 220.0  # so that a cube stays finite


def _ratio(top: FloatArray, bottom: FloatArray) -> FloatArray:
    """The quotient, with 0/0 taken as 0."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(top == 0.0, 0.0, top / bottom)


def _excess(count: FloatArray, total: FloatArray, null: FloatArray) -> FloatArray:
    """x - np, in the form that is exact to rounding at both ends of the range."""
    return count * (1.0 - null) - (total - count) * null


def wilson_statistic(count: FloatArray, total: FloatArray, null: FloatArray) -> FloatArray:
    """Score statistic: distance from the expected count in standard deviations of the null."""
    return _ratio(_excess(count, total, null), np.sqrt(total * null * (1.0 - null)))


def wilson_solve(count: FloatArray, total: FloatArray, z: FloatArray) -> FloatArray:
    """Root of (x - np)^2 = z^2 np(1-p); the smaller one in the form that does not cancel."""
    share = count / total
    w = z * z / total
    half = share + 0.5 * w + np.sqrt(w * share * ((total - count) / total) + 0.25 * w * w)
    return np.where(z >= 0.0, _ratio(share * share, half), half / (1.0 + w))


def profile_statistic(count: FloatArray, total: FloatArray, null: FloatArray) -> FloatArray:
    """Signed root of the likelihood-ratio statistic."""
    half = half_deviance(count, total * null) + half_deviance(total - count, total * (1.0 - null))
    return np.sign(_excess(count, total, null)) * np.sqrt(2.0 * half)


def profile_solve(count: FloatArray, total: FloatArray, z: FloatArray) -> FloatArray:
    """Null at which the signed root equals z: closed form at the ends, else solved on the logit."""
    z = np.broadcast_to(z, count.shape)
    with np.errstate(divide="ignore"):
        at_zero = np.where(z > 0.0, 0.0, -np.expm1(-0.5 * z * z / total))
        at_total = np.where(z > 0.0, np.exp(-0.5 * z * z / total), 1.0)
    result = np.where(count <= 0.0, at_zero, at_total)
    inner = np.flatnonzero((count > 0.0) & (count < total))
    if not inner.size:
        return result
    x, n, target = count[inner], total[inner], z[inner]

    def residual(t: FloatArray, rows: Rows) -> tuple[FloatArray, FloatArray]:
        p = expit(t)
        root = profile_statistic(x[rows], n[rows], p)
        with np.errstate(divide="ignore", invalid="ignore"):
            slope = np.abs(x[rows] - n[rows] * p) / np.abs(root)
        flat = np.abs(root) < 1e-6
        slope = np.where(flat, np.sqrt(n[rows] * p * expit(-t)), slope)
        return target[rows] - root, slope

    edge = np.full(x.shape, _LOGIT_RANGE)
    start = logit(wilson_solve(x, n, target))
    result[inner] = expit(increasing_root(residual, -edge, edge, start))
    return result


def skew_statistic(count: FloatArray, total: FloatArray, null: FloatArray) -> FloatArray:
    """Score statistic corrected for skewness (Laud 2017), bias correction left out.

    The correction makes Z a root of A Z^2 + Z - (s + A) = 0, with s the score statistic and
    A = (1 - 2p) / (6 sqrt(np(1-p))). This form of the root does not cancel, stays finite at nulls
    of 0 and 1, and falls steadily as the null rises; the linear form s - A (s^2 - 1) does not.
    """
    a = (1.0 - 2.0 * null) / 6.0
    u = _excess(count, total, null) + a
    variance = total * null * (1.0 - null)
    z: FloatArray = 2.0 * u / (np.sqrt(variance) + np.sqrt(variance + 4.0 * a * u))
    return z


def skew_solve(count: FloatArray, total: FloatArray, z: FloatArray) -> FloatArray:
    """Null at which the skewness-corrected statistic equals z.

    With s = (x - np) / sqrt(np(1-p)), A z^2 + z = s + A becomes D - (D + U) p = z sqrt(p(1-p)/n):
    the left side falls from D at 0 to -U at 1. Squared, it has two roots, of which one belongs to
    z. Where D (or U) is negative the statistic never gets as far as z, and the limit is that end.
    """
    w = z * z / total
    shift = (z * z - 1.0) / (6.0 * total)
    at_zero = count / total - shift
    at_one = (total - count) / total - shift
    slope = at_zero + at_one
    linear = w + 2.0 * slope * at_zero
    square = slope * slope + w
    root = np.sqrt(np.maximum(w * (w + 4.0 * at_zero * at_one), 0.0))
    lower = np.where(at_zero > 0.0, _ratio(2.0 * at_zero * at_zero, linear + root), 0.0)
    upper = np.where(at_one > 0.0, (linear + root) / (2.0 * square), 1.0)
    return np.where(z >= 0.0, lower, upper)


def arcsine_statistic(count: FloatArray, total: FloatArray, null: FloatArray) -> FloatArray:
    """Difference of variance-stabilised shares (Anscombe 1948)."""
    at_null = np.arctan2(np.sqrt(null), np.sqrt(1.0 - null))
    return 2.0 * np.sqrt(total) * (_angle(count, total) - at_null)


def _angle(count: FloatArray, total: FloatArray) -> FloatArray:
    # The arcsine of a root of a share, without the digits that arcsin loses near 1.
    return np.arctan2(np.sqrt(count + 0.375), np.sqrt(total - count + 0.375))


def arcsine_solve(count: FloatArray, total: FloatArray, z: FloatArray) -> FloatArray:
    """Angles outside [0, pi/2] belong to no share: they stop at the end, and are not reflected."""
    angle = _angle(count, total) - z / (2.0 * np.sqrt(total))
    result: FloatArray = np.sin(np.clip(angle, 0.0, 0.5 * np.pi)) ** 2
    return result


def logit_statistic(count: FloatArray, total: FloatArray, null: FloatArray) -> FloatArray:
    """Difference of log odds in its estimated standard error; 0 < count < total."""
    rest = total - count
    with np.errstate(divide="ignore"):
        distance = np.log(count / rest) - logit(null)
    result: FloatArray = distance * np.sqrt(count * (rest / total))
    return result


def logit_solve(count: FloatArray, total: FloatArray, z: FloatArray) -> FloatArray:
    """Wald limits of the log odds; 0 < count < total."""
    rest = total - count
    result: FloatArray = expit(np.log(count / rest) - z / np.sqrt(count * (rest / total)))
    return result


def wald_statistic(count: FloatArray, total: FloatArray, null: FloatArray) -> FloatArray:
    """Distance from the null in the estimated standard error, which is 0 at either end."""
    return _ratio(count / total - null, np.sqrt(count * (total - count) / total) / total)


def wald_solve(count: FloatArray, total: FloatArray, z: FloatArray) -> FloatArray:
    """Estimate less z standard errors."""
    return count / total - z * (np.sqrt(count * (total - count) / total) / total)


def plus_four_statistic(count: FloatArray, total: FloatArray, null: FloatArray) -> FloatArray:
    """Wald statistic after two events and two non-events are added."""
    return wald_statistic(count + 2.0, total + 4.0, null)


def plus_four_solve(count: FloatArray, total: FloatArray, z: FloatArray) -> FloatArray:
    """Wald limits after two events and two non-events are added."""
    return wald_solve(count + 2.0, total + 4.0, z)


def agresti_coull_solve(count: FloatArray, total: FloatArray, z: FloatArray) -> FloatArray:
    """Wald limits after z^2/2 events and z^2/2 non-events are added."""
    return wald_solve(count + 0.5 * z * z, total + z * z, z)


def agresti_coull_statistic(count: FloatArray, total: FloatArray, null: FloatArray) -> FloatArray:
    """The z at which a limit of Agresti and Coull reaches the null.

    The limits hold those of Wilson, so z^2 is at most Wilson's. It is the one positive root of a
    cubic that starts positive; at a null of 0 or 1 the cubic is a quadratic, with a root only where
    few (or nearly all) have the property.
    """
    wilson = wilson_statistic(count, total, null)
    squared = np.where(wilson == 0.0, 0.0, np.inf)
    near = np.where(null <= 0.0, count, total - count)
    at_end = (null <= 0.0) | (null >= 1.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        crossing = 2.0 * near * total / (total - 4.0 * near)
    squared = np.where(at_end & (total > 4.0 * near), crossing, squared)
    inner = np.flatnonzero(~at_end & (wilson != 0.0))
    if inner.size:
        terms = _agresti_coull_cubic(count[inner], total[inner], null[inner])

        def residual(t: FloatArray, rows: Rows) -> tuple[FloatArray, FloatArray]:
            w = np.exp(t)
            parts = [term[rows] * w**power for power, term in enumerate(terms)]
            size = sum(np.abs(part) for part in parts)
            slope = sum(power * part for power, part in enumerate(parts))
            return -_ratio(sum(parts), size), -_ratio(slope, size)

        most = np.minimum(2.0 * np.log(np.abs(wilson[inner])) + 1e-9, _CUBE_RANGE)
        squared[inner] = np.exp(increasing_root(residual, most - _LOGIT_RANGE, most, most - 1e-3))
    return np.sign(wilson) * np.sqrt(squared)


def _agresti_coull_cubic(
    count: FloatArray, total: FloatArray, null: FloatArray
) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
    """Coefficients, by power of w = z^2, of (p0 - p)^2 n - w p (1 - p) with p and n shrunken.

    Here p = (x + w/2) / (n + w) and n stands for n + w; all is multiplied by (n + w)^2.
    """
    x, n, p = count, total, null
    gap, lean, spread = _excess(x, n, p), 0.5 - p, p * (1.0 - p)
    return (
        n * gap * gap,
        gap * gap + 2.0 * n * gap * lean - x * (n - x),
        2.0 * gap * lean - n * (spread + 0.25),
        -spread,
    )
