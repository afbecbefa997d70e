"""One estimate out of many areas, with what it says of how they differ."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from countylines.results import Estimate

__all__ = ["PooledEstimate"]


@dataclass(frozen=True, eq=False, repr=False)
class PooledEstimate(Estimate):
    """One rate, share or ratio out of many areas, and how much the areas differ.

    It answers two questions at once: what is the overall value, and is there one? Where areas
    differ, the interval of the overall value says nothing of any area; the prediction interval
    does.

    Parameters
    ----------
    estimand : str
        What `estimate` is: the total over the total, the mean over areas, or their median.
    between : Estimate
        Standard deviation between areas relative to the overall value, beyond what chance gives,
        with its interval.
    prediction : Estimate or None
        Interval for the underlying value of an area like these, of kind ``"prediction"``; None
        where the method says nothing of the distribution between areas.
    overdispersion : TestResult
        Whether chance alone could make the areas differ as they do.
    plain : Estimate
        The interval that ignores the differences, for comparison.

    See Also
    --------
    Estimate : the fields and methods common to all results.
    countylines.prevalence.pooled_rate : rates.
    countylines.prevalence.pooled_proportion : shares.

    Notes
    -----
    A large p-value of `overdispersion` does not show that areas are alike: read the upper end of
    `between`.
    """

    estimand: str = ""
    between: Any = None
    prediction: Any = None
    overdispersion: Any = None
    plain: Any = None
