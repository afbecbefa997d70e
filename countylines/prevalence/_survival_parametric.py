"""Parametric curves of one group: exponential, Weibull, log-normal, log-logistic, piecewise."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from countylines import _render, _validate
from countylines._curves import Curve
from countylines._kernels import parametric_survival, piecewise_exponential
from countylines._kernels.maximum_likelihood import Maximum, recession
from countylines._kernels.parametric_survival import FAMILIES
from countylines._smooth_curves import PiecewiseCurve, ScaledCurve, UnknownCurve
from countylines.errors import DegenerateDataWarning, InputError
from countylines.prevalence._survival_design import Covariate
from countylines.prevalence._survival_fit import Fact, Fit
from countylines.prevalence._survival_input import FloatArray, Spells, rows
from countylines.results import OK, Verdict

TIMES = 101
FEW_PIECES = 200


def fitted(
    spells: Spells,
    *,
    model: str,
    covariates: tuple[Covariate, ...],
    design: FloatArray,
    life: FloatArray,
    words: str,
    breaks: FloatArray | None,
    level: float,
) -> Fit:
    """Maximum likelihood, or the reason why there is none."""
    labels = [label for c in covariates for label in c.labels]
    facts = []
    if words:
        facts.append(Fact("drawn-for", f"The curve is that of a life with {words}."))
    if spells.truncated:
        first = _render.number(float(np.min(spells.entry)))
        if np.all(spells.entry > 0.0):
            text = f"No life was watched before {first}: there the curve is the model's alone."
            facts.append(Fact("extrapolated", text))
    if model == "piecewise":
        assert breaks is not None
        found = _piecewise(spells, design, breaks, labels)
    else:
        if np.any(spells.exact & (spells.lower == 0.0)):
            got = f"0{rows(spells.exact & (spells.lower == 0.0))}"
            raise InputError(
                _validate.sentence(
                    "duration",
                    f"above 0 with model={model!r}",
                    got,
                    remedy="A life of no length has no chance under it: give `lower` 0 and `upper` "
                    "the length that the record cannot tell from 0, such as a day.",
                )
            )
        found = _scaled(spells, model, design, labels)
    names, used, maximum, verdict, more = found
    curve: Curve = UnknownCurve(verdict)
    if verdict.estimable:
        parts = (maximum.value, maximum.covariance)
        if model == "piecewise":
            assert breaks is not None
            curve = PiecewiseCurve(*parts, life[1:], breaks, used[: breaks.size + 1], level)
        else:
            curve = ScaledCurve(model, *parts, life, level)
    else:
        facts.append(Fact("no-maximum", " ".join(verdict.reasons), DegenerateDataWarning))
    last = np.where(np.isfinite(spells.upper), spells.upper, spells.lower)
    time = np.linspace(0.0, float(np.max(last)), TIMES)
    shown = curve.at(time)
    count, n = len(names), spells.lower.size
    log = maximum.log_likelihood
    existing = verdict.estimable
    index = pd.Index(names, name="parameter")
    return Fit(
        curve,
        time,
        shown.estimate,
        shown.standard_error,
        shown.low,
        shown.high,
        n=n,
        verdict=verdict,
        facts=(*facts, *more),
        params=pd.Series(_filled(maximum.value, used, existing), index=index),
        covariance=pd.DataFrame(
            _widened(maximum.covariance, used, existing), index=index, columns=index
        ),
        log_likelihood=log if existing else np.nan,
        aic=2.0 * count - 2.0 * log if existing else np.nan,
        bic=count * np.log(n) - 2.0 * log if existing else np.nan,
    )


Found = tuple[list[str], NDArray[np.bool_], Maximum, Verdict, list[Fact]]


def _scaled(spells: Spells, model: str, design: FloatArray, labels: list[str]) -> Found:
    names = ["intercept", *labels] + (["log(scale)"] if FAMILIES[model].scaled else [])
    used = np.ones(len(names), dtype=bool)
    full = np.column_stack([np.ones(len(design)), design])
    if not (spells.exact | (spells.ended & (spells.lower > 0.0))).any() or labels:
        fixed, pushed = parametric_survival.directions(spells.lower, spells.upper, full)
        way = recession(fixed, pushed) if pushed.size else None
        if way is not None:
            return names, used, _nothing(len(names)), _endless(spells, names, way), []
    maximum = parametric_survival.fit(model, spells.entry, spells.lower, spells.upper, full)
    return names, used, maximum, _verdict(maximum), []


def _piecewise(spells: Spells, design: FloatArray, breaks: FloatArray, labels: list[str]) -> Found:
    edges = [0.0, *breaks]
    names = [
        f"log(hazard) {start:g} to {end:g}"
        for start, end in zip(edges, [*breaks, np.inf], strict=True)
    ]
    names += labels
    pieces = piecewise_exponential.Pieces.of(
        spells.entry, spells.lower, spells.upper, design, breaks
    )
    within = pieces.within.sum(axis=0) > 0.0
    used = (pieces.ends > 0) | within
    watched = pieces.known.sum(axis=0) + pieces.within.sum(axis=0)
    everything = np.append(used, np.ones(len(labels), dtype=bool))
    empty = [name for name, time in zip(names, watched, strict=False) if time == 0.0]
    if empty:
        got = f"nothing watched in {empty[0].removeprefix('log(hazard) ')}"
        rule = "times between which lives were watched"
        raise InputError(_validate.sentence("breaks", rule, got))
    if not used.any():
        verdict = Verdict(False, "not-identified", ("No spell ended.",))
        return names, everything, _nothing(int(everything.sum())), verdict, []
    if labels:
        verdict = _runs_away(spells, design, breaks, pieces, used, everything, names)
        if not verdict.estimable:
            return names, everything, _nothing(int(everything.sum())), verdict, []
    maximum = piecewise_exponential.fit(
        spells.entry, spells.lower, spells.upper, design, breaks, used
    )
    facts = []
    none = [
        name.removeprefix("log(hazard) ")
        for name, some in zip(names, used, strict=False)
        if not some
    ]
    if none:
        text = f"Nothing ended in {', '.join(none)}: the hazard there is 0, without limits."
        facts.append(Fact("hazard-zero", text))
    return names, everything, maximum, _verdict(maximum), facts


def _runs_away(
    spells: Spells,
    design: FloatArray,
    breaks: FloatArray,
    pieces: piecewise_exponential.Pieces,
    used: NDArray[np.bool_],
    kept: NDArray[np.bool_],
    names: list[str],
) -> Verdict:
    """Whether hazards and coefficients can move for ever without a loss."""
    fixed, pushed = piecewise_exponential.directions(pieces, spells.lower, spells.upper)
    exact = spells.exact
    ended = np.zeros((int(exact.sum()), len(names)))
    place = piecewise_exponential.piece_of(spells.lower[exact], breaks)
    ended[np.arange(place.size), place] = 1.0
    ended[:, used.size :] = design[exact]
    held = np.unique(np.concatenate([fixed, ended]), axis=0)
    pushed = pushed[~np.any(pushed[:, np.flatnonzero(~used)] != 0.0, axis=1)]
    way = recession(held[:, kept], pushed[:, kept]) if pushed.size else None
    if way is None:
        return OK
    return _endless(spells, [name for name, use in zip(names, kept, strict=True) if use], way)


def _nothing(count: int) -> Maximum:
    return Maximum(np.full(count, np.nan), np.nan, np.full((count, count), np.nan), np.nan, False)


def _verdict(maximum: Maximum) -> Verdict:
    if maximum.found:
        return OK
    text = (
        "The likelihood has no maximum that the data fix: it is largest at an end of the "
        "parameters, as where all lives end at one time."
    )
    return Verdict(False, "not-identified", (text,))


def _endless(spells: Spells, names: Sequence[str], way: FloatArray) -> Verdict:
    """Why the likelihood grows for ever."""
    if not spells.ended.any():
        return Verdict(False, "not-identified", ("No spell ended.",))
    if np.all(spells.ended & (spells.lower == 0.0)):
        return Verdict(False, "not-identified", ("No spell is known to have lasted any time.",))
    moved = [name for name, size in zip(names, way, strict=False) if abs(size) > 1e-7]
    text = (
        f"The likelihood grows without end along {' and '.join(moved)}: a value of it goes with no "
        "end, or with nothing but ends, among the spells."
    )
    return Verdict(False, "not-identified", (text,))


def _filled(values: FloatArray, used: NDArray[np.bool_], existing: bool) -> FloatArray:
    full = np.full(used.size, -np.inf)
    full[used] = values
    return full if existing else np.full(used.size, np.nan)


def _widened(matrix: FloatArray, used: NDArray[np.bool_], existing: bool) -> FloatArray:
    full = np.full((used.size, used.size), np.nan)
    if existing:
        full[np.ix_(used, used)] = matrix
    return full


def checked_breaks(value: Any) -> FloatArray:
    """Times at which the hazard may change."""
    if value is None:
        raise InputError(
            _validate.sentence(
                "breaks", "given with model='piecewise'", "None", remedy="For example [30, 90]."
            )
        )
    breaks = np.atleast_1d(np.asarray(value))
    _validate.not_empty("breaks", breaks.size)
    _validate.numeric_dtype("breaks", breaks.dtype)
    breaks = breaks.astype(np.float64).ravel()
    _validate.exposure("breaks", breaks)
    if np.any(np.diff(breaks) <= 0.0) or breaks.size > FEW_PIECES:
        rule = f"rising times, at most {FEW_PIECES}"
        raise InputError(_validate.sentence("breaks", rule, _validate.show(breaks.tolist())))
    return breaks
