"""From a shipped file to a frame: registry, checksum, dtypes, provenance."""

from __future__ import annotations

import copy
import csv
import functools
import hashlib
import json
import math
from importlib import resources
from typing import TYPE_CHECKING, Any

from countylines.errors import CountyLinesError

if TYPE_CHECKING:
    import pandas as pd


@functools.cache
def registry() -> dict[str, Any]:
    """What is known of every table; shared, so never handed out."""
    content: dict[str, Any] = json.loads(_content("registry.json").decode("utf-8"))
    return content


def table(name: str) -> pd.DataFrame:
    """One of the published tables."""
    entry = registry()["tables"][name]
    dtypes = {column: about["dtype"] for column, about in entry["columns"].items()}
    columns = {column: _in_words(about) for column, about in entry["columns"].items()}
    return _frame(name, entry, dtypes, {"row": entry["row"], "columns": columns})


def multiple_systems(name: str) -> pd.DataFrame:
    """One of the tables of lists."""
    entry = registry()["multiple_systems"][name]
    dtypes = dict.fromkeys([*entry["lists"], "n"], "integer")
    source = f"{entry['citation']} Taken from {entry['taken_from']}."
    about = {
        "row": "one pattern of lists",
        "source": source,
        "lists": list(entry["lists"]),
        "columns": {**entry["lists"], "n": "cases with this pattern"},
        **{key: entry[key] for key in ("population", "ordered", "known_as", "n_observed")},
    }
    return _frame(name, entry, dtypes, about)


def _frame(
    name: str, entry: dict[str, Any], dtypes: dict[str, str], about: dict[str, Any]
) -> pd.DataFrame:
    import pandas as pd

    rows = csv.DictReader(_verified(entry["file"], entry["sha256"]).decode("utf-8").splitlines())
    cells = list(rows)
    frame = pd.DataFrame(
        {column: [_value(row[column], dtype) for row in cells] for column, dtype in dtypes.items()}
    )
    licences = registry()["licences"]
    left_out = ("file", "columns", "lists", "taken_from", "population", "known_as", "ordered")
    provenance = {key: value for key, value in entry.items() if key not in left_out}
    provenance["licence_names"] = [licences[key]["name"] for key in entry["licence"]]
    provenance["licence"] = " AND ".join(entry["licence"])
    frame.attrs.update(copy.deepcopy({"name": name, **provenance, **about}))
    return frame


def _value(cell: str, dtype: str) -> str | int | float | bool:
    """One cell, exactly: how the reader of pandas rounds a decimal depends on its version."""
    if dtype == "integer":
        return int(cell)
    if dtype == "flag":
        return bool(int(cell))
    if not cell:
        return math.nan
    return float(cell) if dtype == "number" else cell


def _in_words(about: dict[str, str]) -> str:
    unit = about["unit"]
    return f"{about['meaning']} [{unit}]" if unit else about["meaning"]


def _verified(file: str, expected: str) -> bytes:
    content = _content(f"tables/{file}")
    found = hashlib.sha256(content).hexdigest()
    if found != expected:
        raise CountyLinesError(
            f"`{file}` must be the table that countylines ships (sha256 {expected[:12]}...), got "
            f"one that was altered (sha256 {found[:12]}...). Install countylines again with: "
            "pip install --force-reinstall countylines"
        )
    return content


def _content(path: str) -> bytes:
    try:
        return resources.files("countylines.datasets").joinpath(*path.split("/")).read_bytes()
    except FileNotFoundError:
        raise CountyLinesError(
            f"`{path}` must be in the installed package, got no such file. Install countylines "
            "again with: pip install --force-reinstall countylines"
        ) from None
