"""What the functions for people of unknown group share: checks, ranges, words."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from countylines import _validate
from countylines._kernels import binomial, missing_share
from countylines.bands import Band
from countylines.errors import InputError
from countylines.results import Note

FloatArray = NDArray[np.float64]

METHODS = missing_share.METHODS


def check(
    count: FloatArray,
    known: FloatArray,
    missing: FloatArray,
    benchmark: FloatArray,
    where: _validate.Where,
) -> None:
    """Refuse anything that is not a count of known people, a number missing and a benchmark."""
    _validate.counts("count", count, where)
    _validate.counts("known", known, where)
    _validate.counts("missing", missing, where)
    remedy = "`known` is everybody whose group is recorded, in the group or not."
    _validate.not_above("count", count, "known", known, where, remedy)
    _validate.share("benchmark", benchmark, where)


def level(value: object) -> float:
    """A confidence level at which limits lie outside the estimates they belong to."""
    found = _validate.level(value)
    if found < 0.5:
        raise InputError(_validate.sentence("level", "at least 0.5 here", _validate.show(found)))
    return found


def pair(name: str, given: Any) -> tuple[Any, Any]:
    """The two ends of a range, given as a pair or a band."""
    if isinstance(given, Band):
        return given.low, given.high
    if isinstance(given, (tuple, list)) and len(given) == 2:
        return given[0], given[1]
    raise InputError(
        _validate.sentence(
            name,
            "a pair (low, high) or a Band",
            _validate.show(given),
            remedy="For example (0, 1).",
        )
    )


def assumption(share: Any, odds: Any) -> tuple[str, str, Any, Any]:
    """Kind of assumption on the missing, name of its argument, and the ends of its range."""
    if share is not None and odds is not None:
        raise InputError(
            _validate.sentence(
                "missing_odds",
                "None where `missing_share` is given",
                _validate.show(odds),
                remedy="Say one of the two of the people whose group is unknown.",
            )
        )
    if odds is not None:
        return ("odds", "missing_odds", *pair("missing_odds", odds))
    return (
        "share",
        "missing_share",
        *pair("missing_share", (0.0, 1.0) if share is None else share),
    )


def check_range(
    kind: str, name: str, low: FloatArray, high: FloatArray, where: _validate.Where
) -> None:
    """Refuse ends that are no shares, or no odds multipliers, or in the wrong order."""
    if kind == "share":
        for end in (low, high):
            _validate.share(name, end, where, open_low=False, open_high=False)
    else:
        _validate.exposure(name, low, where, zero=True)
        _validate.exposure(name, np.where(np.isinf(high) & (high > 0), 1.0, high), where, zero=True)
    _validate.not_above(
        f"{name}[0]", low, f"{name}[1]", high, where, "A range is given from its lower end."
    )


def known_only(
    count: FloatArray, known: FloatArray, benchmark: FloatArray, method: str, level: float
) -> Note:
    """The ratio among people of known group, to stand beside."""
    low, high = binomial.METHODS[method].limits(count, known, level=level, alternative="two-sided")
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = count / known / benchmark
    some = known > 0
    if not some.any():
        return Note("known-only", "The group is known of nobody: there is no known-only ratio.")
    if ratio.size == 1:
        words = f"{ratio[0]:.3g} ({(low / benchmark)[0]:.3g} to {(high / benchmark)[0]:.3g})"
    else:
        words = f"between {ratio[some].min():.3g} and {ratio[some].max():.3g}"
    return Note(
        "known-only",
        f"Among people of known group the ratio is {words}. It is the ratio of all only if the "
        "group is missing at random.",
    )
