"""The documentation lists every public name once, and every docstring says what it must."""

from __future__ import annotations

import dataclasses
import importlib
import importlib.util
import inspect
import re
from collections import Counter
from pathlib import Path

import pytest

import countylines as cl

DOCS = Path(__file__).resolve().parents[1] / "docs"
TOPICS = ("prevalence", "capture_recapture", "disproportionality", "localisation")
SECTIONS = ("Parameters", "Returns", "See Also", "Notes", "References", "Examples")


def public_objects() -> dict[int, str]:
    """Every public function, class and exception, by identity, with one of its names."""
    found: dict[int, str] = {}
    for name in cl.__all__:
        value = getattr(cl, name)
        if inspect.ismodule(value):
            for inner in getattr(value, "__all__", ()):
                found[id(getattr(value, inner))] = f"{value.__name__}.{inner}"
        else:
            found[id(value)] = f"countylines.{name}"
    return found


def listed_names() -> list[str]:
    """Full names in the autosummary tables of the pages by question."""
    names = []
    for page in sorted((DOCS / "api").glob("*.rst")):
        text = page.read_text(encoding="utf-8")
        current = re.search(r"^\.\. currentmodule:: (\S+)$", text, re.MULTILINE)
        for block in re.findall(r"\.\. autosummary::\n((?:[ ]{3}.*\n|\n)*)", text):
            entries = [line.strip() for line in block.splitlines() if line.strip()]
            names += [
                f"{current.group(1)}.{entry}" if current else entry
                for entry in entries
                if not entry.startswith(":")
            ]
    return names


def resolve(name: str) -> object:
    value: object = cl
    for part in name.removeprefix("countylines.").split("."):
        value = getattr(value, part)
    return value


def estimators() -> list[str]:
    return [
        f"{topic}.{name}"
        for topic in TOPICS
        for name in importlib.import_module(f"countylines.{topic}").__all__
    ]


def section(doc: str, title: str) -> str:
    found = re.search(rf"^{title}\n-+\n(.*?)(?=^\w[\w ]*\n-+\n|\Z)", doc, re.MULTILINE | re.DOTALL)
    return found.group(1) if found else ""


def documented_parameters(doc: str) -> list[str]:
    lines = re.findall(r"^(\w+(?:, \w+)*) : ", section(doc, "Parameters"), re.MULTILINE)
    return [name for line in lines for name in line.split(", ")]


class TestPages:
    def test_every_public_name_is_listed_once(self):
        listed = Counter(id(resolve(name)) for name in listed_names())
        public = public_objects()
        assert sorted(name for key, name in public.items() if listed[key] != 1) == []

    def test_nothing_else_is_listed(self):
        public = public_objects()
        assert [name for name in listed_names() if id(resolve(name)) not in public] == []

    def test_the_docstring_of_the_package_names_every_estimator(self):
        assert [name for name in estimators() if f"countylines.{name}`" not in cl.__doc__] == []


class TestDocstrings:
    @pytest.mark.parametrize("name", estimators())
    def test_an_estimator_has_every_section(self, name):
        value = resolve(f"countylines.{name}")
        if inspect.isclass(value):
            wanted = [title for title in SECTIONS if title not in ("Returns", "References")]
        else:
            wanted = list(SECTIONS)
        doc = inspect.getdoc(value)
        assert [title for title in wanted if not section(doc, title).strip()] == []

    @pytest.mark.parametrize(
        "name", [n for n in estimators() if not inspect.isclass(resolve(f"countylines.{n}"))]
    )
    def test_an_estimator_documents_its_signature(self, name):
        value = resolve(f"countylines.{name}")
        assert documented_parameters(inspect.getdoc(value)) == list(
            inspect.signature(value).parameters
        )

    @pytest.mark.parametrize("name", estimators())
    def test_an_example_ends_in_words(self, name):
        last = section(inspect.getdoc(resolve(f"countylines.{name}")), "Examples").strip()
        final = last.split("\n\n")[-1]
        assert not final.startswith(">>>"), final
        assert final.endswith("."), final

    @pytest.mark.parametrize("name", estimators())
    def test_a_recent_reference_has_an_address(self, name):
        references = section(inspect.getdoc(resolve(f"countylines.{name}")), "References")
        entries = re.split(r"^\.\. \[\d+\] ", references, flags=re.MULTILINE)[1:]
        papers = [e for e in entries if not re.search(r"\b(edition|chapter|section|ISBN)\b", e)]
        recent = [e for e in papers if any(int(y) >= 1980 for y in re.findall(r"\((\d{4})\)", e))]
        assert [e for e in recent if "https://" not in e] == []

    @pytest.mark.parametrize(
        "name",
        [
            "Estimate",
            "PopulationEstimate",
            "Posterior",
            "Survival",
            "TestResult",
            "TimeCurve",
            "Verdict",
            "Note",
        ],
    )
    def test_a_result_documents_its_fields(self, name):
        kind = getattr(cl, name)
        fields = [f.name for f in dataclasses.fields(kind) if not f.name.startswith("_")]
        inherited = {
            f.name
            for base in kind.__mro__[1:]
            if dataclasses.is_dataclass(base)
            for f in dataclasses.fields(base)
        }
        own = [field for field in fields if field not in inherited]
        documented = documented_parameters(inspect.getdoc(kind))
        assert set(own) <= set(documented)
        assert set(documented) <= set(fields)


def test_every_recorded_coverage_can_be_shown():
    spec = importlib.util.spec_from_file_location("generated_pages", DOCS / "generated_pages.py")
    assert spec is not None
    assert spec.loader is not None
    pages = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(pages)
    records = sorted(pages.RECORDED.glob("*.json"))
    assert records
    for path in records:
        lines = pages.coverage_section(path)
        assert lines[0].startswith("### ")
        assert not any("nan" in line.split() for line in lines), path.stem
