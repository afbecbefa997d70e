"""The share that percentage changes imply: identity put back, ranges, contradictions, kinds."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from hypothesis import assume, given
from hypothesis import strategies as st

import countylines as cl
from countylines.errors import InputError, LabelMismatchError
from countylines.localisation import compatible_counts, share_from_changes

# total ratio, internal share after, internal share before: for internal +232 %, external -12.2 %.
PUBLISHED = [
    (0.9, 0.0332, 0.009),
    (0.95, 0.103, 0.0295),
    (1.0, 0.1659, 0.05),
    (1.05, 0.2227, 0.0704),
    (1.1, 0.2744, 0.0909),
    (1.2, 0.3648, 0.1319),
    (1.3, 0.4413, 0.1728),
    (1.5, 0.5638, 0.2547),
    (2.0, 0.7627, 0.4595),
]
counts = st.integers(1, 10**6)


def change(before, after):
    return 100 * (after / before - 1)


@pytest.mark.reference
@pytest.mark.parametrize(("ratio", "after", "before"), PUBLISHED)
def test_reference(ratio, after, before):
    result = share_from_changes(232, -12.2, total_change=100 * (ratio - 1))
    assert round(result.estimate, 4) == after
    note = next(note for note in result.notes if note.code == "share-before")
    assert float(note.text.split()[-1].rstrip(".")) == pytest.approx(before, abs=6e-5)
    assert result.verdict.code == "ok"
    assert result.interval_kind == "identification"
    assert result.level is None


class TestPoint:
    @given(counts, counts, counts, counts)
    def test_the_counts_put_back(self, i0, e0, i1, e1):
        internal, external = change(i0, i1), change(e0, e1)
        assume(abs(internal - external) > 1e-3 * max(1, abs(internal), abs(external)))
        total = change(i0 + e0, i1 + e1)
        result = share_from_changes(internal, external, total_change=total)
        # What the subtraction of nearly equal ratios costs.
        ratios = 1 + np.array([internal, external, total]) / 100
        loss = ratios.max() ** 2 / (abs(ratios[0] - ratios[1]) * ratios[:2].min())
        assert result.verdict.code == "ok"
        assert result.estimate == pytest.approx(i1 / (i1 + e1), rel=1e-9, abs=1e-13 * loss)
        assert result.low == result.high == result.estimate

    @given(st.floats(-99, 500), st.floats(-99, 500), st.floats(0, 1))
    def test_naming_the_kinds_the_other_way_gives_the_other_share(self, one, other, place):
        assume(abs(one - other) > 1)
        total = one + place * (other - one)
        first = share_from_changes(one, other, total_change=total).estimate
        second = share_from_changes(other, one, total_change=total).estimate
        assert first + second == pytest.approx(1, abs=1e-9)

    def test_a_total_at_either_end(self):
        assert share_from_changes(232, -12.2, total_change=232).estimate == 1
        assert share_from_changes(232, -12.2, total_change=-12.2).estimate == 0

    def test_a_kind_that_vanished_needs_no_total(self):
        assert share_from_changes(-100, 20).estimate == 0
        assert share_from_changes(20, -100).estimate == 1
        assert share_from_changes(20, -100, total_change=-30).estimate == 1

    def test_it_agrees_with_the_whole_number_tables(self):
        tables = compatible_counts(
            4007,
            6644,
            changes={"internal": 232, "external": -12.2},
            decimals={"internal": 0, "external": 1},
        )
        share = share_from_changes(232, -12.2, total_change=change(4007, 6644)).estimate
        assert tables.internal_after.min() / 6644 < share < tables.internal_after.max() / 6644


class TestRange:
    def test_without_the_total_anything_is_possible(self):
        result = share_from_changes(232, -12.2)
        assert (result.low, result.high) == (0, 1)
        assert (result.region_low, result.region_high) == (0, 1)
        assert np.isnan(result.estimate)
        assert result.verdict.code == "not-identified"
        assert not result.verdict.estimable

    @pytest.mark.parametrize("changes", [(232, -12.2), (-12.2, 232)])
    def test_a_band_gives_the_shares_at_its_ends(self, changes):
        result = share_from_changes(*changes, total_change=cl.Band(50, 80))
        ends = [share_from_changes(*changes, total_change=t).estimate for t in (50, 80)]
        assert (result.low, result.high) == (min(ends), max(ends))
        assert result.verdict.code == "not-identified"

    @given(st.floats(0, 232), st.floats(0, 232), st.floats(0, 1))
    def test_every_total_in_the_band_stays_in_the_range(self, one, other, place):
        low, high = sorted((one, other))
        result = share_from_changes(232, -12.2, total_change=cl.Band(low, high))
        inside = share_from_changes(232, -12.2, total_change=low + place * (high - low)).estimate
        assert result.low - 1e-12 <= inside <= result.high + 1e-12

    def test_a_band_of_no_width_is_a_point(self):
        result = share_from_changes(232, -12.2, total_change=cl.Band(65.8, 65.8))
        assert result.estimate == share_from_changes(232, -12.2, total_change=65.8).estimate
        assert result.verdict.code == "ok"

    def test_a_band_is_cut_to_what_is_possible_and_says_so(self):
        result = share_from_changes(232, -12.2, total_change=cl.Band(100, 400))
        assert result.high == 1
        assert "band-cut" in [note.code for note in result.notes]
        inside = share_from_changes(232, -12.2, total_change=cl.Band(100, 200))
        assert "band-cut" not in [note.code for note in inside.notes]


class TestNoShare:
    @pytest.mark.parametrize("total", [-12.3, 233, cl.Band(233, 400)])
    def test_a_total_outside_its_kinds_is_a_contradiction(self, total):
        result = share_from_changes(232, -12.2, total_change=total)
        assert result.verdict.code == "out-of-range"
        assert "lies between" in str(result.verdict)
        assert np.isnan([result.estimate, result.low, result.high]).all()

    def test_equal_changes_identify_nothing(self):
        result = share_from_changes(20, 20, total_change=20)
        assert result.verdict.code == "not-identified"
        assert "alike" in str(result.verdict)
        assert (result.low, result.high) == (0, 1)
        assert share_from_changes(20, 20).verdict.code == "not-identified"
        assert share_from_changes(20, 20, total_change=21).verdict.code == "out-of-range"

    def test_nothing_left(self):
        assert share_from_changes(-100, -100).verdict.code == "no-data"
        assert share_from_changes(-100, 20, total_change=-100).verdict.code == "no-data"
        assert np.isnan(share_from_changes(20, -100, total_change=-100).estimate)


LABELS = pd.Index(["North", "South", "Wales"], name="region")
DATA = {"internal_change": [232.0, -12.2, 20.0], "external_change": [-12.2, 232.0, 20.0]}
TOTAL = [65.8, 65.8, 500.0]


class TestKinds:
    def expected(self):
        rows = zip(*DATA.values(), TOTAL, strict=True)
        return [share_from_changes(i, e, total_change=t).estimate for i, e, t in rows]

    def test_arrays_and_series(self):
        arrays = {n: np.array(v) for n, v in DATA.items()}
        result = share_from_changes(**arrays, total_change=np.array(TOTAL))
        np.testing.assert_array_equal(result.estimate, self.expected())
        series = {n: pd.Series(v, index=LABELS) for n, v in DATA.items()}
        total = pd.Series(TOTAL, index=LABELS)
        result = share_from_changes(**series, total_change=total)
        pd.testing.assert_series_equal(result.estimate, pd.Series(self.expected(), index=LABELS))
        assert [v.code for v in result.verdict] == ["ok", "ok", "out-of-range"]
        assert list(result.to_frame()["region"]) == list(LABELS)

    def test_data_arrays_and_dask(self):
        pytest.importorskip("dask")
        given = {
            n: xr.DataArray(v, dims="region", coords={"region": list(LABELS)})
            for n, v in {**DATA, "total_change": TOTAL}.items()
        }
        eager = share_from_changes(**given)
        np.testing.assert_array_equal(eager.estimate.values, self.expected())
        lazy = share_from_changes(**{n: v.chunk({"region": 2}) for n, v in given.items()})
        assert lazy.is_lazy
        computed = lazy.compute()
        assert computed.estimate.identical(eager.estimate)
        assert [v.code for v in computed.verdict.values] == [v.code for v in eager.verdict.values]

    def test_a_band_of_series_keeps_labels(self):
        low = pd.Series([50.0, 60.0, 10.0], index=LABELS)
        series = {n: pd.Series(v, index=LABELS) for n, v in DATA.items()}
        result = share_from_changes(**series, total_change=cl.Band(low, low + 15))
        assert result.low.index.equals(LABELS)
        codes = [v.code for v in result.verdict]
        assert codes == ["not-identified", "not-identified", "not-identified"]

    def test_other_labels_are_refused(self):
        one = pd.Series([1.0, 2.0], index=["a", "b"])
        with pytest.raises(LabelMismatchError):
            share_from_changes(one, one.rename({"b": "c"}))

    @pytest.mark.parametrize("name", ["internal_change", "external_change", "total_change"])
    @pytest.mark.parametrize(
        ("bad", "message"),
        [
            (-100.5, "must be a percentage change of at least -100, got -100.5"),
            (np.nan, "must be finite"),
            (np.inf, "must be finite"),
            ("20", "'20'"),
            (True, "bool"),
        ],
    )
    def test_bad_values(self, name, bad, message):
        data = {"internal_change": 20.0, "external_change": 10.0, "total_change": 15.0}
        with pytest.raises(InputError, match=message) as caught:
            share_from_changes(**{**data, name: bad})
        assert f"`{name}`" in str(caught.value)

    def test_it_can_be_cited_and_read(self):
        result = share_from_changes(232, -12.2)
        assert "Manski" in result.cite()
        assert "not-identified" in str(result)
