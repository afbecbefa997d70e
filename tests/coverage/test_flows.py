"""Simulated coverage of trends of indices of flows, decay with distance, and expected shares.

Lines run between `areas` areas at random places in `periods` periods, `lines` in a period on
average, with effects of origins and destinations that differ by period. `what` is the quantity,
`pairs` the standard deviation of a log-normal effect of each pair, which the model does not know
(for an expected share: of each destination), and `below` the share of intervals that lie wholly
below the truth.

``pytest -m slow tests/coverage/test_flows.py`` checks the recorded table against a new simulation
with other random numbers; ``python tests/coverage/test_flows.py`` records it.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from countylines.localisation import (
    LineFlows,
    distance_decay,
    expected_internal_share,
    flow_trend,
)

RESULTS = Path(__file__).parent / "results" / "flows.json"
LEVEL = 0.95
DECAY, TREND = 1.5, 0.2
RUNS = 400
SETTINGS = [
    ("decay", "robust", 12, 6, 300, 0.0),
    ("decay", "robust", 12, 6, 60, 0.0),
    ("decay", "robust", 12, 6, 300, 0.4),
    ("decay", "poisson", 12, 6, 300, 0.0),
    ("decay", "poisson", 12, 6, 300, 0.4),
    ("internal-share", "basic", 12, 6, 300, 0.0),
    ("internal-share", "basic", 12, 6, 40, 0.0),
    ("gini", "basic", 12, 6, 300, 0.0),
    ("entropy", "basic", 12, 6, 300, 0.0),
    ("entropy", "basic", 12, 6, 60, 0.0),
    ("expected-share", "left-out", 15, 1, 600, 0.0),
    ("expected-share", "left-out", 30, 1, 600, 0.4),
    ("expected-share", "left-out", 30, 1, 600, 0.8),
    ("expected-share", "left-out", 43, 1, 3000, 0.4),
]


def means(areas, periods, lines, pairs, rng):
    place = rng.uniform(0.0, 1.0, (areas, 2))
    apart = np.sqrt(np.square(place[:, None] - place).sum(axis=2))
    time = np.arange(periods) - (periods - 1) / 2
    decay = DECAY + TREND * time
    effect = rng.normal(0, 0.6, (periods, areas, 1)) + rng.normal(0, 0.4, (periods, 1, areas))
    effect = effect + pairs * rng.normal(0, 1, (areas, areas))
    mean = np.exp(effect - decay[:, None, None] * apart)
    return mean * lines / mean.sum(axis=(1, 2), keepdims=True), apart


def expected(areas, lines, pull, rng):
    """Limits and truth of the overall expected share."""
    place = rng.uniform(0.0, 1.0, (areas, 2))
    apart = np.sqrt(np.square(place[:, None] - place).sum(axis=2))
    own = 0.35 / np.sqrt(areas)
    np.fill_diagonal(apart, own)
    people = np.exp(rng.normal(0, 0.6, areas))
    size = np.exp(rng.normal(0, 1, areas))
    sent = rng.multinomial(lines, size / size.sum())
    weight = people * np.exp(-3.0 * apart)
    truth = sent @ (np.diagonal(weight) / weight.sum(axis=1)) / lines
    weight = weight * np.exp(pull * rng.normal(size=areas))
    share = weight / weight.sum(axis=1, keepdims=True)
    drawn = np.array([rng.multinomial(n, p) for n, p in zip(sent, share, strict=True)])
    found = expected_internal_share(
        LineFlows(drawn), apart, population=people, intrazonal=own, draws=500, rng=rng
    )
    return (*found.loc["all", ["expected_low", "expected_high"]].astype(float), truth)


def row_of(setting, seed, runs=RUNS):
    what, method, areas, periods, lines, pairs = setting
    rng = np.random.default_rng([seed, lines, len(what), int(10 * pairs)])
    ends = []
    for _ in range(runs):
        if what == "expected-share":
            ends.append(expected(areas, lines, pairs, rng))
            continue
        mean, apart = means(areas, periods, lines, pairs, rng)
        flows = LineFlows(rng.poisson(mean))
        if what == "decay":
            found = distance_decay(flows, apart, variance=method, level=LEVEL)
            ends.append((found.low["trend"], found.high["trend"], TREND))
            continue
        found = flow_trend(flows, what, replicates=399, weights="equal", rng=rng)
        # many lines at the same means tell the slope of the index itself
        exact = LineFlows(np.round(mean * 1e7))
        index = {
            "internal-share": lambda f: f.internal_share(by="period").estimate,
            "gini": lambda f: f.gini(by="period"),
            "entropy": lambda f: f.entropy(by="period"),
        }[what](exact)
        time = np.arange(periods) - (periods - 1) / 2
        truth = float(index.to_numpy() @ time / (time @ time))
        ends.append((found.effect.low, found.effect.high, truth))
    low, high, truth = np.array(ends).T
    below, above = float(np.mean(high < truth)), float(np.mean(low > truth))
    head = dict(zip(("what", "method", "areas", "periods", "lines", "pairs"), setting, strict=True))
    return {**head, "coverage": 1 - below - above, "below": below, "above": above}


def recorded():
    rows = json.loads(RESULTS.read_text(encoding="utf-8"))["rows"]
    names = ("what", "method", "areas", "periods", "lines", "pairs")
    return {tuple(row[name] for name in names): row for row in rows}


def record():
    rows = [row_of(setting, seed=1) for setting in SETTINGS]
    text = ",\n".join(
        "  " + json.dumps({k: round(v, 4) if isinstance(v, float) else v for k, v in row.items()})
        for row in rows
    )
    RESULTS.write_text(f'{{\n "level": {LEVEL},\n "rows": [\n{text}\n ]\n}}\n', encoding="utf-8")


@pytest.mark.slow
@pytest.mark.parametrize("setting", SETTINGS, ids=str)
def test_the_record_is_what_another_simulation_gives(setting):
    row, expected = row_of(setting, seed=2), recorded()[setting]["coverage"]
    spread = np.sqrt(max(expected * (1 - expected), 0.01) * 2 / RUNS)
    assert row["coverage"] == pytest.approx(expected, abs=4.5 * spread)


def test_the_default_intervals_hold_their_level():
    default = [
        row["coverage"] for key, row in recorded().items() if key[1] in ("robust", "left-out")
    ]
    assert min(default) > 0.90


if __name__ == "__main__":
    record()
