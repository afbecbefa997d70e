"""The report: claims and where they come from, in four formats."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from importlib import metadata
from typing import Any

from countylines import _citations, _frames, _validate
from countylines._frames import version
from countylines.assessment import _text
from countylines.assessment.claim import Claim, Row, Source, Table
from countylines.assessment.claims import CLAIMS
from countylines.assessment.sources import Sources, own_hashes
from countylines.errors import InputError, InputTypeError

SOFTWARE = ("numpy", "scipy", "pandas")


@dataclass(frozen=True, eq=False)
class Assessment:
    """What the published figures can and cannot support, claim by claim.

    Parameters
    ----------
    claims : tuple of Claim
        The claims, each with its verdict, numbers, cautions and sources.
    provenance : dict
        What the report was made from: version, tables with their hashes and licences, methods.

    See Also
    --------
    assess : makes one from the published tables.

    Examples
    --------
    >>> report = cl.assess(claims=["threat-stable"])
    >>> report.claims[0].verdict.code
    'not-testable-as-worded'

    "The county lines threat remains stable" names nothing that could be measured.
    """

    claims: tuple[Claim, ...]
    provenance: dict[str, Any]

    def to_dict(self) -> dict[str, Any]:
        """Nested dictionary for strict JSON.

        Returns
        -------
        dict
            ``claims``, a list with ``id, title, claim, source, estimand, verdict, estimates,
            tables, conditions, cautions, needed, references`` for each, and ``provenance``. What is
            not defined is None, infinities are ``"inf"`` and ``"-inf"``.
        """
        content: dict[str, Any] = _frames.to_dict(
            {
                "claims": [_claim_dict(claim) for claim in self.claims],
                "provenance": self.provenance,
            }
        )
        return content

    def to_html(self) -> str:
        """One self-contained page: no script, and nothing is fetched when it is opened.

        Returns
        -------
        str
            With its figures inline where matplotlib is installed; otherwise the tables alone, and
            a line that says so. The same bytes for the same input.
        """
        from countylines.assessment import _html

        return _html.page(self)

    def to_markdown(self) -> str:
        """The report in Markdown, with tables in the place of figures.

        Returns
        -------
        str
        """
        from countylines.assessment import _markdown

        return _markdown.document(self)

    def summary(self) -> str:
        """Short text for a terminal, at most 100 columns wide.

        Returns
        -------
        str
        """
        from countylines.assessment import _terminal

        return _terminal.summary(self)

    def cite(self, format: str = "text") -> str:
        """References of the methods used, and of countylines itself.

        Parameters
        ----------
        format : {"text", "bibtex"}, default "text"
            Form of the references.

        Returns
        -------
        str
        """
        return _citations.cite(_references(self.claims), format)

    def __repr__(self) -> str:
        codes = ", ".join(f"{claim.id}: {claim.verdict.code}" for claim in self.claims)
        return f"<Assessment {codes}>"

    def __str__(self) -> str:
        return self.summary()

    def _repr_html_(self) -> str:
        from countylines.assessment import _html

        return _html.fragment(self)


def assess(*, claims: Iterable[str] | None = None, level: float = 0.95) -> Assessment:
    """Assess the published claims on county lines, from the published tables alone.

    It answers, for each claim: what was said, by whom and when; what would have to be estimated;
    what the published figures support, with a confidence interval, an identified range or the
    reason why there is none; what could mislead. It is not an assessment of the threat, and it
    holds no figure that is not public.

    Parameters
    ----------
    claims : iterable of str or None, optional
        Ids of the claims, in the order wanted; all of them if None: "active-lines",
        "localisation", "all-regions", "missing-children", "threat-stable", "fewer-children",
        "closures".
    level : float, default 0.95
        Level of the confidence intervals, a share in (0.5, 1); tests are at ``1 - level``.

    Returns
    -------
    Assessment
        With ``.to_html()``, ``.to_markdown()``, ``.to_dict()`` and ``.summary()``.

    Raises
    ------
    InputError
        If a claim is unknown or named twice, or `level` is not a share in (0.5, 1).

    See Also
    --------
    countylines.datasets.load_county_lines_national : the published figures.
    countylines.localisation.compatible_counts : the counts behind the percentages.

    Notes
    -----
    Every number is looked up in a table of :mod:`countylines.datasets` or computed from what is
    looked up there by an estimator of this package; figures known from the press only say so. The
    kinds of number (published, arithmetic, identified range, confidence interval, what it would
    take) are kept apart, since only a confidence interval is a statement about chance.

    References
    ----------
    .. [1] Manski, C. F. (2003). *Partial Identification of Probability Distributions*. Springer.
       https://doi.org/10.1007/b97478

    Examples
    --------
    >>> report = cl.assess(claims=["active-lines"])
    >>> ratio = report.claims[0].estimates[3]
    >>> print(f"{ratio.estimate:.2f} ({ratio.low:.2f} to {ratio.high:.2f})")
    1.66 (1.59 to 1.72)

    The police detected 1.66 times as many lines in 2023/24 as in the year before. Whether there
    were more lines the published figures cannot say.
    """
    level = _validate.number(
        "level", _validate.level(level), low=0.5, high=1, open_low=True, open_high=True
    )
    return assess_sources(Sources.published(), ids=_ids(claims), level=level)


def assess_sources(sources: Sources, *, ids: Sequence[str], level: float) -> Assessment:
    """Assess claims from given sources.

    Parameters
    ----------
    sources : Sources
        The tables.
    ids : sequence of str
        Claims, in the order wanted.
    level : float
        Level of the intervals.

    Returns
    -------
    Assessment
    """
    claims = tuple(CLAIMS[name](sources, level) for name in ids)
    return Assessment(claims, _provenance(sources, claims, level))


def _ids(claims: Iterable[str] | None) -> list[str]:
    if claims is None:
        return list(CLAIMS)
    if isinstance(claims, str) or not isinstance(claims, Iterable):
        raise InputTypeError(
            _validate.sentence(
                "claims",
                "a list of claims, or None for all",
                _validate.show(claims),
                remedy=f"Use claims=[{claims!r}]." if isinstance(claims, str) else "",
            )
        )
    names = [_validate.option("claims", name, CLAIMS) for name in claims]
    _validate.not_empty("claims", len(names))
    twice = [name for name in dict.fromkeys(names) if names.count(name) > 1]
    if twice:
        raise InputError(
            _validate.sentence("claims", "named once each", f"{twice[0]!r} more than once")
        )
    return names


def _references(claims: Sequence[Claim]) -> list[str]:
    return list(dict.fromkeys(key for claim in claims for key in claim.references))


def _claim_dict(claim: Claim) -> dict[str, Any]:
    return {
        "id": claim.id,
        "title": claim.title,
        "claim": claim.wording,
        "source": [_source_dict(source) for source in claim.sources],
        "estimand": claim.estimand,
        "verdict": {
            "code": claim.verdict.code,
            "words": claim.verdict.words,
            "sentence": claim.verdict.sentence,
            "sureness": claim.sureness,
        },
        "estimates": [_row_dict(row) for row in claim.estimates],
        "tables": [_table_dict(table) for table in claim.tables],
        "conditions": list(claim.conditions),
        "cautions": list(claim.cautions),
        "needed": list(claim.needed),
        "references": [{"key": key, "text": _citations.in_words(key)} for key in claim.references],
    }


def _source_dict(source: Source) -> dict[str, Any]:
    return {
        "publisher": source.publisher,
        "title": source.title,
        "date": source.date or None,
        "url": source.url,
        "status": source.status,
        "wording": source.wording,
        "note": source.note,
    }


def _row_dict(row: Row) -> dict[str, Any]:
    return {
        "label": row.label,
        "kind": row.kind,
        "text": _text.value(row),
        "estimate": row.estimate,
        "low": row.low,
        "high": row.high,
        "level": row.level,
        "format": row.format,
        "unit": row.unit,
        "method": row.method,
        "known_from": row.known_from,
        "note": row.note,
        "result": row.result,
    }


def _table_dict(table: Table) -> dict[str, Any]:
    return {
        "title": table.title,
        "kind": table.kind,
        "columns": [{"name": c.name, "format": c.format} for c in table.columns],
        "rows": [list(row) for row in table.rows],
        "note": table.note,
    }


def _provenance(sources: Sources, claims: Sequence[Claim], level: float) -> dict[str, Any]:
    methods = sorted({row.method for claim in claims for row in claim.estimates if row.method})
    return {
        "countylines": version(),
        "software": {name: metadata.version(name) for name in SOFTWARE},
        "level": level,
        "methods": methods,
        "tables": [_table_provenance(name, sources) for name in sorted(sources.provenance)],
        "passages": own_hashes(),
        "citation": _citations.cite(),
    }


def _table_provenance(name: str, sources: Sources) -> dict[str, Any]:
    known = sources.provenance[name]
    wanted = ("title", "sha256", "source", "licence", "licence_names", "attribution", "retrieved")
    return {"name": name, **{key: known.get(key) for key in wanted}}
