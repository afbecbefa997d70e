"""Bootstrap limits of one log-linear model."""

from __future__ import annotations

import math

import numpy as np
import pytest

import countylines as cl
from countylines import resampling
from countylines._kernels import bca
from countylines.capture_recapture import _loglinear_bootstrap, loglinear
from countylines.errors import ApproximationWarning, DegenerateDataWarning, InputError

pytestmark = pytest.mark.filterwarnings("ignore::countylines.errors.CountyLinesWarning")
HAV = {"111": 28, "110": 21, "101": 17, "011": 18, "100": 69, "010": 55, "001": 63}
KINDS = _loglinear_bootstrap.KINDS


def table(cells=HAV, **bands):
    cells = cells | {pattern.removeprefix("c"): ends for pattern, ends in bands.items()}
    return cl.CaptureHistories.from_cells(cells, lists=["P", "Q", "E"])


def fit(histories=None, model="P*Q + E", rng=1, **options):
    histories = table() if histories is None else histories
    return loglinear(histories, model, interval="bootstrap", rng=rng, **options)


def codes(result):
    return [note.code for note in result.notes]


class TestReplicates:
    @pytest.mark.parametrize("kind", ["semiparametric", "parametric"])
    def test_one_in_which_nobody_is_seen_lies_beyond_both_limits(self, kind):
        """Four units, one of them hidden: all are, in one replicate of 256."""
        few = table({"100": 1, "010": 1, "110": 1})
        result = fit(few, "independence", kind=kind, replicates=2000)
        assert result.estimate == pytest.approx(4)
        assert np.isnan(result.draws).sum() > 2000 / 256 / 3
        assert (result.low, result.high) == (3, math.inf)

    @pytest.mark.parametrize("kind", KINDS)
    def test_they_scatter_as_large_samples_must(self, kind):
        """Ten times the table: their spread is the standard error, and less for conditional."""
        large = table({p: 10 * n for p, n in HAV.items()})
        result = fit(large, kind=kind, replicates=4000)
        spread = float(np.std(result.draws))
        ratio = {"conditional": 0.9}.get(kind, 1.0)
        assert spread == pytest.approx(ratio * result.standard_error, rel=0.12)
        assert float(np.median(result.draws)) == pytest.approx(result.estimate, rel=0.01)

    def test_only_the_refilled_ones_vary_in_how_many_are_seen(self):
        """In a conditional replicate as many units are seen as in the table."""
        result = fit(kind="conditional", replicates=500)
        assert (result.draws >= result.n_observed).all()
        assert fit(replicates=500).draws.min() < fit(replicates=500).estimate

    def test_they_depend_on_the_seed_alone(self):
        one = fit(replicates=1500)
        assert one.identical(fit(replicates=1500))
        longer = fit(replicates=2200)
        np.testing.assert_array_equal(one.draws[0][:1024], longer.draws[0][:1024])
        assert not np.array_equal(one.draws, fit(replicates=1500, rng=2).draws)
        generator = np.random.default_rng(5)
        assert not fit(rng=generator).identical(fit(rng=generator))

    def test_infinite_ones_stay_infinite(self):
        sparse = table({p: max(n // 8, 1) for p, n in HAV.items()})
        with pytest.warns(ApproximationWarning, match="have no estimate"):
            result = fit(sparse, "all-two-way", replicates=999)
        assert np.isinf(result.draws).any()
        assert result.high == math.inf
        assert "replicates-without-estimate" in codes(result)


class TestLimits:
    @pytest.mark.parametrize("kind", KINDS)
    @pytest.mark.parametrize("alternative", ["two-sided", "less", "greater"])
    def test_limits_and_p_values_agree(self, kind, alternative):
        # no two replicates of so many units alike, which would share their levels
        many = table({pattern: 37 * count for pattern, count in HAV.items()})
        result = fit(many, "independence", kind=kind, alternative=alternative)
        for end, side in ((result.low, "greater"), (result.high, "less")):
            if alternative in ("two-sided", side):
                p = result.test(null=end, alternative=alternative).pvalue
                assert p == pytest.approx(0.05, rel=1e-8)

    @pytest.mark.parametrize("kind", KINDS)
    def test_the_correction_counts_every_unit_that_is_drawn(self, kind):
        """The acceleration of BCa limits by hand, and the limits read off the replicates."""
        result = fit(model="independence", kind=kind, replicates=2000)
        without, times = [], []
        for pattern, count in HAV.items():
            one_less = table(HAV | {pattern: count - 1})
            without.append(loglinear(one_less, "independence", interval="wald").estimate)
            times.append(count)
        if kind != "conditional":
            without.append(result.estimate)
            times.append(result.estimate - 271)
        values, weights = np.array(without), np.array(times)
        away = np.average(values, weights=weights) - values
        third, second = (weights * away**3).sum(), (weights * away**2).sum()
        limits = resampling.interval(
            result.draws[0],
            result.estimate,
            kind="bca",
            jackknife=values,
            jackknife_weights=weights,
        )
        assert (result.low, result.high) == pytest.approx((limits.low, limits.high), rel=1e-9)
        acceleration = bca.acceleration(values, weights)
        assert acceleration == pytest.approx(third / (6 * second**1.5), rel=1e-9)

    def test_they_are_near_those_of_the_likelihood(self):
        large = table({p: 50 * n for p, n in HAV.items()})
        likelihood, bootstrap = loglinear(large, "P*Q + E"), fit(large, replicates=4000)
        assert bootstrap.low == pytest.approx(likelihood.low, rel=0.01)
        assert bootstrap.high == pytest.approx(likelihood.high, rel=0.01)
        assert bootstrap.interval_method == "bootstrap"
        assert {"efron1987", "buckland1991"} <= set(bootstrap.references)

    def test_the_hidden_number_has_the_limits_of_the_total(self):
        result = fit()
        assert result.hidden.low == pytest.approx(result.low - 271)
        assert result.hidden.high == pytest.approx(result.high - 271)

    def test_below_the_number_seen_there_is_nothing(self):
        result = fit(null=100)
        assert result.pvalue == 0.0
        assert fit(null=100, alternative="less").pvalue == 1.0
        crowded = table({"111": 90, "110": 9, "101": 8, "011": 7, "100": 2, "010": 1, "001": 1})
        assert fit(crowded, "independence").low >= 118

    def test_without_an_estimate_there_are_no_replicates(self):
        cells = {p: n for p, n in HAV.items() if p != "110"}
        with pytest.warns(DegenerateDataWarning):
            result = fit(table(cells), "all-two-way")
        assert result.interval_method == "logit"
        assert result.draws is None

    def test_one_unit_less_may_leave_no_estimate(self):
        result = fit(table({**HAV, "110": 1}), "all-two-way", replicates=199)
        assert "percentile-limits" in codes(result)
        assert result.high == math.inf


class TestBands:
    def test_replicates_are_suppressed_likewise(self):
        result = fit(table(c110=(1, 4), c101=(1, 4)), replicates=199)
        assert {"replicates-suppressed", "percentile-limits"} <= set(codes(result))
        assert result.low < result.estimate < result.high
        assert result.hidden.high == pytest.approx(result.high - result.n_observed)

    def test_bands_must_be_alike(self):
        with pytest.raises(InputError, match=r"of one kind of band .* got \(0, 4\) and \(1, 4\)"):
            fit(table(c110=(1, 4), c101=(0, 4)))

    def test_the_rule_hides_what_lies_in_it(self):
        tables = np.array([[0.0, 1, 4, 5, 9]])
        low, high = _loglinear_bootstrap.suppressed(tables, (1.0, 4.0))
        np.testing.assert_array_equal(low, [[0, 1, 1, 5, 9]])
        np.testing.assert_array_equal(high, [[0, 4, 4, 5, 9]])


def test_bad_arguments():
    with pytest.raises(InputError, match="`kind` must be one of 'semiparametric', 'parametric'"):
        fit(kind="wild")
    with pytest.raises(InputError, match="`replicates` must be a whole number of at least 99"):
        fit(replicates=9)


def test_progress_is_reported():
    seen = []
    fit(replicates=1500, progress=lambda *done: seen.append(done))
    assert seen == [(1024, 1500), (1500, 1500)]
