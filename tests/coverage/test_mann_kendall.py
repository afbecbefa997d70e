"""How often limits of the slope hold 0 in series without a trend, independent and dependent ones.

The tests reject where the limits leave 0 out, so one minus the coverage is their size. Series are
normal, each value `ar1` times the one before plus noise. Series whose corrected variance is not
positive have no limits and are left out; `refused` is their share.

``pytest -m slow tests/coverage/test_mann_kendall.py`` checks the recorded table against a new
simulation with other random numbers; ``python tests/coverage/test_mann_kendall.py`` records it.
"""

from __future__ import annotations

import itertools
import json
import warnings
from pathlib import Path

import numpy as np
import pytest

from countylines.errors import CountyLinesWarning
from countylines.localisation import mann_kendall

RESULTS = Path(__file__).parent / "results" / "mann_kendall.json"
LEVEL = 0.95
SERIES = {"block-bootstrap": 1000}
MOST = 10_000
LENGTHS = (8, 20, 40, 100)
DEPENDENCE = (0.0, 0.3, 0.6)
METHODS = {
    "exact": {"method": "exact"},
    "original": {"method": "original"},
    "hamed-rao": {"method": "hamed-rao"},
    "hamed-rao, 3 lags": {"method": "hamed-rao", "lags": 3},
    "yue-wang": {"method": "yue-wang"},
    "yue-wang, 1 lag": {"method": "yue-wang", "lags": 1},
    "yue-wang, ar1": {"method": "yue-wang", "lags": "ar1"},
    "prewhiten": {"method": "prewhiten"},
    "trend-free-prewhiten": {"method": "trend-free-prewhiten"},
    "block-bootstrap": {"method": "block-bootstrap", "replicates": 500},
}


def draw(series, length, ar1, rng):
    noise = rng.normal(size=(series, length + 100))
    rows = np.zeros_like(noise)
    for t in range(1, length + 100):
        rows[:, t] = ar1 * rows[:, t - 1] + noise[:, t]
    return rows[:, 100:]


def coverage(length, ar1, name, seed):
    series = SERIES.get(name, MOST)
    generator = np.random.default_rng([seed, length, int(10 * ar1)])
    options = dict(METHODS[name])
    if name == "block-bootstrap":
        options["rng"] = generator
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", CountyLinesWarning)
        found = mann_kendall(draw(series, length, ar1, generator), dim=1, level=LEVEL, **options)
    low, high = found.effect.low, found.effect.high
    known = ~np.isnan(low)
    below, above = (high[known] < 0).mean(), (low[known] > 0).mean()
    return {
        "n": length,
        "ar1": ar1,
        "method": name,
        "coverage": float(1 - below - above),
        "below": float(below),
        "above": float(above),
        "refused": float(1 - known.mean()),
        "tables": series,
    }


def settings():
    return list(itertools.product(LENGTHS, DEPENDENCE))


def record():
    rows = [coverage(*setting, name, 1) for setting in settings() for name in METHODS]
    text = ",\n".join(
        "  " + json.dumps({k: round(v, 6) if isinstance(v, float) else v for k, v in row.items()})
        for row in rows
    )
    RESULTS.write_text(f'{{\n "level": {LEVEL},\n "rows": [\n{text}\n ]\n}}\n', encoding="utf-8")


def recorded(name, **where):
    rows = json.loads(RESULTS.read_text(encoding="utf-8"))["rows"]
    chosen = [r for r in rows if r["method"] == name]
    return [r for r in chosen if all(r[key] == value for key, value in where.items())]


@pytest.mark.slow
@pytest.mark.parametrize(("length", "ar1"), settings())
def test_simulation_gives_the_recorded_coverage(length, ar1):
    for name in METHODS:
        (row,) = recorded(name, n=length, ar1=ar1)
        again = coverage(length, ar1, name, 2)
        spread = np.sqrt(2 * row["coverage"] * (1 - row["coverage"]) / row["tables"]) + 1e-4
        assert again["coverage"] == pytest.approx(row["coverage"], abs=5 * spread), name


def test_exact_limits_hold_their_level_without_dependence():
    assert min(row["coverage"] for row in recorded("exact", ar1=0.0)) > 0.945
    assert min(row["coverage"] for row in recorded("original", ar1=0.0)) > 0.945


def test_dependence_breaks_the_plain_test():
    (row,) = recorded("original", n=40, ar1=0.6)
    assert row["coverage"] < 0.75


def test_yue_and_wang_over_all_lags_find_trends_in_noise():
    (row,) = recorded("yue-wang", n=40, ar1=0.0)
    assert row["coverage"] < 0.6


def test_in_short_dependent_series_only_whitening_holds_its_level():
    for name in METHODS:
        (row,) = recorded(name, n=20, ar1=0.6)
        assert (row["coverage"] > 0.93) == (name == "prewhiten"), name


if __name__ == "__main__":
    record()
