"""Simulated size of the test of no trend of counts, and coverage where there is none.

Counts have one mean through all periods. With `dispersion` above 1 they are negative binomial with
that multiple of Poisson variance. `size` is the share of sets with a p-value of at most 5 %, and
`coverage` that of 95 % intervals that hold a ratio of 1; sets whose counts are all 0, which say
nothing, count as not rejected.

``pytest -m slow tests/coverage/test_trend_rates.py`` checks the recorded table against a new
simulation with other random numbers; ``python tests/coverage/test_trend_rates.py`` records it.
"""

from __future__ import annotations

import itertools
import json
import warnings
from pathlib import Path

import numpy as np
import pytest

from countylines.errors import CountyLinesWarning
from countylines.localisation import trend_regression

RESULTS = Path(__file__).parent / "results" / "trend_rates.json"
LEVEL = 0.95
TABLES = {"plain": 4000, "likelihood": 200}
PLAIN = [("poisson", "profile"), ("quasi-poisson", "profile"), ("quasi-poisson", "wald")]
SETTINGS = [
    *(
        (p, m, d, *f)
        for p, m, d in itertools.product((4, 6, 12), (3, 30), (1.0, 3.0))
        for f in PLAIN
    ),
    *((p, 30, 3.0, "negative-binomial", "profile") for p in (6, 12)),
]


def tables_of(setting):
    return TABLES["likelihood" if setting[3] == "negative-binomial" else "plain"]


def row_of(setting, seed):
    periods, mean, dispersion, family, interval = setting
    rng = np.random.default_rng([seed, periods, mean, int(dispersion)])
    shape = tables_of(setting), periods
    if dispersion == 1.0:
        count = rng.poisson(mean, shape)
    else:
        count = rng.negative_binomial(mean / (dispersion - 1), 1 / dispersion, shape)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", CountyLinesWarning)
        found = trend_regression(count, dim=1, family=family, interval=interval)
    names = ("periods", "mean", "dispersion", "family", "method")
    return {
        **dict(zip(names, setting, strict=True)),
        "size": float(np.mean(found.pvalue <= 1 - LEVEL)),
        "coverage": float(np.mean((found.low <= 1) & (found.high >= 1))),
    }


def recorded():
    rows = json.loads(RESULTS.read_text(encoding="utf-8"))["rows"]
    names = ("periods", "mean", "dispersion", "family", "method")
    return {tuple(row[name] for name in names): row for row in rows}


@pytest.mark.slow
@pytest.mark.parametrize("setting", SETTINGS, ids=lambda s: "-".join(map(str, s)))
def test_the_record_holds(setting):
    new, old = row_of(setting, seed=2), recorded()[setting]
    middle = 0.5 * (new["size"] + old["size"])
    error = np.sqrt(max(middle * (1 - middle), 0.01) * 2 / tables_of(setting))
    assert abs(new["size"] - old["size"]) < 4 * error


def test_the_test_rejects_where_the_interval_leaves_out_one():
    rows = recorded()
    assert set(rows) == set(SETTINGS)
    for row in rows.values():
        assert row["size"] + row["coverage"] == pytest.approx(1, abs=1e-9)


def test_what_the_page_says_is_what_was_recorded():
    rows = recorded()
    for periods, mean in itertools.product((4, 6, 12), (3, 30)):
        chance = [rows[periods, mean, d, "poisson", "profile"]["size"] for d in (1.0, 3.0)]
        quasi = [rows[periods, mean, d, "quasi-poisson", "profile"]["size"] for d in (1.0, 3.0)]
        assert chance[0] < 0.07
        assert chance[1] > 0.15
        assert max(quasi) < 0.08


def record():
    rows = [row_of(setting, seed=1) for setting in SETTINGS]
    content = {"level": LEVEL, "tables": TABLES, "rows": rows}
    RESULTS.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    record()
