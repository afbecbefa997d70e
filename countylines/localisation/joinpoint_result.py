"""What joinpoint regression found: segments, joinpoints, and how their number was chosen."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pandas as pd

from countylines.results import Estimate

__all__ = ["JoinpointEstimate"]


@dataclass(frozen=True, eq=False, repr=False)
class JoinpointEstimate(Estimate):
    """A series as straight segments on the log scale, and the average change over all of them.

    The estimate is the average percent change per unit of time. It describes the shape of what was
    recorded; it does not say what made it change.

    Parameters
    ----------
    n_joinpoints : int
        How many joinpoints were chosen.
    joinpoints : DataFrame
        One row each: ``time``, and the limits ``low`` and ``high`` of its place.
    segments : DataFrame
        One row each: ``start``, ``end``, ``change`` in percent per unit of time, ``low``, ``high``.
    selection : DataFrame
        One row for each number of joinpoints: ``deviance``, ``dispersion``, ``bic``, ``bic3``.
    tests : DataFrame or None
        Permutation tests in the order they were made: joinpoints under the null hypothesis and
        under the alternative, ``pvalue``, and the ``threshold`` it was held against.
    fitted : DataFrame
        One row a period: ``time``, ``observed`` and ``fitted`` rates (odds for shares).
    dispersion : float
        By how much the variance exceeds that of the model; standard errors include it.

    See Also
    --------
    countylines.localisation.joinpoint : what makes it.

    Notes
    -----
    Limits of joinpoints and changes take the number of joinpoints as known. A place that has the
    whole series for its limits is a bend that could be anywhere.

    Examples
    --------
    *Made-up* lines closed by a force in ten years:

    >>> closed = [31, 35, 33, 41, 44, 46, 55, 58, 61, 72]
    >>> found = cl.localisation.joinpoint(closed, rng=1)
    >>> found.n_joinpoints
    0
    >>> found.segments.round(0).values.tolist()
    [[0.0, 9.0, 10.0, 6.0, 14.0]]

    One segment is enough: a rise of 10 % a year, between 6 and 14.
    """

    n_joinpoints: int = 0
    joinpoints: Any = None
    segments: Any = None
    selection: Any = None
    tests: pd.DataFrame | None = None
    fitted: Any = None
    dispersion: Any = None
