"""Claim: more adults and fewer children were recorded."""

from __future__ import annotations

from countylines.assessment.claim import Claim, Row, Ruling
from countylines.assessment.sources import Figure, Sources

NRM_YEARS = ("2020", "2022")
TRANSPORT = "2019/2021-12"


def claim(sources: Sources, level: float) -> Claim:
    """Assess the claim.

    Parameters
    ----------
    sources : Sources
        The tables.
    level : float
        Not used: nothing was published that has an interval.

    Returns
    -------
    Claim
    """
    stated = sources.statement("fewer-children")
    flagged = [_referrals(sources, year) for year in NRM_YEARS]
    transport = sources.figure(period=TRANSPORT, measure="btp_share_arrested_under_18")
    first, last = flagged
    return Claim(
        id="fewer-children",
        title="“More adults and fewer children”",
        wording=stated.source.wording,
        sources=(stated.source, first.source, last.source, transport.source),
        estimand=(
            "The share of under-18s among people involved, by role, in two years. The claim is "
            "about people recorded, which it says itself; what is usually read into it is "
            "involvement."
        ),
        verdict=Ruling(
            "needs-unpublished-data",
            "No count of children or adults was published for either year. If it holds, it is a "
            "change in what was recorded: a fall in recording is not a fall in involvement.",
        ),
        sureness="Not known, in either direction.",
        estimates=(
            *(
                Row(
                    f"Referrals of potential victims flagged as county lines, {figure.period}",
                    "published",
                    figure.value,
                    unit="referrals",
                    known_from=figure.known_from,
                    note="To the National Referral Mechanism; adults and children, mostly boys.",
                )
                for figure in flagged
            ),
            Row(
                f"Flagged referrals, {last.period} over {first.period}",
                "arithmetic",
                last.value / first.value,
                format="ratio",
                known_from=last.known_from,
                note="Another record, before the years in question, and it rose. Referrals follow "
                "awareness and duty to refer as much as exploitation.",
            ),
            Row(
                "People under 18 among those arrested by the transport police",
                "published",
                transport.value / 100,
                format="share",
                decimals=0,
                prefix=transport.qualifier,
                known_from=transport.known_from,
                note=f"“{transport.source.wording}”. Who is arrested, and how old they are, "
                "depends on the channel.",
            ),
        ),
        cautions=(
            (
                "A policy of treating children as victims, and not charging them, lowers the "
                "number recorded as offenders without a child fewer being involved."
            ),
            (
                "More adults recorded lowers the children's share even if the number of children "
                "stays."
            ),
            (
                "One child can be recorded as offender and as victim, or move from one table to "
                "the other."
            ),
        ),
        needed=(
            (
                "People recorded by age, role and force in both years, and the rules for charging "
                "and for referral in each."
            ),
            (
                "The same from a source that the police do not control, such as assessments by "
                "councils or hospital admissions."
            ),
        ),
        references=("manski2003",),
    )


def _referrals(sources: Sources, year: str) -> Figure:
    table = sources.table("nrm_county_lines")
    of_year = table[(table["period"] == year)]
    row = of_year[of_year["measure"] == "county_lines_flagged_referrals"].iloc[0]
    source = sources.source(str(row["source_url"]), str(row["status"]), str(row["wording"]))
    return Figure(
        float(row["value"]), None, year, str(row["measure"]), str(row["unit"]), "", "", source
    )
