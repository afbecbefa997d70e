"""How often units were seen: the forms in which that is given, and what estimators make of it."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from countylines import _labels, _validate
from countylines._kernels import hidden_limits, repeat_counts
from countylines._kernels.method import critical_value
from countylines.capture_recapture.histories import CaptureHistories
from countylines.errors import DegenerateDataWarning, InputError, InputTypeError, warn
from countylines.results import OK, Estimate, Note, PopulationEstimate, Verdict, verdict_array

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
Point = Callable[..., tuple[FloatArray, FloatArray]]

NAME = "frequencies"
TIMES = "whole numbers of at least 1 (how often units were seen)"
VERDICTS = (
    OK,
    Verdict(
        False,
        "hidden-zero",
        (
            "Too few units were seen exactly once for any to be hidden: the number seen stands in "
            "for the estimate, and only the upper limit says something.",
        ),
    ),
    Verdict(
        False,
        "hidden-infinite",
        ("No unit was seen exactly twice: the data give a lower limit but no upper one.",),
    ),
    Verdict(
        False,
        "not-identified",
        ("No unit was seen once or twice: nothing says how many were never seen.",),
    ),
    Verdict(False, "no-data", ("No unit was seen at all.",)),
)
CODES = {"ok": 0, "hidden-zero": 1, "hidden-infinite": 2, "not-identified": 3, "no-data": 4}


@dataclass(frozen=True)
class Frequencies:
    """Numbers of units by how often they were seen, and how often they could have been."""

    inputs: _labels.Inputs
    times: IntArray  # along the dimension that is reduced
    occasions: float
    dim: Any
    name: str = NAME  # of the argument that they came by

    def columns(self, rows: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Units seen once, twice and at least once, of tables of shape (rows, times)."""
        zero = np.zeros(len(rows))
        once, twice = (
            rows[:, self.times == k].sum(axis=1) if (self.times == k).any() else zero
            for k in (1, 2)
        )
        return once, twice, rows.sum(axis=1)

    def check(self, values: FloatArray, where: Any) -> None:
        """Refuse what is not a count."""
        _validate.counts(self.name, values, where)


def read(frequencies: Any, occasions: Any, dim: Any, name: str = NAME) -> Frequencies:
    """Take frequencies in any of their forms; `name` is that of the argument in errors."""
    if isinstance(frequencies, CaptureHistories):
        return _of_histories(frequencies, occasions)
    limit = math.inf if occasions is None else _occasions(occasions)
    if isinstance(frequencies, Mapping):
        _validate.not_empty(name, len(frequencies))
        frequencies = pd.Series(dict(frequencies))
    inputs = _labels.align(**{name: frequencies})
    times = _times(inputs, dim, name)
    if times.max() > limit and not inputs.is_lazy:
        axis = inputs.axis(dim)
        table = np.moveaxis(inputs.flat[0].reshape(np.shape(inputs.template)), axis, -1)
        if (table[..., times > limit] > 0).any():
            raise InputError(
                _validate.sentence(
                    "occasions",
                    "at least how often a unit was seen",
                    f"{limit:g} where units were seen {int(times.max())} times",
                )
            )
    return Frequencies(inputs, times, limit, dim, name)


def _of_histories(histories: CaptureHistories, occasions: Any) -> Frequencies:
    for wrong, rule, got, remedy in (
        (histories.strata, "one table", "strata", "Use histories.pool(), or by_stratum()."),
        (
            histories.is_banded,
            "of exact counts",
            "banded ones",
            "loglinear and model_search take bands; here try both ends of each.",
        ),
        (
            histories.structural_zeros,
            "without structural zeros",
            "some",
            "How often a unit was seen says little where some patterns cannot occur.",
        ),
    ):
        if wrong:
            raise InputError(_validate.sentence(NAME, rule, got, remedy=remedy))
    total = len(histories.lists)
    if occasions is not None and _occasions(occasions) != total:
        raise InputError(
            _validate.sentence(
                "occasions",
                f"left out with CaptureHistories, of {total} lists",
                _validate.show(occasions),
                remedy="Pass histories.frequencies() to count occasions in another way.",
            )
        )
    inputs = _labels.align(**{NAME: histories.frequencies()})
    return Frequencies(inputs, np.arange(1, total + 1), float(total), None)


def _occasions(value: Any) -> float:
    if isinstance(value, float) and math.isinf(value) and value > 0:
        return value
    return float(_validate.whole_number("occasions", value, low=2))


def _times(inputs: _labels.Inputs, dim: Any, name: str) -> IntArray:
    """How often units were seen, from the labels of the dimension or from the positions in it."""
    if inputs.kind == "scalar":
        raise InputTypeError(
            _validate.sentence(
                name,
                "numbers of units seen once, twice, and so on",
                "a single number",
                remedy="Use [f1, f2, ...] or {1: f1, 2: f2, ...}.",
            )
        )
    axis = inputs.axis(dim)
    template = inputs.template
    if inputs.kind == "series":
        labels = template.index
    elif inputs.kind == "frame":
        labels = template.index if axis == 0 else template.columns
    elif inputs.kind == "dataarray" and template.dims[axis] in template.coords:
        labels = pd.Index(template.coords[template.dims[axis]].values)
    else:
        return np.arange(1, np.shape(template)[axis] + 1)
    if labels.dtype.kind not in "iuf":
        got = f"labels of dtype {labels.dtype}"
        raise InputTypeError(_validate.sentence(f"the labels of {name}", TIMES, got))
    values = np.asarray(labels, dtype=np.float64)
    bad = ~((values >= 1) & (values == np.floor(values)) & np.isfinite(values))
    if bad.any():
        raise InputError(
            _validate.sentence(
                f"the labels of {name}",
                TIMES,
                _validate.show(float(values[bad][0])),
                remedy="Units never seen are what is estimated; a plain list starts at once.",
            )
        )
    if len(set(values.tolist())) != len(values):
        raise InputError(_validate.sentence(f"the labels of {name}", "different", "a repeated one"))
    return values.astype(np.int64)


def estimate(
    given: Frequencies,
    point: Point,
    start: Point,
    *,
    interval: str,
    level: float,
    null: float | None,
    alternative: str,
    zero_code: str,
    labels: dict[str, Any],
    notes: tuple[Note, ...],
) -> PopulationEstimate:
    """Estimate, limits, verdict and notes of an estimator on repeat counts.

    `point` gives hidden number and standard error; `start` those of the table with one unit put
    where there is none, whose limits stand in where `point` is 0 or infinite. `zero_code` is "ok"
    for an estimator that stays finite where nobody was seen twice.
    """
    z = critical_value(level, alternative)

    def kernel(rows: FloatArray) -> tuple[Any, ...]:
        data = given.columns(rows)
        hidden, error = point(*data, given.occasions)
        code = repeat_counts.verdict_code(*data)
        if zero_code == "ok":
            code = np.where(code == CODES["no-data"], code, np.where(hidden > 0.0, 0, 1))
        unknown, infinite = code >= CODES["not-identified"], code == CODES["hidden-infinite"]
        hidden = np.where(unknown, np.nan, np.where(infinite, np.inf, hidden))
        error = np.where(unknown | infinite | (hidden == 0.0), np.nan, error)
        low, high, distance = _limits(
            given, data, hidden, start, interval, z, alternative, null, error
        )
        low = np.where(unknown | (alternative == "less"), 0.0, low)
        high = np.where(unknown | (alternative == "greater"), np.inf, high)
        observed = data[2]
        results = (
            observed + hidden,
            error,
            observed + low,
            observed + high,
            verdict_array(code, VERDICTS),
            observed,
            hidden,
            low,
            high,
        )
        if null is None:
            return results
        asked = null - observed
        p = hidden_limits.pvalue(asked, distance, alternative)
        nothing = np.where((asked < 0.0) & (alternative != "less"), 0.0, 1.0)
        return *results, np.where(unknown, nothing, p)

    outputs = ["estimate", "standard_error", "low", "high", "verdict", "n_observed"]
    outputs += ["hidden", "hidden_low", "hidden_high"] + (["pvalue"] if null is not None else [])
    out = given.inputs.reduce(
        kernel,
        dim=given.dim,
        outputs=outputs,
        check=given.check,
        dtypes={"verdict": object, "n_observed": np.int64},
    )
    verdict = out.pop("verdict")
    shared = {
        **labels,
        "level": level,
        "interval_method": interval,
        "alternative": alternative,
        "verdict": verdict,
    }
    recompute, quantity, model = (shared.pop(k) for k in ("_recompute", "quantity", "model"))
    hidden = Estimate(
        quantity="hidden number",
        estimate=out.pop("hidden"),
        low=out.pop("hidden_low"),
        high=out.pop("hidden_high"),
        standard_error=out["standard_error"],
        n=out["n_observed"],
        **shared,
    )
    return PopulationEstimate(
        quantity=quantity,
        model=model,
        hidden=hidden,
        n=out["n_observed"],
        null=null,
        notes=(*notes, *_degenerate(verdict)),
        _recompute=recompute,
        **out,
        **shared,
    )


def _limits(
    given: Frequencies,
    data: tuple[FloatArray, FloatArray, FloatArray],
    hidden: FloatArray,
    start: Point,
    interval: str,
    z: float,
    alternative: str,
    null: float | None,
    error: FloatArray,
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Limits of the hidden number, and the distance of the null from the estimate."""
    asked = np.full(len(hidden), 0.0 if null is None else null) - data[2]
    if interval == "profile":
        peak = repeat_counts.profile_peak(*data, given.occasions)
        low = repeat_counts.profile_limit(peak, *data, given.occasions, -z)
        high = repeat_counts.profile_limit(peak, *data, given.occasions, z)
        return low, high, repeat_counts.profile_distance(asked, peak, *data, given.occasions)
    at_end = (hidden == 0.0) | np.isinf(hidden)
    once, twice, observed = data
    raised = np.maximum(once, 1.0), np.maximum(twice, 1.0), observed
    other, other_error = start(*raised, given.occasions)
    centre = np.where(at_end, other, hidden)
    spread = np.where(at_end, other_error, error)
    low, high = hidden_limits.LIMITS[interval](centre, spread, z)
    distance = hidden_limits.DISTANCES[interval](asked, centre, spread)
    low = np.where(hidden == 0.0, 0.0, low)
    high = np.where(np.isinf(hidden), np.inf, high)
    # The side on which the estimate is at its end rejects nothing.
    if alternative == "two-sided":
        idle = (np.isinf(hidden) & (distance > 0.0)) | ((hidden == 0.0) & (distance < 0.0))
    else:
        idle = np.isinf(hidden) if alternative == "less" else hidden == 0.0
    unbounded = {"two-sided": 0.0, "less": -np.inf, "greater": np.inf}[alternative]
    return low, high, np.where(idle, unbounded, distance)


def _degenerate(verdict: Any) -> tuple[Note, ...]:
    """A note, and a warning, for each verdict that is not ok; none while values wait for dask."""
    if getattr(verdict, "chunks", None) is not None:
        return ()
    found = {v.code: v for v in np.ravel(np.asarray(verdict, dtype=object)) if v.code != "ok"}
    for each in found.values():
        warn(each.reasons[0], DegenerateDataWarning)
    return tuple(Note(code, each.reasons[0]) for code, each in found.items())
