"""Simulated coverage of ratios pooled over strata, where the truth is known.

Rates of the reference group are 1 and its strata `larger` times as large; sizes are log-normal with
coefficient of variation 0.95, and `events` is the mean count of the group in a stratum at a ratio
of 1. Log ratios vary normally between strata about log 2 with standard deviation `variation`; the
weighted methods, which suppose one ratio, are drawn without. `of` says what an interval should
hold: the common ratio, the mean of the log ratios, or the ratio of another stratum. `below` is the
share of intervals that lie wholly below the truth.

``pytest -m slow tests/coverage/test_pool.py`` checks the recorded table against a new simulation
with other random numbers; ``python tests/coverage/test_pool.py`` records it.
"""

from __future__ import annotations

import itertools
import json
import warnings
from pathlib import Path

import numpy as np
import pytest

from countylines.disproportionality import pool

RESULTS = Path(__file__).parent / "results" / "pool.json"
LEVEL = 0.95
TRUTH = 2.0
TABLES = {"mantel-haenszel": 2000, "skew-score": 2000, "reml": 500, "glmm": 120}
WEIGHTED = [(m, "-", k, e, 0.0, 4) for m in ("mantel-haenszel", "skew-score")
            for k in (5, 40) for e in (0.5, 2, 20)]  # fmt: skip
SETTINGS = list(itertools.product((3, 5, 9, 40), (2, 10, 100), (0.0, 0.1, 0.3)))
ROWS = [
    *WEIGHTED,
    *(("reml", "t", *s, 4) for s in SETTINGS),
    *(("reml", "normal", *s, 4) for s in SETTINGS if s[2] == 0.3),
    *(("glmm", "t", k, e, 0.3, 4) for k in (5, 9) for e in (2, 10, 100)),
    *(("glmm", "t", 40, e, 0.3, 4) for e in (2, 10)),
    *((method, "t", 40, 2, 0.3, 20) for method in ("reml", "glmm")),
]


def draw(method, strata, events, variation, larger, rng):
    """Counts, sizes, and the ratio of another stratum for each table."""
    shape = (TABLES[method], strata)
    size = np.exp(rng.normal(0.0, 0.8, shape))
    size *= events / size.mean(axis=1, keepdims=True)
    ratio = TRUTH * np.exp(variation * rng.normal(0.0, 1.0, (shape[0], strata + 1)))
    count, ref_count = rng.poisson(size * ratio[:, 1:]), rng.poisson(larger * size)
    return (count, size, ref_count, larger * size), ratio[:, 0]


def rows_of(method, interval, strata, events, variation, larger, seed):
    rng = np.random.default_rng([seed, strata, int(10 * events), int(10 * variation)])
    data, another = draw(method, strata, events, variation, larger, rng)
    mean = method in ("reml", "glmm")
    options = {"estimand": "mean", "interval": interval} if mean else {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = pool(*data, method=method, dim=1, level=LEVEL, **options)
    head = {
        "method": method,
        "interval": interval,
        "strata": strata,
        "events": events,
        "variation": variation,
        "larger": larger,
    }
    yield {**head, "of": "mean" if mean else "common ratio", **misses(found, TRUTH)}
    if mean:
        yield {**head, "of": "another stratum", **misses(found.prediction, another)}


def misses(found, truth):
    below, above = float(np.mean(found.high < truth)), float(np.mean(found.low > truth))
    return {"coverage": 1 - below - above, "below": below, "above": above}


def key(row):
    names = ("method", "interval", "strata", "events", "variation", "larger", "of")
    return tuple(row[name] for name in names)


def recorded():
    rows = json.loads(RESULTS.read_text(encoding="utf-8"))["rows"]
    return {key(row): row for row in rows}


def record():
    rows = [row for setting in ROWS for row in rows_of(*setting, seed=1)]
    text = ",\n".join(
        "  " + json.dumps({k: round(v, 4) if isinstance(v, float) else v for k, v in row.items()})
        for row in rows
    )
    RESULTS.write_text(f'{{\n "level": {LEVEL},\n "rows": [\n{text}\n ]\n}}\n', encoding="utf-8")


@pytest.mark.slow
@pytest.mark.parametrize("setting", ROWS[::3], ids=str)
def test_the_record_is_what_another_simulation_gives(setting):
    for row in rows_of(*setting, seed=2):
        expected = recorded()[key(row)]["coverage"]
        spread = np.sqrt(max(expected * (1 - expected), 0.01) * 2 / TABLES[setting[0]])
        assert row["coverage"] == pytest.approx(expected, abs=4.5 * spread)


def coverage(method, of, interval="t", larger=4):
    return {
        k[2:5]: row["coverage"]
        for k, row in recorded().items()
        if (k[0], k[1], k[5], k[6]) == (method, interval, larger, of)
    }


def test_weighted_methods_hold_their_level():
    for method in ("mantel-haenszel", "skew-score"):
        assert min(coverage(method, "common ratio", "-").values()) > 0.94


def test_the_mean_and_another_stratum_are_held_where_events_are_not_few():
    for method in ("reml", "glmm"):
        for of, least in (("mean", 0.92), ("another stratum", 0.90)):
            found = coverage(method, of)
            assert min(value for key, value in found.items() if key[1] >= 10) > least


def test_failures_are_on_record():
    """Log ratios of small counts, and a variance taken as known."""
    assert coverage("reml", "mean")[40, 2, 0.3] < 0.88
    assert coverage("reml", "another stratum")[40, 2, 0.3] < 0.85
    assert coverage("glmm", "mean")[40, 2, 0.3] > 0.9
    assert coverage("reml", "mean", larger=20)[40, 2, 0.3] < 0.7
    assert coverage("glmm", "mean", larger=20)[40, 2, 0.3] > 0.9
    assert coverage("reml", "another stratum", "normal")[5, 10, 0.3] < 0.8


if __name__ == "__main__":
    record()
