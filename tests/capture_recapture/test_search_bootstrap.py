"""The bootstrap of a search: each replicate is the best of its own search."""

from __future__ import annotations

import numpy as np
import pytest

import countylines as cl
from countylines._kernels import hierarchical
from countylines.capture_recapture import (
    SelectionBootstrap,
    _models,
    _search_bootstrap,
    model_search,
)
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
    apart = cl.CaptureHistories.from_cells({"100": 3, "010": 4, "001": 5}, lists=list("ABC"))
    with pytest.raises(InputError, match="must give an estimate under some model, got none"):
        model_search(apart).bootstrap(replicates=99)


def hidden(counts, low, high):
    """Cells whose counts from `low` to `high` are printed as that band."""
    return {k: (low, high) if low <= n <= high else n for k, n in counts.items()}


def every_cell(counts):
    return {f"{c:04b}": int(counts.get(f"{c:04b}", 0)) for c in range(1, 16)}


class TestBands:
    @pytest.fixture
    def banded(self):
        return cl.CaptureHistories.from_cells(hidden(CELLS, 1, 4), lists=["A", "B", "C", "D"])

    @pytest.mark.parametrize("rule", [(1, 4), (0, 4)])
    @pytest.mark.parametrize(
        ("strategy", "criterion", "order", "kind"),
        [
            ("exhaustive", "bic", 3, "semiparametric"),
            ("exhaustive", "aicc", 2, "conditional"),
            ("bounded", "bic", 2, "parametric"),
            ("downhill", "bic", 3, "semiparametric"),
        ],
    )
    def test_each_replicate_is_suppressed_and_searched(
        self, drawn, strategy, criterion, order, kind, rule
    ):
        options = {"strategy": strategy, "criterion": criterion, "max_order": order}
        lists = ["A", "B", "C", "D"]
        table = cl.CaptureHistories.from_cells(hidden(every_cell(CELLS), *rule), lists=lists)
        result = model_search(table, **options).bootstrap(replicates=99, rng=3, kind=kind)
        for i in (0, 98):
            cells = {f"{c:04b}": int(n) for c, n in zip(range(1, 16), drawn[0][i], strict=True)}
            again = cl.CaptureHistories.from_cells(hidden(cells, *rule), lists=lists)
            alone = model_search(again, **options).best
            assert result.draws[0, i] == pytest.approx(alone.estimate, rel=1e-7)
            assert alone.model in result.models["model"].tolist()

    @pytest.mark.parametrize("make", ["by_criterion", "by_bounds", "by_walk"])
    def test_a_criterion_charges_the_middle_of_what_was_seen(self, banded, monkeypatch, make):
        """As the search does: 2,423 to 2,438 units."""
        finder = selection.finder_for(4, 2, np.arange(1, 16))
        masks = hierarchical.all_models(finder.terms)
        rest = {"by_criterion": [masks], "by_bounds": [masks[:1]], "by_walk": []}[make]
        choose = getattr(selection, make)(finder, "bic", *rest)
        sizes = []
        original = selection.criteria.penalty

        def spied(name, parameters, n):
            sizes.append(n)
            return original(name, parameters, n)

        monkeypatch.setattr(selection.criteria, "penalty", spied)
        counts = _models.counts_of(banded)
        chosen = choose(counts.low[None], counts.high[None])
        assert set(sizes) == {counts.n} == {2430.5}
        assert counts.low.sum() < chosen.seen[0] < counts.high.sum()

    def test_the_estimate_is_that_of_the_best_model(self, banded):
        search = model_search(banded)
        result = search.bootstrap(replicates=99, rng=1)
        best = search.table.iloc[0]
        for name in ("estimate", "bic", "deviance", "df"):
            assert getattr(result, name) == pytest.approx(best[name], rel=1e-10)
        assert result.low < result.estimate < result.high

    def test_the_range_is_that_of_every_whole_table(self):
        lists = ["A", "B", "C", "D"]
        one = cl.CaptureHistories.from_cells(CELLS | {"1110": (1, 4)}, lists=lists)
        result = model_search(one).bootstrap(replicates=99, rng=1)
        totals = [
            model_search(
                cl.CaptureHistories.from_cells(CELLS | {"1110": n}, lists=lists)
            ).best.estimate
            for n in (1, 2, 3, 4)
        ]
        assert result.region_low == pytest.approx(min(totals), rel=1e-8)
        assert result.region_high == pytest.approx(max(totals), rel=1e-8)
        assert min(totals) < max(totals)
        (note,) = [n.text for n in result.notes if n.code == "identified-range"]
        assert note.startswith("Over all 4 tables within the bands, the model selected in each")

    def test_more_tables_than_are_searched_are_drawn(self, monkeypatch, banded):
        monkeypatch.setattr(_search_bootstrap, "MOST_TABLES", 20)
        result = model_search(banded).bootstrap(replicates=99, rng=1)
        (note,) = [n.text for n in result.notes if n.code == "identified-range"]
        assert note.startswith("Over 22 of 1,024 tables within the bands")
        assert note.endswith("the true range may be wider.")

    def test_a_band_of_one_number_is_that_number(self, four):
        known = cl.CaptureHistories.from_cells(CELLS | {"1111": (1, 1)}, lists=four.lists)
        one, two = (model_search(t).bootstrap(replicates=99, rng=5) for t in (known, four))
        np.testing.assert_array_equal(one.draws, two.draws)
        assert (one.estimate, one.low, one.high) == (two.estimate, two.low, two.high)
        assert one.region_low is None

    def test_names_and_order_of_lists_change_nothing(self, banded):
        cells = {k[::-1]: n for k, n in hidden(CELLS, 1, 4).items()}
        turned = cl.CaptureHistories.from_cells(cells, lists=["w", "x", "y", "z"])
        one, two = (
            model_search(t, max_order=2).bootstrap(replicates=400, rng=1) for t in (banded, turned)
        )
        assert one.estimate == pytest.approx(two.estimate, rel=1e-8)
        # other random tables, the same distribution
        assert np.median(one.draws) == pytest.approx(np.median(two.draws), rel=0.05)
        assert one.models["share"].head(1).item() == pytest.approx(
            two.models["share"].head(1).item(), abs=0.12
        )

    def test_a_seed_is_a_result(self, banded):
        search = model_search(banded, max_order=2)
        one, two, other = (search.bootstrap(replicates=99, rng=seed) for seed in (1, 1, 2))
        np.testing.assert_array_equal(one.draws, two.draws)
        assert one.identical(two)
        assert (one.draws != other.draws).any()

    def test_replicates_without_an_estimate_stay(self):
        cells = {"110": (1, 4), "011": (1, 4), "100": 40, "010": 35, "001": 30}
        sparse = cl.CaptureHistories.from_cells(cells, lists=["A", "B", "C"])
        result = model_search(sparse).bootstrap(replicates=300, rng=1)
        lost = result.verdicts.loc[~result.verdicts["estimable"], "replicates"].sum()
        assert lost == (~np.isfinite(result.draws)).sum() > 7.5
        assert result.high == np.inf

    def test_bounds_find_what_listing_finds(self, banded, monkeypatch):
        monkeypatch.setattr(_search_bootstrap, "MOST_TABLES", 4)
        search = model_search(banded, strategy="bounded", max_order=2)
        listed = search.bootstrap(replicates=99, rng=8)
        monkeypatch.setattr(_search_bootstrap, "MOST_LISTED", 2)
        bounds = search.bootstrap(replicates=99, rng=8)
        np.testing.assert_allclose(bounds.draws, listed.draws, rtol=1e-7)
        assert bounds.models["model"].tolist() == listed.models["model"].tolist()

    def test_what_is_refused(self, banded):
        with pytest.raises(InputError, match="a band does not say from which cell one unit is"):
            model_search(banded, max_order=2).bootstrap(interval="bca", replicates=99, rng=1)
        several = cl.CaptureHistories.from_cells(
            CELLS | {"1111": (1, 4), "1010": (15, 19)}, lists=["A", "B", "C", "D"]
        )
        with pytest.raises(InputError, match=r"of one kind of band .* got \(1, 4\) and \(15, 19\)"):
            model_search(several, max_order=2).bootstrap(replicates=99, rng=1)
        apart = {"100": (1, 4), "010": 40, "001": 50}
        nothing = cl.CaptureHistories.from_cells(apart, lists=["A", "B", "C"])
        with pytest.raises(InputError, match="must give an estimate under some model, got none"):
            model_search(nothing).bootstrap(replicates=99)
