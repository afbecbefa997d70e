"""Results: frozen, read-only, comparable, portable, and lazy where their data are."""

from __future__ import annotations

import copy
import dataclasses
import functools
import pickle

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from results import EMPTY, KINDS, a_test, estimate, lazy, of_kind, population

import countylines as cl
from countylines.errors import InputError
from countylines.results import OK, Estimate, Note, TestResult, Verdict

MAKERS = [
    pytest.param(functools.partial(make, kind), id=f"{make.__name__}-{kind}")
    for make in (estimate, population, a_test)
    for kind in KINDS
]


def values_of(field):
    """The numpy array behind a field, or None."""
    if isinstance(field, np.ndarray):
        return field
    if isinstance(field, (pd.Series, xr.DataArray)):
        return field.values
    if isinstance(field, pd.DataFrame) and field.dtypes.nunique() == 1:
        return field.values
    return None


def arrays_of(result):
    for item in dataclasses.fields(result):
        array = values_of(getattr(result, item.name))
        if array is not None and array.dtype.kind in "iufO":
            yield item.name, array


def assert_read_only(result):
    for name, array in arrays_of(result):
        assert not array.flags.writeable, name
    for nested in (getattr(result, "hidden", None), getattr(result, "effect", None)):
        if nested is not None:
            assert_read_only(nested)


class TestFrozen:
    @pytest.mark.parametrize("make", MAKERS)
    def test_fields_cannot_be_set(self, make):
        result = make()
        for name in ("method", "notes", "anything"):
            with pytest.raises(dataclasses.FrozenInstanceError):
                setattr(result, name, "x")
        with pytest.raises(dataclasses.FrozenInstanceError):
            del result.method

    @pytest.mark.parametrize("make", MAKERS)
    def test_arrays_cannot_be_written_to(self, make):
        assert_read_only(make())

    @pytest.mark.parametrize("kind", [k for k in KINDS if k != "number"])
    def test_writing_through_pandas_or_xarray_fails(self, kind):
        field = estimate(kind).estimate
        target = field.iloc if hasattr(field, "iloc") else field
        with pytest.raises(ValueError, match="read-only"):
            target[(0,) * field.ndim] = 5.0

    @pytest.mark.parametrize("kind", [k for k in KINDS if k != "number"])
    def test_changing_the_data_afterwards_does_not_change_the_result(self, kind):
        given = of_kind(kind, [0.25, 0.5])
        result = estimate(kind, estimate=given)
        if hasattr(given, "iloc"):
            given.iloc[(0,) * given.ndim] = 99.0
        else:
            given[(0,) * given.ndim] = 99.0
        assert values_of(result.estimate).ravel().tolist() == [0.25, 0.5]

    def test_a_read_only_view_of_memory_that_can_be_written_is_copied(self):
        memory = np.array([0.25, 0.5])
        view = memory.view()
        view.setflags(write=False)
        result = estimate(estimate=view)
        memory[0] = 99.0
        assert result.estimate.tolist() == [0.25, 0.5]

    def test_read_only_memory_is_shared_not_copied(self):
        memory = np.array([0.25, 0.5])
        memory.setflags(write=False)
        assert estimate(estimate=memory).estimate is memory
        once = estimate("series")
        again = dataclasses.replace(once, method="x")
        assert np.shares_memory(once.estimate.values, again.estimate.values)

    def test_tables_of_several_dtypes(self):
        given = pd.DataFrame(
            {"name": ["a", "b"], "count": [1, 2], "share": [0.5, 1.0]}, index=[7, 7]
        )
        result = a_test(table=given)
        pd.testing.assert_frame_equal(result.table, given)
        given.loc[7, "count"] = 99
        assert result.table["count"].tolist() == [1, 2]
        assert not result.table["count"].values.flags.writeable

    def test_tables_of_nullable_dtypes_are_not_shared(self):
        given = pd.DataFrame({"count": pd.array([1, None], dtype="Int64")})
        result = a_test(table=given)
        given.loc[0, "count"] = 99
        assert result.table.loc[0, "count"] == 1

    def test_the_kind_of_interval_is_checked(self):
        with pytest.raises(InputError, match="`interval_kind` must be one of 'confidence'"):
            estimate(interval_kind="fiducial")

    def test_nothing_is_rounded(self):
        assert estimate(estimate=1 / 3).estimate == 1 / 3


class TestComparison:
    @pytest.mark.parametrize("make", MAKERS)
    def test_equality_is_identity_and_results_are_hashable(self, make):
        one, other = make(), make()
        assert one == one
        assert one != other
        assert len({one, other}) == 2

    @pytest.mark.parametrize("make", MAKERS)
    def test_identical_results(self, make):
        assert make().identical(make())

    @pytest.mark.parametrize("kind", KINDS)
    @pytest.mark.parametrize(
        "change",
        [
            lambda kind: {"estimate": of_kind(kind, [0.26, np.nan])},
            lambda kind: {"estimate": of_kind(kind, [0.25 + 1e-16 * 64, 0.1])},
            lambda kind: {"high": of_kind(kind, [np.inf, 1.0])},
            lambda kind: {"verdict": of_kind(kind, [EMPTY, OK])},
            lambda kind: {"notes": ()},
            lambda kind: {"level": 0.9},
            lambda kind: {"null": None},
        ],
        ids=range(7),
    )
    def test_results_that_differ_in_one_field(self, kind, change):
        assert not estimate(kind).identical(estimate(kind, **change(kind)))

    def test_results_that_differ_in_labels_alone(self):
        field = estimate("series").estimate
        assert not estimate("series").identical(
            estimate("series", estimate=field.rename({"South": "Wales"}))
        )
        assert not estimate("series").identical(
            estimate("series", estimate=field.rename_axis("area"))
        )
        table = estimate("frame").estimate
        assert not estimate("frame").identical(
            estimate("frame", estimate=table.rename_axis(columns="year"))
        )

    def test_results_of_another_type(self):
        assert not estimate().identical(0.25)
        assert not estimate().identical(a_test())
        assert not estimate("array").identical(estimate("series"))
        assert not estimate(n=8).identical(estimate(n=8.0))

    def test_how_it_can_be_tested_again_makes_no_difference(self):
        assert estimate().identical(estimate(_recompute=functools.partial(estimate)))

    def test_nested_results_are_compared(self):
        assert not population().identical(population(hidden=estimate(method="x")))
        assert not a_test().identical(a_test(effect=estimate(method="x")))
        assert not a_test().identical(a_test(table=pd.DataFrame({"a": [1]})))


class TestPortable:
    @pytest.mark.parametrize("make", MAKERS)
    @pytest.mark.parametrize("protocol", [2, pickle.HIGHEST_PROTOCOL])
    def test_pickle(self, make, protocol):
        result = make()
        back = pickle.loads(pickle.dumps(result, protocol))
        assert back.identical(result)
        assert_read_only(back)

    @pytest.mark.parametrize("make", MAKERS)
    def test_deep_copy(self, make):
        result = make()
        back = copy.deepcopy(result)
        assert back is not result
        assert back.identical(result)
        assert_read_only(back)

    @pytest.mark.parametrize("make", MAKERS)
    def test_shallow_copy_and_replace(self, make):
        result = make()
        assert copy.copy(result).identical(result)
        assert_read_only(copy.copy(result))
        changed = dataclasses.replace(result, method="another")
        assert changed.method == "another"
        assert_read_only(changed)


class TestVerdicts:
    def test_in_words(self):
        assert str(OK) == "ok"
        assert str(EMPTY) == "not estimable (no-data): The total is 0."
        assert str(Verdict(True, "boundary-finite", ("A cell is 0.", "So is B."))) == (
            "boundary-finite: A cell is 0. So is B."
        )
        assert str(Note("code", "Text.")) == "Text."

    @pytest.mark.parametrize("kind", KINDS)
    def test_estimable_follows_the_kind(self, kind):
        found = estimate(kind).estimable
        assert type(found) is type(of_kind(kind, [True, False]))
        flat = np.asarray(found).ravel().tolist()
        assert flat == ([True] if kind == "number" else [True, False])

    def test_a_single_verdict_for_many(self):
        assert estimate("series", verdict=OK).estimable is True

    def test_notes_and_verdicts_can_be_compared(self):
        assert Note("a", "b") == Note("a", "b")
        assert Verdict(True, "ok") == OK
        assert len({Verdict(True, "ok"), OK}) == 1


class TestLazy:
    dask = pytest.importorskip("dask")

    def test_what_is_lazy(self):
        assert lazy().is_lazy
        assert not estimate("cube").is_lazy

    def test_nothing_is_computed_until_asked(self):
        result = lazy(explode=True)
        wanted = "<Estimate proportion: not computed yet; use .compute()>"
        assert repr(result) == wanted
        for format in ("text", "markdown", "html", "latex"):
            assert "not computed yet" in result.summary(format)
        assert "not computed yet" in result._repr_html_()
        assert "not computed yet" in str(result)
        assert result.to_xarray()["estimate"].chunks is not None
        copy.copy(result)
        with pytest.raises(AssertionError, match="computed"):
            result.compute()

    def test_compute(self):
        done = lazy().compute()
        assert type(done) is Estimate
        assert not done.is_lazy
        assert done.estimate.values.tolist() == [0.25, 0.5]
        assert_read_only(done)
        assert done.compute() is done

    def test_all_fields_are_computed_together(self):
        import dask.array as da

        runs = []

        def block(values):
            runs.append(1)
            return values

        shared = da.ones(2, chunks=2).map_blocks(block, dtype=float, meta=np.empty(0))
        field = xr.DataArray(shared, dims="x")
        hidden = estimate(estimate=field, low=field, high=field, pvalue=None, verdict=OK)
        population(
            estimate=field + 1, low=field, high=field, hidden=hidden, verdict=OK, n_observed=field
        ).compute()
        assert len(runs) == 1

    def test_a_hidden_part_that_waits_makes_the_whole_wait(self):
        waiting = lazy()
        whole = population(hidden=waiting)
        assert whole.is_lazy
        assert "not computed yet" in repr(whole)
        done = whole.compute()
        assert not done.is_lazy
        assert type(done) is cl.PopulationEstimate
        assert done.hidden.identical(waiting.compute())

    def test_dask_compute(self):
        from dask import compute

        first, second = compute(lazy(), {"x": [lazy()]})
        assert first.identical(lazy().compute())
        assert second["x"][0].identical(first)
        (same,) = compute(estimate("cube"))
        assert same.identical(estimate("cube"))

    def test_tables_compute(self):
        assert lazy().to_frame()["estimate"].tolist() == [0.25, 0.5]
        assert lazy().to_dict()["estimate"]["values"] == [0.25, 0.5]

    def test_zero_dimensional_fields(self):
        result = estimate(**{
            name: xr.DataArray(value).chunk()
            for name, value in {"estimate": 0.25, "low": 0.1, "high": 0.5, "pvalue": 0.5}.items()
        }, standard_error=None, n=None)  # fmt: skip
        done = result.compute()
        assert repr(done) == "<Estimate proportion: 0.25 (0.1 to 0.5, 95 % confidence interval)>"
        assert done.to_frame()["estimate"].tolist() == [0.25]
        verdict = np.empty((), dtype=object)
        verdict[()] = EMPTY
        none = dataclasses.replace(
            done, estimate=xr.DataArray(np.nan), verdict=xr.DataArray(verdict)
        )
        assert repr(none).endswith(", no-data>")
        assert "not estimable (no-data)" in str(none)
        assert none.to_xarray()["verdict"].item() == "no-data"


def again(null=None, alternative="two-sided", **kept):
    """A made-up estimator that remembers how it was called."""
    return estimate(null=null, alternative=alternative, pvalue=0.25, **kept)


class TestTest:
    def test_it_recomputes_with_the_new_null(self):
        result = estimate(_recompute=functools.partial(again, method="wilson"))
        found = result.test(null=0.125, alternative="greater")
        assert isinstance(found, TestResult)
        assert (found.pvalue, found.alternative, found.statistic) == (0.25, "greater", 0.25)
        assert found.null_hypothesis == "The proportion is at most 0.125."
        assert found.effect.null == 0.125
        assert found.effect.method == "wilson"
        assert found.n == 8
        assert found.references == ("berry1995",)

    @pytest.mark.parametrize(
        ("alternative", "words"),
        [("two-sided", "is"), ("greater", "is at most"), ("less", "is at least")],
    )
    def test_the_hypothesis_is_a_sentence(self, alternative, words):
        result = estimate(_recompute=again)
        found = result.test(null=1500, alternative=alternative)
        assert found.null_hypothesis == f"The proportion {words} 1,500."

    def test_many_nulls(self):
        result = estimate(_recompute=again)
        found = result.test(null=np.array([0.1, 0.2]))
        assert found.null_hypothesis == "The proportion is the given value, element by element."

    def test_it_can_be_pickled_and_asked_again(self):
        result = pickle.loads(pickle.dumps(estimate(_recompute=again)))
        assert result.test(null=0.5).identical(estimate(_recompute=again).test(null=0.5))

    def test_without_a_test(self):
        with pytest.raises(InputError) as raised:
            estimate().test(null=1)
        assert str(raised.value) == (
            "`test` must be asked of an estimate made by a method with a test, got 'mid-p' for "
            "proportion. Read its interval instead."
        )

    def test_an_unknown_alternative(self):
        with pytest.raises(InputError, match="`alternative` must be one of"):
            estimate(_recompute=again).test(null=1, alternative="larger")


class TestMethods:
    def test_plot_draws_on_the_axes_given(self):
        pytest.importorskip("matplotlib")
        from matplotlib.figure import Figure

        axes = Figure().add_subplot()
        assert estimate("series").plot(ax=axes, log=True) is axes
        assert axes.get_xscale() == "log"

    def test_cite(self):
        text = estimate().cite()
        assert text.splitlines()[0].startswith("Berry G. and Armitage P. (1995).")
        assert "countylines" in text.splitlines()[-1]
        assert a_test().cite("bibtex").startswith("@article{berry1995,")

    def test_pytest_does_not_collect_it(self):
        assert TestResult.__test__ is False

    def test_fields_are_documented(self):
        import inspect

        for result in (
            cl.Estimate,
            cl.PopulationEstimate,
            cl.Posterior,
            cl.TestResult,
            Verdict,
            Note,
        ):
            own = set(inspect.get_annotations(result)) - {"_recompute", "__test__"}
            text = inspect.getdoc(result)
            missing = [name for name in own if name not in text]
            assert missing == [], result
