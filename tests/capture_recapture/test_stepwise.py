"""Stepwise selection: every reference case, the rule put back, what the result says, errors."""

from __future__ import annotations

import json
import math
import pickle
from pathlib import Path

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy import stats

import countylines as cl
from countylines._kernels import hierarchical, loglinear_fit
from countylines.capture_recapture import (
    SelectionBootstrap,
    _resampled_selection,
    existence,
    loglinear,
    stepwise,
)
from countylines.errors import InputError, InputTypeError

CASES = json.loads((Path(__file__).parents[1] / "reference" / "stepwise.json").read_text())["cases"]
pytestmark = pytest.mark.filterwarnings("ignore::countylines.errors.CountyLinesWarning")
SMALL = {"111": 9, "110": 21, "101": 17, "011": 18, "100": 169, "010": 155, "001": 163}


def table_of(case):
    data = case["inputs"]
    return cl.CaptureHistories.from_cells(dict(data["cells"]), lists=data["lists"])


def path(result):
    (note,) = [n for n in result.notes if n.code == "selection-path"]
    return note.text


def added(result):
    """Interactions in the order of the note, with whether a unit was seen on all their lists."""
    _, _, listed = path(result).partition(": ")
    if listed == "none.":
        return []
    parts = listed.split(", then ")
    return [(p.split(" (")[0].split("*"), not p.split(" (")[1].startswith("0 ")) for p in parts]


@pytest.fixture(scope="module")
def small():
    return cl.CaptureHistories.from_cells(SMALL, lists=["A", "B", "C"])


@pytest.mark.reference
@pytest.mark.parametrize(
    "case", [pytest.param(c, id=c["id"]) for c in CASES if c["id"].startswith("stepwise/")]
)
def test_reference(case):
    result = stepwise(table_of(case), threshold=case["parameters"]["pthresh"], interval="lognormal")
    expected = case["expected"]
    assert result.estimate == pytest.approx(expected["popest"], rel=1e-6)
    assert result.estimate == pytest.approx(expected["mse_popest"], rel=1e-6)
    assert math.log(result.hidden.estimate) == pytest.approx(expected["log_dark_figure"], rel=1e-6)
    assert result.deviance == pytest.approx(expected["deviance"], rel=1e-6)
    steps = added(result)
    assert [":".join(t) for t, seen in steps if seen] == expected["selected_finite_interactions"]
    assert sorted(":".join(t) for t, seen in steps if not seen) == sorted(
        expected["empty_overlaps_minus_inf"]
    )
    lists = case["inputs"]["lists"]
    groups = expected["model_generators"].strip("[]").split(",")
    assert {frozenset(g) for g in result.generators} == {
        frozenset(lists[int(i) - 1] for i in g) for g in groups
    }
    # The peers' limits leave out the sampling error of the hidden count itself: n + h exp(-+ z s).
    error = math.sqrt(variance_of_log_hidden(table_of(case), result))
    for end, sign in (("lower", -1), ("upper", 1)):
        z = sign * stats.norm.ppf(0.975) * error
        peer = result.n_observed + result.hidden.estimate * math.exp(z)
        assert peer == pytest.approx(case.get("converged", expected)[end], rel=1e-6)


def variance_of_log_hidden(table, result):
    """From the standard error of the hidden number, h + h^2 var."""
    hidden = result.hidden.estimate
    error = loglinear(table, result.generators, interval="wald").standard_error
    return (error**2 - hidden) / hidden**2


def pvalue(overlap, expected):
    return min(stats.poisson.cdf(overlap, expected), stats.poisson.sf(overlap - 1, expected))


def plain(counts, lists, threshold, max_order, table):
    """The rule as it is worded, with a loop, scipy.stats and one fit at a time."""
    cells = np.arange(1, 1 << lists)
    terms = hierarchical.all_terms(lists, max_order)
    model = [int(t) for t in terms if hierarchical.order(int(t)) <= 1]
    while True:
        result = loglinear(table, named(model, table.lists), interval="wald")
        if not result.estimable:
            return model
        fitted = fitted_values(counts, cells, model)
        open_to = [
            int(t)
            for t in terms
            if t not in model and all(t & ~(1 << j) in model for j in range(lists) if t >> j & 1)
        ]
        scored = []
        for position, term in enumerate(open_to):
            holds = (cells & term) == term
            p = pvalue(counts[holds].sum(), fitted[holds].sum())
            scored.append((p, position, term))
        for p, _, term in sorted(scored):
            if p < threshold and existence(table, named([*model, term], table.lists)).estimable:
                model.append(term)
                break
        else:
            return model


def named(model, lists):
    total = len(lists)
    return [
        tuple(n for j, n in enumerate(lists) if mask >> (total - 1 - j) & 1)
        for mask in hierarchical.generators(model)
    ]


def fitted_values(counts, cells, model):
    terms = np.array(sorted(model, key=lambda t: (hierarchical.order(t), t)))
    holds = hierarchical.design(cells, terms)
    kept = counts @ holds > 0
    on_face = (holds[:, ~kept] == 0).all(axis=1)
    fits = loglinear_fit.fit(counts[None], terms, kept[None], on_face[None], cells)
    return fits.fitted[0]


@settings(max_examples=25)
@given(
    st.lists(st.integers(0, 40) | st.integers(0, 2), min_size=15, max_size=15),
    st.sampled_from([0.001, 0.02, 0.3]),
    st.sampled_from([2, 3]),
)
def test_the_rule_put_back(values, threshold, max_order):
    """Four lists, dense and sparse: the same model as the rule followed by hand."""
    counts = np.array(values, dtype=float)
    cells = {f"{c:04b}": v for c, v in zip(range(1, 16), values, strict=True) if v}
    assume(len(cells) > 3)
    table = cl.CaptureHistories.from_cells(cells, lists=list("ABCD"))
    result = stepwise(table, threshold=threshold, max_order=max_order, interval="wald")
    by_hand = plain(counts, 4, threshold, max_order, table)
    assert set(result.generators) == set(named(by_hand, table.lists))
    assert result.estimable == existence(table, "independence").estimable


def test_no_threshold_adds_nothing(small):
    result = stepwise(small, threshold=0, interval="wald")
    assert result.model == "A + B + C"
    assert path(result).endswith(": none.")


def test_an_interaction_without_an_estimate_is_passed_over():
    """No unit on A and B alone: with all three pairs the hidden number has no upper limit."""
    cells = {"111": 4, "101": 7, "011": 5, "100": 30, "010": 25, "001": 40}
    table = cl.CaptureHistories.from_cells(cells, lists=["A", "B", "C"])
    result = stepwise(table, threshold=1, interval="wald")
    assert result.estimable
    assert len([g for g in result.generators if len(g) == 2]) == 2
    assert existence(table, "all-two-way").code == "hidden-infinite"
    assert len(added(result)) == 2


def test_higher_orders_need_their_parts():
    """An interaction of three lists enters only after its three pairs."""
    cells = {"0111": 60, "1111": 40, "0110": 5, "0101": 6, "0011": 4, "0100": 80, "0010": 90}
    cells |= {"0001": 70, "1000": 150, "1100": 20, "1010": 25, "1001": 22}
    table = cl.CaptureHistories.from_cells(cells, lists=list("ABCD"))
    pairs = stepwise(table, interval="wald")
    triples = stepwise(table, max_order=3, interval="wald")
    assert max(map(len, pairs.generators)) == 2
    assert ("B", "C", "D") in triples.generators
    order = [frozenset(term) for term, _ in added(triples)]
    place = order.index(frozenset("BCD"))
    assert {frozenset("BC"), frozenset("BD"), frozenset("CD")} <= set(order[:place])


def test_relabelling_the_lists_changes_nothing(small):
    turned = {p[2] + p[0] + p[1]: n for p, n in SMALL.items()}
    other = cl.CaptureHistories.from_cells(turned, lists=["C", "A", "B"])
    one, two = (stepwise(t, interval="lognormal") for t in (small, other))
    for field in ("estimate", "low", "high", "deviance"):
        assert getattr(one, field) == pytest.approx(getattr(two, field), rel=1e-10)


def test_the_interval_of_one_model_says_that_it_ignores_the_selection(small):
    for interval in ("logit", "profile", "wald", "lognormal"):
        result = stepwise(small, interval=interval)
        alone = loglinear(small, result.generators, interval=interval)
        assert (result.low, result.high) == (alone.low, alone.high)
        assert not isinstance(result, SelectionBootstrap)
        assert "ignores the selection" in str(result)


def test_the_default_redoes_the_selection(small):
    result = stepwise(small, rng=1)
    assert isinstance(result, SelectionBootstrap)
    assert result.interval_method == "semiparametric bootstrap, percentile"
    assert "selected anew in each of 1,000 replicates" in str(result)
    assert "ignores the selection" not in str(result)
    assert result.draws.shape == (1, 1000)
    assert result.models["replicates"].sum() == result.verdicts["replicates"].sum() == 1000
    assert result.models["selected"].sum() == 1
    chosen = result.models[result.models["selected"]]
    assert chosen["model"].item() == result.model
    assert result.hidden.low == result.low - result.n_observed
    assert result.hidden.high == result.high - result.n_observed


def test_results_travel(small):
    result = stepwise(small, rng=1, replicates=99)
    again = pickle.loads(pickle.dumps(result))
    assert result.identical(again)
    assert again.models.equals(result.models)
    json.dumps(result.to_dict(), allow_nan=False)
    assert "Chan" in result.cite()
    assert result.to_frame().shape[0] == 1
    with pytest.raises(InputError, match="`test` must be asked of an estimate"):
        result.test(null=1000)


def test_no_estimate_no_bootstrap():
    """Three lists that never meet: the hidden number has no upper limit."""
    apart = cl.CaptureHistories.from_cells({"100": 30, "010": 20, "001": 10}, lists=list("ABC"))
    result = stepwise(apart)
    assert result.verdict.code == "hidden-infinite"
    assert result.estimate == math.inf
    assert math.isfinite(result.low)
    assert result.low > 60
    assert any(n.code == "no-bootstrap" for n in result.notes)


def test_structural_zeros_are_left_out():
    """A list that cannot see the units of another: that pair is no candidate."""
    cells = {"1010": 20, "1001": 25, "0110": 15, "0101": 5, "0011": 12, "1011": 4, "0111": 3}
    cells |= {"1000": 100, "0100": 80, "0010": 90, "0001": 110}
    impossible = ["1100", "1110", "1101", "1111"]
    table = cl.CaptureHistories.from_cells(cells, lists=list("ABCD"), structural_zeros=impossible)
    result = stepwise(table, threshold=0.9, rng=1, replicates=99)
    assert ("A", "B") not in result.generators
    assert result.estimable
    same = loglinear(table, result.generators, interval="wald")
    assert result.estimate == pytest.approx(same.estimate, rel=1e-12)


def test_errors(small):
    with pytest.raises(InputError, match=r"`threshold` must be .* got 2"):
        stepwise(small, threshold=2)
    with pytest.raises(InputError, match=r"`threshold` must be .* got nan"):
        stepwise(small, threshold=math.nan)
    with pytest.raises(InputError, match="`max_order` must be a whole number of at least 2"):
        stepwise(small, max_order=3)
    with pytest.raises(InputError, match="`interval` must be one of 'percentile', 'basic', 'bca'"):
        stepwise(small, interval="bootstrap")
    with pytest.raises(InputError, match="`kind` must be one of 'semiparametric', 'parametric'"):
        stepwise(small, kind="nonparametric")
    with pytest.raises(InputError, match="`replicates` must be a whole number of at least 99"):
        stepwise(small, replicates=10)
    with pytest.raises(InputTypeError, match="`progress` must be True, False or a function"):
        stepwise(small, progress="yes")
    with pytest.raises(InputTypeError, match="`histories` must be CaptureHistories"):
        stepwise({"110": 3})
    two = cl.CaptureHistories.from_cells({"11": 3, "10": 4, "01": 5}, lists=["A", "B"])
    with pytest.raises(InputError, match=r"of three lists or more, got 2. Use chapman\(\)"):
        stepwise(two)


class TestBands:
    """Counts of 1 to 4 printed as "fewer than 5"."""

    cells = SMALL | {"110": 26, "111": (1, 4)}

    @pytest.fixture
    def banded(self):
        return cl.CaptureHistories.from_cells(self.cells, lists=["A", "B", "C"])

    def exact(self, count, **options):
        table = cl.CaptureHistories.from_cells(self.cells | {"111": count}, lists=["A", "B", "C"])
        return stepwise(table, **options)

    @pytest.mark.parametrize("threshold", [0.02, 0.3])
    def test_the_range_is_that_of_every_whole_table(self, banded, threshold):
        result = stepwise(banded, threshold=threshold, interval="lognormal")
        each = [self.exact(n, threshold=threshold, interval="wald") for n in (1, 2, 3, 4)]
        totals = [e.estimate for e in each]
        assert result.region_low == pytest.approx(min(totals), rel=1e-9)
        assert result.region_high == pytest.approx(max(totals), rel=1e-9)
        assert "all 4 tables within the bands, the model selected in each" in str(result)

    def test_either_end_of_a_band_can_be_either_end_of_the_range(self):
        """More units on one list alone mean more hidden ones; more on two lists mean fewer."""
        for pattern in ("100", "011"):
            ends = []
            for count in (20, 24):
                whole = SMALL | {pattern: count}
                table = cl.CaptureHistories.from_cells(whole, lists=["A", "B", "C"])
                ends.append(stepwise(table, threshold=0, interval="wald").estimate)
            banded = SMALL | {pattern: (20, 24)}
            table = cl.CaptureHistories.from_cells(banded, lists=["A", "B", "C"])
            result = stepwise(table, threshold=0, interval="lognormal")
            found = [result.region_low, result.region_high]
            assert found == pytest.approx(sorted(ends), rel=1e-9)
            assert (ends[0] < ends[1]) == (pattern == "100")

    def test_an_interaction_is_added_only_if_every_count_would_add_it(self):
        """One of 81 to 84 units is; one of 23 to 33, against 34 expected, is not."""
        lists = ["A", "B", "C"]
        sure = cl.CaptureHistories.from_cells(self.cells | {"110": 80}, lists=lists)
        result = stepwise(sure, interval="lognormal")
        assert result.model == "A*B + C"
        assert "A*B (81 to 84 seen" in path(result)
        unsure = self.cells | {"110": (14, 60), "111": 3}
        table = cl.CaptureHistories.from_cells(unsure, lists=lists)
        assert stepwise(table, interval="lognormal").model == "A + B + C"
        models = set()
        for count in (14, 60):
            whole = cl.CaptureHistories.from_cells(unsure | {"110": count}, lists=lists)
            models.add(stepwise(whole, interval="lognormal").model)
        assert "A*B + C" in models

    def test_the_estimate_is_that_of_the_model_on_the_bands(self, banded):
        result = stepwise(banded, rng=1, replicates=99)
        alone = loglinear(banded, result.generators, interval="lognormal")
        assert result.estimate == pytest.approx(alone.estimate, rel=1e-10)
        assert result.n_observed == pytest.approx(alone.n_observed, rel=1e-10)

    def test_replicates_are_suppressed_by_the_same_rule(self, banded, monkeypatch):
        met = []
        original = _resampled_selection.distinct

        def spied(choose, low, high=None):
            met.append((low, high))
            return original(choose, low, high)

        monkeypatch.setattr(_resampled_selection, "distinct", spied)
        result = stepwise(banded, rng=1, replicates=200)
        low, high = (np.concatenate(part) for part in zip(*met, strict=True))
        assert low.shape == (200, 7)
        assert set(zip(low[low < high], high[low < high], strict=True)) == {(1.0, 4.0)}
        assert not ((low == high) & (low >= 1) & (low <= 4)).any()
        assert result.low < result.estimate < result.high
        assert np.isfinite(result.draws).mean() > 0.9

    def test_a_band_of_one_number_is_that_number(self):
        lists = ["A", "B", "C"]
        known = cl.CaptureHistories.from_cells(self.cells | {"111": (3, 3)}, lists=lists)
        one, two = stepwise(known, rng=1), self.exact(3, rng=1)
        assert (one.estimate, one.low, one.high) == (two.estimate, two.low, two.high)

    def test_many_tables_are_sampled_and_the_note_says_so(self):
        wide = {k: (n, n + 9) if n < 30 else n for k, n in SMALL.items()}
        table = cl.CaptureHistories.from_cells(wide, lists=["A", "B", "C"])
        result = stepwise(table, interval="lognormal")
        assert "4,098 of 1e+04 tables" in str(result)
        assert "the true range may be wider" in str(result)
        assert result.region_low < result.estimate < result.region_high

    def test_what_is_refused(self, banded):
        with pytest.raises(InputError, match="a band does not say from which cell one unit is"):
            stepwise(banded, interval="bca", rng=1, replicates=99)
        several = self.cells | {"101": (10, 19)}
        table = cl.CaptureHistories.from_cells(several, lists=["A", "B", "C"])
        with pytest.raises(InputError, match="of one kind of band where tables are simulated"):
            stepwise(table, rng=1, replicates=99)
