"""Simulated coverage: against exact coverage, sides, what is undefined, what is refused."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.stats import binom

from countylines.errors import InputError, InputTypeError
from countylines.localisation import cochran_armitage
from countylines.prevalence import proportion
from countylines.simulate import coverage


def people(generator):
    return generator.binomial(20, 0.3), 20


def clopper(count, total):
    return proportion(count, total, method="clopper-pearson")


def test_it_agrees_with_exact_coverage():
    found = coverage(people, clopper, 0.3, replicates=2000, rng=1).iloc[0]
    x = np.arange(21)
    low, high = (
        np.array([getattr(clopper(int(k), 20), end) for k in x]) for end in ("low", "high")
    )
    mass = binom.pmf(x, 20, 0.3)
    for column, missed in (
        ("coverage", (low <= 0.3) & (high >= 0.3)),
        ("below", high < 0.3),
        ("above", low > 0.3),
    ):
        exact = float(mass[missed].sum())
        assert abs(found[column] - exact) < 5 * math.sqrt(exact * (1 - exact) / 2000)
    limits = proportion(round(found.coverage * 2000), 2000)
    assert (found.low, found.high) == (limits.low, limits.high)


def test_shares_add_up_and_nan_holds_nothing():
    def draw(generator):
        return int(generator.integers(4))

    def estimator(kind):
        return [(0.0, 1.0), (2.0, 3.0), (-2.0, -1.0), (math.nan, 1.0)][kind]

    found = coverage(draw, estimator, 0.5, replicates=500, rng=1).iloc[0]
    parts = found[["coverage", "below", "above", "undefined"]]
    assert parts.sum() == pytest.approx(1.0)
    assert (parts > 0.15).all()
    assert found.width == 1.0


def test_both_ends_belong():
    found = coverage(lambda generator: None, lambda data: (0.5, 0.5), 0.5, replicates=3)
    assert found.loc[0, "coverage"] == 1.0


def test_named_data_and_tests_with_an_effect():
    def draw(generator):
        return {"count": generator.binomial(50, [0.2, 0.2, 0.2]), "total": [50] * 3}

    found = coverage(draw, cochran_armitage, 1.0, replicates=300, rng=1)
    assert 0.9 < found.loc[0, "coverage"] <= 1.0


def test_the_same_seed_gives_the_same_coverage():
    first = coverage(people, clopper, 0.3, replicates=1100, rng=5)
    assert first.equals(coverage(people, clopper, 0.3, replicates=1100, rng=5))
    assert not first.equals(coverage(people, clopper, 0.3, replicates=1100, rng=6))


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        ({"draw": 5}, InputTypeError, "`draw` must be a function"),
        ({"estimator": None}, InputTypeError, "`estimator` must be a function"),
        ({"truth": math.nan}, InputError, "`truth` must be"),
        ({"replicates": 0}, InputError, "`replicates` must be"),
        ({"level": 95}, InputError, "`level` must be"),
        ({"estimator": lambda *data: 5}, InputError, "returns one interval"),
        ({"estimator": lambda *data: (1, 2, 3)}, InputError, "returns one interval"),
        ({"estimator": lambda *data: (1, 0)}, InputError, "limits come in order"),
    ],
)
def test_bad_arguments(arguments, error, words):
    given = {"draw": people, "estimator": clopper, "truth": 0.3, "replicates": 2, **arguments}
    with pytest.raises(error, match=words):
        coverage(given.pop("draw"), given.pop("estimator"), given.pop("truth"), **given)
