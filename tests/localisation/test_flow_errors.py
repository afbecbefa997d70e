"""Errors of flows by independent routes: a sandwich by hand, ranks of distances, the bootstrap."""

from __future__ import annotations

import sys
from contextlib import nullcontext

import numpy as np
import pytest
import statsmodels.api as sm
from scipy.stats import binom

from countylines import resampling
from countylines.errors import SparseDataWarning
from countylines.localisation import (
    LineFlows,
    distance_decay,
    expected_internal_share,
    flow_trend,
)

PLACES = np.array([[0, 0], [40, 10], [90, 30], [10, 70], [60, 80]])
APART = np.sqrt(np.square(PLACES[:, None] - PLACES).sum(axis=2))
YEARS = [2021, 2022, 2024]


def counts(seed=1, lines=60.0):
    rng = np.random.default_rng(seed)
    effect = rng.normal(0, 0.4, (3, 5, 1)) + rng.normal(0, 0.4, (3, 1, 5))
    mean = np.exp(effect - 0.02 * APART)
    return rng.poisson(mean * lines / mean.sum(axis=(1, 2), keepdims=True))


def test_robust_errors_are_those_of_the_sandwich_by_hand():
    """Dummies for both ends, leverage by the whole design, pairs both ways as clusters."""
    flows = LineFlows(counts(), periods=YEARS)
    table = flows.to_xarray().to_series().rename("lines").reset_index()
    table = table[table["origin"] != table["destination"]]
    y = table["lines"].to_numpy(float)
    reach = APART[table["origin"], table["destination"]]
    time = table["period"] - np.average(table["period"], weights=table["lines"])
    asked = np.c_[-reach, -reach * time]
    effects = []
    for end in ("origin", "destination"):
        key = table["period"].astype(str) + "-" + table[end].astype(str)
        effects += [(key == value).to_numpy(float) for value in sorted(set(key))]
    effects = np.array(effects).T
    kept = []
    for column in range(effects.shape[1]):
        if np.linalg.matrix_rank(effects[:, [*kept, column]]) > len(kept):
            kept.append(column)
    effects = effects[:, kept]
    whole = np.c_[asked, effects]
    model = sm.GLM(y, whole, family=sm.families.Poisson()).fit(tol=1e-14)
    mean = model.fittedvalues
    inverse = np.linalg.inv(effects.T @ (effects * mean[:, None]))
    hat = np.linalg.inv(whole.T @ (whole * mean[:, None]))
    leverage = mean * np.einsum("ij,jk,ik->i", whole, hat, whole)
    left = asked - effects @ inverse @ (effects.T @ (asked * mean[:, None]))
    information = left.T @ (left * mean[:, None])
    score = left * ((y - mean) / np.sqrt(1 - leverage))[:, None]
    pairs = [tuple(sorted(p)) for p in zip(table["origin"], table["destination"], strict=True)]
    names = sorted(set(pairs))
    sums = np.array([score[[p == name for p in pairs]].sum(axis=0) for name in names])
    middle = sums.T @ sums * len(names) / (len(names) - 1)
    covariance = np.linalg.inv(information) @ middle @ np.linalg.inv(information)
    found = distance_decay(flows, APART)
    np.testing.assert_allclose(found.standard_error, np.sqrt(np.diag(covariance)), rtol=1e-6)


@pytest.mark.parametrize("lines", [6, 20, 21, 45])
def test_limits_of_a_median_are_the_ranks_of_the_sign_test(lines):
    """As many areas as it takes for every line to run a distance of its own."""
    size = 12
    apart = np.zeros((size, size))
    upper = np.triu_indices(size, 1)
    apart[upper] = np.random.default_rng(3).permutation(len(upper[0])) + 10.0
    apart += apart.T
    table = np.zeros((size, size), dtype=int)
    table[upper[0][:lines], upper[1][:lines]] = 1
    runs = np.sort(apart[upper[0][:lines], upper[1][:lines]])
    with pytest.warns(SparseDataWarning) if lines < 30 else nullcontext():
        found = LineFlows(table).median_distance(apart, include_internal=False)
    k = max(j for j in range(-1, lines) if binom.cdf(j, lines, 0.5) <= 0.025)
    assert found.estimate == np.median(runs)
    assert (found.low, found.high) == (runs[k], runs[lines - 1 - k])


def test_trends_have_the_limits_of_the_basic_bootstrap(monkeypatch):
    seen = {}
    limits = resampling.interval

    def record(drawn, statistic, **options):
        seen.update(drawn=drawn, statistic=statistic)
        return limits(drawn, statistic, **options)

    monkeypatch.setattr(resampling, "interval", record)
    found = flow_trend(LineFlows(counts(), periods=YEARS), "gini", rng=1).effect
    low, high = np.quantile(seen["drawn"], [0.025, 0.975])
    skew = abs((high + low) / 2 - seen["statistic"])
    assert skew > 1e-3 * (high - low)  # else percentile limits would do as well
    tolerance = 0.02 * (high - low)  # quantiles of replicates are defined in several ways
    assert found.low == pytest.approx(2 * seen["statistic"] - high, abs=tolerance)
    assert found.high == pytest.approx(2 * seen["statistic"] - low, abs=tolerance)


def test_the_error_of_the_decay_has_one_degree_less_than_destinations(monkeypatch):
    module = sys.modules["countylines.localisation.expected_internal_share"]
    asked = []
    real = module.stdtrit

    def record(freedom, probability):
        asked.append(freedom)
        return real(freedom, probability)

    monkeypatch.setattr(module, "stdtrit", record)
    rng = np.random.default_rng(2)
    places = rng.uniform(0, 200, (20, 2))
    apart = np.sqrt(np.square(places[:, None] - places).sum(axis=2))
    people = np.full(20, 1e6)
    weight = np.exp(-0.02 * (apart + np.diag(np.full(20, 14.0))))
    flows = LineFlows(np.array([rng.multinomial(200, w / w.sum()) for w in weight]))
    expected_internal_share(
        flows, apart, population=people, intrazonal=np.full(20, 14.0), rng=1, draws=100
    )
    assert asked == [19]
