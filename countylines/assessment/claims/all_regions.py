"""Claim: Black people are over-represented as offenders and victims in all regions."""

from __future__ import annotations

import functools

import numpy as np
from numpy.typing import NDArray

from countylines.assessment import _words as w
from countylines.assessment._census import EXPORTERS, GROUP, Census
from countylines.assessment._census import census as census_shares
from countylines.assessment._drawings import regions as drawings
from countylines.assessment.claim import Claim, Column, Drawing, Row, Ruling, Table
from countylines.assessment.sources import Sources
from countylines.disproportionality import (
    power_in_all,
    rate_to_representation_ratio,
    smallest_establishing_count,
    total_needed_in_all,
)

SAMPLES = (50, 100, 1000)
"""Sizes of a hypothetical regional sample, beside an equal part of the one that is known."""

TRUE_RATIOS = (2.0, 3.0)
ENOUGH_POWER = 0.8
SHOWN_SHARE = 0.10
"""Hypothetical share of a sample, to show what the choice of benchmark does."""


def claim(sources: Sources, level: float) -> Claim:
    """Assess the claim.

    Parameters
    ----------
    sources : Sources
        The tables.
    level : float
        Level of the tests.

    Returns
    -------
    Claim
    """
    nominals = sources.table("nominals_as_published")
    stated = nominals[
        (nominals["group"] == GROUP) & (nominals["statistic"] == "direction vs census")
    ]
    wording = stated.iloc[0]
    sample = sources.figure(measure="nominals_sample_size")
    census = census_shares(sources)
    sizes = tuple(sorted({*SAMPLES, round(sample.value / len(census.regions))}))
    equal = round(sample.value / len(census.regions))
    needed = smallest_establishing_count(np.array(sizes), census.shares[:, np.newaxis], level=level)
    names = list(census.regions.index)
    lowest = int(np.argmin(census.shares))
    power = {r: power_in_all(equal, census.regions, true_ratio=r, level=level) for r in TRUE_RATIOS}
    column = sizes.index(equal)
    national = census.benchmarks["England and Wales"][0]
    return Claim(
        id="all-regions",
        title=f"{GROUP} people over-represented “in all regions”",
        wording=str(wording["wording"]),
        sources=(
            sources.source(
                str(wording["source_url"]), str(wording["status"]), str(wording["wording"])
            ),
            sample.source,
        ),
        estimand=(
            f"In each region, the share of {GROUP} people among those recorded as offenders (and, "
            "separately, as victims), divided by their share of the residents of that region at "
            "the census; and whether the smallest of these ratios is above 1. “All regions” is as "
            "strong as its weakest region."
        ),
        verdict=Ruling(
            "needs-unpublished-data",
            "No share, no count and no regional figure is public, for offenders or for victims, so "
            "the claim can be neither confirmed nor refuted. What it would take is known: for "
            f"instance, in {_named(names[lowest])} at least {w.count(needed[lowest, column])} of "
            f"{w.count(equal)} people.",
        ),
        sureness=(
            "Not known. Had every region an equal part of a sample of "
            f"{w.count(sample.value)} people, even a true ratio of {TRUE_RATIOS[0]:g} everywhere "
            f"would show in all {len(names)} regions with a chance of only "
            f"{w.chance(power[TRUE_RATIOS[0]])}."
        ),
        estimates=(
            Row(
                "People in the one sample that the release mentions",
                "published",
                sample.value,
                unit=sample.unit,
                known_from=sample.known_from,
                note=f"“{sample.source.wording}”. It is not known to support this claim: the "
                "footnote stands apart from it, and covers the year before the assessment.",
            ),
            Row(
                f"Census share of {GROUP} residents, England and Wales",
                "arithmetic",
                national,
                format="share",
                decimals=2,
                note="Census 2021, all ages and sexes; people charged are mostly young men.",
            ),
            Row(
                "The same by region, smallest to largest",
                "arithmetic",
                None,
                float(census.shares.min()),
                float(census.shares.max()),
                "share",
                f"{names[lowest]} to {names[int(np.argmax(census.shares))]}. A ratio to the census "
                "share can be no larger than one over that share: "
                f"{1 / census.shares.max():.1f} in the latter.",
                decimals=2,
            ),
            Row(
                f"Fewest {GROUP} people that would establish it in {_named(names[lowest])}",
                "hypothetical",
                float(needed[lowest, column]),
                note=f"Of a sample of {w.count(equal)} there, an equal part of "
                f"{w.count(sample.value)}; {_tail(level)}.",
                method="exact binomial, one-sided",
            ),
            *(
                Row(
                    f"Chance to establish it in all {len(names)} regions at once, if the true "
                    f"ratio is {r:g} in each",
                    "hypothetical",
                    power[r],
                    format="share",
                    decimals=0 if power[r] >= 0.01 else 1,
                    note=f"With {w.count(equal)} people sampled in each region. For a chance of "
                    f"{w.percent(ENOUGH_POWER)} it would take {_size_for(census, r, level)} in "
                    "each.",
                    method="exact binomial, intersection-union",
                )
                for r in TRUE_RATIOS
            ),
        ),
        tables=(
            _needed_table(census, sizes, needed, level),
            _power_table(census, sizes, level),
            _benchmark_table(census),
        ),
        cautions=(
            (
                "People charged through the programme come mostly from the forces that export "
                f"lines, where {w.percent(census.benchmarks['Four exporter areas'][0], 1)} of "
                f"residents are {GROUP} against {w.percent(national, 1)} in England and Wales. A "
                "national benchmark mixes where policing happened with who was charged."
            ),
            (
                "The census counts residents of all ages and both sexes. A fair comparison needs "
                "the age and sex of those recorded."
            ),
            (
                "Which regions are meant is not stated: here the nine of England, and Wales. "
                "Policing has others."
            ),
            "Region of arrest, of charge and of residence differ; an external line has two.",
            (
                "People charged together are not independent: the samples above would have to be "
                "larger by the design effect."
            ),
            (
                "Who is recorded as a victim and who as an offender is itself a decision; "
                "officers' and people's own descriptions of ethnicity differ, and some are not "
                "stated."
            ),
            "A ratio above 1, where it holds, is not evidence of a cause.",
            "Ratios to different census shares cannot be compared between regions: a group whose "
            f"rate is {TRUE_RATIOS[1]:g} times that of the rest has a ratio of "
            + w.several(
                [
                    f"{w.ratio(rate_to_representation_ratio(TRUE_RATIOS[1], q))} in {name}"
                    for name, q in (
                        ("London", float(census.regions["London"])),
                        (_named(names[lowest]), float(census.shares[lowest])),
                    )
                ]
            )
            + ".",
        ),
        needed=(
            (
                "For each region, people recorded by ethnic group, role and year, with the number "
                "not stated, and the rule for region."
            ),
            "A benchmark by the same rule, of the same ages and sexes.",
        ),
        references=("clopper1934", "berger1982"),
    )


def _named(region: str) -> str:
    """A region in a sentence: ``the North East``, but ``Wales``."""
    first = region.split()[0]
    compass = first in ("North", "South", "East", "West")
    return f"the {region}" if compass else region


def _tail(level: float) -> str:
    return f"a chance of at most {w.percent(1 - level, 0)} of so many if the ratio were 1"


def _size_for(census: Census, ratio: float, level: float) -> str:
    """People in each region from whom on the chance stays large enough."""
    size = total_needed_in_all(census.regions, true_ratio=ratio, power=ENOUGH_POWER, level=level)
    return w.count(size)


def _needed_table(
    census: Census,
    sizes: tuple[int, ...],
    needed: NDArray[np.float64],
    level: float,
) -> Table:
    rows = [
        (name, float(q), 1 / float(q), *(float(x) for x in needed[i]))
        for i, (name, q) in enumerate(census.regions.items())
    ]
    return Table(
        title=f"Fewest {GROUP} people, of a sample in the region, that establish a share above "
        "that of the census",
        kind="hypothetical",
        columns=(
            Column("Region"),
            Column("Census share", "share", 2),
            Column("Largest ratio possible", "ratio", 1),
            *(Column(f"of {size:,}", "count") for size in sizes),
        ),
        rows=tuple(rows),
        note=f"Exact one-sided binomial test: {_tail(level)}. The samples are hypothetical.",
        drawing=Drawing(
            id="ratio-needed",
            title="The smaller the sample and the share, the larger the ratio must be to be "
            "established at all",
            description="For each region, the smallest observed ratio to the census share that "
            "each size of sample can establish. The counts are in the table that follows.",
            draw=functools.partial(
                drawings.ratio_needed,
                regions=list(census.regions.index),
                sizes=sizes,
                ratios=(needed / np.array(sizes) / census.shares[:, np.newaxis]).tolist(),
            ),
            height=4.4,
        ),
    )


def _power_table(census: Census, sizes: tuple[int, ...], level: float) -> Table:
    def chance(size: int, ratio: float) -> float:
        return float(power_in_all(size, census.regions, true_ratio=ratio, level=level))

    weakest = [
        min(
            power_in_all(n, share, true_ratio=TRUE_RATIOS[0], level=level)
            for share in census.regions
        )
        for n in sizes
    ]
    rows = [
        (size, *(chance(size, r) for r in TRUE_RATIOS), least)
        for size, least in zip(sizes, weakest, strict=True)
    ]
    return Table(
        title=f"Chance to establish it in all {len(census.regions)} regions at once",
        kind="hypothetical",
        columns=(
            Column("People sampled in each region", "count"),
            *(Column(f"True ratio {r:g} in each", "share", 1) for r in TRUE_RATIOS),
            Column(f"Weakest region alone, true ratio {TRUE_RATIOS[0]:g}", "share", 1),
        ),
        rows=tuple(rows),
        note=f"Each region passes a test of its own at {w.percent(1 - level)}; “all” needs every "
        "one to pass, so no further correction is due. Regions are taken as independent: the "
        "chances multiply.",
    )


def _benchmark_table(census: Census) -> Table:
    rows = [
        (name, black, SHOWN_SHARE / black, wider, SHOWN_SHARE / wider)
        for name, (black, wider) in census.benchmarks.items()
    ]
    national, exporters, elsewhere = (pair[0] for pair in census.benchmarks.values())
    return Table(
        title=f"If {w.percent(SHOWN_SHARE)} of a sample were {GROUP}: the ratio, by benchmark",
        kind="arithmetic",
        columns=(
            Column("Benchmark"),
            Column(f"Census share, {GROUP}", "share", 2),
            Column("Ratio", "ratio"),
            Column("... with Mixed White and Black", "share", 2),
            Column("Ratio", "ratio"),
        ),
        rows=tuple(rows),
        note=f"The {w.percent(SHOWN_SHARE)} is made up. “National” against “where the sample was "
        f"taken” moves any ratio by {exporters / national:.1f}, and “taken” against “elsewhere” by "
        f"{exporters / elsewhere:.1f}, before anybody's conduct enters. The four exporter areas "
        f"({w.several(EXPORTERS)}) have {census.exporter_people / 1e6:.1f} million residents.",
        drawing=Drawing(
            id="benchmark-choice",
            title="The same share of a sample is over-represented or not, by the benchmark chosen",
            description=f"If {w.percent(SHOWN_SHARE)} of a sample were {GROUP}, the ratio would be "
            + w.several(
                [
                    f"{w.ratio(SHOWN_SHARE / black)} against {name}"
                    for name, (black, _) in census.benchmarks.items()
                ]
            )
            + ".",
            draw=functools.partial(
                drawings.benchmark_choice,
                names=[name.replace(" areas", "\nareas") for name in census.benchmarks],
                ratios=[
                    (SHOWN_SHARE / black, SHOWN_SHARE / wider)
                    for black, wider in census.benchmarks.values()
                ],
                share=SHOWN_SHARE,
            ),
            height=2.9,
        ),
    )
