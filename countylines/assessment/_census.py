"""Census shares of the group that a claim speaks of: by region, and by choice of benchmark."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from countylines.assessment.sources import Sources
from countylines.errors import InputError

GROUP = "Black"
MIXED_PARTS = ("White and Black African", "White and Black Caribbean")
MIXED_IN_FORCES = "White and Black"
EXPORTERS = ("Metropolitan Police", "Merseyside", "West Midlands", "Greater Manchester")
"""Forces of the four cities that the release names as exporting lines."""


@dataclass(frozen=True)
class Census:
    """Census shares of the group: by region, and by the areas a benchmark might be taken from."""

    regions: pd.Series[float]
    benchmarks: dict[str, tuple[float, float]]
    exporter_people: float

    @property
    def shares(self) -> NDArray[np.float64]:
        """Shares by region, in their order."""
        return np.asarray(self.regions, dtype=np.float64)


def census(sources: Sources) -> Census:
    table = sources.table("census2021_ethnicity_region")
    people = _people(table, "geography")
    by_region = table[(table["geography_level"] == "region") | (table["geography"] == "Wales")]
    names = list(dict.fromkeys(by_region["geography"]))
    shares = pd.Series(
        [people.loc[name, GROUP] / people.loc[name, "all"] for name in names], index=names
    )
    forces = _people_by_force(sources.table("census2021_ethnicity_pfa"))
    missing = [name for name in EXPORTERS if name not in forces.index]
    if missing:
        raise InputError(
            f"`census2021_ethnicity_pfa` must be a table with the forces {list(EXPORTERS)}, got "
            f"one without {missing}. Use the names of the package's own table."
        )
    areas = {
        "England and Wales": people.loc[["England and Wales"]],
        "Four exporter areas": forces.loc[list(EXPORTERS)],
        "Everywhere else": forces.drop(index=list(EXPORTERS)),
    }
    return Census(
        regions=shares,
        benchmarks={name: _shares(area) for name, area in areas.items()},
        exporter_people=float(areas["Four exporter areas"]["all"].sum()),
    )


def _shares(area: pd.DataFrame) -> tuple[float, float]:
    """Share of the group in the places together, without and with Mixed White and Black."""
    everybody, group, mixed = (float(area[name].sum()) for name in ("all", GROUP, "mixed"))
    return group / everybody, (group + mixed) / everybody


def _people(table: pd.DataFrame, place: str) -> pd.DataFrame:
    """People of all groups, of the group, and of Mixed White and Black, by place."""
    wide = table[table["n_categories"] == 5]
    fine = table[(table["n_categories"] == 19) & table["ethnic_group"].isin(MIXED_PARTS)]
    return pd.DataFrame(
        {
            "all": wide.groupby(place)["population"].sum(),
            GROUP: wide[wide["ethnic_group5"] == GROUP].groupby(place)["population"].sum(),
            "mixed": fine.groupby(place)["population"].sum(),
        }
    )


def _people_by_force(table: pd.DataFrame) -> pd.DataFrame:
    def of(level: str, group: str) -> pd.Series[float]:
        rows = table[(table["level"] == level) & (table["ethnic_group"] == group)]
        return rows.set_index("force")["population"]

    return pd.DataFrame(
        {
            "all": of("total", "All"),
            GROUP: of("group", GROUP),
            "mixed": of("subgroup", MIXED_IN_FORCES),
        }
    )
