"""The bootstrap that redoes a selection: what is drawn, kept, corrected and said."""

from __future__ import annotations

import json
import math
import warnings
from pathlib import Path

import numpy as np
import pytest

import countylines as cl
from countylines._kernels import bca, facial_set, hierarchical
from countylines.capture_recapture import _resampled_selection as resampled
from countylines.capture_recapture import _selection, loglinear, stepwise
from countylines.errors import (
    ApproximationWarning,
    ConvergenceError,
    InputError,
    SparseDataWarning,
)

CASES = json.loads((Path(__file__).parents[1] / "reference" / "stepwise.json").read_text())["cases"]
SMALL = {"111": 9, "110": 21, "101": 17, "011": 18, "100": 169, "010": 155, "001": 163}
DEPENDENT = {"111": 14, "110": 61, "101": 17, "011": 18, "100": 129, "010": 115, "001": 163}
SPARSE = {"110": 2, "101": 1, "011": 1, "100": 40, "010": 35, "001": 30}


def table(cells):
    return cl.CaptureHistories.from_cells(cells, lists=["A", "B", "C"])


def quiet(*arguments, **options):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return stepwise(*arguments, **options)


def vector(case):
    lists = len(case["inputs"]["lists"])
    counts = np.zeros(1 << lists)
    for pattern, count in case["inputs"]["cells"]:
        counts[int(pattern, 2)] = count
    return counts[1:], lists


def chooser(case):
    counts, lists = vector(case)
    cells = np.arange(1, 1 << lists)
    if case["id"].startswith("bca_stepwise"):
        finder = _selection.finder_for(lists, 2, cells)
        return counts, _selection.by_steps(finder, case["parameters"]["pthresh"])
    finder = _selection.finder_for(lists, lists - 1, cells)
    masks = hierarchical.all_models(finder.terms)
    return counts, _selection.by_criterion(finder, "bic", masks)


@pytest.mark.reference
@pytest.mark.parametrize("case", [pytest.param(c, id=c["id"]) for c in CASES if "bca" in c["id"]])
def test_bca_limits_of_the_peers(case):
    """Conditional replicates, as the peers draw them; 10 % of the hidden number is their error."""
    counts, choose = chooser(case)
    expected = case["expected"]
    observed = counts.sum()
    original = choose(counts[None])
    estimate = observed + original.hidden[0]
    assert estimate == pytest.approx(expected["popest"], rel=1e-6)
    tables, weights = resampled.left_out(counts)
    without, times = resampled.jackknife("conditional", weights, choose(tables), estimate)
    acceleration = bca.acceleration(without, times)
    if "ahat" in expected:
        assert acceleration == pytest.approx(expected["ahat"], rel=1e-5)
    source = resampled.population("conditional", counts, counts, 1.0)
    drawn = resampled.draw(source, np.random.default_rng(1), 2000)
    totals = np.sort(observed + resampled.distinct(choose, drawn).hidden)
    bias = bca.bias(totals, estimate)
    for share, value in expected["bca"].items():
        if share in case.get("disagreements", {}):
            continue
        found = bca.quantile(totals, bca.level(float(share), bias, acceleration))
        assert abs(found - value) <= 0.1 * (value - observed), share


@pytest.mark.slow
@pytest.mark.reference
def test_the_disagreement_is_monte_carlo_error():
    """Sets of 500 replicates, as many as the source drew, put its 90 % limit on either side."""
    case = next(c for c in CASES if c["id"] == "bca_bic/UKdat_4")
    counts, choose = chooser(case)
    estimate = case["expected"]["popest"]
    tables, weights = resampled.left_out(counts)
    without, times = resampled.jackknife("conditional", weights, choose(tables), estimate)
    acceleration = bca.acceleration(without, times)
    source = resampled.population("conditional", counts, counts, 1.0)
    drawn = resampled.draw(source, np.random.default_rng(3), 10_000)
    totals = (counts.sum() + resampled.distinct(choose, drawn).hidden).reshape(20, 500)
    ends = []
    for part in np.sort(totals, axis=1):
        bias = bca.bias(part, estimate)
        ends.append(bca.quantile(part, bca.level(0.9, bias, acceleration)))
    expected = case["expected"]["bca"]["0.9"]
    assert min(ends) < expected < max(ends)
    assert max(ends) - min(ends) > 5 * 0.1 * (expected - counts.sum())


class TestWhatIsDrawn:
    counts = np.array([163.0, 155, 18, 169, 17, 21, 9])

    def test_populations(self):
        hidden = 700.4
        semi = resampled.population("semiparametric", self.counts, self.counts, hidden)
        assert semi.size == round(552 + 700.4)
        np.testing.assert_allclose(semi.shares * (552 + hidden), [*self.counts, hidden])
        fitted = self.counts + np.array([5.0, -5, 2, -2, 3, -3, 0])
        parametric = resampled.population("parametric", self.counts, fitted, hidden)
        np.testing.assert_allclose(parametric.shares * (552 + hidden), [*fitted, hidden])
        conditional = resampled.population("conditional", self.counts, fitted, hidden)
        assert conditional.size == 552
        assert conditional.shares[-1] == 0

    def test_only_the_conditional_kind_keeps_the_number_seen(self):
        rng = np.random.default_rng(1)
        for kind in resampled.KINDS:
            source = resampled.population(kind, self.counts, self.counts, 700.0)
            seen = resampled.draw(source, rng, 400).sum(axis=1)
            spread = 0.0 if kind == "conditional" else math.sqrt(552 * 700 / 1252)
            assert np.std(seen) == pytest.approx(spread, rel=0.15)
            assert seen.mean() == pytest.approx(552, abs=4)

    def test_the_parametric_kind_draws_from_the_selected_model(self):
        """Its replicates have the fitted cells as their mean, not the observed ones."""
        cells = {"111": 5, "110": 45, "101": 10, "011": 30, "100": 150, "010": 190, "001": 140}
        means = []

        original = resampled.population

        def spied(kind, counts, fitted, hidden):
            means.append((counts, fitted))
            return original(kind, counts, fitted, hidden)

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(resampled, "population", spied)
            result = quiet(table(cells), kind="parametric", threshold=0, replicates=99, rng=1)
        counts, fitted = means[0]
        assert result.model == "A + B + C"
        assert fitted.sum() == pytest.approx(counts.sum(), rel=1e-10)
        assert np.abs(fitted - counts).max() > 2


class TestReplicates:
    def test_neither_batches_nor_repeats_matter(self, monkeypatch):
        whole = quiet(table(SMALL), rng=4, replicates=300)
        monkeypatch.setattr(resampled, "BATCH", 7)
        monkeypatch.setattr(resampled, "distinct", lambda choose, low, high=None: choose(low, high))
        parts = quiet(table(SMALL), rng=4, replicates=300)
        np.testing.assert_allclose(whole.draws, parts.draws, rtol=1e-9)
        assert whole.models.drop(columns="median").equals(parts.models.drop(columns="median"))

    def test_the_first_replicates_do_not_change_with_their_number(self):
        few = quiet(table(SMALL), rng=4, replicates=150)
        many = quiet(table(SMALL), rng=4, replicates=1500)
        np.testing.assert_allclose(few.draws[0], many.draws[0, :150], rtol=1e-9)

    def test_each_is_the_stepwise_estimate_of_its_table(self, monkeypatch):
        seen = []
        original = resampled.draw

        def kept(source, generator, size):
            seen.append(original(source, generator, size))
            return seen[-1]

        monkeypatch.setattr(resampled, "draw", kept)
        result = quiet(table(DEPENDENT), rng=2, replicates=99)
        for i in (0, 17, 98):
            cells = {f"{c:03b}": int(n) for c, n in zip(range(1, 8), seen[0][i], strict=True)}
            alone = quiet(table(cells), interval="wald")
            assert result.draws[0, i] == pytest.approx(alone.estimate, rel=1e-9)

    def test_progress_is_told_batch_by_batch(self):
        told = []
        quiet(table(SMALL), replicates=300, rng=1, progress=lambda *n: told.append(n))
        assert told == [(128, 300), (256, 300), (300, 300)]

    def test_an_interruption_is_heard(self):
        def stop(done, total):
            raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            quiet(table(SMALL), replicates=100_000, rng=1, progress=stop)


class TestInfiniteReplicates:
    def test_they_stay_in_the_quantiles(self):
        result = quiet(table(SPARSE), rng=1)
        infinite = np.isinf(result.draws).mean()
        assert 0.025 < infinite < 0.5
        assert result.high == math.inf
        assert math.isfinite(result.low)
        assert result.standard_error == math.inf
        shares = result.verdicts.set_index("code")["share"]
        assert shares["hidden-infinite"] == pytest.approx(infinite)
        assert shares.sum() == pytest.approx(1)
        assert result.models["share"].sum() == pytest.approx(1)
        assert "infinite and stay so in the quantiles" in str(result)

    def test_many_of_them_are_warned_of_and_noted(self):
        with pytest.warns(SparseDataWarning, match="of the replicates have no finite estimate"):
            result = stepwise(table(SPARSE | {"110": 1, "011": 0}), rng=1)
        assert any(n.code == "replicates-without-estimate" for n in result.notes)

    def test_undefined_ones_widen(self):
        """Two units on two lists: many replicates determine nothing."""
        tiny = table({"110": 1, "011": 1, "100": 2, "010": 2, "001": 1})
        result = quiet(tiny, rng=1)
        assert np.isnan(result.draws).any()
        assert math.isnan(result.standard_error)
        assert result.high == math.inf
        assert result.low == tiny.n_observed
        assert any(n.code == "undefined-replicates" for n in result.notes)
        assert "not-identified" in result.verdicts["code"].tolist()


class TestBca:
    def test_hidden_units_are_observations_of_the_population(self):
        chosen = _selection.Chosen(
            np.ones((2, 1), bool), np.zeros(2, int), np.array([50.0, 40.0]), np.full(2, 14.0)
        )
        weights = np.array([10.0, 5.0])
        plain = resampled.jackknife("conditional", weights, chosen, 70.0)
        np.testing.assert_array_equal(plain[0], [64, 54])
        np.testing.assert_array_equal(plain[1], weights)
        refilled = resampled.jackknife("semiparametric", weights, chosen, 70.0)
        np.testing.assert_array_equal(refilled[0], [64, 54, 70])
        np.testing.assert_array_equal(refilled[1], [10, 5, 55])

    def test_changing_models_are_warned_of_and_noted(self):
        with pytest.warns(ApproximationWarning, match="selected another model, so the estimate"):
            result = stepwise(table(DEPENDENT), interval="bca", threshold=0.2, rng=1)
        assert any(n.code == "bca-not-smooth" for n in result.notes)
        assert "efron1987" in result.references

    def test_no_correction_without_finite_estimates(self):
        thin = table({"110": 1, "011": 9, "101": 9, "100": 40, "010": 35, "001": 30})
        lone = {"110": 1, "100": 40, "010": 35, "001": 30}
        assert quiet(thin, interval="bca", rng=1).interval_method.endswith("bca")
        with pytest.raises(InputError, match="without some one unit the counts put no upper"):
            quiet(table(lone), interval="bca", rng=1)


def test_limits_never_fall_below_what_was_seen():
    nearly = table({"111": 60, "110": 25, "101": 20, "011": 30, "100": 4, "010": 3, "001": 2})
    result = quiet(nearly, interval="basic", rng=1)
    assert result.low >= nearly.n_observed
    skewed = quiet(table(SPARSE), interval="basic", rng=1)
    assert skewed.low == 109
    assert any(n.code == "limit-below-observed" for n in skewed.notes)


def test_sides():
    both = quiet(table(DEPENDENT), rng=1, level=0.9)
    more = quiet(table(DEPENDENT), rng=1, level=0.95, alternative="greater")
    less = quiet(table(DEPENDENT), rng=1, level=0.95, alternative="less")
    assert (more.low, more.high) == (pytest.approx(both.low, rel=1e-12), math.inf)
    assert (less.low, less.high) == (517, pytest.approx(both.high, rel=1e-12))


def test_hidden_numbers_by_verdict():
    codes = np.arange(5)
    found = _selection.hidden_numbers(codes, np.log([7.0, 8.0, 9.0, 9.0, 9.0]))
    np.testing.assert_allclose(found[:4], [7, 8, 0, math.inf])
    assert math.isnan(found[4])
    assert facial_set.CODES[4] == "not-identified"


def test_the_estimate_is_that_of_the_model_on_the_counts():
    result = quiet(table(DEPENDENT), rng=1)
    alone = loglinear(table(DEPENDENT), result.generators, interval="wald")
    for name in ("estimate", "deviance", "df", "bic", "n_observed", "model"):
        assert getattr(result, name) == getattr(alone, name)


def test_a_fit_that_fails_is_an_error_of_the_package():
    def choose(low, high):
        raise ArithmeticError("a fit did not converge")

    with pytest.raises(ConvergenceError, match="fit of a replicate did not converge"):
        resampled.distinct(choose, np.ones((2, 3)))


def test_a_population_too_large_to_draw_is_refused():
    huge = table({"111": 1, "100": 4 * 10**9, "010": 4 * 10**9, "001": 4 * 10**9})
    with pytest.raises(InputError, match="`kind` must be 'conditional' for so large a hidden num"):
        quiet(huge, rng=1, replicates=99, threshold=0)
    assert quiet(huge, rng=1, replicates=99, threshold=0, kind="conditional").low > 2**62


def test_the_summary_names_the_models_selected_most_often():
    result = quiet(table(DEPENDENT), rng=1, threshold=0.2)
    first = result.models.iloc[0]
    text = f"{first['model']} ({first['share']:.0%}, median total {first['median']:,.0f})"
    assert f"Selected most often: {text}" in str(result)
    one = quiet(table(DEPENDENT), rng=1, threshold=0)
    assert str(one).count("(100%, median total") == 1
    assert " other" not in next(n.text for n in one.notes if n.code == "models-selected")


def test_results_become_frames_and_datasets():
    result = quiet(table(DEPENDENT), rng=1, replicates=120)
    data = result.to_xarray()
    assert data["draws"].shape == (1, 120)
    assert data.attrs["interval_method"] == "semiparametric bootstrap, percentile"
    content = result.to_dict()
    assert content["kind"] == "SelectionBootstrap"
    assert len(content["verdicts"]["values"]) == result.verdicts.size
