"""Exact coverage of the odds-ratio intervals, by enumeration of every pair of counts.

For two groups of known size and a grid of success probabilities from 0.02 to 0.98, equally spaced
in log odds, all tables are enumerated with their probabilities: there is no simulation error.
`mean` and `least` are the mean and the smallest coverage over the grid, `low_share` the share of
the grid below 0.94, `below` the mean probability that the interval lies wholly below the true
ratio, `above` that it lies wholly above, `tilt` the mean of their absolute difference, and `length`
the mean log ratio of the limits over the tables without a zero cell.

``pytest -m slow tests/coverage/test_odds_ratio.py`` enumerates again and compares with the recorded
table; ``python tests/coverage/test_odds_ratio.py`` records it again.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from scipy.special import expit, gammaln, logit, xlog1py, xlogy

from countylines._kernels.odds_ratio import METHODS

RESULTS = Path(__file__).parent / "results" / "odds_ratio.json"
LEVEL = 0.95
SIZES = ((20, 20), (20, 60), (50, 50), (30, 100), (100, 100))
SHARES = expit(np.linspace(logit(0.02), logit(0.98), 31))
EXACT = ("conditional", "minlike", "blaker")


def probabilities(size):
    """Rows: the shares of the grid; columns: the counts 0 .. size."""
    x, p = np.arange(size + 1.0), SHARES[:, None]
    ways = gammaln(size + 1.0) - gammaln(x + 1.0) - gammaln(size - x + 1.0)
    return np.exp(ways + xlogy(x, p) + xlog1py(size - x, -p))


def limits(sizes, method, level=LEVEL):
    x, y = (axis.ravel().astype(float) for axis in np.indices([size + 1 for size in sizes]))
    columns = (x, np.full(x.shape, float(sizes[0])), y, np.full(y.shape, float(sizes[1])))
    return METHODS[method].limits(*columns, level=level, alternative="two-sided")


def coverage(sizes, method):
    """One row of the table."""
    low, high = limits(sizes, method)
    first, second = (probabilities(size) for size in sizes)
    below, above = np.empty((2, SHARES.size, SHARES.size))
    odds = SHARES / (1 - SHARES)
    for i, p in enumerate(first):
        for j, q in enumerate(second):
            truth, weight = odds[i] / odds[j], np.outer(p, q).ravel()
            # a limit that is the truth itself covers it, whatever the rounding
            below[i, j] = weight @ (high < truth * (1 - 1e-9))
            above[i, j] = weight @ (low > truth * (1 + 1e-9))
    covered = 1 - below - above
    inner = np.isfinite(limits(sizes, "woolf")[1])
    return {
        "total": sizes[0],
        "ref_total": sizes[1],
        "method": method,
        "mean": float(covered.mean()),
        "least": float(covered.min()),
        "low_share": float((covered < 0.94).mean()),
        "below": float(below.mean()),
        "above": float(above.mean()),
        "tilt": float(np.abs(below - above).mean()),
        "length": float(np.log(high[inner] / low[inner]).mean()),
    }


def enumerate_all():
    return [coverage(sizes, method) for sizes in SIZES for method in METHODS]


def record():
    rows = enumerate_all()
    text = ",\n".join(
        "  " + json.dumps({k: round(v, 6) if isinstance(v, float) else v for k, v in row.items()})
        for row in rows
    )
    RESULTS.write_text(f'{{\n "level": {LEVEL},\n "rows": [\n{text}\n ]\n}}\n', encoding="utf-8")


def recorded(method=None):
    rows = json.loads(RESULTS.read_text(encoding="utf-8"))["rows"]
    return [row for row in rows if method in (None, row["method"])]


@pytest.mark.slow
@pytest.mark.parametrize("sizes", SIZES, ids=str)
def test_enumeration_gives_the_recorded_coverage(sizes):
    rows = {r["method"]: r for r in recorded() if (r["total"], r["ref_total"]) == sizes}
    assert sorted(rows) == sorted(METHODS)
    for method, row in rows.items():
        again = coverage(sizes, method)
        for name in ("mean", "least", "below", "above", "tilt", "length"):
            assert again[name] == pytest.approx(row[name], abs=2e-6), (method, name)
        assert again["low_share"] == pytest.approx(row["low_share"], abs=2 / SHARES.size**2)


@pytest.mark.slow
@pytest.mark.parametrize("level", [0.8, 0.99])
def test_exact_limits_hold_other_levels_too(level):
    sizes = (13, 21)
    first, second = (probabilities(size) for size in sizes)
    odds = SHARES / (1 - SHARES)
    for method in EXACT:
        low, high = limits(sizes, method, level)
        for i, p in enumerate(first):
            for j, q in enumerate(second):
                truth = odds[i] / odds[j]
                inside = (low <= truth * (1 + 1e-9)) & (high >= truth * (1 - 1e-9))
                assert np.outer(p, q).ravel() @ inside >= level - 1e-9


@pytest.mark.parametrize("method", EXACT)
def test_exact_limits_never_cover_less_than_their_level(method):
    assert min(row["least"] for row in recorded(method)) >= LEVEL


def test_the_default_holds_its_level_and_errs_equally_on_both_sides():
    for row in recorded("skew-score"):
        assert row["least"] > 0.939
        others = [r for r in recorded() if r["total"] == row["total"]]
        others = [r for r in others if r["ref_total"] == row["ref_total"]]
        approximate = ("miettinen-nurminen", "score", "mover-wilson", "woolf", "gart")
        for other in others:
            if other["method"] in approximate:
                assert row["tilt"] < other["tilt"]


def test_mid_p_limits_hold_their_level_nearly_everywhere():
    for row in recorded("conditional-mid-p"):
        assert row["least"] > 0.943
        assert row["mean"] > LEVEL


def test_failures_are_on_record():
    """Below the level somewhere, at one success or failure in twenty or with unlike shares."""
    assert min(row["least"] for row in recorded("gart")) < 0.87
    assert min(row["least"] for row in recorded("independence-smoothed")) < 0.87
    assert min(row["least"] for row in recorded("miettinen-nurminen")) < 0.91
    for row in recorded("mover-jeffreys"):
        assert 0.92 < row["least"] < 0.935
        assert row["low_share"] > 0.06


def test_woolf_limits_pay_for_endless_intervals_with_unequal_errors():
    for row in recorded("woolf"):
        skew = next(
            r
            for r in recorded("skew-score")
            if (r["total"], r["ref_total"]) == (row["total"], row["ref_total"])
        )
        assert row["tilt"] > 1.4 * skew["tilt"]


if __name__ == "__main__":
    record()
