"""Estimates of many areas, each drawn towards what the others say."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from countylines.results import Estimate

__all__ = ["RankEstimate", "ShrunkenEstimate"]


@dataclass(frozen=True, eq=False, repr=False)
class ShrunkenEstimate(Estimate):
    """One value an area, drawn towards what the other areas say, the more the smaller it is.

    It answers: what is the value of each area likely to be, given that areas are somewhat alike?
    Each is biased on purpose, towards the others, so that all of them together are nearer to the
    truth than the areas' own values.

    Parameters
    ----------
    own : labelled numbers
        The value from the area's own count alone.
    weight : labelled numbers
        How much of the estimate is the area's own value: 0 if it is all the others', 1 if all its
        own.
    towards : number or labelled numbers
        What the estimates are drawn towards.
    diagnostics : Series or None
        How well the computation went, where it is approximate.

    See Also
    --------
    PooledEstimate : the overall value and how areas differ.
    countylines.prevalence.shrunken_rate : rates.
    countylines.prevalence.shrunken_proportion : shares.

    Notes
    -----
    Shrunken values vary less than the true ones do: their spread, and how many exceed some
    threshold, say little of the spread or number in truth.
    """

    own: Any = None
    weight: Any = None
    towards: Any = None
    diagnostics: Any = None


@dataclass(frozen=True, eq=False, repr=False)
class RankEstimate(Estimate):
    """Rank of each area, 1 for the highest, with how far it could be from there.

    Parameters
    ----------
    in_top : labelled numbers or None
        Probability that the area is among the `top` highest; None where the method has none.
    top : int
        How many count as the top.

    See Also
    --------
    ShrunkenEstimate : the values that are ranked.
    countylines.prevalence.rank_intervals : where they come from.

    Notes
    -----
    Expected ranks are drawn to the middle, as they should be: an area of which little is known is
    in the middle on average.
    """

    in_top: Any = None
    top: int = 1
