"""Simulated coverage of averages over models, and of the best model's limits, the truth known.

Tables are drawn from a population of N units whose lists follow a model of the family, or, in the
settings "two kinds", from units of which one in four is on each list four times as often as the
others, which no model of the family describes. The whole search is redone for every table.

`below` is the share of limits that lie wholly below N (the upper one misses it), `above` of those
wholly above; `endless` of those with an infinite upper limit, `refused` of tables without an
estimate, which are counted by the limits that they still give. `modes` is the share of tables whose
models gather round more than one total. "best" are the log-normal limits of the model that BIC
ranks first, as they would be quoted if it had been the only one.

``pytest -m slow tests/coverage/test_model_search.py`` checks some of the record by a new simulation
with other random numbers; ``python tests/coverage/test_model_search.py`` makes the record again.
"""

from __future__ import annotations

import functools
import json
import math
import warnings
from pathlib import Path

import numpy as np
import pytest
from scipy.special import ndtri

import countylines as cl
from countylines.capture_recapture import loglinear, model_search
from countylines.errors import CountyLinesWarning, InputError

RESULTS = Path(__file__).parent / "results" / "model_search.json"
LEVEL = 0.95
TABLES = 500
METHODS = ("average by bic", "average by aic", "best by bic")
SHARES = ("coverage", "below", "above", "endless", "refused", "modes")
# lists, chance of being on each, log odds ratio of the first two, kinds of unit, largest order
MADE_UP = {
    "independent lists": (4, (0.4, 0.3, 0.25, 0.2), 0.0, 1, 3),
    "one pair attracts": (4, (0.4, 0.3, 0.25, 0.2), 1.5, 1, 3),
    "little overlap, one pair attracts": (4, (0.1, 0.08, 0.06, 0.05), 1.5, 1, 3),
    "two kinds": (4, (0.4, 0.3, 0.25, 0.2), 0.0, 2, 3),
}
SIZES = (300, 2000)
# the two models that split the weight of the five-list table of the United Kingdom in 2013
UK = {"UK 2013, best model holds": 0, "UK 2013, second model holds": 1}
SETTINGS = [(name, size) for name in MADE_UP for size in SIZES] + [(name, None) for name in UK]


@functools.cache
def uk_models():
    people = cl.datasets.load_mse("uk_2013_5")
    table = cl.CaptureHistories.from_table(people, lists=people.attrs["lists"])
    search = model_search(table, max_order=2)
    return [loglinear(table, g, interval="wald") for g in search.table["generators"][:2]]


def truth(name, size):
    """Number of units, number of lists, chance of every pattern (the first: of none), order."""
    if name in UK:
        return uk_truth(uk_models()[UK[name]])
    lists, chances, attraction, kinds, order = MADE_UP[name]
    patterns = (np.arange(1 << lists)[:, None] >> np.arange(lists)[::-1]) & 1
    weight = [(1.0, 1.0)] if kinds == 1 else [(0.75, 4 / 7), (0.25, 16 / 7)]
    chance = np.zeros(1 << lists)
    for share, factor in weight:
        each = np.minimum(np.array(chances) * factor, 0.95)
        of_pattern = np.prod(np.where(patterns == 1, each, 1 - each), axis=1)
        of_pattern = of_pattern * np.exp(attraction * patterns[:, 0] * patterns[:, 1])
        chance += share * of_pattern / of_pattern.sum()
    return size, lists, chance, order


def uk_truth(fit):
    names = list("ABCDE")
    lists = dict(zip(("LA", "NG", "PFNCA", "GO", "GP"), names, strict=True))
    log_mean = np.full(32, fit.params["hidden"])
    for label, effect in fit.params.drop("hidden").items():
        mask = sum(1 << (4 - names.index(lists[part])) for part in label.split(":"))
        log_mean[(np.arange(32) & mask) == mask] += effect
    mean = np.exp(log_mean)
    return round(fit.estimate), 5, mean / mean.sum(), 2


def limits(search):
    """By method: both limits, whether there is an estimate, and whether modes are several."""
    found = {}
    for criterion in ("bic", "aic"):
        try:
            average = search.average(criterion, level=LEVEL)
        except InputError:  # no model of this table has an estimate: nothing is ruled out
            found[f"average by {criterion}"] = (float(search.histories.n_observed), math.inf, 0, 0)
            continue
        several = len(average.modes) > 1
        found[f"average by {criterion}"] = (
            average.low,
            average.high,
            average.verdict.estimable,
            several,
        )
    usable = search.table[search.table["estimable"]]
    if usable.empty:
        return found | {"best by bic": found["average by bic"]}
    best = usable.iloc[0]
    spread = math.sqrt(math.log1p((best["standard_error"] / best["hidden"]) ** 2))
    factor = math.exp(ndtri(0.5 + LEVEL / 2) * spread)
    seen = float(search.histories.n_observed)
    ends = seen + best["hidden"] / factor, seen + best["hidden"] * factor
    return found | {"best by bic": (*ends, True, False)}


def simulate(name, size, tables, seed):
    """One row of the record for each method."""
    number, lists, chance, order = truth(name, size)
    rng = np.random.default_rng([seed, number, lists])
    names = list("ABCDE")[:lists]
    outcomes = {method: [] for method in METHODS}
    for _ in range(tables):
        counts = rng.multinomial(number, chance)
        cells = {format(i, f"0{lists}b"): int(n) for i, n in enumerate(counts) if i and n}
        table = cl.CaptureHistories.from_cells(cells, lists=names)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", CountyLinesWarning)
            found = limits(model_search(table, max_order=order))
        for method, (low, high, estimable, several) in found.items():
            below, above = high < number, low > number
            row = (not (below or above), below, above, math.isinf(high), not estimable, several)
            outcomes[method].append(row)
    return [
        {"setting": name, "N": number, "method": method, "tables": tables}
        | dict(zip(SHARES, np.mean(outcomes[method], axis=0).tolist(), strict=True))
        for method in METHODS
    ]


def record():
    rows = [row for setting in SETTINGS for row in simulate(*setting, TABLES, seed=1)]
    text = ",\n".join(
        "  " + json.dumps({k: round(v, 5) if isinstance(v, float) else v for k, v in row.items()})
        for row in rows
    )
    head = f'{{\n "level": {LEVEL},\n "rows": [\n'
    RESULTS.write_text(head + text + "\n ]\n}\n", encoding="utf-8")


def recorded():
    return json.loads(RESULTS.read_text(encoding="utf-8"))["rows"]


def rows_of(setting, method):
    return [r for r in recorded() if (r["setting"], r["method"]) == (setting, method)]


@pytest.mark.slow
@pytest.mark.parametrize("setting", SETTINGS, ids=str)
def test_another_simulation_gives_the_recorded_coverage(setting):
    """Within 4.5 standard errors of the difference of two binomial shares."""
    tables = 100
    for row in simulate(*setting, tables, seed=2):
        (first,) = [r for r in rows_of(row["setting"], row["method"]) if r["N"] == row["N"]]
        for share in SHARES:
            middle = (tables * row[share] + TABLES * first[share]) / (tables + TABLES)
            error = math.sqrt(middle * (1 - middle) * (1 / tables + 1 / TABLES))
            assert abs(row[share] - first[share]) <= 4.5 * error + 1e-3, (row["method"], share)


def test_averages_hold_their_level_where_a_model_of_made_up_lists_holds():
    """Also where so little overlaps that one in seven upper limits is infinite."""
    for name in ("independent lists", "one pair attracts", "little overlap, one pair attracts"):
        for criterion in ("bic", "aic"):
            for row in rows_of(name, f"average by {criterion}"):
                assert row["coverage"] > 0.93, row


def test_averages_hold_better_than_the_best_model_alone():
    for name, _ in SETTINGS:
        pairs = zip(rows_of(name, "average by bic"), rows_of(name, "best by bic"), strict=True)
        for average, best in pairs:
            assert average["coverage"] > best["coverage"]


def test_failures_where_two_models_disagree_are_on_record():
    """The model that holds is often not the one that is found, and its rival says half as many."""
    (best,) = rows_of("UK 2013, best model holds", "best by bic")
    (average,) = rows_of("UK 2013, best model holds", "average by bic")
    assert best["coverage"] < 0.75
    assert 0.83 < average["coverage"] < 0.89
    assert average["below"] > 2 * average["above"]
    (by_aic,) = rows_of("UK 2013, best model holds", "average by aic")
    assert by_aic["coverage"] > 0.93


def test_failures_where_no_model_holds_are_on_record():
    """More units make it worse: the limits close in on what the models have in common."""
    for method in METHODS:
        few, many = rows_of("two kinds", method)
        assert many["coverage"] < 0.4 < few["coverage"]


if __name__ == "__main__":
    record()
