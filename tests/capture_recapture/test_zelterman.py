"""Zelterman's estimate: reference values and what it does where units differ.

Its forms of input, limits and ends are tested beside Chao's in `test_chao_lower_bound.py`.
"""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pytest

from countylines._kernels import repeat_counts
from countylines.capture_recapture import chao_lower_bound, zelterman

CASES = json.loads((Path(__file__).parents[1] / "reference" / "repeat_counts.json").read_text())[
    "cases"
]
MINE = [pytest.param(c, id=c["id"]) for c in CASES if c["id"].endswith("zelterman")]


@pytest.mark.reference
@pytest.mark.parametrize("case", MINE)
def test_single_source(case):
    data, expected = case["inputs"], case["expected"]
    seen = dict(zip(data["counts"], data["frequencies"], strict=True))
    result = zelterman(seen)
    assert result.estimate == pytest.approx(expected["N_hat"], rel=1e-9)
    assert result.standard_error == pytest.approx(expected["se"], rel=1e-9)
    assert [result.low, result.high] == pytest.approx(expected["ci_lognormal"], rel=1e-9)
    wald = zelterman(seen, interval="wald")
    assert [wald.low, wald.high] == pytest.approx(expected["ci_normal"], rel=1e-9)
    assert chao_lower_bound(seen).estimate < result.estimate


def mixture(k, rates=(0.5, 5.0)):
    """Chance of being seen k times when half is seen at each rate."""
    return np.mean([rate**k * math.exp(-rate) / math.factorial(k) for rate in rates])


def test_it_is_no_bound():
    """The figures of the docstring: rates of 0.5 and 5, half of the units each."""
    data = [np.array([1e6 * x]) for x in (mixture(1), mixture(2), 1 - mixture(0))]
    totals = [
        float((data[2] + kernel(*data, math.inf)[0])[0]) / 1e6
        for kernel in (repeat_counts.zelterman, repeat_counts.chao)
    ]
    assert totals == pytest.approx([1.13, 0.87], abs=0.005)


def test_a_few_units_seen_very_often_do_not_move_the_rate():
    """They add themselves, divided by the chance of being seen, and nothing else."""
    plain = zelterman([300, 60, 8])
    more = zelterman({1: 300, 2: 60, 3: 8, 90: 5})
    chance = 1 - math.exp(-2 * 60 / 300)
    assert more.estimate - plain.estimate == pytest.approx(5 / chance, rel=1e-12)
