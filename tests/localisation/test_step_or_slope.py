"""A step against a slope: fits by another route, calibration, answers, errors."""

from __future__ import annotations

import pickle

import numpy as np
import pandas as pd
import pytest

from countylines._kernels import segmented, shapes
from countylines.errors import InputError, LabelMismatchError
from countylines.localisation import step_or_slope

STEP = [41, 38, 44, 40, 43, 75, 81, 78, 74, 80]
QUICK = {"replicates": 199, "rng": 1}


class TestFits:
    @pytest.mark.parametrize("family", ["poisson", "binomial"])
    def test_deviances_by_direct_fits(self, family):
        rng = np.random.default_rng(1)
        times = np.cumsum(rng.uniform(0.5, 2, 9))
        weights = rng.integers(40, 90, 9).astype(float)
        rows = rng.binomial(weights.astype(int), 0.4, (3, 9)).astype(float)
        found = shapes.fitted(rows, weights, times, family, 2)
        one = np.ones(9)

        def direct(*columns):
            return segmented.fit(rows, weights, np.stack([np.column_stack(columns)] * 3), family)[1]

        steps = [(np.arange(9) >= k).astype(float) for k in range(2, 8)]
        expected = [
            direct(one),
            direct(one, times),
            np.min([direct(one, s) for s in steps], axis=0),
            np.min([direct(one, times, s) for s in steps], axis=0),
        ]
        assert found.deviance == pytest.approx(np.array(expected), rel=1e-9)

    def test_shapes_that_hold_another_fit_no_worse(self):
        rows = np.random.default_rng(2).poisson(3, (200, 10)).astype(float)
        level, slope, step, both = shapes.fitted(
            rows, np.ones(10), np.arange(10.0), "poisson", 2
        ).deviance
        assert (both <= np.minimum(slope, step) + 1e-9).all()
        assert (np.maximum(slope, step) <= level + 1e-9).all()

    def test_a_step_from_nothing_has_a_fit(self):
        found = step_or_slope([0, 0, 0, 0, 30, 26, 33, 29, 31], **QUICK)
        assert found.shape == "step"
        assert found.table["time"]["step"] == 3

    @pytest.mark.parametrize(("family", "dispersion"), [("poisson", 3.0), ("binomial", 2.5)])
    def test_simulated_counts_have_the_dispersion(self, family, dispersion):
        mean, weights = np.array([20.0, 35.0]), np.array([80.0, 70.0])
        drawn = shapes.drawn(np.random.default_rng(3), 40_000, mean, weights, family, dispersion)
        plain = mean if family == "poisson" else mean * (1 - mean / weights)
        assert drawn.mean(axis=0) == pytest.approx(mean, rel=0.01)
        assert drawn.var(axis=0) == pytest.approx(dispersion * plain, rel=0.04)


class TestAnswers:
    @pytest.mark.parametrize(
        ("count", "shape"),
        [
            (STEP, "step"),
            ([40, 45, 48, 54, 59, 66, 70, 78, 88, 95, 104, 113], "slope"),
            ([40, 42, 39, 41, 38, 43, 40, 41], "no change shown"),
            ([20, 23, 20, 24, 30, 28, 33, 31], "cannot tell"),
            ([10, 20, 40, 80, 10, 20, 40, 80, 160, 320], "step and slope"),
        ],
    )
    def test_plain_cases(self, count, shape):
        found = step_or_slope(count, **QUICK)
        assert found.shape == shape
        assert found.sentence

    def test_the_place_of_the_step(self):
        found = step_or_slope(STEP, time=np.arange(2015, 2025), **QUICK)
        assert found.table["time"]["step"] == 2019

    def test_shares(self):
        total = np.array([90, 100, 95, 110, 120, 105, 98, 102])
        found = step_or_slope([18, 21, 19, 22, 61, 50, 49, 52], total=total, **QUICK)
        mirrored = step_or_slope(total - [18, 21, 19, 22, 61, 50, 49, 52], total=total, **QUICK)
        assert found.shape == "step"
        assert list(found.table["deviance"]) == pytest.approx(list(mirrored.table["deviance"]))

    def test_exposure_alone_is_no_change(self):
        exposure = np.array([1, 1, 1, 1, 3, 3, 3, 3.0])
        found = step_or_slope([20, 22, 19, 21, 61, 60, 64, 59], exposure=exposure, **QUICK)
        assert found.shape == "no change shown"

    @pytest.mark.parametrize("shape", ["slope", "step"])
    def test_the_true_shape_is_seldom_ruled_out(self, shape):
        rng = np.random.default_rng(5)
        mean = 40 * 1.08 ** np.arange(10) if shape == "slope" else np.repeat([40.0, 75.0], 5)
        out = [
            step_or_slope(rng.poisson(mean), replicates=59, rng=i).table["pvalue"][shape] <= 0.1
            for i in range(60)
        ]
        assert sum(out) <= 13


class TestKinds:
    def test_reproducible_pickled_and_labelled(self):
        found = step_or_slope(pd.Series(STEP, index=range(10)), **QUICK)
        assert found.identical(step_or_slope(STEP, **QUICK))
        assert pickle.loads(pickle.dumps(found)).identical(found)

    def test_a_missing_value_keeps_its_place(self):
        x = [float(v) for v in STEP]
        x[2] = np.nan
        found = step_or_slope(x, **QUICK)
        again = step_or_slope(np.delete(STEP, 2), time=np.delete(np.arange(10), 2), **QUICK)
        assert found.table.equals(again.table)
        assert "missing-values" in [note.code for note in found.notes]


class TestErrors:
    @pytest.mark.parametrize(
        ("count", "options", "message"),
        [
            (STEP[:7], {}, "of at least 8 values, got 7. Fewer cannot tell a step"),
            ([0] * 9, {}, "got nothing that can change"),
            ([5] * 9, {"total": [5] * 9}, "got nothing that can change"),
            (STEP, {"total": [50] * 10}, "`count` must be at most `total`"),
            (STEP, {"total": [500] * 10, "exposure": [1] * 10}, "`exposure` must be left out"),
            (STEP, {"variance": "constant"}, "`variance` must be one of"),
            (STEP, {"alpha": 1.0}, "`alpha` must be"),
            (STEP, {"replicates": 0}, "`replicates` must be"),
            ([-1, *STEP], {}, "`count` must be a whole number of at least 0"),
        ],
    )
    def test_messages(self, count, options, message):
        with pytest.raises(InputError, match=message):
            step_or_slope(count, **options)

    def test_times_of_another_length(self):
        with pytest.raises(LabelMismatchError, match="`time` must be one number"):
            step_or_slope(STEP, time=[1, 2])
