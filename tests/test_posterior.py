"""Posteriors: exact quantiles, modes with their mass, and chains that disagree."""

from __future__ import annotations

import copy
import json
import math
import pickle
import re
import subprocess
import sys
import warnings

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

import countylines as cl
from countylines import _posterior, testing
from countylines.errors import (
    ConvergenceWarning,
    InputError,
    InputTypeError,
    LabelMismatchError,
)

from_draws, from_pmf = cl.Posterior.from_draws, cl.Posterior.from_pmf


def chains(shifts=(0, 0, 0, 0), length=1000, seed=1):
    """Whole-number totals round 500, chain by chain."""
    rng = np.random.default_rng(seed)
    moved = 500 + np.array(shifts)[:, None] + rng.normal(0, 30, (len(shifts), length))
    return np.round(moved)


def two_hills(seed=2, length=2000):
    rng = np.random.default_rng(seed)
    centre = np.where(rng.random((4, length)) < 0.6, 12_000, 23_000)
    return np.round(centre + rng.normal(0, 800, (4, length)))


def labelled_draws():
    draws = np.stack([chains(seed=1), chains(seed=2) + 300, two_hills(length=1000)])
    coords = {"region": ["North", "South", "East"], "code": ("region", ["n", "s", "e"])}
    return xr.DataArray(draws, dims=("region", "chain", "draw"), coords=coords)


def seen_in_regions(draws):
    return xr.DataArray([100, 200, 300], dims="region", coords={"region": draws["region"].values})


def quiet(*arguments, **options):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        return from_draws(*arguments, **options)


def codes(posterior):
    return [note.code for note in posterior.notes]


class TestDraws:
    def test_chains_that_agree(self):
        draws = chains()
        result = from_draws(draws, n_observed=200, model="made up")
        assert isinstance(result, cl.PopulationEstimate)
        ordered = np.sort(draws.ravel())
        assert (result.low, result.high) == (ordered[99], ordered[3899])
        assert result.estimate == ordered[1999]
        assert result.standard_error == pytest.approx(draws.std(ddof=1))
        assert result.interval_kind == "credible"
        assert result.verdict == cl.Verdict(True, "ok")
        assert result.notes == ()
        assert result.model == "made up"
        assert (result.n, result.n_observed) == (200, 200)
        assert result.pmf is None

    def test_the_hidden_part_is_what_is_left(self):
        result = from_draws(chains(), n_observed=200)
        for name in ("estimate", "low", "high"):
            assert getattr(result.hidden, name) == getattr(result, name) - 200
        assert result.hidden.standard_error == result.standard_error
        assert result.hidden.quantity == "hidden number"
        assert result.hidden.interval_kind == "credible"

    def test_limits_are_draws_and_nothing_is_interpolated(self):
        draws = np.tile([3.0, 3, 3, 9, 9, 9, 9, 9, 9, 9], (4, 20))
        result = quiet(draws, n_observed=0, level=0.5)
        assert (result.low, result.estimate, result.high) == (3, 9, 9)

    def test_quantiles_are_those_of_the_draws_as_probabilities(self):
        draws = chains()
        values, counts = np.unique(draws, return_counts=True)
        for level in (0.5, 0.8, 0.95, 0.99):
            one = from_draws(draws, n_observed=10, level=level)
            other = from_pmf(values, counts / counts.sum(), n_observed=10, level=level)
            assert (one.estimate, one.low, one.high) == (other.estimate, other.low, other.high)

    @pytest.mark.parametrize("alternative", ["greater", "less"])
    def test_one_side(self, alternative):
        draws = chains()
        result = from_draws(draws, n_observed=200, alternative=alternative)
        low, high = np.sort(draws.ravel())[[199, 3799]]
        expected = (low, math.inf) if alternative == "greater" else (200, high)
        assert (result.low, result.high) == expected
        assert "one-sided credible interval" in str(result)

    def test_diagnostics(self):
        found = from_draws(chains(), n_observed=200).diagnostics
        assert list(found.index) == ["r_hat", "ess_bulk", "ess_tail", "chains", "draws"]
        assert 0.99 < found["r_hat"] < 1.01
        assert 3000 < found["ess_bulk"] < 5000
        assert (found["chains"], found["draws"]) == (4, 1000)

    def test_nested_lists_and_integers(self):
        draws = chains().astype(int)
        one = from_draws(draws.tolist(), n_observed=200)
        assert one.identical(from_draws(draws, n_observed=200))

    def test_the_draws_given_can_be_changed_afterwards(self):
        draws = chains()
        result = from_draws(draws, n_observed=200)
        draws[0, 0] = -5
        assert result.draws[0, 0] != -5
        assert not result.draws.flags.writeable
        assert not result.modes["mode"].to_numpy().flags.writeable

    def test_infinite_draws_stay_infinite(self):
        draws = chains()
        draws[:, ::20] = math.inf
        result = from_draws(draws, n_observed=200)
        assert result.high == math.inf
        assert math.isfinite(result.low)
        assert math.isnan(result.standard_error)
        assert codes(result) == ["infinite-draws"]
        assert "200 of 4,000 draws are infinite" in result.notes[0].text

    def test_notes_and_references_given_come_first(self):
        given_before = {
            "notes": (cl.Note("prior", "The prior is flat."),),
            "references": ("seber1982",),
        }
        result = from_draws(chains((0,), 4000), n_observed=200, **given_before)
        assert codes(result) == ["prior", "one-chain"]
        assert result.references == ("seber1982", "vehtari2021")
        assert "Bürkner" in result.cite()


class TestAgreement:
    def test_chains_that_disagree_give_no_estimate(self):
        with pytest.warns(ConvergenceWarning, match="Chains disagree: R-hat is up to") as record:
            result = from_draws(chains((0, 0, 0, 300)), n_observed=200)
        assert record[0].filename == __file__
        assert result.verdict.code == "chains-disagree"
        assert result.estimable is False
        for part in (result, result.hidden):
            for name in ("estimate", "low", "high", "standard_error"):
                assert math.isnan(getattr(part, name)), name
        assert result.hidden.verdict == result.verdict
        assert codes(result) == ["chains-disagree"]
        assert result.draws.shape == (4, 1000)

    def test_the_verdict_names_the_numbers(self):
        result = quiet(chains((0, 0, 0, 300)), n_observed=200)
        (reason,) = result.verdict.reasons
        assert f"R-hat is {result.diagnostics['r_hat']:.3f}, above 1.05" in reason
        middles = np.quantile(result.draws, 0.5, axis=1, method="inverted_cdf")
        medians = ", ".join(f"{middle:.4g}" for middle in middles)
        assert f"the medians of the chains are {medians}" in reason
        assert "chains-disagree" in str(result)
        assert "undefined to undefined" in str(result)

    def test_many_chains_are_not_all_named(self):
        result = quiet(chains((0,) * 7 + (300,) * 3), n_observed=200)
        assert " and 6 more" in result.verdict.reasons[0]

    def test_one_chain_that_moves(self):
        draws = chains((0,)) + np.linspace(0, 200, 1000)
        result = quiet(draws, n_observed=200)
        assert result.verdict.code == "chains-disagree"
        assert "the medians of the chain are" in result.verdict.reasons[0]
        assert codes(result) == ["chains-disagree", "one-chain"]

    def test_one_chain_that_stays_is_believed_with_a_note(self):
        result = from_draws(chains((0,), 4000), n_observed=200)
        assert result.estimable is True
        assert [note.text for note in result.notes] == [
            "There is a single chain: places that it never went to cannot be seen."
        ]

    def test_between_the_thresholds_there_is_a_warning(self):
        draws = chains((0, 0, 0, 14))
        with pytest.warns(ConvergenceWarning) as record:
            result = from_draws(draws, n_observed=200)
        first = str(record[0].message)
        assert re.match(r"R-hat is 1\.0[1-4]\d\d, above 1\.01: the chains", first)
        assert 1.01 < result.diagnostics["r_hat"] < 1.05
        assert result.estimable is True
        assert math.isfinite(result.low)
        assert codes(result) == ["chains-doubtful", "few-effective-draws"]
        assert [str(w.message) for w in record] == [note.text for note in result.notes]

    def test_just_at_a_threshold(self):
        assert _posterior._agreement(chains(), 1.05).estimable
        assert not _posterior._agreement(chains(), 1.0500001).estimable
        assert _posterior._agreement(chains(), math.nan).estimable
        assert not _posterior._agreement(chains(), math.inf).estimable

    def test_few_effective_draws(self):
        with pytest.warns(ConvergenceWarning, match="worth .* independent ones, below 400"):
            result = from_draws(chains(length=60), n_observed=200)
        assert "few-effective-draws" in codes(result)

    def test_draws_that_are_all_equal(self):
        result = from_draws(np.full((4, 200), 7.0), n_observed=7)
        assert (result.low, result.estimate, result.high) == (7, 7, 7)
        assert math.isnan(result.diagnostics["r_hat"])
        assert codes(result) == ["draws-equal"]
        assert result.hidden.estimate == 0
        assert result.modes[["mode", "mass"]].to_numpy().tolist() == [[7, 1]]

    def test_chains_stuck_apart(self):
        result = quiet(np.repeat([[10.0], [20.0]], 50, axis=1), n_observed=5)
        assert result.verdict.code == "chains-disagree"


class TestModes:
    def test_several_modes_are_named_with_their_mass(self):
        result = from_draws(two_hills(), n_observed=2744)
        assert list(result.modes.columns) == ["mode", "mass", "low", "high"]
        assert result.modes["mode"].to_list() == pytest.approx([12_000, 23_000], abs=500)
        assert result.modes["mass"].to_list() == pytest.approx([0.6, 0.4], abs=0.03)
        first, second = result.modes.itertuples(index=False)
        assert (first.low, first.high) == pytest.approx((10_430, 13_570), abs=150)
        assert (second.low, second.high) == pytest.approx((21_430, 24_570), abs=150)
        assert codes(result) == ["several-modes"]
        assert str(result).splitlines()[1].startswith("  mode 1")

    def test_the_single_interval_is_kept_beside_them(self):
        result = from_draws(two_hills(), n_observed=2744)
        assert result.low < 13_000 < 22_000 < result.high

    def test_one_mode(self):
        result = from_draws(chains(), n_observed=200)
        assert len(result.modes) == 1
        assert result.modes["mass"].to_list() == [1]
        assert result.modes[["low", "high"]].to_numpy().tolist() == [[result.low, result.high]]

    def test_the_interval_of_a_mode(self):
        values = np.arange(400.0)
        mixed = 0.7 * stats.poisson.pmf(values, 40) + 0.3 * stats.poisson.pmf(values, 200)
        result = from_pmf(values, mixed / mixed.sum(), n_observed=0, level=0.9)
        rows = zip(result.modes.itertuples(index=False), (40, 200), (0.7, 0.3), strict=True)
        for row, rate, mass in rows:
            assert row.mass == pytest.approx(mass, abs=1e-6)
            assert (row.low, row.high) == stats.poisson.interval(0.9, rate)


class TestProbabilities:
    def test_quantiles_are_exact(self):
        values = np.arange(200.0)
        weights = stats.poisson.pmf(values, 40)
        for level in (0.5, 0.8, 0.95, 0.999):
            result = from_pmf(values, weights / weights.sum(), n_observed=0, level=level)
            assert (result.low, result.high) == stats.poisson.interval(level, 40)
            assert result.estimate == stats.poisson.median(40)
        assert result.standard_error == pytest.approx(math.sqrt(40), rel=1e-9)

    def test_the_probabilities_are_kept(self):
        result = from_pmf([3, 5, 9], [0.2, 0.5, 0.3], n_observed=3)
        assert result.pmf.to_dict() == {3: 0.2, 5: 0.5, 9: 0.3}
        assert result.pmf.index.name == "total"
        assert result.diagnostics is None
        assert result.draws is None
        assert not result.pmf.to_numpy().flags.writeable
        assert result.method == "exact posterior"

    def test_one_total_is_certain(self):
        result = from_pmf([7], [1.0], n_observed=7)
        assert (result.low, result.estimate, result.high) == (7, 7, 7)
        assert (result.hidden.low, result.standard_error) == (0, 0)
        assert result.notes == ()

    @pytest.mark.parametrize("alternative", ["greater", "less"])
    def test_one_side(self, alternative):
        values = np.arange(200.0)
        weights = stats.poisson.pmf(values, 40)
        result = from_pmf(values, weights / weights.sum(), n_observed=0, alternative=alternative)
        low, high = stats.poisson.ppf(0.05, 40), stats.poisson.isf(0.05, 40)
        expected = (low, math.inf) if alternative == "greater" else (0, high)
        assert (result.low, result.high) == expected

    def test_a_list_that_was_cut_off(self):
        values = np.arange(10, 60.0)
        weights = stats.nbinom.pmf(values, 2, 0.02)
        chances = weights / weights.sum()
        result = from_pmf(values, chances, n_observed=10)
        assert codes(result) == ["cut-off"]
        words = f"The last total listed, 59, has probability {chances[-1]:.2g}"
        assert words in result.notes[0].text

    def test_a_list_that_ends_in_the_tail(self):
        values = np.arange(1000.0)
        weights = stats.nbinom.pmf(values, 2, 0.02)
        assert from_pmf(values, weights / weights.sum(), n_observed=0).notes == ()

    def test_series_and_lists_and_integers(self):
        chances = pd.Series([0.5, 0.5], index=[3, 4])
        one = from_pmf(chances.index, chances, n_observed=3)
        assert one.identical(from_pmf([3, 4], [0.5, 0.5], n_observed=np.int64(3)))

    @given(st.lists(st.integers(0, 9), min_size=1, max_size=30).filter(any), st.floats(0.05, 0.99))
    def test_the_interval_holds_its_level(self, weights, level):
        values = 5 + np.arange(float(len(weights)))
        chances = np.array(weights) / sum(weights)
        result = from_pmf(values, chances, n_observed=5, level=level)
        inside = (values >= result.low) & (values <= result.high)
        assert chances[inside].sum() >= level - 1e-9
        assert chances[values < result.low].sum() <= (1 - level) / 2 + 1e-9
        assert chances[values > result.high].sum() <= (1 - level) / 2 + 1e-9
        assert result.low <= result.estimate <= result.high
        assert result.modes["mass"].sum() == pytest.approx(1)


class TestMany:
    def test_an_array_of_posteriors(self):
        draws = labelled_draws()
        many = from_draws(draws.values, n_observed=[100, 200, 300])
        assert many.estimate.shape == (3,)
        for i, seen in enumerate((100, 200, 300)):
            one = from_draws(draws.values[i], n_observed=seen)
            for name in ("estimate", "low", "high", "standard_error", "n_observed"):
                assert getattr(many, name)[i] == getattr(one, name)
            assert many.hidden.estimate[i] == one.hidden.estimate
            assert many.diagnostics.iloc[i]["r_hat"] == one.diagnostics["r_hat"]
        assert many.modes["axis_0"].to_list() == [0, 1, 2, 2]
        assert [note.text for note in many.notes] == [
            "The posterior has several modes in 1 of 3 places: the single interval spans totals "
            "between them that are hardly probable. Read the intervals of `.modes`."
        ]

    def test_data_arrays_keep_their_labels(self):
        draws = labelled_draws()
        many = from_draws(draws, n_observed=seen_in_regions(draws))
        assert many.estimate.dims == ("region",)
        assert many.estimate["code"].values.tolist() == ["n", "s", "e"]
        assert many.draws.dims == ("region", "chain", "draw")
        assert many.modes["region"].to_list() == ["North", "South", "East", "East"]
        assert many.diagnostics["region"].to_list() == ["North", "South", "East"]
        plain = from_draws(draws.values, n_observed=[100, 200, 300])
        np.testing.assert_array_equal(many.low, plain.low)
        assert many.to_frame()["region"].to_list() == ["North", "South", "East"]

    def test_chain_and_draw_are_found_by_name(self):
        draws = labelled_draws()
        turned = from_draws(draws.transpose("draw", "region", "chain"), n_observed=100)
        testing.assert_identical(turned, from_draws(draws, n_observed=100))

    def test_a_data_array_of_one_posterior_gives_numbers(self):
        draws = labelled_draws()[0].drop_vars(["region", "code"])
        assert type(from_draws(draws, n_observed=100).estimate) is float

    def test_dask_is_computed(self):
        pytest.importorskip("dask")
        draws = labelled_draws()
        assert not from_draws(draws.chunk({"draw": 100}), n_observed=100).is_lazy

    def test_one_disagreement_does_not_spoil_the_others(self):
        draws = labelled_draws().values
        draws[1, 3] += 400
        with pytest.warns(ConvergenceWarning, match="Chains disagree in 1 of 3 places"):
            many = from_draws(draws, n_observed=100)
        assert many.estimable.tolist() == [True, False, True]
        assert np.isnan(many.low).tolist() == [False, True, False]
        assert [v.code for v in many.verdict] == ["ok", "chains-disagree", "ok"]

    def test_labels_must_agree(self):
        draws = labelled_draws()
        seen = seen_in_regions(draws).assign_coords(region=["North", "South", "West"])
        with pytest.raises(LabelMismatchError, match="`n_observed` must have the labels"):
            from_draws(draws, n_observed=seen)

    def test_one_posterior_has_one_number_seen(self):
        with pytest.raises(InputError) as raised:
            from_draws(chains(), n_observed=[1, 2])
        assert str(raised.value) == (
            "`n_observed` must be one number for each of 1 posteriors, got 2 numbers."
        )


AXES = "`draws` must be draws with chain and draw as the last two axes, got "


class TestRefused:
    @pytest.mark.parametrize(
        ("draws", "options", "message"),
        [
            (
                np.where(np.arange(4000).reshape(4, 1000) < 3, np.nan, 500.0),
                {},
                "`draws` must be free of nan, got 3 nan among 4,000. A draw without a value says "
                "that the sampler failed: nothing is left out.",
            ),
            (chains(), {"n_observed": 600}, "`draws` must be at least `n_observed`, got 3"),
            (
                chains() - 400,
                {"n_observed": 400},
                "add `n_observed` to draws of the hidden number.",
            ),
            (
                np.ones(50),
                {},
                AXES + "an array of shape (50,). For a single chain pass draws[None, :].",
            ),
            (np.ones((4, 9)), {}, "`draws` must be at least 10 draws a chain, got 9."),
            (
                pd.DataFrame(np.ones((20, 4))),
                {},
                AXES + "a pandas DataFrame. Use .to_numpy().reshape(chains, draws), or a",
            ),
            (
                xr.DataArray(np.ones((4, 20)), dims=("chains", "draws")),
                {},
                AXES + "dimensions ['chains', 'draws']. Rename its dimensions to 'chain' and",
            ),
            (np.ones((0, 20)), {}, "`draws` must be non-empty, got no values."),
            (np.full((2, 20), "a"), {}, "`draws` must be numeric, got text"),
            (chains(), {"n_observed": 1.5}, "`n_observed` must be a whole number of at least 0"),
            (chains(), {"n_observed": -1}, "`n_observed` must be a whole number of at least 0"),
            (chains(), {"level": 95}, "It looks like a percentage: use level=0.95."),
            (chains(), {"alternative": "up"}, "`alternative` must be one of"),
        ],
        ids=range(13),
    )
    def test_draws(self, draws, options, message):
        with pytest.raises((InputError, InputTypeError)) as raised:
            from_draws(draws, **({"n_observed": 0} | options))
        assert message in str(raised.value)

    @pytest.mark.parametrize(
        ("values", "probabilities", "message"),
        [
            (
                [1, 2],
                [0.5, 0.6],
                "`probabilities` must be probabilities that sum to 1, got a sum of 1.1. Divide "
                "weights by their sum.",
            ),
            ([2, 1], [0.5, 0.5], "`values` must be in strictly ascending order, got 2 before 1."),
            ([1, 1], [0.5, 0.5], "`values` must be in strictly ascending order, got 1 before 1."),
            (
                [0, 1],
                [0.5, 0.5],
                "`values` must be at least `n_observed`, got 0 < 1. Values are totals: add "
                "`n_observed` to the hidden number.",
            ),
            ([1.5, 2], [0.5, 0.5], "`values` must be a whole number of at least 0, got 1.5"),
            ([1, np.inf], [0.5, 0.5], "`values` must be a whole number of at least 0, got inf"),
            ([1, 2, 3], [0.5, 0.5], "`probabilities` must be of the length of `values`, 3, got 2."),
            ([1, 2], [-0.5, 1.0], "`probabilities` must be a share in [0, 1], got -0.5"),
            ([1, 2], [50, 50], "It looks like a percentage"),
            ([1, 2], [np.nan, 1.0], "`probabilities` must be a share in [0, 1], got nan"),
            ([[1, 2]], [[0.5, 0.5]], "`values` must be one-dimensional, got an array of shape"),
            ([], [], "`values` must be non-empty, got no values."),
            (["a"], [1.0], "`values` must be numeric, got text"),
        ],
        ids=range(13),
    )
    def test_probabilities(self, values, probabilities, message):
        with pytest.raises(InputError) as raised:
            from_pmf(values, probabilities, n_observed=1)
        assert message in str(raised.value)

    def test_what_was_seen_is_one_number(self):
        with pytest.raises(InputTypeError, match="`n_observed` must be a whole number"):
            from_pmf([1, 2], [0.5, 0.5], n_observed=[1, 1])

    def test_there_is_no_test(self):
        with pytest.raises(InputError, match="Read its interval instead"):
            from_pmf([1, 2], [0.5, 0.5], n_observed=1).test(null=1)


MADE = {
    "draws": lambda: from_draws(chains(), n_observed=200),
    "many": lambda: from_draws(labelled_draws(), n_observed=100),
    "pmf": lambda: from_pmf([3, 5, 9], [0.2, 0.5, 0.3], n_observed=3),
    "refused": lambda: quiet(chains((0, 0, 0, 300)), n_observed=200),
}


class TestPortable:
    @pytest.mark.parametrize("make", MADE.values(), ids=MADE)
    def test_pickle_and_copy(self, make):
        result = make()
        testing.assert_identical(pickle.loads(pickle.dumps(result)), result)
        testing.assert_identical(copy.deepcopy(result), result)
        assert result.compute() is result

    @pytest.mark.parametrize("make", MADE.values(), ids=MADE)
    def test_json(self, make):
        content = json.loads(json.dumps(make().to_dict(), allow_nan=False))
        assert content["kind"] == "Posterior"

    @pytest.mark.parametrize("make", MADE.values(), ids=MADE)
    @pytest.mark.parametrize("engine", ["scipy", "netcdf4"])
    def test_netcdf(self, make, engine, tmp_path):
        if engine == "netcdf4":
            pytest.importorskip("netCDF4")
        dataset = make().to_xarray()
        dataset.to_netcdf(tmp_path / "posterior.nc", engine=engine)
        back = xr.load_dataset(tmp_path / "posterior.nc", engine=engine)
        np.testing.assert_array_equal(back["estimate"], dataset["estimate"])
        assert set(back.variables) == set(dataset.variables)

    def test_the_dataset_of_exact_probabilities(self):
        dataset = MADE["pmf"]().to_xarray()
        assert dataset["pmf"].to_series().to_dict() == {3: 0.2, 5: 0.5, 9: 0.3}
        assert dataset.attrs["mode_mode"].tolist() == [5]
        assert dataset.attrs["mode_mass"].tolist() == [1]

    def test_results_that_differ(self):
        one = from_pmf([3, 4], [0.5, 0.5], n_observed=3)
        assert not one.identical(from_pmf([3, 4], [0.4, 0.6], n_observed=3))
        assert not one.identical(from_pmf([3, 5], [0.5, 0.5], n_observed=3))


class TestArviz:
    def test_one_posterior(self):
        pytest.importorskip("arviz_base")
        draws = chains()
        tree = from_draws(draws, n_observed=200, level=0.9).to_arviz()
        group = tree["posterior"]
        np.testing.assert_array_equal(group["population"], draws)
        np.testing.assert_array_equal(group["hidden"], draws - 200)
        assert group["population"].dims == ("chain", "draw")
        assert tree["constant_data"]["n_observed"].item() == 200
        assert group.attrs["ci_prob"] == 0.9
        assert group.attrs["creation_library"] == "countylines"

    def test_many_with_labels(self):
        pytest.importorskip("arviz_base")
        draws = labelled_draws()
        tree = from_draws(draws, n_observed=seen_in_regions(draws)).to_arviz()
        population = tree["posterior"]["population"]
        assert population.dims == ("chain", "draw", "region")
        assert population["region"].values.tolist() == ["North", "South", "East"]
        hidden = tree["posterior"]["hidden"].sel(region="South")
        np.testing.assert_array_equal(hidden, draws.sel(region="South") - 200)
        assert tree["constant_data"]["n_observed"].dims == ("region",)

    def test_many_without_labels(self):
        pytest.importorskip("arviz_base")
        tree = from_draws(labelled_draws().values, n_observed=100).to_arviz()
        assert tree["posterior"]["population"].shape == (4, 1000, 3)

    def test_exact_probabilities_have_no_draws(self):
        with pytest.raises(InputError) as raised:
            from_pmf([1, 2], [0.5, 0.5], n_observed=1).to_arviz()
        assert str(raised.value) == (
            "`to_arviz` must be asked of a posterior with draws, got exact probabilities. Use "
            "`.pmf`; nothing needs diagnosing there."
        )

    def test_without_arviz_the_pip_line_is_named(self):
        code = (
            "import sys; sys.modules['arviz_base'] = None\n"
            "import numpy as np, countylines as cl\n"
            "draws = np.random.default_rng(1).poisson(50, size=(4, 500)) + 5\n"
            "posterior = cl.Posterior.from_draws(draws, n_observed=5)\n"
            "try:\n    posterior.to_arviz()\n"
            "except cl.errors.MissingExtraError as error:\n    print(error)\n"
        )
        done = subprocess.run(
            [sys.executable, "-P", "-W", "error", "-c", code],
            capture_output=True,
            text=True,
            check=True,
        )
        assert done.stdout == (
            'to_arviz() needs arviz-base. Install it with: pip install "countylines[arviz]"\n'
        )
