"""Joinpoints: reference fits, every set tried again, the equations put back, selection, errors."""

from __future__ import annotations

import itertools
import json
import pickle
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from countylines._kernels import segmented
from countylines.errors import DegenerateDataWarning, InputError, LabelMismatchError
from countylines.localisation import joinpoint

CASES = {
    case["id"]: case
    for case in json.loads((Path(__file__).parents[1] / "reference" / "breaks.json").read_text())[
        "cases"
    ]
}
CLOSED = [31, 35, 33, 41, 44, 46, 55, 58, 51, 49, 42, 43, 36, 33]
QUICK = {"replicates": 199, "rng": 1}


@pytest.mark.reference
class TestReference:
    def test_poisson(self):
        case = CASES["joinpoint_poisson_aapc"]
        expected, times = case["expected"], case["inputs"]["t"]
        found = joinpoint(
            case["inputs"]["y"],
            time=times,
            max_joinpoints=1,
            location="continuous",
            variance="counts",
            **QUICK,
        )
        assert found.n_joinpoints == 1
        place = found.joinpoints.iloc[0]
        assert place["time"] == pytest.approx(expected["psi"], rel=1e-7)
        error = (place["high"] - place["time"]) / 1.959963984540054
        assert error == pytest.approx(expected["psi_se"], rel=1e-6)
        assert found.selection["deviance"][1] == pytest.approx(expected["deviance"], rel=1e-9)
        assert list(found.segments["change"]) == pytest.approx(expected["apc_percent"], rel=1e-6)
        slopes = np.log1p(found.segments[["change", "high"]] / 100)
        errors = (slopes["high"] - slopes["change"]) / 1.959963984540054
        assert list(errors) == pytest.approx(expected["slopes_se"], rel=1e-6)
        average = np.log1p(np.array([found.estimate, found.high]) / 100)
        error = np.diff(average)[0] / 1.959963984540054
        assert error == pytest.approx(expected["aapc_log"][1], rel=1e-4)

    def test_the_average_change_that_the_source_rounds(self):
        """A disagreement: the source's own slopes and place do not give its average."""
        case = CASES["joinpoint_poisson_aapc"]
        expected, times = case["expected"], case["inputs"]["t"]
        first, second = expected["slopes"]
        place = expected["psi"]
        own = ((place - times[0]) * first + (times[-1] - place) * second) / (times[-1] - times[0])
        found = joinpoint(
            case["inputs"]["y"], time=times, max_joinpoints=1, location="continuous", **QUICK
        )
        assert np.log1p(found.estimate / 100) == pytest.approx(own, rel=1e-5)
        assert expected["aapc_log"][0] != pytest.approx(own, rel=2e-3)

    @pytest.mark.parametrize("name", ["segmented_plant_RKV", "segmented_plant_RKW"])
    def test_least_squares(self, name):
        expected, inputs = CASES[name]["expected"], CASES[name]["inputs"]
        order = np.argsort(inputs["time"], kind="stable")
        times, y = (np.array(inputs[key], dtype=float)[order] for key in ("time", "y"))
        data = segmented.Data(y, np.ones_like(y), times, "gaussian")
        sets, lost = segmented.on_grid(data, 1, 3)
        line = segmented.between_times(data, sets, lost, 2)
        assert line.joinpoints[0] == pytest.approx(expected["psi"], rel=1e-7)
        assert line.deviance == pytest.approx(expected["rss"], rel=1e-10)
        slopes = np.cumsum(line.coefficients[1:])
        assert list(slopes) == pytest.approx(expected["slopes"], rel=1e-6)
        variance = segmented.covariance(data, line)[-1, -1] * line.deviance / (len(y) - 4)
        assert np.sqrt(variance) == pytest.approx(expected["psi_se"], rel=1e-6)


class TestSets:
    @pytest.mark.parametrize(("n", "k"), [(8, 1), (12, 2), (17, 3), (14, 0), (9, 2), (7, 2)])
    def test_every_allowed_set_is_tried_once(self, n, k):
        every = [
            c
            for c in itertools.combinations(range(2, n - 2), k)
            if all(b - a > 2 for a, b in itertools.pairwise(c))
        ]
        assert sorted(segmented.places(n, k, 2)) == every
        assert segmented.number_of_places(n, k, 2) == len(every)

    def test_deviance_of_each_set(self):
        """Least squares by another route; and no set beats the one that is chosen."""
        rng = np.random.default_rng(2)
        y, times = rng.normal(size=13), np.cumsum(rng.uniform(0.5, 2, 13))
        data = segmented.Data(y, np.ones(13), times, "gaussian")
        sets, lost = segmented.on_grid(data, 2, 2)
        for chosen, value in zip(sets, lost, strict=True):
            x = segmented.design(times, times[chosen][None])[0]
            rest = y - x @ np.linalg.lstsq(x, y)[0]
            assert value == pytest.approx(rest @ rest, rel=1e-9)

    @pytest.mark.parametrize("family", ["poisson", "binomial"])
    def test_score_equations(self, family):
        rng = np.random.default_rng(3)
        weights = rng.integers(20, 60, 12).astype(float)
        values = rng.binomial(weights.astype(int), 0.3).astype(float)
        values[4] = 0.0
        times = np.arange(12.0)
        x = segmented.design(times, np.array([[3.0, 7.0], [5.0, 8.0]]))
        found, _ = segmented.fit(values, weights, x, family)
        eta = np.einsum("snp,sp->sn", x, found)
        mean = weights * (np.exp(eta) if family == "poisson" else 1 / (1 + np.exp(-eta)))
        score = np.einsum("snp,sn->sp", x, values - mean)
        assert np.abs(score).max() <= 1e-8 * values.sum()

    def test_a_segment_of_zeros_is_not_considered(self):
        _, lost = segmented.fit(
            np.array([5.0, 4, 6, 5, 0, 0, 0, 0]),
            np.ones(8),
            segmented.design(np.arange(8.0), np.array([[3.0], [2.0]])),
            "poisson",
        )
        assert list(np.isinf(lost)) == [True, False]

    def test_sums_of_squares_of_the_search(self):
        """The updated inner products give the sums of squares of direct fits."""
        rng = np.random.default_rng(4)
        y, times = rng.poisson(30, 15).astype(float), np.arange(15.0)
        data = segmented.Data(y, np.ones(15), times, "poisson")
        null = segmented.line(data, times[[6]])
        test = segmented.projected(data, null, 2)
        rows = test.fitted + rng.permuted(np.tile(test.rest, (3, 1)), axis=1)
        root = np.exp(null.at(times) / 2)

        def least(row, k):
            every = []
            for chosen in segmented.places(15, k, 2):
                x = root[:, None] * segmented.design(times, times[list(chosen)][None])[0]
                rest = row - x @ np.linalg.lstsq(x, row)[0]
                every.append(rest @ rest)
            return min(every)

        direct = [least(row, 1) / least(row, 3) for row in rows]
        assert segmented.ratios(test, rows, 1, 3) == pytest.approx(direct, rel=1e-8)


class TestContinuous:
    def test_nothing_nearby_is_better(self):
        times = np.arange(14.0)
        found = joinpoint(CLOSED, location="continuous", **QUICK)
        data = segmented.Data(np.array(CLOSED, float), np.ones(14), times, "poisson")
        around = np.linspace(2, 11, 4001)[:, None]
        lost = segmented.fit(data.values, data.weights, segmented.design(times, around), "poisson")
        assert found.selection["deviance"][1] <= lost[1].min() + 1e-9

    def test_it_fits_no_worse_than_the_grid(self):
        rng = np.random.default_rng(5)
        for _ in range(4):
            y = rng.poisson(40, 18)
            grid, free = (
                joinpoint(y, location=where, select="bic").selection["deviance"]
                for where in ("grid", "continuous")
            )
            assert (free <= grid + 1e-9).all()


class TestSelection:
    def test_thresholds(self):
        found = joinpoint(np.random.default_rng(6).poisson(50, 22), alpha=0.08, **QUICK)
        tests = found.tests
        assert tests["null"][0] == 0
        assert tests["alternative"][0] == 4
        assert list(tests["threshold"]) == pytest.approx(list(0.08 / (4 - tests["null"])))
        up = tests["pvalue"] <= tests["threshold"]
        assert found.n_joinpoints == up.sum()
        assert len(tests) == 4

    def test_reproducible(self):
        one, two = (joinpoint(CLOSED, **QUICK) for _ in range(2))
        assert one.identical(two)

    def test_penalties(self):
        table = joinpoint(CLOSED, select="bic3", max_joinpoints=2).selection
        log = np.log(14)
        assert list(table["bic3"] - table["bic"]) == pytest.approx([0, log, 2 * log])
        best = table["deviance"] / table["dispersion"][2]
        assert list(table["bic"] - best) == pytest.approx([2 * log, 4 * log, 6 * log])

    def test_a_straight_series_has_no_joinpoint(self):
        found = joinpoint(np.round(20 * 1.1 ** np.arange(12)), select="bic")
        assert found.n_joinpoints == 0
        assert len(found.joinpoints) == 0
        assert found.estimate == pytest.approx(10, abs=0.5)

    def test_size_of_the_permutation_test(self):
        """A joinpoint is found in a straight series about as seldom as asked for."""
        rng = np.random.default_rng(7)
        wrong = sum(
            joinpoint(rng.poisson(30 * 1.05 ** np.arange(10)), replicates=99, rng=i).n_joinpoints
            for i in range(80)
        )
        assert 1 <= wrong <= 11


class TestProperties:
    @settings(max_examples=25)
    @given(
        st.lists(st.integers(1, 80), min_size=9, max_size=12),
        st.floats(0.1, 50),
        st.floats(-30, 30),
    )
    def test_unit_of_exposure_and_origin_of_time(self, y, unit, origin):
        times = np.arange(float(len(y)))
        one = joinpoint(y, select="bic", max_joinpoints=1)
        two = joinpoint(
            y,
            exposure=np.full(len(y), unit),
            time=times + origin,
            select="bic",
            max_joinpoints=1,
        )
        assert two.estimate == pytest.approx(one.estimate, rel=1e-5, abs=1e-6)
        assert two.high == pytest.approx(one.high, rel=1e-4, abs=1e-5)

    def test_the_other_share_mirrors(self):
        total = np.array([60, 70, 55, 80, 66, 71, 90, 84, 77, 69, 81, 75])
        y = np.array([10, 14, 12, 21, 20, 26, 38, 34, 28, 24, 25, 20])
        one, two = (joinpoint(v, total=total, select="bic") for v in (y, total - y))
        slopes = [np.log1p(f.segments["change"] / 100) for f in (one, two)]
        assert list(slopes[0]) == pytest.approx(list(-slopes[1]), rel=1e-8)
        assert list(one.joinpoints["time"]) == list(two.joinpoints["time"])

    def test_segments_meet_and_make_up_the_average(self):
        found = joinpoint(CLOSED, **QUICK)
        parts = found.segments
        assert parts["start"][1] == parts["end"][0] == found.joinpoints["time"][0]
        length = parts["end"] - parts["start"]
        mean = (np.log1p(parts["change"] / 100) * length).sum() / length.sum()
        assert np.log1p(found.estimate / 100) == pytest.approx(mean, rel=1e-10)

    def test_average_over_one_segment_is_its_change(self):
        found = joinpoint(CLOSED, over=(8, 13), **QUICK)
        last = found.segments.iloc[1]
        assert found.estimate == pytest.approx(last["change"], rel=1e-10)
        assert [found.low, found.high] == pytest.approx([last["low"], last["high"]], rel=1e-8)

    def test_over_dispersion_widens_and_never_narrows(self):
        plain, wide = (joinpoint(CLOSED, variance=v, **QUICK) for v in ("counts", "over-dispersed"))
        assert wide.dispersion == plain.dispersion == 1.0
        noisy = [9, 61, 12, 55, 20, 44, 8, 70, 33, 5]
        assert joinpoint(noisy, **QUICK).dispersion > 5

    def test_a_missing_period_keeps_its_place(self):
        y = [float(v) for v in CLOSED]
        y[4] = np.nan
        found = joinpoint(y, **QUICK)
        again = joinpoint(np.delete(CLOSED, 4), time=np.delete(np.arange(14), 4), **QUICK)
        assert found.estimate == again.estimate
        assert "missing-values" in [note.code for note in found.notes]

    def test_kinds_of_data(self):
        series = pd.Series(CLOSED, index=pd.Index(range(2000, 2014), name="year"))
        assert joinpoint(series, **QUICK).identical(joinpoint(CLOSED, **QUICK))
        found = joinpoint(series, **QUICK)
        assert pickle.loads(pickle.dumps(found)).identical(found)
        assert len(found.to_frame()) == 1
        assert "Kim" in found.cite()


class TestEdges:
    def test_too_few_periods_to_tell(self):
        with pytest.warns(DegenerateDataWarning, match="Fewer than 8 periods"):
            found = joinpoint([3, 5, 4, 8, 9])
        assert found.n_joinpoints == 0
        assert "too-few-periods" in [note.code for note in found.notes]

    @pytest.mark.parametrize("y", [[0] * 9, [0] * 8 + [4], [7] + [0] * 8])
    def test_no_finite_slope(self, y):
        with pytest.warns(DegenerateDataWarning, match="no finite slope"):
            found = joinpoint(y)
        assert not found.estimable
        assert np.isnan(found.estimate)

    def test_zero_counts_within(self):
        found = joinpoint([0, 2, 1, 3, 0, 5, 4, 7, 9, 6], **QUICK)
        assert found.estimable
        assert found.estimate > 0

    def test_a_long_series_tries_fewer(self):
        found = joinpoint(np.tile([50, 52], 300), select="bic")
        assert len(found.selection) == 2
        assert "fewer-joinpoints" in [note.code for note in found.notes]

    def test_exact_fit(self):
        found = joinpoint(np.exp(np.minimum(np.arange(12.0), 6) / 7), variance="constant", **QUICK)
        assert found.n_joinpoints == 1
        assert found.joinpoints["time"][0] == 6


class TestErrors:
    @pytest.mark.parametrize(
        ("options", "message"),
        [
            ({"select": "aic"}, "`select` must be one of"),
            ({"location": "between"}, "`location` must be one of"),
            ({"variance": "robust"}, "`variance` must be one of"),
            ({"alpha": 0.0}, "`alpha` must be"),
            ({"level": 95}, "`level` must be"),
            ({"replicates": 0}, "`replicates` must be"),
            ({"max_joinpoints": -1}, "`max_joinpoints` must be"),
            ({"max_joinpoints": 5}, "two periods before, between and after them, got 5 with 14"),
            ({"over": (3, 2)}, "`over` must be two times, increasing, from 0 to 13"),
            ({"over": (3, 20)}, "`over` must be"),
            ({"exposure": [1.0] * 14, "total": [90] * 14}, "`exposure` must be left out"),
            ({"total": [40] * 14}, "`count` must be at most `total`"),
            ({"exposure": [0.0] * 14}, "`exposure` must be finite and above 0"),
            ({"time": np.zeros(14)}, "`time` must be increasing"),
        ],
    )
    def test_options(self, options, message):
        with pytest.raises(InputError, match=message):
            joinpoint(CLOSED, **options)

    @pytest.mark.parametrize(
        ("y", "message"),
        [
            ([1.5] * 9, "`count` must be a whole number"),
            ([-1] * 9, "`count` must be a whole number of at least 0"),
            ([np.inf] * 9, "`count` must be"),
            ([4, 5], "`count` must be of at least 3 values, got 2"),
            ([], "`count`"),
            (np.ones((3, 9)), "`count` must be one series in memory"),
        ],
    )
    def test_counts(self, y, message):
        with pytest.raises(InputError, match=message):
            joinpoint(y)

    def test_few_periods_asked_for_joinpoints(self):
        with pytest.raises(InputError, match="0 for fewer than 8 periods, got 1 with 7"):
            joinpoint([4, 5, 6, 7, 8, 7, 6], max_joinpoints=1)

    def test_too_many_sets(self):
        with pytest.raises(InputError, match="at most 120,000 sets"):
            joinpoint(np.ones(200), max_joinpoints=3)

    def test_logs_of_zero(self):
        with pytest.raises(InputError, match=r"above 0 .* for variance='constant', got 0"):
            joinpoint([4, 0, 5, 6, 7, 8, 9, 7], variance="constant")

    def test_times_of_another_length(self):
        with pytest.raises(LabelMismatchError, match="`time` must be one number for each"):
            joinpoint(CLOSED, time=[1, 2])
