"""Two-list kernels: published values, equations put back, properties and edges."""

from __future__ import annotations

import itertools
import json
from pathlib import Path

import mpmath
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from countylines._kernels import two_list, two_list_bootstrap, two_list_profile
from countylines._kernels.method import critical_value
from countylines._kernels.two_list import CHAPMAN, ESTIMATES, LINCOLN_PETERSEN, METHODS, VARIANCES

CASES = json.loads(
    (Path(__file__).parents[1] / "reference" / "two_list.json").read_text(encoding="utf-8")
)["cases"]
CLOSED = ("normal", "lognormal", "logit", "profile")
ALTERNATIVES = ("two-sided", "less", "greater")


def column(*row: float) -> tuple[np.ndarray, ...]:
    return tuple(np.array([float(value)]) for value in row)


def limits(method, row, *, estimator=CHAPMAN, level=0.95, alternative="two-sided", **kwargs):
    low, high = METHODS[estimator][method].limits(
        *column(*row), level=level, alternative=alternative, **kwargs
    )
    return float(low[0]), float(high[0])


def pvalue(method, row, null, *, estimator=CHAPMAN, alternative="two-sided", **kwargs):
    result = METHODS[estimator][method].pvalue(
        *column(*row), null=null, alternative=alternative, **kwargs
    )
    return float(result[0])


@st.composite
def tables(draw, smallest_overlap=0, largest=3000):
    """Two lists, neither of them empty."""
    both = draw(st.integers(smallest_overlap, largest))
    first = draw(st.integers(0 if both else 1, largest))
    second = draw(st.integers(0 if both else 1, largest))
    return both + first, both + second, both


def observed(row):
    return row[0] + row[1] - row[2]


@pytest.mark.reference
@pytest.mark.parametrize("case", CASES, ids=lambda case: case["id"])
class TestReference:
    def row(self, case):
        return tuple(case["inputs"][key] for key in ("n1", "n2", "m"))

    def test_estimates_and_variances(self, case):
        row, expected = column(*self.row(case)), case["expected"]
        rtol = case["tolerance"]["rtol"]
        got = {
            "lincoln_petersen": two_list.lincoln_petersen(*row),
            "lp_var_seber": two_list.lincoln_petersen_variance(*row),
            "chapman": two_list.chapman(*row),
            "chapman_se": np.sqrt(two_list.chapman_variance(*row)),
            "rcapture_chapman": two_list.chapman(*row),
            "rcapture_Mt_N": two_list.lincoln_petersen(*row),
        }
        for key, value in got.items():
            np.testing.assert_allclose(value, expected[key], rtol=rtol, err_msg=key)

    @pytest.mark.parametrize(
        ("key", "method", "estimator"),
        [
            ("chapman_normal_ci", "normal", CHAPMAN),
            ("chapman_lognormal_ci", "lognormal", CHAPMAN),
            ("sadinle_logit_ci", "logit", CHAPMAN),
            ("sadinle_logit_ci", "logit", LINCOLN_PETERSEN),
            ("profile_ci", "profile", CHAPMAN),
            ("profile_ci", "profile", LINCOLN_PETERSEN),
        ],
    )
    def test_limits(self, case, key, method, estimator):
        got = limits(method, self.row(case), estimator=estimator)
        np.testing.assert_allclose(got, case["expected"][key], rtol=case["tolerance"]["rtol"])

    def test_most_likely_total(self, case):
        n_first, n_second, n_both = column(*self.row(case))
        hidden = two_list_profile.most_likely_hidden(n_first - n_both, n_second - n_both, n_both)
        np.testing.assert_allclose(
            hidden + observed(self.row(case)),
            case["expected"]["profile_multinomial_mle"],
            rtol=case["tolerance"]["rtol"],
        )

    def test_the_poisson_model_of_two_independent_lists_has_the_same_variance(self, case):
        row = column(*self.row(case))
        ours = np.sqrt(two_list.lincoln_petersen_variance(*row))[0]
        np.testing.assert_allclose(ours, case["expected"]["rcapture_Mt_se"], rtol=1e-6)


def mp_log_likelihood(row, total):
    n_first, n_second, n_both = (mpmath.mpf(value) for value in row)
    n, total = n_first + n_second - n_both, mpmath.mpf(total)

    def xlogx(x):
        return x * mpmath.log(x) if x > 0 else mpmath.mpf(0)

    return (
        mpmath.loggamma(total + 1)
        - mpmath.loggamma(total - n + 1)
        + xlogx(total - n_first)
        + xlogx(total - n_second)
        - 2 * xlogx(total)
    )


MP_ROWS = [
    (135, 126, 45),
    (5, 7, 1),
    (10, 10, 9),
    (60, 50, 48),
    (1000, 1000, 1),
    (40000, 31000, 12),
    (300000, 250000, 240000),
    (3, 9, 3),
    (27, 24, 20),  # the likelihood rises, but only just, from no hidden unit on
    (22, 23, 20),  # and falls here
]


@pytest.mark.parametrize("row", MP_ROWS, ids=str)
@pytest.mark.parametrize("level", [0.5, 0.95, 0.9999])
def test_profile_limits_have_the_deviance_asked_for(row, level):
    """Put back into the plain formula with 40 digits, the limits lie at the chi-square quantile."""
    with mpmath.workdps(40):
        first, second, both = column(row[0] - row[2], row[1] - row[2], row[2])
        hidden = two_list_profile.most_likely_hidden(first, second, both)[0]
        top = mp_log_likelihood(row, mpmath.mpf(hidden) + observed(row))
        quantile = critical_value(level, "two-sided") ** 2
        hidden_low = two_list_profile.hidden_at(-(quantile**0.5), first, second, both)[0]
        hidden_high = two_list_profile.hidden_at(quantile**0.5, first, second, both)[0]
        # Of a hidden number of 1e6 and more the sixteenth digit moves the deviance by 1e-10.
        tolerance = 1e-10 * max(1.0, observed(row) / 1e4)
        for end in (hidden_low, hidden_high):
            deviance = 2 * (top - mp_log_likelihood(row, mpmath.mpf(end) + observed(row)))
            if end == 0.0:
                assert deviance <= quantile
            else:
                assert abs(float(deviance) - quantile) < tolerance


@pytest.mark.parametrize("row", MP_ROWS, ids=str)
def test_most_likely_hidden_number_is_the_maximum(row):
    first, second, both = column(row[0] - row[2], row[1] - row[2], row[2])
    hidden = two_list_profile.most_likely_hidden(first, second, both)[0]
    with mpmath.workdps(40):
        start = mpmath.mpf(observed(row))
        slope = mpmath.diff(lambda h: mp_log_likelihood(row, start + h), max(hidden, 1e-9))
        if hidden == 0.0:
            assert slope < 0
        else:
            curve = mpmath.diff(lambda h: mp_log_likelihood(row, start + h), hidden, 2)
            assert curve < 0
            assert abs(slope / curve) < 1e-9 * max(hidden, 1.0)


@pytest.mark.parametrize("row", [*MP_ROWS, (5, 7, 0), (1, 1, 0)], ids=str)
def test_log_likelihood_differences(row):
    """Differences of the rearranged formula against the plain one with 40 digits."""
    first, second, both = column(row[0] - row[2], row[1] - row[2], row[2])
    points = [0.0, 0.3, 2.0, 15.9, 16.0, 17.0, 300.0, 1e5, 1e9]
    ours = [two_list_profile.log_likelihood(np.array([h]), first, second, both)[0] for h in points]
    with mpmath.workdps(40):
        exact = [mp_log_likelihood(row, mpmath.mpf(h) + observed(row)) for h in points]
        wanted = [float(value - exact[0]) for value in exact]
    np.testing.assert_allclose(
        np.array(ours) - ours[0], wanted, rtol=1e-12, atol=1e-14 * max(10, observed(row))
    )


def test_the_likelihood_has_one_mode():
    """Without overlap it rises for ever, with overlap it rises once and falls once."""
    grid = np.geomspace(1e-6, 1e9, 400)
    for first in (0, 1, 2, 7, 40, 900):
        for second in (0, 1, 3, 25, 900):
            for both in (0, 1, 2, 11, 400):
                if first + both == 0 or second + both == 0:
                    continue
                cells = [np.full_like(grid, value) for value in (first, second, both)]
                slope = two_list_profile._slope(grid, *cells)[0] * grid
                signs = np.sign(slope[np.abs(slope) > 1e-9])
                changes = np.diff(signs)
                if both == 0:
                    assert (signs > 0).all()
                else:
                    assert signs[-1] < 0
                    assert np.count_nonzero(changes) <= 1


@pytest.mark.parametrize("row", [(135, 126, 45), (5, 7, 1), (929, 4812, 94)], ids=str)
@pytest.mark.parametrize("level", [0.5, 0.9, 0.99])
def test_logit_limits_in_their_equation(row, level):
    """log((N - n + 1/2) times the added odds) is z standard errors from 0 at both limits."""
    n_first, n_second, n_both = row
    f11, f10, f01 = n_both + 0.5, n_first - n_both + 0.5, n_second - n_both + 0.5
    error = np.sqrt(1 / f11 + 1 / f10 + 1 / f01 + f11 / (f10 * f01))
    z = critical_value(level, "two-sided")
    low, high = limits("logit", row, level=level)
    for end, side in ((low, -1), (high, 1)):
        odds = np.log((end - observed(row) + 0.5) * f11 / (f10 * f01))
        assert odds / error == pytest.approx(side * z, abs=1e-10)


@pytest.mark.parametrize("estimator", list(METHODS))
@pytest.mark.parametrize("method", CLOSED)
@pytest.mark.parametrize("alternative", ALTERNATIVES)
@pytest.mark.parametrize("level", [0.2, 0.8, 0.95, 0.999])
def test_pvalue_at_a_limit_is_one_minus_level(estimator, method, alternative, level):
    row = (135, 126, 45)
    low, high = limits(method, row, estimator=estimator, level=level, alternative=alternative)
    ends = {"two-sided": (low, high), "greater": (low,), "less": (high,)}[alternative]
    for end in ends:
        got = pvalue(method, row, end, estimator=estimator, alternative=alternative)
        assert got == pytest.approx(1 - level, rel=1e-9)


@given(
    row=tables(),
    null=st.floats(0, 4),
    level=st.sampled_from([0.3, 0.8, 0.95, 0.99]),
    estimator=st.sampled_from(list(METHODS)),
    method=st.sampled_from(CLOSED),
    alternative=st.sampled_from(ALTERNATIVES),
)
def test_a_null_is_rejected_exactly_outside_the_limits(
    row, null, level, estimator, method, alternative
):
    """Also where limits were cut at n_observed, and where there is no overlap."""
    null = observed(row) * (1 + null)
    low, high = limits(method, row, estimator=estimator, level=level, alternative=alternative)
    got = pvalue(method, row, null, estimator=estimator, alternative=alternative)
    if not np.isclose(got, 1 - level, rtol=1e-8):
        assert (low <= null <= high) == (got >= 1 - level)


@given(
    row=tables(largest=200),
    level=st.sampled_from([0.3, 0.8, 0.95]),
    estimator=st.sampled_from(list(METHODS)),
    method=st.sampled_from(CLOSED),
    alternative=st.sampled_from(ALTERNATIVES),
)
def test_the_smallest_possible_null_obeys_the_same_rule(row, level, estimator, method, alternative):
    null = observed(row)
    low, high = limits(method, row, estimator=estimator, level=level, alternative=alternative)
    got = pvalue(method, row, null, estimator=estimator, alternative=alternative)
    if not np.isclose(got, 1 - level, rtol=1e-8):
        assert (low <= null <= high) == (got >= 1 - level)


@pytest.mark.parametrize("method", CLOSED)
def test_pvalues_of_an_array_of_nulls(method):
    rows = [np.full(4, float(value)) for value in (135, 126, 45)]
    nulls = np.array([200.0, 216.0, 380.0, 900.0])
    table = METHODS[CHAPMAN][method]
    two = table.pvalue(*rows, null=nulls, alternative="two-sided")
    less = table.pvalue(*rows, null=nulls, alternative="less")
    greater = table.pvalue(*rows, null=nulls, alternative="greater")
    assert two[0] == 0.0
    assert greater[0] == 0.0
    assert less[0] == less[1] == 1.0
    np.testing.assert_allclose(less[2:] + greater[2:], 1.0, rtol=1e-12)
    np.testing.assert_allclose(two[2:], 2 * np.minimum(less, greater)[2:], rtol=1e-12)
    assert two[3] < 1e-4 < two[2]


@given(row=tables(), estimator=st.sampled_from(list(METHODS)))
def test_swapping_the_lists_changes_nothing(row, estimator):
    swapped = (row[1], row[0], row[2])
    np.testing.assert_allclose(
        ESTIMATES[estimator](*column(*row)), ESTIMATES[estimator](*column(*swapped)), rtol=1e-14
    )
    np.testing.assert_allclose(
        VARIANCES[estimator](*column(*row)), VARIANCES[estimator](*column(*swapped)), rtol=1e-14
    )
    for method in CLOSED:
        np.testing.assert_allclose(
            limits(method, row, estimator=estimator),
            limits(method, swapped, estimator=estimator),
            rtol=1e-11,
        )


@given(
    row=tables(),
    estimator=st.sampled_from(list(METHODS)),
    method=st.sampled_from(CLOSED),
    alternative=st.sampled_from(ALTERNATIVES),
)
def test_limits_are_nested_in_the_level(row, estimator, method, alternative):
    chain = [
        limits(method, row, estimator=estimator, level=level, alternative=alternative)
        for level in (0.99, 0.95, 0.8, 0.5)
    ]
    for outer, inner in itertools.pairwise(chain):
        assert outer[0] <= inner[0] * (1 + 1e-12)
        assert inner[1] <= outer[1] * (1 + 1e-12)


@given(row=tables(), estimator=st.sampled_from(list(METHODS)), method=st.sampled_from(CLOSED))
def test_limits_stay_in_range(row, estimator, method):
    low, high = limits(method, row, estimator=estimator)
    assert observed(row) <= low <= high
    assert np.isfinite(low)
    assert np.isfinite(high) or row[2] == 0


@given(
    n_first=st.integers(1, 400), n_second=st.integers(1, 400), estimator=st.sampled_from([*METHODS])
)
def test_more_overlap_means_fewer_hidden(n_first, n_second, estimator):
    """For lists of given sizes; both ends of the profile and lognormal limits follow."""
    both = np.arange(min(n_first, n_second) + 1.0)
    lists = np.full_like(both, n_first), np.full_like(both, n_second), both
    total = ESTIMATES[estimator](*lists)
    assert (np.diff(total) < 0).all()
    hidden = total - (n_first + n_second - both)
    assert (np.diff(hidden) < 0).all()
    for method in ("lognormal", "profile"):
        low, high = METHODS[estimator][method].limits(*lists, level=0.95, alternative="two-sided")
        assert (np.diff(low[1:]) <= 1e-9 * low[1:-1]).all()
        finite = high[np.isfinite(high)]
        assert (np.diff(finite) <= 1e-9 * finite[:-1]).all()


@given(row=tables(smallest_overlap=1))
def test_chapman_never_exceeds_lincoln_petersen(row):
    total = two_list.chapman(*column(*row))[0]
    assert observed(row) <= total <= two_list.lincoln_petersen(*column(*row))[0] * (1 + 1e-15)


@given(row=tables(smallest_overlap=1))
def test_one_sided_limits_are_ends_of_a_wider_two_sided_interval(row):
    for method in CLOSED:
        low, high = limits(method, row, level=0.9)
        assert limits(method, row, level=0.95, alternative="greater") == (
            pytest.approx(low, rel=1e-10),
            np.inf,
        )
        assert limits(method, row, level=0.95, alternative="less") == (
            observed(row),
            pytest.approx(high, rel=1e-10),
        )


def test_rows_do_not_touch_each_other():
    rng = np.random.default_rng(3)
    both = rng.integers(0, 30, 200).astype(float)
    lists = both + rng.integers(0, 90, 200), both + rng.integers(0, 90, 200), both
    for estimator, table in METHODS.items():
        for method in CLOSED:
            together = table[method].limits(*lists, level=0.9, alternative="two-sided")
            alone = [
                table[method].limits(
                    *(part[i : i + 1] for part in lists), level=0.9, alternative="two-sided"
                )
                for i in range(200)
            ]
            for end in (0, 1):
                np.testing.assert_allclose(
                    together[end], [pair[end][0] for pair in alone], rtol=1e-13, err_msg=estimator
                )


def test_arguments_are_left_alone():
    lists = column(135, 126, 45)
    before = [part.copy() for part in lists]
    for part in lists:
        part.setflags(write=False)
    for estimator, table in METHODS.items():
        for name, method in table.items():
            extra = {"rng": np.random.default_rng(0)} if name == "bootstrap" else {}
            method.limits(*lists, level=0.95, alternative="two-sided", **extra)
        ESTIMATES[estimator](*lists)
    for part, copy in zip(lists, before, strict=True):
        np.testing.assert_array_equal(part, copy)


EMPTY = [(0, 4, 0), (4, 0, 0), (0, 0, 0)]


@pytest.mark.parametrize("row", EMPTY, ids=str)
@pytest.mark.parametrize("estimator", list(METHODS))
def test_an_empty_list_estimates_nothing(row, estimator):
    assert np.isnan(ESTIMATES[estimator](*column(*row))[0])
    assert np.isnan(VARIANCES[estimator](*column(*row))[0])
    assert two_list.verdict_code(*column(*row), estimator=estimator)[0] == "not-identified"
    for method in METHODS[estimator]:
        extra = {"rng": np.random.default_rng(0)} if method == "bootstrap" else {}
        assert np.isnan(limits(method, row, estimator=estimator, **extra)).all()
        extra = {"rng": np.random.default_rng(0)} if method == "bootstrap" else {}
        assert np.isnan(pvalue(method, row, 10.0, estimator=estimator, **extra))


@pytest.mark.parametrize("row", [(5, 7, 0), (1, 1, 0), (300, 500, 0)], ids=str)
def test_no_overlap_leaves_lincoln_petersen_infinite_with_a_finite_low_end(row):
    assert two_list.lincoln_petersen(*column(*row))[0] == np.inf
    assert two_list.lincoln_petersen_variance(*column(*row))[0] == np.inf
    assert two_list.verdict_code(*column(*row), estimator=LINCOLN_PETERSEN)[0] == "hidden-infinite"
    assert two_list.verdict_code(*column(*row), estimator=CHAPMAN)[0] == "ok"
    for method in METHODS[LINCOLN_PETERSEN]:
        extra = {"rng": np.random.default_rng(0)} if method == "bootstrap" else {}
        low, high = limits(method, row, estimator=LINCOLN_PETERSEN, **extra)
        assert observed(row) <= low < np.inf
        assert high == np.inf
        if method == "bootstrap":
            continue
        # The lower end is the one the same method gives round Chapman's finite estimate.
        assert low == limits(method, row, estimator=CHAPMAN)[0]
        rising = pvalue(method, row, 1e15, estimator=LINCOLN_PETERSEN)
        assert rising == pytest.approx(1.0, abs=1e-4 if method == "profile" else 0.0)
        assert pvalue(method, row, 1e12, estimator=LINCOLN_PETERSEN, alternative="less") == 1.0


def test_profile_limits_without_overlap_are_those_of_the_likelihood():
    """Both estimators: the likelihood rises for ever, so that the data have no upper end."""
    row = (300, 500, 0)
    low, high = limits("profile", row)
    assert high == np.inf
    with mpmath.workdps(60):
        endless = mp_log_likelihood(row, mpmath.mpf(10) ** 25)
        deviance = 2 * (endless - mp_log_likelihood(row, low))
        assert float(deviance) == pytest.approx(critical_value(0.95, "two-sided") ** 2, abs=1e-9)


def test_lower_limits_without_overlap_differ_in_boldness():
    """With no overlap, exp(-n1 n2 / N) is the chance of none: the share below each lower limit.

    Profile limits are the boldest (0.147, the chi-square quantile halved), lognormal ones near
    0.03, logit ones the most careful.
    """
    row = (3000, 5000, 0)
    chance = {m: np.exp(-row[0] * row[1] / limits(m, row)[0]) for m in ("lognormal", "profile")}
    assert chance["profile"] == pytest.approx(np.exp(-1.9207), rel=2e-2)
    assert chance["lognormal"] == pytest.approx(0.031, abs=0.003)
    assert np.exp(-row[0] * row[1] / limits("logit", row)[0]) < 0.001


@pytest.mark.parametrize("row", [(3, 3, 3), (3, 9, 3), (1, 1, 1), (500, 500, 500)], ids=str)
@pytest.mark.parametrize("estimator", list(METHODS))
def test_nested_lists_have_no_hidden_unit_in_the_estimate(row, estimator):
    assert ESTIMATES[estimator](*column(*row))[0] == observed(row)
    assert VARIANCES[estimator](*column(*row))[0] == 0.0
    assert two_list.is_nested(*column(*row))[0]
    assert two_list.verdict_code(*column(*row), estimator=estimator)[0] == "hidden-zero"
    for method in ("normal", "lognormal"):
        assert limits(method, row, estimator=estimator) == (observed(row), observed(row))
        assert pvalue(method, row, observed(row), estimator=estimator) == 1.0
        assert pvalue(method, row, observed(row) + 1, estimator=estimator) == 0.0
    for method in ("logit", "profile"):
        low, high = limits(method, row, estimator=estimator)
        assert low == observed(row)
        assert observed(row) < high < np.inf


def test_the_observed_number_is_never_rejected_by_limits_cut_there():
    """Complete overlap: the logit centre itself lies below the range, at every level."""
    row = (3, 3, 3)
    assert pvalue("logit", row, 3) == 1.0
    for level in (0.05, 0.3, 0.95):
        assert limits("logit", row, level=level)[0] == 3.0
    assert limits("logit", row, level=0.05) == (3.0, 3.0)
    assert pvalue("logit", row, 3.0001) == pytest.approx(
        pvalue("logit", row, 3.0001, alternative="less") * 2, rel=1e-12
    )
    assert pvalue("logit", row, 3.0001) < 0.7


def test_limits_cut_at_the_observed_number_are_reported():
    table = {"estimator": CHAPMAN, "level": 0.95, "alternative": "two-sided"}
    assert two_list.is_cut(*column(10, 10, 9), method="normal", **table)[0]
    assert two_list.is_cut(*column(3, 3, 3), method="logit", **table)[0]
    assert not two_list.is_cut(*column(135, 126, 45), method="normal", **table)[0]
    assert not two_list.is_cut(*column(10, 10, 9), method="profile", **table)[0]
    assert not two_list.is_cut(
        *column(10, 10, 9), method="normal", estimator=CHAPMAN, level=0.95, alternative="less"
    )[0]
    assert limits("normal", (10, 10, 9))[0] == 11.0


def test_counts_at_the_largest_size_stay_finite():
    row = (2**52, 2**51, 12345)
    for estimator, table in METHODS.items():
        assert np.isfinite(ESTIMATES[estimator](*column(*row))[0])
        for method in CLOSED:
            low, high = table[method].limits(*column(*row), level=0.95, alternative="two-sided")
            assert low[0] < ESTIMATES[estimator](*column(*row))[0] < high[0]


def test_no_rows():
    none = (np.empty(0),) * 3
    for estimator, table in METHODS.items():
        assert two_list.verdict_code(*none, estimator=estimator).shape == (0,)
        for name, method in table.items():
            extra = {"rng": np.random.default_rng(0)} if name == "bootstrap" else {}
            low, high = method.limits(*none, level=0.95, alternative="two-sided", **extra)
            assert low.shape == high.shape == (0,)


def test_no_floating_point_warning_escapes():
    rows = [*EMPTY, (5, 7, 0), (3, 3, 3), (3, 9, 3), (135, 126, 45), (10**6, 10**6, 1)]
    lists = tuple(np.array(part, dtype=float) for part in zip(*rows, strict=True))
    with np.errstate(divide="raise", invalid="raise", over="raise"):
        for estimator, table in METHODS.items():
            ESTIMATES[estimator](*lists)
            VARIANCES[estimator](*lists)
            for method in CLOSED:
                for alternative in ALTERNATIVES:
                    table[method].limits(*lists, level=0.95, alternative=alternative)
                    table[method].pvalue(*lists, null=9.0, alternative=alternative)


def draws(row, replicates, seed=0, estimator=CHAPMAN):
    return two_list.bootstrap_draws(
        *column(*row), estimator=estimator, replicates=replicates, rng=np.random.default_rng(seed)
    )


def test_bootstrap_is_reproducible_and_fewer_replicates_are_the_first_ones():
    many = draws((135, 126, 45), 3000)
    np.testing.assert_array_equal(many, draws((135, 126, 45), 3000))
    np.testing.assert_array_equal(many[:, :1500], draws((135, 126, 45), 1500))
    assert (many != draws((135, 126, 45), 3000, seed=1)).mean() > 0.9


def test_bootstrap_blocks_and_rows_do_not_depend_on_how_the_work_is_split(monkeypatch):
    lists = tuple(np.array(part, dtype=float) for part in [(135, 60, 9), (126, 50, 12), (45, 8, 2)])
    whole = two_list.bootstrap_draws(
        *lists, estimator=CHAPMAN, replicates=2500, rng=np.random.default_rng(7)
    )
    monkeypatch.setattr(two_list_bootstrap, "_ROWS_AT_ONCE", 2)
    split = two_list.bootstrap_draws(
        *lists, estimator=CHAPMAN, replicates=2500, rng=np.random.default_rng(7)
    )
    np.testing.assert_array_equal(whole, split)

    # A worker that is given the child of one row and of one of its blocks makes the same numbers.
    row_child = np.random.default_rng(7).spawn(3)[1]
    block_child = row_child.spawn(3)[2]
    population = np.floor(two_list.chapman(*lists)[1] + 0.5)
    first, second, both = two_list_bootstrap._block(
        int(population), 60 / population, 50 / population, block_child
    )
    again = (first + 1) * (second + 1) / (both + 1) - 1
    np.testing.assert_array_equal(whole[1, 2048:2500], again[: 2500 - 2048])


def test_bootstrap_replicates_have_the_moments_of_the_model():
    """List sizes are right on average and the spread is that of the asymptotic variance."""
    row = (3000, 2000, 600)
    values = draws(row, 20_000, estimator=LINCOLN_PETERSEN)[0]
    error = float(np.sqrt(two_list.lincoln_petersen_variance(*column(*row)))[0])
    assert values.mean() == pytest.approx(10_000, abs=error / 20)
    assert values.std() == pytest.approx(error, rel=0.05)


def test_infinite_replicates_stay_infinite_in_the_limits():
    row = (40, 50, 1)
    values = draws(row, 1999, estimator=LINCOLN_PETERSEN)[0]
    assert 0.3 < np.isinf(values).mean() < 0.45
    low, high = limits(
        "bootstrap", row, estimator=LINCOLN_PETERSEN, rng=np.random.default_rng(0), replicates=1999
    )
    assert np.isfinite(low)
    assert high == np.inf
    assert np.isfinite(draws(row, 1999)).all()


@pytest.mark.parametrize("alternative", ALTERNATIVES)
@pytest.mark.parametrize("level", [0.8, 0.9, 0.95])
@pytest.mark.parametrize("row", [(135, 126, 45), (40, 50, 4), (40, 50, 1)], ids=str)
@pytest.mark.parametrize("estimator", list(METHODS))
def test_bootstrap_pvalue_inverts_the_percentile_limits(row, level, alternative, estimator):
    def seeded():
        return {"rng": np.random.default_rng(5), "replicates": 999, "estimator": estimator}

    low, high = limits("bootstrap", row, level=level, alternative=alternative, **seeded())
    ends = [end for end in (low, high) if np.isfinite(end)]
    nulls = [end + step for end in ends for step in (-3.0, -1e-6, 1e-6, 3.0)]
    for null in nulls:
        if null < observed(row):
            continue
        got = pvalue("bootstrap", row, null, alternative=alternative, **seeded())
        # 1e-9: of the level only rounding may decide
        if abs(got - (1 - level)) > 1e-9:
            assert (low <= null <= high) == (got > 1 - level), (null, low, high, got)


def test_quantiles_of_known_values():
    values = np.arange(1.0, 100.0)
    assert two_list_bootstrap.quantile(values, 0.025) == pytest.approx(2.5)
    assert two_list_bootstrap.quantile(values, 0.5) == 50.0
    assert two_list_bootstrap.quantile(values, 0.001) == 1.0
    assert two_list_bootstrap.quantile(values, 0.999) == 99.0
    values[-3:] = np.inf
    assert two_list_bootstrap.quantile(values, 0.96) == 96.0
    assert two_list_bootstrap.quantile(values, 0.965) == np.inf
    assert two_list_bootstrap.quantile(values, 0.99) == np.inf


@pytest.mark.parametrize("null", [2.0, 2.5, 40.25, 97.0, 98.9])
def test_tails_are_the_probabilities_of_the_quantiles(null):
    values = np.arange(1.0, 100.0)
    below, above = two_list_bootstrap.tails(values[None, :], np.array([null]))[0]
    assert two_list_bootstrap.quantile(values, below) == pytest.approx(null, rel=1e-12)
    assert two_list_bootstrap.quantile(values, 1 - above) == pytest.approx(null, rel=1e-12)


def test_tails_outside_the_replicates_are_none_and_all():
    values = np.arange(1.0, 100.0)[None, :]
    np.testing.assert_array_equal(two_list_bootstrap.tails(values, np.array([0.5])), [[0.0, 1.0]])
    np.testing.assert_array_equal(two_list_bootstrap.tails(values, np.array([100.0])), [[1.0, 0.0]])


def test_a_population_too_large_to_simulate_is_refused():
    with pytest.raises(OverflowError, match=r"2\*\*62"):
        draws((10**10, 10**10, 0), 10)
