"""The picture of how models disagree: every mark where its model is, each kind with its own."""

from __future__ import annotations

import numpy as np
import pytest

import countylines as cl
from countylines import plotting
from countylines.capture_recapture import model_search
from countylines.errors import InputError, InputTypeError

pytest.importorskip("matplotlib")


def load(name):
    people = cl.datasets.load_mse(name)
    return cl.CaptureHistories.from_table(people, lists=people.attrs["lists"])


@pytest.fixture(scope="module")
def uk():
    return model_search(load("uk_2013_5"), max_order=2)


def marks(ax):
    """Places of the marks by their label in the legend."""
    return {c.get_label(): np.asarray(c.get_offsets()) for c in ax.collections}


def test_every_model_near_the_best_is_where_it_belongs(uk):
    ax = plotting.disagreement(uk, within=6)
    table = uk.table
    near = table[table["bic"] <= table["bic"].min() + 6]
    drawn = np.concatenate(list(marks(ax).values()))
    order = np.lexsort([drawn[:, 1]])
    np.testing.assert_allclose(drawn[order, 0], near["estimate"], rtol=1e-12)
    np.testing.assert_allclose(drawn[order, 1], near["bic"] - near["bic"].min(), atol=1e-9)
    assert ax.get_xscale() == "log"
    assert ax.get_ylim()[0] > ax.get_ylim()[1]  # the best is at the top


def test_models_on_the_boundary_are_open(uk):
    ax = plotting.disagreement(uk)
    table = uk.table[uk.table["bic"] <= uk.table["bic"].min() + 10]
    boundary = (table["parameters"] > table["on_face"]).sum()
    found = marks(ax)
    assert len(found["with effects at minus infinity"]) == boundary > 0
    assert len(found["a model"]) == len(table) - boundary
    faces = {c.get_label(): c.get_facecolor() for c in ax.collections}
    assert len(faces["with effects at minus infinity"]) == 0
    assert len(faces["a model"]) == 1


def test_modes_are_dashed_and_the_observed_dotted(uk):
    ax = plotting.disagreement(uk)
    lines = {line.get_linestyle(): [] for line in ax.lines}
    for line in ax.lines:
        lines[line.get_linestyle()].append(line.get_xdata()[0])
    row = uk.disagreement(within=10).iloc[0]
    assert lines["--"] == pytest.approx(list(row["modes"]))
    assert lines[":"] == [2744]
    assert [t.get_text() for t in ax.texts] == ["23,560\n52 %", "12,028\n48 %"]
    left, right = ax.get_xlim()
    assert left < 2744 < 25_978 < right


def test_against_the_weight(uk):
    ax = plotting.disagreement(uk, against="weight")
    drawn = np.concatenate(list(marks(ax).values()))
    assert drawn[:, 1].max() == pytest.approx(uk.table["weight"].max(), rel=1e-9)
    assert ax.get_ylabel() == "share of the weight by BIC"


def test_another_criterion(uk):
    ax = plotting.disagreement(uk, criterion="aic", within=3)
    drawn = np.concatenate(list(marks(ax).values()))
    assert drawn[np.argmin(drawn[:, 1]), 0] == pytest.approx(11_174.83, rel=1e-6)
    assert ax.get_ylabel() == "AIC above the best"


def test_a_walk_does_not_claim_the_best(uk):
    walk = model_search(uk.histories, max_order=2, strategy="downhill")
    assert plotting.disagreement(walk).get_ylabel() == "BIC above the best of those met"


def test_models_without_an_estimate_stand_at_the_ends():
    korea = plotting.disagreement(model_search(load("korea")))
    ends = marks(korea)["no estimate: infinite"]
    assert (ends[:, 0] == korea.get_xlim()[1]).all()
    assert len(ends) == 2
    five = plotting.disagreement(model_search(load("uk_2013_5")), criterion="aic")
    zero = marks(five)["no estimate: nobody hidden"]
    assert (zero[:, 0] == five.get_xlim()[0]).all()
    sparse = plotting.disagreement(model_search(load("artificial_3")), within=20)
    assert len(marks(sparse)["no estimate: not identified"]) == 1


def test_the_axes_given_are_used(uk):
    ax = plotting.disagreement(uk)
    assert uk.plot(ax=ax) is ax
    ax.figure.canvas.draw()


def test_errors(uk):
    with pytest.raises(InputTypeError, match="`search` must be a ModelSearch, got a CaptureHist"):
        plotting.disagreement(uk.histories)
    with pytest.raises(InputError, match="`against` must be one of 'difference', 'weight'"):
        plotting.disagreement(uk, against="rank")
    with pytest.raises(InputError, match="`criterion` must be one of"):
        plotting.disagreement(uk, criterion="p")
    with pytest.raises(InputError, match="`within` must be a finite number of at least 0"):
        plotting.disagreement(uk, within=-2)
    apart = cl.CaptureHistories.from_cells({"100": 4, "010": 5, "001": 6}, lists=["A", "B", "C"])
    with pytest.raises(InputError, match="`search` must have a model with an estimate, got none"):
        plotting.disagreement(model_search(apart))


@pytest.mark.filterwarnings("ignore::countylines.errors.CountyLinesWarning")
@pytest.mark.parametrize("times", [1, 10, 1000])
def test_the_axis_has_two_totals_to_read_at_least(times, uk):
    close = {"110": 20, "111": 30, "001": 50, "100": 1}
    narrow = cl.CaptureHistories.from_cells(
        {pattern: times * count for pattern, count in close.items()}, lists=["P", "Q", "E"]
    )
    for search in (uk, model_search(narrow)):
        ax = plotting.disagreement(search)
        left, right = ax.get_xlim()
        assert sum(left <= tick <= right for tick in ax.get_xticks()) >= 2
