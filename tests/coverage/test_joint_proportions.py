"""Exact coverage of joint limits of multinomial shares: the chance that all shares are inside.

Every table of `total` observations in the categories is enumerated with its chance. `below` and
`above` are the chances that any interval lies wholly below, or wholly above, its share.

``pytest -m slow tests/coverage/test_joint_proportions.py`` checks the recorded table;
``python tests/coverage/test_joint_proportions.py`` records it.
"""

from __future__ import annotations

import itertools
import json
from pathlib import Path

import numpy as np
import pytest
from scipy.special import gammaln, xlogy

from countylines._kernels import multinomial_limits

RESULTS = Path(__file__).parent / "results" / "joint_proportions.json"
LEVEL = 0.95
SHARES = {
    "alike": (0.25, 0.25, 0.25, 0.25),
    "one large": (0.85, 0.09, 0.04, 0.02),
    "one rare": (0.5, 0.3, 0.197, 0.003),
}
SETTINGS = list(itertools.product(SHARES, (10, 30, 60)))


def tables(total: int, categories: int) -> np.ndarray:
    bars = np.array(list(itertools.combinations(range(total + categories - 1), categories - 1)))
    ends = np.full((len(bars), 1), total + categories - 1)
    return np.diff(np.hstack([ends * 0 - 1, bars, ends]), axis=1) - 1.0


def row_of(method: str, shares: str, total: int) -> dict:
    p = np.array(SHARES[shares])
    x = tables(total, p.size)
    log_chance = gammaln(total + 1) + (xlogy(x, p) - gammaln(x + 1)).sum(axis=1)
    chance = np.exp(log_chance)
    kept = chance > 1e-9
    low, high = multinomial_limits.METHODS[method](x[kept], LEVEL)
    below, above = (high < p).any(axis=1), (low > p).any(axis=1)
    weight = chance[kept] / chance[kept].sum()
    return {
        "method": method,
        "shares": shares,
        "total": total,
        "coverage": round(float(weight @ ~(below | above)), 4),
        "below": round(float(weight @ below), 4),
        "above": round(float(weight @ above), 4),
    }


def rows() -> list[dict]:
    return [row_of(m, *s) for m in multinomial_limits.METHODS for s in SETTINGS]


@pytest.mark.slow
def test_recorded_coverage():
    recorded = json.loads(RESULTS.read_text())
    assert recorded["level"] == LEVEL
    assert recorded["rows"] == rows()


@pytest.mark.slow
def test_the_exact_limits_hold_their_level():
    found = [row_of("exact-bonferroni", *s) for s in SETTINGS]
    assert min(row["coverage"] for row in found) >= LEVEL


if __name__ == "__main__":
    lines = ",\n".join("  " + json.dumps(row) for row in rows())
    RESULTS.write_text(f'{{\n "level": {LEVEL},\n "rows": [\n{lines}\n ]\n}}\n')
