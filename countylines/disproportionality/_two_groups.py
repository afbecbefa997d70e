"""What the measures that compare two groups share: alignment, kernel, bands, result."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from countylines import _labels, _validate
from countylines._typing import ArrayLike
from countylines.bands import Band
from countylines.errors import InputError
from countylines.results import OK, Estimate, Note, Verdict, verdict_array

FloatArray = NDArray[np.float64]
Columns = tuple[FloatArray, ...]

ALIASES = {"scas": "skew-score", "newcombe": "mover-wilson", "newcombe-cc": "mover-wilson-cc"}
BANDED = Verdict(
    False,
    "not-identified",
    ("A count is known as a band only: the data leave a range of values, not one.",),
)
BAND_NOTE = Note(
    "banded",
    "Where a count is a band, the region is what the ends of the bands give, and the interval "
    "holds the interval of every pair of counts in them; none is taken as likelier.",
)


def not_a_cause(measure: str) -> Note:
    """The sentence that every comparison carries."""
    return Note(
        "not-a-cause",
        f"A {measure} is not evidence of its cause: who is counted, where, at what age and by "
        "which rule all enter it.",
    )


NOT_A_CAUSE = not_a_cause("ratio")


@dataclass(frozen=True)
class Measure:
    """What distinguishes one comparison of two groups from another.

    `kernel` has METHODS, `estimate` and `standard_error`; `size` names what adds up to ``n``;
    `undefined` is the reason where the estimate is nan; `rising` are the methods whose limits rise
    with the first count and fall with the second, so that the ends of bands decide.
    """

    quantity: str
    kernel: ModuleType
    size: tuple[str, ...]
    undefined: str
    rising: tuple[str, ...]
    range_: tuple[float, float] = (0.0, np.inf)
    word: str = "ratio"


def method_name(value: object, methods: Mapping[str, Any]) -> str:
    """The method meant, by its name or its alias."""
    if isinstance(value, str):
        value = ALIASES.get(value, value)
    return _validate.option("method", value, methods)


def positive_null(null: FloatArray, where: _validate.Where) -> None:
    """Refuse a null that no ratio can be tested against."""
    _validate.exposure("null", null, where)


def compare(
    function: Callable[..., Estimate],
    data: dict[str, Any],
    *,
    measure: Measure,
    method: str,
    level: float,
    null: ArrayLike,
    alternative: str,
    check: Callable[..., None],
    notes: Callable[[Columns], tuple[Note, ...]],
    references: tuple[str, ...],
    check_null: Callable[[FloatArray, _validate.Where], None] = positive_null,
    per: float | None = None,
) -> Estimate:
    """A comparison of two groups with limits and p-value, as labelled as the data.

    `check` takes the data and `where`; `notes` takes the data that are no bands. With `per`, values
    are given per so many units, and so is `null`.
    """
    banded = [name for name in ("count", "ref_count") if isinstance(data.get(name), Band)]
    if banded and method not in measure.rising:
        rule = "one whose limits rise with the count, for a band"
        remedy = f"Use one of {', '.join(measure.rising)}."
        raise InputError(_validate.sentence("method", rule, repr(method), remedy=remedy))
    given: dict[str, Any] = {}
    for name, value in data.items():
        if name in banded:
            given |= {f"{name}.low": value.low, f"{name}.high": value.high}
        else:
            given[name] = value
    inputs = _labels.align(**given, null=null)
    kernel, scale = measure.kernel, 1.0 if per is None else per
    verdicts = (OK, Verdict(False, "no-data", (measure.undefined,)), BANDED)
    places = [list(data).index(name) for name in measure.size]

    def ends(values: Columns) -> tuple[Columns, Columns]:
        """The data at the low and at the high ends of the bands."""
        named = dict(zip(inputs.names, values, strict=True))
        low, high = (
            tuple(named[f"{name}.{end}" if name in banded else name] for name in data)
            for end in ("low", "high")
        )
        return low, high

    def check_all(*values: Any) -> None:
        *columns, where = values
        low, high = ends(tuple(columns))
        if banded:
            _check_bands(
                dict(zip(data, low, strict=True)), dict(zip(data, high, strict=True)), where
            )
        check(*low, where)
        check_null(columns[-1], where)

    def solve(*values: FloatArray) -> tuple[Any, ...]:
        low, high = ends(values)
        if banded:
            columns = _banded(measure, low, high, values[-1] / scale, method, level, alternative)
        else:
            columns = _known(measure, low, values[-1] / scale, method, level, alternative)
        *measured, p = columns
        kind = np.where(np.isnan(measured[0]), 1, 0)
        if banded:
            kind = np.where((low[0] < high[0]) | (low[2] < high[2]), 2, kind)
        results = *(column * scale for column in measured), p, verdict_array(kind, verdicts)
        return results if banded else (*results, sum(low[i] for i in places))

    outputs = ["estimate", "standard_error", "low", "high"]
    outputs += ["region_low", "region_high"] if banded else []
    outputs += ["pvalue", "verdict"] + ([] if banded else ["n"])
    dtypes = {"verdict": object, "n": np.int64}
    out = inputs.apply(solve, outputs=outputs, check=check_all, dtypes=dtypes)
    facts: tuple[Note, ...] = ()
    if not inputs.is_lazy:
        low, high = ends(inputs.flat)
        open_ = (low[0] < high[0]) | (low[2] < high[2])
        facts = notes(tuple(column[~open_] for column in low))
        facts += (BAND_NOTE,) if open_.any() else ()
    kept = {
        name: Band(inputs.labelled(f"{name}.low"), inputs.labelled(f"{name}.high"))
        if name in banded
        else inputs.given(name)
        for name in data
    } | ({} if per is None else {"per": per})
    return Estimate(
        quantity=measure.quantity,
        method=measure.quantity,
        level=level,
        interval_kind=kernel.METHODS[method].interval_kind,
        interval_method=method,
        null=inputs.given("null"),
        alternative=alternative,
        unit="" if per in (None, 1.0) else f"per {per:,.10g}",
        notes=(not_a_cause(measure.word), *facts),
        references=references + (("manski2003",) if banded else ()),
        _recompute=functools.partial(function, **kept, method=method, level=level),
        **out,
    )


def _check_bands(
    low: dict[str, FloatArray], high: dict[str, FloatArray], where: _validate.Where
) -> None:
    for name, last in high.items():
        if last is not low[name]:
            _validate.counts(f"{name}.low", low[name], where)
            _validate.counts(f"{name}.high", np.where(np.isinf(last), 0.0, last), where)
            _validate.not_above(f"{name}.low", low[name], f"{name}.high", last, where)


def _known(
    measure: Measure, data: Columns, null: FloatArray, method: str, level: float, side: str
) -> tuple[FloatArray, ...]:
    """Estimate, standard error, limits and p-value."""
    kernel = measure.kernel
    chosen = kernel.METHODS[method]
    low, high = chosen.limits(*data, level=level, alternative=side)
    p = chosen.pvalue(*data, null=null, alternative=side)
    return kernel.estimate(*data), kernel.standard_error(*data), low, high, p


def _banded(
    measure: Measure,
    low: Columns,
    high: Columns,
    null: FloatArray,
    method: str,
    level: float,
    side: str,
) -> tuple[FloatArray, ...]:
    """The same with the region before the p-value, which is the largest that any count gives.

    The comparison is least with the first count at its low end and the second at its high one. An
    end without limit makes it the end of its range.
    """
    open_ = [np.isinf(high[place]) for place in (0, 2)]
    if "total" in measure.size:  # no count exceeds its total
        tops = [np.minimum(high[place], high[place + 1]) for place in (0, 2)]
        open_ = [np.zeros(top.shape, dtype=bool) for top in tops]
    else:
        tops = [
            np.where(end, low[place], high[place]) for place, end in zip((0, 2), open_, strict=True)
        ]
    least = low[0], low[1], tops[1], low[3]
    most = tops[0], low[1], low[2], low[3]
    first, last = (_known(measure, corner, null, method, level, side) for corner in (least, most))
    floor, ceiling = measure.range_
    region_low = np.where(open_[1] | np.isnan(first[0]), floor, first[0])
    region_high = np.where(open_[0] | np.isnan(last[0]), ceiling, last[0])
    greater, less = np.where(open_[1], 1.0, first[4]), np.where(open_[0], 1.0, last[4])
    if side == "two-sided":
        p = np.where(null < region_low, greater, np.where(null > region_high, less, 1.0))
    else:
        p = greater if side == "greater" else less
    point = (least[0] == most[0]) & (least[2] == most[2]) & ~open_[0] & ~open_[1]
    return (
        np.where(point, first[0], np.nan),
        np.where(point, first[1], np.nan),
        np.where(open_[1], floor, first[2]),
        np.where(open_[0], ceiling, last[3]),
        np.where(point, first[0], region_low),
        np.where(point, first[0], region_high),
        np.where(point & (side == "two-sided"), first[4], p),
    )
