"""Shares with people of unknown group: ends that are binomial, limits that meet, inversions."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import ndtr

from countylines._kernels import binomial, missing_share

EXACT = ("mid-p", "clopper-pearson", "wilson")
counts = st.tuples(st.integers(0, 60), st.integers(0, 90), st.integers(0, 50))


def columns(x, other, missing, value, last):
    return [np.array([v], dtype=float) for v in (x, x + other, missing, value, last)]


def one(found):
    return float(found[0])


class TestEnds:
    @given(counts, st.sampled_from(EXACT), st.sampled_from([0.025, 0.05, 0.3]))
    def test_worst_cases_are_binomial_shares_of_everybody(self, sample, method, tail):
        x, other, missing = sample
        if x + other + missing == 0:
            return
        n = np.array([float(x + other + missing)])
        for kind, last in (("share", 1.0), ("odds", np.inf)):
            for side, word in ((1, "greater"), (-1, "less")):
                for value, top in ((0.0, x), (last, x + missing)):
                    found = missing_share.limit(
                        kind, side, method, *columns(x, other, missing, value, tail)
                    )
                    exact = binomial.one_sided_limit(
                        np.array([float(top)]), n, tail=tail, side=word, method=method
                    )
                    assert one(found) == one(exact)

    @given(counts, st.sampled_from(EXACT))
    def test_equal_odds_are_the_known_share(self, sample, method):
        x, other, missing = sample
        if x + other == 0:
            return
        known = np.array([float(x + other)])
        exact = binomial.one_sided_limit(
            np.array([float(x)]), known, tail=0.025, side="greater", method=method
        )
        found = missing_share.limit("odds", 1, method, *columns(x, other, missing, 1.0, 0.025))
        if missing > 0:
            assert one(found) == one(exact)
            near = missing_share.limit(
                "odds", 1, method, *columns(x, other, missing, 1.0 + 1e-9, 0.025)
            )
            assert one(near) == pytest.approx(one(exact), abs=1e-8)

    @given(counts, st.sampled_from(EXACT))
    def test_limits_between_meet_those_at_the_ends(self, sample, method):
        x, other, missing = sample
        if x + other + missing == 0:
            return
        for value, near in ((0.0, 1e-12), (1.0, 1.0 - 1e-12)):
            for side in (1, -1):
                ends = [
                    one(
                        missing_share.limit(
                            "share", side, method, *columns(x, other, missing, v, 0.025)
                        )
                    )
                    for v in (value, near)
                ]
                assert ends[1] == pytest.approx(ends[0], abs=1e-9)


class TestOrder:
    @given(
        counts,
        st.sampled_from(["share", "odds"]),
        st.sampled_from([0.0, 0.05, 0.3, 0.8, 0.99]),
        st.sampled_from(EXACT),
        st.sampled_from([0.005, 0.025, 0.2]),
    )
    def test_limits_enclose_the_estimate(self, sample, kind, share, method, tail):
        x, other, missing = sample
        if x + other == 0:
            return
        value = share if kind == "share" else share / (1.0 - share)
        data = columns(x, other, missing, value, tail)
        low, high = (one(missing_share.limit(kind, side, method, *data)) for side in (1, -1))
        middle = one(missing_share.estimate(kind, *data[:4]))
        assert 0.0 <= low <= middle + 1e-15
        assert middle - 1e-15 <= high <= 1.0

    @given(counts, st.sampled_from(EXACT), st.sampled_from([1, -1, 0]))
    def test_the_limit_grows_with_the_odds(self, sample, method, side):
        x, other, missing = sample
        if x == 0 or other == 0:
            return
        values = np.exp(np.linspace(-5.0, 5.0, 41))
        data = [np.full(41, float(v)) for v in (x, x + other, missing)]
        if side == 0:
            found = missing_share.estimate("odds", *data, values)
        else:
            found = missing_share.limit("odds", side, method, *data, values, np.full(41, 0.025))
        assert (np.diff(found) >= -1e-12).all()


class TestInversion:
    @given(
        counts,
        st.sampled_from(["share", "odds"]),
        st.floats(0.001, 0.999),
        st.floats(0.01, 0.99),
        st.sampled_from(EXACT),
        st.sampled_from([1, -1]),
    )
    def test_the_limit_at_the_tail_is_the_share(self, sample, kind, share, null, method, side):
        x, other, missing = sample
        if x + other == 0:
            return
        value = share if kind == "share" else share / (1.0 - share)
        data = columns(x, other, missing, value, null)
        tail = missing_share.tail(kind, side, method, *data)
        if 1e-200 < one(tail) < 0.4999:
            back = missing_share.limit(kind, side, method, *data[:4], tail)
            assert one(back) == pytest.approx(null, rel=1e-10)

    @given(
        counts,
        st.sampled_from(["share", "odds"]),
        st.floats(0.02, 0.9),
        st.sampled_from([1, 0, -1]),
    )
    def test_the_value_found_gives_the_share(self, sample, kind, goal, side):
        x, other, missing = sample
        if x + other == 0 or missing == 0:
            return
        data = columns(x, other, missing, 0.025, goal)
        value, reach = missing_share.value_at(kind, side, "mid-p", *data)
        if reach[0] != 0:
            ends = (0.0, 1.0) if kind == "share" else (np.exp(-60.0), np.exp(60.0))
            far = np.array([ends[0] if reach[0] < 0 else ends[1]])
            if side == 0:
                found = missing_share.estimate(kind, *data[:3], far)
            else:
                found = missing_share.limit(kind, side, "mid-p", *data[:3], far, data[3])
            assert (one(found) > goal) == (reach[0] < 0)
            return
        if side == 0:
            found = missing_share.estimate(kind, *data[:3], value)
        else:
            found = missing_share.limit(kind, side, "mid-p", *data[:3], value, data[3])
        # where the limit jumps, as at odds of 1 with few people, the bracket of the jump is found
        assert one(found) == pytest.approx(goal, rel=1e-8)


class TestCriticalValues:
    @given(st.floats(0.0, 5.0), st.floats(0.001, 2.0), st.sampled_from([0.5, 0.8, 0.95, 0.99]))
    def test_they_solve_their_equation(self, width, error, level):
        c = missing_share.critical_values(np.array([width]), np.array([error]), level)
        assert one(ndtr(c + width / error) - ndtr(-c)) == pytest.approx(level, abs=1e-12)

    def test_no_error_is_one_sided(self):
        c = missing_share.critical_values(np.array([0.2]), np.array([0.0]), 0.95)
        assert one(c) == pytest.approx(1.6448536269514722, rel=1e-12)

    def test_no_width_is_two_sided(self):
        c = missing_share.critical_values(np.array([0.0]), np.array([0.0]), 0.95)
        assert one(c) == pytest.approx(1.959963984540054, rel=1e-12)


class TestStandardError:
    @pytest.mark.parametrize(
        ("kind", "value"), [("share", 0.3), ("odds", 0.5), ("odds", 0.0), ("odds", np.inf)]
    )
    def test_it_is_the_spread_over_samples(self, kind, value):
        rng = np.random.default_rng(4)
        p, w, n = 0.3, 0.2, 4000
        missing = rng.binomial(n, w, 20_000).astype(float)
        known = n - missing
        count = rng.binomial(known.astype(int), p).astype(float)
        values = np.full(count.shape, value)
        spread = missing_share.estimate(kind, count, known, missing, values).std()
        center = (np.array([v]) for v in (p * (1 - w) * n, (1 - w) * n, w * n, value))
        assert one(missing_share.standard_error(kind, *center)) == pytest.approx(spread, rel=0.02)


class TestDefinition:
    """The distances that MOVER adds, put together by hand."""

    @pytest.mark.parametrize("side", [1, -1])
    def test_a_weighted_mean_of_two_correlated_shares(self, side):
        x, other, missing, s, tail = 12.0, 40.0, 20.0, 0.3, 0.025
        n, word = 72.0, "greater" if side > 0 else "less"
        none, every = x / n, (x + missing) / n
        ends = [
            one(
                binomial.one_sided_limit(
                    np.array([top]), np.array([n]), tail=tail, side=word, method="mid-p"
                )
            )
            for top in (x, x + missing)
        ]
        first, second = (1 - s) * abs(none - ends[0]), s * abs(every - ends[1])
        # of two indicators of which the first implies the second
        covariance = none - none * every
        correlation = covariance / np.sqrt(none * (1 - none) * every * (1 - every))
        away = np.sqrt(first**2 + second**2 + 2 * correlation * first * second)
        found = missing_share.limit("share", side, "mid-p", *columns(x, other, missing, s, tail))
        expected = (1 - s) * none + s * every - side * away
        assert one(found) == pytest.approx(expected, rel=1e-12)

    @pytest.mark.parametrize("side", [1, -1])
    @pytest.mark.parametrize("odds", [0.2, 4.0])
    def test_two_independent_shares(self, side, odds):
        x, other, missing, tail = 12.0, 40.0, 20.0, 0.025
        known, n = x + other, x + other + missing

        def limit_of(top, total, word):
            return one(
                binomial.one_sided_limit(
                    np.array([top]), np.array([total]), tail=tail, side=word, method="mid-p"
                )
            )

        def whole(p, w):
            return (1 - w) * p + w * odds * p / (1 - p + odds * p)

        p, w = x / known, missing / n
        p_end = limit_of(x, known, "greater" if side > 0 else "less")
        ends = [limit_of(missing, n, word) for word in ("greater", "less")]
        # the limit of the share missing that moves the ratio to this side
        w_end = min(ends, key=lambda end: side * whole(p, end))
        away = np.hypot(whole(p, w) - whole(p_end, w), whole(p, w) - whole(p, w_end))
        found = missing_share.limit("odds", side, "mid-p", *columns(x, other, missing, odds, tail))
        assert one(found) == pytest.approx(whole(p, w) - side * away, rel=1e-12)
