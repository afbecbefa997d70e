"""The models of a closed population: from sightings to a hidden number and its profile."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import comb, gammaln, xlogy

from countylines import _validate
from countylines._kernels import (
    bias_adjustment,
    closed_design,
    mixed_logit,
    removal,
    repeat_counts,
    time_behaviour,
    two_list,
)
from countylines._kernels.hidden_profile import Likelihood
from countylines.capture_recapture import _frequencies, _models, _patterns
from countylines.capture_recapture.histories import CaptureHistories
from countylines.errors import InputError, InputTypeError

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

MODELS = ("M0", "Mt", "Mh", "Mth", "Mb", "Mbh", "Mtb")
BEHAVIOURAL = ("Mb", "Mbh", "Mtb")
HETEROGENEITY = ("chao", "poisson", "darroch", "gamma", "normal")
POISSON_BASE = 2.0
GAMMA_SHAPE = 3.5


def _poisson(k: Any) -> Any:
    return POISSON_BASE**k - 1.0


def _darroch(k: Any) -> Any:
    return k**2 / 2.0


def _gamma(k: Any) -> Any:
    return -np.log1p(k / GAMMA_SHAPE)


TERMS: dict[str, Callable[[Any], Any]] = {
    "poisson": _poisson,
    "darroch": _darroch,
    "gamma": _gamma,
}


@dataclass(frozen=True)
class Sightings:
    """Units by pattern, or by how often they were seen where that is all there is."""

    lists: tuple[str, ...]
    occasions: float
    times: IntArray  # of the cells
    values: FloatArray
    cells: IntArray | None  # patterns; None if only the number of sightings is known
    ordered: bool
    complete: bool  # no structural zeros

    @property
    def observed(self) -> float:
        """Units seen."""
        return float(self.values.sum())

    def by_times(self) -> tuple[IntArray, FloatArray, FloatArray]:
        """Numbers of sightings, units with them, and the log of the patterns that have them."""
        if self.cells is None:
            k = self.times.astype(np.float64)
            if math.isinf(self.occasions):
                return self.times, self.values, -gammaln(k + 1.0)
            return self.times, self.values, np.log(comb(self.occasions, k))
        times, place = np.unique(self.times, return_inverse=True)
        values = np.bincount(place, weights=self.values).astype(np.float64)
        return times, values, np.log(np.bincount(place).astype(np.float64))

    def member(self) -> FloatArray:
        """Which list each pattern is on, (cells, lists)."""
        assert self.cells is not None
        total = len(self.lists)
        columns = [_patterns.on_list(self.cells, j, total) for j in range(total)]
        return np.column_stack(columns).astype(np.float64)


@dataclass(frozen=True)
class Fit:
    """What a model says of a table."""

    code: str
    hidden: float
    error: float
    params: pd.Series[float]
    likelihood: Likelihood | None
    parameters: int = 0
    cells: int = 0
    fitted: FloatArray | None = None  # of the cells of the table
    bias: float = 0.0
    held: tuple[str, ...] = field(default=())


def read(histories: Any, model: str, occasions: Any) -> Sightings:
    """Take histories, or for M0 and Mh frequencies with their occasions."""
    if not isinstance(histories, CaptureHistories):
        return _of_frequencies(histories, model, occasions)
    if occasions is not None:
        raise InputError(
            _validate.sentence(
                "occasions",
                "left out with CaptureHistories",
                _validate.show(occasions),
                remedy="Pass histories.frequencies() to count occasions in another way.",
            )
        )
    total = len(histories.lists)
    ready = not histories.strata and not histories.is_banded
    if total > _models.MOST_LISTS and model in ("M0", "Mh") and ready:
        _whole(not histories.structural_zeros, model)
        return Sightings(
            lists=histories.lists,
            occasions=float(total),
            times=np.arange(1, total + 1),
            values=histories.frequencies().to_numpy(np.float64),
            cells=None,
            ordered=histories.ordered,
            complete=True,
        )
    counts = _models.exact_counts(histories)
    return Sightings(
        lists=histories.lists,
        occasions=float(total),
        times=np.bitwise_count(counts.cells).astype(np.int64),
        values=counts.values,
        cells=counts.cells,
        ordered=histories.ordered,
        complete=not histories.structural_zeros,
    )


def _of_frequencies(frequencies: Any, model: str, occasions: Any) -> Sightings:
    if model not in ("M0", "Mh"):
        raise InputTypeError(
            _validate.sentence(
                "histories",
                f"CaptureHistories for model {model!r}",
                f"a {type(frequencies).__name__}",
                remedy="Frequencies do not say which list: they suit models 'M0' and 'Mh'.",
            )
        )
    if occasions is None:
        raise InputError(
            _validate.sentence(
                "occasions",
                "given with frequencies",
                "None",
                remedy="Say how often a unit could have been seen, or math.inf.",
            )
        )
    if not isinstance(frequencies, Mapping) and np.ndim(frequencies) != 1:
        rule = "CaptureHistories, or one series of frequencies"
        got = f"a {type(frequencies).__name__} of {np.ndim(frequencies)} dimensions"
        raise InputTypeError(_validate.sentence("histories", rule, got))
    given = _frequencies.read(frequencies, occasions, None, "histories")
    given.check(given.inputs.flat[0], given.inputs.where)
    counts = given.inputs.flat[0]
    if not counts.any():
        raise InputError(_validate.sentence("histories", "of at least one unit", "none"))
    limit = given.occasions
    most = int(given.times[counts > 0].max()) if math.isinf(limit) else int(limit)
    times = np.arange(1, max(most, 2) + 1)
    values = np.zeros(len(times))
    inside = given.times <= times[-1]
    values[given.times[inside] - 1] = counts[inside]
    return Sightings((), limit, times, values, None, False, True)


def _whole(complete: bool, model: str) -> None:
    if not complete:
        raise InputError(
            _validate.sentence(
                "histories",
                f"without structural zeros for model {model!r}",
                "some",
                remedy="Models M0, Mt, Mh and Mth of at most 12 lists leave such patterns out.",
            )
        )


def check(sightings: Sightings, model: str, heterogeneity: str | None) -> None:
    """Refuse tables that a model cannot be asked of."""
    if model in BEHAVIOURAL:
        if not sightings.ordered:
            raise InputError(
                _validate.sentence(
                    "histories",
                    f"ordered in time for model {model!r}",
                    "lists without an order",
                    remedy="Lists side by side have no before and after; make the histories with "
                    "ordered=True if they are occasions.",
                )
            )
        _whole(sightings.complete, model)
    if heterogeneity == "normal":
        _whole(sightings.complete, f"{model} normal")
    least = {"Mh": 3, "Mth": 3, "Mbh": 3, "Mtb": 3}.get(model, 2)
    if sightings.occasions < least:
        raise InputError(
            _validate.sentence(
                "histories",
                f"of at least {least} lists for model {model!r}",
                f"{sightings.occasions:g}",
            )
        )


def fit(sightings: Sightings, model: str, heterogeneity: str | None) -> Fit:
    """Maximum likelihood."""
    if model in ("Mb", "Mbh"):
        return _removal(sightings, model)
    if model == "Mtb":
        return _time_behaviour(sightings)
    if heterogeneity == "normal":
        return _normal(sightings, model)
    return _log_linear(sightings, model, heterogeneity)


def table(
    sightings: Sightings, model: str, heterogeneity: str | None
) -> tuple[closed_design.Table, list[str]]:
    """Cells, design and names of the coefficients of a log-linear model."""
    if model in ("M0", "Mh"):
        times, values, offset = sightings.by_times()
        columns, names = [times[:, None].astype(np.float64)], ["sightings"]
    else:
        times, values = sightings.times, sightings.values
        offset = np.zeros(len(values))
        columns, names = [sightings.member()], list(sightings.lists)
    k = times.astype(np.float64)
    bounded = 0
    if heterogeneity == "chao":
        bends = range(3, int(times.max()) + 1)
        columns += [np.maximum(k - j + 1.0, 0.0)[:, None] for j in bends]
        names += [f"eta{j}" for j in bends]
        bounded = len(bends)
    elif heterogeneity is not None:
        columns.append(TERMS[heterogeneity](k)[:, None])
        names.append("tau")
    design = np.hstack([np.ones((len(k), 1)), *columns])
    bounds = np.zeros(design.shape[1], dtype=bool)
    bounds[design.shape[1] - bounded :] = True
    return closed_design.Table(values, design, offset, bounds), ["hidden", *names]


def _log_linear(sightings: Sightings, model: str, heterogeneity: str | None) -> Fit:
    cells, names = table(sightings, model, heterogeneity)
    scale = np.maximum(np.abs(cells.design).max(axis=0), 1.0)
    scaled = cells._replace(design=cells.design / scale)
    found = closed_design.solve(scaled)
    fitted = found.fitted
    if model in ("M0", "Mh") and sightings.cells is not None:
        place = np.unique(sightings.times, return_inverse=True)[1]
        fitted = (fitted / np.bincount(place))[place]
    hidden = found.hidden
    error = math.nan
    if found.code in ("ok", "boundary-finite"):
        error = math.sqrt(hidden + hidden**2 * found.variance)
    return Fit(
        code=found.code,
        hidden=hidden,
        error=error,
        params=pd.Series(found.coefficients / scale, index=names, name="effect"),
        likelihood=closed_design.profile(scaled),
        parameters=len(names) - int(found.held.sum()),
        cells=len(sightings.values),
        fitted=fitted,
        bias=found.bias,
        held=tuple(name for name, at in zip(names, found.held, strict=True) if at),
    )


def first_and_later(sightings: Sightings) -> tuple[FloatArray, FloatArray, IntArray]:
    """First sightings and later ones by occasion, and the first occasion of each pattern."""
    assert sightings.cells is not None
    member = sightings.member() > 0
    start = member.argmax(axis=1)
    total = len(sightings.lists)
    first = np.bincount(start, weights=sightings.values, minlength=total).astype(np.float64)
    later = sightings.values @ member - first
    return first, later, start.astype(np.int64)


def _removal(sightings: Sightings, model: str) -> Fit:
    first, later, start = first_and_later(sightings)
    free = 0 if model == "Mb" else 1
    rest = first[free:]
    before = float(first[:free].sum())
    names = ["chance", "chance after"] if model == "Mb" else ["first", "chance", "chance after"]
    missing = pd.Series(np.nan, index=names, name="parameter")
    if not rest.any():
        return Fit("not-identified", math.nan, math.nan, missing, None)
    found = removal.solve(rest)
    likelihood = removal.profile(rest, before)
    if found.code != "ok":
        return Fit(found.code, found.hidden, math.nan, missing, likelihood)
    remaining = len(first) - 1 - start
    again = float(later.sum()) / float(sightings.values @ remaining)
    expected = np.concatenate([first[:free], found.fitted])
    more = sightings.times - 1
    with np.errstate(divide="ignore", invalid="ignore"):
        chance = np.where(more > 0, again**more, 1.0) * (1.0 - again) ** (remaining - more)
    total = sightings.observed + found.hidden
    values = [found.chance, again] if model == "Mb" else [before / total, found.chance, again]
    return Fit(
        code="ok",
        hidden=found.hidden,
        error=found.error,
        params=pd.Series(values, index=names, name="parameter"),
        likelihood=likelihood,
        parameters=len(names) + 1,
        cells=len(sightings.values),
        fitted=expected[start] * chance,
    )


def _time_behaviour(sightings: Sightings) -> Fit:
    first, later, start = first_and_later(sightings)
    names = [*sightings.lists, "seen before"]
    if ((first + later) == 0.0).any() or not later.any():
        missing = pd.Series(np.nan, index=names, name="log odds")
        return Fit("not-identified", math.nan, math.nan, missing, None)
    data = time_behaviour.Sightings(first, later)
    found = time_behaviour.solve(data)
    params = pd.Series(found.coefficients, index=names, name="log odds")
    likelihood = time_behaviour.profile(data)
    if found.code != "ok":
        return Fit(found.code, found.hidden, math.nan, params, likelihood)
    member = sightings.member()
    seen_before = np.arange(len(first)) > start[:, None]
    predictor = found.coefficients[:-1] + found.coefficients[-1] * seen_before
    logs = (member * predictor - np.logaddexp(0.0, predictor)).sum(axis=1)
    return Fit(
        code="ok",
        hidden=found.hidden,
        error=found.error,
        params=params,
        likelihood=likelihood,
        parameters=len(names) + 1,
        cells=len(sightings.values),
        fitted=(sightings.observed + found.hidden) * np.exp(logs),
    )


def _normal(sightings: Sightings, model: str) -> Fit:
    if math.isinf(sightings.occasions):
        raise InputError(
            _validate.sentence("occasions", "finite with heterogeneity='normal'", "infinitely many")
        )
    occasions = int(sightings.occasions)
    times, values, _ = sightings.by_times()
    by_times = np.zeros(occasions)
    by_times[times - 1] = values
    if model == "Mh":
        sizes, names = np.array([times @ values]), ["log odds"]
    else:
        sizes, names = sightings.values @ sightings.member(), list(sightings.lists)
    names = [*names, "deviation"]
    simple = _log_linear(sightings, "M0" if model == "Mh" else "Mt", None)
    if simple.code != "ok" or not (sizes > 0).all():
        missing = pd.Series(np.nan, index=names, name="log odds")
        return Fit(simple.code, simple.hidden, math.nan, missing, simple.likelihood)
    data = mixed_logit.Table(sizes, by_times, occasions)
    found = mixed_logit.solve(data)
    start = np.append(found.log_odds, min(max(found.deviation, 0.3), 2.0))
    alike = found.code == "same-chances"
    fitted = None
    if found.code == "ok":
        logs = mixed_logit.terms(np.append(found.log_odds, found.deviation), data)[0]
        total = sightings.observed + found.hidden
        if sightings.cells is None:
            ways = np.log(comb(occasions, sightings.times))
            linear = found.log_odds[0] * sightings.times + ways
        elif model == "Mh":
            linear = found.log_odds[0] * sightings.times
        else:
            linear = sightings.member() @ found.log_odds
        fitted = total * np.exp(linear + logs[sightings.times])
    return Fit(
        code="boundary-finite" if alike else found.code,
        hidden=simple.hidden if alike else found.hidden,
        error=simple.error if alike else found.error,
        params=pd.Series(np.append(found.log_odds, found.deviation), index=names, name="log odds"),
        likelihood=mixed_logit.profile(data, start),
        parameters=len(names) + 1,
        cells=len(sightings.values),
        fitted=simple.fitted if alike else fitted,
        held=("deviation",) if alike else (),
    )


def criteria(sightings: Sightings, found: Fit) -> dict[str, Any]:
    """Fit of the table of all patterns, or of the frequencies if that is all there is."""
    if found.fitted is None:
        return {}
    y, mu, n = sightings.values, found.fitted, sightings.observed
    seen = y > 0
    likelihood = float((xlogy(y, mu) - mu - gammaln(y + 1.0)).sum())
    deviance = 2.0 * float((y[seen] * np.log(y[seen] / mu[seen])).sum() - (y - mu).sum())
    p = float(found.parameters)
    aic, spare = 2.0 * p - 2.0 * likelihood, n - p - 1.0
    return {
        "log_likelihood": likelihood,
        "deviance": max(deviance, 0.0),
        "df": found.cells - found.parameters,
        "aic": aic,
        "aicc": aic + 2.0 * p * (p + 1.0) / spare if spare > 0 else math.inf,
        "bic": p * math.log(n) - 2.0 * likelihood,
    }


def corrected(sightings: Sightings, model: str, heterogeneity: str | None) -> Fit:
    """Bias-corrected hidden number: a closed form, or the model fitted to counts moved a little."""
    t = sightings.occasions
    nothing: pd.Series[float] = pd.Series(dtype=np.float64, name="effect")
    least = {"Mb": 3, "Mbh": 4}.get(model, 2)
    unknown = model == "Mtb" or heterogeneity == "normal"
    if unknown or (model, heterogeneity) == ("Mth", "gamma") or t < least:
        name = model if heterogeneity is None else f"{model} {heterogeneity}"
        many = f" of fewer than {least} occasions" if t < least else ""
        raise InputError(
            _validate.sentence(
                "bias_corrected",
                f"False for model {name}{many}",
                "True",
                remedy="No correction is known for it.",
            )
        )
    if model in ("Mb", "Mbh"):
        first = first_and_later(sightings)[0][0 if model == "Mb" else 1 :]
        moved = removal.solve(bias_adjustment.first_sightings(first))
        gap = moved.hidden + float(bias_adjustment.first_sightings(first).sum() - first.sum())
        return Fit(moved.code, gap, moved.error, nothing, None)
    if model == "Mt":
        sizes = sightings.values @ sightings.member()
        if len(sizes) == 2:
            both = float(sightings.values[sightings.times == 2].sum())
            lists = [np.array([x]) for x in (*sizes, both)]
            total = float(two_list.chapman(*lists)[0])
            error = math.sqrt(float(two_list.chapman_variance(*lists)[0]))
            return Fit("ok", total - sightings.observed, error, nothing, None)
        hidden, error = bias_adjustment.by_list(sizes, sightings.observed)
        return Fit("ok", hidden, error, nothing, None)
    if (model, heterogeneity) == ("Mh", "chao"):
        times, values, _ = sightings.by_times()
        once, twice = (np.array([values[times == k].sum()]) for k in (1, 2))
        seen = np.array([sightings.observed])
        hidden_, error_ = repeat_counts.chao_bias_corrected(once, twice, seen, t)
        return Fit("ok", float(hidden_[0]), float(error_[0]), nothing, None)
    cells, _ = table(sightings, model, heterogeneity)
    if model == "M0":
        moves = bias_adjustment.alike()
    elif model == "Mh":
        assert heterogeneity is not None
        moves = bias_adjustment.by_times(TERMS[heterogeneity])
    else:
        assert heterogeneity is not None
        moves = bias_adjustment.by_pattern(heterogeneity, int(t))
    times = sightings.by_times()[0] if model in ("M0", "Mh") else sightings.times
    counts = cells.counts.copy()
    for k, move in enumerate(moves, start=1):
        counts[times == k] += move
    scale = np.maximum(np.abs(cells.design).max(axis=0), 1.0)
    found = closed_design.solve(
        cells._replace(counts=np.maximum(counts, 0.0), design=cells.design / scale)
    )
    error = math.nan
    if found.code in ("ok", "boundary-finite"):
        error = math.sqrt(found.hidden + found.hidden**2 * found.variance)
    return Fit(found.code, found.hidden, error, nothing, None)
