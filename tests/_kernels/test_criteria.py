"""Information criteria and the weights made from them."""

from __future__ import annotations

import numpy as np
import pytest

from countylines._kernels import criteria


def test_the_three_formulas():
    found = criteria.criteria(np.array([-3.5]), np.array([6]), 20.0)
    assert found["aic"][0] == 7 + 12
    assert found["aicc"][0] == pytest.approx(19 + 2 * 6 * 7 / 13)
    assert found["bic"][0] == pytest.approx(7 + 6 * np.log(20))


def test_aicc_is_infinite_without_a_spare_observation():
    penalty = criteria.penalty("aicc", np.array([3, 4, 5, 6]), 6.0)
    assert np.isfinite(penalty).tolist() == [True, True, False, False]


@pytest.mark.parametrize("name", criteria.NAMES)
def test_penalties_grow_with_the_parameters(name):
    """What the bounds of a search rest on."""
    penalty = criteria.penalty(name, np.arange(60), 61.5)
    assert (np.diff(penalty[np.isfinite(penalty)]) > 0).all()


def test_weights_do_not_depend_on_the_level_of_the_criterion():
    values = np.array([3.0, 1.0, 9.0, 2.0])
    eligible = np.array([True, True, True, False])
    found = criteria.weights(values, eligible)
    np.testing.assert_allclose(found, criteria.weights(values + 1e5, eligible), rtol=1e-9)
    assert found.sum() == pytest.approx(1)
    assert found[3] == 0
    assert found[0] / found[1] == pytest.approx(np.exp(-1))


def test_no_eligible_model_has_a_weight():
    assert criteria.weights(np.array([1.0, 2.0]), np.zeros(2, dtype=bool)).tolist() == [0, 0]
    assert criteria.weights(np.array([np.inf]), np.ones(1, dtype=bool)).tolist() == [0]
