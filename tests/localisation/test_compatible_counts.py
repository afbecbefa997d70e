"""Whole-number tables behind printed figures: published split, conditions, words of refusal."""

from __future__ import annotations

import json
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import countylines as cl
from countylines.errors import DegenerateDataWarning, InputError, InputTypeError
from countylines.localisation import compatible_bases, compatible_counts

CASES = json.loads(
    (Path(__file__).parents[1] / "reference" / "compatible_counts.json").read_text()
)["cases"]
PRINTED = {
    "changes": {"internal": 232, "external": -12.2},
    "decimals": {"internal": 0, "external": 1},
}
COLUMNS = ["internal_before", "external_before", "internal_after", "external_after"]


def refuse(message, *totals, **options):
    with pytest.raises(InputError, match=message):
        compatible_counts(*(totals or (4007, 6644)), **{**PRINTED, **options})


@pytest.mark.reference
@pytest.mark.parametrize("case", CASES, ids=lambda case: case["id"])
def test_reference(case):
    tables = compatible_counts(**case["inputs"])
    expected = case["expected"]
    assert list(tables.columns) == COLUMNS
    if "rows" in expected:
        assert tables.to_numpy().tolist() == expected["rows"]
        return
    assert len(tables) == expected["n_tables"]
    share = tables.internal_after / (tables.internal_after + tables.external_after)
    odds = (tables.internal_after / tables.external_after) / (
        tables.internal_before / tables.external_before
    )
    np.testing.assert_allclose([share.min(), share.max()], expected["internal_share_after"])
    np.testing.assert_allclose([odds.min(), odds.max()], expected["odds_ratio"])


class TestPublishedFigures:
    def test_the_share_doubles_under_every_rounding_rule(self):
        for rounding in ("nearest", "truncate", "floor"):
            tables = compatible_counts(4007, 6644, **PRINTED, rounding=rounding)
            assert len(tables) == 14
            assert (tables.internal_before / 4007).between(0.317, 0.321).all()
            assert (tables.internal_after / 6644).between(0.638, 0.641).all()

    def test_the_majority_is_lost_at_sixteen_per_cent_untyped(self):
        def smallest_share(untyped):
            tables = compatible_counts(4007, 6644, **PRINTED, untyped=(0.0, untyped))
            return (tables.internal_after / (tables.internal_after + tables.external_after)).min()

        assert smallest_share(0.16) > 0.5
        assert smallest_share(0.17) < 0.5
        assert round(smallest_share(0.2), 2) == 0.46

    def test_a_band_of_totals_contains_the_tables_of_every_total_in_it(self):
        band = compatible_counts(cl.Band(4006, 4007), cl.Band(6643, 6644), **PRINTED)
        parts = [
            compatible_counts(before, after, **PRINTED)
            for before in (4006, 4007)
            for after in (6643, 6644)
        ]
        wanted = pd.concat(parts).sort_values(COLUMNS, ignore_index=True)
        pd.testing.assert_frame_equal(band.sort_values(COLUMNS, ignore_index=True), wanted)

    def test_a_fractional_band_is_cut_to_whole_totals(self):
        loose = compatible_counts(cl.Band(4006.5, 4007.4), cl.Band(6643.5, 6644.4), **PRINTED)
        pd.testing.assert_frame_equal(loose, compatible_counts(4007, 6644, **PRINTED))


class TestArguments:
    def test_the_same_percentage_written_otherwise(self):
        for written in (Decimal("-12.2"), Fraction(-122, 10), np.float64(-12.2)):
            changes = {"internal": np.int64(232), "external": written}
            again = compatible_counts(np.int64(4007), 6644.0, **{**PRINTED, "changes": changes})
            pd.testing.assert_frame_equal(again, compatible_counts(4007, 6644, **PRINTED))

    def test_one_number_of_decimals_serves_all_kinds(self):
        changes = {"a": 50, "b": -50}
        one = compatible_counts(20, 22, changes=changes, decimals=0)
        each = compatible_counts(20, 22, changes=changes, decimals={"b": 0, "a": 0})
        pd.testing.assert_frame_equal(one, each)
        assert [12, 8, 18, 4] in one.to_numpy().tolist()

    def test_kinds_keep_their_order_and_any_name(self):
        changes = {"z": 0, "a b": 100, "m": -100}
        tables = compatible_counts(6, 4, changes=changes, decimals=0)
        assert list(tables.columns) == [
            "z_before",
            "a b_before",
            "m_before",
            "z_after",
            "a b_after",
            "m_after",
        ]
        assert tables.to_numpy().tolist() == [[2, 1, 3, 2, 2, 0]]

    def test_untyped_is_exact(self):
        # 30 % of 10 untyped leaves exactly 7, which 10 * (1 - 0.3) in floating point does not say.
        tables = compatible_counts(10, 10, changes={"a": 0, "b": 0}, decimals=0, untyped=(0.3, 0.3))
        sums = tables.a_before + tables.b_before
        assert (sums.min(), sums.max()) == (7, 10)

    def test_conditions_are_said(self):
        plain = compatible_counts(4007, 6644, **PRINTED).attrs["conditions"]
        assert any("everything that was counted is" in text.lower() for text in plain)
        loose = compatible_counts(4007, 6644, **PRINTED, rounding="floor", untyped=(0, 0.2))
        text = " ".join(loose.attrs["conditions"])
        assert "20 %" in text
        assert "rounded down" in text
        assert json.dumps(loose.attrs)

    def test_nothing_agrees(self):
        with pytest.warns(DegenerateDataWarning, match="No whole-number table agrees") as caught:
            tables = compatible_counts(10, 100, **PRINTED)
        assert caught[0].filename == __file__
        assert list(tables.columns) == COLUMNS
        assert len(tables) == 0
        assert set(tables.dtypes) == {np.dtype("int64")}

    def test_too_many_tables(self):
        refuse(r"`max_tables` must be at least .*, got 10 where 14 or more do\.", max_tables=10)
        assert len(compatible_counts(4007, 6644, **PRINTED, max_tables=14)) == 14

    def test_too_long_a_search(self):
        refuse(
            "`changes` must be few or precise enough",
            10**5,
            10**5,
            changes=dict.fromkeys("abcd", 0),
            decimals=0,
        )

    @pytest.mark.parametrize(
        ("options", "message"),
        [
            ({"changes": {"internal": 232}}, "`changes` must be for two kinds or more, got 1"),
            ({"changes": [232, -12.2]}, "`changes` must be a mapping of kinds"),
            ({"changes": pd.Series(PRINTED["changes"])}, "`changes` must be a mapping of kinds"),
            ({"changes": {1: 232, 2: -12}}, "the kind 1"),
            ({"decimals": {"internal": 0}}, "`decimals` must be given for 'internal', 'external'"),
            ({"decimals": 0}, r"`changes\['external'\]` must be .* `decimals\['external'\]` says"),
            ({"decimals": {"internal": -1, "external": 1}}, r"`decimals\['internal'\]` must be"),
            ({"decimals": {"internal": 0.5, "external": 1}}, r"`decimals\['internal'\]` must be"),
            ({"changes": {"internal": -101, "external": 1}}, "at least -100"),
            ({"changes": {"internal": np.nan, "external": 1}}, "finite"),
            ({"changes": {"internal": "232", "external": 1}}, "a single number"),
            ({"changes": {"internal": True, "external": 1}}, "a single number"),
            ({"rounding": "up"}, "`rounding` must be one of 'nearest', 'truncate', 'floor'"),
            ({"untyped": 0.2}, r"`untyped` must be a pair of shares .* Use untyped=\(0.0, 0.2\)"),
            ({"untyped": (0.0, 20)}, r"`untyped\[1\]` must be .* looks like a percentage"),
            ({"untyped": (0.0, 1.0)}, r"`untyped\[1\]` must be a share in \[0, 1\)"),
            ({"untyped": (True, 0.0)}, r"`untyped\[0\]` must be a share in \[0, 1\)"),
            ({"untyped": ("0", 0.0)}, r"`untyped\[0\]` must be a share in \[0, 1\)"),
            ({"untyped": (np.nan, 0.0)}, r"`untyped\[0\]` must be a share in \[0, 1\)"),
            ({"max_tables": 0}, "`max_tables` must be a whole number of at least 1"),
        ],
    )
    def test_bad_options(self, options, message):
        refuse(message, **options)

    @pytest.mark.parametrize("bad", [-1, 2.5, np.nan, "4007", True, None, 10**8])
    def test_bad_totals(self, bad):
        refuse("`total_before` must be a whole number", bad, 6644)
        refuse("`total_after` must be a whole number", 4007, bad)

    def test_a_band_of_many_totals_is_refused(self):
        with pytest.raises(InputTypeError, match=r"`total_before\.low` must be a single number"):
            compatible_counts(cl.Band([1, 2], [3, 4]), 5, **PRINTED)


class TestBases:
    def test_how_small_the_base_of_the_published_rise_can_be(self):
        bases = compatible_bases(232, up_to=100)
        assert bases.name == "before"
        assert bases.dtype == np.int64
        assert bases.iloc[0] == 19
        assert round(100 * (63 / 19 - 1)) == 232

    def test_the_mean_of_a_few_whole_numbers(self):
        assert compatible_bases(50, up_to=9).to_list() == [2, 4, 6, 8]
        assert compatible_bases(-100, up_to=3).to_list() == [1, 2, 3]
        assert compatible_bases(0, up_to=3).to_list() == [1, 2, 3]
        assert compatible_bases(33.33, decimals=2, up_to=8).to_list() == [3, 6]

    def test_decimals_exclude_and_coarse_figures_do_not(self):
        assert len(compatible_bases(-12.2, decimals=1, up_to=500)) < 500
        assert set(range(1001, 2001)) <= set(compatible_bases(-12.2, decimals=1, up_to=2000))

    def test_it_agrees_with_the_tables(self):
        bases = set(compatible_bases(232, up_to=4006))
        tables = compatible_counts(4007, 6644, **PRINTED)
        assert set(tables.internal_before) <= bases

    def test_none_is_an_empty_series(self):
        assert compatible_bases(33.33, decimals=2, up_to=2).to_list() == []

    @pytest.mark.parametrize(
        ("arguments", "message"),
        [
            ({"change": 1.5, "up_to": 9}, "`change` must be .* `decimals` says, 0"),
            ({"change": -101, "up_to": 9}, "`change` must be .* at least -100"),
            ({"change": 1, "up_to": 0}, "`up_to` must be a whole number of at least 1"),
            ({"change": 1, "up_to": 10**8}, "`up_to` must be a whole number"),
            ({"change": 1, "up_to": 9, "decimals": 13}, "`decimals` must be"),
            ({"change": 1, "up_to": 9, "rounding": "bankers"}, "`rounding` must be one of"),
        ],
    )
    def test_bad_arguments(self, arguments, message):
        with pytest.raises(InputError, match=message):
            compatible_bases(**arguments)
