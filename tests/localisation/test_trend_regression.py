"""Regression on time: references, the equations put back, separation, clusters, shapes, errors."""

from __future__ import annotations

import json
import pickle
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from scipy.optimize import brentq, minimize, minimize_scalar
from scipy.special import betaln, expit, logit

from countylines._kernels import cluster_robust, gamma_poisson, glm, two_level_regression
from countylines.errors import (
    DegenerateDataWarning,
    InputError,
    InputTypeError,
    LabelMismatchError,
    SparseDataWarning,
)
from countylines.localisation import cochran_armitage, trend_regression
from countylines.regression import RegressionEstimate

CASES = {
    case["id"]: case
    for case in json.loads(
        (Path(__file__).parents[1] / "reference" / "trend_regression.json").read_text()
    )["cases"]
}
FORCES = CASES["logit_cluster_force"]["inputs"]
CELLS = np.array(FORCES["successes"]), np.array(FORCES["totals"])
PANEL = {"time": FORCES["year"], "cluster": FORCES["force"]}


def case(name):
    found = CASES[name]
    return found["inputs"], found["expected"], found["tolerance"]["rtol"]


def codes(result):
    return {note.code for note in result.notes}


def slope(result):
    return float(np.log(result.estimate))


def slope_error(result):
    return float(result.standard_error / result.estimate)


@pytest.mark.reference
@pytest.mark.parametrize("name", ["logit_trend_cl_shift", "logit_trend_smokers"])
def test_reference_logistic(name):
    inputs, expected, rtol = case(name)
    data = inputs["successes"], inputs["totals"]
    plain = trend_regression(*data, time=inputs["scores"], family="binomial", interval="wald")
    assert slope(plain) == pytest.approx(expected["slope"], rel=rtol)
    assert slope_error(plain) == pytest.approx(expected["se"], rel=rtol)
    assert plain.pvalue == pytest.approx(expected["p_wald"], rel=rtol)
    assert plain.dispersion == pytest.approx(expected["pearson_dispersion"], rel=rtol)
    ratio = trend_regression(*data, time=inputs["scores"], family="binomial")
    assert ratio.pvalue == pytest.approx(expected["p_lr"], rel=rtol)
    quasi = trend_regression(*data, time=inputs["scores"], interval="wald", dispersion_floor=0)
    assert slope_error(quasi) == pytest.approx(expected["quasi_se"], rel=rtol)
    assert quasi.pvalue == pytest.approx(expected["p_quasi_t"], rel=rtol)


@pytest.mark.reference
@pytest.mark.parametrize("name", ["logit_profileci_cl_shift", "logit_profileci_unequal"])
def test_reference_profile(name):
    inputs, expected, rtol = case(name)
    found = trend_regression(
        inputs["successes"], inputs["totals"], time=inputs["scores"], family="binomial"
    )
    assert np.log(found.low) == pytest.approx(expected["slope_lo"], rel=rtol)
    assert np.log(found.high) == pytest.approx(expected["slope_hi"], rel=rtol)


@pytest.mark.reference
def test_reference_beta_binomial():
    inputs, expected, rtol = case("betabin_forces_years")
    found = trend_regression(
        inputs["successes"], inputs["totals"], time=inputs["year"], family="beta-binomial"
    )
    assert slope(found) == pytest.approx(expected["slope"], rel=rtol)
    assert slope_error(found) == pytest.approx(expected["slope_se"], rel=rtol)
    assert found.dispersion == pytest.approx(expected["phi"], rel=rtol)
    inputs, expected, rtol = case("betabin_orob2_seed")
    found = trend_regression(
        inputs["y"],
        inputs["n"],
        time=[1.0 if seed == "O75" else 0.0 for seed in inputs["seed"]],
        family="beta-binomial",
    )
    assert found.dispersion == pytest.approx(expected["phi"], rel=rtol)
    # Its optimiser stopped short: aod gives 0.41301, where the likelihood still rises.
    assert slope(found) == pytest.approx(expected["coef"][1], rel=1e-3)


@pytest.mark.reference
def test_reference_counts():
    inputs, expected, rtol = case("poisson_trend_discoveries")
    data, time = inputs["y"], inputs["t"]
    plain = trend_regression(data, time=time, family="poisson", interval="wald")
    assert slope(plain) == pytest.approx(expected["slope"], rel=rtol)
    assert slope_error(plain) == pytest.approx(expected["se"], rel=rtol)
    assert plain.dispersion == pytest.approx(expected["dispersion"], rel=rtol)
    quasi = trend_regression(data, time=time, family="quasi-poisson", interval="wald")
    assert slope_error(quasi) == pytest.approx(expected["quasi_se"], rel=rtol)
    mixed = trend_regression(data, time=time, family="negative-binomial")
    assert slope(mixed) == pytest.approx(expected["nb_slope"], rel=rtol)
    assert 1 / mixed.dispersion == pytest.approx(expected["nb_theta"], rel=rtol)


@pytest.mark.reference
def test_reference_counts_with_a_level_a_force():
    inputs, expected, rtol = case("count_trend_forces_offset")
    options = {"exposure": inputs["pop"], "time": inputs["t"], "strata": inputs["force"]}
    plain = trend_regression(inputs["y"], **options, family="poisson", interval="wald")
    assert slope(plain) == pytest.approx(expected["slope"], rel=rtol)
    assert slope_error(plain) == pytest.approx(expected["se"], rel=rtol)
    assert plain.dispersion == pytest.approx(expected["pearson_disp"], rel=rtol)
    by_force = trend_regression(
        inputs["y"], **options, family="poisson", cluster=inputs["force"], interval="cr0"
    )
    # The source calls this HC1, but it is vcovCL's default for a glm, HC0, times G / (G - 1): with
    # (n - 1) / (n - k) as well, as in its case of shares, it would be 0.0030397.
    error = np.sqrt(8 / 7) * slope_error(by_force)
    assert error == pytest.approx(expected["cl_se_HC1"], rel=rtol)
    mixed = trend_regression(inputs["y"], **options, family="negative-binomial")
    assert slope(mixed) == pytest.approx(expected["nb_slope"], rel=rtol)
    assert 1 / mixed.dispersion == pytest.approx(expected["nb_theta"], rel=rtol)
    assert np.log(mixed.low) < expected["nb_slope"] - 1.9 * expected["nb_se"]


@pytest.mark.reference
def test_reference_negative_binomial_errors_take_the_dispersion_as_known():
    # MASS::glm.nb gives the expected information with theta held; ours is the observed one of all.
    inputs, expected, rtol = case("poisson_trend_discoveries")
    y, t = np.array(inputs["y"], float), np.array(inputs["t"], float)
    x = np.stack([np.ones_like(t), t / 99], axis=1)
    found = two_level_regression.fit(gamma_poisson.FAMILY, "log", x, y, np.ones_like(y))
    mean = np.exp(x @ found.coef)
    weight = mean / (1 + mean * np.exp(found.b))
    held = np.linalg.inv((x * weight[:, None]).T @ x)
    assert np.sqrt(held[1, 1]) / 99 == pytest.approx(expected["nb_se"], rel=rtol)
    log_likelihood = found.value + gamma_poisson.constant(y[None])[0]
    assert log_likelihood == pytest.approx(expected["nb_loglik"], rel=rtol)


@pytest.mark.reference
@pytest.mark.parametrize(
    ("interval", "name", "factor"),
    [
        ("cr0", "cl_se_HC0_noadj", 1.0),
        ("cr0", "cl_se_HC0", np.sqrt(12 / 11)),
        ("cr1", "cl_se_HC1", 1.0),
    ],
)
def test_reference_clusters(interval, name, factor):
    _, expected, rtol = case("logit_cluster_force")
    found = trend_regression(*CELLS, **PANEL, family="binomial", interval=interval)
    assert slope(found) == pytest.approx(expected["slope"], rel=rtol)
    assert factor * slope_error(found) == pytest.approx(expected[name], rel=rtol)


@pytest.mark.reference
def test_reference_estimating_equations():
    for name, correlation in (
        ("sm_gee_force_exch", "exchangeable"),
        ("sm_gee_force_indep", "independence"),
    ):
        _, expected, rtol = case(name)
        options = {**PANEL, "family": "gee", "correlation": correlation}
        robust = trend_regression(*CELLS, **options, interval="cr0")
        assert slope(robust) == pytest.approx(expected["slope"], rel=rtol)
        assert slope_error(robust) == pytest.approx(expected["robust_se"], rel=rtol)
        if correlation == "exchangeable":
            assert robust.correlation == pytest.approx(expected["alpha"], rel=rtol)
        else:
            less_biased = trend_regression(*CELLS, **options, interval="cr3")
            assert slope_error(less_biased) == pytest.approx(expected["bias_reduced_se"], rel=rtol)


# --- equations put back ------------------------------------------------------------------------


def binomial_drop(y, n, t, slope_held):
    """Twice the log-likelihood lost at a slope, by another road: a root in the intercept."""

    def value(b):
        a = brentq(lambda a: np.sum(y - n * expit(a + b * t)), -80, 80, xtol=1e-14)
        return np.sum(stats.binom.logpmf(y, n, expit(a + b * t)))

    best = minimize_scalar(lambda b: -value(b), bracket=(-0.5, 0.5), tol=1e-12)
    return 2 * (-best.fun - value(slope_held))


@pytest.mark.parametrize("family", ["binomial", "quasi-binomial"])
def test_limits_solve_their_equation(family):
    y, n, t = np.array([4, 9, 7, 20, 12]), np.array([30, 31, 28, 40, 33]), np.arange(5.0)
    found = trend_regression(y, n, family=family)
    critical = 1.959963984540054**2
    if family == "quasi-binomial":
        critical = max(found.dispersion, 1.0) * stats.t.isf(0.025, 3) ** 2
        assert found.dispersion > 1
    for limit in (found.low, found.high):
        assert binomial_drop(y, n, t, np.log(limit)) == pytest.approx(critical, rel=1e-8)


def test_beta_binomial_limits_solve_their_equation():
    y, n = np.array([4, 9, 7, 20, 12, 30]), np.array([30, 31, 28, 40, 33, 41])
    t = np.arange(6.0)
    found = trend_regression(y, n, family="beta-binomial")

    def value(b, start):
        def minus(at):
            p, worth = expit(at[0] + b * t), np.exp(-at[1])
            a, c = p * worth, (1 - p) * worth
            return -np.sum(betaln(y + a, n - y + c) - betaln(a, c))

        return -minimize(
            minus, start, method="Nelder-Mead", options={"xatol": 1e-9, "fatol": 1e-13}
        ).fun

    start = [logit(0.3), logit(found.dispersion)]
    top = value(np.log(found.estimate), start)
    quantile = stats.t.isf(0.025, 4)
    for limit in (found.low, found.high):
        lost = 2 * (top - value(np.log(limit), start))
        assert lost == pytest.approx(6 * np.log1p(quantile**2 / 4), rel=1e-6)


def test_negative_binomial_reduces_to_poisson_where_counts_vary_less():
    y = [10, 12, 11, 13, 12, 14]
    mixed = trend_regression(y, family="negative-binomial")
    plain = trend_regression(y, family="poisson")
    assert mixed.dispersion == 0
    assert mixed.estimate == pytest.approx(plain.estimate, rel=1e-12)
    assert mixed.high > plain.high  # t, for the dispersion is not known to be 0


def test_cr2_is_unbiased_under_the_working_model():
    # E[u_g u_g'] is A_g when s_g has variance A_g less what the fit takes: put in exactly.
    rng = np.random.default_rng(3)
    roots = rng.normal(size=(7, 4, 3))
    parts = np.swapaxes(roots, 1, 2) @ roots
    whole = parts.sum(axis=0)
    bread = np.linalg.inv(whole)
    contrast = np.array([0.3, -1.0, 2.0])
    total = np.zeros((3, 3))
    for g in range(7):
        values, vectors = np.linalg.eigh(parts[g] - parts[g] @ bread @ parts[g])
        for value, vector in zip(values, vectors.T, strict=True):
            scores = np.zeros((7, 3))
            scores[g] = np.sqrt(max(value, 0.0)) * vector
            total += cluster_robust.robust(scores, parts, contrast).covariance
    assert total == pytest.approx(bread, rel=1e-9, abs=1e-12)


def test_satterthwaite_is_exact_for_equal_clusters():
    # Clusters with the same design leave G - 1 degrees of freedom, whatever the weights.
    parts = np.repeat(np.array([[[4.0, 1.0], [1.0, 3.0]]]), 9, axis=0)
    scores = np.random.default_rng(1).normal(size=(9, 2))
    found = cluster_robust.robust(scores, parts, np.array([0.0, 1.0]))
    assert found.df == pytest.approx(8.0)


def test_degrees_of_freedom_against_the_matrix_form():
    rng = np.random.default_rng(4)
    cluster = np.repeat(np.arange(5), [2, 4, 3, 6, 5])
    x = np.column_stack([np.ones(20), rng.normal(size=20)])
    weight = rng.uniform(0.2, 2, 20)
    rows = np.sqrt(weight)[:, None] * x
    bread = np.linalg.inv(rows.T @ rows)
    hat = np.eye(20) - rows @ bread @ rows.T
    contrast = np.array([0.0, 1.0])
    columns = []
    parts = np.zeros((5, 2, 2))
    for g in range(5):
        some = cluster == g
        values, vectors = np.linalg.eigh(hat[np.ix_(some, some)])
        root = (vectors / np.sqrt(values)) @ vectors.T
        columns.append(hat[:, some] @ root @ rows[some] @ bread @ contrast)
        parts[g] = rows[some].T @ rows[some]
    between = np.array(columns) @ np.array(columns).T
    wanted = np.trace(between) ** 2 / np.sum(between**2)
    found = cluster_robust.robust(np.zeros((5, 2)), parts, contrast)
    assert found.df == pytest.approx(wanted, rel=1e-10)


def test_estimating_equations_with_the_matrix_written_out():
    y, n = np.array([3, 6, 2, 9, 4, 4]), np.array([8, 9, 7, 12, 6, 9])
    t, cluster = np.array([0.0, 1, 0, 1, 0, 1]), np.array([0, 0, 1, 1, 2, 2])
    with pytest.warns(SparseDataWarning, match="3 clusters leave"):
        found = trend_regression(y, n, time=t, cluster=cluster, family="gee", interval="cr0")
    members = np.repeat(np.arange(6), n)
    outcome = np.concatenate(
        [np.r_[np.ones(a), np.zeros(b - a)] for a, b in zip(y, n, strict=True)]
    )
    x = np.column_stack([np.ones(6), t])[members]
    groups = cluster[members]

    def equations(intercept):
        p = expit(x @ [intercept, np.log(found.estimate)])
        score = np.zeros(2)
        for g in range(3):
            some = groups == g
            root = np.sqrt(p[some] * (1 - p[some]))
            correlation = np.full((some.sum(),) * 2, found.correlation)
            np.fill_diagonal(correlation, 1.0)
            inverse = np.linalg.inv(np.outer(root, root) * correlation)
            score += (x[some] * (root**2)[:, None]).T @ inverse @ (outcome[some] - p[some])
        return score

    intercept = brentq(lambda a: equations(a)[0], -5, 5, xtol=1e-14)
    assert equations(intercept) == pytest.approx([0, 0], abs=1e-9)


def test_signs_of_all_patterns_by_hand():
    y, n = np.array([[3, 6, 9], [1, 5, 4], [2, 2, 6], [4, 5, 9], [0, 3, 3], [2, 6, 5]]), 12
    found = trend_regression(y, np.full_like(y, n), cluster=0, interval="sign-flip")
    p = y.sum() / (n * y.size)
    added = (y - n * p) @ np.array([-1.0, 0.0, 1.0])
    patterns = np.array(np.meshgrid(*[[-1, 1]] * 6)).reshape(6, -1).T
    above = np.mean(patterns @ added >= added.sum() - 1e-9)
    assert found.pvalue == pytest.approx(2 * above, rel=1e-12)
    assert found.low > 1
    # just outside its limits the test rejects, just inside it does not
    for limit, out in ((found.low, 0.999), (found.high, 1.001)):
        assert found.test(null=limit * out).pvalue < 0.05
        assert found.test(null=limit / out).pvalue >= 0.05


# --- existence ---------------------------------------------------------------------------------


def test_separated_shares():
    with pytest.warns(DegenerateDataWarning, match="The ratio is infinite"):
        found = trend_regression([0, 0, 3, 5], [5, 5, 5, 5], family="binomial")
    assert found.estimate == np.inf
    assert found.high == np.inf
    assert 1 < found.low < np.inf
    assert found.verdict.code == "separated"
    assert not found.estimable


def test_separated_the_other_way_and_rates():
    with pytest.warns(DegenerateDataWarning, match="The ratio is 0"):
        found = trend_regression([5, 3, 0, 0], [5, 5, 5, 5], family="binomial")
    assert found.estimate == 0
    assert found.low == 0
    assert 0 < found.high < 1
    with pytest.warns(DegenerateDataWarning, match="The ratio is infinite"):
        rates = trend_regression([0, 0, 0, 8], family="poisson")
    # all eight at the last time: the profile is 8 log of the share of the last time
    share = rates.low**3 / np.sum(rates.low ** np.arange(4.0))
    assert -16 * np.log(share) == pytest.approx(1.959963984540054**2, rel=1e-8)


def test_the_low_end_of_a_separated_ratio_solves_its_equation():
    y, n, t = np.array([0, 0, 3, 5]), np.array([5, 5, 5, 5]), np.arange(4.0)
    with pytest.warns(DegenerateDataWarning):
        found = trend_regression(y, n, family="binomial")
    b = np.log(found.low)
    a = brentq(lambda a: np.sum(y - n * expit(a + b * t)), -80, 80, xtol=1e-14)
    held = np.sum(stats.binom.logpmf(y, n, expit(a + b * t)))
    best = stats.binom.logpmf(3, 5, 0.6)  # all others are certain
    assert 2 * (best - held) == pytest.approx(1.959963984540054**2, rel=1e-8)


@pytest.mark.parametrize("family", ["quasi-binomial", "beta-binomial", "binomial"])
def test_separation_is_the_same_fact_for_every_family(family):
    with pytest.warns(DegenerateDataWarning, match="infinite"):
        found = trend_regression([0, 0, 0, 3, 5], [5, 5, 5, 5, 5], family=family)
    assert found.estimate == np.inf
    assert 0 < found.low < np.inf


@pytest.mark.parametrize("count", [[0, 0, 0], [7, 7, 7]])
def test_nothing_to_be_said_of_a_trend(count):
    with pytest.warns(DegenerateDataWarning, match="not identified"):
        found = trend_regression(count, [7, 7, 7])
    assert np.isnan(found.estimate)
    assert (found.low, found.high, found.pvalue) == (0, np.inf, 1)
    assert found.verdict.code == "not-identified"


def test_strata_that_say_nothing_are_left_out():
    count = np.array([[3, 5, 8], [0, 0, 0], [9, 9, 9]])
    total = np.full((3, 3), 9)
    alone = trend_regression(count[:1], total[:1], strata=0)
    found = trend_regression(count, total, strata=0)
    assert found.estimate == pytest.approx(alone.estimate, rel=1e-12)
    assert found.low == pytest.approx(alone.low, rel=1e-10)
    assert "silent-strata" in codes(found)


def test_existence_by_linear_programming_agrees_with_the_order_of_times():
    rng = np.random.default_rng(5)
    t = np.array([0.0, 1, 1, 2, 3])
    x = np.stack([np.ones(5), t], axis=1)
    seen = set()
    for _ in range(200):
        size = rng.integers(0, 4, 5).astype(float)
        y = rng.binomial(size.astype(int), expit(rng.normal() * 6 * (t - 1.5))).astype(float)
        for link in ("logit", "log"):
            code = int(glm.trend_existence(link, t, y[None], size[None])[0])
            assert code == glm.existence(link, x, y, size, np.array([0.0, 1.0]))
            seen.add((link, code))
    assert len(seen) == 8


def test_two_times_are_a_change():
    with pytest.warns(DegenerateDataWarning, match="No degree of freedom"):
        found = trend_regression([40, 90], [200, 210])
    assert {"change-not-trend", "no-dispersion"} <= codes(found)
    assert (found.low, found.high, found.pvalue) == (0, np.inf, 1)
    chance = trend_regression([40, 90], [200, 210], family="binomial")
    assert chance.estimate == pytest.approx((90 / 120) / (40 / 160))
    assert "change-not-trend" in codes(chance)


# --- properties --------------------------------------------------------------------------------

cells = st.lists(
    st.integers(1, 60).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))),
    min_size=4,
    max_size=8,
)


@pytest.mark.filterwarnings("ignore::countylines.errors.DegenerateDataWarning")
@given(cells)
def test_reversing_time_or_the_event_inverts_the_ratio(pairs):
    y, n = np.array(pairs).T
    found = trend_regression(y, n)
    for other in (trend_regression(y[::-1], n[::-1]), trend_regression(n - y, n)):
        assert other.verdict.estimable == found.verdict.estimable
        if found.estimable:
            assert other.estimate == pytest.approx(1 / found.estimate, rel=1e-7)
        with np.errstate(divide="ignore"):
            inverse = np.divide(1.0, [found.high, found.low])
        assert [other.low, other.high] == pytest.approx(inverse, rel=1e-6, abs=1e-12)


@pytest.mark.filterwarnings("ignore::countylines.errors.DegenerateDataWarning")
@given(cells, st.floats(0.1, 50), st.floats(-3000, 3000))
def test_the_unit_and_origin_of_time_do_not_matter(pairs, unit, origin):
    y, n = np.array(pairs).T
    time = np.arange(len(y))
    found = trend_regression(y, n, time=time)
    other = trend_regression(y, n, time=origin + unit * time)
    assert other.low**unit == pytest.approx(found.low, rel=1e-5, abs=1e-300)
    assert other.pvalue == pytest.approx(found.pvalue, rel=1e-5, abs=1e-9)


@pytest.mark.filterwarnings("ignore::countylines.errors.DegenerateDataWarning")
@given(cells, st.sampled_from(["less", "two-sided", "greater"]), st.floats(0.3, 3))
def test_limits_and_pvalue_agree(pairs, alternative, null):
    y, n = np.array(pairs).T
    found = trend_regression(y, n, alternative=alternative, null=null)
    outside = null < found.low * (1 - 1e-9) or null > found.high * (1 + 1e-9)
    inside = found.low * (1 + 1e-9) < null < found.high * (1 - 1e-9)
    if outside:
        assert found.pvalue < 0.05
    if inside:
        assert found.pvalue > 0.05


@given(st.integers(0, 10_000))
def test_the_score_statistic_at_one_is_cochran_and_armitage(seed):
    rng = np.random.default_rng(seed)
    n = rng.integers(20, 90, 5)
    y = rng.binomial(n, 0.4)
    score = cochran_armitage(y, n)
    ratio = trend_regression(y, n, family="binomial")
    # the same estimate; the tests differ by terms of higher order
    assert ratio.estimate == pytest.approx(score.effect.estimate, rel=1e-8)
    assert abs(ratio.pvalue - score.pvalue) < 0.02


def test_shares_of_one_kind_or_the_other_and_strata_of_one_member_agree():
    y, n = np.array([3, 9, 12, 18]), np.array([30, 40, 35, 45])
    found = trend_regression(y, n, family="binomial")
    doubled = trend_regression(
        np.concatenate([y, y]), np.concatenate([n, n]), time=[0, 1, 2, 3] * 2, family="binomial"
    )
    assert doubled.estimate == pytest.approx(found.estimate, rel=1e-12)
    assert slope_error(doubled) == pytest.approx(slope_error(found) / np.sqrt(2), rel=1e-12)


# --- kinds -------------------------------------------------------------------------------------

FRAME = pd.DataFrame(
    {"A": [3, 9, 12, 18.0], "B": [5, np.nan, 4, 8], "C": [20, 18, 25, 22]},
    index=[2020, 2021, 2023, 2024],
)
TOTALS = pd.DataFrame(40, index=FRAME.index, columns=FRAME.columns)


def test_many_series_are_the_series_one_by_one():
    found = trend_regression(FRAME, TOTALS, time=FRAME.index.to_numpy())
    assert list(found.estimate.index) == ["A", "B", "C"]
    assert "missing-values" in codes(found)
    for name in FRAME:
        known = FRAME[name].dropna()
        one = trend_regression(known, TOTALS.loc[known.index, name], time=known.index.to_numpy())
        assert found.estimate[name] == pytest.approx(one.estimate, rel=1e-10)
        assert found.low[name] == pytest.approx(one.low, rel=1e-8)
        assert found.df[name] == one.df
        assert found.n[name] == one.n


def test_every_kind_gives_the_same():
    whole = FRAME.fillna(6)
    wanted = trend_regression(whole, TOTALS)
    arrays = trend_regression(whole.to_numpy(), TOTALS.to_numpy(), dim=0)
    assert list(arrays.low) == list(wanted.low)
    labelled = xr.DataArray(whole.to_numpy(), dims=("year", "force"))
    found = trend_regression(labelled, 40, dim="year")
    assert found.low.dims == ("force",)
    assert found.low.values == pytest.approx(wanted.low.to_numpy(), rel=1e-12)


def test_clusters_by_dimension_or_by_label():
    whole = FRAME.fillna(6)
    year = FRAME.index.to_numpy()
    with pytest.warns(SparseDataWarning, match="3 clusters leave 2.0 degrees"):
        wide = trend_regression(whole, TOTALS, time=year, cluster="columns")
    long = whole.melt(ignore_index=False, var_name="force").reset_index()
    with pytest.warns(SparseDataWarning):
        rows = trend_regression(long["value"], 40, time=long["index"], cluster=long["force"])
    assert rows.low == pytest.approx(wide.low, rel=1e-10)
    assert wide.clusters == 3
    assert wide.df == pytest.approx(2.0)


@pytest.mark.parametrize("interval", ["cr0", "cr1", "cr2", "cr3", "sign-flip"])
def test_one_cluster_shows_no_error(interval):
    options = {"interval": interval, "cluster": list("aab")}
    with pytest.raises(InputError, match="at least two clusters with cells"):
        trend_regression([3, 9, np.nan], 30, **options)


def test_clusters_without_cells_are_not_counted():
    y, n = np.random.default_rng(1).binomial(30, 0.3, (8, 4)).astype(float), np.full((8, 4), 30)
    y[3] = np.nan
    assert trend_regression(y, n, cluster=0).clusters == 7


def test_a_slope_that_one_cluster_alone_moves_has_no_error():
    # Only force "z" is seen at the second time: its own level cannot be told from the change.
    force, time = [*"abcdefghz"], [0] * 8 + [1]
    with pytest.warns(DegenerateDataWarning, match="One cluster alone moves the ratio"):
        found = trend_regression([3, 9, 6, 5, 4, 7, 6, 5, 12], 30, time=time, cluster=force)
    assert (found.low, found.high, found.pvalue) == (0, np.inf, 1)
    assert np.isnan(found.standard_error)
    assert "one-cluster" in codes(found)


def test_signs_say_nothing_of_a_ratio_without_end():
    y, n = [0, 0, 0, 3, 5, 5, 5, 5], [5] * 8
    with pytest.warns(DegenerateDataWarning, match="The ratio is infinite"):
        found = trend_regression(y, n, cluster=list("abcdefgh"), interval="sign-flip")
    assert (found.estimate, found.low, found.high) == (np.inf, 0, np.inf)


def test_limits_of_statsmodels_take_other_quantiles_and_forget_totals():
    # Three things tell its GLM(...).fit(scale="X2") from a quasi-likelihood: the normal law in the
    # place of Student's t, no floor of the dispersion at 1, and, for counts in two columns, a
    # chi-squared of shares as if each were one case. Shares with var_weights are right.
    sm = pytest.importorskip("statsmodels.api")
    rng = np.random.default_rng(1)
    n = rng.integers(40, 200, 10)
    y = rng.binomial(n, 0.3 + 0.1 * rng.random(10))
    x = sm.add_constant(np.arange(10.0))
    family = sm.families.Binomial()
    ours = trend_regression(y, n, interval="wald", dispersion_floor=0)
    weighted = sm.GLM(y / n, x, family=family, var_weights=n)
    right = weighted.fit(scale="X2", use_t=True, tol=1e-14)
    assert ours.dispersion == pytest.approx(right.scale, rel=1e-9)
    assert [ours.low, ours.high] == pytest.approx(np.exp(right.conf_int()[1]), rel=1e-9)
    normal = weighted.fit(scale="X2", tol=1e-14)
    assert np.diff(normal.conf_int()[1]) < 0.86 * np.log(ours.high / ours.low)
    columns = sm.GLM(np.column_stack([y, n - y]), x, family=family).fit(scale="X2", tol=1e-14)
    p = columns.mu
    forgotten = np.sum((y / n - p) ** 2 / (p * (1 - p))) / 8
    assert columns.scale == pytest.approx(forgotten, rel=1e-9)
    assert ours.dispersion == pytest.approx(columns.pearson_chi2 / 8, rel=1e-9)
    assert columns.scale < 0.02 * ours.dispersion


def test_few_clusters_have_few_signs():
    with pytest.warns(SparseDataWarning, match="8 patterns of signs: no two-sided p-value"):
        found = trend_regression(FRAME.fillna(6), TOTALS, cluster=1, interval="sign-flip")
    assert (found.low, found.high) == (0, np.inf)


def test_many_clusters_draw_signs_from_rng():
    y = np.random.default_rng(1).binomial(30, 0.3, (20, 4))
    options = {"cluster": 0, "interval": "sign-flip", "replicates": 999}
    first = trend_regression(y, np.full_like(y, 30), **options, rng=1)
    again = trend_regression(y, np.full_like(y, 30), **options, rng=1)
    assert first.identical(again)
    assert first.low < first.estimate < first.high


def test_the_result():
    found = trend_regression([3, 9, 12, 18], [30, 40, 35, 45])
    assert isinstance(found, RegressionEstimate)
    assert pickle.loads(pickle.dumps(found)).identical(found)
    assert found.family == "quasi-binomial"
    assert found.df == 2
    assert found.n == 150
    assert "dispersion-floor" in codes(found)
    assert found.test(null=found.low).pvalue == pytest.approx(0.05, rel=1e-6)
    assert "McCullagh" in found.cite()


def test_one_sided_limits_below_a_half_lie_beyond_the_estimate():
    y, n = [3, 9, 12, 18], [30, 40, 35, 45]
    found = trend_regression(y, n, level=0.4, alternative="greater")
    other = trend_regression(y, n, level=0.6, alternative="less")
    assert found.low == pytest.approx(other.high, rel=1e-9)
    assert found.low > found.estimate


@pytest.mark.parametrize(
    ("arguments", "options", "error", "message"),
    [
        (([1, 2],), {}, InputError, "`total` must be given for family='quasi-binomial'"),
        (([1, 2], [3, 3]), {"family": "poisson"}, InputError, "`total` must be None"),
        (([1, 2], [3, 3]), {"exposure": [1, 1]}, InputError, "`exposure` must be None where"),
        (([1, 2],), {"family": "poisson", "exposure": [0, 1]}, InputError, "above 0"),
        (([4, 2], [3, 3]), {}, InputError, "`count` must be at most `total`"),
        (([-1, 2], [3, 3]), {}, InputError, "cannot be negative"),
        (([0.5, 2], [3, 3]), {}, InputError, "whole number"),
        (([np.inf, 2], [3, 3]), {}, InputError, "A count is finite"),
        (([True, False], [3, 3]), {}, InputTypeError, "bool"),
        ((1, 3), {}, InputTypeError, "a series of values"),
        (([1, 2], [3, 3]), {"time": [1, 1]}, InputError, "two different values, got equal"),
        (([1], [3]), {}, InputError, "two different values, got one"),
        (([1, 2], [3, 3]), {"time": [1, 2, 3]}, LabelMismatchError, "each of the 2 cells"),
        (([1, 2], [3, 3]), {"time": [1, np.nan]}, InputError, "`time` must be finite"),
        (([1, 2], [3, 3]), {"cluster": ["a"]}, LabelMismatchError, "`cluster` must be one label"),
        (([1, 2], [3, 3]), {"cluster": ["a", None]}, InputError, "a label for every cell"),
        (([1, 2], [3, 3]), {"family": "gee"}, InputError, "`cluster` must be given, with"),
        (([1, 2], [3, 3]), {"family": "logit"}, InputError, "`family` must be one of"),
        (([1, 2], [3, 3]), {"interval": "cr2"}, InputError, "`cluster` must be given for"),
        (
            ([1, 2], [3, 3]),
            {"interval": "wald", "cluster": ["a", "b"]},
            InputError,
            "`interval` must be 'cr2'",
        ),
        (
            ([1, 2], [3, 3]),
            {"family": "beta-binomial", "cluster": ["a", "b"]},
            InputError,
            "`cluster` must be None for family='beta-binomial'",
        ),
        (([1, 2], [3, 3]), {"null": 0}, InputError, "`null` must be"),
        (([1, 2], [3, 3]), {"dispersion_floor": -1}, InputError, "`dispersion_floor` must be"),
        (([1, 2], [3, 3]), {"correlation": "ar1"}, InputError, "`correlation` must be one of"),
        (
            (np.ones((2, 2)), np.ones((2, 2))),
            {"dim": 0, "cluster": ["a", "b"]},
            InputError,
            "`cluster` must be the name of the other dimension",
        ),
        (
            (np.ones((2, 2)), np.ones((2, 2))),
            {"dim": 0, "cluster": 0},
            InputError,
            "`dim` must be the dimension of the times",
        ),
        (
            (np.ones((2, 2)), np.ones((2, 2))),
            {"strata": 1, "cluster": 0},
            InputError,
            "`strata` must be the same dimension",
        ),
    ],
)
def test_bad_input(arguments, options, error, message):
    with pytest.raises(error, match=message):
        trend_regression(*arguments, **options)


def test_lazy_arrays_are_refused():
    lazy = xr.DataArray([1, 2, 3], dims="year").chunk()
    with pytest.raises(InputError, match=r"Use count\.compute"):
        trend_regression(lazy, 5)


def test_labels_of_time_are_held_to_those_of_the_counts():
    count = pd.Series([1, 2, 4], index=[2020, 2021, 2022])
    time = pd.Series([0, 1, 2], index=[2022, 2021, 2020])
    with pytest.raises(LabelMismatchError, match="`time` must be labelled as `count`"):
        trend_regression(count, count + 5, time=time)
