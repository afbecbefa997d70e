"""Claim: the county lines threat remains stable."""

from __future__ import annotations

from countylines.assessment import _words as w
from countylines.assessment._estimates import ratio_of_counts
from countylines.assessment.claim import Claim, Column, Row, Ruling, Table
from countylines.assessment.sources import Sources, weakest

YEAR = "2023/24"
YEAR_BEFORE = "2022/23"
MARGINS = (1.1, 1.25, 1.5, 2.0)


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
    stated = sources.statement("threat-stable")
    after = sources.figure(period=YEAR, measure="lines_detected")
    before = sources.figure(period=YEAR_BEFORE, measure="lines_detected")
    groups = sources.figure(period=YEAR, measure="ocgs_linked_exact")
    ratio = ratio_of_counts(after.value, before.value, level=level)
    # Two one-sided tests at 1 - level each: the interval that goes with them is of level
    # 2 level - 1 (Schuirmann, 1987).
    paired = ratio_of_counts(after.value, before.value, level=2 * level - 1)
    return Claim(
        id="threat-stable",
        title="“The county lines threat remains stable”",
        wording=stated.source.wording,
        sources=(stated.source, after.source),
        estimand=(
            "None is named. “Threat” is not a quantity that was measured in two years, and "
            "“stable” has no margin: by how much might it change and still be called stable?"
        ),
        verdict=Ruling(
            "not-testable-as-worded",
            f"Nothing is named that could be measured. The one measure published for both years is "
            f"not stable: {w.ratio(ratio.estimate)} times as many lines were detected.",
        ),
        sureness=(
            "That it cannot be tested: sure. Whether the threat is stable in some other sense: not "
            "known."
        ),
        estimates=(
            Row(
                f"Lines detected, {YEAR} over {YEAR_BEFORE}",
                "confidence",
                ratio.estimate,
                ratio.low,
                ratio.high,
                "ratio",
                f"{w.count(after.value)} against {w.count(before.value)}. Detected lines, as under "
                "the first claim: better detection may be part or all of it, and then it is the "
                "measure that changed.",
                level=level,
                method=ratio.interval_method,
                known_from=weakest(after, before),
                result=ratio,
            ),
            Row(
                "Smallest margin by which detected lines would count as stable",
                "confidence",
                paired.high,
                format="ratio",
                note="An equivalence test would call the detected totals stable only if a change "
                "by this factor, up or down, still counted as none. It is the upper end of the "
                "interval.",
                level=paired.level,
                method="two one-sided tests",
                known_from=weakest(after, before),
                result=paired,
            ),
            Row(
                f"Organised crime groups that run lines, {YEAR}",
                "published",
                groups.value,
                known_from=groups.known_from,
                note=f"“{groups.source.wording}”. The one figure called steady; that of the year "
                "before was not found, so it cannot be tested either.",
            ),
        ),
        tables=(
            Table(
                title="Would the detected totals pass as stable?",
                kind="confidence",
                columns=(
                    Column("Margin: a change by up to", "text"),
                    Column("Ratios that would count as stable", "ratio"),
                    Column("Interval of the ratio", "ratio"),
                    Column("Stable?"),
                ),
                rows=tuple(
                    (
                        f"{100 * (margin - 1):.0f} %",
                        (1 / margin, margin),
                        (paired.low, paired.high),
                        "yes" if 1 / margin < paired.low and paired.high < margin else "no",
                    )
                    for margin in MARGINS
                ),
                note=f"Two one-sided tests at {w.percent(1 - level)} each; the interval that goes "
                f"with them has a level of {w.level(2 * level - 1)}.",
            ),
        ),
        cautions=(
            (
                "“No change was found” is not “there was no change”. To show that something is "
                "stable takes a margin, and data precise enough to stay inside it."
            ),
            (
                "Internal lines rose and external lines fell in the same year: a total can be "
                "stable while its parts are not, and here not even the total is."
            ),
            "The sentence goes on to credit police activity, which no published figure tests.",
        ),
        needed=(
            (
                "A named measure (lines, children, offences, deaths), counted by one rule in two "
                "years."
            ),
            (
                "A margin, stated before the figures are seen. Then an equivalence test answers, "
                "with “stable”, “not stable” or “cannot tell”."
            ),
        ),
        references=("schuirmann1987", *ratio.references),
    )
