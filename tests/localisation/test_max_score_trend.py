"""The largest of several trend statistics: tables enumerated, normal tails, limits, errors."""

from __future__ import annotations

import itertools
import math
from contextlib import nullcontext

import numpy as np
import pytest
from scipy import stats

from countylines._kernels import max_score
from countylines.errors import DegenerateDataWarning, InputError, SparseDataWarning
from countylines.localisation import cochran_armitage, max_score_trend

COUNT, TOTAL = [1, 4, 3, 8], [20, 20, 20, 20]
SETS = {"straight": [0, 1, 2, 3], "early": [0, 1, 1, 1], "late": [0, 0, 0, 1]}


def brute(count, total, sets, alternative):
    """Every table by hand."""
    events, every = sum(count), sum(total)
    scores = np.array(list(sets.values()), dtype=float)
    tables = [x for x in itertools.product(*(range(n + 1) for n in total)) if sum(x) == events]
    chance = np.array(
        [math.prod(map(math.comb, total, x)) / math.comb(every, events) for x in tables]
    )
    t = np.array(tables) @ scores.T
    mean = chance @ t
    z = (t - mean) / np.sqrt(chance @ (t - mean) ** 2)
    seen = (np.array(count) @ scores.T - mean) / np.sqrt(chance @ (t - mean) ** 2)
    turn = {"two-sided": np.abs, "greater": np.array, "less": np.negative}[alternative]
    return chance[turn(z).max(axis=1) >= turn(seen).max() - 1e-9].sum()


class TestExact:
    @pytest.mark.parametrize("alternative", ["two-sided", "greater", "less"])
    @pytest.mark.parametrize(
        ("count", "total"), [([0, 2, 3, 5], [6, 5, 7, 6]), ([3, 0, 1], [4, 9, 3])]
    )
    def test_every_table(self, count, total, alternative):
        sets = {name: s[: len(count)] for name, s in SETS.items() if len(set(s[:3])) > 1}
        few = sum(count) < 10
        with pytest.warns(SparseDataWarning, match="poor guide") if few else nullcontext():
            found = max_score_trend(
                count, total, score_sets=sets, method="exact", alternative=alternative, rng=1
            )
        assert ("sparse" in [note.code for note in found.notes]) == few
        assert found.pvalue == pytest.approx(brute(count, total, sets, alternative), rel=1e-9)

    def test_number_of_tables(self):
        rng = np.random.default_rng(1)
        for _ in range(20):
            total = rng.integers(0, 6, 4)
            events = int(rng.integers(0, total.sum() + 1))
            rows, chance = max_score.tables(total, events)
            assert len(rows) == max_score.number_of_tables(total, events)
            assert chance.sum() == pytest.approx(1, rel=1e-10)
            assert len(np.unique(rows, axis=0)) == len(rows)

    def test_one_set_is_the_test_of_its_scores(self):
        found = max_score_trend(COUNT, TOTAL, score_sets={"a": [0, 1, 2, 3]}, method="exact", rng=1)
        alone = cochran_armitage(COUNT, TOTAL, method="exact", two_sided="distance")
        assert found.pvalue == pytest.approx(alone.pvalue, rel=1e-9)


class TestAsymptotic:
    @pytest.mark.parametrize("alternative", ["two-sided", "greater"])
    @pytest.mark.parametrize("bound", [0.5, 2.0, 3.5])
    def test_against_the_normal_integral(self, bound, alternative):
        correlation = np.array([[1, 0.8, 0.5], [0.8, 1, 0.3], [0.5, 0.3, 1]])
        low = np.full(3, -bound if alternative == "two-sided" else -np.inf)
        inside = stats.multivariate_normal(np.zeros(3), correlation, seed=1).cdf(
            np.full(3, bound), lower_limit=low
        )
        found = max_score.tail(bound, correlation, alternative, np.random.default_rng(2), 100_000)
        assert found == pytest.approx(1 - inside, rel=0.02, abs=2e-6)

    def test_far_tail(self):
        """Beyond 12 standard errors statistics that are not alike exceed one at a time."""
        correlation = np.array([[1, 0.2], [0.2, 1]])
        found = max_score.tail(12, correlation, "two-sided", np.random.default_rng(3), 20_000)
        assert found == pytest.approx(4 * stats.norm.sf(12), rel=1e-6)

    def test_sets_that_are_one(self):
        sets = {"a": [0, 1, 2, 3], "b": [10, 30, 50, 70]}
        found = max_score_trend(COUNT, TOTAL, score_sets=sets, method="asymptotic", rng=1)
        alone = cochran_armitage(COUNT, TOTAL, variance="hypergeometric")
        assert found.pvalue == pytest.approx(alone.pvalue, rel=1e-6)
        assert found.table["low"]["a"] == pytest.approx(alone.effect.low, rel=1e-4)

    def test_limits_belong_to_the_p_value(self):
        found = max_score_trend(COUNT, TOTAL, score_sets=SETS, method="asymptotic", rng=1)
        edge = max_score_trend(
            COUNT, TOTAL, score_sets=SETS, method="asymptotic", level=1 - found.pvalue, rng=1
        )
        assert edge.effect.low == pytest.approx(1, abs=0.01)

    def test_between_the_smallest_p_value_and_its_multiple(self):
        found = max_score_trend(COUNT, TOTAL, score_sets=SETS, method="asymptotic", rng=1)
        alone = [
            cochran_armitage(COUNT, TOTAL, scores=s, variance="hypergeometric").pvalue
            for s in SETS.values()
        ]
        assert min(alone) < found.pvalue < 3 * min(alone)
        assert found.pvalue == found.table["pvalue"].min()


def test_monte_carlo_agrees_with_exact():
    exact, drawn = (
        max_score_trend(COUNT, TOTAL, score_sets=SETS, method=m, rng=1).pvalue
        for m in ("exact", "monte-carlo")
    )
    assert drawn == pytest.approx(exact, abs=4 * math.sqrt(exact / 9999))


def test_swapping_events_and_others_changes_the_side():
    other = [t - c for t, c in zip(TOTAL, COUNT, strict=True)]
    up = max_score_trend(COUNT, TOTAL, score_sets=SETS, alternative="greater", rng=1)
    down = max_score_trend(other, TOTAL, score_sets=SETS, alternative="less", rng=1)
    assert up.pvalue == pytest.approx(down.pvalue, rel=1e-9)


class TestEdges:
    @pytest.mark.parametrize("count", [[0, 0, 0, 0], [20, 20, 20, 20]])
    def test_nothing_can_show(self, count):
        with pytest.warns(DegenerateDataWarning, match="no trend can show"):
            found = max_score_trend(count, TOTAL, score_sets=SETS)
        assert found.pvalue == 1

    @pytest.mark.parametrize(
        ("options", "message"),
        [
            ({"score_sets": {}}, "`score_sets` must be a mapping .* got none"),
            ({"score_sets": {"a": [1, 1, 1, 1]}}, "at least two different values"),
            ({"score_sets": {"a": [1, 2]}}, "`scores` must be one number for each of the 4"),
            ({"method": "fast"}, "`method` must be one of"),
            ({"alternative": "up"}, "`alternative` must be"),
            ({"level": 5}, "`level` must be"),
            ({"replicates": 0}, "`replicates` must be"),
            ({"count": [30, 1, 1, 1]}, "`count` must be at most `total`"),
            ({"count": 1, "total": 3}, "one data set in memory"),
            ({"total": [0, 20, 20, 20], "count": [0, 4, 3, 8], "score_sets": {"e": [0, 1, 1, 1]}},
             "among groups with cases, got equal ones in 'e'"),
            ({"total": [2000] * 4, "count": [900] * 4, "method": "exact"}, "2,000,000 tables"),
        ],
    )  # fmt: skip
    def test_errors(self, options, message):
        data = {"count": COUNT, "total": TOTAL, "score_sets": SETS}
        with pytest.raises(InputError, match=message):
            max_score_trend(**{**data, **options})
