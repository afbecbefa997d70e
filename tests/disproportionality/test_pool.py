"""Pooled ratios: other software, equations put back, swapped groups, silent strata, errors."""

from __future__ import annotations

import itertools
import json
import math
import pickle
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import integrate, stats
from scipy.optimize import brentq
from scipy.special import comb

import countylines as cl
from countylines._kernels import heterogeneity, log_ratios, prediction
from countylines.disproportionality import pool, rate_ratio
from countylines.errors import (
    DegenerateDataWarning,
    InputError,
    LabelMismatchError,
    SparseDataWarning,
)

CASES = json.loads((Path(__file__).parents[1] / "reference" / "strata.json").read_text("utf-8"))[
    "cases"
]
quiet = pytest.mark.filterwarnings("ignore::countylines.errors.CountyLinesWarning")
TAU2 = {
    "dl": "dersimonian-laird",
    "pm": "paule-mandel",
    "eb": "empirical-bayes",
    "sj": "sidik-jonkman",
    "he": "hedges",
    "hs": "hunter-schmidt",
    "ml": "ml",
    "reml": "reml",
    "fe": "fixed",
}
RATES = ([5, 0, 3, 0, 11, 2], [1200, 800, 350, 90, 5400, 150])
OTHERS = ([40, 6, 0, 0, 77, 9], [61000, 20000, 900, 4000, 88000, 7100])
SPARSE = (*RATES, *OTHERS)
SHARES = ([8, 22, 3], [106, 98, 40], [5, 16, 9], [120, 85, 60])
NAMES = pd.Index(["Avon", "Beds", "Cleveland", "Derbys", "Essex", "Fife"], name="force")
EVERY = [
    *(
        (measure, "weighted", method)
        for measure in ("rate-ratio", "odds-ratio")
        for method in ("mantel-haenszel", "score", "skew-score", "exact", "mid-p")
    ),
    *(("risk-ratio", "weighted", m) for m in ("mantel-haenszel", "score", "skew-score")),
    *(("rate-ratio", "mean", m) for m in ("reml", "dersimonian-laird", "paule-mandel", "glmm")),
    *(("odds-ratio", "mean", m) for m in ("sidik-jonkman", "ml", "fixed")),
    ("risk-ratio", "mean", "hedges"),
]
every = pytest.mark.parametrize(("measure", "estimand", "method"), EVERY)


def data_of(measure):
    return SPARSE if measure.startswith("rate") else SHARES


def inputs(case):
    given = case["inputs"]
    return [given[name] for name in ("x1", "e1" if "e1" in given else "n1", "x2")] + [
        given["e2" if "e2" in given else "n2"]
    ]


def measure_of(case):
    return "-".join(case["family"].split("_")[-2:])


def cases(*starts, method=""):
    return [
        pytest.param(case, id=case["id"])
        for case in CASES
        if case["family"].startswith(starts) and case["method"].startswith(method)
    ]


def near(case, floor=1e-12):
    return {"rel": case["tolerance"]["rtol"], "abs": floor}


def codes(result):
    return [note.code for note in result.notes]


def ends(result):
    return np.array([result.estimate, result.low, result.high])


@quiet
@pytest.mark.reference
class TestOtherSoftware:
    @pytest.mark.parametrize("case", cases("stratified_", method="mantel_haenszel"))
    def test_mantel_haenszel(self, case):
        expected, ratio = case["expected"], "ratio" in case["family"]
        found = pool(*inputs(case), measure=measure_of(case))
        assert ends(found) == pytest.approx(
            [expected[k] for k in ("estimate", "lower", "upper")], **near(case)
        )
        if "se" in expected:
            error = found.standard_error / found.estimate if ratio else found.standard_error
            assert error == pytest.approx(expected["se"], **near(case))
        if "pvalue" in expected:
            assert found.pvalue == pytest.approx(expected["pvalue"], rel=1e-6)
        if "risk_ratio" in expected:
            risk = pool(*inputs(case), measure="risk-ratio")
            assert risk.estimate == pytest.approx(expected["risk_ratio"], **near(case))

    @pytest.mark.parametrize("case", cases("stratified_r", "stratified_o", method="score"))
    def test_score(self, case):
        weights = "mantel-haenszel" if "_mh" in case["method"] else "efficient"
        if case["family"] == "stratified_risk_ratio":  # the default of the source
            weights = "mantel-haenszel"
        method = "skew-score" if "scas" in case["method"] else "score"
        found = pool(*inputs(case), measure=measure_of(case), method=method, weights=weights)
        for key, value in zip(("estimate", "lower", "upper"), ends(found), strict=True):
            expected = case["expected"][key]
            if key in case.get("disagreements", {}):
                assert value != pytest.approx(expected, rel=1e-8)
                assert value == pytest.approx(expected, rel=1e-3)
            else:
                assert value == pytest.approx(expected, **near(case)), key
        if "disagreements" not in case:
            assert found.pvalue == pytest.approx(case["expected"]["pvalue"], rel=2e-6)

    def test_the_source_of_the_disagreement_depends_on_the_unit(self):
        (case,) = [c for c in CASES if c["id"] == "s-stratified_rate_ratio-score_inv-006"]
        x, n, y, m = (np.array(v, dtype=float) for v in inputs(case))

        def theirs(unit):
            total = (n + m) / unit

            def balance(ratio):
                weight = n * m / (ratio * n + m) * total / (total - 1)
                return (weight * (x / n - ratio * y / m)).sum()

            return brentq(balance, 0.1, 10, xtol=1e-14, rtol=1e-14)

        # the factor of the source moves its answer; counted in tens of years it moves further
        assert theirs(1.0) != pytest.approx(theirs(10.0), rel=1e-6)
        ours = pool(x, n, y, m, method="score").estimate
        assert pool(x, n / 10, y, m / 10, method="score").estimate == pytest.approx(ours, rel=1e-12)

    @pytest.mark.parametrize("case", cases("stratified_odds_ratio", method="exact_conditional"))
    def test_exact(self, case):
        found = pool(*inputs(case), measure="odds-ratio", method="exact")
        if "estimate" in case["expected"]:
            expected = [case["expected"][k] for k in ("estimate", "lower", "upper")]
            assert ends(found) == pytest.approx(expected, **near(case))
        else:
            # tables at most as likely: here all of them are on one side
            one = found.test(null=1.0, alternative="greater")
            assert one.pvalue == pytest.approx(case["expected"]["pvalue"], **near(case))

    @pytest.mark.parametrize("case", cases("regression"))
    def test_the_score_estimate_is_that_of_the_likelihood(self, case):
        found = pool(*inputs(case), method="score")
        assert found.estimate == pytest.approx(case["expected"]["rate_ratio"], **near(case))

    @pytest.mark.parametrize("case", cases("stratified_rate_ratio", method="crude"))
    def test_the_ratio_of_the_totals(self, case):
        assert pool(*inputs(case)).plain.estimate == pytest.approx(
            case["expected"]["estimate"], **near(case)
        )

    @pytest.mark.parametrize("case", cases("random_effects_r", "random_effects_o"))
    def test_means_of_log_ratios(self, case):
        name, _, adjusted = case["method"].partition("_")
        expected = case["expected"]
        interval = "t-unheld" if adjusted else "normal"
        options = {"estimand": "mean", "measure": measure_of(case), "uninformative": "keep"}
        if name == "qprofile":
            found = pool(*inputs(case), method="dersimonian-laird", **options).between
            limits = [expected[k] ** 0.5 for k in ("tau2", "tau2_lower", "tau2_upper")]
            assert ends(found) == pytest.approx(limits, **near(case))
            return
        found = pool(*inputs(case), method=TAU2[name], interval=interval, **options)
        assert math.log(found.estimate) == pytest.approx(expected["log_estimate"], **near(case))
        assert found.standard_error / found.estimate == pytest.approx(expected["se"], **near(case))
        assert found.between.estimate**2 == pytest.approx(expected["tau2"], **near(case))
        assert [found.low, found.high] == pytest.approx(
            [expected["lower"], expected["upper"]], **near(case)
        )
        if expected["pi_lower"]:
            predicted = [found.prediction.low, found.prediction.high]
            assert predicted == pytest.approx(
                [expected["pi_lower"], expected["pi_upper"]], **near(case)
            )

    @pytest.mark.parametrize("case", cases("random_effects_generic"))
    def test_given_log_ratios(self, case):
        y, v = (np.array(case["inputs"][k])[None] for k in ("yi", "vi"))
        t = heterogeneity.METHODS[TAU2[case["method"]]](y, v)
        mean, variance = heterogeneity.mean(y, v, t)
        adjusted = variance * heterogeneity.knapp_hartung(y, v, t)
        found = [mean[0], variance[0] ** 0.5, adjusted[0] ** 0.5, t[0]]
        expected = [case["expected"][k] for k in ("estimate", "se", "se_hksj", "tau2")]
        assert found == pytest.approx(expected, **near(case))


@quiet
@every
class TestEveryMethod:
    def test_swapping_the_groups_inverts_the_ratio(self, measure, estimand, method):
        x, n, y, m = data_of(measure)
        options = {"measure": measure, "estimand": estimand, "method": method}
        found, swapped = pool(x, n, y, m, **options), pool(y, m, x, n, **options)
        np.testing.assert_allclose(
            ends(swapped), 1 / ends(found)[[0, 2, 1]], rtol=1e-7 if method == "glmm" else 1e-9
        )
        assert swapped.pvalue == pytest.approx(found.pvalue, rel=1e-6)
        above = pool(x, n, y, m, null=1.5, alternative="greater", **options)
        below = pool(y, m, x, n, null=1 / 1.5, alternative="less", **options)
        assert below.pvalue == pytest.approx(above.pvalue, rel=1e-6)
        assert (above.high, below.low) == (math.inf, 0.0)

    def test_order_labels_and_silent_strata_make_no_difference(self, measure, estimand, method):
        data = data_of(measure)
        options = {"measure": measure, "estimand": estimand, "method": method}
        first = pool(*data, **options)
        order = np.random.default_rng(1).permutation(len(data[0]))
        again = pool(*(np.array(v)[order] for v in data), **options)
        np.testing.assert_allclose(ends(again), ends(first), rtol=1e-9)
        index = NAMES[: len(data[0])]
        series = pool(*(pd.Series(v, index=index) for v in data), **options)
        np.testing.assert_array_equal(ends(series), ends(first))
        assert type(series.estimate) is float
        # nobody of the group, and nobody recorded of either
        more = [
            [*v, *extra] for v, extra in zip(data, ([0, 0], [0, 9], [4, 0], [70, 30]), strict=True)
        ]
        longer = pool(*more, **options)
        np.testing.assert_allclose(ends(longer), ends(first), rtol=1e-9)
        assert "silent-strata" in codes(longer)
        assert longer.n == first.n

    def test_rows_are_pooled_one_by_one(self, measure, estimand, method):
        data = data_of(measure)
        other = [np.roll(v, 1) for v in (data[0], data[1])] + [np.roll(v, 1) for v in data[2:]]
        other[0] = np.maximum(other[0] - 1, 0)
        both = [np.array([a, b]) for a, b in zip(data, other, strict=True)]
        options = {"measure": measure, "estimand": estimand, "method": method}
        found = pool(*both, dim=1, **options)
        labels = NAMES[: len(data[0])]
        frames = [pd.DataFrame(v.T, index=labels, columns=[2020, 2021]) for v in both]
        frame = pool(*frames, **options)
        assert list(frame.low.index) == [2020, 2021]
        np.testing.assert_array_equal(frame.low.to_numpy(), found.low)
        arrays = [
            xr.DataArray(v, dims=("year", "force"), coords={"force": labels.values}) for v in both
        ]
        array = pool(*arrays, dim="force", **options)
        assert array.estimate.dims == ("year",)
        for row in range(2):
            one = pool(*(v[row] for v in both), **options)
            np.testing.assert_allclose(
                [found.estimate[row], found.low[row], found.high[row]], ends(one), rtol=1e-8
            )
            assert float(array.high[row]) == pytest.approx(one.high, rel=1e-8)

    def test_the_test_agrees_with_the_interval(self, measure, estimand, method):
        options = {"measure": measure, "estimand": estimand, "method": method, "level": 0.9}
        found = pool(*data_of(measure), **options)
        for end in (found.low, found.high):
            assert found.test(null=end).pvalue == pytest.approx(0.1, rel=1e-5)
        one = pool(*data_of(measure), alternative="greater", **{**options, "level": 0.95})
        assert one.low == pytest.approx(found.low, rel=1e-9)
        assert one.test(null=one.low, alternative="greater").pvalue == pytest.approx(0.05, rel=1e-5)

    def test_the_result_survives(self, measure, estimand, method):
        found = pool(*data_of(measure), measure=measure, estimand=estimand, method=method)
        assert pickle.loads(pickle.dumps(found)).identical(found)
        assert "estimand" in found.summary()
        assert found.cite()
        assert len(found.to_frame()) == 1
        assert found.to_dict()["method"] == method


@quiet
class TestRates:
    @pytest.mark.parametrize("method", ["mantel-haenszel", "score", "skew-score", "mid-p"])
    def test_the_unit_of_exposure_makes_no_difference(self, method):
        x, n, y, m = (np.array(v, dtype=float) for v in SPARSE)
        found = ends(pool(x, n, y, m, method=method))
        scaled = ends(pool(x, n * 1e-9, y, m * 1e-9, method=method))
        np.testing.assert_allclose(scaled, found, rtol=1e-10)
        if method == "mantel-haenszel":  # its weights depend on how the two exposures compare
            return
        other = ends(pool(x, n * 1e6, y, m, method=method))
        np.testing.assert_allclose(other, found / 1e6, rtol=1e-9)

    @pytest.mark.parametrize(
        ("method", "alone"), [("score", "score"), ("exact", "exact"), ("mid-p", "mid-p")]
    )
    def test_one_stratum_is_a_rate_ratio(self, method, alone):
        table = (19, 2579, 2365, 487409)
        found, single = pool(*([v] for v in table), method=method), rate_ratio(*table, method=alone)
        assert ends(found)[1:] == pytest.approx([single.low, single.high], rel=1e-9)
        assert found.pvalue == pytest.approx(single.pvalue, rel=1e-9)

    @pytest.mark.parametrize("method", ["score", "exact", "mid-p"])
    def test_strata_with_one_ratio_of_exposures_are_one(self, method):
        """Given the events of both groups, the law of the sum is then one binomial law."""
        whole = pool([12], [30], [20], [90], method=method)
        parts = pool([3, 9], [10, 20], [12, 8], [30, 60], method=method)
        np.testing.assert_allclose(ends(parts), ends(whole), rtol=1e-9)

    def test_zero_cells_need_nothing(self):
        found = pool(*SPARSE)
        assert codes(found) == ["not-a-cause", "silent-strata"]
        assert "3" in found.notes[1].text
        none = [0] * 6
        with pytest.warns(DegenerateDataWarning, match="no events where it could be compared"):
            empty = pool(none, RATES[1], *OTHERS)
        assert (empty.estimate, empty.low, empty.high) == (0.0, 0.0, math.inf)
        for method in ("score", "skew-score", "exact", "mid-p"):
            with pytest.warns(DegenerateDataWarning):
                found = pool(none, RATES[1], *OTHERS, method=method)
            assert (found.estimate, found.low) == (0.0, 0.0)
            assert 0.0 < found.high < 3.0
            with pytest.warns(DegenerateDataWarning):
                turned = pool(*OTHERS, none, RATES[1], method=method)
            assert (turned.estimate, turned.high) == (math.inf, math.inf)
            assert turned.low == pytest.approx(1 / found.high, rel=1e-9)

    @pytest.mark.parametrize("method", ["mantel-haenszel", "skew-score", "mid-p"])
    def test_nothing_compared(self, method):
        with pytest.warns(DegenerateDataWarning, match="nothing is compared"):
            found = pool([0, 4], [10, 20], [0, 0], [30, 0], method=method)
        assert math.isnan(found.estimate)
        assert (found.low, found.high, found.pvalue) == (0.0, math.inf, 1.0)
        assert found.verdict.code == "no-data"

    def test_means_that_cannot_be_seen(self):
        for method in ("reml", "glmm"):
            with pytest.warns(DegenerateDataWarning, match="Fewer than two strata"):
                one = pool([9], [10], [20], [40], estimand="mean", method=method)
            assert one.verdict.code == "not-identified"
            assert (one.low, one.high) == (0.0, math.inf)
        for x, y in (([0, 0, 0], [4, 5, 6]), ([9, 0, 7, 0], [0, 8, 0, 5])):
            size = [10] * len(x)
            with pytest.warns(DegenerateDataWarning, match="without bound"):
                found = pool(x, size, y, size, estimand="mean", method="glmm")
            assert math.isnan(found.estimate)

    def test_what_is_added_is_said(self):
        with pytest.warns(SparseDataWarning, match="Use method='glmm'"):
            found = pool(*SPARSE, estimand="mean")
        assert {"zero-correction", "sparse", "silent-strata"} <= set(codes(found))
        assert "2 strata" in next(n.text for n in found.notes if n.code == "zero-correction")
        assert found.n == 5
        with pytest.warns(SparseDataWarning):
            kept = pool(*SPARSE, estimand="mean", uninformative="keep")
        assert kept.n == 6
        assert "0.5 in each cell" in next(n.text for n in kept.notes if n.code == "silent-strata")

    @quiet
    @pytest.mark.parametrize("method", ["reml", "paule-mandel", "glmm"])
    def test_another_stratum_allows_for_an_uncertain_variance(self, method):
        data = ([12, 9, 14, 8, 10], [100] * 5, [6, 5, 5, 6, 4], [100] * 5)
        found = pool(*data, estimand="mean", method=method)
        known = pool(*data, estimand="mean", method=method, interval="t-unheld").prediction
        assert found.prediction.low < known.low
        assert found.prediction.high > known.high
        assert found.prediction.interval_method.startswith("over the confidence distribution")
        assert found.prediction.references == ("nagashima2019",)
        assert (known.interval_method, known.references) == ("t", ("higgins2009",))
        if method != "glmm":
            effects = log_ratios.effects("rate-ratio", tuple(np.array([v], float) for v in data), 0)
            ends = np.exp(prediction.limits(*effects, 0.95)).ravel()
            assert found.prediction.low == pytest.approx(min(ends[0], found.low), rel=1e-9)
            assert found.prediction.high == pytest.approx(max(ends[1], found.high), rel=1e-9)

    @quiet
    @pytest.mark.parametrize("strata", [2, 3, 8])
    def test_another_stratum_is_not_known_better_than_the_mean(self, strata):
        alike = ([40] * strata, [100] * strata, [20] * strata, [100] * strata)
        for method in ("reml", "fixed"):
            found = pool(*alike, estimand="mean", method=method)
            assert found.prediction.low == pytest.approx(found.low, rel=1e-9)
            assert found.prediction.high == pytest.approx(found.high, rel=1e-9)

    def test_held_and_unheld_factor(self):
        alike = ([40, 41, 39, 80], [100] * 4, [20, 20, 20, 40], [100] * 4)
        held = pool(*alike, estimand="mean")
        free = pool(*alike, estimand="mean", interval="t-unheld")
        normal = pool(*alike, estimand="mean", interval="normal")
        assert free.high < normal.high < held.high
        assert "no-variance-between" in codes(held)

    def test_less_than_chance(self):
        same = ([400] * 9, [100] * 9, [200] * 9, [100] * 9)
        found = pool(*same, estimand="mean")
        assert "less-than-chance" in codes(found)
        assert (found.between.low, found.between.high) == (0.0, 0.0)

    def test_empirical_bayes_is_paule_mandel(self):
        one, other = (
            pool(*SPARSE, estimand="mean", method=m) for m in ("empirical-bayes", "paule-mandel")
        )
        np.testing.assert_array_equal(ends(one), ends(other))


class TestEquations:
    @quiet
    @pytest.mark.parametrize("weights", ["efficient", "mantel-haenszel"])
    @pytest.mark.parametrize("method", ["score", "skew-score"])
    def test_score_of_rates(self, method, weights):
        x, n, y, m = (np.array(v, dtype=float) for v in SPARSE)
        found = pool(x, n, y, m, method=method, weights=weights)
        for ratio, z in ((found.estimate, 0.0), (found.low, 1.959963984540054)):
            q = (x + y) / (ratio * n + m)
            w = n * m / (ratio * n + m if weights == "efficient" else n + m)
            variance = (w**2 * (ratio * q / n + ratio**2 * q / m)).sum()
            third = (w**3 * (ratio * q / n**2 - ratio**3 * q / m**2)).sum()
            s = third / variance**1.5 / 6 if method == "skew-score" else 0.0
            score = (w * (x / n - ratio * y / m)).sum() / variance**0.5
            assert score == pytest.approx(z + s * (z * z - 1), abs=1e-9)

    @quiet
    @pytest.mark.parametrize("measure", ["rate-ratio", "odds-ratio"])
    @pytest.mark.parametrize("method", ["exact", "mid-p"])
    def test_tails_by_listing_every_table(self, measure, method):
        x, n, y, m = ([2, 0, 3], [9, 4, 8], [1, 2, 2], [14, 9, 6])
        found = pool(x, n, y, m, measure=measure, method=method)
        for ratio, side in ((found.low, 1), (found.high, -1)):
            whole = beyond = tied = 0.0
            ranges = [range(a + b + 1) for a, b in zip(x, y, strict=True)]
            for table in itertools.product(*ranges):
                chance = 1.0
                for k, a, b, c, d in zip(table, x, n, y, m, strict=True):
                    if measure == "rate-ratio":
                        chance *= comb(a + c, k) * (ratio * b / d) ** k
                    else:
                        chance *= comb(b, k) * comb(d, a + c - k) * ratio**k
                excess = side * (sum(table) - sum(x))
                whole += chance
                beyond += chance if excess > 0 else 0.0
                tied += chance if excess == 0 else 0.0
            tail = beyond + (tied if method == "exact" else tied / 2)
            assert tail / whole == pytest.approx(0.025, rel=1e-9)

    @quiet
    def test_the_likelihood_of_the_glmm(self):
        """Maximum and limits against a likelihood integrated by another rule."""
        x, n, y, m = (np.array(v, dtype=float) for v in SPARSE)
        found = pool(x, n, y, m, estimand="mean", method="glmm", interval="normal")

        def log_likelihood(mu, tau):
            total = 0.0
            for a, b, c, d in zip(x, n, y, m, strict=True):

                def joint(z, a=a, b=b, c=c, d=d):
                    log_odds = math.log(b / d) + mu + tau * z
                    p = 1 / (1 + math.exp(-log_odds))
                    return p**a * (1 - p) ** c * math.exp(-z * z / 2)

                total += math.log(integrate.quad(joint, -12, 12, epsabs=0, limit=200)[0])
            return total

        mu, tau = math.log(found.estimate), found.between.estimate
        top = log_likelihood(mu, tau)
        for step in (0.02, -0.02):
            assert log_likelihood(mu + step, tau) < top
            assert log_likelihood(mu, abs(tau + step)) < top
        need = top - stats.chi2.ppf(0.95, 1) / 2
        for limit in (found.low, found.high):
            best = max(log_likelihood(math.log(limit), t) for t in np.linspace(0, 3, 61))
            assert best <= need + 1e-7
            assert best == pytest.approx(need, abs=2e-3)

    @quiet
    def test_the_glmm_nears_the_normal_model_at_large_counts(self):
        rng = np.random.default_rng(5)
        size = np.full(12, 1e6)
        ratio = 2.0 * np.exp(rng.normal(0.0, 0.4, 12))
        x, y = np.rint(ratio * 20_000), np.full(12, 20_000)
        exact = pool(x, size, y, size, estimand="mean", method="glmm", interval="normal")
        approximate = pool(x, size, y, size, estimand="mean", method="ml", interval="normal")
        assert exact.estimate == pytest.approx(approximate.estimate, rel=1e-4)
        assert exact.between.estimate == pytest.approx(approximate.between.estimate, rel=1e-3)
        assert exact.standard_error == pytest.approx(approximate.standard_error, rel=1e-3)

    @pytest.mark.parametrize("times", [1e2, 1e6])
    def test_large_counts_leave_the_glmm_its_error(self, times):
        """Strata known exactly: maximum likelihood of a normal sample."""
        ratio = np.exp([0.1, 0.5, 0.2, -0.3])
        y, size = np.full(4, 1000 * times), np.full(4, 1e12)
        found = pool(
            np.rint(y * ratio), size, y, size, estimand="mean", method="glmm", interval="normal"
        )
        logs = np.log(ratio)
        assert found.between.estimate == pytest.approx(logs.std(), rel=1e-3)
        assert found.standard_error / found.estimate == pytest.approx(logs.std() / 2, rel=1e-3)
        assert np.isfinite(found.prediction.high)

    def test_strata_alike_leave_the_glmm_without_variance(self):
        alike = ([40, 41, 39, 80], [100] * 4, [20, 20, 20, 40], [100] * 4)
        found = pool(*alike, estimand="mean", method="glmm", interval="normal")
        common = pool(*alike, method="score")
        assert found.between.estimate == 0.0
        assert found.between.low == 0.0
        assert found.estimate == pytest.approx(common.estimate, rel=1e-8)


@quiet
@settings(max_examples=40, deadline=None)
@given(
    counts=st.lists(st.tuples(st.integers(0, 30), st.integers(0, 30)), min_size=2, max_size=6),
    method=st.sampled_from(["mantel-haenszel", "score", "skew-score", "mid-p"]),
    seed=st.integers(0, 99),
)
def test_the_estimate_lies_within_its_interval_and_among_the_strata(counts, method, seed):
    rng = np.random.default_rng(seed)
    x, y = (np.array(v) for v in zip(*counts, strict=True))
    n, m = np.exp(rng.normal(3, 1, (2, len(x))))
    found = pool(x, n, y, m, method=method)
    if not found.estimable:
        assert ((x + y) == 0).all()
        return
    assert found.low <= found.estimate <= found.high
    says = x + y > 0
    with np.errstate(divide="ignore", invalid="ignore"):
        own = ((x / n) / (y / m))[says]
    if method in ("mantel-haenszel", "score"):
        assert own.min() * (1 - 1e-9) <= found.estimate
        assert np.isinf(own.max()) or found.estimate <= own.max() * (1 + 1e-9)


GOOD = ([3, 4], [10, 20], [5, 6], [30, 40])


class TestInput:
    @pytest.mark.parametrize(
        ("place", "value", "words"),
        [
            (0, [3, -1], "`count` must be a whole number of at least 0, got -1 at position 1"),
            (0, [3, 1.5], "`count` must be a whole number of at least 0, got 1.5"),
            (0, [3, np.nan], "`count` must be a whole number of at least 0, got nan"),
            (1, [10, np.inf], "`size` must be finite and at least 0, got inf"),
            (3, [30, -2], "`ref_size` must be finite and at least 0, got -2"),
            (1, [10, 0], "`count` must be 0 where `size` is 0, got 4 at position 1"),
            (3, [30, 0], "`ref_count` must be 0 where `ref_size` is 0, got 6"),
            (0, [True, False], "`count`"),
            (0, ["a", "b"], "`count`"),
            (0, 3, None),
        ],
    )
    def test_data(self, place, value, words):
        data = list(GOOD)
        data[place] = value
        if words is None:
            assert pool(*data).estimable
            return
        with pytest.raises(InputError) as caught:
            pool(*data)
        assert words in str(caught.value)

    def test_totals(self):
        with pytest.raises(InputError, match=r"`count`.*`size`"):
            pool([30, 4], *GOOD[1:], measure="risk-ratio")
        with pytest.raises(InputError, match="`size` must be a whole number"):
            pool(GOOD[0], [10.5, 20], *GOOD[2:], measure="odds-ratio")

    def test_no_strata(self):
        with pytest.raises(InputError, match="`count` must be one value for each stratum"):
            pool(3, 10, 5, 30)
        with pytest.raises(InputError, match="`count` must be non-empty"):
            pool([], [], [], [])
        with pytest.raises(InputError, match="`dim` must be an axis number below 2"):
            pool(*(np.array([v]) for v in GOOD))

    def test_labels(self):
        one = pd.Series([3, 4], index=["a", "b"])
        other = pd.Series([30, 40], index=["b", "a"])
        with pytest.raises(LabelMismatchError):
            pool(one, other, one, other)

    def test_lazy(self):
        lazy = [xr.DataArray(v, dims="force").chunk() for v in GOOD]
        with pytest.raises(InputError, match=r"count.compute\(\)"):
            pool(*lazy, dim="force")

    @pytest.mark.parametrize(
        ("options", "words"),
        [
            ({"measure": "hazard"}, "`measure` must be one of"),
            ({"estimand": "median"}, "`estimand` must be one of"),
            ({"method": "reml"}, "Say estimand='mean' if that is what is wanted."),
            ({"method": "score", "estimand": "mean"}, "Say estimand='weighted'"),
            ({"method": "magic"}, "`method` must be one of"),
            ({"method": "exact", "measure": "risk-ratio"}, "for rate-ratio and odds-ratio"),
            ({"method": "score", "measure": "rate-difference"}, "is for rate-ratio"),
            ({"method": "glmm", "estimand": "mean", "measure": "odds-ratio"}, "is for rate-ratio"),
            ({"weights": "none"}, "`weights` must be one of"),
            ({"interval": "z"}, "`interval` must be one of"),
            ({"uninformative": "ignore"}, "`uninformative` must be one of"),
            ({"zero_correction": 0}, "`zero_correction` must be"),
            ({"level": 95}, "`level` must be"),
            ({"null": 0}, "`null` must be"),
            ({"alternative": "more"}, "`alternative` must be"),
        ],
    )
    def test_options(self, options, words):
        with pytest.raises(InputError) as caught:
            pool(*GOOD, **options)
        assert words in str(caught.value)

    def test_too_large_for_the_exact_law(self):
        many = ([10**7] * 40, [1] * 40, [10**7] * 40, [1] * 40)
        with pytest.raises(InputError, match=r"small enough for method='mid-p', got 800,000,000"):
            pool(*many, method="mid-p")

    @quiet
    def test_differences(self):
        found = pool(*GOOD, measure="rate-difference", null=0.1)
        assert found.plain is None
        assert found.null == 0.1
        mean = pool(*GOOD, measure="risk-difference", estimand="mean")
        own = [3 / 10 - 5 / 30, 4 / 20 - 6 / 40]
        assert min(own) < mean.estimate < max(own)
        assert mean.low < mean.estimate < mean.high


def test_forces_of_england_and_wales():
    stops = cl.datasets.load_stop_search_pfa_2019_2021().query("year == 2020")
    table = stops.pivot(index="force", columns="ethnic_group")
    groups = [table[c][g] for g in ("Black", "White") for c in ("stopped", "population")]
    common, mean = pool(*groups), pool(*groups, estimand="mean")
    assert common.plain.estimate == pytest.approx(5.337, abs=1e-3)
    assert common.estimate < mean.estimate < common.plain.estimate
    assert mean.prediction.low < mean.low < mean.high < mean.prediction.high


@pytest.mark.filterwarnings("ignore::countylines.errors.CountyLinesWarning")
@pytest.mark.parametrize("estimand", ["weighted", "mean"])
def test_risk_differences_are_from_minus_one_to_one(estimand):
    tables = ([1, 2], [2, 2], [0, 1], [2, 3])
    for alternative in ("two-sided", "less", "greater"):
        found = pool(*tables, measure="risk-difference", estimand=estimand, alternative=alternative)
        assert -1.0 <= found.low < found.high <= 1.0
    none = pool([0, 0], [10, 10], [0, 0], [20, 20], measure="risk-difference")
    assert (none.low, none.high) == (-1.0, 1.0)


def test_the_estimand_reads_as_english():
    found = pool([3, 4], [10, 12], [5, 6], [30, 40], measure="odds-ratio")
    assert found.estimand == "an odds ratio common to all strata"
