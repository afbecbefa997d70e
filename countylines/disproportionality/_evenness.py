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


def index_estimate(
    quantity: str,
    plain: float,
    *,
    index: Index,
    again: Draw,
    even: Draw,
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
            interval_method="bootstrap", references=references, notes=(NOT_A_CAUSE,),
        )  # fmt: skip
    run = functools.partial(resampling.replicate, replicates=replicates)
    first, second = generator.spawn(2)
    values = run(again, index, rng=first)[:]
    under_even = run(even, index, rng=second)
    bias = float(values.mean()) - plain
    limits = resampling.interval(values, plain, level=level, kind="basic")
    low, high = (float(np.clip(end, 0.0, top)) for end in (limits.low, limits.high))
    corrected = float(np.clip(plain - bias, 0.0, top))
    mean = float(under_even.mean()) if expected is None else expected
    p = (1.0 + float((under_even >= plain - 1e-12).sum())) / (1.0 + replicates)
    notes = (
        NOT_A_CAUSE,
        Note(
            "chance-part",
            f"The index of the counts themselves is {plain:.4g}; where chance alone makes them "
            f"uneven it is {mean:.4g} on average.",
        ),
        Note("evenness", f"P-value of evenness: {p:.3g} ({replicates:,} tables drawn)."),
    )
    return Estimate(
        quantity=quantity,
        estimate=corrected if correction == "bootstrap" else plain,
        low=low,
        high=high,
        standard_error=float(values.std()),
        method="bias corrected" if correction == "bootstrap" else "of the counts themselves",
        level=level,
        interval_method="basic bootstrap",
        n=n,
        verdict=OK,
        notes=notes,
        references=references,
    )
