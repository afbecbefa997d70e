"""Parts of pages that are written from the package and its recorded results, at every build."""

from __future__ import annotations

import functools
import importlib
import inspect
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import countylines as cl

HERE = Path(__file__).resolve().parent
GENERATED = HERE / "api" / "generated"
RECORDED = HERE.parent / "tests" / "coverage" / "results"
# A row records one setting: its coverage, or the mean and the least coverage over a grid of truths.
OUTCOMES = ("coverage", "mean", "least", "below", "above", "power")
OTHER_WORDS = {"min": "least"}
NAMES = ("estimator", "method")
ASIDE = (
    "tables",
    "draws",
    "refused",
    "endless",
    "modes",
    "low_share",
    "tilt",
    "length",
    "median",
    "ratio",
)
SHORTFALL = 0.02
TITLES = {
    "breaks": "Breaks and trends: one minus the size, and the power",
    "hidden_number": "Hidden numbers where units differ",
    "loglinear": "Log-linear models, one at a time",
    "model_search": "Averages over log-linear models",
    "selection_bootstrap": "Selected log-linear models",
    "two_list": "Two lists",
}


@functools.cache
def public_names() -> dict[str, str]:
    """Where every public name is documented, by the last part of it."""
    names: dict[str, str] = {}
    rooms = {name for name in cl.__all__ if inspect.ismodule(getattr(cl, name))}
    for room in sorted(rooms):
        module = importlib.import_module(f"countylines.{room}")
        for name in getattr(module, "__all__", ()):
            # a name of two rooms is documented in the first
            names.setdefault(name, f"countylines.{room}.{name}")
    # Where a name is offered at the top as well, it is documented there, but for CaptureHistories.
    for name in set(cl.__all__) - rooms - {"CaptureHistories"}:
        names[name] = f"countylines.{name}"
    return names


def write_a_to_z() -> None:
    """One line a public name, in the order of the alphabet."""
    names = public_names()
    lines = [f"   ~{names[key]}" for key in sorted(names, key=str.lower)]
    GENERATED.mkdir(parents=True, exist_ok=True)
    text = "\n".join([".. autosummary::", "", *lines, ""])
    (GENERATED / "a_z.txt").write_text(text, encoding="utf-8")


def markdown_table(head: Iterable[str], rows: Iterable[Iterable[Any]]) -> list[str]:
    """A table in Markdown."""
    head = list(head)
    lines = [f"| {' | '.join(head)} |", f"| {' | '.join('---' for _ in head)} |"]
    return lines + [f"| {' | '.join(str(cell) for cell in row)} |" for row in rows]


def coverage_cell(value: float, level: float) -> str:
    """A coverage, in bold where it falls short of the level."""
    return f"**{value:.3f}**" if value < level - SHORTFALL else f"{value:.3f}"


def outcome_cell(row: dict[str, Any], key: str, level: float) -> str:
    """One outcome of a setting; empty where it was not recorded."""
    if key not in row:
        return ""
    return (
        f"{row[key]:.3f}" if key in ("below", "above", "power") else coverage_cell(row[key], level)
    )


def key_figure(row: dict[str, Any]) -> float:
    """Coverage in one setting, or the least over a grid of truths."""
    figure: float = row.get("coverage", row.get("least"))
    return figure


def coverage_section(path: Path) -> list[str]:
    """What one file of recorded coverages says: worst cases first, then all of it, folded."""
    recorded = json.loads(path.read_text(encoding="utf-8"))
    level = recorded["level"]
    rows = [{OTHER_WORDS.get(key, key): row[key] for key in row} for row in recorded["rows"]]
    keys = list(dict.fromkeys(key for row in rows for key in row))
    setting = [key for key in keys if key not in (*NAMES, *OUTCOMES, *ASIDE)]
    outcomes = [key for key in OUTCOMES if key in keys]
    groups: dict[tuple[str, ...], list[dict[str, Any]]] = {}
    for row in rows:
        groups.setdefault(tuple(str(row[name]) for name in NAMES if name in row), []).append(row)
    worst = []
    for names, members in groups.items():
        low = min(members, key=key_figure)
        fair = sum(key_figure(row) >= level - SHORTFALL for row in members)
        where = ", ".join(f"{key} {low[key]}" for key in setting if key in low)
        name = [f"`{part}`" for part in names]
        cell = coverage_cell(key_figure(low), level)
        worst.append([*name, f"{fair} of {len(members)}", cell, where])
    head = [name for name in NAMES if name in rows[0]]
    lines = [f"### {TITLES.get(path.stem, path.stem.replace('_', ' ').capitalize())}", ""]
    lines += markdown_table(
        [*head, f"settings at {level - SHORTFALL:g} or more", "lowest", "where"], worst
    )
    every = [
        [
            *(row.get(key, "") for key in setting),
            *(f"`{row[name]}`" for name in head),
            *(outcome_cell(row, key, level) for key in outcomes),
        ]
        for row in rows
    ]
    lines += ["", f":::{{dropdown}} All {len(rows)} settings", ""]
    lines += markdown_table([*setting, *head, *outcomes], every)
    return [*lines, ":::", ""]


def write_coverage() -> None:
    """The recorded coverages, failures included, as a part of the page on validation."""
    GENERATED.mkdir(parents=True, exist_ok=True)
    lines: list[str] = []
    for path in sorted(RECORDED.glob("*.json")):
        lines += coverage_section(path)
    (GENERATED / "coverage.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
