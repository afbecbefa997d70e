"""Whether strata have one ratio: other software, the definition put back, errors."""

from __future__ import annotations

import itertools
import json
import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from scipy.special import comb

from countylines.disproportionality import homogeneity, pool
from countylines.errors import DegenerateDataWarning, InputError, SparseDataWarning

CASES = json.loads((Path(__file__).parents[1] / "reference" / "strata.json").read_text("utf-8"))[
    "cases"
]
quiet = pytest.mark.filterwarnings("ignore::countylines.errors.CountyLinesWarning")
RATES = (
    [5, 0, 3, 0, 11, 2],
    [1200, 800, 350, 90, 5400, 150],
    [40, 6, 0, 0, 77, 9],
    [61000, 20000, 900, 4000, 88000, 7100],
)
SHARES = ([8, 22, 3], [106, 98, 40], [5, 16, 9], [120, 85, 60])
METHODS = [
    *(("rate-ratio", m) for m in ("score", "likelihood-ratio", "breslow-day", "cochran")),
    *(("odds-ratio", m) for m in ("score", "likelihood-ratio", "breslow-day-tarone", "woolf")),
    *(("risk-ratio", m) for m in ("score", "likelihood-ratio", "mantel-haenszel")),
    ("rate-ratio", "exact"),
    ("odds-ratio", "exact"),
]


def inputs(case):
    given = case["inputs"]
    return [
        given.get(one, given.get(other))
        for one, other in (("x1", ""), ("e1", "n1"), ("x2", ""), ("e2", "n2"))
    ]


def cases(**wanted):
    return [
        pytest.param(case, id=case["id"])
        for case in CASES
        if all(case[k].startswith(v) for k, v in wanted.items())
    ]


@quiet
@pytest.mark.reference
class TestOtherSoftware:
    @pytest.mark.parametrize("case", cases(family="stratified_odds_ratio", method="breslow_day"))
    def test_breslow_and_day(self, case):
        near, expected = {"rel": case["tolerance"]["rtol"]}, case["expected"]
        for method, name in (("breslow-day", "bd"), ("breslow-day-tarone", "tarone")):
            found = homogeneity(*inputs(case), measure="odds-ratio", method=method)
            assert found.statistic == pytest.approx(expected[name], **near)
            assert found.pvalue == pytest.approx(expected[f"{name}_pvalue"], **near)
            assert found.table["part"].sum() >= found.statistic * (1 - 1e-12)
        default = homogeneity(*inputs(case), measure="odds-ratio")
        assert default.method == "breslow-day-tarone, chi-squared"
        # without a continuity correction, Cochran, Mantel and Haenszel's is the score test of 1
        one = pool(*inputs(case), measure="odds-ratio", method="score")
        assert one.pvalue == pytest.approx(expected["cmh_pvalue"], **near)

    @pytest.mark.parametrize("case", cases(method="mantel_haenszel"))
    def test_about_the_mantel_haenszel_value(self, case):
        measure = "-".join(case["family"].split("_")[-2:])
        near, expected = {"rel": case["tolerance"]["rtol"]}, case["expected"]
        if "Q" in expected:
            found = homogeneity(*inputs(case), measure=measure, method="mantel-haenszel")
            assert found.statistic == pytest.approx(expected["Q"], **near)
            assert found.pvalue == pytest.approx(expected["Q_pvalue"], rel=1e-6)
        if "tarone_adjusted_bd" in expected:
            tarone = homogeneity(*inputs(case), measure=measure)
            assert tarone.statistic == pytest.approx(expected["tarone_adjusted_bd"], **near)
            assert tarone.pvalue == pytest.approx(expected["tarone_pvalue"], rel=1e-6)
        if "equal_odds" in expected:
            for method, key in (("breslow-day", ""), ("breslow-day-tarone", "_tarone")):
                found = homogeneity(*inputs(case), measure=measure, method=method)
                assert found.statistic == pytest.approx(expected[f"equal_odds{key}"], **near)

    @pytest.mark.parametrize("case", cases(family="random_effects_r", method="fe"))
    def test_cochran(self, case):
        measure = "-".join(case["family"].split("_")[-2:])
        x, n, y, m = (np.array(v) for v in inputs(case))
        found = homogeneity(x, n, y, m, measure=measure, method="cochran")
        if (x + y > 0).all():  # the source keeps strata without events
            assert found.statistic == pytest.approx(case["expected"]["Q"], rel=1e-6)
        else:
            assert found.statistic < case["expected"]["Q"]

    @pytest.mark.parametrize(
        "case",
        [c for c in cases(family="stratified_rate_ratio", method="score_mn") if "scas" not in c.id],
    )
    def test_score(self, case):
        found = homogeneity(*inputs(case))
        assert found.statistic == pytest.approx(case["expected"]["Q"], rel=1e-6)
        assert found.pvalue == pytest.approx(case["expected"]["Q_pvalue"], rel=1e-6)

    @pytest.mark.parametrize("case", cases(family="regression"))
    def test_likelihood_ratio(self, case):
        found = homogeneity(*inputs(case), method="likelihood-ratio")
        assert found.statistic == pytest.approx(case["expected"]["deviance"], rel=1e-7)
        assert found.pvalue == pytest.approx(case["expected"]["hom_pvalue"], rel=1e-7)
        assert found.n == case["expected"]["df"] + 1

    def test_statsmodels_has_the_same_breslow_day(self):
        tables = pytest.importorskip("statsmodels.stats.contingency_tables")
        x, n, y, m = (np.array(v, dtype=float) for v in SHARES)
        theirs = tables.StratifiedTable(np.array([[x, n - x], [y, m - y]]))
        for adjust, method in ((False, "breslow-day"), (True, "breslow-day-tarone")):
            found = homogeneity(x, n, y, m, measure="odds-ratio", method=method)
            expected = theirs.test_equal_odds(adjust=adjust)
            assert found.statistic == pytest.approx(expected.statistic, rel=1e-9)
            assert found.pvalue == pytest.approx(expected.pvalue, rel=1e-9)


@quiet
@pytest.mark.parametrize(("measure", "method"), METHODS)
class TestEveryMethod:
    def test_groups_order_and_silent_strata_make_no_difference(self, measure, method):
        x, n, y, m = RATES if measure == "rate-ratio" else SHARES
        options = {"measure": measure, "method": method, "rng": 1}
        first = homogeneity(x, n, y, m, **options)
        swapped = homogeneity(y, m, x, n, **options)
        assert swapped.pvalue == pytest.approx(first.pvalue, rel=1e-7)
        turned = homogeneity(x[::-1], n[::-1], y[::-1], m[::-1], **options)
        assert turned.pvalue == pytest.approx(first.pvalue, rel=1e-7)
        longer = homogeneity([*x, 0, 0], [*n, 0, 9], [*y, 4, 0], [*m, 70, 30], **options)
        assert longer.pvalue == pytest.approx(first.pvalue, rel=1e-9)
        assert longer.n == first.n
        assert 0 < first.pvalue <= 1

    def test_rows_are_tested_one_by_one(self, measure, method):
        data = [np.array([v, v[::-1]]) for v in (RATES if measure == "rate-ratio" else SHARES)]
        data[0] = data[0] + np.array([[0], [1]])
        options = {"measure": measure, "method": method, "rng": 1}
        both = homogeneity(*data, dim=1, **options)
        assert both.table is None
        frame = homogeneity(*(pd.DataFrame(v.T, columns=["a", "b"]) for v in data), **options)
        assert list(frame.pvalue.index) == ["a", "b"]
        for row in range(2):
            one = homogeneity(*(v[row] for v in data), **options)
            assert both.pvalue[row] == pytest.approx(one.pvalue, rel=1e-8)
            assert both.effect.high[row] == pytest.approx(one.effect.high, rel=1e-8)

    def test_strata_alike_do_not_differ(self, measure, method):
        options = {"measure": measure, "method": method, "rng": 1}
        found = homogeneity([4, 8, 4], [20, 40, 20], [6, 12, 6], [60, 120, 60], **options)
        if method != "exact":
            assert found.statistic == pytest.approx(0.0, abs=1e-12)
        assert found.pvalue == pytest.approx(1.0)


@quiet
class TestExact:
    @pytest.mark.parametrize("measure", ["rate-ratio", "odds-ratio"])
    def test_by_listing_every_table(self, measure):
        x, n, y, m = ([2, 0, 3], [9, 4, 8], [1, 2, 2], [14, 9, 6])
        found = homogeneity(x, n, y, m, measure=measure, method="zelen")
        chances = {}
        ranges = [range(a + b + 1) for a, b in zip(x, y, strict=True)]
        for table in itertools.product(*ranges):
            if sum(table) == sum(x):
                chance = 1.0
                for k, a, b, c, d in zip(table, x, n, y, m, strict=True):
                    if measure == "rate-ratio":
                        chance *= comb(a + c, k) * (b / d) ** k
                    else:
                        chance *= comb(b, k) * comb(d, a + c - k)
                chances[table] = chance
        seen = chances[tuple(x)] * (1 + 1e-9)
        expected = sum(c for c in chances.values() if c <= seen) / sum(chances.values())
        assert found.method == "exact, exact"
        assert found.pvalue == pytest.approx(expected, rel=1e-10)

    def test_drawn_tables_agree_with_listed_ones(self, monkeypatch):
        listed = homogeneity(*SHARES, measure="odds-ratio", method="exact")
        monkeypatch.setattr("countylines._kernels.homogeneity.MOST_TABLES", 1)
        drawn = homogeneity(*SHARES, measure="odds-ratio", method="exact", replicates=40_000, rng=3)
        assert drawn.method == "exact, simulated given the margins"
        error = math.sqrt(listed.pvalue * (1 - listed.pvalue) / 40_000)
        assert abs(drawn.pvalue - listed.pvalue) < 4 * error

    def test_it_nears_chi_squared(self):
        x, n, y, m = ([60, 95, 70], [1000] * 3, [55, 60, 75], [1000] * 3)
        exact = homogeneity(x, n, y, m, method="exact").pvalue
        assert homogeneity(x, n, y, m).pvalue == pytest.approx(exact, rel=0.05)


class TestEdges:
    @pytest.mark.filterwarnings("ignore::countylines.errors.SparseDataWarning")
    def test_too_few_strata(self):
        with pytest.warns(DegenerateDataWarning, match="they cannot differ"):
            found = homogeneity([4, 0], [10, 10], [20, 0], [40, 40])
        assert found.pvalue == 1.0
        assert math.isnan(found.statistic)
        assert not found.effect.estimable

    @pytest.mark.filterwarnings("ignore::countylines.errors.SparseDataWarning")
    @pytest.mark.parametrize("method", ["score", "breslow-day", "likelihood-ratio"])
    def test_no_events_in_a_group(self, method):
        with pytest.warns(DegenerateDataWarning, match="no ratio can differ"):
            found = homogeneity([0, 0, 0], [10] * 3, [20, 30, 40], [40] * 3, method=method)
        assert found.pvalue == 1.0

    def test_few_events_are_warned_of(self):
        with pytest.warns(SparseDataWarning, match="chi-squared is not the law"):
            found = homogeneity(*RATES)
        assert {"silent-strata", "sparse"} <= {note.code for note in found.notes}
        assert list(found.table.columns) == [
            "count",
            "ref_count",
            "rate ratio",
            "standard_error",
            "part",
        ]
        assert math.isnan(found.table["part"].iloc[3])

    @pytest.mark.parametrize(
        ("options", "words"),
        [
            ({"measure": "hazard"}, "`measure` must be one of"),
            ({"method": "magic"}, "`method` must be one of"),
            ({"method": "breslow-day", "measure": "risk-ratio"}, "for rate-ratio, odds-ratio"),
            ({"method": "exact", "measure": "rate-difference"}, "for rate-ratio, odds-ratio"),
            ({"zero_correction": 0}, "`zero_correction` must be"),
            ({"level": 1.0}, "`level` must be"),
            ({"replicates": 5}, "`replicates` must be"),
        ],
    )
    def test_options(self, options, words):
        with pytest.raises(InputError) as caught:
            homogeneity([30, 40], [100, 200], [50, 60], [300, 400], **options)
        assert words in str(caught.value)

    def test_too_large_for_the_exact_law(self):
        many = ([10**7] * 40, [1] * 40, [10**7] * 40, [1] * 40)
        with pytest.raises(InputError, match="small enough for method='exact'"):
            homogeneity(*many, method="exact")

    def test_the_level_under_one_ratio(self):
        """2,000 tables of six strata with one ratio: p-values are near uniform."""
        rng = np.random.default_rng(8)
        n = np.tile([500.0, 900, 300, 700, 400, 650], (2000, 1))
        x, y = rng.poisson(n * 0.08), rng.poisson(n * 2 * 0.04)
        for method in ("score", "breslow-day", "likelihood-ratio"):
            found = homogeneity(x, n, y, n * 2, method=method, dim=1)
            assert stats.kstest(found.pvalue, "uniform").pvalue > 0.001
