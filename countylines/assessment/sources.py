"""What an assessment rests on: the published tables, and where each figure was printed.

Every number of a report is looked up here or computed from what is looked up here; a claim never
carries a figure of its own. A register of lines will be a further field of :class:`Sources`.
"""

from __future__ import annotations

import csv
import functools
import hashlib
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib import resources
from typing import Any
from urllib.parse import urlsplit

import pandas as pd

from countylines import datasets
from countylines.assessment.claim import Source
from countylines.errors import InputError

OWN_FILES = ("documents.csv", "statements.csv")


@dataclass(frozen=True)
class Figure:
    """One published figure, with its words and where they stand.

    Parameters
    ----------
    value : float
        The figure; the lower end where a range was published.
    value_upper : float or None
        The upper end of a published range.
    period, measure, unit, basis, qualifier : str
        What was counted, when, in what unit, by what rule, and the word before the number.
    source : Source
        Where it was published.
    """

    value: float
    value_upper: float | None
    period: str
    measure: str
    unit: str
    basis: str
    qualifier: str
    source: Source

    @property
    def known_from(self) -> str:
        """Whose text it was read in: ``primary``, ``press`` or ``second-hand``."""
        return self.source.status

    @property
    def decimals(self) -> int:
        """Decimals with which the figure is printed."""
        return len(f"{self.value:.10g}".partition(".")[2])


@dataclass(frozen=True)
class Statement:
    """A passage about which no figure, or only figures in passing, were published.

    Parameters
    ----------
    source : Source
        Where it was published, and its wording.
    values : tuple of float
        Figures in it, in their order.
    """

    source: Source
    values: tuple[float, ...]


@dataclass(frozen=True)
class Sources:
    """The tables that an assessment looks figures up in.

    Parameters
    ----------
    load : callable
        Takes the name of a table and returns it, with its provenance in ``attrs``.
    provenance : dict, optional
        What is known of each table that was looked at, by name; filled as claims are assessed.
    """

    load: Callable[[str], pd.DataFrame]
    provenance: dict[str, dict[Any, Any]] = field(default_factory=dict)
    _tables: dict[str, pd.DataFrame] = field(default_factory=dict)

    @classmethod
    def published(cls) -> Sources:
        """The tables of the package.

        Returns
        -------
        Sources
        """
        return cls(lambda name: _loader(name)())

    @classmethod
    def of(cls, tables: Mapping[str, pd.DataFrame]) -> Sources:
        """Given tables, and those of the package for the rest.

        Parameters
        ----------
        tables : mapping of str to DataFrame
            Tables by name, in the columns of the package's own.

        Returns
        -------
        Sources
        """
        return cls(lambda name: tables[name] if name in tables else _loader(name)())

    def table(self, name: str) -> pd.DataFrame:
        """One table.

        Parameters
        ----------
        name : str
            Its name, as in ``countylines.datasets.load_<name>``.

        Returns
        -------
        DataFrame
        """
        if name not in self._tables:
            table = self.load(name)
            self.provenance[name] = dict(table.attrs)
            # pandas copies attrs with every row and column that is taken.
            self._tables[name] = table.copy()
            self._tables[name].attrs = {}
        return self._tables[name]

    def figures(self, **wanted: Any) -> list[Figure]:
        """Published national figures whose columns hold the values wanted.

        Parameters
        ----------
        **wanted
            Column and value, or a list of values.

        Returns
        -------
        list of Figure
            In the order of the table.
        """
        table = self.table("county_lines_national")
        for column, value in wanted.items():
            allowed = value if isinstance(value, list) else [value]
            table = table[table[column].isin(allowed)]
        return [_figure(row) for _, row in table.iterrows()]

    def figure(self, **wanted: Any) -> Figure:
        """The one published national figure whose columns hold the values wanted.

        Parameters
        ----------
        **wanted
            Column and value.

        Returns
        -------
        Figure

        Raises
        ------
        InputError
            If there is none, or more than one.
        """
        found = self.figures(**wanted)
        if len(found) != 1:
            raise InputError(
                f"`county_lines_national` must be a table with one row for {wanted}, got "
                f"{len(found)}. Name a period and a measure that single one out."
            )
        return found[0]

    def statement(self, key: str) -> Statement:
        """A passage of the release or of its coverage.

        Parameters
        ----------
        key : str
            Its name in ``statements.csv``.

        Returns
        -------
        Statement
        """
        row = _own("statements.csv")[key]
        source = self.source(row["url"], row["status"], row["wording"])
        return Statement(source, tuple(float(value) for value in row["values"].split()))

    def source(self, url: str, status: str, wording: str) -> Source:
        """Where a passage was published.

        Parameters
        ----------
        url : str
            Address, as a table gives it.
        status : str
            As a table gives it; what begins with "secondary" is not the producer's own text.
        wording : str
            The passage.

        Returns
        -------
        Source
        """
        known = _own("documents.csv").get(url, {})
        secondary = str(status).startswith("secondary")
        return Source(
            publisher=known.get("publisher") or urlsplit(url).netloc.removeprefix("www."),
            title=known.get("title", ""),
            date=known.get("date", ""),
            url=url,
            status=(known.get("outlet") or "press") if secondary else "primary",
            wording=wording,
            note=known.get("note", ""),
        )


def weakest(*figures: Figure) -> str:
    """Whose text what rests on several figures was read in: the farthest from the producer."""
    order = ("primary", "press", "second-hand")
    return max((figure.known_from for figure in figures), key=order.index)


def own_hashes() -> dict[str, str]:
    """Hashes of the files of passages and documents that stand beside this module."""
    return {name: hashlib.sha256(_bytes(name)).hexdigest() for name in OWN_FILES}


def _loader(name: str) -> Callable[[], pd.DataFrame]:
    loader: Callable[[], pd.DataFrame] = getattr(datasets, f"load_{name}")
    return loader


def _bytes(name: str) -> bytes:
    return resources.files("countylines.assessment").joinpath(name).read_bytes()


@functools.cache
def _own(name: str) -> dict[str, dict[str, str]]:
    lines = _bytes(name).decode("utf-8").splitlines()
    rows = list(csv.DictReader(lines))
    key = next(iter(rows[0]))
    return {row[key]: row for row in rows}


def _figure(row: Any) -> Figure:
    upper = row["value_upper"]
    source = Sources.published().source(
        str(row["source_url"]), str(row["status"]), _text(row["wording"])
    )
    return Figure(
        value=float(row["value"]),
        value_upper=None if _is_missing(upper) else float(upper),
        period=str(row["period"]),
        measure=str(row["measure"]),
        unit=_text(row["unit"]),
        basis=_text(row["counting_basis"]),
        qualifier=_text(row["qualifier"]),
        source=source,
    )


def _text(value: Any) -> str:
    return "" if _is_missing(value) else str(value)


def _is_missing(value: Any) -> bool:
    return value is None or value is pd.NA or (isinstance(value, float) and math.isnan(value))
