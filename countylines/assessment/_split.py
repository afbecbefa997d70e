"""The split of lines by type: what two totals and two percentages say of four counts."""

from __future__ import annotations

import dataclasses
import functools
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from countylines.assessment.sources import Figure, weakest
from countylines.localisation import (
    compatible_counts,
    localisation_odds_ratio,
    share_from_changes,
    tipping_point,
)
from countylines.results import Estimate

CELLS = ["internal_before", "external_before", "internal_after", "external_after"]
Cells = tuple[float, float, float, float]
Range = tuple[float, float]


@dataclass(frozen=True)
class Split:
    """Four published figures, and what follows from them."""

    internal: Figure
    external: Figure
    before: Figure
    after: Figure
    level: float

    @property
    def known_from(self) -> str:
        """The weakest of the places where the figures were read."""
        return weakest(self.internal, self.external, self.before, self.after)

    @property
    def growth(self) -> tuple[float, float]:
        """After over before, of internal and of external lines."""
        return 1 + self.internal.value / 100, 1 + self.external.value / 100

    def compatible(self, **options: Any) -> pd.DataFrame:
        """Whole-number tables that agree with the figures, under given conditions."""
        return compatible_counts(
            int(self.before.value),
            int(self.after.value),
            changes={"internal": self.internal.value, "external": self.external.value},
            decimals={"internal": self.internal.decimals, "external": self.external.decimals},
            **options,
        )

    @functools.cached_property
    def tables(self) -> pd.DataFrame:
        """Whole-number tables that agree with the figures."""
        return self.compatible()

    @functools.cached_property
    def typical(self) -> Cells:
        """The table whose odds ratio is nearest to that of the printed percentages."""
        printed = self.growth[0] / self.growth[1]
        nearest = (odds_ratios(self.tables) - printed).abs().argmin()
        a, b, c, d = (float(value) for value in self.tables[CELLS].iloc[nearest])
        return a, b, c, d

    @functools.cached_property
    def shares(self) -> dict[str, Range]:
        """Ranges over the tables: internal share before, after, their ratio and difference."""
        before, after = (
            self.tables[f"internal_{when}"]
            / (self.tables[f"internal_{when}"] + self.tables[f"external_{when}"])
            for when in ("before", "after")
        )
        values = {
            "before": before,
            "after": after,
            "ratio": after / before,
            "difference": after - before,
        }
        return {name: (float(v.min()), float(v.max())) for name, v in values.items()}

    @functools.cached_property
    def odds_ratio(self) -> Estimate:
        """The odds ratio of the typical table, with the range of its value over all of them."""
        each = odds_ratios(self.tables)
        return dataclasses.replace(
            localisation_odds_ratio(*self.typical, level=self.level),
            region_low=float(each.min()),
            region_high=float(each.max()),
            _recompute=None,
        )

    @functools.cached_property
    def widest(self) -> Range:
        """The outermost ends of the intervals over all tables."""
        each = localisation_odds_ratio(*(self.tables[cell] for cell in CELLS), level=self.level)
        return float(each.low.min()), float(each.high.max())

    @functools.cached_property
    def explained(self) -> float:
        """Relative gain in detection that leaves an odds ratio of 1."""
        return float(tipping_point(*self.typical).estimate)

    @functools.cached_property
    def explained_with_chance(self) -> float:
        """Relative gain in detection that leaves an interval that reaches 1."""
        return float(tipping_point(*self.typical, at="limit", level=self.level).estimate)

    def share_after(self, untyped: Any, untyped_before: float = 0.0) -> Any:
        """Internal share of the typed lines of the second year, if some had no type."""
        typed = self.after.value * (1 - np.asarray(untyped, dtype=np.float64))
        change = 100 * (typed / (self.before.value * (1 - untyped_before)) - 1)
        share = share_from_changes(self.internal.value, self.external.value, total_change=change)
        return share.estimate

    @property
    def majority_lost(self) -> float:
        """Share of untyped lines of the second year at which half of the typed are internal.

        With growth ratios g and h the share after is one half where the total grew by their
        harmonic mean.
        """
        internal, external = self.growth
        total = 2 / (1 / internal + 1 / external)
        return 1 - total * self.before.value / self.after.value


def odds_ratios(tables: pd.DataFrame) -> pd.Series[float]:
    """Odds ratio of each table, without an interval."""
    after = tables["internal_after"] / tables["external_after"]
    return after / (tables["internal_before"] / tables["external_before"])
