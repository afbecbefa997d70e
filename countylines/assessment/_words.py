"""Numbers and phrases as the report writes them: short, and the same in every format."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from typing import Any, Literal

from countylines import _render

Format = Literal["count", "ratio", "share", "points", "change", "days", "months", "life", "text"]

DAYS_IN_A_MONTH = 365.25 / 12


def show(value: Any, format: Format, *, decimals: int | None = None) -> str:
    """One value in one format: text as it is, nothing as a dash, what is not defined in words."""
    if value is None:
        return "–"
    if isinstance(value, str) or format == "text":
        return str(value)
    number = float(value)
    if math.isnan(number):
        return "not possible"
    if math.isinf(number):
        return "no limit" if number > 0 else "no lower limit"
    if format == "count":
        return f"{number:,.{decimals or 0}f}"
    if format == "ratio":
        return f"{number:,.{2 if decimals is None else decimals}f}"
    if format == "share":
        return percent(number, 1 if decimals is None else decimals)
    if format == "points":
        return f"{100 * number:+.{decimals or 0}f} points"
    if format == "change":
        return f"{number:+g} %"
    if format == "life":
        return show(number * DAYS_IN_A_MONTH, "days") if number < 1 else show(number, "months")
    places = 1 if decimals is None else decimals
    unit = format if round(number, places) != 1 else format.removesuffix("s")
    return f"{number:,.{places}f} {unit}"


def span(low: Any, high: Any, format: Format, *, decimals: int | None = None) -> str:
    """A range: both ends in one format, once where they read the same."""
    first = show(low, format, decimals=decimals)
    last = show(high, format, decimals=decimals)
    if first == last:
        return first
    unit = re.search(r"( %| points| days| months)$", last)
    if unit and first.endswith(unit.group(1)):
        first = first.removesuffix(unit.group(1))
    return f"{first} to {last}"


def count(value: float) -> str:
    """A count with its thousands separated."""
    return show(value, "count")


def ratio(value: float, decimals: int = 2) -> str:
    """A ratio."""
    return show(value, "ratio", decimals=decimals)


def percent(share: float, decimals: int = 0) -> str:
    """A share as a percentage; what is above 0 never reads 0."""
    least = 10.0**-decimals
    if 0 < 100 * share < least / 2:
        return f"under {least:g} %"
    return f"{100 * share:.{decimals}f} %"


def chance(share: float) -> str:
    """A probability as a percentage, with a decimal where it is small."""
    return percent(share, 0 if share >= 0.01 else 1)


def level(value: float) -> str:
    """A confidence level as a percentage."""
    return _render.percent(value)


def several(items: Sequence[str], last: str = "and") -> str:
    """Items in a sentence: ``a, b and c``."""
    if len(items) < 2:
        return "".join(items)
    return f"{', '.join(items[:-1])} {last} {items[-1]}"


def sentence(text: str) -> str:
    """Text that starts with a capital letter."""
    return text[:1].upper() + text[1:]


def day(iso: str) -> str:
    """An ISO date as ``5 November 2024``; a month or a year likewise, and nothing as nothing."""
    parts = iso.split("-")
    if not iso or not all(part.isdigit() for part in parts):
        return iso
    months = [
        "January",
        "February",
        "March",
        "April",
        "May",
        "June",
        "July",
        "August",
        "September",
        "October",
        "November",
        "December",
    ]
    words = [parts[0]]
    if len(parts) > 1:
        words.insert(0, months[int(parts[1]) - 1])
    if len(parts) > 2:
        words.insert(0, str(int(parts[2])))
    return " ".join(words)


def period(words: str) -> str:
    """A period as a table writes it, in words: ``2019-11/2022-02`` is a span of months."""
    spanned = re.sub(r"(\d{4}(?:-\d\d){0,2})/(\d{4}(?:-\d\d){1,2})", r"\1 to \2", words)
    return re.sub(r"\b\d{4}(?:-\d\d){1,2}\b", lambda match: day(match[0]), spanned)
