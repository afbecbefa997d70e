"""Several changes of the mean at once, by the penalised search of the package ruptures."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from countylines import _validate, errors
from countylines.results import Note, TestResult

FloatArray = NDArray[np.float64]

SHORTEST = 2
NO_PVALUE = (
    "The number of changes follows from the penalty: there is no p-value and no interval. Test one "
    "change by another method."
)


def search(values: FloatArray, times: FloatArray, penalty: Any, missing: list[Note]) -> TestResult:
    """The segments of least squared deviation plus the penalty for each change."""
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
    return TestResult(
        statistic=len(ends) - 1,
        pvalue=np.nan,
        alternative="two-sided",
        null_hypothesis="None is tested.",
        method=f"change point, pelt, penalty {cost:.6g}",
        table=table,
        n=n,
        notes=(Note("no-pvalue", NO_PVALUE), *missing),
        references=("killick2012",),
    )
