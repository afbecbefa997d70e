"""Simulated coverage of the intervals of one log-linear model where the model is the truth.

Units are put on lists with the probabilities `rates`; with `odds` those on the first list are that
many times as likely, in odds, to be on the second too, and the model has that interaction. With
`band` every count within it is given as the band. Tables in which the hidden number is not
identified are left out; `refused` is their share. `below` is the share of intervals that lie wholly
below the truth (the upper limit misses it), `above` of those wholly above. The nominal level is
0.95, so both should be 0.025.

``pytest -m slow tests/coverage/test_loglinear.py`` checks the recorded table against a new
simulation with other random numbers; ``python tests/coverage/test_loglinear.py`` records it again.
"""

from __future__ import annotations

import json
import warnings
from pathlib import Path

import numpy as np
import pytest

import countylines as cl
from countylines._kernels import facial_set, profile_limits
from countylines._kernels.method import critical_value
from countylines.capture_recapture import _fits, _loglinear_ends, _models, loglinear

RESULTS = Path(__file__).parent / "results" / "loglinear.json"
LEVEL = 0.95
REPLICATES = 999
TABLES = {"profile": 1000, "logit": 1000, "wald": 1000, "lognormal": 1000, "bootstrap": 1000}
BANDED_TABLES = 500
# size, rates, odds of the first two lists, model
NESTED = [
    (50, (0.9, 0.2), 1.0, "independence"),
    (50, (0.9, 0.2, 0.2), 1.0, "independence"),
    (100, (0.9, 0.1, 0.1), 1.0, "independence"),
]
SCENARIOS = [
    (300, (0.3, 0.3, 0.3), 1.0, "independence"),
    (300, (0.1, 0.1, 0.1), 1.0, "independence"),
    (300, (0.3, 0.3, 0.3), 1.0, "all-two-way"),
    (1000, (0.2, 0.2, 0.2), 3.0, "A*B + C"),
    (1000, (0.05, 0.08, 0.1, 0.1), 1.0, "independence"),
    (2000, (0.05, 0.1, 0.1, 0.1), 3.0, "A*B + C + D"),
    *NESTED,
]
BANDED = [
    (300, (0.3, 0.3, 0.3), 1.0, "independence"),
    (300, (0.1, 0.1, 0.1), 1.0, "independence"),
    (1000, (0.05, 0.08, 0.1, 0.1), 1.0, "independence"),
    (2000, (0.05, 0.1, 0.1, 0.1), 3.0, "A*B + C + D"),
]
BANDS = ((0, 4), (1, 4))


def shares(rates, odds):
    """Probability of each pattern, as text."""
    number = len(rates)
    found = {}
    for code in range(1 << number):
        pattern = format(code, f"0{number}b")
        chance = np.prod([r if c == "1" else 1 - r for r, c in zip(rates, pattern, strict=True)])
        found[pattern] = chance * (odds if pattern[:2] == "11" else 1.0)
    total = sum(found.values())
    return {pattern: chance / total for pattern, chance in found.items()}


def rows_of(scenarios, banded):
    for scenario in scenarios:
        if banded:
            for band in BANDS:
                yield scenario, "profile", band, BANDED_TABLES
        else:
            for method, tables in TABLES.items():
                yield scenario, method, None, tables


CASES = [*rows_of(SCENARIOS, False), *rows_of(BANDED, True)]


def banded_limits(table, model):
    """Profile limits without the range over the tables within the bands, which plays no part."""
    counts = _models.counts_of(table)
    parsed = _models.parse(model, table.lists)
    masks = np.ones((1, len(parsed.terms)), dtype=bool)
    fits = _fits.fit_models(counts, parsed.terms, masks)
    if fits.faces.code[0] == facial_set.NOT_IDENTIFIED:
        return None
    of_total, _ = _loglinear_ends.curves(counts, parsed)
    start = float(fits.hidden[0]) if fits.estimable[0] else counts.n
    z = critical_value(LEVEL, "two-sided")
    found = profile_limits.profile(of_total, start, z, z)
    least = counts.low.sum()
    return least + found.low, least + found.high


def limits(table, model, method, seed):
    result = loglinear(table, model, interval=method, level=LEVEL, replicates=REPLICATES, rng=seed)
    return None if result.verdict.code == "not-identified" else (result.low, result.high)


def coverage(scenario, method, band, tables, seed):
    """One row of the table."""
    size, rates, odds, model = scenario
    chances = shares(rates, odds)
    patterns = list(chances)
    rng = np.random.default_rng([seed, size, len(rates), int(100 * sum(rates)), int(odds)])
    drawn = rng.multinomial(size, list(chances.values()), size=tables)[:, 1:]
    unique, copies = np.unique(drawn, axis=0, return_counts=True)
    lists = [chr(65 + j) for j in range(len(rates))]
    counted = dict.fromkeys(("below", "above", "endless", "refused"), 0)
    for counts, times in zip(unique.tolist(), copies.tolist(), strict=True):
        cells = dict(zip(patterns[1:], counts, strict=True))
        if band is not None:
            cells = {p: band if band[0] <= n <= band[1] else n for p, n in cells.items()}
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            table = cl.CaptureHistories.from_cells(cells, lists=lists)
            found = (
                limits(table, model, method, seed) if band is None else banded_limits(table, model)
            )
        if found is None:
            counted["refused"] += times
            continue
        low, high = found
        counted["below"] += times * (high < size * (1 - 1e-9))
        counted["above"] += times * (low > size * (1 + 1e-9))
        counted["endless"] += times * bool(np.isinf(high))
    used = tables - counted["refused"]
    below, above = counted["below"] / used, counted["above"] / used
    return {
        "N": size,
        "rates": list(rates),
        "odds": odds,
        "model": model,
        "method": method,
        "band": None if band is None else list(band),
        "tables": tables,
        "refused": counted["refused"] / tables,
        "endless": counted["endless"] / used,
        "coverage": 1 - below - above,
        "below": below,
        "above": above,
    }


def record():
    rows = [coverage(*case, seed=1) for case in CASES]
    text = ",\n".join(
        "  " + json.dumps({k: round(v, 5) if isinstance(v, float) else v for k, v in row.items()})
        for row in rows
    )
    head = f'{{\n "level": {LEVEL},\n "replicates": {REPLICATES},\n "rows": [\n'
    RESULTS.write_text(head + text + "\n ]\n}\n", encoding="utf-8")


def recorded():
    return json.loads(RESULTS.read_text(encoding="utf-8"))["rows"]


def scenario_of(row):
    return row["N"], tuple(row["rates"]), row["odds"], row["model"]


def covered(method, *, nested, banded=False):
    """Coverage of a method over its scenarios."""
    return [
        row["coverage"]
        for row in recorded()
        if row["method"] == method
        and (row["band"] is not None) == banded
        and (scenario_of(row) in NESTED) == nested
    ]


@pytest.mark.slow
@pytest.mark.parametrize("case", CASES, ids=str)
def test_another_simulation_gives_the_recorded_coverage(case):
    """A quarter of the tables, within 4.5 standard errors of the difference of two shares."""
    scenario, method, band, tables = case
    (row,) = [
        row
        for row in recorded()
        if scenario_of(row) == scenario
        and row["method"] == method
        and row["band"] == (None if band is None else list(band))
    ]
    again = coverage(scenario, method, band, tables // 4, seed=2)
    for share in ("coverage", "below", "above", "endless", "refused"):
        middle = (row[share] + 4 * 0.25 * again[share]) / 2
        error = np.sqrt(middle * (1 - middle) * (1 + 4) / row["tables"])
        assert abs(row[share] - again[share]) <= 4.5 * error + 4 / tables, share


def test_every_case_is_on_record():
    known = [(scenario_of(row), row["method"], row["band"]) for row in recorded()]
    wanted = [(s, m, None if b is None else list(b)) for s, m, b, _ in CASES]
    assert known == wanted


def test_logit_limits_hold_their_level():
    """Within what 1,000 tables can tell, also where a list holds nearly all units."""
    assert min(covered("logit", nested=False)) > 0.935
    assert min(covered("logit", nested=True)) > 0.925
    # there they never end too low
    assert all(
        row["below"] < 0.005
        for row in recorded()
        if row["method"] == "logit" and scenario_of(row) in NESTED
    )


def test_profile_limits_hold_their_level_unless_a_list_is_nearly_complete():
    assert min(covered("profile", nested=False)) > 0.92
    # Failure, kept on record: where nobody is hidden in the estimate they end too low.
    assert max(covered("profile", nested=True)) < 0.85


def test_bootstrap_limits_hold_their_level():
    assert min(covered("bootstrap", nested=False)) > 0.93
    assert min(covered("bootstrap", nested=True)) > 0.93


def test_normal_limits_err_on_one_side():
    """They miss large populations, not small ones."""
    assert min(covered("wald", nested=False)) < 0.92
    for row in recorded():
        if row["method"] == "wald":
            assert row["below"] >= row["above"]


def test_profile_limits_of_banded_tables_hold_their_level():
    assert min(covered("profile", nested=False, banded=True)) > 0.925


if __name__ == "__main__":
    record()
