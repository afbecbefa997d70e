"""The report as one page: inline style, inline figures, no script, and nothing fetched."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Sequence
from importlib import resources
from typing import TYPE_CHECKING

from countylines import _citations
from countylines.assessment import _svg, _text
from countylines.assessment.claim import (
    KIND_MEANINGS,
    KIND_WORDS,
    VERDICT_MEANINGS,
    VERDICTS,
    Claim,
    Column,
    Row,
    Source,
    Table,
)

if TYPE_CHECKING:
    from countylines.assessment.report import Assessment

WORDY = 3
"""Columns of words from which a table is stacked on a phone, rather than scrolled."""

_ADDRESS = re.compile(r"https?://[^\s<>&]+[^\s<>&.,;)]")


def page(report: Assessment) -> str:
    """The whole report."""
    style = resources.files("countylines.assessment").joinpath("report.css")
    body = [_front(report), _reading(report)]
    body += [_section(claim, number) for number, claim in enumerate(report.claims, 1)]
    body.append(_provenance(report))
    return "\n".join(
        [
            "<!DOCTYPE html>",
            '<html lang="en-GB">',
            "<head>",
            '<meta charset="utf-8">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            '<meta name="color-scheme" content="light">',
            f"<title>{text(_text.TITLE)}</title>",
            f"<style>\n{style.read_text(encoding='utf-8').strip()}\n</style>",
            "</head>",
            "<body>",
            "<main>",
            *body,
            "</main>",
            "</body>",
            "</html>",
            "",
        ]
    )


def fragment(report: Assessment) -> str:
    """The front table alone, for a notebook."""
    rows = "".join(
        f"<tr><td>{text(claim.title)}</td><td><strong>{text(claim.verdict.words)}.</strong> "
        f"{text(claim.verdict.sentence)}</td><td>{text(claim.sureness)}</td></tr>"
        for claim in report.claims
    )
    return (
        f'<div class="countylines-result"><p><strong>{text(_text.TITLE)}</strong></p>'
        "<table><thead><tr><th>Claim</th><th>What the published figures support</th>"
        f"<th>How sure</th></tr></thead><tbody>{rows}</tbody></table></div>"
    )


def text(words: str) -> str:
    """Escaped text, with spaces that do not break before units and a real minus sign."""
    words = re.sub(r"(?<=\d) (?=%|days?\b|months?\b)", "\u00a0", words)
    words = re.sub(r"(?<![\w.])-(?=\d)", "\u2212", words)
    return html.escape(words)


def _verdict(code: str, words: str) -> str:
    return f'<span class="verdict {code}">{text(words)}</span>'


def _front(report: Assessment) -> str:
    rows = "".join(
        f'<tr><th scope="row"><a href="#{claim.id}">{number}. {text(claim.title)}</a></th>'
        f'<td data-label="What the published figures support">'
        f"{_verdict(claim.verdict.code, claim.verdict.words)} "
        f"{text(claim.verdict.sentence)}</td>"
        f'<td data-label="How sure">{text(claim.sureness)}</td></tr>'
        for number, claim in enumerate(report.claims, 1)
    )
    return "\n".join(
        [
            "<header>",
            f"<h1>{text(_text.TITLE)}</h1>",
            f'<p class="subtitle">{text(_text.SUBTITLE)}</p>',
            "</header>",
            f"<p>{text(_text.PURPOSE)}</p>",
            '<section id="summary">',
            "<h2>In one minute</h2>",
            (
                '<table class="stack front"><thead><tr><th scope="col">Claim</th>'
                '<th scope="col">What the published figures support</th>'
                f'<th scope="col">How sure</th></tr></thead><tbody>{rows}</tbody></table>'
            ),
            (
                '<p class="small on-screen">Next: <a href="#reading">how to read it</a>. At the '
                'end: <a href="#provenance">where it comes from, and how to cite it</a>.</p>'
            ),
            "</section>",
        ]
    )


def _reading(report: Assessment) -> str:
    used = {claim.verdict.code for claim in report.claims}
    verdicts = "".join(
        f"<dt>{_verdict(code, VERDICTS[code])}</dt><dd>{text(VERDICT_MEANINGS[code])}</dd>"
        for code in VERDICTS
        if code in used
    )
    kinds = "".join(
        f'<dt><span class="kind {kind}">{text(KIND_WORDS[kind])}</span></dt>'
        f"<dd>{text(meaning)}</dd>"
        for kind, meaning in KIND_MEANINGS.items()
    )
    press = _text.press_note(report.claims)
    notice = "" if _svg.is_available() else f'<p class="notice">{text(_svg.MISSING)}</p>'
    return "\n".join(
        [
            '<section id="reading">',
            "<h2>How to read it</h2>",
            notice,
            "<p>Each claim has one of four verdicts.</p>",
            f"<dl>{verdicts}</dl>",
            (
                "<p>Each number says what kind of number it is. Only a confidence interval is a "
                "statement about chance.</p>"
            ),
            f"<dl>{kinds}</dl>",
            f"<p>{text(press)}</p>" if press else "",
            "</section>",
        ]
    )


def _section(claim: Claim, number: int) -> str:
    parts = [
        f'<section class="claim" id="{claim.id}">',
        f"<h2>{number}. {text(claim.title)}</h2>",
        _quotation(claim),
        f"<h3>What would have to be estimated</h3><p>{text(claim.estimand)}</p>",
        _ruling(claim),
        _items("Conditions", claim.conditions, ordered=True),
        f"<h3>The numbers</h3>{_numbers(claim.estimates)}",
        *(_table(table) for table in claim.tables),
        _items("What could mislead", claim.cautions),
        _items("What would settle it", claim.needed),
        _sources(claim.sources),
        _methods(claim.references),
        "</section>",
    ]
    return "\n".join(part for part in parts if part)


def _ruling(claim: Claim) -> str:
    words = _verdict(claim.verdict.code, claim.verdict.words)
    return (
        f'<div class="ruling {claim.verdict.code}"><p>{words} {text(claim.verdict.sentence)}</p>'
        f"<p><strong>How sure:</strong> {text(claim.sureness)}</p></div>"
    )


def _quotation(claim: Claim) -> str:
    first = claim.sources[0]
    return (
        f'<figure class="quote"><blockquote><p>“{text(claim.wording)}”</p></blockquote>'
        f"<figcaption>{_reference(first)}</figcaption></figure>"
    )


def _reference(source: Source) -> str:
    """Publisher, title and date, linked, with whose text it is."""
    words = text(_text.source(source))
    if _text.is_web_address(source.url):
        words = f'<a href="{html.escape(source.url)}" rel="noreferrer">{words}</a>'
    status = (
        f'<span class="status {source.status}">{text(_text.STATUS_WORDS[source.status])}</span>'
    )
    return f"{words} {status}"


def _numbers(rows: Sequence[Row]) -> str:
    body = "".join(_number(row) for row in rows)
    return (
        '<table class="stack numbers"><thead><tr><th scope="col">Quantity</th>'
        '<th scope="col">Value</th><th scope="col">What it means, and what it does not</th>'
        f"</tr></thead><tbody>{body}</tbody></table>"
    )


def _number(row: Row) -> str:
    known = row.known_from
    press = f' <span class="status {known}">{known}</span>' if known != "primary" else ""
    note = f"<br>{text(row.note)}" if row.note else ""
    limits = _text.limits(row)
    span = f' <span class="limits">{text(limits)}</span>' if limits else ""
    return (
        f'<tr><th scope="row">{text(row.label)}</th>'
        f'<td class="value">{text(_text.number(row))}{span}</td>'
        f'<td><span class="kind {row.kind}">{text(_text.kind(row))}</span>{press}{note}</td></tr>'
    )


def _table(table: Table) -> str:
    figure = ""
    if table.drawing is not None and _svg.is_available():
        figure = (
            f'<figure class="drawing"><figcaption>{text(table.drawing.title)}</figcaption>'
            f"{_svg.render(table.drawing)}</figure>"
        )
    words = sum(column.format == "text" for column in table.columns) >= WORDY
    body = _grid(table, labels=words)
    if not words:
        body = (
            f'<div class="scroll" role="region" tabindex="0" aria-label="{text(table.title)}">'
            f"{body}</div>"
        )
    note = f" {text(table.note)}" if table.note else ""
    return (
        f'<div class="block">{figure}<p class="caption">{text(table.title)}</p>{body}'
        f'<p class="small"><span class="kind {table.kind}">{text(KIND_WORDS[table.kind])}</span>'
        f"{note}</p></div>"
    )


def _grid(table: Table, *, labels: bool) -> str:
    """The table itself; with labels on its cells it can be stacked where there is no room."""
    heads = "".join(
        f'<th scope="col"{_right(column)}>{text(column.name)}</th>' for column in table.columns
    )
    kind = ' class="stack labelled"' if labels else ""
    body = ""
    for row in _text.cells(table):
        items = zip(row, table.columns, strict=True)
        body += "<tr>"
        for item, column in items:
            label = f' data-label="{text(column.name)}"' if labels else ""
            body += f"<td{_right(column)}{label}>{text(item)}</td>"
        body += "</tr>"
    return (
        f'<table{kind} aria-label="{text(table.title)}">'
        f"<thead><tr>{heads}</tr></thead><tbody>{body}</tbody></table>"
    )


def _right(column: Column) -> str:
    return "" if column.format == "text" else ' class="number"'


def _items(title: str, items: Iterable[str], *, ordered: bool = False) -> str:
    rows = "".join(f"<li>{text(item)}</li>" for item in items)
    tag = "ol" if ordered else "ul"
    return f"<h3>{title}</h3><{tag}>{rows}</{tag}>" if rows else ""


def _sources(sources: Sequence[Source]) -> str:
    rows = ""
    for passages in _text.by_place(sources):
        first = passages[0]
        quotes = "".join(f"<br>“{text(passage.wording)}”" for passage in passages)
        note = f"<br><em>{text(first.note)}</em>" if first.note else ""
        rows += f"<li>{_reference(first)}{quotes}{note}</li>"
    return f'<h3>Sources</h3><ul class="small">{rows}</ul>'


def _methods(keys: Sequence[str]) -> str:
    links = [f'<a href="#ref-{key}">{text(_text.short_reference(key))}</a>' for key in keys]
    return f'<p class="small">Methods: {"; ".join(links)}.</p>' if links else ""


def _references(report: Assessment) -> str:
    keys = dict.fromkeys(key for claim in report.claims for key in claim.references)
    if not keys:
        return ""
    rows = "".join(
        f'<li id="ref-{key}">{_linked(_citations.in_words(key))}</li>'
        for key in sorted(keys, key=_citations.in_words)
    )
    return f'<h3>Methods referred to</h3><ul class="small">{rows}</ul>'


def _linked(words: str) -> str:
    """Text in which web addresses are links."""
    return _ADDRESS.sub(
        lambda match: f'<a class="bare" href="{match[0]}" rel="noreferrer">{match[0]}</a>',
        text(words),
    )


def _provenance(report: Assessment) -> str:
    made = report.provenance
    notices = "".join(f"<li>{text(notice)}</li>" for notice in _text.attributions(made))
    methods = "; ".join(made["methods"])
    return "\n".join(
        [
            '<section id="provenance">',
            "<h2>Where this comes from</h2>",
            f"<p>{text(_text.made_by(made))}</p>",
            '<div class="block">',
            _grid(_text.tables_used(made), labels=True),
            "</div>",
            f'<p class="small">Methods used: {text(methods)}.</p>' if methods else "",
            f'<ul class="small">{notices}</ul>' if notices else "",
            _references(report),
            "<h3>How to cite it</h3>",
            "<p>Cite a figure by its own source. Cite what is computed here as:</p>",
            f"<p><cite>{_linked(made['citation'])}</cite></p>",
            "</section>",
        ]
    )
