"""Expected internal share: a known truth, the defining equations, edges, errors."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from countylines._kernels import destination_choice
from countylines.errors import DegenerateDataWarning, InputError, SparseDataWarning
from countylines.localisation import LineFlows, expected_internal_share

RNG = np.random.default_rng(7)
AREAS = 12
PLACES = RNG.uniform(0, 200, (AREAS, 2))
APART = np.sqrt(np.square(PLACES[:, None] - PLACES).sum(axis=2))
PEOPLE = np.round(np.exp(RNG.normal(13, 0.7, AREAS)))
OWN = np.full(AREAS, 14.0)
WHOLE = APART + np.diag(OWN)
SENT = RNG.integers(20, 400, AREAS)
OPTIONS = {"population": PEOPLE, "intrazonal": OWN, "rng": 1, "draws": 400}


def truth(decay, reach=WHOLE):
    weight = PEOPLE * np.exp(-decay * reach)
    return weight / weight.sum(axis=1, keepdims=True)


@pytest.mark.parametrize(("form", "decay"), [("exponential", 0.02), ("power", 1.4)])
def test_under_the_null_hypothesis_nothing_is_local(form, decay):
    reach = np.log(WHOLE) if form == "power" else WHOLE
    flows = LineFlows(np.rint(1e7 * SENT[:, None] * truth(decay, reach)))
    found = expected_internal_share(flows, APART, form=form, **OPTIONS)
    assert found.attrs["decay"] == pytest.approx(decay, rel=1e-5)
    np.testing.assert_allclose(found["expected"], found["observed"], rtol=1e-5)
    np.testing.assert_allclose(found["ratio"], 1.0, rtol=1e-5)


def flows_of(seed=3, decay=0.02):
    rng = np.random.default_rng(seed)
    return LineFlows(
        np.array([rng.multinomial(n, p) for n, p in zip(SENT, truth(decay), strict=True)])
    )


def test_the_score_equation_holds_and_internal_lines_have_no_say():
    flows = flows_of()
    found = expected_internal_share(flows, APART, **OPTIONS)
    counts = flows.to_xarray().to_numpy()
    outside = ~np.eye(AREAS, dtype=bool)
    weight = PEOPLE * np.exp(-found.attrs["decay"] * APART) * outside
    mean = (counts * outside).sum(axis=1, keepdims=True) * weight / weight.sum(1, keepdims=True)
    assert ((counts - mean) * APART * outside).sum() == pytest.approx(
        0.0, abs=1e-8 * (mean * APART).sum()
    )
    more = LineFlows(counts + np.diag(np.arange(AREAS)))
    again = expected_internal_share(more, APART, **OPTIONS)
    assert again.attrs["decay"] == found.attrs["decay"]
    np.testing.assert_array_equal(again["expected"][1:], found["expected"][1:])


def test_the_expected_share_of_an_area_is_its_equation():
    found = expected_internal_share(flows_of(), APART, **OPTIONS)
    share = truth(found.attrs["decay"])
    np.testing.assert_allclose(found["expected"][1:], np.diagonal(share), rtol=1e-10)
    together = np.average(np.diagonal(share), weights=SENT)
    assert found.loc["all", "expected"] == pytest.approx(together, rel=1e-10)
    assert (found["expected_low"] < found["expected"]).all()
    assert (found["expected"] < found["expected_high"]).all()
    assert (found["ratio_low"] < found["ratio_high"]).all()


def test_a_large_area_is_expected_to_be_internal():
    people = PEOPLE.copy()
    people[0] *= 50
    one = expected_internal_share(flows_of(), APART, **OPTIONS)
    large = expected_internal_share(flows_of(), APART, **{**OPTIONS, "population": people})
    assert large.loc[0, "expected"] > one.loc[0, "expected"]


def test_the_rule_within_areas_moves_the_answer():
    near = expected_internal_share(flows_of(), APART, **{**OPTIONS, "intrazonal": 5})
    half = expected_internal_share(flows_of(), APART, **{**OPTIONS, "intrazonal": "half-nearest"})
    far = expected_internal_share(flows_of(), APART, **{**OPTIONS, "intrazonal": 60})
    assert (near["expected"] > far["expected"]).all()
    assert half.attrs["decay"] == near.attrs["decay"] == far.attrs["decay"]


@given(st.floats(1e-3, 1e6))
def test_the_unit_of_distance_and_of_population_do_not_matter(unit):
    flows = flows_of()
    options = {**OPTIONS, "population": PEOPLE * unit, "intrazonal": OWN * unit}
    one = expected_internal_share(flows, APART, **OPTIONS)
    two = expected_internal_share(flows, APART * unit, **options)
    np.testing.assert_allclose(two["expected"], one["expected"], rtol=1e-9)


def test_the_seed_decides():
    one, two = (expected_internal_share(flows_of(), APART, **OPTIONS) for _ in range(2))
    pd.testing.assert_frame_equal(one, two)
    other = expected_internal_share(flows_of(), APART, **{**OPTIONS, "rng": 2})
    assert (other["expected"] == one["expected"]).all()
    assert (other["ratio_low"] != one["ratio_low"]).all()


def test_an_area_that_sends_nothing():
    counts = flows_of().to_xarray().to_numpy().copy()
    counts[2] = 0
    found = expected_internal_share(LineFlows(counts), APART, **OPTIONS)
    row = found.loc[2]
    assert row["verdict"].code == "no-data"
    assert np.isnan(row[["observed", "expected", "ratio"]].astype(float)).all()
    assert (row["ratio_low"], row["ratio_high"]) == (0.0, np.inf)
    assert found.loc["all", "verdict"].estimable


@pytest.mark.parametrize("seen", ["nearest", "farthest", "none"])
def test_a_decay_that_does_not_exist(seen):
    apart = np.where(np.eye(AREAS, dtype=bool), np.nan, APART)
    ends = np.nanargmin(apart, axis=1) if seen == "nearest" else np.nanargmax(apart, axis=1)
    counts = np.eye(AREAS, dtype=int) * 5
    if seen != "none":
        counts[np.arange(AREAS), ends] = 9
    with pytest.warns(DegenerateDataWarning, match="no decay can be fitted"):
        found = expected_internal_share(LineFlows(counts), APART, **OPTIONS)
    assert found.loc["all", "verdict"].code == "not-identified"
    assert found["expected"].isna().all()
    assert np.isnan(found.attrs["decay"])
    assert found.loc["all", "observed"] > 0


def test_a_ratio_lies_within_its_limits_where_none_or_all_stay():
    counts = flows_of().to_xarray().to_numpy().copy()
    counts[0, 0] = 0
    counts[1] = 0
    counts[1, 1] = 9
    found = expected_internal_share(LineFlows(counts), APART, **OPTIONS)
    assert found.loc[0, "ratio"] == found.loc[0, "ratio_low"] == 0.0
    assert found.loc[1, "observed"] == 1.0
    assert found.loc[1, "ratio_high"] == pytest.approx(1 / found.loc[1, "expected_low"], rel=1e-3)
    assert (found["ratio_low"] <= found["ratio"]).all()
    assert (found["ratio"] <= found["ratio_high"]).all()


def test_the_error_is_that_of_leaving_out_destinations():
    counts = flows_of().to_xarray().to_numpy().astype(float)
    counts[np.arange(AREAS), np.arange(AREAS)] = 0
    whole = destination_choice.fit(counts, PEOPLE, WHOLE)
    shift = []
    for d in range(AREAS):
        rest, pull = counts.copy(), PEOPLE.astype(float).copy()
        rest[:, d], pull[d] = 0.0, 0.0
        shift.append(destination_choice.fit(rest, pull, WHOLE).value - whole.value)
    exact = np.sqrt((AREAS - 1) / AREAS * np.square(shift).sum())
    assert whole.error == pytest.approx(exact, rel=0.05)


def test_few_areas_are_said():
    table = [[30, 4, 2], [3, 10, 6], [4, 7, 9]]
    with pytest.warns(SparseDataWarning, match="3 areas only"):
        expected_internal_share(
            LineFlows(table), np.array([[0, 1, 2], [1, 0, 1.5], [2, 1.5, 0]]),
            population=[3, 1, 1], intrazonal=0.5,
        )  # fmt: skip


def test_shares_add_up_however_far():
    part = destination_choice.shares(PEOPLE, WHOLE * 1e4, np.array([0.0, 1.0, -1.0]))
    np.testing.assert_allclose(part.sum(axis=-1), 1.0)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"population": PEOPLE[:-1]}, "`population` must be one number for each of the 12"),
        ({"population": 0 * PEOPLE}, "`population` must be finite and above 0"),
        ({"population": pd.Series(PEOPLE, range(1, 13))}, "none for 0"),
        ({"intrazonal": -OWN}, "`intrazonal` must be finite and at least 0"),
        ({"intrazonal": 0, "form": "power"}, "`intrazonal` must be finite and above 0"),
        ({"form": "gravity"}, "`form` must be one of"),
        ({"draws": 5}, "`draws` must be a whole number of at least 100"),
        ({"level": 1.2}, "`level` must be a share"),
    ],
)
def test_bad_options(options, message):
    with pytest.raises(InputError, match=message):
        expected_internal_share(flows_of(), APART, **{**OPTIONS, **options})


def test_bad_flows():
    with pytest.raises(InputError, match="of at least three areas, got 2"):
        expected_internal_share(LineFlows([[1, 2], [3, 4]]), np.ones((2, 2)), **OPTIONS)
    with pytest.raises(InputError, match="`flows` must be a LineFlows"):
        expected_internal_share([[1]], APART, **OPTIONS)
