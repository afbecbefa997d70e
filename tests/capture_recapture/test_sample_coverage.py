"""Sample coverage: reference values, the equation put back, verdicts, the bootstrap."""

from __future__ import annotations

import json
import math
import pickle
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import countylines as cl
from countylines.capture_recapture import sample_coverage
from countylines.errors import DegenerateDataWarning, InputError, InputTypeError, SparseDataWarning

CASES = json.loads((Path(__file__).parents[1] / "reference" / "sample_coverage.json").read_text())[
    "cases"
]
HAV = {"111": 28, "110": 21, "101": 17, "011": 18, "100": 69, "010": 55, "001": 63}
pytestmark = pytest.mark.filterwarnings("ignore::countylines.errors.CountyLinesWarning")


def table(cells, **options):
    lists = list("ABCDEFG")[: len(next(iter(cells)))]
    return cl.CaptureHistories.from_cells(cells, lists=lists, **options)


def hepatitis():
    return table(HAV)


def quick(histories, method, **options):
    return sample_coverage(histories, method=method, replicates=99, rng=1, **options)


@pytest.mark.reference
@pytest.mark.parametrize("case", [pytest.param(c, id=c["id"]) for c in CASES])
def test_reference(case):
    data, expected = case["inputs"], case["expected"]
    histories = cl.CaptureHistories.from_cells(dict(data["cells"]), lists=data["lists"])
    for method, name in (
        ("independent", "Nhat0_indep"),
        ("high", "Nhat_HSC"),
        ("low", "Nhat1_LSC"),
    ):
        result = quick(histories, method)
        assert result.estimate == pytest.approx(expected[name], rel=1e-12)
        assert result.params[method] == result.estimate
    assert result.params["coverage"] == pytest.approx(expected["stat"]["Chat"], abs=6e-4)
    assert result.params["D"] == pytest.approx(expected["stat"]["D"], abs=6e-4)
    assert result.n_observed == expected["stat"]["M"]


def right_side(cells, total):
    """The equation of the notes, written out for a table of t lists."""
    t = len(next(iter(cells)))
    alone = [cells.get("0" * j + "1" + "0" * (t - j - 1), 0) for j in range(t)]
    size = [sum(n for p, n in cells.items() if p[j] == "1") for j in range(t)]
    coverage = 1 - sum(z / n for z, n in zip(alone, size, strict=True)) / t
    value = (sum(cells.values()) - sum(alone) / t) / coverage
    for j, k in combinations(range(t), 2):
        both = sum(n for p, n in cells.items() if p[j] == p[k] == "1")
        others = [i for i in range(t) if i not in (j, k)]
        weight = sum(
            n * (p[j] == "1") + n * (p[k] == "1")
            for p, n in cells.items()
            if all(p[i] == "0" for i in others)
        )
        value += weight * (total * both / (size[j] * size[k]) - 1) / (t * coverage)
    return value


@settings(deadline=None)
@given(
    lists=st.integers(3, 5),
    data=st.data(),
)
def test_the_equation_holds(lists, data):
    patterns = [format(i, f"0{lists}b") for i in range(1, 2**lists)]
    counts = data.draw(st.lists(st.integers(1, 60), min_size=len(patterns), max_size=len(patterns)))
    cells = dict(zip(patterns, counts, strict=True))
    high = quick(table(cells), "high")
    if high.estimable:
        assert right_side(cells, high.estimate) == pytest.approx(high.estimate, rel=1e-9)
    start = high.params["independent"]
    assert right_side(cells, right_side(cells, start)) == pytest.approx(
        high.params["low"], rel=1e-9
    )
    order = data.draw(st.permutations(range(lists)))
    turned = {"".join(p[i] for i in order): n for p, n in cells.items()}
    again = quick(table(turned), "high").params
    np.testing.assert_allclose(again, high.params, rtol=1e-9)


def test_two_lists_are_lincoln_and_petersen():
    pair = table({"11": 45, "10": 90, "01": 81})
    closed = cl.capture_recapture.lincoln_petersen(135, 126, 45)
    assert quick(pair, "independent").estimate == pytest.approx(closed.estimate, rel=1e-12)
    for method in ("low", "high"):
        with pytest.raises(InputError, match=f"three or more lists with method='{method}', got 2"):
            quick(pair, method)


class TestBootstrap:
    def test_it_repeats_itself(self):
        one, two = (sample_coverage(hepatitis(), method="low", rng=5) for _ in range(2))
        assert one.identical(two)
        assert pickle.loads(pickle.dumps(one)).identical(one)
        assert one.draws.shape == (1, 1999)
        seen = []
        three = sample_coverage(
            hepatitis(), method="low", rng=5, progress=lambda *a: seen.append(a)
        )
        assert three.identical(one)
        assert seen[-1] == (1999, 1999)

    def test_limits(self):
        kwargs = {"method": "low", "rng": 2}
        normal = sample_coverage(hepatitis(), **kwargs)
        error = np.std(normal.draws, ddof=1)
        assert normal.standard_error == pytest.approx(error, rel=1e-12)
        hidden = normal.hidden
        assert hidden.low * hidden.high == pytest.approx(hidden.estimate**2, rel=1e-12)
        spread = math.sqrt(math.log1p((error / hidden.estimate) ** 2))
        assert math.log(hidden.high / hidden.estimate) == pytest.approx(
            1.959963984540054 * spread, rel=1e-12
        )
        quantiles = sample_coverage(hepatitis(), interval="percentile", **kwargs)
        assert np.mean(quantiles.draws < quantiles.low) == pytest.approx(0.025, abs=1e-3)
        for alternative, end in (("greater", "high"), ("less", "low")):
            side = sample_coverage(hepatitis(), alternative=alternative, **kwargs)
            assert getattr(side, end) == (math.inf if end == "high" else 271)

    def test_the_error_is_that_of_repeated_tables(self):
        """Tables drawn from a known population vary as the bootstrap of one of them says."""
        generator = np.random.default_rng(4)
        chance = np.array([0.5, 0.4, 0.3])
        totals, errors = [], []
        for i in range(60):
            seen = generator.random((800, 3)) < chance
            patterns, counts = np.unique(seen[seen.any(axis=1)], axis=0, return_counts=True)
            cells = {
                "".join("01"[int(x)] for x in p): int(n)
                for p, n in zip(patterns, counts, strict=True)
            }
            result = sample_coverage(table(cells), replicates=199, rng=i)
            totals.append(result.estimate)
            errors.append(result.standard_error)
        assert np.mean(errors) == pytest.approx(np.std(totals), rel=0.3)
        assert np.mean(totals) == pytest.approx(800, rel=0.01)

    def test_infinite_replicates_stay_infinite(self):
        with pytest.warns(SparseDataWarning, match="no finite estimate: there is no standard"):
            result = sample_coverage(hepatitis(), method="high", rng=1)
        assert math.isnan(result.standard_error)
        assert result.interval_method == "percentile"
        assert np.isinf(result.draws).any()
        assert {"low-coverage", "infinite-replicates"} <= {n.code for n in result.notes}


class TestVerdicts:
    def test_nobody_on_two_lists(self):
        with pytest.warns(DegenerateDataWarning, match="No unit is on two lists"):
            result = quick(table({"100": 7, "010": 5, "001": 9}), "low")
        assert result.verdict.code == "hidden-infinite"
        assert (result.estimate, result.low, result.high) == (math.inf, 21, math.inf)

    def test_an_empty_list_is_named(self):
        result = quick(table({"100": 7, "010": 5, "110": 4}), "independent")
        assert result.verdict.code == "not-identified"
        assert "'C'" in str(result.verdict)
        assert math.isnan(result.estimate)

    def test_no_solution(self):
        cells = {"100": 90, "010": 90, "001": 90, "110": 9, "101": 9, "011": 9, "111": 0}
        result = quick(table(cells | {"111": 30}), "high")
        assert result.verdict.code == "out-of-range"
        assert "no solution above 0" in str(result.verdict)
        assert math.isnan(result.estimate)
        assert quick(table(cells | {"111": 30}), "low").estimable

    def test_an_estimate_below_the_number_seen(self):
        """It is refused, not cut: the lists avoid each other."""
        cells = {"100": 1, "010": 2, "001": 2, "110": 60, "101": 60, "011": 60}
        result = quick(table(cells), "high")
        assert result.verdict.code == "out-of-range"
        assert "lies below the 185 observed" in str(result.verdict)

    def test_nobody_alone(self):
        result = quick(table({"110": 6, "101": 6, "011": 6, "111": 2}), "independent")
        assert result.verdict.code == "hidden-zero"
        assert (result.estimate, result.low, result.high) == (20, 20, math.inf)


class TestRefused:
    @pytest.mark.parametrize(
        ("options", "words"),
        [
            ({"method": "best"}, "'independent', 'high', 'low', got 'best'"),
            ({"interval": "wald"}, "'lognormal', 'percentile'"),
            ({"replicates": 10}, "`replicates` must be a whole number of at least 99"),
            ({"level": 2}, "percentage"),
            ({"rng": -1}, "`rng` must be"),
        ],
    )
    def test_options(self, options, words):
        with pytest.raises(InputError, match=words):
            sample_coverage(hepatitis(), **options)

    def test_tables(self):
        with pytest.raises(
            InputTypeError, match="`histories` must be CaptureHistories, got a dict"
        ):
            sample_coverage(HAV)
        with pytest.raises(InputError, match=r"got banded ones\. loglinear and model_search take"):
            sample_coverage(table(HAV | {"111": (1, 4)}))
        with pytest.raises(InputError, match="without structural zeros, got '111'"):
            sample_coverage(table(HAV | {"111": 0}, structural_zeros=["111"]))

    def test_no_test_of_a_null(self):
        with pytest.raises(InputError, match="a method with a test"):
            quick(hepatitis(), "low").test(null=400)
