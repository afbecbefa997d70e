"""Smallest and largest estimate over the tables that bands allow."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from countylines._kernels import banded_range, facial_set, hierarchical, loglinear_fit

CELLS = np.arange(1, 8)
INDEPENDENT, PAIRS = hierarchical.all_terms(3, 1), hierarchical.all_terms(3, 2)


def total(table, terms):
    masks = np.ones((1, len(terms)), dtype=bool)
    found = facial_set.faces(masks, terms, table > 0, CELLS)
    if found.code[0] > facial_set.BOUNDARY_FINITE:
        return np.nan
    fits = loglinear_fit.fit(table[None], terms, found.basis, found.on_face, CELLS)
    return table.sum() + np.exp(fits.log_hidden[0])


def test_it_is_the_range_over_every_table():
    low, high = np.array([60.0, 50, 0, 61, 1, 0, 2]), np.array([60.0, 50, 3, 61, 2, 4, 5])
    tables = itertools.product(*(np.arange(a, b + 1) for a, b in zip(low, high, strict=True)))
    every = [np.array(t) for t in tables]
    for terms in (INDEPENDENT, PAIRS):
        totals = np.array([total(t, terms) for t in every])
        found = banded_range.extremes(low, high, terms, CELLS)
        assert found.enumerated
        assert found.tables == len(every) == 160
        assert found.low == pytest.approx(np.nanmin(totals), rel=1e-10)
        assert found.high == pytest.approx(np.nanmax(totals), rel=1e-10)
        assert (facial_set.HIDDEN_INFINITE in found.codes) == (terms is PAIRS)


@pytest.mark.parametrize("seed", range(6))
def test_the_search_finds_what_listing_finds(seed, monkeypatch):
    counts = np.random.default_rng(seed).poisson([60, 50, 5, 60, 3, 4, 2]).astype(float)
    low = np.where(counts < 5, float(seed % 2), counts)
    high = np.where(counts < 5, 4.0, counts)
    for terms in (INDEPENDENT, PAIRS):
        listed = banded_range.extremes(low, high, terms, CELLS)
        with monkeypatch.context() as patch:
            patch.setattr(banded_range, "MOST_TABLES", 0)
            searched = banded_range.extremes(low, high, terms, CELLS)
        assert not searched.enumerated
        assert searched.low == pytest.approx(listed.low, rel=1e-9)
        assert searched.high == pytest.approx(listed.high, rel=1e-9)
        assert searched.codes == listed.codes


def test_no_table_with_an_estimate():
    low, high = np.array([6.0, 0, 5, 4, 0, 3, 2]), np.array([6.0, 0, 5, 4, 0, 3, 4])
    found = banded_range.extremes(low, high, PAIRS, CELLS)
    assert np.isnan(found.low)
    assert np.isnan(found.high)
    assert min(found.codes) > facial_set.BOUNDARY_FINITE


def test_more_open_zeros_than_can_be_listed():
    cells = np.arange(1, 32)
    rng = np.random.default_rng(4)
    counts = np.where([bin(c).count("1") == 1 for c in cells], rng.poisson(300, 31), 0.0)
    low, high = counts, np.where(counts > 0, counts, 4.0)
    found = banded_range.extremes(low, high, hierarchical.all_terms(5, 1), cells)
    assert not found.enumerated
    assert found.tables == pytest.approx(5.0**26)
    assert facial_set.HIDDEN_INFINITE in found.codes
    assert np.isfinite(found.high)
    assert found.high > found.low > counts.sum()
