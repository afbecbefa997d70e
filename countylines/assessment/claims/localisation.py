"""Claim: lines became more local, internal +232 %, external -12.2 %."""

from __future__ import annotations

import dataclasses
import functools
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from countylines.assessment import _words as w
from countylines.assessment._drawings import localisation as drawings
from countylines.assessment.claim import PRESS, Claim, Column, Drawing, Row, Ruling, Table
from countylines.assessment.sources import Figure, Sources
from countylines.localisation import (
    compatible_counts,
    localisation_odds_ratio,
    reclassification_sensitivity,
    share_from_changes,
    tipping_point,
)
from countylines.results import Estimate

YEAR = "2023/24"
YEAR_BEFORE = "2022/23"
UNTYPED = 0.2
"""Share of lines of no type in the worked example."""

Cells = tuple[float, float, float, float]

MOVED = (0.1, 0.2, 0.3, 0.4, 0.5)
"""Parts of the internal lines that might have been called external the year before."""

DETECTION_GAINS = (1.0, 1.5, 2.0, 3.0)
"""Relative gains shown beside those that explain the odds ratio."""

CELLS = ["internal_before", "external_before", "internal_after", "external_after"]


@dataclass(frozen=True)
class Published:
    """The four published figures."""

    internal: Figure
    external: Figure
    before: Figure
    after: Figure

    def tables(self, **options: Any) -> pd.DataFrame:
        """Whole-number tables that agree with them."""
        return compatible_counts(
            int(self.before.value),
            int(self.after.value),
            changes={"internal": self.internal.value, "external": self.external.value},
            decimals={"internal": self.internal.decimals, "external": self.external.decimals},
            **options,
        )

    def share_after(self, untyped: Any, untyped_before: float = 0.0) -> Any:
        """Internal share of the typed lines of the second year, if some had no type."""
        typed = self.after.value * (1 - np.asarray(untyped, dtype=np.float64))
        change = 100 * (typed / (self.before.value * (1 - untyped_before)) - 1)
        share = share_from_changes(self.internal.value, self.external.value, total_change=change)
        return share.estimate

    @property
    def growth(self) -> tuple[float, float]:
        """After over before, of internal and of external lines."""
        return 1 + self.internal.value / 100, 1 + self.external.value / 100

    def typical(self, tables: pd.DataFrame) -> Cells:
        """The table whose odds ratio is nearest to that of the printed percentages."""
        printed = self.growth[0] / self.growth[1]
        nearest = (_ratio(tables) - printed).abs().argmin()
        a, b, c, d = (float(value) for value in tables[CELLS].iloc[nearest])
        return a, b, c, d

    @property
    def majority_lost(self) -> float:
        """Share of untyped lines of the second year at which half of the typed are internal.

        With growth ratios g and h the share after is one half where the total grew by their
        harmonic mean.
        """
        internal, external = self.growth
        total = 2 / (1 / internal + 1 / external)
        return 1 - total * self.before.value / self.after.value


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
    published = Published(
        internal=sources.figure(period=YEAR, measure="internal_lines_change"),
        external=sources.figure(period=YEAR, measure="external_lines_change"),
        before=sources.figure(period=YEAR_BEFORE, measure="lines_detected"),
        after=sources.figure(period=YEAR, measure="lines_detected"),
    )
    tables = published.tables()
    shares = _shares(tables)
    typical = published.typical(tables)
    ratio = _odds_ratio(tables, typical, level)
    limit = tipping_point(*typical, at="limit", level=level)
    low, _high = shares["after"]
    earlier, later = (sources.statement(f"definition-{year}") for year in (2018, 2023))
    verdict = (
        "Detected lines did become more local: the internal share went from "
        f"{w.percent(shares['before'][0])} in {YEAR_BEFORE} to {w.percent(low)} in {YEAR}, if "
        "three conditions hold. The figures cannot tell a shift in the lines from a shift in "
        "which lines are noticed, or in what is called internal."
    )
    return Claim(
        id="localisation",
        title=f"“More localised”: internal lines {w.show(published.internal.value, 'change')}, "
        f"external {w.show(published.external.value, 'change')}",
        wording=f"{published.external.source.wording}; {published.internal.source.wording}",
        sources=(
            published.internal.source,
            published.after.source,
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
            f"{w.ratio(limit.estimate, 1)} times better detected than external ones would be "
            "enough."
        ),
        estimates=_rows(published, tables, shares, ratio, limit),
        tables=(
            _compatible(tables),
            _untyped(published, shares),
            _detection(ratio, limit, level),
            _moved(typical, level),
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
                f"odds rose {w.ratio(ratio.estimate)}-fold."
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
                f"{w.show(published.internal.value, 'change').lstrip('+')} can be printed for very "
                "small numbers. Only the totals show that the base was not small."
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
        references=("brown2017", *ratio.references, "manski2003", "vanderweele2017"),
    )


def _shares(tables: pd.DataFrame) -> dict[str, tuple[float, float]]:
    """Ranges over the tables: internal share before and after, their ratio and difference."""
    before = tables["internal_before"] / (tables["internal_before"] + tables["external_before"])
    after = tables["internal_after"] / (tables["internal_after"] + tables["external_after"])
    values = {
        "before": before,
        "after": after,
        "ratio": after / before,
        "difference": after - before,
    }
    return {name: (float(v.min()), float(v.max())) for name, v in values.items()}


def _odds_ratio(tables: pd.DataFrame, typical: Cells, level: float) -> Estimate:
    """The odds ratio of the typical table, with the range of its value over all of them."""
    each = _ratio(tables)
    return dataclasses.replace(
        localisation_odds_ratio(*typical, level=level),
        region_low=float(each.min()),
        region_high=float(each.max()),
        _recompute=None,
    )


def _ratio(tables: pd.DataFrame) -> pd.Series[float]:
    """Odds ratio of each table, without an interval."""
    after = tables["internal_after"] / tables["external_after"]
    return after / (tables["internal_before"] / tables["external_before"])


def _rows(
    published: Published,
    tables: pd.DataFrame,
    shares: dict[str, tuple[float, float]],
    ratio: Estimate,
    limit: Estimate,
) -> tuple[Row, ...]:
    growth, fall = published.growth
    typical = published.typical(tables)
    each = localisation_odds_ratio(*(tables[cell] for cell in CELLS), level=ratio.level or 0.95)
    explained = tipping_point(*typical)
    relabelled = reclassification_sensitivity(*typical).attrs["tipping_share"]
    loose = _ratio(published.tables(untyped=(0.0, UNTYPED)))
    return (
        Row(
            "Internal lines, change in a year",
            "published",
            published.internal.value,
            format="change",
            known_from=PRESS,
            note="As printed; no counts.",
        ),
        Row(
            "External lines, change in a year",
            "published",
            published.external.value,
            format="change",
            known_from=PRESS,
            note="As printed; no counts.",
        ),
        Row(
            "Whole-number tables that agree with both totals and both percentages",
            "arithmetic",
            len(tables),
            known_from=PRESS,
            method="compatible_counts",
            note="Found by trying every split. If the percentages were cut off rather than "
            f"rounded, {len(published.tables(rounding='truncate'))} other tables agree, and say "
            "the same.",
        ),
        Row(
            f"Internal share of detected lines, {YEAR_BEFORE}",
            "identification",
            None,
            *shares["before"],
            format="share",
            known_from=PRESS,
            method="compatible_counts",
            note="Given the conditions. A share of lines detected, not of lines there were.",
        ),
        Row(
            f"Internal share of detected lines, {YEAR}",
            "identification",
            None,
            *shares["after"],
            format="share",
            known_from=PRESS,
            method="compatible_counts",
            note=f"Given the conditions: internal lines became the majority, {_times(shares)} the "
            f"share of the year before, {w.show(shares['difference'][0], 'points')}.",
        ),
        Row(
            f"The same, if {w.percent(UNTYPED)} of the lines of {YEAR} had no type",
            "identification",
            float(published.share_after(UNTYPED)),
            format="share",
            decimals=0,
            known_from=PRESS,
            method="share_from_changes",
            note=f"The majority is lost once {w.percent(published.majority_lost)} have none. If as "
            "large a part had no type the year before, nothing changes. The odds ratio below "
            f"hardly moves: {w.span(loose.min(), loose.max(), 'ratio')}.",
        ),
        Row(
            "Odds ratio, internal to external, from the percentages alone",
            "arithmetic",
            growth / fall,
            format="ratio",
            known_from=PRESS,
            note=f"{growth:g} / {fall:g}. It needs no totals, and a change in detection that both "
            "kinds share leaves it as it is. It is not a ratio of shares.",
        ),
        Row(
            f"The same over the {len(tables)} tables",
            "identification",
            None,
            ratio.region_low,
            ratio.region_high,
            "ratio",
            known_from=PRESS,
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
            f"percentages; over all {len(tables)} the ends reach from {w.ratio(each.low.min())} to "
            f"{w.ratio(each.high.max())}. It does not allow for a change in detection or in "
            "labels.",
            level=ratio.level,
            method=f"localisation_odds_ratio, {ratio.interval_method}",
            known_from=PRESS,
            result=ratio,
        ),
        Row(
            "Relative gain in detecting internal lines that would explain all of it",
            "arithmetic",
            explained.estimate,
            format="ratio",
            known_from=PRESS,
            method="tipping_point",
            note=f"{w.ratio(limit.estimate)} would be enough for chance to explain the rest. "
            f"{w.ratio(explained.estimate)} is possible only if, with external detection "
            f"unchanged, at most {w.percent(1 / explained.estimate, 1)} of internal lines were "
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
            known_from=PRESS,
            method="reclassification_sensitivity",
            note="Another route to the same figures: a change of label, with no change in lines or "
            "detection.",
        ),
    )


def _times(shares: dict[str, tuple[float, float]]) -> str:
    return f"{w.ratio(shares['ratio'][0], 1)} times"


def _compatible(tables: pd.DataFrame) -> Table:
    names = {"before": YEAR_BEFORE, "after": YEAR}
    rows = [
        (*row, row[2] / (row[2] + row[3]), ratio)
        for row, ratio in zip(
            tables[CELLS].itertuples(index=False, name=None), _ratio(tables), strict=True
        )
    ]
    heads = [cell.split("_") for cell in CELLS]
    return Table(
        title=f"The {len(tables)} tables that agree with the published totals and percentages",
        kind="identification",
        columns=(
            *(Column(w.sentence(f"{kind}, {names[when]}"), "count") for kind, when in heads),
            Column(f"Internal share, {YEAR}", "share"),
            Column("Odds ratio", "ratio", 3),
        ),
        rows=tuple(tuple(float(v) for v in row) for row in rows),
        note="None is more likely than another. Counts of detected lines.",
    )


def _untyped(published: Published, shares: dict[str, tuple[float, float]]) -> Table:
    grid = [0.0, 0.05, 0.1, published.majority_lost, UNTYPED, 0.3]
    rows = [
        (at, float(published.share_after(at)), float(published.share_after(at, at))) for at in grid
    ]
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
            description=f"A falling curve: {w.percent(shares['after'][0])} if no line is without a "
            f"type, one half at {w.percent(published.majority_lost)}, "
            f"{w.percent(float(published.share_after(UNTYPED)))} at {w.percent(UNTYPED)}; the "
            f"share of {YEAR_BEFORE} was {w.percent(shares['before'][0])}.",
            draw=functools.partial(
                drawings.untyped_share,
                share=published.share_after,
                before=shares["before"][0],
                majority_lost=published.majority_lost,
                example=UNTYPED,
            ),
            height=3.2,
        ),
    )


def _detection(ratio: Estimate, limit: Estimate, level: float) -> Table:
    gains = sorted({*DETECTION_GAINS, float(limit.estimate), float(ratio.estimate)})
    return Table(
        title="What is left if internal lines came to be better detected, relative to external",
        kind="arithmetic",
        columns=(
            Column("Relative gain in detection", "ratio"),
            Column("Odds ratio left", "ratio"),
            Column(f"{w.level(level)} confidence interval", "ratio"),
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
            description=f"A falling line with a band for its interval: at a relative gain of "
            f"{w.ratio(limit.estimate)} the interval reaches 1, at {w.ratio(ratio.estimate)} "
            "nothing is left.",
            draw=functools.partial(
                drawings.detection_change,
                ratio=float(ratio.estimate),
                low=float(ratio.low),
                high=float(ratio.high),
                to_limit=float(limit.estimate),
                to_one=float(ratio.estimate),
            ),
            height=3.3,
        ),
    )


def _moved(typical: Cells, level: float) -> Table:
    curve = reclassification_sensitivity(*typical, moved_share=MOVED, level=level)
    grid = curve[curve["case"] == "grid"]
    rows = [
        (
            float(row.moved_share),
            float(row.estimate),
            (float(row.low), float(row.high)),
        )
        for row in grid.itertuples()
    ]
    return Table(
        title=f"If part of the internal lines of {YEAR} would have been called external before",
        kind="arithmetic",
        columns=(
            Column("Part re-labelled", "share", 0),
            Column("Odds ratio left", "ratio"),
            Column(f"{w.level(level)} confidence interval", "ratio"),
        ),
        rows=tuple(rows),
        note="An odds ratio of 1 is no shift at all.",
    )
