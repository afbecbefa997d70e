"""Re-labelling: the tipping share put back, the limit share put back, both directions, edges."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

import countylines as cl
from countylines.errors import DegenerateDataWarning, InputError
from countylines.localisation import (
    compatible_counts,
    localisation_odds_ratio,
    reclassification_sensitivity,
)

SPLIT = (1280, 2727, 4250, 2394)
FALL = (50, 100, 20, 120)
TIDY = ["estimate", "standard_error", "low", "high", "level", "interval_kind", "method", "n"]
counts = st.integers(1, 5000)


def row(table, case):
    rows = table.loc[table["case"] == case]
    assert len(rows) == 1
    return rows.iloc[0]


class TestPublishedSplit:
    def test_half_of_the_internal_lines(self):
        table = reclassification_sensitivity(*SPLIT)
        assert table.attrs["direction"] == "internal"
        assert round(table.attrs["tipping_share"], 3) == 0.501
        assert row(table, "tipping")["moved"] == pytest.approx(4250 * table.attrs["tipping_share"])

    def test_half_for_every_table_that_agrees_with_the_published_figures(self):
        tables = compatible_counts(
            4007,
            6644,
            changes={"internal": 232, "external": -12.2},
            decimals={"internal": 0, "external": 1},
        )
        shares = [
            reclassification_sensitivity(*map(int, cells), method="woolf").attrs["tipping_share"]
            for cells in tables.to_numpy()
        ]
        assert 0.499 < min(shares) < max(shares) < 0.502

    def test_one_less_the_ratio_of_the_shares(self):
        share_before, share_after = 1280 / 4007, 4250 / 6644
        table = reclassification_sensitivity(*SPLIT)
        assert table.attrs["tipping_share"] == pytest.approx(1 - share_before / share_after)
        assert row(table, "tipping")["internal_share_after"] == pytest.approx(share_before)


class TestDefinition:
    @given(counts, counts, counts, counts, st.floats(0.1, 10))
    def test_the_tipping_share_put_back_leaves_the_null(self, i0, e0, i1, e1, null):
        table = reclassification_sensitivity(i0, e0, i1, e1, null=null, method="woolf")
        share = table.attrs["tipping_share"]
        assert 0 <= share <= 1
        if table.attrs["direction"] == "internal":
            after = (i1 * (1 - share), e1 + i1 * share)
        else:
            after = (i1 + e1 * share, e1 * (1 - share))
        # Near a share of 1 what stays is a small difference: 1e-16 of all, not of what stays.
        loss = 1e-15 * max(i1, e1) / min(after)
        assert (after[0] / after[1]) / (i0 / e0) == pytest.approx(null, rel=1e-12 + loss)
        tipping = row(table, "tipping")
        assert tipping["estimate"] == pytest.approx(null, rel=1e-9)
        assert tipping["low"] <= null <= tipping["high"]

    @pytest.mark.parametrize(
        "method", ["skew-score", "miettinen-nurminen", "score", "mover-wilson", "woolf", "gart"]
    )
    @pytest.mark.parametrize("cells", [SPLIT, FALL, (5, 30, 12, 9)])
    @pytest.mark.parametrize("level", [0.8, 0.95])
    def test_the_limit_share_put_back_leaves_the_limit_at_the_null(self, method, cells, level):
        table = reclassification_sensitivity(*cells, method=method, level=level)
        limit = row(table, "limit")
        side = "low" if table.attrs["direction"] == "internal" else "high"
        assert limit[side] == pytest.approx(1, rel=1e-9)
        assert 0 < table.attrs["limit_share"] < table.attrs["tipping_share"]

    def test_other_nulls(self):
        for null in (2.0, 3.0):
            table = reclassification_sensitivity(*SPLIT, null=null)
            assert row(table, "limit")["low"] == pytest.approx(null, rel=1e-9)
            assert row(table, "tipping")["estimate"] == pytest.approx(null, rel=1e-12)

    @given(counts, counts, counts, counts)
    def test_naming_the_kinds_the_other_way_moves_the_same_lines(self, i0, e0, i1, e1):
        assume(i1 * e0 != i0 * e1)
        one = reclassification_sensitivity(i0, e0, i1, e1, method="woolf")
        other = reclassification_sensitivity(e0, i0, e1, i1, method="woolf")
        assert {one.attrs["direction"], other.attrs["direction"]} == {"internal", "external"}
        np.testing.assert_allclose(
            one.attrs["tipping_share"], other.attrs["tipping_share"], rtol=1e-9, atol=1e-12
        )
        np.testing.assert_allclose(
            one.attrs["limit_share"], other.attrs["limit_share"], rtol=1e-6, atol=1e-9
        )

    def test_the_ratio_falls_as_internal_lines_move_and_rises_as_external_do(self):
        down = reclassification_sensitivity(*SPLIT)
        up = reclassification_sensitivity(*FALL)
        assert (np.diff(down["estimate"]) < 0).all()
        assert (np.diff(up["estimate"]) > 0).all()
        assert up.attrs["direction"] == "external"


class TestTable:
    def test_columns_and_order(self):
        table = reclassification_sensitivity(*SPLIT)
        first = ["case", "moved_share", "moved", "internal_after", "external_after"]
        assert list(table.columns) == [*first, "internal_share_after", *TIDY]
        assert table["moved_share"].is_monotonic_increasing
        assert table["case"].value_counts().to_dict() == {
            "grid": 9,
            "recorded": 1,
            "tipping": 1,
            "limit": 1,
        }
        assert (table["internal_after"] + table["external_after"] - 6644).abs().max() < 1e-9

    def test_the_recorded_row_is_the_odds_ratio(self):
        ratio = localisation_odds_ratio(*SPLIT)
        recorded = row(reclassification_sensitivity(*SPLIT), "recorded")
        for name in ("estimate", "standard_error", "low", "high"):
            assert recorded[name] == getattr(ratio, name)
        assert recorded["moved_share"] == 0

    @pytest.mark.parametrize("grid", [[0.25, 0.5], np.array([0.5, 0.25]), pd.Series([0.25, 0.5])])
    def test_the_grid_is_what_is_asked_for(self, grid):
        table = reclassification_sensitivity(*SPLIT, moved_share=grid)
        assert table.loc[table["case"] == "grid", "moved_share"].to_list() == [0.25, 0.5]

    def test_one_share(self):
        table = reclassification_sensitivity(*SPLIT, moved_share=0.2)
        assert row(table, "grid")["internal_after"] == pytest.approx(3400)

    def test_moving_everything(self):
        table = reclassification_sensitivity(*SPLIT, moved_share=1)
        assert row(table, "grid")["estimate"] == 0
        assert np.isnan(row(table, "grid")["standard_error"])


class TestEdges:
    def test_no_change_needs_nothing_moved(self):
        table = reclassification_sensitivity(10, 20, 30, 60)
        assert table.attrs["tipping_share"] == 0
        assert table.attrs["limit_share"] == 0

    def test_an_interval_that_contains_the_null_needs_nothing_moved(self):
        table = reclassification_sensitivity(10, 20, 14, 20)
        assert table.attrs["limit_share"] == 0
        assert table.attrs["tipping_share"] > 0

    def test_the_other_direction_leads_away(self):
        with pytest.warns(DegenerateDataWarning, match="No share of the external lines") as caught:
            table = reclassification_sensitivity(*SPLIT, direction="external")
        assert caught[0].filename == __file__
        assert np.isnan(table.attrs["tipping_share"])
        assert set(table["case"]) == {"recorded", "grid"}
        assert (np.diff(table["estimate"]) > 0).all()

    def test_none_of_a_kind_before(self):
        with pytest.warns(DegenerateDataWarning, match="stays infinite"):
            table = reclassification_sensitivity(0, 50, 30, 20)
        assert np.isnan(table.attrs["tipping_share"])
        assert "tipping" not in set(table["case"])
        assert np.isinf(table["estimate"]).all()
        assert 0 < table.attrs["limit_share"] < 1
        assert row(table, "limit")["low"] == pytest.approx(1, rel=1e-9)

    def test_none_of_a_kind_in_either_period(self):
        with pytest.warns(DegenerateDataWarning, match="undefined"):
            table = reclassification_sensitivity(0, 50, 0, 20)
        assert np.isnan(table["estimate"]).all()

    @pytest.mark.parametrize("cells", [(0, 0, 3, 4), (3, 4, 0, 0)])
    def test_a_period_without_lines_is_refused(self, cells):
        with pytest.raises(InputError, match="must be above 0 together, got 0 and 0"):
            reclassification_sensitivity(*cells)

    @pytest.mark.parametrize(
        ("options", "message"),
        [
            ({"direction": "both"}, "`direction` must be one of 'auto', 'internal', 'external'"),
            ({"null": 0}, "`null` must be a finite number above 0"),
            ({"method": "magic"}, "`method` must be one of"),
            ({"method": "blaker"}, "`method` must be one that works with fractional counts"),
            ({"moved_share": 40}, "`moved_share` must be .* looks like a percentage"),
            ({"moved_share": -0.1}, "`moved_share` must be a share"),
            ({"moved_share": []}, "`moved_share` must be non-empty"),
            ({"level": 95}, "looks like a percentage"),
        ],
    )
    def test_bad_options(self, options, message):
        with pytest.raises(InputError, match=message):
            reclassification_sensitivity(*SPLIT, **options)

    @pytest.mark.parametrize("position", range(4))
    @pytest.mark.parametrize("bad", [-1, 2.5, np.nan, True, "7", None, [1, 2]])
    def test_bad_counts(self, position, bad):
        cells = list(SPLIT)
        cells[position] = bad
        with pytest.raises(InputError, match="must be a whole number"):
            reclassification_sensitivity(*cells)


@pytest.mark.filterwarnings("ignore::countylines.errors.CountyLinesWarning")
@pytest.mark.parametrize(
    ("cells", "options"),
    [
        ((2, 3, 0, 5), {"null": 100, "level": 0.5, "method": "gart"}),
        ((1280, 2727, 4250, 2394), {"null": 0.01, "level": 0.01}),
    ],
)
def test_an_interval_that_leaves_its_estimate_out_is_no_crash(cells, options):
    """Such a limit may reach the null after the estimate does, or never."""
    frame = cl.localisation.reclassification_sensitivity(*cells, **options)
    share = frame.attrs["limit_share"]
    assert math.isnan(share) or 0 <= share < 1
