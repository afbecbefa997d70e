"""One log-linear model: every hierarchical fit of the reference tables, limits, verdicts."""

from __future__ import annotations

import json
import math
import pickle
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import countylines as cl
from countylines.capture_recapture import loglinear
from countylines.errors import DegenerateDataWarning, InputError

CASES = json.loads((Path(__file__).parents[1] / "reference" / "loglinear.json").read_text())[
    "cases"
]
pytestmark = pytest.mark.filterwarnings("ignore::countylines.errors.CountyLinesWarning")


def by_family(start):
    return [pytest.param(c, id=c["id"]) for c in CASES if c["id"].startswith(start)]


def table_of(case):
    data = case["inputs"]
    return cl.CaptureHistories.from_cells(dict(data["cells"]), lists=data["lists"])


def generators(text, lists):
    return [[lists[int(i) - 1] for i in part] for part in text.strip("[]").split(",")]


@pytest.mark.reference
class TestReference:
    @pytest.mark.parametrize("case", by_family("hierarchical_all"))
    def test_every_hierarchical_model(self, case):
        table = table_of(case)
        finite = 0
        for text, expected in case["expected"]["models"].items():
            result = loglinear(table, generators(text, case["inputs"]["lists"]), interval="wald")
            if expected["code"] != 0:
                assert not result.estimable
                known = {"hidden-zero": result.n_observed, "hidden-infinite": math.inf}
                assert result.estimate == pytest.approx(
                    known.get(result.verdict.code, math.nan), nan_ok=True
                )
                assert math.isnan(result.standard_error)
                continue
            finite += 1
            assert result.estimate == pytest.approx(expected["abundance"], rel=1e-9)
            assert result.standard_error == pytest.approx(expected["stderr"], rel=1e-5)
            assert result.deviance == pytest.approx(expected["deviance"], rel=1e-6, abs=1e-9)
            assert result.log_likelihood == pytest.approx(expected["loglik"], rel=1e-9)
            assert result.aic == pytest.approx(expected["AIC"], rel=1e-9)
            assert result.bic == pytest.approx(expected["BIC"], rel=1e-9)
            assert result.df == expected["df"]
            assert len(result.params) == expected["npar"]
            assert np.isneginf(result.params).sum() == expected["n_minus_inf"]
        assert finite >= 4

    @pytest.mark.parametrize("case", by_family("profileCI"))
    def test_profile_limits(self, case):
        expected = case["expected"]
        named = case["parameters"].get("model")
        model = generators(named, case["inputs"]["lists"]) if named else "independence"
        result = loglinear(table_of(case), model)
        assert result.low == pytest.approx(expected["lower"], rel=1e-6)
        assert result.high == pytest.approx(expected["upper"], rel=1e-6)
        poisson = expected.get("rcapture", expected)["N_poisson"]
        assert result.estimate == pytest.approx(poisson, rel=1e-6)

    @pytest.mark.parametrize("case", by_family("main_effects"))
    def test_independence(self, case):
        result = loglinear(table_of(case), interval="lognormal")
        assert result.estimate == pytest.approx(case["expected"]["popest"], rel=1e-6)
        assert result.aic == pytest.approx(case["expected"]["AIC"], rel=1e-6)

    @pytest.mark.parametrize("case", by_family("all_two_list"))
    def test_all_pairs(self, case):
        result = loglinear(table_of(case), "all-two-way", interval="wald")
        expected = case["expected"]
        if expected["code"] == 0:
            assert result.estimate == pytest.approx(expected["popest"], rel=1e-6)
            empty = {n for n, v in result.params.items() if np.isneginf(v)}
            assert empty == set(expected["empty_overlaps_minus_inf"])
        else:
            assert not result.estimable


HAV = {"111": 28, "110": 21, "101": 17, "011": 18, "100": 69, "010": 55, "001": 63}


def hepatitis():
    return cl.CaptureHistories.from_cells(HAV, lists=["P", "Q", "E"])


class TestForms:
    def test_a_model_can_be_said_in_three_ways(self):
        table = hepatitis()
        one = loglinear(table, "P*Q + E")
        assert loglinear(table, [("P", "Q"), ("E",)]).identical(one)
        assert loglinear(table, " E+Q * P").identical(one)
        assert one.generators == (("P", "Q"), ("E",))
        assert one.model == "P*Q + E"
        assert loglinear(table, "P + Q + E").identical(loglinear(table))

    def test_it_is_a_population_estimate(self):
        result = loglinear(hepatitis())
        assert isinstance(result, cl.PopulationEstimate)
        total = result.hidden.estimate + result.n_observed
        assert total == pytest.approx(result.estimate, rel=1e-15)
        assert pickle.loads(pickle.dumps(result)).identical(result)
        assert "fienberg2012" in result.references
        assert list(result.params.index) == ["hidden", "P", "Q", "E"]

    def test_two_lists_are_lincoln_and_petersen(self):
        table = cl.CaptureHistories.from_cells({"11": 45, "10": 90, "01": 81}, lists=["A", "B"])
        result = loglinear(table)
        closed = cl.capture_recapture.lincoln_petersen(135, 126, 45, method="profile")
        assert result.estimate == pytest.approx(closed.estimate, rel=1e-12)
        assert [result.low, result.high] == pytest.approx([closed.low, closed.high], rel=1e-9)

    @pytest.mark.parametrize("interval", ["profile", "logit", "wald", "lognormal"])
    @pytest.mark.parametrize("alternative", ["two-sided", "less", "greater"])
    def test_limits_and_p_values_agree(self, interval, alternative):
        result = loglinear(hepatitis(), "P*Q + E", interval=interval, alternative=alternative)
        for end, side in ((result.low, "greater"), (result.high, "less")):
            if alternative in ("two-sided", side):
                p = result.test(null=end, alternative=alternative).pvalue
                assert p == pytest.approx(0.05, rel=1e-8)

    @pytest.mark.parametrize("row", [(135, 126, 45), (42, 12, 12), (20, 9, 0), (9, 9, 9)])
    def test_two_lists_have_logit_limits_of_their_own(self, row):
        first, second, both = row
        cells = {"11": both, "10": first - both, "01": second - both}
        table = cl.CaptureHistories.from_cells(cells, lists=["A", "B"])
        closed = cl.capture_recapture.lincoln_petersen(*row, method="logit")
        result = loglinear(table, interval="logit")
        assert result.interval_method == "logit"
        assert {"firth1993", "sadinle2009"} <= set(result.references)
        assert result.high == pytest.approx(closed.high, rel=1e-9)
        assert result.low == pytest.approx(closed.low, rel=1e-9)

    def test_logit_limits_where_a_zero_decides(self):
        nested = cl.CaptureHistories.from_cells({"11": 12, "10": 30}, lists=["A", "B"])
        result = loglinear(nested, interval="logit", null=43)
        assert (result.verdict.code, result.low) == ("hidden-zero", 42)
        assert result.high > loglinear(nested).high + 2
        assert result.test(null=42).pvalue == 1.0
        assert result.test(null=result.high).pvalue == pytest.approx(0.05, rel=1e-8)
        apart = cl.CaptureHistories.from_cells({"10": 12, "01": 30}, lists=["A", "B"])
        result = loglinear(apart, interval="logit")
        assert (result.verdict.code, result.high) == ("hidden-infinite", math.inf)
        assert 42 < result.low < math.inf
        assert result.test(null=1e9).pvalue == 1.0

    def test_logit_limits_take_exact_counts(self):
        banded = cl.CaptureHistories.from_cells(HAV | {"101": (1, 19)}, lists=["P", "Q", "E"])
        with pytest.raises(InputError, match="another than 'logit' where counts are banded"):
            loglinear(banded, interval="logit")

    def test_the_profile_of_an_infinite_estimate_has_a_low_end(self):
        cells = {p: n for p, n in HAV.items() if p != "110"}
        table = cl.CaptureHistories.from_cells(cells, lists=["P", "Q", "E"])
        with pytest.warns(DegenerateDataWarning, match="grows without bound"):
            result = loglinear(table, "all-two-way")
        assert result.estimate == math.inf
        assert result.n_observed < result.low < math.inf
        assert result.high == math.inf

    def test_a_hidden_number_of_zero_keeps_its_upper_limit(self):
        table = cl.CaptureHistories.from_cells({"11": 12, "10": 30}, lists=["A", "B"])
        result = loglinear(table, null=42)
        closed = cl.capture_recapture.lincoln_petersen(42, 12, 12, method="profile")
        assert result.verdict.code == "hidden-zero"
        assert (result.estimate, result.hidden.estimate) == (42, 0)
        assert result.low == 42
        assert result.high == pytest.approx(closed.high, rel=1e-6)
        assert result.interval_method == "profile"
        assert "profile-at-zero" in [note.code for note in result.notes]
        assert "profile-at-zero" not in [n.code for n in loglinear(table, interval="logit").notes]
        assert result.pvalue == pytest.approx(1.0, abs=1e-3)
        assert result.test(null=1e6).pvalue < 1e-6

    @pytest.mark.parametrize("interval", ["wald", "lognormal", "bootstrap"])
    def test_without_an_estimate_limits_that_need_one_become_logit_limits(self, interval):
        for cells in ({"11": 12, "10": 30}, {"10": 12, "01": 30}):
            table = cl.CaptureHistories.from_cells(cells, lists=["A", "B"])
            result = loglinear(table, interval=interval, rng=1)
            logit = loglinear(table, interval="logit")
            assert result.interval_method == "logit"
            assert (result.low, result.high) == (logit.low, logit.high)
            assert result.draws is None

    @pytest.mark.parametrize("alternative", ["less", "greater"])
    def test_one_sided_levels_below_one_half(self, alternative):
        pair = cl.CaptureHistories.from_cells({"11": 12, "10": 30, "01": 40}, lists=["A", "B"])
        for level in (0.3, 0.5, 0.6):
            mine = loglinear(pair, level=level, alternative=alternative)
            closed = cl.capture_recapture.lincoln_petersen(
                42, 52, 12, method="profile", level=level, alternative=alternative
            )
            assert mine.low == pytest.approx(closed.low, rel=1e-6)
            assert mine.high == pytest.approx(closed.high, rel=1e-6)

    def test_nothing_known_rejects_nothing(self):
        table = hepatitis()
        result = loglinear(table, "P*Q*E", null=271)
        assert result.verdict.code == "not-identified"
        assert (result.low, result.high, result.pvalue) == (271, math.inf, 1.0)

    def test_aicc_counts_every_parameter(self):
        result = loglinear(hepatitis())
        k, n = 4, result.n_observed
        assert result.aicc == pytest.approx(result.aic + 2 * k * (k + 1) / (n - k - 1), rel=1e-12)

    def test_options(self):
        with pytest.raises(InputError, match="`interval` must be one of 'profile', 'logit'"):
            loglinear(hepatitis(), interval="magic")


@given(
    counts=st.lists(st.integers(1, 400), min_size=7, max_size=7),
    order=st.permutations([0, 1, 2]),
    model=st.sampled_from(["independence", "A*B + C", "A*B + B*C", "all-two-way"]),
)
def test_relabelling_the_lists_changes_nothing(counts, order, model):
    cells = dict(zip(HAV, counts, strict=True))
    turned = {"".join(p[i] for i in order): n for p, n in cells.items()}
    names = ["A", "B", "C"]
    one = loglinear(cl.CaptureHistories.from_cells(cells, lists=names), model, interval="wald")
    two = loglinear(
        cl.CaptureHistories.from_cells(turned, lists=[names[i] for i in order]),
        model,
        interval="wald",
    )
    assert one.estimate == pytest.approx(two.estimate, rel=1e-9)
    assert one.deviance == pytest.approx(two.deviance, rel=1e-6, abs=1e-8)


@given(counts=st.lists(st.integers(1, 400), min_size=7, max_size=7), times=st.integers(2, 50))
def test_many_copies_of_a_table_scale_the_estimate(counts, times):
    cells = dict(zip(HAV, counts, strict=True))
    many = {p: n * times for p, n in cells.items()}
    one, two = (
        loglinear(cl.CaptureHistories.from_cells(c, lists=["A", "B", "C"]), interval="wald")
        for c in (cells, many)
    )
    assert two.estimate == pytest.approx(times * one.estimate, rel=1e-9)


@pytest.mark.parametrize("model", ["independence", "A*B + C"])
@pytest.mark.parametrize("seen", [2, 50, 10_000])
def test_everyone_on_every_list_leaves_little_room(model, seen):
    everyone = cl.CaptureHistories.from_cells({"111": seen}, lists=["A", "B", "C"])
    result = loglinear(everyone, model)
    assert result.verdict.code == "hidden-zero"
    assert seen < result.high < seen + 1
    assert result.test(null=result.high).pvalue == pytest.approx(0.05, rel=1e-6)


@pytest.mark.parametrize("interval", ["profile", "logit", "wald", "lognormal", "bootstrap"])
def test_limits_are_plain_floats(interval):
    result = loglinear(hepatitis(), interval=interval, replicates=99, rng=1)
    for value in (result.low, result.high, result.hidden.low, result.hidden.high):
        assert type(value) is float


@pytest.mark.parametrize("interval", ["logit", "lognormal"])
def test_an_upper_limit_beyond_all_counting_is_none(interval):
    """Sixty units, each on all of three lists: the penalised fit would allow 1e140 hidden ones."""
    everyone = cl.CaptureHistories.from_cells({"111": 60}, lists=["A", "B", "C"])
    result = loglinear(everyone, interval=interval)
    assert (result.low, result.high) == (60, math.inf)
    assert "no-upper-limit" in [note.code for note in result.notes]
    below = loglinear(everyone, interval=interval, alternative="greater")
    assert "no-upper-limit" not in [note.code for note in below.notes]
    assert "no-upper-limit" not in [note.code for note in loglinear(everyone).notes]
