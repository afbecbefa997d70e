"""Results as text, Markdown, HTML and LaTeX: one table of words, four markups."""

from __future__ import annotations

import html
import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from countylines import _frames, _validate

FORMATS = ("text", "markdown", "html", "latex")
ROWS_SHOWN = 30
_KIND_WORDS = {
    "confidence": "confidence interval",
    "credible": "credible interval",
    "prediction": "prediction interval",
    "identification": "identified range",
}
_COLUMNS = {
    "estimate": "estimate",
    "low": "low",
    "high": "high",
    "region_low": "identified from",
    "region_high": "identified to",
    "pvalue": "p-value",
    "n": "n",
}


def number(value: Any) -> str:
    """A number for reading: four significant digits, thousands separated, inf and nan in words."""
    if value is None:
        return "not given"
    value = float(value)
    if math.isnan(value):
        return "undefined"
    if math.isinf(value):
        return "infinity" if value > 0 else "-infinity"
    if value == 0:
        return "0"
    if abs(value) >= 1e15:
        return f"{value:.4g}"
    if abs(value) >= 999.95:  # four digits would round it to 1000
        return f"{value:,.0f}"
    if abs(value) < 1e-4:
        return f"{value:.3g}"
    return f"{value:.4g}"


def pvalue(value: Any) -> str:
    """A p-value for reading."""
    value = math.nan if value is None else float(value)
    return f"{value:.2g}" if 0 < value < 1e-4 else number(value)


def percent(level: float) -> str:
    """A level as a percentage."""
    return f"{100 * level:.6g} %"


def interval_words(result: Any) -> str:
    """What the two ends of a result are called."""
    kind = _KIND_WORDS[result.interval_kind]
    if result.level is None:
        return kind
    if result.alternative == "greater":
        return f"{percent(result.level)} one-sided {kind} from below"
    if result.alternative == "less":
        return f"{percent(result.level)} one-sided {kind} from above"
    return f"{percent(result.level)} {kind}"


def null_sentence(quantity: str, null: Any, alternative: str) -> str:
    """The null hypothesis in words."""
    relation = {"two-sided": "is", "greater": "is at most", "less": "is at least"}[alternative]
    value = number(null) if _is_scalar(null) else "the given value, element by element"
    return f"The {quantity} {relation} {value}."


def one_line(result: Any) -> str:
    """A result on one line; never computes what waits for dask."""
    name = type(result).__name__
    if result.is_lazy:
        return f"<{name} {result.quantity}: not computed yet; use .compute()>"
    if _is_scalar(result.estimate):
        found = _frames.single(result.verdict)
        verdict = "" if found.estimable else f", {found.code}"
        modes = "".join(f"{words}; " for _, words in _mode_facts(result, brief=True))
        return (
            f"<{name} {result.quantity}: {modes}{number(result.estimate)} "
            f"({number(result.low)} to {number(result.high)}, {interval_words(result)}){verdict}>"
        )
    shape = " x ".join(str(n) for n in np.shape(result.estimate))
    return f"<{name} {result.quantity}: {shape} estimates, {interval_words(result)}>"


def test_line(result: Any) -> str:
    """A test on one line."""
    if _is_scalar(result.pvalue):
        return f"<TestResult p = {pvalue(result.pvalue)}: {result.null_hypothesis}>"
    shape = " x ".join(str(n) for n in np.shape(result.pvalue))
    return f"<TestResult {shape} p-values: {result.null_hypothesis}>"


def summary(result: Any, format: str) -> str:
    """A result as a table with its notes, in one of the four markups."""
    _validate.option("format", format, FORMATS)
    if result.is_lazy:
        return _document(
            result.quantity, [("state", "not computed yet; use .compute()")], [], [], format
        )
    facts: list[tuple[str, str]] = []
    table: list[list[str]] = []
    if _is_scalar(result.estimate):
        facts = _scalar_facts(result)
    else:
        table = _table(result)
    facts += _shared_facts(result)
    notes = [note.text for note in result.notes]
    title = result.quantity + (f" [{result.unit}]" if result.unit else "")
    return _document(title, facts, table, notes, format)


def _mode_facts(result: Any, *, brief: bool = False) -> list[tuple[str, str]]:
    """The modes of a posterior that has several; nothing for one, or for any other result."""
    modes = getattr(result, "modes", None)
    if modes is None or len(modes) < 2 or not _is_scalar(result.estimate):
        return []
    if not _frames.single(result.verdict).estimable:
        return []
    rows = list(modes.itertuples(index=False))
    if brief:
        places = " and ".join(f"{number(m.mode)} ({100 * m.mass:.0f} %)" for m in rows)
        return [("modes", f"{len(rows)} modes, {places}")]
    share = "probable" if result.interval_kind == "credible" else "of the weight"
    words = [
        f"{number(m.mode)} ({number(m.low)} to {number(m.high)}), {100 * m.mass:.0f} % {share}"
        for m in rows
    ]
    return [(f"mode {i}", text) for i, text in enumerate(words, start=1)]


def _scalar_facts(result: Any) -> list[tuple[str, str]]:
    facts = _mode_facts(result)
    facts.append(("estimate", number(result.estimate)))
    facts.append((interval_words(result), f"{number(result.low)} to {number(result.high)}"))
    if result.region_low is not None and result.interval_kind != "identification":
        region = f"{number(result.region_low)} to {number(result.region_high)}"
        facts.append(("identified range", region))
    if result.standard_error is not None:
        facts.append(("standard error", number(result.standard_error)))
    hidden = getattr(result, "hidden", None)
    if hidden is not None:
        words = f"{number(hidden.estimate)} ({number(hidden.low)} to {number(hidden.high)})"
        facts.append(("hidden", words))
        facts.append(("observed", number(result.n_observed)))
    facts += _area_facts(result)
    if result.pvalue is not None:
        facts.append(
            ("null hypothesis", null_sentence(result.quantity, result.null, result.alternative))
        )
        facts.append(("p-value", pvalue(result.pvalue)))
    if result.n is not None:
        facts.append(("n", number(result.n)))
    verdict = _frames.single(result.verdict)
    if not verdict.estimable or verdict.reasons:
        facts.append(("verdict", str(verdict)))
    return facts


def _area_facts(result: Any) -> list[tuple[str, str]]:
    """What a pooled estimate says of the areas behind it; nothing for any other result."""
    facts = [("estimand", result.estimand)] if getattr(result, "estimand", "") else []
    for name in ("between", "prediction", "plain"):
        part = getattr(result, name, None)
        if part is not None:
            ends = f"{number(part.low)} to {number(part.high)}"
            words = ends if name == "prediction" else f"{number(part.estimate)} ({ends})"
            facts.append((part.quantity, words))
    test = getattr(result, "overdispersion", None)
    if test is not None:
        facts.append((f"p-value: {test.null_hypothesis}", pvalue(test.pvalue)))
    return facts


def _shared_facts(result: Any) -> list[tuple[str, str]]:
    facts = []
    if not _is_scalar(result.estimate):
        facts.append(("interval", interval_words(result)))
        if result.pvalue is not None:
            sentence = null_sentence(result.quantity, result.null, result.alternative)
            facts.append(("null hypothesis", sentence))
    method = result.method
    if result.interval_method and result.interval_method != method:
        method = (
            f"{method}; interval: {result.interval_method}" if method else result.interval_method
        )
    if method:
        facts.append(("method", method))
    model = getattr(result, "model", "")
    if model:
        facts.append(("model", model))
    return facts


def _table(result: Any) -> list[list[str]]:
    labels, estimates = _frames.long(result.estimate)
    count = len(estimates)
    columns = {str(name): _label_words(labels[name]) for name in labels.columns}
    for name, title in _COLUMNS.items():
        value = getattr(result, name)
        if value is not None:
            show = pvalue if name == "pvalue" else number
            cells = list(_frames.column(value, count))[:ROWS_SHOWN]
            columns[title] = [show(v) for v in cells]
    verdicts = list(_frames.column(result.verdict, count))
    if not all(v.estimable for v in verdicts):
        columns["verdict"] = [v.code for v in verdicts[:ROWS_SHOWN]]
    rows = [list(columns)]
    rows += [list(row) for row in zip(*columns.values(), strict=True)]
    if count > ROWS_SHOWN:
        rows.append([f"... {count - ROWS_SHOWN} more"] + [""] * (len(columns) - 1))
    return rows


def _label_words(labels: Any) -> list[str]:
    return [str(label) for label in labels.head(ROWS_SHOWN)]


def test_summary(result: Any, format: str) -> str:
    """A test as a table with its notes, in one of the four markups."""
    _validate.option("format", format, FORMATS)
    facts = [("null hypothesis", result.null_hypothesis)]
    facts.append(("alternative", result.alternative))
    table: list[list[str]] = []
    if _is_scalar(result.pvalue):
        facts.append(("statistic", number(result.statistic)))
        facts.append(("p-value", pvalue(result.pvalue)))
    else:
        labels, values = _frames.long(result.pvalue)
        statistics = list(_frames.column(result.statistic, len(values)))
        shown = [_label_words(labels[name]) for name in labels.columns]
        shown.append([number(v) for v in statistics[:ROWS_SHOWN]])
        shown.append([pvalue(v) for v in values[:ROWS_SHOWN]])
        table = [[*map(str, labels.columns), "statistic", "p-value"]]
        table += [list(row) for row in zip(*shown, strict=True)]
        if len(values) > ROWS_SHOWN:
            more = f"... {len(values) - ROWS_SHOWN} more"
            table.append([more] + [""] * (len(table[0]) - 1))
    effect = result.effect
    if effect is not None and _is_scalar(effect.estimate):
        size = f"{number(effect.estimate)} ({number(effect.low)} to {number(effect.high)})"
        facts.append((effect.quantity, size))
    facts.append(("method", result.method))
    if result.n is not None and _is_scalar(result.n):
        facts.append(("n", number(result.n)))
    return _document("Test", facts, table, [note.text for note in result.notes], format)


def _is_scalar(value: Any) -> bool:
    return np.ndim(value) == 0


# --- the four markups -----------------------------------------------------------------------


def _document(
    title: str,
    facts: Sequence[tuple[str, str]],
    table: Sequence[Sequence[str]],
    notes: Sequence[str],
    format: str,
) -> str:
    write = {"text": _text, "markdown": _markdown, "html": _html, "latex": _latex}[format]
    return write(title[:1].upper() + title[1:], facts, table, notes)


def _aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    return [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]


def _text(
    title: str,
    facts: Sequence[tuple[str, str]],
    table: Sequence[Sequence[str]],
    notes: Sequence[str],
) -> str:
    lines = [title]
    if table:
        lines += ["  " + line for line in _aligned(table)]
    if facts:
        lines += ["  " + line for line in _aligned(facts)]
    lines += [f"  note: {note}" for note in notes]
    return "\n".join(lines)


def _markdown(
    title: str,
    facts: Sequence[tuple[str, str]],
    table: Sequence[Sequence[str]],
    notes: Sequence[str],
) -> str:
    def row(cells: Sequence[str]) -> str:
        return "| " + " | ".join(cells) + " |"

    def safe(cells: Sequence[str]) -> list[str]:
        return [markdown_escape(cell) for cell in cells]

    lines = [f"**{markdown_escape(title)}**", ""]
    if table:
        lines += [row(safe(table[0])), row(["---"] * len(table[0]))]
        lines += [*(row(safe(cells)) for cells in table[1:]), ""]
    if facts:
        lines += [row(["", ""]), row(["---", "---"]), *(row(safe(fact)) for fact in facts), ""]
    lines += [f"- {markdown_escape(note)}" for note in notes]
    return "\n".join(lines).rstrip()


def _html(
    title: str,
    facts: Sequence[tuple[str, str]],
    table: Sequence[Sequence[str]],
    notes: Sequence[str],
) -> str:
    def cells(tag: str, row: Sequence[str]) -> str:
        return "<tr>" + "".join(f"<{tag}>{html.escape(cell)}</{tag}>" for cell in row) + "</tr>"

    parts = [f'<div class="countylines-result"><p><strong>{html.escape(title)}</strong></p>']
    if table:
        body = "".join(cells("td", row) for row in table[1:])
        parts.append(f"<table><thead>{cells('th', table[0])}</thead><tbody>{body}</tbody></table>")
    if facts:
        rows = "".join(
            f'<tr><th scope="row">{html.escape(name)}</th><td>{html.escape(text)}</td></tr>'
            for name, text in facts
        )
        parts.append(f"<table><tbody>{rows}</tbody></table>")
    if notes:
        items = "".join(f"<li>{html.escape(note)}</li>" for note in notes)
        parts.append(f"<ul>{items}</ul>")
    return "".join(parts) + "</div>"


_LATEX = {
    "\\": r"\textbackslash{}",
    "&": r"\&",
    "%": r"\%",
    "$": r"\$",
    "#": r"\#",
    "_": r"\_",
    "{": r"\{",
    "}": r"\}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    "[": "{[}",  # after a line break or \item it would open an optional argument
    "]": "{]}",
}
_MARKDOWN = {character: f"\\{character}" for character in "\\`*_[]|#~"}
_MARKDOWN |= {"<": "&lt;", ">": "&gt;", "&": "&amp;"}


def latex_escape(text: str) -> str:
    """Text with the characters that LaTeX reads as commands, or prints as others, made harmless."""
    return "".join(_LATEX.get(character, character) for character in _one_line(text))


def markdown_escape(text: str) -> str:
    """Text with the characters that Markdown or HTML give a meaning made harmless."""
    return "".join(_MARKDOWN.get(character, character) for character in _one_line(text))


def _one_line(text: str) -> str:
    return " ".join(text.splitlines())


def _latex(
    title: str,
    facts: Sequence[tuple[str, str]],
    table: Sequence[Sequence[str]],
    notes: Sequence[str],
) -> str:
    def tabular(rows: Sequence[Sequence[str]], head: bool) -> list[str]:
        lines = [r"\begin{tabular}{" + "l" * len(rows[0]) + "}", r"\hline"]
        for i, row in enumerate(rows):
            lines.append(" & ".join(latex_escape(cell) for cell in row) + r" \\")
            if head and i == 0:
                lines.append(r"\hline")
        return [*lines, r"\hline", r"\end{tabular}"]

    lines = [r"\paragraph{" + latex_escape(title) + "}", ""]
    if table:
        lines += [*tabular(table, True), ""]
    if facts:
        lines += [*tabular(facts, False), ""]
    if notes:
        items = [r"\item " + latex_escape(note) for note in notes]
        lines += [r"\begin{itemize}", *items, r"\end{itemize}"]
    return "\n".join(lines).rstrip()
