"""One estimate out of several imputed data sets."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from countylines.results import Estimate

__all__ = ["CombinedEstimate"]


@dataclass(frozen=True, eq=False, repr=False)
class CombinedEstimate(Estimate):
    """An estimate combined over imputations, and how much of its uncertainty is what is missing.

    Parameters
    ----------
    within, between : number or labelled numbers
        Mean variance of the estimates, and variance between them, on the scale of combination.
    df : number or labelled numbers
        Degrees of freedom of the t distribution that the limits use.
    relative_increase : number or labelled numbers
        Increase of the variance because of what is missing, relative to `within`.
    missing_information : number or labelled numbers
        Fraction of the information on the estimate that is missing, of 0 to 1.
    imputations : int
        Number of imputations.

    See Also
    --------
    Estimate : the fields and methods common to all results.
    countylines.disproportionality.combine_imputations : where it comes from.

    Notes
    -----
    The fraction of missing information is not the share of people missing: what is known of a
    person makes it smaller.
    """

    within: Any = None
    between: Any = None
    df: Any = None
    relative_increase: Any = None
    missing_information: Any = None
    imputations: int = 0
