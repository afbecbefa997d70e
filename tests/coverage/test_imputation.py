"""How often limits from multiple imputation hold the truth, and how small samples change that.

People of two strata, with another share of the group and another share missing in each; ethnicity
is missing at random within strata. The counts are imputed by stratum, the ratio of all is combined
on the log scale. Beside it the interval of the known-only ratio, which is wrong here, and the one
that takes a single imputation for data.

``pytest -m slow tests/coverage/test_imputation.py`` simulates again;
``python tests/coverage/test_imputation.py`` records.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from countylines._kernels import binomial, rubin

RESULTS = Path(__file__).parent / "results" / "imputation.json"
LEVEL = 0.95
TABLES = 4000
IMPUTATIONS = 20
SHARES = np.array([0.1, 0.3])
MISSING = np.array([0.05, 0.4])
BENCHMARK = 0.1
PEOPLE = (60, 250, 1000)
METHODS = ("multiple imputation", "one imputation", "known only")


def draw(rng, people):
    """Counts by stratum: of the group, known, missing."""
    each = rng.multinomial(people, [0.5, 0.5], TABLES)
    missing = rng.binomial(each, MISSING)
    known = each - missing
    return rng.binomial(known, SHARES).astype(float), known.astype(float), missing


def imputed(rng, count, known, missing):
    """Completed counts of all strata, of shape (tables, imputations)."""
    shape = (IMPUTATIONS, *count.shape)
    share = rng.beta(count + 0.5, known - count + 0.5, size=shape)
    return (count + rng.binomial(missing, share)).sum(axis=2).T


def limits(rng, people, method):
    count, known, missing = draw(rng, people)
    if method == "known only":
        x, n = count.sum(axis=1), known.sum(axis=1)
        low, high = binomial.METHODS["mid-p"].limits(x, n, level=LEVEL, alternative="two-sided")
        return low / BENCHMARK, high / BENCHMARK
    filled = imputed(rng, count, known, missing)
    if method == "one imputation":
        x, n = filled[:, 0], np.full(TABLES, float(people))
        low, high = binomial.METHODS["mid-p"].limits(x, n, level=LEVEL, alternative="two-sided")
        return low / BENCHMARK, high / BENCHMARK
    filled = np.maximum(filled, 0.5)  # a table without anybody of the group: one in 100,000 at 60
    share = filled / people
    variances = (1.0 - share) / (share * people)  # of the log share
    found = rubin.combine(np.log(share / BENCHMARK), variances, np.inf)
    low, high = rubin.limits(found, LEVEL, "two-sided")
    return np.exp(low), np.exp(high)


def coverage(people, method, seed):
    rng = np.random.default_rng([seed, people, METHODS.index(method)])
    low, high = limits(rng, people, method)
    truth = SHARES.mean() / BENCHMARK
    below, above = float((high < truth).mean()), float((low > truth).mean())
    return {
        "people": people,
        "method": method,
        "coverage": round(1.0 - below - above, 4),
        "below": round(below, 4),
        "above": round(above, 4),
        "tables": TABLES,
    }


def settings():
    return [(people, method) for people in PEOPLE for method in METHODS]


def record():
    rows = [coverage(*setting, 1) for setting in settings()]
    text = ",\n".join("  " + json.dumps(row) for row in rows)
    RESULTS.write_text(f'{{\n "level": {LEVEL},\n "rows": [\n{text}\n ]\n}}\n', encoding="utf-8")


def recorded():
    return json.loads(RESULTS.read_text(encoding="utf-8"))["rows"]


@pytest.mark.slow
@pytest.mark.parametrize("setting", settings(), ids=str)
def test_simulation_gives_the_recorded_coverage(setting):
    (row,) = [r for r in recorded() if (r["people"], r["method"]) == setting]
    again = coverage(*setting, 2)
    assert again["coverage"] == pytest.approx(row["coverage"], abs=0.025)


def test_multiple_imputation_holds_its_level_and_the_others_do_not():
    for row in recorded():
        if row["method"] == "multiple imputation":
            assert row["coverage"] > 0.94, row
        elif row["method"] == "one imputation":
            assert row["coverage"] < 0.94, row


if __name__ == "__main__":
    record()
