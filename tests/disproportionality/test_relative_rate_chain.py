"""Relative rates from stage to stage: telescoping, products, simulation, edges, errors."""

from __future__ import annotations

import itertools

import numpy as np
import pandas as pd
import pytest
from scipy.special import ndtri

from countylines import _citations
from countylines.disproportionality import relative_rate_chain, risk_ratio
from countylines.errors import DegenerateDataWarning, InputError, InputTypeError, LabelMismatchError

STAGES = ["residents", "arrested", "charged", "in custody"]
GROUP = pd.Series([20_000, 300, 120, 54], index=STAGES)
OTHERS = pd.Series([400_000, 2_400, 840, 294], index=STAGES)
ENDS = ["estimate", "low", "high"]


def table(count, total):
    return pd.DataFrame({"count": count, "total": total}, index=STAGES[1:])


APART = table([300, 60, 54], [20_000, 150, 120]), table([2400, 400, 294], [400_000, 1100, 900])


class TestNested:
    def test_stages_and_overall_are_risk_ratios(self):
        chain = relative_rate_chain(GROUP, OTHERS, nested=True)
        assert list(chain.index) == [*STAGES[1:], "overall"]
        for before, stage in itertools.pairwise(STAGES):
            one = risk_ratio(GROUP[stage], GROUP[before], OTHERS[stage], OTHERS[before])
            np.testing.assert_allclose(
                chain.loc[stage, ENDS].astype(float), [one.estimate, one.low, one.high]
            )
            assert chain.loc[stage, "pvalue"] == pytest.approx(one.pvalue)
            so_far = risk_ratio(GROUP[stage], 20_000, OTHERS[stage], 400_000)
            assert chain.loc[stage, "cumulative_low"] == pytest.approx(so_far.low)
            assert chain.loc[stage, "cumulative_high"] == pytest.approx(so_far.high)
        whole = chain.loc["overall"]
        assert whole["low"] == pytest.approx(so_far.low)
        assert whole["estimate"] == pytest.approx(chain["estimate"][:-1].prod())
        assert whole["share"] == pytest.approx(54 / 20_000)
        assert (chain["verdict"] == "ok").all()
        assert all(k in _citations.bibliography() for k in chain.attrs["references"])

    def test_a_stage_in_between_changes_nothing_overall(self):
        less = [s for s in STAGES if s != "charged"]
        one = relative_rate_chain(GROUP[less], OTHERS[less], nested=True)
        two = relative_rate_chain(GROUP, OTHERS, nested=True)
        pd.testing.assert_series_equal(one.loc["overall"], two.loc["overall"])

    def test_mappings_and_arrays(self):
        series = relative_rate_chain(GROUP, OTHERS, nested=True)
        mapped = relative_rate_chain(dict(GROUP), dict(OTHERS), nested=True)
        pd.testing.assert_frame_equal(mapped, series)
        plain = relative_rate_chain(list(GROUP), OTHERS.to_numpy(np.uint32), nested=True)
        np.testing.assert_array_equal(plain[ENDS], series[ENDS])
        assert list(plain.index) == [1, 2, 3, "overall"]

    def test_the_groups_swapped(self):
        one = relative_rate_chain(GROUP, OTHERS, nested=True)
        two = relative_rate_chain(OTHERS, GROUP, nested=True)
        np.testing.assert_allclose(two["low"], 1 / one["high"], rtol=1e-8)

    def test_nobody_goes_on(self):
        with pytest.warns(DegenerateDataWarning, match="1 ratios are undefined"):
            chain = relative_rate_chain([100, 4, 0, 0], [1000, 50, 20, 5], nested=True)
        assert chain["verdict"].tolist() == ["ok", "ok", "no-data", "ok"]
        assert chain.loc["overall", "estimate"] == 0
        assert 0 < chain.loc["overall", "high"] < np.inf
        assert (chain.loc[3, "low"], chain.loc[3, "high"]) == (0, np.inf)
        turned = relative_rate_chain([1000, 50, 20], [100, 4, 0], nested=True)
        assert turned.loc["overall", "estimate"] == np.inf
        assert turned.loc["overall", "low"] > 0


class TestIndependent:
    def test_log_normal_limits_are_a_sum_of_variances(self):
        chain = relative_rate_chain(*APART, nested=False, method="katz-log", null=1.25)
        x, n = (APART[0][c].to_numpy() for c in ("count", "total"))
        y, m = (APART[1][c].to_numpy() for c in ("count", "total"))
        log = np.log((x / n) / (y / m)).sum()
        error = np.sqrt((1 / x - 1 / n + 1 / y - 1 / m).sum())
        whole = chain.loc["overall"]
        assert whole["low"] == pytest.approx(np.exp(log + ndtri(0.025) * error))
        assert whole["high"] == pytest.approx(np.exp(log - ndtri(0.025) * error))
        assert chain.loc["charged", "cumulative"] == pytest.approx(
            chain["estimate"].iloc[:2].prod()
        )
        assert whole["method"] == "MOVER of katz-log"
        assert "zou2008" in chain.attrs["references"]

    @pytest.mark.parametrize("alternative", ["two-sided", "greater", "less"])
    def test_limits_and_pvalue_are_one_inversion(self, alternative):
        whole = relative_rate_chain(*APART, nested=False, alternative=alternative, level=0.9).loc[
            "overall"
        ]
        for end in (whole["low"], whole["high"]):
            if 0 < end < np.inf:
                again = relative_rate_chain(*APART, nested=False, alternative=alternative, null=end)
                assert again.loc["overall", "pvalue"] == pytest.approx(0.1, rel=1e-6)

    def test_the_first_stage_is_its_own_product(self):
        chain = relative_rate_chain(*APART, nested=False)
        first = chain.loc["arrested"]
        assert first["cumulative_low"] == pytest.approx(first["low"])
        assert first["cumulative_high"] == pytest.approx(first["high"])

    @pytest.mark.slow
    def test_coverage_of_the_product(self):
        rng = np.random.default_rng(1)
        totals, shares = np.array([60, 40, 30]), np.array([0.3, 0.5, 0.4])
        ref_totals, ref_shares = np.array([300, 200, 150]), np.array([0.15, 0.4, 0.35])
        truth = (shares / ref_shares).prod()
        missed = np.zeros(2)
        for _ in range(400):
            one = table(np.maximum(rng.binomial(totals, shares), 1), totals)
            two = table(np.maximum(rng.binomial(ref_totals, ref_shares), 1), ref_totals)
            whole = relative_rate_chain(one, two, nested=False).loc["overall"]
            missed += (whole["low"] > truth, whole["high"] < truth)
        assert 1 - missed.sum() / 400 == pytest.approx(0.95, abs=0.03)

    def test_a_stage_that_nobody_passes(self):
        one = table([300, 0, 54], [20_000, 150, 120])
        chain = relative_rate_chain(one, APART[1], nested=False)
        assert chain.loc["overall", "estimate"] == chain.loc["overall", "low"] == 0
        assert chain.loc["overall", "high"] == np.inf
        both = table([2400, 0, 294], [400_000, 1100, 900])
        with pytest.warns(DegenerateDataWarning, match="2 ratios are undefined"):
            none = relative_rate_chain(one, both, nested=False)
        assert none.loc["overall", "verdict"] == "no-data"
        assert (none.loc["overall", "low"], none.loc["overall", "high"]) == (0, np.inf)


@pytest.mark.parametrize(
    ("group", "others", "error", "message"),
    [
        ([10, 20], [9, 3], InputError, "never rise when stages are nested, got 20 at 1. Pass"),
        ([10], [9], InputError, "`counts_by_stage` must be a series of at least two stages"),
        ([0, 0], [9, 3], InputError, "above 0 at the first stage, got 0"),
        ([10, -1], [9, 3], InputError, "cannot be negative"),
        ([10, 2.5], [9, 3], InputError, "`counts_by_stage` must be a whole number"),
        ([10, np.nan], [9, 3], InputError, "missing"),
        ([10, 5], [9, np.inf], InputError, "`ref_counts_by_stage` .* finite"),
        ([True, False], [9, 3], InputTypeError, "bool"),
        ([10, 5, 1], [9, 3], LabelMismatchError, "of the same stages"),
        (GROUP, OTHERS[::-1].sort_values(ascending=False), None, ""),
        (GROUP, OTHERS.rename({"charged": "tried"}), LabelMismatchError, "got others"),
        (APART[0], APART[1], InputTypeError, "got a DataFrame. Pass one of its columns"),
    ],
)
def test_bad_nested_counts(group, others, error, message):
    if error is None:
        relative_rate_chain(group, others, nested=True)
        return
    with pytest.raises(error, match=message):
        relative_rate_chain(group, others, nested=True)


@pytest.mark.parametrize(
    ("group", "error", "message"),
    [
        (GROUP, InputTypeError, "columns 'count' and 'total' when stages are not nested"),
        (APART[0].rename(columns={"total": "n"}), InputTypeError, r"got columns \['count', 'n'\]"),
        (APART[0].iloc[:0], InputError, "at least one stage"),
        (table([1, 2, 3], [1, 1, 3]), InputError, "at most `counts_by_stage.total`, got 2 > 1"),
        (table([0, 2, 3], [0, 4, 3]), InputError, "above 0, got 0 at 'arrested'"),
        (APART[0].iloc[::-1], LabelMismatchError, "got another order"),
    ],
)
def test_bad_independent_stages(group, error, message):
    with pytest.raises(error, match=message):
        relative_rate_chain(group, APART[1], nested=False)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"nested": 1}, "`nested` must be True or False"),
        ({"method": "skew"}, "`method` must be one of"),
        ({"null": 0}, "`null` must be a finite number above 0"),
        ({"level": 95}, "percentage"),
        ({"alternative": "more"}, "`alternative`"),
    ],
)
def test_bad_options(options, message):
    with pytest.raises(InputError, match=message):
        relative_rate_chain(GROUP, OTHERS, **{"nested": True, **options})
