"""Chain ladder: counts that are not all in yet, completed by the growth of earlier ones.

A triangle has a row an origin and a column a delay; counts are cumulative, nan where not yet known,
and known up to some delay in each row. Leading axes are kept, so that replicates go at once. Where
nothing was counted at a delay nor at the next the factor is 1; where only the next has counts it is
infinite.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]


def factors(triangle: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Growth from each delay to the next, and the counts that it is the growth of."""
    known = ~np.isnan(triangle[..., 1:])
    before = np.where(known, triangle[..., :-1], 0.0).sum(axis=-2)
    after = np.where(known, triangle[..., 1:], 0.0).sum(axis=-2)
    with np.errstate(divide="ignore", invalid="ignore"):
        growth = np.where((before == 0) & (after == 0), 1.0, after / before)
    return growth, before


def latest(triangle: FloatArray) -> tuple[NDArray[np.intp], FloatArray]:
    """Last known delay of each row, and the count at it."""
    known: NDArray[np.intp] = (~np.isnan(triangle)).sum(axis=-1) - 1
    counts = np.take_along_axis(triangle, known[..., None], axis=-1)[..., 0]
    return known, counts


def unknown(triangle: FloatArray) -> NDArray[np.bool_]:
    """Rows that need the growth of nothing: no earlier row had anything by some delay ahead."""
    _, before = factors(triangle)
    delay, _ = latest(triangle)
    later = np.arange(before.shape[-1]) >= delay[..., None]
    return np.asarray((later & (before == 0)[..., None, :]).any(axis=-1))


def complete(triangle: FloatArray, growth: FloatArray) -> FloatArray:
    """The triangle with what is not known projected; 0 stays 0 whatever the factor."""
    full = triangle.copy()
    for k in range(growth.shape[-1]):
        with np.errstate(invalid="ignore"):
            projected = full[..., k] * growth[..., k, None]
        projected = np.where(full[..., k] == 0, 0.0, projected)
        full[..., k + 1] = np.where(np.isnan(full[..., k + 1]), projected, full[..., k + 1])
    return full


@dataclass(frozen=True)
class Mack:
    """Projected counts with Mack's errors."""

    growth: FloatArray
    sigma2: FloatArray
    full: FloatArray
    error: FloatArray
    total_error: float


def mack(triangle: FloatArray) -> Mack:
    """Distribution-free errors of the chain ladder (Mack 1993), of each row and of the total."""
    growth, base = factors(triangle)
    growth = np.where(np.isinf(growth), 1.0, growth)  # rows that need it have no projection
    full = complete(triangle, growth)
    sigma2 = _sigma2(triangle, growth)
    delay, _ = latest(triangle)
    future = np.arange(growth.size) >= delay[:, None]
    with np.errstate(divide="ignore", invalid="ignore"):
        relative = np.where(growth > 0, sigma2 / growth**2, 0.0)
        own = np.where(full[:, :-1] > 0, 1.0 / full[:, :-1], 0.0)
        shared = np.where(base > 0, 1.0 / base, 0.0)
    last = full[:, -1]
    terms = np.where(future, relative * (own + shared), 0.0).sum(axis=1)
    mse = last**2 * terms
    common = np.where(future, 2.0 * relative * shared, 0.0).sum(axis=1)
    # two rows share the factors that both still need: those of the one that is further on
    order = np.argsort(-delay, kind="stable")
    later = np.cumsum(last[order][::-1])[::-1] - last[order]
    cross = (last[order] * later * common[order]).sum()
    return Mack(growth, sigma2, full, np.sqrt(mse), float(np.sqrt(mse.sum() + cross)))


def _sigma2(triangle: FloatArray, growth: FloatArray) -> FloatArray:
    """Variance for each step; the last by the smaller of what the ones before it suggest."""
    known = ~np.isnan(triangle[:, 1:])
    before = np.where(known, triangle[:, :-1], 0.0)
    after = np.where(known, triangle[:, 1:], 0.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        squares = np.where(before > 0, (after - growth * before) ** 2 / before, 0.0).sum(axis=0)
        spare = (before > 0).sum(axis=0) - 1.0
        sigma2 = np.where(spare > 0, squares / spare, np.nan)
    for k in np.flatnonzero(np.isnan(sigma2)):
        one, two = (sigma2[k - 1], sigma2[k - 2]) if k > 1 else (sigma2[k - 1] if k else 0.0, 0.0)
        ratio = one**2 / two if two > 0 else one
        sigma2[k] = min(ratio, one, two) if k > 1 else one
    return sigma2


def fitted_increments(triangle: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Increments, known and future, that the factors make of each row's latest count."""
    growth, _ = factors(triangle)
    delay, count = latest(triangle)
    share = np.cumprod(
        np.concatenate([growth, np.ones((*growth.shape[:-1], 1))], -1)[..., ::-1], -1
    )
    with np.errstate(divide="ignore"):
        share = 1.0 / share[..., ::-1]  # of what comes in the end, by delay
    at_latest = np.take_along_axis(share, delay, axis=-1)
    ultimate = np.where(count == 0, 0.0, count / np.where(at_latest > 0, at_latest, 1.0))
    return ultimate[..., None] * np.diff(share, axis=-1, prepend=0.0)[..., None, :], at_latest


def dispersion(increments: FloatArray, fitted: FloatArray) -> tuple[float, int]:
    """Pearson's chi-squared over its degrees of freedom, and these, of the known increments."""
    known = ~np.isnan(increments) & (fitted > 0)
    rows, columns = increments.shape
    spare = int(known.sum()) - rows - columns + 1
    if spare <= 0:
        return 1.0, 0
    return float(((increments - fitted)[known] ** 2 / fitted[known]).sum() / spare), spare


def draw(rng: np.random.Generator, mean: FloatArray, phi: float, size: int) -> FloatArray:
    """Counts with the means given and variance `phi` times the mean, shape (size, ...)."""
    shape = (size, *mean.shape)
    mean = np.broadcast_to(np.maximum(mean, 0.0), shape)
    if phi > 1.0:
        scale = phi - 1.0
        mean = np.where(mean > 0, rng.gamma(np.where(mean > 0, mean / scale, 1.0)) * scale, 0.0)
    return rng.poisson(mean).astype(np.float64)
