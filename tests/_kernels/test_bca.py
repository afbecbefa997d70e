"""BCa limits from given replicates."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from countylines._kernels import bca

REFERENCE = Path(__file__).resolve().parents[1] / "reference" / "bca.json"
CASES = json.loads(REFERENCE.read_text(encoding="utf-8"))["cases"]


@pytest.mark.reference
@pytest.mark.parametrize("case", CASES, ids=[case["id"] for case in CASES])
def test_reference(case):
    assert case["inputs"]["bootreps"] == "1500 + 10*i + i^2/7 for i=0..199"
    i = np.arange(200.0)
    replicates = 1500 + 10 * i + i**2 / 7
    bias = bca.bias(replicates, case["parameters"]["popest"])
    for share, expected in case["expected"].items():
        level = bca.level(float(share), bias, case["parameters"]["ahat"])
        found = bca.quantile(replicates, level)
        np.testing.assert_allclose(found, expected, rtol=1e-13, err_msg=share)


class TestQuantile:
    @given(
        st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=50),
        st.floats(0.0, 1.0),
    )
    def test_it_is_numpys_median_unbiased_quantile(self, values, share):
        ordered = np.sort(values)
        expected = np.quantile(ordered, share, method="median_unbiased")
        np.testing.assert_allclose(bca.quantile(ordered, share), expected, rtol=1e-9, atol=1e-5)

    def test_ends(self):
        ordered = np.array([1.0, 2.0, 4.0])
        assert bca.quantile(ordered, 0.0) == 1.0
        assert bca.quantile(ordered, 1.0) == 4.0
        assert bca.quantile(ordered, 0.5) == 2.0

    def test_infinite_replicates_stay_infinite(self):
        ordered = np.array([1.0, 2.0, 3.0, math.inf, math.inf])
        assert bca.quantile(ordered, 0.5) == 3.0
        assert bca.quantile(ordered, 0.51) == math.inf
        assert bca.quantile(ordered, 0.9) == math.inf
        assert bca.quantile(np.array([-math.inf, math.inf]), 0.1) == -math.inf
        assert bca.quantile(np.array([-math.inf, math.inf]), 0.9) == math.inf


class TestCorrections:
    def test_bias(self):
        assert bca.bias(np.array([1.0, 2.0, 3.0, 4.0]), 2.5) == 0
        np.testing.assert_allclose(
            bca.bias(np.array([1.0, 2.0, 3.0, 4.0]), 3.5), stats.norm.ppf(0.75)
        )
        assert bca.bias(np.array([1.0, 2.0]), 0.0) == -math.inf

    def test_ties_count_half_also_if_only_rounding_parts_them(self):
        assert bca.bias(np.array([1.0, 2.0, 2.0, 3.0]), 2.0) == 0
        assert bca.bias(np.array([0.1, 0.1 + 0.2, 0.3, 0.5]), 0.3) == 0
        assert bca.bias(np.array([1.0, np.inf, np.inf]), np.inf) == bca.bias(
            np.array([1.0, 2.0, 2.0]), 2.0
        )

    def test_acceleration_of_the_mean_is_its_skewness(self):
        data = np.array([1.0, 2, 2, 3, 9])
        left_out = np.array([np.delete(data, i).mean() for i in range(5)])
        expected = stats.skew(data) / (6 * np.sqrt(5))
        np.testing.assert_allclose(bca.acceleration(left_out, np.ones(5)), expected, rtol=1e-12)

    def test_observations_that_are_alike_may_be_counted(self):
        alike = bca.acceleration(np.array([1.0, 2.0, 4.0]), np.array([3.0, 2.0, 1.0]))
        apart = bca.acceleration(np.array([1.0, 1, 1, 2, 2, 4]), np.ones(6))
        np.testing.assert_allclose(alike, apart, rtol=1e-14)

    def test_observations_that_do_not_matter(self):
        assert bca.acceleration(np.full(5, 3.0), np.ones(5)) == 0

    def test_without_corrections_the_level_is_kept(self):
        for share in (0.001, 0.025, 0.5, 0.9):
            np.testing.assert_allclose(bca.level(share, 0.0, 0.0), share, rtol=1e-12)

    def test_its_definition(self):
        score = 0.2 + stats.norm.ppf(0.1)
        expected = stats.norm.cdf(0.2 + score / (1 - 0.05 * score))
        np.testing.assert_allclose(bca.level(0.1, 0.2, 0.05), expected, rtol=1e-13)

    @pytest.mark.parametrize("acceleration", [-0.9, -0.3, 0.0, 0.3, 0.9])
    def test_levels_keep_their_order_even_beyond_the_pole(self, acceleration):
        shares = np.linspace(1e-6, 1 - 1e-6, 501)
        levels = [bca.level(share, 0.1, acceleration) for share in shares]
        assert np.all(np.diff(levels) >= 0)
        assert 0 <= min(levels) <= max(levels) <= 1
