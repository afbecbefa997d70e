"""Exact coverage of the intervals for a proportion: no simulation, every outcome is added up.

For each total and each true proportion p the chance of every count is known, and so is the chance
that the interval holds p. `below` is the chance that it lies wholly below p (the upper limit misses
it), `above` that it lies wholly above. The nominal level is 0.95, so both should be 0.025. The
recorded table has the mean, the smallest coverage and the two mean errors over p from 0.01 to 0.3
by 0.001, the range of the shares met here.

``pytest -m slow tests/coverage/test_proportion.py`` computes all again and holds it against the
record and against theory; ``python tests/coverage/test_proportion.py`` records it again.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from scipy.special import gammaln, xlog1py, xlogy

from countylines._kernels.binomial import METHODS

RESULTS = Path(__file__).parent / "results" / "proportion.json"
LEVEL = 0.95
TOTALS = (10, 30, 100, 500)
GRID = np.linspace(0.01, 0.30, 291)
EXACT = ("clopper-pearson", "blaker", "minlike")

# Mean and smallest coverage measured with other software on the same grid, to three digits.
OTHER_SOFTWARE = {
    "wald": {10: (0.707, 0.096), 30: (0.859, 0.260), 100: (0.925, 0.633), 500: (0.945, 0.871)},
    "wilson": {10: (0.956, 0.842), 30: (0.954, 0.899), 100: (0.952, 0.921), 500: (0.950, 0.935)},
    "clopper-pearson": {
        10: (0.989, 0.975),
        30: (0.977, 0.954),
        100: (0.966, 0.951),
        500: (0.958, 0.952),
    },
    "jeffreys": {10: (0.957, 0.868), 30: (0.951, 0.889), 100: (0.950, 0.881), 500: (0.950, 0.925)},
    "mid-p": {10: (0.974, 0.927), 30: (0.961, 0.925), 100: (0.954, 0.921), 500: (0.951, 0.929)},
}


def limits(method, total, level=LEVEL, alternative="two-sided"):
    counts = np.arange(total + 1.0)
    return METHODS[method].limits(
        counts, np.full(counts.shape, float(total)), level=level, alternative=alternative
    )


def chances(total, p):
    """P(X = k) for each p (rows) and each k (columns)."""
    k = np.arange(total + 1.0)
    log_choose = gammaln(total + 1) - gammaln(k + 1) - gammaln(total - k + 1)
    return np.exp(log_choose + xlogy(k, p[:, None]) + xlog1py(total - k, -p[:, None]))


def errors(method, total, p, level=LEVEL, alternative="two-sided"):
    """Chances that the interval lies wholly below and wholly above p."""
    low, high = limits(method, total, level, alternative)
    weight, p = chances(total, p), p[:, None]
    # Rounding must not decide whether a limit that is p itself covers it.
    below = (weight * (high < p * (1 - 1e-9))).sum(axis=1)
    above = (weight * (low > p * (1 + 1e-9))).sum(axis=1)
    return below, above


def row(method, total):
    below, above = errors(method, total, GRID)
    coverage = 1 - below - above
    return {
        "method": method,
        "total": total,
        "mean": float(coverage.mean()),
        "min": float(coverage.min()),
        "below": float(below.mean()),
        "above": float(above.mean()),
    }


def record():
    rows = [row(method, total) for method in METHODS for total in TOTALS]
    text = ",\n".join(
        "  " + json.dumps({k: round(v, 6) if isinstance(v, float) else v for k, v in line.items()})
        for line in rows
    )
    RESULTS.parent.mkdir(exist_ok=True)
    head = f'{{\n "level": {LEVEL},\n "grid": [0.01, 0.3, 291],\n "rows": [\n'
    RESULTS.write_text(head + text + "\n ]\n}\n", encoding="utf-8")


def recorded():
    rows = json.loads(RESULTS.read_text(encoding="utf-8"))["rows"]
    return {(line["method"], line["total"]): line for line in rows}


def next_to_limits(method, total):
    """Proportions just outside each limit, where the coverage has its local minima."""
    low, high = limits(method, total)
    p = np.r_[low * (1 - 1e-7), low * (1 + 1e-7), high * (1 - 1e-7), high * (1 + 1e-7)]
    return np.unique(p[(p > 0) & (p < 1)])


@pytest.mark.slow
@pytest.mark.parametrize("total", TOTALS)
@pytest.mark.parametrize("method", METHODS)
def test_the_record_is_what_the_enumeration_gives(method, total):
    found, expected = row(method, total), recorded()[method, total]
    for key in ("mean", "min", "below", "above"):
        assert found[key] == pytest.approx(expected[key], abs=1e-6)


@pytest.mark.slow
@pytest.mark.parametrize("total", TOTALS)
@pytest.mark.parametrize("method", EXACT)
def test_exact_methods_hold_their_level_at_every_proportion(method, total):
    p = np.union1d(np.linspace(0, 1, 1001)[1:-1], next_to_limits(method, total))
    below, above = errors(method, total, p)
    assert (1 - below - above).min() >= LEVEL - 1e-9
    if method == "clopper-pearson":
        assert below.max() <= (1 - LEVEL) / 2 + 1e-9
        assert above.max() <= (1 - LEVEL) / 2 + 1e-9


@pytest.mark.slow
@pytest.mark.parametrize("total", TOTALS)
@pytest.mark.parametrize("method", EXACT)
def test_one_sided_exact_limits_hold_their_level(method, total):
    p = np.union1d(np.linspace(0, 1, 501)[1:-1], next_to_limits(method, total))
    assert errors(method, total, p, alternative="greater")[1].max() <= 1 - LEVEL + 1e-9
    assert errors(method, total, p, alternative="less")[0].max() <= 1 - LEVEL + 1e-9


@pytest.mark.slow
@pytest.mark.parametrize("total", TOTALS)
@pytest.mark.parametrize("method", ["blaker", "minlike"])
def test_ordering_outcomes_gains_over_the_central_limits(method, total):
    """Less over-coverage than Clopper-Pearson, on average over the proportions."""
    assert recorded()[method, total]["mean"] < recorded()["clopper-pearson", total]["mean"]


@pytest.mark.slow
@pytest.mark.parametrize("total", TOTALS)
@pytest.mark.parametrize("method", METHODS)
def test_coverage_is_the_same_seen_from_the_other_end(method, total):
    p = np.array([0.125, 0.25, 0.40625, 0.5])  # their complements are exact
    below, above = errors(method, total, p)
    other_below, other_above = errors(method, total, 1 - p)
    np.testing.assert_allclose(below, other_above, atol=1e-9)
    np.testing.assert_allclose(above, other_below, atol=1e-9)


@pytest.mark.parametrize("total", TOTALS)
@pytest.mark.parametrize("method", OTHER_SOFTWARE)
def test_other_software_covers_as_often(method, total):
    mean, least = OTHER_SOFTWARE[method][total]
    assert recorded()[method, total]["mean"] == pytest.approx(mean, abs=6e-4)
    assert recorded()[method, total]["min"] == pytest.approx(least, abs=6e-4)


def test_every_method_is_on_record():
    assert set(recorded()) == {(method, total) for method in METHODS for total in TOTALS}


@pytest.mark.parametrize("total", TOTALS)
def test_mid_p_holds_its_level_on_average(total):
    """The default. It does not promise the level at every proportion: down to 0.92 is on record."""
    line = recorded()["mid-p", total]
    assert 0.95 <= line["mean"] < recorded()["clopper-pearson", total]["mean"]
    assert line["min"] > 0.92
    # Neither end errs more than its share.
    assert max(line["below"], line["above"]) < 0.0251


@pytest.mark.parametrize("total", TOTALS)
def test_skew_score_errs_equally_often_at_both_ends_where_wilson_does_not(total):
    """Laud's aim. With few events the upper limit cannot err as often as it may."""
    skew, wilson = recorded()["skew-score", total], recorded()["wilson", total]
    assert skew["above"] < 0.0251
    assert wilson["above"] > 0.0265
    assert skew["above"] - skew["below"] < 0.5 * (wilson["above"] - wilson["below"])


def test_failures_are_on_record():
    """Large-sample intervals where events are few; the worst proportion of Wilson and Jeffreys."""
    table = recorded()
    assert table["wald", 10]["mean"] < 0.71
    assert table["wald", 100]["min"] < 0.64
    assert table["wald", 100]["below"] > 0.06
    assert table["profile", 30]["min"] < 0.83
    assert table["logit", 10]["min"] < 0.88
    assert table["arcsine", 30]["min"] < 0.90
    assert table["wilson", 10]["min"] < 0.85
    assert table["jeffreys", 10]["min"] < 0.87


if __name__ == "__main__":
    record()
