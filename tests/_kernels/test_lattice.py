"""Sums over supersets and subsets against the design matrix."""

from __future__ import annotations

import numpy as np
import pytest

from countylines._kernels import hierarchical
from countylines._kernels.lattice import Lattice, unions


@pytest.mark.parametrize("lists", [2, 5, 9])
@pytest.mark.parametrize("hidden", [True, False])
def test_sums_are_products_with_the_design(lists, hidden):
    rng = np.random.default_rng(lists)
    cells = np.arange(0 if hidden else 1, 1 << lists)
    cells = cells[rng.random(len(cells)) < 0.8]
    cells = np.union1d(cells, [(1 << lists) - 1])
    terms = np.sort(rng.choice(1 << lists, size=(3, 4)), axis=1)
    lattice = Lattice(cells)
    values, effects = rng.random((3, len(cells))), rng.random((3, 4))
    for row in range(3):
        design = hierarchical.design(cells, terms[row])
        np.testing.assert_allclose(lattice.by_term(values, terms)[row], values[row] @ design)
        gram = design.T @ (values[row][:, None] * design)
        np.testing.assert_allclose(lattice.by_union(values, unions(terms))[row], gram)
        distinct = np.unique(terms[row])
        some = effects[row, : len(distinct)]
        predictor = lattice.predictor(some[None], distinct[None])[0]
        np.testing.assert_allclose(predictor, hierarchical.design(cells, distinct) @ some)
