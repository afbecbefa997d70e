"""Trends within strata: references, one stratum, the shapes that may be given, heterogeneity."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from countylines.errors import DegenerateDataWarning, InputError, LabelMismatchError
from countylines.localisation import cochran_armitage, mantel_trend

CASES = [
    case
    for case in json.loads(
        (Path(__file__).parents[1] / "reference" / "score_trend.json").read_text()
    )["cases"]
    if case["family"] == "mantel_extension"
]
COUNT = pd.DataFrame({"A": [1, 3, 4], "B": [0, 1, 1], "C": [2, 2, 7]}, index=[2021, 2022, 2023])
TOTAL = pd.DataFrame({"A": [10, 10, 9], "B": [3, 6, 2], "C": [14, 8, 12]}, index=COUNT.index)


def words(result, code):
    return next(note.text for note in result.notes if note.code == code)


@pytest.mark.reference
@pytest.mark.parametrize("case", CASES, ids=lambda case: case["id"])
def test_reference(case):
    given, expected, rtol = case["inputs"], case["expected"], case["tolerance"]["rtol"]
    if "cases" in given:
        total = np.add(given["cases"], given["noncases"])
        found = mantel_trend(given["cases"], total, strata=given["stratum"], scores=given["score"])
    else:
        arguments = np.array(given["successes"]), np.array(given["totals"])
        options = {"strata": 0, "scores": given["scores"]}
        found = mantel_trend(*arguments, **options)
    if "p_two_sided" in expected:
        assert found.pvalue == pytest.approx(expected["p_two_sided"], rel=100 * rtol)
        table = found.table
        z = (table["statistic"] - table["mean"]).sum() / np.sqrt(table["variance"].sum())
        assert z == pytest.approx(expected["z"], rel=rtol)
        return

    def p(method, **more):
        return mantel_trend(*arguments, **options, method=method, **more).pvalue

    assert p("exact", alternative="greater") == pytest.approx(expected["p_greater"], rel=rtol)
    assert p("exact", alternative="less") == pytest.approx(expected["p_less"], rel=rtol)
    assert p("exact") == pytest.approx(expected["p_two_double"], rel=rtol)
    for two_sided, name in (("distance", "p_two_absdev"), ("probability", "p_two_pointprob")):
        assert p("exact", two_sided=two_sided) == pytest.approx(expected[name], rel=rtol)
    assert p("mid-p", alternative="greater") == pytest.approx(expected["midp_greater"], rel=rtol)
    assert p("monte-carlo", replicates=50_000, rng=1) == pytest.approx(
        expected["p_two_double"], abs=0.001
    )
    assert found.table["mean"].sum() == pytest.approx(expected["mean"], rel=rtol)
    assert found.table["variance"].sum() == pytest.approx(expected["var"], rel=rtol)


@pytest.mark.parametrize("method", ["asymptotic", "exact", "mid-p"])
def test_one_stratum_is_the_test_without_strata(method):
    within = mantel_trend(COUNT[["C"]], TOTAL[["C"]], strata="columns", method=method)
    alone = cochran_armitage(
        COUNT["C"], TOTAL["C"], method=method, variance="hypergeometric", continuity=False
    )
    assert within.pvalue == pytest.approx(alone.pvalue, rel=1e-12)
    assert within.effect.low == pytest.approx(alone.effect.low, rel=1e-9)


def test_shapes_that_mean_the_same():
    frame = mantel_trend(COUNT, TOTAL, strata="columns")
    turned = mantel_trend(COUNT.T, TOTAL.T, strata="index")
    arrays = [
        xr.DataArray(f.to_numpy(), dims=("year", "force"), coords={"force": list(f.columns)})
        for f in (COUNT, TOTAL)
    ]
    labelled = mantel_trend(*arrays, strata="force")
    rows = mantel_trend(
        COUNT.to_numpy().ravel(),
        TOTAL.to_numpy().ravel(),
        strata=np.tile(list("ABC"), 3),
        scores=np.repeat(COUNT.index.to_numpy(), 3),
    )
    for other in (turned, labelled, rows):
        assert other.pvalue == pytest.approx(frame.pvalue, rel=1e-12)
        assert list(other.table.index) == ["A", "B", "C"]
    assert rows.effect.low == pytest.approx(frame.effect.low, rel=1e-9)


def test_a_stratum_seen_once_does_not_break_it_and_is_named():
    count, total = COUNT.assign(D=[0, 0, 5]), TOTAL.assign(D=[0, 0, 9])
    found = mantel_trend(count, total, strata="columns")
    assert found.pvalue == pytest.approx(
        mantel_trend(COUNT, TOTAL, strata="columns").pvalue, rel=1e-12
    )
    assert words(found, "silent-strata") == "1 of 4 strata can show no trend and add nothing: D."


def test_composition_makes_no_trend():
    internal = pd.DataFrame({"A": [10, 11, 9], "B": [0, 45, 90]})
    lines = pd.DataFrame({"A": [100, 110, 90], "B": [0, 50, 100]})
    assert cochran_armitage(internal.sum(axis=1), lines.sum(axis=1)).pvalue < 1e-11
    found = mantel_trend(internal, lines, strata="columns")
    assert found.pvalue == pytest.approx(1.0)
    assert found.effect.estimate == pytest.approx(1.0)


def test_opposite_trends_are_found_different():
    count = pd.DataFrame({"A": [5, 20, 40], "B": [40, 20, 5]})
    total = pd.DataFrame({"A": [50] * 3, "B": [50] * 3})
    found = mantel_trend(count, total, strata="columns")
    assert found.pvalue == pytest.approx(1.0)
    q = float(re.search(r"Q = ([\d.]+)", words(found, "heterogeneity")).group(1))
    z = found.table["z"]
    assert q == pytest.approx((z**2).sum(), abs=0.01)  # the common slope is 0
    assert (z**2 > 20).all()


def test_order_of_strata_and_scores_does_not_matter():
    turned = mantel_trend(COUNT[["C", "A", "B"]], TOTAL[["C", "A", "B"]], strata="columns")
    assert turned.pvalue == pytest.approx(
        mantel_trend(COUNT, TOTAL, strata="columns").pvalue, rel=1e-12
    )
    back = mantel_trend(COUNT[::-1], TOTAL[::-1], strata="columns", scores=[2, 1, 0])
    assert back.pvalue == pytest.approx(turned.pvalue, rel=1e-12)


def test_nothing_can_show():
    with pytest.warns(DegenerateDataWarning, match="In no stratum can a trend show"):
        found = mantel_trend([[0, 0], [4, 5]], [[3, 3], [4, 5]], strata=0)
    assert found.pvalue == 1.0
    assert found.effect.verdict.code == "not-identified"


@pytest.mark.parametrize(
    ("arguments", "options", "error", "message"),
    [
        (([1, 2], [3, 4]), {"strata": None}, LabelMismatchError, "`strata` must be one label"),
        (
            ([1, 2], [3, 4]),
            {"strata": ["a", "a"]},
            LabelMismatchError,
            "`scores` must be one label for each of the 2 rows, got nothing",
        ),
        (
            ([1, 2], [3, 4]),
            {"strata": ["a", "a"], "scores": [1, 1]},
            InputError,
            "different within each stratum, got 1 repeated",
        ),
        (
            ([1, 2], [3, 4]),
            {"strata": ["a", "b"], "scores": [1, 1]},
            InputError,
            "two different values",
        ),
        (([[3, 2]], [[2, 5]]), {"strata": 0}, InputError, "at most `total`"),
        ((COUNT, TOTAL), {"strata": "forces"}, InputError, "`dim` must be"),
        ((COUNT, TOTAL), {"strata": "columns", "scores": [1, 2]}, InputError, "each of the 3"),
        ((np.ones((2, 2, 2)), np.ones((2, 2, 2))), {"strata": 0}, InputError, "groups by strata"),
    ],
)
def test_bad_input(arguments, options, error, message):
    with pytest.raises(error, match=message):
        mantel_trend(*arguments, **options)


def test_rows_of_other_labels():
    count = pd.Series([1, 2, 3], index=list("xyz"))
    strata = pd.Series(["a", "a", "a"], index=list("xzy"))
    with pytest.raises(LabelMismatchError, match="labelled as `count`"):
        mantel_trend(count, count + 3, strata=strata, scores=[0, 1, 2])


def test_a_common_odds_ratio_does_not_hang_on_the_distance_of_strata():
    near = mantel_trend([5, 95, 10, 90], [100] * 4, strata=list("AABB"), scores=[0, 1, 0, 1])
    far = mantel_trend([5, 95, 10, 90], [100] * 4, strata=list("AABB"), scores=[3, 4, 22, 23])
    assert far.effect.estimate == pytest.approx(near.effect.estimate, rel=1e-8)
    assert far.effect.low == pytest.approx(near.effect.low, rel=1e-8)
    assert words(far, "heterogeneity") == words(near, "heterogeneity")


def test_labels_of_strata_go_with_rows():
    with pytest.raises(InputError, match="`strata` must be the name or number of the dimension"):
        mantel_trend([[1, 2], [3, 4]], [[5, 5], [5, 5]], strata=["A", "B"])
    with pytest.raises(InputError, match="`scores` must be numeric"):
        mantel_trend([1, 2], [3, 3], strata=["a", "a"], scores=["2019", "x"])
