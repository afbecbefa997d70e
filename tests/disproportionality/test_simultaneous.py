"""Intervals that hold together: against the levels they are made at, theory and simulation."""

from __future__ import annotations

import pickle

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from countylines.disproportionality import rate_ratio, representation_ratio, simultaneous
from countylines.errors import InputError, InputTypeError
from countylines.localisation import share_from_changes
from countylines.prevalence import proportion, rate

DATA = ([19, 60, 12, 9], [2579, 5200, 800, 4000], [2365, 4100, 2000, 1500], [4874, 7000, 2500, 900])
METHODS = [("sidak", None), ("bonferroni", None), ("max-t", 0.4)]


@pytest.mark.parametrize(("method", "level"), [("sidak", 0.95**0.25), ("bonferroni", 1 - 0.05 / 4)])
def test_intervals_are_those_of_the_level_of_each(method, level):
    found = simultaneous(rate_ratio(*DATA, method="exact"), method=method)
    alone = rate_ratio(*DATA, method="exact", level=level)
    np.testing.assert_allclose(found.low, alone.low, rtol=1e-12)
    np.testing.assert_allclose(found.high, alone.high, rtol=1e-12)
    np.testing.assert_array_equal(found.estimate, alone.estimate)
    assert found.level == 0.95
    assert "over 4" in found.interval_method


@pytest.mark.parametrize(("method", "correlation"), METHODS)
@pytest.mark.parametrize("alternative", ["two-sided", "greater", "less"])
def test_pvalues_belong_to_the_intervals(method, correlation, alternative):
    """At the limit itself the adjusted p-value is one less the level."""
    base = rate_ratio(*DATA, alternative=alternative, level=0.9)
    found = simultaneous(base, method=method, correlation=correlation)
    for end in (found.low, found.high):
        inside = (end > 0) & np.isfinite(end)
        if not inside.any():
            continue
        again = found.test(null=np.where(inside, end, 1.0), alternative=alternative)
        np.testing.assert_allclose(np.asarray(again.pvalue)[inside], 0.1, rtol=1e-6)


def test_max_t_lies_between_one_interval_and_sidak():
    base = rate_ratio(*DATA)
    wide = simultaneous(base).low
    for weak, strong in ((0.0, 0.3), (0.3, 0.9)):
        one, two = (simultaneous(base, method="max-t", correlation=c).low for c in (weak, strong))
        assert (one < two).all()
        assert (two < base.low).all()
    none = simultaneous(base, method="max-t", correlation=0.0)
    np.testing.assert_allclose(none.low, wide, rtol=1e-10)


def test_a_matrix_of_equal_correlations_is_the_one_number():
    base = rate_ratio(*DATA)
    matrix = np.full((4, 4), 0.6) + 0.4 * np.eye(4)
    one = simultaneous(base, method="max-t", correlation=0.6)
    many = simultaneous(base, method="max-t", correlation=matrix, rng=1)
    np.testing.assert_allclose(many.low, one.low, rtol=4e-3)
    np.testing.assert_allclose(many.pvalue, one.pvalue, atol=5e-3)
    assert many.identical(simultaneous(base, method="max-t", correlation=matrix, rng=1))
    assert not many.identical(simultaneous(base, method="max-t", correlation=matrix, rng=2))
    signs = np.outer([1, -1, 1, -1], [1, -1, 1, -1])
    turned = simultaneous(base, method="max-t", correlation=matrix * signs, rng=1)
    np.testing.assert_allclose(turned.low, one.low, rtol=4e-3)


def test_more_may_have_been_looked_at_than_are_shown():
    base = rate_ratio(*DATA)
    found = simultaneous(base, number=430)
    np.testing.assert_allclose(found.low, rate_ratio(*DATA, level=0.95 ** (1 / 430)).low)
    np.testing.assert_allclose(found.pvalue, -np.expm1(430 * np.log1p(-base.pvalue)), rtol=1e-9)


@pytest.mark.parametrize(("method", "correlation"), METHODS)
def test_kinds(method, correlation):
    options = {"method": method, "correlation": correlation}
    base = simultaneous(rate_ratio(*DATA), **options)
    index = pd.Index(list("abcd"), name="region")
    series = simultaneous(rate_ratio(*(pd.Series(v, index=index) for v in DATA)), **options)
    pd.testing.assert_index_equal(series.low.index, index)
    np.testing.assert_array_equal(series.pvalue, base.pvalue)
    lazy = [xr.DataArray(v, dims="region").chunk({"region": 2}) for v in DATA]
    found = simultaneous(rate_ratio(*lazy), **options)
    np.testing.assert_allclose(found.high.values, base.high, rtol=1e-12)
    assert pickle.loads(pickle.dumps(base)).identical(base)
    assert "hold together at level 0.95" in base.summary()
    assert "https://doi.org/" in base.cite()


def test_other_estimators():
    share = simultaneous(proportion([3, 4], [50, 60]))
    np.testing.assert_allclose(share.low, proportion([3, 4], [50, 60], level=0.95**0.5).low)
    assert share.pvalue is None
    assert (simultaneous(rate([3, 4], [50, 60])).high > rate([3, 4], [50, 60]).high).all()
    ratio = representation_ratio([3, 4], [50, 60], 0.03)
    assert (simultaneous(ratio).pvalue > ratio.pvalue).all()


def test_all_true_values_are_held_as_often_as_said():
    rng = np.random.default_rng(1)
    counts = rng.binomial(300, 0.3, size=(1500, 8))
    found = simultaneous(proportion(counts, 300), number=12_000)
    assert found.level == 0.95
    each = proportion(counts, 300, level=0.95 ** (1 / 8))
    held = ((each.low <= 0.3) & (each.high >= 0.3)).all(axis=1).mean()
    assert held == pytest.approx(0.95, abs=0.017)
    assert ((found.low <= 0.3) & (found.high >= 0.3)).mean() > 0.9999


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"method": "sidack"}, "Did you mean 'sidak'"),
        ({"method": "max-t"}, "`correlation` must be given with method='max-t'"),
        ({"correlation": 0.5}, "and only then, got 0.5"),
        ({"method": "max-t", "correlation": 0.95}, r"`correlation` must be a number in \[0, 0.9\]"),
        ({"method": "max-t", "correlation": np.eye(3)}, "a matrix of 4 by 4"),
        ({"method": "max-t", "correlation": 2 * np.eye(4)}, "ones on its diagonal"),
        ({"method": "max-t", "correlation": np.full((4, 4), np.nan)}, "finite"),
        ({"method": "max-t", "correlation": 4 / 3 * np.eye(4) - 1 / 3 - 0.3}, "diagonal"),
        ({"method": "max-t", "correlation": 1.5 * np.eye(4) - 0.5}, "negative eigenvalues"),
        ({"method": "max-t", "correlation": np.eye(4), "number": 9}, "when `number` is given"),
        ({"number": 3}, "`number` must be a whole number of at least 4"),
    ],
)
def test_bad_options(options, message):
    with pytest.raises(InputError, match=message):
        simultaneous(rate_ratio(*DATA), **options)


def test_bad_estimates():
    with pytest.raises(InputTypeError, match="`estimate` must be an Estimate, got list"):
        simultaneous([1, 2])
    with pytest.raises(InputError, match="of several values, got one"):
        simultaneous(proportion(3, 40))
    with pytest.raises(InputError, match="at another level"):
        simultaneous(share_from_changes(232, -12.2))
