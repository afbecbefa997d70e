"""Hidden counts: brute force of what can be worked out, what stays printed, what is refused."""

from __future__ import annotations

import itertools

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from countylines._kernels import cell_suppression as kernel
from countylines.disproportionality import hidden_ranges, suppress, suppress_estimates
from countylines.errors import ConvergenceError, InputError, InputTypeError
from countylines.prevalence import proportion

PEOPLE = pd.DataFrame(
    {"Black": [3, 40, 12], "White": [52, 61, 9], "Asian": [11, 8, 20]},
    index=["North", "Mid", "South"],
)
ALONE = pd.Series([None, 52, 11, 66], index=["Black", "White", "Asian", "total"])


def compatible(printed, lowest, highest):
    """All tables that agree with a printed 2 x 2 table with totals, by trying every one."""
    base = printed[:-1, :-1].ravel()
    choices = [
        np.arange(lowest, highest + 1) if np.isnan(value) else np.array([value]) for value in base
    ]
    a, b, c, d = (grid.ravel() for grid in np.meshgrid(*choices))
    cells = [a, b, a + b, c, d, c + d, a + c, b + d, a + b + c + d]
    tables = np.stack(cells, axis=1).reshape(-1, 3, 3)
    hidden = np.isnan(printed)
    agrees = (hidden | (tables == printed)) & (~hidden | (tables >= lowest))
    return tables[agrees.all(axis=(1, 2))]


@settings(max_examples=40)
@given(arrays(np.int64, (2, 2), elements=st.integers(0, 9)), st.sampled_from(["show", "hide"]))
def test_every_small_count_may_be_anything_below_the_threshold(table, zeros):
    """Brute force: the tables that agree hold every small value, not only the ends."""
    below, lowest = 4, 0 if zeros == "hide" else 1
    printed = suppress(table, below=below, zeros=zeros)
    whole = kernel.extended(table.astype(float))
    found = compatible(printed, lowest, 20)
    small = (whole >= lowest) & (whole < below)
    assert np.isnan(printed[small]).all()
    least = kernel.extended((table >= lowest) * float(lowest))
    for cell in np.argwhere(small):
        seen = set(found[(slice(None), *cell)])
        assert seen >= set(np.arange(least[tuple(cell)], below)), (table, cell)


@settings(max_examples=40)
@given(arrays(np.int64, (2, 3), elements=st.integers(0, 9)), st.sampled_from(["show", "hide"]))
def test_what_is_printed_is_true(table, zeros):
    printed = suppress(table, zeros=zeros)
    whole = kernel.extended(table.astype(float))
    kept = ~np.isnan(printed)
    assert (printed[kept] == whole[kept]).all()


@settings(max_examples=25)
@given(arrays(np.int64, (2, 2), elements=st.integers(1, 9)), st.integers(0, 2**9 - 1))
def test_ranges_by_brute_force(table, pattern):
    whole = kernel.extended(table.astype(float))
    hide = np.array([pattern >> i & 1 for i in range(9)], dtype=bool).reshape(3, 3)
    hide[2, 2] = False  # the total bounds every range
    printed = np.where(hide, np.nan, whole)
    found = compatible(printed, 1, 30)
    ranges = hidden_ranges(printed)
    assert len(ranges) == hide.sum()
    for row in ranges.itertuples(index=False):
        values = found[:, row[0], row[1]]
        assert (row.low, row.high) == (values.min(), values.max())
    if hide.any():
        counted = len({tuple(t[hide]) for t in found})
        assert ranges.attrs["tables"] == min(counted, 1000)


def test_three_dimensions_are_protected():
    rng = np.random.default_rng(1)
    for _ in range(3):
        table = rng.poisson(4, (3, 2, 3))
        printed = suppress(table)
        ranges = hidden_ranges(printed)
        whole = kernel.extended(table.astype(float))
        least = kernel.extended((table > 0).astype(float))
        for row in ranges.itertuples(index=False):
            true = whole[row[:3]]
            assert row.low <= true <= row.high
            if true < 5:
                assert row.low <= least[row[:3]]
                assert row.high >= 4


def test_one_hidden_cell_is_known():
    found = hidden_ranges(ALONE)
    assert found.loc[0, ["low", "high"]].tolist() == [3, 3]
    assert bool(found.loc[0, "known"])
    assert (found.attrs["tables"], found.attrs["tables_counted"]) == (1, True)


def test_a_small_count_takes_three_others_with_it():
    printed = suppress(PEOPLE)
    assert printed.isna().sum().sum() == 4
    assert printed.loc["North"].isna().sum() == 2
    assert printed.loc["total", "total"] == 216


def test_a_table_without_small_counts_is_printed_whole():
    printed = suppress(PEOPLE + 5)
    assert not printed.isna().any().any()
    assert hidden_ranges(printed).empty


def test_zeros():
    table = pd.DataFrame({"a": [0, 30], "b": [20, 40]}, index=["x", "y"])
    assert not suppress(table).isna().any().any()
    hidden = suppress(table, zeros="hide")
    assert hidden.loc["x"].isna().sum() == 2


def test_without_totals_only_small_counts_are_hidden():
    printed = suppress(PEOPLE, totals=False)
    assert printed.isna().sum().sum() == 1
    assert printed.shape == PEOPLE.shape


def test_the_threshold_is_the_reader_s():
    assert suppress(PEOPLE, below=3).isna().sum().sum() == 0
    assert suppress(PEOPLE, below=10).isna().sum().sum() > 4


@pytest.mark.parametrize("size", [1, 5])
def test_series(size):
    series = pd.Series([2, 30, 40, 50, 60][:size], index=list("abcde")[:size])
    printed = suppress(series)
    assert list(printed.index) == [*series.index, "total"]
    assert printed.isna().sum() == 2
    assert str(printed.dtype) == "Int64"


def test_kinds_keep_their_labels():
    array = suppress(PEOPLE.to_numpy())
    frame = suppress(PEOPLE)
    cube = suppress(xr.DataArray(PEOPLE, dims=("region", "group")))
    np.testing.assert_array_equal(array, frame.astype("float64").to_numpy())
    np.testing.assert_array_equal(array, cube.to_numpy())
    assert list(cube["region"].values) == ["North", "Mid", "South", "total"]
    assert "group" in hidden_ranges(cube).columns
    rows = pd.MultiIndex.from_tuples([("N", 1), ("N", 2), ("S", 1)], names=["region", "role"])
    many = suppress(PEOPLE.set_axis(rows))
    assert many.index[-1] == ("total", "")


def test_an_interval_gives_the_count_away():
    """Of all counts out of 20 one alone has these limits, so they are to be hidden with it."""
    hidden = proportion(3, 20)
    limits = [(proportion(k, 20).low, proportion(k, 20).high) for k in range(21)]
    assert [k for k in range(21) if limits[k] == (hidden.low, hidden.high)] == [3]


def test_estimates_are_hidden_with_their_counts():
    counts = pd.Series([2, 14, 30, 9], index=list("ABCD"))
    frame = proportion(counts, pd.Series([20, 60, 90, 40], index=counts.index)).to_frame()
    frame = frame.set_index("index")
    found = suppress_estimates(frame, counts)
    assert found["suppressed"].tolist() == [True, False, False, True]
    numbers = found.select_dtypes("number")
    assert numbers.loc[["A", "D"]].isna().all().all()
    pd.testing.assert_frame_equal(
        numbers.loc[["B", "C"]],
        frame.loc[["B", "C"], numbers.columns].astype("float64"),
    )
    assert frame["estimate"].notna().all()  # the table given is left as it was
    alone = suppress_estimates(frame, counts, totals=False)
    assert alone["suppressed"].tolist() == [True, False, False, False]


def test_words_that_tell_a_count_are_hidden_with_it():
    counts = pd.Series([0, 14, 30], index=list("ABC"))
    frame = pd.DataFrame(
        {
            "verdict": ["hidden-zero", "ok", "ok"],
            "number": np.array([0, 14, 30], dtype=object),
            "sparse": [True, False, False],
            "method": "mid-p",
        },
        index=counts.index,
    )
    found = suppress_estimates(frame, counts, zeros="hide")
    assert found["suppressed"].tolist() == [True, True, False]
    for name in ("verdict", "number", "sparse"):
        assert found[name].isna().tolist() == [True, True, False]
    assert found["method"].tolist() == ["mid-p"] * 3
    assert found.loc["C", "verdict"] == "ok"


def test_one_small_value_cannot_be_hidden():
    """Hidden, not 0 and below 2 is 1."""
    with pytest.raises(InputError, match="`below` must be a whole number of at least 3, got 2"):
        suppress([2, 1], below=2)
    printed = suppress([2, 1, 9], below=2, zeros="hide")
    assert not hidden_ranges(printed, zeros="hide")["known"].any()


def test_the_choice_of_cells_tells_as_much_as_is_said():
    """A reader who runs the rule over all tables of three counts of up to 14 in all."""
    seen = {}
    for table in itertools.product(range(15), repeat=3):
        if sum(table) <= 14:
            whole = kernel.extended(np.array(table, dtype=float))
            hidden = kernel.protected(whole, 5, 1)
            seen.setdefault(tuple(np.where(hidden, -1, whole)), []).append(table)
    left = [
        {other[place] for other in tables}
        for printed, tables in seen.items()
        for table in tables
        for place in range(3)
        if printed[place] == -1 and 0 < table[place] < 5
    ]
    assert len(left) == 1020
    assert sum(len(values) == 1 for values in left) == 3
    assert sum(not values >= {1, 2, 3, 4} for values in left) == 198


def test_an_answer_that_does_not_add_up_is_refused(monkeypatch):
    solve = kernel.milp

    def wrong(*args, **options):
        found = solve(*args, **options)
        found.x = found.x + 1
        return found

    monkeypatch.setattr(kernel, "milp", wrong)
    with pytest.raises(ConvergenceError, match="could not be solved exactly"):
        hidden_ranges(ALONE)
    with pytest.raises(ConvergenceError, match="could not be solved exactly"):
        suppress(PEOPLE)


def test_a_table_that_cannot_be_protected_says_so(monkeypatch):
    def fail(*args):
        raise kernel.UnprotectedError("no way")

    monkeypatch.setattr(kernel, "protected", fail)
    with pytest.raises(ConvergenceError, match="Merge categories"):
        suppress(PEOPLE)


@pytest.mark.parametrize(
    ("make", "error", "words"),
    [
        (lambda: suppress([1, -2]), InputError, "`table` must be a whole number"),
        (lambda: suppress([1.5, 2]), InputError, "Pass the counts themselves"),
        (lambda: suppress([1, np.nan]), InputError, "missing values first"),
        (lambda: suppress([]), InputError, "`table` must be non-empty"),
        (lambda: suppress(5), InputTypeError, "`table` must be a table of counts"),
        (lambda: suppress([True, False]), InputTypeError, "`table` must be numeric"),
        (lambda: suppress(PEOPLE, below=1), InputError, "`below` must be"),
        (lambda: suppress(PEOPLE, zeros="drop"), InputError, "`zeros` must be one of"),
        (lambda: suppress(PEOPLE, totals="no"), InputError, "`totals` must be"),
        (lambda: suppress(ALONE.fillna(3)), InputError, "the label 'total' in label"),
        (lambda: hidden_ranges([5]), InputError, "`table` must be a table with totals"),
        (
            lambda: hidden_ranges(pd.Series([None, 9, 5])),
            InputError,
            "whose lines can add up to their totals",
        ),
        (lambda: hidden_ranges(pd.Series(["a", "b"])), InputTypeError, "missing where hidden"),
        (
            lambda: suppress_estimates(ALONE, ALONE),
            InputTypeError,
            "`estimates` must be a DataFrame",
        ),
        (
            lambda: suppress_estimates(PEOPLE, [1, 2, 3]),
            InputTypeError,
            "`counts` must be a Series",
        ),
        (
            lambda: suppress_estimates(PEOPLE, pd.Series([1, 2, 3])),
            InputError,
            "`counts` must be labelled as",
        ),
    ],
)
def test_bad_arguments(make, error, words):
    with pytest.raises(error, match=words):
        make()
