"""Odds-ratio kernels: reference values, and limits put back into their equations at 40 digits."""

from __future__ import annotations

import json
from pathlib import Path

import mpmath
import numpy as np
import pytest
from mpmath import mpf
from scipy.special import betaincinv, ndtri

from countylines._kernels.odds_ratio import (
    METHODS,
    WHOLE_COUNTS_ONLY,
    conditional_estimate,
    estimate,
)

CASES = json.loads(
    (Path(__file__).parents[1] / "reference" / "odds_ratio.json").read_text(encoding="utf-8")
)["cases"]
SCORES = {  # skewness correction, N / (N - 1)
    "skew-score": (True, True),
    "miettinen-nurminen": (False, True),
    "score": (False, False),
}
ORDERED = ("minlike", "blaker")
MOVER = ("mover-wilson", "mover-jeffreys")
# count, total, ref_count, ref_total
TABLES = [
    (9, 10, 3, 10),
    (7, 34, 1, 34),
    (4, 123, 11, 139),
    (1280, 4007, 4250, 6644),
    (1, 2, 1, 3),
    (0, 40, 5, 80),
    (5, 56, 0, 29),
    (29, 55, 11, 11),
    (10, 10, 4, 20),
    (10, 10, 0, 20),
    (0, 10, 20, 20),
    (3, 5, 2, 1000),
    (2, 1_000_000, 9, 500_000),
]
HUGE = [(3, 1e8, 10, 9e7), (5e7, 1e8, 4.999e7, 1e8), (1e8 - 4, 1e8, 2, 50), (3, 1e8, 1e8 - 5, 1e8)]


def column(*row: float) -> tuple[np.ndarray, ...]:
    return tuple(np.array([float(value)]) for value in row)


def limits(method, row, *, level=0.95, alternative="two-sided"):
    low, high = METHODS[method].limits(*column(*row), level=level, alternative=alternative)
    return float(low[0]), float(high[0])


def pvalue(method, row, null, *, alternative="two-sided"):
    return float(METHODS[method].pvalue(*column(*row), null=null, alternative=alternative)[0])


def finite_sides(row, method, **kwargs):
    """The finite limits, each with -1 for a lower and +1 for an upper one."""
    low, high = limits(method, row, **kwargs)
    return [(side, end) for side, end in ((-1, low), (1, high)) if 0 < end < np.inf]


# --- twins at 40 digits ------------------------------------------------------------------------


def score_parts(row, theta):
    """Score, its variance and third moment, and its bias, from the fitted probabilities."""
    x1, n1, x2, n2 = (mpf(value) for value in row)
    m = x1 + x2
    a, b, c = n2 * (theta - 1), n1 * theta + n2 - m * (theta - 1), -m
    p2 = -c / b if a == 0 else (-b + mpmath.sqrt(b * b - 4 * a * c)) / (2 * a)
    p1 = theta * p2 / (1 + p2 * (theta - 1))
    v1, v2 = n1 * p1 * (1 - p1), n2 * p2 * (1 - p2)
    score = n1 * (x1 / n1 - p1) / v1 - n2 * (x2 / n2 - p2) / v2
    third = (1 - 2 * p1) / v1**2 - (1 - 2 * p2) / v2**2
    return score, 1 / v1 + 1 / v2, third, (p1 - p2) / (v1 + v2)


def solved(score, variance, third, *, skewness):
    """z of z + s (z^2 - 1) = q."""
    q, s = score / mpmath.sqrt(variance), third / (6 * variance ** mpf("1.5"))
    if not skewness or s == 0:
        return q
    return (mpmath.sqrt(1 + 4 * s * (q + s)) - 1) / (2 * s)


def score_statistic(row, theta, *, skewness, small_sample):
    with mpmath.workdps(60):
        score, variance, third, bias = score_parts(row, mpf(theta))
        size = mpf(row[1]) + mpf(row[3])
        variance *= size / (size - 1) if small_sample else 1
        return solved(score - (bias if skewness else 0), variance, third, skewness=skewness)


def weights(row, theta):
    """Support and probabilities of the count given the margins."""
    x, n1, y, n2 = (int(value) for value in row)
    m = x + y
    support = range(max(0, m - n2), min(n1, m) + 1)
    raw = [mpmath.binomial(n1, k) * mpmath.binomial(n2, m - k) * mpf(theta) ** k for k in support]
    total = mpmath.fsum(raw)
    return list(support), [value / total for value in raw]


def tail(row, theta, side, observed):
    """P(count or less) for side +1, P(count or more) for -1, with part of P(count) itself."""
    with mpmath.workdps(40):
        support, p = weights(row, theta)
        beyond = mpmath.fsum(q for k, q in zip(support, p, strict=True) if side * (row[0] - k) > 0)
        return beyond + observed * p[support.index(int(row[0]))]


class TestPutBack:
    """A limit solves the equation that defines it."""

    @pytest.mark.parametrize("method", SCORES)
    @pytest.mark.parametrize("row", TABLES + HUGE, ids=str)
    @pytest.mark.parametrize("level", [0.5, 0.9, 0.95, 0.99])
    def test_score(self, method, row, level):
        skewness, small_sample = SCORES[method]
        z = -ndtri((1 - level) / 2)
        for side, end in finite_sides(row, method, level=level):
            # float limits near 1e-300 are exact to 1e-16 only in log
            got = score_statistic(row, end, skewness=skewness, small_sample=small_sample)
            assert float(got) == pytest.approx(-side * z, rel=1e-10)

    @pytest.mark.parametrize(
        ("method", "observed"), [("conditional", 1), ("conditional-mid-p", 0.5)]
    )
    @pytest.mark.parametrize("row", [row for row in TABLES if row[1] < 3000], ids=str)
    @pytest.mark.parametrize(
        ("level", "alternative"),
        [(0.8, "two-sided"), (0.95, "two-sided"), (0.999999, "less"), (0.99, "greater")],
    )
    def test_conditional(self, method, observed, row, level, alternative):
        outside = (1 - level) / 2 if alternative == "two-sided" else 1 - level
        for side, end in finite_sides(row, method, level=level, alternative=alternative):
            assert float(tail(row, end, side, observed)) == pytest.approx(outside, rel=1e-10)

    def test_conditional_on_a_long_support(self):
        row = (2000, 5000, 1700, 4900)
        for side, end in finite_sides(row, "conditional"):
            assert float(tail(row, end, side, 1)) == pytest.approx(0.025, rel=1e-10)

    def test_conditional_where_the_support_is_cut(self):
        """A support of 9 million points gives what 40 standard deviations of it give."""
        row = (4_510_000, 9_000_000, 4_500_000, 9_000_000)
        low, high = limits("conditional-mid-p", row)
        near = limits("skew-score", row)
        assert low == pytest.approx(near[0], rel=1e-9)
        assert high == pytest.approx(near[1], rel=1e-9)

    @pytest.mark.parametrize("method", sorted(WHOLE_COUNTS_ONLY))
    @pytest.mark.parametrize("row", HUGE, ids=str)
    def test_huge_counts(self, method, row):
        for _, end in finite_sides(row, method):
            p = pvalue(method, row, end)
            if method in ORDERED:
                assert p >= 0.05 * (1 - 1e-10)
            else:
                assert p == pytest.approx(0.05, rel=1e-10)

    @pytest.mark.parametrize("method", ["woolf", "gart", "independence-smoothed"])
    @pytest.mark.parametrize("row", TABLES, ids=str)
    def test_log_normal(self, method, row):
        z = -ndtri(0.025)
        x1, n1, x2, n2 = (mpf(value) for value in row)
        whole, m = n1 + n2, x1 + x2
        added = {
            "woolf": (0, 0, 0, 0),
            "gart": (mpf("0.5"),) * 4,
            "independence-smoothed": tuple(
                2 * size * kind / whole**2 for size in (n1, n2) for kind in (m, whole - m)
            ),
        }[method]
        cells = [u + v for u, v in zip((x1, n1 - x1, x2, n2 - x2), added, strict=True)]
        if min(cells) == 0:
            assert limits(method, row) == (0.0, np.inf)
            assert pvalue(method, row, 2.0) == 1.0
            return
        middle = mpmath.log(cells[0] / cells[1]) - mpmath.log(cells[2] / cells[3])
        error = mpmath.sqrt(sum(1 / cell for cell in cells))
        want = [float(mpmath.exp(middle + side * z * error)) for side in (-1, 1)]
        np.testing.assert_allclose(limits(method, row), want, rtol=1e-11)

    @pytest.mark.parametrize("method", MOVER)
    @pytest.mark.parametrize("row", [(9, 10, 3, 10), (7, 34, 1, 34), (1280, 4007, 4250, 6644)])
    def test_mover(self, method, row):
        """Donner and Zou's formula as they print it, in 40 digits."""
        one_sample = {"mover-wilson": wilson, "mover-jeffreys": jeffreys}[method]
        with mpmath.workdps(40):
            want = [float(end) for end in mover_formula(row, one_sample, lambda p: p / (1 - p))]
        np.testing.assert_allclose(limits(method, row), want, rtol=1e-10)

    def test_mover_with_few_failures_in_many(self):
        row = (1e8 - 3, 1e8, 3, 10)
        with mpmath.workdps(40):
            want = [float(end) for end in mover_formula(row, wilson, lambda p: p / (1 - p))]
        np.testing.assert_allclose(limits("mover-wilson", row), want, rtol=1e-10)

    @pytest.mark.parametrize("row", [row for row in TABLES if row[1] < 5000], ids=str)
    def test_conditional_estimate(self, row):
        got = float(conditional_estimate(*column(*row))[0])
        if 0 < got < np.inf:
            support, p = weights(row, got)
            mean = mpmath.fsum(k * q for k, q in zip(support, p, strict=True))
            assert float(mean) == pytest.approx(row[0], rel=1e-11)
        else:
            assert got == float(estimate(*column(*row))[0])


def wilson(x, n):
    z = mpf(float(-ndtri(0.025)))
    half = z * mpmath.sqrt(z * z / 4 + x * (n - x) / n)
    return (x + z * z / 2 - half) / (n + z * z), (x + z * z / 2 + half) / (n + z * z)


def jeffreys(x, n):
    x, n = float(x), float(n)
    low = 0.0 if x == 0 else betaincinv(x + 0.5, n - x + 0.5, 0.025)
    high = 1.0 if x == n else betaincinv(x + 0.5, n - x + 0.5, 0.975)
    return mpf(float(low)), mpf(float(high))


def middle(x, n, one_sample):
    """Sample share for Wilson's limits, the median for Jeffreys' (Laud, 2017) between the ends."""
    if one_sample is wilson or x in (0, n):
        return x / n
    return mpf(float(betaincinv(float(x) + 0.5, float(n - x) + 0.5, 0.5)))


def mover_formula(row, one_sample, scale):
    x1, n1, x2, n2 = (mpf(value) for value in row)
    (l1, u1), (l2, u2) = ([scale(p) for p in one_sample(x, n)] for x, n in ((x1, n1), (x2, n2)))
    t1, t2 = scale(middle(x1, n1, one_sample)), scale(middle(x2, n2, one_sample))
    product, below = t1 * t2, u2 * (2 * t2 - u2)
    low = (product - mpmath.sqrt(product**2 - l1 * (2 * t1 - l1) * below)) / below
    above = l2 * (2 * t2 - l2)
    if above == 0:
        return low, mpmath.inf
    high = (product + mpmath.sqrt(product**2 - u1 * (2 * t1 - u1) * above)) / above
    return low, high


# --- reference values --------------------------------------------------------------------------


def number(value):
    return (
        {None: np.nan, "inf": np.inf}.get(value, value) if not isinstance(value, float) else value
    )


def case_row(case):
    return tuple(case["inputs"][key] for key in ("x1", "n1", "x2", "n2"))


def cases(*, limits_of=(None, "odds ratio"), stratified=False):
    chosen = [
        case
        for case in CASES
        if case.get("limits_of") in limits_of
        and (case["family"] == "stratified_odds_ratio") == stratified
    ]
    return pytest.mark.parametrize("case", chosen, ids=lambda case: case["id"])


@pytest.mark.reference
class TestReference:
    @cases()
    def test_agreement(self, case):
        row, expected, kernel = case_row(case), case["expected"], case["kernel"]
        rtol = case["tolerance"].get("rtol")
        atol = 0.5000001 * 10.0 ** -case["tolerance"].get("decimals", 99)
        if "estimate" in expected:
            what = conditional_estimate if kernel == "conditional-estimate" else estimate
            got = float(what(*column(*row))[0])
            np.testing.assert_allclose(got, number(expected["estimate"]), rtol=rtol or 0)
        if "pvalue" in expected:
            got = pvalue(kernel, row, 1.0)
            assert got == pytest.approx(expected["pvalue"], rel=rtol)
        if "lower" in expected:
            got = limits(kernel, row, level=case["parameters"]["level"])
            want = [number(expected["lower"]), number(expected["upper"])]
            np.testing.assert_allclose(got, want, rtol=rtol or 0, atol=atol)

    @cases(limits_of=("risk ratio",))
    def test_limits_of_orci_belong_to_the_ratio_of_risks(self, case):
        """Documented disagreement: they solve the other measure's equation, and not ours."""
        row, expected = case_row(case), case["expected"]
        got = float(estimate(*column(*row))[0])
        np.testing.assert_allclose(got, number(expected["estimate"]), rtol=1e-7)
        theirs = number(expected["lower"]), number(expected["upper"])
        np.testing.assert_allclose(risk_ratio_limits_put_back(case, theirs), 1.0, rtol=2e-6)
        if case["kernel"] is not None:
            ours = limits(case["kernel"], row)
            finite = [i for i in (0, 1) if 0 < theirs[i] < np.inf]
            assert any(abs(ours[i] / theirs[i] - 1) > 1e-3 for i in finite)

    @cases(stratified=True)
    def test_scores_of_single_tables_combine_to_the_stratified_ones(self, case):
        """The same score, bias, variance and third moment, summed with inverse variances."""
        rows = list(zip(*case_row(case), strict=True))
        expected, z = case["expected"], -ndtri(0.025)
        for theta, want in (("lower", z), ("estimate", 0.0), ("upper", -z)):
            assert stratified(rows, expected[theta]) == pytest.approx(want, abs=1e-9)
        p = 2 * mpmath.ncdf(-abs(stratified(rows, 1.0)))
        assert float(p) == pytest.approx(expected["pvalue"], rel=1e-6)


def stratified(rows, theta):
    total = variance = third = size = mpf(0)
    for row in rows:
        score, v, third_j, bias = score_parts(row, mpf(theta))
        total += (score - bias) / v
        variance += mpf(row[1] + row[3]) / (row[1] + row[3] - 1) / v
        third += third_j / v**3
        size += 1 / v
    return float(solved(total / size, variance / size**2, third / size**3, skewness=True))


def risk_ratio_limits_put_back(case, ends):
    """Each finite limit over what it should be, or its statistic over its normal quantile."""
    row, method = tuple(mpf(value) for value in case_row(case)), case["method"]
    x1, n1, x2, n2 = row
    z = mpf(float(-ndtri(0.025)))
    if method in ("mover_w", "mover_j"):
        want = mover_formula(
            case_row(case), wilson if method == "mover_w" else jeffreys, lambda p: p
        )
    elif method in ("woolf_logit", "gart_adjusted_logit"):
        more = mpf("0.5") if method == "gart_adjusted_logit" else 0
        (a, n), (b, m) = (x1 + more, n1 + 2 * more), (x2 + more, n2 + 2 * more)
        error = mpmath.sqrt(1 / a - 1 / n + 1 / b - 1 / m)
        want = [a / n / (b / m) * mpmath.exp(sign * z * error) for sign in (-1, 1)]
    else:
        skewness = method in ("scas", "gart")
        small_sample = method in ("scas", "miettinen_nurminen")
        return [
            float(risk_ratio_statistic(row, mpf(end), skewness, small_sample) / -(side * z))
            for side, end in zip((-1, 1), ends, strict=True)
            if 0 < end < np.inf
        ]
    return [float(end / w) for end, w in zip(ends, want, strict=True) if 0 < end < np.inf]


def risk_ratio_statistic(row, theta, skewness, small_sample):
    x1, n1, x2, n2 = row
    size = n1 + n2
    b = n1 * theta + x1 + n2 + x2 * theta
    p2 = (b - mpmath.sqrt(b * b - 4 * size * theta * (x1 + x2))) / (2 * size * theta)
    p1 = theta * p2
    v1, v2 = p1 * (1 - p1) / n1, p2 * (1 - p2) / n2
    variance = (v1 + theta**2 * v2) * (size / (size - 1) if small_sample else 1)
    third = v1 * (1 - 2 * p1) / n1 - theta**3 * v2 * (1 - 2 * p2) / n2
    return solved(x1 / n1 - theta * x2 / n2, variance, third, skewness=skewness)
