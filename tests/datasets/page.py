"""Write what docs/datasets.md takes from the registry: `python tests/datasets/page.py`.

The page is kept in the repository, and test_page.py fails where it and the registry disagree.
"""

from __future__ import annotations

import json
import re
from importlib import resources
from pathlib import Path
from typing import Any

PAGE = Path(__file__).resolve().parents[2] / "docs" / "datasets.md"

MARKED = re.compile(r"(<!-- from the registry: (\w+) -->\n).*?(<!-- end of \2 -->\n)", re.DOTALL)


def render(page: str, registry: dict[str, Any]) -> str:
    """The page with what stands between its marks taken from the registry."""
    tables, lists = registry["tables"], registry["multiple_systems"]
    blocks = {
        "tables": [
            _statuses(registry),
            _licences(registry),
            _overview(tables),
            "## Tables\n",
            *[_table(name, entry) for name, entry in tables.items()],
        ],
        "lists": [
            _lists_overview(lists),
            *[_lists(name, entry) for name, entry in lists.items()],
        ],
    }
    return MARKED.sub(lambda m: m[1] + "\n" + "\n".join(blocks[m[2]]) + "\n" + m[3], page)


def _cells(*values: object) -> str:
    return "| " + " | ".join(str(value).replace("|", "\\|") for value in values) + " |"


def _bullets(lines: list[str]) -> str:
    return "\n".join(f"- {line}" for line in lines)


def _statuses(registry: dict[str, Any]) -> str:
    rows = [_cells(f"*{word}*", meaning) for word, meaning in registry["status"].items()]
    return "\n".join(["## Status\n", _cells("status", "meaning"), _cells("---", "---"), *rows, ""])


def _licences(registry: dict[str, Any]) -> str:
    rows = []
    for key, licence in registry["licences"].items():
        address = f"<{licence['url']}>" if licence["url"] else ""
        rows.append(_cells(f"`{key}`", licence["name"], licence["note"], address))
    head = [_cells("SPDX", "name", "what it means here", "text"), _cells(*["---"] * 4)]
    closing = "Where a table is passed on, pass its attribution on with it."
    return "\n".join(["## Licences\n", *head, *rows, "", closing, ""])


def _overview(tables: dict[str, Any]) -> str:
    rows = [
        _cells(f"[{name}](#{name})", entry["title"], entry["n_rows"], entry["status"])
        for name, entry in tables.items()
    ]
    head = [_cells("table", "what it is", "rows", "status"), _cells(*["---"] * 4)]
    return "\n".join(["## What there is\n", *head, *rows, ""])


def _table(name: str, entry: dict[str, Any]) -> str:
    rows = [
        _cells(f"`{column}`", about["meaning"], about["unit"])
        for column, about in entry["columns"].items()
    ]
    lines = [
        f"### {name}\n",
        f"**{entry['title']}.** One row is {entry['row']}. {entry['n_rows']} rows.\n",
        f"`cl.datasets.load_{name}()`\n",
        f"{entry['source']}. {entry['retrieval']} Retrieved {entry['retrieved']}.\n",
        f"{entry['wording_note']}\n",
        _bullets([f"<{address}>" for address in entry["source_urls"]]) + "\n",
        *_terms(entry),
        _cells("column", "meaning", "unit"),
        _cells(*["---"] * 3),
        *rows,
        "",
        "Before you use it:\n",
        _bullets(entry["caveats"]) + "\n",
    ]
    if entry["press_only"]:
        lines += ["Known only from press, blogs and the like:\n"]
        lines += [_bullets(entry["press_only"]) + "\n"]
    return "\n".join(lines)


def _terms(entry: dict[str, Any]) -> list[str]:
    return [
        f"Status: *{entry['status']}*. Licence: "
        + " and ".join(f"`{key}`" for key in entry["licence"])
        + f". Attribution: {entry['attribution']}\n",
        f"Cite: {entry['citation']}\n",
    ]


def _lists_overview(tables: dict[str, Any]) -> str:
    rows = [
        _cells(
            f"[{name}](#{name})",
            entry["title"],
            len(entry["lists"]),
            f"{entry['n_observed']:,}",
            entry["status"],
        )
        for name, entry in tables.items()
    ]
    head = [_cells("name", "what it is", "lists", "cases", "status"), _cells(*["---"] * 5)]
    return "\n".join([*head, *rows, ""])


def _lists(name: str, entry: dict[str, Any]) -> str:
    kind = "occasions, in order of time" if entry["ordered"] else "lists"
    cases = f"{entry['n_observed']:,} cases in {entry['n_rows']} patterns"
    members = "; ".join(f"`{key}` {meaning}" for key, meaning in entry["lists"].items())
    lines = [
        f"### {name}\n",
        f"**{entry['title']}.** {cases} of {len(entry['lists'])} {kind}.\n",
        f"Known in R packages as {entry['known_as']}.\n",
        f'`cl.datasets.load_mse("{name}")`\n',
        f"Population: {entry['population']}. Columns: {members}.\n",
        f"Taken from {entry['taken_from']}. Retrieved {entry['retrieved']}.\n",
        _bullets([f"<{address}>" for address in entry["source_urls"]]) + "\n",
        *_terms(entry),
        "Before you use it:\n",
        _bullets(entry["caveats"]) + "\n",
    ]
    return "\n".join(lines)


def main() -> None:
    """Write the page."""
    text = resources.files("countylines.datasets").joinpath("registry.json").read_text("utf-8")
    page = PAGE.read_text(encoding="utf-8")
    PAGE.write_text(render(page, json.loads(text)), encoding="utf-8")


if __name__ == "__main__":
    main()
