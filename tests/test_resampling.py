"""Replicates that do not depend on how the work was split, and limits that drop nothing."""

from __future__ import annotations

import numpy as np
import pytest

from countylines import resampling
from countylines.errors import InputError


def draw(generator, size):
    return generator.normal(size=(size, 5))


def mean(data):
    return data.mean(axis=-1)


class TestReplicate:
    def test_the_batch_makes_no_difference(self):
        whole = resampling.replicate(draw, mean, replicates=2500, rng=3)
        for batch in (1, 7, 1024, 5000):
            parts = resampling.replicate(draw, mean, replicates=2500, rng=3, batch=batch)
            np.testing.assert_array_equal(parts, whole)

    def test_the_order_of_the_blocks_makes_no_difference(self):
        def backwards(function, *arguments):
            jobs = list(zip(*arguments, strict=True))
            results = [function(*job) for job in reversed(jobs)]
            return results[::-1]

        whole = resampling.replicate(draw, mean, replicates=3000, rng=3)
        other = resampling.replicate(draw, mean, replicates=3000, rng=3, map=backwards)
        np.testing.assert_array_equal(other, whole)

    def test_a_generator_moves_on_and_a_seed_does_not(self):
        rng = np.random.default_rng(1)
        one, two = (resampling.replicate(draw, mean, replicates=10, rng=rng) for _ in range(2))
        assert not np.array_equal(one, two)
        one, two = (resampling.replicate(draw, mean, replicates=10, rng=1) for _ in range(2))
        np.testing.assert_array_equal(one, two)

    def test_progress(self, capsys):
        seen = []
        resampling.replicate(
            draw, mean, replicates=2500, rng=1, progress=lambda done, total: seen.append(done)
        )
        assert seen[-1] == 2500
        resampling.replicate(draw, mean, replicates=10, rng=1, progress=True)
        assert capsys.readouterr().err
        assert capsys.readouterr().out == ""

    def test_the_wrong_number_of_rows_is_refused(self):
        with pytest.raises(InputError):
            resampling.replicate(lambda generator, size: np.zeros(size + 1), replicates=5, rng=1)


class TestInterval:
    values = np.linspace(0, 1, 1001)

    def test_percentile_and_basic_mirror_each_other(self):
        percentile = resampling.interval(self.values, 0.4, level=0.9)
        basic = resampling.interval(self.values, 0.4, level=0.9, kind="basic")
        assert percentile.low == pytest.approx(0.05, abs=2e-3)
        assert basic.low == pytest.approx(2 * 0.4 - percentile.high)
        assert basic.high == pytest.approx(2 * 0.4 - percentile.low)

    def test_infinite_replicates_stay_infinite(self):
        values = np.concatenate([self.values, np.full(60, np.inf)])
        found = resampling.interval(values, 0.5)
        assert found.high == np.inf
        assert np.isfinite(found.low)
        assert found.notes

    def test_undefined_replicates_are_refused_or_counted(self):
        values = np.concatenate([self.values, [np.nan] * 5])
        with pytest.raises(InputError):
            resampling.interval(values, 0.5)
        plain = resampling.interval(self.values, 0.5)
        wide = resampling.interval(values, 0.5, undefined="widen")
        assert wide.low <= plain.low
        assert wide.high >= plain.high
        assert wide.notes


def test_a_permutation_p_value_is_never_0():
    values = np.zeros(99)
    assert resampling.permutation_pvalue(values, 5.0, alternative="greater") == 0.01
    assert resampling.permutation_pvalue(values, 0.0) == 1.0
