"""Indices of how unevenly counts are spread over areas: their chance part, limits, and a test."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from countylines import _labels, _validate, resampling
from countylines.disproportionality._two_groups import NOT_A_CAUSE
from countylines.errors import InputError, InputTypeError
from countylines.results import OK, Estimate, Note, Verdict

FloatArray = NDArray[np.float64]
Index = Callable[[FloatArray], FloatArray]
Draw = Callable[[np.random.Generator, int], FloatArray]
Stretched = Callable[[float], tuple[FloatArray, Draw]]

INVERSION = "test inversion by simulation"
STEPS = 12
FARTHEST = 3.0  # times the unevenness seen
CORRECTIONS = ("bootstrap", "none")
NO_EVENT = Verdict(False, "no-data", ("There is no event: nothing is spread over the areas.",))


def read(**data: Any) -> dict[str, FloatArray]:
    """One row of areas: counts, and sizes above 0 under the name of `size`."""
    inputs = _labels.align(**data)
    if inputs.kind == "scalar" or inputs.is_lazy or len(np.shape(inputs.template)) != 1:
        rule = "one series of counts in memory, one an area"
        raise InputTypeError(_validate.sentence(inputs.names[0], rule, "another shape"))
    columns = dict(zip(inputs.names, inputs.flat, strict=True))
    for name, values in columns.items():
        test = _validate.exposure if name == "size" else _validate.counts
        test(name, values, inputs.where)
        if values.size < 2:
            raise InputError(_validate.sentence(name, "of at least two areas", "one"))
    return columns


def between(even: FloatArray, seen: FloatArray, factor: float) -> FloatArray:
    """Shares that are as far from even as those seen times a factor, none below 0."""
    share: FloatArray = np.maximum(even + factor * (seen - even), 0.0)
    scaled: FloatArray = share / share.sum()
    return scaled


def index_estimate(
    quantity: str,
    plain: float,
    *,
    index: Index,
    again: Draw,
    even: Draw,
    stretched: Stretched,
    top: float,
    n: int,
    expected: float | None = None,
    correction: str,
    level: float,
    replicates: int,
    rng: Any,
    references: tuple[str, ...],
) -> Estimate:
    """An index with the bias that chance gives it taken off, and a test of evenness."""
    _validate.option("correction", correction, CORRECTIONS)
    level = _validate.level(level)
    replicates = _validate.whole_number("replicates", replicates, low=99)
    generator = _validate.generator(rng)
    if np.isnan(plain):
        return Estimate(
            quantity, np.nan, 0.0, top, quantity, level=level, n=n, verdict=NO_EVENT,
            interval_method=INVERSION, references=references, notes=(NOT_A_CAUSE,),
        )  # fmt: skip
    run = functools.partial(resampling.replicate, replicates=replicates)
    first, second, third = generator.spawn(3)
    values = run(again, index, rng=first)[:]
    under_even = run(even, index, rng=second)
    bias = float(values.mean()) - plain
    corrected = float(np.clip(plain - bias, 0.0, top))
    estimate = corrected if correction == "bootstrap" else plain
    mean = float(under_even.mean()) if expected is None else expected
    p = (1.0 + float((under_even >= plain - 1e-12).sum())) / (1.0 + replicates)
    low, high = _limits(plain, index, stretched, run, (1.0 - level) / 2.0, p, top, third)
    less_than_chance = high <= 0.0
    low, high = min(low, estimate), max(high, estimate)
    notes: tuple[Note, ...] = (
        NOT_A_CAUSE,
        Note(
            "chance-part",
            f"The index of the counts themselves is {plain:.4g}; where chance alone makes them "
            f"uneven it is {mean:.4g} on average.",
        ),
        Note("evenness", f"P-value of evenness: {p:.3g} ({replicates:,} tables drawn)."),
    )
    if less_than_chance:
        text = (
            "Counts are even more even than chance alone makes likely: no true index fits, and the "
            "interval is an empty one, not a certain one."
        )
        notes = (*notes, Note("less-than-chance", text))
    return Estimate(
        quantity=quantity,
        estimate=estimate,
        low=low,
        high=high,
        standard_error=float(values.std()),
        method="bias corrected" if correction == "bootstrap" else "of the counts themselves",
        level=level,
        interval_method=INVERSION,
        n=n,
        verdict=OK,
        notes=notes,
        references=references,
    )


def spread_estimate(
    quantity: str,
    count: Any,
    size: Any,
    *,
    index: Callable[[FloatArray, FloatArray], FloatArray],
    top: Callable[[float], float],
    **options: Any,
) -> Estimate:
    """An index of one row of counts over areas of given sizes, all of one size if None.

    `index` takes tables and sizes; `top` is its largest value, from the smallest share of size.
    """
    data = read(count=count, **({} if size is None else {"size": size}))
    x = data["count"]
    weight = data.get("size", np.ones_like(x))
    whole, share = int(x.sum()), weight / weight.sum()

    def drawn_from(probability: FloatArray) -> Draw:
        def draw(rng: np.random.Generator, size: int) -> FloatArray:
            return rng.multinomial(whole, probability, size=size).astype(np.float64)

        return draw

    def stretched(factor: float) -> tuple[FloatArray, Draw]:
        probability = between(share, x / whole, factor)
        return probability, drawn_from(probability)

    return index_estimate(
        quantity,
        float(index(x, weight)) if whole else np.nan,
        index=functools.partial(_of_tables, index, weight),
        again=drawn_from(x / max(whole, 1)),
        even=drawn_from(share),
        stretched=stretched,
        top=top(float(share.min())),
        n=whole,
        **options,
    )


def _of_tables(
    index: Callable[[FloatArray, FloatArray], FloatArray], weight: FloatArray, tables: FloatArray
) -> FloatArray:
    return index(tables, weight)


def _limits(
    plain: float,
    index: Index,
    stretched: Stretched,
    run: Callable[..., Any],
    tail: float,
    p: float,
    top: float,
    rng: np.random.Generator,
) -> tuple[float, float]:
    """True indices under which the one of the counts is neither too high nor too low.

    Shares stand between even and as seen, or beyond, by a factor; the same numbers are drawn for
    every factor. No lower limit is above 0 where the test of evenness does not reject. Both limits
    are 0 where even true shares would make counts less even than those seen.
    """
    seed = int(rng.integers(2**63))

    def tails(factor: float) -> tuple[float, float]:
        drawn = run(stretched(factor)[1], index, rng=np.random.default_rng(seed))[:]
        above = float(np.mean(drawn >= plain - 1e-12))
        return above, float(np.mean(drawn <= plain + 1e-12))

    def crossing(end: int, start: float, stop: float) -> float:
        inside, outside = start, stop
        for _ in range(STEPS):
            middle = 0.5 * (inside + outside)
            if tails(middle)[end] > tail:
                inside = middle
            else:
                outside = middle
        return float(index(stretched(inside)[0][None])[0])

    if tails(0.0)[1] <= tail:
        return 0.0, 0.0
    low = 0.0 if p > tail else crossing(0, FARTHEST, 0.0)
    if tails(FARTHEST)[1] > tail:
        return low, top
    high = crossing(1, 0.0, FARTHEST)
    return low, min(high, top)
