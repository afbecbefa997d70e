"""Estimates by stratum: rows, verdicts, the total, what is refused."""

from __future__ import annotations

import functools
import math
import warnings

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import countylines as cl
from countylines._kernels import mover_sum
from countylines.capture_recapture import (
    by_stratum,
    chao_lower_bound,
    chapman,
    closed_population,
    loglinear,
    sample_coverage,
)
from countylines.errors import DegenerateDataWarning, InputError, InputTypeError, SparseDataWarning

pytestmark = pytest.mark.filterwarnings("ignore::countylines.errors.CountyLinesWarning")
LISTS = ["police", "charity", "council"]
NORTH = {"111": 4, "110": 20, "101": 9, "100": 210, "011": 14, "010": 77, "001": 90}
SOUTH = {"111": 2, "110": 10, "101": 12, "100": 60, "011": 6, "010": 40, "001": 55}
quick = functools.partial(loglinear, interval="lognormal")


def pair(histories):
    return chapman(*histories.pair("police", "charity"))


def table(strata, column="region", **options):
    """Histories from cells by stratum."""
    rows = [
        {column: label, **dict(zip(LISTS, map(int, pattern), strict=True)), "n": n}
        for label, cells in strata.items()
        for pattern, n in cells.items()
    ]
    return cl.CaptureHistories.from_table(pd.DataFrame(rows), lists=LISTS, strata=column, **options)


def both():
    return table({"north": NORTH, "south": SOUTH})


ESTIMATORS = [
    quick,
    loglinear,
    functools.partial(loglinear, model="police*charity + council"),
    closed_population,
    functools.partial(closed_population, model="Mth", heterogeneity="chao"),
    chao_lower_bound,
    functools.partial(sample_coverage, method="low", replicates=99, rng=1),
    pair,
]


class TestRows:
    @pytest.mark.parametrize("estimator", ESTIMATORS, ids=str)
    def test_each_row_is_the_estimator_alone(self, estimator):
        found = by_stratum(both(), estimator).set_index("region")
        assert list(found.index) == ["north", "south", "total"]
        for label, part in both().split().items():
            alone = estimator(part)
            row = found.loc[label]
            for name in ("estimate", "low", "high", "standard_error", "level", "method"):
                assert row[name] == getattr(alone, name)
            assert row["hidden"] == alone.hidden.estimate
            assert row["n"] == part.n_observed
            assert row["code"] == alone.verdict.code
            assert row["notes"].split(", ") == [note.code for note in alone.notes]
        total = found.loc["total"]
        parts = found.iloc[:2]
        assert total["n"] == parts["n"].sum()
        assert total["estimate"] == pytest.approx(parts["estimate"].sum(), rel=1e-14)
        assert total["standard_error"] == pytest.approx(
            np.sqrt((parts["standard_error"] ** 2).sum()), rel=1e-12
        )
        below = np.sqrt(((parts["estimate"] - parts["low"]) ** 2).sum())
        above = np.sqrt(((parts["high"] - parts["estimate"]) ** 2).sum())
        assert total["low"] == pytest.approx(total["estimate"] - below, rel=1e-12)
        assert total["high"] == pytest.approx(total["estimate"] + above, rel=1e-12)

    def test_the_log_normal_total(self):
        found = by_stratum(both(), quick, combine="lognormal").iloc[-1]
        hidden, error = found["hidden"], found["standard_error"]
        spread = 1.959963984540054 * math.sqrt(math.log1p((error / hidden) ** 2))
        seen = found["n"]
        ends = [seen + hidden * math.exp(-spread), seen + hidden * math.exp(spread)]
        assert [found["low"], found["high"]] == pytest.approx(ends, rel=1e-12)

    def test_what_it_rests_on_can_be_cited(self):
        found = by_stratum(both(), quick)
        assert found.attrs["references"] == ["fienberg2012", "chao1987", "zou2008"]
        assert "10.1002/sim.3095" in cl.cite(found.attrs["references"])

    def test_one_stratum_is_its_own_total(self):
        for combine in ("mover", "lognormal"):
            found = by_stratum(table({"north": NORTH}), quick, combine=combine)
            for name in ("estimate", "low", "high", "n", "hidden"):
                assert found[name].iloc[0] == pytest.approx(found[name].iloc[1], rel=1e-12)

    @pytest.mark.parametrize("alternative", ["less", "greater"])
    def test_one_sided(self, alternative):
        for combine in ("mover", "lognormal"):
            found = by_stratum(
                both(), functools.partial(quick, alternative=alternative), combine=combine
            ).iloc[-1]
            if alternative == "less":
                assert found["low"] == found["n"]
                assert found["estimate"] < found["high"] < math.inf
            else:
                assert found["high"] == math.inf
                assert found["n"] < found["low"] < found["estimate"]

    def test_several_columns(self):
        rows = [
            {"region": region, "year": year, **dict(zip(LISTS, map(int, p), strict=True)), "n": n}
            for region, cells in (("north", NORTH), ("south", SOUTH))
            for year in (2023, 2024)
            for p, n in cells.items()
        ]
        histories = cl.CaptureHistories.from_table(
            pd.DataFrame(rows), lists=LISTS, strata=["region", "year"]
        )
        seen = []
        found = by_stratum(histories, quick, progress=lambda *a: seen.append(a))
        assert found[["region", "year"]].to_numpy().tolist() == [
            ["north", 2023],
            ["north", 2024],
            ["south", 2023],
            ["south", 2024],
            ["total", ""],
        ]
        assert seen == [(1, 4), (2, 4), (3, 4), (4, 4)]


class TestVerdicts:
    def histories(self):
        disjoint = {"100": 5, "010": 6, "001": 3}
        no_council = {"110": 7, "100": 30, "010": 25}
        return table({"a": NORTH, "b": disjoint, "c": no_council, "d": {"100": 0}, "e": SOUTH})

    def test_reasons_are_kept(self):
        with pytest.warns(DegenerateDataWarning, match="In 'b' of 5 strata: "):
            found = by_stratum(self.histories(), loglinear).set_index("region")
        assert found["code"].to_dict() == {
            "a": "ok",
            "b": "hidden-infinite",
            "c": "not-identified",
            "d": "no-data",
            "e": "ok",
            "total": "hidden-infinite",
        }
        assert found.loc["b", "estimate"] == math.inf
        assert math.isnan(found.loc["c", "estimate"])
        assert "the list 'council'" in found.loc["c", "reason"]
        assert found.loc["d", "reason"] == "There is no unit in this stratum."
        total = found.loc["total"]
        assert total["reason"].startswith("There is no estimate of 'b', 'c', 'd': missing=")
        assert (total["estimate"], total["high"]) == (math.inf, math.inf)
        assert math.isnan(total["standard_error"])
        alone = by_stratum(table({"a": NORTH, "e": SOUTH}), loglinear).iloc[-1]
        lows = found.loc[["b", "c", "d"], "low"]
        assert total["low"] == pytest.approx(alone["low"] + lows.sum(), rel=1e-12)
        assert lows["c"] == 62
        assert lows["d"] == 0

    def test_a_total_of_the_others_by_name(self):
        found = by_stratum(self.histories(), loglinear, missing="leave-out").iloc[-1]
        alone = by_stratum(table({"a": NORTH, "e": SOUTH}), loglinear).iloc[-1]
        assert found["code"] == "ok"
        assert found["reason"] == "Without 'b', 'c', 'd', of which there is no estimate."
        for name in ("estimate", "low", "high", "n"):
            assert found[name] == alone[name]

    def test_an_empty_list_can_be_dropped(self):
        found = by_stratum(self.histories(), quick, empty_lists="drop").set_index("region")
        two = cl.CaptureHistories.from_cells({"11": 7, "10": 30, "01": 25}, lists=LISTS[:2])
        assert found.loc["c", "estimate"] == quick(two).estimate
        assert "Without the list 'council', which has no unit here." in found.loc["c", "reason"]
        kept = by_stratum(self.histories(), quick, empty_lists="keep").set_index("region")
        assert kept.loc["c", "code"] == "boundary-finite"
        assert kept.loc["c", "estimate"] == pytest.approx(found.loc["c", "estimate"], rel=1e-9)

    def test_one_list_left_is_not_enough(self):
        histories = table({"a": NORTH, "b": {"100": 9}})
        found = by_stratum(histories, quick, empty_lists="drop")
        assert found["reason"].iloc[1] == "Fewer than two lists have a unit."

    def test_what_the_estimator_refuses(self):
        """A model that names a dropped list is refused in that stratum, with its message."""
        model = functools.partial(quick, model="police*council + charity")
        found = by_stratum(self.histories(), model, empty_lists="drop").set_index("region")
        assert found.loc["c", "code"] == "refused"
        assert "`model` must be made of the lists 'police', 'charity'" in found.loc["c", "reason"]
        assert found.loc["a", "code"] == "ok"

    def test_nobody_hidden_counts_with_its_upper_limit(self):
        inside = {"100": 9, "110": 6, "101": 5, "111": 2}
        found = by_stratum(table({"a": NORTH, "b": inside}), loglinear)
        assert found["code"].to_list() == ["ok", "hidden-zero", "ok"]
        rows, total = found.iloc[:2], found.iloc[2]
        assert rows["estimate"].iloc[1] == 22
        assert total["estimate"] == rows["estimate"].sum()
        above = np.sqrt(((rows["high"] - rows["estimate"]) ** 2).sum())
        assert total["high"] == pytest.approx(total["estimate"] + above, rel=1e-12)

    def test_nothing_at_all(self):
        found = by_stratum(table({"b": {"100": 5, "010": 6, "001": 3}}), quick)
        total = found.iloc[-1]
        assert total["code"] == "hidden-infinite"
        assert total["low"] == found["low"].iloc[0]
        out = by_stratum(table({"d": {"100": 9}}), quick, missing="leave-out").iloc[-1]
        assert (out["code"], out["low"], out["high"]) == ("not-identified", 9, math.inf)

    def test_many_strata_are_counted(self):
        strata = {f"s{i}": {"100": 9} for i in range(8)} | {"t": NORTH}
        total = by_stratum(table(strata), quick).iloc[-1]
        assert "'s0', 's1', 's2', 's3', 's4' and 3 more" in total["reason"]

    def test_other_warnings_pass(self):
        def warns(histories):
            warnings.warn("mind the gap", RuntimeWarning, stacklevel=2)
            return quick(histories)

        with pytest.warns(RuntimeWarning, match="mind the gap"):
            by_stratum(both(), warns)

    def test_one_warning_for_each_kind(self):
        few = table({"a": NORTH, "b": SOUTH, "c": NORTH})
        with pytest.warns(SparseDataWarning) as caught:
            by_stratum(few, lambda h: chapman(h.n_observed, 20, 3))
        assert len(caught) == 1
        assert str(caught[0].message).startswith("In 'a', 'b', 'c' of 3 strata: Fewer than 7")
        assert caught[0].filename == __file__


class TestRefused:
    @pytest.mark.parametrize(
        ("options", "words"),
        [
            ({"empty_lists": "ignore"}, "'refuse', 'drop', 'keep'"),
            ({"missing": "zero"}, "'refuse', 'leave-out'"),
            ({"combine": "sum"}, "'mover', 'lognormal'"),
            ({"progress": 3}, "`progress` must be"),
        ],
    )
    def test_options(self, options, words):
        with pytest.raises(InputError, match=words):
            by_stratum(both(), quick, **options)

    def test_an_error_of_every_stratum_is_raised(self):
        with pytest.raises(InputError, match="`interval` must be one of"):
            by_stratum(both(), functools.partial(loglinear, interval="magic"))

    def test_tables(self):
        with pytest.raises(
            InputTypeError, match="`histories` must be CaptureHistories, got a dict"
        ):
            by_stratum(NORTH, quick)
        with pytest.raises(InputError, match="a table with strata, got one without"):
            by_stratum(both().pool(), quick)
        with pytest.raises(InputError, match="other names than 'total'"):
            by_stratum(table({"total": NORTH}), quick)
        with pytest.raises(InputError, match="not called like a column of the result, got 'code'"):
            by_stratum(table({"a": NORTH}, column="code"), quick)

    def test_estimators(self):
        with pytest.raises(InputTypeError, match="`estimator` must be a function of one table"):
            by_stratum(both(), "loglinear")
        with pytest.raises(InputTypeError, match=r"returns a PopulationEstimate .* got a int"):
            by_stratum(both(), lambda h: h.n_observed)
        levels = iter([0.9, 0.95])
        with pytest.raises(InputError, match=r"an interval of one level and side, got 0\.9, 0\.95"):
            by_stratum(both(), lambda h: quick(h, level=next(levels)))

    def test_a_standard_error_is_needed(self):
        high = functools.partial(sample_coverage, method="high", replicates=999, rng=1)
        thin = {"111": 28, "110": 21, "101": 17, "011": 18, "100": 69, "010": 55, "001": 63}
        with pytest.raises(InputError, match="'mover' where strata have no standard error"):
            by_stratum(table({"a": thin}), high, combine="lognormal")


@settings(deadline=None)
@given(
    counts=st.lists(st.lists(st.integers(1, 300), min_size=7, max_size=7), min_size=2, max_size=4),
    data=st.data(),
)
def test_the_order_of_strata_does_not_matter(counts, data):
    cells = [dict(zip(NORTH, row, strict=True)) for row in counts]
    order = data.draw(st.permutations(range(len(cells))))
    one = by_stratum(table({str(i): cells[i] for i in range(len(cells))}), quick)
    two = by_stratum(table({str(k): cells[i] for k, i in enumerate(order)}), quick)
    for name in ("estimate", "low", "high", "standard_error"):
        assert one[name].iloc[-1] == pytest.approx(two[name].iloc[-1], rel=1e-12)
        assert sorted(one[name].iloc[:-1]) == sorted(two[name].iloc[:-1])


def test_an_endless_part_leaves_the_sum_endless():
    low, high = mover_sum.total_limits(
        np.array([5.0, 9.0]), np.array([4.0, 5.0]), np.array([8.0, np.inf])
    )
    assert low == pytest.approx(14 - math.sqrt(17))
    assert high == math.inf
