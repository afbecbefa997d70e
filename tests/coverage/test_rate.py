"""Exact coverage of the intervals for a rate: no simulation, every count is added up.

For each true mean m the chance of every count is known, and so is the chance that the interval
holds m. `below` is the chance that it lies wholly below m (the upper limit misses it), `above` that
it lies wholly above. The nominal level is 0.95, so both should be 0.025. The recorded table has the
mean, the smallest coverage and the two mean errors over windows of expected counts from 0.1 to 100,
and the coverage at single expected counts.

``pytest -m slow tests/coverage/test_rate.py`` computes all again and holds it against the record
and against theory; ``python tests/coverage/test_rate.py`` records it again.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from countylines._kernels.poisson import METHODS
from countylines._kernels.poisson_tails import log_probability

RESULTS = Path(__file__).parent / "results" / "rate.json"
LEVEL = 0.95
WINDOWS = ((0.1, 1.0), (1.0, 5.0), (5.0, 20.0), (20.0, 100.0))
EXACT = ("exact", "blaker", "minlike")
TOP = 250


def limits(method, level=LEVEL, alternative="two-sided"):
    counts = np.arange(TOP + 1.0)
    return METHODS[method].limits(counts, np.ones(TOP + 1), level=level, alternative=alternative)


def errors(method, means, level=LEVEL, alternative="two-sided"):
    """Chances that the interval lies wholly below and wholly above each mean."""
    low, high = limits(method, level, alternative)
    m = means[:, None]
    weight = np.exp(log_probability(*np.broadcast_arrays(np.arange(TOP + 1.0), m)))
    # Rounding must not decide whether a limit that is m itself covers it.
    below = (weight * (high < m * (1 - 1e-9))).sum(axis=1)
    above = (weight * (low > m * (1 + 1e-9))).sum(axis=1)
    return below, above


def grid(window):
    return np.exp(np.linspace(*np.log(window), 801))


def row(method, window):
    below, above = errors(method, grid(window))
    coverage = 1 - below - above
    return {
        "method": method,
        "expected": f"{window[0]:g} to {window[1]:g}",
        "mean": float(coverage.mean()),
        "least": float(coverage.min()),
        "below": float(below.mean()),
        "above": float(above.mean()),
    }


def record():
    rows = [row(method, window) for method in METHODS for window in WINDOWS]
    text = ",\n".join(
        "  " + json.dumps({k: round(v, 6) if isinstance(v, float) else v for k, v in line.items()})
        for line in rows
    )
    head = f'{{\n "level": {LEVEL},\n "rows": [\n'
    RESULTS.write_text(head + text + "\n ]\n}\n", encoding="utf-8")


def recorded():
    rows = json.loads(RESULTS.read_text(encoding="utf-8"))["rows"]
    return {(line["method"], line["expected"]): line for line in rows}


def next_to_limits(method, alternative="two-sided"):
    """Means just outside each limit, where the coverage has its local minima."""
    low, high = limits(method, LEVEL, alternative)
    ends = np.r_[low, high]
    m = np.r_[ends * (1 - 1e-7), ends * (1 + 1e-7)]
    return np.unique(m[(m > 0.05) & (m < 120)])


@pytest.mark.slow
@pytest.mark.parametrize("window", WINDOWS)
@pytest.mark.parametrize("method", METHODS)
def test_the_record_is_what_the_enumeration_gives(method, window):
    found = row(method, window)
    expected = recorded()[method, found["expected"]]
    for key in ("mean", "least", "below", "above"):
        assert found[key] == pytest.approx(expected[key], abs=1e-6)


@pytest.mark.slow
@pytest.mark.parametrize("method", EXACT)
def test_exact_methods_hold_their_level_at_every_mean(method):
    below, above = errors(method, np.union1d(grid((0.05, 120.0)), next_to_limits(method)))
    assert (1 - below - above).min() >= LEVEL - 1e-9
    if method == "exact":
        assert below.max() <= (1 - LEVEL) / 2 + 1e-9
        assert above.max() <= (1 - LEVEL) / 2 + 1e-9


@pytest.mark.slow
@pytest.mark.parametrize("method", EXACT)
def test_one_sided_exact_limits_hold_their_level(method):
    for alternative, which in (("greater", 1), ("less", 0)):
        m = np.union1d(grid((0.05, 120.0)), next_to_limits(method, alternative))
        assert errors(method, m, alternative=alternative)[which].max() <= 1 - LEVEL + 1e-9


def test_every_method_is_on_record():
    names = [f"{low:g} to {high:g}" for low, high in WINDOWS]
    assert set(recorded()) == {(method, name) for method in METHODS for name in names}


def test_mid_p_holds_its_level_on_average():
    """The default. It does not promise the level at every mean: down to 0.916 is on record."""
    for (method, _), line in recorded().items():
        if method == "mid-p":
            assert line["mean"] >= 0.95
            assert line["least"] > 0.916
            assert max(line["below"], line["above"]) < 0.0255


def test_ordering_outcomes_gains_over_the_central_limits():
    table = recorded()
    for (method, expected), line in table.items():
        if method in ("blaker", "minlike"):
            assert line["least"] >= LEVEL
            assert line["mean"] < table["exact", expected]["mean"]


def test_failures_are_on_record():
    """Large-sample intervals where events are few; the worst mean of score and Jeffreys."""
    table = recorded()
    assert table["wald", "0.1 to 1"]["least"] < 0.1
    assert table["wald", "5 to 20"]["least"] < 0.90
    assert table["score", "0.1 to 1"]["least"] < 0.85
    assert table["profile", "1 to 5"]["least"] < 0.92
    # Log limits err towards rates that are too high.
    assert table["wald-log", "1 to 5"]["above"] > 0.03


if __name__ == "__main__":
    record()
