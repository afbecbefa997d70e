"""Whether a model fits, by tables simulated from it."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import chi2

import countylines as cl
from countylines.capture_recapture import goodness_of_fit, loglinear
from countylines.errors import InputError, InputTypeError

pytestmark = pytest.mark.filterwarnings("ignore::countylines.errors.CountyLinesWarning")
HAV = {"111": 28, "110": 21, "101": 17, "011": 18, "100": 69, "010": 55, "001": 63}


def table(cells=HAV, **bands):
    cells = cells | {pattern.removeprefix("c"): ends for pattern, ends in bands.items()}
    return cl.CaptureHistories.from_cells(cells, lists=["P", "Q", "E"])


class TestStatistic:
    def test_the_deviance_is_that_of_the_model(self):
        result = goodness_of_fit(table(), "P*Q + E", replicates=99, rng=1)
        fit = loglinear(table(), "P*Q + E", interval="wald")
        assert result.statistic == pytest.approx(fit.deviance, rel=1e-10)
        assert result.table["part"].sum() == pytest.approx(fit.deviance, rel=1e-10)
        assert list(result.table.index) == ["111", "110", "101", "100", "011", "010", "001"]

    def test_pearson_by_hand(self):
        result = goodness_of_fit(table(), statistic="pearson", replicates=99, rng=1)
        parts = (result.table["count"] - result.table["fitted"]) ** 2 / result.table["fitted"]
        assert result.statistic == pytest.approx(parts.sum(), rel=1e-10)
        np.testing.assert_allclose(result.table["residual"] ** 2, parts)
        assert result.table["fitted"].sum() == pytest.approx(sum(HAV.values()))

    def test_cells_off_the_face_add_nothing(self):
        cells = {p: n for p, n in HAV.items() if p not in ("110", "111")}
        result = goodness_of_fit(table(cells), "P*Q + E", replicates=99, rng=1)
        assert result.table.loc[["110", "111"], ["fitted", "part"]].to_numpy().sum() == 0
        fit = loglinear(table(cells), "P*Q + E", interval="wald")
        assert result.statistic == pytest.approx(fit.deviance, rel=1e-9)


class TestPvalue:
    def test_dense_tables_follow_chi_square(self):
        """With hundreds of units in every cell the simulation must agree with the theory."""
        dense = {p: 100 * n + 3 * i**2 for i, (p, n) in enumerate(HAV.items())}
        for statistic in ("deviance", "pearson"):
            result = goodness_of_fit(
                table(dense), "P*Q + Q*E", statistic=statistic, replicates=3999, rng=2
            )
            alone = {p: int(n) for p, n in result.table["fitted"].items()}
            near = goodness_of_fit(table(alone), "P*Q + Q*E", replicates=3999, rng=2)
            assert near.pvalue > 0.95
            assert result.pvalue == pytest.approx(chi2.sf(result.statistic, 1), abs=0.03)

    def test_it_depends_on_the_seed_alone(self):
        one = goodness_of_fit(table(), "P*Q + E", replicates=299, rng=3)
        assert one.identical(goodness_of_fit(table(), "P*Q + E", replicates=299, rng=3))
        assert one.pvalue == pytest.approx(
            goodness_of_fit(table(), "P*Q + E", replicates=299, rng=4).pvalue, abs=0.1
        )

    def test_a_saturated_model_is_never_refuted(self):
        result = goodness_of_fit(table(), "all-two-way", replicates=199, rng=1)
        assert result.pvalue == 1.0
        assert result.statistic == pytest.approx(0, abs=1e-9)
        assert "saturated" in [n.code for n in result.notes]

    def test_a_model_without_an_estimate_can_be_tested(self):
        cells = {p: n for p, n in HAV.items() if p != "110"}
        result = goodness_of_fit(table(cells), "P*Q + P*E", replicates=199, rng=1)
        assert 0 < result.pvalue <= 1

    def test_what_chi_square_would_say_is_noted(self):
        result = goodness_of_fit(table(), replicates=199, rng=1)
        (text,) = [n.text for n in result.notes if n.code == "chi-square"]
        assert text.startswith("A chi-square distribution on 3 degrees of freedom would give")
        assert "0 cells expect fewer than 5 units" in text
        assert result.null_hypothesis == "The counts on the lists follow the model P + Q + E."


class TestBands:
    def test_replicates_are_suppressed_likewise(self):
        result = goodness_of_fit(table(c110=(1, 4), c101=(1, 4)), replicates=199, rng=1)
        assert 0 < result.pvalue < 0.05
        assert list(result.table.columns) == ["low", "high", "fitted"]

    def test_bands_must_be_alike(self):
        with pytest.raises(InputError, match=r"of one kind of band .* got \(0, 4\) and \(1, 4\)"):
            goodness_of_fit(table(c110=(1, 4), c101=(0, 4)), replicates=99)

    def test_pearson_needs_exact_counts(self):
        with pytest.raises(InputError, match="'deviance' where counts are banded, got 'pearson'"):
            goodness_of_fit(table(c110=(1, 4)), statistic="pearson")


def test_bad_arguments():
    with pytest.raises(InputError, match="`statistic` must be one of 'deviance', 'pearson'"):
        goodness_of_fit(table(), statistic="cressie")
    with pytest.raises(InputError, match="`replicates` must be a whole number of at least 99"):
        goodness_of_fit(table(), replicates=10)
    with pytest.raises(InputTypeError, match="`rng` must be"):
        goodness_of_fit(table(), rng="seed")
    with pytest.raises(InputTypeError, match="`histories` must be CaptureHistories"):
        goodness_of_fit({"11": 4})


def test_progress_is_reported():
    seen = []
    goodness_of_fit(table(), replicates=1500, rng=1, progress=lambda *done: seen.append(done))
    assert seen == [(1024, 1500), (1500, 1500)]
