"""Decay with distance: a known decay, what cancels, variances, verdicts, errors."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm

from countylines.errors import DegenerateDataWarning, InputError
from countylines.localisation import LineFlows, distance_decay

PLACES = np.array([[0, 0], [40, 10], [90, 30], [10, 70], [60, 80], [100, 90.0]])
APART = np.sqrt(np.square(PLACES[:, None] - PLACES).sum(axis=2))
YEARS = [2021, 2022, 2024]


def counts(lines=400.0, seed=1):
    rng = np.random.default_rng(seed)
    decay = 0.02 + 0.004 * (np.array(YEARS) - 2022)
    effect = rng.normal(0, 0.4, (3, 6, 1)) + rng.normal(0, 0.4, (3, 1, 6))
    mean = np.exp(effect - decay[:, None, None] * APART)
    return rng.poisson(mean * lines / mean.sum(axis=(1, 2), keepdims=True))


@pytest.fixture
def flows():
    return LineFlows(counts(), periods=YEARS)


def test_a_known_decay_from_many_lines():
    found = distance_decay(LineFlows(counts(4e7), periods=YEARS), APART)
    np.testing.assert_allclose(found.estimate["trend"], 0.004, rtol=2e-3)
    lines = counts(4e7) * ~np.eye(6, dtype=bool)
    centre = np.average(YEARS, weights=lines.sum(axis=(1, 2)))
    np.testing.assert_allclose(found.estimate["decay"], 0.02 + 0.004 * (centre - 2022), rtol=2e-3)


@pytest.mark.parametrize("form", ["exponential", "power"])
def test_against_dummies_in_statsmodels(flows, form):
    table = flows.to_xarray().to_series().rename("lines").reset_index()
    table = table[table["origin"] != table["destination"]]
    reach = APART[table["origin"], table["destination"]]
    reach = np.log(reach) if form == "power" else reach
    time = table["period"] - np.average(table["period"], weights=table["lines"])
    keys = [
        table["period"].astype(str) + "-" + table[end].astype(str) for end in table.columns[1:3]
    ]
    dummies = [pd.get_dummies(key, drop_first=i > 0, dtype=float) for i, key in enumerate(keys)]
    first = dummies[0].to_numpy()
    design = np.c_[-reach, -reach * time, first, dummies[1].to_numpy()]
    design = design[:, np.sort(np.unique(_independent(design)))]
    model = sm.GLM(table["lines"], design, family=sm.families.Poisson()).fit(tol=1e-13)
    found = distance_decay(flows, APART, form=form, variance="poisson")
    np.testing.assert_allclose(found.estimate, model.params.iloc[:2], rtol=1e-6)
    np.testing.assert_allclose(found.standard_error, model.bse.iloc[:2], rtol=1e-5)


def _independent(design):
    kept = []
    for column in range(design.shape[1]):
        if np.linalg.matrix_rank(design[:, [*kept, column]]) > len(kept):
            kept.append(column)
    return kept


def test_the_diagonal_and_the_size_of_areas_cancel(flows):
    table = flows.to_xarray()
    local = table.copy(data=table.values + 1000 * np.eye(6, dtype=int))
    one, two = distance_decay(flows, APART), distance_decay(LineFlows(local), APART)
    np.testing.assert_allclose(one.estimate, two.estimate, rtol=1e-12)
    scaled = distance_decay(flows, APART * 10)
    np.testing.assert_allclose(scaled.estimate, one.estimate / 10, rtol=1e-8)
    doubled = distance_decay(flows, APART, times=2 * (np.array(YEARS) - 2000))
    assert doubled.estimate["trend"] == pytest.approx(one.estimate["trend"] / 2, rel=1e-8)


def test_limits_are_where_the_test_turns(flows):
    for variance in ("robust", "dispersion", "poisson"):
        found = distance_decay(flows, APART, variance=variance, level=0.9)
        tested = found.test(null=float(found.low["trend"]))
        assert tested.pvalue["trend"] == pytest.approx(0.1, rel=1e-8)
    upper = distance_decay(flows, APART, alternative="greater", level=0.95)
    both = distance_decay(flows, APART, level=0.9)
    np.testing.assert_allclose(upper.low, both.low)
    assert (upper.high == np.inf).all()
    below = distance_decay(flows, APART, alternative="less", level=0.95)
    np.testing.assert_allclose(below.high, both.high)


def test_without_a_trend_one_period_will_do(flows):
    found = distance_decay(flows.together(), APART, trend=False)
    assert list(found.estimate.index) == ["decay"]
    with pytest.raises(InputError, match="`flows` must be of at least two periods"):
        distance_decay(flows.together(), APART)


def test_named_periods_are_counted_and_said():
    named = LineFlows(counts(), periods=["first", "second", "third"])
    found = distance_decay(named, APART)
    assert "times" in [note.code for note in found.notes]
    plain = distance_decay(LineFlows(counts()), APART)
    np.testing.assert_allclose(found.estimate, plain.estimate)


@pytest.mark.parametrize(
    "table",
    [
        np.diag([5, 4, 3, 2, 1, 1]),  # no external line
        10 * (np.abs(np.subtract.outer(range(6), range(6))) == 1),
    ],
    ids=["internal only", "always the nearest"],
)
def test_what_is_not_identified_is_said(table):
    apart = 1.0 * np.abs(np.subtract.outer(range(6), range(6)))
    with pytest.warns(DegenerateDataWarning):
        found = distance_decay(LineFlows(table), apart, trend=False)
    assert found.verdict["decay"].code == "not-identified"
    assert np.isnan(found.estimate["decay"])
    assert (found.low["decay"], found.high["decay"]) == (-np.inf, np.inf)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"form": "linear"}, "`form` must be one of"),
        ({"variance": "hc3"}, "`variance` must be one of"),
        ({"trend": 1}, "`trend` must be True or False"),
        ({"times": [1, 2]}, "`times` must be one number for each of the 3 periods"),
        ({"times": YEARS, "trend": False}, "`times` must be None with trend=False"),
        ({"times": [1, 1, 1]}, "`times` must be of at least two values"),
        ({"times": [1, 2, np.nan]}, "`times` must be finite"),
        ({"level": 95}, "`level` must be a share"),
        ({"null": "none"}, "`null` must be a single number"),
        ({"alternative": "both"}, "`alternative` must be one of"),
    ],
)
def test_bad_options(flows, options, message):
    with pytest.raises(InputError, match=message):
        distance_decay(flows, APART, **options)


def test_bad_flows():
    with pytest.raises(InputError, match="`flows` must be a LineFlows"):
        distance_decay([[1, 2], [3, 4]], APART)
