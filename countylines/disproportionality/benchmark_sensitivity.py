"""One record against several benchmarks, side by side."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from countylines import _labels, _shares, _validate
from countylines._kernels import binomial
from countylines.bands import Band
from countylines.benchmark import Benchmark
from countylines.disproportionality._two_groups import NOT_A_CAUSE, method_name
from countylines.disproportionality.representation_ratio import representation_ratio
from countylines.disproportionality.representation_to_rate_ratio import (
    representation_to_rate_ratio,
)
from countylines.errors import CountyLinesWarning, InputError, InputTypeError

ALL = "all benchmarks"
FIELDS = ("share", "low", "high", "n", "standard_error", "vintage")
COLUMNS = (
    "population",
    "vintage",
    "share_low",
    "share_high",
    "benchmark_n",
    "estimate",
    "standard_error",
    "region_low",
    "region_high",
    "low",
    "high",
    "null",
    "established",
    "bound",
    "rate_ratio",
    "rate_ratio_low",
    "rate_ratio_high",
    "level",
    "interval_kind",
    "method",
    "n",
)


@dataclass(frozen=True)
class _Candidate:
    """One benchmark as it was given: a share or a range of shares, and what stands behind it."""

    population: str
    vintage: str
    low: float
    high: float
    size: float | None


def benchmark_sensitivity(
    count: float | pd.Series,
    total: float | pd.Series,
    benchmarks: Mapping[str, Any] | pd.Series | pd.DataFrame,
    *,
    null: float = 1.0,
    method: str = "mid-p",
    level: float = 0.95,
) -> pd.DataFrame:
    r"""Representation ratio against each of several candidate populations, and over all of them.

    It answers: does the over-representation hold whichever population the record is compared with?
    It does not say which population is the right one; where the rows disagree, the choice of
    benchmark is the finding.

    Parameters
    ----------
    count : float or Series
        People of the group among those recorded: a whole number, or a Series of such by record,
        each of which is held against every benchmark.
    total : float or Series
        All people recorded, of known group: a whole number of at least 1, or a Series by record.
    benchmarks : mapping, Series or DataFrame
        The candidates by name. A mapping or a Series gives for each a share in (0, 1), a
        :class:`countylines.Benchmark`, or a :class:`countylines.Band` where only a range of shares
        is known (several editions of a census, a group counted widely or narrowly). A DataFrame has
        a column ``share``, or ``low`` and ``high``, and may have ``n`` (size of a sample),
        ``standard_error`` (of the share, as a survey gives it) and ``vintage``.
    null : float, default 1.0
        Ratio that ``established`` compares with.
    method : str, default "mid-p"
        Method of the limits of shares, as in :func:`countylines.prevalence.proportion`.
    level : float, default 0.95
        Confidence level of each row by itself, a share in (0, 1).

    Returns
    -------
    DataFrame
        One row a benchmark and a last row, *all benchmarks*; for several records these rows for
        each, with the labels of the records in front. ``share_low`` and ``share_high`` are
        the benchmark share [of 0 to 1] or its range; ``estimate``, ``region_low``, ``region_high``,
        ``low``, ``high`` the representation ratio [pure number], whose ``estimate`` is nan where
        the share is a range; ``bound`` is the largest ratio possible, 1 over the share;
        ``rate_ratio`` with limits the group's rate over everybody else's, which can be compared
        between rows. ``established`` says whether the limits leave `null` out. The last row has the
        hull of the rows above. ``.attrs`` holds notes and references.

    Raises
    ------
    InputError
        If a count is bad, there is no benchmark, or one of them is no share, range or sample.
    LabelMismatchError
        If `count` and `total` are Series that do not have the same labels in the same order.

    Warns
    -----
    SparseDataWarning
        If a large-sample method is used with fewer than 5 people in or out of the group.

    See Also
    --------
    benchmark_tipping_point : the share at which the ratio is 1, whatever the population.
    mixed_group_bounds : a group that may or may not take in people of Mixed ethnicity.
    representation_ratio : one benchmark.

    Notes
    -----
    Each row is :func:`representation_ratio`: limits of the share over a known benchmark share, or
    MOVER-R where the benchmark comes from a sample. A standard error of a survey stands for a
    sample of :math:`q (1 - q) / se^2`. A range of shares gives a range of ratios,
    :math:`\hat p / q_{\max}` to :math:`\hat p / q_{\min}`, and limits from its ends.

    Ratios of rows with different shares cannot be compared (each is bounded by 1/q), rate ratios
    can; they are missing where the share comes from a sample. The limits of *all benchmarks* hold
    at their level if any one of the benchmarks is the right one. It is established only if every
    row is, on the same side.

    With nobody in the group every ratio is 0 and every high limit is not. Assumptions that fail in
    practice: that one of the candidates counts the people at risk of being recorded, at the right
    ages and in the places where they are recorded, and counts the group by the same rule.

    References
    ----------
    .. [1] Donner, A. and Zou, G. Y. (2012). Closed-form confidence intervals for functions of the
       normal mean and standard deviation. *Statistical Methods in Medical Research* 21, 347-359.
       https://doi.org/10.1177/0962280210383082

    Examples
    --------
    A HYPOTHETICAL 40 of 258 people, against the residents of England and Wales and of London at
    the 2021 census, and against a MADE-UP sample of people arrested:

    >>> candidates = {
    ...     "England and Wales": cl.datasets.census2021_benchmark(
    ...         "Black", place="England and Wales"
    ...     ),
    ...     "London": cl.datasets.census2021_benchmark("Black", place="London"),
    ...     "arrested": cl.Benchmark(0.09, "people arrested (made up)", 2023, n=800),
    ... }
    >>> table = cl.disproportionality.benchmark_sensitivity(40, 258, candidates)
    >>> table[["estimate", "low", "high"]].round(2)
                       estimate   low  high
    England and Wales      3.84  2.84  5.02
    London                 1.15  0.85  1.50
    arrested               1.72  1.19  2.46
    all benchmarks          NaN  0.85  5.02

    Against all residents there are 3.8 times as many as their share; against those of London, from
    where lines are often run, over-representation is not established.
    """
    if isinstance(count, pd.Series) or isinstance(total, pd.Series):
        return _each_record(count, total, benchmarks, null=null, method=method, level=level)
    method = method_name(method, binomial.METHODS)
    level = _validate.level(level)
    x = float(_validate.whole_number("count", count))
    n = float(_validate.whole_number("total", total, low=1))
    _validate.not_above("count", np.array([x]), "total", np.array([n]))
    null = _validate.number("null", null, low=0.0)
    candidates = _candidates(benchmarks)
    if ALL in candidates:
        raise InputError(
            _validate.sentence("benchmarks", f"named otherwise than {ALL!r}", repr(ALL))
        )
    rows: dict[Any, dict[str, Any]] = {}
    sizes: dict[str, Any] = {"method": method, "level": level, "alternative": "two-sided"}
    _shares.share_notes(np.array([x]), np.array([n]), **sizes)  # warns once for all rows
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", CountyLinesWarning)
        for name, one in candidates.items():
            rows[name] = _row(x, n, one, method, level)
    hull = {
        key: min(row[key] for row in rows.values()) for key in ("share_low", "region_low", "low")
    }
    hull |= {
        key: max(row[key] for row in rows.values()) for key in ("share_high", "region_high", "high")
    }
    undefined = {"estimate": np.nan, "standard_error": np.nan, "benchmark_n": np.nan}
    rows[ALL] = {**undefined, **hull, "population": ALL, "vintage": "", "method": method}
    frame = pd.DataFrame.from_dict(rows, orient="index")
    frame["null"], frame["level"], frame["interval_kind"], frame["n"] = null, level, "confidence", n
    frame["n"] = frame["n"].astype(np.int64)
    frame["established"] = (frame["low"] > null) | (frame["high"] < null)
    frame = frame.reindex(columns=list(COLUMNS))
    frame.attrs["notes"] = (NOT_A_CAUSE.text, *_notes(candidates))
    frame.attrs["references"] = ("donner2012", "newcombe2016", *_shares.REFERENCES[method])
    return frame


def _each_record(count: Any, total: Any, benchmarks: Any, **options: Any) -> pd.DataFrame:
    """The tables of several records, one below the other."""
    inputs = _labels.align(count=count, total=total)
    counts, totals = inputs.flat
    _validate.not_empty("count", counts.size)
    _shares.check_share(counts, totals, inputs.where)
    if (totals == 0).any():
        rule = "a whole number of at least 1"
        raise InputError(_validate.sentence("total", rule, "0", inputs.where(totals == 0)))
    frames = [
        benchmark_sensitivity(int(x), int(n), benchmarks, **options)
        for x, n in zip(counts, totals, strict=True)
    ]
    index = inputs.template.index
    frame = pd.concat(frames, keys=list(index), names=[*index.names, "benchmark"])
    frame.attrs = frames[0].attrs
    return frame


def _row(count: float, total: float, one: _Candidate, method: str, level: float) -> dict[str, Any]:
    """Ratio, limits and rate ratio against one candidate."""
    ends = [
        representation_ratio(count, total, share, benchmark_n=one.size, method=method, level=level)
        for share in (one.high, one.low)
    ]
    known = one.size is None
    row: dict[str, Any] = {
        "population": one.population,
        "vintage": one.vintage,
        "share_low": one.low,
        "share_high": one.high,
        "benchmark_n": np.nan if one.size is None else one.size,
        "region_low": ends[0].estimate,
        "region_high": ends[1].estimate,
        "low": ends[0].low,
        "high": ends[1].high,
        "bound": 1.0 / one.low if known else np.nan,
        "method": ends[0].interval_method,
    }
    point = one.low == one.high
    row["estimate"] = ends[0].estimate if point else np.nan
    row["standard_error"] = ends[0].standard_error if point else np.nan
    if known:
        rates = [
            representation_to_rate_ratio(end, share)
            for end, share in zip(ends, (one.high, one.low), strict=True)
        ]
        row["rate_ratio"] = rates[0].estimate if point else np.nan
        row["rate_ratio_low"], row["rate_ratio_high"] = rates[0].low, rates[1].high
    return row


def _notes(candidates: dict[Any, _Candidate]) -> list[str]:
    words = [f"{one.population} ({one.vintage})" for one in candidates.values() if one.vintage]
    notes = [f"Benchmarks: {'; '.join(words)}."] if words else []
    if len(words) < len(candidates):
        unnamed = ", ".join(str(name) for name, one in candidates.items() if not one.vintage)
        notes.append(f"The vintage is not stated for: {unnamed}.")
    notes.append(
        "The last row holds at its level if any one of the benchmarks is the right one; no row "
        "says which is."
    )
    return notes


def _candidates(benchmarks: Any) -> dict[Any, _Candidate]:
    if isinstance(benchmarks, pd.DataFrame):
        given = _from_frame(benchmarks)
    elif isinstance(benchmarks, (Mapping, pd.Series)):
        given = {name: _from_value(str(name), value) for name, value in benchmarks.items()}
        if len(given) < len(benchmarks):
            raise InputError(_validate.sentence("benchmarks", "of different names", "one twice"))
    else:
        raise InputTypeError(
            _validate.sentence(
                "benchmarks",
                "a mapping, Series or DataFrame of shares by name",
                f"{_validate.show(benchmarks)} of type {type(benchmarks).__name__}",
                remedy="For one benchmark use representation_ratio.",
            )
        )
    _validate.not_empty("benchmarks", len(given))
    return given


def _from_value(name: str, value: Any) -> _Candidate:
    label = f"benchmarks[{name!r}]"
    if isinstance(value, Benchmark):
        size = None if value.n is None else _validate.number(f"{label}.n", value.n)
        share = _validate.number(label, value.share)
        return _Candidate(value.name, value.vintage, share, share, size)
    if isinstance(value, Band):
        low, high = _share(label, value.low), _share(label, value.high)
        return _Candidate(name, "", low, high, None)
    share = _share(label, value)
    return _Candidate(name, "", share, share, None)


def _share(label: str, value: Any) -> float:
    share = _validate.number(label, value)
    _validate.share(label, np.array([share]))
    return share


def _from_frame(frame: pd.DataFrame) -> dict[Any, _Candidate]:
    unknown = [column for column in frame.columns if column not in FIELDS]
    ranged = "low" in frame and "high" in frame
    if unknown or ("share" in frame) == ranged:
        got = f"the column {unknown[0]!r}" if unknown else f"{', '.join(map(str, frame.columns))}"
        raise InputError(
            _validate.sentence(
                "benchmarks",
                "a table with the column share, or low and high, and none but n, standard_error "
                "and vintage beside",
                got,
            )
        )
    if frame.index.has_duplicates:
        raise InputError(_validate.sentence("benchmarks", "of different names", "one twice"))
    found = {}
    for name, *values in frame.itertuples():
        row: dict[Any, Any] = dict(zip(frame.columns, values, strict=True))
        label = f"benchmarks.loc[{name!r}]"
        ends = [
            _share(label, row[column]) for column in (("low", "high") if ranged else ("share",))
        ]
        _validate.not_above(
            f"{label}['low']",
            np.array(ends[:1]),
            f"{label}['high']",
            np.array(ends[-1:]),
            remedy="",
        )
        vintage = row.get("vintage", "")
        words = "" if pd.isna(vintage) else str(vintage)
        found[name] = _Candidate(str(name), words, ends[0], ends[-1], _size(label, row, ends))
    return found


def _size(label: str, row: Any, ends: list[float]) -> float | None:
    """Size of the sample behind a share, from itself or from the standard error of the share."""
    given = {key: row.get(key, np.nan) for key in ("n", "standard_error")}
    present = {key: value for key, value in given.items() if not pd.isna(value)}
    if not present:
        return None
    if len(present) == 2 or len(ends) == 2:
        rule = "with a range, n or standard_error, of which it has one at most"
        raise InputError(_validate.sentence(label, rule, "two of them"))
    ((key, value),) = present.items()
    number = _validate.number(f"{label}[{key!r}]", value, low=0.0, open_low=True)
    return number if key == "n" else ends[0] * (1.0 - ends[0]) / number**2
