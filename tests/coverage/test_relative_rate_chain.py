"""Coverage of the ratio of all stages together, of independent and of nested stages.

Three stages of which the given share goes on; `people` at the first stage of the group (of every
stage, where stages are independent), and five times as many in the other. The true ratio of each
stage is 1.2. `below` and `above` are the shares of intervals wholly below, and wholly above, the
true ratio.

``pytest -m slow tests/coverage/test_relative_rate_chain.py`` checks the recorded table;
``python tests/coverage/test_relative_rate_chain.py`` records it.
"""

from __future__ import annotations

import itertools
import json
from pathlib import Path

import numpy as np
import pytest

from countylines.disproportionality.relative_rate_chain import _Ratios

RESULTS = Path(__file__).parent / "results" / "relative_rate_chain.json"
LEVEL, SETS, STAGES, RATIO = 0.95, 4000, 3, 1.2
SETTINGS = list(itertools.product((True, False), (0.1, 0.5), (30, 100, 400)))
METHODS = ("skew-score", "miettinen-nurminen", "katz-log")


def chains(nested: bool, share: float, people: int) -> list[np.ndarray]:
    rng = np.random.default_rng([nested, int(100 * share), people])
    out = []
    for size, chance in ((people, share * RATIO), (5 * people, share)):
        could = np.full((SETS, STAGES), size)
        went = rng.binomial(could, chance)
        if nested:
            for k in range(1, STAGES):
                could[:, k] = went[:, k - 1]
                went[:, k] = rng.binomial(could[:, k], chance)
        out += [went.astype(float), could.astype(float)]
    return out


def row_of(method: str, nested: bool, share: float, people: int) -> dict:
    x, n, y, m = chains(nested, share, people)
    one = _Ratios(method, LEVEL, 1.0, "two-sided")
    if nested:
        x, n, y, m = x[:, -1:], n[:, :1], y[:, -1:], m[:, :1]
    low, high = (one.end(x, n, y, m, (1.0 - LEVEL) / 2.0, side) for side in ("greater", "less"))
    none = ((x == 0.0) & (y == 0.0)).any(axis=1)
    low, high = np.where(none, 0.0, low), np.where(none, np.inf, high)
    true = RATIO**STAGES
    return {
        "method": method,
        "nested": nested,
        "share": share,
        "people": people,
        "coverage": round(float(np.mean((low <= true) & (true <= high))), 4),
        "below": round(float(np.mean(high < true)), 4),
        "above": round(float(np.mean(low > true)), 4),
    }


def rows() -> list[dict]:
    return [row_of(method, *setting) for method in METHODS for setting in SETTINGS]


@pytest.mark.slow
def test_recorded_coverage():
    recorded = json.loads(RESULTS.read_text())
    assert (recorded["level"], recorded["sets"]) == (LEVEL, SETS)
    assert recorded["rows"] == rows()


if __name__ == "__main__":
    lines = ",\n".join("  " + json.dumps(row) for row in rows())
    RESULTS.write_text(f'{{\n "level": {LEVEL},\n "sets": {SETS},\n "rows": [\n{lines}\n ]\n}}\n')
