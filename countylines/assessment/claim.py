"""What the assessment of one published claim holds: plain data that any format can be made from."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from countylines.assessment._words import Format
from countylines.results import Estimate

Kind = Literal["published", "arithmetic", "identification", "confidence", "hypothetical"]

KIND_WORDS: dict[str, str] = {
    "published": "published figure",
    "arithmetic": "arithmetic",
    "identification": "identified range",
    "confidence": "confidence interval",
    "hypothetical": "what it would take",
}
"""Short name of each kind of number in a report."""

KIND_MEANINGS: dict[str, str] = {
    "published": "As its source prints it. Nothing is added.",
    "arithmetic": "Follows from published figures by calculation alone. It is as right as they "
    "are, and carries no statement about chance.",
    "identification": "Every value in the range agrees with the published figures, and none of "
    "them is more likely than another. More data of the same kind would not shorten it; better "
    "data would.",
    "confidence": "How far chance alone could have moved the figure, if nothing else went wrong. "
    "It says nothing about lines never found, or counted differently.",
    "hypothetical": "About figures that nobody has published: how large a sample, or how many "
    "cases in it, a claim would need.",
}
"""What a reader may take from each kind of number."""

PRESS = "press"
KNOWN_FROM: dict[str, str] = {"primary": "producer", PRESS: "press", "second-hand": "second-hand"}
"""Whose text a figure was read in, in a word."""

VERDICTS: dict[str, str] = {
    "supported-as-detected": "Supported, as detected",
    "identified-under-conditions": "Follows, under conditions",
    "needs-unpublished-data": "Needs unpublished data",
    "not-testable-as-worded": "Not testable as worded",
}
"""Short words of each verdict by its code."""

VERDICT_MEANINGS: dict[str, str] = {
    "supported-as-detected": "The published figures bear the claim out for what the police "
    "detected. They do not say what was there to be detected.",
    "identified-under-conditions": "The claim follows from the published figures by arithmetic if "
    "the stated conditions hold. What happens if they fail is shown.",
    "needs-unpublished-data": "The claim could be checked, but the counts it rests on are not "
    "public. What they would have to show is stated.",
    "not-testable-as-worded": "No quantity is named that could be measured, so no figure can bear "
    "the claim out or refute it. A testable wording is offered.",
}
"""What each verdict says, and what it does not."""


@dataclass(frozen=True)
class Source:
    """Where a claim or a figure was published.

    Parameters
    ----------
    publisher, title : str
        Who published it and under what heading.
    date : str
        Day of publication as an ISO date, shorter where the day is not known, empty where nothing
        is.
    url : str
        Address.
    status : {"primary", "press", "second-hand"}
        Whether it is the producer's own text, press or trade coverage that quotes it, or somebody
        else who does.
    wording : str
        The passage, as printed.
    note : str, default ""
        What must be known about the source.
    """

    publisher: str
    title: str
    date: str
    url: str
    status: str
    wording: str
    note: str = ""


@dataclass(frozen=True)
class Ruling:
    """What the published figures say about a claim.

    Parameters
    ----------
    code : str
        A key of `VERDICTS`.
    sentence : str
        The verdict in one or two sentences.
    """

    code: str
    sentence: str

    @property
    def words(self) -> str:
        """The short words of the verdict."""
        return VERDICTS[self.code]


@dataclass(frozen=True)
class Row:
    """One number of an assessment: what it is, how sure, and what it does not mean.

    Parameters
    ----------
    label : str
        What the number is of.
    kind : {"published", "arithmetic", "identification", "confidence", "hypothetical"}
        What a reader may take from it.
    estimate, low, high : float or None
        The number and the ends of its range; None where there is none.
    format : str, default "count"
        How it is written; a share is kept as a share and written as a percentage.
    note : str, default ""
        What the number means and what it does not.
    level : float or None, default None
        Level of a confidence interval.
    method : str, default ""
        How it was computed.
    unit : str, default ""
        Unit, where the format does not say it.
    known_from : {"primary", "press", "second-hand"}, default "primary"
        Whose text the figures that it rests on were read in; the weakest, if they differ.
    decimals : int or None, default None
        Decimals written; None leaves it to the format.
    prefix : str, default ""
        Word of the source before the number: "around", "at least".
    result : Estimate or None, default None
        The whole result, where an estimator of the package made it.
    """

    label: str
    kind: Kind
    estimate: float | None = None
    low: float | None = None
    high: float | None = None
    format: Format = "count"
    note: str = ""
    level: float | None = None
    method: str = ""
    unit: str = ""
    known_from: str = "primary"
    decimals: int | None = None
    prefix: str = ""
    result: Estimate | None = None


@dataclass(frozen=True)
class Column:
    """One column of a table.

    Parameters
    ----------
    name : str
        Heading.
    format : str, default "text"
        How its values are written.
    decimals : int or None, default None
        Decimals written; None leaves it to the format.
    """

    name: str
    format: Format = "text"
    decimals: int | None = None


@dataclass(frozen=True)
class Drawing:
    """A figure, drawn only where matplotlib is there to draw it.

    Parameters
    ----------
    id : str
        Short stable name, unique in a report.
    title : str
        What to see in it, in one sentence.
    description : str
        The figure in words, for those who cannot see it.
    draw : callable
        Takes an empty matplotlib figure and draws on it.
    height : float
        Height in inches at the width that all figures share.
    """

    id: str
    title: str
    description: str
    draw: Callable[[Any], None]
    height: float


@dataclass(frozen=True)
class Table:
    """A table of an assessment: values as numbers, written only when it is shown.

    Parameters
    ----------
    title : str
        What it shows, as a sentence or a noun phrase.
    kind : {"published", "arithmetic", "identification", "confidence", "hypothetical"}
        What a reader may take from its numbers.
    columns : tuple of Column
        Headings and formats.
    rows : tuple of tuple
        Values: text, numbers, None, or a pair for a range.
    note : str, default ""
        How to read it.
    drawing : Drawing or None, default None
        The same numbers as a figure.
    """

    title: str
    kind: Kind
    columns: tuple[Column, ...]
    rows: tuple[tuple[Any, ...], ...]
    note: str = ""
    drawing: Drawing | None = None


@dataclass(frozen=True)
class Claim:
    """One claim, what would have to be estimated, and what the published figures support.

    Parameters
    ----------
    id : str
        Short stable name.
    title : str
        The claim in a few plain words.
    wording : str
        The claim as printed.
    sources : tuple of Source
        Where it, and the figures used, were published; the first is that of the wording.
    estimand : str
        What would have to be estimated.
    verdict : Ruling
        What the published figures support.
    sureness : str
        How sure that is, in a sentence.
    estimates : tuple of Row
        The numbers.
    tables : tuple of Table, default ()
        Tables beside them, some with a figure.
    conditions : tuple of str, default ()
        What must hold for the numbers to mean what they say.
    cautions : tuple of str, default ()
        What could mislead.
    needed : tuple of str, default ()
        What would settle the claim.
    references : tuple of str, default ()
        Keys of the package's bibliography.
    """

    id: str
    title: str
    wording: str
    sources: tuple[Source, ...]
    estimand: str
    verdict: Ruling
    sureness: str
    estimates: tuple[Row, ...]
    tables: tuple[Table, ...] = ()
    conditions: tuple[str, ...] = ()
    cautions: tuple[str, ...] = ()
    needed: tuple[str, ...] = ()
    references: tuple[str, ...] = ()
