"""Quantities that come in as numbers, as bands or as estimates, and formulas made of them.

A band gives a range of answers, an estimate an interval. Formulas here are monotone in each of
their arguments, so that the ends of a range are found at the ends of the bands; intervals of
estimates that are independent of each other are joined on the log scale.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from countylines import _labels, _validate
from countylines._kernels import poisson
from countylines.bands import Band
from countylines.errors import InputError, InputTypeError
from countylines.results import OK, Estimate, Note, Verdict, verdict_array

FloatArray = NDArray[np.float64]
Formula = Callable[..., FloatArray]

VERDICTS = (
    OK,
    Verdict(False, "not-identified", ("What is given as a range leaves a range of answers.",)),
)
STEADY = Note(
    "steady-state",
    "Holds where openings come at a constant rate and lives do not change; only their mean enters.",
)
EXPECTED = Note(
    "expected-number",
    "The interval is for the expected number, not for a count that is yet to be made.",
)
INDEPENDENT = Note("independent", "The estimates that went in are taken as independent.")


def answer(
    quantity: str,
    formula: Formula,
    values: Mapping[str, Any],
    *,
    above_zero: tuple[str, ...] = (),
    poisson: str | None = None,
    level: float = 0.95,
    unit: str = "",
    notes: tuple[Note, ...] = (STEADY,),
    references: tuple[str, ...] = ("little1961",),
) -> Estimate:
    """The formula of the values, with the range and the interval that theirs leave.

    `values` are in the order of the formula's arguments. Those in `above_zero` must not be 0. The
    one named by `poisson` is a count with Poisson limits of its own.
    """
    level = _validate.level(level)
    given: dict[str, Any] = {}
    kinds: dict[str, str] = {}
    for name, value in values.items():
        kinds[name] = _take(given, name, value, level)
    if poisson is not None:
        if kinds[poisson] != "number":
            raise InputError(
                f"`{poisson}` must be a number where it is taken as a Poisson count, got "
                f"{'a band' if kinds[poisson] == 'band' else 'an estimate'}. Use poisson=False."
            )
        kinds[poisson] = "poisson"
    inputs = _labels.align(**given)

    def check(*parts: Any) -> None:
        *flat, where = parts
        for name, array in zip(inputs.names, flat, strict=True):
            _check(name, array, where, kinds, above_zero, poisson)

    def kernel(*flat: FloatArray) -> tuple[NDArray[Any], ...]:
        named = dict(zip(inputs.names, flat, strict=True))
        return _combine(formula, named, kinds, level)

    out = inputs.apply(
        kernel,
        outputs=["estimate", "low", "high", "region_low", "region_high", "verdict"],
        check=check,
        dtypes={"verdict": object},
    )
    random = sorted(name for name, kind in kinds.items() if kind in ("estimate", "poisson"))
    ranged = any(kind == "band" for kind in kinds.values())
    if random:
        notes += (EXPECTED,) if poisson else ()
        notes += (INDEPENDENT,) if len(random) > 1 else ()
    if not ranged and random:
        out = {**out, "region_low": None, "region_high": None}
    return Estimate(
        quantity=quantity,
        method="stock and flow",
        level=level if random else None,
        interval_kind="confidence" if random else "identification",
        interval_method=_words(random, ranged),
        unit=unit,
        notes=notes,
        references=references + (("donner2012",) if random else ()),
        **out,
    )


def _words(random: list[str], ranged: bool) -> str:
    if random and ranged:
        return "limits joined on the log scale, round the range that the bands leave"
    if random:
        return "limits joined on the log scale"
    return "range over the bands" if ranged else "arithmetic"


def _take(given: dict[str, Any], name: str, value: Any, level: float) -> str:
    """Put a value among the arguments, with its ends if it has some; say which kind it is."""
    if isinstance(value, Band):
        given |= {f"{name}.low": value.low, f"{name}.high": value.high}
        return "band"
    if not isinstance(value, Estimate):
        given[name] = value
        return "number"
    if value.interval_kind == "identification":
        raise InputTypeError(
            _validate.sentence(
                name,
                "an estimate with an interval of some probability",
                "an identified range",
                remedy="Pass countylines.Band(low, high) of its ends.",
            )
        )
    if value.level != level or value.alternative != "two-sided":
        got = f"one at level {value.level} ({value.alternative})"
        rule = f"an estimate with a two-sided interval at level {level:g}"
        remedy = f"Make it again, or pass level={value.level}."
        raise InputError(_validate.sentence(name, rule, got, remedy=remedy))
    given |= {name: value.estimate, f"{name}.low": value.low, f"{name}.high": value.high}
    return "estimate"


def _check(
    name: str,
    values: FloatArray,
    where: _validate.Where,
    kinds: Mapping[str, str],
    above_zero: tuple[str, ...],
    poisson: str | None,
) -> None:
    base, _, end = name.partition(".")
    if name == poisson:
        _validate.counts(name, values, where)
        return
    if kinds[base] == "estimate" and np.isnan(values).any():
        rule = "an estimate that exists"
        remedy = "Its verdict says why; for a range pass countylines.Band of its ends."
        gone = np.isnan(values)
        raise InputError(_validate.sentence(base, rule, "nan", where(gone), remedy))
    if end == "high":
        values = np.where(np.isposinf(values), 1.0, values)
    _validate.exposure(name, values, where, zero=True)
    if base in above_zero and not (end == "low" and kinds[base] == "estimate"):
        _validate.exposure(name, values, where)


def _combine(
    formula: Formula, named: Mapping[str, FloatArray], kinds: Mapping[str, str], level: float
) -> tuple[NDArray[Any], ...]:
    bands = [name for name, kind in kinds.items() if kind == "band"]
    corners = []
    for ends in itertools.product((".low", ".high"), repeat=len(bands)):
        chosen = dict(zip(bands, ends, strict=True))
        centre = {name: named[name + chosen.get(name, "")] for name in kinds}
        corners.append(_interval(formula, centre, named, kinds, level))
    values, lows, highs = (np.array(part) for part in zip(*corners, strict=True))
    region_low, region_high = values.min(axis=0), values.max(axis=0)
    known = region_low == region_high
    estimate = np.where(known, region_low, np.nan)
    verdict = verdict_array(np.where(known, 0, 1), VERDICTS)
    return estimate, lows.min(axis=0), highs.max(axis=0), region_low, region_high, verdict


def _interval(
    formula: Formula,
    centre: Mapping[str, FloatArray],
    named: Mapping[str, FloatArray],
    kinds: Mapping[str, str],
    level: float,
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Value and limits, from those of each estimate with the others held at their values."""
    value = formula(*centre.values())
    below = above = zero_above = np.zeros_like(value)
    for name, kind in kinds.items():
        if kind not in ("estimate", "poisson"):
            continue
        low, high = (
            (named[f"{name}.low"], named[f"{name}.high"])
            if kind == "estimate"
            else poisson.METHODS["exact"].limits(
                named[name], np.ones_like(named[name]), level=level, alternative="two-sided"
            )
        )
        ends = [formula(*{**centre, name: end}.values()) for end in (low, high)]
        with np.errstate(divide="ignore", invalid="ignore"):
            logs = np.log(value), np.log(np.minimum(*ends)), np.log(np.maximum(*ends))
            below = below + np.where(value > 0, logs[0] - logs[1], 0.0) ** 2
            above = above + np.where(value > 0, logs[2] - logs[0], 0.0) ** 2
        zero_above = zero_above + np.where(value > 0, 0.0, np.maximum(*ends)) ** 2
    low = value * np.exp(-np.sqrt(below))
    high = np.where(value > 0, value * np.exp(np.sqrt(above)), np.sqrt(zero_above))
    return value, low, high
