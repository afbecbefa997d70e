"""Small counts hidden in tables, so that what is printed does not give them away."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray

from countylines import _kinds, _validate
from countylines._kernels import cell_suppression as kernel
from countylines._kernels import whole_programme
from countylines.errors import ConvergenceError, InputError, InputTypeError

FloatArray = NDArray[np.float64]

REFERENCES = ("fischetti2001", "hundepool2012")
TOTAL = "total"
ZEROS = ("show", "hide")
COUNTED = 1_000
NODES = 20_000


def suppress(table: Any, *, below: int = 5, zeros: str = "show", totals: bool = True) -> Any:
    r"""Hide small counts of a table, and as many others as keep them from being worked out.

    It answers: which cells can be printed? A count that is hidden alone in its row is the total
    less the others, so further cells are hidden until every small count may have been anything
    below the threshold. It does not protect against what readers know from elsewhere, such as the
    same table for another year, or totals of a grouping that is not in the table.

    Parameters
    ----------
    table : DataFrame, Series, DataArray or array_like
        Counts, whole numbers, without totals. Of any number of dimensions as a DataArray or array.
    below : int, default 5
        Counts from 1 (or 0) to below this are small; at least 3, or 2 if zeros are hidden.
    zeros : {"show", "hide"}, default "show"
        Whether 0 is printed. If it is, a reader knows that no hidden count is 0.
    totals : bool, default True
        Whether totals along every dimension are printed: they are put into the result, hidden where
        they are small or needed. False only if they are printed nowhere.

    Returns
    -------
    DataFrame, Series, DataArray or ndarray
        The table with its totals, under the label ``"total"``, as the last of each dimension; a
        hidden count is missing (``<NA>`` in whole numbers of pandas, nan elsewhere). Small and
        other hidden counts look alike. ``attrs`` has the rule in words.

    Raises
    ------
    InputError
        If a count is no count, the table is empty, a label is ``"total"``, or `below` leaves a
        hidden count one value only.
    ConvergenceError
        If no choice of cells was found to protect a count, or the solver's answer does not add up
        exactly.

    See Also
    --------
    hidden_ranges : what can be worked out of a printed table.
    suppress_estimates : the same for estimates and limits, which reveal counts as well.

    Notes
    -----
    A small count :math:`x_c` is protected when two tables of whole numbers agree with all that is
    printed, one with :math:`x_c` at 1 (or 0; a total at as much for each cell in it that is not
    printed as 0) and one with it at the threshold less 1. For one small count after the other the
    moves :math:`z` to such tables are sought that cost least,

    .. math:: \min \sum_c w_c |z_c| \quad \text{with all lines adding up to their totals,}

    :math:`w_c` being the logarithm of the count plus 1, three times as much for each dimension that
    a total adds over, and next to nothing for hidden cells; what moves is hidden. The ranges of all
    small counts are then checked [1]_. It hides few cells, not always the fewest.

    The assumption that fails in practice is that nothing else is known: a person counted may know
    their own cell, and last year's total may be in print [2]_. The choice of cells tells as well:
    whoever runs this rule over every table that agrees can drop those of which it hides other
    cells. Of three counts of up to 14 in all, with the rule as it is by default, that leaves 3 of
    1,020 small counts one value only, and takes some value away from 195.

    References
    ----------
    .. [1] Fischetti, M. and Salazar, J. J. (2001). Solving the cell suppression problem on tabular
       data with linear constraints. *Management Science* 47, 1008-1027.
       https://doi.org/10.1287/mnsc.47.7.1008.9805
    .. [2] Hundepool, A. et al. (2012). *Statistical Disclosure Control*. Wiley.
       https://doi.org/10.1002/9781118348239

    Examples
    --------
    A *made-up* table of people by region and group:

    >>> import pandas as pd
    >>> people = pd.DataFrame(
    ...     {"Black": [3, 40, 12], "White": [52, 61, 9], "Asian": [11, 8, 20]},
    ...     index=["North", "Mid", "South"],
    ... )
    >>> cl.disproportionality.suppress(people)
           Black  White  Asian  total
    North   <NA>     52   <NA>     66
    Mid       40     61      8    109
    South   <NA>      9   <NA>     41
    total     55    122     39    216

    Only the 3 is small. Alone it would be 66 less 52 and 11; with three others hidden it may be
    anything from 1 up, so the table no longer says who is alone in the North.
    """
    zeros = _validate.option("zeros", zeros, ZEROS)
    # below 2 and not 0 is 1: hidden, it would be known
    below = _validate.whole_number("below", below, low=2 if zeros == "hide" else 3)
    totals = _validate.flag("totals", totals)
    ready = _kinds.accept("table", table)
    values = np.asarray(ready, dtype=np.float64)
    if values.ndim == 0:
        raise InputTypeError(_validate.sentence("table", "a table of counts", "one number"))
    _validate.counts("table", values)
    _refuse_total(ready)
    lowest = 0 if zeros == "hide" else 1
    if not totals:
        hidden = (values >= lowest) & (values < below)
        return _like(ready, np.where(hidden, np.nan, values), below, zeros, totals=False)
    whole = kernel.extended(values)
    try:
        hidden = kernel.protected(whole, below, lowest)
    except kernel.UnprotectedError as problem:
        raise ConvergenceError(
            f"No choice of cells was found that protects every small count ({problem}). Merge "
            "categories, or print the table without totals (totals=False)."
        ) from None
    except whole_programme.InexactError as problem:
        raise _inexact(problem) from None
    return _like(ready, np.where(hidden, np.nan, whole), below, zeros, totals=True)


def hidden_ranges(table: Any, *, zeros: str = "show") -> pd.DataFrame:
    r"""What a reader can work out of the hidden counts of a printed table with totals.

    It answers: how small and how large can each hidden count be, given all that is printed? It is
    how :func:`suppress` checks its work, and how to check somebody else's table.

    Parameters
    ----------
    table : DataFrame, Series, DataArray or array_like
        The table with its totals as the last entry of each dimension; hidden counts are missing.
    zeros : {"show", "hide"}, default "show"
        Whether counts of 0 are printed, so that no hidden count is 0.

    Returns
    -------
    DataFrame
        One row a hidden count, with its labels, ``low``, ``high`` (infinite if nothing bounds it)
        and ``known`` (whether they are equal). ``attrs["tables"]`` counts the tables of whole
        numbers that agree with what is printed, up to 1,000, and ``attrs["tables_counted"]`` says
        whether that is all of them.

    Raises
    ------
    InputError
        If a number is no count, or no whole numbers agree with what is printed.
    ConvergenceError
        If the solver's answer does not add up exactly.

    See Also
    --------
    suppress : to hide counts.

    Notes
    -----
    The range of a hidden count is

    .. math:: \min x_c, \; \max x_c \quad \text{such that all lines add up to their totals,}

    by linear programming, exact for whole numbers in one and two dimensions, and by integer
    programming in more [1]_. The assumption that fails in practice is that readers know no more.

    References
    ----------
    .. [1] Fischetti, M. and Salazar, J. J. (2001). Solving the cell suppression problem on tabular
       data with linear constraints. *Management Science* 47, 1008-1027.
       https://doi.org/10.1287/mnsc.47.7.1008.9805

    Examples
    --------
    A *made-up* row of which one count is hidden, beside its total:

    >>> import pandas as pd
    >>> row = pd.Series([None, 52, 11, 66], index=["Black", "White", "Asian", "total"])
    >>> cl.disproportionality.hidden_ranges(row)
      label  low  high  known
    0 Black  3.0   3.0   True

    The hidden count is 3: one hidden cell in a row with a total is no secret.
    """
    zeros = _validate.option("zeros", zeros, ZEROS)
    given, names = _printed(table)
    lowest = 0 if zeros == "hide" else 1
    shape, flat = given.shape, given.ravel()
    try:
        low, high = kernel.ranges(flat, shape, lowest)
    except kernel.UnprotectedError:
        raise InputError(
            _validate.sentence(
                "table",
                "a table whose lines can add up to their totals",
                "one in which they cannot",
                remedy="Check that totals come last, and whether zeros are hidden.",
            )
        ) from None
    except whole_programme.InexactError as problem:
        raise _inexact(problem) from None
    rows, hidden = kernel.constraints(flat, shape)
    where = np.unravel_index(hidden, shape)
    frame = pd.DataFrame(
        {
            name: [labels[i] for i in place]
            for (name, labels), place in zip(names, where, strict=True)
        }
    )
    frame["low"], frame["high"], frame["known"] = low, high, low == high
    many, all_of_them = _tables(rows, low, high)
    frame.attrs.update(tables=many, tables_counted=all_of_them, references=REFERENCES[:1])
    return frame


def suppress_estimates(
    estimates: pd.DataFrame,
    counts: pd.Series,
    *,
    below: int = 5,
    zeros: str = "show",
    totals: bool = True,
) -> pd.DataFrame:
    """Hide the numbers of a table of estimates where the counts behind them are hidden.

    It answers: which rows of a table of rates, ratios or shares can be printed? An estimate with
    its limits gives the count away: a mid-P interval of a share belongs to one count and one total.
    Hiding the count and printing the interval hides nothing.

    Parameters
    ----------
    estimates : DataFrame
        One row an estimate, such as ``Estimate.to_frame()`` gives.
    counts : Series
        The count behind each row, with the same index.
    below : int, default 5
        Counts from 1 (or 0) to below this are small; at least 3, or 2 if zeros are hidden.
    zeros : {"show", "hide"}, default "show"
        Whether a count of 0 is printed.
    totals : bool, default True
        Whether the total of the counts is printed or known.

    Returns
    -------
    DataFrame
        The table with every number missing in the rows whose count is hidden, and all else that is
        not the same in every row, for a verdict or note can tell a count. A column ``suppressed``
        says which rows. Labels of rows belong in the index.

    Raises
    ------
    InputTypeError
        If `estimates` is no DataFrame or `counts` no Series.
    InputError
        If their indexes differ, or a count is no count.

    See Also
    --------
    suppress : the rule.

    Notes
    -----
    Rows are hidden by :func:`suppress` applied to `counts` [1]_, so other rows than the small ones
    are hidden as well where the total of the counts is known. Totals of the rows are not added. The
    assumption that fails in practice is that no other table has the same counts. In symbols, the
    row is printed if

    .. math:: x_c \\text{ is printed by suppress}(x) .

    References
    ----------
    .. [1] Hundepool, A. et al. (2012). *Statistical Disclosure Control*. Wiley.
       https://doi.org/10.1002/9781118348239

    Examples
    --------
    *Made-up* counts in four areas:

    >>> import pandas as pd
    >>> areas = ["A", "B", "C", "D"]
    >>> count = pd.Series([2, 14, 30, 9], index=areas)
    >>> share = cl.prevalence.proportion(count, pd.Series([20, 60, 90, 40], index=areas))
    >>> frame = share.to_frame().set_index("index")
    >>> cl.disproportionality.suppress_estimates(frame, count)["estimate"].round(3).to_dict()
    {'A': nan, 'B': 0.233, 'C': 0.333, 'D': nan}

    Area A is small, and D goes with it, for with B, C and the total of all counts printed A would
    be known.
    """
    if not isinstance(estimates, pd.DataFrame):
        raise InputTypeError(
            _validate.sentence("estimates", "a DataFrame", type(estimates).__name__)
        )
    if not isinstance(counts, pd.Series):
        raise InputTypeError(_validate.sentence("counts", "a Series", type(counts).__name__))
    if not estimates.index.equals(counts.index):
        raise InputError(_validate.sentence("counts", "labelled as `estimates`", "another index"))
    kept = suppress(counts, below=below, zeros=zeros, totals=totals)
    hidden = kept.isna().to_numpy()[: len(counts)]
    frame = estimates.copy()
    for name in frame.columns:
        column = frame[name]
        if pd.api.types.is_numeric_dtype(column) and column.dtype != bool:
            frame[name] = column.astype("float64").where(~hidden)
        elif column.astype(str).nunique() > 1:
            frame[name] = column.astype(object).where(~hidden)
    frame["suppressed"] = hidden
    return frame


def _inexact(problem: Exception) -> ConvergenceError:
    return ConvergenceError(
        f"The range of a hidden count could not be solved exactly ({problem}). Merge categories."
    )


def _refuse_total(ready: Any) -> None:
    for name, labels in _axes(ready):
        if TOTAL in list(labels):
            raise InputError(
                _validate.sentence(
                    "table",
                    "without totals",
                    f"the label 'total' in {name}",
                    remedy="Leave totals out: they are added.",
                )
            )


def _axes(ready: Any) -> list[tuple[str, Any]]:
    """Name and labels of each dimension."""
    if isinstance(ready, xr.DataArray):
        return [
            (str(dim), ready.indexes[dim] if dim in ready.indexes else range(ready.sizes[dim]))
            for dim in ready.dims
        ]
    if isinstance(ready, pd.DataFrame):
        return [
            (str(ready.index.name or "row"), ready.index),
            (str(ready.columns.name or "column"), ready.columns),
        ]
    if isinstance(ready, pd.Series):
        return [(str(ready.index.name or "label"), ready.index)]
    return [(f"axis {axis}", range(size)) for axis, size in enumerate(np.shape(ready))]


def _printed(table: Any) -> tuple[FloatArray, list[tuple[str, Any]]]:
    """Values with nan where hidden, and the labels of each dimension."""
    if isinstance(table, (pd.Series, pd.DataFrame)):
        try:
            given = np.asarray(
                table.astype("Float64").to_numpy(dtype=np.float64, na_value=np.nan),
                dtype=np.float64,
            )
        except (TypeError, ValueError):
            raise InputTypeError(
                _validate.sentence("table", "counts, or missing where hidden", "other values")
            ) from None
        axes = _axes(table)
    else:
        ready = _kinds.accept("table", table)
        given, axes = np.asarray(ready, dtype=np.float64), _axes(ready)
    if given.ndim == 0 or min(given.shape) < 2:
        raise InputError(_validate.sentence("table", "a table with totals", f"shape {given.shape}"))
    _validate.counts("table", given[~np.isnan(given)])
    return given, axes


def _tables(rows: Any, low: FloatArray, high: FloatArray) -> tuple[int, bool]:
    """How many tables agree, up to a limit, and whether that is all."""
    if np.isinf(high).any():
        return COUNTED, False
    box = [(int(a), int(b)) for a, b in zip(low, high, strict=True)]
    try:
        return len(whole_programme.every(rows, box, most=COUNTED, nodes=NODES)), True
    except whole_programme.TooManyError:
        return COUNTED, False


def _like(ready: Any, values: FloatArray, below: int, zeros: str, *, totals: bool) -> Any:
    """The result, of the kind of the table."""
    hidden = "1" if zeros == "show" else "0"
    rule = f"Counts from {hidden} to {below - 1} are hidden" + (
        ", and others so that they cannot be worked out." if totals else "."
    )
    attrs = {"rule": rule, "references": REFERENCES}
    if isinstance(ready, xr.DataArray):
        coords = {
            dim: [*ready.indexes[dim], TOTAL] if totals else ready.indexes[dim]
            for dim in ready.dims
            if dim in ready.indexes
        }
        return xr.DataArray(values, coords=coords, dims=ready.dims, attrs=attrs, name=ready.name)
    if isinstance(ready, pd.DataFrame):
        index, columns = ready.index, ready.columns
        if totals:
            index, columns = _with_total(index), _with_total(columns)
        frame = pd.DataFrame(values, index=index, columns=columns).astype("Int64")
        frame.attrs.update(attrs)
        return frame
    if isinstance(ready, pd.Series):
        index = _with_total(ready.index) if totals else ready.index
        series = pd.Series(values, index=index, name=ready.name).astype("Int64")
        series.attrs.update(attrs)
        return series
    return values


def _with_total(index: pd.Index) -> pd.Index:
    if isinstance(index, pd.MultiIndex):
        last = (TOTAL, *[""] * (index.nlevels - 1))
        return pd.MultiIndex.from_tuples([*index, last], names=index.names)
    return pd.Index([*index, TOTAL], name=index.name)
