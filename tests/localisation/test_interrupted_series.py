"""Interrupted series: references, shapes put in and found, errors by lags, bad input."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import minimize
from scipy.special import chdtrc, chdtri, expit

from countylines._kernels.newey_west import newey_west
from countylines.errors import InputError, LabelMismatchError
from countylines.localisation import interrupted_series, trend_regression

CASES = {
    case["id"]: case
    for case in json.loads(
        (Path(__file__).parents[1] / "reference" / "trend_regression.json").read_text()
    )["cases"]
}


@pytest.mark.reference
def test_reference_poisson_step():
    case = CASES["its_vankilled_poisson"]
    given, expected, rtol = case["inputs"], case["expected"], case["tolerance"]["rtol"]
    found = interrupted_series(
        given["y"],
        at=given["t"][given["law"].index(1)],
        time=given["t"],
        season=given["month"],
        family="poisson",
        shape="step",
    ).loc["level change"]
    assert np.log(found["estimate"]) == pytest.approx(expected["law"], rel=rtol)
    error = found["standard_error"] / found["estimate"]
    assert error == pytest.approx(expected["law_se"], rel=rtol)
    assert found["dispersion"] == pytest.approx(expected["dispersion"], rel=rtol)


@pytest.mark.reference
def test_reference_newey_and_west():
    case = CASES["its_seatbelts"]
    given, expected, rtol = case["inputs"], case["expected"], case["tolerance"]["rtol"]
    month = np.array(given["month"])
    x = np.column_stack(
        [np.ones(192), given["law"], given["t_after"], given["t"]]
        + [month == m for m in range(2, 13)]
    ).astype(float)
    y = np.array(given["y_log"])
    bread = np.linalg.inv(x.T @ x)
    coef = bread @ x.T @ y
    wanted = [expected[name] for name in ("level", "slope_change", "slope")]
    assert coef[1:4] == pytest.approx(wanted, rel=rtol)
    covariance = newey_west((y - x @ coef)[:, None] * x, bread, case["parameters"]["lag"])
    assert np.sqrt(np.diag(covariance))[1:4] == pytest.approx(expected["se_nw"], rel=rtol)


TIME = np.arange(12.0)
TIGHT = {"xatol": 1e-10, "fatol": 1e-12, "maxiter": 4000, "maxfev": 4000}


def numbers(frame):
    return frame.drop(columns="verdict").to_numpy(float)


def shares(step, bend):
    after = TIME >= 6
    return expit(-1 + 0.05 * TIME + step * after + bend * after * (TIME - 6))


def test_shapes_that_are_put_in_come_out():
    size = np.full(12, 10_000_000)
    found = interrupted_series(np.round(size * shares(0.5, -0.1)), size, at=6)["estimate"]
    wanted = np.exp([0.05, 0.5, -0.1, -0.05])
    assert found.to_numpy() == pytest.approx(wanted, rel=1e-5)
    assert list(found.index) == ["slope before", "level change", "slope change", "slope after"]
    bend = interrupted_series(np.round(size * shares(0, -0.1)), size, at=6, shape="slope")
    assert bend["estimate"].to_numpy() == pytest.approx(np.exp([0.05, -0.1, -0.05]), rel=1e-5)


def test_origin_and_order_of_time_do_not_matter():
    y, n = np.random.default_rng(1).binomial(80, shares(0.5, 0.1)), np.full(12, 80)
    found = interrupted_series(y, n, at=6, errors="hac")
    other = interrupted_series(y[::-1], n, at=2006, time=2000 + TIME[::-1], errors="hac")
    assert numbers(other) == pytest.approx(numbers(found), rel=1e-7)


def test_each_side_alone_has_the_slope_of_its_half():
    y, n = np.random.default_rng(2).binomial(80, shares(0.5, 0.1)), np.full(12, 80)
    found = interrupted_series(y, n, at=6, family="binomial")
    for name, some in (("slope before", TIME < 6), ("slope after", TIME >= 6)):
        half = trend_regression(y[some], n[some], family="binomial", interval="wald")
        assert found.loc[name, "estimate"] == pytest.approx(half.estimate, rel=1e-8)
        assert found.loc[name, "low"] == pytest.approx(half.low, rel=1e-8)


def test_no_lags_are_white_errors_times_a_factor():
    y = np.random.default_rng(3).poisson(30, 12)
    found = interrupted_series(y, at=6, family="poisson", errors="hac", lags=0, shape="step")
    after = (TIME >= 6).astype(float)
    x = np.column_stack([np.ones(12), TIME - 6, after])
    coef = np.array([np.log(y.mean()), 0.0, 0.0])
    for _ in range(30):
        mean = np.exp(x @ coef)
        coef = coef + np.linalg.solve((x * mean[:, None]).T @ x, x.T @ (y - mean))
    mean = np.exp(x @ coef)
    bread = np.linalg.inv((x * mean[:, None]).T @ x)
    rows = (y - mean)[:, None] * x
    white = np.sqrt(np.diag(bread @ rows.T @ rows @ bread) * 12 / 9)
    errors = (found["standard_error"] / found["estimate"]).to_numpy()
    assert errors == pytest.approx(white[1:], rel=1e-8)


def test_a_step_without_end():
    y = np.array([0] * 6 + [3, 2, 4, 3, 5, 2])
    found = interrupted_series(y, at=6, family="poisson", shape="step").loc["level change"]
    assert found["estimate"] == np.inf
    assert found["verdict"] == "separated"
    assert found["high"] == np.inf
    after = (TIME >= 6).astype(float)

    def least(step):  # minus the log-likelihood with the step held, over level and slope
        def fall(at):
            linear = at[0] + at[1] * (TIME - 6) + step * after
            return np.exp(linear).sum() - y @ linear

        return minimize(fall, [0.0, 0.0], method="Nelder-Mead", options=TIGHT).fun

    best = minimize(  # the periods before are certain, and say nothing more
        lambda at: (np.exp(at[0] + at[1] * TIME[:6]) - y[6:] * (at[0] + at[1] * TIME[:6])).sum(),
        [0.0, 0.0],
        method="Nelder-Mead",
        options=TIGHT,
    ).fun
    assert 2 * (least(np.log(found["low"])) - best) == pytest.approx(chdtri(1, 0.05), rel=1e-6)
    assert found["pvalue"] == pytest.approx(chdtrc(1, 2 * (least(0.0) - best)), rel=1e-6)
    lags = interrupted_series(y, at=6, family="poisson", shape="step", errors="hac")
    lags = lags.loc["level change"]
    assert (lags["low"], lags["high"], lags["pvalue"]) == (0, np.inf, 1)


def test_reversed_counts_turn_the_end_of_a_step():
    y = np.array([0] * 6 + [3, 2, 4, 3, 5, 2])
    options = {"family": "binomial", "shape": "step"}
    found = interrupted_series(y, 9, at=6, **options).loc["level change"]
    other = interrupted_series(9 - y, 9, at=6, **options).loc["level change"]
    assert other["estimate"] == 0
    assert other["high"] == pytest.approx(1 / found["low"], rel=1e-7)
    assert other["pvalue"] == pytest.approx(found["pvalue"], rel=1e-7)


def test_a_slope_beside_a_step_without_end_is_that_of_its_half():
    y = np.array([0] * 6 + [3, 9, 4, 3, 8, 2])
    found = interrupted_series(y, 20, at=6).loc["slope after"]
    half = trend_regression(y[6:], [20] * 6, interval="wald")
    assert found["df"] == half.df == 4
    assert found["dispersion"] == pytest.approx(half.dispersion, rel=1e-8)
    for name, wanted in (("low", half.low), ("high", half.high), ("pvalue", half.pvalue)):
        assert found[name] == pytest.approx(wanted, rel=1e-7)


def test_missing_periods_are_left_out():
    y = np.random.default_rng(4).binomial(80, shares(0.5, 0.1)).astype(float)
    y[3] = np.nan
    some = np.arange(12) != 3
    found = interrupted_series(y, 80, at=6)
    other = interrupted_series(y[some], 80, at=6, time=TIME[some])
    assert numbers(found) == pytest.approx(numbers(other), rel=1e-10)


Y = [5, 6, 4, 7, 6, 9, 11, 10, 9]


@pytest.mark.parametrize(
    ("count", "options", "error", "message"),
    [
        (Y[:7], {"at": 3}, InputError, "at least 8 periods, to tell a step from a slope, got 7"),
        (Y, {"at": 2}, InputError, "`at` must be a time with at least three periods before"),
        (Y, {"at": np.nan}, InputError, "`at` must be"),
        (Y, {"at": 5, "family": "negative-binomial"}, InputError, "`family` must be one of"),
        (Y, {"at": 5, "shape": "jump"}, InputError, "`shape` must be one of"),
        (Y, {"at": 5, "errors": "white"}, InputError, "`errors` must be one of"),
        (Y, {"at": 5, "lags": 2}, InputError, "`lags` must be None unless"),
        (Y, {"at": 5, "errors": "hac", "lags": 9}, InputError, "`lags` must be a whole number"),
        (Y, {"at": 5, "season": [1, 2]}, LabelMismatchError, "`season` must be one label"),
        (Y, {"at": 5, "season": list("abcdefghi")}, InputError, "can be told apart"),
    ],
)
def test_bad_input(count, options, error, message):
    with pytest.raises(error, match=message):
        interrupted_series(count, **{"family": "quasi-poisson", **options})


def test_one_series_at_a_time():
    with pytest.raises(InputError, match="`count` must be one series, got several"):
        interrupted_series(pd.DataFrame({"a": Y, "b": Y}), at=5, family="poisson")
