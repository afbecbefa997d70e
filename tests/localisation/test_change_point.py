"""Change points: reference cases, every order and every deal enumerated, limits, errors."""

from __future__ import annotations

import itertools
import json
import math
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st

from countylines.errors import (
    ApproximationWarning,
    DegenerateDataWarning,
    InputError,
    LabelMismatchError,
)
from countylines.localisation import change_point

CASES = json.loads((Path(__file__).parents[1] / "reference" / "change_point.json").read_text())[
    "cases"
]
QUICK = {"replicates": 99, "rng": 1}


def of(family):
    chosen = [case for case in CASES if case["family"] == family]
    assert chosen
    return pytest.mark.parametrize("case", chosen, ids=lambda case: case["id"])


def places(case):
    return np.arange(1, len(case["inputs"]["x"]) + 1)


def pettitt_of(x):
    n = len(x)
    return max(
        abs(sum(np.sign(a - b) for a, b in itertools.product(x[:k], x[k:]))) for k in range(1, n)
    )


def ratio_of(x, weight, total=None):
    """Twice the log likelihood ratio, place by place, largest."""

    def log_likelihood(successes, size):
        if total is None:
            return successes * math.log(successes / size) if successes else 0.0
        terms = [(successes, successes / size), (size - successes, 1 - successes / size)]
        return sum(c * math.log(p) for c, p in terms if c)

    x, size = np.asarray(x), np.asarray(weight)
    whole = log_likelihood(x.sum(), size.sum())
    parts = [
        log_likelihood(x[:k].sum(), size[:k].sum()) + log_likelihood(x[k:].sum(), size[k:].sum())
        for k in range(1, len(x))
    ]
    return 2 * (max(parts) - whole)


@pytest.mark.reference
class TestReference:
    @of("pettitt")
    def test_pettitt(self, case):
        expected = case["expected"]
        found = change_point(case["inputs"]["x"], time=places(case), **QUICK)
        assert found.statistic == pytest.approx(expected["U"], rel=1e-12)
        if "K" in expected:
            assert [found.effect.estimate] == expected["K"]
        if "p_exact" in expected:
            assert found.pvalue == pytest.approx(expected["p_exact"], rel=1e-12)
            # the formula in common use is twice that
            assert expected["p_approx"] > 2 * found.pvalue

    @of("buishand_snht")
    def test_snht_and_buishand(self, case):
        expected, x = case["expected"], case["inputs"]["x"]
        snht, buishand = (
            change_point(x, time=places(case), method=m, **QUICK) for m in ("snht", "buishand")
        )
        if "T0" in expected:
            assert snht.statistic == pytest.approx(expected["T0"], rel=1e-9)
            assert [snht.effect.estimate] == expected["snht_K"]
            # a peer divides by the standard deviation with n - 1, Buishand by that with n
            n = len(x)
            assert buishand.statistic == pytest.approx(
                expected["R_over_sqrt_n"] * math.sqrt(n / (n - 1)), rel=1e-9
            )
            assert [buishand.effect.estimate] == expected["br_K"]
        else:
            assert snht.pvalue == buishand.pvalue == 0.01  # the least that 99 orders can say

    @pytest.mark.filterwarnings("ignore:About the fitted step")
    @of("poisson_glr_changepoint")
    def test_poisson(self, case):
        expected = case["expected"]
        found = change_point(case["inputs"]["x"], time=places(case), method="poisson", **QUICK)
        assert found.statistic == pytest.approx(expected["two_loglr_max"], rel=1e-10)
        assert found.effect.estimate == expected["k"]
        rates = [expected["rate_before"], expected["rate_after"]]
        assert list(found.table["rate"]) == pytest.approx(rates, rel=1e-12)
        assert found.method == "change point, poisson, exact"
        # above the tail at one known place, below that times the number of places
        one = math.erfc(math.sqrt(expected["two_loglr_max"] / 2))
        assert one < found.pvalue < 2 * len(case["inputs"]["x"]) * one

    def test_the_published_example_of_eight_values(self):
        """All orders of 8 different values: 2 * 4! * 4! / 8! reach the largest U."""
        found = change_point([1, 2, 3, 4, 5, 6, 7, 8.0], **QUICK)
        assert found.statistic == 16
        assert found.pvalue == pytest.approx(2 * 24 * 24 / 40320, rel=1e-12)


class TestExact:
    @pytest.mark.parametrize("x", [[3.0, 1, 4, 1, 5, 9], [1.0, 1, 1, 2, 2, 3, 3], [2.0, 7, 1]])
    def test_pettitt_enumerated(self, x):
        every = np.array([pettitt_of(order) for order in itertools.permutations(x)])
        found = change_point(x, **QUICK)
        assert found.statistic == pettitt_of(x)
        assert found.pvalue == pytest.approx((every >= pettitt_of(x)).mean(), rel=1e-12)

    def test_snht_enumerated(self):
        x = [3.0, 1, 4, 1, 5, 9]
        z = (np.array(x) - np.mean(x)) / np.std(x, ddof=1)

        def largest(order):
            return max(
                k * np.mean(order[:k]) ** 2 + (6 - k) * np.mean(order[k:]) ** 2 for k in range(1, 6)
            )

        every = np.array([largest(order) for order in itertools.permutations(z)])
        found = change_point(x, method="snht", **QUICK)
        assert found.statistic == pytest.approx(largest(z), rel=1e-12)
        assert found.pvalue == pytest.approx((every >= largest(z) - 1e-9).mean(), rel=1e-12)

    @pytest.mark.parametrize("x", [[0, 1, 5], [2, 0, 3, 3], [4, 0, 0, 1]])
    def test_poisson_enumerated(self, x):
        exposure = np.array([1.0, 2.5, 1.5, 0.7])[: len(x)]
        share, n = exposure / exposure.sum(), sum(x)
        observed, p = ratio_of(x, exposure), 0.0
        for deal in itertools.product(range(n + 1), repeat=len(x)):
            if sum(deal) == n and ratio_of(deal, exposure) >= observed - 1e-9:
                ways = math.factorial(n) / math.prod(math.factorial(c) for c in deal)
                p += ways * np.prod(share ** np.array(deal))
        found = change_point(x, exposure=exposure, method="poisson", **QUICK)
        assert found.statistic == pytest.approx(observed, rel=1e-10)
        assert found.pvalue == pytest.approx(p, rel=1e-10)

    @pytest.mark.parametrize("x", [[0, 1, 4], [2, 0, 3, 3], [3, 3, 0, 1]])
    def test_binomial_enumerated(self, x):
        total = np.array([3, 4, 5, 3])[: len(x)]
        if len(x) == 3:
            total = np.array([3, 3, 5])
        observed, p = ratio_of(x, total, total), 0.0
        every = math.comb(int(total.sum()), sum(x))
        for deal in itertools.product(*(range(t + 1) for t in total)):
            if sum(deal) == sum(x) and ratio_of(deal, total, total) >= observed - 1e-9:
                p += math.prod(map(math.comb, map(int, total), deal)) / every
        found = change_point(x, total=total, method="binomial", **QUICK)
        assert found.statistic == pytest.approx(observed, rel=1e-10)
        assert found.pvalue == pytest.approx(p, rel=1e-10)

    @pytest.mark.parametrize(
        ("method", "options"),
        [("pettitt", {}), ("snht", {}), ("poisson", {}), ("binomial", {"total": [9] * 10})],
    )
    def test_monte_carlo_is_near_the_exact_and_repeats(self, method, options):
        x = [1, 3, 0, 2, 1, 4, 2, 5, 3, 4]
        exact = change_point(x, method=method, **options, **QUICK).pvalue
        options = {**options, "pvalue": "monte-carlo", "replicates": 4999, "rng": 2}
        drawn = change_point(x, method=method, **options)
        assert drawn.pvalue == pytest.approx(exact, abs=4 * math.sqrt(exact / 4999))
        assert drawn.pvalue == change_point(x, method=method, **options).pvalue


class TestLimits:
    def test_a_clear_step_is_placed(self):
        x = [1, 2, 1, 0, 2, 1, 30, 28, 33, 31, 29]
        for method in ("pettitt", "poisson", "snht", "buishand"):
            found = change_point(x, time=np.arange(2010, 2021), method=method, rng=1)
            assert found.effect.estimate == 2015
            assert found.effect.low <= 2015 <= found.effect.high
        sharp = change_point(x, method="poisson", rng=1).effect
        assert (sharp.low, sharp.high) == (5, 5)

    def test_limits_widen_with_the_level(self):
        x = [3, 4, 2, 5, 6, 8, 5, 9, 7, 10]
        narrow, wide = (
            change_point(x, method="poisson", level=level, rng=1).effect for level in (0.5, 0.99)
        )
        assert wide.low <= narrow.low <= narrow.estimate <= narrow.high <= wide.high
        assert wide.high - wide.low > narrow.high - narrow.low


class TestProperties:
    @pytest.mark.filterwarnings("ignore:About the fitted step")
    @settings(max_examples=25, deadline=None)
    @given(st.lists(st.integers(0, 4), min_size=3, max_size=8))
    def test_reversed_time(self, x):
        if len(set(x)) == 1:
            return
        for method in ("pettitt", "poisson"):
            found = change_point(x, method=method, **QUICK)
            back = change_point(x[::-1], method=method, **QUICK)
            assert back.statistic == pytest.approx(found.statistic, abs=1e-9)
            assert back.pvalue == pytest.approx(found.pvalue, rel=1e-9)
        ranks = change_point(np.exp(x), **QUICK)
        assert ranks.pvalue == pytest.approx(change_point(x, **QUICK).pvalue, rel=1e-12)

    def test_equal_exposures_are_no_exposures(self):
        x = [1, 3, 0, 2, 6, 4]
        plain = change_point(x, method="poisson", **QUICK)
        even = change_point(x, exposure=[7.0] * 6, method="poisson", **QUICK)
        assert even.pvalue == pytest.approx(plain.pvalue, rel=1e-10)
        assert even.table["rate"].iloc[0] == pytest.approx(plain.table["rate"].iloc[0] / 7)


class TestScatter:
    REFERRALS = (380, 455, 448, 394, 433, 414, 463, 376, 402, 447, 381)  # made-up

    @pytest.mark.parametrize("method", ["poisson", "binomial"])
    def test_too_much_of_it_is_said(self, method):
        x = np.array(self.REFERRALS)
        total = np.full(11, 900) if method == "binomial" else None
        with pytest.warns(ApproximationWarning, match="About the fitted step the variance is"):
            found = change_point(x, method=method, total=total, pvalue="monte-carlo", **QUICK)
        (note,) = found.notes
        assert note.code == "over-dispersed"
        k = int(found.effect.estimate) + 1
        mean = np.repeat([x[:k].mean(), x[k:].mean()], [k, 11 - k])
        variance = mean if total is None else mean * (1 - mean / 900)
        assert f"is {((x - mean) ** 2 / variance).sum() / 9:.1f} times" in note.text

    def test_ranks_do_not_mind(self):
        assert change_point(self.REFERRALS, **QUICK).notes == ()

    def test_poisson_counts_seldom_scatter_too_much(self):
        rows = np.random.default_rng(3).poisson(6, (100, 10))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ApproximationWarning)
            out = [
                change_point(x, method="poisson", pvalue="monte-carlo", replicates=9, rng=1)
                for x in rows
            ]
        assert sum(bool(found.notes) for found in out) <= 8

    def test_an_empty_side_scatters_nothing(self):
        assert change_point([0, 0, 0, 2, 3, 2], method="poisson", **QUICK).notes == ()


class TestSeveral:
    X = np.array([[1, 3, 0, 2, 9, 8, 7], [4, np.nan, 5, 3, 4, 6, 2], [2, 2, 2, 2, 2, 2, 2.0]]).T
    NAMES = ("north", "south", "flat")

    @pytest.mark.parametrize("method", ["pettitt", "poisson", "binomial", "snht", "buishand"])
    def test_each_is_tested_as_if_alone(self, method):
        frame = pd.DataFrame(self.X, columns=self.NAMES, index=range(2016, 2023))
        total = frame * 0 + 20 if method == "binomial" else None
        if total is not None:
            total.loc[:, :] = 20.0
        options = {"method": method, "time": np.arange(2016.0, 2023.0), **QUICK}
        with pytest.warns(DegenerateDataWarning, match="Nothing varies in 1 of 3 series"):
            found = change_point(frame, total=total, **options)
        assert list(found.pvalue.index) == list(found.table.index) == list(self.NAMES)
        assert [note.code for note in found.notes][:2] == ["missing-values", "constant-series"]
        for name in self.NAMES[:2]:
            own = None if total is None else total[name]
            alone = change_point(frame[name], total=own, **options)
            assert found.pvalue[name] == alone.pvalue
            assert found.statistic[name] == alone.statistic
            for field in ("estimate", "low", "high", "n"):
                assert getattr(found.effect, field)[name] == getattr(alone.effect, field)
            sides = alone.table.iloc[:, 1].tolist()
            assert found.table.loc[name, ["before", "after"]].tolist() == sides
        assert found.pvalue["flat"] == 1.0
        if total is None:
            array = xr.DataArray(self.X.T, dims=("force", "year"), coords={"force": [*self.NAMES]})
            for x, dim in ((array, "year"), (self.X, 0), (self.X.T, 1)):
                with pytest.warns(DegenerateDataWarning):
                    again = change_point(x, dim=dim, **options)
                assert np.array_equal(np.asarray(again.pvalue), found.pvalue)
            assert found.to_frame() is not None

    def test_exposure_of_all_series(self):
        frame = pd.DataFrame(self.X[:, :2], columns=self.NAMES[:2])
        exposure = pd.Series([1.0, 2, 1, 2, 1, 2, 1])
        found = change_point(frame, exposure=exposure, method="poisson", **QUICK)
        alone = change_point(frame["south"], exposure=exposure, method="poisson", **QUICK)
        assert found.pvalue["south"] == alone.pvalue

    def test_a_short_one_is_a_verdict(self):
        frame = pd.DataFrame({"north": [1.0, 5, 2, 7], "south": [np.nan, np.nan, 3, 4]})
        for method in ("pettitt", "poisson", "pelt"):
            with pytest.warns(DegenerateDataWarning, match="1 of 2 series have fewer than 3"):
                found = change_point(frame, method=method, **QUICK)
            assert np.isnan(found.pvalue["south"])
            assert np.isnan(found.statistic["south"])
            assert not np.isnan(found.statistic["north"])
            if method != "pelt":
                assert found.effect.verdict["south"].code == "no-data"
                assert found.n.tolist() == [4, 2]

    def test_pelt(self):
        frame = pd.DataFrame({"north": [1.0, 2, 1, 9, 8, 9], "south": [3.0, 4, 3, 4, 3, 4]})
        found = change_point(frame, method="pelt", penalty=9.0)
        assert found.statistic.tolist() == [1, 0]
        assert found.table.loc["north", "end"].tolist() == [2, 5]

    def test_counts_are_refused_by_their_labels(self):
        frame = pd.DataFrame({"north": [1, 5, 2.5], "south": [1, 2, 3.0]})
        with pytest.raises(InputError, match=r"got 2\.5 at \(2, 'north'\)"):
            change_point(frame, method="poisson", **QUICK)

    def test_exposure_of_more_dimensions_than_the_series(self):
        with pytest.raises(InputError, match="`exposure` must be as `x`, or broadcast to its sh"):
            change_point([1, 2, 3], exposure=np.ones((2, 3)), method="poisson", **QUICK)

    def test_dask_is_refused(self):
        x = xr.DataArray(self.X, dims=("year", "force")).chunk({"force": 1})
        with pytest.raises(InputError, match="`x` must be in memory"):
            change_point(x, dim="year", **QUICK)


class TestEdges:
    @pytest.mark.parametrize(
        ("method", "options"),
        [
            ("pettitt", {}),
            ("snht", {}),
            ("buishand", {}),
            ("poisson", {}),
            ("binomial", {"total": [4] * 5}),
        ],
    )
    def test_constant(self, method, options):
        for value in (0, 4):
            with pytest.warns(DegenerateDataWarning, match="Nothing varies"):
                found = change_point([value] * 5, method=method, **options, **QUICK)
            assert found.pvalue == 1.0
            assert (found.effect.low, found.effect.high) == (0, 3)

    def test_missing_values_keep_their_place(self):
        x = pd.Series([1, 2, np.nan, 1, 9, 8, 9.0])
        found = change_point(x, method="poisson", **QUICK)
        rest = change_point([1, 2, 1, 9, 8, 9], time=[0, 1, 3, 4, 5, 6], method="poisson", **QUICK)
        assert found.pvalue == rest.pvalue
        assert found.effect.estimate == rest.effect.estimate == 3
        assert [note.code for note in found.notes] == ["missing-values"]

    @pytest.mark.parametrize(
        ("x", "options", "message"),
        [
            ([1.0, 2.0], {}, "`x` must be of at least 3 values, got 2"),
            ([1, np.inf, 2], {}, "`x` must be finite"),
            ([1, 2, 3], {"total": [4, 4, 4]}, "`total` must be left out unless method is 'bin"),
            ([1, 2, 3], {"exposure": [4, 4, 4]}, "`exposure` must be left out unless method is"),
            ([1, 2, 3], {"method": "binomial"}, "`total` must be given for method='binomial'"),
            ([1, 5, 3], {"method": "binomial", "total": [4, 4, 4]}, "`x` must be at most `total`"),
            ([1, 0, 3], {"method": "poisson", "exposure": [1, 0, 1]}, "`exposure` must be finite"),
            ([1, 0.5, 3], {"method": "poisson"}, "`x` must be"),
            ([1, -1, 3], {"method": "poisson"}, "`x` must be"),
            (np.ones((3, 2)), {}, "dim"),
            (np.arange(16.0), {"pvalue": "exact"}, "'monte-carlo' for more than 15 values"),
            ([1.0, 3, 2], {"pvalue": "exact", "method": "buishand"}, "and for Buishand's test"),
            ([10**5, 10**5, 9], {"pvalue": "exact", "method": "poisson"}, "for so many events"),
            ([1, 2, 3], {"method": "cusum"}, "`method` must be"),
        ],
    )
    def test_bad_input(self, x, options, message):
        with pytest.raises(InputError, match=message):
            change_point(x, **{**QUICK, **options})

    def test_labels_that_do_not_match(self):
        x = pd.Series([1, 2, 3], index=[1, 2, 3])
        with pytest.raises(LabelMismatchError):
            change_point(x, method="poisson", exposure=pd.Series([1.0, 1, 1], index=[2, 3, 4]))
