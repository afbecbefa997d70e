"""The public proportion: design effects, notes, verdicts, tests. Its limits: tests/_kernels."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest

from countylines.errors import DegenerateDataWarning, InputError, SparseDataWarning
from countylines.prevalence import proportion


def codes(result):
    return [note.code for note in result.notes]


def test_no_observation_is_a_verdict():
    with pytest.warns(DegenerateDataWarning, match="The total is 0"):
        result = proportion(0, 0)
    assert math.isnan(result.estimate)
    assert (result.low, result.high) == (0, 1)
    assert result.verdict.code == "no-data"
    with pytest.warns(DegenerateDataWarning, match="in 1 of 2 places"):
        several = proportion([0, 3], [0, 9])
    assert list(several.estimable) == [False, True]


def test_a_design_effect_widens_as_a_smaller_sample_would():
    plain, clustered = proportion(20, 100), proportion(40, 200, design_effect=2)
    assert clustered.estimate == plain.estimate
    assert clustered.low == pytest.approx(plain.low, rel=1e-12)
    assert clustered.standard_error == pytest.approx(plain.standard_error, rel=1e-12)
    assert clustered.n == 200
    assert "design-effect" in codes(clustered)
    with pytest.raises(InputError, match="fractional counts when `design_effect` is given"):
        proportion(20, 100, design_effect=2, method="blaker")
    with pytest.raises(InputError, match="`design_effect` must be finite and above 0, got 0"):
        proportion(20, 100, design_effect=0)


def test_large_sample_methods_warn_where_they_fail():
    with pytest.warns(SparseDataWarning, match="large-sample wald interval"):
        result = proportion(2, 50, method="wald")
    assert "sparse" in codes(result)
    assert codes(proportion(2, 50)) == []


@pytest.mark.filterwarnings("ignore::countylines.errors.SparseDataWarning")
def test_logit_limits_say_nothing_at_the_ends():
    with pytest.warns(DegenerateDataWarning, match="logit interval says nothing"):
        result = proportion(0, 50, method="logit")
    assert (result.low, result.high) == (0, 1)


def test_a_gap_in_what_is_accepted_is_noted():
    totals = np.arange(5, 60)
    found = [n for n in totals if "hull" in codes(proportion(2, int(n), method="minlike"))]
    assert found


def test_a_null_value_can_differ_from_place_to_place():
    result = proportion(
        pd.Series([3, 9], index=["a", "b"]), 12, null=pd.Series([0.25, 0.1], index=["a", "b"])
    )
    assert result.pvalue["a"] > 0.9
    assert result.pvalue["b"] < 0.001
    again = proportion(9, 12).test(null=0.1)
    assert again.pvalue == pytest.approx(result.pvalue["b"], rel=1e-12)
    assert again.null_hypothesis == "The proportion is 0.1."
    with pytest.raises(InputError, match=r"`null` must be a share in \[0, 1\], got 10.*percentage"):
        proportion(9, 12, null=10)


def test_counts_above_totals_are_named():
    index = ["North East", "London"]
    with pytest.raises(InputError, match="`count` must be at most `total`, got 14 > 9 at 'London'"):
        proportion(pd.Series([1, 14], index=index), pd.Series([5, 9], index=index))


def test_references_follow_the_method():
    assert "blaker2000" in proportion(3, 12, method="blaker").references
    assert "wilson1927" in proportion(3, 12, method="wilson").references
