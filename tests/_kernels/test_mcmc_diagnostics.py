"""Diagnostics of chains: against known truths, their own definitions, and arviz-stats."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from countylines._kernels import mcmc_diagnostics as diagnostics

REFERENCE = Path(__file__).resolve().parents[1] / "reference" / "mcmc_diagnostics.json"
CASES = json.loads(REFERENCE.read_text(encoding="utf-8"))["cases"]


def autoregressive(correlation, chains, length, rng):
    """Chains with a known autocorrelation, begun in their own distribution."""
    steps = rng.normal(size=(chains, length))
    values = np.empty((chains, length))
    values[:, 0] = steps[:, 0]
    for i in range(1, length):
        values[:, i] = correlation * values[:, i - 1] + np.sqrt(1 - correlation**2) * steps[:, i]
    return values


@pytest.mark.reference
@pytest.mark.parametrize("case", CASES, ids=[case["id"] for case in CASES])
def test_reference(case):
    draws = np.array(case["inputs"]["draws"])
    for name, expected in case["expected"].items():
        found = getattr(diagnostics, name)(draws)
        np.testing.assert_allclose(found, expected, rtol=case["tolerance"]["rtol"], err_msg=name)


class TestRanks:
    def test_normal_scores(self):
        draws = np.array([[3.0, 1.0], [2.0, 4.0]])
        expected = stats.norm.ppf((np.array([[3, 1], [2, 4]]) - 0.375) / 4.25)
        np.testing.assert_allclose(diagnostics.rank_normalised(draws), expected, rtol=1e-14)

    def test_ties_share_their_mean_rank(self):
        values = np.array([5.0, 1, 5, 2, 5, 1])
        np.testing.assert_array_equal(diagnostics._mean_ranks(values), stats.rankdata(values))

    @given(st.lists(st.integers(0, 5), min_size=2, max_size=40))
    def test_ranks_are_those_of_scipy(self, values):
        array = np.array(values, dtype=float)
        np.testing.assert_array_equal(diagnostics._mean_ranks(array), stats.rankdata(array))

    def test_halves_of_a_chain(self):
        draws = np.arange(10.0).reshape(2, 5)
        assert diagnostics.split_chains(draws).tolist() == [[0, 1], [5, 6], [3, 4], [8, 9]]


class TestRhat:
    def split_rhat(self, draws):
        """Gelman and Rubin's statistic of halves of chains, written out."""
        half = draws.shape[1] // 2
        parts = np.vstack([draws[:, :half], draws[:, -half:]])
        within = np.mean([part.var(ddof=1) for part in parts])
        between = half * np.var([part.mean() for part in parts], ddof=1)
        return np.sqrt(((half - 1) / half * within + between / half) / within)

    def test_its_definition(self):
        draws = np.random.default_rng(1).normal(size=(3, 41))
        halves = diagnostics.split_chains(draws)
        scores = stats.norm.ppf((stats.rankdata(halves).reshape(halves.shape) - 0.375) / 120.25)
        whole = np.hstack([scores[:3], scores[3:]])
        folded = np.abs(halves - np.median(halves))
        spread = stats.norm.ppf((stats.rankdata(folded).reshape(halves.shape) - 0.375) / 120.25)
        expected = max(self.split_rhat(whole), self.split_rhat(np.hstack([spread[:3], spread[3:]])))
        np.testing.assert_allclose(diagnostics.rank_rhat(draws), expected, rtol=1e-13)

    def test_near_one_for_independent_draws(self):
        rng = np.random.default_rng(2)
        values = [float(diagnostics.rank_rhat(rng.normal(size=(4, 500)))) for _ in range(200)]
        assert 0.999 < np.mean(values) < 1.004
        assert max(values) < 1.02

    @pytest.mark.parametrize(("shift", "least"), [(0.5, 1.015), (1.0, 1.06), (3.0, 1.3)])
    def test_a_chain_elsewhere(self, shift, least):
        draws = np.random.default_rng(3).normal(size=(4, 1000))
        draws[3] += shift
        assert diagnostics.rank_rhat(draws) > least

    def test_a_chain_of_another_spread(self):
        draws = np.random.default_rng(4).normal(size=(4, 1000))
        draws[3] *= 3
        assert diagnostics.rank_rhat(draws) > 1.1

    def test_a_chain_that_drifts(self):
        draws = np.random.default_rng(5).normal(size=(1, 1000)) + np.linspace(0, 2, 1000)
        assert diagnostics.rank_rhat(draws) > 1.1

    def test_chains_without_a_mean(self):
        rng = np.random.default_rng(6)
        assert diagnostics.rank_rhat(rng.standard_cauchy(size=(4, 1000))) < 1.01
        wide = rng.standard_cauchy(size=(4, 1000))
        wide[0] *= 50
        assert diagnostics.rank_rhat(wide) > 1.1

    def test_infinite_draws(self):
        draws = np.random.default_rng(7).normal(size=(4, 400))
        draws[:, ::10] = np.inf
        assert 0.99 < diagnostics.rank_rhat(draws) < 1.01
        draws[0] = np.inf
        assert diagnostics.rank_rhat(draws) > 1.1

    def test_mostly_infinite_draws(self):
        draws = np.full((2, 100), np.inf)
        draws[:, ::3] = np.random.default_rng(8).normal(size=(2, 34))
        assert 0.98 < diagnostics.rank_rhat(draws) < 1.05

    def test_draws_that_are_all_equal(self):
        assert np.isnan(diagnostics.rank_rhat(np.full((4, 20), 7.0)))

    def test_chains_stuck_apart(self):
        draws = np.repeat([[1.0], [2.0]], 20, axis=1)
        assert diagnostics.rank_rhat(draws) > 1e6

    @given(st.integers(0, 2**32 - 1))
    def test_any_increasing_change_of_scale_keeps_the_ranks(self, seed):
        draws = np.random.default_rng(seed).normal(size=(3, 30))
        for name in ("bulk_ess", "tail_ess"):
            function = getattr(diagnostics, name)
            np.testing.assert_allclose(function(np.exp(draws)), function(draws), rtol=1e-12)

    @given(st.integers(0, 2**32 - 1))
    def test_the_order_of_chains_does_not_matter(self, seed):
        draws = np.random.default_rng(seed).poisson(5, size=(4, 30)).astype(float)
        for function in (diagnostics.rank_rhat, diagnostics.bulk_ess, diagnostics.tail_ess):
            np.testing.assert_allclose(function(draws[[2, 0, 3, 1]]), function(draws), rtol=1e-9)


class TestEffectiveSize:
    @pytest.mark.parametrize("correlation", [-0.5, 0.0, 0.5, 0.9])
    def test_the_known_size_of_an_autoregression(self, correlation):
        rng = np.random.default_rng(9)
        sizes = [
            float(diagnostics.effective_size(autoregressive(correlation, 4, 2000, rng)))
            for _ in range(40)
        ]
        truth = 8000 * (1 - correlation) / (1 + correlation)
        assert abs(np.mean(sizes) / truth - 1) < 0.06

    def test_it_tells_the_error_of_the_mean(self):
        rng = np.random.default_rng(10)
        chains = [autoregressive(0.7, 2, 1000, rng) for _ in range(200)]
        error = np.std([chain.mean() for chain in chains])
        size = np.mean([float(diagnostics.effective_size(chain)) for chain in chains])
        assert abs(error / (1 / np.sqrt(size)) - 1) < 0.15

    def test_alternating_chains_are_capped(self):
        draws = np.tile([1.0, -1.0], (4, 100)) + 1e-3 * np.random.default_rng(11).normal(
            size=(4, 200)
        )
        np.testing.assert_allclose(diagnostics.effective_size(draws), 800 * np.log10(800))

    def test_draws_that_are_all_equal(self):
        draws = np.full((4, 20), 7.0)
        assert np.isnan(diagnostics.bulk_ess(draws))
        assert np.isnan(diagnostics.tail_ess(draws))

    def test_the_tail_may_know_less_than_the_bulk(self):
        rng = np.random.default_rng(12)
        draws = rng.normal(size=(4, 1000))
        scale = np.where(autoregressive(0.995, 4, 1000, rng) > 1, 10.0, 1.0)
        assert diagnostics.tail_ess(draws * scale) < 0.3 * diagnostics.bulk_ess(draws * scale)

    def test_autocovariances(self):
        draws = np.random.default_rng(13).normal(size=(2, 17))
        found = diagnostics._autocovariance(draws)
        for chain, row in zip(draws, found, strict=True):
            centred = chain - chain.mean()
            direct = [np.sum(centred[: 17 - lag] * centred[lag:]) / 17 for lag in range(17)]
            np.testing.assert_allclose(row, direct, atol=1e-14)


def test_axes_before_chain_and_draw_are_kept():
    draws = np.random.default_rng(14).normal(size=(2, 3, 4, 50))
    for function in (diagnostics.rank_rhat, diagnostics.bulk_ess, diagnostics.tail_ess):
        found = function(draws)
        assert found.shape == (2, 3)
        for place in np.ndindex(2, 3):
            np.testing.assert_allclose(found[place], function(draws[place]), rtol=1e-12)


@pytest.mark.parametrize("length", [2, 3, 4, 5, 6, 7, 9, 10, 11])
def test_short_chains_do_not_fail(length):
    draws = np.random.default_rng(length).normal(size=(2, length))
    assert np.isfinite(diagnostics.effective_size(draws))
    if length >= diagnostics.FEWEST_DRAWS:
        assert np.isfinite(diagnostics.rank_rhat(draws))
        assert diagnostics.bulk_ess(draws) > 0
