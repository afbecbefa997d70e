"""Every check of an argument, one function per rule; the one place that words input errors.

The wording is always "`name` must be <rule>, got <value><where>. <Remedy>."; where many values
break the rule, the first three labels and the number of offenders are named, never the array.
"""

from __future__ import annotations

import difflib
import math
from collections.abc import Callable, Collection, Mapping
from numbers import Integral, Real
from typing import Any

import numpy as np
from numpy.typing import NDArray

from countylines.errors import InputError, InputTypeError

FloatArray = NDArray[np.float64]
Where = Callable[[NDArray[np.bool_]], str]

LARGEST_COUNT = 2.0**53
ALTERNATIVES = ("two-sided", "less", "greater")


def sentence(name: str, rule: str, got: object, where: str = "", remedy: str = "") -> str:
    """Word one input error."""
    text = f"`{name}` must be {rule}, got {got}{where}."
    return f"{text} {remedy}" if remedy else text


def show(value: object) -> str:
    """Show a value shortly: a number with the digits it needs, anything else by its repr, cut.

    Of arrays and tables only the shape is shown: they may hold a person's record.
    """
    if isinstance(value, (float, np.floating)):
        return f"{float(value):.10g}"
    if isinstance(value, np.integer):
        return str(int(value))
    if isinstance(value, int) and value.bit_length() > 1000:
        return "a number of more than 300 digits"
    if getattr(value, "shape", ()):
        return f"values of shape {tuple(getattr(value, 'shape', ()))}"
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."


def nowhere(mask: NDArray[np.bool_]) -> str:
    """Describe offenders that carry no labels: nothing for one, a count for many."""
    return "" if mask.size == 1 else f" ({int(mask.sum())} of {mask.size} values)"


# --- single arguments -----------------------------------------------------------------------


def option(name: str, value: object, allowed: Collection[str]) -> str:
    """Return `value` if it is one of the `allowed` words."""
    if isinstance(value, str) and value in allowed:
        return value
    close = difflib.get_close_matches(value, list(allowed), n=1) if isinstance(value, str) else []
    hint = f" Did you mean {close[0]!r}?" if close else ""
    words = ", ".join(repr(word) for word in allowed)
    raise InputError(sentence(name, f"one of {words}", show(value)) + hint)


def alternative(value: object) -> str:
    """Return the direction of a test or of a one-sided interval."""
    return option("alternative", value, ALTERNATIVES)


def number(
    name: str,
    value: object,
    *,
    low: float = -math.inf,
    high: float = math.inf,
    open_low: bool = False,
    open_high: bool = False,
    finite: bool = True,
    remedy: str = "",
) -> float:
    """Return `value` as a float if it is one real number within the given range."""
    result = as_float(_single(name, value, "a single number"))
    inside = (result > low if open_low else result >= low) and (
        result < high if open_high else result <= high
    )
    if not inside or (finite and not math.isfinite(result)):
        raise InputError(
            sentence(
                name, _range_words(low, high, open_low, open_high, finite), show(result), "", remedy
            )
        )
    return result


def _single(name: str, value: object, rule: str) -> Real:
    """Return one real number out of a number or an array without dimensions."""
    if getattr(value, "ndim", None) == 0 and not isinstance(value, np.generic):
        value = getattr(value, "item", lambda: value)()
    if isinstance(value, Real) and not isinstance(value, (bool, np.bool_)):
        return value
    raise InputTypeError(sentence(name, rule, f"{show(value)} of type {type(value).__name__}"))


def as_float(value: Any) -> float:
    """The nearest float; an integer too large for one becomes infinite."""
    try:
        return float(value)
    except OverflowError:
        return math.inf if value > 0 else -math.inf


def _range_words(low: float, high: float, open_low: bool, open_high: bool, finite: bool) -> str:
    kind = "a finite number" if finite else "a number"
    if math.isinf(low) and math.isinf(high):
        return kind
    if math.isinf(high):
        return f"{kind} {'above' if open_low else 'of at least'} {low:g}"
    if math.isinf(low):
        return f"{kind} {'below' if open_high else 'of at most'} {high:g}"
    return f"a number in {'(' if open_low else '['}{low:g}, {high:g}{')' if open_high else ']'}"


def whole_number(name: str, value: object, *, low: int = 0, high: int | None = None) -> int:
    """Return `value` as an int if it is one whole number within the given range."""
    rule = f"a whole number of at least {low}" + (
        f" and at most {high}" if high is not None else ""
    )
    single = _single(name, value, rule)
    if not isinstance(single, Integral) and not as_float(single).is_integer():
        raise InputError(sentence(name, rule, show(single)))
    result = int(single) if isinstance(single, Integral) else int(as_float(single))
    if result < low or (high is not None and result > high):
        raise InputError(sentence(name, rule, show(result)))
    return result


def flag(name: str, value: object) -> bool:
    """Return `value` if it is True or False."""
    if isinstance(value, (bool, np.bool_)):
        return bool(value)
    raise InputTypeError(sentence(name, "True or False", show(value)))


def level(value: object) -> float:
    """Return the confidence level, a share in (0, 1)."""
    if isinstance(value, (int, float)) and not isinstance(value, bool) and 1 < value < 100:
        raise InputError(
            sentence(
                "level",
                "a share in (0, 1)",
                show(value),
                remedy=f"It looks like a percentage: use level={value / 100:g}.",
            )
        )
    return number("level", value, low=0, high=1, open_low=True, open_high=True)


def mapping(name: str, value: object, rule: str) -> Mapping[Any, Any]:
    """Return `value` if it is a mapping."""
    if isinstance(value, Mapping):
        return value
    raise InputTypeError(sentence(name, rule, f"{show(value)} of type {type(value).__name__}"))


def generator(rng: object) -> np.random.Generator:
    """Return a random generator from a seed, a generator or None (SPEC 7)."""
    seed = not isinstance(rng, (str, bool, np.bool_, float, np.floating))
    try:
        if seed:
            return np.random.default_rng(rng)  # type: ignore[arg-type]
    except (TypeError, ValueError):  # negative seeds, and whatever else numpy does not take
        pass
    raise InputTypeError(
        sentence(
            "rng",
            "a numpy Generator, a whole-number seed of at least 0 or None",
            show(rng),
            remedy="Use rng=numpy.random.default_rng(1).",
        )
    )


def seed(rng: object) -> int:
    """Return a whole number that stands for `rng`, so that limits and a later test agree."""
    if isinstance(rng, (int, np.integer)) and not isinstance(rng, bool):
        return whole_number("rng", rng)
    return int(generator(rng).integers(2**63))


# --- arrays ---------------------------------------------------------------------------------


_TEXT = ("text", "Convert it to numbers, for example by pandas.to_numeric.")
_NOT_NUMERIC = {
    "b": ("bool", "Sum it first, or use .astype(int) if True means one."),
    "O": ("object", "Convert it to numbers with .astype(float)."),
    "M": ("dates", "Pass the counts, not the dates."),
    "m": ("time spans", "Divide by a unit first, for example by numpy.timedelta64(1, 'D')."),
    "c": ("complex", "Pass real numbers."),
    "V": ("records", "Choose one of their fields."),
    "category": ("categories", "Count the rows of each category first."),
    "str": _TEXT,
    "string": _TEXT,
}


def numeric_dtype(name: str, dtype: Any) -> None:
    """Refuse dtypes that are not plain real numbers: bool, object, text, dates, complex."""
    kind = getattr(dtype, "kind", "O")
    if kind in "iuf":
        return
    what, remedy = _NOT_NUMERIC.get(getattr(dtype, "name", ""), _NOT_NUMERIC.get(kind, _TEXT))
    raise InputTypeError(sentence(name, "numeric", f"{what} (dtype {dtype})", remedy=remedy))


def _offend(
    name: str, rule: str, values: FloatArray, bad: NDArray[np.bool_], where: Where, remedy: str
) -> None:
    if bad.any():
        first = float(np.asarray(values)[bad].flat[0])
        raise InputError(sentence(name, rule, show(first), where(bad), remedy))


def not_empty(name: str, size: int) -> None:
    """Refuse an argument without a single value."""
    if size == 0:
        raise InputError(
            sentence(name, "non-empty", "no values", remedy="Check the selection that made it.")
        )


def finite(name: str, values: FloatArray, where: Where = nowhere) -> None:
    """Refuse nan and infinite values."""
    _offend(
        name,
        "finite",
        values,
        ~np.isfinite(values),
        where,
        "Drop or fill those values first: nothing is left out silently.",
    )


def counts(name: str, values: FloatArray, where: Where = nowhere, *, whole: bool = True) -> None:
    """Refuse anything that is not a count: nan, infinite, negative, fractional or too large."""
    rule = "a whole number of at least 0" if whole else "a number of at least 0"
    _offend(
        name,
        rule,
        values,
        np.isnan(values),
        where,
        "Drop or fill the missing values first: nothing is left out silently.",
    )
    _offend(name, rule, values, np.isinf(values), where, "A count is finite.")
    _offend(name, rule, values, values < 0, where, "A count cannot be negative.")
    if whole:
        _offend(
            name,
            rule,
            values,
            values != np.floor(values),
            where,
            "Pass the counts themselves, not rates, shares or rounded averages.",
        )
    _offend(
        name,
        "below 2**53",
        values,
        values >= LARGEST_COUNT,
        where,
        "Larger counts are not exact as floating-point numbers.",
    )


def exposure(
    name: str,
    values: FloatArray,
    where: Where = nowhere,
    *,
    zero: bool = False,
) -> None:
    """Refuse exposures, or other values that must be so, that are not finite and positive.

    With `zero` they may be 0. Advice on areas is given only where `name` says exposure.
    """
    rule = "finite and at least 0" if zero else "finite and above 0"
    areas = "Leave out the areas that have no such population, by name."
    remedy = areas if name.endswith("exposure") else ""
    _offend(
        name,
        rule,
        values,
        np.isnan(values),
        where,
        "Drop or fill the missing values first: nothing is left out silently.",
    )
    _offend(name, rule, values, np.isinf(values), where, "")
    _offend(name, rule, values, (values < 0) if zero else (values <= 0), where, remedy)


def share(
    name: str,
    values: FloatArray,
    where: Where = nowhere,
    *,
    open_low: bool = True,
    open_high: bool = True,
) -> None:
    """Refuse values that are not shares; a value above 1 looks like a percentage."""
    rule = f"a share in {'(' if open_low else '['}0, 1{')' if open_high else ']'}"
    too_large = (values > 1) & (values <= 100)
    if too_large.any():
        first = float(np.asarray(values)[too_large].flat[0])
        raise InputError(
            sentence(
                name,
                rule,
                show(first),
                where(too_large),
                f"It looks like a percentage: divide by 100 to get {first / 100:.6g}.",
            )
        )
    low_bad = (values <= 0) if open_low else (values < 0)
    high_bad = (values >= 1) if open_high else (values > 1)
    _offend(name, rule, values, np.isnan(values) | low_bad | high_bad, where, "")


def between(name: str, values: FloatArray, low: float, high: float, where: Where = nowhere) -> None:
    """Refuse values that are not strictly between two numbers; a large one may be a percentage."""
    rule = f"a number between {low:g} and {high:g}"
    bad = ~((values > low) & (values < high))
    _offend(name, rule, values, bad, where, "Percentages are divided by 100 first.")


def not_above(
    name: str,
    values: FloatArray,
    other: str,
    others: FloatArray,
    where: Where = nowhere,
    remedy: str = "Check that both come from the same period and area.",
) -> None:
    """Refuse counts that exceed the total they are part of."""
    bad = values > others
    if bad.any():
        values, others = np.broadcast_arrays(values, others)
        first, ceiling = values[bad].flat[0], others[bad].flat[0]
        raise InputError(
            sentence(
                name,
                f"at most `{other}`",
                f"{show(float(first))} > {show(float(ceiling))}",
                where(bad),
                remedy,
            )
        )
