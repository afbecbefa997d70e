"""The average over models: its formula, its quantiles put back, and what it refuses to hide."""

from __future__ import annotations

import json
import math
import pickle
import warnings
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import ndtr

import countylines as cl
from countylines.capture_recapture import ModelAverage, loglinear, model_search
from countylines.errors import ApproximationWarning, DegenerateDataWarning, InputError

CASES = json.loads((Path(__file__).parents[1] / "reference" / "model_search.json").read_text())[
    "cases"
]
HAV = {"111": 28, "110": 21, "101": 17, "011": 18, "100": 69, "010": 55, "001": 63}


def load(name):
    people = cl.datasets.load_mse(name)
    return cl.CaptureHistories.from_table(people, lists=people.attrs["lists"])


@pytest.fixture(scope="module")
def uk():
    return model_search(load("uk_2013_5"), max_order=2)


def by_hand(average, total):
    """Probability of a total or less by the components, with the weight that has a place."""
    parts = average.components
    placed = parts[parts["code"].isin(["ok", "boundary-finite"])]
    hidden = max(total - average.n_observed, 1e-300)
    z = np.log(hidden / placed["hidden"]) / placed["spread"]
    return float((placed["weight"] * ndtr(z)).sum())


def weight_on(search, criterion, verdict):
    """Share of the weight of all models on those with a verdict, by the definition."""
    table = search.table
    weight = np.exp(-0.5 * (table[criterion] - table[criterion].min()))
    return weight[table["code"] == f"hidden-{verdict}"].sum() / weight.sum()


@pytest.mark.reference
@pytest.mark.parametrize(
    "case",
    [c for c in CASES if c["id"].startswith("bic_average")],
    ids=lambda case: case["id"],
)
@pytest.mark.filterwarnings("ignore::countylines.errors.CountyLinesWarning")
def test_the_weighted_mean_of_all_models(case):
    data = case["inputs"]
    table = cl.CaptureHistories.from_cells(dict(data["cells"]), lists=data["lists"])
    average = model_search(table, max_order=case["parameters"]["maxorder"]).average()
    parts = average.components
    placed = parts[parts["code"].isin(["ok", "boundary-finite"])]
    mean = (placed["weight"] * placed["estimate"]).sum() / placed["weight"].sum()
    assert mean == pytest.approx(case["expected"]["bic_weighted_mean_N_over_code0"], rel=1e-6)
    if average.verdict.estimable:
        assert average.estimate == pytest.approx(mean, rel=1e-10)


@pytest.mark.reference
def test_the_average_of_the_uk_models_is_what_none_of_them_says(uk):
    average = uk.average()
    assert round(average.estimate) == 18_020
    np.testing.assert_allclose(average.modes["mode"], [23_560, 12_028], rtol=1e-3)
    near = (average.components["estimate"] / 18_020 - 1).abs() < 0.1
    assert average.components["weight"][near].sum() < 0.02
    text = str(average)
    assert "mode 1                    23,560 (17,466 to 31,884), 52 % of the weight" in text
    assert (
        "Their average is 18,020, where hardly any model lies: those within 10 % of it hold 1 %"
        in text
    )
    assert text.index("mode 1") < text.index("18,020")
    assert "2 modes, 23,560 (52 %) and 12,028 (48 %)" in repr(average)


def test_the_standard_error_is_that_of_the_mixture(uk):
    average, table = uk.average(), uk.table
    away = table["standard_error"] ** 2 + (table["estimate"] - average.estimate) ** 2
    assert average.standard_error == pytest.approx(math.sqrt((table["weight"] * away).sum()))


@pytest.mark.parametrize("criterion", ["bic", "aic", "aicc"])
@pytest.mark.parametrize("level", [0.5, 0.95, 0.999])
@pytest.mark.filterwarnings("ignore::countylines.errors.CountyLinesWarning")
def test_limits_put_back_into_the_mixture(uk, criterion, level):
    average = uk.average(criterion, level=level)
    tail = (1 - level) / 2
    assert by_hand(average, average.low) == pytest.approx(tail, rel=1e-9)
    assert 1 - by_hand(average, average.high) == pytest.approx(tail, rel=1e-9)
    assert by_hand(average, average.median) == pytest.approx(0.5, rel=1e-9)
    assert average.hidden.low == pytest.approx(average.low - 2744, rel=1e-12)


def test_one_sided_limits_are_two_sided_ones_of_another_level(uk):
    both = uk.average(level=0.9)
    low, high = (uk.average(alternative=side) for side in ("greater", "less"))
    assert (low.low, high.high) == pytest.approx((both.low, both.high))
    assert (low.high, high.low) == (math.inf, 2744)


def test_modes_hold_the_mixture_between_them(uk):
    modes = uk.average().modes
    assert modes["mass"].sum() == pytest.approx(1, abs=1e-9)
    assert (modes["low"] < modes["mode"]).all()
    assert (modes["mode"] < modes["high"]).all()
    ordered = modes.sort_values("mode")
    assert ordered["high"].iloc[0] < ordered["low"].iloc[1]


def test_one_model_alone_gives_its_log_normal_limits():
    """Where one model has nearly all the weight the average is that model."""
    cells = {"111": 280, "110": 2100, "101": 1700, "011": 180, "100": 690, "010": 550, "001": 63}
    search = model_search(cl.CaptureHistories.from_cells(cells, lists=["P", "Q", "E"]))
    assert search.table["weight"].iloc[0] > 1 - 1e-9
    average = search.average()
    single = loglinear(search.histories, search.table["model"].iloc[0], interval="lognormal")
    assert average.estimate == pytest.approx(single.estimate, rel=1e-6)
    assert average.low == pytest.approx(single.low, rel=1e-5)
    assert average.high == pytest.approx(single.high, rel=1e-5)
    assert average.modes["mode"].tolist() == pytest.approx([single.estimate], rel=1e-3)
    assert not average.notes


class TestWithoutEstimate:
    def test_infinite_models_stay_infinite_in_the_limits(self):
        search = model_search(load("korea"))
        with pytest.warns(DegenerateDataWarning, match="hold 21 % of the weight: 21 % on an inf"):
            average = search.average()
        assert average.high == math.inf
        assert math.isfinite(average.estimate)
        assert average.lost["hidden-infinite"] == pytest.approx(
            weight_on(search, "bic", "infinite")
        )
        assert by_hand(average, average.low) == pytest.approx(0.025, rel=1e-9)
        assert by_hand(average, average.median) == pytest.approx(0.5, rel=1e-9)
        assert average.modes["mass"].sum() == pytest.approx(1 - average.lost.sum())
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            half = search.average(level=0.5)
        assert by_hand(half, half.high) == pytest.approx(0.75, rel=1e-9)

    def test_most_of_the_weight_without_an_estimate_is_no_estimate(self):
        with pytest.warns(DegenerateDataWarning, match="76 % of the weight"):
            average = model_search(load("artificial_3")).average()
        assert average.verdict.code == "hidden-infinite"
        assert average.estimate == math.inf
        assert math.isnan(average.standard_error)
        assert 96 < average.low < 1000
        assert "most of it on models that say an infinite number hidden" in str(average.verdict)

    def test_models_that_say_nobody_is_hidden_stay_at_zero(self, uk):
        search = model_search(uk.histories)
        with pytest.warns(ApproximationWarning, match="effects at minus infinity hold 87 %"):
            average = search.average("aic")
        assert average.lost["hidden-zero"] == pytest.approx(weight_on(search, "aic", "zero"))
        assert average.low == 2744
        assert average.hidden.low == 0
        assert len(average.modes) == 3

    @pytest.mark.filterwarnings("ignore::countylines.errors.CountyLinesWarning")
    def test_what_is_not_identified_counts_towards_either_end(self):
        """Its weight is below the low limit and above the high one, whatever is asked."""
        cells = {"001": 29, "100": 18, "101": 25, "111": 7}
        search = model_search(cl.CaptureHistories.from_cells(cells, lists=["A", "B", "C"]))
        average = search.average()
        anywhere = average.lost["not-identified"]
        assert anywhere > 0.05
        assert (average.low, average.high) == (79, math.inf)
        wide = search.average(level=1 - 2 * (sum(average.lost) + 0.05))
        tail = sum(average.lost) + 0.05
        below = average.lost["hidden-zero"] + anywhere
        assert by_hand(wide, wide.low) == pytest.approx(tail - below, rel=1e-8)
        assert math.isnan(average.median)


def test_most_of_the_weight_on_nobody_hidden_is_the_number_seen():
    """As for a single model whose likelihood never falls as the hidden number shrinks."""
    cells = {"110": 40, "101": 40, "011": 40, "100": 1, "010": 1, "001": 1}
    search = model_search(cl.CaptureHistories.from_cells(cells, lists=["A", "B", "C"]))
    with pytest.warns(DegenerateDataWarning, match="on nobody hidden"):
        average = search.average()
    assert average.verdict.code == "hidden-zero"
    assert (average.estimate, average.hidden.estimate) == (123, 0)
    assert average.low == 123


class TestBands:
    def test_the_total_lies_beyond_what_was_seen_for_certain(self):
        cells = HAV | {"101": (1, 19), "111": (0, 4)}
        search = model_search(cl.CaptureHistories.from_cells(cells, lists=["P", "Q", "E"]))
        average = search.average()
        assert average.n_observed == pytest.approx(average.estimate - average.hidden.estimate)
        assert 227 < average.n_observed < 249
        assert 227 < average.low < average.estimate < average.high
        assert "Overstall" in average.cite()
        table = search.table[search.table["estimable"]]
        weight = table["weight"] / table["weight"].sum()
        spread = np.sqrt(np.log1p((table["standard_error"] / (table["estimate"] - 227)) ** 2))
        z = np.log((average.high - 227) / (table["estimate"] - 227)) / spread
        lost = average.lost["hidden-zero"]
        assert (weight * ndtr(z)).sum() * (1 - lost) + lost == pytest.approx(0.975, rel=1e-9)

    def test_bands_of_no_width_are_counts(self):
        """A band that shrinks to its count gives what the count gives."""
        exact = cl.CaptureHistories.from_cells(HAV, lists=["P", "Q", "E"])
        one = model_search(exact).average()
        narrow = cl.CaptureHistories.from_cells(HAV | {"100": (69, 70)}, lists=["P", "Q", "E"])
        two = model_search(narrow).average()
        assert two.estimate == pytest.approx(one.estimate, rel=0.01)
        assert two.high == pytest.approx(one.high, rel=0.02)


@given(
    st.lists(st.integers(0, 60), min_size=7, max_size=7),
    st.sampled_from(["bic", "aic", "aicc"]),
)
@settings(max_examples=60, deadline=None)
@pytest.mark.filterwarnings("ignore::countylines.errors.CountyLinesWarning")
def test_every_table_of_three_lists(counts, criterion):
    if sum(counts) == 0:
        return
    cells = {format(i + 1, "03b"): n for i, n in enumerate(counts)}
    search = model_search(cl.CaptureHistories.from_cells(cells, lists=["A", "B", "C"]))
    if not search.table["estimable"].any():
        return
    if not np.isfinite(search.table.loc[search.table["estimable"], criterion]).any():
        assert criterion == "aicc"  # with fewer units than any model that has an estimate needs
        with pytest.raises(InputError, match="some model"):
            search.average(criterion)
        return
    average = search.average(criterion)
    assert sum(counts) <= average.low <= average.high
    held = average.modes["mass"].sum() + average.lost.sum()
    assert held == pytest.approx(1, abs=1e-6)
    assert average.components["weight"].sum() == pytest.approx(1)
    if average.verdict.estimable:
        assert average.estimate >= sum(counts)
    json.dumps(average.to_dict(), allow_nan=False)


def test_it_is_a_member_of_the_family(uk):
    average = uk.average()
    assert isinstance(average, ModelAverage)
    assert isinstance(average, cl.PopulationEstimate)
    assert average.identical(pickle.loads(pickle.dumps(average)))
    frame = average.to_frame()
    assert frame.loc[0, ["estimate", "low", "high"]].tolist() == [
        average.estimate,
        average.low,
        average.high,
    ]
    for part in ("Buckland", "Burnham"):
        assert part in average.cite()
    for format in ("markdown", "html", "latex"):
        assert "18,020" in average.summary(format)
    assert average.to_xarray()["estimate"].item() == average.estimate
    assert json.loads(json.dumps(average.to_dict(), allow_nan=False))["kind"] == "ModelAverage"


def test_a_walk_says_that_it_was_one(uk):
    walk = model_search(uk.histories, max_order=2, strategy="downhill").average()
    assert "Only the models met on a walk are averaged" in str(walk)


def test_errors(uk):
    with pytest.raises(InputError, match="`criterion` must be one of 'bic', 'aic', 'aicc'"):
        uk.average("hqc")
    with pytest.raises(InputError, match="`level` must be a share in"):
        uk.average(level=95)
    with pytest.raises(InputError, match="`alternative` must be one of"):
        uk.average(alternative="both")
