"""One model fitted to many tables, each on its own face."""

from __future__ import annotations

import numpy as np
import pytest

from countylines._kernels import facial_set, hierarchical, loglinear_fit
from countylines._kernels.many_tables import ManyTables

CELLS = np.arange(1, 16)
TERMS = hierarchical.all_terms(4, 2)


def test_rows_are_what_they_are_alone():
    rng = np.random.default_rng(3)
    tables = rng.poisson(rng.gamma(0.5, 6.0, 15), (300, 15)).astype(float)
    found = ManyTables(TERMS, CELLS).fit(tables)
    assert len(set(found.code)) >= 4
    masks = np.ones((1, len(TERMS)), dtype=bool)
    for row in range(0, 300, 11):
        face = facial_set.faces(masks, TERMS, tables[row] > 0, CELLS)
        fits = loglinear_fit.fit(tables[row : row + 1], TERMS, face.basis, face.on_face, CELLS)
        assert found.code[row] == face.code[0]
        assert found.rank[row] == face.rank[0]
        assert found.deviance[row] == pytest.approx(max(fits.deviance[0], 0), abs=1e-8)
        on = face.on_face[0]
        pearson = ((tables[row] - fits.fitted[0]) ** 2)[on] / fits.fitted[0][on]
        assert found.pearson[row] == pytest.approx(pearson.sum(), abs=1e-8)
        seen = tables[row].sum()
        expected = {
            facial_set.HIDDEN_ZERO: seen,
            facial_set.HIDDEN_INFINITE: np.inf,
            facial_set.NOT_IDENTIFIED: np.nan,
        }.get(int(face.code[0]), seen + np.exp(fits.log_hidden[0]))
        assert found.total[row] == pytest.approx(expected, rel=1e-9, nan_ok=True)


def test_bands_of_width_0_are_exact_and_others_have_no_pearson():
    table = np.full((1, 15), 7.0)
    many = ManyTables(TERMS, CELLS)
    assert many.fit(table, table.copy()).pearson[0] >= 0
    banded = many.fit(table, table + 1.0)
    assert np.isnan(banded.pearson[0])
    assert banded.total[0] > 15 * 7


@pytest.mark.parametrize("upper", [None, 4.0])
def test_a_table_in_which_nobody_is_certain_identifies_nothing(upper):
    tables = np.stack([np.zeros(15), np.arange(1.0, 16.0)])
    high = None if upper is None else np.where(tables == 0, upper, tables)
    found = ManyTables(TERMS, CELLS).fit(tables, high)
    assert found.code.tolist() == [facial_set.NOT_IDENTIFIED, facial_set.OK]
    assert np.isnan(found.total[0])
    assert found.deviance[0] == 0
    assert not found.fitted[0].any()
    assert found.total[1] == pytest.approx(ManyTables(TERMS, CELLS).fit(tables[1:]).total[0])
