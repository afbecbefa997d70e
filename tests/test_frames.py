"""Results as tidy tables, datasets and strict JSON, for every kind."""

from __future__ import annotations

import dataclasses
import json
import math

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from results import INDEX, KINDS, MULTI, a_test, estimate, of_kind, population

import countylines as cl
from countylines import _frames
from countylines.results import OK, Note, Verdict

TIDY = ["estimate", "standard_error", "low", "high", "level", "interval_kind", "method", "n"]
TESTED = ["statistic", "pvalue", "alternative", "method", "n"]
LABELS = {
    "number": [],
    "array": ["axis_0"],
    "matrix": ["axis_0", "axis_1"],
    "series": ["region"],
    "multi": ["region", "year"],
    "frame": ["region", "column"],
    "dataarray": ["region"],
    "cube": ["sex", "region", "year"],
}
LABEL_ROWS = {
    "number": [[], []],
    "array": [[0], [1]],
    "matrix": [[0, 0], [0, 1]],
    "series": [["North"], ["South"]],
    "multi": [["North", 2023], ["South", 2023]],
    "frame": [["North", "first"], ["South", "first"]],
    "dataarray": [["North"], ["South"]],
    "cube": [[0, "North", 0], [0, "South", 0]],
}


def labelled(index):
    """An estimate whose labels are the given index."""
    two = pd.Series([0.25, 0.5], index=index)
    return estimate(
        estimate=two, low=two, high=two, standard_error=two, pvalue=two, n=two * 8, verdict=OK
    )


def plain(field):
    """An estimate with the same values for all it must have, and nothing else."""
    more = {"standard_error": None, "pvalue": None, "n": None, "verdict": OK}
    return estimate(estimate=field, low=field, high=field, **more)


AWKWARD = {
    "dates": pd.date_range("2024-01-01", periods=2),
    "dates with a zone": pd.date_range("2024-01-01", periods=2, tz="Europe/London"),
    "periods": pd.period_range("2024-01", periods=2, freq="M"),
    "intervals": pd.IntervalIndex.from_breaks([0, 10, 18], name="age"),
    "categories": pd.CategoricalIndex(["b", "a"], name="region"),
    "time spans": pd.to_timedelta([1, 2], unit="D"),
    "nullable integers": pd.Index(pd.array([2023, 2024], dtype="Int64")),
    "strings": pd.Index(["a", "b"], dtype="string"),
    "objects": pd.Index(["a", 3], dtype=object),
    "bools": pd.Index([True, False]),
    "floats": pd.Index([0.5, 1.5]),
    "a name that is taken": pd.Index(["a", "b"], name="estimate"),
    "another name that is taken": pd.Index(["a", "b"], name="n"),
    "a number for a name": pd.Index(["a", "b"], name=2023),
    "a tuple for a name": pd.Index(["a", "b"], name=("region", 1)),
    "two levels": MULTI,
    "two levels without names": pd.MultiIndex.from_product([["a"], [1, 2]]),
    "two levels with one name": pd.MultiIndex.from_product([["a"], [1, 2]], names=["x", "x"]),
    "two levels with names that are taken": pd.MultiIndex.from_product(
        [["a"], [1, 2]], names=["low", "index"]
    ),
    "repeated": pd.Index(["a", "a"]),
}


class TestTidy:
    @pytest.mark.parametrize("kind", KINDS)
    def test_columns_and_labels(self, kind):
        table = estimate(kind).to_frame()
        assert list(table.columns) == LABELS[kind] + TIDY
        rows = 1 if kind == "number" else 2
        assert list(table.index) == list(range(rows))
        assert table[LABELS[kind]].to_numpy().tolist() == LABEL_ROWS[kind][:rows]

    @pytest.mark.parametrize("kind", KINDS)
    def test_values_and_dtypes(self, kind):
        table = estimate(kind).to_frame()
        expected = pd.DataFrame(
            {
                "estimate": [0.25, np.nan],
                "standard_error": [0.1, np.nan],
                "low": [0.1, 0.0],
                "high": [0.5, 1.0],
                "level": [0.95, 0.95],
                "interval_kind": ["confidence", "confidence"],
                "method": ["mid-p", "mid-p"],
                "n": [8, 0],
            }
        )
        pd.testing.assert_frame_equal(table[TIDY], expected.iloc[: len(table)])

    def test_what_is_not_given_is_missing(self):
        table = estimate(standard_error=None, level=None, n=None, null=None, pvalue=None).to_frame()
        assert table[["standard_error", "level", "n"]].isna().all(axis=None)
        assert table["level"].dtype == np.float64

    def test_fields_of_one_value_are_repeated(self):
        table = estimate("series", n=12, standard_error=None).to_frame()
        assert table["n"].tolist() == [12, 12]

    def test_everything_can_be_concatenated(self):
        tables = [make(kind).to_frame() for make in (estimate, population) for kind in KINDS]
        tables += [estimate(level=None, n=None, standard_error=None).to_frame()]
        tables += [cl.Posterior.from_pmf([3, 4], [0.5, 0.5], n_observed=3).to_frame()]
        whole = pd.concat(tables, ignore_index=True)
        assert len(whole) == sum(len(t) for t in tables)
        assert set(TIDY) <= set(whole.columns)
        assert (whole[["estimate", "low", "high", "level", "n"]].dtypes == np.float64).all()

    @pytest.mark.parametrize("index", AWKWARD.values(), ids=AWKWARD)
    def test_any_index(self, index):
        table = labelled(index).to_frame()
        assert table.columns.is_unique
        assert list(table.columns[-8:]) == TIDY
        assert table["estimate"].tolist() == [0.25, 0.5]
        found = list(table.iloc[:, : index.nlevels].itertuples(index=False, name=None))
        assert found == [row if index.nlevels > 1 else (row,) for row in index]

    def test_names_that_are_taken_are_prefixed(self):
        assert list(labelled(AWKWARD["another name that is taken"]).to_frame().columns[:1]) == [
            "label_n"
        ]

    def test_rows_of_a_frame_go_along_its_columns_first(self):
        table = pd.DataFrame([[1.0, 2.0], [3.0, 4.0]], index=["a", "b"], columns=["x", "y"])
        found = estimate(
            "frame",
            estimate=table,
            low=table,
            high=table,
            standard_error=table,
            n=table,
            verdict=OK,
        ).to_frame()
        assert found[["index", "column"]].to_numpy().tolist() == [
            ["a", "x"],
            ["a", "y"],
            ["b", "x"],
            ["b", "y"],
        ]
        assert found["estimate"].tolist() == [1, 2, 3, 4]

    def test_index_and_columns_of_one_name(self):
        table = pd.DataFrame(
            [[1.0]], index=pd.Index(["a"], name="group"), columns=pd.Index(["b"], name="group")
        )
        found = estimate(estimate=table, low=table, high=table, verdict=OK, n=None).to_frame()
        assert found[["group", "group_2"]].to_numpy().tolist() == [["a", "b"]]

    def test_the_levels_of_a_stacked_dimension(self):
        coords = xr.Coordinates.from_pandas_multiindex(MULTI, "place")
        field = xr.DataArray([0.25, 0.5], dims="place").assign_coords(coords)
        found = estimate(estimate=field, low=field, high=field, standard_error=None, n=None)
        assert found.to_frame()[["region", "year"]].to_numpy().tolist() == [
            ["North", 2023],
            ["South", 2023],
        ]

    def test_a_population_has_the_same_columns(self):
        assert list(population("series").to_frame().columns) == ["region", *TIDY]
        assert population("series").to_frame()["high"].tolist() == [150.0, np.inf]


class TestTidyTests:
    @pytest.mark.parametrize("kind", KINDS)
    def test_columns_and_labels(self, kind):
        table = a_test(kind).to_frame()
        assert list(table.columns) == LABELS[kind] + TESTED
        assert (table[["statistic", "pvalue"]].dtypes == np.float64).all()
        assert table["pvalue"].iloc[0] == 0.0124

    def test_missing_numbers_of_observations(self):
        assert a_test(n=None).to_frame()["n"].isna().all()

    def test_labels_that_are_taken(self):
        index = pd.Index(["a", "b"], name="pvalue")
        result = a_test(
            "series", pvalue=pd.Series([0.1, 0.2], index), statistic=pd.Series([1, 2], index)
        )
        assert list(result.to_frame().columns) == ["label_pvalue", *TESTED]

    def test_everything_can_be_concatenated(self):
        whole = pd.concat([a_test(kind).to_frame() for kind in KINDS] + [a_test(n=None).to_frame()])
        assert set(TESTED) <= set(whole.columns)


class TestXarray:
    @pytest.mark.parametrize("kind", KINDS)
    def test_fields_become_variables(self, kind):
        dataset = estimate(kind).to_xarray()
        flat = dataset["estimate"].values.ravel().tolist()
        assert flat[0] == 0.25
        for name in ("low", "high", "standard_error", "pvalue", "n", "verdict"):
            assert dataset[name].dims == dataset["estimate"].dims
        assert dataset["null"].item() == 0.5
        codes = dataset["verdict"].values.ravel().tolist()
        assert codes == (["ok"] if kind == "number" else ["ok", "no-data"])

    def test_single_facts_become_attributes(self):
        attributes = estimate("series").to_xarray().attrs
        assert attributes["quantity"] == "proportion"
        assert (attributes["level"], attributes["ci_prob"]) == (0.95, 0.95)
        assert (attributes["interval_kind"], attributes["ci_kind"]) == ("confidence", "confidence")
        assert attributes["notes"] == "The total is 0 in 1 of 2 places."
        assert attributes["countylines_version"] == cl.__version__

    def test_the_hidden_part_and_the_model_of_a_population(self):
        dataset = population("series").to_xarray()
        assert dataset["hidden_estimate"].values.tolist() == [20.0, np.inf]
        assert dataset["n_observed"].values.tolist() == [100, 100]
        assert dataset.attrs["model"] == "independence of two lists"
        assert dataset.attrs["aic"] == 31.0
        assert "bic" not in dataset.attrs

    def test_draws_have_chain_and_draw_last(self):
        draws = np.arange(12.0).reshape(2, 2, 3)
        dataset = estimate("series", draws=draws).to_xarray()
        assert dataset["draws"].dims == ("region", "chain", "draw")

    @pytest.mark.parametrize("engine", ["scipy", "netcdf4"])
    @pytest.mark.parametrize("kind", KINDS)
    @pytest.mark.parametrize("make", [estimate, population])
    def test_it_can_be_written(self, make, kind, engine, tmp_path):
        if engine == "netcdf4":
            pytest.importorskip("netCDF4")
        dataset = make(kind).to_xarray()
        dataset.to_netcdf(tmp_path / "result.nc", engine=engine)
        back = xr.load_dataset(tmp_path / "result.nc", engine=engine)
        for name, variable in dataset.variables.items():
            np.testing.assert_array_equal(back[name].values, variable.values)
        assert back.attrs["notes"] == dataset.attrs["notes"]
        assert back.attrs["level"] == 0.95

    @pytest.mark.parametrize("engine", ["scipy", "netcdf4"])
    @pytest.mark.parametrize("index", AWKWARD.values(), ids=AWKWARD)
    def test_any_index_can_be_written(self, index, engine, tmp_path):
        if engine == "netcdf4":
            pytest.importorskip("netCDF4")
        dataset = labelled(index).to_xarray()
        dataset.to_netcdf(tmp_path / "result.nc", engine=engine)
        back = xr.load_dataset(tmp_path / "result.nc", engine=engine)
        assert back["estimate"].values.tolist() == [0.25, 0.5]
        assert len(back["estimate"].coords) == index.nlevels

    def test_labels_keep_their_type_where_netcdf_has_one(self):
        assert labelled(AWKWARD["dates"]).to_xarray()["index"].dtype.kind == "M"
        assert labelled(AWKWARD["floats"]).to_xarray()["index"].dtype.kind == "f"
        assert labelled(AWKWARD["intervals"]).to_xarray()["age"].values.tolist() == [
            "(0, 10]",
            "(10, 18]",
        ]

    def test_a_stacked_data_array_can_be_written(self, tmp_path):
        coords = xr.Coordinates.from_pandas_multiindex(MULTI, "place")
        field = xr.DataArray([0.25, 0.5], dims="place").assign_coords(coords)
        result = plain(field)
        dataset = result.to_xarray()
        dataset.to_netcdf(tmp_path / "result.nc", engine="scipy")
        assert dataset["region"].dims == ("place",)

    def test_index_and_columns_of_one_name(self):
        table = pd.DataFrame(
            [[1.0, 2.0]],
            index=pd.Index(["a"], name="group"),
            columns=pd.Index(["b", "c"], name="group"),
        )
        dataset = plain(table).to_xarray()
        assert dataset["estimate"].dims == ("group", "group_2")

    def test_the_result_is_left_alone(self):
        result = estimate("dataarray")
        before = result.estimate.copy(deep=True)
        dataset = result.to_xarray()
        dataset.attrs["x"] = 1
        xr.testing.assert_identical(result.estimate, before)


def strict(result):
    """The dictionary after a round trip through strict JSON."""
    content = result.to_dict()
    back = json.loads(json.dumps(content, allow_nan=False))
    assert back == content
    return back


class TestDictionary:
    @pytest.mark.parametrize("kind", KINDS)
    @pytest.mark.parametrize("make", [estimate, population, a_test])
    def test_strict_json(self, make, kind):
        back = strict(make(kind))
        assert back["countylines"] == cl.__version__
        assert back["kind"] == type(make(kind)).__name__
        names = {f.name for f in dataclasses.fields(make(kind)) if not f.name.startswith("_")}
        assert set(back) == names | {"countylines", "kind"}

    def test_numbers_that_json_does_not_know(self):
        back = strict(
            estimate(estimate=np.nan, low=-np.inf, high=np.inf, n=np.int64(3), null=np.float32(0.5))
        )
        assert (back["estimate"], back["low"], back["high"]) == (None, "-inf", "inf")
        assert (back["n"], back["null"]) == (3, 0.5)

    def test_labels_and_values(self):
        back = strict(estimate("series"))
        assert back["estimate"] == {
            "labels": {"region": ["North", "South"]},
            "values": [0.25, None],
        }
        assert strict(estimate("cube"))["low"]["labels"] == {
            "sex": [0, 0],
            "region": ["North", "South"],
            "year": [0, 0],
        }

    def test_verdicts_and_notes(self):
        back = strict(estimate("series"))
        assert back["verdict"]["values"][1] == {
            "estimable": False,
            "code": "no-data",
            "reasons": ["The total is 0."],
        }
        assert back["notes"] == [{"code": "no-data", "text": "The total is 0 in 1 of 2 places."}]

    def test_nested_results(self):
        back = strict(population())
        assert back["hidden"]["quantity"] == "hidden number"
        assert back["params"] == {"labels": {"index": ["A", "A:B"]}, "values": [0.5, "-inf"]}
        assert strict(a_test())["effect"]["estimate"] == 0.25

    def test_dates(self):
        assert strict(labelled(AWKWARD["dates"]))["low"]["labels"]["index"] == [
            "2024-01-01 00:00:00",
            "2024-01-02 00:00:00",
        ]
        moments = np.array(["2024-01-01"], dtype="datetime64[ns]")
        assert strict(estimate(null=moments))["null"]["values"] == ["2024-01-01T00:00:00.000000000"]

    @pytest.mark.parametrize("index", AWKWARD.values(), ids=AWKWARD)
    def test_any_index(self, index):
        assert strict(labelled(index))["estimate"]["values"] == [0.25, 0.5]

    def test_draws_and_zero_dimensions(self):
        back = strict(estimate(draws=np.arange(4.0).reshape(2, 2), estimate=xr.DataArray(0.25)))
        assert back["draws"]["values"] == [0, 1, 2, 3]
        assert back["estimate"]["values"] == [0.25]

    def test_how_it_can_be_tested_again_is_left_out(self):
        assert "_recompute" not in strict(estimate(_recompute=estimate))


class TestPieces:
    def test_a_result_within_arrays_of_no_dimensions(self):
        assert _frames.single(xr.DataArray(3.5)) == 3.5
        assert _frames.single(np.array(3.5)) == 3.5
        assert _frames.single(3.5) == 3.5

    def test_over_follows_the_kind(self):
        for kind in KINDS:
            verdicts = of_kind(kind, [OK, Verdict(False, "no-data")])
            codes = _frames.over(verdicts, lambda v: v.code, "U32")
            assert type(codes) is type(verdicts) or kind == "number"
            assert np.asarray(codes).ravel()[0] == "ok"

    def test_equal_only_if_nan_is_equal_to_nan(self):
        assert _frames.identical(math.nan, math.nan)
        assert _frames.identical(np.array([1, np.nan]), np.array([1, np.nan]))
        assert not _frames.identical(np.array([1.0]), np.array([1]))
        assert not _frames.identical(1.0, 1)
        assert _frames.identical(INDEX, INDEX.copy())
        assert not _frames.identical(INDEX, INDEX.rename("area"))
        assert not _frames.identical((Note("a", "b"),), (Note("a", "c"),))
