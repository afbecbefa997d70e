"""Lists that cannot see some units: structural zeros, partial coverage, compiled lists."""

from __future__ import annotations

import itertools
import math
import pickle
import warnings

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize

import countylines as cl
from countylines._kernels import hierarchical
from countylines.capture_recapture import (
    closed_population,
    existence,
    goodness_of_fit,
    loglinear,
    model_search,
    stepwise,
)
from countylines.errors import DegenerateDataWarning, InputError, InputTypeError

pytestmark = pytest.mark.filterwarnings("ignore::countylines.errors.CountyLinesWarning")
NAMES = ["A", "B", "C"]
SEEN = {"111": 28, "110": 21, "101": 17, "011": 18, "100": 69, "010": 55, "001": 63}


def table(cells=SEEN, **options):
    return cl.CaptureHistories.from_cells(cells, lists=NAMES, **options)


def hidden_by_hand(cells, terms):
    """Poisson maximum likelihood over exactly the cells given, by a general optimiser."""
    masks = np.array([int(p, 2) for p in cells])
    counts = np.array(list(cells.values()), dtype=float)
    design = hierarchical.design(masks, terms)

    def negative(effects):
        return np.exp(design @ effects).sum() - counts @ (design @ effects)

    start = np.linalg.lstsq(design, np.log(counts + 0.5), rcond=None)[0]
    found = minimize(negative, start, method="BFGS", options={"gtol": 1e-8})
    return math.exp(found.x[0])


class TestStructuralZeros:
    @pytest.mark.parametrize("zeros", [["110"], ["110", "111"], ["011"], ["100"], ["111"]])
    def test_the_cells_are_left_out_of_the_fit(self, zeros):
        cells = {p: n for p, n in SEEN.items() if p not in zeros}
        result = loglinear(table(cells, structural_zeros=zeros), interval="wald")
        by_hand = hidden_by_hand(cells, hierarchical.all_terms(3, 1))
        assert result.hidden.estimate == pytest.approx(by_hand, rel=1e-5)
        assert result.df == len(cells) - 4
        assert result.verdict.code == "ok"

    def test_an_ordinary_zero_is_another_thing(self):
        cells = {p: n for p, n in SEEN.items() if p != "110"}
        one = loglinear(table(cells), interval="wald")
        other = loglinear(table(cells, structural_zeros=["110"]), interval="wald")
        assert one.df == other.df + 1
        assert one.estimate > other.estimate

    @pytest.mark.parametrize("interval", ["profile", "wald", "lognormal", "bootstrap"])
    def test_a_list_that_can_see_nobody_changes_nothing(self, interval):
        unseen = [p for p in SEEN if p[2] == "1"]
        cells = {p: n for p, n in SEEN.items() if p[2] == "0"}
        blind = loglinear(table(cells, structural_zeros=unseen), interval=interval, rng=1)
        alone = cl.CaptureHistories.from_cells(
            {p[:2]: n for p, n in cells.items()}, lists=["A", "B"]
        )
        without = loglinear(alone, interval=interval, rng=1)
        for name in ("estimate", "low", "high", "standard_error", "deviance", "df"):
            assert getattr(blind, name) == pytest.approx(getattr(without, name), rel=1e-7)

    def test_every_estimator_that_fits_models_leaves_them_out(self):
        cells = {p: n for p, n in SEEN.items() if p != "111"}
        histories = table(cells, structural_zeros=["111"])
        # with all pairs there are six cells for seven parameters
        assert existence(histories, "all-two-way").code == "not-identified"
        assert existence(table(cells), "all-two-way").code == "hidden-zero"
        rows = model_search(histories).table
        assert not rows.loc[rows["model"] == "A*B + A*C + B*C", "estimable"].any()
        test = goodness_of_fit(histories, replicates=99, rng=1)
        assert "111" not in test.table.index
        assert len(test.table) == 6

    @settings(max_examples=40)
    @given(
        zeros=st.sets(st.sampled_from(sorted(SEEN)), max_size=3),
        empty=st.sets(st.sampled_from(sorted(SEEN)), max_size=2),
        model=st.sampled_from(["independence", "A*B + C", "A*B + B*C", "all-two-way"]),
        order=st.permutations([0, 1, 2]),
    )
    def test_relabelling_keeps_the_verdict(self, zeros, empty, model, order):
        cells = {p: n for p, n in SEEN.items() if p not in zeros | empty}
        if not cells:
            return

        def turn(pattern):
            return "".join(pattern[i] for i in order)

        one = table(cells, structural_zeros=zeros)
        two = cl.CaptureHistories.from_cells(
            {turn(p): n for p, n in cells.items()},
            lists=[NAMES[i] for i in order],
            structural_zeros=[turn(p) for p in zeros],
        )
        assert existence(one, model).code == existence(two, model).code


def strata_frame(extra=()):
    """Two strata; the transport list sees external lines only."""
    rows = [
        ("external", 1, 1, 0, 12),
        ("external", 1, 0, 1, 9),
        ("external", 0, 1, 1, 4),
        ("external", 0, 0, 1, 30),
        ("external", 0, 1, 0, 22),
        ("external", 1, 0, 0, 40),
        ("internal", 1, 1, 0, 20),
        ("internal", 1, 0, 0, 75),
        ("internal", 0, 1, 0, 41),
        *extra,
    ]
    return pd.DataFrame(rows, columns=["type", "force", "charity", "transport", "n"])


LISTS = ["force", "charity", "transport"]
COVERS = {"transport": {"type": ["external"]}}


def lines(covers=COVERS, frame=None, **options):
    frame = strata_frame() if frame is None else frame
    options = {"strata": "type"} | options
    return cl.CaptureHistories.from_table(frame, lists=LISTS, covers=covers, **options)


class TestCoverage:
    def test_a_stratum_is_estimated_from_the_lists_that_cover_it(self):
        parts = lines().split()
        assert parts["external"].lists == tuple(LISTS)
        assert parts["external"].absent == ()
        assert parts["internal"].lists == ("force", "charity")
        assert parts["internal"].absent == ("transport",)
        found = loglinear(parts["internal"], interval="wald")
        assert found.estimate == pytest.approx(95 * 61 / 20)

    def test_one_model_serves_all_strata(self):
        for stratum, part in lines().split().items():
            result = loglinear(part, "force*charity + transport", interval="wald")
            names = {name for group in result.generators for name in group}
            assert ("transport" in names) == (stratum == "external")
            assert existence(part, [("transport", "force"), ("charity",)]).estimable

    def test_what_it_says_of_itself(self):
        histories = lines()
        assert histories.covers == {"transport": ("external",)}
        assert lines(covers=None).covers == {}
        assert "transport covers" in histories.summary()
        assert "1 of 2 strata" in histories.summary()
        assert "do not cover this stratum" in histories.split()["internal"].summary()
        assert histories != lines(covers=None)
        assert pickle.loads(pickle.dumps(histories)) == histories

    def test_strata_are_not_added_up(self):
        with pytest.raises(InputError, match="'transport', which covers 1 only"):
            lines().pool()
        with pytest.raises(InputError, match="`second` must be a list that covers every stratum"):
            lines().pair("force", "transport")
        assert lines().pair("force", "charity").n_both == 32
        assert lines(covers=None).pool().n_observed == 253

    def test_merging_and_dropping(self):
        histories = lines()
        assert histories.drop("transport").covers == {}
        merged = histories.merge({"police": ["force", "transport"]})
        assert merged.covers == {}
        assert merged.pool().lists == ("police", "charity")
        renamed = histories.merge({"rail": ["transport"]})
        assert renamed.covers == {"rail": ("external",)}

    def test_complete_tables_leave_out_what_cannot_occur(self):
        frame = lines().to_frame(complete=True)
        assert len(frame[frame["type"] == "internal"]) == 3
        assert len(frame[frame["type"] == "external"]) == 7
        array = lines().to_xarray()
        assert np.isnan(array.sel(type="internal", transport=1)).all()
        assert not np.isnan(array.sel(type="external", transport=1)).any()

    def test_fewer_than_two_lists_that_cover(self):
        both = COVERS | {"charity": {"type": ["external"]}}
        frame = strata_frame().query("type == 'external' or charity == 0")
        part = lines(both, frame).split()["internal"]
        assert part.lists == tuple(LISTS)
        assert len(part.structural_zeros) == 6
        assert existence(part, "independence").code == "not-identified"

    def test_several_columns_must_all_match(self):
        frame = pd.concat([strata_frame().assign(year=y) for y in (2023, 2024)])
        covers = {"transport": {"type": ["external"], "year": [2024]}}
        frame = frame[(frame["year"] == 2024) | (frame["transport"] == 0)]
        histories = lines(covers, frame, strata=["type", "year"])
        assert histories.covers == {"transport": (("external", 2024),)}
        assert histories.split()["external", 2023].absent == ("transport",)

    def test_records(self):
        records = pd.DataFrame(
            {
                "id": [1, 1, 2, 3, 3],
                "list": ["force", "transport", "force", "force", "charity"],
                "type": ["external", "external", "internal", "internal", "internal"],
            }
        )
        histories = cl.CaptureHistories.from_records(
            records, entity="id", source="list", strata="type", covers=COVERS
        )
        assert histories.split()["internal"].lists == ("charity", "force")

    def test_errors(self):
        seen = strata_frame([("internal", 0, 0, 1, 3)])
        with pytest.raises(InputError, match="every stratum in which the list has units, got none"):
            lines(frame=seen)
        with pytest.raises(InputError, match="`covers` must be one of 'force'"):
            lines({"train": {"type": ["external"]}})
        with pytest.raises(InputError, match=r"`covers\['transport'\]` must be one of 'type'"):
            lines({"transport": {"kind": ["external"]}})
        with pytest.raises(InputError, match="made of labels such as 'external', 'internal'"):
            lines({"transport": {"type": ["outside"]}})
        with pytest.raises(InputTypeError, match=r"a sequence of labels, got 'external'. Use \["):
            lines({"transport": {"type": "external"}})
        with pytest.raises(InputError, match="of at least one stratum, got none"):
            lines({"transport": {"type": []}})
        with pytest.raises(InputTypeError, match="`covers` must be of lists to the strata"):
            lines("transport")
        with pytest.raises(InputTypeError, match="must be of strata to labels"):
            lines({"transport": ["external"]})
        with pytest.raises(InputError, match="left out for a table without strata"):
            lines(strata=None, frame=strata_frame().query("type == 'external'"))


def test_split_is_the_same_as_each_stratum_by_itself():
    rng = np.random.default_rng(2)
    frame = pd.DataFrame(
        [
            (s, *pattern, int(rng.integers(0, 9)))
            for s in range(40)
            for pattern in itertools.product([0, 1], repeat=3)
            if any(pattern)
        ],
        columns=["s", *NAMES, "n"],
    )
    frame = frame[frame["n"] > 0]
    parts = cl.CaptureHistories.from_table(frame, lists=NAMES, strata="s").split()
    assert list(parts) == sorted(frame["s"].unique())
    for label, part in parts.items():
        rows = frame[frame["s"] == label].drop(columns="s")
        assert part == cl.CaptureHistories.from_table(rows, lists=NAMES)


COPY = {"A": ["B"]}


class TestCompiled:
    def test_models_refuse_it_and_say_why(self):
        histories = table(compiled=COPY)
        message = "of lists that are separate looks, got 'A', which is compiled from 'B'. What they"
        for refuse in (
            lambda: loglinear(histories),
            lambda: existence(histories, "independence"),
            lambda: model_search(histories),
            lambda: goodness_of_fit(histories),
        ):
            with pytest.raises(InputError, match=message):
                refuse()
        with pytest.raises(InputError, match=r"'A' compiled from 'B'\. Their overlap is copied"):
            histories.pair("B", "A")
        assert histories.pair("A", "C").n_both == 45

    def test_dropping_or_merging_settles_it(self):
        histories = table(compiled=COPY)
        assert histories.compiled == {"A": ("B",)}
        assert "A is compiled from" in histories.summary()
        assert loglinear(histories.drop("A"), interval="wald").estimable
        assert histories.drop("B").compiled == {}
        assert histories.drop("C").compiled == {"A": ("B",)}
        assert histories.merge({"police": ["A", "B"]}).compiled == {}
        assert histories.merge({"police": ["B", "C"]}).compiled == {"A": ("police",)}
        assert pickle.loads(pickle.dumps(histories)).compiled == {"A": ("B",)}

    def test_it_stays_with_the_strata(self):
        parts = lines(compiled={"transport": ["force"]}).split()
        assert parts["external"].compiled == {"transport": ("force",)}
        assert parts["internal"].compiled == {}

    def test_a_list_within_another_is_said(self):
        cells = {"111": 28, "110": 21, "100": 69, "011": 0, "001": 63, "101": 17}
        with pytest.warns(DegenerateDataWarning, match="All 49 units on B are also on A"):
            result = loglinear(table(cells), interval="wald")
        (note,) = [n.text for n in result.notes if n.code == "list-within-list"]
        assert "say compiled={'A': ['B']} where the table is made" in note

    @pytest.mark.parametrize(
        "search",
        [
            model_search,
            lambda histories: stepwise(histories, interval="wald"),
            lambda histories: closed_population(histories, model="Mt"),
        ],
        ids=["model_search", "stepwise", "closed_population"],
    )
    def test_every_search_says_it_once(self, search):
        cells = {"111": 28, "110": 21, "100": 69, "011": 0, "001": 63, "101": 17}
        with pytest.warns(DegenerateDataWarning, match="All 49 units on B are also on A"):
            result = search(table(cells))
        assert str(result).count("All 49 units on B are also on A") == 1
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            result = search(table(cells | {"011": 9, "010": 30}))
        assert "are also on" not in str(result)

    def test_occasions_are_not_copied_from_one_another(self):
        cells = {"111": 28, "110": 21, "100": 69, "011": 0, "001": 63, "101": 17}
        days = cl.CaptureHistories.from_cells(cells, lists=list("ABC"), ordered=True)
        assert "are also on" not in str(closed_population(days, model="Mt"))

    def test_a_few_units_lie_within_another_list_by_chance(self):
        cells = {"111": 2, "110": 2, "100": 69, "001": 63, "101": 17}
        result = loglinear(table(cells), interval="wald")
        assert "list-within-list" not in [n.code for n in result.notes]

    def test_errors(self):
        with pytest.raises(InputError, match="`compiled` must be one of 'A', 'B', 'C', got 'D'"):
            table(compiled={"D": ["A"]})
        with pytest.raises(InputError, match=r"`compiled\['A'\]` must be one of 'A', 'B', 'C'"):
            table(compiled={"A": ["D"]})
        with pytest.raises(InputTypeError, match=r"a sequence of lists, got 'B'. Use \['B'\]"):
            table(compiled={"A": "B"})
        with pytest.raises(InputError, match="must be other lists, got 'A' itself"):
            table(compiled={"A": ["A"]})
        with pytest.raises(InputError, match="must be non-empty"):
            table(compiled={"A": []})
        with pytest.raises(InputTypeError, match="`compiled` must be of lists to their sources"):
            table(compiled="A")
