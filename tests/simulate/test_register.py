"""SYNTHETIC registers: the truth is as asked for, and an audit finds it."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest

from countylines.errors import InputError, InputTypeError
from countylines.localisation import Detection, detection_adjusted_trend
from countylines.prevalence import active_at
from countylines.simulate import register


@pytest.fixture(scope="module")
def lines():
    return register(rng=1, audited=300)


def by_year(frame):
    return frame.groupby(["year", "type"]).size().unstack()


def test_every_line_is_there(lines):
    whole = by_year(lines)
    assert whole["internal"].tolist() == [5120, 8500]
    assert whole["external"].tolist() == [3896, 3192]
    assert lines["line"].is_unique
    assert lines["line"].str.startswith("SYNTHETIC-").all()
    assert "SYNTHETIC" in lines.attrs["synthetic"]


def test_the_truth_is_told(lines):
    truth = lines.attrs["truth"]
    assert truth["2023/24"]["odds_ratio"] == pytest.approx((8500 / 3192) / (5120 / 3896))
    assert [year["detection_internal"] for year in truth.values()] == [0.25, 0.5]


def test_the_share_recorded_is_the_detection_asked_for(lines):
    share = lines.groupby(["year", "type"])["recorded"].mean()
    for (year, kind), found in share.items():
        wanted = lines.attrs["truth"][year][f"detection_{kind}"]
        assert abs(found - wanted) < 5 * math.sqrt(wanted * (1 - wanted) / 3000)
    assert (lines["recorded"] == (lines["detections"] > 0)).all()


def test_lines_that_differ_are_recorded_as_often_but_not_as_many_times():
    detection = {"internal": [0.5], "external": [0.5]}
    alike = register([20_000], [10], detection=detection, rng=1)
    differ = register([20_000], [10], detection=detection, heterogeneity=2.0, rng=1)
    assert differ["recorded"].mean() == pytest.approx(alike["recorded"].mean(), abs=0.02)
    assert differ["detections"].var() > 3 * alike["detections"].var()


def test_internal_lines_stay_and_external_ones_leave(lines):
    stays = lines["origin"] == lines["destination"]
    assert (stays == (lines["type"] == "internal")).all()
    external = lines[lines["type"] == "external"]
    met = (external["origin"] == "Metropolitan Police").mean()
    assert met == pytest.approx(0.3375, abs=0.03)
    assert "City of London" not in set(lines["origin"]) | set(lines["destination"])


def test_dates_lie_in_their_year(lines):
    first = lines[lines["year"] == "2022/23"]["opened"]
    assert first.min() >= pd.Timestamp("2022-04-01")
    assert first.max() < pd.Timestamp("2023-04-01")
    assert (lines["closed"] > lines["opened"]).all()
    assert (lines["closed"] - lines["opened"]).dt.days.mean() == pytest.approx(73.5, abs=2)
    assert active_at(lines, "2023-01-01").item() > 500


def test_audits_are_of_the_size_asked_for(lines):
    audited = by_year(lines[lines["audited"]])
    assert (audited == 300).all().all()


def test_the_same_seed_makes_the_same_register(lines):
    pd.testing.assert_frame_equal(lines, register(rng=1, audited=300))
    assert not lines["origin"].equals(register(rng=2, audited=300)["origin"])


def test_the_adjusted_trend_finds_the_truth_that_the_records_miss():
    lines = register(rng=3, audited=1000)
    seen = by_year(lines[lines["recorded"]])
    audit = lines[lines["audited"]]
    found = detection_adjusted_trend(
        seen["internal"],
        seen["external"],
        detection=Detection.audit(by_year(audit[audit["recorded"]]), by_year(audit)),
    )
    truth = lines.attrs["truth"]["2023/24"]["odds_ratio"]
    recorded = found.table.xs("recorded", level="input").iloc[0]
    assert found.effect.low < truth < found.effect.high
    assert truth < recorded.low
    assert found.effect.high < 2.6


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        ({"internal": [10]}, InputError, "`external` must be of 1 years"),
        ({"internal": []}, InputError, "`internal` must be one number a year"),
        ({"internal": 5}, InputError, "`internal` must be one number a year"),
        ({"internal": [0, 5]}, InputError, "`internal` must be above 0 in every year"),
        ({"internal": [1.5, 5]}, InputError, "`internal` must be a whole number"),
        ({"internal": [10**7, 5]}, InputError, "at most 2,000,000 lines"),
        ({"internal": ["a", "b"]}, InputTypeError, "`internal` must be numeric"),
        ({"internal": [5, 5, 5], "external": [5, 5, 5]}, InputError, "unless there are two years"),
        ({"detection": {"internal": [0.5, 0.5]}}, InputError, "for internal and external"),
        (
            {"detection": {"internal": [0.5], "external": [0.5, 0.5]}},
            InputError,
            "must be of 2 years",
        ),
        (
            {"detection": {"internal": [0.5, 1], "external": [0.5, 0.5]}},
            InputError,
            r"`detection\['internal'\]` must be a share in \(0, 1\)",
        ),
        ({"audited": 4000}, InputError, "`audited` must be at most the 3192 lines"),
        ({"audited": -1}, InputError, "`audited` must be"),
        ({"heterogeneity": -1}, InputError, "`heterogeneity` must be"),
        ({"heterogeneity": 50}, InputError, "`heterogeneity` must be small enough for a detection"),
        ({"heterogeneity": 1e6}, InputError, "more than a million times"),
        ({"detection": {"internal": ["a", 0.5], "external": [0.5, 0.5]}}, InputTypeError, "numer"),
        ({"mean_days": 0}, InputError, "`mean_days` must be"),
        ({"mean_days": 1e9}, InputError, r"`mean_days` must be .*3650\]"),
        ({"start": "spring"}, InputError, "`start` must be a date"),
    ],
)
def test_bad_arguments(arguments, error, words):
    with pytest.raises(error, match=words):
        register(**arguments)


def test_detections_follow_their_distribution():
    """Poisson with the rate that leaves half undetected: mean log 2."""
    half = {"internal": [0.5], "external": [0.5]}
    lines = register([50_000], [10], detection=half, rng=4)
    counts = lines.loc[lines["type"] == "internal", "detections"]
    assert counts.mean() == pytest.approx(math.log(2), abs=5 * math.sqrt(math.log(2) / 50_000))
    assert np.mean(counts == 1) == pytest.approx(math.log(2) / 2, abs=0.01)
