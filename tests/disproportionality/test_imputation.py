"""Imputed counts and their combination: kinds, repeatability, the analytic answer, errors."""

from __future__ import annotations

import pickle

import numpy as np
import pandas as pd
import pytest
import xarray as xr

import countylines as cl
from countylines.disproportionality import (
    combine_imputations,
    impute_counts,
    missing_odds_curve,
    representation_ratio,
)
from countylines.errors import InputError, InputTypeError

ESTIMATES, ERRORS = [2.0, 2.2, 1.9, 2.1], [0.3, 0.35, 0.28, 0.31]


class TestCombine:
    def test_the_log_scale_is_the_identity_of_logs(self):
        ratio = combine_imputations(ESTIMATES, ERRORS)
        logs = combine_imputations(
            np.log(ESTIMATES), np.array(ERRORS) / ESTIMATES, scale="identity"
        )
        assert np.log([ratio.estimate, ratio.low, ratio.high]) == pytest.approx(
            [logs.estimate, logs.low, logs.high], rel=1e-12
        )
        assert ratio.pvalue == pytest.approx(logs.pvalue, rel=1e-12)
        assert (ratio.df, ratio.missing_information) == (logs.df, logs.missing_information)

    def test_kinds(self):
        one = combine_imputations(ESTIMATES, ERRORS)
        columns = {"a": ESTIMATES, "b": [1.0, 1.1, 1.2, 0.9]}
        frame = pd.DataFrame(columns)
        several = combine_imputations(frame, frame * 0.1)
        assert isinstance(several.estimate, pd.Series)
        assert list(several.estimate.index) == ["a", "b"]
        array = combine_imputations(frame.to_numpy(), 0.1 * frame.to_numpy(), dim=0)
        np.testing.assert_allclose(array.low, several.low)
        data = xr.DataArray(frame.to_numpy(), dims=("imputation", "place"))
        named = combine_imputations(data, 0.1 * data, dim="imputation")
        assert named.df.dims == ("place",)
        assert one.imputations == several.imputations == named.imputations == 4
        assert isinstance(one.df, float)
        assert pickle.loads(pickle.dumps(one)).identical(one)

    def test_small_complete_data_widen(self):
        large = combine_imputations(ESTIMATES, ERRORS)
        small = combine_imputations(ESTIMATES, ERRORS, complete_df=20)
        assert small.df < 20
        assert small.high > large.high
        assert small.interval_method == "Barnard-Rubin t"

    def test_sides_and_tests(self):
        both = combine_imputations(ESTIMATES, ERRORS, level=0.9)
        above = combine_imputations(ESTIMATES, ERRORS, alternative="greater")
        assert above.low == pytest.approx(both.low, rel=1e-12)
        assert above.high == np.inf
        below = combine_imputations(ESTIMATES, ERRORS, alternative="less")
        assert below.low == 0.0
        assert below.high == pytest.approx(both.high, rel=1e-12)
        test = both.test(null=both.low)
        assert test.pvalue == pytest.approx(0.1, rel=1e-9)

    def test_too_few_imputations_are_noted(self):
        codes = [note.code for note in combine_imputations([1.0, 2.0, 3.0], [0.1] * 3).notes]
        assert "few-imputations" in codes
        assert "imputation-model" in codes
        same = combine_imputations([2.0, 2.0], [0.1, 0.1])
        assert "few-imputations" not in [note.code for note in same.notes]

    @pytest.mark.parametrize(
        ("estimates", "errors", "options", "message"),
        [
            ([2.0], [0.1], {}, "`estimates` must be of two imputations at least, got 1"),
            ([2.0, 0.0], [0.1, 0.1], {}, "`estimates` must be above 0 on the log scale, got 0 at"),
            ([2.0, np.nan], [0.1, 0.1], {}, "`estimates` must be finite, got nan"),
            ([2.0, 1.0], [0.1, -0.1], {}, "`standard_errors` must be finite and at least 0"),
            ([2.0, 2.0], [0.0, 0.0], {}, "`standard_errors` must be above 0 in some imputation"),
            ([2.0, 1.0], [0.1, 0.1], {"scale": "logit"}, "`scale` must be one of 'log', 'iden"),
            ([2.0, 1.0], [0.1, 0.1], {"complete_df": 0}, "`complete_df` must be a finite number"),
            ([2.0, 1.0], [0.1, 0.1], {"null": 0.0}, "`null` must be a finite number above 0"),
        ],
    )
    def test_errors(self, estimates, errors, options, message):
        with pytest.raises(InputError, match=message):
            combine_imputations(estimates, errors, **options)

    def test_a_single_number_is_refused(self):
        with pytest.raises(InputTypeError, match="`estimates` must be a series of values"):
            combine_imputations(2.0, 0.1)


class TestImpute:
    def test_seeds_repeat(self):
        first, second = (impute_counts(30, 150, 25, rng=7) for _ in range(2))
        pd.testing.assert_series_equal(first, second)
        assert not first.equals(impute_counts(30, 150, 25, rng=8))

    def test_counts_lie_between_none_and_all(self):
        filled = impute_counts(30, 150, 25, imputations=2000, rng=1)
        assert filled.between(30, 55).all()
        assert filled.dtype == np.int64

    def test_the_draws_are_beta_binomial(self):
        filled = impute_counts(30, 150, 25, imputations=40_000, rng=2) - 30
        a, b = 30.5, 120.5
        mean = 25 * a / (a + b)
        variance = mean * (b / (a + b)) * (a + b + 25) / (a + b + 1)
        assert filled.mean() == pytest.approx(mean, abs=4 * np.sqrt(variance / 40_000))
        assert filled.var() == pytest.approx(variance, rel=0.05)

    def test_nobody_missing_draws_nothing(self):
        assert (impute_counts(30, 150, 0, rng=1) == 30).all()

    def test_strata_are_imputed_apart(self):
        index = ["North", "South"]
        count, known = pd.Series([1, 90], index=index), pd.Series([100, 100], index=index)
        filled = impute_counts(count, known, 100, imputations=400, rng=3)
        assert list(filled.columns) == index
        assert filled["North"].mean() < 5 + 1
        assert filled["South"].mean() > 90 + 85

    def test_odds_move_the_draws(self):
        same = impute_counts(30, 150, 100, imputations=500, rng=4).mean()
        more = impute_counts(30, 150, 100, odds=3.0, imputations=500, rng=4).mean()
        assert more > same + 15

    @pytest.mark.parametrize("odds", [0.5, 1.0, 2.0])
    def test_combined_they_come_near_the_curve(self, odds):
        """The odds curve is the same model without random numbers."""
        filled = impute_counts(120, 600, 200, odds=odds, imputations=2000, rng=5)
        ratio = representation_ratio(filled, 800, 0.118)
        both = combine_imputations(ratio.estimate, ratio.standard_error)
        row = missing_odds_curve(120, 600, 200, 0.118, odds=odds).iloc[0]
        assert both.estimate == pytest.approx(row["estimate"], rel=0.01)
        assert both.high - both.low == pytest.approx(row["high"] - row["low"], rel=0.06)

    @pytest.mark.parametrize(
        ("arguments", "options", "message"),
        [
            ((30, 20, 5), {}, "`count` must be at most `known`, got 30 > 20"),
            ((3, 20, -5), {}, "`missing` must be a whole number of at least 0, got -5"),
            ((3, 20, 5), {"odds": 0}, "`odds` must be finite and above 0, got 0"),
            ((3, 20, 5), {"imputations": 1}, "`imputations` must be a whole number of at least 2"),
            ((0, 0, 5), {}, "`known` must be above 0 where people are missing, got 0"),
            ((np.ones((2, 2)), 5, 5), {}, "`count` must be of one dimension, got 2"),
            ((pd.DataFrame({"a": [1]}), 5, 5), {}, "a number, an array of one dimension or a Ser"),
        ],
    )
    def test_errors(self, arguments, options, message):
        with pytest.raises(InputError, match=message):
            impute_counts(*arguments, **options)


def test_it_becomes_a_frame_and_cites():
    result = combine_imputations(ESTIMATES, ERRORS)
    assert result.to_frame().loc[0, "estimate"] == result.estimate
    assert "Rubin" in result.cite()
    assert isinstance(result, cl.CombinedEstimate)
    assert result.to_dict()["imputations"] == 4


def test_no_sampling_error_has_no_complete_degrees_of_freedom():
    """The degrees of freedom would be 0 and the limits not numbers."""
    assert combine_imputations([2.0, 3.0], [0, 0]).df == pytest.approx(1.0)
    with pytest.raises(InputError, match="`standard_errors` must be above 0 in some imputation wh"):
        combine_imputations([2.0, 3.0], [0, 0], complete_df=50)
