"""Walks downhill of many tables are the walk of each, and the walks of a search."""

from __future__ import annotations

import numpy as np
import pytest

import countylines as cl
from countylines._kernels import criteria, downhill, hierarchical
from countylines._kernels.faces_by_row import FaceFinder
from countylines.capture_recapture import model_search

CELLS = np.arange(1, 16)
pytestmark = pytest.mark.filterwarnings("ignore::countylines.errors.CountyLinesWarning")


def tables(rows, seed):
    rng = np.random.default_rng(seed)
    sizes = hierarchical.orders_of(CELLS)
    means = 80.0 * 0.25 ** (sizes - 1) * rng.gamma(1.0, 1.0, (rows, 15))
    return rng.poisson(means).astype(float)


def penalty(name):
    def charge(parameters, sizes):
        pairs = zip(parameters, sizes, strict=True)
        return np.array([float(criteria.penalty(name, k, n)) for k, n in pairs])

    return charge


@pytest.mark.parametrize(("order", "name"), [(2, "bic"), (3, "bic"), (2, "aic")])
def test_each_ends_where_the_search_of_its_table_ends(order, name):
    counts = tables(12, seed=order)
    terms = hierarchical.all_terms(4, order)
    found = downhill.walk(counts, FaceFinder(terms, CELLS), penalty(name))
    for row in range(12):
        cells = {f"{c:04b}": int(n) for c, n in zip(CELLS, counts[row], strict=True) if n}
        table = cl.CaptureHistories.from_cells(cells, lists=list("ABCD"))
        search = model_search(table, criterion=name, max_order=order, strategy="downhill")
        assert np.exp(found.log_hidden[row]) == pytest.approx(search.best.hidden.estimate, rel=1e-8)
        names = {
            frozenset(n for j, n in enumerate("ABCD") if t >> (3 - j) & 1)
            for t in hierarchical.generators(terms[found.masks[row]].tolist())
        }
        assert names == {frozenset(g) for g in search.best.generators}


def test_no_neighbour_is_better():
    counts = tables(10, seed=5)
    terms = hierarchical.all_terms(4, 3)
    finder, charge = FaceFinder(terms, CELLS), penalty("bic")
    found = downhill.walk(counts, finder, charge)
    for row in range(10):
        near = np.concatenate(
            [found.masks[row : row + 1], hierarchical.neighbours(found.masks[row], terms)]
        )
        same = np.repeat(counts[row : row + 1], len(near), axis=0)
        deviance = downhill._scores(same, None, finder, near)[0]
        score = deviance + charge(near.sum(axis=1), same.sum(axis=1))
        assert score.argmin() == 0


def test_nothing_to_walk_on():
    apart = np.zeros((2, 15))
    apart[0, [0, 1, 3, 7]] = 5.0
    terms = hierarchical.all_terms(4, 2)
    found = downhill.walk(apart, FaceFinder(terms, CELLS), penalty("bic"))
    assert not found.masks.any()
    assert np.isnan(found.log_hidden).all()
