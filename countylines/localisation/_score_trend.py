"""What the trend tests of shares have in common: scores, tests and odds ratios of tables."""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from countylines import _kinds, _labels, _validate, resampling
from countylines._kernels import logistic_trend, score_distribution, score_exact
from countylines._kernels.logistic_trend import Tables
from countylines._kernels.method import critical_value, tail_area
from countylines._typing import RNG, Alternative
from countylines.errors import InputError
from countylines.localisation import _series
from countylines.results import OK, Note, Verdict

FloatArray = NDArray[np.float64]

METHODS = ("asymptotic", "exact", "mid-p", "monte-carlo")
VERDICTS = (
    OK,
    Verdict(
        False,
        "not-identified",
        ("The margins fix the statistic: all events, none, or a single group in every stratum.",),
    ),
)
_FINEST = 10_000
_MOST_DRAWN = 1e9  # cases that the generator draws from


@dataclass(frozen=True)
class Options:
    """How a trend is tested."""

    method: str
    variance: str
    continuity: bool
    two_sided: str
    level: float
    alternative: Alternative
    replicates: int
    rng: RNG


@dataclass(frozen=True)
class Tested:
    """One entry a data set."""

    statistic: FloatArray
    mean: FloatArray
    variance: FloatArray
    pvalue: FloatArray
    slope: FloatArray  # log odds ratio per unit of score
    low: FloatArray
    high: FloatArray
    code: NDArray[np.intp]


def options(
    method: str,
    variance: str,
    continuity: bool,
    two_sided: str,
    level: float,
    alternative: Alternative,
    replicates: int,
    rng: RNG,
) -> Options:
    """Check the options."""
    checked = Options(
        _validate.option("method", method, METHODS),
        _validate.option("variance", variance, logistic_trend.VARIANCES),
        _validate.flag("continuity", continuity),
        _validate.option("two_sided", two_sided, score_exact.TWO_SIDED),
        _validate.level(level),
        alternative,
        _validate.whole_number("replicates", replicates, low=1),
        rng,
    )
    _validate.alternative(alternative)
    if continuity and method != "asymptotic":
        raise InputError(
            _validate.sentence("continuity", "False unless method='asymptotic'", "True")
        )
    return checked


def scores(given: Any, inputs: _labels.Inputs, axis: int) -> FloatArray:
    """Scores of the groups along one axis of the counts; 0, 1, 2, ... if none were given."""
    groups = int(np.shape(inputs.template)[axis])
    if given is None:
        return np.arange(groups, dtype=np.float64)
    ready = _kinds.accept("scores", given)
    _series.same_labels("scores", ready, inputs, axis, "count")
    values = np.asarray(ready, dtype=np.float64)
    if values.shape != (groups,):
        raise InputError(
            _validate.sentence(
                "scores", f"one number for each of the {groups} groups", f"shape {values.shape}"
            )
        )
    _validate.finite("scores", values)
    if np.ptp(values) == 0:
        raise InputError(
            _validate.sentence("scores", "of at least two different values", "equal ones")
        )
    return values


def check(count: FloatArray, total: FloatArray, where: Any) -> None:
    """Refuse what is not counts out of totals."""
    _validate.counts("count", count, where)
    _validate.counts("total", total, where)
    _validate.not_above("count", count, "total", total, where)


def test(tables: Tables, chosen: Options) -> Tested:
    """Test every data set, each with the odds ratio of its own inversion where there is one."""
    if chosen.continuity and _step(tables.scores) == 0.0:
        raise InputError(
            _validate.sentence(
                "continuity", "False for scores without a common unit", "True", remedy="Round them."
            )
        )
    statistic = tables.statistic
    mean, _, variance = logistic_trend.moments(tables, np.zeros(len(statistic)), chosen.variance)
    free = logistic_trend.free(tables)
    p = np.where(free, np.nan, 1.0)
    slope, low, high = (np.full(len(statistic), np.nan) for _ in range(3))
    rows = np.flatnonzero(free)
    some = tables.rows(rows)
    if chosen.method in ("exact", "mid-p"):
        for row in rows:
            p[row], slope[row], low[row], high[row] = _exact(tables.rows(np.array([row])), chosen)
    elif rows.size:
        slope[rows] = logistic_trend.slope(some)
        low[rows], high[rows] = _asymptotic_limits(some, chosen)
        if chosen.method == "asymptotic":
            excess = statistic[rows] - mean[rows]
            p[rows] = _asymptotic(excess, variance[rows], _step(tables.scores) / 2, chosen)
        else:
            p[rows] = _monte_carlo(some, mean[rows], chosen)
    code = (~free).astype(np.intp)
    return Tested(statistic, mean, variance, p, slope, low, high, code)


def tail_notes(chosen: Options) -> list[Note]:
    """What is to be said where limits and p-value do not come from the same tails."""
    if chosen.method not in ("exact", "mid-p") or chosen.two_sided == "doubled":
        return []
    if chosen.alternative != "two-sided":
        return []
    text = (
        "The limits have equal tails, and so need not agree with the p-value, which counts the "
        f"other side by {chosen.two_sided}."
    )
    return [Note("limits-equal-tailed", text)]


def _asymptotic(
    excess: FloatArray, variance: FloatArray, half_step: float, chosen: Options
) -> FloatArray:
    correction = half_step if chosen.continuity else 0.0
    root = np.sqrt(variance)
    if chosen.alternative == "greater":
        return np.asarray(ndtr(-(excess - correction) / root))
    if chosen.alternative == "less":
        return np.asarray(ndtr((excess + correction) / root))
    distance = np.maximum(np.abs(excess) - correction, 0.0)
    return np.asarray(2.0 * ndtr(-distance / root))


def _asymptotic_limits(tables: Tables, chosen: Options) -> tuple[FloatArray, FloatArray]:
    correction = _step(tables.scores) / 2 if chosen.continuity else 0.0
    z = critical_value(chosen.level, chosen.alternative)
    low, high = logistic_trend.limits(tables, z, chosen.variance, correction)
    if chosen.alternative == "less":
        low = np.full_like(low, -np.inf)
    if chosen.alternative == "greater":
        high = np.full_like(high, np.inf)
    return low, high


def _step(values: FloatArray) -> float:
    """Distance between neighbouring values of the statistic, for scores on a grid."""
    _, step = grid(values)
    return step


def grid(values: FloatArray) -> tuple[FloatArray, float]:
    """Scores as whole numbers from 0, and the length of their unit; 0 if they have none in common.

    Scores on no grid up to a ten-thousandth of their smallest difference have no common unit.
    """
    shifted = values - values.min()
    smallest = np.min(shifted[shifted > 0])
    parts = [Fraction(float(v / smallest)).limit_denominator(_FINEST) for v in shifted]
    worst = max(abs(float(f) - v / smallest) for f, v in zip(parts, shifted, strict=True))
    if worst > 1e-9:
        return shifted, 0.0
    bottom = math.lcm(*(f.denominator for f in parts))
    whole = [int(f * bottom) for f in parts]
    common = math.gcd(*whole)
    return np.array([w // common for w in whole], dtype=np.float64), smallest * common / bottom


def _exact(tables: Tables, chosen: Options) -> tuple[float, float, float, float]:
    whole, unit = grid(tables.scores)
    if unit == 0.0:
        raise InputError(
            _validate.sentence(
                "scores",
                f"multiples of one number for method={chosen.method!r}",
                "scores without a common unit",
                remedy="Round them, or use method='monte-carlo'.",
            )
        )
    strata = score_distribution.Strata(tables.sizes[0], tables.successes[0].sum(axis=1), whole)
    statistic = round(float((tables.successes[0] @ whole).sum()))
    mid = chosen.method == "mid-p"
    try:
        tails = score_exact.tails(strata, statistic, chosen.two_sided)
        slope = score_exact.slope(strata, statistic)
        tail = tail_area(chosen.level, chosen.alternative)
        low = high = None
        if chosen.alternative != "less":
            low = score_exact.limit(strata, statistic, tail, 1, mid=mid)
        if chosen.alternative != "greater":
            high = score_exact.limit(strata, statistic, tail, -1, mid=mid)
    except score_distribution.TooLarge as problem:
        raise InputError(
            _validate.sentence(
                "method",
                "'asymptotic', or 'monte-carlo' under a billion cases, for a table of this size",
                f"{chosen.method!r}, which needs {problem}",
            )
        ) from None
    p = score_exact.pvalue(tails, chosen.alternative, mid=mid)
    return (
        p,
        slope / unit,
        -np.inf if low is None else low / unit,
        np.inf if high is None else high / unit,
    )


def _monte_carlo(tables: Tables, mean: FloatArray, chosen: Options) -> FloatArray:
    """Shares of random tables with the same margins that are at least as extreme."""
    most = float(tables.sizes.sum(axis=2).max())
    if most >= _MOST_DRAWN:
        raise InputError(
            _validate.sentence(
                "method",
                "'asymptotic' for a billion cases and more",
                f"'monte-carlo' with {most:.3g}",
            )
        )
    found = []
    for row, centre in enumerate(mean):
        one = tables.rows(np.array([row]))
        sizes = one.sizes[0].astype(np.int64)
        successes = one.successes[0].sum(axis=1).astype(np.int64)

        def draw(
            generator: np.random.Generator,
            size: int,
            sizes: Any = sizes,
            successes: Any = successes,
        ) -> FloatArray:
            total = np.zeros(size)
            for n, r in zip(sizes, successes, strict=True):
                total += (
                    generator.multivariate_hypergeometric(n, r, size=size, method="marginals")
                    @ tables.scores
                )
            return total

        drawn = resampling.replicate(draw, replicates=chosen.replicates, rng=chosen.rng)
        seen = float(one.statistic[0])
        if chosen.alternative == "two-sided" and chosen.two_sided == "distance":
            # a statistic at its mean is no distance from it, whatever rounding says
            slack = 1e-9 * float(np.abs(tables.scores).max() * one.successes.sum())
            drawn, seen = np.abs(drawn - centre), max(abs(seen - centre) - slack, 0.0)
            found.append(resampling.permutation_pvalue(drawn, seen, alternative="greater"))
        else:
            found.append(resampling.permutation_pvalue(drawn, seen, alternative=chosen.alternative))
    return np.array(found)
