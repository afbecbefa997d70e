"""The report in Markdown: the same words and tables, without the figures."""

from __future__ import annotations

import html
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from countylines import _citations
from countylines.assessment import _text
from countylines.assessment import _words as w
from countylines.assessment.claim import KIND_MEANINGS, KIND_WORDS, Claim, Source

if TYPE_CHECKING:
    from countylines.assessment.report import Assessment

_SPECIAL = re.compile(r"([\\`*_\[\]|])")


def document(report: Assessment) -> str:
    """The whole report."""
    lines = [f"# {_text.TITLE}", "", escape(_text.SUBTITLE), "", escape(_text.PURPOSE), ""]
    heads = ["Claim", "What the published figures support", "How sure"]
    front = [
        [
            f"{number}. {escape(claim.title)}",
            f"**{claim.verdict.words}.** {escape(claim.verdict.sentence)}",
            escape(claim.sureness),
        ]
        for number, claim in enumerate(report.claims, 1)
    ]
    lines += [*_table(heads, front), "", escape(_text.press_note(report.claims)), ""]
    lines += ["## Kinds of number", ""]
    lines += [f"- **{KIND_WORDS[k]}**: {escape(text)}" for k, text in KIND_MEANINGS.items()]
    for number, claim in enumerate(report.claims, 1):
        lines += ["", f"## {number}. {escape(claim.title)}", "", *_claim(claim)]
    lines += ["", "## Where this comes from", "", *_provenance(report)]
    return "\n".join(lines).rstrip() + "\n"


def escape(text: str) -> str:
    """Text that Markdown, or HTML inside it, cannot read as markup; on one line."""
    return _SPECIAL.sub(r"\\\1", html.escape(" ".join(text.split()), quote=False))


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    return [
        "| " + " | ".join(heads) + " |",
        "|" + " --- |" * len(heads),
        *("| " + " | ".join(row) + " |" for row in rows),
    ]


def _claim(claim: Claim) -> list[str]:
    first = claim.sources[0]
    lines = [f"> {escape(claim.wording)}", ">", f"> {_link(first)}", ""]
    lines += [f"**What would have to be estimated.** {escape(claim.estimand)}", ""]
    lines += [f"**{claim.verdict.words}.** {escape(claim.verdict.sentence)}", ""]
    lines += [f"**How sure.** {escape(claim.sureness)}", ""]
    lines += _items("Conditions", claim.conditions)
    heads = ["Quantity", "Value", "Kind", "What it means"]
    rows = [
        [
            escape(row.label),
            escape(_text.value(row)),
            escape(
                _text.kind(row) + (f", {row.known_from}" if row.known_from != "primary" else "")
            ),
            escape(row.note),
        ]
        for row in claim.estimates
    ]
    lines += ["### The numbers", "", *_table(heads, rows), ""]
    for table in claim.tables:
        lines += [f"### {escape(table.title)}", ""]
        body = [[escape(text) for text in row] for row in _text.cells(table)]
        lines += _table([escape(column.name) for column in table.columns], body)
        lines += ["", escape(f"{w.sentence(KIND_WORDS[table.kind])}. {table.note}".rstrip()), ""]
    lines += _items("What could mislead", claim.cautions)
    lines += _items("What would settle it", claim.needed)
    lines += ["### Sources", ""]
    for passages in _text.by_place(claim.sources):
        quotes = " ".join(f"“{escape(passage.wording)}”" for passage in passages)
        lines.append(f"- {_link(passages[0])}: {quotes} {escape(passages[0].note)}".rstrip())
    methods = "; ".join(_text.short_reference(key) for key in claim.references)
    return [*lines, "", f"Methods: {escape(methods)}."] if methods else lines


def _items(title: str, items: Sequence[str]) -> list[str]:
    if not items:
        return []
    return [f"### {title}", "", *(f"- {escape(item)}" for item in items), ""]


def _link(source: Source) -> str:
    words = escape(_text.source(source))
    if _text.is_web_address(source.url):
        address = source.url.replace("(", "%28").replace(")", "%29").replace(" ", "%20")
        words = f"[{words}](<{html.escape(address)}>)"
    return f"{words} ({_text.STATUS_WORDS[source.status]})"


def _provenance(report: Assessment) -> list[str]:
    made = report.provenance
    used = _text.tables_used(made)
    body = [[escape(text) for text in row] for row in _text.cells(used)]
    lines = [escape(_text.made_by(made)), ""]
    lines += [*_table([column.name for column in used.columns], body), ""]
    lines += [f"- {escape(text)}" for text in _text.attributions(made)]
    keys = dict.fromkeys(key for claim in report.claims for key in claim.references)
    methods = sorted(_citations.in_words(key) for key in keys)
    lines += ["", "### Methods referred to", "", *(f"- {escape(text)}" for text in methods)]
    return [*lines, "", f"Cite as: {escape(made['citation'])}"]
