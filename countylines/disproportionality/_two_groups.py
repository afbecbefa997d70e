"""What the measures that compare two groups share: alignment, the kernel call, the result."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from countylines import _labels, _validate
from countylines._typing import ArrayLike
from countylines.results import OK, Estimate, Note, Verdict, verdict_array

FloatArray = NDArray[np.float64]

ALIASES = {"scas": "skew-score"}
NOT_A_CAUSE = Note(
    "not-a-cause",
    "A ratio is not evidence of its cause: who is counted, where, at what age and by which rule "
    "all enter it.",
)


def method_name(value: object, methods: Mapping[str, Any]) -> str:
    """The method meant, by its name or its alias."""
    if isinstance(value, str):
        value = ALIASES.get(value, value)
    return _validate.option("method", value, methods)


def compare(
    function: Callable[..., Estimate],
    data: dict[str, ArrayLike],
    *,
    quantity: str,
    kernel: ModuleType,
    size: tuple[str, ...],
    method: str,
    level: float,
    null: ArrayLike,
    alternative: str,
    check: Callable[..., None],
    notes: Callable[[tuple[FloatArray, ...]], tuple[Note, ...]],
    undefined: str,
    references: tuple[str, ...],
) -> Estimate:
    """A ratio of two groups with limits and p-value, as labelled as the data.

    `kernel` has METHODS, `estimate` and `log_standard_error`; `check` takes the data and `where`;
    `size` names what adds up to ``n``; `undefined` is the reason where the ratio is nan.
    """
    inputs = _labels.align(**data, null=null)
    chosen = kernel.METHODS[method]
    verdicts = (OK, Verdict(False, "no-data", (undefined,)))
    places = [list(data).index(name) for name in size]

    def check_all(*values: Any) -> None:
        *columns, null, where = values
        check(*columns, where)
        _validate.exposure("null", null, where)

    def solve(*values: FloatArray) -> tuple[Any, ...]:
        *columns, null = values
        estimate = kernel.estimate(*columns)
        with np.errstate(invalid="ignore"):
            error = estimate * kernel.log_standard_error(*columns)
        error = np.where(np.isfinite(estimate) & (estimate > 0), error, np.nan)
        low, high = chosen.limits(*columns, level=level, alternative=alternative)
        p = chosen.pvalue(*columns, null=null, alternative=alternative)
        verdict = verdict_array(np.isnan(estimate).astype(np.intp), verdicts)
        return estimate, error, low, high, verdict, p, sum(columns[i] for i in places)

    out = inputs.apply(
        solve,
        outputs=["estimate", "standard_error", "low", "high", "verdict", "pvalue", "n"],
        check=check_all,
        dtypes={"verdict": object, "n": np.int64},
    )
    facts = () if inputs.is_lazy else notes(inputs.flat[:-1])
    kept = {name: inputs.given(name) for name in data}
    return Estimate(
        quantity=quantity,
        method=quantity,
        level=level,
        interval_kind=chosen.interval_kind,
        interval_method=method,
        null=inputs.given("null"),
        alternative=alternative,
        notes=(NOT_A_CAUSE, *facts),
        references=references,
        _recompute=functools.partial(function, **kept, method=method, level=level),
        **out,
    )
