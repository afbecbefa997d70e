"""One value out of many areas: what pooled rates and pooled proportions share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, log_expit, logit, stdtr, stdtrit

from countylines import _validate, resampling
from countylines._kernels import (
    area_moments,
    beta_binomial,
    conjugate,
    gamma_poisson,
    heterogeneity,
    two_level,
    two_level_posterior,
)
from countylines._kernels.method import tail_area
from countylines.errors import DegenerateDataWarning, SparseDataWarning, warn
from countylines.prevalence._areas import Areas
from countylines.results import OK, Note, Verdict

FloatArray = NDArray[np.float64]

FEW = 5
SMALL_EXPECTED = 5.0
INTERVALS = ("t", "normal")
LIKELIHOOD = ("negative-binomial", "beta-binomial")
MOMENTS = ("moments",)
QUASI = ("quasi-poisson", "quasi-binomial")
LOG_SCALE = ("dersimonian-laird", "reml", "paule-mandel")

ONE_AREA = Verdict(
    False,
    "not-identified",
    ("There is one area only: how areas differ cannot be seen, and so nor can their mean.",),
)
NO_EVENT = Verdict(
    True,
    "boundary-finite",
    ("All counts are 0, or (of shares) equal their totals: the estimate is an end of the range.",),
)
NO_LOGS = Verdict(
    False,
    "not-identified",
    ("All counts are 0, or (of shares) equal their totals: there is no log to average.",),
)
NOT_SEEN = Verdict(
    False, "not-identified", ("Without events nothing is known of how areas differ.",)
)


@dataclass(frozen=True)
class Outcome:
    """Rates or shares: the scale on which limits are symmetric, and the laws that belong to it."""

    name: str
    scale: Callable[[FloatArray], FloatArray]
    value: Callable[[FloatArray], FloatArray]
    derivative: Callable[[FloatArray], FloatArray]
    variance: Callable[[FloatArray], FloatArray]
    family: two_level.Family
    law: conjugate.Law
    logs: Callable[[FloatArray, FloatArray, float], tuple[FloatArray, FloatArray]]
    draw: Callable[[np.random.Generator, FloatArray, int, int], Any]


def _log_rates(x: FloatArray, e: FloatArray, add: float) -> tuple[FloatArray, FloatArray]:
    filled = np.where(x == 0.0, add, x)
    return np.log(filled) - np.log(e), 1.0 / filled


def _log_odds(x: FloatArray, n: FloatArray, add: float) -> tuple[FloatArray, FloatArray]:
    extra = np.where((x == 0.0) | (x == n), add, 0.0)
    yes, no = x + extra, n - x + extra
    return np.log(yes) - np.log(no), 1.0 / yes + 1.0 / no


def _draw_rates(rng: np.random.Generator, e: FloatArray, total: int, size: int) -> Any:
    return rng.multinomial(total, e / e.sum(), size=size)


def _draw_shares(rng: np.random.Generator, n: FloatArray, total: int, size: int) -> Any:
    if n.sum() >= 1e9:  # beyond what the generator takes, and no different from the limit
        return rng.multinomial(total, n / n.sum(), size=size)
    return rng.multivariate_hypergeometric(n.astype(np.int64), total, size=size)


RATE = Outcome(
    "rate",
    np.log,
    np.exp,
    lambda p: 1.0 / p,
    lambda p: p,
    gamma_poisson.FAMILY,
    conjugate.GAMMA,
    _log_rates,
    _draw_rates,
)
SHARE = Outcome(
    "proportion",
    logit,
    expit,
    lambda p: 1.0 / (p * (1.0 - p)),
    lambda p: p * (1.0 - p),
    beta_binomial.FAMILY,
    conjugate.BETA,
    _log_odds,
    _draw_shares,
)


@dataclass(frozen=True)
class Settings:
    """How the pooling is done."""

    method: str
    interval: str
    level: float
    alternative: str
    zero_correction: float
    replicates: int

    def critical(self, df: float) -> float:
        """Quantile that belongs to the level: of t with `df`, or normal."""
        tail = tail_area(self.level, self.alternative)
        return float(-stdtrit(df if self.interval == "t" else np.inf, tail))

    def critical_root(self, areas: int) -> float:
        """The same for a signed root of a likelihood ratio; see `root_to_t`."""
        quantile = self.critical(areas - 1.0)
        if self.interval == "normal":
            return quantile
        return float(np.sqrt(areas * np.log1p(quantile**2 / (areas - 1.0))))

    def probability(self, statistic: FloatArray, df: float) -> FloatArray:
        """P-value of a null value `statistic` units above the estimate."""
        df = df if self.interval == "t" else np.inf
        if self.alternative == "two-sided":
            return 2.0 * np.asarray(stdtr(df, -np.abs(statistic)), dtype=np.float64)
        signed = statistic if self.alternative == "greater" else -statistic
        return np.asarray(stdtr(df, signed), dtype=np.float64)


def root_to_t(root: FloatArray, areas: int) -> FloatArray:
    """The t statistic whose likelihood ratio is as large, were the areas normal without noise.

    There the ratio for a mean is k log(1 + t**2 / (k - 1)), which allows for the variance being
    estimated.
    """
    t: FloatArray = np.sign(root) * np.sqrt((areas - 1.0) * np.expm1(root**2 / areas))
    return t


class Pooled(NamedTuple):
    """Everything that is said of each row; `between` is relative to the overall value."""

    estimate: FloatArray
    error: FloatArray
    low: FloatArray
    high: FloatArray
    pvalue: FloatArray | None
    between: tuple[FloatArray, FloatArray, FloatArray]
    prediction: tuple[FloatArray, FloatArray] | None
    dispersion: FloatArray


def pool(
    outcome: Outcome, x: FloatArray, n: FloatArray, settings: Settings, null: FloatArray | None
) -> Pooled:
    """Pool rows that have events (and non-events) and more than one area."""
    if settings.method in LIKELIHOOD:
        return _by_likelihood(outcome, x, n, settings, null)
    if settings.method in LOG_SCALE:
        return _by_logs(outcome, x, n, settings, null)
    return _by_moments(outcome, x, n, settings, null)


def _by_moments(
    outcome: Outcome, x: FloatArray, n: FloatArray, settings: Settings, null: FloatArray | None
) -> Pooled:
    areas = x.shape[1]
    p = area_moments.overall(x, n)
    unit = outcome.variance(p)
    between = area_moments.between(x, n, unit, settings.level)
    phi = area_moments.dispersion(area_moments.pearson(x, n, p, unit), areas)
    if settings.method in QUASI:
        variance = phi * unit / n.sum(axis=1)
    else:
        variance = area_moments.variance_of_overall(n, unit, between[0])
    error = np.sqrt(variance)
    low, high, pvalue = _limits(
        outcome, outcome.scale(p), error * outcome.derivative(p), areas, settings, null
    )
    t, t_low, t_high = (np.sqrt(value) / p for value in between)
    return Pooled(p, error, low, high, pvalue, (t, t_low, t_high), None, phi)


def _by_logs(
    outcome: Outcome, x: FloatArray, n: FloatArray, settings: Settings, null: FloatArray | None
) -> Pooled:
    areas = x.shape[1]
    y, v = outcome.logs(x, n, settings.zero_correction)
    t = heterogeneity.METHODS[settings.method](y, v)
    mean, variance = heterogeneity.mean(y, v, t)
    if settings.interval == "t":
        variance = variance * heterogeneity.knapp_hartung(y, v, t, at_least=1.0)
    error = np.sqrt(variance)
    low, high, pvalue = _limits(outcome, mean, error, areas, settings, null)
    t_low, t_high = heterogeneity.q_profile(y, v, settings.level)
    spare = areas - 2.0 if settings.interval == "t" else np.inf
    tail = (1.0 - settings.level) / 2.0
    reach = np.full(len(x), np.inf)
    if spare > 0:
        reach = -stdtrit(spare, tail) * np.sqrt(t + variance)
    value = outcome.value(mean)
    return Pooled(
        value,
        error / outcome.derivative(value),
        low,
        high,
        pvalue,
        (np.sqrt(t), np.sqrt(t_low), np.sqrt(t_high)),
        (outcome.value(mean - reach), outcome.value(mean + reach)),
        np.ones(len(x)),
    )


def _limits(
    outcome: Outcome,
    centre: FloatArray,
    error: FloatArray,
    areas: int,
    settings: Settings,
    null: FloatArray | None,
) -> tuple[FloatArray, FloatArray, FloatArray | None]:
    reach = settings.critical(areas - 1.0) * error
    low, high = outcome.value(centre - reach), outcome.value(centre + reach)
    low, high = one_sided(low, high, outcome, settings.alternative)
    if null is None:
        return low, high, None
    with np.errstate(divide="ignore"):
        statistic = (outcome.scale(null) - centre) / error
    return low, high, settings.probability(statistic, areas - 1.0)


def one_sided(
    low: FloatArray, high: FloatArray, outcome: Outcome, alternative: str
) -> tuple[FloatArray, FloatArray]:
    """The end of the range in place of the limit that is not asked for."""
    top = np.inf if outcome is RATE else 1.0
    if alternative == "less":
        low = np.zeros_like(low)
    if alternative == "greater":
        high = np.full_like(high, top)
    return low, high


def _by_likelihood(
    outcome: Outcome, x: FloatArray, n: FloatArray, settings: Settings, null: FloatArray | None
) -> Pooled:
    areas, family = x.shape[1], outcome.family
    found = two_level.fit(family, x, n)
    z = np.full(len(x), settings.critical_root(areas))
    low = outcome.value(two_level.mean_limit(family, x, n, found, -z))
    high = outcome.value(two_level.mean_limit(family, x, n, found, z))
    low, high = one_sided(low, high, outcome, settings.alternative)
    pvalue = None
    if null is not None:
        inside = (null > 0.0) & (null < 1.0 if outcome is SHARE else np.isfinite(null))
        middle = np.where(inside, null, outcome.value(found.a))
        root = two_level.mean_root(family, x, n, found, outcome.scale(middle))
        root = np.where(inside, root, np.where(null > 0.0, np.inf, -np.inf))
        statistic = root_to_t(root, areas) if settings.interval == "t" else root
        pvalue = settings.probability(statistic, areas - 1.0)
    two_sided = Settings(
        settings.method, "normal", settings.level, "two-sided", 0.0, settings.replicates
    ).critical(np.inf)
    ends = two_level.dispersion_limits(family, x, n, found, np.full(len(x), two_sided))
    value = outcome.value(found.a)
    spread = tuple(relative_spread(outcome, value, b) for b in (found.b, *ends))
    return Pooled(
        value,
        1.0 / np.sqrt(_information(outcome, value, found.b, n)) / outcome.derivative(value),
        low,
        high,
        pvalue,
        (spread[0], spread[1], spread[2]),
        _predicted(outcome, x, n, settings.level),
        np.ones(len(x)),
    )


def _information(outcome: Outcome, mean: FloatArray, b: FloatArray, n: FloatArray) -> FloatArray:
    """What the counts say of the log or logit of the mean, by their means and variances."""
    if outcome is RATE:
        expected = mean[:, None] * n
        parts = expected / (1.0 + np.exp(b)[:, None] * expected)
    else:
        unit = (mean * (1.0 - mean))[:, None]
        parts = n * unit / (1.0 + (n - 1.0) * expit(b)[:, None])
    value: FloatArray = parts.sum(axis=1)
    return value


def relative_spread(outcome: Outcome, mean: FloatArray, b: FloatArray) -> FloatArray:
    """Standard deviation between areas over the mean, from the log of the dispersion."""
    if outcome is RATE:
        return np.exp(0.5 * b)
    odds_against = (1.0 - mean) / mean
    spread: FloatArray = np.sqrt(odds_against * expit(b))
    return spread


def _predicted(
    outcome: Outcome, x: FloatArray, n: FloatArray, level: float
) -> tuple[FloatArray, FloatArray]:
    """Limits of the value of another area, over all means and dispersions that are believable."""
    ends = []
    for counts, sizes in zip(x, n, strict=True):
        at = two_level_posterior.nodes(
            outcome.family, counts, sizes, typical_size(outcome, counts, sizes)
        )
        one, other = law_parameters(outcome, at.a, at.b)
        ends.append(
            [
                conjugate.quantile(outcome.law, one[None], other[None], at.weight, share)[0]
                for share in ((1.0 - level) / 2.0, (1.0 + level) / 2.0)
            ]
        )
    low, high = np.array(ends).T
    return low, high


def typical_size(outcome: Outcome, x: FloatArray, n: FloatArray) -> float:
    """Median of the sizes, in expected events for rates."""
    typical = np.median(n)
    return float(typical * x.sum() / n.sum() if outcome is RATE else typical)


def law_parameters(outcome: Outcome, a: FloatArray, b: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Gamma shape and rate, or the two beta parameters, of the values of the areas."""
    shape = np.exp(-b)
    if outcome is RATE:
        return shape, np.exp(-b - a)
    return np.exp(log_expit(a) - b), np.exp(log_expit(-a) - b)


def overdispersion(
    outcome: Outcome, x: FloatArray, n: FloatArray, replicates: int, rng: Any
) -> tuple[FloatArray, FloatArray, NDArray[np.bool_]]:
    """Pearson's statistic, its p-value, and where that comes from simulation given the total."""
    areas = x.shape[1]
    p = area_moments.overall(x, n)
    statistic = area_moments.pearson(x, n, p, outcome.variance(p))
    pvalue = area_moments.pearson_pvalue(statistic, areas)
    least = np.minimum(n * p[:, None], (n * (1.0 - p)[:, None]) if outcome is SHARE else np.inf)
    sparse = (least < SMALL_EXPECTED).any(axis=1) & (areas > 1)
    generators = _validate.generator(rng).spawn(len(x))
    for row in np.flatnonzero(sparse):
        pvalue[row] = _simulated(
            outcome, x[row], n[row], float(statistic[row]), replicates, generators[row]
        )
    return statistic, pvalue, sparse


def _simulated(
    outcome: Outcome,
    x: FloatArray,
    n: FloatArray,
    statistic: float,
    replicates: int,
    rng: np.random.Generator,
) -> float:
    total = int(x.sum())
    p = np.array([total / n.sum()])

    def draw(generator: np.random.Generator, size: int) -> FloatArray:
        drawn = outcome.draw(generator, n, total, size).astype(np.float64)
        return area_moments.pearson(
            drawn, n[None], np.repeat(p, size), np.repeat(outcome.variance(p), size)
        )

    values = resampling.replicate(draw, replicates=replicates, rng=rng)
    return resampling.permutation_pvalue(values, statistic, alternative="greater")


def verdicts(outcome: Outcome, areas: Areas, method: str) -> NDArray[np.object_]:
    """Whether each row has an estimate."""
    events = areas.count.sum(axis=1)
    none = events == 0.0
    if outcome is SHARE:
        none |= events == areas.size.sum(axis=1)
    found = np.empty(len(events), dtype=object)
    found[:] = OK
    found[none] = NO_LOGS if method in LOG_SCALE else NO_EVENT
    if areas.number < 2:
        found[:] = ONE_AREA
    return found


def notes(
    outcome: Outcome, areas: Areas, settings: Settings, found: NDArray[np.object_], pooled: Any
) -> tuple[Note, ...]:
    """Facts about the data and the method; those that make a result doubtful are warned of."""
    collected = list(areas.notes(f"pooled {outcome.name}"))
    codes = {verdict.code: verdict for verdict in found if verdict is not OK}
    for code, verdict in codes.items():
        text = verdict.reasons[0]
        if verdict is NO_EVENT:
            text += " The limits assume that areas do not differ, which cannot be seen."
        if verdict is ONE_AREA:
            text += f" Use `{outcome.name}` for its own."
        collected.append(Note(code, text))
        warn(text, DegenerateDataWarning)
    if pooled is None:
        return tuple(collected)
    if settings.method in LOG_SCALE:
        collected += _log_notes(outcome, areas, settings)
    if settings.method in QUASI:
        if (pooled.dispersion <= 1.0).any():
            text = "Areas differ no more than by chance; the factor on the variance is held at 1."
            collected.append(Note("dispersion-at-1", text))
        elif (areas.size.max(axis=1) > 3.0 * areas.size.min(axis=1)).any():
            text = (
                "A factor on the variance makes large areas too certain where they differ as "
                "small ones do: the interval is then too short. Use method='moments'."
            )
            collected.append(Note("unequal-sizes", text))
    elif (pooled.between[0] <= 0.0).any():
        text = (
            "The estimated variance between areas is 0: they differ no more than by chance. That "
            "does not show that they are alike; see the upper limit of `between`."
        )
        collected.append(Note("no-variance-between", text))
    if (pooled.between[2] <= 0.0).any():
        text = (
            "Areas differ even less than chance alone makes likely: no variance between them fits, "
            "and the limits of `between` are both 0. That is an empty interval, not a certain one."
        )
        collected.append(Note("less-than-chance", text))
    return tuple(collected)


def _log_notes(outcome: Outcome, areas: Areas, settings: Settings) -> list[Note]:
    collected = []
    events = areas.count
    if outcome is SHARE:
        events = np.minimum(events, areas.size - events)
    zeros = int((events == 0.0).sum())
    if zeros:
        text = f"{settings.zero_correction:g} was added to {zeros} counts of 0, to have logs."
        collected.append(Note("zero-correction", text))
    if (events < FEW).any():
        text = (
            f"Some areas have fewer than {FEW} events: their logs are biased and their weights "
            "depend on chance, so the pooled value is biased and its interval does not hold its "
            "level. Use a method that works with the counts, or method='moments'."
        )
        collected.append(Note("sparse", text))
        warn(text, SparseDataWarning)
    return collected
