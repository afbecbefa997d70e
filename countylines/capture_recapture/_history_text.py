"""Capture histories as text, Markdown, HTML and LaTeX."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from countylines import _render, _validate
from countylines.bands import Band

if TYPE_CHECKING:
    from countylines.capture_recapture._history_views import HistoryViews

LISTS_SHOWN = 6


def one_line(histories: HistoryViews) -> str:
    """The table on one line."""
    names = list(histories.lists[:LISTS_SHOWN])
    if len(histories.lists) > LISTS_SHOWN:
        names.append("...")
    strata = f", {histories.n_strata} strata" if histories.strata else ""
    seen = count(histories.n_observed)
    return (
        f"<CaptureHistories: {seen} unit{'' if seen == '1' else 's'} on {len(histories.lists)} "
        f"lists ({', '.join(names)}){strata}>"
    )


def summary(histories: HistoryViews, format: str) -> str:
    """The table of patterns with the sizes of the lists, in one of the four markups."""
    _validate.option("format", format, _render.FORMATS)
    sizes = histories.overlaps()
    facts = [("units on at least one list", count(histories.n_observed))]
    facts += [(f"on {name}", count(sizes.loc[name, name])) for name in histories.lists]
    if histories.strata:
        strata = f"{histories.n_strata} by {', '.join(histories.strata)}, added up here"
        facts.append(("strata", strata))
    if histories.structural_zeros:
        facts.append(("cannot occur", ", ".join(histories.structural_zeros)))
    facts += [
        (f"{name} covers", f"{len(strata)} of {histories.n_strata} strata")
        for name, strata in histories.covers.items()
    ]
    facts += [
        (f"{name} is compiled from", ", ".join(sources))
        for name, sources in histories.compiled.items()
    ]
    if histories.absent:
        facts.append(("lists that do not cover this stratum", ", ".join(histories.absent)))
    if histories.ordered:
        facts.append(("order", "lists are successive occasions"))
    return _render._document(
        f"capture histories on {len(histories.lists)} lists", facts, _table(histories), [], format
    )


def count(value: Any) -> str:
    """A count for reading."""
    if isinstance(value, Band):
        return f"{int(value.low):,} to {int(value.high):,}"
    return f"{int(value):,}"


def _table(histories: HistoryViews) -> list[list[str]]:
    cells = histories.cells()
    rows = [[*pattern, count(units)] for pattern, units in cells.items()]
    shown = rows[: _render.ROWS_SHOWN]
    if len(rows) > len(shown):
        more = f"{len(rows) - len(shown)} more"
        shown.append(["..."] * len(histories.lists) + [more])
    return [[*histories.lists, "units"], *shown]
