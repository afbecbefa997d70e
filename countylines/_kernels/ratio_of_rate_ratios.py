"""The ratio of two rate ratios of independent Poisson counts, by way of an odds ratio.

The data are counts and exposures of the group and of its reference, then the same four of the other
ratio. Given the events of each ratio, the group's are binomial with odds proportional to its rate
ratio: the ratio of the two odds is that of the rate ratios times `_scale`, which is known.
"""

from __future__ import annotations

from functools import partial

import numpy as np

from countylines._kernels import odds_ratio
from countylines._kernels.method import FloatArray, Method
from countylines._kernels.ratio_error import ratio_error

WHOLE_COUNTS_ONLY = odds_ratio.WHOLE_COUNTS_ONLY
Table = tuple[FloatArray, FloatArray, FloatArray, FloatArray]


def table(*data: FloatArray) -> Table:
    """The group's events out of all, for either ratio."""
    x, _, y, _, other_x, _, other_y, _ = data
    return x, x + y, other_x, other_x + other_y


def scale(*data: FloatArray) -> FloatArray:
    """What exposures alone make of the ratio of the odds."""
    _, e, _, f, _, other_e, _, other_f = data
    return np.asarray((e / f) / (other_e / other_f))


def estimate(*data: FloatArray) -> FloatArray:
    """The ratio of the ratios: x/0 is infinite, 0/0 nan."""
    return odds_ratio.estimate(*table(*data)) / scale(*data)


def log_standard_error(*data: FloatArray) -> FloatArray:
    """Square root of the sum of the inverse counts."""
    return odds_ratio.log_standard_error(*table(*data))


def standard_error(*data: FloatArray) -> FloatArray:
    """Standard error of the ratio; nan where the ratio is not a number above 0."""
    return ratio_error(estimate(*data), log_standard_error(*data))


def _limits(
    method: Method, *data: FloatArray, level: float, alternative: str
) -> tuple[FloatArray, FloatArray]:
    low, high = method.limits(*table(*data), level=level, alternative=alternative)
    return low / scale(*data), high / scale(*data)


def _pvalue(method: Method, *data: FloatArray, null: FloatArray, alternative: str) -> FloatArray:
    return method.pvalue(*table(*data), null=null * scale(*data), alternative=alternative)


METHODS: dict[str, Method] = {
    name: Method(
        partial(_limits, method),
        partial(_pvalue, method),
        method.interval_kind,
        method.asymptotic,
    )
    for name, method in odds_ratio.METHODS.items()
}
