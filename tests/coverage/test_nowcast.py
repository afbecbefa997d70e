"""Simulated coverage of nowcasts: SYNTHETIC counts with a known number still to come.

Poisson counts in months, reported after delays that do not change. What is predicted is the final
count of the last month, of the sixth from the last, and the sum. `below` is how often the interval
lies wholly below what came in the end, `above` wholly above.

``pytest -m slow tests/coverage/test_nowcast.py`` simulates all again and holds it against the
record; ``python tests/coverage/test_nowcast.py`` records it again.
"""

from __future__ import annotations

import json
import warnings
from pathlib import Path

import numpy as np
import pytest

from countylines.errors import CountyLinesWarning
from countylines.prevalence import nowcast

RESULTS = Path(__file__).parent / "results" / "nowcast.json"
LEVEL = 0.95
TABLES = 600
METHODS = ("chain-ladder", "bootstrap", "reverse-hazard")
DELAYS = np.array([0.3, 0.25, 0.15, 0.1, 0.08, 0.06, 0.04, 0.02])
SETTINGS = ((5, 24), (40, 12), (40, 24), (400, 24))  # mean count a month, months seen
TARGETS = ("last month", "sixth from last", "sum")


def table(rng, mean, months):
    increments = rng.poisson(mean * DELAYS, (months, DELAYS.size)).astype(float)
    counts = increments.cumsum(axis=1)
    final = counts[:, -1].copy()
    counts[np.arange(DELAYS.size)[None, :] > (months - 1 - np.arange(months))[:, None]] = np.nan
    return counts, final


def rows(method, mean, months):
    rng = np.random.default_rng([mean, months])
    missed = np.zeros((2, 3))
    for number in range(TABLES):
        counts, final = table(rng, mean, months)
        found = nowcast(counts, method=method, replicates=399, level=LEVEL, rng=number)
        total = found.attrs["total"]
        low = np.array([found["low"].iloc[-1], found["low"].iloc[-6], total["low"]])
        high = np.array([found["high"].iloc[-1], found["high"].iloc[-6], total["high"]])
        truth = np.array([final[-1], final[-6], final.sum()])
        missed += [high < truth - 1e-9, low > truth + 1e-9]
    below, above = missed / TABLES
    return [
        {
            "method": method,
            "mean_count": mean,
            "months": months,
            "target": target,
            "coverage": 1 - below[i] - above[i],
            "below": below[i],
            "above": above[i],
            "tables": TABLES,
        }
        for i, target in enumerate(TARGETS)
    ]


def simulate(method, mean, months):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", CountyLinesWarning)
        return rows(method, mean, months)


def record():
    lines = [
        line for method in METHODS for setting in SETTINGS for line in simulate(method, *setting)
    ]
    text = ",\n".join(
        "  " + json.dumps({k: round(v, 6) if isinstance(v, float) else v for k, v in line.items()})
        for line in lines
    )
    RESULTS.write_text(f'{{\n "level": {LEVEL},\n "rows": [\n{text}\n ]\n}}\n', encoding="utf-8")


def recorded():
    found = json.loads(RESULTS.read_text(encoding="utf-8"))["rows"]
    return {(r["method"], r["mean_count"], r["months"], r["target"]): r for r in found}


@pytest.mark.slow
@pytest.mark.parametrize("setting", SETTINGS)
@pytest.mark.parametrize("method", METHODS)
def test_the_record_is_what_the_simulation_gives(method, setting):
    for line in simulate(method, *setting):
        expected = recorded()[method, *setting, line["target"]]
        for key in ("coverage", "below", "above"):
            assert line[key] == pytest.approx(expected[key], abs=0.005)


def coverages(method, *, least=0):
    return [
        line["coverage"]
        for (name, mean, *_), line in recorded().items()
        if name == method and mean >= least
    ]


def test_everything_is_on_record():
    assert set(recorded()) == {(m, *s, t) for m in METHODS for s in SETTINGS for t in TARGETS}


def test_the_default_is_near_its_level():
    """600 tables: two standard errors are 0.018. The sum at 5 a month is the weakest."""
    assert min(coverages("reverse-hazard")) > 0.9
    assert min(coverages("reverse-hazard", least=40)) > 0.93


def test_the_bootstrap_is_near_its_level_where_months_are_not_empty():
    assert min(coverages("bootstrap", least=40)) > 0.94
    assert recorded()["bootstrap", 5, 24, "last month"]["coverage"] < 0.85


def test_log_normal_limits_fail_at_small_counts_and_it_is_on_record():
    assert recorded()["chain-ladder", 5, 24, "sixth from last"]["coverage"] < 0.25
    assert recorded()["chain-ladder", 40, 24, "sixth from last"]["coverage"] < 0.9
    assert min(coverages("chain-ladder", least=400)) > 0.93


if __name__ == "__main__":
    record()
