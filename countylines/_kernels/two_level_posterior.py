"""What is believed of the mean and the dispersion of areas, as weighted points.

The prior is flat in `a` (log or logit of the mean), and uniform in the factor 1 / (1 + exp(b) m) by
which an area of typical size m is shrunk: a logistic density of `b` about -log m. It is proper, and
the posterior keeps away from a dispersion of 0 as far as the data allow. One problem at a time: `x`
and `n` have shape (areas,).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from countylines._kernels.method import FloatArray
from countylines._kernels.two_level import Family, best_mean

COARSE = 64
FINE = 31
HERMITE = 7
BELOW, ABOVE = 10.0, 14.0  # e-folds of the dispersion about 1 / m that are looked at
WIDE = float(np.log(1e4))  # a dispersion that no areas have
WIDEST = 2.0  # e-folds; a mean that is known less well is looked for within 7 of its best value
LIGHTEST = 1e-7  # relative to the heaviest point
NEGLIGIBLE = 14.0  # e-folds of weight below the largest


class Nodes(NamedTuple):
    """Points (a, b) with weights that add up to 1."""

    a: FloatArray
    b: FloatArray
    weight: FloatArray


def nodes(family: Family, x: FloatArray, n: FloatArray, typical: float) -> Nodes:
    """Quadrature points of the posterior: a fine grid in `b`, Gauss-Hermite in `a` given `b`."""
    centre = -np.log(typical)
    far = max(centre + ABOVE, WIDE)  # where areas are so large, chance says nothing of it
    number = int(np.ceil(COARSE * (far - centre + BELOW) / (ABOVE + BELOW)))
    b = np.linspace(centre - BELOW, far, number)
    height = _given_dispersion(family, x, n, b, centre)[0]
    high = np.flatnonzero(height > height.max() - NEGLIGIBLE)
    ends = b[max(high[0] - 1, 0)], b[min(high[-1] + 1, number - 1)]
    b = np.linspace(*ends, FINE)
    height, a, spread = _given_dispersion(family, x, n, b, centre)
    t, w = np.polynomial.hermite.hermgauss(HERMITE)
    points = a[:, None] + np.sqrt(2.0) * spread[:, None] * t
    flat_b = np.repeat(b, HERMITE)
    rows = np.broadcast_to(x, (flat_b.size, x.size)), np.broadcast_to(n, (flat_b.size, n.size))
    value = family.terms(points.ravel(), flat_b, *rows).value
    log_weight = (
        value
        + np.tile(np.log(w) + t**2, FINE)
        + np.repeat(np.log(spread) + _log_prior(b, centre), HERMITE)
    )
    weight = np.exp(log_weight - log_weight.max())
    kept = weight > LIGHTEST
    weight = weight[kept]
    return Nodes(points.ravel()[kept], flat_b[kept], weight / weight.sum())


def _log_prior(b: FloatArray, centre: float) -> FloatArray:
    distance = b - centre
    return -np.logaddexp(0.0, distance) - np.logaddexp(0.0, -distance)


def _given_dispersion(
    family: Family, x: FloatArray, n: FloatArray, b: FloatArray, centre: float
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Log of the weight of each `b`, with the best `a` and its spread there."""
    rows = np.broadcast_to(x, (b.size, x.size)), np.broadcast_to(n, (b.size, n.size))
    a = best_mean(family, *rows, b, family.start(*rows))
    terms = family.terms(a, b, *rows)
    spread = np.minimum(1.0 / np.sqrt(-terms.aa), WIDEST)
    return terms.value + np.log(spread) + _log_prior(b, centre), a, spread
