"""Suppressed counts: the likelihood of what is known, and what the bands leave open."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import countylines as cl
from countylines.capture_recapture import goodness_of_fit, loglinear
from countylines.errors import DegenerateDataWarning, InputError

pytestmark = pytest.mark.filterwarnings("ignore::countylines.errors.CountyLinesWarning")
SEEN = {"111": 28, "110": 3, "101": 2, "011": 18, "100": 69, "010": 55, "001": 63}


def table(**bands):
    cells = SEEN | {pattern.removeprefix("c"): ends for pattern, ends in bands.items()}
    return cl.CaptureHistories.from_cells(cells, lists=["A", "B", "C"])


def note(result, code):
    (found,) = [n.text for n in result.notes if n.code == code]
    return found


@pytest.mark.parametrize("interval", ["profile", "wald", "lognormal"])
class TestLimits:
    def test_it_is_a_population_estimate(self, interval):
        result = loglinear(table(c110=(1, 4), c101=(0, 4)), interval=interval)
        assert result.verdict.code == "ok"
        assert result.n_observed + result.hidden.estimate == pytest.approx(result.estimate)
        assert 234 < result.n_observed < 241
        assert result.low < result.estimate < result.high
        assert result.hidden.low < result.hidden.estimate < result.hidden.high
        assert result.standard_error >= result.hidden.standard_error * 0.9
        assert result.n == result.n_observed
        assert math.isfinite(result.bic)
        assert "overstall2014" in result.references

    def test_limits_and_p_values_agree(self, interval):
        for alternative in ("two-sided", "less", "greater"):
            result = loglinear(table(c110=(1, 4)), interval=interval, alternative=alternative)
            for end, side in ((result.low, "greater"), (result.high, "less")):
                if alternative in ("two-sided", side):
                    p = result.test(null=end, alternative=alternative).pvalue
                    assert p == pytest.approx(0.05, rel=1e-6)

    def test_narrow_bands_come_close_to_the_count(self, interval):
        exact = loglinear(table(), "A*B + C", interval=interval)
        banded = loglinear(table(c110=(3, 4)), "A*B + C", interval=interval)
        other = loglinear(table(c110=4), "A*B + C", interval=interval)
        for name in ("estimate", "low", "high"):
            ends = sorted([getattr(exact, name), getattr(other, name)])
            assert ends[0] * 0.98 < getattr(banded, name) < ends[1] * 1.02


class TestRange:
    def test_the_range_is_that_of_the_estimates_of_every_table(self):
        result = loglinear(table(c110=(1, 4), c101=(2, 6)), "A*B + C")
        totals = [
            loglinear(table(c110=a, c101=b), "A*B + C", interval="wald").estimate
            for a, b in itertools.product(range(1, 5), range(2, 7))
        ]
        assert result.region_low == pytest.approx(min(totals), rel=1e-9)
        assert result.region_high == pytest.approx(max(totals), rel=1e-9)
        assert "Over all 20 tables within the bands (each fitted)" in note(
            result, "identified-range"
        )
        assert "identified range" in str(result)

    def test_exact_tables_have_none(self):
        result = loglinear(table())
        assert result.region_low is None
        assert "identified-range" not in [n.code for n in result.notes]

    def test_a_band_that_may_be_0_and_send_the_estimate_to_infinity(self):
        with pytest.warns(DegenerateDataWarning, match="It turns on bands that may be 0"):
            result = loglinear(table(c101=(0, 4)), "all-two-way")
        assert result.verdict.code == "hidden-infinite"
        assert result.estimate == result.region_high == math.inf
        assert result.n_observed < result.low < math.inf
        finite = loglinear(table(c101=4), "all-two-way", interval="wald").estimate
        assert result.region_low == pytest.approx(finite, rel=1e-9)
        assert "some give none ('hidden-infinite')" in note(result, "identified-range")

    def test_a_band_that_may_be_0_and_send_the_hidden_number_to_0(self):
        result = loglinear(table(c111=(0, 4)), "all-two-way")
        assert result.verdict.code == "hidden-zero"
        assert result.estimate == result.n_observed
        assert result.region_low == 210
        assert math.isfinite(result.high)
        # nothing is known of what lies in the band, and a little may be hidden on top
        assert (result.low, result.hidden.low) == (210, 0)
        assert result.high == pytest.approx(214 + result.hidden.high)
        assert result.test(null=214).pvalue == pytest.approx(1.0, abs=1e-3)
        assert result.test(null=result.high).pvalue == pytest.approx(0.05, rel=1e-6)

    @pytest.mark.parametrize("interval", ["profile", "lognormal", "bootstrap"])
    def test_where_nobody_is_certain_nothing_is_identified(self, interval):
        histories = cl.CaptureHistories.from_cells(
            dict.fromkeys(SEEN, (0, 9)), lists=["A", "B", "C"]
        )
        result = loglinear(histories, "A*B + C", interval=interval)
        assert result.verdict.code == "not-identified"
        assert "Perhaps no unit is on any list" in result.verdict.reasons[0]
        assert "the verdict would be 'ok'" in result.verdict.reasons[-1]
        assert math.isnan(result.estimate)
        assert (result.low, result.high) == (0, math.inf)
        assert (result.region_low, result.region_high) == (0, math.inf)
        assert result.n_observed == 0
        assert goodness_of_fit(histories, replicates=99, rng=1).pvalue == 1

    def test_the_range_holds_tables_with_nobody_hidden(self):
        everyone = cl.CaptureHistories.from_cells({"111": (45, 50)}, lists=["A", "B", "C"])
        result = loglinear(everyone)
        assert result.verdict.code == "hidden-zero"
        assert (result.region_low, result.region_high) == (45, 50)
        assert 50 < result.high < 50.2

    def test_the_range_where_every_table_is_infinite(self):
        apart = {"100": 30, "010": 40, "001": (1, 4)}
        histories = cl.CaptureHistories.from_cells(apart, lists=["A", "B", "C"])
        result = loglinear(histories)
        assert result.verdict.code == "hidden-infinite"
        assert (result.region_low, result.region_high) == (math.inf, math.inf)

    def test_wide_bands_with_nobody_hidden(self):
        cells = {"001": 199, "010": (0, 250), "011": 170, "100": (0, 60), "101": 3}
        cells |= {"110": (0, 60), "111": (209, 219)}
        histories = cl.CaptureHistories.from_cells(cells, lists=["A", "B", "C"])
        result = loglinear(histories, "A*B + C")
        assert result.verdict.code == "hidden-zero"
        assert result.low <= result.estimate <= result.high
        assert result.high >= 581 + 250 + 60 + 60 + 10

    def test_no_table_with_an_estimate(self):
        result = loglinear(table(c110=(1, 4)), "A*B*C")
        assert result.verdict.code == "not-identified"
        assert (result.region_low, result.region_high) == (236, math.inf)
        assert note(result, "identified-range").startswith("None of all 4 tables")

    def test_too_many_tables_are_searched(self):
        names = ["A", "B", "C", "D"]
        rng = np.random.default_rng(1)
        cells = {f"{c:04b}": (1, 4) for c in range(1, 16)}
        cells |= {f"{1 << j:04b}": int(rng.integers(100, 200)) for j in range(4)}
        result = loglinear(
            cl.CaptureHistories.from_cells(cells, lists=names), "independence", interval="wald"
        )
        assert "(searched, so the range may be wider)" in note(result, "identified-range")
        assert result.region_low < result.estimate < result.region_high


def test_what_is_known_is_said():
    text = note(loglinear(table(c110=(1, 4), c101=(0, 4)), interval="wald"), "banded-counts")
    assert text.startswith("2 cells are known only as a band: between 234 and 241 units were seen.")
    text = note(loglinear(table(c110=(1, 4)), interval="wald"), "banded-counts")
    assert text.startswith("1 cell is known only as a band")


def test_bands_too_wide_for_a_profile():
    wide = table(c110=(1, 9000))
    with pytest.raises(InputError, match="at most 1,000 wide in all for profile limits, got bands"):
        loglinear(wide)
    assert loglinear(wide, interval="lognormal").estimable


def test_bands_that_say_nothing_identify_nothing():
    cells = {"11": (1, 4000), "10": (1, 4000), "01": (1, 4000)}
    histories = cl.CaptureHistories.from_cells(cells, lists=["A", "B"])
    with pytest.warns(DegenerateDataWarning, match="any hidden number equally well"):
        result = loglinear(histories, interval="lognormal")
    assert result.verdict.code == "not-identified"
    assert math.isnan(result.estimate)
    assert (result.low, result.high) == (3, math.inf)
    assert result.region_high > 1e6


def test_one_list_of_two_in_bands():
    """Two lists: the estimate of the overlap's band lies between those of its ends."""
    cells = {"10": 90, "01": 81, "11": (10, 14)}
    found = loglinear(cl.CaptureHistories.from_cells(cells, lists=["A", "B"]))
    closed = [cl.capture_recapture.lincoln_petersen(90 + m, 81 + m, m).estimate for m in (10, 14)]
    assert closed[1] == pytest.approx(found.region_low)
    assert closed[0] == pytest.approx(found.region_high)
    assert closed[1] < found.estimate < closed[0]


@settings(max_examples=25)
@given(
    counts=st.lists(st.integers(1, 60), min_size=7, max_size=7),
    order=st.permutations([0, 1, 2]),
    model=st.sampled_from(["independence", "A*B + C", "A*B + B*C"]),
)
def test_relabelling_the_lists_changes_nothing(counts, order, model):
    cells = {p: (1, 4) if n < 5 else n for p, n in zip(SEEN, counts, strict=True)}
    turned = {"".join(p[i] for i in order): n for p, n in cells.items()}
    names = ["A", "B", "C"]
    one = loglinear(cl.CaptureHistories.from_cells(cells, lists=names), model)
    two = loglinear(cl.CaptureHistories.from_cells(turned, lists=[names[i] for i in order]), model)
    for name in ("estimate", "low", "high", "standard_error", "deviance"):
        assert getattr(one, name) == pytest.approx(getattr(two, name), rel=1e-6, abs=1e-6)
