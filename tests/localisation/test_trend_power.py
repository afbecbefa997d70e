"""Power of the trend test: a reference, simulation, the smallest trend put back, errors."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from scipy.special import expit, logit

from countylines.errors import InputError, SparseDataWarning
from countylines.localisation import cochran_armitage, trend_power, trend_regression

CASE = next(
    case
    for case in json.loads(
        (Path(__file__).parents[1] / "reference" / "trend_regression.json").read_text()
    )["cases"]
    if case["family"] == "ca_power"
)


@pytest.mark.reference
def test_reference_exact_size():
    given = CASE["inputs"]
    found = trend_power(given["totals"], 0.2, 1.0, method="exact", alternative="greater")
    assert found["power"][0] == pytest.approx(
        CASE["expected"]["power"], rel=CASE["tolerance"]["rtol"]
    )


def shares(share, ratio, periods):
    return expit(logit(share) + np.log(ratio) * np.arange(periods))


def test_exact_power_by_tests_of_random_tables():
    n = np.array([12, 15, 10])
    exact = trend_power(n, 0.2, 2.0, method="exact")["power"][0]
    y = np.random.default_rng(1).binomial(n, shares(0.2, 2.0, 3), (20_000, 3))
    with pytest.warns(SparseDataWarning):
        found = cochran_armitage(y, np.broadcast_to(n, y.shape), dim=1).pvalue
    assert np.mean(found < 0.05) == pytest.approx(exact, abs=4 * np.sqrt(0.25 / 20_000))


def test_the_normal_law_is_near_the_exact_one():
    for ratio in (0.6, 1.0, 1.5):
        pair = [
            trend_power([80] * 3, 0.4, ratio, method=m)["power"][0] for m in ("normal", "exact")
        ]
        assert pair[0] == pytest.approx(pair[1], abs=0.01)


def test_power_with_dispersion_by_simulation():
    size, dispersion, ratio = 80, 3.0, 1.25
    expected = trend_power([size] * 8, 0.2, ratio, dispersion=dispersion)["power"][0]
    rng = np.random.default_rng(3)
    p = shares(0.2, ratio, 8)
    worth = (size - 1) / (dispersion - 1) - 1
    y = rng.binomial(size, rng.beta(p * worth, (1 - p) * worth, (4000, 8)))
    found = trend_regression(y, size, dim=1, interval="wald", dispersion_floor=0)
    assert 0.3 < expected < 0.95
    assert np.mean(found.pvalue < 0.05) == pytest.approx(expected, abs=0.04)


def test_what_is_smallest_and_what_is_needed_have_the_power_wanted():
    for options in ({}, {"dispersion": 2.5}, {"clusters": 12, "rho": 0.05}):
        plan = trend_power([90] * 5, 0.4, 1.3, **options, wanted=0.9)
        for name in ("smallest_rise", "smallest_fall"):
            again = trend_power([90] * 5, 0.4, plan[name][0], **options)
            assert again["power"][0] == pytest.approx(0.9, rel=1e-8)
    plan = trend_power([60_000] * 5, 0.2, 1.01)
    more = np.round(60_000 * plan["times_as_many"][0])
    again = trend_power([more] * 5, 0.2, 1.01)
    assert again["power"][0] == pytest.approx(0.8, abs=1e-4)


def test_mirrored_shares_and_scores_are_the_same_plan():
    n = [40, 50, 60]
    first = trend_power(n, 0.3, 1.4, time=[2019, 2021, 2022])["power"][0]
    last = expit(logit(0.3) + 3 * np.log(1.4))
    again = trend_power(n[::-1], last, 1 / 1.4, time=[0, 1, 3])["power"][0]
    assert again == pytest.approx(first, rel=1e-10)
    other = trend_power(n, 0.7, 1 / 1.4, time=[2019, 2021, 2022])["power"][0]
    assert other == pytest.approx(first, rel=1e-10)


def test_power_falls_with_dispersion_and_correlation():
    alone = trend_power([60] * 6, 0.2, 1.3)["power"][0]
    spread = trend_power([60] * 6, 0.2, 1.3, dispersion=2)["power"][0]
    forces = trend_power([60] * 6, 0.2, 1.3, clusters=10, rho=0.2)["power"][0]
    assert max(spread, forces) < alone
    one_sided = trend_power([60] * 6, 0.2, 1.3, alternative="less")
    assert one_sided["power"][0] < 0.01
    assert np.isnan(one_sided["smallest_rise"][0])
    assert one_sided["smallest_fall"][0] < 1


def test_too_few_cases_see_no_trend():
    found = trend_power([2, 2], 0.5, 5.0)
    assert found["smallest_rise"][0] == np.inf
    assert found["smallest_fall"][0] == 0


@pytest.mark.parametrize(
    ("arguments", "options", "message"),
    [
        (([10], 0.2, 1.5), {}, "`total` must be one number for each of two periods"),
        (([10, 0], 0.2, 1.5), {}, "`total` must be finite and above 0"),
        (([10, 9.5], 0.2, 1.5), {}, "whole number"),
        (([10, 10], 1.0, 1.5), {}, "`share` must be"),
        (([10, 10], 0.2, 0), {}, "`odds_ratio` must be"),
        (([10, 10], 0.2, [[1.5]]), {}, "`odds_ratio` must be a number or a list"),
        (([10, 10], 0.2, 1.5), {"time": [1, 1]}, "`time` must be 2 increasing"),
        (([10, 10], 0.2, 1.5), {"dispersion": 0.5}, "`dispersion` must be"),
        (([10, 10], 0.2, 1.5), {"dispersion": 2}, "two periods, which cannot show it"),
        (([10, 10], 0.2, 1.5), {"rho": 0.1}, "`clusters` must be given"),
        (([10, 10], 0.2, 1.5), {"rho": 2, "clusters": 3}, "`rho` must be"),
        (([10, 10], 0.2, 1.5), {"clusters": 1}, "`clusters` must be"),
        (([10, 10], 0.2, 1.5), {"method": "exact", "clusters": 3}, "`method` must be 'normal'"),
        (([2000, 2000], 0.2, 1.5), {"method": "exact"}, "more than 2,000,000 tables"),
        (([10, 10], 0.2, 1.5), {"wanted": 1}, "`wanted` must be"),
        (([10, 10], 0.2, 1.5), {"method": "x"}, "`method` must be one of"),
    ],
)
def test_bad_input(arguments, options, message):
    with pytest.raises(InputError, match=message):
        trend_power(*arguments, **options)
