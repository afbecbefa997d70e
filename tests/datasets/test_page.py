"""docs/datasets.md says what the registry says."""

from __future__ import annotations

import json
import runpy
from importlib import resources
from pathlib import Path

import pytest

MAKER = runpy.run_path(str(Path(__file__).with_name("page.py")))
REGISTRY = json.loads(
    resources.files("countylines.datasets").joinpath("registry.json").read_text(encoding="utf-8")
)


@pytest.fixture(scope="module")
def page() -> str:
    return MAKER["PAGE"].read_text(encoding="utf-8")


def test_the_page_is_up_to_date(page):
    again = MAKER["render"](page, REGISTRY)
    assert again == page, "run `python tests/datasets/page.py`"


@pytest.mark.parametrize("kind", ["tables", "multiple_systems"])
def test_every_table_is_on_it_with_all_its_caveats(page, kind):
    for name, entry in REGISTRY[kind].items():
        section = page.split(f"\n### {name}\n")[1].split("\n### ")[0]
        assert entry["title"] in section
        assert entry["citation"] in section
        for caveat in [*entry["caveats"], *entry.get("press_only", [])]:
            assert f"\n- {caveat}\n" in section


def test_a_change_in_the_registry_changes_the_page(page):
    other = json.loads(json.dumps(REGISTRY))
    other["tables"]["localisation"]["caveats"][0] = "Something else."
    other["multiple_systems"]["kosovo"]["title"] = "Something else"
    changed = MAKER["render"](page, other)
    assert "\n- Something else.\n" in changed
    assert "**Something else.**" in changed
