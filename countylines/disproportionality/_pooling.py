"""Ways to pool a ratio over strata: what each says of every table."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtr, stdtrit

from countylines import _validate
from countylines._kernels import (
    binomial_normal,
    common_ratio_exact,
    heterogeneity,
    log_ratios,
    mantel_haenszel,
    prediction,
    stratified_score,
)
from countylines._kernels.method import tail_area
from countylines.disproportionality._strata import RATIOS, Data, Strata
from countylines.errors import InputError

FloatArray = NDArray[np.float64]
Flags = NDArray[np.bool_]

SCORE = {"score": False, "skew-score": True}
EXACT = {"exact": False, "mid-p": True}
WEIGHTED = ("mantel-haenszel", *SCORE, *EXACT)
MOMENTS = {name: name for name in heterogeneity.METHODS}
MOMENTS["empirical-bayes"] = "paule-mandel"  # the same equation (Morris, 1983)
MEAN = (*MOMENTS, "glmm")
ESTIMANDS = ("weighted", "mean")
INTERVALS = ("t", "t-unheld", "normal")
DEFAULT = {"weighted": "mantel-haenszel", "mean": "reml"}


@dataclass(frozen=True)
class Settings:
    """How the pooling is done."""

    measure: str
    estimand: str
    method: str
    weights: str
    interval: str
    keep: bool
    zero_correction: float
    level: float
    alternative: str
    null: float

    @property
    def ends(self) -> tuple[float, float]:
        """Range of what is pooled, by logs for ratios."""
        return (-1.0, 1.0) if self.measure == "risk-difference" else (-np.inf, np.inf)

    @property
    def is_ratio(self) -> bool:
        """Whether limits are symmetric by logs."""
        return self.measure in RATIOS

    @property
    def integrates(self) -> bool:
        """Whether the prediction allows for the uncertainty of the variance between strata."""
        return self.interval == "t" and self.method != "fixed"

    @property
    def interval_words(self) -> str:
        """How the interval is made."""
        if self.estimand == "weighted":
            scale = "normal by logs" if self.is_ratio else "normal"
            return scale if self.method == "mantel-haenszel" else self.method
        if self.method == "glmm":
            scale = "normal" if self.interval == "normal" else "t"
            return f"profile likelihood, {scale} quantiles"
        return {
            "t": "Knapp-Hartung, factor at least 1",
            "t-unheld": "Knapp-Hartung",
            "normal": "normal quantiles",
        }[self.interval]

    @property
    def prediction_words(self) -> str:
        """How the limits for another stratum are made."""
        if self.integrates:
            return "over the confidence distribution of the variance"
        return "normal" if self.interval == "normal" else "t"

    def critical(self, df: FloatArray) -> FloatArray:
        """Quantile of t with `df`, or of the normal law."""
        if self.interval == "normal":
            df = np.full_like(df, np.inf)
        return -np.asarray(stdtrit(df, tail_area(self.level, self.alternative)), dtype=np.float64)

    def probability(self, above: FloatArray, df: FloatArray) -> FloatArray:
        """P-value of an estimate that many standard errors above the null."""
        if self.interval == "normal":
            df = np.full_like(df, np.inf)
        if self.alternative == "two-sided":
            return 2.0 * np.asarray(stdtr(df, -np.abs(above)), dtype=np.float64)
        signed = -above if self.alternative == "greater" else above
        return np.asarray(stdtr(df, signed), dtype=np.float64)


class Pooled(NamedTuple):
    """What is said of every table. Logs for ratios; nan where there is no estimate.

    `between` and `prediction` are None for a common value.
    """

    estimate: FloatArray
    error: FloatArray
    low: FloatArray
    high: FloatArray
    pvalue: FloatArray
    between: tuple[FloatArray, FloatArray, FloatArray] | None = None
    prediction: tuple[FloatArray, FloatArray] | None = None


def settle(measure: str, estimand: str, method: str | None) -> tuple[str, str]:
    """The estimand and the method, checked against one another and against the measure."""
    estimand = _validate.option("estimand", estimand, ESTIMANDS)
    allowed = WEIGHTED if estimand == "weighted" else MEAN
    if method is None:
        method = DEFAULT[estimand]
    if method == "scas":
        method = "skew-score"
    other = MEAN if estimand == "weighted" else WEIGHTED
    if method in other:
        change = ESTIMANDS[1 - ESTIMANDS.index(estimand)]
        raise InputError(
            _validate.sentence(
                "method",
                f"one of {list(allowed)} for estimand={estimand!r}",
                _validate.show(method),
                remedy=f"Say estimand={change!r} if that is what is wanted.",
            )
        )
    method = _validate.option("method", method, allowed)
    suits = {
        "exact": ("rate-ratio", "odds-ratio"),
        "mid-p": ("rate-ratio", "odds-ratio"),
        "score": RATIOS,
        "skew-score": RATIOS,
        "glmm": ("rate-ratio",),
    }
    if measure not in suits.get(method, (measure,)):
        raise InputError(
            _validate.sentence(
                "method",
                f"one that {measure!r} has",
                _validate.show(method),
                remedy=f"{method!r} is for {' and '.join(suits[method])}.",
            )
        )
    return estimand, method


def pool(strata: Strata, settings: Settings) -> Pooled:
    """Pool every table."""
    if settings.method == "mantel-haenszel":
        return _mantel_haenszel(strata, settings)
    if settings.method in SCORE:
        return _score(strata, settings)
    if settings.method in EXACT:
        return _exact(strata, settings)
    work = _glmm if settings.method == "glmm" else _mean
    return _by_pattern(strata, settings, work)


def _cut(settings: Settings, low: FloatArray, high: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Limits within the range, and its end in place of the limit that is not asked for."""
    bottom, top = settings.ends
    if settings.alternative == "less":
        low = np.full_like(low, bottom)
    if settings.alternative == "greater":
        high = np.full_like(high, top)
    return np.maximum(low, bottom), np.minimum(high, top)


def _mantel_haenszel(strata: Strata, settings: Settings) -> Pooled:
    value, variance = mantel_haenszel.METHODS[settings.measure](*strata.data)
    with np.errstate(divide="ignore", invalid="ignore"):
        centre = np.log(value) if settings.is_ratio else value
        null = np.log(settings.null) if settings.is_ratio else settings.null
        error = np.sqrt(variance)
        known = np.isfinite(centre) & np.isfinite(error) & (error > 0.0)
        error = np.where(known, error, np.nan)
        reach = settings.critical(np.full(centre.shape, np.inf)) * error
        low = np.where(known, centre - reach, -np.inf)
        high = np.where(known, centre + reach, np.inf)
        p = settings.probability((centre - null) / error, np.full(centre.shape, np.inf))
    return Pooled(centre, error, *_cut(settings, low, high), np.where(known, p, 1.0))


def _score(strata: Strata, settings: Settings) -> Pooled:
    measure, data = settings.measure, strata.data
    weights, skewness = settings.weights, SCORE[settings.method]
    value = stratified_score.estimate(measure, data, weights=weights, skewness=skewness)
    low, high = stratified_score.limits(
        measure, data, settings.level, settings.alternative, weights=weights, skewness=skewness
    )
    null = np.full(value.shape, settings.null)
    p = stratified_score.pvalue(
        measure, data, null, settings.alternative, weights=weights, skewness=skewness
    )
    with np.errstate(divide="ignore"):
        logs = np.log(value), np.log(low), np.log(high)
    return Pooled(logs[0], np.full(value.shape, np.nan), logs[1], logs[2], p)


def _exact(strata: Strata, settings: Settings) -> Pooled:
    mid, measure = EXACT[settings.method], settings.measure
    tables = len(strata.says)
    out = np.full((5, tables), np.nan)
    start = _start(strata)
    for table in range(tables):
        says = strata.says[table]
        if not says.any():
            out[:, table] = np.nan, np.nan, 0.0, np.inf, 1.0
            continue
        x, n, y, m = (column[table][says] for column in strata.data)
        row = (x, n, y, m)
        work = common_ratio_exact.cost(measure, row)
        if work > common_ratio_exact.MOST:
            raise InputError(
                _validate.sentence(
                    "count",
                    f"small enough for method={settings.method!r}",
                    f"{int(x.sum() + y.sum()):,} events in {len(x)} strata",
                    remedy="Use method='skew-score', which large counts hold to its level.",
                )
            )
        law = common_ratio_exact.summed(measure, row, float(start[table]))
        out[0, table] = common_ratio_exact.estimate(law)
        out[2:4, table] = common_ratio_exact.limits(
            law, settings.level, settings.alternative, mid=mid
        )
        out[4, table] = common_ratio_exact.pvalue(law, settings.null, settings.alternative, mid=mid)
    with np.errstate(divide="ignore"):
        return Pooled(np.log(out[0]), out[1], np.log(out[2]), np.log(out[3]), out[4])


def _start(strata: Strata) -> FloatArray:
    """Log of the common ratio, held off its ends."""
    x, n, y, m = strata.data
    share = 0.5 / np.maximum(strata.says.sum(axis=1, keepdims=True), 1)
    add = np.where(strata.says, share, 0.0)
    data = (x + add, n + 2.0 * add, y + add, m + 2.0 * add)
    with np.errstate(divide="ignore", invalid="ignore"):
        start: FloatArray = np.log(mantel_haenszel.METHODS[strata.measure](*data)[0])
    return start


def used(strata: Strata, settings: Settings) -> Flags:
    """Strata that take part in a mean: with people of both groups, and events unless kept."""
    if settings.keep and settings.method != "glmm":
        return (strata.data[1] > 0.0) & (strata.data[3] > 0.0)
    return strata.says


def _by_pattern(
    strata: Strata,
    settings: Settings,
    work: Callable[[Data, Settings], Pooled],
) -> Pooled:
    """Tables with the same strata in use are worked together."""
    taking_part = used(strata, settings)
    tables = len(taking_part)
    fields = np.full((10, tables), np.nan)
    bottom, top = settings.ends
    fields[2], fields[3], fields[4] = bottom, top, 1.0
    fields[6], fields[7], fields[8], fields[9] = 0.0, np.inf, bottom, top
    patterns, which = np.unique(taking_part, axis=0, return_inverse=True)
    for number, pattern in enumerate(patterns):
        if pattern.sum() < 2:
            continue
        rows = np.flatnonzero(which.ravel() == number)
        x, n, y, m = (column[np.ix_(rows, pattern)] for column in strata.data)
        if settings.method == "glmm":
            sided = (x.sum(axis=1) > 0.0) & (y.sum(axis=1) > 0.0)
            rows, x, n, y, m = rows[sided], x[sided], n[sided], y[sided], m[sided]
            if not rows.size:
                continue
        found = work((x, n, y, m), settings)
        assert found.between is not None
        assert found.prediction is not None
        fields[:, rows] = np.array([*found[:5], *found.between, *found.prediction])
    between, prediction = (fields[5], fields[6], fields[7]), (fields[8], fields[9])
    return Pooled(fields[0], fields[1], fields[2], fields[3], fields[4], between, prediction)


def _mean(data: Data, settings: Settings) -> Pooled:
    y, v = log_ratios.effects(settings.measure, data, settings.zero_correction)
    strata = y.shape[1]
    t = heterogeneity.METHODS[MOMENTS[settings.method]](y, v)
    centre, variance = heterogeneity.mean(y, v, t)
    if settings.interval != "normal":
        least = 1.0 if settings.interval == "t" else 0.0
        variance = variance * heterogeneity.knapp_hartung(y, v, t, at_least=least)
    error = np.sqrt(variance)
    df = np.full(centre.shape, strata - 1.0)
    reach = settings.critical(df) * error
    null = np.log(settings.null) if settings.is_ratio else settings.null
    with np.errstate(divide="ignore", invalid="ignore"):
        p = settings.probability((centre - null) / error, df)
    ends = heterogeneity.q_profile(y, v, settings.level)
    predicted = _predicted(centre, t + variance, df, settings)
    if settings.integrates:
        of_mean = _predicted(centre, variance, df, settings)
        predicted = _wider(of_mean, prediction.limits(y, v, settings.level))
    return Pooled(
        centre,
        error,
        *_cut(settings, centre - reach, centre + reach),
        p,
        (np.sqrt(t), np.sqrt(ends[0]), np.sqrt(ends[1])),
        predicted,
    )


def _predicted(
    centre: FloatArray, variance: FloatArray, df: FloatArray, settings: Settings
) -> tuple[FloatArray, FloatArray]:
    """Two-sided limits of the value of another stratum, were the variance known."""
    quantile = -stdtrit(
        np.inf if settings.interval == "normal" else df, (1.0 - settings.level) / 2.0
    )
    reach = quantile * np.sqrt(variance)
    bottom, top = settings.ends
    return np.maximum(centre - reach, bottom), np.minimum(centre + reach, top)


def _wider(
    one: tuple[FloatArray, FloatArray], other: tuple[FloatArray, FloatArray]
) -> tuple[FloatArray, FloatArray]:
    return np.minimum(one[0], other[0]), np.maximum(one[1], other[1])


def _glmm(data: Data, settings: Settings) -> Pooled:
    x, n, y, m = data
    strata = x.shape[1]
    counts = binomial_normal.Data(x, x + y, np.log(n) - np.log(m))
    best = binomial_normal.fit(counts)
    runs_off = best.tau > binomial_normal.WIDEST - 1e-6
    df = np.full(best.mu.shape, strata - 1.0)
    z = _root_of(settings.critical(df), strata, settings)
    low, high = _cut(
        settings,
        binomial_normal.mean_limit(counts, best, -z),
        binomial_normal.mean_limit(counts, best, z),
    )
    null = np.full(best.mu.shape, np.log(settings.null))
    root = -binomial_normal.mean_root(counts, best, null)
    p = settings.probability(_t_of(root, strata, settings), df)
    two_sided = float(-stdtrit(np.inf, (1.0 - settings.level) / 2.0))
    ends = binomial_normal.spread_limits(counts, best, two_sided)
    predicted = _predicted(best.mu, best.tau**2 + best.error**2, df, settings)
    if settings.integrates:
        spread = (best.tau, *ends)
        predicted = _wider(
            predicted,
            prediction.limits_by_profile(best.mu, best.error, spread, strata, settings.level),
        )
    nothing = np.where(runs_off, np.nan, 0.0)
    return Pooled(
        best.mu + nothing,
        best.error + nothing,
        np.where(runs_off, -np.inf, low),
        np.where(runs_off, np.inf, high),
        np.where(runs_off, 1.0, p),
        (best.tau + nothing, ends[0], ends[1]),
        (np.where(runs_off, -np.inf, predicted[0]), np.where(runs_off, np.inf, predicted[1])),
    )


def _root_of(quantile: FloatArray, strata: int, settings: Settings) -> FloatArray:
    """Signed root of a likelihood ratio that is as far as a t statistic, were there no noise."""
    if settings.interval == "normal":
        return quantile
    root: FloatArray = np.sign(quantile) * np.sqrt(strata * np.log1p(quantile**2 / (strata - 1.0)))
    return root


def _t_of(root: FloatArray, strata: int, settings: Settings) -> FloatArray:
    if settings.interval == "normal":
        return root
    t: FloatArray = np.sign(root) * np.sqrt((strata - 1.0) * np.expm1(root**2 / strata))
    return t
