"""Claim: an estimated 1,900 children went missing because of county lines in 2021/22."""

from __future__ import annotations

from countylines.assessment import _words as w
from countylines.assessment.claim import Claim, Column, Row, Ruling, Table
from countylines.assessment.sources import Figure, Sources

PERIOD = "2021/22"
INCIDENTS_A_CHILD = (1, 2, 3, 4, 5, 6)

ROUNDING = (
    ("to the nearest hundred", 100, "nearest"),
    ("to the nearest fifty", 50, "nearest"),
    ("to the nearest ten", 10, "nearest"),
    ("down to a whole hundred", 100, "down"),
)
"""Rules by which the figure may have been rounded: words, step and direction."""


def claim(sources: Sources, level: float) -> Claim:
    """Assess the claim.

    Parameters
    ----------
    sources : Sources
        The tables.
    level : float
        Not used: no interval can be given.

    Returns
    -------
    Claim
    """
    figure = sources.figure(period=PERIOD, measure="children_missing_due_to_county_lines")
    assessed = sources.figure(measure="lines_detected", period="2023/24").period
    unavailable = _unavailable(sources)
    other = _incidents(sources, unavailable.period)
    all_children = sources.statement("incidents-a-child")
    incidents, children = all_children.values
    words, step, _ = ROUNDING[0]
    low, high = _rounded(figure.value, step, "nearest")
    most = INCIDENTS_A_CHILD[-1]
    return Claim(
        id="missing-children",
        title=f"“{w.count(figure.value)} children went missing”",
        wording=figure.source.wording,
        sources=(figure.source, unavailable.source, all_children.source, other.source),
        estimand=(
            f"The number of different children who went missing in {PERIOD} because of county "
            "lines and would not have done so otherwise."
        ),
        verdict=Ruling(
            "needs-unpublished-data",
            "An estimate without its method: no count, no rule for “due to County Lines” and no "
            f"interval were published, so none can be derived. It is for {PERIOD}, two years "
            f"before the year assessed ({assessed}), and says nothing of a change.",
        ),
        sureness=(
            f"Not known. Rounding alone leaves {w.span(low, high, 'count')}; the sampling error "
            "and the error of attribution, likely larger, cannot be worked out from outside."
        ),
        estimates=(
            Row(
                f"Children missing because of county lines, {PERIOD}",
                "published",
                figure.value,
                prefix=figure.qualifier,
                unit="children",
                note="As printed. No method, no interval.",
            ),
            Row(
                f"What it can stand for, if rounded {words}",
                "identification",
                figure.value,
                low,
                high,
                note="Rounding only, and not an interval of confidence. Other rules are in the "
                "table.",
            ),
            Row(
                "Incidents, if the figure counts children",
                "hypothetical",
                None,
                figure.value * INCIDENTS_A_CHILD[0],
                figure.value * most,
                note=f"At {INCIDENTS_A_CHILD[0]} to {most} incidents a child. A range over "
                "assumptions, not an estimate.",
            ),
            Row(
                "Children, if the figure counts incidents after all",
                "hypothetical",
                None,
                figure.value / most,
                figure.value / INCIDENTS_A_CHILD[0],
                note=f"At {most} to {INCIDENTS_A_CHILD[0]} incidents a child. The release says "
                "children; records of missing people count incidents first.",
            ),
            Row(
                "Incidents a child among all missing children, 2018/19",
                "arithmetic",
                incidents / children,
                format="ratio",
                decimals=1,
                known_from=all_children.source.status,
                note=f"{w.count(incidents)} incidents, {w.count(children)} children, for scale. "
                "Children caught up in county lines may go missing more often than others.",
            ),
        ),
        tables=(_rounding_table(figure), _incidents_table(figure)),
        cautions=(
            f"For {unavailable.period} no such figure was available: "
            f"“{unavailable.source.wording}”.",
            (
                "Even a count of incidents depends on what is called one: for "
                f"{other.period} one publication has {w.count(other.value)} incidents of missing "
                f"children ({other.known_from}), another {w.count(incidents)}."
            ),
            (
                "Children and incidents are different units. One child can go missing many times "
                "in a year, and most incidents are short."
            ),
            (
                "“Due to” is a judgement on each case. How it was made, and how often it was left "
                "open, is not published."
            ),
            "Incidents that nobody reported are in no record.",
        ),
        needed=(
            (
                "The incidents of the year with a pseudonym for the child, the flag for county "
                "lines and the date: the number of children, the incidents a child and an "
                "interval follow."
            ),
            "A sample of incidents judged twice, for the error of the flag.",
        ),
        references=("manski2003",),
    )


def _unavailable(sources: Sources) -> Figure:
    """The published passage that says that the figure did not exist."""
    table = sources.table("missing_children")
    row = table[table["value"].isna()].iloc[0]
    source = sources.source(str(row["source_url"]), str(row["status"]), str(row["wording"]))
    return Figure(0.0, None, str(row["period"]), str(row["measure"]), "", "", "", source)


def _incidents(sources: Sources, period: str) -> Figure:
    """All incidents of missing children that were published for a year."""
    table = sources.table("missing_children")
    of_year = table[(table["period"] == period) & table["measure"].eq("missing children incidents")]
    row = of_year.iloc[0]
    source = sources.source(str(row["source_url"]), str(row["status"]), str(row["wording"]))
    return Figure(
        float(row["value"]), None, period, str(row["measure"]), "incidents", "", "", source
    )


def _rounded(value: float, step: int, direction: str) -> tuple[float, float]:
    """Numbers that the rule turns into `value`; both halves are in, whichever way they go."""
    if direction == "down":
        return value, value + step - 1
    return value - step / 2, value + step / 2


def _rounding_table(figure: Figure) -> Table:
    rows = [
        (words, _rounded(figure.value, step, direction))
        for words, step, direction in ROUNDING
        if figure.value % step == 0
    ]
    return Table(
        title=f"What {w.count(figure.value)} can stand for, by how it was rounded",
        kind="identification",
        columns=(Column("Rounded"), Column("Children", "count")),
        rows=tuple(rows),
        note="The rule is not published.",
    )


def _incidents_table(figure: Figure) -> Table:
    return Table(
        title="Children against incidents",
        kind="hypothetical",
        columns=(
            Column("Incidents a child", "count"),
            Column(f"Incidents, if {w.count(figure.value)} is children", "count"),
            Column(f"Children, if {w.count(figure.value)} is incidents", "count"),
        ),
        rows=tuple((n, figure.value * n, figure.value / n) for n in INCIDENTS_A_CHILD),
        note="A grid of assumptions. The number of incidents a child was not published.",
    )
