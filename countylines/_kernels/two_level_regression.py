"""Beta-binomial and negative binomial regression: cells that vary by more than chance.

The terms act on the mean, and `b`, the log of the dispersion of the family, is one for all cells;
it is -inf where the likelihood is largest without dispersion.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy.optimize import brentq

from countylines._kernels import glm
from countylines._kernels.maximum_likelihood import maximise
from countylines._kernels.method import FloatArray
from countylines._kernels.two_level import Family

STARTS = (-6.0, -3.0, -1.0)
LEAST = -25.0  # of b: there dispersion cannot be told from none


class Fit(NamedTuple):
    """Maximum; the covariance is of the terms and, last, of b (which it leaves out at -inf)."""

    coef: FloatArray
    b: float
    value: float
    covariance: FloatArray
    found: bool


def fit(
    family: Family,
    link: str,
    x: FloatArray,
    y: FloatArray,
    size: FloatArray,
    *,
    offset: FloatArray | None = None,
) -> Fit:
    """Both parts of the model for one data set, all of whose sizes are above 0."""
    shift = np.zeros(len(y)) if offset is None else offset
    plain = glm.fit(link, x[None], y[None], size[None], offset=shift[None])
    none = family.edge(plain.linear[0], y[:, None], size[:, None])
    best = Fit(
        plain.coef[0], -np.inf, float(none.value.sum()), glm.inverse(plain.information)[0], True
    )
    terms = x.shape[1]

    def likelihood(at: FloatArray) -> tuple[float, FloatArray, FloatArray]:
        coef, b = at[:terms], at[terms]
        with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
            part = family.terms(
                np.clip(x @ coef + shift, -300.0, 300.0),
                np.full(len(y), np.clip(b, -60.0, 60.0)),
                y[:, None],
                size[:, None],
            )
        gradient = np.append(x.T @ part.a, part.b.sum())
        hessian = np.empty((terms + 1, terms + 1))
        hessian[:terms, :terms] = (x * part.aa[:, None]).T @ x
        hessian[:terms, terms] = hessian[terms, :terms] = x.T @ part.ab
        hessian[terms, terms] = part.bb.sum()
        return float(part.value.sum()), gradient, hessian

    for b in STARTS if link == "log" else tuple(s + 1.0 for s in STARTS):
        start = np.append(np.clip(plain.coef[0], -30.0, 30.0), b)
        top = maximise(likelihood, start)
        better = top.log_likelihood > best.value + 1e-10 * abs(best.value)
        if top.found and top.value[terms] > LEAST and better:
            best = Fit(
                top.value[:terms],
                float(top.value[terms]),
                top.log_likelihood,
                top.covariance,
                True,
            )
            break
    return best


def root(
    family: Family,
    link: str,
    x: FloatArray,
    y: FloatArray,
    size: FloatArray,
    full: Fit,
    term: int,
    null: float,
) -> float:
    """Signed root of the likelihood ratio of a value of one term, above 0 where it is less."""
    held = fit(family, link, np.delete(x, term, axis=1), y, size, offset=null * x[:, term])
    size_of = np.sqrt(max(2.0 * (full.value - held.value), 0.0))
    return float(size_of if null < full.coef[term] else -size_of)


def profile_limit(
    family: Family,
    link: str,
    x: FloatArray,
    y: FloatArray,
    size: FloatArray,
    full: Fit,
    term: int,
    distance: float,
    side: int,
) -> float:
    """The value of one term, below (-1) or above (+1), that lies `distance` roots away."""

    def excess(theta: float) -> float:
        gone = root(family, link, x, y, size, full, term, theta)
        return abs(gone) - distance

    centre = float(full.coef[term])
    error = float(np.sqrt(full.covariance[term, term]))
    inner = centre
    outer = centre + side * distance * (error if np.isfinite(error) and error > 0.0 else 1.0)
    while excess(outer) < 0.0:
        if abs(outer - centre) > glm.FARTHEST:
            return side * np.inf
        inner, outer = outer, centre + 2.0 * (outer - centre)
    return float(brentq(excess, inner, outer, xtol=1e-13, rtol=1e-13))
