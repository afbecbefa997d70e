"""Modes of pmfs and of draws: found where they are, and not where they are not."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from countylines._kernels import modes


def pmf(weights):
    weights = np.asarray(weights, dtype=float)
    return np.arange(float(weights.size)), weights / weights.sum()


def found(weights):
    hills = modes.modes_of_pmf(*pmf(weights))
    return hills.mode.tolist(), np.round(hills.mass, 10).tolist()


class TestProbabilities:
    def test_one_value(self):
        assert found([1]) == ([0], [1])

    def test_one_hill(self):
        assert found([1, 2, 5, 2, 1]) == ([2], [1])

    def test_a_slope_either_way(self):
        assert found([5, 4, 3, 2, 1]) == ([0], [1])
        assert found([1, 2, 3, 4, 5]) == ([4], [1])

    def test_flat(self):
        assert found([1, 1, 1, 1]) == ([0], [1])

    def test_two_hills(self):
        assert found([2, 6, 1, 5, 6]) == ([1, 4], [0.4, 0.6])

    def test_the_valley_must_be_half_as_deep(self):
        assert found([10, 5, 10]) == ([0, 2], [0.4, 0.6])
        assert found([10, 5.001, 10])[0] == [0]
        assert found([10, 4, 7.9])[0] == [0]
        assert found([10, 4, 8])[0] == [0, 2]

    def test_a_small_hill_is_part_of_its_neighbour(self):
        assert found([0, 96, 0, 4, 0])[0] == [1]
        assert found([0, 95, 0, 5, 0])[0] == [1, 3]

    def test_a_small_hill_joins_across_the_shallower_valley(self):
        hills = modes.modes_of_pmf(*pmf([40, 0, 4, 1, 55]))
        assert hills.mode.tolist() == [0, 4]
        assert hills.first.tolist() == [0, 1]
        np.testing.assert_allclose(hills.mass, [0.4, 0.6])

    def test_many_small_hills_join_until_each_holds_its_share(self):
        weights = np.zeros(100)
        weights[::2] = stats.norm.pdf(np.arange(50), 25, 10)
        hills = modes.modes_of_pmf(*pmf(weights))
        assert len(hills.mode) < 50
        assert (hills.mass >= modes.LEAST_MASS).all()

    def test_three_hills_of_which_two_are_one(self):
        assert found([10, 1, 6, 5, 10, 1])[0] == [0, 4]

    def test_a_gap_is_shared(self):
        hills = modes.modes_of_pmf(*pmf([5, 0, 0, 0, 0, 5]))
        assert hills.first.tolist() == [0, 3]
        assert hills.last.tolist() == [2, 5]

    def test_values_need_not_be_neighbours(self):
        hills = modes.modes_of_pmf(np.array([10.0, 20, 500]), np.array([0.4, 0.1, 0.5]))
        assert hills.mode.tolist() == [10, 500]

    def test_rounding_far_out_makes_no_hills(self):
        values = np.arange(5000.0)
        probabilities = stats.nbinom.pmf(values, 5, 0.02)
        noise = np.random.default_rng(1).random(5000) * 1e-14
        assert len(modes.modes_of_pmf(values, probabilities + noise).mode) == 1

    @pytest.mark.parametrize("distance", [2.5, 3.2, 4, 6])
    def test_two_normal_hills(self, distance):
        x = np.linspace(-5, distance + 5, 4001)
        density = stats.norm.pdf(x) + stats.norm.pdf(x, distance)
        top, valley = density.max(), density[np.argmin(np.abs(x - distance / 2))]
        assert len(found(density)[0]) == (2 if valley <= 0.5 * top else 1)

    @given(st.lists(st.floats(0.0, 1.0), min_size=1, max_size=30).filter(lambda w: sum(w) > 0.01))
    def test_what_always_holds(self, weights):
        values, probabilities = pmf(weights)
        hills = modes.modes_of_pmf(values, probabilities)
        np.testing.assert_allclose(hills.mass.sum(), 1.0)
        assert probabilities.max() == max(probabilities[hills.mode.astype(int)])
        assert np.all(hills.mass >= modes.LEAST_MASS - 1e-12) or len(hills.mode) == 1
        assert np.all((hills.first <= hills.mode) & (hills.mode <= hills.last))
        assert (hills.first[0], hills.last[-1]) == (values[0], values[-1])
        np.testing.assert_array_equal(hills.last[:-1] + 1, hills.first[1:])
        for first, last, mode, mass in zip(
            hills.first, hills.last, hills.mode, hills.mass, strict=True
        ):
            part = probabilities[int(first) : int(last) + 1]
            np.testing.assert_allclose(part.sum(), mass, atol=1e-12)
            assert probabilities[int(mode)] == part.max()
        tops = hills.mode.astype(int)
        for left, right in itertools.pairwise(tops):
            valley = probabilities[left : right + 1].min()
            lower = min(probabilities[left], probabilities[right])
            assert valley <= modes.VALLEY * lower

    @given(st.lists(st.integers(0, 20), min_size=2, max_size=25).filter(any))
    def test_turned_round_the_modes_turn_round(self, weights):
        forth, back = found(weights), found(weights[::-1])
        assert len(forth[0]) == len(back[0])
        tops = np.array(weights)[np.array(forth[0], dtype=int)]
        turned = np.array(weights[::-1])[np.array(back[0], dtype=int)]
        assert sorted(tops) == sorted(turned)


UNIMODAL = {
    "normal": lambda rng, n: rng.normal(size=n),
    "gamma": lambda rng, n: rng.gamma(2, size=n),
    "slope": lambda rng, n: rng.exponential(size=n),
    "long tail": lambda rng, n: rng.lognormal(0, 1.5, size=n),
    "no mean": lambda rng, n: rng.standard_cauchy(size=n),
    "few counts": lambda rng, n: rng.poisson(3, size=n).astype(float),
    "counts": lambda rng, n: rng.poisson(300, size=n).astype(float),
    "skew counts": lambda rng, n: rng.negative_binomial(2, 0.01, size=n).astype(float),
    "even": lambda rng, n: rng.random(n),
}


class TestDraws:
    @pytest.mark.parametrize("size", [200, 1000, 4000])
    @pytest.mark.parametrize("name", UNIMODAL)
    def test_one_hill_is_hardly_ever_taken_for_several(self, name, size):
        rng = np.random.default_rng(2)
        many = [
            len(modes.modes_of_draws(UNIMODAL[name](rng, size), size).mode) > 1 for _ in range(50)
        ]
        assert np.mean(many) <= 0.06

    @pytest.mark.parametrize(("size", "distance"), [(1000, 4), (1000, 8), (4000, 4), (4000, 100)])
    def test_two_hills_far_apart_are_found(self, size, distance):
        rng = np.random.default_rng(3)
        for _ in range(50):
            draws = rng.normal(size=size) + distance * (rng.random(size) < 0.4)
            hills = modes.modes_of_draws(draws, size)
            assert len(hills.mode) == 2
            np.testing.assert_allclose(hills.mass, [0.6, 0.4], atol=0.1)
            np.testing.assert_allclose(hills.mode, [0, distance], atol=0.9)

    def test_a_sharp_hill_beside_a_wide_one(self):
        rng = np.random.default_rng(4)
        sharp, wide = rng.normal(100, 1, size=1000), rng.normal(2000, 500, size=1000)
        hills = modes.modes_of_draws(np.concatenate([sharp, wide]), 2000)
        assert len(hills.mode) == 2
        assert abs(hills.mode[0] - 100) < 1
        assert abs(hills.mode[1] - 2000) < 300

    def test_a_slope_has_its_mode_near_its_start(self):
        rng = np.random.default_rng(5)
        tops = [modes.modes_of_draws(rng.exponential(size=4000), 4000).mode[0] for _ in range(50)]
        assert np.mean(tops) < 0.12

    def test_many_draws_take_little_longer(self):
        draws = np.random.default_rng(10).normal(size=1_000_000)
        hills = modes.modes_of_draws(draws, 1e6)
        assert len(hills.mode) == 1
        assert abs(hills.mode[0]) < 0.2

    def test_a_mode_is_a_draw(self):
        draws = np.random.default_rng(6).poisson(40, size=2000).astype(float)
        hills = modes.modes_of_draws(draws, 2000)
        assert hills.mode[0] in draws
        assert (hills.first[0], hills.last[0]) == (draws.min(), draws.max())

    def test_the_unit_does_not_matter(self):
        rng = np.random.default_rng(7)
        draws = np.concatenate([rng.normal(0, 1, 500), rng.normal(9, 2, 500)])
        one, other = (modes.modes_of_draws(d, 1000) for d in (draws, 1e6 * draws + 1e3))
        np.testing.assert_allclose(other.mode, 1e6 * one.mode + 1e3)
        np.testing.assert_allclose(other.mass, one.mass)

    def test_fewer_independent_draws_see_less(self):
        rng = np.random.default_rng(8)
        draws = np.concatenate([rng.normal(0, 1, 3600), rng.normal(8, 1, 400)])
        assert len(modes.modes_of_draws(draws, 4000).mode) == 2
        assert len(modes.modes_of_draws(draws, 60).mode) == 1

    def test_draws_and_probabilities_agree(self):
        values = np.arange(200.0)
        mixed = 0.7 * stats.poisson.pmf(values, 30) + 0.3 * stats.poisson.pmf(values, 120)
        exact = modes.modes_of_pmf(values, mixed / mixed.sum())
        draws = np.random.default_rng(9).choice(values, size=8000, p=mixed / mixed.sum())
        rough = modes.modes_of_draws(draws, 8000)
        np.testing.assert_allclose(rough.mode, exact.mode, atol=6)
        np.testing.assert_allclose(rough.mass, exact.mass, atol=0.02)

    @pytest.mark.parametrize(
        "draws",
        [
            np.full(100, 7.0),
            np.repeat([1.0, 2.0], 50),
            np.concatenate([np.full(60, 5.0), np.full(40, np.inf)]),
            np.full(50, np.inf),
            np.array([1.0, 2.0]),
            np.array([3.0]),
            np.concatenate([np.full(500, 0.1), np.random.default_rng(0).normal(size=500)]),
        ],
        ids=["equal", "two values", "some infinite", "all infinite", "two", "one", "stuck"],
    )
    def test_awkward_draws_do_not_fail(self, draws):
        hills = modes.modes_of_draws(draws, draws.size)
        np.testing.assert_allclose(hills.mass.sum(), 1.0)
        assert np.all(np.isin(hills.mode, draws))

    def test_a_value_between_two_is_not_a_valley_if_draws_are_there(self):
        draws = np.repeat([1.0, 2.0, 3.0], [500, 100, 400])
        hills = modes.modes_of_draws(draws, 1000)
        assert hills.mode.tolist() == [1.0, 3.0]

    @given(st.integers(0, 2**32 - 1), st.integers(20, 400))
    def test_what_always_holds(self, seed, size):
        draws = np.random.default_rng(seed).negative_binomial(2, 0.1, size=size).astype(float)
        hills = modes.modes_of_draws(draws.reshape(2, -1) if size % 2 == 0 else draws, size)
        np.testing.assert_allclose(hills.mass.sum(), 1.0)
        assert np.all(hills.mass > 0)
        assert np.all(np.diff(hills.mode) > 0) or len(hills.mode) == 1
        assert np.all((hills.first <= hills.mode) & (hills.mode <= hills.last))
