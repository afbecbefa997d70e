"""Exact coverage of the intervals for a standardised rate of two strata: every pair of counts.

`weights` is the ratio of the two weights, `expected` the two expected counts. `below` is the chance
that the interval lies wholly below the true rate, `above` that it lies wholly above. The nominal
level is 0.95, so both should be 0.025.

``pytest -m slow tests/coverage/test_standardised_rate.py`` computes all again and holds it against
the record; ``python tests/coverage/test_standardised_rate.py`` records it again.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from countylines._kernels.poisson_tails import log_probability
from countylines._kernels.weighted_poisson import METHODS

RESULTS = Path(__file__).parent / "results" / "standardised_rate.json"
LEVEL = 0.95
WEIGHTS = (1.0, 3.0, 10.0)
EXPECTED = ((1.0, 1.0), (2.0, 10.0), (10.0, 2.0), (30.0, 30.0))
TOP = 90  # no count beyond it has a chance of 1e-12


def row(method, ratio, expected):
    means, weight = np.array(expected), np.array([1.0, ratio])
    one, other = np.meshgrid(np.arange(TOP + 1.0), np.arange(TOP + 1.0))
    count = np.c_[one.ravel(), other.ravel()]
    chance = np.exp(log_probability(count, np.broadcast_to(means, count.shape)).sum(axis=1))
    low, high = METHODS[method].limits(
        count, np.broadcast_to(weight, count.shape), level=LEVEL, alternative="two-sided"
    )
    truth = float((means * weight).sum())
    below = float(chance[high < truth * (1 - 1e-9)].sum())
    above = float(chance[low > truth * (1 + 1e-9)].sum())
    return {
        "method": method,
        "weights": f"1 and {ratio:g}",
        "expected": f"{expected[0]:g} and {expected[1]:g}",
        "coverage": 1 - below - above,
        "below": below,
        "above": above,
    }


def settings():
    return [(m, r, e) for m in METHODS for r in WEIGHTS for e in EXPECTED]


def record():
    rows = [row(*setting) for setting in settings()]
    text = ",\n".join(
        "  " + json.dumps({k: round(v, 6) if isinstance(v, float) else v for k, v in line.items()})
        for line in rows
    )
    head = f'{{\n "level": {LEVEL},\n "rows": [\n'
    RESULTS.write_text(head + text + "\n ]\n}\n", encoding="utf-8")


def recorded():
    rows = json.loads(RESULTS.read_text(encoding="utf-8"))["rows"]
    return {(line["method"], line["weights"], line["expected"]): line for line in rows}


@pytest.mark.slow
@pytest.mark.parametrize(("method", "ratio", "expected"), settings())
def test_the_record_is_what_the_enumeration_gives(method, ratio, expected):
    found = row(method, ratio, expected)
    known = recorded()[method, found["weights"], found["expected"]]
    for key in ("coverage", "below", "above"):
        assert found[key] == pytest.approx(known[key], abs=1e-6)


def test_every_setting_is_on_record():
    assert len(recorded()) == len(settings())
    assert {key[0] for key in recorded()} == set(METHODS)


def test_fay_and_feuer_never_cover_less_than_the_level():
    lines = [line for key, line in recorded().items() if key[0] == "fay-feuer"]
    assert min(line["coverage"] for line in lines) >= LEVEL


def test_the_default_is_between_that_and_the_level():
    table = recorded()
    lines = [line for key, line in table.items() if key[0] == "tiwari"]
    assert min(line["coverage"] for line in lines) > 0.94
    for key, line in table.items():
        if key[0] == "tiwari":
            assert line["coverage"] <= table["fay-feuer", *key[1:]]["coverage"] + 1e-9


def test_failures_are_on_record():
    """Limits without skewness, where one heavy stratum has few events."""
    table = recorded()
    assert table["wald", "1 and 10", "10 and 2"]["coverage"] < 0.90
    assert table["wald", "1 and 1", "1 and 1"]["coverage"] < 0.90


if __name__ == "__main__":
    record()
