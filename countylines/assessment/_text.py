"""Pieces of the report in words, the same in every format."""

from __future__ import annotations

from typing import Any

from countylines.assessment import _words as w
from countylines.assessment.claim import KIND_WORDS, Claim, Column, Row, Source, Table

TITLE = "What the published county lines figures can and cannot support"
SUBTITLE = (
    "An assessment of the claims made with the County Lines Strategic Threat Risk Assessment "
    "2023/24, from public figures alone"
)
PURPOSE = (
    "In November 2024 the police of the United Kingdom published figures on county lines: drug "
    "dealing run from one area into another over a branded phone number. This report takes the "
    "claims one by one. It states what would have to be known for each to hold, works out what the "
    "published figures allow, and says where they fall silent. It is not an assessment of the "
    "threat, nor of the police."
)
STATUS_WORDS = {"primary": "producer’s own text", "press": "press"}


def value(row: Row) -> str:
    """A row's number and its range."""

    def show(number: Any) -> str:
        return w.show(number, row.format, decimals=row.decimals)

    if row.low is None and row.high is None:
        text = show(row.estimate)
    elif row.estimate is None or row.kind == "published":
        low = row.estimate if row.low is None else row.low
        text = w.span(low, row.high, row.format, decimals=row.decimals)
    else:
        text = f"{show(row.estimate)} ({w.span(row.low, row.high, row.format, decimals=row.decimals)})"
    text = f"{row.prefix} {text}" if row.prefix else text
    return f"{text} {row.unit}" if row.unit else text


def kind(row: Row) -> str:
    """What kind of number a row holds."""
    words = KIND_WORDS[row.kind]
    if row.kind == "confidence" and row.level is not None:
        return f"{w.level(row.level)} {words}"
    return words


def cell(item: Any, column: Column) -> str:
    """One value of a table."""
    if isinstance(item, tuple):
        return w.span(*item, column.format, decimals=column.decimals)
    return w.show(item, column.format, decimals=column.decimals)


def cells(table: Table) -> list[list[str]]:
    """The rows of a table as text."""
    return [
        [cell(item, column) for item, column in zip(row, table.columns, strict=True)]
        for row in table.rows
    ]


def source(item: Source) -> str:
    """A source as a reference: publisher, title and date."""
    parts = [item.publisher, item.title, w.day(item.date) or "no date"]
    return ", ".join(part for part in parts if part)


def press_note(claims: tuple[Claim, ...]) -> str:
    """What is known from the press only, in a sentence; nothing if there is no such figure."""
    rows = [row for claim in claims for row in claim.estimates]
    known = [
        f"{row.label[:1].lower()}{row.label[1:]} ({value(row)})"
        for row in rows
        if row.press and row.kind == "published"
    ]
    if not known:
        return ""
    return (
        "Figures marked “press” were printed by newspapers or the trade press and were not found "
        "in a text of the producer: check the original before relying on them. They are: "
        f"{'; '.join(dict.fromkeys(known))}. What is computed from them is marked in the same way."
    )
