"""Claim: around 6,600 lines were active in 2023/24."""

from __future__ import annotations

import functools
from collections.abc import Sequence

import numpy as np

from countylines._kernels import stock_flow
from countylines.assessment import _words as w
from countylines.assessment._drawings import lines as drawings
from countylines.assessment._estimates import ratio_of_counts
from countylines.assessment.claim import (
    KNOWN_FROM,
    Claim,
    Column,
    Drawing,
    Row,
    Ruling,
    Source,
    Table,
)
from countylines.assessment.sources import Figure, Sources, weakest
from countylines.results import Estimate

YEAR = "2023/24"
YEAR_BEFORE = "2022/23"
MONTHS = 12
COUNTS_OF_LINES = [
    "lines",
    "branded_lines",
    "deal_line_numbers",
    "potentially_active_lines_per_month",
    "active_lines",
    "lines_detected",
]
CLUSTERED = 10.0
"""Variance relative to independent events, to show what batches of finds would do."""


def claim(sources: Sources, level: float) -> Claim:
    """Assess the claim.

    Parameters
    ----------
    sources : Sources
        The tables.
    level : float
        Level of the intervals.

    Returns
    -------
    Claim
    """
    headline = sources.figure(period=YEAR, measure="active_lines")
    after = sources.figure(period=YEAR, measure="lines_detected")
    before = sources.figure(period=YEAR_BEFORE, measure="lines_detected")
    monthly = _monthly(sources)
    ratio = ratio_of_counts(after.value, before.value, level=level)
    times = w.ratio(ratio.estimate)
    improved = sources.statement("reporting-improved")
    abroad = sources.statement("importing-forces")
    marks = _figures(sources)
    return Claim(
        id="active-lines",
        title=f"“{w.sentence(headline.qualifier)} {w.count(headline.value)} active lines”",
        wording=headline.source.wording,
        sources=(headline.source, after.source, *_distinct(monthly), improved.source),
        estimand=(
            f"The number of different lines that were active on at least one day of {YEAR}. What "
            "is published is the number that the police detected."
        ),
        verdict=Ruling(
            "supported-as-detected",
            f"{w.count(after.value)} lines were detected in {YEAR}, {times} times the "
            f"{w.count(before.value)} of {YEAR_BEFORE} (both totals are known from the press "
            "only). How many lines there were, and whether there were more of them than before, "
            "does not follow. No earlier figure may be joined to these two.",
        ),
        sureness=(
            "The detected totals: fairly sure, though the exact ones are from the press. Lines "
            "that were not detected: not known."
        ),
        estimates=_rows(headline, after, before, ratio, level),
        tables=(_joinable_table(marks, after, before), _monthly_table(monthly, after)),
        conditions=(
            "Both totals follow one definition of a line and one way of compiling forces' returns.",
            "A line seen by several forces, or under several numbers, is counted once.",
            (
                "The totals quoted by the press are those of the assessment; the producer's "
                f"release prints only “{headline.qualifier} {w.count(headline.value)}”, which "
                "agrees."
            ),
        ),
        cautions=(
            f"{improved.source.wording} The published figures cannot say how much of it.",
            (
                "The definition has widened: lines that cross no force boundary became countable, "
                "and by the split under the claim on localisation it is they that account for the "
                "rise."
            ),
            (
                "A monthly figure and an annual one are different quantities. A year gathers "
                "every line that came and went in it, so it is larger without any growth."
            ),
            (
                "Over the years the figures count phone numbers, branded lines, lines a month and "
                "lines a year. A change between two of them is a change of unit before it is "
                "anything else."
            ),
            (
                f"The area is not stated. {abroad.source.wording} Earlier figures are for England "
                "and Wales."
            ),
        ),
        needed=(
            (
                "A list of lines without names or numbers: force, source of the intelligence, "
                "date first and last seen. It would give the stock on any day, the active life, "
                "how often forces report the same line and, by how lists overlap, an estimate of "
                "those unseen."
            ),
            "The recording rules of both years, and which forces began to report between them.",
        ),
        references=(*ratio.references, "little1961", "manski2003"),
    )


def _rows(
    headline: Figure, after: Figure, before: Figure, simple: Estimate, level: float
) -> tuple[Row, ...]:
    clustered = ratio_of_counts(after.value, before.value, level=level, design_effect=CLUSTERED)
    half = 10 ** _zeros(headline.value) / 2
    least, most = stock_flow.short_window_bounds(after.value, MONTHS)
    return (
        _published(f"Lines detected, {YEAR}", after),
        _published(f"Lines detected, {YEAR_BEFORE}", before),
        Row(
            f"What “{headline.qualifier} {w.count(headline.value)}” can stand for",
            "identification",
            headline.value,
            headline.value - half,
            headline.value + half,
            note=f"If it was rounded to the nearest hundred; {w.count(after.value)} lies in it.",
            prefix=headline.qualifier,
        ),
        Row(
            f"Lines detected, {YEAR} over {YEAR_BEFORE}",
            "confidence",
            simple.estimate,
            simple.low,
            simple.high,
            "ratio",
            "If each line came to notice independently of the others, other counts could have "
            "arisen by chance; the range covers those. It is not a range for the change in the "
            "lines that existed, and does not allow for a change in recording.",
            level=level,
            method=simple.interval_method,
            known_from=weakest(after, before),
            result=simple,
        ),
        Row(
            "The same, had lines come to notice in batches",
            "confidence",
            clustered.estimate,
            clustered.low,
            clustered.high,
            "ratio",
            f"With a variance {CLUSTERED:g} times as large, an assumption to show how much the "
            "range depends on lines being found one by one. The rise in detected lines stands "
            "either way.",
            level=level,
            method=clustered.interval_method,
            known_from=weakest(after, before),
            result=clustered,
        ),
        Row(
            "Better detection that would by itself explain the rise",
            "arithmetic",
            simple.estimate,
            format="ratio",
            note=f"If detection improved {w.ratio(simple.estimate)}-fold, the figures fit an "
            f"unchanged number of lines. That is possible if at most "
            f"{w.percent(1 / simple.estimate)} of lines were detected in {YEAR_BEFORE}, since no "
            "more than all can be detected.",
            known_from=weakest(after, before),
        ),
        Row(
            f"Average monthly figure that {w.count(after.value)} a year allows",
            "identification",
            None,
            float(least),
            float(most),
            note="Free of any model: a year holds at least as many different lines as its average "
            "month, and at most the sum of its twelve months. The monthly figures published for "
            "earlier years lie inside, so they neither contradict the annual one nor confirm it.",
            known_from=weakest(after, before),
        ),
    )


def _published(label: str, figure: Figure) -> Row:
    return Row(
        label,
        "published",
        figure.value,
        high=figure.value_upper,
        note=w.sentence(figure.basis) + ".",
        unit=figure.unit,
        known_from=figure.known_from,
        prefix=figure.qualifier,
    )


def _zeros(value: float) -> int:
    """Zeros at the end of a whole number: 2 for 6,600."""
    digits = f"{value:.0f}"
    return len(digits) - len(digits.rstrip("0"))


def _printed(figure: Figure) -> str:
    number = w.span(
        figure.value, figure.value if figure.value_upper is None else figure.value_upper, "count"
    )
    return f"{figure.qualifier} {number}".strip()


def _heading(figure: Figure) -> str:
    return f"{w.period(figure.period)}: {figure.basis}"


def _figures(sources: Sources) -> list[Figure]:
    """Every published count of lines, by the year that its period begins with or lies in."""
    found = sources.figures(measure=COUNTS_OF_LINES)
    return sorted(found, key=lambda f: (f.period[:4], "/" in f.period))


def _joinable(figures: Sequence[Figure], after: Figure) -> list[str]:
    """Why each figure may, or may not, be set against the detected total of the year."""
    words = []
    for figure in figures:
        rounded = round(after.value, -_zeros(figure.value)) == figure.value
        if figure.unit == after.unit and figure.basis == after.basis:
            words.append("Yes: same unit, same basis")
        elif figure.period == after.period and rounded:
            words.append("Same figure, rounded")
        elif figure.unit != after.unit:
            words.append(f"No: other unit ({figure.unit})")
        else:
            words.append("No: other counting basis")
    return words


def _joinable_table(figures: Sequence[Figure], after: Figure, before: Figure) -> Table:
    drawing = Drawing(
        id="separate-figures",
        title="Published figures on lines: only the two in blue count the same thing in the same "
        "way",
        description="Each published figure stands on a track of its own, and none are connected. "
        "All of them are in the table that follows.",
        draw=functools.partial(
            drawings.separate_marks,
            marks=[
                (_heading(f), f.unit, f.value, f.value_upper, f in (after, before)) for f in figures
            ],
        ),
        height=6.6,
    )
    return Table(
        title=f"Which published figures may be compared with that of {YEAR}",
        kind="published",
        columns=(
            Column("Period"),
            Column("Figure"),
            Column("Unit"),
            Column("Counting basis"),
            Column("Known from"),
            Column(f"Comparable with {YEAR}"),
        ),
        rows=tuple(
            (
                w.period(figure.period),
                _printed(figure),
                figure.unit,
                figure.basis,
                KNOWN_FROM[figure.known_from],
                words,
            )
            for figure, words in zip(figures, _joinable(figures, after), strict=True)
        ),
        note="Two figures make a trend only where unit and counting basis agree.",
        drawing=drawing,
    )


def _monthly(sources: Sources) -> list[tuple[float, Figure]]:
    """Monthly figures to set against the annual one, ends of a range apart; then the headline."""
    figures = sources.figures(measure="potentially_active_lines_per_month")
    headline = sources.figures(period="2018", measure="lines", qualifier="around")
    found = [
        (value, figure)
        for figure in [*figures, *headline]
        for value in (figure.value, figure.value_upper)
        if value is not None
    ]
    return sorted(found, key=lambda pair: pair[0])


def _distinct(monthly: Sequence[tuple[float, Figure]]) -> list[Source]:
    """Where the monthly figures were published, each place once."""
    return list({figure.source.url: figure.source for _, figure in monthly}.values())


def _monthly_table(monthly: Sequence[tuple[float, Figure]], after: Figure) -> Table:
    values = np.array([value for value, _ in monthly])
    stock = stock_flow.duration_from_stock(after.value, values, MONTHS)
    window = stock_flow.duration_from_windows(values, 1, after.value, MONTHS)
    low, high = stock_flow.long_window_bounds(values, MONTHS)
    rows = []
    for i, (value, figure) in enumerate(monthly):
        rows.append(
            (
                value,
                f"{figure.period}, {figure.basis}",
                float(stock[i]),
                float(window[i]),
                (float(low[i]), float(high[i])),
            )
        )
    return Table(
        title=f"What a monthly figure would imply for {w.count(after.value)} lines a year",
        kind="arithmetic",
        columns=(
            Column("A month", "count"),
            Column("Published for"),
            Column("Average active life if that is the stock on one day", "life"),
            Column("... if that is all lines seen in the month", "life"),
            Column("Different lines in a year that it allows, whatever the active life", "count"),
        ),
        rows=tuple(rows),
        note=(
            "The figures of 2019 to 2021 are worded “potentially active lines per month”, which "
            "fits the second reading; that of 2018 was not published as a monthly one, but is "
            f"often set beside them. In that reading {w.count(values[0])} a month and "
            f"{w.count(after.value)} a year need lines that live {w.show(window[0], 'life')} on "
            "average, so turnover of lines alone is no plausible reason for the gap between the "
            "two figures; detection, definition or growth must have a part in it. Both readings "
            "assume a steady state and that every line is detected while active, and the years "
            "differ; the last column assumes nothing of the kind."
        ),
        drawing=Drawing(
            id="implied-life",
            title="How long a line would have to live for a monthly figure to become "
            f"{w.count(after.value)} in a year",
            description="Two falling curves of the average active life needed, one for each "
            "reading of the monthly figure. Their values are in the table that follows.",
            draw=functools.partial(
                drawings.implied_life,
                annual=after.value,
                monthly=[value for value, _ in monthly],
                stock=lambda m: stock_flow.duration_from_stock(after.value, m, MONTHS),
                window=lambda m: stock_flow.duration_from_windows(m, 1, after.value, MONTHS),
            ),
            height=3.5,
        ),
    )
