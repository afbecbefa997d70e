"""Adjusted ratios: references, statsmodels, ends, marginal shares, clusters, errors."""

from __future__ import annotations

import json
import pickle
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.linalg import fractional_matrix_power
from scipy.special import expit

from countylines.disproportionality import adjusted_ratio, odds_ratio, rate_ratio
from countylines.errors import (
    DegenerateDataWarning,
    InputError,
    InputTypeError,
    SparseDataWarning,
)
from countylines.localisation import trend_regression

CASES = json.loads((Path(__file__).parents[1] / "reference" / "adjusted_ratio.json").read_text())[
    "cases"
]


def strata(case):
    given = case["inputs"]
    k = len(given["x1"])
    return pd.DataFrame(
        {
            "group": ["a"] * k + ["b"] * k,
            "stratum": [f"s{j}" for j in range(k)] * 2,
            "count": given["x1"] + given["x2"],
            "exposure": given["e1"] + given["e2"],
        }
    )


RATE = {"count": "count", "exposure": "exposure", "group": "group", "reference": "b"}
SHARE = {"count": "count", "total": "total", "group": "group", "reference": "b"}


def made_up(seed=1, areas=8, groups=("a", "b")):
    rng = np.random.default_rng(seed)
    rows = pd.MultiIndex.from_product([groups, range(areas)], names=["group", "area"]).to_frame()
    rows = rows.reset_index(drop=True)
    rows["total"] = rng.integers(20, 90, len(rows))
    rows["age"] = rng.normal(30, 5, len(rows))
    rows["count"] = rng.binomial(
        rows["total"], expit(-0.5 + 0.6 * (rows["group"] == "a") + 0.3 * (rows["area"] % 3))
    )
    rows["exposure"] = rows["total"].astype(float)
    return rows


@pytest.mark.reference
@pytest.mark.parametrize("case", CASES, ids=lambda c: c["id"])
def test_reference(case):
    table, expected, rtol = strata(case), case["expected"], case["tolerance"]["rtol"]
    found = adjusted_ratio(table, **RATE, adjust=["stratum"], family="poisson", interval="wald")
    assert found.estimate == pytest.approx(expected["rate_ratio"], rel=rtol)
    assert found.standard_error / found.estimate == pytest.approx(expected["se"], rel=rtol)
    assert found.dispersion == pytest.approx(expected["quasi_dispersion"], rel=rtol)
    quasi = adjusted_ratio(table, **RATE, adjust=["stratum"], interval="wald")
    assert quasi.df == expected["df"]
    wanted = expected["se"] * np.sqrt(expected["quasi_dispersion"])
    assert quasi.standard_error / quasi.estimate == pytest.approx(wanted, rel=rtol)


@pytest.mark.parametrize("kind", ["rate", "share"])
def test_against_statsmodels(kind):
    sm = pytest.importorskip("statsmodels.api")
    table = made_up()
    x = np.column_stack([np.ones(16), table["group"] == "a", table["age"] - table["age"].mean()])
    if kind == "rate":
        family, options = sm.families.Poisson(), RATE
        peer = sm.GLM(table["count"], x, family=family, offset=np.log(table["exposure"]))
    else:
        family, options = sm.families.Binomial(), SHARE
        y = np.column_stack([table["count"], table["total"] - table["count"]])
        peer = sm.GLM(y, x, family=family)
    fitted = peer.fit(tol=1e-14)
    names = {"rate": "poisson", "share": "binomial"}
    found = adjusted_ratio(table, **options, adjust=["age"], family=names[kind], interval="wald")
    assert found.coefficients["coefficient"].to_numpy() == pytest.approx(
        np.asarray(fitted.params), rel=1e-8
    )
    assert found.coefficients["standard_error"].to_numpy() == pytest.approx(
        np.asarray(fitted.bse), rel=1e-6
    )
    low, high = np.exp(np.asarray(fitted.conf_int())[1])
    assert (found.low, found.high) == pytest.approx((low, high), rel=1e-6)


def test_without_adjusters_it_is_the_ratio_of_two_groups():
    table = pd.DataFrame(
        {"group": ["a", "b"], "count": [12, 30], "exposure": [4e4, 9e5], "total": [40, 300]}
    )
    rates = adjusted_ratio(table, **RATE, family="poisson")
    plain = rate_ratio(12, 4e4, 30, 9e5, method="profile")
    assert rates.estimate == pytest.approx(plain.estimate, rel=1e-10)
    assert (rates.low, rates.high) == pytest.approx((plain.low, plain.high), rel=1e-8)
    odds = adjusted_ratio(table, **SHARE, family="binomial", interval="wald")
    plain = odds_ratio(12, 40, 30, 300, method="woolf")
    assert (odds.low, odds.high) == pytest.approx((plain.low, plain.high), rel=1e-8)
    assert odds.marginal.estimate == pytest.approx((12 / 40) / (30 / 300), rel=1e-10)


def test_a_stratum_is_the_same_as_in_a_trend_of_two_groups():
    table = made_up()
    found = adjusted_ratio(table.astype({"area": str}), **SHARE, adjust=["area"])
    trend = trend_regression(
        table["count"],
        table["total"],
        time=(table["group"] == "a").astype(float),
        strata=table["area"],
    )
    assert found.estimate == pytest.approx(trend.estimate, rel=1e-9)
    assert (found.low, found.high) == pytest.approx((trend.low, trend.high), rel=1e-7)


def test_clusters_agree_with_a_trend_of_two_groups():
    table = made_up()
    found = adjusted_ratio(table, **SHARE, cluster="area")
    trend = trend_regression(
        table["count"],
        table["total"],
        time=(table["group"] == "a").astype(float),
        cluster=table["area"],
    )
    assert (found.low, found.high) == pytest.approx((trend.low, trend.high), rel=1e-9)
    assert found.df == pytest.approx(trend.df)
    assert found.clusters == 8


@pytest.mark.parametrize("interval", ["cr0", "cr1", "cr2", "cr3"])
def test_every_error_is_of_the_kind_asked_for(interval):
    table = made_up()
    found = adjusted_ratio(table, **SHARE, cluster="area", interval=interval)
    errors = found.coefficients["standard_error"]
    assert errors["group[a]"] == pytest.approx(found.standard_error / found.estimate, rel=1e-12)
    swapped = adjusted_ratio(
        table, **{**SHARE, "reference": "a"}, cluster="area", interval=interval
    )
    reverse = swapped.coefficients["standard_error"]
    assert reverse["group[b]"] == pytest.approx(errors["group[a]"], rel=1e-9)
    assert swapped.marginal.low == pytest.approx(1 / found.marginal.high, rel=1e-9)
    # the sandwich put together from the residuals of clusters, by hand
    x = np.column_stack([np.ones(16), table["group"] == "a"]).astype(float)
    n, y = table["total"].to_numpy(), table["count"].to_numpy()
    p = expit(x @ found.coefficients["coefficient"].to_numpy())
    parts = [
        (x[i].T * (n * p * (1 - p))[i] @ x[i], x[i].T @ (y - n * p)[i])
        for i in (table["area"].to_numpy() == a for a in range(8))
    ]
    bread = np.linalg.inv(sum(a for a, _ in parts))
    power = {"cr0": 0, "cr1": 0, "cr2": -0.5, "cr3": -1}[interval]
    scores = [fractional_matrix_power(np.eye(2) - a @ bread, power) @ s for a, s in parts]
    covariance = bread @ sum(np.outer(s, s) for s in scores) @ bread
    covariance *= 8 / 7 * 15 / 14 if interval == "cr1" else 1
    assert errors.to_numpy() == pytest.approx(np.sqrt(np.diag(covariance)), rel=1e-9)
    one, other = p[0], p[-1]
    slope = np.array([other - one, 1 - one])  # of the log of the ratio of shares
    error = np.sqrt(slope @ covariance @ slope)
    marginal = found.marginal.standard_error / found.marginal.estimate
    assert marginal == pytest.approx(error, rel=1e-9)


@pytest.mark.parametrize("interval", ["cr0", "cr1", "cr2", "cr3"])
def test_one_cluster_on_a_side_has_no_error(interval):
    table = made_up()
    table["force"] = np.where(table["group"] == "a", "only", table["area"].astype(str))
    with pytest.warns(DegenerateDataWarning, match="rests on one cluster on a side for a"):
        found = adjusted_ratio(table, **SHARE, cluster="force", interval=interval)
    assert (found.low, found.high, found.pvalue, found.df) == (0, np.inf, 1, 0)
    assert np.isnan(found.standard_error)
    assert (found.marginal.low, found.marginal.high) == (0, np.inf)
    errors = found.coefficients["standard_error"]
    assert np.isfinite(errors["intercept"])
    assert np.isnan(errors["group[a]"])


def test_few_clusters_are_said():
    table = made_up(areas=3)
    with pytest.warns(SparseDataWarning, match="3 clusters leave 1.9 degrees of freedom"):
        found = adjusted_ratio(table, **SHARE, cluster="area")
    assert any(n.code == "few-clusters" for n in found.notes)


@pytest.mark.parametrize("cluster", [None, "area"])
def test_terms_without_end_are_not_numbers(cluster):
    table = made_up(groups=("a", "b", "c"))
    table.loc[table["group"] == "c", "count"] = 0
    with pytest.warns(DegenerateDataWarning, match="infinite, 0 or not identified for c"):
        found = adjusted_ratio(table, **SHARE, cluster=cluster)
    assert found.coefficients.loc["group[c]", "coefficient"] == -np.inf
    assert np.isnan(found.coefficients.loc["group[c]", "standard_error"])
    assert np.isfinite(found.coefficients.loc[["intercept", "group[a]"]]).all(axis=None)
    assert np.isnan(found.marginal.estimate["c"])
    assert [v.code for v in found.marginal.verdict] == ["ok", "separated"]


def test_adjusters_that_others_determine_change_nothing():
    table = made_up().astype({"area": str})
    table["region"] = table["area"].str.replace("[0-3]", "north", regex=True)
    table["region"] = table["region"].str.replace("[4-7]", "south", regex=True)
    table["one"] = 3.0
    plain = adjusted_ratio(table, **SHARE, adjust=["area"])
    for extra, lost in ((["area", "area"], 0), (["area", "region"], 1), (["one", "area"], 1)):
        found = adjusted_ratio(table, **SHARE, adjust=extra)
        assert found.df == plain.df == 7
        assert (found.low, found.high) == pytest.approx((plain.low, plain.high), rel=1e-9)
        assert found.coefficients["coefficient"].isna().sum() == lost
    assert plain.coefficients.notna().all(axis=None)


@pytest.mark.parametrize("options", [{}, {"interval": "wald"}, {"cluster": "force"}])
def test_a_group_that_is_nowhere_compared_leaves_the_others_alone(options):
    table = made_up(groups=("a", "b", "c")).astype({"area": str})
    table = table[(table["group"] != "c") | (table["area"] == "7")]
    table.loc[table["area"] == "7", "count"] = 0
    table["force"] = table["area"]
    with pytest.warns(DegenerateDataWarning, match="not identified for c"):
        found = adjusted_ratio(table, **SHARE, adjust=["area"], **options)
    others = table[(table["group"] != "c") & (table["area"] != "7")]
    alone = adjusted_ratio(others, **SHARE, adjust=["area"], **options)
    assert found.low["a"] == pytest.approx(alone.low, rel=1e-8)
    assert found.df["a"] == pytest.approx(alone.df, rel=1e-8)


def test_swapping_groups_inverts_the_ratio():
    table = made_up().astype({"area": str})
    found = adjusted_ratio(table, **SHARE, adjust=["area", "age"])
    other = adjusted_ratio(table, **{**SHARE, "reference": "a"}, adjust=["area", "age"])
    assert other.estimate == pytest.approx(1 / found.estimate, rel=1e-9)
    assert (other.low, other.high) == pytest.approx((1 / found.high, 1 / found.low), rel=1e-7)
    assert other.marginal.low == pytest.approx(1 / found.marginal.high, rel=1e-7)


def test_marginal_shares_by_hand_and_their_error_by_small_changes():
    table = made_up()
    found = adjusted_ratio(table, **SHARE, adjust=["age"], family="binomial", interval="wald")
    coef = found.coefficients["coefficient"].to_numpy()
    age = (table["age"] - table["age"].mean()).to_numpy()
    weight = (table["total"] / table["total"].sum()).to_numpy()

    def log_ratio(at):
        one, other = (weight @ expit(at[0] + g * at[1] + age * at[2]) for g in (1, 0))
        return np.log(one / other)

    assert np.log(found.marginal.estimate) == pytest.approx(log_ratio(coef), rel=1e-9)
    x = np.column_stack([np.ones(16), table["group"] == "a", age]).astype(float)
    p = expit(x @ coef)
    covariance = np.linalg.inv((x * (table["total"].to_numpy() * p * (1 - p))[:, None]).T @ x)
    step = 1e-6 * np.eye(3)
    slope = np.array([(log_ratio(coef + s) - log_ratio(coef - s)) / 2e-6 for s in step])
    error = np.sqrt(slope @ covariance @ slope)
    assert found.marginal.standard_error / found.marginal.estimate == pytest.approx(error, rel=1e-6)


def test_an_odds_ratio_moves_where_a_rate_ratio_does_not():
    # Two strata of equal size and mix, odds ratio 4 in each: the marginal one is nearer to 1.
    table = pd.DataFrame(
        {
            "group": ["a", "b"] * 2,
            "stratum": ["x", "x", "y", "y"],
            "count": [800, 500, 500, 200],
            "total": [1000] * 4,
        }
    )
    within = adjusted_ratio(table, **SHARE, adjust=["stratum"], family="binomial")
    crude = adjusted_ratio(table, **SHARE, family="binomial")
    assert within.estimate == pytest.approx(4, rel=1e-10)
    assert crude.estimate == pytest.approx((1300 / 700) / (700 / 1300), rel=1e-10)
    assert within.marginal.estimate == pytest.approx(1300 / 700, rel=1e-10)
    assert any(n.code == "collapsible" for n in within.notes)


def test_several_groups():
    table = made_up(groups=("a", "b", "c"))
    found = adjusted_ratio(table, **SHARE, adjust=["age"])
    assert list(found.estimate.index) == ["a", "c"]
    assert (found.low < found.estimate).all()
    assert list(found.marginal.low.index) == ["a", "c"]
    assert pickle.loads(pickle.dumps(found)).identical(found)
    assert found.test(null=found.low["c"]).pvalue["c"] == pytest.approx(0.05, rel=1e-6)


def test_rates_with_dispersion():
    table = made_up()
    table["count"] = np.random.default_rng(2).negative_binomial(2, 0.1, 16)
    found = adjusted_ratio(table, **RATE, family="negative-binomial")
    plain = adjusted_ratio(table, **RATE, family="poisson")
    assert found.dispersion > 0.1
    assert found.low < plain.low
    assert found.high > plain.high


def test_ends():
    table = pd.DataFrame({"group": ["a", "b"], "count": [7, 0], "exposure": [10.0, 20.0]})
    with pytest.warns(DegenerateDataWarning, match="infinite, 0 or not identified for a"):
        found = adjusted_ratio(table, **RATE, family="poisson")
    assert found.estimate == np.inf
    assert found.verdict.code == "separated"
    share = 10 * found.low / (10 * found.low + 20)  # of a in all seven events, at the limit
    assert -14 * np.log(share) == pytest.approx(1.959963984540054**2, rel=1e-8)
    with pytest.warns(DegenerateDataWarning):
        other = adjusted_ratio(table, **{**RATE, "reference": "a"}, family="poisson")
    assert other.estimate == 0
    assert other.high == pytest.approx(1 / found.low, rel=1e-8)
    table["area"] = ["x", "y"]
    with pytest.warns(DegenerateDataWarning):
        none = adjusted_ratio(table.assign(count=[3, 4]), **RATE, adjust=["area"], family="poisson")
    assert none.verdict.code == "not-identified"
    assert np.isnan(none.estimate)


def test_no_degree_of_freedom():
    table = pd.DataFrame({"group": ["a", "b"], "count": [7, 9], "exposure": [10.0, 20.0]})
    with pytest.warns(DegenerateDataWarning, match="No degree of freedom"):
        found = adjusted_ratio(table, **RATE)
    assert (found.low, found.high, found.pvalue) == (0, np.inf, 1)


TABLE = made_up()


@pytest.mark.parametrize(
    ("table", "options", "error", "message"),
    [
        ([1, 2], {}, InputTypeError, "`data` must be a pandas DataFrame"),
        (TABLE, {"count": "events"}, InputError, "`count` must be a column"),
        (TABLE, {"adjust": ["sex"]}, InputError, "`adjust` must be a column"),
        (TABLE, {"adjust": "area"}, InputTypeError, "a list of column names"),
        (TABLE, {"total": "total"}, InputError, "got both"),
        (TABLE, {"exposure": None}, InputError, "got neither"),
        (TABLE, {"reference": "z"}, InputError, "`reference` must be a label"),
        (TABLE[TABLE["group"] == "b"], {}, InputError, "at least two groups"),
        (TABLE.assign(count=-1), {}, InputError, "cannot be negative"),
        (TABLE.assign(count=0), {}, InputError, "above 0 somewhere"),
        (TABLE.assign(exposure=0.0), {}, InputError, "finite and above 0"),
        (TABLE.assign(age=np.nan), {"adjust": ["age"]}, InputError, "16 in 'age'"),
        (TABLE.assign(age=np.inf), {"adjust": ["age"]}, InputError, "must be finite"),
        (TABLE, {"family": "binomial"}, InputError, "`family` must be one of"),
        (TABLE, {"interval": "cr2"}, InputError, "`interval` must be 'profile'"),
        (TABLE, {"interval": "wald", "cluster": "area"}, InputError, "`interval` must be"),
        (TABLE.assign(area=1), {"cluster": "area"}, InputError, "at least two clusters"),
        (
            TABLE,
            {"family": "negative-binomial", "cluster": "area"},
            InputError,
            "`cluster` must be None",
        ),
        (TABLE, {"null": -1}, InputError, "`null` must be"),
        (TABLE.iloc[:0], {}, InputError, "`data` must be non-empty"),
        (
            pd.concat([TABLE, TABLE[["count"]]], axis=1),
            {},
            InputError,
            "columns with different names, got two of 'count'",
        ),
    ],
)
def test_bad_input(table, options, error, message):
    with pytest.raises(error, match=message):
        adjusted_ratio(table, **{**RATE, **options})
