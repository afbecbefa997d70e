"""Counts of a million spells on a thousand days, beside the same in pandas, one day after another.

No package counts spells under declared conventions; the peer is what one writes by hand: a sorted
column of openings and one of closings, and a search in each.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from countylines.prevalence import active_at, active_during, line_days

SPELLS, DAYS = 1_000_000, 1_000


def register():
    rng = np.random.default_rng(0)
    opened = np.datetime64("2015-01-01") + rng.integers(0, 3000, SPELLS).astype("timedelta64[D]")
    closed = opened + rng.integers(0, 400, SPELLS).astype("timedelta64[D]")
    return pd.DataFrame(
        {
            "opened": opened.astype("datetime64[ns]"),
            "closed": closed.astype("datetime64[ns]"),
            "force": rng.integers(0, 43, SPELLS),
        }
    )


@pytest.fixture(scope="module")
def spells():
    return register()


@pytest.fixture(scope="module")
def days():
    return pd.date_range("2015-01-01", periods=DAYS, freq="3D")


@pytest.mark.benchmark(group="spells-active-at-1M-x-1000")
def test_active_at_ours(benchmark, spells, days):
    benchmark(active_at, spells, days)


@pytest.mark.benchmark(group="spells-active-at-1M-x-1000")
def test_active_at_sorted_columns_by_hand(benchmark, spells, days):
    def by_hand():
        begun = np.searchsorted(np.sort(spells["opened"].to_numpy()), days, side="right")
        return begun - np.searchsorted(np.sort(spells["closed"].to_numpy()), days, side="left")

    np.testing.assert_array_equal(benchmark(by_hand), active_at(spells, days))


@pytest.mark.benchmark(group="spells-active-at-1M-x-1000-by-43")
def test_active_at_by_force_ours(benchmark, spells, days):
    benchmark(active_at, spells, days, by="force")


@pytest.mark.benchmark(group="spells-active-during-1M-x-1000")
def test_active_during_ours(benchmark, spells, days):
    benchmark(active_during, spells, days, days + pd.Timedelta(days=30))


@pytest.mark.benchmark(group="spells-line-days-1M-x-1000")
def test_line_days_ours(benchmark, spells, days):
    benchmark(line_days, spells, days, days + pd.Timedelta(days=30))
