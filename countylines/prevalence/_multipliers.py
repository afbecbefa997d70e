"""Several benchmarks of one population: their log sizes, pooled."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, ndtri, stdtrit

from countylines import _labels, _shares, _validate
from countylines._kernels import heterogeneity
from countylines._kernels import multiplier as kernel
from countylines.errors import InputError

FloatArray = NDArray[np.float64]


@dataclass(frozen=True)
class Sources:
    """One row: the sizes on the scale on which they are pooled, and how to come back."""

    labels: tuple[str, ...]
    benchmark: FloatArray
    count: FloatArray
    total: FloatArray
    logit: bool

    @property
    def y(self) -> FloatArray:
        """Log sizes; logits of the shares turned round where the benchmark is one."""
        if self.logit:
            return np.log((self.total - self.count) / self.count)[None, :]
        return np.log(kernel.estimate(self.benchmark, self.count, self.total))[None, :]

    @property
    def v(self) -> FloatArray:
        if self.logit:
            return (1.0 / self.count + 1.0 / (self.total - self.count))[None, :]
        return (kernel.log_error(self.count, self.total) ** 2)[None, :]

    def size(self, y: FloatArray) -> FloatArray:
        """Size of the population at a value of the scale."""
        return np.asarray(self.benchmark[0] / expit(-y) if self.logit else np.exp(y))


def read(benchmark: Any, count: Any, total: Any, scale: str) -> Sources:
    """Check the sources; each needs some matches and some without, and there are two or more."""
    _validate.option("scale", scale, ("log", "logit"))
    inputs = _labels.align(benchmark=benchmark, count=count, total=total)
    one_dimension = inputs.kind in ("array", "series") and np.ndim(inputs.template) == 1
    if not one_dimension or inputs.flat[0].size < 2:
        raise InputError(
            "`count` must be an array or a Series of one dimension with at least 2 sources, got "
            f"{1 if inputs.kind == 'scalar' else np.shape(inputs.template)}. For one source use "
            "multiplier."
        )
    m, x, n = inputs.flat
    _validate.exposure("benchmark", m, inputs.where)
    _shares.check_share(x, n, inputs.where)
    bad = (x == 0) | (x == n)
    if bad.any():
        got = _validate.show(float(x[bad][0]))
        remedy = (
            "Leave that source out by name, and give its own estimate beside: multiplier has one."
        )
        rule = "above 0 and below `total` in every source"
        raise InputError(_validate.sentence("count", rule, got, inputs.where(bad), remedy))
    if scale == "logit" and (m != m[0]).any():
        raise InputError(
            "`benchmark` must be one number with scale='logit', got several. Use scale='log'."
        )
    labels = inputs.template.index if inputs.kind == "series" else range(x.size)
    return Sources(tuple(str(label) for label in labels), m, x, n, scale == "logit")


@dataclass(frozen=True)
class Pool:
    """Pooled value on the scale, its error, and the variance between sources."""

    centre: FloatArray
    error: FloatArray
    between: FloatArray
    q: FloatArray

    def limits(self, level: float, interval: str, sources: int) -> tuple[FloatArray, FloatArray]:
        tail = 0.5 + level / 2.0
        z = stdtrit(sources - 1.0, tail) if interval == "t" else ndtri(tail)
        return self.centre - z * self.error, self.centre + z * self.error


def pool(y: FloatArray, v: FloatArray, model: str, interval: str) -> Pool:
    """Weighted mean by row; with interval "t" after Knapp and Hartung, factor at least 1."""
    between = heterogeneity.METHODS[model](y, v)
    centre, variance = heterogeneity.mean(y, v, between)
    if interval == "t":
        variance = variance * heterogeneity.knapp_hartung(y, v, between, at_least=1.0)
    q = heterogeneity.generalised_q(y, v, np.zeros(len(y)))
    return Pool(centre, np.sqrt(variance), between, q)
