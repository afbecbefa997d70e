"""Exact coverage of the rate-ratio intervals, by enumeration of every pair of counts.

Coverage depends on the two expected counts alone. For a grid of them, from 0.5 to 50 in the group
and from 0.5 to 150 in the other, equally spaced in logs, all pairs are enumerated with their
probabilities: there is no simulation error. `mean` and `least` are the mean and the smallest
coverage over the grid, `low_share` the share of the grid below 0.94, `below` the mean probability
that the interval lies wholly below the true ratio, `above` that it lies wholly above, and `tilt`
the mean of their absolute difference. The other rows are single settings.

``pytest -m slow tests/coverage/test_rate_ratio.py`` enumerates again and compares with the recorded
table; ``python tests/coverage/test_rate_ratio.py`` records it again.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from scipy.special import gammaln, xlogy

from countylines._kernels.rate_ratio import METHODS

RESULTS = Path(__file__).parent / "results" / "rate_ratio.json"
LEVEL = 0.95
GRID = "0.5 to 50 against 0.5 to 150"
MEANS = np.geomspace(0.5, 50.0, 16), np.geomspace(0.5, 150.0, 16)
POINTS = ((1.0, 50.0), (3.0, 3.0), (3.0, 30.0), (3.0, 150.0), (10.0, 150.0), (30.0, 150.0))
EXACT = ("exact", "minlike", "blaker")
LARGEST = 125, 290  # 1e-18 of the largest mean lies beyond


def probabilities(mean, largest):
    x = np.arange(largest + 1.0)
    return np.exp(xlogy(x, mean) - mean - gammaln(x + 1.0))


def odds_limits(method, level=LEVEL):
    """Limits for every pair of counts, both exposures being 1."""
    x, y = (axis.ravel().astype(float) for axis in np.indices([n + 1 for n in LARGEST]))
    one = np.ones(x.shape)
    return METHODS[method].limits(x, one, y, one, level=level, alternative="two-sided")


def misses(limits, first, second):
    """How often the interval lies wholly below, and wholly above, the ratio of these means."""
    low, high = limits
    weight = np.outer(probabilities(first, LARGEST[0]), probabilities(second, LARGEST[1])).ravel()
    truth = first / second
    # a limit that is the truth itself covers it, whatever the rounding
    below = weight[high < truth * (1 - 1e-9)].sum()
    return float(below), float(weight[low > truth * (1 + 1e-9)].sum())


def rows_of(method):
    limits = odds_limits(method)
    grid = np.array([[misses(limits, a, b) for b in MEANS[1]] for a in MEANS[0]])
    covered = 1.0 - grid.sum(axis=-1)
    below, above = grid[..., 0], grid[..., 1]
    yield {
        "setting": GRID,
        "method": method,
        "mean": float(covered.mean()),
        "least": float(covered.min()),
        "low_share": float((covered < 0.94).mean()),
        "below": float(below.mean()),
        "above": float(above.mean()),
        "tilt": float(np.abs(below - above).mean()),
    }
    for first, second in POINTS:
        below, above = misses(limits, first, second)
        yield {
            "setting": f"{first:g} against {second:g}",
            "method": method,
            "coverage": 1.0 - below - above,
            "below": below,
            "above": above,
        }


def record():
    rows = [row for method in METHODS for row in rows_of(method)]
    text = ",\n".join(
        "  " + json.dumps({k: round(v, 6) if isinstance(v, float) else v for k, v in row.items()})
        for row in rows
    )
    RESULTS.write_text(f'{{\n "level": {LEVEL},\n "rows": [\n{text}\n ]\n}}\n', encoding="utf-8")


def recorded(method, setting=GRID):
    rows = json.loads(RESULTS.read_text(encoding="utf-8"))["rows"]
    return next(row for row in rows if (row["method"], row["setting"]) == (method, setting))


@pytest.mark.slow
@pytest.mark.parametrize("method", METHODS)
def test_enumeration_gives_the_recorded_coverage(method):
    for row in rows_of(method):
        kept = recorded(method, row["setting"])
        assert sorted(kept) == sorted(row)
        for name, value in row.items():
            tolerance = 2 / MEANS[0].size ** 2 if name == "low_share" else 2e-6
            assert kept[name] == (
                value if isinstance(value, str) else pytest.approx(value, abs=tolerance)
            ), name


@pytest.mark.slow
@pytest.mark.parametrize("level", [0.8, 0.99])
@pytest.mark.parametrize("method", EXACT)
def test_exact_limits_hold_other_levels_too(method, level):
    limits = odds_limits(method, level)
    for first in MEANS[0][::3]:
        for second in MEANS[1][::3]:
            assert sum(misses(limits, first, second)) <= 1 - level + 1e-9


@pytest.mark.parametrize("method", EXACT)
def test_exact_limits_never_cover_less_than_their_level(method):
    assert recorded(method)["least"] >= LEVEL


def test_the_default_holds_its_level_nearly_everywhere_with_balanced_errors():
    row = recorded("mid-p")
    assert row["mean"] > LEVEL
    assert row["least"] > 0.944
    for other in ("score", "wald-log", "adjusted-log", "mover-score", "profile"):
        assert row["tilt"] < recorded(other)["tilt"]


def test_score_and_log_limits_declare_too_much_for_small_groups():
    """With 3 events against 150, most errors are low ends above the truth."""
    setting = "3 against 150"
    for method in ("score", "wald-log", "adjusted-log"):
        row = recorded(method, setting)
        assert row["above"] > 0.033
        assert row["below"] < 0.001
    for method in ("mid-p", "skew-score"):
        assert recorded(method, setting)["above"] < 0.026


def test_failures_are_on_record():
    assert recorded("adjusted-log")["least"] < 0.9
    assert recorded("score")["least"] < 0.93
    assert 0.93 < recorded("skew-score")["least"] < 0.94


if __name__ == "__main__":
    record()
