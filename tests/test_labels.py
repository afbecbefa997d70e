"""The door: every kind in, the same kind out, and nothing reordered, dropped or let through."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st

from countylines import _labels, _validate, testing
from countylines.errors import InputError, InputTypeError, LabelMismatchError

REGIONS = ["North", "South", "East"]


def ratio(**arguments):
    """A small private estimator: a over b, with a count of what it was given."""
    inputs = _labels.align(**arguments)

    def check(a, b, where):
        _validate.counts("a", a, where)
        _validate.exposure("b", b, where)

    def kernel(a, b):
        return a / b, (a + b).astype(np.int64)

    return inputs.apply(
        kernel, outputs=["ratio", "sum"], check=check, dtypes={"ratio": np.float64, "sum": np.int64}
    )


def spread(dim=None, **arguments):
    """A small private reduction: largest less smallest, and the mean."""
    inputs = _labels.align(**arguments)

    def check(*values):
        _validate.finite("a", values[0], values[-1])

    def kernel(a):
        return a.max(axis=-1) - a.min(axis=-1), a.mean(axis=-1)

    return inputs.reduce(kernel, dim=dim, outputs=["spread", "mean"], check=check)


def series(values, index=REGIONS, **options):
    return pd.Series(values, index=index, **options)


def frame(values, index=REGIONS, columns=("2023", "2024")):
    return pd.DataFrame(values, index=index, columns=list(columns))


def data_array(values, **coords):
    return xr.DataArray(values, dims=list(coords), coords={k: v for k, v in coords.items() if v})


class TestNumbersAndArrays:
    @pytest.mark.parametrize(
        "a",
        [
            6,
            6.0,
            np.int64(6),
            np.uint8(6),
            np.float32(6),
            np.float16(6),
            np.array(6),
            np.array(6.0),
        ],
        ids=["int", "float", "int64", "uint8", "float32", "float16", "0-d int", "0-d float"],
    )
    def test_a_number_gives_python_numbers(self, a):
        out = ratio(a=a, b=4)
        assert (out["ratio"], type(out["ratio"])) == (1.5, float)
        assert (out["sum"], type(out["sum"])) == (10, int)

    @pytest.mark.parametrize(
        "a",
        [[6, 3], (6, 3), range(6, 0, -3), np.array([6, 3]), np.array([6, 3], dtype=np.float32)],
        ids=["list", "tuple", "range", "array", "float32"],
    )
    def test_a_sequence_gives_an_array(self, a):
        out = ratio(a=a, b=4)["ratio"]
        assert type(out) is np.ndarray
        assert out.dtype == np.float64
        np.testing.assert_array_equal(out, [1.5, 0.75])

    def test_an_array_of_one_stays_an_array(self):
        assert ratio(a=[6], b=4)["ratio"].shape == (1,)

    def test_two_dimensions_broadcast(self):
        out = ratio(a=np.array([[6], [3]]), b=np.array([2.0, 3.0, 6.0]))["ratio"]
        np.testing.assert_array_equal(out, [[3, 2, 1], [1.5, 1, 0.5]])

    def test_shapes_that_do_not_broadcast(self):
        with pytest.raises(InputError) as raised:
            ratio(a=[1, 2, 3], b=[1, 2])
        assert str(raised.value) == (
            "The arguments must have shapes that broadcast together, got `a` (3,), `b` (2,). "
            "Pass arrays of equal length, or single numbers."
        )

    def test_small_integers_do_not_wrap(self):
        top = np.array([200, 255], dtype=np.uint8)
        assert ratio(a=top, b=top)["sum"].tolist() == [400, 510]
        assert ratio(a=pd.Series(top), b=pd.Series(top))["sum"].tolist() == [400, 510]
        assert ratio(a=xr.DataArray(top), b=xr.DataArray(top))["sum"].values.tolist() == [400, 510]

    def test_python_zero_division_is_the_kernels_own(self):
        with pytest.raises(InputError, match="`b` must be finite and above 0, got 0"):
            ratio(a=1, b=0)

    def test_outputs_cannot_be_written_to(self):
        for a in ([6, 3], series([6, 3, 1]), frame(np.ones((3, 2))), xr.DataArray([6, 3])):
            out = ratio(a=a, b=4)["ratio"]
            values = out if isinstance(out, np.ndarray) else out.values
            with pytest.raises(ValueError, match="read-only"):
                values[...] = 0

    def test_a_broadcast_or_reversed_array(self):
        a = np.broadcast_to(6, (2, 2))[::-1]
        assert ratio(a=a, b=4)["ratio"].tolist() == [[1.5, 1.5], [1.5, 1.5]]

    def test_fortran_order(self):
        a = np.asfortranarray([[1, 2, 3], [4, 5, 6]])
        assert ratio(a=a, b=1)["ratio"].tolist() == [[1, 2, 3], [4, 5, 6]]
        assert _labels.align(a=a).labelled("a").tolist() == [[1, 2, 3], [4, 5, 6]]


class TestPandas:
    def test_a_series_keeps_its_index(self):
        index = pd.Index(REGIONS, name="region")
        out = ratio(a=series([6, 3, 0], index), b=4)["ratio"]
        pd.testing.assert_series_equal(out, pd.Series([1.5, 0.75, 0.0], index=index))

    def test_a_multi_index_survives(self):
        index = pd.MultiIndex.from_product([REGIONS, [2023]], names=["region", "year"])
        out = ratio(a=pd.Series([6, 3, 0], index=index), b=pd.Series([4, 4, 4], index=index))
        pd.testing.assert_index_equal(out["ratio"].index, index)

    def test_duplicate_labels_pass_when_they_are_equal(self):
        index = ["a", "a", "b"]
        assert ratio(a=series([6, 3, 1], index), b=series([1, 2, 4], index))["ratio"].tolist() == [
            6,
            1.5,
            0.25,
        ]

    def test_nullable_integers(self):
        a = series([6, 3, 1], dtype="Int64")
        assert ratio(a=a, b=4)["ratio"].dtype == np.float64
        assert ratio(a=a, b=4)["ratio"].tolist() == [1.5, 0.75, 0.25]

    @pytest.mark.parametrize("dtype", ["Int64", "Float64", "int64[pyarrow]", "double[pyarrow]"])
    def test_missing_values_are_named_not_dropped(self, dtype):
        if "pyarrow" in dtype:
            pytest.importorskip("pyarrow")
        with pytest.raises(InputError) as raised:
            ratio(a=series([6, None, 1], dtype=dtype), b=4)
        assert str(raised.value) == (
            "`a` must be a whole number of at least 0, got nan at 'South'. Drop or fill the "
            "missing values first: nothing is left out silently."
        )

    def test_a_frame_keeps_its_labels(self):
        out = ratio(a=frame([[6, 3], [0, 1], [2, 2]]), b=4)["ratio"]
        pd.testing.assert_frame_equal(out, frame([[1.5, 0.75], [0, 0.25], [0.5, 0.5]]))

    def test_a_frame_of_several_dtypes(self):
        a = pd.DataFrame({"x": pd.array([6], dtype="Int64"), "y": [3.0], "z": np.uint8([1])})
        assert ratio(a=a, b=2)["ratio"].to_numpy().tolist() == [[3, 1.5, 0.5]]

    def test_a_frame_with_repeated_columns(self):
        a = pd.DataFrame([[6, 3.0]], columns=["x", "x"])
        assert ratio(a=a, b=2)["ratio"].to_numpy().tolist() == [[3, 1.5]]

    def test_a_series_beside_a_frame_goes_down_its_index(self):
        a = frame([[6, 3], [4, 1], [2, 2]])
        out = ratio(a=a, b=series([1.0, 2.0, 4.0]))["ratio"]
        pd.testing.assert_frame_equal(out, frame([[6, 3], [2, 0.5], [0.5, 0.5]]).astype(float))

    def test_a_series_beside_a_frame_goes_along_its_columns(self):
        a = frame([[6, 3], [4, 1], [2, 2]])
        out = ratio(a=a, b=series([1.0, 2.0], ["2023", "2024"]))["ratio"]
        pd.testing.assert_frame_equal(out, frame([[6, 1.5], [4, 0.5], [2, 1]]).astype(float))

    def test_a_series_given_before_the_frame(self):
        out = ratio(a=series([6, 4, 2]), b=frame([[1, 2], [1, 2], [1, 2]]))["ratio"]
        assert out.to_numpy().tolist() == [[6, 3], [4, 2], [2, 1]]

    def test_a_series_that_fits_both_ways_is_refused(self):
        square = pd.DataFrame([[1, 2], [3, 4]], index=["a", "b"], columns=["a", "b"])
        with pytest.raises(LabelMismatchError) as raised:
            ratio(a=square, b=series([1, 2], ["a", "b"]))
        assert str(raised.value) == (
            "`b` fits both the index and the columns of `a`, so its place is not clear. "
            "Pass a DataFrame of the same shape."
        )

    def test_a_series_that_fits_neither_way_is_refused(self):
        with pytest.raises(LabelMismatchError, match="only in `a`: 'North', 'South', 'East'"):
            ratio(a=frame(np.ones((3, 2))), b=series([1, 2], ["x", "y"]))

    def test_an_array_of_the_same_shape_takes_the_labels(self):
        out = ratio(a=series([6, 3, 1]), b=np.array([1, 2, 4]))["ratio"]
        assert out.to_dict() == {"North": 6, "South": 1.5, "East": 0.25}

    @pytest.mark.parametrize("b", [[1, 2], [1], [[1, 2, 3]]], ids=str)
    def test_an_array_of_another_shape_is_refused(self, b):
        with pytest.raises(LabelMismatchError) as raised:
            ratio(a=series([6, 3, 1]), b=b)
        assert str(raised.value) == (
            "`b` must be a single number or of the shape of `a`, (3,), got an array of shape "
            f"{np.shape(b)}. Give it the labels of `a`."
        )

    def test_the_name_of_the_index_does_not_matter_but_the_first_is_kept(self):
        a = series([6, 3, 1], pd.Index(REGIONS, name="region"))
        assert ratio(a=a, b=series([1, 1, 1]))["ratio"].index.name == "region"

    def test_inputs_are_left_alone(self):
        a = series([6, 3, 1], name="lines")
        before = a.copy()
        out = ratio(a=a, b=4)["ratio"]
        pd.testing.assert_series_equal(a, before)
        a.iloc[0] = 99
        assert out.iloc[0] == 1.5


class TestPandasLabelsThatDiffer:
    def refused(self, a, b):
        with pytest.raises(LabelMismatchError) as raised:
            ratio(a=a, b=b)
        return str(raised.value)

    def test_another_order(self):
        a = series([6, 3, 1])
        assert self.refused(a, a.iloc[::-1]) == (
            "`b` must have the index of `a` in the same order, got the same labels in another "
            "order. Use b.reindex(a.index) if that is what you mean."
        )

    def test_the_remedy_for_another_order_works(self):
        a = series([6, 3, 1])
        b = series([1, 2, 4], REGIONS[::-1])
        assert ratio(a=a, b=b.reindex(a.index))["ratio"].tolist() == [1.5, 1.5, 1]

    def test_columns_in_another_order(self):
        a = frame(np.ones((3, 2)))
        assert self.refused(a, a[["2024", "2023"]]) == (
            "`b` must have the columns of `a` in the same order, got the same labels in another "
            "order. Use b.reindex(columns=a.columns) if that is what you mean."
        )

    def test_a_missing_label(self):
        assert self.refused(series([6, 3, 1]), series([6, 3, 1]).iloc[:2]) == (
            "`b` must have the index of `a`, got 2 labels against 3; only in `a`: 'East'. "
            "Select the same labels in both; nothing is dropped silently."
        )

    def test_many_other_labels_are_not_all_shown(self):
        a = series(range(5), list("abcde"))
        assert self.refused(a, series(range(5), list("vwxyz"))) == (
            "`b` must have the index of `a`, got 5 labels against 5; only in `a`: 'a', 'b', 'c' "
            "and 2 more; only in `b`: 'v', 'w', 'x' and 2 more. Select the same labels in both; "
            "nothing is dropped silently."
        )

    def test_labels_repeated_differently(self):
        wanted = (
            "`b` must have the index of `a`, got the same labels repeated in another order or "
            "another number of times. Make the labels unique: those that repeat cannot be matched."
        )
        assert (
            self.refused(series([1, 2, 3], list("aab")), series([1, 2, 3], list("abb"))) == wanted
        )
        assert (
            self.refused(series([1, 2, 3], list("aab")), series([1, 2, 3], list("aba"))) == wanted
        )
        assert self.refused(series([1, 2], list("ab")), series([1, 2, 3], list("aab"))) == wanted

    def test_another_number_of_levels(self):
        index = pd.MultiIndex.from_product([REGIONS, [2023]])
        assert self.refused(series([1, 2, 3]), pd.Series([1, 2, 3], index=index)) == (
            "`b` must have the index of `a`, got 2 levels against 1. "
            "Use b.reindex(a.index) if that is what you mean."
        )

    def test_numbers_are_not_names(self):
        assert "only in `a`: 1, 2; only in `b`: '1', '2'" in self.refused(
            series([1, 2], [1, 2]), series([1, 2], ["1", "2"])
        )

    def test_dates_with_and_without_a_zone(self):
        days = pd.date_range("2024-01-01", periods=2)
        message = self.refused(pd.Series([1, 2], days), pd.Series([1, 2], days.tz_localize("UTC")))
        assert "only in `a`: 2024-01-01 00:00:00, 2024-01-02 00:00:00" in message


class TestDataArrays:
    def test_coordinates_are_kept(self):
        a = data_array([6, 3, 1], region=REGIONS)
        out = ratio(a=a, b=4)["ratio"]
        xr.testing.assert_identical(out, data_array([1.5, 0.75, 0.25], region=REGIONS))

    def test_without_coordinates(self):
        out = ratio(a=xr.DataArray([6, 3], dims="x"), b=xr.DataArray([2, 3], dims="x"))["ratio"]
        xr.testing.assert_identical(out, xr.DataArray([3.0, 1.0], dims="x"))

    def test_dimensions_broadcast_by_name(self):
        a = data_array([6, 3, 1], region=REGIONS)
        b = data_array([1, 2], year=[2023, 2024])
        out = ratio(a=a, b=b)["ratio"]
        expected = [[6, 3], [3, 1.5], [1, 0.5]]
        xr.testing.assert_identical(
            out, data_array(np.array(expected, float), region=REGIONS, year=[2023, 2024])
        )

    def test_dimensions_in_another_order_are_matched_by_name(self):
        a = data_array(np.arange(6).reshape(3, 2), region=REGIONS, year=[2023, 2024])
        out = ratio(a=a, b=(a + 1).transpose())["ratio"]
        xr.testing.assert_allclose(out, a / (a + 1))
        assert out.dims == ("region", "year")

    def test_a_number_given_first_does_not_lose_the_other_coordinates(self):
        b = data_array([1, 2], year=[2023, 2024]).assign_coords(
            label=("year", ["x", "y"]), source="made up"
        )
        out = ratio(a=6, b=b)["ratio"]
        assert set(out.coords) == {"year", "label", "source"}
        assert out.values.tolist() == [6, 3]

    def test_coordinates_that_conflict_are_refused_where_xarray_drops_them(self):
        a = data_array([6, 3], year=[2023, 2024])
        with pytest.raises(
            LabelMismatchError, match="`b` must have the coordinate 'version' of `a`"
        ):
            ratio(a=a.assign_coords(version=1), b=a.assign_coords(version=2))
        assert "version" in ratio(a=a.assign_coords(version=1), b=a)["ratio"].coords

    def test_names_and_attributes_are_not_passed_on(self):
        a = data_array([6, 3], year=[2023, 2024]).rename("lines").assign_attrs(unit="lines")
        out = ratio(a=a, b=a)["ratio"]
        assert out.name is None
        assert out.attrs == {}

    def test_no_dimensions(self):
        out = ratio(a=xr.DataArray(6), b=4)["ratio"]
        xr.testing.assert_identical(out, xr.DataArray(1.5))

    def test_a_multi_index_survives(self):
        index = pd.MultiIndex.from_product([REGIONS, [2023]], names=["region", "year"])
        a = xr.DataArray([6, 3, 1], dims="place").assign_coords(
            xr.Coordinates.from_pandas_multiindex(index, "place")
        )
        out = ratio(a=a, b=a)["ratio"]
        pd.testing.assert_index_equal(out.indexes["place"], index.rename(["region", "year"]), False)

    def test_labels_in_another_order(self):
        a = data_array([6, 3, 1], region=REGIONS)
        with pytest.raises(LabelMismatchError) as raised:
            ratio(a=a, b=a[::-1])
        assert str(raised.value) == (
            "`b` must have the labels of 'region' of `a` in the same order, got the same labels "
            "in another order. Use b.reindex_like(a) if that is what you mean."
        )

    def test_other_labels(self):
        a, b = data_array([6, 3], year=[2022, 2023]), data_array([6, 3], year=[2023, 2024])
        with pytest.raises(LabelMismatchError, match="only in `a`: 2022; only in `b`: 2024"):
            ratio(a=a, b=b)

    def test_other_lengths_without_labels(self):
        with pytest.raises(LabelMismatchError) as raised:
            ratio(a=xr.DataArray([1, 2, 3], dims="x"), b=xr.DataArray([1, 2], dims="x"))
        assert str(raised.value) == "`b` must be of length 3 along 'x' like `a`, got 2."

    def test_labels_are_compared_even_when_the_first_array_has_none(self):
        plain = xr.DataArray([1, 2], dims="year")
        first = data_array([1, 2], year=[2022, 2023])
        second = data_array([1, 2], year=[2023, 2024])
        with pytest.raises(LabelMismatchError, match="`c` must have the labels of 'year' of `b`"):
            _labels.align(a=plain, b=first, c=second)
        with pytest.raises(LabelMismatchError, match="`c` must have the labels of 'year' of `a`"):
            _labels.align(a=first, b=plain, c=second)

    @pytest.mark.parametrize(
        ("b", "words", "remedy"),
        [
            (series([1, 2, 3]), "a pandas Series", "Use b.to_xarray() (and rename its dimension"),
            (frame(np.ones((3, 2))), "a pandas DataFrame", "Use b.to_xarray()"),
            ([1, 2, 3], "an array of shape (3,) without dimension names", "Wrap it: xarray.Data"),
        ],
        ids=["Series", "DataFrame", "list"],
    )
    @pytest.mark.parametrize("turned", [False, True])
    def test_other_kinds_beside_a_data_array_are_refused(self, b, words, remedy, turned):
        a = data_array([6, 3, 1], region=REGIONS)
        given = {"b": b, "a": a} if turned else {"a": a, "b": b}
        with pytest.raises(InputTypeError) as raised:
            ratio(**given)
        text = str(raised.value)
        assert text.startswith(
            f"`b` must be a DataArray like `a`, or a single number, got {words}. "
        )
        assert remedy in text


class TestDask:
    dask = pytest.importorskip("dask")

    @staticmethod
    def cube():
        rng = np.random.default_rng(4)
        a = data_array(rng.integers(0, 90, (3, 4)), region=REGIONS, year=[2021, 2022, 2023, 2024])
        return a.assign_coords(name=("region", ["n", "s", "e"])), a.sel(
            region="North", drop=True
        ) + 1

    def test_stays_lazy_and_equals_memory(self):
        a, b = self.cube()
        eager = ratio(a=a, b=b)
        lazy = ratio(a=a.chunk({"year": 2}), b=b)
        for name in eager:
            assert lazy[name].chunks is not None
            assert lazy[name].dtype == eager[name].dtype
            xr.testing.assert_identical(lazy[name].compute(), eager[name])

    def test_labelled_arguments_are_the_same_lazy_or_not(self):
        a, b = self.cube()
        eager = _labels.align(a=a, b=b, c=3)
        lazy = _labels.align(a=a.chunk({"year": 2}), b=b, c=3)
        for name in ("a", "b", "c"):
            xr.testing.assert_equal(lazy.labelled(name).compute(), eager.labelled(name))
            assert lazy.labelled(name).dims == eager.labelled(name).dims
        assert lazy.given("c") == eager.given("c") == 3

    def test_labels_and_dtypes_are_checked_at_the_call_and_values_inside_the_blocks(self):
        a, b = self.cube()
        lazy = a.chunk({"year": 2})
        with pytest.raises(LabelMismatchError):
            ratio(a=lazy, b=b[::-1])
        with pytest.raises(InputTypeError):
            ratio(a=lazy.astype(str), b=b)
        out = ratio(a=-lazy - 1, b=b)["ratio"]
        with pytest.raises(InputError, match=r"got -\d+ \(\d+ of \d+ values\)\. A count cannot be"):
            out.compute()

    def test_the_values_are_not_looked_at(self):
        import dask.array as da

        def explode(block):
            raise AssertionError("computed")

        a = da.ones((4,), chunks=2, dtype=np.float64).map_blocks(explode, dtype=np.float64)
        lazy = xr.DataArray(a, dims="x")
        inputs = _labels.align(a=lazy, b=2)
        assert inputs.is_lazy
        inputs.labelled("a")
        out = inputs.apply(lambda a, b: (a / b,), outputs=["ratio"])["ratio"]
        assert out.chunks == ((2, 2),)

    def test_a_bare_dask_array_is_refused(self):
        import dask.array as da

        with pytest.raises(InputTypeError) as raised:
            ratio(a=da.ones(3), b=1)
        assert str(raised.value) == (
            "`a` must be numbers, an array, a Series, a DataFrame or a DataArray, got a dask "
            "Array. Wrap it with xarray.DataArray(...): dask-backed DataArrays stay lazy."
        )

    def test_small_integers_do_not_wrap(self):
        top = xr.DataArray(np.array([200, 255], dtype=np.uint8), dims="x").chunk({"x": 1})
        assert ratio(a=top, b=top)["sum"].compute().values.tolist() == [400, 510]

    def test_objects_come_out_of_blocks(self):
        a = xr.DataArray([1, 2, 3], dims="x").chunk({"x": 2})

        def kernel(a):
            out = np.empty(a.shape, dtype=object)
            out[:] = [("seen", v) for v in a]
            return (out,)

        out = _labels.align(a=a).apply(kernel, outputs=["words"], dtypes={"words": object})
        assert out["words"].compute().values.tolist() == [("seen", 1), ("seen", 2), ("seen", 3)]

    def test_a_reduction_is_lazy_and_equals_memory(self):
        a, _ = self.cube()
        for dim in ("region", "year"):
            other = "year" if dim == "region" else "region"
            eager = spread(dim, a=a)
            lazy = spread(dim, a=a.chunk({other: 2, dim: -1}))
            for name in eager:
                assert lazy[name].chunks is not None
                xr.testing.assert_identical(lazy[name].compute(), eager[name])

    def test_a_chunked_dimension_cannot_be_reduced(self):
        a, _ = self.cube()
        with pytest.raises(InputError) as raised:
            spread("year", a=a.chunk({"year": 2}))
        assert str(raised.value) == (
            "`a` must be in one chunk along 'year', got 2 chunks. Use .chunk({'year': -1})."
        )

    def test_a_reduction_checks_values_inside_the_blocks(self):
        a, _ = self.cube()
        out = spread("year", a=(a / 0.0).chunk({"region": 1}))["spread"]
        with pytest.raises(InputError, match=r"`a` must be finite, got (nan|inf)"):
            out.compute()

    def test_a_reduction_of_the_only_dimension_leaves_none(self):
        a = xr.DataArray([3.0, 1.0], dims="x", coords={"source": "made up"})
        eager, lazy = spread(a=a)["spread"], spread(a=a.chunk())["spread"]
        xr.testing.assert_identical(eager, xr.DataArray(2.0, coords={"source": "made up"}))
        xr.testing.assert_identical(lazy.compute(), eager)


class TestPolarsAndArrow:
    def test_a_series_comes_back_as_pandas(self):
        pl = pytest.importorskip("polars")
        out = ratio(a=pl.Series("lines", [6, 3]), b=4)["ratio"]
        pd.testing.assert_series_equal(out, pd.Series([1.5, 0.75]))

    def test_a_frame_comes_back_as_pandas(self):
        pl = pytest.importorskip("polars")
        table = pl.DataFrame({"first": [6, 3], "second": [1, 2]})
        out = ratio(a=table, b=pl.Series([1, 2]))["ratio"]
        pd.testing.assert_frame_equal(out, pd.DataFrame({"first": [6, 1.5], "second": [1.0, 1.0]}))

    def test_nulls_are_refused(self):
        pl = pytest.importorskip("polars")
        with pytest.raises(
            InputError, match=r"got nan at 1\. Drop or fill the missing values first"
        ):
            ratio(a=pl.Series("lines", [6, None]), b=4)

    def test_a_lazy_frame_is_refused(self):
        pl = pytest.importorskip("polars")
        with pytest.raises(InputTypeError, match="of type LazyFrame"):
            ratio(a=pl.DataFrame({"a": [1]}).lazy(), b=4)

    def test_arrow(self):
        pa = pytest.importorskip("pyarrow")
        assert ratio(a=pa.array([6, 3]), b=4)["ratio"].tolist() == [1.5, 0.75]


EMPTY = "`a` must be non-empty, got no values. Check the selection that made it."
NUMERIC = "`a` must be numeric, got "
KINDS = "`a` must be numbers, an array, a Series, a DataFrame or a DataArray, got "
OBJECT = (
    "`a` must be numeric, got object (dtype object). Convert it to numbers with .astype(float)."
)
BOOL = NUMERIC + "bool (dtype bool). Sum it first, or use .astype(int) if True means one."
CATEGORY = NUMERIC + "categories (dtype category). Count the rows of each category first."
TEXT = "Convert it to numbers, for example by pandas.to_numeric."


REFUSED = [
    (None, KINDS + "None."),
    ("3", KINDS + "'3'."),
    (b"3", KINDS + "b'3'."),
    (pd.NA, KINDS + "<NA> of type NAType."),
    (Decimal(1), KINDS + "Decimal('1') of type Decimal."),
    (Fraction(1, 2), KINDS + "Fraction(1, 2) of type Fraction."),
    (
        dt.date(2024, 1, 1),
        KINDS + "datetime.date(2024, 1, 1) of type date.",
    ),
    ({1, 2}, KINDS + "{1, 2} of type set."),
    (
        {"x": 1},
        KINDS + "a dict. Choose one variable of a Dataset; turn a mapping into a Series.",
    ),
    (
        xr.Dataset({"x": 1}),
        KINDS + "a Dataset. Choose one variable of a Dataset; turn a mapping into a Series.",
    ),
    (
        xr.Variable("x", [1]),
        KINDS + "an xarray Variable. Wrap it with xarray.DataArray(...).",
    ),
    ([[1], [2, 3]], KINDS + "rows of unequal length. Pad or split them."),
    (
        np.ma.array([1, 2], mask=[0, 1]),
        "`a` must be an array without a mask, got a masked array. Use .compressed() or "
        ".filled(...): masked values are not dropped silently.",
    ),
    ([], EMPTY),
    (
        np.empty((0, 3)),
        EMPTY,
    ),
    (
        pd.DataFrame(index=[1]),
        EMPTY,
    ),
    (
        pd.Series([], dtype=float),
        EMPTY,
    ),
    (
        xr.DataArray(np.empty((2, 0))),
        EMPTY,
    ),
    (True, BOOL),
    (np.True_, BOOL),
    ([True, False], BOOL),
    ([True, 2], BOOL),
    ([[1, 2], (3, np.False_)], BOOL),
    (pd.Series([True]), BOOL),
    (xr.DataArray([True]), BOOL),
    (
        pd.Series([True, None], dtype="boolean"),
        BOOL,
    ),
    ([1, None], OBJECT),
    ([10**30, 1], OBJECT),
    (pd.Series([1, "x"]), OBJECT),
    (np.array(["3"]), f"`a` must be numeric, got text (dtype <U1). {TEXT}"),
    (["3"], f"`a` must be numeric, got text (dtype <U1). {TEXT}"),
    (
        pd.Series(["3"], dtype="string"),
        f"`a` must be numeric, got text (dtype string). {TEXT}",
    ),
    (pd.Series([1, 2], dtype="category"), CATEGORY),
    (
        np.array(["2024-01-01"], dtype="datetime64[s]"),
        NUMERIC + "dates (dtype datetime64[s]). Pass the counts, not the dates.",
    ),
    (
        np.array([1], dtype="timedelta64[s]"),
        "`a` must be numeric, got time spans (dtype timedelta64[s]). Divide by a unit "
        "first, for example by numpy.timedelta64(1, 'D').",
    ),
    (1j, "`a` must be numeric, got complex (dtype complex128). Pass real numbers."),
    (
        np.zeros(1, dtype=[("x", "<i8")]),
        NUMERIC + "records (dtype [('x', '<i8')]). Choose one of their fields.",
    ),
]


class TestRefused:
    @pytest.mark.parametrize(
        ("a", "message"),
        REFUSED,
        ids=[f"{i}-{type(a).__name__}" for i, (a, _) in enumerate(REFUSED)],
    )
    def test_with_its_message(self, a, message):
        with pytest.raises((InputError, InputTypeError)) as raised:
            ratio(a=a, b=1)
        assert str(raised.value) == message

    def test_the_column_is_named(self):
        table = pd.DataFrame({"x": [1], ("y", 2): ["a"]}).astype({"x": int})
        table.columns = pd.Index(["x", "y"])
        with pytest.raises(InputTypeError, match=r"^`a\['y'\]` must be numeric"):
            ratio(a=table, b=1)

    def test_a_generator_is_refused(self):
        with pytest.raises(InputTypeError, match="of type generator"):
            ratio(a=(i for i in range(3)), b=1)

    @pytest.mark.parametrize(
        "a",
        [2**53, 2**53 + 1, 10**30, 10**400, np.uint64(2**63)],
        ids=["2**53", "2**53 + 1", "10**30", "10**400", "uint64"],
    )
    def test_counts_too_large_for_floats(self, a):
        with pytest.raises(
            InputError, match=r"got (9\.007199255e\+15|1e\+30|inf|9\.223372037e\+18)"
        ):
            ratio(a=a, b=1)

    def test_type_errors_are_both_kinds_of_python_error(self):
        for kind in (ValueError, TypeError):
            with pytest.raises(kind):
                ratio(a="3", b=1)


class TestWhere:
    """Messages name the first three offenders by their labels, and how many there are."""

    def message(self, **arguments):
        with pytest.raises(InputError) as raised:
            ratio(**arguments)
        return str(raised.value)

    def test_a_number_has_no_place(self):
        assert self.message(a=-1, b=1) == (
            "`a` must be a whole number of at least 0, got -1. A count cannot be negative."
        )

    def test_positions(self):
        assert "got -1 at position 1. A" in self.message(a=[1, -1], b=1)
        text = self.message(a=[-1, -2, -3, -4, 5], b=1)
        assert "got -1 at position 0, position 1, position 2; 4 of 5 values. A" in text
        assert "got -1 at position (1, 0). A" in self.message(a=[[1, 2], [-1, 3]], b=1)

    def test_labels(self):
        assert "got -1 at 'South'. A" in self.message(a=series([1, -1, 2]), b=1)
        index = pd.MultiIndex.from_product([REGIONS, [2023]])
        assert "got -1 at ('South', 2023). A" in self.message(
            a=pd.Series([1, -1, 2], index=index), b=1
        )
        assert "got -1 at ('North', '2024'). A" in self.message(
            a=frame([[1, -1], [2, 2], [3, 3]]), b=1
        )
        dates = pd.Series([1, -1], index=pd.date_range("2024-01-01", periods=2))
        assert "got -1 at 2024-01-02 00:00:00. A" in self.message(a=dates, b=1)

    def test_coordinates(self):
        a = data_array([[1, -1]], region=["North"], year=[2023, 2024])
        assert "got -1 at (region='North', year=2024). A" in self.message(a=a, b=1)
        plain = xr.DataArray([1, -1], dims="x")
        assert "got -1 at (x=1). A" in self.message(a=plain, b=1)
        dated = xr.DataArray([1, -1], dims="t", coords={"t": pd.date_range("2024", periods=2)})
        assert "got -1 at (t=2024-01-02 00:00:00). A" in self.message(a=dated, b=1)

    def test_the_broadcast_place_is_named(self):
        text = self.message(a=frame(np.ones((3, 2))), b=series([1, 0, 1]))
        assert "got 0 at ('South', '2023'), ('South', '2024'); 2 of 6 values" in text


class TestReduce:
    def test_a_series_becomes_a_number(self):
        out = spread(a=series([6, 3, 1]))
        assert (out["spread"], type(out["spread"])) == (5.0, float)

    def test_an_array_becomes_a_number(self):
        assert spread(a=[6, 3, 1])["spread"] == 5.0

    @pytest.mark.parametrize("dim", [None, 0, "index", -2])
    def test_a_frame_over_its_index_becomes_a_series_of_its_columns(self, dim):
        out = spread(dim, a=frame([[6, 3], [0, 1], [2, 2]]))["spread"]
        pd.testing.assert_series_equal(out, pd.Series([6.0, 2.0], index=["2023", "2024"]))

    @pytest.mark.parametrize("dim", [1, "columns", -1, np.int64(1)])
    def test_a_frame_over_its_columns_becomes_a_series_of_its_index(self, dim):
        out = spread(dim, a=frame([[6, 3], [0, 1], [2, 2]]))["spread"]
        pd.testing.assert_series_equal(out, pd.Series([3.0, 1.0, 0.0], index=REGIONS))

    def test_an_array_over_an_axis(self):
        a = np.arange(24).reshape(2, 3, 4)
        for axis in (0, 1, 2, -1):
            out = spread(axis, a=a)["spread"]
            np.testing.assert_array_equal(out, np.ptp(a, axis=axis))
            with pytest.raises(ValueError, match="read-only"):
                out[...] = 0

    def test_a_data_array_over_a_name(self):
        a = data_array(np.arange(6.0).reshape(3, 2), region=REGIONS, year=[2023, 2024])
        a = a.assign_coords(
            name=("region", ["n", "s", "e"]),
            both=(("region", "year"), np.ones((3, 2))),
            source="made up",
        )
        out = spread("year", a=a.rename("x").assign_attrs(unit="lines"))["spread"]
        assert set(out.coords) == {"region", "name", "source"}
        assert (out.name, out.attrs) == (None, {})
        assert out.values.tolist() == [1, 1, 1]

    def test_a_data_array_without_its_only_dimension_stays_one(self):
        out = spread(a=data_array([6.0, 1.0], year=[2023, 2024]))["spread"]
        xr.testing.assert_identical(out, xr.DataArray(5.0))

    @pytest.mark.parametrize(
        ("a", "dim", "message"),
        [
            (
                3,
                None,
                "`a` must be a series of values, with at least one dimension, got a single number.",
            ),
            ([1, 2], 1, "`dim` must be an axis number below 1, got 1."),
            ([1, 2], "x", "`dim` must be an axis number below 1, got 'x'."),
            ([[1, 2]], None, "`dim` must be an axis number below 2, got None."),
            ([[1, 2]], True, "`dim` must be an axis number below 2, got True."),
            ([[1, 2]], -3, "`dim` must be an axis number below 2, got -3."),
            (
                xr.DataArray([[1, 2]], dims=("x", "y")),
                None,
                "`dim` must be one of ['x', 'y'], got None.",
            ),
            (
                xr.DataArray([[1, 2]], dims=("x", "y")),
                "z",
                "`dim` must be one of ['x', 'y'], got 'z'.",
            ),
            (
                xr.DataArray([[1, 2]], dims=("x", "y")).chunk(),
                "z",
                "`dim` must be one of ['x', 'y'], got 'z'.",
            ),
        ],
    )
    def test_dimensions_that_are_not_there(self, a, dim, message):
        with pytest.raises((InputError, InputTypeError)) as raised:
            spread(dim, a=a)
        assert str(raised.value) == message

    def test_bad_values_are_named(self):
        with pytest.raises(
            InputError, match=r"`a` must be finite, got inf at 'South'\. Drop or fill"
        ):
            spread(a=series([1, np.inf, 2]))


class TestLabelled:
    def test_whole_numbers_come_back_as_integers(self):
        assert _labels.align(a=series([1.0, 2.0, 3.0])).labelled("a").dtype == np.int64
        assert _labels.align(a=series([1.0, 2.5, 3.0])).labelled("a").dtype == np.float64
        assert _labels.align(a=[1.0, np.inf]).labelled("a").dtype == np.float64

    def test_arguments_are_broadcast(self):
        inputs = _labels.align(a=series([1, 2, 3]), b=4)
        assert inputs.labelled("b").to_dict() == dict.fromkeys(REGIONS, 4)
        assert inputs.given("b") == 4.0
        assert type(inputs.given("b")) is float


def kinds(values):
    """The same values as every kind."""
    index = pd.Index([f"place {i}" for i in range(len(values))])
    return {
        "list": list(values),
        "array": np.array(values),
        "series": pd.Series(values, index=index),
        "frame": pd.DataFrame({"x": values}, index=index),
        "dataarray": xr.DataArray(values, dims="place", coords={"place": index.to_numpy()}),
        "lazy": xr.DataArray(values, dims="place", coords={"place": index.to_numpy()}).chunk(
            {"place": 2}
        ),
    }


@given(testing.counts_of_totals())
def test_all_kinds_agree(pair):
    count, total = (kinds(values) for values in pair)
    expected = pair[0] / pair[1]
    for kind in count:
        out = ratio(a=count[kind], b=total[kind])["ratio"]
        np.testing.assert_array_equal(np.asarray(out).ravel(), expected)


@given(st.data())
def test_any_labels_survive(data):
    count, total = data.draw(testing.counts_of_totals(length=3))
    index = data.draw(testing.label_indexes(3))
    out = ratio(a=pd.Series(count, index=index), b=pd.Series(total, index=index))["ratio"]
    assert out.index is index or out.index.equals(index)
    assert out.index.names == index.names
    turned = pd.Series(total, index=index).iloc[::-1]
    with pytest.raises(LabelMismatchError, match="another order"):
        ratio(a=pd.Series(count, index=index), b=turned)
