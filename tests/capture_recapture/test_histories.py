"""Capture histories: three ways in, the algebra of lists against single units, the ways out."""

from __future__ import annotations

import copy
import itertools
import json
import pickle
import re
import warnings
from collections import Counter
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

import countylines as cl
from countylines import Band, CaptureHistories
from countylines.errors import InputError, InputTypeError, SparseDataWarning

REFERENCE = json.loads(
    (Path(__file__).parents[1] / "reference" / "two_list.json").read_text(encoding="utf-8")
)["cases"]
HIV = {
    "1110": 3,
    "1101": 1,
    "1100": 33,
    "1010": 20,
    "1001": 6,
    "1000": 403,
    "0111": 3,
    "0110": 35,
    "0101": 10,
    "0100": 545,
    "0011": 11,
    "0010": 621,
    "0001": 205,
}
HAV = {"001": 63, "010": 55, "011": 18, "100": 69, "101": 17, "110": 21, "111": 28}
THREE = ["police", "charity", "council"]


def hiv(**options):
    return CaptureHistories.from_cells(HIV, lists=["c1", "c2", "c3", "c4"], **options)


def three(cells=None, **options):
    cells = {"110": 20, "101": 9, "100": 210, "011": 4, "010": 77, "001": 90, "111": 6} | (
        cells or {}
    )
    return CaptureHistories.from_cells(cells, lists=THREE, **options)


@st.composite
def registers(draw, smallest=2, largest=5):
    """Units as the sets of lists they are on, at least one unit on each list."""
    k = draw(st.integers(smallest, largest))
    lists = [f"L{j}" for j in range(k)]
    some = st.sets(st.sampled_from(lists), min_size=1)
    units = draw(st.lists(some, max_size=30))
    return lists, [*units, *({name} for name in lists)]


def pattern(unit, lists):
    return "".join("1" if name in unit else "0" for name in lists)


def counted(units, lists):
    """Histories of a register, by the plain definition."""
    cells = Counter(pattern(unit, lists) for unit in units)
    return CaptureHistories.from_cells(cells, lists=lists)


class TestPublishedTables:
    def test_hiv(self):
        histories = hiv()
        assert histories.n_observed == 1896
        assert isinstance(histories.n_observed, int)
        assert histories.lists == ("c1", "c2", "c3", "c4")
        assert histories.cells() == dict(sorted(HIV.items(), reverse=True))
        assert list(histories.cells()) == sorted(HIV, reverse=True)
        assert histories.frequencies().to_dict() == {1: 1774, 2: 115, 3: 7, 4: 0}

    @pytest.mark.reference
    @pytest.mark.parametrize(
        ("dataset", "cells", "names"),
        [("HAV", HAV, ["P", "Q", "E"]), ("HIV", HIV, ["c1", "c2", "c3", "c4"])],
    )
    def test_pairs_are_the_two_list_cases(self, dataset, cells, names):
        (case,) = [case["inputs"] for case in REFERENCE if case["inputs"]["name"] == dataset]
        pair = CaptureHistories.from_cells(cells, lists=names).pair(*case["lists"])
        assert pair == (case["n1"], case["n2"], case["m"])

    def test_a_pair_goes_into_the_two_list_estimators(self):
        pair = hiv().pair("c1", "c2")
        assert pair._fields == ("n_first", "n_second", "n_both")
        assert cl.capture_recapture.lincoln_petersen(*pair).estimate == 466 * 630 / 37


class TestAlgebra:
    """Against the same operation on the units themselves."""

    @given(registers())
    def test_counts(self, register):
        lists, units = register
        histories = counted(units, lists)
        assert histories.n_observed == len(units)
        frequencies = Counter(len(unit) for unit in units)
        assert histories.frequencies().to_dict() == {
            k: frequencies[k] for k in range(1, len(lists) + 1)
        }
        overlaps = histories.overlaps()
        assert list(overlaps.index) == list(overlaps.columns) == lists
        for one, other in itertools.product(lists, repeat=2):
            assert overlaps.loc[one, other] == sum({one, other} <= unit for unit in units)
        for one, other in itertools.permutations(lists, 2):
            assert histories.pair(one, other) == (
                overlaps.loc[one, one],
                overlaps.loc[other, other],
                overlaps.loc[one, other],
            )

    @given(registers(smallest=3), st.data())
    def test_drop(self, register, data):
        lists, units = register
        gone = data.draw(st.sampled_from(lists))
        rest = [name for name in lists if name != gone]
        left = [unit - {gone} for unit in units if unit - {gone}]
        dropped = counted(units, lists).drop(gone)
        assert dropped.identical(counted(left, rest))
        assert counted(units, lists).n_observed - dropped.n_observed == units.count({gone})

    @given(registers(smallest=3), st.data())
    def test_merge(self, register, data):
        lists, units = register
        members = data.draw(
            st.lists(st.sampled_from(lists), min_size=1, max_size=len(lists) - 1, unique=True)
        )
        first = min(lists.index(name) for name in members)
        names = [name for name in lists if name not in members]
        names.insert(sum(name not in members for name in lists[:first]), "new")
        changed = [{"new" if name in members else name for name in unit} for unit in units]
        merged = counted(units, lists).merge({"new": members})
        assert merged.identical(counted(changed, names))
        assert merged.n_observed == len(units)

    @given(registers(largest=4), st.data())
    def test_structural_zeros_of_merged_and_of_fewer_lists(self, register, data):
        """A pattern is one afterwards exactly if no pattern that can occur leads to it."""
        lists, _ = register
        assume(len(lists) > 2)
        possible = ["".join(bits) for bits in itertools.product("01", repeat=len(lists))][1:]
        zeros = data.draw(st.sets(st.sampled_from(possible), max_size=len(possible) - 1))
        allowed = [text for text in possible if text not in zeros]
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", SparseDataWarning)
            histories = CaptureHistories.from_cells(
                dict.fromkeys(allowed, 1), lists=lists, structural_zeros=zeros
            )
        assert set(histories.structural_zeros) == zeros

        dropped = histories.drop(lists[1])
        reached = {text[:1] + text[2:] for text in allowed}
        everything = {"".join(b) for b in itertools.product("01", repeat=len(lists) - 1)}
        empty = "0" * (len(lists) - 1)
        assert set(dropped.structural_zeros) == everything - reached - {empty}

        merged = histories.merge({"both": [lists[0], lists[2]]})
        reached = {max(text[0], text[2]) + text[1] + text[3:] for text in allowed}
        assert set(merged.structural_zeros) == everything - reached - {empty}

    @given(registers())
    def test_the_order_of_the_cells_given_does_not_matter(self, register):
        lists, units = register
        cells = dict(Counter(pattern(unit, lists) for unit in units))
        backwards = dict(reversed(cells.items()))
        one = CaptureHistories.from_cells(cells, lists=lists)
        other = CaptureHistories.from_cells(backwards, lists=lists)
        assert one == other
        assert hash(one) == hash(other)

    @given(registers(), st.randoms(use_true_random=False))
    def test_relabelling_the_lists_moves_the_numbers_with_them(self, register, random):
        lists, units = register
        shuffled = list(lists)
        random.shuffle(shuffled)
        one, other = counted(units, lists), counted(units, shuffled)
        assert one.frequencies().equals(other.frequencies())
        assert one.overlaps().loc[shuffled, shuffled].equals(other.overlaps())

    @given(registers())
    def test_all_constructors_agree(self, register):
        lists, units = register
        histories = counted(units, lists)
        table = pd.DataFrame([[name in unit for name in lists] for unit in units], columns=lists)
        assert CaptureHistories.from_table(table, lists=lists, count=None) == histories
        counts = table.groupby(lists).size().reset_index(name="n")
        assert CaptureHistories.from_table(counts, lists=lists) == histories
        records = pd.DataFrame(
            [(f"id{i}", name) for i, unit in enumerate(units) for name in unit],
            columns=["who", "where"],
        )
        seen = records.sample(frac=2, replace=True, random_state=1)
        again = pd.concat([records, seen])
        assert CaptureHistories.from_records(again, entity="who", source="where") == histories

    @given(registers(), st.booleans())
    def test_frames_and_arrays_read_back(self, register, complete):
        lists, units = register
        histories = counted(units, lists)
        frame = histories.to_frame(complete=complete)
        assert CaptureHistories.from_table(frame, lists=lists) == histories
        assert len(frame) == (2 ** len(lists) - 1 if complete else len(histories.cells()))
        array = histories.to_xarray()
        assert array.dims == tuple(lists)
        assert np.isnan(array.values.ravel()[0])
        assert np.isnan(array.values).sum() == 1
        assert array.sum() == len(units)
        for unit in units:
            place = {name: int(name in unit) for name in lists}
            assert array.sel(place) == histories.cells()[pattern(unit, lists)]

    def test_merging_two_groups_and_renaming_at_once(self):
        merged = hiv().merge({"a": ["c1", "c3"], "b": ["c4"]})
        assert merged.lists == ("a", "c2", "b")
        assert merged.pair("a", "b").n_both == 1 + 6 + 3 + 11

    def test_dropping_a_list_hides_those_that_only_it_knew(self):
        lists = three()
        assert lists.n_observed - lists.drop("council").n_observed == 90
        assert lists.n_observed == 416


class TestBandedCells:
    def banded(self):
        return three({"011": Band(1, 4), "111": (0, 2)})

    def test_sums_are_bands_only_where_a_band_enters(self):
        histories = self.banded()
        assert histories.is_banded
        assert histories.n_observed == Band(407, 412)
        assert histories.cells()["011"] == Band(1, 4)
        assert histories.cells()["110"] == 20
        assert histories.pair("police", "charity") == (
            Band(239, 241),
            Band(98, 103),
            Band(20, 22),
        )
        frequencies = histories.frequencies()
        assert frequencies[1] == 377
        assert frequencies[2] == Band(30, 33)
        assert frequencies[3] == Band(0, 2)
        assert histories.overlaps().loc["charity", "council"] == Band(1, 6)

    def test_a_band_without_width_is_a_number(self):
        assert three({"011": Band(4, 4), "111": (6, 6)}) == three()
        assert not three({"011": (4, 4)}).is_banded

    def test_a_band_from_nothing_is_kept_and_one_of_nothing_is_not(self):
        assert three({"111": (0, 2)}).cells()["111"] == Band(0, 2)
        assert "111" not in three({"111": Band(0, 0)}).cells()

    def test_bands_survive_merging_dropping_and_frames(self):
        histories = self.banded()
        assert histories.merge({"x": ["charity", "council"]}).cells() == {
            "11": Band(29, 31),
            "10": 210,
            "01": Band(168, 171),
        }
        assert histories.drop("police").n_observed == Band(197, 202)
        frame = histories.to_frame()
        assert list(frame.columns) == [*THREE, "n_low", "n_high"]
        again = CaptureHistories.from_table(frame, lists=THREE, count=("n_low", "n_high"))
        assert again == histories
        with pytest.raises(InputError, match=r"exact counts, got banded ones.*to_frame"):
            histories.to_xarray()

    def test_a_column_may_mix_numbers_bands_and_pairs(self):
        frame = pd.DataFrame({"a": [1, 1, 0], "b": [1, 0, 1], "n": [(1, 4), 12, Band(0, 9)]})
        histories = CaptureHistories.from_table(frame, lists=["a", "b"])
        assert histories.cells() == {"11": Band(1, 4), "10": 12, "01": Band(0, 9)}

    def test_text_shows_both_ends(self):
        assert "1 to 4" in str(self.banded())
        assert "407 to 412 units" in repr(self.banded())

    @pytest.mark.parametrize(
        ("cell", "message"),
        [
            ((4, 1), r"`cells\['011'\]` must be .*got \(4, 1\).*lower end comes first"),
            ((1, 2, 3), r"a pair \(low, high\), got \(1, 2, 3\)"),
            ((-1, 2), r"at least 0, got -1"),
            (Band(0.5, 2), r"whole number of at least 0.*0.5"),
            (Band(0, float("inf")), r"got inf.*finite upper end"),
            ("<5", r"got '<5'. A suppressed count is a band"),
        ],
    )
    def test_what_is_refused(self, cell, message):
        with pytest.raises(InputError, match=message):
            three({"011": cell})


class TestStrata:
    def frame(self):
        return pd.DataFrame(
            {
                "region": ["s", "s", "n", "n", "n", "w"],
                "a": [1, 0, 1, 1, 0, 1],
                "b": [1, 1, 1, 0, 1, 1],
                "n": [30, 66, 12, 240, 51, 0],
            }
        )

    def histories(self):
        return CaptureHistories.from_table(self.frame(), lists=["a", "b"], strata="region")

    def test_strata_are_sorted_and_kept_even_when_empty(self):
        histories = self.histories()
        assert histories.strata == ("region",)
        parts = histories.split()
        assert list(parts) == ["n", "s", "w"]
        assert [part.n_observed for part in parts.values()] == [303, 96, 0]
        assert parts["s"].cells() == {"11": 30, "01": 66}
        assert parts["s"].strata == ()

    def test_counts_add_the_strata_up(self):
        histories = self.histories()
        assert histories.cells() == {"11": 42, "10": 240, "01": 117}
        assert histories.pair("a", "b") == (282, 159, 42)
        assert histories.pool().cells() == histories.cells()
        assert histories.pool().strata == ()
        assert histories.pool() != histories
        plain = hiv()
        assert plain.pool() is plain
        assert plain.split() == {(): plain}

    def test_frames_keep_them(self):
        histories = self.histories()
        frame = histories.to_frame()
        assert list(frame.columns) == ["region", "a", "b", "n"]
        assert list(frame["region"]) == ["n", "n", "n", "s", "s"]
        complete = histories.to_frame(complete=True)
        assert len(complete) == 9
        again = CaptureHistories.from_table(complete, lists=["a", "b"], strata="region")
        assert again == histories

    def test_arrays_have_a_dimension_for_each_variable(self):
        frame = self.frame().assign(sex=["f", "m", "f", "m", "m", "m"])
        histories = CaptureHistories.from_table(frame, lists=["a", "b"], strata=["region", "sex"])
        array = histories.to_xarray()
        assert array.dims == ("region", "sex", "a", "b")
        assert array.sel(region="n", sex="f", a=1, b=1) == 12
        assert array.sel(region="n", sex="m", a=1, b=1) == 0
        assert np.isnan(array.sel(region="w", sex="f")).all()
        assert list(histories.split()) == [
            ("n", "f"),
            ("n", "m"),
            ("s", "f"),
            ("s", "m"),
            ("w", "m"),
        ]

    def test_merge_and_drop_work_within_strata(self):
        frame = self.frame().assign(c=[0, 1, 1, 0, 1, 1])
        histories = CaptureHistories.from_table(frame, lists=["a", "b", "c"], strata="region")
        parts = histories.split()
        for changed in (lambda h: h.drop("a"), lambda h: h.merge({"ab": ["a", "b"]})):
            whole = changed(histories).split()
            assert list(whole) == list(parts)
            for label, part in parts.items():
                assert whole[label] == changed(part)

    def test_categories_keep_their_order(self):
        frame = self.frame()
        frame["region"] = pd.Categorical(frame["region"], ["w", "s", "n"], ordered=True)
        histories = CaptureHistories.from_table(frame, lists=["a", "b"], strata="region")
        assert list(histories.split()) == ["w", "s", "n"]

    def test_from_records(self):
        records = pd.DataFrame(
            {
                "who": [1, 1, 2, 3, 3],
                "where": ["x", "y", "x", "y", "y"],
                "age": ["old", "old", "young", "old", "old"],
            }
        )
        histories = CaptureHistories.from_records(
            records, entity="who", source="where", strata="age"
        )
        assert {k: v.cells() for k, v in histories.split().items()} == {
            "old": {"11": 1, "01": 1},
            "young": {"10": 1},
        }
        records.loc[4, "age"] = "young"
        with pytest.raises(InputError, match=r"same in all records of an entity, got 1 entities"):
            CaptureHistories.from_records(records, entity="who", source="where", strata="age")

    @pytest.mark.parametrize(
        ("strata", "message"),
        [
            ("nowhere", r"`strata` must be a column of `df`, got 'nowhere'"),
            ("regoin", r"Did you mean 'region'"),
            ("a", r"other columns than the lists, got 'a'"),
            (["region", "region"], r"names that differ"),
            ([1], r"names of columns, got 1"),
        ],
    )
    def test_what_is_refused(self, strata, message):
        with pytest.raises(InputError, match=message):
            CaptureHistories.from_table(self.frame(), lists=["a", "b"], strata=strata)

    def test_missing_strata_are_refused(self):
        frame = self.frame()
        frame.loc[1, "region"] = None
        with pytest.raises(InputError, match=r"missing values in 'region' \(1 of 6 rows\)"):
            CaptureHistories.from_table(frame, lists=["a", "b"], strata="region")

    def test_repeated_patterns_name_the_stratum(self):
        with pytest.raises(InputError, match=r"one row for each pattern, got '11' more than once"):
            CaptureHistories.from_table(self.frame(), lists=["a", "b"])
        twice = pd.concat([self.frame(), self.frame().iloc[[2]]])
        with pytest.raises(InputError, match=r"pattern and stratum, got '11' .* in stratum n"):
            CaptureHistories.from_table(twice, lists=["a", "b"], strata="region")


class TestRecords:
    def splink(self):
        """One row for each record, as a linkage of several sets returns its clusters."""
        return pd.DataFrame(
            {
                "cluster_id": ["p-1", "p-1", "p-2", "c-9", "c-9", "p-3"],
                "source_dataset": ["police", "council", "police", "council", "charity", "police"],
                "unique_id": range(6),
                "match_weight": 3.2,
            }
        )

    def test_clusters_of_a_linkage_just_work(self):
        histories = CaptureHistories.from_records(
            self.splink(), entity="cluster_id", source="source_dataset"
        )
        assert histories.lists == ("charity", "council", "police")
        assert histories.cells() == {"110": 1, "011": 1, "001": 2}
        crossed = pd.crosstab(self.splink().cluster_id, self.splink().source_dataset) > 0
        assert histories.cells() == {
            "".join("1" if on else "0" for on in row): n
            for row, n in crossed.value_counts().items()
        }

    def test_the_lists_and_their_order_can_be_given(self):
        with pytest.warns(SparseDataWarning, match="no unit on the list 'hospital'"):
            histories = CaptureHistories.from_records(
                self.splink(),
                entity="cluster_id",
                source="source_dataset",
                lists=["police", "hospital", "council", "charity"],
            )
        assert histories.lists == ("police", "hospital", "council", "charity")
        assert histories.pair("police", "council").n_both == 1
        with pytest.raises(InputError, match=r"all the sources in the records.*'charity'"):
            CaptureHistories.from_records(
                self.splink(),
                entity="cluster_id",
                source="source_dataset",
                lists=["police", "council"],
            )

    def test_sources_are_sorted_as_what_they_are(self):
        frame = pd.DataFrame({"who": [1, 1, 2, 3], "year": [2009, 2010, 2010, 2011]})
        histories = CaptureHistories.from_records(frame, entity="who", source="year", ordered=True)
        assert histories.lists == ("2009", "2010", "2011")
        assert histories.ordered
        numbers = frame.assign(year=[9, 10, 10, 100])
        assert CaptureHistories.from_records(numbers, entity="who", source="year").lists == (
            "9",
            "10",
            "100",
        )
        frame["year"] = pd.Categorical(frame["year"], [2011, 2010, 2009])
        backwards = CaptureHistories.from_records(frame, entity="who", source="year")
        assert backwards.lists == ("2011", "2010", "2009")

    def test_a_category_without_a_record_is_a_list_without_a_unit(self):
        frame = self.splink()
        frame["source_dataset"] = pd.Categorical(
            frame["source_dataset"], ["police", "council", "charity", "school"]
        )
        with pytest.warns(SparseDataWarning, match="'school'"):
            histories = CaptureHistories.from_records(
                frame, entity="cluster_id", source="source_dataset"
            )
        assert histories.lists == ("police", "council", "charity", "school")

    def test_missing_ids_are_refused_by_number_and_no_id_is_shown(self):
        frame = self.splink()
        frame.loc[2, "cluster_id"] = None
        with pytest.raises(
            InputError, match=r"missing or empty values \(1 of 6 records\)"
        ) as caught:
            CaptureHistories.from_records(frame, entity="cluster_id", source="source_dataset")
        assert not re.search(r"[pc]-\d", str(caught.value))
        frame = self.splink()
        frame.loc[2:3, "source_dataset"] = None
        with pytest.raises(InputError, match=r"`source` .*missing values \(2 of 6 records\)"):
            CaptureHistories.from_records(frame, entity="cluster_id", source="source_dataset")

    def test_no_error_shows_an_id(self):
        frame = self.splink().assign(cluster_id=[["p-1"]] * 6)
        with pytest.raises(InputTypeError, match="cannot be compared") as caught:
            CaptureHistories.from_records(frame, entity="cluster_id", source="source_dataset")
        assert "p-1" not in str(caught.value)
        assert caught.value.__suppress_context__

    def test_polars_frames(self):
        polars = pytest.importorskip("polars")
        frame = polars.from_pandas(self.splink())
        one = CaptureHistories.from_records(frame, entity="cluster_id", source="source_dataset")
        other = CaptureHistories.from_records(
            self.splink(), entity="cluster_id", source="source_dataset"
        )
        assert one == other

    def test_a_million_records(self):
        rng = np.random.default_rng(5)
        frame = pd.DataFrame(
            {
                "who": np.char.add("id-", rng.integers(0, 400_000, 1_000_000).astype(str)),
                "where": rng.choice(["a", "b", "c", "d", "e"], 1_000_000),
            }
        )
        histories = CaptureHistories.from_records(frame, entity="who", source="where")
        assert histories.n_observed == frame["who"].nunique()
        assert histories.pair("a", "b").n_first == frame.loc[frame["where"] == "a", "who"].nunique()

    @pytest.mark.parametrize(
        ("options", "message"),
        [
            ({"entity": "cluster"}, r"`entity` must be a column of `df`, got 'cluster'"),
            ({"source": "source_data"}, r"Did you mean 'source_dataset'"),
            ({"entity": ["cluster_id"]}, r"`entity` must be a column"),
            ({"lists": "police"}, r"`lists` must be the names of the lists"),
            ({"lists": []}, r"`lists` must be 2 to 62 lists, got 0"),
        ],
    )
    def test_what_is_refused(self, options, message):
        options = {"entity": "cluster_id", "source": "source_dataset"} | options
        with pytest.raises(InputError, match=message):
            CaptureHistories.from_records(self.splink(), **options)

    def test_one_source_is_not_enough(self):
        frame = self.splink().assign(source_dataset="police")
        with pytest.raises(InputError, match=r"2 to 62 lists, got 1. One list alone"):
            CaptureHistories.from_records(frame, entity="cluster_id", source="source_dataset")


class TestTables:
    def frame(self, **columns):
        return pd.DataFrame({"a": [1, 1, 0], "b": [1, 0, 1], "n": [3, 10, 20]} | columns)

    @pytest.mark.parametrize("dtype", ["int8", "uint64", "float32", "Int64", "Float64"])
    def test_dtypes_of_counts(self, dtype):
        frame = self.frame()
        frame["n"] = frame["n"].astype(dtype)
        assert CaptureHistories.from_table(frame, lists=["a", "b"]).n_observed == 33

    @pytest.mark.parametrize("dtype", ["bool", "uint8", "float64", "boolean", "Int64"])
    def test_dtypes_of_lists(self, dtype):
        frame = self.frame()
        frame[["a", "b"]] = frame[["a", "b"]].astype(dtype)
        assert CaptureHistories.from_table(frame, lists=["a", "b"]).cells() == {
            "11": 3,
            "10": 10,
            "01": 20,
        }

    def test_unsigned_counts_do_not_wrap(self):
        frame = self.frame(n=np.array([200, 200, 200], dtype=np.uint8))
        assert CaptureHistories.from_table(frame, lists=["a", "b"]).n_observed == 600

    def test_the_frame_is_left_alone(self):
        frame = self.frame()
        before = frame.copy(deep=True)
        CaptureHistories.from_table(frame, lists=["a", "b"])
        pd.testing.assert_frame_equal(frame, before)

    @pytest.mark.parametrize(
        ("columns", "options", "message"),
        [
            ({"a": ["yes", "yes", "no"]}, {}, r"`df\['a'\]` must be 0 or 1 .*got dtype"),
            ({"a": [2, 1, 0]}, {}, r"got 2 \(1 of 3 values\). A unit is on a list or not"),
            ({"a": [1.0, None, 0]}, {}, r"got missing values \(1 of 3 rows\)"),
            ({"b": [1, 0, 0]}, {}, r"without the pattern '00'"),
            ({"n": [3, -1, 20]}, {}, r"got -1 \(1 of 3 rows\)"),
            ({"n": [3, 1.5, 20]}, {}, r"got 1.5"),
            ({"n": [3, None, 20]}, {}, r"`df\['n'\]` .*got nan"),
            ({"n": [True, False, True]}, {}, r"numeric, got bool"),
            ({"n": ["3", "10", "<5"]}, {}, r"A suppressed count is a band"),
            ({"n": [0, 0, 0]}, {}, r"`df` must be a table of at least one unit, got none"),
            ({}, {"count": "N"}, r"`count` must be a column of `df`, got 'N'"),
            ({}, {"count": ("n", "n", "n")}, r"a pair of columns"),
            ({"high": [1, 20, 30]}, {"count": ("n", "high")}, r"3 > 1 .*lower end comes first"),
            ({}, {"lists": ["a", "c"]}, r"`lists` must be a column of `df`, got 'c'"),
        ],
    )
    def test_what_is_refused(self, columns, options, message):
        with pytest.raises(InputError, match=message):
            CaptureHistories.from_table(self.frame(**columns), **{"lists": ["a", "b"]} | options)

    def test_only_frames_with_distinct_columns(self):
        with pytest.raises(
            InputTypeError, match="`df` must be a DataFrame, got an object of type dict"
        ):
            CaptureHistories.from_table({"a": [1]}, lists=["a", "b"])
        with pytest.raises(InputError, match="`df` must be non-empty"):
            CaptureHistories.from_table(self.frame().iloc[:0], lists=["a", "b"])
        twice = self.frame().set_axis(["a", "b", "b"], axis=1)
        with pytest.raises(InputError, match="columns differ, got 'b' twice"):
            CaptureHistories.from_table(twice, lists=["a", "b"])


class TestCells:
    @pytest.mark.parametrize(
        ("cells", "message"),
        [
            ({"000": 3}, r"without the pattern '000', got it. Units on no list"),
            ({"000": 0}, r"without the pattern '000'"),
            ({"11": 3}, r"3 characters 0 or 1, one for each list, got '11'"),
            ({"1x1": 3}, r"got '1x1'"),
            ({"1 1": 3}, r"got '1 1'"),
            ({110: 3}, r"got 110 of type int. Write it as text"),
            ({(1, 1, 0): 3}, r"of type tuple"),
            ({"110": -3}, r"`cells\['110'\]` must be a whole number of at least 0.*got -3"),
            ({"110": 2.5}, r"got 2.5"),
            ({"110": float("nan")}, r"got nan"),
            ({"110": True}, r"got True of type bool"),
            ({"110": None}, r"got None"),
            ({"110": 2**53}, r"below 2\*\*53, got 9007199254740992"),
        ],
    )
    def test_what_is_refused(self, cells, message):
        with pytest.raises(InputError, match=message):
            three(cells)

    @pytest.mark.parametrize("cells", [{}, {"110": 0}, {"110": Band(0, 0)}])
    def test_a_table_without_a_unit_is_refused(self, cells):
        with pytest.raises(InputError, match=r"`cells` must be a table of at least one unit"):
            CaptureHistories.from_cells(cells, lists=THREE)

    @pytest.mark.parametrize("cells", [[("110", 3)], pd.Series({"110": 3}), None])
    def test_only_mappings(self, cells):
        with pytest.raises(InputTypeError, match="a mapping of patterns to counts"):
            CaptureHistories.from_cells(cells, lists=THREE)

    def test_whole_floats_and_numpy_numbers_are_counts(self):
        cells = {"110": 20.0, "101": np.int64(9), "100": np.float64(210)}
        assert three(cells) == three()
        assert all(type(n) is int for n in three(cells).cells().values())

    @pytest.mark.parametrize(
        ("lists", "message"),
        [
            ("abc", r"the names of the lists"),
            (["a", "b", "a"], r"names that differ, got 'a' more than once"),
            (["a", "b", ""], r"non-empty names, got ''"),
            (["a", "b", " "], r"non-empty names"),
            (["a", "b", 3], r"text, one name for each list, got 3 of type int"),
            (["a"], r"2 to 62 lists, got 1"),
            ([f"L{j}" for j in range(63)], r"2 to 62 lists, got 63. Merge lists"),
            (None, r"the names of the lists"),
        ],
    )
    def test_names_of_lists(self, lists, message):
        with pytest.raises(InputError, match=message):
            CaptureHistories.from_cells({"111": 1}, lists=lists)

    def test_sixty_two_lists(self):
        lists = [f"L{j}" for j in range(62)]
        cells = {"1" * 62: 2, "1" + "0" * 61: 3, "0" * 61 + "1": 5}
        histories = CaptureHistories.from_cells(cells, lists=lists)
        assert histories.cells() == cells
        assert histories.pair("L0", "L61") == (5, 7, 2)
        assert histories.drop("L0").n_observed == 7
        assert histories.frequencies()[62] == 2
        with pytest.raises(InputError, match=r"at most 16 for a complete table, got 62"):
            histories.to_xarray()
        with pytest.raises(InputError, match="at most 16"):
            histories.to_frame(complete=True)

    def test_a_list_without_a_unit_is_announced(self):
        with pytest.warns(SparseDataWarning, match=r"no unit on the list 'council'") as caught:
            CaptureHistories.from_cells({"110": 3, "100": 2}, lists=THREE)
        assert caught[0].filename == __file__

    def test_a_list_that_may_have_a_unit_is_not(self):
        CaptureHistories.from_cells({"110": 3, "001": (0, 4)}, lists=THREE)


class TestStructuralZeros:
    def test_they_are_kept_and_left_out_of_complete_tables(self):
        cells = {"110": 20, "101": 9, "100": 210, "010": 77, "001": 90}
        histories = CaptureHistories.from_cells(
            cells | {"011": 0}, lists=THREE, structural_zeros=["011", "111"]
        )
        assert histories.structural_zeros == ("111", "011")
        assert len(histories.to_frame(complete=True)) == 5
        array = histories.to_xarray()
        assert np.isnan(array.sel(police=0, charity=1, council=1))
        assert np.isnan(array.values).sum() == 3
        assert histories != CaptureHistories.from_cells(cells, lists=THREE)
        assert "cannot occur" in str(histories)

    @pytest.mark.parametrize(
        ("zeros", "message"),
        [
            (["011"], r"patterns without a unit, got '011' with a positive count"),
            ("011", r"several patterns, got '011'.*structural_zeros=\['011'\]"),
            ({"011": 0}, r"several patterns"),
            (["000"], r"without the pattern '000'"),
            (["11"], r"3 characters"),
            ([f"{i:03b}" for i in range(1, 8)], r"fewer than all the patterns, got all 7"),
        ],
    )
    def test_what_is_refused(self, zeros, message):
        with pytest.raises(InputError, match=message):
            three(structural_zeros=zeros)

    def test_a_band_that_may_be_positive_is_refused_too(self):
        with pytest.raises(InputError, match="'111' with a positive count"):
            three({"111": (0, 4)}, structural_zeros=["111"])


class TestMergeAndDrop:
    @pytest.mark.parametrize(
        ("groups", "message"),
        [
            ({"x": ["police", "church"]}, r"`groups\['x'\]` must be one of 'police', 'charity'"),
            ({"x": ["police"], "y": ["police"]}, r"different lists, got 'police' twice"),
            ({"x": "police"}, r"a sequence of lists, got 'police'"),
            ({"x": []}, r"non-empty"),
            ({"council": ["police", "charity"]}, r"new names not yet taken, got 'council'"),
            ({"x": THREE}, r"2 to 62 lists, got 1"),
            ([("x", ["police"])], r"`groups` must be of new names to lists"),
            ({"": ["police", "charity"]}, r"non-empty names"),
        ],
    )
    def test_what_merge_refuses(self, groups, message):
        with pytest.raises(InputError, match=message):
            three().merge(groups)

    def test_a_merged_list_may_keep_a_name_of_its_own(self):
        assert three().merge({"police": ["police", "charity"]}).lists == ("police", "council")

    def test_occasions_are_merged_only_with_their_neighbours(self):
        ordered = hiv(ordered=True)
        assert ordered.merge({"x": ["c3", "c2"]}).ordered
        with pytest.raises(InputError, match=r"successive lists.*got 'c1', 'c3'"):
            ordered.merge({"x": ["c1", "c3"]})
        assert hiv().merge({"x": ["c1", "c3"]}).lists == ("x", "c2", "c4")

    def test_what_drop_and_pair_refuse(self):
        with pytest.raises(InputError, match=r"one of 'police'.*Did you mean 'council'"):
            three().drop("councils")
        with pytest.raises(InputError, match="three or more lists"):
            three().drop("police").drop("charity")
        with pytest.raises(InputError, match=r"another list than `first`, got 'police'"):
            three().pair("police", "police")
        with pytest.raises(InputError, match="`second` must be one of"):
            three().pair("police", "church")

    def test_leaving_nobody_is_a_table_of_nobody(self):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", SparseDataWarning)
            lonely = CaptureHistories.from_cells({"100": 5}, lists=THREE)
        assert lonely.drop("police").n_observed == 0
        assert lonely.drop("police").cells() == {}
        assert str(lonely.drop("police"))


class TestValue:
    def test_it_never_changes(self):
        histories = hiv()
        for name in ("lists", "_table", "n_observed", "new"):
            with pytest.raises(AttributeError, match="never change"):
                setattr(histories, name, 1)
        with pytest.raises(AttributeError, match="never change"):
            del histories._table
        histories.cells()["1110"] = 99
        frame, overlaps, array = histories.to_frame(), histories.overlaps(), histories.to_xarray()
        frame["n"] = 0
        frame.loc[0, "c1"] = 7
        overlaps.loc["c1", "c2"] = 0
        array[:] = 0
        assert histories == hiv()
        for part in histories._table.rows():
            assert not part.flags.writeable

    @pytest.mark.parametrize(
        "other",
        [
            lambda: hiv(ordered=True),
            lambda: hiv(structural_zeros=["1111"]),
            lambda: CaptureHistories.from_cells(HIV | {"1110": 4}, lists=["c1", "c2", "c3", "c4"]),
            lambda: CaptureHistories.from_cells(
                HIV | {"1110": (3, 4)}, lists=["c1", "c2", "c3", "c4"]
            ),
            lambda: CaptureHistories.from_cells(HIV, lists=["c1", "c2", "c3", "x"]),
            lambda: hiv().drop("c4"),
        ],
        ids=["order", "zeros", "count", "band", "name", "lists"],
    )
    def test_what_differs(self, other):
        assert hiv() != other()
        assert not hiv().identical(other())

    def test_equality_and_hash(self):
        assert hiv() == hiv()
        assert hash(hiv()) == hash(hiv())
        assert len({hiv(), hiv(), three()}) == 2
        assert hiv() != "hiv"
        assert not hiv().identical("hiv")
        assert CaptureHistories(HIV, lists=["c1", "c2", "c3", "c4"]) == hiv()

    def test_explicit_zeros_are_no_difference(self):
        assert CaptureHistories.from_cells(HIV | {"1111": 0}, lists=hiv().lists) == hiv()

    @pytest.mark.parametrize(
        "make", [hiv, three, lambda: TestStrata().histories()], ids=["hiv", "three", "strata"]
    )
    def test_copies_and_pickles(self, make):
        histories = make()
        for again in (
            pickle.loads(pickle.dumps(histories)),
            copy.copy(histories),
            copy.deepcopy(histories),
        ):
            assert again == histories
            assert hash(again) == hash(histories)
            assert not again._table.codes.flags.writeable
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", SparseDataWarning)
            empty = CaptureHistories.from_cells({"100": 5}, lists=THREE)
        assert pickle.loads(pickle.dumps(empty)) == empty


class TestText:
    def test_one_line(self):
        assert repr(hiv()) == "<CaptureHistories: 1,896 units on 4 lists (c1, c2, c3, c4)>"
        many = CaptureHistories.from_cells({"1" * 9: 1}, lists=[f"L{j}" for j in range(9)])
        assert repr(many) == ("<CaptureHistories: 1 unit on 9 lists (L0, L1, L2, L3, L4, L5, ...)>")
        assert "3 strata" in repr(TestStrata().histories())

    def test_table(self):
        text = str(hiv(ordered=True))
        lines = [line.split() for line in text.splitlines()]
        assert ["c1", "c2", "c3", "c4", "units"] in lines
        assert ["1", "1", "1", "0", "3"] in lines
        assert "1,896" in text
        assert "successive occasions" in text
        assert "added up" in str(TestStrata().histories())

    def test_long_tables_are_cut(self):
        rng = np.random.default_rng(1)
        frame = pd.DataFrame(rng.integers(0, 2, (500, 8)), columns=list("abcdefgh"))
        frame = frame[frame.any(axis=1)]
        histories = CaptureHistories.from_table(frame, lists=list("abcdefgh"), count=None)
        assert len(str(histories).splitlines()) < 50
        assert f"{len(histories.cells()) - 30} more" in str(histories)

    def test_html_is_escaped(self):
        histories = CaptureHistories.from_cells(
            {"11": 3, "10": 4}, lists=["<script>alert(1)</script>", "a & b"]
        )
        page = histories._repr_html_()
        assert "<script>" not in page
        assert "&lt;script&gt;" in page
        assert "a &amp; b" in page

    @pytest.mark.parametrize("format", ["text", "markdown", "html", "latex"])
    def test_formats(self, format):
        assert "1,896" in hiv().summary(format)

    def test_unknown_format(self):
        with pytest.raises(InputError, match="`format` must be one of"):
            hiv().summary("pdf")


class TestFrames:
    def test_the_column_of_counts_has_the_name_asked_for(self):
        assert list(hiv().to_frame(count="people").columns)[-1] == "people"
        clash = CaptureHistories.from_cells({"11": 1}, lists=["n", "m"])
        with pytest.raises(InputError, match=r"`count` must be another name.*'n'"):
            clash.to_frame()
        assert clash.to_frame(count="units")["units"].sum() == 1

    def test_flags_are_flags(self):
        with pytest.raises(InputTypeError, match="`complete` must be True or False"):
            hiv().to_frame(complete=1)
        with pytest.raises(InputTypeError, match="`ordered` must be True or False"):
            hiv(ordered="yes")


def test_empty_ids_and_odd_strata_are_refused():
    records = pd.DataFrame({"unit": ["a", " ", "b"], "list": ["x", "y", "y"]})
    with pytest.raises(InputError, match=r"missing or empty values \(1 of 3 records\)"):
        CaptureHistories.from_records(records, entity="unit", source="list")
    whole = records.assign(unit=["a", "b", "c"])
    with pytest.raises(InputTypeError, match="`strata` must be names of columns, got 0 of type"):
        CaptureHistories.from_records(whole, entity="unit", source="list", strata=0)
