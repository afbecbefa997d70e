"""The bootstrap of a search: each replicate is the best of its own search."""

from __future__ import annotations

import numpy as np
import pytest

import countylines as cl
from countylines._kernels import hierarchical
from countylines.capture_recapture import SelectionBootstrap, _search_bootstrap, model_search
from countylines.capture_recapture import _resampled_selection as resampled
from countylines.capture_recapture import _selection as selection
from countylines.errors import ConvergenceError, InputError

pytestmark = pytest.mark.filterwarnings("ignore::countylines.errors.CountyLinesWarning")
CELLS = {"1100": 15, "1010": 19, "1001": 3, "0110": 62, "0101": 19, "0011": 76, "1110": 1}
CELLS |= {"1101": 1, "0111": 4, "1111": 1, "1000": 54, "0100": 464, "0010": 1006, "0001": 703}


@pytest.fixture(scope="module")
def four():
    return cl.CaptureHistories.from_cells(CELLS, lists=["LA", "NG", "PFNCA", "GO"])


@pytest.fixture
def drawn(monkeypatch):
    """The tables that a bootstrap draws."""
    seen = []
    original = resampled.draw

    def kept(source, generator, size):
        seen.append(original(source, generator, size))
        return seen[-1]

    monkeypatch.setattr(resampled, "draw", kept)
    return seen


@pytest.mark.parametrize(
    ("strategy", "criterion", "order"),
    [("exhaustive", "bic", 3), ("exhaustive", "aicc", 2), ("bounded", "aic", 3),
     ("bounded", "bic", 2), ("downhill", "bic", 3)],
)  # fmt: skip
def test_each_replicate_is_the_best_of_its_own_search(four, drawn, strategy, criterion, order):
    options = {"strategy": strategy, "criterion": criterion, "max_order": order}
    result = model_search(four, **options).bootstrap(replicates=99, rng=3)
    assert isinstance(result, SelectionBootstrap)
    for i in (0, 31, 98):
        cells = {f"{c:04b}": int(n) for c, n in zip(range(1, 16), drawn[0][i], strict=True)}
        table = cl.CaptureHistories.from_cells(cells, lists=four.lists)
        alone = model_search(table, **options).best
        assert result.draws[0, i] == pytest.approx(alone.estimate, rel=1e-8)
        assert alone.model in result.models["model"].tolist()


def test_the_estimate_is_that_of_the_best_model(four):
    search = model_search(four)
    result = search.bootstrap(replicates=99, rng=1)
    best = search.table.iloc[0]
    for name in ("estimate", "bic", "deviance", "df"):
        assert getattr(result, name) == pytest.approx(best[name], rel=1e-10)
    assert result.model == best["model"]
    assert result.method == "log-linear, best by BIC"
    assert "the best by BIC of 113 (exhaustive search)" in str(result)
    assert {"schwarz1978", "norris1996"} <= set(result.references)


def test_a_walk_says_that_it_is_one(four):
    result = model_search(four, strategy="downhill").bootstrap(replicates=99, rng=1)
    assert "better ones may exist" in str(result)
    assert "better ones may exist" not in str(model_search(four).bootstrap(replicates=99, rng=1))


def test_models_too_many_to_list_are_searched_by_bounds(four, monkeypatch):
    """The chooser for seven lists and more gives what listing all models gives."""
    monkeypatch.setattr(_search_bootstrap, "MOST_LISTED", 2)
    search = model_search(four, strategy="bounded", max_order=2)
    bounds = search.bootstrap(replicates=99, rng=8)
    monkeypatch.undo()
    listed = search.bootstrap(replicates=99, rng=8)
    np.testing.assert_allclose(bounds.draws, listed.draws, rtol=1e-9)
    assert bounds.models["model"].tolist() == listed.models["model"].tolist()


def test_bounds_that_do_not_settle_are_an_error(monkeypatch):
    monkeypatch.setattr(selection, "MOST_FITS", 3)
    finder = selection.finder_for(4, 2, np.arange(1, 16))
    start = (hierarchical.orders_of(finder.terms) < 2)[None]
    counts = np.zeros((1, 15))
    for pattern, count in CELLS.items():
        counts[0, int(pattern, 2) - 1] = count
    with pytest.raises(ConvergenceError, match="did not settle the search of a replicate within 3"):
        selection.by_bounds(finder, "bic", start)(counts)


def test_errors(four):
    search = model_search(four)
    with pytest.raises(InputError, match="`kind` must be one of 'semiparametric'"):
        search.bootstrap(kind="x")
    with pytest.raises(InputError, match="`interval` must be one of 'percentile', 'basic', 'bca'"):
        search.bootstrap(interval="profile")
    banded = cl.CaptureHistories.from_cells(CELLS | {"1111": (1, 4)}, lists=four.lists)
    with pytest.raises(InputError, match="`histories` must be of exact counts"):
        model_search(banded).bootstrap(replicates=99)
    apart = cl.CaptureHistories.from_cells({"100": 3, "010": 4, "001": 5}, lists=list("ABC"))
    with pytest.raises(InputError, match="must give an estimate under some model, got none"):
        model_search(apart).bootstrap(replicates=99)
