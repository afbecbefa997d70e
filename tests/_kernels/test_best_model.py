"""The best model found with bounds is the best of all models, in dense and sparse tables."""

from __future__ import annotations

import numpy as np
import pytest

from countylines._kernels import best_model, criteria, hierarchical, rows_fitted
from countylines._kernels.faces_by_row import FaceFinder


def family(lists, order):
    terms = hierarchical.all_terms(lists, order)
    masks = hierarchical.all_models(terms)
    return terms, masks, best_model.family(masks, terms)


def penalties(name, masks, counts):
    nothing, parameters = np.zeros(len(masks)), masks.sum(axis=1)
    sizes = np.maximum(counts.sum(axis=1), 1.0)
    return np.stack([criteria.criteria(nothing, parameters, n)[name] for n in sizes])


def tables(lists, kind, rows, seed):
    """Random tables: from a few units to millions, with many and few empty cells."""
    rng = np.random.default_rng(seed)
    cells = np.arange(1, 1 << lists)
    sizes = np.array([hierarchical.order(int(c)) for c in cells])
    if kind == "dense":
        return rng.poisson(rng.gamma(2.0, 40.0, (rows, len(cells)))).astype(float)
    if kind == "huge":
        return np.floor(10.0 ** rng.uniform(2, 7, (rows, len(cells))))
    scale = {"sparse": 60.0, "very sparse": 8.0}[kind]
    means = scale * 0.2 ** (sizes - 1) * rng.gamma(1.0, 1.0, (rows, len(cells)))
    return rng.poisson(means).astype(float)


@pytest.mark.parametrize("name", ["bic", "aic", "aicc"])
@pytest.mark.parametrize("kind", ["dense", "sparse", "very sparse", "huge"])
@pytest.mark.parametrize(("lists", "order", "rows"), [(3, 2, 40), (4, 2, 20), (4, 3, 8)])
def test_bounds_change_nothing(lists, order, rows, kind, name):
    terms, masks, models = family(lists, order)
    counts = tables(lists, kind, rows, seed=lists + order)
    finder = FaceFinder(terms, np.arange(1, 1 << lists))
    penalty = penalties(name, masks, counts)
    pruned = best_model.best(counts, models, finder, penalty)
    every = best_model.best(counts, models, finder, penalty, prune=False)
    np.testing.assert_array_equal(pruned.model, every.model)
    np.testing.assert_array_equal(pruned.code, every.code)
    np.testing.assert_allclose(pruned.log_hidden, every.log_hidden, rtol=1e-9)


@pytest.mark.parametrize("kind", ["dense", "sparse", "very sparse"])
def test_bounds_change_nothing_among_the_pairs_of_five_lists(kind):
    terms, masks, models = family(5, 2)
    counts = tables(5, kind, 4, seed=9)
    finder = FaceFinder(terms, np.arange(1, 32))
    penalty = penalties("bic", masks, counts)
    pruned = best_model.best(counts, models, finder, penalty)
    every = best_model.best(counts, models, finder, penalty, prune=False)
    np.testing.assert_array_equal(pruned.model, every.model)
    assert pruned.fitted < every.fitted / 2


def test_rows_do_not_know_of_each_other(monkeypatch):
    terms, masks, models = family(4, 2)
    counts = tables(4, "sparse", 25, seed=3)
    penalty = penalties("bic", masks, counts)
    finder = FaceFinder(terms, np.arange(1, 16))
    together = best_model.best(counts, models, finder, penalty)
    monkeypatch.setattr(best_model, "NUMBERS_AT_ONCE", 64 * 3)
    apart = best_model.best(counts, models, finder, penalty)
    np.testing.assert_array_equal(together.model, apart.model)
    np.testing.assert_allclose(together.log_hidden, apart.log_hidden, rtol=1e-10)


def test_no_model_has_an_estimate():
    terms, masks, models = family(3, 2)
    counts = np.zeros((2, 7))
    counts[1, [0, 1, 3]] = 5.0  # three lists that never meet
    found = best_model.best(
        counts, models, FaceFinder(terms, np.arange(1, 8)), penalties("bic", masks, counts)
    )
    assert found.model.tolist() == [-1, -1]
    assert np.isnan(found.log_hidden).all()


def test_the_bounding_models_hold_all_but_what_they_lack():
    terms, masks, models = family(4, 3)
    chosen = masks[models.bounding]
    assert masks.any(axis=0).tolist() in chosen.tolist()
    for model in masks:
        above = (~model | chosen).all(axis=1)
        assert above.any()
    lacking = {tuple(terms[~m]) for m in chosen if (~m).sum() == 1}
    assert lacking == {(int(t),) for t in terms if hierarchical.order(int(t)) == 3}


@pytest.mark.parametrize("rule", [(1, 4), (0, 9)])
@pytest.mark.parametrize("name", ["bic", "aic"])
@pytest.mark.parametrize("kind", ["dense", "sparse", "very sparse"])
def test_bounds_change_nothing_where_cells_are_banded(kind, name, rule):
    terms, masks, models = family(4, 3)
    counts = tables(4, kind, 8, seed=7)
    inside = (counts >= rule[0]) & (counts <= rule[1])
    low, high = np.where(inside, rule[0], counts), np.where(inside, rule[1], counts)
    finder = FaceFinder(terms, np.arange(1, 16))
    penalty = penalties(name, masks, 0.5 * (low + high))
    pruned = best_model.best(low, models, finder, penalty, high=high)
    every = best_model.best(low, models, finder, penalty, high=high, prune=False)
    np.testing.assert_array_equal(pruned.model, every.model)
    np.testing.assert_array_equal(pruned.code, every.code)
    np.testing.assert_allclose(pruned.log_hidden, every.log_hidden, rtol=1e-7)
    np.testing.assert_allclose(pruned.seen, every.seen, rtol=1e-7)
    assert (low.sum(axis=1) <= pruned.seen).all()
    assert (pruned.seen <= high.sum(axis=1)).all()
    assert pruned.fitted < every.fitted


def test_bands_so_wide_that_the_likelihood_is_flat_decide_nothing():
    """All of 111 and 110 that is known is that they lie between 1 and 301."""
    terms, masks, models = family(3, 2)
    low = np.array([[900.0, 900.0, 100.0, 900.0, 100.0, 1.0, 1.0]])
    high = low + np.array([[0.0, 0.0, 0.0, 0.0, 0.0, 300.0, 300.0]])
    finder = FaceFinder(terms, np.arange(1, 8))
    faces = finder.faces(np.repeat(low > 0, len(masks), axis=0), masks)
    found = rows_fitted.fit(
        *(np.repeat(part, len(masks), axis=0) for part in (low, high)), finder, faces
    )
    both_known = np.isin(terms, [3, 5])
    assert (~found.decided).tolist() == masks[:, both_known].all(axis=1).tolist()
    assert len(found.only_decided().deviance) == 6
    dear = np.where(found.decided, 100.0, 0.0)[None] + np.arange(len(masks))
    assert best_model.best(low, models, finder, dear, high=high).model.tolist() == [0]
