"""The one door to log-linear fits: exact and banded tables, many models."""

from __future__ import annotations

import numpy as np
import pytest

import countylines as cl
from countylines._kernels import facial_set, hierarchical
from countylines.capture_recapture import _fits, _models, model_search

pytestmark = pytest.mark.filterwarnings("ignore::countylines.errors.CountyLinesWarning")
SEEN = {"111": 3, "110": 21, "101": 2, "011": 18, "100": 69, "010": 55, "001": 63}
TERMS = hierarchical.all_terms(3, 2)
MODELS = hierarchical.all_models(TERMS)


def fitted(**bands):
    cells = SEEN | {pattern.removeprefix("c"): ends for pattern, ends in bands.items()}
    table = cl.CaptureHistories.from_cells(cells, lists=["A", "B", "C"])
    counts = _models.counts_of(table)
    return counts, _fits.fit_models(counts, TERMS, MODELS)


def test_exact_tables_give_what_the_search_gives():
    _, found = fitted()
    table = cl.CaptureHistories.from_cells(SEEN, lists=["A", "B", "C"])
    rows = model_search(table).table
    np.testing.assert_allclose(np.sort(found.total), np.sort(rows["estimate"]), rtol=1e-10)
    np.testing.assert_allclose(
        np.sort(found.total_error), np.sort(rows["standard_error"]), rtol=1e-9
    )
    assert sorted(found.df) == sorted(rows["df"])


def test_a_band_of_one_number_changes_nothing_but_its_kind():
    _, exact = fitted()
    counts, found = fitted(c101=(2, 3))
    assert counts.is_banded
    assert counts.n == 231.5
    assert found.estimable.all()
    # the total contains the band's own mean, which the hidden number does not
    np.testing.assert_allclose(found.total - found.hidden, found.expected.sum(axis=1), rtol=1e-12)
    assert (found.expected[:, counts.cells == 5] > 2).all()
    assert (found.expected[:, counts.cells == 5] < 3).all()
    assert (np.abs(found.total / exact.total - 1) < 0.2).all()


def test_verdicts_follow_the_smallest_table():
    _, found = fitted(c101=(0, 4))
    codes = [facial_set.CODES[code] for code in found.faces.code]
    assert codes[-1] == "hidden-infinite"
    assert found.total[-1] == np.inf
    assert np.isnan(found.total_error[-1])
    assert codes[0] == "ok"


def test_banded_counts_have_no_exact_ones():
    counts, _ = fitted(c101=(0, 4))
    with pytest.raises(ValueError, match="no exact counts"):
        _ = counts.values
