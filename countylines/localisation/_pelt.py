"""Several changes of the mean at once, by the penalised search of the package ruptures."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from countylines import _validate, errors
from countylines.localisation._change_data import FEWEST, Given, Series
from countylines.results import Note, TestResult

FloatArray = NDArray[np.float64]

SHORTEST = 2
NO_PVALUE = (
    "The number of changes follows from the penalty: there is no p-value and no interval. Test one "
    "change by another method."
)


def search(given: Given, penalty: float | None) -> TestResult:
    """The segments of each series; for several, one below the other under the series' labels."""
    if not given.several:
        (data,) = given.data
        assert data is not None  # a lone short series was refused
        return _result(*_segments(data, penalty), len(data.values), given.missing())
    found = [None if data is None else _segments(data, penalty) for data in given.data]
    changes = np.array([np.nan if one is None else len(one[0]) - 1 for one in found])
    present = np.array([0 if data is None else len(data.values) for data in given.data])
    statistic = given.inputs.without_dim(changes, given.dim)
    tables = [
        one[0].assign(series=str(label))
        for label, one in zip(given.labels(), found, strict=True)
        if one is not None
    ]
    notes = given.missing()
    short = int(np.isnan(changes).sum())
    if short:
        text = f"{short} of {len(found)} series have fewer than {FEWEST} values, not searched."
        notes.append(Note("too-few-values", text))
        errors.warn(text, errors.DegenerateDataWarning)
    columns = ["start", "end", "n", "mean"]
    table = pd.DataFrame(columns=columns) if not tables else pd.concat(tables).set_index("series")
    pvalue = given.inputs.without_dim(np.full(len(found), np.nan), given.dim)
    n = given.inputs.without_dim(present, given.dim)
    words = "by series" if penalty is None else f"{penalty:.6g}"
    return dataclasses.replace(
        _result(table, 0.0, 0, notes),
        statistic=statistic,
        pvalue=pvalue,
        n=n,
        method=f"change point, pelt, penalty {words}",
    )


def _segments(data: Series, penalty: Any) -> tuple[pd.DataFrame, float]:
    """The segments of least squared deviation plus the penalty for each change, and the penalty."""
    values, times = data.given, data.times
    try:
        import ruptures
    except ImportError as error:
        raise errors.missing_extra("method='pelt'", "ruptures", "change-points") from error
    n = len(values)
    if penalty is None:
        cost = 3.0 * float(np.log(n) * values.var())
    else:
        cost = _validate.number("penalty", penalty, low=0.0, open_low=True)
    ends = [n]
    if np.ptp(values) > 0:
        found = ruptures.Pelt(model="l2", min_size=SHORTEST, jump=1).fit(values)
        ends = [int(end) for end in found.predict(pen=cost)]
    starts = [0, *ends[:-1]]
    table = pd.DataFrame(
        {
            "start": times[starts],
            "end": times[[end - 1 for end in ends]],
            "n": np.diff([0, *ends]),
            "mean": [values[a:b].mean() for a, b in zip(starts, ends, strict=True)],
        }
    )
    return table, cost


def _result(table: pd.DataFrame, cost: float, n: int, missing: list[Note]) -> TestResult:
    return TestResult(
        statistic=len(table) - 1,
        pvalue=np.nan,
        alternative="two-sided",
        null_hypothesis="None is tested.",
        method=f"change point, pelt, penalty {cost:.6g}",
        table=table,
        n=n,
        notes=(Note("no-pvalue", NO_PVALUE), *missing),
        references=("killick2012",),
    )
