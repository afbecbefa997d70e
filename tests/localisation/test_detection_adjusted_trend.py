"""Trends adjusted for detection: identities, known truth, what cancels, what is refused."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import brentq
from scipy.special import ndtri

import countylines as cl
from countylines._kernels import detection_limits, offset_trend
from countylines.errors import (
    ApproximationWarning,
    InputError,
    InputTypeError,
    LabelMismatchError,
)
from countylines.localisation import Detection, detection_adjusted_trend, tipping_point

ODDS = "odds ratio of internal lines per period"
IN = "growth ratio of internal lines per period"
OUT = "growth ratio of external lines per period"
SPLIT = ([1280, 4250], [2727, 2394])
FOUND = {"internal": [10, 20], "external": [28, 30]}
FORTY = {"internal": [40, 40], "external": [40, 40]}
AUDIT = Detection.audit(FOUND, FORTY)
YEARS = ([20, 30, 44, 70, 90], [100, 90, 80, 95, 60])
FIVE = Detection.audit(
    {"internal": [10, 20, 20, 25, 30], "external": [28, 30, 28, 30, 27]},
    {"internal": [40] * 5, "external": [40] * 5},
)
Z = float(ndtri(0.975))


def known(internal, external):
    """Detection probabilities without error."""
    both = {"internal": internal, "external": external}
    none = {"internal": np.zeros(len(internal)), "external": np.zeros(len(internal))}
    return Detection.probability(both, none)


# --- the estimate ---------------------------------------------------------------------------


def test_two_periods_give_the_odds_ratio_over_the_ratio_of_detection():
    effect = detection_adjusted_trend(*SPLIT, detection=AUDIT).effect
    seen = 4250 * 2727 / (1280 * 2394)
    assert effect.estimate == pytest.approx(seen * (10 / 20) * (30 / 28), rel=1e-13)


def test_known_detection_gives_the_lines_themselves():
    """Of 400 and 600 internal, 500 and 500 external lines half to nine tenths are detected."""
    found = detection_adjusted_trend([80, 300], [250, 450], detection=known([0.2, 0.5], [0.5, 0.9]))
    rows = found.table.xs("probability", level="input")["estimate"]
    assert rows[ODDS] == pytest.approx((600 / 500) / (400 / 500), rel=1e-13)
    assert rows[IN] == pytest.approx(600 / 400, rel=1e-13)
    assert rows[OUT] == pytest.approx(500 / 500, rel=1e-13)


def test_time_makes_it_per_unit():
    half = detection_adjusted_trend(*SPLIT, detection=AUDIT, time=[2020, 2022]).effect
    whole = detection_adjusted_trend(*SPLIT, detection=AUDIT).effect
    assert half.estimate == pytest.approx(math.sqrt(whole.estimate), rel=1e-12)
    assert (half.low, half.high) == pytest.approx(
        (math.sqrt(whole.low), math.sqrt(whole.high)), rel=1e-9
    )
    assert half.pvalue == pytest.approx(whole.pvalue, rel=1e-9)


@pytest.mark.parametrize("family", ["binomial", "quasi-binomial"])
def test_recorded_trend_agrees_with_statsmodels(family):
    table = detection_adjusted_trend(*YEARS, family=family).table
    time = sm.add_constant(np.arange(5.0))
    share = sm.GLM(np.column_stack(YEARS), time, family=sm.families.Binomial()).fit(tol=1e-14)
    growth = sm.GLM(YEARS[0], time, family=sm.families.Poisson()).fit(tol=1e-14)
    for fit, name in ((share, ODDS), (growth, IN)):
        scale = max(fit.pearson_chi2 / 3, 1.0) if family == "quasi-binomial" else 1.0
        row = table.loc[(name, "recorded")]
        assert math.log(row.estimate) == pytest.approx(fit.params[1], rel=1e-9)
        wanted = row.estimate * fit.bse[1] * math.sqrt(scale)
        assert row.standard_error == pytest.approx(wanted, rel=1e-7)


def test_offsets_agree_with_statsmodels():
    d = known([0.2, 0.3, 0.35, 0.5, 0.6], [0.5, 0.5, 0.6, 0.6, 0.7])
    effect = detection_adjusted_trend(*YEARS, detection=d, family="binomial").effect
    offset = np.log([0.2, 0.3, 0.35, 0.5, 0.6]) - np.log([0.5, 0.5, 0.6, 0.6, 0.7])
    fit = sm.GLM(
        np.column_stack(YEARS),
        sm.add_constant(np.arange(5.0)),
        family=sm.families.Binomial(),
        offset=offset,
    ).fit()
    assert math.log(effect.estimate) == pytest.approx(fit.params[1], rel=1e-9)


def test_the_gradient_is_the_derivative():
    design = np.column_stack([np.ones(5), np.arange(5.0)])
    x, n = np.array(YEARS[0], float), np.sum(YEARS, axis=0).astype(float)
    for fit in (
        lambda o: offset_trend.logistic(x, n, design, o),
        lambda o: offset_trend.poisson(x, design, o),
    ):
        gradient = fit(np.zeros(5)).gradient
        for period in range(5):
            step = np.zeros(5)
            step[period] = 1e-5
            slope = (fit(step).coefficients - fit(-step).coefficients) / 2e-5
            np.testing.assert_allclose(gradient[:, period], slope, rtol=1e-6, atol=1e-9)


def test_scatter_that_the_input_makes_is_not_counted_twice():
    """Without the correction the dispersion would hold the error of the audits as well."""
    found = detection_adjusted_trend(*YEARS, detection=FIVE)
    plain = detection_adjusted_trend(*YEARS, detection=FIVE, family="binomial")
    assert found.effect.standard_error == pytest.approx(plain.effect.standard_error, rel=1e-12)
    wild = detection_adjusted_trend([20, 90, 44, 26, 90], YEARS[1], detection=FIVE)
    tame = detection_adjusted_trend(
        [20, 90, 44, 26, 90], YEARS[1], detection=FIVE, family="binomial"
    )
    assert wild.effect.standard_error > 1.5 * tame.effect.standard_error
    assert "dispersion" in {note.code for note in wild.notes}


# --- limits and p-value ---------------------------------------------------------------------


def wilson(x, n, z, side):
    """The root of the score equation, by its definition."""
    if (x == 0 and side < 0) or (x == n and side > 0):
        return x / n
    p = x / n
    ends = (1e-12, p) if side < 0 else (p, 1 - 1e-12)
    return brentq(lambda q: side * (q - p) - z * math.sqrt(q * (1 - q) / n), *ends, xtol=1e-15)


def test_limits_are_square_and_add_of_score_limits():
    effect = detection_adjusted_trend(*SPLIT, detection=AUDIT).effect
    parts = []  # (value, low, high) on the log scale, with its sign
    for x, n, sign in ((4250, 6644, 1), (1280, 4007, -1)):
        logit = [math.log(p / (1 - p)) for p in (x / n, *(wilson(x, n, Z, s) for s in (-1, 1)))]
        parts.append((sign, *logit))
    for x, sign in ((10, 1), (20, -1), (28, -1), (30, 1)):
        logs = [math.log(p) for p in (x / 40, *(wilson(x, 40, Z, s) for s in (-1, 1)))]
        parts.append((sign, *logs))
    variance = (
        sum(1 / n for n in (1280, 2727, 4250, 2394)) + 1 / 10 + 1 / 20 + 1 / 28 + 1 / 30 - 0.1
    )
    shared = 2 * (0.75 / 1280 + 0.5 / 4250 + 0.3 / 2727 + 0.25 / 2394)
    narrowing = math.sqrt(1 - shared / variance)
    assert effect.standard_error == pytest.approx(
        effect.estimate * math.sqrt(variance - shared), rel=1e-10
    )
    down = narrowing * math.hypot(*(v - (low if s > 0 else high) for s, v, low, high in parts))
    up = narrowing * math.hypot(*((high if s > 0 else low) - v for s, v, low, high in parts))
    centre = sum(s * v for s, v, _, _ in parts)
    assert math.log(effect.low) == pytest.approx(centre - down, abs=1e-9)
    assert math.log(effect.high) == pytest.approx(centre + up, abs=1e-9)


@pytest.mark.parametrize("alternative", ["two-sided", "less", "greater"])
@pytest.mark.parametrize("years", [(SPLIT, AUDIT), (YEARS, FIVE)])
def test_a_limit_as_null_has_the_p_value_of_the_level(years, alternative):
    counts, audit = years
    ends = detection_adjusted_trend(*counts, detection=audit, alternative=alternative).effect
    for end in (ends.low, ends.high):
        if 0 < end < math.inf:
            again = detection_adjusted_trend(
                *counts, detection=audit, alternative=alternative, null=end
            )
            assert again.pvalue == pytest.approx(0.05, abs=1e-9)


def test_an_audit_of_all_lines_leaves_the_error_of_two_lists():
    """With one type growing and the other known, the growth ratio is that of Lincoln-Petersen."""
    on_both, on_second = [50, 60], [100, 100]
    both = {"internal": on_both, "external": [30, 30]}
    second = {"internal": on_second, "external": [40, 40]}
    found = detection_adjusted_trend(
        [110, 130], [60, 60], detection=Detection.second_list(both, second)
    )
    row = found.table.loc[(IN, "second list")]
    wanted = sum(
        1 / m - 1 / n2 + 1 / n1 - 2 * (1 - m / n2) / n1
        for n1, n2, m in zip([110, 130], on_second, on_both, strict=True)
    )
    assert row.standard_error / row.estimate == pytest.approx(math.sqrt(wanted), rel=1e-10)


def test_two_lists_of_all_lines_leave_the_error_of_the_lines():
    """Each holds every line, so neither adds a thing to the other."""
    half = {"internal": [200, 300], "external": [400, 400]}
    whole = {"internal": [2000, 2000], "external": [1500, 1500]}
    lists = [Detection.audit(half, whole), Detection.second_list(half, whole)]
    rows = detection_adjusted_trend(half["internal"], half["external"], detection=lists).table.xs(
        "all inputs", level="input"
    )
    for name, wanted in ((IN, 2 / 2000), (OUT, 2 / 1500), (ODDS, 2 / 2000 + 2 / 1500)):
        error = rows.loc[name, "standard_error"] / rows.loc[name, "estimate"]
        assert error == pytest.approx(math.sqrt(wanted), rel=1e-9)
        assert 0 < rows.loc[name, "low"] < rows.loc[name, "estimate"] < rows.loc[name, "high"]


def test_scatter_of_the_lines_themselves_is_kept_where_an_audit_holds_them_all():
    """Half of all lines are recorded and all are audited: the trend is that of all lines."""
    lines = {"internal": [200, 280, 240, 260, 360], "external": [400, 360, 320, 380, 240]}
    seen = {kind: [n // 2 for n in values] for kind, values in lines.items()}
    found = detection_adjusted_trend(*seen.values(), detection=Detection.audit(seen, lines)).effect
    wanted = detection_adjusted_trend(*lines.values()).table.loc[(ODDS, "recorded")]
    assert found.estimate == pytest.approx(wanted.estimate, rel=1e-9)
    assert found.standard_error == pytest.approx(wanted.standard_error, rel=0.002)


def test_a_common_input_says_that_both_types_are_detected_alike():
    """A total over both types adjusts neither where they are not."""
    audit = Detection.audit([30, 45], [80, 80])
    assert audit.assumption.endswith("; and lines of both types are detected alike")
    assert not AUDIT.assumption.endswith("alike")


def test_far_tails_keep_their_digits():
    found = detection_adjusted_trend(*SPLIT, detection=known([0.5, 0.5], [0.5, 0.5]))
    assert 1e-240 < found.pvalue < 1e-220
    assert found.statistic == pytest.approx(32.6, abs=0.2)


counts = st.integers(40, 200)


@given(st.lists(counts, min_size=4, max_size=4), st.lists(st.integers(1, 40), min_size=4))
def test_swapping_the_types_inverts_the_odds_ratio(cells, found):
    first, second = cells[:2], cells[2:]
    a = Detection.audit({"internal": found[:2], "external": found[2:4]}, FORTY)
    b = Detection.audit({"internal": found[2:4], "external": found[:2]}, FORTY)
    one = detection_adjusted_trend(first, second, detection=a).effect
    other = detection_adjusted_trend(second, first, detection=b).effect
    assert one.estimate * other.estimate == pytest.approx(1, rel=1e-10)
    assert one.low * other.high == pytest.approx(1, rel=1e-10)
    assert one.pvalue == pytest.approx(other.pvalue, rel=1e-8)


@given(st.floats(0.05, 0.99), st.floats(0.05, 0.99))
def test_what_both_types_share_cancels(before, after):
    seen = detection_adjusted_trend(*SPLIT).table.loc[(ODDS, "recorded"), "estimate"]
    found = detection_adjusted_trend(*SPLIT, detection=known([before, after], [before, after]))
    assert found.effect.estimate == pytest.approx(seen, rel=1e-10)


# --- what identifies it ---------------------------------------------------------------------


def test_without_input_nothing_is_identified():
    found = detection_adjusted_trend(*SPLIT)
    assert found.effect.verdict.code == "not-identified"
    assert math.isnan(found.effect.estimate)
    assert math.isnan(found.pvalue)
    assert (found.effect.low, found.effect.high) == (0.0, math.inf)
    assert list(found.table.index.get_level_values("input").unique()) == ["recorded"]


@pytest.mark.parametrize(
    "common",
    [
        Detection.effort([1, 2]),
        Detection.effort([1, 2], elasticity=0.5, standard_error=0.1),
        Detection.audit([10, 20], [40, 40]),
        Detection.second_list([10, 20], [40, 40]),
        Detection.repeat_detections([10, 20], [40, 41]),
        Detection.probability([0.2, 0.4], [0.1, 0.1]),
        Detection.prior([0.1, 0.2], [0.4, 0.5]),
    ],
    ids=lambda d: f"{d.kind} {d.parts.errors.sum():.2g}",
)
def test_a_common_input_adjusts_counts_only(common):
    assert common.identifies == "counts"
    found = detection_adjusted_trend(*SPLIT, detection=common)
    assert found.effect.verdict.code == "not-identified"
    status = found.table["status"].xs(common.kind, level="input")
    assert status.to_dict() == {ODDS: "cancels", IN: "adjusted", OUT: "adjusted"}
    row = found.table.loc[(ODDS, common.kind)]
    assert row.estimate == found.table.loc[(ODDS, "recorded"), "estimate"]
    (note,) = [n.text for n in found.notes if n.code == "input"]
    assert "cancels in the odds ratio" in note


def test_a_control_adjusts_the_odds_ratio_only():
    control = Detection.control({"internal": [100, 150], "external": [100, 100]})
    assert control.identifies == "odds ratio"
    found = detection_adjusted_trend(*SPLIT, detection=control)
    seen = found.table.loc[(ODDS, "recorded"), "estimate"]
    assert found.effect.estimate == pytest.approx(seen / 1.5, rel=1e-12)
    assert found.table.loc[(IN, "control"), "status"] == "not adjusted"
    assert found.table.loc[(IN, "control"), "estimate"] == pytest.approx(4250 / 1280)


def test_effort_by_type_scales_with_its_elasticity():
    both = {"internal": [1, 4], "external": [3, 3]}
    for elasticity in (0.5, 1.0):
        effort = Detection.effort(both, elasticity=elasticity)
        found = detection_adjusted_trend(*SPLIT, detection=effort)
        seen = found.table.loc[(ODDS, "recorded"), "estimate"]
        assert found.effect.estimate == pytest.approx(seen / 4**elasticity, rel=1e-12)
    sure = detection_adjusted_trend(*SPLIT, detection=effort).effect
    effort = Detection.effort(both, standard_error=0.2)
    unsure = detection_adjusted_trend(*SPLIT, detection=effort).effect
    assert unsure.low < sure.low < sure.high < unsure.high


def test_repeat_detections_solve_the_truncated_poisson():
    lines, total = np.array([30.0, 200.0, 5.0]), np.array([50.0, 201.0, 40.0])
    value, _ = detection_limits.log_repeated(lines, total, 0.0)
    mean = -np.log1p(-np.exp(value))
    np.testing.assert_allclose(lines * mean / -np.expm1(-mean), total, rtol=1e-10)


@pytest.mark.parametrize("z", [0.5, 1.96, 8.0])
def test_repeat_limits_are_where_the_score_is_z(z):
    lines, total = np.array([300.0]), np.array([500.0])
    for side, value in zip((1, -1), detection_limits.log_repeated(lines, total, z), strict=True):
        mean = -np.log1p(-np.exp(value))
        seen = -np.expm1(-mean)
        expected = mean / seen
        spread = np.sqrt(lines * expected * (1 + mean - expected))
        assert (total - lines * expected) / spread == pytest.approx(side * z, abs=1e-8)


def test_lines_seen_once_each_have_no_detection_to_speak_of():
    value, _ = detection_limits.log_repeated(np.array([30.0]), np.array([30.0]), 0.0)
    low, high = detection_limits.log_repeated(np.array([30.0]), np.array([30.0]), 2.0)
    assert value == -np.inf
    assert low == -np.inf
    assert math.isfinite(high[0])


def test_prior_limits_are_its_range():
    prior = Detection.prior(
        {"internal": [0.1, 0.2], "external": [0.5, 0.5]},
        {"internal": [0.4, 0.5], "external": [0.5, 0.5]},
    )
    low, high = prior.parts.limits(Z)
    np.testing.assert_allclose(np.exp(low), [0.1, 0.2, 0.5, 0.5], rtol=1e-12)
    np.testing.assert_allclose(np.exp(high), [0.4, 0.5, 0.5, 0.5], rtol=1e-12)


# --- several inputs -------------------------------------------------------------------------


def test_inputs_are_weighted_by_what_they_know():
    control = Detection.control({"internal": [100, 180], "external": [100, 100]})
    found = detection_adjusted_trend(*SPLIT, detection={"a": AUDIT, "c": control})
    rows = found.table.loc[ODDS]
    seen = rows.loc["recorded", "estimate"]
    shifts = np.log(rows.loc[["a", "c"], "estimate"] / seen)
    variances = np.array([1 / 10 + 1 / 20 + 1 / 28 + 1 / 30 - 4 / 40, 2 / 100 + 1 / 180 + 1 / 100])
    pooled = float(np.average(shifts, weights=1 / variances))
    assert rows.loc["all inputs", "estimate"] == pytest.approx(seen * math.exp(pooled), rel=1e-10)
    assert found.effect.estimate == rows.loc["all inputs", "estimate"]
    q = float(np.sum((shifts - pooled) ** 2 / variances))
    (note,) = [n.text for n in found.notes if n.code == "agreement"]
    assert f"Q = {q:.3g}" in note
    assert rows.loc["all inputs", "high"] - rows.loc["all inputs", "low"] < (
        rows.loc["a", "high"] - rows.loc["a", "low"]
    )


def test_inputs_that_disagree_warn():
    control = Detection.control({"internal": [1000, 100], "external": [1000, 1000]})
    with pytest.warns(ApproximationWarning, match="the inputs disagree"):
        found = detection_adjusted_trend(*SPLIT, detection=[AUDIT, control])
    assert any("at least one assumption fails" in n.text for n in found.notes)


def test_one_taken_as_known_is_not_pooled():
    effort = Detection.effort({"internal": [1, 2], "external": [1, 1]})
    found = detection_adjusted_trend(*SPLIT, detection=[AUDIT, effort])
    assert found.effect.verdict.code == "not-identified"
    assert "taken as known" in " ".join(n.text for n in found.notes)
    assert (ODDS, "all inputs") not in found.table.index


def test_the_same_kind_twice_has_two_names():
    found = detection_adjusted_trend(*SPLIT, detection=[AUDIT, AUDIT])
    assert {"audit", "audit 2"} <= set(found.table.index.get_level_values("input"))


def test_an_input_that_found_nothing_is_left_out():
    blind = Detection.audit({"internal": [0, 20], "external": [28, 30]}, FORTY)
    found = detection_adjusted_trend(*SPLIT, detection={"a": AUDIT, "blind": blind})
    alone = detection_adjusted_trend(*SPLIT, detection=AUDIT)
    assert found.effect.estimate == pytest.approx(alone.effect.estimate, rel=1e-12)
    assert "Without blind" in " ".join(n.text for n in found.notes)


# --- edges ----------------------------------------------------------------------------------


def test_nothing_found_before_leaves_one_limit():
    """Detection near 0 before: all the rise may be detection, and more."""
    blind = Detection.audit({"internal": [0, 20], "external": [28, 30]}, FORTY)
    effect = detection_adjusted_trend(*SPLIT, detection=blind).effect
    assert effect.estimate == 0.0
    assert effect.low == 0.0
    assert 0.5 < effect.high < 4


def test_zero_lines_leave_one_limit():
    found = detection_adjusted_trend([0, 20], [30, 40], detection=known([0.3] * 2, [0.4] * 2))
    found = found.effect
    assert found.estimate == math.inf
    assert found.high == math.inf
    assert 0 < found.low < math.inf


def test_no_internal_line_at_all_has_no_odds_ratio():
    found = detection_adjusted_trend([0, 0], [30, 40], detection=known([0.3] * 2, [0.4] * 2))
    assert found.effect.verdict.code == "not-identified"
    assert math.isnan(found.effect.estimate)
    assert (found.effect.low, found.effect.high) == (0.0, math.inf)


def test_separated_periods_have_no_slope():
    found = detection_adjusted_trend([0, 0, 20], [30, 40, 0], detection=())
    assert math.isnan(found.table.loc[(ODDS, "recorded"), "estimate"])
    assert found.table.loc[(ODDS, "recorded"), "verdict"] == "not-identified"


def test_an_audit_that_found_nothing_in_one_of_five_periods():
    blind = Detection.audit(
        {"internal": [0, 20, 20, 25, 30], "external": [28, 30, 28, 30, 27]},
        {"internal": [40] * 5, "external": [40] * 5},
    )
    found = detection_adjusted_trend(*YEARS, detection=blind)
    assert found.effect.verdict.code == "not-identified"
    assert "detection_bounds" in str(found.effect.verdict)


def test_two_periods_are_called_a_change():
    codes = {n.code for n in detection_adjusted_trend(*SPLIT).notes}
    assert "two-periods" in codes
    (text,) = [n.text for n in detection_adjusted_trend(*SPLIT).notes if n.code == "tipping-point"]
    assert f"{tipping_point(1280, 2727, 4250, 2394).estimate:.3g}-fold" in text


def test_labels_of_periods_must_agree():
    years = ["2022/23", "2023/24"]
    internal, external = pd.Series([1280, 4250], years), pd.Series([2727, 2394], years)
    good = Detection.audit(pd.DataFrame(FOUND, years), pd.DataFrame(FORTY, years))
    found = detection_adjusted_trend(internal, external, detection=good)
    assert found.effect.estimate == pytest.approx(2.0262, abs=1e-4)
    bad = Detection.audit(pd.DataFrame(FOUND, years[::-1]), pd.DataFrame(FORTY, years[::-1]))
    with pytest.raises(LabelMismatchError, match=r"`detection\['audit'\]` must be labelled"):
        detection_adjusted_trend(internal, external, detection=bad)
    with pytest.raises(LabelMismatchError, match="`present` must be labelled as `found`"):
        Detection.audit(pd.DataFrame(FOUND, years), pd.DataFrame(FORTY, years[::-1]))


def test_the_result_reads_and_cites():
    found = detection_adjusted_trend(*SPLIT, detection=AUDIT)
    assert "do not change" in found.null_hypothesis
    assert "random sample of the lines" in found.summary()
    assert "Zou" in found.cite()
    found.to_dict()
    assert found.table.attrs["references"] == found.references


@pytest.mark.parametrize(
    ("make", "error", "words"),
    [
        (lambda: Detection.audit([1, 2], [1, 1]), InputError, "`found` must be at most `present`"),
        (lambda: Detection.audit([1, 2], [1, 0]), InputError, "`present` must be above 0"),
        (lambda: Detection.audit([1.5, 2], [3, 3]), InputError, "`found` must be a whole number"),
        (lambda: Detection.audit([1, np.nan], [3, 3]), InputError, "`found` must be finite"),
        (lambda: Detection.audit([], []), InputError, "`found` must be non-empty"),
        (lambda: Detection.audit([True, False], [3, 3]), InputTypeError, "`found` must be numeric"),
        (lambda: Detection.audit([1, 2, 3], [4, 4]), InputError, "`present` must be of the shape"),
        (lambda: Detection.audit(FOUND, [4, 4]), InputError, "of the shape of `found`"),
        (lambda: Detection.audit({"internal": [1]}, FORTY), InputError, "`found` must be given"),
        (lambda: Detection.audit({"local": [1], "external": [1]}, FORTY), InputError, "'local'"),
        (lambda: Detection.audit(np.ones((2, 2)), FORTY), InputTypeError, "one value a period"),
        (
            lambda: Detection.audit({"internal": [1], "external": [1, 2]}, FORTY),
            InputError,
            "one l",
        ),
        (lambda: Detection.probability([0, 0.5], [0.1, 0.1]), InputError, "`estimate` must be"),
        (lambda: Detection.probability([0.5, 1.0], [0.1, 0.1]), InputError, "`estimate` must"),
        (lambda: Detection.probability([0.5], [-0.1]), InputError, "`standard_error` must be at l"),
        (lambda: Detection.repeat_detections([5], [4]), InputError, "`lines` must be at most"),
        (lambda: Detection.repeat_detections([0], [4]), InputError, "`lines` must be above 0"),
        (lambda: Detection.effort([0, 1]), InputError, "`effort` must be finite and above 0"),
        (lambda: Detection.effort([1], standard_error=-1), InputError, "`standard_error` must be"),
        (lambda: Detection.effort([1], elasticity=-3), InputError, "`elasticity` must be"),
        (lambda: Detection.control([1, 2]), InputError, "`counts` must be given for internal"),
        (lambda: Detection.control({"internal": [0], "external": [0]}), InputError, "above 0 in"),
        (lambda: Detection.prior([0.5], [0.4]), InputError, "`low` must be at most `high`"),
        (lambda: Detection.prior([0.5], [1.4]), InputError, "`high` must be"),
    ],
)
def test_bad_inputs_of_detection(make, error, words):
    with pytest.raises(error, match=words):
        make()


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        ({"detection": "audit"}, InputTypeError, "`detection` must be a Detection"),
        ({"detection": [1]}, InputTypeError, "`detection` must be a Detection"),
        ({"detection": {"recorded": AUDIT}}, InputError, "named otherwise than a row"),
        ({"detection": FIVE}, InputError, "must be of 2 periods, got 5"),
        ({"internal": [9, 40], "detection": AUDIT}, InputError, "more lines found in the register"),
        ({"time": [1, 1]}, InputError, "`time` must be rising"),
        ({"time": [1, 2, 3]}, InputError, "`time`"),
        ({"family": "gaussian"}, InputError, "`family` must be one of"),
        ({"null": 0}, InputError, "`null` must be"),
        ({"level": 95}, InputError, "`level` must be"),
        ({"alternative": "up"}, InputError, "`alternative` must be one of"),
        ({"internal": [1]}, InputTypeError, "as many as `external`"),
        ({"internal": 5, "external": 6}, InputTypeError, "`internal` must be one value a period"),
        ({"internal": [5], "external": [6]}, InputError, "`internal` must be of at least 2"),
        ({"internal": [0, 5], "external": [0, 6]}, InputError, "no external lines"),
        ({"internal": [-1, 5]}, InputError, "`internal` must be a whole number"),
    ],
)
def test_bad_arguments(arguments, error, words):
    data = {"internal": SPLIT[0], "external": SPLIT[1], **arguments}
    with pytest.raises(error, match=words):
        detection_adjusted_trend(data.pop("internal"), data.pop("external"), **data)


def test_names_are_public():
    assert cl.localisation.Detection is Detection
