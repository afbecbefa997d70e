"""Slopes of shares and rates over time, with limits and p-values, on arrays."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtr, stdtrit

from countylines import _validate
from countylines._kernels import (
    beta_binomial,
    cluster_robust,
    exchangeable,
    gamma_poisson,
    glm,
    sign_flip,
    two_level_regression,
)
from countylines._kernels.method import tail_area
from countylines.errors import InputError
from countylines.localisation._trend_data import TrendData
from countylines.results import OK, Verdict

FloatArray = NDArray[np.float64]

VERDICTS = (
    OK,
    Verdict(
        False,
        "separated",
        (
            "The fit has no largest slope: no event comes before a non-event (of shares), or all "
            "events are at the last time (of rates). The ratio is infinite, with a finite low end.",
        ),
    ),
    Verdict(
        False,
        "separated",
        (
            "The fit has no smallest slope: no event comes after a non-event (of shares), or all "
            "events are at the first time (of rates). The ratio is 0, with a high end above it.",
        ),
    ),
    Verdict(
        False,
        "not-identified",
        (
            "All cases are events, none is, or one time has all that vary: the data say nothing of "
            "a trend.",
        ),
    ),
)
QUASI = ("quasi-binomial", "quasi-poisson")
MIXED = {
    "beta-binomial": beta_binomial.FAMILY,
    "negative-binomial": gamma_poisson.FAMILY,
}
ROBUST = tuple(cluster_robust.POWERS)
INTERVALS = ("profile", "wald", *ROBUST, "sign-flip")


@dataclass(frozen=True)
class Options:
    """How a slope is judged."""

    family: str
    interval: str
    correlation: str
    floor: float  # least dispersion
    level: float
    alternative: str
    null: float  # log ratio per unit of time
    replicates: int
    rng: Any

    def reach(self, df: FloatArray) -> FloatArray:
        """Quantile of Student's t for the limits; infinite without degrees of freedom."""
        known = np.where(df > 0.0, df, 1.0)
        quantile = -stdtrit(known, tail_area(self.level, self.alternative))
        return np.where(df > 0.0, quantile, np.inf)

    def pvalue(self, t: FloatArray, df: FloatArray) -> FloatArray:
        """P-value of an estimate `t` errors above the null value."""
        known = np.where(df > 0.0, df, 1.0)
        if self.alternative == "two-sided":
            p = 2.0 * stdtr(known, -np.abs(t))
        else:
            p = stdtr(known, -t if self.alternative == "greater" else t)
        return np.where((df > 0.0) & ~np.isnan(t), p, 1.0)


class Slopes(NamedTuple):
    """One entry a series; slopes per unit of time on the scale of the link."""

    slope: FloatArray
    error: FloatArray
    low: FloatArray
    high: FloatArray
    pvalue: FloatArray
    dispersion: FloatArray
    df: FloatArray
    code: NDArray[np.intp]
    correlation: float | None = None
    silent: int = 0  # strata that say nothing
    clusters: int | None = None  # that take part


class Design(NamedTuple):
    """Cells that take part, with the time of range 1 as the last term."""

    x: FloatArray
    y: FloatArray
    size: FloatArray
    time: FloatArray
    cluster: NDArray[np.intp] | None
    unit: float
    silent: int


def slopes(data: TrendData, options: Options) -> Slopes:
    """Fit, limits and p-values."""
    design = _design(data)
    code = _codes(data, design)
    if options.interval in (*ROBUST, "sign-flip"):
        return _clustered(data, design, options, code)
    if options.family in MIXED:
        return _mixed(data, design, options, code)
    return _plain(data, design, options, code)


def _design(data: TrendData) -> Design:
    unit = float(np.ptp(data.times))
    time = (data.times - 0.5 * (data.times.min() + data.times.max())) / unit
    if data.strata is None and data.cluster is None:
        x = np.stack([np.ones_like(time), time], axis=-1)[None]
        return Design(x, data.y, data.size, time, None, unit, 0)
    y, size = data.y[0], data.size[0]
    strata = np.zeros(len(y), dtype=np.intp) if data.strata is None else data.strata
    events = np.bincount(strata, y)
    says = (np.bincount(strata, size) > 0.0) & (events > 0.0)
    if data.link == "logit":
        says &= events < np.bincount(strata, size)
    if data.strata is None:
        says[:] = True
    used = (size > 0.0) & says[strata]
    names, strata = np.unique(strata[used], return_inverse=True)
    x = np.zeros((int(used.sum()), len(names) + 1))
    x[np.arange(len(x)), strata] = 1.0
    x[:, -1] = time[used]
    cluster = None
    if data.cluster is not None:
        cluster = np.unique(data.cluster[used], return_inverse=True)[1].astype(np.intp)
    silent = int((~says).sum())
    return Design(x[None], y[None, used], size[None, used], time[used], cluster, unit, silent)


def _codes(data: TrendData, design: Design) -> NDArray[np.intp]:
    if data.strata is None:
        return glm.trend_existence(data.link, design.time, design.y, design.size)
    terms = design.x.shape[-1]
    if not design.x.shape[1]:
        return np.array([glm.UNKNOWN])
    contrast = np.zeros(terms)
    contrast[-1] = 1.0
    found = glm.existence(data.link, design.x[0], design.y[0], design.size[0], contrast)
    return np.array([found])


def _finish(
    design: Design, code: NDArray[np.intp], low: FloatArray, high: FloatArray, **rest: Any
) -> Slopes:
    """Put slopes into units of time, and say what does not exist."""
    ends = np.array([np.nan, np.inf, -np.inf, np.nan])[code]
    slope = np.where(code == glm.FINITE, rest.pop("slope"), ends)
    error = np.where(code == glm.FINITE, rest.pop("error"), np.nan)
    unknown = code == glm.UNKNOWN
    return Slopes(
        slope / design.unit,
        error / design.unit,
        np.where(unknown, -np.inf, low) / design.unit,
        np.where(unknown, np.inf, high) / design.unit,
        np.where(unknown, 1.0, rest.pop("pvalue")),
        code=code,
        silent=design.silent,
        **rest,
    )


def _plain(data: TrendData, design: Design, options: Options, code: NDArray[np.intp]) -> Slopes:
    """Binomial and Poisson regression, with or without a dispersion."""
    x, y, size = design.x, design.y, design.size
    terms = x.shape[-1]
    term = terms - 1
    full = glm.fit(data.link, x, y, size)
    df = np.maximum((size > 0.0).sum(axis=1) - terms, 0).astype(np.float64)
    with np.errstate(divide="ignore", invalid="ignore"):
        dispersion = np.where(df > 0.0, glm.pearson(full, y) / df, np.nan)
    quasi = options.family in QUASI
    used = np.where(df > 0.0, np.maximum(dispersion, options.floor), 1.0)
    phi = used if quasi else np.ones(len(y))
    freedom = df if quasi else np.full(len(y), np.inf)
    slope = full.coef[:, term]
    error = np.sqrt(phi * glm.inverse(full.information)[:, term, term])
    quantile = options.reach(freedom)
    null = np.full(len(y), options.null * design.unit)
    low, high = np.full(len(y), -np.inf), np.full(len(y), np.inf)
    with np.errstate(invalid="ignore", divide="ignore"):
        t = (slope - null) / error
        if options.interval == "wald":
            low, high = slope - quantile * error, slope + quantile * error
    by_profile = np.flatnonzero(
        (code != glm.UNKNOWN) & ((options.interval == "profile") | (code != glm.FINITE))
    )
    if by_profile.size:
        part = x if len(x) == 1 else x[by_profile]
        chosen = glm.Fit(*(v[by_profile] for v in full))
        cells = part, y[by_profile], size[by_profile], chosen, term
        t[by_profile] = glm.signed_root(data.link, *cells, null[by_profile]) / np.sqrt(
            phi[by_profile]
        )
        low[by_profile], high[by_profile] = _profile(
            data.link, cells, phi[by_profile], quantile[by_profile]
        )
    if options.alternative == "less":
        low[:] = -np.inf
    if options.alternative == "greater":
        high[:] = np.inf
    return _finish(
        design,
        code,
        low,
        high,
        slope=slope,
        error=np.where(df > 0.0, error, np.nan) if quasi else error,
        pvalue=options.pvalue(t, freedom),
        dispersion=dispersion,
        df=freedom,
    )


def _profile(
    link: str, cells: tuple[Any, ...], phi: FloatArray, quantile: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Limits of the scaled likelihood ratio; below a one-sided level of a half they cross over."""
    x, y, size, full, term = cells
    ends = []
    for side in (-1, 1):
        found = np.full(len(y), side * np.inf)
        for towards in (-1, 1):
            some = np.flatnonzero(np.isfinite(quantile) & (np.sign(quantile) * side == towards))
            if some.size:
                part = x if len(x) == 1 else x[some]
                chosen = glm.Fit(*(v[some] for v in full))
                fall = phi[some] * quantile[some] ** 2
                found[some] = glm.profile_limits(
                    link, part, y[some], size[some], chosen, term, fall, towards
                )
        middle = quantile == 0.0
        found[middle] = full.coef[middle, term]
        ends.append(found)
    return ends[0], ends[1]


def _mixed(data: TrendData, design: Design, options: Options, code: NDArray[np.intp]) -> Slopes:
    """Beta-binomial and negative binomial regression, one series at a time."""
    found = [_mixed_one(data, design, options, row, int(c)) for row, c in enumerate(code)]
    slope, error, low, high, pvalue, dispersion, df = (
        np.array(v) for v in zip(*found, strict=True)
    )
    return _finish(
        design,
        code,
        low,
        high,
        slope=slope,
        error=error,
        pvalue=pvalue,
        dispersion=dispersion,
        df=df,
    )


def _mixed_one(
    data: TrendData, design: Design, options: Options, row: int, code: int
) -> tuple[float, ...]:
    used = design.size[row] > 0.0
    x = design.x[0 if len(design.x) == 1 else row][used]
    y, size = design.y[row][used], design.size[row][used]
    cells, terms = x.shape
    df = float(cells - terms)
    if code != glm.FINITE or df <= 0.0:
        # without dispersion to be seen, the plain likelihood is what is left
        alone = design._replace(x=x[None], y=y[None], size=size[None])
        plain = _plain(
            data,
            alone._replace(unit=1.0),
            _with(options, "profile", design.unit),
            np.array([code]),
        )
        said = (plain.low[0], plain.high[0], plain.pvalue[0])
        if df <= 0.0:
            said = (-np.inf, np.inf, 1.0)
        return float(plain.slope[0]), np.nan, *said, np.nan, max(df, 0.0)
    family, term = MIXED[options.family], terms - 1
    full = two_level_regression.fit(family, data.link, x, y, size)
    error = float(np.sqrt(full.covariance[term, term]))
    quantile = float(options.reach(np.array([df]))[0])
    null = options.null * design.unit
    if options.interval == "wald":
        t = (full.coef[term] - null) / error
        ends = [full.coef[term] + side * quantile * error for side in (-1, 1)]
    else:
        root = two_level_regression.root(family, data.link, x, y, size, full, term, null)
        t = float(np.sign(root) * np.sqrt(df * np.expm1(root**2 / cells)))
        distance = float(np.sqrt(cells * np.log1p(quantile**2 / df)))
        ends = [
            two_level_regression.profile_limit(
                family,
                data.link,
                x,
                y,
                size,
                full,
                term,
                distance,
                side if quantile > 0.0 else -side,
            )
            for side in (-1, 1)
        ]
    if options.alternative == "less":
        ends[0] = -np.inf
    if options.alternative == "greater":
        ends[1] = np.inf
    p = float(options.pvalue(np.array([t]), np.array([df]))[0])
    spread = np.exp(full.b)
    dispersion = spread / (1.0 + spread) if options.family == "beta-binomial" else spread
    return float(full.coef[term]), error, *ends, p, float(dispersion), df


def _with(options: Options, interval: str, unit: float) -> Options:
    """The same options for a plain likelihood on times of range 1."""
    return Options(
        "plain",
        interval,
        options.correlation,
        options.floor,
        options.level,
        options.alternative,
        options.null * unit,
        options.replicates,
        options.rng,
    )


def _clustered(data: TrendData, design: Design, options: Options, code: NDArray[np.intp]) -> Slopes:
    """Errors that allow for dependence within clusters."""
    assert design.cluster is not None
    x, y, size, cluster = design.x[0], design.y[0], design.size[0], design.cluster
    cells, terms = x.shape
    term = terms - 1
    groups = int(cluster.max(initial=-1)) + 1
    if groups == 1:
        raise InputError(
            _validate.sentence(
                "cluster", "of at least two clusters with cells that take part", "one"
            )
        )
    contrast = np.zeros(terms)
    contrast[term] = 1.0
    full = glm.fit(data.link, x[None], y[None], size[None])
    coef = full.coef[0]
    spare = max(cells - terms, 0)
    dispersion = float(glm.pearson(full, y[None])[0]) / spare if spare else np.nan
    slope, error, df, correlation = float(coef[term]), np.nan, 0.0, None
    low, high, p = -np.inf, np.inf, 1.0
    if code[0] == glm.FINITE and options.interval != "sign-flip":
        scores = np.zeros((groups, terms))
        np.add.at(scores, cluster, (y - full.mean[0])[:, None] * x)
        parts = np.zeros((groups, terms, terms))
        np.add.at(parts, cluster, full.weight[0][:, None, None] * x[:, :, None] * x[:, None, :])
        if options.family == "gee":
            found = exchangeable.solve(
                data.link,
                x,
                y,
                size,
                cluster,
                start=coef,
                independent=options.correlation == "independence",
            )
            if not found.found:
                raise ArithmeticError("the estimating equations did not settle")
            scores, parts, slope = found.scores, found.parts, float(found.coef[term])
            correlation = found.correlation
        robust = cluster_robust.robust(scores, parts, contrast, kind=options.interval, cells=cells)
        error, df = float(np.sqrt(robust.variance)), robust.df
        low, high = cluster_robust.limits(
            slope, robust.variance, df, options.level, options.alternative
        )
        t = (slope - options.null * design.unit) / error if error > 0.0 else np.nan
        p = cluster_robust.pvalue(t, df, options.alternative)
    if code[0] == glm.FINITE and options.interval == "sign-flip":
        patterns = sign_flip.signs(groups, options.replicates, options.rng)
        tail = tail_area(options.level, options.alternative)
        cellwise = data.link, x, y, size, cluster, term
        ends = [
            sign_flip.limit(*cellwise, coef, patterns, tail, side)
            if options.alternative != ("less" if side < 0 else "greater")
            else side * np.inf
            for side in (-1, 1)
        ]
        low, high = ends
        start = np.clip(coef[:term], -30.0, 30.0)
        added = sign_flip.parts(*cellwise, options.null * design.unit, start)
        p = sign_flip.pvalue(added, patterns, options.alternative)
        df = np.inf
    one = [np.array([v]) for v in (low, high, slope, error, p, dispersion, df)]
    return _finish(
        design,
        code,
        one[0],
        one[1],
        slope=one[2],
        error=one[3],
        pvalue=one[4],
        dispersion=one[5],
        df=one[6],
        correlation=correlation,
        clusters=groups,
    )
