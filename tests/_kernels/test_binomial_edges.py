"""Binomial limits at the ends: no data, no events, nothing but events, nulls of 0 and 1."""

from __future__ import annotations

import numpy as np
import pytest

from countylines._kernels.binomial import METHODS, gap_in_acceptance, standard_error

ALTERNATIVES = ("two-sided", "less", "greater")
NAMES = {
    "mid-p",
    "wilson",
    "wilson-cc",
    "clopper-pearson",
    "blaker",
    "minlike",
    "agresti-coull",
    "jeffreys",
    "logit",
    "arcsine",
    "profile",
    "skew-score",
    "wald",
    "modified-jeffreys",
    "plus-four",
}


def limits(method, count, total, level=0.95, alternative="two-sided"):
    low, high = METHODS[method].limits(
        np.array([float(count)]), np.array([float(total)]), level=level, alternative=alternative
    )
    return low[0], high[0]


def pvalue(method, count, total, null, alternative="two-sided"):
    return METHODS[method].pvalue(
        np.array([float(count)]), np.array([float(total)]), null=null, alternative=alternative
    )[0]


def test_names():
    assert set(METHODS) == NAMES


@pytest.mark.parametrize("alternative", ALTERNATIVES)
@pytest.mark.parametrize("method", METHODS)
def test_without_data_nothing_is_known(method, alternative):
    assert limits(method, 0, 0, 0.95, alternative) == (0.0, 1.0)
    for null in (0.0, 0.3, 1.0):
        assert pvalue(method, 0, 0, null, alternative) == 1.0
    assert not gap_in_acceptance(np.zeros(1), np.zeros(1), level=0.95, method=method)[0]


@pytest.mark.parametrize("method", METHODS)
def test_empty_arrays(method):
    nothing = np.empty(0)
    low, high = METHODS[method].limits(nothing, nothing, level=0.95, alternative="two-sided")
    assert low.shape == high.shape == (0,)
    p = METHODS[method].pvalue(nothing, nothing, null=0.5, alternative="two-sided")
    assert p.shape == (0,)
    assert gap_in_acceptance(nothing, nothing, level=0.95, method=method).shape == (0,)


@pytest.mark.parametrize("alternative", ALTERNATIVES)
@pytest.mark.parametrize("level", [0.5, 0.6, 0.8, 0.95, 0.999999])
@pytest.mark.parametrize("method", METHODS)
def test_limits_stop_at_the_end_where_the_count_is(method, level, alternative):
    for total in (1, 2, 10, 1000, 10**9):
        assert limits(method, 0, total, level, alternative)[0] == 0.0
        assert limits(method, total, total, level, alternative)[1] == 1.0


@pytest.mark.parametrize("method", METHODS)
def test_the_other_limit_is_informative_except_for_wald_and_logit(method):
    high = limits(method, 0, 50)[1]
    if method == "logit":
        assert high == 1.0
    elif method == "wald":
        assert high == 0.0
    else:
        assert 0.02 < high < 0.12


@pytest.mark.parametrize("alternative", ALTERNATIVES)
def test_logit_says_nothing_at_the_ends(alternative):
    for count in (0, 20):
        assert limits("logit", count, 20, 0.95, alternative) == (0.0, 1.0)
        assert pvalue("logit", count, 20, 0.5, alternative) == 1.0


@pytest.mark.parametrize("method", METHODS)
def test_a_null_at_the_end_where_the_count_is_is_never_refused(method):
    assert pvalue(method, 0, 20, 0.0) == 1.0
    assert pvalue(method, 20, 20, 1.0) == 1.0
    assert pvalue(method, 0, 20, 0.0, "less") == 1.0
    assert pvalue(method, 20, 20, 1.0, "greater") == 1.0


@pytest.mark.parametrize(
    "method", ["mid-p", "clopper-pearson", "blaker", "minlike", "jeffreys", "profile", "wilson"]
)
def test_an_impossible_null_has_pvalue_zero(method):
    assert pvalue(method, 3, 20, 0.0) == 0.0
    assert pvalue(method, 3, 20, 1.0) == 0.0
    assert pvalue(method, 3, 20, 0.0, "greater") == 0.0
    assert pvalue(method, 3, 20, 1.0, "less") == 0.0


@pytest.mark.parametrize("method", METHODS)
def test_nulls_next_to_the_ends(method):
    for null in (5e-324, 1e-300, 1e-17, 1 - 2**-53):
        for alternative in ALTERNATIVES:
            for count in (0, 1, 5, 19, 20):
                assert 0.0 <= pvalue(method, count, 20, null, alternative) <= 1.0


@pytest.mark.parametrize("method", METHODS)
def test_null_broadcasts(method):
    count, total = np.array([3.0, 4.0]), np.array([20.0, 20.0])
    one = METHODS[method].pvalue(count, total, null=0.3, alternative="two-sided")
    two = METHODS[method].pvalue(count, total, null=np.array([0.3, 0.3]), alternative="two-sided")
    np.testing.assert_array_equal(one, two)
    assert one.shape == (2,)


@pytest.mark.parametrize("method", METHODS)
def test_arguments_are_left_alone(method):
    count, total, null = np.array([0.0, 3.0]), np.array([0.0, 20.0]), np.array([0.1, 0.2])
    for array in (count, total, null):
        array.setflags(write=False)
    METHODS[method].limits(count, total, level=0.95, alternative="two-sided")
    METHODS[method].pvalue(count, total, null=null, alternative="two-sided")


@pytest.mark.parametrize("method", METHODS)
def test_a_level_that_rounds_to_one_leaves_nothing_outside(method):
    assert limits(method, 3, 20, 1.0) == (0.0, 1.0)


def test_one_sided_limits_below_one_half_lie_beyond_the_estimate():
    for method in ("mid-p", "wilson", "profile", "agresti-coull", "arcsine"):
        assert limits(method, 7, 20, 0.2, "greater")[0] > 7 / 20
        assert limits(method, 7, 20, 0.2, "less")[1] < 7 / 20


def test_skew_score_does_not_turn_back_next_to_the_ends():
    """The correction in its linear form refuses small nulls at a count of 0."""
    null = np.logspace(-12, 0, 400)
    count, total = np.zeros(400), np.full(400, 20.0)
    p = METHODS["skew-score"].pvalue(count, total, null=null, alternative="less")
    assert (np.diff(p) <= 1e-15).all()
    assert p[0] > 0.5
    p = METHODS["skew-score"].pvalue(count + 1, total, null=null, alternative="greater")
    assert (np.diff(p) >= -1e-15).all()


def test_standard_error():
    found = standard_error(np.array([5.0, 0.0, 10.0, 0.0]), np.array([20.0, 7.0, 10.0, 0.0]))
    np.testing.assert_allclose(found, [np.sqrt(0.25 * 0.75 / 20), 0.0, 0.0, np.nan])


def test_which_methods_need_many_events():
    """The result warns of few events for these."""
    asymptotic = {name for name, method in METHODS.items() if method.asymptotic}
    assert asymptotic == {"wald", "logit", "arcsine", "profile"}
