"""Simulated coverage of the five two-list intervals where the truth is known.

Two independent lists with the probabilities `first` and `second` are drawn from N units. Tables with
an empty list estimate nothing and are left out; `refused` is their share. `below` is the share of
intervals that lie wholly below N (the upper limit misses it), `above` of those wholly above. The
nominal level is 0.95, so both should be 0.025.

``pytest -m slow tests/coverage/test_two_list.py`` checks the recorded table against a new
simulation with other random numbers; ``python tests/coverage/test_two_list.py`` records it again.
"""

from __future__ import annotations

import itertools
import json
from pathlib import Path

import numpy as np
import pytest

from countylines._kernels.two_list import METHODS, is_unidentified

RESULTS = Path(__file__).parent / "results" / "two_list.json"
LEVEL = 0.95
TABLES = {"bootstrap": 2_000}
MOST_TABLES = 20_000
REPLICATES = 999
SIZES = (50, 200, 1000, 5000)
RATES = ((0.1, 0.1), (0.1, 0.5), (0.3, 0.3), (0.5, 0.5))
SCENARIOS = [(size, *rates) for size, rates in itertools.product(SIZES, RATES)]
COMBINATIONS = [(estimator, method) for estimator, table in METHODS.items() for method in table]


def draw(size, first, second, tables, rng):
    on_first = rng.binomial(size, first, tables)
    both = rng.binomial(on_first, second)
    on_second = both + rng.binomial(size - on_first, second)
    return on_first, on_second, both


def coverage(size, first, second, estimator, method, seed):
    """One row of the table."""
    draws_seed, bootstrap_seed = np.random.SeedSequence(
        [seed, size, int(100 * first), int(100 * second)]
    ).spawn(2)
    tables = TABLES.get(method, MOST_TABLES)
    drawn = np.stack(draw(size, first, second, tables, np.random.default_rng(draws_seed)), axis=1)
    rows, copies = np.unique(drawn, axis=0, return_counts=True)
    lists = [column.astype(float) for column in rows.T]
    usable = ~is_unidentified(lists[0], lists[1])
    lists, weight = [column[usable] for column in lists], copies[usable] / copies[usable].sum()
    extra = {}
    if method == "bootstrap":
        extra = {"replicates": REPLICATES, "rng": np.random.default_rng(bootstrap_seed)}
    low, high = METHODS[estimator][method].limits(
        *lists, level=LEVEL, alternative="two-sided", **extra
    )
    finite = np.isfinite(high)
    # Rounding must not decide whether a limit that is the truth itself covers it.
    below = weight @ (high < size * (1 - 1e-9))
    above = weight @ (low > size * (1 + 1e-9))
    return {
        "N": size,
        "first": first,
        "second": second,
        "estimator": estimator,
        "method": method,
        "tables": tables,
        "refused": float(1 - copies[usable].sum() / tables),
        "endless": float(weight @ ~finite),
        "coverage": float(1 - below - above),
        "below": float(below),
        "above": float(above),
    }


def simulate(seed):
    return [
        coverage(*scenario, estimator, method, seed)
        for scenario in SCENARIOS
        for estimator, method in COMBINATIONS
    ]


def record():
    rows = simulate(seed=1)
    RESULTS.parent.mkdir(exist_ok=True)
    text = ",\n".join(
        "  "
        + json.dumps({k: round(v, 5) if isinstance(v, float) else v for k, v in row.items()})
        for row in rows
    )
    RESULTS.write_text(
        '{\n "level": 0.95,\n "replicates": %d,\n "rows": [\n%s\n ]\n}\n' % (REPLICATES, text),
        encoding="utf-8",
    )


def recorded():
    return json.loads(RESULTS.read_text(encoding="utf-8"))["rows"]


if __name__ == "__main__":
    record()
