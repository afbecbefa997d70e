"""For those who build on countylines: random valid data, and assertions on results.

Strategies of hypothesis make data that every estimator must take, zeros and ties among them;
assertions say which field of a result differs, and how far a simulated coverage may lie from its
level by chance alone. Strategies need ``pip install "countylines[test]"``.
"""

from __future__ import annotations

import dataclasses
import itertools
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import betaincinv

from countylines import _frames, _validate
from countylines._typing import ArrayLike
from countylines.errors import InputError, missing_extra

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy

__all__ = [
    "Coverage",
    "assert_covers",
    "assert_identical",
    "capture_cells",
    "counts_of_totals",
    "label_indexes",
    "rate_tables",
]

IntArray = NDArray[np.int64]
LONGEST = 8


class Coverage(NamedTuple):
    """How often intervals covered the truth, and what chance alone leaves open.

    Attributes
    ----------
    covered : float
        Share of the simulated intervals that hold the truth.
    band_low, band_high : float
        Exact limits of the true coverage, given the number of simulations.
    simulations : int
        How many intervals there were.
    """

    covered: float
    band_low: float
    band_high: float
    simulations: int


def _strategies() -> Any:
    try:
        from hypothesis import strategies
    except ImportError as error:
        raise missing_extra("countylines.testing", "hypothesis", "test") from error
    return strategies


def counts_of_totals(
    *, length: int | None = None, largest: int = 1000, empty: bool = False
) -> SearchStrategy[tuple[IntArray, IntArray]]:
    """Counts out of totals: shares at 0, at 1 and between.

    Parameters
    ----------
    length : int or None, optional
        Number of pairs; from 1 to 8 if None.
    largest : int, default 1000
        Largest total, at least 1.
    empty : bool, default False
        Whether totals may be 0.

    Returns
    -------
    SearchStrategy
        Of tuples ``(count, total)`` of whole-number arrays of one length.

    Raises
    ------
    MissingExtraError
        If hypothesis is not installed.

    See Also
    --------
    rate_tables : counts of two groups with exposures.

    Examples
    --------
    >>> from hypothesis import find
    >>> from countylines import testing
    >>> count, total = find(testing.counts_of_totals(length=3), lambda pair: True)
    >>> bool((count <= total).all())
    True

    Three counts, none above its total.
    """
    st = _strategies()
    sizes = _lengths(st, length)
    least = 0 if _validate.flag("empty", empty) else 1
    top = _validate.whole_number("largest", largest, low=1)
    pair = st.integers(least, top).flatmap(
        lambda total: st.tuples(st.one_of(st.integers(0, total), st.just(total)), st.just(total))
    )
    columns: SearchStrategy[tuple[IntArray, IntArray]] = _columns(st, pair, sizes, 2)
    return columns


def rate_tables(
    *, length: int | None = None, largest: int = 1000, exposure: float = 1e6
) -> SearchStrategy[dict[str, NDArray[Any]]]:
    """Counts and exposures of a group and of a reference group.

    Parameters
    ----------
    length : int or None, optional
        Number of rows; from 1 to 8 if None.
    largest : int, default 1000
        Largest count.
    exposure : float, default 1e6
        Largest exposure; the smallest is 1.

    Returns
    -------
    SearchStrategy
        Of dictionaries ``count, exposure, ref_count, ref_exposure``, ready to be passed by name.

    Raises
    ------
    MissingExtraError
        If hypothesis is not installed.

    See Also
    --------
    counts_of_totals : counts that cannot exceed a total.

    Examples
    --------
    >>> from hypothesis import find
    >>> from countylines import testing
    >>> table = find(testing.rate_tables(length=1), lambda table: table["count"][0] > 2)
    >>> (table["count"].tolist(), table["ref_count"].tolist())
    ([3], [0])

    The simplest table with more than two cases has three, and none in the reference group.
    """
    st = _strategies()
    sizes = _lengths(st, length)
    counts = st.integers(0, _validate.whole_number("largest", largest))
    most = _validate.number("exposure", exposure, low=1)
    exposures = st.floats(1.0, most, allow_nan=False)
    names = ("count", "exposure", "ref_count", "ref_exposure")
    rows = st.tuples(counts, exposures, counts, exposures)
    tables: SearchStrategy[dict[str, NDArray[Any]]] = _columns(st, rows, sizes, 4).map(
        lambda columns: dict(zip(names, columns, strict=True))
    )
    return tables


def label_indexes(length: int) -> SearchStrategy[pd.Index]:
    """Labels for data of one length: names, numbers, dates, or two levels; each only once.

    Parameters
    ----------
    length : int
        Number of labels.

    Returns
    -------
    SearchStrategy
        Of pandas indexes.

    Raises
    ------
    MissingExtraError
        If hypothesis is not installed.

    See Also
    --------
    counts_of_totals : values to put under the labels.

    Examples
    --------
    >>> from hypothesis import find
    >>> from countylines import testing
    >>> index = find(testing.label_indexes(2), lambda index: index.nlevels == 2)
    >>> len(index)
    2

    An index with two levels and two labels.
    """
    st = _strategies()
    size = _validate.whole_number("length", length, low=1)
    letters = st.text("abcdefghij éß-'|&<", min_size=1, max_size=6)
    days = st.integers(0, 20_000)
    unique: dict[str, Any] = {"min_size": size, "max_size": size, "unique": True}
    names = st.sampled_from([None, "region", "n"])
    indexes: SearchStrategy[pd.Index] = st.one_of(
        st.builds(pd.Index, st.lists(letters, **unique), name=names),
        st.builds(pd.Index, st.lists(st.integers(-1000, 3000), **unique), name=names),
        st.lists(days, **unique).map(
            lambda found: pd.Index(np.array(found, dtype="datetime64[D]").astype("datetime64[s]"))
        ),
        st.lists(st.tuples(letters, st.integers(2015, 2026)), **unique).map(
            lambda found: pd.MultiIndex.from_tuples(found, names=["region", "year"])
        ),
    )
    return indexes


def capture_cells(
    lists: int = 3, *, largest: int = 200, complete: bool = True
) -> SearchStrategy[dict[str, int]]:
    """Cells of capture histories, as ``CaptureHistories.from_cells`` takes them.

    Parameters
    ----------
    lists : int, default 3
        Number of lists, at least 2.
    largest : int, default 200
        Largest count in a cell.
    complete : bool, default True
        Whether every cell is named; otherwise some may be left out.

    Returns
    -------
    SearchStrategy
        Of dictionaries such as ``{"10": 4, "01": 7, "11": 2}``, with at least one person in them.

    Raises
    ------
    MissingExtraError
        If hypothesis is not installed.

    See Also
    --------
    rate_tables : data for the ratio estimators.

    Examples
    --------
    >>> from hypothesis import find
    >>> from countylines import testing
    >>> find(testing.capture_cells(2), lambda cells: cells["11"] > 3)
    {'11': 4, '10': 0, '01': 0}

    The simplest table with more than three people on both lists.
    """
    st = _strategies()
    number = _validate.whole_number("lists", lists, low=2, high=16)
    top = _validate.whole_number("largest", largest, low=1)
    patterns = ["".join(p) for p in itertools.product("10", repeat=number) if "1" in p]
    cell = st.integers(0, top)
    if _validate.flag("complete", complete):
        cells = st.fixed_dictionaries(dict.fromkeys(patterns, cell))
    else:
        cells = st.dictionaries(st.sampled_from(patterns), cell, min_size=1)
    filled: SearchStrategy[dict[str, int]] = cells.filter(lambda found: sum(found.values()) > 0)
    return filled


def _lengths(st: Any, length: int | None) -> Any:
    if length is None:
        return st.integers(1, LONGEST)
    return st.just(_validate.whole_number("length", length, low=1))


def _columns(st: Any, row: Any, sizes: Any, width: int) -> Any:
    """Rows of one length, turned into as many arrays as a row has values."""
    tables = sizes.flatmap(lambda size: st.lists(row, min_size=size, max_size=size))
    return tables.map(lambda rows: tuple(np.array([r[i] for r in rows]) for i in range(width)))


def assert_identical(result: object, other: object) -> None:
    """Assert that two results are the same, and if not, say in which fields they differ.

    Parameters
    ----------
    result, other : Estimate or TestResult
        What is compared: type, values bit by bit, labels, notes.

    Raises
    ------
    AssertionError
        If they differ; the message names every field that does.

    See Also
    --------
    countylines.Estimate.identical : the same as a question.

    Examples
    --------
    >>> from countylines import testing
    >>> posterior = cl.Posterior.from_pmf([3, 4], [0.5, 0.5], n_observed=3)
    >>> testing.assert_identical(posterior, posterior.compute())

    Nothing is said: they are the same.
    """
    if type(result) is not type(other):
        raise AssertionError(f"{type(result).__name__} is not {type(other).__name__}")
    if not dataclasses.is_dataclass(result):
        raise AssertionError(f"{_validate.show(result)} is not a result of countylines")
    different = [
        f"  {f.name}: {_brief(getattr(result, f.name))} against {_brief(getattr(other, f.name))}"
        for f in dataclasses.fields(result)
        if f.name != "_recompute"
        and not _frames.identical(getattr(result, f.name), getattr(other, f.name))
    ]
    if different:
        raise AssertionError("\n".join(["the results differ in", *different]))


def _brief(value: Any) -> str:
    shape = getattr(value, "shape", ())
    return f"{type(value).__name__} of shape {shape}" if shape else _validate.show(value)


def assert_covers(
    low: ArrayLike,
    high: ArrayLike,
    truth: ArrayLike,
    *,
    at_least: float = 0.95,
    at_most: float = 1.0,
    false_alarm: float = 1e-6,
) -> Coverage:
    """Assert that simulated intervals cover a known truth as often as they should.

    It answers whether the share that covered is compatible with a true coverage between `at_least`
    and `at_most`; it does not show that the true coverage lies there.

    Parameters
    ----------
    low, high : array_like, shape (simulations,)
        Limits from data simulated from `truth`. A limit that is nan covers nothing.
    truth : array_like
        What the data were simulated from, broadcast against the limits.
    at_least, at_most : float, default 0.95 and 1.0
        Range of true coverage that passes. For a method that is near its level rather than never
        below it, state both: ``at_least=0.94, at_most=0.96``.
    false_alarm : float, default 1e-6
        Probability that a method at the edge of the range fails by chance.

    Returns
    -------
    Coverage
        The share that covered, and the exact (Clopper-Pearson) band of the true coverage at level
        ``1 - 2 * false_alarm``.

    Raises
    ------
    AssertionError
        If the band lies outside the range; the message states the band.
    InputError
        If there are no intervals, or the range is empty.

    Notes
    -----
    With 10,000 simulations and a coverage of 0.95 the band is about 0.939 to 0.960.

    References
    ----------
    .. [1] Clopper, C. J. and Pearson, E. S. (1934). The use of confidence or fiducial limits
       illustrated in the case of the binomial. *Biometrika* 26, 404-413.
       https://doi.org/10.1093/biomet/26.4.404

    Examples
    --------
    >>> from countylines import testing
    >>> low, high = [0.1] * 190 + [0.4] * 10, [0.9] * 200
    >>> found = testing.assert_covers(low, high, 0.3, at_least=0.9, at_most=0.97)
    >>> print(
    ...     f"{found.covered:.2f}, true coverage {found.band_low:.2f} to {found.band_high:.2f}"
    ... )
    0.95, true coverage 0.84 to 0.99

    Two hundred simulations cannot tell 0.95 from 0.9: the band says so.
    """
    lowest = _validate.number("at_least", at_least, low=0, high=1)
    highest = _validate.number("at_most", at_most, low=lowest, high=1)
    chance = _validate.number("false_alarm", false_alarm, low=0, high=0.5, open_low=True)
    arrays = [np.asarray(values, dtype=np.float64) for values in (low, high, truth)]
    lows, highs, truths = np.broadcast_arrays(*arrays)
    if lows.size == 0:
        raise InputError(_validate.sentence("low", "non-empty", "no intervals"))
    size = lows.size
    hits = int(((lows <= truths) & (truths <= highs)).sum())
    band_low = float(betaincinv(hits, size - hits + 1, chance)) if hits else 0.0
    band_high = float(betaincinv(hits + 1, size - hits, 1.0 - chance)) if hits < size else 1.0
    found = Coverage(hits / size, band_low, band_high, size)
    if band_high < lowest or band_low > highest:
        undefined = int((np.isnan(lows) | np.isnan(highs)).sum())
        raise AssertionError(
            f"{hits:,} of {size:,} intervals covered the truth ({found.covered:.4f}), so that the "
            f"true coverage is between {band_low:.4f} and {band_high:.4f} but for a chance of "
            f"{chance:g} on either side; it should be between {lowest:g} and {highest:g}"
            + (f" ({undefined:,} intervals were undefined)" if undefined else "")
        )
    return found
