"""Crude against pooled: identities, known reversals, coverage of the composition, errors."""

from __future__ import annotations

import json
import math
import pickle
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from countylines.disproportionality import simpson_report
from countylines.errors import DegenerateDataWarning, InputError

CASES = {
    case["id"]: case
    for case in json.loads(
        (Path(__file__).parents[1] / "reference" / "strata.json").read_text("utf-8")
    )["cases"]
}
# admissions to six departments of Berkeley, 1973: men, and women
BERKELEY = (
    [512, 353, 120, 138, 53, 22],
    [825, 560, 325, 417, 191, 373],
    [89, 17, 202, 131, 94, 24],
    [108, 25, 593, 375, 393, 341],
)


def ends(part):
    return np.array([part.estimate, part.low, part.high])


@pytest.mark.reference
@pytest.mark.parametrize("name", ["010", "039"])
@pytest.mark.filterwarnings("ignore::countylines.errors.CountyLinesWarning")
def test_crude_and_pooled_ratios(name):
    case = CASES[f"s-stratified_rate_ratio-crude-{name}"]
    pooled = [
        c
        for c in CASES.values()
        if (c["method"], c["inputs"]) == ("mantel_haenszel", case["inputs"])
        and c["family"] == "stratified_rate_ratio"
    ]
    report = simpson_report(*(case["inputs"][k] for k in ("x1", "e1", "x2", "e2")))
    assert report.crude.estimate == pytest.approx(case["expected"]["estimate"], rel=1e-12)
    assert len(pooled) == (name == "010")  # the other has no pooled ratio in the source
    for other in pooled:
        assert report.pooled.estimate == pytest.approx(other["expected"]["estimate"], rel=1e-8)


def test_berkeley_reverses():
    report = simpson_report(*BERKELEY, measure="risk-ratio")
    assert report.crude.low > 1 > report.pooled.estimate
    assert report.reverses
    assert str(report) == report.sentence
    assert report.sentence.endswith(
        "The direction reverses in the estimates, but an interval includes 1."
    )
    assert report.composition.low > 1


def test_a_clear_reversal_and_none():
    """Made up: the group is worse off in both places, and lives where few are recorded."""
    clear = simpson_report([300, 40], [30_000, 1_000], [50, 1_000], [10_000, 50_000])
    assert clear.sentence.endswith("The direction reverses.")
    assert clear.reverses
    alike = simpson_report([30, 60], [100, 200], [45, 90], [300, 600])
    assert alike.composition.estimate == pytest.approx(1.0)
    assert (alike.composition.pvalue, alike.reverses) == (1.0, False)
    np.testing.assert_allclose(ends(alike.composition), 1.0)
    assert alike.sentence.endswith("The direction does not reverse.")


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10_000), strata=st.integers(2, 8))
def test_everything_adds_up_and_swapping_the_groups_inverts(seed, strata):
    rng = np.random.default_rng(seed)
    n, m = rng.integers(50, 5000, (2, strata))
    x, y = rng.binomial(n, 0.2), rng.binomial(m, 0.1)
    x[0], y[0] = max(x[0], 1), max(y[0], 1)
    for measure in ("rate-ratio", "risk-ratio"):
        report = simpson_report(x, n, y, m, measure=measure)
        product = report.pooled.estimate * report.composition.estimate
        assert product == pytest.approx(report.crude.estimate, rel=1e-12)
        difference = x.sum() / n.sum() - y.sum() / m.sum()
        parts = report.table[["within", "composition"]].to_numpy().sum()
        assert parts == pytest.approx(difference, abs=1e-12)
        swapped = simpson_report(y, m, x, n, measure=measure)
        np.testing.assert_allclose(
            ends(swapped.composition), 1 / ends(report.composition)[[0, 2, 1]], rtol=1e-9
        )
        assert swapped.composition.pvalue == pytest.approx(report.composition.pvalue, abs=1e-9)


def test_absent_groups_are_composition():
    index = pd.Index(["North", "South", "Isles"], name="region")
    data = ([30, 40, 0], [100, 200, 0], [20, 60, 50], [400, 300, 500])
    report = simpson_report(*(pd.Series(v, index=index) for v in data))
    isles = report.table.loc["Isles"]
    assert (isles["within"], isles["share_of_group"]) == (0.0, 0.0)
    assert report.table["composition"].sum() + report.table["within"].sum() == pytest.approx(
        70 / 300 - 130 / 1200
    )
    assert "Isles" in report.notes[1].text
    frame = report.to_frame()
    assert list(frame.index) == ["crude", "pooled", "composition"]
    assert frame.loc["composition", "estimate"] == report.composition.estimate
    again = pickle.loads(pickle.dumps(report))
    assert again.composition.identical(report.composition)


def test_no_events_leave_nothing_to_take_apart():
    with pytest.warns(DegenerateDataWarning):
        report = simpson_report([0, 0], [100, 200], [20, 60], [400, 300])
    assert math.isnan(report.composition.estimate)
    assert (report.composition.low, report.composition.high) == (0.0, math.inf)
    assert report.composition.verdict.code == "no-data"
    assert not report.reverses
    assert "nothing can be taken apart" in report.sentence


@pytest.mark.parametrize("measure", ["rate-ratio", "risk-ratio"])
def test_the_interval_of_the_composition_holds_its_level(measure):
    """300 simulated tables: misses within four standard errors of 5 %."""
    rng = np.random.default_rng(4)
    n, m = np.array([4000, 900, 300]), np.array([2000, 9000, 6000])
    p, q = np.array([0.06, 0.12, 0.24]), np.array([0.03, 0.06, 0.12])
    truth = (p @ n / n.sum()) / (q @ m / m.sum()) / 2
    misses, tables = 0, 300
    for _ in range(tables):
        if measure == "rate-ratio":
            x, y = rng.poisson(n * p), rng.poisson(m * q)
        else:
            x, y = rng.binomial(n, p), rng.binomial(m, q)
        part = simpson_report(x, n, y, m, measure=measure).composition
        misses += not part.low <= truth <= part.high
    assert abs(misses / tables - 0.05) < 4 * math.sqrt(0.05 * 0.95 / tables)


GOOD = ([3, 4], [10, 20], [5, 6], [30, 40])


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"measure": "odds-ratio"}, "differ without any difference in composition"),
        ({"measure": "hazard"}, "`measure` must be one of"),
        ({"level": 95}, "`level` must be"),
    ],
)
def test_options(options, words):
    with pytest.raises(InputError) as caught:
        simpson_report(*GOOD, **options)
    assert words in str(caught.value)


def test_one_table_at_a_time():
    with pytest.raises(InputError, match="`count` must be one row of strata"):
        simpson_report(*(pd.DataFrame({"a": v, "b": v}) for v in GOOD))
