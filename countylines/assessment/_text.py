"""Pieces of the report in words, the same in every format."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

from countylines import _citations
from countylines.assessment import _words as w
from countylines.assessment.claim import KIND_WORDS, Claim, Column, Row, Source, Table

TITLE = "What the published county lines figures can and cannot support"
SUBTITLE = (
    "An assessment of the claims made with the County Lines Strategic Threat Risk Assessment "
    "2023/24, from public figures alone"
)
PURPOSE = (
    "In November 2024 the National Police Chiefs’ Council published figures on county lines: drug "
    "dealing run from one area into another over a branded phone number. This report takes the "
    "claims one by one. It states what would have to be known for each to hold, works out what the "
    "published figures allow, and says where they fall silent. It is not an assessment of the "
    "threat, nor of the police."
)
NOT_GIVEN = "not given"
STATUS_WORDS = {
    "primary": "producer’s own text",
    "press": "press",
    "second-hand": "second-hand",
}


def number(row: Row) -> str:
    """A row's number, with the word before it and the unit after; its range, if it has no other."""
    if row.estimate is None or row.kind == "published":
        low = row.estimate if row.low is None else row.low
        high = low if row.high is None else row.high
        text = w.span(low, high, row.format, decimals=row.decimals)
    else:
        text = w.show(row.estimate, row.format, decimals=row.decimals)
    text = f"{row.prefix} {text}" if row.prefix else text
    return f"{text} {row.unit}" if row.unit else text


def limits(row: Row) -> str:
    """The range about a row's number; empty where it has none, or nothing but a range."""
    if row.estimate is None or row.kind == "published" or row.low is None or row.high is None:
        return ""
    return w.span(row.low, row.high, row.format, decimals=row.decimals)


def value(row: Row) -> str:
    """A row's number and its range, on one line."""
    return f"{number(row)} ({limits(row)})" if limits(row) else number(row)


def kind(row: Row) -> str:
    """What kind of number a row holds."""
    words = KIND_WORDS[row.kind]
    if row.kind == "confidence" and row.level is not None:
        return f"{w.level(row.level)} {words}"
    return words


def cell(item: Any, column: Column) -> str:
    """One value of a table."""
    if isinstance(item, tuple):
        low, high = item
        return w.span(low, high, column.format, decimals=column.decimals)
    return w.show(item, column.format, decimals=column.decimals)


def cells(table: Table) -> list[list[str]]:
    """The rows of a table as text."""
    return [
        [cell(item, column) for item, column in zip(row, table.columns, strict=True)]
        for row in table.rows
    ]


def is_web_address(url: str) -> bool:
    """Whether an address may become a link: whatever a table says, nothing else does."""
    return urlsplit(url).scheme in ("http", "https")


def short_reference(key: str) -> str:
    """A reference of the bibliography as it stands in a sentence: authors and year."""
    fields = _citations.fields(key)
    authors = re.sub(r"[{}]", "", fields.get("author", fields.get("organization", key)))
    names = [name.partition(",")[0].strip() for name in re.split(r"\s+and\s+", authors)]
    who = f"{names[0]} and others" if len(names) > 2 else w.several(names)
    return f"{who} ({fields.get('year', 'n.d.')})"


def by_place(sources: Sequence[Source]) -> list[list[Source]]:
    """Sources with one address together, in their order: several passages of one text."""
    places: dict[str, list[Source]] = {}
    for item in sources:
        passages = places.setdefault(item.url, [])
        if all(item.wording != other.wording for other in passages):
            passages.append(item)
    return list(places.values())


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
        if row.known_from != "primary" and row.kind == "published"
    ]
    if not known:
        return ""
    return (
        "Figures marked “press” or “second-hand” were printed by newspapers, the trade press or "
        "others who quote the producer, and were not found in a text of the producer: check the "
        "original before relying on them. They are: "
        f"{'; '.join(dict.fromkeys(known))}. What is computed from them is marked in the same way."
    )


def made_by(provenance: dict[str, Any]) -> str:
    """What made the report, from what."""
    software = [f"{name} {number}" for name, number in provenance["software"].items()]
    return (
        f"Made by countylines {provenance['countylines']} with {w.several(software)}, from the "
        "tables below and nothing else; nothing was fetched to make it. The same tables give the "
        "same report."
    )


def tables_used(provenance: dict[str, Any]) -> Table:
    """The tables behind the report, as a table."""

    def row(table: dict[str, Any]) -> tuple[str, ...]:
        licence = table["licence_names"] or [table["licence"]]
        return (
            f"{table['title'] or table['name']} ({table['name']})",
            str(table["source"] or NOT_GIVEN),
            w.several([str(name or NOT_GIVEN) for name in licence]),
            w.day(str(table["retrieved"] or NOT_GIVEN)),
            str(table["sha256"] or NOT_GIVEN)[:16],
        )

    heads = ("Table", "Source", "Licence", "Retrieved", "SHA-256, first 16 digits")
    return Table(
        title="Tables used",
        kind="published",
        columns=tuple(Column(head) for head in heads),
        rows=tuple(row(table) for table in provenance["tables"]),
    )


def attributions(provenance: dict[str, Any]) -> list[str]:
    """The statements that the licences of the tables ask for, each once."""
    found = [table["attribution"] for table in provenance["tables"]]
    return list(dict.fromkeys(text for text in found if text))
