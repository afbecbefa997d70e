"""Turnbull's estimate: cells, the conditions for a maximum put back, simpler cases."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from countylines._kernels import turnbull


def solved(entry, lower, upper, weight=None):
    cells = turnbull.cells(*(np.asarray(part, float) for part in (entry, lower, upper)))
    weight = np.ones(len(lower)) if weight is None else np.asarray(weight, float)
    return cells, turnbull.solve(cells, weight), weight


def masses(found):
    return -np.diff(np.append(1.0, turnbull.survival(found.hazard)))


@st.composite
def spells(draw, truncated=True):
    size = draw(st.integers(1, 25))
    whole = st.integers(0, 8)

    def some(strategy):
        return np.array(draw(st.lists(strategy, min_size=size, max_size=size)), float)

    entry = some(whole) if truncated else np.zeros(size)
    exact, unended = some(st.booleans()) > 0, some(st.booleans()) > 0
    lower = entry + some(whole) + exact
    upper = np.where(exact, lower, lower + 1 + some(whole))
    return np.where(entry > 0, entry, -np.inf), lower, np.where(unended, np.inf, upper)


@given(spells(truncated=False))
def test_the_conditions_for_a_maximum_hold_in_the_masses(data):
    """No mass would gain by being moved: the sum over spells that reach a cell of one over their
    chance is n where there is mass, and not above it elsewhere."""
    cells, found, _ = solved(*data)
    mass = masses(found)
    place = np.arange(mass.size)
    holds = (place >= cells.first[:, None]) & (place <= cells.last[:, None])
    chance = holds @ mass
    gain = holds.T @ (1 / chance) / chance.size
    assert gain.max() <= 1 + 1e-8
    np.testing.assert_allclose(gain[mass > 1e-12], 1, rtol=1e-8)
    assert found.log_likelihood == pytest.approx(np.log(chance).sum(), rel=1e-10, abs=1e-10)
    assert found.gap <= turnbull.CERTIFIED
    assert mass.sum() == pytest.approx(1, rel=1e-12)


def test_the_conditions_hold_with_delayed_entry():
    rng = np.random.default_rng(8)
    size = 300
    entry = np.where(rng.random(size) < 0.6, rng.uniform(0, 3, size), 0.0)
    lower = entry + rng.exponential(2, size)
    upper = np.where(rng.random(size) < 0.7, lower + rng.exponential(2, size), np.inf)
    cells, found, _ = solved(np.where(entry > 0, entry, -np.inf), lower, upper)
    mass = masses(found)
    place = np.arange(mass.size)
    holds = (place >= cells.first[:, None]) & (place <= cells.last[:, None])
    given = place >= cells.watched[:, None]
    chance, survived = holds @ mass, given @ mass
    gain = (holds.T @ (1 / chance) - given.T @ (1 / survived)) / size
    assert gain.max() <= 1e-10
    assert np.abs(gain[mass > 1e-12]).max() <= 1e-10
    assert found.log_likelihood == pytest.approx(
        np.log(chance).sum() - np.log(survived).sum(), rel=1e-12
    )


@given(spells())
def test_no_random_masses_are_likelier(data):
    cells, found, _ = solved(*data)
    rng = np.random.default_rng(1)
    place = np.arange(cells.left.size)
    holds = (place >= cells.first[:, None]) & (place <= cells.last[:, None])
    given = place >= cells.watched[:, None]
    for _ in range(20):
        other = rng.dirichlet(np.full(place.size, 0.5)) + 1e-300
        with np.errstate(divide="ignore"):
            value = np.log(holds @ other).sum() - np.log(given @ other).sum()
        assert value <= found.log_likelihood + 1e-8


@given(spells(), st.integers(1, 3))
def test_a_weight_is_a_number_of_copies(data, copies):
    cells, _, weight = solved(*data)
    weight[::2] = copies
    weighted = turnbull.solve(cells, weight)
    repeated = [np.repeat(part, weight.astype(int)) for part in data]
    _, again, _ = solved(*repeated)
    assert weighted.log_likelihood == pytest.approx(again.log_likelihood, rel=1e-9, abs=1e-9)


def test_cells_begin_at_a_left_end_and_end_at_the_next_right_end_or_entry():
    cells, _, _ = solved([-np.inf, -np.inf, 2.5, -np.inf], [0, 2, 3, 6], [3, 4, 7, 6])
    assert list(zip(cells.left, cells.right, strict=True)) == [(2, 2.5), (3, 4), (6, 6)]
    assert list(cells.watched) == [0, 0, 1, 0]
    # (a, b] does not hold a, and [b, b] is within (a, b].
    cells, found, _ = solved([-np.inf] * 3, [1, 3, 3], [3, 3, 5])
    assert list(zip(cells.left, cells.right, strict=True)) == [(3, 3), (3, 5)]
    np.testing.assert_allclose(masses(found), [2 / 3, 1 / 3], rtol=1e-9)


def test_exact_times_are_the_product_limit_with_entries():
    entry, exit = np.array([-np.inf, -np.inf, 1, 2.0]), np.array([1, 3, 4, 5.0])
    _, found, _ = solved(entry, exit, exit)
    share = [1 / 2, 1 / 3, 1 / 2, 1]
    np.testing.assert_allclose(-np.expm1(-found.hazard), share, rtol=1e-9)


def test_a_solution_that_is_not_the_only_one_is_said():
    """All had ended by 3 or were found at 2 and ended then: survival between may be anything."""
    _, found, _ = solved([-np.inf, 2, -np.inf], [1, 2, 1], [3, 3, 3])
    assert not found.unique
    assert turnbull.survival(found.hazard).tolist() == [1, 0]
    assert solved([-np.inf] * 3, [0, 1, 2], [1, 2, 3])[1].unique


def test_equal_spans_leave_mass_undetermined():
    """Cells 0 and 1 are in the same spans: only their sum matters."""
    spans = np.array([0, 2]), np.array([1, 2])
    cells = turnbull.Cells(np.arange(3.0), np.arange(3.0), *spans, np.zeros(2, dtype=np.intp))
    found = turnbull.solve(cells, np.ones(2))
    assert masses(found)[:2].sum() == pytest.approx(0.5, rel=1e-9)
    assert not found.unique
