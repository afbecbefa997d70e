"""Decisions rest on the interval: cases, every answer, labels, errors."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from countylines.disproportionality import four_fifths, rate_ratio, risk_ratio
from countylines.errors import InputError

CASES = json.loads((Path(__file__).parents[1] / "reference" / "decisions.json").read_text())[
    "cases"
]
pytestmark = pytest.mark.filterwarnings("ignore::countylines.errors.CountyLinesWarning")


@pytest.mark.reference
@pytest.mark.parametrize(
    "case", [c for c in CASES if c["method"] == "threshold_score_mn"], ids=lambda case: case["id"]
)
def test_reference(case):
    data = [case["inputs"][name] for name in ("x1", "n1", "x2", "n2")]
    row = four_fifths(*data, method="miettinen-nurminen").iloc[0]
    expected = case["expected"]["pvalue_greater"]
    assert row["pvalue_above"] == pytest.approx(expected, rel=case["tolerance"]["rtol"])


@pytest.mark.reference
@pytest.mark.parametrize(
    "case",
    [c for c in CASES if c["method"] == "tost_equivalence_score"],
    ids=lambda case: case["id"],
)
def test_within_is_two_one_sided_tests(case):
    data = [case["inputs"][name] for name in ("x1", "e1", "x2", "e2")]
    row = four_fifths(*data, measure="rate-ratio", method="score").iloc[0]
    expected = case["expected"]["pvalue"]
    assert row["pvalue_within"] == pytest.approx(expected, rel=case["tolerance"]["rtol"])


@pytest.mark.parametrize(
    ("data", "decision"),
    [
        ((900, 2000, 3000, 9000), "above"),
        ((300, 2000, 3000, 9000), "below"),
        ((660, 2000, 3000, 9000), "within"),
        ((9, 20, 3000, 9000), "cannot tell"),
        ((0, 20, 0, 9000), "cannot tell"),
    ],
)
def test_every_answer(data, decision):
    row = four_fifths(*data).iloc[0]
    assert row["decision"] == decision
    assert (row["band_low"], row["band_high"]) == (0.8, 1.25)


def test_the_estimate_decides_nothing():
    table = four_fifths([9, 900], [20, 2000], 3000, 9000)
    assert table["estimate"].to_numpy() == pytest.approx([1.35, 1.35], rel=1e-14)
    assert table["decision"].tolist() == ["cannot tell", "above"]


@settings(max_examples=50)
@given(
    data=st.tuples(*(st.integers(0, 200),) * 2),
    sizes=st.tuples(*(st.integers(200, 400),) * 2),
    measure=st.sampled_from(["risk-ratio", "rate-ratio"]),
    level=st.floats(0.7, 0.99),
)
def test_decisions_are_tests_at_half_of_what_the_level_leaves(data, sizes, measure, level):
    (x, y), (n, m) = data, sizes
    row = four_fifths(x, n, y, m, measure=measure, level=level).iloc[0]
    tail = (1 - level) / 2
    values = {answer: row[f"pvalue_{answer}"] for answer in ("above", "below", "within")}
    if min(abs(p - tail) for p in values.values()) < 1e-9:
        return
    shown = [answer for answer, p in values.items() if p < tail]
    assert row["decision"] == (shown[0] if shown else "cannot tell")
    assert len(shown) <= 1


def test_other_thresholds_and_labels():
    counts = pd.DataFrame({"a": [90, 30], "b": [66, 9]}, index=pd.Index(["N", "S"], name="region"))
    table = four_fifths(counts, 200, 3000, 9000, threshold=0.5, measure="rate-ratio")
    assert (table["band_high"] == 2).all()
    ratio = rate_ratio(counts, 200, 3000, 9000, null=2.0, alternative="greater")
    expected = {(r, c): ratio.pvalue.loc[r, c] for r in counts.index for c in counts.columns}
    labels = [name for name in table.columns if name not in ratio.to_frame().columns[-8:]][:2]
    for _, row in table.iterrows():
        assert row["pvalue_above"] == expected[row[labels[0]], row[labels[1]]]
    assert "sobol1988" in table.attrs["references"]


def test_the_table_is_the_ratios_own():
    table = four_fifths(36, 40, 16, 80)
    ratio = risk_ratio(36, 40, 16, 80).to_frame()
    for name in ("estimate", "low", "high"):
        assert table[name].tolist() == ratio[name].tolist()


@pytest.mark.parametrize(
    ("data", "options", "message"),
    [
        ((5, 4, 1, 3), {}, "`count` must be at most `total`"),
        ((1, 4, 1, 3), {"threshold": 1}, "`threshold` must be"),
        ((1, 4, 1, 3), {"threshold": 80}, "`threshold` must be"),
        ((1, 4, 1, 3), {"measure": "ratio"}, "`measure` must be one of"),
        ((1, 4, 1, 3), {"method": "mid-p"}, "`method` must be one of"),
    ],
)
def test_errors(data, options, message):
    with pytest.raises(InputError, match=message):
        four_fifths(*data, **options)
