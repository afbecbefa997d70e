"""Posteriors: quantiles, modes with their mass, and chains that disagree."""

from __future__ import annotations

import math
import pickle

import numpy as np
import pytest
from scipy import stats

import countylines as cl
from countylines.errors import ConvergenceWarning, InputError


def chains(shifts=(0, 0, 0, 0), length=1000, seed=1):
    rng = np.random.default_rng(seed)
    return 500 + np.array(shifts)[:, None] + rng.normal(0, 30, (len(shifts), length))


class TestDraws:
    def test_chains_that_agree(self):
        result = cl.Posterior.from_draws(chains(), n_observed=200)
        assert isinstance(result, cl.PopulationEstimate)
        assert result.interval_kind == "credible"
        assert result.low == pytest.approx(500 - 1.96 * 30, abs=6)
        assert result.high == pytest.approx(500 + 1.96 * 30, abs=6)
        assert result.hidden.low == pytest.approx(result.low - 200)
        assert len(result.modes) == 1
        assert result.diagnostics is not None
        assert pickle.loads(pickle.dumps(result)).identical(result)

    def test_chains_that_disagree_give_no_interval(self):
        with pytest.warns(ConvergenceWarning):
            result = cl.Posterior.from_draws(chains((0, 0, 0, 300)), n_observed=200)
        assert result.verdict.code == "chains-disagree"
        assert not result.estimable
        assert math.isnan(result.low)
        assert math.isnan(result.high)

    def test_several_modes_are_named(self):
        rng = np.random.default_rng(2)
        centre = np.where(rng.random((4, 2000)) < 0.6, 12_000, 23_000)
        draws = centre + rng.normal(0, 800, (4, 2000))
        result = cl.Posterior.from_draws(draws, n_observed=2744)
        modes = result.modes.sort_values("mode")
        assert modes["mode"].to_numpy() == pytest.approx([12_000, 23_000], rel=0.03)
        assert modes["mass"].to_numpy() == pytest.approx([0.6, 0.4], abs=0.03)
        assert "mode" in str(result)

    def test_bad_draws_are_refused(self):
        with pytest.raises(InputError):
            cl.Posterior.from_draws(np.full((2, 50), np.nan), n_observed=3)
        with pytest.raises(InputError):
            cl.Posterior.from_draws(chains(), n_observed=600)


class TestProbabilities:
    def test_quantiles_are_exact(self):
        values = np.arange(0, 200.0)
        weights = stats.poisson.pmf(values, 40)
        result = cl.Posterior.from_pmf(values, weights / weights.sum(), n_observed=0)
        assert (result.low, result.high) == (
            stats.poisson.ppf(0.025, 40),
            stats.poisson.isf(0.025, 40),
        )
        assert result.pmf is not None
        assert len(result.modes) == 1

    def test_bad_probabilities_are_refused(self):
        with pytest.raises(InputError):
            cl.Posterior.from_pmf([1.0, 2.0], [0.5, 0.6], n_observed=0)
        with pytest.raises(InputError):
            cl.Posterior.from_pmf([2.0, 1.0], [0.5, 0.5], n_observed=0)


def test_arviz_hand_off():
    pytest.importorskip("arviz_base")
    tree = cl.Posterior.from_draws(chains(), n_observed=200).to_arviz()
    assert tree["posterior"]["population"].shape == (4, 1000)
    np.testing.assert_allclose(
        tree["posterior"]["hidden"], tree["posterior"]["population"] - 200, rtol=1e-12
    )
