"""One correlation for many cells: identical people, independent people, a known truth."""

from __future__ import annotations

import numpy as np
import pytest

from countylines._kernels.cluster_correlation import design_effects, pooled_correlation


def drawn(rng, cells, clusters, size, shares, alike):
    cell = np.repeat(np.arange(cells), clusters)
    share = np.asarray(shares)[cell]
    common = rng.random(cell.size) < share
    copies = rng.random((size, cell.size)) < np.sqrt(alike)
    count = np.where(copies, common, rng.random((size, cell.size)) < share).sum(axis=0)
    return count.astype(float), np.full(cell.size, float(size)), cell


def test_people_all_alike_have_a_correlation_of_one():
    count = np.array([3.0, 0, 0, 3, 2, 0, 0])
    size = np.array([3.0, 3, 3, 3, 2, 2, 2])
    assert pooled_correlation(count, size, np.array([0, 0, 0, 0, 1, 1, 1])) == 1.0


def test_by_hand():
    """Two clusters of two: squares 1 and 1 doubled by k / (k - 1), less 4 pq, over 4 pq."""
    count, size = np.array([2.0, 0.0]), np.array([2.0, 2.0])
    assert pooled_correlation(count, size, np.array([0, 0])) == 1.0  # (4 - 1) / 1, cut
    count = np.array([2.0, 1, 1, 0])
    found = pooled_correlation(count, np.full(4, 2.0), np.zeros(4, dtype=np.intp))
    assert found == pytest.approx((4 / 3 * 2 - 8 / 4) / (8 / 4))


def test_more_even_than_chance_is_taken_as_independent():
    assert pooled_correlation(np.ones(6), np.full(6, 2.0), np.zeros(6, dtype=np.intp)) == 0.0


def test_nothing_to_compare():
    zero = np.zeros(4)
    assert np.isnan(pooled_correlation(zero, np.full(4, 2.0), np.zeros(4, dtype=np.intp)))
    assert np.isnan(pooled_correlation(np.ones(1), np.full(1, 2.0), np.zeros(1, dtype=np.intp)))


@pytest.mark.parametrize("alike", [0.0, 0.3, 0.8])
def test_the_truth_is_found(alike):
    rng = np.random.default_rng(1)
    data = drawn(rng, 4, 4000, 3, [0.01, 0.05, 0.2, 0.4], alike)
    assert pooled_correlation(*data) == pytest.approx(alike, abs=0.02)


def test_design_effect_of_equal_clusters():
    found = design_effects(np.full(6, 3.0), np.array([0, 0, 0, 1, 1, 1]), 0.5)
    assert found.tolist() == [2.0, 2.0]
    assert design_effects(np.array([1.0, 3.0]), np.array([0, 0]), 1.0).tolist() == [2.5]
