"""Mean life from lives found because they were open."""

from __future__ import annotations

import numpy as np
import pytest

from countylines.errors import InputError, InputTypeError
from countylines.prevalence import length_biased_mean


def test_it_is_the_harmonic_mean_with_its_error():
    lives = np.array([20.0, 35, 50, 60, 90, 180])
    found = length_biased_mean(lives)
    assert found.estimate == pytest.approx(1 / np.mean(1 / lives), rel=1e-12)
    error = found.estimate * np.std(1 / lives, ddof=1) / np.sqrt(6)
    assert found.standard_error == pytest.approx(found.estimate * error, rel=1e-12)
    assert np.log(found.high / found.estimate) == pytest.approx(1.959963984540054 * error)
    assert np.log(found.estimate / found.low) == pytest.approx(1.959963984540054 * error)
    assert "72.5" in found.notes[0].text
    assert found.unit == "days"


def test_it_undoes_length_bias():
    """Lives drawn with chances in proportion to their length."""
    rng = np.random.default_rng(6)
    lives = rng.gamma(3, 20, 200_000)
    seen = rng.choice(lives, 20_000, p=lives / lives.sum())
    found = length_biased_mean(seen)
    assert found.low < 60 < found.high
    assert seen.mean() == pytest.approx(80, rel=0.05)


def test_the_unit_of_time_scales():
    one, other = length_biased_mean([1, 2, 4]), length_biased_mean([24, 48, 96])
    assert other.low == pytest.approx(24 * one.low)
    tiny = length_biased_mean([1e-300, 2e-300])
    assert tiny.estimate == pytest.approx(4 / 3 * 1e-300)


def test_sides():
    two = length_biased_mean([1, 2, 4, 9], level=0.9)
    assert length_biased_mean([1, 2, 4, 9], alternative="greater").low == pytest.approx(two.low)
    assert length_biased_mean([1, 2, 4, 9], alternative="less").high == pytest.approx(two.high)
    assert length_biased_mean([1, 2], alternative="less").low == 0
    assert length_biased_mean([1, 2], alternative="greater").high == np.inf


def test_the_weight_of_the_shortest_life_is_said():
    found = length_biased_mean([0.1, 50, 60])
    assert "99.6" in found.notes[1].text


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ([], "`durations` must be non-empty"),
        ([3], "`durations` must be one row of at least two lives"),
        ([[3, 4]], "`durations` must be one row of at least two lives"),
        ([3, 0], "`durations` must be finite and above 0, got 0"),
        ([3, -1], "`durations` must be finite and above 0, got -1"),
        ([3, np.nan], "`durations` must be finite and above 0, got nan"),
        ([3, np.inf], "`durations` must be finite and above 0, got inf"),
    ],
)
def test_bad_lives(value, message):
    with pytest.raises(InputError, match=message):
        length_biased_mean(value)


def test_bad_types():
    with pytest.raises(InputTypeError, match="`durations` must be numeric"):
        length_biased_mean(["long", "short"])
    with pytest.raises(InputTypeError, match="`durations` must be numeric, got bool"):
        length_biased_mean([True, True])
    with pytest.raises(InputError, match="`level` must be a share"):
        length_biased_mean([1, 2], level=95)


def test_lives_that_are_alike_are_no_certainty():
    found = length_biased_mean([5, 5, 5])
    assert found.estimate == 5
    assert np.isnan(found.standard_error)
    assert (found.low, found.high) == (0, np.inf)
    assert "how they differ was not seen" in found.notes[-1].text
    assert length_biased_mean([5, 5, 6]).notes[-1].code == "shortest-life"
