"""Coverage of the limits for the expected total of banded counts: 4,000 tables a setting.

`areas` counts are Poisson with the mean `expected`, or with rates that differ as those of a gamma
distribution of shape 2 (`rates`), drawn once for each table. They are published by `bands`:
``"suppressed"`` has "fewer than 5" (0 among them) and all others as they are, ``"classes"`` has 0
to 4, 5 to 9, 10 to 19, and 20 or more. `below` is the part of tables whose interval lies wholly
below the expected total, `above` wholly above. The nominal level is 0.95.

``pytest -m slow tests/coverage/test_banded_total.py`` draws all again and holds it against the
record; ``python tests/coverage/test_banded_total.py`` records it again.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

import countylines as cl

RESULTS = Path(__file__).parent / "results" / "banded_total.json"
LEVEL = 0.95
REPLICATES = 4000
EDGES = np.array([0.0, 5.0, 10.0, 20.0, np.inf])
MODELS = ("bounds", "common-rate")
SETTINGS = [
    (areas, mean, bands, rates)
    for areas in (3, 20)
    for mean in (2.0, 8.0)
    for bands in ("suppressed", "classes")
    for rates in ("equal", "unequal")
]


def banded(count, bands):
    place = np.searchsorted(EDGES, count, side="right") - 1
    low, high = EDGES[place], EDGES[place + 1] - 1
    if bands == "suppressed":
        low, high = (np.where(count < 5, end, count) for end in (low, high))
    return cl.Band(low, high)


def rows(setting):
    areas, mean, bands, rates = setting
    rng = np.random.default_rng(SETTINGS.index(setting))
    means = np.full((REPLICATES, areas), mean)
    if rates == "unequal":
        means = rng.gamma(2.0, mean / 2.0, (REPLICATES, areas))
    band, truth = banded(rng.poisson(means).astype(float), bands), means.sum(axis=1)
    lines = []
    for model in MODELS:
        exposure = np.ones(areas) if model == "common-rate" else None
        found = cl.prevalence.banded_total(band, exposure=exposure, dim=1, model=model)
        below, above = (float(miss.mean()) for miss in (found.high < truth, found.low > truth))
        lines.append(
            {
                "method": model,
                "areas": areas,
                "expected": mean,
                "bands": bands,
                "rates": rates,
                "coverage": 1 - below - above,
                "below": below,
                "above": above,
            }
        )
    return lines


def record():
    lines = [line for setting in SETTINGS for line in rows(setting)]
    lines.sort(key=lambda line: MODELS.index(line["method"]))
    text = ",\n".join(
        "  " + json.dumps({k: round(v, 5) if isinstance(v, float) else v for k, v in line.items()})
        for line in lines
    )
    head = f'{{\n "level": {LEVEL},\n "replicates": {REPLICATES},\n "rows": [\n'
    RESULTS.write_text(head + text + "\n ]\n}\n", encoding="utf-8")


def recorded(**wanted):
    lines = json.loads(RESULTS.read_text(encoding="utf-8"))["rows"]
    return [line for line in lines if all(line[key] == value for key, value in wanted.items())]


def covered(**wanted):
    return [line["coverage"] for line in recorded(**wanted)]


@pytest.mark.slow
@pytest.mark.parametrize("setting", SETTINGS)
def test_the_record_is_what_the_tables_give(setting):
    names = ("areas", "expected", "bands", "rates")
    for found in rows(setting):
        (known,) = recorded(method=found["method"], **dict(zip(names, setting, strict=True)))
        assert found["coverage"] == pytest.approx(known["coverage"], abs=0.002)


def test_every_setting_is_on_record():
    assert len(recorded()) == len(MODELS) * len(SETTINGS)


def test_bounds_always_cover():
    assert min(covered(method="bounds")) > 0.965


def test_a_common_rate_holds_its_level_where_it_is_one():
    assert min(covered(method="common-rate", rates="equal")) > 0.93


def test_a_common_rate_that_is_none_fails_on_record():
    assert min(covered(method="common-rate", rates="unequal")) < 0.8


if __name__ == "__main__":
    record()
