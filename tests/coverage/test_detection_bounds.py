"""How often the limits hold the truth when detection lies at a corner of its ranges.

Lines of four kinds are drawn as Poisson numbers and detected with the probabilities of the corner
where the odds ratio is at the low end of the region: the hardest case for ``target="parameter"``.

``pytest -m slow tests/coverage/test_detection_bounds.py`` checks the recorded table against a new
simulation with other random numbers; ``python tests/coverage/test_detection_bounds.py`` records it.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from countylines.localisation.detection_bounds import _odds_ratio

RESULTS = Path(__file__).parent / "results" / "detection_bounds.json"
LEVEL = 0.95
TABLES = 1000
NAMES = ("internal_before", "external_before", "internal_after", "external_after")
LINES = np.array([1.0, 2.0, 1.5, 2.0])
RANGES = {
    "narrow": dict(zip(NAMES, [(0.5, 0.52), (0.6, 0.62), (0.6, 0.62), (0.6, 0.62)], strict=True)),
    "wide": dict(zip(NAMES, [(0.2, 0.6), (0.5, 0.8), (0.4, 0.8), (0.5, 0.9)], strict=True)),
}
SIZES = (20, 100, 1000)
# the corner of the lowest odds ratio: internal before and external after at their low ends
CORNER = (0, 1, 1, 0)


def coverage(size, ranges, target, seed):
    rng = np.random.default_rng([seed, size, len(ranges)])
    lines = LINES * size
    detected = lines * [RANGES[ranges][n][c] for n, c in zip(NAMES, CORNER, strict=True)]
    truth = lines[2] * lines[1] / (lines[0] * lines[3])
    logs = tuple(tuple(np.log(RANGES[ranges][n])) for n in NAMES)
    below = above = 0
    for cells in rng.poisson(detected, (TABLES, 4)):
        if cells[:2].sum() == 0 or cells[2:].sum() == 0:
            continue
        # the one row that is looked at, without the other five
        row = _odds_ratio(cells.astype(float), logs, LEVEL, target)
        below += row["high"] < truth
        above += row["low"] > truth
    return {
        "lines": size,
        "ranges": ranges,
        "method": target,
        "coverage": 1 - (below + above) / TABLES,
        "below": below / TABLES,
        "above": above / TABLES,
        "tables": TABLES,
    }


def settings():
    return [
        (size, ranges, target)
        for size in SIZES
        for ranges in RANGES
        for target in ("parameter", "region")
    ]


def record():
    rows = [coverage(*setting, 1) for setting in settings()]
    text = ",\n".join("  " + json.dumps(row) for row in rows)
    RESULTS.write_text(f'{{\n "level": {LEVEL},\n "rows": [\n{text}\n ]\n}}\n', encoding="utf-8")


def recorded():
    return json.loads(RESULTS.read_text(encoding="utf-8"))["rows"]


@pytest.mark.slow
@pytest.mark.parametrize("setting", settings(), ids=str)
def test_simulation_gives_the_recorded_coverage(setting):
    (row,) = [r for r in recorded() if (r["lines"], r["ranges"], r["method"]) == setting]
    again = coverage(*setting, 2)
    assert again["coverage"] == pytest.approx(row["coverage"], abs=0.04)


def test_limits_hold_their_level_at_the_corner():
    for row in recorded():
        assert row["coverage"] > 0.93, row


def test_limits_for_the_region_hold_the_parameter_more_often():
    wide = [r for r in recorded() if r["ranges"] == "wide"]
    for one in wide:
        if one["method"] == "region":
            assert one["coverage"] >= 0.96


if __name__ == "__main__":
    record()
