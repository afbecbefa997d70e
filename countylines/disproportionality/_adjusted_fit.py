"""Ratio of a group by regression: design, fit, limits and standardised shares, on arrays."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, stdtr, stdtrit

from countylines._kernels import (
    beta_binomial,
    cluster_robust,
    gamma_poisson,
    glm,
    two_level_regression,
)
from countylines._kernels.method import tail_area

FloatArray = NDArray[np.float64]

MIXED = {"negative-binomial": gamma_poisson.FAMILY, "beta-binomial": beta_binomial.FAMILY}
QUASI = ("quasi-poisson", "quasi-binomial")
END = {glm.RISES: np.inf, glm.FALLS: -np.inf, glm.UNKNOWN: np.nan}
VANISHED = 1e-10  # variance of a member of a cell whose fit is certain


@dataclass(frozen=True)
class Settings:
    """How a ratio is judged."""

    family: str
    interval: str
    level: float
    alternative: str
    null: float  # log ratio
    floor: float


class Model(NamedTuple):
    """One fit of all terms; the covariance allows for the dispersion or the clusters."""

    coef: FloatArray
    covariance: FloatArray
    dispersion: float
    df: float  # of the residuals, infinite where there is no dispersion to be estimated
    phi: float
    full: glm.Fit
    mixed: two_level_regression.Fit | None


class Ratio(NamedTuple):
    """One term: on the scale of the link."""

    value: float
    error: float
    low: float
    high: float
    pvalue: float
    df: float
    code: int


def fit(link: str, x: FloatArray, y: FloatArray, size: FloatArray, settings: Settings) -> Model:
    """All terms, with the covariance of the model."""
    cells, terms = x.shape
    full = glm.fit(link, x[None], y[None], size[None])
    spare = float(cells - np.linalg.matrix_rank(x))
    dispersion = float(glm.pearson(full, y[None])[0]) / spare if spare > 0.0 else np.nan
    if settings.family in MIXED and spare > 0.0:
        found = two_level_regression.fit(MIXED[settings.family], link, x, y, size)
        spread = float(np.exp(found.b))
        if settings.family == "beta-binomial":
            spread = spread / (1.0 + spread)
        covariance = found.covariance[:terms, :terms]
        return Model(found.coef, covariance, spread, spare, 1.0, full, found)
    quasi = settings.family in QUASI
    phi = max(dispersion, settings.floor) if quasi and spare > 0.0 else 1.0
    covariance = phi * cluster_robust.inverse_root(full.information[0])[0]
    df = spare if quasi or settings.family in MIXED else np.inf
    return Model(full.coef[0], covariance, dispersion, df, phi, full, None)


def by_clusters(
    x: FloatArray,
    y: FloatArray,
    full: glm.Fit,
    cluster: NDArray[np.intp],
    contrast: FloatArray,
    kind: str,
) -> cluster_robust.Robust:
    """Covariance and degrees of freedom that allow for dependence within clusters."""
    cells, terms = x.shape
    groups = int(cluster.max()) + 1
    scores = np.zeros((groups, terms))
    np.add.at(scores, cluster, (y - full.mean[0])[:, None] * x)
    parts = np.zeros((groups, terms, terms))
    np.add.at(parts, cluster, full.weight[0][:, None, None] * x[:, :, None] * x[:, None, :])
    return cluster_robust.robust(scores, parts, contrast, kind=kind, cells=cells)


def ratio(
    link: str,
    x: FloatArray,
    y: FloatArray,
    size: FloatArray,
    cluster: NDArray[np.intp] | None,
    term: int,
    model: Model,
    settings: Settings,
) -> Ratio:
    """Value, limits and p-value of one term."""
    contrast = np.zeros(x.shape[1])
    contrast[term] = 1.0
    code = glm.existence(link, x, y, size, contrast)
    value = END.get(code, float(model.coef[term]))
    if code == glm.UNKNOWN:
        return Ratio(value, np.nan, -np.inf, np.inf, 1.0, model.df, code)
    if cluster is not None:
        if code != glm.FINITE:
            return Ratio(value, np.nan, -np.inf, np.inf, 1.0, 0.0, code)
        found = by_clusters(x, y, model.full, cluster, contrast, settings.interval)
        error = float(np.sqrt(found.variance))
        low, high = cluster_robust.limits(
            value, found.variance, found.df, settings.level, settings.alternative
        )
        t = (value - settings.null) / error if error > 0.0 else np.nan
        p = cluster_robust.pvalue(t, found.df, settings.alternative)
        return Ratio(value, error, low, high, p, found.df, code)
    error = float(np.sqrt(model.covariance[term, term])) if code == glm.FINITE else np.nan
    if not model.df > 0.0:
        return Ratio(value, np.nan, -np.inf, np.inf, 1.0, model.df, code)
    quantile = -float(stdtrit(model.df, tail_area(settings.level, settings.alternative)))
    if settings.interval == "wald" and code == glm.FINITE:
        t = (value - settings.null) / error
        ends = [value - quantile * error, value + quantile * error]
    elif model.mixed is not None and code == glm.FINITE:
        t, ends = _mixed(link, x, y, size, term, model, quantile, settings)
    else:
        cells = x[None], y[None], size[None], model.full, term
        root = glm.signed_root(link, *cells, np.array([settings.null]))[0]
        t = float(root) / np.sqrt(model.phi)
        fall = np.array([model.phi * quantile**2])
        ends = [
            float(glm.profile_limits(link, *cells, fall, s if quantile > 0.0 else -s, 700.0)[0])
            for s in (-1, 1)
        ]
    if settings.alternative == "less":
        ends[0] = -np.inf
    if settings.alternative == "greater":
        ends[1] = np.inf
    return Ratio(value, error, ends[0], ends[1], _pvalue(t, model.df, settings), model.df, code)


def _mixed(
    link: str,
    x: FloatArray,
    y: FloatArray,
    size: FloatArray,
    term: int,
    model: Model,
    quantile: float,
    settings: Settings,
) -> tuple[float, list[float]]:
    assert model.mixed is not None
    family, cells, df = MIXED[settings.family], len(y), model.df
    data = family, link, x, y, size, model.mixed, term
    root = two_level_regression.root(*data, settings.null)
    t = float(np.sign(root) * np.sqrt(df * np.expm1(root**2 / cells)))
    distance = float(np.sqrt(cells * np.log1p(quantile**2 / df)))
    sides = (-1, 1) if quantile > 0.0 else (1, -1)
    return t, [two_level_regression.profile_limit(*data, distance, side) for side in sides]


def _pvalue(t: float, df: float, settings: Settings) -> float:
    if settings.alternative == "two-sided":
        return float(2.0 * stdtr(df, -abs(t)))
    return float(stdtr(df, -t if settings.alternative == "greater" else t))


class Standardised(NamedTuple):
    """Shares of the whole population, were all of it in one group or the other, and their ratio."""

    share: float
    reference: float
    gradient: FloatArray  # of the log of their ratio
    odds: float  # ratio of the odds of the two shares


def standardised(
    x: FloatArray,
    size: FloatArray,
    coef: FloatArray,
    groups: list[int],
    term: int,
) -> Standardised:
    """Average the fitted shares over all cases, in the group of a term and in the reference."""
    weight = size / size.sum()
    found: list[Any] = []
    for column in (term, None):
        changed = x.copy()
        changed[:, groups] = 0.0
        if column is not None:
            changed[:, column] = 1.0
        p = expit(changed @ coef)
        slope = (weight * p * (1.0 - p)) @ changed
        found.append((float(weight @ p), slope))
    (one, up), (other, down) = found
    odds = one / (1.0 - one) / (other / (1.0 - other))
    return Standardised(one, other, up / one - down / other, odds)


def terms(
    link: str,
    x: FloatArray,
    y: FloatArray,
    size: FloatArray,
    cluster: NDArray[np.intp] | None,
    model: Model,
    settings: Settings,
) -> tuple[FloatArray, FloatArray]:
    """Every term and its error; terms without a finite value are infinite or nan, without error."""
    count = x.shape[1]
    coef, errors = model.coef.copy(), np.full(count, np.nan)
    certain = bool((model.full.weight[0] <= VANISHED * size).any())
    certain |= bool(np.linalg.matrix_rank(x) < count)
    for k, contrast in enumerate(np.eye(count)):
        code = glm.existence(link, x, y, size, contrast) if certain else glm.FINITE
        coef[k] = END.get(code, coef[k])
        if code == glm.FINITE:
            errors[k], _ = error_of(x, y, cluster, contrast, model, settings)
    return coef, errors


def error_of(
    x: FloatArray,
    y: FloatArray,
    cluster: NDArray[np.intp] | None,
    contrast: FloatArray,
    model: Model,
    settings: Settings,
) -> tuple[float, float]:
    """Error of a sum of terms and its degrees of freedom, of the kind that is asked for."""
    if cluster is None:
        return float(np.sqrt(contrast @ model.covariance @ contrast)), model.df
    found = by_clusters(x, y, model.full, cluster, contrast, settings.interval)
    return float(np.sqrt(found.variance)), found.df
