"""The inverse of bootstrap limits."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from countylines._kernels import bca, bootstrap_pvalue


@given(
    share=st.floats(0.01, 0.99),
    seed=st.integers(0, 2**32 - 1),
    infinite=st.integers(0, 3),
)
def test_the_share_of_a_quantile_is_its_share(share, seed, infinite):
    rng = np.random.default_rng(seed)
    values = np.sort(np.append(rng.gamma(2.0, size=99 - infinite), np.full(infinite, np.inf)))
    found = bca.quantile(values, share)
    if np.isfinite(found):
        again = bca.quantile(values, bootstrap_pvalue.share_at(values, found))
        assert again == pytest.approx(found, rel=1e-10)
        assert bootstrap_pvalue.share_at(values, found) == pytest.approx(share, abs=1e-9) or (
            found in (values[0], values[-1], values[98 - infinite])
        )


def test_ties_take_the_share_nearest_to_one_half():
    values = np.array([1.0, 2.0, 2.0, 2.0, 2.0, 3.0])
    assert bootstrap_pvalue.share_at(values, 2.0) == pytest.approx(0.5)
    many = np.array([1.0] * 80 + [2.0] * 19)
    assert bca.quantile(many, bootstrap_pvalue.share_at(many, 1.0)) == 1.0
    assert bootstrap_pvalue.share_at(many, 1.0) == pytest.approx(0.5)
    assert bootstrap_pvalue.share_at(many, 2.0) == pytest.approx((81 - 1 / 3) / (99 + 1 / 3))


def test_beyond_all_replicates_no_more_is_told_than_there_are():
    values = np.arange(1.0, 100.0)
    assert bootstrap_pvalue.share_at(values, -5.0) == pytest.approx(1 / 100)
    assert bootstrap_pvalue.share_at(values, 500.0) == pytest.approx(99 / 100)


@given(area=st.floats(0.001, 0.999), bias=st.floats(-0.5, 0.5), acceleration=st.floats(-0.15, 0.15))
def test_the_nominal_area_is_the_inverse_of_the_level(area, bias, acceleration):
    share = bca.level(area, bias, acceleration)
    assert bootstrap_pvalue.nominal(share, bias, acceleration) == pytest.approx(area, rel=1e-6)


def test_beyond_the_pole():
    assert bootstrap_pvalue.nominal(0.9999, 0.0, -0.5) == 1.0
    assert bootstrap_pvalue.nominal(0.0001, 0.0, 0.5) == 0.0
