"""Limits of weighted sums of Poisson counts: published values, their equations, properties."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import gamma

from countylines._kernels import poisson
from countylines._kernels.weighted_poisson import METHODS, UNINFORMATIVE_AT_ZERO

REFERENCE = Path(__file__).parents[1] / "reference" / "standardised_rate.json"
CASES = json.loads(REFERENCE.read_text())["cases"]
NAMES = {
    "dobson_byar": "dobson",
    "dobson_byar_998": "dobson",
    "directly standardised rate, Dobson with Byar": "dobson",
    "fay_feuer_gamma": "fay-feuer",
    "gamma interval for weighted sum of Poissons (Fay-Feuer)": "fay-feuer",
    "gamma_max": "fay-feuer",
    "gamma_mean": "mean-weight",
    "gamma_midp": "mid-p",
    "gamma_minmaxavg": "min-max-average",
    "gamma_tcz": "tiwari",
}
ADDED = ["tiwari", "fay-feuer", "mean-weight", "min-max-average"]
X = np.array([[3.0, 7.0, 12.0], [0.0, 0.0, 1.0], [400.0, 2.0, 90.0]])
W = np.array([[2.0, 0.5, 1.3], [2.0, 0.5, 1.3], [1e-5, 3e-4, 2e-5]])
strata = st.lists(st.tuples(st.integers(0, 60), st.floats(0.01, 10.0)), min_size=1, max_size=6)


def limits(method, count, weight, level=0.95, alternative="two-sided"):
    return METHODS[method].limits(count, weight, level=level, alternative=alternative)


def pvalue(method, count, weight, null, alternative="two-sided"):
    return METHODS[method].pvalue(count, weight, null=null, alternative=alternative)


@pytest.mark.reference
@pytest.mark.parametrize("case", CASES, ids=lambda case: case["id"])
def test_published_values(case):
    inputs, options, expected = case["inputs"], case["parameters"], case["expected"]
    if "w" in inputs:
        count, weight = np.array([inputs["x"]], float), np.array([inputs["w"]], float)
    else:
        count, people, standard = (
            np.array([inputs[key]], dtype=float) for key in ("count", "population", "standard")
        )
        weight = standard / standard.sum() / people * options.get("multiplier", 1)
    level = options.get("level", options.get("conf_level"))
    low, high = limits(NAMES[case["method"]], count, weight, level)
    pair = expected.get("ci", [expected.get("lower"), expected.get("upper")])
    estimate = expected.get("estimate", expected.get("value"))
    for found, value in zip((low[0], high[0]), pair, strict=True):
        if value is None:  # printed for no events, where the source gives no number
            assert count.sum() == 0
            assert found in (0.0, np.inf)
        else:
            rtol = case["tolerance"]["rtol"]
            np.testing.assert_allclose(found, value, rtol=rtol, atol=1e-15)
    if estimate is not None:
        assert (weight * count).sum() == pytest.approx(estimate, rel=1e-9)


@pytest.mark.reference
def test_every_source_is_compared():
    assert {case["method"] for case in CASES} == set(NAMES)
    assert set(METHODS) - set(NAMES.values()) == {
        "dobson-exact",
        "dobson-mid-p",
        "wald",
        "wald-log",
    }


@pytest.mark.parametrize("level", [0.5, 0.95, 0.9999])
@pytest.mark.parametrize("method", ADDED)
def test_gamma_limits_have_the_tails_asked_for(method, level):
    y, v, tail = (W * X).sum(axis=1), (W * W * X).sum(axis=1), (1 - level) / 2
    largest, mean = W.max(axis=1), W.mean(axis=1)
    middle = (W.max(axis=1) + W.min(axis=1)) / 2
    k, k2 = {
        "tiwari": (mean, (W * W).mean(axis=1)),
        "fay-feuer": (largest, largest**2),
        "mean-weight": (mean, mean**2),
        "min-max-average": (middle, middle**2),
    }[method]
    low, high = limits(method, X, W, level)
    np.testing.assert_allclose(gamma.cdf(low, y * y / v, scale=v / y), tail, rtol=1e-10)
    up, spread = y + k, v + k2
    tails = gamma.sf(high, up * up / spread, scale=spread / up)
    np.testing.assert_allclose(tails, tail, rtol=1e-10)


@pytest.mark.parametrize("level", [0.5, 0.95, 0.9999])
def test_mid_p_limits_average_two_distributions(level):
    y, v, k, tail = (W * X).sum(axis=1), (W * W * X).sum(axis=1), W.max(axis=1), (1 - level) / 2
    one = gamma(y * y / v, scale=v / y)
    other = gamma((y + k) ** 2 / (v + k * k), scale=(v + k * k) / (y + k))
    low, high = limits("mid-p", X, W, level)
    np.testing.assert_allclose((one.cdf(low) + other.cdf(low)) / 2, tail, rtol=1e-10)
    np.testing.assert_allclose((one.sf(high) + other.sf(high)) / 2, tail, rtol=1e-10)


@pytest.mark.parametrize(("method", "counted"), [("dobson-exact", "exact"), ("dobson", "byar")])
def test_dobson_limits_scale_those_of_the_total(method, counted):
    total, y, v = X.sum(axis=1), (W * X).sum(axis=1), (W * W * X).sum(axis=1)
    ends = poisson.METHODS[counted].limits(total, np.ones(3), level=0.95, alternative="two-sided")
    for found, end in zip(limits(method, X, W), ends, strict=True):
        expected = np.maximum(y + np.sqrt(v / total) * (end - total), 0)
        np.testing.assert_allclose(found, expected, rtol=1e-12)


@pytest.mark.parametrize(
    ("method", "counted"),
    [
        ("tiwari", "exact"),
        ("fay-feuer", "exact"),
        ("mean-weight", "exact"),
        ("min-max-average", "exact"),
        ("mid-p", "mid-p"),
        ("dobson", "byar"),
        ("dobson-exact", "exact"),
        ("dobson-mid-p", "mid-p"),
        ("wald", "wald"),
        ("wald-log", "wald-log"),
    ],
)
@given(count=st.integers(0, 500), weight=st.floats(1e-6, 1e3), level=st.floats(0.5, 0.999))
def test_with_one_stratum_they_are_limits_of_a_rate(method, counted, count, weight, level):
    found = limits(method, np.array([[float(count)]]), np.array([[weight]]), level)
    expected = poisson.METHODS[counted].limits(
        np.array([float(count)]), np.array([1 / weight]), level=level, alternative="two-sided"
    )
    if count == 0 and method in UNINFORMATIVE_AT_ZERO:
        expected = (np.zeros(1), np.full(1, np.inf))
    np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-12 * weight)


@pytest.mark.parametrize("method", METHODS)
@given(data=strata, null=st.floats(0.0, 3.0), level=st.floats(0.5, 0.999))
def test_pvalue_and_limits_agree(method, data, null, level):
    count, weight = (np.array([column], dtype=float) for column in zip(*data, strict=True))
    null *= max(float((count * weight).sum()), float(weight.max()))
    for alternative in ("two-sided", "less", "greater"):
        (low,), (high,) = limits(method, count, weight, level, alternative)
        p = pvalue(method, count, weight, null, alternative)[0]
        assert 0 <= p <= 1
        if abs(p - (1 - level)) > 1e-9:
            assert (null < low or null > high) == (p < 1 - level)


@pytest.mark.parametrize("method", METHODS)
@given(data=strata, scale=st.floats(1e-6, 1e6))
def test_limits_scale_with_the_weights_and_not_with_the_order(method, data, scale):
    count, weight = (np.array([column], dtype=float) for column in zip(*data, strict=True))
    plain = np.array(limits(method, count, weight))
    scaled = np.array(limits(method, count, weight * scale))
    np.testing.assert_allclose(scaled, plain * scale, rtol=1e-9)
    turned = np.array(limits(method, count[:, ::-1], weight[:, ::-1]))
    np.testing.assert_allclose(turned, plain, rtol=1e-9)


@pytest.mark.parametrize("method", METHODS)
@given(data=strata, extra=st.integers(0, 50))
def test_a_stratum_of_no_weight_decides_nothing(method, data, extra):
    count, weight = (np.array([column], dtype=float) for column in zip(*data, strict=True))
    more = np.c_[count, [[float(extra)]]], np.c_[weight, [[0.0]]]
    np.testing.assert_allclose(limits(method, *more), limits(method, count, weight), rtol=1e-12)


@pytest.mark.parametrize("method", METHODS)
def test_without_events(method):
    weight = np.array([[2.0, 0.5, 1.3]])
    none = np.zeros((1, 3))
    (low,), (high,) = limits(method, none, weight)
    assert low == 0.0
    if method in UNINFORMATIVE_AT_ZERO:
        assert high == np.inf
        assert pvalue(method, none, weight, 9.0)[0] == 1.0
    elif method == "wald":
        assert high == 0.0
        assert pvalue(method, none, weight, 9.0)[0] == 0.0
    else:
        assert 3.0 < high < 8.0
        assert pvalue(method, none, weight, high * 1.001)[0] < 0.05
    assert pvalue(method, none, weight, 0.0)[0] == 1.0


def test_tiwari_is_narrower_than_fay_and_feuer():
    for method in ("tiwari", "mid-p", "mean-weight"):
        assert (limits(method, X, W)[1] < limits("fay-feuer", X, W)[1]).all()
