"""Citations: every key leads to an entry, every entry is used, and both forms read well."""

from __future__ import annotations

import ast
import json
import re
from importlib import resources
from pathlib import Path

import pytest

import countylines as cl
from countylines import _citations
from countylines.errors import InputError

PACKAGE = Path(cl.__file__).resolve().parent
KEY = re.compile(r"[a-z]+(?:19|20)\d{2}[a-z]?")
DATA = (".json", ".csv")


def context(node):
    """Whether an assignment or an argument is about references."""
    if isinstance(node, ast.keyword):
        return (node.arg or "") == "references"
    targets = node.targets if isinstance(node, ast.Assign) else [node.target]
    return any(isinstance(t, ast.Name) and "REFERENCES" in t.id for t in targets)


def strings(node):
    return [
        n.value for n in ast.walk(node) if isinstance(n, ast.Constant) and isinstance(n.value, str)
    ]


def sources():
    return [(path, ast.parse(path.read_text(encoding="utf-8"))) for path in PACKAGE.rglob("*.py")]


def words_in_data():
    found = set()
    for path in PACKAGE.rglob("*"):
        if path.suffix in DATA:
            found |= set(re.findall(r"\w+", path.read_text(encoding="utf-8")))
    return found


def test_every_key_in_the_source_has_an_entry():
    known, unknown = _citations.bibliography(), {}
    for path, tree in sources():
        for text in strings(tree):
            if KEY.fullmatch(text) and text not in known:
                unknown.setdefault(path.name, []).append(text)
    assert unknown == {}


def test_every_string_given_as_a_reference_is_a_key():
    known, unknown, seen = _citations.bibliography(), {}, 0
    for path, tree in sources():
        for node in ast.walk(tree):
            if isinstance(node, (ast.keyword, ast.Assign, ast.AnnAssign)) and context(node):
                value = node.value
                values = value.values if isinstance(value, ast.Dict) else [value]
                for text in [t for v in values if v is not None for t in strings(v)]:
                    seen += 1
                    if text not in known:
                        unknown.setdefault(path.name, []).append(text)
    assert unknown == {}
    assert seen > 20


def test_every_entry_is_used():
    used = {_citations.SOFTWARE} | words_in_data()
    for _, tree in sources():
        used |= set(strings(tree))
    assert sorted(set(_citations.bibliography()) - used) == []


def test_the_references_of_the_data_have_entries():
    registry = json.loads((PACKAGE / "datasets" / "registry.json").read_text(encoding="utf-8"))
    found = []

    def look(item):
        if isinstance(item, dict):
            found.extend(item.get("references", []) if "references" in item else [])
            for value in item.values():
                look(value)
        elif isinstance(item, list):
            for value in item:
                look(value)

    look(registry)
    assert [key for key in found if key not in _citations.bibliography()] == []


class TestBibliography:
    def text(self):
        return resources.files("countylines").joinpath("references.bib").read_text("utf-8")

    def test_every_entry_is_read(self):
        assert len(_citations.bibliography()) == self.text().count("\n@") + 1

    def test_no_key_comes_twice(self):
        keys = re.findall(r"^@\w+\{([^,]+),", self.text(), re.MULTILINE)
        assert len(keys) == len(set(keys))
        assert set(keys) == set(_citations.bibliography())

    @pytest.mark.parametrize("key", _citations.bibliography())
    def test_every_entry_is_complete(self, key):
        fields = _citations.fields(key)
        assert fields["title"]
        assert re.fullmatch(r"(19|20)\d{2}", fields.get("year", "2000"))
        assert fields["author"]
        entry = _citations.entry(key)
        assert entry.count("{") == entry.count("}")
        assert all(value.count("{") == value.count("}") for value in fields.values())
        if "doi" in fields:
            assert re.fullmatch(r"10\.\d{4,9}/\S+", fields["doi"])

    @pytest.mark.parametrize("key", _citations.bibliography())
    def test_every_entry_reads_as_plain_text(self, key):
        text = _citations.in_words(key)
        assert "\n" not in text
        assert not re.search(r"[{}\\$~]|``|''| and and |\(\)|\.\.|\?\.| ,", text.split("http")[0])


class TestCite:
    def test_countylines_itself(self):
        assert cl.cite() == (
            "The countylines developers (2026). countylines: what figures on county lines can and "
            "cannot support. PyPI."
        )
        assert cl.cite(format="bibtex").startswith("@software{countylines,")

    def test_methods_come_first_and_once(self):
        lines = cl.cite(["woolf1955", "wilson1927", "woolf1955", "countylines"]).splitlines()
        assert [line.split(" (")[0] for line in lines] == [
            "Woolf B.",
            "Wilson E. B.",
            "The countylines developers",
        ]

    def test_in_full(self):
        assert cl.cite("brown2001").splitlines()[0] == (
            "Brown L. D., Cai T. T. and DasGupta A. (2001). Interval estimation for a binomial "
            "proportion. Statistical Science, 16(2), 101-133. https://doi.org/10.1214/ss/1009213286"
        )
        assert cl.cite("vehtari2021").splitlines()[0] == (
            "Vehtari A., Gelman A., Simpson D., Carpenter B. and Bürkner P.-C. (2021). "
            "Rank-normalization, folding, and localization: an improved R-hat for assessing "
            "convergence of MCMC. Bayesian Analysis, 16(2), 667-718. "
            "https://doi.org/10.1214/20-BA1221"
        )

    def test_bibtex_is_the_entry_as_written(self):
        entries = cl.cite(["woolf1955"], format="bibtex").split("\n\n")
        assert entries == [_citations.entry("woolf1955"), _citations.entry("countylines")]
        assert entries[0].endswith("\n}")

    def test_one_key_may_be_given_as_a_word(self):
        assert cl.cite("woolf1955") == cl.cite(["woolf1955"])
        assert cl.cite(key for key in ["woolf1955"]) == cl.cite(["woolf1955"])

    def test_an_unknown_key(self):
        with pytest.raises(InputError) as raised:
            cl.cite(["nobody1900"])
        assert str(raised.value) == (
            "`references` must be keys of the bibliography, got 'nobody1900'. Add the entry to "
            "references.bib."
        )

    def test_an_unknown_form(self):
        with pytest.raises(InputError) as raised:
            cl.cite(format="ris")
        assert str(raised.value) == "`format` must be one of 'text', 'bibtex', got 'ris'."


class TestPlainText:
    @pytest.mark.parametrize(
        ("written", "read"),
        [
            (r"B{\"o}hning", "Böhning"),
            (r"B{\"{o}}hning", "Böhning"),
            (r"B\"ohning", "Böhning"),
            (r"Garc{\'\i}a", "García"),
            (r"Garc{\'i}a", "García"),
            (r"{\v C}ech and Fran\c{c}ois", "Čech and François"),
            (r"S{\o}rensen and {\AA}berg", "Sørensen and Åberg"),
            (r"the ``exact'' test", "the \u201cexact\u201d test"),
            (r"{Poisson} and {B}ayes", "Poisson and Bayes"),
            (r"law \& order", "law & order"),
            (r"1900--1950", "1900\u20131950"),
            (r"Böhning", "Böhning"),
        ],
    )
    def test_it(self, written, read):
        assert _citations._plain(written) == read

    def test_an_and_inside_braces_does_not_part_names(self):
        assert _citations._names("{Health and Care} and Seber, George and {{A and B}}") == [
            "{Health and Care}",
            "Seber, George",
            "{{A and B}}",
        ]

    def test_names(self):
        assert _citations._turned("Seber, George Arthur Frederick") == "Seber G. A. F."
        assert _citations._turned("Bürkner, Paul-Christian") == "Bürkner P.-C."
        assert _citations._turned("The countylines developers") == "The countylines developers"
