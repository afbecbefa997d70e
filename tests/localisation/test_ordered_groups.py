"""Jonckheere-Terpstra and Page: reference cases, every deal enumerated, errors."""

from __future__ import annotations

import itertools

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import ndtr
from scipy.stats import page_trend_test

from countylines._kernels import ordered_groups
from countylines.errors import DegenerateDataWarning, InputError
from countylines.localisation import jonckheere_terpstra, mann_kendall, page_trend

# clinfun 1.1.5, jonckheere.test: group values, statistic, one-sided p-value
HOLLANDER = [[40, 35, 38, 43, 44, 41], [38, 40, 47, 44, 40, 42], [48, 40, 45, 43, 46, 44]]
SMALL = [[1, 2], [2, 3], [5, 4, 6]]
REVERSED = [[9, 8, 7], [6, 5], [4, 3, 2, 1]]
TUTORIAL = [[3, 4, 3], [2, 2, 4], [3, 3, 5], [1, 3, 2], [2, 3, 2]]
TUTORIAL += [[2, 4, 5], [1, 2, 4], [3, 4, 4], [2, 4, 5], [1, 3, 4]]


def pairs_of(groups):
    return sum(
        (later > earlier) + 0.5 * (later == earlier)
        for a, b in itertools.combinations(groups, 2)
        for earlier, later in itertools.product(a, b)
    )


def dealt(groups):
    """The statistic of every order of the values."""
    ends = np.cumsum([0, *map(len, groups)])
    together = [v for group in groups for v in group]
    for order in itertools.permutations(together):
        yield pairs_of([order[a:b] for a, b in itertools.pairwise(ends)])


class TestJonckheereTerpstra:
    @pytest.mark.reference
    def test_exact_without_ties(self):
        for alternative, p in (
            ("greater", 0.999206349206349),
            ("less", 0.000793650793650794),
            ("two-sided", 0.00158730158730159),
        ):
            found = jonckheere_terpstra(REVERSED, alternative=alternative)
            assert found.statistic == 0
            assert found.method == "jonckheere-terpstra, exact"
            # a peer does not count the observed 0 on the side where everything is at least 0
            wanted = 1.0 if alternative == "greater" else p
            assert found.pvalue == pytest.approx(wanted, rel=1e-12)

    @pytest.mark.reference
    @pytest.mark.parametrize(
        ("groups", "statistic", "p"),
        [(HOLLANDER, 79, 0.0216331439784956), (SMALL, 15.5, 0.00792713344899476)],
    )
    def test_a_peer_does_not_correct_for_ties(self, groups, statistic, p):
        """Its p-value is the normal one of the variance without ties; the right one differs."""
        found = jonckheere_terpstra(
            groups, method="normal", continuity=False, alternative="greater"
        )
        assert found.statistic == statistic == pairs_of(groups)
        sizes = [len(g) for g in groups]
        n = sum(sizes)
        mean = (n**2 - sum(s * s for s in sizes)) / 4
        untied = (n * n * (2 * n + 3) - sum(s * s * (2 * s + 3) for s in sizes)) / 72
        assert ndtr(-(statistic - mean) / np.sqrt(untied)) == pytest.approx(p, rel=1e-10)
        ties = np.unique(np.concatenate(groups), return_counts=True)[1]
        variance = ordered_groups.score_variance(tuple(sizes), tuple(map(int, ties))) / 4
        assert variance < untied
        z = (statistic - mean) / np.sqrt(variance)
        assert found.pvalue == pytest.approx(ndtr(-z), rel=1e-12)
        assert found.pvalue < p

    @pytest.mark.parametrize(
        "groups", [SMALL, [[1], [1, 1], [0, 2]], [[2, 2, 1], [3, 1, 2]], [[3, 1], [2, 5], [4]]]
    )
    def test_every_deal_enumerated(self, groups):
        every = np.array(list(dealt(groups)))
        observed = pairs_of(groups)
        for alternative, wanted in (
            ("greater", (every >= observed).mean()),
            ("less", (every <= observed).mean()),
        ):
            found = jonckheere_terpstra(groups, method="exact", alternative=alternative)
            assert found.pvalue == pytest.approx(wanted, rel=1e-10)
        sizes = tuple(map(len, groups))
        ties = np.unique(np.concatenate(groups), return_counts=True)[1]
        variance = ordered_groups.score_variance(sizes, tuple(map(int, ties))) / 4
        assert variance == pytest.approx(every.var(), rel=1e-10)

    @settings(max_examples=40, deadline=None)
    @given(
        st.lists(st.lists(st.integers(0, 4), min_size=1, max_size=4), min_size=2, max_size=4),
        st.sampled_from(["exact", "normal"]),
    )
    def test_reversed_groups_swap_the_sides(self, groups, method):
        if len({v for group in groups for v in group}) == 1:
            return
        forward = jonckheere_terpstra(groups, method=method, alternative="greater")
        back = jonckheere_terpstra(groups[::-1], method=method, alternative="less")
        assert forward.pvalue == pytest.approx(back.pvalue, rel=1e-9)
        m = (sum(map(len, groups)) ** 2 - sum(len(g) ** 2 for g in groups)) / 2
        assert forward.statistic + back.statistic == m

    def test_one_value_a_group_is_mann_kendall(self):
        x = [3.0, 1, 4, 1, 5, 9, 2]
        found = jonckheere_terpstra([[v] for v in x], method="exact")
        assert found.pvalue == pytest.approx(mann_kendall(x, method="exact").pvalue, rel=1e-12)
        normal = jonckheere_terpstra([[v] for v in x], method="normal")
        assert normal.pvalue == pytest.approx(mann_kendall(x, method="original").pvalue, rel=1e-12)

    def test_monte_carlo_is_near_the_exact_and_repeats(self):
        exact = jonckheere_terpstra(HOLLANDER, method="exact", alternative="greater").pvalue
        options = {"method": "monte-carlo", "alternative": "greater", "rng": 4}
        drawn = jonckheere_terpstra(HOLLANDER, **options).pvalue
        assert drawn == pytest.approx(exact, abs=4 * np.sqrt(exact / 9999))
        assert drawn == jonckheere_terpstra(HOLLANDER, **options).pvalue
        assert jonckheere_terpstra(HOLLANDER, replicates=99, method="monte-carlo", rng=1).pvalue > 0

    def test_names_and_medians(self):
        found = jonckheere_terpstra({"a": [1, 2, 3], "b": pd.Series([4.0, 6.0])})
        assert list(found.table.index) == ["a", "b"]
        assert list(found.table["median"]) == [2.0, 5.0]
        assert found.n == 5

    def test_constant(self):
        for method in ("exact", "normal", "monte-carlo"):
            with pytest.warns(DegenerateDataWarning, match="All values are equal"):
                found = jonckheere_terpstra([[1, 1], [1, 1]], method=method, rng=0)
            assert found.pvalue == 1.0

    @pytest.mark.parametrize(
        ("groups", "options", "message"),
        [
            ([[1.0]], {}, "`groups` must be of at least two groups, got 1"),
            (3.0, {}, "a mapping or a list with the values of each group, got float"),
            ([[1.0], []], {}, "`groups` must be non-empty"),
            ([[1.0], 2.0], {}, "of one dimension each, got shape \\(\\) in group 1"),
            ({"a": [1, np.nan], "b": [2]}, {}, "finite values, got nan in group 'a'. Leave"),
            ([[1.0] * 60, [2.0] * 60], {"method": "exact"}, "'normal' or 'monte-carlo'"),
            ([[1.0], [2.0]], {"method": "t"}, "`method` must be"),
        ],
    )
    def test_bad_input(self, groups, options, message):
        with pytest.raises(InputError, match=message):
            jonckheere_terpstra(groups, **options)


class TestPage:
    @pytest.mark.reference
    def test_exact_without_ties(self):
        """scipy 1.17.1: page_trend_test(data, method='exact')."""
        data = [[50, 60, 70], [55, 65, 68], [42, 60, 75], [48, 58, 66]]
        found = page_trend(data)
        assert found.statistic == 56
        assert found.pvalue == pytest.approx(0.0007716049382716049, rel=1e-10)
        rng = np.random.default_rng(1)
        for _ in range(10):
            rows = rng.normal(size=(5, 4))
            wanted = page_trend_test(rows, method="exact")
            found = page_trend(rows)
            assert found.statistic == wanted.statistic
            assert found.pvalue == pytest.approx(wanted.pvalue, rel=1e-10)
            normal = page_trend(rows, method="normal").pvalue
            assert normal == pytest.approx(page_trend_test(rows, method="asymptotic").pvalue)

    @pytest.mark.reference
    def test_a_peer_takes_tied_ranks_as_untied(self):
        found = page_trend(TUTORIAL)
        assert found.statistic == 133.5
        assert page_trend_test(TUTORIAL, method="exact").pvalue == pytest.approx(
            0.0018191161948127822, rel=1e-10
        )
        # counted row by row: how many orders give each sum
        counts = {0.0: 1}
        for row in page_ranks(TUTORIAL):
            after = {}
            for order in itertools.permutations(row):
                gain = sum(j * r for j, r in enumerate(order, start=1))
                for total, ways in counts.items():
                    after[total + gain] = after.get(total + gain, 0) + ways
            counts = after
        wanted = sum(w for t, w in counts.items() if t >= 133.5) / sum(counts.values())
        assert found.pvalue == pytest.approx(wanted, rel=1e-12)
        assert found.pvalue < 0.0018191161948127822

    @pytest.mark.parametrize("alternative", ["greater", "less", "two-sided"])
    def test_every_order_enumerated(self, alternative):
        rows = TUTORIAL[:4]
        ranks = page_ranks(rows)
        each = [
            [np.dot([1, 2, 3], order) for order in itertools.permutations(row)] for row in ranks
        ]
        every = np.array([sum(parts) for parts in itertools.product(*each)])
        observed = sum(np.dot([1, 2, 3], row) for row in ranks)
        greater, less = (every >= observed).mean(), (every <= observed).mean()
        wanted = {"greater": greater, "less": less, "two-sided": min(1, 2 * min(greater, less))}
        found = page_trend(rows, alternative=alternative)
        assert found.statistic == observed
        assert found.pvalue == pytest.approx(wanted[alternative], rel=1e-12)
        z = (observed - every.mean()) / every.std()
        normal = page_trend(rows, method="normal").pvalue
        assert normal == pytest.approx(ndtr(-z), rel=1e-10)

    @settings(max_examples=40, deadline=None)
    @given(st.lists(st.integers(0, 3), min_size=12, max_size=12), st.permutations(range(3)))
    def test_rows_have_no_order_and_columns_have(self, x, order):
        table = np.array(x, dtype=float).reshape(3, 4)
        if (table == table[:, :1]).all():
            return
        found = page_trend(table)
        assert page_trend(table[order]).pvalue == pytest.approx(found.pvalue, rel=1e-12)
        assert page_trend(np.exp(table)).pvalue == found.pvalue
        back = page_trend(table[:, ::-1], alternative="less")
        assert back.pvalue == pytest.approx(found.pvalue, rel=1e-9)

    def test_kinds(self):
        frame = pd.DataFrame(TUTORIAL, columns=["x", "y", "z"])
        found = page_trend(frame)
        assert list(found.table.index) == ["x", "y", "z"]
        assert page_trend(frame.T, ordered="index").pvalue == found.pvalue
        array = xr.DataArray(frame.to_numpy(), dims=("force", "year"))
        assert page_trend(array, ordered="year").pvalue == found.pvalue

    def test_constant(self):
        for method in ("exact", "normal"):
            with pytest.warns(DegenerateDataWarning, match="Every row is constant"):
                assert page_trend(np.ones((3, 3)), method=method).pvalue == 1.0

    @pytest.mark.parametrize(
        ("x", "options", "message"),
        [
            ([1.0, 2.0], {}, "`x` must be of at least two rows and two columns, got shape"),
            (3.0, {}, "at least two rows"),
            ([[1.0, np.nan], [2.0, 3.0]], {}, "`x` must be finite"),
            (np.ones((2, 13)), {"method": "exact"}, "'normal' for more than 12 columns"),
            ([[1.0, 2.0], [2.0, 3.0]], {"ordered": "z"}, "`dim` must be"),
        ],
    )
    def test_bad_input(self, x, options, message):
        with pytest.raises(InputError, match=message):
            page_trend(x, **options)


def page_ranks(rows):
    return [
        [1 + sum(v < w for v in row) + (sum(v == w for v in row) - 1) / 2 for w in row]
        for row in rows
    ]
