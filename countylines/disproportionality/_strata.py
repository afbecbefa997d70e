"""Two groups in many strata: reading them, and naming the strata that say nothing."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from countylines import _labels, _validate
from countylines._kernels import stratified_score
from countylines._kinds import text
from countylines._typing import ArrayLike
from countylines.errors import InputError
from countylines.results import Note

FloatArray = NDArray[np.float64]
Data = tuple[FloatArray, FloatArray, FloatArray, FloatArray]

RATIOS = ("rate-ratio", "risk-ratio", "odds-ratio")
MEASURES = (*RATIOS, "rate-difference", "risk-difference")
WORDS = {name: name.replace("-", " ") for name in MEASURES}


@dataclass(frozen=True)
class Strata:
    """Tables of strata: `data` has shape (tables, strata); `says` where a stratum says something.

    `names` labels the strata; `inputs` and `dim` lead one value a table back to the labels.
    """

    measure: str
    data: Data
    says: NDArray[np.bool_]
    names: pd.Index
    inputs: _labels.Inputs
    dim: Any

    def one_each(self, values: NDArray[Any]) -> Any:
        """One value a table, in the kind of the data less the strata."""
        return self.inputs.without_dim(np.asarray(values), self.dim)

    @property
    def crude(self) -> Data:
        """All strata together."""
        x, n, y, m = (column.sum(axis=1) for column in self.data)
        return x, n, y, m

    @property
    def with_events(self) -> Strata:
        """The same, where strata without any event count as saying nothing of a difference."""
        return replace(self, says=self.says & (self.data[0] + self.data[2] > 0.0))

    def notes(self, fate: str) -> list[Note]:
        """Which strata say nothing, and what becomes of them."""
        silent = ~self.says
        if not silent.any():
            return []
        always = self.names[np.flatnonzero(silent.all(axis=0))]
        tables = len(silent)
        if tables == 1:
            words = f"{len(always)} of {len(self.names)} strata say nothing of the measure"
        else:
            some = int(silent.any(axis=1).sum())
            words = f"In {some} of {tables} tables some strata say nothing of the measure"
        if len(always):
            named = ", ".join(text(name) for name in always[:3])
            more = " and more" if len(always) > 3 else ""
            words += f" (in every table: {named}{more})" if tables > 1 else f": {named}{more}"
        return [Note("silent-strata", f"{words}. {fate}")]


def informative(measure: str, data: Data) -> NDArray[np.bool_]:
    """Strata that say something: people of both groups and, for ratios, an event."""
    if measure in RATIOS:
        return stratified_score.informative(measure, data)
    both: NDArray[np.bool_] = (data[1] > 0.0) & (data[3] > 0.0)
    return both


def read(
    measure: str,
    dim: Any,
    count: ArrayLike,
    size: ArrayLike,
    ref_count: ArrayLike,
    ref_size: ArrayLike,
) -> Strata:
    """Check the four arguments and lay them out as rows of strata."""
    inputs = _labels.align(count=count, size=size, ref_count=ref_count, ref_size=ref_size)
    if inputs.is_lazy:
        raise InputError(
            _validate.sentence(
                "count", "in memory", "an array that waits for dask", remedy="Use count.compute()."
            )
        )
    if inputs.kind == "scalar":
        raise InputError(
            _validate.sentence(
                "count",
                "one value for each stratum",
                "a single number",
                remedy="One table needs rate_ratio, risk_ratio or odds_ratio.",
            )
        )
    x, n, y, m = inputs.flat
    _validate.not_empty("count", x.size)
    whole = not measure.startswith("rate")
    for name, values in (("count", x), ("ref_count", y)):
        _validate.counts(name, values, inputs.where)
    for name, sizes, events, counted in (
        ("size", n, x, "count"),
        ("ref_size", m, y, "ref_count"),
    ):
        if whole:
            _validate.counts(name, sizes, inputs.where)
            _validate.not_above(counted, events, name, sizes, inputs.where)
        else:
            _validate.exposure(name, sizes, inputs.where, zero=True)
            _nobody(counted, events, name, sizes, inputs)
    rows = inputs.rows(dim)
    data = (rows[0], rows[1], rows[2], rows[3])
    return Strata(measure, data, informative(measure, data), inputs.labels_along(dim), inputs, dim)


def _nobody(
    counted: str, events: FloatArray, name: str, sizes: FloatArray, inputs: _labels.Inputs
) -> None:
    bad = (sizes == 0.0) & (events > 0.0)
    if bad.any():
        raise InputError(
            _validate.sentence(
                counted,
                f"0 where `{name}` is 0",
                _validate.show(float(events[bad][0])),
                inputs.where(bad),
                "Events need a population; leave the stratum out, and say so.",
            )
        )
