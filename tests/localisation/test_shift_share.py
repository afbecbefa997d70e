"""Shift-share: parts that add up, whichever period comes first, errors against simulation."""

from __future__ import annotations

import pickle

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st

from countylines._kernels import shift_share as kernels
from countylines.errors import InputError, LabelMismatchError, SparseDataWarning
from countylines.localisation import shift_share

FOUR = ([60, 10, 8, 0], [140, 40, 32, 0], [130, 16, 10, 45], [150, 44, 30, 15])
counts = st.lists(st.tuples(*[st.integers(0, 60)] * 4), min_size=1, max_size=6)


def usable(rows):
    table = np.array(rows).T
    both = (table[0] + table[1] > 0) & (table[2] + table[3] > 0)
    return both.any() and table.sum(axis=1).min() >= 5


def change(table):
    before, after = table[:2].sum(axis=1), table[2:].sum(axis=1)
    return after[0] / after.sum() - before[0] / before.sum()


class TestParts:
    @given(counts.filter(usable))
    def test_they_add_up_in_both_directions(self, rows):
        table = np.array(rows, dtype=float).T
        found = shift_share(*table)
        parts = found.components["estimate"]
        assert parts["total"] == pytest.approx(change(table), abs=1e-12)
        assert parts[:-1].sum() == pytest.approx(parts["total"], abs=1e-12)
        assert list(found.forces.sum()) == pytest.approx(list(parts[:-1]), abs=1e-12)
        back = shift_share(*table[[2, 3, 0, 1]]).components["estimate"]
        assert list(back[["within forces", "mix of forces"]]) == pytest.approx(
            list(-parts[["within forces", "mix of forces"]]), abs=1e-12
        )
        assert back["newly reporting"] == pytest.approx(-parts["stopped reporting"], abs=1e-12)

    def test_by_hand(self):
        """Two forces that stay (shares 1/4 to 1/2 and 1/2 to 1/2; parts 2/3 to 1/2), one new."""
        found = shift_share([10, 10, 0], [30, 10, 0], [20, 20, 18], [20, 20, 2])
        parts = found.components["estimate"]
        assert parts["within forces"] == pytest.approx((2 / 3 + 1 / 2) / 2 * 0.25)
        staying = (1 / 3 + 1 / 2) / 2
        mix = (1 / 2 - 2 / 3) * (3 / 8 - staying) + (1 / 2 - 1 / 3) * (1 / 2 - staying)
        assert parts["mix of forces"] == pytest.approx(mix)
        assert parts["newly reporting"] == pytest.approx(0.2 * (0.9 - 0.5))
        assert parts["stopped reporting"] == 0

    def test_a_new_force_like_the_others_adds_nothing(self):
        found = shift_share([10, 0], [30, 0], [20, 10], [20, 10])
        assert found.components["estimate"]["newly reporting"] == pytest.approx(0, abs=1e-15)

    def test_one_force_is_all_within(self):
        parts = shift_share([10], [30], [20], [20]).components["estimate"]
        assert parts["within forces"] == parts["total"] == 0.25

    def test_only_the_mix_changes(self):
        parts = shift_share([10, 80], [90, 20], [5, 240], [45, 60]).components["estimate"]
        assert parts["within forces"] == pytest.approx(0, abs=1e-15)
        assert parts["mix of forces"] == pytest.approx(parts["total"])


class TestErrorsOfTheParts:
    def test_against_simulated_counts(self):
        table = 4.0 * np.array(FOUR)
        seen = table[0] + table[1] > 0, table[2] + table[3] > 0
        rng = np.random.default_rng(1)
        drawn = rng.poisson(table[:, None, :], (4, 20_000, 4)).astype(float)
        parts = kernels.parts(drawn, *seen).sum(axis=-1)
        _, spread = kernels.decomposed(table)
        assert np.sqrt(np.diagonal(spread))[:3] == pytest.approx(parts.std(axis=1)[:3], rel=0.04)
        total = np.sqrt(spread.sum())
        assert total == pytest.approx(parts.sum(axis=0).std(), rel=0.03)

    def test_total_is_that_of_two_shares(self):
        found = shift_share(*FOUR)
        before, after = np.array(FOUR)[:2].sum(axis=1), np.array(FOUR)[2:].sum(axis=1)
        variance = sum(v[0] * v[1] / v.sum() ** 3 for v in (before, after))
        assert found.standard_error == pytest.approx(np.sqrt(variance), rel=1e-10)
        assert found.high - found.estimate == pytest.approx(1.959963984540054 * np.sqrt(variance))


class TestKinds:
    def test_labels_are_kept(self):
        frame = pd.DataFrame(dict(zip("abcd", FOUR, strict=True)), index=list("wxyz"))
        found = shift_share(*(frame[c] for c in "abcd"))
        assert list(found.forces.index) == list("wxyz")
        arrays = [xr.DataArray(v, dims="force", coords={"force": list("wxyz")}) for v in FOUR]
        again = shift_share(*arrays)
        assert list(again.forces.index) == list("wxyz")
        assert again.estimate == found.estimate == shift_share(*FOUR).estimate
        assert pickle.loads(pickle.dumps(found)).identical(found)

    def test_notes_count_the_forces(self):
        notes = [note.text for note in shift_share(*FOUR).notes]
        assert "Forces that newly report: 1." in notes
        back = [note.text for note in shift_share(*FOUR[2:], *FOUR[:2]).notes]
        assert "Forces that no longer report: 1." in back


class TestErrors:
    @pytest.mark.parametrize(
        ("table", "message"),
        [
            (([1.5], [3], [2], [4]), "`internal_before` must be a whole number"),
            (([1], [3], [2], [-4]), "`external_after` must be"),
            (([1], [np.nan], [2], [4]), "`external_before` must be"),
            (([0, 5], [0, 5], [5, 0], [5, 0]), "reports in both periods, got none"),
            (([[1, 2]], [[1, 2]], [[1, 2]], [[1, 2]]), "one row of forces in memory"),
            ((1, 2, 3, 4), "one row of forces in memory"),
        ],
    )
    def test_counts(self, table, message):
        with pytest.raises(InputError, match=message):
            shift_share(*table)

    def test_level(self):
        with pytest.raises(InputError, match="`level` must be"):
            shift_share(*FOUR, level=1.0)

    def test_labels(self):
        one, two = pd.Series([8, 9], index=["a", "b"]), pd.Series([8, 9], index=["a", "c"])
        with pytest.raises(LabelMismatchError):
            shift_share(one, one, one, two)

    def test_sparse(self):
        with pytest.warns(SparseDataWarning, match="A period has 2 internal or external lines"):
            found = shift_share([2], [30], [20], [20])
        assert "sparse" in [note.code for note in found.notes]


@pytest.mark.parametrize("counts", [([0], [10], [10], [0]), ([0, 0], [10, 9], [0, 0], [10, 12])])
def test_no_lines_of_a_type_give_no_interval_of_no_width(counts):
    """All of one type before and after: the share of 10 lines is not known for certain."""
    with pytest.warns(SparseDataWarning):
        found = shift_share(*counts)
    assert np.isnan(found.standard_error)
    assert (found.low, found.high) == (-1.0, 1.0)
    within = found.components.loc["within forces"]
    assert np.isnan(within["standard_error"])
    structural = found.components.iloc[2:4]  # no force comes or goes
    assert (structural[["low", "high"]] == 0).all().all()
