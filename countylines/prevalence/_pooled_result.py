"""The result of pooling: values put back among the labels, with their notes."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from countylines import _validate
from countylines._kernels import binomial, poisson
from countylines._typing import RNG, Alternative
from countylines.pooled import PooledEstimate
from countylines.prevalence import _areas, _pooling
from countylines.prevalence._pooling import RATE, Outcome, Pooled, Settings
from countylines.results import OK, Estimate, TestResult

FloatArray = NDArray[np.float64]

REFERENCES = {
    "moments": ("dersimonian1986",),
    "quasi-poisson": ("mccullagh1989",),
    "quasi-binomial": ("mccullagh1989",),
    "negative-binomial": ("lawless1987",),
    "beta-binomial": ("williams1975",),
    "dersimonian-laird": ("dersimonian1986", "rover2015"),
    "reml": ("viechtbauer2005", "rover2015"),
    "paule-mandel": ("paule1982", "rover2015"),
}
TOTAL = "total over total"
MEAN = "mean over areas"
MEDIAN = "median over areas"


def estimand(method: str) -> str:
    """What the method estimates, where areas differ."""
    if method in _pooling.LOG_SCALE:
        return MEDIAN
    return MEAN if method in _pooling.LIKELIHOOD else TOTAL


def pooled_estimate(
    outcome: Outcome,
    public: Callable[..., PooledEstimate],
    methods: Sequence[str],
    count: Any,
    size: Any,
    *,
    size_name: str,
    method: str,
    interval: str,
    zero_correction: float,
    dim: Any,
    leave_out: Sequence[Any],
    per: float,
    level: float,
    null: Any,
    alternative: Alternative,
    replicates: int,
    rng: RNG,
) -> PooledEstimate:
    """Check, pool, and put together."""
    settings = Settings(
        _validate.option("method", method, methods),
        _validate.option("interval", interval, _pooling.INTERVALS),
        _validate.level(level),
        _validate.alternative(alternative),
        _validate.number("zero_correction", zero_correction, low=0.0, open_low=True),
        _validate.whole_number("replicates", replicates, low=99),
    )
    per = _validate.number("per", per, low=0.0, open_low=True)
    top = np.inf if outcome is RATE else 1.0
    tested = None
    if null is not None:
        tested = _validate.number("null", null, low=0.0, high=top) / per
    generator = _validate.generator(rng)
    areas = _areas.read(dim, leave_out, size=size_name, **{"count": count, size_name: size})
    x, n = areas.count, areas.size
    found = _pooling.verdicts(outcome, areas, settings.method)
    whole = np.array([verdict is OK for verdict in found])
    nulls = None if tested is None else np.full(int(whole.sum()), tested)
    pooled = _pooling.pool(outcome, x[whole], n[whole], settings, nulls) if whole.any() else None
    notes = _pooling.notes(outcome, areas, settings, found, pooled)
    plain = _plain(outcome, x, n, settings)
    values = _fill(outcome, found, whole, pooled, plain, x, n, tested)
    give = areas.one_each
    unit = "" if per == 1.0 else f"per {per:,g}"
    shared: dict[str, Any] = {"level": settings.level, "n": areas.number}
    between = _between(settings, give, values, shared)
    statistic, pvalue, simulated = _pooling.overdispersion(
        outcome, x, n, settings.replicates, generator
    )
    ways = {True: "Pearson, simulated given the total", False: "Pearson, chi-squared"}
    used = {ways[bool(flag)] for flag in simulated}
    test = TestResult(
        statistic=give(statistic),
        pvalue=give(pvalue),
        alternative="greater",
        null_hypothesis=f"All areas have the same {outcome.name}.",
        effect=between,
        method=" or ".join(sorted(used)),
        n=areas.number,
        references=("mccullagh1989",),
    )
    return PooledEstimate(
        quantity=f"pooled {outcome.name}",
        estimate=give(values["estimate"] * per),
        standard_error=give(values["error"] * per),
        low=give(values["low"] * per),
        high=give(values["high"] * per),
        method=settings.method,
        interval_method=_interval_words(settings),
        null=None if tested is None else tested * per,
        alternative=settings.alternative,
        pvalue=None if tested is None else give(values["pvalue"]),
        unit=unit,
        verdict=give(found),
        notes=notes,
        references=REFERENCES[settings.method],
        estimand=estimand(settings.method),
        between=between,
        prediction=_prediction(outcome, settings, give, values, shared, per, unit),
        overdispersion=test,
        plain=Estimate(
            quantity=f"{outcome.name} if areas did not differ",
            estimate=give(plain[0] * per),
            low=give(plain[1] * per),
            high=give(plain[2] * per),
            method="total over total",
            interval_method="mid-p",
            alternative=settings.alternative,
            unit=unit,
            **shared,
        ),
        _recompute=functools.partial(
            public,
            count,
            size,
            method=settings.method,
            interval=settings.interval,
            dim=dim,
            leave_out=leave_out,
            level=settings.level,
            replicates=settings.replicates,
            zero_correction=settings.zero_correction,
            **({"per": per} if outcome is RATE else {}),
        ),
        **shared,
    )


def _interval_words(settings: Settings) -> str:
    scale = "t" if settings.interval == "t" else "normal"
    if settings.method in _pooling.LIKELIHOOD:
        return f"profile likelihood, {scale} quantiles"
    if settings.method in _pooling.LOG_SCALE and settings.interval == "t":
        return "Knapp-Hartung, factor at least 1"
    return f"{scale} quantiles on the log or logit scale"


def _plain(
    outcome: Outcome, x: FloatArray, n: FloatArray, settings: Settings
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """The total over the total with the interval that belongs to one area."""
    events, sizes = x.sum(axis=1), n.sum(axis=1)
    methods = poisson.METHODS if outcome is RATE else binomial.METHODS
    low, high = methods["mid-p"].limits(
        events, sizes, level=settings.level, alternative=settings.alternative
    )
    return events / sizes, low, high


def _fill(
    outcome: Outcome,
    found: NDArray[np.object_],
    whole: NDArray[np.bool_],
    pooled: Pooled | None,
    plain: tuple[FloatArray, FloatArray, FloatArray],
    x: FloatArray,
    n: FloatArray,
    null: float | None,
) -> dict[str, FloatArray]:
    """Values of every row: those pooled, and what remains to be said of the others."""
    rows = len(x)
    top = np.inf if outcome is RATE else 1.0
    out = {
        "estimate": np.full(rows, np.nan),
        "error": np.full(rows, np.nan),
        "low": np.zeros(rows),
        "high": np.full(rows, top),
        "pvalue": np.ones(rows),
        "between": np.full(rows, np.nan),
        "between_low": np.zeros(rows),
        "between_high": np.full(rows, np.inf),
        "predicted_low": np.zeros(rows),
        "predicted_high": np.full(rows, top),
    }
    edge = np.array([verdict is _pooling.NO_EVENT for verdict in found])
    for name, values in zip(("estimate", "low", "high"), plain, strict=True):
        out[name][edge] = values[edge]
    out["pvalue"][edge] = np.nan if null is not None else 1.0
    if pooled is None:
        return out
    out["estimate"][whole], out["error"][whole] = pooled.estimate, pooled.error
    out["low"][whole], out["high"][whole] = pooled.low, pooled.high
    if pooled.pvalue is not None:
        out["pvalue"][whole] = pooled.pvalue
    for name, values in zip(
        ("between", "between_low", "between_high"), pooled.between, strict=True
    ):
        out[name][whole] = values
    if pooled.prediction is not None:
        out["predicted_low"][whole], out["predicted_high"][whole] = pooled.prediction
    return out


def _between(
    settings: Settings, give: Any, values: dict[str, FloatArray], shared: dict[str, Any]
) -> Estimate:
    logs = settings.method in _pooling.LOG_SCALE
    likelihood = settings.method in _pooling.LIKELIHOOD
    verdict = np.empty(len(values["between"]), dtype=object)
    verdict[:] = OK
    verdict[np.isnan(values["between"])] = _pooling.NOT_SEEN
    return Estimate(
        quantity="standard deviation of logs between areas"
        if logs
        else "relative standard deviation between areas",
        estimate=give(values["between"]),
        low=give(values["between_low"]),
        high=give(values["between_high"]),
        method=settings.method if logs or likelihood else "moments",
        interval_method="profile likelihood" if likelihood else "Q-profile",
        verdict=give(verdict),
        references=("viechtbauer2007",) if not likelihood else (),
        **shared,
    )


def _prediction(
    outcome: Outcome,
    settings: Settings,
    give: Any,
    values: dict[str, FloatArray],
    shared: dict[str, Any],
    per: float,
    unit: str,
) -> Estimate | None:
    if settings.method not in (*_pooling.LIKELIHOOD, *_pooling.LOG_SCALE):
        return None
    likelihood = settings.method in _pooling.LIKELIHOOD
    return Estimate(
        quantity=f"{outcome.name} of another area",
        estimate=give(values["estimate"] * per),
        low=give(values["predicted_low"] * per),
        high=give(values["predicted_high"] * per),
        method=settings.method,
        interval_kind="prediction",
        interval_method="hierarchical" if likelihood else "t",
        unit=unit,
        references=("christiansen1997",) if likelihood else ("higgins2009",),
        **shared,
    )
