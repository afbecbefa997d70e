"""Simulated coverage of the odds ratio a period where the truth is known.

Shares have mean p with logit -1.4 + b t, a rise of the log odds by 1 from the first period to the
last. Without clusters (`clusters` 0) a count is beta-binomial with `dispersion` times the variance
of a binomial one. With clusters, sizes are log-normal, and the share of a cluster in a period has a
beta law about p with a correlation of 0.05 between its members; its normal scores are
``w1 cos(a) + w2 sin(a)``, with the angle from 0 at the first to a quarter turn at the last period,
so that each cluster has a trend of its own. `below` is the share of intervals that lie wholly below
the truth.

``pytest -m slow tests/coverage/test_trend_regression.py`` checks the recorded table against a new
simulation with other random numbers; ``python tests/coverage/test_trend_regression.py`` records it.
"""

from __future__ import annotations

import itertools
import json
import warnings
from pathlib import Path

import numpy as np
import pytest
from scipy.special import betaincinv, expit, ndtr

from countylines.errors import CountyLinesWarning
from countylines.localisation import trend_regression

RESULTS = Path(__file__).parent / "results" / "trend_regression.json"
LEVEL = 0.95
TABLES = {"alone": 4000, "likelihood": 250, "clusters": 500, "signs": 250}
CORRELATION = 0.05
ALONE = [
    ("binomial", "profile"),
    ("quasi-binomial", "profile"),
    ("quasi-binomial", "wald"),
]
CLUSTERED = [
    ("quasi-binomial", "profile"),
    ("quasi-binomial", "cr0"),
    ("quasi-binomial", "cr2"),
    ("quasi-binomial", "cr3"),
    ("gee", "cr2"),
    ("quasi-binomial", "sign-flip"),
]
SETTINGS = [
    *(
        (0, p, n, d, *m)
        for p, n, d in itertools.product((3, 5, 10), (20, 100), (1.0, 3.0))
        for m in ALONE
    ),
    *(
        (0, p, 100, d, "beta-binomial", "profile")
        for p, d in itertools.product((5, 10), (1.0, 3.0))
    ),
    *((g, 5, n, None, *m) for g, n in itertools.product((5, 12, 45), (10, 50)) for m in CLUSTERED),
]


def draw(clusters, periods, size, dispersion, tables, rng):
    """Counts and totals of shape (tables, clusters, periods), and the true log odds ratio."""
    slope = 1.0 / (periods - 1)
    p = expit(-1.4 + slope * np.arange(periods))
    if not clusters:
        total = np.full((tables, 1, periods), size)
        if dispersion == 1.0:
            return rng.binomial(total, p), total, slope
        worth = (size - 1) / (dispersion - 1) - 1
        return rng.binomial(total, rng.beta(p * worth, (1 - p) * worth, total.shape)), total, slope
    level = np.exp(rng.normal(0.0, 0.8, (tables, clusters, 1)))
    total = np.maximum(rng.poisson(size * level / np.exp(0.32), (tables, clusters, periods)), 1)
    worth = 1 / CORRELATION - 1
    turn = np.linspace(0.0, np.pi / 2, periods)
    ends = rng.normal(size=(2, tables, clusters, 1))
    score = ndtr(ends[0] * np.cos(turn) + ends[1] * np.sin(turn))
    share = betaincinv(p * worth, (1 - p) * worth, score)
    return rng.binomial(total, share), total, slope


def row_of(setting, seed):
    clusters, periods, size, dispersion, family, interval = setting
    kind = "signs" if interval == "sign-flip" else "clusters" if clusters else "alone"
    tables = TABLES["likelihood" if family == "beta-binomial" else kind]
    rng = np.random.default_rng([seed, clusters, periods, size, int(dispersion or 0)])
    y, n, slope = draw(clusters, periods, size, dispersion, tables, rng)
    options = {"family": family, "interval": interval}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", CountyLinesWarning)
        if not clusters:
            found = trend_regression(y[:, 0], n[:, 0], dim=1, **options)
            low, high = found.low, found.high
        else:
            ends = [one(y[i], n[i], interval, options) for i in range(tables)]
            low, high = np.array(ends).T
    truth = np.exp(slope)
    below, above = np.mean(high < truth), np.mean(low > truth)
    return {
        "clusters": clusters,
        "periods": periods,
        "size": size,
        "dispersion": dispersion,
        "family": family,
        "method": interval,
        "coverage": float(1 - below - above),
        "below": float(below),
        "above": float(above),
    }


def one(y, n, interval, options):
    if interval == "profile":
        times = np.tile(np.arange(y.shape[1]), len(y))
        found = trend_regression(y.ravel(), n.ravel(), time=times, **options)
    else:
        found = trend_regression(y, n, cluster=0, **options, replicates=999, rng=1)
    return found.low, found.high


def key(row):
    names = ("clusters", "periods", "size", "dispersion", "family", "method")
    return tuple(row[name] for name in names)


def recorded():
    rows = json.loads(RESULTS.read_text(encoding="utf-8"))["rows"]
    return {key(row): row for row in rows}


@pytest.mark.slow
@pytest.mark.parametrize("setting", SETTINGS, ids=lambda s: "-".join(map(str, s)))
def test_the_record_holds(setting):
    new, old = row_of(setting, seed=2), recorded()[setting]
    kind = "signs" if setting[5] == "sign-flip" else "clusters" if setting[0] else "alone"
    tables = TABLES["likelihood" if setting[4] == "beta-binomial" else kind]
    for name in ("below", "above"):
        middle = 0.5 * (new[name] + old[name])
        error = np.sqrt(max(middle * (1 - middle), 0.01) * 2 / tables)
        assert abs(new[name] - old[name]) < 4 * error


def test_what_the_page_says_is_what_was_recorded():
    rows = recorded()
    for n in (10, 50):
        for clusters in (5, 12, 45):
            ignored = rows[clusters, 5, n, None, "quasi-binomial", "profile"]
            cr0 = rows[clusters, 5, n, None, "quasi-binomial", "cr0"]
            cr2 = rows[clusters, 5, n, None, "quasi-binomial", "cr2"]
            assert cr2["coverage"] >= cr0["coverage"]
            assert cr2["coverage"] > 0.91
            if clusters > 5:
                assert ignored["coverage"] < cr2["coverage"] + 0.02
    for periods in (3, 5, 10):
        chance = rows[0, periods, 100, 3.0, "binomial", "profile"]
        quasi = rows[0, periods, 100, 3.0, "quasi-binomial", "profile"]
        assert chance["coverage"] < 0.8 < 0.9 < quasi["coverage"]


def record():
    rows = [row_of(setting, seed=1) for setting in SETTINGS]
    content = {"level": LEVEL, "tables": TABLES, "rows": rows}
    RESULTS.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    record()
