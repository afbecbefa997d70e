"""Citations of methods and of the package, from one bibliography file."""

from __future__ import annotations

import functools
import re
import unicodedata
from collections.abc import Iterable
from importlib import resources

from countylines.errors import InputError

_ENTRY = re.compile(r"@(\w+)\{([^,\s]+),(.*?)\n\}", re.DOTALL)
_FIELD = re.compile(r"^\s*(\w+)\s*=\s*\{(.*?)\}\s*,?\s*$", re.MULTILINE | re.DOTALL)
SOFTWARE = "countylines"
_ACCENTS = dict(
    zip(
        "`'^\"~=.cvuH",
        map(chr, (0x300, 0x301, 0x302, 0x308, 0x303, 0x304, 0x307, 0x327, 0x30C, 0x306, 0x30B)),
        strict=True,
    )
)

_LETTERS = {
    "aa": "å",
    "AA": "Å",
    "ae": "æ",
    "AE": "Æ",
    "o": "ø",
    "O": "Ø",
    "l": "ł",
    "L": "Ł",
    "ss": "ß",
}


@functools.cache
def bibliography() -> dict[str, str]:
    """Every BibTeX entry of the package by key, as written."""
    text = resources.files("countylines").joinpath("references.bib").read_text(encoding="utf-8")
    return {match.group(2): match.group(0) for match in _ENTRY.finditer(text)}


@functools.cache
def fields(key: str) -> dict[str, str]:
    """Fields of one BibTeX entry."""
    match = _ENTRY.match(entry(key))
    assert match is not None
    return {name.lower(): " ".join(value.split()) for name, value in _FIELD.findall(match.group(3))}


def entry(key: str) -> str:
    """One BibTeX entry."""
    try:
        return bibliography()[key]
    except KeyError:
        raise InputError(
            f"`references` must be keys of the bibliography, got {key!r}. "
            "Add the entry to references.bib."
        ) from None


def in_words(key: str) -> str:
    """One reference as a line of text."""
    item = fields(key)
    names = [_turned(_plain(name)) for name in _names(item.get("author", ""))]
    who = (
        names[0]
        if len(names) == 1
        else ", ".join(names[:-1]) + " and " + names[-1]
        if names
        else ""
    )
    title = _plain(item.get("title", ""))
    where = (
        item.get("journal")
        or item.get("booktitle")
        or item.get("publisher")
        or item.get("howpublished", "")
    )
    volume = item.get("volume", "") + (f"({item['number']})" if "number" in item else "")
    pages = item.get("pages", "").replace("--", "-")
    place = ", ".join(part for part in (_plain(where), volume, pages) if part)
    text = f"{who} ({item.get('year', 'n.d.')}). {title}{'' if title.endswith('?') else '.'}"
    text += f" {place}." if place else ""
    if "doi" in item:
        text += f" https://doi.org/{item['doi']}"
    elif "url" in item:
        text += f" {item['url']}"
    return text


def _names(authors: str) -> list[str]:
    """Names between the word `and`, which inside braces belongs to a name."""
    parts, depth, start = [], 0, 0
    for match in re.finditer(r"[{}]|\s+and\s+", authors):
        depth += {"{": 1, "}": -1}.get(match[0], 0)
        if depth == 0 and match[0] not in "{}":
            parts.append(authors[start : match.start()])
            start = match.end()
    return [part for part in (*parts, authors[start:]) if part]


def _plain(text: str) -> str:
    """BibTeX text as plain text: accents, quotation marks, dashes and braces."""
    text = re.sub(r"\\([`'^\"~=.cvuH])\s*\{?\\?(\w)\}?", _accented, text)
    text = re.sub(r"\\(" + "|".join(_LETTERS) + r")(?![A-Za-z])\s*", _letter, text)
    for written, read in (("``", "\u201c"), ("''", "\u201d"), ("---", "\u2014"), ("--", "\u2013")):
        text = text.replace(written, read)
    return re.sub(r"[{}]", "", text).replace("\\&", "&")


def _accented(match: re.Match[str]) -> str:
    return unicodedata.normalize("NFC", match[2] + _ACCENTS[match[1]])


def _letter(match: re.Match[str]) -> str:
    return _LETTERS[match[1]]


def _turned(name: str) -> str:
    """'Last, First' as written in the file, shortened to 'Last F.'."""
    if "," not in name:
        return name
    last, first = (part.strip() for part in name.split(",", 1))
    words = [word.split("-") for word in re.split(r"[\s~]+", first) if word]
    initials = " ".join("-".join(f"{part[0]}." for part in parts if part) for parts in words)
    return f"{last} {initials}"


def cite(references: Iterable[str] | str = (), format: str = "text") -> str:
    """References of methods, then of countylines itself, as text or BibTeX.

    Parameters
    ----------
    references : iterable of str, or str, default ()
        Keys of the package's bibliography, or one key; none gives countylines alone.
    format : {"text", "bibtex"}, default "text"
        Form of the references.

    Returns
    -------
    str
        One reference a line, or BibTeX entries.

    Raises
    ------
    InputError
        If a key is not in the bibliography or the format is unknown.

    Examples
    --------
    >>> "countylines" in cl.cite()
    True
    """
    if format not in ("text", "bibtex"):
        raise InputError(f"`format` must be one of 'text', 'bibtex', got {format!r}.")
    references = [references] if isinstance(references, str) else references
    keys = list(dict.fromkeys([*references, SOFTWARE]))
    if format == "bibtex":
        return "\n\n".join(entry(key) for key in keys)
    return "\n".join(in_words(key) for key in keys)
