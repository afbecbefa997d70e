"""Simulated coverage of a search redone in every replicate, where small counts are suppressed.

Tables are drawn from N units whose lists depend on each other in a known way, every count within a
band is given as the band, and the best of all models with pairs by BIC is bootstrapped. `below` is
the share of intervals that lie wholly below N, `above` of those wholly above; `refused` the share
of tables with no finite estimate, which are left out. `median` is the median estimate over N. The
range over whole tables plays no part and is kept short. Few counts of the dense tables are small
enough to be suppressed; many of the sparse ones are.

``pytest -m slow tests/coverage/test_search_bands.py`` checks the record against a new simulation;
``python tests/coverage/test_search_bands.py`` records it again.
"""

from __future__ import annotations

import json
import warnings
from pathlib import Path
from unittest import mock

import numpy as np
import pytest

import countylines as cl
from countylines.capture_recapture import _search_bootstrap, model_search
from countylines.errors import CountyLinesWarning

RESULTS = Path(__file__).parent / "results" / "search_bands.json"
LEVEL = 0.95
TABLES, REPLICATES = 150, 199
# N, chance of each list, odds ratio of the first two lists
POPULATIONS = {
    "dense": (1000, (0.4, 0.3, 0.5, 0.3), 3.0),
    "sparse": (2000, (0.06, 0.1, 0.12, 0.08), 4.0),
}
BANDS = (None, (1, 4), (0, 9))
SCENARIOS = [
    (name, kind, band)
    for name in POPULATIONS
    for kind in ("semiparametric", "parametric")
    for band in BANDS
]


def chances_of_cells(chances, ratio):
    on = (np.arange(16)[:, None] >> np.arange(4)) & 1
    odds = np.array(chances) / (1 - np.array(chances))
    weights = np.prod(np.where(on == 1, odds, 1.0), axis=1)
    weights[(on[:, 0] & on[:, 1]) == 1] *= ratio
    return weights / weights.sum()


def simulate(name, kind, band, tables, seed):
    size, chances, ratio = POPULATIONS[name]
    rng = np.random.default_rng([seed, list(POPULATIONS).index(name)])  # bands share their tables
    ends, estimates = [], []
    with (
        warnings.catch_warnings(),
        mock.patch.object(_search_bootstrap, "MOST_TABLES", 2),
    ):
        warnings.simplefilter("ignore", CountyLinesWarning)
        for drawn in rng.multinomial(size, chances_of_cells(chances, ratio), tables):
            cells = {f"{c:04b}": int(n) for c, n in enumerate(drawn) if c}
            if band is not None:
                cells = {c: band if band[0] <= n <= band[1] else n for c, n in cells.items()}
            table = cl.CaptureHistories.from_cells(cells, lists=list("ABCD"))
            search = model_search(table, max_order=2)
            if not search.table["estimable"].any():
                continue
            result = search.bootstrap(kind=kind, replicates=REPLICATES, level=LEVEL, rng=seed)
            ends.append((result.low, result.high))
            estimates.append(result.estimate)
    low, high = np.array(ends).T
    below, above = (high < size).mean(), (low > size).mean()
    return {
        "population": name,
        "N": size,
        "kind": kind,
        "band": band,
        "tables": tables,
        "coverage": 1.0 - below - above,
        "below": below,
        "above": above,
        "refused": 1.0 - len(ends) / tables,
        "median": float(np.median(estimates)) / size,
    }


def record():
    rows = [simulate(*scenario, TABLES, seed=1) for scenario in SCENARIOS]
    text = ",\n".join(
        "  " + json.dumps({k: round(v, 4) if isinstance(v, float) else v for k, v in row.items()})
        for row in rows
    )
    head = f'{{\n "level": {LEVEL},\n "replicates": {REPLICATES},\n "rows": [\n'
    RESULTS.write_text(head + text + "\n ]\n}\n", encoding="utf-8")


def recorded():
    return json.loads(RESULTS.read_text(encoding="utf-8"))["rows"]


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["semiparametric", "parametric"])
@pytest.mark.parametrize("name", list(POPULATIONS))
def test_coverage_is_as_recorded(name, kind):
    (old,) = [
        row
        for row in recorded()
        if (row["population"], row["kind"], row["band"]) == (name, kind, [1, 4])
    ]
    new = simulate(name, kind, (1, 4), TABLES // 3, seed=2)
    error = np.sqrt(0.05 * 0.95 * (1 / TABLES + 3 / TABLES))
    assert new["coverage"] == pytest.approx(old["coverage"], abs=4 * error)


def test_the_record_is_complete():
    rows = [(r["population"], r["kind"], r["band"]) for r in recorded()]
    wanted = [(name, kind, None if band is None else list(band)) for name, kind, band in SCENARIOS]
    assert rows == wanted


def test_limits_of_suppressed_tables_hold_their_level():
    for row in recorded():
        assert row["coverage"] > 0.90
        assert row["refused"] < 0.05


if __name__ == "__main__":
    record()
