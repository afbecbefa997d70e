"""Population size from two lists: Lincoln-Petersen and Chapman, with five kinds of limits.

Data: `n_first`, `n_second`, the units on each list, and `n_both`, the units on both. All arrays are
one-dimensional, equally long and checked: whole numbers, 0 <= n_both <= min(n_first, n_second).
Estimates and limits are of the total N; the hidden number is N - n_observed, where
n_observed = n_first + n_second - n_both.

Four of the five methods turn one increasing function of N, the distance of N from the data in
standard normal units: the limits are where it equals -z and +z, the p-value is its tail. Rules that
hold for all of them:

* limits never lie below n_observed. Where a formula leaves that range it is cut there, and
  `is_cut` says so;
* n_both = 0: Lincoln-Petersen is infinite and so is its upper limit. Its lower limit is the one the
  same method puts round Chapman's estimate (profile and logit limits need no estimate), and nulls
  above that estimate get a two-sided p-value of 1, since no upper side exists to reject them;
* a list that is empty says nothing about N: estimate, limits and p-value are nan;
* a null below n_observed is impossible: p-value 0, or 1 for "less"; nothing can speak for
  N < n_observed either, so "less" gives 1 at n_observed itself.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from countylines._kernels import two_list_bootstrap as bootstrap
from countylines._kernels import two_list_profile as profile
from countylines._kernels.method import FloatArray, Method, critical_value

BoolArray = NDArray[np.bool_]
Lists = tuple[FloatArray, FloatArray, FloatArray]

LINCOLN_PETERSEN = "lincoln-petersen"
CHAPMAN = "chapman"


def lincoln_petersen(n_first: FloatArray, n_second: FloatArray, n_both: FloatArray) -> FloatArray:
    """n_first n_second / n_both; inf where no unit is on both lists, nan where a list is empty."""
    with np.errstate(divide="ignore", invalid="ignore"):
        hidden = (n_first - n_both) * (n_second - n_both) / n_both
        return _observed(n_first, n_second, n_both) + np.where(
            is_unidentified(n_first, n_second), np.nan, hidden
        )


def lincoln_petersen_variance(
    n_first: FloatArray, n_second: FloatArray, n_both: FloatArray
) -> FloatArray:
    """Seber's variance; inf where no unit is on both lists."""
    with np.errstate(divide="ignore", invalid="ignore"):
        rates = (n_first / n_both) * (n_second / n_both)
        variance = rates * (n_first - n_both) * (n_second - n_both) / n_both
    return np.where(is_unidentified(n_first, n_second), np.nan, variance)


def chapman(n_first: FloatArray, n_second: FloatArray, n_both: FloatArray) -> FloatArray:
    """(n_first + 1)(n_second + 1) / (n_both + 1) - 1; nan where a list is empty."""
    hidden = (n_first - n_both) * (n_second - n_both) / (n_both + 1.0)
    total = _observed(n_first, n_second, n_both) + hidden
    return np.where(is_unidentified(n_first, n_second), np.nan, total)


def chapman_variance(n_first: FloatArray, n_second: FloatArray, n_both: FloatArray) -> FloatArray:
    """Variance of Chapman's estimate (Seber, 1970; Wittes, 1972)."""
    rates = ((n_first + 1.0) / (n_both + 1.0)) * ((n_second + 1.0) / (n_both + 1.0))
    variance = rates * (n_first - n_both) * (n_second - n_both) / (n_both + 2.0)
    return np.where(is_unidentified(n_first, n_second), np.nan, variance)


ESTIMATES: dict[str, Callable[..., FloatArray]] = {
    LINCOLN_PETERSEN: lincoln_petersen,
    CHAPMAN: chapman,
}
VARIANCES: dict[str, Callable[..., FloatArray]] = {
    LINCOLN_PETERSEN: lincoln_petersen_variance,
    CHAPMAN: chapman_variance,
}


def is_unidentified(n_first: FloatArray, n_second: FloatArray) -> BoolArray:
    """Whether a list is empty, so that its reach cannot be told."""
    empty: BoolArray = (n_first == 0.0) | (n_second == 0.0)
    return empty


def is_without_overlap(n_first: FloatArray, n_second: FloatArray, n_both: FloatArray) -> BoolArray:
    """Whether two lists that are not empty share no unit."""
    disjoint: BoolArray = (n_both == 0.0) & ~is_unidentified(n_first, n_second)
    return disjoint


def is_nested(n_first: FloatArray, n_second: FloatArray, n_both: FloatArray) -> BoolArray:
    """Whether one list lies within the other: no hidden unit is estimated.

    The variance formulas give 0 then: normal and lognormal limits have no width, and bootstrap
    limits have none but for replicates with an empty list. Logit and profile limits keep theirs.
    """
    inside: BoolArray = (n_both == n_first) | (n_both == n_second)
    return inside & ~is_unidentified(n_first, n_second)


def verdict_code(
    n_first: FloatArray, n_second: FloatArray, n_both: FloatArray, *, estimator: str
) -> NDArray[np.str_]:
    """ "ok", "hidden-zero" (nested lists), "hidden-infinite" or "not-identified"."""
    code = np.full(n_first.shape, "ok", dtype="<U16")
    code[is_nested(n_first, n_second, n_both)] = "hidden-zero"
    if estimator == LINCOLN_PETERSEN:
        code[is_without_overlap(n_first, n_second, n_both)] = "hidden-infinite"
    code[is_unidentified(n_first, n_second)] = "not-identified"
    return code


def is_cut(
    n_first: FloatArray,
    n_second: FloatArray,
    n_both: FloatArray,
    *,
    estimator: str,
    method: str,
    level: float,
    alternative: str,
) -> BoolArray:
    """Whether the formula of `method` gave a limit below n_observed, which was cut there.

    Only normal and logit limits can leave the range.
    """
    if method not in ("normal", "logit"):
        return np.zeros(n_first.shape, dtype=bool)
    lists = (n_first, n_second, n_both)
    ends = _INVERSIONS[method].at(lists, _targets(level, alternative), estimator)
    below: BoolArray = np.any([end < _observed(*lists) for end in ends], axis=0)
    return below & ~is_unidentified(n_first, n_second)


def _observed(n_first: FloatArray, n_second: FloatArray, n_both: FloatArray) -> FloatArray:
    return (n_first - n_both) + n_second


@dataclass(frozen=True)
class _Inversion:
    """An increasing function of N in standard normal units, and the N where it has given values."""

    distance: Callable[[Lists, FloatArray, str], FloatArray]
    at: Callable[[Lists, tuple[float, ...], str], list[FloatArray]]


def _moments(lists: Lists, estimator: str) -> tuple[FloatArray, FloatArray]:
    """Hidden number and standard error; Chapman's where Lincoln-Petersen has none."""
    observed = _observed(*lists)
    hidden = chapman(*lists) - observed
    variance = chapman_variance(*lists)
    if estimator == LINCOLN_PETERSEN:
        overlap = lists[2] > 0.0
        hidden = np.where(overlap, lincoln_petersen(*lists) - observed, hidden)
        variance = np.where(overlap, lincoln_petersen_variance(*lists), variance)
    return hidden, np.sqrt(variance)


def _standardise(difference: FloatArray, scale: FloatArray | float) -> FloatArray:
    """difference / scale, where no difference is no distance even if there is no scale."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(difference == 0.0, 0.0, difference / scale)


def _normal_distance(lists: Lists, null: FloatArray, estimator: str) -> FloatArray:
    hidden, error = _moments(lists, estimator)
    return _standardise((null - _observed(*lists)) - hidden, error)


def _normal_at(lists: Lists, values: tuple[float, ...], estimator: str) -> list[FloatArray]:
    hidden, error = _moments(lists, estimator)
    return [_observed(*lists) + (hidden + z * error) for z in values]


def _log_spread(lists: Lists, estimator: str) -> tuple[FloatArray, FloatArray]:
    """Hidden number and the standard deviation of its logarithm (Chao, 1987, equation 12)."""
    hidden, error = _moments(lists, estimator)
    relative = np.divide(error, hidden, out=np.zeros_like(hidden), where=hidden > 0.0)
    return hidden, np.sqrt(np.log1p(relative**2))


def _lognormal_distance(lists: Lists, null: FloatArray, estimator: str) -> FloatArray:
    hidden, spread = _log_spread(lists, estimator)
    with np.errstate(divide="ignore"):
        start = np.log(hidden)
        asked = np.log(np.maximum(null - _observed(*lists), 0.0))
    same = asked == start  # also where both are minus infinity
    difference = np.subtract(asked, start, out=np.zeros_like(asked), where=~same)
    return _standardise(difference, spread)


def _lognormal_at(lists: Lists, values: tuple[float, ...], estimator: str) -> list[FloatArray]:
    hidden, spread = _log_spread(lists, estimator)
    return [_observed(*lists) + hidden * np.exp(z * spread) for z in values]


def _logit_spread(lists: Lists) -> tuple[FloatArray, FloatArray]:
    """Centre and spread of Sadinle's (2009) limits, with 1/2 added to each cell."""
    n_first, n_second, n_both = lists
    both, first, second = n_both + 0.5, n_first - n_both + 0.5, n_second - n_both + 0.5
    centre = first * second / both
    return centre, np.sqrt(1.0 / both + 1.0 / first + 1.0 / second + 1.0 / centre)


def _logit_distance(lists: Lists, null: FloatArray, estimator: str) -> FloatArray:
    centre, spread = _logit_spread(lists)
    hidden = np.maximum(null - _observed(*lists), 0.0)
    return np.asarray(np.log((hidden + 0.5) / centre) / spread)


def _logit_at(lists: Lists, values: tuple[float, ...], estimator: str) -> list[FloatArray]:
    centre, spread = _logit_spread(lists)
    return [_observed(*lists) + (centre * np.exp(z * spread) - 0.5) for z in values]


def _cells(lists: Lists) -> tuple[FloatArray, FloatArray, FloatArray]:
    n_first, n_second, n_both = lists
    return n_first - n_both, n_second - n_both, n_both


def _profile_distance(lists: Lists, null: FloatArray, estimator: str) -> FloatArray:
    identified = ~is_unidentified(lists[0], lists[1])
    hidden = np.maximum(null - _observed(*lists), 0.0)
    result = np.full(null.shape, np.nan)
    cells = [cell[identified] for cell in _cells(lists)]
    result[identified] = profile.signed_root(hidden[identified], *cells)
    return result


def _profile_at(lists: Lists, values: tuple[float, ...], estimator: str) -> list[FloatArray]:
    identified = ~is_unidentified(lists[0], lists[1])
    first_only, second_only, both = (cell[identified] for cell in _cells(lists))
    best = profile.most_likely_hidden(first_only, second_only, both)
    totals = []
    for z in values:
        hidden = np.full(lists[0].shape, np.nan)
        hidden[identified] = profile.hidden_at(z, first_only, second_only, both, best)
        totals.append(_observed(*lists) + hidden)
    return totals


_INVERSIONS = {
    "normal": _Inversion(_normal_distance, _normal_at),
    "lognormal": _Inversion(_lognormal_distance, _lognormal_at),
    "logit": _Inversion(_logit_distance, _logit_at),
    "profile": _Inversion(_profile_distance, _profile_at),
}


def _limits(
    n_first: FloatArray,
    n_second: FloatArray,
    n_both: FloatArray,
    *,
    level: float,
    alternative: str,
    estimator: str,
    inversion: _Inversion,
) -> tuple[FloatArray, FloatArray]:
    lists = (n_first, n_second, n_both)
    ends = inversion.at(lists, _targets(level, alternative), estimator)
    low = None if alternative == "less" else ends[0]
    high = None if alternative == "greater" else ends[-1]
    return _within_range(lists, low, high, estimator)


def _targets(level: float, alternative: str) -> tuple[float, ...]:
    """Distances of the limits from the data: both, or the one that is asked for."""
    z = critical_value(level, alternative)
    return {"two-sided": (-z, z), "greater": (-z,), "less": (z,)}[alternative]


def _within_range(
    lists: Lists, low: FloatArray | None, high: FloatArray | None, estimator: str
) -> tuple[FloatArray, FloatArray]:
    """Limits cut to [n_observed, inf]; a missing end is the end of that range."""
    observed = _observed(*lists)
    unidentified = is_unidentified(lists[0], lists[1])
    low = observed if low is None else np.maximum(low, observed)
    high = np.full_like(observed, np.inf) if high is None else np.maximum(high, observed)
    if estimator == LINCOLN_PETERSEN:
        high = np.where(is_without_overlap(*lists), np.inf, high)
    return np.where(unidentified, np.nan, low), np.where(unidentified, np.nan, high)


def _pvalue(
    n_first: FloatArray,
    n_second: FloatArray,
    n_both: FloatArray,
    *,
    null: FloatArray | float,
    alternative: str,
    estimator: str,
    inversion: _Inversion,
) -> FloatArray:
    lists = (n_first, n_second, n_both)
    at = np.broadcast_to(np.asarray(null, dtype=float), n_first.shape)
    distance = inversion.distance(lists, at, estimator)
    return _range_pvalue(lists, at, ndtr(distance), ndtr(-distance), alternative, estimator)


def _range_pvalue(
    lists: Lists,
    null: FloatArray,
    below: FloatArray,
    above: FloatArray,
    alternative: str,
    estimator: str,
) -> FloatArray:
    """P-value from the tails for N > null (`below`) and N < null (`above`), cut as limits are."""
    observed = _observed(*lists)
    endless = estimator == LINCOLN_PETERSEN
    if endless:
        above = np.where(is_without_overlap(*lists), 1.0, above)
    if alternative == "greater":
        pvalue = np.where(null < observed, 0.0, below)
    elif alternative == "less":
        pvalue = np.where(null <= observed, 1.0, above)
    else:
        inside = (null == observed) & (below >= 0.5)
        pvalue = np.minimum(1.0, 2.0 * np.minimum(below, above))
        pvalue = np.where(inside, 1.0, np.where(null < observed, 0.0, pvalue))
    return np.where(is_unidentified(lists[0], lists[1]), np.nan, pvalue)


def bootstrap_draws(
    n_first: FloatArray,
    n_second: FloatArray,
    n_both: FloatArray,
    *,
    estimator: str,
    replicates: int,
    rng: np.random.Generator,
) -> FloatArray:
    """Parametric bootstrap replicates of the total, shape (rows, replicates); inf is kept.

    The population has the size estimated, rounded to the nearest whole number (Chapman's estimate
    where Lincoln-Petersen is infinite). A replicate without overlap is inf for Lincoln-Petersen;
    Chapman's formula is used as it stands. Rows with an empty list are nan.
    """
    lists = (n_first, n_second, n_both)
    population = _simulated_population(lists, estimator)
    return bootstrap.draws(n_first, n_second, population, _REPLICATE[estimator], replicates, rng)


def _simulated_population(lists: Lists, estimator: str) -> FloatArray:
    hidden, _ = _moments(lists, estimator)
    return _observed(*lists) + np.floor(hidden + 0.5)


def _replicate_lincoln_petersen(
    n_first: FloatArray, n_second: FloatArray, n_both: FloatArray
) -> FloatArray:
    total = np.full_like(n_both, np.inf)
    np.divide(n_first * n_second, n_both, out=total, where=n_both > 0.0)
    return total


def _replicate_chapman(n_first: FloatArray, n_second: FloatArray, n_both: FloatArray) -> FloatArray:
    return (n_first + 1.0) * (n_second + 1.0) / (n_both + 1.0) - 1.0


_REPLICATE = {LINCOLN_PETERSEN: _replicate_lincoln_petersen, CHAPMAN: _replicate_chapman}


def bootstrap_limits(
    n_first: FloatArray,
    n_second: FloatArray,
    n_both: FloatArray,
    *,
    level: float,
    alternative: str,
    estimator: str,
    replicates: int = 1999,
    rng: np.random.Generator,
) -> tuple[FloatArray, FloatArray]:
    """Percentile limits of the parametric bootstrap."""
    lists = (n_first, n_second, n_both)
    tail = (1.0 - level) / (2.0 if alternative == "two-sided" else 1.0)
    ends = bootstrap.summarised(
        n_first,
        n_second,
        _simulated_population(lists, estimator),
        _REPLICATE[estimator],
        replicates,
        rng,
        lambda draws, rows: np.stack(
            [bootstrap.quantile(draws, tail), bootstrap.quantile(draws, 1.0 - tail)], axis=-1
        ),
    )
    low = None if alternative == "less" else ends[:, 0]
    high = None if alternative == "greater" else ends[:, 1]
    return _within_range(lists, low, high, estimator)


def bootstrap_pvalue(
    n_first: FloatArray,
    n_second: FloatArray,
    n_both: FloatArray,
    *,
    null: FloatArray | float,
    alternative: str,
    estimator: str,
    replicates: int = 1999,
    rng: np.random.Generator,
) -> FloatArray:
    """P-value whose inversion the percentile limits are, given a generator in the same state."""
    lists = (n_first, n_second, n_both)
    at = np.broadcast_to(np.asarray(null, dtype=float), n_first.shape)
    tails = bootstrap.summarised(
        n_first,
        n_second,
        _simulated_population(lists, estimator),
        _REPLICATE[estimator],
        replicates,
        rng,
        lambda draws, rows: bootstrap.tails(draws, at[rows]),
    )
    return _range_pvalue(lists, at, tails[:, 0], tails[:, 1], alternative, estimator)


def _methods(estimator: str) -> dict[str, Method]:
    table = {
        name: Method(
            limits=partial(_limits, estimator=estimator, inversion=inversion),
            pvalue=partial(_pvalue, estimator=estimator, inversion=inversion),
            asymptotic=True,
        )
        for name, inversion in _INVERSIONS.items()
    }
    table["bootstrap"] = Method(
        limits=partial(bootstrap_limits, estimator=estimator),
        pvalue=partial(bootstrap_pvalue, estimator=estimator),
        asymptotic=True,
    )
    return table


METHODS: dict[str, dict[str, Method]] = {
    LINCOLN_PETERSEN: _methods(LINCOLN_PETERSEN),
    CHAPMAN: _methods(CHAPMAN),
}
