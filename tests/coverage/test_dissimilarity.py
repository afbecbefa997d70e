"""Coverage of the index of dissimilarity, and the error of its estimates.

Two multinomial groups over areas, of `people` on average in an area of the smaller group and five
times as many of the other. Their true shares differ by the index `true`. `below` and `above` are
the shares of intervals wholly below, and wholly above, it; `bias` is the mean of the corrected
estimate less `true`, and `plain_bias` that of the index of the counts themselves.

``pytest -m slow tests/coverage/test_dissimilarity.py`` checks the recorded table;
``python tests/coverage/test_dissimilarity.py`` records it.
"""

from __future__ import annotations

import itertools
import json
from pathlib import Path

import numpy as np
import pytest

from countylines._kernels import concentration
from countylines.disproportionality import dissimilarity

RESULTS = Path(__file__).parent / "results" / "dissimilarity.json"
LEVEL, SETS, REPLICATES = 0.95, 150, 199
SETTINGS = list(itertools.product((10, 40), (5, 50), (0.0, 0.1, 0.3)))


def row_of(areas: int, people: int, true: float) -> dict:
    rng = np.random.default_rng([areas, people, int(100 * true)])
    other = np.full(areas, 1.0 / areas)
    one = other * np.where(np.arange(areas) % 2, 1.0 + 2.0 * true, 1.0 - 2.0 * true)
    x = rng.multinomial(areas * people, one, SETS)
    y = rng.multinomial(5 * areas * people, other, SETS)
    found = [
        dissimilarity(a, b, level=LEVEL, replicates=REPLICATES, rng=i)
        for i, (a, b) in enumerate(zip(x, y, strict=True))
    ]
    low, high, value = (
        np.array([getattr(f, k) for f in found]) for k in ("low", "high", "estimate")
    )
    plain = concentration.dissimilarity(x.astype(float), y.astype(float))
    return {
        "areas": areas,
        "people": people,
        "true": true,
        "coverage": round(float(np.mean((low <= true) & (true <= high))), 4),
        "below": round(float(np.mean(high < true)), 4),
        "above": round(float(np.mean(low > true)), 4),
        "bias": round(float(value.mean() - true), 4),
        "plain_bias": round(float(plain.mean() - true), 4),
    }


def rows() -> list[dict]:
    return [row_of(*setting) for setting in SETTINGS]


@pytest.mark.slow
def test_recorded_coverage():
    recorded = json.loads(RESULTS.read_text())
    assert (recorded["level"], recorded["sets"]) == (LEVEL, SETS)
    assert recorded["rows"] == rows()


if __name__ == "__main__":
    lines = ",\n".join("  " + json.dumps(row) for row in rows())
    RESULTS.write_text(f'{{\n "level": {LEVEL},\n "sets": {SETS},\n "rows": [\n{lines}\n ]\n}}\n')
