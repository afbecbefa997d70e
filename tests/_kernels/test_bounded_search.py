"""Branch and bound over hierarchical models finds what fitting all of them finds."""

from __future__ import annotations

from unittest import mock

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from countylines._kernels import bounded_search, criteria, hierarchical

VAGUE = 1e300  # any bound on what is left out will do


class Monotone:
    """Made-up values: each term lowers -2 log-likelihood by a gain of its own, and pairs more."""

    def __init__(self, terms, rng, scale, barred=0.0):
        self.gain = rng.exponential(scale, len(terms)) * (rng.random(len(terms)) < 0.7)
        self.joint = rng.exponential(0.3 * scale, (len(terms), len(terms)))
        self.key = rng.integers(0, 1 << 30, len(terms))
        self.barred = barred
        self.asked = []

    def values(self, masks):
        masks = masks.astype(float)
        return 500 - masks @ self.gain - ((masks @ self.joint) * masks).sum(axis=1)

    def eligible(self, masks):
        return (masks @ self.key) % 1000 >= 1000 * self.barred

    def __call__(self, masks):
        self.asked.append(masks)
        return self.values(masks), self.eligible(masks)


def independence(terms):
    return (hierarchical.orders_of(terms) < 2)[None]


@given(
    seed=st.integers(0, 10**6),
    family=st.sampled_from([(3, 3), (4, 2), (4, 3), (5, 2)]),
    name=st.sampled_from(criteria.NAMES),
    scale=st.sampled_from([0.3, 2.0, 10.0]),
    distance=st.sampled_from([0.0, 3.0, 10.0]),
    barred=st.sampled_from([0.0, 0.3, 0.9]),
    rest=st.sampled_from([bounded_search.SMALL_REST, VAGUE]),
    at_once=st.sampled_from([1, bounded_search.NODES_AT_ONCE]),
)
def test_it_finds_what_fitting_all_models_finds(
    seed, family, name, scale, distance, barred, rest, at_once
):
    terms = hierarchical.all_terms(*family)
    truth = Monotone(terms, np.random.default_rng(seed), scale, barred)
    models = hierarchical.all_models(terms)
    score = truth.values(models) + criteria.penalty(name, models.sum(axis=1), 40.0)
    allowed = truth.eligible(models)
    limit = score[allowed].min(initial=np.inf) + distance
    with mock.patch.multiple(bounded_search, SMALL_REST=rest, NODES_AT_ONCE=at_once):
        found = bounded_search.within(
            terms,
            truth,
            lambda k: criteria.penalty(name, k, 40.0),
            distance=distance,
            most_fits=10**6,
            start=independence(terms),
        )
    assert found.finished
    reached = {row.tobytes() for row in found.masks}
    assert {row.tobytes() for row in models[score <= limit]} <= reached
    # what was never fitted weighs no more than was said
    missed = np.array([row.tobytes() not in reached for row in models])
    if missed.any():
        weight = np.logaddexp.reduce(-0.5 * score[missed])
        assert weight <= found.log_left_out + 1e-9


def test_it_fits_a_fraction_where_the_values_are_clear():
    terms = hierarchical.all_terms(6, 2)
    truth = Monotone(terms, np.random.default_rng(1), 2.0)
    found = bounded_search.within(
        terms,
        truth,
        lambda k: criteria.penalty("bic", k, 1000.0),
        distance=6.0,
        most_fits=10**6,
        start=independence(terms),
    )
    assert found.fits < 900
    assert found.fits == sum(len(masks) for masks in truth.asked)


def test_it_stops_when_the_allowance_runs_out():
    terms = hierarchical.all_terms(5, 2)
    truth = Monotone(terms, np.random.default_rng(2), 0.1)
    found = bounded_search.within(
        terms,
        truth,
        lambda k: criteria.penalty("aic", k, 1000.0),
        distance=30.0,
        most_fits=50,
        start=independence(terms),
    )
    assert not found.finished
    assert 50 <= found.fits < 1024


def test_a_criterion_that_is_infinite_for_large_models():
    """AICc has no value where parameters exceed the observations; the others are still found."""
    terms = hierarchical.all_terms(4, 2)
    truth = Monotone(terms, np.random.default_rng(3), 2.0)
    models = hierarchical.all_models(terms)
    score = truth.values(models) + criteria.penalty("aicc", models.sum(axis=1), 9.0)
    assert np.isinf(score).any()
    found = bounded_search.within(
        terms,
        truth,
        lambda k: criteria.penalty("aicc", k, 9.0),
        distance=4.0,
        most_fits=10**6,
        start=independence(terms),
    )
    near = models[score <= score.min() + 4]
    assert {r.tobytes() for r in near} <= {r.tobytes() for r in found.masks}


@pytest.mark.parametrize("distance", [0.0, 5.0])
def test_a_family_of_one_model(distance):
    terms = hierarchical.all_terms(3, 1)
    found = bounded_search.within(
        terms,
        Monotone(terms, np.random.default_rng(4), 1.0),
        lambda k: 2.0 * np.asarray(k, dtype=float),
        distance=distance,
        most_fits=10,
        start=independence(terms),
    )
    assert found.masks.tolist() == [[True] * 4]
    assert found.log_left_out == -np.inf


def test_where_every_model_fits_alike_the_rest_weighs_what_was_said():
    terms = hierarchical.all_terms(5, 2)
    flat = Monotone(terms, np.random.default_rng(5), 0.0)
    models = hierarchical.all_models(terms)
    score = flat.values(models) + 2.0 * models.sum(axis=1)
    found = bounded_search.within(
        terms,
        flat,
        lambda k: 2.0 * np.asarray(k, dtype=float),
        distance=1.0,
        most_fits=10**6,
        start=independence(terms),
    )
    reached = {row.tobytes() for row in found.masks}
    missed = np.array([row.tobytes() not in reached for row in models])
    weight = np.logaddexp.reduce(-0.5 * score[missed])
    everything = np.logaddexp.reduce(-0.5 * score)
    assert found.log_left_out == pytest.approx(weight, abs=1e-9)
    assert weight < everything


def test_a_vague_bound_is_sharpened_by_at_most_as_many_fits_again():
    terms = hierarchical.all_terms(6, 2)
    found = {}
    for rest in (VAGUE, 1e-9):
        with mock.patch.object(bounded_search, "SMALL_REST", rest):
            found[rest] = bounded_search.within(
                terms,
                Monotone(terms, np.random.default_rng(1), 2.0),
                lambda k: criteria.penalty("bic", k, 1000.0),
                distance=6.0,
                most_fits=10**6,
                start=independence(terms),
            )
    first, second = found.values()
    assert second.log_left_out < first.log_left_out - 1
    assert first.fits < second.fits <= 2 * first.fits + bounded_search.NODES_AT_ONCE


@pytest.mark.parametrize("max_order", [2, 4])
def test_no_model_is_fitted_twice(max_order):
    """But for those given at the start."""
    terms = hierarchical.all_terms(5, max_order)
    truth = Monotone(terms, np.random.default_rng(6), 1.5)
    found = bounded_search.within(
        terms,
        truth,
        lambda k: criteria.penalty("aic", k, 1000.0),
        distance=4.0,
        most_fits=10**6,
        start=independence(terms),
    )
    assert found.fits - 1 <= len(found.masks) <= found.fits


def test_what_a_later_best_rules_out_is_still_counted():
    terms = hierarchical.all_terms(3, 2)
    least = independence(terms)[0]
    search = bounded_search._Search(
        terms,
        Monotone(terms, np.random.default_rng(0), 1.0),
        lambda k: 2.0 * np.asarray(k, dtype=float),
        1.0,
        int(least.sum()),
    )
    full = np.ones(len(terms), dtype=bool)
    search.push(100.0, full, least, np.full(len(terms), 100.0), False)
    search.best = 50.0
    assert search.next_nodes() == []
    # eight models of -2 log-likelihood 100 with 4 to 7 parameters of a price of 2 each
    sizes = np.array([4, 5, 5, 5, 6, 6, 6, 7])
    assert search.log_left_out == pytest.approx(np.logaddexp.reduce(-50.0 - sizes))
    (again,) = search.heaviest()
    search.give_up(again._replace(fitted=True))
    assert search.log_left_out == pytest.approx(np.logaddexp.reduce(-50.0 - sizes[:-1]))
