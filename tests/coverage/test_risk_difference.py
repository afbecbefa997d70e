"""Exact coverage of the risk-difference intervals, by enumeration of every pair of counts.

For two groups of known size and a grid of shares from 0.02 to 0.98, equally spaced in log odds, all
tables are enumerated with their probabilities: there is no simulation error. `mean` and `least` are
the mean and the smallest coverage over the grid, `low_share` the share of the grid below 0.94,
`below` the mean probability that the interval lies wholly below the true difference, `above` that
it lies wholly above, and `tilt` the mean of their absolute difference.

``pytest -m slow tests/coverage/test_risk_difference.py`` enumerates again and compares with the
recorded table; ``python tests/coverage/test_risk_difference.py`` records it again.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from scipy.special import expit, gammaln, logit, xlog1py, xlogy

from countylines._kernels.risk_difference import METHODS

RESULTS = Path(__file__).parent / "results" / "risk_difference.json"
LEVEL = 0.95
SIZES = ((20, 20), (20, 60), (30, 100))
SHARES = expit(np.linspace(logit(0.02), logit(0.98), 25))


def probabilities(size):
    """Rows: the shares of the grid; columns: the counts 0 .. size."""
    x, p = np.arange(size + 1.0), SHARES[:, None]
    ways = gammaln(size + 1.0) - gammaln(x + 1.0) - gammaln(size - x + 1.0)
    return np.exp(ways + xlogy(x, p) + xlog1py(size - x, -p))


def coverage(sizes, method):
    """One row of the table."""
    x, y = (axis.ravel().astype(float) for axis in np.indices([size + 1 for size in sizes]))
    columns = (x, np.full(x.shape, float(sizes[0])), y, np.full(y.shape, float(sizes[1])))
    low, high = METHODS[method].limits(*columns, level=LEVEL, alternative="two-sided")
    first, second = (probabilities(size) for size in sizes)
    below, above = np.empty((2, SHARES.size, SHARES.size))
    for i, p in enumerate(first):
        for j, q in enumerate(second):
            truth, weight = SHARES[i] - SHARES[j], np.outer(p, q).ravel()
            # a limit that is the truth itself covers it, whatever the rounding
            below[i, j] = weight @ (high < truth - 1e-9)
            above[i, j] = weight @ (low > truth + 1e-9)
    covered = 1 - below - above
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
    }


def record():
    rows = [coverage(sizes, method) for sizes in SIZES for method in METHODS]
    text = ",\n".join(
        "  " + json.dumps({k: round(v, 6) if isinstance(v, float) else v for k, v in row.items()})
        for row in rows
    )
    RESULTS.write_text(f'{{\n "level": {LEVEL},\n "rows": [\n{text}\n ]\n}}\n', encoding="utf-8")


def recorded(method):
    rows = json.loads(RESULTS.read_text(encoding="utf-8"))["rows"]
    return [row for row in rows if row["method"] == method]


@pytest.mark.slow
@pytest.mark.parametrize("method", METHODS)
def test_enumeration_gives_the_recorded_coverage(method):
    rows = recorded(method)
    assert [(row["total"], row["ref_total"]) for row in rows] == list(SIZES)
    for row in rows:
        again = coverage((row["total"], row["ref_total"]), method)
        for name in ("mean", "least", "below", "above", "tilt"):
            assert again[name] == pytest.approx(row[name], abs=2e-6), name
        assert again["low_share"] == pytest.approx(row["low_share"], abs=2 / SHARES.size**2)


def test_the_default_errs_about_equally_on_both_sides():
    for row in recorded("skew-score"):
        assert row["mean"] > LEVEL
        assert row["least"] > 0.925
        assert row["tilt"] < 0.01
    for other in ("mover-wilson", "mover-jeffreys", "wald"):
        for row, skew in zip(recorded(other), recorded("skew-score"), strict=True):
            assert row["tilt"] > 2 * skew["tilt"]


def test_failures_are_on_record():
    """Wald, everywhere; Newcombe's and Jeffreys' limits in small groups."""
    for row in recorded("wald"):
        assert row["least"] < 0.7
        assert row["low_share"] > 0.8
    for method in ("mover-wilson", "mover-jeffreys"):
        assert min(row["least"] for row in recorded(method)) < 0.89


if __name__ == "__main__":
    record()
