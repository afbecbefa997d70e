"""Claim: more than 5,600 lines were closed."""

from __future__ import annotations

from countylines.assessment import _words as w
from countylines.assessment.claim import KNOWN_FROM, Claim, Column, Row, Ruling, Table
from countylines.assessment.sources import Figure, Sources

MEASURES = ["lines_closed_cumulative", "lines_closed"]
QUARTER = "2024-07/2024-09"
WEAK = "low-authority"


def claim(sources: Sources, level: float) -> Claim:
    """Assess the claim.

    Parameters
    ----------
    sources : Sources
        The tables.
    level : float
        Not used: closures are complete counts of an activity.

    Returns
    -------
    Claim
    """
    figure = sources.figure(period="to 2024-09", measure="lines_closed_cumulative")
    quarter = sources.figure(period=QUARTER, measure="lines_closed")
    first_type = sources.figure(period=QUARTER, measure="type1_lines_closed")
    detected = sources.figure(period="2023/24", measure="lines_detected")
    defined = sources.statement("closure-defined")
    types = sources.statement("closure-types")
    published = f"{figure.qualifier} {w.count(figure.value)}"
    return Claim(
        id="closures",
        title=f"“{w.sentence(published)} drug lines closed”",
        wording=figure.source.wording,
        sources=(figure.source, defined.source, types.source, quarter.source),
        estimand=(
            "If closures are to say something of the number of lines: how many lines would be "
            "active without them, and how long a closed line stays closed."
        ),
        verdict=Ruling(
            "needs-unpublished-data",
            f"A count of what the police did since {_since(sources)}. Whether it lowered the "
            "number of lines cannot be said: no figure tells how many closed lines came back under "
            "a new number, or how many would have ended anyway.",
        ),
        sureness=(
            "The count of closures: fairly sure, as a count of activity. Its effect on the number "
            "of lines: not known."
        ),
        estimates=(
            Row(
                "Lines closed, cumulative to September 2024",
                "published",
                figure.value,
                prefix=figure.qualifier,
                known_from=figure.known_from,
                note=w.sentence(figure.basis) + ".",
            ),
            Row(
                "Closed by the arrest and charge of a line holder, July to September 2024",
                "arithmetic",
                first_type.value / quarter.value,
                format="share",
                decimals=0,
                note=f"{w.count(first_type.value)} of {w.count(quarter.value)} (type 1). The rest "
                "had a number or SIM switched off (type 2). The mix in other periods is not shown.",
            ),
        ),
        tables=(_table(sources),),
        cautions=(
            f"What closed means: “{defined.source.wording}”",
            (
                f"Setting closures against lines detected ({w.count(detected.value)} in "
                f"{detected.period}, press figure) as a rate of success joins a count of activity "
                "over several years to a count of lines seen in one."
            ),
            "Lines re-form under new numbers and names; a line closed twice counts twice.",
            "More closures can mean more lines, more police work, or an easier rule.",
        ),
        needed=(
            (
                "For each closed line, without names or numbers: first seen, closed, type of "
                "closure, and whether and when it was seen again. Survival until re-opening "
                "follows."
            ),
        ),
        references=("little1961",),
    )


def _since(sources: Sources) -> str:
    """Month in which the programme began, from the first cumulative figure."""
    first = sources.figures(measure="lines_closed_cumulative")[0]
    return w.day(first.period.split("/")[0])


def _strong(figure: Figure, statuses: dict[tuple[str, str], str]) -> bool:
    return WEAK not in statuses[(figure.period, figure.measure)]


def _table(sources: Sources) -> Table:
    national = sources.table("county_lines_national")
    statuses = {
        (str(row["period"]), str(row["measure"])): str(row["status"])
        for row in national.to_dict("records")
    }
    found = [f for f in sources.figures(measure=MEASURES) if _strong(f, statuses)]
    return Table(
        title="Published counts of closed lines: they overlap and must not be added",
        kind="published",
        columns=(Column("Period"), Column("Lines closed"), Column("Basis"), Column("Known from")),
        rows=tuple(
            (
                w.sentence(w.period(f.period)),
                f"{f.qualifier} {w.count(f.value)}".strip(),
                f.basis,
                KNOWN_FROM[f.known_from],
            )
            for f in found
        ),
    )
