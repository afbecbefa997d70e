"""Claim: lines became more local, internal +232 %, external -12.2 %."""

from __future__ import annotations

import functools

import numpy as np
import pandas as pd

from countylines.assessment import _words as w
from countylines.assessment._drawings import localisation as drawings
from countylines.assessment._split import CELLS, Split, odds_ratios
from countylines.assessment.claim import Claim, Column, Drawing, Row, Ruling, Table
from countylines.assessment.sources import Sources
from countylines.localisation import compatible_bases, reclassification_sensitivity

YEAR = "2023/24"
YEAR_BEFORE = "2022/23"
UNTYPED = 0.2
"""Share of lines of no type in the worked example."""

MOVED = (0.1, 0.2, 0.3, 0.4, 0.5)
"""Parts of the internal lines that might have been called external the year before."""

DETECTION_GAINS = (1.0, 1.5, 2.0, 3.0)
"""Relative gains shown beside those that explain the odds ratio."""


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
    split = Split(
        internal=sources.figure(period=YEAR, measure="internal_lines_change"),
        external=sources.figure(period=YEAR, measure="external_lines_change"),
        before=sources.figure(period=YEAR_BEFORE, measure="lines_detected"),
        after=sources.figure(period=YEAR, measure="lines_detected"),
        level=level,
    )
    low_before, low_after = split.shares["before"][0], split.shares["after"][0]
    earlier, later = (sources.statement(f"definition-{year}") for year in (2018, 2023))
    verdict = (
        "Detected lines did become more local: the internal share went from "
        f"{w.percent(low_before)} in {YEAR_BEFORE} to {w.percent(low_after)} in {YEAR}, if "
        "three conditions hold. The figures cannot tell a shift in the lines from a shift in "
        "which lines are noticed, or in what is called internal."
    )
    return Claim(
        id="localisation",
        title=f"“More localised”: internal lines {w.show(split.internal.value, 'change')}, "
        f"external {w.show(split.external.value, 'change')}",
        wording=f"{split.external.source.wording} [...] {split.internal.source.wording}",
        sources=(
            split.internal.source,
            split.after.source,
            sources.statement("more-localised").source,
            earlier.source,
            later.source,
        ),
        estimand=(
            "Two things: by how much the share of internal lines among all lines changed; and how "
            "much the odds that a line is internal (internal lines for each external one) changed. "
            "“Internal” means that a line starts and ends within one police force area."
        ),
        verdict=Ruling("identified-under-conditions", verdict),
        sureness=(
            "The split: exact arithmetic under three conditions, on press figures. That lines "
            "moved, rather than police attention: not known; internal lines becoming "
            f"{w.ratio(split.explained_with_chance, 1)} times better detected than external ones "
            "would be enough."
        ),
        estimates=_rows(split),
        tables=(
            _compatible(split),
            _untyped(split),
            _detection(split),
            _moved(split),
        ),
        conditions=(
            (
                "Both totals, known from the press only, share one definition and one vintage "
                "with the two percentages."
            ),
            "Every line has a type: internal or external.",
            "The percentages are rounded to the nearest, at the last digit printed.",
        ),
        cautions=(
            (
                "An odds ratio is not a ratio of shares. The share of internal lines doubled; the "
                f"odds rose {w.ratio(split.explained)}-fold."
            ),
            (
                "Internal lines became countable. The definition of 2018 spoke of "
                f"“{earlier.source.wording}”; by 2023 drugs could move “{later.source.wording}”."
            ),
            (
                "Whether a line is internal depends on the size and shape of the force: one that "
                "moves 5 km over a border is external, one that moves 60 km inside a large force "
                "is internal."
            ),
            "A national change hides which forces began to report, or to look, between the years.",
            (
                "A percentage rise says nothing of the base: a rise of "
                f"{w.show(split.internal.value, 'change').lstrip('+')} could be printed of "
                f"{_smallest_base(split)} lines. Only the totals show that the base was not small."
            ),
        ),
        needed=(
            (
                "The four counts themselves: internal and external lines in both years, and lines "
                "of no known type."
            ),
            "The same by force, with the date from which each force recorded internal lines.",
            "A sample of lines of either year typed again by the rule of the other.",
        ),
        references=("brown2017", *split.odds_ratio.references, "manski2003", "vanderweele2017"),
    )


def _smallest_base(split: Split) -> int:
    """Fewest lines of which the rise in internal lines could be printed."""
    figure = split.internal
    return int(compatible_bases(figure.value, decimals=figure.decimals, up_to=1000).min())


def _in_both(split: Split, other: pd.DataFrame) -> int:
    """How many tables agree under both rules of rounding."""
    return len(split.tables.merge(other, on=CELLS))


def _rows(
    split: Split,
) -> tuple[Row, ...]:
    growth, fall = split.growth
    ratio = split.odds_ratio
    relabelled = reclassification_sensitivity(*split.typical).attrs["tipping_share"]
    loose = odds_ratios(split.compatible(untyped=(0.0, UNTYPED)))
    other = split.compatible(rounding="truncate")
    internal = float(other["internal_before"].min()), float(other["internal_before"].max())
    return (
        Row(
            "Internal lines, change in a year",
            "published",
            split.internal.value,
            format="change",
            known_from=split.known_from,
            note="As printed; no counts.",
        ),
        Row(
            "External lines, change in a year",
            "published",
            split.external.value,
            format="change",
            known_from=split.known_from,
            note="As printed; no counts.",
        ),
        Row(
            "Whole-number tables that agree with both totals and both percentages",
            "arithmetic",
            len(split.tables),
            known_from=split.known_from,
            method="compatible_counts",
            note="Found by trying every split. If the percentages were cut off rather than "
            f"rounded, {len(other)} tables agree, {_in_both(split, other)} of them the same, with "
            f"internal {w.span(*internal, 'count')} in {YEAR_BEFORE}.",
        ),
        Row(
            f"Internal share of detected lines, {YEAR_BEFORE}",
            "identification",
            None,
            *split.shares["before"],
            format="share",
            known_from=split.known_from,
            method="compatible_counts",
            note="Given the conditions. A share of lines detected, not of lines there were.",
        ),
        Row(
            f"Internal share of detected lines, {YEAR}",
            "identification",
            None,
            *split.shares["after"],
            format="share",
            known_from=split.known_from,
            method="compatible_counts",
            note=f"Given the conditions: internal lines became the majority, {_times(split)} the "
            f"share of the year before, {w.show(split.shares['difference'][0], 'points')}.",
        ),
        Row(
            f"The same, if {w.percent(UNTYPED)} of the lines of {YEAR} had no type",
            "identification",
            float(split.share_after(UNTYPED)),
            format="share",
            decimals=0,
            known_from=split.known_from,
            method="share_from_changes",
            note=f"The majority is lost once {w.percent(split.majority_lost)} have none. If as "
            "large a part had no type the year before, nothing changes. The odds ratio below "
            f"hardly moves: {w.span(loose.min(), loose.max(), 'ratio')}.",
        ),
        Row(
            "Odds ratio, internal to external, from the percentages alone",
            "arithmetic",
            growth / fall,
            format="ratio",
            known_from=split.known_from,
            note=f"{growth:g} / {fall:g}. It needs no totals, and a change in detection that both "
            "kinds share leaves it as it is. It is not a ratio of shares.",
        ),
        Row(
            f"The same over the {len(split.tables)} tables",
            "identification",
            None,
            ratio.region_low,
            ratio.region_high,
            "ratio",
            known_from=split.known_from,
            method="localisation_odds_ratio",
            note="The rounding of the percentages leaves no more than this open.",
        ),
        Row(
            "The odds ratio, with the play of chance",
            "confidence",
            ratio.estimate,
            ratio.low,
            ratio.high,
            "ratio",
            "If lines came to notice independently of one another, for the table nearest to the "
            f"percentages; over all {len(split.tables)} the ends reach from "
            f"{w.ratio(split.widest[0])} to {w.ratio(split.widest[1])}. It does not allow for a "
            "change in detection or in labels.",
            level=ratio.level,
            method=f"localisation_odds_ratio, {ratio.interval_method}",
            known_from=split.known_from,
            result=ratio,
        ),
        Row(
            "Relative gain in detecting internal lines that would explain all of it",
            "arithmetic",
            split.explained,
            format="ratio",
            known_from=split.known_from,
            method="tipping_point",
            note=f"{w.ratio(split.explained_with_chance)} would be enough for chance to explain "
            f"the rest. {w.ratio(split.explained)} is possible only if, with external detection "
            f"unchanged, at most {w.percent(1 / split.explained, 1)} of internal lines were "
            f"detected in {YEAR_BEFORE}. For internal lines not to have grown at all, a gain of "
            f"{growth:.2f} is enough ({w.percent(1 / growth, 1)}).",
        ),
        Row(
            f"Part of the internal lines of {YEAR} that, had the year before called them external, "
            "would explain all of it",
            "arithmetic",
            relabelled,
            format="share",
            decimals=0,
            known_from=split.known_from,
            method="reclassification_sensitivity",
            note="Another route to the same figures: a change of label, with no change in lines or "
            "detection.",
        ),
    )


def _times(split: Split) -> str:
    return f"{w.ratio(split.shares['ratio'][0], 1)} times"


def _compatible(split: Split) -> Table:
    names = {"before": YEAR_BEFORE, "after": YEAR}
    rows = [
        (*row, row[2] / (row[2] + row[3]), ratio)
        for row, ratio in zip(
            split.tables[CELLS].itertuples(index=False, name=None),
            odds_ratios(split.tables),
            strict=True,
        )
    ]
    heads = [cell.split("_") for cell in CELLS]
    return Table(
        title=f"The {len(split.tables)} tables that agree with the published totals and "
        "percentages",
        kind="identification",
        columns=(
            *(Column(w.sentence(f"{kind}, {names[when]}"), "count") for kind, when in heads),
            Column(f"Internal share, {YEAR}", "share"),
            Column("Odds ratio", "ratio", 3),
        ),
        rows=tuple(tuple(float(v) for v in row) for row in rows),
        note="None is more likely than another. Counts of detected lines.",
    )


def _untyped(split: Split) -> Table:
    grid = [0.0, 0.05, 0.1, split.majority_lost, UNTYPED, 0.3]
    rows = [(at, float(split.share_after(at)), float(split.share_after(at, at))) for at in grid]
    return Table(
        title=f"Internal share of {YEAR} if some lines had no type",
        kind="identification",
        columns=(
            Column("Lines without a type", "share", 0),
            Column(f"Internal share if they are missing in {YEAR} only", "share", 0),
            Column("... if as many are missing in both years", "share", 0),
        ),
        rows=tuple(rows),
        note="Share of the lines that have a type. The odds ratio is not affected.",
        drawing=Drawing(
            id="untyped-lines",
            title=f"The internal share of {YEAR} rests on every line having a type",
            description=f"A falling curve: {w.percent(split.shares['after'][0])} if no line is "
            f"without a type, one half at {w.percent(split.majority_lost)}, "
            f"{w.percent(float(split.share_after(UNTYPED)))} at {w.percent(UNTYPED)}; the share of "
            f"{YEAR_BEFORE} was {w.percent(split.shares['before'][0])}.",
            draw=functools.partial(
                drawings.untyped_share,
                share=split.share_after,
                before=split.shares["before"][0],
                majority_lost=split.majority_lost,
                example=UNTYPED,
            ),
            height=3.4,
        ),
    )


def _detection(split: Split) -> Table:
    ratio = split.odds_ratio
    gains = sorted({*DETECTION_GAINS, split.explained_with_chance, split.explained})
    return Table(
        title="What is left if internal lines came to be better detected, relative to external",
        kind="arithmetic",
        columns=(
            Column("Relative gain in detection", "ratio"),
            Column("Odds ratio left", "ratio"),
            Column(f"{w.level(split.level)} confidence interval", "ratio"),
            Column("Internal lines detected the year before, at most", "share", 0),
        ),
        rows=tuple(
            (gain, ratio.estimate / gain, (ratio.low / gain, ratio.high / gain), 1 / gain)
            for gain in gains
        ),
        note="An odds ratio of 1 is no shift at all. The last column holds if the detection of "
        "external lines did not change: no more than all can be detected.",
        drawing=Drawing(
            id="detection-change",
            title="What is left of the odds ratio if internal lines came to be better detected",
            description="A falling line with a band for its interval: at a relative gain of "
            f"{w.ratio(split.explained_with_chance)} the interval reaches 1, at "
            f"{w.ratio(split.explained)} nothing is left.",
            draw=functools.partial(
                drawings.detection_change,
                ratio=float(ratio.estimate),
                low=float(ratio.low),
                high=float(ratio.high),
                to_limit=split.explained_with_chance,
                to_one=split.explained,
            ),
            height=3.5,
        ),
    )


def _moved(split: Split) -> Table:
    curve = reclassification_sensitivity(*split.typical, moved_share=MOVED, level=split.level)
    grid = curve[curve["case"] == "grid"]
    values = grid[["moved_share", "estimate", "low", "high"]].to_numpy(dtype=np.float64).tolist()
    rows = [(moved, ratio, (low, high)) for moved, ratio, low, high in values]
    return Table(
        title=f"If part of the internal lines of {YEAR} would have been called external before",
        kind="arithmetic",
        columns=(
            Column("Part re-labelled", "share", 0),
            Column("Odds ratio left", "ratio"),
            Column(f"{w.level(split.level)} confidence interval", "ratio"),
        ),
        rows=tuple(rows),
        note="An odds ratio of 1 is no shift at all.",
    )
