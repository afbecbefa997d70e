"""What must hold of every elementwise estimator, driven by the table in support/estimators.py."""

from __future__ import annotations

import copy
import inspect
import json
import pickle
import warnings

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from estimators import ESTIMATORS, EXEMPT, Row

import countylines as cl
from countylines import capture_recapture, disproportionality, localisation, prevalence
from countylines.errors import InputError, InputTypeError, LabelMismatchError

TOPICS = (prevalence, capture_recapture, disproportionality, localisation)
CASES = [
    pytest.param(row, options, id="-".join([row.name, *map(str, options.values())]))
    for row in ESTIMATORS
    for options in row.options
]
ROWS = [pytest.param(row, id=row.name) for row in ESTIMATORS]
ESTIMATE_ROWS = [pytest.param(row, id=row.name) for row in ESTIMATORS if not row.values]
LABELS = ["North", "South", "East", "West", "Wales"]

pytestmark = pytest.mark.filterwarnings("ignore::countylines.errors.CountyLinesWarning")


def call(row: Row, data: dict, options: dict | None = None, **more):
    return row.function(**data, **(options or {}), **more)


def arrays(row: Row) -> dict[str, np.ndarray]:
    return {name: np.asarray(values) for name, values in row.data.items()}


def series(row: Row, index=None) -> dict[str, pd.Series]:
    index = pd.Index(LABELS, name="region") if index is None else index
    return {name: pd.Series(values, index=index) for name, values in row.data.items()}


def frames(row: Row) -> dict[str, pd.DataFrame]:
    return {
        name: pd.DataFrame({"first": values, "second": values[::-1]}, index=LABELS)
        for name, values in row.data.items()
    }


def data_arrays(row: Row) -> dict[str, xr.DataArray]:
    return {
        name: xr.DataArray(list(values), dims="region", coords={"region": LABELS})
        for name, values in row.data.items()
    }


def fields(row: Row, result) -> list:
    if row.values:
        return [result]
    return [getattr(result, name) for name in row.fields]


def flat(row: Row, result) -> np.ndarray:
    return np.array([np.asarray(value, dtype=float).ravel() for value in fields(row, result)])


def test_every_public_name_is_in_the_table_or_exempt():
    public = {name for topic in TOPICS for name in topic.__all__}
    assert public == {row.name for row in ESTIMATORS} | set(EXEMPT)
    assert not {row.name for row in ESTIMATORS} & set(EXEMPT)


@pytest.mark.parametrize(("row", "options"), CASES)
class TestKinds:
    def test_array_equals_numbers_one_by_one(self, row, options):
        many = flat(row, call(row, arrays(row), options))
        for i in range(5):
            one = {name: values[i] for name, values in row.data.items()}
            result = call(row, one, options)
            assert all(type(value) is float for value in fields(row, result))
            np.testing.assert_allclose(flat(row, result)[:, 0], many[:, i], rtol=1e-9)

    def test_series_keeps_its_labels(self, row, options):
        data = series(row)
        result = call(row, data, options)
        for value in fields(row, result):
            assert isinstance(value, pd.Series)
            pd.testing.assert_index_equal(value.index, data[next(iter(data))].index)
        np.testing.assert_array_equal(flat(row, result), flat(row, call(row, arrays(row), options)))

    def test_frame_keeps_its_labels(self, row, options):
        result = call(row, frames(row), options)
        for value in fields(row, result):
            assert isinstance(value, pd.DataFrame)
            assert list(value.columns) == ["first", "second"]
            assert list(value.index) == LABELS
        table = flat(row, result).reshape(-1, 5, 2)
        expected = flat(row, call(row, arrays(row), options))
        np.testing.assert_array_equal(table[:, :, 0], expected)
        np.testing.assert_array_equal(table[:, :, 1], expected[:, ::-1])

    def test_data_array_keeps_its_coordinates(self, row, options):
        result = call(row, data_arrays(row), options)
        for value in fields(row, result):
            assert isinstance(value, xr.DataArray)
            assert list(value.coords["region"].values) == LABELS
        np.testing.assert_array_equal(flat(row, result), flat(row, call(row, arrays(row), options)))

    def test_dask_stays_lazy_and_equals_numpy(self, row, options):
        lazy = {n: v.chunk({"region": 2}) for n, v in data_arrays(row).items()}
        result = call(row, lazy, options)
        assert all(value.chunks is not None for value in fields(row, result))
        eager = call(row, data_arrays(row), options)
        if not row.values:
            assert "not computed" in repr(result)
            result = result.compute()
            assert [v.code for v in result.verdict.values] == [v.code for v in eager.verdict.values]
        # a block is another length, and vector instructions may round its last digit otherwise
        np.testing.assert_allclose(flat(row, result), flat(row, eager), rtol=1e-13)


@pytest.mark.parametrize("row", ROWS)
class TestInputs:
    def test_a_multi_index_survives(self, row):
        index = pd.MultiIndex.from_product([["a"], LABELS], names=["year", "region"])
        result = call(row, series(row, index))
        for value in fields(row, result):
            pd.testing.assert_index_equal(value.index, index)

    def test_permuting_the_data_permutes_the_result(self, row):
        order = np.array([3, 0, 4, 1, 2])
        data = arrays(row)
        shuffled = {name: values[order] for name, values in data.items()}
        np.testing.assert_array_equal(
            flat(row, call(row, shuffled)), flat(row, call(row, data))[:, order]
        )

    def test_inputs_are_not_changed(self, row):
        for make in (arrays, series, frames, data_arrays):
            data = make(row)
            before = copy.deepcopy(data)
            call(row, data)
            for name in data:
                assert np.array_equal(np.asarray(data[name]), np.asarray(before[name]))
                assert data[name].dtype == before[name].dtype if make is arrays else True

    @pytest.mark.parametrize("dtype", ["uint16", "int32", "float32", "float64", "Int64"])
    def test_dtypes_of_counts_make_no_difference(self, row, dtype):
        data = series(row)
        cast = {n: v if n in row.shares else v.astype(dtype) for n, v in data.items()}
        np.testing.assert_array_equal(flat(row, call(row, cast)), flat(row, call(row, data)))

    def test_unsigned_counts_do_not_wrap(self, row):
        if row.shares and len(row.shares) == len(row.data):
            pytest.skip("takes no counts")
        top = {
            n: np.minimum(np.asarray(v), 200) for n, v in row.data.items() if n not in row.shares
        }
        rest = {n: np.asarray(v) for n, v in row.data.items() if n in row.shares}
        small = {n: v.astype(np.uint8) for n, v in top.items()}
        np.testing.assert_array_equal(
            flat(row, call(row, {**small, **rest})), flat(row, call(row, {**top, **rest}))
        )

    def test_lists_and_polars_are_taken_as_arrays_and_series(self, row):
        pl = pytest.importorskip("polars")
        expected = flat(row, call(row, arrays(row)))
        lists = {n: list(v) for n, v in row.data.items()}
        np.testing.assert_array_equal(flat(row, call(row, lists)), expected)
        columns = {n: pl.Series(n, list(v)) for n, v in row.data.items()}
        result = call(row, columns)
        assert isinstance(fields(row, result)[0], pd.Series)
        np.testing.assert_array_equal(flat(row, result), expected)

    def test_labels_in_another_order_are_refused(self, row):
        data = series(row)
        last = list(data)[-1]
        data[last] = data[last].iloc[::-1]
        with pytest.raises(LabelMismatchError, match="another order"):
            call(row, data)

    def test_other_labels_are_refused(self, row):
        data = series(row)
        last = list(data)[-1]
        data[last] = data[last].rename({"Wales": "Cymru"})
        with pytest.raises(LabelMismatchError, match=r"only in .*: 'Wales'; only in .*: 'Cymru'"):
            call(row, data)

    def test_other_years_are_refused(self, row):
        """Coordinates without a dimension, as .sel leaves them, must agree too."""
        data = {n: v.assign_coords(year=2020) for n, v in data_arrays(row).items()}
        call(row, data)
        last = list(data)[-1]
        data[last] = data[last].assign_coords(year=2021)
        with pytest.raises(LabelMismatchError, match="coordinate 'year'"):
            call(row, data)

    def test_renaming_the_index_of_the_data_leaves_the_result(self, row):
        data = series(row)
        result = call(row, data)
        first = data[next(iter(data))]
        first.index.name = "another name"
        assert fields(row, result)[0].index.name == "region"

    def test_pandas_beside_a_data_array_is_refused(self, row):
        data = data_arrays(row)
        last = list(data)[-1]
        data[last] = pd.Series(list(row.data[last]), index=LABELS)
        with pytest.raises(InputTypeError, match=r"to_xarray\(\)"):
            call(row, data)

    @pytest.mark.parametrize(
        ("bad", "message"),
        [
            (np.nan, "missing|finite|share"),
            (-1, "negative|at least 0|above 0|share"),
            (np.inf, "finite|share|at most"),
            (True, "numeric|bool|number"),
            ("7", "'7'"),
            (None, "None"),
            ([], "non-empty"),
            ({"a": 1}, "a dict"),
            (np.datetime64("2024-03-31"), "dates|datetime"),
            (3 + 4j, "complex"),
        ],
    )
    def test_bad_values_are_refused_and_the_argument_is_named(self, row, bad, message):
        for name in row.data:
            if bad is np.inf and name == "ratio" and row.name == "rate_to_representation_ratio":
                continue  # an infinite rate ratio has a representation ratio: 1 / benchmark
            one = {n: v[0] for n, v in row.data.items()}
            with pytest.raises(InputError, match=message) as caught:
                call(row, {**one, name: bad})
            assert f"`{name}`" in str(caught.value)

    def test_fractional_counts_are_refused(self, row):
        for name in row.data:
            if name in row.shares + row.measures:
                continue
            one = {n: v[0] for n, v in row.data.items()}
            with pytest.raises(InputError, match=f"`{name}` must be a whole number"):
                call(row, {**one, name: 2.5})

    def test_the_first_offenders_are_named_and_counted(self, row):
        name = next((n for n in row.data if n not in row.shares), None)
        if name is None:
            pytest.skip("takes no counts")
        data = series(row)
        data[name] = pd.Series([-1.0] * 4 + [1.0], index=data[name].index)
        with pytest.raises(InputError, match="'North', 'South', 'East'; 4 of 5 values"):
            call(row, data)

    def test_unknown_options_list_the_valid_ones(self, row):
        if "method" not in inspect.signature(row.function).parameters:
            pytest.skip("has no method")
        one = {n: v[0] for n, v in row.data.items()}
        with pytest.raises(InputError, match=r"`method` must be one of '.*', got 'magic'"):
            call(row, one, method="magic")


@pytest.mark.parametrize("row", ESTIMATE_ROWS)
class TestResults:
    def test_a_result_can_be_pickled_copied_and_compared(self, row):
        for make in (arrays, series, frames, data_arrays):
            result = call(row, make(row))
            for again in (pickle.loads(pickle.dumps(result)), copy.deepcopy(result)):
                assert again.identical(result)
        other = {name: values[::-1] for name, values in arrays(row).items()}
        assert not call(row, other).identical(call(row, arrays(row)))

    def test_a_result_that_waits_for_dask_can_be_pickled(self, row):
        lazy = {n: v.chunk({"region": 2}) for n, v in data_arrays(row).items()}
        again = pickle.loads(pickle.dumps(call(row, lazy)))
        assert again.is_lazy
        np.testing.assert_allclose(
            flat(row, again.compute()), flat(row, call(row, data_arrays(row))), rtol=1e-13
        )

    def test_it_can_be_cited(self, row):
        result = call(row, {n: v[0] for n, v in row.data.items()})
        assert result.references
        assert "https://doi.org/" in result.cite() or "(19" in result.cite()
        assert result.cite("bibtex").count("@") == len(result.references) + 1

    def test_frames_are_tidy_and_can_be_put_together(self, row):
        tidy = ["estimate", "standard_error", "low", "high"]
        tidy += ["level", "interval_kind", "method", "n"]
        parts = [call(row, make(row)).to_frame() for make in (series, frames, data_arrays)]
        assert list(parts[0].columns) == ["region", *tidy]
        assert list(parts[1].columns) == ["index", "column", *tidy]
        assert list(parts[2].columns) == ["region", *tidy]
        assert len(pd.concat(parts)) == 5 + 10 + 5
        one = call(row, {n: v[0] for n, v in row.data.items()}).to_frame()
        assert list(one.columns) == tidy
        assert len(one) == 1

    def test_strict_json(self, row):
        for make in (arrays, series, frames, data_arrays):
            text = json.dumps(call(row, make(row)).to_dict(), allow_nan=False)
            assert json.loads(text)["kind"] in ("Estimate", "PopulationEstimate")

    def test_arrays_cannot_be_written_to(self, row):
        result = call(row, arrays(row))
        with pytest.raises(ValueError, match="read-only"):
            result.estimate[0] = 1.0

    def test_a_higher_level_gives_a_wider_interval(self, row):
        narrow, wide = (call(row, arrays(row), level=level) for level in (0.8, 0.99))
        assert np.all(wide.low <= narrow.low)
        assert np.all(wide.high >= narrow.high)

    def test_one_sided_intervals_reach_the_end_of_the_range(self, row):
        if "alternative" not in inspect.signature(row.function).parameters:
            pytest.skip("has no sides")
        if not row.paired:
            pytest.skip("two-sided limits are at a level of their own")
        both = call(row, arrays(row), level=0.9)
        above = call(row, arrays(row), level=0.95, alternative="greater")
        below = call(row, arrays(row), level=0.95, alternative="less")
        np.testing.assert_allclose(above.low, both.low, rtol=1e-9)
        np.testing.assert_allclose(below.high, both.high, rtol=1e-9)
        assert np.all(above.high >= both.high)
        assert np.all(below.low <= both.low)

    def test_the_test_agrees_with_the_interval(self, row):
        if not row.testable:
            pytest.skip("tests nothing")
        result = call(row, {n: v[-1] for n, v in row.data.items()}, level=0.9)
        for end, sign in ((result.low, -1), (result.high, 1)):
            outside, inside = (end + way * 1e-6 * abs(end) for way in (sign, -sign))
            assert result.test(null=outside).pvalue < 0.1 + 1e-9
            assert result.test(null=inside).pvalue > 0.1 - 1e-9
        words = result.test(null=row.null, alternative="greater")
        assert "is at most" in words.null_hypothesis
        assert 0 <= words.pvalue <= 1

    def test_it_reads_well_in_every_markup(self, row):
        for make in (arrays, series, frames, data_arrays):
            result = call(row, make(row))
            for format in ("text", "markdown", "html", "latex"):
                assert result.quantity.lower() in result.summary(format).lower()
            assert "\n" not in repr(result)
            assert result._repr_html_().startswith("<div")

    def test_data_set_round_trip(self, row, tmp_path):
        data = call(row, data_arrays(row)).to_xarray()
        path = tmp_path / "result.nc"
        data.to_netcdf(path, engine="scipy")
        with xr.open_dataset(path, engine="scipy") as again:
            np.testing.assert_array_equal(again.estimate.values, data.estimate.values)


def test_warnings_point_at_the_line_of_the_user():
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        cl.prevalence.proportion(0, 0)
    assert [str(w.filename) for w in caught] == [__file__]
