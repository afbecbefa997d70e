"""The search over models: its rankings, what stays in the table, and the disagreement shown."""

from __future__ import annotations

import functools
import json
import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import countylines as cl
from countylines.capture_recapture import loglinear, model_search
from countylines.errors import ApproximationWarning, ConvergenceError, InputError

CASES = json.loads((Path(__file__).parents[1] / "reference" / "loglinear.json").read_text())[
    "cases"
]
SEARCHES = json.loads((Path(__file__).parents[1] / "reference" / "model_search.json").read_text())
pytestmark = pytest.mark.filterwarnings("ignore::countylines.errors.CountyLinesWarning")


def table_of(case):
    data = case["inputs"]
    return cl.CaptureHistories.from_cells(dict(data["cells"]), lists=data["lists"])


def formula(text, lists):
    groups = [[lists[int(i) - 1] for i in part] for part in text.strip("[]").split(",")]
    return {frozenset(g) for g in groups}


def searches(family):
    return [case for case in SEARCHES["cases"] if case["id"].startswith(family)]


def load(name):
    people = cl.datasets.load_mse(name)
    return cl.CaptureHistories.from_table(people, lists=people.attrs["lists"])


@pytest.fixture(scope="module")
def uk():
    return load("uk_2013_5")


@pytest.mark.reference
@pytest.mark.parametrize("case", searches("bic_pairs"), ids=lambda case: case["id"])
def test_the_ranking_by_bic(case):
    search = model_search(table_of(case), max_order=case["parameters"]["maxorder"])
    assert int(search.table["estimable"].sum()) == case["expected"]["n_models_ok"]
    lists = case["inputs"]["lists"]
    for row, expected in zip(search.table.itertuples(), case["expected"]["top"], strict=False):
        assert row.estimate == pytest.approx(expected["abundance"], rel=1e-6)
        assert row.bic == pytest.approx(expected["BIC"], rel=1e-9)
        assert {frozenset(g) for g in row.generators} == formula(expected["model"], lists)


@pytest.mark.reference
@pytest.mark.parametrize("case", searches("downhill"), ids=lambda case: case["id"])
def test_where_a_walk_downhill_ends(case):
    table, expected = table_of(case), case["expected"]
    search = model_search(table, max_order=case["parameters"]["maxorder"], strategy="downhill")
    best = search.table.iloc[0]
    lists = case["inputs"]["lists"]
    assert {frozenset(g) for g in best.generators} == formula(expected["model"], lists)
    assert best.estimate == pytest.approx(expected["abundance"], rel=1e-6)
    assert best.bic == pytest.approx(expected["BIC"], rel=1e-9)
    assert search.best.estimate == pytest.approx(best.estimate, rel=1e-9)


@pytest.mark.reference
@pytest.mark.parametrize(
    "case",
    [c for c in CASES if c["id"].startswith("hierarchical_all")],
    ids=lambda case: case["id"],
)
def test_every_hierarchical_model(case):
    """Estimate, standard error, fit and criteria of 250 models, found in one search each."""
    table, lists = table_of(case), case["inputs"]["lists"]
    search = model_search(table, max_order=case["parameters"]["maxorder"])
    found = {frozenset(map(frozenset, row.generators)): row for row in search.table.itertuples()}
    assert len(found) == len(case["expected"]["models"])
    for text, expected in case["expected"]["models"].items():
        row = found[frozenset(formula(text, lists))]
        assert row.estimable == (expected["code"] == 0)
        if not row.estimable:
            assert row.estimate == table.n_observed or not math.isfinite(row.estimate)
            assert (row.code == "not-identified") or expected["code"] in (1, 3)
            continue
        assert row.estimate == pytest.approx(expected["abundance"], rel=1e-6)
        assert row.standard_error == pytest.approx(expected["stderr"], rel=1e-5)
        assert row.deviance == pytest.approx(expected["deviance"], rel=1e-6, abs=1e-9)
        assert row.log_likelihood == pytest.approx(expected["loglik"], rel=1e-9)
        assert row.aic == pytest.approx(expected["AIC"], rel=1e-9)
        assert row.bic == pytest.approx(expected["BIC"], rel=1e-9)
        assert (row.df, row.parameters) == (expected["df"], expected["npar"])
        assert row.parameters - row.on_face == expected["n_minus_inf"]


@pytest.mark.reference
def test_the_disagreement_of_the_uk_table(uk):
    """Figures of the five-list table, pairs only; all models are a second test."""
    shown = model_search(uk, max_order=2).disagreement()
    first = shown.set_index(["criterion", "counted"])["estimate"].round()
    assert first["bic", "all"] == 22_991
    assert first["bic", "on face"] == 12_142
    assert first["aic", "all"] == 11_175
    assert round(shown["runner_up"].iloc[0]) == 12_262
    assert shown["settled"].all()
    bic = shown.iloc[0]
    np.testing.assert_allclose(bic["modes"], [23_560, 12_028], rtol=1e-3)
    np.testing.assert_allclose(bic["shares"], [0.517, 0.483], atol=1e-3)


@pytest.mark.reference
def test_all_models_of_the_uk_table(uk):
    search = model_search(uk)
    assert len(search.table) == 6893
    assert search.table["estimate"].head(3).round().tolist() == [25_311, 28_822, 22_991]
    shown = search.disagreement().set_index(["criterion", "counted"])
    assert round(shown.loc[("aic", "all"), "estimate"]) == 5_552


def test_rows_are_the_single_fits(uk):
    search = model_search(uk, max_order=2)
    for i in (0, 5, 700):
        row = search.table.iloc[i]
        single = loglinear(uk, row.generators, interval="wald")
        assert row.estimate == pytest.approx(single.estimate, rel=1e-10)
        assert row.standard_error == pytest.approx(single.standard_error, rel=1e-9)
        assert (row.df, row.model) == (single.df, single.model)
        for name in ("aic", "aicc", "bic", "deviance", "log_likelihood"):
            assert row[name] == pytest.approx(getattr(single, name), rel=1e-9)


def test_models_without_an_estimate_stay_in(uk):
    table = model_search(uk).table
    lost = table[~table["estimable"]]
    assert set(lost["code"]) == {"hidden-zero", "hidden-infinite", "not-identified"}
    assert (lost["weight"] == 0).all()
    given = {"hidden-zero": uk.n_observed, "hidden-infinite": math.inf, "not-identified": math.nan}
    expected = lost["code"].map(given)
    assert lost["estimate"].equals(expected.rename("estimate"))
    assert lost["standard_error"].isna().all()
    assert table["weight"].sum() == pytest.approx(1)
    assert table["estimable"].iloc[: len(table) - len(lost)].all()


def test_a_downhill_search_says_that_it_is_one(uk):
    """It ends at the model that a peer's downhill search ends at, far from the best."""
    search = model_search(uk, max_order=2, strategy="downhill")
    assert round(search.best.estimate) == 12_262
    assert "better ones may exist" in str(search)
    assert "better ones may exist" not in str(model_search(uk, max_order=2))
    assert len(search.table) < 1024


def test_the_summary_is_never_one_number(uk):
    search = model_search(uk, max_order=2)
    text = str(search)
    for number in ("22,991", "12,262", "12,142", "11,175"):
        assert number in text
    assert "22,991" not in repr(search)


def ranked(search):
    """Everything in the table that does not name a list, and models as sets of sets."""
    numbers = search.table.drop(columns=["model", "generators"])
    models = [frozenset(map(frozenset, g)) for g in search.table["generators"]]
    return numbers.assign(name=models).set_index("name")


@settings(max_examples=15, deadline=None)
@given(
    counts=st.lists(st.integers(0, 40), min_size=15, max_size=15),
    order=st.permutations("ABCD"),
)
def test_relabelling_the_lists_changes_no_estimate(counts, order):
    """The same counts with the lists in another order, and rows in another order."""
    if sum(counts) == 0:
        return
    cells = {format(i + 1, "04b"): n for i, n in enumerate(counts)}
    one = ranked(model_search(cl.CaptureHistories.from_cells(cells, lists=list("ABCD"))))
    place = ["ABCD".index(name) for name in order]
    turned = {"".join(p[i] for i in place): n for p, n in reversed(cells.items())}
    two = ranked(model_search(cl.CaptureHistories.from_cells(turned, lists=list(order))))
    assert len(one) == 113
    two = two.loc[one.index]
    assert (one["code"] == two["code"]).all()
    for name in ("estimate", "standard_error", "deviance", "bic", "weight", "df", "on_face"):
        np.testing.assert_allclose(one[name], two[name], rtol=1e-6, atol=1e-7)


def test_merging_strata_is_searching_their_sum():
    """A pooled table is the table of the summed counts."""
    people = cl.datasets.load_mse("uk_2013_4")
    lists = people.attrs["lists"]
    halves = [people.assign(n=people["n"] // 2, part="a")]
    halves.append(people.assign(n=people["n"] - people["n"] // 2, part="b"))
    stacked = pd.concat(halves, ignore_index=True)
    whole = model_search(cl.CaptureHistories.from_table(people, lists=lists))
    strata = cl.CaptureHistories.from_table(stacked, lists=lists, strata="part")
    assert whole.identical(model_search(strata.pool()))


@functools.cache
def exhaustive(name, order):
    return model_search(load(name), max_order=order)


class TestBounded:
    @pytest.mark.parametrize("criterion", ["bic", "aic", "aicc"])
    @pytest.mark.parametrize(
        ("name", "order"),
        [("uk_2013_5", 2), ("uk_2013_5", 4), ("netherlands_5", 4), ("new_orleans_5", 4)],
    )
    def test_it_finds_what_fitting_all_finds_on_five_lists(self, name, order, criterion):
        self.compare(name, order, criterion)

    @pytest.mark.parametrize("criterion", ["bic", "aic"])
    @pytest.mark.parametrize("name", ["uk_2013", "netherlands"])
    def test_it_finds_what_fitting_all_finds_on_six_lists(self, name, criterion):
        self.compare(name, 2, criterion)

    @staticmethod
    def compare(name, order, criterion):
        everything = exhaustive(name, order)
        search = model_search(
            load(name), max_order=order, criterion=criterion, strategy="bounded", within=6.0
        )
        assert (everything.strategy, search.strategy) == ("exhaustive", "bounded")
        full = everything.table
        best = full.loc[full["estimable"], criterion].min()
        near = ranked(everything)
        near = near[near[criterion] <= best + 6.0]
        found = ranked(search)
        assert set(found.index) == set(near.index)
        found = found.loc[near.index]
        for column in ("estimate", "hidden", "standard_error", "bic", "aic", "on_face"):
            np.testing.assert_allclose(found[column], near[column], rtol=1e-8)
        assert (found["code"] == near["code"]).all()
        # and the others weigh no more than was said
        weight = np.exp(-0.5 * (full[criterion] - best))
        kept = np.exp(-0.5 * (near[criterion] - best)).sum()
        assert 1 - kept / weight.sum() <= search.left_out + 1e-12
        assert search.left_out < 0.8

    def test_seven_lists_are_settled_without_fitting_them_all(self):
        """Two million models of pairs; the best is the one that made the counts."""
        rng = np.random.default_rng(8)
        shared = rng.random(3000) < 0.3
        member = rng.random((3000, 7)) < 0.25
        member[:, 1] = np.where(shared, member[:, 0], member[:, 1])
        seven = cl.CaptureHistories.from_cells(patterns(member), lists=list("ABCDEFG"))
        search = model_search(seven)
        assert (search.strategy, search.max_order) == ("bounded", 2)
        assert search.table["model"].iloc[0] == "A*B + C + D + E + F + G"
        assert search.within == 10
        assert (search.table["bic"] <= search.table["bic"].min() + 10).all()
        text = str(search)
        assert "Every model within 10 of the best is here" in text
        assert "better ones may exist" not in text
        assert "aic (of those met)" in text
        settled = search.disagreement().set_index(["criterion", "counted"])["settled"]
        assert settled.index[settled].tolist() == [("bic", "all")]

    def test_auto_walks_downhill_where_bounds_take_too_long(self):
        table = load("uk_2013")
        with pytest.raises(ConvergenceError, match="did not settle the search within 50 fits"):
            model_search(table, strategy="bounded", max_fits=50)
        search = model_search(table, max_order=3, max_fits=50)
        assert search.strategy == "downhill"
        assert math.isnan(search.left_out)
        assert "Bounds did not settle the search within 50 fits" in str(search)
        assert not search.disagreement()["settled"].any()

    def test_what_was_not_kept_is_not_claimed(self):
        search = model_search(load("uk_2013"), strategy="bounded", within=3.0)
        with pytest.raises(InputError, match="`within` must be at most 3, as the search was told"):
            search.disagreement(within=6)
        with pytest.raises(InputError, match="`criterion` must be 'bic', by which the search was"):
            search.average("aic")
        assert search.left_out > 0.05
        with pytest.warns(ApproximationWarning, match="Search again with a larger `within`"):
            average = search.average()
        assert average.estimate > 10_000
        assert "were not kept hold at most" in str(average)

    def test_a_table_without_any_estimate(self):
        """Nothing can be ruled out then: every model is fitted, and none is the best."""
        apart = cl.CaptureHistories.from_cells({"100": 4, "010": 5, "001": 6}, lists=list("ABC"))
        search = model_search(apart, strategy="bounded")
        assert len(search.table) == 8
        assert not search.table["estimable"].any()
        assert search.left_out == 0


@pytest.fixture(scope="module")
def suppressed(uk):
    cells = {p: (1, 4) if 0 < n < 5 else n for p, n in uk.cells().items()}
    return cl.CaptureHistories.from_cells(cells, lists=uk.lists)


class TestBands:
    """Tables of which small cells were suppressed."""

    def test_rows_are_the_single_fits(self, suppressed):
        search = model_search(suppressed, max_order=2)
        for i in (0, 3, 500):
            row = search.table.iloc[i]
            single = loglinear(suppressed, row.generators, interval="lognormal")
            assert row.estimate == pytest.approx(single.estimate, rel=1e-9)
            assert row.hidden == pytest.approx(single.hidden.estimate, rel=1e-9)
            assert row.hidden_error == pytest.approx(single.hidden.standard_error, rel=1e-8)
            assert row.standard_error == pytest.approx(single.standard_error, rel=1e-8)
            for name in ("aic", "aicc", "bic", "log_likelihood", "df"):
                assert row[name] == pytest.approx(getattr(single, name), rel=1e-9)
            assert row.code == single.verdict.code

    def test_the_bands_are_told(self, suppressed):
        search = model_search(suppressed, max_order=2)
        text = str(search)
        assert "6 cells are known only as a band" in text
        assert "observed  2,739 to 2,757" in text
        assert "Overstall" in search.cite()
        plot = search.plot()
        assert "2,739 to 2,757 observed" in plot.get_xlabel()

    def test_bounds_hold_with_bands(self, suppressed):
        full = ranked(model_search(suppressed, max_order=2))
        found = ranked(model_search(suppressed, max_order=2, strategy="bounded"))
        near = full[full["bic"] <= full["bic"].min() + 10]
        assert set(found.index) == set(near.index)
        found = found.loc[near.index]
        np.testing.assert_allclose(found["estimate"], near["estimate"], rtol=1e-7)

    def test_the_range_over_the_tables_that_the_bands_allow(self):
        cells = {"111": 28, "110": 21, "101": 17, "011": 18, "100": 69, "010": 55, "001": 63}
        lists = ["P", "Q", "E"]
        banded = cl.CaptureHistories.from_cells(cells | {"101": (15, 19)}, lists=lists)
        found = model_search(banded).over_bands(within=12).set_index("model")
        assert len(found) > 2
        totals = {name: [] for name in found.index}
        for count in range(15, 20):
            table = cl.CaptureHistories.from_cells(cells | {"101": count}, lists=lists)
            rows = model_search(table).table.set_index("model")["estimate"]
            for name in totals:
                totals[name].append(rows[name])
        for name, values in totals.items():
            assert found.loc[name, "region_low"] == pytest.approx(min(values), rel=1e-8)
            assert found.loc[name, "region_high"] == pytest.approx(max(values), rel=1e-8)

    def test_exact_counts_have_no_bands(self, uk):
        with pytest.raises(InputError, match="`histories` must be banded, got exact counts"):
            model_search(uk, max_order=2).over_bands()


def patterns(member):
    cells: dict[str, int] = {}
    for row in member[member.any(axis=1)]:
        pattern = "".join("01"[int(b)] for b in row)
        cells[pattern] = cells.get(pattern, 0) + 1
    return cells


def test_too_many_models_to_fit_all():
    rng = np.random.default_rng(8)
    seven = cl.CaptureHistories.from_cells(
        patterns(rng.random((400, 7)) < 0.3), lists=list("ABCDEFG")
    )
    with pytest.raises(InputError, match="'bounded' or 'downhill' for 7 lists and max_order=2"):
        model_search(seven, strategy="exhaustive")


def test_very_large_counts():
    """A table times a billion has the estimates times a billion, and one model left."""
    cells = {"111": 28, "110": 21, "101": 17, "011": 18, "100": 69, "010": 55, "001": 63}
    lists = ["P", "Q", "E"]
    small = ranked(model_search(cl.CaptureHistories.from_cells(cells, lists=lists)))
    many = {p: n * 10**9 for p, n in cells.items()}
    large = ranked(model_search(cl.CaptureHistories.from_cells(many, lists=lists)))
    np.testing.assert_allclose(large.loc[small.index, "estimate"], small["estimate"] * 1e9)
    assert large["weight"].iloc[0] == 1


def test_one_unit_estimates_nothing():
    table = model_search(cl.CaptureHistories.from_cells({"100": 1}, lists=list("ABC"))).table
    assert not table["estimable"].any()
    assert (table["weight"] == 0).all()


def test_structural_zeros_are_no_cells():
    cells = {"111": 28, "110": 21, "011": 18, "100": 69, "010": 55, "001": 63}
    table = cl.CaptureHistories.from_cells(cells, lists=list("ABC"), structural_zeros=["101"])
    search = model_search(table)
    row = search.table.iloc[0]
    single = loglinear(table, row.generators, interval="wald")
    assert row.estimate == pytest.approx(single.estimate, rel=1e-9)
    assert row.df == single.df


def test_errors(uk):
    with pytest.raises(InputError, match="`criterion` must be one of 'bic', 'aic', 'aicc'"):
        model_search(uk, criterion="p")
    with pytest.raises(
        InputError, match="`max_order` must be a whole number of at least 2 and at m"
    ):
        model_search(uk, max_order=5)
    with pytest.raises(InputError, match="`strategy` must be one of 'auto', 'exhaustive', 'bounde"):
        model_search(uk, strategy="all")
    with pytest.raises(InputError, match="`within` must be a finite number of at least 0"):
        model_search(uk, within=-1)
    with pytest.raises(InputError, match="`max_fits` must be a whole number of at least 1"):
        model_search(uk, max_fits=0)
    with pytest.raises(InputError, match="`histories` must be CaptureHistories, got a dict"):
        model_search({"110": 3})
    with pytest.raises(InputError, match="`within` must be a finite number of at least 0, got nan"):
        model_search(uk, within=math.nan)
    people = cl.datasets.load_mse("uk_2013_4").assign(part="a")
    strata = cl.CaptureHistories.from_table(people, lists=people.attrs["lists"], strata="part")
    with pytest.raises(InputError, match="`histories` must be one table, got strata by part"):
        model_search(strata)
    two = cl.CaptureHistories.from_cells({"11": 3, "10": 4, "01": 5}, lists=["A", "B"])
    with pytest.raises(InputError, match=r"of three lists or more, got 2. Use chapman\(\)"):
        model_search(two)
