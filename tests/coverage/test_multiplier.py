"""Exact coverage of multipliers: every outcome of the sample is added up.

A population of 4,000 of whom a share is on a list that is counted completely; a sample is asked.
`below` is the chance that the interval lies wholly below 4,000, `above` wholly above.

``pytest -m slow tests/coverage/test_multiplier.py`` computes all again and holds it against the
record; ``python tests/coverage/test_multiplier.py`` records it again.
"""

from __future__ import annotations

import json
import warnings
from pathlib import Path

import numpy as np
import pytest
from scipy.special import gammaln, xlog1py, xlogy

from countylines.errors import CountyLinesWarning
from countylines.prevalence import multiplier

RESULTS = Path(__file__).parent / "results" / "multiplier.json"
LEVEL = 0.95
SIZE = 4000
METHODS = ("mid-p", "clopper-pearson", "jeffreys", "monte-carlo", "lognormal", "delta")
TOTALS = (20, 60, 200)
SHARES = (0.05, 0.1, 0.2, 0.4)


def row(method, share, total):
    count = np.arange(total + 1.0)
    chance = np.exp(
        gammaln(total + 1)
        - gammaln(count + 1)
        - gammaln(total - count + 1)
        + xlogy(count, share)
        + xlog1py(total - count, -share)
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", CountyLinesWarning)
        found = multiplier(SIZE * share, count, total, method=method, level=LEVEL, rng=1)
    below, above = chance[found.high < SIZE].sum(), chance[found.low > SIZE].sum()
    return {
        "method": method,
        "share": share,
        "total": total,
        "coverage": float(1 - below - above),
        "below": float(below),
        "above": float(above),
    }


def record():
    rows = [row(m, share, total) for m in METHODS for share in SHARES for total in TOTALS]
    text = ",\n".join(
        "  " + json.dumps({k: round(v, 6) if isinstance(v, float) else v for k, v in line.items()})
        for line in rows
    )
    RESULTS.write_text(f'{{\n "level": {LEVEL},\n "rows": [\n{text}\n ]\n}}\n', encoding="utf-8")


def recorded():
    rows = json.loads(RESULTS.read_text(encoding="utf-8"))["rows"]
    return {(line["method"], line["share"], line["total"]): line for line in rows}


@pytest.mark.slow
@pytest.mark.parametrize("total", TOTALS)
@pytest.mark.parametrize("share", SHARES)
@pytest.mark.parametrize("method", METHODS)
def test_the_record_is_what_the_enumeration_gives(method, share, total):
    found, expected = row(method, share, total), recorded()[method, share, total]
    for key in ("coverage", "below", "above"):
        assert found[key] == pytest.approx(expected[key], abs=1e-6)


def test_everything_is_on_record():
    assert set(recorded()) == {(m, s, t) for m in METHODS for s in SHARES for t in TOTALS}


def test_exact_limits_hold_their_level():
    lines = [line for (m, *_), line in recorded().items() if m == "clopper-pearson"]
    assert min(line["coverage"] for line in lines) >= LEVEL


def test_the_default_is_near_its_level():
    lines = [line["coverage"] for (m, *_), line in recorded().items() if m == "mid-p"]
    assert min(lines) > 0.92
    assert np.mean(lines) > LEVEL


def test_failures_are_on_record():
    """The symmetric interval errs nearly always on one side, the log-normal one mildly."""
    delta = recorded()["delta", 0.1, 60]
    assert delta["below"] > 0.03
    assert delta["above"] == 0
    assert recorded()["delta", 0.05, 200]["coverage"] < 0.95


if __name__ == "__main__":
    record()
