"""Trends of shares over a score: references, tables enumerated, limits put back, kinds, edges."""

from __future__ import annotations

import itertools
import json
import math
import pickle
from fractions import Fraction
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st

from countylines._kernels import logistic_trend, score_distribution, score_exact
from countylines._kernels.logistic_trend import Tables
from countylines.errors import (
    DegenerateDataWarning,
    InputError,
    InputTypeError,
    LabelMismatchError,
    SparseDataWarning,
)
from countylines.localisation import cochran_armitage

CASES = json.loads((Path(__file__).parents[1] / "reference" / "score_trend.json").read_text())[
    "cases"
]
SMOKERS = ([83, 90, 129, 70], [86, 93, 136, 82])
HELP = ([1, 4, 3, 8], [20, 20, 20, 20])
pytestmark = pytest.mark.filterwarnings("ignore::countylines.errors.SparseDataWarning")


def chosen(family, kind=None):
    cases = [c for c in CASES if c["family"] == family]
    if kind is not None:
        cases = [c for c in cases if c["parameters"].get("kind") == kind]
    assert cases
    return pytest.mark.parametrize("case", cases, ids=lambda case: case["id"])


def codes(result):
    return [note.code for note in result.notes]


def data(case):
    given = case["inputs"]
    return given["successes"], given["totals"], given["scores"]


@pytest.mark.reference
class TestReference:
    @chosen("cochran_armitage", "asymptotic")
    def test_binomial_variance(self, case):
        count, total, scores = data(case)
        found = cochran_armitage(count, total, scores=scores)
        expected, rtol = case["expected"], case["tolerance"]["rtol"]
        assert found.pvalue == pytest.approx(expected["p_two_sided"], rel=rtol)
        assert found.table["z"].iloc[0] == pytest.approx(expected["z"], rel=rtol, abs=1e-9)

    @chosen("cochran_armitage", "mantel")
    def test_hypergeometric_variance(self, case):
        count, total, scores = data(case)
        found = cochran_armitage(count, total, scores=scores, variance="hypergeometric")
        expected = case["expected"]
        rtol = case["tolerance"]["rtol"]
        z = found.table["z"].iloc[0]
        assert found.pvalue == pytest.approx(expected["p_two_sided"], rel=rtol)
        assert z**2 == pytest.approx(expected.get("M2", expected.get("z", 0) ** 2), rel=rtol)

    @chosen("sm_test_ordinal_association")
    def test_statsmodels_agrees_where_no_cell_is_0(self, case):
        count, total, scores = data(case)
        found = cochran_armitage(count, total, scores=scores, variance="hypergeometric")
        rtol = case["tolerance"]["rtol"]
        assert found.pvalue == pytest.approx(case["expected"]["p"], rel=rtol)

    def test_statsmodels_adds_to_cells_of_0_and_we_do_not(self):
        found = cochran_armitage([0, 1, 3, 6], [50] * 4)
        assert found.table["z"].iloc[0] == pytest.approx(2.90190500044005, rel=1e-12)

    @chosen("cochran_armitage", "exact")
    def test_exact(self, case):
        count, total, scores = data(case)
        expected, rtol = case["expected"], case["tolerance"]["rtol"]

        def p(method="exact", **options):
            return cochran_armitage(count, total, scores=scores, method=method, **options).pvalue

        wanted = {
            "p_greater": lambda: p(alternative="greater"),
            "p_exact_one_sided": lambda: p(alternative="greater"),
            "p_less": lambda: p(alternative="less"),
            "midp_greater": lambda: p("mid-p", alternative="greater"),
            "midp_two_sided": lambda: p("mid-p", two_sided="distance"),
            "p_two_double": p,
            "p_two_absdev": lambda: p(two_sided="distance"),
            "p_two_sided_absdev": lambda: p(two_sided="distance"),
            "p_two_pointprob": lambda: p(two_sided="probability"),
        }
        tested = [name for name in expected if name in wanted]
        assert tested
        for name in tested:
            assert wanted[name]() == pytest.approx(expected[name], rel=rtol), name

    @pytest.mark.parametrize(
        "case", [c for c in CASES if "score_chi2" in c["expected"]], ids=lambda case: case["id"]
    )
    def test_logistic_slope(self, case):
        count, total, scores = data(case)
        expected = case["expected"]
        found = cochran_armitage(count, total, scores=scores)
        assert np.log(found.effect.estimate) == pytest.approx(expected["slope"], rel=1e-7)
        z = found.table["z"].iloc[0]
        assert z**2 == pytest.approx(expected["score_chi2"], rel=1e-7)


def enumerated(count, total, scores):
    """Exact probabilities of the statistic by rational arithmetic."""
    r, whole = sum(count), math.comb(sum(total), sum(count))
    chances: dict[Fraction, Fraction] = {}
    for table in itertools.product(*(range(n + 1) for n in total)):
        if sum(table) == r:
            t = sum((Fraction(s) * x for s, x in zip(scores, table, strict=True)), Fraction(0))
            ways = math.prod(math.comb(n, x) for n, x in zip(total, table, strict=True))
            chances[t] = chances.get(t, Fraction(0)) + Fraction(ways, whole)
    seen = sum((Fraction(s) * x for s, x in zip(scores, count, strict=True)), Fraction(0))
    return chances, seen


groups = st.lists(st.tuples(st.integers(0, 6), st.integers(0, 6)), min_size=2, max_size=4)


class TestExact:
    @given(groups, st.sampled_from([[0, 1, 2, 3], [0, 2, 5, 6], [-1.5, 0, 0.25, 4]]))
    def test_every_table_enumerated(self, pairs, scores):
        count = [min(a, b) for a, b in pairs]
        total = [max(a, b) for a, b in pairs]
        scores = scores[: len(pairs)]
        chances, seen = enumerated(count, total, scores)
        if len(chances) == 1:
            with pytest.warns(DegenerateDataWarning):
                found = cochran_armitage(count, total, scores=scores, method="exact")
            assert found.pvalue == 1.0
            return
        mean = sum(t * p for t, p in chances.items())
        sides = {
            "greater": sum(p for t, p in chances.items() if t >= seen),
            "less": sum(p for t, p in chances.items() if t <= seen),
        }
        for alternative, wanted in sides.items():
            found = cochran_armitage(
                count, total, scores=scores, method="exact", alternative=alternative
            )
            assert found.pvalue == pytest.approx(float(wanted), rel=1e-11)
        far = sum(p for t, p in chances.items() if abs(t - mean) >= abs(seen - mean))
        rare = sum(p for p in chances.values() if p <= chances[seen])
        for two_sided, wanted in (("distance", far), ("probability", rare)):
            found = cochran_armitage(
                count, total, scores=scores, method="exact", two_sided=two_sided
            )
            assert found.pvalue == pytest.approx(float(wanted), rel=1e-11)

    def test_a_national_table_in_the_far_tail(self):
        found = cochran_armitage(
            [40, 58, 91, 160, 205],
            [700, 690, 720, 760, 640],
            method="exact",
            alternative="greater",
        )
        # the probability of the last value by its own sum, and the ratio to the tail
        assert found.pvalue == pytest.approx(9.978096512423e-51, rel=1e-10)
        assert np.log10(found.pvalue) == pytest.approx(-50.0, abs=0.1)

    def test_far_tail_against_whole_numbers(self):
        """A tail of 1e-40 by adding whole numbers of tables."""
        count, total = [0, 0, 30, 60], [60, 60, 60, 60]
        ways = {0: {0: 1}}
        for s, n in enumerate(total):
            new: dict[int, dict[int, int]] = {}
            for r, inner in ways.items():
                for t, w in inner.items():
                    for x in range(n + 1):
                        row = new.setdefault(r + x, {})
                        row[t + s * x] = row.get(t + s * x, 0) + w * math.comb(n, x)
            ways = {r: inner for r, inner in new.items() if r <= 90}
        seen = sum(s * x for s, x in enumerate(count))
        tail = sum(w for t, w in ways[90].items() if t >= seen)
        wanted = float(Fraction(tail, math.comb(240, 90)))
        assert wanted < 1e-30
        found = cochran_armitage(count, total, method="exact", alternative="greater")
        assert found.pvalue == pytest.approx(wanted, rel=1e-10)

    @pytest.mark.parametrize("method", ["exact", "mid-p"])
    @pytest.mark.parametrize("table", [HELP, SMOKERS], ids=["help", "smokers"])
    def test_limits_put_back(self, method, table):
        found = cochran_armitage(*table, method=method, level=0.9)
        count, total = (np.array(v, dtype=float)[None] for v in table)
        strata = score_distribution.Strata(total, count.sum(axis=1), np.arange(4.0))
        seen = int(count[0] @ np.arange(4))
        for limit, side in ((found.effect.low, 1), (found.effect.high, -1)):
            part = score_distribution.tilted(strata, math.log(limit))
            beyond = part.weight[side * (part.values - seen) > 0].sum()
            tied = part.weight[part.values == seen].sum()
            share = 0.5 if method == "mid-p" else 1.0
            assert beyond + share * tied == pytest.approx(0.05, rel=1e-9)
        part = score_distribution.tilted(strata, math.log(found.effect.estimate))
        assert part.weight @ part.values == pytest.approx(seen, rel=1e-10)

    def test_two_groups_are_fishers_test(self):
        stats = pytest.importorskip("scipy.stats")
        table = [[7, 23], [15, 13]]
        found = cochran_armitage([7, 15], [30, 28], method="exact", two_sided="probability")
        assert found.pvalue == pytest.approx(stats.fisher_exact(table).pvalue, rel=1e-10)

    def test_all_events_at_one_end(self):
        found = cochran_armitage([0, 0, 7], [5, 6, 7], method="exact")
        assert found.effect.estimate == np.inf
        assert found.effect.high == np.inf
        assert 1 < found.effect.low < np.inf
        mirrored = cochran_armitage([7, 0, 0], [7, 6, 5], method="exact")
        assert mirrored.effect.estimate == 0.0
        assert mirrored.effect.high == pytest.approx(1 / found.effect.low, rel=1e-9)

    def test_monte_carlo(self):
        exact = cochran_armitage(*HELP, method="exact").pvalue
        drawn = cochran_armitage(*HELP, method="monte-carlo", replicates=40_000, rng=1).pvalue
        assert drawn == pytest.approx(exact, abs=0.003)
        far = cochran_armitage(
            *HELP, method="monte-carlo", two_sided="distance", replicates=40_000, rng=1
        ).pvalue
        wanted = cochran_armitage(*HELP, method="exact", two_sided="distance").pvalue
        assert far == pytest.approx(wanted, abs=0.003)
        again = cochran_armitage(*HELP, method="monte-carlo", replicates=40_000, rng=1).pvalue
        assert again == drawn

    def test_scores_without_a_unit(self):
        scores = [0, 1, math.pi, 4]
        with pytest.raises(InputError, match="multiples of one number for method='exact'"):
            cochran_armitage(*HELP, scores=scores, method="exact")
        assert cochran_armitage(*HELP, scores=scores, method="monte-carlo", rng=1).pvalue < 0.05
        with pytest.raises(InputError, match="`continuity` must be False for scores without"):
            cochran_armitage(*HELP, scores=scores, continuity=True)

    def test_a_table_too_large(self):
        big = 10**6
        with pytest.raises(InputError, match="for a table of this size, got 'exact'"):
            cochran_armitage(
                [big // 2, big // 3, big // 4], [big] * 3, scores=[0, 1, 1000], method="exact"
            )


class TestAsymptotic:
    @pytest.mark.parametrize("variance", logistic_trend.VARIANCES)
    @pytest.mark.parametrize("alternative", ["two-sided", "greater", "less"])
    @pytest.mark.parametrize("continuity", [False, True])
    def test_limits_put_back(self, variance, alternative, continuity):
        found = cochran_armitage(
            *SMOKERS, variance=variance, alternative=alternative, continuity=continuity, level=0.9
        )
        z = {"two-sided": 1.6448536269514722}.get(alternative, 1.2815515655446004)
        count, total = (np.array(v, dtype=float)[None, None] for v in SMOKERS)
        tables = Tables(count, total, np.arange(4.0))
        half = 0.5 if continuity else 0.0
        for limit, side in ((found.effect.low, 1.0), (found.effect.high, -1.0)):
            if limit in (0.0, np.inf):
                assert alternative == ("less" if side > 0 else "greater")
                continue
            mean, _, spread = logistic_trend.moments(tables, np.log([limit]), variance)
            root = (tables.statistic - side * half - mean) / np.sqrt(spread)
            assert root[0] == pytest.approx(side * z, rel=1e-9)

    def test_the_interval_leaves_1_out_exactly_when_p_is_small(self):
        found = cochran_armitage(*SMOKERS)
        edge = 1 - found.pvalue
        inside = cochran_armitage(*SMOKERS, level=edge + 1e-9).effect
        outside = cochran_armitage(*SMOKERS, level=edge - 1e-9).effect
        assert inside.low < 1 < inside.high
        assert outside.high < 1

    def test_continuity_raises_the_p_value_towards_the_exact_one(self):
        plain = cochran_armitage(*HELP).pvalue
        corrected = cochran_armitage(*HELP, continuity=True).pvalue
        exact = cochran_armitage(*HELP, method="exact").pvalue
        assert plain < corrected
        assert abs(corrected - exact) < abs(plain - exact)

    def test_scores_change_the_answer(self):
        """Graubard and Korn: the conclusion hangs on the scores."""
        count, total = [48, 38, 5, 1, 1], [17114, 14502, 793, 127, 38]
        p = [
            cochran_armitage(count, total, scores=s, variance="hypergeometric").pvalue
            for s in ([0, 0.5, 1.5, 4, 7], None, [8557.5, 24365.5, 32013, 32473, 32555.5])
        ]
        assert p == pytest.approx([0.01037, 0.17639, 0.55331], rel=1e-3)


class TestProperties:
    @given(groups)
    def test_reversing_the_scores_inverts(self, pairs):
        count = [min(a, b) for a, b in pairs]
        total = [max(a, b) for a, b in pairs]
        if sum(count) in (0, sum(total)) or sum(n > 0 for n in total) < 2:
            return
        forward = cochran_armitage(count, total)
        back = cochran_armitage(count[::-1], total[::-1])
        assert forward.pvalue == pytest.approx(back.pvalue, rel=1e-9)
        with np.errstate(divide="ignore"):
            low, high = np.reciprocal([back.effect.high, back.effect.low])
        assert forward.effect.low == pytest.approx(low, rel=1e-8)
        assert forward.effect.high == pytest.approx(high, rel=1e-8)

    @given(groups, st.floats(0.1, 10), st.floats(-5, 5))
    def test_scores_moved_and_scaled(self, pairs, scale, shift):
        count = [min(a, b) for a, b in pairs]
        total = [max(a, b) for a, b in pairs]
        if sum(count) in (0, sum(total)) or sum(n > 0 for n in total) < 2:
            return
        scores = np.arange(len(count)) * scale + shift
        plain, moved = cochran_armitage(count, total), cochran_armitage(count, total, scores=scores)
        assert moved.pvalue == pytest.approx(plain.pvalue, rel=1e-7)
        assert moved.effect.low**scale == pytest.approx(plain.effect.low, rel=1e-6)

    def test_events_and_the_rest_swapped(self):
        count, total = map(np.array, SMOKERS)
        one, other = cochran_armitage(count, total), cochran_armitage(total - count, total)
        assert one.pvalue == pytest.approx(other.pvalue, rel=1e-12)
        assert one.effect.low == pytest.approx(1 / other.effect.high, rel=1e-9)

    def test_an_empty_group_changes_nothing(self):
        with_gap = cochran_armitage([1, 0, 2, 5], [8, 0, 9, 10])
        without = cochran_armitage([1, 2, 5], [8, 9, 10], scores=[0, 2, 3])
        assert with_gap.pvalue == pytest.approx(without.pvalue, rel=1e-12)


class TestKinds:
    COUNT = pd.DataFrame({"a": [1, 4, 3, 8], "b": [3, 2, 6, 9]}, index=range(2020, 2024))
    TOTAL = pd.DataFrame({"a": [20] * 4, "b": [18, 22, 20, 25]}, index=range(2020, 2024))

    @pytest.mark.parametrize("method", ["asymptotic", "exact"])
    def test_frame_equals_its_columns(self, method):
        together = cochran_armitage(self.COUNT, self.TOTAL, method=method)
        for name in "ab":
            alone = cochran_armitage(self.COUNT[name], self.TOTAL[name], method=method)
            assert together.pvalue[name] == pytest.approx(alone.pvalue, rel=1e-12)
            assert together.effect.low[name] == pytest.approx(alone.effect.low, rel=1e-9)
        assert list(together.table.index) == ["a", "b"]

    def test_data_array_and_dask(self):
        count = xr.DataArray(self.COUNT.to_numpy(), dims=("year", "force"))
        total = xr.DataArray(self.TOTAL.to_numpy(), dims=("year", "force"))
        eager = cochran_armitage(count, total, dim="year")
        lazy = cochran_armitage(count.chunk({"force": 1}), total.chunk({"force": 1}), dim="year")
        assert lazy.pvalue.chunks is not None
        assert lazy.table is None
        xr.testing.assert_allclose(lazy.pvalue.compute(), eager.pvalue)
        with pytest.raises(InputError, match="in memory for method='monte-carlo'"):
            cochran_armitage(
                count.chunk({"force": 1}), total, dim="year", method="monte-carlo", rng=1
            )

    def test_travels(self):
        found = cochran_armitage(*HELP)
        again = pickle.loads(pickle.dumps(found))
        assert again.pvalue == found.pvalue
        assert "Armitage" in found.cite()
        assert json.loads(json.dumps(found.to_dict()))["pvalue"] == found.pvalue
        assert len(found.to_frame()) == 1


class TestEdges:
    @pytest.mark.parametrize(
        ("count", "total"), [([0, 0], [5, 6]), ([5, 6], [5, 6]), ([2, 0], [9, 0]), ([0, 0], [0, 0])]
    )
    @pytest.mark.parametrize("method", ["asymptotic", "exact", "monte-carlo"])
    def test_no_trend_can_show(self, count, total, method):
        with pytest.warns(DegenerateDataWarning, match="no trend can show"):
            found = cochran_armitage(count, total, method=method, rng=1)
        assert found.pvalue == 1.0
        assert np.isnan(found.effect.estimate)
        assert found.effect.verdict.code == "not-identified"

    @pytest.mark.filterwarnings("default::countylines.errors.SparseDataWarning")
    def test_sparse(self):
        with pytest.warns(SparseDataWarning, match="Fewer than 10 events"):
            found = cochran_armitage([0, 1, 3], [30, 30, 30])
        assert "sparse" in codes(found)

    def test_tails_that_differ_from_the_limits_are_said(self):
        found = cochran_armitage(*HELP, method="exact", two_sided="distance")
        assert codes(found) == ["limits-equal-tailed"]
        assert codes(cochran_armitage(*HELP, method="exact")) == []

    @pytest.mark.parametrize(
        ("arguments", "options", "error", "message"),
        [
            (([3, 4], [2, 5]), {}, InputError, "`count` must be at most `total`"),
            (([-1, 4], [2, 5]), {}, InputError, "whole number of at least 0"),
            (([1.5, 4], [2, 5]), {}, InputError, "whole number"),
            (([np.nan, 4], [2, 5]), {}, InputError, "missing values"),
            ((3, 4), {}, InputTypeError, "a series of values"),
            (HELP, {"scores": [1, 2]}, InputError, "one number for each of the 4 groups"),
            (HELP, {"scores": [1, 1, 1, 1]}, InputError, "two different values"),
            (HELP, {"scores": [1, 2, np.nan, 3]}, InputError, "`scores` must be finite"),
            (HELP, {"method": "fisher"}, InputError, "`method` must be one of"),
            (HELP, {"variance": "poisson"}, InputError, "`variance` must be one of"),
            (HELP, {"two_sided": "minlike"}, InputError, "`two_sided` must be one of"),
            (HELP, {"continuity": 1}, InputTypeError, "True or False"),
            (HELP, {"continuity": True, "method": "exact"}, InputError, "`continuity` must be"),
            (HELP, {"level": 90}, InputError, "level=0.9"),
            (
                HELP,
                {"method": "monte-carlo", "two_sided": "probability"},
                InputError,
                "'doubled' or 'distance'",
            ),
        ],
    )
    def test_bad_input(self, arguments, options, error, message):
        with pytest.raises(error, match=message):
            cochran_armitage(*arguments, **options)


def test_moments_of_the_distribution():
    strata = score_distribution.Strata(
        np.array([[10.0, 7, 4], [3, 0, 9]]), np.array([6.0, 5.0]), np.array([0.0, 2, 3])
    )
    mean, variance = score_distribution.moments(strata)
    part = score_distribution.around(strata, mean)
    chance = np.exp(part.log_probability)
    assert chance.sum() == pytest.approx(1.0, rel=1e-12)
    assert chance @ part.values == pytest.approx(mean, rel=1e-12)
    assert chance @ (part.values - mean) ** 2 == pytest.approx(variance, rel=1e-11)


def test_pvalues_of_mid_p_stay_at_most_1():
    tails = score_exact.Tails(0.6, 0.7, 0.3, (1.2, 0.6))
    assert score_exact.pvalue(tails, "two-sided", mid=True) == pytest.approx(0.9)
    assert score_exact.pvalue(tails, "two-sided", mid=False) == 1.0


class TestHardTables:
    def test_one_group_is_known_by_its_counts_not_by_rounding(self):
        scores = 2019 + np.arange(24) / 12
        count, total = np.zeros(24), np.zeros(24)
        count[0], total[0] = 26, 80
        with pytest.warns(DegenerateDataWarning, match="no trend can show"):
            found = cochran_armitage(count, total, scores=scores)
        assert found.pvalue == 1.0
        assert found.effect.verdict.code == "not-identified"

    def test_empty_groups_do_not_bound_the_odds_ratio(self):
        plain = cochran_armitage([10, 990], [1000, 1000]).effect
        padded = cochran_armitage([10, 990] + [0] * 28, [1000, 1000] + [0] * 28).effect
        assert plain.estimate == pytest.approx(9801.0, rel=1e-8)
        for name in ("estimate", "low", "high"):
            assert getattr(padded, name) == pytest.approx(getattr(plain, name), rel=1e-8)
        far = cochran_armitage([10, 500, 0], [1000, 1000, 0], scores=[0, 1, 100]).effect
        assert far.estimate == pytest.approx(99.0, rel=1e-8)

    def test_scores_have_the_labels_of_the_counts(self):
        years = [2019, 2020, 2021, 2022]
        count, total = pd.Series(HELP[0], years), pd.Series(HELP[1], years)
        with pytest.raises(LabelMismatchError, match="`scores` must be labelled as `count`"):
            cochran_armitage(count, total, scores=pd.Series([3, 2, 1, 0], years[::-1]))

    def test_mid_p_of_one_side_under_one_half(self):
        found = cochran_armitage([0, 5], [5, 5], method="mid-p", alternative="greater", level=0.4)
        assert (found.effect.low, found.effect.high) == (np.inf, np.inf)
        other = cochran_armitage([2, 8], [2, 9], method="mid-p", alternative="greater", level=0.2)
        assert other.effect.low > 0
        assert (other.pvalue < 0.8) == (other.effect.low > 1)

    def test_monte_carlo_has_a_largest_table(self):
        with pytest.raises(InputError, match="'asymptotic' for a billion cases"):
            cochran_armitage([10**9, 10**9], [10**11] * 2, method="monte-carlo", rng=1)

    @pytest.mark.parametrize("scores", [None, [0, 0.1, 0.2, 0.3]])
    def test_a_statistic_at_its_mean_has_p_1(self, scores):
        found = cochran_armitage(
            [1, 4, 4, 1],
            [20] * 4,
            scores=scores,
            method="monte-carlo",
            two_sided="distance",
            rng=1,
            replicates=500,
        )
        assert found.pvalue == 1.0
