"""Bootstrap of a population size that redoes the selection of its model in every replicate."""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass
from typing import Any, NamedTuple, cast

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from countylines import _validate, resampling
from countylines._kernels import bca, facial_set
from countylines._progress import reporter
from countylines._typing import RNG, Alternative, Progress
from countylines.capture_recapture import _models
from countylines.capture_recapture._fits import fit_models
from countylines.capture_recapture._loglinear_bootstrap import suppressed, suppression_rule
from countylines.capture_recapture._selection import Chooser, Chosen
from countylines.capture_recapture.selection_bootstrap import SelectionBootstrap
from countylines.errors import (
    ApproximationWarning,
    ConvergenceError,
    CountyLinesWarning,
    InputError,
    SparseDataWarning,
    warn,
)
from countylines.results import Note, PopulationEstimate

BoolArray = NDArray[np.bool_]
FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

KINDS = ("semiparametric", "parametric", "conditional")
INTERVALS = ("percentile", "basic", "bca")
LEAST_REPLICATES = 99
BATCH = 128
UNSTABLE = 0.05
_MODELS_NAMED = 3
_LARGEST_POPULATION = 2.0**62
REFERENCES = {
    "semiparametric": ("norris1996", "buckland1991"),
    "parametric": ("norris1996", "buckland1991"),
    "conditional": ("silverman2024",),
}


@dataclass(frozen=True)
class Request:
    """What was asked for, checked."""

    kind: str
    interval: str
    replicates: int
    level: float
    alternative: Alternative
    rng: RNG
    progress: Progress


def request(
    kind: Any,
    interval: Any,
    replicates: Any,
    level: Any,
    alternative: Any,
    rng: RNG,
    progress: Progress,
) -> Request:
    """Check the arguments that every bootstrap of a selection has."""
    return Request(
        _validate.option("kind", kind, KINDS),
        _validate.option("interval", interval, INTERVALS),
        _validate.whole_number("replicates", replicates, low=LEAST_REPLICATES),
        _validate.level(level),
        cast(Alternative, _validate.alternative(alternative)),
        _validate.generator(rng),
        progress,
    )


class Population(NamedTuple):
    """What replicates are drawn from: how many units, and the shares of the cells."""

    size: int
    shares: FloatArray  # of the cells, the hidden one last


def population(kind: str, counts: FloatArray, fitted: FloatArray, hidden: float) -> Population:
    """The population of a kind of bootstrap; `hidden` is finite."""
    if kind == "conditional":
        weights = np.append(counts, 0.0)
    else:
        weights = np.append(counts if kind == "semiparametric" else fitted, hidden)
    total = float(weights.sum())
    return Population(round(total), weights / total)


def draw(source: Population, generator: np.random.Generator, size: int) -> FloatArray:
    """Tables of the cells that can be seen, (size, cells)."""
    tables = generator.multinomial(source.size, source.shares, size=size)
    return tables[:, :-1].astype(np.float64)


def left_out(counts: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Each table without one unit of an occupied cell, and how many units that cell has."""
    occupied = np.flatnonzero(counts > 0)
    tables = np.tile(counts, (len(occupied), 1))
    tables[np.arange(len(occupied)), occupied] -= 1.0
    return tables, counts[occupied]


def jackknife(
    kind: str, weights: FloatArray, chosen: Chosen, estimate: float
) -> tuple[FloatArray, FloatArray]:
    """Totals without one unit, and for how many units each stands.

    Where the hidden units are resampled too, each of them is an observation, and leaving one out
    changes nothing that is seen.
    """
    totals = chosen.seen + chosen.hidden
    if kind == "conditional":
        return totals, weights
    return np.append(totals, estimate), np.append(weights, estimate - weights.sum())


def distinct(choose: Chooser, low: FloatArray, high: FloatArray | None = None) -> Chosen:
    """`choose` for the distinct tables only."""
    both = low if high is None else np.hstack([low, high])
    rows, back = np.unique(both, axis=0, return_inverse=True)
    cells = low.shape[1]
    try:
        found = choose(rows[:, :cells], None if high is None else rows[:, cells:])
    except ArithmeticError as error:
        raise ConvergenceError("A log-linear fit of a replicate did not converge.") from error
    at = back.ravel()
    return Chosen(found.masks[at], found.code[at], found.hidden[at], found.seen[at])


def bootstrap(
    choose: Chooser,
    original: PopulationEstimate,
    counts: _models.Counts,
    lists: tuple[str, ...],
    terms: IntArray,
    asked: Request,
    *,
    method: str,
    notes: tuple[Note, ...],
    references: tuple[str, ...],
) -> SelectionBootstrap:
    """The estimate of `original` with limits that redo the selection in every replicate."""
    least, most = float(counts.low.sum()), float(counts.high.sum())
    hidden = float(original.hidden.estimate)
    if asked.kind != "conditional" and hidden + most > _LARGEST_POPULATION:
        raise InputError(
            _validate.sentence(
                "kind", "'conditional' for so large a hidden number", repr(asked.kind)
            )
        )
    mask = np.isin(terms, _models.parse(original.generators, lists).terms)
    fitted, expected = _fitted(original, counts, lists)
    source = population(asked.kind, expected, fitted, hidden)
    found = _replicated(choose, source, asked, suppression_rule(counts))
    totals = found.seen + found.hidden
    limits = _limits(choose, counts, totals, float(original.estimate), asked)
    low, high = max(limits.low, least), max(limits.high, least)
    models = _models_table(found, totals, terms, lists, mask)
    changed = 1.0 - float(models["share"][models["selected"]].sum())
    facts = _facts(asked, limits, least, found, changed, models)
    shared: dict[str, Any] = {
        "standard_error": _spread(totals),
        "level": asked.level,
        "interval_method": f"{asked.kind} bootstrap, {asked.interval}",
        "alternative": asked.alternative,
        "references": tuple(
            dict.fromkeys((*references, *REFERENCES[asked.kind], *limits.references))
        ),
    }
    values = {
        f.name: getattr(original, f.name)
        for f in dataclasses.fields(PopulationEstimate)
        if f.name != "_recompute"
    }
    values |= shared
    values |= {
        "method": method,
        "low": low,
        "high": high,
        "hidden": dataclasses.replace(
            original.hidden,
            low=max(low - most, 0.0),
            high=high - least,
            method=method,
            _recompute=None,
            **shared,
        ),
        "notes": (*notes, *facts),
        "draws": totals[None, :],
        "models": models,
        "verdicts": _verdicts_table(found),
    }
    return SelectionBootstrap(**values)


def _fitted(
    original: PopulationEstimate, counts: _models.Counts, lists: tuple[str, ...]
) -> tuple[FloatArray, FloatArray]:
    """Fitted values of the cells under the model of the estimate, and the counts, bands filled."""
    model = _models.parse(original.generators, lists)
    masks = np.ones((1, len(model.terms)), dtype=bool)
    found = fit_models(counts, model.terms, masks)
    return found.fits.fitted[0], found.expected[0]


def _replicated(
    choose: Chooser,
    source: Population,
    asked: Request,
    rule: tuple[float, float] | None,
) -> Chosen:
    """Models selected in all replicates, their small counts hidden by the rule, if there is one."""
    report = reporter(asked.progress, "replicates")
    done = 0

    def statistic(tables: FloatArray) -> FloatArray:
        nonlocal done
        chosen = distinct(choose, *suppressed(tables, rule))
        done += len(tables)
        report(done, asked.replicates)
        numbers = [chosen.seen, chosen.hidden, chosen.code.astype(np.float64)]
        return np.column_stack([*numbers, chosen.masks.astype(np.float64)])

    rows = resampling.replicate(
        lambda generator, size: draw(source, generator, size),
        statistic,
        replicates=asked.replicates,
        rng=asked.rng,
        batch=BATCH,
    )
    return Chosen(rows[:, 3:] > 0, rows[:, 2].astype(np.int64), rows[:, 1], rows[:, 0])


def _limits(
    choose: Chooser,
    counts: _models.Counts,
    totals: FloatArray,
    estimate: float,
    asked: Request,
) -> resampling.ReplicateInterval:
    options: dict[str, Any] = {}
    if asked.interval == "bca":
        if counts.is_banded:
            raise _no_bca("a band does not say from which cell one unit is left out")
        tables, weights = left_out(counts.values)
        chosen = distinct(choose, tables)
        without, times = jackknife(asked.kind, weights, chosen, estimate)
        if not np.isfinite(without).all():
            raise _no_bca("without some one unit the counts put no upper limit on the total")
        if not math.isfinite(bca.bias(totals[~np.isnan(totals)], estimate)):
            raise _no_bca("all replicates lie on one side of the estimate")
        options = {"jackknife": without, "jackknife_weights": times}
    return resampling.interval(
        totals,
        estimate,
        level=asked.level,
        kind=asked.interval,
        alternative=asked.alternative,
        undefined="widen",
        **options,
    )


def _no_bca(why: str) -> InputError:
    return InputError(
        _validate.sentence(
            "interval",
            "'percentile' or 'basic' for these counts",
            "'bca'",
            remedy=f"The correction is not defined, because {why}.",
        )
    )


def _spread(totals: FloatArray) -> float:
    """Standard deviation of the replicates: infinite or undefined as soon as one of them is."""
    if np.isnan(totals).any():
        return math.nan
    return math.inf if np.isinf(totals).any() else float(np.std(totals, ddof=1))


def _models_table(
    found: Chosen, totals: FloatArray, terms: IntArray, lists: tuple[str, ...], mine: BoolArray
) -> pd.DataFrame:
    masks, which, times = np.unique(found.masks, axis=0, return_inverse=True, return_counts=True)
    order = np.argsort(-times, kind="stable")
    rows = []
    for i in order:
        model = _models.Model(lists, terms[masks[i]])
        inside = totals[which.ravel() == i]
        rows.append(
            {
                "model": model.formula,
                "generators": model.generators,
                "replicates": int(times[i]),
                "share": times[i] / len(totals),
                "median": float(np.median(inside)),
                "selected": bool((masks[i] == mine).all()),
            }
        )
    return pd.DataFrame(rows)


def _verdicts_table(found: Chosen) -> pd.DataFrame:
    codes, times = np.unique(found.code, return_counts=True)
    return pd.DataFrame(
        {
            "code": [facial_set.CODES[c] for c in codes],
            "estimable": codes <= facial_set.BOUNDARY_FINITE,
            "replicates": times,
            "share": times / len(found.code),
        }
    )


_KIND_WORDS: dict[str, str] = {
    "semiparametric": "Each replicate draws the estimated number of units, seen and hidden, from "
    "the observed shares of the cells with the hidden cell filled in.",
    "parametric": "Each replicate draws the estimated number of units, seen and hidden, from the "
    "cell probabilities of the selected model.",
    "conditional": "Each replicate draws the observed units alone, so their number does not vary: "
    "the interval is too short where much of the population is seen.",
}


def _facts(
    asked: Request,
    limits: resampling.ReplicateInterval,
    observed: float,
    found: Chosen,
    changed: float,
    models: pd.DataFrame,
) -> tuple[Note, ...]:
    lost = float(np.mean(found.code > facial_set.BOUNDARY_FINITE))
    notes = [
        Note(
            "selection-redone",
            f"The model was selected anew in each of {asked.replicates:,} replicates; "
            f"{changed:.0%} of them selected another model. {_KIND_WORDS[asked.kind]}",
        ),
        Note("models-selected", _most_often(models)),
        *limits.notes,
    ]
    if lost > UNSTABLE:
        text = (
            f"{lost:.0%} of the replicates have no finite estimate: the counts barely put an upper "
            "limit on the hidden number."
        )
        notes.append(_warned("replicates-without-estimate", text, SparseDataWarning))
    if changed > UNSTABLE and asked.interval == "bca":
        text = (
            f"{changed:.0%} of the replicates selected another model, so the estimate jumps where "
            "the BCa correction takes it to be smooth: its limits are no better than others."
        )
        notes.append(_warned("bca-not-smooth", text, ApproximationWarning))
    if min(limits.low, limits.high) < observed and asked.alternative != "less":
        text = f"A limit below the {observed:,.0f} units seen was set to that number."
        notes.append(Note("limit-below-observed", text))
    return tuple(notes)


def _most_often(models: pd.DataFrame) -> str:
    """The models selected in most replicates, with the median of their totals."""
    named = models[models["model"] != ""]
    first = [
        f"{row.model} ({row.share:.0%}, median total {row.median:,.0f})"
        for row in named.head(_MODELS_NAMED).itertuples()
    ]
    rest = len(named) - len(first)
    more = f"; and {rest:,} other{'s' if rest > 1 else ''}" if rest > 0 else ""
    return f"Selected most often: {'; '.join(first) or 'none'}{more}."


def _warned(code: str, text: str, category: type[CountyLinesWarning]) -> Note:
    warn(text, category)
    return Note(code, text)
