"""Several benchmarks: the published pooling, and what is said when they conflict."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.special import stdtrit

from countylines.errors import ApproximationWarning, InputError
from countylines.prevalence import combined_multiplier, multiplier, multiplier_conflict

(CASE,) = json.loads(
    (Path(__file__).parents[1] / "reference" / "multiplier.json").read_text(encoding="utf-8")
)["cases"]
AGREE = ([410, 520, 300], [12, 15, 9], [90, 95, 60])
CONFLICT = ([410, 520, 300], [12, 15, 60], [90, 95, 100])


def codes(result):
    return [note.code for note in result.notes]


@pytest.mark.reference
@pytest.mark.parametrize("model", ["dersimonian-laird", "fixed"])
def test_reference_of_pooled_logits(model):
    """The variance between the sources is 0 there, so that both models agree."""
    data, expected = CASE["inputs"], CASE["expected"]
    found = combined_multiplier(
        data["benchmark"], data["x"], data["n"], model=model, scale="logit", interval="normal"
    )
    rtol = CASE["tolerance"]["rtol"]
    assert found.estimate == pytest.approx(expected["N"], rel=rtol)
    assert (found.low, found.high) == pytest.approx(expected["ci_N"], rel=rtol)


def test_equal_sources_give_their_own_size():
    found = combined_multiplier(100, [10, 10, 10], [40, 40, 40], interval="normal")
    assert found.estimate == pytest.approx(400)
    reach = np.log(found.high / 400)
    assert reach == pytest.approx(1.959963984540054 * np.sqrt(0.075 / 3))
    assert found.low == pytest.approx(400 * np.exp(-reach))
    assert (found.region_low, found.region_high) == pytest.approx((400, 400))


def test_the_default_interval_is_that_of_knapp_and_hartung_and_no_shorter():
    normal = combined_multiplier(*AGREE, interval="normal")
    found = combined_multiplier(*AGREE)
    assert found.estimate == normal.estimate
    ratio = np.log(found.high / found.estimate) / np.log(normal.high / normal.estimate)
    assert ratio >= stdtrit(2, 0.975) / 1.959963984540054 - 1e-9


def test_sources_that_agree():
    found = combined_multiplier(*AGREE)
    sizes = multiplier(*AGREE).estimate
    assert min(sizes) <= found.estimate <= max(sizes)
    assert (found.region_low, found.region_high) == pytest.approx((min(sizes), max(sizes)))
    assert "conflict" not in codes(found)


def test_sources_that_conflict_are_not_pooled_in_silence():
    with pytest.warns(ApproximationWarning, match="disagree by more than chance"):
        found = combined_multiplier(*CONFLICT)
    assert "conflict" in codes(found)
    with pytest.warns(ApproximationWarning, match="leaves the disagreement out"):
        fixed = combined_multiplier(*CONFLICT, model="fixed", interval="normal")
    assert fixed.high - fixed.low < found.high - found.low


def test_the_order_of_sources_does_not_matter():
    order = [2, 0, 1]
    first = combined_multiplier(*AGREE)
    second = combined_multiplier(*([part[i] for i in order] for part in AGREE))
    assert second.estimate == pytest.approx(first.estimate, rel=1e-12)
    assert second.low == pytest.approx(first.low, rel=1e-12)


class TestConflict:
    def test_the_source_that_differs_is_named(self):
        names = ["NCLCC", "charity", "hospital"]
        columns = [pd.Series(part, index=names) for part in CONFLICT]
        test = multiplier_conflict(*columns)
        assert test.pvalue < 1e-12
        table = test.table
        assert list(table.index) == names
        assert table["pvalue"].idxmin() == "hospital"
        assert table["q_without"].idxmin() == "hospital"
        assert table["share_of_q"].sum() == pytest.approx(1)
        assert table.loc["hospital", "q_without"] < 1
        assert table.loc["hospital", "without"] == pytest.approx(
            combined_multiplier(
                *(part[:2] for part in CONFLICT), model="fixed", interval="normal"
            ).estimate
        )

    def test_the_statistic_is_its_definition(self):
        benchmark, count, total = (np.array(part, dtype=float) for part in AGREE)
        y = np.log(benchmark * total / count)
        w = 1 / ((1 - count / total) / count)
        mean = (w * y).sum() / w.sum()
        test = multiplier_conflict(*AGREE)
        assert test.statistic == pytest.approx((w * (y - mean) ** 2).sum(), rel=1e-12)
        assert test.table["low"].tolist() == pytest.approx(multiplier(*AGREE).low.tolist())

    def test_two_sources_have_one_comparison(self):
        test = multiplier_conflict([410, 300], [12, 60], [90, 100])
        single = test.table["pvalue"] / 2  # after Holm, of two equal ones
        np.testing.assert_allclose(single, test.pvalue, rtol=1e-9)

    def test_it_holds_its_level(self):
        """Samples of 400 with a share of 0.2: 5 in 100 such sets are said to conflict."""
        rng = np.random.default_rng(4)
        found = [
            multiplier_conflict(200, rng.binomial(400, 0.2, 3), [400] * 3).pvalue < 0.05
            for _ in range(600)
        ]
        assert 0.025 < np.mean(found) < 0.085


@pytest.mark.parametrize("function", [combined_multiplier, multiplier_conflict])
@pytest.mark.parametrize(
    ("arguments", "options", "message"),
    [
        ((100, 3, 9), {}, "`count` must be an array or a Series of one dimension with at least 2"),
        ((100, [3], [9]), {}, "with at least 2 sources"),
        ((100, [0, 3], [9, 9]), {}, "`count` must be above 0 and below `total` in every source"),
        ((100, [9, 3], [9, 9]), {}, "Leave that source out by name"),
        (([100, 90], [3, 3], 9), {"scale": "logit"}, "`benchmark` must be one number with"),
        (([0, 90], [3, 3], 9), {}, "`benchmark` must be finite and above 0"),
        ((100, [3, 3], 9), {"scale": "plain"}, "`scale` must be one of 'log', 'logit'"),
    ],
)
def test_values_that_cannot_be_used(function, arguments, options, message):
    with pytest.raises(InputError, match=message):
        function(*arguments, **options)
